//! Turns at work: a serving thread works on as many requests as it has connections, a few wait, the others are turned away at
//! once. In an overload it works on few of them at once, which gets as much done, and the more are turned away, the fewer wait: what is
//! served is served as soon as ever. Reading a body takes no turn, so that a slow sender keeps nobody from work; nor does
//! one caller's crowd of slow senders keep others from sending.

mod turns;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{HttpMessage, HttpRequest, web};

use crate::config::Settings;
use crate::error::{ApiError, Code};
use crate::http::rate::Caller;
use crate::metrics::{Metrics, TurnedAway};

pub use turns::Turn;
use turns::Turns;

/// With somebody waiting, or being turned away, for so long without a pause, it is no burst any more: the thread is overloaded.
const STANDING: Duration = Duration::from_millis(100);

/// An answer that turns someone away is held back for one to two times as long, which costs nothing: who asks again as soon as he
/// is answered would keep the thread busy with saying no. Not all for the same time, or they would come back all at once. So many are
/// held at most.
const HELD_BACK: Duration = Duration::from_millis(50);
const MOST_HELD: usize = 1024;

/// How many may wait for a turn.
#[derive(Clone, Copy, Debug)]
struct Room {
    burst: usize,
    overloaded: usize,
    /// So few at any time, lest a turn that ends be idle.
    least: usize,
}

impl Room {
    fn new(burst: usize, overloaded: usize, turns: usize) -> Room {
        Room { burst, overloaded, least: (turns / 2).max(1).min(overloaded) }
    }

    /// Places in it when so many have just been turned away. In an overload those turned away count as if they still waited: where a few
    /// are too many the room is narrow, where most are it is closed but for the least, and it widens by itself as soon as all who come
    /// would fit in.
    fn places(self, overloaded: bool, away: usize) -> usize {
        if overloaded { self.overloaded.saturating_sub(away).max(self.least) } else { self.burst }
    }
}

/// The part of all bodies on their way that may be one caller's.
const SHARE: usize = 8;

/// The gate of one serving thread.
pub struct Gate {
    turns: Rc<Turns>,
    under_way: Rc<Cell<usize>>,
    arriving: Rc<RefCell<HashMap<Caller, usize>>>,
    /// Turned away, and not answered yet.
    held: Cell<usize>,
    /// When last nobody waited or was turned away.
    calm: Cell<Instant>,
    room: Room,
    /// At work, and once more with bodies on their way.
    most_under_way: usize,
    patience: Duration,
    metrics: Arc<Metrics>,
}

/// Counts a request as under way while it lives.
pub struct UnderWay(Rc<Cell<usize>>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Counts a body as on its way while it lives.
pub struct Arriving {
    all: Rc<RefCell<HashMap<Caller, usize>>>,
    caller: Caller,
}

impl Drop for Arriving {
    fn drop(&mut self) {
        let mut all = self.all.borrow_mut();
        match all.get_mut(&self.caller) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(all.remove(&self.caller)),
        }
    }
}

impl Gate {
    pub fn new(settings: &Settings, metrics: Arc<Metrics>) -> Gate {
        let limits = &settings.limits;
        let (turns, in_overload) = (settings.database.connections_per_worker as usize, limits.at_work_overloaded_per_worker);
        Gate {
            turns: Turns::new(turns, in_overload),
            under_way: Rc::default(),
            arriving: Rc::default(),
            held: Cell::new(0),
            calm: Cell::new(Instant::now()),
            room: Room::new(limits.waiting_per_worker, limits.waiting_overloaded_per_worker, in_overload),
            most_under_way: limits.in_flight_per_worker,
            patience: Duration::from_secs(settings.database.acquire_timeout_s),
            metrics,
        }
    }

    /// Counts a request as under way, from when all of it is here.
    ///
    /// # Errors
    /// 503 when there are too many.
    pub fn enter(&self) -> Result<UnderWay, ApiError> {
        if self.under_way.get() >= self.most_under_way {
            self.metrics.turned_away(TurnedAway::Full);
            return Err(busy());
        }
        self.under_way.set(self.under_way.get() + 1);
        Ok(UnderWay(self.under_way.clone()))
    }

