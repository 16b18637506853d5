//! What stands in a feed: which articles, in which order; [`entries`] keeps it. Contents are read apart, and only where
//! this has changed: a look that finds nothing new costs two small statements.

pub mod entries;
mod topics;

use std::collections::HashSet;

use chrono::Duration;

use super::{Row, StoreError, Tx};
use crate::article::{ArticleId, Language, StoryId};
use crate::clock::{self, Instant};

pub use entries::{A_PAGE, Chosen, Standing, Standings, catch_up, page_of, standing};
pub use topics::{Found, offer, topics_noted, topics_public};

/// More entries than this are never looked at: what they weigh would not fit into a feed.
const MOST: i64 = 1000;
/// How long a correction, an update or a retraction keeps its article in the feed, whatever its age.
const REVISED: Duration = Duration::days(14);
/// How long a retraction's notice stays in the feed; then only its tombstone (RFC 6721) does.
const NOTICE: Duration = Duration::days(30);
/// How long a tombstone stays.
const TOMBSTONE: Duration = Duration::days(365);

/// One article's place in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The revision it shows: number of the row.
    pub revision: i64,
    /// The article.
    pub article: ArticleId,
    /// The story it tells.
    pub story: StoryId,
    /// Its language.
    pub language: Language,
    /// When it last changed by more than a slip.
    pub updated: Instant,
    /// Its place in the sequence of going public.
    pub seq: i64,
    /// When this revision came to be what the public sees: its going public, or its being taken in.
    pub since: Instant,
    /// Its number in the feed, counted from the oldest.
    pub number: i64,
    /// When it was withdrawn: its notice stands there.
    pub withdrawn: Option<Instant>,
}

/// Another language version of a story that stands in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The story.
    pub story: StoryId,
    /// Its language.
    pub language: Language,
    /// Its slug.
    pub slug: String,
}

/// An article that was withdrawn so long ago that its notice has left the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The article.
    pub article: ArticleId,
    /// The id it already had elsewhere.
    pub guid: Option<String>,
    /// When it was withdrawn.
    pub at: Instant,
    /// Its language.
    pub language: Language,
    /// Why it was withdrawn.
    pub reason: Option<String>,
}

/// What stands in a feed, or in one of its archive documents, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The entries.
    pub places: Vec<Place>,
    /// Every public language version of their stories, their own included, by story and language.
    pub translations: Vec<Translation>,
    /// What became a tombstone, newest first.
    pub gone: Vec<Gone>,
    /// The highest number an entry of the feed has.
    pub last: i64,
    /// The numbers after the last full archive document of what stands in the feed.
    pub tail: Vec<i64>,
}

impl Window {
    /// When the window becomes another one by time alone: a notice leaves, or a tombstone does.
    pub fn until(&self) -> Option<Instant> {
        let notices = self.places.iter().filter_map(|place| place.withdrawn).map(|at| at + NOTICE);
        notices.chain(self.gone.iter().map(|gone| gone.at + TOMBSTONE)).min()
    }
}

/// The columns that `places` reads, before a tail that names `e`.
macro_rules! place_sql {
    ($from:expr, $tail:expr) => {
        concat!(
            "SELECT a.id, a.story, a.updated, a.public_seq, a.revision, a.public_at, r.at, a.language, e.number, a.withdrawn FROM ",
            $from,
            " CROSS JOIN articles a JOIN revisions r ON r.id = a.revision WHERE a.id = e.article \
             AND a.public_seq IS NOT NULL AND a.removed IS NULL AND (a.withdrawn IS NULL OR a.withdrawn > $2) ",
            $tail
        )
    };
}

const NEWEST: &str = place_sql!(
    "feed_entries e",
    "AND e.feed = $1 AND e.updated IS NOT NULL ORDER BY e.updated DESC, e.number DESC LIMIT $3"
);

/// Of what was updated since $3 that of which $4 or a revision since $5 says that it belongs into the feed.
const RECENT: &str = place_sql!(
    "(SELECT x.article, x.number, x.updated FROM feed_entries x WHERE x.feed = $1 AND x.updated >= $3 \
        ORDER BY x.updated DESC LIMIT $6) e",
    "AND (e.updated >= $4 OR EXISTS (SELECT 1 FROM revisions v WHERE v.article = e.article AND v.at >= $5 \
        AND v.kind IN ('update', 'correction', 'retraction')))"
);

const OF_PAGE: &str =
    place_sql!("feed_entries e", "AND e.feed = $1 AND e.number >= $3 AND e.number <= $4 AND e.updated IS NOT NULL");

