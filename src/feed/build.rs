//! One feed from its revisions: entries made, fitted, written in each format, checked, compressed.
//! All of it is work for the processor: called on a blocking thread.

use std::sync::Arc;

use serde::Serialize;

use super::content::{Channel, Entry, Maker};
use super::{Document, FeedError, Format, gate, window};
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

/// What a feed is made of.
pub(super) struct Material {
    pub(super) config: Arc<Config>,
    pub(super) templates: Arc<Templates>,
    pub(super) feed: Feed,
    /// Newest first.
    pub(super) revisions: Vec<Revision>,
    /// By story.
    pub(super) translations: Vec<Translation>,
    pub(super) gone: Vec<Gone>,
    /// When the newest of it came to be public.
    pub(super) modified: Instant,
}

/// One feed in each format.
pub(super) struct Made {
    pub(super) documents: Vec<Document>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Makes the feed in each format.
///
/// # Errors
/// [`FeedError::Gate`] where a document is refused and no single article is the cause.
pub(super) fn make(material: &Material) -> Result<Made, FeedError> {
    let Material { config, templates, feed, revisions, translations, gone, modified } = material;
    let mut channel = Channel::new(config, feed, gone);
    let maker = Maker { config, templates, feed, translations };
    let mut entries: Vec<Entry> = revisions.iter().map(|revision| maker.entry(revision)).collect();
    let (written, left_out) = settle(&mut channel, &mut entries)?;
    let made = |(format, bytes)| Document::new(format, bytes, *modified, entries.len());
    Ok(Made { documents: written.into_iter().map(made).collect(), left_out })
}

/// Writes, weighs and checks until every document passes; what has to go for that leaves `entries`.
pub(super) fn settle(channel: &mut Channel, entries: &mut Vec<Entry>) -> Result<(Texts, Vec<LeftOut>), FeedError> {
    let mut left_out = Vec::new();
    leave_out_twins(channel, entries, &mut left_out);
    let mut cap = window::CAP;
    loop {
        window::fit(entries, cap);
        channel.updated = entries.iter().map(|entry| entry.updated).max();
        let written = write_all(channel, entries)?;
        // The weights are estimates from above; should one fall short, a little less goes in.
        if written.iter().any(|(_, bytes)| bytes.len() > window::CAP) && !entries.is_empty() {
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
type Texts = Vec<(Format, Vec<u8>)>;

fn write_all(channel: &Channel, entries: &[Entry]) -> Result<Texts, FeedError> {
    Format::ALL.into_iter().map(|format| Ok((format, format.write(channel, entries)?))).collect()
}

/// Checks an entry in a feed of its own.
fn alone(channel: &Channel, entry: &Entry) -> Result<(), String> {
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
