//! What a changed calendar does to dossiers: nothing, until a revision that can be previewed moves the open ones.

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const NOW: &str = "2022-06-08T10:00:00+07:00";
const REVISIONS: &str = "/api/v1/calendars/vn/revisions";

struct Office {
    app: App,
    admin: Actor,
    office: Actor,
    one_stop: Actor,
    officer: Actor,
    head: Actor,
}

impl Office {
    async fn open() -> Office {
        let app = App::at(NOW).await.with_examples().await;
        let (admin, office, one_stop) = (app.admin().await, app.office().await, app.one_stop().await);
        let (officer, head) = (app.actor(Role::Officer, Some("DKKD")).await, app.actor(Role::Head, Some("DKKD")).await);
        Office { app, admin, office, one_stop, officer, head }
    }

    /// Accepted on Monday 6 June 2022, due three working days later, on the 9th; in processing.
    async fn processing(&self) -> Value {
        let new = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true,
            "occurred_at": "2022-06-06T09:00:00+07:00", "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}});
        let dossier = self.one_stop.post("/api/v1/dossiers", new).await.expect(201).body;
        act(&self.officer, &dossier, "processing", json!({"occurred_at": "2022-06-06T10:00:00+07:00"})).await.expect(200).body
    }

    async fn day_off(&self, calendar: &str, on: &str) {
        let body = json!({"kind": "day_off", "name": "Nghỉ tránh bão"});
        self.admin.put(&format!("/api/v1/calendars/{calendar}/days/{on}"), body).await.expect(201);
    }

    async fn get(&self, dossier: &Value) -> Value {
        self.one_stop.get(&format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap())).await.expect(200).body
    }

    async fn clock(&self, dossier: &Value) -> Value {
        self.one_stop.get(&format!("/api/v1/dossiers/{}/clock", dossier["id"].as_str().unwrap())).await.expect(200).body
    }

    async fn revise(&self, version: i64, body: Value) -> Answer {
        self.office.act(REVISIONS, version, body).await
    }
}

async fn act(who: &Actor, dossier: &Value, act: &str, body: Value) -> Answer {
    let path = format!("/api/v1/dossiers/{}/{act}", dossier["id"].as_str().unwrap());
    who.act(&path, dossier["version"].as_i64().unwrap(), body).await
}

/// Without what differs by caller.
fn bare(dossier: &Value) -> Value {
    let mut bare = dossier.clone();
    bare.as_object_mut().unwrap().remove("allowed_acts");
    bare
}

fn dates(dossier: &Value) -> [&Value; 5] {
    ["due_on", "due_before", "first_due_on", "calendar_version", "version"].map(|member| &dossier[member])
}

#[tokio::test]
async fn a_changed_calendar_alone_moves_nothing_and_acts_go_on_with_the_old_one() {
    let o = Office::open().await;
    let dossier = o.processing().await;
    assert_eq!((&dossier["calendar"], &dossier["calendar_base_version"]), (&json!("vn"), &json!(1)));
    assert_eq!(dates(&dossier), [&json!("2022-06-09"), &Value::Null, &json!("2022-06-09"), &json!(1), &json!(2)]);
    o.day_off("vn", "2022-06-07").await;
    assert_eq!(bare(&o.get(&dossier).await), bare(&dossier));
    assert_eq!(o.clock(&dossier).await["due_on"], "2022-06-09");

    // An act that does not touch the clock, and two that do: still the old edition, in which the 7th works.
    let asked = json!({"agency": "Sở Xây dựng", "occurred_at": "2022-06-06T11:00:00+07:00"});
    let dossier = act(&o.officer, &dossier, "consultations", asked).await.expect(200).body;
    assert_eq!(dates(&dossier), [&json!("2022-06-09"), &Value::Null, &json!("2022-06-09"), &json!(1), &json!(3)]);
    let fee = json!({"occurred_at": "2022-06-06T14:00:00+07:00"});
    let dossier = act(&o.officer, &dossier, "fee-requests", fee).await.expect(200).body;
    let paid = json!({"occurred_at": "2022-06-07T14:00:00+07:00"});
    let dossier = act(&o.one_stop, &dossier, "fee-requests/1/payment", paid).await.expect(200).body;
    assert_eq!(dates(&dossier), [&json!("2022-06-10"), &Value::Null, &json!("2022-06-09"), &json!(1), &json!(5)]);
    // A new receipt counts with the calendar as it is.
    let new = o.processing().await;
    assert_eq!(dates(&new), [&json!("2022-06-10"), &Value::Null, &json!("2022-06-10"), &json!(2), &json!(2)]);
}

