//! Worked cases.
#![allow(clippy::unwrap_used)]

mod explanation;
mod properties;

use chrono::TimeZone;

use super::*;
use crate::calendar::{Day, rules};

fn vn() -> Calendar {
    let rows = csv::Reader::from_reader(include_str!("../../../../data/calendar/vn.csv").as_bytes())
        .into_deserialize()
        .collect::<Result<Vec<Day>, _>>();
    Calendar::new("vn", 1, rows.unwrap())
}

fn vn_at(text: &str) -> DateTime<Utc> {
    rules::VN.from_local_datetime(&text.parse().unwrap()).unwrap().to_utc()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn terms(value: u32, unit: LimitUnit) -> Terms {
    Terms { limit: Some(Limit { value, unit }), policy: SupplementPolicy::Pause, same_day_cutoff: DEFAULT_SAME_DAY_CUTOFF }
}

fn supplement(from: &str, to: &str) -> Pause {
    Pause { kind: PauseKind::Supplement, from: vn_at(from), to: Some(vn_at(to)) }
}

fn codes(steps: &[Step], code: &str) -> usize {
    steps.iter().filter(|step| step.code == code).count()
}

/// One worked case, as the file writes it.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    accepted_at: DateTime<Utc>,
    limit_value: u32,
    limit_unit: LimitUnit,
    policy: SupplementPolicy,
    same_day_cutoff: String,
    pauses: String,
    as_of: Option<DateTime<Utc>>,
    effective_on: Option<NaiveDate>,
    first_due_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    due_at: Option<DateTime<Utc>>,
    due_before: Option<NaiveDate>,
    state: String,
}

#[test]
fn every_worked_case() {
    let calendar = vn();
    let mut cases = 0;
    for case in csv::Reader::from_reader(include_str!("../../../../tests/data/clock.csv").as_bytes()).deserialize() {
        let case: Case = case.unwrap();
        let name = &case.name;
        let terms = Terms {
            limit: Some(Limit { value: case.limit_value, unit: case.limit_unit }),
            policy: case.policy,
            same_day_cutoff: NaiveTime::parse_from_str(&case.same_day_cutoff, "%H:%M").unwrap(),
        };
        let pauses: Vec<Pause> = serde_json::from_str(&case.pauses).unwrap();
        let read = read(&calendar, case.accepted_at, &terms, &pauses, case.as_of);
        let explained = explain(&calendar, case.accepted_at, &terms, &pauses, case.as_of);
        assert_eq!(read, explained.clone().map(|(reading, _)| reading), "{name}");
        cases += 1;
        if let Some(code) = case.state.strip_prefix("error:") {
            assert_eq!(read.map_err(ClockError::code), Err(code), "{name}");
            continue;
        }
        let (reading, steps) = explained.unwrap();
        assert_eq!(Some(reading.effective_on), case.effective_on, "{name}");
        assert_eq!(reading.first_due_on, case.first_due_on, "{name}");
        assert_eq!(reading.due_on, case.due_on, "{name}");
        assert_eq!(reading.due_at, case.due_at, "{name}");
        assert_eq!(reading.due_before, case.due_before, "{name}");
        assert_eq!(serde_json::json!(reading.state), case.state, "{name}");
        if case.limit_unit != LimitUnit::WorkingHour {
            assert_eq!(codes(&steps, "counted_day"), case.limit_value as usize, "{name}");
        }
    }
    assert!(cases >= 58, "{cases}");
}

