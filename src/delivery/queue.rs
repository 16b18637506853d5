//! What has been claimed and waits for a connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::store::deliveries::Claim;

/// A claim with how often it was begun in vain in this run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) claim: Claim,
    pub(super) tries: u32,
    /// Relays that did not want it, by number.
    pub(super) turned_away: Vec<usize>,
}

/// Claims in order. A job that was taken is counted as busy until it is done or put back.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: Mutex<VecDeque<Job>>,
    busy: AtomicUsize,
    /// Something was added: for connections.
    pub(super) more: Notify,
}

impl Job {
    pub(super) fn new(claim: Claim) -> Job {
        Job { claim, tries: 0, turned_away: Vec::new() }
    }
}

impl Queue {
    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.jobs().len()
    }

    /// Whether nothing waits and nobody is at work.
    pub(super) fn is_idle(&self) -> bool {
        let jobs = self.jobs();
        jobs.is_empty() && self.busy.load(SeqCst) == 0
    }

    pub(super) fn add(&self, job: Job) {
        self.jobs().push_back(job);
        self.more.notify_waiters();
    }

    /// The job goes to the head of the queue.
    pub(super) fn add_first(&self, job: Job) {
        self.jobs().push_front(job);
        self.more.notify_waiters();
    }

    pub(super) fn take(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        let job = jobs.pop_front();
        if job.is_some() {
            self.busy.fetch_add(1, SeqCst);
        }
        job
    }

    /// A job that was taken has its outcome, or is elsewhere.
    pub(super) fn done(&self) {
        self.busy.fetch_sub(1, SeqCst);
    }

    /// Everything that waits, to be given back.
    pub(super) fn drain(&self) -> Vec<Job> {
        self.jobs().drain(..).collect()
    }
}
