//! What has been claimed and waits for a connection: alerts first, then a copy of each edition in turn. Copies to a domain
//! that wants them slower stand aside, and let the others go.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::store::deliveries::Claim;

use super::pace::Pace;
use super::pace::domains::Domains;

/// So many copies stand aside at most, of all domains together.
const ASIDE: usize = 200;

/// A claim with how often it was begun in vain in this run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) claim: Claim,
    pub(super) tries: u32,
    /// Relays that did not want it, by number.
    pub(super) turned_away: Vec<usize>,
    /// Since when it waits in this queue.
    since: Instant,
}

impl Job {
    pub(super) fn new(claim: Claim) -> Job {
        Job { claim, tries: 0, turned_away: Vec::new(), since: Instant::now() }
    }

    pub(super) fn domain(&self) -> &str {
        self.claim.person.address.domain()
    }
}

/// What there is to take.
#[derive(Debug)]
pub(super) enum Pick {
    /// This one. It is counted as busy until it is done or put back.
    Job(Box<Job>),
    /// Nothing before then.
    Later(Instant),
    /// Nothing.
    Empty,
}

/// Claims in order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: Mutex<Jobs>,
    busy: AtomicUsize,
    /// Something was added: for connections.
    pub(super) more: Notify,
}

/// First what is urgent, then the rest.
#[derive(Debug, Default)]
struct Jobs([Level; 2]);

#[derive(Debug, Default)]
struct Level {
    /// The editions, the one whose turn it is first.
    ring: VecDeque<(i64, VecDeque<Job>)>,
    /// What stands aside, by domain.
    aside: HashMap<String, VecDeque<Job>>,
}

impl Queue {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait, but for those that stand aside.
    pub(super) fn len(&self) -> usize {
        self.jobs().0.iter().map(Level::len).sum()
    }

    /// How many urgent ones wait.
    pub(super) fn urgent(&self) -> usize {
        self.jobs().0[0].len()
    }

    /// Whether nothing waits and nobody is at work.
    pub(super) fn is_idle(&self) -> bool {
        let jobs = self.jobs();
        jobs.0.iter().all(|level| level.len() == 0 && level.aside.is_empty()) && self.busy.load(SeqCst) == 0
    }

    pub(super) fn add(&self, job: Job) {
        self.put(job, false);
    }

    /// The job goes ahead of the others.
    pub(super) fn add_first(&self, job: Job) {
        self.put(job, true);
    }

    fn put(&self, mut job: Job, first: bool) {
        job.since = Instant::now();
        self.jobs().level(&job).put(job, first);
        self.more.notify_waiters();
    }

    /// The next job that relay and domain let go now, with its slots; and those of slowed domains for which there is no
    /// room here.
    pub(super) fn take(&self, pace: &Pace, domains: &Domains, now: Instant) -> (Pick, Vec<Job>) {
        let mut jobs = self.jobs();
        let mut no_room = Vec::new();
        if jobs.0.iter().all(|level| level.len() == 0 && level.aside.is_empty()) {
            return (Pick::Empty, no_room);
        }
        let free = pace.free_at(now);
        if free > now {
            return (Pick::Later(free), no_room);
        }
        let mut soonest: Option<Instant> = None;
        for level in &mut jobs.0 {
            let Some(job) = level.next(domains, now, &mut soonest, &mut no_room) else { continue };
            // It is free, and nobody else asks while we are in here.
            let _ = pace.try_take(now);
            self.busy.fetch_add(1, SeqCst);
            return (Pick::Job(Box::new(job)), no_room);
        }
        (soonest.map_or(Pick::Empty, Pick::Later), no_room)
    }

    /// Whether something could be taken now; else when.
    pub(super) fn look(&self, pace: &Pace, domains: &Domains, now: Instant) -> Option<Instant> {
        let jobs = self.jobs();
        let aside = || jobs.0.iter().flat_map(|level| level.aside.keys());
        let any = match jobs.0.iter().any(|level| level.len() > 0) {
            true => Some(now),
            false => aside().map(|domain| domains.free_at(domain, now)).min(),
        };
        any.map(|at| at.max(pace.free_at(now)))
    }

