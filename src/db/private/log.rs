//! The server's log: kept short, and quoted when something fails.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::Path;

use super::account::{Account, NO_LINK};
use super::error::{At, PrivateError};
use super::place::Paths;

const LOG_MAX_BYTES: u64 = 16 << 20;

pub(super) fn prepare_log(log: &Path, account: Option<&Account>) -> Result<(), PrivateError> {
    if fs::metadata(log).is_ok_and(|found| found.len() > LOG_MAX_BYTES) {
        let mut old = log.as_os_str().to_owned();
        old.push(".1");
        fs::rename(log, old).at("rename", log)?;
    }
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(NO_LINK).open(log).at("open", log)?;
    match account {
        Some(account) => fchown(&file, Some(account.uid), Some(account.gid)).at("give away", log),
        None => Ok(()),
    }
}

pub(super) fn timeout(paths: &Paths) -> PrivateError {
    PrivateError::Timeout { log: paths.log.clone(), tail: log_tail(&paths.log, 0) }
}

pub(super) fn log_tail(log: &Path, from: u64) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(from.max(end.saturating_sub(16 << 10))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&bytes), 20)
}

pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
