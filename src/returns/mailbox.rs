//! The mailboxes of `[mail.returns]`, one after the other. One that cannot be read holds up nothing else.

use std::fmt;

use serde::Serialize;

use super::{Applied, Desk, Tally, imap, maildir};
use crate::config::{Config, Imap};
use crate::store::StoreError;

/// Messages of one look at a mailbox; the next one goes on.
pub(super) const MOST: usize = 2000;
/// Messages of one transaction.
pub(super) const BATCH: usize = 100;

/// What a look into a mailbox brought.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Looked {
    /// The mailbox.
    pub mailbox: String,
    /// What was read.
    #[serde(flatten)]
    pub tally: Tally,
    /// Whether there is more to read.
    pub more: bool,
    /// Why it could not be read, or not to its end: the key, and what to do.
    pub failed: Option<String>,
}

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failed {
            Some(reason) => write!(f, "Returns: {}: {reason}", self.mailbox),
            None if self.more => write!(f, "Returns: {}: {} More wait for the next look.", self.mailbox, self.tally),
            None => write!(f, "Returns: {}: {}", self.mailbox, self.tally),
        }
    }
}

/// A mailbox cannot be read, or the store not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Mailbox(String),
}

/// Looks into each mailbox of the configuration once; `each` is told of every message.
///
/// # Errors
/// What the database says.
pub async fn read_mailboxes(
    config: &Config,
    desk: &Desk<'_>,
    each: &mut (dyn FnMut(String, Applied) + Send),
) -> Result<Vec<Looked>, StoreError> {
    let mut all = Vec::new();
    let Some(returns) = &config.mail.returns else { return Ok(all) };
    if let Some(url) = &returns.imap {
        let mut looked = Looked::default();
        let done = match Imap::of(url) {
            Ok(to) => {
                looked.mailbox = to.to_string();
                imap::read(config, returns, to, desk, &mut looked, each).await
            }
            Err(reason) => Err(Trouble::Mailbox(format!("it {reason}"))),
        };
        all.push(ended("imap", looked, done)?);
    }
    if let Some(folder) = &returns.maildir {
        let folder = config.path(folder);
        let mut looked = Looked { mailbox: folder.display().to_string(), ..Looked::default() };
        let done = maildir::read(&folder, desk, &mut looked, each).await;
        all.push(ended("maildir", looked, done)?);
    }
    Ok(all)
}

fn ended(key: &str, mut looked: Looked, done: Result<(), Trouble>) -> Result<Looked, StoreError> {
    match done {
        Ok(()) => {}
        Err(Trouble::Store(error)) => return Err(error),
        Err(Trouble::Mailbox(reason)) => {
            looked.more = false;
            looked.failed = Some(format!("[mail.returns] {key}: {reason}"));
        }
    }
    Ok(looked)
}
