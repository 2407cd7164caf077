//! Every query of the reports. They all stand on one thing: the state of each accepted dossier as of the end of a day.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::filter::{GroupBy, Slice};
use super::period::Range;
use crate::auth::Reach;
use crate::error::{ApiError, Fault};
use crate::http::values::{Key, vietnam};

/// The state of dossiers as of the end of day $5, which is the instant before $6.
///
/// What had not happened by then is not seen: a later finish leaves the dossier open, a later fulfilment leaves it
/// waiting, a later voiding leaves it as it was. The due date in force comes from what happened last by then: a pause that
/// began or ended, or a revision of the calendar. It is asked for only where it decides something: the verdict of a closed
/// dossier is stored and final.
const STATE: &str = "WITH state AS (
    SELECT d.id, d.resolving_department_id AS department_id, d.procedure_id, d.channel, d.accepted_on,
           CASE WHEN by_then.closed THEN d.finished_on END AS finished_on,
           CASE WHEN by_then.closed THEN d.decision END AS decision,
           CASE WHEN NOT by_then.closed AND pause.waiting THEN pause.kind END AS waiting_for,
           CASE WHEN NOT by_then.closed THEN
                    CASE WHEN pause.waiting OR due.due_on IS NULL OR due.due_on >= $5 THEN 'in_time' ELSE 'overdue' END
                WHEN d.status <> 'voided' THEN d.timeliness
                WHEN due.due_on IS NULL OR due.due_on = d.finished_on THEN 'on_time'
                WHEN d.finished_on < due.due_on THEN 'early'
                WHEN pause.waiting AND pause.from_on <= due.due_on THEN 'on_time'
                ELSE 'late' END AS timeliness
      FROM dossiers d
     CROSS JOIN LATERAL (SELECT coalesce(d.finished_on <= $5, false) AS closed) AS by_then
      LEFT JOIN LATERAL (
               SELECT p.kind, p.to_at IS NULL OR p.to_at >= $6 AS waiting, p.due_before, p.due_after,
                      CASE WHEN p.to_at < $6 THEN p.to_at ELSE p.from_at END AS last_at,
                      (p.from_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS from_on
                 FROM dossier_pauses p
                WHERE p.dossier_id = d.id AND p.from_at < $6 AND (NOT by_then.closed OR d.status = 'voided')
                ORDER BY p.from_at DESC, p.to_at DESC NULLS FIRST, array_position(ARRAY['supplement', 'fee', 'suspension'], p.kind) DESC, p.n DESC
                LIMIT 1) AS pause ON true
      LEFT JOIN LATERAL (
               SELECT m.moved_at, coalesce(m.due_on, m.due_before) AS due_on FROM calendar_revision_moves m
                WHERE m.dossier_id = d.id AND m.moved_at < $6 AND (NOT by_then.closed OR d.status = 'voided')
                ORDER BY m.moved_at DESC LIMIT 1) AS move ON true
     CROSS JOIN LATERAL (
               SELECT CASE WHEN move.moved_at >= coalesce(pause.last_at, '-infinity') THEN move.due_on
                           WHEN pause.kind IS NULL THEN d.first_due_on WHEN pause.waiting THEN pause.due_before
                           ELSE pause.due_after END AS due_on) AS due
     WHERE ($1::uuid[] IS NULL OR d.resolving_department_id = ANY($1::uuid[]))
       AND ($2::uuid[] IS NULL OR d.resolving_department_id = ANY($2::uuid[]))
       AND ($7::uuid IS NULL OR d.procedure_id = $7::uuid)
       AND ($8::text IS NULL OR d.procedure_id IN (SELECT f.id FROM procedures f WHERE f.field_code = $8))
       AND d.accepted_on <= $5::date
       AND (d.status <> 'voided' OR d.voided_at >= $6::timestamptz)
       AND ";

/// Accepted in the period, or not finished before it.
const OF_THE_PERIOD: &str = "d.accepted_on <= $4::date AND (d.finished_on >= $3::date OR (d.decision IS NULL AND d.status <> 'voided')
            OR (d.status = 'voided' AND d.voided_at >= $6)))";

