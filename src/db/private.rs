//! A PostgreSQL cluster of our own, for an office that has no database server and for the tests.
//!
//! It lives under the data directory, never runs as root, listens on a Unix socket and a free
//! loopback port, and outlives a `kill -9` of this process: the next start finds the orphan and
//! takes it over. Several processes may share one cluster; the last to leave stops it.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};

/// The superuser of every private cluster.
const ROLE: &str = "dunghen";
const OLDEST_MAJOR: u32 = 14;
const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(50);
/// `sun_path` holds 104 bytes on macOS and 108 on Linux, with its closing NUL.
const SOCKET_PATH_MAX: usize = 103;
const LOG_MAX_BYTES: u64 = 16 << 20;
const PASSWORD_FILE: &str = "dunghen.password";
const SETTINGS_FILE: &str = "dunghen.conf";
/// Root writes into directories that another account owns: a link there is not followed.
const NO_LINK: i32 = OFlags::NOFOLLOW.bits().cast_signed();
const DRAFT: &str = "postgres.new-";

/// What the cluster promises about what it has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A commit survives a power cut.
    Durable,
    /// For tests: fast, made anew when damaged, stopped even when this process is killed.
    Throwaway,
}

impl Profile {
    fn settings(self) -> &'static str {
        match self {
            Profile::Durable => {
                "\
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_connections = 100
"
            }
            Profile::Throwaway => {
                "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 128MB
max_connections = 200
"
            }
        }
    }
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

        let home = home_for(&data_dir, Account::for_cluster(&data_dir)?.as_ref())?;
        let mut account = Account::for_cluster(&home)?;
        let mut paths = Paths::in_home(&home, account.as_ref());

        let starting = paths.starting_lock()?;
        let mut found = Install::find(account.clone(), paths.major()?);
        if matches!(found, Err(PrivateError::NotInstalled)) && Install::by_apt()? {
            // The package brings the account `postgres` with it.
            account = Account::for_cluster(&home)?;
            paths = Paths::in_home(&home, account.as_ref());
            found = Install::find(account, paths.major()?);
        }
        let install = match found {
            Err(PrivateError::OtherMajor { .. }) if profile == Profile::Throwaway => {
                paths.discard()?;
                Install::find(Account::for_cluster(&home)?, None)?
            }
            other => other?,
        };

        let users = open_lock(&paths.home.join("postgres.users"))?;
        lock(&users, FlockOperation::LockShared, &paths.home)?;

        let running = match bring_up(&install, &paths, profile) {
            Err(error) if profile == Profile::Throwaway && !paths.in_use() => {
                tracing::warn!(%error, "making the throwaway cluster anew");
                paths.discard()?;
                bring_up(&install, &paths, profile)
            }
            other => other,
        }?;
        let password_file = paths.cluster.join(PASSWORD_FILE);
        let password = fs::read_to_string(&password_file).at("read", &password_file)?;
        let guard = match profile {
            Profile::Durable => None,
            Profile::Throwaway => guard(&install, &paths),
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
        stop_server(&self.install, &self.paths)
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

trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PrivateError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PrivateError> {
        self.map_err(|source| PrivateError::Io { doing, path: path.to_owned(), source })
    }
}

// ---- who ------------------------------------------------------------------------------------

