//! The words of a schedule, read. What cannot be read whole is not read at all. Pure.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::spans::{Span, Words, split};
use crate::http::values::fold;
use crate::http::{Day, Line};

use crate::plans::model::{Frequency, Occurrence, Recurrence, Schedule, ScheduleKind};
use crate::plans::wire::PlanPeriod;

/// What the words mean in a plan; `None` when they cannot be read.
pub fn parse(text: &str, year: i32, period: &PlanPeriod) -> Option<Schedule> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let folded = fold(&text);
    let mut words = Words { words: split(&folded), at: 0, year };
    if let Some(event) = event(&text, &folded) {
        return Some(Schedule { event: Some(Line::cut(&event)), ..schedule(&text, ScheduleKind::AfterEvent) });
    }
    if ["da ban hanh", "da hoan thanh", "da thuc hien", "da xong", "da trien khai", "da phe duyet"].iter().any(|p| folded.starts_with(p)) {
        return Some(schedule(&text, ScheduleKind::AlreadyDone));
    }
    words.fillers();
    if words.words.len() == words.at {
        return None;
    }
    words.day_of_month(&text, period).or_else(|| words.before(&text)).or_else(|| words.recurring(&text)).or_else(|| {
        let rest = words.rest();
        let all_the_time = ["thuong xuyen", "lien tuc", "hang ngay"];
        let tails = ["", "trong nam", "ca nam", "lien tuc", ", lien tuc", "trong ca nam", "suot nam", ", hang ngay", "hang ngay"];
        let tail = all_the_time.iter().find_map(|p| rest.strip_prefix(p));
        let tail = tail.map(|tail| tail.trim().trim_end_matches(|c: char| c.is_ascii_digit()).trim().to_owned());
        if tail.is_some_and(|tail| tails.contains(&tail.as_str())) {
            return Some(schedule(&text, ScheduleKind::Ongoing));
        }
        words.stretch(&text, period)
    })
}

fn schedule(text: &str, kind: ScheduleKind) -> Schedule {
    Schedule {
        text: Line::cut(text),
        kind,
        start_on: None,
        end_on: None,
        before_on: None,
        quarter: None,
        month: None,
        event: None,
        recurrence: None,
        year_printed: false,
    }
}

/// What is waited for, in the words of the source.
fn event(text: &str, folded: &str) -> Option<String> {
    if folded.starts_with("theo yeu cau") {
        return Some(text.to_owned());
    }
    let prefix = ["ngay sau khi ", "sau khi ", "ngay khi ", "khi ", "trong truong hop ", "truong hop ", "neu "];
    let prefix = prefix.iter().find(|p| folded.starts_with(**p))?;
    Some(text.chars().skip(prefix.chars().count()).collect()).filter(|event: &String| !event.trim().is_empty())
}

impl Words {
    /// `Ngày 25 hằng tháng`, also `trước ngày 25 hằng tháng`: one occurrence for each month of the plan.
    fn day_of_month(&mut self, text: &str, period: &PlanPeriod) -> Option<Schedule> {
        self.try_read(|w| {
            let _ = w.eat("dinh ky");
            let before = w.eat("truoc");
            if !w.eat("ngay") {
                return None;
            }
            let day = w.number(31)?;
            let _ = w.eat("cua");
            if !w.any(&["hang thang", "moi thang"]) || !w.over() {
                return None;
            }
            let first = NaiveDate::from_ymd_opt(period.from.0.year(), period.from.0.month(), 1)?;
            let months = (0..24).map_while(|i| first.checked_add_months(Months::new(i))).take_while(|m| *m <= period.to.0);
            let occurrences = months
                .filter_map(|start| {
                    let last = start.checked_add_months(Months::new(1))?.pred_opt()?;
                    let named = start.with_day(day).unwrap_or(last);
                    let end = if before { named.pred_opt()? } else { named };
                    Some(Occurrence {
                        name: Line::cut(&start.format("Tháng %m/%Y").to_string()),
                        month: u8::try_from(start.month()).ok(),
                        start_on: (start <= end).then_some(Day(start)),
                        end_on: Some(Day(end)),
                        internal_text: None,
                        internal_before_on: None,
                        internal_end_on: None,
                    })
                })
                .collect();
            let at = Some(Line::cut(text));
            let recurrence = Recurrence { frequency: Frequency::Monthly, interval: Some(1), months: None, at, occurrences };
            Some(Schedule { recurrence: Some(recurrence), ..schedule(text, ScheduleKind::Recurring) })
        })
    }