#[test]
fn without_a_limit_there_are_no_dates_but_there_is_a_state() {
    let terms = Terms { limit: None, ..terms(1, LimitUnit::WorkingDay) };
    let open = Pause { to: None, ..supplement("2022-06-14T09:00:00", "2022-06-14T09:00:00") };
    let closed = supplement("2022-06-10T09:00:00", "2022-06-13T09:00:00");
    let reading = read(&vn(), vn_at("2022-06-08T09:00:00"), &terms, &[open, closed], None).unwrap();
    assert_eq!(reading.state, ClockState::Paused);
    assert_eq!((reading.first_due_on, reading.due_on, reading.due_at, reading.due_before), (None, None, None, None));
    assert_eq!(reading.pauses.iter().map(|pause| pause.to.is_some()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn errors_have_their_codes() {
    let at = vn_at("2022-06-06T09:00:00");
    let ten = terms(10, LimitUnit::WorkingDay);
    let code = |terms: &Terms, pauses: &[Pause], as_of| read(&vn(), at, terms, pauses, as_of).map_err(ClockError::code);
    let open = |from: &str| Pause { to: None, ..supplement(from, from) };

    for (value, unit, good) in [
        (0, LimitUnit::WorkingDay, true),
        (0, LimitUnit::CalendarDay, false),
        (0, LimitUnit::WorkingHour, false),
        (3_651, LimitUnit::WorkingDay, false),
        (u32::MAX, LimitUnit::CalendarDay, false),
        (29_201, LimitUnit::WorkingHour, false),
    ] {
        let answer = code(&terms(value, unit), &[], None);
        assert!(if good { answer.is_ok() } else { answer == Err("limit_out_of_range") }, "{value} {unit:?}");
    }
    assert_eq!(code(&terms(3_650, LimitUnit::CalendarDay), &[], None), Err("calendar_missing"));

    let two_open = [open("2022-06-10T09:00:00"), open("2022-06-08T09:00:00")];
    assert_eq!(code(&ten, &two_open, None), Err("overlapping_pauses"));
    let after_open = [open("2022-06-08T09:00:00"), supplement("2022-06-09T09:00:00", "2022-06-10T09:00:00")];
    assert_eq!(code(&ten, &after_open, None), Err("overlapping_pauses"));
    let backwards = [supplement("2022-06-10T09:00:00", "2022-06-10T08:59:59")];
    assert_eq!(code(&ten, &backwards, None), Err("dates_backwards"));
    let too_early = [supplement("2022-06-06T08:59:59", "2022-06-07T09:00:00")];
    assert_eq!(code(&ten, &too_early, None), Err("dates_backwards"));
    let on_acceptance = [supplement("2022-06-06T09:00:00", "2022-06-06T09:00:00")];
    assert!(code(&ten, &on_acceptance, None).is_ok());

    // What has not happened yet cannot be wrong.
    assert!(code(&ten, &two_open, Some(vn_at("2022-06-09T09:00:00"))).is_ok());
}

#[test]
fn hours_asked_late_stay_late_by_as_much() {
    let at = vn_at("2022-06-10T07:00:00");
    let due_at = |from: &str, to: &str| {
        let pauses = [supplement(from, to)];
        read(&vn(), at, &terms(4, LimitUnit::WorkingHour), &pauses, None).unwrap().due_at.unwrap()
    };
    // Due at 11:00; asked 30 office minutes later, the answer finds it 30 office minutes late.
    assert_eq!(due_at("2022-06-10T13:30:00", "2022-06-13T08:00:00"), vn_at("2022-06-13T07:30:00"));
    // Off-hours waiting moves nothing.
    assert_eq!(due_at("2022-06-10T11:30:00", "2022-06-10T13:30:00"), vn_at("2022-06-10T11:00:00"));
    assert_eq!(due_at("2022-06-10T17:00:00", "2022-06-12T13:30:00"), vn_at("2022-06-10T11:00:00"));
    // Asked at the very due time, nothing is left: due when the office next has it.
    assert_eq!(due_at("2022-06-10T11:00:00", "2022-06-10T14:00:00"), vn_at("2022-06-10T14:00:00"));
    assert_eq!(due_at("2022-06-10T11:00:00", "2022-06-11T14:00:00"), vn_at("2022-06-13T07:00:00"));
    assert_eq!(due_at("2022-06-10T11:00:00", "2022-06-10T11:00:00"), vn_at("2022-06-10T11:00:00"));
}

#[test]
fn hours_restart_by_the_date_of_the_request() {
    let terms = Terms { policy: SupplementPolicy::Restart, ..terms(4, LimitUnit::WorkingHour) };
    let due_at = |from: &str| {
        let pauses = [supplement(from, "2022-06-14T08:00:00")];
        read(&vn(), vn_at("2022-06-10T07:00:00"), &terms, &pauses, None).unwrap().due_at.unwrap()
    };
    // Due on the 10th at 11:00: later that day is not later than the due date.
    assert_eq!(due_at("2022-06-10T16:00:00"), vn_at("2022-06-14T14:00:00"));
    // The day after, nine office hours were waited.
    assert_eq!(due_at("2022-06-13T07:00:00"), vn_at("2022-06-13T14:00:00"));
}

#[test]
fn restart_under_limit_0_compares_the_cut_off_with_the_fulfilment() {
    let terms = Terms { policy: SupplementPolicy::Restart, ..terms(0, LimitUnit::WorkingDay) };
    let due_on = |to: &str| {
        let pauses = [supplement("2022-06-10T10:00:00", to)];
        read(&vn(), vn_at("2022-06-10T09:00:00"), &terms, &pauses, None).unwrap().due_on.unwrap()
    };
    assert_eq!(due_on("2022-06-14T14:59:59"), date("2022-06-14"));
    assert_eq!(due_on("2022-06-14T15:00:00"), date("2022-06-15"));
    assert_eq!(due_on("2022-06-14T17:00:00"), date("2022-06-15"));
    assert_eq!(due_on("2022-06-11T16:00:00"), date("2022-06-13"));
}
