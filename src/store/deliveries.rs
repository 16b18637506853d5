//! Deliveries: one copy of one edition for one subscriber, on its way.
//!
//! 1. [`claim`] takes what may go now: it asks suppression last, and writes attempt and lease before anything is dialled.
//! 2. [`mark`] writes what became of a batch of them, and only of that attempt.
//! 3. [`give_back`] returns what was claimed and not tried; [`recover`] what a dead process had claimed.
//! 4. [`next_due`] says when there is something to do again.
//! 5. [`recipients`] lists what became of each.
//! 6. [`seal`] keeps what was sent in blocks once its edition is over; [`sealed`] reads them.
//!
//! The states and who may go where are [`State`]'s; SQL holds the same line: [`mark`] touches only what is `sending`.

mod order;

pub mod block;
pub mod recipients;
pub mod scrub;
pub mod seal;
pub mod sealed;
pub mod when;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::order::{Ready, turns};
use super::{StoreError, Tx, subscribers, suppressions};
use crate::audience::{Ground, Person};
use crate::clock::{Instant, from_micros};
use crate::config::OnUnknown;

/// How a delivery stands; the store keeps the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not tried yet.
    Queued = 0,
    /// Claimed, or on the wire.
    Sending = 1,
    /// The relay has it.
    Sent = 2,
    /// Refused for now; tried again later.
    Deferred = 3,
    /// Refused for good.
    Failed = 4,
    /// Not written to: left, complained, or no longer there.
    Suppressed = 5,
    /// Taken back by staff before it left.
    Cancelled = 6,
    /// The connection was lost after the last byte, before the answer.
    Unknown = 7,
}

impl State {
    /// Every state, by number.
    pub const ALL: [State; 8] = [
        State::Queued,
        State::Sending,
        State::Sent,
        State::Deferred,
        State::Failed,
        State::Suppressed,
        State::Cancelled,
        State::Unknown,
    ];

    /// The number that the store keeps.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The state of that number.
    pub fn of(number: i64) -> Option<State> {
        usize::try_from(number).ok().and_then(|n| Self::ALL.get(n)).copied()
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Deferred => "deferred",
            State::Failed => "failed",
            State::Suppressed => "suppressed",
            State::Cancelled => "cancelled",
            State::Unknown => "unknown",
        }
    }

    /// Whether a delivery may go from this state to `next`. Only a claim makes `sending`, and only what is `sending`
    /// gets an outcome; what is sent, suppressed or cancelled stays so.
    pub fn may_become(self, next: State) -> bool {
        use State::{Cancelled, Deferred, Failed, Queued, Sending, Sent, Suppressed, Unknown};
        match self {
            // What has to wait for an hour or a day is deferred without having been tried.
            Queued => matches!(next, Sending | Suppressed | Cancelled | Deferred),
            Deferred => matches!(next, Sending | Suppressed | Cancelled),
            Sending => matches!(next, Sent | Deferred | Failed | Unknown | Queued | Cancelled),
            Unknown => matches!(next, Sending | Suppressed),
            Failed => next == Queued, // `editions retry`
            Sent | Suppressed | Cancelled => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A delivery that is ours to make until `until`.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The edition.
    pub edition: i64,
    /// The reader's number.
    pub subscriber: i64,
    /// The rendering.
    pub variant: i64,
    /// Bit n: the story at position n.
    pub choice: u64,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// How often its connection was lost before the answer.
    pub lost: i64,
    /// What becomes of it where that happens again.
    pub on_unknown: OnUnknown,
    /// Whether it goes ahead of others.
    pub urgent: bool,
    /// The lease: nothing of it may begin after this.
    pub until: Instant,
    /// The end of the hours in which it may go; nothing of it may begin then or later.
    pub closes: Option<Instant>,
    /// The reader.
    pub person: Person,
    /// By what they are on one of the edition's lists.
    pub ground: Ground,
}

/// What one claim took.
#[derive(Debug, Default)]
pub struct Claimed {
    /// What is to be sent.
    pub claims: Vec<Claim>,
    /// How many were found suppressed and marked so.
    pub suppressed: u64,
    /// How many have to wait for an hour or a day.
    pub postponed: u64,
}

/// What became of one attempt. As JSON it is a line of the journal and a row of [`mark`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The edition.
    pub edition: i64,
    /// The reader's number.
    pub subscriber: i64,
    /// The attempt that this is the outcome of.
    pub attempt: i64,
    /// What became of it.
    pub state: State,
    /// When it is tried again; `None`: never by itself.
    pub next_at: Option<Instant>,
    /// When the answer came.
    pub at: Instant,
    /// The server's code.
    pub code: Option<u16>,
    /// Its enhanced code, `4.7.1`.
    pub enhanced: Option<String>,
    /// Its words, or ours.
    pub line: String,
}

