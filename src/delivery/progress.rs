//! How far it has got: numbers that anybody may read while it runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::store::deliveries::State;

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
    /// Copies a minute, from one line to the next.
    rate: AtomicU64,
}

impl Progress {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Handed to the relay so far.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Relaxed)
    }

    /// Still to be made, now or later, as far as is known.
    pub fn waiting(&self) -> i64 {
        self.0.waiting.load(Relaxed).max(0)
    }

    /// Copies a minute, over the last ten seconds.
    pub fn per_minute(&self) -> u64 {
        self.0.rate.load(Relaxed)
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

    pub(super) fn count(&self, state: State) {
        let (counter, done) = match state {
            State::Sent => (&self.0.sent, true),
            State::Deferred => (&self.0.deferred, false),
            State::Failed => (&self.0.failed, true),
            State::Unknown => (&self.0.unknown, false),
            _ => return,
        };
        counter.fetch_add(1, Relaxed);
        if done {
            self.0.waiting.fetch_sub(1, Relaxed);
        }
    }

    pub(super) fn suppressed(&self, count: u64) {
        self.0.suppressed.fetch_add(count, Relaxed);
        self.0.waiting.fetch_sub(count as i64, Relaxed);
    }

    pub(super) fn set_waiting(&self, waiting: i64) {
        self.0.waiting.store(waiting, Relaxed);
    }

    pub(super) fn set_rate(&self, per_minute: u64) {
        self.0.rate.store(per_minute, Relaxed);
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
