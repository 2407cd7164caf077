//! Which slips a dossier has something to print on, and what follows from its facts for them. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

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
        FormKind::Supplement => (!asked(facts).is_empty(), Lack::SupplementRequest),
        FormKind::Refusal => (refused, Lack::Refusal),
        FormKind::Apology => (!facts.apologies.is_empty(), Lack::Apology),
        FormKind::Stop => (decided(facts) == Some(Decision::Terminated), Lack::Termination),
    };
    (!has).then_some(lack)
}

/// A request for papers: to complete the dossier before acceptance, or to supplement it after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    pub at: DateTime<Utc>,
    pub before_acceptance: bool,
    pub reason: Option<&'a str>,
    pub document_no: Option<&'a str>,
    pub items: &'a [String],
    pub respond_by_on: Option<NaiveDate>,
}

/// Every request for papers, oldest first.
pub fn asked(facts: &Facts) -> Vec<Asked<'_>> {
    let before = facts.completions.iter().map(|c| Asked {
        at: c.requested_at,
        before_acceptance: true,
        reason: Some(&c.reason),
        document_no: c.document_no.as_deref(),
        items: &c.items,
        respond_by_on: c.respond_by_on,
    });
    let after = facts.pauses.iter().filter(|p| p.kind == PauseKind::Supplement).map(|p| Asked {
        at: p.from,
        before_acceptance: false,
        reason: p.reason.as_deref(),
        document_no: p.document_no.as_deref(),
        items: &p.items,
        respond_by_on: p.respond_by_on,
    });
    before.chain(after).collect()
}

/// The day whose law holds for a slip on what came before acceptance (the place is that of a request for papers); what comes after
/// follows the law that the dossier was accepted under.
pub fn day_of_law(kind: FormKind, facts: &Facts, place: usize) -> Option<NaiveDate> {
    let at = match kind {
        FormKind::Supplement => asked(facts).get(place).filter(|request| request.before_acceptance).map(|request| request.at),
        _ => facts.verdict.as_ref().filter(|_| facts.accepted_at.is_none()).map(|v| v.at),
    };
    at.map(vn_date)
}

/// The department that was resolving at an instant: until a transfer it is the one that hands over.
pub fn resolver_at(facts: &Facts, now_resolving: Uuid, at: DateTime<Utc>) -> Uuid {
    facts.transfers.iter().find(|t| t.at > at).map_or(now_resolving, |t| t.from)
}

/// The act whose legal ground a slip cites.
pub fn grounded_act(kind: FormKind, facts: &Facts) -> Option<GroundedAct> {
    match kind {
        FormKind::Supplement => Some(GroundedAct::Supplement),
        FormKind::Refusal if facts.accepted_at.is_none() => Some(GroundedAct::NonAcceptance),
        FormKind::Refusal => Some(GroundedAct::Refusal),
        FormKind::Apology => Some(GroundedAct::Apology),
        FormKind::Stop => Some(GroundedAct::Termination),
        FormKind::Receipt | FormKind::Control | FormKind::Register => None,
    }
}

