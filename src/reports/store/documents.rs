//! Outgoing documents, as the indicators count them.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::{Question, end_of};
use crate::reports::period::Range;

/// What the indicators on documents are made of.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct DocumentCounts {
    pub key: Option<String>,
    pub name: Option<String>,
    /// Outgoing documents of the period, by the date they bear.
    pub outgoing: i64,
    /// Without those that are secret, which may not be sent electronically.
    pub sendable: i64,
    /// Of the sendable ones.
    pub sent: i64,
    /// Drafted and approved in E-Office, of all.
    pub drafted: i64,
}

impl DocumentCounts {
    /// The sum of rows.
    pub fn total(rows: &[DocumentCounts]) -> DocumentCounts {
        let sum = |of: fn(&DocumentCounts) -> i64| rows.iter().map(of).sum();
        DocumentCounts {
            key: None,
            name: None,
            outgoing: sum(|r| r.outgoing),
            sendable: sum(|r| r.sendable),
            sent: sum(|r| r.sent),
            drafted: sum(|r| r.drafted),
        }
    }
}

/// Counts for the indicators, by the department that drafted. What was voided, or sent, later than the day of judgement was not yet. A
/// document is of no procedure and no field: asked by these, there are none.
///
/// # Errors
/// The database's.
pub async fn document_counts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<DocumentCounts>, DbErr> {
    let issued = "WITH issued AS (
        SELECT d.department_id, NULL::uuid AS procedure_id, d.secrecy, d.drafted_in_e_office AND d.approved_in_e_office AS drafted,
               d.sent_electronically AND (d.sent_at IS NULL OR d.sent_at < $6::timestamptz) AS sent
          FROM documents d
         WHERE d.direction = 'outgoing' AND d.issued_on BETWEEN $3::date AND least($4::date, $5::date)
           AND (d.voided_at IS NULL OR d.voided_at >= $6::timestamptz)
           AND ($1::uuid[] IS NULL OR d.department_id = ANY($1::uuid[])) AND ($2::uuid[] IS NULL OR d.department_id = ANY($2::uuid[]))
           AND $7::uuid IS NULL AND $8::text IS NULL)";
    let counts = "count(*) AS outgoing, count(*) FILTER (WHERE s.secrecy = 'normal') AS sendable,
        count(*) FILTER (WHERE s.secrecy = 'normal' AND s.sent) AS sent, count(*) FILTER (WHERE s.drafted) AS drafted";
    question.ask(db, issued, "issued", counts).await
}

/// The same in all, for many periods at once: one count each, in their order, judged at their ends.
///
/// # Errors
/// The database's.
pub async fn document_counts_over(
    db: &impl ConnectionTrait,
    question: &Question<'_>,
    periods: &[Range],
) -> Result<Vec<DocumentCounts>, DbErr> {
    let period = |(n, days): (usize, &Range)| {
        format!("({n}, '{}'::date, '{}'::date, '{}'::timestamptz)", days.from, days.to, end_of(days.to).to_rfc3339())
    };
    let periods: Vec<String> = periods.iter().enumerate().map(period).collect();
    if periods.is_empty() {
        return Ok(Vec::new());
    }
    let sent = "d.sent_electronically AND (d.sent_at IS NULL OR d.sent_at < w.end_at)";
    let text = format!(
        "SELECT NULL::text AS key, NULL::text AS name, count(d.id) AS outgoing, count(*) FILTER (WHERE d.secrecy = 'normal') AS sendable,
                count(*) FILTER (WHERE d.secrecy = 'normal' AND {sent}) AS sent,
                count(*) FILTER (WHERE d.drafted_in_e_office AND d.approved_in_e_office) AS drafted
           FROM (VALUES {}) AS w(n, from_on, to_on, end_at)
           LEFT JOIN documents d ON d.direction = 'outgoing' AND d.issued_on BETWEEN w.from_on AND w.to_on
            AND (d.voided_at IS NULL OR d.voided_at >= w.end_at)
            AND ($1::uuid[] IS NULL OR d.department_id = ANY($1::uuid[])) AND ($2::uuid[] IS NULL OR d.department_id = ANY($2::uuid[]))
            AND $7::uuid IS NULL AND $8::text IS NULL
          GROUP BY w.n ORDER BY w.n",
        periods.join(", ")
    );
    DocumentCounts::find_by_statement(question.statement(text, Vec::new())).all(db).await
}
