//! What a plan must fulfil. Pure.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::model::{DocumentRelation, Schedule, ScheduleKind};
use super::tasks::window;
use super::wire::{NewPlan, NewTask, ReportingDuty};
use crate::audit;
use crate::error::{Code, Fault};
use crate::http::{Day, ResourceCode};

/// What a plan is judged against.
pub struct Ground<'a> {
    /// Whether there is such a department, and whether it is in force on a day.
    pub department: &'a dyn Fn(&str) -> Option<Validity>,
    pub today: NaiveDate,
    /// The days on one of which the departments of the task at a place must be in force.
    pub days: &'a dyn Fn(usize) -> Vec<NaiveDate>,
    /// Local codes of the tasks of this plan on which there is work.
    pub worked: &'a [String],
    /// Local codes of all tasks that the plan has had.
    pub earlier: &'a [String],
}

/// First and last day of a department, where it has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Validity {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl Validity {
    fn on(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// Every fault of a plan.
pub fn faults(plan: &NewPlan, ground: &Ground<'_>) -> Vec<Fault> {
    let mut found = Faults { list: Vec::new(), ground };
    found.head(plan);
    found.groups(plan);
    found.duties(plan);
    found.tasks(plan);
    let kept: HashSet<&str> = plan.tasks.iter().map(|t| t.local_code.as_str()).collect();
    for code in ground.worked.iter().filter(|code| !kept.contains(code.as_str())) {
        found.say(
            Code::InUse,
            "/tasks",
            &format!("Nhiệm vụ “{code}” đã có báo cáo hoặc đã hoàn thành nên không được bỏ khỏi kế hoạch; hãy dùng văn bản sửa đổi."),
            &format!("Task “{code}” has reports or a completion and must stay in the plan; amend it instead."),
        );
    }
    found.list
}

struct Faults<'a> {
    list: Vec<Fault>,
    ground: &'a Ground<'a>,
}

