//! The row as it is sent, and the facts it tells.

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::dossiers::clock::PauseKind;
use crate::dossiers::model::{Apology, Channel, Consultation, Decision, Facts, Pause, Reminder, Verdict, Void};
use crate::dossiers::wire::ApplicantBody;
use crate::error::{Code, Fault};
use crate::http::bulk::BulkRow;
use crate::http::{At, Day, Line, Prose, Vnd};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryDecision {
    Resolved,
    Refused,
    Terminated,
    Withdrawn,
    NotAccepted,
    Voided,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistorySupplement {
    pub requested_at: At,
    #[serde(default)]
    pub reason: Option<Prose>,
    #[serde(default)]
    pub document_no: Option<Line>,
    #[serde(default)]
    pub items: Option<Vec<Line>>,
    #[serde(default)]
    pub respond_by_on: Option<Day>,
    #[serde(default)]
    pub fulfilled_at: Option<At>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistorySuspension {
    pub from: At,
    #[serde(default)]
    pub to: Option<At>,
    #[serde(default)]
    pub reason: Option<Prose>,
    #[serde(default)]
    pub legal_basis: Option<Line>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryFeeRequest {
    pub requested_at: At,
    #[serde(default)]
    pub amount_vnd: Option<Vnd>,
    #[serde(default)]
    pub paid_at: Option<At>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryApology {
    pub sent_at: At,
    #[serde(default)]
    pub reason: Option<Prose>,
    #[serde(default)]
    pub new_due_on: Option<Day>,
    #[serde(default)]
    pub document_no: Option<Line>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryReminder {
    pub sent_at: At,
    #[serde(default)]
    pub document_no: Option<Line>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryConsultation {
    pub agency: Line,
    pub sent_at: At,
    #[serde(default)]
    pub document_no: Option<Line>,
    #[serde(default)]
    pub answer_due_on: Option<Day>,
    #[serde(default)]
    pub reminders: Option<Vec<HistoryReminder>>,
    #[serde(default)]
    pub answered_at: Option<At>,
    #[serde(default)]
    pub escalated_at: Option<At>,
}

/// A dossier's history. Only `code`, `procedure`, `receiving_department` and `channel` are always required; an
/// imported history without reasons or document numbers is taken and gets a finding.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "H32.05-220419-0001", "source_system": "motcua", "procedure": "2.001610", "receiving_department": "MC",
    "resolving_department": "DKKD", "channel": "online", "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh"},
    "submitted_at": "2022-04-18T20:11:00+07:00", "accepted_at": "2022-04-19T08:30:00+07:00",
    "decision": "resolved", "decision_document_no": "1234/GCN", "finished_at": "2022-04-21T15:00:00+07:00"}))]
pub struct HistoryRow {
    pub code: Line,
    #[serde(default)]
    pub source_system: Option<Line>,
    #[serde(default)]
    pub external_code: Option<Line>,
    /// Code of the procedure.
    pub procedure: Line,
    /// Code of the department that received it.
    pub receiving_department: Line,
    /// Code of the department that resolves it; the procedure's by default.
    #[serde(default)]
    pub resolving_department: Option<Line>,
    pub channel: Channel,
    #[serde(default)]
    pub applicant: Option<ApplicantBody>,
    #[serde(default)]
    pub submitted_at: Option<At>,
    #[serde(default)]
    pub accepted_at: Option<At>,
    #[serde(default)]
    pub supplements: Option<Vec<HistorySupplement>>,
    #[serde(default)]
    pub suspensions: Option<Vec<HistorySuspension>>,
    #[serde(default)]
    pub apologies: Option<Vec<HistoryApology>>,
    #[serde(default)]
    pub consultations: Option<Vec<HistoryConsultation>>,
    #[serde(default)]
    pub fee_requests: Option<Vec<HistoryFeeRequest>>,
    #[serde(default)]
    pub digitised: Option<bool>,
    /// Null while it is open.
    #[serde(default)]
    pub decision: Option<HistoryDecision>,
    #[serde(default)]
    pub decision_reason: Option<Prose>,
    #[serde(default)]
    pub decision_document_no: Option<Line>,
    /// End of processing; for a voided one the moment of voiding.
    #[serde(default)]
    pub finished_at: Option<At>,
    #[serde(default)]
    pub returned_at: Option<At>,
    /// The due date that the source computed: kept, compared, never adopted.
    #[serde(default)]
    pub due_on: Option<Day>,
}

impl BulkRow for HistoryRow {
    const JSON_COLUMNS: &'static [&'static str] =
        &["applicant", "supplements", "suspensions", "apologies", "consultations", "fee_requests", "digitised"];

    fn code(&self) -> Cow<'_, str> {
        self.code.as_str().into()
    }
}

