//! Words of a schedule taken one by one: years, days, quarters, months. Pure.

use chrono::{Months, NaiveDate};

/// A stretch of time that words name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub quarter: Option<u8>,
    pub month: Option<u8>,
    pub year_printed: bool,
    /// A single day: work may begin before it.
    pub day: bool,
}

pub struct Words {
    pub words: Vec<String>,
    pub at: usize,
    pub year: i32,
}

/// Words and numbers; of the marks only those that part dates and lists.
pub fn split(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in folded.chars() {
        let kind = if c.is_ascii_digit() {
            '0'
        } else if c.is_alphabetic() {
            'a'
        } else {
            ' '
        };
        match c {
            '/' | '-' | ',' => words.push(c.to_string()),
            '–' | '—' => words.push("-".into()),
            ';' => words.push(",".into()),
            '.' if last == '0' => words.push(".".into()),
            _ if kind == ' ' => {}
            _ if kind == last => words.iter_mut().last().into_iter().for_each(|word| word.push(c)),
            _ => words.push(c.to_string()),
        }
        last = kind;
    }
    if words.last().is_some_and(|w| w == ".") {
        words.pop();
    }
    words
}

impl Words {
    pub fn rest(&self) -> String {
        self.words.get(self.at..).unwrap_or_default().join(" ")
    }

    pub fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    pub fn over(&self) -> bool {
        self.at >= self.words.len()
    }

    /// Takes these words if they come next.
    pub fn eat(&mut self, words: &str) -> bool {
        let count = words.split(' ').count();
        let next = self.words.get(self.at..self.at + count).is_some_and(|next| next.iter().map(String::as_str).eq(words.split(' ')));
        if next {
            self.at += count;
        }
        next
    }

    pub fn any(&mut self, choices: &[&str]) -> bool {
        choices.iter().any(|words| self.eat(words))
    }

    /// Takes what a reading takes, or nothing.
    pub fn try_read<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let at = self.at;
        let found = read(self);
        if found.is_none() {
            self.at = at;
        }
        found
    }

    pub fn number(&mut self, most: u32) -> Option<u32> {
        let number: u32 = self.peek().parse().ok()?;
        if !(1..=most).contains(&number) || self.peek().len() > 4 {
            return None;
        }
        self.at += 1;
        Some(number)
    }

    pub fn fillers(&mut self) {
        let words = ["hoan thanh", "thuc hien", "xong", "ban hanh", "trong thoi gian", "trong", "vao", "thoi gian", "thoi han", "bao cao"];
        while self.any(&words) {}
    }

    /// `/2022`, `năm 2022` or `2022`; the plan's year when there is none.
    pub fn year(&mut self) -> (i32, bool) {
        let printed = self.try_read(|w| {
            let _ = w.any(&["/", "-", "nam", ", nam"]);
            let four = w.peek().len() == 4;
            w.number(2200).filter(|year| four && *year >= 1900)
        });
        printed.and_then(|year| i32::try_from(year).ok()).map_or((self.year, false), |year| (year, true))
    }

    pub fn day(&mut self) -> Option<Span> {
        self.try_read(|w| {
            let _ = w.eat("ngay");
            let day = w.number(31)?;
            if !w.any(&["/", "-", ".", "thang"]) {
                return None;
            }
            let month = w.number(12)?;
            let (year, year_printed) = w
                .try_read(|w| {
                    if w.eat(".") && w.peek().len() == 4 { w.number(2200).and_then(|y| Some((i32::try_from(y).ok()?, true))) } else { None }
                })
                .unwrap_or_else(|| w.year());
            let day = NaiveDate::from_ymd_opt(year, month, day)?;
            Some(Span { from: day, to: day, quarter: None, month: None, year_printed, day: true })
        })
    }

    pub fn quarter(&mut self) -> Option<u8> {
        let quarter = match self.peek() {
            "i" | "1" | "01" => 1,
            "ii" | "2" | "02" => 2,
            "iii" | "3" | "03" => 3,
            "iv" | "4" | "04" => 4,
            _ => return None,
        };
        self.at += 1;
        Some(quarter)
    }

    /// A stretch of time; after a list's first part the word `quý` or `tháng` may be left out.
    pub fn span(&mut self, like: Option<&Span>) -> Option<Span> {
        let months = |from: u32, count: u32, year: i32| {
            let from = NaiveDate::from_ymd_opt(year, from, 1)?;
            Some((from, from.checked_add_months(Months::new(count))?.pred_opt()?))
        };
        let _ = self.any(&["trong", "vao"]);
        self.try_read(|w| {
            for (words, from, count) in [
                ("6 thang dau nam", 1, 6),
                ("06 thang dau nam", 1, 6),
                ("6 thang cuoi nam", 7, 6),
                ("06 thang cuoi nam", 7, 6),
                ("9 thang dau nam", 1, 9),
                ("09 thang dau nam", 1, 9),
                ("3 thang dau nam", 1, 3),
                ("ca nam", 1, 12),
            ] {
                if w.eat(words) {
                    let (year, year_printed) = w.year();
                    let (from, to) = months(from, count, year)?;
                    return Some(Span { from, to, quarter: None, month: None, year_printed, day: false });
                }
            }
            let quarter = w.eat("quy") || like.is_some_and(|l| l.quarter.is_some());
            if quarter && let Some(quarter) = w.quarter() {
                let (year, year_printed) = w.year();
                let (from, to) = months(u32::from(quarter) * 3 - 2, 3, year)?;
                return Some(Span { from, to, quarter: Some(quarter), month: None, year_printed, day: false });
            }
            if w.eat("thang") || like.is_some_and(|l| l.month.is_some()) {
                let month = w.number(12)?;
                let (year, year_printed) = w.year();
                let (from, to) = months(month, 1, year)?;
                return Some(Span { from, to, quarter: None, month: u8::try_from(month).ok(), year_printed, day: false });
            }
            if w.peek() == "nam" {
                let (year, year_printed) = w.year();
                if !year_printed && !w.eat("nam") {
                    return None;
                }
                let (from, to) = months(1, 12, year)?;
                return Some(Span { from, to, quarter: None, month: None, year_printed, day: false });
            }
            w.day()
        })
    }
}
