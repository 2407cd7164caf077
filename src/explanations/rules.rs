//! What is owed and what was explained, and what may be done with an explanation. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{ExplanationAct, ExplanationState, ExplanationSubjectKind, OwedState};
use super::wire::{ExplainedSubject, ExplanationFacts, ExplanationSubject, ExplanationText, OwedByDepartment, OwedItem};
use crate::error::{Code, Fault};
use crate::reports::period::Range;

/// Something that a department owes an explanation for, as it follows from the figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub department: String,
    pub department_name: String,
    pub kind: ExplanationSubjectKind,
    pub code: String,
    pub field: Option<String>,
    pub facts: ExplanationFacts,
}

/// Something that was explained.
#[derive(Clone, Debug)]
pub struct Explained {
    pub explanation: Uuid,
    pub state: ExplanationState,
    pub department: String,
    pub department_name: String,
    pub subject: ExplainedSubject,
}

type Key<'a> = (&'a str, ExplanationSubjectKind, &'a str, Option<&'a str>);

fn key_of(due: &Due) -> Key<'_> {
    (&due.department, due.kind, &due.code, due.field.as_deref())
}

/// Whether a thing that is owed is the one named.
pub fn names(due: &Due, subject: &ExplanationSubject) -> bool {
    due.kind == subject.kind && due.code == subject.code.as_str() && due.field.as_deref() == subject.field.as_ref().map(|f| f.as_str())
}

/// Everything that is owed or was explained, by department, kind and code. What was explained stays though it is no longer owed.
pub fn merge(dues: Vec<Due>, explained: &[Explained], late: bool) -> Vec<OwedItem> {
    let find = |key: Key<'_>| {
        explained.iter().find(|e| (e.department.as_str(), e.subject.kind, e.subject.code.as_str(), e.subject.field.as_deref()) == key)
    };
    let gone = explained.iter().filter(|e| {
        let key = (e.department.as_str(), e.subject.kind, e.subject.code.as_str(), e.subject.field.as_deref());
        dues.iter().all(|due| key_of(due) != key)
    });
    let mut items: Vec<OwedItem> = gone
        .map(|e| OwedItem {
            department: e.department.clone(),
            department_name: e.department_name.clone(),
            kind: e.subject.kind,
            code: e.subject.code.clone(),
            field: e.subject.field.clone(),
            facts: e.subject.facts.clone(),
            state: OwedState::of(e.state),
            still_owed: false,
            overdue: false,
            explanation: Some(e.explanation),
        })
        .collect();
    for due in dues {
        let covered = find(key_of(&due));
        let state = covered.map_or(OwedState::Owed, |e| OwedState::of(e.state));
        items.push(OwedItem {
            state,
            still_owed: true,
            overdue: late && state.is_open(),
            explanation: covered.map(|e| e.explanation),
            department: due.department,
            department_name: due.department_name,
            kind: due.kind,
            code: due.code,
            field: due.field,
            facts: due.facts,
        });
    }
    items.sort_by(|a, b| (&a.department, a.kind, &a.code, &a.field).cmp(&(&b.department, b.kind, &b.code, &b.field)));
    items
}

/// How far each department is, of what is still owed.
pub fn by_department(items: &[OwedItem]) -> Vec<OwedByDepartment> {
    let mut rows: BTreeMap<&str, OwedByDepartment> = BTreeMap::new();
    for item in items.iter().filter(|item| item.still_owed) {
        let row = rows.entry(&item.department).or_insert_with(|| OwedByDepartment {
            department: item.department.clone(),
            name: item.department_name.clone(),
            ..OwedByDepartment::default()
        });
        match item.state {
            OwedState::Owed | OwedState::Draft => row.owed += 1,
            OwedState::HandedIn => row.handed_in += 1,
            OwedState::Returned => row.returned += 1,
            OwedState::Accepted => row.accepted += 1,
        }
    }
    rows.into_values().collect()
}

/// Where an act leads from a state; `None` where the state does not allow it.
pub fn after(state: ExplanationState, act: ExplanationAct) -> Option<ExplanationState> {
    use ExplanationAct::{Accept, Change, Return, Submit};
    use ExplanationState::{Accepted, Draft, HandedIn, Returned};
    match (state, act) {
        (Draft | Returned, Change) => Some(state),
        (Draft | Returned, Submit) => Some(HandedIn),
        (HandedIn, Accept) => Some(Accepted),
        (HandedIn, Return) => Some(Returned),
        _ => None,
    }
}

/// What may be done now, given whose permission reaches the department.
pub fn allowed(state: ExplanationState, may_write: bool, may_review: bool) -> Vec<ExplanationAct> {
    let may = |act: ExplanationAct| match act {
        ExplanationAct::Change | ExplanationAct::Submit => may_write,
        ExplanationAct::Accept | ExplanationAct::Return => may_review,
    };
    ExplanationAct::ALL.iter().copied().filter(|act| after(state, *act).is_some() && may(*act)).collect()
}

/// Every fault of a text. `owed` is what the department owes for the period, `own` what this explanation covers already, `taken`
/// what others cover.
pub fn text_faults(text: &ExplanationText, days: Range, owed: &[Due], own: &[ExplainedSubject], taken: &[ExplainedSubject]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.subjects.is_empty() {
        faults.push(Fault::missing("/subjects"));
    }
    for (i, subject) in text.subjects.iter().enumerate() {
        let same = |e: &ExplainedSubject| {
            e.kind == subject.kind && e.code == subject.code.as_str() && e.field.as_deref() == subject.field.as_ref().map(|f| f.as_str())
        };
        let at = format!("/subjects/{i}");
        if text.subjects[..i].contains(subject) {
            faults.push(Fault::plain(Code::DuplicateInPayload, at));
        } else if taken.iter().any(same) {
            let (vi, en) = ("Đã có giải trình khác cho nội dung này.", "Another explanation covers this already.");
            faults.push(Fault::new(Code::Exists, at, vi, en));
        } else if !own.iter().any(same) && !owed.iter().any(|due| names(due, subject)) {
            let (vi, en) =
                ("Đơn vị không phải giải trình nội dung này trong kỳ.", "The department owes no explanation for this in the period.");
            faults.push(Fault::new(Code::NotOwed, at, vi, en));
        }
    }
    faults.extend(text.cause.is_blank().then(|| Fault::missing("/cause")));
    faults.extend(text.remedy.is_blank().then(|| Fault::missing("/remedy")));
    if text.remedy_due_on.is_some_and(|on| on.0 < days.from) {
        let (vi, en) = ("Hạn khắc phục trước khi kỳ bắt đầu.", "The remedy would be due before the period begins.");
        faults.push(Fault::new(Code::DatesBackwards, "/remedy_due_on", vi, en));
    }
    faults
}

/// The day of judgement of a period: its end, or today while it runs; none before it begins.
pub fn judged_on(days: Range, today: NaiveDate) -> Option<NaiveDate> {
    (days.from <= today).then(|| days.to.min(today))
}

#[cfg(test)]
mod tests;
