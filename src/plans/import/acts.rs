//! What the office does with a table: read it into a plan.

use sea_orm::DatabaseTransaction;

use super::rules::departments::Named;
use super::rules::rows::{Ground, Read};
use super::rules::{columns, rows};
use super::sheet::Sheet;
use super::wire::{ImportSummary, ImportedColumn, ImportedRow, ImportedStatus, PlanImport};
use crate::auth::Permit;
use crate::auth::permissions::perm;
use crate::departments;
use crate::error::ApiError;
use crate::http::values::Key;
use crate::http::{Day, Reply};
use crate::plans::store::Stored;
use crate::plans::versions::wire::PlanVersionKind;
use crate::plans::{acts, store, tasks};

/// Names that the caller gives to what the table calls otherwise.
pub struct Names {
    /// Headers and the members they are.
    pub columns: Vec<(String, String)>,
    /// Names of departments and their codes.
    pub departments: Vec<(String, String)>,
}

/// Reads the headings and tasks of a plan from a table.
///
/// # Errors
/// 404 out of sight, 412 and 428 on versions, 422 with every fault by row and column.
pub async fn import(
    tx: &DatabaseTransaction,
    permit: &Permit<perm::WritePlan>,
    key: &Key,
    sheet: &Sheet,
    names: &Names,
) -> Result<Reply, ApiError> {
    let found = store::find(tx, &permit.reach(), key).await?.ok_or_else(ApiError::not_found)?;
    let before = store::lock(tx, &permit.reach(), found.plan.code.as_str()).await?.ok_or_else(ApiError::not_found)?;
    let columns = columns::find(&sheet.rows, &names.columns).map_err(|fault| ApiError::broken(vec![fault]))?;
    let earlier = store::local_codes(tx, before.id).await?;
    let known = departments::known(tx).await?;
    let mut known: Vec<Named> = known.into_values().map(|d| Named { code: d.code, name: d.name }).collect();
    known.sort_by(|a, b| a.code.cmp(&b.code));
    let ground = Ground { old: &before.plan, earlier: &earlier, departments: &known, aliases: &names.departments };
    let Read { plan, places, mut faults } = rows::read(sheet, &columns, &ground);
    let answer = |version: i32| {
        let statuses: Vec<ImportedStatus> = plan.tasks.iter().enumerate().map(|(i, _)| status(&before, &plan, i)).collect();
        let count = |status: ImportedStatus| statuses.iter().filter(|s| **s == status).count();
        let stays = |code: &str| plan.tasks.iter().any(|t| t.local_code.as_str() == code);
        let row = |((task, place), status): ((&crate::plans::wire::NewTask, &rows::Place), &ImportedStatus)| {
            let (starts_on, due_on) = tasks::window(&task.schedule, &plan.period);
            let (starts_on, due_on) = (starts_on.map(Day), due_on.map(Day));
            ImportedRow { row: place.row, status: *status, task: task.clone(), starts_on, due_on, warnings: place.warnings.clone() }
        };
        PlanImport {
            plan: plan.code.to_string(),
            version,
            sheet: sheet.name.clone(),
            header_row: columns.row,
            columns: columns
                .headers
                .iter()
                .map(|(header, field)| ImportedColumn { header: header.clone(), field: field.map(str::to_owned) })
                .collect(),
            summary: ImportSummary {
                received: plan.tasks.len(),
                created: count(ImportedStatus::Created),
                updated: count(ImportedStatus::Updated),
                unchanged: count(ImportedStatus::Unchanged),
                removed: before.plan.tasks.iter().filter(|t| !stays(t.local_code.as_str())).count(),
            },
            groups: plan.groups.clone(),
            rows: plan.tasks.iter().zip(&places).zip(&statuses).map(row).collect(),
        }
    };
    if faults.is_empty() && !permit.changes(before.id, before.version, plan == before.plan)? {
        return Reply::unchanged(before.version, &answer(before.version));
    }
    let (issuer, broken) = acts::corrected(tx, permit, &plan, Some(&before)).await?;
    // A fault of the table is told once.
    let told: Vec<_> = faults.iter().map(|f| f.pointer.clone()).collect();
    faults.extend(rows::placed(broken, &columns, &places).into_iter().filter(|f| !told.contains(&f.pointer)));
    let (Some(issuer), true) = (issuer, faults.is_empty()) else { return Err(ApiError::broken(faults)) };
    let (_, version) = acts::correct(tx, permit, &plan, Some(&before), issuer, PlanVersionKind::Imported).await?;
    Reply::ok(version, &answer(version))
}

fn status(before: &Stored, plan: &crate::plans::wire::NewPlan, place: usize) -> ImportedStatus {
    let Some(task) = plan.tasks.get(place) else { return ImportedStatus::Unchanged };
    match before.plan.tasks.iter().find(|t| t.local_code == task.local_code) {
        None => ImportedStatus::Created,
        Some(old) if old == task => ImportedStatus::Unchanged,
        Some(_) => ImportedStatus::Updated,
    }
}
