//! Where a task stands, and what may be done with it. Pure.

pub mod assigned;
pub mod extensions;
pub mod occurrences;
pub mod work;

use chrono::{Days, NaiveDate};

use super::wire::{ExtensionStatus, NewCompletion, NewProgressReport, Proof, TaskAct};
use crate::error::{Code, Fault};
use crate::plans::model::{DocumentRelation, Schedule, ScheduleKind, TaskState};
use crate::plans::wire::{NamedDocument, PlanPeriod};

/// A task that ends within so many days is due soon.
pub const SOON_DAYS: i64 = 5;

/// First and last day of a task. What the source leaves open is bounded by the plan; a task that waits for an event has
/// neither until the event is known.
pub fn window(schedule: &Schedule, plan: &PlanPeriod) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let start = schedule.start_on.map(|d| d.0);
    let end = schedule.end_on.map(|d| d.0).or_else(|| schedule.before_on.and_then(|d| d.0.checked_sub_days(Days::new(1))));
    match schedule.kind {
        ScheduleKind::AfterEvent => (start, end),
        _ => (start.or(Some(plan.from.0)), end.or(Some(plan.to.0))),
    }
}

/// The day of the document that proves a task already done, where the document has one.
pub fn proven_on(kind: ScheduleKind, evidence: &[NamedDocument]) -> Option<NaiveDate> {
    let proofs = evidence.iter().filter(|e| kind == ScheduleKind::AlreadyDone && e.relation == DocumentRelation::ProofOfCompletion);
    proofs.filter_map(|e| e.issued_on).map(|d| d.0).max()
}

/// What the state of an occurrence follows from.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub kind: ScheduleKind,
    pub starts_on: Option<NaiveDate>,
    pub due_on: Option<NaiveDate>,
    pub proven_on: Option<NaiveDate>,
    pub completed_on: Option<NaiveDate>,
    /// Handed in, and the office has not decided.
    pub handed_in: bool,
    /// Returned by the office, and not handed in again.
    pub returned: bool,
    /// Whether any department has reported on it.
    pub reported: bool,
}

/// Where an occurrence stands today. `store::state` says the same in SQL.
pub fn state(facts: &Facts, today: NaiveDate) -> TaskState {
    let done = |on: Option<NaiveDate>| match (on, facts.due_on) {
        (Some(on), Some(due)) if on > due => TaskState::DoneLate,
        _ => TaskState::DoneOnTime,
    };
    if facts.completed_on.is_some() {
        return done(facts.completed_on);
    }
    if facts.kind == ScheduleKind::AlreadyDone {
        return done(facts.proven_on);
    }
    let left = facts.due_on.map(|due| (due - today).num_days());
    if facts.handed_in {
        TaskState::HandedIn
    } else if left.is_some_and(|days| days < 0) {
        TaskState::Overdue
    } else if facts.returned {
        TaskState::Returned
    } else if facts.starts_on.is_none_or(|start| start > today) && !facts.reported {
        TaskState::NotStarted
    } else if left.is_some_and(|days| days <= SOON_DAYS) {
        TaskState::DueSoon
    } else {
        TaskState::InProgress
    }
}

/// Whether a task still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Holds,
    Cancelled,
    NotApplicable,
}

/// Where a task stands, by its occurrences: done when all of them are; else as the most pressing one that is not.
pub fn task_state(standing: Standing, states: &[TaskState]) -> TaskState {
    use TaskState::{DoneLate, DoneOnTime, DueSoon, HandedIn, InProgress, NotStarted, Overdue, Returned};
    let any = |state: TaskState| states.contains(&state);
    match standing {
        Standing::Cancelled => return TaskState::Cancelled,
        Standing::NotApplicable => return TaskState::NotApplicable,
        Standing::Holds => {}
    }
    if let Some(pressing) = [Overdue, Returned, DueSoon, InProgress, HandedIn].into_iter().find(|s| any(*s)) {
        return pressing;
    }
    match (any(NotStarted), any(DoneLate), any(DoneOnTime)) {
        (true, false, false) | (false, false, false) => NotStarted,
        // Between two of its times.
        (true, ..) => InProgress,
        (false, true, _) => DoneLate,
        (false, false, true) => DoneOnTime,
    }
}

