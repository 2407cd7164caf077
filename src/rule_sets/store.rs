//! Every query on rule sets. Rule sets are reference data: whoever is signed in may see them all.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{Validities, Validity};
use super::wire::{LegalGround, NewRuleSet, RuleSetForm, RuleSetView};
use crate::auth::Permission;
use crate::http::shape::{Expanding, Expansion, Target, expansion};
use crate::http::values::Key;
use crate::http::{Call, Day, ResourceCode};

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
    legal_bases: Value,
    forms_source: String,
    forms: Option<Value>,
    grounds: Option<Value>,
    version: i32,
}

fn list_of<T: DeserializeOwned>(json: Option<Value>) -> Result<Vec<T>, DbErr> {
    json.map_or(Ok(Vec::new()), |json| serde_json::from_value(json).map_err(|e| DbErr::Custom(e.to_string())))
}

impl TryFrom<Row> for RuleSetView {
    type Error = DbErr;

    fn try_from(r: Row) -> Result<Self, DbErr> {
        let (mut forms, mut grounds) = (list_of::<RuleSetForm>(r.forms)?, list_of::<LegalGround>(r.grounds)?);
        forms.sort_by_key(|f| f.kind);
        grounds.sort_by_key(|g| g.act);
        Ok(RuleSetView {
            id: r.id,
            code: r.code,
            name: r.name,
            valid_from: Day(r.valid_from),
            valid_to: r.valid_to.map(Day),
            legal_bases: list_of(Some(r.legal_bases))?,
            forms_source: r.forms_source,
            forms,
            grounds,
            version: r.version,
        })
    }
}

const SELECT: &str = "SELECT r.id, r.code, r.name, r.valid_from, r.valid_to, r.legal_bases, r.forms_source, r.version,
        (SELECT jsonb_agg(to_jsonb(f) - 'rule_set_id') FROM rule_set_forms f WHERE f.rule_set_id = r.id) AS forms,
        (SELECT jsonb_agg(to_jsonb(g) - 'rule_set_id') FROM rule_set_grounds g WHERE g.rule_set_id = r.id) AS grounds
   FROM rule_sets r";

