use std::collections::BTreeSet;

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const NOW: &str = "2022-06-20T10:00:00+07:00";

struct Office {
    app: App,
    one_stop: Actor,
    officer: Actor,
}

async fn office() -> Office {
    let app = App::at(NOW).await.with_examples().await;
    let (one_stop, officer) = (app.one_stop().await, app.actor(Role::Officer, Some("DKKD")).await);
    Office { app, one_stop, officer }
}

/// Three working days, resolved by DKKD, pausing.
fn new_dossier() -> Value {
    json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}})
}

impl Office {
    /// A dossier accepted on Monday 6 June 2022, due on the 9th.
    async fn accepted(&self) -> Value {
        let mut body = new_dossier();
        body["accept"] = json!(true);
        body["occurred_at"] = json!("2022-06-06T09:00:00+07:00");
        self.one_stop.post("/api/v1/dossiers", body).await.expect(201).body
    }

    async fn processing(&self) -> Value {
        let dossier = self.accepted().await;
        act(&self.officer, &dossier, "processing", json!({"occurred_at": "2022-06-06T10:00:00+07:00"})).await.expect(200).body
    }
}

async fn act(who: &Actor, dossier: &Value, act: &str, body: Value) -> Answer {
    let path = format!("/api/v1/dossiers/{}/{act}", dossier["id"].as_str().unwrap());
    who.act(&path, dossier["version"].as_i64().unwrap(), body).await
}

