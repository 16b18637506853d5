//! Front matter into [`Matter`], by the keys of [`keys`].

use chrono_tz::Tz;

use super::keys::{self, Key};
use super::{Complaints, Lead, Node, Value, holds, near, people, pictures, times};
use crate::article::{Language, Note, RevisionKind, date, topic_id};
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
    /// Which of them are one text of several words without quotes, under a key that Jekyll splits at the spaces.
    pub spaced: Vec<String>,
    /// Authors in order.
    pub authors: Vec<String>,
    /// The summary, as written.
    pub summary: Option<String>,
    /// The lead picture.
    pub lead: Option<Lead>,
    /// Its language.
    pub language: Option<Language>,
    /// The line that says so.
    pub language_line: Option<usize>,
    /// Whether it is offered in Latin letters too, and the line, where it says so itself.
    pub transliterate: Option<(Option<usize>, bool)>,
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
    /// Notes of new facts.
    pub updates: Vec<Note>,
    /// What the changes of this file are, by its own word.
    pub change: Option<RevisionKind>,
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
        maps.extend(keys::EXTRA.names.iter().filter_map(|key| root.get(&[key])));
        let own = maps.len();
        for node in around {
            maps.push(node);
            maps.extend(keys::EXTRA.names.iter().filter_map(|key| node.get(&[key])));
        }
        let reader = Reader { maps, own, taxonomies: root.get(keys::TAXONOMIES.names), settings };
        near::look(root, around, settings, complaints);
        reader.matter(complaints)
    }
}

/// Where keys are looked up.
pub(super) struct Reader<'n> {
    maps: Vec<&'n Node>,
    /// How many of the maps are the file's own; the others are those of its folder.
    own: usize,
    taxonomies: Option<&'n Node>,
    pub(super) settings: Settings,
}

/// What stands under a key.
#[derive(Clone, Copy)]
pub(super) struct Entry<'n> {
    /// The key as it is written.
    pub(super) name: &'n str,
    pub(super) node: &'n Node,
    /// The line, where it is one of this file.
    pub(super) line: Option<usize>,
}

