#![allow(clippy::unwrap_used)]

use super::*;
use serde_json::{Value, json};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn year_2022() -> PlanPeriod {
    serde_json::from_value(json!({"from": "2022-01-01", "to": "2022-12-31"})).unwrap()
}

fn schedule(body: Value) -> Schedule {
    let mut body = body;
    body["text"] = json!("…");
    serde_json::from_value(body).unwrap()
}

#[test]
fn what_the_source_leaves_open_is_bounded_by_the_plan() {
    let cases = [
        (json!({"kind": "from", "start_on": "2022-04-01"}), Some("2022-04-01"), Some("2022-12-31")),
        (json!({"kind": "in", "start_on": "2022-04-01", "end_on": "2022-06-30"}), Some("2022-04-01"), Some("2022-06-30")),
        (json!({"kind": "before", "before_on": "2022-12-15"}), Some("2022-01-01"), Some("2022-12-14")),
        (json!({"kind": "ongoing"}), Some("2022-01-01"), Some("2022-12-31")),
        (json!({"kind": "recurring", "recurrence": {"frequency": "monthly"}}), Some("2022-01-01"), Some("2022-12-31")),
        (json!({"kind": "after_event", "event": "Bộ công bố"}), None, None),
    ];
    for (body, start, end) in cases {
        assert_eq!(window(&schedule(body.clone()), &year_2022()), (start.map(day), end.map(day)), "{body}");
    }
}

#[test]
fn state_follows_from_schedule_closing_and_today() {
    use ScheduleKind::{AfterEvent, AlreadyDone, In};
    let facts = |kind, start: &str, due: &str, proven: &str, completed: &str, reported| {
        let at = |text: &str| (!text.is_empty()).then(|| day(text));
        Facts {
            kind,
            starts_on: at(start),
            due_on: at(due),
            proven_on: at(proven),
            completed_on: at(completed),
            handed_in: false,
            returned: false,
            reported,
        }
    };
    let open = |reported| facts(In, "2022-04-01", "2022-06-30", "", "", reported);
    let cases = [
        (Facts { handed_in: true, ..open(true) }, "2022-07-01", TaskState::HandedIn),
        (Facts { returned: true, ..open(true) }, "2022-06-30", TaskState::Returned),
        (Facts { returned: true, ..open(true) }, "2022-07-01", TaskState::Overdue),
        (open(false), "2022-03-31", TaskState::NotStarted),
        (open(true), "2022-03-31", TaskState::InProgress),
        (open(false), "2022-04-01", TaskState::InProgress),
        (open(false), "2022-06-24", TaskState::InProgress),
        (open(false), "2022-06-25", TaskState::DueSoon),
        (open(false), "2022-06-30", TaskState::DueSoon),
        (open(true), "2022-07-01", TaskState::Overdue),
        (facts(In, "2022-04-01", "2022-06-30", "", "2022-06-30", true), "2023-01-01", TaskState::DoneOnTime),
        (facts(In, "2022-04-01", "2022-06-30", "", "2022-07-01", false), "2022-07-01", TaskState::DoneLate),
        (facts(AfterEvent, "", "", "", "", false), "2023-01-01", TaskState::NotStarted),
        (facts(AfterEvent, "", "", "", "", true), "2022-05-01", TaskState::InProgress),
        (facts(AfterEvent, "", "", "", "2022-05-01", true), "2022-05-01", TaskState::DoneOnTime),
        (facts(AlreadyDone, "2022-01-01", "2022-03-31", "2021-12-07", "", false), "2022-05-01", TaskState::DoneOnTime),
        (facts(AlreadyDone, "2022-01-01", "2022-03-31", "2022-04-01", "", false), "2022-05-01", TaskState::DoneLate),
        (facts(AlreadyDone, "2022-01-01", "2022-03-31", "", "", false), "2022-05-01", TaskState::DoneOnTime),
    ];
    for (facts, today, expected) in cases {
        assert_eq!(state(&facts, day(today)), expected, "{facts:?} on {today}");
    }
    let names: Vec<Value> = TaskState::NAMES.iter().map(|n| json!(n)).collect();
    let of = |s: TaskState| (json!(s), json!(s.name()));
    use TaskState::{Cancelled, DoneLate, DoneOnTime, DueSoon, HandedIn, InProgress, NotApplicable, NotStarted, Overdue, Returned};
    let all = [NotStarted, InProgress, DueSoon, Overdue, DoneOnTime, DoneLate, HandedIn, Returned, Cancelled, NotApplicable];
    for (i, s) in all.iter().enumerate() {
        assert_eq!(of(*s), (names[i].clone(), names[i].clone()));
    }
}

