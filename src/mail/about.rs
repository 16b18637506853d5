//! Whom a refusal is about, by enhanced code and by words: one table, for what a server says at once (`delivery`) and for
//! what comes back as a report (`returns`).

use std::ops::RangeInclusive;

/// Whom a refusal is about. Only one about the person may ever end in suppression; one about us stops the edition,
/// since each further copy would be refused as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// This address.
    Person,
    /// This mail: its text, its size.
    Message,
    /// Our name, signature, address, rights.
    Us,
    /// The server that said it: busy, full, broken.
    Relay,
}

impl About {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            About::Person => "person",
            About::Message => "message",
            About::Us => "us",
            About::Relay => "relay",
        }
    }
}

/// Enhanced codes by subject and detail (RFC 3463 and the IANA registry; the numbers above 500 are Microsoft's). The
/// first row that fits decides; `*` is any detail.
const ENHANCED: &[(u16, RangeInclusive<u16>, About)] = &[
    (1, 7..=8, About::Us),        // bad sender address, bad sender system
    (1, 0..=999, About::Person),  // bad mailbox, bad system, moved, null MX
    (2, 3..=3, About::Message),   // longer than the mailbox takes
    (2, 0..=999, About::Person),  // disabled, full
    (3, 4..=4, About::Message),   // too big for the system
    (3, 0..=999, About::Relay),   // system full, not accepting, misconfigured
    (4, 0..=999, About::Relay),   // network and routing
    (5, 3..=3, About::Relay),     // too many recipients
    (5, 0..=999, About::Us),      // commands that it does not understand
    (6, 0..=999, About::Message), // media and encodings
    (7, 8..=9, About::Us),        // credentials, mechanism
    (7, 11..=14, About::Us),      // encryption needed, account disabled
    (7, 18..=19, About::Person),  // Require-Recipient-Valid-Since: a new owner
    (7, 20..=30, About::Us),      // DKIM, SPF, reverse DNS, DMARC, floods
    (7, 500..=999, About::Us),    // Microsoft: DMARC, banned addresses, rates
];

/// Whom subject and detail of an enhanced code name; `None` where they say nothing.
pub fn by_enhanced(subject: u16, detail: u16) -> Option<About> {
    ENHANCED.iter().find(|(s, details, _)| *s == subject && details.contains(&detail)).map(|(.., about)| *about)
}

/// Words by which servers say that they do not relay for us, or list our address, under codes that say less.
const OUR_FAULT: &[&str] = &[
    "relay access denied",
    "relaying denied",
    "unable to relay",
    "not permitted to relay",
    "client host",
    "blocked using",
    "blocklist",
    "blacklist",
    "listed at",
    "authentication required",
    "must authenticate",
];

/// Whether a reply's text, in lower case, says that it is about us.
pub fn says_our_fault(text: &str) -> bool {
    OUR_FAULT.iter().any(|words| text.contains(words))
}

/// What a report says of a copy, in the end: whom it is about, and whether for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whom.
    pub about: About,
    /// For good: another attempt would end as this one did.
    pub lasting: bool,
}

