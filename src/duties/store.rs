//! Every query on reporting duties.

use chrono::{Datelike, NaiveDate};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::model::DutySchedule;
use super::rules::Planned;
use super::wire::{ConsolidationView, DispatchView, DutyDocument, DutyFigure, DutyView, NewDuty, NewDutyDates, NewHandIn};
use crate::auth::Reach;
use crate::db::documents;
use crate::http::values::Key;
use crate::http::{At, Call, Day};

/// A department that hands in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Reporter {
    pub id: Uuid,
    pub code: String,
}

/// A duty as it is stored.
#[derive(Clone, Debug, Deserialize)]
pub struct Stored {
    pub id: Uuid,
    pub code: String,
    pub plan: Option<String>,
    pub what: String,
    pub source: Option<String>,
    pub from: Vec<String>,
    pub via: Vec<String>,
    pub to: Vec<String>,
    /// In the order of their codes, collectives taken apart.
    pub reporters: Vec<Reporter>,
    pub schedule: DutySchedule,
    pub valid_from: Day,
    pub valid_to: Option<Day>,
    pub notes: Vec<String>,
    pub version: i32,
}

impl Stored {
    pub fn view(self) -> DutyView {
        DutyView {
            id: self.id,
            code: self.code,
            plan: self.plan,
            what: self.what,
            source: self.source,
            from: self.from,
            via: self.via,
            to: self.to,
            reporters: self.reporters.into_iter().map(|r| r.code).collect(),
            schedule: self.schedule,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            notes: self.notes,
            version: self.version,
        }
    }
}

fn whole() -> String {
    let role = |role: &str| {
        format!(
            "array(SELECT d.code FROM duty_departments dd JOIN departments d ON d.id = dd.department_id
                    WHERE dd.duty_id = u.id AND dd.role = '{role}' ORDER BY dd.position)"
        )
    };
    format!(
        "jsonb_build_object('id', u.id, 'code', u.code, 'plan', p.code, 'what', u.what, 'source', u.source, 'from', {}, 'via', {}, 'to', {},
            'reporters', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'code', d.code) ORDER BY d.code COLLATE \"C\"), '[]')
                FROM unnest(without_collectives(array(
                    SELECT dd.department_id FROM duty_departments dd WHERE dd.duty_id = u.id AND dd.role = 'from'))) AS r(id)
                JOIN departments d ON d.id = r.id),
            'schedule', u.schedule, 'valid_from', u.valid_from, 'valid_to', u.valid_to, 'notes', u.notes, 'version', u.version)",
        role("from"),
        role("via"),
        role("to")
    )
}

const FROM: &str = "duties u LEFT JOIN plans p ON p.id = u.plan_id";

pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<Stored>, DbErr> {
    let (named, value): (_, Value) = match key {
        Key::Id(id) => ("u.id = $1", (*id).into()),
        Key::Code(code) => ("u.code = $1", code.as_str().into()),
    };
    let sql = format!("SELECT {} AS doc FROM {FROM} WHERE {named}", whole());
    Ok(documents(db, sql, vec![value]).await?.into_iter().next())
}

/// Locks a duty against other writers, then reads it.
pub async fn lock(tx: &impl ConnectionTrait, code: &str) -> Result<Option<Stored>, DbErr> {
    let sql = "SELECT id FROM duties WHERE code = $1 FOR UPDATE";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [code.into()])).await?;
    find(tx, &Key::Code(code.to_owned())).await
}

#[derive(Default)]
pub struct Filter<'a> {
    pub plan: Option<&'a str>,
    /// Code of a department that hands in.
    pub reporter: Option<&'a str>,
}

