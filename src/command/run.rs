//! `herald run`: the daemon: sources, feeds, newsletters, delivery, pages.

use tokio_util::sync::CancellationToken;

use super::{Context, Exit, once, output};
use crate::service::{self, Lock, Newsroom};

/// Runs until it is stopped.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// Every scheduled newsletter is due now.
    #[arg(long)]
    pub now: bool,
    /// Answer yes: with --now and a relay that is no folder, Herald asks first.
    #[arg(long)]
    pub yes: bool,
}

impl Run {
    /// Runs until it is stopped.
    ///
    /// # Errors
    /// Another one has the store; an address is taken; settings that are not fit for real mail.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        once::may_send(cx, self.now, self.yes)?;
        let store = cx.store().await?;
        let lock = Lock::take(&store)?;
        let stop = stop_on_signal()?;
        let newsroom = Newsroom::open(cx.config.clone(), store, cx.clock.clone()).await?;
        // What is there is read and put up before anybody is served: no reader sees an empty newsroom.
        let read = newsroom.read().await?;
        read.log();
        newsroom.publish().await?;
        newsroom.compose(self.now).await?;
        let greeting = newsroom.greeting().await?;
        let quiet = cx.quiet;
        service::run(newsroom, lock, stop, move || {
            if !quiet {
                // Where nobody reads standard output, the log says the rest.
                let _ = output::line(greeting);
            }
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        })
        .await?;
        Ok(Exit::Done)
    }
}

/// A token that SIGTERM or SIGINT cancels; a second one ends the process at once.
///
/// # Errors
/// The system does not let us listen for signals.
pub fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = stop.clone();
    tokio::spawn(async move {
        let mut told = false;
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            if told {
                tracing::warn!("Stopped at once. Whatever was on the wire is looked at again at the next start.");
                std::process::exit(1);
            }
            told = true;
            token.cancel();
        }
    });
    Ok(stop)
}
