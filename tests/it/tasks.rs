//! Tasks from above: put one by its code, load many; they live as those of plans do.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::task_work::{done, world};

fn above(code: &str) -> Value {
    json!({"code": code, "document_number": "4521/UBND-KT", "document_on": "2022-05-10", "issuer": "UBND", "title": "Báo cáo giải ngân",
        "outputs": [], "lead": ["VP"], "coordinate": ["DKKD"], "due_on": "2022-06-20", "parent": null})
}

#[tokio::test]
async fn a_task_from_above_is_put_changed_and_left_alone() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    let path = "/api/v1/tasks/gv-1";
    app.actor(Role::Head, Some("VP")).await.put(path, above("gv-1")).await.expect(403);
    let made = office.put(path, above("gv-1")).await.expect(201);
    assert_eq!((&made.body["origin"], &made.body["plan"], &made.body["state"]), (&json!("assigned"), &Value::Null, &json!("due_soon")));
    assert_eq!((&made.body["issuer"], &made.body["document_number"]), (&json!("UBND"), &json!("4521/UBND-KT")));
    assert_eq!(office.put(path, above("gv-1")).await.expect(200).header("unchanged"), Some("true"));
    let mut other = above("gv-1");
    other["title"] = json!("Báo cáo giải ngân quý II");
    assert_eq!(office.put(path, other.clone()).await.expect(428).code(), "precondition_required");
    let dry = office.json("PUT", &format!("{path}?dry_run=true"), &[("if-match", "\"1\"")], &other).await.expect(200);
    assert_eq!(dry.body["version"], 2);
    assert_eq!(office.get(path).await.expect(200).body["version"], 1);
    office.json("PUT", path, &[("if-match", "\"1\"")], &other).await.expect(200);
    assert_eq!(app.count("audit_events WHERE subject_code = 'gv-1'").await, 2);
    let stale = office.json("PUT", path, &[("if-match", "\"1\"")], &above("gv-1")).await.expect(412);
    assert_eq!((&stale.body["current_version"], &stale.body["changed_fields"]), (&json!(2), &json!(["title"])), "{}", stale.text);

    // Its departments see it, and nobody else; it stands apart.
    app.actor(Role::Officer, Some("DKKD")).await.get(path).await.expect(200);
    app.actor(Role::Officer, Some("SO")).await.get(path).await.expect(404);
    let listed = async |query: &str| {
        let body = office.get(&format!("/api/v1/tasks?{query}")).await.expect(200).body;
        body["items"].as_array().unwrap().iter().map(|t| t["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("origin=assigned").await, ["gv-1"]);
    assert_eq!(listed("origin=plan").await.len(), 4);
    assert_eq!(listed("").await[0], "gv-1");
    office.put("/api/v1/tasks/gv-0", above("gv-0")).await.expect(201);
    let first = office.get("/api/v1/tasks?limit=1").await.expect(200).body;
    let next = first["page"]["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(listed(&format!("limit=2&cursor={next}")).await[0], "gv-1");

    // Once there is work on it, time is given by extension only; once closed it is left alone.
    let ask = json!({"department": "VP", "reason": "Chờ số liệu", "new_due_on": "2022-08-01"});
    app.actor(Role::Head, Some("VP")).await.act(&format!("{path}/extension-requests"), 2, ask).await.expect(201);
    other["due_on"] = json!("2022-07-01");
    assert_eq!(office.json("PUT", path, &[("if-match", "*")], &other).await.expect(422).pointers(), ["/due_on"]);
    let closed = office.act(&format!("{path}/completion"), 3, done("2022-06-14")).await.expect(201).body;
    assert_eq!(closed["state"], "done_on_time");
    other["due_on"] = json!("2022-06-20");
    other["title"] = json!("Khác");
    assert_eq!(office.json("PUT", path, &[("if-match", "*")], &other).await.expect(422).fault_codes(), ["in_use"]);
    assert_eq!(office.put("/api/v1/tasks/kh-1.plain", above("kh-1.plain")).await.expect(409).code(), "code_taken");
}

#[tokio::test]
async fn a_part_is_not_due_later_than_the_whole() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    office.put("/api/v1/tasks/gv-1", above("gv-1")).await.expect(201);
    let mut part = above("gv-1a");
    part["parent"] = json!("gv-1");
    part["due_on"] = json!("2022-06-21");
    let refused = office.put("/api/v1/tasks/gv-1a", part.clone()).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["later_than_parent"], vec!["/due_on"]));
    part["due_on"] = json!("2022-06-17");
    office.put("/api/v1/tasks/gv-1a", part).await.expect(201);
    let ask = |to: &str| json!({"department": "VP", "reason": "Chờ số liệu", "new_due_on": to});
    let late = office.act("/api/v1/tasks/gv-1a/extension-requests", 1, ask("2022-06-21")).await.expect(422);
    assert_eq!(late.fault_codes(), ["later_than_parent"]);
    office.act("/api/v1/tasks/gv-1a/extension-requests", 1, ask("2022-06-20")).await.expect(201);
    let mut whole = above("gv-1");
    whole["parent"] = json!("gv-1a");
    whole["due_on"] = json!("2022-06-16");
    assert_eq!(office.json("PUT", "/api/v1/tasks/gv-1", &[("if-match", "*")], &whole).await.expect(422).fault_codes(), ["circular_parent"]);
    let mut closed = above("gv-2");
    closed["lead"] = json!(["CU", "XX"]);
    closed["document_on"] = json!("2022-06-16");
    closed["due_on"] = json!("2022-06-15");
    let faults = office.put("/api/v1/tasks/gv-2", closed).await.expect(422);
    assert_eq!(faults.pointers(), ["/document_on", "/due_on", "/lead/0", "/lead/1"]);
    assert_eq!(faults.fault_codes(), ["date_in_future", "dates_backwards", "not_valid_then", "unknown_code"]);
}