/// What a caller's permissions reach of a task.
#[derive(Clone, Copy, Debug, Default)]
pub struct May {
    pub report: bool,
    pub complete: bool,
    pub ask_extension: bool,
    pub decide_extension: bool,
    pub confirm: bool,
    pub write: bool,
    pub assign: bool,
    pub accept: bool,
}

/// What stands on a task, as far as acts depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    pub standing: Standing,
    /// Every occurrence is closed.
    pub closed: bool,
    pub kind: ScheduleKind,
    pub handed_in: bool,
    /// Something is open that was not handed in.
    pub to_hand_in: bool,
    /// Something has been closed, and may be taken up again.
    pub confirmed: bool,
    pub extension: Option<ExtensionStatus>,
    pub assigned: bool,
    pub due: bool,
}

/// The acts that the state of a task allows, whoever acts.
pub fn possible_acts(stand: &Stand) -> Vec<TaskAct> {
    use ExtensionStatus::{Asked, CounterProposed};
    let holds = stand.standing == Standing::Holds;
    let open = holds && !stand.closed;
    let extension = stand.extension.filter(|s| matches!(s, Asked | CounterProposed));
    let all = [
        (TaskAct::ReportProgress, open),
        (TaskAct::HandIn, open && stand.to_hand_in),
        (TaskAct::Complete, open),
        (TaskAct::Confirm, holds && stand.handed_in),
        (TaskAct::Return, holds && (stand.handed_in || stand.confirmed)),
        (TaskAct::Trigger, open && stand.kind == ScheduleKind::AfterEvent),
        (TaskAct::Assign, open),
        (TaskAct::AcceptAssignment, open && stand.assigned),
        (TaskAct::RefuseAssignment, open && stand.assigned),
        (TaskAct::AddEvidence, holds),
        (TaskAct::AskExtension, open && stand.due && extension.is_none()),
        (TaskAct::ApproveExtension, open && extension == Some(Asked)),
        (TaskAct::RejectExtension, open && extension.is_some()),
        (TaskAct::CounterProposeExtension, open && extension == Some(Asked)),
        (TaskAct::AcceptExtension, open && extension == Some(CounterProposed)),
        (TaskAct::WithdrawExtension, open && extension.is_some()),
        (TaskAct::Cancel, open),
        (TaskAct::SetNotApplicable, open),
    ];
    all.into_iter().filter(|(_, possible)| *possible).map(|(act, _)| act).collect()
}

/// What a caller may do with a task, given what the caller's permissions reach.
pub fn allowed_acts(stand: &Stand, may: &May) -> Vec<TaskAct> {
    let permitted = |act: &TaskAct| match act {
        TaskAct::ReportProgress | TaskAct::AddEvidence => may.report,
        TaskAct::HandIn | TaskAct::Complete => may.complete,
        TaskAct::Confirm | TaskAct::Return => may.confirm,
        TaskAct::Trigger | TaskAct::Cancel | TaskAct::SetNotApplicable => may.write,
        TaskAct::Assign => may.assign,
        TaskAct::AcceptAssignment | TaskAct::RefuseAssignment => may.accept,
        TaskAct::AskExtension | TaskAct::AcceptExtension | TaskAct::WithdrawExtension => may.ask_extension,
        TaskAct::ApproveExtension | TaskAct::RejectExtension | TaskAct::CounterProposeExtension => may.decide_extension,
    };
    possible_acts(stand).into_iter().filter(permitted).collect()
}

/// What an act on a task is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    pub kind: ScheduleKind,
    /// The day the plan, or the document that assigns the task, begins.
    pub plan_from: NaiveDate,
    pub today: NaiveDate,
}

