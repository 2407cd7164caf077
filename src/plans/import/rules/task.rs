//! A row read as a task: what it has columns for is read, the rest stays as it was. Pure.

use super::columns::Columns;
use super::departments;
use super::rows::{Ground, lines};
use super::schedule;
use crate::error::{Code, Fault};
use crate::http::{Day, Line, Prose, ResourceCode};
use crate::plans::import::sheet::Row;
use crate::plans::model::{DocumentRelation, LeadBasis, Schedule, ScheduleKind};
use crate::plans::wire::{MethodStep, NamedDocument, NewTask};

/// What has been told of the row already.
pub struct Head<'a> {
    pub code: ResourceCode,
    pub group: Option<ResourceCode>,
    pub number: &'a str,
    pub title: &'a str,
}

pub struct Read {
    pub task: NewTask,
    pub warnings: Vec<String>,
    /// Each with the field it is about.
    pub faults: Vec<(&'static str, Fault)>,
}

pub fn read(head: Head<'_>, row: &Row, columns: &Columns, old: Option<&NewTask>, ground: &Ground<'_>) -> Read {
    let mut found = Reading { row, columns, ground, warnings: Vec::new(), faults: Vec::new() };
    let schedule = found.schedule(old);
    let blank = NewTask {
        local_code: head.code.clone(),
        group: None,
        printed_number: None,
        title: Prose::cut(""),
        objective: None,
        outputs: Vec::new(),
        schedule: schedule.clone(),
        method: Vec::new(),
        lead: Vec::new(),
        lead_basis: None,
        coordinate: Vec::new(),
        kpis: Vec::new(),
        sub_indices: Vec::new(),
        evidence: Vec::new(),
        budget: None,
        replaces: Vec::new(),
        notes: Vec::new(),
    };
    let mut task = old.cloned().unwrap_or(blank);
    task.group = head.group;
    task.printed_number = (!head.number.is_empty()).then(|| Line::cut(head.number));
    task.title = Prose::cut(head.title);
    task.schedule = schedule;
    found.check("title", head.title, Prose::MAX);
    let text = |field: &str| columns.text(row, field);
    let prose = |field: &str| Some(text(field)).filter(|t| !t.is_empty()).map(|t| Prose::cut(&t));
    for (field, member) in [("objective", &mut task.objective), ("budget", &mut task.budget)] {
        if columns.has(field) {
            *member = prose(field);
        }
    }
    for (field, member) in [("outputs", &mut task.outputs), ("notes", &mut task.notes)] {
        if columns.has(field) {
            *member = lines(&text(field));
        }
    }
    if columns.has("method") {
        let steps = lines(&text("method"));
        if !steps.iter().eq(task.method.iter().map(|s| &s.text)) {
            let none = || (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            let step = |text: Prose| {
                let (departments, with, external, persons) = none();
                MethodStep { text, departments, role: None, role_basis: None, with, external, persons }
            };
            task.method = steps.into_iter().map(step).collect();
        }
    }
    if columns.has("lead") {
        let lead = found.departments("lead");
        if lead != task.lead || old.is_none() {
            task.lead_basis = Some(if lead.is_empty() { LeadBasis::None } else { LeadBasis::Stated });
        }
        task.lead = lead;
        if task.lead.is_empty() {
            found.warnings.push("Không nêu đơn vị chủ trì. No lead is named.".into());
        }
    }
    if columns.has("coordinate") {
        task.coordinate = found.departments("coordinate");
    }
    found.evidence(&mut task);
    Read { task, warnings: found.warnings, faults: found.faults }
}

struct Reading<'a> {
    row: &'a Row,
    columns: &'a Columns,
    ground: &'a Ground<'a>,
    warnings: Vec<String>,
    faults: Vec<(&'static str, Fault)>,
}

impl Reading<'_> {
    fn check(&mut self, field: &'static str, text: &str, most: usize) {
        if text.chars().count() > most {
            let (vi, en) = (format!("Tối đa {most} ký tự."), format!("At most {most} characters."));
            self.faults.push((field, Fault::new(Code::TooLong, "", vi, en)));
        }
    }

    fn departments(&mut self, field: &'static str) -> Vec<ResourceCode> {
        let cell = self.columns.text(self.row, field);
        let (found, unknown) = departments::all(&cell, self.ground.departments, self.ground.aliases);
        for name in unknown {
            let near = departments::nearest(&name, self.ground.departments).join("; ");
            let (vi, en) = if near.is_empty() {
                (format!("Không có đơn vị “{name}”."), format!("There is no department “{name}”."))
            } else {
                (format!("Không có đơn vị “{name}”. Gần nhất: {near}."), format!("There is no department “{name}”. Nearest: {near}."))
            };
            self.faults.push((field, Fault::new(Code::UnknownCode, "", vi, en)));
        }
        found
    }

    fn day(&mut self, field: &'static str) -> Option<Day> {
        let cell = self.columns.text(self.row, field);
        let day = schedule::day(&cell, self.ground.old.year).map(Day);
        if day.is_none() && !cell.is_empty() {
            let (vi, en) = ("Không phải ngày như 15/12/2022.", "Not a date like 15/12/2022.");
            self.faults.push((field, Fault::new(Code::WrongFormat, "", vi, en)));
        }
        day
    }

    /// The words of the schedule and what they mean; days in columns of their own say it where words do not.
    fn schedule(&mut self, old: Option<&NewTask>) -> Schedule {
        let plan = self.ground.old;
        let text = self.columns.text(self.row, "schedule").split_whitespace().collect::<Vec<_>>().join(" ");
        let (start_on, end_on) = (self.day("start_on"), self.day("end_on"));
        let given = start_on.is_some() || end_on.is_some();
        self.check("schedule", &text, Line::MAX);
        if let Some(old) = old.filter(|old| !given && old.schedule.text.as_str() == text) {
            return old.schedule.clone();
        }
        let plain = |text: &str, kind, start_on, end_on| Schedule {
            text: Line::cut(text),
            kind,
            start_on,
            end_on,
            before_on: None,
            quarter: None,
            month: None,
            event: None,
            recurrence: None,
            year_printed: false,
        };
        let read = schedule::parse(&text, plan.year, &plan.period);
        match read {
            // The columns bound what the words say.
            Some(read) if given && !matches!(read.kind, ScheduleKind::Before) => {
                let whole = Schedule { start_on: start_on.or(read.start_on), end_on: end_on.or(read.end_on), ..read };
                if whole.kind == ScheduleKind::From && whole.end_on.is_some() {
                    Schedule { kind: ScheduleKind::In, ..whole }
                } else {
                    whole
                }
            }
            Some(read) => read,
            None if given => {
                let show = |day: Option<Day>| day.map(|d| d.0.format("%d/%m/%Y").to_string()).unwrap_or_default();
                let words = if text.is_empty() { format!("{} - {}", show(start_on), show(end_on)).trim().to_owned() } else { text };
                let words = words.trim_matches(['-', ' ']).to_owned();
                self.warnings.push("Thời gian lấy theo cột ngày. The dates are those of their columns.".into());
                plain(&words, ScheduleKind::In, start_on.or(Some(plan.period.from)), end_on.or(Some(plan.period.to)))
            }
            None => {
                let fault = if text.is_empty() {
                    Fault::missing("")
                } else {
                    let vi = format!(
                        "Không hiểu tiến độ “{text}”; hãy ghi như “Quý II/2023”, “Trước 15/12”, “Hằng tháng”, hoặc thêm cột ngày bắt đầu, ngày kết thúc."
                    );
                    let en = format!(
                        "The schedule “{text}” cannot be read; write “Quý II/2023”, “Trước 15/12”, “Hằng tháng”, or add columns with a first and last day."
                    );
                    Fault::new(Code::BadSchedule, "", vi, en)
                };
                self.faults.push(("schedule", fault));
                plain(&text, ScheduleKind::Ongoing, None, None)
            }
        }
    }

    /// The document that proves a task already done, from its column or from the words of the schedule.
    fn evidence(&mut self, task: &mut NewTask) {
        let cell = self.columns.text(self.row, "evidence");
        let done = task.schedule.kind == ScheduleKind::AlreadyDone;
        let source = if cell.is_empty() && done && task.evidence.is_empty() { task.schedule.text.as_str().to_owned() } else { cell };
        if source.is_empty() {
            return;
        }
        let relation = if done { DocumentRelation::ProofOfCompletion } else { DocumentRelation::Reference };
        let documents = source.lines().filter_map(|line| schedule::document(line, self.ground.old.year));
        let documents: Vec<NamedDocument> = documents
            .map(|(r#type, number, issued_on)| NamedDocument {
                r#type,
                number: Some(number),
                issued_on,
                issuer: None,
                title: None,
                relation,
            })
            .collect();
        let same = documents.len() == task.evidence.len() && documents.iter().zip(&task.evidence).all(|(a, b)| a.number == b.number);
        if !same {
            task.evidence = documents;
        }
    }
}
