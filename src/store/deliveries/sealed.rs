//! What is sealed, read: by edition and reader, never more than a few blocks in memory.

use std::collections::HashMap;

use super::block::{self, Copy, Packed, Readers};
use crate::store::{StoreError, Tx};

/// Where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The edition.
    pub edition: i64,
    /// The number of its first reader.
    pub first: i64,
    /// That of its last one.
    pub last: i64,
    /// How many copies are in it.
    pub copies: i64,
}

impl Head {
    /// Nothing is guessed of a block that cannot be read: what it holds would go out again.
    pub(super) fn damaged(&self) -> StoreError {
        let Head { edition, first, last, .. } = self;
        StoreError::Content(format!(
            "the block of edition {edition} for subscribers {first} to {last} is damaged; bring it back from a backup"
        ))
    }
}

const HEADS: &str = "SELECT edition, first, last, copies FROM delivery_blocks
    WHERE edition = $1 AND first <= $3 AND last > $2 ORDER BY first, last";

/// The blocks of an edition that may hold readers after number `after` up to `upto`, by their first reader.
///
/// # Errors
/// What the database says.
pub async fn heads(tx: &mut Tx, edition: i64, after: i64, upto: i64) -> Result<Vec<Head>, StoreError> {
    let rows = tx.q(HEADS).bind(edition).bind(after).bind(upto).all().await?;
    rows.iter()
        .map(|row| Ok(Head { edition: row.get(0)?, first: row.get(1)?, last: row.get(2)?, copies: row.get(3)? }))
        .collect()
}

const BODY: &str = "SELECT readers, outcomes FROM delivery_blocks WHERE edition = $1 AND first = $2 AND last = $3";

/// A whole block; `None` where it is not there any more.
pub(in crate::store) async fn packed(tx: &mut Tx, head: &Head) -> Result<Option<Packed>, StoreError> {
    let row = tx.q(BODY).bind(head.edition).bind(head.first).bind(head.last).optional().await?;
    row.map(|row| Ok(Packed { readers: row.get(0)?, outcomes: row.get(1)? })).transpose()
}

/// The copies of a block.
///
/// # Errors
/// What the database says; that the block is damaged.
pub async fn copies(tx: &mut Tx, head: &Head) -> Result<Vec<Copy>, StoreError> {
    let Some(packed) = packed(tx, head).await? else { return Ok(Vec::new()) };
    block::unpack(&packed).ok_or_else(|| head.damaged())
}

/// Editions that are asked about in one statement: a block of each is in memory then.
const EDITIONS: usize = 32;
// From the editions to the few blocks of each by their key.
const READERS: &str = "SELECT b.edition, b.first, b.last, b.copies, b.readers
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition FROM json_each($1)) r CROSS JOIN delivery_blocks b
    WHERE b.edition = r.edition AND b.first <= $3 AND b.last > $2";

/// Tells `each` the edition, the reader and the stories of every sealed copy of these editions for readers after number
/// `after` up to `upto`. Only blocks that may hold such are opened, and of them what is asked for.
///
/// # Errors
/// What the database says; that a block is damaged.
pub async fn choices(
    tx: &mut Tx,
    editions: &[i64],
    range: (i64, i64),
    mut each: impl FnMut(i64, i64, u64),
) -> Result<(), StoreError> {
    readers(tx, editions, range, |edition, subscriber, _, choice| each(edition, subscriber, choice)).await
}

/// The same with the rendering that each copy was cut from: edition, reader, rendering, stories.
///
/// # Errors
/// What the database says; that a block is damaged.
pub async fn readers(
    tx: &mut Tx,
    editions: &[i64],
    (after, upto): (i64, i64),
    mut each: impl FnMut(i64, i64, i64, u64),
) -> Result<(), StoreError> {
    for some in editions.chunks(EDITIONS) {
        let some = serde_json::to_string(&some.iter().map(|id| [id]).collect::<Vec<_>>())?;
        for row in tx.q(READERS).bind(some).bind(after).bind(upto).all().await? {
            let head = Head { edition: row.get(0)?, first: row.get(1)?, last: row.get(2)?, copies: row.get(3)? };
            let Readers { subscribers, variants, choices } =
                block::readers(&row.get::<Vec<u8>>(4)?).ok_or_else(|| head.damaged())?;
            let from = subscribers.partition_point(|id| *id <= after);
            let copies = subscribers.iter().zip(variants).zip(choices).skip(from);
            for ((subscriber, variant), choice) in copies.take_while(|((id, _), _)| **id <= upto) {
                each(head.edition, *subscriber, variant, choice);
            }
        }
    }
    Ok(())
}

