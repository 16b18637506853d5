//! What a reply means: whom it is about (by [`crate::mail::about`], and by the step at which it came), and what becomes of
//! the copy. All rules of retrying stand here.

use std::time::Duration;

use crate::clock::Instant;
use crate::config::OnUnknown;
use crate::mail::about::{About, by_enhanced, says_our_fault};
use crate::net::smtp::{Reply, Step};
use crate::store::deliveries::{Claim, GIVEN_UP, Mark, State};

use super::guard::Heard;

/// Codes without an enhanced one, by the step at which they came.
fn by_code(step: Step, code: u16) -> About {
    match (step, code) {
        (_, 421 | 432 | 454) => About::Relay,
        (_, 530 | 534 | 535 | 538) => About::Us,
        (_, 523 | 552) => About::Message,
        (Step::Mail, 450..=452) => About::Relay,
        (Step::Mail, _) => About::Us,
        (Step::Rcpt, 451 | 452) => About::Relay,
        (Step::Rcpt, 500..=504) => About::Us,
        (Step::Rcpt, _) => About::Person,
        (_, 550 | 554) => About::Message,
        (_, 400..=499) => About::Relay,
        (_, 500..=504) => About::Us,
        _ => About::Message,
    }
}

/// Whom a refusal at that step is about.
pub fn about(step: Step, reply: &Reply) -> About {
    let Some((_, subject, detail)) = reply.enhanced() else { return by_code(step, reply.code) };
    // Network trouble named at RCPT is that of the person's domain.
    if subject == 4 && step == Step::Rcpt {
        return About::Person;
    }
    let text = reply.text().to_lowercase();
    if subject == 7 && step != Step::Answer && says_our_fault(&text) {
        return About::Us;
    }
    match (by_enhanced(subject, detail), step) {
        (Some(about), _) => about,
        (None, Step::Mail) => About::Us,
        (None, Step::Rcpt) => About::Person,
        (None, _) => About::Message,
    }
}

/// What becomes of a copy after a reply.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It has an outcome; and what that says about its edition.
    Mark(Mark, Option<Heard>),
    /// It is this relay that cannot take it now: another may. Where there is none, it has this outcome.
    Elsewhere(Mark),
    /// It is the relay's trouble: the copy waits as if it had not been tried, and the relay gets a pause.
    Trouble(String),
    /// It is ours: the edition stops until staff have looked, and the copy waits.
    Stop(String),
}

/// Pauses after refusals for now: three days in all, then it is given up.
const PAUSES: [u64; 12] = [1, 5, 15, 60, 120, 240, 480, 720, 720, 720, 720, 720];

/// How long after attempt number `attempt` (from 1) it is tried again; `None`: no more. What staff take again once it
/// was given up begins from the front: its attempts go on being counted, so that no outcome is ever taken for another's.
pub(super) fn pause(attempt: i64) -> Option<Duration> {
    let index = usize::try_from(attempt.max(1) - 1).ok()? % (PAUSES.len() + 1);
    PAUSES.get(index).map(|minutes| Duration::from_secs(minutes * 60))
}

/// So often a copy whose answer was lost is sent again by itself; then it is for staff to decide.
const RESENDS: i64 = 2;

fn mark(claim: &Claim, state: State, next_at: Option<Instant>, at: Instant, line: String) -> Mark {
    Mark {
        edition: claim.edition,
        subscriber: claim.subscriber,
        attempt: claim.attempt,
        state,
        next_at,
        at,
        code: None,
        enhanced: None,
        line: line.chars().take(500).collect(),
    }
}

fn with_reply(mut mark: Mark, reply: &Reply) -> Mark {
    mark.code = Some(reply.code);
    mark.enhanced = reply.enhanced().map(|(class, subject, detail)| format!("{class}.{subject}.{detail}"));
    mark
}

/// What a reply at `step` means for a copy.
pub(super) fn of_reply(claim: &Claim, step: Step, reply: &Reply, now: Instant) -> Verdict {
    if step == Step::Answer && reply.is_done() {
        let sent = with_reply(mark(claim, State::Sent, None, now, reply.text()), reply);
        return Verdict::Mark(sent, Some(Heard::Taken));
    }
    let about = about(step, reply);
    let words = reply.to_string();
    match (reply.is_transient(), about, step) {
        (true, About::Us | About::Relay, Step::Mail) => Verdict::Trouble(words),
        (_, About::Relay, _) => Verdict::Elsewhere(with_reply(later(claim, reply.text(), now), reply)),
        (true, ..) => Verdict::Mark(with_reply(later(claim, reply.text(), now), reply), None),
        (false, About::Us, _) => Verdict::Stop(words),
        (false, About::Person | About::Message, _) => {
            let heard = if about == About::Person { Heard::Person } else { Heard::Message };
            Verdict::Mark(with_reply(mark(claim, State::Failed, None, now, reply.text()), reply), Some(heard))
        }
    }
}

/// A copy that cannot be had now: deferred, or given up after the last pause.
pub(super) fn later(claim: &Claim, words: String, now: Instant) -> Mark {
    match pause(claim.attempt) {
        Some(pause) => mark(claim, State::Deferred, Some(now + pause), now, words),
        None => {
            let words = format!("{GIVEN_UP}{} attempts: {words}", claim.attempt);
            mark(claim, State::Failed, None, now, words)
        }
    }
}

/// A copy that can never be made or taken.
pub(super) fn never(claim: &Claim, words: String, now: Instant) -> Mark {
    mark(claim, State::Failed, None, now, words)
}

