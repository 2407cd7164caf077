//! What the work list answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::Todo;
use crate::dossiers::wire::DossierSummary;
use crate::http::Day;

/// One thing to do. A dossier stands here as often as there are things to do about it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"todo": "apology", "day": "2022-06-09", "consultation": null,
    "text": "Hạn trả 09/06/2022 đã qua, chưa xin lỗi: gửi phiếu xin lỗi và hẹn lại ngày trả.",
    "dossier": {"id": "0198c5a0-0000-7000-8000-000000000003", "code": "H32.05-220419-0001", "procedure": "2.001610",
        "receiving_department": "MC", "resolving_department": "DKKD", "channel": "direct",
        "applicant": {"kind": "enterprise", "name": "Công ty TNHH Biển Xanh", "identity_no": null, "phone": null}, "submitted_at": null,
        "accepted_at": "2022-06-06T08:30:00+07:00", "status": "processing", "outcome": "overdue", "timeliness": "overdue",
        "due_on": "2022-06-09", "first_due_on": "2022-06-09", "finished_on": null, "version": 2}}))]
pub struct WorkItem {
    pub todo: Todo,
    /// The day that makes it urgent: the due date, the date promised anew, the last day for an answer or for papers, the
    /// day of the result.
    pub day: Day,
    /// Number of the consultation, for reminders and escalations.
    pub consultation: Option<i16>,
    /// What to do, in the caller's language.
    pub text: String,
    pub dossier: DossierSummary,
}

crate::page_of!(
    /// A page of the work list.
    WorkPage, WorkItem);
