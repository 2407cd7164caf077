//! The 300 worked dossiers: loaded over HTTP they give exactly the expected answers.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::harness::App;

pub fn rows() -> Vec<Value> {
    include_str!("../data/dossiers.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn expected() -> Value {
    serde_json::from_str(include_str!("../data/expected.json")).unwrap()
}

/// The expected answers hold as of the end of 2022.
pub async fn loaded() -> App {
    let app = App::at("2022-12-31T23:59:59+07:00").await.with_examples().await;
    let office = app.office().await;
    let answer = office.load("/api/v1/dossiers/bulk", &rows()).await.expect(200);
    assert_eq!(answer.body["summary"], json!({"received": 300, "created": 300, "updated": 0, "unchanged": 0, "rejected": 0}));
    app
}

#[tokio::test]
async fn every_dossier_has_the_expected_answers() {
    let app = loaded().await;
    let auditor = app.actor(dunghen::auth::Role::Auditor, None).await;
    let mut wrong = Vec::new();
    for expected in expected()["dossiers"].as_array().unwrap() {
        let code = expected["code"].as_str().unwrap();
        let found = auditor.get(&format!("/api/v1/dossiers/by-code/{code}")).await.expect(200).body;
        for (name, value) in expected.as_object().unwrap() {
            if name != "today_sensitive" && &found[name] != value {
                wrong.push(format!("{code} {name}: expected {value}, found {}", found[name]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_list_tells_the_same_as_the_details() {
    let app = loaded().await;
    let auditor = app.actor(dunghen::auth::Role::Auditor, None).await;
    let expected = expected();
    let by_code: HashMap<&str, &Value> =
        expected["dossiers"].as_array().unwrap().iter().map(|d| (d["code"].as_str().unwrap(), d)).collect();
    let (mut path, mut seen) = ("/api/v1/dossiers?limit=70".to_owned(), Vec::new());
    loop {
        let page = auditor.get(&path).await.expect(200).body;
        for item in page["items"].as_array().unwrap() {
            let code = item["code"].as_str().unwrap().to_owned();
            for name in ["status", "outcome", "timeliness", "due_on", "first_due_on", "finished_on"] {
                assert_eq!(item[name], by_code[code.as_str()][name], "{code} {name}");
            }
            seen.push(code);
        }
        match page["page"]["next_cursor"].as_str() {
            Some(next) => path = format!("/api/v1/dossiers?limit=70&cursor={next}"),
            None => break,
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 300);
    // Filters in SQL agree with the rule in Rust, outcome by outcome.
    for (filter, field) in [("outcome", "outcome"), ("timeliness", "timeliness"), ("status", "status")] {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        by_code.values().for_each(|d| *counts.entry(d[field].as_str().unwrap()).or_default() += 1);
        for (word, count) in counts {
            let page = auditor.get(&format!("/api/v1/dossiers?limit=500&{filter}={word}")).await.expect(200).body;
            assert_eq!(page["items"].as_array().unwrap().len(), count, "{filter}={word}");
        }
    }
}

#[tokio::test]
async fn sending_the_same_rows_again_writes_nothing() {
    let app = loaded().await;
    let office = app.office().await;
    let before = (app.count("audit_events").await, app.count("outbox_events").await);
    let again = office.load("/api/v1/dossiers/bulk", &rows()).await.expect(200);
    assert_eq!(again.body["summary"]["unchanged"], 300);
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), before);

    let mut changed = rows();
    changed[0]["applicant"]["name"] = json!("Tên khác");
    let again = office.load("/api/v1/dossiers/bulk", &changed).await.expect(200);
    assert_eq!((&again.body["summary"]["unchanged"], &again.body["summary"]["updated"]), (&json!(299), &json!(1)));
    let found = office.get(&format!("/api/v1/dossiers/by-code/{}", changed[0]["code"].as_str().unwrap())).await.body;
    assert_eq!((&found["version"], &found["applicant"]["name"]), (&json!(2), &json!("Tên khác")));
}

#[tokio::test]
async fn the_three_media_types_and_gzip_tell_the_same() {
    use std::io::Write;
    let app = App::at("2022-12-31T23:59:59+07:00").await.with_examples().await;
    let office = app.office().await;
    let rows = rows();
    let array = serde_json::to_vec(&rows).unwrap();
    let dry = "/api/v1/dossiers/bulk?dry_run=true";
    let plain = office.send("POST", dry, &[("content-type", "application/json")], Some(array.clone())).await.expect(200);
    assert_eq!((&plain.body["summary"]["created"], plain.header("dry-run")), (&json!(300), Some("true")));
    assert_eq!(app.count("dossiers").await, 0);

    let columns = [
        "code",
        "source_system",
        "external_code",
        "procedure",
        "receiving_department",
        "resolving_department",
        "channel",
        "applicant",
        "submitted_at",
        "accepted_at",
        "supplements",
        "suspensions",
        "apologies",
        "consultations",
        "decision",
        "decision_reason",
        "decision_document_no",
        "finished_at",
        "returned_at",
    ];
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).unwrap();
    for row in &rows {
        writer
            .write_record(columns.map(|c| match &row[c] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }))
            .unwrap();
    }
    office.send("POST", "/api/v1/dossiers/bulk", &[("content-type", "text/csv")], Some(writer.into_inner().unwrap())).await.expect(200);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&array).unwrap();
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let same = office.send("POST", "/api/v1/dossiers/bulk", &headers, Some(gz.finish().unwrap())).await.expect(200);
    assert_eq!(same.body["summary"]["unchanged"], 300);
}
