//! What became of each copy of an edition: by reader, a page at a time.

use serde::Serialize;

use super::{NEVER, State};
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

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
    let state = state.map(State::number);
    let rows = tx.q(PAGE).bind(edition).bind(after).bind(state).bind(limit).all().await?;
    rows.iter()
        .map(|row| {
            let number: i64 = row.get(3)?;
            let state =
                State::of(number).ok_or_else(|| StoreError::Content(format!("deliveries: no state {number}")))?;
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
        })
        .collect()
}
