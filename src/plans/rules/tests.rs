#![allow(clippy::unwrap_used)]

use super::*;
use serde_json::{Value, json};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A plan in order, changed at some pointers.
fn plan(changes: &[(&str, Value)]) -> NewPlan {
    let mut body = json!({
        "code": "p", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "T", "issuer": {"department": "S"},
        "issued_on": "2022-04-19", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"},
        "groups": [{"code": "I", "title": "I"}, {"code": "I.1", "parent": "I", "title": "1"}],
        "tasks": [
            {"local_code": "a", "group": "I.1", "title": "A", "lead": ["VP"], "coordinate": ["DKKD"],
             "schedule": {"text": "Quý II", "kind": "in", "start_on": "2022-04-01", "end_on": "2022-06-30"}},
            {"local_code": "b", "title": "B", "schedule": {"text": "Thường xuyên", "kind": "ongoing"}}
        ],
        "reporting_duties": [{"code": "d", "what": "W", "from": ["VP"], "schedule": {"text": "hằng tháng", "kind": "recurring",
            "recurrence": {"frequency": "monthly"}}}],
        "organisation": [{"text": "O", "reporting_duties": ["d"]}]
    });
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(parent).unwrap() {
            Value::Object(object) => drop(object.insert(name.to_owned(), value.clone())),
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{other}"),
        }
    }
    serde_json::from_value(body).unwrap()
}

fn found(plan: &NewPlan, worked: &[&str]) -> Vec<String> {
    let department = |code: &str| match code {
        "S" | "VP" | "DKKD" => Some(Validity::default()),
        "OLD" => Some(Validity { from: None, to: Some(day("2022-03-31")) }),
        _ => None,
    };
    let worked: Vec<String> = worked.iter().map(|w| (*w).to_owned()).collect();
    let days = |_: usize| vec![plan.issued_on.0];
    let ground = Ground { department: &department, today: day("2022-06-01"), days: &days, worked: &worked, earlier: &[] };
    faults(plan, &ground).iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect()
}

#[test]
fn a_plan_in_order_has_no_fault() {
    assert_eq!(found(&plan(&[]), &["a", "b"]), [""; 0]);
}

#[test]
fn each_schedule_has_what_its_kind_needs() {
    let cases: &[(Value, &[&str])] = &[
        (json!({"kind": "from"}), &["bad_schedule start_on"]),
        (json!({"kind": "from", "start_on": "2022-01-01"}), &[]),
        (json!({"kind": "in"}), &["bad_schedule start_on", "bad_schedule end_on"]),
        (json!({"kind": "in", "start_on": "2022-06-30", "end_on": "2022-06-30"}), &[]),
        (json!({"kind": "in", "start_on": "2022-07-01", "end_on": "2022-06-30"}), &["dates_backwards end_on"]),
        (json!({"kind": "before"}), &["bad_schedule before_on"]),
        (json!({"kind": "before", "before_on": "2022-12-15"}), &[]),
        (json!({"kind": "before", "before_on": "2022-12-15", "end_on": "2022-12-14"}), &[]),
        (json!({"kind": "before", "before_on": "2022-12-15", "end_on": "2022-12-15"}), &["bad_schedule end_on"]),
        (json!({"kind": "ongoing"}), &[]),
        (json!({"kind": "ongoing", "before_on": "2022-12-15"}), &["bad_schedule before_on"]),
        (json!({"kind": "recurring"}), &["bad_schedule recurrence"]),
        (json!({"kind": "recurring", "recurrence": {"frequency": "yearly", "months": [6, 13]}}), &["bad_schedule recurrence/months/1"]),
        (
            json!({"kind": "recurring", "recurrence": {"frequency": "yearly", "occurrences": [{"name": "x", "start_on": "2022-06-30", "end_on": "2022-06-01"}]}}),
            &["dates_backwards recurrence/occurrences/0/end_on"],
        ),
        (json!({"kind": "after_event"}), &["bad_schedule event"]),
        (json!({"kind": "after_event", "event": " "}), &["bad_schedule event"]),
        (json!({"kind": "after_event", "event": "Bộ công bố"}), &[]),
        (json!({"kind": "ongoing", "event": "Bộ công bố"}), &["bad_schedule event"]),
        (json!({"kind": "ongoing", "quarter": 5, "month": 0}), &["bad_schedule quarter", "bad_schedule month"]),
    ];
    for (schedule, expected) in cases {
        let mut schedule = schedule.clone();
        schedule["text"] = json!("…");
        let found = found(&plan(&[("/tasks/1/schedule", schedule.clone())]), &[]);
        let expected: Vec<String> = expected
            .iter()
            .map(|e| {
                let (code, at) = e.split_once(' ').unwrap();
                format!("{code} /tasks/1/schedule/{at}")
            })
            .collect();
        assert_eq!(found, expected, "{schedule}");
    }
}