const COUNTS: &str = "SELECT b.edition, CAST(SUM(b.copies) AS BIGINT), CAST(COUNT(*) AS BIGINT)
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition FROM json_each($1)) r CROSS JOIN delivery_blocks b
    WHERE b.edition = r.edition GROUP BY b.edition";

/// How many copies of these editions are sealed, in how many blocks; an edition without any is not in it.
///
/// # Errors
/// What the database says.
pub async fn counts(tx: &mut Tx, editions: &[i64]) -> Result<HashMap<i64, (i64, i64)>, StoreError> {
    let wanted = serde_json::to_string(&editions.iter().map(|id| [id]).collect::<Vec<_>>())?;
    let rows = tx.q(COUNTS).bind(wanted).all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).collect()
}

/// The sealed copy of an edition for one person, if there is one.
///
/// # Errors
/// What the database says; that a block is damaged.
pub async fn one(tx: &mut Tx, edition: i64, subscriber: i64) -> Result<Option<Copy>, StoreError> {
    let page = page(tx, edition, (subscriber.saturating_sub(1), subscriber), 1).await?;
    Ok(page.into_iter().next())
}

/// The sealed copies of an edition for readers after number `after` up to `upto`, by number, at most `limit`.
///
/// # Errors
/// What the database says; that a block is damaged.
pub async fn page(tx: &mut Tx, edition: i64, (after, upto): (i64, i64), limit: usize) -> Result<Vec<Copy>, StoreError> {
    let mut page: Vec<Copy> = Vec::new();
    for head in heads(tx, edition, after, upto).await? {
        // What was taken again and sent later stands in a block of its own, beside the others.
        let full = page.get(limit.saturating_sub(1)).is_some_and(|last| last.subscriber < head.first);
        if full || limit == 0 {
            break;
        }
        let copies = copies(tx, &head).await?;
        page.extend(copies.into_iter().filter(|copy| copy.subscriber > after && copy.subscriber <= upto));
        page.sort_by_key(|copy| copy.subscriber);
        page.truncate(limit);
    }
    Ok(page)
}

const BEFORE: &str = "SELECT id FROM editions WHERE id > $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const OF_PERSON: &str = "SELECT b.edition, b.first, b.last, b.copies, b.readers
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition FROM json_each($1)) r CROSS JOIN delivery_blocks b
    WHERE b.edition = r.edition AND b.first <= $2 AND b.last >= $2 ORDER BY b.edition DESC";

/// The last sealed copies for one person, of editions after `after`, the newest first, with their editions.
///
/// # Errors
/// What the database says; that a block is damaged.
pub async fn of_person(tx: &mut Tx, subscriber: i64, after: i64, limit: i64) -> Result<Vec<(i64, Copy)>, StoreError> {
    let mut found = Vec::new();
    let mut before = i64::MAX;
    while (found.len() as i64) < limit {
        let rows = tx.q(BEFORE).bind(after).bind(before).bind(EDITIONS as i64).all().await?;
        let some = rows.iter().map(|row| Ok([row.get::<i64>(0)?])).collect::<Result<Vec<_>, StoreError>>()?;
        let Some([last]) = some.last() else { break };
        before = *last;
        for row in tx.q(OF_PERSON).bind(serde_json::to_string(&some)?).bind(subscriber).all().await? {
            let head = Head { edition: row.get(0)?, first: row.get(1)?, last: row.get(2)?, copies: row.get(3)? };
            let readers = block::subscribers(&row.get::<Vec<u8>>(4)?).ok_or_else(|| head.damaged())?;
            if let Ok(at) = readers.binary_search(&subscriber) {
                found.extend(copies(tx, &head).await?.into_iter().nth(at).map(|copy| (head.edition, copy)));
            }
        }
    }
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}