/// The unprivileged account of the server when we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` when we are not root: then the server runs as we do.
    fn for_cluster(data_dir: &Path) -> Result<Option<Self>, PrivateError> {
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
fn command(program: &OsStr, account: Option<&Account>) -> Command {
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

fn succeeded(program: &str, output: io::Result<Output>) -> Result<String, PrivateError> {
    let failed = |output: String| PrivateError::Failed { program: program.to_owned(), output };
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        Err(failed(last_lines(&String::from_utf8_lossy(&text), 30)))
    }
}

// ---- which PostgreSQL -----------------------------------------------------------------------

#[derive(Debug, Clone)]
struct Install {
    bin: PathBuf,
    major: u32,
    account: Option<Account>,
}

impl Install {
    /// The newest server that this account can run; of one given version when the cluster exists.
    fn find(account: Option<Account>, made_by: Option<Made>) -> Result<Self, PrivateError> {
        let mut seen = Vec::new();
        let mut best: Option<(u32, PathBuf)> = None;
        for (bin, chosen) in candidates() {
            let Some(bin) = server_dir(&bin) else {
                continue;
            };
            if seen.contains(&bin) {
                continue;
            }
            seen.push(bin.clone());
            let Some(major) = major_of(&bin, account.as_ref()).filter(|&m| m >= OLDEST_MAJOR) else {
                continue;
            };
            match &made_by {
                Some(made) if made.major != major => continue,
                Some(_) => {
                    best = Some((major, bin));
                    break;
                }
                None if chosen => {
                    best = Some((major, bin));
                    break;
                }
                None if best.as_ref().is_none_or(|(newest, _)| major > *newest) => {
                    best = Some((major, bin));
                }
                None => {}
            }
        }
        match (best, made_by) {
            (Some((major, bin)), _) => Ok(Self { bin, major, account }),
            (None, Some(made)) if !seen.is_empty() => Err(PrivateError::OtherMajor { cluster: made.major, path: made.path }),
            (None, _) => Err(PrivateError::NotInstalled),
        }
    }

    /// Installs the distribution's server where we may. `false`: not our place to.
    fn by_apt() -> Result<bool, PrivateError> {
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

    fn program(&self, name: &str) -> Command {
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

// ---- where ----------------------------------------------------------------------------------

/// The version that made a cluster.
#[derive(Debug, Clone)]
struct Made {
    major: u32,
    path: PathBuf,
}

#[derive(Debug, Clone)]
struct Paths {
    home: PathBuf,
    cluster: PathBuf,
    log: PathBuf,
    socket_dir: PathBuf,
}

impl Paths {
    fn in_home(home: &Path, account: Option<&Account>) -> Self {
        Self {
            cluster: home.join("postgres"),
            log: home.join("postgres.log"),
            socket_dir: socket_dir_for(home, account),
            home: home.to_owned(),
        }
    }

    /// Held while the cluster is brought up or down.
    fn starting_lock(&self) -> Result<File, PrivateError> {
        let path = self.home.join("postgres.lock");
        let file = open_lock(&path)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            tracing::info!("waiting for another process that starts or stops this PostgreSQL");
            lock(&file, FlockOperation::LockExclusive, &path)?;
        }
        Ok(file)
    }

    fn major(&self) -> Result<Option<Made>, PrivateError> {
        let file = self.cluster.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => {
                let major = text
                    .trim()
                    .parse()
                    .map_err(|_| PrivateError::Foreign { path: self.cluster.clone(), why: "its PG_VERSION is not a version" })?;
                let path = self.cluster.clone();
                Ok(Some(Made { major, path }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(self.strange()),
            Err(error) => Err(error).at("read", &file),
        }
    }

    fn strange(&self) -> PrivateError {
        PrivateError::Foreign {
            path: self.cluster.clone(),
            why: "it belongs to another user; start as that user, or choose another data_dir",
        }
    }

    fn in_use(&self) -> bool {
        postmaster(&self.cluster).is_some()
    }

    fn discard(&self) -> Result<(), PrivateError> {
        match fs::remove_dir_all(&self.cluster) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", &self.cluster),
            _ => Ok(()),
        }
    }
}

/// The data directory itself, or a place the server's account can reach.
fn home_for(data_dir: &Path, account: Option<&Account>) -> Result<PathBuf, PrivateError> {
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

fn private_dir(path: &Path, account: Option<&Account>) -> Result<(), PrivateError> {
    let owner = account.map_or_else(|| geteuid().as_raw(), |account| account.uid);
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            if let Some(account) = account {
                lchown(path, Some(account.uid), Some(account.gid)).at("give away", path)?;
            }
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).at("look at", path)?;
            if !found.is_dir() {
                return Err(PrivateError::Foreign { path: path.to_owned(), why: "it is not a directory" });
            }
            match account {
                // Left so by a crash between making it and giving it away.
                Some(account) if found.uid() == 0 => {
                    lchown(path, Some(account.uid), Some(account.gid)).at("give away", path)?;
                }
                // The account that runs the server can change when its package arrives.
                Some(account) if found.uid() != owner && path.ends_with("run") => {
                    lchown(path, Some(account.uid), Some(account.gid)).at("give away", path)?;
                }
                _ if found.uid() != owner => {
                    return Err(PrivateError::Foreign { path: path.to_owned(), why: "it belongs to another user" });
                }
                _ => {}
            }
        }
        Err(error) => return Err(error).at("create", path),
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).at("protect", path)
}

/// Writes whole or not at all, readable by the server's account only.
fn private_file(path: &Path, text: &str, account: Option<&Account>) -> Result<(), PrivateError> {
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

fn open_lock(path: &Path) -> Result<File, PrivateError> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o644).custom_flags(NO_LINK).open(path);
    match opened {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(PrivateError::Foreign {
            path: path.to_owned(),
            why: "it belongs to another user; start as that user, or choose another data_dir",
        }),
        other => other.at("open", path),
    }
}

fn lock(file: &File, operation: FlockOperation, path: &Path) -> Result<(), PrivateError> {
    loop {
        match flock(file, operation) {
            Err(Errno::INTR) => {}
            other => return other.map_err(io::Error::from).at("lock", path),
        }
    }
}

// ---- up and down ----------------------------------------------------------------------------

/// How to reach a postmaster, from its own `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    pid: i32,
    port: u16,
    socket_dir: PathBuf,
}

