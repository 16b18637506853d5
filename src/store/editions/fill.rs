//! Writing an edition's deliveries, a chunk of subscribers at a time, and what these people had already.

use std::collections::HashMap;

use crate::article::StoryId;
use crate::store::{StoreError, Tx};

/// One delivery to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// For whom.
    pub subscriber: i64,
    /// In which rendering.
    pub variant: i64,
    /// Bit n: the story at position n is in it.
    pub choice: u64,
}

const LOCK: &str = "UPDATE counters SET value = value + 1 WHERE name = 'fill'";

/// Lets one process fill at a time until this transaction ends: two editions filled side by side would
/// each not see what the other gives the same people.
///
/// # Errors
/// What the database says.
pub async fn one_at_a_time(tx: &mut Tx) -> Result<(), StoreError> {
    tx.q(LOCK).execute().await?;
    Ok(())
}

const ADVANCE: &str = "UPDATE editions SET filled_to = $3, filled = $4, recipients = recipients + $5 \
     WHERE id = $1 AND filled_to = $2 AND filled = 0 AND state IN ('queued', 'sending')";
const INSERT: &str = "INSERT INTO deliveries (edition, subscriber, variant, choice) \
     SELECT $1, CAST(r.value ->> 0 AS BIGINT), CAST(r.value ->> 1 AS BIGINT), CAST(r.value ->> 2 AS BIGINT) \
     FROM json_each($2) r";

/// Writes the deliveries of one chunk and moves the mark from `from` to `to`; `last` says that it was the
/// last one. `false`, with nothing written, where the edition is not being filled any more or the mark
/// has been moved by somebody else.
///
/// # Errors
/// What the database says.
pub async fn write_chunk(
    tx: &mut Tx,
    edition: i64,
    from: i64,
    to: i64,
    last: bool,
    copies: &[Copy],
) -> Result<bool, StoreError> {
    let count = i64::try_from(copies.len()).unwrap_or(i64::MAX);
    let moved = tx.q(ADVANCE).bind(edition).bind(from).bind(to).bind(i64::from(last)).bind(count).execute().await?;
    if moved != 1 {
        return Ok(false);
    }
    if !copies.is_empty() {
        let rows: Vec<_> = copies.iter().map(|c| (c.subscriber, c.variant, c.choice as i64)).collect();
        tx.q(INSERT).bind(edition).bind(serde_json::to_string(&rows)?).execute().await?;
    }
    Ok(true)
}

/// Where stories were printed before: edition → position → index into the stories asked for.
#[derive(Clone, Debug, Default)]
pub struct Printings {
    editions: HashMap<i64, Vec<(u8, usize)>>,
    ids: String,
}

const PRINTINGS: &str = "SELECT DISTINCT ea.edition, ea.position, ea.story FROM edition_articles ea \
     JOIN json_each($1) r ON ea.story = r.value ->> 0 WHERE ea.edition <> $2";

/// The editions other than `except` that print any of these stories. `except` is 0 for none.
///
/// # Errors
/// What the database says.
pub async fn printings(tx: &mut Tx, stories: &[StoryId], except: i64) -> Result<Printings, StoreError> {
    let wanted: Vec<[String; 1]> = stories.iter().map(|story| [story.to_string()]).collect();
    let mut editions: HashMap<i64, Vec<(u8, usize)>> = HashMap::new();
    for row in tx.q(PRINTINGS).bind(serde_json::to_string(&wanted)?).bind(except).all().await? {
        let story: String = row.get(2)?;
        let position: i64 = row.get(1)?;
        let at = |_| StoreError::Content(format!("edition_articles: no position {position}"));
        let position = u8::try_from(position).map_err(at)?;
        for (index, [text]) in wanted.iter().enumerate() {
            if *text == story {
                editions.entry(row.get(0)?).or_default().push((position, index));
            }
        }
    }
    let ids: Vec<[i64; 1]> = editions.keys().map(|id| [*id]).collect();
    Ok(Printings { ids: serde_json::to_string(&ids)?, editions })
}

const HAD: &str = "SELECT d.subscriber, d.edition, d.choice FROM json_each($1) r \
     JOIN deliveries d ON d.edition = CAST(r.value ->> 0 AS BIGINT) \
     WHERE d.subscriber > $2 AND d.subscriber <= $3 AND d.state IN (0, 1, 2, 3, 7)";

/// What the subscribers after `after` up to `upto` have had, or have coming, of the stories of `printings`:
/// for each of them the indices of those stories, as bits.
///
/// # Errors
/// What the database says.
pub async fn had(tx: &mut Tx, printings: &Printings, after: i64, upto: i64) -> Result<HashMap<i64, u64>, StoreError> {
    let mut had: HashMap<i64, u64> = HashMap::new();
    if printings.editions.is_empty() {
        return Ok(had);
    }
    for row in tx.q(HAD).bind(printings.ids.as_str()).bind(after).bind(upto).all().await? {
        let choice = row.get::<i64>(2)? as u64;
        let stories = printings.editions.get(&row.get::<i64>(1)?).map(Vec::as_slice).unwrap_or_default();
        let bits = stories
            .iter()
            .filter(|(position, _)| choice & (1 << position) != 0)
            .fold(0u64, |bits, (_, index)| bits | 1 << index);
        if bits != 0 {
            *had.entry(row.get(0)?).or_default() |= bits;
        }
    }
    Ok(had)
}
