//! What the connections of one run share: where they get work, and where they say what became of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Instant};
use crate::mail::Choice;
use crate::store::deliveries::{Attempt, Mark};
use crate::store::journal::Journal;
use crate::store::{Store, StoreError, editions};

use super::gate::Gate;
use super::outcome;
use super::pace::Pace;
use super::queue::{Job, Queue};
use super::{Copy, DeliveryError, Plate, Press, Progress};

/// A job with its copy made.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) job: Job,
    pub(super) copy: Copy,
}

/// What is shared.
pub(super) struct Crew {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) press: Press,
    pub(super) journal: Arc<Journal>,
    pub(super) queue: Queue,
    pub(super) gate: Gate,
    pub(super) pace: Pace,
    pub(super) progress: Progress,
    pub(super) relay: String,
    /// We are asked to stop: what is on the wire is finished, nothing else is begun.
    pub(super) stop: CancellationToken,
    /// There is no more work in this run.
    pub(super) over: CancellationToken,
    /// The time for finishing is up.
    pub(super) late: CancellationToken,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    plates: HashMap<(i64, i64), Arc<Plate>>,
    /// Editions that may go on.
    live: HashSet<i64>,
    /// Claims to be given back.
    dropped: Vec<Attempt>,
    /// Editions to be stopped, and why.
    stopped: Vec<(i64, String)>,
    /// Why nothing more may be sent.
    fault: Option<StoreError>,
}

/// What connections have left for whoever writes to the store.
#[derive(Default)]
pub(super) struct Left {
    pub(super) dropped: Vec<Attempt>,
    pub(super) stopped: Vec<(i64, String)>,
}

impl Crew {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn new(
        store: Store,
        clock: Clock,
        press: Press,
        journal: Arc<Journal>,
        gate: Gate,
        pace: Pace,
        progress: Progress,
        relay: String,
        stop: CancellationToken,
    ) -> Crew {
        let (over, late) = (CancellationToken::new(), CancellationToken::new());
        let (queue, shared) = (Queue::default(), Mutex::default());
        Crew { store, clock, press, journal, queue, gate, pace, progress, relay, stop, over, late, shared }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Whether nothing more may be begun.
    fn ends(&self) -> bool {
        self.stop.is_cancelled() || self.over.is_cancelled() || self.shared().fault.is_some()
    }

    /// The next copy to send; waits for one, at most `idle`. `None`: there is none, or nothing more may be begun.
    pub(super) async fn next(&self, idle: Option<Duration>) -> Option<Work> {
        loop {
            if self.ends() {
                return None;
            }
            let more = self.queue.more.notified();
            if self.queue.len() == 0 {
                let quiet = tokio::time::sleep(idle.unwrap_or(Duration::from_secs(1)));
                tokio::select! {
                    () = more => {}
                    () = self.stop.cancelled() => {}
                    () = self.over.cancelled() => {}
                    () = quiet => if idle.is_some() { return None },
                }
                continue;
            }
            tokio::select! {
                () = self.pace.take() => {}
                () = self.stop.cancelled() => return None,
            }
            if let Some(job) = self.queue.take()
                && let Some(work) = self.prepare(job).await
            {
                return Some(work);
            }
        }
    }

    /// The next copy, if one may go this instant.
    pub(super) async fn next_now(&self) -> Option<Work> {
        while !self.ends() && self.queue.len() > 0 && self.pace.try_take() {
            if let Some(work) = self.prepare(self.queue.take()?).await {
                return Some(work);
            }
        }
        None
    }

    /// Makes the copy, unless its edition was stopped or its lease has run out meanwhile.
    async fn prepare(&self, job: Job) -> Option<Work> {
        let claim = &job.claim;
        let plate = {
            let mut shared = self.shared();
            let plate = shared.plates.get(&(claim.edition, claim.variant)).cloned();
            if !shared.live.contains(&claim.edition) || self.clock.now() >= claim.until || plate.is_none() {
                shared.dropped.push(claim.as_attempt());
                drop(shared);
                self.queue.done();
                return None;
            }
            plate?
        };
        match self.press.copy(&plate, &claim.person, Choice(claim.choice), self.now()) {
            Ok(copy) => Some(Work { job, copy }),
            Err(error) => {
                self.note(outcome::never(claim, error.to_string(), self.now())).await;
                None
            }
        }
    }

    /// Whether a copy whose envelope the relay has taken may still go.
    pub(super) fn may_go(&self, work: &Work) -> bool {
        let claim = &work.job.claim;
        !self.ends() && self.now() < claim.until && self.shared().live.contains(&claim.edition)
    }

    /// Notes an outcome. When this returns it survives this process, or nothing more is begun.
    pub(super) async fn note(&self, mark: Mark) {
        self.progress.count(mark.state);
        if let Err(error) = self.journal.note(mark).await {
            self.fail(error);
        }
        self.queue.done();
    }

    /// Nothing more is begun, for this reason.
    pub(super) fn fail(&self, error: StoreError) {
        self.shared().fault.get_or_insert(error);
        self.queue.less.notify_one();
    }

    /// The copy waits for the next connection.
    pub(super) fn put_back(&self, work: Work) {
        self.queue.put_back(work.job);
    }

    /// The relay says that we are not what it wants: the edition stops, and this copy waits with the others.
    pub(super) async fn stop_edition(&self, work: &Work, words: String) {
        let edition = work.job.claim.edition;
        let mut shared = self.shared();
        shared.dropped.push(work.job.claim.as_attempt());
        if shared.live.remove(&edition) {
            shared.stopped.push((edition, format!("the relay {} refuses us: {words}", self.relay)));
        }
        drop(shared);
        self.queue.done();
    }

    /// Waits for a place among the relay's connections; `false` when nothing more may be begun.
    pub(super) async fn enter(&self) -> bool {
        while !self.ends() {
            match self.gate.enter() {
                Ok(()) => return true,
                Err(wait) => tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = self.stop.cancelled() => {}
                    () = self.over.cancelled() => {}
                },
            }
        }
        false
    }

