//! The work list: what is to be done, the most urgent first.

use std::collections::BTreeSet;

use dunghen::auth::Role;
use serde_json::{Value, json};

use crate::examples;
use crate::harness::{Actor, App};

/// A Monday.
const NOW: &str = "2022-06-20T10:00:00+07:00";

fn row(code: &str, accepted: &str, change: Value) -> Value {
    let mut row = json!({"code": code, "procedure": "2.001199", "receiving_department": "MC", "channel": "direct",
        "accepted_at": format!("2022-06-{accepted}T09:00:00+07:00")});
    row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    row
}

fn asked(reminders: usize, due: &str) -> Value {
    let reminders: Vec<_> = (0..reminders).map(|i| json!({"sent_at": format!("2022-06-1{}T09:00:00+07:00", 5 + i)})).collect();
    json!([{"agency": "Sở Xây dựng", "sent_at": "2022-06-14T09:00:00+07:00", "answer_due_on": due, "reminders": reminders}])
}

/// Three working days each: accepted on the 15th due on the 20th, on the 16th due on the 21st.
fn rows() -> Vec<Value> {
    let sorry = |new: &str| json!([{"sent_at": "2022-06-14T09:00:00+07:00", "reason": "Chờ ý kiến", "new_due_on": new}]);
    vec![
        row("late", "06", json!({})),
        row("later", "08", json!({})),
        row("sorry", "06", json!({"apologies": sorry("2022-06-21")})),
        row("broken", "06", json!({"apologies": sorry("2022-06-16")})),
        row("sorry-long", "06", json!({"apologies": sorry("2022-07-20")})),
        row("today", "15", json!({})),
        row("soon", "17", json!({})),
        row("silent", "14", json!({"consultations": asked(2, "2022-06-30"), "apologies": sorry("2022-07-20")})),
        row("asked", "14", json!({"consultations": asked(0, "2022-06-17"), "procedure": "1.009642"})),
        row(
            "papers",
            "14",
            json!({"supplements": [{"requested_at": "2022-06-15T09:00:00+07:00", "reason": "Thiếu", "document_no": "1/TB",
            "respond_by_on": "2022-06-17", "fulfilled_at": null}]}),
        ),
        // Refused while it waited: nothing is to be done about its papers any more.
        row(
            "refused",
            "14",
            json!({"supplements": [{"requested_at": "2022-06-15T09:00:00+07:00", "reason": "Thiếu", "document_no": "1/TB",
            "respond_by_on": "2022-06-17", "fulfilled_at": null}], "decision": "refused", "decision_reason": "Quá hạn bổ sung",
            "decision_document_no": "2/TB", "finished_at": "2022-06-19T09:00:00+07:00"}),
        ),
        row("ready", "06", json!({"decision": "resolved", "finished_at": "2022-06-08T09:00:00+07:00"})),
        row(
            "gone",
            "06",
            json!({"decision": "resolved", "finished_at": "2022-06-08T09:00:00+07:00", "returned_at": "2022-06-09T09:00:00+07:00"}),
        ),
        row("void", "06", json!({"decision": "voided", "finished_at": "2022-06-08T09:00:00+07:00"})),
    ]
}

async fn all(who: &Actor, query: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let page = who.get(&format!("/api/v1/work-list?{query}{cursor}")).await.expect(200).body;
        items.extend(page["items"].as_array().unwrap().clone());
        next = page["page"]["next_cursor"].as_str().map(|c| format!("&cursor={c}"));
    }
    items
}

