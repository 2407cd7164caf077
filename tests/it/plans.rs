use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App, department};

const PLAN: &str = "/api/v1/plans/kh-1186-skhdt-2022";

fn demo(file: &str) -> Value {
    let path = format!("{}/data/demo/plan-1186/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Plan 1186 in the system, on a day.
async fn with_plan(now: &str) -> App {
    let app = App::at(now).await;
    app.admin().await.post("/api/v1/departments/bulk", demo("departments.json")).await.expect(200);
    app.office().await.put(PLAN, demo("plan.json")).await.expect(201);
    app
}

fn task(local: &str) -> String {
    format!("/api/v1/tasks/kh-1186-skhdt-2022.{local}")
}

fn codes(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap();
    items.iter().map(|t| t["local_code"].as_str().unwrap()).collect()
}

async fn listed(actor: &Actor, query: &str) -> Vec<String> {
    let answer = actor.get(&format!("/api/v1/tasks?{query}")).await.expect(200);
    codes(&answer).into_iter().map(str::to_owned).collect()
}

fn report(department: &str, period: &str) -> Value {
    json!({"department": department, "period": period, "content": "Đã thực hiện", "percent": 40,
        "evidence": [{"document_number": "12/BC", "issued_on": "2022-06-10"}]})
}

fn completion(on: &str) -> Value {
    json!({"completed_on": on, "summary": "Hoàn thành", "evidence": [{"title": "Báo cáo", "link": "https://example.org/bc"}]})
}

/// A plan of two tasks for small tests; its departments are VP and DKKD.
fn small() -> Value {
    json!({"code": "kh-1", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch nhỏ", "issuer": {"department": "VP"},
    "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
    "groups": [{"code": "I", "title": "Một"}],
    "tasks": [
        {"local_code": "a", "group": "I", "title": "Việc thứ nhất", "lead": ["VP"], "schedule": {"text": "Thường xuyên", "kind": "ongoing"}},
        {"local_code": "b", "group": "I", "title": "Việc thứ hai", "lead": ["DKKD"], "schedule": {"text": "Thường xuyên", "kind": "ongoing"}}
    ]})
}

async fn with_small() -> App {
    let app = App::at("2022-06-15T08:00:00+07:00").await;
    app.admin().await.post("/api/v1/departments/bulk", json!([department("VP"), department("DKKD")])).await.expect(200);
    app.office().await.put("/api/v1/plans/kh-1", small()).await.expect(201);
    app
}

#[tokio::test]
async fn plan_1186_is_kept_whole() {
    let app = with_plan("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    let body = demo("plan.json");
    let same = office.put(PLAN, body.clone()).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"1\"")));
    assert_eq!((app.count("plans").await, app.count("tasks").await), (1, 24));

    let plan = office.get(PLAN).await.expect(200).body;
    let by_id = office.get(&format!("/api/v1/plans/{}", plan["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(plan, by_id);
    for part in ["document_number", "printed_number", "title", "issuer", "signed_by", "legal_bases", "purposes", "requirements", "notes"] {
        assert_eq!(plan[part], body[part], "{part}");
    }
    for part in ["organisation", "recipients"] {
        assert_eq!(plan[part], body[part], "{part}");
    }
    assert_eq!(plan["reporting_duties"].as_array().unwrap().len(), 10);
    let mut order = Vec::new();
    walk(&plan["groups"], &mut order);
    assert_eq!(order.iter().map(|(g, _)| g.as_str()).collect::<Vec<_>>(), ["I", "I.1", "I.2", "II", "II.1", "II.2"]);
    let tasks: Vec<&Value> = order.iter().flat_map(|(_, tasks)| tasks).collect();
    assert_eq!(tasks.len(), 24);
    let in_body = body["tasks"].as_array().unwrap();
    for (i, (shown, put)) in tasks.iter().zip(in_body).enumerate() {
        assert_eq!(shown["position"], i + 1);
        let detail = office.get(&format!("/api/v1/tasks/{}", shown["code"].as_str().unwrap())).await.expect(200).body;
        for (name, value) in put.as_object().unwrap() {
            assert_eq!(&detail[name], value, "{name} of {}", shown["code"]);
        }
        assert_eq!(detail["state"], shown["state"]);
    }
    assert_eq!(tasks[8]["code"], "kh-1186-skhdt-2022.II.1-1.1a");
    let item = &office.get("/api/v1/plans?year=2022&issuer=SKHDT&q=cai+cach+1186").await.expect(200).body["items"][0];
    assert_eq!((&item["code"], &item["task_count"]), (&json!("kh-1186-skhdt-2022"), &json!(24)));
    assert_eq!(office.get("/api/v1/plans?year=2023").await.expect(200).body["items"], json!([]));
}

fn walk(groups: &Value, into: &mut Vec<(String, Vec<Value>)>) {
    for group in groups.as_array().unwrap() {
        into.push((group["code"].as_str().unwrap().to_owned(), group["tasks"].as_array().unwrap().clone()));
        walk(&group["groups"], into);
    }
}

#[tokio::test]
async fn a_plan_is_changed_at_the_version_seen() {
    let app = with_small().await;
    let office = app.office().await;
    let path = "/api/v1/plans/kh-1";
    let mut body = small();
    body["title"] = json!("Tên mới");
    body["tasks"].as_array_mut().unwrap().reverse();
    body["tasks"].as_array_mut().unwrap().push(json!({"local_code": "c", "title": "Việc thứ ba",
        "schedule": {"text": "Trước 15/12", "kind": "before", "before_on": "2022-12-15"}}));
    assert_eq!(office.put(path, body.clone()).await.expect(428).code(), "precondition_required");
    office.json("PUT", path, &[("if-match", "\"9\"")], &body).await.expect(412);
    office.json("PUT", path, &[("if-none-match", "*")], &body).await.expect(412);
    let dry = office.json("PUT", &format!("{path}?dry_run=true"), &[("if-match", "\"1\"")], &body).await.expect(200);
    assert_eq!((dry.header("dry-run"), &dry.body["version"]), (Some("true"), &json!(2)));
    assert_eq!((app.count("tasks").await, app.count("audit_events WHERE subject_type = 'plan'").await), (2, 1));

    let done = office.json("PUT", path, &[("if-match", "\"1\"")], &body).await.expect(200);
    assert_eq!((done.header("etag"), &done.body["title"], &done.body["version"]), (Some("\"2\""), &json!("Tên mới"), &json!(2)));
    assert_eq!(listed(&office, "plan=kh-1").await, ["b", "a", "c"]);
    assert_eq!(done.body["tasks"][0]["due_on"], "2022-12-14");
    assert_eq!(app.count("outbox_events WHERE type = 'plan.put'").await, 2);

    // What is taken out goes, headings too.
    let bare = json!({"code": "kh-1", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch nhỏ",
        "issuer": {"department": "VP"}, "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"}});
    office.json("PUT", path, &[("if-match", "\"2\"")], &bare).await.expect(200);
    assert_eq!((app.count("tasks").await, app.count("plan_groups").await), (0, 0));
}

#[tokio::test]
async fn a_task_with_reports_stays_in_its_plan() {
    let app = with_small().await;
    let office = app.office().await;
    office.act("/api/v1/tasks/kh-1.a/progress-reports", 1, report("VP", "2022-05")).await.expect(201);
    let mut body = small();
    body["tasks"].as_array_mut().unwrap().remove(0);
    let refused = office.json("PUT", "/api/v1/plans/kh-1", &[("if-match", "\"1\"")], &body).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["in_use"], vec!["/tasks"]));

    // Its words may change; the report stays.
    let mut body = small();
    body["tasks"][0]["title"] = json!("Việc thứ nhất, sửa đổi");
    office.json("PUT", "/api/v1/plans/kh-1", &[("if-match", "\"1\"")], &body).await.expect(200);
    let task = office.get("/api/v1/tasks/kh-1.a").await.expect(200).body;
    assert_eq!((&task["version"], &task["progress_reports"][0]["period"]), (&json!(3), &json!("2022-05")));
    let other = office.get("/api/v1/tasks/kh-1.b").await.expect(200).body;
    assert_eq!(other["version"], 1);
}