impl<'n> Reader<'n> {
    /// What says something under these names, in the order of the places where one looks.
    fn entries<'s>(&'s self, names: &'s [&'s str]) -> impl Iterator<Item = Entry<'n>> + 's {
        self.maps.iter().enumerate().flat_map(move |(at, map)| {
            let entries = names.iter().filter_map(move |name| map.entry(&[name]));
            entries.map(move |(name, node)| Entry { name, node, line: (at < self.own).then_some(node.line) })
        })
    }

    pub(super) fn entry(&self, names: &[&str]) -> Option<Entry<'n>> {
        self.entries(names).next()
    }

    /// The first scalar under a key; that only something else is written there is told.
    pub(super) fn scalar(&self, key: &Key, complaints: &mut Complaints) -> Option<Entry<'n>> {
        let found = self.entries(key.names).find(|entry| entry.node.as_text().is_some());
        if let (None, Some(entry)) = (found, self.entry(key.names)) {
            wanted(entry, key, "it is left out of account", complaints);
        }
        found
    }

    fn text(&self, key: &Key, complaints: &mut Complaints) -> Option<String> {
        self.scalar(key, complaints).and_then(|entry| entry.node.as_text()).map(str::to_owned)
    }

    fn lined(&self, key: &Key, complaints: &mut Complaints) -> Option<(usize, String)> {
        self.scalar(key, complaints).and_then(|entry| Some((entry.node.line, entry.node.as_text()?.to_owned())))
    }

    fn matter(&self, complaints: &mut Complaints) -> Matter {
        let mut matter = Matter {
            title: self.text(&keys::TITLE, complaints),
            authors: self.entry(keys::AUTHORS.names).map(|entry| people::names(entry.node)).unwrap_or_default(),
            summary: self.text(&keys::SUMMARY, complaints),
            lead: pictures::lead(&self.maps),
            translation_key: self.text(&keys::TRANSLATION_KEY, complaints),
            translation_of: self.lined(&keys::TRANSLATION_OF, complaints),
            guid: self.text(&keys::GUID, complaints),
            id: self.lined(&keys::ID, complaints),
            ..Matter::default()
        };
        self.topics(&mut matter, complaints);
        self.language(&mut matter, complaints);
        self.address(&mut matter, complaints);
        times::read(self, &mut matter, complaints);
        holds::read(self, &mut matter, complaints);
        self.rest(&mut matter, complaints);
        matter
    }

    fn language(&self, matter: &mut Matter, complaints: &mut Complaints) {
        let Some(entry) = self.scalar(&keys::LANGUAGE, complaints) else { return };
        match Language::read(entry.node.as_text().unwrap_or_default()) {
            Ok(language) => {
                matter.language = Some(language);
                matter.language_line = entry.line;
            }
            Err(error) => complaints.warn(entry.line, format!("{error}; the language of its folder is taken")),
        }
    }

    /// `slug` is a slug; `permalink`, `url` and `path` end with one, unless they are patterns or lead elsewhere.
    fn address(&self, matter: &mut Matter, complaints: &mut Complaints) {
        matter.path = [keys::PERMALINK.names, keys::ADDRESS.names]
            .into_iter()
            .flatten()
            .filter_map(|key| self.entry(&[key])?.node.as_text())
            .find(|path| !path.contains(['{', ':', '<']) && !path.starts_with("//") && path.parse::<bool>().is_err())
            .map(|path| path.trim_matches('/').to_owned());
        let last = |path: &String| {
            let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            let path = path.strip_suffix("index.html").unwrap_or(path).trim_end_matches('/');
            let name = path.rsplit('/').next().unwrap_or_default();
            let name = [".html", ".htm", ".md"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            Some(name.to_owned()).filter(|name| !name.is_empty())
        };
        let slug = self.text(&keys::SLUG, complaints);
        matter.slug = slug.filter(|slug| !slug.contains(['{', ':'])).as_ref().and_then(last);
        matter.slug = matter.slug.take().or_else(|| matter.path.as_ref().and_then(last));
    }

    fn topics(&self, matter: &mut Matter, complaints: &mut Complaints) {
        let mut seen = std::collections::HashSet::new();
        for key in [&keys::TOPICS, &keys::TAGS, &keys::CATEGORIES] {
            // The nearest map that names any of them decides about that name.
            for name in key.names {
                let there = self.taxonomies.and_then(|map| map.entry(&[name]));
                let there = there.map(|(name, node)| Entry { name, node, line: Some(node.line) });
                for entry in self.entry(&[name]).into_iter().chain(there) {
                    for (text, quoted) in words(entry, key, complaints) {
                        for label in text.split([',', ';']).map(str::trim) {
                            let label = label.trim_start_matches('#').trim();
                            if topic_id(label).is_empty() || !seen.insert(topic_id(label)) {
                                continue;
                            }
                            let alone = matches!(entry.node.value, Value::Text { .. }) && !quoted && text == label;
                            if alone && *name == "categories" && label.contains(char::is_whitespace) {
                                matter.spaced.push(label.to_owned());
                            }
                            matter.topics.push(label.to_owned());
                        }
                    }
                }
            }
        }
    }

    fn rest(&self, matter: &mut Matter, complaints: &mut Complaints) {
        if let Some(entry) = self.entry(keys::BREAKING.names) {
            matter.breaking = entry.node.as_bool() == Some(true);
            if entry.node.as_bool().is_none() {
                wanted(entry, &keys::BREAKING, "it is taken for no", complaints);
            }
        }
        if let Some(entry) = self.entry(keys::TRANSLITERATE.names) {
            matter.transliterate = entry.node.as_bool().map(|yes| (entry.line, yes));
            if entry.node.as_bool().is_none() {
                wanted(entry, &keys::TRANSLITERATE, "its source's setting is taken", complaints);
            }
        }
        let priority = self.text(&keys::PRIORITY, complaints).unwrap_or_default().to_lowercase();
        matter.breaking |= matches!(priority.as_str(), "breaking" | "urgent");
        if let Some(entry) = self.entry(keys::CANONICAL.names) {
            match entry.node.as_text() {
                Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
                    matter.canonical = Some(url.to_owned())
                }
                _ => wanted(entry, &keys::CANONICAL, "it is left out of account", complaints),
            }
        }
        for entry in keys::CORRECTION.names.iter().filter_map(|key| self.entry(&[key])) {
            self.notes(entry.node, &mut matter.corrections, complaints);
        }
        for entry in keys::UPDATES.names.iter().filter_map(|key| self.entry(&[key])) {
            self.notes(entry.node, &mut matter.updates, complaints);
        }
        self.change(matter, complaints);
    }

    fn change(&self, matter: &mut Matter, complaints: &mut Complaints) {
        let Some(entry) = self.scalar(&keys::CHANGE, complaints) else { return };
        match RevisionKind::from_word(&entry.node.as_text().unwrap_or_default().to_lowercase()) {
            Some(kind @ (RevisionKind::Minor | RevisionKind::Update)) => matter.change = Some(kind),
            _ => wanted(entry, &keys::CHANGE, "it is left out of account", complaints),
        }
    }

    fn notes(&self, node: &Node, notes: &mut Vec<Note>, complaints: &mut Complaints) {
        let note = |at, note: Option<&str>, wrong: Option<&str>, right: Option<&str>| Note {
            at,
            note: note.map(str::to_owned),
            wrong: wrong.map(str::to_owned),
            right: right.map(str::to_owned),
        };
        match &node.value {
            Value::List(list) => list.iter().for_each(|node| self.notes(node, notes, complaints)),
            Value::Text { .. } => {
                if let Some(text) = node.as_text().filter(|_| node.as_bool() != Some(false)) {
                    notes.push(note(Note::UNDATED, Some(text), None, None));
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
                    (text(&["note", "text", "correction", "update"]), text(&["wrong", "was"]), text(&["right", "is"]));
                if words.or(wrong).or(right).is_some() {
                    notes.push(note(at, words, wrong, right));
                } else {
                    complaints.warn(node.line, "a note without words; write `note`, or `wrong` and `right`");
                }
            }
        }
    }
}

