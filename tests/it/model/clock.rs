//! The clock once more, in the plainest way: days are stepped one by one, office hours minute by minute.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::Value;

pub struct Calendar {
    off: BTreeSet<NaiveDate>,
    made_up: BTreeSet<NaiveDate>,
}

fn time(hour: u32, minute: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
}

fn after(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap()
}

impl Calendar {
    /// The calendar that is shipped, read from its file.
    pub fn vn() -> Calendar {
        let mut calendar = Calendar { off: BTreeSet::new(), made_up: BTreeSet::new() };
        for line in include_str!("../../../data/calendar/vn.csv").lines().skip(1) {
            let mut cells = line.split(',');
            let day = cells.next().unwrap().parse().unwrap();
            match cells.next().unwrap() {
                "day_off" => calendar.off.insert(day),
                "make_up" => calendar.made_up.insert(day),
                other => panic!("{other}"),
            };
        }
        calendar
    }

    fn works(&self, day: NaiveDate) -> bool {
        let weekend = ["Sat", "Sun"].contains(&day.format("%a").to_string().as_str());
        self.made_up.contains(&day) || !(weekend || self.off.contains(&day))
    }

    fn roll(&self, mut day: NaiveDate) -> NaiveDate {
        while !self.works(day) {
            day = after(day);
        }
        day
    }

    fn add_working(&self, mut day: NaiveDate, days: i64) -> NaiveDate {
        for _ in 0..days {
            day = self.roll(after(day));
        }
        day
    }

    fn working_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let (mut day, mut sum) = (from, 0);
        while day < to {
            day = after(day);
            sum += i64::from(self.works(day));
        }
        sum
    }

    fn in_office(&self, at: NaiveDateTime) -> bool {
        let hour = at.time();
        let morning = time(7, 0) <= hour && hour < time(11, 30);
        let afternoon = time(13, 30) <= hour && hour < time(17, 0);
        self.works(at.date()) && (morning || afternoon)
    }

    /// The end of the last of so many office minutes; for none the first moment that is in the office.
    fn spend(&self, from: NaiveDateTime, minutes: i64) -> NaiveDateTime {
        let (mut at, mut left) = (from, minutes);
        loop {
            if self.in_office(at) {
                if left == 0 {
                    return at;
                }
                left -= 1;
                if left == 0 {
                    return at + TimeDelta::minutes(1);
                }
            }
            at += TimeDelta::minutes(1);
        }
    }

    fn office_minutes(&self, from: NaiveDateTime, to: NaiveDateTime) -> i64 {
        let (mut at, mut sum) = (from, 0);
        while at < to {
            sum += i64::from(self.in_office(at));
            at += TimeDelta::minutes(1);
        }
        sum
    }

    fn effective(&self, at: NaiveDateTime) -> NaiveDate {
        if at.time() < time(17, 0) { self.roll(at.date()) } else { self.roll(after(at.date())) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    WorkingDay,
    CalendarDay,
    WorkingHour,
}

/// What a procedure promises.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    pub limit: Option<(i64, Unit)>,
    pub restarts: bool,
    pub cutoff: NaiveTime,
}

impl Promise {
    /// As the body of a procedure tells it.
    pub fn of(procedure: &Value) -> Promise {
        let limit = &procedure["limit"];
        let unit = match limit["unit"].as_str() {
            Some("working_day") => Some(Unit::WorkingDay),
            Some("calendar_day") => Some(Unit::CalendarDay),
            Some("working_hour") => Some(Unit::WorkingHour),
            _ => None,
        };
        Promise {
            limit: limit["value"].as_i64().zip(unit),
            restarts: procedure["supplement_policy"] == "restart",
            cutoff: NaiveTime::parse_from_str(procedure["same_day_cutoff"].as_str().unwrap(), "%H:%M").unwrap(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Supplement,
    Fee,
    Suspension,
}

/// A wait that stops the clock.
#[derive(Clone, Debug)]
pub struct Wait {
    pub kind: Kind,
    pub from: NaiveDateTime,
    pub to: Option<NaiveDateTime>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    pub on: NaiveDate,
    /// For working hours.
    pub at: Option<NaiveDateTime>,
}

#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub first: Option<Due>,
    pub due: Option<Due>,
    pub before: Option<NaiveDate>,
    pub paused: bool,
    /// Of each wait that had begun: the due date in force before and after it.
    pub moved: Vec<(Option<NaiveDate>, Option<NaiveDate>)>,
}

pub struct Clock<'a> {
    pub calendar: &'a Calendar,
    pub promise: Promise,
    pub accepted: NaiveDateTime,
}

impl Clock<'_> {
    /// What it shows when only what happened by `until` is known.
    pub fn read(&self, waits: &[Wait], until: NaiveDateTime) -> Reading {
        let first = self.promise.limit.map(|(value, unit)| self.whole(value, unit, self.accepted));
        let mut reading = Reading { first, due: first, ..Reading::default() };
        for wait in waits.iter().filter(|wait| wait.from <= until) {
            let before = reading.due.map(|due| due.on);
            if let Some(to) = wait.to.filter(|to| *to <= until) {
                reading.due = reading.due.map(|due| self.moved(due, wait, to));
            } else {
                (reading.paused, reading.before, reading.due) = (true, before, None);
            }
            reading.moved.push((before, reading.due.map(|due| due.on)));
        }
        reading
    }

