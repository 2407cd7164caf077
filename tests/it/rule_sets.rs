use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, App};

const KINDS: [&str; 7] = ["receipt", "supplement", "refusal", "apology", "stop", "control", "register"];

/// A set with every form, as it is put.
pub fn new_set(code: &str, from: &str) -> Value {
    let form = |kind: &&str| json!({"kind": kind, "number": "09", "title": format!("Mẫu {kind}"), "page_size": "a4"});
    json!({"code": code, "name": "Nghị định mới", "valid_from": from, "forms_source": "Thông tư số 1/2026/TT-VPCP",
        "legal_bases": [{"number": "1/2026/NĐ-CP", "title": "Nghị định mới", "issued_on": "2026-11-01"}],
        "forms": KINDS.iter().map(form).collect::<Vec<_>>(), "grounds": [{"act": "apology", "ground": "Điều 9"}]})
}

/// A stored set as it would be put again.
fn body_of(view: &Value) -> Value {
    let mut body = view.clone();
    for member in ["id", "version"] {
        body.as_object_mut().unwrap().remove(member);
    }
    body
}

async fn validities(who: &Actor) -> Vec<(String, String, Option<String>, i64)> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let items = who.get("/api/v1/rule-sets").await.expect(200).body["items"].clone();
    let items = items.as_array().unwrap().iter();
    items
        .map(|s| (text(&s["code"]).unwrap(), text(&s["valid_from"]).unwrap(), text(&s["valid_to"]), s["version"].as_i64().unwrap()))
        .collect()
}

fn number(set: &Value, kind: &str) -> Value {
    set["forms"].as_array().unwrap().iter().find(|f| f["kind"] == kind).unwrap()["number"].clone()
}

#[tokio::test]
async fn the_law_of_before_and_after_july_2025_is_shipped() {
    let app = App::start().await;
    let officer = app.actor(Role::Auditor, None).await;
    let shipped = [
        ("nd61-2018".to_owned(), "2018-06-21".to_owned(), Some("2025-06-30".to_owned()), 1),
        ("nd118-2025".to_owned(), "2025-07-01".to_owned(), None, 1),
    ];
    assert_eq!(validities(&officer).await, shipped);
    let old = officer.get("/api/v1/rule-sets/nd61-2018").await.expect(200).body;
    let new = officer.get("/api/v1/rule-sets/nd118-2025").await.expect(200).body;
    let numbers = |set: &Value| KINDS.map(|kind| number(set, kind));
    assert_eq!(numbers(&old), [json!("01"), json!("02"), json!("03"), json!("04"), Value::Null, json!("05"), json!("06")]);
    assert_eq!(numbers(&new), [json!("01"), json!("02"), json!("03"), json!("04"), json!("05"), json!("06"), json!("07")]);
    for set in [&old, &new] {
        let acts: Vec<_> = set["grounds"].as_array().unwrap().iter().map(|g| g["act"].as_str().unwrap()).collect();
        assert_eq!(acts, ["non_acceptance", "supplement", "suspension", "apology", "refusal", "termination"]);
    }
    assert_eq!(officer.get(&format!("/api/v1/rule-sets/{}", new["id"].as_str().unwrap())).await.expect(200).body, new);
    let day = async |day: &str| officer.get(&format!("/api/v1/rule-sets?valid_on={day}")).await.expect(200).body["items"].clone();
    assert_eq!(day("2025-06-30").await[0]["code"], "nd61-2018");
    assert_eq!(day("2018-06-20").await, json!([]));
    officer.get("/api/v1/rule-sets/nd-2027").await.expect(404);
    let first = officer.get("/api/v1/rule-sets?limit=1").await.expect(200).body;
    let next =
        officer.get(&format!("/api/v1/rule-sets?limit=1&cursor={}", first["page"]["next_cursor"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(
        (&first["items"][0]["code"], &next["items"][0]["code"], &next["page"]["next_cursor"]),
        (&json!("nd61-2018"), &json!("nd118-2025"), &Value::Null)
    );
}

#[tokio::test]
async fn a_title_is_corrected_and_left_alone() {
    let app = App::start().await;
    let admin = app.admin().await;
    let path = "/api/v1/rule-sets/nd118-2025";
    let view = admin.get(path).await.expect(200).body;
    let same = admin.put(path, body_of(&view)).await.expect(200);
    assert_eq!((same.header("unchanged"), same.header("etag")), (Some("true"), Some("\"1\"")));
    let mut body = body_of(&view);
    body["forms"][4]["title"] = json!("Thông báo về việc dừng giải quyết hồ sơ");
    admin.put(path, body.clone()).await.expect(428);
    admin.json("PUT", path, &[("if-match", "\"9\"")], &body).await.expect(412);
    let dry = admin.json("PUT", &format!("{path}?dry_run=true"), &[("if-match", "\"1\"")], &body).await.expect(200);
    assert_eq!((&dry.body["version"], app.count("audit_events").await), (&json!(2), 0));
    let changed = admin.json("PUT", path, &[("if-match", "\"1\"")], &body).await.expect(200).body;
    assert_eq!((&changed["version"], &changed["forms"][4]["title"]), (&json!(2), &body["forms"][4]["title"]));
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), (1, 1));
    app.office().await.json("PUT", path, &[("if-match", "\"2\"")], &body).await.expect(403);
}

#[tokio::test]
async fn a_new_set_ends_the_one_before_and_faults_come_all_at_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut bad = new_set("nd-2027", "2025-07-01");
    bad["name"] = json!(" ");
    bad["forms"].as_array_mut().unwrap().pop();
    bad["forms"][0]["title"] = json!("");
    bad["grounds"] = json!([{"act": "refusal", "ground": "x"}, {"act": "refusal", "ground": "y"}]);
    let refused = admin.put("/api/v1/rule-sets/nd-2027", bad).await.expect(422);
    assert_eq!(refused.pointers(), ["/name", "/forms/0/title", "/grounds/1/act", "/forms", "/valid_from"]);
    assert_eq!(refused.fault_codes(), ["missing", "missing", "duplicate_in_payload", "missing", "validity_not_contiguous"]);
    admin.put("/api/v1/rule-sets/other", new_set("nd-2027", "2027-01-01")).await.expect(422);
    assert_eq!((validities(&admin).await.len(), app.count("audit_events").await), (2, 0));

    let made = admin.put("/api/v1/rule-sets/nd-2027", new_set("nd-2027", "2027-01-01")).await.expect(201);
    assert_eq!(made.header("location"), Some("/api/v1/rule-sets/nd-2027"));
    assert_eq!(made.body["version"], 1);
    let told = validities(&admin).await;
    assert_eq!((&told[1].2, told[1].3, &told[2].2), (&Some("2026-12-31".to_owned()), 2, &None));
    // The new one and the one that ends: both look different now.
    assert_eq!(app.count("audit_events").await, 2);
    admin.json("PUT", "/api/v1/rule-sets/nd-2027", &[("if-none-match", "*")], &new_set("nd-2027", "2027-02-01")).await.expect(412);
    let moved =
        admin.json("PUT", "/api/v1/rule-sets/nd-2027", &[("if-match", "\"1\"")], &new_set("nd-2027", "2027-02-01")).await.expect(200);
    assert_eq!(moved.body["version"], 2);
    assert_eq!(validities(&admin).await[1].2.as_deref(), Some("2027-01-31"));
    let jump =
        admin.json("PUT", "/api/v1/rule-sets/nd-2027", &[("if-match", "\"2\"")], &new_set("nd-2027", "2020-01-01")).await.expect(422);
    assert_eq!(jump.pointers(), ["/valid_from"]);
    // The table itself holds no overlap.
    let overlap = sqlx::query("UPDATE rule_sets SET valid_to = '2026-01-01' WHERE code = 'nd61-2018'").execute(&app.pool).await;
    assert!(overlap.unwrap_err().to_string().contains("rule_set_overlap_excl"));
}

