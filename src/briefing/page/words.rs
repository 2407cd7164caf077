//! How the page calls things. It is Vietnamese.

use crate::explanations::OwedState;
use crate::http::Day;
use crate::kpi::Comparator;
use crate::plans::TaskState;

/// 19/04/2022.
pub fn day(day: Day) -> String {
    day.0.format("%d/%m/%Y").to_string()
}

pub fn task_state(state: TaskState) -> &'static str {
    match state {
        TaskState::NotStarted => "Chưa thực hiện",
        TaskState::InProgress => "Đang thực hiện",
        TaskState::DueSoon => "Sắp đến hạn",
        TaskState::Overdue => "Quá hạn",
        TaskState::DoneOnTime => "Hoàn thành đúng hạn",
        TaskState::DoneLate => "Hoàn thành quá hạn",
        TaskState::HandedIn => "Đã nộp, chờ xác nhận",
        TaskState::Returned => "Bị trả lại",
        TaskState::Cancelled => "Đã hủy",
        TaskState::NotApplicable => "Không áp dụng",
    }
}

pub fn owed_state(state: OwedState) -> &'static str {
    match state {
        OwedState::Owed => "Chưa giải trình",
        OwedState::Draft => "Đang soạn giải trình",
        OwedState::HandedIn => "Đã nộp giải trình",
        OwedState::Returned => "Giải trình bị trả lại",
        OwedState::Accepted => "Giải trình được chấp nhận",
    }
}

pub fn comparator(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::AtLeast => "≥",
        Comparator::AtMost => "≤",
        Comparator::Equal => "=",
    }
}
