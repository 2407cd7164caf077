//! What one may be reminded of, in order of urgency, and in words. Pure.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::Text;

/// What a reminder is about, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// A task whose last day has passed.
    TaskOverdue,
    /// A report that should have been handed in.
    ReportOverdue,
    /// A consulted agency that stays silent is to be reported.
    ConsultationEscalation,
    /// An explanation whose last day has passed.
    ExplanationOverdue,
    /// The director is asked to decide on an obstacle.
    ObstacleAwaitingDecision,
    /// An extension waits for its decision.
    ExtensionAwaitingDecision,
    /// An obstacle waits for the office.
    ObstacleAwaitingAnswer,
    /// A consulted agency is to be reminded in writing.
    ConsultationReminder,
    /// A task that was handed in waits to be confirmed.
    TaskAwaitingConfirmation,
    /// A task came back.
    TaskReturned,
    /// An explanation is owed.
    ExplanationOwed,
    TaskDueSoon,
    ReportDueSoon,
}

impl ReminderKind {
    pub const ALL: [ReminderKind; 13] = [
        ReminderKind::TaskOverdue,
        ReminderKind::ReportOverdue,
        ReminderKind::ConsultationEscalation,
        ReminderKind::ExplanationOverdue,
        ReminderKind::ObstacleAwaitingDecision,
        ReminderKind::ExtensionAwaitingDecision,
        ReminderKind::ObstacleAwaitingAnswer,
        ReminderKind::ConsultationReminder,
        ReminderKind::TaskAwaitingConfirmation,
        ReminderKind::TaskReturned,
        ReminderKind::ExplanationOwed,
        ReminderKind::TaskDueSoon,
        ReminderKind::ReportDueSoon,
    ];
    pub const NAMES: &[&str] = &[
        "task_overdue",
        "report_overdue",
        "consultation_escalation",
        "explanation_overdue",
        "obstacle_awaiting_decision",
        "extension_awaiting_decision",
        "obstacle_awaiting_answer",
        "consultation_reminder",
        "task_awaiting_confirmation",
        "task_returned",
        "explanation_owed",
        "task_due_soon",
        "report_due_soon",
    ];

    /// Place in the order of urgency, from 0.
    pub fn rank(self) -> i32 {
        self as i32
    }

    pub fn ranked(rank: i32) -> Option<ReminderKind> {
        ReminderKind::ALL.get(usize::try_from(rank).ok()?).copied()
    }

    pub fn named(name: &str) -> Option<ReminderKind> {
        ReminderKind::NAMES.iter().position(|known| *known == name).map(|at| ReminderKind::ALL[at])
    }

    /// The heading over reminders of this kind.
    pub fn heading(self) -> Text {
        let (vi, en) = match self {
            ReminderKind::TaskOverdue => ("Nhiệm vụ quá hạn", "Tasks overdue"),
            ReminderKind::ReportOverdue => ("Báo cáo quá hạn", "Reports overdue"),
            ReminderKind::ConsultationEscalation => ("Lấy ý kiến: phải báo cáo cấp trên", "Consultations to be reported above"),
            ReminderKind::ExplanationOverdue => ("Giải trình quá hạn", "Explanations overdue"),
            ReminderKind::ObstacleAwaitingDecision => ("Vướng mắc chờ Giám đốc quyết định", "Obstacles awaiting the director's decision"),
            ReminderKind::ExtensionAwaitingDecision => ("Đề nghị gia hạn chờ quyết định", "Extensions awaiting a decision"),
            ReminderKind::ObstacleAwaitingAnswer => ("Vướng mắc chờ Văn phòng trả lời", "Obstacles awaiting the office's answer"),
            ReminderKind::ConsultationReminder => ("Lấy ý kiến: phải đôn đốc", "Consultations to be reminded of"),
            ReminderKind::TaskAwaitingConfirmation => ("Nhiệm vụ chờ xác nhận hoàn thành", "Tasks awaiting confirmation"),
            ReminderKind::TaskReturned => ("Nhiệm vụ bị trả lại", "Tasks returned"),
            ReminderKind::ExplanationOwed => ("Phải giải trình", "Explanations owed"),
            ReminderKind::TaskDueSoon => ("Nhiệm vụ sắp đến hạn", "Tasks due soon"),
            ReminderKind::ReportDueSoon => ("Báo cáo sắp đến hạn", "Reports due soon"),
        };
        Text::new(vi, en)
    }

