//! What holds of every operation of the contract: versions and preconditions, dry runs, safe retries, languages. Who is
//! left out stands in a closed table, with the reason.

use std::collections::BTreeMap;

use dunghen::auth::Role;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Row};

use crate::access::{Relation, Sample, World, as_sent, table};
use crate::contract::{Operation, check_problem, document, followed, operations};
use crate::harness::{Actor, Answer};

/// Writes that change nothing that exists, and so name no version.
const UNCONDITIONAL: [(&str, &str); 23] = [
    ("create_session", "begins a session"),
    ("refresh_session", "the token itself is used once"),
    ("delete_session", "ends the session of its own token"),
    ("create_token", "begins the life of a token"),
    ("calculate_due_date", "stores nothing"),
    ("receive_dossier", "creates"),
    ("reserve_numbers", "creates"),
    ("freeze_report", "creates"),
    ("purge_personal_data", "of whatever is old enough"),
    ("load_users", "rows are put by their key"),
    ("load_departments", "rows are put by their key"),
    ("load_procedures", "rows are put by their key"),
    ("load_tasks", "rows are put by their key"),
    ("load_dossiers", "rows are put by their key"),
    ("load_documents", "rows are put by their key"),
    ("load_measurements", "rows are put by their key"),
    ("load_survey_answers", "rows are put by their key"),
    ("raise_obstacle", "creates"),
    ("create_explanation", "creates"),
    ("create_decision", "creates"),
    ("import_duties", "creates what is missing"),
    ("create_export", "creates"),
    ("cancel_job", "a job has no version"),
];

/// Writes that cannot be tried.
const UNTRIED: [(&str, &str); 5] = [
    ("create_session", "a password is tried in earnest"),
    ("refresh_session", "the token is used by it"),
    ("delete_session", "signing out harms nothing"),
    ("create_token", "RFC 6749"),
    ("calculate_due_date", "stores nothing"),
];

/// Writes whose answer is no single resource with a version.
const UNVERSIONED: [(&str, &str); 4] = [
    ("purge_personal_data", "tells how many there were"),
    ("import_duties", "tells which were made and which were there"),
    ("create_export", "a job has no version: it goes on by itself"),
    ("cancel_job", "a job has no version: it goes on by itself"),
];

/// Reads that name a version and are no resource with one.
const COMPARED: [(&str, &str); 1] = [("get_plan_difference", "holds two versions against each other")];

/// Details that change by the day or by figures elsewhere, without a new version, and are always sent.
const BY_THE_DAY: [&str; 10] = [
    "get_plan",
    "get_number_reservation",
    "get_dossier",
    "get_dossier_by_code",
    "get_task",
    "get_explanation",
    "get_decision",
    "get_submission",
    "get_criteria_sheet",
    "get_criterion_score",
];

fn among(table: &[(&str, &str)], operation: &Operation) -> bool {
    table.iter().any(|(id, _)| *id == operation.id)
}

fn is_bulk(operation: &Operation) -> bool {
    operation.path.ends_with("/bulk")
}

async fn someone(world: &World, operation: &Operation) -> Actor {
    match operation.permission {
        Some(permission) => world.actor(*Role::ALL.iter().find(|r| permission.span(**r).is_some()).unwrap(), true).await,
        None => world.app.nobody(),
    }
}

fn writes(world: &World) -> Vec<(Operation, Sample)> {
    table(world.place(Relation::Own)).into_iter().filter(|(o, _)| o.method != "GET").collect()
}

/// The sample in earnest.
fn real(sample: &Sample) -> String {
    sample.path.replace("?dry_run=true", "")
}

async fn send(actor: &Actor, operation: &Operation, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
    match body {
        // A file or a table is sent as it is.
        Some(body) if body.is_string() => {
            let (media, body) = as_sent(operation, body);
            actor
                .send(&operation.method, path, &[headers, &[("content-type", media), ("accept-language", "en")]].concat(), Some(body))
                .await
        }
        Some(body) => actor.json(&operation.method, path, headers, body).await,
        None => actor.send(&operation.method, path, &[headers, &[("accept-language", "en")]].concat(), None).await,
    }
}

