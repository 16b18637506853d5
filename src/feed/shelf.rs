//! The built feeds, in memory: what an answer needs is made once a build, never once a request.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use chrono::SubsecRound as _;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::{JoinError, JoinSet};

use super::build::{LeftOut, Made, Material, make};
use super::{FeedError, Format};
use crate::article::{Revision, Selection, topic_id};
use crate::clock::{Clock, Instant, from_micros};
use crate::config::{Config, Feed};
use crate::store::feeds::{Window, window};
use crate::store::{Store, Tx, articles};
use crate::template::Templates;

/// One feed in one format, ready to be sent.
#[derive(Clone, Debug)]
pub struct Document {
    /// How it is written down.
    pub format: Format,
    /// The document itself.
    pub bytes: Bytes,
    /// The same, gzip (RFC 1952).
    pub gzip: Bytes,
    /// The same, brotli (RFC 7932).
    pub brotli: Bytes,
    /// The strong tag of its bytes, without quotes; `-gzip` and `-br` behind it name the two others.
    pub tag: String,
    /// When it became what it is: the newest of its entries went public or was taken in. It never goes
    /// back while we run, and it rises with every change of the bytes.
    pub last_modified: Instant,
    /// How many entries it holds.
    pub entries: usize,
}

impl Document {
    /// A document of these bytes, compressed both ways. Takes some milliseconds of the processor.
    pub fn new(format: Format, bytes: Vec<u8>, last_modified: Instant, entries: usize) -> Document {
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let tag = data_encoding::HEXLOWER.encode(&digest.as_ref()[..16]);
        let (gzip, brotli) = (gzip(&bytes), brotli(&bytes));
        Document { format, bytes: bytes.into(), gzip: gzip.into(), brotli: brotli.into(), tag, last_modified, entries }
    }

    /// Its media type with charset.
    pub fn content_type(&self) -> &'static str {
        self.format.content_type()
    }
}

/// gzip without a time in its head, so that the same bytes stay the same bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::new(7));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// brotli at the level beyond which its time grows faster than its gain.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4);
    {
        let mut encoder = brotli::CompressorWriter::new(&mut out, 16 * 1024, 5, 22);
        let _ = encoder.write_all(bytes);
    }
    out
}

/// A feed that could not be built; its last good documents stay up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// The feed.
    pub feed: String,
    /// Why, and what to do.
    pub reason: String,
}

/// What a look at the feeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Built {
    /// How many feeds there are.
    pub feeds: usize,
    /// Those whose documents are other ones than before; all of them when a process builds them first.
    pub changed: Vec<String>,
    /// Files of the static copy that were written, by whoever keeps one.
    pub written: usize,
    /// Articles that feeds had to leave out.
    pub left_out: Vec<LeftOut>,
    /// Feeds whose last good documents had to stay.
    pub failed: Vec<Failed>,
}

/// One feed's documents, in the order of [`Format::ALL`].
type Documents = Vec<Arc<Document>>;
/// All feeds, by name.
type Build = BTreeMap<String, Documents>;

/// All feeds as they are served. Whoever asks gets the last good build.
#[derive(Debug, Default)]
pub struct Shelf {
    up: RwLock<Option<Arc<Build>>>,
    /// What each feed was last built from; also keeps two builds apart.
    known: Mutex<HashMap<String, Known>>,
}

/// What a feed was built from: where this is the same, so are its bytes.
#[derive(Debug)]
struct Known {
    config: Arc<Config>,
    templates: Arc<Templates>,
    window: Window,
    left_out: Vec<LeftOut>,
}

impl Shelf {
    /// An empty shelf; [`Shelf::is_up`] says so.
    pub fn new() -> Shelf {
        Shelf::default()
    }

    /// Whether a first build was put up.
    pub fn is_up(&self) -> bool {
        self.build().is_some()
    }

    /// The feed of that name in that format.
    pub fn get(&self, name: &str, format: Format) -> Option<Arc<Document>> {
        self.build()?.get(name)?.iter().find(|document| document.format == format).cloned()
    }

    /// Every document with the name of its feed, by name.
    pub fn all(&self) -> Vec<(String, Arc<Document>)> {
        let build = self.build().unwrap_or_default();
        build.iter().flat_map(|(name, all)| all.iter().map(|one| (name.clone(), Arc::clone(one)))).collect()
    }

    /// The feeds that could never be built: they have no document.
    pub(super) fn without(&self) -> Vec<String> {
        let build = self.build().unwrap_or_default();
        build.iter().filter(|(_, documents)| documents.is_empty()).map(|(name, _)| name.clone()).collect()
    }

