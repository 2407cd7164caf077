//! The figures counted from scratch, one thing after the other, over everything that is stored of it: no index, no shortcut, none of the
//! server's rules.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

const LOCAL: &str = "AT TIME ZONE 'Asia/Ho_Chi_Minh')::date";

/// Everything there is to count.
pub struct Facts {
    dossiers: Vec<Value>,
    tasks: Vec<Value>,
    documents: Vec<Value>,
    today: NaiveDate,
}

async fn all(pool: &PgPool, sql: String) -> Vec<Value> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap()
}

pub async fn facts(pool: &PgPool, today: NaiveDate) -> Facts {
    let dossiers = all(
        pool,
        format!(
            "SELECT jsonb_build_object('department', r.code, 'field', p.field_code, 'procedure', p.code, 'channel', d.channel,
                'accepted', (d.accepted_at {LOCAL}, 'finished', (d.finished_at {LOCAL}, 'decision', d.decision, 'voided', (d.voided_at {LOCAL},
                'first_due', d.first_due_on,
                'pauses', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'from', (x.from_at {LOCAL}, 'to', (x.to_at {LOCAL},
                    'before', x.due_before, 'after', x.due_after) ORDER BY x.from_at, x.to_at NULLS LAST, x.kind = 'suspension', x.kind = 'fee', x.n), '[]')
                    FROM dossier_pauses x WHERE x.dossier_id = d.id),
                'apologies', (SELECT coalesce(jsonb_agg((x.sent_at {LOCAL}), '[]') FROM dossier_apologies x
                    WHERE x.dossier_id = d.id AND x.new_due_on IS NOT NULL),
                'transfers', (SELECT coalesce(jsonb_agg(jsonb_build_object('on', (x.occurred_at {LOCAL}, 'from', f.code) ORDER BY x.n), '[]')
                    FROM dossier_transfers x JOIN departments f ON f.id = x.from_department_id WHERE x.dossier_id = d.id))
               FROM dossiers d JOIN procedures p ON p.id = d.procedure_id JOIN departments r ON r.id = d.resolving_department_id"
        ),
    )
    .await;
    let tasks = all(
        pool,
        "SELECT jsonb_build_object('cancelled', t.cancelled_on, 'not_applicable', t.not_applicable_on, 'first_due', o.first_due_on,
                'completed', o.completed_on, 'handed_in', o.handed_in_on,
                'extensions', (SELECT coalesce(jsonb_agg(jsonb_build_object('due', e.new_due_on, 'on', e.decided_on) ORDER BY e.n), '[]')
                    FROM task_extensions e WHERE e.task_id = t.id AND e.occurrence = o.n AND e.status = 'approved'),
                'lead', (SELECT coalesce(jsonb_agg(DISTINCT d.code), '[]') FROM task_parts x JOIN departments d ON d.id = x.department_id
                    WHERE x.task_id = t.id AND x.role = 'lead'))
           FROM task_occurrences o JOIN tasks t ON t.id = o.task_id"
            .to_owned(),
    )
    .await;
    let documents = all(
        pool,
        format!(
            "SELECT jsonb_build_object('department', r.code, 'issued', d.issued_on, 'voided', (d.voided_at {LOCAL}, 'secret', d.secrecy <> 'normal',
                'drafted', d.drafted_in_e_office AND d.approved_in_e_office, 'sent', d.sent_electronically, 'sent_on', (d.sent_at {LOCAL})
               FROM documents d LEFT JOIN departments r ON r.id = d.department_id WHERE d.direction = 'outgoing'"
        ),
    )
    .await;
    Facts { dossiers, tasks, documents, today }
}

fn day(value: &Value) -> Option<NaiveDate> {
    value.as_str().map(|text| text.parse().unwrap())
}

fn by(value: &Value, end: NaiveDate) -> bool {
    day(value).is_some_and(|day| day <= end)
}

/// Where a dossier stood at the end of a day.
struct State<'a> {
    dossier: &'a Value,
    department: &'a str,
    accepted: NaiveDate,
    finished: Option<NaiveDate>,
    decision: &'a str,
    waiting: Option<&'a str>,
    timeliness: &'static str,
    apologised: bool,
    supplemented: bool,
}

