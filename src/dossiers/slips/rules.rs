//! Which slips a dossier has something to print on, and what follows from its facts for them. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::vn_date;
use crate::dossiers::clock::PauseKind;
use crate::dossiers::model::{Decision, Facts, Timeliness};
use crate::rule_sets::{FormKind, GroundedAct};
use crate::text::Text;

/// What a dossier must have for a slip, and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    Acceptance,
    SupplementRequest,
    Refusal,
    Apology,
    Termination,
    /// A voided entry is not handed out on paper.
    Validity,
}

impl Lack {
    pub fn name(self) -> &'static str {
        match self {
            Lack::Acceptance => "acceptance",
            Lack::SupplementRequest => "supplement_request",
            Lack::Refusal => "refusal",
            Lack::Apology => "apology",
            Lack::Termination => "termination",
            Lack::Validity => "validity",
        }
    }

    pub fn text(self) -> Text {
        match self {
            Lack::Acceptance => Text::new("Hồ sơ chưa được tiếp nhận.", "The dossier has not been accepted."),
            Lack::SupplementRequest => Text::new("Hồ sơ không có yêu cầu bổ sung.", "There is no supplement request."),
            Lack::Refusal => Text::new("Hồ sơ không bị từ chối.", "The dossier has not been refused."),
            Lack::Apology => Text::new("Hồ sơ không có thông báo xin lỗi.", "There is no apology."),
            Lack::Termination => Text::new("Hồ sơ không bị dừng giải quyết.", "The dossier has not been terminated."),
            Lack::Validity => Text::new("Hồ sơ đã bị hủy do nhập sai hoặc nhập trùng.", "The entry was voided as wrong or duplicate."),
        }
    }
}

fn decided(facts: &Facts) -> Option<Decision> {
    facts.verdict.as_ref().map(|v| v.decision)
}

/// What keeps a slip from being printed.
pub fn lack(kind: FormKind, facts: &Facts) -> Option<Lack> {
    if facts.void.is_some() {
        return Some(Lack::Validity);
    }
    let refused = matches!(decided(facts), Some(Decision::Refused | Decision::NotAccepted));
    let (has, lack) = match kind {
        FormKind::Receipt | FormKind::Control | FormKind::Register => (facts.accepted_at.is_some(), Lack::Acceptance),
        FormKind::Supplement => (facts.pauses.iter().any(|p| p.kind == PauseKind::Supplement), Lack::SupplementRequest),
        FormKind::Refusal => (refused, Lack::Refusal),
        FormKind::Apology => (!facts.apologies.is_empty(), Lack::Apology),
        FormKind::Stop => (decided(facts) == Some(Decision::Terminated), Lack::Termination),
    };
    (!has).then_some(lack)
}

/// The day whose law a dossier that was never accepted is answered by; an accepted one keeps its own.
pub fn day_of_law(facts: &Facts) -> Option<NaiveDate> {
    facts.verdict.as_ref().filter(|_| facts.accepted_at.is_none()).map(|v| vn_date(v.at))
}

/// The act whose legal ground a slip cites.
pub fn grounded_act(kind: FormKind, facts: &Facts) -> Option<GroundedAct> {
    match kind {
        FormKind::Receipt => Some(GroundedAct::Acceptance),
        FormKind::Supplement => Some(GroundedAct::Supplement),
        FormKind::Refusal if facts.accepted_at.is_none() => Some(GroundedAct::NonAcceptance),
        FormKind::Refusal => Some(GroundedAct::Refusal),
        FormKind::Apology => Some(GroundedAct::Apology),
        FormKind::Stop => Some(GroundedAct::Termination),
        FormKind::Control | FormKind::Register => None,
    }
}

/// A pause with the due dates before and after it.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
    pub due_before: Option<NaiveDate>,
    pub due_after: Option<NaiveDate>,
}

