//! What a document in the register must fulfil, and what becomes of a row. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

use super::wire::{Direction, DocumentView, NewDocument, Secrecy};
use crate::auth::Reach;
use crate::calendar::vn_date;
use crate::departments;
use crate::error::{Code, Fault};
use crate::http::bulk::Strategy;
use crate::http::values::fold;
use crate::http::{Line, Prose, ResourceCode};

/// What rows are judged against; read once a load.
pub struct Known {
    pub departments: HashMap<String, departments::Known>,
    /// The agency on top, where there is one only.
    pub top: Option<String>,
    pub kinds: HashSet<String>,
    /// Where the caller may register.
    pub writes: Reach,
    /// Where the caller may see what is not for all.
    pub secrets: Reach,
    pub now: DateTime<Utc>,
}

impl Known {
    /// Whether the caller may register what belongs to a department, or to none yet.
    pub fn reaches(&self, department: Option<&str>, secret: bool) -> bool {
        let covers = |reach: &Reach| match department.and_then(|code| self.departments.get(code)) {
            Some(department) => reach.covers(department.id),
            None => *reach == Reach::All,
        };
        covers(&self.writes) && (!secret || covers(&self.secrets))
    }
}

/// A number in its book: what no two documents share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub agency: String,
    pub direction: &'static str,
    pub book: String,
    pub year: i32,
    pub number: String,
}

/// The day that a document stands in the book at.
fn registered_on(row: &NewDocument) -> NaiveDate {
    row.arrived_on.unwrap_or(row.issued_on).0
}

/// Where a row stands; none without an agency.
pub fn place(row: &NewDocument, known: &Known) -> Option<Place> {
    let agency = row.agency.as_ref().map(|a| a.as_str().to_owned()).or_else(|| known.top.clone())?;
    let year = row.year.unwrap_or_else(|| registered_on(row).year());
    Some(Place { agency, direction: row.direction.name(), book: row.book.to_string(), year, number: trimmed(&row.number) })
}

/// The code that a row has when it brings none; none where it would be too long.
pub fn made_code(place: &Place) -> Option<ResourceCode> {
    let number: String = fold(&place.number).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    ResourceCode::parse(&format!("{}-{}-{}-{}-{number}", place.agency, place.direction, place.book, place.year))
}

fn trimmed(line: &Line) -> String {
    line.as_str().trim().to_owned()
}

/// Blank text is missing text.
fn some(line: &Option<Line>) -> Option<String> {
    line.as_ref().filter(|l| !l.is_blank()).map(trimmed)
}

/// What stands in the way of a row: the document with its code, and the code of the one that has its number.
#[derive(Clone, Copy, Default)]
pub struct Before<'a> {
    pub same_code: Option<&'a DocumentView>,
    pub holder: Option<&'a str>,
}

pub enum Decided {
    Unchanged(String),
    /// To be written.
    Write(Box<DocumentView>),
    Rejected(Vec<Fault>),
}

/// What becomes of a row whose code and place are known. `given` says that the row brought its code along.
pub fn decide(row: &NewDocument, code: &str, given: bool, place: &Place, before: Before<'_>, known: &Known, strategy: Strategy) -> Decided {
    let old = before.same_code;
    let mut faults = faults(row, place, known);
    faults.extend(strategy.fault(old.is_some()));
    let reached = known.reaches(row.department.as_ref().map(ResourceCode::as_str), row.secrecy != Secrecy::Normal);
    let held = old.is_none_or(|old| known.reaches(old.department.as_deref(), old.is_secret()));
    if !reached || !held {
        faults.push(Fault::plain(Code::NotPermitted, "/department"));
    }
    if before.holder.is_some_and(|holder| holder != code) {
        faults.push(Fault::plain(Code::NumberTaken, "/number"));
    } else if let Some(old) = old.filter(|_| !given)
        && old.number != place.number
    {
        // Two numbers that differ only in what a code cannot hold.
        let (vi, en) = ("Mã tự lập trùng với văn bản khác, hãy gửi kèm mã.", "The code made for it is another document's: send one along.");
        faults.push(Fault::new(Code::Exists, "/code", vi, en));
    }
    if !faults.is_empty() {
        return Decided::Rejected(faults);
    }
    let now = view(row, code, place, old);
    match old {
        Some(old) if *old == now => Decided::Unchanged(now.code),
        Some(old) if old.voided_at.is_some() => {
            Decided::Rejected(vec![Fault::new(Code::BadDocument, "", "Văn bản đã bị hủy trong sổ.", "The entry has been voided.")])
        }
        _ => Decided::Write(Box::new(now)),
    }
}

