//! What an article is, from the door to every outlet. Values only: nothing here reads or writes.
//!
//! 1. A source's file becomes a [`Draft`] (front matter, Markdown, sanitising: the files beside this one).
//! 2. The store keeps each different [`Content`] of it as a revision.
//! 3. Feeds and editions are given [`Revision`]s of what is public, and nothing else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Instant;

pub mod date;
mod decided;
pub mod decode;
pub mod fold;
pub mod intake;
mod language;
pub mod latin;
pub mod markup;
pub mod matter;
pub mod place;
mod slug;
pub mod spoken;

pub use decided::Decided;
pub use language::Language;
pub use slug::slug;

/// The identity of an article, minted once; never made from its title, slug or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(pub Uuid);

/// The identity of a story: an article and its translations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoryId(pub Uuid);

/// The namespace of every id that is made and not given (RFC 9562, section 5.5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_0c0e_5b0a_4c58_9d3a_71c6_0a8b_44e7);

fn made_from(parts: [&str; 3]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, parts.join("\0").as_bytes())
}

impl ArticleId {
    /// The id of an article that brings none: made from its source and the key it was first seen under.
    pub fn made_from(source: &str, key: &str) -> Self {
        ArticleId(made_from(["article", source, key]))
    }

    /// The id of an article whose front matter has one that is no UUID.
    pub fn named(source: &str, id: &str) -> Self {
        ArticleId(made_from(["id", source, id]))
    }

    /// `urn:uuid:…` (RFC 9562), as `atom:id` and `guid` have it.
    pub fn urn(self) -> String {
        format!("urn:uuid:{}", self.0)
    }
}

impl StoryId {
    /// The story of an article that told one with others, and does no more, where they keep the id that would be its own.
    pub fn apart(article: ArticleId) -> Self {
        StoryId(made_from(["story", "apart", &article.to_string()]))
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ArticleId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(ArticleId)
    }
}

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A picture with what is said about it. `url` is absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picture {
    /// Where it is served, absolute.
    pub url: String,
    /// What it shows, for those who don't see it; empty where nobody said.
    pub alt: String,
    /// The caption under it.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// Media type, `image/jpeg`.
    pub media_type: Option<String>,
    /// Size of the file in bytes, where the file is ours.
    pub bytes: Option<u64>,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
}

/// What kind of state a revision is (DESIGN, part 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevisionKind {
    /// The first state.
    First,
    /// A slip; silent: `updated` stays.
    Minor,
    /// New facts.
    Update,
    /// An error; the note says what was wrong and what is right.
    Correction,
    /// The article is withdrawn; a notice stands in its place.
    Retraction,
}

impl RevisionKind {
    /// The word the store and `--json` have for it.
    pub fn word(self) -> &'static str {
        match self {
            RevisionKind::First => "first",
            RevisionKind::Minor => "minor",
            RevisionKind::Update => "update",
            RevisionKind::Correction => "correction",
            RevisionKind::Retraction => "retraction",
        }
    }

    /// The kind that has this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::First, Self::Minor, Self::Update, Self::Correction, Self::Retraction]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// A correction's note, as it is shown with the article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was made. A source that does not say leaves [`Note::UNDATED`]; the store then puts the
    /// instant at which it first saw the note.
    pub at: Instant,
    /// The whole note, where one was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// What is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

impl Note {
    /// The `at` of a note whose source does not say when it was made.
    pub const UNDATED: Instant = Instant::UNIX_EPOCH;

    /// Whether the other note has the same words; its time may be another.
    pub fn says_the_same(&self, other: &Note) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| {
            a.as_deref().map(str::split_whitespace).into_iter().flatten().eq(b
                .as_deref()
                .map(str::split_whitespace)
                .into_iter()
                .flatten())
        };
        same(&self.note, &other.note) && same(&self.wrong, &other.wrong) && same(&self.right, &other.right)
    }

    /// The note as running text: the note itself, else what was wrong and what is right.
    pub fn text(&self) -> String {
        match (&self.note, &self.wrong, &self.right) {
            (Some(note), _, _) => note.clone(),
            (None, Some(wrong), Some(right)) => format!("{wrong} → {right}"),
            (None, Some(one), None) | (None, None, Some(one)) => one.clone(),
            (None, None, None) => String::new(),
        }
    }
}