/// The return date that the applicant held when an apology (its place in the list) was sent: the due date in force, or the
/// later date of an apology before.
pub fn old_return_on(facts: &Facts, waits: &[Wait], first_due_on: Option<NaiveDate>, place: usize) -> Option<NaiveDate> {
    let sent_at = facts.apologies.get(place)?.sent_at;
    let due = match waits.iter().rev().find(|w| w.from <= sent_at) {
        None => first_due_on,
        Some(wait) if wait.to.is_some_and(|to| to <= sent_at) => wait.due_after,
        Some(wait) => wait.due_before,
    };
    facts.apologies[..place].iter().filter_map(|a| a.new_due_on).chain(due).max()
}

/// A hand-over: who gave to whom. None where it stayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub act: &'static str,
    pub from: Option<Party>,
    pub to: Option<Party>,
    pub at: DateTime<Utc>,
    pub result: Option<Timeliness>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    Applicant,
    Counter,
    Resolver,
    Agency(String),
}

fn against(day: NaiveDate, due: Option<NaiveDate>) -> Option<Timeliness> {
    Some(match day.cmp(&due?) {
        std::cmp::Ordering::Less => Timeliness::Early,
        std::cmp::Ordering::Equal => Timeliness::OnTime,
        std::cmp::Ordering::Greater => Timeliness::Late,
    })
}