/// Every fault of a progress report. `has_part` is `None` for a department that does not exist.
pub fn report_faults(report: &NewProgressReport, has_part: Option<bool>, repeated: bool, ground: &Ground) -> Vec<Fault> {
    let mut faults = Vec::new();
    match has_part {
        None => faults.push(Fault::unknown("/department", report.department.as_str())),
        Some(false) => faults.push(Fault::new(
            Code::NoPart,
            "/department",
            "Đơn vị không chủ trì hay phối hợp nhiệm vụ này.",
            "The department neither leads this task nor co-operates in it.",
        )),
        Some(true) => {}
    }
    match period_start(report.period.as_str()) {
        None => faults.push(Fault::new(
            Code::WrongFormat,
            "/period",
            "Kỳ báo cáo có dạng 2022, 2022-H1, 2022-Q2 hoặc 2022-06.",
            "A period looks like 2022, 2022-H1, 2022-Q2 or 2022-06.",
        )),
        Some(first) if first > ground.today => {
            faults.push(Fault::new(Code::DateInFuture, "/period", "Kỳ báo cáo chưa bắt đầu.", "The period has not begun."));
        }
        Some(_) if repeated => faults.push(Fault::new(
            Code::Exists,
            "/period",
            "Đơn vị đã báo cáo nhiệm vụ này cho kỳ đó.",
            "The department has reported on this task for that period already.",
        )),
        Some(_) => {}
    }
    if report.content.is_blank() {
        faults.push(Fault::missing("/content"));
    }
    faults.extend(proof_faults(&report.evidence, ground.today));
    faults
}

/// Every fault of a completion.
pub fn completion_faults(completion: &NewCompletion, ground: &Ground) -> Vec<Fault> {
    let mut faults = Vec::new();
    let on = completion.completed_on.0;
    if on > ground.today {
        faults.push(Fault::plain(Code::DateInFuture, "/completed_on"));
    } else if on < ground.plan_from && ground.kind != ScheduleKind::AlreadyDone {
        let from = ground.plan_from.format("%Y-%m-%d");
        faults.push(Fault::new(
            Code::DatesBackwards,
            "/completed_on",
            format!("Trước ngày kế hoạch bắt đầu ({from})."),
            format!("Before the plan begins ({from})."),
        ));
    }
    if completion.summary.is_blank() {
        faults.push(Fault::missing("/summary"));
    }
    if completion.evidence.is_empty() {
        faults.push(Fault::new(
            Code::Missing,
            "/evidence",
            "Phải có ít nhất một văn bản minh chứng.",
            "At least one document must show it.",
        ));
    }
    faults.extend(proof_faults(&completion.evidence, ground.today));
    faults
}

pub fn proof_faults(evidence: &[Proof], today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, proof) in evidence.iter().enumerate() {
        let said = [&proof.document_number, &proof.title, &proof.link];
        if said.iter().all(|text| text.as_ref().is_none_or(|t| t.is_blank())) {
            faults.push(Fault::new(
                Code::Missing,
                format!("/evidence/{i}"),
                "Cần số văn bản, tên hoặc liên kết.",
                "A document number, a title or a link is needed.",
            ));
        }
        if proof.issued_on.is_some_and(|on| on.0 > today) {
            faults.push(Fault::plain(Code::DateInFuture, format!("/evidence/{i}/issued_on")));
        }
        let is_link = |link: &str| link.starts_with("https://") || link.starts_with("http://");
        if proof.link.as_ref().is_some_and(|link| !is_link(link.as_str())) {
            faults.push(Fault::new(
                Code::WrongFormat,
                format!("/evidence/{i}/link"),
                "Liên kết bắt đầu bằng https://.",
                "A link begins with https://.",
            ));
        }
    }
    faults
}

/// The first day of `2022`, `2022-H1`, `2022-Q2` or `2022-06`.
pub fn period_start(period: &str) -> Option<NaiveDate> {
    let (year, part) = match period.split_once('-') {
        None => (period, ""),
        Some((year, part)) if !part.is_empty() => (year, part),
        Some(_) => return None,
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !digits(year) || !("1900"..="2200").contains(&year) {
        return None;
    }
    let month = match part.as_bytes() {
        [] => 1,
        [b'H', n @ b'1'..=b'2'] => u32::from(n - b'1') * 6 + 1,
        [b'Q', n @ b'1'..=b'4'] => u32::from(n - b'1') * 3 + 1,
        [b'0'..=b'1', b'0'..=b'9'] => part.parse().ok()?,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year.parse().ok()?, month, 1)
}

#[cfg(test)]
mod tests;
