//! `herald bounces`: what came back to the return path, from files, folders, Maildirs, mboxes or a pipe.

use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::{Context, Exit, Table, Usage, output};
use crate::returns::{self, Applied, Desk, Letter, Letters, Looked, Place, Tally};

/// Messages of one transaction: the one writer of SQLite is not held for long.
const BATCH: usize = 100;
/// Bytes of messages that are in memory at once.
const AT_ONCE: usize = 4 << 20;
/// Rows of a table: more begin a new one, so that a million take no more memory than these.
const ROWS: usize = 1000;

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
    /// server hurts nobody, nor does one about a copy that went out more than 60 days ago. Each report counts once, however often
    /// it is read. Without a FILE the mailbox of [mail.returns] is read, now.
    ///
    /// Exit codes: 0 all was taken in; 1 a mailbox or the store could not be used; 2 wrong usage or configuration; 3 some
    /// files could not be read, each is named, and the others are taken in.
    ///
    /// With `-` Herald ends as a mail server's pipe wants it: 0 when the report is taken in, whatever it was; 75
    /// (EX_TEMPFAIL) when it could not be, whyever, so that the server keeps it and tries again.
    Read(Read),
}

/// Take delivery reports in.
#[derive(Debug, clap::Args)]
pub struct Read {
    /// Files with one message or an mbox, folders of them, Maildirs; or `-` alone for standard input.
    #[arg(value_name = "FILE")]
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
        let piped = self.files.iter().any(|file| file.as_os_str() == "-");
        if piped && self.files.len() > 1 {
            return Err(Usage("- stands alone: read the other files by a command of their own".to_owned()).into());
        }
        let (store, ring) = (cx.store().await?, cx.keyring().await?);
        let clock = cx.clock.clone();
        let desk = Desk { store: &store, ring: &ring, clock: &clock, dry_run: self.dry_run };
        let mut told = Told::new(cx)?;
        if self.files.is_empty() {
            return self.mailboxes(cx, &desk, told).await;
        }
        let mut letters = match piped {
            true => Letters::of_stream("-", std::io::stdin()),
            false => Letters::of(self.files.iter().cloned()),
        };
        loop {
            // What waits for a slow pipe must not hold the store's writer.
            let (names, messages) = told.batch(&mut letters)?;
            if messages.is_empty() && names.is_empty() {
                break;
            }
            let taken = desk.take_in(&messages, Place::Handed).await?;
            for (file, applied) in names.into_iter().zip(taken) {
                told.row(file, applied)?;
            }
        }
        let unread = told.unread.iter().any(|one| one.file != "-");
        told.end(self.dry_run, &[])?;
        // That nothing came through a pipe is no fault: a server would only send the same nothing again.
        Ok(if unread { Exit::Partly } else { Exit::Done })
    }

    /// Reads what the configuration names, to its end.
    async fn mailboxes(&self, cx: &Context, desk: &Desk<'_>, mut told: Told) -> anyhow::Result<Exit> {
        let setting = cx.config.mail.returns.as_ref();
        if setting.is_none_or(|returns| returns.imap.is_none() && returns.maildir.is_none()) {
            let said = "there is no mailbox to read: name a FILE, or set [mail.returns] imap or maildir";
            return Err(Usage(said.to_owned()).into());
        }
        let all: Vec<Looked> = loop {
            let mut rows = Vec::new();
            let looked =
                returns::read_mailboxes(&cx.config, desk, &mut |file, applied| rows.push((file, applied))).await?;
            for (file, applied) in rows {
                told.row(file, applied)?;
            }
            if self.dry_run || !looked.iter().any(|one| one.more) {
                break looked;
            }
        };
        for looked in &all {
            if let Some(reason) = &looked.failed {
                output::note(format!("{reason} ({})", looked.mailbox));
            }
        }
        told.end(self.dry_run, &all)?;
        Ok(if all.iter().any(|one| one.failed.is_some()) { Exit::Failed } else { Exit::Done })
    }
}

