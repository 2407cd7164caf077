//! What people do with index criteria: put a sheet, read one from a table, score a criterion, appraise it.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde_json::json;
use uuid::Uuid;

use super::rules::score::{self, Score};
use super::rules::sheet::{self, Ground};
use super::rules::table::{self, Named};
use super::rules::tree::{self, Node};
use super::store::{self, Stored};
use super::wire::{
    CriteriaImport, CriteriaImportColumn, CriteriaImportRow, CriteriaImportSummary, CriteriaSheetView, CriterionScoreView, ImportStatus,
    NewCriteriaSheet, NewCriterionAppraisal, NewCriterionScore,
};
use crate::audit::{self, Entry};
use crate::auth::Permit;
use crate::auth::permissions::Named as Permitted;
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault, constraint};
use crate::http::sheet::Sheet;
use crate::http::values::Key;
use crate::http::{Call, Reply};

/// Creates or changes the sheet with this code.
///
/// # Errors
/// 412 and 428 on a stale or missing version, 422 with every fault.
pub async fn put(tx: &DatabaseTransaction, call: &Call, code: &str, new: &NewCriteriaSheet) -> Result<Reply, ApiError> {
    new.code.check_path(code, "/code")?;
    let before = store::lock(tx, &Key::Code(code.to_owned()), false).await?;
    if let Some(old) = &before
        && !call.changes(old.id, old.version, old.sheet == *new)?
    {
        return Reply::unchanged(old.version, &read(tx, old).await?);
    }
    let faults = faults(tx, new, before.as_ref()).await?;
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    let stored = keep(tx, call, new, before.as_ref()).await?;
    let view = read(tx, &stored).await?;
    match before {
        Some(_) => Reply::ok(stored.version, &view),
        None => Reply::created(format!("/api/v1/criteria-sheets/{code}"), stored.version, &view),
    }
}

async fn faults(tx: &DatabaseTransaction, new: &NewCriteriaSheet, before: Option<&Stored>) -> Result<Vec<Fault>, ApiError> {
    let known = departments::known(tx).await?;
    let kpis = store::kpis(tx, new.criteria.iter().filter_map(|c| c.kpi.as_ref().map(ToString::to_string)).collect()).await?;
    let last = store::followed(tx, new).await?;
    let ground = Ground {
        departments: &|code| known.contains_key(code),
        kpis: &kpis,
        last: last.as_ref().map(|s| &s.sheet),
        before: before.map(|s| &s.sheet),
        scores: before.map_or(&[], |s| s.scores.as_slice()),
    };
    Ok(sheet::faults(new, &ground))
}

/// Writes a sheet that has no fault, and what is told of it.
async fn keep(tx: &DatabaseTransaction, call: &Call, new: &NewCriteriaSheet, before: Option<&Stored>) -> Result<Stored, ApiError> {
    let id = before.map_or_else(Uuid::now_v7, |old| old.id);
    let taken = |error: DbErr| match constraint(&error).as_deref() {
        Some("criteria_sheet_code_key") => ApiError::new(Code::CodeTaken).because(error),
        _ => error.into(),
    };
    store::save(tx, call, id, new).await.map_err(taken)?;
    let stored = store::find(tx, &Key::Id(id)).await?.ok_or_else(ApiError::not_found)?;
    let entry = Entry {
        act: "put",
        subject_type: "criteria_sheet",
        subject_id: id,
        subject_code: Some(new.code.to_string()),
        department_id: Some(stored.department_id),
        version: stored.version,
        occurred_at: call.now,
        detail: json!(new),
    };
    audit::record(tx, call, &[entry]).await?;
    Ok(stored)
}

