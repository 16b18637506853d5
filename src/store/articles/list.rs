//! What staff are shown: every article, whatever its state, and its history.

use std::collections::HashMap;

use super::{Chosen, headline_sql, read_instant, read_revision, read_revisions, revision_sql, rows};
use crate::article::{ArticleId, Revision, Selection};
use crate::clock::Instant;
use crate::store::{Row, StoreError, Tx};

/// Where an article stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not ready: its file says `draft`.
    Draft,
    /// Ready, and held back until an instant.
    Held,
    /// Public.
    Public,
    /// Public as the notice of its withdrawal.
    Withdrawn,
    /// Gone from its source.
    Removed,
}

impl State {
    /// The word for it in tables and `--json`.
    pub fn word(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Held => "held",
            State::Public => "public",
            State::Withdrawn => "withdrawn",
            State::Removed => "removed",
        }
    }
}

/// Which articles to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Languages, topics, sources.
    pub selection: Selection,
    /// `Some(true)`: public; `Some(false)`: not public; `None`: all.
    pub public: Option<bool>,
}

/// One article as staff see it in a list; its content comes without `html` and `text`.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its present state; without a number where it is not public.
    pub revision: Revision,
    /// Where it stands.
    pub state: State,
    /// Until when it is held back.
    pub due_at: Option<Instant>,
    /// Since when it is gone, or held back again.
    pub removed: Option<Instant>,
    /// Where its source has it.
    pub key: Option<String>,
}

const LIST: (&str, &str) = headline_sql!(
    ", a.due_at, a.removed, a.withdrawn, a.public_seq,
         (SELECT MAX(f.path) FROM files f WHERE f.source = a.source AND f.article = a.id)
     FROM articles a JOIN revisions r ON r.id = a.revision
     WHERE ($1 = '[]' OR a.language IN (SELECT l.value ->> 0 FROM json_each($1) l))
     AND ($2 = '[]' OR a.id IN (SELECT t.article FROM article_topics t
         WHERE t.topic IN (SELECT w.value ->> 0 FROM json_each($2) w)))
     AND ($3 = '[]' OR a.source IN (SELECT s.value ->> 0 FROM json_each($3) s))
     AND ($4 = 0 OR ($4 = 1) = (a.public_seq IS NOT NULL AND a.removed IS NULL))
     ORDER BY a.published DESC, a.id LIMIT $5 OFFSET $6"
);

/// Articles in any state, newest first.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, filter: &Filter, limit: usize, offset: usize) -> Result<Vec<Listed>, StoreError> {
    let chosen = Chosen::of(&filter.selection)?;
    let public = match filter.public {
        None => 0_i64,
        Some(true) => 1,
        Some(false) => 2,
    };
    let rows = tx
        .either(LIST.0, LIST.1)
        .bind(chosen.languages)
        .bind(chosen.topics)
        .bind(chosen.sources)
        .bind(public)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .all()
        .await?;
    rows.iter().map(read_listed).collect()
}

const ONE: (&str, &str) = headline_sql!(
    ", a.due_at, a.removed, a.withdrawn, a.public_seq,
         (SELECT MAX(f.path) FROM files f WHERE f.source = a.source AND f.article = a.id)
     FROM articles a JOIN revisions r ON r.id = a.revision WHERE a.id = $1"
);

/// One article as [`list`] has it.
///
/// # Errors
/// What the database says.
pub async fn listed(tx: &mut Tx, article: ArticleId) -> Result<Option<Listed>, StoreError> {
    let row = tx.either(ONE.0, ONE.1).bind(article.to_string()).optional().await?;
    row.as_ref().map(read_listed).transpose()
}

fn read_listed(row: &Row) -> Result<Listed, StoreError> {
    let (due_at, removed) = (read_instant(row, 12)?, read_instant(row, 13)?);
    let withdrawn = read_instant(row, 14)?.is_some();
    let numbered = row.get::<Option<i64>>(15)?.is_some();
    let key: Option<String> = row.get(16)?;
    let state = match (due_at, removed, numbered) {
        (None, None, true) if withdrawn => State::Withdrawn,
        (None, None, true) => State::Public,
        (Some(_), _, _) => State::Held,
        (None, Some(_), _) if key.is_none() => State::Removed,
        (None, _, _) => State::Draft,
    };
    Ok(Listed { revision: read_revision(row)?, state, due_at, removed, key })
}

// Not by a range: PostgreSQL's order of text is a matter of locale.
const LOOKUP: &str = "
    SELECT id FROM articles WHERE ($2 = 1 AND SUBSTR(id, 1, LENGTH($1)) = $1) OR slug = $1 ORDER BY id LIMIT 6";

/// The articles that somebody means by an id, its beginning (four letters at least), or a slug; at most six.
///
/// # Errors
/// What the database says.
pub async fn lookup(tx: &mut Tx, text: &str) -> Result<Vec<ArticleId>, StoreError> {
    let text = text.trim().trim_start_matches("urn:uuid:");
    let lower = text.to_ascii_lowercase();
    let is_id = lower.len() >= 4 && lower.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let wanted = if is_id { lower.clone() } else { text.to_owned() };
    let rows = tx.q(LOOKUP).bind(wanted).bind(i64::from(is_id)).all().await?;
    let found = rows.iter().map(|row| super::read_id(row, 0)).collect::<Result<Vec<_>, _>>()?;
    Ok(match found.iter().copied().find(|id| id.to_string() == lower) {
        Some(exact) => vec![exact],
        None => found,
    })
}

const PRESENT: &str =
    revision_sql!("FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0 JOIN revisions r ON r.id = a.revision");

/// The present states of these articles, public or not; in no particular order.
///
/// # Errors
/// What the database says.
pub async fn present(tx: &mut Tx, ids: &[ArticleId]) -> Result<Vec<Revision>, StoreError> {
    read_revisions(&tx.q(PRESENT).bind(rows(ids)?).all().await?)
}

const KNOWN: &str = "
    SELECT a.id, CAST(CASE WHEN a.public_seq IS NULL THEN 0 ELSE 1 END AS BIGINT) FROM json_each($1) k
    JOIN articles a ON a.id = k.value ->> 0";

/// Those of these articles that the store has, each with whether it ever was public.
///
/// # Errors
/// What the database says.
pub async fn known(tx: &mut Tx, ids: &[ArticleId]) -> Result<HashMap<ArticleId, bool>, StoreError> {
    let found = tx.q(KNOWN).bind(rows(ids)?).all().await?;
    found.iter().map(|row| Ok((super::read_id(row, 0)?, row.get::<i64>(1)? != 0))).collect()
}
