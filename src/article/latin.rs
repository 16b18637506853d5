//! Serbian in Cyrillic, written in Latin: letter for letter, as the orthography has it (Правопис, §§ 1–3). The other way
//! is not guessed: `nj` is one letter in *konj* and two in *injekcija*.
//!
//! 1. [`words`] converts a plain text, [`html`] a sanitised page: its text, `alt` and `title`.
//! 2. What is no Serbian word stays: addresses, e-mail, Roman numerals, code, what is marked with another `lang`, and words
//!    with letters that Serbian does not have.
//! 3. [`content`] converts all that people read of an article; [`language`] says which articles that is offered for.

mod markup;
#[cfg(test)]
mod tests;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{ArticleId, Content, Language, made_from, markup as text_of};
pub use markup::html;

/// The letters of Serbian Cyrillic, small, with their Latin ones.
const LETTERS: &[(char, &str)] = &[
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('д', "d"),
    ('ђ', "đ"),
    ('е', "e"),
    ('ж', "ž"),
    ('з', "z"),
    ('и', "i"),
    ('ј', "j"),
    ('к', "k"),
    ('л', "l"),
    ('љ', "lj"),
    ('м', "m"),
    ('н', "n"),
    ('њ', "nj"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('ћ', "ć"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "h"),
    ('ц', "c"),
    ('ч', "č"),
    ('џ', "dž"),
    ('ш', "š"),
    // With an accent that tells two words apart.
    ('ѐ', "è"),
    ('ѝ', "ì"),
];

/// What follows a numeral that is written with a single Cyrillic Х: centuries.
const AFTER_NUMERAL: &[&str] = &["век", "вијек", "столећ", "стољећ"];

/// The language that this one is offered in too: Serbian in Latin, for Serbian in Cyrillic letters.
pub fn language(of: &Language, content: &Content) -> Option<Language> {
    let serbian = of.primary() == "sr" && matches!(of.script(), None | Some("Cyrl"));
    let cyrillic = |text: &str| text.chars().any(|c| small(c).is_some());
    (serbian && (cyrillic(&content.title) || cyrillic(&content.text))).then(|| of.without_region().in_script("Latn"))
}

/// The id of an article's version in another script: always the same for the same article.
pub fn id(original: ArticleId, language: &Language) -> ArticleId {
    ArticleId(made_from(["script", &original.to_string(), language.as_str()]))
}

/// All that people read of an article. Its topics stay: they are what feeds and subscribers choose by.
pub fn content(original: &Content) -> Content {
    let html = html(&original.html);
    let some = |text: &Option<String>| text.as_deref().map(words);
    let summary = if text_of::summary(&original.html) == original.summary {
        text_of::summary(&html)
    } else {
        words(&original.summary)
    };
    let text =
        if text_of::text(&original.html) == original.text { text_of::text(&html) } else { words(&original.text) };
    let mut latin = Content {
        title: words(&original.title),
        summary,
        text,
        html,
        authors: original.authors.iter().map(|name| words(name)).collect(),
        withdrawn: some(&original.withdrawn),
        ..original.clone()
    };
    if let Some(picture) = &mut latin.picture {
        picture.alt = words(&picture.alt);
        picture.caption = some(&picture.caption);
        picture.credit = some(&picture.credit);
    }
    for note in latin.corrections.iter_mut().chain(&mut latin.updates) {
        (note.note, note.wrong, note.right) = (some(&note.note), some(&note.wrong), some(&note.right));
    }
    latin
}

/// A plain text in Latin letters.
pub fn words(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let text: Vec<char> = text.nfc().collect();
    let mut out = String::with_capacity(text.len() + 8);
    run(&text, &Neighbours::default(), &mut out);
    out
}

/// What stands before and behind a run of text, on the other side of a tag.
#[derive(Clone, Copy, Debug, Default)]
struct Neighbours {
    before: Option<char>,
    after: Option<char>,
}

/// Converts a run of text, its addresses left alone.
fn run(text: &[char], around: &Neighbours, into: &mut String) {
    let mut run = String::with_capacity(text.len() + 8);
    let out = &mut run;
    let mut at = 0;
    while at < text.len() {
        let space = text[at].is_whitespace();
        let length = text[at..].iter().take_while(|c| c.is_whitespace() == space).count();
        let piece = &text[at..at + length];
        if space || is_address(piece) {
            out.extend(piece);
        } else {
            let mut from = at;
            while from < at + length {
                let letters = text[from..at + length].iter().take_while(|c| is_letter(**c)).count();
                if letters == 0 {
                    out.push(text[from]);
                    from += 1;
                    continue;
                }
                word(text, from, from + letters, around, out);
                from += letters;
            }
        }
        at += length;
    }
    // An accent joins its new letter where there is a sign for both.
    into.extend(run.nfc());
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c)
}

