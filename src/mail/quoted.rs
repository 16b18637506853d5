//! Quoted-printable (RFC 2045 §6.7) of pieces that can be put together in any choice.
//!
//! Each encoded piece ends at the start of a line: after a line break of its own, or after a soft one (`=`
//! CRLF). So pieces follow one another without being looked at, and no line grows over 76 bytes.

use quoted_printable::{InputMode, Options, encode_with_options};

/// Room on a line; one more byte is left for the `=` of a soft break at the end of a piece.
const LINE: usize = 75;

/// Encodes `text`; line breaks of any kind become CRLF.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8 + 4);
    encode_into(text, &mut out);
    out
}

/// Encodes `text` behind `out`.
pub(super) fn encode_into(text: &str, out: &mut Vec<u8>) {
    if text.is_empty() {
        return;
    }
    if text.len() <= LINE && is_plain(text) {
        // What fills a hole mostly is so: a name, an address.
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"=\r\n");
        return;
    }
    let options = Options::default().input_mode(InputMode::Text).line_length_limit(LINE);
    let encoded = encode_with_options(crlf(text).as_bytes(), options);
    out.extend_from_slice(encoded.as_bytes());
    if !encoded.ends_with("\r\n") {
        out.extend_from_slice(b"=\r\n");
    }
}

/// Whether it stands for itself: visible ASCII but `=`, and no space at an end.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte == b' ' || (byte.is_ascii_graphic() && byte != b'=');
    text.bytes().all(is_plain) && !text.starts_with(' ') && !text.ends_with(' ')
}

/// `text` with CRLF for each line break, bare CR and bare LF included.
pub(super) fn crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\n']) {
        out.push_str(&rest[..at]);
        out.push_str("\r\n");
        let end = if rest[at..].starts_with("\r\n") { at + 2 } else { at + 1 };
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quoted_printable::{ParseMode, decode};

    use super::*;

    #[test]
    fn pieces_end_at_the_start_of_a_line() {
        assert_eq!(encode("a = b\n"), b"a =3D b\r\n");
        assert_eq!(encode("čaj"), b"=C4=8Daj=\r\n");
        assert_eq!(encode("x "), b"x=20=\r\n", "white space at an end would be lost on the way");
        assert_eq!(encode(""), b"");
    }

    proptest! {
        #[test]
        fn pieces_together_decode_to_their_text(pieces in prop::collection::vec("[ -~\t\r\nа-шčćžšđ€🎈]{0,120}", 0..6)) {
            let mut wire: Vec<u8> = pieces.iter().flat_map(|p| encode(p)).collect();
            for line in wire.split(|b| *b == b'\n') {
                prop_assert!(line.len() <= 77, "76 bytes and CR");
            }
            wire.extend_from_slice(b".");
            let decoded = decode(&wire, ParseMode::Strict).unwrap();
            let expected: String = pieces.iter().map(|p| crlf(p)).collect::<String>() + ".";
            prop_assert_eq!(String::from_utf8(decoded).unwrap(), expected);
        }
    }
}
