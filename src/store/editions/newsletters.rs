//! What Herald remembers of a newsletter: since when it knows it, and what its editions have seen.

use serde::{Deserialize, Serialize};

use crate::article::{Language, StoryId};
use crate::clock::{Instant, from_micros};
use crate::store::{Row, StoreError, Tx};

/// A newsletter as the store remembers it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewsletterRow {
    /// Number of the row, which links for leaving name.
    pub id: i64,
    /// Its name in the configuration.
    pub name: String,
    /// When Herald first knew of it.
    pub known_since: Instant,
    /// What had gone public by then.
    pub known_seq: i64,
    /// What went public up to here has been looked at; `None` before the first edition.
    pub last_seq: Option<i64>,
    /// The last slot for which an edition was made, or decided against.
    pub last_slot: Option<Instant>,
    /// Stories that some languages have yet to get.
    pub waiting: Vec<Waiting>,
}

/// A story that readers of some languages have yet to get (`missing = "wait:…"`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The story.
    pub story: StoryId,
    /// The languages that wait.
    pub languages: Vec<Language>,
    /// Until when; then they get the original.
    pub until: Instant,
}

const ALL: &str = "SELECT id, name, known_since, known_seq, last_seq, last_slot, waiting FROM newsletters ORDER BY id";

fn row_of(row: &Row) -> Result<NewsletterRow, StoreError> {
    Ok(NewsletterRow {
        id: row.get(0)?,
        name: row.get(1)?,
        known_since: from_micros(row.get(2)?),
        known_seq: row.get(3)?,
        last_seq: row.get(4)?,
        last_slot: row.get::<Option<i64>>(5)?.map(from_micros),
        waiting: serde_json::from_str(&row.get::<String>(6)?)?,
    })
}

/// All newsletters that Herald has ever known, in the order in which it learnt of them.
///
/// # Errors
/// What the database says.
pub async fn newsletters(tx: &mut Tx) -> Result<Vec<NewsletterRow>, StoreError> {
    tx.q(ALL).all().await?.iter().map(row_of).collect()
}

const BY_NAME: &str = "SELECT id FROM newsletters WHERE name = $1";

/// The number of the newsletter of that name, once Herald knows it.
///
/// # Errors
/// What the database says.
pub async fn newsletter_id(tx: &mut Tx, name: &str) -> Result<Option<i64>, StoreError> {
    tx.q(BY_NAME).bind(name).optional().await?.map(|row| row.get(0)).transpose()
}

const ENSURE: &str = "INSERT INTO newsletters (name, known_since, known_seq) \
     SELECT r.value ->> 0, $2, c.value FROM json_each($1) r JOIN counters c ON c.name = 'public_seq' WHERE TRUE \
     ON CONFLICT (name) DO NOTHING";

/// Notes the newsletters of these names as known since `now`, where they are not known yet, and gives
/// all that are named.
///
/// # Errors
/// What the database says.
pub async fn ensure_newsletters(
    tx: &mut Tx,
    names: &[impl AsRef<str>],
    now: Instant,
) -> Result<Vec<NewsletterRow>, StoreError> {
    let wanted: Vec<[&str; 1]> = names.iter().map(|name| [name.as_ref()]).collect();
    tx.q(ENSURE).bind(serde_json::to_string(&wanted)?).bind(now.timestamp_micros()).execute().await?;
    let mut known = newsletters(tx).await?;
    known.retain(|row| wanted.contains(&[row.name.as_str()]));
    Ok(known)
}

const LOOKED: &str = "UPDATE newsletters SET last_seq = $2, last_slot = $3, waiting = $4 WHERE id = $1 \
     AND last_seq IS NOT DISTINCT FROM $5 AND last_slot IS NOT DISTINCT FROM $6";

/// Moves the marks of a newsletter from those of `before`; `false` where somebody else has moved them
/// since `before` was read, and nothing was changed.
///
/// # Errors
/// What the database says.
pub async fn move_marks(
    tx: &mut Tx,
    before: &NewsletterRow,
    last_seq: Option<i64>,
    last_slot: Option<Instant>,
    waiting: &[Waiting],
) -> Result<bool, StoreError> {
    let moved = tx
        .q(LOOKED)
        .bind(before.id)
        .bind(last_seq)
        .bind(last_slot.map(|slot| slot.timestamp_micros()))
        .bind(serde_json::to_string(waiting)?)
        .bind(before.last_seq)
        .bind(before.last_slot.map(|slot| slot.timestamp_micros()))
        .execute()
        .await?;
    Ok(moved == 1)
}
