//! More than the server can serve. One thread drives all connections, so that what sends takes as little as it can of the processors
//! that the server has, and the same of them however many connections there are.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval_at};

use crate::wire::seconds;

/// Clients that the server promises to serve all at once.
pub const CROWD: usize = 64;
/// As often does each of a crowd send in a second: seldom enough for it to be answered before its next turn.
const TURNS_PER_S: f64 = 5.0;

/// So long does a crowd come before it is measured: at first it is a burst, which the server takes in as long as it can.
const COMING: Duration = Duration::from_secs(1);

/// Loads take turns: a machine that is slow for a while is slow for all of them.
const ROUNDS: u32 = 4;

/// When a client sends.
#[derive(Clone, Copy)]
enum Pace {
    /// As soon as it is answered.
    Answered,
    /// All of them together so often a second, whatever is answered; who still waits for an answer when his turn comes lets it pass.
    Rate(f64),
}

/// What became of the requests of many clients.
#[derive(Default)]
struct Crowd {
    /// Milliseconds from the sending of a request to the end of its answer: of those served and of those turned away, in order.
    served: Vec<f64>,
    away: Vec<f64>,
    /// Of those served while the crowd came.
    coming: Vec<f64>,
    /// Anything but 200, and 503 with `Retry-After`.
    odd: u64,
}

impl Crowd {
    fn add(&mut self, other: Crowd) {
        self.served.extend(other.served);
        self.away.extend(other.away);
        self.coming.extend(other.coming);
        self.odd += other.odd;
        for times in [&mut self.served, &mut self.away, &mut self.coming] {
            times.sort_by(f64::total_cmp);
        }
    }

    fn p99(times: &[f64]) -> f64 {
        times.get(times.len() * 99 / 100).copied().unwrap_or(0.0)
    }

    fn per_second(times: &[f64]) -> f64 {
        times.len() as f64 / seconds() as f64
    }
}

/// One connection, and just enough HTTP to see what an answer is and where it ends.
struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Line {
    async fn open(base: &str) -> Line {
        let stream = TcpStream::connect(base).await.expect("a connection: `ulimit -Hn` bounds them");
        stream.set_nodelay(true).unwrap();
        Line { stream, read: Vec::with_capacity(16 << 10) }
    }

    /// The status of the answer, and whether it says when to come back.
    async fn send(&mut self, request: &[u8]) -> (u16, bool) {
        self.stream.write_all(request).await.unwrap();
        self.read.clear();
        let end = loop {
            assert!(self.stream.read_buf(&mut self.read).await.unwrap() > 0, "hung up");
            if let Some(end) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = str::from_utf8(&self.read[..end]).unwrap();
        let field = |name: &str| head.split_once(name).and_then(|(_, rest)| rest.split("\r\n").next());
        let status = head[9..12].parse().unwrap();
        let length: usize = field("\r\ncontent-length: ").and_then(|l| l.parse().ok()).expect("an answer that says how long it is");
        let told_when = field("\r\nretry-after: ").is_some();
        while self.read.len() < end + length {
            assert!(self.stream.read_buf(&mut self.read).await.unwrap() > 0, "hung up");
        }
        (status, told_when)
    }
}

/// So many clients, for a part of the time that a measurement takes.
fn crowd(base: &str, requests: &[Vec<u8>], clients: usize, pace: Pace) -> Crowd {
    let (all, next) = (RefCell::new(Crowd::default()), Cell::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let lines = join_all((0..clients).map(|_| Line::open(base))).await;
        let start = Instant::now();
        let counted = start + COMING;
        let end = counted + Duration::from_secs_f64(seconds() as f64 / f64::from(ROUNDS));
        let client = |n: usize, mut line: Line| {
            let (all, next) = (&all, &next);
            async move {
                let mut due = match pace {
                    Pace::Answered => None,
                    Pace::Rate(rate) => {
                        let mut due = interval_at(
                            (start + Duration::from_secs_f64(n as f64 / rate)).into(),
                            Duration::from_secs_f64(clients as f64 / rate),
                        );
                        due.set_missed_tick_behavior(MissedTickBehavior::Skip);
                        Some(due)
                    }
                };
                loop {
                    if let Some(due) = &mut due {
                        due.tick().await;
                    }
                    let sent = Instant::now();
                    if sent >= end {
                        return;
                    }
                    let request: &Vec<u8> = &requests[next.replace(next.get() + 1) % requests.len()];
                    let answer = line.send(request).await;
                    let millis = sent.elapsed().as_secs_f64() * 1000.0;
                    let mut all = all.borrow_mut();
                    match answer {
                        (200, _) if sent < counted => all.coming.push(millis),
                        (503, true) if sent < counted => (),
                        (200, _) => all.served.push(millis),
                        (503, true) => all.away.push(millis),
                        _ => all.odd += 1,
                    }
                }
            }
        };
        join_all(lines.into_iter().enumerate().map(|(n, line)| client(n, line))).await;
    });
    all.into_inner()
}

/// Connections for a crowd are files of this process, and of the server that it starts.
pub fn take_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

/// Four times the load that the server can serve: what it takes is served as soon as without the crowd, the rest is told at once.
pub fn overload(base: &str, requests: &[Vec<u8>]) {
    let many = |rate: f64| crowd(base, requests, (rate / TURNS_PER_S).ceil() as usize, Pace::Rate(rate));
    let few = |clients: usize| crowd(base, requests, clients, Pace::Answered);
    few(CROWD);
    let can = Crowd::per_second(&few(CROWD).served) * f64::from(ROUNDS);
    let [mut alone, mut half, mut loaded, mut crowded, mut pushing, mut after]: [Crowd; 6] = Default::default();
    for _ in 0..ROUNDS {
        alone.add(few(1));
        half.add(many(can / 2.0));
        loaded.add(few(CROWD));
        crowded.add(many(4.0 * can));
        pushing.add(few(4 * CROWD));
        after.add(few(CROWD));
    }
    println!();
    println!("{:<44} {:>12} {:>12} {:>12} {:>12} {:>12}", "load", "served", "p99", "turned away", "p99", "p99 at first");
    let runs = [
        ("1 client", &alone),
        ("half of what it can serve, evenly", &half),
        ("64 clients: all that it can serve", &loaded),
        ("4 times that, evenly", &crowded),
        ("256 clients, each again as soon as answered", &pushing),
        ("64 clients again, at once", &after),
    ];
    for (name, run) in runs {
        let (served, away) = (&run.served, &run.away);
        let (per, p99) = (Crowd::per_second, Crowd::p99);
        let (many, late, refused, told, at_first) = (per(served), p99(served), per(away), p99(away), p99(&run.coming));
        println!("{name:<44} {many:>10.0}/s {late:>9.2} ms {refused:>10.0}/s {told:>9.2} ms {at_first:>9.2} ms");
    }
    for (name, run) in [("at 4 times", &crowded), ("by 256", &pushing)] {
        for (than, other) in [("at half the load", &half), ("by 64", &loaded)] {
            let ratio = Crowd::p99(&run.served) / Crowd::p99(&other.served);
            println!("{:<60} {ratio:>8.2}   (at most 3)", format!("p99 of what is served {name}, to that {than}"));
        }
    }
    println!("neither served nor told when to come back: {}", runs.iter().map(|(_, run)| run.odd).sum::<u64>());
}
