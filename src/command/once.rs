//! `herald once`: one pass of everything but the pages, for cron and systemd timers.

use super::{Context, Exit, Usage, bar, confirm, output};
use crate::service::{Lock, Newsroom, Pass};

/// Does one pass of everything but the pages.
#[derive(Debug, clap::Args)]
pub struct Once {
    /// Every scheduled newsletter is due now.
    #[arg(long)]
    pub now: bool,
    /// Answer yes: with --now and a relay that is no folder, Herald asks first.
    #[arg(long)]
    pub yes: bool,
}

impl Once {
    /// Does one pass of everything but the pages.
    ///
    /// # Errors
    /// Another one has the store; a stage could not do its work; settings that are not fit for real mail.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        may_send(cx, self.now, self.yes)?;
        let store = cx.store().await?;
        let _lock = Lock::take(&store)?;
        let stop = super::run::stop_on_signal()?;
        let newsroom = Newsroom::open(cx.config.clone(), store.clone(), cx.clock.clone()).await?;
        let pass = bar::watch(cx.frame.quiet, &newsroom.progress, newsroom.pass(self.now, stop)).await?;
        // What was read stands in the account, so the log need not say it too.
        if cx.frame.json {
            output::json(&pass.as_json())?;
        } else {
            output::raw(newsroom.account(&pass))?;
            if pass.sent.relay.is_some() {
                output::line(format!("{} wait for the next pass, or for `herald run`.", copies(pass.sent.waiting)))?;
            }
        }
        store.close().await;
        Ok(exit_of(&pass))
    }
}

fn copies(count: i64) -> String {
    if count == 1 { "1 copy".to_owned() } else { format!("{count} copies") }
}

fn exit_of(pass: &Pass) -> Exit {
    if !pass.editions.failed.is_empty() || !pass.feeds.failed.is_empty() {
        Exit::Failed
    } else if pass.read.is_partial()
        || pass.returns.iter().any(|looked| looked.failed.is_some())
        || !pass.feeds.left_out.is_empty()
        || pass.sent.relay.is_some()
    {
        Exit::Partly
    } else {
        Exit::Done
    }
}

/// Whether mail may leave: real relays want real settings, and `--now` through one of them asks.
///
/// # Errors
/// Usage (exit code 2), naming the key or what to add.
pub fn may_send(cx: &Context, now: bool, yes: bool) -> anyhow::Result<()> {
    cx.demand_real_settings()?;
    if cx.config.mail.relays.iter().all(|relay| relay.url.starts_with("folder:")) {
        return Ok(());
    }
    if now && !yes {
        let relays: Vec<&str> = cx.config.mail.relays.iter().map(|relay| relay.name.as_str()).collect();
        let question = format!(
            "Every scheduled newsletter would go out now, as real mail through {}. Send them?",
            relays.join(", ")
        );
        if !confirm(&question)? {
            return Err(Usage("nothing was sent".to_owned()).into());
        }
    }
    Ok(())
}
