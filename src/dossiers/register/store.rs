//! Pages of the register.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, TryGetable};
use uuid::Uuid;

use crate::auth::Reach;
use crate::dossiers::store::{Filter, chosen, sql};

#[derive(FromQueryResult)]
pub struct Row {
    pub id: Uuid,
    pub code: String,
    pub procedure: String,
    pub procedure_name: String,
    pub applicant_kind: Option<String>,
    pub applicant_name: Option<String>,
    pub receiving: String,
    pub receiving_name: String,
    pub resolving: String,
    pub resolving_name: String,
    pub channel: String,
    pub status: String,
    pub timeliness: Option<String>,
    pub apologised: bool,
    pub due_on: Option<NaiveDate>,
    pub first_due_on: Option<NaiveDate>,
    pub promised_on: Option<NaiveDate>,
    pub finished_on: Option<NaiveDate>,
    pub returned_at: Option<DateTime<Utc>>,
    pub return_method: Option<String>,
    pub decision_document_no: Option<String>,
    pub reason: Option<String>,
    pub received_by: Option<String>,
    pub received_at: DateTime<Utc>,
}

/// The place of a row in the register.
pub type Place = (DateTime<Utc>, Uuid);

const COLUMNS: &str = "d.id, d.code, d.procedure_id, d.receiving_department_id, d.resolving_department_id, d.channel, d.applicant_kind,
    d.applicant_name, d.status, d.timeliness, d.apologised, d.due_on, d.first_due_on, d.finished_on, d.returned_at, d.return_method,
    d.decision_document_no, coalesce(d.void_reason, d.decision_reason) AS reason, d.received_at";

/// What comes after a place, in order of acceptance, with one row more than the limit.
pub async fn page(
    db: &impl ConnectionTrait,
    reach: &Reach,
    filter: &Filter,
    after: Option<Place>,
    limit: u32,
    today: NaiveDate,
) -> Result<Vec<Row>, DbErr> {
    let (rows, values) = chosen(COLUMNS, reach, filter, after, limit, today);
    let text = format!(
        "SELECT d.*, p.code AS procedure, p.name AS procedure_name, rc.code AS receiving, rc.name AS receiving_name, rs.code AS resolving,
                rs.name AS resolving_name,
                (SELECT a.new_due_on FROM dossier_apologies a WHERE a.dossier_id = d.id AND a.new_due_on IS NOT NULL ORDER BY a.n DESC LIMIT 1) AS promised_on,
                (SELECT coalesce(u.display_name, c.name, l.actor) FROM audit_events l LEFT JOIN users u ON u.id = l.actor_id
                   LEFT JOIN clients c ON c.id = l.actor_id WHERE l.subject_id = d.id AND l.act IN ('accept', 'receive')
                  ORDER BY l.act = 'accept' DESC, l.id LIMIT 1) AS received_by
           FROM ({rows}) d JOIN procedures p ON p.id = d.procedure_id
           JOIN departments rc ON rc.id = d.receiving_department_id JOIN departments rs ON rs.id = d.resolving_department_id
          WHERE $1::date IS NOT NULL ORDER BY d.received_at, d.id"
    );
    Row::find_by_statement(sql(text, values)).all(db).await
}

/// How many rows there are, counted to one more than the limit.
pub async fn count(db: &impl ConnectionTrait, reach: &Reach, filter: &Filter, limit: u32, today: NaiveDate) -> Result<i64, DbErr> {
    let (rows, values) = chosen("d.id, d.received_at, d.resolving_department_id", reach, filter, None, limit, today);
    let row = db.query_one_raw(sql(format!("SELECT count(*) FROM ({rows}) d WHERE $1::date IS NOT NULL"), values)).await?;
    row.map_or(Ok(0), |r| i64::try_get_by_index(&r, 0).map_err(DbErr::from))
}
