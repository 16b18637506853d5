//! What validators ask of a document beyond that it can be read: elements that must be there once, absolute addresses,
//! dates in their form, ids that differ, media types, the document's own address. The rules are those of RFC 4287, RSS 2.0
//! with the profile of the RSS Advisory Board, RFC 5005, RFC 6721 and JSON Feed 1.1.

use std::collections::HashSet;

use chrono::DateTime;
use roxmltree::{Document, Node};
use serde_json::Value;

use super::Format;
use super::content::{Channel, Entry, is_media_type};
use super::gate::Flaw;
use super::text;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const MEDIA: &str = super::rss::MEDIA;
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// What of an entry no document may hold, with the field and the character in it, counted from 1.
///
/// # Errors
/// The first flaw.
pub(super) fn entry(entry: &Entry) -> Result<(), Flaw> {
    let mut fields = vec![("title", entry.title.as_str()), ("summary", &entry.summary), ("id", &entry.id)];
    fields.extend(entry.html.as_deref().map(|html| ("text", html)));
    fields.extend(entry.authors.iter().map(|name| ("author", name.as_str())));
    fields.extend(entry.topics.iter().flat_map(|topic| [("topic", topic.id.as_str()), ("topic", &topic.name)]));
    fields.extend(entry.corrections.iter().map(|correction| ("correction", correction.note.as_str())));
    if let Some(picture) = &entry.picture {
        fields.push(("picture's alt text", &picture.alt));
        fields.extend(picture.caption.as_deref().map(|caption| ("caption", caption)));
        fields.extend(picture.credit.as_deref().map(|credit| ("credit", credit)));
    }
    for (field, words) in fields {
        if let Some((place, c)) = text::forbidden(words) {
            let reason = format!("{field}, character {place}: U+{:04X} may stand in no document", u32::from(c));
            return Err(Flaw { at: None, reason });
        }
    }
    if let Some((place, address)) = entry.html.as_deref().and_then(relative) {
        let reason = format!(
            "text, character {place}: the address “{address}” is not absolute, and readers know no page to take it from"
        );
        return Err(Flaw { at: None, reason });
    }
    Ok(())
}

/// The first address in a link or picture of `html` that is not absolute, and its character.
fn relative(html: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    while let Some(start) = html[from..].find('<').map(|at| from + at) {
        let end = html[start..].find('>').map_or(html.len(), |at| start + at);
        for name in [" href=\"", " src=\"", " poster=\""] {
            let Some(value) = html[start..end].find(name).map(|at| start + at + name.len()) else { continue };
            let address = &html[value..html[value..].find('"').map_or(html.len(), |at| value + at)];
            let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
            let absolute = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            if !absolute {
                return Some((html[..value].chars().count() + 1, address));
            }
        }
        from = end.max(start + 1);
    }
    None
}

/// Checks what was written: its form (characters, prefixes, attributes), and what stands in it.
///
/// # Errors
/// The first flaw, with line and column where they are known.
pub(super) fn document(format: Format, document: &str, channel: &Channel) -> Result<(), Flaw> {
    if format == Format::Json {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let read = serde_json::from_str(document).map_err(|error| Flaw {
            at: Some((number(error.line()), number(error.column()))),
            reason: error.to_string(),
        })?;
        return json(&read, channel);
    }
    let parsed = Document::parse(document)
        .map_err(|error| Flaw { at: Some((error.pos().row, error.pos().col)), reason: error.to_string() })?;
    let xml = Xml { parsed: &parsed };
    if format == Format::Rss { xml.rss(channel) } else { xml.atom(channel) }
}

fn flaw(reason: String) -> Flaw {
    Flaw { at: None, reason }
}

/// A document with places in it.
struct Xml<'d> {
    parsed: &'d Document<'d>,
}

impl<'d> Xml<'d> {
    fn at(&self, node: Node<'d, 'd>, reason: String) -> Flaw {
        let at = self.parsed.text_pos_at(node.range().start);
        Flaw { at: Some((at.row, at.col)), reason }
    }

