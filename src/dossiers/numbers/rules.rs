//! What a number is, who may bring one along, and when a block may be held. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use super::wire::{HoleReason, NewReservation, ReservationState};
use crate::calendar::{vn_date, vn_offset};
use crate::departments::Known;
use crate::error::{Code, Fault};
use crate::http::At;

/// The last number of a day.
pub const MOST: i32 = 99_999;

/// How far ahead numbers may be held, and for how long.
const AHEAD: Days = Days::new(31);

/// A number of one of the agencies here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    pub agency: String,
    pub day: NaiveDate,
    pub n: i32,
}

/// The number that a code is, if it is one of an agency of ours: exactly as it would be allotted.
pub fn parse(code: &str, ours: impl Fn(&str) -> bool) -> Option<Number> {
    let (head, digits) = code.rsplit_once('-')?;
    let (agency, date) = head.rsplit_once('-')?;
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !ours(agency) || date.len() != 6 || !all_digits(date) || !matches!(digits.len(), 4 | 5) || !all_digits(digits) {
        return None;
    }
    let day = NaiveDate::parse_from_str(&format!("20{date}"), "%Y%m%d").ok()?;
    let n = digits.parse().ok().filter(|n| *n >= 1)?;
    let number = Number { agency: agency.to_owned(), day, n };
    (number.code() == code).then_some(number)
}

impl Number {
    pub fn code(&self) -> String {
        format!("{}-{}-{:04}", self.agency, self.day.format("%y%m%d"), self.n)
    }
}

/// A block as it stands when a number of it is brought along.
#[derive(Clone, Debug)]
pub struct Block {
    pub department_id: Uuid,
    pub department: String,
    pub expires_at: DateTime<Utc>,
    pub released_at: Option<DateTime<Utc>>,
}

impl Block {
    pub fn state(&self, now: DateTime<Utc>) -> ReservationState {
        match self.released_at {
            Some(_) => ReservationState::Released,
            None if self.expires_at <= now => ReservationState::Expired,
            None => ReservationState::Open,
        }
    }

    fn held_for_another(&self) -> Fault {
        let (vi, en) = (format!("Số này được giữ cho {}.", self.department), format!("It is reserved for {}.", self.department));
        Fault::new(Code::NumberReservedElsewhere, "/code", vi, en)
    }
}

/// Who brings a number along.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    pub id: Uuid,
    /// What its own numbers begin with.
    pub agency: &'a str,
}

/// A block that is open, with its first and last number.
#[derive(Clone, Debug)]
pub struct OpenBlock {
    pub first: i32,
    pub last: i32,
    pub block: Block,
}

/// The blocks that are open, by agency and day, for loads of many rows.
#[derive(Clone, Debug, Default)]
pub struct OpenBlocks(pub HashMap<(String, NaiveDate), Vec<OpenBlock>>);

impl OpenBlocks {
    /// Why a row of history of this counter may not have the number: another may still bring it along.
    pub fn fault(&self, number: &Number, counter: Uuid) -> Option<Fault> {
        if self.0.is_empty() {
            return None;
        }
        let blocks = self.0.get(&(number.agency.clone(), number.day))?;
        let open = blocks.iter().find(|open| (open.first..=open.last).contains(&number.n))?;
        (open.block.department_id != counter).then(|| open.block.held_for_another())
    }
}

/// Whether the numbers allotted later come after this one of a history: it is of the agency of the counter that received it, and
/// of a day that has begun.
pub fn pushes(number: &Number, agency: &str, now: DateTime<Utc>) -> bool {
    number.agency == agency && number.day <= vn_date(now)
}

