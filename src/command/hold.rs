//! `hold`: the time in which an edition that staff send by hand can still be stopped.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Context, output};
use crate::clock::Instant;
use crate::store::Store;
use crate::store::editions::{self, State};

/// How often it is looked whether somebody else stopped it.
const LOOK: Duration = Duration::from_millis(250);

/// How the time ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nobody stopped it.
    Over,
    /// Ctrl-C.
    CalledOff,
    /// Another command did something with it.
    Stopped(State),
}

/// Ctrl-C, from now on: also what is pressed while the edition is still being written.
pub(super) struct Brake(Signal);

impl Brake {
    /// # Errors
    /// The system does not let us listen.
    pub(super) fn new() -> std::io::Result<Brake> {
        signal(SignalKind::interrupt()).map(Brake)
    }

    /// Waits until `until`, and shows on a terminal how long that is.
    pub(super) async fn wait(
        mut self,
        cx: &Context,
        store: &Store,
        edition: i64,
        until: Instant,
    ) -> anyhow::Result<Ended> {
        let shown = Countdown::new(cx, edition, until);
        loop {
            let left = until - cx.clock.now();
            if left <= chrono::Duration::zero() {
                return Ok(Ended::Over);
            }
            shown.show(left);
            tokio::select! {
                _ = self.0.recv() => return Ok(Ended::CalledOff),
                () = tokio::time::sleep(left.to_std().unwrap_or_default().min(LOOK)) => {}
            }
            let mut tx = store.read().await?;
            let state = editions::by_id(&mut tx, edition).await?.map_or(State::Cancelled, |edition| edition.state);
            if !matches!(state, State::Queued | State::Sending) {
                return Ok(Ended::Stopped(state));
            }
        }
    }
}

/// The seconds on a terminal; elsewhere one line at the beginning.
struct Countdown(Option<ProgressBar>);

impl Countdown {
    fn new(cx: &Context, edition: i64, until: Instant) -> Countdown {
        if cx.frame.quiet {
            return Countdown(None);
        }
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                bar.set_style(style);
            }
            return Countdown(Some(bar));
        }
        output::note(format!(
            "Edition {edition} goes out at {}; until then Ctrl-C or `herald editions cancel {edition}` stops it.",
            until.with_timezone(&cx.zone()).format("%H:%M:%S")
        ));
        Countdown(None)
    }

    fn show(&self, left: chrono::Duration) {
        if let Some(bar) = &self.0 {
            let seconds = (left.num_milliseconds() + 999) / 1000;
            bar.set_message(format!("Goes out in {seconds} s. Ctrl-C stops it."));
            bar.tick();
        }
    }
}

impl Drop for Countdown {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
