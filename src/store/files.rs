//! What a folder held at the last read, so that an unchanged file costs nothing and a renamed one is known again.

use std::collections::HashMap;

use super::{Row, StoreError, Tx};
use crate::article::{ArticleId, Fault, Language};
use crate::clock::Instant;

/// One file as it was last read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its path under the folder, with `/`.
    pub path: String,
    /// Size, time of change, and the settings it was read with.
    pub fingerprint: String,
    /// Hash of its bytes, hexadecimal.
    pub hash: String,
    /// The article it holds; `None` where it never was one.
    pub article: Option<ArticleId>,
    /// Whether it says itself which article that is.
    pub named: bool,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// The other files it was made with or looked for, each as it was then.
    pub uses: Vec<(String, String)>,
    /// It names an article that was not there.
    pub unsettled: bool,
}

fn read_article(row: &Row, column: usize) -> Result<Option<ArticleId>, StoreError> {
    let article: Option<String> = row.get(column)?;
    article.map(|id| id.parse().map_err(|e| StoreError::Content(format!("files: {id}: {e}")))).transpose()
}

// CROSS JOIN is the order of the loops on SQLite: with the source known it would rather go through all of its rows, and
// through the batch for each.
const SOME: &str = "
    SELECT f.path, f.fingerprint, f.hash, f.article, f.named, f.faults, f.uses, f.unsettled
    FROM json_each($2) k CROSS JOIN files f WHERE f.source = $1 AND f.path = k.value ->> 0";

/// Those of these files that were there at the last read, by path.
///
/// # Errors
/// What the database says.
pub async fn some(tx: &mut Tx, source: &str, paths: &[&str]) -> Result<HashMap<String, File>, StoreError> {
    let mut files = HashMap::new();
    let keys: Vec<[&str; 1]> = paths.iter().map(|path| [*path]).collect();
    for row in tx.q(SOME).bind(source.to_owned()).bind(serde_json::to_string(&keys)?).all().await? {
        let faults: Option<String> = row.get(5)?;
        let uses: Option<String> = row.get(6)?;
        let file = File {
            path: row.get(0)?,
            fingerprint: row.get(1)?,
            hash: row.get(2)?,
            article: read_article(&row, 3)?,
            named: row.get::<i64>(4)? != 0,
            faults: faults.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
            uses: uses.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
            unsettled: row.get::<i64>(7)? != 0,
        };
        files.insert(file.path.clone(), file);
    }
    Ok(files)
}

const COUNT: &str = "SELECT CAST(COUNT(*) AS BIGINT), CAST(COUNT(article) AS BIGINT) FROM files WHERE source = $1";

/// How many files a source had at the last read, and how many of them held an article.
///
/// # Errors
/// What the database says.
pub async fn count(tx: &mut Tx, source: &str) -> Result<(usize, usize), StoreError> {
    let row = tx.q(COUNT).bind(source.to_owned()).one().await?;
    let number = |n: i64| usize::try_from(n).unwrap_or_default();
    Ok((number(row.get(0)?), number(row.get(1)?)))
}

const PATHS: &str = "SELECT path FROM files WHERE source = $1 AND path > $2 ORDER BY path LIMIT 5000";

/// The next of a source's paths after `after`, in the store's own order; none at the end.
///
/// # Errors
/// What the database says.
pub async fn paths(tx: &mut Tx, source: &str, after: &str) -> Result<Vec<String>, StoreError> {
    tx.q(PATHS).bind(source.to_owned()).bind(after.to_owned()).all().await?.iter().map(|row| row.get(0)).collect()
}

const HOLDING: &str = "
    SELECT f.path, f.article, f.named FROM json_each($2) k CROSS JOIN files f
    WHERE f.article = k.value ->> 0 AND f.source = $1 ORDER BY f.path";

