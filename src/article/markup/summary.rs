//! A summary made from the first sentences of a text, where its author gave none.

use super::plain::{Piece, walk};

/// The most characters a made summary has.
pub const LONGEST: usize = 300;
/// A sentence that ends before this is not all of the summary.
const SHORTEST: usize = 160;

/// Elements whose words are no running text.
const ASIDE: &[&str] = &["table", "pre", "blockquote", "aside", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6"];

/// A summary of sanitised HTML: the first sentences of its paragraphs, whole words, 300 characters at most; where there
/// is no paragraph, of its lists, quotes and headings. Captions, and links that show nothing but an address (what is left of
/// an embedded film), are no words of it.
pub fn summary(html: &str) -> String {
    shorten(&words(html), LONGEST)
}

/// The running text of sanitised HTML, on one line.
pub(super) fn words(html: &str) -> String {
    let (mut depth, mut outside, mut note, mut figure) = (0usize, 0usize, 0usize, 0usize);
    let (mut words, mut all) = (String::new(), String::new());
    // The words of the link that is open.
    let mut link: Option<String> = None;
    let mut put = |text: &str, running: bool| {
        if running && words.len() < 4 * LONGEST * 2 {
            words.push_str(text);
        }
        if all.len() < 4 * LONGEST * 4 {
            all.push_str(text);
        }
    };
    walk(html, |piece| match piece {
        Piece::Start(tag) => match &*tag.name {
            "p" => depth += 1,
            "figure" => figure += 1,
            name if ASIDE.contains(&name) => outside += 1,
            // The number of a footnote is no word.
            "sup" => note += 1,
            "br" => put(" ", true),
            "a" => link = Some(String::new()),
            _ => {}
        },
        Piece::End(name) => match name {
            "p" => {
                depth = depth.saturating_sub(1);
                put(" ", true);
            }
            "figure" => figure = figure.saturating_sub(1),
            name if ASIDE.contains(&name) => {
                outside = outside.saturating_sub(1);
                put(" ", false);
            }
            "sup" => note = note.saturating_sub(1),
            "a" => {
                if let Some(label) = link.take().filter(|label| !is_address(label)) {
                    put(&label, depth > 0 && outside == 0 && note == 0);
                }
            }
            _ => {}
        },
        Piece::Text(_) if figure > 0 => {}
        Piece::Text(text) => match &mut link {
            Some(label) => label.push_str(text),
            None => put(text, depth > 0 && outside == 0 && note == 0),
        },
    });
    let tidy = |text: &str| text.replace('\u{AD}', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let words = tidy(&words);
    if words.is_empty() { tidy(&all) } else { words }
}

/// Whether the words of a link are an address: `youtube.com/watch?v=…`.
fn is_address(label: &str) -> bool {
    let label = label.trim();
    let host = label.split_once("://").map_or(label, |(_, rest)| rest);
    let (host, path) = host.split_once('/').unwrap_or((host, ""));
    !label.contains(char::is_whitespace)
        && host.contains('.')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        && (label.contains("://") || !path.is_empty())
}

/// The first sentences of a text that fit into so many characters; where the first one is longer, its first words and `…`.
pub fn shorten(text: &str, longest: usize) -> String {
    let text = text.trim();
    let Some((limit, _)) = text.char_indices().nth(longest) else { return text.to_owned() };
    let head = &text[..limit];
    let shortest = head.char_indices().nth(SHORTEST.min(longest / 2)).map_or(0, |(at, _)| at);
    if let Some(end) = sentence_ends(text, limit).filter(|end| *end >= shortest).last() {
        return text[..end].trim_end().to_owned();
    }
    let cut = match head.rfind(char::is_whitespace) {
        // Scripts without spaces are cut between two signs.
        Some(at) if at >= limit / 2 => &head[..at],
        _ => head.trim_end_matches(|c: char| unicode_normalization::char::is_combining_mark(c) || c == '\u{200D}'),
    };
    format!("{}…", cut.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '–' | '—' | '-')))
}

/// Where sentences end, up to `limit`.
fn sentence_ends(text: &str, limit: usize) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().take_while(move |(at, _)| *at < limit).filter_map(move |(at, c)| {
        let wide = matches!(c, '。' | '！' | '？' | '؟' | '۔' | '।' | '॥' | '։');
        if !wide && !matches!(c, '.' | '!' | '?' | '…') {
            return None;
        }
        let after = &text[at + c.len_utf8()..];
        let closed = after.trim_start_matches(['"', '”', '“', '’', '»', ')', ']', '」', '』']);
        let end = text.len() - closed.len();
        if end > limit {
            return None;
        }
        if wide {
            return Some(end);
        }
        let next = closed.trim_start();
        let spaced = closed.len() != next.len() || next.is_empty();
        let begins = next.chars().next().is_none_or(|c| !c.is_lowercase() && !matches!(c, ',' | ';' | ')' | '.'));
        (spaced && begins && !(c == '.' && is_short(&text[..at]))).then_some(end)
    })
}

/// Whether the word before a full stop is an abbreviation: one letter, a number, a title.
fn is_short(before: &str) -> bool {
    let word =
        before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '„' | '“' | '"')).next().unwrap_or_default();
    let letters = word.chars().count();
    letters <= 1
        || word.chars().all(|c| c.is_ascii_digit())
        || word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2)
        || matches!(
            word.to_lowercase().as_str(),
            "mr" | "mrs"
                | "ms"
                | "dr"
                | "prof"
                | "gen"
                | "col"
                | "lt"
                | "sgt"
                | "st"
                | "no"
                | "vs"
                | "inc"
                | "jr"
                | "sr"
                | "gov"
                | "sen"
                | "rep"
                | "др"
                | "проф"
                | "ген"
                | "бр"
                | "ул"
                | "стр"
                | "г"
                | "god"
                | "год"
                | "br"
                | "ul"
                | "npr"
                | "нпр"
                | "itd"
                | "mag"
                | "маг"
        )
}