/// Words of reports, which often come from systems that know no codes, or the wrong ones. Rows that spare the reader
/// stand first: where a report says both, it is not about them. `full` is about a person and passes by itself.
const WORDS: &[(Said, &[&str])] = &[
    (
        Said::Us,
        &[
            "spf ",
            "spf.",
            "dmarc",
            "dkim",
            "unauthenticated",
            "authentication",
            "authenticate",
            "blacklist",
            "black list",
            "blocklist",
            "block list",
            "spamhaus",
            "dnsbl",
            "rbl ",
            "reverse dns",
            "reverse-dns",
            "reverse lookup",
            "reverse host lookup",
            "ptr record",
            "no ptr",
            "a valid ptr",
            "client host",
            "client ip",
            "reputation",
            "ip address black",
            "ip address sending",
            "ip address is",
            "ip address has",
            "sending ip",
            "sender ip",
            "relay access denied",
            "relaying denied",
            "relay not permitted",
            "relaying not",
            "relay this",
            "unable to relay",
            "not permitted to relay",
            "sender rejected",
            "sender address rejected",
            "sender address has been",
            "sender verify",
            "sender denied",
            "sender domain",
            "invalid sender",
            "domain of sender",
            "return path",
            "your domain",
            "your host",
            "your server",
            "your ip",
            "your mail server",
            "rate limit",
            "too many connections",
            "connections from",
            "not allowed to send",
            "not allowed to post",
            "permission to post",
            "not a member",
            "members can post",
            "postmaster blocked",
            "starttls",
            "service refuse",
            "access denied. please",
            "not accepted from",
            "mail from your",
            "blocked -",
            "helo",
            "relay quota",
            "dns ptr resource",
            "invalid ip for sending",
            "ip name lookup failed",
            "email address is not verified",
            "identities failed the check",
            "no access from mail server",
            "does not support tls",
            "user complaints",
            "from: domain",
        ],
    ),
    (
        Said::Message,
        &[
            "spam",
            "virus",
            "malware",
            "infected",
            "content reject",
            "content block",
            "its content",
            "this message was blocked",
            "unsolicited",
            "message too large",
            "message too big",
            "message size",
            "size limit",
            "too large",
            "maximum size",
            "exceeds the size",
            "exceeded allowed size",
            "policy",
            "policies",
            "header error",
            "in header",
            "from: header",
            "invalid header",
            "attachment",
            "not rfc",
            "rfc 5322",
            "rfc 2822",
        ],
    ),
    (
        Said::Full,
        &[
            "mailbox full",
            "mailbox is full",
            "mailbox has exceeded",
            "mailbox exceed",
            "mailbox size",
            "mbox full",
            "inbox is full",
            "box is full",
            "folder is full",
            "over quota",
            "overquota",
            "over the quota",
            "over its quota",
            "quota exceed",
            "exceeded quota",
            "exceeded storage",
            "exceeds allowed quota",
            "exceed quota",
            "quota full",
            "disk quota",
            "exceeds the quota",
            "would exceed",
            "out of storage",
            "storage space",
            "too much mail",
            "not enough space",
            "not enough storage",
            "insufficient disk",
            "full mailbox",
        ],
    ),
    (
        Said::Passing,
        &[
            "timed out",
            "timeout",
            "expired",
            "too long",
            "connection refused",
            "connection was refused",
            "try again later",
            ", try again",
            "retry time",
            "hop count",
            "too many hops",
            "too many received",
            "mail loop",
            "routing loop",
            "lookup failed",
            "malformed or unexpected name server",
            "network is unreachable",
            "no route to host",
            "lost connection",
            "i/o error",
            "message frozen",
            "command failed",
            "child status",
            "unable to deliver this message after",
            "after multiple retries",
            "could not deliver for the last",
            "did not accept our requests",
            "do not need to resend",
            "do not need to re-send",
            "message is delayed",
            "service currently unavailable",
            "network error on destination",
            "had no relevant answers",
            "too many recipients",
        ],
    ),
    (
        Said::Gone,
        &[
            "user unknown",
            "unknown user",
            "unknown recipient",
            "unknown local",
            "unknown mailbox",
            "recipient unknown",
            "no such user",
            "no such mailbox",
            "no such recipient",
            "no such address",
            "no such person",
            "no such local",
            "no such domain",
            "no user",
            "no mailbox",
            "no account",
            "not our customer",
            "not a known user",
            "not a valid user",
            "not a valid mailbox",
            "not known",
            "not listed in",
            "user not exist",
            "user not found",
            "user does not exist",
            "does not exist",
            "doesn't exist",
            "do not exist",
            "doesn't have",
            "address not found",
            "recipient not found",
            "recipientnotfound",
            "recipnotfound",
            "invalid recipient",
            "invalid mailbox",
            "invalid address",
            "invalid user",
            "invalid final delivery user",
            "mailbox unavailable",
            "mailbox not found",
            "mailbox is disabled",
            "mailbox disabled",
            "is disabled",
            "account disabled",
            "account has been disabled",
            "is inactive",
            "inactive email",
            "inactive user",
            "suspended",
            "account is blocked",
            "is no longer",
            "no longer available",
            "has moved",
            "couldn't be found",
            "could not be found",
            "can't be found",
            "cannot be found",
            "wasn't found",
            "was not found",
            "account is locked",
            "no valid recipients",
            "no mx record",
            "find a mail exchanger",
            "host unknown",
            "host not found",
            "unknown host",
            "domain name not found",
            "domain not found",
            "nxdomain",
            "unrouteable",
            "unroutable",
            "couldn't find any host",
            "cannot find any host",
            "does not accept mail",
            "recipient address rejected: access denied",
            "not have an account",
            "unknown or illegal",
            "illegal alias",
        ],
    ),
];

