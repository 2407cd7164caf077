//! What follows from the facts of a dossier: status, due dates, timeliness, outcome, findings (rules of counting
//! §2–§4, §8), and which facts cannot be. Pure: the same for an act at the counter and for a row of history.

use chrono::{DateTime, NaiveDate, Utc};

use super::clock::{self, ClockError, PauseKind, Reading, Terms};
use super::model::{Decision, Facts, Finding, Outcome, Status, Timeliness};
use crate::calendar::{Calendar, Edition, vn_date};
use crate::error::{Code, Fault};

/// What is stored beside the facts because it follows from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    pub status: Status,
    pub reading: Option<Reading>,
    /// What the reading was counted with.
    pub edition: Option<Edition>,
    /// Final, for a dossier that is closed or was never accepted; an open one is judged by the day of asking.
    pub timeliness: Option<Timeliness>,
    /// An apology naming a new date was sent, on or before the finish if there is one.
    pub apologised: bool,
    /// When papers were first asked for.
    pub supplement_asked_on: Option<NaiveDate>,
    /// Open, and the answer of a consulted agency is awaited that was not escalated.
    pub consulting: bool,
    /// Sorted, once a kind, without the ones that depend on the day of asking.
    pub findings: Vec<(Finding, NaiveDate)>,
}

fn blank(text: Option<&String>) -> bool {
    text.is_none_or(|t| t.trim().is_empty())
}

impl Facts {
    pub fn status(&self) -> Status {
        if self.void.is_some() {
            return Status::Voided;
        }
        if let Some(verdict) = &self.verdict {
            return match verdict.decision {
                Decision::Resolved if self.returned_at.is_some() => Status::Returned,
                Decision::Resolved => Status::Resolved,
                Decision::Refused => Status::Refused,
                Decision::Terminated => Status::Terminated,
                Decision::Withdrawn => Status::Withdrawn,
                Decision::NotAccepted => Status::NotAccepted,
            };
        }
        if self.accepted_at.is_none() {
            let waiting = self.completions.last().is_some_and(|c| c.completed_at.is_none());
            return if waiting { Status::AwaitingCompletion } else { Status::Submitted };
        }
        match self.open_pause() {
            Some(PauseKind::Supplement) => Status::AwaitingSupplement,
            Some(PauseKind::Fee) => Status::AwaitingFee,
            Some(PauseKind::Suspension) => Status::Suspended,
            None if self.processing_at.is_some() => Status::Processing,
            None => Status::Accepted,
        }
    }

    fn open_pause(&self) -> Option<PauseKind> {
        self.pauses.iter().find(|p| p.to.is_none()).map(|p| p.kind)
    }

    pub fn clock_pauses(&self) -> Vec<clock::Pause> {
        self.pauses.iter().map(|p| clock::Pause { kind: p.kind, from: p.from, to: p.to }).collect()
    }

    /// When something happened last, as far as is known.
    pub fn last_at(&self) -> Option<DateTime<Utc>> {
        let single = [self.submitted_at, self.accepted_at, self.processing_at, self.finished_at(), self.returned_at];
        let completions = self.completions.iter().flat_map(|c| [Some(c.requested_at), c.completed_at]);
        let pauses = self.pauses.iter().flat_map(|p| [Some(p.from), p.to]);
        let letters = self.apologies.iter().map(|a| a.sent_at).chain(self.transfers.iter().map(|t| t.at)).map(Some);
        let consultations = self.consultations.iter().flat_map(|c| {
            let reminders = c.reminders.iter().map(|r| Some(r.sent_at));
            [Some(c.sent_at), c.answered_at, c.escalated_at].into_iter().chain(reminders)
        });
        single.into_iter().chain(completions).chain(pauses).chain(letters).chain(consultations).flatten().max()
    }

    /// The finish, or the moment of voiding where there was none.
    pub fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.verdict.as_ref().map(|v| v.at).or_else(|| self.void.as_ref().and_then(|v| v.at))
    }
}