/// The return date that the applicant held when an apology (its place in the list) was sent: the due date in force then, or the
/// later date of an apology before.
pub fn old_return_on(facts: &Facts, due_on: Option<NaiveDate>, place: usize) -> Option<NaiveDate> {
    facts.apologies.iter().take(place).filter_map(|a| a.new_due_on).chain(due_on).max()
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
    Department(Uuid),
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
pub fn steps(facts: &Facts, now_resolving: Uuid, timeliness: Option<Timeliness>) -> Vec<Step> {
    use Party::{Applicant, Counter, Department};
    let resolver = |at: DateTime<Utc>| Some(Department(resolver_at(facts, now_resolving, at)));
    let mut steps = Vec::new();
    let mut add = |at: Option<DateTime<Utc>>, act, from: Option<Party>, to: Option<Party>, result, note: Option<&String>| {
        steps.extend(at.map(|at| Step { act, from, to, at, result, note: note.cloned() }));
    };
    // What is accepted at the counter at once is handed in once.
    let submitted = facts.submitted_at.filter(|at| Some(*at) != facts.accepted_at);
    add(submitted, "submission", Some(Applicant), Some(Counter), None, None);
    for c in &facts.completions {
        let answered = c.completed_at.and_then(|at| against(vn_date(at), c.respond_by_on));
        add(Some(c.requested_at), "completion-request", Some(Counter), Some(Applicant), None, Some(&c.reason));
        add(c.completed_at, "completion", Some(Applicant), Some(Counter), answered, None);
    }
    add(facts.accepted_at, "acceptance", Some(Applicant), Some(Counter), None, None);
    add(facts.processing_at, "processing", Some(Counter), facts.processing_at.and_then(resolver), None, None);
    for t in &facts.transfers {
        add(Some(t.at), "transfer", Some(Department(t.from)), Some(Department(t.to)), None, Some(&t.reason));
    }
    for pause in &facts.pauses {
        let (begin, end, other) = match pause.kind {
            PauseKind::Supplement => ("supplement-request", "fulfilment", Some(Applicant)),
            PauseKind::Fee => ("fee-request", "payment", Some(Applicant)),
            PauseKind::Suspension => ("suspension", "suspension-end", None),
        };
        let answered = pause.to.and_then(|to| against(vn_date(to), pause.respond_by_on));
        add(Some(pause.from), begin, resolver(pause.from), other.clone(), None, pause.reason.as_ref());
        add(pause.to, end, other, pause.to.and_then(resolver), answered, None);
    }
    for c in &facts.consultations {
        let agency = || Some(Party::Agency(c.agency.clone()));
        let answered = c.answered_at.and_then(|at| against(vn_date(at), c.answer_due_on));
        add(Some(c.sent_at), "consultation", resolver(c.sent_at), agency(), None, None);
        add(c.answered_at, "consultation-answer", agency(), c.answered_at.and_then(resolver), answered, None);
    }
    if let Some(verdict) = &facts.verdict {
        let (act, from, to) = match verdict.decision {
            Decision::Resolved => ("resolution", resolver(verdict.at), Some(Counter)),
            Decision::Refused => ("refusal", resolver(verdict.at), Some(Counter)),
            Decision::Terminated => ("termination", resolver(verdict.at), Some(Counter)),
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
    use crate::dossiers::model::{Apology, Completion, Consultation, Pause, Transfer, Verdict, Void};

    fn at(text: &str) -> DateTime<Utc> {
        format!("2022-06-{text}:00+07:00").parse().unwrap()
    }

    fn on(day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2022, 6, day)
    }

    fn facts() -> Facts {
        Facts { submitted_at: Some(at("06T08:00")), ..Facts::default() }
    }

    fn verdict(decision: Decision, when: &str) -> Option<Verdict> {
        Some(Verdict { decision, at: at(when), reason: None, document_no: None })
    }

    fn pause(from: &str, to: Option<&str>) -> Pause {
        Pause {
            kind: PauseKind::Supplement,
            n: 1,
            from: at(from),
            to: to.map(at),
            reason: Some("Thiếu".into()),
            document_no: None,
            legal_basis: None,
            items: Vec::new(),
            respond_by_on: on(9),
            amount_vnd: None,
        }
    }

    #[test]
    fn a_slip_needs_what_it_tells() {
        let lacks = |facts: &Facts| FormKind::ALL.iter().map(|kind| lack(*kind, facts).map_or("", Lack::name)).collect::<Vec<_>>();
        let mut f = facts();
        assert_eq!(lacks(&f), ["acceptance", "supplement_request", "refusal", "apology", "termination", "acceptance", "acceptance"]);
        f.verdict = verdict(Decision::NotAccepted, "07T08:00");
        assert_eq!((lack(FormKind::Refusal, &f), day_of_law(FormKind::Refusal, &f, 0)), (None, on(7)));
        assert_eq!(grounded_act(FormKind::Refusal, &f), Some(GroundedAct::NonAcceptance));
        let completion = |when: &str| Completion {
            requested_at: at(when),
            reason: "Thiếu chữ ký".into(),
            document_no: None,
            items: Vec::new(),
            respond_by_on: on(8),
            completed_at: None,
        };
        f.completions = vec![completion("06T09:00"), completion("07T09:00")];
        let days = |f: &Facts| (0..3).map(|place| day_of_law(FormKind::Supplement, f, place)).collect::<Vec<_>>();
        assert_eq!((lack(FormKind::Supplement, &f), days(&f)), (None, vec![on(6), on(7), None]));
        f.accepted_at = Some(at("07T10:00"));
        assert_eq!((lack(FormKind::Receipt, &f), day_of_law(FormKind::Refusal, &f, 0)), (None, None));
        assert_eq!(days(&f), [on(6), on(7), None], "a request stays under the law of its day");
        f.pauses = vec![pause("08T08:00", None)];
        assert_eq!(days(&f), [on(6), on(7), None]);
        assert_eq!(asked(&f).len(), 3);
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
        let held: Vec<_> =
            [on(9), on(9), on(14), on(21)].iter().zip([0, 1, 2, 2]).map(|(due, place)| old_return_on(&f, *due, place)).collect();
        assert_eq!(held, [on(9), on(13), on(20), on(21)]);
        f.apologies[0].new_due_on = None;
        assert_eq!((old_return_on(&f, on(9), 1), old_return_on(&f, None, 1)), (on(9), None));
    }

    #[test]
    fn steps_follow_each_other_with_their_results() {
        let mut f = facts();
        f.accepted_at = f.submitted_at;
        f.processing_at = Some(at("06T10:00"));
        f.pauses = vec![pause("07T08:00", Some("09T08:00"))];
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
        let (before, after) = (Uuid::from_u128(1), Uuid::from_u128(2));
        f.transfers = vec![Transfer { at: at("08T08:00"), from: before, to: after, reason: "Đúng thẩm quyền".into() }];
        let told: Vec<_> = steps(&f, after, Some(Timeliness::Early)).into_iter().collect();
        let party = |act: &str| told.iter().find(|s| s.act == act).map(|s| (s.from.clone(), s.to.clone())).unwrap();
        assert_eq!(party("supplement-request"), (Some(Party::Department(before)), Some(Party::Applicant)));
        assert_eq!(party("transfer"), (Some(Party::Department(before)), Some(Party::Department(after))));
        assert_eq!(party("fulfilment"), (Some(Party::Applicant), Some(Party::Department(after))));
        let told: Vec<_> = told.into_iter().map(|s| (s.act, s.result)).collect();
        let expected = [
            ("acceptance", None),
            ("processing", None),
            ("consultation", None),
            ("supplement-request", None),
            ("transfer", None),
            ("fulfilment", Some(Timeliness::OnTime)),
            ("consultation-answer", Some(Timeliness::Late)),
            ("resolution", Some(Timeliness::Early)),
            ("return", None),
        ];
        assert_eq!(told, expected);
    }
}
