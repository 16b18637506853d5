//! What the connections of one run share: where they get work, and where they say what became of it. Which relay gets it, and
//! what a relay's words do to it, is in [`sharing`].

mod sharing;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant as Moment;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Instant};
use crate::mail::Choice;
use crate::store::deliveries::{self, Attempt, Claim, Mark};
use crate::store::journal::Journal;
use crate::store::{Store, StoreError, editions};

use super::guard::{Guard, Heard};
use super::lane::{Lane, Lanes};
use super::outcome;
use super::queue::{Job, Pick};
use super::{Copy, DeliveryError, Plate, Press, Progress};

/// No copy is begun in the last part of its lease: whatever is on the wire then has an outcome before somebody else may
/// take the claim for a dead process's. It is more than the slowest answer and body take together.
const MARGIN: Duration = Duration::from_secs(15 * 60);

/// So often whoever has nothing to do looks whether others need help.
const LOOK: Duration = Duration::from_secs(1);

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
    /// Something was taken or done, and not much is left: for whoever claims.
    pub(super) less: Notify,
    /// How much that is, for one relay.
    pub(super) few: AtomicUsize,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    plates: HashMap<(i64, i64), Arc<Plate>>,
    /// Editions that may go on.
    live: HashSet<i64>,
    /// Claims to be given back.
    dropped: Vec<Attempt>,
    /// Claims to be given back until their time.
    booked: Vec<(Attempt, Instant)>,
    /// The latest of these times in this run.
    booked_to: Option<Instant>,
    /// Editions to be stopped.
    stopped: Vec<Stopped>,
    /// Why nothing more may be sent.
    fault: Option<StoreError>,
}

/// What connections have left for whoever writes to the store.
#[derive(Default)]
pub(super) struct Left {
    pub(super) dropped: Vec<Attempt>,
    pub(super) booked: Vec<(Attempt, Instant)>,
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
        let (less, few, shared, guard) = (Notify::new(), AtomicUsize::default(), Mutex::default(), Guard::default());
        Crew { store, clock, press, journal, lanes, guard, progress, stop, over, late, settled, less, few, shared }
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

    /// Waits until there is something that a relay may send now; `false`: nothing more may be begun.
    pub(super) async fn wanted(&self, lane: usize) -> bool {
        let Lane { queue, pace, domains, .. } = self.lanes.get(lane);
        while !self.ends() {
            let (more, now) = (queue.more.notified(), Moment::now());
            let wait = match queue.look(pace, domains, now) {
                Some(at) if at <= now => return true,
                Some(at) => (at - now).min(LOOK),
                None if self.help(lane) => continue,
                None => LOOK,
            };
            tokio::select! {
                () = more => {}
                () = self.stop.cancelled() => {}
                () = self.over.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        false
    }

    /// The next copy to send by a relay; waits for one, at most `idle`. `None`: there is none, or nothing more may be
    /// begun.
    pub(super) async fn next(&self, lane: usize, idle: Duration) -> Option<Work> {
        let queue = &self.lanes.get(lane).queue;
        let until = Moment::now() + idle;
        while !self.ends() {
            let more = queue.more.notified();
            let at = match self.take(lane) {
                Pick::Job(job) => match self.prepare(lane, *job).await {
                    Some(work) => return Some(work),
                    None => continue,
                },
                Pick::Later(at) if at > until => return None,
                Pick::Later(at) => at,
                Pick::Empty if self.help(lane) => continue,
                Pick::Empty => Moment::now() + LOOK,
            };
            if Moment::now() >= until {
                return None;
            }
            tokio::select! {
                () = more => {}
                () = self.stop.cancelled() => {}
                () = self.over.cancelled() => {}
                () = tokio::time::sleep_until(at.min(until)) => {}
            }
        }
        None
    }

    /// The next copy, if one may go this instant.
    pub(super) async fn next_now(&self, lane: usize) -> Option<Work> {
        while !self.ends() {
            let Pick::Job(job) = self.take(lane) else { return None };
            if let Some(work) = self.prepare(lane, *job).await {
                return Some(work);
            }
        }
        None
    }

    fn take(&self, lane: usize) -> Pick {
        let Lane { queue, pace, domains, .. } = self.lanes.get(lane);
        let (pick, no_room) = queue.take(pace, domains, Moment::now());
        if matches!(pick, Pick::Job(_)) || !no_room.is_empty() {
            self.set_back(lane, no_room);
            self.say_less(lane);
        }
        pick
    }

    /// A job that was taken has its outcome, or is elsewhere.
    fn done(&self, lane: usize) {
        self.lanes.get(lane).queue.done();
        self.say_less(lane);
    }

    /// Wakes whoever claims, where there is little left to do: woken for each copy it would take the time of one.
    fn say_less(&self, lane: usize) {
        let queue = &self.lanes.get(lane).queue;
        if queue.len() <= self.few.load(Relaxed) {
            self.less.notify_one();
        }
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
        Left {
            dropped: std::mem::take(&mut shared.dropped),
            booked: std::mem::take(&mut shared.booked),
            stopped: std::mem::take(&mut shared.stopped),
        }
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
