//! A ramp: an edition that goes out over several days, more each day, and what waits for which of them.

use serde::Serialize;

use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// The words of a copy that waits for its day.
pub const RAMP: &str = "waits for its day (ramp)";
/// A day, in microseconds.
const A_DAY: i64 = 24 * 3600 * 1_000_000;

/// One day of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// When its copies go.
    pub at: Instant,
    /// How many there are.
    pub copies: i64,
}

/// Who is the last of a day: when they confirmed, and their number. Who confirmed last comes first, and of two the one who came
/// last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    since: i64,
    subscriber: i64,
}

const LAST: &str = "SELECT p.since, p.subscriber FROM
        (SELECT d.subscriber, COALESCE(m.since, 0) AS since,
            ROW_NUMBER() OVER (ORDER BY COALESCE(m.since, 0) DESC, d.subscriber DESC) AS place
            FROM deliveries d LEFT JOIN (SELECT subscriber, MAX(COALESCE(consent_at, joined_at)) AS since FROM memberships
                WHERE list IN (SELECT l.id FROM json_each($2) n JOIN lists l ON l.name = n.value ->> 0)
                GROUP BY subscriber) m ON m.subscriber = d.subscriber
            WHERE d.edition = $1) p
    WHERE p.place IN (SELECT CAST(value ->> 0 AS BIGINT) FROM json_each($3)) ORDER BY p.place";

/// Who of an edition's people is the last of each day, the most recently confirmed of these lists first. All of its copies
/// have to be there.
///
/// # Errors
/// What the database says.
pub async fn last(tx: &mut Tx, edition: i64, lists: &[String], days: &[Day]) -> Result<Vec<Last>, StoreError> {
    let mut place = 0;
    let places = days.iter().map(|day| {
        place += day.copies;
        [place]
    });
    let places = serde_json::to_string(&places.collect::<Vec<_>>())?;
    let rows = tx.q(LAST).bind(edition).bind(names(lists)?).bind(places).all().await?;
    rows.iter().map(|row| Ok(Last { since: row.get(0)?, subscriber: row.get(1)? })).collect()
}

// What is planned already stays: it may have been claimed.
const PLAN: &str = "WITH days AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS day, CAST(value ->> 1 AS BIGINT) AS since,
        CAST(value ->> 2 AS BIGINT) AS subscriber, CAST(value ->> 3 AS BIGINT) AS at FROM json_each($3))
    UPDATE deliveries SET next_at = r.at, state = CASE WHEN r.day = 0 THEN 0 ELSE 3 END,
        line = CASE WHEN r.day = 0 THEN NULL ELSE $4 END
    FROM (SELECT p.subscriber, p.day, days.at FROM
        (SELECT d.subscriber, (SELECT MIN(days.day) FROM days
                WHERE (COALESCE(m.since, 0), d.subscriber) >= (days.since, days.subscriber)) AS day
            FROM deliveries d LEFT JOIN (SELECT subscriber, MAX(COALESCE(consent_at, joined_at)) AS since FROM memberships
                WHERE subscriber > $5 AND subscriber <= $6
                AND list IN (SELECT l.id FROM json_each($2) n JOIN lists l ON l.name = n.value ->> 0)
                GROUP BY subscriber) m ON m.subscriber = d.subscriber
            WHERE d.edition = $1 AND d.subscriber > $5 AND d.subscriber <= $6 AND d.state = 0 AND d.next_at = $7) p
        JOIN days ON days.day = p.day) r
    WHERE deliveries.edition = $1 AND deliveries.subscriber = r.subscriber";
const UPTO: &str = "SELECT MAX(subscriber) FROM
    (SELECT subscriber FROM deliveries WHERE edition = $1 AND subscriber > $2 ORDER BY subscriber LIMIT $3) p";