#[tokio::test]
async fn faults_of_a_plan_come_all_at_once() {
    let app = with_small().await;
    let office = app.office().await;
    let mut body = small();
    body["code"] = json!("kh-2");
    body["tasks"][0]["lead"] = json!(["VP", "XX"]);
    body["tasks"][0]["schedule"] = json!({"text": "Quý II", "kind": "in", "start_on": "2022-06-30", "end_on": "2022-04-01"});
    body["tasks"][1]["local_code"] = json!("a");
    body["tasks"][1]["schedule"] = json!({"text": "Trong Quý I", "kind": "already_done"});
    body["groups"][0]["parent"] = json!("II");
    let refused = office.put("/api/v1/plans/kh-2", body).await.expect(422);
    let expected = [
        "/groups/0/parent",
        "/tasks/0/local_code",
        "/tasks/1/local_code",
        "/tasks/0/lead/1",
        "/tasks/0/schedule/end_on",
        "/tasks/1/evidence",
    ];
    assert_eq!(refused.pointers(), expected, "{}", refused.text);

    let mut shape = small();
    shape["tasks"][0]["schedule"]["kind"] = json!("sometimes");
    shape["tasks"][1]["titel"] = json!("x");
    shape["year"] = json!("2022");
    let refused = office.put("/api/v1/plans/kh-1", shape).await.expect(400);
    let mut found = refused.pointers();
    found.sort_unstable();
    assert_eq!(found, ["/tasks/0/schedule/kind", "/tasks/1/titel", "/year"], "{}", refused.text);
    assert_eq!(office.put("/api/v1/plans/kh-3", small()).await.expect(422).pointers(), ["/code"]);
    // The code of a task is its plan's and its own: here both plans would have a task "kh-1.a".
    let mut twin = small();
    twin["code"] = json!("kh");
    twin["tasks"][0]["local_code"] = json!("1.a");
    let mut first = small();
    first["code"] = json!("kh.1");
    office.put("/api/v1/plans/kh.1", first).await.expect(201);
    assert_eq!(office.put("/api/v1/plans/kh", twin).await.expect(409).code(), "code_taken");
    assert_eq!(app.count("plans").await, 2);
}