    fn before(&mut self, text: &str) -> Option<Schedule> {
        self.try_read(|w| {
            if !w.eat("truoc") {
                return None;
            }
            let span = w.span(None)?;
            let _ = w.any(&["hang nam", "cua nam"]);
            let before_on = Some(Day(span.from));
            let end_on = span.from.checked_sub_days(Days::new(1)).map(Day);
            let whole = Schedule { before_on, end_on, quarter: span.quarter, month: span.month, ..schedule(text, ScheduleKind::Before) };
            w.over().then_some(Schedule { year_printed: span.year_printed, ..whole })
        })
    }

    /// `Hằng tháng`, `định kỳ hàng quý`, `6 tháng một lần`, perhaps with the occasion.
    fn recurring(&self, text: &str) -> Option<Schedule> {
        let rest = format!(" {} ", self.rest());
        let has = |words: &str| rest.contains(&format!(" {words} "));
        let each = |unit: &str| {
            has(&format!("hang {unit}")) || has(&format!("moi {unit}")) || has(&format!("{unit} / lan")) || has(&format!("{unit} mot lan"))
        };
        let found = |count: &str| each(&format!("{count} thang"));
        let frequency = if ["6", "06", "sau"].iter().any(|count| found(count)) {
            Frequency::HalfYearly
        } else if ["3", "03", "ba"].iter().any(|count| found(count)) || each("quy") {
            Frequency::Quarterly
        } else if each("tuan") {
            Frequency::Weekly
        } else if each("thang") {
            Frequency::Monthly
        } else if each("nam") {
            Frequency::Yearly
        } else if has("dinh ky") {
            Frequency::Unspecified
        } else {
            return None;
        };
        let mut from = Words { words: self.words.clone(), at: self.at, year: self.year };
        let start = if from.eat("tu") { from.span(None) } else { None };
        let bare = ["hang", "moi", "tuan", "thang", "quy", "nam", "/", "lan", "mot", "3", "03", "6", "06", "ba", "sau"];
        let occasion = self.words.iter().any(|word| !bare.contains(&word.as_str()));
        let interval = (frequency != Frequency::Unspecified).then_some(1);
        let at = occasion.then(|| Line::cut(text));
        let recurrence = Some(Recurrence { frequency, interval, months: None, at, occurrences: Vec::new() });
        let start_on = start.map(|s| Day(s.from));
        Some(Schedule { start_on, month: start.and_then(|s| s.month), recurrence, ..schedule(text, ScheduleKind::Recurring) })
    }

    /// Stretches: `từ … đến …`, `từ …`, `chậm nhất …`, lists of months or quarters, one of them.
    fn stretch(&mut self, text: &str, period: &PlanPeriod) -> Option<Schedule> {
        let inside = |from: NaiveDate, to: NaiveDate, printed: bool| {
            (from <= to).then(|| Schedule {
                start_on: Some(Day(from)),
                end_on: Some(Day(to)),
                year_printed: printed,
                ..schedule(text, ScheduleKind::In)
            })
        };
        if self.any(&["cham nhat la", "cham nhat den", "cham nhat", "den het", "den", "het", "han chot", "truoc hoac trong"]) {
            let span = self.span(None)?;
            let found = Schedule { quarter: span.quarter, month: span.month, ..inside(period.from.0, span.to, span.year_printed)? };
            return self.over().then_some(found);
        }
        let from = self.any(&["tu", "bat dau tu", "ke tu"]);
        let first = self.span(None)?;
        if self.any(&["den het", "den", "-"]) {
            let last = self.span(Some(&first))?;
            let found = inside(first.from, last.to, first.year_printed || last.year_printed)?;
            return self.over().then_some(found);
        }
        if from {
            let _ = self.eat("tro di");
            let whole = Schedule {
                start_on: Some(Day(first.from)),
                quarter: first.quarter,
                month: first.month,
                ..schedule(text, ScheduleKind::From)
            };
            return self.over().then_some(Schedule { year_printed: first.year_printed, ..whole });
        }
        let mut spans = vec![first];
        while self.any(&[", va", ",", "va"]) {
            spans.push(self.span(Some(&first))?);
        }
        if !self.over() {
            return None;
        }
        match spans.as_slice() {
            [only] if only.day => inside(period.from.0.min(only.to), only.to, only.year_printed),
            [only] => Some(Schedule { quarter: only.quarter, month: only.month, ..inside(only.from, only.to, only.year_printed)? }),
            _ => several(text, &spans),
        }
    }
}

