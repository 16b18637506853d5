//! Reports of servers that know no status part, and answers of machines: told by sender, subject and words.

use std::collections::BTreeSet;

use mail_parser::{Message, MimeHeaders as _};

use super::{Failure, LINE, clean, status};
use crate::audience::Address;
use crate::mail::about::judge;

/// Characters of prose that are read.
const CHARACTERS: usize = 16 * 1024;
/// Recipients of one report that are read.
const RECIPIENTS: usize = 32;

/// Lines with which what came back begins: the report itself ends there.
const RETURNED: &[&str] = &[
    "received:",
    "return-path:",
    "----- original message",
    "-----original message",
    "--- original message",
    "----- message header",
    "----- unsent message",
    "--- below this line is a copy",
    "------ this is a copy",
    "--------- this is a copy",
    "original message follows",
    "original message headers",
    "message headers follow",
    "--- the header of the original",
    "the header of the original message",
    "message-id:",
    "mime-version:",
];

/// The prose of a report, without what came back.
pub(super) fn text(message: &Message<'_>) -> String {
    let mut text = String::new();
    let plain = (0..message.text_body.len().min(4)).filter_map(|i| message.body_text(i));
    for part in plain {
        for line in part.lines().take(400) {
            let low = line.trim().to_lowercase();
            if RETURNED.iter().any(|start| low.starts_with(start)) {
                return text;
            }
            if text.len() > CHARACTERS {
                return text;
            }
            text.extend(line.chars().take(1000));
            text.push('\n');
        }
    }
    text
}

fn header(message: &Message<'_>, name: &str) -> String {
    let found = message.headers_raw().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| clean(value, 1000).to_lowercase()).unwrap_or_default()
}

fn subject(message: &Message<'_>) -> String {
    clean(message.subject().unwrap_or_default(), 300).to_lowercase()
}

/// Subjects of reports that something did not arrive.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "undelivered",
    "not delivered",
    "non-deliver",
    "returned mail",
    "returned to sender",
    "failure notice",
    "delivery fail",
    "delivery status",
    "delivery problem",
    "delivery notification",
    "delivery report",
    "delivery error",
    "mail delivery",
    "mail failure",
    "mail system error",
    "message delivery",
    "message could not",
    "message not delivered",
    "could not send",
    "nondeliverable",
    "rejected mail",
    "rejection",
    "mail could not",
    "unable to deliver",
    "permanent delivery",
    "e-mail error",
    "email error",
    "error mail",
    "error sending",
    "warning: message",
];

/// Senders that are machines which deliver mail.
const SENDERS: &[&str] = &[
    "mailer-daemon",
    "postmaster",
    "mail-daemon",
    "maildaemon",
    "mail delivery",
    "mailer@",
    "mdaemon",
    "no-reply@",
    "noreply@",
];

/// Whether it reports, by whatever signs there are, that a copy did not arrive.
pub(super) fn is_failure(message: &Message<'_>, text: &str) -> bool {
    if !header(message, "x-failed-recipients").is_empty() {
        return true;
    }
    let report = message.content_type().is_some_and(|kind| {
        kind.subtype() == Some("report")
            && kind.attribute("report-type").is_none_or(|kind| kind.contains("delivery-status"))
    });
    let (subject, from) = (subject(message), header(message, "from"));
    let named = SUBJECTS.iter().any(|words| subject.contains(words));
    let daemon = SENDERS[..5].iter().any(|words| from.contains(words));
    let null = header(message, "return-path").starts_with("<>");
    let about_us = !subject.starts_with("re:") && !subject.starts_with("fw");
    let says = null && text.to_lowercase().contains("could not be delivered");
    report || says || (named && (null || about_us)) || (daemon && about_us && !is_auto_reply(message))
}

