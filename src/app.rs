//! The server: what all threads share, what each has of its own, and how a request finds its handler.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::http::ServiceConfig;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use chrono::{DateTime, Utc};
use sea_orm::DatabaseConnection;
use tokio::sync::Semaphore;

use crate::auth::keys::{KeyError, Keys};
use crate::auth::{Desk, Revocations};
use crate::config::Settings;
use crate::http::gate::Gate;
use crate::http::middleware::{admit, no_route};
use crate::http::rate::Buckets;
use crate::metrics::Metrics;
use crate::vault::Vault;

/// The wall clock, or a fixed instant where a test needs one. Tokens always live by the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(pub Option<DateTime<Utc>>);

impl Clock {
    pub fn now(self) -> DateTime<Utc> {
        let now = self.0.unwrap_or_else(Utc::now);
        // As fine as PostgreSQL keeps it, so that what is answered is what was stored.
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}

/// What the server holds secret.
pub struct Secrets {
    keys: Keys,
    vault: Vault,
}

impl Secrets {
    /// # Errors
    /// A key cannot be read, or a generated one cannot be kept.
    pub fn load(settings: &Settings) -> Result<Secrets, KeyError> {
        Ok(Secrets { keys: Keys::load(settings)?, vault: Vault::load(settings)? })
    }
}

/// What all serving threads share.
pub struct Shared {
    pub settings: Settings,
    pub keys: Keys,
    /// Seals the personal data of applicants.
    pub vault: Vault,
    pub clock: Clock,
    pub revocations: Revocations,
    /// Bounds the passwords hashed at the same time.
    pub password_gate: Arc<Semaphore>,
    /// Bounds the loads of history at the same time: each holds a connection of its own until its answer is read.
    pub load_gate: Arc<Semaphore>,
    /// How often each caller may ask.
    pub buckets: Buckets,
    pub metrics: Arc<Metrics>,
    /// Tells the one who does jobs that there is one, or that the server stops.
    pub jobs: crate::jobs::Board,
    /// Connections of the background, with the runtime they live on.
    pub background: DatabaseConnection,
    pub runtime: tokio::runtime::Handle,
}

impl Shared {
    pub fn new(settings: Settings, secrets: Secrets, clock: Clock, background: DatabaseConnection) -> Arc<Shared> {
        let metrics = Arc::new(Metrics::default());
        metrics.watch("background", &background);
        Arc::new(Shared {
            buckets: Buckets::default(),
            metrics,
            password_gate: Arc::new(Semaphore::new(settings.auth.password_checks)),
            load_gate: Arc::new(Semaphore::new(4)),
            settings,
            keys: secrets.keys,
            vault: secrets.vault,
            clock,
            revocations: Revocations::default(),
            jobs: crate::jobs::Board::default(),
            background,
            runtime: tokio::runtime::Handle::current(),
        })
    }

    /// Now, by the clock; or the instant that the file names by which a rehearsal moves it. No production server has one.
    pub fn now(&self) -> DateTime<Utc> {
        let file = &self.settings.clock.file;
        if file.is_empty() {
            return self.clock.now();
        }
        let text = std::fs::read_to_string(file).unwrap_or_default();
        match text.trim().parse() {
            Ok(at) => Clock(Some(at)).now(),
            // No file yet, or nothing in it.
            Err(_) if text.trim().is_empty() => self.clock.now(),
            Err(error) => {
                tracing::warn!(file, %error, "the clock's file names no instant");
                self.clock.now()
            }
        }
    }

    /// The methods that the contract offers at a path, for `Allow`: of the pattern that says most of it.
    pub fn methods_at(&self, path: &str) -> Vec<&'static str> {
        if let Some(methods) = self.methods_kept_at(path) {
            return methods.to_vec();
        }
        let asked: Vec<&str> = path.split('/').collect();
        let open = |p: &[String]| p.iter().filter(|s| s.starts_with('{')).count();
        let fits = |p: &[String]| p.len() == asked.len() && p.iter().zip(&asked).all(|(p, a)| p.starts_with('{') || p == a);
        let found: Vec<_> = routes().iter().filter(|(pattern, _)| fits(pattern)).collect();
        let least = found.iter().map(|(pattern, _)| open(pattern)).min();
        let mut methods: Vec<_> =
            found.iter().filter(|(pattern, _)| Some(open(pattern)) == least).flat_map(|(_, m)| m.iter().copied()).collect();
        methods.sort_unstable();
        methods.dedup();
        methods
    }

    /// The methods at a path of the contract that has no parameter: `/departments/bulk` is never a department.
    pub fn methods_kept_at(&self, path: &str) -> Option<&'static [&'static str]> {
        static KEPT: OnceLock<HashMap<String, Vec<&'static str>>> = OnceLock::new();
        let whole = |(pattern, methods): &(Vec<String>, Vec<&'static str>)| {
            (!pattern.iter().any(|s| s.starts_with('{'))).then(|| (pattern.join("/"), methods.clone()))
        };
        KEPT.get_or_init(|| routes().iter().filter_map(whole).collect()).get(path).map(Vec::as_slice)
    }
}

/// The paths of the contract, in their parts, with the methods offered.
fn routes() -> &'static [(Vec<String>, Vec<&'static str>)] {
    static ROUTES: OnceLock<Vec<(Vec<String>, Vec<&'static str>)>> = OnceLock::new();
    ROUTES.get_or_init(|| {
        let mut offered: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
        for route in &crate::openapi::outline().routes {
            let methods = offered.entry(&route.path).or_default();
            methods.push(route.method);
            // What may be got may be asked about.
            methods.extend((route.method == "GET").then_some("HEAD"));
        }
        let sorted = |mut methods: Vec<&'static str>| {
            methods.sort_unstable();
            methods
        };
        offered.into_iter().map(|(path, methods)| (path.split('/').map(str::to_owned).collect(), sorted(methods))).collect()
    })
}

