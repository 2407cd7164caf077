//! Every query on documents. Reads begin at what the caller may see: [`Sight`].

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use serde_json::json;
use uuid::Uuid;

use super::rules::{Known, Place};
use super::wire::{DocumentKind, DocumentView};
use crate::auth::{Actor, Permission, Reach};
use crate::departments;
use crate::error::{ApiError, Code, constraint};
use crate::http::values::{Key, words};
use crate::http::{At, Day};

fn statement(sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// What a caller may see: of which departments at all, and of which what is secret.
pub struct Sight {
    all: Reach,
    secret: Reach,
}

impl Sight {
    pub fn of(actor: &Actor) -> Sight {
        Sight { all: actor.reach(Permission::ReadDocument), secret: actor.reach(Permission::ReadSecretDocument) }
    }
}

/// Of `documents d`, by the first two values.
const IN_SIGHT: &str = "($1::uuid[] IS NULL OR d.department_id = ANY($1))
    AND (d.secrecy = 'normal' OR $2::uuid[] IS NULL OR d.department_id = ANY($2))";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    direction: String,
    agency: String,
    book: String,
    year: i32,
    number: String,
    sequence: Option<i64>,
    symbol: Option<String>,
    document_number: Option<String>,
    kind: String,
    issued_on: NaiveDate,
    arrived_on: Option<NaiveDate>,
    sender: Option<String>,
    recipients: Vec<String>,
    summary: String,
    signer: Option<String>,
    department: Option<String>,
    drafted_in_e_office: bool,
    approved_in_e_office: bool,
    sent_electronically: bool,
    sent_at: Option<DateTime<Utc>>,
    secrecy: String,
    urgency: String,
    replies_to: Option<String>,
    task_code: Option<String>,
    dossier_code: Option<String>,
    source_system: String,
    external_code: Option<String>,
    note: Option<String>,
    voided_at: Option<DateTime<Utc>>,
    void_reason: Option<String>,
    version: i32,
}

impl From<Row> for DocumentView {
    fn from(r: Row) -> Self {
        DocumentView {
            id: r.id,
            code: r.code,
            direction: r.direction,
            agency: r.agency,
            book: r.book,
            year: r.year,
            number: r.number,
            sequence: r.sequence,
            symbol: r.symbol,
            document_number: r.document_number,
            kind: r.kind,
            issued_on: Day(r.issued_on),
            arrived_on: r.arrived_on.map(Day),
            sender: r.sender,
            recipients: r.recipients,
            summary: r.summary,
            signer: r.signer,
            department: r.department,
            drafted_in_e_office: r.drafted_in_e_office,
            approved_in_e_office: r.approved_in_e_office,
            sent_electronically: r.sent_electronically,
            sent_at: r.sent_at.map(At),
            secrecy: r.secrecy,
            urgency: r.urgency,
            replies_to: r.replies_to,
            task: r.task_code,
            dossier: r.dossier_code,
            source_system: r.source_system,
            external_code: r.external_code,
            note: r.note,
            voided_at: r.voided_at.map(At),
            void_reason: r.void_reason,
            version: r.version,
        }
    }
}

const SELECT: &str =
    "SELECT d.id, d.code, d.direction, a.code AS agency, d.book, d.year, d.number, d.sequence, d.symbol, d.document_number, d.kind,
        d.issued_on, d.arrived_on, d.sender, d.recipients, d.summary, d.signer, p.code AS department, d.drafted_in_e_office,
        d.approved_in_e_office, d.sent_electronically, d.sent_at, d.secrecy, d.urgency, d.replies_to, d.task_code, d.dossier_code,
        d.source_system, d.external_code, d.note, d.voided_at, d.void_reason, d.version
   FROM documents d JOIN departments a ON a.id = d.agency_id LEFT JOIN departments p ON p.id = d.department_id";

