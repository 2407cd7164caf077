use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

const EXPLANATIONS: &str = "/api/v1/explanations";

/// A plan with a task of DKKD and one of all divisions, both due before June.
pub fn plan() -> Value {
    let schedule = json!({"text": "Trước 01/6", "kind": "before", "before_on": "2022-06-01"});
    json!({"code": "kh", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "Kế hoạch", "issuer": {"department": "SKHDT"},
        "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "tasks": [{"local_code": "a", "title": "Rà soát", "lead": ["DKKD"], "schedule": schedule},
            {"local_code": "b", "title": "Chung", "lead": ["CPTT"], "schedule": schedule}]})
}

/// Two divisions in June: DKKD is late with one dossier, has a task overdue and a figure that is not met.
pub async fn world(now: &str) -> App {
    let app = App::at(now).await;
    let (admin, office) = (app.admin().await, app.office().await);
    let departments = json!([
        {"code": "SKHDT", "name": "Sở", "kind": "agency"},
        {"code": "MC", "name": "Một cửa", "kind": "unit", "parent": "SKHDT", "one_stop": true},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"},
        {"code": "CPTT", "name": "Các phòng", "kind": "collective", "parent": "SKHDT", "members": ["DKKD", "DN"]}
    ]);
    admin.post("/api/v1/departments/bulk", departments).await.expect(200);
    for code in ["DKKD", "DN"] {
        let procedure = json!({"code": format!("P.{code}"), "name": "Thủ tục", "field": {"code": "F", "name": "Lĩnh vực"}, "department": code,
            "limit": {"value": 3, "unit": "working_day"}});
        admin.put(&format!("/api/v1/procedures/P.{code}"), procedure).await.expect(201);
    }
    let target = json!({"code": "on_time_rate", "name": "Tỷ lệ đúng hạn", "unit": "percent", "direction": "higher_is_better", "source": "computed",
        "formula": "on_time_rate", "targets": [{"authority": "kh", "department": "SKHDT", "period": "2022", "comparator": ">=", "value": 99}]});
    office.json("PUT", "/api/v1/kpis/on_time_rate", &[("if-match", "*")], &target).await.expect(200);
    let row = |code: &str, department: &str, finished: &str| {
        json!({"code": code, "procedure": format!("P.{department}"), "receiving_department": "MC", "channel": "direct", "digitised": true,
            "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}, "accepted_at": "2022-05-16T08:00:00+07:00", "decision": "resolved",
            "decision_document_no": "1/GCN", "finished_at": finished})
    };
    let rows = [row("H-1", "DKKD", "2022-05-25T08:00:00+07:00"), row("H-2", "DN", "2022-05-18T08:00:00+07:00")];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    office.put("/api/v1/plans/kh", plan()).await.expect(201);
    app
}

fn told(owed: &Value) -> Vec<String> {
    let items = owed["items"].as_array().unwrap().iter();
    items
        .map(|i| {
            let text = |name: &str| i[name].as_str().unwrap().to_owned();
            format!(
                "{} {} {} {}{}",
                text("department"),
                text("kind"),
                text("code"),
                text("state"),
                if i["overdue"] == true { " overdue" } else { "" }
            )
        })
        .collect()
}

fn new(subjects: Value) -> Value {
    json!({"department": "DKKD", "period": "2022-06", "subjects": subjects, "cause": "Hệ thống gián đoạn", "remedy": "Bố trí thêm người",
        "remedy_due_on": "2022-07-15", "responsible": "Trần Văn B"})
}

async fn owed(actor: &Actor) -> Value {
    actor.get(&format!("{EXPLANATIONS}/owed?period=2022-06")).await.expect(200).body
}

