use dunghen::app::Clock;
use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App, department};

const OBSTACLES: &str = "/api/v1/obstacles";

async fn world() -> App {
    let app = App::at("2022-06-15T02:00:00Z").await;
    app.admin().await.post("/api/v1/departments/bulk", json!([department("VP"), department("DKKD"), department("DN")])).await.expect(200);
    app
}

fn new(department: &str) -> Value {
    json!({"department": department, "title": "Chưa có tài khoản tra cứu dân cư", "description": "Không đối chiếu được giấy tờ",
        "proposal": "Gửi văn bản cho Công an tỉnh", "answer_by_on": "2022-06-24"})
}

async fn raised(head: &Actor) -> String {
    head.post(OBSTACLES, new("DKKD")).await.expect(201).body["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_obstacle_goes_to_the_director_and_is_closed() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let director = app.actor(Role::Director, None).await;
    let made = head.post(OBSTACLES, new("DKKD")).await.expect(201);
    assert_eq!((made.body["code"].clone(), made.header("location")), (json!("VM-2022-0001"), Some("/api/v1/obstacles/VM-2022-0001")));
    assert_eq!(made.body["allowed_acts"], json!(["withdraw"]));
    assert_eq!(raised(&head).await, "VM-2022-0002");
    let at = |act: &str| format!("{OBSTACLES}/VM-2022-0001/{act}");
    let told = office.get(&format!("{OBSTACLES}/VM-2022-0001")).await.expect(200);
    assert_eq!(told.body["allowed_acts"], json!(["answer", "escalate", "withdraw"]));
    office.act(&at("answer"), 1, json!({"text": "Đang liên hệ", "document_no": "212/VP"})).await.expect(200);
    office.act(&at("escalation"), 2, json!({"text": "Trình Giám đốc"})).await.expect(200);
    let waiting = director.get(&format!("{OBSTACLES}?state=escalated")).await.expect(200).body;
    assert_eq!((waiting["items"].as_array().unwrap().len(), &waiting["items"][0]["code"]), (1, &json!("VM-2022-0001")));
    let decision = json!({"decision": "agreed", "text": "Đồng ý", "document_no": "15/TB",
        "follow_up": {"what": "Soạn văn bản", "department": "VP", "due_on": "2022-06-30"}});
    let before = (app.count("audit_events").await, app.count("outbox_events").await);
    let decided = director.act(&at("decision"), 3, decision).await.expect(200);
    assert_eq!((decided.header("etag"), &decided.body["state"]), (Some("\"4\""), &json!("decided")));
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), (before.0 + 1, before.1 + 1));
    let closed = head.act(&at("closure"), 4, json!({"text": "Đã có tài khoản"})).await.expect(200).body;
    let acts: Vec<_> = closed["timeline"].as_array().unwrap().iter().map(|s| s["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["raise", "answer", "escalate", "decide", "close"]);
    assert_eq!(closed["timeline"][3]["follow_up"], json!({"what": "Soạn văn bản", "department": "VP", "due_on": "2022-06-30"}));
    assert_eq!((&closed["allowed_acts"], &closed["state"]), (&json!([]), &json!("closed")));
    let refused = office.act(&at("answer"), 5, json!({"text": "Muộn"})).await.expect(409);
    assert_eq!((refused.code(), &refused.body["from"], &refused.body["allowed"]), ("transition_not_allowed", &json!("closed"), &json!([])));
    let open = office.get(&format!("{OBSTACLES}?state=raised,answered&department=DKKD&q=tai+khoan")).await.expect(200).body;
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    assert_eq!(office.get(&format!("{OBSTACLES}?raised_from=2022-06-16")).await.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn who_may_do_what_about_an_obstacle() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let (director, officer) = (app.actor(Role::Director, None).await, app.actor(Role::Officer, Some("DKKD")).await);
    let (other, auditor) = (app.actor(Role::Head, Some("DN")).await, app.actor(Role::Auditor, None).await);
    let code = raised(&officer).await;
    let at = |act: &str| format!("{OBSTACLES}/{code}/{act}");
    let said = json!({"text": "Đã xem"});
    head.act(&at("answer"), 1, said.clone()).await.expect(403);
    director.act(&at("answer"), 1, said.clone()).await.expect(403);
    other.get(&format!("{OBSTACLES}/{code}")).await.expect(404);
    other.act(&at("withdrawal"), 1, said.clone()).await.expect(404);
    auditor.get(&format!("{OBSTACLES}/{code}")).await.expect(200);
    auditor.act(&at("withdrawal"), 1, said.clone()).await.expect(403);
    office.act(&at("escalation"), 1, said.clone()).await.expect(200);
    office.act(&at("decision"), 2, json!({"decision": "agreed", "text": "x"})).await.expect(403);
    let withdrawn = officer.act(&at("withdrawal"), 2, said).await.expect(200);
    assert_eq!(withdrawn.body["state"], "withdrawn");
    director.act(&at("decision"), 3, json!({"decision": "agreed", "text": "x"})).await.expect(409);
}

#[tokio::test]
async fn faults_come_all_at_once_and_nothing_changes() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let director = app.actor(Role::Director, None).await;
    let bad = json!({"department": "DN", "title": " ", "description": "", "about": {"type": "task", "code": "none"}, "answer_by_on": "2022-06-14"});
    let refused = head.post(OBSTACLES, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/department", "/title", "/description", "/about/code", "/answer_by_on"]);
    let refused = head.post(OBSTACLES, json!({"department": "DKKD", "title": 5, "description": "x", "more": 1})).await.expect(400);
    assert_eq!(refused.pointers(), ["/title", "/more"]);
    let code = raised(&head).await;
    let at = |act: &str| format!("{OBSTACLES}/{code}/{act}");
    assert_eq!(office.post(&at("answer"), json!({"text": "x"})).await.expect(428).code(), "precondition_required");
    office.act(&at("answer"), 9, json!({"text": "x"})).await.expect(412);
    assert_eq!(office.act(&at("answer"), 1, json!({"text": " "})).await.expect(422).pointers(), ["/text"]);
    let dry = office.act(&format!("{}?dry_run=true", at("escalation")), 1, json!({"text": "x"})).await.expect(200);
    assert_eq!((dry.header("dry-run"), &dry.body["state"]), (Some("true"), &json!("escalated")));
    office.act(&at("escalation"), 1, json!({"text": "x"})).await.expect(200);
    let bad = json!({"decision": "directed", "text": "", "follow_up": {"what": "", "department": "X", "due_on": "2022-06-01"}});
    let refused = director.act(&at("decision"), 2, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/text", "/follow_up/what", "/follow_up/department", "/follow_up/due_on"]);
    assert_eq!(director.get(&format!("{OBSTACLES}/{code}")).await.expect(200).body["version"], 2);
    assert_eq!(app.count("obstacle_steps").await, 2);
}

#[tokio::test]
async fn numbers_are_of_the_year_and_of_two_answers_at_once_one_counts() {
    let app = world().await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let codes = futures_util::future::join_all((0..8).map(|_| raised(&head))).await;
    let mut codes: Vec<_> = codes.into_iter().collect();
    codes.sort();
    assert_eq!((codes[0].as_str(), codes[7].as_str()), ("VM-2022-0001", "VM-2022-0008"));
    let path = format!("{OBSTACLES}/{}/answer", codes[0]);
    let answers = futures_util::future::join_all((0..4).map(|_| office.act(&path, 1, json!({"text": "Trả lời"})))).await;
    let mut statuses: Vec<_> = answers.iter().map(|a| a.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    let key = [("idempotency-key", "one")];
    let first = head.json("POST", OBSTACLES, &key, &new("DKKD")).await.expect(201);
    let again = head.json("POST", OBSTACLES, &key, &new("DKKD")).await.expect(201);
    assert_eq!((first.body["code"].clone(), again.header("idempotency-replayed")), (again.body["code"].clone(), Some("true")));
    let later = App::with(Clock(Some("2023-01-03T02:00:00Z".parse().unwrap())), |_| {}).await;
    later.admin().await.put("/api/v1/departments/DKKD", department("DKKD")).await.expect(201);
    let mut body = new("DKKD");
    body["answer_by_on"] = Value::Null;
    assert_eq!(later.office().await.post(OBSTACLES, body).await.expect(201).body["code"], "VM-2023-0001");
}
