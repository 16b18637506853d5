//! What is new to a newsletter, as far as the database can say: versions of stories by the sequence of
//! going public. No text is read here, so a window over a hundred thousand articles stays small.

use std::collections::HashMap;

use crate::article::{ArticleId, Language, Selection, StoryId, topic_id};
use crate::clock::{Instant, from_micros};
use crate::store::{Row, StoreError, Tx};

/// One language version of a story: an article, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The article.
    pub article: ArticleId,
    /// The story it tells.
    pub story: StoryId,
    /// The source it came from.
    pub source: String,
    /// Its language.
    pub language: Language,
    /// Its present revision.
    pub revision: i64,
    /// Its place in the sequence of going public.
    pub seq: i64,
    /// When it was published.
    pub published: Instant,
    /// When it went public here.
    pub public_at: Instant,
    /// Whether it came with its source's first read.
    pub archive: bool,
}

/// A [`Selection`] as three JSON arrays of rows; an empty one takes all.
struct Filter {
    languages: String,
    sources: String,
    topics: String,
}

impl Filter {
    fn new(selection: &Selection) -> Result<Self, StoreError> {
        let languages: Vec<[&str; 1]> = selection.languages.iter().map(|l| [l.as_str()]).collect();
        let sources: Vec<[&str; 1]> = selection.sources.iter().map(|s| [s.as_str()]).collect();
        let topics: Vec<[String; 1]> = selection.topics.iter().map(|t| [topic_id(t)]).collect();
        Ok(Filter {
            languages: serde_json::to_string(&languages)?,
            sources: serde_json::to_string(&sources)?,
            topics: serde_json::to_string(&topics)?,
        })
    }
}

/// A query over the articles `a` that may be shown at all, and that [`Filter`] takes (`$1` to `$3`). A topic of
/// one version is a topic of the story: translations name it in their own words.
macro_rules! shown {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " FROM articles a WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.withdrawn IS NULL \
             AND ($1 = '[]' OR a.language IN (SELECT r.value ->> 0 FROM json_each($1) r)) \
             AND ($2 = '[]' OR a.source IN (SELECT r.value ->> 0 FROM json_each($2) r)) \
             AND ($3 = '[]' OR EXISTS (SELECT 1 FROM articles b JOIN article_topics t ON t.article = b.id \
             WHERE b.story = a.story AND b.public_seq IS NOT NULL AND b.removed IS NULL \
             AND t.topic IN (SELECT r.value ->> 0 FROM json_each($3) r))) ",
            $after
        )
    };
}

const IN_WINDOW: &str = shown!(
    "SELECT a.story, CAST(MIN(a.public_seq) AS BIGINT)",
    "AND a.public_seq > $4 AND a.public_seq <= $5 AND a.archive = 0 AND a.published >= $6 \
     GROUP BY a.story ORDER BY 2 DESC LIMIT $7"
);

/// Stories of which a version went public after number `after` and up to `upto`, published no earlier than
/// `since` and not with its source's first read; the newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn in_window(
    tx: &mut Tx,
    selection: &Selection,
    (after, upto): (i64, i64),
    since: Instant,
    limit: i64,
) -> Result<Vec<StoryId>, StoreError> {
    let filter = Filter::new(selection)?;
    let rows = tx
        .q(IN_WINDOW)
        .bind(filter.languages)
        .bind(filter.sources)
        .bind(filter.topics)
        .bind(after)
        .bind(upto)
        .bind(since.timestamp_micros())
        .bind(limit)
        .all()
        .await?;
    rows.iter().map(story_of).collect()
}

const NEWEST: &str = shown!(
    "SELECT a.story, MIN(a.published), MAX(a.public_seq)",
    "AND a.public_seq <= $4 GROUP BY a.story ORDER BY 2 DESC, 3 DESC LIMIT $5"
);

/// The newest stories by when they were published first, whatever their age; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn newest(tx: &mut Tx, selection: &Selection, upto: i64, limit: i64) -> Result<Vec<StoryId>, StoreError> {
    let filter = Filter::new(selection)?;
    let rows = tx
        .q(NEWEST)
        .bind(filter.languages)
        .bind(filter.sources)
        .bind(filter.topics)
        .bind(upto)
        .bind(limit)
        .all()
        .await?;
    rows.iter().map(story_of).collect()
}

