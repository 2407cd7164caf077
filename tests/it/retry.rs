//! The same request again: answered from what was kept, never done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dunghen::auth::{Role, TokenGrant, tokens};
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::harness::{Actor, App, department};

fn new_dossier() -> Value {
    json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true,
        "occurred_at": "2022-06-10T09:00:00+07:00", "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}})
}

fn history(code: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
        "accepted_at": "2022-04-19T08:30:00+07:00", "applicant": {"kind": "citizen", "name": "Trần B"}})
}

async fn keyed(actor: &Actor, path: &str, key: &str, body: &Value) -> crate::harness::Answer {
    actor.json("POST", path, &[("idempotency-key", key)], body).await
}

#[tokio::test]
async fn a_key_belongs_to_one_subject_route_and_request() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let counter = app.one_stop().await;
    let first = keyed(&counter, "/api/v1/dossiers", "\"k 1\"", &new_dossier()).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = keyed(&counter, "/api/v1/dossiers", "k 1", &new_dossier()).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    // Another body, another query, another subject, another route.
    let mut other = new_dossier();
    other["channel"] = json!("postal");
    assert_eq!(keyed(&counter, "/api/v1/dossiers", "k 1", &other).await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(keyed(&counter, "/api/v1/dossiers?dry_run=false", "k 1", &new_dossier()).await.expect(422).code(), "idempotency_key_reused");
    let dry = keyed(&counter, "/api/v1/dossiers?dry_run=true", "k 1", &new_dossier()).await.expect(201);
    assert_eq!((dry.header("dry-run"), dry.header("idempotency-replayed")), (Some("true"), None));
    let colleague = app.one_stop().await;
    let theirs = keyed(&colleague, "/api/v1/dossiers", "k 1", &new_dossier()).await.expect(201);
    assert_ne!(theirs.body["id"], first.body["id"]);
    let act = format!("/api/v1/dossiers/{}/withdrawal", first.body["id"].as_str().unwrap());
    let headers = [("idempotency-key", "k 1"), ("if-match", "\"1\"")];
    let withdrawn = counter.json("POST", &act, &headers, &json!({"reason": "Theo đề nghị"})).await.expect(200);
    // Long stale, but the same request: the same answer.
    let again = counter.json("POST", &act, &headers, &json!({"reason": "Theo đề nghị"})).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &withdrawn.text));
    assert_eq!((app.count("dossiers").await, app.count("idempotency_keys").await), (2, 3));

    for wrong in ["", "\"\"", "\"a", &"x".repeat(256)] {
        let answer = keyed(&counter, "/api/v1/dossiers", wrong, &new_dossier()).await.expect(400);
        assert_eq!((answer.code(), answer.pointers()), ("invalid_header", vec!["Idempotency-Key"]), "{wrong}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    counter.json("POST", "/api/v1/dossiers", &twice, &new_dossier()).await.expect(400);
    assert_eq!(app.count("dossiers").await, 2);
}

/// What is kept of a request tells nobody who sees the table what was in it: a password could be guessed from a plain hash.
#[tokio::test]
async fn what_was_asked_cannot_be_guessed_from_what_is_kept() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"username": "lan", "display_name": "Lan", "password": "một mật khẩu dài"});
    admin.json("PUT", "/api/v1/users/lan", &[("idempotency-key", "k")], &body).await.expect(201);
    let kept: Vec<u8> = sqlx::query_scalar("SELECT body_hash FROM idempotency_keys").fetch_one(&app.pool).await.unwrap();
    let hash = |bytes: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec();
    let plain = hash(&serde_json::to_vec(&body).unwrap());
    assert_eq!(kept.len(), 32);
    assert!(kept != plain && kept != hash(&plain));
    let again = admin.json("PUT", "/api/v1/users/lan", &[("idempotency-key", "k")], &body).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_failure_keeps_nothing() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let (counter, office) = (app.one_stop().await, app.office().await);
    let mut wrong = new_dossier();
    wrong["procedure"] = json!("none");
    keyed(&counter, "/api/v1/dossiers", "k", &wrong).await.expect(422);
    keyed(&counter, "/api/v1/dossiers", "k", &new_dossier()).await.expect(201);
    let mut bad = history("H-1");
    bad["procedure"] = json!("none");
    for path in ["/api/v1/dossiers/bulk", "/api/v1/dossiers/bulk?return=all"] {
        assert_eq!(keyed(&office, path, "k", &json!([bad])).await.expect(422).code(), "rows_rejected");
    }
    keyed(&office, "/api/v1/dossiers/bulk", "k", &json!([history("H-1")])).await.expect(200);
    assert_eq!(app.count("idempotency_keys").await, 2);
}

