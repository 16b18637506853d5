//! What stands in the way of an edition that is due: noticed, raised as an alarm, over, and forgotten once everybody knows.

use super::editions::{Edition, edition_of, editions};
use super::{StoreError, Tx};
use crate::clock::{Instant, from_micros};

/// One cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its name: `held:12`, `failed:daily`, `relay`.
    pub cause: String,
    /// Why, in the words of the log.
    pub words: String,
    /// The edition, where it is about one.
    pub edition: Option<i64>,
    /// When it was noticed.
    pub seen_at: Instant,
    /// Since when it is an alarm.
    pub raised_at: Option<Instant>,
    /// Since when it is over.
    pub over_at: Option<Instant>,
    /// Whether the webhook has taken it.
    pub called: bool,
}

const ALL: &str =
    "SELECT cause, words, edition, seen_at, raised_at, over_at, called FROM alarms ORDER BY seen_at, cause";

/// All that are remembered, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn all(tx: &mut Tx) -> Result<Vec<Alarm>, StoreError> {
    let rows = tx.q(ALL).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Alarm {
                cause: row.get(0)?,
                words: row.get(1)?,
                edition: row.get(2)?,
                seen_at: from_micros(row.get(3)?),
                raised_at: row.get::<Option<i64>>(4)?.map(from_micros),
                over_at: row.get::<Option<i64>>(5)?.map(from_micros),
                called: row.get::<i64>(6)? != 0,
            })
        })
        .collect()
}

const KEEP: &str = "INSERT INTO alarms (cause, words, edition, seen_at, raised_at, over_at, called) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (cause) DO UPDATE SET words = excluded.words, \
     raised_at = excluded.raised_at, over_at = excluded.over_at, called = excluded.called";

/// Writes one as it stands now.
///
/// # Errors
/// What the database says.
pub async fn keep(tx: &mut Tx, alarm: &Alarm) -> Result<(), StoreError> {
    let micros = |at: Option<Instant>| at.map(|at| at.timestamp_micros());
    let query = tx.q(KEEP).bind(alarm.cause.as_str()).bind(alarm.words.as_str()).bind(alarm.edition);
    let query = query.bind(alarm.seen_at.timestamp_micros()).bind(micros(alarm.raised_at)).bind(micros(alarm.over_at));
    query.bind(i64::from(alarm.called)).execute().await?;
    Ok(())
}

const FORGET: &str = "DELETE FROM alarms WHERE cause = $1";

/// Forgets one.
///
/// # Errors
/// What the database says.
pub async fn forget(tx: &mut Tx, cause: &str) -> Result<(), StoreError> {
    tx.q(FORGET).bind(cause).execute().await?;
    Ok(())
}

const STOOD: &str =
    editions!("WHERE e.state IN ('held', 'paused') AND (e.start_at <= $1 OR e.state = 'paused') ORDER BY e.id");

/// Editions that are held or paused although they were to have begun.
///
/// # Errors
/// What the database says.
pub async fn standing(tx: &mut Tx, now: Instant) -> Result<Vec<Edition>, StoreError> {
    tx.q(STOOD).bind(now.timestamp_micros()).all().await?.iter().map(edition_of).collect()
}

const UNTRIED: &str = editions!(
    "WHERE e.state IN ('queued', 'sending') AND e.start_at < $1 AND e.filled = 1 \
     AND EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.state IN (0, 1, 3, 7) AND d.next_at < $1) \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.attempts > 0) ORDER BY e.id"
);

/// Editions that were to have begun before `since`, with copies that may go and of which none has been tried.
///
/// # Errors
/// What the database says.
pub async fn untried(tx: &mut Tx, since: Instant) -> Result<Vec<Edition>, StoreError> {
    tx.q(UNTRIED).bind(since.timestamp_micros()).all().await?.iter().map(edition_of).collect()
}

const EDITIONS: &str = "SELECT state, CAST(COUNT(*) AS BIGINT) FROM editions GROUP BY state ORDER BY state";
const DELIVERIES: &str = "SELECT CAST(d.state AS BIGINT), CAST(COUNT(*) AS BIGINT) FROM editions e \
     JOIN deliveries d ON d.edition = e.id WHERE e.state IN ('queued', 'sending') GROUP BY d.state ORDER BY d.state";

/// How many editions are in each state, and how many copies of those that are going out, by [`super::deliveries::State`]'s number.
///
/// # Errors
/// What the database says.
pub async fn numbers(tx: &mut Tx) -> Result<(Vec<(String, i64)>, Vec<(i64, i64)>), StoreError> {
    let mut editions = Vec::new();
    for row in tx.q(EDITIONS).all().await? {
        editions.push((row.get(0)?, row.get(1)?));
    }
    let mut copies = Vec::new();
    for row in tx.q(DELIVERIES).all().await? {
        copies.push((row.get(0)?, row.get(1)?));
    }
    Ok((editions, copies))
}
