//! Taking again what did not get through for a passing reason, or of which nobody knows whether it did.

use crate::clock::Instant;
use crate::store::deliveries::{GIVEN_UP, seal};
use crate::store::{StoreError, Tx};

/// What is taken again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Copies that were refused for now until they were given up.
    pub refused: u64,
    /// Copies without an answer that were held for staff.
    pub unknown: u64,
}

const REFUSED: &str = "UPDATE deliveries SET state = 0, next_at = $2 \
     WHERE edition = $1 AND state = 4 AND (code BETWEEN 400 AND 499 OR line LIKE $3)";
const UNKNOWN: &str =
    "UPDATE deliveries SET next_at = $2 WHERE edition = $1 AND state = 7 AND next_at = 9223372036854775807";
const REOPEN: &str = "UPDATE editions SET state = 'queued', finished_at = NULL, ledger = 0, ledger_at = NULL WHERE id = $1 AND state = 'done'";

/// Lets go once more what of an edition failed for a passing reason, or is unknown and held; an edition that was done goes
/// on. The server's words stay until there are newer ones. Who must not be written to any more is left out by the claim.
///
/// # Errors
/// What the database says.
pub async fn retry(tx: &mut Tx, edition: i64, now: Instant) -> Result<Retried, StoreError> {
    // What is kept no longer cannot go out again; what is sealed goes on in rows, beside its blocks.
    if seal::hold(tx, edition).await?.is_none_or(|ledger| ledger > 1) {
        return Ok(Retried::default());
    }
    let at = now.timestamp_micros();
    let refused = tx.q(REFUSED).bind(edition).bind(at).bind(format!("{GIVEN_UP}%")).execute().await?;
    let unknown = tx.q(UNKNOWN).bind(edition).bind(at).execute().await?;
    if refused + unknown > 0 {
        tx.q(REOPEN).bind(edition).execute().await?;
    }
    Ok(Retried { refused, unknown })
}
