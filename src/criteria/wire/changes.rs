//! A sheet against the year before.

use serde::Serialize;
use utoipa::ToSchema;

use crate::criteria::model::Trend;
use crate::http::decimal::Decimal;
use crate::http::table::{Cell, Table};
use crate::text::Text;

/// How a criterion stands against the year before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CriterionChange {
    /// Number in this year's sheet, of one that is gone in last year's.
    pub code: String,
    pub name: String,
    /// Code of the department in charge.
    pub department: String,
    pub trend: Trend,
    pub points: Option<Decimal>,
    pub max_points: Option<Decimal>,
    pub last_year_points: Option<Decimal>,
    pub last_year_max_points: Option<Decimal>,
    /// Points more than the year before; null where the maximum is another.
    pub difference: Option<f64>,
}

/// How many criteria went where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CriterionTrends {
    pub up: i64,
    pub down: i64,
    pub same: i64,
    pub new: i64,
    pub gone: i64,
    pub not_scored: i64,
}

/// A sheet against the year before.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"sheet": "par-index-2022", "follows": "par-index-2021", "department": null,
    "counts": {"up": 1, "down": 0, "same": 0, "new": 0, "gone": 0, "not_scored": 0},
    "items": [{"code": "1.1", "name": "Mức độ hoàn thành kế hoạch", "department": "SKHDT", "trend": "up", "points": 2, "max_points": 2,
        "last_year_points": 1.7, "last_year_max_points": 2, "difference": 0.3}]}))]
pub struct CriteriaChanges {
    /// Code of the sheet.
    pub sheet: String,
    /// Code of the sheet of the year before.
    pub follows: Option<String>,
    /// The department asked for.
    pub department: Option<String>,
    pub counts: CriterionTrends,
    /// Criteria without parts, in the order of the sheet; at last those that are gone.
    pub items: Vec<CriterionChange>,
}

impl CriteriaChanges {
    pub fn table(&self) -> Table {
        let columns = [
            ("Số", "Number"),
            ("Tiêu chí", "Criterion"),
            ("Đơn vị phụ trách", "Department"),
            ("Điểm tối đa", "Maximum"),
            ("Điểm", "Points"),
            ("Điểm năm trước", "Last year"),
            ("Tăng, giảm", "Difference"),
            ("So với năm trước", "Trend"),
        ];
        let number = |points: Option<Decimal>| points.map_or(Cell::Empty, |p| Cell::Number(p.shown()));
        let rows = self.items.iter().map(|item| {
            vec![
                Cell::Text(item.code.clone()),
                Cell::Text(item.name.clone()),
                Cell::Text(item.department.clone()),
                number(item.max_points),
                number(item.points),
                number(item.last_year_points),
                item.difference.map_or(Cell::Empty, Cell::Number),
                Cell::Text(item.trend.name().to_owned()),
            ]
        });
        Table { name: "criteria-changes", columns: columns.map(|(vi, en)| Text::new(vi, en)).into(), rows: rows.collect() }
    }
}