#[tokio::test]
async fn every_single_resource_tells_its_version() {
    let world = World::new().await;
    let document = document();
    let mut seen = 0;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let view = followed(&document, &operation.spec["responses"]["200"]["content"]["application/json"]["schema"]);
        let single = operation.answers("304") || view["properties"].get("version").is_some();
        if operation.method != "GET" || operation.permission.is_none() || !single || among(&COMPARED, &operation) {
            continue;
        }
        seen += 1;
        let actor = someone(&world, &operation).await;
        let got = actor.get(&sample.path).await.expect(200);
        let tag = got.header("etag").unwrap_or_else(|| panic!("{}: no ETag", operation.id)).to_owned();
        if let Some(version) = got.body.get("version") {
            assert_eq!(tag, format!("\"{version}\""), "{}", operation.id);
        }
        let by_the_day = BY_THE_DAY.contains(&operation.id.as_str());
        for condition in [tag.clone(), format!("W/{tag}"), format!("\"999\", {tag}")] {
            let again = actor.send("GET", &sample.path, &[("if-none-match", &condition)], None).await;
            assert_eq!(again.status, if by_the_day { 200 } else { 304 }, "{}", operation.id);
            assert!(again.status != 304 || (again.text.is_empty() && again.header("etag") == Some(&tag)), "{}", operation.id);
        }
        actor.send("GET", &sample.path, &[("if-none-match", "\"999\"")], None).await.expect(200);
    }
    assert!(seen >= 14, "{seen}");
}

#[tokio::test]
async fn every_change_names_the_version_it_was_decided_on() {
    let world = World::new().await;
    for (operation, sample) in writes(&world) {
        let conditional = operation.parameters("header").contains(&"If-Match");
        assert_eq!(conditional, !among(&UNCONDITIONAL, &operation), "{}", operation.id);
        if !conditional {
            continue;
        }
        let actor = someone(&world, &operation).await;
        let (about, path) = (&operation.id, sample.path.as_str());
        let mut body = sample.body.clone();
        if operation.method == "PUT" {
            // It stands there already, and would become another.
            let made = send(&actor, &operation, &real(&sample), &[("if-match", "*")], body.as_ref()).await;
            assert!([200, 201].contains(&made.status), "{about}: {}", made.text);
            let file = body.as_ref().unwrap().as_str().map(|file| format!("{file} khác"));
            let member = ["name", "display_name", "title", "value", "summary", "cause", "what", "due_on", "note"]
                .into_iter()
                .find(|m| body.as_ref().unwrap().get(m).is_some());
            match (member, file) {
                (_, Some(file)) => body = Some(json!(file)),
                (Some("due_on"), None) => body.as_mut().unwrap()["due_on"] = json!("2022-07-04"),
                (Some("value"), None) => body.as_mut().unwrap()["value"] = json!(12),
                (member, None) => body.as_mut().unwrap()[member.unwrap()] = json!("Tên khác hẳn"),
            }
            let only = send(&actor, &operation, path, &[("if-none-match", "*")], body.as_ref()).await;
            assert!(only.status == 412, "{about}: {} {}", only.status, only.text);
            check_problem(&only, about);
        }
        let missing = send(&actor, &operation, path, &[], body.as_ref()).await;
        check_problem(&missing, about);
        assert_eq!((missing.status, missing.code()), (428, "precondition_required"), "{about}: {}", missing.text);
        let version = missing.body["current_version"].as_i64().unwrap_or_else(|| panic!("{about}: {}", missing.text));
        for stale in ["\"99999\"".to_owned(), "\"x\"".to_owned(), format!("W/\"{version}\""), format!("\"{}\"", version - 1)] {
            let stale = send(&actor, &operation, path, &[("if-match", &stale)], body.as_ref()).await;
            check_problem(&stale, about);
            assert_eq!((stale.status, &stale.body["current_version"]), (412, &json!(version)), "{about}: {}", stale.text);
            if stale.status == 412 && version > 1 && stale.body.get("changes").is_some() {
                assert!(stale.body["changed_by"].is_string(), "{about}: {}", stale.text);
            }
        }
        let right = send(&actor, &operation, path, &[("if-match", &format!("\"{version}\""))], body.as_ref()).await;
        assert!((200..300).contains(&right.status), "{about}: {} {}", right.status, right.text);
    }
    let known: Vec<String> = operations().into_iter().map(|o| o.id).collect();
    let unknown =
        [&UNCONDITIONAL[..], &UNTRIED, &UNVERSIONED, &COMPARED].concat().into_iter().find(|(id, _)| !known.iter().any(|k| k == id));
    assert_eq!(unknown, None, "an exception for what does not exist");
}

