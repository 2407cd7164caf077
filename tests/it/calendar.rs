use std::collections::HashMap;

use sea_orm::SqlxPostgresConnector;
use serde_json::{Value, json};

use crate::harness::{App, department};

const CALCULATIONS: &str = "/api/v1/calendars/vn/calculations";

#[tokio::test]
async fn the_base_calendar_is_there_from_the_start() {
    let app = App::start().await;
    let clerk = app.one_stop().await;
    let list = clerk.get("/api/v1/calendars").await.expect(200);
    assert_eq!((list.body["items"].as_array().unwrap().len(), &list.body["page"]["next_cursor"]), (1, &Value::Null));
    let vn = clerk.get("/api/v1/calendars/vn").await.expect(200);
    assert_eq!(vn.header("etag"), Some("\"1\""));
    assert_eq!(vn.body["years"], json!([2021, 2022, 2023, 2024, 2025, 2026, 2027]));
    assert_eq!(vn.body["office_hours"], json!([{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}]));
    assert_eq!((&vn.body["off_hours_receipt"], &vn.body["version"]), (&json!("next_working_day"), &json!(1)));
    clerk.send("GET", "/api/v1/calendars/vn", &[("if-none-match", "\"1\"")], None).await.expect(304);

    let days = clerk.get("/api/v1/calendars/vn/days?from=2024-04-29&to=2024-05-04").await.expect(200);
    let listed: Vec<_> =
        days.body["items"].as_array().unwrap().iter().map(|d| (d["on"].as_str().unwrap(), d["kind"].as_str().unwrap())).collect();
    assert_eq!(listed, [("2024-04-29", "day_off"), ("2024-04-30", "day_off"), ("2024-05-01", "day_off"), ("2024-05-04", "make_up")]);

    let mut path = "/api/v1/calendars/vn/days?limit=30".to_owned();
    let mut seen = 0;
    loop {
        let page = clerk.get(&path).await.expect(200);
        seen += page.body["items"].as_array().unwrap().len();
        match page.body["page"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/calendars/vn/days?limit=30&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, 87);

    for unknown in ["/api/v1/calendars/x", "/api/v1/calendars/%00", "/api/v1/calendars/x/days"] {
        clerk.get(unknown).await.expect(404);
    }
    clerk.post("/api/v1/calendars/%00/calculations", json!({"accepted_at": "2022-06-07T09:00:00+07:00"})).await.expect(404);
    let backwards = clerk.get("/api/v1/calendars/vn/days?from=2024-05-01&to=2024-04-01").await.expect(400);
    assert_eq!(backwards.pointers(), ["to"]);
    let of_2022 = clerk.get("/api/v1/calendars/vn/days?year=2022&from=2022-09-01").await.expect(200);
    assert_eq!(of_2022.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(clerk.get("/api/v1/calendars/vn/days?year=22&version=x").await.expect(400).pointers(), ["year", "version"]);
    app.nobody().get("/api/v1/calendars/vn").await.expect(401);
}

/// Every worked case of the clock gives over HTTP what the file says.
#[tokio::test]
async fn every_worked_case() {
    let app = App::start().await;
    let clerk = app.one_stop().await;
    let mut cases = 0;
    for row in csv::Reader::from_reader(include_str!("../data/clock.csv").as_bytes()).into_deserialize() {
        let case: HashMap<String, String> = row.unwrap();
        let text = |name: &str| case[name].as_str();
        let or_null = |name: &str| if case[name].is_empty() { Value::Null } else { json!(case[name]) };
        let body = json!({
            "accepted_at": text("accepted_at"),
            "limit": {"value": text("limit_value").parse::<u32>().unwrap(), "unit": text("limit_unit")},
            "policy": text("policy"), "same_day_cutoff": text("same_day_cutoff"),
            "pauses": serde_json::from_str::<Value>(text("pauses")).unwrap(), "as_of": or_null("as_of"),
        });
        let answer = clerk.post(CALCULATIONS, body).await;
        match text("state").strip_prefix("error:") {
            Some(code) => {
                assert_eq!((answer.status, answer.code()), (422, code), "{}: {}", text("name"), answer.text);
                assert_eq!(answer.fault_codes()[0], code, "{}", answer.text);
            }
            None => {
                assert_eq!(answer.status, 200, "{}: {}", text("name"), answer.text);
                for member in ["effective_on", "first_due_on", "due_on", "due_at", "due_before", "state"] {
                    assert_eq!(answer.body[member], or_null(member), "{}: {member}", text("name"));
                }
                assert!(answer.body["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
            }
        }
        cases += 1;
    }
    assert!(cases > 50, "{cases}");
}

#[tokio::test]
async fn a_calculation_is_explained_in_the_callers_language() {
    let app = App::start().await;
    let clerk = app.one_stop().await;
    let body = json!({"accepted_at": "2022-06-07T09:00:00+07:00", "limit": {"value": 1, "unit": "working_day"}});
    let said = |answer: &Value| answer["steps"].as_array().unwrap().iter().find(|s| s["code"] == "counted_day").unwrap().clone();
    let english = said(&clerk.post(CALCULATIONS, body.clone()).await.expect(200).body);
    assert_eq!(english, json!({"code": "counted_day", "on": "2022-06-08", "at": null, "text": "Wednesday 8 June 2022: working day 1."}));
    let plain = clerk.send("POST", CALCULATIONS, &[("content-type", "application/json")], Some(body.to_string().into_bytes())).await;
    assert_eq!(said(&plain.body)["text"], "Thứ Tư 08/06/2022: ngày làm việc thứ 1.");

    let unlimited = clerk.post(CALCULATIONS, json!({"accepted_at": "2022-06-11T09:00:00+07:00", "limit": null})).await.expect(200).body;
    assert_eq!(
        (&unlimited["effective_on"], &unlimited["first_due_on"], &unlimited["due_on"]),
        (&json!("2022-06-13"), &Value::Null, &Value::Null)
    );
    assert_eq!(unlimited["state"], "running");
}

#[tokio::test]
async fn only_facts_up_to_as_of_count() {
    let app = App::start().await;
    let clerk = app.one_stop().await;
    let ask = async |as_of: Value| {
        let pauses = json!([{"kind": "supplement", "from": "2022-06-10T23:30:00+07:00", "to": "2022-06-22T09:00:00+07:00"}]);
        let limit = json!({"value": 10, "unit": "working_day"});
        let body = json!({"accepted_at": "2022-06-06T09:00:00+07:00", "limit": limit, "pauses": pauses, "as_of": as_of});
        let answer = clerk.post(CALCULATIONS, body).await.expect(200).body;
        (answer["state"].as_str().unwrap().to_owned(), answer["due_on"].clone(), answer["due_before"].clone())
    };
    let (running, paused) = ("running".to_owned(), "paused".to_owned());
    assert_eq!(ask(json!("2022-06-09")).await, (running.clone(), json!("2022-06-20"), Value::Null));
    assert_eq!(ask(json!("2022-06-10T23:29:59+07:00")).await, (running.clone(), json!("2022-06-20"), Value::Null));
    assert_eq!(ask(json!("2022-06-10")).await, (paused.clone(), Value::Null, json!("2022-06-20")));
    assert_eq!(ask(json!("2022-06-21")).await, (paused, Value::Null, json!("2022-06-20")));
    assert_eq!(ask(Value::Null).await, (running, json!("2022-06-30"), Value::Null));
}

#[tokio::test]
async fn every_fault_of_a_calculation_comes_at_once() {
    let app = App::start().await;
    let clerk = app.one_stop().await;
    let shape = clerk
        .post(
            CALCULATIONS,
            json!({"accepted_at": "2022-06-31T09:00:00+07:00", "limit": {"value": -1, "unit": "day", "x": 1}, "same_day_cutoff": "25:00",
                "pauses": [{"kind": "lunch", "from": 5}], "as_of": "soon"}),
        )
        .await
        .expect(400);
    let mut pointers = shape.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/accepted_at", "/as_of", "/limit/unit", "/limit/value", "/limit/x", "/pauses/0/from", "/pauses/0/kind", "/same_day_cutoff"],
        "{}",
        shape.text
    );
    let rules = clerk
        .post(
            CALCULATIONS,
            json!({"accepted_at": "2022-06-06T09:00:00+07:00", "limit": {"value": 0, "unit": "working_hour"},
                "pauses": [{"kind": "fee", "from": "2022-06-05T09:00:00+07:00"}, {"kind": "fee", "from": "2022-06-09T09:00:00+07:00", "to": "2022-06-08T09:00:00+07:00"}]}),
        )
        .await
        .expect(422);
    assert_eq!(rules.code(), "limit_out_of_range");
    assert_eq!(rules.fault_codes(), ["limit_out_of_range", "dates_backwards", "dates_backwards"]);
    assert_eq!(rules.pointers(), ["/limit/value", "/pauses/0/from", "/pauses/1/to"]);
    let missing = clerk.post(CALCULATIONS, json!({"accepted_at": "2031-06-06T09:00:00+07:00"})).await.expect(422);
    assert_eq!((missing.code(), missing.pointers()), ("calendar_missing", vec!["/accepted_at"]));
}

#[tokio::test]
async fn a_departments_closure_holds_for_it_and_for_those_below() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (code, parent) in [("SO", Value::Null), ("DKKD", json!("SO")), ("TO1", json!("DKKD")), ("DN", json!("SO"))] {
        let mut body = department(code);
        body["parent"] = parent;
        admin.put(&format!("/api/v1/departments/{code}"), body).await.expect(201);
    }
    let hours = json!([{"opens": "08:00", "closes": "12:00"}]);
    let own = json!({"code": "dkkd", "name": "Lịch riêng", "department": "DKKD", "office_hours": hours, "off_hours_receipt": "same_day"});
    admin.put("/api/v1/calendars/dkkd", own).await.expect(201);
    let day = |day: &str| format!("/api/v1/calendars/dkkd/days/{day}");
    admin.put(&day("2022-06-09"), json!({"kind": "day_off", "name": "Đã bỏ"})).await.expect(201);
    admin.send("DELETE", &day("2022-06-09"), &[("if-match", "\"2\"")], None).await.expect(200);
    admin.put(&day("2022-06-08"), json!({"kind": "day_off", "name": "Chuyển trụ sở"})).await.expect(201);
    let own = admin.get("/api/v1/calendars/dkkd").await.expect(200).body;
    assert_eq!(
        (&own["department"], &own["base"], &own["version"], &own["years"]),
        (&json!("DKKD"), &json!("vn"), &json!(4), &json!([2022]))
    );
    let days = admin.get("/api/v1/calendars/dkkd/days").await.expect(200).body;
    assert_eq!(days["items"], json!([{"on": "2022-06-08", "kind": "day_off", "name": "Chuyển trụ sở"}]));
    let body = json!({"accepted_at": "2022-06-07T09:00:00+07:00", "limit": {"value": 2, "unit": "working_day"}});
    assert_eq!(admin.post("/api/v1/calendars/dkkd/calculations", body.clone()).await.expect(200).body["due_on"], "2022-06-10");
    assert_eq!(admin.post(CALCULATIONS, body).await.expect(200).body["due_on"], "2022-06-09");

    let db = SqlxPostgresConnector::from_sqlx_postgres_pool(app.pool.clone());
    let (departments, calendars) = (dunghen::departments::known(&db).await.unwrap(), dunghen::calendar::load_all(&db).await.unwrap());
    for (code, calendar, version) in [("SO", "vn", 1), ("DKKD", "dkkd", 4), ("TO1", "dkkd", 4), ("DN", "vn", 1)] {
        let found = calendars.for_department(departments[code].id);
        assert_eq!((found.code(), found.version()), (calendar, version), "{code}");
        assert_eq!(*found, *dunghen::calendar::load(&db, departments[code].id).await.unwrap());
    }
}
