use serde_json::{Value, json};

use crate::harness::{Actor, App, department};

const BULK: &str = "/api/v1/procedures/bulk";

async fn office_with_departments() -> (App, Actor) {
    let app = App::start().await;
    let admin = app.admin().await;
    let departments: Vec<Value> = ["DKKD", "DN", "PCM", "XTDT"].map(department).into();
    admin.post("/api/v1/departments/bulk", json!(departments)).await.expect(200);
    (app, admin)
}

fn procedure(code: &str, changes: Value) -> Value {
    let mut body = json!({"code": code, "name": format!("Thủ tục {code}"), "field": {"code": "DKDN", "name": "Doanh nghiệp"},
        "department": "DKKD", "limit": {"value": 3, "unit": "working_day"}});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

fn codes(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|p| p["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_procedure_is_put_changed_and_left_alone() {
    let (app, admin) = office_with_departments().await;
    let audited = app.count("audit_events").await;
    let path = "/api/v1/procedures/2.001199";
    let created = admin.put(path, procedure("2.001199", json!({}))).await.expect(201);
    assert_eq!((created.header("etag"), created.header("location")), (Some("\"1\""), Some(path)));
    let mut view = created.body;
    let id = view["id"].as_str().unwrap().to_owned();
    view.as_object_mut().unwrap().remove("id");
    let expected = json!({"code": "2.001199", "name": "Thủ tục 2.001199", "field": {"code": "DKDN", "name": "Doanh nghiệp"},
        "department": "DKKD", "limit": {"value": 3, "unit": "working_day"}, "supplement_policy": "pause", "same_day_cutoff": "15:00",
        "online_level": null, "components": [], "fee_vnd": null, "valid_from": null, "valid_to": null, "version": 1});
    assert_eq!(view, expected);

    let given =
        json!({"supplement_policy": "pause", "same_day_cutoff": null, "field": {"code": "DKDN"}, "components": [], "online_level": null});
    let same = admin.put(path, procedure("2.001199", given)).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"1\"")));
    assert_eq!(app.count("audit_events").await, audited + 1);

    let change = json!({"limit": null, "online_level": 4, "same_day_cutoff": "16:30", "fee_vnd": 50000, "valid_from": "2022-01-01",
        "components": [{"name": "Giấy đề nghị", "originals": 1}]});
    let changed = procedure("2.001199", change);
    assert_eq!(admin.put(path, changed.clone()).await.expect(428).code(), "precondition_required");
    assert_eq!(admin.json("PUT", path, &[("if-match", "\"7\"")], &changed).await.expect(412).body["current_version"], 1);
    let dry = admin.json("PUT", &format!("{path}?dry_run=true"), &[("if-match", "\"1\"")], &changed).await.expect(200);
    assert_eq!((dry.header("dry-run"), &dry.body["version"]), (Some("true"), &json!(2)));
    let done = admin.json("PUT", path, &[("if-match", "\"1\"")], &changed).await.expect(200);
    assert_eq!((&done.body["version"], &done.body["limit"], &done.body["online_level"]), (&json!(2), &Value::Null, &json!("level_4")));
    let component = json!({"name": "Giấy đề nghị", "originals": 1, "certified_copies": 0, "photocopies": 0, "required": true});
    assert_eq!((&done.body["components"], &done.body["same_day_cutoff"]), (&json!([component]), &json!("16:30")));
    assert_eq!(app.count("audit_events").await, audited + 2);
    assert_eq!(app.count("outbox_events WHERE type = 'procedure.put'").await, 2);

    assert_eq!(admin.get(&format!("/api/v1/procedures/{id}")).await.expect(200).body, done.body);
    admin.send("GET", path, &[("if-none-match", "\"2\"")], None).await.expect(304);
    let create_only = admin.json("PUT", path, &[("if-none-match", "*")], &procedure("2.001199", json!({}))).await.expect(412);
    assert_eq!(create_only.code(), "already_exists");
    for unknown in ["/api/v1/procedures/x", "/api/v1/procedures/%00", "/api/v1/procedures/0198c5a0-0000-7000-8000-000000000000"] {
        admin.get(unknown).await.expect(404);
    }
}

