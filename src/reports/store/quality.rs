//! What the national quality index is made of, as far as dossiers and procedures tell.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Question;
use super::state::{Relevant, state};

/// Counts of dossiers, as the index judges them: not by the statutory clock.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct QualityCounts {
    /// Accepted or finished in the period.
    pub handled: i64,
    /// Of these, in time.
    pub on_time: i64,
    /// Accepted and finished in the period, and the calendar days these took together.
    pub done: i64,
    pub days: i64,
    pub accepted: i64,
    pub accepted_online: i64,
    /// Accepted in the period: digitised, and not told.
    pub digitised: i64,
    pub digitised_unknown: i64,
    /// Resolved in the period, and handed over electronically.
    pub resolved: i64,
    pub returned_online: i64,
}

/// Counts of procedures in force at the end of the period.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct QualityServices {
    pub procedures: i64,
    /// That can be asked for online, in part or in full.
    pub online: i64,
    /// That do not say how far they are online.
    pub unknown: i64,
    /// Online ones with a dossier that came in online in the period.
    pub used: i64,
}

/// When a dossier ended, less the time it waited, is held against the day that was promised first; without waiting, the end against the
/// due date in force. One that waits for its only supplement ended when that was asked for; one that was asked more than once is late; one
/// that is open is judged by the end of the day of judgement.
const JUDGED: &str = "judged AS (
    SELECT s.department_id, s.procedure_id, s.channel, s.accepted_on, s.finished_on, s.decision, d.digitised,
           d.return_method = 'online' AND d.returned_at < $6::timestamptz AS returned_online,
           w.supplements <= 1 AND CASE
               WHEN w.pauses = 0 THEN coalesce((e.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= s.due_on, true)
               ELSE coalesce(((coalesce(w.asked_at, e.at) - w.waited) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date <= d.first_due_on, true) END AS in_time
      FROM state s JOIN dossiers d ON d.id = s.id
     CROSS JOIN LATERAL (SELECT CASE WHEN s.finished_on IS NULL THEN $6::timestamptz - interval '1 second' ELSE d.finished_at END AS at) e
     CROSS JOIN LATERAL (
         SELECT count(*) AS pauses, count(*) FILTER (WHERE p.kind = 'supplement') AS supplements,
                max(p.from_at) FILTER (WHERE o.waiting) AS asked_at,
                coalesce(sum(least(coalesce(p.to_at, e.at), e.at) - p.from_at) FILTER (WHERE NOT o.waiting), interval '0') AS waited
           FROM dossier_pauses p
          CROSS JOIN LATERAL (SELECT s.finished_on IS NULL AND p.kind = 'supplement'
                                AND (p.to_at IS NULL OR p.to_at >= $6::timestamptz) AS waiting) o
          WHERE p.dossier_id = s.id AND p.from_at < $6::timestamptz) w)";

/// Counts for the index; zeros when there is nothing to count.
///
/// # Errors
/// The database's.
pub async fn quality_counts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<QualityCounts, DbErr> {
    let with = format!("{}, {JUDGED}", state(Relevant::AcceptedOrFinishedInPeriod));
    let counts = "count(*) AS handled, count(*) FILTER (WHERE s.in_time) AS on_time,
        count(*) FILTER (WHERE s.accepted_on >= $3 AND s.finished_on IS NOT NULL) AS done,
        coalesce(sum(s.finished_on - s.accepted_on) FILTER (WHERE s.accepted_on >= $3), 0) AS days,
        count(*) FILTER (WHERE s.accepted_on >= $3) AS accepted,
        count(*) FILTER (WHERE s.accepted_on >= $3 AND s.channel = 'online') AS accepted_online,
        count(*) FILTER (WHERE s.accepted_on >= $3 AND s.digitised) AS digitised,
        count(*) FILTER (WHERE s.accepted_on >= $3 AND s.digitised IS NULL) AS digitised_unknown,
        count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision = 'resolved') AS resolved,
        count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision = 'resolved' AND s.returned_online) AS returned_online";
    Ok(question.ask(db, &with, "judged", counts).await?.into_iter().next().unwrap_or_default())
}

/// Procedures for the index, of the departments that are asked for.
///
/// # Errors
/// The database's.
pub async fn quality_services(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<QualityServices, DbErr> {
    let text = format!(
        "{}, used AS (SELECT DISTINCT s.procedure_id FROM state s WHERE s.channel = 'online'),
         service AS (
             SELECT p.id, p.online_level IS NULL AS unknown, coalesce(p.online_level IN ('partial', 'full', 'level_3', 'level_4'), false) AS online
               FROM procedures p
              WHERE coalesce(p.valid_from <= $5::date, true) AND coalesce(p.valid_to >= $5::date, true)
                AND ($1::uuid[] IS NULL OR p.department_id = ANY($1::uuid[])) AND ($2::uuid[] IS NULL OR p.department_id = ANY($2::uuid[]))
                AND ($7::uuid IS NULL OR p.id = $7::uuid) AND ($8::text IS NULL OR p.field_code = $8))
         SELECT count(*) AS procedures, count(*) FILTER (WHERE v.online) AS online, count(*) FILTER (WHERE v.unknown) AS unknown,
                count(*) FILTER (WHERE v.online AND EXISTS (SELECT FROM used u WHERE u.procedure_id = v.id)) AS used
           FROM service v",
        state(Relevant::AcceptedInPeriod)
    );
    let found = QualityServices::find_by_statement(question.statement(text, Vec::new())).one(db).await?;
    Ok(found.unwrap_or_default())
}
