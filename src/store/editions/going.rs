//! How an edition goes at this moment: what waits and why, and how fast the rest leaves.

use serde::Serialize;

use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// Copies that wait for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// The server's code and enhanced code where it refused them for now, else our words.
    pub why: String,
    /// How many.
    pub copies: i64,
    /// When the first of them may go.
    pub from: Instant,
}

const WAITS: &str = "SELECT code, enhanced, why, CAST(COUNT(*) AS BIGINT), CAST(MIN(next_at) AS BIGINT)
    FROM (SELECT CAST(code AS BIGINT) AS code, enhanced, next_at, CASE WHEN code IS NULL THEN line END AS why,
            CASE WHEN code IS NULL AND line = $2 THEN next_at ELSE 0 END AS day
        FROM deliveries WHERE edition = $1 AND state = 3) w
    GROUP BY code, enhanced, why, day ORDER BY 5, 4 DESC LIMIT 40";

/// What of an edition is deferred and why: by the server's code, by our words, and by its day where it waits for that.
///
/// # Errors
/// What the database says.
pub async fn waits(tx: &mut Tx, edition: i64) -> Result<Vec<Wait>, StoreError> {
    let rows = tx.q(WAITS).bind(edition).bind(super::ramp::RAMP).all().await?;
    rows.iter()
        .map(|row| {
            let code = row.get::<Option<i64>>(0)?.map(|code| code.to_string());
            let words = [code, row.get(1)?, row.get(2)?].into_iter().flatten().collect::<Vec<String>>();
            let why = if words.is_empty() { "no connection".to_owned() } else { words.join(" ") };
            Ok(Wait { why, copies: row.get(3)?, from: from_micros(row.get(4)?) })
        })
        .collect()
}

const LATELY: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM deliveries WHERE edition = $1 AND state = 2 AND at >= $2";

/// How many copies of an edition were handed over since that instant.
///
/// # Errors
/// What the database says.
pub async fn lately(tx: &mut Tx, edition: i64, since: Instant) -> Result<i64, StoreError> {
    tx.q(LATELY).bind(edition).bind(since.timestamp_micros()).one().await?.get(0)
}

const DUE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM deliveries
    WHERE edition = $1 AND state IN (0, 1, 3, 7) AND (state = 1 OR next_at <= $2)";

/// How many copies of an edition could go now, or are on the wire.
///
/// # Errors
/// What the database says.
pub async fn due(tx: &mut Tx, edition: i64, now: Instant) -> Result<i64, StoreError> {
    tx.q(DUE).bind(edition).bind(now.timestamp_micros()).one().await?.get(0)
}
