//! Which column is what, by its header. Pure.

use crate::error::{Code, Fault};
use crate::http::values::fold;
use crate::plans::import::sheet::Row;

/// What a column may hold: its name on the wire, and headers that offices use, folded.
const FIELDS: &[(&str, &[&str])] = &[
    ("printed_number", &["stt", "tt", "so tt", "so thu tu", "muc", "so muc"]),
    ("local_code", &["ma", "ma nhiem vu", "ma so"]),
    ("group", &["nhom", "linh vuc", "nhom noi dung", "nhom linh vuc", "nhom nhiem vu"]),
    (
        "title",
        &[
            "nhiem vu",
            "noi dung nhiem vu",
            "noi dung",
            "noi dung cong viec",
            "nhiem vu cu the",
            "cong viec",
            "hoat dong",
            "nhiem vu hoat dong",
            "ten nhiem vu",
            "noi dung thuc hien",
        ],
    ),
    ("objective", &["muc tieu", "muc tieu cu the"]),
    (
        "outputs",
        &["ket qua san pham", "san pham", "ket qua", "san pham dau ra", "ket qua dau ra", "san pham ket qua", "san pham hoan thanh"],
    ),
    (
        "schedule",
        &["tien do thuc hien", "tien do", "thoi gian hoan thanh", "thoi gian thuc hien", "thoi gian", "thoi han hoan thanh", "thoi han"],
    ),
    ("start_on", &["ngay bat dau", "bat dau", "tu ngay"]),
    ("end_on", &["ngay ket thuc", "ket thuc", "han hoan thanh", "den ngay"]),
    ("lead", &["chu tri", "don vi chu tri", "co quan chu tri", "phong don vi chu tri", "co quan don vi chu tri"]),
    ("coordinate", &["phoi hop", "don vi phoi hop", "co quan phoi hop", "phong don vi phoi hop", "co quan don vi phoi hop"]),
    ("method", &["cach thuc thuc hien", "cach thuc", "giai phap", "bien phap", "phuong phap"]),
    ("budget", &["kinh phi", "kinh phi thuc hien", "nguon kinh phi", "du toan", "du toan kinh phi", "kinh phi nguon"]),
    ("evidence", &["van ban chung minh", "minh chung", "tai lieu kiem chung"]),
    ("notes", &["ghi chu"]),
];

pub fn fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(field, _)| *field)
}

/// Letters and figures of a header, folded, parted by single spaces.
fn words(header: &str) -> String {
    let folded = fold(header);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The field that a header names.
fn field(header: &str, mapping: &[(String, String)]) -> Option<&'static str> {
    let named = words(header);
    if let Some((_, field)) = mapping.iter().find(|(header, _)| words(header) == named) {
        return FIELDS.iter().map(|(name, _)| *name).find(|name| name == field);
    }
    let short = words(header.split('(').next().unwrap_or_default());
    let is = |name: &str, also: &[&str]| [&named, &short].iter().any(|n| *n == &words(name) || also.contains(&n.as_str()));
    FIELDS.iter().find(|(name, also)| is(name, also)).map(|(name, _)| *name)
}

/// The columns of a table: the row of their headers, and the field of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Place of the header among the rows.
    pub place: usize,
    pub row: u32,
    pub headers: Vec<(String, Option<&'static str>)>,
}

impl Columns {
    /// The text of a row for a field; several columns of a field are put together.
    pub fn text(&self, row: &Row, field: &str) -> String {
        let cells = self.headers.iter().zip(&row.cells).filter(|((_, f), cell)| *f == Some(field) && !cell.is_empty());
        cells.map(|(_, cell)| cell.as_str()).collect::<Vec<_>>().join("\n")
    }

    pub fn has(&self, field: &str) -> bool {
        self.headers.iter().any(|(_, f)| *f == Some(field))
    }

    /// `F “Chủ trì”`: where a person finds the column.
    pub fn named(&self, field: &str) -> String {
        let found = self.headers.iter().enumerate().find(|(_, (_, f))| *f == Some(field));
        found.map_or_else(|| field.to_owned(), |(i, (header, _))| format!("{} “{header}”", letter(i)))
    }
}

