//! WebSub: the topics, who is told of them, what was asked of the hub, and what was told.
//!
//! 1. [`ask`] keeps what somebody wants; [`claim_requests`] gives what is to be verified, [`subscribe`] and [`unsubscribe`] do it.
//! 2. [`note`] says which bytes each topic has now. Who has an older version is behind, and needs no row for that.
//! 3. [`claim`] gives who is to be told now; attempt and next time are written before anybody is called.
//! 4. [`settle`] keeps what became of it; who is gone or was away for days is dropped.

use super::{StoreError, Tx};
use crate::clock::{Instant, from_micros};

mod log;

pub use log::{Pinged, Standing, forget_old, log, pinged, pings, standing, subscribers};

/// What somebody asks of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// To be told; `false`: no longer.
    pub subscribe: bool,
    /// The topic.
    pub topic: String,
    /// Where to.
    pub callback: String,
    /// What signs the documents.
    pub secret: Option<String>,
    /// For how many seconds.
    pub lease: i64,
}

/// A request that is to be verified.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number.
    pub id: i64,
    /// What is asked.
    pub wanted: Wanted,
    /// Which attempt this is, from 1.
    pub attempts: i64,
    /// When it was asked: a later one of the same takes its place.
    pub asked_at: Instant,
}

/// One who is to be told.
#[derive(Clone, Debug)]
pub struct Behind {
    /// Its number.
    pub id: i64,
    /// The topic.
    pub topic: String,
    /// Where to.
    pub callback: String,
    /// Whether it is a hub elsewhere.
    pub is_hub: bool,
    /// What signs the document.
    pub secret: Option<String>,
    /// The version that it is told of.
    pub version: i64,
    /// Which attempt this is, from 1.
    pub attempts: i64,
}

/// What became of telling one.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number.
    pub id: i64,
    /// The topic.
    pub topic: String,
    /// The version.
    pub version: i64,
    /// What it said.
    pub said: String,
    /// What follows.
    pub then: Then,
}

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It has the version.
    Done,
    /// It is tried again.
    Later(Instant),
    /// It is dropped.
    Drop,
}

const WAITING: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT id FROM hub_requests LIMIT $1) r";
const ASK: &str = "INSERT INTO hub_requests (mode, topic, callback, secret, lease, next_at, asked_at)
     VALUES ($1, $2, $3, $4, $5, 0, $6)
     ON CONFLICT (topic, callback) DO UPDATE SET mode = excluded.mode, secret = excluded.secret, lease = excluded.lease,
        attempts = 0, next_at = 0, asked_at = excluded.asked_at";

/// Keeps a request, in the place of an earlier one for the same callback and topic; `false` where so many wait that it must come again.
///
/// # Errors
/// What the database says.
pub async fn ask(tx: &mut Tx, wanted: &Wanted, most: i64, now: Instant) -> Result<bool, StoreError> {
    if tx.q(WAITING).bind(most).one().await?.get::<i64>(0)? >= most {
        return Ok(false);
    }
    tx.q(ASK)
        .bind(if wanted.subscribe { "subscribe" } else { "unsubscribe" })
        .bind(wanted.topic.as_str())
        .bind(wanted.callback.as_str())
        .bind(wanted.secret.clone())
        .bind(wanted.lease)
        .bind(now.timestamp_micros())
        .execute()
        .await?;
    Ok(true)
}

// CROSS JOIN: the few topics are gone through, and each finds those behind by the index.
const IS_DUE_LITE: &str = "SELECT CAST(EXISTS (SELECT 1 FROM hub_requests WHERE next_at <= $1) OR EXISTS
     (SELECT 1 FROM json_each($2) k CROSS JOIN hub_topics t CROSS JOIN hub_subscribers s
      WHERE t.name = k.value ->> 0 AND s.topic = t.name AND s.have < t.version AND s.next_at <= $1) AS BIGINT)";
const IS_DUE_PG: &str = "SELECT CAST(CAST(EXISTS (SELECT 1 FROM hub_requests WHERE next_at <= $1) OR EXISTS
     (SELECT 1 FROM json_each($2) k JOIN hub_topics t ON t.name = k.value ->> 0 JOIN hub_subscribers s
      ON s.topic = t.name AND s.have < t.version AND s.next_at <= $1) AS INTEGER) AS BIGINT)";

