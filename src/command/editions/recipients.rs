//! `herald editions show ID --recipients`: what became of each copy, as a table, as JSON, or as a CSV file.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Context, Exit, Store, found, kept_until, output};
use crate::audience::csv::Writer;
use crate::command::Table;
use crate::store::deliveries::State;
use crate::store::deliveries::recipients::{self, Recipient};
use crate::store::deliveries::seal::{self, Ledger};

/// Readers are read so many at a time: as many as a block of the ledger holds, so that none is opened ten times.
const PAGE: i64 = 10_000;
/// So many lines of a table are shown where nobody says otherwise.
const LINES: i64 = 50;

/// Which readers, and where they are written.
#[derive(Debug, Default, clap::Args)]
pub struct Which {
    /// Each reader, with what became of their copy and the server's words.
    #[arg(long)]
    pub recipients: bool,
    /// Only those whose copy stands so: queued, sending, sent, deferred, failed, suppressed, cancelled, unknown.
    #[arg(long, value_name = "STATE", requires = "recipients", value_parser = state)]
    pub state: Option<State>,
    /// At most so many; 0: all of them. A table shows 50 where this is left out.
    #[arg(long, requires = "recipients")]
    pub limit: Option<i64>,
    /// Go on after this reader's number, that of the last line.
    #[arg(long, value_name = "NUMBER", requires = "recipients", default_value_t = 0)]
    pub after: i64,
    /// Write them into this file, as CSV.
    #[arg(long, value_name = "FILE", requires = "recipients")]
    pub csv: Option<PathBuf>,
    /// That file as Excel opens it: semicolons, and nothing in it is taken for a formula.
    #[arg(long, requires = "csv")]
    pub excel: bool,
}

fn state(text: &str) -> Result<State, String> {
    let words = || State::ALL.map(State::word).join(", ");
    State::ALL.into_iter().find(|state| state.word() == text).ok_or_else(|| format!("it is one of {}", words()))
}

/// Reads on from where the last page ended.
struct Pages<'a> {
    store: &'a Store,
    edition: i64,
    state: Option<State>,
    after: i64,
    /// So many are still wanted.
    left: i64,
}

impl Pages<'_> {
    async fn next(&mut self) -> anyhow::Result<Vec<Recipient>> {
        let limit = self.left.min(PAGE);
        let mut tx = self.store.read().await?;
        let page = recipients::page(&mut tx, self.edition, self.state, self.after, limit).await?;
        self.left -= page.len() as i64;
        self.after = page.last().map_or(self.after, |last| last.subscriber);
        Ok(page)
    }
}

pub(super) async fn run(cx: &Context, store: &Store, id: i64, which: Which) -> anyhow::Result<Exit> {
    found(store, id).await?;
    if let Ledger::Gone(at) = seal::ledger(&mut store.read().await?, id).await? {
        anyhow::bail!("{}", kept_until(cx, at));
    }
    let usual = if cx.frame.json || which.csv.is_some() { 0 } else { LINES };
    let limit = which.limit.unwrap_or(usual);
    let left = if limit > 0 { limit } else { i64::MAX };
    let mut pages = Pages { store, edition: id, state: which.state, after: which.after, left };
    match &which.csv {
        Some(path) => {
            let people = to_file(&mut pages, which.excel, path).await?;
            if cx.frame.json {
                output::json(&serde_json::json!({ "edition": id, "file": path, "recipients": people }))?;
            } else {
                output::note(format!("{people} recipients of edition {id} written to {}", path.display()));
            }
        }
        None if cx.frame.json => json(&mut pages).await?,
        None => table(cx, &mut pages).await?,
    }
    Ok(Exit::Done)
}

/// One JSON document, by pages: an edition may have more readers than fit into memory.
async fn json(pages: &mut Pages<'_>) -> anyhow::Result<()> {
    let mut joint = "[\n";
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        for recipient in page {
            output::raw(format!("{joint}{}", serde_json::to_string(&recipient)?))?;
            joint = ",\n";
        }
    }
    output::line(if joint.starts_with('[') { "[]" } else { "\n]" })
}

async fn table(cx: &Context, pages: &mut Pages<'_>) -> anyhow::Result<()> {
    let mut table = Table::new([">NO.", "ADDRESS", "STATE", ">ATTEMPTS", "LAST", "NEXT", ">CODE", "THE SERVER SAID"]);
    let mut count = 0;
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        count += page.len();
        for one in page {
            let next = match one.held {
                true => "staff decide".to_owned(),
                false => one.next_at.map_or(String::new(), |at| cx.when(at)),
            };
            table.row([
                one.subscriber.to_string(),
                one.address.unwrap_or_else(|| "forgotten".to_owned()),
                one.state.to_string(),
                one.attempts.to_string(),
                one.at.map_or(String::new(), |at| cx.when(at)),
                next,
                one.code.map_or(String::new(), |code| code.to_string()),
                said(one.line, one.returned),
            ]);
        }
    }
    if count == 0 {
        return output::line("No recipients, or none of that state.");
    }
    table.print()?;
    pages.left = 1;
    let last = pages.after;
    if !pages.next().await?.is_empty() {
        output::note(format!("There are more than these {count}; --after {last} goes on, --limit 0 shows all."));
    }
    Ok(())
}

/// What the relay said, and what came back later.
fn said(line: Option<String>, returned: Option<String>) -> String {
    match (line.unwrap_or_default(), returned) {
        (line, None) => line,
        (line, Some(returned)) => format!("{line}; came back: {returned}"),
    }
}

/// Beside the file first, so that a half-written one never stands under its name.
async fn to_file(pages: &mut Pages<'_>, excel: bool, path: &Path) -> anyhow::Result<usize> {
    let named = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(named)?;
    let mut writer = Writer::new(BufWriter::new(file.as_file_mut()), excel).with_context(named)?;
    let columns = [
        "email", "number", "language", "state", "attempts", "at", "next_at", "held", "code", "enhanced", "line",
        "returned",
    ];
    writer.write(columns).with_context(named)?;
    let mut people = 0;
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            break;
        }
        people += page.len();
        for one in &page {
            let when = |at: Option<crate::clock::Instant>| {
                at.map_or(String::new(), |at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            };
            let cells = [
                one.address.clone().unwrap_or_default(),
                one.subscriber.to_string(),
                one.language.clone().unwrap_or_default(),
                one.state.word().to_owned(),
                one.attempts.to_string(),
                when(one.at),
                when(one.next_at),
                if one.held { "yes".to_owned() } else { String::new() },
                one.code.map_or(String::new(), |code| code.to_string()),
                one.enhanced.clone().unwrap_or_default(),
                one.line.clone().unwrap_or_default(),
                one.returned.clone().unwrap_or_default(),
            ];
            writer.write(cells.iter().map(String::as_str)).with_context(named)?;
        }
    }
    writer.flush().with_context(named)?;
    drop(writer);
    file.as_file().sync_all().with_context(named)?;
    file.persist(path).with_context(named)?;
    Ok(people)
}