#[tokio::test]
async fn a_revision_is_previewed_and_then_moves_the_open_ones_only() {
    let o = Office::open().await;
    let (open, waiting, closed) = (o.processing().await, o.processing().await, o.processing().await);
    let notice = json!({"reason": "Thiếu điều lệ", "document_no": "12/TB", "occurred_at": "2022-06-07T09:00:00+07:00"});
    let waiting = act(&o.officer, &waiting, "supplement-requests", notice).await.expect(200).body;
    let closed = act(&o.officer, &closed, "resolution", json!({})).await.expect(200).body;
    o.day_off("vn", "2022-06-09").await;
    o.day_off("vn", "2022-12-30").await;
    let late = o.processing().await;

    let path = format!("{REVISIONS}?dry_run=true");
    o.office.post(&path, json!({})).await.expect(428);
    o.office.act(&path, 1, json!({})).await.expect(412);
    o.admin.act(&path, 3, json!({})).await.expect(403);
    let preview = o.office.act(&path, 3, json!({"reason": "Bão số 4"})).await.expect(201);
    assert_eq!(preview.header("dry-run"), Some("true"));
    let report = &preview.body;
    assert_eq!(
        [&report["number"], &report["calendar_version"], &report["checked"], &report["moved"]],
        [&json!(1), &json!(3), &json!(2), &json!(2)]
    );
    let told = |id: &Value| report["dossiers"].as_array().unwrap().iter().find(|d| d["id"] == *id).unwrap().clone();
    let first = told(&open["id"]);
    assert_eq!((&first["code"], &first["resolving_department"], &first["version"]), (&open["code"], &json!("DKKD"), &json!(3)));
    assert_eq!(first["from"], json!({"due_on": "2022-06-09", "due_at": null, "due_before": null}));
    assert_eq!(first["to"], json!({"due_on": "2022-06-10", "due_at": null, "due_before": null}));
    // The day in December is none of its reasons.
    assert_eq!(first["changed_days"], json!([{"on": "2022-06-09", "works": false, "name": "Nghỉ tránh bão"}]));
    assert_eq!(first["office_hours_changed"], false);
    let second = told(&waiting["id"]);
    assert_eq!(
        (&second["from"]["due_before"], &second["to"]["due_before"], &second["to"]["due_on"]),
        (&json!("2022-06-09"), &json!("2022-06-10"), &Value::Null)
    );
    for untouched in [&open, &waiting, &closed, &late] {
        assert_eq!(bare(&o.get(untouched).await), bare(untouched));
    }
    assert_eq!(o.app.count("calendar_revisions").await + o.app.count("calendar_revision_moves").await, 0);

    let done = o.revise(3, json!({"reason": "Bão số 4"})).await.expect(201);
    assert_eq!((&done.body, done.header("location")), (report, Some("/api/v1/calendars/vn/revisions/1")));
    assert_eq!(dates(&o.get(&open).await), [&json!("2022-06-10"), &Value::Null, &json!("2022-06-09"), &json!(3), &json!(3)]);
    let paused = o.get(&waiting).await;
    assert_eq!(dates(&paused), [&Value::Null, &json!("2022-06-10"), &json!("2022-06-09"), &json!(3), &json!(4)]);
    // What was in force when the pause began stays on record.
    assert_eq!(paused["supplements"][0]["due_before"], "2022-06-09");
    assert_eq!((bare(&o.get(&closed).await), bare(&o.get(&late).await)), (bare(&closed), bare(&late)));
    let clock = o.clock(&open).await;
    assert_eq!((&clock["due_on"], &clock["first_due_on"]), (&json!("2022-06-10"), &json!("2022-06-09")));
    let step = clock["steps"].as_array().unwrap().iter().find(|s| s["code"] == "first_due").unwrap();
    assert_eq!(step["text"], "By the calendar that holds now the limit ends on 10/06/2022; the first due date is still 09/06/2022.");
    // The ledger tells of the move, and of none while the clock stands still.
    let ledger = |clock: &Value| {
        let told = clock["due_dates"].as_array().unwrap().iter();
        told.map(|e| (e["cause"].as_str().unwrap().to_owned(), e["due_on"].clone())).collect::<Vec<_>>()
    };
    let entry = |cause: &str, due: Value| (cause.to_owned(), due);
    assert_eq!(ledger(&clock), [entry("acceptance", json!("2022-06-09")), entry("calendar-revision", json!("2022-06-10"))]);
    assert_eq!(clock["due_dates"][1]["text"], "The calendar changed (Bão số 4): the due date is now 10/06/2022.");
    assert_eq!(ledger(&o.clock(&waiting).await).pop(), Some(entry("calendar-revision", Value::Null)));
    // As of before, the clock shows what it showed then.
    let before = format!("/api/v1/dossiers/{}/clock?as_of=2022-06-07", open["id"].as_str().unwrap());
    assert_eq!(o.one_stop.get(&before).await.expect(200).body["due_on"], "2022-06-09");

    // One audit line and one event for each that moved, and for the revision.
    for table in
        ["audit_events WHERE act = 'revise' AND subject_type", "outbox_events WHERE type = subject_type || '.revise' AND subject_type"]
    {
        assert_eq!(
            (o.app.count(&format!("{table} = 'dossier'")).await, o.app.count(&format!("{table} = 'calendar'")).await),
            (2, 1),
            "{table}"
        );
    }
    let detail: Value = sqlx::query_scalar("SELECT detail FROM audit_events WHERE act = 'revise' AND subject_id = $1::uuid")
        .bind(open["id"].as_str().unwrap())
        .fetch_one(&o.app.pool)
        .await
        .unwrap();
    assert_eq!(
        (&detail["from"]["due_on"], &detail["to"]["due_on"], &detail["revision"]),
        (&json!("2022-06-09"), &json!("2022-06-10"), &json!(1))
    );
    let changed: Vec<(String, Value)> =
        sqlx::query_as("SELECT coalesce(subject_code, ''), detail -> 'changed' FROM audit_events WHERE act = 'revise' ORDER BY id")
            .fetch_all(&o.app.pool)
            .await
            .unwrap();
    let of = |code: &Value| changed.iter().find(|(c, _)| c == code.as_str().unwrap()).unwrap().1.clone();
    assert_eq!([of(&open["code"]), of(&waiting["code"]), of(&json!("vn"))], [json!(["due_on"]), json!(["due_before"]), json!([])]);
    // Which ones moved, to whoever may see them.
    let moves = async |who: &Actor| who.get(&format!("{REVISIONS}/1/moves?count=exact")).await.expect(200).body;
    let listed = moves(&o.one_stop).await;
    assert_eq!(listed["page"]["total"], 2);
    let first = listed["items"].as_array().unwrap().iter().find(|d| d["id"] == open["id"]).unwrap().clone();
    assert_eq!(
        first,
        json!({"id": open["id"], "code": open["code"], "resolving_department": "DKKD",
            "from": {"due_on": "2022-06-09", "due_at": null, "due_before": null}, "to": {"due_on": "2022-06-10", "due_at": null, "due_before": null}})
    );
    assert_eq!(moves(&o.officer).await["page"]["total"], 2);
    let other = o.app.actor(Role::Head, Some("THQH")).await;
    assert_eq!((&moves(&other).await["items"], &moves(&other).await["page"]["total"]), (&json!([]), &json!(0)));
    let timeline = o.one_stop.get(&format!("/api/v1/dossiers/{}/timeline", open["id"].as_str().unwrap())).await.expect(200).body;
    let last = timeline["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["act"], &last["reason"], &last["due_on"]), (&json!("calendar-revision"), &json!("Bão số 4"), &json!("2022-06-10")));
    assert_eq!(last["recorded_by"], json!(o.office.username));

    // Again there is nothing to revise.
    let again = o.revise(3, json!({})).await.expect(200);
    assert_eq!((again.header("unchanged"), &again.body["number"], &again.body["checked"]), (Some("true"), &Value::Null, &json!(0)));
    let list = o.one_stop.get(REVISIONS).await.expect(200).body;
    assert_eq!(list["items"], json!([o.one_stop.get(&format!("{REVISIONS}/1")).await.expect(200).body]));
    assert_eq!(
        [&list["items"][0]["checked"], &list["items"][0]["moved"], &list["items"][0]["revised_by"], &list["items"][0]["reason"]],
        [&json!(2), &json!(2), &json!(o.office.username), &json!("Bão số 4")]
    );
    for unknown in [
        format!("{REVISIONS}/2"),
        format!("{REVISIONS}/x"),
        format!("{REVISIONS}/2/moves"),
        format!("{REVISIONS}/x/moves"),
        "/api/v1/calendars/%00/revisions/1/moves".into(),
        "/api/v1/calendars/x/revisions".into(),
        "/api/v1/calendars/%00/revisions".into(),
    ] {
        o.one_stop.get(&unknown).await.expect(404);
    }
    o.office.act("/api/v1/calendars/x/revisions", 1, json!({})).await.expect(404);

    // The fulfilment goes on from the date that the revision put in force; the beginning of the pause keeps its own.
    let back = act(&o.one_stop, &paused, "supplement-requests/1/fulfilment", json!({})).await.expect(200).body;
    assert_eq!(dates(&back), [&json!("2022-06-13"), &Value::Null, &json!("2022-06-09"), &json!(3), &json!(5)]);
    assert_eq!((&back["supplements"][0]["due_before"], &back["supplements"][0]["due_after"]), (&json!("2022-06-09"), &json!("2022-06-13")));
    // A further change and revision leaves what that pause led to.
    o.day_off("vn", "2022-06-10").await;
    o.revise(4, json!({})).await.expect(201);
    let back = o.get(&back).await;
    assert_eq!((&back["due_on"], &back["supplements"][0]["due_after"]), (&json!("2022-06-14"), &json!("2022-06-13")));
    let back = act(&o.officer, &back, "fee-requests", json!({})).await.expect(200).body;
    assert_eq!((&back["due_before"], &back["supplements"][0]["due_after"]), (&json!("2022-06-14"), &json!("2022-06-13")));
}

#[tokio::test]
async fn a_report_judges_by_the_date_in_force_then() {
    let o = Office::open().await;
    let dossier = o.processing().await;
    o.day_off("vn", "2022-06-09").await;
    // Moved at the time of the fixed clock, on the 8th; judged on days around it.
    o.revise(2, json!({})).await.expect(201);
    assert_eq!(o.get(&dossier).await["due_on"], "2022-06-10");
    let open = async |to: &str| {
        let total =
            o.office.get(&format!("/api/v1/reports/dossier-results?from=2022-06-01&to={to}")).await.expect(200).body["total"].clone();
        (total["open_in_time"].clone(), total["open_overdue"].clone())
    };
    assert_eq!(open("2022-06-09").await, (json!(1), json!(0)));
    assert_eq!(open("2022-06-10").await, (json!(1), json!(0)));
    assert_eq!(open("2022-06-11").await, (json!(0), json!(1)));
    sqlx::query("UPDATE calendar_revision_moves SET moved_at = '2022-06-10T01:00:00Z'").execute(&o.app.pool).await.unwrap();
    assert_eq!(open("2022-06-09").await, (json!(1), json!(0)));
    sqlx::query("UPDATE calendar_revision_moves SET moved_at = '2022-06-12T01:00:00Z'").execute(&o.app.pool).await.unwrap();
    assert_eq!(open("2022-06-10").await, (json!(0), json!(1)), "by the old date, before the revision");
    assert_eq!(open("2022-06-11").await, (json!(0), json!(1)));
}

#[tokio::test]
async fn a_calendar_of_a_department_moves_its_own_dossiers_and_the_base_the_others() {
    let o = Office::open().await;
    let dossier = o.processing().await;
    let own = json!({"code": "dkkd", "name": "Lịch của phòng", "department": "DKKD"});
    o.admin.put("/api/v1/calendars/dkkd", own).await.expect(201);
    o.day_off("dkkd", "2022-06-08").await;
    o.day_off("vn", "2022-06-09").await;
    assert_eq!(o.revise(2, json!({})).await.expect(200).header("unchanged"), Some("true"));
    // What was previewed may lie on another base by now, which the version of the calendar does not tell.
    let revisions = "/api/v1/calendars/dkkd/revisions";
    let preview = o.office.act(&format!("{revisions}?dry_run=true"), 2, json!({"calendar_base_version": 2})).await.expect(201).body;
    assert_eq!(preview["calendar_base_version"], 2);
    let stale = o.office.act(revisions, 2, json!({"calendar_base_version": 1})).await.expect(412);
    assert_eq!(
        (stale.code(), &stale.body["current_version"], &stale.body["current_base_version"]),
        ("version_mismatch", &json!(2), &json!(2))
    );
    assert_eq!((&stale.body["changes"][0]["version"], &stale.body["changes"][0]["fields"]), (&json!(2), &json!(["days"])));
    assert_eq!((bare(&o.get(&dossier).await), o.app.count("calendar_revisions").await), (bare(&dossier), 0));
    let revised = o.office.act(revisions, 2, json!({"calendar_base_version": preview["calendar_base_version"]})).await.expect(201).body;
    assert_eq!([&revised["calendar_version"], &revised["calendar_base_version"], &revised["moved"]], [&json!(2), &json!(2), &json!(1)]);
    let days: Vec<_> = revised["dossiers"][0]["changed_days"].as_array().unwrap().iter().map(|d| d["on"].clone()).collect();
    assert_eq!(days, ["2022-06-08", "2022-06-09"]);
    let dossier = o.get(&dossier).await;
    assert_eq!((&dossier["calendar"], &dossier["calendar_version"], &dossier["due_on"]), (&json!("dkkd"), &json!(2), &json!("2022-06-13")));
    // Both versions are kept: another change below or above does not show.
    o.day_off("vn", "2022-06-10").await;
    let dossier = act(&o.head, &dossier, "suspensions", json!({"reason": "x", "legal_basis": "y"})).await.expect(200).body;
    assert_eq!(dossier["due_before"], "2022-06-13");
    assert_eq!(o.clock(&dossier).await["due_before"], "2022-06-13");
}

#[tokio::test]
async fn when_one_cannot_be_recomputed_none_moves() {
    let o = Office::open().await;
    let dossier = o.processing().await;
    o.day_off("vn", "2022-06-09").await;
    let days = o.admin.get("/api/v1/calendars/vn/days?year=2022").await.expect(200).body["items"].clone();
    let mut version = 2;
    for day in days.as_array().unwrap() {
        let path = format!("/api/v1/calendars/vn/days/{}", day["on"].as_str().unwrap());
        o.admin.send("DELETE", &path, &[("if-match", &format!("\"{version}\""))], None).await.expect(200);
        version += 1;
    }
    let refused = o.revise(version, json!({})).await.expect(422);
    assert_eq!(refused.fault_codes(), ["calendar_missing"]);
    assert!(refused.body["errors"][0]["detail"].as_str().unwrap().starts_with(dossier["code"].as_str().unwrap()), "{}", refused.text);
    assert_eq!(bare(&o.get(&dossier).await), bare(&dossier));
    assert_eq!(o.app.count("calendar_revisions").await, 0);
    // It goes on with the edition that it has.
    act(&o.officer, &dossier, "fee-requests", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_history_that_grows_keeps_its_calendar() {
    let o = Office::open().await;
    let row = |done: Value| {
        let mut row = json!({"code": "K", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
            "accepted_at": "2022-06-06T08:30:00+07:00", "fee_requests": [{"requested_at": "2022-06-06T14:00:00+07:00", "paid_at": "2022-06-06T15:00:00+07:00"}]});
        row.as_object_mut().unwrap().extend(done.as_object().unwrap().clone());
        row
    };
    o.office.load("/api/v1/dossiers/bulk", &[row(json!({}))]).await.expect(200);
    o.day_off("vn", "2022-06-07").await;
    let found = async || o.office.get("/api/v1/dossiers/by-code/K").await.expect(200).body;
    o.office.load("/api/v1/dossiers/bulk", &[row(json!({"digitised": true}))]).await.expect(200);
    assert_eq!(dates(&found().await), [&json!("2022-06-09"), &Value::Null, &json!("2022-06-09"), &json!(1), &json!(2)]);
    let mut other = row(json!({}));
    other["code"] = json!("L");
    o.office.load("/api/v1/dossiers/bulk", &[other]).await.expect(200);
    let new = o.office.get("/api/v1/dossiers/by-code/L").await.expect(200).body;
    assert_eq!(dates(&new), [&json!("2022-06-10"), &Value::Null, &json!("2022-06-10"), &json!(2), &json!(1)]);
    o.revise(2, json!({})).await.expect(201);
    assert_eq!(dates(&found().await), [&json!("2022-06-10"), &Value::Null, &json!("2022-06-09"), &json!(2), &json!(3)]);
    // Told again with its end: the revised date counts, and what the pause led to then stays.
    let end = json!({"digitised": true, "decision": "resolved", "finished_at": "2022-06-08T09:00:00+07:00"});
    o.office.load("/api/v1/dossiers/bulk", &[row(end)]).await.expect(200);
    let ended = found().await;
    assert_eq!(
        (&ended["due_on"], &ended["timeliness"], &ended["fee_requests"][0]["due_after"]),
        (&json!("2022-06-10"), &json!("early"), &json!("2022-06-09"))
    );
    // Closed: no further revision.
    o.day_off("vn", "2022-06-09").await;
    let again = o.revise(3, json!({})).await.expect(201).body;
    assert_eq!(again["dossiers"].as_array().unwrap().iter().map(|d| d["code"].clone()).collect::<Vec<_>>(), ["L"]);
    assert_eq!(found().await, ended);
}

#[tokio::test]
async fn thousands_move_in_one_revision_and_the_answer_lists_the_first() {
    let o = Office::open().await;
    let rows: Vec<Value> = (0..3_000)
        .map(|i| {
            json!({"code": format!("N{i:05}"), "procedure": "2.001199", "receiving_department": "MC", "channel": "online", "accepted_at": "2022-06-06T08:30:00+07:00"})
        })
        .collect();
    o.office.load("/api/v1/dossiers/bulk?return=summary", &rows).await.expect(200);
    o.day_off("vn", "2022-06-09").await;
    let ids = |list: &Value| list.as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    // Every one can be seen before it moves, a thousand at a time.
    let (mut previewed, mut after) = (Vec::new(), String::new());
    for page in 1..=3 {
        let preview = o.office.act(&format!("{REVISIONS}?dry_run=true{after}"), 2, json!({})).await.expect(201).body;
        assert_eq!((&preview["moved"], preview["dossiers"].as_array().unwrap().len()), (&json!(3_000), 1_000));
        previewed.extend(ids(&preview["dossiers"]));
        match preview["next_after"].as_str() {
            Some(id) => after = format!("&after={id}"),
            None => assert_eq!(page, 3),
        }
    }
    assert_eq!(previewed.iter().collect::<std::collections::BTreeSet<_>>().len(), 3_000);
    o.office.act(&format!("{REVISIONS}?dry_run=true&after=x"), 2, json!({})).await.expect(400);
    let done = o.revise(2, json!({})).await.expect(201).body;
    assert_eq!((&done["checked"], &done["moved"], done["dossiers"].as_array().unwrap().len()), (&json!(3_000), &json!(3_000), 1_000));
    // And after, page by page.
    let (mut moved, mut path) = (Vec::new(), format!("{REVISIONS}/1/moves?limit=500"));
    loop {
        let page = o.office.get(&path).await.expect(200);
        moved.extend(ids(&page.body["items"]));
        match page.header("link") {
            Some(link) => path = link.split(['<', '>']).nth(1).unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(moved, previewed);
    assert_eq!(
        o.app.count("dossiers WHERE due_on = '2022-06-10' AND first_due_on = '2022-06-09' AND calendar_version = 2 AND version = 2").await,
        3_000
    );
    assert_eq!(o.app.count("audit_events WHERE act = 'revise' AND subject_type = 'dossier'").await, 3_000);
}

#[tokio::test]
async fn revisions_and_acts_at_once_lose_nothing() {
    let o = Office::open().await;
    let mut dossiers = Vec::new();
    for _ in 0..12 {
        dossiers.push(o.processing().await);
    }
    o.day_off("vn", "2022-06-09").await;
    let revisions: Vec<_> = (0..3)
        .map(|_| {
            let office = o.office.clone();
            tokio::spawn(async move { office.act(REVISIONS, 2, json!({})).await.status })
        })
        .collect();
    let acts: Vec<_> = dossiers
        .iter()
        .map(|dossier| {
            let (officer, dossier) = (o.officer.clone(), dossier.clone());
            tokio::spawn(async move { act(&officer, &dossier, "fee-requests", json!({})).await.status })
        })
        .collect();
    let (mut revised, mut acted) = (Vec::new(), Vec::new());
    for task in revisions {
        revised.push(task.await.unwrap());
    }
    for task in acts {
        acted.push(task.await.unwrap());
    }
    revised.sort_unstable();
    assert_eq!(revised, [200, 200, 201]);
    // Whoever came after the revision had seen an old version.
    assert!(acted.iter().all(|status| matches!(status, 200 | 412)), "{acted:?}");
    for (dossier, status) in dossiers.iter().zip(acted) {
        let now = o.get(dossier).await;
        let due = if status == 200 { &now["due_before"] } else { &now["due_on"] };
        assert_eq!((due, &now["calendar_version"], &now["first_due_on"]), (&json!("2022-06-10"), &json!(2), &json!("2022-06-09")), "{now}");
    }
}

/// Accepted on Wednesday 1 June 2022, due on Monday the 6th.
async fn apologised(o: &Office, sent: &str) -> Value {
    let new = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true,
        "occurred_at": "2022-06-01T09:00:00+07:00", "applicant": {"kind": "enterprise", "name": "Công ty Biển Xanh"}});
    let dossier = o.one_stop.post("/api/v1/dossiers", new).await.expect(201).body;
    let dossier = act(&o.officer, &dossier, "processing", json!({"occurred_at": "2022-06-01T10:00:00+07:00"})).await.expect(200).body;
    let sorry = json!({"reason": "Chờ ý kiến", "new_due_on": "2022-06-10", "occurred_at": sent});
    act(&o.one_stop, &dossier, "apologies", sorry).await.expect(200).body
}

/// An apology was sent before or after the due date of its time, whatever a revision makes of that date later.
#[tokio::test]
async fn the_verdict_on_an_apology_stands() {
    let o = Office::open().await;
    let late = apologised(&o, "2022-06-07T09:00:00+07:00").await;
    assert_eq!((&late["due_on"], &late["findings"]), (&json!("2022-06-06"), &json!(["apology_after_due"])));
    o.day_off("vn", "2022-06-03").await;
    o.revise(2, json!({})).await.expect(201);
    let moved = o.get(&late).await;
    assert_eq!(moved["due_on"], "2022-06-07");
    let done = act(&o.officer, &moved, "resolution", json!({})).await.expect(200).body;
    assert_eq!((&done["findings"], &done["outcome"]), (&json!(["apology_after_due"]), &json!("late_with_apology")));

    let o = Office::open().await;
    let early = apologised(&o, "2022-06-06T09:00:00+07:00").await;
    assert_eq!((&early["due_on"], &early["findings"]), (&json!("2022-06-06"), &json!([])));
    let works = json!({"kind": "make_up", "name": "Làm bù"});
    o.admin.put("/api/v1/calendars/vn/days/2022-06-04", works).await.expect(201);
    o.revise(2, json!({})).await.expect(201);
    let moved = o.get(&early).await;
    assert_eq!(moved["due_on"], "2022-06-04");
    let done = act(&o.officer, &moved, "resolution", json!({})).await.expect(200).body;
    assert_eq!(done["findings"], json!([]));
}

/// Accepted on Wednesday 1 June 2022, due on Monday the 6th.
fn apologies(sent: &[&str], more: Value) -> Value {
    let sent: Vec<_> = sent.iter().map(|at| json!({"sent_at": at, "reason": "Chờ ý kiến", "new_due_on": "2022-06-10"})).collect();
    let mut row = json!({"code": "K", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
        "accepted_at": "2022-06-01T09:00:00+07:00", "apologies": sent});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

#[tokio::test]
async fn a_load_does_not_judge_an_apology_anew_either() {
    let findings = async |o: &Office| o.office.get("/api/v1/dossiers/by-code/K").await.expect(200).body["findings"].clone();
    let load = async |o: &Office, row: Value| o.office.load("/api/v1/dossiers/bulk", &[row]).await.expect(200);
    let done = json!({"decision": "resolved", "finished_at": "2022-06-08T09:00:00+07:00"});
    let (late, early, both) = ("2022-06-07T09:00:00+07:00", "2022-06-06T09:00:00+07:00", json!(["apology_after_due", "repeated_apology"]));

    let o = Office::open().await;
    load(&o, apologies(&[late], json!({}))).await;
    assert_eq!(findings(&o).await, json!(["apology_after_due"]));
    o.day_off("vn", "2022-06-03").await;
    assert_eq!(o.revise(2, json!({})).await.expect(201).body["moved"], 1);
    load(&o, apologies(&[late], json!({"digitised": true}))).await;
    assert_eq!(findings(&o).await, json!(["apology_after_due"]));
    load(&o, apologies(&[late], done.clone())).await;
    assert_eq!(findings(&o).await, json!(["apology_after_due"]));
    // One that is taken back was never late, and the one told instead is judged by the date that is in force.
    load(&o, apologies(&[early], done.clone())).await;
    assert_eq!(findings(&o).await, json!([]));

    let o = Office::open().await;
    load(&o, apologies(&[early], json!({}))).await;
    assert_eq!(findings(&o).await, json!([]));
    o.admin.put("/api/v1/calendars/vn/days/2022-06-04", json!({"kind": "make_up", "name": "Làm bù"})).await.expect(201);
    assert_eq!(o.revise(2, json!({})).await.expect(201).body["moved"], 1);
    load(&o, apologies(&[early], json!({"digitised": true}))).await;
    assert_eq!(findings(&o).await, json!([]));
    load(&o, apologies(&[early, late], done.clone())).await;
    assert_eq!(findings(&o).await, both);
    // Told only now of the time before: judged by what is in force now, as all that is told for the first time.
    load(&o, apologies(&[early, "2022-06-06T15:00:00+07:00"], done.clone())).await;
    assert_eq!(findings(&o).await, both);
    // Another acceptance is another promise, and everything is judged by it.
    load(&o, apologies(&[early], json!({"accepted_at": "2022-06-01T08:00:00+07:00"}))).await;
    assert_eq!(findings(&o).await, json!(["apology_after_due"]));
}

#[tokio::test]
async fn a_load_that_names_another_department_keeps_the_calendar() {
    let o = Office::open().await;
    let row = |code: &str, more: Value| {
        let mut row = json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
            "accepted_at": "2022-06-03T08:30:00+07:00"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    let closed = |department: &str| {
        let end = json!({"resolving_department": department, "decision": "resolved", "finished_at": "2022-06-08T09:00:00+07:00"});
        row("CLOSED", end)
    };
    o.office.load("/api/v1/dossiers/bulk", &[row("OPEN", json!({})), closed("DKKD")]).await.expect(200);
    o.admin.put("/api/v1/calendars/thqh", json!({"code": "thqh", "name": "Lịch", "department": "THQH"})).await.expect(201);
    o.day_off("thqh", "2022-06-07").await;
    o.day_off("vn", "2022-06-08").await;
    o.office.load("/api/v1/dossiers/bulk", &[row("OPEN", json!({"resolving_department": "THQH"})), closed("THQH")]).await.expect(200);
    let found = async |code: &str| o.office.get(&format!("/api/v1/dossiers/by-code/{code}")).await.expect(200).body;
    for code in ["OPEN", "CLOSED"] {
        let dossier = found(code).await;
        assert_eq!((&dossier["resolving_department"], &dossier["calendar"]), (&json!("THQH"), &json!("vn")), "{code}");
        assert_eq!(dates(&dossier), [&json!("2022-06-08"), &Value::Null, &json!("2022-06-08"), &json!(1), &json!(2)], "{code}");
    }
    assert_eq!(found("CLOSED").await["timeliness"], "on_time");
    // The calendar of the department that resolves it moves the open one.
    let revised = o.office.act("/api/v1/calendars/thqh/revisions", 2, json!({})).await.expect(201).body;
    assert_eq!((&revised["checked"], &revised["dossiers"][0]["code"]), (&json!(1), &json!("OPEN")));
    assert_eq!((&found("OPEN").await["calendar"], &found("OPEN").await["due_on"]), (&json!("thqh"), &json!("2022-06-10")));
    assert_eq!(found("CLOSED").await["due_on"], "2022-06-08");
}

/// The day that is off now fell into a pause: the due date is the same, what was in force before the pause is not.
#[tokio::test]
async fn a_revision_that_moves_nothing_leaves_its_trace() {
    let o = Office::open().await;
    let row = |more: Value| {
        let mut row = json!({"code": "K", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
            "accepted_at": "2022-06-06T08:30:00+07:00", "fee_requests": [{"requested_at": "2022-06-06T14:00:00+07:00", "paid_at": "2022-06-08T09:00:00+07:00"}]});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    o.office.load("/api/v1/dossiers/bulk", &[row(json!({}))]).await.expect(200);
    let found = async || o.office.get("/api/v1/dossiers/by-code/K").await.expect(200).body;
    let before = found().await;
    assert_eq!((&before["due_on"], &before["fee_requests"][0]["due_before"]), (&json!("2022-06-13"), &json!("2022-06-09")));
    let then = format!("/api/v1/dossiers/{}/clock?as_of=2022-06-06T12:00:00%2B07:00", before["id"].as_str().unwrap());
    let then = async || o.office.get(&then).await.expect(200).body;
    assert_eq!(then().await["due_on"], "2022-06-09");

    o.day_off("vn", "2022-06-07").await;
    let revised = o.revise(2, json!({})).await.expect(201).body;
    assert_eq!((&revised["checked"], &revised["moved"]), (&json!(1), &json!(0)));
    let after = found().await;
    assert_eq!(dates(&after), [&json!("2022-06-13"), &Value::Null, &json!("2022-06-09"), &json!(2), &json!(1)]);
    assert_eq!(after["fee_requests"], before["fee_requests"]);
    assert_eq!(then().await["due_on"], "2022-06-09", "the 10th was not in force then");
    // Nothing moved, so nothing is told of a move.
    let causes = o.clock(&after).await["due_dates"].clone();
    assert!(causes.as_array().unwrap().iter().all(|e| e["cause"] != "calendar-revision"), "{causes}");
    let timeline = o.office.get(&format!("/api/v1/dossiers/{}/timeline", after["id"].as_str().unwrap())).await.expect(200).body;
    assert!(timeline["items"].as_array().unwrap().iter().all(|e| e["act"] != "calendar-revision"), "{timeline}");
    assert_eq!(o.office.get(&format!("{REVISIONS}/1/moves")).await.expect(200).body["items"], json!([]));
    assert_eq!(o.app.count("audit_events WHERE act = 'revise' AND subject_type = 'dossier'").await, 0);
    // Told again: what was in force when the pause began stays.
    o.office.load("/api/v1/dossiers/bulk", &[row(json!({"digitised": true}))]).await.expect(200);
    assert_eq!(found().await["fee_requests"], before["fee_requests"]);
}

/// Told late of the time before the revision: the list, the ledger and the reports know the same due date.
#[tokio::test]
async fn a_load_that_tells_of_the_time_before_a_revision_is_told_everywhere() {
    let o = Office::open().await;
    let row = |more: Value| {
        let mut row = json!({"code": "K", "procedure": "2.001199", "receiving_department": "MC", "channel": "online",
            "accepted_at": "2022-06-06T08:30:00+07:00"});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        row
    };
    o.office.load("/api/v1/dossiers/bulk", &[row(json!({}))]).await.expect(200);
    o.day_off("vn", "2022-06-09").await;
    assert_eq!(o.revise(2, json!({})).await.expect(201).body["dossiers"][0]["to"]["due_on"], "2022-06-10");
    let paid = json!({"fee_requests": [{"requested_at": "2022-06-06T14:00:00+07:00", "paid_at": "2022-06-07T14:00:00+07:00"}]});
    o.office.load("/api/v1/dossiers/bulk", &[row(paid)]).await.expect(200);
    let found = o.office.get("/api/v1/dossiers/by-code/K").await.expect(200).body;
    assert_eq!(found["due_on"], "2022-06-13");
    let last = o.clock(&found).await["due_dates"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["cause"], &last["due_on"]), (&json!("calendar-revision"), &json!("2022-06-13")));
    let open = o.office.get("/api/v1/reports/dossier-results?from=2022-06-01&to=2022-06-13").await.expect(200).body["total"].clone();
    assert_eq!((&open["open_in_time"], &open["open_overdue"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_preview_waits_for_nobody() {
    let o = Office::open().await;
    o.processing().await;
    o.day_off("vn", "2022-06-09").await;
    let mut held = o.app.pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM calendars FOR UPDATE").execute(&mut *held).await.unwrap();
    sqlx::query("SELECT 1 FROM dossiers FOR UPDATE").execute(&mut *held).await.unwrap();
    let path = format!("{REVISIONS}?dry_run=true");
    let preview = o.office.act(&path, 2, json!({}));
    let preview = tokio::time::timeout(std::time::Duration::from_secs(4), preview).await.expect("it does not wait");
    assert_eq!(preview.expect(201).body["moved"], 1);
}
