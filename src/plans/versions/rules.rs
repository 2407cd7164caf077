//! What differs between two texts of a plan, and what became of a task through all of them. Pure.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::wire::{ChangedPart, ListedPart, MemberChange, MovedPart, PartsDifference, PlanVersionView, TaskHistoryEntry, TaskTurn};
use crate::http::Day;
use crate::plans::tasks::window;
use crate::plans::wire::{NewPlan, NewTask};

/// Members that differ, in the order of the newer one.
fn members(old: &Value, new: &Value, but: &[&str]) -> Vec<MemberChange> {
    let none = Map::new();
    let (old, new) = (old.as_object().unwrap_or(&none), new.as_object().unwrap_or(&none));
    let names = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name)));
    let value = |of: &Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    names
        .filter(|name| !but.contains(&name.as_str()))
        .map(|name| MemberChange { member: name.clone(), old: value(old, name), new: value(new, name) })
        .filter(|change| change.old != change.new)
        .collect()
}

/// What of a plan's head differs.
pub fn head(old: Option<&NewPlan>, new: &NewPlan) -> Vec<MemberChange> {
    members(&old.map_or(Value::Null, |plan| json!(plan)), &json!(new), &["groups", "tasks"])
}

/// A heading or task, reduced to what is compared.
struct Part {
    code: String,
    title: String,
    group: Option<String>,
    replaces: Vec<String>,
    whole: Value,
}

fn task_parts(plan: &NewPlan) -> Vec<Part> {
    let part = |t: &NewTask| Part {
        code: t.local_code.to_string(),
        title: t.title.as_str().to_owned(),
        group: t.group.as_ref().map(ToString::to_string),
        replaces: t.replaces.iter().map(ToString::to_string).collect(),
        whole: json!(t),
    };
    plan.tasks.iter().map(part).collect()
}

fn group_parts(plan: &NewPlan) -> Vec<Part> {
    let groups = plan.groups.iter();
    groups
        .map(|g| Part {
            code: g.code.to_string(),
            title: g.title.as_str().to_owned(),
            group: g.parent.as_ref().map(ToString::to_string),
            replaces: Vec::new(),
            whole: json!(g),
        })
        .collect()
}

pub fn tasks(old: Option<&NewPlan>, new: &NewPlan) -> PartsDifference {
    difference(&old.map(task_parts).unwrap_or_default(), &task_parts(new), "group")
}

pub fn groups(old: Option<&NewPlan>, new: &NewPlan) -> PartsDifference {
    difference(&old.map(group_parts).unwrap_or_default(), &group_parts(new), "parent")
}

fn difference(old: &[Part], new: &[Part], place: &str) -> PartsDifference {
    let was: HashMap<&str, usize> = old.iter().enumerate().map(|(i, p)| (p.code.as_str(), i)).collect();
    let is: HashSet<&str> = new.iter().map(|p| p.code.as_str()).collect();
    let listed = |p: &Part| ListedPart { code: p.code.clone(), title: p.title.clone(), replaces: p.replaces.clone() };
    let both: Vec<(usize, &Part, usize, &Part)> =
        new.iter().enumerate().filter_map(|(at, p)| was.get(p.code.as_str()).and_then(|i| Some((*i, old.get(*i)?, at, p)))).collect();
    let stay = longest_rise(&both.iter().map(|(from, ..)| *from).collect::<Vec<_>>());
    let changed = |(_, before, _, now): &(usize, &Part, usize, &Part)| {
        let members = members(&before.whole, &now.whole, &[place]);
        (!members.is_empty()).then(|| ChangedPart { code: now.code.clone(), title: now.title.clone(), members })
    };
    let moved = |(i, (from, before, to, now)): (usize, &(usize, &Part, usize, &Part))| {
        (before.group != now.group || !stay.contains(&i)).then(|| MovedPart {
            code: now.code.clone(),
            old_group: before.group.clone(),
            old_position: from + 1,
            new_group: now.group.clone(),
            new_position: to + 1,
        })
    };
    PartsDifference {
        added: new.iter().filter(|p| !was.contains_key(p.code.as_str())).map(listed).collect(),
        changed: both.iter().filter_map(changed).collect(),
        dropped: old.iter().filter(|p| !is.contains(p.code.as_str())).map(listed).collect(),
        moved: both.iter().enumerate().filter_map(moved).collect(),
    }
}

/// Places of a longest rising series: what can be said to have stayed while others moved around it.
fn longest_rise(numbers: &[usize]) -> HashSet<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (i, number) in numbers.iter().enumerate() {
        let longest = (0..i).filter(|j| numbers.get(*j) < Some(number)).max_by_key(|j| (best.get(*j).map(|b| b.0), std::cmp::Reverse(*j)));
        let length = longest.and_then(|j| best.get(j)).map_or(0, |b| b.0) + 1;
        best.push((length, longest));
    }
    let mut at = (0..best.len()).max_by_key(|i| (best.get(*i).map(|b| b.0), std::cmp::Reverse(*i)));
    let mut stay = HashSet::new();
    while let Some(i) = at {
        stay.insert(i);
        at = best.get(i).and_then(|b| b.1);
    }
    stay
}

/// What each text did to a task.
pub fn history(texts: &[PlanVersionView], local_code: &str) -> Vec<TaskHistoryEntry> {
    let mut before: Option<&NewTask> = None;
    let mut bounds = None;
    let mut entries = Vec::new();
    for text in texts {
        let now = text.plan.tasks.iter().find(|t| t.local_code.as_str() == local_code);
        let days = now.map(|task| window(&task.schedule, &text.plan.period));
        let turn = match (before, now) {
            (None, None) => continue,
            (Some(old), Some(new)) if old == new && bounds == days => continue,
            (None, Some(_)) => TaskTurn::Added,
            (Some(_), Some(_)) => TaskTurn::Changed,
            (Some(_), None) => TaskTurn::Dropped,
        };
        let members = match (before, now) {
            (Some(old), Some(new)) => members(&json!(old), &json!(new), &[]),
            _ => Vec::new(),
        };
        let day = |day: Option<chrono::NaiveDate>| day.map(Day);
        entries.push(TaskHistoryEntry {
            version: text.version,
            kind: text.kind,
            turn,
            amendment: text.amendment.clone(),
            effective_on: text.effective_on,
            changed_by: text.changed_by.clone(),
            changed_at: text.changed_at,
            schedule: now.map(|task| task.schedule.clone()),
            starts_on: days.and_then(|(from, _)| day(from)),
            due_on: days.and_then(|(_, to)| day(to)),
            members,
            fate: text.dropped.iter().find(|d| d.local_code.as_str() == local_code).cloned(),
        });
        (before, bounds) = (now, days);
    }
    entries
}

#[cfg(test)]
mod tests;