fn bring_up(install: &Install, paths: &Paths, profile: Profile) -> Result<Running, PrivateError> {
    let account = install.account.as_ref();
    if let Some(running) = take_over(install, paths)? {
        return Ok(running);
    }
    private_dir(&paths.socket_dir, account)?;
    if paths.major()?.is_none() {
        make(install, paths, profile)?;
    }
    match fs::metadata(&paths.cluster) {
        Ok(found) if !geteuid().is_root() && found.uid() != geteuid().as_raw() => {
            return Err(paths.strange());
        }
        Ok(_) => {}
        Err(error) => return Err(error).at("look at", &paths.cluster),
    }
    clear_stale_pid(paths)?;
    clear_stale_sockets(&paths.socket_dir);
    launch(install, paths, profile)
}

/// A postmaster that already serves this cluster, made healthy or out of the way.
fn take_over(install: &Install, paths: &Paths) -> Result<Option<Running>, PrivateError> {
    let deadline = Instant::now() + PATIENCE;
    let mut silent_since: Option<Instant> = None;
    loop {
        let Some(pid) = postmaster(&paths.cluster) else {
            return Ok(None);
        };
        let running = read_pid_file(&paths.cluster).filter(|running| running.pid == pid);
        let answer = running.as_ref().map_or(Answer::Silent, ask);
        match (answer, running) {
            (Answer::Ready, Some(running)) => {
                tracing::info!(pid, port = running.port, "joined the running PostgreSQL");
                return Ok(Some(running));
            }
            (Answer::Busy, _) => silent_since = None,
            _ => {
                let since = *silent_since.get_or_insert_with(Instant::now);
                if since.elapsed() > Duration::from_secs(10) {
                    tracing::warn!(pid, "PostgreSQL runs but does not answer: restarting it");
                    stop_server(install, paths)?;
                    return Ok(None);
                }
            }
        }
        if Instant::now() > deadline {
            return Err(timeout(paths));
        }
        sleep(TICK);
    }
}

