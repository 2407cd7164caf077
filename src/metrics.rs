//! Figures of this server for whoever watches it, in the text form of Prometheus. Operations and statuses come from closed
//! lists, so that the figures take the same little memory whatever is asked for.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::DatabaseConnection;

/// Statuses that are told apart; another one is counted as `other`.
const STATUSES: [u16; 23] =
    [200, 201, 204, 207, 302, 304, 308, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 415, 422, 428, 429, 500, 503];
const OTHER: usize = STATUSES.len();

/// Upper bounds of the classes of the histogram, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Why a request was turned away before its handler was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// Too many requests are under way on the serving thread.
    Full,
    /// No turn came in time.
    Waited,
    /// Its sender asks too often.
    Rate,
}

impl TurnedAway {
    const ALL: [(TurnedAway, &str); 3] = [(TurnedAway::Full, "full"), (TurnedAway::Waited, "waited"), (TurnedAway::Rate, "rate")];
}

struct Operation {
    name: String,
    statuses: [AtomicU64; STATUSES.len() + 1],
    classes: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Operation {
    fn new(name: String) -> Operation {
        let zeros = || AtomicU64::new(0);
        Operation { name, statuses: std::array::from_fn(|_| zeros()), classes: std::array::from_fn(|_| zeros()), micros: zeros() }
    }
}

pub struct Metrics {
    operations: Vec<Operation>,
    /// Place of an operation by method and path pattern.
    places: HashMap<String, HashMap<String, usize>>,
    in_flight: AtomicI64,
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
    sign_in_locks: AtomicU64,
    rows: Mutex<HashMap<&'static str, u64>>,
    swept: Mutex<HashMap<&'static str, u64>>,
    pools: Mutex<Vec<(&'static str, DatabaseConnection)>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Metrics {
            operations: vec![Operation::new("none".into())],
            places: HashMap::new(),
            in_flight: AtomicI64::new(0),
            turned_away: std::array::from_fn(|_| AtomicU64::new(0)),
            sign_in_locks: AtomicU64::new(0),
            rows: Mutex::default(),
            swept: Mutex::default(),
            pools: Mutex::default(),
        };
        for route in &crate::openapi::outline().routes {
            metrics.places.entry(route.method.into()).or_default().insert(route.path.clone(), metrics.operations.len());
            metrics.operations.push(Operation::new(route.operation.clone()));
        }
        metrics
    }
}