const ACCEPTED_IN_PERIOD: &str = "d.accepted_on BETWEEN $3::date AND $4::date)";

const ACCEPTED_OR_FINISHED_IN_PERIOD: &str =
    "(d.accepted_on BETWEEN $3::date AND $4::date OR d.finished_on BETWEEN $3::date AND $4::date))";

/// An apology that named a new date, sent in time for the state of `s`.
const APOLOGISED: &str = "EXISTS (SELECT FROM dossier_apologies a WHERE a.dossier_id = s.id AND a.new_due_on IS NOT NULL
    AND a.sent_on <= coalesce(s.finished_on, $5))";

/// How rows are made: what they are grouped by, and where their code, name and field come from.
struct Rows {
    key: &'static str,
    from: &'static str,
    label: &'static str,
    names: &'static str,
}

impl GroupBy {
    fn rows(self) -> Rows {
        match self {
            GroupBy::None => {
                Rows { key: "NULL::text", from: "", label: "NULL::text AS key, NULL::text AS name, NULL::text AS field", names: "" }
            }
            GroupBy::Department => Rows {
                key: "s.department_id",
                from: "",
                label: "n.code AS key, n.name, NULL::text AS field",
                names: "JOIN departments n ON n.id = c.group_key",
            },
            GroupBy::Field => Rows {
                key: "g.field_code",
                from: "JOIN procedures g ON g.id = s.procedure_id",
                label: "n.code AS key, n.name, n.code AS field",
                names: "JOIN procedure_fields n ON n.code = c.group_key",
            },
            GroupBy::Procedure => Rows {
                key: "s.procedure_id",
                from: "",
                label: "n.code AS key, n.name, n.field_code AS field",
                names: "JOIN procedures n ON n.id = c.group_key",
            },
        }
    }
}

/// What is counted, over whom, and until when.
pub struct Question<'a> {
    pub reach: &'a Reach,
    pub chosen: &'a Chosen,
    pub days: Range,
    /// Facts after the end of this day do not count.
    pub as_of: NaiveDate,
    pub group_by: GroupBy,
}

impl Question<'_> {
    fn values(&self) -> [Value; 8] {
        [
            self.reach.ids().into(),
            self.chosen.departments.clone().into(),
            self.days.from.into(),
            self.days.to.into(),
            self.as_of.into(),
            end_of(self.as_of).into(),
            self.chosen.procedure.into(),
            self.chosen.field.clone().into(),
        ]
    }

    /// Counts by row, ordered by code; one row without a code when there are no groups. `relevant` ends the state, `source` is
    /// what is counted. Totals are sums of rows: a plain GROUP BY is what PostgreSQL can spread over its workers.
    async fn ask<T: FromQueryResult>(
        &self,
        db: &impl ConnectionTrait,
        relevant: &str,
        source: &str,
        counts: &str,
    ) -> Result<Vec<T>, DbErr> {
        let Rows { key, from, label, names } = self.group_by.rows();
        let sql = format!(
            "{STATE}{relevant}, c AS (SELECT {key} AS group_key, {counts} FROM {source} s {from} GROUP BY 1)
             SELECT * FROM (SELECT {label}, c.* FROM c {names}) AS r ORDER BY r.key COLLATE \"C\""
        );
        // Planned for the very period: the days decide which index is worth it, so the values are written in.
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, self.values()).to_string();
        T::find_by_statement(Statement::from_string(DbBackend::Postgres, statement)).all(db).await
    }
}

/// The first instant after a day in Vietnam.
fn end_of(day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN);
    next.and_local_timezone(vietnam()).single().map_or(DateTime::<Utc>::MAX_UTC, |at| at.to_utc())
}

/// One row of II.06a.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct Handling {
    pub key: Option<String>,
    pub name: Option<String>,
    pub received_online: i64,
    pub received_direct_postal: i64,
    pub carried_over: i64,
    pub resolved_early: i64,
    pub resolved_on_time: i64,
    pub resolved_late: i64,
    pub open_in_time: i64,
    pub open_overdue: i64,
}

