use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App, department};

async fn with_tree() -> App {
    let app = App::start().await;
    let rows = json!([
        {"code": "SKHDT", "name": "Sở", "kind": "agency"},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"}
    ]);
    app.admin().await.post("/api/v1/departments/bulk", rows).await.expect(200);
    app
}

fn survey() -> Value {
    json!({"code": "satisfaction", "name": "Mức độ hài lòng", "unit": "percent", "direction": "higher_is_better", "source": "survey",
        "targets": [{"authority": "kh-1186", "department": "SKHDT", "period": "2022", "comparator": ">=", "value": 85, "wording": "từ 85%"}]})
}

fn figure(value: f64) -> Value {
    json!({"value": value, "evidence": [{"document_number": "1/BC", "issued_on": "2022-12-12", "title": "Báo cáo"}]})
}

async fn only(actor: &Actor, query: &str) -> Value {
    let body = actor.get(&format!("/api/v1/kpi-results?{query}")).await.expect(200).body;
    assert_eq!(body["items"].as_array().unwrap().len(), 1, "{body}");
    body["items"][0].clone()
}

#[tokio::test]
async fn a_fresh_database_knows_the_indicators_on_dossiers() {
    let app = App::start().await;
    let office = app.office().await;
    let page = office.get("/api/v1/kpis?source=computed").await.expect(200).body;
    let codes: Vec<&str> = page["items"].as_array().unwrap().iter().map(|k| k["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["apology_coverage", "on_time_rate", "on_time_rate_ii06a", "online_rate", "refusal_rate", "supplement_rate"]);
    let first = office.get("/api/v1/kpis?limit=4").await.expect(200).body;
    let next = first["page"]["next_cursor"].as_str().unwrap();
    let rest = office.get(&format!("/api/v1/kpis?limit=4&cursor={next}")).await.expect(200).body;
    assert_eq!(rest["items"][0]["code"], "refusal_rate");
    let results = office.get("/api/v1/kpi-results?period=2022").await.expect(200).body;
    assert_eq!(results["items"].as_array().unwrap().len(), 6);
    let item = only(&office, "kpi=on_time_rate&period=2022").await;
    assert_eq!((&item["value"], &item["reason"], &item["status"]), (&Value::Null, &json!("zero_denominator"), &json!("no_data")));
}

#[tokio::test]
async fn an_indicator_is_put_with_its_targets() {
    let app = with_tree().await;
    let office = app.office().await;
    let path = "/api/v1/kpis/satisfaction";
    let before = (app.count("audit_events").await, app.count("outbox_events").await);
    let created = office.put(path, survey()).await.expect(201);
    assert_eq!(created.body["targets"][0]["value"], json!(85.0));
    let same = office.put(path, survey()).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"1\"")));
    let mut changed = survey();
    changed["targets"][0]["value"] = json!(85.5);
    assert_eq!(office.put(path, changed.clone()).await.expect(428).code(), "precondition_required");
    office.json("PUT", path, &[("if-match", "\"9\"")], &changed).await.expect(412);
    let done = office.json("PUT", path, &[("if-match", "\"1\"")], &changed).await.expect(200);
    assert_eq!((&done.body["version"], &done.body["targets"][0]["value"]), (&json!(2), &json!(85.5)));
    let id = done.body["id"].as_str().unwrap();
    assert_eq!(office.get(&format!("/api/v1/kpis/{id}")).await.expect(200).body, done.body);
    office.send("GET", path, &[("if-none-match", "\"2\"")], None).await.expect(304);
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), (before.0 + 2, before.1 + 2));
    let computed = json!({"code": "on_time_rate", "name": "x", "unit": "percent", "direction": "higher_is_better", "source": "computed",
        "formula": "online_rate"});
    let refused = office.json("PUT", "/api/v1/kpis/on_time_rate", &[("if-match", "*")], &computed).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/formula"], vec!["bad_indicator"]));
    office.put("/api/v1/kpis/other", survey()).await.expect(422);
    assert_eq!(office.put(path, json!({"code": "satisfaction", "unit": "percent"})).await.expect(400).code(), "invalid_body");
    app.actor(Role::Head, Some("DKKD")).await.put(path, survey()).await.expect(403);
    office.get("/api/v1/kpis/nothing").await.expect(404);
}

