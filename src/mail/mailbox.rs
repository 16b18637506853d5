//! A name with an address, as `From`, `Reply-To` and `To` have it (RFC 5322 §3.4).

use std::fmt;
use std::str::FromStr;

use super::MailError;
use crate::audience::Address;

/// A mailbox: `Public Affairs Office <news@newsroom.example>`, or an address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, without control characters; `None` where there is none.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

impl Mailbox {
    /// A mailbox of an address and perhaps a name, in which line breaks and other control characters become spaces.
    pub fn new(name: Option<&str>, address: Address) -> Self {
        let name = name.map(one_line).filter(|name| !name.is_empty());
        Mailbox { name, address }
    }
}

impl FromStr for Mailbox {
    type Err = MailError;

    fn from_str(text: &str) -> Result<Self, MailError> {
        let fault = |reason: String| MailError::Mailbox { text: text.chars().take(120).collect(), reason };
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text),
        };
        let address = address.parse::<Address>().map_err(|e| fault(e.to_string()))?;
        let bare = name.strip_prefix('"').and_then(|n| n.strip_suffix('"'));
        let name = bare.map_or_else(|| name.to_owned(), |n| n.replace("\\\"", "\"").replace("\\\\", "\\"));
        if name.chars().any(char::is_control) {
            return Err(fault("its name holds a line break or control character".to_owned()));
        }
        Ok(Mailbox::new(Some(&name), address))
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// A text on one line: control characters and runs of white space become single spaces. What stands in a
/// header or in running text must not be able to start a line of its own.
pub(crate) fn one_line(text: &str) -> String {
    let is_seen = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if text.bytes().all(is_seen) && !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ") {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}' || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_and_without_quotes() {
        let plain: Mailbox = "Public Affairs Office <news@newsroom.example>".parse().unwrap();
        assert_eq!(plain.name.as_deref(), Some("Public Affairs Office"));
        let quoted: Mailbox = r#""Office, \"Public\"" <news@newsroom.example>"#.parse().unwrap();
        assert_eq!(quoted.name.as_deref(), Some("Office, \"Public\""));
        let bare: Mailbox = "news@newsroom.example".parse().unwrap();
        assert_eq!(bare.name, None);
        assert!("Name".parse::<Mailbox>().is_err());
        assert!("A\r\nBcc: x <news@newsroom.example>".parse::<Mailbox>().is_err());
    }

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line(" Ana\r\nBcc:\tx\u{0}\u{2028}y "), "Ana Bcc: x y");
        assert_eq!(one_line("30\u{a0}June"), "30\u{a0}June");
    }
}
