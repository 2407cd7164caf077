//! What one caller, or all together, may ask of a server: sizes, times, rates, sign-ins, overload.

use std::io::Write as _;
use std::time::{Duration, Instant};

use dunghen::app::Clock;
use dunghen::config::Settings;
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::contract::check_problem;
use crate::harness::{Actor, Answer, App, department};

async fn with(change: impl FnOnce(&mut Settings)) -> App {
    App::with(Clock::default(), change).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[tokio::test]
async fn a_packed_body_is_measured_unpacked() {
    let app = App::start().await;
    let (admin, office) = (app.admin().await, app.office().await);
    let packed = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let small = gzip(&serde_json::to_vec(&department("A")).unwrap());
    admin.send("PUT", "/api/v1/departments/A", &packed, Some(small)).await.expect(201);
    // Two megabytes of nothing in two kilobytes; a hundred for a load.
    let bomb = gzip(&vec![b' '; 2 << 20]);
    assert!(bomb.len() < 4096);
    let answer = admin.send("PUT", "/api/v1/departments/B", &packed, Some(bomb)).await.expect(413);
    check_problem(&answer, "a bomb");
    let bomb = gzip(&vec![b' '; 100 << 20]);
    for (actor, path) in [(&office, "/api/v1/dossiers/bulk"), (&admin, "/api/v1/departments/bulk")] {
        let answer = actor.send("POST", path, &packed, Some(bomb.clone())).await.expect(413);
        assert_eq!(answer.code(), "body_too_large", "{path}");
    }
    for coding in ["compress", "gzip, gzip", "x"] {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        let body = Some(serde_json::to_vec(&department("A")).unwrap());
        assert_eq!(
            admin.send("PUT", "/api/v1/departments/A", &headers, body).await.expect(415).code(),
            "unsupported_media_type",
            "{coding}"
        );
    }
    assert_eq!(app.count("departments").await, 1);
}

/// Sends a text in pieces with a pause before each, and reads whatever is answered until then.
async fn drip(app: &App, head: &str, pieces: usize, pause: Duration) -> (String, Duration) {
    let address = app.base.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let started = Instant::now();
    let (mut reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        for _ in 0..pieces {
            tokio::time::sleep(pause).await;
            if writer.write_all(b"  ").await.is_err() {
                return;
            }
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    });
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(12), reader.read(&mut answer)).await.expect("no answer").unwrap_or(0);
    dripping.abort();
    (String::from_utf8_lossy(&answer[..read]).into_owned(), started.elapsed())
}

#[tokio::test]
async fn who_sends_too_slowly_is_given_up_on() {
    let app = with(|s| {
        s.http.body_timeout_s = 4;
        s.http.header_timeout_s = 1;
        s.http.min_bulk_bytes_per_s = 1000;
        s.database.connections_per_worker = 1;
    })
    .await;
    let (admin, office) = (app.admin().await, app.office().await);
    let head = |actor: &Actor, request: &str| {
        let token = actor.token.as_ref().unwrap();
        format!(
            "{request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n["
        )
    };
    let pause = Duration::from_millis(200);
    let single = head(&admin, "PUT /api/v1/departments/A");
    let (rows, history) = (head(&admin, "POST /api/v1/departments/bulk"), head(&office, "POST /api/v1/dossiers/bulk"));
    let heads = [single, rows, history];
    let slow = join_all(heads.iter().map(|head| drip(&app, head, 60, pause)).collect::<Vec<_>>());
    // Meanwhile the only turn of the only thread is free for others.
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..5 {
            let started = Instant::now();
            admin.get("/api/v1/departments").await.expect(200);
            assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        }
    };
    let (answers, ()) = tokio::join!(slow, others);
    for (answer, took) in answers {
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
        assert!(took < Duration::from_secs(11), "{took:?}");
    }
    let (answer, _) = drip(&app, "GET /health/live HTTP/1.1\r\nX: ", 60, pause).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(app.count("departments").await, 0);
}