    /// Counts a body that is on its way.
    ///
    /// # Errors
    /// 503 when there are too many, or too many of this caller.
    pub fn arrive(&self, caller: Caller) -> Result<Arriving, ApiError> {
        let mut all = self.arriving.borrow_mut();
        let own = all.get(&caller).copied().unwrap_or(0);
        if own >= (self.most_under_way / SHARE).max(1) || all.values().sum::<usize>() >= self.most_under_way {
            self.metrics.turned_away(TurnedAway::Full);
            return Err(busy());
        }
        all.insert(caller, own + 1);
        Ok(Arriving { all: self.arriving.clone(), caller })
    }

    /// Whether somebody who came now would be turned away: told before it is asked who he is, since there may be many.
    pub fn is_closed(&self) -> bool {
        let now = Instant::now();
        let waiting = self.turns.waiting();
        if waiting == 0 && self.held.get() == 0 {
            self.calm.set(now);
        }
        let overloaded = now.saturating_duration_since(self.calm.get()) > STANDING;
        self.turns.overloaded(overloaded);
        waiting >= self.room.places(overloaded, self.held.get()) && !self.turns.any_free(now)
    }

    /// Waits for a turn. The room for those who wait is wide in a burst; where it has not been empty for a while it is narrow, so that
    /// nobody in it waits for long.
    ///
    /// # Errors
    /// 503 when the room is full, or the database does not answer those who are before.
    pub async fn turn(&self) -> Result<Turn, ApiError> {
        if self.is_closed() {
            return Err(self.turned_away(TurnedAway::Full).await);
        }
        match self.turns.turn(self.patience).await {
            Some(turn) => Ok(turn),
            None => Err(self.turned_away(TurnedAway::Waited).await),
        }
    }

    /// What is told to whom there is no room for, and not before he has been held back.
    pub async fn turned_away(&self, why: TurnedAway) -> ApiError {
        self.metrics.turned_away(why);
        let held = self.held.get();
        if held < MOST_HELD {
            let _held = Count::up(&self.held);
            tokio::time::sleep(HELD_BACK + HELD_BACK * (held % 32) as u32 / 32).await;
        }
        busy()
    }
}

/// A request whose body has been read waits for its turn, which it keeps until it is answered.
///
/// # Errors
/// 503 when none comes.
pub async fn take_turn(req: &HttpRequest) -> Result<(), ApiError> {
    let Some(gate) = req.app_data::<web::Data<Gate>>() else { return Err(ApiError::new(Code::Internal)) };
    if !req.extensions().contains::<UnderWay>() {
        let under_way = gate.enter()?;
        req.extensions_mut().insert(under_way);
    }
    req.extensions_mut().remove::<Arriving>();
    let turn = gate.turn().await?;
    req.extensions_mut().insert(turn);
    Ok(())
}

/// A request that is answered counts no more.
pub fn leave(req: &HttpRequest) {
    let mut extensions = req.extensions_mut();
    extensions.remove::<Turn>();
    extensions.remove::<UnderWay>();
    extensions.remove::<Arriving>();
}

/// A request that goes on to wait for something else than the database lets others pass.
pub fn step_aside(req: &HttpRequest) {
    req.extensions_mut().remove::<Turn>();
}

fn busy() -> ApiError {
    let (vi, en) = ("Hệ thống đang quá tải; hãy thử lại sau ít giây.", "The service is overloaded; try again in a moment.");
    ApiError::new(Code::Overloaded).say(vi, en).retry_after(1)
}

struct Count<'a>(&'a Cell<usize>);

impl<'a> Count<'a> {
    fn up(count: &'a Cell<usize>) -> Count<'a> {
        count.set(count.get() + 1);
        Count(count)
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_narrows_with_the_load_and_widens_by_itself() {
        let room = Room::new(64, 32, 8);
        for (overloaded, away, places) in
            [(false, 0, 64), (false, 100, 64), (true, 0, 32), (true, 5, 27), (true, 28, 4), (true, 32, 4), (true, 1024, 4)]
        {
            assert_eq!(room.places(overloaded, away), places, "{overloaded} {away}");
        }
        // Of as many as fit in, whoever was turned away finds a place when he comes back, however many others still are away.
        for clients in 1..=32 {
            assert!((0..clients).all(|away| clients - away - 1 < room.places(true, away)), "{clients}");
        }
    }

    #[test]
    fn some_may_always_wait_unless_none_is_meant_to() {
        for (overloaded, turns, least) in [(32, 8, 4), (32, 1, 1), (2, 8, 2), (0, 8, 0)] {
            let room = Room::new(64, overloaded, turns);
            assert_eq!((room.places(true, 1000), room.places(true, 0)), (least, overloaded));
        }
    }
}
