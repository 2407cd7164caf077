//! What may be done about an obstacle, and what must be said. Pure.

use chrono::NaiveDate;

use super::model::{ObstacleAct, ObstacleState};
use super::wire::{NewObstacle, ObstacleFollowUp};
use crate::error::{Code, Fault};

/// Where an act leads from a state; `None` where the state does not allow it.
pub fn after(state: ObstacleState, act: ObstacleAct) -> Option<ObstacleState> {
    use ObstacleAct::{Answer, Close, Decide, Escalate, Withdraw};
    use ObstacleState::{Answered, Closed, Decided, Escalated, Raised, Withdrawn};
    match (state, act) {
        // The office may answer again, as long as it has not gone to the director.
        (Raised | Answered, Answer) => Some(Answered),
        (Raised | Answered, Escalate) => Some(Escalated),
        (Escalated, Decide) => Some(Decided),
        (Answered | Decided, Close) => Some(Closed),
        (Raised | Answered | Escalated, Withdraw) => Some(Withdrawn),
        _ => None,
    }
}

/// What may be done now by someone who holds the permission for an act where `may` says so.
pub fn allowed(state: ObstacleState, may: impl Fn(ObstacleAct) -> bool) -> Vec<ObstacleAct> {
    ObstacleAct::LATER.iter().copied().filter(|act| after(state, *act).is_some() && may(*act)).collect()
}

/// What is known of what a new obstacle names.
pub struct Ground {
    pub today: NaiveDate,
    /// Whether the department exists, in reach of who raises.
    pub department: bool,
    /// Whether the department is in force today.
    pub in_force: bool,
    /// Whether what it is about exists, in sight.
    pub about: bool,
}

pub fn raise_faults(new: &NewObstacle, ground: &Ground) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !ground.department {
        faults.push(Fault::unknown("/department", new.department.as_str()));
    } else if !ground.in_force {
        faults.push(Fault::plain(Code::NotValidThen, "/department"));
    }
    faults.extend(new.title.is_blank().then(|| Fault::missing("/title")));
    faults.extend(new.description.is_blank().then(|| Fault::missing("/description")));
    if let Some(about) = new.about.as_ref().filter(|_| !ground.about) {
        faults.push(Fault::unknown("/about/code", about.code.as_str()));
    }
    if new.answer_by_on.is_some_and(|on| on.0 < ground.today) {
        let (vi, en) = ("Ngày mong được trả lời đã qua.", "The day by which an answer is wished has passed.");
        faults.push(Fault::new(Code::DatesBackwards, "/answer_by_on", vi, en));
    }
    faults
}

/// Faults of what is to be done after a decision; `known` says whether its department exists and is in force.
pub fn follow_up_faults(follow_up: &ObstacleFollowUp, known: bool, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(follow_up.what.is_blank().then(|| Fault::missing("/follow_up/what")));
    if let Some(code) = follow_up.department.as_ref().filter(|_| !known) {
        faults.push(Fault::unknown("/follow_up/department", code.as_str()));
    }
    if follow_up.due_on.is_some_and(|on| on.0 < today) {
        let (vi, en) = ("Hạn thực hiện đã qua.", "The day by which it is to be done has passed.");
        faults.push(Fault::new(Code::DatesBackwards, "/follow_up/due_on", vi, en));
    }
    faults
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_state_allows_what_follows_it() {
        use ObstacleState::{Answered, Closed, Decided, Escalated, Raised, Withdrawn};
        for (state, expected) in [
            (Raised, vec!["answer", "escalate", "withdraw"]),
            (Answered, vec!["answer", "escalate", "close", "withdraw"]),
            (Escalated, vec!["decide", "withdraw"]),
            (Decided, vec!["close"]),
            (Closed, vec![]),
            (Withdrawn, vec![]),
        ] {
            let names: Vec<_> = allowed(state, |_| true).into_iter().map(ObstacleAct::name).collect();
            assert_eq!(names, expected, "{state:?}");
            assert!(allowed(state, |_| false).is_empty());
        }
        assert_eq!(after(Escalated, ObstacleAct::Decide), Some(Decided));
        assert_eq!(after(Raised, ObstacleAct::Raise), None);
    }

    #[test]
    fn every_fault_of_a_new_one_is_told() {
        let new: NewObstacle = serde_json::from_value(json!({"department": "X", "title": " ", "description": "",
            "about": {"type": "task", "code": "t"}, "answer_by_on": "2022-06-14"}))
        .unwrap();
        let today = NaiveDate::from_ymd_opt(2022, 6, 15).unwrap();
        let pointers = |department, in_force, about| -> Vec<String> {
            raise_faults(&new, &Ground { today, department, in_force, about }).iter().map(|f| f.pointer.to_string()).collect()
        };
        assert_eq!(pointers(false, false, false), ["/department", "/title", "/description", "/about/code", "/answer_by_on"]);
        assert_eq!(pointers(true, false, true), ["/department", "/title", "/description", "/answer_by_on"]);
        assert_eq!(pointers(true, true, true), ["/title", "/description", "/answer_by_on"]);
        let follow_up: ObstacleFollowUp = serde_json::from_value(json!({"what": "", "department": "X", "due_on": "2022-06-14"})).unwrap();
        assert_eq!(follow_up_faults(&follow_up, false, today).len(), 3);
    }
}
