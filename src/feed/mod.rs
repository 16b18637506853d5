//! articles → readers. A feed is kept in every format, one file a format; nothing here has heard of
//! a mail, or of a request.
//!
//! 1. [`Shelf::rebuild`] asks which feeds there are (`offer`) and what stands in each, and stops there where nothing changed.
//! 2. `content` says what each entry says: corrections, notices, clean text (`text`), the words (`words`).
//! 3. `window` fits them into 512 KB; `rss`, `atom` and `json` write them down.
//! 4. `gate` reads each document back before it goes up. A bad article is left out and named; the last
//!    good feed stays.
//! 5. [`Shelf::archive`] makes what is older, a hundred entries a document, when somebody asks for it.
//! 6. [`write_static`] and [`write_archives`] keep a copy in a folder, each file written whole or not at all.
//! 7. [`websub`] tells whoever has asked that there are new bytes, once they are up.
//!
//! To add a format: a file here, and an arm in each `match` of `Format`.

mod archive;
mod atom;
mod build;
mod content;
mod files;
mod format;
mod gate;
mod json;
mod offer;
mod opml;
mod publish;
mod rss;
mod rules;
mod shelf;
mod text;
pub mod websub;
mod window;
mod words;

use std::path::PathBuf;

pub use build::{LeftOut, examine};
pub use files::write_archives;
pub use format::Format;
pub use offer::known;
pub use publish::{Copy, Rank, Written, write_static};
pub use shelf::{Built, Document, Failed, Shelf, gzip};

use crate::store::StoreError;

/// What can go wrong with a feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A crate could not write the document.
    #[error("feed {feed}: the {} document could not be written: {reason}; the last good one stays up", format.name())]
    Write {
        /// The feed.
        feed: String,
        /// The format.
        format: Format,
        /// Why.
        reason: String,
    },
    /// A document would not be read as it was meant, and no single article is the cause.
    #[error("feed {feed}: the {} document was refused before it went up: {reason}; the last good one stays up", format.name())]
    Gate {
        /// The feed.
        feed: String,
        /// The format.
        format: Format,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// The list of all feeds would not be read as it was meant.
    #[error("feeds.opml was refused before it went up: {0}; the last good one stays up")]
    List(String),
    /// The work broke off: a fault of ours.
    #[error("feeds: the work broke off: {0}; what was up stays up")]
    Broken(String),
    /// A file of the static copy could not be written; what stood there still stands.
    #[error("static copy: {path}: {source}; the earlier file stays as it was{}", if is_full(source) { ". Make room on the disk, and publish again" } else { "" })]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

impl FeedError {
    /// Whether the disk is full: what stood before still stands.
    pub fn is_full(&self) -> bool {
        match self {
            FeedError::Store(error) => error.is_full(),
            FeedError::Copy { source, .. } => is_full(source),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
