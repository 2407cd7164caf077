//! The revision itself: one transaction, whatever it moves.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Difference};
use super::store::{self, Open, Revised};
use super::wire::{ChangedDay, DueInForce, MovedDossier, NewRevision, RevisionReport, RevisionView};
use crate::audit::{self, Entry};
use crate::calendar::{self, Calendar, Edition};
use crate::departments;
use crate::dossiers::rules::clock_fault;
use crate::error::{ApiError, Code, Fault};
use crate::http::{At, Call, Reply, ResourceCode};

/// Dossiers recomputed and written at a time.
const CHUNK: usize = 1000;

/// Moved dossiers that the answer lists.
const LISTED: usize = 1000;

/// Dossiers named when some cannot be recomputed.
const FAULTS: usize = 100;

/// Recomputes the open dossiers of a calendar that were counted with another edition of it, and lists those that move, from
/// `after` on. A dry run reads only: it neither locks nor writes.
///
/// # Errors
/// 404, 428, 412, also when the base is not the one that was previewed; 422 when the current calendar has no data for a year that a dossier needs: then none moves.
pub async fn revise(tx: &DatabaseTransaction, call: &Call, code: &str, new: &NewRevision, after: Option<Uuid>) -> Result<Reply, ApiError> {
    let code = ResourceCode::parse(code).ok_or_else(ApiError::not_found)?;
    let subject = if call.dry_run { calendar::subject(tx, code.as_str()).await? } else { calendar::lock(tx, code.as_str()).await? };
    let subject = subject.ok_or_else(ApiError::not_found)?;
    call.check_version(subject.id, subject.version)?;
    let calendars = calendar::load_all(tx).await?;
    let current = calendars.by_code(code.as_str()).ok_or_else(ApiError::not_found)?;
    check_base(tx, new.calendar_base_version, current.edition(), calendars.base().code()).await?;
    let departments = departments::known(tx).await?;
    let of_it = departments.values().map(|d| d.id).filter(|id| calendars.for_department(*id).code() == code.as_str()).collect();
    let stale = store::stale(tx, of_it, current.edition(), !call.dry_run).await?;
    let reason = new.reason.as_ref().filter(|reason| !reason.is_blank()).map(|reason| reason.as_str().to_owned());
    let edition = current.edition().clone();
    let mut report = RevisionReport {
        calendar: edition.code.clone(),
        number: None,
        calendar_version: edition.version,
        calendar_base_version: edition.base_version,
        reason,
        checked: i32::try_from(stale.len()).unwrap_or(i32::MAX),
        moved: 0,
        dossiers: Vec::new(),
        next_after: None,
    };
    if stale.is_empty() {
        return Reply::unchanged(subject.version, &report);
    }
    let number = store::next_number(tx, &edition.code).await?;
    report.number = Some(number);
    if !call.dry_run {
        store::insert(tx, &view(&report, number, call)).await?;
    }
    let mut revision = Revision { current, held: HashMap::new(), faults: Vec::new() };
    for ids in stale.chunks(CHUNK) {
        let open = store::read(tx, ids).await?;
        let (revised, moved) = revision.recompute(tx, &open).await?;
        report.moved += i32::try_from(moved.len()).unwrap_or(i32::MAX);
        if !call.dry_run && revision.faults.is_empty() {
            store::save(tx, &revised, &edition, call.now).await?;
            store::record(tx, &revised, (&edition.code, number), call.now).await?;
            let entries: Vec<Entry> = moved.iter().map(|(resolving, dossier)| entry(*resolving, dossier, &report, call.now)).collect();
            audit::record(tx, call, &entries).await?;
        }
        for (_, dossier) in moved.into_iter().filter(|(_, dossier)| after.is_none_or(|after| dossier.id > after)) {
            match report.dossiers.last() {
                Some(last) if report.dossiers.len() == LISTED => report.next_after = Some(last.id),
                _ => report.dossiers.push(dossier),
            }
        }
    }
    if !revision.faults.is_empty() {
        revision.faults.truncate(FAULTS);
        return Err(ApiError::broken(revision.faults));
    }
    if !call.dry_run {
        store::count_moved(tx, &edition.code, number, report.moved).await?;
        tell(tx, call, &subject, &report).await?;
    }
    Reply::created(format!("/api/v1/calendars/{}/revisions/{number}", edition.code), subject.version, &report)
}

/// The version of a calendar says nothing of the base under it, which another may have changed since the preview.
async fn check_base(tx: &DatabaseTransaction, seen: Option<i32>, current: &Edition, base: &str) -> Result<(), ApiError> {
    let (now, Some(seen)) = (current.base_version, seen.filter(|seen| *seen != current.base_version)) else { return Ok(()) };
    let base = calendar::subject(tx, base).await?.ok_or_else(ApiError::not_found)?;
    let changes = audit::changes_since(tx, base.id, seen, now).await?.changes;
    let error = ApiError::new(Code::VersionMismatch).member("current_version", current.version).member("current_base_version", now);
    Err(error.member("changes", json!(changes)).say(
        format!("Lịch gốc đã thay đổi, phiên bản hiện tại là {now}; hãy xem trước lại."),
        format!("The base has changed and is at version {now}; preview again."),
    ))
}