const TRANSLATIONS: &str = "SELECT a.story, a.language, a.slug FROM json_each($1) x CROSS JOIN articles a \
    WHERE a.story = x.value ->> 0 AND a.public_seq IS NOT NULL AND a.removed IS NULL AND a.withdrawn IS NULL";

// CROSS JOIN: the few that were withdrawn come first, whatever SQLite thinks of it.
/// What became a tombstone, after its time as a notice or because it was removed for good; the reason as SQLite and as PostgreSQL read it.
macro_rules! gone_sql {
    ($reason:expr, $which:expr) => {
        concat!(
            "SELECT a.id, a.guid, COALESCE(a.expunged, a.withdrawn), a.language, ",
            $reason,
            " FROM ",
            $which,
            " AND a.public_seq IS NOT NULL ORDER BY 3 DESC, a.id LIMIT 100"
        )
    };
}
macro_rules! lately_gone {
    () => {
        "articles a CROSS JOIN feed_entries e CROSS JOIN revisions r \
         WHERE e.article = a.id AND e.feed = $3 AND r.id = a.revision AND a.withdrawn > $2 \
         AND (a.expunged IS NOT NULL OR (a.withdrawn <= $1 AND a.removed IS NULL AND e.updated IS NOT NULL))"
    };
}
macro_rules! gone_from_page {
    () => {
        "feed_entries e JOIN articles a ON a.id = e.article JOIN revisions r ON r.id = a.revision \
         WHERE e.feed = $2 AND e.number >= $3 AND e.number <= $4 \
         AND ((a.withdrawn <= $1 AND a.removed IS NULL AND e.updated IS NOT NULL) OR a.expunged IS NOT NULL)"
    };
}
const GONE: (&str, &str) = (
    gone_sql!("r.content ->> 'withdrawn'", lately_gone!()),
    gone_sql!("CAST(r.content AS jsonb) ->> 'withdrawn'", lately_gone!()),
);
const GONE_FROM_PAGE: (&str, &str) = (
    gone_sql!("r.content ->> 'withdrawn'", gone_from_page!()),
    gone_sql!("CAST(r.content AS jsonb) ->> 'withdrawn'", gone_from_page!()),
);

const TAIL: &str = "SELECT e.number FROM feed_entries e JOIN articles a ON a.id = e.article \
    WHERE e.feed = $1 AND e.number > $2 AND e.updated IS NOT NULL AND a.public_seq IS NOT NULL AND a.removed IS NULL \
    AND (a.withdrawn IS NULL OR a.withdrawn > $3)";

/// What stands in a feed now: its newest `items`, with everything of the `hours` before the newest of them, and with
/// what was revised in the 14 days before it. Newest first by `updated`, then by going public. Counted from the newest
/// entry and not from the clock, so that a feed to which nothing was added stays as it is; only retractions age by `now`.
///
/// # Errors
/// What the database says.
pub async fn window(
    tx: &mut Tx,
    feed: &Standing,
    items: usize,
    hours: u32,
    now: Instant,
) -> Result<Window, StoreError> {
    let items = i64::try_from(items).unwrap_or(MOST).clamp(1, MOST);
    let notice = (now - NOTICE).timestamp_micros();
    let mut places = places(&tx.q(NEWEST).bind(feed.id).bind(notice).bind(items).all().await?)?;
    sort(&mut places);
    if let (Some(first), Some(last)) = (places.first().cloned(), places.last().cloned()) {
        let revised = first.updated - REVISED;
        let recent = first.updated - Duration::hours(i64::from(hours));
        let full = i64::try_from(places.len()).unwrap_or(MOST) >= items;
        if full && last.updated >= revised.min(recent) {
            let wide = tx
                .q(RECENT)
                .bind(feed.id)
                .bind(notice)
                .bind(revised.min(recent).timestamp_micros())
                .bind(recent.timestamp_micros())
                .bind(revised.timestamp_micros())
                .bind(MOST)
                .all()
                .await?;
            let there: HashSet<i64> = places.iter().map(|place| place.number).collect();
            places.extend(self::places(&wide)?.into_iter().filter(|place| !there.contains(&place.number)));
            sort(&mut places);
        }
    }
    let translations = translations(tx, &places).await?;
    let gone =
        tx.either(GONE.0, GONE.1).bind(notice).bind((now - TOMBSTONE).timestamp_micros()).bind(feed.id).all().await?;
    let tail = tx.q(TAIL).bind(feed.id).bind(feed.last / A_PAGE * A_PAGE).bind(notice).all().await?;
    let tail = tail.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    Ok(Window { places, translations, gone: self::gone(&gone)?, last: feed.last, tail })
}

