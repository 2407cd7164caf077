//! A million dossiers through the bulk endpoint, then the two most frequent reads and the report on results, each against a
//! baseline measured in the same run on the same cluster: `\copy` of the same rows into the same table with its indexes,
//! `pgbench` running the same SQL with as many connections, and the report written plainly as one aggregate over all dossiers;
//! then four times as many clients as the server can serve, against as many as it can. `ROWS=100000 SECONDS=3 make bench`
//! makes it shorter.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "load/writes.rs"]
mod writes;

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dunghen::client::generate::history_rows;
use dunghen::db::private::PrivateCluster;
use serde_json::{Value, json};

const CONNECTIONS: usize = 16;
const PASSWORD: &str = "benchmark-password";
const SAMPLE: usize = 100;

struct Server {
    child: Child,
    base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(database: &str, port: u16, data: &Path) -> Server {
        let binary = env!("CARGO_BIN_EXE_dunghen");
        let configure = |command: &mut Command| {
            command
                .env("DATABASE_URL", database)
                .env("DUNGHEN__DATA_DIR", data)
                .env("DUNGHEN__HTTP__PORT", port.to_string())
                .env("DUNGHEN__LOG__FILTER", "warn")
                // One user asks for all.
                .env("DUNGHEN__LIMITS__REQUESTS_PER_S", "0")
                .stdin(Stdio::null());
        };
        let mut create = Command::new(binary);
        configure(create.args(["create-admin", "bench.admin", "--password", PASSWORD]));
        assert!(create.status().unwrap().success(), "create-admin");
        let mut serve = Command::new(binary);
        configure(serve.arg("serve"));
        let child = serve.stdout(Stdio::null()).spawn().unwrap();
        let server = Server { child, base: format!("127.0.0.1:{port}") };
        for _ in 0..200 {
            if TcpStream::connect(&server.base).is_ok() {
                return server;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not come up");
    }

    /// Peak resident memory in MiB.
    fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }
}

/// One keep-alive connection that speaks just enough HTTP to cost next to nothing.
struct Wire {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
    /// The last answer said when to come back.
    told_when: bool,
}

impl Wire {
    fn open(base: &str) -> Wire {
        let stream = TcpStream::connect(base).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire { stream: BufReader::with_capacity(64 << 10, stream), body: Vec::new(), told_when: false }
    }

    /// Status of the answer; its body is in `self.body`.
    fn answer(&mut self) -> u16 {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status line");
        let (mut length, mut chunked) = (0, false);
        self.told_when = false;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            self.told_when |= header.starts_with("retry-after:");
            chunked |= header == "transfer-encoding: chunked";
        }
        self.body.clear();
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line).unwrap();
                let size = usize::from_str_radix(line.trim(), 16).unwrap();
                let start = self.body.len();
                self.body.resize(start + size + 2, 0);
                self.stream.read_exact(&mut self.body[start..]).unwrap();
                self.body.truncate(start + size);
                if size == 0 {
                    return status;
                }
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        status
    }

    fn send(&mut self, request: &[u8]) -> u16 {
        self.stream.get_mut().write_all(request).unwrap();
        self.answer()
    }
}

fn call(base: &str, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = token.map(|t| format!("Authorization: Bearer {t}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {base}\r\nContent-Type: application/json\r\n{token}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut wire = Wire::open(base);
    let status = wire.send(request.as_bytes());
    let text = String::from_utf8_lossy(&wire.body).into_owned();
    assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn sign_in(base: &str, username: &str) -> String {
    let session = call(base, "POST", "/api/v1/auth/sessions", None, Some(&json!({"username": username, "password": PASSWORD})));
    session["access_token"].as_str().unwrap().to_owned()
}

fn seconds() -> u64 {
    std::env::var("SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(10)
}

/// What became of the requests of many clients.
#[derive(Default)]
struct Crowd {
    /// Milliseconds of those served and of those turned away, in order.
    served: Vec<f64>,
    turned_away: Vec<f64>,
    /// Anything but 200, and 503 with `Retry-After`.
    odd: u64,
}

impl Crowd {
    fn p99(times: &[f64]) -> f64 {
        times.get((times.len() * 99 / 100).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }
}

/// So many clients, each sending at an even pace, or as fast as it is answered.
fn crowd(base: &str, requests: &[Vec<u8>], clients: usize, pace: Option<Duration>) -> Crowd {
    let stop = AtomicBool::new(false);
    let mut all = Crowd::default();
    std::thread::scope(|scope| {
        let stop = &stop;
        let senders: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let (mut wire, mut own, mut at) = (Wire::open(base), Crowd::default(), client * 7);
                    let mut due = Instant::now();
                    while !stop.load(Ordering::Relaxed) {
                        if let Some(pace) = pace {
                            std::thread::sleep(due.saturating_duration_since(Instant::now()));
                            due = (due + pace).max(Instant::now());
                        }
                        let started = Instant::now();
                        let status = wire.send(&requests[at % requests.len()]);
                        let millis = started.elapsed().as_secs_f64() * 1000.0;
                        at += 1;
                        match status {
                            200 => own.served.push(millis),
                            503 if wire.told_when => own.turned_away.push(millis),
                            _ => own.odd += 1,
                        }
                    }
                    own
                })
            })
            .collect();
        std::thread::sleep(Duration::from_secs(seconds()));
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            let own = sender.join().unwrap();
            all.served.extend(own.served);
            all.turned_away.extend(own.turned_away);
            all.odd += own.odd;
        }
    });
    all.served.sort_by(f64::total_cmp);
    all.turned_away.sort_by(f64::total_cmp);
    all
}

