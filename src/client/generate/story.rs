//! What happens to one dossier, told in the order in which it happens and never beyond the last day.

use super::days::Days;
use super::{Chance, Limit, PROCEDURES, Procedure, words};

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    OnTime,
    LateWithApology,
    Late,
    Refused,
    Withdrawn,
    Terminated,
    NotAccepted,
    Voided,
    // Still open on the last day.
    AwaitingPapers,
    AwaitingFee,
    Suspended,
    Overdue,
    OverdueWithApology,
    Waiting,
    Submitted,
}

use Story::*;

/// How many in a thousand; the rest is done on time.
const STORIES: &[(Story, u32)] =
    &[(LateWithApology, 25), (Late, 13), (Refused, 18), (Withdrawn, 12), (Terminated, 7), (NotAccepted, 12), (Voided, 7)];
/// Received in the last weeks: these come first.
const OPEN: &[(Story, u32)] =
    &[(AwaitingPapers, 60), (AwaitingFee, 25), (Suspended, 40), (Overdue, 60), (OverdueWithApology, 50), (Waiting, 40)];
/// Received in the last days: these come first.
const NEW: &[(Story, u32)] = &[(Submitted, 400)];
const LAST_WEEKS: usize = 40;
const LAST_DAYS: usize = 3;

/// Where a row stands: among all, and on its day of receipt.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub row: usize,
    pub day: usize,
    pub nth: usize,
    pub of: usize,
}

#[derive(Clone, Debug)]
pub struct Teller {
    days: Days,
    chance: Chance,
    /// Position of the working day reached, and the moment.
    at: usize,
    now: Moment,
    /// Position of the due date in force; none without a limit.
    due: Option<usize>,
    paused: bool,
    /// Position of the finish.
    finish: Option<usize>,
}

/// Seconds at the counter before and after lunch in which dossiers are taken in.
const MORNING: (u32, u32) = (7 * 3600 + 600, 11 * 3600 + 900);
const AFTERNOON: (u32, u32) = (13 * 3600 + 1800, 16 * 3600 + 1200);
const LUNCH: std::ops::Range<u32> = 11 * 3600 + 1800..13 * 3600 + 1800;
const OPEN_SECONDS: u32 = MORNING.1 - MORNING.0 + AFTERNOON.1 - AFTERNOON.0;

fn office_second(n: u32) -> u32 {
    if n < MORNING.1 - MORNING.0 { MORNING.0 + n } else { AFTERNOON.0 + n - (MORNING.1 - MORNING.0) }
}

impl Teller {
    pub fn new(days: Days, chance: Chance) -> Teller {
        Teller { days, chance, at: 0, now: Moment::default(), due: None, paused: false, finish: None }
    }

    pub fn tell(&mut self, place: Place) -> Tale {
        let day = self.days.receipt.start + place.day;
        self.at = day;
        (self.paused, self.finish) = (false, None);
        let story = self.story(place.row, day);
        let procedure = self.procedure(story, day);
        let mut tale = self.receive(place, procedure);
        let accepted = self.now;
        self.due = self.due_from(procedure, day, accepted.second);
        let at_the_counter = story == NotAccepted || (story == Withdrawn && self.chance.permille(250));
        if story == Submitted {
            return tale;
        }
        if at_the_counter {
            let (name, reasons) =
                if story == NotAccepted { ("not_accepted", words::NOT_ACCEPTED) } else { ("withdrawn", words::WITHDRAWALS) };
            let document = (story == NotAccepted).then(|| self.number());
            tale.decision = Some(Decision { name, reason: Some(self.chance.pick(reasons)), document, at: accepted });
            return tale;
        }
        tale.accepted = Some(accepted);
        if story == Voided {
            let at = self.moment(day + 1).unwrap_or(accepted);
            tale.decision = Some(Decision { name: "voided", reason: Some(self.chance.pick(words::VOIDED)), document: None, at });
            return tale;
        }
        if self.pauses(&mut tale, story) {
            self.end(&mut tale, story);
        }
        self.consult(&mut tale, day);
        tale
    }

