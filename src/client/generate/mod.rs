//! Made-up dossiers that look like a department's year: for the demonstration and for measuring. The same seed gives
//! the same rows, byte for byte. They fit the departments and procedures in `data/demo/plan-1186`.

mod days;
mod story;
mod tale;
mod words;
mod write;

use std::convert::Infallible;

use bytes::Bytes;
use chrono::NaiveDate;
use futures_util::Stream;

use days::Days;
use story::Teller;

/// What a procedure promises, as far as a made-up history needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Procedure {
    pub code: &'static str,
    pub department: &'static str,
    pub limit: Limit,
    /// Papers handed in start the limit anew.
    pub restart: bool,
    /// It can be filed online.
    pub online: bool,
    pub fee_vnd: u32,
    /// How often it is asked for, in relation to the others.
    weight: u32,
    who: words::Who,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    None,
    WorkingDays(u32),
    CalendarDays(u32),
    WorkingHours(u32),
}

use Limit::{CalendarDays, None as NoLimit, WorkingDays, WorkingHours};
use words::Who::{Bidders, Cooperatives, Donors, Enterprises, Households, Investors};

macro_rules! row {
    ($code:literal, $department:literal, $limit:expr, $restart:literal, $online:literal, $fee_vnd:literal, $weight:literal, $who:expr) => {
        Procedure {
            code: $code,
            department: $department,
            limit: $limit,
            restart: $restart,
            online: $online,
            fee_vnd: $fee_vnd,
            weight: $weight,
            who: $who,
        }
    };
}

/// The procedures of the demonstration.
#[rustfmt::skip]
pub const PROCEDURES: [Procedure; 12] = [
    row!("2.001610", "DKKD", WorkingDays(3),   true,  true,   50_000,  60, Households),
    row!("2.000368", "DKKD", WorkingDays(0),   false, true,   20_000, 140, Enterprises),
    row!("1.005176", "DKKD", WorkingHours(8),  false, true,   50_000,  90, Enterprises),
    row!("2.002069", "DKKD", WorkingHours(24), true,  true,   50_000, 160, Enterprises),
    row!("1.001570", "DKKD", WorkingDays(1),   false, true,        0, 110, Households),
    row!("1.005125", "DKKD", WorkingDays(5),   false, true,  100_000,  15, Cooperatives),
    row!("1.009655", "PCM",  WorkingDays(10),  false, true,        0,  60, Investors),
    row!("1.009664", "PCM",  WorkingDays(15),  false, true,        0,  45, Investors),
    row!("1.009645", "PCM",  WorkingDays(35),  true,  true,        0,  20, Investors),
    row!("2.002333", "PCM",  CalendarDays(30), false, false,       0,  12, Donors),
    row!("1.002395", "PCM",  WorkingDays(20),  false, false,       0,  45, Bidders),
    row!("2.002005", "XTDT", NoLimit,          false, true,        0,  80, Enterprises),
];

