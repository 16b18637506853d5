//! The relays of one run: each with its queue, pace and gate, and which of them gets the next copy.
//!
//! Relays that work share the copies by their weights. One that cannot be worked with gets none until its pause is
//! over, then one to see; its copies go to the others. One that refuses an edition gets no more of it. A relay of
//! weight 0 is a reserve: it gets copies only while none of the others can be worked with.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::gate::Gate;
use super::pace::Pace;
use super::queue::{Job, Queue};
use super::relay::{Relay, Terms};

/// One relay, with what the run keeps of it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) relay: Relay,
    pub(super) terms: Terms,
    pub(super) queue: Queue,
    pub(super) gate: Gate,
    pub(super) pace: Pace,
    /// Editions that it refuses to take from us, and its words.
    refused: Mutex<HashMap<i64, String>>,
}

impl Lane {
    fn new((relay, terms): (Relay, Terms)) -> Lane {
        let (gate, pace) = (Gate::new(terms.connections), Pace::new(terms.per_second));
        Lane { relay, terms, queue: Queue::default(), gate, pace, refused: Mutex::default() }
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<i64, String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a copy given to it now would be tried now. One that was down is tried with one copy.
    fn is_open(&self) -> bool {
        self.gate.is_open() && (self.gate.down().is_none() || self.queue.is_idle())
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
    pub(super) fn new(relays: Vec<(Relay, Terms)>) -> Lanes {
        let owed = Mutex::new(vec![0; relays.len()]);
        Lanes { all: relays.into_iter().map(Lane::new).collect(), owed }
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

    /// How many copies wait for a connection.
    pub(super) fn queued(&self) -> usize {
        self.iter().map(|lane| lane.queue.len()).sum()
    }

    /// Messages a second, all together; `None`: one of them has no limit.
    pub(super) fn per_second(&self) -> Option<u64> {
        let limits = self.iter().map(|lane| u64::from(lane.terms.per_second));
        limits.map(|limit| Some(limit).filter(|limit| *limit > 0)).sum()
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
        let among = among.into_iter().map(|(open, reserve)| of(open, reserve)).find(|lanes| !lanes.is_empty())?;
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
