//! One variant: the mail in one language, as the reader of its largest copy gets it.

use std::collections::{BTreeMap, HashMap};

use url::Url;

use super::{Suspect, inside};
use crate::article::{Language, Revision};
use crate::config::Config;
use crate::mail::inspect::leftovers::{self, Doubt};
use crate::mail::inspect::{Image, LARGE, LONGEST_LINE, Scene, is_relative, phrases, squeezed};
use crate::store::editions::findings::{Finding, Level, What};

/// The most signs of a text that a finding shows.
const SHOWN: usize = 60;

/// What is judged.
pub(super) struct Variant<'a> {
    pub(super) config: &'a Config,
    pub(super) language: &'a Language,
    /// Where its reader leaves.
    pub(super) leave: &'a str,
    pub(super) scene: &'a Scene,
    /// Bytes of the message's longest line.
    pub(super) longest_line: usize,
    /// What it prints, by position.
    pub(super) printed: &'a HashMap<u8, &'a Revision>,
}

/// A finding about an article.
pub(super) fn about(revision: &Revision, level: Level, what: What, reason: String) -> Finding {
    Finding {
        level,
        what,
        language: revision.language.clone(),
        article: Some(revision.slug.clone()),
        title: Some(revision.content.title.clone()),
        reason,
        decided: None,
    }
}

/// A picture as people know it: the name of its file, without what we put in front.
pub(super) fn file_of(src: &str) -> String {
    let path = Url::parse(src).map_or_else(|_| src.to_owned(), |url| url.path().to_owned());
    let name = path.rsplit('/').next().unwrap_or_default();
    let ours = name.split_once('-').filter(|(hash, rest)| {
        hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) && !rest.starts_with('.')
    });
    ours.map_or(name, |(_, rest)| rest).to_owned()
}

/// Words in a list, each once, in quotes.
pub(super) fn quoted(words: impl IntoIterator<Item = String>) -> String {
    let mut listed: Vec<String> = Vec::new();
    for word in words {
        let word = if word.is_empty() { "(no words)".to_owned() } else { format!("“{}”", cut(&word)) };
        if !listed.contains(&word) {
            listed.push(word);
        }
    }
    listed.join(", ")
}

pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl Variant<'_> {
    pub(super) fn judge(&self, found: &mut Vec<Finding>, suspects: &mut Vec<Suspect>) {
        self.whole(found);
        self.pictures(found, suspects);
        self.links(found, suspects);
        self.left_over(found);
    }

    /// A finding about the story at a position, or about the mail.
    fn at(&self, position: Option<u8>, level: Level, what: What, reason: String) -> Finding {
        match position.and_then(|position| self.printed.get(&position)) {
            Some(revision) => about(revision, level, what, reason),
            None => Finding {
                level,
                what,
                language: self.language.clone(),
                article: None,
                title: None,
                reason,
                decided: None,
            },
        }
    }

    /// What the mail must have as a whole.
    fn whole(&self, found: &mut Vec<Finding>) {
        let (scene, template) = (self.scene, "its template");
        let mut say = |level, what, reason: String| found.push(self.at(None, level, what, reason));
        if scene.html_bytes >= LARGE {
            say(
                Level::Warning,
                What::Size,
                format!(
                    "its HTML has {} KB as it is sent; Gmail shows the first 102 KB and hides the rest, the way to leave with it; print fewer stories (max_items)",
                    scene.html_bytes / 1000
                ),
            );
        }
        if self.longest_line > LONGEST_LINE {
            let reason = format!("a line of it has {} bytes; mail allows {LONGEST_LINE}", self.longest_line);
            say(Level::Holds, What::Line, reason);
        }
        if scene.subject.trim().is_empty() {
            say(Level::Holds, What::Empty, "its subject is empty".to_owned());
        }
        let (words, text) = (scene.words(), scene.text());
        if text.is_empty() {
            say(Level::Holds, What::Empty, format!("its text part is empty; mend {template} for text"));
        }
        if !scene.links.iter().any(|link| link.href == self.leave) {
            let reason = format!(
                "nothing in it leads to where its reader leaves; put unsubscribe_url() into a link of {template}"
            );
            say(Level::Holds, What::Unsubscribe, reason);
        } else if !text.is_empty() && !text.contains(self.leave) {
            let reason = format!(
                "its text part does not say where its reader leaves; put unsubscribe_url() into {template} for text"
            );
            say(Level::Warning, What::Unsubscribe, reason);
        }
        let address = self.config.site.address.get(self.language);
        let lines: Vec<String> = address.lines().map(squeezed).filter(|line| !line.is_empty()).collect();
        for (part, said) in [("HTML", &words), ("text", &text)] {
            let missing = lines.iter().any(|line| !said.contains(line.as_str()));
            if missing && !said.is_empty() {
                let reason = format!(
                    "its {part} part lacks the postal address ([site] address); print {{{{ address }}}} in {template}"
                );
                say(Level::Warning, What::Address, reason);
            }
        }
    }

    fn pictures(&self, found: &mut Vec<Finding>, suspects: &mut Vec<Suspect>) {
        for image in &self.scene.images {
            let file = file_of(&image.src);
            match self.whose(image) {
                Some(revision) if is_blank(image) && !revision.content.decorative.contains(&image.src) => {
                    let reason = format!(
                        "nobody said what the picture {file} shows; write its alt text (image_alt), or image_alt: \"\" where it is decorative"
                    );
                    found.push(about(revision, Level::Holds, What::Alt, reason));
                }
                None if image.alt.is_none() => {
                    let reason = format!(
                        "the picture {file} of its template has no alt text; write alt=\"\" where it is decorative"
                    );
                    found.push(self.at(None, Level::Holds, What::Alt, reason));
                }
                _ => {}
            }
            if let Some(alt) = image.alt.as_deref().filter(|alt| is_file_name(alt)) {
                let reason = format!("the alt text of {file} is the name of a file: “{}”", cut(alt));
                found.push(self.at(image.position, Level::Warning, What::Alt, reason));
            }
            if is_relative(&image.src) {
                let reason = format!("the picture “{}” has no whole address, so no reader sees it", cut(&image.src));
                found.push(self.at(image.position, Level::Holds, What::Relative, reason));
            } else if let Some(path) = inside::path_of(self.config, &image.src) {
                let about = self.at(image.position, Level::Warning, What::Dead, String::new());
                suspects.push(Suspect { path, shown: format!("the picture {}", image.src), about, on_page: false });
            }
        }
    }

    /// The article that a picture belongs to.
    fn whose(&self, image: &Image) -> Option<&Revision> {
        let revision = *self.printed.get(&image.position?)?;
        let lead = revision.content.picture.as_ref().is_some_and(|picture| picture.url == image.src);
        (lead || revision.content.html.contains(&image.src.replace('&', "&amp;"))).then_some(revision)
    }

    fn links(&self, found: &mut Vec<Finding>, suspects: &mut Vec<Suspect>) {
        let mut empty: BTreeMap<Option<u8>, Vec<String>> = BTreeMap::new();
        for link in &self.scene.links {
            if phrases::is_empty(&link.words) {
                empty.entry(link.position).or_default().push(link.words.clone());
            }
            let href = link.href.trim();
            let shown = cut(href);
            if href.is_empty() || href == "#" {
                let reason = format!("the link “{}” leads nowhere", cut(&link.words));
                found.push(self.at(link.position, Level::Holds, What::Relative, reason));
            } else if is_relative(href) {
                let reason = format!("the link “{shown}” has no whole address, so it leads nowhere from a mail");
                found.push(self.at(link.position, Level::Holds, What::Relative, reason));
            } else if let Some(path) = inside::path_of(self.config, href) {
                let about = self.at(link.position, Level::Warning, What::Dead, String::new());
                suspects.push(Suspect { path, shown: href.to_owned(), about, on_page: false });
            }
        }
        for (position, words) in empty {
            let reason = format!("words of links that do not say where they lead: {}", quoted(words));
            found.push(self.at(position, Level::Warning, What::Words, reason));
        }
    }

    fn left_over(&self, found: &mut Vec<Finding>) {
        let mut say = |position: Option<u8>, doubt: Doubt, what: &str, passage: &str| {
            if self.is_meant(position, what, passage) {
                return;
            }
            let level = if doubt == Doubt::Sure { Level::Holds } else { Level::Warning };
            let reason = format!("something was left over: “{what}”");
            let finding = self.at(position, level, What::Leftover, reason);
            if !found.contains(&finding) {
                found.push(finding);
            }
        };
        for (doubt, what) in leftovers::leftovers(&self.scene.subject) {
            say(None, doubt, &what, &self.scene.subject);
        }
        for passage in self.scene.passages.iter().filter(|passage| !passage.code && !passage.hidden) {
            for (doubt, what) in leftovers::leftovers(&passage.text) {
                say(passage.position, doubt, &what, &passage.text);
            }
        }
        let mut texts: BTreeMap<Option<u8>, String> = BTreeMap::new();
        for (position, line) in &self.scene.lines {
            let text = texts.entry(*position).or_default();
            text.push_str(line);
            text.push(' ');
        }
        for (position, text) in texts {
            // A line of text ends anywhere: what is looked for at the end of a passage says nothing here.
            for (doubt, what) in
                leftovers::leftovers(&format!("{text}.")).into_iter().filter(|(_, w)| !leftovers::is_nothing(w))
            {
                say(position, doubt, &what, &text);
            }
        }
    }

    /// Whether an article says so itself: as code, or as the last word of a sentence of its own.
    fn is_meant(&self, position: Option<u8>, what: &str, passage: &str) -> bool {
        let stories: Vec<&Revision> = match position {
            Some(position) => self.printed.get(&position).copied().into_iter().collect(),
            None => self.printed.values().copied().collect(),
        };
        stories.into_iter().any(|revision| {
            let content = &revision.content;
            let own = leftovers::is_nothing(what)
                && [&content.title, &content.summary, &content.text].iter().any(|text| text.contains(passage.trim()));
            own || super::page::code_of(&content.html).contains(what)
        })
    }
}

fn is_blank(image: &Image) -> bool {
    image.alt.as_deref().unwrap_or_default().trim().is_empty()
}

fn is_file_name(alt: &str) -> bool {
    let lower = alt.trim().to_lowercase();
    let ending = [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg"].iter().any(|ending| lower.ends_with(ending));
    ending && !lower.contains(' ')
}