/// SplitMix64: small, fast, the same everywhere.
#[derive(Clone, Debug)]
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for 0.
    fn below(&mut self, n: u32) -> u32 {
        (((self.next() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    fn within(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True so many times in a thousand.
    fn permille(&mut self, n: u32) -> bool {
        self.below(1000) < n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }
}

/// The last working days of an ordinary history of which dossiers are still open.
const OPEN_DAYS: usize = 40;

/// Rows of history, in the order in which the dossiers came in: one JSON object each, without a line break.
/// [`HistoryRows::write_next`] is the fast way through a million of them.
#[derive(Clone, Debug)]
pub struct HistoryRows {
    teller: Teller,
    count: usize,
    made: usize,
    /// Rows made by the end of each day of receipt.
    by_day: Vec<usize>,
    day: usize,
    line: Vec<u8>,
}

/// Dossiers received on working days from `from` to `to`; nothing is told that happened after `to`, so the last ones
/// are still open. Empty when no working day lies between, or no calendar data.
pub fn history_rows(seed: u64, count: usize, from: NaiveDate, to: NaiveDate) -> HistoryRows {
    history_rows_open(seed, count, (from, to), OPEN_DAYS)
}

/// The same with more that is still open, or less: more than a quarter of what was received on so many of the last working days.
pub fn history_rows_open(seed: u64, count: usize, (from, to): (NaiveDate, NaiveDate), open_days: usize) -> HistoryRows {
    let mut chance = Chance(seed);
    let days = Days::between(from, to);
    let mut sum = 0u64;
    let busy: Vec<u64> = (0..days.receipt.len())
        .map(|_| {
            sum += u64::from(chance.within(70, 130));
            sum
        })
        .collect();
    let by_day: Vec<usize> = busy.iter().map(|b| (u128::from(*b) * count as u128 / u128::from(sum.max(1))) as usize).collect();
    let count = if by_day.is_empty() { 0 } else { count };
    HistoryRows { teller: Teller::new(days, chance, open_days), count, made: 0, by_day, day: 0, line: Vec::with_capacity(1024) }
}

impl HistoryRows {
    /// Appends the next row and a line break; false when there is none left.
    pub fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        if self.made >= self.count {
            return false;
        }
        while self.by_day[self.day] <= self.made {
            self.day += 1;
        }
        let before = if self.day == 0 { 0 } else { self.by_day[self.day - 1] };
        let place = story::Place { row: self.made, day: self.day, nth: self.made - before, of: self.by_day[self.day] - before };
        self.teller.tell(place).write(out);
        self.made += 1;
        true
    }

    /// The rows as a body in pieces of about 64 KiB.
    pub fn into_body(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        futures_util::stream::unfold(self, |mut rows| async move {
            let mut piece = Vec::with_capacity(66 << 10);
            while piece.len() < 64 << 10 && rows.write_next(&mut piece) {}
            if piece.is_empty() { None } else { Some((Ok(piece.into()), rows)) }
        })
    }
}

impl Iterator for HistoryRows {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let more = self.write_next(&mut line);
        line.pop();
        let text = String::from_utf8_lossy(&line).into_owned();
        self.line = line;
        more.then_some(text)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count - self.made, Some(self.count - self.made))
    }
}

impl ExactSizeIterator for HistoryRows {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    fn year() -> (NaiveDate, NaiveDate) {
        (NaiveDate::from_ymd_opt(2022, 1, 1).unwrap(), NaiveDate::from_ymd_opt(2022, 12, 31).unwrap())
    }

    #[test]
    fn the_procedures_are_those_of_the_demonstration() {
        let data: Vec<Value> = serde_json::from_str(include_str!("../../../data/demo/plan-1186/procedures.json")).unwrap();
        assert_eq!(data.len(), PROCEDURES.len());
        for (p, row) in PROCEDURES.iter().zip(&data) {
            let value = row["limit"]["value"].as_u64().unwrap_or_default() as u32;
            let limit = match row["limit"]["unit"].as_str() {
                Some("working_day") => WorkingDays(value),
                Some("calendar_day") => CalendarDays(value),
                Some("working_hour") => WorkingHours(value),
                _ => NoLimit,
            };
            let online = matches!(row["online_level"].as_str(), Some("level_3" | "level_4"));
            let said = (p.code, p.department, p.limit, p.restart, p.online, u64::from(p.fee_vnd));
            let restart = row["supplement_policy"] == "restart";
            let want = (
                row["code"].as_str().unwrap(),
                row["department"].as_str().unwrap(),
                limit,
                restart,
                online,
                row["fee_vnd"].as_u64().unwrap(),
            );
            assert_eq!(said, want);
        }
    }

    #[test]
    fn rows_are_the_same_every_time_whole_and_with_codes_of_their_own() {
        let (from, to) = year();
        let rows: Vec<String> = history_rows(7, 5000, from, to).collect();
        assert_eq!(rows.len(), 5000);
        assert_eq!(rows, history_rows(7, 5000, from, to).collect::<Vec<_>>());
        assert_ne!(rows[..100], history_rows(8, 5000, from, to).take(100).collect::<Vec<_>>()[..]);
        let mut codes = HashSet::new();
        for row in &rows {
            let row: Value = serde_json::from_str(row).unwrap_or_else(|e| panic!("{e}: {row}"));
            assert!(codes.insert(row["code"].as_str().unwrap().to_owned()), "{row}");
        }
    }

    #[test]
    fn nothing_lies_after_the_end() {
        let (from, to) = (year().0, NaiveDate::from_ymd_opt(2022, 3, 9).unwrap());
        for row in history_rows(1, 3000, from, to) {
            for at in row.split('"').filter(|t| t.len() == 25 && t.ends_with("+07:00")) {
                assert!(at[..10].parse::<NaiveDate>().unwrap() <= to, "{row}");
            }
        }
    }

    #[test]
    fn as_much_is_open_as_is_asked_for() {
        let (from, to) = (NaiveDate::from_ymd_opt(2021, 11, 24).unwrap(), NaiveDate::from_ymd_opt(2026, 11, 23).unwrap());
        let open = |rows: HistoryRows| rows.filter(|row| !row.contains("\"decision\":")).count();
        let (usual, more) = (open(history_rows(1186, 20_000, from, to)), open(history_rows_open(1186, 20_000, (from, to), 75)));
        assert!(usual < 300 && (380..420).contains(&more), "{usual} {more}");
        assert_eq!(history_rows(1, 50, from, to).collect::<Vec<_>>(), history_rows_open(1, 50, (from, to), 40).collect::<Vec<_>>());
    }

    #[test]
    fn days_without_work_have_no_rows() {
        let day = |d| NaiveDate::from_ymd_opt(2022, 4, d).unwrap();
        assert_eq!(history_rows(1, 10, day(9), day(11)).count(), 0, "a weekend and the day of the Hùng kings");
        assert_eq!(history_rows(1, 10, day(12), day(12)).count(), 10);
        let beyond = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap();
        assert_eq!(history_rows(1, 10, beyond, beyond).count(), 0);
    }
}
