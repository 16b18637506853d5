//! How editions go on and end: paused, resumed, cancelled, done; counted and reconciled.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Edition;
use crate::clock::{Instant, from_micros};
use crate::store::deliveries::sealed;
use crate::store::{Row, StoreError, Tx};

/// How the deliveries of an edition stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Not tried yet.
    pub queued: i64,
    /// Being handed over.
    pub sending: i64,
    /// Handed to the mail server.
    pub sent: i64,
    /// To be tried again.
    pub deferred: i64,
    /// Refused for good.
    pub failed: i64,
    /// Not to be written to.
    pub suppressed: i64,
    /// Taken back before they left.
    pub cancelled: i64,
    /// The connection was lost after the last byte, before the answer.
    pub unknown: i64,
}

impl Counts {
    /// What will still be tried.
    pub fn waiting(&self) -> i64 {
        self.queued + self.sending + self.deferred
    }

    /// All of them.
    pub fn total(&self) -> i64 {
        self.waiting() + self.sent + self.failed + self.suppressed + self.cancelled + self.unknown
    }

    fn add(&mut self, state: i64, count: i64) -> Result<(), StoreError> {
        let slot = match state {
            0 => &mut self.queued,
            1 => &mut self.sending,
            2 => &mut self.sent,
            3 => &mut self.deferred,
            4 => &mut self.failed,
            5 => &mut self.suppressed,
            6 => &mut self.cancelled,
            7 => &mut self.unknown,
            other => return Err(StoreError::Content(format!("deliveries: no state {other}"))),
        };
        *slot += count;
        Ok(())
    }
}

const COUNTS: &str = "SELECT d.edition, d.state, CAST(COUNT(*) AS BIGINT) FROM json_each($1) r \
     JOIN deliveries d ON d.edition = CAST(r.value ->> 0 AS BIGINT) GROUP BY d.edition, d.state";

const FINAL: &str = "SELECT e.id, e.final_counts FROM json_each($1) r JOIN editions e ON e.id = CAST(r.value ->> 0 AS BIGINT) \
     WHERE e.final_counts IS NOT NULL";

/// How the deliveries of these editions stand, in rows and in blocks; where the ledger was let go, how they stood then.
///
/// # Errors
/// What the database says.
pub async fn counts_of(tx: &mut Tx, editions: &[i64]) -> Result<HashMap<i64, Counts>, StoreError> {
    let wanted: Vec<[i64; 1]> = editions.iter().map(|id| [*id]).collect();
    let mut counts: HashMap<i64, Counts> = editions.iter().map(|id| (*id, Counts::default())).collect();
    for row in tx.q(COUNTS).bind(serde_json::to_string(&wanted)?).all().await? {
        counts.entry(row.get(0)?).or_default().add(row.get(1)?, row.get(2)?)?;
    }
    for (edition, (copies, _)) in sealed::counts(tx, editions).await? {
        counts.entry(edition).or_default().sent += copies;
    }
    for row in tx.q(FINAL).bind(serde_json::to_string(&wanted)?).all().await? {
        counts.insert(row.get(0)?, serde_json::from_str(&row.get::<String>(1)?)?);
    }
    Ok(counts)
}

/// How the deliveries of one edition stand.
///
/// # Errors
/// What the database says.
pub async fn counts(tx: &mut Tx, edition: i64) -> Result<Counts, StoreError> {
    Ok(counts_of(tx, &[edition]).await?.remove(&edition).unwrap_or_default())
}

/// Why an edition is paused that somebody paused.
pub const BY_STAFF: &str = "paused by staff";

const PAUSE: &str =
    "UPDATE editions SET state = 'paused', reason = $2 WHERE id = $1 AND state IN ('queued', 'sending')";

const HAS_LEFT: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM deliveries WHERE edition = $1 AND state IN (2, 7) \
     UNION ALL SELECT 1 FROM delivery_blocks WHERE edition = $1 LIMIT 1) x";

