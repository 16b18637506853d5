//! An e-mail address (RFC 5321 §4.1.2, RFC 6531 for other scripts): checked once, at the door.
//!
//! Taken: a dot-atom in any script before the `@`, a complete domain name behind it (UTS 46). Not
//! taken, each with its reason: a part in quotation marks before the `@` (RFC 5321 has it, the mail
//! systems that people use do not), an IP address in place of the domain, names that never get mail.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest address, and its longest part before the `@`, in bytes (RFC 5321 §4.5.3.1).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// A mailbox's address. Two spellings of one mailbox have one [`Address::key`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// In its composed form (NFC).
    local: String,
    /// The domain in its ASCII form.
    domain: String,
}

/// Why a text is no address that mail can be sent to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{text}” is no address: {reason}")]
pub struct AddressError {
    text: String,
    reason: Cow<'static, str>,
}

impl AddressError {
    /// What is wrong, without the text itself: for logs, which must not hold addresses.
    pub fn reason(&self) -> &str {
        &self.reason
    }
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

    /// The same mailbox with something for it to know by, `local+DETAIL@domain` (RFC 5233); small letters, digits and hyphens.
    ///
    /// # Errors
    /// The part before the `@` grows too long.
    pub fn with_detail(&self, detail: &str) -> Result<Address, AddressError> {
        let local = format!("{}+{detail}", self.local);
        if !detail.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return format!("{local}@{}", self.domain).parse();
        }
        match local.len() <= LONGEST_LOCAL && local.len() + 1 + self.domain.len() <= LONGEST {
            true => Ok(Address { local, domain: self.domain.clone() }),
            false => Err(AddressError { text: local, reason: "the part before the @ is over 64 bytes".into() }),
        }
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

    /// An address as people copy it: bare, `<address>`, `Name <address>` or `mailto:address`; with the name, if one stands there.
    ///
    /// # Errors
    /// [`AddressError`], as for the address alone.
    pub fn with_name(text: &str) -> Result<(Option<String>, Address), AddressError> {
        let text = trimmed(text);
        if let Some((name, rest)) = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            let name = trimmed(name);
            let name = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name).replace("\\\"", "\"");
            let name = trimmed(&name).to_owned();
            return Ok(((!name.is_empty()).then_some(name), rest.parse()?));
        }
        let bare = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &text[7..],
            _ => text,
        };
        Ok((None, bare.parse()?))
    }
}

/// Without white space and invisible signs (zero width, direction, byte order mark, soft hyphen) at
/// both ends: what comes along when people copy from pages and tables.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// Whether a sign takes no place on the line: it may be in a text without anybody having seen it.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = trimmed(text);
        let fault = |reason| AddressError { text: text.chars().take(80).collect(), reason };
        let (local, domain) = split(text).map_err(|reason| fault(reason.into()))?;
        let local: String = local.nfc().collect();
        check_local(&local).map_err(fault)?;
        let domain = ascii(domain).map_err(fault)?;
        // RFC 5321 §4.5.3.1.3: a path is at most 256 bytes with its brackets.
        if local.len() + domain.len() + 1 > LONGEST {
            return Err(fault("it is over 254 bytes".into()));
        }
        Ok(Address { local, domain })
    }
}

fn split(text: &str) -> Result<(&str, &str), &'static str> {
    if text.is_empty() {
        return Err("there is none");
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(match text.contains(['＠', '﹫']) {
            true => "it has another sign that looks like @",
            false => "it has no @",
        });
    };
    match (local.is_empty(), domain.is_empty()) {
        (true, _) => Err("nothing stands before the @"),
        (_, true) => Err("nothing stands after the @"),
        _ => Ok((local, domain)),
    }
}

/// The dot-atom of RFC 5321 §4.1.2, with letters, digits and marks of every script (RFC 6531 §3.3).
fn check_local(local: &str) -> Result<(), Cow<'static, str>> {
    if local.starts_with('"') {
        return Err("quotation marks before the @ are not taken; hardly a mail system does".into());
    }
    if local.contains('@') {
        return Err("it has more than one @; are these two addresses?".into());
    }
    let allowed =
        |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && is_combining_mark(c));
    if let Some(sign) = local.chars().find(|c| !allowed(*c)) {
        return Err(format!("{} is not allowed before the @", named(sign)).into());
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("a dot stands at an end or beside another before the @".into());
    }
    if local.starts_with(is_combining_mark) {
        return Err("it begins with a mark that belongs on a letter".into());
    }
    if local.len() > LONGEST_LOCAL {
        return Err("the part before the @ is over 64 bytes (RFC 5321 §4.5.3.1.1)".into());
    }
    Ok(())
}

/// Names under these get no mail from anybody (RFC 6761, RFC 7686, RFC 3172).
const NEVER: [&str; 4] = ["invalid", "localhost", "onion", "arpa"];

/// The domain in its ASCII form.
fn ascii(domain: &str) -> Result<String, Cow<'static, str>> {
    if domain.starts_with('[') {
        return Err("an IP address in place of the domain is not taken".into());
    }
    if let Some(sign) = domain.chars().find(|c| c.is_whitespace() || c.is_control() || is_invisible(*c)) {
        return Err(format!("{} is not allowed in a domain", named(sign)).into());
    }
    let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| "the domain is not well-formed")?;
    if ascii.len() > 253 {
        return Err("the domain is over 253 bytes".into());
    }
    let Some((_, top)) = ascii.rsplit_once('.').filter(|(_, top)| !top.is_empty()) else {
        return Err("the domain is not complete".into());
    };
    if !top.starts_with("xn--") && !top.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err("the domain ends in what is no top-level domain".into());
    }
    if NEVER.contains(&top) {
        return Err(format!("nothing under .{top} gets mail").into());
    }
    Ok(ascii)
}

