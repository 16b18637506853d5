//! `herald run`: the daemon: sources, feeds, newsletters, delivery, pages.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Context, Exit, Usage, once, output};
use crate::service::{self, Doors, Lock, Newsroom};
use crate::template::TemplateError;

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
    /// Runs until it is stopped. SIGHUP takes up a changed configuration.
    ///
    /// # Errors
    /// Another one has the store; an address is taken; settings that are not fit for real mail.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        once::may_send(cx, self.now, self.yes)?;
        let store = cx.store().await?;
        let _lock = Lock::take(&store)?;
        cx.config.refuse(service::unusable_tls(&cx.config))?;
        let mut doors = Doors::open(&cx.config).await?;
        let stop = stop_on_signal()?;
        let mut again = signal(SignalKind::hangup())?;
        let mut newsroom = Newsroom::open(cx.config.clone(), store.clone(), cx.clock.clone()).await?;
        newsroom.serve_hub();
        // What is there is read and put up before anybody is answered: no reader sees an empty newsroom.
        newsroom.read().await?.log();
        newsroom.publish().await?;
        newsroom.compose(self.now, Some(service::SOON)).await?;
        if !cx.frame.quiet {
            // Where nobody reads standard output, the log says the rest.
            let _ = output::line(newsroom.greeting().await?);
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        while !stop.is_cancelled() {
            // A new configuration ends one run, and the next one takes over its doors.
            let over = stop.child_token();
            let running = service::run(newsroom.clone(), doors.listeners()?, over.clone());
            let reloading = next(cx, &mut again, &mut doors, &newsroom, &over);
            let ((), next) = tokio::join!(running, reloading);
            let Some(next) = next else { break };
            newsroom = next;
        }
        store.close().await;
        tracing::info!("Stopped.");
        Ok(Exit::Done)
    }
}

/// Waits for a SIGHUP after which there is a configuration to go on with, makes the newsroom ready, and ends the run
/// that is `over`; `None` once that was stopped.
async fn next(
    cx: &mut Context,
    again: &mut Signal,
    doors: &mut Doors,
    newsroom: &Newsroom,
    over: &CancellationToken,
) -> Option<Newsroom> {
    loop {
        tokio::select! {
            () = over.cancelled() => {
                tracing::info!("Stopping: what is on the wire is finished first.");
                return None;
            }
            _ = again.recv() => {}
        }
        match reload(cx, doors, newsroom).await {
            Ok(next) => {
                tracing::info!("The configuration has been taken up: {}.", next.site.config.file.display());
                over.cancel();
                return Some(next);
            }
            Err(error) => {
                tracing::error!("The configuration was not taken up, and everything goes on as before: {error:#}");
            }
        }
    }
}

/// The newsroom by the configuration as its file says now, with its feeds built. Nothing has changed where it fails.
async fn reload(cx: &mut Context, doors: &mut Doors, newsroom: &Newsroom) -> anyhow::Result<Newsroom> {
    let config = Arc::new(cx.read_again()?);
    if config.store.url != newsroom.site.config.store.url {
        let said = "[store] url is another one now; a running Herald stays with its store. Stop it and start it again";
        return Err(Usage(said.to_owned()).into());
    }
    config.refuse(config.cannot_send())?;
    config.refuse(service::unusable_tls(&config))?;
    let next = Newsroom::open(config.clone(), newsroom.site.store.clone(), cx.clock.clone()).await?;
    next.serve_hub();
    // At a start a broken mail stops its newsletters alone; here the templates in use are better than broken ones.
    if let Some(fault) = next.site.templates.set_aside().next() {
        return Err(TemplateError::Fault(fault.clone()).into());
    }
    next.publish().await?;
    doors.move_to(&config).await?;
    cx.take_up(config);
    Ok(next)
}

/// A token that SIGTERM or SIGINT cancels; a second one ends the process at once.
///
/// # Errors
/// The system does not let us listen for signals.
pub fn stop_on_signal() -> anyhow::Result<CancellationToken> {
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