fn story_of(row: &Row) -> Result<StoryId, StoreError> {
    let text: String = row.get(0)?;
    text.parse().map(StoryId).map_err(|e| StoreError::Content(format!("story “{text}”: {e}")))
}

/// The columns of [`version_of`], from the articles `a` joined to the rows `r` of a JSON array.
macro_rules! versions {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.story, a.source, a.language, a.revision, a.public_seq, a.published, a.public_at, a.archive \
             FROM json_each($1) r JOIN articles a ON ",
            $rest
        )
    };
}

fn version_of(row: &Row) -> Result<Version, StoreError> {
    let fault = |what: String| StoreError::Content(format!("articles: {what}"));
    Ok(Version {
        article: row.get::<String>(0)?.parse().map_err(|e| fault(format!("{e}")))?,
        story: story_of_text(&row.get::<String>(1)?)?,
        source: row.get(2)?,
        language: row.get::<String>(3)?.parse().map_err(|e| fault(format!("{e}")))?,
        revision: row.get(4)?,
        seq: row.get(5)?,
        published: from_micros(row.get(6)?),
        public_at: from_micros(row.get::<Option<i64>>(7)?.unwrap_or_default()),
        archive: row.get::<i64>(8)? != 0,
    })
}

fn story_of_text(text: &str) -> Result<StoryId, StoreError> {
    text.parse().map(StoryId).map_err(|e| StoreError::Content(format!("story “{text}”: {e}")))
}

const OF_STORIES: &str =
    versions!("a.story = r.value ->> 0 WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.withdrawn IS NULL");

/// Every version of these stories that may be shown.
///
/// # Errors
/// What the database says.
pub async fn of_stories(tx: &mut Tx, stories: &[StoryId]) -> Result<Vec<Version>, StoreError> {
    let wanted: Vec<[String; 1]> = stories.iter().map(|story| [story.to_string()]).collect();
    tx.q(OF_STORIES).bind(serde_json::to_string(&wanted)?).all().await?.iter().map(version_of).collect()
}

const OF_ARTICLES: &str =
    versions!("a.id = r.value ->> 0 WHERE a.public_seq IS NOT NULL AND a.removed IS NULL AND a.withdrawn IS NULL");

/// Those of these articles that may be shown.
///
/// # Errors
/// What the database says.
pub async fn of_articles(tx: &mut Tx, articles: &[ArticleId]) -> Result<Vec<Version>, StoreError> {
    let wanted: Vec<[String; 1]> = articles.iter().map(|id| [id.to_string()]).collect();
    tx.q(OF_ARTICLES).bind(serde_json::to_string(&wanted)?).all().await?.iter().map(version_of).collect()
}

const HELD: &str = "SELECT a.id, a.story, a.source, a.language, a.revision, COALESCE(a.public_seq, 0), a.published, a.due_at, a.archive \
     FROM json_each($1) r JOIN articles b ON b.id = r.value ->> 0 JOIN articles a ON a.story = b.story \
     WHERE a.due_at IS NOT NULL AND a.withdrawn IS NULL";

/// Every version of these articles' stories that is under embargo; `public_at` says until when.
///
/// # Errors
/// What the database says.
pub async fn held(tx: &mut Tx, articles: &[ArticleId]) -> Result<Vec<Version>, StoreError> {
    let wanted: Vec<[String; 1]> = articles.iter().map(|id| [id.to_string()]).collect();
    let mut versions: Vec<Version> = tx
        .q(HELD)
        .bind(serde_json::to_string(&wanted)?)
        .all()
        .await?
        .iter()
        .map(version_of)
        .collect::<Result<_, _>>()?;
    versions.sort_by_key(|version| (version.public_at, version.article));
    versions.dedup_by_key(|version| version.article);
    Ok(versions)
}