/// Makes a cluster beside its place and moves it there whole, so that half of one is never used.
fn make(install: &Install, paths: &Paths, profile: Profile) -> Result<(), PrivateError> {
    let account = install.account.as_ref();
    match fs::remove_dir(&paths.cluster) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            return Err(PrivateError::Foreign { path: paths.cluster.clone(), why: "it is not a PostgreSQL cluster" });
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).at("use", &paths.cluster);
        }
        _ => {}
    }
    let password = random_hex()?;
    let password_file = paths.socket_dir.join("password");
    private_file(&password_file, &password, account)?;
    let mut name = random_hex()?;
    name.truncate(12);
    let draft = paths.home.join(format!("{DRAFT}{name}"));
    let mut made = Ok(());
    // The order of bytes is the same for every locale here; only the letters' case needs one.
    for locale in ["C.UTF-8", "en_US.UTF-8"] {
        sweep(&paths.home);
        private_dir(&draft, account)?;
        let mut initdb = install.program("initdb");
        initdb
            .args(["--username", ROLE, "--encoding", "UTF8"])
            .args(["--locale", locale, "--lc-collate", "C"])
            .args(["--auth", "scram-sha-256", "--data-checksums"])
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(&draft);
        if profile == Profile::Throwaway {
            initdb.arg("--no-sync");
        }
        made = succeeded("initdb", initdb.output()).map(drop);
        if made.is_ok() {
            break;
        }
    }
    let _ = fs::remove_file(&password_file);
    made?;

    private_file(&draft.join(PASSWORD_FILE), &password, account)?;
    let conf = draft.join("postgresql.conf");
    let mut conf_file = OpenOptions::new().append(true).open(&conf).at("open", &conf)?;
    write!(
        conf_file,
        "\n# {SETTINGS_FILE} is written anew at every start; your own settings go into local.conf.\n\
         include '{SETTINGS_FILE}'\ninclude_if_exists 'local.conf'\n"
    )
    .and_then(|()| conf_file.sync_all())
    .at("write", &conf)?;
    fs::rename(&draft, &paths.cluster).at("rename", &draft)?;
    sweep(&paths.home);
    File::open(&paths.home).and_then(|home| home.sync_all()).at("save", &paths.home)?;
    tracing::info!(path = %paths.cluster.display(), major = install.major, "made a PostgreSQL cluster");
    Ok(())
}

