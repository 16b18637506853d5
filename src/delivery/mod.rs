//! editions → subscribers: copies to a relay, and what became of each.
//!
//! 1. [`run`] recovers what a dead process held: the journal first, then its claims.
//! 2. It claims a batch (attempt and lease are written before anything is dialled) and lays it in a [`queue`].
//! 3. A [`lane`] for each relay shares them out; each connection takes the next claim, has the [`Press`] make the copy, and hands it to the [`relay`].
//! 4. What the relay says is read by [`outcome`]: sent, deferred, failed, unknown; or the relay's own trouble.
//!    Refused too often among its first copies, an edition is paused ([`guard`]).
//!    What asks for a slower pace is told apart by [`pushback`], and heeded by [`pace`] for the domain or the relay.
//! 5. It is noted in the journal before the next body goes out, and marked in the ledger in batches.
//! 6. An edition of which nothing waits is done, and whose addresses it has found gone are suppressed ([`finish`]).
//! 7. The house's own single mails go past all that, on a connection of their own ([`post`]).
//!
//! Delivery never decides what a copy says, and holds no transaction while it is on the wire.

mod crew;
mod finish;
mod gate;
mod guard;
mod lane;
mod outcome;
mod pace;
mod post;
mod press;
mod progress;
mod pushback;
mod queue;
mod reason;
mod relay;
mod run;

pub use outcome::about;
pub use press::{Copy, Plate, Press};
pub use progress::{Progress, Speed, Summary, length};
pub use relay::send_now;
pub use run::{Hand, run, run_with};

use crate::mail::MailError;
use crate::store::StoreError;

/// Why delivery cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay's settings cannot be used.
    #[error("[[mail.relays]] {relay}: {reason}")]
    Relay {
        /// The relay.
        relay: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A setting of `[mail]` cannot be used.
    #[error("[mail] {key}: {reason}")]
    Setting {
        /// The key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A copy could not be made.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// A rendering of an edition is missing or cannot be read.
    #[error("edition {edition}, rendering {variant}: {reason}")]
    Plate {
        /// The edition.
        edition: i64,
        /// The rendering.
        variant: i64,
        /// Why.
        reason: String,
    },
    /// The relay did not take a single copy (`send --test`).
    #[error("the relay did not take it: {0}")]
    NotTaken(String),
    /// A part of ours ended before its time.
    #[error("a connection's task ended before its time: {0}")]
    Task(String),
}
