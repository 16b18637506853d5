//! What became of each copy of an edition: by reader, a page at a time, in rows and in blocks alike.

use std::collections::HashMap;

use serde::Serialize;

use super::block::Copy;
use super::{NEVER, State, sealed};
use crate::clock::{Instant, from_micros};
use crate::store::{Row, StoreError, Tx, editions};

/// One reader of an edition, with the last outcome of their copy.
#[derive(Clone, Debug, Serialize)]
pub struct Recipient {
    /// The reader's number.
    pub subscriber: i64,
    /// Their address; `None` where they were forgotten.
    pub address: Option<String>,
    /// The language of the copy.
    pub language: Option<String>,
    /// How it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// When the last thing became of it.
    pub at: Option<Instant>,
    /// When it is tried next.
    pub next_at: Option<Instant>,
    /// Whether its outcome is unknown and it waits for staff.
    pub held: bool,
    /// The server's code.
    pub code: Option<i64>,
    /// Its enhanced code, `5.1.1`.
    pub enhanced: Option<String>,
    /// Its words, or ours.
    pub line: Option<String>,
    /// What came back to the return path later: the last report, its kind and words.
    pub returned: Option<String>,
}

const PAGE: &str = "SELECT d.subscriber, s.mailbox, v.language, CAST(d.state AS BIGINT), CAST(d.attempts AS BIGINT), d.at, d.next_at, \
        CAST(d.code AS BIGINT), d.enhanced, d.line, \
        (SELECT r.kind || CASE WHEN r.line = '' THEN '' ELSE ': ' || r.line END FROM returns r \
         WHERE r.subscriber = d.subscriber AND r.edition = d.edition ORDER BY r.id DESC LIMIT 1) \
     FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber \
     LEFT JOIN edition_variants v ON v.edition = d.edition AND v.number = d.variant \
     WHERE d.edition = $1 AND d.subscriber > $2 AND ($3 IS NULL OR d.state = $3) ORDER BY d.subscriber LIMIT $4";

/// The readers of an edition whose number is above `after`, by number, at most `limit`; only those whose copy stands so
/// where a state is named.
///
/// # Errors
/// What the database says.
pub async fn page(
    tx: &mut Tx,
    edition: i64,
    state: Option<State>,
    after: i64,
    limit: i64,
) -> Result<Vec<Recipient>, StoreError> {
    let number = state.map(State::number);
    let rows = tx.q(PAGE).bind(edition).bind(after).bind(number).bind(limit).all().await?;
    let mut page = rows.iter().map(recipient_of).collect::<Result<Vec<_>, _>>()?;
    if state.is_some_and(|state| state != State::Sent) {
        return Ok(page);
    }
    // Where the rows alone fill the page, nobody after the last of them is on it.
    let upto = page.last().filter(|_| rows.len() as i64 >= limit).map_or(i64::MAX, |last| last.subscriber);
    let limit = usize::try_from(limit).unwrap_or_default();
    let copies = sealed::page(tx, edition, (after, upto), limit).await?;
    if !copies.is_empty() {
        page.extend(sealed_ones(tx, edition, copies).await?);
        page.sort_by_key(|one| one.subscriber);
        page.truncate(limit);
    }
    Ok(page)
}

fn recipient_of(row: &Row) -> Result<Recipient, StoreError> {
    let number: i64 = row.get(3)?;
    let state = State::of(number).ok_or_else(|| StoreError::Content(format!("deliveries: no state {number}")))?;
    let next: i64 = row.get(6)?;
    let waits = matches!(state, State::Queued | State::Deferred | State::Unknown);
    Ok(Recipient {
        subscriber: row.get(0)?,
        address: row.get(1)?,
        language: row.get(2)?,
        state,
        attempts: row.get(4)?,
        at: row.get::<Option<i64>>(5)?.map(from_micros),
        next_at: (waits && next != NEVER && next > 0).then(|| from_micros(next)),
        held: state == State::Unknown && next == NEVER,
        code: row.get(7)?,
        enhanced: row.get(8)?,
        line: row.get(9)?,
        returned: row.get(10)?,
    })
}

const KNOWN: &str = "SELECT b.id, s.mailbox, (SELECT r.kind || CASE WHEN r.line = '' THEN '' ELSE ': ' || r.line END FROM returns r \
         WHERE r.subscriber = b.id AND r.edition = $2 ORDER BY r.id DESC LIMIT 1) \
     FROM (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1)) b LEFT JOIN subscribers s ON s.id = b.id";

/// Sealed copies with what is known of their readers now.
async fn sealed_ones(tx: &mut Tx, edition: i64, copies: Vec<Copy>) -> Result<Vec<Recipient>, StoreError> {
    let ids: Vec<[i64; 1]> = copies.iter().map(|copy| [copy.subscriber]).collect();
    let mut known: HashMap<i64, (Option<String>, Option<String>)> = HashMap::new();
    for row in tx.q(KNOWN).bind(serde_json::to_string(&ids)?).bind(edition).all().await? {
        known.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
    }
    let languages: HashMap<i64, String> =
        editions::languages(tx, edition).await?.into_iter().map(|(n, language)| (n, language.to_string())).collect();
    let ones = copies.into_iter().map(|copy| {
        let (address, returned) = known.remove(&copy.subscriber).unwrap_or_default();
        Recipient {
            subscriber: copy.subscriber,
            address,
            language: languages.get(&copy.variant).cloned(),
            state: State::Sent,
            attempts: copy.attempts,
            at: copy.at.map(from_micros),
            next_at: None,
            held: false,
            code: copy.code,
            enhanced: copy.enhanced,
            line: copy.line,
            returned,
        }
    });
    Ok(ones.collect())
}