#[tokio::test]
async fn who_owes_what_follows_from_what_is_there() {
    let app = world("2022-06-16T02:00:00Z").await;
    let office = app.office().await;
    let all = owed(&office).await;
    assert_eq!(
        told(&all),
        [
            "DKKD kpi on_time_rate owed",
            "DKKD task kh.a owed",
            "DKKD task kh.b owed",
            "DKKD late_dossiers late_dossiers owed",
            "DKKD finding late_without_apology owed",
            "DN task kh.b owed"
        ]
    );
    // 15 June is a Wednesday.
    assert_eq!((&all["from"], &all["to"], &all["due_on"]), (&json!("2022-05-15"), &json!("2022-06-14"), &json!("2022-06-17")));
    let facts = |i: usize| all["items"][i]["facts"].clone();
    assert_eq!(facts(0), json!({"title": "Tỷ lệ đúng hạn", "value": 0.0, "target": 99.0, "comparator": ">="}));
    assert_eq!(facts(1), json!({"title": "Rà soát", "due_on": "2022-05-31"}));
    assert_eq!(facts(3), json!({"title": "Late dossiers", "count": 1, "open": 0}));
    assert_eq!(
        all["departments"][0],
        json!({"department": "DKKD", "name": "Phòng Đăng ký kinh doanh", "owed": 5, "handed_in": 0, "returned": 0, "accepted": 0})
    );
    let head = app.actor(Role::Head, Some("DN")).await;
    assert_eq!(told(&owed(&head).await), ["DN task kh.b owed"]);
    let refused = head.get(&format!("{EXPLANATIONS}/owed?period=2022-06&department=DKKD")).await.expect(422);
    assert_eq!(refused.pointers(), ["department"]);
    assert_eq!(head.get(&format!("{EXPLANATIONS}/owed?period=2022-6")).await.expect(400).pointers(), ["period"]);
    assert_eq!(owed(&office).await["items"], all["items"], "asking changes nothing");
    let none = office.get(&format!("{EXPLANATIONS}/owed?period=2022-08")).await.expect(200).body;
    assert_eq!(none["items"], json!([]));
    let csv = office.send("GET", &format!("{EXPLANATIONS}/owed?period=2022-06"), &[("accept", "text/csv")], None).await.expect(200);
    assert_eq!(csv.text.lines().count(), 7);
}

#[tokio::test]
async fn one_explanation_covers_several_things_and_is_returned_and_accepted() {
    let app = world("2022-06-20T02:00:00Z").await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    assert_eq!(told(&owed(&head).await)[0], "DKKD kpi on_time_rate owed overdue");
    let subjects = json!([{"kind": "kpi", "code": "on_time_rate"}, {"kind": "late_dossiers", "code": "late_dossiers"},
        {"kind": "finding", "code": "late_without_apology"}]);
    let made = head.post(EXPLANATIONS, new(subjects.clone())).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    assert_eq!((&made.body["state"], &made.body["allowed_acts"]), (&json!("draft"), &json!(["change", "submit"])));
    let at = |act: &str| format!("{path}/{act}");
    head.act(&at("acceptance"), 1, json!({})).await.expect(403);
    head.act(&at("submission"), 1, json!({})).await.expect(200);
    head.act(&at("submission"), 2, json!({})).await.expect(409);
    assert_eq!(office.act(&at("return"), 2, json!({"reason": " "})).await.expect(422).pointers(), ["/reason"]);
    office.act(&at("return"), 2, json!({"reason": "Chưa rõ nguyên nhân"})).await.expect(200);
    let text = json!({"subjects": subjects, "cause": "Hệ thống quốc gia gián đoạn ba ngày", "remedy": "Bố trí thêm người", "remedy_due_on": "2022-07-15",
        "responsible": "Trần Văn B"});
    head.put(&path, text.clone()).await.expect(428);
    head.json("PUT", &path, &[("if-match", "\"3\"")], &text).await.expect(200);
    let same = head.put(&path, text).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"4\"")));
    head.act(&at("submission"), 4, json!({})).await.expect(200);
    let accepted = office.act(&at("acceptance"), 5, json!({"remark": "Theo dõi tiếp"})).await.expect(200).body;
    let acts: Vec<_> = accepted["history"].as_array().unwrap().iter().map(|s| s["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["create", "submit", "return", "change", "submit", "accept"]);
    let now = owed(&office).await;
    assert_eq!(now["departments"][0]["accepted"], 3);
    assert_eq!(told(&now)[0], "DKKD kpi on_time_rate accepted");
    let listed = office.get(&format!("{EXPLANATIONS}?state=accepted&period=2022-06&department=DKKD")).await.expect(200).body;
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["remark"]), (1, &json!("Theo dõi tiếp")));
    app.actor(Role::Head, Some("DN")).await.get(&path).await.expect(404);
}

