//! What happens to a dossier beside the straight way: completion before acceptance, transfer, late entry.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const NOW: &str = "2022-06-20T10:00:00+07:00";

async fn act(who: &Actor, dossier: &Value, act: &str, body: Value) -> Answer {
    let path = format!("/api/v1/dossiers/{}/{act}", dossier["id"].as_str().unwrap());
    who.act(&path, dossier["version"].as_i64().unwrap(), body).await
}

async fn receive(who: &Actor, change: Value) -> Value {
    let mut body = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct",
        "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    who.post("/api/v1/dossiers", body).await.expect(201).body
}

fn acts_of(timeline: &Value) -> Vec<&str> {
    timeline["items"].as_array().unwrap().iter().map(|e| e["act"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn papers_are_completed_before_acceptance_and_no_clock_runs_till_then() {
    let app = App::at(NOW).await.with_examples().await;
    let counter = app.one_stop().await;
    let dossier = receive(&counter, json!({"channel": "online", "occurred_at": "2022-06-13T09:00:00+07:00"})).await;
    let early = json!({"reason": " ", "respond_by_on": "2022-06-13", "occurred_at": "2022-06-14T09:00:00+07:00"});
    let refused = act(&counter, &dossier, "completion-requests", early).await.expect(422);
    assert_eq!(refused.pointers(), ["/reason", "/respond_by_on"]);
    let slip = json!({"reason": "Thiếu bản sao giấy tờ", "document_no": "3/PHD", "items": ["Bản sao căn cước"], "respond_by_on": "2022-06-17",
        "occurred_at": "2022-06-13T10:00:00+07:00"});
    let waiting = act(&counter, &dossier, "completion-requests", slip).await.expect(200).body;
    assert_eq!(
        (&waiting["status"], &waiting["outcome"], &waiting["timeliness"], &waiting["due_on"]),
        (&json!("awaiting_completion"), &json!("submitted"), &json!("not_applicable"), &json!(null))
    );
    assert_eq!(waiting["allowed_acts"], json!(["completion", "non-acceptance", "transfer", "withdrawal", "void"]));
    let asked = &waiting["completion_requests"][0];
    assert_eq!((&asked["n"], &asked["items"], &asked["completed_at"]), (&json!(1), &json!(["Bản sao căn cước"]), &json!(null)));
    act(&counter, &waiting, "acceptance", json!({})).await.expect(409);
    act(&counter, &waiting, "completion-requests/2/completion", json!({})).await.expect(404);
    let at = json!({"occurred_at": "2022-06-15T09:00:00+07:00"});
    let complete = act(&counter, &waiting, "completion-requests/1/completion", at.clone()).await.expect(200).body;
    assert_eq!(complete["status"], "submitted");
    act(&counter, &complete, "completion-requests/1/completion", json!({})).await.expect(409);
    let accepted = act(&counter, &complete, "acceptance", at).await.expect(200).body;
    assert_eq!((&accepted["status"], &accepted["due_on"], &accepted["findings"]), (&json!("accepted"), &json!("2022-06-20"), &json!([])));

    let timeline = counter.get(&format!("/api/v1/dossiers/{}/timeline", dossier["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(acts_of(&timeline), ["submission", "completion-request", "completion", "acceptance"]);
    // Entered late: when it happened and when it was recorded are both kept.
    let entry = &timeline["items"][1];
    assert_eq!(
        (&entry["at"], &entry["recorded_at"], &entry["document_no"]),
        (&json!("2022-06-13T10:00:00+07:00"), &json!(NOW), &json!("3/PHD"))
    );
    assert_eq!(timeline["items"][3]["recorded_by"], json!(counter.username));
}

#[tokio::test]
async fn a_transferred_dossier_belongs_to_its_new_department_and_keeps_its_dates() {
    let app = App::at(NOW).await.with_examples().await;
    let counter = app.one_stop().await;
    let (from, to) = (app.actor(Role::Head, Some("DKKD")).await, app.actor(Role::Officer, Some("DN")).await);
    let dossier = receive(&counter, json!({"accept": true, "occurred_at": "2022-06-16T09:00:00+07:00"})).await;
    let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    to.get(&path).await.expect(404);
    act(&to, &dossier, "transfer", json!({"department": "DN", "reason": "Cần chuyển"})).await.expect(403);
    let unknown = act(&from, &dossier, "transfer", json!({"department": "nope", "reason": ""})).await.expect(422);
    assert_eq!(unknown.pointers(), ["/reason", "/department"]);
    act(&from, &dossier, "transfer", json!({"department": "DKKD", "reason": "Cần chuyển"})).await.expect(422);
    let moved = act(&from, &dossier, "transfer", json!({"department": "DN", "reason": "Thuộc thẩm quyền Phòng DN"})).await.expect(200).body;
    assert_eq!(
        (&moved["resolving_department"], &moved["due_on"], &moved["status"], &moved["version"]),
        (&json!("DN"), &dossier["due_on"], &json!("accepted"), &json!(2))
    );
    let told = &moved["transfers"][0];
    assert_eq!((&told["from"], &told["to"], &told["reason"]), (&json!("DKKD"), &json!("DN"), &json!("Thuộc thẩm quyền Phòng DN")));
    from.get(&path).await.expect(404);
    let seen = to.get(&path).await.expect(200).body;
    act(&to, &seen, "processing", json!({})).await.expect(200);
    let event: Value =
        sqlx::query_scalar("SELECT data FROM outbox_events WHERE type = 'dossier.transfer'").fetch_one(&app.pool).await.unwrap();
    assert_eq!((&event["from"], &event["to"]), (&json!("DKKD"), &json!("DN")));
}

#[tokio::test]
async fn a_department_that_is_closed_takes_no_dossier() {
    let app = App::at(NOW).await.with_examples().await;
    let (admin, counter) = (app.admin().await, app.one_stop().await);
    let old = json!({"code": "CU", "name": "Phòng cũ", "kind": "division", "valid_from": "2019-01-01", "valid_to": "2022-05-31"});
    admin.put("/api/v1/departments/CU", old).await.expect(201);
    let dossier = receive(&counter, json!({})).await;
    let refused = act(&counter, &dossier, "transfer", json!({"department": "CU", "reason": "Cần chuyển"})).await.expect(422);
    assert_eq!((refused.fault_codes(), refused.pointers()), (vec!["not_valid_then"], vec!["/department"]));
    assert_eq!(counter.get(&format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap())).await.expect(200).body, dossier);
}

#[tokio::test]
async fn acts_are_told_in_their_order() {
    let app = App::at(NOW).await.with_examples().await;
    let (counter, officer) = (app.one_stop().await, app.actor(Role::Officer, Some("DKKD")).await);
    let dossier = receive(&counter, json!({"accept": true, "occurred_at": "2022-06-14T09:00:00+07:00"})).await;
    let at = |when: &str| json!({"occurred_at": when, "reason": "Lý do", "document_no": "1/TB", "agency": "Sở Xây dựng"});
    let only = |mut body: Value, keep: &[&str]| {
        body.as_object_mut().unwrap().retain(|name, _| keep.contains(&name.as_str()));
        body
    };
    let processing = act(&officer, &dossier, "processing", only(at("2022-06-15T09:00:00+07:00"), &["occurred_at"])).await.expect(200).body;
    for (name, keep) in [
        ("consultations", &["occurred_at", "agency"][..]),
        ("supplement-requests", &["occurred_at", "reason", "document_no"]),
        ("refusal", &["occurred_at", "reason", "document_no"]),
        ("resolution", &["occurred_at"]),
    ] {
        let before = act(&officer, &processing, name, only(at("2022-06-15T08:59:59+07:00"), keep)).await.expect(422);
        assert_eq!((before.fault_codes(), before.pointers()), (vec!["dates_backwards"], vec!["/occurred_at"]), "{name}");
        let ahead = act(&officer, &processing, name, only(at("2022-06-20T10:00:01+07:00"), keep)).await.expect(422);
        assert!(ahead.pointers().contains(&"/occurred_at") && ahead.fault_codes().contains(&"date_in_future"), "{name}");
    }
}

#[tokio::test]
async fn what_happened_at_one_instant_is_told_in_the_order_of_recording() {
    let app = App::at(NOW).await.with_examples().await;
    let (counter, head) = (app.one_stop().await, app.actor(Role::Head, Some("DKKD")).await);
    let mut dossier = receive(&counter, json!({"accept": true, "occurred_at": "2022-06-14T09:00:00+07:00"})).await;
    let sorry = || ("apologies", json!({"reason": "Chờ ý kiến", "new_due_on": "2022-06-30"}));
    for (who, (name, mut body)) in [
        (&counter, sorry()),
        (&head, ("processing", json!({}))),
        (&head, ("suspensions", json!({"reason": "Có tranh chấp", "legal_basis": "Điều 47"}))),
        (&head, sorry()),
        (&head, ("suspensions/1/end", json!({}))),
    ] {
        body["occurred_at"] = json!("2022-06-15T09:00:00+07:00");
        dossier = act(who, &dossier, name, body).await.expect(200).body;
    }
    let timeline = counter.get(&format!("/api/v1/dossiers/{}/timeline", dossier["id"].as_str().unwrap())).await.expect(200).body;
    let acts = ["submission", "acceptance", "apology", "processing", "suspension", "apology", "suspension-end"];
    assert_eq!(acts_of(&timeline), acts);
    // Two of a kind at one instant are told by those who recorded them.
    assert_eq!(
        (&timeline["items"][2]["recorded_by"], &timeline["items"][5]["recorded_by"]),
        (&json!(counter.username), &json!(head.username))
    );
}

/// A source that sends the dossier again does not know that the counter waits for papers.
#[tokio::test]
async fn a_row_of_history_does_not_end_the_wait_for_papers() {
    let app = App::at(NOW).await.with_examples().await;
    let (office, counter) = (app.office().await, app.one_stop().await);
    let mut row = json!({"code": "X-1", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
        "submitted_at": "2022-06-13T09:00:00+07:00"});
    office.load("/api/v1/dossiers/bulk", &[row.clone()]).await.expect(200);
    let dossier = counter.get("/api/v1/dossiers/by-code/X-1").await.expect(200).body;
    act(&counter, &dossier, "completion-requests", json!({"reason": "Thiếu bản sao"})).await.expect(200);
    row["digitised"] = json!(true);
    office.load("/api/v1/dossiers/bulk", &[row.clone()]).await.expect(200);
    let waiting = counter.get("/api/v1/dossiers/by-code/X-1").await.expect(200).body;
    assert_eq!((&waiting["status"], &waiting["digitised"]), (&json!("awaiting_completion"), &json!(true)));
    act(&counter, &waiting, "completion-requests/1/completion", json!({})).await.expect(200);
    row["accepted_at"] = json!("2022-06-14T09:00:00+07:00");
    office.load("/api/v1/dossiers/bulk", &[row]).await.expect(200);
    assert_eq!(counter.get("/api/v1/dossiers/by-code/X-1").await.expect(200).body["status"], "processing");
}

/// What a load told of is as recorded by that load, whoever sends the dossier again.
#[tokio::test]
async fn what_was_loaded_is_told_as_recorded_by_the_load_that_told_of_it() {
    let app = App::at(NOW).await.with_examples().await;
    let (first, second, third) = (app.office().await, app.office().await, app.office().await);
    let mut row = json!({"code": "X-2", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
        "submitted_at": "2022-06-13T09:00:00+07:00", "accepted_at": "2022-06-13T10:00:00+07:00"});
    first.load("/api/v1/dossiers/bulk", &[row.clone()]).await.expect(200);
    sqlx::query("UPDATE audit_events SET recorded_at = '2022-06-14T12:00:00+07'").execute(&app.pool).await.unwrap();
    row["decision"] = json!("resolved");
    row["finished_at"] = json!("2022-06-15T09:00:00+07:00");
    second.load("/api/v1/dossiers/bulk", &[row.clone()]).await.expect(200);
    row["digitised"] = json!(true);
    third.load("/api/v1/dossiers/bulk", &[row]).await.expect(200);
    let id = first.get("/api/v1/dossiers/by-code/X-2").await.expect(200).body["id"].as_str().unwrap().to_owned();
    let timeline = first.get(&format!("/api/v1/dossiers/{id}/timeline")).await.expect(200).body;
    let told = timeline["items"].as_array().unwrap().iter();
    let told: Vec<_> = told.map(|e| [&e["act"], &e["recorded_by"], &e["recorded_at"]].map(|m| m.as_str().unwrap())).collect();
    let (early, by_first, by_second) = ("2022-06-14T12:00:00+07:00", first.username.as_str(), second.username.as_str());
    let of_first = ["submission", "acceptance", "processing"].map(|act| [act, by_first, early]);
    assert_eq!((&told[..3], &told[3..]), (&of_first[..], &[["resolution", by_second, NOW]][..]));
}

/// A revision during a pause moves the date before it; the ledger goes on from there.
#[tokio::test]
async fn the_ledger_goes_on_from_what_a_revision_put_before_a_pause() {
    let app = App::at(NOW).await.with_examples().await;
    let (admin, office, counter) = (app.admin().await, app.office().await, app.one_stop().await);
    let officer = app.actor(Role::Officer, Some("DKKD")).await;
    let dossier = receive(&counter, json!({"accept": true, "occurred_at": "2022-06-16T09:00:00+07:00"})).await;
    assert_eq!(dossier["due_on"], "2022-06-21");
    let dossier = act(&officer, &dossier, "processing", json!({"occurred_at": "2022-06-16T10:00:00+07:00"})).await.expect(200).body;
    let asked = json!({"reason": "Thiếu", "document_no": "1/TB", "occurred_at": "2022-06-17T09:00:00+07:00"});
    act(&officer, &dossier, "supplement-requests", asked).await.expect(200);
    admin.put("/api/v1/calendars/vn/days/2022-06-20", json!({"kind": "day_off", "name": "Nghỉ tránh bão"})).await.expect(201);
    office.act("/api/v1/calendars/vn/revisions", 2, json!({"reason": "Bão"})).await.expect(201);
    let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    let waiting = counter.get(&path).await.expect(200).body;
    assert_eq!((&waiting["due_before"], &waiting["supplements"][0]["due_before"]), (&json!("2022-06-22"), &json!("2022-06-21")));
    act(&counter, &waiting, "supplement-requests/1/fulfilment", json!({})).await.expect(200);
    let clock = counter.get(&format!("{path}/clock")).await.expect(200).body;
    let told = clock["due_dates"].as_array().unwrap().iter();
    let told: Vec<_> = told.map(|e| (e["cause"].as_str().unwrap(), e["due_on"].as_str(), e["text"].as_str().unwrap())).collect();
    let expected = [
        ("acceptance", Some("2022-06-21"), "Accepted: due on 21/06/2022."),
        ("supplement-request", None, "Papers were asked for (no. 1): the clock stands still; it was due on 21/06/2022."),
        ("calendar-revision", None, "The calendar changed (Bão): the due date before the clock stood still is now 22/06/2022."),
        ("fulfilment", Some("2022-06-23"), "The papers are here (no. 1): the due date moved from 22/06/2022 to 23/06/2022."),
    ];
    assert_eq!((told, &clock["due_on"]), (expected.to_vec(), &json!("2022-06-23")));
}