/// A sheet with its tree, and the year before beside it.
///
/// # Errors
/// The database's.
pub async fn read(db: &impl ConnectionTrait, stored: &Stored) -> Result<CriteriaSheetView, ApiError> {
    let last = store::followed(db, &stored.sheet).await?;
    let nodes = tree::nodes(stored.scored());
    let text = |line: &Option<crate::http::Line>| line.as_ref().map(|l| l.as_str().to_owned());
    let sheet = &stored.sheet;
    Ok(CriteriaSheetView {
        id: stored.id,
        code: sheet.code.to_string(),
        name: sheet.name.as_str().to_owned(),
        year: sheet.year,
        department: sheet.department.to_string(),
        issuer: text(&sheet.issuer),
        decision: text(&sheet.decision),
        legal_basis: sheet.legal_basis.as_ref().map(|l| l.as_str().to_owned()),
        follows: sheet.follows.as_ref().map(ToString::to_string),
        totals: tree::totals(&nodes),
        criteria: tree::views(&nodes, last.as_ref().map(Stored::scored)),
        version: stored.version,
    })
}

/// Reads the criteria of a sheet from a table, in place of those that it has.
///
/// # Errors
/// 404, 412 and 428 on versions, 422 with every fault by row and column.
pub async fn import(tx: &DatabaseTransaction, call: &Call, key: &Key, table: &Sheet) -> Result<Reply, ApiError> {
    let before = store::lock(tx, key, false).await?.ok_or_else(ApiError::not_found)?;
    let columns = table::columns(table).map_err(|fault| ApiError::broken(vec![fault]))?;
    let known: Vec<Named> = departments::known(tx).await?.into_values().map(|d| Named { code: d.code, name: d.name }).collect();
    let read = table::read(table, &columns, &known);
    let new = NewCriteriaSheet { criteria: read.criteria, ..before.sheet.clone() };
    let mut found = read.faults;
    if found.is_empty() {
        found = table::placed(faults(tx, &new, Some(&before)).await?, &columns, &read.rows);
    }
    if !found.is_empty() {
        return Err(ApiError::broken(found));
    }
    let old = &before.sheet.criteria;
    let rows: Vec<CriteriaImportRow> = read
        .rows
        .iter()
        .zip(&new.criteria)
        .map(|(row, criterion)| {
            let status = match old.iter().find(|c| c.code == criterion.code) {
                None => ImportStatus::Created,
                Some(same) if same == criterion => ImportStatus::Unchanged,
                Some(_) => ImportStatus::Updated,
            };
            CriteriaImportRow { row: *row, status, criterion: criterion.clone() }
        })
        .collect();
    let count = |status: ImportStatus| rows.iter().filter(|r| r.status == status).count();
    let summary = CriteriaImportSummary {
        received: rows.len(),
        created: count(ImportStatus::Created),
        updated: count(ImportStatus::Updated),
        unchanged: count(ImportStatus::Unchanged),
        removed: old.iter().filter(|c| new.criteria.iter().all(|n| n.code != c.code)).count(),
    };
    let headers = columns.headers.iter().map(|(header, field)| CriteriaImportColumn {
        header: header.clone(),
        field: field.map(|f| if f == "number" { "code".to_owned() } else { f.to_owned() }),
    });
    let mut answer = CriteriaImport {
        sheet: new.code.to_string(),
        version: before.version,
        table: table.name.clone(),
        header_row: columns.row,
        columns: headers.collect(),
        summary,
        rows,
    };
    if !call.changes(before.id, before.version, new == before.sheet)? {
        return Reply::unchanged(before.version, &answer);
    }
    let stored = keep(tx, call, &new, Some(&before)).await?;
    answer.version = stored.version;
    Reply::ok(stored.version, &answer)
}

/// A score as it is seen.
fn view(stored: &Stored, node: &Node<'_>, score: &Score) -> CriterionScoreView {
    CriterionScoreView {
        id: score.id,
        sheet: stored.sheet.code.to_string(),
        criterion: node.criterion.code.to_string(),
        department: node.department.to_owned(),
        max_points: node.criterion.max_points,
        kind: node.criterion.kind,
        points: node.counted.map(|(points, _)| points),
        basis: node.counted.map(|(_, basis)| basis),
        self_score: score.self_score,
        figure: score.figure.clone(),
        computed_score: score.computed(node.criterion),
        evidence: score.evidence.clone(),
        note: score.note.clone(),
        scored_by: score.scored_by.clone(),
        scored_at: score.scored_at,
        survey_score: score.survey_score,
        appraised_score: score.appraised_score,
        appraisal_note: score.appraisal_note.clone(),
        appraised_by: score.appraised_by.clone(),
        appraised_at: score.appraised_at,
        version: score.version,
    }
}

