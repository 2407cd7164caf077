//! What a procedure promises: its time limit, and what becomes of it while the applicant is asked for papers.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::Text;

/// The cut-off of a procedure that names none, 15:00 in Vietnam.
pub const DEFAULT_SAME_DAY_CUTOFF: NaiveTime = match NaiveTime::from_hms_opt(15, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// The longest limit taken, in working or calendar days.
pub const MAX_LIMIT_DAYS: u32 = 3_650;

/// The longest limit taken, in working hours.
pub const MAX_LIMIT_HOURS: u32 = 29_200;

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    WorkingDay,
    CalendarDay,
    WorkingHour,
}

impl LimitUnit {
    pub const ALL: &[LimitUnit] = &[LimitUnit::WorkingDay, LimitUnit::CalendarDay, LimitUnit::WorkingHour];

    pub fn name(self) -> &'static str {
        match self {
            LimitUnit::WorkingDay => "working_day",
            LimitUnit::CalendarDay => "calendar_day",
            LimitUnit::WorkingHour => "working_hour",
        }
    }

    pub fn parse(name: &str) -> Option<LimitUnit> {
        LimitUnit::ALL.iter().copied().find(|unit| unit.name() == name)
    }
}

/// The time the law gives, in its unit. 0 means "the same day" and exists for working days only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"value": 3, "unit": "working_day"}))]
pub struct Limit {
    /// At most 3,650 days or 29,200 hours; 0 for working days only, meaning "the same day".
    #[schema(maximum = 2147483647)]
    pub value: u32,
    pub unit: LimitUnit,
}

/// A limit that no procedure can have; see [`Limit::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitOutOfRange(pub Limit);

impl Limit {
    /// # Errors
    /// For 0 calendar days or working hours, and beyond `MAX_LIMIT_DAYS` or `MAX_LIMIT_HOURS`.
    pub fn check(self) -> Result<(), LimitOutOfRange> {
        if self.range().contains(&self.value) { Ok(()) } else { Err(LimitOutOfRange(self)) }
    }

    fn range(self) -> std::ops::RangeInclusive<u32> {
        match self.unit {
            LimitUnit::WorkingDay => 0..=MAX_LIMIT_DAYS,
            LimitUnit::CalendarDay => 1..=MAX_LIMIT_DAYS,
            LimitUnit::WorkingHour => 1..=MAX_LIMIT_HOURS,
        }
    }

    /// As people say it: "3 ngày làm việc", "the same day".
    pub fn words(self) -> Text {
        let value = self.value;
        let many = if value == 1 { "" } else { "s" };
        match self.unit {
            LimitUnit::WorkingDay if value == 0 => Text::new("trong ngày", "the same day"),
            LimitUnit::WorkingDay => Text::new(format!("{value} ngày làm việc"), format!("{value} working day{many}")),
            LimitUnit::CalendarDay => Text::new(format!("{value} ngày"), format!("{value} calendar day{many}")),
            LimitUnit::WorkingHour => Text::new(format!("{value} giờ làm việc"), format!("{value} working hour{many}")),
        }
    }
}

impl LimitOutOfRange {
    pub fn text(self) -> Text {
        let (given, range) = (self.0.words(), self.0.range());
        let (least, most) = (range.start(), range.end());
        Text::new(
            format!("Thời hạn {} không hợp lệ: phải từ {least} đến {most}.", given.vi),
            format!("A limit of {} is not possible: it must be between {least} and {most}.", given.en),
        )
    }
}

/// What a fulfilled supplement request does to the limit. Fee requests and suspensions always pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplementPolicy {
    /// The due date moves by the time waited.
    #[default]
    Pause,
    /// The full limit begins again, if the request came no later than the due date in force.
    Restart,
}

impl SupplementPolicy {
    pub fn name(self) -> &'static str {
        match self {
            SupplementPolicy::Pause => "pause",
            SupplementPolicy::Restart => "restart",
        }
    }

    pub fn parse(name: &str) -> Option<SupplementPolicy> {
        [SupplementPolicy::Pause, SupplementPolicy::Restart].into_iter().find(|policy| policy.name() == name)
    }
}

/// How much of a procedure can be done online. Levels 1–4 were used until 2022; since then a procedure is done
/// online in full, in part, or there is only information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnlineLevel {
    Information,
    Partial,
    Full,
    #[serde(rename = "level_1")]
    Level1,
    #[serde(rename = "level_2")]
    Level2,
    #[serde(rename = "level_3")]
    Level3,
    #[serde(rename = "level_4")]
    Level4,
}

impl OnlineLevel {
    pub const NAMES: &[&str] = &["information", "partial", "full", "level_1", "level_2", "level_3", "level_4"];

    pub fn name(self) -> &'static str {
        OnlineLevel::NAMES[self as usize]
    }

    /// A name, or the bare number of an old level.
    pub fn parse(text: &str) -> Option<OnlineLevel> {
        use OnlineLevel::{Full, Information, Level1, Level2, Level3, Level4, Partial};
        Some(match text {
            "information" => Information,
            "partial" => Partial,
            "full" => Full,
            "level_1" | "1" => Level1,
            "level_2" | "2" => Level2,
            "level_3" | "3" => Level3,
            "level_4" | "4" => Level4,
            _ => return None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_a_range_for_each_unit() {
        for (value, unit, fits) in [
            (0, LimitUnit::WorkingDay, true),
            (0, LimitUnit::CalendarDay, false),
            (0, LimitUnit::WorkingHour, false),
            (3_650, LimitUnit::CalendarDay, true),
            (3_651, LimitUnit::WorkingDay, false),
            (29_200, LimitUnit::WorkingHour, true),
            (29_201, LimitUnit::WorkingHour, false),
            (u32::MAX, LimitUnit::CalendarDay, false),
        ] {
            assert_eq!(Limit { value, unit }.check().is_ok(), fits, "{value} {unit:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for unit in LimitUnit::ALL {
            assert_eq!(LimitUnit::parse(unit.name()), Some(*unit));
            assert_eq!(serde_json::to_value(unit).unwrap(), unit.name());
        }
        for policy in [SupplementPolicy::Pause, SupplementPolicy::Restart] {
            assert_eq!(SupplementPolicy::parse(policy.name()), Some(policy));
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.name());
        }
        for name in OnlineLevel::NAMES {
            let level = OnlineLevel::parse(name).unwrap();
            assert_eq!((level.name(), serde_json::to_value(level).unwrap()), (*name, (*name).into()));
        }
        assert_eq!(OnlineLevel::parse("4"), Some(OnlineLevel::Level4));
        assert_eq!(OnlineLevel::parse("5"), None);
    }
}