fn view(report: &RevisionReport, number: i32, call: &Call) -> RevisionView {
    RevisionView {
        calendar: report.calendar.clone(),
        number,
        calendar_version: report.calendar_version,
        calendar_base_version: report.calendar_base_version,
        reason: report.reason.clone(),
        revised_at: At(call.now),
        revised_by: call.actor.username.clone(),
        checked: report.checked,
        moved: report.moved,
    }
}

struct Revision {
    current: Arc<Calendar>,
    /// How each edition that a dossier was counted with differs from the current one.
    held: HashMap<Edition, Arc<Difference>>,
    /// Why dossiers cannot be recomputed.
    faults: Vec<Fault>,
}

impl Revision {
    async fn difference(&mut self, tx: &DatabaseTransaction, edition: Option<&Edition>) -> Result<Option<Arc<Difference>>, ApiError> {
        let Some(edition) = edition else { return Ok(None) };
        if let Some(known) = self.held.get(edition) {
            return Ok(Some(known.clone()));
        }
        let old = calendar::load_edition(tx, edition).await?;
        let difference = Arc::new(rules::difference(&old, &self.current));
        self.held.insert(edition.clone(), difference.clone());
        Ok(Some(difference))
    }

    /// What becomes of each dossier, and of which department those are that move.
    async fn recompute(&mut self, tx: &DatabaseTransaction, open: &[Open]) -> Result<(Vec<Revised>, Vec<(Uuid, MovedDossier)>), ApiError> {
        let (mut revised, mut moved) = (Vec::with_capacity(open.len()), Vec::new());
        for dossier in open {
            let now = match rules::recompute(&self.current, dossier.accepted_at, &dossier.terms, &dossier.pauses) {
                Ok(now) => now,
                Err(error) => {
                    let fault = clock_fault(&error, "");
                    let (vi, en) = (format!("{}: {}", dossier.code, fault.detail.vi), format!("{}: {}", dossier.code, fault.detail.en));
                    self.faults.push(Fault::new(fault.code, "", vi, en));
                    continue;
                }
            };
            let (from, to) = (dossier.due, now.due);
            revised.push(Revised {
                id: dossier.id,
                effective_on: now.effective_on,
                due_on: to.on,
                due_at: to.at,
                due_before: to.before,
                moved: from != to,
                due_on_from: from.on,
                due_at_from: from.at,
                due_before_from: from.before,
                edition_from: dossier.edition.clone(),
            });
            if from != to {
                let difference = self.difference(tx, dossier.edition.as_ref()).await?;
                let days = difference.as_ref().map(|d| rules::because(d, dossier.accepted_at, from, to)).unwrap_or_default();
                let entry = MovedDossier {
                    id: dossier.id,
                    code: dossier.code.clone(),
                    resolving_department: dossier.resolving.clone(),
                    from: DueInForce::from(from),
                    to: DueInForce::from(to),
                    changed_days: days.into_iter().map(ChangedDay::from).collect(),
                    office_hours_changed: difference.is_some_and(|d| d.hours),
                    version: dossier.version + 1,
                };
                moved.push((dossier.resolving_id, entry));
            }
        }
        Ok((revised, moved))
    }
}

fn entry(resolving: Uuid, dossier: &MovedDossier, report: &RevisionReport, now: DateTime<Utc>) -> Entry {
    Entry {
        act: "revise",
        subject_type: "dossier",
        subject_id: dossier.id,
        subject_code: Some(dossier.code.clone()),
        department_id: Some(resolving),
        version: dossier.version,
        occurred_at: now,
        detail: json!({"calendar": report.calendar, "revision": report.number, "calendar_version": report.calendar_version,
            "from": dossier.from, "to": dossier.to, "changed_days": dossier.changed_days, "reason": report.reason,
            audit::CHANGED: audit::changed(&json!(dossier.from), &json!(dossier.to))}),
    }
}

async fn tell(tx: &DatabaseTransaction, call: &Call, subject: &calendar::Subject, report: &RevisionReport) -> Result<(), ApiError> {
    let entry = Entry {
        act: "revise",
        subject_type: "calendar",
        subject_id: subject.id,
        subject_code: Some(subject.code.clone()),
        department_id: subject.department_id,
        version: subject.version,
        occurred_at: call.now,
        // It moves dossiers; the calendar stays as it is.
        detail: json!({"revision": report.number, "checked": report.checked, "moved": report.moved, "reason": report.reason,
            audit::CHANGED: []}),
    };
    Ok(audit::record(tx, call, &[entry]).await?)
}