#[tokio::test]
async fn a_crowd_of_slow_senders_shuts_nobody_else_out() {
    let app = with(|s| s.limits.in_flight_per_worker = 16).await;
    let (crowd, other) = (app.admin().await, app.admin().await);
    let token = crowd.token.as_ref().unwrap();
    let head = format!(
        "PUT /api/v1/departments/X HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n["
    );
    let mut senders = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        senders.push(stream);
    }
    // An eighth of the bodies may be theirs, the rest is told at once; no work is theirs as long as they have not sent it.
    let mut told = Vec::new();
    for stream in &mut senders {
        let mut answer = vec![0; 4096];
        if let Ok(read) = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut answer)).await {
            told.push(String::from_utf8_lossy(&answer[..read.unwrap()]).into_owned());
        }
    }
    assert_eq!(told.len(), 18);
    assert!(told.iter().all(|answer| answer.starts_with("HTTP/1.1 503") && answer.contains("overloaded")), "{told:?}");
    other.put("/api/v1/departments/A", department("A")).await.expect(201);
    for actor in [&crowd, &other] {
        actor.get("/api/v1/departments/A").await.expect(200);
    }
    // Those who have gone take no place.
    drop(senders);
    tokio::time::sleep(Duration::from_millis(300)).await;
    for code in ["B", "C", "D"] {
        crowd.put(&format!("/api/v1/departments/{code}"), department(code)).await.expect(201);
    }
    assert!(app.nobody().get("/metrics").await.text.contains("dunghen_turned_away_total{why=\"full\"} 18"));
}

/// Who asks too often is told so before anything else is done for him.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_too_often_takes_nobodys_turn() {
    let app = with(|s| {
        (s.limits.requests_per_s, s.limits.burst) = (1, 1);
        s.database.connections_per_worker = 1;
    })
    .await;
    let (admin, other) = (app.admin().await, app.admin().await);
    app.admin().await.get("/api/v1/users").await.expect(200);
    let mut lock = locked_table(&app).await;
    let waiting = tokio::spawn(async move { other.get("/api/v1/users").await.status });
    tokio::time::sleep(Duration::from_millis(300)).await;
    // One may wait for its turn, the others are told at once.
    let at_once = |_| tokio::time::timeout(Duration::from_millis(2500), admin.get("/api/v1/users"));
    let answers = join_all((0..5).map(at_once)).await;
    lock.execute("ROLLBACK").await.unwrap();
    let statuses: Vec<_> = answers.into_iter().map(|answer| answer.map(|a| a.status).ok()).collect();
    assert!(statuses.iter().filter(|s| **s == Some(429)).count() >= 3, "{statuses:?}");
    assert_eq!(waiting.await.unwrap(), 200);
}

/// What nobody foresaw is an answer like any other: with its id, its headers and its place in the figures.
#[tokio::test]
async fn a_panic_is_told_and_counted() {
    use actix_web::{App as Web, HttpResponse, middleware::from_fn, test, web};
    let app = App::start().await;
    let settings = &app.shared.settings;
    async fn panics() -> HttpResponse {
        std::panic::panic_any("a defect")
    }
    let service = test::init_service(
        Web::new()
            .app_data(web::Data::from(app.shared.clone()))
            .app_data(web::Data::new(dunghen::http::gate::Gate::new(settings, app.shared.metrics.clone())))
            .route("/api/v1/departments/{code}", web::get().to(panics))
            .wrap(from_fn(dunghen::http::middleware::admit)),
    )
    .await;
    let request = test::TestRequest::get().uri("/api/v1/departments/A").insert_header(("x-request-id", "r-1")).to_request();
    let error = test::try_call_service(&service, request).await.map(drop).unwrap_err();
    let answer = error.as_response_error().error_response();
    let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok());
    assert_eq!((answer.status().as_u16(), header("content-type")), (500, Some("application/problem+json")));
    assert_eq!(
        (header("x-request-id"), header("x-content-type-options"), header("cache-control")),
        (Some("r-1"), Some("nosniff"), Some("no-store"))
    );
    assert!(header("ratelimit").is_some());
    let figures = app.nobody().get("/metrics").await.text;
    for line in [
        "dunghen_requests_total{operation=\"get_department\",status=\"500\"} 1",
        "dunghen_request_seconds_count{operation=\"get_department\"} 1",
    ] {
        assert!(figures.lines().any(|l| l == line), "{line}\n{figures}");
    }
}

