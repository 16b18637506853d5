//! What is wrong with a configuration: every fault, each with file, line and key.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::tree::Place;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line, counted from 1, where the file is at fault.
    pub line: Option<usize>,
    /// The environment variable, where one is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// The key, elements of lists by their names: `mail.relays.outbox.url`. Empty where none is to be named.
    pub key: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl Fault {
    pub(super) fn at(place: &Place, key: &str, reason: impl Into<String>) -> Fault {
        let (line, variable) = match place {
            Place::Line(line) => (Some(*line), None),
            Place::Variable(name) => (None, Some(name.clone())),
        };
        Fault { line, variable, key: key.to_owned(), reason: reason.into() }
    }
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
            if i > 0 {
                f.write_str("\n")?;
            }
            match (&fault.variable, fault.line) {
                (Some(variable), _) => write!(f, "{variable} (environment)")?,
                (None, Some(line)) => write!(f, "{}:{line}", self.file.display())?,
                (None, None) => write!(f, "{}", self.file.display())?,
            }
            match fault.key.as_str() {
                "" => write!(f, ": {}", fault.reason)?,
                key => write!(f, ": {key}: {}", fault.reason)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