/// What stands in the archive document of that number, newest first; empty where there is none.
///
/// # Errors
/// What the database says.
pub async fn page(tx: &mut Tx, feed: &Standing, page: i64, now: Instant) -> Result<Window, StoreError> {
    let (first, last) = ((page - 1).saturating_mul(A_PAGE) + 1, page.saturating_mul(A_PAGE));
    let notice = (now - NOTICE).timestamp_micros();
    let mut places = places(&tx.q(OF_PAGE).bind(feed.id).bind(notice).bind(first).bind(last).all().await?)?;
    sort(&mut places);
    let translations = translations(tx, &places).await?;
    let gone =
        tx.either(GONE_FROM_PAGE.0, GONE_FROM_PAGE.1).bind(notice).bind(feed.id).bind(first).bind(last).all().await?;
    Ok(Window { places, translations, gone: self::gone(&gone)?, last: feed.last, tail: Vec::new() })
}

const CHANGED_PAGES: &str = "SELECT page FROM feed_pages WHERE feed = $1 AND version > $2 ORDER BY page";
const AGED_PAGES: &str = "SELECT DISTINCT (e.number - 1) / 100 + 1 FROM articles a CROSS JOIN feed_entries e \
    WHERE e.article = a.id AND e.feed = $1 AND a.withdrawn <= $2 AND a.withdrawn > $3";

/// The archive documents of a feed that are other ones than in its version `known`, which was looked at at `at`: because
/// an entry changed, or because a notice became a tombstone since.
///
/// # Errors
/// What the database says.
pub async fn changed_pages(
    tx: &mut Tx,
    feed: &Standing,
    known: i64,
    at: Instant,
    now: Instant,
) -> Result<Vec<i64>, StoreError> {
    let mut rows = tx.q(CHANGED_PAGES).bind(feed.id).bind(known).all().await?;
    let (from, upto) = ((at - NOTICE).timestamp_micros(), (now - NOTICE).timestamp_micros());
    rows.extend(tx.q(AGED_PAGES).bind(feed.id).bind(upto).bind(from).all().await?);
    let mut pages: Vec<i64> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    pages.sort_unstable();
    pages.dedup();
    Ok(pages)
}

/// Newest first.
fn sort(places: &mut [Place]) {
    places.sort_by_key(|place| std::cmp::Reverse((place.updated, place.seq)));
}

fn places(rows: &[Row]) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::with_capacity(rows.len());
    for row in rows {
        places.push(Place {
            article: ArticleId(uuid(row, 0)?),
            story: StoryId(uuid(row, 1)?),
            updated: clock::from_micros(row.get(2)?),
            seq: row.get(3)?,
            revision: row.get(4)?,
            since: clock::from_micros(row.get::<Option<i64>>(5)?.unwrap_or(i64::MIN).max(row.get(6)?)),
            language: language(row, 7)?,
            number: row.get(8)?,
            withdrawn: row.get::<Option<i64>>(9)?.map(clock::from_micros),
        });
    }
    Ok(places)
}

async fn translations(tx: &mut Tx, places: &[Place]) -> Result<Vec<Translation>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let stories = rows(places.iter().map(|place| place.story.to_string()))?;
    let mut found = Vec::new();
    for row in tx.q(TRANSLATIONS).bind(stories).all().await? {
        found.push(Translation { story: StoryId(uuid(&row, 0)?), language: language(&row, 1)?, slug: row.get(2)? });
    }
    found.sort_by(|a, b| (a.story, &a.language, &a.slug).cmp(&(b.story, &b.language, &b.slug)));
    found.dedup();
    Ok(found)
}

fn gone(rows: &[Row]) -> Result<Vec<Gone>, StoreError> {
    let gone = |row: &Row| {
        Ok(Gone {
            article: ArticleId(uuid(row, 0)?),
            guid: row.get(1)?,
            at: clock::from_micros(row.get(2)?),
            language: language(row, 3)?,
            reason: row.get(4)?,
        })
    };
    rows.iter().map(gone).collect()
}

/// Values as the one-column rows that `json_each` takes apart on both databases.
fn rows<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&values.into_iter().map(|value| [value]).collect::<Vec<_>>())?)
}

fn uuid(row: &Row, column: usize) -> Result<uuid::Uuid, StoreError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error| StoreError::Content(format!("articles: {text} is no id: {error}")))
}

fn language(row: &Row, column: usize) -> Result<Language, StoreError> {
    let tag: String = row.get(column)?;
    tag.parse().map_err(|error| StoreError::Content(format!("articles: {error}")))
}

#[cfg(test)]
mod tests;
