//! Whom a newsletter may go to. One condition stands in three statements: an active member of one of
//! the lists, whose choice of newsletters (the file's or their own) holds this one, who has not left
//! it, and whose address is not suppressed.

use std::collections::HashMap;

use chrono_tz::Tz;

use crate::article::Language;
use crate::store::{StoreError, Tx};

use super::{chosen, language, names};

/// One reader of an edition, as composing sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub subscriber: i64,
    /// The language they read, if anybody said; their own word first.
    pub language: Option<Language>,
    /// The topic ids they get, their own word first; `None`: all.
    pub topics: Option<Vec<String>>,
    /// Where they live, if anybody said.
    pub timezone: Option<Tz>,
}

const PAGE_LITE: &str = "SELECT s.id, s.language, s.topics, s.chosen, s.timezone
    FROM lists l
    CROSS JOIN memberships m ON m.list = l.id
    CROSS JOIN subscribers s ON s.id = m.subscriber
    WHERE l.name = $1 AND m.subscriber > $4 AND m.status = 'active'
      AND (m.newsletters IS NULL
           OR EXISTS (SELECT 1 FROM json_each(m.newsletters) n WHERE n.value = $3)
           OR (s.chosen IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(s.chosen, '$.newsletters') n WHERE n.value = $3)))
      AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.subscriber = s.id AND d.newsletter = $2)
      AND NOT EXISTS (SELECT 1 FROM suppressions p WHERE p.address = s.address)
    ORDER BY m.subscriber LIMIT $5";
const PAGE_PG: &str = "SELECT s.id, s.language, s.topics, s.chosen, s.timezone
    FROM memberships m
    JOIN subscribers s ON s.id = m.subscriber
    WHERE m.list = (SELECT id FROM lists WHERE name = $1) AND m.subscriber > $4 AND s.id > $4 AND m.status = 'active'
      AND (m.newsletters IS NULL
           OR CAST(m.newsletters AS jsonb) ? $3
           OR (s.chosen IS NOT NULL AND (CAST(s.chosen AS jsonb) -> 'newsletters') ? $3))
      AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.subscriber = s.id AND d.newsletter = $2)
      AND NOT EXISTS (SELECT 1 FROM suppressions p WHERE p.address = s.address)
    ORDER BY m.subscriber LIMIT $5";

/// The next at most `limit` people after number `after` to whom newsletter `newsletter_id`, named
/// `newsletter`, may go by way of any of `lists`: each once, ordered by number. Fewer than `limit`
/// means that these were the last.
///
/// # Errors
/// What the database says.
pub async fn audience(
    tx: &mut Tx,
    newsletter_id: i64,
    lists: &[String],
    newsletter: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    // Each list's next `limit` rows come by its own index; the smallest `limit` of all of them are
    // the page. No statement has to sort whole lists to say who stands on two.
    let mut members: Vec<Member> = Vec::new();
    for list in lists {
        let query = tx.either(PAGE_LITE, PAGE_PG);
        let query = query.bind(list.as_str()).bind(newsletter_id).bind(newsletter).bind(after).bind(limit);
        for row in query.all().await? {
            let chosen = chosen(row.get(3)?)?;
            members.push(Member {
                subscriber: row.get(0)?,
                timezone: zone(row.get(4)?),
                language: chosen.as_ref().and_then(|c| c.language.clone()).or(language(row.get(1)?)?),
                topics: match chosen {
                    Some(chosen) => chosen.topics,
                    None => names(row.get(2)?)?,
                },
            });
        }
    }
    members.sort_by_key(|m| m.subscriber);
    members.dedup_by_key(|m| m.subscriber);
    members.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(members)
}

const COUNT_LITE: &str = "SELECT COUNT(DISTINCT m.subscriber)
    FROM json_each($1) r
    JOIN lists l ON l.name = r.value ->> 0
    JOIN memberships m ON m.list = l.id
    JOIN subscribers s ON s.id = m.subscriber
    WHERE m.status = 'active'
      AND (m.newsletters IS NULL
           OR EXISTS (SELECT 1 FROM json_each(m.newsletters) n WHERE n.value = $3)
           OR (s.chosen IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(s.chosen, '$.newsletters') n WHERE n.value = $3)))
      AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.subscriber = s.id AND d.newsletter = $2)
      AND NOT EXISTS (SELECT 1 FROM suppressions p WHERE p.address = s.address)";
