//! What was found when an edition was looked at before it goes out, kept with it, and what staff decided about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::article::Language;
use crate::clock::Instant;
use crate::store::{StoreError, Tx};

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The mail would be wrong: staff decides.
    Holds,
    /// Worth a look.
    Warning,
}

/// What was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A picture of which nobody said what it shows.
    Alt,
    /// A link or picture without a whole address.
    Relative,
    /// No way to leave.
    Unsubscribe,
    /// A part, or the subject, that says nothing.
    Empty,
    /// A line that mail does not allow.
    Line,
    /// Something a template or an author forgot.
    Leftover,
    /// So much HTML that a reader's provider cuts it off.
    Size,
    /// A link into the newsroom that nothing answers.
    Dead,
    /// Links whose words say nothing.
    Words,
    /// No postal address.
    Address,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How grave it is.
    pub level: Level,
    /// What was looked for.
    pub what: What,
    /// The language of the article, or of the mail.
    pub language: Language,
    /// The article's slug; `None`: it is about the mail as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// The article's headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is wrong, and what to do.
    pub reason: String,
    /// What staff decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
}

/// A decision of staff's that something may go out as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
}

impl Finding {
    /// Whether it holds the edition until somebody decides.
    pub fn holds(&self) -> bool {
        self.level == Level::Holds && self.decided.is_none()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.says(f, self.language.as_str())
    }
}

impl Finding {
    fn says(&self, f: &mut impl fmt::Write, languages: &str) -> fmt::Result {
        match (&self.title, &self.article) {
            (Some(title), Some(slug)) => write!(f, "“{title}” ({slug}, {languages}): {}", self.reason),
            _ => write!(f, "the mail in {languages}: {}", self.reason),
        }
    }
}

/// Findings as people read them: what is the same in several languages is one line.
pub fn lines<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<(&'a Finding, String)> {
    let mut lines: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let same = |other: &Finding| {
            (&other.reason, &other.article, other.level, &other.decided)
                == (&finding.reason, &finding.article, finding.level, &finding.decided)
        };
        match lines.iter_mut().find(|(other, _)| same(other)) {
            Some((_, languages)) => languages.push(finding.language.as_str()),
            None => lines.push((finding, vec![finding.language.as_str()])),
        }
    }
    let said = |(finding, languages): (&'a Finding, Vec<&str>)| {
        let mut line = String::new();
        // Writing into a String does not fail.
        let _ = finding.says(&mut line, &languages.join(", "));
        (finding, line)
    };
    lines.into_iter().map(said).collect()
}

const OF: &str = "SELECT findings FROM editions WHERE id = $1";

/// What was found in an edition, the gravest first.
///
/// # Errors
/// What the database says.
pub async fn of(tx: &mut Tx, edition: i64) -> Result<Vec<Finding>, StoreError> {
    match tx.q(OF).bind(edition).optional().await? {
        Some(row) => Ok(serde_json::from_str(&row.get::<String>(0)?)?),
        None => Ok(Vec::new()),
    }
}

const SETTLED: &str = "UPDATE editions SET reason = $2 WHERE id = $1 AND state = 'held'";

/// What held an edition is decided; it is still held, for another reason.
///
/// # Errors
/// What the database says.
pub async fn settled(tx: &mut Tx, edition: i64, reason: &str) -> Result<(), StoreError> {
    tx.q(SETTLED).bind(edition).bind(reason).execute().await?;
    Ok(())
}

const NOTE: &str = "UPDATE editions SET findings = $2 WHERE id = $1";

/// Keeps what was found in an edition.
///
/// # Errors
/// What the database says.
pub async fn note(tx: &mut Tx, edition: i64, findings: &[Finding]) -> Result<(), StoreError> {
    tx.q(NOTE).bind(edition).bind(serde_json::to_string(findings)?).execute().await?;
    Ok(())
}