/// Whether there is something to verify, or somebody to tell of one of these topics.
///
/// # Errors
/// What the database says.
pub async fn is_due(tx: &mut Tx, topics: &[[&str; 1]], now: Instant) -> Result<bool, StoreError> {
    let query = tx.either(IS_DUE_LITE, IS_DUE_PG).bind(now.timestamp_micros()).bind(serde_json::to_string(topics)?);
    Ok(query.one().await?.get::<i64>(0)? == 1)
}

const CLAIM_REQUESTS: &str = "UPDATE hub_requests SET attempts = attempts + 1, next_at = $2
     WHERE id IN (SELECT id FROM hub_requests WHERE next_at <= $1 ORDER BY next_at LIMIT $3)
     RETURNING id, mode, topic, callback, secret, lease, attempts, asked_at";

/// The requests that are to be verified now; they are looked at again at `until`.
///
/// # Errors
/// What the database says.
pub async fn claim_requests(
    tx: &mut Tx,
    now: Instant,
    until: Instant,
    most: usize,
) -> Result<Vec<Request>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows =
        tx.q(CLAIM_REQUESTS).bind(now.timestamp_micros()).bind(until.timestamp_micros()).bind(most).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Request {
                id: row.get(0)?,
                wanted: Wanted {
                    subscribe: row.get::<String>(1)? == "subscribe",
                    topic: row.get(2)?,
                    callback: row.get(3)?,
                    secret: row.get(4)?,
                    lease: row.get(5)?,
                },
                attempts: row.get(6)?,
                asked_at: from_micros(row.get(7)?),
            })
        })
        .collect()
}

const FORGET_REQUEST: &str = "DELETE FROM hub_requests WHERE id = $1 AND asked_at = $2";

/// Forgets a request, whatever came of it; `false` where another one has taken its place meanwhile.
///
/// # Errors
/// What the database says.
pub async fn forget_request(tx: &mut Tx, request: &Request) -> Result<bool, StoreError> {
    Ok(tx.q(FORGET_REQUEST).bind(request.id).bind(request.asked_at.timestamp_micros()).execute().await? > 0)
}

const PUT_OFF: &str = "UPDATE hub_requests SET next_at = $3 WHERE id = $1 AND asked_at = $2";

/// Lets a request wait until `next`.
///
/// # Errors
/// What the database says.
pub async fn put_off(tx: &mut Tx, request: &Request, next: Instant) -> Result<(), StoreError> {
    let query = tx.q(PUT_OFF).bind(request.id).bind(request.asked_at.timestamp_micros());
    query.bind(next.timestamp_micros()).execute().await?;
    Ok(())
}

const SUBSCRIBE: &str = "INSERT INTO hub_subscribers (topic, callback, kind, secret, lease_until, have, created_at)
     VALUES ($1, $2, 0, $3, $4, COALESCE((SELECT version FROM hub_topics WHERE name = $1), 0), $5)
     ON CONFLICT (topic, callback) DO UPDATE SET secret = excluded.secret, lease_until = excluded.lease_until";

/// Enters a subscriber, or renews the lease and the secret of one. What is there already is not sent: they have fetched it.
///
/// # Errors
/// What the database says.
pub async fn subscribe(tx: &mut Tx, wanted: &Wanted, until: Instant, now: Instant) -> Result<(), StoreError> {
    tx.q(SUBSCRIBE)
        .bind(wanted.topic.as_str())
        .bind(wanted.callback.as_str())
        .bind(wanted.secret.clone())
        .bind(until.timestamp_micros())
        .bind(now.timestamp_micros())
        .execute()
        .await?;
    Ok(())
}

const UNSUBSCRIBE: &str = "DELETE FROM hub_subscribers WHERE topic = $1 AND callback = $2 AND kind = 0";

/// Takes a subscriber out.
///
/// # Errors
/// What the database says.
pub async fn unsubscribe(tx: &mut Tx, wanted: &Wanted) -> Result<(), StoreError> {
    tx.q(UNSUBSCRIBE).bind(wanted.topic.as_str()).bind(wanted.callback.as_str()).execute().await?;
    Ok(())
}