#[tokio::test]
async fn a_dossier_ends_well_after_a_supplement() {
    let o = office().await;
    let received = o.one_stop.post("/api/v1/dossiers", new_dossier()).await.expect(201);
    let dossier = received.body.clone();
    assert_eq!(dossier["code"], "MC-220620-0001");
    assert_eq!(
        (&dossier["status"], &dossier["outcome"], &dossier["timeliness"]),
        (&json!("submitted"), &json!("submitted"), &json!("not_applicable"))
    );
    assert_eq!(dossier["allowed_acts"], json!(["acceptance", "completion-requests", "non-acceptance", "transfer", "withdrawal", "void"]));
    assert_eq!(received.header("location").unwrap(), format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap()));

    let dossier = o.processing().await;
    assert_eq!((&dossier["due_on"], &dossier["outcome"]), (&json!("2022-06-09"), &json!("overdue")));
    let asked = json!({"reason": "Thiếu điều lệ", "document_no": "12/TB", "items": ["Điều lệ"], "respond_by_on": "2022-06-30", "occurred_at": "2022-06-08T09:00:00+07:00"});
    let dossier = act(&o.officer, &dossier, "supplement-requests", asked).await.expect(200).body;
    assert_eq!(
        (&dossier["status"], &dossier["due_on"], &dossier["due_before"]),
        (&json!("awaiting_supplement"), &json!(null), &json!("2022-06-09"))
    );
    assert_eq!(dossier["outcome"], "supplement_requested");
    let dossier = act(&o.one_stop, &dossier, "supplement-requests/1/fulfilment", json!({"occurred_at": "2022-06-16T09:00:00+07:00"}))
        .await
        .expect(200)
        .body;
    assert_eq!((&dossier["due_on"], &dossier["first_due_on"]), (&json!("2022-06-17"), &json!("2022-06-09")));
    assert_eq!(
        (&dossier["supplements"][0]["due_before"], &dossier["supplements"][0]["due_after"]),
        (&json!("2022-06-09"), &json!("2022-06-17"))
    );
    let sorry = json!({"reason": "Chờ ý kiến", "new_due_on": "2022-06-21"});
    let dossier = act(&o.one_stop, &dossier, "apologies", sorry).await.expect(200).body;
    assert_eq!(
        (&dossier["due_on"], &dossier["outcome"], &dossier["findings"]),
        (&json!("2022-06-17"), &json!("overdue_with_apology"), &json!(["apology_after_due"]))
    );
    let dossier = act(&o.officer, &dossier, "resolution", json!({"document_no": "1/GCN"})).await.expect(200).body;
    assert_eq!(
        (&dossier["outcome"], &dossier["timeliness"], &dossier["finished_on"]),
        (&json!("late_with_apology"), &json!("late"), &json!("2022-06-20"))
    );
    let dossier = act(&o.one_stop, &dossier, "return", json!({"method": "direct"})).await.expect(200).body;
    assert_eq!((&dossier["status"], &dossier["version"]), (&json!("returned"), &json!(7)));

    let clock = |as_of: &str| format!("/api/v1/dossiers/{}/clock?as_of={as_of}", dossier["id"].as_str().unwrap());
    let then = o.officer.get(&clock("2022-06-10")).await.expect(200).body;
    assert_eq!((&then["state"], &then["due_on"], &then["due_before"]), (&json!("paused"), &json!(null), &json!("2022-06-09")));
    let counted = then["steps"].as_array().unwrap().iter().filter(|s| s["code"] == "counted_day").count();
    assert_eq!(counted, 3);
    assert_eq!(o.officer.get(&clock("2022-06-16T09:00:00%2B07:00")).await.expect(200).body["due_on"], "2022-06-17");
    o.officer.get(&clock("2022-06-05")).await.expect(422);
    let ledger = |answer: &Value| {
        let entries = answer["due_dates"].as_array().unwrap().clone();
        entries.iter().map(|e| (e["cause"].as_str().unwrap().to_owned(), e["due_on"].clone())).collect::<Vec<_>>()
    };
    let entry = |cause: &str, due: Value| (cause.to_owned(), due);
    let by_then = [entry("acceptance", json!("2022-06-09")), entry("supplement-request", json!(null))];
    assert_eq!(ledger(&then), by_then);
    let now = o.officer.get(&clock("2022-06-20")).await.expect(200).body;
    assert_eq!(ledger(&now), [&by_then[..], &[entry("fulfilment", json!("2022-06-17"))]].concat());
    assert_eq!(now["due_dates"][2]["text"], "The papers are here (no. 1): the due date moved from 09/06/2022 to 17/06/2022.");

    let timeline = o.officer.get(&format!("/api/v1/dossiers/{}/timeline", dossier["id"].as_str().unwrap())).await.expect(200).body;
    let told: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|e| e["act"].as_str().unwrap()).collect();
    assert_eq!(told, ["submission", "acceptance", "processing", "supplement-request", "fulfilment", "apology", "resolution", "return"]);
    // Receipt of two dossiers and six acts: one audit line and one event each (and those of the examples).
    let lines: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_events WHERE subject_type = 'dossier'").fetch_one(&o.app.pool).await.unwrap();
    let events: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox_events WHERE subject_type = 'dossier'").fetch_one(&o.app.pool).await.unwrap();
    assert_eq!((lines, events), (8, 8));
}

