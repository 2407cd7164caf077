//! Where the cluster lies: its directories, its socket and its locks.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::account::{Account, NO_LINK, command, private_file};
use super::error::{At, PrivateError};
use super::postmaster::postmaster;

/// `sun_path` holds 104 bytes on macOS and 108 on Linux, with its closing NUL.
const SOCKET_PATH_MAX: usize = 103;

#[derive(Debug, Clone)]
pub(super) struct Paths {
    pub(super) home: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) log: PathBuf,
    pub(super) socket_dir: PathBuf,
}

impl Paths {
    pub(super) fn in_home(home: &Path, account: Option<&Account>) -> Self {
        Self {
            cluster: home.join("postgres"),
            log: home.join("postgres.log"),
            socket_dir: socket_dir_for(home, account),
            home: home.to_owned(),
        }
    }

    /// Held while the cluster is brought up or down.
    pub(super) fn starting_lock(&self) -> Result<File, PrivateError> {
        let path = self.home.join("postgres.lock");
        let file = open_lock(&path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            tracing::info!("waiting for another process that starts or stops this PostgreSQL");
            lock(&file, FlockOperation::LockExclusive, &path)?;
        }
        Ok(file)
    }

    /// The version that made the cluster, if there is one.
    pub(super) fn major(&self) -> Result<Option<u32>, PrivateError> {
        let file = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => {
                let strange = |_| PrivateError::Foreign { path: self.cluster.clone(), why: "its PG_VERSION is not a version" };
                text.trim().parse().map(Some).map_err(strange)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(self.strange()),
            Err(error) => Err(error).at("read", &file),
        }
    }

    pub(super) fn strange(&self) -> PrivateError {
        PrivateError::Foreign {
            path: self.cluster.clone(),
            why: "it belongs to another user; start as that user, or choose another data_dir",
        }
    }

    pub(super) fn in_use(&self) -> bool {
        postmaster(&self.cluster).is_some()
    }

    pub(super) fn discard(&self) -> Result<(), PrivateError> {
        match fs::remove_dir_all(&self.cluster) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", &self.cluster),
            _ => Ok(()),
        }
    }
}

/// The data directory itself, or a place the server's account can reach.
pub(super) fn home_for(data_dir: &Path, account: Option<&Account>) -> Result<PathBuf, PrivateError> {
    let Some(account) = account else {
        return Ok(data_dir.to_owned());
    };
    // Once elsewhere, always elsewhere: a changed permission must not hide the data.
    let note = data_dir.join("postgres.elsewhere");
    if let Ok(text) = fs::read_to_string(&note) {
        let home = PathBuf::from(text.trim_end_matches('\n'));
        if home.join("postgres/PG_VERSION").exists() {
            return Ok(home);
        }
    }
    if reachable(data_dir, account) {
        return Ok(data_dir.to_owned());
    }
    let name = format!("{:016x}", fnv1a(data_dir.as_os_str().as_bytes()));
    let places = [Path::new("/var/lib/dunghen").join(&name), PathBuf::from(format!("/tmp/dunghen-data-{name}"))];
    for home in places {
        let made = fs::create_dir_all(&home);
        let ours = fs::symlink_metadata(&home).is_ok_and(|m| m.is_dir() && m.uid() == 0);
        if made.is_ok() && ours && reachable(&home, account) {
            tracing::warn!(
                data_dir = %data_dir.display(),
                home = %home.display(),
                "the server's account cannot enter the data directory; the cluster lives elsewhere"
            );
            private_file(&note, &format!("{}\n", home.display()), None)?;
            return Ok(home);
        }
    }
    Err(PrivateError::Foreign {
        path: data_dir.to_owned(),
        why: "the unprivileged account that PostgreSQL runs as cannot enter it; choose another data_dir",
    })
}

/// Asks the system rather than the mode bits, so that access lists count too.
fn reachable(dir: &Path, account: &Account) -> bool {
    command(OsStr::new("/bin/sh"), Some(account))
        .args(["-c", "cd \"$1\"", "sh"])
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn socket_dir_for(home: &Path, account: Option<&Account>) -> PathBuf {
    let near = home.join("run");
    let bytes = near.as_os_str().as_bytes();
    let plain = bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    if plain && bytes.len() + "/.s.PGSQL.65535".len() <= SOCKET_PATH_MAX {
        return near;
    }
    let uid = account.map_or_else(|| geteuid().as_raw(), |account| account.uid);
    let name = fnv1a(home.as_os_str().as_bytes());
    PathBuf::from(format!("/tmp/dunghen-{uid}-{name:016x}"))
}

pub(super) fn open_lock(path: &Path) -> Result<File, PrivateError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o644).custom_flags(NO_LINK).open(path);
    match opened {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(PrivateError::Foreign {
            path: path.to_owned(),
            why: "it belongs to another user; start as that user, or choose another data_dir",
        }),
        other => other.at("open", path),
    }
}

pub(super) fn lock(file: &File, operation: FlockOperation, path: &Path) -> Result<(), PrivateError> {
    loop {
        match flock(file, operation) {
            Err(Errno::INTR) => {}
            other => return other.map_err(io::Error::from).at("lock", path),
        }
    }
}

/// Stable over releases, unlike the standard hasher: it names directories.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_odd_path_gets_a_short_socket_directory() {
        let short = socket_dir_for(Path::new("/srv/dunghen"), None);
        assert_eq!(short, Path::new("/srv/dunghen/run"));
        let long = format!("/srv/{}", "a".repeat(90));
        for home in [long.as_str(), "/srv/it's", "/srv/a,b", "/srv/hồ sơ"] {
            let dir = socket_dir_for(Path::new(home), None);
            assert!(dir.starts_with("/tmp"), "{}", dir.display());
            assert!(dir.as_os_str().len() < 60);
        }
    }
}
