//! The hard stop: an edition whose first copies are refused too often is paused, before the rest is spoilt as well. A list
//! that is old or not ours costs a sender's good name, and a mail that nobody takes is not taken the hundredth time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::deliveries::First;

/// The rules look at so many answers; an edition that got through these goes on.
const FIRST: i64 = 100;
/// So many refused addresses among them are too many.
const PEOPLE: i64 = 20;
/// So many refusals of the mail itself, one after the other, are too many.
const IN_A_ROW: i64 = 3;

/// What a final answer says to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The copy was taken.
    Taken,
    /// It was refused for its address.
    Person,
    /// It was refused for what it is: its text, its size.
    Message,
}

/// What has been heard of each edition.
#[derive(Debug, Default)]
pub(super) struct Guard(Mutex<HashMap<i64, Tally>>);

#[derive(Debug)]
struct Tally {
    first: First,
    in_a_row: i64,
}

impl Guard {
    fn tallies(&self) -> MutexGuard<'_, HashMap<i64, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up an edition, with what was heard of it before this run.
    pub(super) fn begin(&self, edition: i64, first: First) {
        self.tallies().insert(edition, Tally { first, in_a_row: 0 });
    }

    /// Forgets what is not among the editions that may go on; it is taken up anew when it does.
    pub(super) fn keep(&self, is_live: impl Fn(i64) -> bool) {
        self.tallies().retain(|edition, _| is_live(*edition));
    }

    /// Takes note of an answer; why the edition must stop, where it is one too many. `words` are the server's.
    pub(super) fn hear(&self, edition: i64, heard: Heard, words: &str) -> Option<String> {
        let mut tallies = self.tallies();
        let Tally { first, in_a_row } = tallies.get_mut(&edition)?;
        // Staff who let it go on have looked: the rules stop an edition once.
        if first.halted || first.answers >= FIRST {
            return None;
        }
        first.answers += 1;
        match heard {
            Heard::Taken => *in_a_row = 0,
            Heard::Person => {
                *in_a_row = 0;
                first.refused += 1;
            }
            Heard::Message => *in_a_row += 1,
        }
        let look = format!("`herald editions show {edition} --recipients --state failed` names them");
        let why = if *in_a_row >= IN_A_ROW {
            format!("the mail itself was refused {in_a_row} times in a row, the last time with “{words}”; {look}")
        } else if heard == Heard::Person && first.refused >= PEOPLE {
            let First { refused, answers, .. } = first;
            format!(
                "{refused} of the first {answers} addresses were refused, the last with “{words}”; is the list the right one, and up \
                 to date? {look}"
            )
        } else {
            return None;
        };
        first.halted = true;
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped_at(heard: impl Iterator<Item = Heard>) -> Option<usize> {
        let guard = Guard::default();
        guard.begin(1, First::default());
        heard.enumerate().find_map(|(n, heard)| guard.hear(1, heard, "550 no").map(|_| n + 1))
    }

    #[test]
    fn twenty_refused_addresses_among_the_first_hundred_stop_an_edition() {
        let every = |step: usize| (1..=1000).map(move |n| if n % step == 0 { Heard::Person } else { Heard::Taken });
        assert_eq!(stopped_at(every(1)), Some(20));
        assert_eq!(stopped_at(every(5)), Some(100));
        assert_eq!(stopped_at(every(6)), None);
    }

    #[test]
    fn a_mail_that_is_refused_three_times_in_a_row_stops() {
        use Heard::{Message, Taken};
        assert_eq!(stopped_at([Message, Message, Message].into_iter()), Some(3));
        assert_eq!(stopped_at([Message, Message, Taken, Message, Message].into_iter()), None);
    }

    #[test]
    fn it_stops_once_and_then_staff_have_looked() {
        let guard = Guard::default();
        guard.begin(1, First { answers: 30, refused: 25, halted: true });
        assert_eq!(guard.hear(1, Heard::Person, ""), None);
        guard.begin(2, First { answers: 30, refused: 19, halted: false });
        assert!(guard.hear(2, Heard::Person, "").is_some(), "what was heard before a restart counts");
        assert_eq!(guard.hear(2, Heard::Person, ""), None);
    }
}
