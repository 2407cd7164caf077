//! Rows of a table become the criteria of a sheet. Numbers stay text. Pure.

use std::collections::HashSet;

use crate::criteria::model::Kind;
use crate::criteria::wire::{Band, NewCriterion};
use crate::error::{Code, Fault};
use crate::http::decimal::Decimal;
use crate::http::sheet::{Row, Sheet};
use crate::http::values::fold;
use crate::http::{Line, Prose, ResourceCode};

/// What a column may hold: its name on the wire, and headers that offices use, folded.
const FIELDS: &[(&str, &[&str])] = &[
    ("code", &["ma", "ma tieu chi", "ma so", "so hieu"]),
    ("number", &["stt", "tt", "so tt", "so thu tu", "muc"]),
    ("parent", &["thuoc", "tieu chi cha", "thuoc tieu chi", "ma cha"]),
    (
        "name",
        &[
            "tieu chi",
            "ten tieu chi",
            "noi dung",
            "tieu chi tieu chi thanh phan",
            "linh vuc tieu chi",
            "linh vuc tieu chi tieu chi thanh phan",
            "tieu chi thanh phan",
        ],
    ),
    ("max_points", &["diem toi da", "diem chuan", "thang diem", "diem", "so diem"]),
    ("kind", &["loai", "kieu", "cach cham", "cach cham diem", "phuong phap danh gia"]),
    ("full_at", &["dat toi da tu", "muc dat toi da"]),
    ("bands", &["bac", "bac diem", "thang", "muc diem"]),
    ("kpi", &["chi tieu", "ma chi tieu"]),
    ("department", &["don vi", "don vi phu trach", "don vi chu tri", "phong phu trach", "chu tri", "don vi thuc hien"]),
    ("follows", &["ma nam truoc", "so nam truoc"]),
    ("last_year_score", &["diem nam truoc", "ket qua nam truoc", "diem dat nam truoc"]),
    ("note", &["ghi chu", "dien giai"]),
];

/// Words of a kind in a cell, folded.
const KINDS: &[(Kind, &[&str])] = &[
    (Kind::Formula, &["formula", "cong thuc", "tinh theo cong thuc", "ty le"]),
    (Kind::Bands, &["bands", "bac", "theo bac", "thang bac", "theo muc"]),
    (Kind::YesNo, &["yes no", "co khong", "dat khong dat", "co hoac khong"]),
    (Kind::Survey, &["survey", "dieu tra", "khao sat", "dieu tra xa hoi hoc", "dieu tra xhh", "dtxhh"]),
    (Kind::Points, &["points", "diem", "cham diem", "tham dinh"]),
];

/// Letters and figures, folded, parted by single spaces.
fn words(text: &str) -> String {
    fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

fn field(header: &str) -> Option<&'static str> {
    let (all, short) = (words(header), words(header.split('(').next().unwrap_or_default()));
    let is = |name: &str, also: &[&str]| [&all, &short].iter().any(|w| *w == &words(name) || also.contains(&w.as_str()));
    FIELDS.iter().find(|(name, also)| is(name, also)).map(|(name, _)| *name)
}

/// The columns of a table by the row of their headers.
pub struct Columns {
    place: usize,
    pub row: u32,
    /// Each header with the member of a criterion that it is; none where it was passed over.
    pub headers: Vec<(String, Option<&'static str>)>,
}

impl Columns {
    fn text<'a>(&self, row: &'a Row, field: &str) -> &'a str {
        let found = self.headers.iter().zip(&row.cells).find(|((_, f), cell)| *f == Some(field) && !cell.is_empty());
        found.map_or("", |(_, cell)| cell.trim())
    }

    /// A fault with where a person finds it.
    fn at(&self, row: u32, field: &str, fault: Fault) -> Fault {
        let header = self.headers.iter().find(|(_, f)| *f == Some(field)).map_or(field, |(header, _)| header.as_str());
        let vi = format!("Dòng {row}, cột “{header}”: {}", fault.detail.vi);
        Fault::new(fault.code, format!("/rows/{row}/{field}"), vi, format!("Row {row}, column “{header}”: {}", fault.detail.en))
    }
}

/// The header is the first row that names criteria and their maximum.
///
/// # Errors
/// There is no such row.
pub fn columns(sheet: &Sheet) -> Result<Columns, Fault> {
    for (place, row) in sheet.rows.iter().take(40).enumerate() {
        let headers: Vec<_> = row.cells.iter().map(|cell| (cell.clone(), field(cell))).collect();
        let has = |field: &str| headers.iter().any(|(_, f)| *f == Some(field));
        if has("name") && has("max_points") {
            return Ok(Columns { place, row: row.number, headers });
        }
    }
    let (vi, en) = ("Không thấy dòng tiêu đề có cột Tiêu chí và Điểm tối đa.", "No header row with the criteria and their maximum.");
    Err(Fault::new(Code::Missing, "/header", vi, en))
}