/// What is said of each message, as it comes: however many they are, few are in memory.
struct Told {
    json: bool,
    quiet: bool,
    rows: Vec<Row>,
    /// Documents of rows, where one document of all is asked for in the end.
    kept: Option<std::fs::File>,
    unread: Vec<Unread>,
    tally: Tally,
}

impl Told {
    fn new(cx: &Context) -> anyhow::Result<Told> {
        let kept = if cx.frame.json { Some(tempfile::tempfile()?) } else { None };
        let (json, quiet) = (cx.frame.json, cx.frame.quiet);
        Ok(Told { json, quiet, rows: Vec::new(), kept, unread: Vec::new(), tally: Tally::default() })
    }

    /// The next few messages, with their names; those that could not be read are noted. Nothing at the end.
    fn batch(&mut self, letters: &mut Letters) -> anyhow::Result<(Vec<String>, Vec<Vec<u8>>)> {
        let (mut names, mut messages, mut size) = (Vec::new(), Vec::new(), 0);
        while messages.len() < BATCH && size < AT_ONCE {
            let Some(Letter { name, bytes }) = letters.next() else { break };
            match bytes {
                Ok(bytes) => {
                    size += bytes.len();
                    names.push(name);
                    messages.push(bytes);
                }
                // A pipe that broke: whoever wrote into it has to do so again.
                Err(error) if name == "-" && error.kind() != ErrorKind::InvalidData => return Err(error.into()),
                Err(error) => {
                    let reason = error.to_string();
                    if !self.json {
                        output::note(format!("{name}: could not be read: {reason}"));
                    }
                    self.unread.push(Unread { file: name, reason });
                }
            }
        }
        Ok((names, messages))
    }

    fn row(&mut self, file: String, applied: Applied) -> anyhow::Result<()> {
        self.tally.add(&applied);
        let row = Row { file, applied };
        match &mut self.kept {
            Some(kept) => {
                serde_json::to_writer(&mut *kept, &row)?;
                kept.write_all(b"\n")?;
            }
            None if self.quiet => {}
            None => {
                self.rows.push(row);
                if self.rows.len() >= ROWS {
                    self.page()?;
                }
            }
        }
        Ok(())
    }

    fn page(&mut self) -> anyhow::Result<()> {
        let mut table = Table::new(["FILE", "WHAT", "ABOUT", "READER", "DONE", "SAID"]);
        for Row { file, applied } in self.rows.drain(..) {
            let about =
                applied.about.map(|about| format!("{about}, {}", if applied.lasting { "for good" } else { "for now" }));
            table.row([
                file,
                applied.kind.word().to_owned(),
                about.unwrap_or_default(),
                applied.reader.clone().unwrap_or_default(),
                applied.done.word().to_owned(),
                said(&applied),
            ]);
        }
        if !table.is_empty() {
            table.print()?;
        }
        Ok(())
    }

    fn end(mut self, dry_run: bool, mailboxes: &[Looked]) -> anyhow::Result<()> {
        if let Some(kept) = self.kept.take() {
            return self.document(kept, dry_run, mailboxes);
        }
        self.page()?;
        let nothing = if dry_run { " Nothing was changed." } else { "" };
        output::line(format!("{}{nothing}", self.tally))
    }

    /// One document, its rows out of the file in which they were kept.
    fn document(&self, mut kept: std::fs::File, dry_run: bool, mailboxes: &[Looked]) -> anyhow::Result<()> {
        kept.rewind()?;
        output::raw("{\n  \"reports\": [")?;
        for (n, row) in BufReader::new(kept).lines().enumerate() {
            output::raw(format!("{}\n    {}", if n == 0 { "" } else { "," }, row?))?;
        }
        let rest = json!({
            "unread": self.unread, "read": self.tally.read, "done": self.tally.done, "dry_run": dry_run,
            "mailboxes": mailboxes,
        });
        let rest = serde_json::to_string_pretty(&rest)?;
        output::line(format!("\n  ],{}", rest.trim_start_matches('{')))
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
