//! What readers see otherwise since a mark: for caches in front of the pages, which have to forget it.

use super::{read_id, read_language, rows};
use crate::article::{ArticleId, Language};
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// How far something has been followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The last revision.
    pub revision: i64,
    /// The last number of going public.
    pub seq: i64,
    /// When the last one was removed.
    pub removed: i64,
}

/// An article whose page is another one now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The article.
    pub id: ArticleId,
    /// Its language.
    pub language: Language,
    /// Its slug.
    pub slug: String,
    /// When it was published.
    pub published: Instant,
    /// Whether it is no more.
    pub removed: bool,
}

const NOW: &str = "SELECT (SELECT COALESCE(MAX(id), 0) FROM revisions),
    (SELECT value FROM counters WHERE name = 'public_seq'),
    (SELECT COALESCE(MAX(removed), 0) FROM articles WHERE removed IS NOT NULL)";

/// How far it is now.
///
/// # Errors
/// What the database says.
pub async fn mark(tx: &mut Tx) -> Result<Mark, StoreError> {
    let row = tx.q(NOW).one().await?;
    Ok(Mark { revision: row.get(0)?, seq: row.get(1)?, removed: row.get(2)? })
}

const PURGED: &str =
    "SELECT name, value FROM counters WHERE name IN ('purged_revision', 'purged_seq', 'purged_removed')";

/// How far caches have forgotten; `None` before the first time.
///
/// # Errors
/// What the database says.
pub async fn purged(tx: &mut Tx) -> Result<Option<Mark>, StoreError> {
    let found = tx.q(PURGED).all().await?;
    let mut mark = Mark::default();
    for row in &found {
        let value = row.get(1)?;
        match row.get::<String>(0)?.as_str() {
            "purged_revision" => mark.revision = value,
            "purged_seq" => mark.seq = value,
            _ => mark.removed = value,
        }
    }
    Ok((!found.is_empty()).then_some(mark))
}

const SET_PURGED: &str = "INSERT INTO counters (name, value)
     VALUES ('purged_revision', $1), ('purged_seq', $2), ('purged_removed', $3)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Caches have forgotten everything up to there.
///
/// # Errors
/// What the database says.
pub async fn set_purged(tx: &mut Tx, mark: &Mark) -> Result<(), StoreError> {
    tx.q(SET_PURGED).bind(mark.revision).bind(mark.seq).bind(mark.removed).execute().await?;
    Ok(())
}

const CHANGED: &str = "SELECT DISTINCT b.id, b.language, b.slug, b.published, b.removed
     FROM (SELECT r.article AS id FROM revisions r WHERE r.id > $1
           UNION SELECT p.id FROM articles p WHERE p.public_seq > $2
           UNION SELECT g.id FROM articles g WHERE g.removed > $3) c
     JOIN articles a ON a.id = c.id JOIN articles b ON b.story = a.story
     WHERE b.public_seq IS NOT NULL AND a.public_seq IS NOT NULL LIMIT $4";

/// The articles whose pages have changed since, and their translations, which link to them; at most so many. What was never public is
/// none of them.
///
/// # Errors
/// What the database says.
pub async fn changed(tx: &mut Tx, since: &Mark, most: i64) -> Result<Vec<Changed>, StoreError> {
    let rows = tx.q(CHANGED).bind(since.revision).bind(since.seq).bind(since.removed).bind(most).all().await?;
    rows.iter()
        .map(|row| {
            Ok(Changed {
                id: read_id(row, 0)?,
                language: read_language(row, 1)?,
                slug: row.get(2)?,
                published: from_micros(row.get(3)?),
                removed: row.get::<Option<i64>>(4)?.is_some(),
            })
        })
        .collect()
}

const TOPICS: &str = "SELECT DISTINCT a.language, t.topic FROM json_each($1) x JOIN articles a ON a.id = x.value ->> 0
     JOIN article_topics t ON t.article = a.id";
const FORMER: &str = "SELECT f.language, f.slug FROM former_slugs f
     WHERE f.article IN (SELECT x.value ->> 0 FROM json_each($1) x)";
const MEDIA: &str =
    "SELECT DISTINCT m.name FROM media m WHERE m.article IN (SELECT x.value ->> 0 FROM json_each($1) x)";

/// What else belongs to these articles.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Their topics, by language.
    pub topics: Vec<(Language, String)>,
    /// Their former addresses.
    pub former: Vec<(Language, String)>,
    /// The pictures of those that are no more.
    pub media: Vec<String>,
}

/// The pages around these articles.
///
/// # Errors
/// What the database says.
pub async fn around(tx: &mut Tx, changed: &[Changed]) -> Result<Around, StoreError> {
    let pairs = |rows: Vec<crate::store::Row>| {
        rows.iter().map(|row| Ok((read_language(row, 0)?, row.get(1)?))).collect::<Result<Vec<_>, StoreError>>()
    };
    let ids = rows(changed.iter().map(|one| one.id))?;
    let topics = pairs(tx.q(TOPICS).bind(ids.as_str()).all().await?)?;
    let former = pairs(tx.q(FORMER).bind(ids).all().await?)?;
    let gone = rows(changed.iter().filter(|one| one.removed).map(|one| one.id))?;
    let media = tx.q(MEDIA).bind(gone).all().await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    Ok(Around { topics, former, media })
}