/// Clients that the server promises to serve all at once.
const CROWD: usize = 64;

/// Four times the load that the server can serve: what it takes is served as soon as without the crowd, the rest is told at once.
fn overload(base: &str, requests: &[Vec<u8>]) {
    crowd(base, &requests[..1], 1, None);
    let alone = crowd(base, requests, 1, None);
    let loaded = crowd(base, requests, CROWD, None);
    let can = loaded.served.len() as f64 / seconds() as f64;
    let clients = 4 * CROWD;
    let crowded = crowd(base, requests, clients, Some(Duration::from_secs_f64(clients as f64 / (4.0 * can))));
    let after = crowd(base, requests, CROWD, None);
    println!();
    println!("{:<44} {:>12} {:>12} {:>12} {:>12}", "clients", "served", "p99", "turned away", "p99");
    for (name, run) in
        [("1", &alone), ("64, all that it can serve", &loaded), ("256 at 4 times that rate", &crowded), ("64 again, at once", &after)]
    {
        let per = |times: &[f64]| times.len() as f64 / seconds() as f64;
        let (served, away) = (&run.served, &run.turned_away);
        println!("{name:<44} {:>10.0}/s {:>9.2} ms {:>10.0}/s {:>9.2} ms", per(served), Crowd::p99(served), per(away), Crowd::p99(away));
    }
    let ratio = Crowd::p99(&crowded.served) / Crowd::p99(&loaded.served);
    println!("{:<44} {ratio:>12.2}   (at most 3)", "p99 of what is served, crowded to not");
    println!("neither served nor told when to come back: {}", alone.odd + loaded.odd + crowded.odd + after.odd);
}

