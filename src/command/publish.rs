//! `herald publish`

use super::{Context, Exit};

/// Writes feeds and the public archive as static files.
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The folder to write into; `[site] folder` where left out.
    #[arg(long, value_name = "DIR")]
    pub to: Option<std::path::PathBuf>,
}

impl Publish {
    /// Writes feeds and the public archive as static files.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, _cx: &mut Context) -> anyhow::Result<Exit> {
        anyhow::bail!("`herald publish` is not there yet")
    }
}
