//! Dot-stuffing (RFC 5321 §4.5.2): a line that begins with a dot gets another, so that only ours ends the message.

use memchr::memmem;

/// Appends `message` (lines ended by CRLF) to `out` as DATA wants it, with the closing dot. A last line without an
/// end gets one.
pub(super) fn stuff(message: &[u8], out: &mut Vec<u8>) {
    out.reserve(message.len() + 64);
    if message.first() == Some(&b'.') {
        out.push(b'.');
    }
    let mut rest = message;
    while let Some(at) = memmem::find(rest, b"\n.") {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'.');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    if !message.is_empty() && !message.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stuffed(message: &str) -> String {
        let mut out = Vec::new();
        stuff(message.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn dots_at_the_head_of_a_line_are_doubled() {
        assert_eq!(stuffed("a\r\n.b\r\n"), "a\r\n..b\r\n.\r\n");
        assert_eq!(stuffed(".\r\n"), "..\r\n.\r\n");
        assert_eq!(stuffed("a.b\r\n..\r\n.\r\n"), "a.b\r\n...\r\n..\r\n.\r\n");
        assert_eq!(stuffed("no end"), "no end\r\n.\r\n");
        assert_eq!(stuffed(""), ".\r\n");
    }

    proptest! {
        #[test]
        fn the_other_side_reads_what_was_written(lines in proptest::collection::vec("[.a]{0,4}", 1..20)) {
            let message: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let wire = stuffed(&message);
            let (body, end) = wire.split_once("\r\n.\r\n").map_or(("", ""), |(body, end)| (body, end));
            prop_assert_eq!(end, "", "the message ends where its last byte is");
            let back: String = format!("{body}\r\n").split_inclusive("\r\n").map(|l| l.strip_prefix('.').unwrap_or(l)).collect();
            prop_assert_eq!(back, message);
        }
    }
}
