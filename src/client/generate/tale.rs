//! A dossier's history as it is told: the nouns of the generator.

use super::Procedure;

/// A date (as a number of days) and a second of that day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub date: i32,
    pub second: u32,
}

#[derive(Clone, Debug)]
pub struct Supplement {
    pub requested: Moment,
    pub reason: &'static str,
    pub document: Option<u32>,
    pub respond_by: Option<i32>,
    pub fulfilled: Option<Moment>,
}

#[derive(Clone, Debug)]
pub struct Suspension {
    pub from: Moment,
    pub to: Option<Moment>,
    pub reason: &'static str,
    pub basis: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Fee {
    pub requested: Moment,
    pub amount_vnd: u32,
    pub paid: Option<Moment>,
}

#[derive(Clone, Debug)]
pub struct Apology {
    pub sent: Moment,
    pub reason: &'static str,
    pub new_due: i32,
    pub document: u32,
}

#[derive(Clone, Debug)]
pub struct Consultation {
    pub agency: &'static str,
    pub sent: Moment,
    pub document: u32,
    pub answer_due: i32,
    pub reminders: Vec<(Moment, u32)>,
    pub answered: Option<Moment>,
}

#[derive(Clone, Debug)]
pub struct Decision {
    pub name: &'static str,
    pub reason: Option<&'static str>,
    pub document: Option<u32>,
    pub at: Moment,
}

/// A dossier's history.
#[derive(Clone, Debug)]
pub struct Tale {
    pub received_on: i32,
    /// Of the day, from 1.
    pub number: u32,
    pub procedure: &'static Procedure,
    pub receiving: &'static str,
    pub channel: &'static str,
    pub applicant_kind: &'static str,
    pub applicant: String,
    /// Number in the national portal, for what came through it.
    pub national: Option<u32>,
    pub submitted: Moment,
    pub accepted: Option<Moment>,
    pub supplements: Vec<Supplement>,
    pub suspensions: Vec<Suspension>,
    pub fees: Vec<Fee>,
    pub apologies: Vec<Apology>,
    pub consultations: Vec<Consultation>,
    pub digitised: bool,
    pub decision: Option<Decision>,
    pub returned: Option<Moment>,
}
