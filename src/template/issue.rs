//! One issue of a newsletter as a mail template prints it: plain values, in one language.

use chrono_tz::Tz;
use serde::Serialize;

use crate::article::{Language, Note, Picture};
use crate::clock::Instant;

/// Everything that a mail template is given. The names here are the names in the template.
#[derive(Clone, Debug, Serialize)]
pub struct Issue {
    /// The newsletter.
    pub newsletter: Newsletter,
    /// The number of the issue, counted for the newsletter.
    pub number: i64,
    /// When it is made.
    pub date: Instant,
    /// The zone of dates in it.
    pub timezone: Tz,
    /// The language it is in.
    pub language: Language,
    /// Who publishes.
    pub publisher: String,
    /// The postal address; may have several lines.
    pub address: String,
    /// The home page in that language, absolute.
    pub site_url: String,
    /// The mail in a browser, absolute; `None` where there is none.
    pub web_url: Option<String>,
    /// The newsroom's colour, `#rrggbb`; templates see [`super::palette::Palette`] beside it.
    pub accent: String,
    /// Corrections of what readers were sent, first in the mail.
    pub corrections: Vec<Correction>,
    /// The stories, the lead first.
    pub stories: Vec<Story>,
    /// What readers are told of something that they were sent; the issue then has nothing else.
    pub telling: Option<Telling>,
    /// A test copy for staff.
    pub test: Option<TestBar>,
    /// Sent in a trial (`[mail] sandbox`).
    pub sandbox: bool,
}

/// A newsletter as its readers know it.
#[derive(Clone, Debug, Serialize)]
pub struct Newsletter {
    /// Its name in the configuration.
    pub name: String,
    /// Its title.
    pub title: String,
}

/// A label with where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it says.
    pub label: String,
    /// Where it leads, absolute.
    pub url: String,
}

/// One story of an issue.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// Its position in the edition, 0 to 63: the bit by which a copy chooses it.
    pub position: u8,
    /// Headline.
    pub title: String,
    /// Its page, absolute.
    pub url: String,
    /// Summary, plain text.
    pub summary: String,
    /// Its first topic, with the topic's page.
    pub topic: Option<Link>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// When it was published.
    pub published: Instant,
    /// The lead picture.
    pub picture: Option<Picture>,
    /// The language of this version.
    pub language: Language,
    /// The body: sanitised HTML with absolute addresses.
    pub html: String,
    /// The body as plain text.
    pub text: String,
    /// `priority: breaking`.
    pub breaking: bool,
    /// Why it was withdrawn, if it was: the notice stands in its place.
    pub withdrawn: Option<String>,
}

/// A correction of something that readers were sent.
#[derive(Clone, Debug, Serialize)]
pub struct Correction {
    /// The position by which a copy chooses it: that of its story, or one of its own; `None`: it stands in every copy.
    pub position: Option<u8>,
    /// The headline of what was corrected.
    pub title: String,
    /// Its page, absolute.
    pub url: String,
    /// The newsroom's note.
    pub note: String,
    /// When it was corrected.
    pub at: Instant,
    /// The language of headline and note.
    pub language: Language,
}

/// What readers of an earlier text are told: that it was corrected, or withdrawn. It stands at position 0.
#[derive(Clone, Debug, Serialize)]
pub struct Telling {
    /// The headline.
    pub title: String,
    /// Its page, absolute.
    pub url: String,
    /// The language of headline and notes.
    pub language: Language,
    /// When the earlier text was sent.
    pub sent: Instant,
    /// When the article was published.
    pub published: Instant,
    /// It was withdrawn; otherwise it was corrected.
    pub retraction: bool,
    /// Why it was withdrawn, where somebody said.
    pub withdrawn: Option<String>,
    /// The corrections, newest first: `note`, or `wrong` and `right`, with `at`.
    pub notes: Vec<Note>,
}

/// What the bar of a test copy says.
#[derive(Clone, Debug, Serialize)]
pub struct TestBar {
    /// For whom the copy was made.
    pub person: String,
    /// How many would get the issue.
    pub recipients: i64,
}
