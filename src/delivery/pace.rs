//! How fast: at most so many messages a second, evenly; less where the other side pushes back, and slowly more again.
//!
//! 1. What is pushed back stops everything here for a second. Then one message asks whether it may go; refused, the next asks
//!    after twice the time ([`Pace::pushed`]).
//! 2. Once one is taken, the pace is what was taken in so much time before the push-back as it lasted: whoever allows twenty in
//!    ten seconds gets two a second, without our knowing the ten ([`Pace::took`]).
//! 3. While nobody pushes back it grows by a tenth after each calm. Each push-back doubles the calm, so that a limit once found
//!    is seldom tried.
//!
//! [`domains`] has one for each recipient domain, and for each mail provider that [`providers`] knows of.

pub(super) mod domains;
pub(super) mod providers;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What was taken is remembered so long, in steps of [`STEP`].
const MEMORY: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(50);
/// The first pause after a push-back, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// So long nobody pushes back before the pace grows, at first and at most.
const CALM: Duration = Duration::from_secs(10);
const LONGEST_CALM: Duration = Duration::from_secs(600);
/// After so long without a push-back there is none to be heeded any more.
const FORGET: Duration = Duration::from_secs(3600);
/// Of the pace that was pushed back so much is left at most.
const LESS: f64 = 0.8;
/// Of what was taken in the time of a push-back so much is the next pace.
const SAFE: f64 = 0.9;
/// The pace where nothing had been taken before the push-back, and the least there is, in messages a second.
const BLIND: f64 = 1.0;
const LEAST: f64 = 0.05;
/// What was not used is made up for, so far back.
const CREDIT: Duration = Duration::from_millis(20);

/// A limit that is shared by connections.
#[derive(Debug)]
pub(super) struct Pace {
    /// The limit of the settings.
    most: Option<f64>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The limit now.
    rate: Option<f64>,
    /// The next slot.
    next: Instant,
    push: Option<Push>,
    /// When the limit last changed, and how long until it grows.
    changed: Instant,
    calm: Duration,
    /// By how much it grows.
    step: f64,
    /// What was taken lately.
    taken: VecDeque<(Instant, u64)>,
}

/// A push-back that is not over.
#[derive(Debug)]
struct Push {
    since: Instant,
    pause: Duration,
    /// Nothing goes before.
    until: Instant,
    /// Somebody asks whether it is over.
    asking: bool,
    refused: u32,
}

/// What a push-back means to whoever heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It begins.
    New,
    /// It was known already.
    Known,
    /// It goes on: so many have asked in vain.
    Still(u32),
}

impl Pace {
    /// At most `per_second` messages; 0: no limit.
    pub(super) fn new(per_second: u32) -> Self {
        let most = (per_second > 0).then(|| f64::from(per_second));
        let now = Instant::now();
        let state =
            State { rate: most, next: now, push: None, changed: now, calm: CALM, step: 0.0, taken: VecDeque::new() };
        Pace { most, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limit now, in messages a second.
    pub(super) fn rate(&self) -> Option<f64> {
        self.state().rate
    }

    /// Whether it is less than the settings allow.
    pub(super) fn is_slowed(&self) -> bool {
        let state = self.state();
        state.push.is_some() || state.rate != self.most
    }

    /// When the next message may go: now, or later.
    pub(super) fn free_at(&self, now: Instant) -> Instant {
        let mut state = self.state();
        state.grow(now, self.most);
        state.free_at(now)
    }

    /// Takes a slot, if one is free now; else when one will be.
    pub(super) fn try_take(&self, now: Instant) -> Result<(), Instant> {
        let mut state = self.state();
        state.grow(now, self.most);
        let free = state.free_at(now);
        if free > now {
            return Err(free);
        }
        if let Some(push) = &mut state.push {
            push.asking = true;
            push.until = now + push.pause;
        }
        if let Some(rate) = state.rate {
            let earliest = now.checked_sub(CREDIT).unwrap_or(now);
            state.next = state.next.max(earliest) + Duration::from_secs_f64(1.0 / rate);
        }
        Ok(())
    }

    /// A message was taken.
    pub(super) fn took(&self, now: Instant) {
        let mut state = self.state();
        if let Some(push) = state.push.take_if(|push| push.asking) {
            state.settle(now.max(push.since + PAUSE) - push.since, push.since, now);
        }
        match state.taken.back_mut() {
            Some((at, count)) if now.saturating_duration_since(*at) < STEP => *count += 1,
            _ => state.taken.push_back((now, 1)),
        }
        while state.taken.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > MEMORY) {
            state.taken.pop_front();
        }
    }

    /// We were told to go slower.
    pub(super) fn pushed(&self, now: Instant) -> Pushed {
        let mut state = self.state();
        match &mut state.push {
            None => {
                state.push = Some(Push { since: now, pause: PAUSE, until: now + PAUSE, asking: false, refused: 0 });
                Pushed::New
            }
            Some(push) if push.asking => {
                push.asking = false;
                push.refused += 1;
                push.pause = (push.pause * 2).min(LONGEST);
                push.until = now + push.pause;
                Pushed::Still(push.refused)
            }
            // It was on its way already when the first was refused.
            Some(_) => Pushed::Known,
        }
    }
}

impl State {
    fn free_at(&self, now: Instant) -> Instant {
        let paced = if self.rate.is_some() { self.next } else { now };
        paced.max(self.push.as_ref().map_or(now, |push| push.until)).max(now)
    }

