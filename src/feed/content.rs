//! What a feed says, the same in each format: text is clean, addresses are absolute, corrections and
//! notices stand where they must. The formats beside this file only write it down.

use chrono::{Duration, SubsecRound as _};
use uuid::Uuid;

use super::{Format, text};
use crate::article::{ArticleId, Language, Note, Picture, Revision, topic_id};
use crate::clock::Instant;
use crate::config::{Config, Feed, FeedContent};
use crate::feed::words;
use crate::store::feeds::{A_PAGE, Gone, Translation};
use crate::template::Templates;

/// The feed itself.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    /// Its name in the address.
    pub(super) name: String,
    /// `atom:id`: made once from the newsroom's address and the feed's name.
    pub(super) id: String,
    /// Its title.
    pub(super) title: String,
    /// One line on what is in it.
    pub(super) description: String,
    /// Its language; of several the first.
    pub(super) language: Language,
    /// The page for people.
    pub(super) home: String,
    /// Its address without the ending.
    pub(super) base: String,
    /// Who publishes.
    pub(super) publisher: String,
    /// Who holds the rights, and what others may do.
    pub(super) rights: Option<String>,
    /// The newest `updated` of its entries; `None` for an empty feed.
    pub(super) updated: Option<Instant>,
    /// What became a tombstone.
    pub(super) gone: Vec<Tombstone>,
    /// Its place among the archive documents.
    pub(super) archive: Archive,
    /// The hubs that tell of its changes (WebSub).
    pub(super) hubs: Vec<String>,
}

/// Where a document stands among the feed's archive documents (RFC 5005, section 4): a hundred entries each, counted from
/// the oldest. What is full is never another hundred again; the newest grows until it is, and is linked by the feed only
/// while something stands in it and nowhere else, under an address that changes as it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Archive {
    /// Which one this is; `None`: the feed itself.
    pub(super) page: Option<i64>,
    /// The one before it, as its number and what stands behind the ending.
    pub(super) before: Option<(i64, String)>,
    /// The one after it.
    pub(super) after: Option<i64>,
    /// The highest number of an entry.
    last: i64,
    /// The numbers that stand in no full archive document.
    tail: Vec<i64>,
}

impl Archive {
    /// The links of a feed whose highest number is `last`, or of its archive document `page`.
    pub(super) fn new(last: i64, tail: &[i64], page: Option<i64>) -> Archive {
        let before = page.filter(|page| *page > 1).map(|page| (page - 1, String::new()));
        let after = page.filter(|page| page * A_PAGE < last).map(|page| page + 1);
        Archive { page, before, after, last, tail: tail.to_vec() }
    }

    /// Finds the document before the feed, now that these entries stand in it.
    pub(super) fn covered_by(&mut self, entries: &[Entry]) {
        if self.page.is_some() {
            return;
        }
        let full = self.last / A_PAGE;
        let is_covered = self.tail.iter().all(|number| entries.iter().any(|entry| entry.number == *number));
        self.before = match is_covered {
            true if full == 0 => None,
            true => Some((full, String::new())),
            false => Some((full + 1, format!("?entries={}", self.last - full * A_PAGE))),
        };
    }
}

/// An entry that is no more (RFC 6721).
#[derive(Clone, Debug)]
pub(super) struct Tombstone {
    /// The id it had.
    pub(super) id: String,
    /// When it was withdrawn.
    pub(super) at: Instant,
    /// What the notice said, in its language.
    pub(super) comment: String,
    /// That language.
    pub(super) language: Language,
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The article.
    pub(super) article: ArticleId,
    /// Its id in RSS and JSON.
    pub(super) id: String,
    /// Its id in Atom, which must be an IRI.
    pub(super) iri: String,
    /// Its page.
    pub(super) url: String,
    /// Where it first appeared, if not here.
    pub(super) via: Option<String>,
    /// The headline, plain text.
    pub(super) title: String,
    /// The summary, plain text; never empty.
    pub(super) summary: String,
    /// The whole text, HTML; `None` where only the summary is told.
    pub(super) html: Option<String>,
    /// Its language.
    pub(super) language: Language,
    /// Who wrote it.
    pub(super) authors: Vec<String>,
    /// Its topics.
    pub(super) topics: Vec<Topic>,
    /// The lead picture.
    pub(super) picture: Option<Picture>,
    /// When it was published.
    pub(super) published: Instant,
    /// When it last changed by more than a slip.
    pub(super) updated: Instant,
    /// Corrections, newest first.
    pub(super) corrections: Vec<Correction>,
    /// Notes of new facts, newest first.
    pub(super) updates: Vec<Correction>,
    /// Why it was withdrawn.
    pub(super) withdrawn: Option<String>,
    /// Its other languages.
    pub(super) translations: Vec<(Language, String)>,
    /// Its place in the sequence of going public.
    pub(super) seq: i64,
    /// Its number in the feed.
    pub(super) number: i64,
}

