//! Starting up: settings, database, schema, key, server; and coming down in the opposite order.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};

use super::progress::Progress;
use super::{Failure, demo};
use crate::app::{self, Clock, Secrets, Shared, Signals};
use crate::client::ClientError;
use crate::config::Settings;
use crate::db::{self, private::PrivateCluster};
use crate::identity;

/// The private cluster, when the settings name no database; it stops when this is dropped.
struct Database {
    _cluster: Option<PrivateCluster>,
    connection: DatabaseConnection,
}

async fn open(settings: &mut Settings) -> Result<Database, Failure> {
    let mut cluster = None;
    if settings.database.url.expose_secret().is_empty() {
        let data_dir = settings.data_dir.clone();
        let started = tokio::task::spawn_blocking(move || PrivateCluster::start(&data_dir, "dunghen")).await??;
        db::create_if_missing(&started.admin_url(), started.database()).await?;
        settings.database.url = SecretString::from(started.url());
        tracing::info!(port = started.port(), "private PostgreSQL is running");
        cluster = Some(started);
    }
    let connection = db::connect_lazy(&settings.database, settings.database.background_connections)?;
    Ok(Database { _cluster: cluster, connection })
}

pub async fn migrate() -> Result<(), Failure> {
    let mut settings = Settings::load()?;
    crate::telemetry::start(&settings.log);
    let database = open(&mut settings).await?;
    db::migrate(&database.connection).await?;
    tracing::info!("the schema is up to date");
    Ok(())
}

pub async fn create_admin(username: &str, name: &str, password: &str) -> Result<(), Failure> {
    let mut settings = Settings::load()?;
    crate::telemetry::start(&settings.log);
    let database = open(&mut settings).await?;
    db::migrate(&database.connection).await?;
    identity::create_admin(&database.connection, username, name, password).await.map_err(explain)?;
    println!("Administrator “{username}” may sign in.");
    Ok(())
}

/// An API error as a line for the terminal, with every fault.
fn explain(error: crate::error::ApiError) -> Failure {
    let faults: Vec<String> = error.fault_list().iter().map(|f| format!("{} {}", f.pointer, f.detail.en)).collect();
    if faults.is_empty() { error.to_string().into() } else { faults.join("\n").into() }
}

pub async fn health(url: &str) -> Result<(), Failure> {
    let response = reqwest::get(format!("{url}/health/ready")).await?;
    if response.status().is_success() { Ok(()) } else { Err(format!("not ready: {}", response.status()).into()) }
}

/// A port that someone else holds, told before a database is started for nothing.
fn busy(settings: &Settings, error: &std::io::Error) -> Failure {
    let (host, port) = (&settings.http.host, settings.http.port);
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            let next = if port < u16::MAX { port + 1 } else { 8080 };
            format!("{host}:{port} is in use by another program; choose another port: DUNGHEN__HTTP__PORT={next} (setting http.port)")
                .into()
        }
        _ => format!("cannot listen on {host}:{port}: {error} (settings http.host, http.port)").into(),
    }
}

fn check_port(settings: &Settings) -> Result<(), Failure> {
    std::net::TcpListener::bind((settings.http.host.as_str(), settings.http.port)).map(drop).map_err(|e| busy(settings, &e))
}

/// The address at which this machine reaches its own server.
fn own_url(address: std::net::SocketAddr) -> String {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv6() { std::net::Ipv6Addr::LOCALHOST.into() } else { std::net::Ipv4Addr::LOCALHOST.into() });
    }
    format!("http://{address}")
}

/// As many connections as the system would let this process have: with the 1024 that are usual at first, a crowd could take those that
/// others, and PostgreSQL, need.
fn take_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::warn!(%error, files = limit.current, "no more open files are to be had");
    }
}

pub async fn serve(demo: bool) -> Result<(), Failure> {
    let mut settings = Settings::load()?;
    crate::telemetry::start(&settings.log);
    take_files();
    check_port(&settings)?;
    if demo && !settings.demo.allowed {
        return Err("this profile takes no demo data (demo.allowed = false)".into());
    }
    let database = open(&mut settings).await?;
    db::migrate(&database.connection).await?;
    if !settings.demo.allowed && identity::demo_users_exist(&database.connection).await.map_err(explain)? {
        return Err("demo users exist in this database; this profile does not start with them".into());
    }
    if demo {
        let password = demo::password();
        identity::create_demo_admin(&database.connection, demo::ADMIN, demo::ADMIN_NAME, &password).await.map_err(explain)?;
    }
    if !settings.clock.file.is_empty() {
        tracing::warn!(file = settings.clock.file, "the clock is moved by a file: for tests and rehearsals only");
    }
    let secrets = Secrets::load(&settings)?;
    let (host, port) = (settings.http.host.clone(), settings.http.port);
    let shared = Shared::new(settings, secrets, Clock::default(), database.connection.clone());
    let jobs = tokio::spawn(crate::jobs::run(shared.clone(), app::work()));
    let background = vec![
        tokio::spawn(identity::watch_revocations(shared.clone())),
        tokio::spawn(crate::upkeep::run(shared.clone())),
        tokio::spawn(crate::reminders::run(shared.clone())),
    ];
    let mut running = app::spawn(shared.clone(), &host, port, Signals::Heeded).map_err(|e| busy(&shared.settings, &e))?;
    let url = own_url(running.address);
    tracing::info!(url, "serving");
    if demo {
        let progress = Progress::lines();
        let outcome = tokio::select! {
            ended = &mut running.finished => {
                ended??;
                return close(&shared, jobs, background, database).await;
            }
            outcome = demo::load_once(&url, &progress) => outcome,
        };
        // Told to stop while it loads, the server is already about to end: then a broken connection is no news.
        if matches!(outcome, Err(ClientError::Unreachable(_)))
            && let Ok(ended) = tokio::time::timeout(Duration::from_secs(25), &mut running.finished).await
        {
            ended??;
            return close(&shared, jobs, background, database).await;
        }
        tell(outcome, &url);
    } else {
        println!("{}", address(&url));
    }
    running.finished.await??;
    close(&shared, jobs, background, database).await
}

async fn close(
    shared: &Shared,
    jobs: tokio::task::JoinHandle<()>,
    background: Vec<tokio::task::JoinHandle<()>>,
    database: Database,
) -> Result<(), Failure> {
    // A job is left after its current chunk, for the next server to go on with.
    shared.jobs.stop();
    if tokio::time::timeout(Duration::from_secs(20), jobs).await.is_err() {
        tracing::warn!("a job did not come to the end of its chunk; it goes on when its lease is over");
    }
    background.iter().for_each(tokio::task::JoinHandle::abort);
    database.connection.clone().close().await?;
    tokio::task::spawn_blocking(move || drop(database)).await?;
    tracing::info!("stopped");
    Ok(())
}

/// What the attempt to load the demonstration came to; a server without it serves all the same.
fn tell(outcome: Result<Option<demo::Loaded>, ClientError>, url: &str) {
    match outcome {
        Ok(Some(_)) => tracing::info!("the demonstration is loaded"),
        Ok(None) => tracing::info!("the demonstration is there already"),
        Err(error) => {
            tracing::error!("the demonstration was not loaded: {error}");
            println!("{}", address(url));
            return;
        }
    }
    print!("{}", demo::welcome(url));
}

fn address(url: &str) -> String {
    format!("Đúng Hẹn: {url}    dashboard: {url}/dashboard    docs: {url}/docs/    contract: {url}/openapi.json")
}