#[tokio::test]
async fn two_changes_of_one_version_do_not_both_pass() {
    let (_app, admin) = office_with_departments().await;
    let path = "/api/v1/procedures/A";
    admin.put(path, procedure("A", json!({}))).await.expect(201);
    let change = async |name: &str| admin.json("PUT", path, &[("if-match", "\"1\"")], &procedure("A", json!({"name": name}))).await.status;
    let (one, two, three) = tokio::join!(change("một"), change("hai"), change("ba"));
    let mut statuses = [one, two, three];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412]);
}

#[tokio::test]
async fn rows_come_as_json_lines_or_csv_and_unchanged_ones_write_nothing() {
    let (app, admin) = office_with_departments().await;
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../data/demo/plan-1186/procedures.json")).unwrap();
    let first = admin.post(BULK, json!(rows)).await.expect(200);
    assert_eq!((&first.body["summary"]["created"], rows.len()), (&json!(12), 12));
    let audited = app.count("audit_events").await;
    assert_eq!(admin.load(BULK, &rows).await.expect(200).body["summary"]["unchanged"], 12);
    assert_eq!(app.count("audit_events").await, audited);

    let csv = "code,name,field,field.code,field.name,department,limit,limit.value,limit.unit,online_level,components,fee_vnd,same_day_cutoff\r\n\
        C1,Một,,DN,,DKKD,,8,working_hour,4,\"[{\"\"name\"\":\"\"Tờ khai\"\"}]\",20000,14:00\r\n\
        C2,Hai,\"{\"\"code\"\":\"\"DN\"\"}\",,,DKKD,\"{\"\"value\"\":0,\"\"unit\"\":\"\"working_day\"\"}\",,,full,,,\r\n\
        C3,Ba,,KH,\"Khác, nữa\",PCM,,,,,,,\r\n";
    let answer = admin.send("POST", &format!("{BULK}?return=all"), &[("content-type", "text/csv")], Some(csv.into())).await.expect(200);
    assert_eq!(answer.body["summary"]["created"], 3, "{}", answer.text);
    let one = admin.get("/api/v1/procedures/C1").await.expect(200).body;
    assert_eq!((&one["limit"], &one["fee_vnd"]), (&json!({"value": 8, "unit": "working_hour"}), &json!(20000)));
    assert_eq!(
        (&one["online_level"], &one["same_day_cutoff"], &one["components"][0]["name"]),
        (&json!("level_4"), &json!("14:00"), &json!("Tờ khai"))
    );
    let two = admin.get("/api/v1/procedures/C2").await.expect(200).body;
    assert_eq!((&two["limit"]["value"], &two["online_level"], &two["field"]["name"]), (&json!(0), &json!("full"), &one["field"]["name"]));
    let three = admin.get("/api/v1/procedures/C3").await.expect(200).body;
    assert_eq!((&three["limit"], &three["field"]), (&Value::Null, &json!({"code": "KH", "name": "Khác, nữa"})));
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let (app, admin) = office_with_departments().await;
    let shape = admin
        .put(
            "/api/v1/procedures/A",
            json!({"code": "A", "field": {"code": "Đ"}, "department": 5, "limit": {"value": -1, "unit": "week"}, "supplement_policy": "stop",
                "same_day_cutoff": "3pm", "online_level": 5, "components": [{"originals": 70000}], "fee_vnd": -1, "valid_from": "2022-02-30", "fee": 1}),
        )
        .await
        .expect(400);
    let mut pointers = shape.pointers();
    pointers.sort_unstable();
    pointers.dedup();
    let expected = [
        "/components/0/name",
        "/components/0/originals",
        "/department",
        "/fee",
        "/fee_vnd",
        "/field/code",
        "/limit/unit",
        "/limit/value",
        "/name",
        "/online_level",
        "/same_day_cutoff",
        "/supplement_policy",
        "/valid_from",
    ];
    assert_eq!(pointers, expected, "{}", shape.text);

    let broken = json!({"name": " ", "field": {"code": "NEW"}, "department": "X", "limit": {"value": 0, "unit": "calendar_day"},
        "components": [{"name": ""}], "valid_from": "2022-02-01", "valid_to": "2022-01-01"});
    let rule = admin.put("/api/v1/procedures/A", procedure("A", broken)).await.expect(422);
    assert_eq!(rule.pointers(), ["/name", "/field/name", "/department", "/limit/value", "/components/0/name", "/valid_to"]);
    assert_eq!(rule.fault_codes(), ["missing", "missing", "unknown_code", "limit_out_of_range", "missing", "dates_backwards"]);
    let other = admin.put("/api/v1/procedures/B", procedure("A", json!({}))).await.expect(422);
    assert_eq!(other.pointers(), ["/code"]);

    let long = |unit: &str, value: u32| json!({"limit": {"value": value, "unit": unit}});
    for (limit, fits) in [(long("working_day", 3651), false), (long("working_hour", 0), false), (long("calendar_day", 3650), true)] {
        let answer = admin.put("/api/v1/procedures/L?dry_run=true", procedure("L", limit)).await;
        assert_eq!((answer.status, answer.pointers()), if fits { (201, vec![]) } else { (422, vec!["/limit/value"]) });
    }

    // B relies on the field name that only the refused A gives.
    let rows = json!([
        procedure("A", json!({"department": "X", "field": {"code": "NEW", "name": "Mới"}})),
        procedure("B", json!({"field": {"code": "NEW"}})),
        procedure("C", json!({})),
        procedure("D", json!({})),
        procedure("D", json!({})),
    ]);
    let atomic = admin.post(BULK, rows.clone()).await.expect(422);
    assert_eq!((atomic.code(), &atomic.body["summary"]["rejected"]), ("rows_rejected", &json!(4)));
    assert_eq!(app.count("procedures").await + app.count("procedure_fields").await, 0);
    let best = admin.post(&format!("{BULK}?mode=best_effort"), rows).await.expect(207);
    assert_eq!(best.body["summary"]["created"], 1);
    let said: Vec<_> = best.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_i64().unwrap(), r["errors"][0]["pointer"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [(0, "/department"), (1, "/field/name"), (3, "/code"), (4, "/code")]);
    let strategies = admin.post(&format!("{BULK}?mode=best_effort&strategy=create"), json!([procedure("C", json!({}))])).await.expect(207);
    assert_eq!(strategies.body["results"][0]["errors"][0]["code"], "exists");
    let absent = admin.post(&format!("{BULK}?strategy=update"), json!([procedure("Z", json!({}))])).await.expect(422);
    assert_eq!(absent.body["results"][0]["errors"][0]["code"], "does_not_exist");
}

