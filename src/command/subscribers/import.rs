//! `herald subscribers import`.

use std::io::IsTerminal;
use std::path::Path;

use chrono::Duration;
use indicatif::{ProgressBar, ProgressStyle};

use super::super::{Advice, Context, Exit, output};
use crate::clock::{Clock, Instant};
use crate::source::lists::{Kind, ListError, ListReport, Taking, take_file};

/// So many of each kind are named on the terminal; `--json` has them all.
const SHOWN: usize = 10;

pub(super) async fn run(cx: &mut Context, file: &Path, list: &str, taking: Taking) -> anyhow::Result<Exit> {
    super::known_list(cx, list)?;
    let store = cx.store().await?;
    let mut progress = Progress::new(cx);
    let mut tell = |read, all| progress.at(read, all);
    let taken = take_file(&store, &cx.config, &cx.clock, list, file, taking, &mut tell).await;
    progress.end();
    let report = match taken {
        Err(error @ ListError::Store(_)) => {
            return Err(error)
                .advise("What was taken in so far stays; run the same command again, it goes on from there.");
        }
        Err(error) => return Err(error).advise("Nothing was changed. Mend the file and run the same command again."),
        Ok(report) => report,
    };
    let report = if taking.remove_missing || is_of_list(cx, list, file) { report } else { without_missing(report) };
    if cx.frame.json {
        output::json(&report)?;
    } else {
        print(&report, taking)?;
    }
    Ok(if report.rejected > 0 { Exit::Partly } else { Exit::Done })
}

/// Whether it is the list's own file, and so says who is on it.
fn is_of_list(cx: &Context, list: &str, file: &Path) -> bool {
    let own = cx.config.lists.iter().find(|known| known.name == list).and_then(|known| known.file.as_ref());
    own.is_some_and(|own| {
        let own = std::fs::canonicalize(cx.config.path(own)).ok();
        own.is_some() && own == std::fs::canonicalize(file).ok()
    })
}

/// A file that only brings more people does not miss the others.
fn without_missing(mut report: ListReport) -> ListReport {
    report.missing = 0;
    report.named.retain(|named| named.kind != Kind::Missing);
    report
}

fn print(report: &ListReport, taking: Taking) -> anyhow::Result<()> {
    let would = if report.dry_run { "would be taken in (nothing was changed)" } else { "taken in" };
    output::line(format!(
        "{} of {} {would} for list {}: {}.",
        if report.rows == 1 { "1 row".to_owned() } else { format!("{} rows", report.rows) },
        report.file,
        report.list,
        report.summary()
    ))?;
    for kind in Kind::ALL {
        let count = report.count_of(kind);
        if count == 0 {
            continue;
        }
        output::line(format!("\n{} ({count}):", heading(kind)))?;
        for named in report.of(kind).take(SHOWN) {
            let line = named.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let text = named.text.as_deref().map(|text| format!(" [{text}]")).unwrap_or_default();
            output::line(format!("  {line}{}{text}", named.reason))?;
        }
        if count > SHOWN as u64 {
            output::line(format!("  … and {} more; --json names them", count - SHOWN as u64))?;
        }
    }
    if report.missing > 0 && report.removed == 0 {
        let hint = match (taking.remove_missing, report.rejected > 0) {
            (true, true) => {
                "\nNobody was removed: a rejected row may be one of the missing. Mend the rejected rows first."
            }
            _ => "\nThose missing stay on the list; --remove-missing takes them off.",
        };
        output::line(hint)?;
    }
    if report.kept > 0 {
        output::line(
            "\nWho left stays out. `herald subscribers add ADDRESS --list LIST` brings back one who asks for it.",
        )?;
    }
    Ok(())
}

fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Rejected => "Rejected",
        Kind::Warning => "Taken, with something left out",
        Kind::Duplicate => "Repeated",
        Kind::Kept => "Kept as they decided",
        Kind::Suppressed => "Suppressed",
        Kind::Missing => "Missing from the file",
    }
}

/// How far a long import is: a bar on a terminal, elsewhere a line every ten seconds.
struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    clock: Clock,
    last: Instant,
}

impl Progress {
    fn new(cx: &Context) -> Self {
        let terminal = std::io::stderr().is_terminal() && !cx.frame.quiet;
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template("{bar:40} {percent}% of {total_bytes}, {eta} to go");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Progress { bar, quiet: cx.frame.quiet, clock: cx.clock.clone(), last: cx.clock.now() }
    }

    fn at(&mut self, read: u64, all: u64) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(all);
                bar.set_position(read);
            }
            None if !self.quiet && self.clock.now() - self.last >= Duration::seconds(10) => {
                self.last = self.clock.now();
                output::note(format!("{} % of the file is in", read * 100 / all.max(1)));
            }
            None => {}
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
