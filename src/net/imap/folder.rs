//! Names of folders on the wire: ASCII, everything else in base 64 of UTF-16 (RFC 3501 §5.1.3). No I/O.

use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// Base 64 with `,` in the place of `/` and nothing at the end.
static LETTERS: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,");
    specification.encoding().ok()
});

/// A name as it goes over the wire.
pub(super) fn encode(name: &str) -> String {
    let (mut text, mut foreign) = (String::with_capacity(name.len()), String::new());
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut text, &mut foreign);
            text.push(c);
            if c == '&' {
                text.push('-');
            }
        } else {
            foreign.push(c);
        }
    }
    flush(&mut text, &mut foreign);
    text
}

fn flush(text: &mut String, foreign: &mut String) {
    let bytes: Vec<u8> = foreign.encode_utf16().flat_map(u16::to_be_bytes).collect();
    if let (false, Some(letters)) = (bytes.is_empty(), &*LETTERS) {
        text.push('&');
        text.push_str(&letters.encode(&bytes));
        text.push('-');
    }
    foreign.clear();
}

/// A name from the wire, as people read it; what is no such name stays as it is.
pub(super) fn decode(name: &str) -> String {
    let mut parts = name.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let read = part.split_once('-').and_then(|(coded, rest)| Some((word(coded)?, rest)));
        match read {
            Some((word, rest)) => text.extend([word.as_str(), rest]),
            None => text.extend(["&", part]),
        }
    }
    text
}

fn word(coded: &str) -> Option<String> {
    if coded.is_empty() {
        return Some("&".to_owned());
    }
    let bytes = LETTERS.as_ref()?.decode(coded.as_bytes()).ok()?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_go_over_the_wire_and_come_back() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("A&B", "A&-B"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Враћено", "&BBIEQAQwBFsENQQ9BD4-"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire), name);
        }
        for odd in ["&", "&&&", "&!!!-x", "&2D0-"] {
            decode(odd);
        }
    }
}