#[tokio::test]
async fn tasks_load_in_bulk() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    let mut part = above("gv-2");
    part["parent"] = json!("gv-1");
    let rows = json!([part, above("gv-1")]);
    let path = "/api/v1/tasks/bulk";
    assert_eq!(office.post(&format!("{path}?dry_run=true"), rows.clone()).await.expect(200).body["summary"]["created"], 2);
    assert_eq!(app.count("tasks WHERE origin = 'assigned'").await, 0);
    assert_eq!(office.post(path, rows.clone()).await.expect(200).body["summary"]["created"], 2);
    let again = office.post(path, rows.clone()).await.expect(200).body;
    assert_eq!(again["summary"]["unchanged"], 2);
    assert_eq!(app.count("audit_events WHERE subject_type = 'task'").await, 2);
    assert_eq!(office.get("/api/v1/tasks/gv-2").await.expect(200).body["parent"], "gv-1");

    // A row that is refused takes its parts with it; a task of a plan is refused.
    let mut bad = above("gv-3");
    bad["due_on"] = json!("2022-05-01");
    let mut below = above("gv-4");
    below["parent"] = json!("gv-3");
    let rows = json!([bad, below, above("kh-1.plain"), above("gv-5")]);
    let atomic = office.post(path, rows.clone()).await.expect(422);
    assert_eq!(atomic.body["summary"]["rejected"], 3);
    assert_eq!(app.count("tasks WHERE origin = 'assigned'").await, 2);
    let best = office.post(&format!("{path}?mode=best_effort"), rows).await.expect(207).body;
    assert_eq!((&best["summary"]["created"], &best["summary"]["rejected"]), (&json!(1), &json!(3)));
    let csv = "code,document_number,document_on,issuer,title,lead,due_on\ngv-6,1/UBND,2022-05-10,UBND,Báo cáo,\"[\"\"VP\"\"]\",2022-06-20";
    let loaded = office.send("POST", path, &[("content-type", "text/csv")], Some(csv.as_bytes().to_vec())).await.expect(200);
    assert_eq!(loaded.body["summary"]["created"], 1);
    let create = office.post(&format!("{path}?strategy=create"), json!([above("gv-6")])).await.expect(422);
    assert_eq!(create.body["summary"]["rejected"], 1);
}

/// An outgoing document that names a task says that it may be done; nobody but a person closes it.
#[tokio::test]
async fn a_document_that_goes_out_suggests_to_close_its_task() {
    let app = crate::explanations::world("2022-06-16T02:00:00Z").await;
    let office = app.office().await;
    let suggested = async || office.get("/api/v1/tasks/kh.a").await.expect(200).body["closing_suggested"].clone();
    let register = async |code: &str, number: &str, change: serde_json::Value| {
        let mut body = json!({"direction": "outgoing", "book": "BC", "number": number, "symbol": "BC-SKHĐT", "kind": "bao-cao",
            "issued_on": "2022-06-13", "summary": "Báo cáo rà soát", "department": "DKKD", "task": "kh.a"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        office.put(&format!("/api/v1/documents/{code}"), body).await.expect(201);
    };
    assert_eq!(suggested().await, json!(null));
    // What is secret is not told, what came in proves nothing, and another task's document is another's.
    register("bc-1", "1", json!({"secrecy": "secret"})).await;
    register("bc-2", "2", json!({"task": "kh.b"})).await;
    let incoming = json!({"direction": "incoming", "book": "DEN", "document_number": "15/UBND", "arrived_on": "2022-06-14", "sender": "UBND tỉnh",
        "symbol": null});
    register("den-1", "1", incoming).await;
    assert_eq!(suggested().await, json!(null));
    register("bc-3", "3", json!({})).await;
    register("bc-4", "4", json!({"issued_on": "2022-06-14"})).await;
    assert_eq!(suggested().await, json!({"document": "4/BC-SKHĐT", "issued_on": "2022-06-14"}));
    let task = office.get("/api/v1/tasks/kh.a").await.expect(200).body;
    assert_eq!((&task["state"], &task["version"]), (&json!("overdue"), &json!(1)));
    office.act("/api/v1/documents/bc-4/void", 1, json!({"reason": "Cấp nhầm số"})).await.expect(200);
    assert_eq!(suggested().await, json!({"document": "3/BC-SKHĐT", "issued_on": "2022-06-13"}));
    // Once somebody has closed it, there is nothing left to suggest.
    let done = json!({"completed_on": "2022-06-13", "summary": "Đã báo cáo", "evidence": [{"document_number": "3/BC-SKHĐT", "issued_on": "2022-06-13"}]});
    office.act("/api/v1/tasks/kh.a/completion", 1, done).await.expect(201);
    assert_eq!(suggested().await, json!(null));
}
