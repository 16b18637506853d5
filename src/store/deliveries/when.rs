//! What of an edition may not go at this instant for the sake of the hour or of the person: outside the hours that its newsletter
//! goes in, and more mails a day than one person is to get.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::{Hours, instant_of};
use crate::clock::Instant;
use crate::store::{StoreError, Tx, subscribers};

/// When the copies of an edition may go: frozen with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct When {
    /// The newsletter's zone: the readers' own where they have none.
    pub zone: Option<Tz>,
    /// Whether each reader's own clock counts.
    pub by_subscriber: bool,
    /// What a reader's clock shows when they get it; `None`: at once.
    pub wall: Option<chrono::NaiveDateTime>,
    /// The hours in which copies go; `None`: at any.
    pub window: Option<Hours>,
    /// So many mails a day to one person at most; `None`: as many as there are.
    pub per_day: Option<u32>,
}

impl When {
    /// The zone of the newsletter's own clock.
    pub fn zone(&self) -> Tz {
        self.zone.unwrap_or(Tz::UTC)
    }

    /// The zone whose clock counts for somebody who lives in `own`.
    fn zone_of(&self, own: Option<Tz>) -> Tz {
        own.filter(|_| self.by_subscriber).unwrap_or(self.zone())
    }

    /// The instant before which somebody who lives in `own` gets nothing of an edition that starts at `start`; `None` where
    /// that is `start` itself.
    pub fn not_before(&self, own: Option<Tz>, start: Instant) -> Option<Instant> {
        if !self.by_subscriber {
            return None;
        }
        let zone = self.zone_of(own);
        let at = self.wall.map_or(start, |wall| instant_of(wall, zone)).max(start);
        let at = self.window.map_or(at, |window| window.opens(at, zone));
        (at > start).then_some(at)
    }

    /// When copies of it may go to anybody again; `None`: now. By each reader's own clock that is asked of each.
    pub fn opens(&self, now: Instant) -> Option<Instant> {
        let window = self.window.filter(|_| !self.by_subscriber)?;
        Some(window.opens(now, self.zone())).filter(|at| *at > now)
    }

    /// Whether each of its copies has to be asked about.
    fn is_personal(&self) -> bool {
        self.per_day.is_some() || (self.by_subscriber && self.window.is_some())
    }
}

/// What has to wait, and what may go.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Subscriber, when it may be asked for again, and why.
    pub(super) later: Vec<(i64, i64, String)>,
    /// Subscriber → the end of the hours in which it may go.
    pub(super) closes: HashMap<i64, Instant>,
}

/// Sorts out which of these people's copies have to wait. `start`: when the edition began.
pub(super) async fn sort(
    tx: &mut Tx,
    when: &When,
    start: Instant,
    (edition, people): (i64, &[i64]),
    now: Instant,
) -> Result<Sorted, StoreError> {
    let mut sorted = Sorted::default();
    if !when.is_personal() {
        if let Some(window) = when.window {
            let closes = window.closes(now, when.zone());
            sorted.closes = people.iter().map(|person| (*person, closes)).collect();
        }
        return Ok(sorted);
    }
    let zones = subscribers::zones_of(tx, people).await?;
    let own = |person: &i64| zones.get(person).copied();
    if let Some(window) = when.window {
        for person in people {
            let zone = when.zone_of(own(person));
            match window.opens(now, zone) {
                at if at > now => sorted.later.push((*person, at.timestamp_micros(), format!("{HOURS}{window}"))),
                _ => drop(sorted.closes.insert(*person, window.closes(now, zone))),
            }
        }
    }
    let Some(most) = when.per_day else { return Ok(sorted) };
    let waits: std::collections::HashSet<i64> = sorted.later.iter().map(|(person, ..)| *person).collect();
    let today = |person: &i64| {
        let zone = own(person).unwrap_or(when.zone());
        let (begins, ends) = (day(now, zone), next_day(now, zone));
        (*person, instant_of(begins.into(), zone).timestamp_micros(), instant_of(ends.into(), zone).timestamp_micros())
    };
    let asked: Vec<(i64, i64, i64)> = people.iter().filter(|person| !waits.contains(person)).map(today).collect();
    for (person, count) in had_today(tx, edition, &asked).await? {
        if count >= i64::from(most) {
            let zone = own(&person).unwrap_or(when.zone());
            let at = tomorrow(start, now, zone);
            let at = when.window.map_or(at, |window| window.opens(at, when.zone_of(own(&person))));
            sorted.later.push((person, at.timestamp_micros(), format!("{PER_DAY}{most}")));
        }
    }
    Ok(sorted)
}

