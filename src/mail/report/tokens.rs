//! Where a delivery's token may stand: in the address that the report came to, in the Message-ID of what came back.

use mail_parser::{Message, PartType};

use super::PARTS;

/// Words that are tried: each costs a MAC.
const MOST: usize = 12;
/// Bytes of a part that are looked through.
const BYTES: usize = 64 * 1024;
/// A token's length: 18 bytes and more, in base 32.
const SHORTEST: usize = 29;
const LONGEST: usize = 80;

/// Headers in which the address stands that a report came to; which of them, its last server decides.
const ENVELOPE: &[&str] = &["to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "cc"];
/// Headers that name what is answered (RFC 5322 §3.6.4), and what a server adds of what failed.
const NAMED: &[&str] = &["in-reply-to", "references", "x-original-message-id"];

/// Words that may be tokens, the most telling place first.
pub(super) fn of(message: &Message<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for names in [ENVELOPE, NAMED] {
        for (name, value) in message.headers_raw() {
            if names.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                scan(value, &mut found);
            }
        }
    }
    for part in message.parts.iter().take(PARTS) {
        match &part.body {
            PartType::Message(inner) => {
                for (name, value) in inner.headers_raw() {
                    if ["message-id", "return-path"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
                        scan(value, &mut found);
                    }
                }
            }
            PartType::Multipart(_) => {}
            // Status fields, the headers that came back, or prose with both.
            _ => scan(&String::from_utf8_lossy(&part.contents()[..part.contents().len().min(BYTES)]), &mut found),
        }
    }
    found
}

/// Each word before an `@` that has a token's letters and length, and stands behind `+`, `<` or white space.
fn scan(text: &str, found: &mut Vec<String>) {
    for (at, _) in text.match_indices('@') {
        if found.len() >= MOST {
            return;
        }
        let before = &text.as_bytes()[..at];
        let letters =
            before.iter().rev().take(LONGEST + 1).take_while(|b| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(b));
        let length = letters.count();
        let behind = before.len().checked_sub(length + 1).map(|i| before[i]);
        let opens = behind.is_none_or(|b| matches!(b, b'+' | b'<' | b'=' | b';' | b':') || b.is_ascii_whitespace());
        if !opens || !(SHORTEST..=LONGEST).contains(&length) {
            continue;
        }
        let word = String::from_utf8_lossy(&before[at - length..]).to_lowercase();
        if !found.contains(&word) {
            found.push(word);
        }
    }
}