    /// What is to be done, for the person reminded.
    pub fn text(self, code: &str, title: &str, day: NaiveDate) -> Text {
        let day = day.format("%d/%m/%Y");
        match self {
            ReminderKind::TaskOverdue => {
                Text::new(format!("Nhiệm vụ {code} đã quá hạn ngày {day}: {title}"), format!("Task {code} was due on {day}: {title}"))
            }
            ReminderKind::ReportOverdue => Text::new(
                format!("Báo cáo {code} phải nộp ngày {day}, chưa nộp: {title}"),
                format!("Report {code} was due on {day} and is not there: {title}"),
            ),
            ReminderKind::ConsultationEscalation => Text::new(
                format!("Hồ sơ {code}: {title} chưa trả lời (hạn {day}), phải báo cáo Ủy ban nhân dân tỉnh."),
                format!("Dossier {code}: {title} is silent (answer due {day}); report to the provincial committee."),
            ),
            ReminderKind::ExplanationOverdue => {
                Text::new(format!("{title}: chưa nộp giải trình, hạn {day}."), format!("{title}: explanations were due on {day}."))
            }
            ReminderKind::ObstacleAwaitingDecision => Text::new(
                format!("Vướng mắc {code} chờ Giám đốc quyết định từ {day}: {title}"),
                format!("Obstacle {code} awaits the director's decision since {day}: {title}"),
            ),
            ReminderKind::ExtensionAwaitingDecision => Text::new(
                format!("Nhiệm vụ {code} đề nghị gia hạn đến {day}: {title}"),
                format!("Task {code} asks for time until {day}: {title}"),
            ),
            ReminderKind::ObstacleAwaitingAnswer => Text::new(
                format!("Vướng mắc {code} chờ Văn phòng trả lời từ {day}: {title}"),
                format!("Obstacle {code} awaits the office's answer since {day}: {title}"),
            ),
            ReminderKind::ConsultationReminder => Text::new(
                format!("Hồ sơ {code}: {title} quá hạn trả lời {day}, gửi văn bản đôn đốc."),
                format!("Dossier {code}: {title} should have answered by {day}; remind it in writing."),
            ),
            ReminderKind::TaskAwaitingConfirmation => Text::new(
                format!("Nhiệm vụ {code} đã nộp kết quả ngày {day}, chờ xác nhận: {title}"),
                format!("Task {code} was handed in on {day} and awaits confirmation: {title}"),
            ),
            ReminderKind::TaskReturned => {
                Text::new(format!("Nhiệm vụ {code} bị trả lại ngày {day}: {title}"), format!("Task {code} was returned on {day}: {title}"))
            }
            ReminderKind::ExplanationOwed => {
                Text::new(format!("{title}: nộp giải trình trước hết ngày {day}."), format!("{title}: hand in explanations by {day}."))
            }
            ReminderKind::TaskDueSoon => {
                Text::new(format!("Nhiệm vụ {code} đến hạn ngày {day}: {title}"), format!("Task {code} is due on {day}: {title}"))
            }
            ReminderKind::ReportDueSoon => {
                Text::new(format!("Báo cáo {code} phải nộp ngày {day}: {title}"), format!("Report {code} is due on {day}: {title}"))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ranks_names_and_kinds_agree() {
        for (at, kind) in ReminderKind::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(kind.rank()).unwrap(), at);
            assert_eq!((ReminderKind::ranked(kind.rank()), ReminderKind::named(ReminderKind::NAMES[at])), (Some(kind), Some(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), ReminderKind::NAMES[at]);
        }
        assert_eq!((ReminderKind::ranked(-1), ReminderKind::ranked(13), ReminderKind::named("x")), (None, None, None));
    }
}
