//! What the connections of one run share: where they get work, and where they say what became of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Instant};
use crate::mail::Choice;
use crate::store::deliveries::{self, Attempt, Claim, Mark};
use crate::store::journal::Journal;
use crate::store::{Store, StoreError, editions};

use super::guard::{Guard, Heard};
use super::lane::{Lane, Lanes};
use super::outcome;
use super::queue::Job;
use super::{Copy, DeliveryError, Plate, Press, Progress};

/// No copy is begun in the last part of its lease: whatever is on the wire then has an outcome before somebody else may
/// take the claim for a dead process's. It is more than the slowest answer and body take together.
const MARGIN: Duration = Duration::from_secs(15 * 60);

/// Whether a copy may still be begun: within its lease, and within its hours.
fn in_time(claim: &Claim, now: Instant) -> bool {
    now < claim.until - MARGIN && claim.closes.is_none_or(|closes| now < closes)
}

/// A job with its copy made.
#[derive(Debug)]
pub(super) struct Work {
    /// The number of the relay that has it.
    pub(super) lane: usize,
    pub(super) job: Job,
    pub(super) copy: Copy,
}

/// What is shared.
pub(super) struct Crew {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) press: Press,
    pub(super) journal: Arc<Journal>,
    pub(super) lanes: Lanes,
    guard: Guard,
    pub(super) progress: Progress,
    /// We are asked to stop: what is on the wire is finished, nothing else is begun.
    pub(super) stop: CancellationToken,
    /// There is no more work in this run.
    pub(super) over: CancellationToken,
    /// The time for finishing is up.
    pub(super) late: CancellationToken,
    /// Nobody notes anything any more.
    pub(super) settled: CancellationToken,
    /// Something was taken or done: for whoever claims.
    pub(super) less: Notify,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    plates: HashMap<(i64, i64), Arc<Plate>>,
    /// Editions that may go on.
    live: HashSet<i64>,
    /// Claims to be given back.
    dropped: Vec<Attempt>,
    /// Editions to be stopped.
    stopped: Vec<Stopped>,
    /// Why nothing more may be sent.
    fault: Option<StoreError>,
}

/// What connections have left for whoever writes to the store.
#[derive(Default)]
pub(super) struct Left {
    pub(super) dropped: Vec<Attempt>,
    pub(super) stopped: Vec<Stopped>,
}

/// An edition to be stopped.
pub(super) struct Stopped {
    pub(super) edition: i64,
    /// Why, for staff.
    pub(super) reason: String,
    /// Whether its first answers are the reason: they stop it once.
    pub(super) by_rule: bool,
}

