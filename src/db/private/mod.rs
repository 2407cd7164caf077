//! A PostgreSQL cluster of our own, for an office that has no database server and for the tests.
//!
//! It lives under the data directory, never runs as root, listens on a Unix socket and a free
//! loopback port, and outlives a `kill -9` of this process: the next start finds the orphan and
//! takes it over. Several processes may share one cluster; the last to leave stops it.
//!
//! `account` says whom the server runs as, `place` where the cluster lies, `find` which PostgreSQL
//! it is. `make` makes the cluster and `settings` its settings; `process` brings the server up and
//! down by what `postmaster` sees of it. `log` keeps the server's own words, and `guard` stops a
//! throwaway server whose owner was killed.

mod account;
mod error;
mod find;
mod guard;
mod log;
mod make;
mod place;
mod postmaster;
mod process;
mod settings;

use std::fmt;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Child;

use rustix::fs::{FlockOperation, flock};

use account::Account;
use error::At;
pub use error::PrivateError;
use find::Install;
use place::Paths;
use postmaster::Running;

/// The superuser of every private cluster.
const ROLE: &str = "dunghen";

/// What the cluster promises about what it has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A commit survives a power cut.
    Durable,
    /// For tests: fast, made anew when damaged, stopped even when this process is killed.
    Throwaway,
}

/// A running private cluster. Dropping it stops the server, unless another process still uses it.
pub struct PrivateCluster {
    install: Install,
    paths: Paths,
    running: Running,
    database: String,
    password: String,
    users: Option<File>,
    guard: Option<Child>,
}

impl fmt::Debug for PrivateCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateCluster")
            .field("data", &self.paths.cluster)
            .field("socket_dir", &self.running.socket_dir)
            .field("port", &self.running.port)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl PrivateCluster {
    /// Starts, or joins, the durable cluster of this data directory. Blocks until it answers.
    ///
    /// `database` is only named in the URLs; creating it is left to the caller.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is missing and cannot be installed, when the directory belongs to someone
    /// else or to another version of PostgreSQL, and when the server does not come up in a minute.
    pub fn start(data_dir: &Path, database: &str) -> Result<Self, PrivateError> {
        Self::start_as(data_dir, database, Profile::Durable)
    }

    /// As [`PrivateCluster::start`], with a choice of promises.
    ///
    /// # Errors
    ///
    /// As [`PrivateCluster::start`].
    pub fn start_as(data_dir: &Path, database: &str, profile: Profile) -> Result<Self, PrivateError> {
        fs::create_dir_all(data_dir).at("create", data_dir)?;
        let data_dir = data_dir.canonicalize().at("find", data_dir)?;

        let home = place::home_for(&data_dir, Account::for_cluster(&data_dir)?.as_ref())?;
        let mut account = Account::for_cluster(&home)?;
        let mut paths = Paths::in_home(&home, account.as_ref());

        let starting = paths.starting_lock()?;
        let mut found = Install::find(account.clone(), &paths);
        if matches!(found, Err(PrivateError::NotInstalled)) && Install::by_apt()? {
            // The package brings the account `postgres` with it.
            account = Account::for_cluster(&home)?;
            paths = Paths::in_home(&home, account.as_ref());
            found = Install::find(account, &paths);
        }
        let install = match found {
            Err(PrivateError::OtherMajor { .. }) if profile == Profile::Throwaway => {
                paths.discard()?;
                Install::find(Account::for_cluster(&home)?, &paths)?
            }
            other => other?,
        };

        let users = place::open_lock(&paths.home.join("postgres.users"))?;
        place::lock(&users, FlockOperation::LockShared, &paths.home)?;

        let running = match process::bring_up(&install, &paths, profile) {
            Err(error) if profile == Profile::Throwaway && !paths.in_use() => {
                tracing::warn!(%error, "making the throwaway cluster anew");
                paths.discard()?;
                process::bring_up(&install, &paths, profile)
            }
            other => other,
        }?;
        let password_file = paths.cluster.join(make::PASSWORD_FILE);
        let password = fs::read_to_string(&password_file).at("read", &password_file)?;
        let guard = match profile {
            Profile::Durable => None,
            Profile::Throwaway => guard::guard(&install, &paths),
        };
        drop(starting);

        Ok(Self { install, paths, running, database: database.to_owned(), password: password.trim().to_owned(), users: Some(users), guard })
    }

    /// The database, through the Unix socket. It carries the password: do not log it.
    #[must_use]
    pub fn url(&self) -> String {
        self.socket_url(&self.database)
    }

    /// The maintenance database, which always exists: the place to say `CREATE DATABASE` from.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.socket_url("postgres")
    }

    /// The database, through the loopback port. It carries the password: do not log it.
    #[must_use]
    pub fn tcp_url(&self) -> String {
        self.url_to("127.0.0.1", &self.database)
    }

    /// The name of the database in [`PrivateCluster::url`].
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where `postgres` lies, and `psql` and `pgbench` too when the client package is installed.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.install.bin
    }

    /// The major version of the server.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.install.major
    }

    /// The port on 127.0.0.1, which also names the socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.running.port
    }

    /// The directory that holds the Unix socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.running.socket_dir
    }

    /// The server's own log.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        &self.paths.log
    }

    /// Leaves the cluster, and stops the server when no other process uses it. Harmless when
    /// repeated.
    ///
    /// # Errors
    ///
    /// When the server is still there after a fast and then an immediate shutdown.
    pub fn stop(&mut self) -> Result<(), PrivateError> {
        let Some(users) = self.users.take() else {
            return Ok(());
        };
        if let Some(mut guard) = self.guard.take() {
            let _ = guard.kill();
            let _ = guard.wait();
        }
        let _starting = self.paths.starting_lock()?;
        if flock(&users, FlockOperation::NonBlockingLockExclusive).is_err() {
            tracing::info!("the private PostgreSQL stays up: another process uses it");
            return Ok(());
        }
        process::stop_server(&self.install, &self.paths)
    }

    fn socket_url(&self, database: &str) -> String {
        let socket_dir = percent_encoded(self.running.socket_dir.as_os_str().as_bytes());
        self.url_to(&socket_dir, database)
    }

    fn url_to(&self, host: &str, database: &str) -> String {
        let port = self.running.port;
        let database = percent_encoded(database.as_bytes());
        format!("postgres://{ROLE}:{}@{host}:{port}/{database}?sslmode=disable", self.password)
    }
}

impl Drop for PrivateCluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "the private PostgreSQL could not be stopped");
        }
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_holds_no_character_that_would_end_its_host() {
        assert_eq!(percent_encoded("/a b/ồ".as_bytes()), "%2Fa%20b%2F%E1%BB%93");
    }
}