/// Who does not read the results of a load holds its place for a while only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_that_nobody_reads_are_given_up_on() {
    let app = with(|s| s.http.body_timeout_s = 2).await;
    let office = app.office().await;
    let others = app.shared.load_gate.clone().try_acquire_many_owned(3).unwrap();
    // Rows with long faults: more than any buffer on the way takes.
    let name = "x".repeat(3000);
    let rows: Vec<String> = (0..4000).map(|n| format!("{{\"code\":\"H-{n}\",\"{name}\":1}}")).collect();
    let body = rows.join("\n");
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(app.base.trim_start_matches("http://").parse().unwrap()).await.unwrap();
    let head = format!(
        "POST /api/v1/dossiers/bulk?mode=best_effort&return=all HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        office.token.as_ref().unwrap(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 207");
    // The answer has begun, but the connection behind it is not free yet.
    assert_eq!(office.load("/api/v1/dossiers/bulk?dry_run=true", &[]).await.expect(503).code(), "unavailable");
    let started = Instant::now();
    while app.shared.load_gate.available_permits() == 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "the place is held for good");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    office.load("/api/v1/dossiers/bulk?dry_run=true", &[]).await.expect(200);
    // What was given up on does not end like a whole.
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.expect("the connection stays open");
    assert!(rest.len() < body.len() && !String::from_utf8_lossy(&rest).contains("]}\r\n0\r\n"), "{}", rest.len());
    drop(others);
}

#[tokio::test]
async fn each_caller_may_ask_so_often() {
    let app = with(|s| {
        (s.limits.requests_per_s, s.limits.burst) = (1, 4);
        (s.limits.address_requests_per_s, s.limits.address_burst) = (1, 3);
    })
    .await;
    let (one, other, nobody) = (app.admin().await, app.admin().await, app.nobody());
    for left in [3, 2, 1, 0] {
        let answer = one.get("/api/v1/me").await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"subject\";q=4;w=4"));
        assert_eq!(answer.header("ratelimit"), Some(format!("\"subject\";r={left};t={}", 4 - left).as_str()));
    }
    let refused = one.get("/api/v1/me").await.expect(429);
    check_problem(&refused, "one too many");
    assert_eq!((refused.code(), refused.header("retry-after")), ("too_many_requests", Some("1")));
    assert!(refused.header("ratelimit").is_some_and(|h| h.starts_with("\"subject\";r=0;t=")));
    other.get("/api/v1/me").await.expect(200);
    let statuses =
        [nobody.get("/openapi.json").await, nobody.get("/api/v1/me").await, nobody.get("/api/v1/me").await, nobody.get("/docs/").await];
    assert_eq!(statuses.map(|a| a.status), [200, 401, 401, 429]);
    for path in ["/health/live", "/health/ready", "/metrics"] {
        for _ in 0..4 {
            assert_eq!(nobody.get(path).await.expect(200).header("ratelimit"), None);
        }
    }
    let figures = nobody.get("/metrics").await.text;
    assert!(figures.contains("dunghen_turned_away_total{why=\"rate\"} 2"), "{figures}");
    // Waiting as told helps.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    one.get("/api/v1/me").await.expect(200);
}

const PASSWORD: &str = "một mật khẩu dài";

async fn sign_in(app: &App, username: &str, password: &str) -> Answer {
    app.nobody().post("/api/v1/auth/sessions", json!({"username": username, "password": password})).await
}

