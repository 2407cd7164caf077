#![allow(clippy::unwrap_used)]

use super::*;
use crate::plans::import::rules::columns;
use serde_json::json;

fn head() -> NewPlan {
    serde_json::from_value(json!({
        "code": "p", "document_number": "1/KH", "document_type": "Kế hoạch", "title": "T", "issuer": {"department": "VP"},
        "issued_on": "2022-01-05", "year": 2022, "period": {"from": "2022-01-01", "to": "2022-12-31"}
    }))
    .unwrap()
}

/// A table below the header `STT | Nhiệm vụ | Tiến độ | Chủ trì`.
fn sheet(rows: &[[&str; 4]]) -> Sheet {
    let header = ["STT", "Nhiệm vụ", "Tiến độ", "Chủ trì"];
    let rows = std::iter::once(&header).chain(rows);
    let row = |(i, cells): (usize, &[&str; 4])| Row {
        number: u32::try_from(i + 1).unwrap(),
        cells: cells.iter().map(|c| (*c).to_owned()).collect(),
        wide: false,
    };
    Sheet { name: None, rows: rows.enumerate().map(row).collect(), formulas: Vec::new() }
}

fn read_into(old: &NewPlan, rows: &[[&str; 4]]) -> Read {
    let sheet = sheet(rows);
    let columns = columns::find(&sheet.rows, &[]).ok().unwrap();
    let departments = [Named { code: "VP".into(), name: "Văn phòng Sở".into() }];
    let earlier: Vec<String> = old.tasks.iter().map(|t| t.local_code.to_string()).collect();
    read(&sheet, &columns, &Ground { old, earlier: &earlier, departments: &departments, aliases: &[] })
}

fn codes(read: &Read) -> Vec<&str> {
    read.plan.tasks.iter().map(|t| t.local_code.as_str()).collect()
}

const ROWS: &[[&str; 4]] = &[
    ["(1)", "(2)", "(3)", "(4)"],
    ["II", "NÂNG CAO CHỈ SỐ", "", ""],
    ["1", "Cải cách", "", ""],
    ["1.1", "Việc thứ nhất", "Quý II", "VP"],
    ["1.1", "Việc thứ hai", "Trong năm", "Văn phòng Sở"],
    ["110", "Việc thứ ba", "Thường xuyên", "VP"],
    ["2.", "Tiêu chí", "", ""],
    ["1.8", "Việc thứ tư", "Hằng tháng", "VP"],
    ["", "Nơi nhận: như trên", "", ""],
];

#[test]
fn numbers_are_text_and_headings_a_tree() {
    let found = read_into(&head(), ROWS);
    assert_eq!(found.faults, []);
    assert_eq!(codes(&found), ["II.1-1.1a", "II.1-1.1b", "II.1-110", "II.2-1.8"]);
    let groups: Vec<_> = found.plan.groups.iter().map(|g| (g.code.as_str(), g.parent.as_ref().map(|p| p.as_str()))).collect();
    assert_eq!(groups, [("II", None), ("II.1", Some("II")), ("II.2", Some("II"))]);
    assert_eq!(found.plan.tasks[2].printed_number.as_ref().unwrap().as_str(), "110");
    assert_eq!(read_into(&found.plan, ROWS).plan, found.plan);
}

#[test]
fn a_task_keeps_its_code_when_others_come_before_it_or_its_words_are_mended() {
    let first = read_into(&head(), ROWS).plan;
    let mut rows = ROWS.to_vec();
    rows.insert(3, ["1.1", "Việc mới", "Quý I", "VP"]);
    rows[6][1] = "Việc thứ ba, có sửa";
    let again = read_into(&first, &rows);
    assert_eq!(codes(&again), ["II.1-1.1a-2", "II.1-1.1a", "II.1-1.1b", "II.1-110", "II.2-1.8"]);
}

#[test]
fn every_fault_has_its_row_and_column() {
    let rows = [["1", "Việc", "Sớm", "Phòng Lạ"], ["2", "", "Quý II", "VP"], ["3", "Việc ba", "", "Văn phòng"]];
    let found = read_into(&head(), &rows);
    let told: Vec<_> = found.faults.iter().map(|f| format!("{} {}", f.code.name(), f.pointer)).collect();
    assert_eq!(
        told,
        ["bad_schedule /rows/2/schedule", "unknown_code /rows/2/lead", "missing /rows/4/schedule", "unknown_code /rows/4/lead"]
    );
    assert!(found.faults[3].detail.vi.starts_with("Dòng 4, cột D “Chủ trì”: "), "{}", found.faults[3].detail.vi);
    assert!(found.faults[3].detail.vi.contains("Văn phòng Sở (VP)"));
    assert_eq!(read_into(&head(), &[]).faults[0].pointer, "/rows");
}
