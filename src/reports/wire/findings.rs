//! How often which rule was not kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::labels;
use crate::dossiers::Finding;
use crate::http::table::{Cell, Table};
use crate::http::{Day, Lang};
use crate::reports::period::Range;
use crate::reports::store::Found;
use crate::text::Text;

/// Findings by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingCounts {
    /// Counts by kind; a count of zero is left out.
    pub findings: BTreeMap<String, i64>,
    /// All findings.
    pub total: i64,
    /// Dossiers with at least one of them.
    pub dossiers: i64,
}

impl FindingCounts {
    fn of(found: &Found) -> FindingCounts {
        let mut counts = FindingCounts::default();
        for pair in found.findings.as_array().into_iter().flatten() {
            let n = pair[1].as_i64().unwrap_or_default();
            match pair[0].as_str().and_then(Finding::parse) {
                Some(kind) => counts.add(kind.name(), n),
                None => counts.dossiers += n,
            }
        }
        counts
    }

    fn add(&mut self, kind: &str, n: i64) {
        *self.findings.entry(kind.to_owned()).or_default() += n;
        self.total += n;
    }

    fn absorb(&mut self, other: &FindingCounts) {
        other.findings.iter().for_each(|(kind, n)| self.add(kind, *n));
        self.dossiers += other.dossiers;
    }

    fn cells(&self) -> Vec<Cell> {
        let kinds = Finding::ALL.iter().map(|kind| Cell::Count(self.findings.get(kind.name()).copied().unwrap_or_default()));
        kinds.chain([Cell::Count(self.total), Cell::Count(self.dossiers)]).collect()
    }
}

/// Findings of one department, field, procedure or kind.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FindingRow {
    /// Code of the department, field or procedure; the kind.
    pub key: String,
    /// Its name; of a kind, in the language asked for.
    pub name: String,
    #[serde(flatten)]
    pub counts: FindingCounts,
}

/// Findings that arose in a period.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-04-14",
    "rows": [{"key": "DKKD", "name": "Phòng Đăng ký kinh doanh", "findings": {"late_without_apology": 2, "repeated_supplement": 1}, "total": 3, "dossiers": 2}],
    "total": {"findings": {"late_without_apology": 2, "repeated_supplement": 1}, "total": 3, "dossiers": 2}}))]
pub struct FindingReport {
    pub from: Day,
    pub to: Day,
    /// What is due about consultations is judged at the end of this day.
    pub as_of: Day,
    /// Ordered by key; none with `group_by=none`.
    pub rows: Vec<FindingRow>,
    pub total: FindingCounts,
}

impl FindingReport {
    pub fn of(days: Range, as_of: Day, found: &[Found]) -> FindingReport {
        let mut report = FindingReport { from: Day(days.from), to: Day(days.to), as_of, rows: Vec::new(), total: FindingCounts::default() };
        for row in found {
            let counts = FindingCounts::of(row);
            report.total.absorb(&counts);
            if let (Some(key), Some(name)) = (&row.key, &row.name) {
                report.rows.push(FindingRow { key: key.clone(), name: name.clone(), counts });
            }
        }
        report
    }

    /// With a row for each kind instead. A dossier has a kind of finding at most once.
    pub fn by_kind(mut self, lang: Lang) -> FindingReport {
        self.rows = Vec::new();
        for (kind, n) in &self.total.findings {
            let counts = FindingCounts { findings: BTreeMap::from([(kind.clone(), *n)]), total: *n, dossiers: *n };
            let name = Finding::parse(kind).map(|k| lang.pick(k.label())).unwrap_or_default();
            self.rows.push(FindingRow { key: kind.clone(), name, counts });
        }
        self
    }

    /// As a table whose last row is the total.
    pub fn table(&self, total: String) -> Table {
        let mut columns = labels();
        columns.extend(Finding::ALL.iter().map(|kind| kind.label()));
        columns.extend([Text::new("Tổng số", "In all"), Text::new("Số hồ sơ", "Dossiers")]);
        let line = |key: &str, name: &str, counts: &FindingCounts| {
            let mut cells = vec![Cell::Text(key.to_owned()), Cell::Text(name.to_owned())];
            cells.extend(counts.cells());
            cells
        };
        let mut rows: Vec<Vec<Cell>> = self.rows.iter().map(|r| line(&r.key, &r.name, &r.counts)).collect();
        rows.push(line("", &total, &self.total));
        Table { name: "findings", columns, rows }
    }
}
