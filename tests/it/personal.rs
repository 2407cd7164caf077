//! Personal data of applicants: sealed, masked, purged.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::App;

const NOW: &str = "2022-06-20T10:00:00+07:00";
const IDENTITY: &str = "056090001234";
const PHONE: &str = "0258 3822 123";

fn applicant() -> Value {
    json!({"kind": "citizen", "name": "Nguyễn Thị Biển", "identity_no": IDENTITY, "phone": PHONE})
}

fn history(code: &str, finished: &str) -> Value {
    json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online", "applicant": applicant(),
        "accepted_at": "2022-04-19T08:30:00+07:00", "decision": "resolved", "finished_at": finished, "returned_at": finished})
}

/// Everything the database holds, as text.
async fn everything(app: &App) -> String {
    let mut all = String::new();
    for table in ["dossiers", "audit_events", "outbox_events"] {
        let text = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        all += &sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(text)).fetch_one(&app.pool).await.unwrap();
    }
    all + &sqlx::query_scalar::<_, String>("SELECT coalesce(string_agg(convert_from(body, 'UTF8'), ' '), '') FROM idempotency_keys")
        .fetch_one(&app.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn numbers_are_sealed_and_shown_to_those_who_handle_the_dossier() {
    let app = App::at(NOW).await.with_examples().await;
    let counter = app.one_stop().await;
    let new = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true, "applicant": applicant()});
    let made = counter.json("POST", "/api/v1/dossiers", &[("idempotency-key", "one")], &new).await.expect(201).body;
    let masked = json!({"kind": "citizen", "name": "Nguyễn Thị Biển", "identity_no": "•••••••••234", "phone": "••••••••••123"});
    assert_eq!(made["applicant"], masked);
    let path = format!("/api/v1/dossiers/{}", made["id"].as_str().unwrap());
    for (role, department, shown) in [
        (Role::OneStop, None, applicant()),
        (Role::Officer, Some("DKKD"), applicant()),
        (Role::Head, Some("DKKD"), applicant()),
        (Role::Director, None, masked.clone()),
        (Role::Auditor, None, masked.clone()),
        (Role::Clerk, Some("DKKD"), masked.clone()),
    ] {
        let who = app.actor(role, department).await;
        assert_eq!(who.get(&path).await.expect(200).body["applicant"], shown, "{role:?}");
        assert_eq!(who.get("/api/v1/dossiers").await.expect(200).body["items"][0]["applicant"], masked, "{role:?}");
    }
    let work = counter.get("/api/v1/work-list?days=5").await.expect(200).body;
    assert_eq!(work["items"][0]["dossier"]["applicant"], masked);
    let processing = app.actor(Role::Officer, Some("DKKD")).await.act(&format!("{path}/processing"), 1, json!({})).await.expect(200).body;
    assert_eq!(processing["applicant"], masked);
    assert_eq!(counter.get(&path).await.expect(200).body["applicant"], applicant(), "an act keeps what it does not touch");
    let all = everything(&app).await;
    assert!(all.contains("Nguyễn Thị Biển") && !all.contains(IDENTITY) && !all.contains(PHONE));

    let mut wrong = new;
    wrong["applicant"]["identity_no"] = json!("abcdefgh");
    wrong["applicant"]["phone"] = json!("0258x3822x123");
    assert_eq!(counter.post("/api/v1/dossiers", wrong).await.expect(400).pointers(), ["/applicant/identity_no", "/applicant/phone"]);
}

