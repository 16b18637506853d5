//! A question before what cannot be undone.

use std::io::{BufRead, IsTerminal, Write};

use super::{Advice, Usage};

/// Asks on the terminal; `true` only for a yes. Without a terminal nobody can answer, so it refuses.
///
/// # Errors
/// There is no terminal; the command then ends with exit code 2.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Usage(format!("{question} Nobody is here to answer: this is no terminal.")))
            .advise("Add --yes where the answer is yes.");
    }
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
