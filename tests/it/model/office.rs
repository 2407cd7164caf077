//! The office once more: which act may be done in which state, what it lacks, and what is then to be seen of the dossier.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};

use super::clock::{Calendar, Clock, Kind, Promise, Reading, Wait};

pub const OPEN: &str = "submitted awaiting_completion accepted processing awaiting_supplement awaiting_fee suspended";
const FINISHED: &str = "not_accepted resolved returned refused terminated withdrawn";

/// Each act with the states it may be done in, the state it leads to (empty: the same), and what must be given.
pub const ACTS: [(&str, &str, &str, &[&str]); 23] = [
    ("acceptance", "submitted", "accepted", &[]),
    ("completion-requests", "submitted", "awaiting_completion", &["/reason"]),
    ("completion", "awaiting_completion", "submitted", &[]),
    ("non-acceptance", "submitted awaiting_completion", "not_accepted", &["/reason"]),
    ("processing", "accepted", "processing", &[]),
    ("supplement-requests", "processing", "awaiting_supplement", &["/reason", "/document_no"]),
    ("fulfilment", "awaiting_supplement", "processing", &[]),
    ("fee-requests", "processing", "awaiting_fee", &[]),
    ("payment", "awaiting_fee", "processing", &[]),
    ("suspensions", "processing", "suspended", &["/reason", "/legal_basis"]),
    ("suspension-end", "suspended", "processing", &[]),
    ("consultations", "processing", "", &["/agency"]),
    ("consultation-reminder", "processing", "", &["/document_no"]),
    ("consultation-answer", "processing awaiting_supplement awaiting_fee suspended", "", &[]),
    ("consultation-escalation", "processing", "", &[]),
    ("apologies", "accepted processing awaiting_supplement awaiting_fee suspended", "", &["/reason", "/new_due_on"]),
    ("resolution", "processing", "resolved", &[]),
    ("refusal", "processing awaiting_supplement", "refused", &["/reason", "/document_no"]),
    ("termination", "processing awaiting_fee", "terminated", &["/reason", "/notice_no"]),
    ("return", "resolved", "returned", &[]),
    ("transfer", OPEN, "", &["/department", "/reason"]),
    ("withdrawal", OPEN, "withdrawn", &["/reason"]),
    ("void", "", "voided", &["/reason"]),
];

fn may(act: &str, state: &str) -> bool {
    let states = ACTS.iter().find(|a| a.0 == act).unwrap().1;
    // A wrong entry may be voided whatever has become of it.
    states.split(' ').any(|s| s == state) || (act == "void" && format!("{OPEN} {FINISHED}").split(' ').any(|s| s == state))
}

/// What the state allows, in alphabetical order.
pub fn allowed(state: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = ACTS.iter().map(|a| a.0).filter(|act| may(act, state)).collect();
    names.sort_unstable();
    names
}

/// An act as it is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub act: &'static str,
    /// Which request or consultation, from 1.
    pub n: usize,
    pub at: NaiveDateTime,
    /// What is given, by its place; text that is blank is given and yet missing.
    pub given: Vec<(&'static str, Value)>,
}

impl Asked {
    pub fn text(&self, place: &str) -> Option<&str> {
        self.given.iter().find(|(p, _)| *p == place).and_then(|(_, v)| v.as_str()).filter(|t| !t.trim().is_empty())
    }

    fn day(&self, place: &str) -> Option<NaiveDate> {
        self.text(place).map(|day| day.parse().unwrap())
    }

    pub fn body(&self) -> Value {
        let mut body = json!({"occurred_at": instant(self.at)});
        for (place, value) in &self.given {
            body[&place[1..]] = value.clone();
        }
        body
    }

    pub fn path(&self) -> String {
        let n = self.n;
        match self.act {
            "completion" => format!("completion-requests/{n}/completion"),
            "fulfilment" => format!("supplement-requests/{n}/fulfilment"),
            "payment" => format!("fee-requests/{n}/payment"),
            "suspension-end" => format!("suspensions/{n}/end"),
            "consultation-reminder" => format!("consultations/{n}/reminders"),
            "consultation-answer" => format!("consultations/{n}/answer"),
            "consultation-escalation" => format!("consultations/{n}/escalation"),
            plain => plain.to_owned(),
        }
    }
}

