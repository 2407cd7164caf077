//! What is asked for, by chance: mostly what the state allows, at instants where counting goes wrong most easily.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use serde_json::{Value, json};

use super::office::{ACTS, Asked, Dossier, allowed};

/// Chance that can be repeated (SplitMix64).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// One of 0, 1 … `below` - 1.
    pub fn below(&mut self, below: i64) -> i64 {
        i64::try_from(self.roll() >> 1).unwrap() % below
    }

    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(i64::try_from(length).unwrap())).unwrap()
    }

    pub fn chance(&mut self, per_cent: i64) -> bool {
        self.below(100) < per_cent
    }

    pub fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())].clone()
    }
}

/// A receipt, and the seeds of what is asked then: each stands for itself, so that a story without some of them is one too.
#[derive(Clone, Debug)]
pub struct Story {
    pub receipt: u64,
    pub steps: Vec<u64>,
}

impl Story {
    pub fn by(seed: u64) -> Story {
        let mut dice = Dice(seed);
        let length = 8 + dice.below(14);
        Story { receipt: dice.roll(), steps: (0..length).map(|_| dice.roll()).collect() }
    }
}

/// Openings, closings, cut-offs and their neighbours, nights.
const EDGES: [(u32, u32); 16] = [
    (0, 0),
    (6, 59),
    (7, 0),
    (9, 30),
    (11, 29),
    (11, 30),
    (12, 10),
    (13, 30),
    (14, 59),
    (15, 0),
    (16, 0),
    (16, 59),
    (17, 0),
    (17, 1),
    (20, 15),
    (23, 59),
];

pub fn on_edge(dice: &mut Dice, day: NaiveDateTime) -> NaiveDateTime {
    let (hour, minute) = dice.one_of(&EDGES);
    day.date().and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

/// The same instant, minutes, days, or an edge of one of the next days.
fn later(dice: &mut Dice, last: NaiveDateTime) -> NaiveDateTime {
    match dice.below(20) {
        0 => last,
        1..=5 => last + TimeDelta::minutes(1 + dice.below(400)),
        6..=9 => last + TimeDelta::minutes(dice.below(5 * 24 * 60)),
        _ => {
            let day = last + TimeDelta::days(dice.below(4));
            on_edge(dice, day).max(last)
        }
    }
}

/// What is required is given, as a rule.
fn give(place: &'static str, value: Value, dice: &mut Dice) -> Option<(&'static str, Value)> {
    match dice.below(25) {
        0 => Some((place, json!(" "))),
        1 => None,
        _ => Some((place, value)),
    }
}

/// Acts that a story is about.
pub fn favourites(dice: &mut Dice) -> Vec<&'static str> {
    let mut favourites: Vec<_> = (0..4).map(|_| dice.one_of(&ACTS).0).collect();
    favourites.extend(dice.chance(50).then_some("supplement-requests"));
    favourites
}

/// The next act that is asked of a dossier. Every story has its favourites, so that some go deep where others do not go.
pub fn next(seed: u64, favourites: &[&str], dossier: &Dossier, now: NaiveDateTime, departments: &[&'static str]) -> Asked {
    let mut dice = Dice(seed);
    let any: Vec<&str> = ACTS.iter().map(|a| a.0).collect();
    let mut likely = allowed(dossier.state);
    likely.retain(|act| {
        let asked = !dossier.consultations.is_empty();
        dice.chance(match *act {
            // The ways out are taken less often, or every story would be short.
            "void" => 2,
            "withdrawal" | "non-acceptance" => 5,
            "refusal" | "termination" | "resolution" => 20,
            "transfer" => 30,
            act if act.starts_with("consultation-") && !asked => 0,
            _ => 100,
        })
    });
    let favoured: Vec<&str> = likely.iter().copied().filter(|act| favourites.contains(act)).collect();
    if !favoured.is_empty() && dice.chance(60) {
        likely = favoured;
    }
    let act = if likely.is_empty() || dice.chance(12) { dice.one_of(&any) } else { dice.one_of(&likely) };
    let act = if act == "void" && dice.chance(80) { "return" } else { act };
    let last = dossier.last();
    let clock = dossier.reading(now).unwrap_or_default();
    let due = clock.due.map(|d| d.on).or(clock.before);
    let mut at = match due {
        Some(due) if dice.chance(20) => {
            let day = due.and_time(NaiveTime::MIN) + TimeDelta::days(dice.below(3) - 1);
            on_edge(&mut dice, day).max(last)
        }
        _ => later(&mut dice, last),
    };
    at = at.min(now);
    match dice.below(40) {
        0 => at = last - TimeDelta::minutes(1 + dice.below(3000)),
        1 => at = now + TimeDelta::minutes(1 + dice.below(3000)),
        _ => {}
    }
    let n = match dice.below(12) {
        0 => dice.index(4),
        _ => dossier.open_number(act),
    };
    let mut given = Vec::new();
    let number = |dice: &mut Dice| json!(format!("{}/TB", 1 + dice.below(900)));
    for place in ACTS.iter().find(|a| a.0 == act).unwrap().3 {
        match *place {
            "/new_due_on" => {
                let day = due.unwrap_or(at.date()).max(at.date()) + TimeDelta::days(dice.below(9) - 1);
                given.extend((!dice.chance(4)).then(|| (*place, json!(day))));
            }
            "/department" => {
                let to = dice.one_of(departments);
                let to = if dice.chance(6) { "KHONG-CO" } else { to };
                given.extend((!dice.chance(4)).then(|| (*place, json!(to))));
            }
            "/reason" => given.extend(give(place, json!("Lý do đã nêu"), &mut dice)),
            "/agency" => given.extend(give(place, json!("Sở Xây dựng"), &mut dice)),
            "/legal_basis" => given.extend(give(place, json!("Điều 47 Luật Đầu tư"), &mut dice)),
            _ => {
                let text = number(&mut dice);
                given.extend(give(place, text, &mut dice));
            }
        }
    }
    let day = |dice: &mut Dice, days: i64| json!(at.date() + TimeDelta::days(dice.below(days) - 1));
    match act {
        "consultations" => given.extend(dice.chance(85).then(|| ("/answer_due_on", day(&mut dice, 12)))),
        "supplement-requests" | "completion-requests" => given.extend(dice.chance(20).then(|| ("/respond_by_on", day(&mut dice, 30)))),
        "resolution" => given.extend(dice.chance(70).then(|| ("/document_no", number(&mut dice)))),
        _ => {}
    }
    Asked { act, n, at, given }
}
