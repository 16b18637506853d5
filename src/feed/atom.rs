//! Atom 1.0 (RFC 4287), through the `atom_syndication` crate.

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Feed, FixedDateTime, Generator, Link, Person, Text, WriteConfig};

use super::content::{Channel, Entry, Tombstone};
use super::rss::{MEDIA, media_attributes, media_words};
use super::text::{html, mark, plain, unmark};
use super::{FeedError, Format};
use crate::article::{Language, Picture};
use crate::clock::{Instant, from_micros};

/// The crate's own line bears no encoding.
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
/// Tombstones (RFC 6721).
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// Archive documents (RFC 5005).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The whole document.
///
/// # Errors
/// [`FeedError::Write`] where the crate gives up.
pub(super) fn write(channel: &Channel, entries: &[Entry]) -> Result<Vec<u8>, FeedError> {
    let mut namespaces = BTreeMap::new();
    if entries.iter().any(|entry| entry.picture.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    if !channel.gone.is_empty() {
        namespaces.insert("at".to_owned(), TOMBSTONES.to_owned());
    }
    if channel.archive.page.is_some() {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
    }
    let feed = Feed {
        id: channel.id.clone(),
        title: Text::plain(mark(&channel.title)),
        subtitle: Some(Text::plain(mark(&channel.description))),
        updated: date(updated(channel, entries)),
        authors: vec![person(&channel.publisher)],
        generator: Some(Generator { value: "Herald".to_owned(), ..Generator::default() }),
        links: links(channel),
        rights: channel.rights.as_deref().map(|rights| Text::plain(mark(rights))),
        lang: tag(&channel.language),
        entries: entries.iter().map(|entry| one(channel, entry)).collect(),
        extensions: extensions(channel),
        namespaces,
        ..Feed::default()
    };
    let how = WriteConfig { write_document_declaration: false, indent_size: Some(1) };
    let bytes = feed.write_with_config(DECLARATION.to_vec(), how).map_err(|error| FeedError::Write {
        feed: channel.name.clone(),
        format: Format::Atom,
        reason: error.to_string(),
    })?;
    Ok(unmark(bytes))
}

/// `atom:updated` of a feed without entries, which must have one and may not have the clock's: the month
/// in which Atom became RFC 4287. Validators take the year 1970 for a slip.
const EMPTY: i64 = 1_133_395_200_000_000;

/// `atom:updated` of the feed: its newest entry's.
pub(super) fn updated(channel: &Channel, entries: &[Entry]) -> Instant {
    let newest = entries.iter().map(Entry::atom_updated).max();
    newest.or(channel.updated).unwrap_or_else(|| from_micros(EMPTY))
}

fn one(channel: &Channel, entry: &Entry) -> atom_syndication::Entry {
    let lang = if entry.language == channel.language { None } else { tag(&entry.language) };
    let mut links = vec![link("alternate", &entry.url, Some("text/html"))];
    links.extend(entry.via.iter().map(|via| link("via", via, None)));
    links.extend(entry.picture.as_ref().and_then(enclosure));
    atom_syndication::Entry {
        id: entry.iri.clone(),
        title: words(&entry.title, lang.clone()),
        updated: date(entry.atom_updated()),
        published: Some(date(entry.published)),
        authors: entry.authors.iter().map(|name| person(name)).collect(),
        categories: entry
            .topics
            .iter()
            .map(|topic| Category { term: mark(&topic.id), scheme: None, label: Some(mark(&plain(&topic.name))) })
            .collect(),
        links,
        summary: Some(words(&entry.summary, lang.clone())),
        content: entry.html.as_ref().map(|html| Content {
            lang,
            value: Some(html.clone()),
            content_type: Some("html".to_owned()),
            ..Content::default()
        }),
        extensions: entry.picture.as_ref().map(media).unwrap_or_default(),
        ..atom_syndication::Entry::default()
    }
}

/// Plain text as a text construct. One that speaks of end tags is declared as HTML: readers guess less,
/// and the validator takes it for text then.
fn words(text: &str, lang: Option<String>) -> Text {
    let text = if speaks_of_tags(text) { Text::html(html(text)) } else { Text::plain(mark(text)) };
    Text { lang, ..text }
}

/// Whether title and summary are written as HTML.
pub(super) fn speaks_of_tags(text: &str) -> bool {
    text.contains("</")
}

fn date(at: Instant) -> FixedDateTime {
    at.fixed_offset()
}

fn tag(language: &Language) -> Option<String> {
    (!language.is_undetermined()).then(|| language.to_string())
}

fn person(name: &str) -> Person {
    Person { name: mark(&plain(name)), ..Person::default() }
}

fn link(rel: &str, href: &str, media_type: Option<&str>) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

fn enclosure(picture: &Picture) -> Option<Link> {
    let length = picture.bytes?.to_string();
    Some(Link { length: Some(length), ..link("enclosure", &picture.url, Some(picture.media_type.as_deref()?)) })
}

/// `media:content`. This crate writes attributes of extensions as they come, so each is marked.
fn media(picture: &Picture) -> ExtensionMap {
    let words = media_words(picture).into_iter().map(|(name, words)| {
        let kind = (name != "credit").then(|| ("type".to_owned(), "plain".to_owned()));
        let element = Extension {
            name: format!("media:{name}"),
            value: Some(mark(&plain(words))),
            attrs: kind.into_iter().collect(),
            children: BTreeMap::new(),
        };
        (name.to_owned(), vec![element])
    });
    let content = Extension {
        name: "media:content".to_owned(),
        value: None,
        attrs: media_attributes(picture).into_iter().map(|(name, value)| (name, mark(&value))).collect(),
        children: words.collect(),
    };
    BTreeMap::from([("media".to_owned(), BTreeMap::from([("content".to_owned(), vec![content])]))])
}

/// The feed's own addresses, and its neighbours among the archive documents (RFC 5005, section 4).
fn links(channel: &Channel) -> Vec<Link> {
    let kind = Some(Format::Atom.media_type());
    let mut links = vec![
        link("self", &channel.own_address(Format::Atom), kind),
        link("alternate", &channel.home, Some("text/html")),
    ];
    links.extend(channel.hubs.iter().map(|hub| link("hub", hub, None)));
    if channel.archive.page.is_some() {
        links.push(link("current", &channel.address(Format::Atom), kind));
    }
    links.extend(channel.before(Format::Atom).map(|href| link("prev-archive", &href, kind)));
    links.extend(channel.after(Format::Atom).map(|href| link("next-archive", &href, kind)));
    links
}

/// What the feed says in elements of other namespaces.
fn extensions(channel: &Channel) -> ExtensionMap {
    let mut extensions = ExtensionMap::new();
    if !channel.gone.is_empty() {
        let deleted = channel.gone.iter().map(deleted).collect();
        extensions.insert("at".to_owned(), BTreeMap::from([("deleted-entry".to_owned(), deleted)]));
    }
    if channel.archive.page.is_some() {
        let archive = Extension { name: "fh:archive".to_owned(), ..Extension::default() };
        extensions.insert("fh".to_owned(), BTreeMap::from([("archive".to_owned(), vec![archive])]));
    }
    extensions
}

/// `at:deleted-entry` for a notice that has left the feed (RFC 6721, section 3).
fn deleted(tombstone: &Tombstone) -> Extension {
    let comment = Extension {
        name: "at:comment".to_owned(),
        value: Some(mark(&tombstone.comment)),
        attrs: tag(&tombstone.language).map(|tag| ("xml:lang".to_owned(), tag)).into_iter().collect(),
        children: BTreeMap::new(),
    };
    Extension {
        name: "at:deleted-entry".to_owned(),
        value: None,
        attrs: BTreeMap::from([
            ("ref".to_owned(), mark(&tombstone.id)),
            ("when".to_owned(), tombstone.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        ]),
        children: BTreeMap::from([("comment".to_owned(), vec![comment])]),
    }
}
