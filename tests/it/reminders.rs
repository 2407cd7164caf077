//! What each person is reminded of, and the digests of a morning.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use dunghen::app::Clock;
use dunghen::config::MailTls;
use dunghen::mail::Mailer;
use dunghen::reminders::post_digests;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::harness::{Actor, App};
use crate::task_work::{done, task, world};
use dunghen::auth::Role;

/// An SMTP server that keeps what it is given; it refuses everything for addresses that begin with `full`.
struct Sink {
    port: u16,
    messages: Arc<Mutex<Vec<(String, String)>>>,
}

impl Sink {
    async fn open() -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let messages: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let kept = messages.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let kept = kept.clone();
                tokio::spawn(async move {
                    let (read, mut write) = stream.into_split();
                    let mut lines = BufReader::new(read).lines();
                    write.write_all(b"220 sink\r\n").await.unwrap();
                    let mut to = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        let upper = line.to_ascii_uppercase();
                        let answer = if upper.starts_with("EHLO") {
                            "250-sink\r\n250 8BITMIME\r\n"
                        } else if upper.starts_with("RCPT TO:<FULL") {
                            "452 mailbox is full\r\n"
                        } else if upper.starts_with("RCPT TO:") {
                            to = line[9..line.find('>').unwrap()].to_owned();
                            "250 ok\r\n"
                        } else if upper.starts_with("DATA") {
                            write.write_all(b"354 go on\r\n").await.unwrap();
                            let mut text = String::new();
                            while let Ok(Some(line)) = lines.next_line().await {
                                if line == "." {
                                    break;
                                }
                                text.push_str(&line);
                                text.push('\n');
                            }
                            kept.lock().unwrap().push((to.clone(), text));
                            "250 taken\r\n"
                        } else if upper.starts_with("QUIT") {
                            "221 bye\r\n"
                        } else {
                            "250 ok\r\n"
                        };
                        write.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Sink { port, messages }
    }

    /// Addressee and text of every message, the text decoded.
    fn received(&self) -> Vec<(String, String, String)> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let decode = |(to, text): &(String, String)| {
            let (head, body) = text.split_once("\n\n").unwrap();
            let body = STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap();
            (to.clone(), head.to_owned(), String::from_utf8(body).unwrap())
        };
        let mut all: Vec<_> = self.messages.lock().unwrap().iter().map(decode).collect();
        all.sort();
        all
    }
}

