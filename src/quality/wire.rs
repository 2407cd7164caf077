//! The index as it is told.

use serde::Serialize;
use utoipa::ToSchema;

use super::scheme::Measure;
use crate::http::decimal::Decimal;
use crate::http::table::{Cell, Table};
use crate::http::{Day, Lang};
use crate::text::Text;

/// How far a component can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QualityStatus)]
pub enum Status {
    Computed,
    /// Some of what it needs is missing: `reason` says what, and what that does to the figure.
    Partly,
    NotComputable,
}

impl Status {
    fn name(self) -> &'static str {
        ["computed", "partly", "not_computable"][self as usize]
    }
}

/// What a value is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QualityUnit)]
pub enum Unit {
    Percent,
    /// Calendar days.
    Day,
}

/// A component of a group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QualityComponent {
    /// As the decision numbers it.
    pub number: String,
    pub measure: Measure,
    pub name: Text,
    pub formula: Text,
    pub status: Status,
    /// Which data are missing; null where it is computed.
    pub reason: Option<Text>,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    /// With two decimals, half up; null without a denominator.
    pub value: Option<f64>,
    pub unit: Unit,
    /// Points that the unrounded rate gives.
    pub points: Option<Decimal>,
    /// Null where it gives no points.
    pub max_points: Option<Decimal>,
    /// Whether the decision states the maximum; others share out the points of the group, as an assumption.
    pub max_stated: bool,
    /// The rate from which on it gives the maximum.
    pub full_at: Decimal,
}

/// A group of components.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QualityGroup {
    pub code: String,
    pub name: Text,
    pub max_points: Decimal,
    /// Of the components that could be computed, in part too.
    pub points: Decimal,
    /// The most that these could give.
    pub computed_max_points: Decimal,
    pub components: Vec<QualityComponent>,
}

/// How the whole is rated.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QualityRating {
    pub code: String,
    pub name: Text,
}

/// What the index comes to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QualityTotal {
    pub max_points: Decimal,
    /// Of the components that could be computed, in part too.
    pub points: Decimal,
    /// The most that these could give.
    pub computed_max_points: Decimal,
    /// Points out of the most that could be computed, per cent with two decimals.
    pub share: Option<f64>,
    /// The points if all that could not be computed gave its maximum.
    pub attainable_points: Decimal,
    /// Only when every component that gives points is computed.
    pub rating: Option<QualityRating>,
    /// The rating that `attainable_points` would have.
    pub attainable_rating: Option<QualityRating>,
}

/// The national quality index for a period, as far as the data allow.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"from": "2022-03-15", "to": "2022-04-14", "as_of": "2022-04-14", "department": "DKKD", "decision": "766/QĐ-TTg",
    "title": {"vi": "Bộ chỉ số chỉ đạo, điều hành", "en": "Index of directing"}, "in_force": false,
    "groups": [{"code": "TDGQ", "name": {"vi": "Tiến độ giải quyết", "en": "Progress of handling"}, "max_points": 20, "points": 18.4,
        "computed_max_points": 20, "components": [{"number": "2.1", "measure": "on_time",
            "name": {"vi": "Hồ sơ giải quyết đúng hạn", "en": "Dossiers handled on time"}, "formula": {"vi": "Đúng hạn / tổng số", "en": "On time / all"},
            "status": "computed", "reason": null, "numerator": 23, "denominator": 25, "value": 92.0, "unit": "percent", "points": 18.4,
            "max_points": 20, "max_stated": false, "full_at": 100}]}],
    "total": {"max_points": 100, "points": 18.4, "computed_max_points": 20, "share": 92.0, "attainable_points": 98.4, "rating": null,
        "attainable_rating": {"code": "excellent", "name": {"vi": "Xuất sắc", "en": "Excellent"}}}}))]
pub struct QualityIndex {
    pub from: Day,
    pub to: Day,
    /// Judged by what had happened by the end of this day: the last of the period, today while it runs.
    pub as_of: Day,
    /// Code of the department asked for; null for everything in your sight.
    pub department: Option<String>,
    /// The decision that points and thresholds come from.
    pub decision: String,
    pub title: Text,
    /// Whether it was in force on the last day of the period.
    pub in_force: bool,
    pub groups: Vec<QualityGroup>,
    pub total: QualityTotal,
}

impl QualityIndex {
    /// As a table: each group before its components, at last the total.
    pub fn table(&self, lang: Lang) -> Table {
        let columns = [
            ("Mã", "Code"),
            ("Nội dung", "Name"),
            ("Công thức", "Formula"),
            ("Tử số", "Numerator"),
            ("Mẫu số", "Denominator"),
            ("Giá trị", "Value"),
            ("Đơn vị tính", "Unit"),
            ("Điểm", "Points"),
            ("Điểm tối đa", "Maximum"),
            ("Trạng thái", "Status"),
            ("Thiếu dữ liệu", "Missing data"),
        ];
        let say = |text: &Text| Cell::Text(lang.pick(text.clone()));
        let count = |n: Option<i64>| n.map_or(Cell::Empty, Cell::Count);
        let points = |p: Option<Decimal>| p.map_or(Cell::Empty, |p| Cell::Number(p.shown()));
        let heading = |code: &str, name: Cell, own: Decimal, max: Decimal| {
            let mut cells = vec![Cell::Text(code.to_owned()), name];
            cells.extend((0..5).map(|_| Cell::Empty));
            cells.extend([points(Some(own)), points(Some(max)), Cell::Empty, Cell::Empty]);
            cells
        };
        let mut rows = Vec::new();
        for group in &self.groups {
            rows.push(heading(&group.code, say(&group.name), group.points, group.max_points));
            rows.extend(group.components.iter().map(|c| {
                vec![
                    Cell::Text(c.number.clone()),
                    say(&c.name),
                    say(&c.formula),
                    count(c.numerator),
                    count(c.denominator),
                    c.value.map_or(Cell::Empty, Cell::Number),
                    Cell::Text(if c.unit == Unit::Percent { "%".to_owned() } else { lang.pick(Text::new("ngày", "days")) }),
                    points(c.points),
                    points(c.max_points),
                    Cell::Text(c.status.name().to_owned()),
                    c.reason.as_ref().map_or(Cell::Empty, say),
                ]
            }));
        }
        let total = say(&Text::new("Tổng cộng", "Total"));
        rows.push(heading("", total, self.total.points, self.total.max_points));
        Table { name: "quality-index", columns: columns.map(|(vi, en)| Text::new(vi, en)).into(), rows }
    }
}