impl Crew {
    pub(super) fn new(
        store: Store,
        clock: Clock,
        press: Press,
        journal: Arc<Journal>,
        lanes: Lanes,
        progress: Progress,
        stop: CancellationToken,
    ) -> Crew {
        let [over, late, settled] = std::array::from_fn(|_| CancellationToken::new());
        let (less, shared, guard) = (Notify::new(), Mutex::default(), Guard::default());
        Crew { store, clock, press, journal, lanes, guard, progress, stop, over, late, settled, less, shared }
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

    /// Waits until there is something for a relay; `false`: nothing more may be begun.
    pub(super) async fn wanted(&self, lane: usize) -> bool {
        let queue = &self.lanes.get(lane).queue;
        while !self.ends() {
            let more = queue.more.notified();
            if queue.len() > 0 {
                return true;
            }
            tokio::select! {
                () = more => {}
                () = self.stop.cancelled() => {}
                () = self.over.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
        false
    }

    /// The next copy to send by a relay; waits for one, at most `idle`. `None`: there is none, or nothing more may be
    /// begun.
    pub(super) async fn next(&self, lane: usize, idle: Duration) -> Option<Work> {
        let Lane { queue, pace, .. } = self.lanes.get(lane);
        loop {
            if self.ends() {
                return None;
            }
            let more = queue.more.notified();
            if queue.len() == 0 {
                tokio::select! {
                    () = more => {}
                    () = self.stop.cancelled() => {}
                    () = self.over.cancelled() => {}
                    () = tokio::time::sleep(idle) => return None,
                }
                continue;
            }
            tokio::select! {
                () = pace.take() => {}
                () = self.stop.cancelled() => return None,
            }
            if let Some(job) = self.take(lane)
                && let Some(work) = self.prepare(lane, job).await
            {
                return Some(work);
            }
        }
    }

    /// The next copy, if one may go this instant.
    pub(super) async fn next_now(&self, lane: usize) -> Option<Work> {
        let Lane { queue, pace, .. } = self.lanes.get(lane);
        while !self.ends() && queue.len() > 0 && pace.try_take() {
            if let Some(work) = self.prepare(lane, self.take(lane)?).await {
                return Some(work);
            }
        }
        None
    }

    fn take(&self, lane: usize) -> Option<Job> {
        let job = self.lanes.get(lane).queue.take();
        self.less.notify_one();
        job
    }

    /// A job that was taken has its outcome, or is elsewhere.
    fn done(&self, lane: usize) {
        self.lanes.get(lane).queue.done();
        self.less.notify_one();
    }

    /// Makes the copy, unless its edition was stopped or its lease has run out meanwhile.
    async fn prepare(&self, lane: usize, job: Job) -> Option<Work> {
        let claim = &job.claim;
        let plate = {
            let mut shared = self.shared();
            let plate = shared.plates.get(&(claim.edition, claim.variant)).cloned();
            if !shared.live.contains(&claim.edition) || !in_time(claim, self.clock.now()) || plate.is_none() {
                shared.dropped.push(claim.as_attempt());
                drop(shared);
                self.done(lane);
                return None;
            }
            plate?
        };
        match self.press.copy(&plate, &claim.person, &claim.ground, Choice(claim.choice), self.now()) {
            Ok(copy) => Some(Work { lane, job, copy }),
            Err(error) => {
                self.note(lane, outcome::never(claim, error.to_string(), self.now())).await;
                None
            }
        }
    }

    /// Whether a copy whose envelope the relay has taken may still go.
    pub(super) fn may_go(&self, work: &Work) -> bool {
        let claim = &work.job.claim;
        !self.ends() && in_time(claim, self.now()) && self.shared().live.contains(&claim.edition)
    }

    /// Notes an outcome. When this returns it survives this process, or nothing more is begun.
    pub(super) async fn note(&self, lane: usize, mark: Mark) {
        self.progress.count(&mark);
        if let Err(error) = self.journal.note(mark).await {
            self.fail(error);
        }
        self.done(lane);
    }

    /// Takes note of what an answer says about its edition: one that is refused too often stops.
    pub(super) fn hear(&self, edition: i64, heard: Heard, words: &str) {
        let Some(reason) = self.guard.hear(edition, heard, words) else { return };
        let mut shared = self.shared();
        if shared.live.remove(&edition) {
            shared.stopped.push(Stopped { edition, reason, by_rule: true });
        }
        drop(shared);
        self.less.notify_one();
    }

    /// Nothing more is begun, for this reason.
    pub(super) fn fail(&self, error: StoreError) {
        self.shared().fault.get_or_insert(error);
        self.less.notify_one();
    }

    /// A copy that was taken and not sent waits for the next connection, of whichever relay.
    pub(super) fn put_back(&self, work: Work) {
        self.route(work.job, true);
        self.done(work.lane);
    }

    /// Whether another relay could try this copy now.
    pub(super) fn has_another(&self, work: &mut Work) -> bool {
        if !work.job.turned_away.contains(&work.lane) {
            work.job.turned_away.push(work.lane);
        }
        self.lanes.has_open_for(&work.job)
    }

    /// Gives a job to a relay. Where none can be worked with it goes back to the store; where each refuses us, its
    /// edition stops as well.
    pub(super) fn route(&self, job: Job, first: bool) {
        match self.lanes.pick(&job) {
            Some(lane) if self.lanes.has_open() || self.lanes.down().is_none() => {
                let queue = &self.lanes.get(lane).queue;
                if first { queue.add_first(job) } else { queue.add(job) }
            }
            Some(_) => self.drop_jobs(vec![job]),
            None => {
                let edition = job.claim.edition;
                let stays = job.turned_away.is_empty();
                self.drop_jobs(vec![job]);
                let mut shared = self.shared();
                if stays && shared.live.remove(&edition) {
                    let reason = self.lanes.refusals(edition);
                    shared.stopped.push(Stopped { edition, reason, by_rule: false });
                }
            }
        }
    }

    /// The relay says that we are not what it wants: the others get its copies of this edition. Where there are none,
    /// the edition stops, and its copies wait.
    pub(super) fn refuse(&self, work: Work, words: String) {
        let edition = work.job.claim.edition;
        self.lanes.refuse(work.lane, edition, words);
        let waiting = self.lanes.get(work.lane).queue.drain();
        tracing::warn!("edition {edition}: {}", self.lanes.refusals(edition));
        self.put_back(work);
        waiting.into_iter().for_each(|job| self.route(job, false));
    }

    /// Waits for a place among the relay's connections; `false` when nothing more may be begun.
    pub(super) async fn enter(&self, lane: usize) -> bool {
        while !self.ends() {
            match self.lanes.get(lane).gate.enter() {
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

    /// The relay cannot be worked with now: it gets a pause, and the others its copies. `for_good`: until somebody has
    /// changed something.
    pub(super) fn trouble(&self, lane: usize, words: String, established: bool, for_good: bool) {
        let Lane { terms, gate, queue, .. } = self.lanes.get(lane);
        let line = format!("relay {}: {words}", terms.name);
        let news = if for_good { gate.fail(words) } else { gate.trouble(words, established) };
        if news {
            tracing::warn!("{line}; it gets a pause, nothing is lost");
        }
        if !gate.is_open() {
            queue.drain().into_iter().for_each(|job| self.route(job, false));
        }
        self.less.notify_one();
    }

    /// Ends when there is no more time to finish what is on the wire.
    pub(super) async fn too_late(&self) {
        self.late.cancelled().await;
    }

    /// Which editions may go on.
    pub(super) fn set_live(&self, live: HashSet<i64>) {
        self.lanes.keep_refusals(&live);
        self.guard.keep(|edition| live.contains(&edition));
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
        self.guard.begin(edition, deliveries::first(&mut tx, edition).await?);
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
                let reason = error.to_string();
                shared.stopped.push(Stopped { edition, reason, by_rule: false });
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
