//! Frozen reports: never changed, seen by whom they are about, and a later difference is shown.

use dunghen::auth::Role;
use dunghen::http::json::digest;
use serde_json::{Value, json};

use crate::figures::{row, with_rows};
use crate::harness::{Actor, Answer, App};

const SNAPSHOTS: &str = "/api/v1/reports/snapshots";

fn results(more: Value) -> Value {
    let mut parameters = json!({"from": "2022-06-01", "to": "2022-06-19", "group_by": "department"});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"report": "dossier-results", "parameters": parameters})
}

async fn table(who: &Actor, path: &str, form: &str) -> Answer {
    who.send("GET", path, &[("accept", form)], None).await.expect(200)
}

#[tokio::test]
async fn a_frozen_report_stays_and_a_later_difference_is_shown() {
    let app = with_rows(&[row("one", json!({}))]).await;
    let office = app.office().await;
    let before = (app.count("audit_events").await, app.count("outbox_events").await);
    let dry = office.post(&format!("{SNAPSHOTS}?dry_run=true"), results(json!({}))).await.expect(201);
    assert_eq!((dry.header("dry-run"), app.count("report_snapshots").await), (Some("true"), 0));
    let made = office.json("POST", SNAPSHOTS, &[("idempotency-key", "k")], &results(json!({}))).await.expect(201);
    let again = office.json("POST", SNAPSHOTS, &[("idempotency-key", "k")], &results(json!({}))).await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &made.body));
    assert_eq!((app.count("audit_events").await, app.count("outbox_events").await), (before.0 + 1, before.1 + 1));
    let frozen = made.body;
    assert_eq!((&frozen["number"], &frozen["report"], &frozen["departments"]), (&json!("2022-1"), &json!("dossier-results"), &json!(null)));
    assert_eq!((&frozen["frozen_by"], &frozen["frozen_at"]), (&json!(office.username), &json!("2022-06-20T10:00:00+07:00")));
    let report = office.get("/api/v1/reports/dossier-results?from=2022-06-01&to=2022-06-19&group_by=department").await.expect(200).body;
    assert_eq!(frozen["figures"], report);
    let sum: String = digest(&serde_json::to_vec(&frozen["figures"]).unwrap()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(frozen["sha256"], json!(sum));
    let here = format!("{SNAPSHOTS}/{}", frozen["id"].as_str().unwrap());
    assert_eq!(made.headers["location"].to_str().unwrap(), here);
    for path in [here.clone(), format!("{SNAPSHOTS}/2022-1")] {
        assert_eq!(office.get(&path).await.expect(200).body, frozen, "{path}");
    }
    let same = office.get(&format!("{here}/difference")).await.expect(200).body;
    assert_eq!((&same["same"], &same["differences"]), (&json!(true), &json!([])));

    // A late entry of something that happened within the period.
    let done = row("one", json!({"decision": "resolved", "decision_document_no": "1", "finished_at": "2022-06-08T10:00:00+07:00"}));
    office.load("/api/v1/dossiers/bulk", &[done, row("two", json!({"procedure": "2.000005"}))]).await.expect(200);
    let differs = office.get(&format!("{SNAPSHOTS}/2022-1/difference")).await.expect(200).body;
    assert_eq!((&differs["same"], &differs["number"]), (&json!(false), &json!("2022-1")));
    let cell = |path: &str| {
        let found = differs["differences"].as_array().unwrap().iter().find(|d| d["path"] == path);
        found.map(|d| (d["frozen"].clone(), d["recomputed"].clone()))
    };
    assert_eq!(cell("/rows/DKKD/open_overdue"), Some((json!(1), json!(0))));
    assert_eq!(cell("/rows/DKKD/resolved_early"), Some((json!(0), json!(1))));
    assert_eq!(cell("/rows/DN/received_total"), Some((json!(null), json!(1))));
    assert_eq!(cell("/rows/DKKD/received_total"), None);
    assert_eq!(cell("/total/received_total"), Some((json!(1), json!(2))));
    assert_eq!(office.get(&here).await.expect(200).body, frozen);
    // Also as a table it says what it said, in the language of who reads it.
    let kept = table(&office, &here, "text/csv").await;
    assert!(kept.text.contains("\r\nDKKD,Phòng Đăng ký kinh doanh,0,1,0,1,0,0,0,0,0,1,1\r\n,Tổng cộng,0,1,"), "{}", kept.text);
    assert_eq!(kept.text.lines().count(), 3, "{}", kept.text);
    assert!(
        table(&office, "/api/v1/reports/dossier-results?from=2022-06-01&to=2022-06-19&group_by=department", "text/csv")
            .await
            .text
            .contains("\r\nDN,")
    );
    let english = office.send("GET", &here, &[("accept", "text/csv"), ("accept-language", "en")], None).await.expect(200);
    assert!(english.text.starts_with("\u{feff}Code,Name,") && english.text.contains("\r\n,Total,0,1,"), "{}", english.text);
    let sheet = table(&office, &here, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").await;
    assert!(sheet.text.starts_with("PK") && sheet.header("content-disposition") == Some("attachment; filename=\"dossier-results.xlsx\""));
    office.send("GET", &here, &[("accept", "image/png")], None).await.expect(406);
    let known = office.send("GET", &here, &[("if-none-match", "\"1\"")], None).await;
    assert_eq!(known.status, 304);
    for change in ["UPDATE report_snapshots SET n = 7", "DELETE FROM report_snapshots", "TRUNCATE report_snapshots"] {
        let refused = sqlx::query(change).execute(&app.pool).await.unwrap_err().to_string();
        assert!(refused.contains("a frozen report is never changed"), "{change}: {refused}");
    }

    // Every report can be frozen, under numbers without gaps, and is read in the same forms as if it were made now.
    let period = json!({"period": "2022-06"});
    for (report, parameters) in [
        ("dossier-outcomes", &period),
        ("outcomes-by-month", &json!({"year": "2022", "period_set": "calendar"})),
        ("overdue-reasons", &period),
        ("handling-times", &period),
        ("findings", &json!({"period": "2022-06", "group_by": "kind"})),
    ] {
        let made = office.post(SNAPSHOTS, json!({"report": report, "parameters": parameters})).await.expect(201).body;
        let same = office.get(&format!("{SNAPSHOTS}/{}/difference", made["number"].as_str().unwrap())).await.expect(200).body;
        assert_eq!(same["same"], true, "{same}");
        let query: Vec<String> =
            parameters.as_object().unwrap().iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        let now = format!("/api/v1/reports/{report}?{}", query.join("&"));
        let kept = format!("{SNAPSHOTS}/{}", made["number"].as_str().unwrap());
        let (kept, now) = (table(&office, &kept, "text/csv").await, table(&office, &now, "text/csv").await);
        assert_eq!((&kept.text, kept.header("content-disposition")), (&now.text, now.header("content-disposition")), "{report}");
    }
    let page = office.get(&format!("{SNAPSHOTS}?limit=4")).await.expect(200).body;
    let numbers =
        |page: &Value| page["items"].as_array().unwrap().iter().map(|s| s["number"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(numbers(&page), ["2022-6", "2022-5", "2022-4", "2022-3"]);
    let next = format!("{SNAPSHOTS}?limit=4&cursor={}", page["page"]["next_cursor"].as_str().unwrap());
    assert_eq!(numbers(&office.get(&next).await.expect(200).body), ["2022-2", "2022-1"]);
    assert_eq!(numbers(&office.get(&format!("{SNAPSHOTS}?report=findings&year=2022")).await.expect(200).body), ["2022-6"]);
}

#[tokio::test]
async fn a_frozen_report_shows_to_whom_it_is_about() {
    let app = with_rows(&[row("one", json!({})), row("two", json!({"procedure": "2.000005"}))]).await;
    let (office, auditor) = (app.office().await, app.actor(Role::Auditor, None).await);
    let (head, other) = (app.actor(Role::Head, Some("DKKD")).await, app.actor(Role::Head, Some("DN")).await);
    let all = office.post(SNAPSHOTS, results(json!({}))).await.expect(201).body;
    let one = office.post(SNAPSHOTS, results(json!({"department": "DKKD"}))).await.expect(201).body;
    let own = head.post(SNAPSHOTS, results(json!({}))).await.expect(201).body;
    assert_eq!((&one["departments"], &own["departments"]), (&json!(["DKKD"]), &json!(["DKKD"])));
    assert_eq!(own["figures"]["total"]["received_total"], 1);
    for (who, seen) in
        [(&office, [true, true, true]), (&auditor, [true, true, true]), (&head, [false, true, true]), (&other, [false, false, false])]
    {
        let mut listed = Vec::new();
        for (snapshot, seen) in [&all, &one, &own].into_iter().zip(seen) {
            let status = if seen { 200 } else { 404 };
            let path = format!("{SNAPSHOTS}/{}", snapshot["id"].as_str().unwrap());
            who.get(&path).await.expect(status);
            who.get(&format!("{path}/difference")).await.expect(status);
            who.get(&format!("{SNAPSHOTS}/{}", snapshot["number"].as_str().unwrap())).await.expect(status);
            if seen {
                listed.insert(0, snapshot["number"].clone());
            }
        }
        let page = who.get(SNAPSHOTS).await.expect(200).body;
        assert_eq!(page["items"].as_array().unwrap().iter().map(|s| s["number"].clone()).collect::<Vec<_>>(), listed);
    }
    // What the head froze is compared over the head's department, whoever asks.
    let path = format!("{SNAPSHOTS}/{}/difference", own["id"].as_str().unwrap());
    assert_eq!(auditor.get(&path).await.expect(200).body["same"], true);
    for (role, department) in [(Role::Officer, Some("DKKD")), (Role::OneStop, None), (Role::Admin, None), (Role::Director, None)] {
        let who = app.actor(role, department).await;
        who.post(SNAPSHOTS, results(json!({}))).await.expect(403);
    }
    assert_eq!(app.count("report_snapshots").await, 3);
}

#[tokio::test]
async fn what_cannot_be_frozen_is_told_at_once() {
    let app = with_rows(&[]).await;
    let (office, head) = (app.office().await, app.actor(Role::Head, Some("DKKD")).await);
    let bad = json!({"report": "dossier-results", "parameters": {"period": "2022-13", "group_by": "colour", "as_of": "2022-06-01", "field": "x"}});
    let answer = office.post(SNAPSHOTS, bad).await.expect(400);
    assert_eq!(answer.pointers(), ["/parameters/period", "/parameters/group_by", "/parameters/as_of"]);
    let unknown = office.post(SNAPSHOTS, results(json!({"department": "X", "field": "Y"}))).await.expect(422);
    assert_eq!(unknown.pointers(), ["/parameters/department", "/parameters/field"]);
    let elsewhere = head.post(SNAPSHOTS, results(json!({"department": "DN"}))).await.expect(422);
    assert_eq!((elsewhere.pointers(), elsewhere.fault_codes()), (vec!["/parameters/department"], vec!["unknown_code"]));
    // A name that is no parameter, as a JSON pointer.
    let odd = office.post(SNAPSHOTS, results(json!({"a/b~": "1"}))).await.expect(400);
    assert_eq!(odd.pointers(), ["/parameters/a~1b~0"]);
    let shape = office.post(SNAPSHOTS, json!({"report": "plans", "parameters": {"a": 1}, "x": 1})).await.expect(400);
    assert_eq!(shape.pointers(), ["/report", "/parameters/a", "/x"]);
    office.get(&format!("{SNAPSHOTS}/2022-9")).await.expect(404);
    assert_eq!((app.count("report_snapshots").await, office.get(SNAPSHOTS).await.expect(200).body["items"].clone()), (0, json!([])));
}

#[tokio::test]
async fn a_frozen_report_keeps_the_day_it_was_judged_by() {
    // Due on the 9th; the period ends on the 30th and is frozen on the 20th.
    let app = with_rows(&[row("one", json!({})), row("two", json!({"accepted_at": "2022-06-20T08:00:00+07:00"}))]).await;
    let office = app.office().await;
    let wanted = json!({"report": "overdue-reasons", "parameters": {"from": "2022-06-01", "to": "2022-06-30"}});
    let frozen = office.post(SNAPSHOTS, wanted).await.expect(201).body;
    assert_eq!((&frozen["figures"]["as_of"], &frozen["figures"]["total"]["overdue"]), (&json!("2022-06-20"), &json!(1)));
    // In July the report of June is judged at its end; the frozen one is compared as of the day it was judged by.
    let database = app.shared.settings.database.url.clone();
    let july = App::with_settings("2022-07-04T10:00:00+07:00", |settings| settings.database.url = database).await;
    let reader = july.office().await;
    let report = reader.get("/api/v1/reports/overdue-reasons?from=2022-06-01&to=2022-06-30").await.expect(200).body;
    assert_eq!((&report["as_of"], &report["total"]["overdue"]), (&json!("2022-06-30"), &json!(2)));
    let difference = reader.get(&format!("{SNAPSHOTS}/2022-1/difference")).await.expect(200).body;
    assert_eq!((&difference["recomputed_at"], &difference["differences"]), (&json!("2022-07-04T10:00:00+07:00"), &json!([])));
}

#[tokio::test]
async fn reports_frozen_at_once_get_every_number_once() {
    let app = with_rows(&[row("one", json!({}))]).await;
    let office = app.office().await;
    let frozen = futures_util::future::join_all((0..8).map(|_| office.post(SNAPSHOTS, results(json!({}))))).await;
    let mut numbers: Vec<String> =
        frozen.into_iter().map(|answer| answer.expect(201).body["number"].as_str().unwrap().to_owned()).collect();
    numbers.sort();
    assert_eq!(numbers, (1..=8).map(|n| format!("2022-{n}")).collect::<Vec<_>>());
    assert_eq!((app.count("report_snapshots").await, app.count("audit_events WHERE act = 'freeze'").await), (8, 8));
}
