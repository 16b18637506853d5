//! WebSub (W3C Recommendation of 2018): whoever wants is told of new bytes at once, and needs to ask for nothing.
//!
//! 1. [`asked::read`] reads what somebody asks of the hub; only documents of ours are topics ([`topic`]).
//! 2. [`Hub::take`] keeps it, and `verify` asks the callback whether it means it (section 5.3).
//! 3. [`Hub::run`] notes which bytes are up, and gives who is behind to `tell`: the document, whole and signed, for a subscriber; a ping
//!    for a hub elsewhere. Nothing is written between the new bytes and the first call but the claim itself.
//! 4. What fails is tried again, later each time, and dropped after some three days; 410 ends it at once.

mod asked;
mod tell;
mod verify;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;

pub use asked::read;
pub use tell::links;

use super::{Document, Format, Shelf};
use crate::clock::{Clock, Instant};
use crate::config::Config;
use crate::net::http::Reach;
use crate::store::hub::{self, Behind, Request, Told, Wanted};
use crate::store::presence::Sole;
use crate::store::{Store, StoreError};
use crate::wake::{Task, Wake};

/// Calls at once.
const AT_ONCE: usize = 128;
/// So many answers are settled in one transaction.
const BATCH: usize = 128;
/// Answers wait no longer for others than this.
const SETTLE: Duration = Duration::from_millis(200);
/// How often is looked although nobody woke us: somebody's next attempt may be due.
const LOOK: Duration = Duration::from_secs(1);
/// A call that is not settled by then was that of a process that is no more.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
/// Requests that wait to be verified; beyond that one is to come again.
const WAITING: i64 = 10_000;
/// How long what was told is remembered.
const MEMORY: TimeDelta = TimeDelta::days(30);
/// How often leases are looked at.
const MINUTE: TimeDelta = TimeDelta::seconds(60);

/// The hub's own address.
pub fn address(config: &Config) -> String {
    config.site.address("/hub")
}

/// The hubs that documents name: those elsewhere, and our own where this process answers for it.
pub fn named(config: &Config, serves: bool) -> Vec<String> {
    let own = (serves && config.feeds.hub).then(|| address(config));
    own.into_iter().chain(config.feeds.hubs.iter().cloned()).collect()
}

/// The name that a document has as a topic: `news.rss`.
pub fn name(feed: &str, format: Format) -> String {
    format!("{feed}.{}", format.extension())
}

/// The address of a topic: exactly what its document names as `self`.
pub fn address_of(config: &Config, topic: &str) -> String {
    match topic.rsplit_once('.') {
        Some((feed, extension)) => format!("{}.{extension}", config.site.feed(feed)),
        None => config.site.feed(topic),
    }
}

/// The topic with that address, if it is one of ours.
pub fn topic(config: &Config, shelf: &Shelf, address: &str) -> Option<String> {
    let all = shelf.all().into_iter();
    let mut topics = all.filter_map(|(feed, document)| Some(name(&feed, document.format?)));
    topics.find(|topic| address_of(config, topic) == address)
}

/// The hub at work.
#[derive(Clone, Debug)]
pub struct Hub {
    store: Store,
    config: Arc<Config>,
    clock: Clock,
    shelf: Arc<Shelf>,
    wake: Wake,
    reach: Reach,
}

/// What was done with somebody.
enum Done {
    Verified(Request, verify::Verdict),
    Told(Vec<Told>),
}

/// What is up: by topic, its version and its document.
type Up = HashMap<String, (i64, Arc<Document>)>;

impl Hub {
    /// The hub of that newsroom.
    pub fn new(store: Store, config: Arc<Config>, clock: Clock, shelf: Arc<Shelf>, wake: Wake) -> Hub {
        let reach = Reach::Public(config.feeds.private_callbacks.clone().into());
        Hub { store, config, clock, shelf, wake, reach }
    }

