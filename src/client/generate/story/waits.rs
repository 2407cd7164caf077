//! What happens between acceptance and the end: pauses, consultations, apologies, and the end itself.

use super::Story::*;
use super::{OPEN_SECONDS, Story, Teller, office_second};
use crate::client::generate::tale::{Apology, Consultation, Decision, Fee, Moment, Supplement, Suspension, Tale};
use crate::client::generate::{Limit, words};

impl Teller {
    /// Days until the due date.
    fn room(&self) -> u32 {
        self.due.map_or(3, |due| due.saturating_sub(self.at) as u32)
    }

    /// Whatever stops the clock; false when it still stands on the last day, or the story ends here.
    pub(super) fn pauses(&mut self, tale: &mut Tale, story: Story) -> bool {
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

    pub(super) fn end(&mut self, tale: &mut Tale, story: Story) {
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
    pub(super) fn consult(&mut self, tale: &mut Tale, day: usize) {
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
