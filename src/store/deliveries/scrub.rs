//! Takes what servers said about the copies of somebody who was forgotten out of the blocks: it may hold their address. A
//! person of many years stands in thousands of blocks, so it is noted when they are forgotten, and done a few at a time.

use super::block::{self, Packed};
use super::sealed::{self, Head};
use crate::store::{StoreError, Tx};

/// Blocks that are written anew in one transaction.
const BLOCKS: i64 = 20;

const NOTE: &str = "INSERT INTO delivery_scrubs (subscriber, upto) VALUES ($1, 0) ON CONFLICT (subscriber) DO NOTHING";

/// Notes that this person's words are to be taken out.
///
/// # Errors
/// What the database says.
pub async fn note(tx: &mut Tx, subscriber: i64) -> Result<(), StoreError> {
    tx.q(NOTE).bind(subscriber).execute().await?;
    Ok(())
}

const WANTED: &str = "SELECT subscriber FROM delivery_scrubs LIMIT 1";

/// Whether somebody's words are still to be taken out.
///
/// # Errors
/// What the database says.
pub async fn is_wanted(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.q(WANTED).optional().await?.is_some())
}

const NEXT_LITE: &str = "SELECT subscriber, upto FROM delivery_scrubs ORDER BY subscriber LIMIT 1";
const NEXT_PG: &str = "SELECT subscriber, upto FROM delivery_scrubs ORDER BY subscriber LIMIT 1 FOR UPDATE";
const DONE: &str = "DELETE FROM delivery_scrubs WHERE subscriber = $1";
const UPTO: &str = "UPDATE delivery_scrubs SET upto = $2 WHERE subscriber = $1";
const BLOCKS_LITE: &str =
    "SELECT b.edition, b.first, b.last, b.copies, b.readers FROM editions e CROSS JOIN delivery_blocks b
    WHERE b.edition = e.id AND e.id > $2 AND b.first <= $1 AND b.last >= $1 ORDER BY e.id, b.first LIMIT $3";
const BLOCKS_PG: &str = "SELECT b.edition, b.first, b.last, b.copies, b.readers FROM editions e CROSS JOIN delivery_blocks b
    WHERE b.edition = e.id AND e.id > $2 AND b.first <= $1 AND b.last >= $1 ORDER BY e.id, b.first LIMIT $3 FOR UPDATE OF b";
const WRITE: &str = "UPDATE delivery_blocks SET outcomes = $4 WHERE edition = $1 AND first = $2 AND last = $3";

/// Takes the words of one person out of the next few blocks. Whether there may be more to do, for them or for somebody else.
///
/// # Errors
/// What the database says; that a block is damaged.
pub async fn scrub(tx: &mut Tx) -> Result<bool, StoreError> {
    let Some(next) = tx.either(NEXT_LITE, NEXT_PG).optional().await? else { return Ok(false) };
    let (subscriber, upto): (i64, i64) = (next.get(0)?, next.get(1)?);
    let rows = tx.either(BLOCKS_LITE, BLOCKS_PG).bind(subscriber).bind(upto).bind(BLOCKS).all().await?;
    let mut last = upto;
    for row in &rows {
        let head = Head { edition: row.get(0)?, first: row.get(1)?, last: row.get(2)?, copies: row.get(3)? };
        last = head.edition;
        let readers = block::subscribers(&row.get::<Vec<u8>>(4)?).ok_or_else(|| head.damaged())?;
        if readers.binary_search(&subscriber).is_ok() {
            take_out(tx, &head, subscriber).await?;
        }
    }
    if (rows.len() as i64) < BLOCKS {
        tx.q(DONE).bind(subscriber).execute().await?;
    } else {
        // The last edition may have further blocks: it is looked at again, unless it was all there was.
        let upto = if last - 1 > upto { last - 1 } else { last };
        tx.q(UPTO).bind(subscriber).bind(upto).execute().await?;
    }
    Ok(true)
}

async fn take_out(tx: &mut Tx, head: &Head, subscriber: i64) -> Result<(), StoreError> {
    let mut copies = sealed::copies(tx, head).await?;
    for copy in copies.iter_mut().filter(|copy| copy.subscriber == subscriber) {
        copy.line = None;
    }
    let Packed { outcomes, .. } = block::pack(&copies)?;
    tx.q(WRITE).bind(head.edition).bind(head.first).bind(head.last).bind(outcomes).execute().await?;
    Ok(())
}
