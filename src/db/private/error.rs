//! What can go wrong, told with what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::find::OLDEST_MAJOR;
use super::process::PATIENCE;

/// Why there is no private cluster.
#[derive(Debug)]
pub enum PrivateError {
    /// No usable server binaries, and no way to install them from here.
    NotInstalled,
    /// The distribution's installer failed.
    Install { output: String },
    /// The cluster was made by a version of PostgreSQL that is not installed.
    OtherMajor { cluster: u32, path: PathBuf },
    /// We are root, and there is no ordinary account to run the server as.
    NoAccount,
    /// The place is taken by something that is not ours to use.
    Foreign { path: PathBuf, why: &'static str },
    /// The system refused a file operation.
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// One of PostgreSQL's programs failed.
    Failed { program: String, output: String },
    /// The server did not answer in time.
    Timeout { log: PathBuf, tail: String },
}

impl fmt::Display for PrivateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => write!(
                f,
                "PostgreSQL {OLDEST_MAJOR} or newer was not found on this machine. Do one of three things:\n  \
                 1. install its server (Debian, Ubuntu: apt-get install postgresql; macOS: brew install \
                 postgresql@17), or name the directory of its programs in DUNGHEN_PG_BIN;\n  \
                 2. set DATABASE_URL to a PostgreSQL you already have;\n  \
                 3. run `docker compose up`."
            ),
            Self::Install { output } => {
                write!(f, "PostgreSQL could not be installed with apt-get; install it by hand or set DATABASE_URL:\n{output}")
            }
            Self::OtherMajor { cluster, path } => write!(
                f,
                "the cluster in {} was made by PostgreSQL {cluster}, which is not installed here; install version \
                 {cluster}, or name the directory of its programs in DUNGHEN_PG_BIN",
                path.display()
            ),
            Self::NoAccount => write!(
                f,
                "PostgreSQL does not run as root, and neither `postgres` nor `nobody` exists in /etc/passwd; \
                 start this program as an ordinary user, or set DATABASE_URL"
            ),
            Self::Foreign { path, why } => write!(f, "{} cannot be used: {why}", path.display()),
            Self::Io { doing, path, source } => {
                write!(f, "cannot {doing} {}: {source}", path.display())
            }
            Self::Failed { program, output } => write!(f, "{program} failed:\n{output}"),
            Self::Timeout { log, tail } => write!(
                f,
                "PostgreSQL does not answer after {} seconds; it may still be recovering. Its log, {}, ends:\n{tail}",
                PATIENCE.as_secs(),
                log.display()
            ),
        }
    }
}

impl std::error::Error for PrivateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Names the step and the file that an error of the system belongs to.
pub(super) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PrivateError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PrivateError> {
        self.map_err(|source| PrivateError::Io { doing, path: path.to_owned(), source })
    }
}