/// Gives the next `limit` copies of an edition behind the subscriber `after` their days; up to whom. `None`: nobody is left.
///
/// # Errors
/// What the database says.
pub async fn plan(
    tx: &mut Tx,
    edition: i64,
    lists: &[String],
    days: &[(Day, Last)],
    (after, limit): (i64, i64),
) -> Result<Option<i64>, StoreError> {
    let upto: Option<i64> = tx.q(UPTO).bind(edition).bind(after).bind(limit).one().await?.get(0)?;
    let Some(upto) = upto else { return Ok(None) };
    let row = |(n, (day, last)): (usize, &(Day, Last))| (n, last.since, last.subscriber, day.at.timestamp_micros());
    let days = serde_json::to_string(&days.iter().enumerate().map(row).collect::<Vec<_>>())?;
    let plan = tx.q(PLAN).bind(edition).bind(names(lists)?).bind(days).bind(RAMP).bind(after).bind(upto);
    plan.bind(Instant::MAX_UTC.timestamp_micros()).execute().await?;
    Ok(Some(upto))
}

fn names(lists: &[String]) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&lists.iter().map(|list| [list.as_str()]).collect::<Vec<_>>())?)
}

const WAITING: &str = "SELECT next_at, CAST(COUNT(*) AS BIGINT) FROM deliveries
    WHERE edition = $1 AND state = 3 AND line = $2 GROUP BY next_at ORDER BY next_at";

/// What of an edition waits for which day.
///
/// # Errors
/// What the database says.
pub async fn waiting(tx: &mut Tx, edition: i64) -> Result<Vec<Day>, StoreError> {
    let rows = tx.q(WAITING).bind(edition).bind(RAMP).all().await?;
    rows.iter().map(|row| Ok(Day { at: from_micros(row.get(0)?), copies: row.get(1)? })).collect()
}

const SHIFT: &str = "UPDATE deliveries SET next_at = next_at + $3
    WHERE edition = $1 AND state = 3 AND line = $2 AND next_at > $4";

const BEGUN: &str = "SELECT MIN(next_at) FROM deliveries
    WHERE edition = $1 AND state IN (0, 1, 3, 7) AND state = 0 AND next_at <= $2";

/// Where several days of a ramp have passed without anything going out, the first of them is today, and the others come a day
/// after each other again: never two at once. `at` is when the edition goes on. Whether that was so.
///
/// # Errors
/// What the database says.
pub async fn catch_up(tx: &mut Tx, edition: i64, at: Instant) -> Result<bool, StoreError> {
    let begun: Option<i64> = tx.q(BEGUN).bind(edition).bind(at.timestamp_micros()).one().await?.get(0)?;
    let waiting = waiting(tx, edition).await?;
    let days = begun.map(from_micros).into_iter().chain(waiting.iter().map(|day| day.at));
    let missed: Vec<Instant> = days.filter(|day| *day <= at).collect();
    let (Some(first), true) = (missed.first(), missed.len() > 1) else { return Ok(false) };
    let days = (at - *first).num_days().max(1);
    let (by, first) = (days * A_DAY, first.timestamp_micros());
    tx.q(SHIFT).bind(edition).bind(RAMP).bind(by).bind(first).execute().await?;
    Ok(true)
}

const OPEN: &str = "SELECT id, settings FROM editions WHERE state IN ('queued', 'sending')";

/// Editions that go by a ramp.
///
/// # Errors
/// What the database says.
pub async fn open(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    let mut open = Vec::new();
    for row in tx.q(OPEN).all().await? {
        let settings: super::Settings = serde_json::from_str(&row.get::<String>(1)?)?;
        if settings.ramp {
            open.push(row.get(0)?);
        }
    }
    Ok(open)
}

const LARGEST: &str = "SELECT CAST(COALESCE(MAX(recipients), 0) AS BIGINT) FROM editions
    WHERE id <> $1 AND state NOT IN ('held', 'cancelled') AND start_at >= $2 AND start_at <= $3";

/// How many people the largest edition other than `except` went to that began between these instants.
///
/// # Errors
/// What the database says.
pub async fn largest(tx: &mut Tx, except: i64, since: Instant, until: Instant) -> Result<i64, StoreError> {
    let (since, until) = (since.timestamp_micros(), until.timestamp_micros());
    tx.q(LARGEST).bind(except).bind(since).bind(until).one().await?.get(0)
}
