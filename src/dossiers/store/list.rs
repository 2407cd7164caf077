//! Lists of dossiers by keyset. With departments named (by the filter or by what the actor may see) each is read from
//! its own index and the pages are merged, so that the cost grows with the page and not with the table.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::sql;
use crate::auth::Reach;
use crate::dossiers::model::{Finding, Outcome, Timeliness};
use crate::http::values::fold;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    NewestFirst,
    OldestFirst,
}

impl Sort {
    fn order(self) -> &'static str {
        match self {
            Sort::NewestFirst => "DESC",
            Sort::OldestFirst => "ASC",
        }
    }
}

/// What to list.
#[derive(Debug, Default)]
pub struct Filter {
    /// Codes of the departments asked for; none = all.
    pub departments: Vec<String>,
    /// Codes of the departments at whose counters; none = all.
    pub receiving: Vec<String>,
    pub procedures: Vec<String>,
    pub statuses: Vec<String>,
    pub outcomes: Vec<&'static str>,
    pub timeliness: Vec<&'static str>,
    pub channels: Vec<String>,
    pub accepted: (Option<NaiveDate>, Option<NaiveDate>),
    /// In the order of the list: from this instant on, and before that one.
    pub received: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    pub finished: (Option<NaiveDate>, Option<NaiveDate>),
    pub due: (Option<NaiveDate>, Option<NaiveDate>),
    pub finding: Option<Finding>,
    pub text: Option<String>,
    pub sort: Sort,
}

#[derive(FromQueryResult)]
pub struct Listed {
    pub id: Uuid,
    pub code: String,
    pub procedure: String,
    pub receiving: String,
    pub resolving: String,
    pub channel: String,
    pub applicant_kind: Option<String>,
    pub applicant_name: Option<String>,
    pub applicant_sealed: Option<Vec<u8>>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub status: String,
    pub timeliness: Option<String>,
    pub apologised: bool,
    pub due_on: Option<NaiveDate>,
    pub first_due_on: Option<NaiveDate>,
    pub finished_on: Option<NaiveDate>,
    pub received_at: DateTime<Utc>,
    pub version: i32,
}

