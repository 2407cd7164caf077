//! Work on tasks: who is given them, what is handed in and shown, what the office says of it.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App, department};

/// A plan of a plain task, one that goes on, one that recurs and one that waits for an event; all are VP's.
pub fn plan() -> Value {
    json!({"code": "kh-1", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch nhỏ", "issuer": {"department": "SO"},
    "issued_on": "2022-04-19", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
    "groups": [{"code": "I", "title": "Một"}],
    "tasks": [
        {"local_code": "plain", "group": "I", "title": "Quy chế", "lead": ["VP"], "coordinate": ["DKKD"],
            "schedule": {"text": "Quý II", "kind": "in", "start_on": "2022-04-01", "end_on": "2022-06-30"}},
        {"local_code": "ongoing", "group": "I", "title": "Không gian tiếp đón", "lead": ["VP"], "schedule": {"text": "Thường xuyên", "kind": "ongoing"}},
        {"local_code": "monthly", "group": "I", "title": "Họp giao ban", "lead": ["VP"],
            "schedule": {"text": "hằng tháng", "kind": "recurring", "start_on": "2022-06-01", "end_on": "2022-08-31", "recurrence": {"frequency": "monthly"}}},
        {"local_code": "event", "title": "Công bố thủ tục", "lead": ["VP"],
            "schedule": {"text": "Sau khi Bộ công bố", "kind": "after_event", "event": "Bộ công bố"}}
    ]})
}

/// Its departments, and a closed one, on a day.
pub async fn world(now: &str) -> App {
    let app = App::at(now).await;
    let mut closed = department("CU");
    closed["valid_to"] = json!("2021-12-31");
    let all = json!([department("SO"), department("VP"), department("DKKD"), department("UBND"), closed]);
    app.admin().await.post("/api/v1/departments/bulk", all).await.expect(200);
    app.office().await.put("/api/v1/plans/kh-1", plan()).await.expect(201);
    app
}

pub fn task(local: &str) -> String {
    format!("/api/v1/tasks/kh-1.{local}")
}

pub fn done(on: &str) -> Value {
    json!({"completed_on": on, "summary": "Đã ban hành", "evidence": [{"document_number": "88/QĐ", "issued_on": on}]})
}

async fn states(actor: &Actor, local: &str) -> Vec<(String, String)> {
    let body = actor.get(&task(local)).await.expect(200).body;
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    body["occurrences"].as_array().unwrap().iter().map(|o| (text(&o["label"]), text(&o["state"]))).collect()
}

