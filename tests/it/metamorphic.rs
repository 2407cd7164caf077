//! Two ways to the same: what is told must not depend on how it was brought about or asked for.
//!
//! `DUNGHEN_META_SEED=7 DUNGHEN_META_SIZE=200 cargo test --test it metamorphic::` tries other and more.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use dunghen::auth::{Role, Span};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};

use crate::access::{Relation, World, table};
use crate::harness::{Actor, App};
use crate::model::story::Dice;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap())
}

fn dice() -> Dice {
    let seed = setting("DUNGHEN_META_SEED", 20_220_419);
    println!("DUNGHEN_META_SEED={seed}");
    Dice(seed)
}

fn size(default: u64) -> i64 {
    i64::try_from(setting("DUNGHEN_META_SIZE", default)).unwrap()
}

fn and(path: &str, more: &str) -> String {
    format!("{path}{}{more}", if path.contains('?') { "&" } else { "?" })
}

async fn walk(actor: &Actor, path: &str, limit: i64) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = actor.get(&and(path, &format!("limit={limit}{cursor}"))).await.expect(200).body;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// The orders of lists that have several.
const SORTS: [(&str, &[&str]); 2] =
    [("list_dossiers", &["received_at", "-received_at"]), ("list_documents", &["registered_on", "-registered_on"])];

/// All pages, however small, are the one big page, in every order and under filters.
#[tokio::test]
async fn all_pages_are_the_one_big_page() {
    let world = World::new().await;
    let mut lists = 0;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let parameters = operation.parameters("query");
        // The results of a load open only to who sent it; `jobs` pages through them.
        let listed = parameters.contains(&"cursor") && operation.id != "list_job_results";
        let Some(permission) = operation.permission.filter(|_| listed) else { continue };
        lists += 1;
        let sorts = SORTS.iter().find(|(id, _)| *id == operation.id).map_or(&[][..], |(_, sorts)| *sorts);
        assert_eq!(parameters.contains(&"sort"), !sorts.is_empty(), "{}: name its orders", operation.id);
        let mut paths: Vec<String> = vec![sample.path.clone()];
        paths.extend(sorts.iter().map(|sort| and(&sample.path, &format!("sort={sort}"))));
        if operation.id == "list_dossiers" {
            paths.push("/api/v1/dossiers?status=processing,accepted&q=nguyen&sort=received_at".into());
            paths.push("/api/v1/dossiers?channel=direct&fields=code&expand=procedure".into());
        }
        for role in [Span::All, Span::Below, Span::Own].map(|span| Role::ALL.iter().find(|r| permission.span(**r) == Some(span))) {
            let Some(role) = role else { continue };
            let actor = world.actor(*role, true).await;
            for path in &paths {
                let whole = walk(&actor, path, 500).await;
                for limit in [2, 3, 7] {
                    assert_eq!(walk(&actor, path, limit).await, whole, "{path} by {} in pages of {limit}", role.name());
                }
            }
        }
    }
    assert!(lists >= 13, "{lists}");
    let actor = world.app.office().await;
    let (up, down) = (walk(&actor, "/api/v1/dossiers?sort=received_at", 5).await, walk(&actor, "/api/v1/dossiers", 4).await);
    assert_eq!(up, down.into_iter().rev().collect::<Vec<_>>());
}

/// Without what each database makes anew.
fn lasting(items: Vec<Value>) -> Vec<Value> {
    let strip = |mut item: Value| {
        item.as_object_mut().unwrap().remove("id");
        item
    };
    items.into_iter().map(strip).collect()
}

