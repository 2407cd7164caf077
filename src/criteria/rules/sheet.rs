//! What a sheet must fulfil. Pure.

use std::collections::{HashMap, HashSet};

use super::score::Score;
use crate::criteria::model::Kind;
use crate::criteria::wire::{Band, NewCriteriaSheet, NewCriterion};
use crate::error::{Code, Fault};
use crate::http::decimal::Decimal;

/// Years that a sheet may be of, criteria that it may have, and points that one may have.
pub const YEARS: std::ops::RangeInclusive<i32> = 1990..=2200;
const MOST: usize = 1_000;
const MOST_POINTS: i64 = 1_000;

/// What a sheet may refer to.
pub struct Ground<'a> {
    pub departments: &'a dyn Fn(&str) -> bool,
    /// Indicators named that there are.
    pub kpis: &'a HashSet<String>,
    /// The sheet that it follows, if that exists.
    pub last: Option<&'a NewCriteriaSheet>,
    /// The sheet as it was, and what was scored in it.
    pub before: Option<&'a NewCriteriaSheet>,
    pub scores: &'a [Score],
}

fn bad(at: impl Into<std::borrow::Cow<'static, str>>, vi: &str, en: &str) -> Fault {
    Fault::new(Code::BadCriterion, at, vi, en)
}

/// Every fault of a sheet.
pub fn faults(sheet: &NewCriteriaSheet, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = head_faults(sheet, ground);
    if sheet.criteria.len() > MOST {
        faults.push(bad("/criteria", "Tối đa 1.000 tiêu chí.", "At most 1,000 criteria."));
        return faults;
    }
    let tree = Tree::of(sheet);
    let mut seen = HashSet::new();
    for (i, criterion) in sheet.criteria.iter().enumerate() {
        if !seen.insert(criterion.code.as_str()) {
            faults.push(Fault::plain(Code::DuplicateInPayload, format!("/criteria/{i}/code")));
        }
        faults.extend(place_faults(criterion, i, &tree));
        faults.extend(reference_faults(criterion, i, sheet, ground));
        faults.extend(kind_faults(criterion, i, tree.parts.contains_key(criterion.code.as_str())));
    }
    faults.extend(scored_faults(sheet, &tree, ground));
    faults
}

fn head_faults(sheet: &NewCriteriaSheet, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if sheet.name.is_blank() {
        faults.push(Fault::missing("/name"));
    }
    if !YEARS.contains(&sheet.year) {
        faults.push(bad("/year", "Năm từ 1990 đến 2200.", "A year from 1990 to 2200."));
    }
    if !(ground.departments)(sheet.department.as_str()) {
        faults.push(Fault::unknown("/department", sheet.department.as_str()));
    }
    if let Some(follows) = &sheet.follows {
        match ground.last {
            _ if *follows == sheet.code => {
                faults.push(bad("/follows", "Bộ tiêu chí không thể nối tiếp chính nó.", "A sheet does not follow itself."))
            }
            None => faults.push(Fault::unknown("/follows", follows.as_str())),
            Some(last) if last.year >= sheet.year => {
                faults.push(bad("/follows", "Phải là bộ tiêu chí của năm trước.", "Must be the sheet of an earlier year."));
            }
            Some(_) => {}
        }
    }
    faults
}

/// Criteria by their numbers, and what their parts come to.
struct Tree<'a> {
    by_code: HashMap<&'a str, &'a NewCriterion>,
    parts: HashMap<&'a str, Decimal>,
}