impl Metrics {
    /// Counts a request from here until what is returned is dropped.
    pub fn enter(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    pub fn answered(&self, method: &str, pattern: Option<&str>, status: u16, took: Duration) {
        let place = pattern.and_then(|p| self.places.get(method)?.get(p)).copied().unwrap_or(0);
        let Some(operation) = self.operations.get(place) else { return };
        let status = STATUSES.iter().position(|s| *s == status).unwrap_or(OTHER);
        let seconds = took.as_secs_f64();
        let class = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        operation.statuses[status].fetch_add(1, Ordering::Relaxed);
        operation.classes[class].fetch_add(1, Ordering::Relaxed);
        operation.micros.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    /// As [`Metrics::answered`], where the handler did not live to say which operation it was: the path tells.
    pub fn failed(&self, method: &str, path: &str, status: u16, took: Duration) {
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &&String| {
            let parts: Vec<&str> = pattern.split('/').collect();
            parts.len() == asked.len() && parts.iter().zip(&asked).all(|(p, a)| p.starts_with('{') || p == a)
        };
        let patterns = self.places.get(method).into_iter().flat_map(HashMap::keys).filter(fits);
        let pattern = patterns.min_by_key(|p| p.matches('{').count()).map(String::as_str);
        self.answered(method, pattern, status, took);
    }

    pub fn turned_away(&self, why: TurnedAway) {
        if let Some(at) = TurnedAway::ALL.iter().position(|(w, _)| *w == why) {
            self.turned_away[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn sign_in_locked(&self) {
        self.sign_in_locks.fetch_add(1, Ordering::Relaxed);
    }

    /// Rows of loads, by what became of them.
    pub fn rows(&self, counts: impl IntoIterator<Item = (&'static str, u64)>) {
        add(&self.rows, counts);
    }

    /// Rows that house-keeping removed, by table.
    pub fn swept(&self, counts: impl IntoIterator<Item = (&'static str, u64)>) {
        add(&self.swept, counts);
    }

    /// A pool to be looked at.
    pub fn watch(&self, name: &'static str, pool: &DatabaseConnection) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push((name, pool.clone()));
    }

    /// All figures as text.
    pub fn text(&self) -> String {
        let mut out = Out(String::new());
        out.head("dunghen_requests_total", "counter", "Requests answered, by operation and status");
        for operation in &self.operations {
            for (status, count) in STATUSES.iter().map(u16::to_string).chain(["other".into()]).zip(&operation.statuses) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    out.line("dunghen_requests_total", &[("operation", &operation.name), ("status", &status)], count);
                }
            }
        }
        out.head("dunghen_request_seconds", "histogram", "Time from the head of a request to the head of its answer");
        for operation in &self.operations {
            let counts: Vec<u64> = operation.classes.iter().map(|c| c.load(Ordering::Relaxed)).collect();
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            let mut sum = 0;
            for (bound, count) in BOUNDS.iter().map(f64::to_string).chain(["+Inf".into()]).zip(counts) {
                sum += count;
                out.line("dunghen_request_seconds_bucket", &[("operation", &operation.name), ("le", &bound)], sum);
            }
            let seconds = operation.micros.load(Ordering::Relaxed) as f64 / 1e6;
            out.line("dunghen_request_seconds_sum", &[("operation", &operation.name)], seconds);
            out.line("dunghen_request_seconds_count", &[("operation", &operation.name)], total);
        }
        out.head("dunghen_requests_in_flight", "gauge", "Requests under way");
        out.line("dunghen_requests_in_flight", &[], self.in_flight.load(Ordering::Relaxed));
        out.head("dunghen_turned_away_total", "counter", "Requests turned away before their handler was asked");
        for ((_, why), count) in TurnedAway::ALL.iter().zip(&self.turned_away) {
            out.line("dunghen_turned_away_total", &[("why", why)], count.load(Ordering::Relaxed));
        }
        out.head("dunghen_sign_in_locks_total", "counter", "Times that signing in was locked for an account or address");
        out.line("dunghen_sign_in_locks_total", &[], self.sign_in_locks.load(Ordering::Relaxed));
        out.counts("dunghen_bulk_rows_total", "status", "Rows of loads, by what became of them", &self.rows);
        out.counts("dunghen_swept_rows_total", "table", "Rows that house-keeping removed", &self.swept);
        self.pool_lines(&mut out);
        out.0
    }

    fn pool_lines(&self, out: &mut Out) {
        let mut pools: HashMap<&'static str, (u64, u64, u64)> = HashMap::new();
        for (name, pool) in self.pools.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let pool = pool.get_postgres_connection_pool();
            let (size, idle) = (u64::from(pool.size()), pool.num_idle() as u64);
            let sums = pools.entry(name).or_default();
            sums.0 += size.saturating_sub(idle);
            sums.1 += idle;
            sums.2 += u64::from(pool.options().get_max_connections());
        }
        out.head("dunghen_pool_connections", "gauge", "Connections to the database: busy, idle, and the most there may be");
        for (name, (busy, idle, most)) in pools {
            for (state, count) in [("busy", busy), ("idle", idle), ("most", most)] {
                out.line("dunghen_pool_connections", &[("pool", name), ("state", state)], count);
            }
        }
    }
}

fn add(to: &Mutex<HashMap<&'static str, u64>>, counts: impl IntoIterator<Item = (&'static str, u64)>) {
    let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, count) in counts {
        *to.entry(name).or_default() += count;
    }
}

/// Counts a request as under way while it lives.
pub struct InFlight<'a>(&'a AtomicI64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Out(String);

impl Out {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn counts(&mut self, name: &str, label: &str, help: &str, counts: &Mutex<HashMap<&'static str, u64>>) {
        self.head(name, "counter", help);
        let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<_> = counts.iter().collect();
        sorted.sort();
        for (value, count) in sorted {
            self.line(name, &[(label, value)], count);
        }
    }
}
