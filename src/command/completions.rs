//! `herald completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit, output};

/// Prints completions for a shell.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

impl Completions {
    /// Prints completions for a shell.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub fn run(self) -> anyhow::Result<Exit> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "herald", &mut text);
        output::raw(text)?;
        Ok(Exit::Done)
    }
}
