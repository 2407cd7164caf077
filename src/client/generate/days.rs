//! Working days by number, so that counting them is subtraction.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, Weekday};

const CALENDAR: &str = include_str!("../../../data/calendar/vn.csv");

/// Days are numbers from the beginning of the common era; working days are positions in one list.
#[derive(Clone, Debug)]
pub struct Days {
    /// All working days for which there is calendar data.
    work: Vec<i32>,
    /// Positions of the days on which dossiers are received.
    pub receipt: std::ops::Range<usize>,
}

impl Days {
    pub fn between(from: NaiveDate, to: NaiveDate) -> Days {
        let named: HashMap<NaiveDate, bool> = CALENDAR
            .lines()
            .filter_map(|line| {
                let mut cells = line.split(',');
                Some((cells.next()?.parse().ok()?, cells.next()? == "make_up"))
            })
            .collect();
        let years = || named.keys().map(Datelike::year);
        let (Some(first), Some(last)) = (years().min(), years().max()) else { return Days { work: Vec::new(), receipt: 0..0 } };
        let first = NaiveDate::from_ymd_opt(first, 1, 1).unwrap_or_default();
        let work: Vec<i32> = first
            .iter_days()
            .take_while(|day| day.year() <= last)
            .filter(|day| named.get(day).copied().unwrap_or(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun)))
            .map(|day| day.num_days_from_ce())
            .collect();
        let at = |day: NaiveDate| work.partition_point(|d| *d < day.num_days_from_ce());
        let (begin, end) = (at(from), to.succ_opt().map_or(work.len(), at));
        Days { receipt: begin..end.max(begin), work }
    }

    /// The last working day of which anything may be told.
    pub fn last(&self) -> usize {
        self.receipt.end.saturating_sub(1)
    }

    /// The date of a working day; far beyond the data it is the last one known.
    pub fn date(&self, position: usize) -> i32 {
        self.work.get(position).or(self.work.last()).copied().unwrap_or_default()
    }

    /// The first working day on or after a date.
    pub fn roll(&self, date: i32) -> usize {
        self.work.partition_point(|d| *d < date)
    }
}
