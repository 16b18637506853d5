//! The house's own single mails: confirmations, approvals, alarms. They have a lane of their own, and wait behind nothing.
//!
//! 1. [`enqueue`] puts one in, in the transaction of what it is about: both are there, or neither.
//! 2. [`claim`] takes the next; the attempt and the time of the next one are written before anything is dialled.
//! 3. [`sent`] forgets it, [`later`] lets it wait, [`fail`] keeps that it was refused, without its text.

use std::time::Duration;

use super::{StoreError, Tx, wish};
use crate::audience::Address;
use crate::clock::{Instant, from_micros};
use crate::mail::Letter;
use crate::secret;

/// What was refused for good is remembered so long.
const MEMORY: Duration = Duration::from_secs(30 * 24 * 3600);

/// A letter that is ours to send.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its number.
    pub id: i64,
    /// The part of its Message-ID before the `@`.
    pub word: String,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// The letter.
    pub letter: Letter,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Still to be sent.
    pub waiting: i64,
    /// Refused for good in the last thirty days.
    pub failed: i64,
    /// Since when the oldest waits.
    pub oldest: Option<Instant>,
}

const ENQUEUE: &str = "INSERT INTO system_mails (address, name, language, subject, text, html, word, next_at, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id";

/// Puts a letter in; its number. It goes as soon as this transaction is committed, ahead of everything else; where the
/// daemon is this process, `Wake::up(Task::Post)` after the commit spares it a moment. Whether the person may be written to
/// is for the caller to know: suppression is not asked.
///
/// # Errors
/// What the database says; no random bytes to be had.
pub async fn enqueue(tx: &mut Tx, letter: &Letter, now: Instant) -> Result<i64, StoreError> {
    // PostgreSQL has no place for U+0000 in a text.
    let clean = |text: &str| text.replace('\0', "");
    let word = secret::random_word(26).map_err(|_| StoreError::Random)?.to_lowercase();
    let row = tx
        .q(ENQUEUE)
        .bind(letter.to.to_string())
        .bind(letter.to_name.as_deref().map(clean))
        .bind(letter.language.as_str())
        .bind(clean(&letter.subject))
        .bind(clean(&letter.text))
        .bind(letter.html.as_deref().map(clean))
        .bind(word)
        .bind(now.timestamp_micros())
        .one()
        .await?;
    wish(tx).await?;
    row.get(0)
}

const NEXT_LITE: &str = "SELECT id, address, name, language, subject, text, html, word, attempts FROM system_mails
    WHERE state < 4 AND next_at <= $1 ORDER BY next_at, id LIMIT 1";
const NEXT_PG: &str = "SELECT id, address, name, language, subject, text, html, word, attempts FROM system_mails
    WHERE state < 4 AND next_at <= $1 ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED";
const TAKE: &str = "UPDATE system_mails SET state = 1, attempts = attempts + 1, next_at = $2 WHERE id = $1";

/// Takes the letter that has waited longest, for as long as `lease`: after that it is taken for a dead process's.
///
/// # Errors
/// What the database says.
pub async fn claim(tx: &mut Tx, now: Instant, lease: Duration) -> Result<Option<Claimed>, StoreError> {
    let Some(row) = tx.either(NEXT_LITE, NEXT_PG).bind(now.timestamp_micros()).optional().await? else {
        return Ok(None);
    };
    let id: i64 = row.get(0)?;
    let unreadable = |what: String| StoreError::Content(format!("system_mails: {what}"));
    let to = row.get::<String>(1)?.parse().map_err(|e| unreadable(format!("{e}")))?;
    let language = row.get::<String>(3)?.parse().map_err(|e| unreadable(format!("{e}")))?;
    let letter =
        Letter { to, to_name: row.get(2)?, language, subject: row.get(4)?, text: row.get(5)?, html: row.get(6)? };
    tx.q(TAKE).bind(id).bind((now + lease).timestamp_micros()).execute().await?;
    Ok(Some(Claimed { id, word: row.get(7)?, attempt: row.get::<i64>(8)? + 1, letter }))
}

const SENT: &str = "DELETE FROM system_mails WHERE id = $1";

/// Forgets a letter that was handed over.
///
/// # Errors
/// What the database says.
pub async fn sent(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    tx.q(SENT).bind(id).execute().await?;
    Ok(())
}

const LATER: &str =
    "UPDATE system_mails SET state = 0, attempts = attempts - $3, next_at = $2, line = $4 WHERE id = $1 AND state = 1";

/// Lets a letter wait until `next_at`. `tried`: it counts as an attempt.
///
/// # Errors
/// What the database says.
pub async fn later(tx: &mut Tx, id: i64, next_at: Instant, tried: bool, words: &str) -> Result<(), StoreError> {
    tx.q(LATER).bind(id).bind(next_at.timestamp_micros()).bind(i64::from(!tried)).bind(words).execute().await?;
    Ok(())
}

