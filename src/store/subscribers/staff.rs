//! Staff's hand on people: look, add, remove, forget.

use crate::article::Language;
use crate::audience::Address;
use crate::clock::{Instant, from_micros};
use crate::secret::Keyring;
use crate::store::deliveries::{State, scrub, sealed};
use crate::store::{StoreError, Tx, post, returns, suppressions};

use super::by_address;

const PAGE_LITE: &str = "SELECT s.id FROM subscribers s
    WHERE s.id > $3
      AND ($1 = '' OR EXISTS (SELECT 1 FROM memberships m JOIN lists l ON l.id = m.list WHERE m.subscriber = s.id AND l.name = $1))
      AND ($2 = '' OR instr(s.address, $2) > 0 OR instr(lower(COALESCE(s.name, '')), $2) > 0)
    ORDER BY s.id LIMIT $4";
const PAGE_PG: &str = "SELECT s.id FROM subscribers s
    WHERE s.id > $3
      AND ($1 = '' OR EXISTS (SELECT 1 FROM memberships m JOIN lists l ON l.id = m.list WHERE m.subscriber = s.id AND l.name = $1))
      AND ($2 = '' OR strpos(s.address, $2) > 0 OR strpos(lower(COALESCE(s.name, '')), $2) > 0)
    ORDER BY s.id LIMIT $4";

/// The next people after number `after`: those on (or once on) `list`, and with `filter` in address
/// or name; an empty text takes all. Their numbers, for [`super::subscribers`].
///
/// # Errors
/// What the database says.
pub async fn page(tx: &mut Tx, list: &str, filter: &str, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let query = tx.either(PAGE_LITE, PAGE_PG).bind(list).bind(filter.to_lowercase()).bind(after).bind(limit);
    query.all().await?.iter().map(|row| row.get(0)).collect()
}

const PERSON: &str =
    "INSERT INTO subscribers (address, mailbox, name, language, created_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (address) DO UPDATE SET name = COALESCE(excluded.name, subscribers.name),
        language = COALESCE(excluded.language, subscribers.language)
    RETURNING id";
const MEMBER: &str =
    "INSERT INTO memberships (list, subscriber, status, decided_by, consent_at, consent_source, joined_at)
    VALUES ($1, $2, 'active', 'staff', $4, $5, $3)
    ON CONFLICT (list, subscriber) DO UPDATE SET status = 'active', decided_by = 'staff', left_at = NULL,
        consent_at = COALESCE(excluded.consent_at, memberships.consent_at),
        consent_source = COALESCE(excluded.consent_source, memberships.consent_source)
    WHERE memberships.status <> 'active'";

/// Staff put somebody on a list. `consent` says where they agreed, if anybody noted it. Whether they
/// were not on it; their number. What stands against the address is for the caller to ask.
///
/// # Errors
/// What the database says.
pub async fn add(
    tx: &mut Tx,
    list: i64,
    address: &Address,
    name: Option<&str>,
    language: Option<&Language>,
    consent: Option<&str>,
    now: Instant,
) -> Result<(bool, i64), StoreError> {
    let at = now.timestamp_micros();
    let query = tx.q(PERSON).bind(address.key()).bind(address.to_string()).bind(name.map(str::to_owned));
    let row = query.bind(language.map(|l| l.as_str().to_owned())).bind(at).one().await?;
    let id: i64 = row.get(0)?;
    let query = tx.q(MEMBER).bind(list).bind(id).bind(at).bind(consent.map(|_| at)).bind(consent.map(str::to_owned));
    Ok((query.execute().await? > 0, id))
}

const REMOVE: &str = "UPDATE memberships SET status = 'left', decided_by = 'staff', left_at = $3
    WHERE list = $1 AND subscriber = $2 AND status <> 'left'";

/// Staff take somebody off a list; no file brings them back. Whether they were on it.
///
/// # Errors
/// What the database says.
pub async fn remove(tx: &mut Tx, list: i64, subscriber: i64, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.q(REMOVE).bind(list).bind(subscriber).bind(now.timestamp_micros()).execute().await? > 0)
}

