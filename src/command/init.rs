//! `herald init [DIR]`

use super::{Exit, Frame};

/// See `herald init --help`.
#[derive(Debug, clap::Args)]
pub struct Init {}

impl Init {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _frame: &Frame) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald init` is not there yet")
    }
}
