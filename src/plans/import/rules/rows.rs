//! Rows become headings and tasks. Numbers are text, never keys: a task is known by its local code, else by its heading and words. Pure.

use std::collections::{HashMap, HashSet};

use super::columns::{Columns, is_numbering};
use super::departments::Named;
use super::groups::{Groups, number_of, plain};
use super::task;
use crate::error::{Code, Fault};
use crate::http::values::fold;
use crate::http::{Line, Prose, ResourceCode};
use crate::plans::import::sheet::{Row, Sheet};
use crate::plans::wire::{NewPlan, NewTask};

/// What a table is read against.
pub struct Ground<'a> {
    pub old: &'a NewPlan,
    /// Local codes of all tasks that the plan has had.
    pub earlier: &'a [String],
    pub departments: &'a [Named],
    pub aliases: &'a [(String, String)],
}

/// Where a task stands in the table, and what a person should look at.
#[derive(Debug)]
pub struct Place {
    pub row: u32,
    pub warnings: Vec<String>,
}

/// A plan as a table gives it.
#[derive(Debug)]
pub struct Read {
    pub plan: NewPlan,
    /// For each task of the plan.
    pub places: Vec<Place>,
    pub faults: Vec<Fault>,
}

/// A row that is a task, before it has a code.
struct Candidate<'a> {
    row: &'a Row,
    group: Option<ResourceCode>,
    number: String,
    title: String,
    given: String,
    /// The code it would have as a new one.
    generated: String,
}

pub fn read(sheet: &Sheet, columns: &Columns, ground: &Ground<'_>) -> Read {
    let mut faults = Vec::new();
    for (row, column) in sheet.formulas.iter().filter(|(row, _)| *row > columns.row) {
        let field = columns.headers.get(*column as usize).and_then(|(_, f)| *f);
        let Some(field) = field else { continue };
        let (vi, en) = ("Ô chứa công thức; hãy dán dưới dạng giá trị.", "The cell holds a formula; paste it as a value.");
        faults.push(at(columns, *row, field, Fault::new(Code::WrongFormat, "", vi, en)));
    }
    let (groups, mut candidates) = sort(sheet, columns, ground);
    generate(&mut candidates);
    let matched = matched(&candidates, ground.old);
    let mut taken: HashSet<String> = ground.earlier.iter().cloned().collect();
    taken.extend(candidates.iter().map(|c| c.given.clone()));
    let (mut tasks, mut places) = (Vec::new(), Vec::new());
    for (candidate, old) in candidates.iter().zip(&matched) {
        let number = candidate.row.number;
        let old = old.and_then(|i| ground.old.tasks.get(i));
        let code = match old {
            Some(old) => Some(old.local_code.clone()),
            None if candidate.given.is_empty() => free(&candidate.generated, &mut taken),
            None => ResourceCode::parse(&candidate.given),
        };
        let Some(code) = code else {
            let (vi, en) = ("Mã chỉ gồm chữ không dấu, số và . _ -", "A code is plain letters, figures and . _ -");
            faults.push(at(columns, number, "local_code", Fault::new(Code::WrongFormat, "", vi, en)));
            continue;
        };
        let head = task::Head { code, group: candidate.group.clone(), number: &candidate.number, title: &candidate.title };
        let read = task::read(head, candidate.row, columns, old, ground);
        faults.extend(read.faults.into_iter().map(|(field, fault)| at(columns, number, field, fault)));
        tasks.push(read.task);
        places.push(Place { row: number, warnings: read.warnings });
    }
    if candidates.is_empty() {
        faults.push(Fault::new(Code::Missing, "/rows", "Bảng không có nhiệm vụ nào.", "The table has no task."));
    }
    let used: HashSet<&str> = tasks.iter().filter_map(|t: &NewTask| t.group.as_ref().map(|g| g.as_str())).collect();
    let plan = NewPlan { groups: groups.used(&used), tasks, ..ground.old.clone() };
    Read { plan, places, faults }
}

/// Headings and tasks, told apart.
fn sort<'a>(sheet: &'a Sheet, columns: &Columns, ground: &Ground<'_>) -> (Groups, Vec<Candidate<'a>>) {
    let mut groups = Groups::new(&ground.old.groups);
    let mut candidates = Vec::new();
    for row in sheet.rows.iter().skip(columns.place + 1).filter(|row| !is_numbering(row)) {
        let cell = |field: &str| columns.text(row, field);
        let (number, title, group) = (cell("printed_number"), cell("title"), cell("group"));
        let work = ["schedule", "lead", "coordinate", "outputs", "start_on", "end_on", "method", "objective"];
        let has_work = !row.wide && work.iter().any(|field| !cell(field).is_empty());
        if row.cells.iter().all(String::is_empty) {
            continue;
        }
        if !has_work {
            // A heading; its words may stand in any cell, together with its number.
            let words = row.cells.iter().filter(|c| !c.is_empty() && **c != number).max_by_key(|c| c.chars().count());
            let (number, words) = match words {
                Some(words) if !number.is_empty() => (number, words.clone()),
                Some(words) => number_of(words),
                None => number_of(&number),
            };
            groups.enter(&number, &words);
            continue;
        }
        if !group.is_empty() {
            let (number, words) = number_of(&group);
            groups.enter_flat(&number, &words);
        }
        let group = groups.current();
        candidates.push(Candidate { row, group, number, title, given: cell("local_code"), generated: String::new() });
    }
    (groups, candidates)
}

