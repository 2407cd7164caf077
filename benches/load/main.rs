//! A million dossiers of the five years up to yesterday through the bulk endpoint, then the two most frequent reads, the report on
//! results, the work list, acts and receipts, each against a baseline measured in the same run on the same cluster: `\copy` of the
//! same rows into the same table with its indexes, `pgbench` running the same SQL with as many connections, and report and work
//! list written plainly as one aggregate over all dossiers; then details at four times the rate that the server can serve, against
//! as many clients as it can. `ROWS=100000 SECONDS=3 make bench` makes it shorter, `ONLY=overload` leaves all but the last part out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod baseline;
mod crowd;
mod server;
mod wire;
mod writes;

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use chrono::Datelike;
use dunghen::client::generate::history_rows_open;
use dunghen::db::private::PrivateCluster;
use serde_json::{Value, json};

use baseline::{pgbench, psql, side_by_side};
use crowd::{CROWD, overload, take_files};
use server::{Server, free_port};
use wire::{bulk, call, hammer, sign_in, timed};

const CONNECTIONS: usize = 16;
const PASSWORD: &str = "benchmark-password";
const SAMPLE: usize = 100;
/// So that a fiftieth of five years is open.
const OPEN_DAYS: usize = 75;

fn main() {
    let only_overload = std::env::var("ONLY").is_ok_and(|part| part == "overload");
    let rows = std::env::var("ROWS").ok().and_then(|r| r.parse().ok()).unwrap_or(if only_overload { 100_000 } else { 1_000_000 });
    take_files();
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
    // What happens today may lie ahead: history ends yesterday, and some of it is due today or soon.
    let today = dunghen::calendar::vn_date(chrono::Utc::now());
    let to = today.pred_opt().unwrap();
    let span = (to.checked_sub_months(chrono::Months::new(60)).unwrap(), to);
    let (mut generator, mut line) = (history_rows_open(1186, rows as usize, span, OPEN_DAYS), Vec::new());
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
    let ids = psql(&cluster, &[&format!("SELECT id FROM dossiers TABLESAMPLE SYSTEM (2) LIMIT {SAMPLE}")]);
    let ids: Vec<uuid::Uuid> = ids.lines().map(|l| l.parse().unwrap()).collect();
    let get = |path: String| format!("GET {path} HTTP/1.1\r\nHost: {base}\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes();
    let detail_requests: Vec<_> = ids.iter().map(|id| get(format!("/api/v1/dossiers/{id}"))).collect();
    if only_overload {
        psql(&cluster, &["VACUUM ANALYZE"]);
        return overload(&base, &detail_requests);
    }

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

    let (details, list) = dunghen::dossiers::read_statements(&ids, "DKKD", today);
    let list_requests = vec![get("/api/v1/dossiers?department=DKKD&limit=50".into())];
    eprintln!("reading …");
    hammer(&base, &detail_requests[..1]);
    let (detail_http, detail_bad) = hammer(&base, &detail_requests);
    let detail_sql = pgbench(&cluster, &dir, "detail", &details);
    let (list_http, list_bad) = hammer(&base, &list_requests);
    let list_sql = pgbench(&cluster, &dir, "list", std::slice::from_ref(&list));

    eprintln!("reporting …");
    let year = today.year() - 1;
    let count = |condition: &str| psql(&cluster, &[&format!("SELECT count(*) FROM dossiers WHERE {condition}")]).trim().to_owned();
    let counts = [
        ("open", count("decision IS NULL AND status <> 'voided'")),
        (
            "of them due today or in the next three days",
            count(&format!("decision IS NULL AND status <> 'voided' AND due_on - '{today}'::date BETWEEN 0 AND 3")),
        ),
        ("accepted in the year", count(&format!("accepted_on BETWEEN '{year}-01-01' AND '{year}-12-31'"))),
    ];
    let mut reports: Vec<(String, f64, f64, f64)> = [(format!("{year}-11"), 0.2), (format!("{year}"), 0.5)]
        .into_iter()
        .map(|(period, most)| {
            let name = format!("dossier-results?period={period}&period_set=calendar&group_by=department");
            let request = get(format!("/api/v1/reports/{name}"));
            let (served, plain) = side_by_side(&base, &cluster, &request, &period);
            (name, served, plain, most)
        })
        .collect();
    // The same year for all departments, held against the same plain SQL.
    let dashboard = format!("dashboard?period={year}");
    let request = get(format!("/api/v1/{dashboard}"));
    let served = (0..3).map(|_| timed(&base, &request)).fold(f64::MAX, f64::min);
    let plain = reports.last().map_or(f64::NAN, |(_, _, plain, _)| *plain);
    reports.push((dashboard, served, plain, 0.3));
    let times = get(format!("/api/v1/reports/handling-times?period={year}&period_set=calendar&group_by=department"));
    let times_seconds = (0..3).map(|_| timed(&base, &times)).fold(f64::MAX, f64::min);

    eprintln!("acting …");
    let soon = today.checked_add_days(chrono::Days::new(3)).unwrap();
    let work = get("/api/v1/work-list?limit=50".into());
    let plain_work = include_str!("work_baseline.sql").replace("{today}", &today.to_string()).replace("{soon}", &soon.to_string());
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
    let subjects = writes::subjects(&cluster);
    let sorry = json!({"reason": "Chờ ý kiến cơ quan phối hợp", "new_due_on": today.checked_add_days(chrono::Days::new(3000)).unwrap(), "document_no": "40/XL"});
    let mut acts: Vec<_> = subjects.iter().map(|id| post(&format!("/api/v1/dossiers/{id}/apologies"), "If-Match: *\r\n", &sorry)).collect();
    let told = acts.split_off(acts.len() - SAMPLE.min(acts.len() / 2));
    let sent = told.len();
    let act_statements = writes::transactions(&cluster, || assert_eq!(writes::spend(&base, &told, 1, 200).1, 0));
    assert_eq!(act_statements.len(), sent, "one transaction an act");
    let act_statements: Vec<_> = act_statements.iter().map(|run| writes::anywhere(run, subjects.len())).collect();
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
    counts.iter().for_each(|(what, n)| println!("{what:<44} {n:>12}"));
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
