//! By which names sites of every kind call the same thing.

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::{Complaints, Lead, Node, Value, people, pictures};
use crate::article::{Language, Note, date, topic_id};
use crate::clock::Instant;

/// What is needed to read front matter.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The zone of dates that name none.
    pub zone: Tz,
    /// The present: dates that have passed are told apart from those to come.
    pub now: Instant,
}

/// What the front matter says, not yet made to fit its file.
#[derive(Clone, Debug, Default)]
pub struct Matter {
    /// The headline, as written.
    pub title: Option<String>,
    /// When it was published.
    pub published: Option<Instant>,
    /// When it was last changed.
    pub updated: Option<Instant>,
    /// Nothing of it may leave the house before.
    pub embargo: Option<Instant>,
    /// Not ready.
    pub draft: bool,
    /// Topics, as written, each once.
    pub topics: Vec<String>,
    /// Authors in order.
    pub authors: Vec<String>,
    /// The summary, as written.
    pub summary: Option<String>,
    /// The lead picture.
    pub lead: Option<Lead>,
    /// Its language.
    pub language: Option<Language>,
    /// What it shares with its translations.
    pub translation_key: Option<String>,
    /// The article it is a translation of: its file, slug or id, and the line that says so.
    pub translation_of: Option<(usize, String)>,
    /// The id it had elsewhere.
    pub guid: Option<String>,
    /// Its own id, as written, and the line.
    pub id: Option<(usize, String)>,
    /// The slug it asks for, not yet made fit for an address.
    pub slug: Option<String>,
    /// The whole address it had elsewhere, by which other articles may link to it.
    pub path: Option<String>,
    /// Urgent news.
    pub breaking: bool,
    /// Corrections.
    pub corrections: Vec<Note>,
    /// Why it was withdrawn.
    pub withdrawn: Option<String>,
    /// Where it first appeared.
    pub canonical: Option<String>,
}

impl Matter {
    /// Reads the front matter `root`; `around` holds defaults of its folder, the nearest first.
    pub fn read(root: &Node, around: &[&Node], settings: Settings, complaints: &mut Complaints) -> Matter {
        // Hugo and Zola have a place for keys that are not their own.
        let mut maps = vec![root];
        maps.extend(["extra", "params"].iter().filter_map(|key| root.get(&[key])));
        let taxonomies = root.get(&["taxonomies"]);
        for node in around {
            maps.push(node);
            maps.extend(["extra", "params"].iter().filter_map(|key| node.get(&[key])));
        }
        let reader = Reader { maps, taxonomies, settings };
        reader.matter(complaints)
    }
}

struct Reader<'n> {
    maps: Vec<&'n Node>,
    taxonomies: Option<&'n Node>,
    settings: Settings,
}

