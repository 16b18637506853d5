//! What is public, for feeds, pages and editions.

use chrono::{Datelike, TimeZone};
use chrono_tz::Tz;

use super::{
    Chosen, headline_sql, read_id, read_language, read_revision, read_revisions, read_story, revision_sql, rows,
};
use crate::article::{ArticleId, Language, Revision, Selection, StoryId, topic_id};
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// At most so many come by age alone: more would not fit a feed in any case.
const RECENT: usize = 2_000;

/// What a [`Selection`] takes: binds `$1` languages, `$2` topics, `$3` sources. With several languages a
/// story is taken in the first of them in which it is public and chosen.
macro_rules! chosen_sql {
    () => {
        "a.public_seq IS NOT NULL AND a.removed IS NULL
         AND ($1 = '[]' OR a.language IN (SELECT l.value ->> 0 FROM json_each($1) l))
         AND ($2 = '[]' OR a.id IN (SELECT t.article FROM article_topics t
             WHERE t.topic IN (SELECT w.value ->> 0 FROM json_each($2) w)))
         AND ($3 = '[]' OR a.source IN (SELECT s.value ->> 0 FROM json_each($3) s))"
    };
}
macro_rules! first_language_sql {
    () => {
        "AND NOT EXISTS (SELECT 1 FROM articles b
             JOIN json_each($1) x ON b.language = x.value ->> 0 JOIN json_each($1) y ON a.language = y.value ->> 0
             WHERE b.story = a.story AND b.id <> a.id AND b.public_seq IS NOT NULL AND b.removed IS NULL
             AND CAST(x.value ->> 1 AS BIGINT) < CAST(y.value ->> 1 AS BIGINT)
             AND ($2 = '[]' OR b.id IN (SELECT t.article FROM article_topics t
                 WHERE t.topic IN (SELECT w.value ->> 0 FROM json_each($2) w)))
             AND ($3 = '[]' OR b.source IN (SELECT s.value ->> 0 FROM json_each($3) s)))"
    };
}

const RECENT_COUNT: &str = concat!("SELECT COUNT(*) FROM articles a WHERE ", chosen_sql!(), " AND a.updated >= $4");
const NEWEST: &str = revision_sql!(concat!(
    "FROM articles a JOIN revisions r ON r.id = a.revision WHERE ",
    chosen_sql!(),
    first_language_sql!(),
    " ORDER BY a.updated DESC, a.public_seq DESC LIMIT $4"
));

/// What is public of a selection, newest first by (`updated`, number): at least `items` where there are so many,
/// and everything updated since `since` (at most 2,000 for that). Where the selection names several
/// languages, a story comes once, in the first of them that it exists in.
///
/// # Errors
/// What the database says.
pub async fn newest(
    tx: &mut Tx,
    selection: &Selection,
    items: usize,
    since: Option<Instant>,
) -> Result<Vec<Revision>, StoreError> {
    let chosen = Chosen::of(selection)?;
    let mut limit = items;
    if let Some(since) = since {
        let recent: i64 = tx
            .q(RECENT_COUNT)
            .bind(chosen.languages.clone())
            .bind(chosen.topics.clone())
            .bind(chosen.sources.clone())
            .bind(since.timestamp_micros())
            .one()
            .await?
            .get(0)?;
        limit = limit.max(usize::try_from(recent).unwrap_or(0).min(RECENT));
    }
    let rows = tx
        .q(NEWEST)
        .bind(chosen.languages)
        .bind(chosen.topics)
        .bind(chosen.sources)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .all()
        .await?;
    read_revisions(&rows)
}

const HEADLINES: (&str, &str) = headline_sql!(concat!(
    "FROM articles a JOIN revisions r ON r.id = a.revision WHERE ",
    chosen_sql!(),
    first_language_sql!(),
    " ORDER BY a.published DESC, a.public_seq DESC LIMIT $4 OFFSET $5"
));

