//! Turns at work: a serving thread works on as many requests as it has connections, a few wait, the others are turned away at
//! once. Reading a body takes no turn, so that a slow sender keeps nobody from work; nor does one caller's crowd of slow senders keep
//! others from sending.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{HttpMessage, HttpRequest, web};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Settings;
use crate::error::{ApiError, Code};
use crate::http::rate::Caller;
use crate::metrics::{Metrics, TurnedAway};

/// With somebody waiting for so long without a pause, it is no burst any more: the thread is overloaded.
const STANDING: Duration = Duration::from_millis(250);

/// An answer that turns someone away is held back this long, which costs nothing: who asks again as soon as he
/// is answered would keep the thread busy with saying no. So many are held at most.
const HELD_BACK: Duration = Duration::from_millis(50);
const MOST_HELD: usize = 1024;

/// The part of all bodies on their way that may be one caller's.
const SHARE: usize = 8;

/// The gate of one serving thread.
pub struct Gate {
    turns: Arc<Semaphore>,
    waiting: Cell<usize>,
    under_way: Rc<Cell<usize>>,
    arriving: Rc<RefCell<HashMap<Caller, usize>>>,
    held: Cell<usize>,
    /// When last nobody waited.
    calm: Cell<Instant>,
    most_waiting: usize,
    most_waiting_overloaded: usize,
    /// At work, and once more with bodies on their way.
    most_under_way: usize,
    patience: Duration,
    metrics: Arc<Metrics>,
}

/// Leave to work; ends when it is dropped.
pub struct Turn {
    _permit: OwnedSemaphorePermit,
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
        Gate {
            turns: Arc::new(Semaphore::new(settings.database.connections_per_worker as usize)),
            waiting: Cell::new(0),
            under_way: Rc::default(),
            arriving: Rc::default(),
            held: Cell::new(0),
            calm: Cell::new(Instant::now()),
            most_waiting: limits.waiting_per_worker,
            most_waiting_overloaded: limits.waiting_overloaded_per_worker,
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

    /// Waits for a turn. The room for those who wait is wide in a burst; where it has not been empty for a while it is narrow, so that
    /// nobody in it waits for long.
    ///
    /// # Errors
    /// 503 when the room is full, or the database does not answer those who are before.
    pub async fn turn(&self) -> Result<Turn, ApiError> {
        if self.waiting.get() == 0 {
            self.calm.set(Instant::now());
        }
        if let Ok(permit) = self.turns.clone().try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let overloaded = self.calm.get().elapsed() > STANDING;
        if self.waiting.get() >= if overloaded { self.most_waiting_overloaded } else { self.most_waiting } {
            return self.turn_away(TurnedAway::Full).await;
        }
        let waiting = Count::up(&self.waiting);
        let permit = tokio::time::timeout(self.patience, self.turns.clone().acquire_owned()).await;
        drop(waiting);
        match permit {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            _ => self.turn_away(TurnedAway::Waited).await,
        }
    }

    async fn turn_away(&self, why: TurnedAway) -> Result<Turn, ApiError> {
        self.metrics.turned_away(why);
        if self.held.get() < MOST_HELD {
            let _held = Count::up(&self.held);
            tokio::time::sleep(HELD_BACK).await;
        }
        Err(busy())
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