#[tokio::test]
async fn loads_are_replayed_too() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let (office, admin) = (app.office().await, app.admin().await);
    let rows: Vec<Value> = (0..3000).map(|n| history(&format!("H-{n}"))).collect();
    let body = Value::from(rows);
    let path = "/api/v1/dossiers/bulk?return=all&mode=best_effort";
    let first = keyed(&office, path, "load", &body).await.expect(200);
    let listed = first.body["results"].as_array().unwrap();
    assert_eq!((first.body["summary"]["created"].as_i64(), listed.len()), (Some(3000), 1000));
    let lines = |table: &'static str| app.count(table);
    let before = (lines("audit_events").await, lines("outbox_events").await);
    let again = keyed(&office, path, "load", &body).await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), again.text == first.text), (Some("true"), true));
    assert_eq!((lines("audit_events").await, lines("outbox_events").await), before);
    let mut other = body.clone();
    other[2999]["channel"] = json!("postal");
    assert_eq!(keyed(&office, path, "load", &other).await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(keyed(&office, "/api/v1/dossiers/bulk", "load", &body).await.expect(422).code(), "idempotency_key_reused");
    // The same bytes packed are the same body.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &serde_json::to_vec(&body).unwrap()).unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip"), ("idempotency-key", "load")];
    let again = office.send("POST", path, &headers, Some(packed.finish().unwrap())).await.expect(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));

    let units = json!([department("X1"), {"code": "X2", "name": " ", "kind": "unit"}]);
    let path = "/api/v1/departments/bulk?mode=best_effort";
    let first = keyed(&admin, path, "units", &units).await.expect(207);
    let again = keyed(&admin, path, "units", &units).await.expect(207);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
}

#[tokio::test]
async fn equal_requests_at_once_are_done_once() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let counter = app.one_stop().await;
    let body = new_dossier();
    let answers = join_all((0..64).map(|_| keyed(&counter, "/api/v1/dossiers", "k", &body))).await;
    let replayed = answers.iter().filter(|a| a.header("idempotency-replayed") == Some("true")).count();
    assert!(answers.iter().all(|a| a.status == 201), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    assert_eq!((replayed, app.count("dossiers").await, app.count("audit_events WHERE act = 'accept'").await), (63, 1, 1));
    assert_eq!(answers.iter().map(|a| a.text.as_str()).collect::<BTreeSet<_>>().len(), 1);

    let office = app.office().await;
    let body = Value::from((0..500).map(|n| history(&format!("H-{n}"))).collect::<Vec<_>>());
    let answers = join_all((0..4).map(|_| keyed(&office, "/api/v1/dossiers/bulk", "k", &body))).await;
    let replayed = answers.iter().filter(|a| a.header("idempotency-replayed") == Some("true")).count();
    assert_eq!((answers.iter().filter(|a| a.status == 200).count(), replayed), (4, 3));
    assert_eq!(app.count("dossiers").await, 501);
}

#[tokio::test]
async fn a_request_still_running_is_waited_for_and_then_refused() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let counter = app.one_stop().await;
    // Another server holds the key in a transaction that does not end.
    let id: Uuid =
        sqlx::query_scalar("SELECT id FROM users WHERE username = $1").bind(&counter.username).fetch_one(&app.pool).await.unwrap();
    let mut other = PgConnection::connect(app.shared.settings.database.url.expose_secret()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    let hold =
        "INSERT INTO idempotency_keys (subject, route, key, body_hash, authority) VALUES ($1, 'POST /api/v1/dossiers', 'k', '', '{}')";
    sqlx::query(hold).bind(id).execute(&mut other).await.unwrap();
    let started = Instant::now();
    let answer = keyed(&counter, "/api/v1/dossiers", "k", &new_dossier()).await.expect(409);
    assert_eq!(answer.code(), "idempotency_in_progress");
    let waited = started.elapsed();
    assert!((Duration::from_millis(1900)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
    // It gives up while another waits: then the other one does it.
    let body = new_dossier();
    let (answer, _) = tokio::join!(keyed(&counter, "/api/v1/dossiers", "k", &body), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.execute("ROLLBACK").await.unwrap();
    });
    assert_eq!(answer.expect(201).header("idempotency-replayed"), None);
}

#[tokio::test]
async fn an_answer_is_repeated_only_to_who_still_has_the_right() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
    let clerk = app.one_stop().await;
    let id: Uuid = sqlx::query_scalar("SELECT id FROM users WHERE username = $1").bind(&clerk.username).fetch_one(&app.pool).await.unwrap();
    let with = |grants: Vec<(Role, Option<&str>)>| {
        let grants = grants.into_iter().map(|(role, d)| TokenGrant { role, department: d.map(str::to_owned) }).collect();
        let token = tokens::issue(&app.shared, id, &clerk.username, Uuid::now_v7(), grants).unwrap().0;
        Actor { token: Some(token), ..clerk.clone() }
    };
    let both = with(vec![(Role::OneStop, None), (Role::Head, Some("DKKD"))]);
    let first = keyed(&both, "/api/v1/dossiers", "k", &new_dossier()).await.expect(201);
    // Lost the post of head; lost the counter; gained something.
    let refused = keyed(&with(vec![(Role::OneStop, None)]), "/api/v1/dossiers", "k", &new_dossier()).await.expect(403);
    assert_eq!((refused.code(), refused.header("idempotency-replayed")), ("forbidden", None));
    keyed(&with(vec![(Role::Head, Some("DKKD"))]), "/api/v1/dossiers", "k", &new_dossier()).await.expect(403);
    let more = with(vec![(Role::Head, Some("DKKD")), (Role::OneStop, None), (Role::Auditor, None)]);
    assert_eq!(keyed(&more, "/api/v1/dossiers", "k", &new_dossier()).await.expect(201).text, first.text);
}

