//! How a command ends: its exit code, and errors as sentences whose last line says what to do.

use std::fmt::{self, Display, Write as _};
use std::io::Write as _;
use std::process::ExitCode;

use serde::Serialize;

use super::output;
use crate::config::ConfigError;
use crate::delivery::DeliveryError;
use crate::service::ServiceError;
use crate::store::StoreError;
use crate::template::TemplateError;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done: 0.
    Done,
    /// Failed: 1.
    Failed,
    /// Wrong usage or configuration: 2.
    Usage,
    /// Done in part, what was left out is named: 3.
    Partly,
    /// Not done, and to be tried again by the mail server that asked: 75, the EX_TEMPFAIL of sysexits.h.
    Later,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partly => 3,
            Exit::Later => 75,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Wrong usage: what was asked cannot be done as asked. Ends with exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// An error with the sentence that says what to do about it.
#[derive(Debug)]
struct Advised {
    advice: String,
    source: anyhow::Error,
}

impl Display for Advised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.source, f)
    }
}

impl std::error::Error for Advised {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// Adds what to do to an error: the last line that people read.
pub trait Advice<T> {
    /// The sentence that says what to do.
    ///
    /// # Errors
    /// The error, with the advice.
    fn advise(self, advice: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advice<T> for Result<T, E> {
    fn advise(self, advice: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| Advised { advice: advice.into(), source: error.into() }.into())
    }
}

/// Standard output was closed by its reader (`herald … | head`): no fault, and nothing more to say.
#[derive(Debug, thiserror::Error)]
#[error("standard output was closed")]
pub(super) struct Closed;

/// What programs read of an error: the document that `--json` gives in the place of a result.
#[derive(Serialize)]
struct Failure<'a> {
    /// The sentences that people read.
    error: &'a str,
    /// Each fault of files, where those are to blame.
    faults: Vec<serde_json::Value>,
}

/// Prints an error on standard error, with `--json` also as a document on standard output, and says with which code to end.
pub fn report(error: &anyhow::Error, json: bool) -> Exit {
    if error.is::<Closed>() {
        return Exit::Done;
    }
    let text = sentences(error);
    // Where standard error is closed too, nobody is left to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
    if json {
        let _ = output::json(&Failure { error: text.trim_start_matches("herald: ").trim_end(), faults: faults(error) });
    }
    exit_of(error)
}

/// Prints what is wrong with the arguments, or the help that they ask for.
pub fn refuse(error: &clap::Error) -> Exit {
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    // The arguments could not be read, so nobody has read --json either.
    if std::env::args_os().any(|argument| argument == "--json") {
        let text = error.render().to_string();
        let _ = output::json(&Failure { error: text.trim_start_matches("error: ").trim_end(), faults: Vec::new() });
    }
    Exit::Usage
}

/// The faults of files that an error holds, each as `herald check --json` has it.
fn faults(error: &anyhow::Error) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    for cause in error.chain() {
        if let Some(wrong) = cause.downcast_ref::<ConfigError>() {
            all.extend(wrong.faults.iter().filter_map(|fault| serde_json::to_value(fault).ok()));
        }
        let template = match cause.downcast_ref::<ServiceError>() {
            Some(ServiceError::Template(error)) => Some(error),
            _ => cause.downcast_ref::<TemplateError>(),
        };
        if let Some(TemplateError::Fault(fault)) = template {
            all.extend(serde_json::to_value(fault));
        }
    }
    all
}

/// The exit code that an error asks for.
fn exit_of(error: &anyhow::Error) -> Exit {
    let wrong = error.chain().any(|cause| cause.is::<Usage>() || cause.is::<ConfigError>());
    if wrong { Exit::Usage } else { Exit::Failed }
}

/// An error as people read it: what happened, why, and what to do; one line each.
fn sentences(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let line = cause.to_string();
        // Many errors already print their cause within their own sentence.
        if !text.contains(&line) {
            let _ = writeln!(text, "{}{line}", if text.is_empty() { "herald: " } else { "  because: " });
        }
    }
    for cause in error.chain() {
        if let Some(advised) = cause.downcast_ref::<Advised>() {
            let _ = writeln!(text, "{}", advised.advice);
            return text;
        }
    }
    if let Some(advice) = error.chain().find_map(of_store).and_then(store_advice) {
        let _ = writeln!(text, "{advice}");
    }
    text
}

/// The store's own error, where a stage passed it on as it was.
fn of_store<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a StoreError> {
    let delivery = match cause.downcast_ref::<ServiceError>() {
        Some(ServiceError::Store(error)) => return Some(error),
        Some(ServiceError::Delivery(error)) => Some(error),
        _ => cause.downcast_ref::<DeliveryError>(),
    };
    match delivery {
        Some(DeliveryError::Store(error)) => Some(error),
        _ => cause.downcast_ref::<StoreError>(),
    }
}

/// What to do about an error of the store.
fn store_advice(error: &StoreError) -> Option<&'static str> {
    if error.is_full() {
        return Some(
            "Nothing that was reported as done is lost. Make room on the disk, and run the same command again.",
        );
    }
    match error {
        StoreError::Url(_) => Some("Set [store] url in config.toml, for example to sqlite://var/herald.db."),
        StoreError::Folder { .. } => Some("Make that folder writable for this user, or name another in [store] url."),
        StoreError::Database(_) => Some("Look whether the database runs and [store] in config.toml names it rightly."),
        StoreError::Migration(_) => {
            Some("The store was made by another version of Herald. Use that one, or a newer one.")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_met_while_sending_says_what_to_do() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = StoreError::Journal { path: "herald.db.sent".into(), source: full };
        let text = sentences(&ServiceError::Delivery(DeliveryError::Store(error)).into());
        assert!(text.lines().last().is_some_and(|line| line.contains("Make room on the disk")), "{text}");
    }

    #[test]
    fn an_error_ends_with_what_to_do_and_repeats_no_cause() {
        let failed: Result<(), StoreError> = Err(StoreError::Url("mysql://x".to_owned()));
        let error = failed.advise("Do this.").unwrap_err().context("the list was not read");
        let text = sentences(&error);
        assert_eq!(text.lines().last(), Some("Do this."), "{text}");
        assert_eq!(text.matches("mysql").count(), 1, "{text}");
        assert_eq!(exit_of(&error), Exit::Failed);
    }

    #[test]
    fn wrong_usage_ends_with_two() {
        let error = anyhow::Error::new(Usage("no such newsletter".to_owned())).context("send");
        assert_eq!(exit_of(&error), Exit::Usage);
    }
}