/// The demonstration's plan on a day, and a mail server.
async fn office_at(now: &str, port: u16) -> App {
    let app = App::with(Clock(Some(now.parse::<DateTime<Utc>>().unwrap())), |s| {
        s.mail.enabled = true;
        s.mail.host = "127.0.0.1".into();
        s.mail.port = port;
        s.mail.tls = MailTls::None;
    })
    .await;
    let demo = |file: &str| -> Value {
        let path = format!("{}/data/demo/plan-1186/{file}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    app.admin().await.post("/api/v1/departments/bulk", demo("departments.json")).await.expect(200);
    app.office().await.put("/api/v1/plans/kh-1186-skhdt-2022", demo("plan.json")).await.expect(201);
    let imported = app.office().await.post("/api/v1/duties/imports", json!({"plan": "kh-1186-skhdt-2022"})).await;
    assert!(matches!(imported.status, 200 | 201), "{}", imported.body);
    app
}

fn kinds(inbox: &Value) -> Vec<(String, i64)> {
    let counts = inbox["counts"].as_array().unwrap().iter();
    counts.map(|c| (c["kind"].as_str().unwrap().to_owned(), c["count"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn the_inbox_holds_what_the_caller_has_to_see_to() {
    // The initiative of the youth union was due on 14 December.
    let app = office_at("2022-12-16T02:00:00Z", 1).await;
    let cd = app.actor(Role::Head, Some("CD")).await;
    let inbox = cd.get("/api/v1/me/reminders").await.expect(200).body;
    let overdue: Vec<&Value> = inbox["items"].as_array().unwrap().iter().filter(|i| i["kind"] == "task_overdue").collect();
    assert!(overdue.iter().any(|i| i["day"] == "2022-12-14" && i["days_late"] == 2 && i["department"] == "CD"), "{inbox}");
    assert_eq!(kinds(&inbox).iter().find(|(k, _)| k == "task_overdue").unwrap().1, overdue.len() as i64);
    // What is done is reminded of no more; each link leads to what it is about.
    let href = overdue.iter().find(|i| i["day"] == "2022-12-14").unwrap()["subject"]["href"].as_str().unwrap().to_owned();
    let task = cd.get(&href).await.expect(200);
    let version = format!("\"{}\"", task.body["version"]);
    let done = json!({"completed_on": "2022-12-15", "summary": "Đã có mô hình", "evidence": [{"document_number": "5/BC", "issued_on": "2022-12-15"}]});
    let office = app.office().await;
    office.json("POST", &format!("{href}/completion"), &[("if-match", &version)], &done).await.expect(201);
    let later = cd.get("/api/v1/me/reminders?kind=task_overdue").await.expect(200).body;
    assert!(later["items"].as_array().unwrap().iter().all(|i| i["subject"]["href"] != href.as_str()), "{later}");
    // The auditor has nothing to see to; the limit cuts the items, not the counts.
    assert_eq!(app.actor(Role::Auditor, None).await.get("/api/v1/me/reminders").await.expect(200).body["counts"], json!([]));
    let all = office.get("/api/v1/me/reminders").await.expect(200).body;
    let cut = office.get("/api/v1/me/reminders?limit=1").await.expect(200).body;
    assert_eq!((kinds(&all), cut["items"].as_array().unwrap().len()), (kinds(&cut), kinds(&cut).len()));
    let faults = office.get("/api/v1/me/reminders?limit=0&days=31&kind=x&y=1").await.expect(400).body;
    assert_eq!(faults["errors"].as_array().unwrap().len(), 4, "{faults}");
}

#[tokio::test]
async fn reports_are_reminded_of_until_they_are_handed_in_and_sent() {
    // Departments hand in their part of the half-year report before 25 May; the day before is soon enough.
    let app = office_at("2022-05-23T02:00:00Z", 1).await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let soon = head.get("/api/v1/me/reminders?kind=report_due_soon").await.expect(200).body;
    let report = soon["items"].as_array().unwrap().iter().find(|i| i["day"] == "2022-05-24").unwrap_or_else(|| panic!("{soon}")).clone();
    assert_eq!((&report["department"], &report["days_late"]), (&json!("DKKD"), &json!(0)));
    let duty = report["subject"]["href"].as_str().unwrap();
    head.get(duty).await.expect(200);
    let occurrence = format!("{duty}/occurrences/2022H1");
    let version = head.get(&occurrence).await.expect(200).body["version"].clone();
    let part = json!({"department": "DKKD", "content": "Không có vi phạm kỷ luật."});
    head.json("POST", &format!("{occurrence}/hand-ins"), &[("if-match", &format!("\"{version}\""))], &part).await.expect(201);
    let later = head.get("/api/v1/me/reminders?kind=report_due_soon").await.expect(200).body;
    assert!(later["items"].as_array().unwrap().iter().all(|i| i["subject"]["href"] != duty), "{later}");
}

/// Codes of the tasks reminded of, by kind.
async fn told(actor: &Actor, kind: &str) -> Vec<Value> {
    let inbox = actor.get(&format!("/api/v1/me/reminders?kind={kind}")).await.expect(200).body;
    inbox["items"].as_array().unwrap().iter().map(|i| i["subject"]["code"].clone()).collect()
}

#[tokio::test]
async fn what_was_handed_in_waits_for_the_office_and_what_came_back_for_the_department() {
    let app = world("2022-07-05T08:00:00+07:00").await;
    let (office, head, other) = (app.office().await, app.actor(Role::Head, Some("VP")).await, app.actor(Role::Head, Some("DKKD")).await);
    let code = json!("kh-1.plain");
    assert!(told(&head, "task_overdue").await.contains(&code));
    head.act(&format!("{}/submission", task("plain")), 1, done("2022-07-04")).await.expect(201);
    assert!(!told(&head, "task_overdue").await.contains(&code));
    assert_eq!(told(&office, "task_awaiting_confirmation").await, std::slice::from_ref(&code));
    assert_eq!(told(&head, "task_awaiting_confirmation").await, [Value::Null; 0]);
    office.act(&format!("{}/return", task("plain")), 2, json!({"reason": "Thiếu phụ lục"})).await.expect(201);
    assert_eq!(told(&office, "task_awaiting_confirmation").await, [Value::Null; 0]);
    assert_eq!((told(&head, "task_returned").await, told(&other, "task_returned").await), (vec![code.clone()], vec![]));
    assert!(told(&head, "task_overdue").await.contains(&code));
    head.act(&format!("{}/submission", task("plain")), 3, done("2022-07-05")).await.expect(201);
    office.act(&format!("{}/confirmation", task("plain")), 4, json!({})).await.expect(201);
    for kind in ["task_overdue", "task_returned", "task_awaiting_confirmation"] {
        assert!(!told(&office, kind).await.contains(&code) && !told(&head, kind).await.contains(&code), "{kind}");
    }
}

#[tokio::test]
async fn who_decides_is_reminded_of_what_waits_for_a_decision() {
    let app = world("2022-06-15T08:00:00+07:00").await;
    let (director, head) = (app.actor(Role::Director, None).await, app.actor(Role::Head, Some("VP")).await);
    let more = json!({"department": "VP", "reason": "Chờ ý kiến Sở Nội vụ", "new_due_on": "2022-07-31"});
    head.act(&format!("{}/extension-requests", task("plain")), 1, more).await.expect(201);
    assert_eq!(told(&director, "extension_awaiting_decision").await, [json!("kh-1.plain")]);
    assert_eq!(told(&head, "extension_awaiting_decision").await, [Value::Null; 0]);
    director.act(&format!("{}/extension-requests/1/rejection", task("plain")), 2, json!({"reason": "Đủ thời gian"})).await.expect(201);
    assert_eq!(told(&director, "extension_awaiting_decision").await, [Value::Null; 0]);
    let office = app.office().await;
    let raised = json!({"department": "VP", "title": "Thiếu kinh phí", "description": "Chưa được cấp."});
    let obstacle = office.post("/api/v1/obstacles", raised).await.expect(201).body["code"].clone();
    let path = format!("/api/v1/obstacles/{}/escalation", obstacle.as_str().unwrap());
    office.act(&path, 1, json!({"text": "Vượt thẩm quyền Văn phòng"})).await.expect(200);
    assert_eq!(told(&director, "obstacle_awaiting_decision").await, [obstacle]);
}

#[tokio::test]
async fn explanations_are_owed_until_their_day_and_then_overdue() {
    // The administrative June ended on Tuesday the 14th; three working days are until Friday the 17th.
    for (now, kind, late) in [("2022-06-17T02:00:00Z", "explanation_owed", 0), ("2022-06-20T02:00:00Z", "explanation_overdue", 1)] {
        let app = world(now).await;
        let head = app.actor(Role::Head, Some("VP")).await;
        let inbox = head.get("/api/v1/me/reminders?kind=explanation_owed,explanation_overdue").await.expect(200).body;
        assert_eq!(kinds(&inbox), [] as [(String, i64); 0], "nothing was late in June: {inbox}");
        // A task from above that was due in that month, and is not done.
        let office = app.office().await;
        let task = json!({"code": "ubnd-99", "title": "Báo cáo rà soát", "issuer": "UBND", "document_number": "99/UBND", "document_on": "2022-05-04",
            "lead": ["VP"], "due_on": "2022-06-01"});
        office.put("/api/v1/tasks/ubnd-99", task).await.expect(201);
        let inbox = head.get("/api/v1/me/reminders?kind=explanation_owed,explanation_overdue").await.expect(200).body;
        assert_eq!(kinds(&inbox), [(kind.to_owned(), 1)], "{inbox}");
        let item = &inbox["items"][0];
        assert_eq!((&item["day"], &item["days_late"], &item["subject"]["code"]), (&json!("2022-06-17"), &json!(late), &json!("2022-06")));
        head.get(item["subject"]["href"].as_str().unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn silent_agencies_and_obstacles_are_reminded_of_as_the_work_list_says() {
    let app = App::at("2022-12-31T02:00:00Z").await.with_examples().await;
    let rows: Vec<Value> =
        include_str!("../data/dossiers.ndjson").lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    // What had happened by then.
    let open: Vec<Value> = rows.into_iter().filter(|r| r["consultations"].as_array().is_some_and(|c| !c.is_empty())).collect();
    let answer = app.office().await.load("/api/v1/dossiers/bulk?mode=best_effort&return=summary", &open).await;
    assert!(matches!(answer.status, 200 | 207), "{}", answer.body);
    let head = app.actor(Role::Head, Some("KTDN")).await;
    let listed = head.get("/api/v1/work-list?todo=reminder,escalation&limit=500").await.expect(200).body;
    let expected: Vec<(String, Value)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            (
                if i["todo"] == "reminder" { "consultation_reminder" } else { "consultation_escalation" }.to_owned(),
                i["dossier"]["code"].clone(),
            )
        })
        .collect();
    let inbox = head.get("/api/v1/me/reminders?kind=consultation_reminder,consultation_escalation&limit=500").await.expect(200).body;
    let mut found: Vec<(String, Value)> =
        inbox["items"].as_array().unwrap().iter().map(|i| (i["kind"].as_str().unwrap().to_owned(), i["subject"]["code"].clone())).collect();
    let key = |(kind, code): &(String, Value)| (kind.clone(), code.to_string());
    let mut expected = expected;
    expected.sort_by_key(key);
    found.sort_by_key(key);
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
    let raised = json!({"department": "KTDN", "title": "Phần mềm chậm", "description": "Không nhập được hồ sơ."});
    head.post("/api/v1/obstacles", raised).await.expect(201);
    let office = app.office().await.get("/api/v1/me/reminders?kind=obstacle_awaiting_answer").await.expect(200).body;
    assert_eq!((kinds(&office), &office["items"][0]["day"]), (vec![("obstacle_awaiting_answer".to_owned(), 1)], &json!("2022-12-31")));
}

#[tokio::test]
async fn a_digest_goes_out_once_on_a_working_morning_whoever_sends_it() {
    let sink = Sink::open().await;
    let app = office_at("2022-12-16T02:00:00Z", sink.port).await;
    let admin = app.admin().await;
    for (name, email, role, department) in [
        ("cd", "cd@skhdt.example", "head", Some("CD")),
        ("vp", "vp@skhdt.example", "office", None),
        ("kiemtra", "kiemtra@skhdt.example", "auditor", None),
        ("day", "full@skhdt.example", "office", None),
    ] {
        let user = json!({"username": name, "display_name": format!("Ông {name}"), "email": email, "grants": [{"role": role, "department": department}]});
        let put = admin.put(&format!("/api/v1/users/{name}"), user).await.expect(201);
        assert_eq!(put.body["email"], email);
    }
    let wrong = json!({"username": "x", "display_name": "X", "email": "không phải"});
    assert_eq!(admin.put("/api/v1/users/x", wrong).await.expect(422).body["errors"][0]["pointer"], "/email");
    let mailer = || Mailer::of(&app.shared.settings).unwrap().unwrap();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    // Not before half past seven, and not on a Saturday.
    assert_eq!(post_digests(&app.shared, &mailer(), at("2022-12-16T00:29:00Z")).await.unwrap(), 0);
    assert_eq!(post_digests(&app.shared, &mailer(), at("2022-12-17T02:00:00Z")).await.unwrap(), 0);
    assert_eq!(app.count("reminder_digests").await, 0);
    // Four servers at once.
    let (mailers, morning) = ([mailer(), mailer(), mailer(), mailer()], at("2022-12-16T00:30:00Z"));
    let post = |m: usize| post_digests(&app.shared, &mailers[m], morning);
    let sent = tokio::join!(post(0), post(1), post(2), post(3));
    assert_eq!(sent.0.unwrap() + sent.1.unwrap() + sent.2.unwrap() + sent.3.unwrap(), 2);
    let received = sink.received();
    assert_eq!(received.iter().map(|(to, ..)| to.as_str()).collect::<Vec<_>>(), ["cd@skhdt.example", "vp@skhdt.example"]);
    let (_, head, body) = &received[0];
    assert!(body.starts_with("Kính gửi Ông cd,") && body.contains("Nhiệm vụ quá hạn (") && body.contains("14/12/2022"), "{body}");
    assert!(head.contains("Message-ID: <") && head.contains("From: "), "{head}");
    // Once a day; who had nothing to see to got nothing; who could not be reached is tried again later, five times in all.
    assert_eq!(post_digests(&app.shared, &mailer(), at("2022-12-16T00:31:00Z")).await.unwrap(), 0);
    assert_eq!(app.count("reminder_digests WHERE state = 'nothing'").await, 1);
    assert_eq!(app.count("reminder_digests WHERE state = 'due' AND attempts = 1 AND last_error LIKE '%full%'").await, 1);
    for hour in 1..6 {
        post_digests(&app.shared, &mailer(), at(&format!("2022-12-16T0{hour}:45:00Z"))).await.unwrap();
    }
    assert_eq!(app.count("reminder_digests WHERE state = 'failed' AND attempts = 5").await, 1);
    // On the next working day again.
    assert_eq!(post_digests(&app.shared, &mailer(), at("2022-12-19T02:00:00Z")).await.unwrap(), 2);
    assert_eq!(sink.received().len(), 4);
}