#[tokio::test]
async fn a_refused_act_says_what_is_allowed_and_changes_nothing() {
    let o = office().await;
    let dossier = o.accepted().await;
    let refused = act(&o.officer, &dossier, "resolution", json!({})).await.expect(409);
    assert_eq!(
        (refused.code(), &refused.body["from"], &refused.body["requested"]),
        ("transition_not_allowed", &json!("accepted"), &json!("resolution"))
    );
    assert_eq!(refused.body["allowed"], json!(["processing", "apologies"]));

    let dossier = act(&o.officer, &dossier, "processing", json!({})).await.expect(200).body;
    let bare = act(&o.officer, &dossier, "refusal", json!({"reason": " ", "occurred_at": "2022-06-21T08:00:00+07:00"})).await.expect(422);
    assert_eq!(
        (bare.fault_codes(), bare.pointers()),
        (vec!["missing", "missing", "date_in_future"], vec!["/reason", "/document_no", "/occurred_at"])
    );
    let early = act(&o.officer, &dossier, "resolution", json!({"occurred_at": "2022-06-05T08:00:00+07:00"})).await.expect(422);
    assert_eq!(early.fault_codes(), ["dates_backwards"]);
    let bare = act(&o.officer, &dossier, "supplement-requests", json!({"respond_by_on": "2022-06-01"})).await.expect(422);
    assert_eq!(bare.pointers(), ["/reason", "/document_no", "/respond_by_on"]);
    let not_later = act(&o.one_stop, &dossier, "apologies", json!({"reason": "x", "new_due_on": "2022-06-09"})).await.expect(422);
    assert_eq!(not_later.fault_codes(), ["not_later_than_due", "dates_backwards"]);

    let path = format!("/api/v1/dossiers/{}/refusal", dossier["id"].as_str().unwrap());
    o.officer.post(&path, json!({"reason": "x", "document_no": "1"})).await.expect(428);
    let stale = o.officer.act(&path, 1, json!({"reason": "x", "document_no": "1"})).await.expect(412);
    assert_eq!(stale.body["current_version"], 2);
    o.officer
        .act(&format!("/api/v1/dossiers/{}/supplement-requests/1/fulfilment", dossier["id"].as_str().unwrap()), 2, json!({}))
        .await
        .expect(403);
    assert_eq!(o.officer.get(&format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap())).await.body["version"], 2);
}

#[tokio::test]
async fn refusal_withdrawal_and_voiding_are_kept_apart() {
    let o = office().await;
    let refused =
        act(&o.officer, &o.processing().await, "refusal", json!({"reason": "Ngành cấm", "document_no": "7/TB"})).await.expect(200).body;
    assert_eq!(
        (&refused["outcome"], &refused["timeliness"], &refused["findings"]),
        (&json!("refused"), &json!("late"), &json!(["late_without_apology"]))
    );
    let withdrawn = act(&o.one_stop, &o.processing().await, "withdrawal", json!({"reason": "Theo đề nghị"})).await.expect(200).body;
    assert_eq!((&withdrawn["outcome"], &withdrawn["findings"]), (&json!("withdrawn"), &json!([])));
    let voided = act(&o.one_stop, &refused, "void", json!({"reason": "Nhập trùng"})).await.expect(200).body;
    assert_eq!(
        (&voided["status"], &voided["timeliness"], &voided["findings"], &voided["allowed_acts"]),
        (&json!("voided"), &json!("not_applicable"), &json!([]), &json!([]))
    );
    let submitted = o.one_stop.post("/api/v1/dossiers", new_dossier()).await.expect(201).body;
    let declined = act(&o.one_stop, &submitted, "non-acceptance", json!({"reason": "Không đúng thẩm quyền"})).await.expect(200).body;
    assert_eq!((&declined["outcome"], &declined["timeliness"]), (&json!("not_accepted"), &json!("not_applicable")));
    let submitted = o.one_stop.post("/api/v1/dossiers", new_dossier()).await.expect(201).body;
    let accepted = act(&o.one_stop, &submitted, "acceptance", json!({})).await.expect(200).body;
    assert_eq!((&accepted["status"], &accepted["due_on"]), (&json!("accepted"), &json!("2022-06-23")));
}

