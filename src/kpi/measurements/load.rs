//! Measurements by the thousand: each row by the rules of one.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::acts::{correct, locked_words, may_correct, measured};
use super::rules;
use super::store::{self, Codes, Held, Place};
use super::wire::{MeasurementRow, NewMeasurement};
use crate::audit;
use crate::auth::Permission;
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{ApiError, Code, Fault};
use crate::http::Call;
use crate::http::bulk::{BulkRow, RowStatus, Strategy, Verdict};
use crate::kpi::rules::bad_period;
use crate::kpi::store as definitions;
use crate::reports::period::Period;

/// A row that is to be written, with where it stands.
struct Chosen<'a> {
    row: &'a MeasurementRow,
    body: NewMeasurement,
    kpi: Uuid,
    department: Uuid,
    held: Option<&'a Held>,
}

fn codes(row: &MeasurementRow) -> Codes {
    let field = row.field.as_ref().map(ToString::to_string);
    (row.kpi.to_string(), row.department.to_string(), row.period.as_str().to_owned(), field)
}

/// Records many measurements, each by the rules of one. Gives a verdict on each.
///
/// # Errors
/// The database's; refusals are in the verdicts.
pub async fn load(
    tx: &DatabaseTransaction,
    call: &Call,
    rows: &[(u64, MeasurementRow)],
    strategy: Strategy,
) -> Result<Vec<Verdict>, ApiError> {
    let named: BTreeSet<String> = rows.iter().map(|(_, row)| row.kpi.to_string()).collect();
    // No code at all would mean every indicator.
    let kpis = if named.is_empty() { Vec::new() } else { definitions::some(tx, &named.into_iter().collect::<Vec<_>>()).await? };
    let ids: Vec<Uuid> = kpis.iter().map(|k| k.id).collect();
    definitions::lock_all(tx, &ids).await?;
    let departments = departments::known(tx).await?;
    let known = definitions::known(tx).await?;
    let periods: BTreeSet<String> = rows.iter().map(|(_, row)| row.period.as_str().to_owned()).collect();
    let periods: Vec<String> = periods.into_iter().collect();
    let standing = store::standing(tx, &ids, periods.clone()).await?;
    let places: BTreeSet<Uuid> = rows.iter().filter_map(|(_, row)| departments.get(row.department.as_str())).map(|d| d.id).collect();
    let held = store::held(tx, &places.into_iter().collect::<Vec<_>>(), &periods).await?;
    let today = vn_date(call.now);
    let reach = call.actor.reach(Permission::WriteMeasurement);
    let (mut verdicts, mut chosen) = (Vec::with_capacity(rows.len()), Vec::new());
    for (index, row) in rows {
        let (code, body) = (row.code(), row.body());
        let mut faults = Vec::new();
        let kpi = kpis.iter().find(|k| k.code == row.kpi.as_str());
        let department = departments.get(row.department.as_str());
        let period = Period::parse(row.period.as_str());
        faults.extend(kpi.is_none().then(|| Fault::unknown("/kpi", row.kpi.as_str())));
        // Who may not write there is told nothing of what stands there.
        let mut own = true;
        match department {
            None => faults.push(Fault::unknown("/department", row.department.as_str())),
            Some(department) if !reach.covers(department.id) => {
                own = false;
                faults.push(Fault::plain(Code::NotPermitted, "/department"));
            }
            Some(_) => {}
        }
        faults.extend(period.is_none().then(|| bad_period(Code::WrongFormat, "/period")));
        if let (Some(kpi), Some(period)) = (kpi, &period) {
            faults.extend(rules::faults(&body, kpi, period, today));
        }
        if let Some(field) = row.field.as_ref().filter(|f| !known.fields.contains(f.as_str())) {
            faults.push(Fault::unknown("/field", field.as_str()));
        }
        let old = standing.get(&codes(row)).filter(|_| own);
        faults.extend(strategy.fault(old.is_some()).filter(|_| own).map(|fault| Fault { pointer: "/kpi".into(), ..fault }));
        let same = old.is_some_and(|old| rules::same(&body, old));
        let held =
            department.filter(|_| own).and_then(|d| held.iter().find(|h| h.department_id == d.id && h.period == row.period.as_str()));
        match held.filter(|held| !may_correct(call, held)) {
            _ if same => {}
            Some(held) => {
                let (vi, en) = locked_words(held);
                faults.push(Fault::new(Code::PeriodLocked, "/period", vi, en));
            }
            None => faults.extend(rules::reason_fault(&body, old, held.is_some())),
        }
        verdicts.push(match (kpi, department, old) {
            (Some(kpi), Some(department), old) if faults.is_empty() => {
                if same {
                    Verdict::of(*index, &code, RowStatus::Unchanged)
                } else {
                    chosen.push(Chosen { row, body, kpi: kpi.id, department: department.id, held });
                    Verdict::of(*index, &code, if old.is_some() { RowStatus::Updated } else { RowStatus::Created })
                }
            }
            _ => Verdict::rejected(*index, Some(code.into_owned()), faults),
        });
    }
    if chosen.is_empty() {
        return Ok(verdicts);
    }
    let rows: Vec<(Place<'_>, &NewMeasurement)> = chosen
        .iter()
        .map(|c| {
            let field = c.row.field.as_ref().map(|f| f.as_str());
            (Place { kpi: c.kpi, department: c.department, period: c.row.period.as_str(), field }, &c.body)
        })
        .collect();
    store::save(tx, call, &rows).await?;
    let after = store::standing(tx, &ids, periods).await?;
    let now = |c: &Chosen<'_>| after.get(&codes(c.row));
    let mut entries: Vec<_> = chosen.iter().filter_map(|c| Some(measured(call, c.department, now(c)?))).collect();
    let corrected: Vec<_> = chosen.iter().filter_map(|c| Some((c.held?, now(c)?))).collect();
    entries.extend(correct(tx, call, &corrected).await?);
    audit::record(tx, call, &entries).await?;
    Ok(verdicts)
}
