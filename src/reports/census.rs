//! Many periods counted at once: what happened to the dossiers of a stretch of days, condensed to cells between the days on which
//! periods begin and end. Every figure of a period is a sum over cells, and the same as if that period had been counted alone. Pure.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use sea_orm::FromQueryResult;

use super::period::Range;
use super::store::{Counts, Handling};

/// The beginnings of stretches of days, in order; the last one is the first day after all of them. Stretches have numbers from 1 on,
/// 0 is whatever was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cuts(Vec<NaiveDate>);

impl Cuts {
    /// So that each of these periods is made of whole stretches.
    pub fn of(periods: &[Range]) -> Cuts {
        let after = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
        let mut days: Vec<NaiveDate> = periods.iter().flat_map(|p| [p.from, after(p.to)]).collect();
        days.sort_unstable();
        days.dedup();
        Cuts(days)
    }

    pub fn days(&self) -> &[NaiveDate] {
        &self.0
    }

    /// From the first day to the last.
    pub fn whole(&self) -> Range {
        let (from, after) = (self.0.first().copied().unwrap_or_default(), self.0.last().copied().unwrap_or_default());
        Range { from, to: after.pred_opt().unwrap_or(after) }
    }

    /// The number of the stretch that a day lies in.
    fn place(&self, day: NaiveDate) -> i32 {
        i32::try_from(self.0.partition_point(|cut| *cut <= day)).unwrap_or(i32::MAX)
    }

    /// The first and the last stretch of a period.
    fn stretches(&self, days: Range) -> (i32, i32) {
        (self.place(days.from), self.place(days.to))
    }
}

/// Dossiers to which the same happened in the same stretches.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Cell {
    /// Code and name of the department.
    pub key: String,
    pub name: String,
    /// It was theirs at the ends of these stretches: from the first, before the second.
    pub since: i32,
    pub until: i32,
    pub accepted: i32,
    /// None: open at the end of the day of judgement.
    pub finished: Option<i32>,
    pub voided: Option<i32>,
    /// When papers were first asked for.
    pub asked: Option<i32>,
    pub decision: Option<String>,
    pub timeliness: String,
    /// Of an open one.
    pub outcome: Option<String>,
    pub online: bool,
    pub apologised: bool,
    pub dossiers: i64,
}

impl Cell {
    /// Whether a report whose last stretch is `last` knows of it, as its department's.
    fn is_known(&self, last: i32) -> bool {
        self.since <= last && last < self.until && self.voided.is_none_or(|voided| voided > last)
    }

    fn is_finished(&self, (first, last): (i32, i32)) -> bool {
        self.finished.is_some_and(|finished| (first..=last).contains(&finished))
    }

    fn decided(&self, what: &str) -> bool {
        self.decision.as_deref() == Some(what)
    }

    /// The verdict (rules of counting §4).
    fn outcome(&self) -> &str {
        match (self.outcome.as_deref(), self.decision.as_deref()) {
            (Some(open), _) => open,
            (None, Some(decision @ ("withdrawn" | "terminated" | "refused"))) => decision,
            (None, Some("not_accepted")) => "refused",
            (None, _) if self.timeliness != "late" => "on_time",
            (None, _) if self.apologised => "late_with_apology",
            (None, _) => "late_without_apology",
        }
    }

    fn add_to(&self, counts: &mut Counts, (first, last): (i32, i32)) {
        let n = self.dossiers;
        if (first..=last).contains(&self.accepted) {
            counts.accepted += n;
            counts.supplemented += if self.asked.is_some_and(|asked| asked <= last) { n } else { 0 };
        }
        if !self.is_finished((first, last)) {
            return;
        }
        counts.finished += n;
        if self.decided("withdrawn") {
            counts.withdrawn += n;
            return;
        }
        counts.online += if self.online { n } else { 0 };
        counts.refused += if self.decided("refused") || self.decided("not_accepted") { n } else { 0 };
        if self.timeliness == "late" {
            counts.late += n;
            counts.late_apologised += if self.apologised { n } else { 0 };
        } else {
            counts.on_time += n;
        }
    }