// One language needs no look at the others, so its index of days gives the newest without the rest.
const LATEST: (&str, &str) = headline_sql!(
    "FROM articles a JOIN revisions r ON r.id = a.revision
     WHERE a.language = $1 AND a.public_seq IS NOT NULL AND a.removed IS NULL
     ORDER BY a.published DESC, a.public_seq DESC LIMIT $2 OFFSET $3"
);
const IS_COMMON: &str = "SELECT 1 FROM article_topics WHERE topic = $1 LIMIT 1 OFFSET $2";
// A topic that many articles have is met soon on the way back from the newest; of one that few have, all are looked at.
const COMMON: (&str, &str) = headline_sql!(
    "FROM articles a JOIN revisions r ON r.id = a.revision
     WHERE a.language = $1 AND a.public_seq IS NOT NULL AND a.removed IS NULL
         AND EXISTS (SELECT 1 FROM article_topics t WHERE t.topic = $4 AND t.article = a.id)
     ORDER BY a.published DESC, a.public_seq DESC LIMIT $2 OFFSET $3"
);
const RARE: (&str, &str) = headline_sql!(
    "FROM article_topics t CROSS JOIN articles a CROSS JOIN revisions r
     WHERE t.topic = $4 AND a.id = t.article AND r.id = a.revision
         AND a.language = $1 AND a.public_seq IS NOT NULL AND a.removed IS NULL
     ORDER BY a.published DESC, a.public_seq DESC LIMIT $2 OFFSET $3"
);
/// A topic of more articles is a common one.
const MANY: i64 = 1_000;

/// What is public of a selection for a list on a page, newest first by `published`: revisions whose
/// `content.html` and `content.text` are left empty. Stories come once, as in [`newest`].
///
/// # Errors
/// What the database says.
pub async fn headlines(
    tx: &mut Tx,
    selection: &Selection,
    limit: usize,
    offset: usize,
) -> Result<Vec<Revision>, StoreError> {
    let (limit, offset) = (i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX));
    let rows = match (selection.languages.as_slice(), selection.topics.as_slice(), selection.sources.is_empty()) {
        ([language], [], true) => {
            tx.either(LATEST.0, LATEST.1).bind(language.as_str().to_owned()).bind(limit).bind(offset).all().await?
        }
        ([language], [topic], true) => {
            let topic = topic_id(topic);
            let is_common = tx.q(IS_COMMON).bind(topic.clone()).bind(MANY).optional().await?.is_some();
            let found = if is_common { COMMON } else { RARE };
            let found = tx.either(found.0, found.1).bind(language.as_str().to_owned()).bind(limit).bind(offset);
            found.bind(topic).all().await?
        }
        _ => {
            let chosen = Chosen::of(selection)?;
            let found = tx.either(HEADLINES.0, HEADLINES.1);
            let found = found.bind(chosen.languages).bind(chosen.topics).bind(chosen.sources);
            found.bind(limit).bind(offset).all().await?
        }
    };
    read_revisions(&rows)
}

/// One article that went public, without its words: enough to choose by. [`revisions`] has the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its present revision: what an edition freezes.
    pub revision: i64,
    /// The article.
    pub article: ArticleId,
    /// The story it tells.
    pub story: StoryId,
    /// Its language.
    pub language: Language,
    /// When it was published.
    pub published: Instant,
    /// When it last changed by more than a slip.
    pub updated: Instant,
    /// Its place in the one sequence.
    pub public_seq: i64,
    /// When it went public here.
    pub public_at: Instant,
    /// It came with its source's first read.
    pub archive: bool,
    /// It is withdrawn: a notice stands in its place.
    pub withdrawn: bool,
}

const WENT_PUBLIC: &str = concat!(
    "SELECT a.revision, a.id, a.story, a.language, a.published, a.updated, a.public_seq, a.public_at, a.archive, a.withdrawn
     FROM articles a WHERE ",
    chosen_sql!(),
    " AND a.public_seq > $4 AND a.public_seq <= $5 ORDER BY a.public_seq"
);

