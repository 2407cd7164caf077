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

/// Whose dossiers that were transferred were, at the ends of which stretches.
fn homes(cuts: &Cuts) -> String {
    format!(
        "transferred AS MATERIALIZED (
             SELECT t.dossier_id, t.n, t.from_department_id, {moved} AS at FROM dossier_transfers t
              WHERE t.occurred_at >= '{start} 00:00+07'::timestamptz
         ), homes AS MATERIALIZED (
             SELECT h.* FROM (
                 SELECT t.dossier_id, t.from_department_id AS department_id, lag(t.at, 1, 0) OVER (PARTITION BY t.dossier_id ORDER BY t.n) AS since,
                        t.at AS until FROM transferred t
                 UNION ALL
                 SELECT t.dossier_id, d.resolving_department_id, max(t.at), {NEVER}
                   FROM transferred t JOIN dossiers d ON d.id = t.dossier_id GROUP BY 1, 2) h
              WHERE h.since < h.until)",
        moved = place(cuts, &local("t.occurred_at")),
        start = cuts.whole().from,
    )
}

/// What holds for a dossier `d` that is asked for, as that of a department.
fn asked_for(department: &str) -> String {
    format!(
        "($9::uuid[] IS NULL OR {department} = ANY($9::uuid[])) AND ($10::uuid[] IS NULL OR {department} = ANY($10::uuid[]))
         AND ($7::uuid IS NULL OR d.procedure_id = $7::uuid)
         AND ($8::text IS NULL OR d.procedure_id IN (SELECT f.id FROM procedures f WHERE f.field_code = $8))"
    )
}

const KEYS: &str = "department_id, since, until, accepted, finished, voided, asked, decision, timeliness, outcome, online, apologised";

/// The columns of a cell, of a dossier `d` as that of a department.
fn columns(cuts: &Cuts, home: [&str; 3], own: [&str; 6]) -> String {
    let ([department, since, until], [finished, voided, decision, timeliness, outcome, apologised]) = (home, own);
    let (accepted, asked) = (place(cuts, "d.accepted_on"), place(cuts, "d.supplement_asked_on"));
    format!(
        "{department} AS department_id, {since} AS since, {until} AS until, {accepted} AS accepted, {finished} AS finished, {voided} AS voided,
         {asked} AS asked, {decision} AS decision, {timeliness} AS timeliness, {outcome} AS outcome, d.channel = 'online' AS online,
         {apologised} AS apologised"
    )
}