#[test]
fn periods_begin() {
    let cases = [
        ("2022", "2022-01-01"),
        ("2022-06", "2022-06-01"),
        ("2022-12", "2022-12-01"),
        ("2022-Q2", "2022-04-01"),
        ("2022-H2", "2022-07-01"),
    ];
    for (period, start) in cases {
        assert_eq!(period_start(period), Some(day(start)), "{period}");
    }
    for wrong in ["", "22", "2022-", "2022-13", "2022-00", "2022-1", "2022-Q5", "2022-H3", "2022-06-01", "20é", "1022", "2022-é"] {
        assert_eq!(period_start(wrong), None, "{wrong}");
    }
}

fn ground(kind: ScheduleKind) -> Ground {
    Ground { kind, plan_from: day("2022-01-01"), today: day("2022-06-15") }
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect()
}

#[test]
fn a_report_comes_from_a_part_taker_for_a_period_that_has_begun() {
    let report = |period: &str, content: &str, evidence: Value| -> NewProgressReport {
        serde_json::from_value(json!({"department": "VP", "period": period, "content": content, "evidence": evidence})).unwrap()
    };
    let judge = |report: &NewProgressReport, part, repeated| told(&report_faults(report, part, repeated, &ground(ScheduleKind::In)));
    let good = report("2022-06", "Xong một nửa", json!([{"link": "https://example.org/1"}]));
    assert_eq!(judge(&good, Some(true), false), [""; 0]);
    assert_eq!(judge(&good, Some(true), true), ["exists /period"]);
    assert_eq!(judge(&good, Some(false), false), ["no_part /department"]);
    assert_eq!(judge(&good, None, false), ["unknown_code /department"]);
    let bad = report("2022-07", " ", json!([{}, {"title": "x", "link": "javascript:1", "issued_on": "2022-06-16"}]));
    let expected = [
        "date_in_future /period",
        "missing /content",
        "missing /evidence/0",
        "date_in_future /evidence/1/issued_on",
        "wrong_format /evidence/1/link",
    ];
    assert_eq!(judge(&bad, Some(true), false), expected);
    assert_eq!(judge(&report("tháng 6", "x", json!([])), Some(true), false), ["wrong_format /period"]);
}

#[test]
fn a_completion_has_evidence_and_a_possible_day() {
    let judge = |on: &str, evidence: Value, kind| {
        let completion = serde_json::from_value(json!({"completed_on": on, "summary": "Xong", "evidence": evidence})).unwrap();
        told(&completion_faults(&completion, &ground(kind)))
    };
    let proof = || json!([{"document_number": "88/QĐ"}]);
    assert_eq!(judge("2022-06-15", proof(), ScheduleKind::In), [""; 0]);
    assert_eq!(judge("2022-06-16", json!([]), ScheduleKind::In), ["date_in_future /completed_on", "missing /evidence"]);
    assert_eq!(judge("2021-12-07", proof(), ScheduleKind::In), ["dates_backwards /completed_on"]);
    assert_eq!(judge("2021-12-07", proof(), ScheduleKind::AlreadyDone), [""; 0]);
}