#[tokio::test]
async fn fees_suspensions_and_consultations_are_kept_by_the_clock() {
    let o = office().await;
    let head = o.app.actor(Role::Head, Some("DKKD")).await;
    let dossier = o.processing().await;
    let dossier = act(&o.officer, &dossier, "fee-requests", json!({"amount_vnd": 50_000, "occurred_at": "2022-06-07T08:00:00+07:00"}))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&dossier["status"], &dossier["due_on"], &dossier["outcome"]),
        (&json!("awaiting_fee"), &json!(null), &json!("supplement_requested"))
    );
    act(&o.one_stop, &dossier, "fee-requests/2/payment", json!({})).await.expect(404);
    let dossier =
        act(&o.one_stop, &dossier, "fee-requests/1/payment", json!({"occurred_at": "2022-06-08T08:00:00+07:00"})).await.expect(200).body;
    assert_eq!((&dossier["status"], &dossier["due_on"]), (&json!("processing"), &json!("2022-06-10")));

    let bare = act(&head, &dossier, "suspensions", json!({"legal_basis": " "})).await.expect(422);
    assert_eq!(bare.pointers(), ["/reason", "/legal_basis"]);
    act(&o.officer, &dossier, "suspensions", json!({"reason": "x", "legal_basis": "y"})).await.expect(403);
    let ground = json!({"reason": "Có tranh chấp", "legal_basis": "Điều 47", "occurred_at": "2022-06-09T08:00:00+07:00"});
    let dossier = act(&head, &dossier, "suspensions", ground).await.expect(200).body;
    assert_eq!((&dossier["outcome"], &dossier["due_before"]), (&json!("suspended"), &json!("2022-06-10")));
    let dossier = act(&head, &dossier, "suspensions/1/end", json!({"occurred_at": "2022-06-13T08:00:00+07:00"})).await.expect(200).body;
    assert_eq!((&dossier["due_on"], &dossier["first_due_on"]), (&json!("2022-06-14"), &json!("2022-06-09")));

    // Consulting does not stop the clock. Two reminders without an answer, then the committee is told.
    let asked =
        json!({"agency": "Sở Xây dựng", "document_no": "591", "answer_due_on": "2022-06-15", "occurred_at": "2022-06-13T09:00:00+07:00"});
    let mut dossier = act(&o.officer, &dossier, "consultations", asked).await.expect(200).body;
    assert_eq!(
        (&dossier["due_on"], &dossier["findings"]),
        (&json!("2022-06-14"), &json!(["consultation_escalation_due", "consultation_reminder_due"]))
    );
    for day in ["16", "17"] {
        let body = json!({"document_no": "620", "occurred_at": format!("2022-06-{day}T09:00:00+07:00")});
        dossier = act(&o.officer, &dossier, "consultations/1/reminders", body).await.expect(200).body;
    }
    assert_eq!(dossier["findings"], json!(["consultation_escalation_due"]));
    let dossier = act(&o.officer, &dossier, "consultations/1/escalation", json!({})).await.expect(200).body;
    assert_eq!((&dossier["findings"], dossier["consultations"][0]["reminders"].as_array().unwrap().len()), (&json!([]), 2));
    let dossier = act(&o.officer, &dossier, "consultations/1/answer", json!({})).await.expect(200).body;
    act(&o.officer, &dossier, "consultations/1/reminders", json!({"document_no": "1"})).await.expect(404);
    let dossier = act(&head, &dossier, "termination", json!({"reason": "Không đủ điều kiện", "notice_no": "15/TB"})).await.expect(200).body;
    assert_eq!(
        (&dossier["outcome"], &dossier["timeliness"], &dossier["decision_document_no"]),
        (&json!("terminated"), &json!("late"), &json!("15/TB"))
    );
}

#[tokio::test]
async fn a_closed_dossier_is_never_judged_again() {
    let o = office().await;
    let resolved =
        act(&o.officer, &o.processing().await, "resolution", json!({"occurred_at": "2022-06-09T16:00:00+07:00"})).await.expect(200).body;
    assert_eq!((&resolved["due_on"], &resolved["timeliness"]), (&json!("2022-06-09"), &json!("on_time")));
    // Two days off more, found out too late.
    sqlx::query("INSERT INTO calendar_days (calendar_code, day, first_version, kind, name) VALUES ('vn', '2022-06-07', 1, 'day_off', 'Bão'), ('vn', '2022-06-08', 1, 'day_off', 'Bão')")
        .execute(&o.app.pool)
        .await
        .unwrap();
    let open = o.accepted().await;
    assert_eq!(open["due_on"], "2022-06-13");
    let returned = act(&o.one_stop, &resolved, "return", json!({})).await.expect(200).body;
    assert_eq!(
        (&returned["status"], &returned["due_on"], &returned["timeliness"]),
        (&json!("returned"), &json!("2022-06-09"), &json!("on_time"))
    );
    let voided = act(&o.one_stop, &returned, "void", json!({"reason": "Nhập trùng"})).await.expect(200).body;
    assert_eq!(
        (&voided["outcome"], &voided["due_on"], &voided["returned_at"]),
        (&json!("voided"), &json!("2022-06-09"), &returned["returned_at"])
    );
}

