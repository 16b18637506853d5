//! An e-mail address (RFC 5321 §4.1.2, RFC 6531 for other scripts): checked once, at the door.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A mailbox's address. Two spellings of one mailbox have one [`Address::key`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    local: String,
    /// The domain in its ASCII form.
    domain: String,
}

/// Why a text is no address that mail can be sent to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{text}” is no address: {reason}")]
pub struct AddressError {
    text: String,
    reason: &'static str,
}

impl Address {
    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain, ASCII and lower case (IDNA).
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What makes it one mailbox: lower case throughout. RFC 5321 lets a host tell cases apart; none
    /// that people use does, and two copies for one person is the greater harm.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }

    /// Whether the mailbox needs SMTPUTF8 (RFC 6531).
    pub fn needs_utf8(&self) -> bool {
        !self.local.is_ascii()
    }

    /// `a…@domain`, for logs and pages.
    pub fn masked(&self) -> String {
        crate::secret::masked(&self.to_string())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let fault = |reason| AddressError { text: text.chars().take(80).collect(), reason };
        let (local, domain) = text.rsplit_once('@').ok_or(fault("it has no @"))?;
        if local.is_empty() || domain.is_empty() {
            return Err(fault("a part is missing beside the @"));
        }
        if local.len() > 64 {
            return Err(fault("the part before the @ is over 64 bytes (RFC 5321 §4.5.3.1.1)"));
        }
        let allowed = |c: char| {
            c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
        };
        if let Some(_bad) = local.chars().find(|c| !allowed(*c)) {
            return Err(fault("a sign before the @ is not allowed there"));
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(fault("a dot stands at an end or beside another"));
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| fault("the domain is not well-formed"))?;
        if !domain.contains('.') || domain.len() > 253 || domain.ends_with('.') {
            return Err(fault("the domain is not complete"));
        }
        if domain.rsplit('.').next().is_some_and(|top| top.bytes().all(|b| b.is_ascii_digit())) {
            return Err(fault("the domain ends in a number"));
        }
        if local.len() + domain.len() + 1 > 254 {
            return Err(fault("it is over 254 bytes"));
        }
        Ok(Address { local: local.to_owned(), domain })
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}
