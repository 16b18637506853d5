//! A sanitised page in Latin letters: tags stay as they are, but for their `alt`, `title` and `lang`.

use super::{Neighbours, run, words};
use unicode_normalization::UnicodeNormalization;

/// Elements whose words are no words.
const CODE: &[&str] = &["code", "pre", "kbd", "samp", "var"];
/// Elements that have no end.
const VOID: &[&str] = &["br", "hr", "img", "col", "wbr"];
/// Attributes that people read.
const READ: &[&str] = &["alt", "title"];

/// A piece of a page.
enum Piece<'h> {
    Tag(&'h str),
    Text(&'h str),
}

/// The page `html`, as the sanitiser writes it, in Latin letters.
pub fn html(html: &str) -> String {
    let pieces = pieces(html);
    let mut out = String::with_capacity(html.len());
    // For each open element: its name, and whether its words are Serbian.
    let mut open: Vec<(&str, bool)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let serbian = open.last().is_none_or(|(_, serbian)| *serbian);
        match piece {
            Piece::Text(text) if serbian && !text.is_ascii() => {
                let text: Vec<char> = text.nfc().collect();
                let around = Neighbours {
                    before: beside(pieces[..at].iter().rev(), |text| text.chars().next_back()),
                    after: beside(pieces[at + 1..].iter(), |text| text.chars().next()),
                };
                run(&text, &around, &mut out);
            }
            Piece::Text(text) => out.push_str(text),
            Piece::Tag(tag) => match name(tag) {
                (name, true) => {
                    if let Some(depth) = open.iter().rposition(|(known, _)| *known == name) {
                        open.truncate(depth);
                    }
                    out.push_str(tag);
                }
                (name, false) => {
                    let serbian = speaks(tag, serbian) && !CODE.contains(&name);
                    if serbian {
                        self::tag(tag, &mut out)
                    } else {
                        out.push_str(tag)
                    }
                    if !VOID.contains(&name) {
                        open.push((name, serbian));
                    }
                }
            },
        }
    }
    out
}

/// The nearest letter beyond the tags that stand directly here.
fn beside<'p>(pieces: impl Iterator<Item = &'p Piece<'p>>, letter: impl Fn(&str) -> Option<char>) -> Option<char> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => return letter(text),
            // A paragraph's end is a word's end.
            Piece::Tag(tag)
                if !matches!(
                    name(tag).0,
                    "b" | "strong" | "i" | "em" | "span" | "a" | "mark" | "u" | "s" | "small" | "wbr"
                ) =>
            {
                return None;
            }
            Piece::Tag(_) => {}
        }
    }
    None
}

fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(start) = rest.find('<') else {
            pieces.push(Piece::Text(rest));
            break;
        };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        rest = &rest[start..];
        let end = end_of(rest);
        pieces.push(Piece::Tag(&rest[..end]));
        rest = &rest[end..];
    }
    pieces
}

/// Where the tag that begins here ends; a `>` in quotes is none.
fn end_of(tag: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

/// The name of a tag, and whether it is an end.
fn name(tag: &str) -> (&str, bool) {
    let inner = tag.trim_start_matches('<');
    let (inner, end) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
    (inner.split([' ', '>', '/']).next().unwrap_or_default(), end)
}

/// Attributes of a tag: name, value as written, and where the value stands.
fn attributes(tag: &str) -> Vec<(&str, &str, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(quote) = tag[from..].find("=\"") {
        let start = from + quote + 2;
        let Some(length) = tag[start..].find('"') else { break };
        let name = tag[from..from + quote].rsplit([' ', '"', '\n']).next().unwrap_or_default();
        found.push((name, &tag[start..start + length], start));
        from = start + length + 1;
    }
    found
}

/// Whether the words in this element are Serbian, where those around it are `around`.
fn speaks(tag: &str, around: bool) -> bool {
    let lang = attributes(tag).into_iter().find(|(name, ..)| *name == "lang");
    lang.map_or(around, |(_, lang, _)| {
        let mut parts = lang.trim().split(['-', '_']);
        let serbian = parts.next().is_some_and(|primary| primary.eq_ignore_ascii_case("sr"));
        lang.trim().is_empty() && around || serbian && !parts.any(|part| part.eq_ignore_ascii_case("latn"))
    })
}

/// Copies a tag of a Serbian element, with what people read of it in Latin.
fn tag(tag: &str, out: &mut String) {
    let mut from = 0;
    for (name, value, start) in attributes(tag) {
        out.push_str(&tag[from..start]);
        match name {
            "lang" if !value.trim().is_empty() => out.push_str("sr-Latn"),
            _ if READ.contains(&name) => out.push_str(&words(value)),
            _ => out.push_str(value),
        }
        from = start + value.len();
    }
    out.push_str(&tag[from..]);
}