/// How the line of a copy begins that was refused for now so often that it was given up. `editions retry` knows by it what
/// had a passing reason.
pub const GIVEN_UP: &str = "given up after ";

/// `next_at` of what is never tried again by itself.
const NEVER: i64 = i64::MAX;

type Line = (i64, i64, i64, i64, i64, i64, Option<u16>, Option<String>, String);

impl Mark {
    /// The mark as a JSON array on one line.
    ///
    /// # Errors
    /// Never in practice: numbers and text can be written.
    pub fn to_line(&self) -> Result<String, StoreError> {
        let next = self.next_at.map_or(NEVER, |at| at.timestamp_micros());
        // PostgreSQL has no place for U+0000 in a text.
        let line = self.line.replace('\0', "");
        Ok(serde_json::to_string(&(
            self.edition,
            self.subscriber,
            self.attempt,
            self.state.number(),
            next,
            self.at.timestamp_micros(),
            self.code,
            &self.enhanced,
            line,
        ))?)
    }

    /// Reads [`Mark::to_line`] back; `None` for anything else.
    pub fn from_line(line: &str) -> Option<Mark> {
        let (edition, subscriber, attempt, state, next, at, code, enhanced, line): Line =
            serde_json::from_str(line).ok()?;
        Some(Mark {
            edition,
            subscriber,
            attempt,
            state: State::of(state)?,
            next_at: (next != NEVER).then(|| from_micros(next)),
            at: from_micros(at),
            code,
            enhanced,
            line,
        })
    }
}

/// What identifies an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The edition.
    pub edition: i64,
    /// The reader's number.
    pub subscriber: i64,
    /// Which one, from 1.
    pub attempt: i64,
}

impl Claim {
    /// The attempt that this claim allows.
    pub fn as_attempt(&self) -> Attempt {
        Attempt { edition: self.edition, subscriber: self.subscriber, attempt: self.attempt }
    }
}

const READY: &str = "SELECT e.id, e.newsletter, e.settings, e.start_at FROM editions e
    WHERE e.state IN ('queued', 'sending') AND e.start_at <= $1 AND EXISTS (SELECT 1 FROM deliveries d
        WHERE d.edition = e.id AND d.state IN (0, 1, 3, 7) AND d.state <> 1 AND d.next_at <= $1)
    ORDER BY e.start_at, e.id";

// The two databases differ in how others are kept from the same rows: SQLite has one writer, whose transaction this
// is; PostgreSQL has many, who pass over what one of them has locked.
const TAKE_LITE: &str = "SELECT d.subscriber, d.variant, d.choice, d.attempts, d.lost FROM deliveries d
    WHERE d.edition = $1 AND d.state IN (0, 1, 3, 7) AND d.state <> 1 AND d.next_at <= $2
    ORDER BY d.next_at, d.subscriber LIMIT $3";
const TAKE_PG: &str = "SELECT d.subscriber, d.variant, d.choice, d.attempts, d.lost FROM deliveries d
    WHERE d.edition = $1 AND d.state IN (0, 1, 3, 7) AND d.state <> 1 AND d.next_at <= $2
    ORDER BY d.next_at, d.subscriber LIMIT $3 FOR UPDATE SKIP LOCKED";

// Written so that SQLite goes from the batch to the rows. Joined to json_each with the edition bound, it went through
// every row of the edition and took the batch apart again for each.
const TO_SENDING: &str = "UPDATE deliveries SET state = 1, attempts = attempts + 1, next_at = $3, at = $4
    WHERE edition = $1 AND subscriber IN (SELECT CAST(r.value ->> 0 AS BIGINT) FROM json_each($2) r)";
const TO_SUPPRESSED: &str = "UPDATE deliveries SET state = 5, at = $2, code = NULL, enhanced = NULL, line = r.why
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition, CAST(value ->> 1 AS BIGINT) AS subscriber, value ->> 2 AS why
        FROM json_each($1)) r
    WHERE deliveries.edition = r.edition AND deliveries.subscriber = r.subscriber";
