//! The register as JSON, and a row of it as cells.

use chrono::NaiveDate;
use sea_orm::DbErr;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::Row;
use crate::calendar::vn_date;
use crate::dossiers::model::{ApplicantKind, Channel, Outcome, Status, Timeliness};
use crate::dossiers::rules::outcome;
use crate::dossiers::view::shown_timeliness;
use crate::http::{At, Day, PageInfo};
use crate::rule_sets::{FormKind, RuleSetView};
use crate::text::Text;

/// The form that the register follows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegisterForm {
    /// Code of the rule set in force at the end of the period; null before the first.
    pub rule_set: Option<String>,
    /// Null where there is no standard form.
    pub number: Option<String>,
    /// As printed, in Vietnamese.
    pub title: String,
    /// The text that the form is issued with.
    pub source: Option<String>,
}

impl RegisterForm {
    pub fn of(set: Option<RuleSetView>) -> RegisterForm {
        let title = || "Sổ theo dõi hồ sơ".to_owned();
        let Some(set) = set else { return RegisterForm { rule_set: None, number: None, title: title(), source: None } };
        let form = set.form(FormKind::Register);
        let number = form.and_then(|f| f.number.as_ref()).map(|n| n.as_str().to_owned());
        RegisterForm {
            title: form.map_or_else(title, |f| f.title.as_str().to_owned()),
            source: number.as_ref().map(|_| set.forms_source.clone()),
            number,
            rule_set: Some(set.code),
        }
    }
}

/// A dossier in the register.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegisterRow {
    /// Number in the register, from 1.
    pub n: u64,
    pub code: String,
    pub procedure: String,
    pub procedure_name: String,
    pub applicant_kind: Option<ApplicantKind>,
    pub applicant_name: Option<String>,
    pub receiving_department: String,
    pub receiving_department_name: String,
    pub resolving_department: String,
    pub resolving_department_name: String,
    pub channel: Channel,
    pub accepted_at: At,
    /// Who accepted it, or else received it: the name of the user or client, or the user name where there is none any more. Null for a
    /// dossier that was loaded as history.
    pub received_by: Option<String>,
    /// The first appointment; null without a limit.
    pub return_on: Option<Day>,
    /// The last date that an apology named instead.
    pub promised_on: Option<Day>,
    pub finished_on: Option<Day>,
    pub returned_at: Option<At>,
    pub return_method: Option<Channel>,
    pub outcome: Outcome,
    pub document_no: Option<String>,
    /// Why it was refused, terminated, withdrawn or voided.
    pub reason: Option<String>,
}

/// A page of the register.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"form": {"rule_set": "nd61-2018", "number": "06", "title": "Sổ theo dõi hồ sơ", "source": "Thông tư số 01/2018/TT-VPCP"},
    "from": "2022-04-01", "to": "2022-04-30", "items": [{"n": 1, "code": "H32.05-220419-0001", "procedure": "2.001610",
        "procedure_name": "Đăng ký thành lập doanh nghiệp tư nhân", "applicant_kind": "citizen", "applicant_name": "Nguyễn Thị Biển",
        "receiving_department": "MC", "receiving_department_name": "Bộ phận Một cửa", "resolving_department": "DKKD",
        "resolving_department_name": "Phòng Đăng ký kinh doanh", "channel": "online", "accepted_at": "2022-04-19T08:30:00+07:00",
        "received_by": "Trần Thị Cửa", "return_on": "2022-04-22", "promised_on": null, "finished_on": "2022-04-27", "returned_at": null, "return_method": null,
        "outcome": "on_time", "document_no": "1234/GCN", "reason": null}],
    "page": {"limit": 50, "next_cursor": null, "total": null, "total_kind": null}}))]
pub struct DossierRegister {
    pub form: RegisterForm,
    pub from: Day,
    pub to: Day,
    /// In order of acceptance.
    pub items: Vec<RegisterRow>,
    pub page: PageInfo,
}

impl RegisterRow {
    /// # Errors
    /// For a stored word that is none.
    pub fn of(n: u64, r: Row, today: NaiveDate) -> Result<RegisterRow, DbErr> {
        let broken = |word: &str| DbErr::Custom(format!("unknown word “{word}” in the database"));
        let channel = |word: &str| Channel::parse(word).ok_or_else(|| broken(word));
        let status = Status::parse(&r.status).ok_or_else(|| broken(&r.status))?;
        let stored = r.timeliness.as_deref().map(|t| Timeliness::parse(t).ok_or_else(|| broken(t))).transpose()?;
        let timeliness = shown_timeliness(status, stored, r.due_on, today);
        Ok(RegisterRow {
            n,
            code: r.code,
            procedure: r.procedure,
            procedure_name: r.procedure_name,
            applicant_kind: r.applicant_kind.as_deref().map(|k| ApplicantKind::parse(k).ok_or_else(|| broken(k))).transpose()?,
            applicant_name: r.applicant_name,
            receiving_department: r.receiving,
            receiving_department_name: r.receiving_name,
            resolving_department: r.resolving,
            resolving_department_name: r.resolving_name,
            channel: channel(&r.channel)?,
            accepted_at: At(r.received_at),
            received_by: r.received_by,
            return_on: r.first_due_on.map(Day),
            promised_on: r.promised_on.map(Day),
            finished_on: r.finished_on.map(Day),
            returned_at: r.returned_at.map(At),
            return_method: r.return_method.as_deref().map(channel).transpose()?,
            outcome: outcome(status, true, timeliness, r.apologised),
            document_no: r.decision_document_no,
            reason: r.reason,
        })
    }

