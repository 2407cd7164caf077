//! Pools, migrations and the private PostgreSQL.

pub mod count;
pub mod private;

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, SqlxPostgresConnector, Statement, Value};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgAdvisoryLock, PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::config::Database;

/// The connections of the serving thread.
pub type Db = actix_web::web::Data<DatabaseConnection>;

/// A pool that opens its connections when they are first needed, on the thread that needs them.
///
/// # Errors
/// The URL cannot be read.
pub fn connect_lazy(settings: &Database, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let url = settings.url.expose_secret();
    let timeout = format!("{}s", settings.statement_timeout_s);
    let options: PgConnectOptions = url.parse().map_err(|e: sqlx::Error| DbErr::Custom(e.to_string()))?;
    let options = options.application_name("dunghen").statement_cache_capacity(256).options([
        ("statement_timeout", timeout.as_str()),
        ("idle_in_transaction_session_timeout", "300s"),
        ("jit", "off"),
        // Planning a page anew for its values costs more than reading it; reports, which differ, write their values in.
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    let options = options.disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(settings.acquire_timeout_s))
        .test_before_acquire(false)
        // A connection that has been idle may have been lost meanwhile; a busy one is worth no round trip.
        .before_acquire(|connection, meta| {
            Box::pin(async move { if meta.idle_for > Duration::from_secs(15) { connection.ping().await.map(|()| true) } else { Ok(true) } })
        })
        .connect_lazy_with(options);
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// A row that PostgreSQL has put together as JSON.
#[derive(FromQueryResult)]
struct Document {
    doc: serde_json::Value,
}

/// Reads rows whose column `doc` is the JSON of a `T`.
///
/// # Errors
/// The database's; a row that is no `T`.
pub async fn documents<T: serde::de::DeserializeOwned>(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: Vec<Value>,
) -> Result<Vec<T>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
    let rows = Document::find_by_statement(statement).all(db).await?;
    rows.into_iter().map(|row| serde_json::from_value(row.doc).map_err(|e| DbErr::Json(e.to_string()))).collect()
}

/// Brings the schema up to date. Several servers may call this at once: one migrates, the others wait.
///
/// # Errors
/// The database refuses a step, or cannot be reached.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    let broken = |e: sqlx::Error| DbErr::Custom(e.to_string());
    let lock = PgAdvisoryLock::new("dunghen:migrate");
    let mut connection = db.get_postgres_connection_pool().acquire().await.map_err(broken)?;
    // Polled: a session that waits inside pg_advisory_lock holds a snapshot that CREATE INDEX CONCURRENTLY waits for.
    let guard = loop {
        match lock.try_acquire(connection).await.map_err(broken)? {
            sqlx::Either::Left(guard) => break guard,
            sqlx::Either::Right(other) => {
                connection = other;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    };
    let result = Migrator::up(db, None).await;
    guard.release_now().await.map_err(broken)?;
    result
}

/// Creates a database where it does not exist, through the administrative one.
///
/// # Errors
/// The server cannot be reached or refuses.
pub async fn create_if_missing(admin_url: &str, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = sqlx::PgConnection::connect(admin_url).await?;
    let exists: Option<i32> =
        sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1").bind(name).fetch_optional(&mut connection).await?;
    if exists.is_none() {
        let create = format!("CREATE DATABASE \"{}\" ENCODING 'UTF8' TEMPLATE template0", name.replace('"', ""));
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await?;
    }
    connection.close().await
}