/// A topic of an entry.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    /// Its id.
    pub(super) id: String,
    /// The name that people see.
    pub(super) name: String,
}

/// A correction as the entry shows it.
#[derive(Clone, Debug)]
pub(super) struct Correction {
    /// When it was made.
    pub(super) at: Instant,
    /// The note in the article's language.
    pub(super) note: String,
    /// What was wrong.
    pub(super) wrong: Option<String>,
    /// What is right.
    pub(super) right: Option<String>,
}

impl Channel {
    /// The feed of that configuration, still without entries.
    pub(super) fn new(config: &Config, templates: &Templates, feed: &Feed, gone: &[Gone]) -> Channel {
        let site = &config.site;
        let language = feed.languages(&config.language()).into_iter().next().unwrap_or_default();
        let base = site.feed(&feed.name);
        let line = |words: &crate::config::Text| text::plain(&text::line(words.get(&language))).into_owned();
        let publisher = line(site.publisher());
        let title = line(&feed.title);
        let description = feed.description.as_ref().map(&line).unwrap_or_default();
        let description = [description, line(&site.title), title.clone()];
        Channel {
            name: feed.name.clone(),
            id: format!("urn:uuid:{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, base.as_bytes())),
            title: if title.is_empty() { feed.name.clone() } else { title },
            description: description.into_iter().find(|d| !d.is_empty()).unwrap_or_else(|| feed.name.clone()),
            home: site.home(&language),
            rights: site.rights.as_ref().map(|text| text::line(text.get(&language))).filter(|text| !text.is_empty()),
            publisher: if publisher.is_empty() { feed.name.clone() } else { publisher },
            language,
            base,
            updated: None,
            gone: gone.iter().map(|gone| tombstone(config, templates, gone)).collect(),
            archive: Archive::default(),
            hubs: Vec::new(),
        }
    }

    /// The address of one format of the feed.
    pub(super) fn address(&self, format: Format) -> String {
        format!("{}.{}", self.base, format.extension())
    }

    /// The address of this document in that format: the feed's, or the archive document's.
    pub(super) fn own_address(&self, format: Format) -> String {
        self.archive.page.map_or_else(|| self.address(format), |page| self.page(page, "", format))
    }

    /// The address of the document before this one.
    pub(super) fn before(&self, format: Format) -> Option<String> {
        self.archive.before.as_ref().map(|(page, behind)| self.page(*page, behind, format))
    }

    /// The address of the archive document after this one. After one that is alone comes the feed itself: validators want
    /// to be led somewhere.
    pub(super) fn after(&self, format: Format) -> Option<String> {
        let Archive { page, before, after, .. } = &self.archive;
        let alone = page.is_some() && before.is_none();
        after.map(|page| self.page(page, "", format)).or_else(|| alone.then(|| self.address(format)))
    }

    fn page(&self, page: i64, behind: &str, format: Format) -> String {
        format!("{}/archive/{page}.{}{behind}", self.base, format.extension())
    }
}

fn tombstone(config: &Config, templates: &Templates, gone: &Gone) -> Tombstone {
    let say = words::Words { templates, config, language: &gone.language };
    Tombstone {
        id: gone.guid.as_deref().map(text::line).as_deref().and_then(iri).unwrap_or_else(|| gone.article.urn()),
        at: gone.at,
        comment: say.withdrawn_title(&text::line(gone.reason.as_deref().unwrap_or_default())),
        language: gone.language.clone(),
    }
}

/// What entries are made with: the newsroom, its words, and the other languages of each story.
pub(super) struct Maker<'a> {
    pub(super) config: &'a Config,
    pub(super) templates: &'a Templates,
    pub(super) feed: &'a Feed,
    pub(super) translations: &'a [Translation],
}

