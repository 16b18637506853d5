//! What reading a source brought, for the log, the terminal and `--json`.

use std::fmt;

use serde::Serialize;

use crate::article::Fault;

/// How many faults the log names; the account of the command names all.
const NAMED: usize = 20;

/// What reading a source brought.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReadReport {
    /// The source.
    pub source: String,
    /// How many files there are.
    pub files: usize,
    /// Articles that were not known.
    pub new: usize,
    /// Articles with a new revision.
    pub changed: usize,
    /// Articles whose file is gone.
    pub gone: usize,
    /// How many went public with the first read.
    pub public: usize,
    /// What is wrong with files: all of it, whether read now or before.
    pub faults: Vec<Fault>,
    /// How many of the faults this read found.
    pub new_faults: usize,
    /// Why the source could not be read at all, or not wholly.
    pub failed: Option<String>,
}

impl ReadReport {
    pub(super) fn failed(source: &str, reason: String) -> Self {
        ReadReport { source: source.to_owned(), failed: Some(reason), ..Default::default() }
    }

    /// Whether something was rejected.
    pub fn is_partial(&self) -> bool {
        self.failed.is_some() || self.faults.iter().any(|fault| fault.fatal)
    }

    /// Whether an outlet may look different now.
    pub fn has_news(&self) -> bool {
        self.new + self.changed + self.gone > 0
    }

    /// Says in the log what is new; nothing where nothing is.
    pub fn log(&self) {
        if let Some(reason) = &self.failed {
            tracing::error!("source {}: {reason}", self.source);
        }
        if self.has_news() {
            tracing::info!("{self}");
        }
        if self.new_faults > 0 {
            for fault in self.faults.iter().filter(|fault| fault.fatal).take(NAMED) {
                tracing::warn!("source {}: {fault}; it is left out", self.source);
            }
            let warnings = self.faults.iter().filter(|fault| !fault.fatal).count();
            if warnings > 0 {
                tracing::info!("source {}: {warnings} smaller faults; `herald check` names each", self.source);
            }
        }
    }
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source {}: {} {}", self.source, self.files, if self.files == 1 { "file" } else { "files" })?;
        for (count, what) in [(self.new, "new"), (self.changed, "changed"), (self.gone, "gone")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        let fatal = self.faults.iter().filter(|fault| fault.fatal).count();
        if fatal > 0 {
            write!(f, ", {fatal} left out for a fault")?;
        }
        if !self.has_news() && fatal == 0 {
            write!(f, ", nothing new")?;
        }
        f.write_str(".")?;
        for fault in self.faults.iter().filter(|fault| fault.fatal) {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}