    fn whole(&self, value: i64, unit: Unit, from: NaiveDateTime) -> Due {
        let calendar = self.calendar;
        let day = calendar.effective(from);
        let on = match unit {
            Unit::WorkingHour => return hours(calendar.spend(from, value * 60)),
            Unit::CalendarDay => calendar.roll(day + TimeDelta::days(value)),
            Unit::WorkingDay if value == 0 && day == from.date() && from.time() >= self.promise.cutoff => calendar.add_working(day, 1),
            Unit::WorkingDay => calendar.add_working(day, value),
        };
        Due { on, at: None }
    }

    fn moved(&self, due: Due, wait: &Wait, to: NaiveDateTime) -> Due {
        let (calendar, asked) = (self.calendar, wait.from.date());
        let (value, unit) = self.promise.limit.unwrap();
        if self.promise.restarts && wait.kind == Kind::Supplement && asked <= due.on {
            return self.whole(value, unit, to);
        }
        let given = calendar.effective(to);
        let on = match unit {
            Unit::WorkingDay => calendar.add_working(due.on, calendar.working_between(asked, given)),
            Unit::CalendarDay if given <= asked => due.on,
            Unit::CalendarDay => calendar.roll(due.on + (given - asked)),
            Unit::WorkingHour => {
                let end = due.at.unwrap();
                return match wait.from {
                    from if from == to => due,
                    from if from <= end => hours(calendar.spend(to, calendar.office_minutes(from, end))),
                    from => match calendar.office_minutes(from, to) {
                        0 => due,
                        waited => hours(calendar.spend(end, waited)),
                    },
                };
            }
        };
        Due { on, at: None }
    }
}

fn hours(at: NaiveDateTime) -> Due {
    Due { on: at.date(), at: Some(at) }
}

/// The model is held against the worked cases, as the server is.
#[test]
fn the_plain_clock_knows_the_worked_cases() {
    let calendar = Calendar::vn();
    let local = |text: &str| (chrono::DateTime::parse_from_rfc3339(text).unwrap().naive_utc()) + TimeDelta::hours(7);
    let mut cases = 0;
    for row in csv::Reader::from_reader(include_bytes!("../../data/clock.csv").as_slice()).records().map(Result::unwrap) {
        if row[13].starts_with("error") {
            continue;
        }
        let pauses: Vec<Value> = serde_json::from_str(&row[6]).unwrap();
        let waits: Vec<Wait> = pauses
            .iter()
            .map(|p| Wait {
                kind: if p["kind"] == "supplement" { Kind::Supplement } else { Kind::Fee },
                from: local(p["from"].as_str().unwrap()),
                to: p["to"].as_str().map(local),
            })
            .collect();
        let promise = Promise::of(&serde_json::json!({"limit": {"value": row[2].parse::<i64>().unwrap(), "unit": &row[3]},
            "supplement_policy": &row[4], "same_day_cutoff": &row[5]}));
        let clock = Clock { calendar: &calendar, promise, accepted: local(&row[1]) };
        let until = if row[7].is_empty() { NaiveDateTime::MAX } else { local(&row[7]) };
        let reading = clock.read(&waits, until);
        let day = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
        let found = [day(reading.first.map(|d| d.on)), day(reading.due.map(|d| d.on)), day(reading.before)];
        assert_eq!(found, [row[9].to_owned(), row[10].to_owned(), row[12].to_owned()], "{}", &row[0]);
        let at = reading.due.and_then(|d| d.at).map(|at| format!("{}+07:00", at.format("%FT%T"))).unwrap_or_default();
        assert_eq!((at.as_str(), reading.paused), (&row[11], &row[13] == "paused"), "{}", &row[0]);
        cases += 1;
    }
    assert!(cases > 50);
}
