//! The gate in front: what goes into a feed is made fit for each format before any of them sees it.
//!
//! XML 1.0 (production 2, Char) forbids most control characters, and no escape brings them in; the
//! crates that write RSS and Atom let them through. `]]>` is split by the `rss` crate in CDATA and
//! escaped everywhere else. Attributes of extensions are written as they come by `atom_syndication`,
//! so what is dangerous in them is replaced by marks before, and the marks by character references
//! after ([`mark`], [`unmark`]).

use std::borrow::Cow;

use url::Url;

/// Stands for `&` until [`unmark`]. Noncharacters of Unicode are kept for such use, and [`clean`] lets none in.
const AMPERSAND: char = '\u{FDD0}';
/// Stands for `<`.
const LESS: char = '\u{FDD1}';
/// Stands for `"`.
const QUOTE: char = '\u{FDD2}';

/// `text` without what a document must not hold: characters that XML forbids, C1 controls, and
/// noncharacters are dropped; line ends become `\n`; U+FFFD, which says that something was lost,
/// becomes a question mark.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| is_allowed(c) && c != '\r' && c != '\u{FFFD}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\u{FFFD}' => out.push('?'),
            c if is_allowed(c) => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out)
}

/// The first character that no document may hold, and its place, counted from 1.
pub(super) fn forbidden(text: &str) -> Option<(usize, char)> {
    (1..).zip(text.chars()).find(|(_, c)| !is_allowed(*c))
}

fn is_allowed(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FDD0}'..='\u{FDEF}' => false,
        c => u32::from(c) & 0xFFFE != 0xFFFE,
    }
}

/// `text` cleaned, on one line: titles, names, labels, captions.
pub(super) fn line(text: &str) -> String {
    let clean = clean(text);
    let mut out = String::with_capacity(clean.len());
    for word in clean.split(|c: char| c.is_ascii_whitespace() || c == '\u{2028}' || c == '\u{2029}') {
        if !word.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    // Readers trim; so do we, that what they read equals what was put in.
    out.trim().to_owned()
}

/// An absolute web address in ASCII as RFC 3986 has it; `None` for anything else.
pub(super) fn address(text: &str) -> Option<String> {
    let url = Url::parse(clean(text).trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    // The URL standard leaves some characters that RFC 3986 does not allow.
    const LEFT: &percent_encoding::AsciiSet =
        &percent_encoding::CONTROLS.add(b'|').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'}').add(b'[').add(b']');
    match url.host() {
        Some(url::Host::Ipv6(_)) => Some(url.into()),
        _ => Some(percent_encoding::utf8_percent_encode(url.as_str(), LEFT).to_string()),
    }
}

/// Plain text for an element that cannot say that it is plain: where it speaks of end tags, or has a mail address in angle
/// brackets, readers would take these for markup and lose them, and validators warn. It shows them with other signs then.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains("</") || text.contains('<') && text.contains('@') {
        Cow::Owned(text.replace('<', "‹").replace('>', "›"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Plain text as HTML.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Marks what would be markup in plain text, so that it passes any writer. [`unmark`] makes character
/// references of the marks: the form in which the RSS profile wants `&` and `<` in titles, so that a
/// reader knows them for text.
pub(super) fn mark(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => AMPERSAND,
            '<' => LESS,
            '"' => QUOTE,
            c => c,
        })
        .collect()
}

/// The written document with its marks as character references.
pub(super) fn unmark(bytes: Vec<u8>) -> Vec<u8> {
    /// The first two bytes of each mark in UTF-8.
    const LEAD: [u8; 2] = [0xEF, 0xB7];
    if !bytes.windows(2).any(|pair| pair == LEAD) {
        return bytes;
    }
    let mut out = Vec::with_capacity(bytes.len() + 256);
    let mut rest = bytes.as_slice();
    while let Some(at) = rest.windows(2).position(|pair| pair == LEAD) {
        let (before, mark) = rest.split_at(at);
        out.extend_from_slice(before);
        let length = mark.len().min(3);
        out.extend_from_slice(match mark.get(2) {
            Some(0x90) => b"&#x26;",
            Some(0x91) => b"&#x3C;",
            Some(0x92) => b"&#x22;",
            _ => &mark[..length],
        });
        rest = &mark[length..];
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_xml_forbids_is_dropped_and_the_rest_stays() {
        assert_eq!(clean("a\u{0}b\u{8}c\u{b}d\u{1f}e\u{7f}f\u{85}g\u{fffe}h\u{1ffff}i\u{fdd0}j"), "abcdefghij");
        assert_eq!(clean("a\r\nb\rc\td\n"), "a\nb\nc\td\n");
        assert_eq!(clean("Ђ 👩‍💻 שלום \u{202e} \u{feff}"), "Ђ 👩‍💻 שלום \u{202e} \u{feff}");
        assert!(matches!(clean("as it was"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_keeps_its_hard_spaces() {
        assert_eq!(line(" 10\u{a0}km\n\n  on \t foot \u{2028}"), "10\u{a0}km on foot");
    }

    #[test]
    fn addresses_are_absolute_and_ascii() {
        let made = address("https://пример.срб/слика 1|2.jpg?q=<a>&b=[c]").unwrap();
        assert!(made.is_ascii() && !made.contains(['|', ' ', '<', '[']), "{made}");
        assert_eq!(address("/images/a.jpg"), None);
        assert_eq!(address("javascript:alert(1)"), None);
        assert_eq!(address("http://[::1]:8080/a").as_deref(), Some("http://[::1]:8080/a"));
    }

    proptest! {
        #[test]
        fn marks_come_back_as_references(text in any::<String>()) {
            let text = clean(&text).into_owned();
            let written = String::from_utf8(unmark(mark(&text).into_bytes())).unwrap();
            let read = written.replace("&#x3C;", "<").replace("&#x22;", "\"").replace("&#x26;", "&");
            prop_assert_eq!(read, text);
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean(&text).into_owned();
            let twice = clean(&once).into_owned();
            prop_assert_eq!(twice, once);
            let one = line(&text);
            prop_assert_eq!(line(&one), one);
        }
    }
}
