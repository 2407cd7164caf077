//! Lists as files: all of them, as of one moment, exactly what the list shows.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use calamine::Reader;
use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::access::World;
use crate::contract::{Operation, document, operations};
use crate::harness::{Actor, Answer, App};

async fn made(actor: &Actor, export: &Value) -> Value {
    let path = format!("/api/v1/exports/{}", export["id"].as_str().unwrap());
    let started = Instant::now();
    loop {
        let view = actor.get(&path).await.expect(200).body;
        if !view["job"]["finished_at"].is_null() {
            return view;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{view}");
        tokio::time::sleep(Duration::from_millis(20)).await;
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

/// A list over HTTP, and what an export asks for to get the same.
struct List {
    operation: &'static str,
    resource: &'static str,
    path: &'static str,
    filter: Value,
}

/// Every list that can be exported, and some of them filtered.
fn lists() -> Vec<List> {
    let list = |(operation, resource, path, filter)| List { operation, resource, path, filter };
    let all = [
        ("list_calendars", "calendars", "/api/v1/calendars", json!({})),
        ("list_calendar_days", "calendar-days", "/api/v1/calendars/vn/days?year=2022", json!({"calendar": "vn", "year": 2022})),
        ("list_calendar_revisions", "calendar-revisions", "/api/v1/calendars/vn/revisions", json!({"calendar": "vn"})),
        (
            "list_calendar_revision_moves",
            "calendar-revision-moves",
            "/api/v1/calendars/vn/revisions/2/moves",
            json!({"calendar": "vn", "revision": 2}),
        ),
        ("list_clients", "clients", "/api/v1/clients", json!({})),
        ("list_criteria_sheets", "criteria-sheets", "/api/v1/criteria-sheets?year=2022", json!({"year": 2022})),
        ("list_decisions", "decisions", "/api/v1/briefings/2022-07/decisions", json!({"period": "2022-07"})),
        ("list_departments", "departments", "/api/v1/departments", json!({})),
        ("list_departments", "departments", "/api/v1/departments?kind=unit,division", json!({"kind": ["unit", "division"]})),
        ("list_document_kinds", "document-kinds", "/api/v1/document-kinds", json!({})),
        ("list_documents", "documents", "/api/v1/documents", json!({})),
        (
            "list_documents",
            "documents",
            "/api/v1/documents?secrecy=normal&sort=registered_on",
            json!({"secrecy": ["normal"], "sort": "registered_on"}),
        ),
        (
            "get_dossier_register",
            "dossier-register",
            "/api/v1/registers/dossiers?from=2022-06-01&to=2022-06-30",
            json!({"from": "2022-06-01", "to": "2022-06-30"}),
        ),
        ("list_dossiers", "dossiers", "/api/v1/dossiers", json!({})),
        (
            "list_dossiers",
            "dossiers",
            "/api/v1/dossiers?status=processing&sort=received_at",
            json!({"status": "processing", "sort": "received_at"}),
        ),
        ("list_duties", "duties", "/api/v1/duties", json!({})),
        (
            "list_duty_occurrences",
            "duty-occurrences",
            "/api/v1/duty-occurrences?due_from=2022-05-01&due_to=2022-12-31",
            json!({"due_from": "2022-05-01", "due_to": "2022-12-31"}),
        ),
        ("list_explanations", "explanations", "/api/v1/explanations?period=2022-06", json!({"period": "2022-06"})),
        ("list_hand_ins", "hand-ins", "/api/v1/duties/bc-all/occurrences/2022-05/hand-ins", json!({"duty": "bc-all", "period": "2022-05"})),
        (
            "list_kpi_contributors",
            "kpi-contributors",
            "/api/v1/kpi-results/supplement_rate/contributors?period=2022-06",
            json!({"kpi": "supplement_rate", "period": "2022-06"}),
        ),
        ("list_targets", "kpi-targets", "/api/v1/kpi-targets", json!({})),
        ("list_kpi_targets", "kpi-targets", "/api/v1/kpis/satisfaction/targets", json!({"kpi": "satisfaction"})),
        ("list_kpi_versions", "kpi-versions", "/api/v1/kpis/satisfaction/versions", json!({"kpi": "satisfaction"})),
        ("list_kpis", "kpis", "/api/v1/kpis", json!({})),
        (
            "list_measurement_versions",
            "measurement-versions",
            "/api/v1/kpis/satisfaction/measurements/DN/2021/versions",
            json!({"kpi": "satisfaction", "department": "DN", "period": "2021"}),
        ),
        ("list_measurements", "measurements", "/api/v1/kpis/satisfaction/measurements", json!({"kpi": "satisfaction"})),
        (
            "list_number_gaps",
            "number-gaps",
            "/api/v1/dossier-numbers/gaps?from=2022-06-01&to=2022-06-30",
            json!({"from": "2022-06-01", "to": "2022-06-30"}),
        ),
        ("list_number_reservations", "number-reservations", "/api/v1/dossier-numbers/reservations", json!({})),
        ("list_obstacles", "obstacles", "/api/v1/obstacles", json!({})),
        ("list_obstacles", "obstacles", "/api/v1/obstacles?state=raised,answered", json!({"state": ["raised", "answered"]})),
        ("list_plan_versions", "plan-versions", "/api/v1/plans/kh-DN/versions", json!({"plan": "kh-DN"})),
        ("list_plans", "plans", "/api/v1/plans?year=2022", json!({"year": 2022})),
        ("list_procedures", "procedures", "/api/v1/procedures", json!({})),
        ("list_report_snapshots", "report-snapshots", "/api/v1/reports/snapshots", json!({})),
        ("list_rule_sets", "rule-sets", "/api/v1/rule-sets", json!({})),
        ("list_submissions", "submissions", "/api/v1/submissions", json!({})),
        ("list_surveys", "surveys", "/api/v1/surveys?state=open", json!({"state": "open"})),
        ("list_tasks", "tasks", "/api/v1/tasks", json!({})),
        ("list_users", "users", "/api/v1/users?role=office", json!({"role": "office"})),
        ("get_work_list", "work-list", "/api/v1/work-list?days=30", json!({"days": 30})),
    ];
    all.map(list).into()
}

/// Lists that show another number of rows to who sees one department only.
const BOUND: &[&str] = &[
    "calendar-revision-moves",
    "decisions",
    "documents",
    "dossier-register",
    "dossiers",
    "explanations",
    "hand-ins",
    "kpi-contributors",
    "measurements",
    "obstacles",
    "report-snapshots",
    "submissions",
    "surveys",
    "tasks",
    "work-list",
];

/// Lists that are not exported, and why; the description of `create_export` says so, too.
const NOT_EXPORTED: &[(&str, &str)] = &[
    ("list_jobs", "the server's own work, no data of the office"),
    ("list_job_results", "what became of the rows of one load, for who sent it: refused ones have a file of their own"),
    ("list_problem_pages", "texts of the contract, the same for all"),
    ("list_findings", "texts of the contract, the same for all"),
];

fn is_list(operation: &Operation) -> bool {
    operation.method == "GET" && (operation.id.starts_with("list_") || operation.parameters("query").contains(&"cursor"))
}

#[test]
fn every_list_of_the_contract_can_be_exported() {
    let (lists, operations) = (lists(), operations());
    let is_at = |path: &str, template: &str| {
        let (path, template): (Vec<&str>, Vec<&str>) =
            (path.split(['?']).next().unwrap().split('/').collect(), template.split('/').collect());
        path.len() == template.len() && path.iter().zip(template).all(|(word, part)| part.starts_with('{') || part == *word)
    };
    for operation in operations.iter().filter(|o| is_list(o)) {
        let exported: Vec<&List> = lists.iter().filter(|list| list.operation == operation.id).collect();
        let excused = NOT_EXPORTED.iter().any(|(id, _)| *id == operation.id);
        assert!(exported.is_empty() == excused, "{}: give it a line in exports/sources.rs, or a reason here, and not both", operation.id);
        for list in exported {
            assert!(is_at(list.path, &operation.path), "{} is not at {}", list.path, operation.path);
        }
    }
    let known = |id: &str| operations.iter().any(|o| o.id == id && is_list(o));
    let stale: Vec<&str> =
        lists.iter().map(|list| list.operation).chain(NOT_EXPORTED.iter().map(|(id, _)| *id)).filter(|id| !known(id)).collect();
    assert_eq!(stale, [""; 0], "lists that the contract does not know");
    let document = document();
    let offered = document["components"]["schemas"]["ExportResource"]["enum"].as_array().unwrap();
    let offered: BTreeSet<&str> = offered.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(offered, lists.iter().map(|list| list.resource).collect(), "what is offered and what is compared here differ");
}

/// A world with something in every list.
async fn filled() -> App {
    let World { app, .. } = World::new().await;
    let (admin, office) = (app.admin().await, app.office().await);
    // What is secret is exported only to who sees it.
    let secret = json!({"direction": "outgoing", "book": "M", "number": "1", "kind": "bao-cao", "issued_on": "2022-06-10", "summary": "Mật",
        "department": "DN", "secrecy": "secret"});
    office.put("/api/v1/documents/secret", secret).await.expect(201);
    // A day off before dossiers are due moves them.
    admin.put("/api/v1/calendars/vn/days/2022-06-16", json!({"kind": "day_off", "name": "Nghỉ"})).await.expect(201);
    let version = admin.get("/api/v1/calendars/vn").await.expect(200).body["version"].as_i64().unwrap();
    office.act("/api/v1/calendars/vn/revisions", version, json!({})).await.expect(201);
    app.with_jobs()
}

/// What the list shows over HTTP: all its pages, or a problem.
async fn listed(actor: &Actor, list: &List, paged: bool) -> Result<Vec<Value>, Answer> {
    let first = actor.get(list.path).await;
    match (first.status, paged) {
        (200, true) => Ok(pages(actor, list.path).await),
        (200, false) => Ok(first.body["items"].as_array().unwrap().clone()),
        _ => Err(first),
    }
}

fn wanted(list: &List, format: &str) -> Value {
    json!({"resource": list.resource, "format": format, "filter": list.filter})
}

#[tokio::test]
async fn an_export_is_all_pages_of_the_list() {
    let app = filled().await;
    let actors = [app.actor(Role::Auditor, None).await, app.actor(Role::Head, Some("DKKD")).await, app.admin().await];
    let operations = operations();
    let (mut empty, mut bound) = (BTreeSet::new(), BTreeSet::new());
    for list in lists() {
        let operation = operations.iter().find(|o| o.id == list.operation).unwrap();
        let paged = operation.parameters("query").contains(&"cursor");
        let mut rows = Vec::new();
        for actor in &actors {
            let about = format!("{} {}", list.path, actor.username);
            match listed(actor, &list, paged).await {
                Ok(items) => {
                    let view = export(actor, wanted(&list, "ndjson")).await;
                    assert_eq!(lines(actor, &view).await, items, "{about}");
                    assert_eq!(view["rows"].as_u64(), Some(items.len() as u64), "{about}");
                    rows.push(items.len());
                }
                Err(refused) if refused.status == 403 => {
                    actor.post("/api/v1/exports", wanted(&list, "ndjson")).await.expect(403);
                }
                Err(refused) => {
                    // What is out of sight is not there for an export either.
                    let view = export(actor, wanted(&list, "ndjson")).await;
                    let job = &view["job"];
                    assert_eq!(
                        (refused.status, &job["state"], &job["problem"]["code"]),
                        (404, &json!("failed"), &json!("not_found")),
                        "{about}"
                    );
                }
            }
        }
        if rows.iter().all(|rows| *rows == 0) {
            empty.insert(list.path);
        }
        if rows.iter().any(|n| *n != rows[0]) {
            bound.insert(list.resource);
        }
    }
    assert_eq!(empty, BTreeSet::new(), "lists with nothing in them");
    assert_eq!(bound, BOUND.iter().copied().collect(), "lists that show more to who sees more");
}

async fn file(actor: &Actor, view: &Value) -> Vec<u8> {
    assert_eq!(view["job"]["state"], "succeeded", "{view}");
    let url = format!("{}{}", actor.base, view["content"].as_str().unwrap());
    let answer = actor.http.get(url).bearer_auth(actor.token.as_ref().unwrap()).send().await.unwrap();
    answer.bytes().await.unwrap().to_vec()
}

/// A value in a cell, without the apostrophe that keeps a spreadsheet from running it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim_start_matches('\'').to_owned(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn every_list_comes_as_csv_and_as_a_spreadsheet() {
    let app = filled().await;
    let (auditor, admin) = (app.actor(Role::Auditor, None).await, app.admin().await);
    let mut seen = BTreeSet::new();
    for list in lists().into_iter().filter(|list| seen.insert(list.resource)) {
        let actor = if auditor.get(list.path).await.status == 200 { &auditor } else { &admin };
        let rows = export(actor, wanted(&list, "ndjson")).await;
        let rows = lines(actor, &rows).await;
        let view = export(actor, wanted(&list, "csv")).await;
        let columns: Vec<String> = view["columns"].as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect();
        let bytes = file(actor, &view).await;
        let mut reader = csv::Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), columns, "{}", list.resource);
        let read: Vec<Vec<String>> =
            reader.records().map(|r| r.unwrap().iter().map(|text| text.trim_start_matches('\'').to_owned()).collect()).collect();
        let told: Vec<Vec<String>> = rows.iter().map(|row| columns.iter().map(|c| cell(&row[c])).collect()).collect();
        assert_eq!(read, told, "{}", list.resource);

        let view = export(actor, wanted(&list, "xlsx")).await;
        let bytes = std::io::Cursor::new(file(actor, &view).await);
        let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(bytes).unwrap();
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let head: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!((head, sheet.height()), (columns, rows.len() + 1), "{}", list.resource);
    }
}