fn sql(text: impl Into<String>, values: impl IntoIterator<Item = sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

async fn select(db: &impl ConnectionTrait, rest: &str, values: Vec<sea_orm::Value>) -> Result<Vec<RuleSetView>, DbErr> {
    Row::find_by_statement(sql(format!("{SELECT} {rest}"), values)).all(db).await?.into_iter().map(TryInto::try_into).collect()
}

/// The rule set with an id or code.
///
/// # Errors
/// The database's.
pub async fn find(db: &impl ConnectionTrait, key: &Key) -> Result<Option<RuleSetView>, DbErr> {
    let rows = match key {
        Key::Id(id) => select(db, "WHERE r.id = $1", vec![(*id).into()]).await?,
        // What cannot be a code is none: it never reaches the database.
        Key::Code(code) if ResourceCode::parse(code).is_none() => Vec::new(),
        Key::Code(code) => select(db, "WHERE r.code = $1", vec![code.as_str().into()]).await?,
    };
    Ok(rows.into_iter().next())
}

/// What codes of rule sets stand for.
pub const EXPANDED: Target = Target { schema: "RuleSetView", find: expand };

fn expand<'a>(db: &'a DatabaseConnection, call: &'a Call, codes: Vec<String>) -> Expanding<'a> {
    Box::pin(async move {
        if !call.actor.has(Permission::ReadRuleSet) {
            return Ok(Expansion::new());
        }
        expansion(select(db, "WHERE r.code = ANY($1)", vec![codes.into()]).await?, |r| &r.code)
    })
}

/// The rule set that holds on a day.
///
/// # Errors
/// The database's.
pub async fn on(db: &impl ConnectionTrait, day: NaiveDate) -> Result<Option<RuleSetView>, DbErr> {
    Ok(select(db, "WHERE r.valid_from <= $1 AND coalesce(r.valid_to, $1) >= $1", vec![day.into()]).await?.into_iter().next())
}

/// In order of validity, with one row more than the page holds.
pub async fn list(
    db: &impl ConnectionTrait,
    valid_on: Option<NaiveDate>,
    after: Option<NaiveDate>,
    limit: u32,
) -> Result<Vec<RuleSetView>, DbErr> {
    select(
        db,
        "WHERE ($1::date IS NULL OR (r.valid_from <= $1 AND coalesce(r.valid_to, $1) >= $1)) AND ($2::date IS NULL OR r.valid_from > $2)
         ORDER BY r.valid_from LIMIT $3",
        vec![valid_on.into(), after.into(), i64::from(limit + 1).into()],
    )
    .await
}

/// All rule sets, locked against other writers until the transaction ends: validities are checked as a whole.
pub async fn lock_all(tx: &impl ConnectionTrait) -> Result<Vec<RuleSetView>, DbErr> {
    tx.execute_unprepared("LOCK TABLE rule_sets IN SHARE ROW EXCLUSIVE MODE").await?;
    select(tx, "ORDER BY r.valid_from", vec![]).await
}

/// Creates or changes a rule set and brings the last days of all sets up to date.
pub async fn upsert(tx: &impl ConnectionTrait, row: &NewRuleSet) -> Result<(), DbErr> {
    let body = json!({"id": Uuid::now_v7(), "code": row.code, "name": row.name, "valid_from": row.valid_from,
        "legal_bases": row.legal_bases, "forms_source": row.forms_source, "forms": row.forms, "grounds": row.grounds});
    let run = async |text: &str| tx.execute_raw(sql(text, [body.clone().into()])).await;
    run(
        "INSERT INTO rule_sets (id, code, name, valid_from, legal_bases, forms_source)
         SELECT id, code, name, valid_from, legal_bases, forms_source FROM jsonb_to_record($1)
             AS r(id uuid, code text, name text, valid_from date, legal_bases jsonb, forms_source text)
         ON CONFLICT (code) DO UPDATE SET name = excluded.name, valid_from = excluded.valid_from, valid_to = NULL,
             legal_bases = excluded.legal_bases, forms_source = excluded.forms_source, version = rule_sets.version + 1, updated_at = now()",
    )
    .await?;
    for (table, columns) in [("forms", "kind text, number text, title text, page_size text"), ("grounds", "act text, ground text")] {
        run(&format!("DELETE FROM rule_set_{table} USING rule_sets r WHERE rule_set_id = r.id AND r.code = $1::jsonb ->> 'code'")).await?;
        let names: Vec<&str> = columns.split(", ").filter_map(|c| c.split(' ').next()).collect();
        let names = names.join(", ");
        run(&format!(
            "INSERT INTO rule_set_{table} (rule_set_id, {names}) SELECT r.id, x.*
               FROM jsonb_to_recordset($1 -> '{table}') AS x({columns}) JOIN rule_sets r ON r.code = $1::jsonb ->> 'code'"
        ))
        .await?;
    }
    run("UPDATE rule_sets r SET valid_to = n.valid_to, version = r.version + (r.code <> $1::jsonb ->> 'code')::int, updated_at = now()
           FROM (SELECT id, lead(valid_from) OVER (ORDER BY valid_from) - 1 AS valid_to FROM rule_sets) n
          WHERE n.id = r.id AND r.valid_to IS DISTINCT FROM n.valid_to")
    .await?;
    Ok(())
}

/// From when to when every rule set holds.
///
/// # Errors
/// The database's.
pub async fn validities(db: &impl ConnectionTrait) -> Result<Validities, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        code: String,
        valid_from: NaiveDate,
        valid_to: Option<NaiveDate>,
    }
    let rows =
        Row::find_by_statement(sql("SELECT id, code, valid_from, valid_to FROM rule_sets ORDER BY valid_from DESC", [])).all(db).await?;
    Ok(Validities(rows.into_iter().map(|r| Validity { id: r.id, code: r.code, from: r.valid_from, to: r.valid_to }).collect()))
}
