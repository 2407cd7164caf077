//! How long handling takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::labels;
use crate::http::Day;
use crate::http::table::{Cell, Table};
use crate::reports::period::Range;
use crate::reports::rules::nearest_rank;
use crate::reports::store::Spread;
use crate::text::Text;

/// Two points of a distribution of working days, by nearest rank: the smallest number of days that at least half, or nine
/// tenths, of the dossiers did not exceed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DaysTaken {
    /// Null when there is no dossier.
    pub median: Option<i64>,
    /// The 90th percentile.
    pub p90: Option<i64>,
}

/// How long dossiers took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimesTaken {
    /// Dossiers finished in the period, withdrawn ones left out.
    pub dossiers: i64,
    /// Working days without those in pauses: the office's own time.
    pub handling_days: DaysTaken,
    /// All working days from acceptance to finish: what the applicant waited.
    pub elapsed_days: DaysTaken,
}

/// Handling times of one department, field or procedure.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TimesRow {
    /// Code of the department, field or procedure.
    pub key: String,
    pub name: String,
    #[serde(flatten)]
    pub times: TimesTaken,
}

/// Handling times of the dossiers finished in a period.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-04-14",
    "rows": [{"key": "DKKD", "name": "Phòng Đăng ký kinh doanh", "dossiers": 9, "handling_days": {"median": 3, "p90": 6}, "elapsed_days": {"median": 4, "p90": 11}}],
    "total": {"dossiers": 9, "handling_days": {"median": 3, "p90": 6}, "elapsed_days": {"median": 4, "p90": 11}}}))]
pub struct HandlingTimes {
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day.
    pub as_of: Day,
    /// Ordered by key; none with `group_by=none`.
    pub rows: Vec<TimesRow>,
    pub total: TimesTaken,
}

#[derive(Default)]
struct Heap {
    handling: BTreeMap<i64, i64>,
    elapsed: BTreeMap<i64, i64>,
}

impl Heap {
    fn add(&mut self, elapsed: i64, waiting: i64, n: i64) {
        *self.elapsed.entry(elapsed).or_default() += n;
        *self.handling.entry(elapsed - waiting).or_default() += n;
    }

    fn times(&self) -> TimesTaken {
        let points = |of: &BTreeMap<i64, i64>| DaysTaken { median: nearest_rank(of, 50), p90: nearest_rank(of, 90) };
        TimesTaken { dossiers: self.elapsed.values().sum(), handling_days: points(&self.handling), elapsed_days: points(&self.elapsed) }
    }
}

impl HandlingTimes {
    pub fn of(days: Range, as_of: Day, found: &[Spread]) -> HandlingTimes {
        let (mut rows, mut total) = (Vec::new(), Heap::default());
        for row in found {
            let mut heap = Heap::default();
            for point in row.spread.as_array().into_iter().flatten() {
                let number = |i: usize| point[i].as_i64().unwrap_or_default();
                heap.add(number(0), number(1), number(2));
                total.add(number(0), number(1), number(2));
            }
            if let (Some(key), Some(name)) = (&row.key, &row.name) {
                rows.push(TimesRow { key: key.clone(), name: name.clone(), times: heap.times() });
            }
        }
        HandlingTimes { from: Day(days.from), to: Day(days.to), as_of, rows, total: total.times() }
    }

    /// As a table whose last row is of all.
    pub fn table(&self, total: String) -> Table {
        let mut columns = labels();
        columns.extend([
            Text::new("Số hồ sơ", "Dossiers"),
            Text::new("Ngày làm việc, trừ thời gian chờ: trung vị", "Working days without waiting: median"),
            Text::new("Ngày làm việc, trừ thời gian chờ: bách phân vị 90", "Working days without waiting: 90th percentile"),
            Text::new("Ngày làm việc, kể cả chờ: trung vị", "All working days: median"),
            Text::new("Ngày làm việc, kể cả chờ: bách phân vị 90", "All working days: 90th percentile"),
        ]);
        let line = |key: &str, name: &str, times: &TimesTaken| {
            let mut cells = vec![Cell::Text(key.to_owned()), Cell::Text(name.to_owned()), Cell::Count(times.dossiers)];
            for days in [times.handling_days, times.elapsed_days] {
                cells.extend([days.median, days.p90].map(|d| d.map_or(Cell::Empty, Cell::Count)));
            }
            cells
        };
        let mut rows: Vec<Vec<Cell>> = self.rows.iter().map(|r| line(&r.key, &r.name, &r.times)).collect();
        rows.push(line("", &total, &self.total));
        Table { name: "handling-times", columns, rows }
    }
}
