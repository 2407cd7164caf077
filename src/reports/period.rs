//! Reporting periods (rules of counting §6). Pure.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, Days, NaiveDate};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// How the months of a period are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodSet {
    /// The month runs from the 15th of the month before to the 14th.
    Administrative,
    /// Plain calendar months.
    Calendar,
}

impl PeriodSet {
    pub const NAMES: &[&str] = &["administrative", "calendar"];

    pub fn named(name: &str) -> PeriodSet {
        if name == "calendar" { PeriodSet::Calendar } else { PeriodSet::Administrative }
    }
}

/// Years a period may name. The administrative period of the first still begins in a year that a date may have.
const YEARS: std::ops::RangeInclusive<i32> = 1901..=2200;

/// The code of a period, as the contract tells it.
pub struct PeriodCode;

impl PeriodCode {
    /// Every code that [`Period::parse`] knows, and nothing else.
    const PATTERN: &str = "^(19(0[1-9]|[1-9][0-9])|2[01][0-9]{2}|2200)(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?$";
}

impl PartialSchema for PeriodCode {
    fn schema() -> RefOr<Schema> {
        let code = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Code of a period: `2022`, `2022H1`, `2022Q2`, `2022-04`, `2022-9M`."));
        RefOr::T(Schema::Object(code.max_length(Some(7)).pattern(Some(Self::PATTERN)).examples([serde_json::json!("2022-04")]).build()))
    }
}

impl ToSchema for PeriodCode {
    fn name() -> Cow<'static, str> {
        "PeriodCode".into()
    }
}

/// A period by its code: `2022`, `2022H1`, `2022Q2`, `2022-04`, `2022-9M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    code: String,
    year: i32,
    first_month: u32,
    last_month: u32,
}

impl Period {
    /// The period with a code; `None` for anything else.
    pub fn parse(code: &str) -> Option<Period> {
        if !code.is_ascii() || code.len() < 4 {
            return None;
        }
        let (year, part) = code.split_at(4);
        if !year.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let year = year.parse().ok().filter(|y| YEARS.contains(y))?;
        let (first_month, last_month) = match part.as_bytes() {
            [] => (1, 12),
            b"H1" => (1, 6),
            b"H2" => (7, 12),
            b"-9M" => (1, 9),
            [b'Q', quarter @ b'1'..=b'4'] => {
                let quarter = u32::from(quarter - b'0');
                (3 * quarter - 2, 3 * quarter)
            }
            [b'-', ten @ b'0'..=b'1', one @ b'0'..=b'9'] => {
                let month = u32::from(ten - b'0') * 10 + u32::from(one - b'0');
                (1..=12).contains(&month).then_some((month, month))?
            }
            _ => return None,
        };
        Some(Period { code: code.to_owned(), year, first_month, last_month })
    }

    /// The year that a text names.
    pub fn year(text: &str) -> Option<i32> {
        Period::parse(text).filter(|period| period.code.len() == 4).map(|period| period.year)
    }

    /// The twelve months of a year.
    pub fn months(year: i32) -> Vec<Period> {
        let month = |m| Period { code: format!("{year}-{m:02}"), year, first_month: m, last_month: m };
        (1..=12).map(month).collect()
    }

    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its days in a set of periods.
    pub fn days(&self, set: PeriodSet) -> Range {
        let first = |year: i32, month: u32, day: u32| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        match set {
            PeriodSet::Calendar => {
                let next = if self.last_month == 12 { first(self.year + 1, 1, 1) } else { first(self.year, self.last_month + 1, 1) };
                Range { from: first(self.year, self.first_month, 1), to: next - Days::new(1) }
            }
            PeriodSet::Administrative => {
                let from = if self.first_month == 1 { first(self.year - 1, 12, 15) } else { first(self.year, self.first_month - 1, 15) };
                Range { from, to: first(self.year, self.last_month, 14) }
            }
        }
    }
}

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Range {
    pub fn holds(self, other: Range) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// Number of days.
    pub fn length(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }
}

