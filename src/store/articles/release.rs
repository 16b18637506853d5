//! Going public is an event: at its instant an article gets the next number of one sequence.

use super::{read_id, read_instant, rows};
use crate::article::ArticleId;
use crate::clock::Instant;
use crate::store::{StoreError, Tx};

// Taking the counter's row first makes whoever else releases wait for us, on both databases.
const LOCK: &str = "UPDATE counters SET value = value WHERE name = 'public_seq' RETURNING value";
const ADVANCE: &str = "UPDATE counters SET value = value + $1 WHERE name = 'public_seq'";
// What comes back after an absence keeps its number where a newsletter has printed it, or where it is
// archive: it is no news a second time. Otherwise it takes a new one, so that no newsletter misses it.
const RELEASE: &str = "
    UPDATE articles SET
        public_seq = CASE WHEN d.keeps THEN articles.public_seq ELSE $1 + d.place END,
        public_at = CASE WHEN d.keeps THEN articles.public_at ELSE $2 END,
        archive = CASE WHEN d.returns THEN articles.archive ELSE d.archive END,
        removed = NULL, due_at = NULL
    FROM (
        SELECT w.id, w.returns, w.keeps, w.archive, ROW_NUMBER() OVER (ORDER BY w.keeps, w.due_at, w.published, w.id) AS place
        FROM (
            SELECT a.id, a.due_at, a.published, a.public_seq IS NOT NULL AS returns,
                a.public_seq IS NOT NULL AND (a.archive = 1
                    OR EXISTS (SELECT 1 FROM edition_articles e WHERE e.story = a.story AND e.article = a.id)) AS keeps,
                CASE WHEN EXISTS (SELECT 1 FROM sources s WHERE s.name = a.source AND s.first_read_at IS NULL)
                    THEN 1 ELSE 0 END AS archive
            FROM articles a WHERE a.due_at IS NOT NULL AND a.due_at <= $2
        ) w
    ) d
    WHERE articles.id = d.id
    RETURNING articles.id, articles.public_seq";

/// Makes public what is due at `now`: each gets the next number of the sequence, in the order in which
/// they were due. What a source brings on its first read is marked as archive.
///
/// # Errors
/// What the database says.
pub async fn release_due(tx: &mut Tx, now: Instant) -> Result<Vec<ArticleId>, StoreError> {
    let last: i64 = tx.q(LOCK).one().await?.get(0)?;
    let released = tx.q(RELEASE).bind(last).bind(now.timestamp_micros()).all().await?;
    let mut numbered = Vec::with_capacity(released.len());
    for row in &released {
        numbered.push((row.get::<i64>(1)?, read_id(row, 0)?));
    }
    numbered.sort_unstable();
    let highest = numbered.last().map_or(last, |(seq, _)| *seq);
    if highest > last {
        tx.q(ADVANCE).bind(highest - last).execute().await?;
    }
    let released: Vec<ArticleId> = numbered.into_iter().map(|(_, id)| id).collect();
    let aside = super::scripts::in_the_way(tx, &released).await?;
    if !aside.is_empty() {
        super::scripts::follow(tx, &aside, &[], now).await?;
    }
    Ok(released)
}

const NEXT_DUE: &str = "SELECT MIN(due_at) FROM articles WHERE due_at IS NOT NULL";

/// When the next article that is held back may go public.
///
/// # Errors
/// What the database says.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Instant>, StoreError> {
    read_instant(&tx.q(NEXT_DUE).one().await?, 0)
}

const LAST_SEQ: &str = "SELECT value FROM counters WHERE name = 'public_seq'";

/// The last number that was given.
///
/// # Errors
/// What the database says.
pub async fn last_public_seq(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.q(LAST_SEQ).one().await?.get(0)
}

const REMOVE: &str = "
    UPDATE articles SET removed = COALESCE(removed, $2), due_at = NULL,
        slug = CASE WHEN public_seq IS NULL THEN id ELSE slug END
    WHERE id IN (SELECT r.value ->> 0 FROM json_each($1) r) AND (removed IS NULL OR due_at IS NOT NULL)";

/// Takes articles out of every outlet because their source has them no more; how many it were. They keep
/// their ids and, where they were public, their addresses, and come back by [`super::take_in`] when the source has them again.
///
/// # Errors
/// What the database says.
pub async fn remove(tx: &mut Tx, articles: &[ArticleId], now: Instant) -> Result<u64, StoreError> {
    super::stories::let_go(tx, articles).await?;
    let removed = tx.q(REMOVE).bind(rows(articles)?).bind(now.timestamp_micros()).execute().await?;
    super::scripts::follow(tx, articles, &[], now).await?;
    Ok(removed)
}
