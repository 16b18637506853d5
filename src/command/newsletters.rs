//! `herald newsletters`

use clap::Subcommand;

use super::{Context, Exit};

/// Looks at newsletters and when they go next.
#[derive(Debug, clap::Args)]
pub struct Newsletters {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald newsletters` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every newsletter, with its next five send times.
    List,
    /// One newsletter.
    Show {
        /// Its name.
        name: String,
    },
}

impl Newsletters {
    /// Looks at newsletters and when they go next.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald newsletters` is not there yet")
    }
}