impl<'n> Reader<'n> {
    fn find(&self, keys: &[&str]) -> Option<&'n Node> {
        self.maps.iter().find_map(|map| map.get(keys))
    }

    fn text(&self, keys: &[&str]) -> Option<String> {
        self.find(keys).and_then(Node::as_text).map(str::to_owned)
    }

    fn matter(&self, complaints: &mut Complaints) -> Matter {
        let mut matter = Matter {
            title: self.text(&["title", "headline"]),
            topics: self.topics(),
            authors: self
                .find(&["authors", "author", "byline", "writers", "writer", "by"])
                .map(people::names)
                .unwrap_or_default(),
            summary: self.text(&[
                "summary",
                "excerpt",
                "deck",
                "standfirst",
                "description",
                "abstract",
                "lead",
                "intro",
            ]),
            lead: pictures::lead(&self.maps),
            translation_key: self.text(&["translation_key", "translation_id", "trans_id"]),
            translation_of: self
                .find(&["translation_of", "translates"])
                .and_then(|n| Some((n.line, n.as_text()?.to_owned()))),
            guid: self.text(&["guid", "atom_id", "feed_id"]),
            id: self.find(&["id", "uuid"]).and_then(|n| Some((n.line, n.as_text()?.to_owned()))),
            ..Matter::default()
        };
        self.language(&mut matter, complaints);
        self.address(&mut matter);
        self.times(&mut matter, complaints);
        self.decisions(&mut matter, complaints);
        matter
    }

    fn language(&self, matter: &mut Matter, complaints: &mut Complaints) {
        let Some(node) = self.find(&["lang", "language", "locale", "lng"]) else { return };
        let Some(text) = node.as_text() else { return };
        match Language::read(text) {
            Ok(language) => matter.language = Some(language),
            Err(error) => complaints.warn(node.line, format!("{error}; the language of its folder is taken")),
        }
    }

    /// `slug` is a slug; `permalink`, `url` and `path` end with one, unless they are patterns or lead elsewhere.
    fn address(&self, matter: &mut Matter) {
        matter.path = ["permalink", "url", "path"]
            .iter()
            .filter_map(|key| self.find(&[key]).and_then(Node::as_text))
            .find(|path| !path.contains(['{', ':', '<']) && !path.starts_with("//") && path.parse::<bool>().is_err())
            .map(|path| path.trim_matches('/').to_owned());
        let last = |path: &String| {
            let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            let path = path.strip_suffix("index.html").unwrap_or(path).trim_end_matches('/');
            let name = path.rsplit('/').next().unwrap_or_default();
            let name = [".html", ".htm", ".md"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            Some(name.to_owned()).filter(|name| !name.is_empty())
        };
        matter.slug = self.text(&["slug"]).filter(|slug| !slug.contains(['{', ':'])).as_ref().and_then(last);
        matter.slug = matter.slug.take().or_else(|| matter.path.as_ref().and_then(last));
    }

    fn topics(&self) -> Vec<String> {
        const KEYS: [&str; 8] = ["topics", "topic", "tags", "tag", "categories", "category", "keywords", "sections"];
        let mut topics: Vec<String> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        // The nearest map that names any of them decides about that key.
        let found = KEYS.iter().flat_map(|key| {
            let here = self.find(&[key]);
            let there = self.taxonomies.and_then(|map| map.get(&[key]));
            [here, there].into_iter().flatten()
        });
        for (_, text) in found.flat_map(Node::texts) {
            for label in text.split([',', ';']).map(str::trim) {
                let label = label.trim_start_matches('#').trim();
                if !topic_id(label).is_empty() && seen.insert(topic_id(label)) {
                    topics.push(label.to_owned());
                }
            }
        }
        topics
    }

    fn times(&self, matter: &mut Matter, complaints: &mut Complaints) {
        const WRITTEN: &[&str] =
            &["date", "published", "pub_date", "publish_date", "published_at", "date_published", "publication_date"];
        const CHANGED: &[&str] = &[
            "updated",
            "lastmod",
            "last_modified_at",
            "last_modified",
            "modified",
            "updated_at",
            "date_modified",
            "last_updated",
            "edited",
        ];
        for key in WRITTEN {
            let Some(node) = self.find(&[key]) else { continue };
            if *key == "published" && node.as_bool().is_some() || matter.published.is_some() {
                continue;
            }
            let Some(text) = node.as_text() else {
                complaints.refuse(
                    node.line,
                    format!("`{key}` is no date; write it like 2026-05-18 or 2026-05-18T16:40+02:00"),
                );
                continue;
            };
            // Words of Eleventy that mean: ask the file system. A copy of a file would move the date.
            if ["last modified", "created", "git last modified", "git created"].contains(&text.to_lowercase().as_str())
            {
                complaints.warn(node.line, format!("`{key}: {text}` is not followed; write the date"));
                continue;
            }
            match self.date(node, text) {
                Ok(at) => matter.published = Some(at),
                Err(reason) => complaints.refuse(node.line, format!("`{key}`: {reason}")),
            }
        }
        // The day of what an article is about, for want of its own: only a day that has passed, for an announcement
        // must not wait for what it announces; and the key holds other things than days as well.
        if matter.published.is_none() {
            let day = self.find(&["event", "event_date"]).and_then(|node| self.date(node, node.as_text()?).ok());
            matter.published = day.filter(|at| *at <= self.settings.now);
        }
        if let Some(node) = self.find(CHANGED) {
            match node.as_text().map(|text| self.date(node, text)) {
                Some(Ok(at)) => matter.updated = Some(at),
                Some(Err(reason)) => complaints.warn(node.line, format!("{reason}; it is left out of account")),
                None => {}
            }
        }
        if let Some(node) = self.find(&["embargo", "embargo_until", "embargoed_until"]) {
            match (node.as_bool(), node.as_text().map(|text| self.date(node, text))) {
                (Some(false), _) => {}
                (_, Some(Ok(at))) => matter.embargo = Some(at),
                (_, Some(Err(reason))) => complaints.refuse(node.line, format!("`embargo`: {reason}")),
                (_, None) => complaints.refuse(node.line, "`embargo` is no date; write until when it holds"),
            }
        }
        if let Some(node) = self.find(&["expiry_date", "expires", "expiry"]) {
            let past =
                node.as_text().and_then(|text| self.date(node, text).ok()).is_some_and(|at| at <= self.settings.now);
            if past {
                complaints.warn(node.line, "its expiry has passed, but articles are not taken back by date; write `withdrawn: why`, or delete the file");
            }
        }
    }

    fn date(&self, node: &Node, text: &str) -> Result<Instant, String> {
        let at = date::parse(text, self.settings.zone).map_err(|error| error.to_string())?;
        // Zola and Pelican have the time in a key of its own now and then.
        let time = self.find(&["time"]).filter(|_| text.len() <= 10 && node.line > 0).and_then(Node::as_text);
        let timed = time.and_then(|time| {
            let time = NaiveTime::parse_from_str(time, "%H:%M")
                .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S"))
                .ok()?;
            date::at_zone(at.with_timezone(&self.settings.zone).date_naive().and_time(time), self.settings.zone)
        });
        Ok(timed.unwrap_or(at))
    }

    fn decisions(&self, matter: &mut Matter, complaints: &mut Complaints) {
        let decided = |key: &str| self.find(&[key]).and_then(Node::as_bool);
        let status = self.text(&["status", "post_status"]).unwrap_or_default().to_lowercase();
        matter.draft = match self.find(&["draft"]) {
            // Whatever else is written there, somebody wanted it held.
            Some(node) => node.as_bool().unwrap_or(true),
            None => false,
        } || decided("published") == Some(false)
            || matches!(status.as_str(), "draft" | "private" | "hidden" | "pending" | "skip");
        matter.breaking = decided("breaking") == Some(true)
            || self.text(&["priority"]).is_some_and(|p| matches!(p.to_lowercase().as_str(), "breaking" | "urgent"));
        if let Some(node) = self.find(&["canonical", "canonical_url", "canonical_link"]) {
            match node.as_text() {
                Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
                    matter.canonical = Some(url.to_owned())
                }
                _ => complaints.warn(node.line, "`canonical` is no web address; it is left out of account"),
            }
        }
        if let Some(node) = self.find(&["withdrawn", "retracted", "retraction"]) {
            matter.withdrawn = match (node.as_bool(), &node.value) {
                (Some(false), _) => None,
                (Some(true), _) => Some(String::new()),
                (None, Value::Map(_)) => {
                    Some(node.get(&["reason", "note", "text"]).and_then(Node::as_text).unwrap_or_default().to_owned())
                }
                (None, _) => Some(node.texts().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")),
            };
        }
        for node in ["correction", "corrections", "errata", "erratum"].iter().filter_map(|key| self.find(&[key])) {
            self.notes(node, matter, complaints);
        }
    }

    fn notes(&self, node: &Node, matter: &mut Matter, complaints: &mut Complaints) {
        let note = |at, note: Option<&str>, wrong: Option<&str>, right: Option<&str>| Note {
            at,
            note: note.map(str::to_owned),
            wrong: wrong.map(str::to_owned),
            right: right.map(str::to_owned),
        };
        match &node.value {
            Value::List(list) => list.iter().for_each(|node| self.notes(node, matter, complaints)),
            Value::Text { .. } => {
                if let Some(text) = node.as_text().filter(|_| node.as_bool() != Some(false)) {
                    matter.corrections.push(note(Note::UNDATED, Some(text), None, None));
                }
            }
            Value::Map(_) => {
                let text = |keys: &[&str]| node.get(keys).and_then(Node::as_text);
                let mut at = Note::UNDATED;
                if let Some(node) = node.get(&["at", "date", "time", "corrected"]) {
                    match node.as_text().map(|text| date::parse(text, self.settings.zone)) {
                        Some(Ok(said)) => at = said,
                        Some(Err(error)) => {
                            complaints.warn(node.line, format!("{error}; the time of reading is taken"))
                        }
                        None => {}
                    }
                }
                let (words, wrong, right) =
                    (text(&["note", "text", "correction"]), text(&["wrong", "was"]), text(&["right", "is"]));
                if words.or(wrong).or(right).is_some() {
                    matter.corrections.push(note(at, words, wrong, right));
                } else {
                    complaints.warn(node.line, "a correction without words; write `note`, or `wrong` and `right`");
                }
            }
        }
    }
}