/// Why a number that nobody uses yet may not be brought along by a counter: it is held for another, is held no longer, is one of
/// another agency, or lies where the next receipts will be numbered. One of its own agency below the last number that was held for
/// nobody fills a hole of the past.
pub fn brought(number: &Number, last: i32, block: Option<&Block>, counter: Counter<'_>, now: DateTime<Utc>) -> Option<Fault> {
    let Some(block) = block else {
        let (vi, en) = if number.agency == counter.agency {
            (
                format!("Số {} chưa được cấp và không được giữ; hãy giữ số trước khi ghi sổ giấy.", number.code()),
                format!("{} was neither allotted nor reserved; reserve numbers before writing them down.", number.code()),
            )
        } else {
            (
                format!("Số {} là số của cơ quan khác và không được giữ cho Một cửa này.", number.code()),
                format!("{} is a number of another agency and is not reserved for this counter.", number.code()),
            )
        };
        return (number.n > last || number.agency != counter.agency).then(|| Fault::new(Code::NumberNotReserved, "/code", vi, en));
    };
    if block.department_id != counter.id {
        return Some(block.held_for_another());
    }
    let until = At(block.expires_at).text();
    match block.state(now) {
        ReservationState::Open => None,
        ReservationState::Expired => {
            let (vi, en) = (format!("Đợt giữ số đã hết hạn lúc {until}."), format!("The reservation expired at {until}."));
            Some(Fault::new(Code::ReservationOver, "/code", vi, en))
        }
        ReservationState::Released => Some(Fault::new(
            Code::ReservationOver,
            "/code",
            "Các số còn lại của đợt giữ đã trả lại.",
            "The rest of the block was released.",
        )),
    }
}

/// Until when a block is held: as asked, else to the end of its day, else for a day.
pub fn expiry(new: &NewReservation, day: NaiveDate, now: DateTime<Utc>) -> DateTime<Utc> {
    let end = || day.succ_opt()?.and_time(NaiveTime::MIN).and_local_timezone(vn_offset()).single().map(|at| at.to_utc());
    let day_long = now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now);
    new.expires_at.map(|at| at.0).or_else(|| end().filter(|end| *end > now)).unwrap_or(day_long)
}

/// Every fault of a reservation.
pub fn faults(new: &NewReservation, counter: Option<&Known>, day: NaiveDate, now: DateTime<Utc>) -> Vec<Fault> {
    let mut faults = Vec::new();
    match counter {
        None => faults.push(Fault::unknown("/department", new.department.as_str())),
        Some(d) if !d.one_stop => faults.push(Fault::plain(Code::NotOneStop, "/department")),
        Some(d) if !d.valid_on(day) => faults.push(Fault::plain(Code::NotValidThen, "/department")),
        Some(_) => {}
    }
    if !(2000..=2099).contains(&day.year()) {
        let (vi, en) = ("Số hồ sơ ghi năm bằng hai chữ số, từ 2000 đến 2099.", "A number has two digits of its year, 2000 to 2099.");
        faults.push(Fault::new(Code::RuleBroken, "/day", vi, en));
    }
    let today = vn_date(now);
    if today.checked_add_days(AHEAD).is_some_and(|last| day > last) {
        let (vi, en) = ("Chỉ giữ số trước tối đa 31 ngày.", "Numbers are reserved at most 31 days ahead.");
        faults.push(Fault::new(Code::RuleBroken, "/day", vi, en));
    }
    if let Some(At(until)) = new.expires_at {
        if until <= now {
            faults.push(Fault::new(Code::DatesBackwards, "/expires_at", "Hạn giữ số đã qua.", "It would have expired already."));
        }
        let last = day.max(today).checked_add_days(AHEAD);
        if last.is_some_and(|last| vn_date(until) > last) {
            let (vi, en) = ("Chỉ giữ số tối đa 31 ngày.", "Numbers are held for 31 days at most.");
            faults.push(Fault::new(Code::RuleBroken, "/expires_at", vi, en));
        }
    }
    faults
}

