//! Bytes to text: what editors of thirty years have saved, read as what it was meant to be.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};

/// A file that is no text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing in it.
    #[error("the file is empty; write a text, or delete it")]
    Empty,
    /// A picture, an office document, something compressed.
    #[error("the file is not text; save it as plain text in UTF-8")]
    Binary,
}

/// A file's text with what had to be done to read it.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text: no byte order mark, lines ended by LF, no character that XML 1.0 forbids.
    pub text: String,
    /// The name of the encoding it was saved in, where that was not UTF-8.
    pub converted_from: Option<&'static str>,
    /// The line of the first forbidden character that was taken out.
    pub forbidden: Option<usize>,
}

/// Reads a file's bytes as text: UTF-8, UTF-16 (by its mark, or by its zeros), else the Windows code page that
/// gives letters where the bytes are.
///
/// # Errors
/// [`DecodeError`] for an empty file and for one that is no text.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(DecodeError::Empty);
    }
    if let Some(text) = as_it_is(bytes) {
        return Ok(Decoded { text: text.to_owned(), converted_from: None, forbidden: None });
    }
    let encoding = encoding_of(bytes)?;
    // Takes a byte order mark away, and puts U+FFFD where a byte has no meaning.
    let (text, encoding, _) = encoding.decode(bytes);
    let mut forbidden = None;
    let mut clean = String::with_capacity(text.len());
    let mut line = 1;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    clean.push('\n');
                    line += 1;
                }
            }
            '\n' => {
                clean.push('\n');
                line += 1;
            }
            c if is_forbidden(c) => {
                forbidden.get_or_insert(line);
            }
            c => clean.push(c),
        }
    }
    if clean.trim().is_empty() {
        return Err(DecodeError::Empty);
    }
    let converted_from = (encoding != UTF_8).then(|| encoding.name());
    Ok(Decoded { text: clean, converted_from, forbidden })
}

/// Text that needs nothing: UTF-8 with none of the characters that are taken out or changed, as nearly every file is.
fn as_it_is(bytes: &[u8]) -> Option<&str> {
    let suspect = |b: &u8| (*b < 0x20 && !matches!(*b, b'\t' | b'\n')) || *b == 0x7f;
    if bytes.iter().any(suspect) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    // The others that are forbidden begin with this byte, as few characters do.
    let others = memchr::memchr(0xef, bytes).is_some() && text.chars().any(is_forbidden);
    (!others && !text.trim().is_empty()).then_some(text)
}

/// Whether XML 1.0 (section 2.2) has no place for a character, not even as a reference; a byte order mark inside a
/// text says nothing either.
pub fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}' | '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}')
}

fn encoding_of(bytes: &[u8]) -> Result<&'static Encoding, DecodeError> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding);
    }
    let head = &bytes[..bytes.len().min(8192)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let half = head.len() / 2;
    // Latin text in UTF-16 without a mark: every second byte is zero.
    if odd > half / 2 && even < half / 8 {
        return Ok(UTF_16LE);
    }
    if even > half / 2 && odd < half / 8 {
        return Ok(UTF_16BE);
    }
    if even + odd > 0 && (even + odd > 3 || std::str::from_utf8(head).is_err()) {
        return Err(DecodeError::Binary);
    }
    let controls = head.iter().filter(|b| **b < 32 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)).count();
    if controls > 4 + head.len() / 20 {
        return Err(DecodeError::Binary);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Ok(UTF_8);
    }
    // A few broken bytes in a text that is otherwise UTF-8 with letters beyond ASCII: still UTF-8.
    let lossy = String::from_utf8_lossy(bytes);
    let broken = lossy.chars().filter(|c| *c == '\u{FFFD}').count();
    let whole = lossy.chars().filter(|c| !c.is_ascii() && *c != '\u{FFFD}').count();
    if whole > broken * 4 {
        return Ok(UTF_8);
    }
    if head.starts_with(b"\xff\xd8\xff") || head.starts_with(b"\x89PNG") || head.starts_with(b"PK\x03\x04") {
        return Err(DecodeError::Binary);
    }
    Ok(code_page(bytes))
}

/// The Windows code page of bytes that are no UTF-8.
fn code_page(bytes: &[u8]) -> &'static Encoding {
    let high: Vec<u8> = bytes.iter().copied().filter(|b| *b >= 0x80).take(20_000).collect();
    let share = |test: fn(u8) -> bool| high.iter().filter(|b| test(**b)).count() * 100 / high.len().max(1);
    // Cyrillic text is all high letters; Latin text has one here and there.
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count();
    if high.len() > letters && share(|b| b >= 0xC0) > 80 {
        return WINDOWS_1251;
    }
    // š Š ž Ž are the same in 1250 and 1252; č ć đ Č Ć Đ (and ą ł ę ě ř ů ő ű …) are where 1252 has è æ ð È Æ Ð.
    let western = share(|b| {
        matches!(
            b,
            0xE0 | 0xE2
                | 0xE4
                | 0xE5
                | 0xE7
                | 0xE9
                | 0xEA
                | 0xEB
                | 0xED
                | 0xEE
                | 0xEF
                | 0xF1
                | 0xF3
                | 0xF4
                | 0xF6
                | 0xFA..=0xFC | 0xDF | 0xC4 | 0xD6 | 0xDC | 0xC9
        )
    });
    let central = share(|b| {
        matches!(
            b,
            0xE8 | 0xE6
                | 0xF0
                | 0xC8
                | 0xC6
                | 0xD0
                | 0x9A
                | 0x9E
                | 0x8A
                | 0x8E
                | 0xB9
                | 0xB3
                | 0xBF
                | 0xEC
                | 0xF8
                | 0xF9
        )
    });
    if central > western { WINDOWS_1250 } else { WINDOWS_1252 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, Option<&'static str>) {
        let decoded = decode(bytes).unwrap();
        (decoded.text, decoded.converted_from)
    }

    #[test]
    fn what_editors_save_is_read() {
        assert_eq!(text(b"\xef\xbb\xbfa\r\nb\rc"), ("a\nb\nc".into(), None));
        let sixteen: Vec<u8> = "Naslov čćš\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&sixteen), ("Naslov čćš\n".into(), Some("UTF-16LE")));
        let marked: Vec<u8> =
            [0xfe, 0xff].into_iter().chain("Вест".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(text(&marked), ("Вест".into(), Some("UTF-16BE")));
        for (encoding, words) in [
            (WINDOWS_1250, "Vežbe na Dunavu: đaci, žene, kuća, češljuga, Čačak"),
            (WINDOWS_1251, "Вежбе на Дунаву за све"),
            (WINDOWS_1252, "Présidence française – où l’été dure"),
        ] {
            let (bytes, _, _) = encoding.encode(words);
            assert_eq!(text(&bytes), (words.to_owned(), Some(encoding.name())));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_and_control_characters_are_told() {
        assert_eq!(decode(b" \n\t"), Err(DecodeError::Empty));
        assert_eq!(decode(b"\xef\xbb\xbf"), Err(DecodeError::Empty));
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0"), Err(DecodeError::Binary));
        let decoded = decode(b"one\ntwo\x0b\x00 three").unwrap();
        assert_eq!((decoded.text.as_str(), decoded.forbidden), ("one\ntwo three", Some(2)));
    }
}
