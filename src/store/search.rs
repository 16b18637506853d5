//! Finding articles by their words. Only what is public is ever found: each statement asks for a number and for "not removed".
//!
//! 1. Triggers on `articles` note what changed (`search_waiting`), whoever changed it.
//! 2. [`index_some`] takes a batch from that list and writes its words anew, as [`article::fold`](crate::article::fold) folds them.
//! 3. [`find`] finds them: articles with all the words in their title first, newest first among equals. Documents are numbered
//!    by language and from the newest to the oldest, so both databases go through them in that order and stop early.

mod index;
#[cfg(test)]
mod tests;

pub use index::{anything_waits, index_some, optimise};

use super::{StoreError, Tx, articles};
use crate::article::fold::Sought;
use crate::article::{ArticleId, Language, Revision, topic_id};
use crate::clock::Instant;

/// No more are counted, and no more can be paged through.
pub const MOST: i64 = 1_000;

/// Seconds before 1970, and after it, that a document's number can tell.
const BEFORE: i64 = 1 << 34;
/// Bits of the number below the second.
const SERIAL: u32 = 19;
/// Numbers of one second.
const A_SECOND: i64 = 1 << SERIAL;
/// Bits of the number below the language.
const BELOW: u32 = 54;

/// Where to look.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The language of the articles.
    pub language: Language,
    /// A topic, by its id.
    pub topic: Option<String>,
    /// Published from, and before.
    pub within: Option<(Instant, Instant)>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// How many there are, at most [`MOST`].
    pub count: i64,
    /// Those of the page that was asked for.
    pub revisions: Vec<Revision>,
}

/// The number of the first document of a language that was published in that second: the later, the smaller.
fn number(language: i64, published: Instant) -> i64 {
    let second = (BEFORE - published.timestamp()).clamp(0, 2 * BEFORE - 1);
    (language << BELOW) | (second << SERIAL)
}

/// Words as the two databases are asked: for those anywhere (with the topic), and for those in the title.
struct Asked {
    anywhere: String,
    in_title: String,
    from: i64,
    to: i64,
}

const LANGUAGE: &str = "SELECT id FROM search_languages WHERE language = $1";

impl Asked {
    /// `None` where nothing can be found: nothing is sought, or nothing is there in that language.
    async fn of(tx: &mut Tx, sought: &Sought, scope: &Scope) -> Result<Option<Asked>, StoreError> {
        if sought.is_empty() {
            return Ok(None);
        }
        let Some(row) = tx.q(LANGUAGE).bind(scope.language.as_str().to_owned()).optional().await? else {
            return Ok(None);
        };
        let language: i64 = row.get(0)?;
        let (from, to) = match scope.within {
            // Behind the second that is no more within, up to the end of the first one that is.
            Some((from, to)) => (number(language, to) + A_SECOND, number(language, from) + A_SECOND),
            None => (language << BELOW, (language + 1) << BELOW),
        };
        let topic = scope.topic.as_deref().map(|topic| index::mark(&topic_id(topic)));
        let (anywhere, in_title) = if tx.is_lite() { lite(sought, topic) } else { pg(sought, topic) };
        Ok(Some(Asked { anywhere, in_title, from, to }))
    }
}

/// In the language of FTS5. A folded word has letters and digits only, so none can be an operator.
fn lite(sought: &Sought, topic: Option<String>) -> (String, String) {
    let terms: Vec<String> = sought
        .terms
        .iter()
        .map(|term| format!("\"{}\"{}", term.words.join(" "), if term.begins { " *" } else { "" }))
        .collect();
    let all = terms.join(" AND ");
    let topic = topic.map_or(String::new(), |topic| format!(" AND {{topics}} : \"{topic}\""));
    (format!("({{title summary body}} : ({all})){topic}"), format!("{{title}} : ({all})"))
}

/// As a `tsquery`.
fn pg(sought: &Sought, topic: Option<String>) -> (String, String) {
    let terms: Vec<String> = sought
        .terms
        .iter()
        .map(|term| {
            let words: Vec<String> = term.words.iter().map(|word| format!("'{word}'")).collect();
            format!("({}{})", words.join(" <-> "), if term.begins { ":*" } else { "" })
        })
        .collect();
    let all = terms.join(" & ");
    let topic = topic.map_or(String::new(), |topic| format!(" & '#{topic}'"));
    (format!("{all}{topic}"), all)
}