#[tokio::test]
async fn receiving_finds_every_fault_at_once() {
    let o = office().await;
    let bad = json!({"procedure": "9.999999", "receiving_department": "DKKD", "resolving_department": "X", "channel": "direct",
        "applicant": {"kind": "citizen", "name": ""}, "submitted_at": "2022-06-21T00:00:00+07:00", "occurred_at": "2022-06-20T23:00:00+07:00"});
    let answer = o.one_stop.post("/api/v1/dossiers", bad).await.expect(422);
    assert_eq!(
        answer.pointers(),
        ["/procedure", "/receiving_department", "/resolving_department", "/applicant/name", "/occurred_at", "/submitted_at"]
    );
    let shape = o.one_stop.post("/api/v1/dossiers", json!({"channel": "fax", "applicant": {"kind": 1}, "x": 1})).await.expect(400);
    let mut pointers = shape.pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/applicant/kind", "/applicant/name", "/channel", "/procedure", "/receiving_department", "/x"]);
    let mut later = new_dossier();
    later["occurred_at"] = json!("2027-12-30T09:00:00+07:00");
    o.one_stop.post("/api/v1/dossiers", later).await.expect(422);

    // A number of ours would collide with the next receipts; any other code is the caller's own.
    let mut own = new_dossier();
    own["code"] = json!("MC-220620-0001");
    assert_eq!(o.one_stop.post("/api/v1/dossiers", own.clone()).await.expect(422).fault_codes(), ["number_not_reserved"]);
    own["code"] = json!("MOTCUA-220620-0001");
    o.one_stop.post("/api/v1/dossiers", own.clone()).await.expect(201);
    assert_eq!(o.one_stop.post("/api/v1/dossiers", own).await.expect(409).code(), "code_taken");
    assert_eq!(o.one_stop.post("/api/v1/dossiers", new_dossier()).await.expect(201).body["code"], "MC-220620-0001");
    assert_eq!(o.app.count("dossiers").await, 2);
}

#[tokio::test]
async fn a_year_without_a_calendar_is_refused() {
    let app = App::at("2027-12-30T10:00:00+07:00").await.with_examples().await;
    let mut body = new_dossier();
    body["accept"] = json!(true);
    let answer = app.one_stop().await.post("/api/v1/dossiers", body).await.expect(422);
    assert_eq!(answer.fault_codes(), ["calendar_missing"]);
}

