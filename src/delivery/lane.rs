//! The relays of one run: each with its queue, pace and gate, and which of them gets the next copy.
//!
//! Relays that work share the copies by their weights, as long as each keeps up; what one is late with the others take from
//! it. One that cannot be worked with gets none until its pause is
//! over, then one to see; its copies go to the others. One that refuses an edition gets no more of it. A relay of
//! weight 0 is a reserve: it gets copies only while none of the others can be worked with.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::gate::Gate;
use super::pace::Pace;
use super::pace::domains::Domains;
use super::pace::providers::Providers;
use super::queue::{Job, Queue};
use super::relay::{Relay, Terms};

/// A relay with a pace gets so many seconds' copies at a time.
const SOON: f64 = 10.0;
/// A relay without one keeps up while no copy has to wait for so long.
const LATE: Duration = Duration::from_secs(10);

/// One relay, with what the run keeps of it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) relay: Relay,
    pub(super) terms: Terms,
    pub(super) queue: Queue,
    pub(super) gate: Gate,
    pub(super) pace: Pace,
    pub(super) domains: Domains,
    /// Editions that it refuses to take from us, and its words.
    refused: Mutex<HashMap<i64, String>>,
}

impl Lane {
    fn new((relay, terms): (Relay, Terms), providers: &Arc<Providers>) -> Lane {
        let gate = Gate::new(terms.connections, matches!(relay, Relay::Smtp(_)));
        let (pace, domains) = (Pace::new(terms.per_second), Domains::new(terms.limits.clone(), Arc::clone(providers)));
        Lane { relay, terms, queue: Queue::default(), gate, pace, domains, refused: Mutex::default() }
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<i64, String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a copy given to it now would be tried now. One that was down is tried with one copy.
    fn is_open(&self) -> bool {
        self.gate.is_open() && (self.gate.down().is_none() || self.queue.is_idle())
    }

    /// Whether it has as much as it can take soon.
    fn is_full(&self, now: Instant) -> bool {
        match self.pace.rate() {
            Some(rate) => self.queue.len() as f64 >= (rate * SOON).max(1.0),
            None => self.queue.age(now) > LATE,
        }
    }

    /// What it is late with, for somebody who has nothing to do: half of it.
    fn late(&self, now: Instant) -> Vec<Job> {
        if self.queue.age(now) > LATE { self.queue.half() } else { Vec::new() }
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Lanes {
    all: Vec<Lane>,
    /// What each is owed of the copies given so far, in parts of the weights.
    owed: Mutex<Vec<i64>>,
}

impl Lanes {
    pub(super) fn new(relays: Vec<(Relay, Terms)>, providers: &Arc<Providers>) -> Lanes {
        let owed = Mutex::new(vec![0; relays.len()]);
        Lanes { all: relays.into_iter().map(|relay| Lane::new(relay, providers)).collect(), owed }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.all.iter()
    }

    pub(super) fn get(&self, lane: usize) -> &Lane {
        &self.all[lane]
    }

    /// Whether nothing waits and nobody is at work.
    pub(super) fn are_idle(&self) -> bool {
        self.iter().all(|lane| lane.queue.is_idle())
    }

    /// How many urgent copies wait for a connection.
    pub(super) fn urgent(&self) -> usize {
        self.iter().map(|lane| lane.queue.urgent()).sum()
    }

    /// Whether more than `many` copies wait for a connection where they will not have to wait long; where they have to
    /// everywhere, all count.
    pub(super) fn have_more_than(&self, many: usize) -> bool {
        let now = Instant::now();
        let quick = || self.iter().filter(|lane| lane.is_open() && !lane.is_full(now));
        let queued: usize = match quick().next() {
            Some(_) => quick().map(|lane| lane.queue.len()).sum(),
            None => self.iter().map(|lane| lane.queue.len()).sum(),
        };
        queued > many
    }

    /// How many copies go out soon, all together; `None`: one of them has no limit.
    pub(super) fn soon(&self) -> Option<u64> {
        let limits = self.iter().map(|lane| lane.pace.rate());
        limits.map(|rate| rate.map(|rate| (rate * SOON).ceil() as u64)).sum()
    }

    /// What others are late with and `lane` may have.
    pub(super) fn late_for(&self, lane: usize) -> Vec<Job> {
        let own = &self.all[lane];
        if own.terms.weight == 0 || !own.is_open() {
            return Vec::new();
        }
        let now = Instant::now();
        let mut jobs = Vec::new();
        for (_, other) in self.all.iter().enumerate().filter(|(n, _)| *n != lane) {
            for job in other.late(now) {
                let fits = self.may_have(&job).any(|fit| fit == lane);
                if fits { jobs.push(job) } else { other.queue.add(job) }
            }
            if !jobs.is_empty() {
                break;
            }
        }
        jobs
    }

    /// Another relay than `lane` that has room for this copy, and lets its domain go now.
    pub(super) fn other_than(&self, lane: usize, job: &Job) -> Option<usize> {
        let now = Instant::now();
        self.may_have(job).filter(|other| *other != lane).find(|other| {
            let other = &self.all[*other];
            let reserve = other.terms.weight == 0;
            !reserve && other.is_open() && !other.is_full(now) && !other.domains.is_waiting(job.domain(), now)
        })
    }

    /// Relays and domains that get less than the settings allow, each with its pace.
    pub(super) fn slowed(&self) -> Vec<String> {
        let mut words = Vec::new();
        for lane in self.iter() {
            let name = &lane.terms.name;
            if let (true, Some(rate)) = (lane.pace.is_slowed(), lane.pace.rate()) {
                words.push(format!("{name} {:.0} a minute", rate * 60.0));
            }
            let domains = lane.domains.slowed();
            words.extend(domains.iter().take(3).map(|(domain, rate)| format!("{domain} {:.0} a minute", rate * 60.0)));
            if domains.len() > 3 {
                words.push(format!("{} more domains", domains.len() - 3));
            }
        }
        words
    }

    /// The words of all, where none of them can be worked with.
    pub(super) fn down(&self) -> Option<String> {
        let words: Option<Vec<String>> =
            self.iter().map(|lane| Some(format!("{}: {}", lane.terms.name, lane.gate.down()?))).collect();
        words.map(|words| words.join("; "))
    }

    /// Whether a copy could be tried now.
    pub(super) fn has_open(&self) -> bool {
        self.iter().any(Lane::is_open)
    }

    /// Whether one that has not turned this copy away could try it now.
    pub(super) fn has_open_for(&self, job: &Job) -> bool {
        self.may_have(job).any(|lane| self.all[lane].is_open())
    }

    fn may_have<'a>(&'a self, job: &'a Job) -> impl Iterator<Item = usize> + 'a {
        let edition = job.claim.edition;
        (0..self.all.len())
            .filter(move |lane| !job.turned_away.contains(lane) && !self.all[*lane].refused().contains_key(&edition))
    }

    /// The relay that gets this copy: of those that are open by their weights, else a reserve that is open, else one
    /// that is to be waited for. `None`: each has refused it.
    pub(super) fn pick(&self, job: &Job) -> Option<usize> {
        let fit: Vec<usize> = self.may_have(job).collect();
        let of = |open: bool, reserve: bool| {
            let is = |lane: &Lane| lane.is_open() == open && (lane.terms.weight == 0) == reserve;
            fit.iter().copied().filter(|lane| is(&self.all[*lane])).collect::<Vec<_>>()
        };
        let among = [(true, false), (true, true), (false, false), (false, true)];
        let mut among = among.into_iter().map(|(open, reserve)| of(open, reserve)).find(|lanes| !lanes.is_empty())?;
        // Who does not keep up gets no more while others do.
        if among.len() > 1 {
            let now = Instant::now();
            let quick: Vec<usize> = among.iter().copied().filter(|lane| !self.all[*lane].is_full(now)).collect();
            among = if quick.is_empty() { among } else { quick };
        }
        Some(self.turn(&among))
    }

    /// Whose turn it is: each is owed its weight, and who is owed most pays for all.
    fn turn(&self, among: &[usize]) -> usize {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = 0;
        for &lane in among {
            let weight = i64::from(self.all[lane].terms.weight).max(1);
            owed[lane] += weight;
            all += weight;
        }
        let most = among.iter().copied().max_by_key(|lane| (owed[*lane], std::cmp::Reverse(*lane))).unwrap_or(0);
        owed[most] -= all;
        most
    }

    /// The relay takes nothing of that edition from us.
    pub(super) fn refuse(&self, lane: usize, edition: i64, words: String) {
        self.all[lane].refused().insert(edition, words);
    }

    /// What the relays said that refuse an edition.
    pub(super) fn refusals(&self, edition: i64) -> String {
        let words = self.iter().filter_map(|lane| {
            lane.refused().get(&edition).map(|words| format!("the relay {} refuses us: {words}", lane.terms.name))
        });
        words.collect::<Vec<_>>().join("; ")
    }

    /// Forgets refusals of editions that do not go on: staff look into it, and then it is tried anew.
    pub(super) fn keep_refusals(&self, live: &HashSet<i64>) {
        for lane in self.iter() {
            lane.refused().retain(|edition, _| live.contains(edition));
        }
    }
}
