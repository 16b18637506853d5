//! What staff decided about an article, over what its source says (DESIGN, part 7: *Corrections*).
//!
//! The source stays what it is: each time it is read, this is laid over it. So a decision is neither lost when the file is
//! read again nor undone by it, and a later edit of the file is a further revision beneath the same decision.

use serde::{Deserialize, Serialize};

use super::{Content, Note};
use crate::clock::Instant;

/// Decisions about one article, kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decided {
    /// Corrections that staff made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Note>,
    /// Notes of new facts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<Note>,
    /// Why staff withdrew it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Staff lifted every embargo that ends no later than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Instant>,
    /// Staff said that this language version is right, with all that its translations had been corrected in by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Instant>,
}

impl Decided {
    /// Lays the decisions over what the source says.
    pub fn lay_over(&self, content: &mut Content) {
        lay_notes(&self.corrections, &mut content.corrections);
        lay_notes(&self.updates, &mut content.updates);
        content.checked = content.checked.max(self.checked);
        if let Some(reason) = &self.withdrawn {
            content.withdraw(reason);
        }
    }

    /// Whether an embargo until then holds no more.
    pub fn lifts(&self, embargo: Instant) -> bool {
        self.released.is_some_and(|released| embargo <= released)
    }
}

/// A note that the source has come to hold too stands once, with the time at which staff made it.
fn lay_notes(decided: &[Note], notes: &mut Vec<Note>) {
    notes.retain(|note| !decided.iter().any(|own| own.says_the_same(note)));
    notes.extend_from_slice(decided);
    notes.sort_by_key(|note| std::cmp::Reverse(note.at));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(at: i64, text: &str) -> Note {
        Note { at: crate::clock::from_micros(at), note: Some(text.into()), wrong: None, right: None }
    }

    #[test]
    fn a_note_that_the_file_comes_to_hold_too_stands_once() {
        let decided = Decided { corrections: vec![note(5, "It was 14.")], ..Decided::default() };
        let mut content =
            Content { corrections: vec![note(9, " It was 14. "), note(2, "Older.")], ..Content::default() };
        decided.lay_over(&mut content);
        assert_eq!(content.corrections, [note(5, "It was 14."), note(2, "Older.")]);
        let once = content.clone();
        decided.lay_over(&mut content);
        assert_eq!(content, once, "laying it over again changes nothing");
    }

    #[test]
    fn a_withdrawal_leaves_the_headline_and_the_notice() {
        let decided = Decided { withdrawn: Some("It was <b>another</b> bridge.".into()), ..Decided::default() };
        let mut content =
            Content { title: "A".into(), text: "text".into(), html: "<p>text</p>".into(), ..Content::default() };
        decided.lay_over(&mut content);
        assert_eq!(content.html, "<p>It was &lt;b&gt;another&lt;/b&gt; bridge.</p>");
        assert_eq!((content.title.as_str(), content.text.as_str()), ("A", "It was <b>another</b> bridge."));
    }
}