/// What a report is about: days, and how they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The period's code, or both dates as `2022-01-01/2022-03-31`.
    pub name: String,
    pub days: Range,
    pub set: PeriodSet,
}

impl Span {
    pub fn of(period: &Period, set: PeriodSet) -> Span {
        Span { name: period.code.clone(), days: period.days(set), set }
    }

    pub fn between(from: NaiveDate, to: NaiveDate, set: PeriodSet) -> Span {
        let days = Range { from, to };
        Span { name: days.to_string(), days, set }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |d: NaiveDate| format!("{:04}-{:02}-{:02}", d.year(), d.month(), d.day());
        write!(f, "{}/{}", day(self.from), day(self.to))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_sets_of_every_kind() {
        let cases = [
            ("2022", "2021-12-15/2022-12-14", "2022-01-01/2022-12-31"),
            ("2022H1", "2021-12-15/2022-06-14", "2022-01-01/2022-06-30"),
            ("2022H2", "2022-06-15/2022-12-14", "2022-07-01/2022-12-31"),
            ("2022Q1", "2021-12-15/2022-03-14", "2022-01-01/2022-03-31"),
            ("2022Q2", "2022-03-15/2022-06-14", "2022-04-01/2022-06-30"),
            ("2022Q4", "2022-09-15/2022-12-14", "2022-10-01/2022-12-31"),
            ("2022-9M", "2021-12-15/2022-09-14", "2022-01-01/2022-09-30"),
            ("2022-01", "2021-12-15/2022-01-14", "2022-01-01/2022-01-31"),
            ("2022-04", "2022-03-15/2022-04-14", "2022-04-01/2022-04-30"),
            ("2024-02", "2024-01-15/2024-02-14", "2024-02-01/2024-02-29"),
            ("2022-12", "2022-11-15/2022-12-14", "2022-12-01/2022-12-31"),
        ];
        for (code, administrative, calendar) in cases {
            let period = Period::parse(code).unwrap();
            assert_eq!(period.days(PeriodSet::Administrative).to_string(), administrative, "{code}");
            assert_eq!(period.days(PeriodSet::Calendar).to_string(), calendar, "{code}");
        }
    }

    #[test]
    fn nothing_else_is_a_period() {
        let wrong = [
            "",
            "22",
            "2022Q0",
            "2022Q5",
            "2022H3",
            "2022-00",
            "2022-13",
            "2022-4",
            "2022-6M",
            "2022q1",
            "2022 ",
            "+202",
            "1900",
            "2201",
            "9999",
            "2022-04-01",
            "năm 2022",
            "2022١",
        ];
        for code in wrong {
            assert_eq!(Period::parse(code), None, "{code}");
        }
    }

    #[test]
    fn the_contract_tells_exactly_the_codes_that_are_known() {
        let schema = serde_json::to_value(PeriodCode::schema()).unwrap();
        let told = jsonschema::validator_for(&schema).unwrap();
        for year in 0..=9999 {
            for part in ["", "H1", "H2", "H3", "Q1", "Q4", "Q5", "-00", "-01", "-09", "-10", "-12", "-13", "-9M", "-6M", "X"] {
                let code = format!("{year:04}{part}");
                assert_eq!(told.is_valid(&code.as_str().into()), Period::parse(&code).is_some(), "{code}");
            }
        }
    }

    #[test]
    fn the_months_of_a_year_cover_it_without_gap_or_overlap() {
        for set in [PeriodSet::Administrative, PeriodSet::Calendar] {
            let year = Period::parse("2022").unwrap().days(set);
            let months: Vec<Range> = Period::months(2022).iter().map(|month| month.days(set)).collect();
            assert_eq!((months[0].from, months[11].to), (year.from, year.to));
            assert!(months.windows(2).all(|pair| pair[0].to + Days::new(1) == pair[1].from));
            assert_eq!(months.iter().map(|m| m.length()).sum::<i64>(), year.length());
            assert!(months.iter().all(|m| year.holds(*m)));
        }
    }
}
