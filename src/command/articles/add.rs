//! `herald articles add FILE`: one file that lies in no source's folder.

use std::path::PathBuf;

use crate::command::{Advice, Context, Exit, Usage, output};
use crate::config::Source;
use crate::source::folder;
use crate::store::articles::{Change, listed};

/// Takes in one file.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Markdown or HTML with front matter. Handed over again after a change, it is a further revision of the same article.
    file: PathBuf,
}

impl Add {
    pub(super) async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let path = self.file.canonicalize().map_err(|error| Usage(format!("{}: {error}", self.file.display())))?;
        if !path.is_file() {
            return Err(Usage(format!("{} is no file", self.file.display())).into());
        }
        for Source::Folder(source) in &cx.config.sources {
            let within = cx.config.path(&source.path).canonicalize().is_ok_and(|root| path.starts_with(root));
            if within {
                return Err(Usage(format!(
                    "{} lies in the folder of the source “{}”, which is read by itself",
                    self.file.display(),
                    source.name
                )))
                .advise("Nothing was done. `herald run` reads it at once, `herald once` now.");
            }
        }
        let store = cx.store().await?;
        let added = folder::add(&store, &cx.config, &cx.clock, &path).await?;
        let mut tx = store.read().await?;
        let now = match added.taken {
            Some((article, _)) => listed(&mut tx, article).await?,
            None => None,
        };
        for fault in &added.faults {
            output::note(fault);
        }
        let (Some((article, change)), Some(now)) = (added.taken, now) else {
            if cx.frame.json {
                output::json(&serde_json::json!({ "article": null, "faults": added.faults }))?;
            }
            return Err(anyhow::anyhow!("{} was not taken in", self.file.display()))
                .advise("Mend what is named above, and hand it over again.");
        };
        let url = cx.config.site.article(&now.revision.language, &now.revision.slug);
        let done = match change {
            Change::New => "taken in",
            Change::Unchanged => "unchanged",
            Change::Revised(_) => "revised",
        };
        if cx.frame.json {
            output::json(&serde_json::json!({
                "article": article, "done": done, "state": now.state.word(), "title": now.revision.content.title,
                "url": url, "due_at": now.due_at, "faults": added.faults,
            }))?;
            return Ok(Exit::Done);
        }
        output::line(format!("{}: {done}; it is {}.", now.revision.content.title, super::state(cx, &now)))?;
        output::line(format!("  {article}\n  {url}"))?;
        Ok(Exit::Done)
    }
}
