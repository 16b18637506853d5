//! `herald run`: the daemon: sources, feeds, newsletters, delivery, pages.

use super::{Context, Exit};

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
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald run` is not there yet")
    }
}