async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<Value>) -> Result<Vec<DocumentView>, DbErr> {
    let rows = Row::find_by_statement(statement(format!("{SELECT} {rest}"), values)).all(db).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The entry with this key, if it is in sight; `lock` keeps others from changing it.
pub async fn find(db: &impl ConnectionTrait, sight: &Sight, key: &Key, lock: bool) -> Result<Option<DocumentView>, DbErr> {
    let (column, value): (_, Value) = match key {
        Key::Id(id) => ("id", (*id).into()),
        Key::Code(code) => ("code", code.as_str().into()),
    };
    let lock = if lock { "FOR UPDATE OF d" } else { "" };
    let values = vec![sight.all.ids().into(), sight.secret.ids().into(), value];
    Ok(select(db, &format!("WHERE {IN_SIGHT} AND d.{column} = $3 {lock}"), values).await?.into_iter().next())
}

/// What stands under these codes, whoever may see it, locked until the transaction ends; in order, so that two loads never wait for
/// each other crosswise.
pub async fn standing(tx: &impl ConnectionTrait, codes: Vec<String>) -> Result<HashMap<String, DocumentView>, DbErr> {
    let found = select(tx, "WHERE d.code = ANY($1) ORDER BY d.code FOR UPDATE OF d", vec![codes.into()]).await?;
    Ok(found.into_iter().map(|d| (d.code.clone(), d)).collect())
}

/// The codes of the documents that have these numbers.
pub async fn holders(db: &impl ConnectionTrait, places: &[&Place]) -> Result<HashMap<Place, String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Holder {
        code: String,
        n: i32,
    }
    let list = |of: fn(&Place) -> &str| -> Vec<String> { places.iter().map(|p| of(p).to_owned()).collect() };
    let years: Vec<i32> = places.iter().map(|p| p.year).collect();
    let sql = "SELECT d.code, r.n::integer AS n
                 FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[]) WITH ORDINALITY
                      AS r(agency, direction, book, year, number, n)
                 JOIN departments a ON a.code = r.agency
                 JOIN documents d ON (d.agency_id, d.direction, d.book, d.year, d.number) = (a.id, r.direction, r.book, r.year, r.number)";
    let values =
        vec![list(|p| &p.agency).into(), list(|p| p.direction).into(), list(|p| &p.book).into(), years.into(), list(|p| &p.number).into()];
    let found = Holder::find_by_statement(statement(sql, values)).all(db).await?;
    let at = |n: i32| usize::try_from(n - 1).ok().and_then(|i| places.get(i));
    Ok(found.into_iter().filter_map(|h| Some(((*at(h.n)?).clone(), h.code))).collect())
}

/// What rows are judged against.
pub async fn know(db: &impl ConnectionTrait, actor: &Actor, now: DateTime<Utc>) -> Result<Known, DbErr> {
    #[derive(FromQueryResult)]
    struct CodeRow {
        code: String,
    }
    let codes = async |sql: &str| -> Result<Vec<String>, DbErr> {
        Ok(CodeRow::find_by_statement(statement(sql, vec![])).all(db).await?.into_iter().map(|r| r.code).collect())
    };
    let mut on_top = codes("SELECT code FROM departments WHERE kind = 'agency' AND parent_id IS NULL LIMIT 2").await?;
    Ok(Known {
        departments: departments::known(db).await?,
        top: on_top.pop().filter(|_| on_top.is_empty()),
        kinds: codes("SELECT code FROM document_kinds").await?.into_iter().collect::<HashSet<_>>(),
        writes: actor.reach(Permission::WriteDocument),
        secrets: actor.reach(Permission::ReadSecretDocument),
        now,
    })
}

const FIELDS: &str = "direction, agency_id, book, year, number, sequence, symbol, document_number, kind, issued_on, arrived_on, sender,
    recipients, summary, signer, department_id, drafted_in_e_office, approved_in_e_office, sent_electronically, sent_at, secrecy, urgency,
    replies_to, task_code, dossier_code, source_system, external_code, note, search, version, updated_at";

/// The rows of `$1` as they are stored, recorded at `$2`.
const ROWS: &str =
    "SELECT r.id, r.code, r.direction, a.id AS agency_id, r.book, r.year, r.number, r.sequence, r.symbol, r.document_number, r.kind,
        r.issued_on, r.arrived_on, r.sender, array(SELECT jsonb_array_elements_text(r.recipients)) AS recipients, r.summary, r.signer,
        p.id AS department_id, r.drafted_in_e_office, r.approved_in_e_office, r.sent_electronically, r.sent_at, r.secrecy, r.urgency,
        r.replies_to, r.task AS task_code, r.dossier AS dossier_code, r.source_system, r.external_code, r.note,
        array_to_tsvector(array(SELECT jsonb_array_elements_text(r.words))) AS search, r.version, $2::timestamptz AS updated_at
   FROM jsonb_to_recordset($1) AS r(id uuid, code text, direction text, agency text, book text, year integer, number text, sequence bigint,
        symbol text, document_number text, kind text, issued_on date, arrived_on date, sender text, recipients jsonb, summary text,
        signer text, department text, drafted_in_e_office boolean, approved_in_e_office boolean, sent_electronically boolean,
        sent_at timestamptz, secrecy text, urgency text, replies_to text, task text, dossier text, source_system text, external_code text,
        note text, words jsonb, version integer)
   JOIN departments a ON a.code = r.agency LEFT JOIN departments p ON p.code = r.department";

