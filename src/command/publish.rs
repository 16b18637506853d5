//! `herald publish`: what is public, as files that any web server can hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::{Context, Exit, Usage, output};
use crate::feed::{self, Built, Shelf, Written};
use crate::service::{Lock, LockError};
use crate::store::presence::Sole;
use crate::store::{Store, keys};
use crate::template::Templates;
use crate::wake::Wake;
use crate::web::public::Site;
use crate::web::{Pace, is_first_copy, refresh_copy};

/// Writes feeds and the public archive as static files.
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The folder to write into; `[site] folder` where left out.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

/// What was published: the document of `--json`.
#[derive(Serialize)]
struct Report {
    folder: PathBuf,
    feeds: Written,
    pages: Written,
    left_out: Vec<feed::LeftOut>,
    failed: Vec<feed::Failed>,
}

impl Publish {
    /// Writes feeds and the public archive as static files.
    ///
    /// # Errors
    /// There is no folder to write to, the store does not answer, or a file cannot be written.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let folder = match (&self.to, &cx.config.site.folder) {
            (Some(to), _) => to.clone(),
            (None, Some(folder)) => cx.config.path(folder),
            (None, None) => {
                let said = "there is nowhere to write to: say --to DIR, or set [site] folder in config.toml";
                return Err(Usage(said.to_owned()).into());
            }
        };
        let report = write(cx, folder).await?;
        if cx.frame.json {
            output::json(&report)?;
        } else {
            report.print(cx.frame.verbose > 0)?;
        }
        let partly = !report.left_out.is_empty() || !report.failed.is_empty();
        Ok(if partly { Exit::Partly } else { Exit::Done })
    }
}

/// Brings the static copy up to date at once, where there is one and no daemon does so by itself; whether it did.
///
/// # Errors
/// As `herald publish`.
pub(super) async fn refresh(cx: &mut Context) -> anyhow::Result<bool> {
    let Some(folder) = cx.config.site.folder.as_ref().map(|folder| cx.config.path(folder)) else { return Ok(false) };
    let store = cx.store().await?;
    if is_served(&store).await? {
        return Ok(false);
    }
    write(cx, folder).await.map(|_| true)
}

async fn write(cx: &mut Context, folder: PathBuf) -> anyhow::Result<Report> {
    let store = cx.store().await?;
    let mut tx = store.read().await?;
    let keyring = Arc::new(keys::ring(&mut tx).await?);
    drop(tx);
    let templates = Arc::new(Templates::for_config(&cx.config)?);
    let site = Site {
        config: Arc::clone(&cx.config),
        clock: cx.clock.clone(),
        shelf: Arc::new(Shelf::new()),
        wake: Wake::new(),
        guests: Arc::default(),
        store,
        templates,
        keyring,
    };
    // The same bytes as those of a daemon that is running: whatever stands in the folder names the hub while there is one.
    if is_served(&site.store).await? {
        site.shelf.serve_hub();
    }
    let built = site.shelf.rebuild(&site.store, &site.config, &site.templates, &site.clock).await?;
    // Pages lead to feeds, and feeds to articles: whichever is new comes before what leads to it.
    let before = if is_first_copy(&folder) { Some(write_feeds(&site, &folder).await?) } else { None };
    let pages = refresh_copy(&site, &folder, Pace::Now).await?;
    let feeds = match before {
        Some(feeds) => feeds,
        None => write_feeds(&site, &folder).await?,
    };
    let pages = match pages {
        Some(pages) => pages,
        None => Written { unchanged: feed::Copy::missing(&folder, "pages")?.1, ..Written::default() },
    };
    let Built { left_out, failed, .. } = built;
    Ok(Report { folder, feeds, pages, left_out, failed })
}

/// Whether a daemon works on this store and answers for its hub.
async fn is_served(store: &Store) -> anyhow::Result<bool> {
    Ok(match store.file() {
        Some(_) => matches!(Lock::take(store), Err(LockError::Held { .. })),
        None => Sole::try_take(store).await?.is_none(),
    })
}

async fn write_feeds(site: &Site, folder: &Path) -> Result<Written, feed::FeedError> {
    let feeds = feed::write_static(&site.shelf, folder).await?;
    let made_with = (&site.config, &site.templates);
    Ok(feeds.and(feed::write_archives(&site.shelf, &site.store, made_with, &site.clock, folder).await?))
}

impl Report {
    fn print(&self, each: bool) -> anyhow::Result<()> {
        let (written, unchanged) =
            (self.feeds.written.len() + self.pages.written.len(), self.feeds.unchanged + self.pages.unchanged);
        let removed = self.feeds.removed.len() + self.pages.removed.len();
        output::line(format_args!(
            "Published into {}: {} written, {unchanged} unchanged, {removed} removed.",
            self.folder.display(),
            if written == 1 { "1 file".to_owned() } else { format!("{written} files") },
        ))?;
        if each {
            for path in self.feeds.written.iter().chain(&self.pages.written) {
                output::line(format_args!("  written  {path}"))?;
            }
            for path in self.feeds.removed.iter().chain(&self.pages.removed) {
                output::line(format_args!("  removed  {path}"))?;
            }
        }
        for left_out in &self.left_out {
            let feed::LeftOut { feed, article, title, reason } = left_out;
            output::line(format_args!("Left out of feed {feed}: “{title}” ({article}): {reason}"))?;
        }
        for failed in &self.failed {
            output::line(format_args!("Not written: {}", failed.reason))?;
        }
        Ok(())
    }
}
