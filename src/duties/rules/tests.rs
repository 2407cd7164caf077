#![allow(clippy::unwrap_used)]

use super::*;
use serde_json::{Value, json};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn schedule(body: Value) -> DutySchedule {
    serde_json::from_value(body).unwrap()
}

/// Monday to Friday, without the Tết of 2022; nothing is known of 2030.
fn works(date: NaiveDate) -> Option<bool> {
    let tet = day("2022-01-31")..=day("2022-02-04");
    (date.year() != 2030).then(|| date.weekday().number_from_monday() <= 5 && !tet.contains(&date))
}

fn shown(all: &[Planned]) -> Vec<String> {
    all.iter().map(|p| format!("{} {} {}", p.period, p.internal_due_on.map_or("-".to_owned(), |d| d.to_string()), p.due_on)).collect()
}

#[test]
fn reports_follow_from_the_schedule_and_move_before_days_off() {
    let whole = (day("2022-01-01"), Some(day("2022-12-31")));
    let of = |body: Value, valid| shown(&planned(&schedule(body), 2022, valid, &works));
    let half = json!({"text": "…", "dates": [{"part": "year", "due": {"month": 12}, "internal": {"month": 11, "day": 20, "before": true}},
        {"part": "H1", "due": {"month": 6}, "internal": {"month": 5, "day": 25, "before": true}}]});
    // 19 November 2022 is a Saturday, 31 December too.
    assert_eq!(of(half.clone(), whole), ["2022H1 2022-05-24 2022-06-30", "2022 2022-11-18 2022-12-30"]);
    let mut later = half.clone();
    later["day_off"] = json!("later");
    assert_eq!(of(later, whole)[1], "2022 2022-11-21 2023-01-02");
    let mut kept = half;
    kept["day_off"] = json!("kept");
    assert_eq!(of(kept, whole)[1], "2022 2022-11-19 2022-12-31");
    let monthly = json!({"text": "…", "monthly": {"due": {"day": 3, "next_month": true}, "internal": {"day": null}}});
    let months = of(monthly, whole);
    assert_eq!((months.len(), months[0].as_str()), (11, "2022-01 2022-01-28 2022-01-28"), "{months:?}");
    let bounded = (day("2022-05-01"), None);
    let last = of(json!({"text": "…", "monthly": {"due": {}}}), bounded);
    assert_eq!((last.len(), last[0].as_str(), last[7].as_str()), (8, "2022-05 - 2022-05-31", "2022-12 - 2022-12-30"));
    assert!(of(json!({"text": "khi có yêu cầu"}), whole).is_empty());
    let unknown = schedule(json!({"text": "…", "dates": [{"part": "H1", "due": {"month": 6}}]}));
    assert_eq!(shown(&planned(&unknown, 2030, (day("2022-01-01"), None), &works)), ["2030H1 - 2030-06-30"]);
}

#[test]
fn the_state_follows_from_what_was_done_and_today() {
    let facts = Facts {
        due_on: day("2022-06-30"),
        internal_due_on: Some(day("2022-05-24")),
        reporters: 2,
        missing: 1,
        consolidated: false,
        sent_on: None,
    };
    let at = |facts: Facts, today| state(&facts, day(today)).name();
    assert_eq!(at(facts, "2022-05-16"), "upcoming");
    assert_eq!(at(facts, "2022-05-17"), "due_soon");
    assert_eq!(at(facts, "2022-05-24"), "due_soon");
    assert_eq!(at(facts, "2022-05-25"), "overdue_internally");
    let handed_in = Facts { missing: 0, ..facts };
    assert_eq!(at(handed_in, "2022-05-25"), "handed_in");
    let consolidated = Facts { consolidated: true, ..facts };
    assert_eq!(at(consolidated, "2022-06-30"), "consolidated");
    assert_eq!(at(consolidated, "2022-07-01"), "overdue");
    let nobody = Facts { reporters: 0, missing: 0, ..facts };
    assert_eq!((at(nobody, "2022-05-25"), at(nobody, "2022-06-23")), ("upcoming", "due_soon"));
    let sent = |on| Facts { sent_on: Some(day(on)), ..consolidated };
    assert_eq!(at(sent("2022-06-30"), "2022-08-01"), "sent_on_time");
    assert_eq!(at(sent("2022-07-01"), "2022-08-01"), "sent_late");
    assert!(allows(DutyAct::HandIn, &facts) && !allows(DutyAct::Dispatch, &facts) && allows(DutyAct::Dispatch, &consolidated));
    assert!(DutyAct::ALL.iter().all(|act| !allows(*act, &sent("2022-06-30"))));
    let part = |on: Option<&str>, today| hand_in_state(on.map(day), &facts, day(today));
    assert_eq!(part(Some("2022-05-24"), "2022-06-01"), HandInState::OnTime);
    assert_eq!(part(Some("2022-05-25"), "2022-06-01"), HandInState::Late);
    assert_eq!((part(None, "2022-05-24"), part(None, "2022-05-25")), (HandInState::Missing, HandInState::Overdue));
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect()
}

