//! Plans amended by later documents.

use serde_json::{Value, json};

use crate::harness::{App, department};

const PLAN: &str = "/api/v1/plans/kh-1";

fn task(code: &str, lead: &str) -> Value {
    json!({"local_code": code, "group": "I", "title": format!("Việc {code}"), "lead": [lead],
        "schedule": {"text": "Quý II", "kind": "in", "start_on": "2022-04-01", "end_on": "2022-06-30"}})
}

/// A plan of three tasks; there is a report on the first.
async fn with_plan() -> App {
    let app = App::at("2022-07-15T08:00:00+07:00").await;
    let mut closed = department("CU");
    closed["valid_to"] = json!("2022-06-30");
    let departments = json!([department("VP"), department("DKKD"), closed]);
    app.admin().await.post("/api/v1/departments/bulk", departments).await.expect(200);
    let office = app.office().await;
    let plan = json!({"code": "kh-1", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch nhỏ",
        "issuer": {"department": "VP"}, "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "groups": [{"code": "I", "title": "Một"}], "tasks": [task("a", "VP"), task("b", "DKKD"), task("c", "CU")]});
    office.put(PLAN, plan).await.expect(201);
    let report = json!({"department": "VP", "period": "2022-05", "content": "Đã rà soát"});
    office.act("/api/v1/tasks/kh-1.a/progress-reports", 1, report).await.expect(201);
    app
}

fn amendment(members: Value) -> Value {
    let mut body = json!({"document_number": "9/KH", "document_type": "Kế hoạch", "title": "Sửa đổi Kế hoạch số 1/KH", "issued_on": "2022-07-04",
        "signed_by": {"name": "Nguyễn Văn A", "position": "GIÁM ĐỐC"}});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_document_makes_a_version_and_the_ones_before_stay() {
    let app = with_plan().await;
    let office = app.office().await;
    let first = office.get(&format!("{PLAN}/versions/1")).await.expect(200).body;
    let mut heir = task("d", "DKKD");
    heir["replaces"] = json!(["a"]);
    let later = json!({"text": "Quý III", "kind": "in", "start_on": "2022-07-01", "end_on": "2022-09-30"});
    let body = amendment(json!({"added": [{"task": heir, "after": "a"}], "changed": [{"local_code": "b", "schedule": later}],
        "dropped": [{"local_code": "a"}, {"local_code": "c"}]}));
    let path = format!("{PLAN}/amendments");
    office.post(&path, body.clone()).await.expect(428);
    let dry = office.act(&format!("{path}?dry_run=true"), 1, body.clone()).await.expect(201);
    assert_eq!((app.count("plan_versions").await, app.count("tasks").await), (1, 3));
    let done = office.act(&path, 1, body.clone()).await.expect(201);
    assert_eq!((done.header("etag"), done.header("location")), (Some("\"2\""), Some("/api/v1/plans/kh-1/versions/2")));
    assert_eq!(done.body["task_count"], dry.body["task_count"]);
    office.act(&path, 1, body).await.expect(412);

    let plan = office.get(PLAN).await.expect(200).body;
    let codes = |list: &Value| list.as_array().unwrap().iter().map(|t| t["local_code"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (codes(&plan["groups"][0]["tasks"]), codes(&plan["dropped_tasks"])),
        (vec!["d".into(), "b".into()], vec!["a".into(), "c".into()])
    );
    assert_eq!(plan["versions"][1]["amendment"]["document_number"], "9/KH");
    assert_eq!(office.get(&format!("{PLAN}/versions/1")).await.expect(200).body, first);
    let list = office.get(&format!("{PLAN}/versions?count=exact")).await.expect(200).body;
    assert_eq!((&list["items"], &list["page"]["total"]), (&plan["versions"], &json!(2)));

    let difference = office.get(&format!("{PLAN}/versions/2/difference")).await.expect(200).body;
    assert_eq!(difference["tasks"]["added"], json!([{"code": "d", "title": "Việc d", "replaces": ["a"]}]));
    assert_eq!(difference["tasks"]["changed"][0]["members"][0]["old"]["text"], "Quý II");
    assert_eq!(difference["tasks"]["changed"][0]["members"][0]["new"]["text"], "Quý III");
    assert_eq!(difference["tasks"]["dropped"].as_array().unwrap().len(), 2);
    assert_eq!((&difference["fates"][0]["becomes"], &difference["fates"][1]["becomes"]), (&json!("moved"), &json!("cancelled")));
    office.get(&format!("{PLAN}/versions/3")).await.expect(404);
    office.get(&format!("{PLAN}/versions/x")).await.expect(404);
    assert_eq!(office.get(&format!("{PLAN}/versions/2/difference?against=2")).await.expect(400).pointers(), ["against"]);

    // The old dates are kept, and so is the work.
    let history = office.get("/api/v1/tasks/kh-1.b/history").await.expect(200).body;
    let dates: Vec<_> = history["items"].as_array().unwrap().iter().map(|e| e["due_on"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2022-06-30", "2022-09-30"]);
    let gone = office.get("/api/v1/tasks/kh-1.a").await.expect(200).body;
    assert_eq!(
        (&gone["moved_to"], &gone["dropped_in"], &gone["progress_reports"][0]["period"]),
        (&json!("kh-1.d"), &json!(2), &json!("2022-05"))
    );
    let cancelled = app.count("tasks WHERE cancelled_on = '2022-07-04' AND cancel_reason IS NOT NULL").await;
    assert_eq!((cancelled, app.count("outbox_events WHERE type = 'plan.amend'").await), (2, 1));

    // One that comes back is the same task.
    let back = office.act(&path, 2, amendment(json!({"added": [{"task": task("c", "VP")}]}))).await.expect(201).body;
    assert_eq!(
        (codes(&back["groups"][0]["tasks"]), codes(&back["dropped_tasks"])),
        (vec!["d".into(), "b".into(), "c".into()], vec!["a".into()])
    );
    let turns = office.get("/api/v1/tasks/kh-1.c/history").await.expect(200).body;
    let turns: Vec<_> = turns["items"].as_array().unwrap().iter().map(|e| e["turn"].as_str().unwrap()).collect();
    assert_eq!((turns, app.count("tasks WHERE cancelled_on IS NOT NULL").await), (vec!["added", "dropped", "added"], 1));
}

#[tokio::test]
async fn what_becomes_of_work_must_be_said() {
    let app = with_plan().await;
    let office = app.office().await;
    let path = format!("{PLAN}/amendments");
    let refused = office.act(&path, 1, amendment(json!({"dropped": [{"local_code": "a"}]}))).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["in_use"], vec!["/dropped/0/becomes"]));
    let refused = office.act(&path, 1, amendment(json!({"tasks": [task("b", "DKKD"), task("c", "CU")]}))).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["in_use"], vec!["/tasks"]));
    // A plain correction does not drop it either.
    let mut plan = office.get(&format!("{PLAN}/versions/1")).await.expect(200).body["plan"].clone();
    plan["tasks"].as_array_mut().unwrap().remove(0);
    let refused = office.json("PUT", PLAN, &[("if-match", "\"1\"")], &plan).await.expect(422);
    assert_eq!(refused.fault_codes(), ["in_use"]);
    assert_eq!((app.count("plan_versions").await, app.count("tasks WHERE dropped_in IS NOT NULL").await), (1, 0));

    let kept = amendment(json!({"dropped": [{"local_code": "a", "becomes": "kept"}]}));
    office.act(&path, 1, kept).await.expect(201);
    assert_eq!(app.count("tasks WHERE dropped_in = 2 AND cancelled_on IS NULL").await, 1);
}

#[tokio::test]
async fn faults_of_an_amendment_come_all_at_once() {
    let app = with_plan().await;
    let office = app.office().await;
    let mut added = task("d", "CU");
    added["replaces"] = json!(["x"]);
    let body =
        amendment(json!({"effective_on": "2022-08-01", "added": [{"task": added}], "changed": [{"local_code": "b", "lead": ["XX"]}],
        "dropped": [{"local_code": "y"}]}));
    let refused = office.act(&format!("{PLAN}/amendments"), 1, body).await.expect(422);
    let mut found = refused.pointers();
    found.sort_unstable();
    let expected = ["/added/0/task/lead/0", "/added/0/task/replaces/0", "/changed/0/lead/0", "/dropped/0/local_code", "/effective_on"];
    assert_eq!(found, expected, "{}", refused.text);
    assert_eq!(app.count("plan_versions").await, 1);
}
