use serde_json::json;

use crate::harness::{App, department};

#[tokio::test]
async fn a_department_is_put_changed_and_left_alone() {
    let app = App::start().await;
    let admin = app.admin().await;
    let path = "/api/v1/departments/DKKD";
    let created = admin.put(path, department("DKKD")).await.expect(201);
    assert_eq!((created.header("etag"), created.header("location")), (Some("\"1\""), Some(path)));

    let same = admin.put(path, department("DKKD")).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"1\"")));
    assert_eq!(app.count("audit_events").await, 1);

    let changed = json!({"code": "DKKD", "name": "Phòng mới", "kind": "division"});
    assert_eq!(admin.put(path, changed.clone()).await.expect(428).code(), "precondition_required");
    let stale = admin.json("PUT", path, &[("if-match", "\"7\"")], &changed).await.expect(412);
    assert_eq!(stale.body["current_version"], 1);
    let done = admin.json("PUT", path, &[("if-match", "\"1\"")], &changed).await.expect(200);
    assert_eq!(done.body["version"], 2);
    assert_eq!(app.count("outbox_events").await, 2);

    let found = admin.get(path).await.expect(200);
    assert_eq!(found.body["name"], "Phòng mới");
    admin.send("GET", path, &[("if-none-match", "\"2\"")], None).await.expect(304);
    admin.json("PUT", path, &[("if-none-match", "*")], &changed).await.expect(412);
}

#[tokio::test]
async fn a_dry_run_answers_the_same_and_stores_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    let dry = admin.put("/api/v1/departments/A?dry_run=true", department("A")).await.expect(201);
    assert_eq!(dry.header("dry-run"), Some("true"));
    assert_eq!(app.count("departments").await, 0);
    let dry = admin.post("/api/v1/departments/bulk?dry_run=true", json!([department("A")])).await.expect(200);
    assert_eq!((dry.header("dry-run"), &dry.body["summary"]["created"]), (Some("true"), &json!(1)));
    assert_eq!(app.count("departments").await + app.count("audit_events").await, 0);
}

#[tokio::test]
async fn rows_of_one_load_may_refer_to_each_other() {
    let app = App::start().await;
    let admin = app.admin().await;
    let csv = "\u{feff}code,name,kind,parent,one_stop,members\r\nMC,Một cửa,unit,SKHDT,true,\r\nSKHDT,Sở,agency,,false,\r\nALL,\"Các phòng, đơn vị\",collective,SKHDT,,\"[\"\"MC\"\"]\"\r\n";
    let answer =
        admin.send("POST", "/api/v1/departments/bulk?return=all", &[("content-type", "text/csv")], Some(csv.into())).await.expect(200);
    assert_eq!(answer.body["summary"]["created"], 3);
    let collective = admin.get("/api/v1/departments/ALL").await.expect(200).body;
    assert_eq!((&collective["members"], &collective["parent"]), (&json!(["MC"]), &json!("SKHDT")));
    let page = admin.get("/api/v1/departments?limit=2").await.expect(200);
    assert_eq!(page.body["items"].as_array().unwrap().len(), 2);
    let next = page.body["page"]["next_cursor"].as_str().unwrap();
    assert!(page.header("link").unwrap().contains(next));
    let rest = admin.get(&format!("/api/v1/departments?limit=2&cursor={next}")).await.expect(200);
    assert_eq!((rest.body["items"][0]["code"].as_str(), &rest.body["page"]["next_cursor"]), (Some("SKHDT"), &json!(null)));
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let app = App::start().await;
    let admin = app.admin().await;
    let shape = admin.put("/api/v1/departments/A", json!({"name": 5, "kind": "x", "nmae": "", "identifier": "a\u{0}"})).await.expect(400);
    assert_eq!(shape.code(), "invalid_body");
    let mut codes = shape.fault_codes();
    codes.sort_unstable();
    assert_eq!(codes, ["not_in_list", "required", "unknown_field", "wrong_format", "wrong_type"], "{}", shape.text);

    let rule = admin
        .put("/api/v1/departments/A", json!({"code": "A", "name": " ", "kind": "unit", "parent": "B", "successor": "C"}))
        .await
        .expect(422);
    assert_eq!(rule.pointers(), ["/name", "/parent", "/successor"]);

    let rows = json!([department("A"), {"code": "B", "name": "B", "kind": "unit", "parent": "X"}, {"code": "C", "name": "C", "kind": "unit", "parent": "B"}, department("D"), department("D")]);
    let atomic = admin.post("/api/v1/departments/bulk", rows.clone()).await.expect(422);
    assert_eq!(
        (atomic.code(), &atomic.body["summary"]),
        ("rows_rejected", &json!({"received": 5, "created": 0, "updated": 0, "unchanged": 0, "rejected": 4}))
    );
    assert_eq!(app.count("departments").await, 0);
    let best = admin.post("/api/v1/departments/bulk?mode=best_effort", rows).await.expect(207);
    assert_eq!(best.body.get("truncated"), None);
    assert_eq!(best.body["summary"]["created"], 1);
    assert_eq!(best.body["results"].as_array().unwrap().iter().map(|r| r["index"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);

    let broken = admin
        .send("POST", "/api/v1/departments/bulk", &[("content-type", "application/x-ndjson")], Some(b"{}\n{\"code\":".to_vec()))
        .await
        .expect(400);
    assert_eq!((broken.code(), &broken.body["line"], &broken.body["offset"]), ("malformed_body", &json!(2), &json!(3)));
    admin.put("/api/v1/departments/A?x=1", department("A")).await.expect(400);
    admin.send("POST", "/api/v1/departments/bulk", &[("content-type", "text/plain")], Some(b"x".to_vec())).await.expect(415);
}
