//! Where messages are taken in, some at a time, and counted.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Applied, Done, Place, apply, read};
use crate::clock::Clock;
use crate::mail::report::Kind;
use crate::secret::Keyring;
use crate::store::{self, Store, StoreError, returns};

/// Who takes messages in.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The store.
    pub store: &'a Store,
    /// The keys of the tokens.
    pub ring: &'a Keyring,
    /// The time.
    pub clock: &'a Clock,
    /// Say what would be done, and change nothing.
    pub dry_run: bool,
}

impl Desk<'_> {
    /// Takes messages in, all of them in one transaction: few at a time, since SQLite has one writer, and none while waiting for
    /// a pipe or a server.
    ///
    /// # Errors
    /// What the database says; then nothing has changed.
    pub async fn take_in(&self, messages: &[Vec<u8>], place: Place) -> Result<Vec<Applied>, StoreError> {
        let mut all = Vec::new();
        let reports = read(messages);
        let mut tx = self.store.write().await?;
        for (raw, report) in messages.iter().zip(reports) {
            all.push(apply(&mut tx, self.ring, (raw, report), place, self.clock.now()).await?);
        }
        returns::trim(&mut tx).await?;
        if !self.dry_run {
            store::wish(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(all)
    }
}

/// How many messages came to what.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// How many were read.
    pub read: u64,
    /// What was done about them.
    pub done: BTreeMap<Done, u64>,
    /// Failures that bear no token of ours.
    pub strangers: u64,
}

impl Tally {
    /// Counts one.
    pub fn add(&mut self, applied: &Applied) {
        self.read += 1;
        *self.done.entry(applied.done).or_default() += 1;
        self.strangers += u64::from(applied.edition.is_none() && applied.kind == Kind::Failure);
    }

    /// How many came to that.
    pub fn of(&self, done: Done) -> u64 {
        self.done.get(&done).copied().unwrap_or_default()
    }

    /// Whether anything came of them: not only what was known, or left.
    pub fn has_news(&self) -> bool {
        self.done.keys().any(|done| !matches!(done, Done::Known | Done::Left))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        write!(
            f,
            "{}: {} suppressed, {} complained, {} kept for staff, {} of machines dropped, {} known before",
            many(self.read, "message", "messages"),
            self.of(Done::Suppressed),
            self.of(Done::Complained),
            self.of(Done::Kept),
            self.of(Done::Dropped),
            self.of(Done::Known),
        )?;
        match self.of(Done::Left) {
            0 => f.write_str(".")?,
            left => write!(f, ", {left} left in the mailbox.")?,
        }
        match self.strangers {
            0 => Ok(()),
            n => write!(f, " {} no token of ours.", many(n, "report bears", "reports bear")),
        }
    }
}