impl Faults<'_> {
    fn say(&mut self, code: Code, at: &str, vi: &str, en: &str) {
        self.list.push(Fault::new(code, at.to_owned(), vi, en));
    }

    /// Every code must be a department's.
    fn departments(&mut self, at: &str, codes: &[ResourceCode]) {
        for (i, code) in codes.iter().enumerate() {
            self.department(format!("{at}/{i}"), code);
        }
    }

    fn department(&mut self, at: String, code: &ResourceCode) {
        if (self.ground.department)(code.as_str()).is_none() {
            self.list.push(Fault::unknown(at, code.as_str()));
        }
    }

    /// No code may stand twice; each place where it does is a fault.
    fn distinct<'c>(&mut self, codes: impl Iterator<Item = (String, &'c ResourceCode)> + Clone) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for (_, code) in codes.clone() {
            *times.entry(code.as_str()).or_default() += 1;
        }
        for (at, code) in codes.filter(|(_, code)| times.get(code.as_str()).is_some_and(|n| *n > 1)) {
            self.say(
                Code::DuplicateInPayload,
                &at,
                &format!("Mã “{code}” xuất hiện hơn một lần."),
                &format!("“{code}” occurs more than once."),
            );
        }
    }

    fn head(&mut self, plan: &NewPlan) {
        for (at, blank) in [
            ("/document_number", plan.document_number.is_blank()),
            ("/document_type", plan.document_type.is_blank()),
            ("/title", plan.title.is_blank()),
        ] {
            if blank {
                self.list.push(Fault::missing(at));
            }
        }
        self.department("/issuer/department".into(), &plan.issuer.department);
        if plan.period.from > plan.period.to {
            self.backwards("/period/to");
        } else if !(year(plan.period.from)..=year(plan.period.to)).contains(&plan.year) {
            self.say(Code::OutOfRange, "/year", "Năm nằm ngoài thời gian của kế hoạch.", "The year is outside the plan's period.");
        }
        for (i, basis) in plan.legal_bases.iter().enumerate() {
            if let Some(issuer) = &basis.issuer {
                self.department(format!("/legal_bases/{i}/issuer"), issuer);
            }
        }
        for (i, recipient) in plan.recipients.iter().enumerate() {
            self.departments(&format!("/recipients/{i}/codes"), &recipient.codes);
        }
        for (i, provision) in plan.organisation.iter().enumerate() {
            for (j, duty) in provision.reporting_duties.iter().enumerate() {
                if !plan.reporting_duties.iter().any(|d| d.code == *duty) {
                    self.list.push(Fault::unknown(format!("/organisation/{i}/reporting_duties/{j}"), duty.as_str()));
                }
            }
        }
    }

    fn backwards(&mut self, at: &str) {
        self.say(Code::DatesBackwards, at, "Ngày kết thúc trước ngày bắt đầu.", "It would end before it begins.");
    }

    fn groups(&mut self, plan: &NewPlan) {
        self.distinct(plan.groups.iter().enumerate().map(|(i, g)| (format!("/groups/{i}/code"), &g.code)));
        let parents: HashMap<&str, Option<&str>> =
            plan.groups.iter().map(|g| (g.code.as_str(), g.parent.as_ref().map(ResourceCode::as_str))).collect();
        for (i, group) in plan.groups.iter().enumerate() {
            if group.title.is_blank() {
                self.list.push(Fault::missing(format!("/groups/{i}/title")));
            }
            self.distinct(group.kpis.iter().enumerate().map(|(j, k)| (format!("/groups/{i}/kpis/{j}"), k)));
            if let Some(parent) = &group.parent {
                let at = format!("/groups/{i}/parent");
                if !parents.contains_key(parent.as_str()) {
                    self.list.push(Fault::unknown(at, parent.as_str()));
                } else if circular(group.code.as_str(), &parents) {
                    self.say(Code::CircularParent, &at, "Nhóm cấp trên tạo thành vòng.", "The parent would make a circle.");
                }
            }
        }
    }

    fn duties(&mut self, plan: &NewPlan) {
        self.distinct(plan.reporting_duties.iter().enumerate().map(|(i, d)| (format!("/reporting_duties/{i}/code"), &d.code)));
        for (i, duty) in plan.reporting_duties.iter().enumerate() {
            let at = format!("/reporting_duties/{i}");
            let ReportingDuty { from, via, to, schedule, internal_due, .. } = duty;
            for (name, codes) in [("from", from), ("via", via), ("to", to)] {
                self.departments(&format!("{at}/{name}"), codes);
            }
            self.schedule(&format!("{at}/schedule"), schedule);
            if let Some(due) = internal_due {
                self.departments(&format!("{at}/internal_due/from"), &due.from);
                self.departments(&format!("{at}/internal_due/to"), &due.to);
                self.before(&format!("{at}/internal_due"), due.before_on, due.end_on);
            }
        }
    }

    fn tasks(&mut self, plan: &NewPlan) {
        self.distinct(plan.tasks.iter().enumerate().map(|(i, t)| (format!("/tasks/{i}/local_code"), &t.local_code)));
        for (i, task) in plan.tasks.iter().enumerate() {
            let at = format!("/tasks/{i}");
            if task.title.is_blank() {
                self.list.push(Fault::missing(format!("{at}/title")));
            }
            if let Some(group) = task.group.as_ref().filter(|g| !plan.groups.iter().any(|known| known.code == **g)) {
                self.list.push(Fault::unknown(format!("{at}/group"), group.as_str()));
            }
            self.parts(i, &at, task);
            self.lineage(plan, &at, task);
            self.schedule(&format!("{at}/schedule"), &task.schedule);
            self.evidence(&at, task);
            let indicators = |name: &'static str, codes: &'_ [ResourceCode]| {
                codes.iter().enumerate().map(|(j, k)| (format!("{at}/{name}/{j}"), k.clone())).collect::<Vec<_>>()
            };
            let named = [indicators("kpis", &task.kpis), indicators("sub_indices", &task.sub_indices)].concat();
            self.distinct(named.iter().map(|(at, code)| (at.clone(), code)));
        }
    }

    fn parts(&mut self, place: usize, at: &str, task: &NewTask) {
        let part = |name: &'static str, codes: &[ResourceCode]| -> Vec<(String, ResourceCode)> {
            codes.iter().enumerate().map(|(j, code)| (format!("{at}/{name}/{j}"), code.clone())).collect()
        };
        let named = [part("lead", &task.lead), part("coordinate", &task.coordinate)].concat();
        for (at, code) in &named {
            match (self.ground.department)(code.as_str()) {
                None => self.list.push(Fault::unknown(at.clone(), code.as_str())),
                Some(validity) if !(self.ground.days)(place).iter().any(|day| validity.on(*day)) => {
                    self.say(
                        Code::NotValidThen,
                        at,
                        &format!("Đơn vị “{code}” không có hiệu lực vào ngày ban hành kế hoạch."),
                        &format!("“{code}” is not in force on the day the plan was issued."),
                    );
                }
                Some(_) => {}
            }
        }
        self.distinct(named.iter().map(|(at, code)| (at.clone(), code)));
        for (j, step) in task.method.iter().enumerate() {
            self.departments(&format!("{at}/method/{j}/departments"), &step.departments);
            self.departments(&format!("{at}/method/{j}/external"), &step.external);
            for (k, partner) in step.with.iter().enumerate() {
                self.department(format!("{at}/method/{j}/with/{k}/department"), &partner.department);
            }
        }
    }

    /// What a task replaces is another one that the plan has or had.
    fn lineage(&mut self, plan: &NewPlan, at: &str, task: &NewTask) {
        for (j, code) in task.replaces.iter().enumerate() {
            let at = format!("{at}/replaces/{j}");
            let known = self.ground.earlier.iter().any(|c| c == code.as_str()) || plan.tasks.iter().any(|t| t.local_code == *code);
            if *code == task.local_code {
                self.say(Code::RuleBroken, &at, "Không tự thay thế chính mình.", "A task does not replace itself.");
            } else if !known {
                self.list.push(Fault::unknown(at, code.as_str()));
            }
        }
        self.distinct(task.replaces.iter().enumerate().map(|(j, code)| (format!("{at}/replaces/{j}"), code)));
    }

    fn evidence(&mut self, at: &str, task: &NewTask) {
        for (j, document) in task.evidence.iter().enumerate() {
            if let Some(issuer) = &document.issuer {
                self.department(format!("{at}/evidence/{j}/issuer"), issuer);
            }
            let proves = document.relation == DocumentRelation::ProofOfCompletion;
            if proves && document.issued_on.is_some_and(|on| on.0 > self.ground.today) {
                self.list.push(Fault::plain(Code::DateInFuture, format!("{at}/evidence/{j}/issued_on")));
            }
        }
        let proven = task.evidence.iter().any(|e| e.relation == DocumentRelation::ProofOfCompletion);
        if task.schedule.kind == ScheduleKind::AlreadyDone && !proven {
            self.say(
                Code::BadSchedule,
                &format!("{at}/evidence"),
                "Nhiệm vụ đã xong phải có văn bản chứng minh hoàn thành.",
                "A task already done needs a document that proves its completion.",
            );
        }
    }

    fn schedule(&mut self, at: &str, schedule: &Schedule) {
        use ScheduleKind::{AfterEvent, Before, From, In, Recurring};
        let Schedule { kind, start_on, end_on, before_on, quarter, month, event, recurrence, .. } = schedule;
        let is = |kinds: &[ScheduleKind]| kinds.contains(kind);
        if schedule.text.is_blank() {
            self.list.push(Fault::missing(format!("{at}/text")));
        }
        let mut bad = |name: &str, holds: bool, vi: &str, en: &str| {
            if !holds {
                self.say(Code::BadSchedule, &format!("{at}/{name}"), vi, en);
            }
        };
        let has_event = event.as_ref().is_some_and(|e| !e.is_blank());
        bad("start_on", !is(&[From, In]) || start_on.is_some(), "Loại tiến độ này cần ngày bắt đầu.", "This kind needs a first day.");
        bad("end_on", !is(&[In]) || end_on.is_some(), "Loại tiến độ này cần ngày kết thúc.", "This kind needs a last day.");
        bad("before_on", !is(&[Before]) || before_on.is_some(), "Cần ngày phải xong trước.", "The day before which it is due is needed.");
        bad("before_on", is(&[Before]) || before_on.is_none(), "Chỉ dùng với loại “before”.", "Only the kind “before” has it.");
        bad("event", !is(&[AfterEvent]) || has_event, "Cần sự kiện phải chờ.", "The event waited for is needed.");
        bad("event", is(&[AfterEvent]) || event.is_none(), "Chỉ dùng với loại “after_event”.", "Only the kind “after_event” has it.");
        bad("recurrence", !is(&[Recurring]) || recurrence.is_some(), "Cần cho biết lặp lại thế nào.", "How it recurs is needed.");
        bad("quarter", quarter.is_none_or(|q| (1..=4).contains(&q)), "Quý từ 1 đến 4.", "Quarters are 1 to 4.");
        bad("month", month.is_none_or(is_month), "Tháng từ 1 đến 12.", "Months are 1 to 12.");
        if *kind == Before {
            self.before(at, *before_on, *end_on);
        }
        self.in_order(&format!("{at}/end_on"), *start_on, *end_on);
        for (i, month) in recurrence.iter().filter_map(|r| r.months.as_ref()).flatten().enumerate() {
            if !is_month(*month) {
                self.say(Code::BadSchedule, &format!("{at}/recurrence/months/{i}"), "Tháng từ 1 đến 12.", "Months are 1 to 12.");
            }
        }
        for (i, occurrence) in recurrence.iter().flat_map(|r| &r.occurrences).enumerate() {
            let at = format!("{at}/recurrence/occurrences/{i}");
            if !occurrence.month.is_none_or(is_month) {
                self.say(Code::BadSchedule, &format!("{at}/month"), "Tháng từ 1 đến 12.", "Months are 1 to 12.");
            }
            self.in_order(&format!("{at}/end_on"), occurrence.start_on, occurrence.end_on);
        }
    }

    fn in_order(&mut self, at: &str, start: Option<Day>, end: Option<Day>) {
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            self.backwards(at);
        }
    }

    /// "Before the 15th" ends on the 14th.
    fn before(&mut self, at: &str, before: Option<Day>, end: Option<Day>) {
        if let (Some(before), Some(end)) = (before, end)
            && before.0.checked_sub_days(Days::new(1)) != Some(end.0)
        {
            self.say(
                Code::BadSchedule,
                &format!("{at}/end_on"),
                "“Trước ngày” kết thúc vào hôm trước ngày đó; bỏ trống cũng được.",
                "“Before a day” ends on the day before it; it may also be left out.",
            );
        }
    }
}