const BEGIN: &str = "UPDATE editions SET state = 'sending' WHERE id = $1 AND state = 'queued'";

/// Takes up to `limit` deliveries of editions that have started and may go on, for as long as `lease`: urgent editions
/// first, the others share ([`order`]). Who must not be written to any more is marked `suppressed` in the same transaction.
///
/// # Errors
/// What the database says.
pub async fn claim(tx: &mut Tx, now: Instant, limit: i64, lease: Duration) -> Result<Claimed, StoreError> {
    claim_of(tx, now, limit, lease, false).await
}

/// [`claim`], of urgent editions only.
///
/// # Errors
/// What the database says.
pub async fn claim_urgent(tx: &mut Tx, now: Instant, limit: i64, lease: Duration) -> Result<Claimed, StoreError> {
    claim_of(tx, now, limit, lease, true).await
}

/// Whether an urgent edition has something that may go now.
///
/// # Errors
/// What the database says.
pub async fn has_urgent(tx: &mut Tx, now: Instant) -> Result<bool, StoreError> {
    let ready = ready(tx, now).await?;
    Ok(!turns(ready, 1, true).is_empty())
}

/// The editions of which something may go now, the oldest first.
async fn ready(tx: &mut Tx, now: Instant) -> Result<Vec<Ready>, StoreError> {
    let rows = tx.q(READY).bind(now.timestamp_micros()).all().await?;
    let mut ready = rows.iter().map(Ready::of).collect::<Result<Vec<_>, _>>()?;
    ready.retain(|ready| ready.settings.when.opens(now).is_none());
    Ok(ready)
}

async fn claim_of(
    tx: &mut Tx,
    now: Instant,
    limit: i64,
    lease: Duration,
    only_urgent: bool,
) -> Result<Claimed, StoreError> {
    let mut claimed = Claimed::default();
    let until = now + lease;
    let ready = ready(tx, now).await?;
    for ready in turns(ready, limit, only_urgent) {
        // Suppressed ones count too: a batch is so many rows looked at, whatever they turn out to be.
        let room = limit - claimed.claims.len() as i64 - claimed.suppressed as i64 - claimed.postponed as i64;
        if room <= 0 {
            break;
        }
        let Ready { edition, newsletter, settings, start_at, most } = ready;
        let room = room.min(most);
        let rows = tx.either(TAKE_LITE, TAKE_PG).bind(edition).bind(now.timestamp_micros()).bind(room).all().await?;
        let ids = rows.iter().map(|row| row.get::<i64>(0)).collect::<Result<Vec<_>, _>>()?;
        let barred = suppressions::barred(tx, newsletter, &settings.lists, &ids).await?;
        let out: HashSet<i64> = barred.iter().map(|(id, _)| *id).collect();
        if !barred.is_empty() {
            let rows: Vec<_> = barred.iter().map(|(subscriber, why)| (edition, subscriber, why)).collect();
            tx.q(TO_SUPPRESSED).bind(serde_json::to_string(&rows)?).bind(now.timestamp_micros()).execute().await?;
            claimed.suppressed += barred.len() as u64;
        }
        let ids: Vec<i64> = ids.into_iter().filter(|id| !out.contains(id)).collect();
        let sorted = when::sort(tx, &settings.when, start_at, (edition, &ids), now).await?;
        when::postpone(tx, edition, &sorted.later).await?;
        claimed.postponed += sorted.later.len() as u64;
        let wait: HashSet<i64> = sorted.later.iter().map(|(id, ..)| *id).collect();
        let ids: Vec<i64> = ids.into_iter().filter(|id| !wait.contains(id)).collect();
        if ids.is_empty() {
            continue;
        }
        let chosen = serde_json::to_string(&ids.iter().map(|id| [id]).collect::<Vec<_>>())?;
        let (ends, at) = (until.timestamp_micros(), now.timestamp_micros());
        tx.q(TO_SENDING).bind(edition).bind(chosen).bind(ends).bind(at).execute().await?;
        tx.q(BEGIN).bind(edition).execute().await?;
        let mut people: HashMap<i64, Person> =
            subscribers::persons(tx, &ids).await?.into_iter().map(|person| (person.id, person)).collect();
        let mut grounds = subscribers::grounds(tx, &ids, &settings.lists).await?;
        for row in &rows {
            // Who is not there is barred as forgotten, so each of the others has a person.
            let Some(person) = people.remove(&row.get::<i64>(0)?) else { continue };
            claimed.claims.push(Claim {
                edition,
                subscriber: person.id,
                variant: row.get(1)?,
                choice: row.get::<i64>(2)? as u64,
                attempt: row.get::<i64>(3)? + 1,
                lost: row.get(4)?,
                on_unknown: settings.on_unknown,
                urgent: settings.urgent,
                until,
                closes: sorted.closes.get(&person.id).copied(),
                ground: grounds.remove(&person.id).unwrap_or_default(),
                person,
            });
        }
    }
    Ok(claimed)
}

