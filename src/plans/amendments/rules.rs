//! What an amendment makes of a plan, and what it must fulfil. Pure.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::wire::{ChangedTask, DroppedTask, NewAmendment, TaskFate};
use crate::error::{Code, Fault};
use crate::plans::wire::{NewPlan, NewTask};

/// What becomes of a task that the new text has no more.
#[derive(Clone, Debug, PartialEq)]
pub struct Fate {
    pub local_code: String,
    pub becomes: TaskFate,
    pub reason: Option<String>,
    /// The task that goes on in its place.
    pub to: Option<String>,
    /// From when it need not be done.
    pub cancelled_on: Option<NaiveDate>,
}

impl Fate {
    /// As a row to be written.
    pub fn row(&self, version: i32) -> Value {
        json!({"local_code": self.local_code, "version": version, "cancelled_on": self.cancelled_on,
            "cancel_reason": self.cancelled_on.and(self.reason.as_ref()), "moved_to": self.to})
    }

    /// As it is kept with the version.
    pub fn told(&self) -> Value {
        json!({"local_code": self.local_code, "becomes": self.becomes, "reason": self.reason, "to": self.to})
    }
}

/// A plan as a document amends it.
#[derive(Debug)]
pub struct Amended {
    pub plan: NewPlan,
    /// Where each of its tasks stands in the body; nothing for one that stays as it was.
    pub places: Vec<Option<String>>,
    pub fates: Vec<Fate>,
}

/// What an amendment is judged against.
pub struct Ground<'a> {
    pub today: NaiveDate,
    /// From when the text holds that is amended.
    pub in_force_since: NaiveDate,
    /// Local codes of the tasks on which there is work.
    pub worked: &'a [String],
}

/// The amended plan, and every fault of the amendment that is not one of the plan it makes.
pub fn amended(old: &NewPlan, amendment: &NewAmendment, ground: &Ground<'_>) -> (Amended, Vec<Fault>) {
    let mut faults = head_faults(old, amendment, ground);
    let mut plan = old.clone();
    if let Some(period) = amendment.period {
        plan.period = period;
    }
    if let Some(duties) = &amendment.reporting_duties {
        plan.reporting_duties.clone_from(duties);
    }
    if let Some(groups) = &amendment.groups {
        plan.groups.clone_from(groups);
    }
    let before: HashMap<&str, &NewTask> = old.tasks.iter().map(|t| (t.local_code.as_str(), t)).collect();
    let mut tasks = match &amendment.tasks {
        Some(tasks) => tasks
            .iter()
            .enumerate()
            .map(|(i, task)| (task.clone(), (before.get(task.local_code.as_str()) != Some(&task)).then(|| format!("/tasks/{i}"))))
            .collect(),
        None => listed(old, amendment, &mut faults),
    };
    for (i, added) in amendment.added.iter().enumerate() {
        if before.contains_key(added.task.local_code.as_str()) {
            faults.push(Fault::plain(Code::Exists, format!("/added/{i}/task/local_code")));
            continue;
        }
        let place = match &added.after {
            Some(after) => match behind(old, &tasks, after.as_str()) {
                Some(place) => place,
                None => {
                    faults.push(Fault::unknown(format!("/added/{i}/after"), after.as_str()));
                    tasks.len()
                }
            },
            None => tasks.iter().rposition(|(t, _)| t.group == added.task.group).map_or(tasks.len(), |p| p + 1),
        };
        tasks.insert(place, (added.task.clone(), Some(format!("/added/{i}/task"))));
    }
    let places;
    (plan.tasks, places) = tasks.into_iter().unzip();
    let fates = fates(old, &plan, amendment, ground, &mut faults);
    if faults.is_empty() && plan == *old {
        faults.push(Fault::new(
            Code::Missing,
            "",
            "Văn bản này không thay đổi gì trong kế hoạch.",
            "This document changes nothing of the plan.",
        ));
    }
    (Amended { plan, places, fates }, faults)
}

/// The place behind a task; one that is dropped stood behind those before it.
fn behind(old: &NewPlan, tasks: &[(NewTask, Option<String>)], after: &str) -> Option<usize> {
    let stands = |code: &str| tasks.iter().position(|(t, _)| t.local_code.as_str() == code);
    if let Some(place) = stands(after) {
        return Some(place + 1);
    }
    let gone = old.tasks.iter().position(|t| t.local_code.as_str() == after)?;
    let before = old.tasks.iter().take(gone).rev().find_map(|t| stands(t.local_code.as_str()));
    Some(before.map_or(0, |place| place + 1))
}

