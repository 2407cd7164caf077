//! What there is to do, in order of urgency, and in words. Pure.

use chrono::NaiveDate;

use crate::text::Text;

crate::dossiers::model::words! {
    /// One thing to do about a dossier, the most urgent first.
    Todo {
        Apology "apology", Escalation "escalation", ApologyRunsOut "apology_runs_out", DueToday "due_today", Reminder "reminder",
        DueSoon "due_soon", PapersOverdue "papers_overdue", HandOver "hand_over",
    }
}

impl Todo {
    /// Place in the order of urgency, from 0.
    pub fn rank(self) -> usize {
        Todo::ALL.iter().position(|todo| *todo == self).unwrap_or(Todo::ALL.len())
    }

    /// It depends on which days are soon, which only a calendar tells.
    pub fn looks_ahead(self) -> bool {
        matches!(self, Todo::DueSoon | Todo::ApologyRunsOut)
    }

    /// What is to be done and why, for the person at the counter.
    pub fn text(self, day: NaiveDate, today: NaiveDate) -> Text {
        let passed = day < today;
        let day = day.format("%d/%m/%Y");
        let (vi, en) = match self {
            Todo::Apology => (
                format!("Hạn trả {day} đã qua, chưa xin lỗi: gửi phiếu xin lỗi và hẹn lại ngày trả."),
                format!("Was due on {day} and nobody has apologised: send an apology with a new date."),
            ),
            Todo::Escalation => (
                format!("Cơ quan được lấy ý kiến chưa trả lời (hạn {day}): báo cáo Ủy ban nhân dân tỉnh."),
                format!("The consulted agency is silent (asked for an answer by {day}): report to the provincial committee."),
            ),
            Todo::ApologyRunsOut if passed => (
                format!("Đã xin lỗi và hẹn lại ngày {day}, nhưng ngày đó cũng đã qua: giải quyết ngay."),
                format!("An apology promised {day}, and that date has passed, too: finish at once."),
            ),
            Todo::ApologyRunsOut => (
                format!("Đã xin lỗi và hẹn trả ngày {day}: phải giải quyết xong trước khi hết hạn đã hẹn lại."),
                format!("An apology promised {day}: finish before that date is broken, too."),
            ),
            Todo::DueToday => ("Đến hạn trả hôm nay.".to_owned(), "Due today.".to_owned()),
            Todo::Reminder => (
                format!("Cơ quan được lấy ý kiến quá hạn trả lời (hạn {day}): gửi văn bản đôn đốc."),
                format!("The consulted agency should have answered by {day}: remind it in writing."),
            ),
            Todo::DueSoon => (format!("Sắp đến hạn trả: {day}."), format!("Due soon: {day}.")),
            Todo::PapersOverdue => (
                format!("Người nộp chưa bổ sung giấy tờ, hạn bổ sung đã qua ({day}): liên hệ hoặc xử lý theo quy định."),
                format!("The applicant has not brought the papers asked for by {day}: get in touch, or decide."),
            ),
            Todo::HandOver => {
                (format!("Có kết quả từ {day}: trả cho người nộp."), format!("The result is there since {day}: hand it over."))
            }
        };
        Text { vi, en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_urgency_is_that_of_the_names() {
        assert_eq!(Todo::ALL.iter().map(|todo| todo.rank()).collect::<Vec<_>>(), (0..Todo::ALL.len()).collect::<Vec<_>>());
        assert!(Todo::Apology.rank() < Todo::DueToday.rank() && Todo::DueToday.rank() < Todo::HandOver.rank());
    }
}
