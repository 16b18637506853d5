//! What came back to the return path: one row a report, kept for staff and so that each counts once.

use super::deliveries::sealed;
use super::{StoreError, Tx};
use crate::audience::Address;
use crate::clock::{Instant, from_micros};

/// Reports that are kept of one copy: a reader has the token of their own, and may send whatever they like with it.
const A_COPY: i64 = 8;
/// Reports that are kept of what no token names, the newest: anybody may write to the return path.
const STRANGERS: i64 = 2000;

/// A report as it is kept.
#[derive(Clone, Debug)]
pub struct Return {
    /// Of what makes it this report.
    pub hash: String,
    /// What it is, in a word.
    pub kind: &'static str,
    /// Whose copy it is about: edition and subscriber.
    pub delivery: Option<(i64, i64)>,
    /// Whom the refusal is about, in a word.
    pub about: Option<&'static str>,
    /// Whether for good.
    pub lasting: bool,
    /// The server's code.
    pub code: Option<u16>,
    /// Its enhanced code.
    pub enhanced: Option<String>,
    /// Its words.
    pub line: String,
    /// What was done, in a word.
    pub done: &'static str,
    /// Its beginning.
    pub raw: String,
}

const KNOWN: &str = "SELECT id FROM returns WHERE hash = $1";

/// Whether that report has been taken in before.
///
/// # Errors
/// What the database says.
pub async fn is_known(tx: &mut Tx, hash: &str) -> Result<bool, StoreError> {
    Ok(tx.q(KNOWN).bind(hash.to_owned()).optional().await?.is_some())
}

const KEEP: &str =
    "INSERT INTO returns (hash, at, kind, edition, subscriber, about, lasting, code, enhanced, line, done, raw)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
    WHERE $5 IS NULL OR (SELECT COUNT(*) FROM returns WHERE subscriber = $5 AND edition = $4) < $13
    ON CONFLICT (hash) DO NOTHING";
/// Keeps a report, of one copy only so many; [`trim`] holds the others to their number.
///
/// # Errors
/// What the database says.
pub async fn keep(tx: &mut Tx, kept: &Return, now: Instant) -> Result<(), StoreError> {
    // PostgreSQL has no place for U+0000 in a text.
    let text = |text: &str| text.replace('\0', "");
    tx.q(KEEP)
        .bind(kept.hash.clone())
        .bind(now.timestamp_micros())
        .bind(kept.kind)
        .bind(kept.delivery.map(|(edition, _)| edition))
        .bind(kept.delivery.map(|(_, subscriber)| subscriber))
        .bind(kept.about.map(str::to_owned))
        .bind(i64::from(kept.lasting))
        .bind(kept.code.map(i64::from))
        .bind(kept.enhanced.clone())
        .bind(text(&kept.line))
        .bind(kept.done)
        .bind(text(&kept.raw))
        .bind(A_COPY)
        .execute()
        .await?;
    Ok(())
}

const OLD: &str = "DELETE FROM returns WHERE subscriber IS NULL AND id <= (
    SELECT id FROM returns WHERE subscriber IS NULL ORDER BY id DESC LIMIT 1 OFFSET $1)";

/// Lets go of the oldest reports that no token names, where there are too many: once after so many as are kept together.
///
/// # Errors
/// What the database says.
pub async fn trim(tx: &mut Tx) -> Result<(), StoreError> {
    tx.q(OLD).bind(STRANGERS).execute().await?;
    Ok(())
}

const SENT: &str = "SELECT COALESCE(d.at, e.start_at) FROM deliveries d JOIN editions e ON e.id = d.edition
    WHERE d.edition = $1 AND d.subscriber = $2";

/// When that copy was last handed over or tried; `None` where there is no such delivery, or none any more.
///
/// # Errors
/// What the database says.
pub async fn sent_at(tx: &mut Tx, edition: i64, subscriber: i64) -> Result<Option<Instant>, StoreError> {
    match tx.q(SENT).bind(edition).bind(subscriber).optional().await? {
        Some(row) => Ok(Some(from_micros(row.get(0)?))),
        None => Ok(sealed::one(tx, edition, subscriber).await?.and_then(|copy| copy.at).map(from_micros)),
    }
}

const OF_EDITION: &str =
    "SELECT done, CAST(COUNT(*) AS BIGINT) FROM returns WHERE edition = $1 GROUP BY done ORDER BY 2 DESC, 1";

