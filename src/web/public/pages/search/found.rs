//! What a result shows: the found words marked where they stand, and the piece of the text that holds most of them.

use serde::Serialize;

use crate::article::fold::{Sought, Word, words};

/// Words of a piece of the text.
const PIECE: usize = 32;
/// Words before the first that was found.
const BEFORE: usize = 7;
/// Bytes of a text that are looked through for a piece to show.
const LOOKED_AT: usize = 100_000;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    text: String,
    /// It was looked for.
    found: bool,
}

/// The whole of a text in parts, and whether anything in it was looked for.
pub(super) fn marked(text: &str, sought: &Sought) -> (Vec<Part>, bool) {
    let words: Vec<Word> = words(text).collect();
    let hits = hits(&words, sought);
    let any = !hits.is_empty();
    (parts(text, &words, &hits, 0..text.len()), any)
}

/// The piece of a text in which most of what was looked for stands; `None` where nothing of it does.
pub(super) fn piece(text: &str, sought: &Sought) -> Option<Vec<Part>> {
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    let words: Vec<Word> = words(text).collect();
    let hits = hits(&words, sought);
    let best = (0..hits.len()).max_by_key(|at| {
        let (first, _, _) = hits[*at];
        let near = hits[*at..].iter().take_while(|(word, _, _)| *word < first + PIECE - BEFORE);
        let mut terms: Vec<usize> = near.map(|(_, _, term)| *term).collect();
        terms.sort_unstable();
        terms.dedup();
        // Of equals the first.
        (terms.len(), hits.len() - at)
    })?;
    let first = beginning(text, &words, hits[best].0);
    let last = (first + PIECE).min(words.len()) - 1;
    let start = words[first].at.start;
    let end = if last + 1 == words.len() { text.trim_end().len() } else { words[last].at.end };
    let mut piece = parts(text, &words, &hits, start..end);
    let sign = |text: &str| Part { text: text.to_owned(), found: false };
    if first > 0 && !begins_sentence(text, start) {
        piece.insert(0, sign("… "));
    }
    if last + 1 < words.len() {
        piece.push(sign(" …"));
    }
    Some(piece)
}

/// A little before the word, where possible at the beginning of its sentence.
fn beginning(text: &str, words: &[Word], at: usize) -> usize {
    let earliest = at.saturating_sub(2 * BEFORE);
    (earliest..=at).rev().find(|n| begins_sentence(text, words[*n].at.start)).unwrap_or(at.saturating_sub(BEFORE))
}

fn begins_sentence(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(|c: char| c.is_whitespace() || "„“”\"«»(‘’—–-".contains(c));
    before.is_empty() || before.ends_with(['.', '!', '?', '…', ':']) || text[before.len()..at].contains('\n')
}

/// What was looked for, where it stands: the word it begins at, how many it takes, and which term it is; in order.
fn hits(words: &[Word], sought: &Sought) -> Vec<(usize, usize, usize)> {
    (0..words.len())
        .flat_map(|at| {
            let here = &words[at..];
            let terms = sought.terms.iter().enumerate();
            terms.filter_map(move |(n, term)| term.stands_at(here).map(|length| (at, length, n)))
        })
        .collect()
}

fn parts(text: &str, words: &[Word], hits: &[(usize, usize, usize)], range: std::ops::Range<usize>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut done = range.start;
    let mut add = |from: usize, to: usize, found: bool| {
        if from < to {
            parts.push(Part { text: spaced(&text[from..to]), found });
        }
    };
    for (at, length, _) in hits {
        for word in &words[*at..at + length] {
            if word.at.start >= done && word.at.end <= range.end {
                add(done, word.at.start, false);
                add(word.at.start, word.at.end, true);
                done = word.at.end;
            }
        }
    }
    add(done, range.end, false);
    parts
}

/// A text with one plain space wherever there was any.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !c.is_whitespace() => out.push(c),
            _ if !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &[Part]) -> String {
        parts.iter().map(|p| if p.found { format!("[{}]", p.text) } else { p.text.clone() }).collect()
    }

    #[test]
    fn found_words_are_marked_as_they_are_written() {
        let mark = |text: &str, typed: &str| shown(&marked(text, &Sought::read(typed)).0);
        assert_eq!(mark("Ђорђе и Đorđević, Djokić", "djordje"), "[Ђорђе] и [Đorđević], Djokić");
        assert_eq!(mark("A bridge. <b>The bridges</b>", "bridge"), "A [bridge]. <b>The [bridges]</b>");
        assert_eq!(mark("na Savi, i na Dunavu", "\"na savi\""), "[na] [Savi], i na Dunavu");
        assert!(!marked("nothing", &Sought::read("bridge")).1);
    }

    #[test]
    fn a_piece_holds_most_of_what_was_looked_for() {
        let filler = "Word after word goes by here, and nobody minds. ".repeat(30);
        let text = format!("The bridge stands. {filler}Then the new bridge on the\n  flood road opened. {filler}");
        let piece = |typed: &str| piece(&text, &Sought::read(typed)).map(|parts| shown(&parts));
        let found = piece("flood bridge").expect("a piece");
        assert!(found.starts_with("Then the new [bridge] on the [flood] road opened."), "{found}");
        assert!(found.ends_with(" …"), "{found}");
        assert!(piece("bridge").expect("a piece").starts_with("The [bridge] stands. Word"), "the first of equals");
        assert_eq!(piece("tunnel"), None);
        assert_eq!(super::piece("", &Sought::read("a")), None);
    }
}