/// Every fault of a row in itself.
fn faults(row: &NewDocument, place: &Place, known: &Known) -> Vec<Fault> {
    let mut faults = Vec::new();
    let bad = |at: &'static str, vi: &str, en: &str| Fault::new(Code::BadDocument, at, vi, en);
    let today = vn_date(known.now);
    for (at, blank) in [("/number", row.number.is_blank()), ("/summary", row.summary.is_blank())] {
        faults.extend(blank.then(|| Fault::missing(at)));
    }
    faults.extend(row.recipients.iter().enumerate().filter(|(_, r)| r.is_blank()).map(|(i, _)| Fault::missing(format!("/recipients/{i}"))));
    match known.departments.get(&place.agency) {
        None => faults.push(Fault::unknown("/agency", &place.agency)),
        Some(agency) if agency.kind != "agency" => {
            faults.push(bad("/agency", "Sổ văn bản thuộc một cơ quan.", "A register belongs to an agency."));
        }
        Some(_) => {}
    }
    if !known.kinds.contains(row.kind.as_str()) {
        faults.push(Fault::unknown("/kind", row.kind.as_str()));
    }
    if let Some(code) = &row.department {
        match known.departments.get(code.as_str()) {
            None => faults.push(Fault::unknown("/department", code.as_str())),
            Some(department) if !department.valid_on(registered_on(row)) => {
                faults.push(Fault::plain(Code::NotValidThen, "/department"));
            }
            Some(_) => {}
        }
    }
    match row.direction {
        Direction::Outgoing => {
            let (vi, en) = ("Chỉ dùng cho văn bản đến.", "For incoming documents only.");
            let misplaced = [("/arrived_on", row.arrived_on.is_some()), ("/sender", row.sender.is_some())];
            faults.extend(misplaced.into_iter().filter(|(_, given)| *given).map(|(at, _)| bad(at, vi, en)));
            faults.extend(row.department.is_none().then(|| Fault::missing("/department")));
        }
        Direction::Incoming => {
            let (vi, en) = ("Chỉ dùng cho văn bản đi.", "For outgoing documents only.");
            let misplaced = [
                ("/drafted_in_e_office", row.drafted_in_e_office),
                ("/approved_in_e_office", row.approved_in_e_office),
                ("/sent_electronically", row.sent_electronically),
            ];
            faults.extend(misplaced.into_iter().filter(|(_, given)| *given).map(|(at, _)| bad(at, vi, en)));
            faults.extend(row.arrived_on.is_none().then(|| Fault::missing("/arrived_on")));
            faults.extend(some(&row.sender).is_none().then(|| Fault::missing("/sender")));
        }
    }
    if row.year.is_some_and(|year| year != registered_on(row).year()) {
        let (vi, en) = ("Năm của sổ là năm ban hành, hoặc năm đến.", "The year of the book is that of issue, or of arrival.");
        faults.push(bad("/year", vi, en));
    }
    let days = [("/issued_on", Some(row.issued_on)), ("/arrived_on", row.arrived_on)];
    faults.extend(days.iter().filter(|(_, day)| day.is_some_and(|d| d.0 > today)).map(|(at, _)| Fault::plain(Code::DateInFuture, *at)));
    if row.arrived_on.is_some_and(|day| day < row.issued_on) {
        faults.push(Fault::plain(Code::DatesBackwards, "/arrived_on"));
    }
    if let Some(at) = row.sent_at {
        if !row.sent_electronically {
            faults.push(bad("/sent_at", "Văn bản không gửi điện tử.", "It was not sent electronically."));
        }
        if at.0 > known.now {
            faults.push(Fault::plain(Code::DateInFuture, "/sent_at"));
        } else if vn_date(at.0) < row.issued_on.0 {
            faults.push(Fault::plain(Code::DatesBackwards, "/sent_at"));
        }
    }
    faults
}

/// The entry as it will stand.
fn view(row: &NewDocument, code: &str, place: &Place, old: Option<&DocumentView>) -> DocumentView {
    let symbol = some(&row.symbol);
    let printed = || match (row.direction, &symbol) {
        (Direction::Incoming, _) => None,
        (Direction::Outgoing, Some(symbol)) => Some(format!("{}/{symbol}", place.number)),
        (Direction::Outgoing, None) => Some(place.number.clone()),
    };
    DocumentView {
        // What stays as it was, so that equal entries are equal.
        id: old.map_or_else(Uuid::now_v7, |o| o.id),
        version: old.map_or(1, |o| o.version),
        voided_at: old.and_then(|o| o.voided_at),
        void_reason: old.and_then(|o| o.void_reason.clone()),
        code: code.to_owned(),
        direction: place.direction.to_owned(),
        agency: place.agency.clone(),
        book: place.book.clone(),
        year: place.year,
        number: place.number.clone(),
        sequence: sequence(&place.number),
        document_number: some(&row.document_number).or_else(printed),
        symbol,
        kind: row.kind.to_string(),
        issued_on: row.issued_on,
        arrived_on: row.arrived_on,
        sender: some(&row.sender),
        recipients: row.recipients.iter().map(trimmed).collect(),
        summary: row.summary.as_str().to_owned(),
        signer: some(&row.signer),
        department: row.department.as_ref().map(ToString::to_string),
        drafted_in_e_office: row.drafted_in_e_office,
        approved_in_e_office: row.approved_in_e_office,
        sent_electronically: row.sent_electronically,
        sent_at: row.sent_at,
        secrecy: row.secrecy.name().to_owned(),
        urgency: row.urgency.name().to_owned(),
        replies_to: row.replies_to.as_ref().map(ToString::to_string),
        task: some(&row.task),
        dossier: some(&row.dossier),
        source_system: some(&row.source_system).unwrap_or_else(|| "dunghen".to_owned()),
        external_code: some(&row.external_code),
        note: row.note.as_ref().filter(|n| !n.is_blank()).map(Prose::as_str).map(str::to_owned),
    }
}

/// What a number begins with: 12 of `12a`, 5 of `05`.
fn sequence(number: &str) -> Option<i64> {
    let digits = number.find(|c: char| !c.is_ascii_digit()).map_or(number, |end| &number[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