/// What came back of an edition: how many reports, by what was done about them.
///
/// # Errors
/// What the database says.
pub async fn of_edition(tx: &mut Tx, edition: i64) -> Result<Vec<(String, i64)>, StoreError> {
    tx.q(OF_EDITION).bind(edition).all().await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

const POSITION: &str = "SELECT validity, uid FROM mailboxes WHERE name = $1";

/// How far the mailbox of that name has been read: its numbering, and the number up to which everything is done with.
///
/// # Errors
/// What the database says.
pub async fn position(tx: &mut Tx, name: &str) -> Result<Option<(i64, i64)>, StoreError> {
    match tx.q(POSITION).bind(name.to_owned()).optional().await? {
        Some(row) => Ok(Some((row.get(0)?, row.get(1)?))),
        None => Ok(None),
    }
}

const REACHED: &str = "INSERT INTO mailboxes (name, validity, uid) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET validity = excluded.validity, uid = excluded.uid";

/// Notes how far a mailbox has been read.
///
/// # Errors
/// What the database says.
pub async fn reached(tx: &mut Tx, name: &str, validity: i64, uid: i64) -> Result<(), StoreError> {
    tx.q(REACHED).bind(name.to_owned()).bind(validity).bind(uid).execute().await?;
    Ok(())
}

const COUNT: &str = "UPDATE counters SET value = value + 1 WHERE name = 'answers'";

/// Counts an answer of a machine, of which nothing is kept.
///
/// # Errors
/// What the database says.
pub async fn count_answer(tx: &mut Tx) -> Result<(), StoreError> {
    tx.q(COUNT).execute().await?;
    Ok(())
}

const FORGET: &str = "DELETE FROM returns WHERE subscriber = $1
    OR LOWER(raw) LIKE '%' || $2 || '%' ESCAPE '\\' OR LOWER(line) LIKE '%' || $2 || '%' ESCAPE '\\'";

/// Erases what came back about a person, also where only their address stands in it.
pub(super) async fn forget(tx: &mut Tx, subscriber: Option<i64>, address: &Address) -> Result<(), StoreError> {
    let pattern = address.key().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    tx.q(FORGET).bind(subscriber.unwrap_or(-1)).bind(pattern).execute().await?;
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const ALL: &str = "SELECT kind, done, CAST(COALESCE(subscriber, 0) AS BIGINT), raw FROM returns ORDER BY id";

    /// Kind, done, subscriber (or 0) and text of each.
    pub(crate) async fn all(tx: &mut Tx) -> Vec<(String, String, i64, String)> {
        let rows = tx.q(ALL).all().await.unwrap();
        let read = |row: &crate::store::Row| Ok::<_, StoreError>((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        rows.iter().map(|row| read(row).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_is_kept_has_limits_and_can_be_forgotten() {
        let (_folder, stores) = crate::store::tests::stores().await;
        for store in &stores {
            let mut tx = store.write().await.unwrap();
            let now = crate::clock::from_micros(0);
            let report = |hash: String, delivery| Return {
                hash,
                kind: "failure",
                delivery,
                about: Some("person"),
                lasting: true,
                code: Some(550),
                enhanced: None,
                line: "550 no\0".to_owned(),
                done: "kept",
                raw: "To: An_a@Newsroom.example\n\0".to_owned(),
            };
            for n in 0..12 {
                keep(&mut tx, &report(format!("a{n}"), Some((1, 7))), now).await.unwrap();
            }
            keep(&mut tx, &report("a0".to_owned(), Some((1, 7))), now).await.unwrap();
            assert_eq!(all(&mut tx).await.len(), A_COPY as usize);
            for n in 0..STRANGERS + 5 {
                keep(&mut tx, &report(format!("s{n}"), None), now).await.unwrap();
            }
            trim(&mut tx).await.unwrap();
            assert_eq!(all(&mut tx).await.len(), (A_COPY + STRANGERS) as usize);
            assert!(is_known(&mut tx, "a0").await.unwrap() && !is_known(&mut tx, "s0").await.unwrap());
            forget(&mut tx, Some(9), &"anxa@newsroom.example".parse().unwrap()).await.unwrap();
            assert_eq!(all(&mut tx).await.len(), (A_COPY + STRANGERS) as usize, "_ is a letter here");
            forget(&mut tx, None, &"an_a@newsroom.example".parse().unwrap()).await.unwrap();
            assert!(all(&mut tx).await.is_empty());
        }
    }
}
