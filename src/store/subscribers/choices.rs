//! What people decide for themselves: leaving, coming back, preferences. No import undoes any of it.

use crate::audience::{Choices, How, Reason};
use crate::clock::Instant;
use crate::secret::Keyring;
use crate::store::{StoreError, Tx, suppressions};

use super::address;

/// What leaving found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// They have left now.
    Left,
    /// They had left before.
    Already,
    /// There is nobody of that number: they were forgotten.
    Nobody,
}

const LEAVE: &str = "INSERT INTO departures (subscriber, newsletter, at, how)
    SELECT s.id, $2, $3, $4 FROM subscribers s WHERE s.id = $1
    ON CONFLICT DO NOTHING";
const EXISTS: &str = "SELECT id FROM subscribers WHERE id = $1";

/// Somebody leaves one newsletter. Doing it twice is doing it once.
///
/// # Errors
/// What the database says.
pub async fn leave(
    tx: &mut Tx,
    newsletter: i64,
    subscriber: i64,
    how: How,
    now: Instant,
) -> Result<Leaving, StoreError> {
    let query = tx.q(LEAVE).bind(subscriber).bind(newsletter).bind(now.timestamp_micros()).bind(how.word());
    if query.execute().await? > 0 {
        return Ok(Leaving::Left);
    }
    let there = tx.q(EXISTS).bind(subscriber).optional().await?.is_some();
    Ok(if there { Leaving::Already } else { Leaving::Nobody })
}

const REJOIN: &str = "DELETE FROM departures WHERE subscriber = $1 AND newsletter = $2";

/// Somebody takes back that they left a newsletter. Whether they had.
///
/// # Errors
/// What the database says.
pub async fn rejoin(tx: &mut Tx, newsletter: i64, subscriber: i64) -> Result<bool, StoreError> {
    Ok(tx.q(REJOIN).bind(subscriber).bind(newsletter).execute().await? > 0)
}

const MAILBOX: &str = "SELECT mailbox FROM subscribers WHERE id = $1";

/// Somebody leaves everything we send, now and later: their address is suppressed.
///
/// # Errors
/// What the database says.
pub async fn leave_all(
    tx: &mut Tx,
    ring: &Keyring,
    subscriber: i64,
    how: How,
    now: Instant,
) -> Result<Leaving, StoreError> {
    let Some(row) = tx.q(MAILBOX).bind(subscriber).optional().await? else { return Ok(Leaving::Nobody) };
    let address = address(&row.get::<String>(0)?)?;
    let new = suppressions::suppress(tx, ring, &address, Reason::Left, Some(how.word()), now).await?;
    Ok(if new { Leaving::Left } else { Leaving::Already })
}

/// Somebody takes back that they left everything. What else stands against their address stays. Whether they had.
///
/// # Errors
/// What the database says.
pub async fn rejoin_all(tx: &mut Tx, ring: &Keyring, subscriber: i64) -> Result<bool, StoreError> {
    let Some(row) = tx.q(MAILBOX).bind(subscriber).optional().await? else { return Ok(false) };
    let address = address(&row.get::<String>(0)?)?;
    suppressions::lift(tx, ring, &address, Some(Reason::Left)).await
}

const CHOOSE: &str = "UPDATE subscribers SET chosen = $2 WHERE id = $1";

/// Keeps what somebody chose on their preferences page: `choices`, and of the newsletters shown to
/// them those they want (`wanted`) and those they don't (`unwanted`), by number. `false`: there is nobody of that number.
///
/// # Errors
/// What the database says.
pub async fn set_preferences(
    tx: &mut Tx,
    subscriber: i64,
    choices: &Choices,
    wanted: &[i64],
    unwanted: &[i64],
    now: Instant,
) -> Result<bool, StoreError> {
    if tx.q(CHOOSE).bind(subscriber).bind(serde_json::to_string(choices)?).execute().await? == 0 {
        return Ok(false);
    }
    // A handful at most: the newsletters of one house.
    for newsletter in wanted {
        rejoin(tx, *newsletter, subscriber).await?;
    }
    for newsletter in unwanted {
        leave(tx, *newsletter, subscriber, How::Preferences, now).await?;
    }
    Ok(true)
}