#[tokio::test]
async fn tasks_are_found_by_department_window_and_words() {
    let app = with_plan("2022-06-15T08:00:00+07:00").await;
    let office = app.office().await;
    assert_eq!(listed(&office, "").await.len(), 24);
    assert_eq!(listed(&office, "department=CD").await, ["I.1-1.2", "II.2-2.1"]);
    // XTDT leads one task itself and has part in many as a member of collectives.
    assert_eq!(listed(&office, "department=XTDT&role=lead").await, ["I.1-1.5", "II.1-1.3", "II.1-1.4", "II.1-1.5", "II.1-1.9", "II.2-2.4"]);
    assert!(listed(&office, "department=XTDT&role=coordinate").await.contains(&"I.1-1.1".to_owned()));
    assert_eq!(listed(&office, "due_to=2022-06-30").await, ["I.1-1.3", "II.1-1.2", "II.1-1.3"]);
    assert_eq!(listed(&office, "due_from=2022-12-14&due_to=2022-12-14").await, ["II.2-2.1", "II.2-2.4"]);
    assert_eq!(listed(&office, "q=v%C4%83n+b%E1%BA%A3n+dien+TU").await, ["II.1-1.11"]);
    assert_eq!(listed(&office, "plan=other").await, [""; 0]);
    let wrong = office.get("/api/v1/tasks?role=lead&state=done&due_from=x&dept=VP").await.expect(400);
    assert_eq!(wrong.pointers(), ["state", "due_from", "role", "dept"]);

    let mut all = Vec::new();
    let mut path = "/api/v1/tasks?plan=kh-1186-skhdt-2022&limit=7".to_owned();
    loop {
        let page = office.get(&path).await.expect(200);
        all.extend(codes(&page).into_iter().map(str::to_owned));
        let Some(next) = page.body["page"]["next_cursor"].as_str() else { break };
        path = format!("/api/v1/tasks?plan=kh-1186-skhdt-2022&limit=7&cursor={next}");
    }
    assert_eq!(all, listed(&office, "").await);
}

#[tokio::test]
async fn the_filter_by_state_agrees_with_the_rule() {
    let mut seen = std::collections::BTreeSet::new();
    for now in ["2021-12-31", "2022-06-24", "2022-06-25", "2022-06-30", "2022-07-01", "2022-12-12", "2023-01-01"] {
        let app = with_plan(&format!("{now}T08:00:00+07:00")).await;
        let office = app.office().await;
        if now == "2022-07-01" {
            for (local, on) in [("I.1-1.3", "2022-06-30"), ("II.1-1.3", "2022-07-01")] {
                office.act(&format!("{}/completion", task(local)), 1, completion(on)).await.expect(201);
            }
            // A report tells that the event came; one on a task that has begun already changes nothing.
            for local in ["II.1-1.7", "II.2-2.1"] {
                let department = if local == "II.1-1.7" { "VP" } else { "CD" };
                office.act(&format!("{}/progress-reports", task(local)), 1, report(department, "2022-06")).await.expect(201);
            }
        }
        let all = office.get("/api/v1/tasks").await.expect(200);
        let mut count = 0;
        for state in ["not_started", "in_progress", "due_soon", "overdue", "done_on_time", "done_late"] {
            let by_rule: Vec<&str> = all.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|t| t["state"] == state)
                .map(|t| t["local_code"].as_str().unwrap())
                .collect();
            assert_eq!(listed(&office, &format!("state={state}")).await, by_rule, "{state} on {now}");
            count += by_rule.len();
            if !by_rule.is_empty() {
                seen.insert(state);
            }
        }
        assert_eq!(count, 24, "{now}");
        assert_eq!(listed(&office, "state=overdue,due_soon,in_progress,not_started,done_late,done_on_time").await.len(), 24);
    }
    assert_eq!(seen.len(), 6, "every state was met: {seen:?}");
}

