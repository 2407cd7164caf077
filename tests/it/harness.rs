//! A server of its own for each test, on a database made from a migrated template; actors as values.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use dunghen::app::{self, Clock, Running, Secrets, Shared, Signals};
use dunghen::auth::{Role, TokenGrant, tokens};
use dunghen::config::Settings;
use dunghen::db::{self, private::PrivateCluster, private::Profile};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

struct Server {
    admin_url: String,
    /// URL of a database by its name.
    url: Box<dyn Fn(&str) -> String + Send + Sync>,
    template: String,
    _cluster: Option<PrivateCluster>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The server that all tests of this process share, with its template: made by whoever comes first.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(prepare())).join().unwrap())
}

async fn prepare() -> Server {
    let (admin_url, cluster) = match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let cluster =
                PrivateCluster::start_as(&root().join(".data/test"), "postgres", Profile::Throwaway).expect("PostgreSQL for the tests");
            (cluster.admin_url(), Some(cluster))
        }
    };
    let mut hasher = DefaultHasher::new();
    migration::STEPS.hash(&mut hasher);
    let template = format!("template_{:016x}", hasher.finish());
    let base = admin_url.clone();
    let url = Box::new(move |name: &str| with_database(&base, name));
    let mut admin = PgConnection::connect(&admin_url).await.unwrap();
    sweep(&mut admin).await;
    // Two test binaries may start at once: one makes the template, the other waits.
    admin.execute("SELECT pg_advisory_lock(20220419)").await.unwrap();
    let ready: Option<bool> = sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
        .bind(&template)
        .fetch_optional(&mut admin)
        .await
        .unwrap();
    if ready != Some(true) {
        admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {template}"))).await.unwrap();
        db::create_if_missing(&admin_url, &template).await.unwrap();
        let mut settings = Settings::load().unwrap();
        settings.database.url = SecretString::from(url(&template));
        let connection = db::connect_lazy(&settings.database, 2).unwrap();
        db::migrate(&connection).await.unwrap();
        connection.close().await.unwrap();
        admin.execute(AssertSqlSafe(format!("ALTER DATABASE {template} WITH is_template true allow_connections false"))).await.unwrap();
    }
    admin.close().await.unwrap();
    Server { admin_url, url, template, _cluster: cluster }
}

fn with_database(url: &str, name: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, None), |(h, q)| (h, Some(q)));
    let slash = head.rfind('/').unwrap();
    let query = query.map(|q| format!("?{q}")).unwrap_or_default();
    format!("{}/{name}{query}", &head[..slash])
}

/// Databases that a killed run left behind.
async fn sweep(admin: &mut PgConnection) {
    let old: Vec<String> = sqlx::query_scalar(
        "SELECT datname FROM pg_database d WHERE datname LIKE 't\\_%' AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)
            AND to_timestamp(('x' || substr(datname, 3, 12))::bit(48)::bigint / 1000.0) < now() - interval '1 hour'",
    )
    .fetch_all(&mut *admin)
    .await
    .unwrap_or_default();
    for name in old {
        let _ = admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await;
    }
}

/// A running server with its own database; both go when it is dropped.
pub struct App {
    pub base: String,
    pub shared: Arc<Shared>,
    pub pool: PgPool,
    running: Option<Running>,
    name: String,
    http: reqwest::Client,
    background: Option<tokio::runtime::Runtime>,
}

impl App {
    pub async fn start() -> App {
        App::with_clock(Clock::default()).await
    }

    /// A server that believes it is this instant.
    pub async fn at(now: &str) -> App {
        App::with_clock(Clock(Some(now.parse::<DateTime<Utc>>().unwrap()))).await
    }

    /// A server with other settings that believes it is this instant.
    pub async fn with_settings(now: &str, change: impl FnOnce(&mut Settings)) -> App {
        App::with(Clock(Some(now.parse::<DateTime<Utc>>().unwrap())), change).await
    }

    async fn with_clock(clock: Clock) -> App {
        App::with(clock, |_| {}).await
    }

    pub async fn with(clock: Clock, change: impl FnOnce(&mut Settings)) -> App {
        let server = tokio::task::spawn_blocking(server).await.unwrap();
        let name = format!("t_{}", Uuid::now_v7().simple());
        let mut admin = PgConnection::connect(&server.admin_url).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY file_copy", server.template);
        admin.execute(AssertSqlSafe(create)).await.unwrap();
        admin.close().await.unwrap();
        let database_url = (server.url)(&name);
        let mut settings = Settings::load().unwrap();
        settings.data_dir = PathBuf::from(root()).join(".data/test-keys");
        settings.database.url = SecretString::from(database_url.clone());
        settings.database.connections_per_worker = 4;
        settings.http.workers = 1;
        // Tests ask much at once of a server with few connections on a busy machine.
        // One thread serves here what several do elsewhere.
        settings.limits.waiting_per_worker = 256;
        settings.limits.waiting_overloaded_per_worker = 256;
        settings.limits.at_work_overloaded_per_worker = 8;
        change(&mut settings);
        let background = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shared = {
            let _entered = background.enter();
            let connection = db::connect_lazy(&settings.database, 2).unwrap();
            Shared::new(settings.clone(), Secrets::load(&settings).unwrap(), clock, connection)
        };
        let running = app::spawn(shared.clone(), "127.0.0.1", 0, Signals::Left).unwrap();
        let base = format!("http://{}", running.address);
        let pool = PgPool::connect_lazy(&database_url).unwrap();
        let http = reqwest::Client::new();
        App { base, shared, pool, running: Some(running), name, http, background: Some(background) }
    }

