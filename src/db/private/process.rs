//! Up and down: starting, taking over and stopping the server.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use super::Profile;
use super::account::{private_dir, private_file, succeeded};
use super::error::{At, PrivateError};
use super::find::Install;
use super::log::{log_tail, prepare_log, timeout};
use super::make::make;
use super::place::Paths;
use super::postmaster::{Answer, Running, ask, clear_stale_pid, clear_stale_sockets, postmaster, read_pid_file};
use super::settings::{SETTINGS_FILE, settings};

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) const TICK: Duration = Duration::from_millis(50);

pub(super) fn bring_up(install: &Install, paths: &Paths, profile: Profile) -> Result<Running, PrivateError> {
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

pub(super) fn stop_server(install: &Install, paths: &Paths) -> Result<(), PrivateError> {
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
