//! Results as a table.

use super::wire::{KpiComparison, KpiResult, Trend};
use crate::http::decimal::Decimal;
use crate::http::table::{Cell, Table};
use crate::text::Text;

const COLUMNS: [(&str, &str); 13] = [
    ("Chỉ tiêu", "Indicator"),
    ("Kỳ", "Period"),
    ("Đơn vị", "Department"),
    ("Lĩnh vực", "Field"),
    ("Mã", "Code"),
    ("Tên", "Name"),
    ("Tử số", "Numerator"),
    ("Mẫu số", "Denominator"),
    ("Giá trị", "Value"),
    ("So sánh", "Comparison"),
    ("Mục tiêu", "Target"),
    ("Trạng thái", "Status"),
    ("Lý do không có giá trị", "Why there is no value"),
];

/// Only where figures are set against earlier ones.
const TREND: [(&str, &str); 8] = [
    ("Kỳ trước", "Previous period"),
    ("Giá trị kỳ trước", "Previous value"),
    ("Tăng, giảm so với kỳ trước", "Change on the previous period"),
    ("Xu hướng so với kỳ trước", "Trend on the previous period"),
    ("Cùng kỳ năm trước", "Period a year before"),
    ("Giá trị cùng kỳ năm trước", "Value a year before"),
    ("Tăng, giảm so với cùng kỳ năm trước", "Change on the year before"),
    ("Xu hướng so với cùng kỳ năm trước", "Trend on the year before"),
];

const LAST: [(&str, &str); 4] = [
    ("Số đã công bố", "Published"),
    ("Chênh lệch với số đã công bố", "Difference from the published"),
    ("Đơn vị chưa có số đo", "Departments without a measurement"),
    ("Tạm tính", "Provisional"),
];

fn text(value: &Option<String>) -> Cell {
    value.clone().map_or(Cell::Empty, Cell::Text)
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Cell::Number)
}

fn count(value: &Option<serde_json::Number>) -> Cell {
    match value {
        Some(n) => n.as_i64().map(Cell::Count).or_else(|| n.as_f64().map(Cell::Number)).unwrap_or(Cell::Empty),
        None => Cell::Empty,
    }
}

fn compared(comparison: &Option<KpiComparison>) -> [Cell; 4] {
    let Some(one) = comparison else { return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty] };
    let trend = one.trend.map(|trend| match trend {
        Trend::Better => "better",
        Trend::Worse => "worse",
        Trend::Same => "same",
    });
    [Cell::Text(one.period.clone()), number(one.value), number(one.change), trend.map_or(Cell::Empty, |word| Cell::Text(word.to_owned()))]
}

pub fn table(results: &[KpiResult], trend: bool) -> Table {
    let rows = results.iter().map(|r| {
        let mut row = vec![
            Cell::Text(r.kpi.clone()),
            Cell::Text(r.period.clone()),
            text(&r.department),
            text(&r.field),
            text(&r.key),
            text(&r.name),
            count(&r.numerator),
            count(&r.denominator),
            number(r.value),
            r.comparator.map_or(Cell::Empty, |c| Cell::Text(c.name().replace(">=", "≥").replace("<=", "≤"))),
            number(r.target.map(Decimal::shown)),
            Cell::Text(r.status.name().to_owned()),
            r.reason.map_or(Cell::Empty, |reason| Cell::Text(reason.name().to_owned())),
        ];
        if trend {
            row.extend(compared(&r.previous));
            row.extend(compared(&r.year_before));
        }
        let missing: Vec<&str> = r.missing.iter().map(|d| d.code.as_str()).collect();
        row.extend([
            number(r.published.as_ref().and_then(|p| p.value)),
            number(r.published.as_ref().and_then(|p| p.difference)),
            if missing.is_empty() { Cell::Empty } else { Cell::Text(missing.join(", ")) },
            if r.provisional { Cell::Text("x".into()) } else { Cell::Empty },
        ]);
        row
    });
    let columns = COLUMNS.iter().chain(TREND.iter().filter(|_| trend)).chain(&LAST);
    Table { name: "kpi-results", columns: columns.map(|(vi, en)| Text::new(*vi, *en)).collect(), rows: rows.collect() }
}