/// What went public with a number above `after_seq`, up to `upto_seq`, in that order, in every language of
/// the selection: translations are told apart by nobody here.
///
/// # Errors
/// What the database says.
pub async fn went_public(
    tx: &mut Tx,
    selection: &Selection,
    after_seq: i64,
    upto_seq: i64,
) -> Result<Vec<Candidate>, StoreError> {
    let chosen = Chosen::of(selection)?;
    let rows = tx
        .q(WENT_PUBLIC)
        .bind(chosen.languages)
        .bind(chosen.topics)
        .bind(chosen.sources)
        .bind(after_seq)
        .bind(upto_seq)
        .all()
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Candidate {
                revision: row.get(0)?,
                article: read_id(row, 1)?,
                story: read_story(row, 2)?,
                language: read_language(row, 3)?,
                published: from_micros(row.get(4)?),
                updated: from_micros(row.get(5)?),
                public_seq: row.get(6)?,
                public_at: from_micros(row.get(7)?),
                archive: row.get::<i64>(8)? != 0,
                withdrawn: row.get::<Option<i64>>(9)?.is_some(),
            })
        })
        .collect()
}

const OF_STORIES: &str = revision_sql!(
    "FROM json_each($1) s JOIN articles a ON a.story = s.value ->> 0 JOIN revisions r ON r.id = a.revision
     WHERE a.public_seq IS NOT NULL AND a.removed IS NULL ORDER BY a.public_seq"
);

/// Every public language version of these stories.
///
/// # Errors
/// What the database says.
pub async fn of_stories(tx: &mut Tx, stories: &[StoryId]) -> Result<Vec<Revision>, StoreError> {
    let rows = tx.q(OF_STORIES).bind(rows(stories)?).all().await?;
    read_revisions(&rows)
}

/// Every public language version of this story.
///
/// # Errors
/// What the database says.
pub async fn siblings(tx: &mut Tx, story: StoryId) -> Result<Vec<Revision>, StoreError> {
    of_stories(tx, &[story]).await
}

const PUBLIC_ONES: &str = revision_sql!(
    "FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0 JOIN revisions r ON r.id = a.revision
     WHERE a.public_seq IS NOT NULL AND a.removed IS NULL"
);

/// Those of these articles that are public, as they are now; in no particular order.
///
/// # Errors
/// What the database says.
pub async fn public_ones(tx: &mut Tx, articles: &[ArticleId]) -> Result<Vec<Revision>, StoreError> {
    let rows = tx.q(PUBLIC_ONES).bind(rows(articles)?).all().await?;
    read_revisions(&rows)
}

const BY_SLUG: &str = revision_sql!(
    "FROM articles a JOIN revisions r ON r.id = a.revision
     WHERE a.language = $1 AND a.slug = $2 AND a.public_seq IS NOT NULL AND a.removed IS NULL"
);

/// The public article at this address.
///
/// # Errors
/// What the database says.
pub async fn by_slug(tx: &mut Tx, language: &Language, slug: &str) -> Result<Option<Revision>, StoreError> {
    let row = tx.q(BY_SLUG).bind(language.as_str().to_owned()).bind(slug.to_owned()).optional().await?;
    row.as_ref().map(read_revision).transpose()
}

const WAS_PUBLIC: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM articles a
     WHERE a.language = $1 AND a.slug IN ($2, $3) AND a.public_seq IS NOT NULL AND a.removed IS NOT NULL AND a.due_at IS NULL";

/// Whether an article at this address was public and is gone; `false` for one that is held back again, of which
/// nothing may be said.
///
/// # Errors
/// What the database says.
pub async fn was_public(tx: &mut Tx, language: &Language, slug: &str) -> Result<bool, StoreError> {
    let gone = super::expunge::gone_slug(language, slug);
    let row = tx.q(WAS_PUBLIC).bind(language.as_str().to_owned()).bind(slug.to_owned()).bind(gone).one().await?;
    Ok(row.get::<i64>(0)? > 0)
}

