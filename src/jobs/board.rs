//! What one server's handlers tell the one who does its jobs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

#[derive(Default)]
pub struct Board {
    bell: Notify,
    stopping: AtomicBool,
}

impl Board {
    /// There is something to do.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// The server stops: the job at hand is left after its current chunk.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    pub fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Until somebody rings, or so long.
    pub async fn wait(&self, most: Duration) {
        // Nobody rings for what another server took in.
        let _ = tokio::time::timeout(most, self.bell.notified()).await;
    }
}
