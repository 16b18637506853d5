//! The paces of recipient domains at one relay: those of the settings, and of those that push back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Pace, Pushed};
use crate::clock;

/// So many domains are remembered; of others nothing is known but the settings.
const MOST: usize = 4096;
/// A domain that is well is forgotten after so long.
const IDLE: Duration = Duration::from_secs(60);
/// Copies to a slowed domain wait here for so long at most, the others in the store.
const SOON: f64 = 10.0;
/// At most so many of them.
const ASIDE: usize = 50;
/// What waits in the store is looked at again after so long at the latest: the pace may have grown.
const HORIZON: Duration = Duration::from_secs(300);
/// Where the pace is not known yet, it is looked at again so soon.
const UNKNOWN: Duration = Duration::from_secs(3);
/// So many domains that push back within [`TOGETHER`] are not the domains' doing, but the relay's.
const MANY: usize = 3;
const TOGETHER: Duration = Duration::from_secs(10);

/// Those of one relay.
#[derive(Debug)]
pub(in crate::delivery) struct Domains {
    limits: BTreeMap<String, u32>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    all: HashMap<String, Domain>,
    pushes: Vec<(Instant, String)>,
}

#[derive(Debug)]
struct Domain {
    pace: Pace,
    /// When it was last written to.
    seen: Instant,
    /// Up to when its slots are given to what waits in the store.
    booked: clock::Instant,
}

impl Domains {
    /// With the limits of the settings, by domain in lower case; `*` is for all others.
    pub(in crate::delivery) fn new(limits: BTreeMap<String, u32>) -> Domains {
        Domains { limits, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages a second to `domain` by the settings; 0: no limit.
    fn limit(&self, domain: &str) -> u32 {
        self.limits.get(domain).or_else(|| self.limits.get("*")).copied().unwrap_or(0)
    }

    /// The domain, made known where there is room for it, or where it has a limit.
    fn with<T>(&self, domain: &str, now: Instant, act: impl FnOnce(&mut Domain) -> T) -> Option<T> {
        let mut known = self.known();
        if let Some(domain) = known.all.get_mut(domain) {
            return Some(act(domain));
        }
        let limit = self.limit(domain);
        if known.all.len() >= MOST {
            known.all.retain(|_, domain| domain.pace.is_slowed() || now.saturating_duration_since(domain.seen) < IDLE);
        }
        if known.all.len() >= MOST && limit == 0 {
            return None;
        }
        let own = Domain { pace: Pace::new(limit), seen: now, booked: clock::Instant::MIN_UTC };
        Some(act(known.all.entry(domain.to_owned()).or_insert(own)))
    }

    /// Takes a slot for `domain`, if one is free now; else when one will be.
    pub(in crate::delivery) fn try_take(&self, domain: &str, now: Instant) -> Result<(), Instant> {
        self.with(domain, now, |domain| {
            domain.seen = now;
            domain.pace.try_take(now)
        })
        .unwrap_or(Ok(()))
    }

    /// When a slot for `domain` is free.
    pub(in crate::delivery) fn free_at(&self, domain: &str, now: Instant) -> Instant {
        self.known().all.get(domain).map_or(now, |domain| domain.pace.free_at(now))
    }

    /// A message to `domain` was taken.
    pub(in crate::delivery) fn took(&self, domain: &str, now: Instant) {
        self.with(domain, now, |domain| domain.pace.took(now));
    }

    /// `domain` wants us to go slower. Whether this is news, and whether so many do that it is the relay's doing.
    pub(in crate::delivery) fn pushed(&self, domain: &str, now: Instant) -> (bool, bool) {
        let news = self.with(domain, now, |domain| domain.pace.pushed(now) == Pushed::New).unwrap_or(false);
        let mut known = self.known();
        known.pushes.retain(|(at, other)| now.saturating_duration_since(*at) < TOGETHER && other != domain);
        known.pushes.push((now, domain.to_owned()));
        let many = known.pushes.len() >= MANY;
        if many {
            known.pushes.clear();
        }
        (news, many)
    }

    /// How many copies to `domain` may wait here.
    pub(in crate::delivery) fn room(&self, domain: &str) -> usize {
        let known = self.known();
        let rate = known.all.get(domain).and_then(|domain| domain.pace.rate());
        rate.map_or(ASIDE, |rate| ((rate * SOON) as usize).clamp(1, ASIDE))
    }

    /// Whether `domain` has no slot now.
    pub(in crate::delivery) fn is_waiting(&self, domain: &str, now: Instant) -> bool {
        self.free_at(domain, now) > now
    }

    /// From when on a copy to `domain` may be claimed again, `now` being the time: one after the other, behind those that
    /// wait here.
    pub(in crate::delivery) fn book(&self, domain: &str, now: clock::Instant) -> clock::Instant {
        let mut known = self.known();
        let Some(domain) = known.all.get_mut(domain) else { return now };
        // While it is not known yet what it will take, they come again when it may be.
        let Some(rate) = domain.pace.rate() else { return now + UNKNOWN };
        let gap = Duration::from_secs_f64(1.0 / rate);
        let earliest = now + Duration::from_secs_f64(SOON.min(ASIDE as f64 / rate));
        let latest = now + HORIZON;
        domain.booked = (domain.booked.max(earliest) + gap).min(latest);
        domain.booked
    }

    /// The domains that get less than they would, with messages a second, the slowest first.
    pub(in crate::delivery) fn slowed(&self) -> Vec<(String, f64)> {
        let known = self.known();
        let slowed = known.all.iter().filter(|(_, domain)| domain.pace.is_slowed());
        let mut all: Vec<(String, f64)> =
            slowed.map(|(name, domain)| (name.clone(), domain.pace.rate().unwrap_or_default())).collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_its_limit_and_the_others_theirs() {
        let domains = Domains::new(BTreeMap::from([("gmail.com".to_owned(), 2), ("*".to_owned(), 1000)]));
        let now = Instant::now() + Duration::from_secs(1);
        let many = (0..10).filter(|_| domains.try_take("gmail.com", now).is_ok()).count();
        assert_eq!(many, 1);
        assert!(domains.free_at("gmail.com", now) - now <= Duration::from_millis(500));
        assert!(domains.try_take("readers.test", now).is_ok());
        let free = Domains::new(BTreeMap::new());
        assert!((0..10_000).all(|n| free.try_take(&format!("d{n}.test"), now).is_ok()), "nobody is slowed unasked");
        assert!(free.known().all.len() <= MOST);
    }

    #[test]
    fn one_that_pushes_back_is_slowed_alone_and_three_are_the_relay() {
        let domains = Domains::new(BTreeMap::new());
        let now = Instant::now() + Duration::from_secs(1);
        assert_eq!(domains.pushed("a.test", now), (true, false));
        assert_eq!(domains.pushed("a.test", now), (false, false));
        assert!(domains.try_take("a.test", now).is_err() && domains.try_take("b.test", now).is_ok());
        assert_eq!(domains.slowed().len(), 1);
        assert_eq!(domains.pushed("b.test", now), (true, false));
        assert_eq!(domains.pushed("c.test", now), (true, true));
        let at = clock::from_micros(0);
        assert_eq!(domains.book("a.test", at), at + UNKNOWN);
        while domains.try_take("a.test", now + Duration::from_secs(2)).is_err() {}
        domains.took("a.test", now + Duration::from_secs(2));
        let (first, second) = (domains.book("a.test", at), domains.book("a.test", at));
        assert!(first > at && second > first && second - first == chrono::Duration::seconds(1));
    }
}
