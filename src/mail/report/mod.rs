//! Reports that come back: what a mail to the return path is, read from its bytes. No I/O, and nothing believed: whose
//! delivery it is only a token says that opens ([`crate::secret::Keyring::open`]).
//!
//! 1. [`Report::read`] takes the message apart and says what it is ([`Kind`]): a delivery report (RFC 3464), a complaint
//!    (RFC 5965), an answering machine (RFC 3834), a challenge, prose of a server that knows none of these, or a letter.
//! 2. Its failures are read from the status part ([`status`]) or from the prose ([`prose`]) and judged
//!    ([`super::about::judge`]).
//! 3. Words that may be tokens are collected, the most telling place first ([`tokens`]).

mod prose;
mod status;
mod tokens;

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

use super::about::Verdict;

/// Bytes of a message that are read; a report that says more says it at its beginning.
pub const LARGEST: usize = 1 << 19;
/// Characters of what a server said that are kept.
const LINE: usize = 500;
/// Parts of a message that are looked at.
const PARTS: usize = 64;

/// What a mail to the return path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A copy did not arrive, or not yet.
    Failure,
    /// A copy arrived, and somebody was asked to say so.
    Delivered,
    /// Somebody told their provider that they do not want it.
    Complaint,
    /// A report about us that is no complaint of a person: a signature that failed, a virus, “not spam”.
    Feedback,
    /// An answering machine.
    AutoReply,
    /// A machine that wants us to prove that we are people.
    Challenge,
    /// Anything else: a letter, for staff.
    Letter,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Failure => "failure",
            Kind::Delivered => "delivered",
            Kind::Complaint => "complaint",
            Kind::Feedback => "feedback",
            Kind::AutoReply => "auto-reply",
            Kind::Challenge => "challenge",
            Kind::Letter => "letter",
        }
    }
}

/// What a report says of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The recipient, as we named them and as the last server did; either may be missing.
    pub recipients: Vec<String>,
    /// Whom it is about, and whether for good.
    pub verdict: Verdict,
    /// The server's code.
    pub code: Option<u16>,
    /// Its enhanced code.
    pub enhanced: Option<(u8, u16, u16)>,
    /// Its words, on one line.
    pub line: String,
}

/// A mail to the return path, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it is.
    pub kind: Kind,
    /// Its own Message-ID.
    pub id: Option<String>,
    /// Words that may be a delivery's token, the most telling first.
    pub tokens: Vec<String>,
    /// One for each recipient that a failure names; of a [`Kind::Failure`] at least one.
    pub failures: Vec<Failure>,
    /// What a complaint calls itself (RFC 5965 §7.3).
    pub feedback: Option<String>,
}

impl Report {
    /// Reads a message; of a longer one than [`LARGEST`] the beginning. Every text is some report, if only a letter.
    pub fn read(raw: &[u8]) -> Report {
        let raw = lines(&raw[..raw.len().min(LARGEST)]);
        // The parser's own methods take it for granted that there is a first part.
        let parsed = MessageParser::default().parse(&*raw).filter(|message| !message.parts.is_empty());
        let Some(message) = parsed else {
            let (tokens, failures) = (Vec::new(), Vec::new());
            return Report { kind: Kind::Letter, id: None, tokens, failures, feedback: None };
        };
        let tokens = tokens::of(&message);
        let id = message.message_id().map(|id| clean(id, 200));
        let report =
            |kind, failures, feedback| Report { kind, id: id.clone(), tokens: tokens.clone(), failures, feedback };
        if let Some(feedback) = feedback(&message) {
            let kind = match feedback.as_str() {
                // RFC 5965 §7.3 and the IANA registry; the others are about the mail, or about us.
                "abuse" | "fraud" | "opt-out" | "opt-out-list" => Kind::Complaint,
                _ => Kind::Feedback,
            };
            return report(kind, Vec::new(), Some(feedback));
        }
        let text = prose::text(&message);
        let groups = status::groups(&message);
        if !groups.is_empty() {
            let failures: Vec<Failure> =
                groups.iter().filter(|group| group.failed()).map(|group| group.failure(&text)).collect();
            let kind = if failures.is_empty() { Kind::Delivered } else { Kind::Failure };
            return report(kind, failures, None);
        }
        if prose::is_challenge(&message, &text) {
            return report(Kind::Challenge, Vec::new(), None);
        }
        if prose::is_failure(&message, &text) {
            return report(Kind::Failure, prose::failures(&message, &text), None);
        }
        let kind = if prose::is_auto_reply(&message) { Kind::AutoReply } else { Kind::Letter };
        report(kind, Vec::new(), None)
    }
}

/// The feedback type of a complaint, in lower case (RFC 5965 §3); Microsoft's junk reports are complaints without that part.
fn feedback(message: &Message<'_>) -> Option<String> {
    for part in message.parts.iter().take(PARTS) {
        let Some(kind) = part.content_type() else { continue };
        if kind.ctype() == "message" && kind.subtype() == Some("feedback-report") {
            let fields = status::fields(part.contents());
            let named = fields.iter().flatten().find(|(name, _)| name == "feedback-type");
            let word = named.map_or("other".to_owned(), |(_, value)| clean(value, 40).to_lowercase());
            return Some(word);
        }
    }
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let junk = message.subject().is_some_and(|subject| subject.trim().starts_with("complaint about message from"))
        && from.to_ascii_lowercase().starts_with("staff@");
    let attached = message.parts.iter().any(|part| matches!(part.body, PartType::Message(_)));
    (junk && attached).then(|| "abuse".to_owned())
}

/// The bytes with ends of line that a parser of mail knows: some systems keep a bare CR.
fn lines(raw: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    match raw.contains(&b'\n') {
        true => raw.into(),
        false => raw.iter().map(|&b| if b == b'\r' { b'\n' } else { b }).collect::<Vec<_>>().into(),
    }
}

/// Text that can be kept and shown: no control characters, one line, at most `limit` characters.
fn clean(text: &str, limit: usize) -> String {
    let spaced: String = text.chars().take(limit * 4).map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(limit).collect()
}

#[cfg(test)]
mod tests;