    pub(super) fn established(&self) {
        self.gate.established();
    }

    pub(super) fn leave(&self, established: bool) {
        self.gate.leave(established);
    }

    pub(super) fn well(&self) {
        self.gate.well();
    }

    pub(super) fn trouble(&self, words: String, established: bool) {
        let line = format!("relay {}: {words}", self.relay);
        if self.gate.trouble(words, established) {
            tracing::warn!("{line}; it gets a pause, nothing is lost");
        }
        self.queue.less.notify_one();
    }

    /// Ends when there is no more time to finish what is on the wire.
    pub(super) async fn too_late(&self) {
        self.late.cancelled().await;
    }

    /// Which editions may go on.
    pub(super) fn set_live(&self, live: HashSet<i64>) {
        let mut shared = self.shared();
        shared.plates.retain(|(edition, _), _| live.contains(edition));
        shared.live = live;
    }

    /// Sees to it that the renderings of `edition` are there. One that cannot be read stops the edition.
    pub(super) async fn lay(&self, edition: i64) -> Result<(), StoreError> {
        if self.shared().plates.keys().any(|(known, _)| *known == edition) {
            return Ok(());
        }
        let mut tx = self.store.read().await?;
        let mail = editions::mail_of(&mut tx, edition).await?;
        drop(tx);
        let plates = match &mail {
            Some(mail) => Plate::of(mail),
            None => Ok(Default::default()),
        };
        let mut shared = self.shared();
        match plates {
            Ok(plates) => {
                let plates = plates.into_iter().map(|(number, plate)| ((edition, number), Arc::new(plate)));
                shared.plates.extend(plates);
            }
            Err(error) => {
                shared.live.remove(&edition);
                shared.stopped.push((edition, error.to_string()));
            }
        }
        Ok(())
    }

    /// Adds claims that are to be given back.
    pub(super) fn drop_jobs(&self, jobs: Vec<Job>) {
        self.shared().dropped.extend(jobs.into_iter().map(|job| job.claim.as_attempt()));
    }

    /// Takes what connections have left for the store.
    pub(super) fn take_left(&self) -> Left {
        let mut shared = self.shared();
        Left { dropped: std::mem::take(&mut shared.dropped), stopped: std::mem::take(&mut shared.stopped) }
    }

    /// Takes the reason why nothing more may be sent, if there is one.
    pub(super) fn take_fault(&self) -> Option<DeliveryError> {
        self.shared().fault.take().map(DeliveryError::Store)
    }

    /// Whether there is such a reason.
    pub(super) fn has_fault(&self) -> bool {
        self.shared().fault.is_some()
    }
}
