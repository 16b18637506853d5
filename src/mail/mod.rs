//! Mail as bytes: one rendering for all readers of a language, and each reader's copy of it.
//!
//! 1. A template is rendered once, with marks where copies differ ([`Marks`]).
//! 2. The result is cut at the marks into pieces, each encoded once, a part in the smaller of quoted-printable and base64
//!    ([`Rendering::cut`]).
//! 3. A copy is the pieces that its choice of stories leaves, with the holes filled, under its own
//!    headers ([`Rendering::copy`]): copying of bytes, no rendering.
//! 4. It is signed as it stands ([`dkim`]).
//!
//! A mail of the house's own to one person is a [`Letter`]. What comes back is read by [`report`]; whom a refusal is about says [`about`].

pub mod about;
mod base64;
mod choice;
mod cut;
pub mod dkim;
mod encoded;
mod header;
pub mod inspect;
mod letter;
mod mailbox;
mod message;
mod quoted;
mod rendering;
pub mod report;
mod splice;
mod strike;

pub use choice::Choice;
pub use cut::{CutError, Hole, Marks, Piece, Syntax, When};
pub use letter::{Cover, Letter};
pub use mailbox::Mailbox;
pub(crate) use mailbox::one_line;
pub use message::Envelope;
pub use rendering::{Parts, Rendering};
pub use splice::Links;

/// Why a copy could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A sender's or reader's text is no mailbox.
    #[error("“{text}” is no sender: {reason}; write Name <address> or an address alone")]
    Mailbox {
        /// The text.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// The choice leaves no story: there is nothing to send.
    #[error("the copy holds none of the edition's stories; make no delivery for such a reader")]
    Empty,
    /// No signature could be made.
    #[error("the copy could not be signed: it has no end of headers, or the machine gives no random bytes")]
    Signature,
    /// The machine gave no random bytes.
    #[error("the machine gives no random bytes, which boundaries and marks are made of")]
    Random,
}

#[cfg(test)]
mod tests;