    fn build(&self) -> Option<Arc<Build>> {
        self.up.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks what stands in each feed, and builds those where something changed; each goes up whole,
    /// in all formats at once, or its last good documents stay ([`Built::failed`]). A look that finds
    /// nothing new reads an index and no article.
    ///
    /// # Errors
    /// [`FeedError::Store`]: the store did not answer; everything stays as it was.
    pub async fn rebuild(
        &self,
        store: &Store,
        config: &Arc<Config>,
        templates: &Arc<Templates>,
        clock: &Clock,
    ) -> Result<Built, FeedError> {
        let mut known = self.known.lock().await;
        let old = self.build().unwrap_or_default();
        let now = clock.now();
        let (new, built) = (Build::new(), Built::default());
        let mut round = Round { config, templates, old, new, known: &mut known, built, now };
        let mut work: JoinSet<Job> = JoinSet::new();
        let mut tx = store.read().await?;
        for feed in config.feeds() {
            round.built.feeds += 1;
            let selection = selection(config, &feed);
            let window = window(&mut tx, &selection, config.feeds.items, config.feeds.hours, now).await?;
            if round.stays(&feed.name, &window) {
                continue;
            }
            if work.len() >= WORKERS
                && let Some(job) = work.join_next().await
            {
                round.take(job)?;
            }
            let material = Material {
                revisions: revisions(&mut tx, &window).await?,
                translations: window.translations.clone(),
                gone: window.gone.clone(),
                modified: window.places.iter().map(|place| place.since).max().unwrap_or_else(|| from_micros(0)),
                config: Arc::clone(config),
                templates: Arc::clone(templates),
                feed,
            };
            work.spawn_blocking(move || Job { result: make(&material), name: material.feed.name, window });
        }
        drop(tx);
        while let Some(job) = work.join_next().await {
            round.take(job)?;
        }
        let Round { new, mut built, .. } = round;
        known.retain(|name, _| new.contains_key(name));
        built.changed.sort();
        *self.up.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(new));
        Ok(built)
    }
}

/// One look at all feeds.
struct Round<'a> {
    config: &'a Arc<Config>,
    templates: &'a Arc<Templates>,
    /// What is up.
    old: Arc<Build>,
    /// What goes up.
    new: Build,
    known: &'a mut HashMap<String, Known>,
    built: Built,
    now: Instant,
}

impl Round<'_> {
    /// Keeps what is up, where the feed would be built from the same again.
    fn stays(&mut self, name: &str, window: &Window) -> bool {
        let (Some(last), Some(documents)) = (self.known.get(name), self.old.get(name)) else { return false };
        let same = last.window == *window
            && Arc::ptr_eq(&last.config, self.config)
            && Arc::ptr_eq(&last.templates, self.templates);
        if same {
            self.built.left_out.extend(last.left_out.iter().cloned());
            self.new.insert(name.to_owned(), documents.clone());
        }
        same
    }

    /// The document as it follows the one that is up: the same one where its bytes are the same, else
    /// one that is later, though only something left it.
    fn after(&self, name: &str, mut document: Document) -> Arc<Document> {
        let before = self.old.get(name).and_then(|all| all.iter().find(|before| before.format == document.format));
        match before {
            Some(before) if before.tag == document.tag => return Arc::clone(before),
            Some(before) if before.last_modified.trunc_subsecs(0) >= document.last_modified.trunc_subsecs(0) => {
                document.last_modified = self.now.max(before.last_modified);
            }
            _ => {}
        }
        Arc::new(document)
    }

    /// Takes what was built, or keeps the last good one.
    fn take(&mut self, job: Result<Job, JoinError>) -> Result<(), FeedError> {
        // A build that panicked names no feed; the whole round is given up, and everything stays as it was.
        let Job { name, window, result } = job.map_err(|error| FeedError::Broken(error.to_string()))?;
        let before = self.old.get(&name);
        match result {
            Ok(Made { documents, left_out }) => {
                let same = before.is_some_and(|b| b.iter().map(|d| &d.tag).eq(documents.iter().map(|d| &d.tag)));
                if !same {
                    self.built.changed.push(name.clone());
                }
                self.built.left_out.extend(left_out.iter().cloned());
                let (config, templates) = (Arc::clone(self.config), Arc::clone(self.templates));
                self.known.insert(name.clone(), Known { config, templates, window, left_out });
                let documents = documents.into_iter().map(|document| self.after(&name, document)).collect();
                self.new.insert(name, documents);
            }
            Err(error) => {
                self.built.failed.push(Failed { feed: name.clone(), reason: error.to_string() });
                self.known.remove(&name);
                self.new.insert(name, before.cloned().unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// Feeds built at once: each takes a processor.
const WORKERS: usize = 2;

/// A build that was done on a blocking thread.
struct Job {
    name: String,
    window: Window,
    result: Result<Made, FeedError>,
}

/// Which articles the feed takes.
fn selection(config: &Config, feed: &Feed) -> Selection {
    Selection {
        languages: feed.languages(&config.language()),
        topics: feed.topics.iter().map(|topic| topic_id(topic)).collect(),
        sources: feed.sources.clone(),
    }
}

/// What the entries say, in the order of the window.
async fn revisions(tx: &mut Tx, window: &Window) -> Result<Vec<Revision>, FeedError> {
    let ids: Vec<i64> = window.places.iter().map(|place| place.revision).collect();
    let mut found: HashMap<i64, Revision> =
        articles::revisions(tx, &ids).await?.into_iter().map(|revision| (revision.id, revision)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

#[cfg(test)]
mod tests;