#[tokio::test]
async fn what_is_old_enough_is_purged_and_the_figures_stay() {
    let app = App::with_settings(NOW, |settings| settings.personal_data.keep_days = 30).await.with_examples().await;
    let (office, admin, counter) = (app.office().await, app.admin().await, app.one_stop().await);
    let rows = [history("old", "2022-05-20T15:00:00+07:00"), history("young", "2022-05-21T15:00:00+07:00")];
    office.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    assert_eq!(office.load("/api/v1/dossiers/bulk", &rows).await.expect(200).body["summary"]["unchanged"], 2);
    let report = "/api/v1/reports/dossier-results?period=2022&group_by=procedure";
    let before = office.get(report).await.expect(200).body;
    let found = |q: &'static str| counter.get(q);
    assert_eq!(found("/api/v1/dossiers?q=bien").await.expect(200).body["items"].as_array().unwrap().len(), 2);

    counter.post("/api/v1/personal-data/purges", json!({})).await.expect(403);
    let told = json!({"ended_until": "2022-05-20", "purged": 1, "more": false});
    let dry = admin.post("/api/v1/personal-data/purges?dry_run=true", json!({})).await.expect(200);
    assert_eq!(dry.body, told);
    assert_eq!(counter.get("/api/v1/dossiers/by-code/old").await.expect(200).body["applicant"], applicant());
    assert_eq!(admin.post("/api/v1/personal-data/purges", json!({})).await.expect(200).body, told);
    let nothing = json!({"ended_until": "2022-05-20", "purged": 0, "more": false});
    assert_eq!(admin.post("/api/v1/personal-data/purges", json!({})).await.expect(200).body, nothing);

    let gone = json!({"kind": "citizen", "name": null, "identity_no": null, "phone": null});
    let old = counter.get("/api/v1/dossiers/by-code/old").await.expect(200).body;
    assert_eq!((&old["applicant"], &old["version"]), (&gone, &json!(2)));
    assert_eq!(counter.get("/api/v1/dossiers/by-code/young").await.expect(200).body["applicant"], applicant());
    assert_eq!(found("/api/v1/dossiers?q=bien").await.expect(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(found("/api/v1/dossiers?q=old").await.expect(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(office.get(report).await.expect(200).body, before);
    let lines: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_events WHERE act = 'purge'").fetch_one(&app.pool).await.unwrap();
    let events: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox_events WHERE type = 'dossier.purge'").fetch_one(&app.pool).await.unwrap();
    assert_eq!((lines, events), (1, 1));

    // The source still has the name; it does not come back, neither with the same row nor with a changed one.
    assert_eq!(office.load("/api/v1/dossiers/bulk", &rows).await.expect(200).body["summary"]["unchanged"], 2);
    let mut changed = rows[0].clone();
    changed["decision_document_no"] = json!("9/GCN");
    assert_eq!(office.load("/api/v1/dossiers/bulk", &[changed]).await.expect(200).body["summary"]["updated"], 1);
    let again = counter.get("/api/v1/dossiers/by-code/old").await.expect(200).body;
    assert_eq!((&again["applicant"], &again["decision_document_no"]), (&gone, &json!("9/GCN")));
}

/// Two servers at once purge each dossier once.
#[tokio::test]
async fn the_server_purges_by_itself_and_each_dossier_once() {
    let app = App::at(NOW).await.with_examples().await;
    let rows: Vec<Value> = (0..1500).map(|i| history(&format!("d{i}"), "2022-05-20T15:00:00+07:00")).collect();
    app.office().await.load("/api/v1/dossiers/bulk", &rows).await.expect(200);
    let now = NOW.parse().unwrap();
    let keep = || dunghen::dossiers::purge_personal_data(&app.shared.background, now, 5);
    let (one, other) = tokio::join!(keep(), keep());
    assert_eq!(one.unwrap() + other.unwrap(), 1500);
    let named: i64 =
        sqlx::query_scalar("SELECT count(*) FROM dossiers WHERE applicant_name IS NOT NULL").fetch_one(&app.pool).await.unwrap();
    assert_eq!(named, 0);
    let most: i32 = sqlx::query_scalar("SELECT max(version) FROM dossiers").fetch_one(&app.pool).await.unwrap();
    assert_eq!(most, 2);
}

/// Without the right key numbers are lost, not the dossier.
#[tokio::test]
async fn numbers_that_do_not_open_keep_nobody_from_work() {
    let app = App::at(NOW).await.with_examples().await;
    let counter = app.one_stop().await;
    let new = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true, "applicant": applicant()});
    let made = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    let text = "UPDATE dossiers SET applicant_sealed = set_byte(applicant_sealed, 20, 255 - get_byte(applicant_sealed, 20))";
    sqlx::query(text).execute(&app.pool).await.unwrap();
    let path = format!("/api/v1/dossiers/{}", made["id"].as_str().unwrap());
    let lost = json!({"kind": "citizen", "name": "Nguyễn Thị Biển", "identity_no": null, "phone": null});
    assert_eq!(counter.get(&path).await.expect(200).body["applicant"], lost);
    assert_eq!(counter.get("/api/v1/dossiers").await.expect(200).body["items"][0]["applicant"], lost);
    counter.get("/api/v1/work-list?days=5").await.expect(200);
    let officer = app.actor(Role::Officer, Some("DKKD")).await;
    assert_eq!(officer.act(&format!("{path}/processing"), 1, json!({})).await.expect(200).body["status"], "processing");
}

#[tokio::test]
async fn a_purge_is_of_as_many_as_the_contract_says() {
    let app = App::start().await;
    let admin = app.admin().await;
    for most in [0, 1001] {
        let refused = admin.post("/api/v1/personal-data/purges?dry_run=true", json!({"most": most})).await.expect(400);
        assert_eq!((refused.code(), refused.fault_codes(), refused.pointers()), ("invalid_body", vec!["out_of_range"], vec!["/most"]));
    }
    let half = admin.post("/api/v1/personal-data/purges?dry_run=true", json!({"most": 1.5})).await.expect(400);
    assert_eq!((half.fault_codes(), half.pointers()), (vec!["wrong_type"], vec!["/most"]));
    // JSON has one kind of number: with a point and nothing behind it, it is whole.
    for most in [json!(1), json!(1000), json!(12.0), json!(null)] {
        admin.post("/api/v1/personal-data/purges?dry_run=true", json!({"most": most})).await.expect(200);
    }
}