/// What one revision says: everything that people see of an article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// The headline, plain text on one line.
    pub title: String,
    /// The summary, plain text; made from the body where none was given.
    pub summary: String,
    /// The body: sanitised HTML, every address absolute.
    pub html: String,
    /// The body as plain text.
    pub text: String,
    /// Topics, as the newsroom wrote them (labels); [`topic_id`] makes their ids.
    pub topics: Vec<String>,
    /// Who wrote it, in order.
    pub authors: Vec<String>,
    /// The lead picture.
    pub picture: Option<Picture>,
    /// Pictures that say nothing by their author's word (`image_alt: ""`, `alt=""`), by address. Another picture without
    /// alt text is one of which nobody said what it shows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decorative: Vec<String>,
    /// Where it first appeared, if not here.
    pub canonical: Option<String>,
    /// Corrections, newest first.
    pub corrections: Vec<Note>,
    /// Notes of new facts, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<Note>,
    /// Until when staff have looked through it for what its translations were corrected in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Instant>,
    /// Why it was withdrawn; the other fields are then those of the notice.
    pub withdrawn: Option<String>,
    /// `priority: breaking`.
    pub breaking: bool,
}

impl Content {
    /// Puts the notice in place of the article: of what it said only the headline stays.
    pub fn withdraw(&mut self, reason: &str) {
        let escaped = reason.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.html = if reason.is_empty() { String::new() } else { format!("<p>{escaped}</p>") };
        reason.clone_into(&mut self.summary);
        reason.clone_into(&mut self.text);
        self.picture = None;
        self.decorative.clear();
        self.withdrawn = Some(reason.to_owned());
    }

    /// How many corrections it has beyond those of which staff said, for `other`, that they are looked through.
    pub fn corrected_since(&self, checked: Option<Instant>) -> usize {
        self.corrections.iter().filter(|note| checked.is_none_or(|checked| note.at > checked)).count()
    }
}

/// One article as a source gave it: checked and sanitised, not yet in the store.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its key in the source: the path under the folder, with `/`.
    pub key: String,
    /// The id its front matter names.
    pub id: Option<ArticleId>,
    /// The id it already had elsewhere; feeds keep it.
    pub guid: Option<String>,
    /// The slug it asks for; the store may add a number to keep it unique in its language.
    pub slug: String,
    /// Its language.
    pub language: Language,
    /// What it shares with its translations, as its front matter has it.
    pub translation_key: Option<String>,
    /// The [`Draft::place`] of the article that it says it is a translation of.
    pub translation_of: Option<String>,
    /// Where it lies, its language left out: what it shares with translations that lie beside it.
    pub place: Option<String>,
    /// When it says it was published; `None` where neither front matter nor file name says.
    pub published: Option<Instant>,
    /// When it says it was last changed.
    pub updated: Option<Instant>,
    /// Nothing of it may leave the house before.
    pub embargo: Option<Instant>,
    /// Not ready: held until this is taken away.
    pub draft: bool,
    /// Serbian in Cyrillic: a version in Latin letters is offered too ([`latin`]).
    pub transliterate: bool,
    /// Files in `[site] media` that it uses; they are served while it is public.
    pub media: Vec<String>,
    /// What its changes are, where the file says so itself (`change: minor`): [`RevisionKind::Minor`] or
    /// [`RevisionKind::Update`].
    pub change: Option<RevisionKind>,
    /// What it says.
    pub content: Content,
}

/// Something wrong with one file of a source, named so that it can be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The file (its key in the source).
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub reason: String,
    /// Whether the article is left out for it; otherwise it is in, and this is a warning.
    pub fatal: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

/// One state of one article, as the store gives it to feeds, pages and editions.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Number of the row: what a frozen edition keeps.
    pub id: i64,
    /// Whose state it is.
    pub article: ArticleId,
    /// The story it tells.
    pub story: StoryId,
    /// The source it came from.
    pub source: String,
    /// The id it already had elsewhere.
    pub guid: Option<String>,
    /// Its slug, unique in its language.
    pub slug: String,
    /// Its language.
    pub language: Language,
    /// Its place in the one sequence of going public; `None`: not public.
    pub public_seq: Option<i64>,
    /// When it was published; never moves.
    pub published: Instant,
    /// When it last changed by more than a slip.
    pub updated: Instant,
    /// What kind of state this is.
    pub kind: RevisionKind,
    /// What it says.
    pub content: Content,
}

impl Revision {
    /// The id that feeds give it: the one it had elsewhere, else its own.
    pub fn feed_id(&self) -> String {
        self.guid.clone().unwrap_or_else(|| self.article.urn())
    }
}

/// Which articles a feed or a newsletter takes. An empty set takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Languages.
    pub languages: Vec<Language>,
    /// Topic ids ([`topic_id`]).
    pub topics: Vec<String>,
    /// Names of sources.
    pub sources: Vec<String>,
}

/// The id of a topic label: lower case, spaces and signs to hyphens, letters of every script kept.
pub fn topic_id(label: &str) -> String {
    let mut id = String::with_capacity(label.len());
    for c in label.trim().chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.trim_end_matches('-').to_owned()
}