    /// The pace after a push-back that began at `since` and lasted `time`.
    fn settle(&mut self, time: Duration, since: Instant, now: Instant) {
        let from = since.checked_sub(time).unwrap_or(since);
        let before = self.taken.iter().filter(|(at, _)| *at >= from).map(|(_, count)| *count).sum::<u64>();
        let mut rate = if before == 0 { BLIND } else { before as f64 / time.as_secs_f64() * SAFE };
        if let Some(now) = self.rate {
            rate = rate.min(now * LESS);
        }
        let rate = rate.max(LEAST);
        self.rate = Some(rate);
        self.step = rate / 10.0;
        self.calm = (self.calm * 2).min(LONGEST_CALM);
        self.changed = now;
        self.next = now;
    }

    fn grow(&mut self, now: Instant, most: Option<f64>) {
        if self.rate == most || self.push.is_some() {
            return;
        }
        let calm = now.saturating_duration_since(self.changed);
        let Some(rate) = self.rate else { return };
        if self.calm <= calm {
            let grown = rate + self.step * (calm.as_secs_f64() / self.calm.as_secs_f64()).floor();
            self.rate = Some(most.map_or(grown, |most| most.min(grown)));
            self.changed = now;
        }
        if calm >= FORGET {
            (self.rate, self.calm) = (most, CALM);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that takes `most` messages in each `window`; what it took, and what it refused, in `time`.
    fn meet(pace: &Pace, most: usize, window: Duration, time: Duration) -> (usize, usize) {
        let start = Instant::now() + Duration::from_secs(1);
        let (mut now, mut taken, mut refused) = (start, VecDeque::new(), 0);
        let mut all = 0;
        while now < start + time {
            match pace.try_take(now) {
                Ok(()) => {
                    while taken.front().is_some_and(|at| now - *at >= window) {
                        taken.pop_front();
                    }
                    if taken.len() < most {
                        taken.push_back(now);
                        all += 1;
                        pace.took(now);
                    } else {
                        refused += 1;
                        pace.pushed(now);
                    }
                    now += Duration::from_micros(200);
                }
                Err(free) => now = free,
            }
        }
        (all, refused)
    }

    #[test]
    fn a_server_that_allows_twenty_in_ten_seconds_gets_nearly_that_and_refuses_little() {
        let pace = Pace::new(0);
        let (taken, refused) = meet(&pace, 20, Duration::from_secs(10), Duration::from_secs(1200));
        assert!(taken >= 1900, "{taken} of 2,400 possible");
        assert!(refused * 100 < taken, "{refused} of {taken} refused");
    }

    #[test]
    fn two_hundred_a_second_are_found_in_seconds() {
        let pace = Pace::new(0);
        let (taken, refused) = meet(&pace, 200, Duration::from_secs(1), Duration::from_secs(30));
        assert!(taken >= 4000 && refused < 20, "{taken}, {refused} refused");
        let slow = Pace::new(20);
        let (taken, refused) = meet(&slow, 200, Duration::from_secs(1), Duration::from_secs(30));
        assert!((595..=605).contains(&taken) && refused == 0, "{taken}");
    }

    #[test]
    fn a_push_back_of_a_minute_is_asked_after_seldom_and_one_of_old_is_forgotten() {
        let pace = Pace::new(50);
        let mut now = Instant::now() + Duration::from_secs(1);
        (0..100).for_each(|_| pace.took(now));
        assert_eq!((pace.pushed(now), pace.pushed(now)), (Pushed::New, Pushed::Known));
        let (start, mut asked) = (now, 0);
        while now < start + Duration::from_secs(60) {
            match pace.try_take(now) {
                Ok(()) => {
                    asked += 1;
                    assert_eq!(pace.pushed(now), Pushed::Still(asked));
                }
                Err(free) => now = free,
            }
        }
        assert!((4..=6).contains(&asked), "{asked}");
        while let Err(free) = pace.try_take(now) {
            now = free;
        }
        pace.took(now);
        assert!(pace.is_slowed() && pace.rate().is_some_and(|rate| rate < 3.0), "{:?}", pace.rate());
        pace.free_at(now + FORGET);
        assert_eq!((pace.is_slowed(), pace.rate()), (false, Some(50.0)));
    }
}
