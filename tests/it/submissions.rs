//! The figures of a department and period: submitted, approved or returned, locked, corrected.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const AT: &str = "/api/v1/submissions/DKKD/2022Q1";

/// DKKD owes two figures for 2022Q1: `satisfaction` has a target, `initiatives` was measured for the quarter before.
async fn world() -> App {
    let app = App::at("2022-06-15T02:00:00Z").await;
    let departments = json!([{"code": "SKHDT", "name": "Sở", "kind": "agency"}, {"code": "DKKD", "name": "Phòng Đăng ký", "kind": "division", "parent": "SKHDT"},
        {"code": "DKKD1", "name": "Tổ 1", "kind": "unit", "parent": "DKKD"}, {"code": "DN", "name": "Phòng khác", "kind": "division", "parent": "SKHDT"}]);
    app.admin().await.post("/api/v1/departments/bulk", departments).await.expect(200);
    let office = app.office().await;
    let target = json!([{"authority": "kh", "department": "DKKD", "period": "2022Q1", "comparator": ">=", "value": 85},
        {"authority": "kh", "department": "SKHDT", "period": "2022", "comparator": ">=", "value": 85}]);
    for (code, unit, targets) in [("satisfaction", "percent", target), ("initiatives", "count", json!([]))] {
        let kpi =
            json!({"code": code, "name": code, "unit": unit, "direction": "higher_is_better", "source": "survey", "targets": targets});
        office.put(&format!("/api/v1/kpis/{code}"), kpi).await.expect(201);
    }
    measure(&office, "initiatives", "DKKD", "2021Q4", json!({"value": 1})).await.expect(201);
    app
}

async fn measure(actor: &Actor, kpi: &str, department: &str, period: &str, change: Value) -> Answer {
    let mut body = json!({"evidence": [{"document_number": "1/BC", "issued_on": "2022-04-12", "title": "Báo cáo"}]});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let path = format!("/api/v1/kpis/{kpi}/measurements/{department}/{period}");
    actor.json("PUT", &path, &[("if-match", "*")], &body).await
}

fn at(act: &str) -> String {
    format!("{AT}/{act}")
}

fn codes<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|i| i[member].as_str().unwrap()).collect()
}

/// Both figures are there and submitted.
async fn submitted(head: &Actor) {
    measure(head, "satisfaction", "DKKD", "2022Q1", json!({"numerator": 172, "denominator": 200})).await.expect(201);
    measure(head, "initiatives", "DKKD", "2022Q1", json!({"value": 2})).await.expect(201);
    head.act(&at("submission"), 0, json!({"note": "Số liệu quý I"})).await.expect(200);
}