impl Maker<'_> {
    /// The entry that shows `revision`.
    pub(super) fn entry(&self, revision: &Revision) -> Entry {
        let site = &self.config.site;
        let content = &revision.content;
        let language = revision.language.clone();
        let id = text::line(&revision.feed_id());
        let id = if id.is_empty() { revision.article.urn() } else { id };
        let first_line = |text: &str| text::line(text.trim().lines().next().unwrap_or_default());
        let title = [text::line(&content.title), first_line(&content.text), revision.slug.clone()];
        let title = title.into_iter().find(|t| !t.is_empty()).unwrap_or_default();
        let mut entry = Entry {
            article: revision.article,
            iri: iri(&id).unwrap_or_else(|| revision.article.urn()),
            id,
            url: site.article(&language, &revision.slug),
            via: content.canonical.as_deref().and_then(text::address),
            summary: text::line(&content.summary),
            html: None,
            authors: content.authors.iter().map(|a| text::line(a)).filter(|a| !a.is_empty()).collect(),
            topics: self.topics(&content.topics, &language),
            picture: content.picture.as_ref().and_then(picture),
            published: revision.published,
            updated: revision.updated,
            corrections: Vec::new(),
            updates: Vec::new(),
            withdrawn: content.withdrawn.as_deref().map(text::line),
            translations: self.others(revision),
            seq: revision.public_seq.unwrap_or_default(),
            number: 0,
            title,
            language,
        };
        if entry.withdrawn.is_some() {
            self.withdraw(&mut entry);
        } else {
            self.tell(&mut entry, revision);
        }
        if entry.summary.is_empty() {
            entry.summary.clone_from(&entry.title);
        }
        entry
    }

    /// What a feed says last: that it has ended, and where the others are. It keeps its id while it is there.
    pub(super) fn last_word(&self, channel: &Channel, at: Instant) -> Entry {
        let say = words::Words { templates: self.templates, config: self.config, language: &channel.language };
        let own = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}#ended", channel.base).as_bytes());
        let article = ArticleId(own);
        let url = self.config.site.address(&format!("{}/feeds/", self.config.site.prefix(&channel.language)));
        let (title, summary) = say.ended(&channel.title, at);
        let html = format!("<p>{} <a href=\"{url}\">{url}</a></p>", text::html(&summary), url = text::html(&url));
        Entry {
            article,
            iri: article.urn(),
            id: article.urn(),
            url,
            via: None,
            title,
            summary,
            html: Some(html).filter(|_| self.feed.content == FeedContent::Full),
            language: channel.language.clone(),
            authors: Vec::new(),
            topics: Vec::new(),
            picture: None,
            published: at,
            updated: at,
            corrections: Vec::new(),
            updates: Vec::new(),
            withdrawn: None,
            translations: Vec::new(),
            seq: 0,
            number: 0,
        }
    }

    /// An article that stands: corrections, lead picture, body, other languages.
    fn tell(&self, entry: &mut Entry, revision: &Revision) {
        let say = words::Words { templates: self.templates, config: self.config, language: &entry.language };
        for note in &revision.content.corrections {
            let part = |text: &Option<String>| text.as_deref().map(text::line).filter(|t| !t.is_empty());
            let (whole, wrong, right) = (part(&note.note), part(&note.wrong), part(&note.right));
            let told = match (whole, &wrong, &right) {
                (Some(whole), _, _) => whole,
                (None, Some(wrong), Some(right)) => say.wrong_and_right(wrong, right),
                (None, one, other) => one.clone().or_else(|| other.clone()).unwrap_or_default(),
            };
            entry.corrections.push(Correction { at: note.at, note: told, wrong, right });
        }
        let update = |note: &Note| Correction { at: note.at, note: text::line(&note.text()), wrong: None, right: None };
        entry.updates = revision.content.updates.iter().map(update).collect();
        let newest = entry.corrections.first().map(|note| say.correction(note));
        if let Some(newest) = newest.or_else(|| entry.updates.first().map(|note| say.update(note))) {
            entry.summary = format!("{newest} {}", entry.summary).trim().to_owned();
        }
        if self.feed.content == FeedContent::Summary {
            return;
        }
        let body = text::clean(&revision.content.html);
        let mut html = String::with_capacity(body.len() + 1024);
        for correction in &entry.corrections {
            html.push_str(&say.correction_html(correction));
        }
        for update in &entry.updates {
            html.push_str(&say.update_html(update));
        }
        if let Some(picture) = &entry.picture
            && !body.contains(&picture.url)
            && !revision.content.picture.as_ref().is_some_and(|p| body.contains(&p.url))
        {
            html.push_str(&figure(picture));
        }
        html.push_str(body.trim());
        html.push_str(&say.translations_html(&entry.translations));
        entry.html = Some(html.trim()).filter(|html| !html.is_empty()).map(|html| directed(html, &entry.language));
    }

    /// A withdrawn article: nothing of it but its headline and the notice.
    fn withdraw(&self, entry: &mut Entry) {
        let say = words::Words { templates: self.templates, config: self.config, language: &entry.language };
        let reason = entry.withdrawn.clone().unwrap_or_default();
        let headline = say.without_withdrawn(&entry.title).to_owned();
        entry.title = say.withdrawn_title(&headline);
        entry.summary = say.withdrawn(&headline, entry.published, &reason);
        entry.html = Some(directed(&format!("<p>{}</p>", text::html(&entry.summary)), &entry.language))
            .filter(|_| self.feed.content == FeedContent::Full);
        entry.picture = None;
        entry.via = None;
        entry.translations.clear();
    }

    fn topics(&self, labels: &[String], language: &Language) -> Vec<Topic> {
        let mut topics: Vec<Topic> = Vec::with_capacity(labels.len());
        for label in labels {
            let (id, name) = (topic_id(label), text::line(&self.templates.topic_name(label, language)));
            if !id.is_empty() && !name.is_empty() && topics.iter().all(|topic| topic.id != id) {
                topics.push(Topic { id, name });
            }
        }
        topics
    }

    /// The pages of the same story in other languages, by language.
    fn others(&self, revision: &Revision) -> Vec<(Language, String)> {
        let of_story = self.translations.partition_point(|t| t.story < revision.story);
        self.translations[of_story..]
            .iter()
            .take_while(|t| t.story == revision.story)
            .filter(|t| t.language != revision.language)
            .map(|t| (t.language.clone(), self.config.site.article(&t.language, &t.slug)))
            .collect()
    }
}

