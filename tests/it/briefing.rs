//! The monthly briefing: what it puts together, its forms, who sees what of it, and what is decided there.

use std::io::Read as _;

use calamine::{Data, Reader as _};
use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::explanations::world;
use crate::harness::{Actor, App};

const BRIEFING: &str = "/api/v1/reports/briefing";
const DECISIONS: &str = "/api/v1/briefings/2022-06/decisions";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The two divisions in June; DKKD has put an obstacle to the director on the 10th, which `title` names.
async fn june(title: &str) -> App {
    let app = world("2022-06-10T02:00:00Z").await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let new = json!({"department": "DKKD", "title": title, "description": "Không đối chiếu được giấy tờ", "proposal": "Gửi văn bản"});
    head.post("/api/v1/obstacles", new).await.expect(201);
    let said = json!({"text": "Trình Giám đốc"});
    app.office().await.act("/api/v1/obstacles/VM-2022-0001/escalation", 1, said).await.expect(200);
    app
}

/// The same server on the day after the month of June.
async fn after(app: &App) -> App {
    app.again_at("2022-06-16T02:00:00Z".parse().unwrap()).await
}

async fn briefing(who: &Actor) -> Value {
    who.get(&format!("{BRIEFING}?period=2022-06")).await.expect(200).body
}

