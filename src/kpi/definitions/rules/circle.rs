//! Whether an indicator would follow from itself.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use crate::kpi::definitions::wire::NewKpi;

/// The indicators that a version of an expression names.
#[derive(Clone, Debug)]
pub struct Lineage {
    pub code: String,
    pub version: i32,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub inputs: Vec<String>,
}

/// The version that holds on a day: the latest of those that had begun, unless it has ended.
fn holding<'a>(versions: impl Iterator<Item = &'a Lineage>, day: NaiveDate) -> Option<&'a Lineage> {
    let begun = versions.filter(|v| v.valid_from.is_none_or(|from| from <= day));
    begun.max_by_key(|v| v.version).filter(|v| v.valid_to.is_none_or(|to| day <= to))
}

/// A way by which an indicator would follow from itself on some day, from its code back to its code.
pub fn circle(row: &NewKpi, version: i32, names: &[String], lineages: &[Lineage]) -> Option<Vec<String>> {
    let new = Lineage {
        code: row.code.to_string(),
        version,
        valid_from: row.valid_from.map(|d| d.0),
        valid_to: row.valid_to.map(|d| d.0),
        inputs: names.to_vec(),
    };
    let mut by_code: HashMap<&str, Vec<&Lineage>> = HashMap::new();
    for lineage in lineages.iter().chain([&new]) {
        by_code.entry(&lineage.code).or_default().push(lineage);
    }
    let begins = lineages.iter().filter_map(|l| l.valid_from).chain(new.valid_from);
    let mut days: Vec<NaiveDate> = begins.filter(|day| new.valid_from.is_none_or(|from| from <= *day)).collect();
    days.push(new.valid_from.unwrap_or(NaiveDate::MIN));
    days.sort_unstable();
    days.dedup();
    days.into_iter().find_map(|day| {
        let next = |code: &str| holding(by_code.get(code)?.iter().copied(), day).map(|l| l.inputs.as_slice());
        way_back(row.code.as_str(), next)
    })
}

/// Breadth first, so that the way told is a shortest one.
fn way_back<'a>(start: &str, next: impl Fn(&str) -> Option<&'a [String]>) -> Option<Vec<String>> {
    let mut ways: Vec<Vec<String>> = vec![vec![start.to_owned()]];
    let mut seen: HashSet<&str> = HashSet::new();
    let mut at = 0;
    while let Some(way) = ways.get(at).cloned() {
        for code in way.last().and_then(|code| next(code)).unwrap_or_default() {
            let longer = || way.iter().cloned().chain([code.clone()]).collect();
            if code == start {
                return Some(longer());
            }
            if seen.insert(code) {
                ways.push(longer());
            }
        }
        at += 1;
    }
    None
}
