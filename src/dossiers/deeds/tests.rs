//! The table of acts, and random sequences held against it.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::calendar::vn_date;
use crate::departments;
use crate::dossiers::clock::PauseKind;
use crate::dossiers::model::{Facts, Outcome};
use crate::dossiers::rules;
use crate::error::Code;

fn department(valid_to: Option<NaiveDate>) -> departments::Known {
    let (code, kind, agency) = ("DN".to_owned(), "division".to_owned(), "H32".to_owned());
    departments::Known { id: Uuid::max(), code: code.clone(), name: code, one_stop: false, kind, valid_from: None, valid_to, agency }
}

fn decide_at(facts: &Facts, deed: &Deed, at: DateTime<Utc>, destination: Option<&departments::Known>) -> Result<Facts, Refusal> {
    let case = Case { facts, due: None, resolving_id: Uuid::nil(), destination };
    decide(&case, deed, at, start() + TimeDelta::days(3000))
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_654_480_800, 0).unwrap_or_default()
}

fn submitted() -> Facts {
    Facts { submitted_at: Some(start()), ..Facts::default() }
}

/// The act by its name, aimed at the open pause and the consultation asked last.
fn deed(name: &str, facts: &Facts) -> Deed {
    let open = facts.pauses.iter().find(|p| p.to.is_none()).map_or(1, |p| p.n);
    let asked = facts.consultations.len();
    let text = || "x".to_owned();
    match name {
        "acceptance" => Deed::Accept,
        "non-acceptance" => Deed::Decline { reason: text() },
        "completion-requests" => Deed::RequestCompletion { reason: text(), document_no: None, items: Vec::new(), respond_by_on: None },
        "completion" => Deed::Complete { n: facts.completions.len() },
        "transfer" => Deed::Transfer { department: text(), reason: text() },
        "processing" => Deed::Process,
        "fee-requests" => Deed::RequestFee { amount_vnd: Some(100_000), reason: None },
        "payment" => Deed::RecordPayment { n: open },
        "suspensions" => Deed::Suspend { reason: text(), legal_basis: text() },
        "suspension-end" => Deed::EndSuspension { n: open },
        "consultations" => Deed::Consult { agency: text(), document_no: None, answer_due_on: None },
        "consultation-reminder" => Deed::Remind { n: asked, document_no: text() },
        "consultation-answer" => Deed::RecordAnswer { n: asked },
        "consultation-escalation" => Deed::Escalate { n: asked },
        "termination" => Deed::Terminate { reason: text(), notice_no: text() },
        "supplement-requests" => Deed::RequestSupplement { reason: text(), document_no: text(), items: Vec::new(), respond_by_on: None },
        "fulfilment" => Deed::FulfilSupplement { n: open },
        "apologies" => Deed::Apologise { reason: text(), new_due_on: NaiveDate::from_ymd_opt(2030, 1, 1), document_no: None },
        "refusal" => Deed::Refuse { reason: text(), document_no: text() },
        "resolution" => Deed::Resolve { document_no: None },
        "return" => Deed::Return { method: None },
        "withdrawal" => Deed::Withdraw { reason: text() },
        _ => Deed::Void { reason: text() },
    }
}

#[test]
fn the_names_are_those_of_the_contract() {
    for (name, _) in ACTS {
        assert_eq!(deed(name, &submitted()).name(), *name);
    }
    let named: Vec<&str> = ACTS.iter().map(|(name, _)| *name).collect();
    assert!(Status::ALL.iter().flat_map(|s| allowed(*s)).all(|name| named.contains(name)));
}

