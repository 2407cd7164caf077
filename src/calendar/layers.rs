//! Which calendar holds for which department. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::model::{Calendar, Day, OffHoursReceipt, OfficeHours};

/// A calendar as it is stored: without a department it is the base, otherwise it lies over the base.
#[derive(Clone, Debug)]
pub struct Layer {
    pub code: String,
    pub version: i32,
    pub department: Option<Uuid>,
    pub office_hours: OfficeHours,
    pub off_hours_receipt: OffHoursReceipt,
    pub days: Vec<Day>,
}

/// Calendars of the whole organisation, as one moment saw them.
#[derive(Clone, Debug)]
pub struct Calendars {
    base: Arc<Calendar>,
    all: Vec<Arc<Calendar>>,
    by_department: HashMap<Uuid, Arc<Calendar>>,
}

impl Calendars {
    /// `paths` gives each department with those above it, the root first and the department itself last.
    pub fn new(layers: Vec<Layer>, paths: impl IntoIterator<Item = (Uuid, Vec<Uuid>)>) -> Self {
        let (bases, overlays): (Vec<Layer>, Vec<Layer>) = layers.into_iter().partition(|layer| layer.department.is_none());
        let base = bases.into_iter().next();
        let base_days = base.as_ref().map(|layer| layer.days.clone()).unwrap_or_default();
        let base_version = base.as_ref().map_or(0, |layer| layer.version);
        let build = |layer: Layer, over: bool| {
            let (below, above) = if over { (base_days.clone(), layer.days) } else { (layer.days, Vec::new()) };
            let calendar = Calendar::new(layer.code, layer.version, below)
                .over(base_version)
                .with_overlay(above)
                .with_office_hours(layer.office_hours)
                .with_off_hours_receipt(layer.off_hours_receipt);
            Arc::new(calendar)
        };
        // Without a base nothing can be counted: every question ends in "no data for the year".
        let base = base.map_or_else(|| Arc::new(Calendar::new("vn", 0, [])), |layer| build(layer, false));
        let mut all = vec![base.clone()];
        let mut own: HashMap<Uuid, Arc<Calendar>> = HashMap::new();
        for layer in overlays {
            let department = layer.department;
            let calendar = build(layer, true);
            all.push(calendar.clone());
            own.extend(department.map(|id| (id, calendar)));
        }
        let nearest = |path: Vec<Uuid>| path.iter().rev().find_map(|id| own.get(id)).cloned();
        let by_department = paths.into_iter().filter_map(|(id, path)| Some((id, nearest(path)?))).collect();
        Calendars { base, all, by_department }
    }

    /// The base calendar, for everything that belongs to no department.
    pub fn base(&self) -> Arc<Calendar> {
        self.base.clone()
    }

    /// The calendar of a department: its own, or that of the nearest department above that has one, or the base.
    pub fn for_department(&self, id: Uuid) -> Arc<Calendar> {
        self.by_department.get(&id).unwrap_or(&self.base).clone()
    }

    pub fn by_code(&self, code: &str) -> Option<Arc<Calendar>> {
        self.all.iter().find(|calendar| calendar.code() == code).cloned()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::calendar::{DayKind, rules};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn layer(code: &str, version: i32, department: Option<u128>, days: &[&str]) -> Layer {
        let days = days.iter().map(|day| Day { date: date(day), kind: DayKind::DayOff, name: "x".into() }).collect();
        Layer {
            code: code.into(),
            version,
            department: department.map(Uuid::from_u128),
            office_hours: OfficeHours::default(),
            off_hours_receipt: OffHoursReceipt::default(),
            days,
        }
    }

    /// 1 is the agency; 2 and 3 are below it; 4 is below 2.
    fn calendars() -> Calendars {
        let [one, two, three, four] = [1, 2, 3, 4].map(Uuid::from_u128);
        let layers = vec![
            layer("dkkd", 7, Some(2), &["2022-06-10"]),
            layer("vn", 3, None, &["2022-01-03"]),
            layer("skhdt", 5, Some(1), &["2022-06-09"]),
        ];
        Calendars::new(layers, [(one, vec![one]), (two, vec![one, two]), (three, vec![one, three]), (four, vec![one, two, four])])
    }

    #[test]
    fn a_department_has_its_own_calendar_or_the_nearest_above() {
        let calendars = calendars();
        for (department, code, version) in [(1, "skhdt", 5), (2, "dkkd", 7), (3, "skhdt", 5), (4, "dkkd", 7), (9, "vn", 3)] {
            let calendar = calendars.for_department(Uuid::from_u128(department));
            assert_eq!((calendar.code(), calendar.version()), (code, version), "{department}");
        }
    }

    #[test]
    fn a_local_closure_moves_the_days_of_its_department_only() {
        let calendars = calendars();
        let next = |id| rules::add_wd(&calendars.for_department(Uuid::from_u128(id)), date("2022-06-08"), 2);
        assert_eq!(next(9), Ok(date("2022-06-10")));
        assert_eq!(next(2), Ok(date("2022-06-13")));
        assert_eq!(next(3), Ok(date("2022-06-13")));
        let own = calendars.by_code("dkkd").unwrap();
        assert_eq!(rules::is_working(&own, date("2022-01-03")), Ok(false), "the base shines through");
        assert_eq!(rules::is_working(&own, date("2022-06-09")), Ok(true), "only the nearest is laid over");
    }

    #[test]
    fn without_a_base_nothing_can_be_counted() {
        let calendars = Calendars::new(vec![layer("dkkd", 1, Some(2), &["2022-06-10"])], [(Uuid::from_u128(2), vec![Uuid::from_u128(2)])]);
        for calendar in [calendars.base(), calendars.for_department(Uuid::from_u128(2))] {
            assert!(rules::is_working(&calendar, date("2022-06-10")).is_err());
        }
    }
}