fn head_faults(old: &NewPlan, amendment: &NewAmendment, ground: &Ground<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let blank = [
        ("/document_number", amendment.document_number.is_blank()),
        ("/document_type", amendment.document_type.is_blank()),
        ("/title", amendment.title.is_blank()),
    ];
    faults.extend(blank.into_iter().filter(|(_, blank)| *blank).map(|(at, _)| Fault::missing(at)));
    let effective_on = amendment.effective_on.unwrap_or(amendment.issued_on);
    let backwards = |at: &'static str, day: NaiveDate| {
        let (vi, en) = (day.format("%d/%m/%Y"), day.format("%Y-%m-%d"));
        Fault::new(Code::DatesBackwards, at, format!("Trước ngày {vi}."), format!("Before {en}."))
    };
    if amendment.issued_on.0 > ground.today {
        faults.push(Fault::plain(Code::DateInFuture, "/issued_on"));
    } else if amendment.issued_on < old.issued_on {
        faults.push(backwards("/issued_on", old.issued_on.0));
    }
    if amendment.effective_on.is_some() && effective_on.0 > ground.today {
        faults.push(Fault::new(
            Code::DateInFuture,
            "/effective_on",
            "Hãy ghi nhận vào ngày văn bản có hiệu lực.",
            "Enter it on the day it takes effect.",
        ));
    } else if effective_on.0 < ground.in_force_since {
        faults.push(backwards("/effective_on", ground.in_force_since));
    }
    if amendment.tasks.is_some() {
        let both = [("/added", amendment.added.is_empty()), ("/changed", amendment.changed.is_empty())];
        faults.extend(
            both.into_iter()
                .filter(|(_, empty)| !empty)
                .map(|(at, _)| Fault::new(Code::RuleBroken, at, "Không dùng cùng với “tasks”.", "Not together with “tasks”.")),
        );
    }
    faults
}

/// The tasks that stay, with those that are changed, as the lists of the body say.
fn listed(old: &NewPlan, amendment: &NewAmendment, faults: &mut Vec<Fault>) -> Vec<(NewTask, Option<String>)> {
    let known: HashSet<&str> = old.tasks.iter().map(|t| t.local_code.as_str()).collect();
    let mut met = HashSet::new();
    let named = amendment.changed.iter().enumerate().map(|(i, c)| (format!("/changed/{i}/local_code"), c.local_code.as_str()));
    let dropped = amendment.dropped.iter().enumerate().map(|(i, d)| (format!("/dropped/{i}/local_code"), d.local_code.as_str()));
    for (at, code) in named.chain(dropped) {
        if !known.contains(code) && at.starts_with("/changed") {
            faults.push(Fault::unknown(at, code));
        } else if !met.insert(code) {
            faults.push(Fault::plain(Code::DuplicateInPayload, at));
        }
    }
    let gone: HashSet<&str> = amendment.dropped.iter().map(|d| d.local_code.as_str()).collect();
    let stays = old.tasks.iter().filter(|t| !gone.contains(t.local_code.as_str()));
    let change = |task: &NewTask| match amendment.changed.iter().position(|c| c.local_code == task.local_code) {
        Some(i) => (amendment.changed.get(i).map_or_else(|| task.clone(), |c| with(task, c)), Some(format!("/changed/{i}"))),
        None => (task.clone(), None),
    };
    stays.map(change).collect()
}

/// A task with its new members.
fn with(task: &NewTask, changed: &ChangedTask) -> NewTask {
    let (mut whole, members) = (json!(task), json!(changed));
    if let (Value::Object(whole), Value::Object(members)) = (&mut whole, members) {
        whole.extend(members);
    }
    serde_json::from_value(whole).unwrap_or_else(|_| task.clone())
}