/// Duties by code.
pub async fn list(db: &impl ConnectionTrait, filter: &Filter<'_>, after: Option<String>, limit: u32) -> Result<Vec<Stored>, DbErr> {
    let sql = format!(
        "SELECT {} AS doc FROM {FROM}
          WHERE ($1::text IS NULL OR u.code > $1 COLLATE \"C\") AND ($2::text IS NULL OR p.code = $2)
            AND ($3::text IS NULL OR (SELECT id FROM departments WHERE code = $3) = ANY(without_collectives(array(
                SELECT dd.department_id FROM duty_departments dd WHERE dd.duty_id = u.id AND dd.role = 'from'))))
          ORDER BY u.code COLLATE \"C\" LIMIT $4",
        whole()
    );
    let owned = |text: Option<&str>| -> Value { text.map(str::to_owned).into() };
    documents(db, sql, vec![after.into(), owned(filter.plan), owned(filter.reporter), i64::from(limit.saturating_add(1)).into()]).await
}

/// Writes a duty with the departments it names; gives its version.
pub async fn save(tx: &impl ConnectionTrait, call: &Call, id: Uuid, duty: &NewDuty) -> Result<i32, DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO duties (id, code, plan_id, what, source, schedule, valid_from, valid_to, notes, created_at)
         VALUES ($1, $2, (SELECT id FROM plans WHERE code = $3), $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO UPDATE SET plan_id = excluded.plan_id, what = excluded.what, source = excluded.source,
             schedule = excluded.schedule, valid_from = excluded.valid_from, valid_to = excluded.valid_to, notes = excluded.notes,
             version = duties.version + 1, updated_at = $10
         RETURNING version",
        [
            id.into(),
            duty.code.as_str().into(),
            duty.plan.as_ref().map(|p| p.as_str().to_owned()).into(),
            duty.what.as_str().into(),
            duty.source.as_ref().map(|s| s.as_str().to_owned()).into(),
            json!(duty.schedule).into(),
            duty.valid_from.0.into(),
            duty.valid_to.map(|d| d.0).into(),
            json!(duty.notes).into(),
            call.now.into(),
        ],
    );
    let row = tx.query_one_raw(statement).await?.ok_or_else(|| DbErr::RecordNotFound("duty".into()))?;
    let parts = json!({"from": duty.from, "via": duty.via, "to": duty.to});
    for sql in [
        "DELETE FROM duty_departments WHERE duty_id = $1 AND $2::jsonb IS NOT NULL",
        "INSERT INTO duty_departments (duty_id, role, department_id, position)
         SELECT $1, part.role, d.id, named.position FROM jsonb_each($2::jsonb) AS part(role, codes)
           CROSS JOIN LATERAL jsonb_array_elements_text(part.codes) WITH ORDINALITY AS named(code, position)
           JOIN departments d ON d.code = named.code",
    ] {
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into(), parts.clone().into()])).await?;
    }
    row.try_get("", "version")
}

/// The part of a department as it is stored.
#[derive(Clone, Debug, Deserialize)]
pub struct Part {
    pub department_id: Uuid,
    pub department: String,
    pub content: String,
    pub figures: Vec<DutyFigure>,
    pub documents: Vec<DutyDocument>,
    pub handed_in_on: Day,
    pub handed_in_by: String,
    pub handed_in_at: At,
    pub revised_at: Option<At>,
}

/// A report as it is stored, once something was done about it.
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    pub id: Uuid,
    pub duty_id: Uuid,
    pub period: String,
    pub label: Option<String>,
    pub due_on: Option<Day>,
    pub internal_due_on: Option<Day>,
    pub reason: Option<String>,
    pub consolidation: Option<ConsolidationView>,
    pub consolidated_by: Option<String>,
    pub consolidated_at: Option<At>,
    pub dispatch: Option<DispatchView>,
    pub sent_on: Option<Day>,
    pub dispatched_by: Option<String>,
    pub dispatched_at: Option<At>,
    pub version: i32,
    pub hand_ins: Vec<Part>,
}

const REPORT: &str = "jsonb_build_object('id', o.id, 'duty_id', o.duty_id, 'period', o.period, 'label', o.label, 'due_on', o.due_on,
    'internal_due_on', o.internal_due_on, 'reason', o.reason, 'consolidation', o.consolidation, 'consolidated_by', o.consolidated_by,
    'consolidated_at', o.consolidated_at, 'dispatch', o.dispatch, 'sent_on', o.sent_on, 'dispatched_by', o.dispatched_by,
    'dispatched_at', o.dispatched_at, 'version', o.version,
    'hand_ins', (SELECT coalesce(jsonb_agg(jsonb_build_object('department_id', h.department_id, 'department', d.code, 'content', h.content,
            'figures', h.figures, 'documents', h.documents, 'handed_in_on', h.handed_in_on, 'handed_in_by', h.handed_in_by,
            'handed_in_at', h.handed_in_at, 'revised_at', h.revised_at) ORDER BY d.code COLLATE \"C\"), '[]')
        FROM duty_hand_ins h JOIN departments d ON d.id = h.department_id WHERE h.occurrence_id = o.id))";

pub async fn report(db: &impl ConnectionTrait, duty: Uuid, period: &str) -> Result<Option<Report>, DbErr> {
    let sql = format!("SELECT {REPORT} AS doc FROM duty_occurrences o WHERE o.duty_id = $1 AND o.period = $2");
    Ok(documents(db, sql, vec![duty.into(), period.into()]).await?.into_iter().next())
}

/// Reports about which something was done, about the years of a window and those beside it.
pub async fn reports(db: &impl ConnectionTrait, from: NaiveDate, to: NaiveDate) -> Result<Vec<Report>, DbErr> {
    let sql = format!(
        "SELECT {REPORT} AS doc FROM duty_occurrences o WHERE left(o.period, 4)::int BETWEEN $1 AND $2 OR o.due_on BETWEEN $3 AND $4"
    );
    documents(db, sql, vec![(from.year() - 1).into(), (to.year() + 1).into(), from.into(), to.into()]).await
}

/// Makes the row of a report, with the dates that it has then, and locks it against other acts.
pub async fn lock_report(tx: &impl ConnectionTrait, duty: Uuid, planned: &Planned) -> Result<Option<Report>, DbErr> {
    let sql = "INSERT INTO duty_occurrences (id, duty_id, period, due_on, internal_due_on, version) VALUES ($1, $2, $3, $4, $5, 0)
               ON CONFLICT (duty_id, period) DO NOTHING";
    let values =
        [Uuid::now_v7().into(), duty.into(), planned.period.as_str().into(), planned.due_on.into(), planned.internal_due_on.into()];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    let sql = "SELECT id FROM duty_occurrences WHERE duty_id = $1 AND period = $2 FOR UPDATE";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [duty.into(), planned.period.as_str().into()])).await?;
    report(tx, duty, &planned.period).await
}