const TOPICS_HELD: &str = "SELECT DISTINCT a.story, t.topic FROM json_each($1) r JOIN articles a ON a.story = r.value ->> 0 \
     JOIN article_topics t ON t.article = a.id WHERE a.due_at IS NOT NULL ORDER BY 1, 2";

/// The topics of these stories' versions that are under embargo.
///
/// # Errors
/// What the database says.
pub async fn topics_held(tx: &mut Tx, stories: &[StoryId]) -> Result<HashMap<StoryId, Vec<String>>, StoreError> {
    topics_by(tx, TOPICS_HELD, stories).await
}

const TOPICS: &str = "SELECT DISTINCT a.story, t.topic FROM json_each($1) r JOIN articles a ON a.story = r.value ->> 0 \
     JOIN article_topics t ON t.article = a.id WHERE a.public_seq IS NOT NULL AND a.removed IS NULL ORDER BY 1, 2";

/// The topics of these stories, those of all versions together.
///
/// # Errors
/// What the database says.
pub async fn topics(tx: &mut Tx, stories: &[StoryId]) -> Result<HashMap<StoryId, Vec<String>>, StoreError> {
    topics_by(tx, TOPICS, stories).await
}

async fn topics_by(
    tx: &mut Tx,
    sql: &'static str,
    stories: &[StoryId],
) -> Result<HashMap<StoryId, Vec<String>>, StoreError> {
    let wanted: Vec<[String; 1]> = stories.iter().map(|story| [story.to_string()]).collect();
    let mut topics: HashMap<StoryId, Vec<String>> = HashMap::new();
    for row in tx.q(sql).bind(serde_json::to_string(&wanted)?).all().await? {
        topics.entry(story_of(&row)?).or_default().push(row.get(1)?);
    }
    Ok(topics)
}

/// A correction of an article that some edition printed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// The story.
    pub story: StoryId,
    /// The article that was corrected.
    pub article: ArticleId,
    /// The languages of the variants that had printed it.
    pub languages: Vec<Language>,
    /// The newest revision that corrects it.
    pub correction: i64,
    /// Its present revision.
    pub revision: i64,
}

const CORRECTED: &str = "SELECT a.story, a.id, ea.language, a.revision, CAST(MAX(v.id) AS BIGINT) FROM revisions v \
     JOIN articles a ON a.id = v.article \
     JOIN edition_articles ea ON ea.story = a.story AND ea.article = a.id AND ea.revision < v.id \
     WHERE v.id > $1 AND v.kind = 'correction' AND a.public_seq IS NOT NULL AND a.removed IS NULL \
     AND a.withdrawn IS NULL GROUP BY a.story, a.id, ea.language, a.revision ORDER BY 5 DESC, a.id, ea.language";

/// Articles corrected after revision `after` that editions, of whatever newsletter, had printed before;
/// the newest correction first, one entry an article.
///
/// # Errors
/// What the database says.
pub async fn corrected(tx: &mut Tx, after: i64) -> Result<Vec<Corrected>, StoreError> {
    let mut corrected: Vec<Corrected> = Vec::new();
    for row in tx.q(CORRECTED).bind(after).all().await? {
        let fault = |what: String| StoreError::Content(format!("edition_articles: {what}"));
        let article = row.get::<String>(1)?.parse().map_err(|e| fault(format!("{e}")))?;
        let language: Language = row.get::<String>(2)?.parse().map_err(|e| fault(format!("{e}")))?;
        match corrected.iter_mut().find(|c| c.article == article) {
            Some(known) => known.languages.push(language),
            None => corrected.push(Corrected {
                story: story_of(&row)?,
                article,
                languages: vec![language],
                correction: row.get(4)?,
                revision: row.get(3)?,
            }),
        }
    }
    Ok(corrected)
}

const LAST_REVISION: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM revisions";

/// The number of the newest revision of all.
///
/// # Errors
/// What the database says.
pub async fn last_revision(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.q(LAST_REVISION).one().await?.get(0)
}

const LAST_SEQ: &str = "SELECT value FROM counters WHERE name = 'public_seq'";

/// The number of what went public last.
///
/// # Errors
/// What the database says.
pub async fn last_seq(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.q(LAST_SEQ).one().await?.get(0)
}
