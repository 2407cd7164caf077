//! Bodies of the calendars' operations, and the two values of time that others send and show too.

use std::borrow::Cow;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::model::{DayKind, OffHoursReceipt, OfficeHours};
use super::rules::VN;
use crate::http::{At, Day, Line, ResourceCode};

/// A time of day in Vietnam, `15:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(pub NaiveTime);

impl std::str::FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = |(i, c): (usize, u8)| if i % 3 == 2 { c == b':' } else { c.is_ascii_digit() };
        let format = match text.len() {
            5 => "%H:%M",
            8 => "%H:%M:%S",
            _ => "",
        };
        let time = if text.bytes().enumerate().all(digits) { NaiveTime::parse_from_str(text, format).ok() } else { None };
        // A leap second is no time of day.
        time.filter(|time| time.nanosecond() == 0).map(TimeOfDay).ok_or_else(|| "not a time like 15:00".to_owned())
    }
}

impl std::fmt::Display for TimeOfDay {
    /// With seconds only where there are some.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let format = if self.0.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        write!(f, "{}", self.0.format(format))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for TimeOfDay {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A time of day in Vietnam."))
            .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"))
            .examples([serde_json::json!("15:00")]);
        RefOr::T(Schema::Object(text.build()))
    }
}
impl ToSchema for TimeOfDay {
    fn name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }
}

/// The moment up to which facts count: an instant, or a date meaning its end in Vietnam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf(pub DateTime<Utc>);

impl std::str::FromStr for AsOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(At(at)) = text.parse() {
            return Ok(AsOf(at));
        }
        let wrong = || "not an instant like 2022-04-19T08:30:00+07:00 or a date like 2022-04-19".to_owned();
        let day: Day = text.parse().map_err(|_| wrong())?;
        let next = day.0.checked_add_days(Days::new(1)).and_then(|next| next.and_time(NaiveTime::MIN).and_local_timezone(VN).single());
        next.map(|next| AsOf(next.to_utc() - TimeDelta::microseconds(1))).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for AsOf {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for AsOf {
    fn schema() -> RefOr<Schema> {
        let either = OneOfBuilder::new()
            .item(At::schema())
            .item(Day::schema())
            .description(Some("An instant, or a date meaning its end in Vietnam."))
            .examples([serde_json::json!("2022-06-10"), serde_json::json!("2022-06-10T09:00:00+07:00")]);
        RefOr::T(Schema::OneOf(either.build()))
    }
}
impl ToSchema for AsOf {
    fn name() -> Cow<'static, str> {
        "AsOf".into()
    }
}

/// One stretch in which the office is open: opening included, closing not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"opens": "07:00", "closes": "11:30"}))]
pub struct OfficeHoursInterval {
    pub opens: TimeOfDay,
    pub closes: TimeOfDay,
}

impl From<OfficeHours> for Vec<OfficeHoursInterval> {
    fn from(hours: OfficeHours) -> Self {
        let interval =
            |&(opens, closes): &(NaiveTime, NaiveTime)| OfficeHoursInterval { opens: TimeOfDay(opens), closes: TimeOfDay(closes) };
        hours.intervals().iter().map(interval).collect()
    }
}

/// A calendar as it is put; absent members take their default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "dkkd", "name": "Lịch của Phòng Đăng ký kinh doanh", "department": "DKKD",
    "office_hours": [{"opens": "07:30", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}]}))]
pub struct NewCalendar {
    pub code: ResourceCode,
    pub name: Line,
    /// Code of the department that it belongs to, which never changes; only the base `vn` has none.
    #[serde(default)]
    pub department: Option<ResourceCode>,
    /// In order, not overlapping; 07:00–11:30 and 13:30–17:00 by default.
    #[serde(default = "usual_hours")]
    pub office_hours: Vec<OfficeHoursInterval>,
    #[serde(default)]
    pub off_hours_receipt: OffHoursReceipt,
}

fn usual_hours() -> Vec<OfficeHoursInterval> {
    OfficeHours::default().into()
}

/// A calendar.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"code": "vn", "name": "Lịch làm việc của cơ quan nhà nước", "department": null, "base": null,
    "office_hours": [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}],
    "off_hours_receipt": "next_working_day", "years": [2021, 2022, 2023, 2024, 2025, 2026, 2027], "version": 1}))]
pub struct CalendarView {
    pub code: String,
    pub name: String,
    /// Code of the department that it belongs to, with all below that have none of their own; null for the base.
    pub department: Option<String>,
    /// Code of the calendar that it lies over; null for the base.
    pub base: Option<String>,
    /// When the office is open on a working day. A receipt at or after the last closing time belongs to a later day.
    pub office_hours: Vec<OfficeHoursInterval>,
    /// To which day a receipt outside office hours belongs.
    pub off_hours_receipt: OffHoursReceipt,
    /// Years that this calendar has days of. In a year that the base has none of, nothing can be counted.
    pub years: Vec<i32>,
    pub version: i32,
}

/// What a day of a calendar is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "day_off", "name": "Nghỉ tránh bão"}))]
pub struct NewCalendarDay {
    pub kind: DayKind,
    /// Why, for people.
    pub name: Line,
}

/// A day that differs from the week, which works Monday to Friday.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2024-05-04", "kind": "make_up", "name": "Works for 29 April"}))]
pub struct CalendarDay {
    pub on: Day,
    pub kind: DayKind,
    /// Why, as it is in either language.
    pub name: String,
}

crate::page_of!(
    /// A page of calendars.
    CalendarPage, CalendarView);

crate::page_of!(
    /// A page of a calendar's days.
    CalendarDayPage, CalendarDay);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_form() {
        for (text, shown) in [("15:00", "15:00"), ("07:30:00", "07:30"), ("16:59:59", "16:59:59"), ("00:00", "00:00")] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), shown);
        }
        for wrong in ["", "7:30", "24:00", "15:60", "15.00", "15:00:60", "15h00", "15:00:0", "+5:00", " 5:00", "15:00Z"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bare_date_means_its_end() {
        let at = |text: &str| text.parse::<AsOf>().map(|AsOf(at)| At(at).text());
        assert_eq!(at("2022-06-10").unwrap(), "2022-06-10T23:59:59.999999+07:00");
        assert_eq!(at("2022-06-09T23:30:00Z").unwrap(), "2022-06-10T06:30:00+07:00");
        assert!(at("2022-02-30").is_err() && at("").is_err() && at("now").is_err());
    }
}