const TOPICS: &str = "SELECT name, tag, version FROM hub_topics";
const NOTE: &str = "INSERT INTO hub_topics (name, tag, version, at)
     SELECT r.value ->> 0, r.value ->> 1, 1, $2 FROM json_each($1) r WHERE TRUE
     ON CONFLICT (name) DO UPDATE SET tag = excluded.tag, version = hub_topics.version + 1, at = excluded.at
     RETURNING name, version";
const NOTE_PINGS: &str = "INSERT INTO hub_pings (at, topic, version)
     SELECT $2, r.value ->> 0, CAST(r.value ->> 1 AS BIGINT) FROM json_each($1) r";

/// The topics as they were last noted: name, mark of the bytes, version.
///
/// # Errors
/// What the database says.
pub async fn topics(tx: &mut Tx) -> Result<Vec<(String, String, i64)>, StoreError> {
    let rows = tx.q(TOPICS).all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect()
}

/// Notes that these topics have bytes of these marks now; their new versions. The first bytes of a topic are no news to anybody.
///
/// # Errors
/// What the database says.
pub async fn note(tx: &mut Tx, changed: &[(String, String)], now: Instant) -> Result<Vec<(String, i64)>, StoreError> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let at = now.timestamp_micros();
    let rows = tx.q(NOTE).bind(serde_json::to_string(changed)?).bind(at).all().await?;
    let noted: Vec<(String, i64)> =
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, StoreError>>()?;
    let told: Vec<_> = noted.iter().filter(|(_, version)| *version > 1).collect();
    tx.q(NOTE_PINGS).bind(serde_json::to_string(&told)?).bind(at).execute().await?;
    Ok(noted)
}

const FORGET_HUBS: &str = "DELETE FROM hub_subscribers WHERE kind = 1 AND NOT EXISTS
     (SELECT 1 FROM json_each($1) h WHERE h.value ->> 0 = hub_subscribers.topic AND h.value ->> 1 = hub_subscribers.callback)";
const ENTER_HUBS: &str = "INSERT INTO hub_subscribers (topic, callback, kind, have, created_at)
     SELECT h.value ->> 0, h.value ->> 1, 1, 0, $2 FROM json_each($1) h WHERE TRUE
     ON CONFLICT (topic, callback) DO NOTHING";

/// The hubs elsewhere that are told of each topic; a new one at once, since it may never have heard of it.
///
/// # Errors
/// What the database says.
pub async fn set_hubs(tx: &mut Tx, hubs: &[(String, String)], now: Instant) -> Result<(), StoreError> {
    let hubs = serde_json::to_string(hubs)?;
    tx.q(FORGET_HUBS).bind(hubs.as_str()).execute().await?;
    tx.q(ENTER_HUBS).bind(hubs).bind(now.timestamp_micros()).execute().await?;
    Ok(())
}

const FREE: &str = "UPDATE hub_subscribers SET next_at = 0 WHERE failing_since IS NULL AND next_at > 0";

/// Lets go of what an earlier process claimed and did not settle.
///
/// # Errors
/// What the database says.
pub async fn free(tx: &mut Tx) -> Result<(), StoreError> {
    tx.q(FREE).execute().await?;
    Ok(())
}

const EXPIRE: &str = "DELETE FROM hub_subscribers WHERE lease_until <= $1";

/// Drops those whose lease is over; how many.
///
/// # Errors
/// What the database says.
pub async fn expire(tx: &mut Tx, now: Instant) -> Result<u64, StoreError> {
    tx.q(EXPIRE).bind(now.timestamp_micros()).execute().await
}

const BEHIND_LITE: &str =
    "SELECT s.id, t.version FROM json_each($3) k CROSS JOIN hub_topics t CROSS JOIN hub_subscribers s
     WHERE t.name = k.value ->> 0 AND s.topic = t.name AND s.have < t.version AND s.next_at <= $1
        AND (s.lease_until IS NULL OR s.lease_until > $1) LIMIT $2";
const BEHIND_PG: &str =
    "SELECT s.id, t.version FROM json_each($3) k JOIN hub_topics t ON t.name = k.value ->> 0 JOIN hub_subscribers s
     ON s.topic = t.name AND s.have < t.version AND s.next_at <= $1
        AND (s.lease_until IS NULL OR s.lease_until > $1) LIMIT $2";
const CLAIM: &str = "UPDATE hub_subscribers SET attempts = attempts + 1, next_at = $2
     WHERE id IN (SELECT CAST(r.value ->> 0 AS BIGINT) FROM json_each($1) r)
     RETURNING id, topic, callback, kind, secret, attempts";

