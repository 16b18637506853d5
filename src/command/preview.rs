//! `herald preview`

use super::{Context, Exit};

/// Writes the mail as it would go now, as .eml and .html.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// The newsletter.
    pub newsletter: String,
    /// The language; the newsroom's first where left out.
    #[arg(long)]
    pub language: Option<String>,
    /// The file to write, without or with its ending: FILE.eml and FILE.html.
    #[arg(long, value_name = "FILE")]
    pub out: Option<std::path::PathBuf>,
}

impl Preview {
    /// Writes the mail as it would go now, as .eml and .html.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald preview` is not there yet")
    }
}
