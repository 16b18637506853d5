//! The words of what is public, kept up to date a batch at a time.

use std::collections::BTreeMap;

use serde_json::json;

use super::{A_SECOND, number};
use crate::article::fold::folded;
use crate::article::{ArticleId, Revision, topic_id};
use crate::store::articles::{public_ones, read_id, rows};
use crate::store::{StoreError, Tx};

/// Articles whose words are written at once: a small part of a second, for others wait meanwhile.
const BATCH: i64 = 100;
/// Words that are taken of a title, a summary and a body; PostgreSQL tells no places beyond some 16,000 apart.
const TITLE: usize = 100;
const SUMMARY: usize = 300;
const BODY: usize = 15_900;
/// Bytes that all of them may have: what PostgreSQL takes, however long each word is.
const BYTES: usize = 400_000;
/// Places between two texts, so that no phrase reaches from one into the next.
const APART: usize = 10;
/// Bytes of a topic's id that count.
const TOPIC: usize = 200;

const TAKE: (&str, &str) = (
    "DELETE FROM search_waiting WHERE article IN (SELECT w.article FROM search_waiting w LIMIT $1) RETURNING article",
    "DELETE FROM search_waiting WHERE article IN
     (SELECT w.article FROM search_waiting w LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING article",
);
// The row's lock lets one at a time number documents.
const COUNT_UP: &str = "UPDATE counters SET value = value + 1 WHERE name = 'search'";
const FORGET_WORDS: &str = "DELETE FROM search_words WHERE rowid IN
     (SELECT d.id FROM json_each($1) k CROSS JOIN search_documents d ON d.article = k.value ->> 0)";
const FORGET: &str = "DELETE FROM search_documents WHERE article IN (SELECT k.value ->> 0 FROM json_each($1) k)";
const LANGUAGES: &str =
    "INSERT INTO search_languages (language) SELECT DISTINCT k.value ->> 0 FROM json_each($1) k WHERE TRUE
     ON CONFLICT (language) DO NOTHING";
const NUMBERS: &str = "SELECT language, id FROM search_languages";
const LAST: &str = "SELECT CAST(k.value ->> 0 AS BIGINT), (SELECT MAX(d.id) FROM search_documents d
         WHERE d.id >= CAST(k.value ->> 0 AS BIGINT) AND d.id < CAST(k.value ->> 1 AS BIGINT))
     FROM json_each($1) k";
const KEEP: (&str, &str) = (
    "INSERT INTO search_documents (id, article)
     SELECT CAST(k.value ->> 0 AS BIGINT), k.value ->> 1 FROM json_each($1) k",
    "INSERT INTO search_documents (id, article, title, words)
     SELECT CAST(k.value ->> 0 AS BIGINT), k.value ->> 1, CAST(k.value ->> 2 AS tsvector), CAST(k.value ->> 3 AS tsvector)
     FROM json_each($1) k",
);
const KEEP_WORDS: &str = "INSERT INTO search_words (rowid, title, summary, body, topics)
     SELECT CAST(k.value ->> 0 AS BIGINT), k.value ->> 2, k.value ->> 3, k.value ->> 4, k.value ->> 5 FROM json_each($1) k";

/// Writes the words of some articles that changed, or takes them out where they are not public any more; how many were
/// looked at. Nothing waits where that is none.
///
/// # Errors
/// What the database says.
pub async fn index_some(tx: &mut Tx) -> Result<usize, StoreError> {
    tx.q(COUNT_UP).execute().await?;
    let taken = tx.either(TAKE.0, TAKE.1).bind(BATCH).all().await?;
    let ids: Vec<ArticleId> = taken.iter().map(|row| read_id(row, 0)).collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let keys = rows(&ids)?;
    if tx.is_lite() {
        tx.q(FORGET_WORDS).bind(keys.clone()).execute().await?;
    }
    tx.q(FORGET).bind(keys).execute().await?;
    let revisions = public_ones(tx, &ids).await?;
    let numbers = numbered(tx, &revisions).await?;
    let lite = tx.is_lite();
    let documents: Vec<_> = revisions.iter().zip(numbers).map(|(r, number)| document(r, number, lite)).collect();
    let documents = serde_json::to_string(&documents)?;
    tx.either(KEEP.0, KEEP.1).bind(documents.clone()).execute().await?;
    if lite {
        tx.q(KEEP_WORDS).bind(documents).execute().await?;
    }
    Ok(ids.len())
}

