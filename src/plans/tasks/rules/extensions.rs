//! What a request for more time must fulfil. Pure.

use chrono::NaiveDate;

use crate::error::{Code, Fault};
use crate::http::Prose;

/// What a new due date is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The due date in force.
    pub due_on: Option<NaiveDate>,
    /// The last day of the task above, or of the plan.
    pub at_most: Option<NaiveDate>,
}

/// Every fault of a new date with its reason.
pub fn faults(new_due_on: NaiveDate, reason: &Prose, bounds: &Bounds) -> Vec<Fault> {
    let mut faults = Vec::new();
    match bounds.due_on {
        None => faults.push(Fault::new(
            Code::BadSchedule,
            "/new_due_on",
            "Nhiệm vụ chưa có hạn để gia hạn.",
            "The task has no due date that could be extended.",
        )),
        Some(due) if new_due_on <= due => faults.push(Fault::new(
            Code::NotLaterThanDue,
            "/new_due_on",
            format!("Phải sau hạn hiện tại ({}).", due.format("%d/%m/%Y")),
            format!("Must be later than the due date in force ({due})."),
        )),
        Some(_) => {}
    }
    if let Some(last) = bounds.at_most.filter(|last| new_due_on > *last) {
        faults.push(Fault::new(
            Code::LaterThanParent,
            "/new_due_on",
            format!("Không được sau hạn của nhiệm vụ cấp trên hoặc ngày cuối của kế hoạch ({}).", last.format("%d/%m/%Y")),
            format!("Must not be later than the task above or the end of the plan ({last})."),
        ));
    }
    if reason.is_blank() {
        faults.push(Fault::missing("/reason"));
    }
    faults
}

/// The last day that a new due date may be: that of the task above, else the end of the plan; a task from above has no bound.
pub fn at_most(parent_due_on: Option<NaiveDate>, plan_to: Option<NaiveDate>) -> Option<NaiveDate> {
    parent_due_on.or(plan_to)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_new_date_is_later_than_the_old_and_within_what_is_above() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let reason: Prose = serde_json::from_str("\"Chờ ý kiến\"").unwrap();
        let bounds = Bounds { due_on: Some(day("2022-06-30")), at_most: at_most(None, Some(day("2022-12-31"))) };
        for (new, codes) in [
            ("2022-06-29", vec![Code::NotLaterThanDue]),
            ("2022-06-30", vec![Code::NotLaterThanDue]),
            ("2022-07-01", vec![]),
            ("2022-12-31", vec![]),
            ("2023-01-01", vec![Code::LaterThanParent]),
        ] {
            let found: Vec<_> = faults(day(new), &reason, &bounds).iter().map(|f| f.code).collect();
            assert_eq!(found, codes, "{new}");
        }
        assert_eq!(at_most(Some(day("2022-08-01")), Some(day("2022-12-31"))), Some(day("2022-08-01")));
        let blank: Prose = serde_json::from_str("\" \"").unwrap();
        let open = Bounds { due_on: None, at_most: None };
        let found: Vec<_> = faults(day("2022-07-01"), &blank, &open).iter().map(|f| f.code).collect();
        assert_eq!(found, [Code::BadSchedule, Code::Missing]);
    }
}
