//! The archive documents in the static copy. Only those that changed are written again: a thousand stand behind a feed of
//! 100,000 articles, and one more article changes the newest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::build::{ARCHIVED, Material, write_page};
use super::shelf::{Build, Shelf, material};
use super::{Copy, FeedError, Format, Written};
use crate::clock::{Clock, from_micros};
use crate::config::Config;
use crate::store::Store;
use crate::store::feeds::{A_PAGE, changed_pages, page};
use crate::template::Templates;

/// The part of the copy that they are.
const PART: &str = "archives";
/// Documents made at once: each takes a processor.
const AT_ONCE: usize = 2;

/// What the copy held when it was last finished.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// A digest of configuration, templates and program.
    made_with: String,
    /// When, in microseconds.
    at: i64,
    /// Each feed's version.
    feeds: BTreeMap<String, i64>,
}

/// A document to be written.
struct File {
    path: String,
    bytes: Vec<u8>,
}

/// Writes the archive documents of every feed of the shelf into `folder` as `feeds/NAME/archive/N.atom` and `.json`, each
/// with its `.gz` beside it, where they are other ones than those written last; removes those of feeds that are no more.
///
/// # Errors
/// [`FeedError::Copy`]: a file could not be written; the one that stood there still stands whole. [`FeedError::Store`].
pub async fn write_archives(
    shelf: &Shelf,
    store: &Store,
    (config, templates): (&Arc<Config>, &Arc<Templates>),
    clock: &Clock,
    folder: &Path,
) -> Result<Written, FeedError> {
    let Some(build) = shelf.build() else { return Ok(Written::default()) };
    let now = clock.now();
    let before: Mark = serde_json::from_str(&Copy::marked(folder, PART)).unwrap_or_default();
    let feeds =
        build.feeds.iter().filter_map(|feed| Some((feed.name.clone(), build.standings.get(&feed.name)?.version)));
    let mark = Mark { made_with: made_with(config, templates), at: now.timestamp_micros(), feeds: feeds.collect() };
    let todo = todo(store, &build, &before, &mark).await?;
    if todo.is_empty() && before.made_with == mark.made_with && before.feeds.keys().eq(mark.feeds.keys()) {
        return Ok(Written::default());
    }
    let all = build.feeds.iter().filter_map(|feed| Some((feed.name.clone(), build.standings.get(&feed.name)?.last)));
    let (files, disk) = writer(folder, all.collect());
    let mut making: JoinSet<Result<Vec<File>, FeedError>> = JoinSet::new();
    for (name, number) in todo {
        let Some(feed) = build.feeds.iter().find(|feed| feed.name == name) else { continue };
        let Some(standing) = build.standings.get(&name) else { continue };
        if making.len() >= AT_ONCE && !hand_over(&mut making, &files).await? {
            // The disk gave up; it says why below.
            break;
        }
        let mut tx = store.read().await?;
        let window = page(&mut tx, standing, number, now).await?;
        let mut material = material(&mut tx, config, templates, feed, &window).await?;
        drop(tx);
        material.page = Some(number);
        making.spawn_blocking(move || make(&material, number));
    }
    while !making.is_empty() {
        hand_over(&mut making, &files).await?;
    }
    drop(files);
    let written = disk.await.map_err(|error| FeedError::Broken(error.to_string()))??;
    let mark = serde_json::to_string(&mark).map_err(|error| FeedError::Broken(error.to_string()))?;
    Copy::mark(folder, PART, &mark)?;
    Ok(written)
}

fn made_with(config: &Config, templates: &Templates) -> String {
    let text = format!("{config:?} {} {}", templates.digest(), env!("CARGO_PKG_VERSION"));
    data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
}

/// The documents that are other ones than those in the copy, as feed and number.
async fn todo(store: &Store, build: &Build, before: &Mark, mark: &Mark) -> Result<Vec<(String, i64)>, FeedError> {
    let mut todo = Vec::new();
    let mut tx = store.read().await?;
    for name in mark.feeds.keys() {
        let Some(standing) = build.standings.get(name) else { continue };
        let known = before.feeds.get(name).filter(|_| before.made_with == mark.made_with);
        let pages = match known {
            Some(version) => {
                let (at, now) = (from_micros(before.at), from_micros(mark.at));
                changed_pages(&mut tx, standing, *version, at, now).await?
            }
            None => (1..=pages(standing.last)).collect(),
        };
        todo.extend(pages.into_iter().map(|page| (name.clone(), page)));
    }
    Ok(todo)
}

/// How many documents a feed with that highest number has.
fn pages(last: i64) -> i64 {
    (last + A_PAGE - 1) / A_PAGE
}

fn path(feed: &str, number: i64, format: Format) -> String {
    format!("feeds/{feed}/archive/{number}.{}", format.extension())
}

fn make(material: &Material, number: i64) -> Result<Vec<File>, FeedError> {
    let (written, left_out) = write_page(material)?;
    for left_out in &left_out {
        tracing::warn!("archive {number} of {left_out}");
    }
    let file = |(format, bytes)| File { path: path(&material.feed.name, number, format), bytes };
    Ok(written.into_iter().map(file).collect())
}

/// Takes one finished document to the disk; `false` where that takes no more.
async fn hand_over(
    making: &mut JoinSet<Result<Vec<File>, FeedError>>,
    files: &mpsc::Sender<File>,
) -> Result<bool, FeedError> {
    let Some(made) = making.join_next().await else { return Ok(true) };
    match made.map_err(|error| FeedError::Broken(error.to_string()))? {
        Ok(made) => {
            for file in made {
                if files.send(file).await.is_err() {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        // One that is refused stays as it was, and stops no other.
        Err(error @ FeedError::Gate { .. }) => {
            tracing::error!("{error}");
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// A thread that writes what it is sent, keeps the documents that did not change, and finishes the copy when no more comes.
fn writer(
    folder: &Path,
    feeds: Vec<(String, i64)>,
) -> (mpsc::Sender<File>, tokio::task::JoinHandle<Result<Written, FeedError>>) {
    let (files, mut sent) = mpsc::channel::<File>(2 * AT_ONCE);
    let folder: PathBuf = folder.to_owned();
    let disk = tokio::task::spawn_blocking(move || {
        let mut copy = Copy::open(&folder, PART)?;
        for (name, last) in &feeds {
            for number in 1..=pages(*last) {
                ARCHIVED.iter().for_each(|format| copy.keep(&path(name, number, *format)));
            }
        }
        while let Some(File { path, bytes }) = sent.blocking_recv() {
            copy.put(&path, &bytes, None)?;
        }
        copy.finish()
    });
    (files, disk)
}