#[tokio::test]
async fn an_export_shows_one_moment() {
    let app = App::with_settings("2022-06-20T02:00:00Z", |s| s.jobs.pause_ms = 2000).await.with_examples().await.with_jobs();
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
    let wrong = json!({"resource": "measurement-versions", "format": "csv", "filter": {"kpi": {}, "period": null, "fields": "value", "expand": "kpi"}});
    let answer = office.post("/api/v1/exports", wrong).await.expect(400);
    let mut pointers = answer.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/filter/department", "/filter/expand", "/filter/fields", "/filter/kpi", "/filter/period"]);
    // A list that is answered at once has no pages to ask for either.
    let wrong =
        json!({"resource": "duty-occurrences", "format": "csv", "filter": {"limit": 5, "due_from": "2022-06-02", "due_to": "2022-06-01"}});
    let answer = office.post("/api/v1/exports", wrong).await.expect(400);
    assert_eq!(answer.pointers(), ["/filter/limit", "/filter/due_to"]);
    assert_eq!(app.count("jobs").await, 0);
    let tried = office.post("/api/v1/exports?dry_run=true", json!({"resource": "dossiers", "format": "csv"})).await.expect(202);
    assert_eq!((tried.header("dry-run"), app.count("jobs").await), (Some("true"), 0));
}
