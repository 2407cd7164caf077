//! Whom the server runs as when we are root, and what is given to that account.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use super::error::{At, PrivateError};
use super::log::last_lines;

/// Root writes into directories that another account owns: a link there is not followed.
pub(super) const NO_LINK: i32 = OFlags::NOFOLLOW.bits().cast_signed();

/// The unprivileged account of the server when we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// `None` when we are not root: then the server runs as we do.
    pub(super) fn for_cluster(data_dir: &Path) -> Result<Option<Self>, PrivateError> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        // A cluster that an ordinary user made stays that user's when root starts it.
        if let Ok(found) = fs::metadata(data_dir.join("postgres"))
            && found.uid() != 0
        {
            return Ok(Some(Self { uid: found.uid(), gid: found.gid() }));
        }
        let passwd = Path::new("/etc/passwd");
        let text = fs::read_to_string(passwd).at("read", passwd)?;
        ["postgres", "_postgres", "nobody"].iter().find_map(|name| account_in(&text, name)).map(Some).ok_or(PrivateError::NoAccount)
    }
}

fn account_in(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then_some(Account { uid, gid })
    })
}

/// A program that runs as the server does, apart from our terminal and our PostgreSQL settings.
pub(super) fn command(program: &OsStr, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").process_group(0).stdin(Stdio::null()).env("LC_ALL", "C");
    for (key, _) in std::env::vars_os() {
        if key.as_bytes().starts_with(b"PG") {
            command.env_remove(key);
        }
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid).env_remove("HOME").env_remove("USER").env_remove("LOGNAME");
    }
    command
}

pub(super) fn succeeded(program: &str, output: io::Result<Output>) -> Result<String, PrivateError> {
    let failed = |output: String| PrivateError::Failed { program: program.to_owned(), output };
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        Err(failed(last_lines(&String::from_utf8_lossy(&text), 30)))
    }
}

/// A directory for the server's account only, made where it is missing.
pub(super) fn private_dir(path: &Path, account: Option<&Account>) -> Result<(), PrivateError> {
    let fresh = match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(error).at("create", path),
    };
    let found = fs::symlink_metadata(path).at("look at", path)?;
    if !found.is_dir() {
        return Err(PrivateError::Foreign { path: path.to_owned(), why: "it is not a directory" });
    }
    let owner = account.map_or_else(|| geteuid().as_raw(), |account| account.uid);
    let strange = !fresh && found.uid() != owner;
    // Root's own was left so by a crash between making it and giving it away; and the account that
    // runs the server can change when its package arrives.
    let give = fresh || strange && (found.uid() == 0 || path.ends_with("run"));
    match account {
        Some(account) if give => {
            lchown(path, Some(account.uid), Some(account.gid)).at("give away", path)?;
        }
        _ if strange => {
            return Err(PrivateError::Foreign { path: path.to_owned(), why: "it belongs to another user" });
        }
        _ => {}
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).at("protect", path)
}

/// Writes whole or not at all, readable by the server's account only.
pub(super) fn private_file(path: &Path, text: &str, account: Option<&Account>) -> Result<(), PrivateError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let _ = fs::remove_file(&draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).at("create", &draft)?;
    if let Some(account) = account {
        fchown(&file, Some(account.uid), Some(account.gid)).at("give away", &draft)?;
    }
    file.write_all(text.as_bytes()).at("write", &draft)?;
    file.sync_all().at("write", &draft)?;
    fs::rename(&draft, path).at("rename", &draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_never_root() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres:x:0:0::/:/bin/sh\nnobody:x:99:98::/:/bin/false\n";
        assert_eq!(account_in(passwd, "postgres"), None);
        assert_eq!(account_in(passwd, "root"), None);
        let nobody = Account { uid: 99, gid: 98 };
        assert_eq!(account_in(passwd, "nobody"), Some(nobody));
    }
}