pub async fn set_dates(tx: &impl ConnectionTrait, id: Uuid, dates: &NewDutyDates) -> Result<(), DbErr> {
    let sql = "UPDATE duty_occurrences SET label = $2, due_on = $3, internal_due_on = $4, reason = $5 WHERE id = $1";
    let values = [
        id.into(),
        dates.label.as_ref().map(|l| l.as_str().to_owned()).into(),
        dates.due_on.0.into(),
        dates.internal_due_on.map(|d| d.0).into(),
        dates.reason.as_str().into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}

/// Keeps the part of a department; one that was there is replaced, and the day on which it first came stays.
pub async fn save_part(
    tx: &impl ConnectionTrait,
    call: &Call,
    report: Uuid,
    department: Uuid,
    part: &NewHandIn,
    on: NaiveDate,
) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "INSERT INTO duty_hand_ins (occurrence_id, department_id, content, figures, documents, handed_in_on, handed_in_by, handed_in_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (occurrence_id, department_id) DO UPDATE SET content = excluded.content, figures = excluded.figures,
             documents = excluded.documents, handed_in_by = excluded.handed_in_by, revised_at = $8",
        [
            report.into(),
            department.into(),
            part.content.as_str().into(),
            json!(part.figures).into(),
            json!(part.documents).into(),
            on.into(),
            call.actor.username.as_str().into(),
            call.now.into(),
        ],
    );
    tx.execute_raw(statement).await.map(drop)
}

pub async fn consolidate(tx: &impl ConnectionTrait, call: &Call, report: Uuid, made: &ConsolidationView) -> Result<(), DbErr> {
    let sql = "UPDATE duty_occurrences SET consolidation = $2, consolidated_by = $3, consolidated_at = $4 WHERE id = $1";
    done(tx, call, sql, report, made).await
}

pub async fn dispatch(tx: &impl ConnectionTrait, call: &Call, report: Uuid, sent: &DispatchView) -> Result<(), DbErr> {
    let sql = "UPDATE duty_occurrences SET dispatch = $2::jsonb, sent_on = ($2::jsonb ->> 'sent_on')::date, dispatched_by = $3, dispatched_at = $4 WHERE id = $1";
    done(tx, call, sql, report, sent).await
}

async fn done(tx: &impl ConnectionTrait, call: &Call, sql: &str, report: Uuid, what: &impl Serialize) -> Result<(), DbErr> {
    let values = [report.into(), json!(what).into(), call.actor.username.as_str().into(), call.now.into()];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}

/// Counts an act on a report.
pub async fn touch(tx: &impl ConnectionTrait, call: &Call, report: Uuid) -> Result<(), DbErr> {
    let sql = "UPDATE duty_occurrences SET version = version + 1, updated_at = $2 WHERE id = $1";
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [report.into(), call.now.into()])).await.map(drop)
}

/// Whether there is a plan with this code.
pub async fn plan_exists(db: &impl ConnectionTrait, reach: &Reach, code: &str) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM plans WHERE ($1::uuid[] IS NULL OR issuer_id = ANY($1)) AND code = $2";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [reach.ids().into(), code.into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}