#[tokio::test]
async fn what_goes_on_or_recurs_has_an_occurrence_a_period() {
    let app = world("2022-07-05T08:00:00+07:00").await;
    let office = app.office().await;
    let pairs = |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    // The first quarter was over when the plan was issued.
    let quarters = [("Quý II/2022", "overdue"), ("Quý III/2022", "in_progress"), ("Quý IV/2022", "not_started")];
    assert_eq!(states(&office, "ongoing").await, pairs(&quarters));
    let months = [("Tháng 06/2022", "overdue"), ("Tháng 07/2022", "in_progress"), ("Tháng 08/2022", "not_started")];
    assert_eq!(states(&office, "monthly").await, pairs(&months));
    let body = office.get(&task("monthly")).await.expect(200).body;
    // The end of July is a Sunday.
    assert_eq!((&body["occurrences"][1]["due_on"], &body["due_on"]), (&json!("2022-08-01"), &json!("2022-08-31")));
    assert_eq!(body["state"], "overdue");

    // One is closed after the other; a report falls into the one around its period.
    let report = json!({"department": "VP", "period": "2022-07", "content": "Đã chuẩn bị"});
    office.act(&format!("{}/progress-reports", task("monthly")), 1, report).await.expect(201);
    assert_eq!(app.count("progress_reports WHERE occurrence = 2").await, 1);
    let mut june = done("2022-06-29");
    june["occurrence"] = json!(1);
    let answer = office.act(&format!("{}/completion", task("monthly")), 2, june.clone()).await.expect(201);
    assert_eq!((&answer.body["state"], &answer.body["completion"]), (&json!("in_progress"), &Value::Null));
    let again = office.act(&format!("{}/completion", task("monthly")), 3, june).await.expect(422);
    assert_eq!((again.fault_codes(), again.pointers()), (vec!["exists"], vec!["/occurrence"]));
    let whole = office.act(&format!("{}/completion", task("monthly")), 3, done("2022-07-05")).await.expect(201);
    assert_eq!((&whole.body["state"], &whole.body["completion"]["completed_on"]), (&json!("done_on_time"), &json!("2022-07-05")));

    // A plan that is put again changes days, adds times and takes away those that nobody worked on.
    let mut body = plan();
    body["tasks"][1]["schedule"]["recurrence"] = json!({"frequency": "half_yearly"});
    body["tasks"][2]["schedule"]["end_on"] = json!("2022-09-30");
    office.json("PUT", "/api/v1/plans/kh-1", &[("if-match", "\"1\"")], &body).await.expect(200);
    assert_eq!(states(&office, "ongoing").await, pairs(&[("6 tháng đầu năm 2022", "overdue"), ("6 tháng cuối năm 2022", "in_progress")]));
    assert_eq!(states(&office, "monthly").await.len(), 4);
    assert_eq!(states(&office, "monthly").await[0].1, "done_on_time");
}

#[tokio::test]
async fn an_event_starts_a_task_and_its_day_is_corrected_with_a_reason() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    let path = format!("{}/trigger", task("event"));
    let wrong = office.act(&path, 1, json!({"occurred_on": "2022-06-16"})).await.expect(422);
    assert_eq!(wrong.pointers(), ["/occurred_on", "/due_on"]);
    assert_eq!(
        office.act(&format!("{}/trigger", task("plain")), 1, json!({"occurred_on": "2022-06-06"})).await.expect(409).code(),
        "transition_not_allowed"
    );
    let event = json!({"occurred_on": "2022-06-06", "document_number": "883/QĐ", "working_days": 10});
    let started = office.act(&path, 1, event.clone()).await.expect(201).body;
    assert_eq!(
        (&started["starts_on"], &started["due_on"], &started["state"]),
        (&json!("2022-06-06"), &json!("2022-06-20"), &json!("due_soon"))
    );
    assert_eq!(started["trigger"]["document_number"], "883/QĐ");
    assert_eq!(office.act(&path, 2, event).await.expect(422).pointers(), ["/note"]);
    let corrected = json!({"occurred_on": "2022-06-07", "due_on": "2022-07-01", "note": "Nhầm ngày ban hành"});
    assert_eq!(office.act(&path, 2, corrected).await.expect(201).body["due_on"], "2022-07-01");
    // The plan put again leaves it.
    let mut body = plan();
    body["tasks"][3]["title"] = json!("Công bố thủ tục hành chính");
    office.json("PUT", "/api/v1/plans/kh-1", &[("if-match", "\"1\"")], &body).await.expect(200);
    assert_eq!(office.get(&task("event")).await.expect(200).body["due_on"], "2022-07-01");
}

