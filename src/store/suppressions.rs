//! Addresses that must not be written to. Each stands under a keyed hash, which stays when the person is forgotten.

use super::{StoreError, Tx};
use crate::audience::{Address, Reason};
use crate::clock::{Instant, from_micros};
use crate::secret::Keyring;

/// One address that must not be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Its key ([`Address::key`]); `None` once the person was forgotten.
    pub address: Option<String>,
    /// Why.
    pub reason: Reason,
    /// Since when.
    pub at: Instant,
    /// What staff noted.
    pub note: Option<String>,
}

const ONE: &str = "SELECT address, reason, at, note FROM suppressions WHERE hash = $1";

/// What stands against writing to `address`, if anything does; found too where only the hash is left.
///
/// # Errors
/// What the database says.
pub async fn of(tx: &mut Tx, ring: &Keyring, address: &Address) -> Result<Option<Suppression>, StoreError> {
    match tx.q(ONE).bind(ring.address_hash(&address.key())).optional().await? {
        None => Ok(None),
        Some(row) => Ok(Some(Suppression {
            address: row.get(0)?,
            reason: reason(&row.get::<String>(1)?)?,
            at: from_micros(row.get(2)?),
            note: row.get(3)?,
        })),
    }
}

const ADD: &str = "INSERT INTO suppressions (hash, address, reason, at, note)
    SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, $2, $3 FROM json_each($1) r
    WHERE TRUE ON CONFLICT DO NOTHING";
const RAISE: &str = "UPDATE suppressions SET reason = 'complained', at = $2, note = $3 WHERE reason = 'bounced'
    AND hash IN (SELECT r.value ->> 0 FROM json_each($1) r WHERE r.value ->> 2 = 'complained')";

/// Suppresses one address. Whether anything changed: an older reason stays, but that mail came back gives way to a complaint,
/// which nobody lifts lightly.
///
/// # Errors
/// What the database says.
pub async fn suppress(
    tx: &mut Tx,
    ring: &Keyring,
    address: &Address,
    reason: Reason,
    note: Option<&str>,
    now: Instant,
) -> Result<bool, StoreError> {
    Ok(suppress_all(tx, ring, &[(address.key(), reason)], note, now).await? > 0)
}

/// Suppresses many addresses (by key) in one statement; how many were not suppressed before, or only since mail came
/// back and now for a complaint.
///
/// # Errors
/// What the database says.
pub async fn suppress_all(
    tx: &mut Tx,
    ring: &Keyring,
    addresses: &[(String, Reason)],
    note: Option<&str>,
    now: Instant,
) -> Result<u64, StoreError> {
    let rows: Vec<_> = addresses.iter().map(|(key, reason)| (ring.address_hash(key), key, reason.word())).collect();
    let (rows, at, note) = (serde_json::to_string(&rows)?, now.timestamp_micros(), note.map(str::to_owned));
    let mut changed = 0;
    for sql in [ADD, RAISE] {
        changed += tx.q(sql).bind(rows.clone()).bind(at).bind(note.clone()).execute().await?;
    }
    Ok(changed)
}

const ADD_NOTED: &str = "INSERT INTO suppressions (hash, address, reason, at, note)
    SELECT r.value ->> 0, r.value ->> 1, $2, $3, r.value ->> 2 FROM json_each($1) r
    WHERE TRUE ON CONFLICT DO NOTHING";

/// Suppresses addresses (by key) for one reason, each with its own note; how many were not suppressed before.
///
/// # Errors
/// What the database says.
pub async fn suppress_noted(
    tx: &mut Tx,
    ring: &Keyring,
    reason: Reason,
    noted: &[(String, String)],
    now: Instant,
) -> Result<u64, StoreError> {
    let rows: Vec<_> = noted.iter().map(|(key, note)| (ring.address_hash(key), key, note.replace('\0', ""))).collect();
    let query = tx.q(ADD_NOTED).bind(serde_json::to_string(&rows)?).bind(reason.word());
    query.bind(now.timestamp_micros()).execute().await
}

const LIFT: &str = "DELETE FROM suppressions WHERE hash = $1 AND ($2 = '' OR reason = $2)";

/// Lifts a suppression; with `only`, no other than one for that reason. Whether there was one.
///
/// # Errors
/// What the database says.
pub async fn lift(tx: &mut Tx, ring: &Keyring, address: &Address, only: Option<Reason>) -> Result<bool, StoreError> {
    let reason = only.map_or("", Reason::word);
    Ok(tx.q(LIFT).bind(ring.address_hash(&address.key())).bind(reason).execute().await? > 0)
}

const FORGET: &str =
    "INSERT INTO suppressions (hash, address, reason, at, note) VALUES ($1, NULL, 'forgotten', $2, NULL)
    ON CONFLICT (hash) DO UPDATE SET address = NULL, reason = 'forgotten', note = NULL";

/// Keeps nothing of `address` but its hash, so that it stays out. [`super::subscribers::forget`] erases the person.
pub(super) async fn forget(tx: &mut Tx, ring: &Keyring, address: &Address, now: Instant) -> Result<(), StoreError> {
    tx.q(FORGET).bind(ring.address_hash(&address.key())).bind(now.timestamp_micros()).execute().await?;
    Ok(())
}

const BARRED: &str = "SELECT s.id, CASE WHEN s.address IS NULL THEN 'forgotten' WHEN s.reason IS NOT NULL THEN s.reason
        WHEN s.departed = 1 THEN 'left' ELSE 'no longer on its lists' END
    FROM (SELECT CAST(r.value ->> 0 AS BIGINT) AS id, s.address, p.reason,
        CASE WHEN EXISTS (SELECT 1 FROM departures d WHERE d.subscriber = s.id AND d.newsletter = $2) THEN 1 ELSE 0 END AS departed,
        CASE WHEN EXISTS (SELECT 1 FROM memberships m JOIN lists l ON l.id = m.list JOIN json_each($3) n ON l.name = n.value ->> 0
            WHERE m.subscriber = s.id AND m.status = 'active') THEN 1 ELSE 0 END AS member
        FROM json_each($1) r
        LEFT JOIN subscribers s ON s.id = CAST(r.value ->> 0 AS BIGINT)
        LEFT JOIN suppressions p ON p.address = s.address) s
    WHERE s.reason IS NOT NULL OR s.departed = 1 OR s.member = 0";

/// Those of `subscribers` to whom nothing of that newsletter may go any more, and why in a word: they are suppressed
/// (the suppression's reason), they left it, they are no longer on any of `lists`, or they were forgotten. Asked inside
/// a claim, in its transaction, so that it is asked last.
///
/// # Errors
/// What the database says.
pub async fn barred(
    tx: &mut Tx,
    newsletter: i64,
    lists: &[String],
    subscribers: &[i64],
) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = serde_json::to_string(&subscribers.iter().map(|id| [*id]).collect::<Vec<_>>())?;
    let lists = serde_json::to_string(&lists.iter().map(|name| [name]).collect::<Vec<_>>())?;
    let mut barred = Vec::new();
    for row in tx.q(BARRED).bind(rows).bind(newsletter).bind(lists).all().await? {
        barred.push((row.get(0)?, row.get(1)?));
    }
    Ok(barred)
}

/// The reason that a column holds.
pub(super) fn reason(word: &str) -> Result<Reason, StoreError> {
    Reason::from_word(word).ok_or_else(|| StoreError::Content(format!("“{word}” is no reason for a suppression")))
}
