//! What is wrong with a configuration: every fault, each with file, line and key.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: the line, counted from 1; `None` for what the environment says or what is missing altogether.
    pub line: Option<usize>,
    /// The key: `mail.relays.outbox.url`.
    pub key: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            let end = if i + 1 < self.faults.len() { "\n" } else { "" };
            let file = self.file.display();
            match fault.line {
                Some(line) => write!(f, "{file}:{line}: {}: {}{end}", fault.key, fault.reason)?,
                None => write!(f, "{file}: {}: {}{end}", fault.key, fault.reason)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
