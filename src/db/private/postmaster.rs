//! The postmaster: its pid file, whether it lives, and whether it answers.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::ROLE;
use super::error::{At, PrivateError};
use super::log::timeout;
use super::place::Paths;
use super::process::{PATIENCE, TICK};

/// How to reach a postmaster, from its own `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) pid: i32,
    pub(super) port: u16,
    pub(super) socket_dir: PathBuf,
}

/// The pid of the postmaster that serves this cluster, if one lives.
pub(super) fn postmaster(cluster: &Path) -> Option<i32> {
    let pid = pid_in(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)?;
    (alive(pid) && serves(pid, cluster)).then_some(pid)
}

pub(super) fn read_pid_file(cluster: &Path) -> Option<Running> {
    running_in(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
}

fn running_in(text: &str) -> Option<Running> {
    let pid = pid_in(text)?;
    let mut lines = text.lines().skip(3);
    let port = lines.next()?.trim().parse().ok()?;
    let socket_dir = PathBuf::from(lines.next()?.trim());
    socket_dir.is_absolute().then_some(Running { pid, port, socket_dir })
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
pub(super) fn clear_stale_pid(paths: &Paths) -> Result<(), PrivateError> {
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

fn anyone_in(cluster: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        return false;
    };
    processes.flatten().any(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster))
}

/// A socket left by a killed server names a pid too, and the directory is ours alone.
pub(super) fn clear_stale_sockets(socket_dir: &Path) {
    let Ok(entries) = fs::read_dir(socket_dir) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().as_bytes().starts_with(b".s.PGSQL.") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It asks for the password.
    Ready,
    /// It says that it is starting, recovering, stopping or full.
    Busy,
    Silent,
}

/// What `pg_isready` does, without needing the client package.
pub(super) fn ask(running: &Running) -> Answer {
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
}