    fn rss(&self, channel: &Channel) -> Result<(), Flaw> {
        let rss = self.parsed.root_element();
        if rss.tag_name().name() != "rss" || rss.attribute("version") != Some("2.0") {
            return Err(self.at(rss, "this is no RSS 2.0".to_owned()));
        }
        let top = self.once(rss, None, "channel")?;
        for name in ["title", "link", "description"] {
            self.text(self.once(top, None, name)?)?;
        }
        self.address(self.once(top, None, "link")?, None)?;
        self.is_own(top, &channel.own_address(Format::Rss))?;
        let mut ids = HashSet::new();
        for item in top.children().filter(|node| node.has_tag_name("item")) {
            for name in ["title", "description", "guid", "pubDate"] {
                self.text(self.once(item, None, name)?)?;
            }
            self.address(self.once(item, None, "link")?, None)?;
            let guid = self.once(item, None, "guid")?;
            self.is_new(guid, guid.text(), &mut ids)?;
            let date = self.once(item, None, "pubDate")?;
            // RFC 822 as the profile wants it: a year of four digits.
            let year = date.text().and_then(|date| date.split(' ').nth(3)).map_or(0, str::len);
            if year != 4 || date.text().is_none_or(|date| DateTime::parse_from_rfc2822(date).is_err()) {
                return Err(self.at(date, format!("{:?} is no date of RSS", date.text().unwrap_or_default())));
            }
            for enclosure in item.children().filter(|node| node.has_tag_name("enclosure")) {
                self.file(enclosure, "url")?;
            }
            self.media(item)?;
        }
        Ok(())
    }

    fn atom(&self, channel: &Channel) -> Result<(), Flaw> {
        let feed = self.parsed.root_element();
        if !feed.has_tag_name((ATOM, "feed")) {
            return Err(self.at(feed, "this is no Atom".to_owned()));
        }
        self.metadata(feed)?;
        self.is_own(feed, &channel.own_address(Format::Atom))?;
        let mut ids = HashSet::new();
        for entry in feed.children().filter(|node| node.has_tag_name((ATOM, "entry"))) {
            self.metadata(entry)?;
            let id = self.once(entry, Some(ATOM), "id")?;
            self.is_new(id, id.text(), &mut ids)?;
            let links: Vec<_> = entry.children().filter(|node| node.has_tag_name((ATOM, "link"))).collect();
            // One alternate, so that no reader has to choose.
            if links.iter().filter(|link| link.attribute("rel") == Some("alternate")).count() != 1 {
                return Err(self.at(entry, "an entry has one alternate link".to_owned()));
            }
            for link in links {
                self.address(link, Some("href"))?;
                if link.attribute("rel") == Some("enclosure") {
                    self.file(link, "href")?;
                }
            }
            for category in entry.children().filter(|node| node.has_tag_name((ATOM, "category"))) {
                if category.attribute("term").is_none_or(|term| term.trim().is_empty()) {
                    return Err(self.at(category, "a category without a term".to_owned()));
                }
            }
            self.media(entry)?;
        }
        for gone in feed.children().filter(|node| node.has_tag_name((TOMBSTONES, "deleted-entry"))) {
            // RFC 6721, section 3: what is there is not gone.
            if gone.attribute("ref").is_none_or(|id| ids.contains(id)) {
                return Err(self.at(gone, "a tombstone of an entry that is there".to_owned()));
            }
        }
        Ok(())
    }

    /// What an Atom feed and its entries share: RFC 4287, sections 4.1.1 and 4.1.2.
    fn metadata(&self, of: Node<'d, 'd>) -> Result<(), Flaw> {
        for name in ["id", "title"] {
            self.text(self.once(of, Some(ATOM), name)?)?;
        }
        let updated = self.once(of, Some(ATOM), "updated")?;
        if updated.text().is_none_or(|date| DateTime::parse_from_rfc3339(date).is_err()) {
            return Err(self.at(updated, format!("{:?} is no date of Atom", updated.text().unwrap_or_default())));
        }
        Ok(())
    }

    /// The one child of that name.
    fn once(&self, of: Node<'d, 'd>, space: Option<&str>, name: &str) -> Result<Node<'d, 'd>, Flaw> {
        let is = |node: &Node<'_, '_>| node.tag_name().name() == name && node.tag_name().namespace() == space;
        let mut all = of.children().filter(is);
        let first = all.next().ok_or_else(|| self.at(of, format!("<{name}> is missing")))?;
        match all.next() {
            Some(second) => Err(self.at(second, format!("a second <{name}>"))),
            None => Ok(first),
        }
    }