/// Removes what killed attempts left behind. An orphaned `initdb` may still be writing into its
/// draft, so this does as much as it can and never fails.
fn sweep(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().as_bytes().starts_with(DRAFT.as_bytes()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn launch(install: &Install, paths: &Paths, profile: Profile) -> Result<Running, PrivateError> {
    let account = install.account.as_ref();
    let port_file = paths.home.join("postgres.port");
    let mut port = fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok()).filter(|&port| port >= 1024);
    prepare_log(&paths.log, account)?;

    let deadline = Instant::now() + PATIENCE;
    loop {
        let chosen = free_port(port)?;
        let settings = settings(&paths.socket_dir, chosen, profile);
        private_file(&paths.cluster.join(SETTINGS_FILE), &settings, account)?;
        private_file(&port_file, &format!("{chosen}\n"), account)?;
        let log_start = fs::metadata(&paths.log).map_or(0, |log| log.len());

        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        let started = install
            .program("pg_ctl")
            .args(["start", "--wait", "--silent", "--timeout"])
            .arg(left.max(1).to_string())
            .arg("--pgdata")
            .arg(&paths.cluster)
            .arg("--log")
            .arg(&paths.log)
            .output();
        let failure = match succeeded("pg_ctl start", started) {
            Ok(_) => match wait_ready(paths, deadline) {
                Some(running) => {
                    tracing::info!(pid = running.pid, port = running.port, "started PostgreSQL");
                    return Ok(running);
                }
                None => timeout(paths),
            },
            Err(_) if postmaster(&paths.cluster).is_some() => timeout(paths),
            Err(PrivateError::Failed { program, output }) => {
                PrivateError::Failed { program, output: format!("{output}\n{}", log_tail(&paths.log, log_start)) }
            }
            Err(error) => error,
        };
        let text = log_tail(&paths.log, log_start);
        let port_taken = text.contains("Address already in use") || text.contains("could not bind");
        // The children of a killed postmaster need a moment to notice.
        let still_leaving = text.contains("is still in use") || text.contains("already exists");
        if Instant::now() > deadline || !(port_taken || still_leaving) {
            return Err(failure);
        }
        port = if port_taken { None } else { Some(chosen) };
        sleep(TICK * 4);
    }
}

fn wait_ready(paths: &Paths, deadline: Instant) -> Option<Running> {
    loop {
        if let Some(running) = read_pid_file(&paths.cluster)
            && ask(&running) == Answer::Ready
        {
            return Some(running);
        }
        if Instant::now() > deadline {
            return None;
        }
        sleep(TICK);
    }
}

fn stop_server(install: &Install, paths: &Paths) -> Result<(), PrivateError> {
    let Some(pid) = postmaster(&paths.cluster) else {
        return Ok(());
    };
    let answers = read_pid_file(&paths.cluster).is_some_and(|r| ask(&r) != Answer::Silent);
    let mut result = Ok(());
    let modes: &[(&str, &str)] = if answers { &[("fast", "60"), ("immediate", "10")] } else { &[("immediate", "5")] };
    for (mode, seconds) in modes {
        let stopped = install
            .program("pg_ctl")
            .args(["stop", "--wait", "--silent", "--mode", mode, "--timeout"])
            .arg(seconds)
            .arg("--pgdata")
            .arg(&paths.cluster)
            .output();
        result = succeeded("pg_ctl stop", stopped).map(drop);
        if result.is_ok() || postmaster(&paths.cluster).is_none() {
            tracing::info!(pid, mode, "stopped PostgreSQL");
            return Ok(());
        }
    }
    if postmaster(&paths.cluster) == Some(pid)
        && let Some(raw) = Pid::from_raw(pid)
    {
        tracing::warn!(pid, "PostgreSQL ignores its shutdown: killing it");
        let _ = kill_process(raw, Signal::KILL);
        let deadline = Instant::now() + Duration::from_secs(5);
        while postmaster(&paths.cluster).is_some() && Instant::now() < deadline {
            sleep(TICK);
        }
        if postmaster(&paths.cluster).is_none() {
            return Ok(());
        }
    }
    result
}

/// Stops a throwaway cluster when this process is gone, however it went: the pipe to the guard's
/// standard input closes with us.
fn guard(install: &Install, paths: &Paths) -> Option<Child> {
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

/// The pid of the postmaster that serves this cluster, if one lives.
fn postmaster(cluster: &Path) -> Option<i32> {
    let pid = pid_in(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)?;
    (alive(pid) && serves(pid, cluster)).then_some(pid)
}

fn pid_in(text: &str) -> Option<i32> {
    let pid = text.lines().next()?.trim().parse::<i32>().ok()?;
    (pid > 0).then_some(pid)
}

fn alive(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| !matches!(test_kill_process(pid), Err(Errno::SRCH)))
}

/// A pid is reused sooner or later, and soonest in a container: ask what the process is.
fn serves(pid: i32, cluster: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        let cwd = fs::read_link(format!("/proc/{pid}/cwd")).ok();
        return cwd.is_some() && cwd == cluster.canonicalize().ok();
    }
    Command::new("ps")
        .args(["-o", "command=", "-p", &pid.to_string()])
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

/// PostgreSQL clears the pid file of a dead server itself, but neither one whose pid now belongs to
/// another program, nor an empty one.
fn clear_stale_pid(paths: &Paths) -> Result<(), PrivateError> {
    let file = paths.cluster.join("postmaster.pid");
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.at("read", &file)?,
    };
    let dead = pid_in(&text).is_some_and(|pid| !alive(pid));
    if dead || paths.in_use() {
        return Ok(());
    }
    let deadline = Instant::now() + PATIENCE;
    while anyone_in(&paths.cluster) {
        if Instant::now() > deadline {
            return Err(timeout(paths));
        }
        sleep(TICK);
    }
    tracing::warn!("removing the pid file of a PostgreSQL that is gone");
    fs::remove_file(&file).at("remove", &file)
}

/// A socket left by a killed server names a pid too, and the directory is ours alone.
fn clear_stale_sockets(socket_dir: &Path) {
    let Ok(entries) = fs::read_dir(socket_dir) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().as_bytes().starts_with(b".s.PGSQL.") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn anyone_in(cluster: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return false;
    };
    processes.flatten().any(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster))
}

