//! Outcomes month by month.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OutcomeCounts, Outcomes, TimelinessCounts};
use crate::http::Day;
use crate::http::table::{Cell, Table};
use crate::reports::period::{Period, PeriodSet, Range};
use crate::reports::store::Daily;
use crate::text::Text;

/// Outcomes of one month.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MonthRow {
    /// Code of the month.
    pub key: String,
    pub from: Day,
    pub to: Day,
    #[serde(flatten)]
    pub counts: Outcomes,
}

/// Outcomes of the dossiers accepted in a year, by month of acceptance. All twelve months are there.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2021-12-15", "to": "2022-12-14", "as_of": "2022-12-14",
    "rows": [{"key": "2022-01", "from": "2021-12-15", "to": "2022-01-14", "outcomes": {"on_time": 6, "overdue": 1}, "timeliness": {"early": 6, "overdue": 1}}],
    "total": {"outcomes": {"on_time": 6, "overdue": 1}, "timeliness": {"early": 6, "overdue": 1}}}))]
pub struct OutcomesByMonth {
    pub from: Day,
    pub to: Day,
    /// Every month is judged by what had happened by the end of this day.
    pub as_of: Day,
    pub rows: Vec<MonthRow>,
    pub total: Outcomes,
}

impl OutcomesByMonth {
    pub fn of((year, set): (i32, PeriodSet), days: Range, as_of: Day, found: &[Daily]) -> OutcomesByMonth {
        let mut report = OutcomesByMonth { from: Day(days.from), to: Day(days.to), as_of, rows: Vec::new(), total: Outcomes::default() };
        for month in Period::months(year) {
            let days = month.days(set);
            let mut counts = Outcomes::default();
            for day in found.iter().filter(|day| (days.from..=days.to).contains(&day.accepted_on)) {
                counts.outcomes.add(&day.outcome, day.dossiers);
                counts.timeliness.add(&day.timeliness, day.dossiers);
            }
            report.total.outcomes.absorb(&counts.outcomes);
            report.total.timeliness.absorb(&counts.timeliness);
            report.rows.push(MonthRow { key: month.code().to_owned(), from: Day(days.from), to: Day(days.to), counts });
        }
        report
    }

    /// As a table whose last row is the total.
    pub fn table(&self, total: String) -> Table {
        let mut columns = vec![Text::new("Tháng", "Month"), Text::new("Từ ngày", "From"), Text::new("Đến ngày", "To")];
        columns.extend(OutcomeCounts::columns());
        columns.extend(TimelinessCounts::columns());
        let line = |name: &str, from: Day, to: Day, counts: &Outcomes| {
            let mut cells = vec![Cell::Text(name.to_owned()), Cell::Text(from.0.to_string()), Cell::Text(to.0.to_string())];
            cells.extend(counts.outcomes.cells());
            cells.extend(counts.timeliness.cells());
            cells
        };
        let mut rows: Vec<Vec<Cell>> = self.rows.iter().map(|r| line(&r.key, r.from, r.to, &r.counts)).collect();
        rows.push(line(&total, self.from, self.to, &self.total));
        Table { name: "outcomes-by-month", columns, rows }
    }
}