fn history(code: &str, accepted_at: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accepted_at": accepted_at,
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}})
}

#[tokio::test]
async fn a_dossier_keeps_the_set_of_the_day_it_was_accepted() {
    let app = App::at("2026-08-20T10:00:00+07:00").await.with_examples().await;
    let (office, counter, admin) = (app.office().await, app.one_stop().await, app.admin().await);
    let set_of = async |code: &str| office.get(&format!("/api/v1/dossiers/by-code/{code}")).await.expect(200).body["rule_set"].clone();
    // The calendar begins in 2021: older history needs no due date to be taken in.
    sqlx::query("INSERT INTO calendar_days (calendar_code, day, first_version, kind, name) VALUES ('vn', '2018-01-01', 1, 'day_off', 'Tết Dương lịch')")
        .execute(&app.pool)
        .await
        .unwrap();
    let rows = [
        history("before", "2018-06-20T16:00:00+07:00"),
        history("first", "2018-06-21T00:30:00+07:00"),
        history("last", "2025-06-30T23:30:00+07:00"),
        history("new", "2025-07-01T00:30:00+07:00"),
    ];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    let expected = [json!(null), json!("nd61-2018"), json!("nd61-2018"), json!("nd118-2025")];
    for (row, set) in rows.iter().zip(&expected) {
        assert_eq!(&set_of(row["code"].as_str().unwrap()).await, set, "{row}");
    }

    let new =
        json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "applicant": {"kind": "citizen", "name": "A"}});
    let dossier = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    assert_eq!(dossier["rule_set"], Value::Null);
    let path = format!("/api/v1/dossiers/{}/acceptance", dossier["id"].as_str().unwrap());
    assert_eq!(counter.act(&path, 1, json!({})).await.expect(200).body["rule_set"], "nd118-2025");

    // The law of 2025 is said to have begun later, and an older one becomes known: nothing stored moves.
    let mut later = body_of(&admin.get("/api/v1/rule-sets/nd118-2025").await.expect(200).body);
    later["valid_from"] = json!("2025-08-01");
    admin.json("PUT", "/api/v1/rule-sets/nd118-2025", &[("if-match", "\"1\"")], &later).await.expect(200);
    admin.put("/api/v1/rule-sets/qd09-2015", new_set("qd09-2015", "2015-05-01")).await.expect(201);
    let mut again = rows.clone();
    for row in &mut again {
        row["external_code"] = json!("X");
    }
    assert_eq!(office.load("/api/v1/dossiers/bulk", &again).await.expect(200).body["summary"]["updated"], 4);
    for (row, set) in rows.iter().zip(&expected) {
        assert_eq!(&set_of(row["code"].as_str().unwrap()).await, set, "{row}");
    }
    // Another day of acceptance is another acceptance.
    office
        .load("/api/v1/dossiers/bulk", &[history("new", "2025-07-02T08:00:00+07:00"), history("before", "2018-06-19T08:00:00+07:00")])
        .await
        .expect(200);
    assert_eq!((set_of("new").await, set_of("before").await), (json!("nd61-2018"), json!("qd09-2015")));
}
