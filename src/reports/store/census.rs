//! The cells of a census: one pass over what was finished in a stretch of days, which an index holds together, and one over what was
//! open at its end.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};

use super::results::outcome;
use super::state::{APOLOGISED, Relevant, state};
use super::{Chosen, Question};
use crate::auth::Reach;
use crate::reports::census::{Cell, Census, Cuts};
use crate::reports::filter::GroupBy;
use crate::reports::period::Range;

/// A stretch that never comes.
const NEVER: i32 = i32::MAX;

/// The number of the stretch that a day lies in.
fn place(cuts: &Cuts, day: &str) -> String {
    let days: Vec<String> = cuts.days().iter().map(ToString::to_string).collect();
    format!("width_bucket({day}, '{{{}}}'::date[])", days.join(","))
}

fn local(instant: &str) -> String {
    format!("({instant} AT TIME ZONE 'Asia/Ho_Chi_Minh')::date")
}

/// Whose dossiers that were transferred were at the ends of which stretches; and when papers were first asked for.
fn with(cuts: &Cuts) -> String {
    let start = format!("'{} 00:00+07'::timestamptz", cuts.whole().from);
    format!(
        "transferred AS (
             SELECT t.dossier_id, t.n, t.from_department_id, {moved} AS at FROM dossier_transfers t WHERE t.occurred_at >= {start}
         ), homes AS MATERIALIZED (
             SELECT h.* FROM (
                 SELECT t.dossier_id, t.from_department_id AS department_id, lag(t.at, 1, 0) OVER (PARTITION BY t.dossier_id ORDER BY t.n) AS since,
                        t.at AS until FROM transferred t
                 UNION ALL
                 SELECT t.dossier_id, d.resolving_department_id, max(t.at), {NEVER}
                   FROM transferred t JOIN dossiers d ON d.id = t.dossier_id GROUP BY 1, 2) h
              WHERE h.since < h.until
         ), asked AS MATERIALIZED (
             SELECT p.dossier_id, min({asked}) AS at FROM dossier_pauses p
              WHERE p.kind = 'supplement' AND p.from_at >= {start} AND p.from_at < $6::timestamptz GROUP BY 1)",
        moved = place(cuts, &local("t.occurred_at")),
        asked = place(cuts, &local("p.from_at")),
    )
}

/// The columns of a cell that are the same for every kind, of a dossier `d` with its home `h` and its first request `a`.
fn columns(cuts: &Cuts, owner: &str) -> String {
    format!(
        "coalesce(h.department_id, {owner}) AS department_id, coalesce(h.since, 0) AS since, coalesce(h.until, {NEVER}) AS until,
         d.procedure_id, {} AS accepted, a.at AS asked, d.channel = 'online' AS online",
        place(cuts, "d.accepted_on")
    )
}

const JOINED: &str = "LEFT JOIN homes h ON h.dossier_id = d.id LEFT JOIN asked a ON a.dossier_id = d.id";

/// Finished in the whole by the day of judgement, with the verdict that is stored; and those voided in it, whose verdict no longer is.
fn closed(cuts: &Cuts) -> String {
    let columns = columns(cuts, "d.resolving_department_id");
    format!(
        "facts AS (
             SELECT {columns}, {finished} AS finished, NULL::int AS voided, d.decision, d.timeliness, NULL::text AS outcome, d.apologised
               FROM dossiers d {JOINED}
              WHERE d.status <> 'voided' AND d.finished_on BETWEEN $3::date AND $5::date AND d.accepted_on IS NOT NULL
             UNION ALL
             SELECT {columns}, CASE WHEN s.finished_on IS NOT NULL THEN {finished} END, {voided}, CASE WHEN s.finished_on IS NOT NULL THEN d.decision END,
                    CASE WHEN s.finished_on IS NULL THEN 'in_time'
                         WHEN s.due_on IS NULL OR s.due_on = s.finished_on THEN 'on_time'
                         WHEN s.finished_on < s.due_on THEN 'early'
                         WHEN EXISTS (SELECT FROM dossier_pauses p WHERE p.dossier_id = d.id AND p.to_at IS NULL
                             AND {paused} <= s.due_on) THEN 'on_time'
                         ELSE 'late' END, NULL, {APOLOGISED}
               FROM dossiers d {JOINED}
              CROSS JOIN LATERAL (SELECT d.id, CASE WHEN d.finished_on <= $5::date THEN d.finished_on END AS finished_on,
                                         coalesce(d.due_on, d.due_before) AS due_on) s
              WHERE d.status = 'voided' AND d.voided_at >= '{start} 00:00+07'::timestamptz
                AND (s.finished_on BETWEEN $3::date AND $5::date
                     OR s.finished_on IS NULL AND d.voided_at < $6::timestamptz AND d.accepted_on BETWEEN $3::date AND $5::date)
                AND d.accepted_on IS NOT NULL)",
        finished = place(cuts, "d.finished_on"),
        voided = place(cuts, &local("d.voided_at")),
        paused = local("p.from_at"),
        start = cuts.whole().from,
    )
}

/// Open at the end of the day of judgement.
fn open(cuts: &Cuts) -> String {
    format!(
        "facts AS (
             SELECT {}, NULL::int AS finished, NULL::int AS voided, NULL::text AS decision, d.timeliness, d.outcome, false AS apologised
               FROM (SELECT s.*, {} AS outcome FROM state s WHERE s.finished_on IS NULL) d {JOINED})",
        columns(cuts, "d.department_id"),
        outcome()
    )
}

/// Counts the cells of these periods, each of which is to be asked for later; what is open is judged at the end of `as_of`, and of the last
/// day of all if that comes first.
///
/// # Errors
/// The database's.
pub async fn census(
    db: &impl ConnectionTrait,
    reach: &Reach,
    chosen: &Chosen,
    periods: &[Range],
    as_of: NaiveDate,
) -> Result<Census, DbErr> {
    let cuts = Cuts::of(periods);
    let days = cuts.whole();
    let as_of = as_of.min(days.to);
    // Whose it is follows from the stretch, so that nothing is narrowed by the departments as they were at the end.
    let anywhere = Chosen { department: None, departments: None, ..chosen.clone() };
    let question = Question { reach: &Reach::All, chosen: &anywhere, days, as_of, group_by: GroupBy::Department };
    let group = "department_id, since, until, accepted, finished, voided, asked, decision, timeliness, outcome, online, apologised";
    let text = |facts: &str| {
        format!(
            "{facts} SELECT n.code AS key, n.name, c.* FROM (SELECT {group}, count(*) AS dossiers FROM facts d
                 WHERE ($9::uuid[] IS NULL OR d.department_id = ANY($9::uuid[])) AND ($10::uuid[] IS NULL OR d.department_id = ANY($10::uuid[]))
                   AND ($7::uuid IS NULL OR d.procedure_id = $7::uuid)
                   AND ($8::text IS NULL OR d.procedure_id IN (SELECT f.id FROM procedures f WHERE f.field_code = $8))
                 GROUP BY {group}) c JOIN departments n ON n.id = c.department_id"
        )
    };
    let narrowed = || -> Vec<Value> { vec![reach.ids().into(), chosen.departments.clone().into()] };
    let finished = text(&format!("WITH {}, {}", with(&cuts), closed(&cuts)));
    let mut cells = Cell::find_by_statement(question.statement(finished, narrowed())).all(db).await?;
    let standing = text(&format!("{}, {}, {}", state(Relevant::OpenThen), with(&cuts), open(&cuts)));
    cells.extend(Cell::find_by_statement(question.statement(standing, narrowed())).all(db).await?);
    Ok(Census { cuts, as_of, cells })
}