/// A sign as a reason may name it.
fn named(sign: char) -> String {
    match sign {
        ' ' => "a space".to_owned(),
        c if c.is_whitespace()
            || c.is_control()
            || is_invisible(c)
            || is_combining_mark(c)
            || !c.is_alphanumeric() && !c.is_ascii() =>
        {
            format!("the sign U+{:04X}", u32::from(c))
        }
        c => format!("“{c}”"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        text.parse::<Address>().expect_err(text).reason().to_owned()
    }

    #[test]
    fn a_reason_says_what_is_wrong() {
        assert_eq!(reason("ana.newsroom.example"), "it has no @");
        assert_eq!(reason("ana b@newsroom.example"), "a space is not allowed before the @");
        assert_eq!(reason("ana\u{200b}b@newsroom.example"), "the sign U+200B is not allowed before the @");
        assert_eq!(reason("a@b.example, c@d.example"), "it has more than one @; are these two addresses?");
        assert_eq!(reason("ana@newsroom"), "the domain is not complete");
        assert_eq!(reason("ana@192.0.2.1"), "the domain ends in what is no top-level domain");
        assert_eq!(reason("ana@host.invalid"), "nothing under .invalid gets mail");
        let shown = "ana@newsroom".parse::<Address>().unwrap_err().to_string();
        assert_eq!(shown, "“ana@newsroom” is no address: the domain is not complete");
    }

    #[test]
    fn what_people_paste_is_taken() {
        let (name, address) = Address::with_name("\u{feff} \"Ana B.\" <Ana@Newsroom.example>\u{a0}").unwrap();
        assert_eq!((name.as_deref(), address.to_string().as_str()), (Some("Ana B."), "Ana@newsroom.example"));
        assert_eq!(Address::with_name("<ana@newsroom.example>").unwrap().0, None);
        assert_eq!(Address::with_name("MailTo:ana@newsroom.example").unwrap().1.local(), "ana");
        assert_eq!("Ана@новине.срб".parse::<Address>().unwrap().to_string(), "Ана@xn--b1agiscd.xn--90a3ac");
    }

    #[test]
    fn two_spellings_are_one_mailbox() {
        let one: Address = "s\u{323}\u{307}@NFC.example".parse().unwrap();
        let two: Address = "\u{1e68}@nfc.example".parse().unwrap();
        assert_eq!(one.key(), two.key());
    }

    /// Where we refuse what the list takes, or take what it refuses, with the reason.
    fn departs_on_purpose(address: &str, valid: bool) -> bool {
        let quoted = address.contains("\"@") || address.contains("\" \\\\ me\"");
        // U+FF20 looks like the @ itself.
        let looks_like = address.starts_with('\u{ff20}');
        // We trim; a name may stand beside an address; `.test` and `.local` are used inside houses and for trials.
        let trimmed = trimmed(address) != address;
        let named = address.ends_with('>');
        let inside = address.ends_with(".test") || address.ends_with(".local");
        // Too long as typed, not in its composed form, which is what goes out.
        let composed = address.contains("s\u{323}\u{307}.address");
        if valid { quoted || looks_like } else { trimmed || named || inside || composed }
    }

    #[test]
    fn verdicts_agree_with_a_list_of_hard_cases() {
        let folder = std::env::var("HERALD_DATA").unwrap_or_else(|_| "../shared/data".into());
        let Ok(text) = std::fs::read_to_string(format!("{folder}/addresses/python-email-validator.json")) else {
            eprintln!("passed over: no address cases at {folder}");
            return;
        };
        // One case is half a surrogate, which no Rust text can hold.
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text.replace("\\ud800", "\\ufffd")).unwrap();
        let mut faults = Vec::new();
        for case in &cases {
            let address = case["address"].as_str().unwrap();
            let ours = Address::with_name(address);
            let valid = match case["verdict"].as_str().unwrap() {
                "valid" | "valid-smtputf8" => true,
                // A bare sign that is unsafe before an @; a mark is so at the beginning.
                "unsafe-character-in-local-part" => {
                    let before = if address.starts_with(is_combining_mark) { "" } else { "a" };
                    let whole = format!("{before}{address}b@newsroom.example");
                    assert!(whole.parse::<Address>().is_err(), "{address:?}");
                    continue;
                }
                _ => false,
            };
            if ours.is_ok() != valid && !departs_on_purpose(address, valid) {
                faults.push(format!("{address:?}: {ours:?}"));
            }
            if let (Ok((_, ours)), true, Some(normal)) = (&ours, valid, case["normalized"].as_str()) {
                let (local, domain) = normal.rsplit_once('@').unwrap();
                assert_eq!((ours.local(), ours.domain()), (local, idna::domain_to_ascii(domain).unwrap().as_str()));
            }
        }
        assert!(cases.len() > 100 && faults.is_empty(), "{faults:#?}");
    }
}