/// What a row of [`WORDS`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Us,
    Message,
    Full,
    Passing,
    Gone,
}

/// What a report means. `enhanced` is the server's own where it said one; `lasting` is what codes and action say. Whom it
/// is about must be said somewhere: where nothing says so, it is not about the reader.
pub fn judge(enhanced: Option<(u8, u16, u16)>, code: Option<u16>, words: &str, lasting: bool) -> Verdict {
    // “Other address status”, “other mailbox status”: used for whatever a server has no number for.
    let telling = enhanced.filter(|(_, subject, detail)| !matches!((subject, detail), (1 | 2, 0)));
    let coded = telling.and_then(|(_, subject, detail)| by_enhanced(subject, detail));
    // Sender and signature have numbers of their own; words about what does not exist are then about ours.
    if matches!(enhanced, Some((_, 1, 7..=8) | (_, 7, 20..=30))) {
        return Verdict { about: About::Us, lasting };
    }
    let words = plain(words);
    let said = WORDS.iter().find(|(_, all)| all.iter().any(|one| words.contains(one))).map(|(said, _)| *said);
    // A mailbox that is full is emptied again, or its owner is gone and the next code says so (RFC 3463 §3.3, X.2.2).
    let full = matches!(enhanced, Some((_, 2, 2)));
    let (about, lasting) = match said {
        Some(Said::Us) => (About::Us, lasting),
        Some(Said::Message) => (About::Message, lasting),
        Some(Said::Full) => (About::Person, false),
        _ if full => (About::Person, false),
        Some(Said::Gone) => (About::Person, lasting),
        // The code names the mailbox or its domain: words about time are about how it was tried.
        Some(Said::Passing) => (coded.unwrap_or(About::Relay), lasting && coded == Some(About::Person)),
        None => match (coded, code) {
            (Some(About::Person), _) => (About::Person, lasting),
            (Some(other), _) => (other, lasting),
            (None, Some(551 | 556)) => (About::Person, lasting), // RFC 5321 §4.2.2, RFC 7504
            (None, Some(421 | 450..=452)) => (About::Relay, false),
            (None, Some(530 | 534 | 535 | 538)) => (About::Us, lasting),
            (None, _) => (About::Message, lasting),
        },
    };
    Verdict { about, lasting }
}

/// Words in lower case on one line, without addresses: what a mailbox is called is no reason.
fn plain(text: &str) -> String {
    let kept = text.split_whitespace().filter(|word| !word.contains('@') || word.contains("://"));
    let mut plain = kept.collect::<Vec<_>>().join(" ").replace('\u{2019}', "'").to_lowercase();
    plain.push(' ');
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_spare_the_reader_come_first() {
        let of = |enhanced, words| judge(enhanced, Some(550), words, true);
        let person = Verdict { about: About::Person, lasting: true };
        assert_eq!(of(Some((5, 1, 1)), "550 5.1.1 no such user"), person);
        assert_eq!(of(None, "550 <spam@x.example>: User unknown"), person, "a mailbox's name is no reason");
        assert_eq!(of(Some((5, 1, 1)), "550 IP address blacklisted by recipient").about, About::Us);
        assert_eq!(of(Some((5, 1, 8)), "Domain of sender address does not exist").about, About::Us);
        assert_eq!(of(Some((5, 2, 2)), "552 mailbox full"), Verdict { about: About::Person, lasting: false });
        assert_eq!(of(None, "550 Rejected").about, About::Message, "nothing says that it is about the person");
        assert_eq!(of(Some((5, 7, 26)), "user unknown").about, About::Us);
    }
}
