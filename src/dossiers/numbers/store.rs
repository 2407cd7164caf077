//! Every query on numbers. They are seen by those who see all dossiers.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::rules::{Block, Number, OpenBlock, OpenBlocks, reason};
use super::wire::{NumberDay, NumberHole, ReservationView};
use crate::http::{At, Day};

fn sql(text: impl Into<String>, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

#[derive(FromQueryResult)]
struct Last {
    last_number: i32,
}

/// Takes the next numbers of an agency's day and answers the last of them. The row stays locked until the transaction
/// ends, so that numbers have neither gaps nor duplicates.
pub async fn take(tx: &impl ConnectionTrait, agency: &str, day: NaiveDate, count: i32) -> Result<i32, DbErr> {
    let text = "INSERT INTO dossier_numbers (agency, day, last_number) VALUES ($1, $2, $3)
                ON CONFLICT (agency, day) DO UPDATE SET last_number = dossier_numbers.last_number + $3 RETURNING last_number";
    let row = Last::find_by_statement(sql(text, [agency.into(), day.into(), count.into()])).one(tx).await?;
    row.map(|r| r.last_number).ok_or(DbErr::RecordNotInserted)
}

/// The last number taken of an agency's day; 0 when none was.
pub async fn last(tx: &impl ConnectionTrait, number: &Number) -> Result<i32, DbErr> {
    let text = "SELECT last_number FROM dossier_numbers WHERE agency = $1 AND day = $2";
    let row = Last::find_by_statement(sql(text, [number.agency.as_str().into(), number.day.into()])).one(tx).await?;
    Ok(row.map_or(0, |r| r.last_number))
}

#[derive(FromQueryResult)]
struct BlockRow {
    department_id: Uuid,
    department: String,
    expires_at: DateTime<Utc>,
    released_at: Option<DateTime<Utc>>,
}

/// The block that a number lies in, kept from being released until the transaction ends.
pub async fn block_of(tx: &impl ConnectionTrait, number: &Number) -> Result<Option<Block>, DbErr> {
    let text = "SELECT r.department_id, d.code AS department, r.expires_at, r.released_at
                  FROM dossier_number_reservations r JOIN departments d ON d.id = r.department_id
                 WHERE r.agency = $1 AND r.day = $2 AND r.numbers @> $3 FOR SHARE OF r";
    let row = BlockRow::find_by_statement(sql(text, [number.agency.as_str().into(), number.day.into(), number.n.into()])).one(tx).await?;
    Ok(row.map(|r| Block {
        department_id: r.department_id,
        department: r.department,
        expires_at: r.expires_at,
        released_at: r.released_at,
    }))
}

#[derive(FromQueryResult)]
struct OpenRow {
    agency: String,
    day: NaiveDate,
    first: i32,
    last: i32,
    department_id: Uuid,
    department: String,
    expires_at: DateTime<Utc>,
}

/// Every block whose counter may still bring its numbers along.
///
/// # Errors
/// The database's.
pub async fn open_blocks(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<OpenBlocks, DbErr> {
    let text = "SELECT r.agency, r.day, lower(r.numbers) AS first, upper(r.numbers) - 1 AS last, r.department_id, d.code AS department,
                       r.expires_at
                  FROM dossier_number_reservations r JOIN departments d ON d.id = r.department_id
                 WHERE r.released_at IS NULL AND r.expires_at > $1";
    let mut blocks = OpenBlocks::default();
    for row in OpenRow::find_by_statement(sql(text, [now.into()])).all(db).await? {
        let block = Block { department_id: row.department_id, department: row.department, expires_at: row.expires_at, released_at: None };
        blocks.0.entry((row.agency, row.day)).or_default().push(OpenBlock { first: row.first, last: row.last, block });
    }
    Ok(blocks)
}

/// A block to be held.
pub struct NewBlock<'a> {
    pub id: Uuid,
    pub department: Uuid,
    pub agency: &'a str,
    pub day: NaiveDate,
    pub first: i32,
    pub last: i32,
    pub reserved_at: DateTime<Utc>,
    pub reserved_by: &'a str,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert(tx: &impl ConnectionTrait, block: &NewBlock<'_>) -> Result<(), DbErr> {
    let text = "INSERT INTO dossier_number_reservations (id, department_id, agency, day, numbers, reserved_at, reserved_by, expires_at)
                VALUES ($1, $2, $3, $4, int4range($5, $6, '[]'), $7, $8, $9)";
    let values: [sea_orm::Value; 9] = [
        block.id.into(),
        block.department.into(),
        block.agency.into(),
        block.day.into(),
        block.first.into(),
        block.last.into(),
        block.reserved_at.into(),
        block.reserved_by.into(),
        block.expires_at.into(),
    ];
    tx.execute_raw(sql(text, values)).await.map(drop)
}

pub async fn release(tx: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "UPDATE dossier_number_reservations SET released_at = $2, version = version + 1 WHERE id = $1";
    tx.execute_raw(sql(text, [id.into(), now.into()])).await.map(drop)
}

#[derive(FromQueryResult)]
struct ReservationRow {
    id: Uuid,
    department_id: Uuid,
    department: String,
    agency: String,
    day: NaiveDate,
    first: i32,
    last: i32,
    used: i64,
    reserved_at: DateTime<Utc>,
    reserved_by: String,
    expires_at: DateTime<Utc>,
    released_at: Option<DateTime<Utc>>,
    version: i32,
}

impl ReservationRow {
    fn view(self, now: DateTime<Utc>) -> ReservationView {
        let code = |n| Number { agency: self.agency.clone(), day: self.day, n }.code();
        let (first_code, last_code) = (code(self.first), code(self.last));
        let block = Block {
            department_id: self.department_id,
            department: self.department,
            expires_at: self.expires_at,
            released_at: self.released_at,
        };
        ReservationView {
            id: self.id,
            state: block.state(now),
            department: block.department,
            agency: self.agency,
            day: Day(self.day),
            first: self.first,
            last: self.last,
            first_code,
            last_code,
            used: self.used,
            reserved_at: At(self.reserved_at),
            reserved_by: self.reserved_by,
            expires_at: At(self.expires_at),
            released_at: self.released_at.map(At),
            version: self.version,
        }
    }
}

/// The code of number `n.n` of `k`, as [`Number::code`] writes it.
const CODE: &str = "k.agency || '-' || to_char(k.day, 'YYMMDD') || '-' || lpad(n.n::text, greatest(4, length(n.n::text)), '0')";

async fn select(
    db: &impl ConnectionTrait,
    rest: &str,
    values: Vec<sea_orm::Value>,
    now: DateTime<Utc>,
) -> Result<Vec<ReservationView>, DbErr> {
    let text = format!(
        "SELECT k.id, k.department_id, d.code AS department, k.agency, k.day, lower(k.numbers) AS first, upper(k.numbers) - 1 AS last,
                (SELECT count(*) FROM generate_series(lower(k.numbers), upper(k.numbers) - 1) AS n(n)
                  WHERE EXISTS (SELECT 1 FROM dossiers o WHERE o.code = {CODE})) AS used,
                k.reserved_at, k.reserved_by, k.expires_at, k.released_at, k.version
           FROM dossier_number_reservations k JOIN departments d ON d.id = k.department_id {rest}"
    );
    let rows = ReservationRow::find_by_statement(sql(text, values)).all(db).await?;
    Ok(rows.into_iter().map(|row| row.view(now)).collect())
}

pub async fn find(db: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<Option<ReservationView>, DbErr> {
    Ok(select(db, "WHERE k.id = $1", vec![id.into()], now).await?.into_iter().next())
}

/// The reservation, locked until the transaction ends.
pub async fn lock(tx: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<Option<ReservationView>, DbErr> {
    tx.execute_raw(sql("SELECT 1 FROM dossier_number_reservations WHERE id = $1 FOR UPDATE", [id.into()])).await?;
    find(tx, id, now).await
}

/// Reservations in the order in which they were made.
pub async fn list(
    db: &impl ConnectionTrait,
    (department, day): (Option<String>, Option<NaiveDate>),
    after: Option<Uuid>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<ReservationView>, DbErr> {
    let rest = "WHERE ($1::text IS NULL OR d.code = $1) AND ($2::date IS NULL OR k.day = $2) AND ($3::uuid IS NULL OR k.id > $3)
                ORDER BY k.id LIMIT $4";
    select(db, rest, vec![department.into(), day.into(), after.into(), i64::from(limit + 1).into()], now).await
}

#[derive(FromQueryResult)]
struct DayRow {
    agency: String,
    day: NaiveDate,
    last_number: i32,
    used: i64,
    voided: Vec<String>,
    holes: Value,
}

#[derive(Deserialize)]
struct HoleRow {
    first: i32,
    last: i32,
    reservation: Option<Uuid>,
    expires_at: Option<DateTime<Utc>>,
    released_at: Option<DateTime<Utc>>,
}

impl DayRow {
    fn view(self, now: DateTime<Utc>) -> Result<NumberDay, DbErr> {
        let code = |n| Number { agency: self.agency.clone(), day: self.day, n }.code();
        let holes: Vec<HoleRow> = serde_json::from_value(self.holes).map_err(|e| DbErr::Type(e.to_string()))?;
        let hole = |h: HoleRow| NumberHole {
            first: h.first,
            last: h.last,
            first_code: code(h.first),
            last_code: code(h.last),
            reason: reason(h.expires_at.map(|at| (at, h.released_at)), now),
            reservation: h.reservation,
            until: h.released_at.or(h.expires_at).map(At),
        };
        let holes = holes.into_iter().map(hole).collect();
        Ok(NumberDay {
            day: Day(self.day),
            last_number: self.last_number,
            used: self.used,
            voided: self.voided,
            holes,
            agency: self.agency,
        })
    }
}

/// Which days to account for.
pub struct DaysAsked {
    pub agency: Option<String>,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Every number of each day up to the last one: used, or part of a hole.
pub async fn days(
    db: &impl ConnectionTrait,
    asked: &DaysAsked,
    after: Option<(NaiveDate, String)>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<NumberDay>, DbErr> {
    // Looked up number by number in the index of codes: the cost goes by the numbers of a day, whatever else is stored.
    let text = format!(
        "WITH page AS (
            SELECT agency, day, last_number FROM dossier_numbers
             WHERE ($1::text IS NULL OR agency = $1) AND day BETWEEN $2 AND $3 AND ($4::date IS NULL OR (day, agency) > ($4, $5))
             ORDER BY day, agency LIMIT $6
         ), number AS (
            SELECT k.agency, k.day, n.n, o.code, o.status FROM page k CROSS JOIN LATERAL generate_series(1, k.last_number) AS n(n)
              LEFT JOIN LATERAL (SELECT code, status FROM dossiers WHERE code = {CODE} LIMIT 1) o ON true
         ), missing AS (
            SELECT n.agency, n.day, n.n, r.id, n.n - row_number() OVER (PARTITION BY n.agency, n.day, r.id ORDER BY n.n) AS island
              FROM number n LEFT JOIN dossier_number_reservations r ON r.agency = n.agency AND r.day = n.day AND r.numbers @> n.n
             WHERE n.code IS NULL
         ), hole AS (
            SELECT agency, day, id, min(n) AS first, max(n) AS last FROM missing GROUP BY agency, day, id, island
         )
         SELECT k.agency, k.day, k.last_number,
                (SELECT count(*) FROM number n WHERE n.agency = k.agency AND n.day = k.day AND n.code IS NOT NULL) AS used,
                array(SELECT n.code FROM number n WHERE n.agency = k.agency AND n.day = k.day AND n.status = 'voided' ORDER BY n.n) AS voided,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('first', h.first, 'last', h.last, 'reservation', h.id,
                        'expires_at', r.expires_at, 'released_at', r.released_at) ORDER BY h.first), '[]')
                   FROM hole h LEFT JOIN dossier_number_reservations r ON r.id = h.id WHERE h.agency = k.agency AND h.day = k.day) AS holes
           FROM page k ORDER BY k.day, k.agency"
    );
    let (after_day, after_agency) = after.unzip();
    let values = [
        asked.agency.clone().into(),
        asked.from.into(),
        asked.to.into(),
        after_day.into(),
        after_agency.into(),
        i64::from(limit + 1).into(),
    ];
    let rows = DayRow::find_by_statement(sql(text, values)).all(db).await?;
    rows.into_iter().map(|row| row.view(now)).collect()
}
