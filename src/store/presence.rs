//! Who else works on this store. Beside SQLite nobody does: one lock file, one daemon. On PostgreSQL several may, and
//! who starts must know whether the claims it finds belong to a living process: each holds a lock of the database's.

use super::{Store, StoreError, Tx};

/// Being there, until [`Presence::leave`].
pub struct Presence {
    tx: Option<Tx>,
    alone: bool,
}

const TRY_ALONE: &str = "SELECT pg_try_advisory_lock(hashtext('herald delivery ' || current_schema()))";
const ENTER: &str = "SELECT CAST(pg_advisory_lock_shared(hashtext('herald delivery ' || current_schema())) AS TEXT)";
const SETTLE_IN: &str = "SELECT pg_advisory_unlock(hashtext('herald delivery ' || current_schema()))";
const LEAVE: &str = "SELECT pg_advisory_unlock_shared(hashtext('herald delivery ' || current_schema()))";

impl Presence {
    /// Enters. Where nobody else is there, nobody can enter before [`Presence::settle_in`].
    ///
    /// # Errors
    /// What the database says.
    pub async fn enter(store: &Store) -> Result<Presence, StoreError> {
        if store.file().is_some() {
            return Ok(Presence { tx: None, alone: true });
        }
        let mut tx = store.write().await?;
        let alone: bool = tx.q(TRY_ALONE).one().await?.get(0)?;
        tx.q(ENTER).execute().await?;
        Ok(Presence { tx: Some(tx), alone })
    }

    /// Whether nobody else works on this store.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// Lets others enter, after what had to be done alone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn settle_in(&mut self) -> Result<(), StoreError> {
        if let (Some(tx), true) = (&mut self.tx, self.alone) {
            tx.q(SETTLE_IN).execute().await?;
        }
        Ok(())
    }

    /// Leaves.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leave(self) -> Result<(), StoreError> {
        if let Some(mut tx) = self.tx {
            tx.q(LEAVE).execute().await?;
        }
        Ok(())
    }
}

const TURN: &str = "SELECT CAST(pg_advisory_xact_lock(hashtext('herald turn ' || current_schema())) AS TEXT)";

/// The turn at what only one instance may do at a time: taking in sources, making editions. It ends when it is dropped.
/// Beside SQLite there is only one.
pub struct Turn {
    _tx: Option<Tx>,
}

impl Turn {
    /// Waits for it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take(store: &Store) -> Result<Turn, StoreError> {
        if store.file().is_some() {
            return Ok(Turn { _tx: None });
        }
        let mut tx = store.write().await?;
        tx.q(TURN).execute().await?;
        Ok(Turn { _tx: Some(tx) })
    }
}

const SOLE: &str = "SELECT pg_try_advisory_xact_lock(hashtext('herald hub ' || current_schema()))";

/// Being the one instance that tells the hub's subscribers; it ends when it is dropped. Beside SQLite there is only one.
pub struct Sole {
    _tx: Option<Tx>,
}

impl Sole {
    /// Becomes it; `None` where another one is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_take(store: &Store) -> Result<Option<Sole>, StoreError> {
        if store.file().is_some() {
            return Ok(Some(Sole { _tx: None }));
        }
        let mut tx = store.write().await?;
        let taken: bool = tx.q(SOLE).one().await?.get(0)?;
        Ok(taken.then_some(Sole { _tx: Some(tx) }))
    }
}