/// Everything that follows from facts that [`faults`] finds nothing wrong with.
///
/// # Errors
/// The clock's: a year without a calendar, pauses that overlap or run backwards, a limit out of range.
pub fn derive(
    facts: &Facts,
    terms: &Terms,
    one_stop: bool,
    received_at: DateTime<Utc>,
    calendar: &Calendar,
) -> Result<Derived, ClockError> {
    let reading = match facts.accepted_at {
        Some(accepted) => Some(clock::read(calendar, accepted, terms, &facts.clock_pauses(), None)?),
        None => None,
    };
    let status = facts.status();
    let finished_on = facts.verdict.as_ref().map(|v| vn_date(v.at));
    let timeliness = match (&reading, finished_on) {
        _ if status == Status::Voided => Some(Timeliness::NotApplicable),
        (None, _) => Some(Timeliness::NotApplicable),
        (Some(reading), Some(on)) => Some(finished_timeliness(reading, on)),
        (Some(_), None) => None,
    };
    let apologised = facts.apologies.iter().any(|a| a.new_due_on.is_some() && finished_on.is_none_or(|on| vn_date(a.sent_at) <= on));
    let findings = match status {
        Status::Voided => Vec::new(),
        _ => findings(facts, reading.as_ref(), timeliness, apologised, one_stop, received_at),
    };
    let edition = reading.as_ref().map(|_| calendar.edition().clone());
    let awaited = facts.consultations.iter().any(|c| c.answered_at.is_none() && c.escalated_at.is_none());
    let consulting = awaited && facts.verdict.is_none() && facts.void.is_none();
    let asked = facts.pauses.iter().filter(|p| p.kind == clock::PauseKind::Supplement).map(|p| p.from).min();
    let supplement_asked_on = asked.map(vn_date);
    Ok(Derived { status, reading, edition, timeliness, apologised, supplement_asked_on, consulting, findings })
}

/// Timeliness of a finish. While a pause is open the due date in force when it began is what counts.
fn finished_timeliness(reading: &Reading, on: NaiveDate) -> Timeliness {
    let by = |due: NaiveDate| match on.cmp(&due) {
        std::cmp::Ordering::Less => Timeliness::Early,
        std::cmp::Ordering::Equal => Timeliness::OnTime,
        std::cmp::Ordering::Greater => Timeliness::Late,
    };
    match (reading.due_on, reading.due_before) {
        (Some(due), _) => by(due),
        (None, Some(before)) if on <= before => by(before),
        (None, Some(before)) => {
            let asked_late = reading.pauses.last().is_some_and(|p| vn_date(p.from) > before);
            if asked_late { Timeliness::Late } else { Timeliness::OnTime }
        }
        (None, None) => Timeliness::OnTime,
    }
}

/// Timeliness on a day, for a dossier whose stored one is none (open and accepted).
pub fn open_timeliness(due_on: Option<NaiveDate>, today: NaiveDate) -> Timeliness {
    if due_on.is_some_and(|due| due < today) { Timeliness::Overdue } else { Timeliness::InTime }
}

/// The verdict on a day (rules of counting §4).
pub fn outcome(status: Status, accepted: bool, timeliness: Timeliness, apologised: bool) -> Outcome {
    match status {
        Status::Voided => Outcome::Voided,
        Status::NotAccepted if accepted => Outcome::Refused,
        Status::NotAccepted => Outcome::NotAccepted,
        Status::Withdrawn => Outcome::Withdrawn,
        Status::Terminated => Outcome::Terminated,
        Status::Refused => Outcome::Refused,
        Status::Resolved | Status::Returned => match timeliness {
            Timeliness::Late if apologised => Outcome::LateWithApology,
            Timeliness::Late => Outcome::LateWithoutApology,
            _ => Outcome::OnTime,
        },
        Status::AwaitingSupplement | Status::AwaitingFee => Outcome::SupplementRequested,
        Status::Suspended => Outcome::Suspended,
        Status::Accepted | Status::Processing => match timeliness {
            Timeliness::Overdue if apologised => Outcome::OverdueWithApology,
            Timeliness::Overdue => Outcome::Overdue,
            _ => Outcome::InProgress,
        },
        Status::Submitted | Status::AwaitingCompletion => Outcome::Submitted,
    }
}

/// The due date that an apology sent at an instant is held against: the one in force then. While the clock stands still
/// there is none, unless it was past already when the pause began (as for a finish while a pause is open, §3).
fn promised(reading: &Reading, at: DateTime<Utc>) -> Option<NaiveDate> {
    match reading.pauses.iter().rev().find(|p| p.from <= at) {
        None => reading.first_due_on,
        Some(pause) if pause.to.is_some_and(|to| to <= at) => pause.due_after,
        Some(pause) => pause.due_before.filter(|before| vn_date(pause.from) > *before),
    }
}

/// An apology is judged by the due date in force when it was sent. So the verdict on those sent before a revision of the calendar
/// moved the dossier stays as it is stored (`stands`, by when they were sent); only others are judged by the due date as it is now.
pub fn keep_verdict_on_apologies(derived: &mut Derived, facts: &Facts, stands: impl Fn(DateTime<Utc>) -> bool, stored: Option<NaiveDate>) {
    let Some(reading) = derived.reading.as_ref().filter(|_| derived.status != Status::Voided) else { return };
    let after_due = |at: DateTime<Utc>| promised(reading, at).is_some_and(|due| vn_date(at) > due);
    let sent = facts.apologies.iter().map(|a| a.sent_at).find(|at| !stands(*at) && after_due(*at)).map(vn_date);
    derived.findings.retain(|(finding, _)| *finding != Finding::ApologyAfterDue);
    derived.findings.extend(stored.into_iter().chain(sent).min().map(|on| (Finding::ApologyAfterDue, on)));
    derived.findings.sort_unstable();
}