/// The files that hold these articles, with whether they say so themselves.
///
/// # Errors
/// What the database says.
pub async fn holding(
    tx: &mut Tx,
    source: &str,
    articles: &[ArticleId],
) -> Result<Vec<(String, ArticleId, bool)>, StoreError> {
    let mut holding = Vec::new();
    let keys: Vec<[&ArticleId; 1]> = articles.iter().map(|id| [id]).collect();
    for row in tx.q(HOLDING).bind(source.to_owned()).bind(serde_json::to_string(&keys)?).all().await? {
        if let Some(article) = read_article(&row, 1)? {
            holding.push((row.get(0)?, article, row.get::<i64>(2)? != 0));
        }
    }
    Ok(holding)
}

const KEEP: &str = "
    INSERT INTO files (source, path, fingerprint, hash, article, named, faults, uses, unsettled)
    SELECT $2, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, CAST(r.value ->> 4 AS BIGINT), r.value ->> 5,
        r.value ->> 6, CAST(r.value ->> 7 AS BIGINT) FROM json_each($1) r WHERE TRUE
    ON CONFLICT (source, path) DO UPDATE SET fingerprint = excluded.fingerprint, hash = excluded.hash,
        article = excluded.article, named = excluded.named, faults = excluded.faults, uses = excluded.uses,
        unsettled = excluded.unsettled";

/// Writes down how these files were read.
///
/// # Errors
/// What the database says.
pub async fn keep(tx: &mut Tx, source: &str, files: &[File]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(files.len());
    for file in files {
        let faults = if file.faults.is_empty() { None } else { Some(serde_json::to_string(&file.faults)?) };
        let uses = if file.uses.is_empty() { None } else { Some(serde_json::to_string(&file.uses)?) };
        let article = file.article.map(|id| id.to_string());
        let (named, unsettled) = (i64::from(file.named), i64::from(file.unsettled));
        rows.push((&file.path, &file.fingerprint, &file.hash, article, named, faults, uses, unsettled));
    }
    tx.q(KEEP).bind(serde_json::to_string(&rows)?).bind(source.to_owned()).execute().await?;
    Ok(())
}

// `0` comes right after `/`.
const ANY_UNDER: &str = "SELECT 1 FROM files WHERE source = $1 AND path > $2 || '/' AND path < $2 || '0' LIMIT 1";

/// Whether a source had files in this folder at the last read.
///
/// # Errors
/// What the database says.
pub async fn any_under(tx: &mut Tx, source: &str, folder: &str) -> Result<bool, StoreError> {
    Ok(tx.q(ANY_UNDER).bind(source.to_owned()).bind(folder.to_owned()).optional().await?.is_some())
}

const ANY_WAITS: &str = "SELECT 1 FROM files WHERE source = $1 AND unsettled = 1 LIMIT 1";

/// Whether a file of a source names an article that was not there.
///
/// # Errors
/// What the database says.
pub async fn any_waits(tx: &mut Tx, source: &str) -> Result<bool, StoreError> {
    Ok(tx.q(ANY_WAITS).bind(source.to_owned()).optional().await?.is_some())
}

const FORGET: &str = "DELETE FROM files WHERE source = $1 AND path IN (SELECT r.value ->> 0 FROM json_each($2) r)";

/// Forgets files that are there no more.
///
/// # Errors
/// What the database says.
pub async fn forget(tx: &mut Tx, source: &str, paths: &[String]) -> Result<(), StoreError> {
    let rows: Vec<[&String; 1]> = paths.iter().map(|path| [path]).collect();
    tx.q(FORGET).bind(source.to_owned()).bind(serde_json::to_string(&rows)?).execute().await?;
    Ok(())
}

const ADOPT: &str = "
    INSERT INTO origins (source, key, article) SELECT $2, r.value ->> 0, r.value ->> 1 FROM json_each($1) r WHERE TRUE
    ON CONFLICT (source, key) DO UPDATE SET article = excluded.article";

