//! `herald articles expunge ID --order …`: removal that the law wants. It cannot be undone, so it asks.

use std::path::PathBuf;

use super::desk::About;
use crate::command::{Context, Exit, Usage, confirm, output};
use crate::store::articles::desk::{self, Hand};
use crate::store::articles::expunge;
use crate::store::{articles, wish};

/// Removes an article for good.
#[derive(Debug, clap::Args)]
pub struct Expunge {
    #[command(flatten)]
    about: About,
    /// Which order it is that wants it; kept, and shown to staff only. Write nothing into it that has to go.
    #[arg(long, value_name = "TEXT")]
    order: String,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

impl Expunge {
    pub(super) async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let order = super::said(Some(self.order.clone()), "--order")?.unwrap_or_default();
        let who = self.about.who(cx).await?;
        let store = cx.store().await?;
        let mut tx = store.read().await?;
        let at = self.about.standing(&mut tx, cx).await?;
        let remains = expunge::look(&mut tx, at.article).await?;
        let files = desk::files(&mut tx, at.article).await?;
        drop(tx);
        let url = cx.config.site.article(&at.language, &at.slug);
        output::note(format!(
            "“{}” ({url}): {}, {}, {} of {}.",
            at.content.title,
            many(remains.revisions, "state", "states"),
            many(remains.media.len() as i64, "picture or file of its own", "pictures and files of its own"),
            many(remains.copies, "copy", "copies"),
            many(remains.editions, "edition that printed it", "editions that printed it"),
        ));
        output::note(
            "What was sent by mail stays where it is: it can be told of by `herald send --correction` after `articles retract`, before this.",
        );
        let question = format!(
            "Remove all {} for good, and its text from {}? This cannot be undone.",
            many(remains.revisions, "state", "states"),
            many(remains.editions, "edition", "editions")
        );
        if !self.yes && !confirm(&question)? {
            return Err(Usage("nothing was removed".to_owned()).into());
        }
        let mut tx = store.write().await?;
        let now = cx.clock.now();
        let at = self.about.standing(&mut tx, cx).await?;
        let remains = expunge::look(&mut tx, at.article).await?;
        expunge::expunge(&mut tx, &at, &order, &Hand { who: &who, now, why: None }).await?;
        articles::remove(&mut tx, &[at.article], now).await?;
        wish(&mut tx).await?;
        tx.commit().await?;
        let mut tx = store.write().await?;
        expunge::forget_words(&mut tx).await?;
        tx.commit().await?;
        store.scrub().await?;
        let left = erase(cx, &remains.media);
        let copied = super::super::publish::refresh(cx).await?;
        if cx.frame.json {
            output::json(&serde_json::json!({
                "article": at.article, "at": now, "who": who, "order": order, "removed": remains, "files": files,
                "not_erased": left, "static_copy": copied,
            }))?;
        } else {
            output::line(format!(
                "Removed for good. What stays: the id {}, the times, and this decision.",
                at.article
            ))?;
            for (source, file) in &files {
                output::line(format!(
                    "  Delete it where it was written: {file} (source “{source}”). It is not read any more."
                ))?;
            }
            output::line("  Backups and copies that others made are yours to look after.")?;
        }
        for path in &left {
            output::note(format!("{} could not be erased; remove it by hand.", path.display()));
        }
        Ok(if left.is_empty() { Exit::Done } else { Exit::Partly })
    }
}

/// Overwrites and removes files of `[site] media`; those that could not be.
fn erase(cx: &Context, names: &[String]) -> Vec<PathBuf> {
    let folder = cx.config.path(&cx.config.site.media);
    let paths = names.iter().filter(|name| !name.contains(['/', '\\'])).map(|name| folder.join(name));
    paths.filter(|path| path.exists() && overwrite(path).is_err()).collect()
}

fn overwrite(path: &std::path::Path) -> std::io::Result<()> {
    use std::io::Write;
    let length = std::fs::metadata(path)?.len();
    let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
    let nothing = [0u8; 8192];
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(nothing.len()).min(nothing.len());
        file.write_all(&nothing[..part])?;
        left -= part as u64;
    }
    file.sync_all()?;
    std::fs::remove_file(path)
}

fn many(count: i64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}
