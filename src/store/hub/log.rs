//! What the hub did, for staff: subscribers, what was told of when and to how many.

use serde::Serialize;

use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// One subscriber, or hub elsewhere, as staff see it.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The topic.
    pub topic: String,
    /// Where it is told.
    pub callback: String,
    /// Whether it is a hub elsewhere.
    pub hub: bool,
    /// Until when, for a subscriber.
    pub until: Option<Instant>,
    /// When it was last told.
    pub told_at: Option<Instant>,
    /// Since when it has not been reached.
    pub failing_since: Option<Instant>,
    /// What it last said.
    pub said: Option<String>,
}

const SUBSCRIBERS: &str = "SELECT topic, callback, kind, lease_until, told_at, failing_since, said FROM hub_subscribers
     WHERE id > $1 ORDER BY id LIMIT $2";
const NEXT: &str = "SELECT id FROM hub_subscribers WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2";

/// `most` of them after the one with that number, and the number to go on from; `None` where these are the last.
///
/// # Errors
/// What the database says.
pub async fn subscribers(tx: &mut Tx, after: i64, most: i64) -> Result<(Vec<Standing>, Option<i64>), StoreError> {
    let instant = |micros: Option<i64>| micros.map(from_micros);
    let rows = tx.q(SUBSCRIBERS).bind(after).bind(most).all().await?;
    let found = rows
        .iter()
        .map(|row| {
            Ok(Standing {
                topic: row.get(0)?,
                callback: row.get(1)?,
                hub: row.get::<i64>(2)? == 1,
                until: instant(row.get(3)?),
                told_at: instant(row.get(4)?),
                failing_since: instant(row.get(5)?),
                said: row.get(6)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let last = tx.q(NEXT).bind(after).bind(most - 1).optional().await?;
    Ok((found, last.map(|row| row.get(0)).transpose()?))
}

const COUNTS: &str = "SELECT topic, CAST(COUNT(*) AS BIGINT), CAST(COUNT(failing_since) AS BIGINT) FROM hub_subscribers
     WHERE kind = 0 GROUP BY topic ORDER BY topic";

/// By topic: subscribers, and how many of them have not been reached the last time.
///
/// # Errors
/// What the database says.
pub async fn standing(tx: &mut Tx) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let rows = tx.q(COUNTS).all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

/// One line of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Pinged {
    /// When.
    pub at: Instant,
    /// The topic, or `purge`.
    pub topic: String,
    /// Its version.
    pub version: i64,
    /// How many were told; of `purge`, how many addresses.
    pub told: i64,
    /// How many attempts failed.
    pub failed: i64,
    /// What was said.
    pub said: Option<String>,
}

const PINGS: &str = "SELECT at, topic, version, told, failed, said FROM hub_pings ORDER BY at DESC, id DESC LIMIT $1";

/// The last of them, the newest first.
///
/// # Errors
/// What the database says.
pub async fn pings(tx: &mut Tx, most: i64) -> Result<Vec<Pinged>, StoreError> {
    let rows = tx.q(PINGS).bind(most).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Pinged {
                at: from_micros(row.get(0)?),
                topic: row.get(1)?,
                version: row.get(2)?,
                told: row.get(3)?,
                failed: row.get(4)?,
                said: row.get(5)?,
            })
        })
        .collect()
}

const TOTAL: &str =
    "SELECT CAST(COALESCE(SUM(told), 0) AS BIGINT), CAST(COALESCE(SUM(failed), 0) AS BIGINT) FROM hub_pings
     WHERE topic <> 'purge'";

/// How many were told in the last thirty days, and how many attempts failed.
///
/// # Errors
/// What the database says.
pub async fn pinged(tx: &mut Tx) -> Result<(i64, i64), StoreError> {
    let row = tx.q(TOTAL).one().await?;
    Ok((row.get(0)?, row.get(1)?))
}

const LOG: &str = "INSERT INTO hub_pings (at, topic, version, told, failed, said) VALUES ($1, $2, $3, $4, $5, $6)";

/// Writes a line of another kind.
///
/// # Errors
/// What the database says.
pub async fn log(tx: &mut Tx, line: &Pinged) -> Result<(), StoreError> {
    let query = tx.q(LOG).bind(line.at.timestamp_micros()).bind(line.topic.as_str()).bind(line.version);
    query.bind(line.told).bind(line.failed).bind(line.said.clone()).execute().await?;
    Ok(())
}

const FORGET: &str = "DELETE FROM hub_pings WHERE at < $1";

/// Forgets lines from before `since`.
///
/// # Errors
/// What the database says.
pub async fn forget_old(tx: &mut Tx, since: Instant) -> Result<(), StoreError> {
    tx.q(FORGET).bind(since.timestamp_micros()).execute().await?;
    Ok(())
}