/// Codes of group and printed number; where one would come twice, `a`, `b`, … tell them apart in the order on paper.
fn generate(candidates: &mut [Candidate<'_>]) {
    let base = |c: &Candidate<'_>| {
        let group = c.group.as_ref().map(|g| format!("{g}-")).unwrap_or_default();
        let number = plain(&c.number);
        let number = if number.is_empty() { "n".to_owned() } else { number };
        format!("{group}{number}").chars().take(56).collect::<String>()
    };
    let mut times: HashMap<String, usize> = HashMap::new();
    candidates.iter().for_each(|c| *times.entry(base(c)).or_default() += 1);
    let mut met: HashMap<String, usize> = HashMap::new();
    for candidate in candidates {
        let base = base(candidate);
        let n = met.entry(base.clone()).or_default();
        candidate.generated = match times.get(&base) {
            Some(1) => base,
            _ if *n < 26 && !base.ends_with("-n") => format!("{base}{}", char::from(b'a' + u8::try_from(*n).unwrap_or_default())),
            _ => format!("{base}{}", *n + 1),
        };
        *n += 1;
    }
}

/// A code that nobody has: the wanted one, or it with a number.
fn free(wanted: &str, taken: &mut HashSet<String>) -> Option<ResourceCode> {
    let mut codes = std::iter::once(wanted.to_owned()).chain((2..=taken.len() + 2).map(|n| format!("{wanted}-{n}")));
    let code = codes.find(|code| !taken.contains(code))?;
    taken.insert(code.clone());
    ResourceCode::parse(&code)
}

/// Whether a row of the table is a task that stands there already.
type Way<'a> = &'a dyn Fn(&Candidate<'_>, &NewTask) -> bool;

fn matched(candidates: &[Candidate<'_>], old: &NewPlan) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; candidates.len()];
    let mut used = HashSet::new();
    let ways: [Way; 4] = [
        &|c, t| !c.given.is_empty() && t.local_code.as_str() == c.given,
        &|c, t| c.given.is_empty() && t.group == c.group && fold(t.title.as_str()) == fold(&c.title) && same_number(c, t),
        &|c, t| c.given.is_empty() && t.group == c.group && fold(t.title.as_str()) == fold(&c.title),
        &|c, t| c.given.is_empty() && t.local_code.as_str() == c.generated,
    ];
    for way in ways {
        for (candidate, slot) in candidates.iter().zip(&mut found).filter(|(_, slot)| slot.is_none()) {
            if let Some(i) = (0..old.tasks.len()).find(|i| !used.contains(i) && old.tasks.get(*i).is_some_and(|t| way(candidate, t))) {
                used.insert(i);
                *slot = Some(i);
            }
        }
    }
    found
}

fn same_number(c: &Candidate<'_>, t: &NewTask) -> bool {
    t.printed_number.as_ref().map_or("", Line::as_str) == c.number
}

/// A fault with where a person finds it: the row, and the column by its letter and header.
pub fn at(columns: &Columns, row: u32, field: &str, fault: Fault) -> Fault {
    let column = columns.named(field);
    let (vi, en) = (format!("Dòng {row}, cột {column}: {}", fault.detail.vi), format!("Row {row}, column {column}: {}", fault.detail.en));
    Fault::new(fault.code, format!("/rows/{row}/{field}"), vi, en)
}

/// Faults of the plan that was read, told where the table has what is wrong.
pub fn placed(faults: Vec<Fault>, columns: &Columns, places: &[Place]) -> Vec<Fault> {
    let place = |fault: Fault| {
        let Some(rest) = fault.pointer.strip_prefix("/tasks/") else { return fault };
        let (index, member) = rest.split_once('/').unwrap_or((rest, "title"));
        let Some(place) = index.parse().ok().and_then(|i: usize| places.get(i)) else { return fault };
        let field = member.split('/').next().unwrap_or("title").to_owned();
        at(columns, place.row, &field, fault)
    };
    faults.into_iter().map(place).collect()
}

/// Lines of a cell, without the dashes before them.
pub fn lines(cell: &str) -> Vec<Prose> {
    let lines = cell.lines().map(|l| l.trim().trim_start_matches(['-', '+', '•']).trim()).filter(|l| !l.is_empty());
    lines.map(Prose::cut).collect()
}

#[cfg(test)]
mod tests;
