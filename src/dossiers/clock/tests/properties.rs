//! What holds for every dossier, over an invented calendar of 2021–2026 with days off and make-up days anywhere.

use std::ops::RangeInclusive;

use chrono::{Days, TimeZone};
use proptest::prelude::*;

use super::super::*;
use super::{codes, date, terms, vn_at};
use crate::calendar::{Day, DayKind, OffHoursReceipt, rules};

const SECONDS_A_DAY: i64 = 86_400;

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let days = proptest::collection::vec((0u64..2_190, any::<bool>()), 0..200);
    (days, any::<bool>()).prop_map(|(days, same_day)| {
        let first = date("2021-01-01");
        let kind = |make_up| {
            if make_up { DayKind::MakeUp } else { DayKind::DayOff }
        };
        let day = |date, kind| Day { date, kind, name: String::new() };
        let years = (2021..=2026).map(|year| day(NaiveDate::from_ymd_opt(year, 1, 1).unwrap(), DayKind::DayOff));
        let days = days.into_iter().map(|(offset, make_up)| day(first + Days::new(offset), kind(make_up)));
        let receipt = if same_day { OffHoursReceipt::SameDay } else { OffHoursReceipt::NextWorkingDay };
        Calendar::new("any", 1, years.chain(days)).with_off_hours_receipt(receipt)
    })
}

/// An instant of 2022, on the quarter of an hour so that opening, closing and cut-off are met often.
fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..365, 0i64..96).prop_map(|(day, quarter)| instant(day * SECONDS_A_DAY + quarter * 900))
}

fn instant(seconds: i64) -> DateTime<Utc> {
    vn_at("2022-01-01T00:00:00") + chrono::TimeDelta::seconds(seconds)
}

fn any_limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (0u32..30).prop_map(|value| Limit { value, unit: LimitUnit::WorkingDay }),
        (1u32..60).prop_map(|value| Limit { value, unit: LimitUnit::CalendarDay }),
        (1u32..60).prop_map(|value| Limit { value, unit: LimitUnit::WorkingHour }),
    ]
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let cutoff = (10u32..18).prop_map(|hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
    let policy = prop_oneof![Just(SupplementPolicy::Pause), Just(SupplementPolicy::Restart)];
    (any_limit(), policy, cutoff).prop_map(|(limit, policy, same_day_cutoff)| Terms { limit: Some(limit), policy, same_day_cutoff })
}

/// Ended pauses after an instant: (gap, length) in quarters of an hour, some touching, some empty.
fn any_pauses(count: RangeInclusive<usize>) -> impl Strategy<Value = Vec<(PauseKind, i64, i64)>> {
    let kind = prop_oneof![Just(PauseKind::Supplement), Just(PauseKind::Fee), Just(PauseKind::Suspension)];
    proptest::collection::vec((kind, prop_oneof![Just(0i64), 0i64..2_000], 0i64..2_000), count)
}

fn pauses_after(at: DateTime<Utc>, gaps: &[(PauseKind, i64, i64)]) -> Vec<Pause> {
    let quarters = |count: i64| chrono::TimeDelta::minutes(15 * count);
    let mut free = at;
    gaps.iter()
        .map(|&(kind, gap, length)| {
            let from = free + quarters(gap);
            free = from + quarters(length);
            Pause { kind, from, to: Some(free) }
        })
        .collect()
}

/// For comparing: the instant where there is one, otherwise the day.
fn due(reading: &Reading) -> (Option<NaiveDate>, Option<DateTime<Utc>>) {
    (reading.due_on, reading.due_at)
}

