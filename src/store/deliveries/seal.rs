//! The ledger of an edition that is over, as it grows old: in rows, then sealed in blocks, then let go.
//!
//! 1. [`due`] names what is to be sealed: done or cancelled two days ago.
//! 2. [`seal`] turns the next rows into a block, one transaction of the caller's each; [`sealed`] says that all are.
//! 3. [`past`] names what has been kept long enough, and [`let_go`] takes it away, piece by piece: the counts stay.
//!
//! Each step may be the last one of a process: what is in a block is no row any more, by the same commit.

use chrono::Duration;

use super::block::{self, COPIES, Copy, Packed};
use crate::clock::{Instant, from_micros};
use crate::store::editions::states::counts;
use crate::store::{Row, StoreError, Tx};

/// How long an edition is over before it is sealed: what comes in late has come by then.
pub const REST: Duration = Duration::days(2);
/// Editions that are named at once.
const EDITIONS: i64 = 50;

/// How the ledger of an edition is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ledger {
    /// One row a copy.
    Rows,
    /// What was sent is in blocks, since then.
    Sealed(Instant),
    /// It was kept until then; the counts are left.
    Gone(Instant),
}

const LEDGER: &str = "SELECT ledger, ledger_at FROM editions WHERE id = $1";

/// How the ledger of an edition is kept.
///
/// # Errors
/// What the database says.
pub async fn ledger(tx: &mut Tx, edition: i64) -> Result<Ledger, StoreError> {
    let Some(row) = tx.q(LEDGER).bind(edition).optional().await? else { return Ok(Ledger::Rows) };
    let at = from_micros(row.get::<Option<i64>>(1)?.unwrap_or_default());
    Ok(match row.get::<i64>(0)? {
        0 => Ledger::Rows,
        1 => Ledger::Sealed(at),
        _ => Ledger::Gone(at),
    })
}

const DUE: &str = "SELECT id FROM editions WHERE ledger = 0 AND ledger < 3 AND finished_at <= $1
    AND state IN ('done', 'cancelled') ORDER BY finished_at LIMIT $2";

/// Editions whose ledger is to be sealed, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn due(tx: &mut Tx, now: Instant) -> Result<Vec<i64>, StoreError> {
    let rows = tx.q(DUE).bind((now - REST).timestamp_micros()).bind(EDITIONS).all().await?;
    rows.iter().map(|row| row.get(0)).collect()
}

// Held until the transaction ends, so that nobody else seals the edition, lets it go or takes it again meanwhile. SQLite has
// one writer anyway.
const HOLD_LITE: &str = "SELECT ledger FROM editions WHERE id = $1";
const HOLD_PG: &str = "SELECT ledger FROM editions WHERE id = $1 FOR UPDATE";

/// Keeps the edition for this transaction; the number of its ledger.
pub(in crate::store) async fn hold(tx: &mut Tx, edition: i64) -> Result<Option<i64>, StoreError> {
    tx.either(HOLD_LITE, HOLD_PG).bind(edition).optional().await?.map(|row| row.get(0)).transpose()
}

const SENT_LITE: &str =
    "SELECT subscriber, variant, choice, CAST(attempts AS BIGINT), at, CAST(code AS BIGINT), enhanced, line
    FROM deliveries WHERE edition = $1 AND subscriber > $2 AND state = 2 ORDER BY subscriber LIMIT $3";
const SENT_PG: &str =
    "SELECT subscriber, variant, choice, CAST(attempts AS BIGINT), at, CAST(code AS BIGINT), enhanced, line
    FROM deliveries WHERE edition = $1 AND subscriber > $2 AND state = 2 ORDER BY subscriber LIMIT $3 FOR UPDATE";
const BLOCK: &str =
    "INSERT INTO delivery_blocks (edition, first, last, copies, readers, outcomes) VALUES ($1, $2, $3, $4, $5, $6)";
const TAKE_OUT: &str =
    "DELETE FROM deliveries WHERE edition = $1 AND subscriber >= $2 AND subscriber <= $3 AND state = 2";

/// Seals the next copies of an edition after the reader of number `after`, one block; the number of the last one.
/// `None` where there is no more to seal.
///
/// # Errors
/// What the database says; nothing must be committed then.
pub async fn seal(tx: &mut Tx, edition: i64, after: i64) -> Result<Option<i64>, StoreError> {
    seal_some(tx, edition, after, COPIES).await
}

