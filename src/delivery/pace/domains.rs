//! The paces of recipient domains at one relay, and of the mail providers that many of them share: those of the settings, and of
//! those that push back.
//!
//! Where a domain's provider is known, what the domain pushes back counts for the provider: it counts all of its domains as one.
//! A domain with a limit of its own is held to both.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::providers::Providers;
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
    limits: Limits,
    providers: Arc<Providers>,
    known: Mutex<Known>,
}

/// Messages a second by the settings, by domain in lower case; `*` is for all others.
#[derive(Clone, Debug, Default)]
pub(in crate::delivery) struct Limits {
    /// Of recipient domains.
    pub(in crate::delivery) domains: BTreeMap<String, u32>,
    /// Of mail providers.
    pub(in crate::delivery) providers: BTreeMap<String, u32>,
}

#[derive(Debug, Default)]
struct Known {
    domains: HashMap<String, Receiver>,
    providers: HashMap<Arc<str>, Receiver>,
    pushes: Vec<(Instant, String)>,
}

/// A domain or a provider.
#[derive(Debug)]
struct Receiver {
    pace: Pace,
    /// When it was last written to.
    seen: Instant,
    /// Up to when its slots are given to what waits in the store.
    booked: clock::Instant,
}

impl Receiver {
    fn new(limit: u32, now: Instant) -> Receiver {
        Receiver { pace: Pace::new(limit), seen: now, booked: clock::Instant::MIN_UTC }
    }
}

/// Messages a second by the settings; 0: no limit.
fn limit(limits: &BTreeMap<String, u32>, name: &str) -> u32 {
    limits.get(name).or_else(|| limits.get("*")).copied().unwrap_or(0)
}

impl Domains {
    /// With the limits of the settings, and those who know of providers.
    pub(in crate::delivery) fn new(limits: Limits, providers: Arc<Providers>) -> Domains {
        if !limits.providers.is_empty() {
            providers.wake();
        }
        Domains { limits, providers, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those whose pace holds for `domain`, its provider first; made known where there is room for them, or where they have
    /// a limit.
    fn paces<'k>(&self, known: &'k mut Known, domain: &str, now: Instant) -> impl Iterator<Item = &'k mut Receiver> {
        let provider = self.providers.of(domain, now);
        let most = limit(&self.limits.domains, domain);
        if let Some(provider) = &provider {
            let shared = limit(&self.limits.providers, provider);
            // What the domain was told before its provider was known, was told to the provider.
            let before = if most == 0 { known.domains.remove(domain).filter(|_| shared == 0) } else { None };
            known.providers.entry(Arc::clone(provider)).or_insert_with(|| before.unwrap_or(Receiver::new(shared, now)));
        }
        if (provider.is_none() || most > 0) && !known.domains.contains_key(domain) {
            if known.domains.len() >= MOST {
                let idle = |receiver: &Receiver| now.saturating_duration_since(receiver.seen) >= IDLE;
                known.domains.retain(|_, receiver| receiver.pace.is_slowed() || !idle(receiver));
            }
            if known.domains.len() < MOST || most > 0 {
                known.domains.insert(domain.to_owned(), Receiver::new(most, now));
            }
        }
        let Known { domains, providers, .. } = known;
        let shared = provider.and_then(|provider| providers.get_mut(&provider));
        shared.into_iter().chain(domains.get_mut(domain))
    }

    /// Takes a slot for `domain`, if one is free now; else when one will be.
    pub(in crate::delivery) fn try_take(&self, domain: &str, now: Instant) -> Result<(), Instant> {
        let mut known = self.known();
        let paces: Vec<&mut Receiver> = self.paces(&mut known, domain, now).collect();
        let free = paces.iter().map(|receiver| receiver.pace.free_at(now)).max().unwrap_or(now);
        if free > now {
            return Err(free);
        }
        for receiver in paces {
            receiver.seen = now;
            receiver.pace.try_take(now)?;
        }
        Ok(())
    }

    /// When a slot for `domain` is free.
    pub(in crate::delivery) fn free_at(&self, domain: &str, now: Instant) -> Instant {
        let mut known = self.known();
        self.paces(&mut known, domain, now).map(|receiver| receiver.pace.free_at(now)).max().unwrap_or(now)
    }

    /// A message to `domain` was taken.
    pub(in crate::delivery) fn took(&self, domain: &str, now: Instant) {
        let mut known = self.known();
        self.paces(&mut known, domain, now).for_each(|receiver| receiver.pace.took(now));
    }

    /// `domain` wants us to go slower. Whether this is news, and whether so many do that it is the relay's doing: domains of one
    /// provider count as one.
    pub(in crate::delivery) fn pushed(&self, domain: &str, now: Instant) -> (bool, bool) {
        self.providers.wake();
        let whose = self.providers.of(domain, now).map_or_else(|| domain.to_owned(), |provider| provider.to_string());
        let mut known = self.known();
        let told = self.paces(&mut known, domain, now).next();
        let news = told.is_some_and(|receiver| receiver.pace.pushed(now) == Pushed::New);
        known.pushes.retain(|(at, other)| now.saturating_duration_since(*at) < TOGETHER && *other != whose);
        known.pushes.push((now, whose));
        let many = known.pushes.len() >= MANY;
        if many {
            known.pushes.clear();
        }
        (news, many)
    }