    fn add_to_handling(&self, row: &mut Handling, (first, last): (i32, i32)) {
        let n = self.dossiers;
        match ((first..=last).contains(&self.accepted), self.online) {
            (true, true) => row.received_online += n,
            (true, false) => row.received_direct_postal += n,
            _ if self.accepted < first && (self.finished.is_none() || self.is_finished((first, last))) => row.carried_over += n,
            _ => {}
        }
        if self.is_finished((first, last)) {
            match (self.decided("withdrawn"), self.timeliness.as_str()) {
                (false, "early") => row.resolved_early += n,
                (false, "late") => row.resolved_late += n,
                _ => row.resolved_on_time += n,
            }
        } else if self.finished.is_none() {
            if self.timeliness == "overdue" { row.open_overdue += n } else { row.open_in_time += n }
        }
    }
}

/// A verdict of dossiers.
#[derive(Clone, Copy, Debug)]
pub struct Verdict<'a> {
    /// Code and name of the department.
    pub department: (&'a str, &'a str),
    pub outcome: &'a str,
    pub timeliness: &'a str,
    pub dossiers: i64,
}

/// All cells of some periods.
#[derive(Clone, Debug)]
pub struct Census {
    pub cuts: Cuts,
    /// The day by which open ones are judged.
    pub as_of: NaiveDate,
    pub cells: Vec<Cell>,
}

impl Census {
    /// Whether these days can be asked for.
    pub fn holds(&self, days: Range) -> bool {
        let after = days.to.checked_add_days(Days::new(1)).unwrap_or(days.to);
        [days.from, after].iter().all(|day| self.cuts.days().contains(day))
    }

