//! Lists as files: all of them, as of one moment, exactly what the list shows.

use std::time::{Duration, Instant};

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::access::World;
use crate::harness::{Actor, App};

async fn made(actor: &Actor, export: &Value) -> Value {
    let path = format!("/api/v1/exports/{}", export["id"].as_str().unwrap());
    let started = Instant::now();
    loop {
        let view = actor.get(&path).await.expect(200).body;
        if !view["job"]["finished_at"].is_null() {
            return view;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{view}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn export(actor: &Actor, body: Value) -> Value {
    let asked = actor.post("/api/v1/exports", body).await.expect(202);
    made(actor, &asked.body).await
}

async fn lines(actor: &Actor, view: &Value) -> Vec<Value> {
    assert_eq!(view["job"]["state"], "succeeded", "{view}");
    let file = actor.get(view["content"].as_str().unwrap()).await.expect(200);
    assert_eq!((file.header("content-type"), view["bytes"].as_u64()), (Some("application/x-ndjson"), Some(file.text.len() as u64)));
    file.text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

async fn pages(actor: &Actor, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    let mark = if path.contains('?') { "&" } else { "?" };
    loop {
        let page = actor.get(&format!("{path}{mark}limit=3{cursor}")).await.expect(200).body;
        items.extend(page["items"].as_array().unwrap().clone());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[tokio::test]
async fn an_export_is_all_pages_of_the_list() {
    let world = World::new().await;
    let World { app, .. } = world;
    let app = app.with_jobs();
    // What is secret is exported only to who sees it.
    let secret = json!({"direction": "outgoing", "book": "M", "number": "1", "kind": "bao-cao", "issued_on": "2022-06-10", "summary": "Mật",
        "department": "DN", "secrecy": "secret"});
    app.office().await.put("/api/v1/documents/secret", secret).await.expect(201);
    let lists = [
        ("departments", "/api/v1/departments", json!({})),
        ("departments", "/api/v1/departments?kind=unit,division", json!({"kind": ["unit", "division"]})),
        ("procedures", "/api/v1/procedures", json!({})),
        ("dossiers", "/api/v1/dossiers", json!({})),
        ("dossiers", "/api/v1/dossiers?status=processing&sort=received_at", json!({"status": "processing", "sort": "received_at"})),
        ("plans", "/api/v1/plans?year=2022", json!({"year": 2022})),
        ("tasks", "/api/v1/tasks", json!({})),
        ("kpis", "/api/v1/kpis", json!({})),
        ("measurements", "/api/v1/kpis/satisfaction/measurements", json!({"kpi": "satisfaction"})),
        ("users", "/api/v1/users?role=office", json!({"role": "office"})),
        ("clients", "/api/v1/clients", json!({})),
        ("documents", "/api/v1/documents", json!({})),
        ("documents", "/api/v1/documents?secrecy=normal&sort=registered_on", json!({"secrecy": ["normal"], "sort": "registered_on"})),
        ("obstacles", "/api/v1/obstacles", json!({})),
        ("obstacles", "/api/v1/obstacles?state=raised,answered", json!({"state": ["raised", "answered"]})),
        ("explanations", "/api/v1/explanations?period=2022-06", json!({"period": "2022-06"})),
        ("duties", "/api/v1/duties", json!({})),
    ];
    let (auditor, head, admin) =
        (app.actor(Role::Auditor, None).await, app.actor(Role::Head, Some("DKKD")).await, app.actor(Role::Admin, None).await);
    let mut compared = 0;
    for (resource, path, filter) in lists {
        for actor in [&auditor, &head, &admin] {
            let body = json!({"resource": resource, "format": "ndjson", "filter": filter});
            if actor.get(path).await.status == 403 {
                actor.post("/api/v1/exports", body).await.expect(403);
                continue;
            }
            let view = export(actor, body).await;
            let listed = pages(actor, path).await;
            assert_eq!(lines(actor, &view).await, listed, "{resource} {}", actor.username);
            assert_eq!(view["rows"].as_u64(), Some(listed.len() as u64));
            compared += listed.len();
        }
    }
    assert!(compared > 60, "{compared}");
}

#[tokio::test]
async fn an_export_shows_one_moment() {
    let app = App::with_settings("2022-06-20T02:00:00Z", |s| s.jobs.pause_ms = 300).await.with_examples().await.with_jobs();
    let office = app.office().await;
    let row = |n: usize| {
        json!({"code": format!("H-{n:05}"), "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
            "accepted_at": "2022-04-19T08:30:00+07:00"})
    };
    office.load("/api/v1/dossiers/bulk", &(0..1600).map(row).collect::<Vec<_>>()).await.expect(200);
    let asked = office.post("/api/v1/exports", json!({"resource": "dossiers", "format": "ndjson"})).await.expect(202);
    let path = asked.header("location").unwrap().to_owned();
    while office.get(&path).await.body["as_of"].is_null() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    office.load("/api/v1/dossiers/bulk", &(1600..3000).map(row).collect::<Vec<_>>()).await.expect(200);
    assert!(office.get(&path).await.body["job"]["finished_at"].is_null(), "it was made before anything was added");
    let view = made(&office, &asked.body).await;
    assert_eq!(lines(&office, &view).await.len(), 1600);
}

#[tokio::test]
async fn files_for_people_run_nothing_and_open_only_to_who_still_sees_it() {
    let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await.with_jobs();
    let (admin, office) = (app.admin().await, app.office().await);
    admin.put("/api/v1/departments/EVIL", json!({"code": "EVIL", "name": "=1+1", "kind": "unit", "members": ["MC"]})).await.expect(201);
    let columns = json!(["name", "code", "members", "version"]);
    let view = export(&office, json!({"resource": "departments", "format": "csv", "filter": {"kind": "unit"}, "columns": columns})).await;
    let file = office.get(view["content"].as_str().unwrap()).await.expect(200);
    assert!(file.text.starts_with("\u{feff}name,code,members,version\r\n"), "{}", file.text);
    assert!(file.text.contains("\r\n'=1+1,EVIL,\"[\"\"MC\"\"]\",1\r\n"), "{}", file.text);
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"departments-2022-06-20.csv\""));

    let view = export(&office, json!({"resource": "departments", "format": "xlsx"})).await;
    let content = view["content"].as_str().unwrap();
    let answer = office.http.get(format!("{}{content}", office.base)).bearer_auth(office.token.as_ref().unwrap()).send().await.unwrap();
    let mut book = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let mut sheet = String::new();
    std::io::Read::read_to_string(&mut book.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut sheet).unwrap();
    assert!(sheet.contains("=1+1") && !sheet.contains("<f>"), "{sheet}");

    admin.get(content).await.expect(404);
    sqlx::query("DELETE FROM user_grants USING users u WHERE u.id = user_id AND u.username = $1")
        .bind(&office.username)
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(office.get(content).await.expect(403).code(), "forbidden");
}

#[tokio::test]
async fn what_cannot_be_exported_is_refused_with_every_fault() {
    let app = App::start().await;
    let office = app.office().await;
    let wrong = json!({"resource": "dossiers", "format": "csv", "filter": {"statu": "x", "channel": "raven", "limit": 5, "q": {}},
        "columns": ["code", "code", "secret"]});
    let answer = office.post("/api/v1/exports", wrong).await.expect(400);
    let mut pointers = answer.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/columns/1", "/columns/2", "/filter/channel", "/filter/limit", "/filter/q", "/filter/statu"]);
    let answer = office.post("/api/v1/exports", json!({"resource": "secrets", "format": "csv"})).await.expect(400);
    assert_eq!(answer.pointers(), ["/resource"]);
    let answer = office.post("/api/v1/exports", json!({"resource": "measurements", "format": "csv"})).await.expect(400);
    assert_eq!(answer.pointers(), ["/filter/kpi"]);
    assert_eq!(app.count("jobs").await, 0);
    let tried = office.post("/api/v1/exports?dry_run=true", json!({"resource": "dossiers", "format": "csv"})).await.expect(202);
    assert_eq!((tried.header("dry-run"), app.count("jobs").await), (Some("true"), 0));
}