fn departments(dice: &mut Dice, count: i64) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    for n in 0..count {
        let parent = if n == 0 || dice.chance(20) { Value::Null } else { rows[dice.index(rows.len())]["code"].clone() };
        let members: Vec<Value> = if n > 2 && dice.chance(20) { vec![rows[0]["code"].clone(), rows[1]["code"].clone()] } else { vec![] };
        rows.push(json!({"code": format!("D{n:03}"), "name": format!("Phòng {}", dice.below(1000)), "parent": parent, "members": members,
            "kind": dice.one_of(&["division", "unit", "centre", "collective"]), "one_stop": dice.chance(20),
            "valid_from": dice.one_of(&[Value::Null, json!("2021-01-01")])}));
    }
    rows
}

fn procedures(dice: &mut Dice, count: i64, departments: &[Value]) -> Vec<Value> {
    let limit = |dice: &mut Dice| {
        dice.one_of(&[Value::Null, json!({"value": 5, "unit": "working_day"}), json!({"value": 8, "unit": "working_hour"})])
    };
    (0..count)
        .map(|n| {
            json!({"code": format!("P{n:03}"), "name": format!("Thủ tục {}", dice.below(1000)), "field": {"code": format!("F{}", n % 3), "name": "Lĩnh vực"},
                "department": departments[dice.index(departments.len())]["code"], "limit": limit(dice), "fee_vnd": dice.one_of(&[json!(0), Value::Null])})
        })
        .collect()
}

/// Some of the rows changed, some the same.
fn changed(dice: &mut Dice, rows: &[Value]) -> Vec<Value> {
    let change = |dice: &mut Dice, row: &Value| {
        let mut row = row.clone();
        if dice.chance(50) {
            row["name"] = json!(format!("Tên {}", dice.below(1000)));
        }
        row
    };
    rows.iter().map(|row| change(dice, row)).collect()
}

#[tokio::test]
async fn a_load_is_its_rows_put_one_by_one() {
    let mut dice = dice();
    let (bulk, single) = (App::start().await, App::start().await);
    let (loader, putter) = (bulk.admin().await, single.admin().await);
    let units = departments(&mut dice, size(25));
    let terms = procedures(&mut dice, size(25), &units);
    let people: Vec<Value> = (0..size(10))
        .map(|n| {
            let department = &units[dice.index(units.len())]["code"];
            json!({"username": format!("u{n}"), "display_name": format!("Người {}", dice.below(100)), "grants": [{"role": "officer", "department": department}]})
        })
        .collect();
    for (resource, key, rows) in [("departments", "code", &units), ("procedures", "code", &terms), ("users", "username", &people)] {
        let path = format!("/api/v1/{resource}");
        let again = if resource == "users" { rows.clone() } else { changed(&mut dice, rows) };
        for rows in [rows, &again, &again] {
            let tried = loader.post(&format!("{path}/bulk?dry_run=true&return=all"), json!(rows)).await.expect(200);
            let loaded = loader.post(&format!("{path}/bulk?return=all"), json!(rows)).await.expect(200);
            assert_eq!(tried.body, loaded.body, "{resource}");
            for (row, told) in rows.iter().zip(loaded.body["results"].as_array().unwrap()) {
                let put = putter.json("PUT", &format!("{path}/{}", row[key].as_str().unwrap()), &[("if-match", "*")], row).await;
                let status = match (put.status, put.header("unchanged")) {
                    (201, None) => "created",
                    (200, None) => "updated",
                    (200, Some("true")) => "unchanged",
                    other => panic!("{resource} {row}: {other:?} {}", put.text),
                };
                assert_eq!(told["status"], status, "{resource} {row}");
            }
            let mine =
                |items: Vec<Value>| items.into_iter().filter(|i| !i["username"].as_str().is_some_and(|u| u.starts_with("admin"))).collect();
            assert_eq!(lasting(mine(walk(&loader, &path, 500).await)), lasting(mine(walk(&putter, &path, 500).await)), "{resource}");
        }
    }
}