fn findings(
    facts: &Facts,
    reading: Option<&Reading>,
    timeliness: Option<Timeliness>,
    apologised: bool,
    one_stop: bool,
    received_at: DateTime<Utc>,
) -> Vec<(Finding, NaiveDate)> {
    let mut found = Vec::new();
    let mut add = |finding: Finding, at: Option<DateTime<Utc>>| found.extend(at.map(|at| (finding, vn_date(at))));
    let supplements: Vec<_> = facts.pauses.iter().filter(|p| p.kind == PauseKind::Supplement).collect();
    let received = facts.submitted_at.or(facts.accepted_at).unwrap_or(received_at);
    add(Finding::ReceivedOutsideOneStop, (!one_stop).then_some(received));
    add(Finding::SupplementWithoutNotice, supplements.iter().find(|p| blank(p.document_no.as_ref())).map(|p| p.from));
    add(Finding::RepeatedSupplement, supplements.get(1).map(|p| p.from));
    let suspension = facts.pauses.iter().find(|p| p.kind == PauseKind::Suspension && blank(p.legal_basis.as_ref()));
    add(Finding::SuspensionWithoutBasis, suspension.map(|p| p.from));
    if let Some(verdict) = &facts.verdict {
        let at = Some(verdict.at);
        let (no_reason, no_document) = (blank(verdict.reason.as_ref()), blank(verdict.document_no.as_ref()));
        match verdict.decision {
            Decision::Refused => {
                add(Finding::RefusalWithoutReason, at.filter(|_| no_reason));
                add(Finding::RefusalWithoutDocument, at.filter(|_| no_document));
            }
            Decision::NotAccepted => {
                add(Finding::RefusalWithoutReason, at.filter(|_| no_reason));
                add(Finding::NotAcceptedAfterAcceptance, at.filter(|_| facts.accepted_at.is_some()));
            }
            Decision::Terminated => add(Finding::TerminationWithoutNotice, at.filter(|_| no_document)),
            Decision::Resolved | Decision::Withdrawn => {}
        }
        let late = timeliness == Some(Timeliness::Late) && verdict.decision != Decision::Withdrawn;
        add(Finding::LateWithoutApology, at.filter(|_| late && !apologised));
    }
    if let Some(reading) = reading {
        let after_due = |at: DateTime<Utc>| promised(reading, at).is_some_and(|due| vn_date(at) > due);
        let late_apology = facts.apologies.iter().find(|a| after_due(a.sent_at));
        add(Finding::ApologyAfterDue, late_apology.map(|a| a.sent_at));
    }
    add(Finding::RepeatedApology, facts.apologies.get(1).map(|a| a.sent_at));
    add(Finding::MissingDigitalFile, (facts.digitised == Some(false)).then_some(received));
    found.sort_unstable();
    found
}

/// The findings that depend on the day of asking: an open dossier, its clock running, whose consulted agency is overdue.
///
/// Each arose when the omission began: a reminder is missing since the day after the answer was due; to escalate has been
/// due since the second reminder, or since the day after both the answer and the dossier were due. Of several
/// consultations the earliest counts.
pub fn consultation_findings(facts: &Facts, status: Status, due_on: Option<NaiveDate>, today: NaiveDate) -> Vec<(Finding, NaiveDate)> {
    let open = matches!(status, Status::Accepted | Status::Processing);
    let day_after = |day: NaiveDate| day.succ_opt().unwrap_or(day);
    let past = |due: Option<NaiveDate>| due.filter(|due| *due < today).map(day_after);
    let mut found = Vec::new();
    for consultation in facts.consultations.iter().filter(|c| open && c.answered_at.is_none() && c.escalated_at.is_none()) {
        let overdue = past(consultation.answer_due_on);
        let mut reminders: Vec<DateTime<Utc>> = consultation.reminders.iter().map(|r| r.sent_at).collect();
        reminders.sort_unstable();
        let second = reminders.get(1).map(|at| vn_date(*at));
        let both = overdue.zip(past(due_on)).map(|(answer, dossier)| answer.max(dossier));
        found.extend(overdue.filter(|_| second.is_none()).map(|on| (Finding::ConsultationReminderDue, on)));
        found.extend(second.into_iter().chain(both).min().map(|on| (Finding::ConsultationEscalationDue, on)));
    }
    found.sort_unstable();
    found.dedup_by_key(|(finding, _)| *finding);
    found
}

