//! How often one address may ask for what costs more than a look into memory. Each address has a bucket that fills with the minute
//! and holds a minute's requests; who finds it empty is told when to come again (RFC 6585, section 4).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::Method;

use crate::clock::Instant;
use crate::config;

/// So many addresses are remembered for each kind of request; beyond that those who have waited long enough are forgotten.
const REMEMBERED: usize = 20_000;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    /// The search.
    Search,
    /// Signing up.
    SignUp,
    /// The hub.
    Hub,
    /// The API.
    Api,
}

impl Limited {
    /// What a request is, `path` being without what stands before our paths; `None` for what is never limited.
    pub fn of(method: &Method, path: &str, languages: &[crate::article::Language]) -> Option<Limited> {
        let rest = path.strip_prefix('/')?;
        let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
        let (word, after) = match languages.iter().skip(1).any(|l| l.path().eq_ignore_ascii_case(first)) {
            true => after.split_once('/').unwrap_or((after, "")),
            false => (first, after),
        };
        match word {
            "search" => Some(Limited::Search),
            "subscribe" if method == Method::POST => Some(Limited::SignUp),
            "hub" if method == Method::POST => Some(Limited::Hub),
            "api" if after.starts_with("v1") => Some(Limited::Api),
            _ => None,
        }
    }

    /// Its name in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Limited::Search => "search",
            Limited::SignUp => "sign_up",
            Limited::Hub => "hub",
            Limited::Api => "api",
        }
    }
}

/// The buckets of every address that has asked of late.
#[derive(Debug, Default)]
pub struct Limits {
    seen: [Mutex<HashMap<IpAddr, Bucket>>; 4],
}

/// What is left to one address.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// What is in it `now`, where it fills by `rate` a second up to `full`.
    fn filled(self, now: Instant, rate: f64, full: f64) -> f64 {
        let passed = (now - self.at).num_milliseconds().max(0) as f64 / 1000.0;
        (self.left + passed * rate).min(full)
    }
}

impl Limits {
    /// Nobody has asked yet.
    pub fn new() -> Limits {
        Limits::default()
    }

    /// Takes one request of `address` from its bucket.
    ///
    /// # Errors
    /// In how many seconds it may ask again.
    pub fn take(&self, what: Limited, address: IpAddr, set: &config::Limits, now: Instant) -> Result<(), u64> {
        let a_minute = match what {
            Limited::Search => set.search,
            Limited::SignUp => set.sign_up,
            Limited::Hub => set.hub,
            Limited::Api => set.api,
        };
        if a_minute == 0 {
            return Ok(());
        }
        let (full, rate) = (f64::from(a_minute), f64::from(a_minute) / 60.0);
        let mut seen = self.seen[what as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let address = household(address);
        if seen.len() >= REMEMBERED && !seen.contains_key(&address) {
            seen.retain(|_, bucket| bucket.filled(now, rate, full) < full);
            if seen.len() >= REMEMBERED {
                seen.clear();
            }
        }
        let bucket = seen.entry(address).or_insert(Bucket { left: full, at: now });
        let left = bucket.filled(now, rate, full);
        if left < 1.0 {
            *bucket = Bucket { left, at: now };
            return Err(((1.0 - left) / rate).ceil().max(1.0) as u64);
        }
        *bucket = Bucket { left: left - 1.0, at: now };
        Ok(())
    }
}

/// Who counts as one: an IPv4 address, and of IPv6 the /64 that one household or machine is given.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Language;
    use crate::clock::from_micros;

    #[test]
    fn what_is_limited_is_told_by_its_path() {
        let languages: Vec<Language> = ["en", "sr-Latn"].iter().map(|l| l.parse().unwrap()).collect();
        let of = |method: Method, path: &str| Limited::of(&method, path, &languages);
        assert_eq!(of(Method::GET, "/search"), Some(Limited::Search));
        assert_eq!(of(Method::GET, "/sr-latn/search"), Some(Limited::Search));
        assert_eq!(of(Method::POST, "/subscribe"), Some(Limited::SignUp));
        assert_eq!(of(Method::POST, "/hub"), Some(Limited::Hub));
        assert_eq!(of(Method::GET, "/api/v1/articles"), Some(Limited::Api));
        for path in [
            "/",
            "/feeds/news.rss",
            "/feeds/news/archive/1.atom",
            "/media/a.jpg",
            "/articles/search",
            "/subscribe",
            "/searching",
            "/en/search",
        ] {
            assert_eq!(of(Method::GET, path), None, "{path}");
        }
    }

    #[test]
    fn a_minutes_requests_may_come_at_once_and_then_one_by_one() {
        let (limits, set) = (Limits::new(), config::Limits { search: 6, sign_up: 0, ..config::Limits::default() });
        let second = |n: i64| from_micros(n * 1_000_000);
        let ask = |address: &str, at| limits.take(Limited::Search, address.parse().unwrap(), &set, second(at));
        for _ in 0..6 {
            assert_eq!(ask("198.51.100.1", 0), Ok(()));
        }
        assert_eq!(ask("198.51.100.1", 0), Err(10));
        assert_eq!(ask("198.51.100.2", 0), Ok(()), "another one");
        assert_eq!(ask("198.51.100.1", 4), Err(6));
        assert_eq!(ask("198.51.100.1", 10), Ok(()));
        assert_eq!(ask("198.51.100.1", 10), Err(10));
        // The clock goes back: nobody is shut out for that.
        assert_eq!(ask("198.51.100.1", -3600), Err(10));
        for n in 0..6 {
            assert_eq!(ask(&format!("2001:db8:1:1::{n}"), 0), Ok(()));
        }
        assert!(ask("2001:db8:1:1:ffff::", 0).is_err(), "the same /64");
        assert!(ask("2001:db8:1:2::", 0).is_ok());
        for _ in 0..1000 {
            assert!(
                limits.take(Limited::SignUp, "198.51.100.1".parse().unwrap(), &set, second(0)).is_ok(),
                "0: no limit"
            );
        }
    }

    #[test]
    fn memory_is_bounded_by_any_number_of_addresses() {
        let (limits, set) = (Limits::new(), config::Limits::default());
        for n in 0..(REMEMBERED as u32 * 2) {
            let _ = limits.take(Limited::Search, IpAddr::V4(n.into()), &set, from_micros(i64::from(n)));
        }
        assert!(limits.seen[Limited::Search as usize].lock().unwrap().len() <= REMEMBERED);
    }
}