const FORMER: &str = "SELECT a.language, a.slug FROM former_slugs f JOIN articles a ON a.id = f.article
     WHERE f.language = $1 AND f.slug = $2 AND a.public_seq IS NOT NULL AND a.removed IS NULL";

/// Where the public article is now that once had this address.
///
/// # Errors
/// What the database says.
pub async fn moved_to(tx: &mut Tx, language: &Language, slug: &str) -> Result<Option<(Language, String)>, StoreError> {
    let row = tx.q(FORMER).bind(language.as_str().to_owned()).bind(slug.to_owned()).optional().await?;
    row.map(|row| Ok((read_language(&row, 0)?, row.get(1)?))).transpose()
}

const IS_SHOWN: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM media m JOIN articles a ON a.id = m.article
     WHERE m.name = $1 AND a.public_seq IS NOT NULL AND a.removed IS NULL";

/// Whether a file of `[site] media` is one that a public article shows.
///
/// # Errors
/// What the database says.
pub async fn is_shown(tx: &mut Tx, media: &str) -> Result<bool, StoreError> {
    Ok(tx.q(IS_SHOWN).bind(media.to_owned()).one().await?.get::<i64>(0)? > 0)
}

const BY_ID: &str = revision_sql!("FROM articles a JOIN revisions r ON r.id = a.revision WHERE a.id = $1");

/// The present state of an article, public or not: `public_seq` says.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, article: ArticleId) -> Result<Option<Revision>, StoreError> {
    let row = tx.q(BY_ID).bind(article.to_string()).optional().await?;
    row.as_ref().map(read_revision).transpose()
}

const REVISIONS: &str = revision_sql!(
    "FROM json_each($1) k JOIN revisions r ON r.id = CAST(k.value ->> 0 AS BIGINT) JOIN articles a ON a.id = r.article"
);