/// Every documented operation.
pub fn configure(cfg: &mut ServiceConfig) {
    crate::openapi::configure(cfg);
    crate::identity::configure(cfg);
    crate::clients::configure(cfg);
    crate::departments::configure(cfg);
    crate::calendar::configure(cfg);
    crate::rule_sets::configure(cfg);
    crate::procedures::configure(cfg);
    crate::dossiers::configure(cfg);
    crate::documents::configure(cfg);
    crate::plans::configure(cfg);
    crate::kpi::configure(cfg);
    crate::reports::configure(cfg);
    crate::quality::configure(cfg);
    crate::criteria::configure(cfg);
    crate::reminders::configure(cfg);
    crate::obstacles::configure(cfg);
    crate::explanations::configure(cfg);
    crate::duties::configure(cfg);
    crate::surveys::configure(cfg);
    crate::briefing::configure(cfg);
    crate::jobs::configure(cfg);
    crate::exports::configure(cfg);
    crate::dashboard::configure(cfg);
}

/// What can be done in the background; a slice with a load adds its own.
pub fn work() -> Vec<Box<dyn crate::jobs::Work>> {
    vec![
        Box::new(crate::jobs::Together(crate::departments::Rows)),
        Box::new(crate::jobs::Together(crate::procedures::Rows)),
        Box::new(crate::jobs::Together(crate::identity::Rows)),
        Box::new(crate::jobs::Together(crate::documents::Rows)),
        Box::new(crate::jobs::Together(crate::kpi::Rows)),
        Box::new(crate::jobs::Together(crate::plans::AssignedRows)),
        Box::new(crate::dossiers::HistoryLoad),
        Box::new(crate::exports::Export),
    ]
}

/// Whether the server itself stops on SIGTERM and Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signals {
    Heeded,
    /// The process has other things to do, too.
    Left,
}

/// A server at work.
pub struct Running {
    pub address: std::net::SocketAddr,
    /// Stops it.
    pub handle: ServerHandle,
    /// Resolves when it has stopped.
    pub finished: tokio::sync::oneshot::Receiver<std::io::Result<()>>,
}

/// Serves on threads of its own until the process is told to stop; the runtime that `shared` was made on keeps the
/// background.
///
/// # Errors
/// The address cannot be bound.
pub fn spawn(shared: Arc<Shared>, host: &str, port: u16, signals: Signals) -> std::io::Result<Running> {
    let (ready, started) = std::sync::mpsc::channel();
    let (done, finished) = tokio::sync::oneshot::channel();
    let place = (host.to_owned(), port);
    std::thread::Builder::new().name("http".into()).spawn(move || {
        let result = actix_web::rt::System::new().block_on(async move {
            match serve(shared, &place.0, place.1, signals) {
                Ok((server, address)) => {
                    // The other end waits for exactly this message.
                    let _ = ready.send(Ok((address, server.handle())));
                    server.await
                }
                Err(error) => {
                    let _ = ready.send(Err(std::io::Error::new(error.kind(), format!("{}:{}: {error}", place.0, place.1))));
                    Ok(())
                }
            }
        });
        let _ = done.send(result);
    })?;
    let (address, handle) = started.recv().map_err(std::io::Error::other)??;
    Ok(Running { address, handle, finished })
}

fn serve(shared: Arc<Shared>, host: &str, port: u16, signals: Signals) -> std::io::Result<(actix_web::dev::Server, std::net::SocketAddr)> {
    let settings = shared.settings.clone();
    let data = web::Data::from(shared.clone());
    let server = HttpServer::new(move || {
        let shared = shared.clone();
        App::new()
            .configure(|config| configure(&mut ServiceConfig::Served(config)))
            .app_data(data.clone())
            .app_data(web::Data::new(Gate::new(&shared.settings, shared.metrics.clone())))
            // Each serving thread opens its own connections: they live on its reactor, and no query crosses threads.
            .data_factory({
                let shared = shared.clone();
                move || {
                    let shared = shared.clone();
                    async move {
                        let database = &shared.settings.database;
                        let pool = crate::db::connect_lazy(database, database.connections_per_worker)?;
                        shared.metrics.watch("serving", &pool);
                        Ok::<_, sea_orm::DbErr>(pool)
                    }
                }
            })
            .data_factory(move || {
                let shared = shared.clone();
                async move {
                    let db = crate::db::connect_lazy(&shared.settings.database, 1)?;
                    Ok::<_, sea_orm::DbErr>(Desk::new(shared, db))
                }
            })
            .route("/docs", web::get().to(crate::openapi::docs_door))
            .service(crate::openapi::docs())
            .configure(crate::dashboard::page)
            .default_service(web::to(no_route))
            .wrap(from_fn(admit))
            .wrap(Compress::default())
    });
    let server = if signals == Signals::Left { server.disable_signals() } else { server };
    let server = if settings.http.workers == 0 { server } else { server.workers(settings.http.workers) };
    let server = server
        .worker_max_blocking_threads(8)
        .client_request_timeout(Duration::from_secs(settings.http.header_timeout_s))
        .shutdown_timeout(20)
        .bind((host, port))?;
    let address = server.addrs().first().copied().ok_or_else(|| std::io::Error::other("no address"))?;
    Ok((server.run(), address))
}