    fn known(&self, last: i32) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.is_known(last))
    }

    fn by_department<T: Default>(&self, days: Range, add: impl Fn(&Cell, &mut T, (i32, i32))) -> BTreeMap<(&str, &str), T> {
        let stretches = self.cuts.stretches(days);
        let mut rows: BTreeMap<(&str, &str), T> = BTreeMap::new();
        for cell in self.known(stretches.1) {
            add(cell, rows.entry((&cell.key, &cell.name)).or_default(), stretches);
        }
        rows
    }

    /// What the indicators are made of, for one of the periods; by department, and without those where nothing was accepted or finished.
    pub fn counts(&self, days: Range) -> Vec<Counts> {
        let rows = self.by_department(days, |cell, counts: &mut Counts, stretches| cell.add_to(counts, stretches));
        let named = rows.into_iter().map(|((key, name), counts)| Counts { key: Some(key.into()), name: Some(name.into()), ..counts });
        named.filter(|row| row.accepted > 0 || row.finished > 0).collect()
    }

    /// Results of handling (II.06a) by department, for the period that ends last.
    pub fn handling(&self, days: Range) -> Vec<Handling> {
        let rows = self.by_department(days, |cell, row: &mut Handling, stretches| cell.add_to_handling(row, stretches));
        rows.into_iter().map(|((key, name), row)| Handling { key: Some(key.into()), name: Some(name.into()), ..row }).collect()
    }

    /// Verdicts on the dossiers accepted in one of the periods, by what had happened by the day of judgement.
    pub fn verdicts(&self, accepted: Range) -> impl Iterator<Item = Verdict<'_>> {
        let ((first, last), end) = (self.cuts.stretches(accepted), self.cuts.place(self.cuts.whole().to));
        self.known(end).filter(move |cell| (first..=last).contains(&cell.accepted)).map(|cell| Verdict {
            department: (&cell.key, &cell.name),
            outcome: cell.outcome(),
            timeliness: &cell.timeliness,
            dossiers: cell.dossiers,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::reports::period::{Period, PeriodSet};

    fn days(code: &str) -> Range {
        Period::parse(code).unwrap().days(PeriodSet::Calendar)
    }

    fn cell(accepted: i32, finished: Option<i32>) -> Cell {
        Cell {
            key: "A".into(),
            name: "A".into(),
            since: 0,
            until: i32::MAX,
            accepted,
            finished,
            voided: None,
            asked: None,
            decision: finished.map(|_| "resolved".into()),
            timeliness: if finished.is_some() { "early" } else { "overdue" }.into(),
            outcome: finished.is_none().then(|| "overdue".into()),
            online: true,
            apologised: false,
            dossiers: 1,
        }
    }

    fn census(cells: Vec<Cell>) -> Census {
        let periods: Vec<Range> = ["2022-01", "2022-02", "2022-03", "2022Q1"].map(days).into();
        Census { cuts: Cuts::of(&periods), as_of: "2022-03-31".parse().unwrap(), cells }
    }

    #[test]
    fn stretches_are_the_smallest_that_all_periods_are_made_of() {
        let cuts = Cuts::of(&[days("2022"), days("2022Q2"), days("2022-06")]);
        let told: Vec<String> = cuts.days().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["2022-01-01", "2022-04-01", "2022-06-01", "2022-07-01", "2023-01-01"]);
        assert_eq!(
            (cuts.stretches(days("2022")), cuts.stretches(days("2022Q2")), cuts.stretches(days("2022-06"))),
            ((1, 4), (2, 3), (3, 3))
        );
        assert_eq!(cuts.whole(), days("2022"));
        assert_eq!((cuts.place("2021-12-31".parse().unwrap()), cuts.place("2023-01-01".parse().unwrap())), (0, 5));
    }

    #[test]
    fn a_dossier_counts_where_it_was_accepted_and_where_it_was_finished() {
        let all = census(vec![cell(1, Some(2)), cell(0, Some(1)), cell(3, None)]);
        let told = |code: &str| all.counts(days(code)).first().map(|c| (c.accepted, c.finished, c.on_time)).unwrap_or_default();
        assert!(all.holds(days("2022Q1")) && !all.holds(days("2022H1")));
        assert_eq!((told("2022-01"), told("2022-02"), told("2022-03"), told("2022Q1")), ((1, 1, 1), (0, 1, 1), (1, 0, 0), (2, 2, 2)));
        let row = &all.handling(days("2022Q1"))[0];
        assert_eq!((row.received_online, row.carried_over, row.resolved_early, row.open_overdue), (2, 1, 2, 1));
        let verdicts: Vec<_> = all.verdicts(days("2022-03")).map(|v| (v.outcome, v.timeliness)).collect();
        assert_eq!(verdicts, [("overdue", "overdue")]);
    }

    #[test]
    fn what_came_later_is_not_known_earlier() {
        let voided = Cell { voided: Some(2), ..cell(1, Some(1)) };
        let asked = Cell { asked: Some(2), ..cell(1, None) };
        let mut moved = [cell(1, None), cell(1, None)];
        (moved[0].until, moved[1].since, moved[1].key) = (2, 2, "B".into());
        let all = census([vec![voided, asked], moved.into()].concat());
        let told = |code: &str| {
            let rows = all.counts(days(code)).into_iter();
            rows.map(|c| (c.key.unwrap(), c.accepted, c.supplemented, c.finished)).collect::<Vec<_>>()
        };
        assert_eq!(told("2022-01"), [("A".to_owned(), 3, 0, 1)]);
        assert_eq!(told("2022Q1"), [("A".to_owned(), 1, 1, 0), ("B".to_owned(), 1, 0, 0)]);
    }

    #[test]
    fn the_verdict_follows_the_decision_and_the_apology() {
        let late = |decision: &str, apologised| Cell {
            decision: Some(decision.into()),
            timeliness: "late".into(),
            apologised,
            ..cell(1, Some(1))
        };
        let cases = [
            (late("resolved", true), "late_with_apology"),
            (late("resolved", false), "late_without_apology"),
            (late("refused", false), "refused"),
            (late("not_accepted", false), "refused"),
            (late("withdrawn", false), "withdrawn"),
            (late("terminated", true), "terminated"),
            (cell(1, Some(1)), "on_time"),
            (cell(1, None), "overdue"),
        ];
        for (cell, expected) in cases {
            assert_eq!(cell.outcome(), expected, "{cell:?}");
        }
    }
}