fn read_pid_file(cluster: &Path) -> Option<Running> {
    running_in(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
}

fn running_in(text: &str) -> Option<Running> {
    let pid = pid_in(text)?;
    let mut lines = text.lines().skip(3);
    let port = lines.next()?.trim().parse().ok()?;
    let socket_dir = PathBuf::from(lines.next()?.trim());
    socket_dir.is_absolute().then_some(Running { pid, port, socket_dir })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// It asks for the password.
    Ready,
    /// It says that it is starting, recovering, stopping or full.
    Busy,
    Silent,
}

/// What `pg_isready` does, without needing the client package.
fn ask(running: &Running) -> Answer {
    let socket = running.socket_dir.join(format!(".s.PGSQL.{}", running.port));
    let ask = || -> io::Result<u8> {
        let mut stream = UnixStream::connect(&socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        stream.set_write_timeout(Some(Duration::from_secs(3)))?;
        stream.write_all(&hello())?;
        // Read whole, or the server logs a connection reset.
        let mut reply = [0; 1024];
        match stream.read(&mut reply)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(reply[0]),
        }
    };
    match ask() {
        Ok(b'R') => Answer::Ready,
        Ok(_) => Answer::Busy,
        Err(_) => Answer::Silent,
    }
}

/// The first message of protocol 3.0.
fn hello() -> Vec<u8> {
    let body = format!("user\0{ROLE}\0database\0postgres\0\0");
    let length = u32::try_from(body.len() + 8).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &196_608_u32.to_be_bytes(), body.as_bytes()].concat()
}

/// The socket directory has no quote in it: see [`socket_dir_for`].
fn settings(socket_dir: &Path, port: u16, profile: Profile) -> String {
    format!(
        "# Written at every start. Your own settings go into local.conf beside this file.\n\
         listen_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = '{}'\n\
         unix_socket_permissions = 0700\n\
         cluster_name = '{ROLE}'\n\
         password_encryption = 'scram-sha-256'\n\
         ssl = off\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         logging_collector = off\n\
         log_destination = 'stderr'\n\
         log_line_prefix = '%m [%p] '\n\
         max_wal_size = 2GB\n\
         min_wal_size = 256MB\n\
         wal_compression = on\n\
         checkpoint_timeout = 15min\n\
         checkpoint_completion_target = 0.9\n\
         random_page_cost = 1.1\n\
         jit = off\n{}",
        socket_dir.display(),
        profile.settings()
    )
}

fn free_port(wanted: Option<u16>) -> Result<u16, PrivateError> {
    if let Some(port) = wanted
        && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
    {
        return Ok(port);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .at("find a free port on", Path::new("127.0.0.1"))
}

fn prepare_log(log: &Path, account: Option<&Account>) -> Result<(), PrivateError> {
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

fn timeout(paths: &Paths) -> PrivateError {
    PrivateError::Timeout { log: paths.log.clone(), tail: log_tail(&paths.log, 0) }
}

fn log_tail(log: &Path, from: u64) -> String {
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

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn random_hex() -> Result<String, PrivateError> {
    let source = Path::new("/dev/urandom");
    let mut bytes = [0; 24];
    File::open(source).and_then(|mut file| file.read_exact(&mut bytes)).at("read", source)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
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

/// Stable over releases, unlike the standard hasher: it names directories.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_says_how_to_reach_the_server() {
        let text = "4242\n/data\n1700000000\n40123\n/data/run\n127.0.0.1\n 1 2\nready   \n";
        let running = running_in(text);
        assert_eq!(running, Some(Running { pid: 4242, port: 40123, socket_dir: PathBuf::from("/data/run") }));
        for broken in ["", "x\n", "-5\n", "4242\n", "4242\n/data\n1\nport\n/run\n"] {
            assert_eq!(running_in(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn the_account_is_never_root() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres:x:0:0::/:/bin/sh\nnobody:x:99:98::/:/bin/false\n";
        assert_eq!(account_in(passwd, "postgres"), None);
        assert_eq!(account_in(passwd, "root"), None);
        let nobody = Account { uid: 99, gid: 98 };
        assert_eq!(account_in(passwd, "nobody"), Some(nobody));
    }

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

    #[test]
    fn a_url_holds_no_character_that_would_end_its_host() {
        assert_eq!(percent_encoded("/a b/ồ".as_bytes()), "%2Fa%20b%2F%E1%BB%93");
    }
}
