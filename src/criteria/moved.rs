//! What rose and fell in the year of the indicators.

use std::collections::HashSet;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::Trend;
use super::rules::tree;
use super::store::{self, Stored};
use super::wire::{CriteriaChanges, CriterionChange};
use crate::auth::Reach;
use crate::departments;
use crate::error::{ApiError, Fault};

/// A criterion that counts, with the sheet that it is of.
#[derive(Clone, Debug)]
pub struct MovedCriterion {
    /// Code of the sheet.
    pub sheet: String,
    /// Number of the criterion.
    pub criterion: String,
    pub name: String,
    /// Code of the department in charge.
    pub department: String,
    pub trend: Trend,
}

/// How many criteria rose and fell against the year before.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    pub up: i64,
    pub down: i64,
    pub same: i64,
    /// Without a year before, or no longer there.
    pub new_or_gone: i64,
    /// Not scored in one of both years: whether they rose is not known yet.
    pub not_scored: i64,
    /// All of them, by sheet and place.
    pub criteria: Vec<MovedCriterion>,
}

/// The criteria in all sheets of a year that are in the charge of a department or of those below it (everything within reach without
/// one), against the year before; `None` where no sheet of the year can be compared.
///
/// # Errors
/// The database's.
pub async fn moved(db: &impl ConnectionTrait, reach: &Reach, department: Option<Uuid>, year: i32) -> Result<Option<Moved>, ApiError> {
    let (sheets, earlier) = store::of_year(db, year).await?;
    let last_of = |sheet: &Stored| earlier.iter().find(|e| Some(&e.sheet.code) == sheet.sheet.follows.as_ref());
    let compared: Vec<&Stored> = sheets.iter().filter(|s| tree::is_comparable(s.scored(), last_of(s).map(Stored::scored))).collect();
    if compared.is_empty() {
        return Ok(None);
    }
    let charge = Charge::of(db, reach, department).await?;
    let mut moved = Moved::default();
    for sheet in compared {
        let changes = tree::changes(sheet.scored(), last_of(sheet).map(Stored::scored));
        for change in changes.into_iter().filter(|c| charge.holds(c)) {
            let slot = match change.trend {
                Trend::Up => &mut moved.up,
                Trend::Down => &mut moved.down,
                Trend::Same => &mut moved.same,
                Trend::New | Trend::Gone => &mut moved.new_or_gone,
                Trend::NotScored => &mut moved.not_scored,
            };
            *slot += 1;
            moved.criteria.push(MovedCriterion {
                sheet: sheet.sheet.code.to_string(),
                criterion: change.code,
                name: change.name,
                department: change.department,
                trend: change.trend,
            });
        }
    }
    Ok(Some(moved))
}

/// Whose criteria count.
struct Charge {
    /// Codes within reach; none for all.
    reach: Option<HashSet<String>>,
    /// Codes of the department asked for and those below it; none for all.
    asked: Option<HashSet<String>>,
}

impl Charge {
    async fn of(db: &impl ConnectionTrait, reach: &Reach, department: Option<Uuid>) -> Result<Charge, ApiError> {
        let asked = match department {
            Some(id) => Some(store::below(db, id).await?),
            None => None,
        };
        let reach = match reach {
            Reach::All => None,
            Reach::Departments(_) => {
                let known = departments::known(db).await?;
                Some(known.into_values().filter(|d| reach.covers(d.id)).map(|d| d.code).collect())
            }
        };
        Ok(Charge { reach, asked })
    }

    fn holds(&self, change: &CriterionChange) -> bool {
        [&self.reach, &self.asked].into_iter().flatten().all(|codes| codes.contains(&change.department))
    }
}

/// A sheet against the year before, for a department with those below it.
///
/// # Errors
/// 422 for a department that does not exist.
pub async fn of_sheet(
    db: &impl ConnectionTrait,
    reach: &Reach,
    stored: &Stored,
    department: Option<&str>,
) -> Result<CriteriaChanges, ApiError> {
    let id = match department {
        Some(code) => {
            let known = departments::view_by_code(db, code).await?;
            Some(known.ok_or_else(|| ApiError::broken(vec![Fault::unknown("department", code)]))?.id)
        }
        None => None,
    };
    let charge = Charge::of(db, reach, id).await?;
    let last = store::followed(db, &stored.sheet).await?;
    let mut items = tree::changes(stored.scored(), last.as_ref().map(Stored::scored));
    items.retain(|change| charge.holds(change));
    Ok(CriteriaChanges {
        sheet: stored.sheet.code.to_string(),
        follows: stored.sheet.follows.as_ref().map(ToString::to_string),
        department: department.map(str::to_owned),
        counts: tree::count(&items),
        items,
    })
}