#[test]
fn every_fault_comes_at_once() {
    let duty: NewDuty = serde_json::from_value(json!({"code": "d", "plan": "p", "what": " ", "from": ["A", "A", "X"], "to": ["Y"],
        "schedule": {"text": "…", "monthly": {"due": {"day": 32}, "internal": {"day": 5}}, "dates": [
            {"part": "H1", "due": {"month": 13}}, {"part": "H1", "due": {"month": 2, "day": 30}},
            {"part": "Q1", "due": {"month": 3, "day": 10}, "internal": {"month": 3, "day": 11}}]},
        "valid_from": "2022-02-01", "valid_to": "2022-01-01"}))
    .unwrap();
    let ground = Ground { department: &|code| code == "A", plan: false };
    assert_eq!(
        told(&duty_faults(&duty, &ground)),
        [
            "missing /what",
            "unknown_code /plan",
            "duplicate_in_payload /from/1",
            "unknown_code /from/2",
            "unknown_code /to/0",
            "bad_schedule /schedule/monthly/due/day",
            "bad_schedule /schedule/dates/0/due",
            "bad_schedule /schedule/dates/1/due",
            "duplicate_in_payload /schedule/dates/1/part",
            "dates_backwards /schedule/dates/2/internal",
            "dates_backwards /valid_to"
        ]
    );
    let today = day("2022-06-15");
    let part: NewHandIn = serde_json::from_value(json!({"content": "", "figures": [{"name": " ", "value": 1.0}],
        "documents": [{}, {"link": "ftp://x", "issued_on": "2022-06-16"}], "handed_in_on": "2022-06-16"}))
    .unwrap();
    let expected = [
        "missing /content",
        "missing /figures/0/name",
        "missing /documents/0",
        "date_in_future /documents/1/issued_on",
        "wrong_format /documents/1/link",
        "date_in_future /handed_in_on",
    ];
    assert_eq!(told(&hand_in_faults(&part, today)), expected);
    let sent: NewDispatch =
        serde_json::from_value(json!({"document_no": " ", "sent_on": "2022-06-16", "to": ["A", "X"], "channel": "post", "evidence": [{}]}))
            .unwrap();
    let expected = ["missing /document_no", "date_in_future /sent_on", "unknown_code /to/1", "missing /to", "missing /evidence/0"];
    assert_eq!(told(&dispatch_faults(&sent, &["A".to_owned(), "UBND".to_owned()], &|code| code != "X", today)), expected);
}

#[test]
fn the_duties_of_plan_1186_get_the_dates_that_its_words_give() {
    let plan: NewPlan = serde_json::from_str(include_str!("../../../data/demo/plan-1186/plan.json")).unwrap();
    let duties: HashMap<String, NewDuty> =
        plan.reporting_duties.iter().map(|d| (d.code.as_str().to_owned(), from_plan(d, &plan).unwrap())).collect();
    let of = |code: &str| {
        let duty = &duties[code];
        shown(&planned(&duty.schedule, 2022, (duty.valid_from.0, duty.valid_to.map(|d| d.0)), &works))
    };
    assert_eq!(duties.len(), 10);
    assert_eq!(of("discipline_half_year"), ["2022H1 2022-05-24 2022-06-30"]);
    assert_eq!(of("discipline_year"), ["2022 2022-11-18 2022-12-30"]);
    assert_eq!(of("year_end_results"), ["2022 - 2022-12-14"]);
    assert_eq!(of("monthly_briefing").len(), 12);
    assert!(of("obstacles").is_empty() && of("implementation_results").is_empty());
}
