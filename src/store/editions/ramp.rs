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

// From the places to the rows: who confirmed last comes first, and of two the one who came last. The days are taken apart
// once, not for each place.
const PLAN: &str = "WITH days AS MATERIALIZED (SELECT CAST(value ->> 0 AS BIGINT) AS day, CAST(value ->> 1 AS BIGINT) AS first,
        CAST(value ->> 2 AS BIGINT) AS last, CAST(value ->> 3 AS BIGINT) AS at FROM json_each($3))
    UPDATE deliveries SET next_at = r.at, state = CASE WHEN r.day = 0 THEN 0 ELSE 3 END,
        line = CASE WHEN r.day = 0 THEN NULL ELSE $4 END
    FROM (SELECT p.subscriber, days.at, days.day FROM
        (SELECT d.subscriber, ROW_NUMBER() OVER (ORDER BY COALESCE(m.since, 0) DESC, d.subscriber DESC) AS place
            FROM deliveries d LEFT JOIN (SELECT subscriber, MAX(COALESCE(consent_at, joined_at)) AS since FROM memberships
                WHERE list IN (SELECT l.id FROM json_each($2) n JOIN lists l ON l.name = n.value ->> 0)
                GROUP BY subscriber) m ON m.subscriber = d.subscriber
            WHERE d.edition = $1) p
        JOIN days ON p.place BETWEEN days.first AND days.last) r
    WHERE deliveries.edition = $1 AND deliveries.subscriber = r.subscriber";

/// Gives each copy of an edition its day, the most recently confirmed of these lists first. All of it has to be there, and
/// nothing of it may have been claimed.
///
/// # Errors
/// What the database says.
pub async fn plan(tx: &mut Tx, edition: i64, lists: &[String], days: &[Day]) -> Result<u64, StoreError> {
    let mut before = 0;
    let rows: Vec<(usize, i64, i64, i64)> = days
        .iter()
        .enumerate()
        .map(|(n, day)| {
            let first = before + 1;
            before += day.copies;
            (n, first, before, day.at.timestamp_micros())
        })
        .collect();
    let lists: Vec<[&str; 1]> = lists.iter().map(|list| [list.as_str()]).collect();
    let (lists, rows) = (serde_json::to_string(&lists)?, serde_json::to_string(&rows)?);
    tx.q(PLAN).bind(edition).bind(lists).bind(rows).bind(RAMP).execute().await
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