    fn text(&self, node: Node<'d, 'd>) -> Result<(), Flaw> {
        let empty = node.text().is_none_or(|text| text.trim().is_empty());
        if empty { Err(self.at(node, format!("<{}> is empty", node.tag_name().name()))) } else { Ok(()) }
    }

    /// An absolute address, as the node's text or in an attribute.
    fn address(&self, node: Node<'d, 'd>, attribute: Option<&str>) -> Result<(), Flaw> {
        let address = attribute.map_or_else(|| node.text(), |name| node.attribute(name)).unwrap_or_default();
        if url::Url::parse(address).is_ok_and(|url| url.has_host() && matches!(url.scheme(), "http" | "https")) {
            return Ok(());
        }
        Err(self.at(node, format!("{address:?} is no absolute address")))
    }

    /// A file that is offered: with an absolute address, its length and its type.
    fn file(&self, node: Node<'d, 'd>, address: &str) -> Result<(), Flaw> {
        self.address(node, Some(address))?;
        let length = node.attribute("length").is_some_and(|length| length.parse::<u64>().is_ok());
        let kind = node.attribute("type").is_some_and(is_media_type);
        if length && kind { Ok(()) } else { Err(self.at(node, "a file without its length or type".to_owned())) }
    }

    fn media(&self, of: Node<'d, 'd>) -> Result<(), Flaw> {
        for media in of.children().filter(|node| node.has_tag_name((MEDIA, "content"))) {
            self.address(media, Some("url"))?;
            let number = |name: &str| media.attribute(name).is_none_or(|value| value.parse::<u64>().is_ok());
            if !number("width")
                || !number("height")
                || !number("fileSize")
                || !media.attribute("type").is_none_or(is_media_type)
            {
                return Err(self.at(media, "a picture of which size or type are none".to_owned()));
            }
        }
        Ok(())
    }

    /// Whether the document names the address at which it stands, once.
    fn is_own(&self, of: Node<'d, 'd>, own: &str) -> Result<(), Flaw> {
        let links = of.children().filter(|node| node.has_tag_name((ATOM, "link")));
        let own_links: Vec<_> = links.filter(|link| link.attribute("rel") == Some("self")).collect();
        match own_links.as_slice() {
            [link] if link.attribute("href") == Some(own) => Ok(()),
            _ => Err(self.at(of, format!("it does not name its own address, {own}, once"))),
        }
    }

    fn is_new(&self, node: Node<'d, 'd>, id: Option<&'d str>, ids: &mut HashSet<&'d str>) -> Result<(), Flaw> {
        let id = id.unwrap_or_default();
        if ids.insert(id) { Ok(()) } else { Err(self.at(node, format!("the id {id} stands twice"))) }
    }
}

/// JSON Feed 1.1: what must be there, and in which form.
fn json(read: &Value, channel: &Channel) -> Result<(), Flaw> {
    let own = channel.own_address(Format::Json);
    if read["version"] != "https://jsonfeed.org/version/1.1" || read["feed_url"] != own.as_str() {
        return Err(flaw(format!("it does not name its version, or its own address, {own}")));
    }
    let absolute =
        |value: &Value| value.as_str().is_some_and(|text| url::Url::parse(text).is_ok_and(|url| url.has_host()));
    // What follows must not lead round in a circle.
    if read.get("next_url").is_some_and(|next| !absolute(next) || *next == read["feed_url"]) {
        return Err(flaw("next_url leads nowhere".to_owned()));
    }
    let mut ids = HashSet::new();
    for (at, item) in read["items"].as_array().into_iter().flatten().enumerate() {
        let wrong = |what: &str| Err(flaw(format!("item {}: {what}", at + 1)));
        let date = |name: &str| item[name].as_str().is_some_and(|date| DateTime::parse_from_rfc3339(date).is_ok());
        if item["id"].as_str().is_none_or(|id| id.is_empty() || !ids.insert(id)) {
            return wrong("it has no id of its own");
        } else if !absolute(&item["url"]) {
            return wrong("its url is not absolute");
        } else if !date("date_published") || !date("date_modified") {
            return wrong("a date is none of RFC 3339");
        } else if item.get("content_html").is_none() && item.get("content_text").is_none() {
            return wrong("it says nothing");
        }
        for file in item["attachments"].as_array().into_iter().flatten() {
            if !absolute(&file["url"]) || !file["mime_type"].as_str().is_some_and(is_media_type) {
                return wrong("an attachment without address or type");
            }
        }
    }
    Ok(())
}
