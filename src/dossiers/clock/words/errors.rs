//! The errors in words.

use super::super::ClockError;
use super::spelling::{instant_en, instant_vi};
use crate::calendar::{CalendarMissing, rules};
use crate::procedures::LimitOutOfRange;
use crate::text::Text;

pub(in super::super) fn error(error: ClockError) -> Text {
    match error {
        ClockError::CalendarMissing { year } => CalendarMissing { year }.text(),
        ClockError::OverlappingPauses { from } => Text::new(
            format!("Lần tạm dừng bắt đầu lúc {} chồng lên một lần tạm dừng khác.", instant_vi(rules::vn_local(from))),
            format!("The pause that began at {} overlaps another one.", instant_en(rules::vn_local(from))),
        ),
        ClockError::PauseBeforeAcceptance { from } => Text::new(
            format!("Lần tạm dừng bắt đầu lúc {} là trước khi hồ sơ được tiếp nhận.", instant_vi(rules::vn_local(from))),
            format!("The pause that began at {} is earlier than the acceptance.", instant_en(rules::vn_local(from))),
        ),
        ClockError::PauseEndsBeforeItBegins { from, to } => {
            let (from, to) = (rules::vn_local(from), rules::vn_local(to));
            Text::new(
                format!("Lần tạm dừng bắt đầu lúc {} lại kết thúc lúc {}.", instant_vi(from), instant_vi(to)),
                format!("The pause that began at {} ended before that, at {}.", instant_en(from), instant_en(to)),
            )
        }
        ClockError::LimitOutOfRange { limit } => LimitOutOfRange(limit).text(),
    }
}
