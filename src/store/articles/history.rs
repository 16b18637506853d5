//! What was changed of an article, when, and by whom.

use super::{read_revisions, revision_sql};
use crate::article::{ArticleId, Revision};
use crate::clock::{Instant, from_micros};
use crate::store::acts::{self, Act};
use crate::store::{StoreError, Tx};

/// One state of an article in its history.
#[derive(Clone, Debug)]
pub struct State {
    /// When it was taken in or decided.
    pub at: Instant,
    /// Who made it; `None`: its source.
    pub who: Option<String>,
    /// The state.
    pub revision: Revision,
}

const STATES: &str = revision_sql!(
    ", r.at, r.who FROM articles a JOIN revisions r ON r.article = a.id WHERE a.id = $1 ORDER BY r.number"
);

/// Every state of an article, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn states(tx: &mut Tx, article: ArticleId) -> Result<Vec<State>, StoreError> {
    let rows = tx.q(STATES).bind(article.to_string()).all().await?;
    let states = read_revisions(&rows)?;
    let both = rows.iter().zip(states);
    both.map(|(row, revision)| Ok(State { at: from_micros(row.get(12)?), who: row.get(13)?, revision })).collect()
}

/// What staff did to it, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn deeds(tx: &mut Tx, article: ArticleId) -> Result<Vec<Act>, StoreError> {
    acts::of_article(tx, article).await
}