fn items(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|row| row["item"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_briefing_puts_the_month_together() {
    let first = june("Chưa có tài khoản").await;
    let app = after(&first).await;
    let office = app.office().await;
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let subjects = json!([{"kind": "kpi", "code": "on_time_rate"}, {"kind": "late_dossiers", "code": "late_dossiers"}]);
    let told = json!({"department": "DKKD", "period": "2022-06", "subjects": subjects, "cause": "Hệ thống gián đoạn",
        "remedy": "Bố trí thêm người", "remedy_due_on": "2022-07-15", "responsible": "Trần Văn B"});
    head.post("/api/v1/explanations", told).await.expect(201);
    let task = json!({"code": "gv-1", "document_number": "1/UBND", "document_on": "2022-06-01", "issuer": "SKHDT", "title": "Báo cáo giải ngân",
        "lead": ["DN"], "due_on": "2022-07-01"});
    office.put("/api/v1/tasks/gv-1", task).await.expect(201);

    let b = briefing(&office).await;
    let days = ["from", "to", "as_of"].map(|name| b[name].as_str().unwrap());
    assert_eq!(
        (days, &b["running"], &b["agency"], &b["department"]),
        (["2022-05-15", "2022-06-14", "2022-06-14"], &json!(false), &json!("Sở"), &Value::Null)
    );
    let row = |code: &str| b["departments"].as_array().unwrap().iter().find(|r| r["department"] == code).unwrap().clone();
    let (dkkd, dn) = (row("DKKD"), row("DN"));
    // A task of its own is overdue, and one that all lead together; one dossier of each, DKKD's late.
    assert_eq!((&row("CPTT")["tasks"]["overdue"], &row("CPTT")["accepted"]), (&json!(1), &json!(0)));
    assert_eq!(
        (&dkkd["tasks"]["overdue"], &dkkd["accepted"], &dkkd["finished"], &dkkd["late_dossiers"]),
        (&json!(1), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!((&dkkd["outcomes"], &dn["outcomes"]), (&json!({"late_without_apology": 1}), &json!({"on_time": 1})));
    assert_eq!((&dkkd["handling_days"]["median"], &dn["handling_days"]["median"]), (&json!(7), &json!(2)));
    assert_eq!((&dkkd["unmet_targets"], &dn["unmet_targets"], &dkkd["findings"]), (&json!(1), &json!(0), &json!(1)));
    let total = &b["total"];
    assert_eq!((&total["tasks"]["overdue"], &total["accepted"], &total["late_dossiers"]), (&json!(2), &json!(2), &json!(1)));
    let trend = b["trend"].as_array().unwrap();
    assert_eq!((trend.len(), &trend[11]["period"], &trend[11]["on_time_rate"]), (12, &json!("2022-06"), &json!(50.0)));
    assert_eq!(trend[10]["on_time_rate"], Value::Null);

    assert_eq!(items(&b["late_tasks"]), ["task:kh.a", "task:kh.b"]);
    let late = &b["late_dossiers"];
    assert_eq!(
        (&late["total"], items(&late["items"]), items(&late["departments"])),
        (&json!(1), vec!["dossier:H-1"], vec!["late_dossiers:DKKD"])
    );
    let dossier = &late["items"][0];
    assert_eq!(
        (&dossier["due_on"], &dossier["days_late"], &dossier["cause"], &dossier["apologised"]),
        (&json!("2022-05-19"), &json!(6), &json!("not_stated"), &json!(false))
    );
    assert_eq!((&late["departments"][0]["explanation"]["remedy"], &late["causes"][0]["total"]), (&json!("Bố trí thêm người"), &json!(1)));
    assert_eq!(items(&b["findings"]), ["finding:late_without_apology/DKKD"]);
    assert_eq!(b["findings"][0]["explanation"]["state"], "owed");
    let target = &b["unmet_targets"][0];
    assert_eq!(
        (&target["item"], &target["value"], &target["target"], &target["comparator"]),
        (&json!("kpi:on_time_rate/DKKD"), &json!(0.0), &json!(99.0), &json!(">="))
    );
    assert_eq!((&target["explanation"]["state"], &target["explanation"]["cause"]), (&json!("draft"), &json!("Hệ thống gián đoạn")));
    assert_eq!((items(&b["obstacles"]), &b["obstacles"][0]["escalated_on"]), (vec!["obstacle:VM-2022-0001"], &json!("2022-06-10")));
    assert_eq!((&b["next"]["period"], items(&b["next"]["tasks"])), (&json!("2022-07"), vec!["task:gv-1"]));
    assert_eq!(b["decisions"], json!([]));

    // What happens later does not change the month; the running one shows it.
    let director = app.actor(Role::Director, None).await;
    director.act("/api/v1/obstacles/VM-2022-0001/decision", 2, json!({"decision": "agreed", "text": "Đồng ý"})).await.expect(200);
    assert_eq!(items(&briefing(&office).await["obstacles"]), ["obstacle:VM-2022-0001"]);
    let july = office.get(&format!("{BRIEFING}?period=2022-07")).await.expect(200).body;
    assert_eq!((&july["running"], &july["as_of"], &july["obstacles"]), (&json!(true), &json!("2022-06-16"), &json!([])));
    let calendar = office.get(&format!("{BRIEFING}?period=2022-05&period_set=calendar")).await.expect(200).body;
    assert_eq!((&calendar["from"], &calendar["to"]), (&json!("2022-05-01"), &json!("2022-05-31")));
}

#[tokio::test]
async fn everyone_sees_his_part_of_a_briefing() {
    let first = june("Chưa có tài khoản").await;
    let app = after(&first).await;
    let (head, other) = (app.actor(Role::Head, Some("DKKD")).await, app.actor(Role::Head, Some("DN")).await);
    let own = briefing(&head).await;
    let codes = |b: &Value| -> Vec<String> {
        b["departments"].as_array().unwrap().iter().map(|r| r["department"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((codes(&own), items(&own["obstacles"])), (vec!["DKKD".to_owned()], vec!["obstacle:VM-2022-0001"]));
    let theirs = briefing(&other).await;
    assert_eq!(
        (codes(&theirs), &theirs["obstacles"], &theirs["late_dossiers"]["total"], &theirs["findings"]),
        (vec!["DN".to_owned()], &json!([]), &json!(0), &json!([]))
    );
    let office = app.office().await;
    let asked = office.get(&format!("{BRIEFING}?period=2022-06&department=DN")).await.expect(200).body;
    assert_eq!(
        (codes(&asked), &asked["department"], &asked["total"]),
        (vec!["DN".to_owned()], &json!("Phòng Doanh nghiệp"), &{
            let mut total = theirs["total"].clone();
            total["name"] = asked["total"]["name"].clone();
            total
        })
    );
    assert_eq!(other.get(&format!("{BRIEFING}?period=2022-06&department=DKKD")).await.expect(422).pointers(), ["department"]);
    app.actor(Role::Integration, None).await.get(&format!("{BRIEFING}?period=2022-06")).await.expect(403);
    for (query, status, pointer) in [
        ("", 400, "period"),
        ("period=2022", 400, "period"),
        ("period=2022-13", 400, "period"),
        ("period=2022-06&period_set=x", 400, "period_set"),
        ("period=2022-08", 422, "period"),
    ] {
        assert_eq!(office.get(&format!("{BRIEFING}?{query}")).await.expect(status).pointers(), [pointer], "{query}");
    }
    office.send("GET", &format!("{BRIEFING}?period=2022-06"), &[("accept", "text/csv")], None).await.expect(406);
}

#[tokio::test]
async fn the_workbook_has_real_tables() {
    let first = june("Chưa có tài khoản").await;
    let app = after(&first).await;
    let url = format!("{}{BRIEFING}?period=2022-06", app.base);
    let office = app.office().await;
    let answer = office
        .http
        .get(url)
        .bearer_auth(office.token.unwrap())
        .header("accept", XLSX)
        .header("accept-language", "vi")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"briefing-2022-06.xlsx\"");
    let bytes = answer.bytes().await.unwrap().to_vec();
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes.clone())).unwrap();
    let sheets = book.sheet_names();
    let expected = [
        "Tổng hợp",
        "12 tháng",
        "Nhiệm vụ quá hạn",
        "Hồ sơ quá hạn",
        "Giải trình hồ sơ",
        "Tồn tại",
        "Chỉ tiêu chưa đạt",
        "Vướng mắc",
        "Việc kỳ tới",
        "Kết luận",
    ];
    assert_eq!(sheets, expected);
    let late = book.worksheet_range("Hồ sơ quá hạn").unwrap();
    assert_eq!(late.get((0, 0)), Some(&Data::String("Mã hồ sơ".into())));
    assert_eq!(late.get((1, 0)), Some(&Data::String("H-1".into())));
    assert!(
        matches!(late.get((1, 5)), Some(Data::DateTime(day)) if day.as_datetime().unwrap().date().to_string() == "2022-05-19"),
        "{late:?}"
    );
    assert_eq!(late.get((1, 7)), Some(&Data::Float(6.0)));
    let summary = book.worksheet_range("Tổng hợp").unwrap();
    assert_eq!(summary.get((summary.height() - 1, 1)), Some(&Data::String("Tổng cộng".into())));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("xl/tables/")).count(), expected.len(), "{names:?}");
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    for sheet in 1..=expected.len() {
        let text = part(&format!("xl/worksheets/sheet{sheet}.xml"));
        assert!(text.contains("state=\"frozen\"") && text.contains("ySplit=\"1\""), "{sheet}");
    }
    let styles = part("xl/styles.xml");
    assert!(
        ["dd/mm/yyyy", "#,##0.00"]
            .iter()
            .all(|format| styles.contains(format) || format == &"#,##0.00" && styles.contains("numFmtId=\"4\"")),
        "{styles}"
    );
}

async fn page(who: &Actor, query: &str) -> (String, String) {
    let answer = who.send("GET", &format!("{BRIEFING}?{query}"), &[("accept", "text/html")], None).await.expect(200);
    (answer.header("content-security-policy").unwrap().to_owned(), answer.text)
}

#[tokio::test]
async fn the_page_asks_nothing_of_anyone() {
    let first = june("<script>alert(1)</script> & “tài khoản”").await;
    let app = after(&first).await;
    let (policy, html) = page(&app.office().await, "period=2022-06").await;
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(
        !html.contains("<script")
            && !html.contains("http:")
            && !html.contains("https:")
            && !html.contains(" style=")
            && !html.contains("NaN")
    );
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; “tài khoản”"), "{html}");
    assert_eq!(html.matches("<svg class=\"chart\"").count(), 3);
    for words in [
        "Báo cáo giao ban tháng 6 năm 2022",
        "Kỳ số liệu từ 15/05/2022 đến 14/06/2022",
        "V. Vướng mắc chờ Giám đốc quyết định",
        "H-1",
        "≥ 99",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let (_, empty) = page(&app.office().await, "period=2021-06&period_set=calendar").await;
    assert!(empty.contains("không có số liệu") && !empty.contains("NaN"), "{empty}");
}

/// As a reader sees it: nothing sticks out, whatever the names, on a screen and on paper.
#[tokio::test]
async fn the_page_holds_in_a_browser() {
    let Some(mut browser) = Browser::open().await else { return };
    let first = june(&format!("Vướng mắc {}", "không-ngắt-được".repeat(12))).await;
    let app = after(&first).await;
    let wide = json!({"code": "DN", "name": format!("Phòng {}", "Doanhnghiệp".repeat(9)), "kind": "division", "parent": "SKHDT"});
    app.admin().await.json("PUT", "/api/v1/departments/DN", &[("if-match", "*")], &wide).await.expect(200);
    let office = app.office().await;
    let bearer = format!("Bearer {}", office.token.unwrap());
    browser.headers(json!({"Authorization": bearer, "Accept": "text/html"})).await;
    browser.without_scripts().await;
    for width in [794, 1280] {
        browser.resize(width, 1123).await;
        browser.goto(&format!("{}{BRIEFING}?period=2022-06", app.base)).await;
        assert_eq!(browser.overflow().await, Vec::<String>::new(), "{width}");
    }
    // Its policy lets its own style in.
    assert_eq!(browser.evaluate("getComputedStyle(document.querySelector('.tiles')).display").await, "grid");
    browser.picture("briefing-long-names").await;
    let (_, sheets) = browser.print("briefing-long-names").await;
    assert!((1..=6).contains(&sheets), "{sheets}");
    // What is printed is as wide as the paper between its margins.
    browser.medium("print").await;
    browser.resize(680, 1000).await;
    assert_eq!(browser.overflow().await, Vec::<String>::new());
    assert_eq!(browser.complaints, Vec::<String>::new());
}

fn new(change: Value) -> Value {
    let mut body = json!({"item": "obstacle:VM-2022-0001", "text": "Soạn văn bản gửi Công an tỉnh", "lead": ["DN"], "coordinate": ["DKKD"],
        "due_on": "2022-07-05", "document_no": "15/TB-SKHĐT"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

async fn traces(app: &App) -> [i64; 5] {
    [
        app.count("briefing_decisions").await,
        app.count("tasks").await,
        app.count("obstacle_steps").await,
        app.count("audit_events").await,
        app.count("outbox_events").await,
    ]
}

#[tokio::test]
async fn a_decision_becomes_a_task_and_decides_the_obstacle() {
    let first = june("Chưa có tài khoản").await;
    let app = after(&first).await;
    let director = app.actor(Role::Director, None).await;
    let before = traces(&app).await;
    let dry = director.post(&format!("{DECISIONS}?dry_run=true"), new(json!({"ruling": "agreed"}))).await.expect(201);
    assert_eq!((dry.header("dry-run"), traces(&app).await), (Some("true"), before));
    let key = [("idempotency-key", "one")];
    let made = director.json("POST", DECISIONS, &key, &new(json!({"ruling": "agreed"}))).await.expect(201);
    let again = director.json("POST", DECISIONS, &key, &new(json!({"ruling": "agreed"}))).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &made.body));
    assert_eq!(made.header("location"), Some("/api/v1/briefings/2022-06/decisions/KL-2022-0001"));
    let view = &made.body;
    assert_eq!(
        (&view["item_title"], &view["department"], &view["held_on"], &view["ruling"]),
        (&json!("Chưa có tài khoản"), &json!("DKKD"), &json!("2022-06-16"), &json!("agreed"))
    );
    assert_eq!(
        (&view["task"], &view["task_state"], &view["allowed_acts"]),
        (&json!("KL-2022-0001"), &json!("in_progress"), &json!(["change", "revoke"]))
    );
    // A decision, its task, the step of the obstacle: each with its audit line and event.
    assert_eq!(traces(&app).await, [before[0] + 1, before[1] + 1, before[2] + 1, before[3] + 3, before[4] + 3]);
    let task = app.office().await.get("/api/v1/tasks/KL-2022-0001").await.expect(200).body;
    assert_eq!(
        (&task["title"], &task["due_on"], &task["document_number"]),
        (&json!("Soạn văn bản gửi Công an tỉnh"), &json!("2022-07-05"), &json!("15/TB-SKHĐT"))
    );
    assert_eq!((&task["lead"], &task["issuer"]), (&json!(["DN"]), &json!("SKHDT")));
    let obstacle = director.get("/api/v1/obstacles/VM-2022-0001").await.expect(200).body;
    assert_eq!((&obstacle["state"], &obstacle["timeline"][2]["document_no"]), (&json!("decided"), &json!("15/TB-SKHĐT")));
    // A second one on the same item, without a ruling, and against every kind of item.
    for (n, item) in [
        "obstacle:VM-2022-0001",
        "task:kh.a",
        "dossier:H-1",
        "late_dossiers:DKKD",
        "finding:late_without_apology/DKKD",
        "kpi:on_time_rate/DKKD",
    ]
    .iter()
    .enumerate()
    {
        let made = director.post(DECISIONS, new(json!({"item": item}))).await.expect(201).body;
        assert_eq!((&made["code"], &made["department"]), (&json!(format!("KL-2022-{:04}", n + 2)), &json!("DKKD")), "{item}");
    }
    director.post(DECISIONS, new(json!({"ruling": "declined"}))).await.expect(409);
    let told = briefing(&director).await;
    assert_eq!((told["decisions"].as_array().unwrap().len(), items(&told["decisions"])[1]), (7, "obstacle:VM-2022-0001"));
    let (_, html) = page(&director, "period=2022-06").await;
    assert!(html.contains("KL-2022-0007") && html.contains("Soạn văn bản gửi Công an tỉnh"));

    // Who carries it out, and whom it is about, sees it.
    let (head, other) = (app.actor(Role::Head, Some("DN")).await, app.actor(Role::Head, Some("MC")).await);
    let listed = head.get(&format!("{DECISIONS}?count=exact&limit=2&fields=code,task_state")).await.expect(200).body;
    let one = &listed["items"][0];
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["page"]["total"]), (2, &json!(7)));
    assert_eq!((&one["code"], &one["task_state"], &one["text"]), (&json!("KL-2022-0001"), &json!("in_progress"), &Value::Null));
    assert_eq!(other.get(DECISIONS).await.expect(200).body["items"], json!([]));
    other.get(&format!("{DECISIONS}/KL-2022-0001")).await.expect(404);
    head.get(&format!("{DECISIONS}/KL-2022-0001")).await.expect(200);
    head.get("/api/v1/briefings/2022-05/decisions/KL-2022-0001").await.expect(404);
    head.get("/api/v1/briefings/2022/decisions").await.expect(404);
    assert_eq!(director.get(&format!("{DECISIONS}?period_set=calendar")).await.expect(200).body["items"], json!([]));
}

#[tokio::test]
async fn a_decision_that_is_wrong_changes_nothing() {
    let first = june("Chưa có tài khoản").await;
    let app = after(&first).await;
    let (director, office) = (app.actor(Role::Director, None).await, app.office().await);
    let before = traces(&app).await;
    let bad = new(
        json!({"item": "obstacle:VM-2022-0002", "text": " ", "lead": ["DN", "X"], "coordinate": ["DN"], "due_on": "2022-06-15", "ruling": "agreed", "document_no": ""}),
    );
    let refused = director.post(DECISIONS, bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/item", "/text", "/lead/1", "/coordinate/0", "/due_on", "/document_no"]);
    let refused = director
        .post(DECISIONS, new(json!({"item": "task:kh.a", "ruling": "agreed", "lead": [], "held_on": "2022-06-17"})))
        .await
        .expect(422);
    assert_eq!(refused.pointers(), ["/held_on", "/ruling", "/lead"]);
    assert_eq!(refused.fault_codes(), ["date_in_future", "inconsistent_decision", "missing"]);
    for item in ["task:none", "dossier:H-2", "plan:kh", "x", "kpi:on_time_rate/DN", "report:none/2022-06"] {
        assert_eq!(director.post(DECISIONS, new(json!({"item": item}))).await.expect(422).pointers(), ["/item"], "{item}");
    }
    assert_eq!(director.post(DECISIONS, new(json!({"held_on": "2022-05-14"}))).await.expect(422).pointers(), ["/held_on"]);
    director.post(DECISIONS, json!({"item": 1, "more": 2})).await.expect(400);
    director.post("/api/v1/briefings/2022-08/decisions", new(json!({}))).await.expect(422);
    director.post("/api/v1/briefings/june/decisions", new(json!({}))).await.expect(404);
    // The office records, but does not decide obstacles; others do neither.
    office.post(DECISIONS, new(json!({"ruling": "agreed"}))).await.expect(403);
    for role in [Role::Head, Role::Officer, Role::Auditor, Role::Admin] {
        app.actor(role, Some("DKKD")).await.post(DECISIONS, new(json!({}))).await.expect(403);
    }
    assert_eq!(traces(&app).await, before);
    office.post(DECISIONS, new(json!({}))).await.expect(201);
}

#[tokio::test]
async fn a_decision_is_put_anew_and_revoked_with_its_task() {
    let first = june("Chưa có tài khoản").await;
    let app = after(&first).await;
    let (director, office) = (app.actor(Role::Director, None).await, app.office().await);
    for _ in 0..3 {
        director.post(DECISIONS, new(json!({}))).await.expect(201);
    }
    let at = |n: u8| format!("{DECISIONS}/KL-2022-000{n}");
    let text = |change: Value| {
        let mut body = new(change);
        body.as_object_mut().unwrap().remove("item");
        body
    };
    let put = async |who: &Actor, n: u8, version: &str, body: Value| who.json("PUT", &at(n), &[("if-match", version)], &body).await;
    let before = traces(&app).await;
    director.put(&at(1), text(json!({"due_on": "2022-07-08"}))).await.expect(428);
    put(&director, 1, "\"9\"", text(json!({"due_on": "2022-07-08"}))).await.expect(412);
    let refused = put(&director, 1, "\"1\"", text(json!({"text": "", "lead": ["X"], "due_on": "2022-06-15"}))).await.expect(422);
    assert_eq!(refused.pointers(), ["/text", "/lead/0", "/due_on"]);
    let same = put(&director, 1, "\"1\"", text(json!({}))).await.expect(200);
    assert_eq!((same.header("unchanged"), traces(&app).await), (Some("true"), before));
    let changed =
        put(&director, 1, "\"1\"", text(json!({"text": "Soạn hai văn bản", "lead": ["DKKD"], "coordinate": [], "due_on": "2022-07-08"})))
            .await
            .expect(200);
    assert_eq!(
        (changed.header("etag"), &changed.body["task_due_on"], &changed.body["lead"]),
        (Some("\"2\""), &json!("2022-07-08"), &json!(["DKKD"]))
    );
    let task = office.get("/api/v1/tasks/KL-2022-0001").await.expect(200).body;
    assert_eq!((&task["title"], &task["lead"], &task["due_on"]), (&json!("Soạn hai văn bản"), &json!(["DKKD"]), &json!("2022-07-08")));

    // With work on the task, its last day is moved by an extension only; once it is done, nothing of it changes.
    let head = app.actor(Role::Head, Some("DKKD")).await;
    let report = json!({"department": "DKKD", "period": "2022-06", "content": "Đang soạn", "percent": 50});
    head.act("/api/v1/tasks/KL-2022-0001/progress-reports", task["version"].as_i64().unwrap(), report).await.expect(201);
    let moved = text(json!({"text": "Soạn hai văn bản", "lead": ["DKKD"], "coordinate": [], "due_on": "2022-07-20"}));
    assert_eq!(put(&director, 1, "\"2\"", moved.clone()).await.expect(422).pointers(), ["/due_on"]);
    let done =
        json!({"completed_on": "2022-06-16", "summary": "Đã gửi", "evidence": [{"document_number": "9/SKHĐT", "issued_on": "2022-06-16"}]});
    let version = office.get("/api/v1/tasks/KL-2022-0001").await.body["version"].as_i64().unwrap();
    office.act("/api/v1/tasks/KL-2022-0001/completion", version, done).await.expect(201);
    assert_eq!(director.get(&at(1)).await.expect(200).body["task_state"], "done_on_time");
    assert_eq!(put(&director, 1, "\"2\"", text(json!({"text": "Khác"}))).await.expect(409).code(), "transition_not_allowed");
    let revoke =
        async |n: u8, version: i64, reason: &str| director.act(&format!("{}/revocation", at(n)), version, json!({"reason": reason})).await;
    assert_eq!(revoke(1, 2, "Không cần nữa").await.expect(409).code(), "transition_not_allowed");

    director.post(&format!("{}/revocation", at(2)), json!({"reason": "x"})).await.expect(428);
    assert_eq!(revoke(2, 1, " ").await.expect(422).pointers(), ["/reason"]);
    head.act(&format!("{}/revocation", at(2)), 1, json!({"reason": "x"})).await.expect(403);
    let revoked = revoke(2, 1, "Đã có tài khoản").await.expect(200).body;
    assert_eq!(
        (&revoked["state"], &revoked["revoked"]["reason"], &revoked["allowed_acts"]),
        (&json!("revoked"), &json!("Đã có tài khoản"), &json!([]))
    );
    assert_eq!((&revoked["task_state"], &revoked["version"]), (&json!("cancelled"), &json!(2)));
    assert_eq!(revoke(2, 2, "Lại").await.expect(409).code(), "transition_not_allowed");
    put(&director, 2, "\"2\"", text(json!({"text": "Khác"}))).await.expect(409);
    // A task that the office cancelled itself does not keep its decision from being revoked.
    let why = json!({"reason": "Rút", "document_number": "20/TB"});
    office.act("/api/v1/tasks/KL-2022-0003/cancellation", 1, why).await.expect(201);
    assert_eq!(revoke(3, 1, "Rút").await.expect(200).body["state"], "revoked");
}