fn is_month(month: u8) -> bool {
    (1..=12).contains(&month)
}

fn year(day: Day) -> i32 {
    chrono::Datelike::year(&day.0)
}

fn circular(code: &str, parents: &HashMap<&str, Option<&str>>) -> bool {
    let mut at = code;
    for _ in 0..=parents.len() {
        match parents.get(at).copied().flatten() {
            None => return false,
            Some(parent) => at = parent,
        }
    }
    true
}

/// The tasks that a new version of a plan changes or adds, by their place in it: their words, their order, or the
/// plan's period, which bounds them.
pub fn changed_tasks(new: &NewPlan, old: Option<&NewPlan>) -> Vec<usize> {
    let Some(old) = old else { return (0..new.tasks.len()).collect() };
    let same = |i: usize| new.period == old.period && old.tasks.get(i) == new.tasks.get(i);
    (0..new.tasks.len()).filter(|i| !same(*i)).collect()
}

/// What a new version of a plan changes of the tasks that stay in it: the task's local code and the members of its view.
pub fn task_changes<'a>(new: &'a NewPlan, old: &NewPlan) -> Vec<(&'a str, Vec<String>)> {
    let shown = |plan: &NewPlan, place: usize| {
        let task = plan.tasks.get(place)?;
        let (mut shown, (starts_on, due_on)) = (json!(task), window(&task.schedule, &plan.period));
        shown["position"] = json!(place);
        shown["starts_on"] = json!(starts_on);
        shown["due_on"] = json!(due_on);
        Some(shown)
    };
    let places: HashMap<&str, usize> = old.tasks.iter().enumerate().map(|(i, t)| (t.local_code.as_str(), i)).collect();
    changed_tasks(new, Some(old))
        .into_iter()
        .filter_map(|i| {
            let code = new.tasks.get(i)?.local_code.as_str();
            let before = shown(old, *places.get(code)?)?;
            Some((code, audit::changed(&before, &shown(new, i)?)))
        })
        .collect()
}

#[cfg(test)]
mod tests;