const MARK: &str = "UPDATE deliveries SET at = r.at, code = r.code, enhanced = r.enhanced, line = r.line,
        next_at = r.next_at, lost = lost + CASE WHEN r.state = 7 THEN 1 ELSE 0 END,
        state = CASE WHEN r.state = 3 AND EXISTS (SELECT 1 FROM editions e WHERE e.id = r.edition AND e.state = 'cancelled')
            THEN 6 ELSE r.state END
    FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition, CAST(value ->> 1 AS BIGINT) AS subscriber,
            CAST(value ->> 2 AS BIGINT) AS attempt, CAST(value ->> 3 AS BIGINT) AS state,
            CAST(value ->> 4 AS BIGINT) AS next_at, CAST(value ->> 5 AS BIGINT) AS at,
            CAST(value ->> 6 AS BIGINT) AS code, value ->> 7 AS enhanced, value ->> 8 AS line
        FROM json_each($1)) r
    WHERE deliveries.edition = r.edition AND deliveries.subscriber = r.subscriber
        AND deliveries.state = 1 AND deliveries.attempts = r.attempt";

/// Writes outcomes, one statement a batch; how many were still to be written. An outcome of another attempt than
/// the row's, or of what is not `sending`, changes nothing: so a journal may be read twice.
///
/// # Errors
/// What the database says.
pub async fn mark(tx: &mut Tx, marks: &[Mark]) -> Result<u64, StoreError> {
    if marks.is_empty() {
        return Ok(0);
    }
    let lines = marks.iter().map(Mark::to_line).collect::<Result<Vec<_>, _>>()?;
    tx.q(MARK).bind(format!("[{}]", lines.join(","))).execute().await
}

/// What `sending` falls back to when nothing came of it: what it was before.
macro_rules! back {
    ($attempts:literal, $next:literal, $where:literal) => {
        concat!(
            "UPDATE deliveries SET attempts = ",
            $attempts,
            ", next_at = ",
            $next,
            ", state = CASE WHEN EXISTS (SELECT 1 FROM editions e WHERE e.id = deliveries.edition AND e.state = 'cancelled')
                THEN 6 WHEN lost > 0 THEN 7 WHEN attempts > 1 THEN 3 ELSE 0 END ",
            $where
        )
    };
}

const GIVE_BACK: &str = back!(
    "attempts - 1",
    "r.back_at",
    "FROM (SELECT CAST(value ->> 0 AS BIGINT) AS edition, CAST(value ->> 1 AS BIGINT) AS subscriber,
        CAST(value ->> 2 AS BIGINT) AS attempt, CAST(value ->> 3 AS BIGINT) AS back_at FROM json_each($1)) r
    WHERE deliveries.edition = r.edition AND deliveries.subscriber = r.subscriber
        AND deliveries.state = 1 AND deliveries.attempts = r.attempt"
);

/// Gives back claims that were never tried, as if they had not been made; each may be claimed again from its instant on.
///
/// # Errors
/// What the database says.
pub async fn give_back(tx: &mut Tx, attempts: &[(Attempt, Instant)]) -> Result<u64, StoreError> {
    if attempts.is_empty() {
        return Ok(0);
    }
    let row = |(a, at): &(Attempt, Instant)| (a.edition, a.subscriber, a.attempt, at.timestamp_micros());
    let rows: Vec<_> = attempts.iter().map(row).collect();
    tx.q(GIVE_BACK).bind(serde_json::to_string(&rows)?).execute().await
}

/// Attempts after which what a dead process held waits a minute for each further one: a copy that kills whoever
/// sends it must not do so again at once, for ever.
const PATIENCE: i64 = 5;

const RECOVER: &str = back!(
    "attempts",
    "CASE WHEN attempts > $2 THEN $1 + (attempts - $2) * 60000000 ELSE $1 END",
    "WHERE state IN (0, 1, 3, 7) AND state = 1 AND (next_at <= $1 OR $3 = 1)"
);

