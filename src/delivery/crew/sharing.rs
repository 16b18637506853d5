//! Which relay gets a copy, and what becomes of the others when one of them pushes back, refuses us, or is late.

use tokio::time::Instant as Moment;

use super::{Crew, Stopped, Work};
use crate::clock::Instant;
use crate::delivery::lane::Lane;
use crate::delivery::pace::Pushed;
use crate::delivery::queue::Job;
use crate::net::smtp::Step;

/// So many times it may be asked in vain whether a relay takes our mail again, about a minute in all; then it is in trouble.
const ASKED: u32 = 6;

impl Crew {
    /// A copy that was taken and not sent waits for the next connection, of whichever relay.
    pub(in crate::delivery) fn put_back(&self, work: Work) {
        self.route(work.job, true);
        self.done(work.lane);
    }

    /// Whether another relay could try this copy now.
    pub(in crate::delivery) fn has_another(&self, work: &mut Work) -> bool {
        if !work.job.turned_away.contains(&work.lane) {
            work.job.turned_away.push(work.lane);
        }
        self.lanes.has_open_for(&work.job)
    }

    /// Gives a job to a relay. Where none can be worked with it goes back to the store; where each refuses us, its
    /// edition stops as well.
    pub(in crate::delivery) fn route(&self, job: Job, first: bool) {
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
    pub(in crate::delivery) fn refuse(&self, work: Work, words: String) {
        let edition = work.job.claim.edition;
        self.lanes.refuse(work.lane, edition, words);
        let waiting = self.lanes.get(work.lane).queue.drain();
        tracing::warn!("edition {edition}: {}", self.lanes.refusals(edition));
        self.put_back(work);
        waiting.into_iter().for_each(|job| self.route(job, false));
    }

    /// Waits for a place among the relay's connections; `false` when nothing more may be begun.
    pub(in crate::delivery) async fn enter(&self, lane: usize) -> bool {
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
    pub(in crate::delivery) fn trouble(&self, lane: usize, words: String, established: bool, for_good: bool) {
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

    /// We are asked to go slower: with a domain where a recipient had been named, else with the relay as a whole.
    pub(in crate::delivery) fn slow(&self, work: &Work, step: Step, words: &str) {
        let Lane { terms, pace, domains, .. } = self.lanes.get(work.lane);
        let (now, domain) = (Moment::now(), work.job.domain());
        if matches!(step, Step::Rcpt | Step::Data | Step::Body | Step::Answer) {
            let (news, many) = domains.pushed(domain, now);
            if news {
                tracing::info!("relay {}: mail to {domain} goes slower: {words}", terms.name);
            }
            if !many {
                return;
            }
        }
        match pace.pushed(now) {
            Pushed::New => tracing::info!("relay {}: mail goes slower: {words}", terms.name),
            Pushed::Still(asked) if asked >= ASKED => self.trouble(work.lane, words.to_owned(), true, false),
            Pushed::Known | Pushed::Still(_) => {}
        }
    }

    /// The relay took a copy.
    pub(in crate::delivery) fn took(&self, work: &Work) {
        let Lane { gate, pace, domains, .. } = self.lanes.get(work.lane);
        let now = Moment::now();
        gate.well();
        pace.took(now);
        domains.took(work.job.domain(), now);
    }

    /// Takes over what other relays are late with; whether there was anything.
    pub(super) fn help(&self, lane: usize) -> bool {
        let jobs = self.lanes.late_for(lane);
        let any = !jobs.is_empty();
        jobs.into_iter().for_each(|job| self.lanes.get(lane).queue.add(job));
        any
    }

    /// Copies to slowed domains for which there is no room go by another relay, or back to the store for as long as it will
    /// take to come to them.
    pub(super) fn set_back(&self, lane: usize, jobs: Vec<Job>) {
        for job in jobs {
            if let Some(other) = self.lanes.other_than(lane, &job) {
                self.lanes.get(other).queue.add(job);
                continue;
            }
            let at = self.lanes.get(lane).domains.book(job.domain(), self.now());
            let mut shared = self.shared();
            shared.booked.push((job.claim.as_attempt(), at));
            shared.booked_to = shared.booked_to.max(Some(at));
        }
    }

    /// The time up to which slots of slowed domains are given to what waits in the store.
    pub(in crate::delivery) fn booked_to(&self) -> Option<Instant> {
        self.shared().booked_to
    }
}
