//! Every kind of finding: by act where an act can bring it about, by an imported row, in lists, details and counts.

use std::collections::{BTreeMap, BTreeSet};

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::examples::loaded;
use crate::figures::{row, with, with_rows};
use crate::harness::{Actor, Answer, App};

async fn codes(who: &Actor, finding: &str) -> BTreeSet<String> {
    let page = who.get(&format!("/api/v1/dossiers?limit=500&finding={finding}")).await.expect(200).body;
    page["items"].as_array().unwrap().iter().map(|d| d["code"].as_str().unwrap().to_owned()).collect()
}

async fn detail(who: &Actor, code: &str) -> Value {
    who.get(&format!("/api/v1/dossiers/by-code/{code}")).await.expect(200).body
}

fn days(dossier: &Value) -> BTreeMap<String, String> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    dossier["finding_details"].as_array().unwrap().iter().map(|f| (text(&f["kind"]), text(&f["arose_on"]))).collect()
}

#[tokio::test]
async fn every_finding_is_found_in_a_row_of_history_with_the_day_it_arose() {
    let paper = |no: Value, from: &str, to: &str| json!({"requested_at": from, "document_no": no, "reason": "x", "fulfilled_at": to});
    let (first, second) = (
        paper(json!(" "), "2022-06-07T09:00:00+07:00", "2022-06-08T09:00:00+07:00"),
        paper(json!("2"), "2022-06-09T09:00:00+07:00", "2022-06-10T09:00:00+07:00"),
    );
    let sorry = |at: &str| json!({"sent_at": at, "reason": "x", "new_due_on": "2022-06-30", "document_no": "1"});
    let end = |decision: &str, more: Value| {
        let mut end = json!({"decision": decision, "finished_at": "2022-06-08T10:00:00+07:00"});
        end.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        end
    };
    let asked = |reminders: Value| json!([{"agency": "Sở Xây dựng", "sent_at": "2022-06-07T08:00:00+07:00", "answer_due_on": "2022-06-10", "reminders": reminders}]);
    let reminders = json!([{"sent_at": "2022-06-09T08:00:00+07:00"}, {"sent_at": "2022-06-08T08:00:00+07:00"}]);
    let kinds = [
        ("received_outside_one_stop", json!({"receiving_department": "DKKD", "submitted_at": "2022-06-05T08:00:00+07:00"}), "2022-06-05"),
        ("supplement_without_notice", json!({"supplements": [first, second]}), "2022-06-07"),
        (
            "repeated_supplement",
            json!({"supplements": [paper(json!("1"), "2022-06-07T09:00:00+07:00", "2022-06-08T09:00:00+07:00"), second]}),
            "2022-06-09",
        ),
        ("refusal_without_reason", end("refused", json!({"decision_document_no": "1", "decision_reason": " "})), "2022-06-08"),
        ("refusal_without_document", end("refused", json!({"decision_reason": "x"})), "2022-06-08"),
        ("late_without_apology", json!({"decision": "resolved", "finished_at": "2022-06-10T10:00:00+07:00"}), "2022-06-10"),
        ("apology_after_due", json!({"apologies": [sorry("2022-06-10T08:00:00+07:00")]}), "2022-06-10"),
        ("repeated_apology", json!({"apologies": [sorry("2022-06-08T08:00:00+07:00"), sorry("2022-06-09T08:00:00+07:00")]}), "2022-06-09"),
        (
            "suspension_without_basis",
            json!({"suspensions": [{"from": "2022-06-07T08:00:00+07:00", "to": "2022-06-08T08:00:00+07:00", "reason": "x"}]}),
            "2022-06-07",
        ),
        ("termination_without_notice", end("terminated", json!({"decision_reason": "x"})), "2022-06-08"),
        ("missing_digital_file", json!({"digitised": false}), "2022-06-06"),
        ("not_accepted_after_acceptance", end("not_accepted", json!({"decision_reason": "x"})), "2022-06-08"),
        ("consultation_reminder_due", json!({"consultations": asked(json!([]))}), "2022-06-11"),
        ("consultation_escalation_due", json!({"consultations": asked(reminders)}), "2022-06-09"),
    ];
    let rows: Vec<Value> = kinds.iter().map(|(kind, change, _)| row(kind, change.clone())).collect();
    let mut voided = row("voided", json!({"decision": "voided", "finished_at": "2022-06-09T08:00:00+07:00", "digitised": false}));
    voided["receiving_department"] = json!("DKKD");
    let app = with_rows(&[rows, vec![voided]].concat()).await;
    let office = app.office().await;
    let catalogue = office.get("/api/v1/findings").await.expect(200).body;
    let known: BTreeMap<&str, &Value> = catalogue["items"].as_array().unwrap().iter().map(|f| (f["kind"].as_str().unwrap(), f)).collect();
    assert_eq!(known.keys().copied().collect::<BTreeSet<_>>(), kinds.iter().map(|(kind, ..)| *kind).collect());
    let mut all = BTreeMap::new();
    for (kind, _, arose_on) in &kinds {
        let dossier = detail(&office, kind).await;
        assert_eq!(days(&dossier).get(*kind).map(String::as_str), Some(*arose_on), "{kind}: {dossier}");
        assert_eq!(
            dossier["findings"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect::<Vec<_>>(),
            days(&dossier).keys().collect::<Vec<_>>()
        );
        for found in dossier["finding_details"].as_array().unwrap() {
            let words = known[found["kind"].as_str().unwrap()];
            assert_eq!((&found["detail"], &found["remedy"]), (&words["detail"], &words["remedy"]));
            assert!(found["detail"]["vi"] != found["detail"]["en"], "{found}");
        }
        assert!(codes(&office, kind).await.contains(*kind), "{kind}");
        all.extend(days(&dossier).into_iter().map(|(k, on)| ((*kind, k), on)));
    }
    assert_eq!(detail(&office, "voided").await["finding_details"], json!([]));
    // What is due about the dossier past its own date, besides the answer: since the later of both.
    assert_eq!(all[&("consultation_reminder_due", "consultation_escalation_due".to_owned())], "2022-06-11");

    // The report counts the same, by the day each arose.
    let report = async |query: &str| office.get(&format!("/api/v1/reports/findings?{query}")).await.expect(200).body;
    for (from, to) in
        [("2022-06-01", "2022-06-19"), ("2022-06-08", "2022-06-08"), ("2022-06-10", "2022-06-15"), ("2022-07-01", "2022-07-31")]
    {
        let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
        let within = || all.iter().filter(|(_, on)| (from..=to).contains(&on.as_str()));
        within().for_each(|((_, kind), _)| *expected.entry(kind).or_default() += 1);
        let dossiers = within().map(|((code, _), _)| code).collect::<BTreeSet<_>>().len();
        let body = report(&format!("from={from}&to={to}&as_of=2022-06-19&group_by=department")).await;
        let total = json!({"findings": expected, "total": expected.values().sum::<i64>(), "dossiers": dossiers});
        assert_eq!(body["total"], total, "{from}");
        let keys: Vec<_> = body["rows"].as_array().unwrap().iter().map(|r| r["key"].as_str().unwrap()).collect();
        assert_eq!(keys, if dossiers == 0 { vec![] } else { vec!["DKKD"] });
    }
    let kinds = report("from=2022-06-01&to=2022-06-19&group_by=kind").await;
    assert_eq!((kinds["rows"].as_array().unwrap().len(), &kinds["rows"][0]["name"]), (14, &json!("Apology after the due date")));
    // Two reminders ask for the level above at once; without them it is when both the answer and the dossier are past due.
    let then = report("from=2022-06-01&to=2022-06-14").await["total"]["findings"].clone();
    assert_eq!((&then["consultation_reminder_due"], &then["consultation_escalation_due"]), (&json!(1), &json!(2)));
    let early = report("from=2022-06-01&to=2022-06-10").await["total"]["findings"].clone();
    assert_eq!((&early["consultation_reminder_due"], &early["apology_after_due"]), (&json!(null), &json!(1)));
    assert_eq!(early["consultation_escalation_due"], 1);
    // On the 8th the second reminder had not been sent.
    let earlier = report("from=2022-06-01&to=2022-06-08").await["total"]["findings"].clone();
    assert_eq!(earlier["consultation_escalation_due"], json!(null));
    let csv =
        office.send("GET", "/api/v1/reports/findings?period=2022&group_by=department", &[("accept", "text/csv")], None).await.expect(200);
    assert!(csv.text.starts_with("\u{feff}Mã,Tên,Tiếp nhận ngoài Một cửa,") && csv.text.contains("\r\n,Tổng cộng,"), "{}", csv.text);
    assert_eq!(office.get("/api/v1/reports/findings?group_by=colour").await.expect(400).pointers(), ["period", "group_by"]);
    let elsewhere = app.actor(Role::Head, Some("DN")).await;
    assert_eq!(elsewhere.get("/api/v1/reports/findings?period=2022").await.expect(200).body["total"]["total"], 0);
}

#[tokio::test]
async fn acts_bring_findings_about_and_only_those_they_may() {
    let app = App::at("2022-06-20T10:00:00+07:00").await.with_examples().await;
    let (counter, head) = (app.one_stop().await, app.actor(Role::Head, Some("DKKD")).await);
    let office = app.office().await;
    let act = async |who: &Actor, dossier: &Value, act: &str, body: Value| -> Answer {
        let path = format!("/api/v1/dossiers/{}/{act}", dossier["id"].as_str().unwrap());
        who.act(&path, dossier["version"].as_i64().unwrap(), body).await
    };
    // Due on the 9th.
    let accepted = async |digitised: bool| {
        let body = json!({"procedure": "2.001199", "receiving_department": "MC", "channel": "direct", "accept": true, "digitised": digitised,
            "occurred_at": "2022-06-06T09:00:00+07:00", "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}});
        let dossier = counter.post("/api/v1/dossiers", body).await.expect(201).body;
        act(&head, &dossier, "processing", json!({"occurred_at": "2022-06-06T10:00:00+07:00"})).await.expect(200).body
    };
    let on = |dossier: &Value, kind: &str| days(dossier).get(kind).cloned().unwrap_or_default();

    let dossier = accepted(false).await;
    assert_eq!(on(&dossier, "missing_digital_file"), "2022-06-06");
    let late = act(&head, &dossier, "resolution", json!({"document_no": "1/GCN", "occurred_at": "2022-06-13T10:00:00+07:00"}))
        .await
        .expect(200)
        .body;
    assert_eq!(on(&late, "late_without_apology"), "2022-06-13");

    let mut dossier = accepted(true).await;
    for (day, kind) in [("08", None), ("14", Some("repeated_apology"))] {
        let body = json!({"reason": "x", "new_due_on": "2022-06-30", "document_no": "1/XL", "occurred_at": format!("2022-06-{day}T08:00:00+07:00")});
        dossier = act(&counter, &dossier, "apologies", body).await.expect(200).body;
        match kind {
            None => assert_eq!(dossier["findings"], json!([])),
            Some(kind) => assert_eq!(on(&dossier, kind), "2022-06-14"),
        }
    }
    assert_eq!(on(&dossier, "apology_after_due"), "2022-06-14");

    let mut dossier = accepted(true).await;
    for n in [1, 2] {
        let body = json!({"reason": "x", "document_no": "1/TB", "occurred_at": format!("2022-06-0{}T11:00:00+07:00", 5 + n)});
        dossier = act(&head, &dossier, "supplement-requests", body).await.expect(200).body;
        let brought = json!({"occurred_at": format!("2022-06-0{}T12:00:00+07:00", 5 + n)});
        dossier = act(&counter, &dossier, &format!("supplement-requests/{n}/fulfilment"), brought).await.expect(200).body;
    }
    assert_eq!(on(&dossier, "repeated_supplement"), "2022-06-07");

    let asked = json!({"agency": "Sở Xây dựng", "answer_due_on": "2022-06-08", "occurred_at": "2022-06-07T08:00:00+07:00"});
    let mut dossier = act(&head, &accepted(true).await, "consultations", asked).await.expect(200).body;
    assert_eq!(
        (on(&dossier, "consultation_reminder_due"), on(&dossier, "consultation_escalation_due")),
        ("2022-06-09".into(), "2022-06-10".into())
    );
    for day in ["09", "10"] {
        let body = json!({"document_no": "1", "occurred_at": format!("2022-06-{day}T09:00:00+07:00")});
        dossier = act(&head, &dossier, "consultations/1/reminders", body).await.expect(200).body;
    }
    assert_eq!(
        (on(&dossier, "consultation_reminder_due"), on(&dossier, "consultation_escalation_due")),
        (String::new(), "2022-06-10".into())
    );
    assert_eq!(codes(&office, "consultation_escalation_due").await, BTreeSet::from([dossier["code"].as_str().unwrap().to_owned()]));
    let told = act(&head, &dossier, "consultations/1/escalation", json!({})).await.expect(200).body;
    assert_eq!((told["findings"].clone(), codes(&office, "consultation_escalation_due").await), (json!([]), BTreeSet::new()));

    // The others no act may bring about.
    let dossier = accepted(true).await;
    for (name, body, pointer) in [
        ("supplement-requests", json!({"reason": "x"}), "/document_no"),
        ("refusal", json!({"document_no": "1"}), "/reason"),
        ("refusal", json!({"reason": "x"}), "/document_no"),
        ("suspensions", json!({"reason": "x"}), "/legal_basis"),
        ("termination", json!({"reason": "x"}), "/notice_no"),
    ] {
        assert_eq!(act(&head, &dossier, name, body).await.expect(422).pointers(), [pointer], "{name}");
    }
    act(&counter, &dossier, "non-acceptance", json!({"reason": "x"})).await.expect(409);
    let elsewhere = json!({"procedure": "2.001199", "receiving_department": "DKKD", "channel": "direct", "applicant": {"kind": "citizen", "name": "A"}});
    assert_eq!(counter.post("/api/v1/dossiers", elsewhere).await.expect(422).pointers(), ["/receiving_department"]);
}

#[tokio::test]
async fn what_is_due_about_consultations_is_the_same_in_lists_details_and_counts() {
    let mut chance = 20_220_620_u64;
    let mut below = |n: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % n
    };
    let at = |day: u64, hour: u64| format!("2022-06-{day:02}T{hour:02}:00:00+07:00");
    let mut rows = Vec::new();
    for i in 0..160 {
        // The day of asking is the 20th; limits end between the 9th and the 23rd.
        let day = [6, 7, 14, 15, 16, 17][below(6) as usize];
        let mut change = json!({"accepted_at": at(day, 9), "consultations": []});
        for _ in 0..below(3) {
            let sent = day + below(2);
            let reminders: Vec<Value> =
                (0..below(4)).map(|_| json!({"sent_at": at((sent + 1 + below(2)).min(19), 8 + below(8))})).collect();
            let due = [json!(null), json!(format!("2022-06-{:02}", 17 + below(6))), json!(format!("2022-06-{:02}", sent + 1 + below(3)))];
            let when = |n: u64| if n == 0 { json!(at(19, 9)) } else { json!(null) };
            let one = json!({"agency": "Sở Xây dựng", "sent_at": at(sent, 10), "answer_due_on": due[below(3) as usize], "reminders": reminders,
                "answered_at": when(below(4)), "escalated_at": when(below(5))});
            change["consultations"].as_array_mut().unwrap().push(one);
        }
        match below(6) {
            0 => change["supplements"] = json!([{"requested_at": at(19, 10), "document_no": "1", "reason": "x"}]),
            1 => change
                .as_object_mut()
                .unwrap()
                .extend(json!({"decision": "resolved", "finished_at": at(19, 15)}).as_object().unwrap().clone()),
            _ => {}
        }
        rows.push(row(&format!("R{i}"), change));
    }
    let app = with_rows(&rows).await;
    let office = app.office().await;
    let kinds = ["consultation_reminder_due", "consultation_escalation_due"];
    let mut expected: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut arose: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for row in &rows {
        let dossier = detail(&office, row["code"].as_str().unwrap()).await;
        for (found, on) in days(&dossier) {
            if let Some(kind) = kinds.into_iter().find(|kind| *kind == found) {
                expected.entry(kind).or_default().insert(dossier["code"].as_str().unwrap().to_owned());
                *arose.entry((kind, on)).or_default() += 1;
            }
        }
    }
    for kind in kinds {
        assert!(expected[kind].len() > 10 && expected[kind].len() < 150, "{}", expected[kind].len());
        assert_eq!(codes(&office, kind).await, expected[kind], "{kind}");
    }
    for ((kind, on), n) in &arose {
        let body = office.get(&format!("/api/v1/reports/findings?from={on}&to={on}&as_of=2022-06-20")).await.expect(200).body;
        assert_eq!(body["total"]["findings"][kind], json!(n), "{kind} {on}");
    }
    let head = app.actor(Role::Head, Some("DN")).await;
    assert_eq!(codes(&head, kinds[0]).await, BTreeSet::new());
}

#[tokio::test]
async fn a_period_that_still_runs_is_judged_today() {
    let asked = |due: &str, more: Value| {
        let mut one = json!({"agency": "Sở Xây dựng", "sent_at": "2022-06-14T10:00:00+07:00", "answer_due_on": due});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"accepted_at": "2022-06-14T09:00:00+07:00", "procedure": "1.009493", "consultations": [one]})
    };
    let answered = json!({"answered_at": "2022-06-18T09:00:00+07:00"});
    let rows = [
        row("silent", asked("2022-06-16", json!({}))),
        row("due_next_week", asked("2022-06-23", json!({}))),
        row("answered_late", asked("2022-06-16", answered.clone())),
        // Finished, voided and never answered: nothing is due any more.
        row(
            "finished",
            with(
                asked("2022-06-16", json!({})),
                json!({"decision": "resolved", "decision_document_no": "1", "finished_at": "2022-06-19T10:00:00+07:00"}),
            ),
        ),
        row("voided", with(asked("2022-06-16", json!({})), json!({"decision": "voided", "finished_at": "2022-06-19T10:00:00+07:00"}))),
        // Due on the 23rd, and with nothing to say about consultations.
        row("plain", json!({"accepted_at": "2022-06-20T08:00:00+07:00"})),
    ];
    let app = with_rows(&rows).await;
    let office = app.office().await;
    let report = async |query: &str| office.get(&format!("/api/v1/reports/{query}")).await.expect(200).body;
    let listed = codes(&office, "consultation_reminder_due").await;
    assert_eq!(listed, BTreeSet::from(["silent".to_owned()]));
    for query in ["findings?from=2022-06-01&to=2022-06-30", "findings?from=2022-06-01&to=2022-06-30&as_of=2022-06-20"] {
        let body = report(query).await;
        assert_eq!((&body["as_of"], &body["total"]["findings"]["consultation_reminder_due"]), (&json!("2022-06-20"), &json!(listed.len())));
    }
    // Whoever wants the end of the period asks for it.
    let end = report("findings?from=2022-06-01&to=2022-06-30&as_of=2022-06-30").await;
    assert_eq!((&end["as_of"], &end["total"]["findings"]["consultation_reminder_due"]), (&json!("2022-06-30"), &json!(2)));
    // On the 17th nobody had answered, and nothing was finished; what was voided since has no findings any more.
    let then = report("findings?from=2022-06-01&to=2022-06-17").await;
    assert_eq!((&then["as_of"], &then["total"]["findings"]["consultation_reminder_due"]), (&json!("2022-06-17"), &json!(3)));
    let late = report("overdue-reasons?from=2022-06-01&to=2022-06-30").await;
    assert_eq!((&late["as_of"], &late["total"]["overdue"]), (&json!("2022-06-20"), &json!(0)));
    let months = report("outcomes-by-month?year=2022&period_set=calendar").await;
    assert_eq!((&months["as_of"], &months["rows"][5]["outcomes"]), (&json!("2022-06-20"), &json!({"in_progress": 4, "on_time": 1})));
    // Results of handling speak of the end of their period.
    assert_eq!(report("dossier-results?from=2022-06-01&to=2022-06-30").await["as_of"], "2022-06-30");
    assert_eq!(report("dossier-outcomes?from=2022-06-01&to=2022-06-30").await["as_of"], "2022-06-30");
}

#[tokio::test]
async fn the_worked_examples_are_counted_as_their_details_say() {
    let app = loaded().await;
    let office = app.office().await;
    let mut expected: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    let mut path = "/api/v1/dossiers?limit=500".to_owned();
    let page = office.get(&path).await.expect(200).body;
    for item in page["items"].as_array().unwrap() {
        path = format!("/api/v1/dossiers/{}", item["id"].as_str().unwrap());
        let dossier = office.get(&path).await.expect(200).body;
        for (kind, on) in days(&dossier) {
            assert!(("2021-01-01".."2023-01-01").contains(&on.as_str()), "{on}");
            *expected.entry(dossier["resolving_department"].as_str().unwrap().to_owned()).or_default().entry(kind).or_default() += 1;
        }
    }
    let report = office.get("/api/v1/reports/findings?from=2021-01-01&to=2022-12-31&group_by=department").await.expect(200).body;
    let found: BTreeMap<String, BTreeMap<String, i64>> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["key"].as_str().unwrap().to_owned(), serde_json::from_value(r["findings"].clone()).unwrap()))
        .collect();
    assert!(found.len() > 2, "{report}");
    assert_eq!(found, expected);
}
