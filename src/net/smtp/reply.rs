//! What a server says: replies of one or more lines (RFC 5321 §4.2), framed within limits. No I/O.

use std::fmt;

/// Longest line that is read; RFC 5321 §4.5.3.1.5 allows 512, some servers say more.
const LINE: usize = 4096;
/// Most lines of a reply that are read.
const LINES: usize = 128;

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The text of each line, without code; may be empty.
    pub lines: Vec<String>,
}

/// Bytes that are no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A line does not begin with a code, or with another one than the lines before it.
    #[error("the server does not speak SMTP: it said “{0}”")]
    Line(String),
    /// A line or a reply without end.
    #[error("the server's reply is longer than any reply may be")]
    Long,
}

impl Reply {
    /// The first reply in `bytes` and its length in bytes; `None` while it is not complete.
    ///
    /// # Errors
    /// [`Malformed`] when no reply can come of it any more.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Malformed> {
        let mut reply = Reply { code: 0, lines: Vec::with_capacity(1) };
        let mut start = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[start..]) {
            if length > LINE || reply.lines.len() == LINES {
                return Err(Malformed::Long);
            }
            let line = &bytes[start..start + length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            start += length + 1;
            let (code, last, text) = split(line).ok_or_else(|| Malformed::Line(readable(line, 80)))?;
            if !reply.lines.is_empty() && code != reply.code {
                return Err(Malformed::Line(readable(line, 80)));
            }
            reply.code = code;
            reply.lines.push(readable(text, 400));
            if last {
                return Ok(Some((reply, start)));
            }
        }
        if bytes.len() - start > LINE {
            return Err(Malformed::Long);
        }
        Ok(None)
    }

    /// 2xx.
    pub fn is_done(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4xx: not now.
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// The enhanced code at the head of the text (RFC 2034, RFC 3463), where its class is the reply's.
    pub fn enhanced(&self) -> Option<(u8, u16, u16)> {
        let word = self.lines.first()?.split_whitespace().next()?;
        let mut parts = word.split('.');
        let class: u8 = parts.next()?.parse().ok()?;
        let subject = number(parts.next()?)?;
        let detail = number(parts.next()?)?;
        (parts.next().is_none() && u16::from(class) == self.code / 100).then_some((class, subject, detail))
    }

    /// The text on one line, the enhanced code only once.
    pub fn text(&self) -> String {
        let head = self.enhanced().map(|(class, subject, detail)| format!("{class}.{subject}.{detail} "));
        let mut text = String::new();
        for (i, line) in self.lines.iter().enumerate() {
            let line = match &head {
                Some(head) if i > 0 => line.strip_prefix(head.as_str()).unwrap_or(line),
                _ => line,
            };
            if !text.is_empty() && !line.is_empty() {
                text.push(' ');
            }
            text.push_str(line);
        }
        text
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", format!("{} {}", self.code, self.text()).trim_end())
    }
}

/// Code, whether it is the last line, text. A code alone is a whole line: `250`.
fn split(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&digits[0]) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ', text)) => Some((code, true, text)),
        Some((b'-', text)) => Some((code, false, text)),
        Some(_) => None,
    }
}

fn number(text: &str) -> Option<u16> {
    (text.len() <= 3).then(|| text.parse().ok()).flatten()
}

/// Text that can be logged and kept: UTF-8, no control characters, at most `limit` characters.
fn readable(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Reply {
        let (reply, length) = Reply::parse(text.as_bytes()).unwrap().expect("a whole reply");
        assert_eq!(length, text.len());
        reply
    }

    #[test]
    fn replies_of_one_and_of_many_lines() {
        assert_eq!(whole("250 ok\r\n"), Reply { code: 250, lines: vec!["ok".into()] });
        assert_eq!(whole("250\r\n").to_string(), "250");
        assert_eq!(whole("250 \r\n").text(), "");
        let many = whole("550-5.1.1 no such person\r\n550-5.1.1 see https://x.example\r\n550 5.1.1 bye\n");
        assert_eq!(many.text(), "5.1.1 no such person see https://x.example bye");
        assert_eq!(many.enhanced(), Some((5, 1, 1)));
        assert_eq!(whole("571 not allowed\r\n").code, 571, "codes beyond RFC 5321's table exist");
    }

    #[test]
    fn what_is_not_complete_is_waited_for() {
        for cut in ["", "2", "250", "250 ok", "250-ok\r\n", "250-ok\r\n250"] {
            assert_eq!(Reply::parse(cut.as_bytes()), Ok(None), "{cut}");
        }
        let (first, length) = Reply::parse(b"250 a\r\n354 b\r\n").unwrap().unwrap();
        assert_eq!((first.code, length), (250, 7));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for text in ["hello\r\n", "25 ok\r\n", "650 x\r\n", "250_ok\r\n", "250-a\r\n251 b\r\n", "\r\n", "250-a\r\n\r\n"]
        {
            assert!(Reply::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert_eq!(Reply::parse(&[b'2'; LINE + 1]), Err(Malformed::Long));
        assert_eq!(Reply::parse("250-x\r\n".repeat(LINES + 1).as_bytes()), Err(Malformed::Long));
    }

    #[test]
    fn only_a_code_of_the_same_class_is_an_enhanced_code() {
        assert_eq!(whole("250 5.1.1 odd\r\n").enhanced(), None);
        assert_eq!(whole("451 4.7.1 later\r\n").enhanced(), Some((4, 7, 1)));
        assert_eq!(whole("550 5.7.515 dmarc\r\n").enhanced(), Some((5, 7, 515)));
        assert_eq!(whole("550 10.0.0.1 blocked\r\n").enhanced(), None);
    }

    #[test]
    fn control_characters_never_reach_a_log() {
        assert_eq!(whole("550 a\u{1b}[31mb\u{0}c\r\n").text(), "a [31mb c");
    }
}
