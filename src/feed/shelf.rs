//! The built feeds, in memory: what an answer needs is made once a build, never once a request.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use chrono::SubsecRound as _;
use hyper::header::HeaderValue;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::{JoinError, JoinSet};

use super::archive::Archives;
use super::build::{LeftOut, Made, Material, make};
use super::offer::{Look, look};
use super::{FeedError, Format, opml, websub};
use crate::article::Revision;
use crate::clock::{Clock, Instant, from_micros};
use crate::config::{Config, Feed};
use crate::store::feeds::{Standings, Window, window};
use crate::store::{Store, Tx, articles};
use crate::template::Templates;

/// One feed in one format, ready to be sent.
#[derive(Clone, Debug)]
pub struct Document {
    /// How it is written down; `None` for the list of all feeds, which is none.
    pub format: Option<Format>,
    /// Its media type with charset.
    pub content_type: &'static str,
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
    /// What the `Link` field of an answer says: its hubs, and itself.
    pub link: Option<HeaderValue>,
}

impl Document {
    /// A document of these bytes, compressed both ways. Takes some milliseconds of the processor.
    pub fn new(format: Format, bytes: Vec<u8>, last_modified: Instant, entries: usize) -> Document {
        Document { format: Some(format), entries, ..Document::of(format.content_type(), bytes, last_modified) }
    }

    /// The same of what is no feed.
    pub(super) fn of(content_type: &'static str, bytes: Vec<u8>, last_modified: Instant) -> Document {
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let tag = data_encoding::HEXLOWER.encode(&digest.as_ref()[..16]);
        let (gzip, brotli) = (gzip(&bytes).into(), brotli(&bytes).into());
        Document {
            format: None,
            content_type,
            bytes: bytes.into(),
            gzip,
            brotli,
            tag,
            last_modified,
            entries: 0,
            link: None,
        }
    }
}

/// gzip without a time in its head, so that the same bytes stay the same bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
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

/// Everything that is up.
#[derive(Debug, Default)]
pub(super) struct Build {
    /// The feeds there are, in the order in which people see them.
    pub(super) feeds: Arc<Vec<Feed>>,
    /// How each stands in the store, as of this build.
    pub(super) standings: Standings,
    documents: BTreeMap<String, Documents>,
    opml: Option<Arc<Document>>,
    built: Built,
}

/// All feeds as they are served. Whoever asks gets the last good build.
#[derive(Debug, Default)]
pub struct Shelf {
    up: RwLock<Option<Arc<Build>>>,
    /// What each feed was last built from; also keeps two builds apart.
    known: Mutex<HashMap<String, Known>>,
    pub(super) archives: Archives,
    /// Whether this process answers for the hub.
    serves_hub: AtomicBool,
}

/// What a feed was built from: where this is the same, so are its bytes.
#[derive(Debug)]
struct Known {
    config: Arc<Config>,
    templates: Arc<Templates>,
    /// The store's version of what the feed shows, and until when that holds.
    version: i64,
    until: Option<Instant>,
    /// Since when it has ended.
    ended: Option<Instant>,
    window: Window,
    left_out: Vec<LeftOut>,
}

impl Shelf {
    /// An empty shelf; [`Shelf::is_up`] says so.
    pub fn new() -> Shelf {
        Shelf::default()
    }

    /// From now on this process answers for the hub, and what it serves names it.
    pub fn serve_hub(&self) {
        self.serves_hub.store(true, Ordering::Relaxed);
    }

    /// Whether it does.
    pub fn serves_hub(&self) -> bool {
        self.serves_hub.load(Ordering::Relaxed)
    }

    /// Whether a first build was put up.
    pub fn is_up(&self) -> bool {
        self.build().is_some()
    }

    /// The feeds there are: those of the configuration, else one a language and one a topic and language. Before the
    /// first build those that the configuration alone tells.
    pub fn feeds(&self, config: &Config) -> Arc<Vec<Feed>> {
        self.build().map_or_else(|| Arc::new(config.feeds()), |build| Arc::clone(&build.feeds))
    }

    /// The feed of that name in that format.
    pub fn get(&self, name: &str, format: Format) -> Option<Arc<Document>> {
        self.build()?.documents.get(name)?.iter().find(|document| document.format == Some(format)).cloned()
    }