/// `dunghen serve` as a process of its own, on the database of a test.
pub struct Process {
    pub child: Child,
    pub base: String,
}

impl Process {
    pub async fn start(app: &App) -> Process {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = &app.shared.settings;
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunghen"));
        command.arg("serve").env("DUNGHEN__DATABASE__URL", settings.database.url.expose_secret());
        command
            .env("DUNGHEN__DATA_DIR", &settings.data_dir)
            .env("DUNGHEN__HTTP__PORT", port.to_string())
            .env("DUNGHEN__HTTP__WORKERS", "1");
        // A killed server is not waited for.
        command.env("DUNGHEN__JOBS__LEASE_S", "1").env("DUNGHEN__JOBS__CHUNK_ROWS", "500");
        command.env("DUNGHEN__LOG__FILTER", "error").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process { child: command.spawn().unwrap(), base: format!("http://127.0.0.1:{port}") };
        for _ in 0..400 {
            if reqwest::get(format!("{}/health/ready", process.base)).await.is_ok_and(|r| r.status() == 200) {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not come up");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: nothing is finished, nothing is said.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_at_any_moment_has_done_each_request_once_or_not_at_all() {
    let app = App::start().await.with_examples().await;
    let counter = app.one_stop().await;
    let told: Arc<Mutex<BTreeMap<String, Option<String>>>> = Arc::default();
    for round in 0..4 {
        let process = Process::start(&app).await;
        let there = Actor { base: process.base.clone(), http: reqwest::Client::new(), ..counter.clone() };
        let senders: Vec<_> = (0..6)
            .map(|sender| {
                let (there, told) = (there.clone(), told.clone());
                tokio::spawn(async move {
                    for n in 0.. {
                        let key = format!("{round}-{sender}-{n}");
                        told.lock().unwrap().insert(key.clone(), None);
                        let request = there.http.post(format!("{}/api/v1/dossiers", there.base)).bearer_auth(there.token.as_ref().unwrap());
                        let Ok(answer) = request.header("idempotency-key", &key).json(&new_dossier()).send().await else { return };
                        assert_eq!(answer.status().as_u16(), 201);
                        let Ok(text) = answer.text().await else { return };
                        told.lock().unwrap().insert(key, Some(text));
                    }
                })
            })
            .collect();
        // At a moment that nobody chose.
        let chance = Uuid::now_v7().as_bytes()[15];
        tokio::time::sleep(Duration::from_millis(100 + 3 * u64::from(chance))).await;
        drop(process);
        for sender in senders {
            sender.await.unwrap();
        }
    }
    let told = told.lock().unwrap().clone();
    let open = told.values().filter(|t| t.is_none()).count();
    assert!(told.len() > 24 && open >= 4, "{} requests, {open} without an answer", told.len());
    let mut ids = BTreeSet::new();
    for (key, text) in &told {
        let answer = keyed(&counter, "/api/v1/dossiers", key, &new_dossier()).await.expect(201);
        if let Some(text) = text {
            assert_eq!((answer.header("idempotency-replayed"), &answer.text), (Some("true"), text), "{key}");
        }
        ids.insert(answer.body["id"].as_str().unwrap().to_owned());
    }
    let all = i64::try_from(told.len()).unwrap();
    assert_eq!((ids.len(), app.count("dossiers").await), (told.len(), all));
    assert_eq!((app.count("audit_events WHERE act = 'accept'").await, app.count("idempotency_keys").await), (all, all));
}