    /// Keeps what somebody asks; `false` where too many wait.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take(store: &Store, clock: &Clock, wake: &Wake, wanted: &Wanted) -> Result<bool, StoreError> {
        let mut tx = store.write().await?;
        let taken = hub::ask(&mut tx, wanted, WAITING, clock.now()).await?;
        tx.commit().await?;
        wake.up(Task::Hub);
        Ok(taken)
    }

    /// Verifies and tells whoever is to be; for good, or (`until_idle`) until nothing can be done now. Where several instances work on one
    /// store, one of them does.
    ///
    /// # Errors
    /// What the database says. What was claimed then is free again after a minute.
    pub async fn run(&self, until_idle: bool) -> Result<(), StoreError> {
        let _sole = loop {
            match Sole::try_take(&self.store).await? {
                Some(sole) => break sole,
                None if until_idle => return Ok(()),
                None => tokio::time::sleep(LOOK * 5).await,
            }
        };
        self.enter().await?;
        let mut up = Up::new();
        let mut work: JoinSet<Done> = JoinSet::new();
        let (mut done, mut looked_after) = (Vec::new(), None);
        loop {
            self.note(&mut up).await?;
            if work.len() <= AT_ONCE / 2 {
                self.give(&mut work, &up).await?;
            }
            if work.is_empty() {
                self.settle(&mut done).await?;
                if until_idle {
                    return Ok(());
                }
                self.look_after(&mut looked_after).await?;
                self.wake.wait(Task::Hub, LOOK).await;
                continue;
            }
            tokio::select! {
                Some(one) = work.join_next() => done.extend(one.ok()),
                () = self.wake.wait(Task::Hub, SETTLE) => {}
            }
            while let Some(one) = work.try_join_next() {
                done.extend(one.ok());
            }
            if done.len() >= BATCH || work.is_empty() || done.iter().any(|one| matches!(one, Done::Verified(..))) {
                self.settle(&mut done).await?;
            }
        }
    }

    /// At the start: what an earlier process left behind is free.
    async fn enter(&self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        hub::free(&mut tx).await?;
        tx.commit().await
    }

    /// Notes the bytes that are up, where they are other ones than before.
    async fn note(&self, up: &mut Up) -> Result<(), StoreError> {
        let all = self.shelf.all();
        let named = |(feed, document): (String, Arc<Document>)| Some((name(&feed, document.format?), document));
        let all: Vec<_> = all.into_iter().filter_map(named).collect();
        let same = |(topic, document): &(String, Arc<Document>)| {
            up.get(topic).is_some_and(|(_, before)| before.tag == document.tag)
        };
        if all.iter().all(same) {
            return Ok(());
        }
        let mut tx = self.store.read().await?;
        let known: HashMap<String, (String, i64)> =
            hub::topics(&mut tx).await?.into_iter().map(|(name, tag, version)| (name, (tag, version))).collect();
        drop(tx);
        let differs = |topic: &str, tag: &str| known.get(topic).is_none_or(|(before, _)| before != tag);
        let changed: Vec<(String, String)> = all
            .iter()
            .filter(|(topic, document)| differs(topic, &document.tag))
            .map(|(topic, document)| (topic.clone(), document.tag.clone()))
            .collect();
        let mut versions: HashMap<String, i64> =
            known.into_iter().map(|(topic, (_, version))| (topic, version)).collect();
        let others = up.len() != all.len() || all.iter().any(|(topic, _)| !up.contains_key(topic));
        if others || !changed.is_empty() {
            let mut tx = self.store.write().await?;
            if others {
                let hubs = |(topic, _): &(String, _)| {
                    self.config.feeds.hubs.iter().map(|hub| (topic.clone(), hub.clone())).collect::<Vec<_>>()
                };
                let hubs: Vec<_> = all.iter().flat_map(hubs).collect();
                hub::set_hubs(&mut tx, &hubs, self.clock.now()).await?;
            }
            versions.extend(hub::note(&mut tx, &changed, self.clock.now()).await?);
            tx.commit().await?;
        }
        *up = all
            .into_iter()
            .map(|(topic, document)| (topic.clone(), (versions.get(&topic).copied().unwrap_or_default(), document)))
            .collect();
        Ok(())
    }

    /// Claims what is to be done now, and begins it.
    async fn give(&self, work: &mut JoinSet<Done>, up: &Up) -> Result<(), StoreError> {
        let now = self.clock.now();
        let room = AT_ONCE - work.len();
        let topics: Vec<[&str; 1]> = up.keys().map(|topic| [topic.as_str()]).collect();
        let mut tx = self.store.read().await?;
        let is_due = hub::is_due(&mut tx, &topics, now).await?;
        drop(tx);
        if !is_due {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        let requests = hub::claim_requests(&mut tx, now, now + CLAIM, room.min(32)).await?;
        let behind = hub::claim(&mut tx, &topics, (now, now + CLAIM), room).await?;
        if requests.is_empty() && behind.is_empty() {
            return Ok(());
        }
        tx.commit().await?;
        for request in requests {
            let (hub, request) = (self.clone(), request);
            work.spawn(async move {
                let verdict = verify::verify(&hub, &request).await;
                Done::Verified(request, verdict)
            });
        }
        let mut hubs: BTreeMap<String, Vec<Behind>> = BTreeMap::new();
        for one in behind {
            let Some((_, document)) = up.get(&one.topic) else { continue };
            if one.is_hub {
                hubs.entry(one.callback.clone()).or_default().push(one);
                continue;
            }
            let (hub, document) = (self.clone(), Arc::clone(document));
            work.spawn(async move { Done::Told(vec![tell::subscriber(&hub, one, &document).await]) });
        }
        for (address, topics) in hubs {
            let hub = self.clone();
            work.spawn(async move { Done::Told(tell::other_hub(&hub, &address, topics).await) });
        }
        Ok(())
    }

    /// Keeps what came of it.
    async fn settle(&self, done: &mut Vec<Done>) -> Result<(), StoreError> {
        if done.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.store.write().await?;
        let mut told = Vec::new();
        for one in done.drain(..) {
            match one {
                Done::Verified(request, verdict) => verify::settle(&mut tx, &request, verdict, now).await?,
                Done::Told(all) => told.extend(all),
            }
        }
        hub::settle(&mut tx, &told, now).await?;
        tx.commit().await
    }

    /// Once a minute: leases that are over, and lines that are old.
    async fn look_after(&self, last: &mut Option<Instant>) -> Result<(), StoreError> {
        let now = self.clock.now();
        if last.is_some_and(|last| now - last < MINUTE) {
            return Ok(());
        }
        *last = Some(now);
        let mut tx = self.store.write().await?;
        let over = hub::expire(&mut tx, now).await?;
        hub::forget_old(&mut tx, now - MEMORY).await?;
        tx.commit().await?;
        if over > 0 {
            tracing::info!("The hub: {over} subscriptions were not renewed, and are over.");
        }
        Ok(())
    }
}
