use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::App;

const HALF: &str = "/api/v1/duties/kh-1186-skhdt-2022.discipline_half_year";

fn demo(file: &str) -> Value {
    let path = format!("{}/data/demo/plan-1186/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Plan 1186 with its duties, on a day.
async fn world(now: &str) -> App {
    let app = App::at(now).await;
    app.admin().await.post("/api/v1/departments/bulk", demo("departments.json")).await.expect(200);
    let office = app.office().await;
    office.put("/api/v1/plans/kh-1186-skhdt-2022", demo("plan.json")).await.expect(201);
    let made = office.post("/api/v1/duties/imports", json!({"plan": "kh-1186-skhdt-2022"})).await.expect(200).body;
    assert_eq!(made["created"].as_array().unwrap().len(), 10);
    app
}

fn report(path: &str) -> String {
    format!("{path}/occurrences/2022H1")
}

#[tokio::test]
async fn the_duties_of_a_plan_become_reports_with_their_days() {
    let app = world("2022-05-20T02:00:00Z").await;
    let office = app.office().await;
    let again = office.post("/api/v1/duties/imports", json!({"plan": "kh-1186-skhdt-2022"})).await.expect(200).body;
    assert_eq!((again["created"].clone(), again["existing"].as_array().unwrap().len()), (json!([]), 10));
    let duty = office.get(HALF).await.expect(200).body;
    assert_eq!((&duty["from"], &duty["reporters"]), (&json!(["CPTT"]), &json!(["DKKD", "PCM", "XTDT"])));
    let due = office.get("/api/v1/duty-occurrences?due_from=2022-05-20&due_to=2022-12-31").await.expect(200).body;
    let told: Vec<String> = due["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|o| !o["duty"].as_str().unwrap().contains("monthly"))
        .map(|o| {
            let code = o["duty"].as_str().unwrap().rsplit('.').next().unwrap();
            format!("{code} {} {} {} {}", o["period"].as_str().unwrap(), o["internal_due_on"], o["due_on"], o["state"]).replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "discipline_half_year 2022H1 2022-05-24 2022-06-30 due_soon",
            "discipline_year 2022 2022-11-18 2022-12-30 upcoming",
            "year_end_results 2022 null 2022-12-14 upcoming"
        ]
    );
    let soon = office.get("/api/v1/duty-occurrences?state=due_soon&department=DKKD&plan=kh-1186-skhdt-2022").await.expect(200).body;
    assert_eq!(soon["items"][0]["period"], "2022H1", "{soon}");
    assert_eq!(office.get("/api/v1/duty-occurrences?due_from=2022-05-20&due_to=2022-05-19").await.expect(400).pointers(), ["due_to"]);
    assert_eq!(office.get("/api/v1/duty-occurrences?due_from=2022-01-01&due_to=2024-01-01").await.expect(400).pointers(), ["due_to"]);
    office.get(&format!("{HALF}/occurrences/2022Q1")).await.expect(404);
    office.get(&format!("{HALF}/occurrences/x")).await.expect(404);
}

#[tokio::test]
async fn a_report_is_handed_in_consolidated_and_sent_on_time() {
    let app = world("2022-05-25T02:00:00Z").await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let at = report(HALF);
    let seen = head.get(&at).await.expect(200);
    assert_eq!((seen.header("etag"), &seen.body["state"]), (Some("\"0\""), &json!("overdue_internally")));
    assert_eq!(seen.body["hand_ins"].as_array().unwrap().len(), 1);
    assert_eq!((&seen.body["allowed_acts"], &seen.body["hand_ins"][0]["state"]), (&json!(["hand_in"]), &json!("overdue")));
    let hand_in = format!("{at}/hand-ins");
    let part =
        json!({"content": "Chấp hành tốt", "figures": [{"name": "Vi phạm", "value": 0}], "documents": [{"document_no": "45/BC-DKKD"}]});
    head.post(&hand_in, part.clone()).await.expect(428);
    let handed_in = head.act(&hand_in, 0, part).await.expect(201);
    assert_eq!((handed_in.header("etag"), &handed_in.body["hand_ins"][0]["state"]), (Some("\"1\""), &json!("late")));
    // The office enters what came on paper in time.
    let paper = json!({"department": "XTDT", "content": "Không có vi phạm", "handed_in_on": "2022-05-23"});
    let all = office.act(&hand_in, 1, paper).await.expect(201).body;
    let states: Vec<_> = all["hand_ins"].as_array().unwrap().iter().map(|h| h["state"].as_str().unwrap()).collect();
    assert_eq!((states, &all["missing"]), (vec!["late", "overdue", "on_time"], &json!(["PCM"])));
    let proof = json!({"document_no": "310/BC-SKHĐT", "sent_on": "2022-05-25", "channel": "e_office"});
    let early = office.act(&format!("{at}/dispatch"), 2, proof.clone()).await.expect(409);
    assert_eq!((&early.body["requested"], &early.body["allowed"]), (&json!("dispatch"), &json!(["hand_in", "consolidate", "set_dates"])));
    let made = json!({"document_no": "310/BC-SKHĐT", "summary": "Tổng hợp"});
    let consolidated = office.act(&format!("{at}/consolidation"), 2, made).await.expect(200).body;
    assert_eq!((&consolidated["consolidation"]["missing"], &consolidated["state"]), (&json!(["PCM"]), &json!("consolidated")));
    let sent = office.act(&format!("{at}/dispatch"), 3, proof).await.expect(200).body;
    assert_eq!(
        (&sent["state"], &sent["dispatch"]["to"], &sent["allowed_acts"]),
        (&json!("sent_on_time"), &json!(["SNV", "UBND"]), &json!([]))
    );
    let acts: Vec<_> = sent["history"].as_array().unwrap().iter().map(|s| s["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["hand_in", "hand_in", "consolidate", "dispatch"]);
    head.act(&hand_in, 4, json!({"content": "Muộn"})).await.expect(409);
    // A duty that changes later does not change what was sent in time.
    let mut duty = office.get(HALF).await.expect(200).body;
    for member in ["id", "reporters", "version"] {
        duty.as_object_mut().unwrap().remove(member);
    }
    duty["schedule"]["dates"][0]["due"] = json!({"month": 5, "day": 24});
    duty["schedule"]["dates"][0]["internal"] = Value::Null;
    office.json("PUT", HALF, &[("if-match", "\"1\"")], &duty).await.expect(200);
    assert_eq!(office.put(HALF, duty).await.expect(200).header("unchanged"), Some("true"));
    assert_eq!(office.get(&at).await.expect(200).body["state"], "sent_on_time");
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let app = world("2022-05-20T02:00:00Z").await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let at = report(HALF);
    let hand_in = format!("{at}/hand-ins");
    let bad = json!({"department": "XTDT", "content": " ", "documents": [{}], "handed_in_on": "2022-06-01"});
    let refused = head.act(&hand_in, 0, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/department", "/content", "/documents/0", "/handed_in_on"]);
    assert_eq!(refused.fault_codes()[0], "no_part");
    assert_eq!(office.act(&hand_in, 0, json!({"content": "x"})).await.expect(422).pointers(), ["/department"]);
    app.actor(Role::Auditor, None).await.act(&hand_in, 0, json!({"content": "x"})).await.expect(403);
    assert_eq!(office.act(&format!("{at}/consolidation"), 0, json!({"summary": ""})).await.expect(422).pointers(), ["/summary"]);
    assert_eq!((app.count("duty_occurrences").await, app.count("duty_hand_ins").await), (0, 0));
    office.act(&format!("{at}/consolidation?dry_run=true"), 0, json!({"summary": "x"})).await.expect(200);
    assert_eq!(app.count("duty_occurrences").await, 0);
    office.act(&format!("{at}/consolidation"), 0, json!({"summary": "x"})).await.expect(200);
    let bad =
        json!({"document_no": " ", "sent_on": "2022-06-01", "to": ["SNV", "NIRGENDS"], "channel": "post", "evidence": [{"link": "x"}]});
    let refused = office.act(&format!("{at}/dispatch"), 1, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/document_no", "/sent_on", "/to/1", "/to", "/evidence/0/link"]);
    let bad = json!({"code": "x", "what": "", "plan": "none", "from": ["NIRGENDS"], "schedule": {"text": "…", "dates": [{"part": "H1", "due": {"month": 2, "day": 31}}]},
        "valid_from": "2022-02-01", "valid_to": "2022-01-01"});
    let refused = office.put("/api/v1/duties/x", bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/what", "/plan", "/from/0", "/schedule/dates/0/due", "/valid_to"]);
    assert_eq!(office.post("/api/v1/duties/imports", json!({"plan": "none"})).await.expect(422).pointers(), ["/plan"]);
    head.post("/api/v1/duties/imports", json!({"plan": "kh-1186-skhdt-2022"})).await.expect(403);
}

#[tokio::test]
async fn dates_are_set_for_one_report_and_for_those_on_request() {
    let app = world("2022-06-20T02:00:00Z").await;
    let office = app.office().await;
    let briefing = "/api/v1/duties/kh-1186-skhdt-2022.monthly_briefing/occurrences/2022-06";
    let told = office.get(briefing).await.expect(200).body;
    assert_eq!((&told["due_on"], &told["state"]), (&json!("2022-06-30"), &json!("upcoming")));
    let dates = json!({"label": "Giao ban tháng 6", "due_on": "2022-06-23", "internal_due_on": "2022-06-21", "reason": "Họp sớm"});
    office.put(briefing, dates.clone()).await.expect(201);
    assert_eq!(office.put(briefing, dates.clone()).await.expect(200).header("unchanged"), Some("true"));
    let mut later = dates.clone();
    later["due_on"] = json!("2022-06-20");
    office.put(briefing, later.clone()).await.expect(428);
    let refused = office.json("PUT", briefing, &[("if-match", "\"1\"")], &later).await.expect(422);
    assert_eq!(refused.pointers(), ["/internal_due_on"]);
    assert_eq!(office.get(briefing).await.expect(200).body["label"], "Giao ban tháng 6");
    let due = office.get("/api/v1/duty-occurrences?due_from=2022-06-20&due_to=2022-06-24").await.expect(200).body;
    assert_eq!((due["items"].as_array().unwrap().len(), &due["items"][0]["state"]), (1, &json!("due_soon")));
    let request = "/api/v1/duties/kh-1186-skhdt-2022.implementation_results/occurrences/2022-06";
    office.get(request).await.expect(404);
    office.put(request, json!({"due_on": "2022-07-01", "reason": "Công văn 99 của Sở Nội vụ"})).await.expect(201);
    assert_eq!(office.get(request).await.expect(200).body["due_on"], "2022-07-01");
}

#[tokio::test]
async fn of_two_who_do_the_same_at_once_one_counts() {
    let app = world("2022-05-20T02:00:00Z").await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let path = format!("{}/hand-ins", report(HALF));
    let answers = futures_util::future::join_all((0..4).map(|_| head.act(&path, 0, json!({"content": "Đã làm"})))).await;
    let mut statuses: Vec<_> = answers.iter().map(|a| a.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412, 412, 412]);
    let again = head.act(&path, 1, json!({"content": "Đã làm thêm"})).await.expect(201).body;
    let part = &again["hand_ins"][0];
    assert_eq!((&part["content"], &part["handed_in_on"]), (&json!("Đã làm thêm"), &json!("2022-05-20")));
    assert!(part["revised_at"].is_string());
    assert_eq!(app.count("duty_hand_ins").await, 1);
}
