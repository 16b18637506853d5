//! One rendering of an edition, for all readers of a language.

use serde::{Deserialize, Serialize};

use super::cut::{Marks, Piece, Syntax};
use super::encoded::Part;
use super::message::{self, Envelope};
use super::splice::{self, Filling, Links, Places};
use super::{Choice, CutError, MailError};
use crate::article::Language;
use crate::audience::Person;
use crate::secret;

/// What is kept of a rendering: its text in pieces, before any encoding. `edition_variants.rendering` holds it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// The language it is written in.
    pub language: Language,
    /// The positions of its stories, in the order in which it prints them.
    pub positions: Vec<u8>,
    /// The subject for each of them as the first story of a copy; one where there is no story.
    pub subjects: Vec<Vec<Piece>>,
    /// The text part.
    pub text: Vec<Piece>,
    /// The HTML part.
    pub html: Vec<Piece>,
    /// Why a reader gets it, where a copy's links don't say.
    pub why: String,
    /// What stands between the parts of the message: the same each time, so that a copy made again has the same bytes.
    pub boundary: String,
}

/// A rendering, ready to be copied.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct Rendering {
    parts: Parts,
    text: Part,
    html: Part,
    /// Bytes of both with every block.
    size: usize,
}

impl From<Parts> for Rendering {
    fn from(parts: Parts) -> Self {
        let text = Part::of(&parts.text);
        let html = Part::of(&parts.html);
        let size = text.size() + html.size();
        Rendering { parts, text, html, size }
    }
}

impl From<Rendering> for Parts {
    fn from(rendering: Rendering) -> Parts {
        rendering.parts
    }
}

impl Rendering {
    /// Cuts rendered subjects (one for each of `positions`), text and HTML at their marks.
    ///
    /// # Errors
    /// The name of the part (`subject`, `txt`, `html`) and what is wrong with its marks.
    pub fn cut(
        marks: &Marks,
        language: Language,
        positions: Vec<u8>,
        subjects: &[String],
        text: &str,
        html: &str,
        why: String,
    ) -> Result<Self, (&'static str, CutError)> {
        let cut = |part, text: &str, syntax| marks.cut(text, syntax).map_err(|e| (part, e));
        let subjects = subjects.iter().map(|s| cut("subject", s, Syntax::Plain)).collect::<Result<_, _>>()?;
        let text = cut("txt", &ending_in_a_line(text), Syntax::Plain)?;
        let html = cut("html", &ending_in_a_line(html), Syntax::Html)?;
        // The boundary begins with letters that neither quoted-printable nor base64 text can hold: `=_` (RFC 2045, section 6.7).
        let word = secret::random_word(24).map_err(|_| ("html", CutError::Random))?;
        let boundary = format!("=_{word}");
        Ok(Parts { language, positions, subjects, text, html, why, boundary }.into())
    }

    /// Its language.
    pub fn language(&self) -> &Language {
        &self.parts.language
    }

    /// The positions of its stories, in the order in which it prints them.
    pub fn positions(&self) -> &[u8] {
        &self.parts.positions
    }

    /// The whole message for one reader (RFC 5322, CRLF), ready for `DATA` but not dot-stuffed.
    ///
    /// # Errors
    /// When the choice holds none of the stories.
    pub fn copy(&self, envelope: &Envelope, person: &Person, choice: Choice) -> Result<Vec<u8>, MailError> {
        let links = Links {
            leave: envelope.leave_url.as_deref(),
            preferences: envelope.preferences_url.as_deref(),
            why: &envelope.why,
            web: false,
        };
        let subject = self.subject(Some(person), choice, links)?;
        let filling = self.filling(Some(person), choice, links, &subject);
        let mut out = Vec::with_capacity(self.size + 4096);
        message::head(envelope, &subject, &self.parts.boundary, &mut out);
        message::part("text/plain", self.text.encoding(), &self.parts.boundary, &mut out);
        self.text.write(&filling, Syntax::Plain, &mut out);
        message::part("text/html", self.html.encoding(), &self.parts.boundary, &mut out);
        self.html.write(&filling, Syntax::Html, &mut out);
        message::end(&self.parts.boundary, &mut out);
        Ok(out)
    }

    /// The subject of a copy, on one line.
    ///
    /// # Errors
    /// When the choice holds none of the stories.
    pub fn subject(&self, person: Option<&Person>, choice: Choice, links: Links<'_>) -> Result<String, MailError> {
        let first = match self.parts.positions.iter().position(|&p| choice.holds(p)) {
            Some(first) => first,
            None if self.parts.positions.is_empty() => 0,
            None => return Err(MailError::Empty),
        };
        let mut subject = String::new();
        if let Some(pieces) = self.parts.subjects.get(first) {
            splice::text(pieces, &self.filling(person, choice, links, ""), Syntax::Plain, &mut subject);
        }
        Ok(super::mailbox::one_line(&subject))
    }

    /// The HTML of a copy, decoded: for preview, and for the copy in a browser.
    ///
    /// # Errors
    /// When the choice holds none of the stories.
    pub fn html(&self, person: Option<&Person>, choice: Choice, links: Links<'_>) -> Result<String, MailError> {
        self.part(&self.parts.html, Syntax::Html, person, choice, links)
    }

    /// The text of a copy, decoded.
    ///
    /// # Errors
    /// When the choice holds none of the stories.
    pub fn text(&self, person: Option<&Person>, choice: Choice, links: Links<'_>) -> Result<String, MailError> {
        self.part(&self.parts.text, Syntax::Plain, person, choice, links)
    }

    fn part(
        &self,
        pieces: &[Piece],
        syntax: Syntax,
        person: Option<&Person>,
        choice: Choice,
        links: Links<'_>,
    ) -> Result<String, MailError> {
        let subject = self.subject(person, choice, links)?;
        let mut out = String::new();
        splice::text(pieces, &self.filling(person, choice, links, &subject), syntax, &mut out);
        Ok(out)
    }

    fn filling<'a>(
        &'a self,
        person: Option<&'a Person>,
        choice: Choice,
        links: Links<'a>,
        subject: &'a str,
    ) -> Filling<'a> {
        let places = Places::new(&self.parts.positions, choice);
        Filling { person, links, why: &self.parts.why, subject, choice, places }
    }

    /// A copy's text or HTML in the blocks of its stories: each with the position of the innermost story it belongs to.
    pub(super) fn blocks(
        &self,
        syntax: Syntax,
        person: &Person,
        choice: Choice,
        links: Links<'_>,
    ) -> Result<Vec<(Option<u8>, String)>, MailError> {
        let subject = self.subject(Some(person), choice, links)?;
        let pieces = if syntax == Syntax::Html { &self.parts.html } else { &self.parts.text };
        let mut blocks = Vec::new();
        splice::blocks(pieces, None, &self.filling(Some(person), choice, links, &subject), syntax, &mut blocks);
        Ok(blocks)
    }

    /// Bytes of a copy's HTML part, encoded: Gmail cuts a mail off at 102 KB.
    ///
    /// # Errors
    /// When the choice holds none of the stories.
    pub fn html_bytes(&self, person: &Person, choice: Choice, links: Links<'_>) -> Result<usize, MailError> {
        let subject = self.subject(Some(person), choice, links)?;
        let mut out = Vec::with_capacity(self.html.size());
        self.html.write(&self.filling(Some(person), choice, links, &subject), Syntax::Html, &mut out);
        Ok(out.len())
    }
}

/// A part ends in a line break, so that the boundary behind it starts a line.
fn ending_in_a_line(text: &str) -> String {
    format!("{}\n", text.trim_end())
}