    /// Another server on the same database that believes it is another instant; it goes before this one does.
    pub async fn again_at(&self, now: DateTime<Utc>) -> App {
        let settings = self.shared.settings.clone();
        let background = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shared = {
            let _entered = background.enter();
            let connection = db::connect_lazy(&settings.database, 2).unwrap();
            Shared::new(settings.clone(), Secrets::load(&settings).unwrap(), Clock(Some(now)), connection)
        };
        let running = app::spawn(shared.clone(), "127.0.0.1", 0, Signals::Left).unwrap();
        let base = format!("http://{}", running.address);
        App {
            base,
            shared,
            pool: self.pool.clone(),
            running: Some(running),
            name: String::new(),
            http: self.http.clone(),
            background: Some(background),
        }
    }

    /// Nobody: requests without a token.
    pub fn nobody(&self) -> Actor {
        Actor { base: self.base.clone(), token: None, http: self.http.clone(), username: String::new() }
    }

    /// Someone with a role, in a department when one is named (it must exist already).
    pub async fn actor(&self, role: Role, department: Option<&str>) -> Actor {
        let username = format!("{}.{}", role.name(), Uuid::now_v7().simple());
        let id = Uuid::now_v7();
        sqlx::query("INSERT INTO users (id, username, display_name) VALUES ($1, $2, $2)")
            .bind(id)
            .bind(&username)
            .execute(&self.pool)
            .await
            .unwrap();
        sqlx::query("INSERT INTO user_grants (user_id, role, department_id) VALUES ($1, $2, (SELECT id FROM departments WHERE code = $3))")
            .bind(id)
            .bind(role.name())
            .bind(department)
            .execute(&self.pool)
            .await
            .unwrap();
        let grants = vec![TokenGrant { role, department: department.map(str::to_owned) }];
        let (token, _) = tokens::issue(&self.shared, id, &username, Uuid::now_v7(), grants).unwrap();
        Actor { base: self.base.clone(), token: Some(token), http: self.http.clone(), username }
    }

    pub async fn admin(&self) -> Actor {
        self.actor(Role::Admin, None).await
    }

    pub async fn office(&self) -> Actor {
        self.actor(Role::Office, None).await
    }

    pub async fn one_stop(&self) -> Actor {
        self.actor(Role::OneStop, None).await
    }

    /// The departments and procedures of the worked examples.
    pub async fn with_examples(self) -> App {
        let admin = self.admin().await;
        for resource in ["departments", "procedures"] {
            let body = std::fs::read_to_string(root().join(format!("tests/data/{resource}.json"))).unwrap();
            let answer = admin.post(&format!("/api/v1/{resource}/bulk"), serde_json::from_str(&body).unwrap()).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        self
    }

    /// Does jobs, as every server does.
    pub fn with_jobs(self) -> App {
        if let Some(background) = &self.background {
            background.spawn(dunghen::jobs::run(self.shared.clone(), app::work()));
        }
        self
    }

    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(&self.pool).await.unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let name = self.name.clone();
        let end = move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                running.handle.stop(false).await;
                let _ = running.finished.await;
                // Connections of the test's own pool live on its runtime, which waits here: they are cut off.
                // A second server's database is the first one's.
                if name.is_empty() {
                    return;
                }
                if let Ok(mut admin) = PgConnection::connect(&server().admin_url).await {
                    let _ = admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await;
                }
            });
        };
        let _ = std::thread::spawn(end).join();
        // A runtime may not be dropped where another one runs; it may be told to stop by itself.
        if let Some(background) = self.background.take() {
            background.shutdown_background();
        }
    }
}

#[derive(Clone)]
pub struct Actor {
    pub base: String,
    pub token: Option<String>,
    pub username: String,
    pub http: reqwest::Client,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The pointers of the faults, in the order given.
    pub fn pointers(&self) -> Vec<&str> {
        self.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["pointer"].as_str()).collect()
    }

    /// The codes of the faults, in the order given.
    pub fn fault_codes(&self) -> Vec<&str> {
        self.body["errors"].as_array().into_iter().flatten().filter_map(|e| e["code"].as_str()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl Actor {
    /// The server's answer to any request; headers as pairs.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
    }

    pub async fn json(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("content-type", "application/json"), ("accept-language", "en")];
        all.extend_from_slice(headers);
        self.send(method, path, &all, Some(serde_json::to_vec(body).unwrap())).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("accept-language", "en")], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, &[], &body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json("PUT", path, &[], &body).await
    }

    /// An act on a resource whose version is known.
    pub async fn act(&self, path: &str, version: i64, body: Value) -> Answer {
        self.json("POST", path, &[("if-match", &format!("\"{version}\""))], &body).await
    }

    /// A body of rows in NDJSON.
    pub async fn load(&self, path: &str, rows: &[Value]) -> Answer {
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let headers = [("content-type", "application/x-ndjson"), ("accept-language", "en")];
        self.send("POST", path, &headers, Some(lines.join("\n").into_bytes())).await
    }
}

/// A department that most tests need.
pub fn department(code: &str) -> Value {
    json!({"code": code, "name": format!("Phòng {code}"), "kind": "division"})
}
