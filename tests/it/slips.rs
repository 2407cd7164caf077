use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const HTML: &[(&str, &str)] = &[("accept", "text/html")];
const HOSTILE: &str = "<script>alert('&\"')</script>";

/// An office with an agency, a counter and a division, and a procedure with papers.
async fn office() -> App {
    let app = App::at("2026-08-20T10:00:00+07:00").await;
    let admin = app.admin().await;
    let departments = json!([
        {"code": "SKHDT", "name": "Sở Kế hoạch và Đầu tư", "kind": "agency", "identifier": "H32.05"},
        {"code": "MC", "name": "Bộ phận Một cửa", "kind": "unit", "parent": "SKHDT", "one_stop": true},
        {"code": "DKKD", "name": "Phòng Đăng ký kinh doanh", "kind": "division", "parent": "SKHDT"},
        {"code": "DN", "name": "Phòng Doanh nghiệp", "kind": "division", "parent": "SKHDT"}
    ]);
    admin.post("/api/v1/departments/bulk", departments).await.expect(200);
    let procedure = |code: &str, limit: Value| {
        json!({"code": code, "name": "Đăng ký thành lập <b>doanh nghiệp</b>", "field": {"code": "DKDN", "name": "Doanh nghiệp"}, "department": "DKKD",
            "limit": limit, "components": [{"name": "Giấy đề nghị", "originals": 1}, {"name": "Điều lệ", "originals": 2, "certified_copies": 3, "photocopies": 4}]})
    };
    let procedures = json!([
        procedure("P", json!({"value": 3, "unit": "working_day"})),
        procedure("H", json!({"value": 4, "unit": "working_hour"})),
        procedure("N", Value::Null)
    ]);
    admin.post("/api/v1/procedures/bulk", procedures).await.expect(200);
    app
}

/// A history of one dossier, accepted on a Monday at 8:30.
async fn load(app: &App, code: &str, accepted_on: &str, change: Value) -> String {
    let mut row = json!({"code": code, "procedure": "P", "receiving_department": "MC", "channel": "direct",
        "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"},
        "submitted_at": format!("{accepted_on}T08:00:00+07:00"), "accepted_at": format!("{accepted_on}T08:30:00+07:00")});
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let office = app.office().await;
    office.load("/api/v1/dossiers/bulk", &[row]).await.expect(200);
    office.get(&format!("/api/v1/dossiers/by-code/{code}")).await.expect(200).body["id"].as_str().unwrap().to_owned()
}

async fn slip(who: &Actor, id: &str, kind: &str) -> Answer {
    who.get(&format!("/api/v1/dossiers/{id}/slips/{kind}")).await
}

async fn page(who: &Actor, id: &str, kind: &str) -> Answer {
    let page = who.send("GET", &format!("/api/v1/dossiers/{id}/slips/{kind}"), HTML, None).await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    page
}

#[track_caller]
fn has(page: &Answer, words: &[&str]) {
    for word in words {
        assert!(page.text.contains(word), "{word} is not in {}", page.text);
    }
}