fn fates(old: &NewPlan, new: &NewPlan, amendment: &NewAmendment, ground: &Ground<'_>, faults: &mut Vec<Fault>) -> Vec<Fate> {
    let stands = |code: &str| new.tasks.iter().any(|t| t.local_code.as_str() == code);
    let known = |code: &str| old.tasks.iter().any(|t| t.local_code.as_str() == code);
    for (i, dropped) in amendment.dropped.iter().enumerate() {
        let (at, code) = (format!("/dropped/{i}/local_code"), dropped.local_code.as_str());
        if !known(code) {
            faults.push(Fault::unknown(at, code));
        } else if stands(code) {
            let (vi, en) = ("Nhiệm vụ vẫn còn trong “tasks”.", "The task still stands in “tasks”.");
            faults.push(Fault::new(Code::RuleBroken, at, vi, en));
        }
    }
    let gone = old.tasks.iter().filter(|t| !stands(t.local_code.as_str()));
    gone.filter_map(|task| {
        let code = task.local_code.as_str();
        let place = amendment.dropped.iter().position(|d| d.local_code.as_str() == code);
        let said = place.and_then(|i| Some((i, amendment.dropped.get(i)?)));
        let heir = new.tasks.iter().find(|t| t.replaces.iter().any(|r| r.as_str() == code)).map(|t| t.local_code.as_str());
        fate(code, said, heir, ground.worked.iter().any(|w| w == code), &stands, amendment, faults)
    })
    .collect()
}

fn fate(
    code: &str,
    said: Option<(usize, &DroppedTask)>,
    heir: Option<&str>,
    worked: bool,
    stands: &dyn Fn(&str) -> bool,
    amendment: &NewAmendment,
    faults: &mut Vec<Fault>,
) -> Option<Fate> {
    let at = |name: &str| said.map_or_else(|| "/tasks".to_owned(), |(i, _)| format!("/dropped/{i}/{name}"));
    let given = said.and_then(|(_, d)| d.reason.as_ref()).filter(|r| !r.is_blank()).map(|r| r.as_str().to_owned());
    let to = said.and_then(|(_, d)| d.to.as_ref()).map(|to| to.as_str());
    let becomes = match said.and_then(|(_, d)| d.becomes) {
        Some(becomes) => becomes,
        None if heir.is_some() || to.is_some() => TaskFate::Moved,
        None if !worked => TaskFate::Cancelled,
        None => {
            faults.push(Fault::new(
                Code::InUse,
                at("becomes"),
                format!("Nhiệm vụ “{code}” đã có báo cáo hoặc kết quả: phải nêu cách xử lý (cancelled, moved, kept) trong “dropped”."),
                format!("There is work on task “{code}”: say in “dropped” what becomes of it (cancelled, moved or kept)."),
            ));
            return None;
        }
    };
    if becomes != TaskFate::Moved && to.is_some() {
        faults.push(Fault::new(Code::RuleBroken, at("to"), "Chỉ dùng với “moved”.", "Only with “moved”."));
    }
    let document = format!(
        "{} số {} ngày {}",
        amendment.document_type.as_str(),
        amendment.document_number.as_str(),
        amendment.issued_on.0.format("%d/%m/%Y")
    );
    let cancelled_on = Some(amendment.effective_on.unwrap_or(amendment.issued_on).0);
    let local_code = code.to_owned();
    match becomes {
        TaskFate::Cancelled => {
            if worked && given.is_none() {
                faults.push(Fault::missing(at("reason")));
            }
            let reason = Some(given.unwrap_or_else(|| format!("Bãi bỏ theo {document}")));
            Some(Fate { local_code, becomes, reason, to: None, cancelled_on })
        }
        TaskFate::Moved => {
            let Some(to) = to.or(heir) else {
                faults.push(Fault::missing(at("to")));
                return None;
            };
            if !stands(to) {
                faults.push(Fault::unknown(at("to"), to));
            }
            let reason = Some(given.unwrap_or_else(|| format!("Chuyển sang nhiệm vụ {to} theo {document}")));
            Some(Fate { local_code, becomes, reason, to: Some(to.to_owned()), cancelled_on })
        }
        TaskFate::Kept => Some(Fate { local_code, becomes, reason: given, to: None, cancelled_on: None }),
    }
}

/// Faults of the amended plan, told where the body has what is wrong.
pub fn placed(faults: Vec<Fault>, places: &[Option<String>]) -> Vec<Fault> {
    let place = |fault: Fault| {
        let Some(rest) = fault.pointer.strip_prefix("/tasks/") else { return fault };
        let (index, member) = rest.split_once('/').unwrap_or((rest, ""));
        let Some(Some(at)) = index.parse().ok().and_then(|i: usize| places.get(i)) else { return fault };
        let pointer = if member.is_empty() { at.clone() } else { format!("{at}/{member}") };
        Fault { pointer: pointer.into(), ..fault }
    };
    faults.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests;
