//! What a folder held at the last read, so that an unchanged file costs nothing and a renamed one is known again.

use std::collections::HashMap;

use super::{StoreError, Tx};
use crate::article::{ArticleId, Fault, Language};
use crate::clock::Instant;

/// One file as it was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path under the folder, with `/`.
    pub path: String,
    /// Size, time of change, and the settings it was read with.
    pub fingerprint: String,
    /// Hash of its bytes, hexadecimal.
    pub hash: String,
    /// The article it holds; `None` where it was rejected.
    pub article: Option<ArticleId>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

const OF: &str = "SELECT path, fingerprint, hash, article, faults FROM files WHERE source = $1";

/// All files of a source, by path.
///
/// # Errors
/// What the database says.
pub async fn of(tx: &mut Tx, source: &str) -> Result<HashMap<String, File>, StoreError> {
    let mut files = HashMap::new();
    for row in tx.q(OF).bind(source.to_owned()).all().await? {
        let article: Option<String> = row.get(3)?;
        let faults: Option<String> = row.get(4)?;
        let file = File {
            path: row.get(0)?,
            fingerprint: row.get(1)?,
            hash: row.get(2)?,
            article: article
                .map(|id| id.parse().map_err(|e| StoreError::Content(format!("files: {id}: {e}"))))
                .transpose()?,
            faults: faults.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
        };
        files.insert(file.path.clone(), file);
    }
    Ok(files)
}

const KEEP: &str = "
    INSERT INTO files (source, path, fingerprint, hash, article, faults)
    SELECT $2, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4 FROM json_each($1) r WHERE TRUE
    ON CONFLICT (source, path) DO UPDATE SET fingerprint = excluded.fingerprint, hash = excluded.hash,
        article = excluded.article, faults = excluded.faults";

/// Writes down how these files were read.
///
/// # Errors
/// What the database says.
pub async fn keep(tx: &mut Tx, source: &str, files: &[File]) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(files.len());
    for file in files {
        let faults = if file.faults.is_empty() { None } else { Some(serde_json::to_string(&file.faults)?) };
        rows.push((&file.path, &file.fingerprint, &file.hash, file.article.map(|id| id.to_string()), faults));
    }
    tx.q(KEEP).bind(serde_json::to_string(&rows)?).bind(source.to_owned()).execute().await?;
    Ok(())
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
    ON CONFLICT (source, key) DO NOTHING";

/// Says of keys which articles they hold: what keeps the id of a renamed file.
///
/// # Errors
/// What the database says.
pub async fn adopt(tx: &mut Tx, source: &str, keys: &[(String, ArticleId)]) -> Result<(), StoreError> {
    let rows: Vec<(&String, String)> = keys.iter().map(|(key, id)| (key, id.to_string())).collect();
    tx.q(ADOPT).bind(serde_json::to_string(&rows)?).bind(source.to_owned()).execute().await?;
    Ok(())
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
    SELECT f.path, a.language, a.slug FROM files f JOIN articles a ON a.id = f.article WHERE f.source = $1";

/// Where the articles of a source stand: path, language and slug of each.
///
/// # Errors
/// What the database says.
pub async fn places(tx: &mut Tx, source: &str) -> Result<Vec<(String, Language, String)>, StoreError> {
    let mut places = Vec::new();
    for row in tx.q(PLACES).bind(source.to_owned()).all().await? {
        let language: String = row.get(1)?;
        let language = language.parse().map_err(|e| StoreError::Content(format!("articles: {e}")))?;
        places.push((row.get(0)?, language, row.get(2)?));
    }
    Ok(places)
}
