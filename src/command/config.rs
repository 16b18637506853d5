//! `herald config explain [KEY]`

use clap::Subcommand;

use super::{Exit, Frame};

/// The reference of config.toml.
#[derive(Debug, clap::Args)]
pub struct Config {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald config` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every key with its type, default and an example.
    Explain {
        /// Only this key, or the keys under it: mail.from
        key: Option<String>,
    },
}

impl Config {
    /// Prints the reference.
    ///
    /// # Errors
    /// There is no such key.
    pub fn run(self, _frame: &Frame) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald config` is not there yet")
    }
}