#[tokio::test]
async fn tasks_are_seen_by_those_who_have_part() {
    let app = with_plan("2022-06-15T08:00:00+07:00").await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let officer = app.actor(Role::Officer, Some("CD")).await;
    let auditor = app.actor(Role::Auditor, None).await;
    assert_eq!(listed(&officer, "").await, ["I.1-1.2", "II.2-2.1"]);
    assert_eq!(listed(&auditor, "").await.len(), 24);
    let seen = listed(&head, "").await;
    // Its own, those of its collectives, and that of the desk below it; not those of the office alone or of nobody.
    for (local, status) in [("II.2-1.8", 200), ("II.1-1.4", 200), ("I.1-1.3", 200), ("II.1-1.2", 404), ("II.2-2.3", 404), ("II.2-2.1", 404)]
    {
        assert_eq!(seen.contains(&local.to_owned()), status == 200, "{local}");
        head.get(&task(local)).await.expect(status);
        let asked = head.act(&format!("{}/progress-reports", task(local)), 9, report("DKKD", "2022-06")).await;
        assert_eq!(asked.status, if status == 200 { 412 } else { 404 }, "{local}");
    }
    let plan = officer.get(PLAN).await.expect(200).body;
    let mut groups = Vec::new();
    walk(&plan["groups"], &mut groups);
    let told: Vec<&Value> = groups.iter().flat_map(|(_, tasks)| tasks).filter(|t| !t["state"].is_null()).collect();
    assert_eq!(told.len(), 2);

    let acts = async |actor: &Actor, local: &str| actor.get(&task(local)).await.expect(200).body["allowed_acts"].clone();
    let leads = json!(["report_progress", "complete", "hand_in", "assign", "add_evidence", "ask_extension"]);
    let sorted =
        |acts: Value| acts.as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(acts(&head, "II.2-1.8").await), sorted(leads));
    // Who co-operates or is a member of a leading collective neither closes nor asks for time.
    assert_eq!(sorted(acts(&head, "II.1-1.4").await), sorted(json!(["report_progress", "add_evidence"])));
    let helps = sorted(acts(&head, "II.1-1.1a").await);
    assert!(helps.contains("report_progress") && !helps.contains("complete") && !helps.contains("ask_extension"), "{helps:?}");
    assert_eq!(acts(&auditor, "II.2-1.8").await, json!([]));
    let office = sorted(acts(&app.office().await, "II.2-2.3").await);
    assert_eq!(office, sorted(json!(["complete", "hand_in", "assign", "cancel", "set_not_applicable"])));
    assert_eq!(head.put(PLAN, demo("plan.json")).await.expect(403).code(), "forbidden");
    app.admin().await.get(PLAN).await.expect(403);
    app.nobody().get("/api/v1/tasks").await.expect(401);
}