    /// Every document with the name of its feed, by name.
    pub fn all(&self) -> Vec<(String, Arc<Document>)> {
        let build = self.build().unwrap_or_default();
        let documents = build.documents.iter();
        documents.flat_map(|(name, all)| all.iter().map(|one| (name.clone(), Arc::clone(one)))).collect()
    }

    /// The list of all feeds, as OPML.
    pub fn opml(&self) -> Option<Arc<Document>> {
        self.build()?.opml.clone()
    }

    /// What the last look at the feeds came to.
    pub fn built(&self) -> Built {
        self.build().map(|build| build.built.clone()).unwrap_or_default()
    }

    /// The feeds that could never be built: they have no document.
    pub(super) fn without(&self) -> Vec<String> {
        let build = self.build().unwrap_or_default();
        build.documents.iter().filter(|(_, documents)| documents.is_empty()).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn build(&self) -> Option<Arc<Build>> {
        self.up.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks which feeds show something else than before, and builds those; each goes up whole, in all formats at once,
    /// or its last good documents stay ([`Built::failed`]). A look that finds nothing new costs two small statements.
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
        let Look { feeds, standings, mut tx } = look(store, config, templates).await?;
        let (new, built) = (BTreeMap::new(), Built { feeds: feeds.len(), ..Built::default() });
        let mut round = Round { config, templates, old, new, known: &mut known, built, now };
        let mut work: JoinSet<Job> = JoinSet::new();
        for feed in &feeds {
            let Some(standing) = standings.get(&feed.name) else { continue };
            let ended = feed.ends(config.site.timezone).filter(|at| *at <= now);
            if known_end(round.known, &feed.name) != ended {
                round.known.remove(&feed.name);
            }
            if round.stays(&feed.name, standing.version) {
                continue;
            }
            let window = window(&mut tx, standing, config.feeds.items, config.feeds.hours, now).await?;
            if round.is_same(&feed.name, standing.version, &window) {
                continue;
            }
            if work.len() >= WORKERS
                && let Some(job) = work.join_next().await
            {
                round.take(job)?;
            }
            let mut material = material(&mut tx, config, templates, feed, &window).await?;
            material.hubs = websub::named(config, self.serves_hub());
            material.ended = ended;
            let version = standing.version;
            work.spawn_blocking(move || Job {
                result: make(&material),
                name: material.feed.name,
                version,
                ended,
                window,
            });
        }
        drop(tx);
        while let Some(job) = work.join_next().await {
            round.take(job)?;
        }
        let opml = round.opml(&feeds);
        let Round { new: documents, mut built, .. } = round;
        known.retain(|name, _| documents.contains_key(name));
        built.changed.sort();
        let build = Build { feeds: Arc::new(feeds), standings, documents, opml, built: built.clone() };
        *self.up.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(build));
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
    new: BTreeMap<String, Documents>,
    known: &'a mut HashMap<String, Known>,
    built: Built,
    now: Instant,
}

impl Round<'_> {
    /// Keeps what is up, where the store says that the feed shows the same.
    fn stays(&mut self, name: &str, version: i64) -> bool {
        let Some(last) = self.known.get(name) else { return false };
        let same = last.version == version && last.until.is_none_or(|until| self.now < until);
        same && self.keeps(name)
    }

    /// Keeps what is up, where the feed would be built from the same again.
    fn is_same(&mut self, name: &str, version: i64, window: &Window) -> bool {
        if self.known.get(name).is_none_or(|last| last.window != *window) || !self.keeps(name) {
            return false;
        }
        if let Some(last) = self.known.get_mut(name) {
            (last.version, last.until) = (version, window.until());
        }
        true
    }

    /// Keeps what is up, where it was made by the same configuration and words.
    fn keeps(&mut self, name: &str) -> bool {
        let (Some(last), Some(documents)) = (self.known.get(name), self.old.documents.get(name)) else { return false };
        let same = Arc::ptr_eq(&last.config, self.config) && Arc::ptr_eq(&last.templates, self.templates);
        if same {
            self.built.left_out.extend(last.left_out.iter().cloned());
            self.new.insert(name.to_owned(), documents.clone());
        }
        same
    }

    /// The document as it follows the one that is up: the same one where its bytes are the same, else
    /// one that is later, though only something left it.
    fn after(&self, name: &str, document: Document) -> Arc<Document> {
        let before = self.old.documents.get(name);
        follow(before.and_then(|all| all.iter().find(|before| before.format == document.format)), document, self.now)
    }

