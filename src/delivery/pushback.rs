//! Whether a reply asks us to go slower, which is neither the copy's fault nor the person's.

use crate::net::smtp::{Reply, Step};

/// Words by which servers say so.
const RATE: [&str; 16] = [
    "rate limit",
    "rate-limit",
    "ratelimit",
    "too many",
    "too much",
    "too fast",
    "too quickly",
    "throttl",
    "slow down",
    "temporarily deferred",
    "unusual volume",
    "unexpected volume",
    "message limit",
    "sending limit",
    "hourly limit",
    "daily limit",
];
/// Words that are about connections: fewer of these is the answer, not fewer messages.
const CONNECTIONS: [&str; 3] = ["connection", "session", "concurren"];
/// Words with which a 421 says that it goes away, or that we were too slow.
const LEAVES: [&str; 7] = ["shut", "not available", "closing", "maint", "timeout", "timed out", "idle"];
/// Words of a server that wants to see whether we come back: that helps, going slower does not.
const GREYLIST: [&str; 3] = ["greylist", "graylist", "grey list"];

/// Whether `reply` at `step` asks for a slower pace: by its words, and where it has none by a 421 that says no other reason
/// or a 4.7.x before there is a recipient.
pub(super) fn asks_for_less(step: Step, reply: &Reply) -> bool {
    if !reply.is_transient() {
        return false;
    }
    let text = reply.text().to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let subject = reply.enhanced().map(|(_, subject, _)| subject);
    // 4.2.x is about one mailbox.
    if subject == Some(2) || says(&GREYLIST) {
        return false;
    }
    let about_connections = says(&CONNECTIONS) && !matches!(step, Step::Rcpt | Step::Answer);
    if about_connections {
        return false;
    }
    if says(&RATE) || has_word(&text, "rate") || has_word(&text, "rates") {
        return true;
    }
    let at_greeting = matches!(step, Step::Connect | Step::Greeting | Step::Ehlo | Step::Tls | Step::Auth);
    match (reply.code, subject) {
        (_, Some(subject)) if subject != 7 => false,
        (421, _) => !at_greeting && !says(&LEAVES) && !says(&CONNECTIONS),
        (_, Some(_)) => step == Step::Mail,
        _ => false,
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|own| own == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_less_and_what_does_not() {
        let asks = |step, text: &str| {
            let reply = Reply::parse(format!("{text}\r\n").as_bytes()).unwrap().unwrap().0;
            asks_for_less(step, &reply)
        };
        for (step, text) in [
            (Step::Rcpt, "421 4.7.28 Our system has detected an unusual rate of unsolicited mail"),
            (Step::Rcpt, "450 4.7.1 You are sending too many messages"),
            (Step::Answer, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints"),
            (Step::Answer, "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation"),
            (Step::Mail, "421 4.7.0 too many messages, slow down"),
            (Step::Mail, "421 try again later"),
            (Step::Mail, "451 4.7.1 try again later"),
            (Step::Mail, "452 Throttled"),
            (Step::Greeting, "421 4.7.0 rate limit exceeded for your address"),
            (Step::Answer, "450 Ratelimit exceeded"),
        ] {
            assert!(asks(step, text), "{step}: {text}");
        }
        for (step, text) in [
            (Step::Rcpt, "451 4.7.1 Greylisting in action, too many come once"),
            (Step::Rcpt, "451 4.7.1 try again later"),
            (Step::Rcpt, "452 4.2.2 mailbox full, too many messages"),
            (Step::Rcpt, "450 4.2.1 The user is receiving mail too quickly"),
            (Step::Mail, "421 4.7.0 too many messages on this connection"),
            (Step::Greeting, "421 4.7.0 too many connections from your address"),
            (Step::Mail, "421 4.3.2 shutting down"),
            (Step::Data, "421 Timeout waiting for data"),
            (Step::Mail, "452 4.3.1 insufficient system storage"),
            (Step::Answer, "451 4.3.0 try again later"),
            (Step::Rcpt, "550 5.7.1 rate limit"),
            (Step::Rcpt, "450 4.1.8 a temperate corporate domain"),
        ] {
            assert!(!asks(step, text), "{step}: {text}");
        }
    }
}
