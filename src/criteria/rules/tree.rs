//! The tree of a sheet: who is in charge, what it sums up to, and how it stands against the year before. Pure.

use std::collections::{HashMap, HashSet};

use super::score::Score;
use crate::criteria::model::{Basis, Trend};
use crate::criteria::wire::{CriteriaTotals, CriterionChange, CriterionTrends, CriterionView, NewCriteriaSheet, NewCriterion};
use crate::http::decimal::{Decimal, Exact};

/// A sheet with what was scored.
#[derive(Clone, Copy)]
pub struct Scored<'a> {
    pub sheet: &'a NewCriteriaSheet,
    pub scores: &'a [Score],
}

/// A criterion at its place.
pub struct Node<'a> {
    pub criterion: &'a NewCriterion,
    pub level: usize,
    /// Code of the department in charge.
    pub department: &'a str,
    pub score: Option<&'a Score>,
    pub has_parts: bool,
    /// What counts, and by whom.
    pub counted: Option<(Decimal, Basis)>,
    own: Option<Decimal>,
    appraised: Option<Decimal>,
}

impl Node<'_> {
    fn points(&self) -> Option<Decimal> {
        self.counted.map(|(points, _)| points)
    }
}

/// Every criterion, each before its parts; parts stand in the order of the sheet.
pub fn nodes<'a>(scored: Scored<'a>) -> Vec<Node<'a>> {
    let mut parts: HashMap<Option<&str>, Vec<&'a NewCriterion>> = HashMap::new();
    for criterion in &scored.sheet.criteria {
        parts.entry(criterion.parent.as_ref().map(|p| p.as_str())).or_default().push(criterion);
    }
    let scores: HashMap<&str, &'a Score> = scored.scores.iter().map(|score| (score.criterion.as_str(), score)).collect();
    let mut nodes: Vec<Node<'a>> = Vec::with_capacity(scored.sheet.criteria.len());
    // What is open is put under its parent: the last to be put is the first to be looked at.
    let mut open: Vec<(&'a NewCriterion, Option<usize>)> = Vec::new();
    open.extend(parts.get(&None).into_iter().flatten().rev().map(|c| (*c, None)));
    let mut above: Vec<Option<usize>> = Vec::new();
    while let Some((criterion, parent)) = open.pop() {
        let over = parent.and_then(|i| nodes.get(i));
        let department = criterion.department.as_ref().map(|d| d.as_str());
        let score = scores.get(criterion.code.as_str()).copied();
        let below = parts.get(&Some(criterion.code.as_str()));
        let node = Node {
            criterion,
            level: over.map_or(1, |n| n.level + 1),
            department: department.or(over.map(|n| n.department)).unwrap_or(scored.sheet.department.as_str()),
            score,
            has_parts: below.is_some(),
            counted: score.filter(|_| below.is_none()).and_then(|s| s.counted(criterion)),
            own: score.filter(|_| below.is_none()).and_then(|s| s.self_score),
            appraised: score.filter(|_| below.is_none()).and_then(|s| s.appraised_score),
        };
        let at = nodes.len();
        nodes.push(node);
        above.push(parent);
        open.extend(below.into_iter().flatten().rev().map(|c| (*c, Some(at))));
    }
    // Parts stand after what they are a part of: from the end, all of it is known.
    for at in (0..nodes.len()).rev() {
        let Some((own, appraised, counted)) = nodes.get(at).map(|n| (n.own, n.appraised, n.points())) else { continue };
        let Some(whole) = above.get(at).copied().flatten().and_then(|parent| nodes.get_mut(parent)) else { continue };
        let add = |sum: Option<Decimal>, part: Option<Decimal>| part.map_or(sum, |part| Some(sum.map_or(part, |sum| sum.plus(part))));
        whole.own = add(whole.own, own);
        whole.appraised = add(whole.appraised, appraised);
        whole.counted = add(whole.points(), counted).map(|points| (points, Basis::Parts));
    }
    nodes
}

/// What a sheet comes to.
pub fn totals(nodes: &[Node<'_>]) -> CriteriaTotals {
    let zero = Decimal::ZERO;
    let mut totals = CriteriaTotals {
        max_points: zero,
        points: zero,
        index: None,
        scored_max_points: zero,
        self_score: zero,
        appraised_score: zero,
        not_scored: 0,
    };
    for top in nodes.iter().filter(|n| n.level == 1) {
        totals.max_points = totals.max_points.plus(top.criterion.max_points);
        totals.points = totals.points.plus(top.points().unwrap_or(zero));
        totals.self_score = totals.self_score.plus(top.own.unwrap_or(zero));
        totals.appraised_score = totals.appraised_score.plus(top.appraised.unwrap_or(zero));
    }
    for leaf in nodes.iter().filter(|n| !n.has_parts) {
        if leaf.counted.is_some() {
            totals.scored_max_points = totals.scored_max_points.plus(leaf.criterion.max_points);
        } else {
            totals.not_scored += 1;
        }
    }
    totals.index = Exact::per_cent_of(totals.points, totals.max_points).map(Exact::rounded);
    totals
}

/// What a criterion came to the year before: its points, if it was scored, of how many.
#[derive(Clone, Copy)]
struct Earlier {
    points: Option<Decimal>,
    max: Decimal,
}

/// The year before of each criterion that has one.
fn earlier<'a>(nodes: &[Node<'a>], last: &[Node<'_>]) -> HashMap<&'a str, Earlier> {
    let before: HashMap<&str, &Node<'_>> = last.iter().map(|n| (n.criterion.code.as_str(), n)).collect();
    let of = |node: &Node<'a>| {
        if let Some(points) = node.criterion.last_year_score {
            return Some(Earlier { points: Some(points), max: node.criterion.max_points });
        }
        let code = node.criterion.follows.as_ref().unwrap_or(&node.criterion.code);
        before.get(code.as_str()).map(|n| Earlier { points: n.points(), max: n.criterion.max_points })
    };
    nodes.iter().filter_map(|node| Some((node.criterion.code.as_str(), of(node)?))).collect()
}