proptest! {
    /// Whatever is asked in whatever order: what the state allows is done, all else is refused and changes nothing,
    /// and what was once decided stays decided.
    #[test]
    fn acts_follow_the_table(sequence in proptest::collection::vec((0..ACTS.len(), 1i64..200), 1..25)) {
        let (mut facts, mut at) = (submitted(), start());
        let now = start() + TimeDelta::days(3000);
        for (act, minutes) in sequence {
            at += TimeDelta::minutes(minutes);
            let name = ACTS[act].0;
            let before = facts.status();
            match decide_at(&facts, &deed(name, &facts), at, Some(&department(None))) {
                Ok(after) => {
                    prop_assert!(allowed(before).contains(&name));
                    prop_assert!(after.verdict.is_some() || facts.verdict.is_none());
                    prop_assert!(facts.accepted_at.is_none() || after.accepted_at == facts.accepted_at);
                    prop_assert!(rules::faults(&after, now).is_empty());
                    facts = after;
                }
                Err(Refusal::NoSuchRequest) => prop_assert!(name.starts_with("consultation-")),
                Err(refusal) => {
                    prop_assert!(!allowed(before).contains(&name), "{name} from {before:?}: {refusal:?}");
                    prop_assert_eq!(refusal, Refusal::NotAllowed { from: before });
                }
            }
        }
        let status = facts.status();
        let outcome = rules::outcome(status, facts.accepted_at.is_some(), rules::open_timeliness(None, vn_date(at)), false);
        prop_assert_eq!(outcome == Outcome::Voided, status == Status::Voided);
    }
}

fn refused(facts: &Facts, deed: &Deed, minutes: i64, destination: Option<&departments::Known>) -> Vec<(Code, String)> {
    match decide_at(facts, deed, start() + TimeDelta::minutes(minutes), destination) {
        Err(Refusal::Broken(faults)) => faults.into_iter().map(|f| (f.code, f.pointer.into_owned())).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_transfer_goes_to_another_department_that_is_open_then() {
    let transfer = |reason: &str| Deed::Transfer { department: "DN".into(), reason: reason.into() };
    let closed = department(NaiveDate::from_ymd_opt(2022, 6, 1));
    let nowhere = Deed::Transfer { department: String::new(), reason: "x".into() };
    assert_eq!(refused(&submitted(), &nowhere, 5, None), [(Code::Missing, "/department".to_owned())]);
    let (reason, place) = ("/reason".to_owned(), "/department".to_owned());
    assert_eq!(refused(&submitted(), &transfer(" "), 5, None), [(Code::Missing, reason), (Code::UnknownCode, place.clone())]);
    assert_eq!(refused(&submitted(), &transfer("x"), 5, Some(&closed)), [(Code::NotValidThen, place.clone())]);
    let same = departments::Known { id: Uuid::nil(), ..department(None) };
    assert_eq!(refused(&submitted(), &transfer("x"), 5, Some(&same)), [(Code::RuleBroken, place)]);
}

/// However they were recorded, pauses of one instant stand in one order, and an open one stands last.
#[test]
fn pauses_of_one_instant_stand_in_one_order() {
    let begins = ["acceptance", "processing"];
    for acts in [
        ["fee-requests", "payment", "supplement-requests", "fulfilment", "suspensions"],
        ["supplement-requests", "fulfilment", "fee-requests", "payment", "suspensions"],
    ] {
        let mut facts = submitted();
        for name in begins.iter().chain(&acts) {
            facts = decide_at(&facts, &deed(name, &facts), start() + TimeDelta::days(1), None).unwrap();
        }
        let kinds: Vec<_> = facts.pauses.iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [PauseKind::Supplement, PauseKind::Fee, PauseKind::Suspension]);
        assert_eq!(facts.status(), Status::Suspended);
    }
}

#[test]
fn no_act_lies_before_the_last_one_or_in_the_future() {
    let at = |minutes| start() + TimeDelta::minutes(minutes);
    let accepted = decide_at(&submitted(), &Deed::Accept, at(10), None).unwrap();
    let place = || "/occurred_at".to_owned();
    for act in ["processing", "apologies", "transfer", "withdrawal", "void"] {
        let there = department(None);
        assert_eq!(refused(&accepted, &deed(act, &accepted), 9, Some(&there)), [(Code::DatesBackwards, place())], "{act}");
        assert_eq!(
            refused(&accepted, &deed(act, &accepted), 60 * 24 * 3001, Some(&there)).pop(),
            Some((Code::DateInFuture, place())),
            "{act}"
        );
        assert!(decide_at(&accepted, &deed(act, &accepted), at(10), Some(&there)).is_ok(), "{act}");
    }
}
