//! `herald check`

use super::{Exit, Frame};

/// See `herald check --help`.
#[derive(Debug, clap::Args)]
pub struct Check {}

impl Check {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _frame: &Frame) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald check` is not there yet")
    }
}