/// Whether a copy of the edition has left the house.
///
/// # Errors
/// What the database says.
pub async fn has_left(tx: &mut Tx, edition: i64) -> Result<bool, StoreError> {
    Ok(tx.q(HAS_LEFT).bind(edition).one().await?.get::<i64>(0)? > 0)
}

/// Pauses an edition that is queued or going out; `false` where it is neither.
///
/// # Errors
/// What the database says.
pub async fn pause(tx: &mut Tx, edition: i64, reason: &str) -> Result<bool, StoreError> {
    Ok(tx.q(PAUSE).bind(edition).bind(reason).execute().await? == 1)
}

const HALT: &str = "UPDATE editions SET state = 'paused', reason = $2, halted = 1 \
     WHERE id = $1 AND state IN ('queued', 'sending')";

/// Pauses an edition whose first copies were refused too often. That stops it once: who lets it go on has looked.
///
/// # Errors
/// What the database says.
pub async fn halt(tx: &mut Tx, edition: i64, reason: &str) -> Result<bool, StoreError> {
    Ok(tx.q(HALT).bind(edition).bind(reason).execute().await? == 1)
}

const RESUME: &str = "UPDATE editions SET state = 'queued', reason = NULL, \
     seen_revision = (SELECT COALESCE(MAX(id), 0) FROM revisions) WHERE id = $1 AND state IN ('held', 'paused') \
     AND (needs = 0 OR approved_at IS NOT NULL)";

/// Lets a held or paused edition go on, with what has been corrected so far known to whoever decided;
/// `false` where it is neither, or waits for approval.
///
/// # Errors
/// What the database says.
pub async fn resume(tx: &mut Tx, edition: i64) -> Result<bool, StoreError> {
    Ok(tx.q(RESUME).bind(edition).execute().await? == 1)
}

const START_AT: &str = "UPDATE editions SET start_at = $2 WHERE id = $1";

/// Sets the time before which nothing of an edition goes out.
///
/// # Errors
/// What the database says.
pub async fn start_at(tx: &mut Tx, edition: i64, at: Instant) -> Result<(), StoreError> {
    tx.q(START_AT).bind(edition).bind(at.timestamp_micros()).execute().await?;
    Ok(())
}

const NEXT_START: &str = "SELECT MIN(start_at) FROM editions WHERE state IN ('held', 'queued') AND start_at > $1";

/// When the next edition begins that has its time and waits for it.
///
/// # Errors
/// What the database says.
pub async fn next_start(tx: &mut Tx, now: Instant) -> Result<Option<Instant>, StoreError> {
    Ok(tx.q(NEXT_START).bind(now.timestamp_micros()).one().await?.get::<Option<i64>>(0)?.map(from_micros))
}

const MISSED: &str = "SELECT e.id FROM editions e WHERE e.state IN ('queued', 'sending') AND e.state = 'queued' AND e.slot_at IS NOT NULL \
     AND e.start_at = e.slot_at AND e.composed_at < e.slot_at AND e.slot_at < $1 AND NOT EXISTS \
     (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND (d.attempts > 0 OR d.state <> 0 OR d.next_at > $1))";
const HOLD: &str = "UPDATE editions SET state = 'held', reason = $2 WHERE id = $1 AND state = 'queued'";

/// Editions that were drafted before their slot, and of which nothing was tried since, nor waits for a later hour.
///
/// # Errors
/// What the database says.
pub async fn missed(tx: &mut Tx, now: Instant) -> Result<Vec<i64>, StoreError> {
    tx.q(MISSED).bind(now.timestamp_micros()).all().await?.iter().map(|row| row.get(0)).collect()
}

/// Holds a queued edition for staff; `false` where it is not queued.
///
/// # Errors
/// What the database says.
pub async fn hold(tx: &mut Tx, edition: i64, reason: &str) -> Result<bool, StoreError> {
    Ok(tx.q(HOLD).bind(edition).bind(reason).execute().await? == 1)
}