/// Writes entries: new ones, or those that change, as their version says.
///
/// # Errors
/// 409 when another request wrote one of the codes or numbers meanwhile, and the database's.
pub async fn save(tx: &impl ConnectionTrait, entries: &[DocumentView], now: DateTime<Utc>) -> Result<(), ApiError> {
    let rows = |new: bool| -> Vec<serde_json::Value> {
        let chosen = entries.iter().filter(|e| (e.version == 1) == new);
        let row = |entry: &DocumentView| {
            let mut row = json!(entry);
            row["words"] = json!(search_words(entry));
            row
        };
        chosen.map(row).collect()
    };
    let new = format!("INSERT INTO documents (id, code, {FIELDS}, created_at) SELECT r.id, r.code, {}, $2 FROM ({ROWS}) r", prefixed("r"));
    let old = format!("UPDATE documents d SET ({FIELDS}) = ROW({}) FROM ({ROWS}) r WHERE d.id = r.id", prefixed("r"));
    for (text, rows) in [(new, rows(true)), (old, rows(false))] {
        if rows.is_empty() {
            continue;
        }
        let done = tx.execute_raw(statement(text, vec![serde_json::Value::from(rows).into(), now.into()])).await;
        done.map_err(|error| match constraint(&error).as_deref() {
            Some("document_code_key" | "document_number_key") => ApiError::new(Code::ConcurrentChange).say(
                "Một yêu cầu khác vừa ghi văn bản cùng mã hoặc cùng số; không ghi gì, hãy gửi lại.",
                "Another request wrote a document with this code or number; nothing was written, send it again.",
            ),
            _ => error.into(),
        })?;
    }
    Ok(())
}

fn prefixed(name: &str) -> String {
    FIELDS.split(',').map(|field| format!("{name}.{}", field.trim())).collect::<Vec<_>>().join(", ")
}

/// Longer ones are no words; an index holds no lexeme of more than 2 KiB.
const LONGEST_WORD: usize = 100;

fn cut(word: String) -> String {
    if word.len() > LONGEST_WORD { word.chars().take(LONGEST_WORD).collect() } else { word }
}

fn search_words(entry: &DocumentView) -> Vec<String> {
    let texts = [
        Some(entry.code.as_str()),
        entry.document_number.as_deref(),
        Some(&entry.summary),
        entry.sender.as_deref(),
        entry.signer.as_deref(),
    ];
    let recipients = entry.recipients.iter().map(|r| Some(r.as_str()));
    words(texts.into_iter().chain(recipients)).into_iter().map(cut).collect()
}

/// Voids an entry.
pub async fn void(tx: &impl ConnectionTrait, id: Uuid, reason: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let text = "UPDATE documents SET voided_at = $2, void_reason = $3, version = version + 1, updated_at = $2 WHERE id = $1";
    tx.execute_raw(statement(text, vec![id.into(), now.into(), reason.into()])).await.map(drop)
}

/// What to list.
#[derive(Debug, Default)]
pub struct Filter {
    pub direction: Option<&'static str>,
    pub agency: Option<String>,
    pub book: Option<String>,
    pub year: Option<i32>,
    pub kinds: Vec<String>,
    pub departments: Vec<String>,
    pub secrecy: Vec<&'static str>,
    pub urgency: Vec<&'static str>,
    pub issued: (Option<NaiveDate>, Option<NaiveDate>),
    pub arrived: (Option<NaiveDate>, Option<NaiveDate>),
    pub drafted: Option<bool>,
    pub approved: Option<bool>,
    pub sent: Option<bool>,
    pub voided: Option<bool>,
    pub task: Option<String>,
    pub dossier: Option<String>,
    pub replies_to: Option<String>,
    pub text: Option<String>,
    pub oldest_first: bool,
}