pub fn instant(at: NaiveDateTime) -> String {
    format!("{}+07:00", at.format("%FT%T"))
}

#[derive(Debug, PartialEq)]
pub enum Expected {
    Done,
    NotAllowed,
    NoSuchRequest,
    /// Codes and places of the faults, in order of both.
    Broken(Vec<(String, String)>),
}

#[derive(Clone, Debug, Default)]
pub struct Consultation {
    pub agency: String,
    pub sent: Option<NaiveDateTime>,
    pub document_no: Option<String>,
    pub answer_due: Option<NaiveDate>,
    pub reminders: Vec<(NaiveDateTime, String)>,
    pub answered: Option<NaiveDateTime>,
    pub escalated: Option<NaiveDateTime>,
}

/// A dossier as the model knows it.
#[derive(Clone)]
pub struct Dossier<'a> {
    pub calendar: &'a Calendar,
    pub promise: Promise,
    pub today: NaiveDate,
    pub state: &'static str,
    pub department: String,
    pub digitised: Option<bool>,
    pub submitted: NaiveDateTime,
    pub accepted: Option<NaiveDateTime>,
    /// Requests for completion: answered or not.
    pub completions: Vec<bool>,
    pub waits: Vec<Wait>,
    /// When each apology was sent.
    pub apologies: Vec<NaiveDateTime>,
    pub consultations: Vec<Consultation>,
    pub finished: Option<(&'static str, NaiveDateTime)>,
    pub voided: Option<NaiveDateTime>,
    /// All acts that were done, with their instants, in order.
    pub done: Vec<(&'static str, NaiveDateTime)>,
    pub version: i64,
}

impl Dossier<'_> {
    pub fn last(&self) -> NaiveDateTime {
        self.done.last().unwrap().1
    }

    /// Of the waits of a kind: how many there were.
    fn count(&self, kind: Kind) -> usize {
        self.waits.iter().filter(|w| w.kind == kind).count()
    }

    /// The number that an act on a request must name.
    pub fn open_number(&self, act: &str) -> usize {
        match act {
            "completion" => self.completions.len(),
            "fulfilment" => self.count(Kind::Supplement),
            "payment" => self.count(Kind::Fee),
            "suspension-end" => self.count(Kind::Suspension),
            _ => self.consultations.len(),
        }
    }

    pub fn reading(&self, until: NaiveDateTime) -> Option<Reading> {
        let accepted = self.accepted.filter(|at| *at <= until)?;
        Some(Clock { calendar: self.calendar, promise: self.promise, accepted }.read(&self.waits, until))
    }

    fn clock(&self) -> Reading {
        self.reading(NaiveDateTime::MAX).unwrap_or_default()
    }

    /// What is to be answered to an act, and why.
    pub fn expect(&self, asked: &Asked, now: NaiveDateTime, departments: &[&str]) -> Expected {
        if !may(asked.act, self.state) {
            return Expected::NotAllowed;
        }
        let named = match asked.act {
            "completion" | "fulfilment" | "payment" | "suspension-end" => asked.n == self.open_number(asked.act),
            "consultation-reminder" | "consultation-answer" | "consultation-escalation" => {
                let found = asked.n.checked_sub(1).and_then(|i| self.consultations.get(i));
                found.is_some_and(|c| c.answered.is_none() && !(asked.act == "consultation-escalation" && c.escalated.is_some()))
            }
            _ => true,
        };
        if !named {
            return Expected::NoSuchRequest;
        }
        let mut faults = Vec::new();
        let mut fault = |code: &str, place: &str| faults.push((code.to_owned(), place.to_owned()));
        for place in ACTS.iter().find(|a| a.0 == asked.act).unwrap().3 {
            if asked.text(place).is_none() {
                fault("missing", place);
            }
        }
        for place in ["/respond_by_on", "/answer_due_on", "/new_due_on"] {
            if asked.day(place).is_some_and(|day| day < asked.at.date()) {
                fault("dates_backwards", place);
            }
        }
        let clock = self.clock();
        let due = clock.due.map(|d| d.on).or(clock.before);
        if asked.act == "apologies" && asked.day("/new_due_on").zip(due).is_some_and(|(new, due)| new <= due) {
            fault("not_later_than_due", "/new_due_on");
        }
        if let Some(to) = asked.text("/department").filter(|_| asked.act == "transfer") {
            if !departments.contains(&to) {
                fault("unknown_code", "/department");
            } else if to == self.department {
                fault("rule_broken", "/department");
            }
        }
        if asked.at > now {
            fault("date_in_future", "/occurred_at");
        }
        if asked.at < self.last() {
            fault("dates_backwards", "/occurred_at");
        }
        let begins = ["supplement-requests", "fee-requests", "suspensions"].contains(&asked.act);
        if begins && self.waits.iter().any(|w| w.to.is_some_and(|to| to > asked.at)) {
            fault("overlapping_pauses", "/occurred_at");
        }
        faults.sort();
        if faults.is_empty() { Expected::Done } else { Expected::Broken(faults) }
    }

    /// Does an act of which nothing else was expected.
    pub fn perform(&mut self, asked: &Asked) {
        let at = asked.at;
        let text = |place| asked.text(place).map(str::to_owned);
        let begin = |kind| Wait { kind, from: at, to: None };
        match asked.act {
            "acceptance" => self.accepted = Some(at),
            "completion-requests" => self.completions.push(false),
            "completion" => self.completions[asked.n - 1] = true,
            "supplement-requests" => self.waits.push(begin(Kind::Supplement)),
            "fee-requests" => self.waits.push(begin(Kind::Fee)),
            "suspensions" => self.waits.push(begin(Kind::Suspension)),
            "fulfilment" | "payment" | "suspension-end" => {
                self.waits.iter_mut().find(|w| w.to.is_none()).unwrap().to = Some(at);
            }
            "consultations" => self.consultations.push(Consultation {
                agency: text("/agency").unwrap(),
                sent: Some(at),
                document_no: text("/document_no"),
                answer_due: asked.day("/answer_due_on"),
                ..Consultation::default()
            }),
            "consultation-reminder" => {
                self.consultations[asked.n - 1].reminders.push((at, text("/document_no").unwrap()));
            }
            "consultation-answer" => self.consultations[asked.n - 1].answered = Some(at),
            "consultation-escalation" => self.consultations[asked.n - 1].escalated = Some(at),
            "apologies" => self.apologies.push(at),
            "transfer" => self.department = text("/department").unwrap(),
            "void" => self.voided = Some(at),
            "return" | "processing" => {}
            verdict => self.finished = Some((verdict, at)),
        }
        let leads_to = ACTS.iter().find(|a| a.0 == asked.act).unwrap().2;
        if !leads_to.is_empty() {
            self.state = leads_to;
        }
        // Where instants tell nothing, empty waits stand first and the kinds in this order, whatever was recorded first.
        let rank = |kind| [Kind::Supplement, Kind::Fee, Kind::Suspension].iter().position(|k| *k == kind);
        self.waits.sort_by_key(|w| (w.from, w.to.is_none(), w.to, rank(w.kind)));
        self.done.push((asked.act, at));
        self.version += 1;
    }

    fn timeliness(&self, clock: &Reading) -> &'static str {
        if self.accepted.is_none() || self.state == "voided" {
            return "not_applicable";
        }
        let due = clock.due.map(|d| d.on);
        let Some(on) = self.finished.map(|(_, at)| at.date()) else {
            return if due.is_some_and(|due| due < self.today) { "overdue" } else { "in_time" };
        };
        match (due.or(clock.before), clock.paused) {
            (None, _) => "on_time",
            (Some(due), _) if on < due => "early",
            (Some(due), _) if on == due => "on_time",
            (Some(_), false) => "late",
            (Some(due), true) if self.waits.last().unwrap().from.date() > due => "late",
            (Some(_), true) => "on_time",
        }
    }

    fn outcome(&self, timeliness: &str) -> &'static str {
        let sorry = !self.apologies.is_empty();
        match self.state {
            "awaiting_completion" => "submitted",
            "resolved" | "returned" => match (timeliness, sorry) {
                ("late", true) => "late_with_apology",
                ("late", false) => "late_without_apology",
                _ => "on_time",
            },
            "awaiting_supplement" | "awaiting_fee" => "supplement_requested",
            "accepted" | "processing" => match (timeliness, sorry) {
                ("overdue", true) => "overdue_with_apology",
                ("overdue", false) => "overdue",
                _ => "in_progress",
            },
            same => same,
        }
    }

    /// While the clock stands no due date is in force, unless it had passed when the wait began.
    fn after_due(&self, at: NaiveDateTime) -> bool {
        let Some(clock) = self.reading(at) else { return false };
        let wait = || self.waits.iter().rfind(|w| w.from <= at).unwrap();
        let passed = || clock.before.filter(|due| wait().from.date() > *due);
        clock.due.map(|due| due.on).or_else(passed).is_some_and(|due| at.date() > due)
    }

    /// In order of their names.
    fn findings(&self, timeliness: &str) -> Vec<&'static str> {
        if self.state == "voided" {
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut add = |finding, when: bool| found.extend(when.then_some(finding));
        add("apology_after_due", self.apologies.iter().any(|at| self.after_due(*at)));
        let running = self.state == "accepted" || self.state == "processing";
        let silent = || self.consultations.iter().filter(|c| running && c.answered.is_none() && c.escalated.is_none());
        let overdue = |c: &Consultation| c.answer_due.is_some_and(|due| due < self.today);
        let past_due = timeliness == "overdue";
        add("consultation_escalation_due", silent().any(|c| c.reminders.len() >= 2 || (past_due && overdue(c))));
        add("consultation_reminder_due", silent().any(|c| c.reminders.len() < 2 && overdue(c)));
        let withdrawn = self.state == "withdrawn";
        add("late_without_apology", timeliness == "late" && !withdrawn && self.apologies.is_empty());
        add("missing_digital_file", self.digitised == Some(false));
        add("repeated_apology", self.apologies.len() >= 2);
        add("repeated_supplement", self.count(Kind::Supplement) >= 2);
        found
    }

    /// What the detail shows, as far as the model knows it.
    pub fn seen(&self) -> Value {
        let clock = self.clock();
        let timeliness = self.timeliness(&clock);
        let finished = self.finished.map(|(_, at)| at).or(self.voided);
        let waits = |kind| -> Vec<Value> {
            let all = self.waits.iter().zip(&clock.moved).filter(|(w, _)| w.kind == kind);
            all.map(|(w, (before, after))| json!([instant(w.from), w.to.map(instant), before, after])).collect()
        };
        let consultations = self.consultations.iter().map(|c| {
            let reminders: Vec<_> = c.reminders.iter().map(|(at, no)| json!({"sent_at": instant(*at), "document_no": no})).collect();
            json!([
                c.agency,
                c.sent.map(instant),
                c.document_no,
                c.answer_due,
                reminders,
                c.answered.map(instant),
                c.escalated.map(instant)
            ])
        });
        json!({
            "status": self.state, "outcome": self.outcome(timeliness), "timeliness": timeliness, "resolving_department": self.department,
            "due_on": clock.due.map(|d| d.on), "due_at": clock.due.and_then(|d| d.at).map(instant), "due_before": clock.before,
            "first_due_on": clock.first.map(|d| d.on), "finished_at": finished.map(instant), "finished_on": finished.map(|at| at.date()),
            "accepted_at": self.accepted.map(instant), "submitted_at": instant(self.submitted), "version": self.version,
            "findings": self.findings(timeliness), "allowed_acts": allowed(self.state),
            "supplements": waits(Kind::Supplement), "fee_requests": waits(Kind::Fee), "suspensions": waits(Kind::Suspension),
            "apologies": self.apologies.iter().map(|at| instant(*at)).collect::<Vec<_>>(),
            "consultations": consultations.collect::<Vec<_>>(),
        })
    }
}
