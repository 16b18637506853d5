//! `herald send`

use super::{Context, Exit};

/// Sends an edition by hand.
#[derive(Debug, clap::Args)]
pub struct Send {
    /// The newsletter.
    pub newsletter: String,
    /// Only this article (its id); may be given several times, in the order they are to stand.
    #[arg(long, value_name = "ID")]
    pub article: Vec<String>,
    /// Only to this list of the newsletter; may be given several times.
    #[arg(long, value_name = "LIST")]
    pub to: Vec<String>,
    /// Another subject than the template's.
    #[arg(long)]
    pub subject: Option<String>,
    /// Not now but then, in the newsroom's time: "2026-03-04 07:00".
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Also to those who already had these stories.
    #[arg(long)]
    pub again: bool,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
    /// Say what would go to how many, and send nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Only to these addresses, marked as a test and recorded as no delivery.
    #[arg(long, value_name = "ADDRESS", num_args = 1.., conflicts_with_all = ["at", "again", "dry_run"])]
    pub test: Vec<String>,
}

impl Send {
    /// Sends an edition by hand.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald send` is not there yet")
    }
}