#[tokio::test]
async fn what_is_owed_is_submitted_or_explained() {
    let app = world().await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let draft = head.get(AT).await.expect(200);
    assert_eq!((draft.header("etag"), &draft.body["state"], &draft.body["id"]), (Some("\"0\""), &json!("draft"), &Value::Null));
    assert_eq!(
        (codes(&draft.body["missing"], "kpi"), codes(&draft.body["missing"], "because")),
        (vec!["initiatives", "satisfaction"], vec!["measured_before", "target"])
    );
    assert_eq!((&draft.body["allowed_acts"], draft.body["computed"].as_array().unwrap().len()), (&json!(["submit"]), 6));

    let before = (app.count("audit_events").await, app.count("kpi_submissions").await);
    let bare = head.act(&at("submission"), 0, json!({})).await.expect(422);
    assert_eq!((bare.pointers(), bare.fault_codes()), (vec!["/without", "/without"], vec!["missing", "missing"]));
    assert_eq!(codes(&bare.body["missing"], "kpi"), ["initiatives", "satisfaction"]);
    let wrong = json!({"without": [{"kpi": "initiatives", "reason": " "}, {"kpi": "on_time_rate", "reason": "Không có"}]});
    let wrong = head.act(&at("submission"), 0, wrong).await.expect(422);
    assert_eq!(wrong.pointers(), ["/without/0/reason", "/without/1/kpi", "/without"]);
    assert_eq!((app.count("audit_events").await, app.count("kpi_submissions").await), before);

    measure(&head, "initiatives", "DKKD", "2022Q1", json!({"value": 2})).await.expect(201);
    head.post(&at("submission"), json!({})).await.expect(428);
    head.act(&at("submission"), 3, json!({})).await.expect(412);
    let explained = json!({"note": "Số liệu quý I", "without": [{"kpi": "satisfaction", "reason": "Chưa có kết quả khảo sát"}]});
    let dry = head.act(&format!("{}?dry_run=true", at("submission")), 0, explained.clone()).await.expect(200);
    let counts = (app.count("audit_events").await, app.count("outbox_events").await);
    let done = head.act(&at("submission"), 0, explained).await.expect(200);
    assert_eq!((&done.body["state"], done.header("etag"), &dry.body["state"]), (&json!("submitted"), Some("\"1\""), &json!("submitted")));
    assert_eq!(
        (&done.body["without"][0]["reason"], codes(&done.body["missing"], "kpi")),
        (&json!("Chưa có kết quả khảo sát"), vec!["satisfaction"])
    );
    assert_eq!((&done.body["submitted_by"], &done.body["timeline"][0]["text"]), (&json!(head.username), &json!("Số liệu quý I")));
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), (counts.0 + 1, counts.1 + 1));
    let again = head.act(&at("submission"), 1, json!({})).await.expect(409);
    assert_eq!(
        (again.code(), &again.body["from"], &again.body["allowed"]),
        ("transition_not_allowed", &json!("submitted"), &json!(["withdraw"]))
    );
    // Where nothing is owed and nothing was measured there is nothing to submit; nor before its time.
    let nothing = head.act("/api/v1/submissions/DKKD/2019/submission", 0, json!({})).await.expect(422);
    assert_eq!((nothing.pointers(), nothing.fault_codes()), (vec![""], vec!["missing"]));
    assert_eq!(head.act("/api/v1/submissions/DKKD/2023/submission", 0, json!({})).await.expect(422).fault_codes(), ["date_in_future"]);
    head.act("/api/v1/submissions/DKKD/2022Q5/submission", 0, json!({})).await.expect(400);
}