/// The content of every table, as a checksum.
async fn content(pool: &PgPool) -> BTreeMap<String, String> {
    let tables = sqlx::query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").fetch_all(pool).await.unwrap();
    let one = |t: &str| format!("SELECT '{t}' AS t, md5(coalesce(string_agg(x::text, '|' ORDER BY x::text), '')) AS sum FROM {t} x");
    let all: Vec<String> = tables.iter().map(|t| one(t.get(0))).collect();
    let sums = sqlx::query(AssertSqlSafe(all.join(" UNION ALL "))).fetch_all(pool).await.unwrap();
    sums.iter().map(|row| (row.get("t"), row.get("sum"))).collect()
}

async fn keep(connection: &mut PgConnection, tables: impl Iterator<Item = &String>) {
    connection.execute("CREATE SCHEMA kept").await.unwrap();
    for table in tables {
        connection.execute(AssertSqlSafe(format!("CREATE TABLE kept.{table} AS TABLE public.{table}"))).await.unwrap();
    }
}

/// Puts back what some tables held.
async fn restore(connection: &mut PgConnection, tables: &[&String]) {
    connection.execute("SET session_replication_role = replica").await.unwrap();
    for table in tables {
        let columns: String = sqlx::query_scalar(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
              WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'",
        )
        .bind(table)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        let insert = format!("INSERT INTO public.{table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM kept.{table}");
        connection.execute(AssertSqlSafe(format!("BEGIN; DELETE FROM public.{table}; {insert}; COMMIT"))).await.unwrap();
    }
}

/// An answer without what is made anew each time: ids, secrets and what names them.
fn lasting(value: &Value) -> Value {
    match value {
        Value::String(text) if uuid::Uuid::try_parse(text.rsplit('/').find(|part| part.len() == 36).unwrap_or(text)).is_ok() => json!("id"),
        Value::Array(items) => items.iter().map(lasting).collect(),
        Value::Object(members) => {
            let made_anew = |name: &str| ["client_secret", "secret", "hint", "prefix"].contains(&name);
            members.iter().filter(|(name, _)| !made_anew(name)).map(|(name, value)| (name.clone(), lasting(value))).collect()
        }
        other => other.clone(),
    }
}

