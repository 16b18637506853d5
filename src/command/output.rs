//! Results on standard output. A reader that went away (`herald … | head`) ends the command without a word.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

use super::exit::Closed;

/// Prints one line (or several) on standard output.
///
/// # Errors
/// Standard output cannot be written to.
pub fn line(text: impl Display) -> anyhow::Result<()> {
    written(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints a text that brings its own line ends, or bytes, on standard output.
///
/// # Errors
/// Standard output cannot be written to.
pub fn raw(bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes.as_ref()).and_then(|()| out.flush()))
}

/// Prints one JSON document: what `--json` asks for.
///
/// # Errors
/// Standard output cannot be written to.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?)
}

/// A line on standard error for the person who waits: a question, a hint, what is being done.
pub fn note(text: impl Display) {
    // Where nobody reads standard error, nobody misses it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn written(done: io::Result<()>) -> anyhow::Result<()> {
    match done {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        Err(error) => Err(anyhow::Error::new(error).context("standard output cannot be written to")),
    }
}
