//! Archive documents (RFC 5005, section 4): what is older than a feed's window, a hundred entries each, made when somebody
//! asks and kept for a while. A thousand of them are behind a feed of 100,000 articles; few are ever read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::build::make_page;
use super::shelf::{Shelf, follow, material};
use super::{Document, FeedError, Format};
use crate::clock::{Clock, Instant};
use crate::config::{Config, Feed};
use crate::store::Store;
use crate::store::feeds::{A_PAGE, Standing, Window, page};
use crate::template::Templates;

/// The most that kept documents weigh together, in bytes; what was asked for longest ago goes first.
const KEPT: usize = 48 * 1024 * 1024;
/// Documents made at once: each takes a processor.
const AT_ONCE: usize = 2;

/// The documents that were made, by feed, number and format.
#[derive(Debug)]
pub(super) struct Archives {
    kept: Mutex<Kept>,
    making: Semaphore,
}

impl Default for Archives {
    fn default() -> Self {
        Archives { kept: Mutex::default(), making: Semaphore::new(AT_ONCE) }
    }
}

type Key = (String, i64, Format);

#[derive(Debug, Default)]
struct Kept {
    documents: HashMap<Key, Archived>,
    weight: usize,
    /// Counts what is asked for, so that one sees what was asked for longest ago.
    asked: u64,
}

/// A document and what it was made of.
#[derive(Clone, Debug)]
struct Archived {
    document: Arc<Document>,
    made_of: Arc<MadeOf>,
    /// The feed's version for which it is known to be right, and until when by time alone.
    version: i64,
    until: Option<Instant>,
    asked: u64,
}

/// Where this is the same, so are the bytes.
#[derive(Debug)]
struct MadeOf {
    window: Window,
    config: Arc<Config>,
    templates: Arc<Templates>,
}

impl Shelf {
    /// The archive document of that number (from 1) behind a feed, in Atom or JSON; `None` where there is none. One that
    /// was made before is taken from memory, and from the store's view of it where its feed has changed since.
    ///
    /// # Errors
    /// [`FeedError::Store`]; [`FeedError::Gate`] where it would not be read as it was meant.
    pub async fn archive(
        &self,
        store: &Store,
        (config, templates): (&Arc<Config>, &Arc<Templates>),
        clock: &Clock,
        (name, number, format): (&str, i64, Format),
    ) -> Result<Option<Arc<Document>>, FeedError> {
        let Some(build) = self.build() else { return Ok(None) };
        let Some(feed) = build.feeds.iter().find(|feed| feed.name == name) else { return Ok(None) };
        let Some(standing) = build.standings.get(name) else { return Ok(None) };
        if number < 1 || (number - 1).saturating_mul(A_PAGE) >= standing.last || format == Format::Rss {
            return Ok(None);
        }
        let ask = Ask { config, templates, feed, standing, number, format, now: clock.now() };
        if let Some(document) = self.archives.known(&ask) {
            return Ok(Some(document));
        }
        let turn = self.archives.making.acquire().await;
        let _turn = turn.map_err(|error| FeedError::Broken(error.to_string()))?;
        // Whoever waited may have waited for just this one.
        match self.archives.known(&ask) {
            Some(document) => Ok(Some(document)),
            None => self.archives.make(store, &ask).await.map(Some),
        }
    }
}

/// What is asked for.
struct Ask<'a> {
    config: &'a Arc<Config>,
    templates: &'a Arc<Templates>,
    feed: &'a Feed,
    standing: &'a Standing,
    number: i64,
    format: Format,
    now: Instant,
}

impl Ask<'_> {
    fn key(&self) -> Key {
        (self.feed.name.clone(), self.number, self.format)
    }

    fn is_made_of(&self, made_of: &MadeOf) -> bool {
        Arc::ptr_eq(&made_of.config, self.config) && Arc::ptr_eq(&made_of.templates, self.templates)
    }
}

impl Archives {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document, where it is known to be right without a look into the store.
    fn known(&self, ask: &Ask<'_>) -> Option<Arc<Document>> {
        let mut kept = self.kept();
        kept.asked += 1;
        let asked = kept.asked;
        let archived = kept.documents.get_mut(&ask.key())?;
        let right = archived.version == ask.standing.version
            && archived.until.is_none_or(|until| ask.now < until)
            && ask.is_made_of(&archived.made_of);
        archived.asked = asked;
        right.then(|| Arc::clone(&archived.document))
    }

    async fn make(&self, store: &Store, ask: &Ask<'_>) -> Result<Arc<Document>, FeedError> {
        let mut tx = store.read().await?;
        let mut window = page(&mut tx, ask.standing, ask.number, ask.now).await?;
        // Of the feed's growth it shows only whether there is a next document.
        window.last = window.last.min(ask.number * A_PAGE + 1);
        let until = window.until();
        let before = self.kept().documents.get(&ask.key()).cloned();
        if let Some(before) = &before
            && before.made_of.window == window
            && ask.is_made_of(&before.made_of)
        {
            let document = Arc::clone(&before.document);
            self.keep(ask, Archived { version: ask.standing.version, until, ..before.clone() });
            return Ok(document);
        }
        let mut material = material(&mut tx, ask.config, ask.templates, ask.feed, &window).await?;
        drop(tx);
        material.page = Some(ask.number);
        let format = ask.format;
        let made = tokio::task::spawn_blocking(move || make_page(&material, format)).await;
        let made = made.map_err(|error| FeedError::Broken(error.to_string()))??;
        for left_out in &made.left_out {
            tracing::warn!("archive {} of {left_out}", ask.number);
        }
        let document = made.documents.into_iter().next();
        let document = document.ok_or_else(|| FeedError::Broken("no document was made".to_owned()))?;
        let document = follow(before.as_ref().map(|before| &before.document), document, ask.now);
        let (config, templates) = (Arc::clone(ask.config), Arc::clone(ask.templates));
        let made_of = Arc::new(MadeOf { window, config, templates });
        let archived =
            Archived { document: Arc::clone(&document), made_of, version: ask.standing.version, until, asked: 0 };
        self.keep(ask, archived);
        Ok(document)
    }

    /// Keeps a document, and lets go those that were asked for longest ago where they are too many.
    fn keep(&self, ask: &Ask<'_>, archived: Archived) {
        let mut kept = self.kept();
        let archived = Archived { asked: kept.asked, ..archived };
        kept.weight += weight(&archived.document);
        if let Some(before) = kept.documents.insert(ask.key(), archived) {
            kept.weight = kept.weight.saturating_sub(weight(&before.document));
        }
        while kept.weight > KEPT && kept.documents.len() > 1 {
            let oldest = kept.documents.iter().min_by_key(|(_, archived)| archived.asked).map(|(key, _)| key.clone());
            let Some(gone) = oldest.and_then(|key| kept.documents.remove(&key)) else { break };
            kept.weight = kept.weight.saturating_sub(weight(&gone.document));
        }
    }
}

fn weight(document: &Document) -> usize {
    document.bytes.len() + document.gzip.len() + document.brotli.len()
}