#[tokio::test]
async fn a_department_with_part_reports_once_a_period() {
    let app = with_plan("2022-06-15T08:00:00+07:00").await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let path = format!("{}/progress-reports", task("II.1-1.1a"));
    assert_eq!(head.post(&path, report("DKKD", "2022-06")).await.expect(428).code(), "precondition_required");
    // DKKD co-operates as a member of "all divisions".
    let done = head.act(&path, 1, report("DKKD", "2022-06")).await.expect(201);
    assert_eq!((done.header("etag"), &done.body["progress_reports"][0]["percent"]), (Some("\"2\""), &json!(40)));
    assert_eq!(done.body["progress_reports"][0]["reported_by"], head.username);
    assert_eq!(app.count("audit_events WHERE act = 'report_progress'").await, 1);
    assert_eq!(app.count("outbox_events WHERE type = 'task.report_progress'").await, 1);

    let again = head.act(&path, 2, report("DKKD", "2022-06")).await.expect(422);
    assert_eq!((again.fault_codes(), again.pointers()), (vec!["exists"], vec!["/period"]));
    head.act(&path, 2, report("DKKD", "2022-Q2")).await.expect(201);
    assert_eq!(head.act(&path, 3, report("XTDT", "2022-06")).await.expect(403).code(), "forbidden");
    assert_eq!(head.act(&path, 3, report("NO", "2022-06")).await.expect(422).fault_codes(), ["unknown_code"]);
    let part = format!("{}/progress-reports", task("II.2-2.1"));
    assert_eq!(app.office().await.act(&part, 1, report("VP", "2022-06")).await.expect(422).fault_codes(), ["no_part"]);
    let mut bad = report("DKKD", "tháng 6");
    bad["content"] = json!("");
    bad["evidence"] = json!([{}, {"link": "ftp://x", "issued_on": "2022-07-01"}]);
    let refused = head.act(&path, 3, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/period", "/content", "/evidence/0", "/evidence/1/issued_on", "/evidence/1/link"]);
    let mut shape = report("DKKD", "2022-05");
    shape["percent"] = json!(101);
    assert_eq!(head.act(&path, 3, shape).await.expect(400).pointers(), ["/percent"]);
    assert_eq!(app.count("progress_reports").await, 2);
}

#[tokio::test]
async fn a_lead_closes_a_task_once() {
    let app = with_plan("2022-07-05T08:00:00+07:00").await;
    let head = app.actor(Role::Head, Some("XTDT")).await;
    let path = format!("{}/completion", task("II.1-1.3"));
    let early = head.act(&path, 1, json!({"completed_on": "2021-12-31", "summary": "", "evidence": []})).await.expect(422);
    assert_eq!(early.pointers(), ["/completed_on", "/summary", "/evidence"]);
    assert_eq!(head.act(&path, 1, completion("2022-07-06")).await.expect(422).fault_codes(), ["date_in_future"]);
    // A co-operating department, or a member of a leading collective, does not close.
    assert_eq!(head.act(&format!("{}/completion", task("II.1-1.4")), 1, completion("2022-07-01")).await.expect(403).code(), "forbidden");
    app.actor(Role::Director, None).await.act(&path, 1, completion("2022-07-01")).await.expect(403);

    let done = head.act(&path, 1, completion("2022-07-01")).await.expect(201);
    assert_eq!((&done.body["state"], &done.body["allowed_acts"]), (&json!("done_late"), &json!(["add_evidence"])));
    assert_eq!(done.body["completion"]["completed_by"], head.username);
    assert_eq!(app.count("outbox_events WHERE type = 'task.complete'").await, 1);
    let again = head.act(&path, 2, completion("2022-06-30")).await.expect(409);
    assert_eq!(again.code(), "transition_not_allowed");
    assert_eq!(
        (&again.body["from"], &again.body["requested"], &again.body["allowed"]),
        (&json!("done_late"), &json!("complete"), &json!(["add_evidence"]))
    );
    head.act(&format!("{}/progress-reports", task("II.1-1.3")), 2, report("XTDT", "2022-06")).await.expect(409);
    // The office closes what a collective leads or nobody does, and what was done before the plan.
    let office = app.office().await;
    for local in ["II.1-1.4", "II.2-2.3"] {
        office.act(&format!("{}/completion", task(local)), 1, completion("2022-07-01")).await.expect(201);
    }
    let before = office.act(&format!("{}/completion", task("II.1-1.2")), 1, completion("2021-12-07")).await.expect(201);
    assert_eq!(before.body["state"], "done_on_time");
}

#[tokio::test]
async fn only_what_no_longer_changes_by_the_day_is_not_modified() {
    let app = with_small().await;
    let office = app.office().await;
    let asked = async |path: &str, version: &str| office.send("GET", path, &[("if-none-match", version)], None).await;
    asked("/api/v1/tasks/kh-1.a", "\"1\"").await.expect(200);
    asked("/api/v1/plans/kh-1", "\"1\"").await.expect(200);
    office.act("/api/v1/tasks/kh-1.a/completion", 1, completion("2022-06-10")).await.expect(201);
    asked("/api/v1/tasks/kh-1.a", "\"2\"").await.expect(304);
    asked("/api/v1/tasks/kh-1.a", "\"1\"").await.expect(200);
}