const COLUMNS: &str = "d.id, d.code, d.procedure_id, d.receiving_department_id, d.resolving_department_id, d.channel, d.applicant_kind,
    d.applicant_name, d.applicant_sealed, d.submitted_at, d.accepted_at, d.status, d.timeliness, d.apologised, d.due_on, d.first_due_on,
    coalesce(d.finished_on, (d.voided_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS finished_on, d.received_at, d.version";

/// Timeliness on the day `$1`, as [`crate::dossiers::rules`] has it.
const TIMELINESS: &str = "CASE WHEN d.status = 'voided' THEN 'not_applicable' WHEN d.timeliness IS NOT NULL THEN d.timeliness
    WHEN d.due_on < $1 THEN 'overdue' ELSE 'in_time' END";

/// Outcome on the day `$1`, as [`crate::dossiers::rules::outcome`] has it.
const OUTCOME: &str = "CASE d.status
    WHEN 'voided' THEN 'voided'
    WHEN 'not_accepted' THEN CASE WHEN d.accepted_at IS NULL THEN 'not_accepted' ELSE 'refused' END
    WHEN 'withdrawn' THEN 'withdrawn' WHEN 'terminated' THEN 'terminated' WHEN 'refused' THEN 'refused'
    WHEN 'awaiting_supplement' THEN 'supplement_requested' WHEN 'awaiting_fee' THEN 'supplement_requested'
    WHEN 'suspended' THEN 'suspended' WHEN 'submitted' THEN 'submitted' WHEN 'awaiting_completion' THEN 'submitted'
    WHEN 'resolved' THEN CASE WHEN d.timeliness <> 'late' THEN 'on_time' WHEN d.apologised THEN 'late_with_apology' ELSE 'late_without_apology' END
    WHEN 'returned' THEN CASE WHEN d.timeliness <> 'late' THEN 'on_time' WHEN d.apologised THEN 'late_with_apology' ELSE 'late_without_apology' END
    ELSE CASE WHEN d.due_on < $1 THEN CASE WHEN d.apologised THEN 'overdue_with_apology' ELSE 'overdue' END ELSE 'in_progress' END
    END";

/// Collects conditions with their values; a value's place is its number among all.
struct Conditions {
    text: String,
    values: Vec<Value>,
}

impl Conditions {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: impl FnOnce(&mut Self) -> String) {
        let condition = condition(self);
        self.text.push_str(" AND ");
        self.text.push_str(&condition);
    }

    fn any_of(&mut self, column: &str, values: &[String]) {
        if !values.is_empty() {
            let values = values.to_vec();
            self.and(|c| format!("{column} = ANY({})", c.bind(values)));
        }
    }

    fn between(&mut self, column: &str, (from, to): (Option<NaiveDate>, Option<NaiveDate>)) {
        if let Some(from) = from {
            self.and(|c| format!("{column} >= {}", c.bind(from)));
        }
        if let Some(to) = to {
            self.and(|c| format!("{column} <= {}", c.bind(to)));
        }
    }
}

pub async fn list(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
    today: NaiveDate,
) -> Result<Vec<Listed>, DbErr> {
    Listed::find_by_statement(list_statement(reach, filter, after, limit, today)).all(db).await
}

/// The rows of a page and one more, as a select of these columns of `dossiers d` with its values: what lists and the register
/// are made of. The columns include `received_at`, `id` and `resolving_department_id`; `$1` is today.
pub fn chosen(
    columns: &str,
    reach: &Reach,
    filter: &Filter,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
    today: NaiveDate,
) -> (String, Vec<Value>) {
    let mut c = Conditions { text: "TRUE".into(), values: vec![today.into()] };
    c.any_of("d.status", &filter.statuses);
    c.any_of("d.channel", &filter.channels);
    let strings = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    if !filter.outcomes.is_empty() {
        only_open(
            &mut c,
            filter.outcomes.iter().all(|o| Outcome::parse(o).is_some_and(|o| matches!(o, Outcome::Overdue | Outcome::OverdueWithApology))),
        );
        c.any_of(OUTCOME, &strings(&filter.outcomes));
    }
    if !filter.timeliness.is_empty() {
        only_open(&mut c, filter.timeliness.iter().all(|t| Timeliness::parse(t) == Some(Timeliness::Overdue)));
        c.any_of(TIMELINESS, &strings(&filter.timeliness));
    }
    if !filter.procedures.is_empty() {
        let codes = filter.procedures.clone();
        c.and(|c| format!("d.procedure_id = ANY(array(SELECT id FROM procedures WHERE code = ANY({})))", c.bind(codes)));
    }
    if !filter.receiving.is_empty() {
        let codes = filter.receiving.clone();
        c.and(|c| format!("d.receiving_department_id = ANY(array(SELECT id FROM departments WHERE code = ANY({})))", c.bind(codes)));
    }
    if let Some(from) = filter.received.0 {
        c.and(|c| format!("d.received_at >= {}", c.bind(from)));
    }
    if let Some(until) = filter.received.1 {
        c.and(|c| format!("d.received_at < {}", c.bind(until)));
    }
    c.between("d.accepted_on", filter.accepted);
    c.between("d.finished_on", filter.finished);
    c.between("d.due_on", filter.due);
    if let Some(finding) = &filter.finding {
        c.and(|c| found(*finding, c));
    }
    if let Some(query) = filter.text.as_deref().and_then(prefix_query) {
        c.and(|c| format!("d.search @@ {}::tsquery", c.bind(query)));
    }
    let (order, compare) = (filter.sort.order(), if filter.sort == Sort::OldestFirst { ">" } else { "<" });
    if let Some((at, id)) = after {
        c.and(|c| format!("(d.received_at, d.id) {compare} ({}, {})", c.bind(at), c.bind(id)));
    }
    // Written out, so that a plan made once for all values still knows how few rows are wanted.
    let limit = limit + 1;
    let page = format!("ORDER BY d.received_at {order}, d.id {order} LIMIT {limit}");
    let departments = departments(reach, &filter.departments, &mut c);
    let condition = c.text.clone();
    let rows = match departments {
        None => format!("SELECT {columns} FROM dossiers d WHERE {condition} {page}"),
        Some(ids) => format!(
            "SELECT * FROM (SELECT d.* FROM unnest({ids}) AS dep(id)
                CROSS JOIN LATERAL (SELECT {columns} FROM dossiers d WHERE d.resolving_department_id = dep.id AND {condition} {page}) d) d {page}"
        ),
    };
    (rows, c.values)
}