/// The key of a row in the list.
pub type After = (NaiveDate, i64, Uuid);

/// A page of the register by day, number and id.
pub async fn list(
    db: &impl ConnectionTrait,
    sight: &Sight,
    filter: &Filter,
    after: Option<After>,
    limit: u32,
) -> Result<Vec<DocumentView>, DbErr> {
    let mut values: Vec<Value> = vec![sight.all.ids().into(), sight.secret.ids().into()];
    let mut conditions = IN_SIGHT.to_owned();
    let mut and = |value: Value, condition: &dyn Fn(&str) -> String| {
        values.push(value);
        conditions.push_str(&format!(" AND {}", condition(&format!("${}", values.len()))));
    };
    let strings = |words: &[&'static str]| -> Vec<String> { words.iter().map(|w| (*w).to_owned()).collect() };
    let texts = [
        ("d.direction", filter.direction.map(str::to_owned)),
        ("a.code", filter.agency.clone()),
        ("d.book", filter.book.clone()),
        ("d.task_code", filter.task.clone()),
        ("d.dossier_code", filter.dossier.clone()),
        ("d.replies_to", filter.replies_to.clone()),
    ];
    for (column, value) in texts {
        if let Some(value) = value {
            and(value.into(), &|n| format!("{column} = {n}"));
        }
    }
    let lists = [
        ("d.kind", filter.kinds.clone()),
        ("p.code", filter.departments.clone()),
        ("d.secrecy", strings(&filter.secrecy)),
        ("d.urgency", strings(&filter.urgency)),
    ];
    for (column, list) in lists {
        if !list.is_empty() {
            and(list.into(), &|n| format!("{column} = ANY({n})"));
        }
    }
    let flags = [
        ("d.drafted_in_e_office", filter.drafted),
        ("d.approved_in_e_office", filter.approved),
        ("d.sent_electronically", filter.sent),
        ("(d.voided_at IS NOT NULL)", filter.voided),
    ];
    for (column, flag) in flags {
        if let Some(flag) = flag {
            and(flag.into(), &|n| format!("{column} = {n}"));
        }
    }
    let days = [
        ("d.issued_on >=", filter.issued.0),
        ("d.issued_on <=", filter.issued.1),
        ("d.arrived_on >=", filter.arrived.0),
        ("d.arrived_on <=", filter.arrived.1),
    ];
    for (compared, day) in days {
        if let Some(day) = day {
            and(day.into(), &|n| format!("{compared} {n}"));
        }
    }
    if let Some(year) = filter.year {
        and(year.into(), &|n| format!("d.year = {n}"));
    }
    let query: Vec<String> = words([filter.text.as_deref()]).into_iter().map(|w| format!("'{}':*", cut(w))).collect();
    if !query.is_empty() {
        and(query.join(" & ").into(), &|n| format!("d.search @@ {n}::tsquery"));
    }
    let (order, compare) = if filter.oldest_first { ("ASC", ">") } else { ("DESC", "<") };
    if let Some((on, sequence, id)) = after {
        let n = values.len();
        values.extend([on.into(), sequence.into(), id.into()]);
        conditions.push_str(&format!(
            " AND (d.registered_on, coalesce(d.sequence, 0), d.id) {compare} (${}, ${}, ${})",
            n + 1,
            n + 2,
            n + 3
        ));
    }
    let limit = limit + 1;
    let page = format!("ORDER BY d.registered_on {order}, coalesce(d.sequence, 0) {order}, d.id {order} LIMIT {limit}");
    select(db, &format!("WHERE {conditions} {page}"), values).await
}

/// Every kind of document, by code.
pub async fn kinds(db: &impl ConnectionTrait, after: Option<String>, limit: u32) -> Result<Vec<DocumentKind>, DbErr> {
    #[derive(FromQueryResult)]
    struct KindRow {
        code: String,
        name: String,
    }
    let sql =
        "SELECT code, name FROM document_kinds WHERE ($1::text IS NULL OR code > $1 COLLATE \"C\") ORDER BY code COLLATE \"C\" LIMIT $2";
    let rows = KindRow::find_by_statement(statement(sql, vec![after.into(), i64::from(limit + 1).into()])).all(db).await?;
    Ok(rows.into_iter().map(|r| DocumentKind { code: r.code, name: r.name }).collect())
}
