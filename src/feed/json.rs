//! JSON Feed 1.1. What it has no field for stands under `_herald`, as the format's extensions do.

use chrono::SecondsFormat;
use serde::Serialize;

use super::content::{Channel, Entry};
use super::{FeedError, Format};
use crate::article;
use crate::clock::Instant;

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    description: &'a str,
    authors: [Author<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(rename = "_herald", skip_serializing_if = "Option::is_none")]
    herald: Option<Own<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

/// Where changes are told at once.
#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

/// What the format has no field for, of the feed.
#[derive(Serialize)]
struct Own<'a> {
    rights: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    #[serde(flatten)]
    content: Body<'a>,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<[Attachment<'a>; 1]>,
    #[serde(rename = "_herald", skip_serializing_if = "Herald::is_empty")]
    herald: Herald<'a>,
}

/// The lead picture as a file; its type must be known.
#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

/// One of the two must be there.
#[derive(Serialize)]
enum Body<'a> {
    #[serde(rename = "content_html")]
    Html(&'a str),
    #[serde(rename = "content_text")]
    Text(&'a str),
}

/// What other formats say in elements of their own.
#[derive(Serialize)]
struct Herald<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    corrections: Vec<Correction<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Withdrawn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    translations: Vec<Translation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<Picture<'a>>,
}

impl Herald<'_> {
    fn is_empty(&self) -> bool {
        self.corrections.is_empty()
            && self.withdrawn.is_none()
            && self.translations.is_empty()
            && self.picture.is_none()
    }
}

#[derive(Serialize)]
struct Correction<'a> {
    at: String,
    note: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<&'a str>,
}

#[derive(Serialize)]
struct Withdrawn<'a> {
    reason: &'a str,
}

#[derive(Serialize)]
struct Translation<'a> {
    language: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct Picture<'a> {
    alt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

/// The whole document.
///
/// # Errors
/// [`FeedError::Write`] where it cannot be written as JSON.
pub(super) fn write(channel: &Channel, entries: &[Entry]) -> Result<Vec<u8>, FeedError> {
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &channel.title,
        home_page_url: &channel.home,
        feed_url: channel.own_address(Format::Json),
        next_url: channel.before(Format::Json),
        description: &channel.description,
        authors: [Author { name: &channel.publisher }],
        language: (!channel.language.is_undetermined()).then(|| channel.language.as_str()),
        herald: channel.rights.as_deref().map(|rights| Own { rights }),
        hubs: channel.hubs.iter().map(|url| Hub { kind: "WebSub", url }).collect(),
        items: entries.iter().map(|entry| item(channel, entry)).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&feed).map_err(|error| FeedError::Write {
        feed: channel.name.clone(),
        format: Format::Json,
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn item<'a>(channel: &Channel, entry: &'a Entry) -> Item<'a> {
    let other = entry.language != channel.language && !entry.language.is_undetermined();
    Item {
        id: &entry.id,
        url: &entry.url,
        external_url: entry.via.as_deref(),
        title: &entry.title,
        content: entry.html.as_deref().map_or(Body::Text(&entry.summary), Body::Html),
        summary: &entry.summary,
        image: entry.picture.as_ref().map(|picture| picture.url.as_str()),
        date_published: date(entry.published),
        date_modified: date(entry.updated),
        authors: entry.authors.iter().map(|name| Author { name }).collect(),
        tags: entry.topics.iter().map(|topic| topic.name.as_str()).collect(),
        language: other.then(|| entry.language.as_str()),
        attachments: entry.picture.as_ref().and_then(attachment).map(|one| [one]),
        herald: herald(entry),
    }
}

fn attachment(picture: &article::Picture) -> Option<Attachment<'_>> {
    Some(Attachment {
        url: &picture.url,
        mime_type: picture.media_type.as_deref()?,
        title: picture.caption.as_deref().or(Some(picture.alt.as_str()).filter(|alt| !alt.is_empty())),
        size_in_bytes: picture.bytes,
    })
}

fn herald(entry: &Entry) -> Herald<'_> {
    Herald {
        corrections: entry
            .corrections
            .iter()
            .map(|c| Correction { at: date(c.at), note: &c.note, wrong: c.wrong.as_deref(), right: c.right.as_deref() })
            .collect(),
        withdrawn: entry.withdrawn.as_deref().map(|reason| Withdrawn { reason }),
        translations: entry
            .translations
            .iter()
            .map(|(language, url)| Translation { language: language.as_str(), url })
            .collect(),
        picture: entry.picture.as_ref().map(|picture| Picture {
            alt: &picture.alt,
            caption: picture.caption.as_deref(),
            credit: picture.credit.as_deref(),
            mime_type: picture.media_type.as_deref(),
            size_in_bytes: picture.bytes,
            width: picture.width,
            height: picture.height,
        }),
    }
}

/// RFC 3339, UTC, as exact as the store.
fn date(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