/// The statement behind a page.
pub fn list_statement(reach: &Reach, filter: &Filter, after: Option<(DateTime<Utc>, Uuid)>, limit: u32, today: NaiveDate) -> Statement {
    let order = filter.sort.order();
    let (rows, values) = chosen(COLUMNS, reach, filter, after, limit, today);
    let text = format!(
        "SELECT d.id, d.code, p.code AS procedure, rc.code AS receiving, rs.code AS resolving, d.channel, d.applicant_kind, d.applicant_name, d.applicant_sealed,
                d.submitted_at, d.accepted_at, d.status, d.timeliness, d.apologised, d.due_on, d.first_due_on, d.finished_on, d.received_at, d.version
           FROM ({rows}) d JOIN procedures p ON p.id = d.procedure_id
           JOIN departments rc ON rc.id = d.receiving_department_id JOIN departments rs ON rs.id = d.resolving_department_id
          WHERE $1::date IS NOT NULL ORDER BY d.received_at {order}, d.id {order}"
    );
    sql(text, values)
}

/// The ids of what is asked for, as far as it may be seen, as an SQL array; none = everything.
fn departments(reach: &Reach, asked: &[String], c: &mut Conditions) -> Option<String> {
    match (reach, asked) {
        (Reach::All, []) => None,
        (Reach::Departments(seen), []) => Some(format!("{}::uuid[]", c.bind(seen.clone()))),
        (reach, asked) => {
            let codes = c.bind(asked.to_vec());
            let sight = match reach {
                Reach::All => String::new(),
                Reach::Departments(seen) => format!(" AND id = ANY({}::uuid[])", c.bind(seen.clone())),
            };
            Some(format!("array(SELECT id FROM departments WHERE code = ANY({codes}){sight})"))
        }
    }
}

/// Lets the index of open dossiers help where only open ones can match.
fn only_open(c: &mut Conditions, only: bool) {
    if only {
        c.and(|_| "d.decision IS NULL AND d.status <> 'voided' AND d.due_on < $1".into());
    }
}

/// Has a finding. What is due about a consultation follows from the day `$1`, as [`crate::dossiers::rules`] has it: it is
/// looked for among the open dossiers that wait for an agency, however many are closed.
fn found(finding: Finding, c: &mut Conditions) -> String {
    let due = match finding {
        Finding::ConsultationReminderDue => "c.answer_due_on < $1 AND jsonb_array_length(c.reminders) < 2",
        Finding::ConsultationEscalationDue => "(jsonb_array_length(c.reminders) >= 2 OR (c.answer_due_on < $1 AND o.due_on < $1))",
        stored => {
            let kind = c.bind(stored.name());
            return format!("EXISTS (SELECT 1 FROM dossier_findings f WHERE f.dossier_id = d.id AND f.kind = {kind})");
        }
    };
    format!(
        "d.id = ANY(array(SELECT c.dossier_id FROM dossiers o JOIN dossier_consultations c ON c.dossier_id = o.id
             WHERE o.consulting AND o.decision IS NULL AND o.status <> 'voided' AND o.status IN ('accepted', 'processing')
               AND c.answered_at IS NULL AND c.escalated_at IS NULL AND {due}))"
    )
}

/// Every word of the text as a prefix, without accents.
fn prefix_query(text: &str) -> Option<String> {
    let folded = fold(text);
    let words =
        folded.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '\\')).filter(|w| !w.is_empty());
    let words: Vec<String> = words.map(|w| format!("'{w}':*")).collect();
    (!words.is_empty()).then(|| words.join(" & "))
}
