//! What kind of change lies between two states of an article.

use strsim::levenshtein;

use crate::article::{Content, RevisionKind};

/// More words than this with a slip each are no slip.
const SLIPS: usize = 3;
/// A word with more letters changed than this is another word.
const LETTERS: usize = 2;

/// The kind of the change from `old` to `new`, which differ. What was said and is now said otherwise
/// is an update; spacing, punctuation, a few letters, markup, pictures and labels are a slip.
pub(super) fn kind(old: &Content, new: &Content) -> RevisionKind {
    if new.withdrawn.is_some() && old.withdrawn.is_none() {
        return RevisionKind::Retraction;
    }
    let known = |note: &crate::article::Note| old.corrections.iter().any(|o| o.text() == note.text());
    if !new.corrections.iter().all(known) {
        return RevisionKind::Correction;
    }
    if old.withdrawn.is_some() != new.withdrawn.is_some() {
        return RevisionKind::Update;
    }
    // The summary is not compared: where it is made from the body it changes with it, and with our way of making it.
    if same_words(&old.title, &new.title) && same_words(&old.text, &new.text) {
        RevisionKind::Minor
    } else {
        RevisionKind::Update
    }
}

/// Whether two texts say the same but for spacing, punctuation and a few mistyped letters. A changed
/// figure is never a slip.
fn same_words(old: &str, new: &str) -> bool {
    if old == new || letters(old).eq(letters(new)) {
        return true;
    }
    let mut slips = 0;
    let (mut olds, mut news) = (words(old), words(new));
    loop {
        match (olds.next(), news.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => {
                slips += 1;
                if slips > SLIPS || !mistyped(a, b) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty())
}

/// Whether one word is the other with a letter or two mistyped. Short words change their sense with one letter.
fn mistyped(a: &str, b: &str) -> bool {
    let long = a.chars().count().max(b.chars().count());
    long < 60
        && !a.chars().chain(b.chars()).any(char::is_numeric)
        && levenshtein(a, b) <= LETTERS.min(long.saturating_sub(1) / 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Note;

    fn content(title: &str, text: &str) -> Content {
        Content { title: title.into(), text: text.into(), ..Content::default() }
    }

    #[test]
    fn slips_are_told_from_news() {
        let check = |old: &str, new: &str, expect| {
            assert_eq!(kind(&content("A", old), &content("A", new)), expect, "{old} / {new}");
        };
        check("The exercise  began.", "The exercise began!", RevisionKind::Minor);
        check("any where in town", "anywhere in town", RevisionKind::Minor);
        check("The excercise began.", "The exercise began.", RevisionKind::Minor);
        check("40 countries took part", "14 countries took part", RevisionKind::Update);
        check("It will rain.", "It will not rain.", RevisionKind::Update);
        check("He is in.", "He is on.", RevisionKind::Update);
        check("Ништа није речено", "Све је речено", RevisionKind::Update);
    }

    #[test]
    fn a_new_note_is_a_correction_and_a_withdrawal_a_retraction() {
        let old = content("A", "text");
        let mut new = old.clone();
        new.corrections.push(Note { at: Note::UNDATED, note: Some("It was 14.".into()), wrong: None, right: None });
        assert_eq!(kind(&old, &new), RevisionKind::Correction);
        let mut later = new.clone();
        later.text = "text.".into();
        assert_eq!(kind(&new, &later), RevisionKind::Minor);
        later.withdrawn = Some("wrong altogether".into());
        assert_eq!(kind(&new, &later), RevisionKind::Retraction);
        assert_eq!(kind(&later, &new), RevisionKind::Update);
    }
}
