//! Starting up: settings, database, schema, key, server; and coming down in the opposite order.

use sea_orm::DatabaseConnection;
use secrecy::{ExposeSecret, SecretString};

use super::Failure;
use crate::app::{self, Clock, Shared, Signals};
use crate::auth::keys::Keys;
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

pub async fn serve(demo: bool) -> Result<(), Failure> {
    let mut settings = Settings::load()?;
    crate::telemetry::start(&settings.log);
    if demo && !settings.demo.allowed {
        return Err("this profile takes no demo data (demo.allowed = false)".into());
    }
    let database = open(&mut settings).await?;
    db::migrate(&database.connection).await?;
    if !settings.demo.allowed && identity::demo_users_exist(&database.connection).await.map_err(explain)? {
        return Err("demo users exist in this database; this profile does not start with them".into());
    }
    let keys = Keys::load(&settings)?;
    let (host, port) = (settings.http.host.clone(), settings.http.port);
    let shared = Shared::new(settings, keys, Clock::default(), database.connection.clone());
    let watch = tokio::spawn(identity::watch_revocations(shared.clone()));
    let running = app::spawn(shared, &host, port, Signals::Heeded)?;
    let url = format!("http://{}", running.address);
    tracing::info!(url, "serving");
    println!("Đúng Hẹn: {url}    docs: {url}/docs/    contract: {url}/openapi.json");
    running.finished.await??;
    watch.abort();
    database.connection.close().await?;
    Ok(())
}
