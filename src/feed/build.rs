//! One feed from its revisions: entries made, fitted, written in each format, checked, compressed.
//! All of it is work for the processor: called on a blocking thread.

use std::sync::Arc;

use hyper::header::HeaderValue;
use serde::Serialize;

use super::content::{Archive, Channel, Entry, Maker};
use super::{Document, FeedError, Format, gate, rules, websub, window};
use crate::article::{ArticleId, Revision};
use crate::clock::Instant;
use crate::config::{Config, Feed};
use crate::store::feeds::{Gone, Translation};
use crate::template::Templates;

/// An article that a feed had to leave out, so that the others could stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The feed.
    pub feed: String,
    /// The article.
    pub article: ArticleId,
    /// Its headline.
    pub title: String,
    /// What is wrong with it, and where: format, line and column.
    pub reason: String,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "feed {}: “{}” ({}) is left out: {}", self.feed, self.title, self.article, self.reason)
    }
}

/// What a feed is made of.
pub(super) struct Material {
    pub(super) config: Arc<Config>,
    pub(super) templates: Arc<Templates>,
    pub(super) feed: Feed,
    /// Newest first, each with its number in the feed.
    pub(super) revisions: Vec<(i64, Revision)>,
    /// By story.
    pub(super) translations: Vec<Translation>,
    pub(super) gone: Vec<Gone>,
    /// The highest number an entry of the feed has.
    pub(super) last: i64,
    /// The numbers after the last full archive document.
    pub(super) tail: Vec<i64>,
    /// Which archive document this is; `None`: the feed itself.
    pub(super) page: Option<i64>,
    /// When the newest of it came to be public.
    pub(super) modified: Instant,
    /// The hubs that the documents name.
    pub(super) hubs: Vec<String>,
    /// Since when the feed takes nothing new, where that has come.
    pub(super) ended: Option<Instant>,
}

/// One feed in each format.
pub(super) struct Made {
    pub(super) documents: Vec<Document>,
    pub(super) left_out: Vec<LeftOut>,
}

/// What a document may be.
struct Limits {
    formats: &'static [Format],
    /// The most bytes.
    cap: usize,
    /// Whether entries are dropped that do not fit; otherwise they are told by their summary at least.
    drops: bool,
}

const FEED: Limits = Limits { formats: &Format::ALL, cap: window::CAP, drops: true };

/// The formats in which archive documents are linked.
pub(super) const ARCHIVED: [Format; 2] = [Format::Atom, Format::Json];

impl Limits {
    /// Those of an archive document: what stands in it stands nowhere else.
    fn archive(formats: &'static [Format]) -> Limits {
        Limits { formats, cap: 4 * window::CAP, drops: false }
    }
}

/// Makes the feed in each format.
///
/// # Errors
/// [`FeedError::Gate`] where a document is refused and no single article is the cause.
pub(super) fn make(material: &Material) -> Result<Made, FeedError> {
    made(material, &FEED)
}

/// Makes an archive document in one format: JSON Feed, or else Atom.
///
/// # Errors
/// As [`make`].
pub(super) fn make_page(material: &Material, format: Format) -> Result<Made, FeedError> {
    made(material, &Limits::archive(if format == Format::Json { &ARCHIVED[1..] } else { &ARCHIVED[..1] }))
}

/// The same in both formats, as bytes alone: for files.
///
/// # Errors
/// As [`make`].
pub(super) fn write_page(material: &Material) -> Result<(Texts, Vec<LeftOut>), FeedError> {
    let (written, left_out, _) = settled(material, &Limits::archive(&ARCHIVED))?;
    Ok((written, left_out))
}

fn made(material: &Material, limits: &Limits) -> Result<Made, FeedError> {
    let (written, left_out, entries) = settled(material, limits)?;
    let modified = material.ended.map_or(material.modified, |ended| ended.max(material.modified));
    let made =
        |(format, bytes)| Document { link: link(material, format), ..Document::new(format, bytes, modified, entries) };
    Ok(Made { documents: written.into_iter().map(made).collect(), left_out })
}

/// The `Link` field of an answer with the document; of archive documents nobody is told.
fn link(material: &Material, format: Format) -> Option<HeaderValue> {
    let topic = websub::name(&material.feed.name, format);
    let own = websub::address_of(&material.config, &topic);
    HeaderValue::try_from(websub::links(&material.hubs, &own)).ok().filter(|_| material.page.is_none())
}