/// Whether what stands between two spaces is an address of the web, of mail, or of a person there.
fn is_address(piece: &[char]) -> bool {
    if !piece.iter().any(|c| matches!(c, '@' | '.' | ':')) {
        return false;
    }
    let piece: String = piece.iter().collect();
    let bare = piece.trim_matches(|c: char| !c.is_alphanumeric() && c != '@' && c != '/');
    let host = bare.split(['/', '?', '#', ':']).next().unwrap_or_default().to_lowercase();
    let mail = bare.split_once('@').is_some_and(|(name, at)| name.is_empty() || at.contains('.'));
    mail || piece.contains("://")
        || bare.starts_with("www.")
        || bare.starts_with("mailto:")
        || [".срб", ".рф"].iter().any(|end| host.ends_with(end))
}

/// Converts the word that stands at `start..end`.
fn word(text: &[char], start: usize, end: usize, around: &Neighbours, out: &mut String) {
    let word = &text[start..end];
    if let Some(numeral) = numeral(word, &text[end..]) {
        out.push_str(&numeral);
        return;
    }
    // Another language in Cyrillic, which has its own rules.
    if word.iter().any(|c| ('\u{400}'..='\u{52F}').contains(c) && latin(*c).is_none()) {
        out.extend(word);
        return;
    }
    for (at, c) in word.iter().enumerate() {
        let Some((letters, capital)) = latin(*c) else {
            out.push(*c);
            continue;
        };
        let mut letters = letters.chars();
        let first = letters.next();
        if !capital {
            out.extend(first.into_iter().chain(letters));
            continue;
        }
        out.extend(first.into_iter().flat_map(char::to_uppercase));
        if let Some(second) = letters.next() {
            if is_shouted(text, start + at, around) {
                out.extend(second.to_uppercase());
            } else {
                out.push(second);
            }
        }
    }
}

/// Whether the capital at `at` stands in a word all of capitals: by the letter after it, else by the one before it. Of one
/// that stands alone (an initial) the next word says it.
fn is_shouted(text: &[char], at: usize, around: &Neighbours) -> bool {
    let mark = |c: &&char| !is_combining_mark(**c) && **c != '\u{AD}';
    let next = text[at + 1..].iter().find(mark).copied().or(around.after).filter(|c| c.is_alphabetic());
    let before = text[..at].iter().rev().find(mark).copied().or(around.before).filter(|c| c.is_alphabetic());
    if let Some(letter) = next.or(before) {
        return letter.is_uppercase();
    }
    let mut rest =
        text[at + 1..].iter().skip_while(|c| matches!(c, '.' | ' ' | '\u{A0}' | '-')).take_while(|c| is_letter(**c));
    rest.next().is_some_and(|c| c.is_uppercase()) && rest.next().is_some_and(|c| c.is_uppercase())
}

/// The small letter's Latin, and whether this one is a capital.
fn latin(c: char) -> Option<(&'static str, bool)> {
    let small = small(c)?;
    LETTERS.iter().find(|(letter, _)| *letter == small).map(|(_, latin)| (*latin, small != c))
}

fn small(c: char) -> Option<char> {
    let small = c.to_lowercase().next()?;
    LETTERS.iter().any(|(letter, _)| *letter == small).then_some(small)
}

/// A Roman numeral, written with Cyrillic letters that look like Latin ones: `ХIХ`, `ХХ`, and `Х` before a century.
fn numeral(word: &[char], rest: &[char]) -> Option<String> {
    let like = |c: &char| match c {
        'Х' => Some('X'),
        'С' => Some('C'),
        'М' => Some('M'),
        'І' | 'Ӏ' => Some('I'),
        'I' | 'V' | 'X' | 'L' | 'C' | 'D' | 'M' => Some(*c),
        _ => None,
    };
    let text: String = word.iter().map(like).collect::<Option<_>>()?;
    let told = word.iter().any(|c| c.is_ascii() || matches!(c, 'І' | 'Ӏ'));
    let tens = word.iter().all(|c| *c == 'Х');
    let century = || {
        let next: String = rest.iter().skip_while(|c| matches!(c, '.' | ' ' | '\u{A0}')).take(8).collect();
        rest.first().is_some_and(|c| !is_letter(*c)) && AFTER_NUMERAL.iter().any(|word| next.starts_with(word))
    };
    (is_roman(&text) && (told || tens && (word.len() > 1 || century()))).then_some(text)
}

/// Whether this is a Roman numeral as it is written today.
fn is_roman(text: &str) -> bool {
    let mut rest = text;
    for (nine, four, five, one) in
        [("", "", "", 'M'), ("CM", "CD", "D", 'C'), ("XC", "XL", "L", 'X'), ("IX", "IV", "V", 'I')]
    {
        if !nine.is_empty() {
            if let Some(after) = rest.strip_prefix(nine).or_else(|| rest.strip_prefix(four)) {
                rest = after;
                continue;
            }
            rest = rest.strip_prefix(five).unwrap_or(rest);
        }
        let ones = rest.chars().take_while(|c| *c == one).count().min(3);
        rest = &rest[ones..];
    }
    !text.is_empty() && rest.is_empty()
}
