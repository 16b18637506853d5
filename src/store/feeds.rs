//! What stands in a feed: which articles, in which order. Contents are read apart, and only where
//! this has changed: a look that finds nothing new costs an index.

use chrono::Duration;

use super::{Row, StoreError, Tx};
use crate::article::{ArticleId, Language, Selection, StoryId};
use crate::clock::{self, Instant};

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
}

/// What stands in a feed, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The entries.
    pub places: Vec<Place>,
    /// Every public language version of their stories, their own included, by story and language.
    pub translations: Vec<Translation>,
    /// What became a tombstone, newest first.
    pub gone: Vec<Gone>,
}

/// The newest of one language that are public. $5 and $6: topics and sources, `[]` for all; $7:
/// languages that come before this one; a story that one of them tells stands there. $2: what was
/// withdrawn before is left out. $3: what was updated since; $4: at most so many.
const NEWEST: &str = "SELECT a.id, a.story, a.updated, a.public_seq, a.revision, a.public_at, r.at \
    FROM articles a JOIN revisions r ON r.id = a.revision \
    WHERE a.language = $1 AND a.public_seq IS NOT NULL AND a.removed IS NULL \
    AND (a.withdrawn IS NULL OR a.withdrawn > $2) AND a.updated >= $3 \
    AND ($5 = '[]' OR EXISTS (SELECT 1 FROM article_topics t JOIN json_each($5) x ON t.topic = x.value ->> 0 \
        WHERE t.article = a.id)) \
    AND ($6 = '[]' OR a.source IN (SELECT x.value ->> 0 FROM json_each($6) x)) \
    AND ($7 = '[]' OR NOT EXISTS (SELECT 1 FROM articles b JOIN json_each($7) x ON b.language = x.value ->> 0 \
        WHERE b.story = a.story AND b.public_seq IS NOT NULL AND b.removed IS NULL \
        AND (b.withdrawn IS NULL OR b.withdrawn > $2) \
        AND ($5 = '[]' OR EXISTS (SELECT 1 FROM article_topics t JOIN json_each($5) y ON t.topic = y.value ->> 0 \
            WHERE t.article = b.id)) \
        AND ($6 = '[]' OR b.source IN (SELECT y.value ->> 0 FROM json_each($6) y)))) \
    ORDER BY a.updated DESC, a.public_seq DESC LIMIT $4";

const REVISED_OF: &str = "SELECT DISTINCT r.article FROM json_each($1) x JOIN revisions r ON r.article = x.value ->> 0 \
    WHERE r.at >= $2 AND r.kind IN ('update', 'correction', 'retraction')";

const TRANSLATIONS: &str = "SELECT a.story, a.language, a.slug FROM json_each($1) x \
    JOIN articles a ON a.story = x.value ->> 0 \
    WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.withdrawn IS NULL";

const GONE: &str = "SELECT a.id, a.guid, a.withdrawn FROM articles a \
    WHERE a.withdrawn <= $1 AND a.withdrawn > $2 AND a.public_seq IS NOT NULL AND a.removed IS NULL \
    AND a.language IN (SELECT x.value ->> 0 FROM json_each($3) x) \
    AND ($4 = '[]' OR EXISTS (SELECT 1 FROM article_topics t JOIN json_each($4) x ON t.topic = x.value ->> 0 \
        WHERE t.article = a.id)) \
    AND ($5 = '[]' OR a.source IN (SELECT x.value ->> 0 FROM json_each($5) x)) \
    ORDER BY a.withdrawn DESC, a.id LIMIT 100";