/// Why numbers of a block, or of none, are not used.
pub fn reason(block: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>, now: DateTime<Utc>) -> HoleReason {
    match block {
        None => HoleReason::Unexplained,
        Some((_, Some(_))) => HoleReason::Released,
        Some((expires_at, None)) if expires_at <= now => HoleReason::ReservationExpired,
        Some(_) => HoleReason::Reserved,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_number_only_as_it_would_be_allotted() {
        let ours = |agency: &str| matches!(agency, "MC" | "H32.05" | "MOT-CUA");
        for code in ["MC-220620-0001", "H32.05-220419-9999", "MOT-CUA-240229-10000", "MC-220620-99999"] {
            let number = parse(code, ours).unwrap();
            assert_eq!(number.code(), code);
        }
        let wrong = [
            "MC-220620-0000",
            "MC-220620-1",
            "MC-220620-00001",
            "MC-220620-100000",
            "MC-230229-0001",
            "MC-2206-0001",
            "XX-220620-0001",
            "MC-220620-000x",
            "MC-22062٠-0001",
            "MC",
            "",
            "-220620-0001",
            "MC-+20620-0001",
        ];
        for code in wrong {
            assert_eq!(parse(code, ours), None, "{code}");
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_is_brought_by_its_counter_in_time_or_from_the_past() {
        let (counter, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let block = |released_at| Block {
            department_id: Uuid::from_u128(1),
            department: "MC".into(),
            expires_at: at("2022-06-20T10:00:00Z"),
            released_at,
        };
        let number = |n| Number { agency: "MC".into(), day: "2022-06-20".parse().unwrap(), n };
        let (stranger, counter) = (Counter { id: other, agency: "H32.06" }, Counter { id: counter, agency: "MC" });
        let other = Counter { id: other, agency: "MC" };
        let code = |fault: Option<Fault>| fault.map(|f| f.code);
        let now = at("2022-06-20T09:59:59Z");
        assert_eq!(code(brought(&number(5), 9, Some(&block(None)), counter, now)), None);
        assert_eq!(code(brought(&number(5), 9, Some(&block(None)), other, now)), Some(Code::NumberReservedElsewhere));
        assert_eq!(code(brought(&number(5), 9, Some(&block(None)), counter, at("2022-06-20T10:00:00Z"))), Some(Code::ReservationOver));
        assert_eq!(code(brought(&number(5), 9, Some(&block(Some(now))), counter, now)), Some(Code::ReservationOver));
        assert_eq!(code(brought(&number(9), 9, None, counter, now)), None);
        assert_eq!(code(brought(&number(10), 9, None, counter, now)), Some(Code::NumberNotReserved));
        // The holes of an agency are its own counters' to fill.
        assert_eq!(code(brought(&number(9), 9, None, other, now)), None);
        assert_eq!(code(brought(&number(9), 9, None, stranger, now)), Some(Code::NumberNotReserved));
        assert_eq!(code(brought(&number(5), 9, Some(&block(None)), stranger, now)), Some(Code::NumberReservedElsewhere));
    }

    #[test]
    fn a_history_pushes_on_the_numbers_of_its_own_agency_up_to_today() {
        let number = |day: &str| Number { agency: "MC".into(), day: day.parse().unwrap(), n: 5 };
        // Already the 21st in Vietnam.
        let now = at("2022-06-20T17:00:00Z");
        assert!(pushes(&number("2022-06-21"), "MC", now) && pushes(&number("2022-01-01"), "MC", now));
        assert!(!pushes(&number("2022-06-22"), "MC", now) && !pushes(&number("2022-06-21"), "H32.06", now));
    }

    #[test]
    fn a_block_is_held_to_the_end_of_its_day_unless_told_otherwise() {
        let new = |expires_at: Option<&str>| NewReservation {
            department: serde_json::from_value("MC".into()).unwrap(),
            day: None,
            count: serde_json::from_value(5.into()).unwrap(),
            expires_at: expires_at.map(|text| text.parse().unwrap()),
        };
        let now = at("2022-06-20T03:00:00Z");
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(expiry(&new(None), day("2022-06-20"), now), at("2022-06-20T17:00:00Z"));
        assert_eq!(expiry(&new(None), day("2022-06-10"), now), at("2022-06-21T03:00:00Z"));
        assert_eq!(expiry(&new(Some("2022-06-20T12:00:00+07:00")), day("2022-06-20"), now), at("2022-06-20T05:00:00Z"));
        let pointers =
            |new: &NewReservation, on: &str| faults(new, None, day(on), now).iter().map(|f| f.pointer.to_string()).collect::<Vec<_>>();
        assert_eq!(pointers(&new(Some("2022-06-20T10:00:00+07:00")), "2022-07-22"), ["/department", "/day", "/expires_at"]);
        assert_eq!(pointers(&new(Some("2022-07-22T00:00:00+07:00")), "2022-06-20"), ["/department", "/expires_at"]);
        assert_eq!(pointers(&new(None), "1999-12-31"), ["/department", "/day"]);
        assert_eq!(pointers(&new(None), "2000-01-01"), ["/department"]);
    }
}