#[tokio::test]
async fn what_was_explained_stays_when_the_figure_changes() {
    let app = world("2022-06-16T02:00:00Z").await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let made = head.post(EXPLANATIONS, new(json!([{"kind": "task", "code": "kh.a"}]))).await.expect(201);
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(made.body["subjects"][0]["still_owed"], true);
    let proof = json!({"completed_on": "2022-05-30", "summary": "Đã xong", "evidence": [{"document_number": "5/BC"}]});
    office.json("POST", "/api/v1/tasks/kh.a/completion", &[("if-match", "*")], &proof).await.expect(201);
    let now = owed(&office).await;
    let item = now["items"].as_array().unwrap().iter().find(|i| i["code"] == "kh.a").unwrap();
    assert_eq!((&item["state"], &item["still_owed"], &item["facts"]["due_on"]), (&json!("draft"), &json!(false), &json!("2022-05-31")));
    let told = head.get(&path).await.expect(200).body;
    assert_eq!((&told["subjects"][0]["now"], &told["subjects"][0]["still_owed"]), (&Value::Null, &json!(false)));
    head.act(&format!("{path}/submission"), 1, json!({})).await.expect(200);
}

#[tokio::test]
async fn faults_come_all_at_once_and_of_two_writers_one_wins() {
    let app = world("2022-06-16T02:00:00Z").await;
    let (head, office) = (app.actor(Role::Head, Some("DKKD")).await, app.office().await);
    let mut bad = new(json!([{"kind": "kpi", "code": "online_rate"}, {"kind": "task", "code": "kh.a"}, {"kind": "task", "code": "kh.a"}]));
    bad["cause"] = json!(" ");
    bad["remedy_due_on"] = json!("2022-01-01");
    let refused = head.post(EXPLANATIONS, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/subjects/0", "/subjects/2", "/cause", "/remedy_due_on"]);
    assert_eq!(refused.fault_codes()[0], "not_owed");
    let foreign =
        json!({"department": "DN", "period": "2022-13", "subjects": [{"kind": "task", "code": "kh.b"}], "cause": "x", "remedy": "y"});
    assert_eq!(head.post(EXPLANATIONS, foreign).await.expect(422).pointers(), ["/department", "/period"]);
    let mut early = new(json!([{"kind": "task", "code": "kh.a"}]));
    early["period"] = json!("2022-12");
    assert_eq!(head.post(EXPLANATIONS, early).await.expect(422).pointers(), ["/period"]);
    assert_eq!(app.count("explanations").await, 0);
    let body = new(json!([{"kind": "task", "code": "kh.a"}]));
    let answers = futures_util::future::join_all([head.post(EXPLANATIONS, body.clone()), office.post(EXPLANATIONS, body.clone())]).await;
    let mut statuses: Vec<_> = answers.iter().map(|a| a.status).collect();
    statuses.sort_unstable();
    assert!(statuses == [201, 409] || statuses == [201, 422], "{statuses:?}");
    let refused = office.post(EXPLANATIONS, body).await.expect(422);
    assert_eq!((refused.pointers(), refused.fault_codes()), (vec!["/subjects/0"], vec!["exists"]));
    let dry = new(json!([{"kind": "task", "code": "kh.b"}]));
    head.post(&format!("{EXPLANATIONS}?dry_run=true"), dry).await.expect(201);
    assert_eq!(app.count("explanations").await, 1);
}

/// The same finding on dossiers of two procedures is one thing to explain.
#[tokio::test]
async fn a_finding_is_owed_once_whatever_the_procedures() {
    let app = world("2022-06-16T02:00:00Z").await;
    let procedure = json!({"code": "P.2", "name": "Thủ tục khác", "field": {"code": "F"}, "department": "DKKD",
        "limit": {"value": 3, "unit": "working_day"}});
    app.admin().await.put("/api/v1/procedures/P.2", procedure).await.expect(201);
    let row = json!({"code": "H-3", "procedure": "P.2", "receiving_department": "MC", "channel": "direct", "digitised": true,
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn B"}, "accepted_at": "2022-05-16T08:00:00+07:00", "decision": "resolved",
        "decision_document_no": "3/GCN", "finished_at": "2022-05-25T08:00:00+07:00"});
    let office = app.office().await;
    office.load("/api/v1/dossiers/bulk", &[row]).await.expect(200);
    let all = owed(&office).await;
    let late: Vec<_> = all["items"].as_array().unwrap().iter().filter(|i| i["code"] == "late_without_apology").collect();
    assert_eq!((late.len(), &late[0]["facts"]["count"]), (1, &json!(2)), "{all}");
}