/// These states, whether or not they are the present ones of their articles; in no particular order.
///
/// # Errors
/// What the database says.
pub async fn revisions(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Revision>, StoreError> {
    let rows = tx.q(REVISIONS).bind(rows(ids)?).all().await?;
    read_revisions(&rows)
}

/// One state by its number, whether or not it is the present one of its article.
///
/// # Errors
/// What the database says.
pub async fn revision(tx: &mut Tx, id: i64) -> Result<Option<Revision>, StoreError> {
    Ok(revisions(tx, &[id]).await?.pop())
}

// Each end is one step into the index; MIN and MAX together would go through all of it.
const SPAN: &str = "
    SELECT (SELECT a.published FROM articles a WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.language = $1
            ORDER BY a.published LIMIT 1),
        (SELECT a.published FROM articles a WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.language = $1
            ORDER BY a.published DESC LIMIT 1)";

/// When the first and the last of what is public in a language was published.
///
/// # Errors
/// What the database says.
pub async fn span(tx: &mut Tx, language: &Language) -> Result<Option<(Instant, Instant)>, StoreError> {
    let row = tx.q(SPAN).bind(language.as_str().to_owned()).one().await?;
    Ok(row
        .get::<Option<i64>>(0)?
        .zip(row.get::<Option<i64>>(1)?)
        .map(|(first, last)| (from_micros(first), from_micros(last))))
}

// CROSS JOIN is the order of the loops: SQLite would read all spans anew for each article of the language.
const COUNTS: &str = "
    SELECT CAST(s.value ->> 0 AS BIGINT) AS number, CAST(COUNT(a.id) AS BIGINT)
    FROM json_each($1) s CROSS JOIN articles a
    WHERE a.language = $2
        AND a.published >= CAST(s.value ->> 1 AS BIGINT) AND a.published < CAST(s.value ->> 2 AS BIGINT)
        AND a.public_seq IS NOT NULL AND a.removed IS NULL
    GROUP BY s.value ->> 0 ORDER BY number DESC";

async fn counts(tx: &mut Tx, language: &Language, spans: &[(i64, i64, i64)]) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.q(COUNTS).bind(serde_json::to_string(spans)?).bind(language.as_str().to_owned()).all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// The first instant of a month in a zone, in microseconds; where the clock jumps over midnight, what UTC says.
fn month_start(year: i32, month: u32, zone: Tz) -> i64 {
    zone.with_ymd_and_hms(year, month, 1, 0, 0, 0)
        .earliest()
        .map(|at| at.timestamp_micros())
        .or_else(|| chrono::Utc.with_ymd_and_hms(year, month, 1, 0, 0, 0).earliest().map(|at| at.timestamp_micros()))
        .unwrap_or_default()
}

/// The years in which something was published in a language, newest first, with how much; years of `zone`.
///
/// # Errors
/// What the database says.
pub async fn years(tx: &mut Tx, language: &Language, zone: Tz) -> Result<Vec<(i32, i64)>, StoreError> {
    let Some((first, last)) = span(tx, language).await? else { return Ok(Vec::new()) };
    let year = |at: Instant| at.with_timezone(&zone).year();
    let spans: Vec<_> = (year(first)..=year(last))
        .map(|y| (i64::from(y), month_start(y, 1, zone), month_start(y + 1, 1, zone)))
        .collect();
    let counts = counts(tx, language, &spans).await?;
    Ok(counts.into_iter().map(|(y, n)| (i32::try_from(y).unwrap_or_default(), n)).collect())
}

/// The months of a year in which something was published in a language, newest first, with how much.
///
/// # Errors
/// What the database says.
pub async fn months(tx: &mut Tx, language: &Language, year: i32, zone: Tz) -> Result<Vec<(u32, i64)>, StoreError> {
    let spans: Vec<_> = (1..=12u32)
        .map(|m| {
            let (next_year, next) = if m == 12 { (year + 1, 1) } else { (year, m + 1) };
            (i64::from(m), month_start(year, m, zone), month_start(next_year, next, zone))
        })
        .collect();
    let counts = counts(tx, language, &spans).await?;
    Ok(counts.into_iter().map(|(m, n)| (u32::try_from(m).unwrap_or_default(), n)).collect())
}

const IN_MONTH: (&str, &str) = headline_sql!(
    "FROM articles a JOIN revisions r ON r.id = a.revision
     WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.language = $1 AND a.published >= $2 AND a.published < $3
     ORDER BY a.published DESC, a.public_seq DESC LIMIT $4 OFFSET $5"
);

/// What was published in a language from `from` until before `to`, newest first, without bodies (as [`headlines`]).
///
/// # Errors
/// What the database says.
pub async fn in_month(
    tx: &mut Tx,
    language: &Language,
    (from, to): (Instant, Instant),
    limit: usize,
    offset: usize,
) -> Result<Vec<Revision>, StoreError> {
    let rows = tx
        .either(IN_MONTH.0, IN_MONTH.1)
        .bind(language.as_str().to_owned())
        .bind(from.timestamp_micros())
        .bind(to.timestamp_micros())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .all()
        .await?;
    read_revisions(&rows)
}

const TOPICS: &str = "
    SELECT t.topic, CAST(COUNT(*) AS BIGINT) AS many FROM article_topics t JOIN articles a ON a.id = t.article
    WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.language = $1
    GROUP BY t.topic ORDER BY many DESC, t.topic";

/// The topics of what is public in a language, the commonest first, with how many articles have each.
///
/// # Errors
/// What the database says.
pub async fn topics(tx: &mut Tx, language: &Language) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.q(TOPICS).bind(language.as_str().to_owned()).all().await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