    /// The cells of the row, one for each of [`COLUMNS`].
    pub fn cells(self) -> Vec<Cell> {
        let day = |day: Option<NaiveDate>| day.map_or(Cell::Empty, Cell::Day);
        let note: Vec<String> =
            self.promised_on.map(|on| format!("Hẹn lại ngày {}", on.0.format("%d/%m/%Y"))).into_iter().chain(self.reason).collect();
        vec![
            Cell::Count(self.n),
            Cell::Text(self.code),
            Cell::Text(format!("{} ({})", self.procedure_name, self.procedure)),
            Cell::Empty,
            Cell::Text(self.applicant_name.unwrap_or_default()),
            Cell::Empty,
            Cell::Text(self.resolving_department_name),
            Cell::Word(channel_words(self.channel)),
            day(Some(vn_date(self.accepted_at.0))),
            Cell::Text(self.received_by.unwrap_or_default()),
            day(self.return_on.map(|d| d.0)),
            day(self.finished_on.map(|d| d.0)),
            day(self.returned_at.map(|at| vn_date(at.0))),
            self.return_method.map_or(Cell::Empty, |m| Cell::Word(channel_words(m))),
            Cell::Word(outcome_words(self.outcome)),
            Cell::Text(self.document_no.unwrap_or_default()),
            Cell::Text(note.join("; ")),
            Cell::Empty,
        ]
    }
}

pub enum Cell {
    Count(u64),
    Text(String),
    Word(Text),
    Day(NaiveDate),
    Empty,
}

/// A column: its heading, its width in characters, and whether it is left to be filled in by hand.
pub struct Column {
    pub vi: &'static str,
    pub en: &'static str,
    pub width: u8,
    pub by_hand: bool,
}

const fn column(vi: &'static str, en: &'static str, width: u8) -> Column {
    Column { vi, en, width, by_hand: false }
}

const fn by_hand(vi: &'static str, en: &'static str, width: u8) -> Column {
    Column { vi, en, width, by_hand: true }
}

pub const COLUMNS: &[Column] = &[
    column("STT", "No.", 6),
    column("Mã hồ sơ", "Code", 21),
    column("Tên thủ tục hành chính", "Procedure", 38),
    by_hand("Số bộ", "Sets", 6),
    column("Chủ hồ sơ", "Applicant", 26),
    by_hand("Địa chỉ, số điện thoại", "Address, phone", 22),
    column("Cơ quan giải quyết", "Resolving department", 24),
    column("Hình thức nộp", "Channel", 12),
    column("Ngày tiếp nhận", "Accepted on", 12),
    column("Người tiếp nhận", "Received by", 18),
    column("Ngày hẹn trả kết quả", "Return date", 12),
    column("Ngày giải quyết xong", "Finished on", 12),
    column("Ngày trả kết quả", "Returned on", 12),
    column("Phương thức nhận kết quả", "Return method", 13),
    column("Kết quả", "Outcome", 16),
    column("Số văn bản kết quả", "Document number", 15),
    column("Ghi chú", "Note", 24),
    by_hand("Ký nhận", "Signature", 12),
];

fn channel_words(channel: Channel) -> Text {
    match channel {
        Channel::Direct => Text::new("Trực tiếp", "Direct"),
        Channel::Online => Text::new("Trực tuyến", "Online"),
        Channel::Postal => Text::new("Bưu chính", "Postal"),
    }
}

fn outcome_words(outcome: Outcome) -> Text {
    match outcome {
        Outcome::Voided => Text::new("Đã hủy", "Voided"),
        Outcome::NotAccepted => Text::new("Không tiếp nhận", "Not accepted"),
        Outcome::Withdrawn => Text::new("Đã rút", "Withdrawn"),
        Outcome::Terminated => Text::new("Dừng giải quyết", "Terminated"),
        Outcome::Refused => Text::new("Từ chối giải quyết", "Refused"),
        Outcome::OnTime => Text::new("Đúng hạn", "On time"),
        Outcome::LateWithApology => Text::new("Quá hạn, có xin lỗi", "Late with apology"),
        Outcome::LateWithoutApology => Text::new("Quá hạn, không xin lỗi", "Late without apology"),
        Outcome::SupplementRequested => Text::new("Chờ bổ sung", "Supplement requested"),
        Outcome::Suspended => Text::new("Tạm dừng", "Suspended"),
        Outcome::OverdueWithApology => Text::new("Đang quá hạn, đã xin lỗi", "Overdue with apology"),
        Outcome::Overdue => Text::new("Đang quá hạn", "Overdue"),
        Outcome::InProgress => Text::new("Đang giải quyết", "In progress"),
        Outcome::Submitted => Text::new("Mới nộp", "Submitted"),
    }
}
