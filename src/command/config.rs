//! `herald config explain [KEY]`

use clap::Subcommand;

use super::{Advice, Exit, Frame, Usage, output};
use crate::config::reference;

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
    pub fn run(self, frame: &Frame) -> anyhow::Result<Exit> {
        let Action::Explain { key } = self.action;
        let entries = match &key {
            None => reference::entries(),
            Some(key) => match reference::explain(key) {
                Ok(entries) => entries,
                Err(near) => {
                    let advice = match near {
                        Some(near) => format!("Did you mean `herald config explain {near}`?"),
                        None => "`herald config explain` prints every key.".to_owned(),
                    };
                    return Err(Usage(format!("config.toml has no key “{key}”."))).advise(advice);
                }
            },
        };
        if frame.json {
            output::json(&entries)?;
        } else {
            output::raw(reference::plain(&entries))?;
        }
        Ok(Exit::Done)
    }
}