/// A department by its code and name.
pub struct Named {
    pub code: String,
    pub name: String,
}

/// Criteria as a table gives them.
pub struct Read {
    pub criteria: Vec<NewCriterion>,
    /// The row of each.
    pub rows: Vec<u32>,
    pub faults: Vec<Fault>,
}

/// Reads every row below the header that has a number or a name. Totals and the row `(1) (2) (3)` are passed over.
pub fn read(sheet: &Sheet, columns: &Columns, departments: &[Named]) -> Read {
    let mut read = Read { criteria: Vec::new(), rows: Vec::new(), faults: Vec::new() };
    for (row, column) in sheet.formulas.iter().filter(|(row, _)| *row > columns.row) {
        if let Some(field) = columns.headers.get(*column as usize).and_then(|(_, f)| *f) {
            let (vi, en) = ("Ô chứa công thức; hãy dán dưới dạng giá trị.", "The cell holds a formula; paste it as a value.");
            read.faults.push(columns.at(*row, field, Fault::new(Code::WrongFormat, "", vi, en)));
        }
    }
    for row in sheet.rows.iter().skip(columns.place + 1).filter(|row| is_criterion(row, columns)) {
        let (criterion, faults) = criterion(row, columns, departments);
        read.faults.extend(faults.into_iter().map(|fault| {
            let field = fault.pointer.clone().into_owned();
            columns.at(row.number, &field, fault)
        }));
        if let Some(criterion) = criterion {
            read.criteria.push(criterion);
            read.rows.push(row.number);
        }
    }
    if read.criteria.is_empty() && read.faults.is_empty() {
        read.faults.push(Fault::new(Code::Missing, "/rows", "Bảng không có tiêu chí nào.", "The table has no criterion."));
    }
    adopt(&mut read.criteria);
    read
}

fn is_criterion(row: &Row, columns: &Columns) -> bool {
    let name = columns.text(row, "name");
    let number = if columns.text(row, "code").is_empty() { columns.text(row, "number") } else { columns.text(row, "code") };
    let numbered = |cell: &String| cell.trim_matches(['(', ')', ' ']).parse::<u32>().is_ok_and(|n| n <= 60);
    let mut cells = row.cells.iter().filter(|c| !c.is_empty());
    let total = number.is_empty() && words(name).starts_with("tong");
    let says_something = !name.is_empty() || !number.is_empty();
    says_something && !total && !cells.all(numbered)
}

fn criterion(row: &Row, columns: &Columns, departments: &[Named]) -> (Option<NewCriterion>, Vec<Fault>) {
    let text = |field: &str| columns.text(row, field);
    let mut faults = Vec::new();
    let code = |field: &'static str, text: &str, faults: &mut Vec<Fault>| -> Option<ResourceCode> {
        let text = text.trim_end_matches('.');
        let found = ResourceCode::parse(text);
        if found.is_none() && !text.is_empty() {
            let (vi, en) = ("Mã gồm chữ không dấu, số, “.”, “_”, “-”.", "A code has letters, digits, “.”, “_”, “-”.");
            faults.push(Fault::new(Code::WrongFormat, field, vi, en));
        }
        found
    };
    let number_field = if text("code").is_empty() && !text("number").is_empty() { "number" } else { "code" };
    if text(number_field).is_empty() {
        faults.push(Fault::missing("code"));
    }
    let own = code(number_field, text(number_field), &mut faults);
    let parent = code("parent", text("parent"), &mut faults);
    let (kpi, follows) = (code("kpi", text("kpi"), &mut faults), code("follows", text("follows"), &mut faults));
    let mut number = |field: &'static str| -> Option<Decimal> {
        let cell = text(field);
        let found = decimal(cell);
        if found.is_none() && !cell.is_empty() {
            faults.push(Fault::new(Code::WrongFormat, field, "Phải là số, ví dụ 1,5.", "Must be a number such as 1.5."));
        }
        found
    };
    let (max, full_at, last) = (number("max_points"), number("full_at"), number("last_year_score"));
    if max.is_none() && text("max_points").is_empty() {
        faults.push(Fault::missing("max_points"));
    }
    let kind = match words(text("kind")) {
        blank if blank.is_empty() => None,
        said => {
            let found = KINDS.iter().find(|(_, names)| names.contains(&said.as_str())).map(|(kind, _)| *kind);
            if found.is_none() {
                let (vi, en) = ("Là: công thức, bậc, có/không, điều tra, điểm.", "One of: formula, bands, yes_no, survey, points.");
                faults.push(Fault::new(Code::WrongFormat, "kind", vi, en));
            }
            found
        }
    };
    let bands = bands(text("bands"));
    if bands.is_none() {
        let (vi, en) = ("Có dạng “100: 2; 85: /100; 50: 50%”.", "Looks like “100: 2; 85: /100; 50: 50%”.");
        faults.push(Fault::new(Code::WrongFormat, "bands", vi, en));
    }
    let department = department(text("department"), departments);
    if department.is_none() && !text("department").is_empty() {
        faults.push(Fault::unknown("department", text("department")));
    }
    let note = text("note");
    let criterion = own.zip(max).filter(|_| faults.is_empty()).map(|(code, max_points)| NewCriterion {
        code,
        parent,
        name: Line::cut(&text("name").split_whitespace().collect::<Vec<_>>().join(" ")),
        max_points,
        kind,
        full_at,
        bands: bands.unwrap_or_default(),
        kpi,
        department,
        follows,
        last_year_score: last,
        note: (!note.is_empty()).then(|| Prose::cut(note)),
    });
    (criterion, faults)
}

