//! What the counts of a wave add up to: the whole, each factor, each field. Sums over sums, never a mean of shares.

use crate::surveys::wire::{SurveyAnswers, SurveyFeed, SurveyLevels};

use super::statistics::Share;

/// Answers by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// From very dissatisfied to very satisfied.
    levels: [i64; 5],
    pub no_answer: i64,
}

impl Tally {
    pub fn of(row: &SurveyAnswers) -> Tally {
        let levels = [row.very_dissatisfied, row.dissatisfied, row.neutral, row.satisfied, row.very_satisfied];
        Tally { levels: levels.map(|count| count.get()), no_answer: row.no_answer.get() }
    }

    fn sum<'a>(rows: impl Iterator<Item = &'a SurveyAnswers>) -> Tally {
        rows.map(Tally::of).fold(Tally::default(), Tally::and)
    }

    pub fn and(self, other: Tally) -> Tally {
        let mut levels = self.levels;
        levels.iter_mut().zip(other.levels).for_each(|(level, more)| *level += more);
        Tally { levels, no_answer: self.no_answer + other.no_answer }
    }

    pub fn valid(self) -> i64 {
        self.levels.iter().sum()
    }

    /// All forms on which the question stood.
    pub fn forms(self) -> i64 {
        self.valid() + self.no_answer
    }

    /// Whether no level, nor what was left out, has more than another tally has there.
    pub fn is_part_of(self, whole: Tally) -> bool {
        self.levels.iter().zip(whole.levels).all(|(part, all)| *part <= all) && self.no_answer <= whole.no_answer
    }

    pub fn share(self) -> Share {
        Share::of(self.levels[3] + self.levels[4], self.valid())
    }

    pub fn shown(self) -> SurveyLevels {
        let [very_dissatisfied, dissatisfied, neutral, satisfied, very_satisfied] = self.levels;
        SurveyLevels { very_dissatisfied, dissatisfied, neutral, satisfied, very_satisfied }
    }
}

/// The rows that make up the whole: those of all who answered, and those of a field where a question has none of all.
fn counted(answers: &[SurveyAnswers]) -> impl Iterator<Item = &SurveyAnswers> {
    answers
        .iter()
        .filter(|row| row.field.is_none() || !answers.iter().any(|of_all| of_all.field.is_none() && of_all.asked() == row.asked()))
}

pub fn whole(answers: &[SurveyAnswers]) -> Tally {
    Tally::sum(counted(answers))
}

/// Each factor, in the order in which they come.
pub fn factors(answers: &[SurveyAnswers]) -> Vec<(String, Tally)> {
    grouped(counted(answers).map(|row| (row.factor.as_str(), row)))
}

/// Each field that was told apart, in the order in which they come.
pub fn fields(answers: &[SurveyAnswers]) -> Vec<(String, Tally)> {
    grouped(answers.iter().filter_map(|row| Some((row.field()?, row))))
}

fn grouped<'a>(rows: impl Iterator<Item = (&'a str, &'a SurveyAnswers)>) -> Vec<(String, Tally)> {
    let mut groups: Vec<(String, Tally)> = Vec::new();
    for (key, row) in rows {
        match groups.iter_mut().find(|(known, _)| known == key) {
            Some((_, tally)) => *tally = tally.and(Tally::of(row)),
            None => groups.push((key.to_owned(), Tally::of(row))),
        }
    }
    groups
}

/// Place of each share, 1 for the best; equal ones share a place. One without valid answers has none.
pub fn ranks(shares: &[Share]) -> Vec<Option<i64>> {
    let place = |share: &Share| 1 + shares.iter().filter(|other| other.compare(*share).is_gt()).count() as i64;
    shares.iter().map(|share| (share.valid > 0).then(|| place(share))).collect()
}

/// A figure that an indicator takes from a wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fed {
    pub kpi: String,
    pub field: Option<String>,
    pub share: Share,
}

/// What a wave feeds: indicators named with the whole, or with one field; and each factor, which is an indicator by itself. Where all are
/// taken, each field stands beside. What has no valid answers feeds nothing.
pub fn fed(feeds: &[SurveyFeed], answers: &[SurveyAnswers]) -> Vec<Fed> {
    let mut all = Vec::new();
    let mut add = |kpi: &str, field: Option<&str>, tally: Tally| {
        let share = tally.share();
        if share.valid > 0 {
            all.push(Fed { kpi: kpi.to_owned(), field: field.map(str::to_owned), share });
        }
    };
    for feed in feeds {
        let only = feed.field.as_ref().map(|field| field.as_str());
        if only.is_none() {
            add(feed.kpi.as_str(), None, whole(answers));
        }
        for (field, tally) in fields(answers).iter().filter(|(field, _)| only.is_none_or(|only| only == field)) {
            add(feed.kpi.as_str(), Some(field), *tally);
        }
    }
    for (factor, tally) in factors(answers) {
        if feeds.iter().any(|feed| feed.kpi.as_str() == factor) {
            continue;
        }
        add(&factor, None, tally);
        let own = answers.iter().filter(|row| row.factor.as_str() == factor);
        for (field, tally) in grouped(own.filter_map(|row| Some((row.field()?, row)))) {
            add(&factor, Some(&field), tally);
        }
    }
    all
}
