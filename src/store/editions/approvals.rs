//! Who has approved an edition. A row counts only where its signature does (`edition::approve`); here it is kept.
//!
//! 1. An edition that needs approval is frozen as held. [`unasked`] are those of which nobody has been told.
//! 2. [`add`] keeps an approval; with the last one [`complete`] lets the edition go at its time.
//! 3. [`spoilt`] finds editions whose articles changed under approvals, [`take_back`] takes these away.

use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

use super::states::{Trouble, trouble_of, troubled};
use super::{Edition, edition_of, editions};

/// One person's approval of one edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The account.
    pub staff: i64,
    /// Their name.
    pub name: String,
    /// The hash that they approved.
    pub hash: String,
    /// When.
    pub at: Instant,
    /// Why an admin sent it alone, where one did.
    pub alone: Option<String>,
    /// The signature over all of it.
    pub signature: String,
}

const OF: &str = "SELECT p.staff, s.name, p.hash, p.at, p.alone, p.signature FROM approvals p \
     JOIN staff s ON s.id = p.staff WHERE p.edition = $1 ORDER BY p.at, p.staff";

/// The approvals of an edition, in order.
///
/// # Errors
/// What the database says.
pub async fn of(tx: &mut Tx, edition: i64) -> Result<Vec<Approval>, StoreError> {
    let rows = tx.q(OF).bind(edition).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Approval {
                staff: row.get(0)?,
                name: row.get(1)?,
                hash: row.get(2)?,
                at: from_micros(row.get(3)?),
                alone: row.get(4)?,
                signature: row.get(5)?,
            })
        })
        .collect()
}

// One that a person gave for what the edition was before is in the place of nothing.
const ADD: &str = "INSERT INTO approvals (edition, staff, hash, at, alone, signature) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (edition, staff) DO UPDATE SET hash = excluded.hash, at = excluded.at, alone = excluded.alone, \
     signature = excluded.signature";

/// Keeps an approval.
///
/// # Errors
/// What the database says.
pub async fn add(tx: &mut Tx, edition: i64, given: &Approval) -> Result<(), StoreError> {
    let query = tx.q(ADD).bind(edition).bind(given.staff).bind(given.hash.as_str()).bind(given.at.timestamp_micros());
    query.bind(given.alone.clone()).bind(given.signature.as_str()).execute().await?;
    Ok(())
}

const NEWEST: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM revisions";

/// The newest revision of any article: up to which somebody who looks now has seen what became of them.
///
/// # Errors
/// What the database says.
pub async fn newest_revision(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.q(NEWEST).one().await?.get(0)
}

const SEEN: &str = "UPDATE editions SET reason = $2, seen_revision = $3 WHERE id = $1";

/// Writes why it still waits, and up to which revision its articles are known to who has looked.
///
/// # Errors
/// What the database says.
pub async fn still_waits(tx: &mut Tx, edition: i64, reason: &str, seen: i64) -> Result<(), StoreError> {
    tx.q(SEEN).bind(edition).bind(reason).bind(seen).execute().await?;
    Ok(())
}

const COMPLETE: &str = "UPDATE editions SET approved_at = $2, seen_revision = $3, start_at = $4, reason = $5, \
     state = CASE WHEN $6 = 1 THEN 'queued' ELSE state END \
     WHERE id = $1 AND needs > 0 AND approved_at IS NULL AND state IN ('held', 'paused')";

/// All who must have approved it: it goes at `start_at`, or stays where it is for `held`'s reason. `false` where it does not
/// wait for that any more.
///
/// # Errors
/// What the database says.
pub async fn complete(
    tx: &mut Tx,
    edition: i64,
    now: Instant,
    seen: i64,
    start_at: Instant,
    held: Option<&str>,
) -> Result<bool, StoreError> {
    let query = tx.q(COMPLETE).bind(edition).bind(now.timestamp_micros()).bind(seen);
    let query = query.bind(start_at.timestamp_micros()).bind(held.map(str::to_owned)).bind(i64::from(held.is_none()));
    Ok(query.execute().await? == 1)
}

const SPOILT: &str = troubled!(
    "e.needs > 0 AND e.state NOT IN ('done', 'cancelled') \
     AND (e.approved_at IS NOT NULL OR EXISTS (SELECT 1 FROM approvals p WHERE p.edition = e.id)) \
     AND (e.state NOT IN ('queued', 'sending') OR e.filled = 0 OR EXISTS \
     (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.state IN (0, 1, 3)))",
    "e.seen_revision"
);

/// Editions with approvals, one of whose articles was corrected, withdrawn, removed or put under embargo since.
///
/// # Errors
/// What the database says.
pub async fn spoilt(tx: &mut Tx) -> Result<Vec<Trouble>, StoreError> {
    tx.q(SPOILT).all().await?.iter().map(trouble_of).collect()
}

const FORGET: &str = "DELETE FROM approvals WHERE edition = $1";
const TAKE_BACK: &str = "UPDATE editions SET approved_at = NULL, asked_at = NULL, state = $2, reason = $3, \
     seen_revision = (SELECT COALESCE(MAX(id), 0) FROM revisions) WHERE id = $1 AND state NOT IN ('done', 'cancelled')";

/// Takes all approvals of an edition away: it is held again, or paused where a part of it has left.
///
/// # Errors
/// What the database says.
pub async fn take_back(tx: &mut Tx, edition: i64, has_left: bool, reason: &str) -> Result<(), StoreError> {
    tx.q(FORGET).bind(edition).execute().await?;
    let state = if has_left { "paused" } else { "held" };
    tx.q(TAKE_BACK).bind(edition).bind(state).bind(reason).execute().await?;
    Ok(())
}

const UNASKED: &str = editions!(
    "WHERE e.needs > 0 AND e.state NOT IN ('done', 'cancelled') AND e.approved_at IS NULL AND e.asked_at IS NULL \
     AND e.state IN ('held', 'paused') ORDER BY e.id"
);

/// Editions that wait for approval, and of which those who may give it have not been told.
///
/// # Errors
/// What the database says.
pub async fn unasked(tx: &mut Tx) -> Result<Vec<Edition>, StoreError> {
    tx.q(UNASKED).all().await?.iter().map(edition_of).collect()
}

const ASKED: &str = "UPDATE editions SET asked_at = $2 WHERE id = $1 AND asked_at IS NULL";

/// Notes that they have been told; `false` where somebody else has done so.
///
/// # Errors
/// What the database says.
pub async fn asked(tx: &mut Tx, edition: i64, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.q(ASKED).bind(edition).bind(now.timestamp_micros()).execute().await? == 1)
}
