//! Loads in the background: applied like the direct ones, once, whatever becomes of the server.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Actor, Answer, App};
use crate::retry::Process;

const NOW: &str = "2022-06-20T02:00:00Z";

fn history(code: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
        "accepted_at": "2022-04-19T08:30:00+07:00", "applicant": {"kind": "citizen", "name": "Trần B"}})
}

fn histories(n: usize) -> Vec<Value> {
    (0..n).map(|n| history(&format!("H-{n:05}"))).collect()
}

fn ndjson(rows: &[Value]) -> Vec<u8> {
    rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes()
}

async fn later(actor: &Actor, path: &str, media: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("content-type", media), ("prefer", "respond-async"), ("accept-language", "en")];
    all.extend_from_slice(headers);
    actor.send("POST", path, &all, Some(body)).await
}

async fn ask(actor: &Actor, path: &str, rows: &[Value]) -> String {
    let answer = later(actor, path, "application/x-ndjson", ndjson(rows), &[]).await.expect(202);
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    assert_eq!(answer.header("location"), answer.body["links"]["self"].as_str());
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn view(actor: &Actor, job: &str) -> Value {
    actor.get(&format!("/api/v1/jobs/{job}")).await.expect(200).body
}

async fn ended(actor: &Actor, job: &str) -> Value {
    let started = Instant::now();
    loop {
        let view = view(actor, job).await;
        if !view["finished_at"].is_null() {
            return view;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{view}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn results(actor: &Actor, job: &str) -> Vec<Value> {
    let answer = actor.get(&format!("/api/v1/jobs/{job}/results?limit=500")).await.expect(200);
    assert!(answer.body["page"]["next_cursor"].is_null());
    answer.body["items"].as_array().unwrap().clone()
}

/// What is stored, without what differs from one load to the next.
async fn stored(app: &App) -> Vec<String> {
    let text = "SELECT concat_ws(' ', d.code, d.status, d.due_on, d.applicant_name, d.version, d.timeliness, (SELECT count(*) FROM audit_events a
                  WHERE a.subject_id = d.id), (SELECT count(*) FROM outbox_events o WHERE o.subject_id = d.id)) FROM dossiers d ORDER BY d.code";
    sqlx::query_scalar(text).fetch_all(&app.pool).await.unwrap()
}

/// Rows of every fate: new, wrong, twice within a chunk and across chunks, no object, with a warning.
fn mixed() -> Vec<Value> {
    let mut rows = histories(40);
    rows[3]["procedure"] = json!("none");
    rows[5]["code"] = json!("H-00004");
    rows[30]["code"] = json!("H-00007");
    rows[31]["code"] = json!("H-00007");
    rows[31]["procedure"] = json!("none");
    rows[11]["odd"] = json!({"a": 1});
    rows[12] = json!(7);
    rows[13]["due_on"] = json!("2022-12-01");
    rows
}

#[tokio::test]
async fn a_load_as_a_job_is_the_direct_load() {
    for mode in ["atomic", "best_effort"] {
        for extra in ["", "&return=all", "&dry_run=true", "&strategy=update"] {
            let path = format!("/api/v1/dossiers/bulk?mode={mode}{extra}");
            let direct = App::at(NOW).await.with_examples().await;
            let small = App::with_settings(NOW, |s| s.jobs.chunk_rows = 10).await.with_examples().await.with_jobs();
            let (a, b) = (direct.office().await, small.office().await);
            // Some are there already, one of them otherwise.
            let mut before = histories(3);
            before[1]["channel"] = json!("postal");
            for office in [&a, &b] {
                office.load("/api/v1/dossiers/bulk", &before).await.expect(200);
            }
            let rows = mixed();
            let answer = a.load(&path, &rows).await;
            let job = ask(&b, &path, &rows).await;
            let end = ended(&b, &job).await;
            assert_eq!(end["summary"], answer.body["summary"], "{path} {end}");
            assert_eq!(Value::from(results(&b, &job).await), answer.body["results"], "{path}");
            assert_eq!(stored(&small).await, stored(&direct).await, "{path}");
            let state = match answer.status {
                200 => "succeeded",
                207 => "succeeded_with_refusals",
                _ => "failed",
            };
            assert_eq!((end["state"].as_str(), end["problem"]["code"].as_str()), (Some(state), answer.body["code"].as_str()), "{path}");
            assert_eq!((small.count("job_pieces").await, small.count("job_duplicates").await), (0, 0));
        }
    }
}

#[tokio::test]
async fn departments_procedures_and_users_come_as_jobs_too() {
    let (direct, app) = (App::at(NOW).await, App::with_settings(NOW, |s| s.jobs.chunk_rows = 2).await.with_jobs());
    let (a, b) = (direct.admin().await, app.admin().await);
    // The one above stands after those below it, in another piece.
    let units = json!([
        {"code": "A", "name": "A", "kind": "unit", "parent": "Z"}, {"code": "B", "name": " ", "kind": "unit"},
        {"code": "C", "name": "C", "kind": "unit", "parent": "B"}, {"code": "D", "name": "D", "kind": "unit"},
        {"code": "D", "name": "D", "kind": "unit"}, {"code": "Z", "name": "Z", "kind": "agency"}]);
    let procedures = json!([{"code": "P", "name": "P", "field": {"code": "F", "name": "F"}, "department": "A"}, {"code": "Q"}]);
    let users = json!([{"username": "lan", "display_name": "Lan", "password": "một mật khẩu dài", "grants": [{"role": "officer", "department": "A"}]},
        {"username": "minh", "display_name": "Minh", "password": "ngắn", "grants": [{"role": "none"}]}]);
    for (resource, body) in [("departments", units), ("procedures", procedures), ("users", users)] {
        for mode in ["atomic", "best_effort"] {
            let path = format!("/api/v1/{resource}/bulk?mode={mode}");
            let answer = a.post(&path, body.clone()).await;
            let job = later(&b, &path, "application/json", serde_json::to_vec(&body).unwrap(), &[]).await.expect(202);
            let job = job.body["id"].as_str().unwrap().to_owned();
            let end = ended(&b, &job).await;
            assert_eq!(end["summary"], answer.body["summary"], "{path} {end}");
            assert_eq!(Value::from(results(&b, &job).await), answer.body["results"], "{path}");
            for table in ["departments", "procedures", "audit_events WHERE subject_type <> 'job'"] {
                assert_eq!(app.count(table).await, direct.count(table).await, "{path} {table}");
            }
        }
    }
    // The password is good, and lies nowhere as it was sent.
    let session = json!({"username": "lan", "password": "một mật khẩu dài"});
    app.nobody().post("/api/v1/auth/sessions", session).await.expect(201);
    assert_eq!(app.count("job_results WHERE position('ng'::bytea IN input) > 0 AND convert_from(input, 'LATIN1') LIKE '%minh%'").await, 0);
}

#[tokio::test]
async fn documents_measurements_and_tasks_come_as_jobs_too() {
    let (direct, app) = (App::at(NOW).await, App::with_settings(NOW, |s| s.jobs.chunk_rows = 2).await.with_jobs());
    let kpi =
        json!({"code": "satisfaction", "name": "Mức độ hài lòng", "unit": "percent", "direction": "higher_is_better", "source": "survey"});
    for app in [&direct, &app] {
        let units = json!([{"code": "S", "name": "Sở", "kind": "agency"}, {"code": "A", "name": "A", "kind": "division", "parent": "S"}]);
        app.admin().await.post("/api/v1/departments/bulk", units).await.expect(200);
        app.office().await.put("/api/v1/kpis/satisfaction", kpi.clone()).await.expect(201);
    }
    let (a, b) = (direct.office().await, app.office().await);
    let document = |number: &str, kind: &str| {
        json!({"direction": "outgoing", "agency": "S", "book": "BC", "number": number, "kind": kind, "issued_on": "2022-06-10", "summary": "Báo cáo",
            "department": "A"})
    };
    let documents = json!([
        document("1", "bao-cao"),
        document("2", "none"),
        document("3", "bao-cao"),
        document("4", "bao-cao"),
        document("3", "bao-cao")
    ]);
    let measured = |period: &str, value: i32| {
        json!({"kpi": "satisfaction", "department": "A", "period": period, "value": value,
            "evidence": [{"document_number": "1/BC", "issued_on": "2022-01-12", "title": "Báo cáo"}]})
    };
    let measurements =
        json!([measured("2021", 90), measured("2020", 900), measured("2019", 80), measured("2021Q5", 70), measured("2019", 81)]);
    let task = |code: &str, parent: Option<&str>, lead: &str| {
        json!({"code": code, "document_number": "1/UBND", "document_on": "2022-05-04", "issuer": "S", "title": "Việc", "lead": [lead],
            "due_on": "2022-06-30", "parent": parent})
    };
    let tasks = json!([task("t1", Some("t4"), "A"), task("t2", None, "X"), task("t3", Some("t2"), "A"), task("t4", None, "A")]);
    for (resource, body) in [("documents", documents), ("kpi-measurements", measurements), ("tasks", tasks)] {
        for mode in ["atomic", "best_effort"] {
            let path = format!("/api/v1/{resource}/bulk?mode={mode}&return=all");
            let answer = a.post(&path, body.clone()).await;
            assert_eq!(answer.status, if mode == "atomic" { 422 } else { 207 }, "{path} {}", answer.text);
            let job = later(&b, &path, "application/json", serde_json::to_vec(&body).unwrap(), &[]).await.expect(202);
            let job = job.body["id"].as_str().unwrap().to_owned();
            let end = ended(&b, &job).await;
            assert_eq!((end["resource"].as_str(), &end["summary"]), (Some(resource), &answer.body["summary"]), "{path} {end}");
            assert_eq!(Value::from(results(&b, &job).await), answer.body["results"], "{path}");
            for table in ["documents", "kpi_measurements", "tasks", "audit_events WHERE subject_type <> 'job'"] {
                assert_eq!(app.count(table).await, direct.count(table).await, "{path} {table}");
            }
        }
    }
    assert_eq!((app.count("documents").await, app.count("kpi_measurements").await, app.count("tasks").await), (2, 1, 2));
    // As a job a load goes no further than its creator.
    let head = app.actor(dunghen::auth::Role::Head, Some("A")).await;
    let mut elsewhere = measured("2018", 70);
    elsewhere["department"] = json!("S");
    let job = ask(&head, "/api/v1/kpi-measurements/bulk?mode=best_effort", &[measured("2018", 70), elsewhere]).await;
    let end = ended(&head, &job).await;
    assert_eq!((&end["summary"]["created"], &end["summary"]["rejected"]), (&json!(1), &json!(1)), "{end}");
    assert_eq!(results(&head, &job).await[0]["errors"][0]["code"], "not_permitted");
}

#[tokio::test]
async fn a_key_makes_one_job_and_what_is_no_row_makes_none() {
    let app = App::at(NOW).await.with_examples().await;
    let office = app.office().await;
    let path = "/api/v1/dossiers/bulk";
    let send =
        async |rows: usize| later(&office, path, "application/x-ndjson", ndjson(&histories(rows)), &[("idempotency-key", "k")]).await;
    let (first, again) = (send(3).await.expect(202), send(3).await.expect(202));
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
    assert_eq!(send(4).await.expect(422).code(), "idempotency_key_reused");
    let broken = later(&office, path, "application/x-ndjson", b"{}\n{".to_vec(), &[]).await.expect(400);
    assert_eq!((broken.code(), broken.body["line"].as_i64()), ("malformed_body", Some(2)));
    later(&office, path, "text/plain", b"{}".to_vec(), &[]).await.expect(415);
    assert_eq!((app.count("jobs").await, app.count("job_pieces").await), (1, 1));
    // Nobody else's business, but for who oversees.
    let own = first.body["links"]["self"].as_str().unwrap();
    app.one_stop().await.get(own).await.expect(404);
    let auditor = app.actor(dunghen::auth::Role::Auditor, None).await;
    auditor.get(own).await.expect(200);
    for content in ["results", "errors"] {
        auditor.get(&format!("{own}/{content}")).await.expect(404);
    }
    assert_eq!(auditor.get("/api/v1/jobs?state=queued&resource=dossiers").await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.one_stop().await.get("/api/v1/jobs").await.body["items"], json!([]));
}

#[tokio::test]
async fn refused_rows_come_back_to_be_mended() {
    let app = App::at(NOW).await.with_examples().await.with_jobs();
    let office = app.office().await;
    let path = "/api/v1/dossiers/bulk?mode=best_effort";
    let mut rows = histories(4);
    rows[1]["procedure"] = json!("none");
    rows[1]["applicant"]["name"] = json!("=cmd|x, \"y\"\n@");
    rows[2]["external_code"] = json!("+84");
    rows[2]["channel"] = json!("raven");
    rows[2]["digitised"] = json!(true);
    let job = ask(&office, path, &rows).await;
    let view = ended(&office, &job).await;
    let file = office.get(view["links"]["errors"].as_str().unwrap()).await.expect(200);
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        file.text.contains("error_codes,error_detail\r\n") && file.text.contains("not_in_list") && file.text.contains(",'+84,"),
        "{}",
        file.text
    );
    // As it is, nothing but the same faults; mended, everything is taken, as it was meant.
    let again = office.send("POST", path, &[("content-type", "text/csv")], Some(file.text.clone().into_bytes())).await.expect(207);
    assert_eq!(again.body["summary"]["rejected"], 2, "{}", again.text);
    let mended = file.text.replace("raven", "postal").replace(",none,", ",2.001199,");
    let job = later(&office, path, "text/csv", mended.clone().into_bytes(), &[]).await.expect(202).body["id"].as_str().unwrap().to_owned();
    let view = ended(&office, &job).await;
    assert_eq!((view["state"].as_str(), view["summary"]["created"].as_i64()), (Some("succeeded"), Some(2)), "{view}");
    let kept: (String, String) = sqlx::query_as(
        "SELECT (SELECT applicant_name FROM dossiers WHERE code = 'H-00001'), (SELECT external_code FROM dossiers WHERE code = 'H-00002')",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(kept, ("=cmd|x, \"y\"\n@".to_owned(), "+84".to_owned()));
    // A file that came back once comes back again in the same columns.
    let half = file.text.replace("raven", "postal");
    let job = later(&office, path, "text/csv", half.into_bytes(), &[]).await.expect(202).body["id"].as_str().unwrap().to_owned();
    ended(&office, &job).await;
    let second = office.get(&format!("/api/v1/jobs/{job}/errors")).await.expect(200).text;
    assert_eq!(second.lines().next(), file.text.lines().next());
    assert!(second.contains("\"=cmd") || second.contains("'=cmd"), "{second}");
    assert_eq!(second.matches("''").count(), 0);
    // Only both columns together are read over.
    let odd = b"code,error_codes\nX,y\n".to_vec();
    let odd = office.send("POST", path, &[("content-type", "text/csv")], Some(odd)).await.expect(207);
    assert!(odd.text.contains("unknown_field"), "{}", odd.text);
}

#[tokio::test]
async fn a_job_ends_by_its_cancellation_and_tells_what_was_applied() {
    let app = App::with_settings(NOW, |s| (s.jobs.chunk_rows, s.jobs.pause_ms) = (100, 300)).await.with_examples().await;
    let office = app.office().await;
    let waiting = ask(&office, "/api/v1/dossiers/bulk", &histories(5)).await;
    let cancel = |job: &str| format!("/api/v1/jobs/{job}/cancellation");
    let tried = office.post(&format!("{}?dry_run=true", cancel(&waiting)), json!({})).await.expect(200);
    assert_eq!(tried.body["state"], "cancelled");
    assert_eq!(view(&office, &waiting).await["state"], "queued");
    app.one_stop().await.post(&cancel(&waiting), json!({})).await.expect(404);
    assert_eq!(office.post(&cancel(&waiting), json!({})).await.expect(200).body["state"], "cancelled");
    let again = office.post(&cancel(&waiting), json!({})).await.expect(409);
    assert_eq!((again.code(), again.body["from"].as_str()), ("transition_not_allowed", Some("cancelled")));
    let app = app.with_jobs();
    for mode in ["best_effort", "atomic"] {
        let before = app.count("dossiers").await;
        let rows: Vec<Value> = (0..3000).map(|n| history(&format!("{mode}-{n}"))).collect();
        let job = ask(&office, &format!("/api/v1/dossiers/bulk?mode={mode}"), &rows).await;
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let done = view(&office, &job).await["rows_done"].as_i64().unwrap();
            if done > 0 && !seen.contains(&done) {
                seen.push(done);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        office.post(&cancel(&job), json!({})).await.expect(200);
        let end = ended(&office, &job).await;
        let written = app.count("dossiers").await - before;
        assert_eq!((end["state"].as_str(), end["summary"]["created"].as_i64()), (Some("cancelled"), Some(written)), "{end}");
        assert!(if mode == "atomic" { written == 0 } else { (100..3000).contains(&written) }, "{written}");
    }
}

#[tokio::test]
async fn a_job_has_the_rights_its_creator_has_now() {
    let app = App::with_settings(NOW, |s| (s.jobs.chunk_rows, s.jobs.pause_ms) = (100, 300)).await.with_examples().await.with_jobs();
    for change in [
        "UPDATE users SET active = false WHERE username = $1",
        "DELETE FROM user_grants USING users u WHERE u.id = user_id AND u.username = $1",
    ] {
        let office = app.office().await;
        let auditor = app.actor(dunghen::auth::Role::Auditor, None).await;
        let rows: Vec<Value> = (0..3000).map(|n| history(&format!("{}-{n}", office.username))).collect();
        let job = ask(&office, "/api/v1/dossiers/bulk?mode=best_effort", &rows).await;
        while view(&auditor, &job).await["rows_done"].as_i64() == Some(0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        sqlx::query(sqlx::AssertSqlSafe(change)).bind(&office.username).execute(&app.pool).await.unwrap();
        let end = ended(&auditor, &job).await;
        assert_eq!((end["state"].as_str(), end["problem"]["code"].as_str()), (Some("failed"), Some("forbidden")), "{end}");
        assert!(end["rows_done"].as_i64().unwrap() < 3000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_at_any_moment_loads_every_row_once() {
    for mode in ["best_effort", "atomic"] {
        let app = App::start().await.with_examples().await;
        let office = app.office().await;
        let mut rows = histories(20_000);
        rows[77]["procedure"] = json!("none");
        rows[11_000]["code"] = json!("H-00100");
        if mode == "atomic" {
            rows = histories(20_000);
        }
        let job = ask(&office, &format!("/api/v1/dossiers/bulk?mode={mode}"), &rows).await;
        let mut kills = 0;
        let mut seen = 0;
        let end = loop {
            let process = Process::start(&app).await;
            // The last ones are left alone.
            let chance = u64::from(Uuid::now_v7().as_bytes()[15]);
            let patience = if kills < 4 { Duration::from_millis(50 + 5 * chance) } else { Duration::from_secs(100) };
            let started = Instant::now();
            let mut end = None;
            while started.elapsed() < patience && end.is_none() {
                let now = view(&office, &job).await;
                let done = now["rows_done"].as_i64().unwrap();
                assert!(mode == "atomic" || done >= seen, "{now}");
                seen = done;
                end = Some(now).filter(|v| !v["finished_at"].is_null());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            drop(process);
            if let Some(end) = end {
                break end;
            }
            kills += 1;
            assert!(kills < 6);
        };
        let rejected = if mode == "atomic" { 0 } else { 3 };
        let written = 20_000 - rejected;
        assert!(kills > 0, "it was never killed");
        assert_eq!((end["summary"]["created"].as_i64(), end["summary"]["rejected"].as_i64()), (Some(written), Some(rejected)), "{end}");
        assert_eq!(end["summary"]["received"], 20_000);
        assert_eq!((app.count("dossiers").await, app.count("dossiers WHERE version = 1").await), (written, written));
        for table in ["audit_events", "outbox_events"] {
            assert_eq!(app.count(&format!("{table} WHERE subject_type = 'dossier'")).await, written, "{mode} {table}");
        }
        assert_eq!(app.count("job_results").await, rejected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_the_jobs_and_one_that_stops_leaves_its_job_at_once() {
    let app = App::start().await.with_examples().await;
    let office = app.office().await;
    let (mut one, two) = (Process::start(&app).await, Process::start(&app).await);
    let mut jobs = Vec::new();
    for job in 0..6 {
        let rows: Vec<Value> = (0..1500).map(|n| history(&format!("J{job}-{n}"))).collect();
        jobs.push(ask(&office, "/api/v1/dossiers/bulk?mode=best_effort", &rows).await);
    }
    for _ in 0..200 {
        if app.count("jobs WHERE state = 'running'").await == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(app.count("jobs WHERE state = 'running'").await, 2);
    Command::new("kill").args(["-TERM", &one.child.id().to_string()]).status().unwrap();
    let started = Instant::now();
    while one.child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not stop");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(app.count("jobs WHERE state = 'running'").await <= 1);
    for job in &jobs {
        assert_eq!(ended(&office, job).await["summary"]["created"], 1500);
    }
    drop(two);
    let lines = app.count("audit_events WHERE subject_type = 'dossier'").await;
    assert_eq!((app.count("dossiers WHERE version = 1").await, lines), (9000, 9000));
}

#[tokio::test]
async fn what_has_ended_long_ago_and_what_was_never_all_in_goes() {
    let app = App::at(NOW).await.with_examples().await.with_jobs();
    let office = app.office().await;
    let mut rows = histories(2);
    rows[0]["procedure"] = json!("none");
    let job = ask(&office, "/api/v1/dossiers/bulk", &rows).await;
    ended(&office, &job).await;
    sqlx::query(
        "INSERT INTO jobs (id, kind, resource, state, creator_id, creator, request_id, language, params, created_at, lease_until)
         SELECT gen_random_uuid(), 'load', 'dossiers', 'receiving', gen_random_uuid(), 'x', 'x', 'vi', '{}', now(), now() + make_interval(hours => n)
           FROM unnest(ARRAY[-1, 1]) AS n",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let sweep = async |days: i64| {
        let now = app.shared.clock.now() + chrono::TimeDelta::days(days);
        dunghen::upkeep::sweep(&app.shared, now, chrono::Utc::now()).await.unwrap()
    };
    let jobs = |swept: dunghen::upkeep::Swept| swept.into_iter().find(|(t, _)| *t == "jobs").unwrap().1;
    assert_eq!(jobs(sweep(6).await), 1);
    assert_eq!((app.count("jobs").await, app.count("job_results").await), (2, 1));
    assert_eq!(jobs(sweep(8).await), 1);
    assert_eq!((app.count("jobs").await, app.count("job_results").await), (1, 0));
}