/// What a dry run answers is what the load then answers, word for word, also of what is refused.
#[tokio::test]
async fn a_dry_run_answers_what_the_load_then_answers() {
    let mut dice = dice();
    for mode in ["atomic", "best_effort"] {
        let app = App::at("2022-06-20T02:00:00Z").await.with_examples().await;
        let office = app.office().await;
        for round in 0..size(40) / 10 {
            let rows: Vec<Value> = (0..20)
                .map(|n| {
                    let mut row = json!({"code": format!("H-{}", dice.below(60)), "procedure": dice.one_of(&["2.001199", "2.002043"]),
                        "receiving_department": "MC", "channel": dice.one_of(&["online", "direct", "postal"]), "applicant": {"kind": "citizen", "name": "Trần B"},
                        "accepted_at": format!("2022-0{}-1{}T08:30:00+07:00", 1 + dice.below(6), dice.below(9))});
                    if round % 2 == 0 && dice.chance(10) {
                        row["procedure"] = json!("nowhere");
                    }
                    if dice.chance(30) {
                        row["decision"] = json!("resolved");
                        row["finished_at"] = json!("2022-06-19T10:00:00+07:00");
                    }
                    if round == 0 && n == 0 {
                        row["channel"] = json!("pigeon");
                    }
                    row
                })
                .collect();
            let path = format!("/api/v1/dossiers/bulk?mode={mode}&return=all");
            let tried = office.load(&format!("{path}&dry_run=true"), &rows).await;
            let done = office.load(&path, &rows).await;
            assert!([200, 207, 422].contains(&done.status), "{}", done.text);
            let without_id = |mut body: Value| {
                body.as_object_mut().unwrap().remove("request_id");
                body
            };
            assert_eq!((tried.status, without_id(tried.body)), (done.status, without_id(done.body)), "{mode} {round}");
        }
    }
}

/// Where the current version of a subject stands; a closed list, so that a new kind of subject is thought of here.
const SUBJECTS: [(&str, &str); 19] = [
    ("briefing_decision", "briefing_decisions"),
    ("calendar", "calendars"),
    ("client", "clients"),
    ("criteria_sheet", "criteria_sheets"),
    ("criterion_score", "criterion_scores"),
    ("department", "departments"),
    ("document", "documents"),
    ("dossier", "dossiers"),
    ("duty", "duties"),
    ("kpi", "kpis"),
    ("kpi_measurement", "kpi_measurements"),
    ("kpi_submission", "kpi_submissions"),
    ("obstacle", "obstacles"),
    ("plan", "plans"),
    ("procedure", "procedures"),
    ("rule_set", "rule_sets"),
    ("survey", "surveys"),
    ("task", "tasks"),
    ("user", "users"),
];

/// Subjects without a row that has a version.
const WITHOUT: [&str; 6] = ["report_snapshot", "dossier_number_reservation", "personal_data", "job", "duty_occurrence", "explanation"];

/// What is done on behalf of a subject and leaves it as it is.
const LEAVES: [&str; 1] = ["calendar.revise"];

