//! The report on how far plans are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::Day;
use crate::http::table::{Cell, Table};
use crate::text::Text;

/// Occurrences of tasks by where they stood at the end of a day. A task that recurs counts once for each of its times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgressCounts {
    pub not_started: i64,
    pub in_progress: i64,
    pub due_soon: i64,
    pub handed_in: i64,
    pub returned: i64,
    pub overdue: i64,
    pub done_on_time: i64,
    pub done_late: i64,
    pub cancelled: i64,
    pub not_applicable: i64,
    /// All but those that were cancelled or do not apply.
    pub total: i64,
    /// Of them those that were due by the day.
    pub due: i64,
    /// Of those due: done by the day, and done in time.
    pub due_done: i64,
    pub due_on_time: i64,
    /// For which more time was approved.
    pub extended: i64,
    /// Late, overdue, or extended.
    pub late_or_extended: i64,
}

impl ProgressCounts {
    fn rate(part: i64, whole: i64) -> Option<f64> {
        // Two decimals, half up, by whole numbers.
        (whole > 0).then(|| ((part * 20_000 + whole) / (2 * whole)) as f64 / 100.0)
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProgressRow {
    /// Code of the department or group; null for tasks without.
    pub key: Option<String>,
    pub name: Option<String>,
    pub counts: ProgressCounts,
    /// Per cent of all that is done; null without any.
    pub completion_rate: Option<f64>,
    /// Per cent of those due that were done in time; null without any.
    pub on_time_rate: Option<f64>,
}

impl ProgressRow {
    pub fn new(key: Option<String>, name: Option<String>, counts: ProgressCounts) -> ProgressRow {
        ProgressRow {
            key,
            name,
            completion_rate: ProgressCounts::rate(counts.done_on_time + counts.done_late, counts.total),
            on_time_rate: ProgressCounts::rate(counts.due_on_time, counts.due),
            counts,
        }
    }
}

/// A time of a task that is late, or was given more time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProgressIssue {
    /// Code of the task.
    pub task: String,
    pub title: String,
    /// What it is called.
    pub occurrence: String,
    pub lead: Vec<String>,
    pub state: crate::plans::model::TaskState,
    pub first_due_on: Day,
    pub due_on: Day,
    pub completed_on: Option<Day>,
    pub extended: bool,
}

/// How far the tasks of a plan were at the end of a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"plan": "kh-1186-skhdt-2022", "as_of": "2022-06-30", "rows": [],
    "total": {"key": null, "name": null, "counts": {"not_started": 1, "in_progress": 20, "due_soon": 0, "handed_in": 0, "returned": 0,
        "overdue": 1, "done_on_time": 2, "done_late": 0, "cancelled": 0, "not_applicable": 0, "total": 24, "due": 3, "due_done": 2,
        "due_on_time": 2, "extended": 0, "late_or_extended": 1}, "completion_rate": 8.33, "on_time_rate": 66.67},
    "late": []}))]
pub struct PlanProgress {
    /// Code of the plan; null for all tasks in sight.
    pub plan: Option<String>,
    pub as_of: Day,
    /// By department, a task counts under each that leads it.
    pub rows: Vec<ProgressRow>,
    pub total: ProgressRow,
    /// Those late, overdue or extended, by due date.
    pub late: Vec<ProgressIssue>,
}

impl PlanProgress {
    pub fn table(&self, total: &str) -> Table {
        let columns = [
            ("Mã", "Code"),
            ("Tên", "Name"),
            ("Chưa thực hiện", "Not started"),
            ("Đang thực hiện", "In progress"),
            ("Sắp đến hạn", "Due soon"),
            ("Đã nộp, chờ xác nhận", "Handed in"),
            ("Bị trả lại", "Returned"),
            ("Quá hạn", "Overdue"),
            ("Hoàn thành đúng hạn", "Done on time"),
            ("Hoàn thành quá hạn", "Done late"),
            ("Đã hủy", "Cancelled"),
            ("Không áp dụng", "Not applicable"),
            ("Tổng số", "Total"),
            ("Đến hạn", "Due"),
            ("Được gia hạn", "Extended"),
            ("Quá hạn hoặc gia hạn", "Late or extended"),
            ("Tỷ lệ hoàn thành (%)", "Completion rate (%)"),
            ("Tỷ lệ đúng hạn (%)", "On-time rate (%)"),
        ];
        let text = |value: &Option<String>| value.clone().map_or(Cell::Empty, Cell::Text);
        let rate = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Number);
        let cells = |row: &ProgressRow, name: Cell| {
            let c = &row.counts;
            let counts = [
                c.not_started,
                c.in_progress,
                c.due_soon,
                c.handed_in,
                c.returned,
                c.overdue,
                c.done_on_time,
                c.done_late,
                c.cancelled,
                c.not_applicable,
                c.total,
                c.due,
                c.extended,
                c.late_or_extended,
            ];
            let mut cells = vec![text(&row.key), name];
            cells.extend(counts.map(Cell::Count));
            cells.extend([rate(row.completion_rate), rate(row.on_time_rate)]);
            cells
        };
        let mut rows: Vec<Vec<Cell>> = self.rows.iter().map(|row| cells(row, text(&row.name))).collect();
        rows.push(cells(&self.total, Cell::Text(total.to_owned())));
        Table { name: "plan-progress", columns: columns.into_iter().map(|(vi, en)| Text::new(vi, en)).collect(), rows }
    }
}