/// Says of keys which articles they hold: what keeps the id of a renamed file.
///
/// # Errors
/// What the database says.
pub async fn adopt(tx: &mut Tx, source: &str, keys: &[(String, ArticleId)]) -> Result<(), StoreError> {
    let rows: Vec<(&String, String)> = keys.iter().map(|(key, id)| (key, id.to_string())).collect();
    tx.q(ADOPT).bind(serde_json::to_string(&rows)?).bind(source.to_owned()).execute().await?;
    Ok(())
}

const ORIGINS: &str = "
    SELECT o.key, o.article FROM json_each($2) k CROSS JOIN origins o WHERE o.source = $1 AND o.key = k.value ->> 0";

/// Which articles these keys held last.
///
/// # Errors
/// What the database says.
pub async fn origins(tx: &mut Tx, source: &str, keys: &[&str]) -> Result<HashMap<String, ArticleId>, StoreError> {
    let mut origins = HashMap::new();
    let keys: Vec<[&str; 1]> = keys.iter().map(|key| [*key]).collect();
    for row in tx.q(ORIGINS).bind(source.to_owned()).bind(serde_json::to_string(&keys)?).all().await? {
        if let Some(article) = read_article(&row, 1)? {
            origins.insert(row.get(0)?, article);
        }
    }
    Ok(origins)
}

const ENSURE: &str = "INSERT INTO sources (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
const READ: &str = "UPDATE sources SET first_read_at = COALESCE(first_read_at, $2), last_read_at = $2 WHERE name = $1";

/// Makes the source known.
///
/// # Errors
/// What the database says.
pub async fn ensure_source(tx: &mut Tx, source: &str) -> Result<(), StoreError> {
    tx.q(ENSURE).bind(source.to_owned()).execute().await?;
    Ok(())
}

/// Says that the whole source was read. What it brings from now on is news.
///
/// # Errors
/// What the database says.
pub async fn source_was_read(tx: &mut Tx, source: &str, now: Instant) -> Result<(), StoreError> {
    tx.q(READ).bind(source.to_owned()).bind(now.timestamp_micros()).execute().await?;
    Ok(())
}

const PLACES: &str = "
    SELECT f.path, a.id, a.language, a.slug FROM files f JOIN articles a ON a.id = f.article WHERE f.source = $1";

const PLACES_AT: &str = "
    SELECT f.path, a.id, a.language, a.slug FROM json_each($2) k CROSS JOIN files f CROSS JOIN articles a
    WHERE f.source = $1 AND f.path = k.value ->> 0 AND a.id = f.article";

/// Where one article of a source stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its file.
    pub path: String,
    /// The article.
    pub article: ArticleId,
    /// Its language.
    pub language: Language,
    /// Its slug.
    pub slug: String,
}

/// Where the articles of a source stand.
///
/// # Errors
/// What the database says.
pub async fn places(tx: &mut Tx, source: &str) -> Result<Vec<Standing>, StoreError> {
    standing(&tx.q(PLACES).bind(source.to_owned()).all().await?)
}

/// Where those stand that lie at these paths.
///
/// # Errors
/// What the database says.
pub async fn places_at(tx: &mut Tx, source: &str, paths: &[String]) -> Result<Vec<Standing>, StoreError> {
    let keys: Vec<[&String; 1]> = paths.iter().map(|path| [path]).collect();
    standing(&tx.q(PLACES_AT).bind(source.to_owned()).bind(serde_json::to_string(&keys)?).all().await?)
}

fn standing(rows: &[Row]) -> Result<Vec<Standing>, StoreError> {
    let mut places = Vec::new();
    for row in rows {
        let language: String = row.get(2)?;
        let language = language.parse().map_err(|e| StoreError::Content(format!("articles: {e}")))?;
        let Some(article) = read_article(row, 1)? else { continue };
        places.push(Standing { path: row.get(0)?, article, language, slug: row.get(3)? });
    }
    Ok(places)
}