#[test]
fn a_task_already_done_needs_its_proof() {
    let schedule = json!({"text": "Trong Quý I", "kind": "already_done"});
    let with = |evidence: Value| found(&plan(&[("/tasks/1/schedule", schedule.clone()), ("/tasks/1/evidence", evidence)]), &[]);
    assert_eq!(with(json!([])), ["bad_schedule /tasks/1/evidence"]);
    assert_eq!(with(json!([{"type": "Kế hoạch", "relation": "basis"}])), ["bad_schedule /tasks/1/evidence"]);
    assert_eq!(with(json!([{"type": "Quyết định", "relation": "proof_of_completion", "issued_on": "2021-12-07"}])), [""; 0]);
    let future = json!([{"type": "Quyết định", "relation": "proof_of_completion", "issued_on": "2022-06-02"}]);
    assert_eq!(with(future), ["date_in_future /tasks/1/evidence/0/issued_on"]);
}

#[test]
fn every_fault_comes_at_once_with_its_place() {
    let plan = plan(&[
        ("/title", json!(" ")),
        ("/issuer", json!({"department": "X"})),
        ("/year", json!(2023)),
        ("/recipients", json!([{"text": "Lưu", "codes": ["VP", "Y"]}])),
        ("/organisation/0/reporting_duties", json!(["e"])),
        ("/groups/0/parent", json!("I.1")),
        ("/reporting_duties/0/to", json!(["Z"])),
        ("/tasks/0/group", json!("II")),
        ("/tasks/0/lead", json!(["VP", "W", "OLD"])),
        ("/tasks/0/coordinate", json!(["VP"])),
        ("/tasks/0/method", json!([{"text": "m", "with": [{"department": "V", "role": "approve"}]}])),
        ("/tasks/0/kpis", json!(["k"])),
        ("/tasks/0/sub_indices", json!(["k"])),
        ("/tasks/1/local_code", json!("a")),
    ]);
    let expected = [
        "missing /title",
        "unknown_code /issuer/department",
        "out_of_range /year",
        "unknown_code /recipients/0/codes/1",
        "unknown_code /organisation/0/reporting_duties/0",
        "circular_parent /groups/0/parent",
        "circular_parent /groups/1/parent",
        "unknown_code /reporting_duties/0/to/0",
        "duplicate_in_payload /tasks/0/local_code",
        "duplicate_in_payload /tasks/1/local_code",
        "unknown_code /tasks/0/group",
        "unknown_code /tasks/0/lead/1",
        "not_valid_then /tasks/0/lead/2",
        "duplicate_in_payload /tasks/0/lead/0",
        "duplicate_in_payload /tasks/0/coordinate/0",
        "unknown_code /tasks/0/method/0/with/0/department",
        "duplicate_in_payload /tasks/0/kpis/0",
        "duplicate_in_payload /tasks/0/sub_indices/0",
        "in_use /tasks",
    ];
    assert_eq!(found(&plan, &["a", "gone"]), expected);
}

#[test]
fn groups_are_a_tree() {
    assert_eq!(found(&plan(&[("/groups/1/parent", json!("II"))]), &[]), ["unknown_code /groups/1/parent"]);
    assert_eq!(found(&plan(&[("/groups/1/parent", json!("I.1"))]), &[]), ["circular_parent /groups/1/parent"]);
    let twice = json!([{"code": "I", "title": "I"}, {"code": "I.1", "title": "1"}, {"code": "I", "title": "I"}]);
    assert_eq!(found(&plan(&[("/groups", twice)]), &[]), ["duplicate_in_payload /groups/0/code", "duplicate_in_payload /groups/2/code"]);
    assert_eq!(found(&plan(&[("/period", json!({"from": "2022-12-31", "to": "2022-01-01"}))]), &[]), ["dates_backwards /period/to"]);
}

#[test]
fn only_what_changed_is_written() {
    let old = plan(&[]);
    assert_eq!(changed_tasks(&old, None), [0, 1]);
    assert_eq!(changed_tasks(&plan(&[("/title", json!("U"))]), Some(&old)), [0; 0]);
    assert_eq!(changed_tasks(&plan(&[("/tasks/1/title", json!("C"))]), Some(&old)), [1]);
    let longer = json!({"from": "2022-01-01", "to": "2023-06-30"});
    assert_eq!(changed_tasks(&plan(&[("/period", longer)]), Some(&old)), [0, 1]);
}

#[test]
fn a_task_is_told_what_a_new_plan_changes_of_it() {
    let old = plan(&[]);
    let changes = |new: &NewPlan| -> Vec<(String, String)> {
        task_changes(new, &old).into_iter().map(|(code, fields)| (code.to_owned(), fields.join(" "))).collect()
    };
    let code = |i: usize| old.tasks[i].local_code.as_str().to_owned();
    assert_eq!(changes(&plan(&[("/title", json!("U"))])), []);
    assert_eq!(changes(&plan(&[("/tasks/1/title", json!("C"))])), [(code(1), "title".to_owned())]);
    let mut turned = plan(&[]);
    turned.tasks.reverse();
    assert_eq!(changes(&turned), [(code(1), "position".to_owned()), (code(0), "position".to_owned())]);
    let longer = json!({"from": "2022-01-01", "to": "2023-06-30"});
    assert!(changes(&plan(&[("/period", longer)])).iter().all(|(_, fields)| ["", "due_on"].contains(&fields.as_str())));
}
