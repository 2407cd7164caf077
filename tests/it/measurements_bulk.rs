//! Measurements by the thousand: the same as one by one.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

async fn app() -> App {
    let app = App::at("2022-06-15T02:00:00Z").await;
    let departments = json!([{"code": "SKHDT", "name": "Sở", "kind": "agency"}, {"code": "DKKD", "name": "Phòng", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng khác", "kind": "division", "parent": "SKHDT"}]);
    app.admin().await.post("/api/v1/departments/bulk", departments).await.expect(200);
    sqlx::query("INSERT INTO procedure_fields VALUES ('DT', 'Đầu tư')").execute(&app.pool).await.unwrap();
    let office = app.office().await;
    for (code, unit) in [("satisfaction", "percent"), ("initiatives", "count")] {
        let kpi = json!({"code": code, "name": code, "unit": unit, "direction": "higher_is_better", "source": "survey"});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    app
}

fn row(kpi: &str, department: &str, period: &str, change: Value) -> Value {
    let mut body = json!({"kpi": kpi, "department": department, "period": period,
        "evidence": [{"document_number": "1/BC", "issued_on": "2022-06-01", "title": "Báo cáo"}]});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn rows() -> Vec<Value> {
    vec![
        row("satisfaction", "SKHDT", "2022", json!({"value": 86.4, "note": "đo bằng phiếu"})),
        row("satisfaction", "SKHDT", "2022", json!({"field": "DT", "numerator": 85, "denominator": 100})),
        row("satisfaction", "DKKD", "2022Q1", json!({"value": 99.999999})),
        row("initiatives", "DN", "2021", json!({"value": 3})),
    ]
}

async fn put(actor: &Actor, row: &Value, headers: &[(&str, &str)]) -> u16 {
    let mut body = row.clone();
    let mut take = |name: &str| body.as_object_mut().unwrap().remove(name).unwrap().as_str().unwrap().to_owned();
    let (kpi, department, period) = (take("kpi"), take("department"), take("period"));
    actor.json("PUT", &format!("/api/v1/kpis/{kpi}/measurements/{department}/{period}"), headers, &body).await.status
}

/// All measurements and all traces, without ids.
async fn everything(app: &App) -> Vec<Value> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object('kpi', k.code, 'department', d.code, 'period', m.period, 'field', m.field_code, 'value', m.value,
                'numerator', m.numerator, 'denominator', m.denominator, 'evidence', m.evidence, 'note', m.note, 'version', m.version,
                'traces', (SELECT jsonb_agg(jsonb_build_array(a.act, a.subject_type, a.subject_code, a.version, a.detail - 'id') ORDER BY a.version)
                             FROM audit_events a WHERE a.subject_id = m.id),
                'events', (SELECT jsonb_agg(jsonb_build_array(o.type, o.subject_code, o.version, o.data - 'id') ORDER BY o.version)
                             FROM outbox_events o WHERE o.subject_id = m.id))
           FROM kpi_measurements m JOIN kpis k ON k.id = m.kpi_id JOIN departments d ON d.id = m.department_id
          ORDER BY k.code, d.code, m.period, m.field_code NULLS FIRST",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_load_makes_what_single_requests_make() {
    let (one, many) = (app().await, app().await);
    let (single, bulk) = (one.office().await, many.office().await);
    for row in rows() {
        assert_eq!(put(&single, &row, &[]).await, 201);
    }
    let loaded = bulk.post("/api/v1/kpi-measurements/bulk?return=all", json!(rows())).await.expect(200).body;
    let codes: Vec<&str> = loaded["results"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["satisfaction/SKHDT/2022", "satisfaction/SKHDT/2022/DT", "satisfaction/DKKD/2022Q1", "initiatives/DN/2021"]);
    assert_eq!(everything(&one).await, everything(&many).await);
    // One corrected, the others equal.
    let mut changed = rows();
    changed[1]["numerator"] = json!(86);
    let unexplained = bulk.load("/api/v1/kpi-measurements/bulk", &changed).await.expect(422);
    let told = &unexplained.body["results"][0];
    assert_eq!((&told["index"], &told["errors"][0]["pointer"]), (&json!(1), &json!("/correction_reason")));
    changed[1]["correction_reason"] = json!("Đếm lại");
    assert_eq!(put(&single, &changed[1], &[("if-match", "\"1\"")]).await, 200);
    let loaded = bulk.load("/api/v1/kpi-measurements/bulk", &changed).await.expect(200).body;
    assert_eq!((&loaded["summary"]["updated"], &loaded["summary"]["unchanged"]), (&json!(1), &json!(3)));
    assert_eq!(everything(&one).await, everything(&many).await);
    let before = (many.count("audit_events").await, many.count("outbox_events").await);
    let evidence = "\"[{\"\"document_number\"\":\"\"1/BC\"\",\"\"issued_on\"\":\"\"2022-06-01\"\",\"\"title\"\":\"\"Báo cáo\"\"}]\"";
    let csv = format!(
        "kpi,department,period,field,value,numerator,denominator,evidence\nsatisfaction,SKHDT,2022,DT,,86,100,{evidence}\ninitiatives,DN,2021,,3,,,{evidence}\n"
    );
    let same = bulk.send("POST", "/api/v1/kpi-measurements/bulk", &[("content-type", "text/csv")], Some(csv.into())).await.expect(200);
    assert_eq!(same.body["summary"]["unchanged"], 2);
    bulk.post("/api/v1/kpi-measurements/bulk?dry_run=true", json!([row("satisfaction", "DN", "2022", json!({"value": 1}))]))
        .await
        .expect(200);
    assert_eq!((many.count("audit_events").await, many.count("outbox_events").await), before);
    assert_eq!(everything(&one).await, everything(&many).await);
}

#[tokio::test]
async fn every_row_is_told_all_its_faults_and_nothing_changes() {
    let app = app().await;
    let office = app.office().await;
    let bad = vec![
        row("nope", "KHONG", "2022Q5", json!({"field": "X", "value": 1})),
        row("on_time_rate", "SKHDT", "2022", json!({"value": 100.5})),
        row("satisfaction", "SKHDT", "2023", json!({"value": 101, "evidence": []})),
        row("satisfaction", "DN", "2022", json!({"numerator": 3, "denominator": 2})),
        row("satisfaction", "DKKD", "2022", json!({"value": 1})),
        row("satisfaction", "DKKD", "2022", json!({"value": 2})),
        row("satisfaction", "DKKD", "2022", json!({"field": "DT", "value": 2})),
        json!({"kpi": "satisfaction", "department": "DN", "period": "2021", "value": "x", "evidence": []}),
    ];
    let refused = office.post("/api/v1/kpi-measurements/bulk", json!(bad)).await.expect(422);
    assert_eq!((&refused.body["summary"]["received"], &refused.body["summary"]["rejected"]), (&json!(8), &json!(7)));
    let told: Vec<(i64, Vec<&str>)> = refused.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_i64().unwrap(), r["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect()))
        .collect();
    let expected = [
        (0, vec!["/kpi", "/department", "/period", "/field"]),
        (1, vec!["/value"]),
        (2, vec!["/value", "", "/evidence"]),
        (3, vec!["/numerator"]),
        (4, vec!["/kpi"]),
        (5, vec!["/kpi"]),
        (7, vec!["/value"]),
    ];
    assert_eq!(told, expected);
    assert_eq!(refused.body["results"][6]["code"], "satisfaction/DN/2021");
    assert_eq!(app.count("kpi_measurements").await, 0);
    let partly = office.post("/api/v1/kpi-measurements/bulk?mode=best_effort", json!(bad)).await.expect(207);
    assert_eq!((&partly.body["summary"]["created"], app.count("kpi_measurements").await), (&json!(1), 1));
    let create = office.post("/api/v1/kpi-measurements/bulk?strategy=create", json!([bad[6]])).await.expect(422);
    assert_eq!(create.body["results"][0]["errors"][0]["code"], "exists");
    let update = office.post("/api/v1/kpi-measurements/bulk?strategy=update", json!([bad[5]])).await.expect(422);
    assert_eq!(update.body["results"][0]["errors"][0]["code"], "does_not_exist");
}

#[tokio::test]
async fn each_row_is_a_matter_of_its_department() {
    let app = app().await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let rows = json!([row("satisfaction", "DKKD", "2022", json!({"value": 90})), row("satisfaction", "DN", "2022", json!({"value": 90}))]);
    let partly = head.post("/api/v1/kpi-measurements/bulk?mode=best_effort", rows).await.expect(207);
    assert_eq!(partly.body["results"][0]["errors"][0]["code"], "not_permitted");
    assert_eq!((&partly.body["summary"]["created"], app.count("kpi_measurements").await), (&json!(1), 1));
    // Whatever stands where he may not write, and however often he asks: he is told the same.
    let office = app.office().await;
    office.post("/api/v1/kpi-measurements/bulk", json!([row("satisfaction", "DN", "2022", json!({"value": 86.4}))])).await.expect(200);
    for (period, value) in [("2022", 86.4), ("2022", 86.5), ("2021", 86.4)] {
        for strategy in ["upsert", "create", "update"] {
            let rows = json!([row("satisfaction", "DN", period, json!({"value": value}))]);
            let path = format!("/api/v1/kpi-measurements/bulk?strategy={strategy}&dry_run=true");
            let told = head.post(&path, rows).await.expect(422);
            let errors = told.body["results"][0]["errors"].as_array().unwrap();
            let codes: Vec<_> = errors.iter().map(|e| e["code"].as_str().unwrap()).collect();
            assert_eq!(codes, ["not_permitted"], "{period} {value} {strategy}");
        }
    }
    app.actor(Role::Officer, Some("DKKD")).await.post("/api/v1/kpi-measurements/bulk", json!([])).await.expect(403);
}