fn settled(material: &Material, limits: &Limits) -> Result<(Texts, Vec<LeftOut>, usize), FeedError> {
    let Material { config, templates, feed, revisions, translations, gone, .. } = material;
    let mut channel = Channel::new(config, templates, feed, gone);
    channel.archive = Archive::new(material.last, &material.tail, material.page);
    channel.hubs.clone_from(&material.hubs);
    let maker = Maker { config, templates, feed, translations };
    let entry = |(number, revision): &(i64, Revision)| Entry { number: *number, ..maker.entry(revision) };
    let mut entries: Vec<Entry> = revisions.iter().map(entry).collect();
    if let Some(ended) = material.ended {
        entries.retain(|entry| entry.published < ended);
        let last = maker.last_word(&channel, ended);
        let place = entries.iter().position(|entry| entry.updated <= ended).unwrap_or(entries.len());
        entries.insert(place, last);
    }
    let (written, left_out) = settle_as(&mut channel, &mut entries, limits)?;
    Ok((written, left_out, entries.len()))
}

/// Writes, weighs and checks until every document passes; what has to go for that leaves `entries`.
#[cfg(test)]
pub(super) fn settle(channel: &mut Channel, entries: &mut Vec<Entry>) -> Result<(Texts, Vec<LeftOut>), FeedError> {
    settle_as(channel, entries, &FEED)
}

fn settle_as(
    channel: &mut Channel,
    entries: &mut Vec<Entry>,
    limits: &Limits,
) -> Result<(Texts, Vec<LeftOut>), FeedError> {
    let mut left_out = Vec::new();
    leave_out_twins(channel, entries, &mut left_out);
    let mut cap = limits.cap;
    loop {
        window::fit(entries, cap, limits.drops);
        channel.updated = entries.iter().map(|entry| entry.updated).max();
        channel.archive.covered_by(entries);
        let written = write_all(limits.formats, channel, entries)?;
        // The weights are estimates from above; should one fall short, a little less goes in.
        let spare = if limits.drops { !entries.is_empty() } else { entries.iter().any(|entry| entry.html.is_some()) };
        if written.iter().any(|(_, bytes)| bytes.len() > limits.cap) && spare {
            cap -= cap / 16;
            continue;
        }
        let flaw = written.iter().find_map(|(format, bytes)| {
            let checked = gate::check(*format, bytes, channel, entries);
            checked.err().map(|flaw| (*format, flaw))
        });
        let Some((format, flaw)) = flaw else { return Ok((written, left_out)) };
        let before = entries.len();
        entries.retain(|entry| match alone(channel, entry) {
            Ok(()) => true,
            Err(reason) => {
                left_out.push(left(channel, entry, reason));
                false
            }
        });
        if entries.len() == before {
            return Err(FeedError::Gate { feed: channel.name.clone(), format, reason: flaw.to_string() });
        }
    }
}

/// The documents as written, one a format.
pub(super) type Texts = Vec<(Format, Vec<u8>)>;

fn write_all(formats: &[Format], channel: &Channel, entries: &[Entry]) -> Result<Texts, FeedError> {
    formats.iter().copied().map(|format| Ok((format, format.write(channel, entries)?))).collect()
}

/// Whether feeds can hold this state of an article; otherwise why not, with field and character.
///
/// # Errors
/// What is wrong.
pub fn examine(config: &Config, templates: &Templates, revision: &Revision) -> Result<(), String> {
    let default = config.language();
    let feeds = config.feeds();
    let Some(feed) = feeds.iter().find(|feed| feed.languages(&default).contains(&revision.language)).or(feeds.first())
    else {
        return Ok(());
    };
    let channel = Channel::new(config, templates, feed, &[]);
    let maker = Maker { config, templates, feed, translations: &[] };
    alone(&channel, &maker.entry(revision))
}

/// Checks an entry in a feed of its own.
fn alone(channel: &Channel, entry: &Entry) -> Result<(), String> {
    rules::entry(entry).map_err(|flaw| flaw.to_string())?;
    let channel = Channel { updated: Some(entry.updated), gone: Vec::new(), ..channel.clone() };
    let only = std::slice::from_ref(entry);
    for format in Format::ALL {
        let bytes = format.write(&channel, only).map_err(|error| error.to_string())?;
        gate::check(format, &bytes, &channel, only).map_err(|flaw| format!("{}: {flaw}", format.name()))?;
    }
    Ok(())
}

/// Two entries with one id would be one for every reader: the newer stays.
fn leave_out_twins(channel: &Channel, entries: &mut Vec<Entry>, left_out: &mut Vec<LeftOut>) {
    let mut seen: Vec<(String, String)> = Vec::with_capacity(entries.len());
    entries.retain(|entry| {
        let twin = seen.iter().find(|(id, iri)| *id == entry.id || *iri == entry.iri);
        if twin.is_some() {
            let reason = format!("its id {} is another article's too; give it an id of its own", entry.id);
            left_out.push(left(channel, entry, reason));
            return false;
        }
        seen.push((entry.id.clone(), entry.iri.clone()));
        true
    });
}

fn left(channel: &Channel, entry: &Entry, reason: String) -> LeftOut {
    LeftOut { feed: channel.name.clone(), article: entry.article, title: entry.title.clone(), reason }
}