impl Entry {
    /// When it was updated, as Atom has it: to the second, and behind the point the article's number of
    /// going public. Dates without a time, and files without a date, give many articles one `updated`;
    /// the validator frowns at that, and readers that sort by it would mix them.
    pub(super) fn atom_updated(&self) -> Instant {
        self.updated.trunc_subsecs(0) + Duration::microseconds(self.seq.rem_euclid(1_000_000))
    }

    /// Its authors as one text.
    pub(super) fn byline(&self) -> Option<String> {
        (!self.authors.is_empty()).then(|| self.authors.join(", "))
    }
}

/// HTML in a language that is written from right to left says so itself: readers show it inside pages of their own.
fn directed(html: &str, language: &Language) -> String {
    if language.is_right_to_left() {
        format!("<div dir=\"rtl\" lang=\"{}\">\n{html}\n</div>", language.as_str())
    } else {
        html.to_owned()
    }
}

/// The picture with clean words and an address that feeds can bear.
fn picture(picture: &Picture) -> Option<Picture> {
    let words = |text: &Option<String>| text.as_deref().map(text::line).filter(|t| !t.is_empty());
    Some(Picture {
        url: text::address(&picture.url)?,
        alt: text::line(&picture.alt),
        caption: words(&picture.caption),
        credit: words(&picture.credit),
        media_type: picture.media_type.as_deref().filter(|t| is_media_type(t)).map(str::to_ascii_lowercase),
        ..picture.clone()
    })
}

/// `type/subtype` in the characters of RFC 6838.
pub(super) fn is_media_type(text: &str) -> bool {
    let name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c));
    text.split_once('/').is_some_and(|(major, minor)| name(major) && name(minor))
}

/// The lead picture as the body shows it.
fn figure(picture: &Picture) -> String {
    let mut out = format!("<figure><img src=\"{}\" alt=\"{}\"", text::html(&picture.url), text::html(&picture.alt));
    if let (Some(width), Some(height)) = (picture.width, picture.height) {
        out.push_str(&format!(" width=\"{width}\" height=\"{height}\""));
    }
    out.push('>');
    let caption = [picture.caption.as_deref(), picture.credit.as_deref()];
    let caption = caption.into_iter().flatten().map(text::html).collect::<Vec<_>>().join(" · ");
    if !caption.is_empty() {
        out.push_str(&format!("<figcaption>{caption}</figcaption>"));
    }
    out.push_str("</figure>\n");
    out
}

/// An id as Atom may have it (RFC 4287, section 4.2.6): an absolute IRI; `None` for any other text.
fn iri(id: &str) -> Option<String> {
    let (scheme, rest) = id.split_once(':')?;
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let rest_fits =
        !rest.is_empty() && rest.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>\"{}|\\^`".contains(c));
    match scheme {
        _ if !scheme_fits || !rest_fits => None,
        "http" | "https" => url::Url::parse(id).is_ok_and(|u| u.has_host()).then(|| id.to_owned()),
        "urn" => {
            rest.split_once(':').is_some_and(|(nid, nss)| nid.len() >= 2 && !nss.is_empty()).then(|| id.to_owned())
        }
        "tag" => rest.split_once(':').is_some_and(|(authority, _)| authority.contains(',')).then(|| id.to_owned()),
        _ => Some(id.to_owned()),
    }
}