/// Finished in the whole by the day of judgement, with the verdict that is stored: all as their last department's, in one pass over an index;
/// then those that were transferred are taken out, and put where they were. And those voided in it, whose verdict is no longer stored.
fn closed(cuts: &Cuts) -> String {
    let never = NEVER.to_string();
    let finished = place(cuts, "d.finished_on");
    let stored = [finished.as_str(), "NULL::int", "d.decision", "d.timeliness", "NULL::text", "d.apologised"];
    let all = columns(cuts, ["d.resolving_department_id", "0", &never], stored);
    let moved = columns(cuts, ["h.department_id", "h.since", "h.until"], stored);
    let settled = "d.status <> 'voided' AND d.finished_on BETWEEN $3::date AND $5::date AND d.accepted_on IS NOT NULL";
    let (of_last, of_home) = (asked_for("d.resolving_department_id"), asked_for("h.department_id"));
    let (then, paused) = (format!("CASE WHEN s.finished_on IS NOT NULL THEN {finished} END"), local("p.from_at"));
    let (voided, end) = (place(cuts, &local("d.voided_at")), format!("coalesce(h.until, {NEVER})"));
    let verdict = format!(
        "CASE WHEN s.finished_on IS NULL THEN 'in_time' WHEN s.due_on IS NULL OR s.due_on = s.finished_on THEN 'on_time'
              WHEN s.finished_on < s.due_on THEN 'early'
              WHEN EXISTS (SELECT FROM dossier_pauses p WHERE p.dossier_id = d.id AND p.to_at IS NULL AND {paused} <= s.due_on) THEN 'on_time'
              ELSE 'late' END"
    );
    let gone = columns(
        cuts,
        ["coalesce(h.department_id, d.resolving_department_id)", "coalesce(h.since, 0)", &end],
        [&then, &voided, "CASE WHEN s.finished_on IS NOT NULL THEN d.decision END", &verdict, "NULL::text", APOLOGISED],
    );
    format!(
        "facts AS (
             SELECT department_id, 0 AS since, {NEVER} AS until, accepted, finished, NULL::int AS voided, asked, decision, timeliness,
                    NULL::text AS outcome, online, apologised, count(*) AS n
               FROM (SELECT {all} FROM dossiers d WHERE {settled} AND {of_last} OFFSET 0) f
              GROUP BY department_id, accepted, finished, asked, decision, timeliness, online, apologised
             UNION ALL
             SELECT {all}, -1 FROM dossiers d WHERE d.id IN (SELECT dossier_id FROM transferred) AND {settled} AND {of_last}
             UNION ALL
             SELECT {moved}, 1 FROM homes h JOIN dossiers d ON d.id = h.dossier_id WHERE {settled} AND {of_home}
             UNION ALL
             SELECT {gone}, 1
               FROM dossiers d LEFT JOIN homes h ON h.dossier_id = d.id
              CROSS JOIN LATERAL (SELECT d.id, CASE WHEN d.finished_on <= $5::date THEN d.finished_on END AS finished_on,
                                         coalesce(d.due_on, d.due_before) AS due_on) s
              WHERE d.status = 'voided' AND d.voided_at >= '{start} 00:00+07'::timestamptz AND d.accepted_on IS NOT NULL
                AND (s.finished_on BETWEEN $3::date AND $5::date
                     OR s.finished_on IS NULL AND d.voided_at < $6::timestamptz AND d.accepted_on BETWEEN $3::date AND $5::date)
                AND {of_any})",
        start = cuts.whole().from,
        of_any = asked_for("coalesce(h.department_id, d.resolving_department_id)"),
    )
}

/// Open at the end of the day of judgement.
fn open(cuts: &Cuts) -> String {
    let end = format!("coalesce(h.until, {NEVER})");
    let columns = columns(
        cuts,
        ["coalesce(h.department_id, d.department_id)", "coalesce(h.since, 0)", &end],
        ["NULL::int", "NULL::int", "NULL::text", "d.timeliness", "d.outcome", "false"],
    );
    format!(
        "facts AS (
             SELECT {columns}, 1 AS n
               FROM (SELECT s.*, {} AS outcome FROM state s WHERE s.finished_on IS NULL) d LEFT JOIN homes h ON h.dossier_id = d.id
              WHERE {})",
        outcome(),
        asked_for("coalesce(h.department_id, d.department_id)")
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
    let text = |facts: &str| {
        format!(
            "{facts} SELECT n.code AS key, n.name, c.* FROM (SELECT {KEYS}, sum(n)::bigint AS dossiers FROM facts GROUP BY {KEYS}) c
                 JOIN departments n ON n.id = c.department_id WHERE c.dossiers <> 0"
        )
    };
    let narrowed = || -> Vec<Value> { vec![reach.ids().into(), chosen.departments.clone().into()] };
    let finished = text(&format!("WITH {}, {}", homes(&cuts), closed(&cuts)));
    let mut cells = Cell::find_by_statement(question.statement(finished, narrowed())).all(db).await?;
    let standing = text(&format!("{}, {}, {}", state(Relevant::OpenThen), homes(&cuts), open(&cuts)));
    cells.extend(Cell::find_by_statement(question.statement(standing, narrowed())).all(db).await?);
    Ok(Census { cuts, as_of, cells })
}
