//! What a briefing is judged by, and what a decision must fulfil. Pure.

use chrono::NaiveDate;

use super::model::{BriefingItemKind, DecisionAct, DecisionState};
use super::wire::{BriefingMonth, DecisionText, NewDecision};
use crate::error::{Code, Fault};
use crate::http::ResourceCode;
use crate::reports::DailyFinish;
use crate::reports::period::{Period, PeriodSet, Range};

/// The day at the end of which a month is judged: its last, or today while it runs; none before it begins.
pub fn judged_on(days: Range, today: NaiveDate) -> Option<NaiveDate> {
    (days.from <= today).then(|| days.to.min(today))
}

/// The months of a trend, the last of them last.
pub fn twelve(last: &Period) -> Vec<Period> {
    (-11..=0).map(|back| last.month_after(back)).collect()
}

/// Per cent with two decimals, half up, by whole numbers.
pub fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| ((part * 20_000 + whole) / (2 * whole)) as f64 / 100.0)
}

/// What was finished on time, month by month.
pub fn trend(last: &Period, set: PeriodSet, daily: &[DailyFinish]) -> Vec<BriefingMonth> {
    let month = |period: Period| {
        let days = period.days(set);
        let own = daily.iter().filter(|day| (days.from..=days.to).contains(&day.finished_on));
        let (finished, on_time) = own.fold((0, 0), |sums, day| (sums.0 + day.finished, sums.1 + day.on_time));
        BriefingMonth { period: period.code().to_owned(), finished, on_time, on_time_rate: rate(on_time, finished) }
    };
    twelve(last).into_iter().map(month).collect()
}

/// What a decision is judged against.
pub struct Ground<'a> {
    pub today: NaiveDate,
    /// First day of the month that the briefing is about.
    pub from: NaiveDate,
    pub held_on: NaiveDate,
    /// Whether there is such a department: whether it is in force on the day of the meeting.
    pub department: &'a dyn Fn(&str) -> Option<bool>,
}

/// Every fault of a decision; `item` says whether the briefing has the item.
pub fn new_faults(new: &NewDecision, text: &DecisionText, item: bool, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !item {
        faults.push(Fault::unknown("/item", new.item.as_str()));
    }
    if ground.held_on > ground.today {
        faults.push(Fault::plain(Code::DateInFuture, "/held_on"));
    } else if ground.held_on < ground.from {
        let (vi, en) = ("Ngày họp trước tháng giao ban.", "The meeting lies before the month that it is about.");
        faults.push(Fault::new(Code::DatesBackwards, "/held_on", vi, en));
    }
    let of_obstacle = BriefingItemKind::split(new.item.as_str()).is_some_and(|(kind, _)| kind == BriefingItemKind::Obstacle);
    if new.ruling.is_some() && !of_obstacle {
        let (vi, en) = ("Chỉ dùng cho vướng mắc.", "For an obstacle only.");
        faults.push(Fault::new(Code::InconsistentDecision, "/ruling", vi, en));
    }
    faults.extend(text_faults(text, ground));
    faults
}

/// Every fault of what a decision says.
pub fn text_faults(text: &DecisionText, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.text.is_blank() {
        faults.push(Fault::missing("/text"));
    }
    if text.lead.is_empty() {
        faults.push(Fault::missing("/lead"));
    }
    let named = [("lead", &text.lead), ("coordinate", &text.coordinate)];
    let all: Vec<(String, &ResourceCode)> =
        named.iter().flat_map(|(name, codes)| codes.iter().enumerate().map(move |(i, c)| (format!("/{name}/{i}"), c))).collect();
    for (i, (at, code)) in all.iter().enumerate() {
        if all[..i].iter().any(|(_, other)| other == code) {
            faults.push(Fault::plain(Code::DuplicateInPayload, at.clone()));
            continue;
        }
        match (ground.department)(code.as_str()) {
            None => faults.push(Fault::unknown(at.clone(), code.as_str())),
            Some(false) => faults.push(Fault::new(
                Code::NotValidThen,
                at.clone(),
                format!("Đơn vị “{code}” không có hiệu lực vào ngày họp."),
                format!("“{code}” is not in force on the day of the meeting."),
            )),
            Some(true) => {}
        }
    }
    if text.due_on.0 < ground.held_on {
        let (vi, en) = ("Hạn thực hiện trước ngày họp.", "The due date lies before the meeting.");
        faults.push(Fault::new(Code::DatesBackwards, "/due_on", vi, en));
    }
    if text.document_no.as_ref().is_some_and(|no| no.is_blank()) {
        faults.push(Fault::missing("/document_no"));
    }
    faults
}

/// What may be done with a decision by someone who may decide, or not.
pub fn allowed(state: DecisionState, may: bool) -> Vec<DecisionAct> {
    if may && state == DecisionState::Standing { vec![DecisionAct::Change, DecisionAct::Revoke] } else { Vec::new() }
}

