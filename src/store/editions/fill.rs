//! Writing an edition's deliveries, a chunk of subscribers at a time, and what these people had already.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Instant;
use crate::store::deliveries::sealed;
use crate::store::{StoreError, Tx};

use super::Place;

/// One delivery to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// For whom.
    pub subscriber: i64,
    /// In which rendering.
    pub variant: i64,
    /// Bit n: the story at position n is in it.
    pub choice: u64,
    /// It may not go before; `None`: with its edition.
    pub not_before: Option<Instant>,
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

const ANALYZE: &str = "ANALYZE memberships, subscribers";

/// Lets PostgreSQL count the people: after a large list was brought in, and before it has done so by itself, it would sort
/// all of them for each chunk. SQLite goes by the indices.
///
/// # Errors
/// What the database says.
pub async fn count_people(tx: &mut Tx) -> Result<(), StoreError> {
    if !tx.is_lite() {
        tx.q(ANALYZE).execute().await?;
    }
    Ok(())
}

const ADVANCE: &str = "UPDATE editions SET filled_to = $3, filled = $4, recipients = recipients + $5 \
     WHERE id = $1 AND filled_to = $2 AND filled = 0 AND state IN ('queued', 'sending')";
const INSERT: &str = "INSERT INTO deliveries (edition, subscriber, variant, choice, next_at) \
     SELECT $1, CAST(r.value ->> 0 AS BIGINT), CAST(r.value ->> 1 AS BIGINT), CAST(r.value ->> 2 AS BIGINT), CAST(r.value ->> 3 AS BIGINT) \
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
        let rows: Vec<_> = copies
            .iter()
            .map(|c| (c.subscriber, c.variant, c.choice as i64, c.not_before.map_or(0, |at| at.timestamp_micros())))
            .collect();
        tx.q(INSERT).bind(edition).bind(serde_json::to_string(&rows)?).execute().await?;
    }
    Ok(true)
}

/// What somebody had, of the places of an edition: bit n stands for the place at position n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Had {
    /// The story: had it, or has it coming. Where a correction stands: had the story as it was before.
    pub story: u64,
    /// Where a correction stands: had it corrected already, or was told.
    pub told: u64,
}

/// Where the stories of some places were printed before.
#[derive(Clone, Debug, Default)]
pub struct Printings {
    /// Edition → its position → what a copy that holds it had of the places asked about.
    editions: HashMap<i64, Vec<(u64, Had)>>,
    ids: String,
}

const PRINTINGS: &str = "SELECT ea.edition, ea.position, ea.story, CAST(MIN(ea.revision) AS BIGINT) FROM edition_articles ea \
     JOIN json_each($1) r ON ea.story = r.value ->> 0 WHERE ea.edition <> $2 GROUP BY ea.edition, ea.position, ea.story";

/// The editions other than `except` (0: none) that print any of the stories of these places.
///
/// # Errors
/// What the database says.
pub async fn printings(tx: &mut Tx, places: &[Place], except: i64) -> Result<Printings, StoreError> {
    let stories: BTreeSet<String> = places.iter().map(|place| place.story.to_string()).collect();
    let wanted: Vec<[&str; 1]> = stories.iter().map(|story| [story.as_str()]).collect();
    let mut editions: HashMap<i64, Vec<(u64, Had)>> = HashMap::new();
    for row in tx.q(PRINTINGS).bind(serde_json::to_string(&wanted)?).bind(except).all().await? {
        let (story, revision): (String, i64) = (row.get(2)?, row.get(3)?);
        let position = bit(row.get::<i64>(1)?)?;
        let mut had = Had::default();
        for (n, place) in places.iter().enumerate().filter(|(_, place)| place.story.to_string() == story) {
            match place.corrects {
                Some(correction) if revision >= correction => had.told |= 1 << n,
                _ => had.story |= 1 << n,
            }
        }
        editions.entry(row.get(0)?).or_default().push((position, had));
    }
    let ids: Vec<[i64; 1]> = editions.keys().map(|id| [*id]).collect();
    Ok(Printings { ids: serde_json::to_string(&ids)?, editions })
}

fn bit(position: i64) -> Result<u64, StoreError> {
    u32::try_from(position)
        .ok()
        .and_then(|position| 1u64.checked_shl(position))
        .ok_or_else(|| StoreError::Content(format!("edition_articles: no position {position}")))
}

const HAD: &str = "SELECT d.subscriber, d.edition, d.choice FROM json_each($1) r \
     JOIN deliveries d ON d.edition = CAST(r.value ->> 0 AS BIGINT) \
     WHERE d.subscriber > $2 AND d.subscriber <= $3 AND d.state IN (0, 1, 2, 3, 7)";

/// What the subscribers after `after` up to `upto` have had, or have coming, as far back as the ledger is kept; who had
/// nothing is not in it.
///
/// # Errors
/// What the database says.
pub async fn had(tx: &mut Tx, printings: &Printings, after: i64, upto: i64) -> Result<HashMap<i64, Had>, StoreError> {
    let mut people: HashMap<i64, Had> = HashMap::new();
    if printings.editions.is_empty() {
        return Ok(people);
    }
    for row in tx.q(HAD).bind(printings.ids.clone()).bind(after).bind(upto).all().await? {
        printings.note(&mut people, row.get(1)?, row.get(0)?, row.get::<i64>(2)? as u64);
    }
    let editions: Vec<i64> = printings.editions.keys().copied().collect();
    let note = |edition, subscriber, choice| printings.note(&mut people, edition, subscriber, choice);
    sealed::choices(tx, &editions, (after, upto), note).await?;
    Ok(people)
}

impl Printings {
    /// Somebody had a copy of that edition with this choice.
    fn note(&self, people: &mut HashMap<i64, Had>, edition: i64, subscriber: i64, choice: u64) {
        let printed = self.editions.get(&edition).map(Vec::as_slice).unwrap_or_default();
        for (_, had) in printed.iter().filter(|(position, _)| choice & position != 0) {
            let all = people.entry(subscriber).or_default();
            all.story |= had.story;
            all.told |= had.told;
        }
    }
}
