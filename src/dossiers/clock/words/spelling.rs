//! Dates, times and lengths of time as people write them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};

pub(super) fn plural(count: i64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

pub(super) fn day_vi(day: NaiveDate) -> String {
    let weekday = match day.weekday() {
        Weekday::Mon => "thứ Hai",
        Weekday::Tue => "thứ Ba",
        Weekday::Wed => "thứ Tư",
        Weekday::Thu => "thứ Năm",
        Weekday::Fri => "thứ Sáu",
        Weekday::Sat => "thứ Bảy",
        Weekday::Sun => "Chủ nhật",
    };
    format!("{weekday} {}", day.format("%d/%m/%Y"))
}

pub(super) fn day_en(day: NaiveDate) -> String {
    day.format("%A %-d %B %Y").to_string()
}

pub(super) fn instant_vi(local: NaiveDateTime) -> String {
    format!("{} {}", time(local.time()), day_vi(local.date()))
}

pub(super) fn instant_en(local: NaiveDateTime) -> String {
    format!("{} on {}", time(local.time()), day_en(local.date()))
}

/// With seconds only where there are some.
pub(super) fn time(time: NaiveTime) -> String {
    let seconds = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    time.format(seconds).to_string()
}

pub(super) fn span_vi(span: TimeDelta) -> String {
    spell(span, |count, [vi, _]| format!("{count} {vi}"))
}

pub(super) fn span_en(span: TimeDelta) -> String {
    spell(span, |count, [_, en]| plural(count, en))
}

/// A length of time in hours, minutes and seconds, leaving out what is zero.
fn spell(span: TimeDelta, word: impl Fn(i64, [&str; 2]) -> String) -> String {
    let seconds = span.num_seconds();
    let parts = [(seconds / 3600, ["giờ", "hour"]), (seconds / 60 % 60, ["phút", "minute"]), (seconds % 60, ["giây", "second"])];
    let words: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, names)| word(count, names)).collect();
    if words.is_empty() { word(0, ["giờ", "hour"]) } else { words.join(" ") }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