/// `A` to `Z`, then `AA`.
pub fn letter(column: usize) -> String {
    let one = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or_default());
    if column < 26 { one(column).to_string() } else { format!("{}{}", one(column / 26 - 1), one(column)) }
}

/// The header is the first row that names a task's words and something else of it.
pub fn find(rows: &[Row], mapping: &[(String, String)]) -> Result<Columns, Fault> {
    for (place, row) in rows.iter().take(40).enumerate() {
        let mut headers: Vec<(String, Option<&'static str>)> = row.cells.iter().map(|cell| (cell.clone(), field(cell, mapping))).collect();
        // "Nội dung | Nhiệm vụ": the first is the heading.
        let titles: Vec<usize> = headers.iter().enumerate().filter(|(_, (_, f))| *f == Some("title")).map(|(i, _)| i).collect();
        if let ([first, _], true) = (titles.as_slice(), headers.iter().all(|(_, f)| *f != Some("group")))
            && let Some(header) = headers.get_mut(*first)
        {
            header.1 = Some("group");
        }
        let has = |field: &str| headers.iter().any(|(_, f)| *f == Some(field));
        if has("title") && ["schedule", "start_on", "end_on", "lead", "outputs"].iter().filter(|f| has(f)).count() >= 2 {
            return Ok(Columns { place, row: row.number, headers });
        }
    }
    Err(Fault::new(
        Code::Missing,
        "/header",
        "Không thấy dòng tiêu đề có cột Nhiệm vụ cùng Tiến độ, Chủ trì hoặc Sản phẩm; có thể chỉ rõ bằng “columns”.",
        "No header row with the task and its schedule, lead or outputs; “columns” can name them.",
    ))
}

/// The row `(1) (2) (3)` below a header.
pub fn is_numbering(row: &Row) -> bool {
    let number = |c: &String| c.trim_matches(['(', ')', '.', ' ']).parse::<u32>().is_ok_and(|n| n <= 60);
    let cells = || row.cells.iter().filter(|c| !c.is_empty());
    cells().count() > 1 && cells().all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_many_forms() {
        let cases = [
            ("STT", Some("printed_number")),
            ("Nội dung / Nhiệm vụ", Some("title")),
            ("KẾT QUẢ/SẢN PHẨM", Some("outputs")),
            ("Tiến độ  thực hiện", Some("schedule")),
            ("Cơ quan, đơn vị chủ trì", Some("lead")),
            ("Kinh phí (triệu đồng)", Some("budget")),
            ("outputs", Some("outputs")),
            ("start_on", Some("start_on")),
            ("Tiêu chí thành phần", None),
        ];
        for (header, expected) in cases {
            assert_eq!(field(header, &[]), expected, "{header}");
        }
        let mapping = [("Tiêu chí thành phần".to_owned(), "notes".to_owned())];
        assert_eq!(field("TIÊU CHÍ thành phần", &mapping), Some("notes"));
        assert_eq!((letter(0), letter(27)), ("A".to_owned(), "AB".to_owned()));
    }

    #[test]
    fn the_header_is_found_below_a_title() {
        let row = |number: u32, cells: &[&str]| Row { number, cells: cells.iter().map(|c| (*c).to_owned()).collect(), wide: false };
        let rows = [row(1, &["PHỤ LỤC"]), row(3, &["TT", "Nội dung", "Nhiệm vụ", "Tiến độ", "Chủ trì"])];
        let found = find(&rows, &[]).ok();
        let fields: Option<Vec<_>> = found.map(|c| c.headers.iter().map(|(_, f)| *f).collect());
        assert_eq!(fields, Some(vec![Some("printed_number"), Some("group"), Some("title"), Some("schedule"), Some("lead")]));
        assert_eq!(find(&rows[..1], &[]).map_err(|f| f.pointer.to_string()), Err("/header".to_owned()));
    }
}