fn state(dossier: &Value, end: NaiveDate) -> Option<State<'_>> {
    let accepted = day(&dossier["accepted"]).filter(|day| *day <= end)?;
    if by(&dossier["voided"], end) {
        return None;
    }
    let transfers = dossier["transfers"].as_array().unwrap();
    let later = transfers.iter().find(|transfer| !by(&transfer["on"], end));
    let department = later.map_or(&dossier["department"], |transfer| &transfer["from"]).as_str().unwrap();
    let finished = day(&dossier["finished"]).filter(|day| *day <= end);
    let pauses: Vec<&Value> = dossier["pauses"].as_array().unwrap().iter().filter(|pause| by(&pause["from"], end)).collect();
    let last = pauses.last();
    let open = last.filter(|pause| !by(&pause["to"], end));
    let due = match (last, open) {
        (None, _) => day(&dossier["first_due"]),
        (Some(_), Some(pause)) => day(&pause["before"]),
        (Some(pause), None) => day(&pause["after"]),
    };
    let timeliness = match (finished, due) {
        (None, None) => "in_time",
        (None, Some(due)) => {
            if open.is_some() || due >= end {
                "in_time"
            } else {
                "overdue"
            }
        }
        (Some(_), None) => "on_time",
        (Some(finished), Some(due)) if finished < due => "early",
        (Some(finished), Some(due)) if finished == due => "on_time",
        // What waited when it ended is late only if the wait began late.
        (Some(_), Some(due)) if open.is_some_and(|pause| by(&pause["from"], due)) => "on_time",
        _ => "late",
    };
    let until = finished.unwrap_or(end);
    Some(State {
        dossier,
        department,
        accepted,
        finished,
        decision: if finished.is_some() { dossier["decision"].as_str().unwrap() } else { "" },
        waiting: if finished.is_none() { open.map(|pause| pause["kind"].as_str().unwrap()) } else { None },
        timeliness,
        apologised: dossier["apologies"].as_array().unwrap().iter().any(|sent| by(sent, until)),
        supplemented: pauses.iter().any(|pause| pause["kind"] == "supplement"),
    })
}

impl State<'_> {
    fn outcome(&self) -> &'static str {
        match (self.decision, self.waiting, self.timeliness) {
            ("withdrawn", ..) => "withdrawn",
            ("terminated", ..) => "terminated",
            ("refused" | "not_accepted", ..) => "refused",
            ("", Some("suspension"), _) => "suspended",
            ("", Some(_), _) => "supplement_requested",
            ("", None, "overdue") if self.apologised => "overdue_with_apology",
            ("", None, "overdue") => "overdue",
            ("", None, _) => "in_progress",
            (_, _, "late") if self.apologised => "late_with_apology",
            (_, _, "late") => "late_without_apology",
            _ => "on_time",
        }
    }

    fn key(&self, group: &str) -> &str {
        match group {
            "department" => self.department,
            "none" => "",
            member => self.dossier[member].as_str().unwrap(),
        }
    }
}

/// Counts by row and name.
pub type Rows = BTreeMap<String, BTreeMap<&'static str, i64>>;

/// A row of zeros where nothing else would be.
fn started(group: &str) -> Rows {
    if group == "none" { Rows::from([(String::new(), BTreeMap::new())]) } else { Rows::new() }
}

/// Numerators and denominators by row; `/` stands before the name of a denominator.
pub type Figures = BTreeMap<String, BTreeMap<String, i64>>;

pub const OF_DOSSIERS: [&str; 6] =
    ["on_time_rate", "on_time_rate_ii06a", "online_rate", "apology_coverage", "supplement_rate", "refusal_rate"];

impl Facts {
    /// II.06a.
    pub fn results(&self, (from, to): (NaiveDate, NaiveDate), group: &str) -> Rows {
        let mut rows = started(group);
        for state in self.dossiers.iter().filter_map(|dossier| state(dossier, to)) {
            if state.finished.is_some_and(|day| day < from) {
                continue;
            }
            let row = rows.entry(state.key(group).to_owned()).or_default();
            let mut count = |name| *row.entry(name).or_default() += 1;
            count(match (state.accepted >= from, state.dossier["channel"] == "online") {
                (false, _) => "carried_over",
                (true, true) => "received_online",
                (true, false) => "received_direct_postal",
            });
            count("received_total");
            count(match (state.finished, state.decision, state.timeliness) {
                (None, _, "overdue") => "open_overdue",
                (None, ..) => "open_in_time",
                (_, "withdrawn", _) | (_, _, "on_time") => "resolved_on_time",
                (_, _, "early") => "resolved_early",
                _ => "resolved_late",
            });
            count(if state.finished.is_some() { "resolved_total" } else { "open_total" });
        }
        rows
    }

    /// Outcomes of those accepted in a period, at the end of a day.
    pub fn outcomes(&self, (from, to): (NaiveDate, NaiveDate), end: NaiveDate, group: &str) -> Rows {
        let mut rows = started(group);
        for state in self.dossiers.iter().filter_map(|dossier| state(dossier, end)) {
            if state.accepted >= from && state.accepted <= to {
                *rows.entry(state.key(group).to_owned()).or_default().entry(state.outcome()).or_default() += 1;
            }
        }
        rows
    }

