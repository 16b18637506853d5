//! What pages show of articles: a line of a list, and a whole article.

use serde::Serialize;

use super::address::{self, Page};
use super::prose;
use crate::article::{Language, Note, Picture, Revision, RevisionKind, topic_id};
use crate::clock::Instant;
use crate::template::Templates;
use crate::web::public::Site;

/// A word with where it leads.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) url: String,
}

/// An article in a list.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item {
    title: String,
    url: String,
    summary: String,
    published: Instant,
    topic: Option<Label>,
    pub(super) picture: Option<Picture>,
    /// What the newest correction says.
    correction: Option<String>,
    withdrawn: bool,
    pub(super) breaking: bool,
}

impl Item {
    pub(super) fn of(site: &Site, revision: &Revision) -> Item {
        let content = &revision.content;
        Item {
            title: content.title.clone(),
            url: page_of(site, revision),
            summary: content.summary.clone(),
            published: revision.published,
            topic: content.topics.first().map(|label| topic(site, label, &revision.language)),
            picture: content.picture.clone().map(|p| ours(site, p)).filter(|_| content.withdrawn.is_none()),
            correction: content.corrections.first().map(|n| note(&site.templates, n, &revision.language)),
            withdrawn: content.withdrawn.is_some(),
            breaking: content.breaking && content.withdrawn.is_none(),
        }
    }

    pub(super) fn all(site: &Site, revisions: &[Revision]) -> Vec<Item> {
        revisions.iter().map(|revision| Item::of(site, revision)).collect()
    }
}

/// A correction as it stands with the article.
#[derive(Clone, Debug, Serialize)]
struct Correction {
    at: Instant,
    text: String,
}

/// The same story in another language.
#[derive(Clone, Debug, Serialize)]
struct Version {
    language: Language,
    name: String,
    url: String,
    /// The other version lacks a correction that this one has.
    behind: bool,
}

/// A whole article.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Story {
    title: String,
    /// A headline so long that it is set smaller.
    long: bool,
    language: Language,
    dir: &'static str,
    published: Instant,
    /// When new facts came, where they did.
    updated: Option<Instant>,
    topics: Vec<Label>,
    /// The summary, unless the body begins with it.
    standfirst: Option<String>,
    authors: Vec<String>,
    picture: Option<Picture>,
    html: String,
    corrections: Vec<Correction>,
    /// Notes of new facts.
    updates: Vec<Correction>,
    withdrawn: Option<String>,
    /// Where it first appeared, if not here: the host's name, and the address.
    first_appeared: Option<Label>,
    versions: Vec<Version>,
    /// Versions that have a correction which this one lacks.
    ahead: Vec<Version>,
}

/// What is longer is a very long headline.
const LONG: usize = 90;

impl Story {
    /// `revision` with its translations (`siblings` may hold itself).
    pub(super) fn of(site: &Site, revision: &Revision, siblings: &[Revision]) -> Story {
        let content = &revision.content;
        let language = &revision.language;
        let others = siblings.iter().filter(|s| s.article != revision.article && s.content.withdrawn.is_none());
        let mut versions: Vec<(Version, bool)> = others
            .map(|other| {
                let version = Version {
                    language: other.language.clone(),
                    name: site.templates.catalog().say(&other.language, "language-self", &[]),
                    url: page_of(site, other),
                    behind: is_behind(other, revision),
                };
                (version, is_behind(revision, other))
            })
            .collect();
        let place = |l: &Language| site.config.site.languages.iter().position(|s| s == l).unwrap_or(usize::MAX);
        versions.sort_by_key(|(version, _)| place(&version.language));
        let ahead = versions.iter().filter(|(_, ahead)| *ahead).map(|(v, _)| v.clone()).collect();
        let changed = revision.kind == RevisionKind::Update && revision.updated > revision.published;
        Story {
            title: content.title.clone(),
            long: content.title.chars().count() > LONG,
            language: language.clone(),
            dir: if language.is_right_to_left() { "rtl" } else { "ltr" },
            published: revision.published,
            updated: changed.then_some(revision.updated),
            topics: content.topics.iter().map(|label| topic(site, label, language)).collect(),
            standfirst: standfirst(&content.summary, &content.text),
            authors: content.authors.clone(),
            picture: content.picture.clone().map(|p| ours(site, p)),
            html: prose::set(&ours_in(site, &content.html)),
            corrections: content
                .corrections
                .iter()
                .map(|n| Correction { at: n.at, text: note(&site.templates, n, language) })
                .collect(),
            updates: content.updates.iter().map(|n| Correction { at: n.at, text: n.text() }).collect(),
            withdrawn: content.withdrawn.clone(),
            first_appeared: content.canonical.as_deref().and_then(|url| elsewhere(site, url)),
            versions: versions.into_iter().map(|(version, _)| version).collect(),
            ahead,
        }
    }
}