    /// Even over any stretch of rows, so that a few hundred show what a million do.
    fn story(&self, row: usize, day: usize) -> Story {
        // Multiples of the golden ratio, as shares of a thousand.
        let share = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let mut spot = ((share * 1000) >> 32) as u32;
        let left = self.days.last() - day;
        let first: &[(Story, u32)] = match left {
            0..LAST_DAYS => NEW,
            LAST_DAYS..LAST_WEEKS => OPEN,
            _ => &[],
        };
        if !first.is_empty() {
            let wide: u32 = first.iter().map(|s| s.1).sum();
            match hit(first, spot) {
                Some(story) => return story,
                None => spot = (spot - wide) * 1000 / (1000 - wide),
            }
        }
        hit(STORIES, spot).unwrap_or(OnTime)
    }

    fn procedure(&mut self, story: Story, day: usize) -> &'static Procedure {
        let all: u32 = PROCEDURES.iter().map(|p| p.weight).sum();
        let mut picked = &PROCEDURES[0];
        for _ in 0..60 {
            let mut spot = self.chance.below(all);
            for procedure in &PROCEDURES {
                picked = procedure;
                if spot < procedure.weight {
                    break;
                }
                spot -= procedure.weight;
            }
            let limited = picked.limit != Limit::None;
            let fits = match story {
                OnTime | Withdrawn | NotAccepted | Voided | Submitted => true,
                LateWithApology | Late | Refused | Terminated | AwaitingPapers | Suspended => limited,
                AwaitingFee => picked.fee_vnd > 0,
                Overdue | OverdueWithApology => self.due_from(picked, day, 0).is_some_and(|due| due < self.days.last()),
                Waiting => !limited,
            };
            if fits {
                break;
            }
        }
        picked
    }

    fn receive(&mut self, place: Place, procedure: &'static Procedure) -> Tale {
        let of = place.of.max(1) as u32;
        let begin = (place.nth as u64 * u64::from(OPEN_SECONDS) / u64::from(of)) as u32;
        let second = office_second(begin + self.chance.below(OPEN_SECONDS / of));
        let date = self.days.date(self.at);
        self.now = Moment { date, second };
        let chance = &mut self.chance;
        let channel = match chance.below(1000) {
            n if procedure.online && n < 650 => "online",
            n if n >= 940 => "postal",
            _ => "direct",
        };
        let submitted = match channel {
            "online" if chance.permille(450) => Moment { date: date - 1, second: chance.within(7 * 3600, 81_000) },
            "online" => Moment { date, second: second - chance.within(300, 7200) },
            _ => Moment { date, second: second - chance.within(120, 600) },
        };
        let receiving = match procedure.department {
            "DKKD" if chance.permille(6) => "DKKD",
            "DKKD" if chance.permille(450) => "MC-DKKD",
            _ => "MC",
        };
        let mut applicant = String::with_capacity(64);
        let applicant_kind = words::applicant(chance, procedure.who, &mut applicant);
        Tale {
            received_on: date,
            number: place.nth as u32 + 1,
            procedure,
            receiving,
            channel,
            applicant_kind,
            applicant,
            national: (channel == "online" && chance.permille(700)).then_some(210_000_000 + place.row as u32),
            submitted,
            accepted: None,
            supplements: Vec::new(),
            suspensions: Vec::new(),
            fees: Vec::new(),
            apologies: Vec::new(),
            consultations: Vec::new(),
            digitised: !chance.permille(15),
            decision: None,
            returned: None,
        }
    }

    /// A moment on a working day, later than the one before; none after the last day.
    fn moment(&mut self, position: usize) -> Option<Moment> {
        let position = position.max(self.at);
        if position > self.days.last() {
            return None;
        }
        let date = self.days.date(position);
        let mut second = office_second(self.chance.below(OPEN_SECONDS));
        if date == self.now.date {
            let low = self.now.second + 60;
            second = self.chance.within(low, (16 * 3600 + 2700).max(low));
            if LUNCH.contains(&second) {
                second = LUNCH.end + self.chance.below(1800);
            }
        }
        self.at = position;
        self.now = Moment { date, second };
        Some(self.now)
    }

    fn number(&mut self) -> u32 {
        self.chance.within(11, 3899)
    }

    fn due_from(&self, procedure: &Procedure, position: usize, second: u32) -> Option<usize> {
        Some(match procedure.limit {
            Limit::None => return None,
            Limit::WorkingDays(0) => position + usize::from(second >= 15 * 3600),
            Limit::WorkingDays(n) => position + n as usize,
            Limit::CalendarDays(n) => self.days.roll(self.days.date(position) + n as i32),
            Limit::WorkingHours(n) => position + n.div_ceil(8) as usize,
        })
    }

    /// The due date after a pause that ended now.
    fn resume(&mut self, procedure: &Procedure, from: usize, restart: bool) {
        self.paused = true;
        let Some(due) = self.due else { return };
        self.due = match procedure.limit {
            _ if restart && from <= due => self.due_from(procedure, self.at, self.now.second),
            Limit::CalendarDays(_) => {
                let waited = self.days.date(self.at) - self.days.date(from);
                Some(self.days.roll(self.days.date(due) + waited))
            }
            _ => Some(due + self.at - from),
        };
    }

    /// Days until the due date.
    fn room(&self) -> u32 {
        self.due.map_or(3, |due| due.saturating_sub(self.at) as u32)
    }

    /// Whatever stops the clock; false when it still stands on the last day, or the story ends here.
    fn pauses(&mut self, tale: &mut Tale, story: Story) -> bool {
        let procedure = tale.procedure;
        let asked = match story {
            AwaitingPapers | Terminated => 1000,
            Refused => 500,
            Withdrawn => 300,
            Waiting => 0,
            _ => 110,
        };
        if self.chance.permille(asked) {
            let again = 1 + u32::from(self.chance.permille(140));
            for nth in 1..=again {
                let unanswered = nth == again && matches!(story, AwaitingPapers | Terminated);
                match self.papers(tale, unanswered) {
                    true if unanswered => return story == Terminated,
                    true => {}
                    false => return false,
                }
            }
        }
        if procedure.fee_vnd > 0 && (story == AwaitingFee || self.chance.permille(40)) && !self.fee(tale, story == AwaitingFee) {
            return false;
        }
        let rate = if procedure.department == "PCM" { 45 } else { 5 };
        if (story == Suspended || (story != Waiting && self.chance.permille(rate))) && !self.suspend(tale, story == Suspended) {
            return false;
        }
        true
    }

    fn papers(&mut self, tale: &mut Tale, unanswered: bool) -> bool {
        let early = self.chance.below(self.room().min(2) + 1) as usize;
        let Some(requested) = self.moment(self.at + early) else { return false };
        let from = self.at;
        let respond = from + self.chance.within(10, 20) as usize;
        let mut supplement = Supplement {
            requested,
            reason: self.chance.pick(words::PAPERS),
            document: (!self.chance.permille(40)).then(|| self.number()),
            respond_by: (respond <= self.days.last()).then(|| self.days.date(respond)),
            fulfilled: None,
        };
        let wait = self.chance.within(1, 8) as usize;
        if !unanswered {
            supplement.fulfilled = self.moment(from + wait);
        }
        let going_on = unanswered || supplement.fulfilled.is_some();
        if supplement.fulfilled.is_some() {
            self.resume(tale.procedure, from, tale.procedure.restart);
        }
        tale.supplements.push(supplement);
        going_on
    }

    fn fee(&mut self, tale: &mut Tale, unpaid: bool) -> bool {
        let Some(requested) = self.moment(self.at) else { return false };
        let from = self.at;
        let wait = self.chance.below(3) as usize;
        let paid = if unpaid { None } else { self.moment(from + wait) };
        tale.fees.push(Fee { requested, amount_vnd: tale.procedure.fee_vnd, paid });
        if paid.is_some() {
            self.resume(tale.procedure, from, false);
        }
        paid.is_some()
    }

    fn suspend(&mut self, tale: &mut Tale, to_the_end: bool) -> bool {
        let early = self.chance.below(self.room().min(3) + 1) as usize;
        let Some(begin) = self.moment(self.at + early) else { return false };
        let from = self.at;
        let (reason, basis) = self.chance.pick(words::SUSPENSIONS);
        let basis = (!self.chance.permille(60)).then_some(basis);
        let wait = self.chance.within(4, 20) as usize;
        let to = if to_the_end { None } else { self.moment(from + wait) };
        tale.suspensions.push(Suspension { from: begin, to, reason, basis });
        if to.is_some() {
            self.resume(tale.procedure, from, false);
        }
        to.is_some()
    }

    fn end(&mut self, tale: &mut Tale, story: Story) {
        // A limit in hours that stopped and went on may end a day sooner than days alone tell.
        let tight = usize::from(self.paused && matches!(tale.procedure.limit, Limit::WorkingHours(_)));
        let wait = self.chance.within(1, 12) as usize;
        let due = self.due.unwrap_or(self.at + wait);
        let in_time = {
            let free = (due - tight).saturating_sub(self.at) as u32 + 1;
            self.at + self.chance.below(free).max(self.chance.below(free)) as usize
        };
        let (name, on) = match story {
            Waiting | Overdue => return,
            OverdueWithApology => {
                self.apologise(tale, due);
                return;
            }
            LateWithApology => match self.apologise(tale, due) {
                Some(new_due) => {
                    let latest = (new_due - due) as u32 + u32::from(self.chance.permille(150));
                    ("resolved", due + self.chance.within(1, latest) as usize)
                }
                None => return,
            },
            Late => ("resolved", due + self.chance.within(1, 7) as usize),
            Refused => ("refused", in_time),
            Withdrawn => ("withdrawn", in_time),
            Terminated => ("terminated", self.at + self.chance.within(15, 25) as usize),
            _ => ("resolved", in_time),
        };
        let Some(at) = self.moment(on) else { return };
        self.finish = Some(self.at);
        let reason = match name {
            "refused" => Some(self.chance.pick(words::REFUSALS)),
            "withdrawn" => Some(self.chance.pick(words::WITHDRAWALS)),
            "terminated" => Some("Quá thời hạn mà không bổ sung hồ sơ"),
            _ => None,
        };
        let document = (name != "withdrawn").then(|| self.number());
        tale.decision = Some(Decision { name, reason, document, at });
        if name == "resolved" && !self.chance.permille(80) {
            let later = self.chance.pick(&[0, 0, 1, 1, 2, 4]);
            tale.returned = self.moment(self.at + later);
        }
    }

    /// Sends an apology, mostly in time and once; the new date last promised.
    fn apologise(&mut self, tale: &mut Tale, due: usize) -> Option<usize> {
        let mut on = if self.chance.permille(800) { due.saturating_sub(1) } else { due + 1 };
        let mut promised = due.max(on);
        for _ in 0..=u32::from(self.chance.permille(120)) {
            let sent = self.moment(on)?;
            promised += self.chance.within(2, 6) as usize;
            // A second one, when that promise fails too.
            on = promised;
            let (reason, document) = (self.chance.pick(words::APOLOGIES), self.number());
            tale.apologies.push(Apology { sent, reason, new_due: self.days.date(promised), document });
        }
        Some(promised)
    }

    /// Other agencies are asked about investments and bids; it does not stop the clock.
    fn consult(&mut self, tale: &mut Tale, day: usize) {
        if tale.procedure.department != "PCM" || !self.chance.permille(400) {
            return;
        }
        let (sent, end) = (day + 1, self.finish.unwrap_or(self.days.last() + 1));
        if sent >= end {
            return;
        }
        let answered = sent + self.chance.within(2, 13) as usize;
        let known = |position: usize| position < end;
        let mut at = |position: usize| Moment { date: self.days.date(position), second: office_second(self.chance.below(OPEN_SECONDS)) };
        let mut consultation = Consultation {
            agency: "",
            sent: at(sent),
            document: 0,
            answer_due: self.days.date(sent + 7),
            reminders: Vec::new(),
            answered: known(answered).then(|| at(answered)),
        };
        for position in [sent + 8, sent + 11] {
            if known(position) && position < answered {
                consultation.reminders.push((at(position), 0));
            }
        }
        for reminder in &mut consultation.reminders {
            reminder.1 = self.chance.within(11, 3899);
        }
        consultation.agency = self.chance.pick(words::AGENCIES);
        consultation.document = self.number();
        tale.consultations.push(consultation);
    }
}

fn hit(stories: &[(Story, u32)], spot: u32) -> Option<Story> {
    let mut sum = 0;
    stories.iter().find_map(|(story, share)| {
        sum += share;
        (spot < sum).then_some(*story)
    })
}
