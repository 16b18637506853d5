//! What is in a mail, as its readers get it: links with their words, pictures, texts, sizes. No judgement is made here that
//! needs to know more than the mail.
//!
//! 1. [`Rendering::scene`] puts the largest copy together and goes through it ([`markup`]), remembering whose block is whose.
//! 2. [`phrases`] tells which words of a link say nothing; [`leftovers`] finds what a template or an author forgot.

pub mod leftovers;
pub mod markup;
pub mod phrases;

use super::cut::Syntax;
use super::splice::Links;
use super::{Choice, MailError, Rendering};
use crate::audience::Person;

pub use markup::{Anchor, Image, Passage};

/// Bytes of HTML, encoded, from which a mail is near Gmail's limit of 102 KB.
pub const LARGE: usize = 90_000;
/// The longest line of a mail (RFC 5322, section 2.1.1), its line break left out.
pub const LONGEST_LINE: usize = 998;

/// A copy with every story, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The subject.
    pub subject: String,
    /// The links of the HTML, in order.
    pub links: Vec<Anchor>,
    /// The pictures of the HTML.
    pub images: Vec<Image>,
    /// The texts of the HTML, between two tags each.
    pub passages: Vec<Passage>,
    /// The lines of the text part, each with the position of the story it belongs to.
    pub lines: Vec<(Option<u8>, String)>,
    /// Bytes of the HTML part, encoded as it leaves.
    pub html_bytes: usize,
}

impl Scene {
    /// The words of the HTML on one line, what is not shown left out.
    pub fn words(&self) -> String {
        let passages = self.passages.iter().filter(|passage| !passage.hidden);
        squeezed(&passages.map(|passage| passage.text.as_str()).collect::<Vec<_>>().join(" "))
    }

    /// The words of the text part on one line.
    pub fn text(&self) -> String {
        squeezed(&self.lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join(" "))
    }
}

/// Text with one space for each run of white space.
pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an address needs another one to be whole. A place within the mail (`#top`) does not.
pub fn is_relative(href: &str) -> bool {
    !href.starts_with('#') && matches!(url::Url::parse(href), Err(url::ParseError::RelativeUrlWithoutBase))
}

impl Rendering {
    /// The copy with the stories of `choice` that `person` would get, taken apart.
    ///
    /// # Errors
    /// When the choice holds none of the stories.
    pub fn scene(&self, person: &Person, choice: Choice, links: Links<'_>) -> Result<Scene, MailError> {
        let html = markup::taken_apart(&self.blocks(Syntax::Html, person, choice, links)?);
        let mut lines: Vec<(Option<u8>, String)> = Vec::new();
        for (position, text) in self.blocks(Syntax::Plain, person, choice, links)? {
            lines.extend(text.lines().map(|line| (position, line.to_owned())));
        }
        Ok(Scene {
            subject: self.subject(Some(person), choice, links)?,
            links: html.links,
            images: html.images,
            passages: html.passages,
            lines,
            html_bytes: self.html_bytes(person, choice, links)?,
        })
    }
}

/// Bytes of the longest line of a message, its line break left out.
pub fn longest_line(message: &[u8]) -> usize {
    let lines = message.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).len());
    lines.max().unwrap_or(0)
}