/// What stands in a feed now: the newest `items` of the selection, with everything of the `hours`
/// before the newest of them, and with what was revised in the 14 days before it. Newest first by
/// `updated`, then by going public. Counted from the newest entry and not from the clock, so that a
/// feed to which nothing was added stays as it is; only retractions age by `now`.
///
/// `selection.languages` must name at least one: a story stands once, in the first that has it.
///
/// # Errors
/// What the database says.
pub async fn window(
    tx: &mut Tx,
    selection: &Selection,
    items: usize,
    hours: u32,
    now: Instant,
) -> Result<Window, StoreError> {
    let items = i64::try_from(items).unwrap_or(MOST).clamp(1, MOST);
    let notice = (now - NOTICE).timestamp_micros();
    let mut places = newest(tx, selection, notice, i64::MIN, items).await?;
    if let (Some(first), Some(last)) = (places.first().cloned(), places.last().cloned()) {
        let since = first.updated - REVISED;
        let full = i64::try_from(places.len()).unwrap_or(MOST) >= items;
        if full && last.updated >= since.min(first.updated - Duration::hours(i64::from(hours))) {
            let recent = first.updated - Duration::hours(i64::from(hours));
            let wide = newest(tx, selection, notice, since.min(recent).timestamp_micros(), MOST).await?;
            let beyond = wide.into_iter().skip(places.len()).collect::<Vec<_>>();
            let revised = revised(tx, &beyond, since).await?;
            places.extend(beyond.into_iter().filter(|p| p.updated >= recent || revised.contains(&p.article)));
        }
    }
    let translations = translations(tx, &places).await?;
    let gone = gone(tx, selection, now).await?;
    Ok(Window { places, translations, gone })
}

async fn newest(
    tx: &mut Tx,
    selection: &Selection,
    notice: i64,
    since: i64,
    limit: i64,
) -> Result<Vec<Place>, StoreError> {
    let (topics, sources) = (rows(&selection.topics)?, rows(&selection.sources)?);
    let mut places = Vec::new();
    for (at, language) in selection.languages.iter().enumerate() {
        let before = rows(&selection.languages[..at])?;
        let found = tx
            .q(NEWEST)
            .bind(language.as_str())
            .bind(notice)
            .bind(since)
            .bind(limit)
            .bind(topics.as_str())
            .bind(sources.as_str())
            .bind(before)
            .all()
            .await?;
        for row in found {
            places.push(Place {
                article: ArticleId(uuid(&row, 0)?),
                story: StoryId(uuid(&row, 1)?),
                updated: clock::from_micros(row.get(2)?),
                seq: row.get(3)?,
                revision: row.get(4)?,
                since: clock::from_micros(row.get::<Option<i64>>(5)?.unwrap_or(i64::MIN).max(row.get(6)?)),
                language: language.clone(),
            });
        }
    }
    places.sort_by_key(|place| std::cmp::Reverse((place.updated, place.seq)));
    places.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(places)
}

async fn revised(tx: &mut Tx, places: &[Place], since: Instant) -> Result<Vec<ArticleId>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let articles = rows(places.iter().map(|place| place.article.to_string()))?;
    let found = tx.q(REVISED_OF).bind(articles).bind(since.timestamp_micros()).all().await?;
    found.iter().map(|row| Ok(ArticleId(uuid(row, 0)?))).collect()
}

async fn translations(tx: &mut Tx, places: &[Place]) -> Result<Vec<Translation>, StoreError> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let stories = rows(places.iter().map(|place| place.story.to_string()))?;
    let mut found = Vec::new();
    for row in tx.q(TRANSLATIONS).bind(stories).all().await? {
        let language: String = row.get(1)?;
        let language = language.parse().map_err(|error| StoreError::Content(format!("articles: {error}")))?;
        found.push(Translation { story: StoryId(uuid(&row, 0)?), language, slug: row.get(2)? });
    }
    found.sort_by(|a, b| (a.story, &a.language, &a.slug).cmp(&(b.story, &b.language, &b.slug)));
    found.dedup();
    Ok(found)
}

async fn gone(tx: &mut Tx, selection: &Selection, now: Instant) -> Result<Vec<Gone>, StoreError> {
    let found = tx
        .q(GONE)
        .bind((now - NOTICE).timestamp_micros())
        .bind((now - TOMBSTONE).timestamp_micros())
        .bind(rows(&selection.languages)?)
        .bind(rows(&selection.topics)?)
        .bind(rows(&selection.sources)?)
        .all()
        .await?;
    found
        .iter()
        .map(|row| {
            Ok(Gone { article: ArticleId(uuid(row, 0)?), guid: row.get(1)?, at: clock::from_micros(row.get(2)?) })
        })
        .collect()
}

/// Values as the one-column rows that `json_each` takes apart on both databases.
fn rows<T: ToString>(values: impl IntoIterator<Item = T>) -> Result<String, StoreError> {
    let rows: Vec<[String; 1]> = values.into_iter().map(|value| [value.to_string()]).collect();
    Ok(serde_json::to_string(&rows)?)
}

fn uuid(row: &Row, column: usize) -> Result<uuid::Uuid, StoreError> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error| StoreError::Content(format!("articles: {text} is no id: {error}")))
}
