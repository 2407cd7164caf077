#![allow(clippy::unwrap_used)]

use super::*;
use serde_json::json;

fn due(department: &str, kind: ExplanationSubjectKind, code: &str) -> Due {
    let (department, department_name, code) = (department.to_owned(), "Phòng".to_owned(), code.to_owned());
    Due { department, department_name, kind, code, field: None, facts: ExplanationFacts::default() }
}

fn subject(kind: ExplanationSubjectKind, code: &str) -> ExplainedSubject {
    ExplainedSubject { kind, code: code.into(), field: None, facts: ExplanationFacts { count: Some(7), ..ExplanationFacts::default() } }
}

#[test]
fn what_was_explained_stays_though_it_is_no_longer_owed() {
    use ExplanationSubjectKind::{Finding, Kpi};
    let explained = |state, code| Explained {
        explanation: Uuid::nil(),
        state,
        department: "A".into(),
        department_name: "Phòng".into(),
        subject: subject(Kpi, code),
    };
    let dues = vec![due("B", Finding, "late_without_apology"), due("A", Kpi, "on_time_rate"), due("A", Kpi, "online_rate")];
    let explained = [explained(ExplanationState::HandedIn, "on_time_rate"), explained(ExplanationState::Accepted, "refusal_rate")];
    let items = merge(dues, &explained, true);
    let told: Vec<_> = items.iter().map(|i| (i.department.as_str(), i.code.as_str(), i.state.name(), i.still_owed, i.overdue)).collect();
    assert_eq!(
        told,
        [
            ("A", "on_time_rate", "handed_in", true, false),
            ("A", "online_rate", "owed", true, true),
            ("A", "refusal_rate", "accepted", false, false),
            ("B", "late_without_apology", "owed", true, true),
        ]
    );
    assert_eq!(items[2].facts.count, Some(7));
    let rows: Vec<_> = by_department(&items).into_iter().map(|r| (r.department, r.owed, r.handed_in, r.accepted)).collect();
    assert_eq!(rows, [("A".to_owned(), 1, 1, 0), ("B".to_owned(), 1, 0, 0)]);
}

#[test]
fn each_state_allows_what_follows_it() {
    use ExplanationState::{Accepted, Draft, HandedIn, Returned};
    for (state, write, review) in [
        (Draft, vec!["change", "submit"], vec![]),
        (HandedIn, vec![], vec!["accept", "return"]),
        (Returned, vec!["change", "submit"], vec![]),
        (Accepted, vec![], vec![]),
    ] {
        let names =
            |may_write, may_review| -> Vec<_> { allowed(state, may_write, may_review).into_iter().map(ExplanationAct::name).collect() };
        assert_eq!((names(true, false), names(false, true)), (write, review), "{state:?}");
    }
}

#[test]
fn every_fault_of_a_text_is_told() {
    use ExplanationSubjectKind::{Kpi, Task};
    let text: ExplanationText = serde_json::from_value(json!({"subjects": [{"kind": "kpi", "code": "a"}, {"kind": "kpi", "code": "a"},
        {"kind": "kpi", "code": "taken"}, {"kind": "task", "code": "a"}, {"kind": "task", "code": "own"}, {"kind": "kpi", "code": "a", "field": "DT"}],
        "cause": " ", "remedy": "", "remedy_due_on": "2022-05-14"}))
    .unwrap();
    let day = |text: &str| text.parse().unwrap();
    let days = Range { from: day("2022-05-15"), to: day("2022-06-14") };
    let faults = text_faults(&text, days, &[due("A", Kpi, "a"), due("A", Kpi, "taken")], &[subject(Task, "own")], &[subject(Kpi, "taken")]);
    let told: Vec<_> = faults.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect();
    assert_eq!(
        told,
        [
            "duplicate_in_payload /subjects/1",
            "exists /subjects/2",
            "not_owed /subjects/3",
            "not_owed /subjects/5",
            "missing /cause",
            "missing /remedy",
            "dates_backwards /remedy_due_on"
        ]
    );
    assert_eq!(judged_on(days, day("2022-05-14")), None);
    assert_eq!(judged_on(days, day("2022-06-01")), Some(day("2022-06-01")));
    assert_eq!(judged_on(days, day("2022-07-01")), Some(day("2022-06-14")));
}
