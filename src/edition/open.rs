//! Making the deliveries of editions that lack some, beside everything else: what has just been composed, what staff let go on,
//! and what a process that died had begun.

use std::time::Duration;

use crate::store::Store;
use crate::store::editions::{self, Edition};

use super::EditionError;
use super::fill;

/// So often it is looked whether an urgent edition has come while another one's deliveries are made.
const LOOK: Duration = Duration::from_millis(200);

/// An edition all of whose deliveries are there now.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The edition.
    pub edition: Edition,
    /// How many deliveries it has.
    pub recipients: i64,
}

/// Makes the deliveries of the edition that is to be filled next, unless a more urgent one comes meanwhile; `None` where
/// none lacks any. Safe to break off and to run beside others who fill.
///
/// # Errors
/// What the store says.
pub async fn fill_next(store: &Store) -> Result<Option<Filled>, EditionError> {
    loop {
        let Some(edition) = next(store).await? else { return Ok(None) };
        tokio::select! {
            recipients = fill::fill(store, edition.id, |_| ()) => {
                return Ok(Some(Filled { recipients: recipients?, edition }));
            }
            // What was begun of a chunk is rolled back, and made again later.
            overtaken = overtaken(store, &edition) => overtaken?,
        }
    }
}

/// The edition whose deliveries come first: an urgent one, else the oldest.
async fn next(store: &Store) -> Result<Option<Edition>, EditionError> {
    let mut tx = store.read().await?;
    let mut open = editions::unfilled(&mut tx).await?;
    open.sort_by_key(|edition| (!edition.settings.urgent, edition.id));
    Ok(open.into_iter().next())
}

/// Returns once an urgent edition waits behind one that is not.
async fn overtaken(store: &Store, edition: &Edition) -> Result<(), EditionError> {
    loop {
        tokio::time::sleep(LOOK).await;
        if !edition.settings.urgent && next(store).await?.is_some_and(|next| next.settings.urgent) {
            return Ok(());
        }
    }
}