const CANCEL: &str = "UPDATE editions SET state = 'cancelled', reason = $2, finished_at = $3 \
     WHERE id = $1 AND state NOT IN ('done', 'cancelled')";

/// Ends an edition: nothing more of it is claimed. Its waiting deliveries are then taken back by
/// [`take_back`]. `false` where it was over.
///
/// # Errors
/// What the database says.
pub async fn cancel(tx: &mut Tx, edition: i64, reason: &str, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.q(CANCEL).bind(edition).bind(reason).bind(now.timestamp_micros()).execute().await? == 1)
}

const TAKE_BACK: &str = "UPDATE deliveries SET state = 6, at = $2 WHERE edition = $1 AND state IN (0, 3) \
     AND subscriber IN (SELECT subscriber FROM deliveries WHERE edition = $1 AND state IN (0, 3) LIMIT $3)";

/// Takes back up to `limit` deliveries of a cancelled edition that nobody has claimed; how many.
///
/// # Errors
/// What the database says.
pub async fn take_back(tx: &mut Tx, edition: i64, now: Instant, limit: i64) -> Result<u64, StoreError> {
    tx.q(TAKE_BACK).bind(edition).bind(now.timestamp_micros()).bind(limit).execute().await
}

const GIVE_BACK: &str = "UPDATE newsletters SET last_seq = $2 WHERE id = $1 \
     AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition = $3 AND d.state IN (0, 1, 2, 3, 4, 7)) \
     AND NOT EXISTS (SELECT 1 FROM delivery_blocks b WHERE b.edition = $3) \
     AND NOT EXISTS (SELECT 1 FROM editions e WHERE e.newsletter = $1 AND e.id > $3 AND e.state <> 'cancelled')";

/// Makes the stories of a cancelled edition new to its newsletter again, where nothing of it has left and no later
/// edition has been made; whether it did.
///
/// # Errors
/// What the database says.
pub async fn give_back(tx: &mut Tx, edition: &Edition) -> Result<bool, StoreError> {
    if edition.settings.chosen {
        // Staff chose its stories: they moved no mark.
        return Ok(false);
    }
    let before = (!edition.first).then_some(edition.settings.after_seq);
    Ok(tx.q(GIVE_BACK).bind(edition.newsletter_id).bind(before).bind(edition.id).execute().await? == 1)
}

/// Editions that are filled and of which nothing waits.
macro_rules! over {
    () => {
        "WHERE state IN ('queued', 'sending') AND filled = 1 AND start_at <= $1 AND NOT EXISTS \
         (SELECT 1 FROM deliveries d WHERE d.edition = editions.id AND d.state IN (0, 1, 3, 7) \
         AND d.next_at < 9223372036854775807)"
    };
}
const OVER: &str = concat!("SELECT id FROM editions ", over!(), " ORDER BY id");
const FINISH: &str = concat!("UPDATE editions SET state = 'done', finished_at = $1 ", over!(), " RETURNING id");

/// Every edition that is filled, not done yet, and has nothing waiting.
///
/// # Errors
/// What the database says.
pub async fn over(tx: &mut Tx, now: Instant) -> Result<Vec<i64>, StoreError> {
    tx.q(OVER).bind(now.timestamp_micros()).all().await?.iter().map(|row| row.get(0)).collect()
}

/// Marks as done every edition that is filled and has nothing waiting; their ids.
///
/// # Errors
/// What the database says.
pub async fn finish_done(tx: &mut Tx, now: Instant) -> Result<Vec<i64>, StoreError> {
    tx.q(FINISH).bind(now.timestamp_micros()).all().await?.iter().map(|row| row.get(0)).collect()
}

