//! How far it has got: numbers that anybody may read while it runs.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::store::deliveries::{Mark, State, Waiting};

/// A handle to the numbers of a run; clones show the same.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    sent: AtomicU64,
    deferred: AtomicU64,
    failed: AtomicU64,
    suppressed: AtomicU64,
    unknown: AtomicU64,
    waiting: AtomicI64,
    /// Of those, how many are not tried before their time.
    later: AtomicI64,
    /// Why copies were refused for now, and how often.
    reasons: Mutex<BTreeMap<String, u64>>,
    /// Relays and domains that get less than they might, with their pace.
    slowed: Mutex<Vec<String>>,
    /// No relay could be worked with, and none has taken a copy since.
    is_down: AtomicBool,
    /// What they said then.
    down: Mutex<String>,
    /// Somebody looks at the numbers as they change: no lines are wanted.
    watched: AtomicBool,
}

impl Progress {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A run begins: nothing yet, again.
    pub(super) fn begin(&self) {
        let numbers = &*self.0;
        for counter in [&numbers.sent, &numbers.deferred, &numbers.failed, &numbers.suppressed, &numbers.unknown] {
            counter.store(0, Relaxed);
        }
        self.set_waiting(Waiting::default());
        numbers.is_down.store(false, Relaxed);
        numbers.reasons.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Handed to the relay so far.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Relaxed)
    }

    /// Still to be made, now or later, as far as is known.
    pub fn waiting(&self) -> i64 {
        self.0.waiting.load(Relaxed).max(0)
    }

    /// Of those that wait, how many are not tried before their time: refused for now, or without an answer.
    pub fn later(&self) -> i64 {
        self.0.later.load(Relaxed).clamp(0, self.waiting())
    }

    /// What the relays said when none of them could be worked with, where none has taken a copy since.
    pub fn down(&self) -> Option<String> {
        let words = || self.0.down.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.0.is_down.load(Relaxed).then(words)
    }

    pub(super) fn set_down(&self, words: String) {
        *self.0.down.lock().unwrap_or_else(PoisonError::into_inner) = words;
        self.0.is_down.store(true, Relaxed);
    }

    /// From now on a bar shows the numbers: no lines are logged.
    pub fn watch(&self) {
        self.0.watched.store(true, Relaxed);
    }

    /// Whether a bar shows the numbers.
    pub fn is_watched(&self) -> bool {
        self.0.watched.load(Relaxed)
    }

    /// The three most frequent reasons for which copies were refused for now: `451 4.7.1 (12)`.
    fn reasons(&self) -> String {
        let reasons = self.0.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(&String, &u64)> = reasons.iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        all.iter().take(3).map(|(reason, count)| format!("{reason} ({count})")).collect::<Vec<_>>().join(", ")
    }

    /// How it stands, in a line: what was done, what waits and why, how fast it goes now, how long that will take.
    pub fn line(&self, speed: &Speed) -> String {
        let mut text = self.summary().to_string();
        let (later, reasons) = (self.later(), self.reasons());
        if later > 0 {
            text.push_str(&format!(", {later} of them not before their time"));
        }
        if !reasons.is_empty() {
            text.push_str(&format!("; refused for now: {reasons}"));
        }
        let slowed = self.0.slowed.lock().unwrap_or_else(PoisonError::into_inner).join(", ");
        if !slowed.is_empty() {
            text.push_str(&format!("; slowed down: {slowed}"));
        }
        let due = self.waiting() - later;
        match speed.per_second() {
            Some(rate) if rate > 0.0 && due > 0 => {
                let left = length(due as f64 / rate);
                text.push_str(&format!("; {:.0} a minute, about {left} left", rate * 60.0));
            }
            Some(rate) if rate > 0.0 => text.push_str(&format!("; {:.0} a minute", rate * 60.0)),
            Some(_) if due > 0 => text.push_str("; nothing went out in the last ten seconds"),
            _ => {}
        }
        text
    }

    /// The same in few words, beside a bar.
    pub fn brief(&self, speed: &Speed) -> String {
        let mut words = vec![format!("{} handed over", self.sent())];
        words.extend(Some(self.later()).filter(|later| *later > 0).map(|later| format!("{later} later")));
        let due = self.waiting() - self.later();
        if let Some(rate) = speed.per_second() {
            words.push(format!("{:.0} a minute", rate * 60.0));
            if rate > 0.0 && due > 0 {
                words.push(format!("{} left", length(due as f64 / rate)));
            }
        }
        words.join(", ")
    }

    /// The numbers so far.
    pub fn summary(&self) -> Summary {
        Summary {
            sent: self.sent(),
            deferred: self.0.deferred.load(Relaxed),
            failed: self.0.failed.load(Relaxed),
            suppressed: self.0.suppressed.load(Relaxed),
            unknown: self.0.unknown.load(Relaxed),
            waiting: self.waiting(),
            finished: Vec::new(),
            relay: None,
        }
    }

    pub(super) fn count(&self, mark: &Mark) {
        let numbers = &*self.0;
        let counter = match mark.state {
            State::Sent => &numbers.sent,
            State::Deferred => &numbers.deferred,
            State::Failed => &numbers.failed,
            State::Unknown => &numbers.unknown,
            _ => return,
        };
        counter.fetch_add(1, Relaxed);
        if mark.state == State::Sent {
            numbers.is_down.store(false, Relaxed);
        }
        match mark.state {
            State::Sent | State::Failed => drop(numbers.waiting.fetch_sub(1, Relaxed)),
            _ => drop(numbers.later.fetch_add(1, Relaxed)),
        }
        if mark.state == State::Deferred {
            let code = mark.code.map_or_else(|| "no connection".to_owned(), |code| code.to_string());
            let reason = [Some(code), mark.enhanced.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
            *numbers.reasons.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
        }
    }

    pub(super) fn suppressed(&self, count: u64) {
        self.0.suppressed.fetch_add(count, Relaxed);
        self.0.waiting.fetch_sub(count as i64, Relaxed);
    }

    pub(super) fn set_slowed(&self, slowed: Vec<String>) {
        *self.0.slowed.lock().unwrap_or_else(PoisonError::into_inner) = slowed;
    }

    pub(super) fn set_waiting(&self, waiting: Waiting) {
        self.0.waiting.store(waiting.now + waiting.later, Relaxed);
        self.0.later.store(waiting.later, Relaxed);
    }
}

