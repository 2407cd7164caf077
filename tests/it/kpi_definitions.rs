//! Definitions of indicators and their versions, expressions, and targets one by one.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App, department};

async fn app() -> App {
    let app = App::at("2022-06-15T02:00:00Z").await;
    let rows = json!([{"code": "SKHDT", "name": "Sở", "kind": "agency"}, {"code": "DKKD", "name": "Phòng", "kind": "division", "parent": "SKHDT"}]);
    app.admin().await.post("/api/v1/departments/bulk", rows).await.expect(200);
    let fields = "INSERT INTO procedure_fields VALUES ('DT', 'Đầu tư'), ('DK', 'Đăng ký')";
    sqlx::query(fields).execute(&app.pool).await.unwrap();
    let office = app.office().await;
    for code in ["access", "by-officials", "result"] {
        put(&office, code, json!({})).await;
    }
    app
}

fn kpi(code: &str, change: Value) -> Value {
    let mut body = json!({"code": code, "name": code, "unit": "percent", "direction": "higher_is_better", "source": "survey"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// Whatever stands there.
async fn put(office: &Actor, code: &str, change: Value) -> Value {
    let answer = office.json("PUT", &format!("/api/v1/kpis/{code}"), &[("if-match", "*")], &kpi(code, change)).await;
    assert!([200, 201].contains(&answer.status), "{}", answer.text);
    answer.body
}

fn target(authority: &str, change: Value) -> Value {
    let mut body = json!({"authority": authority, "period": "2022", "comparator": ">=", "value": 90});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

const INDEX: &str = "(2 * access + 3 * [by-officials] + 0.5 * result) / (2 + 3 + 0.5)";

#[tokio::test]
async fn an_index_is_defined_by_an_expression_over_its_components() {
    let app = app().await;
    let office = app.office().await;
    let definition = json!({"source": "computed", "expression": INDEX, "scope": {"department": "SKHDT", "field": "DT"},
        "period_rule": {"cut": "administrative", "kinds": ["quarter", "year"]}, "valid_from": "2022-01-01", "valid_to": "2030-12-31"});
    let created = office.put("/api/v1/kpis/index", kpi("index", definition.clone())).await.expect(201).body;
    assert_eq!(created["inputs"], json!(["access", "by-officials", "result"]));
    assert_eq!((&created["expression"], &created["formula"]), (&json!(INDEX), &Value::Null));
    assert_eq!(created["scope"], json!({"department": "SKHDT", "field": "DT", "procedure": null}));
    assert_eq!(created["period_rule"], json!({"cut": "administrative", "kinds": ["quarter", "year"]}));
    assert_eq!((&created["valid_from"], &created["valid_to"]), (&json!("2022-01-01"), &json!("2030-12-31")));
    let again = office.put("/api/v1/kpis/index", kpi("index", definition)).await.expect(200);
    assert_eq!(again.header("unchanged"), Some("true"));
    let expanded = office.get("/api/v1/kpis/index?expand=inputs&fields=inputs").await.expect(200).body;
    assert_eq!(expanded["expanded"]["inputs"][1]["code"], "by-officials");
    let weights = office.put("/api/v1/kpis/points", kpi("points", json!({"unit": "point", "source": "manual"}))).await.expect(201);
    assert_eq!(weights.body["period_rule"], json!({"cut": "calendar", "kinds": []}));
    let points = office.get("/api/v1/kpis?unit=point").await.expect(200).body;
    assert_eq!(points["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_fault_of_a_definition_is_told_and_nothing_changes() {
    let app = app().await;
    let office = app.office().await;
    let tables = ["kpis", "kpi_versions", "kpi_targets", "audit_events", "outbox_events"];
    let mut before = Vec::new();
    for table in tables {
        before.push(app.count(table).await);
    }
    let wrong = json!({"name": " ", "source": "computed", "expression": "access + nope * [no-where]", "scope": {"department": "X", "field": "Y",
        "procedure": "Z"}, "period_rule": {"kinds": ["year", "year"]}, "valid_from": "2022-02-01", "valid_to": "2022-01-31",
        "targets": [target("a", json!({"procedure": "Z", "comparator": "<=", "period": "2022Q5", "margin": 0})),
            target("a", json!({"value": null, "margin": 1}))]});
    let refused = office.put("/api/v1/kpis/index", kpi("index", wrong)).await.expect(422);
    let expected = [
        "/name",
        "/expression",
        "/expression",
        "/scope/department",
        "/scope/field",
        "/scope/procedure",
        "/valid_to",
        "/period_rule/kinds/1",
        "/targets/0/procedure",
        "/targets/0/period",
        "/targets/0/comparator",
        "/targets/0/margin",
        "/targets/1/value",
    ];
    assert_eq!(refused.pointers(), expected);
    let text = json!({"source": "computed", "expression": "access * (2 + result"});
    let refused = office.put("/api/v1/kpis/index", kpi("index", text.clone())).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/expression"], vec!["bad_indicator"]));
    assert_eq!(refused.body["errors"][0]["detail"], "At character 21: a closing bracket is missing.");
    let vietnamese =
        office.send("PUT", "/api/v1/kpis/index", &[("content-type", "application/json")], Some(kpi("index", text).to_string().into()));
    let vietnamese = vietnamese.await.expect(422);
    assert_eq!(vietnamese.body["errors"][0]["detail"], "Vị trí 21: thiếu dấu ngoặc đóng.");
    for text in ["system('rm')", "access; DROP TABLE kpis", "access ** 2", "1 + 1", "access > 2", ""] {
        let body = kpi("index", json!({"source": "computed", "expression": text}));
        assert_eq!(office.put("/api/v1/kpis/index", body).await.expect(422).pointers(), ["/expression"], "{text}");
    }
    let unknown_member = kpi("index", json!({"scope": {"country": "VN"}}));
    office.put("/api/v1/kpis/index", unknown_member).await.expect(400);
    for (table, count) in tables.into_iter().zip(before) {
        assert_eq!(app.count(table).await, count, "{table}");
    }
}

#[tokio::test]
async fn expressions_make_no_circle() {
    let app = app().await;
    let office = app.office().await;
    let follows = |expression: &str| json!({"source": "computed", "expression": expression});
    put(&office, "a", follows("access + 1")).await;
    put(&office, "b", follows("a * 2")).await;
    put(&office, "c", follows("max(b, result)")).await;
    let refused = office.json("PUT", "/api/v1/kpis/a", &[("if-match", "*")], &kpi("a", follows("access + c"))).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/expression"], vec!["bad_indicator"]));
    assert_eq!(refused.body["errors"][0]["detail"], "The expressions make a circle: a → c → b → a.");
    let own = office.put("/api/v1/kpis/d", kpi("d", follows("d + 1"))).await.expect(422);
    assert_eq!(own.body["errors"][0]["detail"], "The expressions make a circle: d → d.");
    // From the day on which the way is cut, the other direction is free; on the days before it is not.
    put(&office, "c", json!({"source": "computed", "expression": "result", "valid_from": "2023-01-01"})).await;
    let from = |day: &str| kpi("a", json!({"source": "computed", "expression": "access + c", "valid_from": day}));
    office.json("PUT", "/api/v1/kpis/a", &[("if-match", "*")], &from("2022-12-31")).await.expect(422);
    office.json("PUT", "/api/v1/kpis/a", &[("if-match", "*")], &from("2023-01-01")).await.expect(200);
}

#[tokio::test]
async fn every_definition_stays_and_the_one_of_a_day_is_found() {
    let app = app().await;
    let office = app.office().await;
    put(&office, "index", json!({"source": "computed", "expression": "access", "targets": [target("plan", json!({}))]})).await;
    let changed = json!({"source": "computed", "expression": INDEX, "valid_from": "2023-01-01"});
    office.put("/api/v1/kpis/index", kpi("index", changed.clone())).await.expect(428);
    office.json("PUT", "/api/v1/kpis/index", &[("if-match", "\"7\"")], &kpi("index", changed.clone())).await.expect(412);
    office.json("PUT", "/api/v1/kpis/index?dry_run=true", &[("if-match", "\"1\"")], &kpi("index", changed.clone())).await.expect(200);
    assert_eq!(office.get("/api/v1/kpis/index/versions").await.expect(200).body["items"].as_array().unwrap().len(), 1);
    office.json("PUT", "/api/v1/kpis/index", &[("if-match", "\"1\"")], &kpi("index", changed)).await.expect(200);
    put(&office, "index", json!({"source": "computed", "expression": INDEX, "valid_from": "2023-01-01", "valid_to": "2023-12-31"})).await;

    let page = office.get("/api/v1/kpis/index/versions?limit=2&count=exact").await.expect(200).body;
    let first = &page["items"][0];
    assert_eq!((&first["version"], &first["valid_from"], &first["changed_by"]), (&json!(1), &Value::Null, &json!(office.username)));
    assert_eq!((&first["definition"]["expression"], &first["definition"]["targets"][0]["value"]), (&json!("access"), &json!(90.0)));
    assert_eq!(page["items"][1]["definition"]["targets"], json!([]));
    let next = page["page"]["next_cursor"].as_str().unwrap();
    let rest = office.get(&format!("/api/v1/kpis/index/versions?limit=2&cursor={next}")).await.expect(200).body;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["items"][0]["valid_to"]), (1, &json!("2023-12-31")));

    let on = async |day: &str| -> Vec<i64> {
        let page = office.get(&format!("/api/v1/kpis/index/versions?in_force_on={day}")).await.expect(200).body;
        page["items"].as_array().unwrap().iter().map(|v| v["version"].as_i64().unwrap()).collect()
    };
    assert_eq!((on("2022-12-31").await, on("2023-01-01").await, on("2024-01-01").await), (vec![1], vec![3], vec![]));
    let one = office.get("/api/v1/kpis/index/versions/1").await.expect(200);
    assert_eq!((&one.body, one.header("etag")), (first, Some("\"1\"")));
    for nothing in ["/api/v1/kpis/index/versions/4", "/api/v1/kpis/index/versions/x", "/api/v1/kpis/nothing/versions"] {
        office.get(nothing).await.expect(404);
    }
    // What came with the product has a version, too, and can be put back as it was.
    let seeded = office.get("/api/v1/kpis/on_time_rate/versions/1").await.expect(200).body;
    assert_eq!((&seeded["changed_by"], &seeded["definition"]["formula"]), (&Value::Null, &json!("on_time_rate")));
    let same = office.put("/api/v1/kpis/on_time_rate", seeded["definition"].clone()).await.expect(200);
    assert_eq!(same.header("unchanged"), Some("true"));
    let otherwise = |change: Value| {
        let mut body = seeded["definition"].clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let path = "/api/v1/kpis/on_time_rate";
    let refused = office.json("PUT", path, &[("if-match", "*")], &otherwise(json!({"formula": "on_time_rate_ii06a"}))).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/formula"], vec!["bad_indicator"]));
    let later = otherwise(json!({"formula": "on_time_rate_ii06a", "valid_from": "2023-01-01"}));
    office.json("PUT", path, &[("if-match", "*")], &later).await.expect(200);
}

#[tokio::test]
async fn a_measurement_belongs_to_the_periods_and_the_field_of_its_indicator() {
    let app = app().await;
    let office = app.office().await;
    put(&office, "access", json!({"period_rule": {"kinds": ["half"]}, "scope": {"field": "DT"}})).await;
    let figure = |field: Value| json!({"value": 90, "field": field, "evidence": [{"document_number": "1", "issued_on": "2022-06-01", "title": "Báo cáo"}]});
    let path = |period: &str| format!("/api/v1/kpis/access/measurements/DKKD/{period}");
    let refused = office.put(&path("2022-05"), figure(json!("DK"))).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["", "/field"], vec!["bad_measurement", "bad_measurement"]));
    office.put(&path("2022H1"), figure(json!("DT"))).await.expect(201);
    put(&office, "access", json!({"valid_to": "2022-05-31"})).await;
    let refused = office.put(&path("2022Q2"), figure(json!("DT"))).await.expect(422);
    assert_eq!(refused.fault_codes(), ["not_valid_then"]);
    office.put(&path("2022-05"), figure(json!("DT"))).await.expect(201);
    // Measured ones keep their unit, and become computed only from a day on.
    let refused =
        office.json("PUT", "/api/v1/kpis/access", &[("if-match", "*")], &kpi("access", json!({"unit": "point"}))).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/unit"], vec!["in_use"]));
    let computed = |from: Value| kpi("access", json!({"source": "computed", "expression": "result", "valid_from": from}));
    let refused = office.json("PUT", "/api/v1/kpis/access", &[("if-match", "*")], &computed(Value::Null)).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/source"], vec!["in_use"]));
    office.json("PUT", "/api/v1/kpis/access", &[("if-match", "*")], &computed(json!("2023-01-01"))).await.expect(200);
}

#[tokio::test]
async fn targets_are_put_and_taken_out_one_by_one() {
    let app = app().await;
    let office = app.office().await;
    put(&office, "result", json!({"targets": [target("plan", json!({"department": "SKHDT"})), target("UBND", json!({}))]})).await;
    let path = |n: &str| format!("/api/v1/kpis/result/targets/{n}");
    let version = |n: i64| format!("\"{n}\"");
    let third = target("Bộ", json!({"value": 95, "margin": 2.5}));
    office.put(&path("3"), third.clone()).await.expect(428);
    office.json("PUT", &path("3"), &[("if-match", "\"1\"")], &third).await.expect(412);
    for nothing in ["0", "4", "x", "-1", "70000"] {
        office.json("PUT", &path(nothing), &[("if-match", "*")], &third).await.expect(404);
    }
    let wrong = target(" ", json!({"department": "X", "comparator": "<=", "value": 101}));
    let refused = office.json("PUT", &path("3"), &[("if-match", "*")], &wrong).await.expect(422);
    assert_eq!(refused.pointers(), ["/authority", "/department", "/comparator", "/value"]);
    let twice = office.json("PUT", &path("3"), &[("if-match", "*")], &target("UBND", json!({"value": 1}))).await.expect(422);
    assert_eq!((twice.pointers(), twice.fault_codes()), (vec![""], vec!["duplicate_in_payload"]));
    let before = (app.count("audit_events").await, app.count("outbox_events").await, app.count("kpi_versions").await);
    let put = office.json("PUT", &path("3"), &[("if-match", "\"2\"")], &third).await.expect(200);
    assert_eq!((put.header("etag"), &put.body["targets"][2]["margin"]), (Some("\"3\""), &json!(2.5)));
    assert_eq!(office.put(&path("3"), third.clone()).await.expect(200).header("unchanged"), Some("true"));
    let changed = target("plan", json!({"department": "SKHDT", "value": 91.5}));
    let put = office.json("PUT", &path("1"), &[("if-match", &version(3))], &changed).await.expect(200);
    assert_eq!(put.body["targets"][0]["value"], json!(91.5));
    office.send("DELETE", &path("2"), &[], None).await.expect(428);
    office.send("DELETE", &path("4"), &[("if-match", "*")], None).await.expect(404);
    office.send("DELETE", &format!("{}?dry_run=true", path("2")), &[("if-match", &version(4))], None).await.expect(200);
    let left = office.send("DELETE", &path("2"), &[("if-match", &version(4))], None).await.expect(200).body;
    let authorities: Vec<_> = left["targets"].as_array().unwrap().iter().map(|t| t["authority"].as_str().unwrap()).collect();
    assert_eq!((authorities, &left["version"]), (vec!["plan", "Bộ"], &json!(5)));
    let after = (app.count("audit_events").await, app.count("outbox_events").await, app.count("kpi_versions").await);
    assert_eq!(after, (before.0 + 3, before.1 + 3, before.2 + 3));
    let then = office.get("/api/v1/kpis/result/versions/4").await.expect(200).body;
    assert_eq!(then["definition"]["targets"][1]["authority"], "UBND");
    app.actor(Role::Head, Some("DKKD")).await.json("PUT", &path("1"), &[("if-match", "*")], &third).await.expect(403);
    app.actor(Role::Head, Some("DKKD")).await.send("DELETE", &path("1"), &[("if-match", "*")], None).await.expect(403);
}

#[tokio::test]
async fn what_an_authority_demands_is_listed_over_all_indicators() {
    let app = app().await;
    let office = app.office().await;
    app.admin().await.put("/api/v1/departments/OTHER", department("OTHER")).await.expect(201);
    put(
        &office,
        "access",
        json!({"targets": [target("plan", json!({"department": "SKHDT"})), target("UBND", json!({"period": "2022Q1"}))]}),
    )
    .await;
    put(&office, "result", json!({"targets": [target("plan", json!({"department": "SKHDT", "field": "DT", "margin": 1}))]})).await;
    let told = async |path: &str| -> Vec<String> {
        let page = office.get(path).await.expect(200).body;
        let told = |t: &Value| format!("{} {} {}", t["kpi"].as_str().unwrap(), t["n"], t["authority"].as_str().unwrap());
        page["items"].as_array().unwrap().iter().map(told).collect()
    };
    assert_eq!(told("/api/v1/kpi-targets").await, ["access 1 plan", "access 2 UBND", "result 1 plan"]);
    assert_eq!(told("/api/v1/kpi-targets?authority=plan").await, ["access 1 plan", "result 1 plan"]);
    assert_eq!(told("/api/v1/kpi-targets?field=DT&department=SKHDT").await, ["result 1 plan"]);
    assert_eq!(told("/api/v1/kpi-targets?period=2022Q1").await, ["access 2 UBND"]);
    assert_eq!(told("/api/v1/kpis/access/targets").await, ["access 1 plan", "access 2 UBND"]);
    assert_eq!(told("/api/v1/kpis/access/targets?authority=UBND").await, ["access 2 UBND"]);
    assert_eq!(told("/api/v1/kpis/by-officials/targets").await, [""; 0]);
    office.get("/api/v1/kpi-targets?period=2022Q5").await.expect(400);
    office.get("/api/v1/kpis/nothing/targets").await.expect(404);
    let page = office.get("/api/v1/kpi-targets?limit=2&count=exact&expand=kpi").await.expect(200).body;
    assert_eq!(page["items"][1]["expanded"]["kpi"]["code"], "access");
    let next = page["page"]["next_cursor"].as_str().unwrap();
    assert_eq!(told(&format!("/api/v1/kpi-targets?limit=2&cursor={next}")).await, ["result 1 plan"]);
    assert_eq!(told("/api/v1/kpi-targets?authority=plan&limit=1").await, ["access 1 plan"]);
    let item = office.get("/api/v1/kpis/result/targets").await.expect(200).body["items"][0].clone();
    assert_eq!((&item["margin"], &item["direction"], &item["unit"]), (&json!(1.0), &json!("higher_is_better"), &json!("percent")));
}

#[tokio::test]
async fn near_its_target_a_figure_is_at_risk_while_the_period_runs() {
    let app = app().await;
    let office = app.office().await;
    let figure = json!({"value": 89.5, "evidence": [{"document_number": "1", "issued_on": "2022-06-01", "title": "Báo cáo"}]});
    put(
        &office,
        "result",
        json!({"targets": [target("plan", json!({"margin": 1})), target("plan", json!({"period": "2022Q1", "margin": 1}))]}),
    )
    .await;
    for period in ["2022", "2022Q1"] {
        office.put(&format!("/api/v1/kpis/result/measurements/SKHDT/{period}"), figure.clone()).await.expect(201);
    }
    let results = office.get("/api/v1/kpi-results?kpi=result&period=2022,2022Q1").await.expect(200).body;
    let told: Vec<_> = results["items"].as_array().unwrap().iter().map(|i| (i["met"].clone(), i["status"].as_str().unwrap())).collect();
    assert_eq!(told, [(json!(false), "at_risk"), (json!(false), "not_met")]);
}