/// Whether a version lacks a correction that its translation has, and staff have not said that it is right as it stands.
fn is_behind(version: &Revision, other: &Revision) -> bool {
    let checked = version.content.checked;
    version.content.corrected_since(checked) < other.content.corrected_since(checked)
}

/// The path of an article's page.
pub(super) fn page_of(site: &Site, revision: &Revision) -> String {
    address::path(&site.config.site, &revision.language, &Page::Article(revision.slug.clone()))
}

/// A topic with its page.
pub(super) fn topic(site: &Site, label: &str, language: &Language) -> Label {
    let page = Page::Topic(topic_id(label));
    Label { text: site.templates.topic_name(label, language), url: address::path(&site.config.site, language, &page) }
}

/// What a correction says: its note, else what was wrong and what is right, in words.
pub(super) fn note(templates: &Templates, note: &Note, language: &Language) -> String {
    match (&note.note, &note.wrong, &note.right) {
        (None, Some(wrong), Some(right)) => {
            let stop = |text: &str| text.trim().trim_end_matches('.').to_owned();
            let said = [("wrong", stop(wrong).into()), ("right", stop(right).into())];
            templates.catalog().say(language, "site-wrong-right", &said)
        }
        _ => note.text(),
    }
}

/// A picture of ours by its path, so that the page shows it under whatever name the reader reached us.
fn ours(site: &Site, mut picture: Picture) -> Picture {
    let home = site.config.site.address("/media/");
    if let Some(name) = picture.url.strip_prefix(&home) {
        picture.url = format!("{}/media/{name}", address::base(&site.config.site));
    }
    picture
}

/// The same for the pictures of a body.
fn ours_in(site: &Site, html: &str) -> String {
    let from = format!("src=\"{}", site.config.site.address("/media/"));
    html.replace(&from, &format!("src=\"{}/media/", address::base(&site.config.site)))
}

/// The summary, unless it was made from the body and would be read twice.
fn standfirst(summary: &str, text: &str) -> Option<String> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = words(summary.trim_end_matches(['…', '.', ' ']));
    // A part of the body suffices: the summary is far shorter.
    let body: String = text.chars().take(4 * start.len() + 400).collect();
    (!start.is_empty() && !words(&body).starts_with(&start)).then(|| summary.to_owned())
}

fn elsewhere(site: &Site, url: &str) -> Option<Label> {
    let parsed = url::Url::parse(url).ok().filter(|u| matches!(u.scheme(), "http" | "https"))?;
    let host = parsed.host_str()?.trim_start_matches("www.").to_owned();
    let at_home = url::Url::parse(&site.config.site.url).is_ok_and(|own| own.host_str() == parsed.host_str());
    (!at_home).then(|| Label { text: host, url: parsed.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_made_from_the_body_does_not_stand_above_it() {
        assert_eq!(standfirst("The bridge on the flood road…", "The bridge  on the\nflood road was opened."), None);
        assert_eq!(standfirst("Eleven kilometres.", "The bridge was opened."), Some("Eleven kilometres.".into()));
        assert_eq!(standfirst("", "Anything"), None);
    }
}
