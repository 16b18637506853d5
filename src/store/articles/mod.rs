//! Articles and their revisions: taken in, made public, and given to whoever prints them.
//!
//! 1. [`take_in`] keeps what a source read: an article, and a revision for each different state of it.
//! 2. [`release_due`] makes public what is due: each gets the next number of one sequence.
//! 3. [`desk`] is staff's hand: corrections, withdrawals and what else they decide; [`expunge`] what the law has removed;
//!    [`history`](mod@history) who changed what, and when.
//! 4. [`newest`], [`went_public`], [`headlines`] and the others give what is public, and nothing else;
//!    [`by_id`], [`list`] and [`lookup`] are for staff, and give everything.

pub mod addresses;
pub mod changed;
mod classify;
pub mod desk;
pub mod expunge;
pub mod history;
mod list;
mod public;
mod release;
mod scripts;
pub mod sitemap;
mod stories;
mod take;
#[cfg(test)]
mod tests;
mod touched;

pub use list::{Filter, Listed, State, known, list, listed, lookup, present};
pub use public::{
    Candidate, by_id, by_slug, headlines, in_month, is_shown, months, moved_to, newest, of_stories, public_ones,
    revision, revisions, siblings, span, topics, was_public, went_public, years,
};
pub use release::{last_public_seq, next_due, release_due, remove};
pub use scripts::{follow, original};
pub use take::{Change, Remark, Taken, take_in, take_in_all};
pub use touched::{Touched, TouchedPage, log_position, touched, trim_log};

use uuid::Uuid;

use super::{Row, StoreError};
use crate::article::{ArticleId, Decided, Language, Revision, RevisionKind, Selection, StoryId, topic_id};
use crate::clock::{Instant, from_micros};

/// The columns that [`read_revision`] reads, in its order, before a tail that names `a` and `r`.
/// An article that is not public, or not any more, has no number here.
macro_rules! revision_sql {
    ($tail:expr) => {
        concat!(
            "SELECT r.id, a.id, a.story, a.source, a.guid, a.slug, a.language, ",
            "CASE WHEN a.removed IS NULL THEN a.public_seq END, a.published, r.updated, r.kind, r.content ",
            $tail
        )
    };
}
/// The same with the body left out of the content: `$lite` on SQLite, `$pg` on PostgreSQL.
macro_rules! headline_sql {
    ($tail:expr) => {
        (
            concat!(
                "SELECT r.id, a.id, a.story, a.source, a.guid, a.slug, a.language, ",
                "CASE WHEN a.removed IS NULL THEN a.public_seq END, a.published, r.updated, r.kind, ",
                "json_remove(r.content, '$.html', '$.text') ",
                $tail
            ),
            concat!(
                "SELECT r.id, a.id, a.story, a.source, a.guid, a.slug, a.language, ",
                "CASE WHEN a.removed IS NULL THEN a.public_seq END, a.published, r.updated, r.kind, ",
                "CAST(CAST(r.content AS jsonb) - 'html' - 'text' AS TEXT) ",
                $tail
            ),
        )
    };
}
use {headline_sql, revision_sql};

fn read_revision(row: &Row) -> Result<Revision, StoreError> {
    let kind: String = row.get(10)?;
    Ok(Revision {
        id: row.get(0)?,
        article: read_id(row, 1)?,
        story: read_story(row, 2)?,
        source: row.get(3)?,
        guid: row.get(4)?,
        slug: row.get(5)?,
        language: read_language(row, 6)?,
        public_seq: row.get(7)?,
        published: from_micros(row.get(8)?),
        updated: from_micros(row.get(9)?),
        kind: RevisionKind::from_word(&kind)
            .ok_or_else(|| StoreError::Content(format!("“{kind}” is no kind of revision")))?,
        content: serde_json::from_str(&row.get::<String>(11)?)?,
    })
}

fn read_revisions(rows: &[Row]) -> Result<Vec<Revision>, StoreError> {
    rows.iter().map(read_revision).collect()
}

fn read_uuid(row: &Row, column: usize) -> Result<Uuid, StoreError> {
    let text: String = row.get(column)?;
    Uuid::parse_str(&text).map_err(|e| StoreError::Content(format!("“{text}”: {e}")))
}

pub(super) fn read_id(row: &Row, column: usize) -> Result<ArticleId, StoreError> {
    read_uuid(row, column).map(ArticleId)
}

fn read_story(row: &Row, column: usize) -> Result<StoryId, StoreError> {
    read_uuid(row, column).map(StoryId)
}

fn read_language(row: &Row, column: usize) -> Result<Language, StoreError> {
    let tag: String = row.get(column)?;
    tag.parse().map_err(|e| StoreError::Content(format!("{e}")))
}

fn read_instant(row: &Row, column: usize) -> Result<Option<Instant>, StoreError> {
    Ok(row.get::<Option<i64>>(column)?.map(from_micros))
}

/// What staff decided, from a column that holds it as JSON.
fn decided_of(row: &Row, column: usize) -> Result<Decided, StoreError> {
    let text: Option<String> = row.get(column)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default())
}

/// A selection as the binds of a statement: JSON rows of languages with their rank, topics, sources.
struct Chosen {
    languages: String,
    topics: String,
    sources: String,
}

impl Chosen {
    fn of(selection: &Selection) -> Result<Self, StoreError> {
        let languages: Vec<_> = selection.languages.iter().enumerate().map(|(rank, l)| (l.as_str(), rank)).collect();
        Ok(Chosen {
            languages: serde_json::to_string(&languages)?,
            topics: rows(selection.topics.iter().map(|t| topic_id(t)))?,
            sources: rows(&selection.sources)?,
        })
    }
}

/// One-column rows of a batch: `[["a"],["b"]]`.
pub(super) fn rows<T: serde::Serialize>(values: impl IntoIterator<Item = T>) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&values.into_iter().map(|v| [v]).collect::<Vec<_>>())?)
}