/// Results of handling (II.06a).
///
/// # Errors
/// The database's.
pub async fn handling(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Handling>, DbErr> {
    question
        .ask(
            db,
            OF_THE_PERIOD,
            "state",
            "count(*) FILTER (WHERE s.accepted_on >= $3 AND s.channel = 'online') AS received_online,
             count(*) FILTER (WHERE s.accepted_on >= $3 AND s.channel <> 'online') AS received_direct_postal,
             count(*) FILTER (WHERE s.accepted_on < $3 AND (s.finished_on IS NULL OR s.finished_on >= $3)) AS carried_over,
             count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision <> 'withdrawn' AND s.timeliness = 'early') AS resolved_early,
             count(*) FILTER (WHERE s.finished_on >= $3 AND (s.decision = 'withdrawn' OR s.timeliness = 'on_time')) AS resolved_on_time,
             count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision <> 'withdrawn' AND s.timeliness = 'late') AS resolved_late,
             count(*) FILTER (WHERE s.finished_on IS NULL AND s.timeliness = 'in_time') AS open_in_time,
             count(*) FILTER (WHERE s.finished_on IS NULL AND s.timeliness = 'overdue') AS open_overdue",
        )
        .await
}

/// How many dossiers of a row have a verdict.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Verdicts {
    pub key: Option<String>,
    pub name: Option<String>,
    /// `[outcome, timeliness, count]` each.
    pub verdicts: serde_json::Value,
}

/// Outcome and timeliness of the dossiers accepted in the period.
///
/// # Errors
/// The database's.
pub async fn verdicts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Verdicts>, DbErr> {
    let outcome = format!(
        "CASE WHEN s.finished_on IS NULL THEN
                  CASE WHEN s.waiting_for IN ('supplement', 'fee') THEN 'supplement_requested'
                       WHEN s.waiting_for IS NOT NULL THEN 'suspended'
                       WHEN s.timeliness = 'in_time' THEN 'in_progress'
                       WHEN {APOLOGISED} THEN 'overdue_with_apology' ELSE 'overdue' END
              WHEN s.decision IN ('withdrawn', 'terminated', 'refused') THEN s.decision
              WHEN s.decision = 'not_accepted' THEN 'refused'
              WHEN s.timeliness <> 'late' THEN 'on_time'
              WHEN {APOLOGISED} THEN 'late_with_apology' ELSE 'late_without_apology' END"
    );
    let relevant = format!(
        "{ACCEPTED_IN_PERIOD}, judged AS (SELECT s.department_id, s.procedure_id, {outcome} AS outcome, s.timeliness, count(*) AS dossiers
             FROM state s GROUP BY s.department_id, s.procedure_id, outcome, s.timeliness)"
    );
    question.ask(db, &relevant, "judged", "jsonb_agg(jsonb_build_array(s.outcome, s.timeliness, s.dossiers)) AS verdicts").await
}

/// What the indicators on dossiers are made of.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct Counts {
    pub key: Option<String>,
    pub name: Option<String>,
    /// The field that the row belongs to, when it belongs to one.
    pub field: Option<String>,
    pub accepted: i64,
    pub supplemented: i64,
    /// Finished, withdrawn ones included (II.06a, column 7).
    pub finished: i64,
    pub withdrawn: i64,
    /// Early or on time, not withdrawn.
    pub on_time: i64,
    /// Online, not withdrawn.
    pub online: i64,
    /// Late, not withdrawn.
    pub late: i64,
    pub late_apologised: i64,
    pub refused: i64,
}

impl Counts {
    /// The sum of rows.
    pub fn total(rows: &[Counts]) -> Counts {
        let sum = |of: fn(&Counts) -> i64| rows.iter().map(of).sum();
        Counts {
            key: None,
            name: None,
            field: None,
            accepted: sum(|r| r.accepted),
            supplemented: sum(|r| r.supplemented),
            finished: sum(|r| r.finished),
            withdrawn: sum(|r| r.withdrawn),
            on_time: sum(|r| r.on_time),
            online: sum(|r| r.online),
            late: sum(|r| r.late),
            late_apologised: sum(|r| r.late_apologised),
            refused: sum(|r| r.refused),
        }
    }
}

