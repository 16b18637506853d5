//! RSS 2.0, by the profile of the RSS Advisory Board, through the `rss` crate.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Enclosure, Guid, Item};

use super::content::{Channel, Entry};
use super::text::{html, mark, plain, unmark};
use super::{FeedError, Format};
use crate::article::Picture;

/// The namespace of Media RSS, which the crate does not declare by itself.
pub(super) const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// The whole document.
///
/// # Errors
/// [`FeedError::Write`] where the crate gives up.
pub(super) fn write(channel: &Channel, entries: &[Entry]) -> Result<Vec<u8>, FeedError> {
    let mut namespaces = BTreeMap::new();
    if entries.iter().any(|entry| entry.picture.is_some()) {
        namespaces.insert("media".to_owned(), MEDIA.to_owned());
    }
    let link = |rel: &str, href: String, format: Format| Link {
        href,
        rel: rel.to_owned(),
        mime_type: Some(format.media_type().to_owned()),
        ..Link::default()
    };
    let mut links = vec![link("self", channel.own_address(Format::Rss), Format::Rss)];
    links.extend(channel.hubs.iter().map(|hub| Link { href: hub.clone(), rel: "hub".to_owned(), ..Link::default() }));
    // What is older stands in archive documents (RFC 5005), which are Atom.
    links.extend(channel.before(Format::Atom).map(|href| link("prev-archive", href, Format::Atom)));
    let document = rss::Channel {
        title: mark(&channel.title),
        link: channel.home.clone(),
        description: mark(&channel.description),
        language: (!channel.language.is_undetermined()).then(|| channel.language.to_string()),
        copyright: channel.rights.as_deref().map(mark),
        last_build_date: channel.updated.map(date),
        generator: Some("Herald".to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        atom_ext: Some(AtomExtension { links }),
        items: entries.iter().map(|entry| item(channel, entry)).collect(),
        namespaces,
        ..rss::Channel::default()
    };
    let bytes = document.pretty_write_to(Vec::new(), b' ', 1).map_err(|error| FeedError::Write {
        feed: channel.name.clone(),
        format: Format::Rss,
        reason: error.to_string(),
    })?;
    Ok(unmark(bytes))
}

fn item(channel: &Channel, entry: &Entry) -> Item {
    let other = entry.language != channel.language && !entry.language.is_undetermined();
    let core = DublinCoreExtension {
        // The profile's place for a name: `author` wants a mail address.
        creators: entry.byline().iter().map(|names| mark(&plain(names))).collect(),
        languages: other.then(|| entry.language.to_string()).into_iter().collect(),
        sources: entry.via.iter().map(|via| mark(via)).collect(),
        ..DublinCoreExtension::default()
    };
    let bare = core == DublinCoreExtension::default();
    Item {
        title: Some(mark(&plain(&entry.title))),
        link: Some(entry.url.clone()),
        // A description is HTML; before `content:encoded`, as the validator wants it.
        description: Some(html(&entry.summary)),
        content: entry.html.clone(),
        guid: Some(Guid { value: entry.id.clone(), permalink: false }),
        pub_date: Some(date(entry.published)),
        categories: entry
            .topics
            .iter()
            .map(|topic| Category { name: mark(&plain(&topic.name)), domain: None })
            .collect(),
        enclosure: entry.picture.as_ref().and_then(enclosure),
        extensions: extensions(entry),
        dublin_core_ext: (!bare).then_some(core),
        ..Item::default()
    }
}

/// RFC 822 with a year of four digits: `Tue, 04 Apr 2023 08:15:00 +0000`.
fn date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The enclosure, where length and type are known; both must be told.
fn enclosure(picture: &Picture) -> Option<Enclosure> {
    Some(Enclosure {
        url: picture.url.clone(),
        length: picture.bytes?.to_string(),
        mime_type: picture.media_type.clone()?,
    })
}

/// `media:content` with its credit, title and description; the same in RSS and Atom.
pub(super) fn media_attributes(picture: &Picture) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::from([("url", picture.url.clone()), ("medium", "image".to_owned())]);
    let known = [
        ("type", picture.media_type.clone()),
        ("fileSize", picture.bytes.map(|n| n.to_string())),
        ("width", picture.width.map(|n| n.to_string())),
        ("height", picture.height.map(|n| n.to_string())),
    ];
    attributes.extend(known.into_iter().filter_map(|(name, value)| Some((name, value?))));
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The words of a picture as `media:` elements: name and text. The caption describes it where there is
/// one, with what it shows as its title.
pub(super) fn media_words(picture: &Picture) -> Vec<(&'static str, &str)> {
    let alt = Some(picture.alt.as_str()).filter(|alt| !alt.is_empty());
    let (title, description) = match &picture.caption {
        Some(caption) => (alt, Some(caption.as_str())),
        None => (None, alt),
    };
    [("credit", picture.credit.as_deref()), ("title", title), ("description", description)]
        .into_iter()
        .filter_map(|(name, words)| Some((name, words?)))
        .collect()
}

fn extensions(entry: &Entry) -> ExtensionMap {
    let mut extensions = ExtensionMap::new();
    if let Some(picture) = &entry.picture {
        extensions.insert("media".to_owned(), BTreeMap::from([("content".to_owned(), vec![media(picture)])]));
    }
    // RSS has no word for a change; readers that know Atom's take it (the profile allows it).
    if entry.updated != entry.published {
        let updated = Extension {
            name: "atom:updated".to_owned(),
            value: Some(entry.updated.to_rfc3339_opts(SecondsFormat::Secs, true)),
            ..Extension::default()
        };
        extensions.insert("atom".to_owned(), BTreeMap::from([("updated".to_owned(), vec![updated])]));
    }
    extensions
}

fn media(picture: &Picture) -> Extension {
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
    Extension {
        name: "media:content".to_owned(),
        value: None,
        attrs: media_attributes(picture),
        children: words.collect(),
    }
}
