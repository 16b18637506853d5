//! Who polls the feeds: counts by day, document and kind of program. No address is kept.

use chrono::NaiveDate;
use serde::Serialize;

use super::{StoreError, Tx};

/// What one kind of program asked of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Polled {
    /// The document: `news.rss`.
    pub topic: String,
    /// The kind of program.
    pub agent: String,
    /// How often it asked.
    pub requests: i64,
    /// How often it had it already (304).
    pub not_modified: i64,
    /// Bytes that were sent.
    pub bytes: i64,
    /// Bytes that 304 and compression have spared.
    pub saved: i64,
    /// For how many people it asks, as it says; the highest.
    pub subscribers: i64,
}

const ADD: &str = "INSERT INTO readers (day, topic, agent, requests, not_modified, bytes, saved, subscribers)
     SELECT $2, r.value ->> 0, r.value ->> 1, CAST(r.value ->> 2 AS BIGINT), CAST(r.value ->> 3 AS BIGINT),
        CAST(r.value ->> 4 AS BIGINT), CAST(r.value ->> 5 AS BIGINT), CAST(r.value ->> 6 AS BIGINT)
     FROM json_each($1) r WHERE TRUE
     ON CONFLICT (day, topic, agent) DO UPDATE SET requests = readers.requests + excluded.requests,
        not_modified = readers.not_modified + excluded.not_modified, bytes = readers.bytes + excluded.bytes,
        saved = readers.saved + excluded.saved,
        subscribers = CASE WHEN excluded.subscribers > readers.subscribers THEN excluded.subscribers ELSE readers.subscribers END";

/// Adds what was counted to a day.
///
/// # Errors
/// What the database says.
pub async fn add(tx: &mut Tx, day: NaiveDate, polled: &[Polled]) -> Result<(), StoreError> {
    let rows: Vec<_> = polled
        .iter()
        .map(|p| (&p.topic, &p.agent, p.requests, p.not_modified, p.bytes, p.saved, p.subscribers))
        .collect();
    tx.q(ADD).bind(serde_json::to_string(&rows)?).bind(day.to_string()).execute().await?;
    Ok(())
}

const SINCE: &str = "SELECT r.topic, r.agent, CAST(SUM(r.requests) AS BIGINT), CAST(SUM(r.not_modified) AS BIGINT),
        CAST(SUM(r.bytes) AS BIGINT), CAST(SUM(r.saved) AS BIGINT), MAX(r.subscribers)
     FROM readers r WHERE r.day >= $1 GROUP BY r.topic, r.agent ORDER BY 3 DESC, r.topic, r.agent";

/// What was counted from a day on, by document and program, the busiest first. Of the people whom a program asks for, the highest number.
///
/// # Errors
/// What the database says.
pub async fn since(tx: &mut Tx, day: NaiveDate) -> Result<Vec<Polled>, StoreError> {
    let rows = tx.q(SINCE).bind(day.to_string()).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Polled {
                topic: row.get(0)?,
                agent: row.get(1)?,
                requests: row.get(2)?,
                not_modified: row.get(3)?,
                bytes: row.get(4)?,
                saved: row.get(5)?,
                subscribers: row.get(6)?,
            })
        })
        .collect()
}

const AGENTS: &str = "SELECT DISTINCT agent FROM readers WHERE day = $1";

/// The programs that a day knows already.
///
/// # Errors
/// What the database says.
pub async fn agents(tx: &mut Tx, day: NaiveDate) -> Result<Vec<String>, StoreError> {
    tx.q(AGENTS).bind(day.to_string()).all().await?.iter().map(|row| row.get(0)).collect()
}

const FORGET: &str = "DELETE FROM readers WHERE day < $1";

/// Forgets the days before that one.
///
/// # Errors
/// What the database says.
pub async fn forget(tx: &mut Tx, before: NaiveDate) -> Result<(), StoreError> {
    tx.q(FORGET).bind(before.to_string()).execute().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::stores;

    #[tokio::test]
    async fn a_days_counts_add_up_and_people_are_the_most() {
        let (_folder, stores) = stores().await;
        for store in &stores {
            let day = |text: &str| text.parse::<NaiveDate>().unwrap();
            let polled = |requests, subscribers| Polled {
                topic: "news.rss".to_owned(),
                agent: "Feedly".to_owned(),
                requests,
                not_modified: 1,
                bytes: 10,
                saved: 90,
                subscribers,
            };
            let mut tx = store.write().await.unwrap();
            add(&mut tx, day("2026-03-01"), &[polled(1, 9)]).await.unwrap();
            add(&mut tx, day("2026-03-02"), &[polled(2, 7)]).await.unwrap();
            add(&mut tx, day("2026-03-02"), &[polled(3, 5)]).await.unwrap();
            let counted = since(&mut tx, day("2026-03-02")).await.unwrap();
            assert_eq!(counted, [Polled { not_modified: 2, bytes: 20, saved: 180, ..polled(5, 7) }]);
            assert_eq!(since(&mut tx, day("2026-03-01")).await.unwrap()[0].subscribers, 9);
            forget(&mut tx, day("2026-03-02")).await.unwrap();
            assert_eq!(since(&mut tx, day("2026-03-01")).await.unwrap()[0].requests, 5);
            assert_eq!(agents(&mut tx, day("2026-03-02")).await.unwrap(), ["Feedly"]);
        }
    }
}
