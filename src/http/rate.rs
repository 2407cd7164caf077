//! How often one caller may ask: a bucket of tokens for each, filled at an even pace. Each server counts for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::RequestHead;
use uuid::Uuid;

use crate::config::Limits;

/// Addresses remembered at most; those beyond share one bucket until some of the others are full again. Who is signed in has a bucket of
/// his own all the time: there are as many as there are accounts.
const REMEMBERED: usize = 65_536;
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A user or client that is signed in.
    Subject(Uuid),
    /// Whoever is not: an address, or a network of 64 bits.
    Address(IpAddr),
    /// All addresses that are one too many to be remembered.
    Others,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// What a bucket says after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub policy: &'static str,
    pub quota: u32,
    /// Seconds in which an empty bucket fills.
    pub window: u32,
    pub remaining: u32,
    /// Seconds until the bucket is full.
    pub reset: u32,
    /// Seconds to wait, for a request that is refused.
    pub retry_after: Option<u32>,
}

impl Standing {
    /// `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers.
    pub fn headers(&self) -> [(&'static str, String); 2] {
        let Standing { policy, quota, window, remaining, reset, .. } = self;
        [("ratelimit-policy", format!("\"{policy}\";q={quota};w={window}")), ("ratelimit", format!("\"{policy}\";r={remaining};t={reset}"))]
    }
}

/// The buckets of all callers.
#[derive(Default)]
pub struct Buckets(Mutex<Held>);

#[derive(Default)]
struct Held {
    subjects: HashMap<Caller, Bucket>,
    /// Those of addresses, and the one of all others.
    strangers: HashMap<Caller, Bucket>,
    looked: Option<Instant>,
}

impl Buckets {
    /// Takes a token; none where such callers are not limited.
    pub fn take(&self, limits: &Limits, caller: Caller, now: Instant) -> Option<Standing> {
        let (policy, rate, quota) = match caller {
            Caller::Subject(_) => ("subject", limits.requests_per_s, limits.burst),
            Caller::Address(_) | Caller::Others => ("address", limits.address_requests_per_s, limits.address_burst),
        };
        if rate == 0 {
            return None;
        }
        let (pace, most) = (f64::from(rate), f64::from(quota.max(1)));
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (buckets, caller) = held.place(caller, now, limits);
        let bucket = buckets.entry(caller).or_insert(Bucket { tokens: most, at: now });
        bucket.tokens = (bucket.tokens + now.saturating_duration_since(bucket.at).as_secs_f64() * pace).min(most);
        bucket.at = now;
        let taken = bucket.tokens >= 1.0;
        if taken {
            bucket.tokens -= 1.0;
        }
        Some(Standing {
            policy,
            quota: quota.max(1),
            window: (most / pace).ceil() as u32,
            remaining: bucket.tokens as u32,
            reset: ((most - bucket.tokens) / pace).ceil() as u32,
            retry_after: (!taken).then(|| (((1.0 - bucket.tokens) / pace).ceil() as u32).max(1)),
        })
    }
}

impl Held {
    /// Where the caller's bucket is: its own, or that of all others where there is no room for one address more.
    fn place(&mut self, caller: Caller, now: Instant, limits: &Limits) -> (&mut HashMap<Caller, Bucket>, Caller) {
        let signed_in = matches!(caller, Caller::Subject(_));
        let there = |held: &Held| if signed_in { held.subjects.len() } else { held.strangers.len() };
        let known = if signed_in { self.subjects.contains_key(&caller) } else { self.strangers.contains_key(&caller) };
        if !known && there(self) >= REMEMBERED && self.looked.is_none_or(|at| now.saturating_duration_since(at) > LOOK_AGAIN) {
            self.looked = Some(now);
            // A full bucket is like none.
            let full = |burst: u32, rate: u32| Duration::from_secs_f64(f64::from(burst) / f64::from(rate.max(1)));
            let (subject, stranger) =
                (full(limits.burst, limits.requests_per_s), full(limits.address_burst, limits.address_requests_per_s));
            self.subjects.retain(|_, bucket| now.saturating_duration_since(bucket.at) < subject);
            self.strangers.retain(|_, bucket| now.saturating_duration_since(bucket.at) < stranger);
        }
        match caller {
            Caller::Subject(_) => (&mut self.subjects, caller),
            _ if known || self.strangers.len() < REMEMBERED => (&mut self.strangers, caller),
            _ => (&mut self.strangers, Caller::Others),
        }
    }
}

/// Where a request comes from: the peer, or what the proxy in front says, if there is one.
pub fn address(head: &RequestHead, behind_proxy: bool) -> IpAddr {
    let peer = head.peer_addr.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |a| a.ip());
    // The proxy appends; what stands before is the sender's own word.
    let told = || head.headers().get_all("x-forwarded-for").last()?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok();
    let address = if behind_proxy { told().unwrap_or(peer) } else { peer };
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { requests_per_s: 10, burst: 3, address_requests_per_s: 1, address_burst: 1, ..Limits::default() }
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let (buckets, start, caller) = (Buckets::default(), Instant::now(), Caller::Subject(Uuid::nil()));
        let take = |after_ms: u64| buckets.take(&limits(), caller, start + Duration::from_millis(after_ms));
        let left: Vec<_> = (0..4).filter_map(|_| take(0)).map(|s| (s.remaining, s.retry_after)).collect();
        assert_eq!(left, [(2, None), (1, None), (0, None), (0, Some(1))]);
        assert_eq!(take(99).and_then(|s| s.retry_after), Some(1));
        let later = take(100);
        assert_eq!(later.and_then(|s| s.retry_after), None);
        let headers = later.map(|s| s.headers().map(|(_, value)| value));
        assert_eq!(headers, Some(["\"subject\";q=3;w=1".to_owned(), "\"subject\";r=0;t=1".to_owned()]));
        assert_eq!(take(60_000).map(|s| s.remaining), Some(2));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_rest_share() {
        let (buckets, start) = (Buckets::default(), Instant::now());
        let at = |n: u32| Caller::Address(IpAddr::V4(n.into()));
        let refused = |n: u32, now| buckets.take(&limits(), at(n), now).is_some_and(|s| s.retry_after.is_some());
        let most = REMEMBERED as u32;
        assert!((0..most).all(|n| !refused(n, start)));
        assert!(!refused(most, start) && refused(most + 1, start) && refused(most + 2, start));
        assert!(buckets.0.lock().is_ok_and(|held| held.strangers.len() <= REMEMBERED + 1));
        // Who is signed in does not come too late for a bucket of his own, nor does he take room from the others.
        let signed_in = |n: u128, now| buckets.take(&limits(), Caller::Subject(Uuid::from_u128(n)), now);
        let first: Vec<_> = (0..3).filter_map(|n| signed_in(n, start)).map(|s| (s.policy, s.remaining, s.retry_after)).collect();
        assert_eq!(first, [("subject", 2, None); 3]);
        assert!(buckets.0.lock().is_ok_and(|held| held.subjects.len() == 3));
        // Once theirs are full again, there is room.
        let later = start + Duration::from_secs(5);
        assert!(!refused(most + 1, later) && !refused(most + 2, later));
        assert!(buckets.0.lock().is_ok_and(|held| held.strangers.len() < 10));
    }
}
