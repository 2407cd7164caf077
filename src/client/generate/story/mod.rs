//! What happens to one dossier, told in the order in which it happens and never beyond the last day.

mod waits;

use super::days::Days;
use super::tale::{Decision, Moment, Tale};
use super::{Chance, Limit, PROCEDURES, Procedure, words};

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
    /// Of those received on so many of the last working days some are still open.
    open_days: usize,
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
    pub fn new(days: Days, chance: Chance, open_days: usize) -> Teller {
        Teller { days, chance, open_days, at: 0, now: Moment::default(), due: None, paused: false, finish: None }
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
            _ if left < self.open_days => OPEN,
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
}

fn hit(stories: &[(Story, u32)], spot: u32) -> Option<Story> {
    let mut sum = 0;
    stories.iter().find_map(|(story, share)| {
        sum += share;
        (spot < sum).then_some(*story)
    })
}