/// Requests a second over all connections, and how many were not 200.
fn hammer(base: &str, requests: &[Vec<u8>]) -> (f64, u64) {
    let (done, bad, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..CONNECTIONS {
            let (done, bad, stop) = (&done, &bad, &stop);
            scope.spawn(move || {
                let mut wire = Wire::open(base);
                let mut at = worker * 7;
                while !stop.load(Ordering::Relaxed) {
                    let status = wire.send(&requests[at % requests.len()]);
                    at += 1;
                    done.fetch_add(1, Ordering::Relaxed);
                    bad.fetch_add(u64::from(status != 200), Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(Duration::from_secs(seconds()));
        stop.store(true, Ordering::Relaxed);
    });
    (done.into_inner() as f64 / started.elapsed().as_secs_f64(), bad.into_inner())
}

/// The same statements through pgbench, prepared, with as many connections: transactions a second.
fn pgbench(cluster: &PrivateCluster, dir: &Path, name: &str, statements: &[String]) -> f64 {
    let mut command = Command::new(cluster.bin_dir().join("pgbench"));
    command.args(["-n", "-M", "prepared", "-c", &CONNECTIONS.to_string(), "-j", "2", "-T", &seconds().to_string()]);
    for (i, statement) in statements.iter().enumerate() {
        let file = dir.join(format!("{name}-{i}.sql"));
        std::fs::write(&file, format!("{};\n", statement.replace('\n', " "))).unwrap();
        command.arg("-f").arg(file);
    }
    let output = command.arg(cluster.url()).output().expect("pgbench (Debian: postgresql-client)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")).and_then(|l| l.split(' ').next()).and_then(|t| t.parse().ok());
    tps.unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn psql(cluster: &PrivateCluster, commands: &[&str]) -> String {
    let mut command = Command::new(cluster.bin_dir().join("psql"));
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]);
    for text in commands {
        command.args(["-c", text]);
    }
    let output = command.arg(cluster.url()).output().expect("psql (Debian: postgresql-client)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Streams the file to the bulk endpoint; seconds taken.
fn bulk(base: &str, token: &str, file: &Path, rows: u64) -> f64 {
    let length = std::fs::metadata(file).unwrap().len();
    let head = format!(
        "POST /api/v1/dossiers/bulk HTTP/1.1\r\nHost: {base}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut wire = Wire::open(base);
    let started = Instant::now();
    wire.stream.get_mut().write_all(head.as_bytes()).unwrap();
    std::io::copy(&mut std::fs::File::open(file).unwrap(), wire.stream.get_mut()).unwrap();
    let status = wire.answer();
    let seconds = started.elapsed().as_secs_f64();
    let answer: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(
        (status, answer["summary"]["rejected"].as_u64()),
        (200, Some(0)),
        "{}",
        String::from_utf8_lossy(&wire.body[..wire.body.len().min(2000)])
    );
    assert_eq!(answer["summary"]["received"].as_u64(), Some(rows));
    seconds
}

/// Seconds that one request takes.
fn timed(base: &str, request: &[u8]) -> f64 {
    let mut wire = Wire::open(base);
    let started = Instant::now();
    let status = wire.send(request);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&wire.body));
    started.elapsed().as_secs_f64()
}

/// Results of handling for a period: seconds over HTTP, and seconds of the plain SQL over all dossiers; the best of three each, by
/// turns. Both must say the same.
fn side_by_side(base: &str, cluster: &PrivateCluster, request: &[u8], period: &str) -> (f64, f64) {
    let set = dunghen::reports::period::PeriodSet::Calendar;
    let days = dunghen::reports::period::Period::parse(period).unwrap().days(set);
    let end = format!("{} 00:00+07", days.to.succ_opt().unwrap());
    let plain = include_str!("load/results_baseline.sql");
    let plain = plain.replace("{from}", &days.from.to_string()).replace("{to}", &days.to.to_string()).replace("{end}", &end);
    let own = dunghen::reports::results_statement(period, set).unwrap();
    assert_eq!(psql(cluster, &[&own]), psql(cluster, &[&plain]), "{period}");
    let (mut served, mut aggregate) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        served = served.min(timed(base, request));
        let started = Instant::now();
        psql(cluster, &[&plain]);
        aggregate = aggregate.min(started.elapsed().as_secs_f64());
    }
    (served, aggregate)
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn main() {
    let rows: u64 = std::env::var("ROWS").ok().and_then(|r| r.parse().ok()).unwrap_or(1_000_000);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let dir = root.join(".data/bench");
    std::fs::create_dir_all(&dir).unwrap();
    let cluster = PrivateCluster::start(&dir, "dunghen").expect("PostgreSQL");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(&cluster.admin_url()).await.unwrap();
        sqlx::Executor::execute(&mut admin, "DROP DATABASE IF EXISTS dunghen WITH (FORCE)").await.unwrap();
        dunghen::db::create_if_missing(&cluster.admin_url(), "dunghen").await.unwrap();
    });
    let server = Server::start(&cluster.url(), free_port(), &dir);
    let base = server.base.clone();
    let admin = sign_in(&base, "bench.admin");
    for resource in ["departments", "procedures"] {
        let text = std::fs::read_to_string(root.join(format!("data/demo/plan-1186/{resource}.json"))).unwrap();
        call(&base, "POST", &format!("/api/v1/{resource}/bulk"), Some(&admin), Some(&serde_json::from_str(&text).unwrap()));
    }
    let office = json!({"username": "bench.office", "display_name": "Bench", "password": PASSWORD, "grants": [{"role": "office"}]});
    call(&base, "PUT", "/api/v1/users/bench.office", Some(&admin), Some(&office));
    let token = sign_in(&base, "bench.office");

    eprintln!("generating {rows} rows …");
    let file = dir.join("rows.ndjson");
    let mut out = BufWriter::new(std::fs::File::create(&file).unwrap());
    let (from, to) = (chrono::NaiveDate::from_ymd_opt(2021, 1, 4).unwrap(), chrono::NaiveDate::from_ymd_opt(2026, 6, 30).unwrap());
    let (mut generator, mut line) = (history_rows(1186, rows as usize, from, to), Vec::new());
    while generator.write_next(&mut line) {
        out.write_all(&line).unwrap();
        line.clear();
    }
    out.flush().unwrap();
    drop(out);

    eprintln!("loading them over HTTP …");
    let idle = server.peak();
    let load_seconds = bulk(&base, &token, &file, rows);
    let peak = server.peak();
    eprintln!("sending them again, unchanged …");
    let again_seconds = bulk(&base, &token, &file, rows);

    eprintln!("\\copy of the same rows into the same table …");
    let columns = psql(
        &cluster,
        &[
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'dossiers'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        ],
    );
    let columns = columns.trim();
    let copy_file = dir.join("dossiers.copy");
    psql(&cluster, &[&format!("\\copy (SELECT {columns} FROM dossiers ORDER BY id) TO '{}'", copy_file.display())]);
    psql(&cluster, &["DROP TABLE IF EXISTS copied", "CREATE TABLE copied (LIKE dossiers INCLUDING ALL)"]);
    let started = Instant::now();
    psql(&cluster, &[&format!("\\copy copied ({columns}) FROM '{}'", copy_file.display())]);
    let copy_seconds = started.elapsed().as_secs_f64();
    psql(&cluster, &["DROP TABLE copied", "VACUUM ANALYZE"]);

    let ids = psql(&cluster, &[&format!("SELECT id FROM dossiers TABLESAMPLE SYSTEM (2) LIMIT {SAMPLE}")]);
    let ids: Vec<uuid::Uuid> = ids.lines().map(|l| l.parse().unwrap()).collect();
    let (details, list) = dunghen::dossiers::read_statements(&ids, "DKKD", chrono::Utc::now().date_naive());
    let get = |path: String| format!("GET {path} HTTP/1.1\r\nHost: {base}\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes();
    let detail_requests: Vec<_> = ids.iter().map(|id| get(format!("/api/v1/dossiers/{id}"))).collect();
    let list_requests = vec![get("/api/v1/dossiers?department=DKKD&limit=50".into())];
    eprintln!("reading …");
    hammer(&base, &detail_requests[..1]);
    let (detail_http, detail_bad) = hammer(&base, &detail_requests);
    let detail_sql = pgbench(&cluster, &dir, "detail", &details);
    let (list_http, list_bad) = hammer(&base, &list_requests);
    let list_sql = pgbench(&cluster, &dir, "list", std::slice::from_ref(&list));

    eprintln!("reporting …");
    let year = 2025;
    let reports: Vec<(String, f64, f64, f64)> = [(format!("{year}-11"), 0.2), (format!("{year}"), 0.5)]
        .into_iter()
        .map(|(period, most)| {
            let name = format!("dossier-results?period={period}&period_set=calendar&group_by=department");
            let request = get(format!("/api/v1/reports/{name}"));
            let (served, plain) = side_by_side(&base, &cluster, &request, &period);
            (name, served, plain, most)
        })
        .collect();
    let times = get(format!("/api/v1/reports/handling-times?period={year}&period_set=calendar&group_by=department"));
    let times_seconds = (0..3).map(|_| timed(&base, &times)).fold(f64::MAX, f64::min);

    eprintln!("acting …");
    let today = chrono::Utc::now().date_naive();
    let soon = today.checked_add_days(chrono::Days::new(3)).unwrap();
    let work = get("/api/v1/work-list?limit=50".into());
    let plain_work = include_str!("load/work_baseline.sql").replace("{today}", &today.to_string()).replace("{soon}", &soon.to_string());
    let (mut work_seconds, mut work_plain) = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        work_seconds = work_seconds.min(timed(&base, &work));
        let started = Instant::now();
        psql(&cluster, &[&plain_work]);
        work_plain = work_plain.min(started.elapsed().as_secs_f64());
    }
    let counter = json!({"username": "bench.counter", "display_name": "Bench", "password": PASSWORD, "grants": [{"role": "one_stop"}]});
    call(&base, "PUT", "/api/v1/users/bench.counter", Some(&admin), Some(&counter));
    let counter = sign_in(&base, "bench.counter");
    let post = |path: &str, headers: &str, body: &Value| {
        let body = body.to_string();
        let length = body.len();
        format!("POST {path} HTTP/1.1\r\nHost: {base}\r\nAuthorization: Bearer {counter}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
    };
    let open = psql(
        &cluster,
        &["SELECT id FROM dossiers WHERE decision IS NULL AND status IN ('accepted', 'processing') AND due_on IS NOT NULL LIMIT 30000"],
    );
    let sorry = json!({"reason": "Chờ ý kiến cơ quan phối hợp", "new_due_on": today.checked_add_days(chrono::Days::new(3000)).unwrap(), "document_no": "40/XL"});
    let mut acts: Vec<_> = open.lines().map(|id| post(&format!("/api/v1/dossiers/{id}/apologies"), "If-Match: *\r\n", &sorry)).collect();
    let told = acts.split_off(acts.len() - SAMPLE.min(acts.len() / 2));
    let sent = told.len();
    let act_statements = writes::transactions(&cluster, || assert_eq!(writes::spend(&base, &told, 1, 200).1, 0));
    assert_eq!(act_statements.len(), sent, "one transaction an act");
    let (act_http, act_bad) = writes::spend(&base, &acts, CONNECTIONS, 200);
    let act_sql = writes::replay(&cluster, &dir, "act", &act_statements, CONNECTIONS);

    eprintln!("receiving …");
    let receive = |n: usize| {
        let body = json!({"procedure": "2.001610", "receiving_department": "MC", "channel": "direct", "accept": true,
            "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"}});
        post("/api/v1/dossiers", &format!("Idempotency-Key: bench-{n}\r\n"), &body)
    };
    let told: Vec<_> = (0..SAMPLE).map(receive).collect();
    let receipts = writes::transactions(&cluster, || assert_eq!(writes::spend(&base, &told, 1, 201).1, 0));
    let receipts: Vec<_> =
        receipts.iter().filter(|run| run.iter().any(|s| s.starts_with("INSERT INTO dossiers "))).map(|run| writes::varied(run)).collect();
    assert_eq!(receipts.len(), SAMPLE, "one transaction a receipt");
    let many: Vec<_> = (SAMPLE..SAMPLE + 60_000).map(receive).collect();
    let (receive_http, receive_bad) = writes::spend(&base, &many, CROWD, 201);
    let twice = psql(&cluster, &["SELECT count(*) FROM (SELECT code FROM dossiers GROUP BY code HAVING count(*) > 1) AS twice"]);
    let receive_sql = writes::replay(&cluster, &dir, "receipt", &receipts, CROWD);

    let (load, copy) = (rows as f64 / load_seconds, rows as f64 / copy_seconds);
    println!();
    println!("{rows} dossiers, {CONNECTIONS} connections, {} processors", std::thread::available_parallelism().map_or(0, usize::from));
    println!("{:<44} {:>12} {:>12} {:>7} {:>9}", "", "server", "baseline", "ratio", "at least");
    let line = |name: &str, server: f64, baseline: f64, least: f64| {
        println!("{name:<44} {server:>10.0}/s {baseline:>10.0}/s {:>7.2} {least:>9.2}", server / baseline);
    };
    line("GET /dossiers/{id} against pgbench", detail_http, detail_sql, 0.20);
    line("GET /dossiers?department=…&limit=50", list_http, list_sql, 0.20);
    line("an act on a dossier, against its statements", act_http, act_sql, 0.20);
    line("POST /dossiers by 64 clients", receive_http, receive_sql, 0.25);
    line("bulk rows against \\copy", load, copy, 0.15);
    line("the same rows again against the first load", rows as f64 / again_seconds, load, 3.0);
    println!("{:<44} {peak:>8.0} MiB {:>10.0} MiB {:>7} {:>9}", "peak resident memory (idle before)", idle, "", "≤ 128");
    println!("{:<68} {:>9} {:>9} {:>6} {:>8}", "", "server", "plain SQL", "ratio", "at most");
    for (name, served, plain, most) in &reports {
        println!("{name:<68} {:>6.0} ms {:>6.0} ms {:>6.2} {most:>8.2}", served * 1e3, plain * 1e3, served / plain);
    }
    println!(
        "{:<68} {:>6.0} ms {:>6.0} ms {:>6.2} {:>8.2}",
        "work-list?limit=50",
        work_seconds * 1e3,
        work_plain * 1e3,
        work_seconds / work_plain,
        0.1
    );
    println!(
        "{:<68} {:>6.0} ms {:>9} {:>6} {:>8}",
        "handling-times of the same year by department",
        times_seconds * 1e3,
        "",
        "",
        "2000 ms"
    );
    println!("answers that were not 200: {}", detail_bad + list_bad + act_bad + receive_bad);
    println!("numbers allotted twice: {}", twice.trim());
    eprintln!("crowding …");
    overload(&base, &detail_requests);
    drop(server);
}