/// As if so many seconds had gone by since the last failure.
async fn wait(app: &App, seconds: f64) {
    sqlx::query("UPDATE sign_in_throttles SET locked_until = locked_until - $1 * interval '1 s', last_failed_at = last_failed_at - $1 * interval '1 s'")
        .bind(seconds)
        .execute(&app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn wrong_passwords_lock_an_account_for_a_while() {
    let app = with(|s| s.auth.free_failures = 3).await;
    let admin = app.admin().await;
    for name in ["lan", "minh"] {
        admin
            .put(&format!("/api/v1/users/{name}"), json!({"username": name, "display_name": name, "password": PASSWORD}))
            .await
            .expect(201);
    }
    for name in ["lan", "nobody.at.all"] {
        for _ in 0..3 {
            assert_eq!(sign_in(&app, name, "sai mật khẩu").await.expect(401).code(), "invalid_credentials");
        }
        // The same for an account that does not exist; a right password does not help.
        let locked = sign_in(&app, name, PASSWORD).await.expect(429);
        check_problem(&locked, "a locked account");
        assert_eq!((locked.code(), locked.header("retry-after")), ("sign_in_locked", Some("1")));
    }
    sign_in(&app, "minh", PASSWORD).await.expect(201);
    let locks: Vec<(String, String, Option<uuid::Uuid>)> =
        sqlx::query_as("SELECT actor, subject_code, actor_id FROM audit_events WHERE act = 'lock'").fetch_all(&app.pool).await.unwrap();
    assert_eq!(locks, [("dunghen".to_owned(), "lan".to_owned(), None)]);
    assert_eq!(app.count("outbox_events WHERE type = 'user.lock'").await, 1);
    // It opens by itself; each further failure doubles the time.
    for seconds in ["2", "4", "8"] {
        wait(&app, 1000.0).await;
        sign_in(&app, "lan", "sai mật khẩu").await.expect(401);
        assert_eq!(sign_in(&app, "lan", "sai mật khẩu").await.expect(429).header("retry-after"), Some(seconds));
    }
    wait(&app, 10.0).await;
    sign_in(&app, "lan", PASSWORD).await.expect(201);
    // All is forgiven.
    for _ in 0..2 {
        sign_in(&app, "lan", "sai mật khẩu").await.expect(401);
    }
    sign_in(&app, "lan", PASSWORD).await.expect(201);
    // So it is after an hour.
    for _ in 0..2 {
        sign_in(&app, "lan", "sai mật khẩu").await.expect(401);
        sign_in(&app, "lan", "sai mật khẩu").await.expect(401);
        wait(&app, 3700.0).await;
    }
    sign_in(&app, "lan", PASSWORD).await.expect(201);
    assert!(app.nobody().get("/metrics").await.text.contains("dunghen_sign_in_locks_total 5"));
}

#[tokio::test]
async fn wrong_passwords_lock_the_address_too_and_guesses_at_once_gain_nothing() {
    let app = with(|s| {
        s.auth.free_failures_per_address = 10;
        s.auth.free_failures = 4;
    })
    .await;
    let answers = join_all((0..20).map(|_| sign_in(&app, "lan", "sai mật khẩu"))).await;
    let tried = answers.iter().filter(|a| a.status == 401).count();
    // Two are looked at side by side.
    assert!((4..=5).contains(&tried), "{tried}");
    assert!(answers.iter().all(|a| matches!(a.status, 401 | 429)));
    wait(&app, 1000.0).await;
    for n in 0..10 - tried {
        sign_in(&app, &format!("user.{n}"), "sai mật khẩu").await.expect(401);
    }
    assert_eq!(sign_in(&app, "another", "sai mật khẩu").await.expect(429).code(), "sign_in_locked");
}

async fn locked_table(app: &App) -> PgConnection {
    let mut other = PgConnection::connect(app.shared.settings.database.url.expose_secret()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.unwrap();
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overloaded_server_says_so_at_once_and_recovers_at_once() {
    let app = with(|s| {
        s.limits.waiting_per_worker = 6;
        s.limits.waiting_overloaded_per_worker = 2;
        s.database.connections_per_worker = 4;
    })
    .await;
    let admin = app.admin().await;
    admin.get("/api/v1/users").await.expect(200);
    // Every query waits: four requests hold the turns, six wait for one, and the rest is told at once.
    let mut lock = locked_table(&app).await;
    let first: Vec<_> = (0..12)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move {
                let started = Instant::now();
                (admin.get("/api/v1/users").await, started.elapsed())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let one = Instant::now();
        let answer = admin.get("/api/v1/users").await.expect(503);
        slowest = slowest.max(one.elapsed());
        assert_eq!((answer.code(), answer.header("retry-after")), ("overloaded", Some("1")));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        app.nobody().get("/health/live").await.expect(200);
        app.nobody().get("/metrics").await.expect(200);
    }
    assert!(slowest < Duration::from_secs(4), "told at once, not when a connection is given up on: {slowest:?}");
    lock.execute("ROLLBACK").await.unwrap();
    let mut done = 0;
    for answer in first {
        let (answer, took) = answer.await.unwrap();
        match answer.status {
            200 => done += 1,
            _ => assert!(answer.code() == "overloaded" && took < Duration::from_secs(4), "{took:?} {}", answer.text),
        }
    }
    assert_eq!(done, 10, "those with a turn and those who waited in the burst");
    for _ in 0..20 {
        admin.get("/api/v1/users").await.expect(200);
    }
    let figures = app.nobody().get("/metrics").await.text;
    assert!(figures.contains("dunghen_turned_away_total{why=\"full\"} 22"), "{figures}");

    // A few who wait without a pause make an overload: the room is narrow then, though it would hold more in a burst.
    let mut lock = locked_table(&app).await;
    let few: Vec<_> = (0..7)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.get("/api/v1/users").await.status })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(admin.get("/api/v1/users").await.expect(503).code(), "overloaded");
    lock.execute("ROLLBACK").await.unwrap();
    for status in few {
        assert_eq!(status.await.unwrap(), 200);
    }
}

/// Who asks again as soon as he is turned away keeps nobody from being served, and is forgotten as soon as he is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_asks_again_at_once_leaves_nothing_behind() {
    let app = with(|s| {
        s.limits.waiting_per_worker = 20;
        s.limits.waiting_overloaded_per_worker = 4;
        s.database.connections_per_worker = 2;
    })
    .await;
    let admin = app.admin().await;
    admin.get("/api/v1/users").await.expect(200);
    let burst = || -> Vec<_> {
        let one = |_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.get("/api/v1/users").await })
        };
        (0..22).map(one).collect()
    };
    let mut lock = locked_table(&app).await;
    let first = burst();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let crowd: Vec<_> = (0..16)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move {
                loop {
                    let answer = admin.get("/api/v1/users").await;
                    assert!(answer.status == 200 || answer.code() == "overloaded" && answer.header("retry-after") == Some("1"));
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    lock.execute("ROLLBACK").await.unwrap();
    for answer in join_all(first).await {
        answer.unwrap().expect(200);
    }
    for one in crowd {
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
    }
    // As long as an answer is held back at the most.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for answer in join_all(burst()).await {
        answer.unwrap().expect(200);
    }
}