#[tokio::test]
async fn a_measurement_needs_evidence_and_answers_for_its_department_and_period() {
    let app = with_tree().await;
    let office = app.office().await;
    office.put("/api/v1/kpis/satisfaction", survey()).await.expect(201);
    let path = "/api/v1/kpis/satisfaction/measurements/SKHDT/2022";
    assert_eq!(only(&office, "kpi=satisfaction&period=2022").await["reason"], "no_measurement");

    let bare = office.put(path, json!({"value": 101, "evidence": []})).await.expect(422);
    assert_eq!((bare.pointers(), bare.fault_codes()), (vec!["/value", "/evidence"], vec!["bad_measurement", "missing"]));
    office.put(&path.replace("/2022", "/2022Q7"), figure(86.4)).await.expect(400);
    office.put(&path.replace("SKHDT", "XXX"), figure(86.4)).await.expect(404);

    let events = app.count("outbox_events").await;
    office.put(&format!("{path}?dry_run=true"), figure(86.4)).await.expect(201);
    assert_eq!(app.count("kpi_measurements").await, 0);
    let put = office.put(path, figure(86.4)).await.expect(201);
    assert_eq!((put.header("location"), &put.body["value"]), (Some(path), &json!(86.4)));
    assert_eq!(office.put(path, figure(86.4)).await.expect(200).header("unchanged"), Some("true"));
    office.put(path, figure(84.996)).await.expect(428);
    let item = only(&office, "kpi=satisfaction&period=2022").await;
    assert_eq!((&item["value"], &item["target"], &item["met"], &item["status"]), (&json!(86.4), &json!(85.0), &json!(true), &json!("met")));
    let unexplained = office.json("PUT", path, &[("if-match", "\"1\"")], &figure(84.996)).await.expect(422);
    assert_eq!((unexplained.pointers(), unexplained.fault_codes()), (vec!["/correction_reason"], vec!["missing"]));
    let mut corrected = figure(84.996);
    corrected["correction_reason"] = json!("Nhập nhầm");
    office.json("PUT", path, &[("if-match", "\"1\"")], &corrected).await.expect(200);
    assert_eq!(app.count("outbox_events").await, events + 2);
    let item = only(&office, "kpi=satisfaction&period=2022&department=SKHDT").await;
    assert_eq!((&item["value"], &item["met"], &item["department"]), (&json!(85.0), &json!(false), &json!("SKHDT")));
    assert_eq!(only(&office, "kpi=satisfaction&period=2022H1").await["reason"], "no_measurement");
    assert_eq!(office.get(path).await.expect(200).header("etag"), Some("\"2\""));

    let ratio = json!({"numerator": 456, "denominator": 500, "evidence": figure(1.0)["evidence"]});
    office.put(&path.replace("SKHDT", "DKKD"), ratio).await.expect(201);
    let rows = office.get("/api/v1/kpi-results?kpi=satisfaction&period=2022&group_by=department").await.expect(200).body;
    let found: Vec<_> = rows["items"].as_array().unwrap().iter().map(|i| (&i["key"], &i["value"], &i["target"])).collect();
    assert_eq!(found, [(&json!("DKKD"), &json!(91.2), &json!(85.0)), (&json!("SKHDT"), &json!(85.0), &json!(85.0))]);
}

