//! Marks in a rendered template, and the cut at them.
//!
//! A mark is a word of letters and digits that no content holds: it passes escaping, CSS inlining and line
//! wrapping unharmed. It stands for a value that each copy fills in (a hole), or for the edge of a
//! block that a copy may leave out.

use serde::{Deserialize, Serialize};

use super::MailError;
use crate::secret;

/// Length of the random word that all marks of a rendering begin with: 100 bits.
const WORD: usize = 20;
/// So much of it is no accident: 35 bits.
const TRACE: usize = 8;
/// Digits after it: which mark.
const DIGITS: usize = 5;

/// What a copy fills in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hole {
    /// A value of the reader's: `name`, `email`, `language`, or a column of their list.
    Recipient {
        /// Which.
        field: String,
        /// What stands there for a reader who has none.
        default: String,
    },
    /// The address of the page for leaving.
    Unsubscribe,
    /// The address of the page for choosing.
    Preferences,
    /// Why the reader gets this.
    Why,
    /// The copy's own subject.
    Subject,
}

/// When a block stands in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The copy holds the story at `position`, and it is the `from`th to `to`th (from 1) of those that the copy holds.
    Story {
        /// The story's position in the edition.
        position: u8,
        /// First place it may take.
        from: u8,
        /// Last place it may take.
        to: u8,
    },
    /// The copy has a way to leave.
    Unsubscribe,
    /// The copy has a page for choosing.
    Preferences,
    /// A mail, not the copy in a browser.
    Mail,
    /// The copy in a browser, not a mail.
    Web,
}

/// A rendered template after the cut: as text, or encoded for the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece<T = String> {
    /// What is the same in each copy.
    Text(T),
    /// A value of the copy's own.
    Hole(Hole),
    /// A part that stands only in some copies.
    Block(When, Vec<Piece<T>>),
}

/// How a text is written, and so how a mark stands in it and a value is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// HTML: the edges of blocks are comments, since letters between two table rows would be moved away.
    Html,
    /// Plain text.
    Plain,
}

#[derive(Clone, Debug)]
enum Mark {
    Hole(Hole),
    Begin(When),
    End,
}

/// The marks of one rendering.
#[derive(Clone, Debug)]
pub struct Marks {
    word: String,
    marks: Vec<Mark>,
}

/// Why marked text could not be cut.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CutError {
    /// A block was begun and not ended, or the other way round.
    #[error(
        "the beginnings and ends of its blocks don't match; each story_begin() needs its story_end(), each only_begin() its only_end(), in one and the same file"
    )]
    Unbalanced,
    /// A mark came out of the template changed.
    #[error(
        "a value that is filled in for each copy (recipient(), unsubscribe_url(), …) was changed by a filter; use such a value as it is"
    )]
    Changed,
    /// Too many marks.
    #[error("it has over {max} places that are filled in for each copy", max = 10usize.pow(DIGITS as u32) - 1)]
    TooMany,
    /// The machine gave no random bytes.
    #[error("the machine gives no random bytes, which boundaries and marks are made of")]
    Random,
}