    /// Outcomes by calendar month of acceptance, from 1.
    pub fn months(&self, year: i32, department: &str) -> BTreeMap<u32, BTreeMap<&'static str, i64>> {
        let end = NaiveDate::from_ymd_opt(year, 12, 31).unwrap().min(self.today);
        let mut months: BTreeMap<u32, BTreeMap<&'static str, i64>> = (1..=12).map(|month| (month, BTreeMap::new())).collect();
        for state in self.dossiers.iter().filter_map(|dossier| state(dossier, end)) {
            if state.accepted.year() == year && state.department == department {
                *months.get_mut(&state.accepted.month()).unwrap().entry(state.outcome()).or_default() += 1;
            }
        }
        months
    }

    /// The indicators on dossiers.
    pub fn of_dossiers(&self, (from, to): (NaiveDate, NaiveDate), group: &str) -> Figures {
        let mut rows: Figures = started(group).into_keys().map(|key| (key, BTreeMap::new())).collect();
        for state in self.dossiers.iter().filter_map(|dossier| state(dossier, to)) {
            let (accepted, finished) = (state.accepted >= from, state.finished.is_some_and(|day| day >= from));
            if !accepted && !finished {
                continue;
            }
            let row = rows.entry(state.key(group).to_owned()).or_default();
            let mut share = |name: &str, of: bool, counts: bool| {
                *row.entry(format!("/{name}")).or_default() += i64::from(of);
                *row.entry(name.to_owned()).or_default() += i64::from(of && counts);
            };
            let kept = finished && state.decision != "withdrawn";
            let late = state.timeliness == "late";
            share("on_time_rate", kept, !late);
            share("on_time_rate_ii06a", finished, !late || !kept);
            share("online_rate", kept, state.dossier["channel"] == "online");
            share("apology_coverage", kept && late, state.apologised);
            share("supplement_rate", accepted, state.supplemented);
            share("refusal_rate", kept, ["refused", "not_accepted"].contains(&state.decision));
        }
        rows
    }

    /// The indicators on documents, of these departments.
    pub fn of_documents(&self, (from, to): (NaiveDate, NaiveDate), departments: Option<&BTreeSet<String>>) -> BTreeMap<String, i64> {
        let mut row = BTreeMap::new();
        let here = |document: &&Value| {
            let issued = day(&document["issued"]).unwrap();
            let own = document["department"].as_str().is_some_and(|code| departments.is_none_or(|all| all.contains(code)));
            issued >= from
                && issued <= to
                && !by(&document["voided"], to)
                && (own || (departments.is_none() && document["department"].is_null()))
        };
        let mut share = |name: &str, of: bool, counts: bool| {
            *row.entry(format!("/{name}")).or_default() += i64::from(of);
            *row.entry(name.to_owned()).or_default() += i64::from(of && counts);
        };
        for document in self.documents.iter().filter(here) {
            let sent = document["sent"] == true && (document["sent_on"].is_null() || by(&document["sent_on"], to));
            share("e_document_rate", document["secret"] == false, sent);
            share("e_office_drafted_rate", true, document["drafted"] == true);
        }
        row
    }

    /// The indicators on tasks that one of these departments leads.
    pub fn of_tasks(&self, (from, to): (NaiveDate, NaiveDate), departments: Option<&BTreeSet<String>>) -> BTreeMap<String, i64> {
        let mut row = BTreeMap::new();
        let led = |task: &&Value| {
            let mut lead = task["lead"].as_array().unwrap().iter().map(|code| code.as_str().unwrap());
            departments.is_none_or(|all| lead.any(|code| all.contains(code)))
        };
        for task in self.tasks.iter().filter(led) {
            let judged = |end: NaiveDate| {
                let live = !by(&task["cancelled"], end) && !by(&task["not_applicable"], end);
                let extended: Vec<&Value> = task["extensions"].as_array().unwrap().iter().filter(|e| by(&e["on"], end)).collect();
                let due = extended.last().map_or_else(|| day(&task["first_due"]), |e| day(&e["due"]));
                let done = day(&task["completed"]).filter(|day| *day <= end);
                (live, due, done, !extended.is_empty())
            };
            let mut count = |name: &str, counts: bool| *row.entry(name.to_owned()).or_default() += i64::from(counts);
            let end = to.min(self.today);
            let (live, due, done, _) = judged(end);
            let is_due = live && due.is_some_and(|due| due >= from && due <= end);
            let in_time = done.zip(due).is_some_and(|(done, due)| done <= due);
            for (name, counts) in [("task_on_time_rate", in_time), ("plan_completion_rate", done.is_some())] {
                count(&format!("/{name}"), is_due);
                count(name, is_due && counts);
            }
            let (live, due, done, extended) = judged(self.today);
            let late = match (done, due) {
                (Some(done), Some(due)) => done > due,
                (None, Some(due)) => due < self.today && !by(&task["handed_in"], self.today),
                _ => false,
            };
            let first = day(&task["first_due"]).is_some_and(|day| day >= from && day <= to);
            count("tasks_overdue_or_extended", live && first && (late || extended));
        }
        row
    }

    /// How much there is, so that a test may say that it counted something.
    pub fn size(&self) -> Value {
        json!([self.dossiers.len(), self.tasks.len(), self.documents.len()])
    }
}
