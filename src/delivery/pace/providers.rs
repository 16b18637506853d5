//! Who receives the mail of a domain: thousands of domains have theirs with the same few providers, and a provider counts what we
//! send to all of them together.
//!
//! Nobody is asked before it matters: that is, before a provider has a limit in the settings or a domain has pushed back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::net::dns::Resolver;

/// The providers of so many domains are known at most; of others none is.
const MOST: usize = 8192;
/// So many questions at once.
const AT_ONCE: usize = 16;
/// A domain whose question had no answer is asked for again after so long.
const AGAIN: Duration = Duration::from_secs(600);
/// Names that no resolver knows (RFC 6761, RFC 6762).
const NOWHERE: [&str; 5] = ["test", "example", "invalid", "localhost", "local"];

/// What is known of domains.
#[derive(Debug)]
pub(in crate::delivery) struct Providers {
    resolver: Option<Resolver>,
    /// Only with a resolver of the settings: it may know what no other does.
    everything: bool,
    awake: AtomicBool,
    known: Mutex<HashMap<String, Known>>,
    room: Semaphore,
}

#[derive(Debug)]
enum Known {
    /// It was asked for, and there is no answer yet; or there was none, and it may be asked for again then.
    Not(Option<Instant>),
    /// The domain's mail goes nowhere else than to the domain.
    Itself,
    At(Arc<str>),
}

impl Providers {
    /// With a resolver, or none: then no domain has a provider. `everything`: reserved names are asked for, too.
    pub(in crate::delivery) fn new(resolver: Option<Resolver>, everything: bool) -> Arc<Providers> {
        let (awake, known, room) = (AtomicBool::default(), Mutex::default(), Semaphore::new(AT_ONCE));
        Arc::new(Providers { resolver, everything, awake, known, room })
    }

    /// One that has been told, for tests.
    #[cfg(test)]
    pub(super) fn knowing(resolver: Resolver, domains: &[(&str, &str)]) -> Arc<Providers> {
        let own = Providers::new(Some(resolver), false);
        let known = domains.iter().map(|(domain, provider)| ((*domain).to_owned(), Known::At((*provider).into())));
        own.known.lock().unwrap_or_else(PoisonError::into_inner).extend(known);
        own
    }

    /// From now on it matters.
    pub(in crate::delivery) fn wake(&self) {
        self.awake.store(true, Relaxed);
    }

    /// The provider of `domain`: the domain that its first MX host belongs to (`google.com`). `None` where it is not known
    /// (yet); it is asked for meanwhile.
    pub(in crate::delivery) fn of(self: &Arc<Self>, domain: &str, now: Instant) -> Option<Arc<str>> {
        let resolver = self.resolver.as_ref().filter(|_| self.awake.load(Relaxed))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(domain) {
            Some(Known::At(provider)) => return Some(Arc::clone(provider)),
            Some(Known::Itself | Known::Not(None)) => return None,
            Some(Known::Not(Some(again))) if now < *again => return None,
            None if known.len() >= MOST => return None,
            Some(Known::Not(_)) | None => known.insert(domain.to_owned(), Known::Not(None)),
        };
        let top = domain.rsplit('.').next().unwrap_or(domain);
        if self.everything || !NOWHERE.contains(&top) {
            let (own, resolver, domain) = (Arc::clone(self), resolver.clone(), domain.to_owned());
            tokio::spawn(async move { own.ask(&resolver, domain).await });
        }
        None
    }

    async fn ask(&self, resolver: &Resolver, domain: String) {
        // Never closed.
        let Ok(_place) = self.room.acquire().await else { return };
        let found = match resolver.exchanger(&domain).await {
            Ok(Some(host)) => match owner(&host) {
                Some(provider) => Known::At(provider.into()),
                None => Known::Itself,
            },
            Ok(None) => Known::Itself,
            Err(error) => {
                tracing::debug!(%error, "a domain's mail provider is not known");
                Known::Not(Some(Instant::now() + AGAIN))
            }
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(domain, found);
    }
}

/// The domain that somebody has registered and `host` belongs to: `google.com` of `aspmx.l.google.com`.
fn owner(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_belongs_to_whoever_registered_its_domain() {
        for (host, provider) in [
            ("aspmx.l.google.com", Some("google.com")),
            ("newsroom-example.mail.protection.outlook.com", Some("outlook.com")),
            ("mta7.am0.yahoodns.net", Some("yahoodns.net")),
            ("mx.posta.co.rs", Some("posta.co.rs")),
            ("com", None),
        ] {
            assert_eq!(owner(host), provider, "{host}");
        }
    }

    #[test]
    fn nobody_is_asked_without_a_resolver_or_before_it_matters() {
        let none = Providers::new(None, false);
        none.wake();
        assert_eq!(none.of("readers.example", Instant::now()), None);
        assert!(none.known.lock().unwrap().is_empty());
    }
}