/// A copy whose every byte went out and whose answer never came. It is sent again with the same `Message-ID`, by
/// which a server may know it, once a minute has passed; after a third loss staff decide, or after the first where the
/// newsletter says so.
pub(super) fn lost(claim: &Claim, words: String, now: Instant) -> Mark {
    let again = claim.on_unknown == OnUnknown::Resend && claim.lost < RESENDS;
    let next_at = again.then(|| now + Duration::from_secs(60));
    mark(claim, State::Unknown, next_at, now, words)
}

/// A copy that stands in its folder.
pub(super) fn written(claim: &Claim, file: String, now: Instant) -> Mark {
    mark(claim, State::Sent, None, now, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Person;

    fn reply(text: &str) -> Reply {
        Reply::parse(format!("{text}\r\n").as_bytes()).unwrap().unwrap().0
    }

    fn claim(attempt: i64, lost: i64) -> Claim {
        let person = Person {
            id: 1,
            address: "ana@newsroom.example".parse().unwrap(),
            name: None,
            language: None,
            extra: Default::default(),
        };
        let until = Instant::MAX_UTC;
        Claim {
            edition: 1,
            subscriber: 1,
            variant: 0,
            choice: 1,
            attempt,
            lost,
            on_unknown: OnUnknown::Resend,
            urgent: false,
            until,
            closes: None,
            person,
            ground: Default::default(),
        }
    }

    #[test]
    fn whom_a_refusal_is_about() {
        for (step, text, expected) in [
            (Step::Rcpt, "550 5.1.1 no such user", About::Person),
            (Step::Rcpt, "550 no such user", About::Person),
            (Step::Rcpt, "452 4.2.2 mailbox full", About::Person),
            (Step::Rcpt, "451 4.7.1 try again later", About::Person),
            (Step::Rcpt, "550 5.4.1 access denied", About::Person),
            (Step::Rcpt, "554 5.7.1 <x@y.example>: Relay access denied", About::Us),
            (
                Step::Rcpt,
                "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
                About::Us,
            ),
            (Step::Mail, "550 5.7.515 Access denied, sending domain does not meet the level", About::Us),
            (Step::Answer, "550 5.7.26 unauthenticated email is not accepted", About::Us),
            (Step::Answer, "554 5.7.1 message refused", About::Message),
            (Step::Answer, "554 no", About::Message),
            (Step::Answer, "552 5.3.4 message too big", About::Message),
            (Step::Mail, "552 too big", About::Message),
            (Step::Mail, "530 5.7.0 must authenticate", About::Us),
            (Step::Mail, "452 4.3.1 insufficient system storage", About::Relay),
            (Step::Answer, "451 4.3.0 try again later", About::Relay),
            (Step::Data, "421 4.3.2 shutting down", About::Relay),
        ] {
            assert_eq!(about(step, &reply(text)), expected, "{step}: {text}");
        }
    }

    #[test]
    fn a_refusal_for_now_comes_back_later_and_one_for_good_does_not() {
        let now = crate::clock::from_micros(0);
        let Verdict::Mark(mark, _) = of_reply(&claim(1, 0), Step::Rcpt, &reply("451 4.7.1 later"), now) else {
            panic!()
        };
        assert_eq!((mark.state, mark.next_at), (State::Deferred, Some(now + Duration::from_secs(60))));
        assert_eq!((mark.code, mark.enhanced.as_deref()), (Some(451), Some("4.7.1")));
        let Verdict::Mark(mark, _) = of_reply(&claim(13, 0), Step::Rcpt, &reply("451 4.7.1 later"), now) else {
            panic!()
        };
        assert_eq!((mark.state, mark.next_at), (State::Failed, None));
        assert!(mark.line.contains("given up after 13 attempts: 4.7.1 later"));
        let Verdict::Mark(mark, _) = of_reply(&claim(1, 0), Step::Answer, &reply("554 5.7.1 refused"), now) else {
            panic!()
        };
        assert_eq!((mark.state, mark.line.as_str()), (State::Failed, "5.7.1 refused"));
        let Verdict::Mark(mark, _) = of_reply(&claim(1, 0), Step::Answer, &reply("250 2.0.0 ok 7"), now) else {
            panic!()
        };
        assert_eq!((mark.state, mark.line.as_str()), (State::Sent, "2.0.0 ok 7"));
        assert!(matches!(of_reply(&claim(1, 0), Step::Mail, &reply("550 5.7.23 SPF"), now), Verdict::Stop(_)));
        assert!(matches!(of_reply(&claim(1, 0), Step::Mail, &reply("451 4.3.0 busy"), now), Verdict::Trouble(_)));
    }

    #[test]
    fn the_pauses_grow_to_three_days() {
        let all: Duration = (1..).map_while(pause).sum();
        assert_eq!((pause(13), pause(14), pause(26)), (None, pause(1), None), "taken again it has three days again");
        assert!(all >= Duration::from_secs(72 * 3600) && all < Duration::from_secs(80 * 3600), "{all:?}");
        assert!((1..12).all(|n| pause(n) <= pause(n + 1)));
    }

    #[test]
    fn what_is_lost_is_sent_again_twice() {
        let now = crate::clock::from_micros(0);
        assert!(lost(&claim(1, 0), String::new(), now).next_at.is_some());
        assert!(lost(&claim(2, 1), String::new(), now).next_at.is_some());
        assert_eq!(lost(&claim(3, 2), String::new(), now).next_at, None);
        let held = Claim { on_unknown: OnUnknown::Hold, ..claim(1, 0) };
        assert_eq!(lost(&held, String::new(), now).next_at, None, "staff would rather have it looked at");
    }
}
