//! The house's own single mails ([`crate::store::post`]): on a connection of their own, behind nothing that waits for an edition.
//!
//! One after the other: claimed, made, handed to the first relay that takes it, forgotten. A relay that has no place left for
//! one more connection gets it back from an edition's.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::store::post::{self, Claimed};
use crate::store::{Store, StoreError};
use crate::wake::{Task, Wake};

use super::outcome;
use super::relay::{Handed, Line, Relay, Terms};
use super::{Copy, DeliveryError, Press};

/// One handing over may take so long, with all relays there are.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a claim is ours.
const LEASE: Duration = Duration::from_secs(120);
/// So often the store is asked.
const LOOK: Duration = Duration::from_millis(250);
/// A connection without work is closed after so long.
const IDLE: Duration = Duration::from_secs(5);
/// How long a letter waits where no relay can be worked with now.
const AGAIN: Duration = Duration::from_secs(15);
/// Pause after the store could not be written.
const FAULT: Duration = Duration::from_secs(10);

/// Whoever sends them.
pub(super) struct Desk {
    store: Store,
    clock: Clock,
    wake: Wake,
    press: Press,
    lines: Vec<(String, Line)>,
    /// What was said of the relays last, so that it is said once.
    said: Option<String>,
}

/// What one look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// A letter has its outcome, or waits.
    Done,
    /// There is none that could go now.
    Nothing,
    /// No relay could be worked with.
    Down,
}

impl Desk {
    pub(super) fn new(store: Store, clock: Clock, wake: Wake, press: Press, relays: &[(Relay, Terms)]) -> Desk {
        // The heaviest first; a reserve stands in where the others fail.
        let mut relays: Vec<&(Relay, Terms)> = relays.iter().collect();
        relays.sort_by_key(|(_, terms)| std::cmp::Reverse(terms.weight));
        let lines = relays.into_iter().map(|(relay, terms)| (terms.name.clone(), relay.line())).collect();
        Desk { store, clock, wake, press, lines, said: None }
    }

    /// Sends what is there and what comes, until `closing`, then what could still go now; or until `stop`.
    pub(super) async fn run(mut self, closing: CancellationToken, stop: CancellationToken) {
        let mut idle = Duration::ZERO;
        if self.store.file().is_some()
            && let Err(error) = self.recover().await
        {
            tracing::error!("system mails: {error}");
        }
        while !stop.is_cancelled() {
            let pause = match self.turn().await {
                Ok(Turn::Done) => {
                    idle = Duration::ZERO;
                    continue;
                }
                Ok(Turn::Nothing) => LOOK,
                Ok(Turn::Down) => AGAIN,
                Err(error) => {
                    tracing::error!("system mails: {error}; nothing is lost, they are tried again");
                    FAULT
                }
            };
            if closing.is_cancelled() {
                break;
            }
            idle += pause;
            if idle >= IDLE {
                self.close().await;
            }
            tokio::select! {
                () = self.wake.wait(Task::Post, pause) => {}
                () = closing.cancelled() => {}
                () = stop.cancelled() => {}
            }
        }
        self.close().await;
    }

    async fn close(&mut self) {
        for (_, line) in &mut self.lines {
            line.close().await;
        }
    }

    async fn recover(&self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        post::recover(&mut tx, self.clock.now()).await?;
        tx.commit().await
    }

    /// Sends the next letter, if there is one.
    async fn turn(&mut self) -> Result<Turn, DeliveryError> {
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let due = post::next_due(&mut tx).await?.is_some_and(|at| at <= now);
        drop(tx);
        if !due {
            return Ok(Turn::Nothing);
        }
        let mut tx = self.store.write().await?;
        let Some(claimed) = post::claim(&mut tx, now, LEASE).await? else { return Ok(Turn::Nothing) };
        tx.commit().await?;
        let handed = match self.press.letter(&claimed.word, &claimed.letter, now) {
            Ok(copy) => {
                let handed = tokio::time::timeout(LIMIT, self.hand_over(&copy)).await;
                handed.unwrap_or_else(|_| Handed::Lost(format!("no relay has taken it within {LIMIT:?}")))
            }
            Err(error) => Handed::Never(error.to_string()),
        };
        self.conclude(&claimed, handed).await
    }

    /// The letter to the first relay that takes it; else what the last one said.
    async fn hand_over(&mut self, copy: &Copy) -> Handed {
        let mut last = Handed::Unreachable("there is no relay".to_owned());
        for (name, line) in &mut self.lines {
            last = match line.hand(copy).await {
                Handed::Unreachable(words) => Handed::Unreachable(format!("{name}: {words}")),
                handed => return handed,
            };
        }
        last
    }

    /// Writes what became of it.
    async fn conclude(&mut self, claimed: &Claimed, handed: Handed) -> Result<Turn, DeliveryError> {
        let now = self.clock.now();
        let (id, to) = (claimed.id, claimed.letter.to.masked());
        let mut tx = self.store.write().await?;
        let turn = match handed {
            Handed::Taken(words) => {
                post::sent(&mut tx, id).await?;
                self.said = None;
                tracing::debug!("system mail {id} to {to}: handed over ({words})");
                Turn::Done
            }
            Handed::Unreachable(words) => {
                post::later(&mut tx, id, now + AGAIN, false, &words).await?;
                if self.said.as_ref() != Some(&words) {
                    tracing::warn!("system mails wait: {words}");
                }
                self.said = Some(words);
                Turn::Down
            }
            Handed::Refused(words) | Handed::Never(words) => {
                post::fail(&mut tx, id, now, &words).await?;
                tracing::warn!("system mail {id} to {to} is not sent: {words}");
                Turn::Done
            }
            Handed::Deferred(words) | Handed::Lost(words) => {
                match outcome::pause(claimed.attempt) {
                    Some(pause) => post::later(&mut tx, id, now + pause, true, &words).await?,
                    None => post::fail(&mut tx, id, now, &words).await?,
                }
                tracing::info!("system mail {id} to {to} waits: {words}");
                Turn::Done
            }
        };
        tx.commit().await?;
        Ok(turn)
    }
}