const FAIL: &str = "UPDATE system_mails SET state = 4, text = '', html = NULL, next_at = $2, line = $3 WHERE id = $1";
const FORGET: &str = "DELETE FROM system_mails WHERE state = 4 AND next_at < $1";

/// Notes that a letter was refused for good. Its text, in which links may stand that only its reader is to have, is gone.
///
/// # Errors
/// What the database says.
pub async fn fail(tx: &mut Tx, id: i64, now: Instant, words: &str) -> Result<(), StoreError> {
    tx.q(FAIL).bind(id).bind(now.timestamp_micros()).bind(words).execute().await?;
    tx.q(FORGET).bind((now - MEMORY).timestamp_micros()).execute().await?;
    Ok(())
}

const FORGET_PERSON: &str = "DELETE FROM system_mails WHERE LOWER(address) = LOWER($1)";

/// Forgets what was for that address.
///
/// # Errors
/// What the database says.
pub async fn forget(tx: &mut Tx, address: &Address) -> Result<(), StoreError> {
    tx.q(FORGET_PERSON).bind(address.to_string()).execute().await?;
    Ok(())
}

const RECOVER: &str = "UPDATE system_mails SET state = 0, next_at = $1 WHERE state = 1";

/// Takes back what a dead process was handing over. Only where nobody else can be at work on this store: elsewhere the
/// lease runs out.
///
/// # Errors
/// What the database says.
pub async fn recover(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.q(RECOVER).bind(now.timestamp_micros()).execute().await
}

const NEXT_DUE: &str = "SELECT MIN(next_at) FROM system_mails WHERE state < 4";

/// When the next letter may go; `None` where none waits.
///
/// # Errors
/// What the database says.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Instant>, StoreError> {
    Ok(tx.q(NEXT_DUE).one().await?.get::<Option<i64>>(0)?.map(from_micros))
}

const STANDING: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN state < 4 THEN 1 ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(SUM(CASE WHEN state = 4 THEN 1 ELSE 0 END), 0) AS BIGINT),
    MIN(CASE WHEN state < 4 THEN created_at END) FROM system_mails";

/// How many wait, and how many were refused.
///
/// # Errors
/// What the database says.
pub async fn standing(tx: &mut Tx) -> Result<Standing, StoreError> {
    let row = tx.q(STANDING).one().await?;
    Ok(Standing { waiting: row.get(0)?, failed: row.get(1)?, oldest: row.get::<Option<i64>>(2)?.map(from_micros) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::stores;

    #[tokio::test]
    async fn a_letter_is_claimed_once_waits_and_is_forgotten() {
        let (_folder, stores) = stores().await;
        for store in &stores {
            let now = from_micros(1_772_000_000_000_000);
            let letter = Letter {
                to: "ana@readers.test".parse().expect("an address"),
                to_name: None,
                language: "en".parse().expect("a language"),
                subject: "Confirm".to_owned(),
                text: "A link that is Ana's alone".to_owned(),
                html: None,
            };
            let mut tx = store.write().await.expect("a transaction");
            let id = enqueue(&mut tx, &letter, now).await.expect("a letter");
            let minute = Duration::from_secs(60);
            let claimed = claim(&mut tx, now, minute).await.expect("a claim").expect("a letter");
            assert_eq!((claimed.id, claimed.attempt, &claimed.letter), (id, 1, &letter));
            assert!(claim(&mut tx, now, minute).await.expect("no claim").is_none(), "it is ours");
            later(&mut tx, id, now + minute, false, "no relay").await.expect("later");
            assert!(claim(&mut tx, now, minute).await.expect("no claim").is_none(), "it waits");
            assert_eq!(next_due(&mut tx).await.expect("an instant"), Some(now + minute));
            let again = claim(&mut tx, now + minute, minute).await.expect("a claim").expect("a letter");
            assert_eq!((again.attempt, &again.word), (1, &claimed.word));
            let third = claim(&mut tx, now + minute * 2, minute).await.expect("a claim");
            assert_eq!(third.expect("a dead process's").attempt, 2);
            fail(&mut tx, id, now, "550 no such user").await.expect("a failure");
            let text: String =
                tx.q("SELECT text FROM system_mails").one().await.expect("a row").get(0).expect("a text");
            let stands = standing(&mut tx).await.expect("numbers");
            assert_eq!((text.as_str(), stands.waiting, stands.failed), ("", 0, 1));
            forget(&mut tx, &"ANA@readers.test".parse().expect("an address")).await.expect("forgotten");
            assert_eq!(standing(&mut tx).await.expect("numbers"), Standing::default());
            let other = enqueue(&mut tx, &letter, now).await.expect("a letter");
            sent(&mut tx, other).await.expect("sent");
            assert_eq!(standing(&mut tx).await.expect("numbers").waiting, 0);
        }
    }
}
