//! What a calendar is: which days work, by date and with a name, and when the office is open.
//!
//! A calendar is a value. Its days are folded into one bitmap per year when it is made, so that asking about a day
//! costs a short search and no allocation. Counting with it is in `rules`.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::Text;

/// What a named day does to the week (rules of counting §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A day that would work, but does not.
    DayOff,
    /// A day that works in place of another, whatever its weekday.
    MakeUp,
}

/// One row of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    pub date: NaiveDate,
    pub kind: DayKind,
    /// For people; shown as it is in either language.
    pub name: String,
}

/// To which day a receipt outside office hours belongs (rules of counting §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffHoursReceipt {
    /// To the next working day.
    #[default]
    NextWorkingDay,
    /// To the same day if it works, however late; otherwise to the next that does.
    SameDay,
}

/// A question was asked about a day of a year for which the base calendar has no row at all (rules of counting §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarMissing {
    pub year: i32,
}

impl CalendarMissing {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        "calendar_missing"
    }

    pub fn text(self) -> Text {
        let year = self.year;
        Text::new(
            format!("Chưa có dữ liệu lịch làm việc của năm {year}, nên không tính được thời hạn."),
            format!("There is no calendar data for the year {year}, so the date cannot be counted."),
        )
    }
}

impl std::fmt::Display for CalendarMissing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no calendar data for the year {}", self.year)
    }
}

impl std::error::Error for CalendarMissing {}

/// The intervals in which the office is open on a working day: opening included, closing not. Never empty, in order,
/// not overlapping; two may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(NaiveTime, NaiveTime)>", into = "Vec<(NaiveTime, NaiveTime)>")]
pub struct OfficeHours(Vec<(NaiveTime, NaiveTime)>);

/// Office hours that are empty, out of order, overlapping, or close before they open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeHoursInvalid;

impl std::fmt::Display for OfficeHoursInvalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("office hours must be one or more intervals in order, each opening before it closes, none overlapping")
    }
}

impl std::error::Error for OfficeHoursInvalid {}

impl OfficeHours {
    /// # Errors
    /// `OfficeHoursInvalid` unless the intervals are as the type says.
    pub fn new(intervals: Vec<(NaiveTime, NaiveTime)>) -> Result<Self, OfficeHoursInvalid> {
        let open_first = intervals.iter().all(|(open, close)| open < close);
        let in_order = intervals.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        if intervals.is_empty() || !open_first || !in_order {
            return Err(OfficeHoursInvalid);
        }
        Ok(Self(intervals))
    }

    /// (opening, closing) of each interval, in order.
    pub fn intervals(&self) -> &[(NaiveTime, NaiveTime)] {
        &self.0
    }

    /// Closing time of the day: the end of the last interval.
    pub fn closing(&self) -> NaiveTime {
        self.0.last().map_or(NaiveTime::MIN, |interval| interval.1)
    }
}

impl Default for OfficeHours {
    /// 07:00–11:30 and 13:30–17:00.
    fn default() -> Self {
        Self(vec![(clock_time(7, 0), clock_time(11, 30)), (clock_time(13, 30), clock_time(17, 0))])
    }
}

impl TryFrom<Vec<(NaiveTime, NaiveTime)>> for OfficeHours {
    type Error = OfficeHoursInvalid;

    fn try_from(intervals: Vec<(NaiveTime, NaiveTime)>) -> Result<Self, Self::Error> {
        Self::new(intervals)
    }
}

impl From<OfficeHours> for Vec<(NaiveTime, NaiveTime)> {
    fn from(hours: OfficeHours) -> Self {
        hours.0
    }
}

const fn clock_time(hour: u32, minute: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, minute, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// The working days of one year; bit n is the n-th day, counted from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Year {
    year: i32,
    works: [u64; 6],
}

impl Year {
    /// Monday to Friday work.
    fn of_weekdays(year: i32) -> Self {
        let mut this = Self { year, works: [0; 6] };
        let mut day = NaiveDate::from_yo_opt(year, 1);
        while let Some(date) = day.filter(|date| date.year() == year) {
            this.set(date, !matches!(date.weekday(), Weekday::Sat | Weekday::Sun));
            day = date.succ_opt();
        }
        this
    }

    fn set(&mut self, date: NaiveDate, works: bool) {
        let bit = date.ordinal0();
        if let Some(word) = self.works.get_mut((bit / 64) as usize) {
            *word = *word & !(1 << (bit % 64)) | u64::from(works) << (bit % 64);
        }
    }