/// Where a fault of the task lies in the decision that it comes from; none when the task cannot be changed at all.
pub fn pointer_of(pointer: &str) -> Option<String> {
    match pointer {
        "/code" => None,
        "/title" => Some("/text".to_owned()),
        "/document_number" => Some("/document_no".to_owned()),
        "/document_on" => Some("/held_on".to_owned()),
        other => Some(other.to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_judged_at_its_end_or_today() {
        let days = Period::month("2022-06").unwrap().days(PeriodSet::Administrative);
        for (today, as_of) in [
            ("2022-05-14", None),
            ("2022-05-15", Some("2022-05-15")),
            ("2022-06-14", Some("2022-06-14")),
            ("2022-09-01", Some("2022-06-14")),
        ] {
            assert_eq!(judged_on(days, day(today)), as_of.map(day), "{today}");
        }
    }

    #[test]
    fn a_trend_has_twelve_months_cut_by_their_days() {
        let of = |on: &str, finished, on_time| DailyFinish { finished_on: day(on), finished, on_time };
        let daily = [
            of("2021-06-14", 9, 0),
            of("2021-06-15", 1, 1),
            of("2022-05-14", 2, 1),
            of("2022-05-15", 3, 2),
            of("2022-06-14", 3, 3),
            of("2022-06-15", 9, 0),
        ];
        let trend = trend(&Period::month("2022-06").unwrap(), PeriodSet::Administrative, &daily);
        let told: Vec<_> =
            trend.iter().filter(|m| m.finished > 0).map(|m| (m.period.as_str(), m.finished, m.on_time_rate.unwrap())).collect();
        assert_eq!((trend.len(), trend[0].period.as_str(), trend[1].on_time_rate), (12, "2021-07", None));
        assert_eq!(told, [("2021-07", 1, 100.0), ("2022-05", 2, 50.0), ("2022-06", 6, 83.33)]);
    }

    #[test]
    fn every_fault_of_a_decision_is_told() {
        let new = |change: serde_json::Value| -> (NewDecision, DecisionText) {
            let mut body = json!({"item": "obstacle:VM-2022-0001", "text": "Soạn văn bản", "lead": ["VP"], "coordinate": ["DKKD"], "due_on": "2022-06-30"});
            change.as_object().unwrap().iter().for_each(|(k, v)| body[k] = v.clone());
            let mut text = body.clone();
            for member in ["item", "ruling", "held_on"] {
                text.as_object_mut().unwrap().remove(member);
            }
            (serde_json::from_value(body).unwrap(), serde_json::from_value(text).unwrap())
        };
        let known = |code: &str| match code {
            "VP" | "DKKD" => Some(true),
            "CU" => Some(false),
            _ => None,
        };
        let cases = [
            (json!({}), "2022-06-17", true, vec![]),
            (json!({"ruling": "agreed"}), "2022-06-17", true, vec![]),
            (json!({"due_on": "2022-06-17"}), "2022-06-17", true, vec![]),
            (json!({"item": "task:a", "ruling": "agreed"}), "2022-06-17", true, vec!["inconsistent_decision /ruling"]),
            (
                json!({"text": " ", "lead": [], "due_on": "2022-06-16"}),
                "2022-06-17",
                false,
                vec!["unknown_code /item", "missing /text", "missing /lead", "dates_backwards /due_on"],
            ),
            (
                json!({"lead": ["VP", "CU", "X"], "coordinate": ["VP"]}),
                "2022-06-17",
                true,
                vec!["not_valid_then /lead/1", "unknown_code /lead/2", "duplicate_in_payload /coordinate/0"],
            ),
            (json!({"document_no": " "}), "2022-06-18", true, vec!["date_in_future /held_on", "missing /document_no"]),
            (json!({}), "2022-05-14", true, vec!["dates_backwards /held_on"]),
        ];
        for (change, held_on, item, expected) in cases {
            let (new, text) = new(change.clone());
            let ground = Ground { today: day("2022-06-17"), from: day("2022-05-15"), held_on: day(held_on), department: &known };
            let told: Vec<String> =
                new_faults(&new, &text, item, &ground).iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect();
            assert_eq!(told, expected, "{change}");
        }
    }

    #[test]
    fn only_what_stands_changes() {
        assert_eq!(allowed(DecisionState::Standing, true), [DecisionAct::Change, DecisionAct::Revoke]);
        assert!(allowed(DecisionState::Standing, false).is_empty() && allowed(DecisionState::Revoked, true).is_empty());
        assert_eq!(
            (pointer_of("/code"), pointer_of("/title").unwrap(), pointer_of("/lead/0").unwrap()),
            (None, "/text".into(), "/lead/0".into())
        );
    }
}
