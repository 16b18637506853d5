//! What became of a list's file: counts, and by name whatever was not simply taken.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::audience::csv::{Encoding, Fault};
use crate::audience::{Reason, Row, Verdict};
use crate::secret::masked;
use crate::store::subscribers::Outcome;

/// So many of each kind are named; the rest is counted.
pub const NAMED: usize = 1000;
/// So many of each kind go into the log.
const LOGGED: usize = 20;

/// Why something is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The row is left out.
    Rejected,
    /// The row is in, without something in it.
    Warning,
    /// The address stood in an earlier row, which was taken.
    Duplicate,
    /// They left, and that stays so.
    Kept,
    /// The address must not be written to, and that stays so.
    Suppressed,
    /// On the list, and no longer in the file.
    Missing,
}

impl Kind {
    /// Every kind, the gravest first.
    pub const ALL: [Kind; 6] =
        [Kind::Rejected, Kind::Warning, Kind::Duplicate, Kind::Kept, Kind::Suppressed, Kind::Missing];
}

/// One row or person that is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Why.
    pub kind: Kind,
    /// The line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The address, or what stands in its place: for staff's terminal, never for a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In words, without an address.
    pub reason: String,
}

/// What became of one list's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ListReport {
    /// The list.
    pub list: String,
    /// The file.
    pub file: String,
    /// How it is encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
    /// Nothing was changed: this is what would be.
    pub dry_run: bool,
    /// The file is as it was when it was last taken in, and was not read.
    pub unchanged_file: bool,
    /// Why nothing of the file was taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// A row could not be ended, and nothing after it was read.
    pub broken: bool,
    /// Rows in the file.
    pub rows: u64,
    /// New on the list.
    pub added: u64,
    /// On the list, with something changed.
    pub updated: u64,
    /// On the list, as they were.
    pub unchanged: u64,
    /// Left, and kept so.
    pub kept: u64,
    /// Suppressed, and kept so.
    pub suppressed: u64,
    /// Rows whose address stood in an earlier one.
    pub duplicates: u64,
    /// Rows left out, each with its reason.
    pub rejected: u64,
    /// Things left out of rows that were taken.
    pub warnings: u64,
    /// On the list, and no longer in the file.
    pub missing: u64,
    /// Of those, taken off the list.
    pub removed: u64,
    /// Whatever was not simply taken, at most [`NAMED`] of a kind.
    pub named: Vec<Named>,
}

impl ListReport {
    pub(super) fn new(list: &str, path: &Path, encoding: Encoding) -> Self {
        let mut report = ListReport {
            list: list.to_owned(),
            file: path.display().to_string(),
            encoding: Some(encoding.name()),
            ..ListReport::default()
        };
        if encoding != Encoding::Utf8 {
            report.warnings += 1;
            report.name(Kind::Warning, None, None, converted(encoding));
        }
        report
    }

    pub(super) fn unchanged_file(list: &str, path: &Path) -> Self {
        let (list, file) = (list.to_owned(), path.display().to_string());
        ListReport { list, file, unchanged_file: true, ..ListReport::default() }
    }

    pub(super) fn failed(list: &str, path: &Path, why: String) -> Self {
        let (list, file) = (list.to_owned(), path.display().to_string());
        ListReport { list, file, failed: Some(why), ..ListReport::default() }
    }

    /// Whether something was left out that somebody has to mend.
    pub fn is_partial(&self) -> bool {
        self.failed.is_some() || self.broken || self.rejected > 0
    }

