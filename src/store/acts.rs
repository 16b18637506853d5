//! The log of who did what to an edition, an article or an account, and why. It is only ever added to.

use serde::Serialize;

use super::{Row, StoreError, Tx};
use crate::article::ArticleId;
use crate::clock::{Instant, from_micros};

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// When.
    pub at: Instant,
    /// Who: a name of staff, `schedule`, or a user of the machine.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// Why, where they said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

const NOTE: &str = "INSERT INTO acts (at, edition, who, what, why) VALUES ($1, $2, $3, $4, $5)";

/// Writes it down; `edition` where it is about one.
///
/// # Errors
/// What the database says.
pub async fn note(tx: &mut Tx, edition: Option<i64>, act: &Act) -> Result<(), StoreError> {
    let query = tx.q(NOTE).bind(act.at.timestamp_micros()).bind(edition).bind(act.who.as_str());
    query.bind(act.what.as_str()).bind(act.why.clone()).execute().await?;
    Ok(())
}

const NOTE_ARTICLE: &str = "INSERT INTO acts (at, article, who, what, why) VALUES ($1, $2, $3, $4, $5)";

/// Writes down what was done to an article.
///
/// # Errors
/// What the database says.
pub async fn note_article(tx: &mut Tx, article: ArticleId, act: &Act) -> Result<(), StoreError> {
    let query = tx.q(NOTE_ARTICLE).bind(act.at.timestamp_micros()).bind(article.to_string()).bind(act.who.as_str());
    query.bind(act.what.as_str()).bind(act.why.clone()).execute().await?;
    Ok(())
}

fn act_of(row: &Row) -> Result<Act, StoreError> {
    Ok(Act { at: from_micros(row.get(0)?), who: row.get(1)?, what: row.get(2)?, why: row.get(3)? })
}

const OF: &str = "SELECT at, who, what, why FROM acts WHERE edition = $1 ORDER BY id";

/// What was done to an edition, in order.
///
/// # Errors
/// What the database says.
pub async fn of(tx: &mut Tx, edition: i64) -> Result<Vec<Act>, StoreError> {
    tx.q(OF).bind(edition).all().await?.iter().map(act_of).collect()
}

const OF_ARTICLE: &str = "SELECT at, who, what, why FROM acts WHERE article = $1 ORDER BY id";

/// What staff did to an article, in order.
///
/// # Errors
/// What the database says.
pub async fn of_article(tx: &mut Tx, article: ArticleId) -> Result<Vec<Act>, StoreError> {
    tx.q(OF_ARTICLE).bind(article.to_string()).all().await?.iter().map(act_of).collect()
}
