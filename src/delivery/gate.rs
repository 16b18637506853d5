//! How many connections a relay lets us have: fewer when it pushes back, again more when it is well.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Without trouble for so long, one more connection is tried.
const CALM: Duration = Duration::from_secs(30);
const LONGEST_CALM: Duration = Duration::from_secs(3600);
/// The longest pause after trouble.
const LONGEST: Duration = Duration::from_secs(300);
/// Troubles one after the other, with nothing taken between, after which a relay is down.
const DOWN: u32 = 3;

/// What a relay lets us do.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    /// No more dial at once than are served: one too many is then one, not all that were dialling with it.
    careful: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    allowed: usize,
    /// Places taken: connections, and those that dial.
    open: usize,
    /// Connections that are established.
    serving: usize,
    /// No dialling before.
    until: Instant,
    /// It has let one of us in. Before that only one dials: a wrong password is said once, not eight times.
    proven: bool,
    last_change: Instant,
    /// So long without trouble, and one more connection is tried.
    calm: Duration,
    troubles: u32,
    words: Option<String>,
}

impl Gate {
    /// At most `most` connections; `careful`: one after the other.
    pub(super) fn new(most: usize, careful: bool) -> Self {
        let now = Instant::now();
        let state = State {
            allowed: most,
            open: 0,
            serving: 0,
            until: now,
            proven: false,
            last_change: now,
            calm: CALM,
            troubles: 0,
            words: None,
        };
        Gate { most, careful, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a connection; else how long to wait before asking again.
    pub(super) fn enter(&self) -> Result<(), Duration> {
        self.enter_at(Instant::now())
    }

    fn enter_at(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        if now < state.until {
            return Err((state.until - now).min(Duration::from_millis(200)));
        }
        if !state.proven && state.open > 0 {
            return Err(Duration::from_millis(10));
        }
        if state.allowed < self.most && now - state.last_change > state.calm {
            state.allowed += 1;
            state.last_change = now;
        }
        if state.open >= state.allowed {
            return Err(Duration::from_millis(200));
        }
        if self.careful && state.open - state.serving >= state.serving.max(1) {
            return Err(Duration::from_millis(10));
        }
        state.open += 1;
        Ok(())
    }

    /// The connection for which a place was taken is there.
    pub(super) fn established(&self) {
        let mut state = self.state();
        state.serving += 1;
        state.proven = true;
    }

    /// A place is free again, that of a connection which was `established` or of one that never was.
    pub(super) fn leave(&self, established: bool) {
        let mut state = self.state();
        state.open = state.open.saturating_sub(1);
        state.serving = state.serving.saturating_sub(usize::from(established));
    }

    /// The relay took a message: it is well.
    pub(super) fn well(&self) {
        let mut state = self.state();
        state.proven = true;
        if state.troubles > 0 {
            state.troubles = 0;
            state.words = None;
        }
    }

    /// One place goes to somebody who may not wait.
    pub(super) fn cede(&self) {
        let mut state = self.state();
        state.allowed = state.allowed.min(state.open).saturating_sub(1).max(1);
        state.last_change = Instant::now();
    }

    /// The relay refuses to talk, or cannot be reached. Several connections that learn it at once are one trouble.
    /// `established` says whether the one that learned it was. Whether this is news.
    pub(super) fn trouble(&self, words: String, established: bool) -> bool {
        self.trouble_at(Instant::now(), words, established)
    }

    fn trouble_at(&self, now: Instant, words: String, established: bool) -> bool {
        let mut state = self.state();
        let others = state.serving.saturating_sub(usize::from(established));
        if now < state.until {
            return false;
        }
        state.allowed = if others > 0 { others.min(state.allowed) } else { (state.allowed / 2).max(1) };
        state.proven &= others > 0;
        state.last_change = now;
        // A limit that was found is tried ever less often.
        state.calm = (state.calm * 2).min(LONGEST_CALM);
        // Others are being served: then it is only one connection too many.
        state.troubles = if others > 0 { state.troubles.max(1) } else { state.troubles + 1 };
        let pause = Duration::from_secs(1 << (state.troubles - 1).min(9)).min(LONGEST);
        state.until = now + pause;
        let news = state.words.as_ref() != Some(&words);
        state.words = Some(words);
        news
    }

    /// Somebody must change something before it can be worked with. Whether this is news.
    pub(super) fn fail(&self, words: String) -> bool {
        let mut state = self.state();
        state.troubles = state.troubles.max(DOWN);
        state.proven = false;
        state.until = Instant::now() + LONGEST;
        let news = state.words.as_ref() != Some(&words);
        state.words = Some(words);
        news
    }

    /// Whether it is served, or may be dialled now.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state();
        state.serving > 0 || Instant::now() >= state.until
    }

    /// The relay's words, where it has been in trouble for several pauses on end.
    pub(super) fn down(&self) -> Option<String> {
        let state = self.state();
        if state.troubles >= DOWN { state.words.clone() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_takes_three_connections_gets_three_and_refuses_few() {
        let gate = Gate::new(8, true);
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let (mut served, mut refused) = (0, 0);
        // Each dials as soon as it may, and waits a moment for its answer.
        for now in 0..20 {
            let dialling = (0..8).filter(|_| gate.enter_at(after(now)).is_ok()).count();
            for _ in 0..dialling {
                if served < 3 {
                    served += 1;
                    gate.established();
                } else {
                    refused += 1;
                    gate.trouble_at(after(now), "421 too many".to_owned(), false);
                    gate.leave(false);
                }
            }
        }
        assert_eq!((served, gate.state().allowed), (3, 3));
        assert!(refused <= 2, "{refused}");
        assert!(gate.enter_at(after(2000)).is_err(), "it has its three");
        assert_eq!(gate.down(), None);
        assert!(gate.enter_at(after(50_000)).is_err());
        assert!(gate.enter_at(after(70_000)).is_ok(), "after a while one more is tried");
        gate.trouble_at(after(70_000), "421 too many".to_owned(), false);
        gate.leave(false);
        assert!(gate.enter_at(after(140_000)).is_err(), "and then not so soon again");
    }

    #[test]
    fn a_relay_that_is_gone_is_down() {
        let gate = Gate::new(8, true);
        let mut now = Instant::now();
        for _ in 0..DOWN {
            assert_eq!(gate.down(), None);
            while gate.enter_at(now).is_err() {
                now += Duration::from_millis(100);
            }
            gate.trouble_at(now, "connection refused".to_owned(), false);
            gate.leave(false);
        }
        assert_eq!(gate.down().as_deref(), Some("connection refused"));
        gate.well();
        assert_eq!(gate.down(), None);
    }
}
