//! `herald articles`

use clap::Subcommand;

use super::{Context, Exit};

/// Looks at articles.
#[derive(Debug, clap::Args)]
pub struct Articles {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald articles` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// The newest articles, with their state.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// One article with its revisions.
    Show {
        /// Its id, or its slug.
        id: String,
    },
}

impl Articles {
    /// Looks at articles.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald articles` is not there yet")
    }
}