const FORGET: &[&str] = &[
    // What a server said about a copy may hold the address.
    "UPDATE deliveries SET line = NULL WHERE subscriber = $1 AND line IS NOT NULL AND edition IN (SELECT id FROM editions)",
    "DELETE FROM departures WHERE subscriber = $1",
    "DELETE FROM memberships WHERE subscriber = $1",
    "DELETE FROM subscribers WHERE id = $1",
];

/// Erases a person. Of the address only a keyed hash stays, so that no file brings them back; it is
/// kept even where nobody had that address. Whether somebody had; what servers said about their sealed copies is then to be
/// taken out by [`scrub`].
///
/// # Errors
/// What the database says.
pub async fn forget(tx: &mut Tx, ring: &Keyring, address: &Address, now: Instant) -> Result<bool, StoreError> {
    suppressions::forget(tx, ring, address, now).await?;
    post::forget(tx, address).await?;
    let known = by_address(tx, address).await?;
    returns::forget(tx, known, address).await?;
    let Some(id) = known else { return Ok(false) };
    for sql in FORGET {
        tx.q(sql).bind(id).execute().await?;
    }
    scrub::note(tx, id).await?;
    Ok(true)
}

/// One copy that was made for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Number of the edition in the store.
    pub edition: i64,
    /// Name of the newsletter.
    pub newsletter: String,
    /// Number of the edition within it.
    pub number: i64,
    /// Its subject.
    pub subject: String,
    /// State of the copy, as the table has it.
    pub state: i64,
    /// When that was settled.
    pub at: Option<Instant>,
    /// What the server said last.
    pub line: Option<String>,
}

const SENT: &str = "SELECT e.id, n.name, e.number, e.subject, CAST(d.state AS BIGINT), d.at, d.line
    FROM editions e CROSS JOIN deliveries d JOIN newsletters n ON n.id = e.newsletter
    WHERE d.edition = e.id AND d.subscriber = $1
    ORDER BY e.id DESC LIMIT $2";

const EDITIONS: &str =
    "SELECT e.id, n.name, e.number, e.subject FROM editions e JOIN newsletters n ON n.id = e.newsletter
    WHERE e.id IN (SELECT CAST(r.value ->> 0 AS BIGINT) FROM json_each($1) r)";

/// The last copies that were made for somebody, the newest first, sealed or not.
///
/// # Errors
/// What the database says.
pub async fn sent(tx: &mut Tx, subscriber: i64, limit: i64) -> Result<Vec<Sent>, StoreError> {
    let mut sent = Vec::new();
    for row in tx.q(SENT).bind(subscriber).bind(limit).all().await? {
        sent.push(Sent {
            edition: row.get(0)?,
            newsletter: row.get(1)?,
            number: row.get(2)?,
            subject: row.get(3)?,
            state: row.get(4)?,
            at: row.get::<Option<i64>>(5)?.map(from_micros),
            line: row.get(6)?,
        });
    }
    // Nothing older than what is full already.
    let after = sent.last().filter(|_| sent.len() as i64 >= limit).map_or(0, |last| last.edition);
    let found = sealed::of_person(tx, subscriber, after, limit).await?;
    let editions = serde_json::to_string(&found.iter().map(|(edition, _)| [edition]).collect::<Vec<_>>())?;
    for row in tx.q(EDITIONS).bind(editions).all().await? {
        let edition: i64 = row.get(0)?;
        for (_, copy) in found.iter().filter(|(id, _)| *id == edition) {
            sent.push(Sent {
                edition,
                newsletter: row.get(1)?,
                number: row.get(2)?,
                subject: row.get(3)?,
                state: State::Sent.number(),
                at: copy.at.map(from_micros),
                line: copy.line.clone(),
            });
        }
    }
    sent.sort_by_key(|copy| std::cmp::Reverse(copy.edition));
    sent.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(sent)
}
