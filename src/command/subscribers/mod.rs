//! `herald subscribers`: staff's hand on people.

mod change;
mod export;
mod import;
mod look;

use std::path::PathBuf;

use clap::Subcommand;

use super::{Context, Exit, Usage};
use crate::audience::Address;

/// Looks at subscribers, brings them in, hands them out.
#[derive(Debug, clap::Args)]
pub struct Subscribers {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald subscribers` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Who is on a list.
    List {
        /// Only those with this in their address or name.
        filter: Option<String>,
        /// The list; every list where left out.
        #[arg(long)]
        list: Option<String>,
        /// At most so many; 0: all of them.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One person: lists, choices, consent, what they were sent.
    Show {
        /// The address.
        address: String,
    },
    /// Bring in a CSV file. What somebody decided for themselves wins over it.
    Import {
        /// The CSV file.
        file: PathBuf,
        /// The list.
        #[arg(long)]
        list: String,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Take those off the list whom a file brought and who are not in this one.
        #[arg(long)]
        remove_missing: bool,
    },
    /// Write a list as CSV, as it stands; with --json as JSON.
    Export {
        /// The list.
        #[arg(long)]
        list: String,
        /// In a form that Excel opens as it is: semicolons, a byte order mark, no formulas.
        #[arg(long)]
        excel: bool,
        /// Into this file; on standard output where left out.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Put one person on a list, or back on it, because they asked for it.
    Add {
        /// The address.
        address: String,
        /// The list.
        #[arg(long)]
        list: String,
        /// Their name.
        #[arg(long)]
        name: Option<String>,
        /// Their language.
        #[arg(long)]
        language: Option<String>,
        /// Where they agreed, in words: “by telephone, 4 April”.
        #[arg(long)]
        consent: Option<String>,
    },
    /// Take one person off a list. No file brings them back.
    Remove {
        /// The address.
        address: String,
        /// The list.
        #[arg(long)]
        list: String,
    },
    /// Never write to this address again.
    Suppress {
        /// The address.
        address: String,
        /// Why, in words.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Write to this address again.
    Unsuppress {
        /// The address.
        address: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Erase a person. Only a keyed hash of the address stays, so that no file brings them back.
    Forget {
        /// The address.
        address: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

impl Subscribers {
    /// Looks at subscribers, brings them in, hands them out.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        match self.action {
            Action::List { filter, list, limit } => look::list(cx, filter, list, limit).await,
            Action::Show { address } => look::show(cx, &parsed(&address)?).await,
            Action::Import { file, list, dry_run, remove_missing } => {
                import::run(cx, &file, &list, crate::source::lists::Taking { dry_run, remove_missing }).await
            }
            Action::Export { list, excel, out } => export::run(cx, &list, excel, out).await,
            Action::Add { address, list, name, language, consent } => {
                change::add(cx, &parsed(&address)?, &list, name, language, consent).await
            }
            Action::Remove { address, list } => change::remove(cx, &parsed(&address)?, &list).await,
            Action::Suppress { address, reason } => change::suppress(cx, &parsed(&address)?, reason).await,
            Action::Unsuppress { address, yes } => change::unsuppress(cx, &parsed(&address)?, yes).await,
            Action::Forget { address, yes } => change::forget(cx, &parsed(&address)?, yes).await,
        }
    }
}

fn parsed(text: &str) -> anyhow::Result<Address> {
    Ok(text.parse().map_err(|error: crate::audience::AddressError| Usage(error.to_string()))?)
}

/// Refuses a list that `config.toml` does not have: nothing would ever be sent to it.
fn known_list(cx: &Context, list: &str) -> anyhow::Result<()> {
    if cx.config.lists.iter().any(|known| known.name == list) {
        return Ok(());
    }
    let names: Vec<&str> = cx.config.lists.iter().map(|known| known.name.as_str()).collect();
    let known = match names.is_empty() {
        true => "config.toml has no [[lists]]".to_owned(),
        false => format!("there are: {}", names.join(", ")),
    };
    Err(Usage(format!("there is no list “{list}”; {known}")).into())
}