/// Those who are behind with one of these topics and may be told now, `most` at a time; they are free again at `until` where nothing is
/// said before. A topic whose document is not up (yet) is not to be named: nobody could be told of it until then.
///
/// # Errors
/// What the database says.
pub async fn claim(
    tx: &mut Tx,
    topics: &[[&str; 1]],
    (now, until): (Instant, Instant),
    most: usize,
) -> Result<Vec<Behind>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let query = tx.either(BEHIND_LITE, BEHIND_PG).bind(now.timestamp_micros()).bind(most);
    let found = query.bind(serde_json::to_string(topics)?).all().await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut versions = std::collections::HashMap::with_capacity(found.len());
    for row in &found {
        versions.insert(row.get::<i64>(0)?, row.get::<i64>(1)?);
    }
    let ids: Vec<[i64; 1]> = versions.keys().map(|id| [*id]).collect();
    let rows = tx.q(CLAIM).bind(serde_json::to_string(&ids)?).bind(until.timestamp_micros()).all().await?;
    rows.iter()
        .map(|row| {
            let id = row.get(0)?;
            Ok(Behind {
                id,
                topic: row.get(1)?,
                callback: row.get(2)?,
                is_hub: row.get::<i64>(3)? == 1,
                secret: row.get(4)?,
                version: versions.get(&id).copied().unwrap_or_default(),
                attempts: row.get(5)?,
            })
        })
        .collect()
}

const DONE: &str = "UPDATE hub_subscribers SET have = CAST(r.value ->> 1 AS BIGINT), attempts = 0, next_at = 0,
        failing_since = NULL, told_at = $2, said = r.value ->> 2
     FROM json_each($1) r WHERE hub_subscribers.id = CAST(r.value ->> 0 AS BIGINT)";
const LATER: &str = "UPDATE hub_subscribers SET next_at = CAST(r.value ->> 1 AS BIGINT),
        failing_since = COALESCE(failing_since, $2), said = r.value ->> 2
     FROM json_each($1) r WHERE hub_subscribers.id = CAST(r.value ->> 0 AS BIGINT)";
const DROP: &str =
    "DELETE FROM hub_subscribers WHERE id IN (SELECT CAST(r.value ->> 0 AS BIGINT) FROM json_each($1) r)";
const COUNT: &str =
    "UPDATE hub_pings SET told = told + CAST(r.value ->> 2 AS BIGINT), failed = failed + CAST(r.value ->> 3 AS BIGINT)
     FROM json_each($1) r WHERE hub_pings.topic = r.value ->> 0 AND hub_pings.version = CAST(r.value ->> 1 AS BIGINT)";

/// Keeps what became of telling them, a statement for each kind of end.
///
/// # Errors
/// What the database says.
pub async fn settle(tx: &mut Tx, told: &[Told], now: Instant) -> Result<(), StoreError> {
    let at = now.timestamp_micros();
    let (mut done, mut later, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    let mut counts: std::collections::BTreeMap<(&str, i64), (i64, i64)> = std::collections::BTreeMap::new();
    for one in told {
        let count = counts.entry((&one.topic, one.version)).or_default();
        match one.then {
            Then::Done => {
                count.0 += 1;
                done.push((one.id, one.version, &one.said));
            }
            Then::Later(again) => {
                count.1 += 1;
                later.push((one.id, again.timestamp_micros(), &one.said));
            }
            Then::Drop => {
                count.1 += 1;
                gone.push([one.id]);
            }
        }
    }
    if !done.is_empty() {
        tx.q(DONE).bind(serde_json::to_string(&done)?).bind(at).execute().await?;
    }
    if !later.is_empty() {
        tx.q(LATER).bind(serde_json::to_string(&later)?).bind(at).execute().await?;
    }
    if !gone.is_empty() {
        tx.q(DROP).bind(serde_json::to_string(&gone)?).execute().await?;
    }
    let counts: Vec<_> =
        counts.iter().map(|((topic, version), (told, failed))| (topic, version, told, failed)).collect();
    tx.q(COUNT).bind(serde_json::to_string(&counts)?).execute().await?;
    Ok(())
}

#[cfg(test)]
mod tests;