/// Why an edition that is queued or going out must stop: one of its articles is no longer what was frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The edition.
    pub edition: i64,
    /// The article's slug; of one under embargo the beginning of its id, for nothing else of it may be told.
    pub slug: String,
    /// Its language.
    pub language: String,
    /// What became of it: `corrected`, `withdrawn`, `removed`, `under embargo`, `made public`.
    pub what: &'static str,
}

impl Trouble {
    /// `floods (en) corrected after the edition was composed`.
    pub fn words(&self) -> String {
        format!("{} ({}) {} after the edition was composed", self.slug, self.language, self.what)
    }

    /// Whether staff may decide to send it all the same: what was corrected or withdrawn, not what is under embargo or gone.
    pub fn may_be_sent(&self) -> bool {
        matches!(self.what, "corrected" | "withdrawn")
    }
}

/// The editions in trouble, each with all that has become of its articles.
pub fn reasons(troubles: Vec<Trouble>) -> Vec<(i64, String)> {
    let mut reasons: Vec<(i64, String)> = Vec::new();
    for trouble in troubles {
        let words = trouble.words();
        match reasons.iter_mut().find(|(edition, _)| *edition == trouble.edition) {
            Some((_, reason)) => *reason = format!("{reason}; {words}"),
            None => reasons.push((trouble.edition, words)),
        }
    }
    reasons
}

// CROSS: from the few editions that are open to what they print; SQLite would go the other way round.
/// The articles `a` of editions `e` that are no longer what was frozen; `seen` is the revision up to which staff know. What is
/// under embargo is called by the beginning of its id: a reason goes to logs and alarms. An edition for accredited press prints
/// what is under embargo until its instant, and any edit before that is one that they must not be sent without a word.
macro_rules! troubled {
    ($which:literal, $seen:literal) => {
        concat!(
            "SELECT DISTINCT ea.edition, CASE WHEN a.public_seq IS NULL OR a.due_at IS NOT NULL THEN SUBSTR(a.id, 1, 8) \
             ELSE a.slug END, a.language, CAST(CASE \
             WHEN e.advance_until IS NOT NULL AND a.due_at IS NULL AND a.removed IS NULL AND a.public_seq IS NOT NULL \
             AND (a.public_at < e.advance_until OR e.state = 'held') THEN 4 \
             WHEN a.withdrawn IS NOT NULL AND a.due_at = e.advance_until THEN 1 WHEN a.due_at = e.advance_until THEN 0 \
             WHEN a.public_seq IS NULL OR a.due_at IS NOT NULL THEN 3 \
             WHEN a.removed IS NOT NULL THEN 2 WHEN a.withdrawn IS NOT NULL THEN 1 ELSE 0 END AS BIGINT) \
             FROM editions e CROSS JOIN edition_articles ea JOIN articles a ON a.id = ea.article \
             WHERE ea.edition = e.id AND ",
            $which,
            " AND (CASE WHEN e.advance_until IS NULL THEN a.public_seq IS NULL OR a.removed IS NOT NULL \
             WHEN a.due_at IS NOT NULL THEN a.due_at <> e.advance_until OR a.withdrawn IS NOT NULL \
             ELSE a.removed IS NOT NULL OR a.public_seq IS NULL OR a.public_at < e.advance_until OR e.state = 'held' END \
             OR EXISTS (SELECT 1 FROM revisions r WHERE r.article = a.id AND r.id > ea.revision AND r.id > ",
            $seen,
            " AND (r.kind IN ('correction', 'retraction') OR e.advance_until IS NOT NULL AND r.kind IN ('first', 'update')))) \
             ORDER BY 1, 2"
        )
    };
}

pub(super) use troubled;

const TROUBLES: &str = troubled!(
    "e.state IN ('queued', 'sending') AND (e.filled = 0 OR EXISTS \
     (SELECT 1 FROM deliveries d WHERE d.edition = e.id AND d.state IN (0, 1, 3)))",
    "e.seen_revision"
);
const CHANGED: &str = troubled!("e.id = $1", "0");

