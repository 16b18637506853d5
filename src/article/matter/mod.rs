//! Front matter: what a file says about itself before its text.
//!
//! 1. [`split`] finds the block: YAML between `---`, TOML between `+++`, JSON, or `Title: …` lines.
//! 2. [`tree`] is what any of them is read into ([`yaml`], [`toml`], JSON), each value with its line.
//! 3. [`fields`] reads it into [`Matter`]: [`times`] the dates, [`holds`] what keeps an article back, [`pictures`], [`people`].
//!    By which names sites of every kind call the same thing, [`keys`] knows alone.
//! 4. [`near`] asks about keys that nobody reads and that look like one that would be read.
//!
//! A block that cannot be read keeps its article out: the key that could not be read may have been its embargo.

mod data;
mod fields;
mod holds;
pub mod keys;
mod near;
mod people;
mod pictures;
mod split;
#[cfg(test)]
mod tests;
mod times;
mod toml;
mod tree;
mod yaml;

pub use fields::{Matter, Settings};
pub use pictures::Lead;
pub use split::{Block, Kind, Split, split};
pub use tree::{Node, Value, same_key};

use super::Fault;

/// Collects what is wrong with one file.
#[derive(Debug)]
pub struct Complaints {
    file: String,
    faults: Vec<Fault>,
}

impl Complaints {
    /// Nothing is wrong yet with this file.
    pub fn of(file: &str) -> Self {
        Complaints { file: file.to_owned(), faults: Vec::new() }
    }

    /// Something that does not keep the article out.
    pub fn warn(&mut self, line: impl Into<Option<usize>>, reason: impl Into<String>) {
        self.faults.push(Fault { file: self.file.clone(), line: line.into(), reason: reason.into(), fatal: false });
    }

    /// Something that keeps the article out.
    pub fn refuse(&mut self, line: impl Into<Option<usize>>, reason: impl Into<String>) {
        self.faults.push(Fault { file: self.file.clone(), line: line.into(), reason: reason.into(), fatal: true });
    }

    /// Whether the article is kept out.
    pub fn is_refused(&self) -> bool {
        self.faults.iter().any(|fault| fault.fatal)
    }

    /// What is wrong: what keeps it out first, then by line, each thing once.
    pub fn into_faults(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|fault| (!fault.fatal, fault.line));
        self.faults.dedup();
        self.faults
    }
}

/// A block that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterError {
    /// The line in the file, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// Reads a block into a tree; the lines of its nodes are those of the file.
///
/// # Errors
/// [`MatterError`]: broken YAML, TOML or JSON, too deep, too much of it.
pub fn parse(block: &Block<'_>, complaints: &mut Complaints) -> Result<Node, MatterError> {
    let root = match block.kind {
        Kind::Yaml => yaml::parse(block.text, block.line, complaints)?,
        Kind::Toml => toml::parse(block.text, block.line)?,
        Kind::Json => data::json(block.text, block.line)?,
        Kind::Lines => data::lines(block.text, block.line),
    };
    match root.value {
        Value::Map(_) => Ok(root),
        Value::Text { ref text, .. } if text.is_empty() => Ok(Node::map(block.line)),
        _ => Err(MatterError {
            line: block.line,
            reason: "the front matter holds no keys; write lines like `title: …`".to_owned(),
        }),
    }
}