pub(super) async fn seal_some(tx: &mut Tx, edition: i64, after: i64, limit: usize) -> Result<Option<i64>, StoreError> {
    if hold(tx, edition).await? != Some(0) {
        return Ok(None);
    }
    let rows = tx.either(SENT_LITE, SENT_PG).bind(edition).bind(after).bind(limit as i64).all().await?;
    let copies = rows.iter().map(copy_of).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (copies.first(), copies.last()) else { return Ok(None) };
    let (first, last, count) = (first.subscriber, last.subscriber, copies.len() as u64);
    let Packed { readers, outcomes } = block::pack(&copies)?;
    let insert = tx.q(BLOCK).bind(edition).bind(first).bind(last).bind(count.cast_signed());
    insert.bind(readers).bind(outcomes).execute().await?;
    let taken = tx.q(TAKE_OUT).bind(edition).bind(first).bind(last).execute().await?;
    if taken != count {
        let what = format!("edition {edition}: {count} copies are in a block and {taken} were taken out of the rows");
        return Err(StoreError::Content(what));
    }
    Ok(Some(last))
}

fn copy_of(row: &Row) -> Result<Copy, StoreError> {
    Ok(Copy {
        subscriber: row.get(0)?,
        variant: row.get(1)?,
        choice: row.get::<i64>(2)? as u64,
        attempts: row.get(3)?,
        at: row.get(4)?,
        code: row.get(5)?,
        enhanced: row.get(6)?,
        line: row.get(7)?,
    })
}

const SEALED: &str = "UPDATE editions SET ledger = 1, ledger_at = $2 WHERE id = $1 AND ledger = 0
    AND state IN ('done', 'cancelled')";

/// Notes that everything of the edition is sealed that is to be; whether nobody had before.
///
/// # Errors
/// What the database says.
pub async fn sealed(tx: &mut Tx, edition: i64, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.q(SEALED).bind(edition).bind(now.timestamp_micros()).execute().await? == 1)
}

const PAST: &str = "SELECT id FROM editions WHERE ledger < 3 AND finished_at <= $1 AND state IN ('done', 'cancelled')
    ORDER BY finished_at LIMIT $2";

/// Editions that were over at `before` and whose ledger is still kept, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn past(tx: &mut Tx, before: Instant) -> Result<Vec<i64>, StoreError> {
    let rows = tx.q(PAST).bind(before.timestamp_micros()).bind(EDITIONS).all().await?;
    rows.iter().map(|row| row.get(0)).collect()
}

const CLOSE: &str = "UPDATE editions SET ledger = 2, ledger_at = $2, final_counts = $3 WHERE id = $1 AND ledger < 2
    AND state IN ('done', 'cancelled')";
// Ten blocks, ten thousand rows: not more than the writer can be kept for.
const NO_BLOCKS: &str = "DELETE FROM delivery_blocks WHERE edition = $1 AND first IN
    (SELECT first FROM delivery_blocks WHERE edition = $1 ORDER BY first LIMIT 10)";
const NO_ROWS: &str = "DELETE FROM deliveries WHERE edition = $1 AND subscriber IN
    (SELECT subscriber FROM deliveries WHERE edition = $1 ORDER BY subscriber LIMIT 10000)";
const GONE: &str = "UPDATE editions SET ledger = 3 WHERE id = $1 AND ledger = 2";

/// Lets go a piece of an edition's ledger; the first time its counts are noted, and nothing of it is shown from then on.
/// Whether there is more.
///
/// # Errors
/// What the database says.
pub async fn let_go(tx: &mut Tx, edition: i64, now: Instant) -> Result<bool, StoreError> {
    match hold(tx, edition).await? {
        Some(0 | 1) => {
            let counts = serde_json::to_string(&counts(tx, edition).await?)?;
            // Taken again meanwhile: it is not over any more.
            let closed = tx.q(CLOSE).bind(edition).bind(now.timestamp_micros()).bind(counts).execute().await?;
            Ok(closed == 1)
        }
        Some(2) => {
            let gone = tx.q(NO_BLOCKS).bind(edition).execute().await? + tx.q(NO_ROWS).bind(edition).execute().await?;
            if gone == 0 {
                tx.q(GONE).bind(edition).execute().await?;
            }
            Ok(gone > 0)
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests;