/// Whether anything tells of the year before.
pub fn is_comparable(scored: Scored<'_>, last: Option<Scored<'_>>) -> bool {
    last.is_some() || scored.sheet.criteria.iter().any(|c| c.last_year_score.is_some())
}

/// The criteria of a sheet with their points.
pub fn views(nodes: &[Node<'_>], last: Option<Scored<'_>>) -> Vec<CriterionView> {
    let last = last.map(self::nodes).unwrap_or_default();
    let earlier = earlier(nodes, &last);
    let view = |node: &Node<'_>| {
        let c = node.criterion;
        CriterionView {
            code: c.code.to_string(),
            parent: c.parent.as_ref().map(ToString::to_string),
            level: node.level,
            name: c.name.as_str().to_owned(),
            max_points: c.max_points,
            kind: c.kind,
            full_at: c.full_at,
            bands: c.bands.clone(),
            kpi: c.kpi.as_ref().map(ToString::to_string),
            department: node.department.to_owned(),
            follows: c.follows.as_ref().map(ToString::to_string),
            note: c.note.as_ref().map(|n| n.as_str().to_owned()),
            points: node.points(),
            basis: node.counted.map(|(_, basis)| basis),
            self_score: node.own,
            computed_score: node.score.and_then(|s| s.computed(c)),
            survey_score: node.score.and_then(|s| s.survey_score),
            appraised_score: node.appraised,
            last_year_points: earlier.get(c.code.as_str()).and_then(|e| e.points),
            score_version: node.score.map(|s| s.version),
        }
    };
    nodes.iter().map(view).collect()
}

/// How the criteria without parts stand against the year before, in the order of the sheet; at last those that are gone. Where the
/// maximum is another, parts of it are compared.
pub fn changes(scored: Scored<'_>, last: Option<Scored<'_>>) -> Vec<CriterionChange> {
    let nodes = nodes(scored);
    let last = last.map(self::nodes).unwrap_or_default();
    let earlier = earlier(&nodes, &last);
    let mut changes = Vec::new();
    for node in nodes.iter().filter(|n| !n.has_parts) {
        let (points, max) = (node.points(), node.criterion.max_points);
        let before = earlier.get(node.criterion.code.as_str());
        let trend = match (points, before) {
            (_, None) => Trend::New,
            (Some(now), Some(Earlier { points: Some(then), max: then_max })) => match now.compare_share(max, *then, *then_max) {
                std::cmp::Ordering::Greater => Trend::Up,
                std::cmp::Ordering::Less => Trend::Down,
                std::cmp::Ordering::Equal => Trend::Same,
            },
            _ => Trend::NotScored,
        };
        let then = before.and_then(|b| b.points);
        let comparable = before.is_some_and(|b| b.max == max);
        changes.push(CriterionChange {
            code: node.criterion.code.to_string(),
            name: node.criterion.name.as_str().to_owned(),
            department: node.department.to_owned(),
            trend,
            points,
            max_points: Some(max),
            last_year_points: then,
            last_year_max_points: before.map(|b| b.max),
            difference: points.zip(then).filter(|_| comparable).map(|(now, then)| now.more_than(then)),
        });
    }
    let followed: HashSet<&str> = scored.sheet.criteria.iter().map(|c| c.follows.as_ref().unwrap_or(&c.code).as_str()).collect();
    for node in last.iter().filter(|n| !n.has_parts && !followed.contains(n.criterion.code.as_str())) {
        changes.push(CriterionChange {
            code: node.criterion.code.to_string(),
            name: node.criterion.name.as_str().to_owned(),
            department: node.department.to_owned(),
            trend: Trend::Gone,
            points: None,
            max_points: None,
            last_year_points: node.points(),
            last_year_max_points: Some(node.criterion.max_points),
            difference: None,
        });
    }
    changes
}

pub fn count(changes: &[CriterionChange]) -> CriterionTrends {
    let mut counts = CriterionTrends::default();
    for change in changes {
        let slot = match change.trend {
            Trend::Up => &mut counts.up,
            Trend::Down => &mut counts.down,
            Trend::Same => &mut counts.same,
            Trend::New => &mut counts.new,
            Trend::Gone => &mut counts.gone,
            Trend::NotScored => &mut counts.not_scored,
        };
        *slot += 1;
    }
    counts
}