fn told(items: &[Value]) -> Vec<(&str, &str, &str)> {
    items.iter().map(|i| (i["todo"].as_str().unwrap(), i["dossier"]["code"].as_str().unwrap(), i["day"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn what_is_most_urgent_comes_first() {
    let app = App::at(NOW).await.with_examples().await;
    let (office, counter) = (app.office().await, app.one_stop().await);
    office.load("/api/v1/dossiers/bulk", &rows()).await.expect(200);
    let new = json!({"code": "incomplete", "procedure": "2.001199", "receiving_department": "MC", "channel": "direct",
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn A"}, "occurred_at": "2022-06-14T09:00:00+07:00"});
    let incomplete = counter.post("/api/v1/dossiers", new).await.expect(201).body;
    let slip = json!({"reason": "Thiếu", "respond_by_on": "2022-06-16", "occurred_at": "2022-06-14T10:00:00+07:00"});
    let path = format!("/api/v1/dossiers/{}/completion-requests", incomplete["id"].as_str().unwrap());
    counter.act(&path, 1, slip).await.expect(200);

    let items = all(&counter, "limit=100").await;
    assert_eq!(
        told(&items),
        [
            ("apology", "late", "2022-06-09"),
            ("apology", "later", "2022-06-13"),
            ("escalation", "silent", "2022-06-30"),
            ("apology_runs_out", "broken", "2022-06-16"),
            ("apology_runs_out", "sorry", "2022-06-21"),
            ("due_today", "today", "2022-06-20"),
            ("reminder", "asked", "2022-06-17"),
            ("due_soon", "soon", "2022-06-22"),
            ("papers_overdue", "incomplete", "2022-06-16"),
            ("papers_overdue", "papers", "2022-06-17"),
            ("hand_over", "ready", "2022-06-08"),
        ]
    );
    assert_eq!(items[3]["text"], "An apology promised 16/06/2022, and that date has passed, too: finish at once.");
    assert_eq!(items[4]["text"], "An apology promised 21/06/2022: finish before that date is broken, too.");
    assert_eq!((&items[2]["consultation"], &items[0]["consultation"]), (&json!(1), &json!(null)));
    assert_eq!(items[0]["text"], "Was due on 09/06/2022 and nobody has apologised: send an apology with a new date.");
    assert_eq!(all(&counter, "limit=1").await, items);
    assert_eq!(all(&counter, "limit=2").await, items);
    assert_eq!(told(&all(&counter, "todo=hand_over,due_today").await).len(), 2);
    assert_eq!(all(&counter, "department=MC").await, items);
    assert_eq!(told(&all(&counter, "days=1").await).len(), items.len() - 1);

    // An act takes its dossier off the list at once.
    let sorry = json!({"reason": "Chờ ý kiến", "new_due_on": "2022-07-20"});
    counter.act(&format!("/api/v1/dossiers/{}/apologies", items[0]["dossier"]["id"].as_str().unwrap()), 1, sorry).await.expect(200);
    assert_eq!(told(&all(&counter, "").await)[0].1, "later");

    // Whose dossier it is decides who sees it.
    let mut there = BTreeSet::new();
    for department in ["DKKD", "DN"] {
        let officer = app.actor(Role::Officer, Some(department)).await;
        for item in all(&officer, "").await {
            assert_eq!(item["dossier"]["resolving_department"], department);
            there.insert(item["dossier"]["code"].as_str().unwrap().to_owned());
        }
        assert_eq!(all(&officer, "").await, all(&officer, "department=MC").await);
    }
    assert!(there.contains("later"), "{there:?}");
    let wrong = counter.get("/api/v1/work-list?days=31&todo=nothing").await.expect(400);
    assert_eq!(wrong.pointers().len(), 2);
}

/// The list, worked out anew from the details of every dossier.
#[tokio::test]
async fn the_list_is_what_the_details_say() {
    let app = examples::loaded().await;
    let office = app.office().await;
    let (today, soon) = ("2022-12-31", "2023-01-04");
    let mut expected = BTreeSet::new();
    for row in examples::rows() {
        let code = row["code"].as_str().unwrap();
        let d = office.get(&format!("/api/v1/dossiers/by-code/{code}")).await.expect(200).body;
        let status = d["status"].as_str().unwrap();
        let running = status == "accepted" || status == "processing";
        let mut add = |todo: &str, day: &Value, n: usize| {
            expected.insert((todo.to_owned(), day.as_str().unwrap().to_owned(), code.to_owned(), n));
        };
        let waiting = status == "awaiting_supplement";
        for s in d["supplements"].as_array().unwrap().iter().filter(|s| waiting && s["fulfilled_at"].is_null()) {
            if s["respond_by_on"].as_str().is_some_and(|day| day < today) {
                add("papers_overdue", &s["respond_by_on"], 0);
            }
        }
        let promised = d["apologies"].as_array().unwrap().iter().rev().find(|a| !a["new_due_on"].is_null());
        match d["due_on"].as_str().filter(|_| running) {
            Some(due) if due < today && promised.is_none() => add("apology", &d["due_on"], 0),
            Some(due) if due == today => add("due_today", &d["due_on"], 0),
            Some(due) if due > today && due <= soon => add("due_soon", &d["due_on"], 0),
            _ => {}
        }
        if let Some(apology) = promised.filter(|a| running && a["new_due_on"].as_str().unwrap() <= soon) {
            add("apology_runs_out", &apology["new_due_on"], 0);
        }
        if status == "resolved" {
            add("hand_over", &d["finished_on"], 0);
        }
        for (i, c) in d["consultations"].as_array().unwrap().iter().enumerate() {
            let (reminders, silent) = (c["reminders"].as_array().unwrap().len(), c["answered_at"].is_null() && c["escalated_at"].is_null());
            let overdue = c["answer_due_on"].as_str().is_some_and(|due| due < today);
            let day = if c["answer_due_on"].is_null() { json!(c["sent_at"].as_str().unwrap()[..10]) } else { c["answer_due_on"].clone() };
            if running && silent && overdue && reminders < 2 {
                add("reminder", &day, i + 1);
            }
            if running && silent && (reminders >= 2 || (overdue && d["timeliness"] == "overdue")) {
                add("escalation", &day, i + 1);
            }
        }
    }
    assert!(expected.iter().map(|e| e.0.as_str()).collect::<BTreeSet<_>>().len() >= 4, "{expected:?}");
    let items = all(&office, "limit=7").await;
    let listed: BTreeSet<_> = items
        .iter()
        .map(|i| {
            let word = |v: &Value| v.as_str().unwrap().to_owned();
            (word(&i["todo"]), word(&i["day"]), word(&i["dossier"]["code"]), i["consultation"].as_u64().unwrap_or(0) as usize)
        })
        .collect();
    assert_eq!(listed.len(), items.len(), "nothing stands there twice");
    assert_eq!(listed, expected);
}

/// What is to be done now is told although nobody knows yet which days of the next year work.
#[tokio::test]
async fn a_year_without_a_calendar_hides_only_what_lies_ahead() {
    let app = App::at("2027-12-31T10:00:00+07:00").await.with_examples().await;
    let counter = app.one_stop().await;
    assert_eq!(counter.get("/api/v1/work-list?days=5").await.expect(422).fault_codes(), ["calendar_missing"]);
    counter.get("/api/v1/work-list?days=5&todo=apology,escalation,due_today,reminder,papers_overdue,hand_over").await.expect(200);
}
