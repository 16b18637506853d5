//! When sources were read: whether the house still hears from them.

use super::{StoreError, Tx};
use crate::clock::{Instant, from_micros};

const READ_TIMES: &str = "SELECT name, last_read_at FROM sources ORDER BY name";

/// Each source that the store knows, with the last time it was read to the end.
///
/// # Errors
/// What the database says.
pub async fn read_times(tx: &mut Tx) -> Result<Vec<(String, Option<Instant>)>, StoreError> {
    let rows = tx.q(READ_TIMES).all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get::<Option<i64>>(1)?.map(from_micros)))).collect()
}
