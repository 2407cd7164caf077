//! The periods that a request asks for: by code, by dates, or by what they are today.

use chrono::NaiveDate;

use super::period::{Period, PeriodSet, Relative, Span};
use crate::error::{Code, Fault};
use crate::http::QueryReader;

/// Periods one request may ask for.
const MAX_PERIODS: usize = 24;

/// The periods of a request: by code or by dates, and by what they are today.
#[derive(Clone, Debug)]
pub struct Wanted {
    set: PeriodSet,
    /// Whether the caller said how periods are cut.
    pub cut_named: bool,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Span(Span),
    Word(Relative),
}

impl Wanted {
    /// The periods as they are today, in the order asked for, each once.
    pub fn on(&self, today: NaiveDate) -> Vec<Span> {
        let plain = |word: &Relative| if *word == Relative::SameLastYear { Vec::new() } else { word.on(today, self.set, &[]) };
        let others: Vec<Period> = self
            .parts
            .iter()
            .flat_map(|part| match part {
                Part::Span(span) => Period::parse(&span.name).into_iter().collect(),
                Part::Word(word) => plain(word),
            })
            .collect();
        let mut spans: Vec<Span> = Vec::new();
        for part in &self.parts {
            let found = match part {
                Part::Span(span) => vec![span.clone()],
                Part::Word(word) => word.on(today, self.set, &others).iter().map(|period| Span::of(period, self.set)).collect(),
            };
            for span in found {
                if spans.iter().all(|known| *known != span) {
                    spans.push(span);
                }
            }
        }
        spans
    }
}

/// How many periods a text asks for, with those that words stand for.
fn asked(codes: &[&str]) -> usize {
    let plain = |code: &&str| match Relative::named(code) {
        Some(Relative::LastTwelveMonths) => 12,
        Some(Relative::SameLastYear) => 0,
        _ => 1,
    };
    let sum: usize = codes.iter().map(plain).sum();
    if codes.contains(&"same_period_last_year") { 2 * sum } else { sum }
}

/// Reads `period`, `period_set`, `from` and `to`; with faults noted, the answer is empty.
pub fn spans(q: &mut QueryReader, default: PeriodSet, several: bool) -> Vec<Span> {
    let wanted = periods(q, default, if several { MAX_PERIODS } else { 1 }, false);
    wanted.parts.into_iter().filter_map(|part| if let Part::Span(span) = part { Some(span) } else { None }).collect()
}

/// Reads the same, with words for what a period is today.
pub fn wanted(q: &mut QueryReader, default: PeriodSet, several: bool) -> Wanted {
    periods(q, default, if several { MAX_PERIODS } else { 1 }, true)
}

