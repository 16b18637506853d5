//! → articles, → people: what the newsroom brings in, one file a kind of source.
//!
//! 1. [`read_all`] reads each source; [`folder`] is the kind there is. What it finds becomes drafts, and the store keeps them.
//! 2. [`lists`] takes in the people of each list's file.
//! 3. [`watch`] wakes the reading when a folder changes, and says what did: then [`read_some`] reads that alone.

mod around;
pub mod folder;
pub mod lists;
mod media;
mod report;
mod watch;

pub use lists::ListReport;
pub use report::ReadReport;
pub use watch::{Noticed, Watching, watch};

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::article::Fault;
use crate::clock::Clock;
use crate::config::{Config, Source};
use crate::store::{Store, StoreError};

/// Why a source could not be read at all. What is wrong with one file is a [`Fault`].
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be listed.
    #[error("[[sources]] {name}: path: {path}: {reason}; make the folder, or name another")]
    Folder {
        /// The source.
        name: String,
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A picture's copy could not be written.
    #[error("[site] media: {path}: {source}")]
    Media {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system does not let us watch folders.
    #[error("{0}")]
    Watch(#[from] notify::Error),
    /// Reading broke off.
    #[error("reading broke off: {0}")]
    Broken(String),
}

/// Reads every source; one that cannot be read at all stands in its report, and stops no other.
///
/// # Errors
/// What the store says.
pub async fn read_all(store: &Store, config: &Config, clock: &Clock) -> Result<Vec<ReadReport>, SourceError> {
    let mut reports = Vec::with_capacity(config.sources.len());
    for source in &config.sources {
        let read = match source {
            Source::Folder(settings) => folder::read(store, config, clock, settings).await,
        };
        match read {
            Ok(report) => reports.push(report),
            Err(SourceError::Store(error)) => return Err(error.into()),
            Err(error) => reports.push(ReadReport::failed(source.name(), error.to_string())),
        }
    }
    Ok(reports)
}

/// Reads only the files at these paths: one that was saved costs no look at all the others. `None` where they cannot be read
/// by themselves; then [`read_all`] is to.
///
/// # Errors
/// What the store says; a folder that cannot be read.
pub async fn read_some(
    store: &Store,
    config: &Config,
    clock: &Clock,
    paths: &BTreeSet<PathBuf>,
) -> Result<Option<Vec<ReadReport>>, SourceError> {
    let mut reports = Vec::new();
    let mut left: BTreeSet<&PathBuf> = paths.iter().collect();
    for source in &config.sources {
        let Source::Folder(folder) = source;
        let root = config.path(&folder.path);
        let theirs: Vec<PathBuf> = left.iter().filter(|path| path.starts_with(&root)).map(|p| (*p).clone()).collect();
        if theirs.is_empty() {
            continue;
        }
        left.retain(|path| !path.starts_with(&root));
        match folder::read_some(store, config, clock, folder, theirs).await? {
            Some(report) => reports.push(report),
            None => return Ok(None),
        }
    }
    // The file of a list, or what no source has.
    Ok(left.is_empty().then_some(reports))
}

/// What `check` asks: every fault of every source's files. Nothing is kept or changed.
pub fn check_articles(config: &Config, clock: &Clock) -> Vec<Fault> {
    let mut all = Vec::new();
    for source in &config.sources {
        let found = match source {
            Source::Folder(settings) => folder::faults(config, clock, settings),
        };
        match found {
            Ok(faults) => all.extend(faults),
            Err(error) => {
                all.push(Fault { file: source.name().to_owned(), line: None, reason: error.to_string(), fatal: true });
            }
        }
    }
    all
}
