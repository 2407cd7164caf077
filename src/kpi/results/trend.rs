//! How a figure stands against an earlier one. Pure.

use std::cmp::Ordering;

use super::wire::{KpiComparison, Trend};
use crate::kpi::decimal::Exact;
use crate::kpi::wire::Direction;
use crate::reports::period::Span;

/// The spans that are asked for and, for trends, those before them and a year before; each once.
pub fn all(asked: &[Span], trend: bool) -> Vec<Span> {
    let mut spans: Vec<Span> = asked.to_vec();
    for span in asked.iter().filter(|_| trend) {
        for earlier in [span.before(), span.year_before()].into_iter().flatten() {
            if !spans.contains(&earlier) {
                spans.push(earlier);
            }
        }
    }
    spans
}

/// A figure against that of an earlier period.
pub fn compare(value: Option<Exact>, earlier: Option<Exact>, period: String, direction: Direction) -> KpiComparison {
    let both = value.zip(earlier);
    let change = both.and_then(|(now, then)| now.minus(then));
    let trend = both.map(|(now, then)| match (now.against(then), direction) {
        (Ordering::Equal, _) => Trend::Same,
        (Ordering::Greater, Direction::Higher) | (Ordering::Less, Direction::Lower) => Trend::Better,
        (Ordering::Greater, Direction::Lower) | (Ordering::Less, Direction::Higher) => Trend::Worse,
    });
    KpiComparison { period, value: earlier.map(Exact::rounded), change: change.map(Exact::rounded), trend }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::reports::period::{Period, PeriodSet};

    #[test]
    fn a_change_is_exact_and_better_or_worse_by_the_direction() {
        use Direction::{Higher, Lower};
        let share = |n, d| Exact::per_cent(n, d);
        let cases = [
            (share(2, 3), share(1, 3), Higher, Some(33.33), Some(Trend::Better)),
            (share(2, 3), share(1, 3), Lower, Some(33.33), Some(Trend::Worse)),
            (share(1, 3), share(2, 3), Higher, Some(-33.33), Some(Trend::Worse)),
            (share(1, 3), share(2, 3), Lower, Some(-33.33), Some(Trend::Better)),
            (share(2, 6), share(1, 3), Higher, Some(0.0), Some(Trend::Same)),
            // Both are shown as 33.33, and yet one is larger.
            (share(33_334, 100_000), share(1, 3), Higher, Some(0.0), Some(Trend::Better)),
            // 66.67 − 33.33 would be 33.34.
            (share(2, 3), share(1, 3), Higher, Some(33.33), Some(Trend::Better)),
            (share(1, 3), None, Higher, None, None),
            (None, share(1, 3), Higher, None, None),
        ];
        for (now, then, direction, change, trend) in cases {
            let compared = compare(now, then, "2021".into(), direction);
            assert_eq!((compared.change, compared.trend), (change, trend), "{now:?} {then:?}");
        }
    }

    #[test]
    fn each_span_is_asked_once() {
        let month = |code: &str| Span::of(&Period::parse(code).unwrap(), PeriodSet::Calendar);
        let asked: Vec<Span> = Period::months(2022).iter().map(|period| Span::of(period, PeriodSet::Calendar)).collect();
        assert_eq!(all(&asked, false).len(), 12);
        // The months of the year before; December among them is also the month before January.
        assert_eq!(all(&asked, true).len(), 24);
        assert_eq!(all(&[month("2022-9M")], true).len(), 2);
    }
}