    /// A job that was taken has its outcome, or is elsewhere.
    pub(super) fn done(&self) {
        self.busy.fetch_sub(1, SeqCst);
    }

    /// How long the one whose turn it is has waited.
    pub(super) fn age(&self, now: Instant) -> Duration {
        let jobs = self.jobs();
        let heads = jobs.0.iter().flat_map(|level| &level.ring).filter_map(|(_, jobs)| jobs.front());
        heads.map(|job| now.saturating_duration_since(job.since)).max().unwrap_or_default()
    }

    /// Half of what waits, from behind, for somebody who has nothing to do.
    pub(super) fn half(&self) -> Vec<Job> {
        let mut jobs = self.jobs();
        let mut half = Vec::new();
        for (_, jobs) in jobs.0.iter_mut().flat_map(|level| &mut level.ring) {
            half.extend(jobs.split_off(jobs.len() / 2));
        }
        jobs.0.iter_mut().for_each(|level| level.ring.retain(|(_, jobs)| !jobs.is_empty()));
        half
    }

    /// Everything that waits, to be given back.
    pub(super) fn drain(&self) -> Vec<Job> {
        std::mem::take(&mut *self.jobs()).0.into_iter().flat_map(Level::into_jobs).collect()
    }
}

impl Jobs {
    fn level(&mut self, job: &Job) -> &mut Level {
        &mut self.0[usize::from(!job.claim.urgent)]
    }
}

impl Level {
    fn len(&self) -> usize {
        self.ring.iter().map(|(_, jobs)| jobs.len()).sum()
    }

    fn put(&mut self, job: Job, first: bool) {
        let edition = job.claim.edition;
        match self.ring.iter_mut().find(|(own, _)| *own == edition) {
            Some((_, jobs)) if first => jobs.push_front(job),
            Some((_, jobs)) => jobs.push_back(job),
            None if first => self.ring.push_front((edition, VecDeque::from([job]))),
            None => self.ring.push_back((edition, VecDeque::from([job]))),
        }
    }

    /// The job whose turn it is.
    fn turn(&mut self) -> Option<Job> {
        let (edition, mut jobs) = self.ring.pop_front()?;
        let job = jobs.pop_front();
        if !jobs.is_empty() {
            self.ring.push_back((edition, jobs));
        }
        job
    }

    fn next(
        &mut self,
        domains: &Domains,
        now: Instant,
        soonest: &mut Option<Instant>,
        no_room: &mut Vec<Job>,
    ) -> Option<Job> {
        let mut later = |at: Instant| *soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
        let mut free = None;
        for domain in self.aside.keys() {
            match domains.try_take(domain, now) {
                Ok(()) => {
                    free = Some(domain.clone());
                    break;
                }
                Err(at) => later(at),
            }
        }
        if let Some(domain) = free
            && let Some(waiting) = self.aside.get_mut(&domain)
        {
            let job = waiting.pop_front();
            if waiting.is_empty() {
                self.aside.remove(&domain);
            }
            return job;
        }
        while let Some(job) = self.turn() {
            // Those that stand aside come first.
            let taken = match self.aside.contains_key(job.domain()) {
                true => Err(domains.free_at(job.domain(), now)),
                false => domains.try_take(job.domain(), now),
            };
            match taken {
                Ok(()) => return Some(job),
                Err(at) => {
                    later(at);
                    no_room.extend(self.set_aside(job, domains, now));
                }
            }
        }
        None
    }

    /// Sets a job aside; it comes back where there is no room for it.
    fn set_aside(&mut self, job: Job, domains: &Domains, now: Instant) -> Option<Job> {
        let all: usize = self.aside.values().map(VecDeque::len).sum();
        let own = self.aside.get(job.domain()).map_or(0, VecDeque::len);
        if own > 0 && (all >= ASIDE || own >= domains.room(job.domain(), now)) {
            return Some(job);
        }
        self.aside.entry(job.domain().to_owned()).or_default().push_back(job);
        None
    }

    fn into_jobs(self) -> impl Iterator<Item = Job> {
        self.ring.into_iter().flat_map(|(_, jobs)| jobs).chain(self.aside.into_values().flatten())
    }
}
