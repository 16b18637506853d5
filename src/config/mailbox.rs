//! `Name <address>`: a sender as people write one.

use std::fmt;
use std::str::FromStr;

use crate::audience::Address;

/// A sender: an address, with or without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name people see.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

impl FromStr for Mailbox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err("it holds a line break or another control character".to_owned());
        }
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None if text.contains(['<', '>']) => {
                return Err(format!(
                    "“{text}” has one of < and > without the other; write Name <name@newsroom.example>"
                ));
            }
            None => ("", text),
        };
        let address = address.parse::<Address>().map_err(|error| error.to_string())?;
        let bare = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name);
        let name = bare.replace("\\\"", "\"").trim().to_owned();
        Ok(Mailbox { name: (!name.is_empty()).then_some(name), address })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_read_with_and_without_a_name() {
        let sender: Mailbox = "Канцеларија, Београд <news@newsroom.example>".parse().unwrap();
        assert_eq!(sender.name.as_deref(), Some("Канцеларија, Београд"));
        assert_eq!(sender.address.to_string(), "news@newsroom.example");
        assert_eq!("\"A \\\"B\\\"\" <a@b.example>".parse::<Mailbox>().unwrap().name.as_deref(), Some("A \"B\""));
        assert_eq!("a@b.example".parse::<Mailbox>().unwrap().name, None);
        assert!("A <a@b.example".parse::<Mailbox>().is_err());
        assert!("A\nBcc: x <a@b.example>".parse::<Mailbox>().is_err());
    }
}