#[tokio::test]
async fn numbers_have_no_gaps_and_no_duplicates() {
    let o = office().await;
    let tasks: Vec<_> = (0..64)
        .map(|i| {
            let who = o.one_stop.clone();
            tokio::spawn(async move {
                let mut body = new_dossier();
                if i % 8 == 0 {
                    body["procedure"] = json!("no-such");
                }
                who.post("/api/v1/dossiers", body).await
            })
        })
        .collect();
    let mut codes = BTreeSet::new();
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.status == 201 {
            codes.insert(answer.body["code"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(answer.status, 422);
        }
    }
    let expected: BTreeSet<String> = (1..=56).map(|n| format!("MC-220620-{n:04}")).collect();
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn lists_are_filtered_searched_and_paged() {
    let o = office().await;
    for name in ["Công ty Biển Xanh", "Hợp tác xã Đường Hoa", "Nguyễn Thị Bé"] {
        let mut body = new_dossier();
        body["applicant"]["name"] = json!(name);
        o.one_stop.post("/api/v1/dossiers", body).await.expect(201);
    }
    o.accepted().await;
    let names = |answer: Answer| -> Vec<String> {
        answer.expect(200).body["items"].as_array().unwrap().iter().map(|d| d["applicant"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(o.officer.get("/api/v1/dossiers?q=duong+hoa").await), ["Hợp tác xã Đường Hoa"]);
    assert_eq!(names(o.officer.get("/api/v1/dossiers?q=b%C3%A9").await), ["Nguyễn Thị Bé"]);
    assert_eq!(names(o.officer.get("/api/v1/dossiers?q=mc-2206&limit=500").await).len(), 4);
    assert_eq!(names(o.officer.get("/api/v1/dossiers?status=accepted&outcome=overdue&timeliness=overdue&department=DKKD&channel=direct&procedure=2.001199&accepted_from=2022-06-06&accepted_to=2022-06-06&due_to=2022-06-09").await).len(), 1);
    assert_eq!(names(o.officer.get("/api/v1/dossiers?department=THQH").await).len(), 0);
    let other = o.app.actor(Role::Officer, Some("THQH")).await;
    assert_eq!(names(other.get("/api/v1/dossiers").await).len(), 0);
    for sort in ["received_at", "-received_at"] {
        let whole = names(o.officer.get(&format!("/api/v1/dossiers?sort={sort}")).await);
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = o.officer.get(&format!("/api/v1/dossiers?sort={sort}&limit=1{cursor}")).await;
            let next = page.body["page"]["next_cursor"].as_str().map(str::to_owned);
            paged.extend(names(page));
            match next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, whole);
    }
    let cursor = o.officer.get("/api/v1/dossiers?limit=1").await.body["page"]["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(
        o.officer.get(&format!("/api/v1/dossiers?limit=1&status=accepted&cursor={cursor}")).await.expect(400).code(),
        "cursor_mismatch"
    );
}

/// A pause from before a revision of the calendar that is entered after it: lists, ledger and reports tell the same due date.
#[tokio::test]
async fn what_is_told_late_of_a_time_before_a_revision_is_told_everywhere() {
    let app = App::at("2022-06-14T10:00:00+07:00").await.with_examples().await;
    let (counter, admin, office) = (app.one_stop().await, app.admin().await, app.office().await);
    let officer = app.actor(Role::Officer, Some("DKKD")).await;
    let mut new = new_dossier();
    new["accept"] = json!(true);
    new["occurred_at"] = json!("2022-06-09T09:00:00+07:00");
    let dossier = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    let dossier = act(&officer, &dossier, "processing", json!({"occurred_at": "2022-06-09T10:00:00+07:00"})).await.expect(200).body;
    assert_eq!(dossier["due_on"], "2022-06-14");
    admin.put("/api/v1/calendars/vn/days/2022-06-13", json!({"kind": "day_off", "name": "Nghỉ tránh bão"})).await.expect(201);
    office.act("/api/v1/calendars/vn/revisions", 2, json!({})).await.expect(201);
    let path = format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap());
    let moved = officer.get(&path).await.expect(200).body;
    assert_eq!(moved["due_on"], "2022-06-15");
    let fee = act(&officer, &moved, "fee-requests", json!({"occurred_at": "2022-06-09T14:00:00+07:00"})).await.expect(200).body;
    let paid = act(&counter, &fee, "fee-requests/1/payment", json!({"occurred_at": "2022-06-10T14:00:00+07:00"})).await.expect(200).body;
    assert_eq!(paid["due_on"], "2022-06-16");
    let clock = officer.get(&format!("{path}/clock")).await.expect(200).body;
    let last = clock["due_dates"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["cause"], &last["due_on"]), (&json!("calendar-revision"), &json!("2022-06-16")));
}
