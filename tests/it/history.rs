//! Loads of history: verdicts row by row, and what may be loaded by whom.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::examples;
use crate::harness::App;

fn row(code: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online", "accepted_at": "2022-04-19T08:30:00+07:00"})
}

fn with(code: &str, change: Value) -> Value {
    let mut row = row(code);
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    row
}

#[tokio::test]
async fn every_fault_of_every_row_is_told_with_its_place() {
    let app = App::at("2022-12-31T12:00:00+07:00").await.with_examples().await;
    let office = app.office().await;
    let rows = [
        row("good"),
        with("codes", json!({"procedure": "x", "receiving_department": "y", "resolving_department": "z"})),
        with("future", json!({"accepted_at": "2023-01-01T00:00:00+07:00", "submitted_at": "2023-01-01T00:00:00+07:00"})),
        with(
            "backwards",
            json!({"submitted_at": "2022-04-20T00:00:00+07:00", "decision": "resolved", "finished_at": "2022-04-18T00:00:00+07:00"}),
        ),
        with(
            "overlap",
            json!({"supplements": [{"requested_at": "2022-04-20T09:00:00+07:00", "fulfilled_at": "2022-04-25T09:00:00+07:00"}],
            "suspensions": [{"from": "2022-04-22T09:00:00+07:00", "to": null}]}),
        ),
        with(
            "after",
            json!({"supplements": [{"requested_at": "2022-04-22T09:00:00+07:00"}], "decision": "resolved", "finished_at": "2022-04-21T09:00:00+07:00"}),
        ),
        with("unfinished", json!({"decision": "refused"})),
        with("undecided", json!({"finished_at": "2022-04-21T09:00:00+07:00"})),
        with("unaccepted", json!({"accepted_at": null, "decision": "resolved", "finished_at": "2022-04-21T09:00:00+07:00"})),
        with(
            "returned",
            json!({"decision": "refused", "finished_at": "2022-04-21T09:00:00+07:00", "returned_at": "2022-04-22T09:00:00+07:00"}),
        ),
        with("shape", json!({"channel": "fax", "nope": 1, "digitised": "yes"})),
        with("nul", json!({"decision_reason": "a\u{0}b"})),
        with("year", json!({"accepted_at": "2019-04-19T08:30:00+07:00"})),
        row("twice"),
        row("twice"),
        with("warned", json!({"due_on": "2022-05-01"})),
    ];
    let atomic = office.load("/api/v1/dossiers/bulk", &rows).await.expect(422);
    assert_eq!(
        (&atomic.body["summary"]["received"], &atomic.body["summary"]["rejected"], &atomic.body["summary"]["created"]),
        (&json!(16), &json!(14), &json!(0))
    );
    assert_eq!(app.count("dossiers").await + app.count("dossier_pauses").await, 0);

    let best = office.load("/api/v1/dossiers/bulk?mode=best_effort&return=all", &rows).await.expect(207);
    assert_eq!(best.body["summary"], json!({"received": 16, "created": 2, "updated": 0, "unchanged": 0, "rejected": 14}));
    let results = best.body["results"].as_array().unwrap();
    assert_eq!(results.iter().map(|r| r["index"].as_i64().unwrap()).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
    let faults = |i: usize| -> Vec<String> {
        results[i]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| format!("{} {}", e["code"].as_str().unwrap(), e["pointer"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(faults(1), ["unknown_code /procedure", "unknown_code /receiving_department", "unknown_code /resolving_department"]);
    assert_eq!(faults(2), ["date_in_future /submitted_at", "date_in_future /accepted_at"]);
    assert_eq!(faults(3), ["dates_backwards /accepted_at", "dates_backwards /finished_at"]);
    assert_eq!(faults(4), ["overlapping_pauses "]);
    assert_eq!(faults(5), ["dates_backwards /supplements/0/requested_at"]);
    assert_eq!(faults(6), ["missing /finished_at"]);
    assert_eq!(faults(7), ["inconsistent_decision /decision"]);
    assert_eq!(faults(8), ["missing /accepted_at"]);
    assert_eq!(faults(9), ["inconsistent_decision /returned_at"]);
    let mut shape = faults(10);
    shape.sort_unstable();
    assert_eq!(shape, ["not_in_list /channel", "unknown_field /nope", "wrong_type /digitised"]);
    assert_eq!(faults(11), ["wrong_format /decision_reason"]);
    assert_eq!(faults(12), ["calendar_missing "]);
    assert_eq!((faults(13), faults(14)), (vec!["duplicate_in_payload /code".to_owned()], vec!["duplicate_in_payload /code".to_owned()]));
    assert_eq!((&results[15]["status"], &results[15]["warnings"][0]["code"]), (&json!("created"), &json!("source_due_on_differs")));
    let warned = office.get("/api/v1/dossiers/by-code/warned").await.expect(200).body;
    assert_eq!((&warned["due_on"], &warned["source_due_on"]), (&json!("2022-04-22"), &json!("2022-05-01")));
}

#[tokio::test]
async fn broken_bodies_are_refused_as_a_whole() {
    let app = App::at("2022-12-31T12:00:00+07:00").await.with_examples().await;
    let office = app.office().await;
    let good = row("A").to_string();
    let send = async |kind: &str, body: String| {
        office.send("POST", "/api/v1/dossiers/bulk", &[("content-type", kind)], Some(body.into_bytes())).await
    };
    let broken = send("application/x-ndjson", format!("{good}\n{{\"code\": \n")).await.expect(400);
    assert_eq!((broken.code(), &broken.body["line"], &broken.body["offset"]), ("malformed_body", &json!(2), &json!(good.len() + 1)));
    send("application/json", format!("[{good}")).await.expect(400);
    send("text/csv", "code,procedure\nA".into()).await.expect(400);
    send("text/plain", good.clone()).await.expect(415);
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    office.send("POST", "/api/v1/dossiers/bulk", &headers, Some(b"not gzip".to_vec())).await.expect(400);
    assert_eq!(office.load("/api/v1/dossiers/bulk", &[]).await.expect(200).body["summary"]["received"], 0);
    assert_eq!(app.count("dossiers").await, 0);
}

#[tokio::test]
async fn a_client_that_vanishes_midway_has_loaded_nothing() {
    use tokio::io::AsyncWriteExt;
    let app = App::at("2022-12-31T12:00:00+07:00").await.with_examples().await;
    let office = app.office().await;
    let rows: String = (0..3000).map(|i| format!("{}\n", row(&format!("gone-{i}")))).collect();
    let host = app.base.trim_start_matches("http://");
    let head = format!(
        "POST /api/v1/dossiers/bulk HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        office.token.as_ref().unwrap(),
        rows.len() * 2
    );
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // Whole lines only: nothing but the missing end tells that the body is not complete.
    stream.write_all(rows.as_bytes()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(app.count("dossiers").await, 0);
    office.load("/api/v1/dossiers/bulk", &[row("gone-0")]).await.expect(200);
}

#[tokio::test]
async fn strategies_and_permissions_hold_row_by_row() {
    let app = App::at("2022-12-31T12:00:00+07:00").await.with_examples().await;
    let office = app.office().await;
    office.load("/api/v1/dossiers/bulk?strategy=update", &[row("A")]).await.expect(422);
    office.load("/api/v1/dossiers/bulk?strategy=create", &[row("A")]).await.expect(200);
    let again = office.load("/api/v1/dossiers/bulk?strategy=create&mode=best_effort", &[row("A"), row("B")]).await.expect(207);
    assert_eq!((&again.body["results"][0]["errors"][0]["code"], &again.body["summary"]["created"]), (&json!("exists"), &json!(1)));

    // A client for DKKD loads what DKKD resolves, and nothing else.
    let client = app.actor(Role::Integration, Some("DKKD")).await;
    let other = with("C", json!({"resolving_department": "THQH"}));
    let mixed = client.load("/api/v1/dossiers/bulk?mode=best_effort", &[row("D"), other.clone()]).await.expect(207);
    assert_eq!(mixed.body["results"][0]["errors"][0]["code"], "not_permitted");
    office.load("/api/v1/dossiers/bulk", &[other]).await.expect(200);
    let taken = client.load("/api/v1/dossiers/bulk?mode=best_effort", &[row("C")]).await.expect(207);
    assert_eq!(taken.body["results"][0]["errors"][0]["code"], "not_permitted");
    app.one_stop().await.load("/api/v1/dossiers/bulk", &[row("E")]).await.expect(403);
}

/// Whoever mends what was refused from the answer finds all of it there, or is told that there is more.
#[tokio::test]
async fn every_refused_row_is_listed_where_others_were_written() {
    let app = App::at("2022-12-31T12:00:00+07:00").await.with_examples().await;
    let actors = [(app.office().await, "dossiers"), (app.admin().await, "departments")];
    for (actor, resource) in &actors {
        let rows: Vec<String> = (0..1002).map(|n| json!({"code": format!("X-{n}")}).to_string()).collect();
        let path = format!("/api/v1/{resource}/bulk");
        let send = async |query: &str, key: Option<&str>| {
            let mut headers = vec![("content-type", "application/x-ndjson")];
            headers.extend(key.map(|key| ("idempotency-key", key)));
            actor.send("POST", &format!("{path}{query}"), &headers, Some(rows.join("\n").into_bytes())).await
        };
        let told = |body: &Value| (body["results"].as_array().unwrap().len(), body.get("truncated").cloned());
        let (all, cut) = (send("?mode=best_effort", None).await.expect(207), send("?mode=best_effort", Some("k")).await.expect(207));
        assert_eq!((told(&all.body), told(&cut.body)), ((1002, None), (1000, Some(json!(true)))), "{resource}");
        let nothing = send("", None).await.expect(422);
        assert_eq!((told(&nothing.body).0, &nothing.body["summary"]["rejected"]), (1000, &json!(1002)), "{resource}");
    }
}

#[tokio::test]
async fn one_load_equals_many_and_an_update_keeps_the_promise() {
    let rows: Vec<Value> = examples::rows().into_iter().take(60).collect();
    let (whole, single) = (
        App::at("2022-12-31T23:59:59+07:00").await.with_examples().await,
        App::at("2022-12-31T23:59:59+07:00").await.with_examples().await,
    );
    whole.office().await.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    let office = single.office().await;
    for row in &rows {
        office.load("/api/v1/dossiers/bulk", std::slice::from_ref(row)).await.expect(200);
    }
    let state = async |app: &App| -> Vec<Value> {
        let text = "SELECT to_jsonb(d) - '{id,procedure_id,receiving_department_id,resolving_department_id,created_at,updated_at,facts_hash,received_at}'::text[]
                           || jsonb_build_object('pauses', (SELECT jsonb_agg(to_jsonb(p) - 'dossier_id' ORDER BY from_at) FROM dossier_pauses p WHERE p.dossier_id = d.id),
                                                 'findings', (SELECT jsonb_agg(to_jsonb(f) - 'dossier_id' ORDER BY kind) FROM dossier_findings f WHERE f.dossier_id = d.id))
                      FROM dossiers d ORDER BY code";
        sqlx::query_scalar(text).fetch_all(&app.pool).await.unwrap()
    };
    assert_eq!(state(&whole).await, state(&single).await);

    // The procedure's limit changes; a dossier keeps the one it was accepted with, also when its history grows.
    let admin = whole.admin().await;
    let office = whole.office().await;
    office.load("/api/v1/dossiers/bulk", &[row("K")]).await.expect(200);
    let mut procedure = admin.get("/api/v1/procedures/2.001199").await.expect(200).body;
    let version = procedure["version"].as_i64().unwrap();
    let members = procedure.as_object_mut().unwrap();
    members.remove("id");
    members.remove("version");
    procedure["limit"]["value"] = json!(9);
    admin.json("PUT", "/api/v1/procedures/2.001199", &[("if-match", &format!("\"{version}\""))], &procedure).await.expect(200);
    let done = with("K", json!({"decision": "resolved", "finished_at": "2022-04-25T10:00:00+07:00"}));
    office.load("/api/v1/dossiers/bulk", &[done]).await.expect(200);
    let found = office.get("/api/v1/dossiers/by-code/K").await.body;
    assert_eq!((&found["first_due_on"], &found["timeliness"], &found["version"]), (&json!("2022-04-22"), &json!("late"), &json!(2)));
}
