//! Reporting periods (rules of counting §6). Pure.

use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};
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

    pub fn name(self) -> &'static str {
        PeriodSet::NAMES[self as usize]
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

    fn of(year: i32, first_month: u32, months: u32) -> Option<Period> {
        let code = match (months, first_month) {
            (12, _) => format!("{year:04}"),
            (9, _) => format!("{year:04}-9M"),
            (6, first) => format!("{year:04}H{}", first.div_ceil(6)),
            (3, first) => format!("{year:04}Q{}", first.div_ceil(3)),
            (_, first) => format!("{year:04}-{first:02}"),
        };
        YEARS.contains(&year).then(|| Period { code, year, first_month, last_month: first_month + months - 1 })
    }

    fn length_in_months(&self) -> u32 {
        self.last_month + 1 - self.first_month
    }

    /// The period of so many months (1, 3, 6 or 12) in which a day lies.
    pub fn around(day: NaiveDate, months: u32, set: PeriodSet) -> Option<Period> {
        // From the 15th on a day is of the next administrative month.
        let ahead = u32::from(set == PeriodSet::Administrative && day.day() >= 15);
        let month = day.month0() + ahead;
        let (year, month) = (day.year() + i32::from(month == 12), month % 12);
        Period::of(year, month / months * months + 1, months)
    }

    /// The one of the same length right before it. Nine months have none but those of the year before.
    pub fn before(&self) -> Option<Period> {
        let months = self.length_in_months();
        if self.first_month > months { Period::of(self.year, self.first_month - months, months) } else { self.last_of_the_year_before() }
    }

    fn last_of_the_year_before(&self) -> Option<Period> {
        let months = self.length_in_months();
        Period::of(self.year - 1, if months == 9 { 1 } else { 13 - months }, months)
    }

    /// The same one a year before.
    pub fn year_before(&self) -> Option<Period> {
        Period::of(self.year - 1, self.first_month, self.length_in_months())
    }

    /// The month with a code; `None` for anything longer.
    pub fn month(code: &str) -> Option<Period> {
        Period::parse(code).filter(|period| period.first_month == period.last_month)
    }

    /// The month so many months after (before, if negative) the first one of this period.
    pub fn month_after(&self, months: i32) -> Period {
        let count = self.year * 12 + self.first_month as i32 - 1 + months;
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) as u32 + 1);
        Period { code: format!("{year:04}-{month:02}"), year, first_month: month, last_month: month }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// A period by what it is today. Closed: these are all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relative {
    /// The period of so many months that is so many before the running one.
    One { months: u32, back: u32 },
    /// The twelve months that are over.
    LastTwelveMonths,
    /// Each of the other periods asked for, a year before.
    SameLastYear,
}

impl Relative {
    pub const NAMES: &[(&str, Relative)] = &[
        ("this_month", Relative::One { months: 1, back: 0 }),
        ("last_month", Relative::One { months: 1, back: 1 }),
        ("this_quarter", Relative::One { months: 3, back: 0 }),
        ("last_quarter", Relative::One { months: 3, back: 1 }),
        ("this_half", Relative::One { months: 6, back: 0 }),
        ("last_half", Relative::One { months: 6, back: 1 }),
        ("this_year", Relative::One { months: 12, back: 0 }),
        ("last_year", Relative::One { months: 12, back: 1 }),
        ("last_12_months", Relative::LastTwelveMonths),
        ("same_period_last_year", Relative::SameLastYear),
    ];

    pub fn named(name: &str) -> Option<Relative> {
        Relative::NAMES.iter().find(|(known, _)| *known == name).map(|(_, relative)| *relative)
    }

    /// What it is today, the earliest first; `others` are the periods asked for beside it.
    pub fn on(self, today: NaiveDate, set: PeriodSet, others: &[Period]) -> Vec<Period> {
        let back = |months: u32, back: u32| {
            let running = Period::around(today, months, set);
            (0..back).fold(running, |period, _| period.and_then(|p| p.before()))
        };
        match self {
            Relative::One { months, back: n } => back(months, n).into_iter().collect(),
            Relative::LastTwelveMonths => (1..=12).rev().filter_map(|n| back(1, n)).collect(),
            Relative::SameLastYear => others.iter().filter_map(Period::year_before).collect(),
        }
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

    /// The same period, cut another way; days stay as they are.
    pub fn cut(&self, set: PeriodSet) -> Span {
        Period::parse(&self.name).map_or_else(|| self.clone(), |period| Span::of(&period, set))
    }

    /// The one right before it: the period of the same kind, or as many days.
    pub fn before(&self) -> Option<Span> {
        match Period::parse(&self.name) {
            Some(period) => Some(Span::of(&period.before()?, self.set)),
            None => {
                let to = self.days.from.pred_opt()?;
                let from = to.checked_sub_days(Days::new(u64::try_from(self.days.length() - 1).ok()?))?;
                Some(Span::between(from, to, self.set))
            }
        }
    }

    /// The same a year before; the 29th of February is the 28th.
    pub fn year_before(&self) -> Option<Span> {
        match Period::parse(&self.name) {
            Some(period) => Some(Span::of(&period.year_before()?, self.set)),
            None => {
                let back = |day: NaiveDate| day.checked_sub_months(Months::new(12));
                Some(Span::between(back(self.days.from)?, back(self.days.to)?, self.set))
            }
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |d: NaiveDate| format!("{:04}-{:02}-{:02}", d.year(), d.month(), d.day());
        write!(f, "{}/{}", day(self.from), day(self.to))
    }
}

#[cfg(test)]
mod tests;
