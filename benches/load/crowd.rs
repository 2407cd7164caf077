//! More clients than the server can serve.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::wire::{Wire, seconds};

/// What became of the requests of many clients.
#[derive(Default)]
struct Crowd {
    /// Milliseconds of those served and of those turned away, in order.
    served: Vec<f64>,
    turned_away: Vec<f64>,
    /// Anything but 200, and 503 with `Retry-After`.
    odd: u64,
}

impl Crowd {
    fn p99(times: &[f64]) -> f64 {
        times.get((times.len() * 99 / 100).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0)
    }
}

/// So many clients, each sending at an even pace, or as fast as it is answered.
fn crowd(base: &str, requests: &[Vec<u8>], clients: usize, pace: Option<Duration>) -> Crowd {
    let stop = AtomicBool::new(false);
    let mut all = Crowd::default();
    std::thread::scope(|scope| {
        let stop = &stop;
        let senders: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let (mut wire, mut own, mut at) = (Wire::open(base), Crowd::default(), client * 7);
                    let mut due = Instant::now();
                    while !stop.load(Ordering::Relaxed) {
                        if let Some(pace) = pace {
                            std::thread::sleep(due.saturating_duration_since(Instant::now()));
                            due = (due + pace).max(Instant::now());
                        }
                        let started = Instant::now();
                        let status = wire.send(&requests[at % requests.len()]);
                        let millis = started.elapsed().as_secs_f64() * 1000.0;
                        at += 1;
                        match status {
                            200 => own.served.push(millis),
                            503 if wire.told_when => own.turned_away.push(millis),
                            _ => own.odd += 1,
                        }
                    }
                    own
                })
            })
            .collect();
        std::thread::sleep(Duration::from_secs(seconds()));
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            let own = sender.join().unwrap();
            all.served.extend(own.served);
            all.turned_away.extend(own.turned_away);
            all.odd += own.odd;
        }
    });
    all.served.sort_by(f64::total_cmp);
    all.turned_away.sort_by(f64::total_cmp);
    all
}

/// Clients that the server promises to serve all at once.
pub const CROWD: usize = 64;

/// Four times the load that the server can serve: what it takes is served as soon as without the crowd, the rest is told at once.
pub fn overload(base: &str, requests: &[Vec<u8>]) {
    crowd(base, &requests[..1], 1, None);
    let alone = crowd(base, requests, 1, None);
    let loaded = crowd(base, requests, CROWD, None);
    let can = loaded.served.len() as f64 / seconds() as f64;
    let clients = 4 * CROWD;
    let crowded = crowd(base, requests, clients, Some(Duration::from_secs_f64(clients as f64 / (4.0 * can))));
    let after = crowd(base, requests, CROWD, None);
    println!();
    println!("{:<44} {:>12} {:>12} {:>12} {:>12}", "clients", "served", "p99", "turned away", "p99");
    for (name, run) in
        [("1", &alone), ("64, all that it can serve", &loaded), ("256 at 4 times that rate", &crowded), ("64 again, at once", &after)]
    {
        let per = |times: &[f64]| times.len() as f64 / seconds() as f64;
        let (served, away) = (&run.served, &run.turned_away);
        println!("{name:<44} {:>10.0}/s {:>9.2} ms {:>10.0}/s {:>9.2} ms", per(served), Crowd::p99(served), per(away), Crowd::p99(away));
    }
    let ratio = Crowd::p99(&crowded.served) / Crowd::p99(&loaded.served);
    println!("{:<44} {ratio:>12.2}   (at most 3)", "p99 of what is served, crowded to not");
    println!("neither served nor told when to come back: {}", alone.odd + loaded.odd + crowded.odd + after.odd);
}
