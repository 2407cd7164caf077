//! Why dossiers are late.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::labels;
use crate::http::table::{Cell, Table};
use crate::http::values::fold;
use crate::http::{Day, Lang};
use crate::reports::period::Range;
use crate::reports::store::Caused;
use crate::text::Text;

/// What a delay comes from. A dossier is counted under one cause only, the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An agency consulted by the due date had not answered by then.
    ConsultedAgency,
    /// The last apology says why.
    Stated,
    /// Nobody says why.
    NotStated,
}

impl Cause {
    pub fn named(name: &str) -> Cause {
        match name {
            "consulted_agency" => Cause::ConsultedAgency,
            "stated" => Cause::Stated,
            _ => Cause::NotStated,
        }
    }

    pub fn label(self) -> Text {
        match self {
            Cause::ConsultedAgency => Text::new("Chờ cơ quan được lấy ý kiến trả lời", "Waiting for the answer of a consulted agency"),
            Cause::Stated => Text::new("Lý do nêu trong phiếu xin lỗi", "Reason given in the apology"),
            Cause::NotStated => Text::new("Không nêu lý do", "No reason given"),
        }
    }
}

/// Late and overdue dossiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateCounts {
    /// Finished after the due date by the end of `as_of`; when that is the end of the period, column 10 of II.06a.
    pub late: i64,
    /// Open and past the due date then; when that is the end of the period, column 13.
    pub overdue: i64,
    pub total: i64,
}

impl LateCounts {
    fn add(&mut self, open: bool, n: i64) {
        *(if open { &mut self.overdue } else { &mut self.late }) += n;
        self.total += n;
    }

    fn cells(self) -> [Cell; 3] {
        [Cell::Count(self.late), Cell::Count(self.overdue), Cell::Count(self.total)]
    }
}

/// The dossiers of one cause.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CauseCounts {
    pub cause: Cause,
    /// What apologies say, in the spelling used most; accents, case and spaces make no difference. Null for the other causes.
    pub reason: Option<String>,
    #[serde(flatten)]
    pub counts: LateCounts,
}

/// Late and overdue dossiers by cause.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Causes {
    #[serde(flatten)]
    pub counts: LateCounts,
    /// By kind of cause, then the most frequent first.
    pub causes: Vec<CauseCounts>,
}

/// Causes of one department, field or procedure.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CauseRow {
    /// Code of the department, field or procedure.
    pub key: String,
    pub name: String,
    #[serde(flatten)]
    pub causes: Causes,
}

/// Why dossiers of a period are late or overdue.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-04-14",
    "rows": [{"key": "DKKD", "name": "Phòng Đăng ký kinh doanh", "late": 2, "overdue": 1, "total": 3,
        "causes": [{"cause": "consulted_agency", "reason": null, "late": 1, "overdue": 1, "total": 2},
            {"cause": "stated", "reason": "Thiếu người", "late": 1, "overdue": 0, "total": 1}]}],
    "total": {"late": 2, "overdue": 1, "total": 3, "causes": [{"cause": "consulted_agency", "reason": null, "late": 1, "overdue": 1, "total": 2},
        {"cause": "stated", "reason": "Thiếu người", "late": 1, "overdue": 0, "total": 1}]}}))]
pub struct OverdueReasons {
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day.
    pub as_of: Day,
    /// Ordered by key; none with `group_by=none`.
    pub rows: Vec<CauseRow>,
    pub total: Causes,
}

/// Collects causes, whatever the spelling of their reasons.
#[derive(Default)]
struct Heap {
    counts: LateCounts,
    by: BTreeMap<(Cause, String), (LateCounts, BTreeMap<String, i64>)>,
}

impl Heap {
    fn add(&mut self, cause: Cause, reason: Option<&str>, open: bool, n: i64) {
        let spelling = reason.map(|r| r.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
        let (counts, spellings) = self.by.entry((cause, fold(&spelling))).or_default();
        counts.add(open, n);
        *spellings.entry(spelling).or_default() += n;
        self.counts.add(open, n);
    }

    fn causes(self) -> Causes {
        let mut causes: Vec<CauseCounts> = Vec::new();
        for ((cause, _), (counts, spellings)) in self.by {
            // Of two spellings used equally often the first in order.
            let used_most = spellings.into_iter().rev().max_by_key(|(_, n)| *n).map(|(text, _)| text);
            causes.push(CauseCounts { cause, reason: used_most.filter(|text| !text.is_empty()), counts });
        }
        causes.sort_by_key(|c| (c.cause, -c.counts.total));
        Causes { counts: self.counts, causes }
    }
}

impl OverdueReasons {
    pub fn of(days: Range, as_of: Day, found: &[Caused]) -> OverdueReasons {
        let (mut rows, mut total) = (Vec::new(), Heap::default());
        for row in found {
            let mut heap = Heap::default();
            for cause in row.causes.as_array().into_iter().flatten() {
                let (name, reason) = (Cause::named(cause[0].as_str().unwrap_or_default()), cause[1].as_str());
                let (open, n) = (cause[2].as_bool().unwrap_or_default(), cause[3].as_i64().unwrap_or_default());
                heap.add(name, reason, open, n);
                total.add(name, reason, open, n);
            }
            if let (Some(key), Some(name)) = (&row.key, &row.name) {
                rows.push(CauseRow { key: key.clone(), name: name.clone(), causes: heap.causes() });
            }
        }
        OverdueReasons { from: Day(days.from), to: Day(days.to), as_of, rows, total: total.causes() }
    }

    /// As a table with a line for each cause of each row; the last lines are of all.
    pub fn table(&self, total: String, lang: Lang) -> Table {
        let mut columns = labels();
        columns.extend([Text::new("Nguyên nhân", "Cause"), Text::new("Lý do nêu trong phiếu xin lỗi", "Reason given in the apology")]);
        columns.extend([Text::new("Đã giải quyết quá hạn", "Resolved late"), Text::new("Đang giải quyết quá hạn", "Open and overdue")]);
        columns.push(Text::new("Tổng số", "In all"));
        let mut rows = Vec::new();
        let mut add = |key: &str, name: &str, causes: &Causes| {
            for cause in &causes.causes {
                let reason = cause.reason.clone().map_or(Cell::Empty, Cell::Text);
                let mut cells = vec![Cell::Text(key.into()), Cell::Text(name.into()), Cell::Text(lang.pick(cause.cause.label())), reason];
                cells.extend(cause.counts.cells());
                rows.push(cells);
            }
        };
        self.rows.iter().for_each(|row| add(&row.key, &row.name, &row.causes));
        add("", &total, &self.total);
        let mut last = vec![Cell::Text(String::new()), Cell::Text(total), Cell::Empty, Cell::Empty];
        last.extend(self.total.counts.cells());
        rows.push(last);
        Table { name: "overdue-reasons", columns, rows }
    }
}