#[tokio::test]
async fn a_measurement_of_one_field_answers_and_has_its_own_target() {
    let app = with_tree().await;
    let office = app.office().await;
    let fields = "INSERT INTO procedure_fields VALUES ('DT', 'Đầu tư'), ('DK', 'Đăng ký')";
    sqlx::query(fields).execute(&app.pool).await.unwrap();
    let mut kpi = survey();
    kpi["targets"] = json!([{"authority": "p", "department": "SKHDT", "period": "2022", "comparator": ">=", "value": 90},
        {"authority": "p", "department": "SKHDT", "field": "DT", "period": "2022", "comparator": ">=", "value": 85}]);
    office.put("/api/v1/kpis/satisfaction", kpi).await.expect(201);
    let path = "/api/v1/kpis/satisfaction/measurements/SKHDT/2022";
    let of = |field: &str, value: f64| {
        let mut body = figure(value);
        body["field"] = json!(field);
        body
    };
    office.put(path, of("XX", 86.0)).await.expect(422);
    let put = office.put(path, of("DT", 86.0)).await.expect(201);
    assert_eq!(put.header("location"), Some(format!("{path}?field=DT").as_str()));
    let item = only(&office, "kpi=satisfaction&period=2022").await;
    assert_eq!((&item["field"], &item["target"], &item["met"]), (&json!("DT"), &json!(85.0), &json!(true)));
    office.put(path, of("DK", 86.0)).await.expect(201);
    office.put(path, figure(86.0)).await.expect(201);
    assert_eq!(only(&office, "kpi=satisfaction&period=2022").await["met"], json!(false));
    assert_eq!(only(&office, "kpi=satisfaction&period=2022&field=DT").await["met"], json!(true));
    let rows = office.get("/api/v1/kpi-results?kpi=satisfaction&period=2022&group_by=field").await.expect(200).body;
    let found: Vec<_> = rows["items"].as_array().unwrap().iter().map(|i| (&i["key"], &i["name"], &i["target"])).collect();
    assert_eq!(found, [(&json!("DK"), &json!("Đăng ký"), &json!(90.0)), (&json!("DT"), &json!("Đầu tư"), &json!(85.0))]);
    let list = office.get("/api/v1/kpis/satisfaction/measurements?limit=2").await.expect(200).body;
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["field"]), (2, &Value::Null));
    let next = list["page"]["next_cursor"].as_str().unwrap();
    let rest = office.get(&format!("/api/v1/kpis/satisfaction/measurements?limit=2&cursor={next}")).await.expect(200).body;
    assert_eq!(rest["items"][0]["field"], "DT");
    assert_eq!(office.get(&format!("{path}?field=DT")).await.expect(200).body["field"], "DT");
}