/// The failures that prose names: codes and words of the whole, one for each recipient that the head names.
pub(super) fn failures(message: &Message<'_>, text: &str) -> Vec<Failure> {
    let (code, enhanced) = status::codes(text);
    let low = text.to_lowercase();
    let waits = [
        "will be retried",
        "will keep trying",
        "will continue to",
        "warning message only",
        "do not need to resend",
        "delayed",
    ];
    let subject = subject(message);
    let lasting = !waits.iter().any(|words| low.contains(words))
        && !subject.contains("delay")
        && !subject.contains("warning")
        && enhanced.is_none_or(|(class, ..)| class == 5)
        && code.is_none_or(|code| code >= 500);
    let telling = telling(text, code);
    let named: Vec<String> = header(message, "x-failed-recipients")
        .split(',')
        .map(|one| one.trim().to_owned())
        .filter(|one| one.contains('@'))
        .take(RECIPIENTS)
        .collect();
    // Of several recipients prose does not say which one its words are about: then nobody is given up for them.
    let lasting = lasting && named.len().max(recipients(text)) <= 1;
    let verdict = judge(enhanced, code, &telling, lasting);
    let line = clean(&telling, LINE);
    let one = |recipients| Failure { recipients, verdict, code, enhanced, line: line.clone() };
    match named.len() {
        0 => vec![one(Vec::new())],
        _ => named.into_iter().map(|recipient| one(vec![recipient])).collect(),
    }
}

/// How many recipients prose names: addresses that begin a line, or stand behind its codes, as servers list them.
fn recipients(text: &str) -> usize {
    let mut all = BTreeSet::new();
    for line in text.lines() {
        let mut words =
            line.split_whitespace().skip_while(|word| word.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        let word = words.next().unwrap_or_default();
        let word = word.trim_matches(['<', '>', ':', ';', ',', '"', '(', ')', '.']);
        if word.parse::<Address>().is_ok() {
            all.insert(word.to_lowercase());
        }
    }
    all.len()
}

/// The part of the prose that says most: from the line with the code on; else all of it.
fn telling(text: &str, code: Option<u16>) -> String {
    let Some(code) = code.map(|code| code.to_string()) else { return text.to_owned() };
    let mut lines = text.lines().skip_while(|line| !line.contains(&code)).take(4).peekable();
    if lines.peek().is_none() { text.to_owned() } else { lines.collect::<Vec<_>>().join(" ") }
}

/// Whether a machine answered (RFC 3834 §5, and the headers in use before it).
pub(super) fn is_auto_reply(message: &Message<'_>) -> bool {
    let submitted = header(message, "auto-submitted");
    if submitted.starts_with("auto-") {
        return true;
    }
    let marks = [
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-auto-reply",
        "x-ms-exchange-inbox-rules-loop",
        "x-apple-action",
    ];
    if marks.iter().any(|name| !header(message, name).is_empty()) {
        return true;
    }
    if matches!(header(message, "precedence").as_str(), "auto_reply" | "auto-reply" | "auto_replied") {
        return true;
    }
    let starts = [
        "out of office",
        "out of the office",
        "automatic reply",
        "auto reply",
        "auto-reply",
        "autoreply",
        "auto:",
        "auto response",
        "automatski odgovor",
        "vacation",
        "аутоматски одговор",
    ];
    let subject = subject(message);
    starts.iter().any(|start| subject.starts_with(start))
}

/// Whether a machine wants an answer before it lets a mail through.
pub(super) fn is_challenge(message: &Message<'_>, text: &str) -> bool {
    let agent = header(message, "x-delivery-agent");
    if agent.starts_with("tmda")
        || !header(message, "x-challenge").is_empty()
        || !header(message, "x-boxtrapper-message").is_empty()
    {
        return true;
    }
    let from = header(message, "from");
    if ["spamarrest.com", "boxbe.com", "mailblocks.com", "choicemail"].iter().any(|name| from.contains(name)) {
        return true;
    }
    let (subject, low) = (subject(message), text.to_lowercase());
    let asks = [
        "please confirm your message",
        "confirm your email to",
        "sender verification",
        "challenge-response",
        "verification required for your e",
    ];
    asks.iter().any(|words| subject.contains(words))
        || (low.contains("to have your message delivered") && (low.contains("click") || low.contains("reply to this")))
}
