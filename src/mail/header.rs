//! Header fields on the wire: folded (RFC 5322 §2.2.3), other scripts as encoded words (RFC 2047).
//!
//! lettre's encoder is not used for these: where an address follows an encoded name it writes lines over the 76 bytes
//! that RFC 2047 allows, and it leaves a text that looks like an encoded word as it is, which then reads as another.
//!
//! Nothing here can begin a field of its own: texts are brought to one line, and what only machines read to visible ASCII.

use data_encoding::BASE64;

use super::Mailbox;
use super::mailbox::one_line;

/// Longest line with an encoded word in it, and the length that others are folded at.
const LINE: usize = 76;
/// `=?utf-8?b?` and `?=`.
const FRAME: usize = 12;
/// A word of plain ASCII that is longer is encoded, since encoded words can be split.
const LONGEST_WORD: usize = 60;
/// Least room on a line that is worth an encoded word.
const LEAST: usize = FRAME + 16;

/// Writes one field, word by word.
struct Field<'o> {
    out: &'o mut Vec<u8>,
    column: usize,
    /// Nothing but the name stands there yet; its `: ` is the white space before the first word.
    fresh: bool,
}

impl<'o> Field<'o> {
    fn new(name: &str, out: &'o mut Vec<u8>) -> Self {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        Field { out, column: name.len() + 2, fresh: true }
    }

    /// White space before a word of that length: a space, or a new line.
    fn space(&mut self, length: usize) {
        if self.fresh {
            self.fresh = false;
        } else if self.column + 1 + length > LINE {
            self.fold();
        } else {
            self.out.push(b' ');
            self.column += 1;
        }
    }

    fn fold(&mut self) {
        self.out.extend_from_slice(b"\r\n ");
        self.column = 1;
    }

    fn word(&mut self, word: &str) {
        self.space(word.len());
        self.put(word);
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }

    /// Encoded words for `text`, which between them give it back exactly: split between characters, never inside one.
    fn encoded(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let room = LINE.saturating_sub(self.column + usize::from(!self.fresh));
            let room = match room {
                small if small < LEAST && !self.fresh => LINE - 1,
                small => small.max(LEAST),
            };
            let most = room.min(75) - FRAME;
            let bytes = most / 4 * 3;
            let mut end = rest.len().min(bytes);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            // Behind a space where one is near: some readers put a space between encoded words, which hurts least there.
            if end < rest.len()
                && let Some(space) = rest[..end].rfind(' ').filter(|space| *space > end / 2)
            {
                end = space + 1;
            }
            let word = format!("=?utf-8?b?{}?=", BASE64.encode(&rest.as_bytes()[..end]));
            self.word(&word);
            rest = &rest[end..];
        }
    }

    fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }
}

/// Whether a word may stand as it is.
fn is_plain(word: &str) -> bool {
    word.len() <= LONGEST_WORD && word.bytes().all(|b| b.is_ascii_graphic()) && !word.contains("=?")
}

/// A field of running text: `Subject`.
pub(super) fn text(name: &str, text: &str, out: &mut Vec<u8>) {
    let text = one_line(text);
    let mut field = Field::new(name, out);
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        if is_plain(word) {
            field.word(word);
            continue;
        }
        // Words next to each other go into one encoded text: white space between encoded words is no text.
        let mut run = word.to_owned();
        while let Some(next) = words.next_if(|next| !is_plain(next)) {
            run.push(' ');
            run.push_str(next);
        }
        field.encoded(&run);
    }
    field.end();
}

/// A field with one mailbox: `From`, `Reply-To`, `To`.
pub(super) fn mailbox(name: &str, mailbox: &Mailbox, out: &mut Vec<u8>) {
    let mut field = Field::new(name, out);
    match &mailbox.name {
        Some(phrase) => {
            self::phrase(&mut field, phrase);
            field.word(&format!("<{}>", mailbox.address));
        }
        None => field.word(&mailbox.address.to_string()),
    }
    field.end();
}

/// `List-Id` (RFC 2919): a phrase and an id.
pub(super) fn list_id(title: &str, id: &str, out: &mut Vec<u8>) {
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
    let mut field = Field::new("List-Id", out);
    let title = one_line(title);
    if !title.is_empty() {
        phrase(&mut field, &title);
    }
    field.word(&format!("<{id}>"));
    field.end();
}

/// A field that only machines read, on one line; what is not visible ASCII is left out of the value.
pub(super) fn machine(name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let is_seen = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    match value.as_bytes().iter().all(is_seen) {
        true => out.extend_from_slice(value.as_bytes()),
        false => out.extend(value.bytes().filter(is_seen)),
    }
    out.extend_from_slice(b"\r\n");
}

/// What may stand between `<` and `>`: visible ASCII without them.
pub(super) fn token(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect()
}

/// A display name (RFC 5322 §3.2.5): as it is where it is made of atoms, else in quotes, else encoded.
fn phrase(field: &mut Field<'_>, phrase: &str) {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    if !phrase.split(' ').all(is_plain) {
        field.encoded(phrase);
    } else if phrase.bytes().all(|b| atom(b) || b == b' ') {
        phrase.split(' ').for_each(|word| field.word(word));
    } else {
        let quoted = format!("\"{}\"", phrase.replace('\\', "\\\\").replace('"', "\\\""));
        quoted.split(' ').for_each(|word| field.word(word));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(value: &str) -> String {
        let mut out = Vec::new();
        text("Subject", value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn words_are_folded_and_others_encoded() {
        assert_eq!(subject("Daily digest: news"), "Subject: Daily digest: news\r\n");
        assert_eq!(subject(""), "Subject: \r\n");
        let long = subject(&"word ".repeat(40));
        assert!(long.lines().all(|line| line.len() <= LINE) && long.lines().count() == 3, "{long}");
        let mixed = subject("Story: трћ news");
        assert_eq!(mixed, "Subject: Story: =?utf-8?b?0YLRgNGb?= news\r\n");
        assert!(subject("=?utf-8?q?x?=").contains("=?utf-8?b?"), "what looks encoded is encoded");
    }

    #[test]
    fn a_name_has_quotes_where_it_needs_them() {
        let name = |name: &str| {
            let mut out = Vec::new();
            mailbox("To", &Mailbox::new(Some(name), "a@b.example".parse().unwrap()), &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(name("Ana"), "To: Ana <a@b.example>\r\n");
        assert_eq!(name("Ilić, Ana"), "To: =?utf-8?b?SWxpxIcsIEFuYQ==?= <a@b.example>\r\n");
        assert_eq!(name("Doe, \"J\""), "To: \"Doe, \\\"J\\\"\" <a@b.example>\r\n");
        assert_eq!(name("\r\n"), "To: a@b.example\r\n");
    }
}