#[tokio::test]
async fn a_task_is_given_taken_handed_in_given_back_and_confirmed() {
    let app = world("2022-06-29T08:00:00+07:00").await;
    let (office, director) = (app.office().await, app.actor(Role::Director, None).await);
    let head = app.actor(Role::Head, Some("VP")).await;
    let officer = app.actor(Role::Officer, Some("VP")).await;
    let other = app.actor(Role::Head, Some("UBND")).await;
    let path = |act: &str| format!("{}/{act}", task("plain"));
    other.get(&task("plain")).await.expect(404);

    // What is given to a department shows to it; who refuses has no part.
    let given =
        director.act(&path("assignments"), 1, json!({"department": "UBND", "role": "coordinate", "note": "Góp ý"})).await.expect(201);
    assert_eq!((&given.body["assignments"][0]["status"], &given.body["coordinate"]), (&json!("assigned"), &json!(["DKKD"])));
    assert_eq!(head.act(&path("assignments/UBND/acceptance"), 2, json!({})).await.expect(403).code(), "forbidden");
    assert_eq!(other.act(&path("assignments/UBND/refusal"), 2, json!({"reason": " "})).await.expect(422).pointers(), ["/reason"]);
    other.act(&path("assignments/UBND/refusal"), 2, json!({"reason": "Không thuộc chức năng"})).await.expect(201);
    other.get(&task("plain")).await.expect(404);
    let closed = office.act(&path("assignments"), 3, json!({"department": "CU", "role": "lead"})).await.expect(422);
    assert_eq!((closed.fault_codes(), closed.pointers()), (vec!["not_valid_then"], vec!["/department"]));

    // The head names who does it, from the department only.
    let named = |who: &Actor| json!({"department": "VP", "officers": [who.username]});
    assert_eq!(head.act(&path("assignments"), 3, named(&other)).await.expect(422).pointers(), ["/officers/0"]);
    let mut part = named(&officer);
    part["role"] = json!("lead");
    assert_eq!(head.act(&path("assignments"), 3, part).await.expect(403).code(), "forbidden");
    let named = head.act(&path("assignments"), 3, named(&officer)).await.expect(201).body;
    assert_eq!(
        (&named["assignments"][1]["officers"], &named["assignments"][1]["status"]),
        (&json!([officer.username]), &json!("accepted"))
    );

    // Handed in on the last day but one, confirmed after the due date: in time.
    assert_eq!(office.act(&path("confirmation"), 4, json!({})).await.expect(409).code(), "transition_not_allowed");
    let handed_in = officer.act(&path("submission"), 4, done("2022-06-28")).await.expect(201).body;
    assert_eq!((&handed_in["state"], &handed_in["completion"]), (&json!("handed_in"), &Value::Null));
    assert_eq!(officer.act(&path("submission"), 5, done("2022-06-28")).await.expect(409).code(), "transition_not_allowed");
    assert_eq!(head.act(&path("confirmation"), 5, json!({})).await.expect(403).code(), "forbidden");
    assert_eq!(office.act(&path("return"), 5, json!({"reason": ""})).await.expect(422).pointers(), ["/reason"]);
    let back = office.act(&path("return"), 5, json!({"reason": "Thiếu biên bản"})).await.expect(201).body;
    assert_eq!((&back["state"], &back["submissions"][0]["status"]), (&json!("returned"), &json!("returned")));
    officer.act(&path("submission"), 6, done("2022-06-29")).await.expect(201);
    let confirmed = office.act(&path("confirmation"), 7, json!({"note": "Đủ"})).await.expect(201).body;
    assert_eq!((&confirmed["state"], &confirmed["completion"]["completed_on"]), (&json!("done_on_time"), &json!("2022-06-29")));
    assert_eq!(confirmed["completion"]["completed_by"], officer.username);

    // What was closed is taken up again with a reason.
    let reopened = office.act(&path("return"), 8, json!({"reason": "Văn bản bị thu hồi"})).await.expect(201).body;
    assert_eq!((&reopened["state"], &reopened["completion"]), (&json!("returned"), &Value::Null));
    let timeline = head.get(&path("timeline")).await.expect(200).body;
    let acts: Vec<&str> = timeline["items"].as_array().unwrap().iter().map(|i| i["act"].as_str().unwrap()).collect();
    let expected = ["assign", "refuse_assignment", "assign", "hand_in", "return", "hand_in", "confirm", "return"];
    assert_eq!(acts, expected);
    assert_eq!(app.count("outbox_events WHERE subject_type = 'task'").await, 8);
}