/// How the words begin of a copy that waits for the hours of its newsletter.
pub const HOURS: &str = "waits for its hours: ";
/// How the words begin of a copy that waits because its reader has had enough for today.
pub const PER_DAY: &str = "waits for tomorrow: mails a day to one person: ";

/// The day after that of `now`, at the hour of `start`.
fn tomorrow(start: Instant, now: Instant, zone: Tz) -> Instant {
    instant_of(next_day(now, zone).and_time(start.with_timezone(&zone).time()), zone)
}

fn next_day(now: Instant, zone: Tz) -> NaiveDate {
    let day = day(now, zone);
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn day(now: Instant, zone: Tz) -> NaiveDate {
    now.with_timezone(&zone).date_naive()
}

const RECENT: &str = "SELECT id FROM editions WHERE state <> 'held' AND (finished_at IS NULL OR finished_at >= $1)";
// From the people to the few editions of the day, and to each row by its key.
const TODAY: &str = "SELECT r.subscriber, CAST(COUNT(*) AS BIGINT)
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS subscriber, CAST(value ->> 1 AS BIGINT) AS since,
            CAST(value ->> 2 AS BIGINT) AS until FROM json_each($1)) r
    CROSS JOIN (SELECT CAST(value ->> 0 AS BIGINT) AS edition FROM json_each($2)) e
    CROSS JOIN deliveries d
    WHERE d.edition = e.edition AND d.subscriber = r.subscriber
        AND ((d.state IN (1, 2, 7) AND d.at >= r.since)
            OR (d.state = 3 AND d.edition < $3 AND d.next_at < r.until AND substr(d.line, 1, $4) = $5))
    GROUP BY r.subscriber";

/// How many mails these people were sent between the instants beside each, or have coming: what an earlier edition put off until
/// today goes before `edition`, or a daily one would put it off for ever.
async fn had_today(tx: &mut Tx, edition: i64, people: &[(i64, i64, i64)]) -> Result<Vec<(i64, i64)>, StoreError> {
    let Some(earliest) = people.iter().map(|(_, since, _)| *since).min() else { return Ok(Vec::new()) };
    let editions = tx.q(RECENT).bind(earliest).all().await?;
    let editions = editions.iter().map(|row| Ok([row.get::<i64>(0)?])).collect::<Result<Vec<_>, StoreError>>()?;
    let (people, editions) = (serde_json::to_string(people)?, serde_json::to_string(&editions)?);
    let length = i64::try_from(PER_DAY.chars().count()).unwrap_or(0);
    let query = tx.q(TODAY).bind(people).bind(editions).bind(edition).bind(length).bind(PER_DAY);
    let rows = query.all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

// The edition stands in each row, so that SQLite goes from the batch to the rows.
const POSTPONE: &str = "UPDATE deliveries SET next_at = r.next_at, line = r.why, code = NULL, enhanced = NULL,
        state = CASE WHEN state = 0 THEN 3 ELSE state END
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition, CAST(value ->> 1 AS BIGINT) AS subscriber,
            CAST(value ->> 2 AS BIGINT) AS next_at, value ->> 3 AS why
        FROM json_each($1)) r
    WHERE deliveries.edition = r.edition AND deliveries.subscriber = r.subscriber";

/// Lets these copies of an edition wait; they were not tried.
pub(super) async fn postpone(tx: &mut Tx, edition: i64, later: &[(i64, i64, String)]) -> Result<(), StoreError> {
    if !later.is_empty() {
        let rows: Vec<_> = later.iter().map(|(person, at, why)| (edition, person, at, why)).collect();
        tx.q(POSTPONE).bind(serde_json::to_string(&rows)?).execute().await?;
    }
    Ok(())
}