/// How fast it goes now: over the last ten seconds, not since the beginning.
#[derive(Debug, Default)]
pub struct Speed(VecDeque<(Instant, u64)>);

impl Speed {
    const WINDOW: Duration = Duration::from_secs(10);

    /// Takes note of how many were handed over until now; looked at often, it remembers little.
    pub fn note(&mut self, sent: u64) {
        self.note_at(Instant::now(), sent);
    }

    fn note_at(&mut self, now: Instant, sent: u64) {
        self.0.push_back((now, sent));
        // The oldest that stays is the last one from before the window.
        while self.0.get(1).is_some_and(|(at, _)| now - *at >= Self::WINDOW) {
            self.0.pop_front();
        }
    }

    /// Copies a second; `None` before there is a second to speak of.
    pub fn per_second(&self) -> Option<f64> {
        let ((from, before), (to, after)) = (self.0.front()?, self.0.back()?);
        let time = (*to - *from).as_secs_f64();
        (time >= 1.0).then(|| (after.saturating_sub(*before)) as f64 / time)
    }
}

/// A length of time in the one or two words that matter.
pub fn length(seconds: f64) -> String {
    let seconds = seconds.ceil().min(1e9) as u64;
    match (seconds / 3600, seconds / 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) if minutes < 10 => format!("{minutes} min {} s", seconds % 60),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {} min", minutes % 60),
    }
}

/// What a run of delivery came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Copies handed to the relay.
    pub sent: u64,
    /// Refusals for now; each is tried again later.
    pub deferred: u64,
    /// Copies refused for good.
    pub failed: u64,
    /// Copies not made: the reader left, complained, or is gone.
    pub suppressed: u64,
    /// Copies whose connection was lost after the last byte, before the answer.
    pub unknown: u64,
    /// Copies still to be made.
    pub waiting: i64,
    /// Editions of which nothing waits any more.
    pub finished: Vec<i64>,
    /// The relay's words, where it could not be worked with.
    pub relay: Option<String>,
}

impl Summary {
    /// Whether anything was done or is wrong.
    pub fn has_news(&self) -> bool {
        *self != Summary { waiting: self.waiting, ..Summary::default() }
    }

    /// Whether some copies did not get through.
    pub fn is_partial(&self) -> bool {
        self.failed > 0 || self.unknown > 0 || self.relay.is_some()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} handed to the mail server", self.sent)?;
        for (count, words) in [
            (self.failed, "refused for good"),
            (self.deferred, "refused for now"),
            (self.unknown, "without an answer"),
            (self.suppressed, "not written to"),
        ] {
            if count > 0 {
                write!(f, ", {count} {words}")?;
            }
        }
        if self.waiting > 0 {
            write!(f, ", {} waiting", self.waiting)?;
        }
        if let Some(words) = &self.relay {
            write!(f, "; the relay does not take mail now: {words}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(state: State, code: Option<u16>, enhanced: Option<&str>) -> Mark {
        let (at, enhanced) = (crate::clock::from_micros(0), enhanced.map(str::to_owned));
        Mark { edition: 1, subscriber: 1, attempt: 1, state, next_at: None, at, code, enhanced, line: String::new() }
    }

    #[test]
    fn the_line_tells_what_was_done_what_waits_why_how_fast_and_how_long() {
        let progress = Progress::new();
        progress.set_waiting(Waiting { now: 1000, later: 0 });
        let (start, mut speed) = (Instant::now(), Speed::default());
        speed.note_at(start, 0);
        assert_eq!(progress.line(&speed), "0 handed to the mail server, 1000 waiting");
        for _ in 0..200 {
            progress.count(&mark(State::Sent, Some(250), None));
        }
        for _ in 0..12 {
            progress.count(&mark(State::Deferred, Some(451), Some("4.7.1")));
        }
        progress.count(&mark(State::Deferred, None, None));
        progress.count(&mark(State::Failed, Some(550), None));
        speed.note_at(start + Duration::from_secs(10), progress.sent());
        assert_eq!(progress.brief(&speed), "200 handed over, 13 later, 1200 a minute, 40 s left");
        assert_eq!(
            progress.line(&speed),
            "200 handed to the mail server, 1 refused for good, 13 refused for now, 799 waiting, 13 of them not before \
             their time; refused for now: 451 4.7.1 (12), no connection (1); 1200 a minute, about 40 s left"
        );
        // It stands still: what it did before is of no use to who waits.
        speed.note_at(start + Duration::from_secs(20), progress.sent());
        assert!(
            progress.line(&speed).ends_with("; nothing went out in the last ten seconds"),
            "{}",
            progress.line(&speed)
        );
    }

    #[test]
    fn a_length_is_said_in_what_matters() {
        let all = [(0.2, "1 s"), (59.0, "59 s"), (61.0, "1 min 1 s"), (3599.0, "59 min"), (7300.0, "2 h 1 min")];
        assert!(all.iter().all(|(seconds, words)| length(*seconds) == *words));
    }
}