    fn get(&self, date: NaiveDate) -> bool {
        let bit = date.ordinal0();
        self.works.get((bit / 64) as usize).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

/// A calendar as it once was: its own version and that of the base under it, which are one for the base itself. What a
/// dossier was counted with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Edition {
    pub code: String,
    pub version: i32,
    pub base_version: i32,
}

/// A calendar of the office: a base, and over it perhaps the days of one department (rules of counting §1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    edition: Edition,
    base: Vec<Day>,
    overlay: Vec<Day>,
    years: Vec<Year>,
    office_hours: OfficeHours,
    off_hours_receipt: OffHoursReceipt,
}

impl Calendar {
    /// A base calendar with the default office hours and the default for receipts outside them. Days may come in any
    /// order; of two rows for one date the later one counts. The years of these days are the years it can answer for.
    pub fn new(code: impl Into<String>, version: i32, days: impl IntoIterator<Item = Day>) -> Self {
        let base = by_date(days);
        let mut years: Vec<Year> = Vec::new();
        for day in &base {
            if years.last().is_none_or(|last| last.year != day.date.year()) {
                years.push(Year::of_weekdays(day.date.year()));
            }
        }
        let mut this = Self {
            edition: Edition { code: code.into(), version, base_version: version },
            base: Vec::new(),
            overlay: Vec::new(),
            years,
            office_hours: OfficeHours::default(),
            off_hours_receipt: OffHoursReceipt::default(),
        };
        this.mark(&base);
        this.base = base;
        this
    }

    /// Lays the days of a department over the base: for its date such a day wins. It gives no data to a year that the
    /// base does not have. Laid over twice, the days add up.
    #[must_use]
    pub fn with_overlay(mut self, days: impl IntoIterator<Item = Day>) -> Self {
        let mut all = std::mem::take(&mut self.overlay);
        all.extend(days);
        let overlay = by_date(all);
        self.mark(&overlay);
        self.overlay = overlay;
        self
    }

    #[must_use]
    pub fn with_office_hours(mut self, hours: OfficeHours) -> Self {
        self.office_hours = hours;
        self
    }

    #[must_use]
    pub fn with_off_hours_receipt(mut self, receipt: OffHoursReceipt) -> Self {
        self.off_hours_receipt = receipt;
        self
    }

    /// Names the version of the base that the days below are of.
    #[must_use]
    pub fn over(mut self, base_version: i32) -> Self {
        self.edition.base_version = base_version;
        self
    }

    pub fn edition(&self) -> &Edition {
        &self.edition
    }

    pub fn code(&self) -> &str {
        &self.edition.code
    }

    pub fn version(&self) -> i32 {
        self.edition.version
    }

    /// Every date that has a row.
    pub fn named_dates(&self) -> impl Iterator<Item = NaiveDate> {
        self.base.iter().chain(&self.overlay).map(|day| day.date)
    }

    /// The row that decides about a date, if any does.
    pub fn named_day(&self, date: NaiveDate) -> Option<&Day> {
        self.overlay_day(date).or_else(|| self.base_day(date))
    }

    /// The base days, by date.
    pub fn days(&self) -> &[Day] {
        &self.base
    }

    /// The department's days, by date.
    pub fn overlay(&self) -> &[Day] {
        &self.overlay
    }

    /// The years that have data, in order.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.iter().map(|year| year.year)
    }

    pub fn office_hours(&self) -> &OfficeHours {
        &self.office_hours
    }

    pub fn off_hours_receipt(&self) -> OffHoursReceipt {
        self.off_hours_receipt
    }

    /// The base row of a date, if it has one.
    pub fn base_day(&self, date: NaiveDate) -> Option<&Day> {
        find(&self.base, date)
    }

    /// The department's row of a date, if it has one.
    pub fn overlay_day(&self, date: NaiveDate) -> Option<&Day> {
        find(&self.overlay, date)
    }

    /// Whether a day works; `None` when its year has no data.
    pub(super) fn works(&self, date: NaiveDate) -> Option<bool> {
        let at = self.years.binary_search_by_key(&date.year(), |year| year.year).ok()?;
        self.years.get(at).map(|year| year.get(date))
    }

    fn mark(&mut self, days: &[Day]) {
        for day in days {
            let year = self.years.binary_search_by_key(&day.date.year(), |year| year.year);
            if let Some(year) = year.ok().and_then(|at| self.years.get_mut(at)) {
                year.set(day.date, day.kind == DayKind::MakeUp);
            }
        }
    }
}

/// In order of date; of two for one date the later one stays.
fn by_date(days: impl IntoIterator<Item = Day>) -> Vec<Day> {
    let mut days: Vec<Day> = days.into_iter().collect();
    days.reverse();
    days.sort_by_key(|day| day.date);
    days.dedup_by_key(|day| day.date);
    days
}

fn find(days: &[Day], date: NaiveDate) -> Option<&Day> {
    days.binary_search_by_key(&date, |day| day.date).ok().and_then(|at| days.get(at))
}
