//! The turns of one serving thread: who is at work, and who waits for it in the order they came.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Count;

/// Whoever has been at work for so long (a load, an export, a report of years) does not count where only a few may be: he would keep
/// those waiting who are done in no time.
const LONG: Duration = Duration::from_millis(25);

pub struct Turns {
    /// As many as there are connections, and so few of them at once in an overload.
    most: usize,
    overloaded_most: usize,
    /// When those at work began.
    began: RefCell<Vec<Instant>>,
    line: RefCell<VecDeque<oneshot::Sender<Turn>>>,
    waiting: Cell<usize>,
    overloaded: Cell<bool>,
}

/// Leave to work; ends when it is dropped.
pub struct Turn {
    began: Instant,
    turns: Rc<Turns>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut began = self.turns.began.borrow_mut();
        if let Some(at) = began.iter().position(|began| *began == self.began) {
            began.swap_remove(at);
        }
        drop(began);
        self.turns.call(Instant::now());
    }
}

impl Turns {
    pub fn new(most: usize, overloaded_most: usize) -> Rc<Turns> {
        Rc::new(Turns {
            most,
            overloaded_most,
            began: RefCell::default(),
            line: RefCell::default(),
            waiting: Cell::new(0),
            overloaded: Cell::new(false),
        })
    }

    pub fn waiting(&self) -> usize {
        self.waiting.get()
    }

    /// Whether few are at work at once, since more of them would only wait for one another.
    pub fn overloaded(&self, overloaded: bool) {
        self.overloaded.set(overloaded);
    }

    /// Whether who comes now need not wait.
    pub fn any_free(self: &Rc<Self>, now: Instant) -> bool {
        self.call(now);
        self.one_more(now)
    }

    /// A turn, when those who came before have had theirs; none within so long a time.
    pub async fn turn(self: &Rc<Self>, patience: Duration) -> Option<Turn> {
        let came = Instant::now();
        if self.any_free(came) {
            return Some(self.begin(came));
        }
        let _waiting = Count::up(&self.waiting);
        let (caller, mut call) = oneshot::channel();
        self.line.borrow_mut().push_back(caller);
        loop {
            match timeout(LONG, &mut call).await {
                Ok(turn) => return turn.ok(),
                Err(_) if came.elapsed() >= patience => return None,
                // Meanwhile one of those at work may have become one who is there for long.
                Err(_) => self.call(Instant::now()),
            }
        }
    }

    fn one_more(&self, now: Instant) -> bool {
        let began = self.began.borrow();
        let short = || began.iter().filter(|began| now.saturating_duration_since(**began) < LONG).count();
        began.len() < self.most && (!self.overloaded.get() || short() < self.overloaded_most)
    }

    fn begin(self: &Rc<Self>, now: Instant) -> Turn {
        self.began.borrow_mut().push(now);
        Turn { began: now, turns: self.clone() }
    }

    /// Calls in as many of those who wait as may work.
    fn call(self: &Rc<Self>, now: Instant) {
        while self.one_more(now) {
            let Some(caller) = self.line.borrow_mut().pop_front() else { return };
            // Who has gone away passes his turn on.
            if !caller.is_closed() {
                let _ = caller.send(self.begin(now));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn who_came_first_is_called_first_and_who_has_gone_passes_his_turn_on() {
        let turns = Turns::new(2, 2);
        let (first, second) = (turns.turn(SOON).await, turns.turn(SOON).await);
        assert!(first.is_some() && second.is_some() && !turns.any_free(Instant::now()));
        assert!(turns.turn(SOON).await.is_none(), "his patience has an end");
        assert_eq!(turns.waiting(), 0);
        let order = RefCell::new(Vec::new());
        let wait = |n: usize| {
            let (turns, order) = (&turns, &order);
            async move {
                let turn = turns.turn(Duration::from_secs(5)).await;
                order.borrow_mut().push(n);
                assert!(turn.is_some());
                sleep(SOON).await;
            }
        };
        let gone = timeout(SOON, wait(0)).await;
        assert!(gone.is_err());
        let open = async {
            sleep(SOON).await;
            assert_eq!(turns.waiting(), 3);
            drop(first);
        };
        tokio::join!(wait(1), wait(2), wait(3), open);
        assert_eq!(*order.borrow(), [1, 2, 3]);
        assert_eq!((turns.waiting(), turns.any_free(Instant::now())), (0, true));
    }

    #[tokio::test]
    async fn in_an_overload_few_are_at_work_and_who_takes_long_keeps_nobody_waiting() {
        let turns = Turns::new(3, 1);
        let calm = [turns.turn(SOON).await, turns.turn(SOON).await];
        assert!(calm.iter().all(Option::is_some));
        drop(calm);
        turns.overloaded(true);
        let began = Instant::now();
        let first = turns.turn(SOON).await;
        assert!(first.is_some() && !turns.any_free(began), "only one of three");
        let second = turns.turn(Duration::from_secs(5)).await;
        assert!(second.is_some() && began.elapsed() >= LONG, "the first takes long");
        let third = turns.turn(Duration::from_secs(5)).await;
        sleep(LONG).await;
        assert!(third.is_some() && !turns.any_free(Instant::now()), "never more than there are connections");
        turns.overloaded(false);
        assert!(!turns.any_free(Instant::now()));
        drop(second);
        assert!(turns.any_free(Instant::now()));
    }
}
