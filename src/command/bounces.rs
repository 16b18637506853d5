//! `herald bounces`: what came back to the return path, from files, folders, Maildirs, mboxes or a pipe.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::{Context, Exit, Table, output};
use crate::mail::report::Kind;
use crate::returns::{self, Applied, Done, Letters};
use crate::service::counted;
use crate::store;

/// Messages of one transaction: the one writer of SQLite is not held for long.
const BATCH: usize = 100;

/// Look at what came back.
#[derive(Debug, clap::Args)]
pub struct Bounces {
    /// What to do.
    #[command(subcommand)]
    pub command: BouncesCommand,
}

/// What can be done about what came back.
#[derive(Debug, clap::Subcommand)]
pub enum BouncesCommand {
    /// Take delivery reports and complaints in.
    ///
    /// Who cannot be reached for good, or complains, is written to no more; a refusal that is about us, the mail or a
    /// server hurts nobody. Each report counts once, however often it is read.
    ///
    /// With `-` Herald ends as a mail server's pipe wants it: 0 when the report is taken in, whatever it was; 75
    /// (EX_TEMPFAIL) when it could not be, so that the server keeps it and tries again.
    Read(Read),
}

/// Take delivery reports in.
#[derive(Debug, clap::Args)]
pub struct Read {
    /// Files with one message or an mbox, folders of them, Maildirs; `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// One message, and what it was.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    #[serde(flatten)]
    applied: Applied,
}

/// One that could not be read.
#[derive(Debug, Serialize)]
struct Unread {
    file: String,
    reason: String,
}

impl Bounces {
    /// Whether a mail server waits for the answer: it takes every code but 0 and 75 for a refusal, and loses the report.
    pub fn is_pipe(&self) -> bool {
        let BouncesCommand::Read(read) = &self.command;
        read.files.iter().any(|file| file.as_os_str() == "-")
    }

    /// Does it.
    ///
    /// # Errors
    /// The store cannot be opened or written.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        match self.command {
            BouncesCommand::Read(read) => read.run(cx).await,
        }
    }
}

impl Read {
    async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let (mut rows, mut unread) = (Vec::new(), Vec::new());
        let store = cx.store().await?;
        let ring = cx.keyring().await?;
        let (streams, files): (Vec<_>, Vec<_>) = self.files.iter().cloned().partition(|file| file.as_os_str() == "-");
        let piped = (!streams.is_empty()).then(|| Letters::of_stream("-", std::io::stdin()));
        let mut letters = piped.into_iter().flatten().chain(Letters::of(files)).peekable();
        while letters.peek().is_some() {
            // What waits for a slow pipe must not hold the store's writer.
            let batch: Vec<_> = letters.by_ref().take(BATCH).collect();
            let mut tx = store.write().await?;
            for letter in batch {
                match letter.bytes {
                    Ok(bytes) => {
                        let applied = returns::apply(&mut tx, &ring, &bytes, cx.clock.now()).await?;
                        rows.push(Row { file: letter.name, applied });
                    }
                    // A pipe that broke: whoever wrote into it has to do so again.
                    Err(error) if letter.name == "-" && error.kind() != ErrorKind::InvalidData => {
                        return Err(error.into());
                    }
                    Err(error) => unread.push(Unread { file: letter.name, reason: error.to_string() }),
                }
            }
            if !self.dry_run {
                store::wish(&mut tx).await?;
                tx.commit().await?;
            }
        }
        self.say(cx, &rows, &unread)?;
        // That nothing came through a pipe is no fault: a server would only send the same nothing again.
        Ok(if unread.iter().any(|one| one.file != "-") { Exit::Partly } else { Exit::Done })
    }

    fn say(&self, cx: &Context, rows: &[Row], unread: &[Unread]) -> anyhow::Result<()> {
        let mut done: BTreeMap<Done, i64> = BTreeMap::new();
        for row in rows {
            *done.entry(row.applied.done).or_default() += 1;
        }
        let of = |word: Done| done.get(&word).copied().unwrap_or_default();
        if cx.frame.json {
            let counts: BTreeMap<&str, i64> = done.iter().map(|(done, count)| (done.word(), *count)).collect();
            return output::json(&json!({
                "reports": rows, "unread": unread, "read": rows.len(), "done": counts, "dry_run": self.dry_run,
            }));
        }
        if !cx.frame.quiet {
            let mut table = Table::new(["FILE", "WHAT", "ABOUT", "READER", "DONE", "SAID"]);
            for Row { file, applied } in rows {
                let about = applied
                    .about
                    .map(|about| format!("{about}, {}", if applied.lasting { "for good" } else { "for now" }));
                table.row([
                    file.clone(),
                    applied.kind.word().to_owned(),
                    about.unwrap_or_default(),
                    applied.reader.clone().unwrap_or_default(),
                    applied.done.word().to_owned(),
                    said(applied),
                ]);
            }
            if !table.is_empty() {
                table.print()?;
            }
        }
        for Unread { file, reason } in unread {
            output::note(format!("{file}: could not be read: {reason}"));
        }
        let strangers =
            rows.iter().filter(|row| row.applied.edition.is_none() && row.applied.kind == Kind::Failure).count();
        let mut sentence = format!(
            "{}: {} suppressed, {} complained, {} kept for staff, {} of machines dropped, {} known before.",
            counted(rows.len() as i64, "message", "messages"),
            of(Done::Suppressed),
            of(Done::Complained),
            of(Done::Kept),
            of(Done::Dropped),
            of(Done::Known),
        );
        if strangers > 0 {
            sentence
                .push_str(&format!(" {} no token of ours.", counted(strangers as i64, "report bears", "reports bear")));
        }
        if self.dry_run {
            sentence.push_str(" Nothing was changed.");
        }
        output::line(sentence)
    }
}

/// Code and words, without addresses: a terminal is read over shoulders.
fn said(applied: &Applied) -> String {
    let words = applied.line.split_whitespace().map(|word| match word.contains('@') && !word.contains("://") {
        true => crate::secret::masked(word.trim_matches(['<', '>', ':', ';', ',', '.'])),
        false => word.to_owned(),
    });
    let line = words.collect::<Vec<_>>().join(" ");
    let code = applied.code.map(|code| code.to_string()).filter(|code| !line.contains(code.as_str()));
    let text = code.into_iter().chain([line]).collect::<Vec<_>>().join(" ");
    text.chars().take(120).collect()
}