/// Replaying the events leads to the subjects as they are: each version told once, in order, none left out; the last one is the row's.
#[tokio::test]
async fn replaying_the_events_leads_to_the_present_state() {
    let world = World::new().await;
    let app = &world.app;
    let (admin, mut dice) = (app.admin().await, dice());
    let units = departments(&mut dice, size(10));
    for rows in [units.clone(), changed(&mut dice, &units)] {
        admin.post("/api/v1/departments/bulk", json!(rows)).await.expect(200);
    }
    for period in ["2022-04", "2022-05"] {
        let report = json!({"department": "DKKD", "period": period, "content": "Đã rà soát", "percent": 60,
            "evidence": [{"document_number": "245/BC", "issued_on": "2022-06-10"}]});
        let path = "/api/v1/tasks/kh-DKKD.a/progress-reports";
        app.office().await.json("POST", path, &[("if-match", "*")], &report).await.expect(201);
    }
    let events = sqlx::query("SELECT type, subject_type, subject_id, subject_code, version, data FROM outbox_events ORDER BY seq")
        .fetch_all(&app.pool)
        .await
        .unwrap();
    assert!(events.len() > 80, "{}", events.len());
    let mut subjects: BTreeMap<(String, uuid::Uuid), (i32, Option<Value>)> = BTreeMap::new();
    for event in &events {
        let (kind, version): (String, i32) = (event.get("subject_type"), event.get("version"));
        if WITHOUT.contains(&kind.as_str()) {
            continue;
        }
        let about: String = event.get("type");
        // These come with the database, or with the plan that holds them.
        let there = ["calendar", "document", "duty", "obstacle", "rule_set", "kpi", "task"].contains(&kind.as_str());
        let state = subjects.entry((kind, event.get("subject_id"))).or_insert((if there { version - 1 } else { 0 }, None));
        if LEAVES.contains(&about.as_str()) {
            assert_eq!(version, state.0, "{about} is told of another version");
            continue;
        }
        assert_eq!(version, state.0 + 1, "{about} {:?} leaves a gap", event.get::<Option<String>, _>("subject_code"));
        *state = (version, about.ends_with(".put").then(|| event.get("data")));
    }
    for (kind, table) in SUBJECTS {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT id, version FROM {table}"))).fetch_all(&app.pool).await.unwrap();
        let known: Vec<_> = subjects.iter().filter(|((k, _), _)| k == kind).collect();
        assert!(
            known.len() <= rows.len() && (["rule_set", "document", "duty", "obstacle"].contains(&kind) || !known.is_empty()),
            "{kind}: {} events, {} rows",
            known.len(),
            rows.len()
        );
        for ((_, id), (version, _)) in known {
            let row = rows.iter().find(|r| r.get::<uuid::Uuid, _>("id") == *id).unwrap_or_else(|| panic!("{kind} {id} is gone"));
            assert_eq!(row.get::<i32, _>("version"), *version, "{kind} {id}");
        }
    }
    for (kind, id) in subjects.keys() {
        assert!(SUBJECTS.iter().any(|(known, _)| known == kind), "where is the version of {kind} {id}?");
    }
    // Where an event carries the state it is the state.
    let mut carried = 0;
    let office = app.office().await;
    for (kind, path, actor) in
        [("department", "departments", &admin), ("procedure", "procedures", &admin), ("kpi", "kpis", &office), ("user", "users", &admin)]
    {
        for ((_, id), (_, data)) in subjects.iter().filter(|((k, _), _)| k == kind) {
            let Some(data) = data else { continue };
            let now = actor.get(&format!("/api/v1/{path}/{id}")).await.expect(200).body;
            assert_eq!(data, &now, "{kind} {id}");
            carried += 1;
        }
    }
    assert!(carried > 15, "{carried}");
    let differ: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT subject_type || '.' || act, subject_id, version FROM audit_events EXCEPT ALL
                                SELECT type, subject_id, version FROM outbox_events) AS lines",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(differ, 0, "audit lines without their event");
}

/// A body for an act, with all that the rules ask for.
fn deed(act: &str, at: &str) -> Option<(String, Value)> {
    let (path, mut body) = match act {
        "processing" => ("processing", json!({})),
        "resolution" => ("resolution", json!({"document_no": "1/GCN"})),
        "refusal" => ("refusal", json!({"reason": "Bị cấm", "document_no": "7/TB"})),
        "supplement-requests" => ("supplement-requests", json!({"reason": "Thiếu điều lệ", "document_no": "12/TB", "items": ["Điều lệ"]})),
        "fulfilment" => ("supplement-requests/1/fulfilment", json!({})),
        "suspensions" => ("suspensions", json!({"reason": "Tranh chấp", "legal_basis": "Điều 47"})),
        "apologies" => ("apologies", json!({"reason": "Chờ ý kiến", "new_due_on": "2022-12-20", "document_no": "4/XL"})),
        "consultations" => ("consultations", json!({"agency": "Sở Xây dựng", "answer_due_on": "2022-12-20"})),
        "withdrawal" => ("withdrawal", json!({"reason": "Theo đề nghị"})),
        "return" => ("return", json!({"method": "direct"})),
        "transfer" => ("transfer", json!({"department": "DN", "reason": "Thẩm quyền"})),
        _ => return None,
    };
    body["occurred_at"] = json!(at);
    Some((path.to_owned(), body))
}