#[tokio::test]
async fn a_field_has_the_name_given_last() {
    let (app, admin) = office_with_departments().await;
    let named = |code: &str, name: &str| procedure(code, json!({"field": {"code": "DT", "name": name}}));
    admin.post(BULK, json!([named("A", "cũ"), named("B", "Đầu tư")])).await.expect(200);
    assert_eq!(admin.get("/api/v1/procedures/A").await.body["field"]["name"], "Đầu tư");
    let again = admin.post(BULK, json!([named("A", "cũ"), named("B", "Đầu tư")])).await.expect(200);
    assert_eq!(again.body["summary"]["unchanged"], 2);
    let events = app.count("outbox_events").await;
    admin.json("PUT", "/api/v1/procedures/B", &[("if-match", "\"1\"")], &named("B", "Đầu tư công")).await.expect(200);
    let other = admin.get("/api/v1/procedures/A").await.expect(200);
    assert_eq!(
        (&other.body["field"]["name"], other.header("etag")),
        (&json!("Đầu tư công"), Some("\"2\"")),
        "what looks different has another version"
    );
    assert_eq!(app.count("outbox_events").await, events + 2);
}

#[tokio::test]
async fn lists_are_filtered_searched_and_paged() {
    let (app, admin) = office_with_departments().await;
    let rows = [
        procedure("1.01", json!({"name": "Đăng ký thành lập Hợp tác xã", "online_level": "level_3", "valid_to": "2022-06-30"})),
        procedure("1.02", json!({"name": "Cấp lại giấy đăng ký", "department": "DN", "online_level": 4, "valid_from": "2022-07-01"})),
        procedure("1.03", json!({"name": "Thẩm định 100% hồ sơ", "field": {"code": "DT", "name": "Đầu tư"}, "online_level": "full"})),
    ];
    admin.load(BULK, &rows).await.expect(200);
    let clerk = app.one_stop().await;
    for (query, expected) in [
        ("", vec!["1.01", "1.02", "1.03"]),
        ("?department=DN", vec!["1.02"]),
        ("?department=DKKD,DN&field=DKDN", vec!["1.01", "1.02"]),
        ("?online_level=level_3,full", vec!["1.01", "1.03"]),
        ("?valid_on=2022-06-30", vec!["1.01", "1.03"]),
        ("?valid_on=2022-07-01", vec!["1.02", "1.03"]),
        ("?q=dang+KY", vec!["1.01", "1.02"]),
        ("?q=hop%20tac%20%C4%91%C4%83ng", vec!["1.01"]),
        ("?q=1.03", vec!["1.03"]),
        ("?q=100%25", vec!["1.03"]),
        ("?q=_", vec![]),
        ("?department=X", vec![]),
    ] {
        let page = clerk.get(&format!("/api/v1/procedures{query}")).await.expect(200);
        assert_eq!(codes(&page.body), expected, "{query}");
    }
    let page = clerk.get("/api/v1/procedures?limit=2&field=DKDN,DT").await.expect(200);
    let next = page.body["page"]["next_cursor"].as_str().unwrap();
    let rest = clerk.get(&format!("/api/v1/procedures?limit=2&field=DKDN,DT&cursor={next}")).await.expect(200);
    assert_eq!((codes(&page.body), codes(&rest.body)), (vec!["1.01", "1.02"], vec!["1.03"]));
    assert_eq!(clerk.get(&format!("/api/v1/procedures?cursor={next}")).await.expect(400).code(), "cursor_mismatch");
    clerk.get("/api/v1/procedures?online_level=5").await.expect(400);
    clerk.get("/api/v1/procedures?levle=5").await.expect(400);

    clerk.put("/api/v1/procedures/1.01", procedure("1.01", json!({}))).await.expect(403);
    clerk.load(BULK, &rows).await.expect(403);
    app.nobody().get("/api/v1/procedures").await.expect(401);
}

#[tokio::test]
async fn other_slices_know_what_a_procedure_promises() {
    let (app, admin) = office_with_departments().await;
    admin.load(BULK, &[procedure("A", json!({"supplement_policy": "restart"})), procedure("B", json!({"limit": null}))]).await.expect(200);
    let db = sea_orm::SqlxPostgresConnector::from_sqlx_postgres_pool(app.pool.clone());
    let all = dunghen::procedures::known(&db).await.unwrap();
    let some = dunghen::procedures::known_by_codes(&db, &["A", "X", "\0"]).await.unwrap();
    assert_eq!((all.len(), some.len()), (2, 1));
    let a = &some["A"];
    assert_eq!(
        (a.department_code.as_str(), a.supplement_policy.name(), a.same_day_cutoff.to_string().as_str()),
        ("DKKD", "restart", "15:00:00")
    );
    assert_eq!(all["A"], *a);
    assert_eq!(all["B"].limit, None);
}
