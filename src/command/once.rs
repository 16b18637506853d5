//! `herald once`

use super::{Context, Exit};

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
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald once` is not there yet")
    }
}