/// The public documents that match, on SQLite and on PostgreSQL. CROSS JOIN is the order of the loops; only the index's own number
/// is an order that it has without sorting.
macro_rules! matching {
    ($head:literal, $lite:literal, $pg:literal, ($lite_tail:literal, $pg_tail:literal)) => {
        (
            concat!(
                $head,
                " FROM search_words w CROSS JOIN search_documents d ON d.id = w.rowid
                 CROSS JOIN articles a ON a.id = d.article WHERE w.search_words MATCH ",
                $lite,
                " AND w.rowid >= $3 AND w.rowid < $4 AND a.public_seq IS NOT NULL AND a.removed IS NULL ",
                $lite_tail
            ),
            concat!(
                $head,
                " FROM search_documents d JOIN articles a ON a.id = d.article WHERE ",
                $pg,
                " AND d.id >= $3 AND d.id < $4 AND a.public_seq IS NOT NULL AND a.removed IS NULL ",
                $pg_tail
            ),
        )
    };
}

const IN_TITLE: (&str, &str) = matching!(
    "SELECT d.article",
    "('(' || $1 || ') AND (' || $2 || ')')",
    "d.words @@ CAST($1 AS tsquery) AND d.title @@ CAST($2 AS tsquery)",
    ("ORDER BY w.rowid LIMIT $5 OFFSET $6", "ORDER BY d.id LIMIT $5 OFFSET $6")
);
const ELSEWHERE: (&str, &str) = matching!(
    "SELECT d.article",
    "('(' || $1 || ') NOT (' || $2 || ')')",
    "d.words @@ CAST($1 AS tsquery) AND NOT d.title @@ CAST($2 AS tsquery)",
    ("ORDER BY w.rowid LIMIT $5 OFFSET $6", "ORDER BY d.id LIMIT $5 OFFSET $6")
);
const COUNT_IN_TITLE: (&str, &str) = matching!(
    "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1",
    "('(' || $1 || ') AND (' || $2 || ')')",
    "d.words @@ CAST($1 AS tsquery) AND d.title @@ CAST($2 AS tsquery)",
    ("LIMIT $5) t", "LIMIT $5) t")
);
const COUNT: (&str, &str) = matching!(
    "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1",
    "$1",
    "d.words @@ CAST($1 AS tsquery) AND CAST($2 AS tsquery) IS NOT NULL",
    ("LIMIT $5) t", "LIMIT $5) t")
);

impl Asked {
    async fn counted(&self, tx: &mut Tx, statement: (&'static str, &'static str)) -> Result<i64, StoreError> {
        let row = tx
            .either(statement.0, statement.1)
            .bind(self.anywhere.clone())
            .bind(self.in_title.clone())
            .bind(self.from)
            .bind(self.to)
            .bind(MOST)
            .one()
            .await?;
        row.get(0)
    }

    async fn listed(
        &self,
        tx: &mut Tx,
        statement: (&'static str, &'static str),
        limit: usize,
        offset: i64,
    ) -> Result<Vec<ArticleId>, StoreError> {
        let rows = tx
            .either(statement.0, statement.1)
            .bind(self.anywhere.clone())
            .bind(self.in_title.clone())
            .bind(self.from)
            .bind(self.to)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .bind(offset)
            .all()
            .await?;
        rows.iter().map(|row| articles::read_id(row, 0)).collect()
    }
}

/// The articles in which all is found that is sought, a page of them: those first that have it in their title, the newest first.
///
/// # Errors
/// What the database says.
pub async fn find(
    tx: &mut Tx,
    sought: &Sought,
    scope: &Scope,
    limit: usize,
    offset: usize,
) -> Result<Found, StoreError> {
    let Some(asked) = Asked::of(tx, sought, scope).await? else {
        return Ok(Found { count: 0, revisions: Vec::new() });
    };
    let count = asked.counted(tx, COUNT).await?;
    let start = i64::try_from(offset).unwrap_or(i64::MAX);
    let limit = limit.min(usize::try_from(count - start).unwrap_or(0));
    let mut ids = Vec::new();
    if limit > 0 {
        ids = asked.listed(tx, IN_TITLE, limit, start).await?;
        if ids.len() < limit {
            let in_title = if ids.is_empty() { asked.counted(tx, COUNT_IN_TITLE).await? } else { start };
            ids.extend(asked.listed(tx, ELSEWHERE, limit - ids.len(), (start - in_title).max(0)).await?);
        }
    }
    let mut revisions = articles::public_ones(tx, &ids).await?;
    revisions.sort_by_key(|revision| ids.iter().position(|id| *id == revision.article));
    Ok(Found { count, revisions })
}

/// How many there are, at most [`MOST`].
///
/// # Errors
/// What the database says.
pub async fn count(tx: &mut Tx, sought: &Sought, scope: &Scope) -> Result<i64, StoreError> {
    match Asked::of(tx, sought, scope).await? {
        Some(asked) => asked.counted(tx, COUNT).await,
        None => Ok(0),
    }
}

const CHANGES: &str = "SELECT value FROM counters WHERE name = 'search'";

/// A number that rises when something public has changed, as far as [`anything_waits`] does not say more.
///
/// # Errors
/// What the database says.
pub async fn changes(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.q(CHANGES).one().await?.get(0)
}