/// The score of a criterion.
///
/// # Errors
/// 404 while nobody has scored it.
pub fn scored(stored: &Stored, criterion: &str) -> Result<CriterionScoreView, ApiError> {
    let nodes = tree::nodes(stored.scored());
    let found = nodes.iter().find(|n| n.criterion.code.as_str() == criterion).and_then(|n| Some((n, n.score?)));
    let (node, score) = found.ok_or_else(ApiError::not_found)?;
    Ok(view(stored, node, score))
}

/// What a score is changed by: the department's own word, or the appraisal.
pub enum Word<'a> {
    Own(&'a NewCriterionScore),
    Appraisal(&'a NewCriterionAppraisal),
}

/// Scores a criterion, or appraises it.
///
/// # Errors
/// 404, 403 where the permission does not reach who is in charge, 412 and 428 on versions, 422 with every fault.
pub async fn score<P: Permitted>(
    tx: &DatabaseTransaction,
    permit: &Permit<P>,
    (key, criterion): (&Key, &str),
    word: &Word<'_>,
) -> Result<Reply, ApiError> {
    let sheet = store::lock(tx, key, true).await?.ok_or_else(ApiError::not_found)?;
    store::lock_criterion(tx, sheet.id, criterion).await?;
    let sheet = store::find(tx, &Key::Id(sheet.id)).await?.ok_or_else(ApiError::not_found)?;
    let nodes = tree::nodes(sheet.scored());
    let node = nodes.iter().find(|n| n.criterion.code.as_str() == criterion).ok_or_else(ApiError::not_found)?;
    let department = departments::known(tx).await?.get(node.department).map(|d| d.id).ok_or_else(ApiError::not_found)?;
    permit.check_reaches(department)?;
    let before = node.score.map(|score| view(&sheet, node, score));
    if let Some((old, score)) = before.as_ref().zip(node.score) {
        let same = match word {
            Word::Own(new) => score.is_as(new),
            Word::Appraisal(new) => score.is_appraised_as(new),
        };
        if !permit.changes(old.id, old.version, same)? {
            return Reply::unchanged(old.version, old);
        }
    }
    let faults = match word {
        Word::Own(new) => score::score_faults(new, node.criterion, vn_date(permit.now)),
        Word::Appraisal(new) => score::appraisal_faults(new, node.criterion),
    };
    if !faults.is_empty() {
        return Err(ApiError::broken(faults));
    }
    match word {
        Word::Own(new) => store::save_score(tx, permit, sheet.id, criterion, new).await?,
        Word::Appraisal(new) => store::save_appraisal(tx, permit, sheet.id, criterion, new).await?,
    }
    let after = store::find(tx, &Key::Id(sheet.id)).await?.ok_or_else(ApiError::not_found)?;
    let now = scored(&after, criterion)?;
    let mut entry = Entry {
        act: if matches!(word, Word::Own(_)) { "put" } else { "appraise" },
        subject_type: "criterion_score",
        subject_id: now.id,
        subject_code: Some(format!("{}/{}", now.sheet, now.criterion)),
        department_id: Some(department),
        version: now.version,
        occurred_at: permit.now,
        detail: json!(now),
    };
    if let Some(old) = &before {
        entry.detail[audit::CHANGED] = json!(audit::changed(&json!(old), &json!(now)));
    }
    audit::record(tx, permit, &[entry]).await?;
    match before {
        Some(_) => Reply::ok(now.version, &now),
        None => Reply::created(format!("/api/v1/criteria-sheets/{}/scores/{criterion}", now.sheet), now.version, &now),
    }
}