#[tokio::test]
async fn figures_go_to_approval_come_back_and_are_locked() {
    let app = world().await;
    let (head, office, director) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await, app.actor(Role::Director, None).await);
    submitted(&head).await;
    // Held while they wait.
    let held = measure(&head, "initiatives", "DKKD", "2022Q1", json!({"value": 3, "correction_reason": "Sót"})).await.expect(409);
    assert_eq!((held.code(), &held.body["state"], &held.body["submission"]), ("period_locked", &json!("submitted"), &json!(AT)));
    // Other periods and departments are free.
    measure(&head, "initiatives", "DKKD", "2022Q2", json!({"value": 3})).await.expect(201);
    let withdrawn = head.act(&at("withdrawal"), 1, json!({"remark": "Kiểm tra lại"})).await.expect(200).body;
    assert_eq!((&withdrawn["state"], &withdrawn["allowed_acts"]), (&json!("draft"), &json!(["submit"])));
    measure(&head, "initiatives", "DKKD", "2022Q1", json!({"value": 3, "correction_reason": "Sót"})).await.expect(200);
    head.act(&at("submission"), 2, json!({})).await.expect(200);

    let blank = office.act(&at("return"), 3, json!({"reason": " "})).await.expect(422);
    assert_eq!(blank.pointers(), ["/reason"]);
    let returned = office.act(&at("return"), 3, json!({"reason": "Chưa khớp báo cáo"})).await.expect(200).body;
    assert_eq!((&returned["state"], &returned["remark"]), (&json!("returned"), &json!("Chưa khớp báo cáo")));
    measure(&head, "initiatives", "DKKD", "2022Q1", json!({"value": 2, "correction_reason": "Theo báo cáo"})).await.expect(200);
    head.act(&at("submission"), 4, json!({})).await.expect(200);

    let waiting = office.get("/api/v1/submissions?state=submitted&period=2022Q1").await.expect(200).body;
    assert_eq!(codes(&waiting["items"], "department"), ["DKKD"]);
    head.act(&at("approval"), 5, json!({})).await.expect(403);
    let approved = director.act(&at("approval"), 5, json!({"remark": "Đồng ý"})).await.expect(200).body;
    assert_eq!(
        (&approved["state"], &approved["approved_by"], &approved["differences"]),
        (&json!("approved"), &json!(director.username), &json!([]))
    );
    let frozen = &approved["approval"]["figures"];
    assert_eq!(
        (codes(frozen, "kpi"), &frozen[0]["value"], &frozen[1]["numerator"]),
        (vec!["initiatives", "satisfaction"], &json!(2.0), &json!(172.0))
    );
    assert_eq!(approved["approval"]["computed"].as_array().unwrap().len(), 6);
    let acts = ["submit", "withdraw", "submit", "return", "submit", "approve"];
    assert_eq!(codes(&approved["timeline"], "act"), acts);

    // Locked: new figures, too, and by load.
    let locked = measure(&head, "satisfaction", "DKKD", "2022Q1", json!({"value": 90, "correction_reason": "Sót"})).await.expect(409);
    assert_eq!((locked.code(), &locked.body["state"]), ("period_locked", &json!("approved")));
    measure(&head, "on_time_rate", "DKKD", "2022Q1", json!({"value": 90})).await.expect(409);
    let evidence = json!([{"document_number": "1/BC", "issued_on": "2022-04-12", "title": "Báo cáo"}]);
    let rows = json!([{"kpi": "satisfaction", "department": "DKKD", "period": "2022Q1", "value": 90, "correction_reason": "Sót", "evidence": evidence},
        {"kpi": "initiatives", "department": "DKKD", "period": "2022Q1", "value": 2, "evidence": evidence},
        {"kpi": "initiatives", "department": "DKKD1", "period": "2022Q1", "value": 2, "evidence": evidence}]);
    let partly = head.post("/api/v1/kpi-measurements/bulk?mode=best_effort&return=all", rows).await.expect(207).body;
    assert_eq!(codes(&partly["results"], "status"), ["rejected", "unchanged", "created"]);
    assert_eq!(
        (&partly["results"][0]["errors"][0]["code"], &partly["results"][0]["errors"][0]["pointer"]),
        (&json!("period_locked"), &json!("/period"))
    );

    for (who, act) in [(&head, "submission"), (&head, "withdrawal"), (&office, "approval")] {
        who.act(&at(act), 6, json!({})).await.expect(409);
    }
    office.act(&at("reopening"), 6, json!({"reason": "Có số mới"})).await.expect(403);
    let reopened = director.act(&at("reopening"), 6, json!({"reason": "Có số mới"})).await.expect(200).body;
    assert_eq!((&reopened["state"], &reopened["approved_by"]), (&json!("returned"), &Value::Null));
    // What was approved stays readable, and what differs is told.
    measure(&head, "satisfaction", "DKKD", "2022Q1", json!({"numerator": 180, "denominator": 200, "correction_reason": "Đếm lại"}))
        .await
        .expect(200);
    let now = head.get(AT).await.expect(200).body;
    assert_eq!(now["approval"]["figures"], approved["approval"]["figures"]);
    assert_eq!(now["differences"], json!([{"kpi": "satisfaction", "field": null, "computed": false, "approved": 86.0, "now": 90.0}]));
}