    /// How many copies to `domain` may wait here.
    pub(in crate::delivery) fn room(&self, domain: &str, now: Instant) -> usize {
        let mut known = self.known();
        let rates = self.paces(&mut known, domain, now).filter_map(|receiver| receiver.pace.rate());
        rates.map(|rate| ((rate * SOON) as usize).clamp(1, ASIDE)).min().unwrap_or(ASIDE)
    }

    /// Whether `domain` has no slot now.
    pub(in crate::delivery) fn is_waiting(&self, domain: &str, now: Instant) -> bool {
        self.free_at(domain, now) > now
    }

    /// From when on a copy to `domain` may be claimed again, `now` being the time: one after the other, behind those that
    /// wait here.
    pub(in crate::delivery) fn book(&self, domain: &str, now: clock::Instant) -> clock::Instant {
        let mut known = self.known();
        let booked = self.paces(&mut known, domain, Instant::now()).map(|receiver| {
            // While it is not known yet what it will take, they come again when it may be.
            let Some(rate) = receiver.pace.rate() else { return now + UNKNOWN };
            let gap = Duration::from_secs_f64(1.0 / rate);
            let earliest = now + Duration::from_secs_f64(SOON.min(ASIDE as f64 / rate));
            receiver.booked = (receiver.booked.max(earliest) + gap).min(now + HORIZON);
            receiver.booked
        });
        booked.max().unwrap_or(now)
    }

    /// The domains and providers that get less than they would, with messages a second, the slowest first.
    pub(in crate::delivery) fn slowed(&self) -> Vec<(String, f64)> {
        let known = self.known();
        let domains = known.domains.iter().map(|(name, receiver)| (name.clone(), receiver));
        let providers = known.providers.iter().map(|(name, receiver)| (format!("mail at {name}"), receiver));
        let slowed = domains.chain(providers).filter(|(_, receiver)| receiver.pace.is_slowed());
        let mut all: Vec<(String, f64)> =
            slowed.map(|(name, receiver)| (name, receiver.pace.rate().unwrap_or_default())).collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(domains: BTreeMap<String, u32>) -> Domains {
        Domains::new(Limits { domains, providers: BTreeMap::new() }, Providers::new(None, false))
    }

    #[test]
    fn a_domain_has_its_limit_and_the_others_theirs() {
        let domains = with(BTreeMap::from([("gmail.com".to_owned(), 2), ("*".to_owned(), 1000)]));
        let now = Instant::now() + Duration::from_secs(1);
        let many = (0..10).filter(|_| domains.try_take("gmail.com", now).is_ok()).count();
        assert_eq!(many, 1);
        assert!(domains.free_at("gmail.com", now) - now <= Duration::from_millis(500));
        assert!(domains.try_take("readers.test", now).is_ok());
        let free = with(BTreeMap::new());
        assert!((0..10_000).all(|n| free.try_take(&format!("d{n}.test"), now).is_ok()), "nobody is slowed unasked");
        assert!(free.known().domains.len() <= MOST);
    }

    #[test]
    fn one_that_pushes_back_is_slowed_alone_and_three_are_the_relay() {
        let domains = with(BTreeMap::new());
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

    #[tokio::test]
    async fn what_one_domain_is_told_holds_for_all_of_its_provider() {
        let nowhere = crate::net::dns::Resolver::open(Some("127.0.0.1:1".parse().unwrap())).unwrap();
        let at = [("a.test", "host.test"), ("b.test", "host.test"), ("c.test", "other.test"), ("d.test", "host.test")];
        let providers = Providers::knowing(nowhere, &at);
        let domains = Domains::new(Limits::default(), providers);
        let now = Instant::now() + Duration::from_secs(1);
        assert!(
            domains.try_take("a.test", now).is_ok() && domains.known().providers.is_empty(),
            "nobody was asked yet"
        );
        assert_eq!(domains.pushed("a.test", now), (true, false));
        assert!(domains.try_take("b.test", now).is_err() && domains.try_take("c.test", now).is_ok());
        assert_eq!(domains.slowed().len(), 1, "{:?}", domains.slowed());
        assert!(domains.slowed()[0].0.contains("host.test"));
        let told = (domains.pushed("b.test", now), domains.pushed("d.test", now));
        assert_eq!(told, ((false, false), (false, false)), "three domains of one provider are not the relay");
        let limits = Limits {
            domains: BTreeMap::from([("a.test".to_owned(), 1)]),
            providers: BTreeMap::from([("host.test".to_owned(), 1000)]),
        };
        let both = Domains::new(limits, Arc::clone(&domains.providers));
        let later = |ms| now + Duration::from_millis(ms);
        assert!(both.try_take("a.test", now).is_ok());
        assert!(both.try_take("a.test", later(100)).is_err() && both.try_take("b.test", later(100)).is_ok());
    }
}