#[tokio::test]
async fn a_receipt_tells_what_was_promised() {
    let app = office().await;
    let counter = app.one_stop().await;
    let id = load(&app, "H32.05-220606-0001", "2022-06-06", json!({})).await;
    let body = slip(&counter, &id, "receipt").await.expect(200).body;
    assert_eq!(
        body["form"],
        json!({"number": "01", "title": "Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "source": "Thông tư số 01/2018/TT-VPCP", "page_size": "a5"})
    );
    let unit = |code: &str, name: &str| json!({"code": code, "name": name, "agency": "Sở Kế hoạch và Đầu tư"});
    assert_eq!((&body["issued_by"], &body["receiving_department"]), (&unit("MC", "Bộ phận Một cửa"), &unit("MC", "Bộ phận Một cửa")));
    assert_eq!(body["resolving_department"], unit("DKKD", "Phòng Đăng ký kinh doanh"));
    assert_eq!((&body["kind"], &body["rule_set"], &body["issued_on"]), (&json!("receipt"), &json!("nd61-2018"), &json!("2022-06-06")));
    let part = &body["receipt"];
    assert_eq!((&part["limit"], &part["limit_text"]), (&json!({"value": 3, "unit": "working_day"}), &json!("3 ngày làm việc")));
    assert_eq!(
        (&part["received_at"], &part["return_on"], &part["return_at"]),
        (&json!("2022-06-06T08:30:00+07:00"), &json!("2022-06-09"), &Value::Null)
    );
    assert_eq!((part["components"].as_array().unwrap().len(), &part["components"][1]["photocopies"]), (2, &json!(4)));

    let page = page(&counter, &id, "receipt").await;
    has(
        &page,
        &[
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "Sở Kế hoạch và Đầu tư",
            "Mẫu số 01<br>(Ban hành kèm theo Thông tư số 01/2018/TT-VPCP)",
            "<h1>Giấy tiếp nhận hồ sơ và hẹn trả kết quả</h1>",
            "Mã hồ sơ: <b>H32.05-220606-0001</b>",
            "Công ty TNHH Biển Xanh",
            "08 giờ 30 phút, ngày 06/06/2022",
            "ngày 09/06/2022",
            "3 ngày làm việc",
            "<td class=\"c\">2</td><td class=\"c\">3</td><td class=\"c\">4</td>",
            "Địa chỉ:</span><span class=\"blank\">",
            "<svg class=\"qr\"",
            "@page { size: A5 portrait;",
            "&lt;b&gt;doanh nghiệp&lt;/b&gt;",
        ],
    );
    // The first appointment stays, whatever became of the due date.
    let moved = json!({"supplements": [{"requested_at": "2022-06-07T08:00:00+07:00", "reason": "x", "document_no": "1", "fulfilled_at": "2022-06-16T08:00:00+07:00"}]});
    let id = load(&app, "moved", "2022-06-06", moved).await;
    assert_eq!(slip(&counter, &id, "receipt").await.expect(200).body["receipt"]["return_on"], "2022-06-09");
    let id = load(&app, "hours", "2022-06-06", json!({"procedure": "H"})).await;
    let hours = slip(&counter, &id, "receipt").await.expect(200).body["receipt"].clone();
    assert_eq!((&hours["limit_text"], &hours["return_at"]), (&json!("4 giờ làm việc"), &json!("2022-06-06T14:30:00+07:00")));
    let id = load(&app, "none", "2022-06-06", json!({"procedure": "N"})).await;
    let none = slip(&counter, &id, "receipt").await.expect(200).body["receipt"].clone();
    assert_eq!((&none["limit"], &none["return_on"]), (&Value::Null, &Value::Null));
}

/// Everything that a dossier can be handed over with, at dates in June of a year; the Monday is the day of acceptance.
fn full(month: &str, monday: u32, decision: &str) -> Value {
    let at = |days: u32, time: &str| format!("{month}-{:02}T{time}:00+07:00", monday + days);
    json!({"supplements": [
            {"requested_at": at(1, "08:00"), "reason": "Thiếu điều lệ", "document_no": "12/TB", "fulfilled_at": at(2, "08:00")},
            {"requested_at": at(2, "14:00"), "reason": "Thiếu chữ ký", "document_no": "13/TB", "fulfilled_at": at(3, "08:00")}],
        "apologies": [
            {"sent_at": at(4, "08:00"), "reason": "Chờ ý kiến", "new_due_on": format!("{month}-{:02}", monday + 8), "document_no": "40/XL"},
            {"sent_at": at(8, "08:00"), "reason": "Máy chủ hỏng", "new_due_on": format!("{month}-{:02}", monday + 10), "document_no": "41/XL"}],
        "consultations": [{"agency": "Sở Xây dựng", "sent_at": at(3, "09:00"), "answer_due_on": format!("{month}-{:02}", monday + 4), "answered_at": at(7, "09:00")}],
        "decision": decision, "decision_reason": "Không đủ điều kiện", "decision_document_no": "77/TB", "finished_at": at(9, "15:00")})
}

#[tokio::test]
async fn the_forms_are_those_of_the_day_of_acceptance() {
    let app = office().await;
    let counter = app.one_stop().await;
    for (code, month, monday, rule_set, source, apology, stop, control) in [
        ("old", "2025-06", 16, "nd61-2018", "01/2018/TT-VPCP", "Phiếu xin lỗi và hẹn lại ngày trả kết quả", None, "05"),
        ("new", "2025-07", 7, "nd118-2025", "03/2025/TT-VPCP", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết", Some("05"), "06"),
    ] {
        let accepted = format!("{month}-{monday:02}");
        let date = |days: u32| format!("{month}-{:02}", monday + days);
        let printed = |days: u32| format!("{:02}/{}/2025", monday + days, &month[5..]);
        let id = load(&app, code, &accepted, full(month, monday, "terminated")).await;

        let body = slip(&counter, &id, "stop").await.expect(200).body;
        assert_eq!((&body["rule_set"], &body["form"]["number"], &body["document_no"]), (&json!(rule_set), &json!(stop), &json!("77/TB")));
        assert_eq!((&body["stop"]["reason"], &body["issued_by"]["code"]), (&json!("Không đủ điều kiện"), &json!("DKKD")));
        let notice = page(&counter, &id, "stop").await;
        has(&notice, &["<h1>Thông báo dừng giải quyết hồ sơ</h1>", "77/TB", "Không đủ điều kiện"]);
        assert_eq!(notice.text.contains("Mẫu số"), stop.is_some(), "{code}");
        assert_eq!(notice.text.contains("@page { size: A4"), stop.is_none(), "{code}");

        let body = slip(&counter, &id, "apology").await.expect(200).body;
        assert_eq!((&body["form"]["number"], &body["form"]["title"]), (&json!("04"), &json!(apology)));
        let part = &body["apology"];
        assert_eq!((&part["n"], &part["old_return_on"], &part["new_return_on"]), (&json!(2), &json!(date(8)), &json!(date(10))));
        let first = counter.get(&format!("/api/v1/dossiers/{id}/slips/apology?n=1")).await.expect(200).body;
        // Two working days waited move the appointment from the third day to the seventh: Thursday to Monday.
        let first_due = slip(&counter, &id, "receipt").await.expect(200).body["receipt"]["return_on"].clone();
        assert_eq!(first_due, json!(date(3)));
        assert_eq!((&first["apology"]["old_return_on"], &first["document_no"]), (&json!(date(7)), &json!("40/XL")));
        let letter = page(&counter, &id, "apology").await;
        has(
            &letter,
            &[&format!("<h1>{apology}</h1>"), source, "Máy chủ hỏng", &printed(8), &printed(10), "Kính gửi: <b>Công ty TNHH Biển Xanh</b>"],
        );

        let body = slip(&counter, &id, "supplement").await.expect(200).body;
        assert_eq!((&body["supplement"]["n"], &body["document_no"], &body["form"]["number"]), (&json!(2), &json!("13/TB"), &json!("02")));
        let first = counter.get(&format!("/api/v1/dossiers/{id}/slips/supplement?n=1")).await.expect(200).body;
        assert_eq!((&first["supplement"]["reason"], &first["supplement"]["before_acceptance"]), (&json!("Thiếu điều lệ"), &json!(false)));
        has(
            &page(&counter, &id, "supplement").await,
            &["<h1>Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ</h1>", "(lần 2)", "Lý do: Thiếu chữ ký"],
        );

        let body = slip(&counter, &id, "control").await.expect(200).body;
        assert_eq!((&body["form"]["number"], &body["issued_on"]), (&json!(control), &json!("2026-08-20")));
        let steps = body["control"]["steps"].as_array().unwrap();
        let told: Vec<_> =
            steps.iter().map(|s| (s["act"].as_str().unwrap(), s["from"].as_str(), s["to"].as_str(), s["result"].as_str())).collect();
        let (applicant, counter_name, division) = (Some("Người nộp hồ sơ"), Some("Bộ phận Một cửa"), Some("Phòng Đăng ký kinh doanh"));
        let expected = [
            ("submission", applicant, counter_name, None),
            ("acceptance", applicant, counter_name, None),
            ("processing", counter_name, division, None),
            ("supplement-request", division, applicant, None),
            ("fulfilment", applicant, division, None),
            ("supplement-request", division, applicant, None),
            ("fulfilment", applicant, division, None),
            ("consultation", division, Some("Sở Xây dựng"), None),
            ("consultation-answer", Some("Sở Xây dựng"), division, Some("late")),
            ("termination", division, counter_name, Some("late")),
        ];
        assert_eq!(told, expected, "{code}");
        let table = page(&counter, &id, "control").await;
        has(
            &table,
            &[
                "<h1>Phiếu kiểm soát quá trình giải quyết hồ sơ</h1>",
                &format!("Mẫu số {control}"),
                "Quá hạn",
                "Lấy ý kiến",
                "@page { size: A5 landscape;",
            ],
        );

        let refused = load(&app, &format!("{code}-refused"), &accepted, full(month, monday, "refused")).await;
        let body = slip(&counter, &refused, "refusal").await.expect(200).body;
        assert_eq!((&body["form"]["number"], &body["refusal"]["before_acceptance"]), (&json!("03"), &json!(false)));
        has(
            &page(&counter, &refused, "refusal").await,
            &["<h1>Phiếu từ chối tiếp nhận giải quyết hồ sơ</h1>", "từ chối giải quyết hồ sơ này", "Lý do: Không đủ điều kiện"],
        );
    }
}

#[tokio::test]
async fn what_comes_before_acceptance_follows_the_law_of_its_day() {
    let app = office().await;
    let counter = app.one_stop().await;
    let new = json!({"procedure": "P", "receiving_department": "MC", "channel": "online", "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
    let dossier = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    let asked = json!({"reason": "Thiếu chữ ký", "document_no": "3/PHD", "items": ["Giấy đề nghị <i>có chữ ký</i>"], "respond_by_on": "2026-08-27"});
    counter.act(&format!("{path}/completion-requests"), 1, asked).await.expect(200);
    let id = dossier["id"].as_str().unwrap();
    let body = slip(&counter, id, "supplement").await.expect(200).body;
    assert_eq!(
        (&body["rule_set"], &body["supplement"]["before_acceptance"], &body["document_no"]),
        (&json!("nd118-2025"), &json!(true), &json!("3/PHD"))
    );
    has(
        &page(&counter, id, "supplement").await,
        &["<li>Giấy đề nghị &lt;i&gt;có chữ ký&lt;/i&gt;</li>", "trước hết ngày 27/08/2026", "Bộ phận Một cửa"],
    );
    let receipt = slip(&counter, id, "receipt").await.expect(409);
    assert_eq!((receipt.code(), &receipt.body["missing"]), ("slip_not_applicable", &json!("acceptance")));
    counter.act(&format!("{path}/completion-requests/1/completion"), 2, json!({})).await.expect(200);
    counter.act(&format!("{path}/non-acceptance"), 3, json!({"reason": "Không thuộc thẩm quyền"})).await.expect(200);
    let body = slip(&counter, id, "refusal").await.expect(200).body;
    assert_eq!(
        (&body["rule_set"], &body["refusal"]["before_acceptance"], &body["issued_by"]["code"]),
        (&json!("nd118-2025"), &json!(true), &json!("MC"))
    );
    has(&page(&counter, id, "refusal").await, &["thông báo không tiếp nhận hồ sơ này", "Không thuộc thẩm quyền"]);
}

#[tokio::test]
async fn a_slip_that_does_not_fit_says_what_is_missing() {
    let app = office().await;
    let counter = app.one_stop().await;
    let id = load(&app, "open", "2022-06-06", json!({})).await;
    for (kind, missing) in [("supplement", "supplement_request"), ("refusal", "refusal"), ("apology", "apology"), ("stop", "termination")] {
        let answer = slip(&counter, &id, kind).await.expect(409);
        assert_eq!((answer.code(), answer.body["missing"].as_str()), ("slip_not_applicable", Some(missing)), "{kind}");
    }
    for kind in ["register", "receipts", "x"] {
        slip(&counter, &id, kind).await.expect(404);
    }
    let voided = load(&app, "voided", "2022-06-06", json!({"decision": "voided", "finished_at": "2022-06-07T08:00:00+07:00"})).await;
    assert_eq!(slip(&counter, &voided, "receipt").await.expect(409).body["missing"], "validity");
    let once = json!({"apologies": [{"sent_at": "2022-06-08T08:00:00+07:00", "reason": "x", "new_due_on": "2022-06-15"}]});
    let id = load(&app, "once", "2022-06-06", once).await;
    let path = format!("/api/v1/dossiers/{id}/slips");
    for n in ["0", "2", "65535"] {
        counter.get(&format!("{path}/apology?n={n}")).await.expect(404);
    }
    for query in ["apology?n=x", "apology?n=-1", "receipt?n=1", "apology?m=1"] {
        counter.get(&format!("{path}/{query}")).await.expect(400);
    }
    for (accept, status) in [("application/pdf", 406), ("application/json", 200), ("text/html;q=0.5, application/json", 200), ("*/*", 200)]
    {
        let answer = counter.send("GET", &format!("{path}/receipt"), &[("accept", accept)], None).await.expect(status);
        assert_eq!(
            answer.header("content-type"),
            Some(if status == 200 { "application/json" } else { "application/problem+json" }),
            "{accept}"
        );
    }
    // The calendar begins in 2021; what is older has no rule set and no forms.
    sqlx::query("INSERT INTO calendar_days (calendar_code, day, first_version, kind, name) VALUES ('vn', '2018-01-01', 1, 'day_off', 'Tết Dương lịch')")
        .execute(&app.pool)
        .await
        .unwrap();
    let id = load(&app, "ancient", "2018-06-18", json!({})).await;
    assert_eq!(slip(&counter, &id, "receipt").await.expect(409).code(), "no_rule_set");
}

#[tokio::test]
async fn a_hostile_name_stays_a_name_and_nothing_comes_from_elsewhere() {
    let app = office().await;
    let counter = app.one_stop().await;
    let mut row = full("2022-06", 6, "refused");
    row["applicant"] = json!({"kind": "citizen", "name": HOSTILE});
    row["decision_reason"] = json!(HOSTILE);
    row["decision_document_no"] = json!(HOSTILE);
    row["consultations"][0]["agency"] = json!(HOSTILE);
    for apology in row["apologies"].as_array_mut().unwrap() {
        apology["reason"] = json!(HOSTILE);
    }
    let id = load(&app, "hostile", "2022-06-06", row).await;
    for kind in ["receipt", "supplement", "refusal", "apology", "control"] {
        let page = page(&counter, &id, kind).await;
        assert!(
            !page.text.contains("<script") && page.text.contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"),
            "{kind}: {}",
            page.text
        );
        for word in ["http:", "https:", "src=", "href=", "url(", "@import", " style=", " onload"] {
            assert!(!page.text.contains(word), "{kind} has {word}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        let style = page.text.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, dunghen::http::json::digest(style.as_bytes()));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{kind}: the style does not have the hash of the policy");
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_slip_is_seen_by_whoever_sees_the_dossier() {
    let app = office().await;
    let id = load(&app, "own", "2022-06-06", json!({})).await;
    slip(&app.actor(Role::Officer, Some("DKKD")).await, &id, "receipt").await.expect(200);
    slip(&app.actor(Role::Officer, Some("DN")).await, &id, "receipt").await.expect(404);
    slip(&app.admin().await, &id, "receipt").await.expect(403);
    slip(&app.nobody(), &id, "receipt").await.expect(401);
    slip(&app.one_stop().await, &uuid::Uuid::nil().to_string(), "receipt").await.expect(404);
    slip(&app.one_stop().await, "x", "receipt").await.expect(404);
}

#[tokio::test]
async fn a_corrected_title_is_printed() {
    let app = office().await;
    let (admin, counter) = (app.admin().await, app.one_stop().await);
    let id = load(&app, "title", "2022-06-06", json!({})).await;
    let mut set = admin.get("/api/v1/rule-sets/nd61-2018").await.expect(200).body;
    set["forms"][0]["title"] = json!("Giấy tiếp nhận & hẹn trả");
    for member in ["id", "version"] {
        set.as_object_mut().unwrap().remove(member);
    }
    admin.json("PUT", "/api/v1/rule-sets/nd61-2018", &[("if-match", "\"1\"")], &set).await.expect(200);
    has(&page(&counter, &id, "receipt").await, &["<h1>Giấy tiếp nhận &amp; hẹn trả</h1>"]);
}

#[tokio::test]
async fn a_transfer_changes_hands_on_the_control_slip() {
    let app = office().await;
    let (counter, officer) = (app.one_stop().await, app.actor(Role::Head, Some("DKKD")).await);
    let new = json!({"procedure": "P", "receiving_department": "MC", "channel": "direct", "accept": true, "occurred_at": "2026-08-17T08:00:00+07:00",
        "applicant": {"kind": "citizen", "name": "A"}});
    let id = counter.post("/api/v1/dossiers", new).await.expect(201).body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/dossiers/{id}");
    officer.act(&format!("{path}/processing"), 1, json!({"occurred_at": "2026-08-17T09:00:00+07:00"})).await.expect(200);
    let sorry = json!({"reason": "x", "new_due_on": "2026-08-28", "occurred_at": "2026-08-18T09:00:00+07:00"});
    officer.act(&format!("{path}/apologies"), 2, sorry).await.expect(200);
    let transfer = json!({"department": "DN", "reason": "Đúng thẩm quyền", "occurred_at": "2026-08-19T09:00:00+07:00"});
    counter.act(&format!("{path}/transfer"), 3, transfer).await.expect(200);
    let body = slip(&counter, &id, "control").await.expect(200).body;
    let told: Vec<_> =
        body["control"]["steps"].as_array().unwrap().iter().map(|s| (s["act"].as_str().unwrap(), s["to"].as_str().unwrap())).collect();
    assert_eq!(told, [("acceptance", "Bộ phận Một cửa"), ("processing", "Phòng Đăng ký kinh doanh"), ("transfer", "Phòng Doanh nghiệp")]);
    // The letter is the division's that wrote it.
    assert_eq!(slip(&counter, &id, "apology").await.expect(200).body["issued_by"]["code"], "DKKD");
    assert_eq!(body["resolving_department"]["code"], "DN");
}

/// An apology names the return date that held when it was sent: after a revision of the calendar the revised one.
#[tokio::test]
async fn an_apology_names_the_date_that_a_revision_put_in_force() {
    let app = office().await;
    let (admin, counter) = (app.admin().await, app.one_stop().await);
    let receive = async || {
        let new = json!({"procedure": "P", "receiving_department": "MC", "channel": "direct", "accept": true,
            "occurred_at": "2026-08-17T08:00:00+07:00", "applicant": {"kind": "citizen", "name": "A"}});
        let dossier = counter.post("/api/v1/dossiers", new).await.expect(201).body;
        assert_eq!(dossier["due_on"], "2026-08-20");
        format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap())
    };
    let (before, after) = (receive().await, receive().await);
    let sorry = json!({"reason": "x", "new_due_on": "2026-08-28", "occurred_at": "2026-08-18T09:00:00+07:00"});
    counter.act(&format!("{before}/apologies"), 1, sorry).await.expect(200);
    admin.put("/api/v1/calendars/vn/days/2026-08-19", json!({"kind": "day_off", "name": "Nghỉ tránh bão"})).await.expect(201);
    app.office().await.act("/api/v1/calendars/vn/revisions", 2, json!({})).await.expect(201);
    counter.act(&format!("{after}/apologies"), 2, json!({"reason": "x", "new_due_on": "2026-08-28"})).await.expect(200);
    for (dossier, old, printed) in [(&before, "2026-08-20", "20/08/2026"), (&after, "2026-08-21", "21/08/2026")] {
        assert_eq!(counter.get(dossier).await.expect(200).body["due_on"], "2026-08-21");
        assert_eq!(counter.get(&format!("{dossier}/slips/apology")).await.expect(200).body["apology"]["old_return_on"], old);
        let id = dossier.rsplit('/').next().unwrap();
        has(&page(&counter, id, "apology").await, &[&format!("Thời gian hẹn trả kết quả: ngày {printed}.")]);
    }
}

/// What was asked for before acceptance stays under the law of the day of asking, whatever was asked for or accepted later.
#[tokio::test]
async fn each_request_before_acceptance_follows_the_law_of_its_own_day() {
    let app = office().await;
    let counter = app.one_stop().await;
    let new = json!({"procedure": "P", "receiving_department": "MC", "channel": "online", "occurred_at": "2025-06-30T08:00:00+07:00",
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
    let dossier = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    let asked = |at: &str| json!({"reason": "Thiếu chữ ký", "document_no": "3/PHD", "occurred_at": at});
    let done = |at: &str| json!({"occurred_at": at});
    counter.act(&format!("{path}/completion-requests"), 1, asked("2025-06-30T09:00:00+07:00")).await.expect(200);
    counter.act(&format!("{path}/completion-requests/1/completion"), 2, done("2025-07-01T09:00:00+07:00")).await.expect(200);
    counter.act(&format!("{path}/completion-requests"), 3, asked("2025-07-02T09:00:00+07:00")).await.expect(200);
    let law = async |query: &str| {
        let slip = counter.get(&format!("{path}/slips/{query}")).await.expect(200).body;
        [&slip["rule_set"], &slip["form"]["source"], &slip["ground"]].map(|m| m.as_str().map(str::to_owned))
    };
    let old = ["nd61-2018", "Thông tư số 01/2018/TT-VPCP", "Điều 19 Nghị định số 61/2018/NĐ-CP"].map(|m| Some(m.to_owned()));
    let new = ["nd118-2025", "Thông tư số 03/2025/TT-VPCP", "Nghị định số 118/2025/NĐ-CP"].map(|m| Some(m.to_owned()));
    let both = async || [law("supplement?n=1").await, law("supplement?n=2").await, law("supplement").await];
    assert_eq!(both().await, [old.clone(), new.clone(), new.clone()]);
    counter.get(&format!("{path}/slips/supplement?n=3")).await.expect(404);
    counter.act(&format!("{path}/completion-requests/2/completion"), 4, done("2025-07-03T09:00:00+07:00")).await.expect(200);
    counter.act(&format!("{path}/acceptance"), 5, done("2025-07-03T10:00:00+07:00")).await.expect(200);
    assert_eq!(both().await, [old, new.clone(), new.clone()]);
    // The receipt cites nothing.
    assert_eq!(law("receipt").await, [new[0].clone(), new[1].clone(), None]);
}
