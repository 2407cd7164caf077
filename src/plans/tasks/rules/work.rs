//! What giving, answering and giving up a task must fulfil, and what an event makes of it. Pure.

use chrono::NaiveDate;

use crate::calendar::{Calendar, rules::add_wd};
use crate::error::{Code, Fault};
use crate::plans::tasks::wire::{NewEvent, Proof};

/// The last day in time after an event: the one given, or so many working days later.
///
/// # Errors
/// Every fault.
pub fn due_after(event: &NewEvent, today: NaiveDate, calendar: &Calendar) -> Result<NaiveDate, Vec<Fault>> {
    let mut faults = Vec::new();
    let on = event.occurred_on.0;
    if on > today {
        faults.push(Fault::plain(Code::DateInFuture, "/occurred_on"));
    }
    let due = match (event.due_on, event.working_days) {
        (Some(due), None) if due.0 < on => {
            faults.push(Fault::new(
                Code::DatesBackwards,
                "/due_on",
                "Hạn trước ngày xảy ra sự kiện.",
                "The due date lies before the event.",
            ));
            None
        }
        (Some(due), None) => Some(due.0),
        (None, Some(days)) => match add_wd(calendar, on, u32::from(days)) {
            Ok(due) => Some(due),
            Err(missing) => {
                faults.push(Fault { code: Code::CalendarMissing, pointer: "/working_days".into(), detail: missing.text() });
                None
            }
        },
        _ => {
            faults.push(Fault::new(
                Code::BadSchedule,
                "/due_on",
                "Nhập due_on, hoặc working_days, và chỉ một trong hai.",
                "Give due_on or working_days, and only one of them.",
            ));
            None
        }
    };
    match (due, faults.is_empty()) {
        (Some(due), true) => Ok(due),
        _ => Err(faults),
    }
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Pdf,
    Png,
    Jpeg,
    Docx,
    Xlsx,
}

impl FileKind {
    pub const ALL: [FileKind; 5] = [FileKind::Pdf, FileKind::Png, FileKind::Jpeg, FileKind::Docx, FileKind::Xlsx];

    pub fn media_type(self) -> &'static str {
        match self {
            FileKind::Pdf => "application/pdf",
            FileKind::Png => "image/png",
            FileKind::Jpeg => "image/jpeg",
            FileKind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            FileKind::Xlsx => crate::http::table::XLSX,
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            FileKind::Pdf => "pdf",
            FileKind::Png => "png",
            FileKind::Jpeg => "jpg",
            FileKind::Docx => "docx",
            FileKind::Xlsx => "xlsx",
        }
    }

    pub fn of(bytes: &[u8]) -> Option<FileKind> {
        let begins = |mark: &[u8]| bytes.starts_with(mark);
        if begins(b"%PDF-") {
            Some(FileKind::Pdf)
        } else if begins(b"\x89PNG\r\n\x1a\n") {
            Some(FileKind::Png)
        } else if begins(b"\xff\xd8\xff") {
            Some(FileKind::Jpeg)
        } else if begins(b"PK\x03\x04") {
            // Names in a package are not packed.
            let holds = |name: &[u8]| bytes.windows(name.len()).any(|w| w == name);
            if holds(b"word/document.xml") {
                Some(FileKind::Docx)
            } else if holds(b"xl/workbook.xml") {
                Some(FileKind::Xlsx)
            } else {
                None
            }
        } else {
            None
        }
    }
}

/// Every fault of a document that is to show work.
pub fn evidence_faults(proof: &Proof, today: NaiveDate) -> Vec<Fault> {
    let faults = super::proof_faults(std::slice::from_ref(proof), today);
    // Here it stands alone.
    let alone = |mut fault: Fault| {
        let rest = fault.pointer.strip_prefix("/evidence/0").map(str::to_owned);
        if let Some(rest) = rest {
            fault.pointer = rest.into();
        }
        fault
    };
    faults.into_iter().map(alone).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::calendar::{Day, DayKind};
    use serde_json::json;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn an_event_sets_the_due_date_by_a_day_or_by_working_days() {
        let off = ["2022-01-31", "2022-02-01", "2022-02-02", "2022-02-03", "2022-02-04"];
        let rows = off.map(|date| Day { date: day(date), kind: DayKind::DayOff, name: "Tết".into() });
        let calendar = Calendar::new("vn", 1, rows);
        let cases = [
            (json!({"occurred_on": "2022-01-28", "working_days": 2}), Ok("2022-02-08")),
            (json!({"occurred_on": "2022-01-28", "working_days": 0}), Ok("2022-01-28")),
            (json!({"occurred_on": "2022-01-28", "due_on": "2022-02-05"}), Ok("2022-02-05")),
            (json!({"occurred_on": "2022-01-28", "due_on": "2022-01-27"}), Err(vec![Code::DatesBackwards])),
            (json!({"occurred_on": "2022-06-02"}), Err(vec![Code::DateInFuture, Code::BadSchedule])),
            (json!({"occurred_on": "2022-01-28", "due_on": "2022-02-05", "working_days": 2}), Err(vec![Code::BadSchedule])),
            (json!({"occurred_on": "2021-12-31", "working_days": 200}), Ok("2022-10-14")),
            (json!({"occurred_on": "2022-06-01", "working_days": 365}), Err(vec![Code::CalendarMissing])),
        ];
        for (body, expected) in cases {
            let event: NewEvent = serde_json::from_value(body.clone()).unwrap();
            let found = due_after(&event, day("2022-06-01"), &calendar);
            let found = found.map_err(|faults| faults.iter().map(|f| f.code).collect::<Vec<_>>());
            assert_eq!(found, expected.map(day), "{body}");
        }
    }

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        for (bytes, kind) in [
            (b"%PDF-1.7".as_slice(), Some(FileKind::Pdf)),
            (b"\x89PNG\r\n\x1a\n....", Some(FileKind::Png)),
            (b"\xff\xd8\xff\xe0", Some(FileKind::Jpeg)),
            (b"PK\x03\x04..word/document.xml..", Some(FileKind::Docx)),
            (b"PK\x03\x04..xl/workbook.xml..", Some(FileKind::Xlsx)),
            (b"PK\x03\x04..evil.exe", None),
            (b"MZ", None),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(FileKind::of(bytes), kind);
        }
    }
}