impl Marks {
    /// Marks that `content` (everything that goes into the template) does not hold.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub fn new(content: &str) -> Result<Self, MailError> {
        loop {
            // A letter first, so that an escape of a CSS name or a number before it cannot swallow it.
            let word = format!("H{}", secret::random_word(WORD - 1).map_err(|_| MailError::Random)?);
            if !content.to_ascii_lowercase().contains(&word[..TRACE].to_ascii_lowercase()) {
                return Ok(Marks { word, marks: Vec::new() });
            }
        }
    }

    /// The mark of a hole.
    ///
    /// # Errors
    /// When there are too many.
    pub fn hole(&mut self, hole: Hole) -> Result<String, CutError> {
        self.add(Mark::Hole(hole))
    }

    /// The mark that begins a block.
    ///
    /// # Errors
    /// When there are too many.
    pub fn begin(&mut self, when: When, syntax: Syntax) -> Result<String, CutError> {
        self.add(Mark::Begin(when)).map(|word| edge(word, syntax))
    }

    /// The mark that ends the innermost block.
    ///
    /// # Errors
    /// When there are too many.
    pub fn end(&mut self, syntax: Syntax) -> Result<String, CutError> {
        self.add(Mark::End).map(|word| edge(word, syntax))
    }

    /// The word that every mark begins with.
    pub fn word(&self) -> &str {
        &self.word
    }

    fn add(&mut self, mark: Mark) -> Result<String, CutError> {
        let number = self.marks.len();
        if number >= 10usize.pow(DIGITS as u32) {
            return Err(CutError::TooMany);
        }
        self.marks.push(mark);
        Ok(format!("{}{number:0DIGITS$}", self.word))
    }

    /// Cuts `text` at its marks.
    ///
    /// # Errors
    /// When blocks don't match, or something changed a mark.
    pub fn cut(&self, text: &str, syntax: Syntax) -> Result<Vec<Piece>, CutError> {
        // A filter such as `lower` leaves the word in another case, one such as `shorten` leaves its beginning.
        let trace = self.word[..TRACE].to_ascii_lowercase();
        let changed = |text: &str| text.to_ascii_lowercase().contains(&trace);
        let mut open: Vec<(When, Vec<Piece>)> = Vec::new();
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(&self.word) {
            let after = at + self.word.len() + DIGITS;
            let digits = rest.get(at + self.word.len()..after).ok_or(CutError::Changed)?;
            let mark = digits.parse::<usize>().ok().and_then(|n| self.marks.get(n)).ok_or(CutError::Changed)?;
            let (mut before, mut next) = (&rest[..at], &rest[after..]);
            if syntax == Syntax::Html && !matches!(mark, Mark::Hole(_)) {
                before = before.strip_suffix("<!--").ok_or(CutError::Changed)?;
                next = next.strip_prefix("-->").ok_or(CutError::Changed)?;
            }
            if changed(before) {
                return Err(CutError::Changed);
            }
            push(&mut pieces, before);
            match mark {
                Mark::Hole(hole) => pieces.push(Piece::Hole(hole.clone())),
                Mark::Begin(when) => open.push((*when, std::mem::take(&mut pieces))),
                Mark::End => {
                    let (when, outer) = open.pop().ok_or(CutError::Unbalanced)?;
                    let inner = std::mem::replace(&mut pieces, outer);
                    if !inner.is_empty() {
                        pieces.push(Piece::Block(when, inner));
                    }
                }
            }
            rest = next;
        }
        if changed(rest) {
            return Err(CutError::Changed);
        }
        push(&mut pieces, rest);
        if open.is_empty() { Ok(pieces) } else { Err(CutError::Unbalanced) }
    }
}

fn edge(word: String, syntax: Syntax) -> String {
    match syntax {
        Syntax::Html => format!("<!--{word}-->"),
        Syntax::Plain => word,
    }
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(position: u8) -> When {
        When::Story { position, from: 1, to: u8::MAX }
    }

    #[test]
    fn blocks_and_holes_are_cut_out() {
        let mut marks = Marks::new("").unwrap();
        let begin = marks.begin(story(1), Syntax::Html).unwrap();
        let hole = marks.hole(Hole::Why).unwrap();
        let end = marks.end(Syntax::Html).unwrap();
        let pieces = marks.cut(&format!("a{begin}b{hole}c{end}d"), Syntax::Html).unwrap();
        let text = |t: &str| Piece::Text(t.to_owned());
        let inner = vec![text("b"), Piece::Hole(Hole::Why), text("c")];
        assert_eq!(pieces, [text("a"), Piece::Block(story(1), inner), text("d")]);
    }

    #[test]
    fn what_does_not_match_or_was_changed_is_said() {
        let mut marks = Marks::new("").unwrap();
        let begin = marks.begin(story(1), Syntax::Plain).unwrap();
        let end = marks.end(Syntax::Plain).unwrap();
        assert_eq!(marks.cut(&format!("a{begin}b"), Syntax::Plain), Err(CutError::Unbalanced));
        assert_eq!(marks.cut(&format!("{end}b"), Syntax::Plain), Err(CutError::Unbalanced));
        let hole = marks.hole(Hole::Subject).unwrap();
        assert_eq!(marks.cut(&hole.to_lowercase(), Syntax::Plain), Err(CutError::Changed));
        assert_eq!(marks.cut(&hole[..hole.len() - 1], Syntax::Plain), Err(CutError::Changed));
        assert_eq!(marks.cut(&begin, Syntax::Html), Err(CutError::Changed), "letters where a comment was written");
    }
}