    /// The list of all feeds; the last good one where it cannot be written.
    fn opml(&mut self, feeds: &[Feed]) -> Option<Arc<Document>> {
        let before = self.old.opml.as_ref();
        match opml::write(self.config, self.templates, feeds) {
            Ok(bytes) if before.is_some_and(|before| before.bytes == bytes) => before.cloned(),
            // It bears no date of its own: it is as old as this list of feeds.
            Ok(bytes) => Some(follow(before, Document::of(opml::CONTENT_TYPE, bytes, self.now), self.now)),
            Err(error) => {
                let failed = Failed { feed: "feeds.opml".to_owned(), reason: error.to_string() };
                self.built.failed.push(failed);
                before.cloned()
            }
        }
    }

    /// Takes what was built, or keeps the last good one.
    fn take(&mut self, job: Result<Job, JoinError>) -> Result<(), FeedError> {
        // A build that panicked names no feed; the whole round is given up, and everything stays as it was.
        let Job { name, version, ended, window, result } = job.map_err(|error| FeedError::Broken(error.to_string()))?;
        let before = self.old.documents.get(&name);
        match result {
            Ok(Made { documents, left_out }) => {
                let same = before.is_some_and(|b| b.iter().map(|d| &d.tag).eq(documents.iter().map(|d| &d.tag)));
                if !same {
                    self.built.changed.push(name.clone());
                }
                self.built.left_out.extend(left_out.iter().cloned());
                let (config, templates) = (Arc::clone(self.config), Arc::clone(self.templates));
                let until = window.until();
                self.known.insert(name.clone(), Known { config, templates, version, until, ended, window, left_out });
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

/// `document` as it follows `before` at an address: the same one where its bytes are the same, else one that is later.
pub(super) fn follow(before: Option<&Arc<Document>>, mut document: Document, now: Instant) -> Arc<Document> {
    match before {
        Some(before) if before.tag == document.tag => return Arc::clone(before),
        Some(before) if before.last_modified.trunc_subsecs(0) >= document.last_modified.trunc_subsecs(0) => {
            document.last_modified = now.max(before.last_modified);
        }
        _ => {}
    }
    Arc::new(document)
}

/// Feeds built at once: each takes a processor.
const WORKERS: usize = 2;

/// A build that was done on a blocking thread.
struct Job {
    name: String,
    version: i64,
    ended: Option<Instant>,
    window: Window,
    result: Result<Made, FeedError>,
}

/// What a feed, or one of its archive documents, is made of.
pub(super) async fn material(
    tx: &mut Tx,
    config: &Arc<Config>,
    templates: &Arc<Templates>,
    feed: &Feed,
    window: &Window,
) -> Result<Material, FeedError> {
    let ids: Vec<i64> = window.places.iter().map(|place| place.revision).collect();
    let mut found: HashMap<i64, Revision> =
        articles::revisions(tx, &ids).await?.into_iter().map(|revision| (revision.id, revision)).collect();
    let places = window.places.iter();
    Ok(Material {
        revisions: places.filter_map(|place| Some((place.number, found.remove(&place.revision)?))).collect(),
        translations: window.translations.clone(),
        gone: window.gone.clone(),
        last: window.last,
        tail: window.tail.clone(),
        page: None,
        modified: window.places.iter().map(|place| place.since).max().unwrap_or_else(|| from_micros(0)),
        config: Arc::clone(config),
        templates: Arc::clone(templates),
        feed: feed.clone(),
        hubs: Vec::new(),
        ended: None,
    })
}

/// Since when a feed has ended, as it was last built.
fn known_end(known: &HashMap<String, Known>, name: &str) -> Option<Instant> {
    known.get(name).and_then(|last| last.ended)
}

#[cfg(test)]
impl Shelf {
    /// A shelf with one empty feed of that name.
    pub(super) fn with(name: &str) -> Shelf {
        let shelf = Shelf::new();
        let one = |format| Arc::new(Document::new(format, Vec::new(), from_micros(0), 0));
        let documents = BTreeMap::from([(name.to_owned(), Format::ALL.map(one).to_vec())]);
        let build = Build { documents, ..Build::default() };
        *shelf.up.write().unwrap() = Some(Arc::new(build));
        shelf
    }
}

#[cfg(test)]
mod tests;