/// Editions that have yet to go out or are half out, one of whose articles was corrected, withdrawn, removed or put under
/// embargo since they were frozen, and staff has not yet decided about it.
///
/// # Errors
/// What the database says.
pub async fn troubles(tx: &mut Tx) -> Result<Vec<Trouble>, StoreError> {
    tx.q(TROUBLES).all().await?.iter().map(trouble_of).collect()
}

/// What became of the articles of one edition since it was frozen, whatever its state.
///
/// # Errors
/// What the database says.
pub async fn changed(tx: &mut Tx, edition: i64) -> Result<Vec<Trouble>, StoreError> {
    tx.q(CHANGED).bind(edition).all().await?.iter().map(trouble_of).collect()
}

// From the edition to the few articles that it prints.
const EDITED: &str = "SELECT a.slug, a.language, r.kind, r.at FROM edition_articles ea JOIN articles a ON a.id = ea.article \
     JOIN revisions r ON r.article = a.id AND r.id > ea.revision WHERE ea.edition = $1 AND r.kind IN ('minor', 'update') \
     AND a.expunged IS NULL GROUP BY a.slug, a.language, r.kind, r.at, r.id ORDER BY r.id";

/// An edit of an article that no note says anything of, after the edition that prints it was frozen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// The article's slug.
    pub slug: String,
    /// Its language.
    pub language: String,
    /// `minor` or `update`.
    pub kind: String,
    /// When.
    pub at: Instant,
}

impl Edited {
    /// `floods (en): update`.
    pub fn words(&self) -> String {
        format!("{} ({}): {}", self.slug, self.language, self.kind)
    }
}

/// What was edited of an edition's articles since it was frozen, without being a correction: it goes out as it was frozen, and
/// whoever approves it is to know.
///
/// # Errors
/// What the database says.
pub async fn edited(tx: &mut Tx, edition: i64) -> Result<Vec<Edited>, StoreError> {
    let rows = tx.q(EDITED).bind(edition).all().await?;
    let read = |row: &Row| {
        Ok(Edited { slug: row.get(0)?, language: row.get(1)?, kind: row.get(2)?, at: from_micros(row.get(3)?) })
    };
    rows.iter().map(read).collect()
}

pub(super) fn trouble_of(row: &Row) -> Result<Trouble, StoreError> {
    let what = ["corrected", "withdrawn", "removed", "under embargo", "made public"];
    let which = usize::try_from(row.get::<i64>(3)?).unwrap_or(0);
    Ok(Trouble {
        edition: row.get(0)?,
        slug: row.get(1)?,
        language: row.get(2)?,
        what: what.get(which).copied().unwrap_or("changed"),
    })
}

/// What was refused, by the server's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The code, `550`; `None` where there was no answer.
    pub code: Option<i64>,
    /// The enhanced code, `5.1.1`.
    pub enhanced: Option<String>,
    /// Whether it is final.
    pub failed: bool,
    /// How many copies.
    pub count: i64,
}

const REFUSALS: &str = "SELECT code, enhanced, CAST(state AS BIGINT), CAST(COUNT(*) AS BIGINT) FROM deliveries \
     WHERE edition = $1 AND (state = 4 OR (state = 3 AND attempts > 0)) GROUP BY code, enhanced, state ORDER BY 4 DESC LIMIT 20";

/// What was refused of an edition and why, the most frequent first, at most twenty kinds.
///
/// # Errors
/// What the database says.
pub async fn refusals(tx: &mut Tx, edition: i64) -> Result<Vec<Refusal>, StoreError> {
    let rows = tx.q(REFUSALS).bind(edition).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Refusal {
                code: row.get(0)?,
                enhanced: row.get(1)?,
                failed: row.get::<i64>(2)? == 4,
                count: row.get(3)?,
            })
        })
        .collect()
}
