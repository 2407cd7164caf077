//! Which targets hold for a figure, and how it stands against them. Pure.

use std::cmp::Ordering;

use crate::kpi::decimal::{Decimal, Exact};
use crate::kpi::wire::{Comparator, Direction, Status, Target};
use crate::reports::period::{Period, PeriodSet, Range};

/// Whom a figure is about, to find its target: codes of the department and those above it, nearest first, then of the root agency.
pub type Chain = Vec<String>;

/// What a figure is about, to find the targets that hold for it.
pub struct About<'a> {
    pub chain: &'a Chain,
    pub field: Option<&'a str>,
    pub procedure: Option<&'a str>,
    pub days: Range,
    pub set: PeriodSet,
}

/// How well a target fits; the least fits best. `None`: it does not hold.
fn rank(target: &Target, about: &About) -> Option<(bool, bool, usize, i64)> {
    target.value?;
    let around = Period::parse(target.period.as_str())?.days(about.set);
    let field = target.field.as_ref().map(|f| f.as_str());
    let procedure = target.procedure.as_ref().map(|p| p.as_str());
    if !around.holds(about.days) || (field.is_some() && field != about.field) || (procedure.is_some() && procedure != about.procedure) {
        return None;
    }
    let place = match &target.department {
        Some(code) => about.chain.iter().position(|c| c == code.as_str())?,
        None => about.chain.len(),
    };
    Some((procedure.is_none(), field.is_none(), place, around.length()))
}

/// The targets that hold, one of each authority, the one that decides first: one for the procedure before one for the field before one for
/// all; then that of the department, of the nearest above it, of the root agency, of the whole organisation; then that of the shortest
/// period around; then the first in the list. Targets without a figure hold nothing.
pub fn targets<'a>(targets: &'a [Target], about: &About) -> Vec<&'a Target> {
    let mut ranked: Vec<_> = targets.iter().filter_map(|target| Some((rank(target, about)?, target))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut holding: Vec<&Target> = Vec::with_capacity(ranked.len());
    for (_, target) in ranked {
        if holding.iter().all(|t| t.authority != target.authority) {
            holding.push(target);
        }
    }
    holding
}

/// Whether a figure meets a target, unrounded.
pub fn meets(figure: Exact, comparator: Comparator, target: Decimal) -> bool {
    match figure.compare(target) {
        Ordering::Equal => true,
        Ordering::Greater => comparator == Comparator::AtLeast,
        Ordering::Less => comparator == Comparator::AtMost,
    }
}

/// Whether a figure is nearer to the target than the margin, on a side from which it may still change sides. What equals an exact target
/// is there; what missed it on the better side does not come back.
fn is_near(figure: Exact, target: &Target, value: Decimal, direction: Direction) -> bool {
    let Some(margin) = target.margin else { return false };
    let side = figure.compare(value);
    let may_change = match (target.comparator, direction) {
        (Comparator::Equal, Direction::Higher) => side == Ordering::Less,
        (Comparator::Equal, Direction::Lower) => side == Ordering::Greater,
        _ => true,
    };
    let (one, other) = if side == Ordering::Less { (Exact::of(value), figure) } else { (figure, Exact::of(value)) };
    may_change && one.minus(other).is_some_and(|distance| distance.compare(margin) == Ordering::Less)
}

/// How a figure stands against a target: whether it meets it, unrounded, and in a word. While its period runs, what is near is at risk.
pub fn status(figure: Option<Exact>, target: Option<&Target>, direction: Direction, runs: bool) -> (Option<bool>, Status) {
    let wanted = target.and_then(|t| Some((t, t.value?)));
    match (figure, wanted) {
        (None, _) => (None, Status::NoData),
        (Some(_), None) => (None, Status::NoTarget),
        (Some(figure), Some((target, value))) => {
            let met = meets(figure, target.comparator, value);
            let status = match met {
                _ if runs && is_near(figure, target, value, direction) => Status::AtRisk,
                true => Status::Met,
                false => Status::NotMet,
            };
            (Some(met), status)
        }
    }
}

#[cfg(test)]
mod tests;