    /// How many there are of a kind, named or not.
    pub fn count_of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Rejected => self.rejected,
            Kind::Warning => self.warnings,
            Kind::Duplicate => self.duplicates,
            Kind::Kept => self.kept,
            Kind::Suppressed => self.suppressed,
            Kind::Missing => self.missing,
        }
    }

    /// Those of a kind that are named.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Named> {
        self.named.iter().filter(move |named| named.kind == kind)
    }

    /// The counts in one line, those that are not nothing.
    pub fn summary(&self) -> String {
        let counts = [
            (self.added, "added"),
            (self.updated, "updated"),
            (self.unchanged, "unchanged"),
            (self.kept, "kept as they decided"),
            (self.suppressed, "suppressed"),
            (self.duplicates, "repeated"),
            (self.missing, "missing from the file"),
            (self.removed, "removed"),
            (self.rejected, "rejected"),
        ];
        let said: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        match (said.is_empty(), self.unchanged_file) {
            (false, _) => said.join(", "),
            (true, true) => "its file is as it was".to_owned(),
            (true, false) => "nobody is in its file".to_owned(),
        }
    }

    pub(super) fn count(&mut self, row: &Row, outcome: Outcome) {
        let address = || Some(row.address.to_string());
        let line = Some(row.line);
        match outcome {
            Outcome::Taken(Verdict::Added) => self.added += 1,
            Outcome::Taken(Verdict::Updated) => self.updated += 1,
            Outcome::Taken(Verdict::Unchanged) => self.unchanged += 1,
            Outcome::Taken(Verdict::Kept) => {
                self.kept += 1;
                self.name(
                    Kind::Kept,
                    line,
                    address(),
                    "they left or were taken off, and no file brings them back".to_owned(),
                );
            }
            Outcome::Taken(Verdict::Suppressed(reason)) => {
                self.suppressed += 1;
                let text = address().filter(|_| reason != Reason::Forgotten);
                self.name(Kind::Suppressed, line, text, why(reason).to_owned());
            }
            Outcome::Duplicate(first) => {
                self.duplicates += 1;
                let reason = match first {
                    Some(first) => format!("the address stands in line {first} already; that row was taken"),
                    None => "the address stands in an earlier row already; that one was taken".to_owned(),
                };
                self.name(Kind::Duplicate, line, address(), reason);
            }
        }
    }

    pub(super) fn missing(&mut self, address: &str) {
        self.missing += 1;
        self.name(Kind::Missing, None, Some(address.to_owned()), "is on the list and no longer in the file".to_owned());
    }

    pub(super) fn name_faults(&mut self, kind: Kind, faults: &[Fault]) {
        for fault in faults {
            match kind {
                Kind::Rejected => self.rejected += 1,
                _ => self.warnings += 1,
            }
            self.name(kind, Some(fault.line), fault.cell.clone(), sentence(fault));
        }
    }

    /// Names one that was counted already.
    fn name(&mut self, kind: Kind, line: Option<u64>, text: Option<String>, reason: String) {
        if self.count_of(kind) <= NAMED as u64 {
            self.named.push(Named { kind, line, text, reason });
        }
    }

    /// Tells the log what a person who runs the newsroom should know, with addresses masked. A file
    /// that is as it was is told about once.
    pub(super) fn log(&self) {
        if self.unchanged_file {
            return;
        }
        let (list, file) = (self.list.as_str(), self.file.as_str());
        if let Some(why) = &self.failed {
            tracing::error!(list, "the list was not taken in: {why}");
            return;
        }
        tracing::info!(list, file, "list taken in: {}", self.summary());
        for kind in [Kind::Rejected, Kind::Warning, Kind::Duplicate, Kind::Missing] {
            for named in self.of(kind).take(LOGGED) {
                let who = match (&named.text, kind) {
                    (Some(address), Kind::Duplicate | Kind::Missing) => format!("{} ", masked(address)),
                    _ => String::new(),
                };
                match named.line {
                    Some(line) => tracing::warn!(list, "{file}:{line}: {who}{}", named.reason),
                    None => tracing::warn!(list, "{file}: {who}{}", named.reason),
                }
            }
            let more = self.count_of(kind).saturating_sub(LOGGED as u64);
            if more > 0 {
                tracing::warn!(list, "{file}: and {more} more of this kind; `herald subscribers import` names them");
            }
        }
    }
}

/// One sentence: what became of the list.
impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failed {
            Some(why) => write!(f, "list {} was not taken in: {why}", self.list),
            None if self.unchanged_file => write!(f, "list {}: {} is as it was", self.list, self.file),
            None => write!(f, "list {}: {}", self.list, self.summary()),
        }
    }
}

/// A fault as a sentence without what stands in the cell.
pub(super) fn sentence(fault: &Fault) -> String {
    match &fault.column {
        Some(column) => format!("{column}: {}", fault.reason),
        None => fault.reason.clone(),
    }
}

/// What is said of a file that was not UTF-8.
pub(super) fn converted(encoding: Encoding) -> String {
    format!("the file was read as {}; save it as UTF-8 to be sure of every letter", encoding.name())
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Left => "they left everything, and that stays so",
        Reason::Complained => "they complained, and that stays so",
        Reason::Bounced => "mail to it comes back, and it stays out",
        Reason::Staff => "staff suppressed it, and that stays so",
        Reason::Forgotten => "this person asked to be forgotten, and stays out",
    }
}