/// A list of months, quarters or days: one stretch where they follow each other, occurrences otherwise.
fn several(text: &str, spans: &[Span]) -> Option<Schedule> {
    let pairs = || spans.iter().zip(spans.iter().skip(1));
    if pairs().any(|(a, b)| a.to >= b.from) {
        return None;
    }
    let (first, last) = (spans.first()?, spans.last()?);
    let printed = spans.iter().any(|s| s.year_printed);
    let quarters = spans.iter().all(|s| s.quarter.is_some());
    if quarters && pairs().all(|(a, b)| a.to.succ_opt() == Some(b.from)) {
        let dates = Schedule { start_on: Some(Day(first.from)), end_on: Some(Day(last.to)), ..schedule(text, ScheduleKind::In) };
        return Some(Schedule { year_printed: printed, ..dates });
    }
    let occurrence = |s: &Span| Occurrence {
        name: Line::cut(&s.quarter.map_or_else(
            || s.to.format(if s.day { "%d/%m/%Y" } else { "Tháng %m/%Y" }).to_string(),
            |q| format!("Quý {q}/{}", s.to.year()),
        )),
        month: u8::try_from(s.to.month()).ok(),
        start_on: (!s.day).then_some(Day(s.from)),
        end_on: Some(Day(s.to)),
        internal_text: None,
        internal_before_on: None,
        internal_end_on: None,
    };
    let months: Vec<u8> = spans.iter().filter_map(|s| u8::try_from(s.to.month()).ok()).collect();
    let frequency = match months.as_slice() {
        [a, b] if a + 6 == *b => Frequency::HalfYearly,
        [a, b, c, d] if a + 3 == *b && b + 3 == *c && c + 3 == *d => Frequency::Quarterly,
        _ => Frequency::Yearly,
    };
    let occurrences = spans.iter().map(occurrence).collect();
    let recurrence = Some(Recurrence { frequency, interval: Some(1), months: Some(months), at: None, occurrences });
    Some(Schedule { recurrence, year_printed: printed, ..schedule(text, ScheduleKind::Recurring) })
}

/// A day in a cell: `2022-12-15`, `15/12/2022` or what words name one.
pub fn day(text: &str, year: i32) -> Option<NaiveDate> {
    if let Ok(day) = text.trim().parse::<Day>() {
        return Some(day.0);
    }
    let mut words = Words { words: split(&fold(text)), at: 0, year };
    let span = words.day()?;
    words.over().then_some(span.to)
}

/// The document that a text names: its kind, number and day.
pub fn document(text: &str, year: i32) -> Option<(Line, Line, Option<Day>)> {
    let mut before: Vec<String> = Vec::new();
    let mut number = None;
    for word in text.split_whitespace() {
        let bare = word.trim_matches(|c: char| matches!(c, ',' | ';' | '.' | '(' | ')' | ':'));
        if bare.contains('/') && bare.chars().any(char::is_alphabetic) && bare.chars().next().is_some_and(|c| c.is_ascii_digit()) {
            number = Some(bare.to_owned());
            break;
        }
        before.push(fold(bare));
    }
    let kinds = ["Quyết định", "Kế hoạch", "Công văn", "Tờ trình", "Báo cáo", "Nghị quyết", "Thông báo", "Chỉ thị"];
    let before = before.join(" ");
    let kind = kinds.iter().filter_map(|kind| Some((before.rfind(&fold(kind))?, *kind))).max().map_or("Văn bản", |(_, kind)| kind);
    let number = number?;
    let rest = text.split(&number).nth(1).unwrap_or_default();
    let mut words = Words { words: split(&fold(rest)), at: 0, year };
    let mut issued_on = None;
    while issued_on.is_none() && !words.over() {
        issued_on = words.day().map(|span| Day(span.to));
        words.at += 1;
    }
    Some((Line::cut(kind), Line::cut(&number), issued_on))
}

#[cfg(test)]
mod tests;