#[tokio::test]
async fn a_locked_figure_changes_by_a_recorded_correction() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    submitted(&head).await;
    office.act(&at("approval"), 1, json!({})).await.expect(200);
    let counts = async || (app.count("audit_events").await, app.count("outbox_events").await, app.count("kpi_measurement_versions").await);
    let before = counts().await;
    let silent = measure(&office, "satisfaction", "DKKD", "2022Q1", json!({"numerator": 201, "denominator": 200})).await.expect(422);
    assert_eq!(silent.pointers(), ["/numerator", "/correction_reason"]);
    // What is new among locked figures needs a reason, too.
    let late = measure(&office, "on_time_rate", "DKKD", "2022Q1", json!({"value": 99})).await.expect(422);
    assert_eq!(late.pointers(), ["/correction_reason"]);
    assert_eq!(counts().await, before);
    let fix = json!({"numerator": 170, "denominator": 200, "correction_reason": "Hai phiếu trùng"});
    measure(&office, "satisfaction", "DKKD", "2022Q1", fix.clone()).await.expect(200);
    assert_eq!(counts().await, (before.0 + 2, before.1 + 2, before.2 + 1));
    let same = measure(&office, "satisfaction", "DKKD", "2022Q1", fix).await.expect(200);
    assert_eq!((same.header("unchanged"), counts().await.0), (Some("true"), before.0 + 2));
    let view = head.get(AT).await.expect(200).body;
    assert_eq!(
        (&view["state"], &view["version"], &view["corrected_at"]),
        (&json!("approved"), &json!(3), &json!("2022-06-15T09:00:00+07:00"))
    );
    let step = &view["timeline"][2];
    assert_eq!((&step["act"], &step["about"], &step["text"]), (&json!("correct"), &json!("satisfaction"), &json!("Hai phiếu trùng")));
    assert_eq!(view["differences"], json!([{"kpi": "satisfaction", "field": null, "computed": false, "approved": 86.0, "now": 85.0}]));
    // A load corrects several at once: one act of the submission, a step for each.
    let evidence = json!([{"document_number": "1/BC", "issued_on": "2022-04-12", "title": "Báo cáo"}]);
    let rows = json!([
        {"kpi": "satisfaction", "department": "DKKD", "period": "2022Q1", "value": 84, "correction_reason": "Lý do một", "evidence": evidence},
        {"kpi": "initiatives", "department": "DKKD", "period": "2022Q1", "value": 4, "correction_reason": "Lý do hai", "evidence": evidence}]);
    office.post("/api/v1/kpi-measurements/bulk", rows).await.expect(200);
    let view = office.get(AT).await.expect(200).body;
    let told: Vec<_> = view["timeline"].as_array().unwrap()[3..]
        .iter()
        .map(|s| (s["n"].as_i64().unwrap(), s["about"].as_str().unwrap(), s["text"].as_str().unwrap()))
        .collect();
    assert_eq!((told, &view["version"]), (vec![(4, "satisfaction", "Lý do một"), (5, "initiatives", "Lý do hai")], &json!(4)));
    let stays = sqlx::query("UPDATE kpi_submission_steps SET text = 'khác'").execute(&app.pool).await.unwrap_err();
    assert_eq!(stays.as_database_error().and_then(|e| e.constraint()), Some("kpi_history_stays"));
}

#[tokio::test]
async fn who_submits_does_not_approve_and_sight_is_kept() {
    let app = world().await;
    let (office, other_office) = (app.office().await, app.office().await);
    let (officer, other) = (app.actor(Role::Officer, Some("DKKD")).await, app.actor(Role::Head, Some("DN")).await);
    let auditor = app.actor(Role::Auditor, None).await;
    submitted(&office).await;
    let own = office.act(&at("approval"), 1, json!({})).await.expect(403);
    assert_eq!(own.code(), "forbidden");
    assert_eq!(office.get(AT).await.expect(200).body["allowed_acts"], json!(["withdraw", "return"]));
    assert_eq!(other_office.get(AT).await.expect(200).body["allowed_acts"], json!(["withdraw", "approve", "return"]));
    for (who, allowed) in [(&officer, json!([])), (&auditor, json!([]))] {
        assert_eq!(who.get(AT).await.expect(200).body["allowed_acts"], allowed);
        who.act(&at("withdrawal"), 1, json!({})).await.expect(403);
    }
    other.get(AT).await.expect(404);
    other.act(&at("withdrawal"), 1, json!({})).await.expect(404);
    other_office.get("/api/v1/submissions/XX/2022Q1").await.expect(404);
    other_office.get("/api/v1/submissions/DKKD/2022Q7").await.expect(400);
    assert_eq!(other.get("/api/v1/submissions").await.expect(200).body["items"], json!([]));
    other_office.act(&at("approval"), 1, json!({})).await.expect(200);
    let four_eyes = sqlx::query("UPDATE kpi_submissions SET approved_by = submitted_by").execute(&app.pool).await.unwrap_err();
    assert_eq!(four_eyes.as_database_error().and_then(|e| e.constraint()), Some("kpi_submission_four_eyes_check"));
}