/// Counts for the indicators. A row in which nothing was accepted or finished is left out.
///
/// # Errors
/// The database's.
pub async fn counts(db: &impl ConnectionTrait, question: &Question<'_>) -> Result<Vec<Counts>, DbErr> {
    let here = "s.finished_on >= $3 AND s.decision <> 'withdrawn'";
    let rows: Vec<Counts> = question
        .ask(
            db,
            ACCEPTED_OR_FINISHED_IN_PERIOD,
            "state",
            &format!(
                "count(*) FILTER (WHERE s.accepted_on >= $3) AS accepted,
                 count(*) FILTER (WHERE s.accepted_on >= $3 AND EXISTS (SELECT FROM dossier_pauses p
                     WHERE p.dossier_id = s.id AND p.kind = 'supplement' AND p.from_at < $6)) AS supplemented,
                 count(*) FILTER (WHERE s.finished_on >= $3) AS finished,
                 count(*) FILTER (WHERE s.finished_on >= $3 AND s.decision = 'withdrawn') AS withdrawn,
                 count(*) FILTER (WHERE {here} AND s.timeliness <> 'late') AS on_time,
                 count(*) FILTER (WHERE {here} AND s.channel = 'online') AS online,
                 count(*) FILTER (WHERE {here} AND s.timeliness = 'late') AS late,
                 count(*) FILTER (WHERE {here} AND s.timeliness = 'late' AND {APOLOGISED}) AS late_apologised,
                 count(*) FILTER (WHERE {here} AND s.decision IN ('refused', 'not_accepted')) AS refused"
            ),
        )
        .await?;
    Ok(rows.into_iter().filter(|row| row.accepted > 0 || row.finished > 0).collect())
}

/// A slice whose codes have been looked up.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// The department asked for.
    pub department: Option<Named>,
    /// It, or it and those below; `None` for all.
    pub departments: Option<Vec<Uuid>>,
    pub procedure: Option<Uuid>,
    pub field: Option<String>,
}

/// An id with its code.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Named {
    pub id: Uuid,
    pub code: String,
}

/// Looks up what a slice names.
///
/// # Errors
/// 422 with every code that does not exist, or is a department outside the reach.
pub async fn choose(db: &impl ConnectionTrait, reach: &Reach, slice: &Slice) -> Result<Chosen, ApiError> {
    let mut chosen = Chosen::default();
    let mut faults = Vec::new();
    if let Some(key) = &slice.department {
        match named(db, "departments", key).await?.filter(|d| reach.covers(d.id)) {
            Some(found) => {
                chosen.departments = Some(if slice.subtree { below(db, found.id).await? } else { vec![found.id] });
                chosen.department = Some(found);
            }
            None => faults.push(Fault::unknown("department", text(key).as_str())),
        }
    }
    if let Some(key) = &slice.procedure {
        match named(db, "procedures", key).await? {
            Some(found) => chosen.procedure = Some(found.id),
            None => faults.push(Fault::unknown("procedure", text(key).as_str())),
        }
    }
    if let Some(code) = &slice.field {
        let sql = "SELECT code FROM procedure_fields WHERE code = $1";
        let found = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [code.clone().into()])).await?;
        match found {
            Some(_) => chosen.field = Some(code.clone()),
            None => faults.push(Fault::unknown("field", code)),
        }
    }
    if faults.is_empty() { Ok(chosen) } else { Err(ApiError::broken(faults)) }
}

fn text(key: &Key) -> String {
    match key {
        Key::Id(id) => id.to_string(),
        Key::Code(code) => code.clone(),
    }
}

async fn named(db: &impl ConnectionTrait, table: &'static str, key: &Key) -> Result<Option<Named>, DbErr> {
    let (column, value): (_, Value) = match key {
        Key::Id(id) => ("id", (*id).into()),
        Key::Code(code) => ("code", code.clone().into()),
    };
    let sql = format!("SELECT id, code FROM {table} WHERE {column} = $1");
    Named::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, [value])).one(db).await
}

async fn below(db: &impl ConnectionTrait, department: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let sql = "SELECT id, code FROM departments WHERE path @> ARRAY[$1]";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [department.into()]);
    Ok(Named::find_by_statement(statement).all(db).await?.into_iter().map(|d| d.id).collect())
}
