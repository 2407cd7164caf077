//! Which PostgreSQL: finding the server's programs, and installing them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::geteuid;

use super::account::{Account, command, succeeded};
use super::error::PrivateError;
use super::place::Paths;

pub(super) const OLDEST_MAJOR: u32 = 14;

#[derive(Debug, Clone)]
pub(super) struct Install {
    pub(super) bin: PathBuf,
    pub(super) major: u32,
    pub(super) account: Option<Account>,
}

impl Install {
    /// The newest server that this account can run; of the cluster's own version once it exists.
    pub(super) fn find(account: Option<Account>, paths: &Paths) -> Result<Self, PrivateError> {
        let made_by = paths.major()?;
        let mut seen = Vec::new();
        let mut newest: Option<(u32, PathBuf)> = None;
        for (bin, chosen) in candidates() {
            let Some(bin) = server_dir(&bin).filter(|bin| !seen.contains(bin)) else {
                continue;
            };
            seen.push(bin.clone());
            let Some(major) = major_of(&bin, account.as_ref()).filter(|&m| m >= OLDEST_MAJOR) else {
                continue;
            };
            if made_by.map_or(chosen, |made_by| made_by == major) {
                return Ok(Self { bin, major, account });
            }
            if newest.as_ref().is_none_or(|(newest, _)| major > *newest) {
                newest = Some((major, bin));
            }
        }
        match (made_by, newest) {
            (Some(cluster), _) if !seen.is_empty() => Err(PrivateError::OtherMajor { cluster, path: paths.cluster.clone() }),
            (None, Some((major, bin))) => Ok(Self { bin, major, account }),
            _ => Err(PrivateError::NotInstalled),
        }
    }

    /// Installs the distribution's server where we may. `false`: not our place to.
    pub(super) fn by_apt() -> Result<bool, PrivateError> {
        let apt = Path::new("/usr/bin/apt-get");
        if !geteuid().is_root() || !apt.exists() {
            return Ok(false);
        }
        tracing::warn!("PostgreSQL is not installed: installing it with apt-get");
        let mut output = String::new();
        // Stale lists are often good enough, so only the second step decides.
        for arguments in [&["update"][..], &["install", "--yes", "--no-install-recommends", "postgresql", "postgresql-client"][..]] {
            let result = command(apt.as_os_str(), None)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"])
                .args(arguments)
                .output();
            match succeeded("apt-get", result) {
                Ok(_) => output.clear(),
                Err(error) => output.push_str(&error.to_string()),
            }
        }
        if output.is_empty() { Ok(true) } else { Err(PrivateError::Install { output }) }
    }

    pub(super) fn program(&self, name: &str) -> Command {
        command(self.bin.join(name).as_os_str(), self.account.as_ref())
    }
}

/// Directories that may hold the server, in order of preference; `true` marks the user's choice.
fn candidates() -> Vec<(PathBuf, bool)> {
    let mut places = Vec::new();
    if let Some(chosen) = std::env::var_os("DUNGHEN_PG_BIN").filter(|dir| !dir.is_empty()) {
        places.push((PathBuf::from(chosen), true));
    }
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(std::env::split_paths(&path).map(|dir| (dir, true)));
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output()
        && output.status.success()
    {
        let dir = String::from_utf8_lossy(&output.stdout);
        places.push((PathBuf::from(dir.trim()), false));
    }
    for (parent, prefix, suffix) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql", "bin"),
        ("/usr/local/opt", "postgresql", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        let Ok(entries) = fs::read_dir(parent) else {
            continue;
        };
        let named = entries.flatten().filter(|entry| entry.file_name().as_bytes().starts_with(prefix.as_bytes()));
        places.extend(named.map(|entry| (entry.path().join(suffix), false)));
    }
    for plain in ["/usr/local/pgsql/bin", "/usr/bin", "/usr/local/bin"] {
        places.push((PathBuf::from(plain), false));
    }
    places
}

/// The real directory of the server programs, where links such as Debian's lead.
fn server_dir(dir: &Path) -> Option<PathBuf> {
    let complete = |dir: &Path| ["initdb", "postgres", "pg_ctl"].iter().all(|program| dir.join(program).is_file());
    if !dir.is_absolute() || !complete(dir) {
        return None;
    }
    let real = dir.join("postgres").canonicalize().ok()?;
    let real = real.parent()?;
    Some(if complete(real) { real } else { dir }.to_owned())
}

fn major_of(bin: &Path, account: Option<&Account>) -> Option<u32> {
    let output = command(bin.join("postgres").as_os_str(), account).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().nth(2)?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