#[tokio::test]
async fn who_is_missing_is_listed() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    measure(&office, "initiatives", "DN", "2021Q4", json!({"value": 1})).await.expect(201);
    measure(&office, "initiatives", "DN", "2022Q1", json!({"value": 1})).await.expect(201);
    let missing = "/api/v1/submissions/missing?period=2022Q1";
    let all = office.get(missing).await.expect(200).body;
    let told: Vec<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            (
                i["department"].as_str().unwrap(),
                i["state"].as_str().unwrap(),
                i["owed"].as_i64().unwrap(),
                i["measured"].as_i64().unwrap(),
                codes(&i["missing"], "kpi"),
            )
        })
        .collect();
    assert_eq!(told, [("DKKD", "draft", 2, 0, vec!["initiatives", "satisfaction"]), ("DN", "draft", 1, 1, vec![])]);
    assert_eq!(codes(&head.get(missing).await.expect(200).body["items"], "department"), ["DKKD"]);
    assert_eq!(codes(&office.get(&format!("{missing}&department=DN")).await.expect(200).body["items"], "department"), ["DN"]);
    assert_eq!(head.get(&format!("{missing}&department=DN")).await.expect(422).pointers(), ["department"]);
    // The year's target of the agency is the agency's.
    let year = office.get("/api/v1/submissions/missing?period=2022").await.expect(200).body;
    assert_eq!(codes(&year["items"], "department"), ["SKHDT"]);
    let csv = office.send("GET", missing, &[("accept", "text/csv"), ("accept-language", "en")], None).await.expect(200);
    assert!(csv.text.starts_with("\u{feff}Department,Name of the department,State"), "{}", csv.text);
    assert_eq!(csv.text.lines().count(), 4);
    office.get("/api/v1/submissions/missing").await.expect(400);
    submitted(&head).await;
    assert_eq!(codes(&office.get(missing).await.expect(200).body["items"], "department"), ["DN"]);
    office.act(&at("return"), 1, json!({"reason": "Chưa khớp"})).await.expect(200);
    let back = office.get(missing).await.expect(200).body;
    assert_eq!((&back["items"][0]["state"], &back["items"][0]["measured"]), (&json!("returned"), &json!(2)));
    // A department that has ended owes nothing.
    let ended = json!({"code": "DN", "name": "Phòng khác", "kind": "division", "parent": "SKHDT", "valid_to": "2021-12-31"});
    app.admin().await.json("PUT", "/api/v1/departments/DN", &[("if-match", "*")], &ended).await.expect(200);
    assert_eq!(codes(&office.get(missing).await.expect(200).body["items"], "department"), ["DKKD"]);
}

/// Whoever comes first: a figure is either in what was submitted, or refused.
#[tokio::test]
async fn no_figure_slips_in_while_others_are_submitted() {
    let app = world().await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let value = |n: i32| json!({"value": n, "state": "provisional"});
    measure(&head, "satisfaction", "DKKD", "2022Q1", value(50)).await.expect(201);
    measure(&head, "initiatives", "DKKD", "2022Q1", json!({"value": 2})).await.expect(201);
    let mut stands = 50;
    for round in 51..57 {
        let version = head.get(AT).await.expect(200).body["version"].as_i64().unwrap();
        let submission = at("submission");
        let (measured, submitted) =
            tokio::join!(measure(&head, "satisfaction", "DKKD", "2022Q1", value(round)), head.act(&submission, version, json!({})));
        assert!([200, 409].contains(&measured.status), "{}", measured.text);
        if measured.status == 200 {
            stands = round;
        }
        assert_eq!(submitted.expect(200).body["figures"][1]["value"], json!(f64::from(stands)), "{round}: {}", measured.status);
        head.act(&at("withdrawal"), version + 1, json!({})).await.expect(200);
    }
}
