//! Measurements keep every figure they had; what is final changes with a reason; what was published stands beside what is computed.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

const PATH: &str = "/api/v1/kpis/satisfaction/measurements/DKKD/2022Q1";

async fn world() -> App {
    let app = App::at("2022-06-15T02:00:00Z").await;
    let departments = json!([{"code": "SKHDT", "name": "Sở", "kind": "agency"}, {"code": "DKKD", "name": "Phòng", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng khác", "kind": "division", "parent": "SKHDT"}]);
    app.admin().await.post("/api/v1/departments/bulk", departments).await.expect(200);
    sqlx::query("INSERT INTO procedure_fields VALUES ('DT', 'Đầu tư')").execute(&app.pool).await.unwrap();
    let kpi =
        json!({"code": "satisfaction", "name": "Mức độ hài lòng", "unit": "percent", "direction": "higher_is_better", "source": "survey"});
    app.office().await.put("/api/v1/kpis/satisfaction", kpi).await.expect(201);
    app
}

fn figure(change: Value) -> Value {
    let mut body = json!({"evidence": [{"document_number": "1/BC", "issued_on": "2022-04-12", "title": "Báo cáo"}]});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

async fn change(actor: &Actor, version: i32, body: &Value) -> crate::harness::Answer {
    actor.json("PUT", PATH, &[("if-match", &format!("\"{version}\""))], body).await
}

#[tokio::test]
async fn every_figure_stays_in_the_versions() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let first = head.put(PATH, figure(json!({"numerator": 80, "denominator": 100, "state": "provisional"}))).await.expect(201).body;
    assert_eq!((&first["state"], &first["published"], &first["correction_reason"]), (&json!("provisional"), &json!(false), &Value::Null));
    let shown =
        async || head.get("/api/v1/kpi-results?kpi=satisfaction&period=2022Q1&department=DKKD").await.expect(200).body["items"][0].clone();
    assert_eq!((&shown().await["provisional"], &shown().await["value"]), (&json!(true), &json!(80.0)));
    // What is provisional changes and becomes final without a word.
    change(&head, 1, &figure(json!({"numerator": 82, "denominator": 100}))).await.expect(200);
    assert_eq!(shown().await["provisional"], false);
    let silent = change(&head, 2, &figure(json!({"numerator": 83, "denominator": 100}))).await.expect(422);
    assert_eq!((silent.pointers(), silent.fault_codes()), (vec!["/correction_reason"], vec!["missing"]));
    let back = change(&head, 2, &figure(json!({"numerator": 82, "denominator": 100, "state": "provisional"}))).await.expect(422);
    assert_eq!(back.pointers(), ["/correction_reason"]);
    let corrected = figure(json!({"numerator": 83, "denominator": 100, "correction_reason": "Sót một phiếu"}));
    let corrected = change(&office, 2, &corrected).await.expect(200).body;
    assert_eq!(
        (&corrected["version"], &corrected["correction_reason"], &corrected["state"]),
        (&json!(3), &json!("Sót một phiếu"), &json!("final"))
    );
    // The same figure again changes nothing, whatever reason is given.
    let before = (app.count("audit_events").await, app.count("kpi_measurement_versions").await);
    let same = figure(json!({"numerator": 83, "denominator": 100, "correction_reason": "Lý do khác"}));
    assert_eq!(office.put(PATH, same).await.expect(200).header("unchanged"), Some("true"));
    assert_eq!((app.count("audit_events").await, app.count("kpi_measurement_versions").await), before);

    let all = head.get(&format!("{PATH}/versions")).await.expect(200).body;
    let told: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| {
            (
                v["version"].as_i64().unwrap(),
                v["numerator"].as_f64().unwrap(),
                v["state"].as_str().unwrap(),
                v["recorded_by"].as_str().unwrap(),
            )
        })
        .collect();
    let (h, o) = (head.username.as_str(), office.username.as_str());
    assert_eq!(told, [(1, 80.0, "provisional", h), (2, 82.0, "final", h), (3, 83.0, "final", o)]);
    assert_eq!(
        (&all["items"][2]["correction_reason"], &all["items"][0]["evidence"][0]["document_number"]),
        (&json!("Sót một phiếu"), &json!("1/BC"))
    );
    let page = head.get(&format!("{PATH}/versions?limit=2&count=exact&fields=version")).await.expect(200).body;
    assert_eq!((&page["items"], &page["page"]["total"]), (&json!([{"version": 1}, {"version": 2}]), &json!(3)));
    let next = page["page"]["next_cursor"].as_str().unwrap();
    let rest = head.get(&format!("{PATH}/versions?limit=2&cursor={next}")).await.expect(200).body;
    assert_eq!(rest["items"][0]["version"], 3);
    // A measurement of a field has a history of its own.
    head.get(&format!("{PATH}/versions?field=DT")).await.expect(404);
    head.put(PATH, figure(json!({"value": 90, "field": "DT"}))).await.expect(201);
    let of_field = head.get(&format!("{PATH}/versions?field=DT")).await.expect(200).body;
    assert_eq!((of_field["items"].as_array().unwrap().len(), &of_field["items"][0]["value"]), (1, &json!(90.0)));
    let elsewhere = app.actor(Role::Head, Some("DN")).await;
    elsewhere.get(&format!("{PATH}/versions")).await.expect(404);
    head.get(&PATH.replace("2022Q1", "2022Q9/versions")).await.expect(400);
}

#[tokio::test]
async fn the_database_keeps_history_and_holds_shares_by_itself() {
    let app = world().await;
    let office = app.office().await;
    office.put(PATH, figure(json!({"numerator": 80, "denominator": 100}))).await.expect(201);
    let refused = async |sql: &'static str| {
        let error = sqlx::query(sql).execute(&app.pool).await.unwrap_err();
        error.as_database_error().and_then(|e| e.constraint()).map(str::to_owned).unwrap_or_else(|| error.to_string())
    };
    for (sql, constraint) in [
        ("UPDATE kpi_measurement_versions SET numerator = 1", "kpi_history_stays"),
        ("DELETE FROM kpi_measurement_versions", "kpi_history_stays"),
        ("TRUNCATE kpi_measurement_versions", "kpi_history_stays"),
        ("DELETE FROM kpi_measurements", "kpi_measurement_version_measurement_fkey"),
        ("UPDATE kpi_measurements SET version = 2, numerator = 101", "kpi_measurement_share"),
        ("UPDATE kpi_measurements SET version = 2, numerator = NULL, denominator = NULL, value = 100.1", "kpi_measurement_share"),
        ("UPDATE kpi_measurements SET version = 2, numerator = 0, denominator = 0", "kpi_measurement_denominator_check"),
        ("UPDATE kpi_measurements SET version = 2, period = '2022Q5'", "kpi_measurement_period_check"),
        ("UPDATE kpi_measurements SET version = 2, state = 'draft'", "kpi_measurement_state_check"),
        // No figure without its version.
        ("UPDATE kpi_measurements SET numerator = 81", "kpi_measurement_versions_pkey"),
    ] {
        assert_eq!(refused(sql).await, constraint, "{sql}");
    }
    sqlx::query("UPDATE kpi_measurements SET version = 2, numerator = 81").execute(&app.pool).await.unwrap();
    assert_eq!(app.count("kpi_measurement_versions").await, 2);
}

#[tokio::test]
async fn what_was_published_stands_beside_what_is_computed() {
    let app = world().await;
    let office = app.office().await;
    let path = "/api/v1/kpis/on_time_rate/measurements/DKKD/2022Q1";
    let results = async || office.get("/api/v1/kpi-results?kpi=on_time_rate&period=2022Q1&department=DKKD").await.expect(200).body;
    let before = results().await["items"][0].clone();
    assert_eq!((&before["value"], &before["reason"]), (&Value::Null, &json!("zero_denominator")));
    let bad = office.put(path, json!({"numerator": 3, "denominator": 2, "evidence": []})).await.expect(422);
    assert_eq!(bad.pointers(), ["/numerator", "/evidence"]);
    let put = office.put(path, figure(json!({"value": 98.7}))).await.expect(201).body;
    assert_eq!((&put["published"], &put["value"]), (&json!(true), &json!(98.7)));
    assert_eq!(office.get(path).await.expect(200).body, put);
    let after = results().await["items"][0].clone();
    for member in ["numerator", "denominator", "value", "reason", "status", "met"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    // The definition stays as it was, and can be changed.
    let kpi = office.get("/api/v1/kpis/on_time_rate").await.expect(200).body;
    let body = json!({"code": "on_time_rate", "name": "Tên khác", "unit": "percent", "direction": "higher_is_better", "source": "computed",
        "formula": "on_time_rate"});
    let etag = format!("\"{}\"", kpi["version"]);
    office.json("PUT", "/api/v1/kpis/on_time_rate", &[("if-match", &etag)], &body).await.expect(200);
}