#[tokio::test]
async fn who_has_no_part_neither_reports_nor_shows() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    let report = json!({"department": "UBND", "period": "2022-06", "content": "Đã làm"});
    let refused = office.act(&format!("{}/progress-reports", task("plain")), 1, report).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["no_part"], vec!["/department"]));
    let shown = office.act(&format!("{}/evidence", task("plain")), 1, json!({"department": "UBND"})).await.expect(422);
    assert_eq!((shown.fault_codes(), shown.pointers()), (vec!["no_part", "missing"], vec!["/department", ""]));
}

#[tokio::test]
async fn a_task_given_up_counts_no_more() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    let path = format!("{}/cancellation", task("plain"));
    assert_eq!(
        office.act(&path, 1, json!({"reason": "", "document_number": " "})).await.expect(422).pointers(),
        ["/reason", "/document_number"]
    );
    let cancelled = office.act(&path, 1, json!({"reason": "Rút nhiệm vụ", "document_number": "12/UBND"})).await.expect(201).body;
    assert_eq!((&cancelled["state"], &cancelled["allowed_acts"]), (&json!("cancelled"), &json!([])));
    assert_eq!(office.act(&format!("{}/completion", task("plain")), 2, done("2022-06-10")).await.expect(409).body["from"], "cancelled");
    let idle = office.act(&format!("{}/not-applicable", task("event")), 1, json!({"reason": "Bộ không công bố"})).await.expect(201).body;
    assert_eq!(idle["state"], "not_applicable");
    let listed = office.get("/api/v1/tasks?state=cancelled,not_applicable").await.expect(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_is_what_it_says_and_no_larger_than_allowed() {
    let app = App::with_settings("2022-06-15T08:00:00+07:00", |settings| settings.http.max_file_bytes = 2000).await;
    let all = json!([department("SO"), department("VP"), department("DKKD"), department("UBND")]);
    app.admin().await.post("/api/v1/departments/bulk", all).await.expect(200);
    app.office().await.put("/api/v1/plans/kh-1", plan()).await.expect(201);
    let head = app.actor(Role::Head, Some("VP")).await;
    let shown = head.act(&format!("{}/evidence", task("plain")), 1, json!({"department": "VP", "title": "Quy chế"})).await.expect(201);
    assert_eq!(shown.body["documents"][0]["file"], Value::Null);
    let path = format!("{}/evidence/1/content", task("plain"));
    let put = async |media: &str, version: &str, content: &[u8]| {
        head.send("PUT", &path, &[("if-match", version), ("content-type", media)], Some(content.to_vec())).await
    };
    head.get(&path).await.expect(404);
    assert_eq!(put("text/html", "\"2\"", b"<html>").await.expect(415).code(), "unsupported_media_type");
    assert_eq!(put("application/pdf", "\"2\"", b"<html>").await.expect(415).code(), "unsupported_media_type");
    assert_eq!(put("image/png", "\"2\"", b"%PDF-1.7").await.expect(415).code(), "unsupported_media_type");
    let large = [b"%PDF-1.7".as_slice(), &[b' '; 3000]].concat();
    assert_eq!(put("application/pdf", "\"2\"", &large).await.expect(413).code(), "body_too_large");
    assert_eq!(app.count("task_evidence WHERE content IS NOT NULL").await, 0);
    let kept = put("application/pdf", "\"2\"", b"%PDF-1.7 abc").await.expect(201).body;
    assert_eq!(kept["documents"][0]["file"]["size_bytes"], 12);
    let same = put("application/pdf", "\"3\"", b"%PDF-1.7 abc").await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"3\"")));
    let file = head.get(&path).await.expect(200);
    assert_eq!((file.text.as_str(), file.header("content-type")), ("%PDF-1.7 abc", Some("application/pdf")));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"kh-1.plain-1.pdf\""));
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    app.actor(Role::Head, Some("UBND")).await.get(&path).await.expect(404);
}