const COUNT_PG: &str = "SELECT COUNT(DISTINCT m.subscriber)
    FROM json_each($1) r
    JOIN lists l ON l.name = r.value ->> 0
    JOIN memberships m ON m.list = l.id
    JOIN subscribers s ON s.id = m.subscriber
    WHERE m.status = 'active'
      AND (m.newsletters IS NULL
           OR CAST(m.newsletters AS jsonb) ? $3
           OR (s.chosen IS NOT NULL AND (CAST(s.chosen AS jsonb) -> 'newsletters') ? $3))
      AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.subscriber = s.id AND d.newsletter = $2)
      AND NOT EXISTS (SELECT 1 FROM suppressions p WHERE p.address = s.address)";

/// How many people [`audience`] would give in all.
///
/// # Errors
/// What the database says.
pub async fn audience_count(
    tx: &mut Tx,
    newsletter_id: i64,
    lists: &[String],
    newsletter: &str,
) -> Result<i64, StoreError> {
    let rows = serde_json::to_string(&lists.iter().map(|list| [list]).collect::<Vec<_>>())?;
    tx.either(COUNT_LITE, COUNT_PG).bind(rows).bind(newsletter_id).bind(newsletter).one().await?.get(0)
}

const ACTIVE: &str = "SELECT COUNT(DISTINCT m.subscriber)
    FROM json_each($1) r
    JOIN lists l ON l.name = r.value ->> 0
    JOIN memberships m ON m.list = l.id AND m.status = 'active'
    JOIN subscribers s ON s.id = m.subscriber
    WHERE NOT EXISTS (SELECT 1 FROM suppressions p WHERE p.address = s.address)";

/// How many people on any of `lists` may be written to at all, each counted once.
///
/// # Errors
/// What the database says.
pub async fn active_count(tx: &mut Tx, lists: &[&str]) -> Result<i64, StoreError> {
    let rows = serde_json::to_string(&lists.iter().map(|list| [list]).collect::<Vec<_>>())?;
    tx.q(ACTIVE).bind(rows).one().await?.get(0)
}

/// A zone as the store has it; one that the database of zones has lost since counts as none.
fn zone(name: Option<String>) -> Option<Tz> {
    name?.parse().ok()
}

const ZONES_OF: &str = "SELECT s.id, s.timezone FROM (SELECT CAST(value ->> 0 AS BIGINT) AS id FROM json_each($1)) r
    JOIN subscribers s ON s.id = r.id WHERE s.timezone IS NOT NULL";

/// Where these people live, of whom that is known.
///
/// # Errors
/// What the database says.
pub async fn zones_of(tx: &mut Tx, ids: &[i64]) -> Result<HashMap<i64, Tz>, StoreError> {
    let ids: Vec<[i64; 1]> = ids.iter().map(|id| [*id]).collect();
    let rows = tx.q(ZONES_OF).bind(serde_json::to_string(&ids)?).all().await?;
    let pairs = rows.iter().map(|row| Ok((row.get::<i64>(0)?, zone(row.get(1)?))));
    let pairs = pairs.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(pairs.into_iter().filter_map(|(id, zone)| Some((id, zone?))).collect())
}

// From each zone to the next by the index; then whether somebody on these lists lives there.
const ZONES: &str = "WITH RECURSIVE z(zone) AS (
        SELECT MIN(timezone) FROM subscribers WHERE timezone IS NOT NULL
        UNION ALL SELECT (SELECT MIN(s.timezone) FROM subscribers s WHERE s.timezone > z.zone) FROM z WHERE z.zone IS NOT NULL)
    SELECT z.zone FROM z WHERE z.zone IS NOT NULL AND EXISTS (SELECT 1 FROM subscribers s
        JOIN memberships m ON m.subscriber = s.id AND m.status = 'active' AND m.list IN
            (SELECT l.id FROM lists l JOIN json_each($1) r ON l.name = r.value ->> 0)
        WHERE s.timezone = z.zone)";

/// The zones in which somebody on these lists lives.
///
/// # Errors
/// What the database says.
pub async fn zones(tx: &mut Tx, lists: &[String]) -> Result<Vec<Tz>, StoreError> {
    let lists: Vec<[&str; 1]> = lists.iter().map(|list| [list.as_str()]).collect();
    let rows = tx.q(ZONES).bind(serde_json::to_string(&lists)?).all().await?;
    let zones = rows.iter().map(|row| Ok(zone(row.get(0)?))).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(zones.into_iter().flatten().collect())
}
