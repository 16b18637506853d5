//! Which addresses of the newsroom are answered: what a mail or an article leads to is looked up here, a batch at a time.

use std::collections::HashSet;

use super::rows;
use crate::article::Language;
use crate::store::{StoreError, Tx};

const LANGUAGE_OF: &str = "SELECT a.language FROM json_each($1) l CROSS JOIN articles a
     WHERE a.language = l.value ->> 0 AND a.slug = $2 AND a.public_seq IS NOT NULL AND a.removed IS NULL ORDER BY CAST(l.value ->> 1 AS BIGINT) LIMIT 1";

/// The first of these languages in which a public article has that slug.
///
/// # Errors
/// What the database says.
pub async fn language_of(tx: &mut Tx, languages: &[Language], slug: &str) -> Result<Option<Language>, StoreError> {
    let ranked: Vec<_> = languages.iter().enumerate().map(|(rank, l)| (l.as_str(), rank)).collect();
    let row = tx.q(LANGUAGE_OF).bind(serde_json::to_string(&ranked)?).bind(slug.to_owned()).optional().await?;
    row.as_ref().map(|row| super::read_language(row, 0)).transpose()
}

const ARTICLES: &str = "SELECT a.language, a.slug FROM json_each($1) r
     JOIN articles a ON a.language = r.value ->> 0 AND a.slug = r.value ->> 1
     WHERE a.public_seq IS NOT NULL AND a.removed IS NULL";

/// Those of these languages and slugs at which a public article stands, withdrawn ones with their notice included.
///
/// # Errors
/// What the database says.
pub async fn standing(
    tx: &mut Tx,
    wanted: &HashSet<(Language, String)>,
) -> Result<HashSet<(Language, String)>, StoreError> {
    let wanted: Vec<_> = wanted.iter().map(|(language, slug)| (language.as_str(), slug)).collect();
    let found = tx.q(ARTICLES).bind(serde_json::to_string(&wanted)?).all().await?;
    found.iter().map(|row| Ok((super::read_language(row, 0)?, row.get(1)?))).collect()
}

const MEDIA: &str = "SELECT r.value ->> 0 FROM json_each($1) r WHERE EXISTS
     (SELECT 1 FROM media m JOIN articles a ON a.id = m.article
      WHERE m.name = r.value ->> 0 AND a.public_seq IS NOT NULL AND a.removed IS NULL)";

/// Those of these files of `[site] media` that a public article shows.
///
/// # Errors
/// What the database says.
pub async fn shown(tx: &mut Tx, names: &HashSet<String>) -> Result<HashSet<String>, StoreError> {
    tx.q(MEDIA).bind(rows(names)?).all().await?.iter().map(|row| row.get(0)).collect()
}

const TOPICS: &str = "SELECT r.value ->> 0, r.value ->> 1 FROM json_each($1) r WHERE EXISTS
     (SELECT 1 FROM article_topics t JOIN articles a ON a.id = t.article
      WHERE t.topic = r.value ->> 1 AND a.language = r.value ->> 0 AND a.public_seq IS NOT NULL AND a.removed IS NULL)";

/// Those of these languages and topics in which something public has the topic.
///
/// # Errors
/// What the database says.
pub async fn topics_of(
    tx: &mut Tx,
    wanted: &HashSet<(Language, String)>,
) -> Result<HashSet<(Language, String)>, StoreError> {
    let wanted: Vec<_> = wanted.iter().map(|(language, topic)| (language.as_str(), topic)).collect();
    let found = tx.q(TOPICS).bind(serde_json::to_string(&wanted)?).all().await?;
    found.iter().map(|row| Ok((super::read_language(row, 0)?, row.get(1)?))).collect()
}

const EDITIONS: &str = "SELECT n.name, e.number FROM json_each($1) r JOIN newsletters n ON n.name = r.value ->> 0
     JOIN editions e ON e.newsletter = n.id AND e.number = CAST(r.value ->> 1 AS BIGINT)
     WHERE e.state NOT IN ('held', 'cancelled')";

/// Those of these editions, by newsletter and number, that are to go out or have gone out.
///
/// # Errors
/// What the database says.
pub async fn editions(tx: &mut Tx, wanted: &HashSet<(String, i64)>) -> Result<HashSet<(String, i64)>, StoreError> {
    let wanted: Vec<_> = wanted.iter().collect();
    let found = tx.q(EDITIONS).bind(serde_json::to_string(&wanted)?).all().await?;
    found.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Each statement, for the test that asks how it is carried out.
#[cfg(test)]
pub(super) const ALL: [&str; 4] = [ARTICLES, MEDIA, TOPICS, EDITIONS];