/// A number for each: the next free one of its language and second.
async fn numbered(tx: &mut Tx, revisions: &[Revision]) -> Result<Vec<i64>, StoreError> {
    tx.q(LANGUAGES).bind(rows(revisions.iter().map(|r| r.language.as_str()))?).execute().await?;
    let mut languages = BTreeMap::new();
    for row in tx.q(NUMBERS).all().await? {
        languages.insert(row.get::<String>(0)?, row.get::<i64>(1)?);
    }
    let first = |r: &Revision| number(languages.get(r.language.as_str()).copied().unwrap_or_default(), r.published);
    let firsts: Vec<[i64; 2]> = revisions.iter().map(first).map(|n| [n, n + A_SECOND]).collect();
    let mut next = BTreeMap::new();
    for row in tx.q(LAST).bind(serde_json::to_string(&firsts)?).all().await? {
        let first: i64 = row.get(0)?;
        next.insert(first, row.get::<Option<i64>>(1)?.map_or(first, |last| last + 1));
    }
    Ok(revisions
        .iter()
        .map(|revision| {
            let next = next.entry(first(revision)).or_insert_with(|| first(revision));
            *next += 1;
            *next - 1
        })
        .collect())
}

/// What is written of an article. Of a withdrawn one the notice is all that its page shows.
fn document(revision: &Revision, number: i64, lite: bool) -> serde_json::Value {
    let content = &revision.content;
    let title = folded(&content.title, TITLE);
    let (summary, body) = match &content.withdrawn {
        Some(reason) => (String::new(), folded(reason, BODY)),
        None => (folded(&content.summary, SUMMARY), folded(&body(revision), BODY)),
    };
    let (summary, body) = (within(&summary, BYTES / 8), within(&body, BYTES - BYTES / 4));
    let marks: Vec<String> = content.topics.iter().map(|topic| mark(&topic_id(topic))).collect();
    if lite {
        json!([number, revision.article, title, summary, body, marks.join(" ")])
    } else {
        json!([number, revision.article, vector(&[&title], &[]), vector(&[&title, summary, body], &marks)])
    }
}

/// Everything else that stands on the page.
fn body(revision: &Revision) -> String {
    let content = &revision.content;
    let mut parts: Vec<&str> = content.corrections.iter().filter_map(|note| note.note.as_deref()).collect();
    let rights = content.corrections.iter().flat_map(|note| [note.wrong.as_deref(), note.right.as_deref()]);
    parts.extend(rights.flatten());
    parts.push(&content.text);
    let picture = content.picture.iter().flat_map(|picture| [picture.caption.as_deref(), picture.credit.as_deref()]);
    parts.extend(picture.flatten());
    parts.extend(content.authors.iter().map(String::as_str));
    parts.extend(content.topics.iter().map(String::as_str));
    parts.join("\n")
}

/// Whole words of a folded text up to so many bytes.
fn within(text: &str, most: usize) -> &str {
    match text.char_indices().find(|(at, _)| *at >= most) {
        Some((at, _)) => &text[..text[..at].rfind(' ').unwrap_or(0)],
        None => text,
    }
}

/// A topic as a word that nobody can type: the figures of its id's bytes, in a column of its own or behind a `#`.
pub(super) fn mark(topic: &str) -> String {
    let bytes = topic.as_bytes();
    format!("x{}", data_encoding::HEXLOWER.encode(&bytes[..bytes.len().min(TOPIC)]))
}

/// Folded texts as a `tsvector`: each word with its places. A folded word has no sign that means something there.
fn vector(texts: &[&str], marks: &[String]) -> String {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut place = 1;
    for text in texts {
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            places.entry(word).or_default().push(place.to_string());
            place += 1;
        }
        place += APART;
    }
    let words = places.iter().map(|(word, places)| format!("'{word}':{}", places.join(",")));
    words.chain(marks.iter().map(|mark| format!("'#{mark}'"))).collect::<Vec<_>>().join(" ")
}

const WAITS: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM search_waiting LIMIT 1) w";

/// Whether something public has changed that [`index_some`] has not looked at.
///
/// # Errors
/// What the database says.
pub async fn anything_waits(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(tx.q(WAITS).one().await?.get::<i64>(0)? > 0)
}

const OPTIMISE: &str = "INSERT INTO search_words (search_words) VALUES ('optimize')";

/// After something was erased for good: writes SQLite's index anew, in which words of documents that are gone stand until then.
/// PostgreSQL's goes with its vacuum.
///
/// # Errors
/// What the database says.
pub async fn optimise(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.is_lite() {
        tx.q(OPTIMISE).execute().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_longer_than_a_database_takes() {
        let endless: String = (0..20_000).map(|n| format!("{}{n:06} ", "x".repeat(60))).collect();
        let body = folded(&endless, BODY);
        let body = within(&body, BYTES - BYTES / 4);
        assert!(vector(&["a", "b", body], &[]).len() < 1_000_000 && body.len() > 200_000);
        assert_eq!(within("ab cd", 4), "ab");
        assert_eq!(within("ab cd", 5), "ab cd");
        assert_eq!(vector(&["a b a", "c"], &["x61".into()]), "'a':1,3 'b':2 'c':14 '#x61'");
    }
}