/// `1.5` or `1,5`.
fn decimal(text: &str) -> Option<Decimal> {
    text.trim().trim_end_matches('%').trim().replacen(',', ".", 1).parse().ok()
}

/// `100: 2; 85: /100; 50: 50%`: from 100 two points, from 85 maximum × figure ÷ 100, from 50 half the maximum.
fn bands(cell: &str) -> Option<Vec<Band>> {
    let none = |from| Band { from, points: None, factor: None, per: None };
    let band = |part: &str| {
        let (from, way) = part.split_once(':')?;
        let (from, way) = (decimal(from.trim().trim_start_matches(['≥', '>', '=']))?, way.trim());
        Some(match (way.strip_prefix('/'), way.strip_suffix('%')) {
            (Some(per), _) => Band { per: Some(decimal(per)?), ..none(from) },
            (None, Some(share)) => Band { factor: Some(hundredth(decimal(share)?)?), ..none(from) },
            (None, None) => Band { points: Some(decimal(way)?), ..none(from) },
        })
    };
    cell.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(band).collect()
}

/// A hundredth of a number of per cent, if it has no more than six places.
fn hundredth(per_cent: Decimal) -> Option<Decimal> {
    let text = per_cent.to_string();
    let (whole, places) = text.split_once('.')?;
    let digits = format!("{whole:0>3}");
    let (head, tail) = digits.split_at(digits.len() - 2);
    format!("{head}.{tail}{places}").trim_end_matches('0').trim_end_matches('.').parse().ok()
}

fn department(text: &str, known: &[Named]) -> Option<ResourceCode> {
    let same = || known.iter().filter(|d| words(&d.name) == words(text));
    let found = known
        .iter()
        .find(|d| d.code == text)
        .or_else(|| known.iter().find(|d| d.code.eq_ignore_ascii_case(text)))
        .or_else(|| same().next().filter(|_| same().count() == 1))?;
    ResourceCode::parse(&found.code)
}

/// Where the table does not say it, a criterion is a part of the one whose number its own begins with; one without parts and without a
/// kind is scored by points.
fn adopt(criteria: &mut [NewCriterion]) {
    let codes: HashSet<String> = criteria.iter().map(|c| c.code.to_string()).collect();
    for criterion in criteria.iter_mut().filter(|c| c.parent.is_none()) {
        let mut above = criterion.code.as_str();
        while let Some((shorter, _)) = above.rsplit_once('.') {
            above = shorter;
            if codes.contains(above) {
                criterion.parent = ResourceCode::parse(above);
                break;
            }
        }
    }
    let parents: HashSet<String> = criteria.iter().filter_map(|c| c.parent.as_ref().map(ToString::to_string)).collect();
    for criterion in criteria.iter_mut().filter(|c| c.kind.is_none() && !parents.contains(c.code.as_str())) {
        criterion.kind = Some(Kind::Points);
    }
}

/// Faults of the sheet that was read, told where the table has what is wrong.
pub fn placed(faults: Vec<Fault>, columns: &Columns, rows: &[u32]) -> Vec<Fault> {
    let place = |fault: Fault| {
        let Some((index, member)) = fault.pointer.strip_prefix("/criteria/").and_then(|rest| rest.split_once('/')) else { return fault };
        let Some(row) = index.parse().ok().and_then(|i: usize| rows.get(i)).copied() else { return fault };
        let field = member.split('/').next().unwrap_or("code").to_owned();
        let field = if field == "code" && !columns.headers.iter().any(|(_, f)| *f == Some("code")) { "number".to_owned() } else { field };
        columns.at(row, &field, fault)
    };
    faults.into_iter().map(place).collect()
}
