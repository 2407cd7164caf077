//! Which periods a dashboard tells of, and how figures are held against each other. Pure.

use chrono::{Datelike, NaiveDate};

use crate::kpi::{Direction, TileSpans};
use crate::reports::period::{Period, PeriodSet, Range, Span};

/// Years that are told of where there are no months to tell of.
const YEARS: i32 = 5;

/// The year that runs on a day.
pub fn running_year(today: NaiveDate, set: PeriodSet) -> String {
    let year = Period::parse(&today.year().to_string());
    let over = year.is_some_and(|year| year.days(set).to < today);
    (today.year() + i32::from(over)).to_string()
}

/// The last month of a period, and the code of the period of its kind before it.
fn place(code: &str) -> Option<(i32, u32, String)> {
    let year = Period::year(code.get(..4)?)?;
    let kind = code.get(4..)?;
    let number = |text: &str| text.parse::<u32>().ok();
    let in_row = |n: u32, last: u32, name: &dyn Fn(u32) -> String| {
        if n == 1 { format!("{}{}", year - 1, name(last)) } else { format!("{year}{}", name(n - 1)) }
    };
    let (month, before) = match kind.as_bytes() {
        [] => (12, (year - 1).to_string()),
        b"-9M" => (9, format!("{}-9M", year - 1)),
        [b'H', ..] => {
            let n = number(&kind[1..])?;
            (6 * n, in_row(n, 2, &|n| format!("H{n}")))
        }
        [b'Q', ..] => {
            let n = number(&kind[1..])?;
            (3 * n, in_row(n, 4, &|n| format!("Q{n}")))
        }
        _ => {
            let n = number(&kind[1..])?;
            (n, in_row(n, 12, &|n| format!("-{n:02}")))
        }
    };
    Some((year, month, before))
}

/// The period with the one before it, the one a year before, the twelve months up to its end, and the years up to its own.
pub fn spans(period: &Period, set: PeriodSet) -> Option<TileSpans> {
    let code = period.code();
    let (year, month, before) = place(code)?;
    let span = |code: &str| Period::parse(code).map(|period| Span::of(&period, set));
    let months = Period::months(year - 1).into_iter().chain(Period::months(year));
    Some(TileSpans {
        current: Span::of(period, set),
        previous: span(&before),
        year_before: span(&format!("{}{}", year - 1, &code[4..])),
        months: months.skip(month as usize).take(12).map(|month| Span::of(&month, set)).collect(),
        years: (year + 1 - YEARS..=year).filter_map(|year| span(&year.to_string())).collect(),
    })
}

/// Every period that dossiers are counted for.
pub fn counted(spans: &TileSpans) -> Vec<Range> {
    let others = [&spans.previous, &spans.year_before].into_iter().flatten().chain(&spans.months);
    [spans.current.days].into_iter().chain(others.map(|span| span.days)).collect()
}

/// How going from one figure to another is: `better`, `worse` or `same`, as far as the figures show.
pub fn trend(direction: Direction, from: f64, to: f64) -> &'static str {
    let change = change(from, to);
    let better = match direction {
        Direction::Higher => change > 0.0,
        Direction::Lower => change < 0.0,
    };
    match (change == 0.0, better) {
        (true, _) => "same",
        (false, true) => "better",
        (false, false) => "worse",
    }
}

/// The difference of two figures as they are shown, with two decimals.
pub fn change(from: f64, to: f64) -> f64 {
    let hundredths = (to * 100.0).round() - (from * 100.0).round();
    // No zero with a sign.
    if hundredths == 0.0 { 0.0 } else { hundredths / 100.0 }
}

/// Per cent with two decimals, half up; none of nothing.
pub fn per_cent(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| ((part * 20_000 + whole) / (2 * whole)) as f64 / 100.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_period_has_one_before_it_and_twelve_months() {
        let cases = [
            ("2022", "2021", "2021", "2022-01", "2022-12"),
            ("2022H1", "2021H2", "2021H1", "2021-07", "2022-06"),
            ("2022H2", "2022H1", "2021H2", "2022-01", "2022-12"),
            ("2022Q1", "2021Q4", "2021Q1", "2021-04", "2022-03"),
            ("2022Q3", "2022Q2", "2021Q3", "2021-10", "2022-09"),
            ("2022-9M", "2021-9M", "2021-9M", "2021-10", "2022-09"),
            ("2022-01", "2021-12", "2021-01", "2021-02", "2022-01"),
            ("2022-12", "2022-11", "2021-12", "2022-01", "2022-12"),
        ];
        for (code, previous, year_before, first, last) in cases {
            for set in [PeriodSet::Calendar, PeriodSet::Administrative] {
                let spans = spans(&Period::parse(code).unwrap(), set).unwrap();
                let named = |span: &Option<Span>| span.as_ref().unwrap().name.clone();
                assert_eq!((named(&spans.previous).as_str(), named(&spans.year_before).as_str()), (previous, year_before), "{code}");
                assert_eq!(
                    (spans.months[0].name.as_str(), spans.months[11].name.as_str(), spans.months.len()),
                    (first, last, 12),
                    "{code}"
                );
                assert_eq!(spans.months[11].days.to, spans.current.days.to, "{code}");
                assert_eq!((spans.years.len(), spans.years[4].name.as_str()), (5, "2022"));
            }
        }
        let first = spans(&Period::parse("1901").unwrap(), PeriodSet::Calendar).unwrap();
        assert!(first.previous.is_none() && first.year_before.is_none());
    }

    #[test]
    fn the_running_year_is_that_of_the_day_in_its_set() {
        for (today, calendar, administrative) in
            [("2022-12-14", "2022", "2022"), ("2022-12-15", "2022", "2023"), ("2023-01-01", "2023", "2023")]
        {
            let today = today.parse().unwrap();
            assert_eq!(running_year(today, PeriodSet::Calendar), calendar);
            assert_eq!(running_year(today, PeriodSet::Administrative), administrative);
        }
    }

    #[test]
    fn a_trend_is_what_the_figures_show() {
        let cases = [
            (Direction::Higher, 90.0, 90.01, 0.01, "better"),
            (Direction::Higher, 90.01, 90.0, -0.01, "worse"),
            (Direction::Lower, 3.0, 1.0, -2.0, "better"),
            (Direction::Lower, 0.0, 1.0, 1.0, "worse"),
            (Direction::Lower, 99.99, 99.99, 0.0, "same"),
        ];
        for (direction, from, to, difference, word) in cases {
            assert_eq!((change(from, to), trend(direction, from, to)), (difference, word), "{from} {to}");
        }
        assert!(change(0.3, 0.3).is_sign_positive());
        assert_eq!([per_cent(1, 3), per_cent(2, 3), per_cent(0, 5), per_cent(0, 0)], [Some(33.33), Some(66.67), Some(0.0), None]);
    }
}