/// Every hand-over so far, oldest first. Steps with a date of their own are held against it; the end against the due date.
pub fn steps(facts: &Facts, timeliness: Option<Timeliness>) -> Vec<Step> {
    use Party::{Applicant, Counter, Resolver};
    let mut steps = Vec::new();
    let mut add = |at: Option<DateTime<Utc>>, act, from: Option<Party>, to: Option<Party>, result, note: Option<&String>| {
        steps.extend(at.map(|at| Step { act, from, to, at, result, note: note.cloned() }));
    };
    // What is accepted at the counter at once is handed in once.
    let submitted = facts.submitted_at.filter(|at| Some(*at) != facts.accepted_at);
    add(submitted, "submission", Some(Applicant), Some(Counter), None, None);
    add(facts.accepted_at, "acceptance", Some(Applicant), Some(Counter), None, None);
    add(facts.processing_at, "processing", Some(Counter), Some(Resolver), None, None);
    for pause in &facts.pauses {
        let (begin, end, other) = match pause.kind {
            PauseKind::Supplement => ("supplement-request", "fulfilment", Some(Applicant)),
            PauseKind::Fee => ("fee-request", "payment", Some(Applicant)),
            PauseKind::Suspension => ("suspension", "suspension-end", None),
        };
        let answered = pause.to.and_then(|to| against(vn_date(to), pause.respond_by_on));
        add(Some(pause.from), begin, Some(Resolver), other.clone(), None, pause.reason.as_ref());
        add(pause.to, end, other, Some(Resolver), answered, None);
    }
    for c in &facts.consultations {
        let agency = || Some(Party::Agency(c.agency.clone()));
        let answered = c.answered_at.and_then(|at| against(vn_date(at), c.answer_due_on));
        add(Some(c.sent_at), "consultation", Some(Resolver), agency(), None, None);
        add(c.answered_at, "consultation-answer", agency(), Some(Resolver), answered, None);
    }
    if let Some(verdict) = &facts.verdict {
        let (act, from, to) = match verdict.decision {
            Decision::Resolved => ("resolution", Some(Resolver), Some(Counter)),
            Decision::Refused => ("refusal", Some(Resolver), Some(Counter)),
            Decision::Terminated => ("termination", Some(Resolver), Some(Counter)),
            Decision::Withdrawn => ("withdrawal", Some(Counter), Some(Applicant)),
            Decision::NotAccepted => ("non-acceptance", Some(Counter), Some(Applicant)),
        };
        add(Some(verdict.at), act, from, to, timeliness.filter(|t| *t != Timeliness::NotApplicable), verdict.reason.as_ref());
    }
    add(facts.returned_at, "return", Some(Counter), Some(Applicant), None, None);
    steps.sort_by_key(|s| s.at);
    steps
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::dossiers::model::{Apology, Consultation, Pause, Verdict, Void};

    fn at(text: &str) -> DateTime<Utc> {
        format!("2022-06-{text}:00+07:00").parse().unwrap()
    }

    fn on(day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2022, 6, day)
    }

    fn facts() -> Facts {
        Facts {
            submitted_at: Some(at("06T08:00")),
            accepted_at: None,
            processing_at: None,
            pauses: Vec::new(),
            apologies: Vec::new(),
            consultations: Vec::new(),
            verdict: None,
            returned_at: None,
            return_method: None,
            void: None,
            digitised: None,
        }
    }

    fn verdict(decision: Decision, when: &str) -> Option<Verdict> {
        Some(Verdict { decision, at: at(when), reason: None, document_no: None })
    }

    #[test]
    fn a_slip_needs_what_it_tells() {
        let lacks = |facts: &Facts| FormKind::ALL.iter().map(|kind| lack(*kind, facts).map_or("", Lack::name)).collect::<Vec<_>>();
        let mut f = facts();
        assert_eq!(lacks(&f), ["acceptance", "supplement_request", "refusal", "apology", "termination", "acceptance", "acceptance"]);
        f.verdict = verdict(Decision::NotAccepted, "07T08:00");
        assert_eq!((lack(FormKind::Refusal, &f), day_of_law(&f)), (None, on(7)));
        assert_eq!(grounded_act(FormKind::Refusal, &f), Some(GroundedAct::NonAcceptance));
        f.accepted_at = Some(at("06T09:00"));
        assert_eq!((lack(FormKind::Receipt, &f), day_of_law(&f)), (None, None));
        f.verdict = verdict(Decision::Terminated, "07T08:00");
        assert_eq!((lack(FormKind::Stop, &f), lack(FormKind::Refusal, &f)), (None, Some(Lack::Refusal)));
        f.void = Some(Void { at: None, reason: None });
        assert_eq!(lacks(&f), ["validity"; 7]);
    }

    #[test]
    fn an_apology_names_the_date_that_was_held_before() {
        let mut f = facts();
        let apology = |when: &str, new: u32| Apology { sent_at: at(when), reason: None, new_due_on: on(new), document_no: None };
        f.apologies = vec![apology("08T08:00", 13), apology("13T08:00", 20), apology("17T08:00", 28)];
        let wait = Wait { from: at("09T08:00"), to: Some(at("14T08:00")), due_before: on(9), due_after: on(14) };
        let held: Vec<_> = (0..4).map(|place| old_return_on(&f, &[wait], on(9), place)).collect();
        assert_eq!(held, [on(9), on(13), on(20), None]);
        f.apologies = vec![apology("17T08:00", 28)];
        assert_eq!(old_return_on(&f, &[wait], on(9), 0), on(14));
        f.apologies = vec![apology("13T08:00", 28)];
        assert_eq!(old_return_on(&f, &[wait], on(9), 0), on(9));
    }

    #[test]
    fn steps_follow_each_other_with_their_results() {
        let mut f = facts();
        f.accepted_at = f.submitted_at;
        f.processing_at = Some(at("06T10:00"));
        f.pauses = vec![Pause {
            kind: PauseKind::Supplement,
            n: 1,
            from: at("07T08:00"),
            to: Some(at("09T08:00")),
            reason: Some("Thiếu".into()),
            document_no: None,
            legal_basis: None,
            items: Vec::new(),
            respond_by_on: on(9),
            amount_vnd: None,
        }];
        f.consultations = vec![Consultation {
            agency: "Sở Xây dựng".into(),
            sent_at: at("07T07:00"),
            document_no: None,
            answer_due_on: on(8),
            reminders: Vec::new(),
            answered_at: Some(at("10T08:00")),
            escalated_at: None,
        }];
        f.verdict = verdict(Decision::Resolved, "13T08:00");
        f.returned_at = Some(at("14T08:00"));
        let told: Vec<_> = steps(&f, Some(Timeliness::Early)).into_iter().map(|s| (s.act, s.result)).collect();
        let expected = [
            ("acceptance", None),
            ("processing", None),
            ("consultation", None),
            ("supplement-request", None),
            ("fulfilment", Some(Timeliness::OnTime)),
            ("consultation-answer", Some(Timeliness::Late)),
            ("resolution", Some(Timeliness::Early)),
            ("return", None),
        ];
        assert_eq!(told, expected);
    }
}