/// Blank text is missing text.
fn prose(text: Option<Prose>) -> Option<String> {
    text.filter(|t| !t.is_blank()).map(Prose::into_string)
}

fn line(text: Option<Line>) -> Option<String> {
    text.filter(|t| !t.is_blank()).map(Line::into_string)
}

impl HistoryRow {
    /// Faults of the row that are no matter of dates: what must be given and what contradicts itself.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.code.is_blank() {
            faults.push(Fault::missing("/code"));
        }
        match (self.decision, self.finished_at) {
            (Some(decision), None) if decision != HistoryDecision::Voided => faults.push(Fault::missing("/finished_at")),
            (None, Some(_)) => faults.push(Fault::new(
                Code::InconsistentDecision,
                "/decision",
                "Có thời điểm kết thúc thì phải có kết quả giải quyết.",
                "A dossier that is finished has a decision.",
            )),
            _ => {}
        }
        faults
    }

    /// The facts that the row tells, pauses in order of beginning.
    pub fn into_facts(self) -> Facts {
        let (mut pauses, at) = (Vec::new(), |at: Option<At>| at.map(|at| at.0));
        let blank = |kind, n: usize, from: At, to| Pause {
            kind,
            n: i16::try_from(n + 1).unwrap_or(i16::MAX),
            from: from.0,
            to: at(to),
            reason: None,
            document_no: None,
            legal_basis: None,
            items: Vec::new(),
            respond_by_on: None,
            amount_vnd: None,
        };
        for (n, s) in self.supplements.into_iter().flatten().enumerate() {
            pauses.push(Pause {
                reason: prose(s.reason),
                document_no: line(s.document_no),
                items: s.items.into_iter().flatten().map(Line::into_string).collect(),
                respond_by_on: s.respond_by_on.map(|d| d.0),
                ..blank(PauseKind::Supplement, n, s.requested_at, s.fulfilled_at)
            });
        }
        for (n, s) in self.suspensions.into_iter().flatten().enumerate() {
            pauses.push(Pause {
                reason: prose(s.reason),
                legal_basis: line(s.legal_basis),
                ..blank(PauseKind::Suspension, n, s.from, s.to)
            });
        }
        for (n, f) in self.fee_requests.into_iter().flatten().enumerate() {
            pauses.push(Pause { amount_vnd: f.amount_vnd.map(|v| v.0), ..blank(PauseKind::Fee, n, f.requested_at, f.paid_at) });
        }
        let apologies = self.apologies.into_iter().flatten().map(|a| Apology {
            sent_at: a.sent_at.0,
            reason: prose(a.reason),
            new_due_on: a.new_due_on.map(|d| d.0),
            document_no: line(a.document_no),
        });
        let consultations = self.consultations.into_iter().flatten().map(|c| Consultation {
            agency: c.agency.into_string(),
            sent_at: c.sent_at.0,
            document_no: line(c.document_no),
            answer_due_on: c.answer_due_on.map(|d| d.0),
            reminders: c
                .reminders
                .into_iter()
                .flatten()
                .map(|r| Reminder { sent_at: r.sent_at.0, document_no: line(r.document_no) })
                .collect(),
            answered_at: at(c.answered_at),
            escalated_at: at(c.escalated_at),
        });
        let (reason, document_no) = (prose(self.decision_reason), line(self.decision_document_no));
        let finished_at = at(self.finished_at);
        let decision = match self.decision {
            None | Some(HistoryDecision::Voided) => None,
            Some(HistoryDecision::Resolved) => Some(Decision::Resolved),
            Some(HistoryDecision::Refused) => Some(Decision::Refused),
            Some(HistoryDecision::Terminated) => Some(Decision::Terminated),
            Some(HistoryDecision::Withdrawn) => Some(Decision::Withdrawn),
            Some(HistoryDecision::NotAccepted) => Some(Decision::NotAccepted),
        };
        let void = (self.decision == Some(HistoryDecision::Voided)).then(|| Void { at: finished_at, reason: reason.clone() });
        let verdict = decision.zip(finished_at).map(|(decision, at)| Verdict { decision, at, reason, document_no });
        let mut facts = Facts {
            submitted_at: at(self.submitted_at),
            accepted_at: at(self.accepted_at),
            // A row of history does not tell when processing began.
            processing_at: at(self.accepted_at),
            completions: Vec::new(),
            transfers: Vec::new(),
            pauses,
            apologies: apologies.collect(),
            consultations: consultations.collect(),
            verdict,
            returned_at: at(self.returned_at),
            return_method: None,
            void,
            digitised: self.digitised,
        };
        facts.order_pauses();
        facts.apologies.sort_by_key(|a| a.sent_at);
        facts
    }
}