/// What cannot be: dates that run backwards or lie ahead, decisions that do not fit.
pub fn faults(facts: &Facts, now: DateTime<Utc>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let finish = facts.finished_at();
    let decided = facts.verdict.as_ref().map(|v| v.decision);
    let mut future = |at: Option<DateTime<Utc>>, pointer: String| {
        if at.is_some_and(|at| at > now) {
            faults.push(Fault::plain(Code::DateInFuture, pointer));
        }
    };
    future(facts.submitted_at, "/submitted_at".into());
    future(facts.accepted_at, "/accepted_at".into());
    future(finish, "/finished_at".into());
    future(facts.returned_at, "/returned_at".into());
    for pause in &facts.pauses {
        future(Some(pause.from), pause.pointer(true));
        future(pause.to, pause.pointer(false));
    }
    for (i, apology) in facts.apologies.iter().enumerate() {
        future(Some(apology.sent_at), format!("/apologies/{i}/sent_at"));
    }
    for (i, c) in facts.consultations.iter().enumerate() {
        future(Some(c.sent_at), format!("/consultations/{i}/sent_at"));
        future(c.answered_at, format!("/consultations/{i}/answered_at"));
        future(c.escalated_at, format!("/consultations/{i}/escalated_at"));
        for (j, reminder) in c.reminders.iter().enumerate() {
            future(Some(reminder.sent_at), format!("/consultations/{i}/reminders/{j}/sent_at"));
        }
    }

    let mut backwards = |earlier: Option<DateTime<Utc>>, later: Option<DateTime<Utc>>, pointer: String| {
        if let (Some(earlier), Some(later)) = (earlier, later)
            && later < earlier
        {
            faults.push(Fault::plain(Code::DatesBackwards, pointer));
        }
    };
    backwards(facts.submitted_at, facts.accepted_at, "/accepted_at".into());
    backwards(facts.accepted_at.or(facts.submitted_at), finish, "/finished_at".into());
    backwards(finish, facts.returned_at, "/returned_at".into());
    for pause in &facts.pauses {
        backwards(facts.accepted_at, Some(pause.from), pause.pointer(true));
        backwards(Some(pause.from), pause.to, pause.pointer(false));
        backwards(Some(pause.from), finish, pause.pointer(true));
        backwards(pause.to, finish, pause.pointer(false));
    }
    for (i, c) in facts.consultations.iter().enumerate() {
        backwards(Some(c.sent_at), c.answered_at, format!("/consultations/{i}/answered_at"));
        backwards(Some(c.sent_at), c.escalated_at, format!("/consultations/{i}/escalated_at"));
        for (j, reminder) in c.reminders.iter().enumerate() {
            backwards(Some(c.sent_at), Some(reminder.sent_at), format!("/consultations/{i}/reminders/{j}/sent_at"));
        }
    }
    if facts.accepted_at.is_none() {
        for pause in &facts.pauses {
            faults.push(Fault::new(
                Code::DatesBackwards,
                pause.pointer(true),
                "Chưa tiếp nhận thì chưa tính thời hạn.",
                "Nothing of the clock happens before acceptance.",
            ));
        }
        if matches!(decided, Some(Decision::Resolved | Decision::Refused | Decision::Terminated)) {
            faults.push(Fault::missing("/accepted_at"));
        }
    }
    if facts.returned_at.is_some() && decided != Some(Decision::Resolved) {
        faults.push(Fault::new(
            Code::InconsistentDecision,
            "/returned_at",
            "Chỉ trả kết quả khi hồ sơ đã giải quyết xong.",
            "Only a resolved dossier is returned.",
        ));
    }
    faults
}

impl super::model::Pause {
    /// Where the instant stands in a row of history.
    fn pointer(&self, begin: bool) -> String {
        let (list, names) = match self.kind {
            PauseKind::Supplement => ("supplements", ["requested_at", "fulfilled_at"]),
            PauseKind::Fee => ("fee_requests", ["requested_at", "paid_at"]),
            PauseKind::Suspension => ("suspensions", ["from", "to"]),
        };
        format!("/{list}/{}/{}", self.n - 1, names[usize::from(!begin)])
    }
}

/// A fault of the clock, put where the caller can mend it.
pub fn clock_fault(error: &ClockError, pointer: &'static str) -> Fault {
    let code = Code::ALL.iter().copied().find(|c| c.name() == error.code()).unwrap_or(Code::RuleBroken);
    Fault { code, pointer: pointer.into(), detail: error.text() }
}
