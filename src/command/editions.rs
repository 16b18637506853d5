//! `herald editions`

use clap::Subcommand;

use super::{Context, Exit};

/// Looks at editions, holds or stops them.
#[derive(Debug, clap::Args)]
pub struct Editions {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald editions` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// The newest editions, with their state.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// One edition: what it prints, to whom, how far it is.
    Show {
        /// Its number.
        id: i64,
    },
    /// Reconcile: recipients = sent + failed + suppressed + unknown + waiting; names every difference.
    Audit {
        /// Its number.
        id: i64,
    },
    /// Hold it; returns when nothing more will leave.
    Pause {
        /// Its number.
        id: i64,
    },
    /// Go on with a paused one.
    Resume {
        /// Its number.
        id: i64,
    },
    /// Stop it for good; what has left has left.
    Cancel {
        /// Its number.
        id: i64,
    },
}

impl Editions {
    /// Looks at editions, holds or stops them.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald editions` is not there yet")
    }
}