#[tokio::test]
async fn the_figures_tell_what_was_asked() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.put("/api/v1/departments/A", department("A")).await.expect(201);
    admin.get("/api/v1/departments/A").await.expect(200);
    admin.get("/api/v1/departments/none").await.expect(404);
    admin.send("HEAD", "/api/v1/departments/A", &[], None).await.expect(200);
    admin.post("/api/v1/departments/bulk", json!([department("A"), department("B")])).await.expect(200);
    app.nobody().get("/api/v1/nothing").await.expect(404);
    let answer = app.nobody().get("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "dunghen_requests_total{operation=\"get_department\",status=\"200\"} 2",
        "dunghen_requests_total{operation=\"get_department\",status=\"404\"} 1",
        "dunghen_requests_total{operation=\"put_department\",status=\"201\"} 1",
        "dunghen_requests_total{operation=\"none\",status=\"404\"} 1",
        "dunghen_request_seconds_bucket{operation=\"get_department\",le=\"+Inf\"} 3",
        "dunghen_request_seconds_count{operation=\"get_department\"} 3",
        "dunghen_requests_in_flight 1",
        "dunghen_bulk_rows_total{status=\"created\"} 1",
        "dunghen_bulk_rows_total{status=\"unchanged\"} 1",
        "dunghen_pool_connections{pool=\"serving\",state=\"most\"} 4",
    ] {
        assert!(answer.text.lines().any(|l| l == line), "{line}\n{}", answer.text);
    }
    // Every line is a comment or `name{labels} number`.
    for line in answer.text.lines().filter(|l| !l.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("dunghen_") && value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn what_can_be_got_can_be_asked_about() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.put("/api/v1/departments/A", department("A")).await.expect(201);
    for path in ["/api/v1/departments/A", "/api/v1/departments", "/api/v1/me", "/health/live", "/openapi.json", "/api/v1/departments/none"]
    {
        let (got, asked) = (admin.get(path).await, admin.send("HEAD", path, &[("accept-language", "en")], None).await);
        assert_eq!((asked.status, asked.text.as_str()), (got.status, ""), "{path}");
        for header in ["etag", "content-type", "cache-control", "content-length"] {
            assert_eq!(asked.header(header), got.header(header), "{path} {header}");
        }
    }
    let same = admin.send("HEAD", "/api/v1/departments/A", &[("if-none-match", "\"1\"")], None).await;
    assert_eq!((same.status, same.header("etag")), (304, Some("\"1\"")));
    // `bulk` is no department.
    let answer = admin.send("HEAD", "/api/v1/departments/bulk", &[], None).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(admin.send("HEAD", "/api/v1/auth/sessions", &[], None).await.status, 405);
    // The connection goes on as if nothing had been.
    admin.get("/api/v1/departments/A").await.expect(200);
}
