//! Handing over what `herald send` made: here, or by a running daemon, which is followed. The first copies go while the deliveries
//! of the last are still being made.

use std::io::IsTerminal;
use std::time::{Duration, Instant as Moment};

use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::command::editions::words;
use crate::command::{Context, Exit, bar, output};
use crate::delivery::{self, Hand, Progress};
use crate::edition::{EditionError, fill};
use crate::service::{Lock, LockError};
use crate::store::Store;
use crate::store::editions::{self, State, states};
use crate::wake::Wake;

/// How often an edition that a daemon delivers is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Looking at an edition to a million takes a while; it takes no more than this part of the time.
const PART: u32 = 20;
/// How often a line is written where no terminal shows a bar.
const LINE: Duration = Duration::from_secs(10);
/// How long a daemon may do nothing before it is no longer waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the deliveries and hands them over until nothing can be done now, here where no daemon does; shows how far it is.
/// `copies`: how many there will be, as far as they were counted.
///
/// # Errors
/// What the store says; a relay that cannot be used at all.
pub(super) async fn deliver(cx: &mut Context, store: &Store, edition: i64, copies: i64) -> anyhow::Result<()> {
    match Lock::take(store) {
        Ok(_lock) => {
            let stop = CancellationToken::new();
            let asked = stop.clone();
            tokio::spawn(async move {
                // Ctrl-C: what is on the wire is finished, the rest waits in the store.
                if tokio::signal::ctrl_c().await.is_ok() {
                    asked.cancel();
                }
            });
            here(cx, store, edition, stop).await
        }
        Err(LockError::Held { .. }) => {
            let shown = Shown::new(cx.frame.quiet, copies);
            let followed = async {
                let filled = fill::fill(store, edition, |_| ());
                let (filled, followed) = tokio::join!(filled, follow(store, edition, &shown));
                filled?;
                followed
            };
            tokio::select! {
                followed = followed => followed?,
                _ = tokio::signal::ctrl_c() => output::note(format!(
                    "The running daemon goes on with it; `herald editions pause {edition}` or `cancel {edition}` stops it."
                )),
            }
            shown.end();
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn here(cx: &mut Context, store: &Store, edition: i64, stop: CancellationToken) -> anyhow::Result<()> {
    let (config, templates, clock, wake) = (cx.config.clone(), cx.templates()?, cx.clock.clone(), Wake::new());
    let hand = Hand { store, config: &config, templates: &templates, clock: &clock, wake: &wake };
    let progress = Progress::new();
    let filled = CancellationToken::new();
    let filling = async {
        let made = tokio::select! {
            made = fill::fill(store, edition, |_| ()) => made.map(drop),
            // The next `run` or `once` makes the rest.
            () = stop.cancelled() => Ok(()),
        };
        filled.cancel();
        made
    };
    let delivering = async {
        loop {
            let was_filled = filled.is_cancelled();
            delivery::run_with(hand, stop.clone(), true, &progress).await?;
            if was_filled || stop.is_cancelled() {
                return Ok::<(), anyhow::Error>(());
            }
            tokio::time::sleep(LOOK / 10).await;
        }
    };
    let both = async {
        let (filling, delivering): (Result<(), EditionError>, _) = tokio::join!(filling, delivering);
        filling?;
        delivering
    };
    bar::watch(cx.frame.quiet, &progress, both).await
}

/// Follows what the daemon does with it, until it is over, nothing can be done now, or the daemon does nothing.
async fn follow(store: &Store, edition: i64, progress: &Shown) -> anyhow::Result<()> {
    let (mut before, mut still) = (None, Duration::ZERO);
    loop {
        let begun = Moment::now();
        let (state, filled, counts) = standing(store, edition).await?;
        let took = begun.elapsed();
        progress.show(&counts);
        let idle = filled && counts.queued == 0 && counts.sending == 0;
        if idle || !matches!(state, State::Queued | State::Sending) {
            return Ok(());
        }
        let pause = LOOK.max(took * PART);
        still = if before == Some(counts) { still + pause } else { Duration::ZERO };
        if still > PATIENCE {
            output::note("The running daemon has not moved it for a minute; it is queued, and its log may say why.");
            return Ok(());
        }
        before = Some(counts);
        tokio::time::sleep(pause).await;
    }
}

/// How an edition stands, whether all its deliveries are made, and what became of those.
async fn standing(store: &Store, edition: i64) -> anyhow::Result<(State, bool, states::Counts)> {
    let mut tx = store.read().await?;
    let row = editions::by_id(&mut tx, edition).await?;
    let (state, filled) = row.map_or((State::Cancelled, true), |edition| (edition.state, edition.filled));
    Ok((state, filled, states::counts(&mut tx, edition).await?))
}

/// Says what became of it; the exit code.
///
/// # Errors
/// What the store says.
pub(super) async fn report(cx: &Context, store: &Store, edition: i64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let counts = states::counts(&mut tx, edition).await?;
    let found = editions::findings::of(&mut tx, edition).await?;
    let Some(edition) = editions::by_id(&mut tx, edition).await? else { return Ok(Exit::Failed) };
    let exit = if counts.failed + counts.unknown > 0 { Exit::Partly } else { Exit::Done };
    if cx.frame.json {
        output::json(&serde_json::json!({
            "edition": edition.id,
            "newsletter": edition.newsletter,
            "number": edition.number,
            "state": edition.state,
            "start_at": edition.start_at,
            "subject": edition.subject,
            "recipients": edition.recipients,
            "waiting": counts.waiting(),
            "counts": counts,
            "findings": found,
        }))?;
        return Ok(exit);
    }
    let words: Vec<String> = words(&counts).into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    output::line(format!(
        "{} no. {} (edition {}). {}.",
        edition.newsletter,
        edition.number,
        edition.id,
        words.join(", ")
    ))?;
    if counts.failed > 0 {
        output::line(format!(
            "`herald editions show {} --recipients --state failed` says what came back and why.",
            edition.id
        ))?;
    } else if counts.waiting() > 0 && matches!(edition.state, State::Queued | State::Sending) {
        output::line("What waits is tried again while `herald run` is running, or with the next `herald once`.")?;
    }
    Ok(exit)
}

/// How far a daemon is with it: a bar on a terminal, a line now and then elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    quiet: bool,
    total: i64,
    last: std::cell::Cell<Moment>,
}

impl Shown {
    fn new(quiet: bool, total: i64) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(total.unsigned_abs());
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} handed over{msg}") {
                bar.set_style(style);
            }
            bar
        });
        Shown { bar, quiet, total, last: std::cell::Cell::new(Moment::now()) }
    }

    /// Called now and then.
    fn show(&self, counts: &states::Counts) {
        let returned = match counts.failed {
            0 => String::new(),
            n => format!(", returned {n}"),
        };
        match &self.bar {
            Some(bar) => {
                bar.set_length(self.total.max(counts.total()).unsigned_abs());
                bar.set_position(counts.sent.unsigned_abs());
                bar.set_message(returned);
            }
            None if self.quiet => {}
            None => {
                if self.last.get().elapsed() >= LINE {
                    self.last.set(Moment::now());
                    output::note(format!(
                        "{} of {} handed over{returned}",
                        counts.sent,
                        self.total.max(counts.total())
                    ));
                }
            }
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