/// Whether each request came no later than the due date (for hours: instant) then in force.
fn asked_in_time(calendar: &Calendar, at: DateTime<Utc>, terms: &Terms, pauses: &[Pause]) -> bool {
    (0..pauses.len()).all(|index| {
        let before = read(calendar, at, terms, &pauses[..index], None).unwrap();
        let from = pauses[index].from;
        before.due_at.map_or(before.due_on >= Some(rules::vn_date(from)), |due_at| from <= due_at)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Only for requests made in time: after the due date, a day off within the wait makes the wait shorter and so the
    /// date earlier. Gaps are therefore short, and late requests are left out.
    #[test]
    fn a_day_off_more_never_brings_the_due_date_forward(
        calendar in any_calendar(), at in any_instant(), terms in any_terms(),
        gaps in any_pauses(0..=3), off in 0i64..500,
    ) {
        let mut pauses = pauses_after(at, &gaps);
        while !asked_in_time(&calendar, at, &terms, &pauses) {
            pauses.pop();
        }
        let day = rules::vn_date(at) + chrono::TimeDelta::days(off % 90);
        let closed = calendar.clone().with_overlay([Day { date: day, kind: DayKind::DayOff, name: String::new() }]);
        let before = read(&calendar, at, &terms, &pauses, None).unwrap();
        let after = read(&closed, at, &terms, &pauses, None).unwrap();
        prop_assert!(after.first_due_on >= before.first_due_on);
        prop_assert!(due(&after) >= due(&before), "{day}: {before:?} {after:?}");
    }

    #[test]
    fn a_later_receipt_is_never_due_earlier(
        calendar in any_calendar(), at in any_instant(), later in 0i64..2_000, terms in any_terms(),
        gaps in any_pauses(0..=3),
    ) {
        let later_at = at + chrono::TimeDelta::minutes(15 * later);
        let pauses = pauses_after(later_at, &gaps);
        let early = read(&calendar, at, &terms, &pauses, None).unwrap();
        let late = read(&calendar, later_at, &terms, &pauses, None).unwrap();
        prop_assert!(late.effective_on >= early.effective_on);
        prop_assert!((late.first_due_on, late.first_due_at) >= (early.first_due_on, early.first_due_at));
        prop_assert!(due(&late) >= due(&early), "{early:?} {late:?}");
    }

    /// Asked and answered on one working day before closing. (From Saturday to Sunday is not such a pause: the answer
    /// belongs to Monday, which is one working day after the request.)
    #[test]
    fn a_pause_of_no_working_day_changes_nothing(
        calendar in any_calendar(), at in any_instant(), value in 0u32..30, gap in 1i64..60,
        from in 0i64..68, length in 0i64..68,
    ) {
        let day = rules::next_working(&calendar, rules::vn_date(at) + chrono::TimeDelta::days(gap)).unwrap();
        let local = |quarter: i64| {
            let local = day.and_time(NaiveTime::MIN) + chrono::TimeDelta::minutes(15 * quarter);
            rules::VN.from_local_datetime(&local).unwrap().to_utc()
        };
        let to = (from + length).min(67);
        let pause = Pause { kind: PauseKind::Suspension, from: local(from), to: Some(local(to)) };
        let terms = terms(value, LimitUnit::WorkingDay);
        let paused = read(&calendar, at, &terms, &[pause], None).unwrap();
        prop_assert_eq!(due(&paused), due(&read(&calendar, at, &terms, &[], None).unwrap()));
    }

    #[test]
    fn the_explanation_counts_what_the_limit_says_and_agrees_with_the_reading(
        calendar in any_calendar(), at in any_instant(), terms in any_terms(), gaps in any_pauses(0..=3),
    ) {
        let pauses = pauses_after(at, &gaps);
        let (reading, steps) = explain(&calendar, at, &terms, &pauses, None).unwrap();
        prop_assert_eq!(&reading, &read(&calendar, at, &terms, &pauses, None).unwrap());
        let limit = terms.limit.unwrap();
        if limit.unit == LimitUnit::WorkingHour {
            let last = steps.iter().rfind(|step| step.code == "counted_hours").unwrap();
            prop_assert_eq!(last.at, reading.first_due_at);
        } else {
            prop_assert_eq!(codes(&steps, "counted_day"), limit.value as usize);
        }
        if limit.unit == LimitUnit::WorkingDay && limit.value > 0 {
            let last = steps.iter().rfind(|step| step.code == "counted_day").unwrap();
            prop_assert_eq!(last.on, reading.first_due_on);
        }
        prop_assert_eq!(codes(&steps, "due_moved") + codes(&steps, "due_unchanged"), pauses.len());
    }

    /// Cut in two within office hours, a wait is as long as it was; cut outside them, the first half would end on the
    /// next working day and that day would count twice. Two restarts are one only if the second still comes in time,
    /// and days rolled twice are not days rolled once: hence working days and the pause policy.
    #[test]
    fn touching_pauses_are_one_pause_cut_in_two(
        calendar in any_calendar(), at in any_instant(), value in 0u32..30, before in 0i64..40, after in 0i64..40,
        quarter in 0i64..16,
    ) {
        let cut_on = rules::next_working(&calendar, rules::vn_date(at) + chrono::TimeDelta::days(before + 1)).unwrap();
        let local = cut_on.and_time(NaiveTime::from_hms_opt(7, 0, 0).unwrap()) + chrono::TimeDelta::minutes(15 * quarter);
        let cut = rules::VN.from_local_datetime(&local).unwrap().to_utc();
        let (from, to) = (cut - chrono::TimeDelta::days(before), Some(cut + chrono::TimeDelta::days(after)));
        let kind = PauseKind::Fee;
        let terms = terms(value, LimitUnit::WorkingDay);
        let whole = read(&calendar, at, &terms, &[Pause { kind, from, to }], None).unwrap();
        let halves = [Pause { kind, from: cut, to }, Pause { kind, from, to: Some(cut) }];
        prop_assert_eq!(due(&read(&calendar, at, &terms, &halves, None).unwrap()), due(&whole));
    }

    #[test]
    fn what_came_after_as_of_does_not_exist(
        calendar in any_calendar(), at in any_instant(), terms in any_terms(), gaps in any_pauses(0..=3),
        until in 0i64..6_000,
    ) {
        let pauses = pauses_after(at, &gaps);
        let as_of = at + chrono::TimeDelta::minutes(15 * until);
        let known: Vec<Pause> = pauses
            .iter()
            .filter(|pause| pause.from <= as_of)
            .map(|pause| Pause { to: pause.to.filter(|to| *to <= as_of), ..*pause })
            .collect();
        let seen = read(&calendar, at, &terms, &pauses, Some(as_of)).unwrap();
        prop_assert_eq!(&seen, &read(&calendar, at, &terms, &known, None).unwrap());
        prop_assert_eq!(seen.due_on.is_none(), seen.state == ClockState::Paused);
        prop_assert_eq!(seen.due_before.is_some(), seen.state == ClockState::Paused);
    }

    /// Any instant chrono can write, any limit, pauses in any disorder: an answer or an error.
    #[test]
    fn nothing_panics(
        at in any_time(), value in prop_oneof![any::<u32>(), 0u32..3_650], unit in 0usize..3, restart in any::<bool>(),
        pauses in proptest::collection::vec((any_time(), proptest::option::of(any_time())), 0..3),
        as_of in proptest::option::of(any_time()),
    ) {
        let unit = [LimitUnit::WorkingDay, LimitUnit::CalendarDay, LimitUnit::WorkingHour][unit];
        let policy = if restart { SupplementPolicy::Restart } else { SupplementPolicy::Pause };
        let terms = Terms { policy, ..terms(value, unit) };
        let pauses: Vec<Pause> =
            pauses.into_iter().map(|(from, to)| Pause { kind: PauseKind::Supplement, from, to }).collect();
        let far = Calendar::new("far", 1, [NaiveDate::MIN, NaiveDate::MAX, date("2022-01-03")].map(|date| {
            Day { date, kind: DayKind::MakeUp, name: String::new() }
        }));
        let told = explain(&far, at, &terms, &pauses, as_of).map(|(reading, _)| reading);
        if let Err(error) = told {
            prop_assert!(!error.text().vi.is_empty() && !error.to_string().is_empty());
        }
        prop_assert_eq!(read(&far, at, &terms, &pauses, as_of), told);
    }
}

/// Mostly within the calendars' years, sometimes at the ends of time.
fn any_time() -> impl Strategy<Value = DateTime<Utc>> {
    let (first, last) = (DateTime::<Utc>::MIN_UTC.timestamp(), DateTime::<Utc>::MAX_UTC.timestamp());
    let year = 365 * SECONDS_A_DAY;
    prop_oneof![
        4 => (0..year).prop_map(instant),
        1 => (first..=last).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap()),
        1 => (0..year).prop_map(move |back| DateTime::from_timestamp(last - back, 999_999_999).unwrap()),
        1 => (0..year).prop_map(move |on| DateTime::from_timestamp(first + on, 0).unwrap()),
    ]
}