#[tokio::test]
async fn measurements_belong_to_departments() {
    let app = with_tree().await;
    let office = app.office().await;
    app.admin().await.put("/api/v1/departments/OTHER", department("OTHER")).await.expect(201);
    office.put("/api/v1/kpis/satisfaction", survey()).await.expect(201);
    let path = |code: &str| format!("/api/v1/kpis/satisfaction/measurements/{code}/2022");
    let head = app.actor(Role::Head, Some("DKKD")).await;
    head.put(&path("DKKD"), figure(90.0)).await.expect(201);
    head.put(&path("DN"), figure(90.0)).await.expect(403);
    office.put(&path("DN"), figure(80.0)).await.expect(201);
    head.get(&path("DN")).await.expect(404);
    let seen = head.get("/api/v1/kpis/satisfaction/measurements").await.expect(200).body;
    let codes: Vec<_> = seen["items"].as_array().unwrap().iter().map(|m| m["department"].as_str().unwrap()).collect();
    assert_eq!(codes, ["DKKD"]);
    let rows = head.get("/api/v1/kpi-results?kpi=satisfaction&period=2022&group_by=department").await.expect(200).body;
    assert_eq!((rows["items"].as_array().unwrap().len(), &rows["items"][0]["key"]), (1, &json!("DKKD")));
    let refused = head.get("/api/v1/kpi-results?kpi=satisfaction&period=2022&department=DN").await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["department"], vec!["unknown_code"]));
    let all = office.get("/api/v1/kpi-results?kpi=satisfaction&period=2022&group_by=department&department=SKHDT&scope=subtree").await;
    assert_eq!(all.expect(200).body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn results_refuse_what_does_not_exist_and_come_in_three_forms() {
    let app = with_tree().await;
    let office = app.office().await;
    let refused = office.get("/api/v1/kpi-results?kpi=on_time_rate,nope,never&period=2022").await.expect(422);
    assert_eq!(refused.pointers(), ["kpi", "kpi"]);
    let refused = office.get("/api/v1/kpi-results?kpi=on_time_rate&period=2022,x&scope=all&peroid=1").await.expect(400);
    assert_eq!(refused.pointers(), ["period", "scope", "peroid"]);
    let path = "/api/v1/kpi-results?kpi=online_rate,on_time_rate&period=2022H1,2022H2";
    let json = office.get(path).await.expect(200).body;
    let order: Vec<_> =
        json["items"].as_array().unwrap().iter().map(|i| (i["period"].as_str().unwrap(), i["kpi"].as_str().unwrap())).collect();
    let expected = [("2022H1", "online_rate"), ("2022H1", "on_time_rate"), ("2022H2", "online_rate"), ("2022H2", "on_time_rate")];
    assert_eq!(order, expected);
    let csv = office.send("GET", path, &[("accept", "text/csv"), ("accept-language", "en")], None).await.expect(200);
    assert!(csv.text.starts_with("\u{feff}Indicator,Period,Department"), "{}", csv.text);
    assert_eq!(csv.text.lines().count(), 5);
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let xlsx = office.send("GET", path, &[("accept", sheet)], None).await.expect(200);
    assert!(xlsx.text.starts_with("PK"));
    office.send("GET", path, &[("accept", "image/png")], None).await.expect(406);
}

#[tokio::test]
async fn the_figures_of_plan_1186_load_as_they_stand() {
    let app = with_tree().await;
    let office = app.office().await;
    sqlx::query("INSERT INTO procedure_fields VALUES ('DT', 'Đầu tư')").execute(&app.pool).await.unwrap();
    let read = |name: &str| -> Vec<Value> {
        let path = format!("{}/data/demo/plan-1186/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    for kpi in read("kpis") {
        let path = format!("/api/v1/kpis/{}", kpi["code"].as_str().unwrap());
        // Some are there from the start.
        let put = office.json("PUT", &path, &[("if-match", "*")], &kpi).await;
        assert!(put.status == 201 || put.status == 200, "{}", put.text);
        assert_eq!(office.put(&path, kpi).await.expect(200).header("unchanged"), Some("true"));
    }
    for row in read("measurements") {
        let (kpi, department, period) = (&row["kpi"], &row["department"], &row["period"]);
        let text = |v: &Value| v.as_str().unwrap().to_owned();
        let path = format!("/api/v1/kpis/{}/measurements/{}/{}", text(kpi), text(department), text(period));
        office.put(&path, row["measurement"].clone()).await.expect(201);
    }
    let results = office.get("/api/v1/kpi-results?period=2022").await.expect(200).body;
    let of = |code: &str| results["items"].as_array().unwrap().iter().find(|i| i["kpi"] == code).unwrap().clone();
    assert_eq!(results["items"].as_array().unwrap().len(), 23);
    assert_eq!((of("reform_index")["met"].clone(), of("initiatives")["met"].clone()), (json!(false), json!(true)));
    assert_eq!(
        (of("index_criteria_down")["status"].clone(), of("access_to_service")["status"].clone()),
        (json!("not_met"), json!("no_target"))
    );
    assert_eq!(of("satisfaction_dossiers_investment")["target"], json!(85.0));
    assert_eq!(of("online_rate")["target"], json!(55.0));
    assert_eq!(
        (of("e_document_rate")["reason"].clone(), of("e_document_rate")["status"].clone()),
        (json!("zero_denominator"), json!("no_data"))
    );
}
