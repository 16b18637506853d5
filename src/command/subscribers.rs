//! `herald subscribers`

use clap::Subcommand;

use super::{Context, Exit};

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
        /// The list; every list where left out.
        #[arg(long)]
        list: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// One person: lists, choices, consent, what they were sent.
    Show {
        /// The address.
        address: String,
    },
    /// Bring in a CSV file.
    Import {
        /// The CSV file.
        file: std::path::PathBuf,
        /// The list.
        #[arg(long)]
        list: String,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Take those off the list who are not in the file.
        #[arg(long)]
        remove_missing: bool,
    },
    /// Write a list as CSV.
    Export {
        /// The list.
        #[arg(long)]
        list: String,
        /// In a form that Excel opens as it is: semicolons, a byte order mark.
        #[arg(long)]
        excel: bool,
    },
    /// Put one person on a list.
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
    },
    /// Take one person off a list.
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
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Write to this address again.
    Unsuppress {
        /// The address.
        address: String,
    },
}

impl Subscribers {
    /// Looks at subscribers, brings them in, hands them out.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald subscribers` is not there yet")
    }
}