/// Returns what was claimed by a process that is no more: leases that have run out, or, where nobody else works on
/// this store (`alone`), every claim. The journal must have been read before.
///
/// # Errors
/// What the database says.
pub async fn recover(tx: &mut Tx, now: Instant, alone: bool) -> Result<u64, StoreError> {
    tx.q(RECOVER).bind(now.timestamp_micros()).bind(PATIENCE).bind(i64::from(alone)).execute().await
}

/// What the first final answers to an edition's copies were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct First {
    /// How many answers there are, of at most a hundred.
    pub answers: i64,
    /// How many of them refused the address or the mail.
    pub refused: i64,
    /// Whether refusals have stopped it before.
    pub halted: bool,
}

const FIRST: &str =
    "SELECT CAST(COUNT(d.state) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN d.state = 4 THEN 1 ELSE 0 END), 0) AS BIGINT),
        CAST((SELECT halted FROM editions WHERE id = $1) AS BIGINT)
    FROM (SELECT state FROM deliveries WHERE edition = $1 AND state IN (2, 4) LIMIT 100) d";

/// The first final answers to an edition's copies so far.
///
/// # Errors
/// What the database says.
pub async fn first(tx: &mut Tx, edition: i64) -> Result<First, StoreError> {
    let row = tx.q(FIRST).bind(edition).one().await?;
    let halted = row.get::<Option<i64>>(2)?.unwrap_or_default() != 0;
    // An edition that is taken again after it was sealed has had its first answers.
    let sealed = sealed::counts(tx, &[edition]).await?.get(&edition).map_or(0, |(copies, _)| *copies);
    Ok(First { answers: row.get::<i64>(0)?.saturating_add(sealed).min(100), refused: row.get(1)?, halted })
}

const LIVE: &str = "SELECT id FROM editions WHERE state IN ('queued', 'sending')";

/// The editions that may go on: not those that staff paused or cancelled.
///
/// # Errors
/// What the database says.
pub async fn live(tx: &mut Tx) -> Result<HashSet<i64>, StoreError> {
    tx.q(LIVE).all().await?.iter().map(|row| row.get(0)).collect()
}

/// How many deliveries are still to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Not tried yet, or on the wire.
    pub now: i64,
    /// Tried and to be tried again, each at its time.
    pub later: i64,
}

const WAITING: &str =
    "SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN d.state IN (3, 7) THEN 1 ELSE 0 END), 0) AS BIGINT)
    FROM editions e JOIN deliveries d ON d.edition = e.id
    WHERE e.state IN ('queued', 'sending') AND d.state IN (0, 1, 3, 7) AND d.next_at < 9223372036854775807";

/// How many deliveries of editions that may go on are still to be made, now or later.
///
/// # Errors
/// What the database says.
pub async fn waiting(tx: &mut Tx) -> Result<Waiting, StoreError> {
    let row = tx.q(WAITING).one().await?;
    let (all, later): (i64, i64) = (row.get(0)?, row.get(1)?);
    Ok(Waiting { now: all - later, later })
}

const NEXT: &str = "SELECT e.start_at, e.settings, (SELECT MIN(d.next_at) FROM deliveries d
        WHERE d.edition = e.id AND d.state IN (0, 1, 3, 7) AND d.state <> 1 AND d.next_at < 9223372036854775807)
    FROM editions e WHERE e.state IN ('queued', 'sending')";

/// When the next delivery may be claimed; `None` where none waits.
///
/// # Errors
/// What the database says.
pub async fn next_due(tx: &mut Tx, now: Instant) -> Result<Option<Instant>, StoreError> {
    let mut next: Option<i64> = None;
    for row in tx.q(NEXT).all().await? {
        if let Some(at) = row.get::<Option<i64>>(2)? {
            let at = at.max(row.get(0)?);
            let settings: super::editions::Settings = serde_json::from_str(&row.get::<String>(1)?)?;
            // Where its hours are over, and it begins again with them.
            let at = settings.when.opens(from_micros(at).max(now)).map_or(at, |at| at.timestamp_micros());
            next = Some(next.map_or(at, |next| next.min(at)));
        }
    }
    Ok(next.map(from_micros))
}

#[cfg(test)]
#[path = "deliveries/tests.rs"]
pub(crate) mod tests;
