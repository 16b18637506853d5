//! The keyring: signing keys for tokens, kept here so that each backup has them.

use super::{StoreError, Tx};
use crate::secret::{self, Keyring};

const COUNT: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM keyring";
// Two instances may open a new PostgreSQL at the same moment: one key is the first.
const FIRST: &str = "INSERT INTO keyring (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
const ALL: &str = "SELECT id, secret FROM keyring ORDER BY id";

/// Makes the first key where there is none.
pub(super) async fn ensure(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.q(COUNT).one().await?.get::<i64>(0)? == 0 {
        let key = secret::random_key().map_err(|_| StoreError::Random)?;
        tx.q(FIRST).bind(key.to_vec()).execute().await?;
    }
    Ok(())
}

/// All keys, oldest first.
///
/// # Errors
/// What the database says.
pub async fn ring(tx: &mut Tx) -> Result<Keyring, StoreError> {
    let mut keys = Vec::new();
    for row in tx.q(ALL).all().await? {
        let id = u8::try_from(row.get::<i64>(0)?).map_err(|e| StoreError::Content(format!("keyring: {e}")))?;
        let secret: Vec<u8> = row.get(1)?;
        let secret = <[u8; 32]>::try_from(secret.as_slice())
            .map_err(|_| StoreError::Content(format!("keyring: key {id} is not 32 bytes long")))?;
        keys.push((id, secret));
    }
    Ok(Keyring::new(keys))
}