async fn reports(actor: &Actor, day: &str, from: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for path in [
        format!("dossier-results?from={from}&to={day}&group_by=department"),
        format!("dossier-outcomes?from={from}&to={day}&as_of={day}&group_by=procedure"),
        format!("overdue-reasons?from={from}&to={day}&as_of={day}&group_by=department"),
        format!("handling-times?from={from}&to={day}&as_of={day}&group_by=department"),
        format!("findings?from={from}&to={day}&as_of={day}&group_by=kind"),
    ] {
        let path = format!("/api/v1/reports/{path}");
        let body = actor.get(&path).await.expect(200).body;
        all.push((path, body));
    }
    all
}

/// What a report said on the evening of a day is what it says of that day ever after.
#[tokio::test]
async fn a_report_as_of_a_day_is_the_one_that_was_taken_then() {
    let mut dice = dice();
    let start: DateTime<Utc> = "2022-05-09T00:00:00Z".parse().unwrap();
    let first = App::at("2022-05-09T00:00:00Z").await.with_examples().await;
    let mut open: Vec<(String, i64)> = Vec::new();
    let mut taken: Vec<(String, Value)> = Vec::new();
    let mut acts = 0;
    for evening in 0..6 {
        // Saturdays are days, too; the evening is at 23:59 in Vietnam.
        let day = start + TimeDelta::days(evening * 5);
        let server = first.again_at(day + TimeDelta::hours(16) + TimeDelta::minutes(59)).await;
        let (counter, office) = (server.one_stop().await, server.office().await);
        let heads = [server.actor(Role::Head, Some("DKKD")).await, server.actor(Role::Head, Some("DN")).await];
        for _ in 0..size(8) {
            let at = (day + TimeDelta::hours(1 + dice.below(8))).to_rfc3339();
            let new = json!({"procedure": dice.one_of(&["2.001199", "2.002043"]), "receiving_department": "MC", "channel": dice.one_of(&["direct", "online"]),
                "accept": true, "occurred_at": at, "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
            let made = counter.post("/api/v1/dossiers", new).await.expect(201).body;
            open.push((made["id"].as_str().unwrap().to_owned(), 1));
        }
        for (id, version) in &mut open {
            for hour in 9..=10 + dice.below(3) {
                let at = (day + TimeDelta::hours(hour)).to_rfc3339();
                let act = dice.one_of(&[
                    "processing",
                    "processing",
                    "resolution",
                    "refusal",
                    "supplement-requests",
                    "fulfilment",
                    "suspensions",
                    "apologies",
                    "consultations",
                    "withdrawal",
                    "return",
                    "transfer",
                ]);
                let Some((path, body)) = deed(act, &at) else { continue };
                for actor in [&heads[0], &heads[1], &counter] {
                    let done = actor.act(&format!("/api/v1/dossiers/{id}/{path}"), *version, body.clone()).await;
                    if done.status == 200 {
                        *version = done.body["version"].as_i64().unwrap();
                        acts += 1;
                        break;
                    }
                }
            }
        }
        let on = day.format("%Y-%m-%d").to_string();
        taken.extend(reports(&office, &on, "2022-05-01").await);
        taken.extend(reports(&office, &on, &on).await);
    }
    assert!(acts > size(8), "{acts}");
    let later = first.again_at("2022-09-01T02:00:00Z".parse().unwrap()).await;
    let office = later.office().await;
    for (path, then) in taken {
        let now = office.get(&path).await.expect(200).body;
        assert_eq!(now, then, "{path}");
    }
}