#[test]
fn a_task_stands_as_its_most_pressing_occurrence() {
    use TaskState::{Cancelled, DoneLate, DoneOnTime, DueSoon, HandedIn, InProgress, NotApplicable, NotStarted, Overdue, Returned};
    let cases: &[(&[TaskState], TaskState)] = &[
        (&[NotStarted], NotStarted),
        (&[HandedIn], HandedIn),
        (&[DoneOnTime, DoneOnTime], DoneOnTime),
        (&[DoneOnTime, DoneLate], DoneLate),
        (&[DoneOnTime, NotStarted], InProgress),
        (&[DoneOnTime, InProgress, NotStarted], InProgress),
        (&[Overdue, Returned, DueSoon], Overdue),
        (&[Returned, DueSoon, NotStarted], Returned),
        (&[HandedIn, DueSoon], DueSoon),
        (&[HandedIn, NotStarted], HandedIn),
        (&[], NotStarted),
    ];
    for (states, expected) in cases {
        assert_eq!(task_state(Standing::Holds, states), *expected, "{states:?}");
        assert_eq!(task_state(Standing::Cancelled, states), Cancelled);
        assert_eq!(task_state(Standing::NotApplicable, states), NotApplicable);
    }
}

#[test]
fn what_may_be_done_follows_from_the_state_and_the_permissions() {
    use TaskAct::{AddEvidence, Complete, Confirm, HandIn, ReportProgress, Return};
    let open = Stand {
        standing: Standing::Holds,
        closed: false,
        kind: ScheduleKind::In,
        handed_in: false,
        to_hand_in: true,
        confirmed: false,
        extension: None,
        assigned: false,
        due: true,
    };
    let reports = May { report: true, ..May::default() };
    let leads = May { complete: true, ..reports };
    let office = May { confirm: true, ..May::default() };
    let handed_in = Stand { handed_in: true, to_hand_in: false, ..open };
    let closed = Stand { closed: true, to_hand_in: false, confirmed: true, due: false, ..open };
    let cancelled = Stand { standing: Standing::Cancelled, ..open };
    let cases = [
        (open, May::default(), vec![]),
        (open, reports, vec![ReportProgress, AddEvidence]),
        (open, leads, vec![ReportProgress, HandIn, Complete, AddEvidence]),
        (open, office, vec![]),
        (handed_in, leads, vec![ReportProgress, Complete, AddEvidence]),
        (handed_in, office, vec![Confirm, Return]),
        (closed, leads, vec![AddEvidence]),
        (closed, office, vec![Return]),
        (cancelled, leads, vec![]),
        (cancelled, office, vec![]),
    ];
    for (stand, may, expected) in cases {
        assert_eq!(allowed_acts(&stand, &may), expected, "{stand:?} {may:?}");
    }
    let time = |extension| {
        let all = May { ask_extension: true, decide_extension: true, ..May::default() };
        allowed_acts(&Stand { extension, ..open }, &all)
    };
    use TaskAct::{AcceptExtension, ApproveExtension, AskExtension, CounterProposeExtension, RejectExtension, WithdrawExtension};
    assert_eq!(time(None), [AskExtension]);
    assert_eq!(time(Some(ExtensionStatus::Asked)), [ApproveExtension, RejectExtension, CounterProposeExtension, WithdrawExtension]);
    assert_eq!(time(Some(ExtensionStatus::CounterProposed)), [RejectExtension, AcceptExtension, WithdrawExtension]);
}

#[test]
fn a_percentage_ends_at_one_hundred() {
    assert!(serde_json::from_value::<crate::plans::tasks::wire::Percent>(json!(100)).is_ok());
    for wrong in [json!(101), json!(-1), json!(1.5), json!("1")] {
        assert!(serde_json::from_value::<crate::plans::tasks::wire::Percent>(wrong.clone()).is_err(), "{wrong}");
    }
}