/// A dry run answers what the act then answers and stores nothing; the act is repeated from what was kept; both tell the version.
#[tokio::test]
async fn every_write_can_be_tried_and_every_post_repeated() {
    let world = World::new().await;
    let app = &world.app;
    let before = content(&app.pool).await;
    let mut connection = app.pool.acquire().await.unwrap();
    keep(&mut connection, before.keys()).await;
    for (operation, sample) in writes(&world) {
        let about = &operation.id;
        assert_eq!(operation.parameters("query").contains(&"dry_run"), !among(&UNTRIED, &operation), "{about}");
        let keyed = operation.parameters("header").contains(&"Idempotency-Key");
        let posted = operation.method == "POST" && !among(&UNTRIED, &operation);
        assert!(keyed || !posted, "{about} takes no Idempotency-Key");
        if among(&UNTRIED, &operation) {
            continue;
        }
        let actor = someone(&world, &operation).await;
        let sample = world.own_job(&actor, &sample).await;
        let here = content(&app.pool).await;
        let body = sample.body.as_ref();
        let headers = [("if-match", "*"), ("idempotency-key", "k")];
        let dry_path = if sample.path.contains("dry_run") { sample.path.clone() } else { format!("{}?dry_run=true", sample.path) };
        let dry = send(&actor, &operation, &dry_path, &headers, body).await;
        assert!((200..300).contains(&dry.status), "{about}: {} {}", dry.status, dry.text);
        assert_eq!(dry.header("dry-run"), Some("true"), "{about}");
        let after = content(&app.pool).await;
        assert_eq!(after, here, "{about}: a dry run stored something");
        let done = send(&actor, &operation, &real(&sample), &headers, body).await;
        assert_eq!((done.status, done.header("dry-run")), (dry.status, None), "{about}: {}", done.text);
        assert_eq!(lasting(&done.body), lasting(&dry.body), "{about}");
        assert_eq!(done.header("etag"), dry.header("etag"), "{about}");
        let versioned = done.header("etag").is_some_and(|tag| tag.starts_with('"'));
        assert_eq!(versioned, !among(&UNVERSIONED, &operation) && !is_bulk(&operation), "{about}: {:?}", done.headers);
        let stored = content(&app.pool).await;
        assert_ne!(stored, here, "{about} stored nothing");
        if keyed {
            let again = send(&actor, &operation, &real(&sample), &headers, body).await;
            assert_eq!((again.status, again.header("idempotency-replayed")), (done.status, Some("true")), "{about}: {}", again.text);
            assert_eq!(lasting(&again.body), lasting(&done.body), "{about}");
            assert_eq!(again.header("etag"), done.header("etag"), "{about}");
            assert_eq!(content(&app.pool).await, stored, "{about}: a repetition stored something");
        }
        let changed: Vec<&String> = before.keys().filter(|t| stored[*t] != before[*t] && !t.starts_with("user")).collect();
        restore(&mut connection, &changed).await;
    }
}

/// What is wrong has the same codes in both languages, and other words.
#[tokio::test]
async fn every_operation_speaks_both_languages() {
    let world = World::new().await;
    for (operation, sample) in table(world.place(Relation::Own)) {
        let Some(permission) = operation.permission else { continue };
        let actor = world.actor(*Role::ALL.iter().find(|r| permission.span(**r).is_some()).unwrap(), true).await;
        let path = format!("{}{}nonsense=1", sample.path, if sample.path.contains('?') { "&" } else { "?" });
        let body = sample.body.as_ref().map(|b| serde_json::to_vec(b).unwrap());
        let mut told = Vec::new();
        for (language, tag) in [("vi", "vi"), ("en-GB,en;q=0.9", "en"), ("fr", "vi")] {
            let headers = [("accept-language", language), ("content-type", "application/json"), ("if-match", "*")];
            let answer = actor.send(&operation.method, &path, &headers, body.clone()).await;
            check_problem(&answer, &operation.id);
            assert_eq!((answer.status, answer.header("content-language")), (400, Some(tag)), "{}: {}", operation.id, answer.text);
            let faults: Vec<_> = answer.fault_codes().into_iter().zip(answer.pointers()).map(|(c, p)| format!("{c} {p}")).collect();
            told.push((answer.code().to_owned(), faults, answer.body["title"].clone(), answer.body["errors"][0]["detail"].clone()));
        }
        let [vi, en, other] = told.try_into().unwrap();
        assert_eq!((&vi.0, &vi.1), (&en.0, &en.1), "{}", operation.id);
        assert!(vi.2 != en.2 && vi.3 != en.3 && vi == other, "{}: {vi:?} {en:?}", operation.id);
    }
}