fn periods(q: &mut QueryReader, default: PeriodSet, most: usize, words: bool) -> Wanted {
    let named = q.choice("period_set", PeriodSet::NAMES);
    let set = named.map_or(default, PeriodSet::named);
    let given = q.text("period");
    let (from, to) = (q.day("from"), q.day("to"));
    let by_dates = ["from", "to"].map(|name| q.raw.split('&').any(|pair| pair.split('=').next() == Some(name)));
    let mut parts = Vec::new();
    let mut fault = |name: &'static str, vi: String, en: String| q.fault(Fault::new(Code::InvalidParameter, name, vi, en));
    match (given, by_dates) {
        (Some(text), [false, false]) => {
            let codes: Vec<&str> = text.split(',').map(str::trim).collect();
            if asked(&codes) > most {
                fault("period", format!("Nhiều nhất {most} kỳ."), format!("At most {most}."));
            } else if words && asked(&codes) == 0 {
                let (vi, en) = ("Cần thêm một kỳ khác trong danh sách.", "Needs another period beside it.");
                fault("period", format!("“same_period_last_year”: {vi}"), format!("“same_period_last_year”: {en}"));
            }
            for code in codes.into_iter().take(most) {
                match (Period::parse(code), Relative::named(code).filter(|_| words)) {
                    (Some(period), _) => parts.push(Part::Span(Span::of(&period, set))),
                    (None, Some(word)) => parts.push(Part::Word(word)),
                    (None, None) => fault(
                        "period",
                        format!("“{code}” không phải kỳ báo cáo; ví dụ: 2022, 2022H1, 2022Q2, 2022-04, 2022-9M."),
                        format!("“{code}” is no period; examples: 2022, 2022H1, 2022Q2, 2022-04, 2022-9M."),
                    ),
                }
            }
        }
        (Some(_), _) => fault("period", "Chọn “period”, hoặc “from” và “to”.".into(), "Give “period”, or “from” and “to”.".into()),
        (None, [false, false]) => {
            fault("period", "Phải có “period”, hoặc “from” và “to”.".into(), "Give “period”, or “from” and “to”.".into());
        }
        (None, [has_from, has_to]) => {
            if !has_from || !has_to {
                let name = if has_from { "to" } else { "from" };
                fault(name, "Phải có cả “from” và “to”.".into(), "“from” and “to” go together.".into());
            }
            match (from, to) {
                (Some(from), Some(to)) if from > to => {
                    fault("to", "“to” trước “from”.".into(), "“to” is before “from”.".into());
                }
                (Some(from), Some(to)) => parts.push(Part::Span(Span::between(from, to, set))),
                _ => {}
            }
        }
    }
    let mut seen: Vec<String> = Vec::new();
    parts.retain(|part| match part {
        Part::Span(span) if seen.contains(&span.name) => false,
        Part::Span(span) => {
            seen.push(span.name.clone());
            true
        }
        Part::Word(_) => true,
    });
    Wanted { set, cut_named: named.is_some(), parts }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn faults(query: &str) -> Vec<String> {
        let read = QueryReader::new(query).finish_with(|q| spans(q, PeriodSet::Administrative, true));
        read.map_or_else(|e| e.fault_list().iter().map(|f| f.pointer.to_string()).collect(), |_| Vec::new())
    }

    #[test]
    fn a_period_or_two_dates() {
        assert!(faults("period=2022").is_empty());
        assert!(faults("period=2022,2022H1,2022-04&period_set=calendar").is_empty());
        assert!(faults("from=2022-01-01&to=2022-01-01").is_empty());
        assert_eq!(faults(""), ["period"]);
        assert_eq!(faults("period=2022X,2022Q9"), ["period", "period"]);
        assert_eq!(faults("period=2022&from=2022-01-01"), ["period"]);
        assert_eq!(faults("from=2022-01-01"), ["to"]);
        assert_eq!(faults("to=2022-01-01"), ["from"]);
        assert_eq!(faults("from=2022-02-01&to=2022-01-01"), ["to"]);
        assert_eq!(faults("from=x&to=2022-01-01"), ["from"]);
        assert_eq!(faults("period=2022&period_set=lunar"), ["period_set"]);
    }

    #[test]
    fn words_stand_for_periods_where_they_may() {
        let read = |query: &str| QueryReader::new(query).finish_with(|q| wanted(q, PeriodSet::Calendar, true));
        let names = |query: &str| -> Vec<String> {
            read(query).unwrap().on("2022-06-20".parse().unwrap()).into_iter().map(|span| span.name).collect()
        };
        assert_eq!(names("period=this_quarter,2022-04,same_period_last_year"), ["2022Q2", "2022-04", "2021Q2", "2021-04"]);
        assert_eq!(names("period=2022Q2,this_quarter,2022Q2"), ["2022Q2"]);
        assert_eq!(names("period=this_month&period_set=administrative"), ["2022-07"]);
        assert_eq!(names("period=last_12_months,same_period_last_year").len(), 24);
        for wrong in ["period=same_period_last_year", "period=today", "period=last_12_months,this_month,same_period_last_year"] {
            assert_eq!(read(wrong).unwrap_err().fault_list().len(), 1, "{wrong}");
        }
        assert_eq!(faults("period=this_month"), ["period"]);
    }
}