/// Says that something else is written under a key than it wants, and what becomes of it.
pub(super) fn wanted(entry: Entry<'_>, key: &Key, then: &str, complaints: &mut Complaints) {
    let (name, shown) = (entry.name, entry.node.shown());
    complaints.warn(entry.line, format!("`{name}` wants {}; {shown} is written here, and {then}", key.takes));
}

/// The words under a key of topics, and whether they stood in quotes.
fn words<'n>(entry: Entry<'n>, key: &Key, complaints: &mut Complaints) -> Vec<(&'n str, bool)> {
    let within = |node: &'n Node| Entry { node, line: entry.line.map(|_| node.line), ..entry };
    match &entry.node.value {
        Value::Text { quoted, .. } => entry.node.as_text().map(|text| (text, *quoted)).into_iter().collect(),
        Value::List(list) => list.iter().flat_map(|node| words(within(node), key, complaints)).collect(),
        Value::Map(map) => match entry.node.get(&["name", "title", "label", "slug", "id"]) {
            Some(name) => words(within(name), key, complaints),
            // Lists by kind: `{main: [news], more: [sport]}`.
            None if map.iter().all(|(_, node)| matches!(node.value, Value::List(_))) => {
                map.iter().flat_map(|(_, node)| words(within(node), key, complaints)).collect()
            }
            None => {
                wanted(entry, key, "it is left out of account", complaints);
                Vec::new()
            }
        },
    }
}
