//! The check behind: no document goes up that somebody else's reader would not read as we meant it.
//!
//! 1. Each entry for itself: what no document may hold, with its field and character (`rules`).
//! 2. Form: XML by roxmltree, which refuses forbidden characters, undeclared prefixes and broken
//!    attributes with line and column; JSON by serde_json.
//! 3. What validators ask for beyond that (`rules`).
//! 4. Sense: feed-rs reads the document back, and what it read is compared with what was put in.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use chrono::{DateTime, SubsecRound as _, Utc};
use feed_rs::model;

use super::content::{Channel, Entry};
use super::{Format, atom, rules, text};

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Line and column in the document, from 1, where they are known.
    pub(super) at: Option<(u32, u32)>,
    /// What is wrong.
    pub(super) reason: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// Checks the document that `entries` were written into.
///
/// # Errors
/// The first flaw.
pub(super) fn check(format: Format, bytes: &[u8], channel: &Channel, entries: &[Entry]) -> Result<(), Flaw> {
    entries.iter().try_for_each(rules::entry)?;
    let text = std::str::from_utf8(bytes).map_err(|error| flaw(format!("not UTF-8: {error}")))?;
    rules::document(format, text, channel)?;
    let read = feed_rs::parser::Builder::new().sanitize_content(false).build().parse(bytes);
    let read = read.map_err(|error| flaw(format!("feed-rs: {error}")))?;
    compare(format, &read, channel, entries)
}

fn flaw(reason: String) -> Flaw {
    Flaw { at: None, reason }
}

fn compare(format: Format, read: &model::Feed, channel: &Channel, entries: &[Entry]) -> Result<(), Flaw> {
    let title = read.title.as_ref().map(|t| t.content.as_str());
    same("the feed's title", title, Some(channel.title.as_str()))?;
    let updated = match format {
        Format::Rss => channel.updated.map(whole),
        Format::Atom => Some(atom::updated(channel, entries)),
        Format::Json => None,
    };
    same("the feed's date", read.updated, updated)?;
    same("the number of entries", read.entries.len(), entries.len())?;
    let mut ids = HashSet::new();
    for (at, (got, put)) in read.entries.iter().zip(entries).enumerate() {
        let entry = |flaw: Flaw| Flaw { reason: format!("entry {}: {}", at + 1, flaw.reason), ..flaw };
        entry_is(format, got, put).map_err(entry)?;
        if !ids.insert(got.id.as_str()) {
            return Err(entry(flaw(format!("its id {} is another entry's too", got.id))));
        }
    }
    Ok(())
}

fn entry_is(format: Format, got: &model::Entry, put: &Entry) -> Result<(), Flaw> {
    let id = if format == Format::Atom { &put.iri } else { &put.id };
    same("id", got.id.as_str(), id.as_str())?;
    same("title", got.title.as_ref().map(|t| t.content.as_str()), Some(&*as_written(format, &put.title)))?;
    same("link", got.links.first().map(|l| l.href.as_str()), Some(put.url.as_str()))?;
    if !url::Url::parse(&put.url).is_ok_and(|url| url.has_host()) {
        return Err(flaw(format!("its link {} is not absolute", put.url)));
    }
    let (published, updated) = match format {
        // RSS has seconds, and no date but that of publication.
        Format::Rss => (whole(put.published), whole(put.published)),
        Format::Atom => (put.published, put.atom_updated()),
        Format::Json => (put.published, put.updated),
    };
    same("date of publication", got.published, Some(published))?;
    same("date of change", got.updated, Some(updated))?;
    let summary =
        if format == Format::Rss { text::html(&put.summary).into() } else { as_written(format, &put.summary) };
    same("summary", got.summary.as_ref().map(|s| s.content.as_str()), Some(&*summary))?;
    let content = match format {
        Format::Json => Some(put.html.as_deref().unwrap_or(&put.summary)),
        Format::Rss | Format::Atom => put.html.as_deref(),
    };
    let body = got.content.as_ref().and_then(|c| c.body.as_deref());
    if body.map(str::trim) != content.map(str::trim) {
        return Err(flaw(format!("its text was read as another one, from {}", parting(body, content))));
    }
    let topics: Vec<&str> = got.categories.iter().map(|c| c.label.as_deref().unwrap_or(&c.term)).collect();
    let label = |name| if format == Format::Json { Cow::Borrowed(name) } else { text::plain(name) };
    let put: Vec<Cow<'_, str>> = put.topics.iter().map(|topic| label(topic.name.as_str())).collect();
    same("topics", topics, put.iter().map(|name| &**name).collect())
}

/// A title or summary as the format writes it down.
fn as_written(format: Format, words: &str) -> Cow<'_, str> {
    match format {
        Format::Rss => text::plain(words),
        Format::Atom if atom::speaks_of_tags(words) => text::html(words).into(),
        Format::Atom | Format::Json => words.into(),
    }
}

fn same<T: PartialEq + fmt::Debug>(what: &str, got: T, put: T) -> Result<(), Flaw> {
    if got == put { Ok(()) } else { Err(flaw(format!("{what} was read as {got:?}, not as {put:?}"))) }
}

/// Where two texts part: character and the words around it.
fn parting(got: Option<&str>, put: Option<&str>) -> String {
    let (Some(got), Some(put)) = (got, put) else { return "its beginning".to_owned() };
    let equal = got.trim().chars().zip(put.trim().chars()).take_while(|(a, b)| a == b).count();
    let near: String = put.trim().chars().skip(equal.saturating_sub(10)).take(30).collect();
    format!("character {} on: {near:?}", equal + 1)
}

fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(0)
}
