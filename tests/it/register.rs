use std::io::Read;

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const APRIL: &str = "/api/v1/registers/dossiers?from=2022-04-01&to=2022-04-30";

fn row(code: &str, procedure: &str, accepted_at: &str, change: Value) -> Value {
    let mut row = json!({"code": code, "procedure": procedure, "receiving_department": "MC", "channel": "direct", "accepted_at": accepted_at,
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    row
}

/// Dossiers of April 2022 and around it, in an order of their own.
async fn office() -> App {
    let app = App::at("2022-06-20T10:00:00+07:00").await.with_examples().await;
    let rows = [
        row("last", "2.001199", "2022-04-30T23:59:00+07:00", json!({})),
        row("before", "2.001199", "2022-03-31T23:59:00+07:00", json!({})),
        row("after", "2.001199", "2022-05-01T00:00:00+07:00", json!({})),
        row(
            "first",
            "2.001199",
            "2022-04-01T00:00:00+07:00",
            json!({"channel": "online", "decision": "resolved", "decision_document_no": "+12",
            "finished_at": "2022-04-05T15:00:00+07:00", "returned_at": "2022-04-07T09:00:00+07:00"}),
        ),
        row(
            "late",
            "2.001199",
            "2022-04-12T08:00:00+07:00",
            json!({"applicant": {"kind": "enterprise", "name": "=HYPERLINK(\"x\"),\"Biển\""},
            "decision": "refused", "decision_reason": "@Ngành cấm", "decision_document_no": "77/TB", "finished_at": "2022-04-20T15:00:00+07:00",
            "apologies": [{"sent_at": "2022-04-14T08:00:00+07:00", "reason": "Chờ ý kiến", "new_due_on": "2022-04-19"}]}),
        ),
        row(
            "voided",
            "2.001199",
            "2022-04-13T08:00:00+07:00",
            json!({"decision": "voided", "decision_reason": "Nhập trùng", "finished_at": "2022-04-13T09:00:00+07:00"}),
        ),
        row("never", "2.001199", "2022-04-13T08:00:00+07:00", json!({"accepted_at": null, "submitted_at": "2022-04-13T08:00:00+07:00"})),
        row("other", "2.001199", "2022-04-14T08:00:00+07:00", json!({"resolving_department": "THQH"})),
    ];
    app.office().await.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    app
}

fn codes(body: &Value) -> Vec<&str> {
    body["items"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect()
}

async fn csv(who: &Actor, path: &str) -> Vec<Vec<String>> {
    let answer = who.send("GET", path, &[("accept", "text/csv")], None).await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = answer.text.strip_prefix('\u{feff}').expect("no mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn the_register_holds_what_was_accepted_in_the_period_in_order() {
    let app = office().await;
    let office = app.office().await;
    let body = office.get(APRIL).await.expect(200).body;
    assert_eq!(codes(&body), ["first", "late", "voided", "other", "last"]);
    let form = json!({"rule_set": "nd61-2018", "number": "06", "title": "Sổ theo dõi hồ sơ", "source": "Thông tư số 01/2018/TT-VPCP"});
    assert_eq!((&body["form"], &body["from"], &body["to"]), (&form, &json!("2022-04-01"), &json!("2022-04-30")));
    let expected = json!({"n": 2, "code": "late", "procedure": "2.001199", "procedure_name": "Đăng ký thành lập công ty cổ phần",
        "applicant_kind": "enterprise", "applicant_name": "=HYPERLINK(\"x\"),\"Biển\"", "receiving_department": "MC",
        "receiving_department_name": "Bộ phận Một cửa", "resolving_department": "DKKD",
        "resolving_department_name": body["items"][0]["resolving_department_name"], "channel": "direct", "accepted_at": "2022-04-12T08:00:00+07:00",
        "received_by": null, "return_on": "2022-04-15", "promised_on": "2022-04-19", "finished_on": "2022-04-20", "returned_at": null, "return_method": null,
        "outcome": "refused", "document_no": "77/TB", "reason": "@Ngành cấm"});
    assert_eq!(body["items"][1], expected);
    let outcomes: Vec<_> = body["items"].as_array().unwrap().iter().map(|r| r["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["on_time", "refused", "voided", "overdue", "overdue"]);

    // Pages go on where they ended, and so does the numbering.
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = office.get(&format!("{APRIL}&limit=2{cursor}")).await.expect(200).body;
        all.extend(page["items"].as_array().unwrap().clone());
        match page["page"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(json!(all), body["items"]);
    assert_eq!(all.iter().map(|r| r["n"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);

    for (query, found) in [
        ("department=THQH", vec!["other"]),
        ("department=THQH,DKKD&channel=online", vec!["first"]),
        ("receiving_department=MC&procedure=2.001199&channel=direct", vec!["late", "voided", "other", "last"]),
        ("receiving_department=DKKD", vec![]),
    ] {
        assert_eq!(codes(&office.get(&format!("{APRIL}&{query}")).await.expect(200).body), found, "{query}");
    }
}

#[tokio::test]
async fn the_forms_number_is_that_of_the_end_of_the_period() {
    let app = App::start().await;
    let office = app.office().await;
    for (from, to, number) in
        [("2025-06-01", "2025-06-30", json!("06")), ("2025-06-01", "2025-07-01", json!("07")), ("2018-01-01", "2018-06-20", Value::Null)]
    {
        let body = office.get(&format!("/api/v1/registers/dossiers?from={from}&to={to}")).await.expect(200).body;
        assert_eq!((&body["form"]["number"], &body["form"]["title"]), (&number, &json!("Sổ theo dõi hồ sơ")), "{to}");
    }
}

#[tokio::test]
async fn everyone_gets_the_register_of_what_they_see() {
    let app = office().await;
    for (role, department, found) in
        [(Role::Officer, "DKKD", vec!["first", "late", "voided", "last"]), (Role::Head, "THQH", vec!["other"]), (Role::Clerk, "DN", vec![])]
    {
        let who = app.actor(role, Some(department)).await;
        assert_eq!(codes(&who.get(APRIL).await.expect(200).body), found, "{department}");
        let lines = csv(&who, APRIL).await;
        assert_eq!(lines[1..].iter().map(|l| l[1].as_str()).collect::<Vec<_>>(), found, "{department}");
    }
    app.actor(Role::Integration, Some("DKKD")).await.get(APRIL).await.expect(403);
    app.admin().await.get(APRIL).await.expect(403);
}

#[tokio::test]
async fn a_csv_is_whole_and_runs_no_formula() {
    let app = office().await;
    let office = app.office().await;
    let lines = csv(&office, APRIL).await;
    assert_eq!(lines[0][..4], ["STT", "Mã hồ sơ", "Tên thủ tục hành chính", "Chủ hồ sơ"]);
    assert!(lines.iter().all(|l| l.len() == 15), "{lines:?}");
    let late = ["2", "late", "Đăng ký thành lập công ty cổ phần (2.001199)", "'=HYPERLINK(\"x\"),\"Biển\""];
    assert_eq!(lines[2][..4], late);
    assert_eq!(
        lines[2][6..],
        ["2022-04-12", "", "2022-04-15", "2022-04-20", "", "", "Từ chối giải quyết", "77/TB", "Hẹn lại ngày 19/04/2022; @Ngành cấm"]
    );
    assert_eq!(lines[1][13], "'+12");
    let english = office.send("GET", APRIL, &[("accept", "text/csv"), ("accept-language", "en")], None).await.expect(200).text;
    assert!(english.contains("Applicant") && english.contains("Refused"), "{english}");
    // Longer than a batch: copied dossiers, a second apart.
    let sql = "INSERT INTO dossiers (id, code, source_system, procedure_id, receiving_department_id, resolving_department_id, channel, accepted_at,
            supplement_policy, same_day_cutoff, status, facts_hash, search, received_at)
        SELECT gen_random_uuid(), 'copy-' || n, 't', procedure_id, receiving_department_id, resolving_department_id, 'online',
               at, 'pause', '15:00', 'accepted', '', '', at
          FROM dossiers CROSS JOIN LATERAL (SELECT n, '2021-01-04T08:00:00+07'::timestamptz + n * interval '1 second' AS at FROM generate_series(1, 2500) AS n) x
         WHERE code = 'first'";
    sqlx::raw_sql(sql).execute(&app.pool).await.unwrap();
    let lines = csv(&office, "/api/v1/registers/dossiers?from=2021-01-01&to=2021-12-31").await;
    assert_eq!(lines.len(), 2501);
    for (n, line) in lines[1..].iter().enumerate() {
        assert_eq!((line[0].as_str(), line[1].as_str()), (&*(n + 1).to_string(), &*format!("copy-{}", n + 1)));
    }
}

/// The texts of one part of a packed spreadsheet.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// A file as a spreadsheet.
async fn xlsx(who: &Actor, path: &str) -> reqwest::Response {
    let answer = who.http.get(format!("{}{path}", who.base)).bearer_auth(who.token.as_ref().unwrap()).header("accept", XLSX).send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    answer
}

#[tokio::test]
async fn a_spreadsheet_has_titles_real_dates_and_a_frozen_head() {
    let app = office().await;
    let office = app.office().await;
    let answer = xlsx(&office, APRIL).await;
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"dossier-register.xlsx\"");
    let bytes = answer.bytes().await.unwrap();
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    for word in [
        "SỔ THEO DÕI HỒ SƠ",
        "Từ ngày 01/04/2022 đến ngày 30/04/2022",
        "Mẫu số 06 (ban hành kèm theo Thông tư số 01/2018/TT-VPCP)",
        "Ký nhận",
        "state=\"frozen\"",
        "orientation=\"landscape\"",
    ] {
        assert!(sheet.contains(word), "{word} is not in {sheet}");
    }
    // 12 April 2022 is day 44663 for a spreadsheet; a text that looks like a formula stays one.
    assert!(sheet.contains("<v>44663</v>") && sheet.contains("=HYPERLINK(&quot;x&quot;)") | sheet.contains("=HYPERLINK(\"x\")"), "{sheet}");
    assert!(!sheet.contains("<f>"), "{sheet}");
    assert!(part(&bytes, "xl/styles.xml").contains("dd/mm/yyyy"));
}

#[tokio::test]
async fn a_spreadsheet_too_long_is_refused_and_faults_come_all_at_once() {
    let app = office().await;
    let office = app.office().await;
    for (query, pointers) in [
        ("", vec!["from", "to"]),
        ("from=2022-04-01&channel=fax", vec!["to", "channel"]),
        ("from=x&to=2022-04-30&nothing=1", vec!["from", "nothing"]),
        ("from=2022-05-01&to=2022-04-30", vec!["to"]),
    ] {
        assert_eq!(office.get(&format!("/api/v1/registers/dossiers?{query}")).await.expect(400).pointers(), pointers, "{query}");
    }
    for accept in ["text/csv", XLSX] {
        let paged = office.send("GET", &format!("{APRIL}&limit=5"), &[("accept", accept)], None).await.expect(400);
        assert_eq!(paged.pointers(), ["limit", "cursor"]);
    }
    office.send("GET", APRIL, &[("accept", "application/pdf")], None).await.expect(406);
    let cursor = office.get(&format!("{APRIL}&limit=1")).await.expect(200).body["page"]["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(office.get(&format!("{APRIL}&limit=1&channel=online&cursor={cursor}")).await.expect(400).code(), "cursor_mismatch");
    let sql = "ALTER TABLE dossiers DISABLE TRIGGER ALL;
        INSERT INTO dossiers (id, code, source_system, procedure_id, receiving_department_id, resolving_department_id, channel, accepted_at,
            supplement_policy, same_day_cutoff, status, facts_hash, search, received_at)
        SELECT gen_random_uuid(), 'copy-' || n, 't', procedure_id, receiving_department_id, resolving_department_id, 'online',
               at, 'pause', '15:00', 'accepted', '', '', at
          FROM dossiers CROSS JOIN LATERAL (SELECT n, '2021-01-04T08:00:00+07'::timestamptz + n * interval '1 second' AS at FROM generate_series(1, 100001) AS n) x
         WHERE code = 'first'";
    sqlx::raw_sql(sql).execute(&app.pool).await.unwrap();
    let refused =
        office.send("GET", "/api/v1/registers/dossiers?from=2021-01-01&to=2021-12-31", &[("accept", XLSX)], None).await.expect(422);
    assert_eq!((refused.code(), &refused.body["limit"]), ("too_many_rows", &json!(100_000)));
}

#[tokio::test]
async fn the_register_names_who_received() {
    let app = office().await;
    let (office, first, second, gone) = (app.office().await, app.one_stop().await, app.one_stop().await, app.one_stop().await);
    for (who, name) in [(&first, "Trần Thị Cửa"), (&second, "Lê Văn Một")] {
        let sql = "UPDATE users SET display_name = $1 WHERE username = $2";
        sqlx::query(sql).bind(name).bind(&who.username).execute(&app.pool).await.unwrap();
    }
    let receive = async |who: &Actor, code: &str, minute: u32, accept: bool| {
        let new = json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online", "accept": accept,
            "occurred_at": format!("2022-06-13T08:{minute:02}:00+07:00"), "applicant": {"kind": "citizen", "name": "A"}});
        who.post("/api/v1/dossiers", new).await.expect(201).body["id"].as_str().unwrap().to_owned()
    };
    receive(&first, "at-once", 1, true).await;
    let id = receive(&first, "by-another", 2, false).await;
    let accepted = json!({"occurred_at": "2022-06-13T08:10:00+07:00"});
    second.act(&format!("/api/v1/dossiers/{id}/acceptance"), 1, accepted).await.expect(200);
    receive(&gone, "by-one-gone", 20, true).await;
    sqlx::query("DELETE FROM users WHERE username = $1").bind(&gone.username).execute(&app.pool).await.unwrap();
    // A load that tells of the acceptance leaves who received it.
    receive(&first, "told-later", 3, false).await;
    let later = row(
        "told-later",
        "2.001199",
        "2022-06-13T08:30:00+07:00",
        json!({"channel": "online", "submitted_at": "2022-06-13T08:03:00+07:00"}),
    );
    let loaded = row("loaded", "2.001199", "2022-06-13T08:40:00+07:00", json!({}));
    office.load("/api/v1/dossiers/bulk", &[later, loaded]).await.expect(200);
    let june = "/api/v1/registers/dossiers?from=2022-06-13&to=2022-06-13";
    let body = office.get(june).await.expect(200).body;
    let told = body["items"].as_array().unwrap().iter();
    let told: Vec<_> = told.map(|r| (r["code"].as_str().unwrap(), r["received_by"].as_str())).collect();
    let expected = [
        ("at-once", Some("Trần Thị Cửa")),
        ("by-another", Some("Lê Văn Một")),
        ("by-one-gone", Some(gone.username.as_str())),
        ("told-later", Some("Trần Thị Cửa")),
        ("loaded", None),
    ];
    assert_eq!(told, expected);
    let lines = csv(&office, june).await;
    assert_eq!((lines[0][6].as_str(), lines[0][7].as_str()), ("Ngày tiếp nhận", "Người tiếp nhận"));
    assert_eq!(lines[1..].iter().map(|l| l[7].as_str()).collect::<Vec<_>>(), expected.map(|(_, name)| name.unwrap_or_default()));
    let sheet = part(&xlsx(&office, june).await.bytes().await.unwrap(), "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("Người tiếp nhận") && sheet.contains("Lê Văn Một"), "{sheet}");
}
