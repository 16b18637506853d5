//! The few statements where the two databases differ in kind, side by side so that a difference is seen.

use sqlx::Row as _;

use super::{Pools, StoreError, Tx};

/// Another process's commit changes this number. SQLite tells by itself, per connection, so the
/// writer's connection is not asked (its own commits must not count); PostgreSQL counts in a row.
pub(super) async fn version(pools: &Pools) -> Result<i64, StoreError> {
    Ok(match pools {
        Pools::Lite { write, .. } => sqlx::query("PRAGMA data_version").fetch_one(write).await?.try_get(0)?,
        Pools::Pg(pool) => {
            sqlx::query("SELECT CAST(COALESCE(SUM(value), 0) AS BIGINT) FROM counters WHERE name = 'wishes'")
                .fetch_one(pool)
                .await?
                .try_get(0)?
        }
    })
}

/// Takes what has been erased out of SQLite's log of changes too, where earlier states of a page stand until it is written
/// back. PostgreSQL keeps no such file that we could reach; its own vacuum does that in time.
pub(super) async fn scrub(pools: &Pools) -> Result<(), StoreError> {
    if let Pools::Lite { write, .. } = pools {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await?;
    }
    Ok(())
}

const WISH: &str = "UPDATE counters SET value = value + 1 WHERE name = 'wishes'";

/// Tells a running daemon to look again, once this transaction is committed. On SQLite the commit
/// itself is noticed; PostgreSQL needs the counter.
///
/// # Errors
/// What the database says.
pub async fn wish(tx: &mut Tx) -> Result<(), StoreError> {
    if !tx.is_lite() {
        tx.q(WISH).execute().await?;
    }
    Ok(())
}
