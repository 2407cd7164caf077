//! The guard of a throwaway cluster.

use std::ffi::OsStr;
use std::process::{Child, Stdio};

use super::account::command;
use super::find::Install;
use super::place::Paths;

/// Stops a throwaway cluster when this process is gone, however it went: the pipe to the guard's
/// standard input closes with us.
pub(super) fn guard(install: &Install, paths: &Paths) -> Option<Child> {
    const SCRIPT: &str = "cat >/dev/null; command -v flock >/dev/null || exit 0; \
        exec flock -w 5 -x \"$1\" \"$2\" stop --wait --silent --mode immediate --pgdata \"$3\"";
    command(OsStr::new("/bin/sh"), install.account.as_ref())
        .args(["-c", SCRIPT, "sh"])
        .arg(paths.home.join("postgres.users"))
        .arg(install.bin.join("pg_ctl"))
        .arg(&paths.cluster)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}