impl<'a> Tree<'a> {
    fn of(sheet: &'a NewCriteriaSheet) -> Tree<'a> {
        let mut parts: HashMap<&str, Decimal> = HashMap::new();
        for criterion in &sheet.criteria {
            if let Some(parent) = &criterion.parent {
                let sum = parts.entry(parent.as_str()).or_insert(Decimal::ZERO);
                *sum = sum.plus(criterion.max_points);
            }
        }
        Tree { by_code: sheet.criteria.iter().map(|c| (c.code.as_str(), c)).collect(), parts }
    }

    fn is_circular(&self, criterion: &NewCriterion) -> bool {
        let mut at = criterion;
        for _ in 0..=self.by_code.len() {
            match at.parent.as_ref().and_then(|p| self.by_code.get(p.as_str())) {
                None => return false,
                Some(parent) => at = parent,
            }
        }
        true
    }
}

fn place_faults(criterion: &NewCriterion, i: usize, tree: &Tree<'_>) -> Vec<Fault> {
    let at = |member: &str| format!("/criteria/{i}/{member}");
    let mut faults = Vec::new();
    if criterion.name.is_blank() {
        faults.push(Fault::missing(at("name")));
    }
    match &criterion.parent {
        Some(parent) if !tree.by_code.contains_key(parent.as_str()) => faults.push(Fault::unknown(at("parent"), parent.as_str())),
        Some(_) if tree.is_circular(criterion) => faults.push(Fault::new(
            Code::CircularParent,
            at("parent"),
            "Tiêu chí cha tạo thành vòng.",
            "The criteria above it make a circle.",
        )),
        _ => {}
    }
    let max = criterion.max_points;
    if max.is_zero() || !max.is_at_most(MOST_POINTS) {
        faults.push(bad(at("max_points"), "Điểm tối đa lớn hơn 0, không quá 1.000.", "The maximum is more than 0 and at most 1,000."));
    }
    if let Some(sum) = tree.parts.get(criterion.code.as_str()).filter(|sum| **sum > max) {
        let (sum, max) = (sum.shown(), max.shown());
        faults.push(Fault::new(
            Code::AboveMaximum,
            at("max_points"),
            format!("Các thành phần cộng lại {sum} điểm, tối đa {max}."),
            format!("Its parts are {sum} points together, its maximum is {max}."),
        ));
    }
    if let Some(score) = criterion.last_year_score.filter(|score| *score > max) {
        let (score, max) = (score.shown(), max.shown());
        faults.push(Fault::new(
            Code::AboveMaximum,
            at("last_year_score"),
            format!("{score} điểm, tối đa {max}."),
            format!("{score} points, the maximum is {max}."),
        ));
    }
    faults
}

fn reference_faults(criterion: &NewCriterion, i: usize, sheet: &NewCriteriaSheet, ground: &Ground<'_>) -> Vec<Fault> {
    let at = |member: &str| format!("/criteria/{i}/{member}");
    let mut faults = Vec::new();
    if let Some(code) = criterion.department.as_ref().filter(|code| !(ground.departments)(code.as_str())) {
        faults.push(Fault::unknown(at("department"), code.as_str()));
    }
    if let Some(code) = criterion.kpi.as_ref().filter(|code| !ground.kpis.contains(code.as_str())) {
        faults.push(Fault::unknown(at("kpi"), code.as_str()));
    }
    if let Some(code) = &criterion.follows {
        let there = ground.last.is_some_and(|last| last.criteria.iter().any(|c| c.code == *code));
        if sheet.follows.is_none() {
            let (vi, en) = ("Chưa nêu bộ tiêu chí năm trước.", "The sheet of the year before is not named.");
            faults.push(bad(at("follows"), vi, en));
        } else if !there {
            faults.push(Fault::unknown(at("follows"), code.as_str()));
        }
    }
    faults
}

fn kind_faults(criterion: &NewCriterion, i: usize, has_parts: bool) -> Vec<Fault> {
    let at = |member: &str| format!("/criteria/{i}/{member}");
    let mut faults = Vec::new();
    match criterion.kind {
        None if !has_parts => faults.push(Fault::missing(at("kind"))),
        Some(_) if has_parts => {
            let (vi, en) = ("Tiêu chí có thành phần không có cách chấm riêng.", "A criterion with parts has no kind of its own.");
            faults.push(bad(at("kind"), vi, en));
        }
        _ => {}
    }
    match criterion.full_at {
        Some(_) if criterion.kind != Some(Kind::Formula) => {
            faults.push(bad(at("full_at"), "Chỉ công thức mới có mốc đạt tối đa.", "Only a formula has it."));
        }
        Some(full) if full.is_zero() => faults.push(bad(at("full_at"), "Phải lớn hơn 0.", "Must be more than 0.")),
        _ => {}
    }
    match (criterion.kind == Some(Kind::Bands), criterion.bands.is_empty()) {
        (true, true) => faults.push(Fault::missing(at("bands"))),
        (false, false) => faults.push(bad(at("bands"), "Chỉ cách chấm theo bậc mới có bậc.", "Only the kind “bands” has bands.")),
        _ => {}
    }
    for (n, band) in criterion.bands.iter().enumerate() {
        faults.extend(band_fault(band, criterion, &at(&format!("bands/{n}"))));
        if criterion.bands.iter().take(n).any(|other| other.from == band.from) {
            faults.push(Fault::plain(Code::DuplicateInPayload, at(&format!("bands/{n}/from"))));
        }
    }
    faults
}

fn band_fault(band: &Band, criterion: &NewCriterion, at: &str) -> Option<Fault> {
    match (band.points, band.factor, band.per) {
        (Some(points), None, None) if points > criterion.max_points => {
            let (points, max) = (points.shown(), criterion.max_points.shown());
            Some(Fault::new(
                Code::AboveMaximum,
                format!("{at}/points"),
                format!("{points} điểm, tối đa {max}."),
                format!("{points} points, the maximum is {max}."),
            ))
        }
        (None, Some(factor), None) if factor > Decimal::ONE => Some(bad(format!("{at}/factor"), "Từ 0 đến 1.", "From 0 to 1.")),
        (None, None, Some(per)) if per.is_zero() => Some(bad(format!("{at}/per"), "Phải lớn hơn 0.", "Must be more than 0.")),
        (Some(_), None, None) | (None, Some(_), None) | (None, None, Some(_)) => None,
        _ => Some(bad(at.to_owned(), "Chọn đúng một: points, factor hoặc per.", "Give exactly one of points, factor and per.")),
    }
}

/// What was scored stays, with its kind, and within its maximum.
fn scored_faults(sheet: &NewCriteriaSheet, tree: &Tree<'_>, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let used = |at: String, code: &str| {
        let (vi, en) = (format!("Tiêu chí {code} đã có điểm."), format!("Criterion {code} has been scored."));
        Fault::new(Code::InUse, at, vi, en)
    };
    for score in ground.scores {
        let code = score.criterion.as_str();
        let Some(i) = sheet.criteria.iter().position(|c| c.code.as_str() == code) else {
            faults.push(used("/criteria".into(), code));
            continue;
        };
        let Some(criterion) = sheet.criteria.get(i) else { continue };
        let old = ground.before.and_then(|b| b.criteria.iter().find(|c| c.code == criterion.code));
        if tree.parts.contains_key(code) || old.is_some_and(|old| old.kind != criterion.kind) {
            faults.push(used(format!("/criteria/{i}/kind"), code));
        }
        let all_or_none = criterion.kind == Some(Kind::YesNo) && old.is_some_and(|old| old.max_points != criterion.max_points);
        if all_or_none && !score.highest().is_zero() {
            faults.push(used(format!("/criteria/{i}/max_points"), code));
        } else if score.highest() > criterion.max_points {
            let (points, max) = (score.highest().shown(), criterion.max_points.shown());
            faults.push(Fault::new(
                Code::AboveMaximum,
                format!("/criteria/{i}/max_points"),
                format!("Đã chấm {points} điểm, tối đa {max}."),
                format!("It was scored {points} points, the maximum is {max}."),
            ));
        }
    }
    faults
}
