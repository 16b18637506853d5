//! What was touched of that which pages show, since a place in the log that triggers keep (`touched`).

use std::collections::BTreeSet;

use super::{read_language, rows};
use crate::article::Language;
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// So much of the log is kept: who has not looked for longer makes everything anew.
const KEPT: i64 = 50_000;
/// A file that more articles show is not asked about.
const SHARERS: i64 = 20;

/// An article that is public, or was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TouchedPage {
    /// Its language.
    pub language: Language,
    /// Its slug.
    pub slug: String,
    /// When it was published.
    pub published: Instant,
    /// It came, went or moved, so that counts and lists differ, and not only what is said of it.
    pub counts: bool,
}

/// What was touched, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The articles.
    pub pages: BTreeSet<TouchedPage>,
    /// The other language versions of their stories and of those which they left, and who shows the same files: language
    /// and slug.
    pub siblings: BTreeSet<(Language, String)>,
    /// Topics that they have, or had.
    pub topics: BTreeSet<String>,
    /// Files of `[site] media` that they show, or showed, and few others do.
    pub media: BTreeSet<String>,
}

const POSITION_LITE: &str = "SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'touched'";
const POSITION_PG: &str = "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)";

/// The present end of the log: with what is written from now on, [`touched`] has all that this transaction does not see.
///
/// # Errors
/// What the database says.
pub async fn log_position(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.either(POSITION_LITE, POSITION_PG).one().await?.get(0)
}

const FROM: &str = "SELECT value FROM counters WHERE name = 'touched_from'";
const ANY: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM touched WHERE n >= $1 LIMIT $2) t";
const LOGGED: &str = "
    SELECT kind, name, article, language, published, MAX(counts) FROM touched WHERE n >= $1
    GROUP BY kind, name, article, language, published";
const SIBLINGS: &str = "
    SELECT a.language, a.slug FROM json_each($1) s CROSS JOIN articles a
    WHERE a.story = s.value ->> 0 AND a.public_seq IS NOT NULL";
const STORIES: &str = "SELECT a.story FROM json_each($1) k CROSS JOIN articles a WHERE a.id = k.value ->> 0";
const TOPICS: &str = "SELECT t.topic FROM json_each($1) k CROSS JOIN article_topics t WHERE t.article = k.value ->> 0";
// A file that very many show is not worth a look at all of them: it stays.
const SHARED: &str = "
    SELECT m.name FROM json_each($1) k CROSS JOIN media m WHERE m.name = k.value ->> 0
    GROUP BY m.name HAVING COUNT(*) > $2";
const SHARING: &str = "
    SELECT a.language, a.slug FROM json_each($1) k CROSS JOIN media m CROSS JOIN articles a
    WHERE m.name = k.value ->> 0 AND a.id = m.article AND a.public_seq IS NOT NULL AND a.removed IS NULL";
const MEDIA: &str = "SELECT m.name FROM json_each($1) k CROSS JOIN media m WHERE m.article = k.value ->> 0";

/// What was touched since `position`; `None` where that cannot be said any more, or was more than `most`.
///
/// # Errors
/// What the database says.
pub async fn touched(tx: &mut Tx, position: i64, most: usize) -> Result<Option<Touched>, StoreError> {
    let (from, end): (i64, i64) = (tx.q(FROM).one().await?.get(0)?, log_position(tx).await?);
    let most = i64::try_from(most).unwrap_or(i64::MAX - 1);
    let count: i64 = tx.q(ANY).bind(position).bind(most.saturating_add(1)).one().await?.get(0)?;
    // A position after the end is one of another store.
    if position < from || position > end || count > most {
        return Ok(None);
    }
    let mut touched = Touched::default();
    if count == 0 {
        return Ok(Some(touched));
    }
    let (mut articles, mut stories) = (BTreeSet::new(), BTreeSet::new());
    for row in tx.q(LOGGED).bind(position).all().await? {
        let name: String = row.get(1)?;
        match row.get::<String>(0)?.as_str() {
            "page" => {
                articles.insert(row.get::<String>(2)?);
                let (language, published) = (read_language(&row, 3)?, from_micros(row.get(4)?));
                let counts = row.get::<i64>(5)? != 0;
                touched.pages.insert(TouchedPage { language, slug: name, published, counts });
            }
            "story" => drop(stories.insert(name)),
            "topic" => drop(touched.topics.insert(name)),
            "media" => drop(touched.media.insert(name)),
            other => return Err(StoreError::Content(format!("“{other}” is nothing that can be touched"))),
        }
    }
    let articles = rows(articles)?;
    for row in tx.q(STORIES).bind(articles.clone()).all().await? {
        stories.insert(row.get(0)?);
    }
    for row in tx.q(SIBLINGS).bind(rows(stories)?).all().await? {
        touched.siblings.insert((read_language(&row, 0)?, row.get(1)?));
    }
    for row in tx.q(TOPICS).bind(articles.clone()).all().await? {
        touched.topics.insert(row.get(0)?);
    }
    for row in tx.q(MEDIA).bind(articles).all().await? {
        touched.media.insert(row.get(0)?);
    }
    for row in tx.q(SHARED).bind(rows(&touched.media)?).bind(SHARERS).all().await? {
        touched.media.remove(&row.get::<String>(0)?);
    }
    for row in tx.q(SHARING).bind(rows(&touched.media)?).all().await? {
        touched.siblings.insert((read_language(&row, 0)?, row.get(1)?));
    }
    Ok(Some(touched))
}

const CUT: &str = "SELECT n FROM touched ORDER BY n DESC LIMIT 1 OFFSET $1";
const FROM_NOW: &str = "UPDATE counters SET value = $1 WHERE name = 'touched_from' AND value < $1";
const TRIM: &str = "DELETE FROM touched WHERE n < $1";

/// Lets the oldest of the log go, where it has grown to twice of what is kept.
///
/// # Errors
/// What the database says.
pub async fn trim_log(tx: &mut Tx) -> Result<(), StoreError> {
    if tx.q(CUT).bind(2 * KEPT).optional().await?.is_none() {
        return Ok(());
    }
    let cut: i64 = tx.q(CUT).bind(KEPT).one().await?.get(0)?;
    tx.q(FROM_NOW).bind(cut).execute().await?;
    tx.q(TRIM).bind(cut).execute().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Content, Draft};
    use crate::store::articles::{release_due, remove, take_in};
    use crate::store::tests::stores;

    fn draft(slug: &str, topic: &str, media: &str) -> Draft {
        Draft {
            key: "a.md".to_owned(),
            slug: slug.to_owned(),
            language: "en".parse().expect("a language"),
            published: Some(from_micros(1_000_000)),
            media: vec![media.to_owned()],
            content: Content { title: topic.to_owned(), topics: vec![topic.to_owned()], ..Content::default() },
            ..Draft::default()
        }
    }

    async fn since(store: &crate::store::Store, position: &mut i64) -> Touched {
        let mut tx = store.read().await.expect("a transaction");
        let found = touched(&mut tx, *position, 100).await.expect("an answer").expect("the log reaches back");
        *position = log_position(&mut tx).await.expect("a place");
        found
    }

    #[tokio::test]
    async fn what_pages_show_is_logged_and_nothing_that_nobody_saw() {
        let (_folder, stores) = stores().await;
        for store in &stores {
            let mut position = 0;
            let now = from_micros(2_000_000);
            assert_eq!(since(store, &mut position).await, Touched::default());
            let mut tx = store.write().await.expect("a transaction");
            let taken = take_in(&mut tx, "s", &draft("one", "Roads", "a.jpg"), now).await.expect("an article");
            tx.commit().await.expect("a commit");
            assert_eq!(since(store, &mut position).await, Touched::default(), "it is not public");

            let mut tx = store.write().await.expect("a transaction");
            release_due(&mut tx, now).await.expect("a release");
            tx.commit().await.expect("a commit");
            let seen = since(store, &mut position).await;
            assert!(seen.pages.iter().all(|page| page.slug == "one" && page.counts) && seen.pages.len() == 1);
            assert_eq!(seen.topics.iter().collect::<Vec<_>>(), ["roads"]);
            assert_eq!(seen.media.iter().collect::<Vec<_>>(), ["a.jpg"]);

            let mut tx = store.write().await.expect("a transaction");
            take_in(&mut tx, "s", &draft("one", "Rivers", "a.jpg"), now).await.expect("an article");
            tx.commit().await.expect("a commit");
            let seen = since(store, &mut position).await;
            assert!(seen.pages.iter().all(|page| !page.counts), "only its words changed: {seen:?}");
            assert_eq!(seen.topics.iter().collect::<Vec<_>>(), ["rivers", "roads"], "what it left and what it joined");

            let mut tx = store.write().await.expect("a transaction");
            remove(&mut tx, &[taken.article], now).await.expect("a removal");
            tx.commit().await.expect("a commit");
            assert!(since(store, &mut position).await.pages.iter().all(|page| page.counts));

            let mut tx = store.read().await.expect("a transaction");
            assert_eq!(touched(&mut tx, 0, 1).await.expect("an answer"), None, "it was more than one");
            assert_eq!(touched(&mut tx, i64::MAX, 9).await.expect("an answer"), None, "the place of another store");
        }
    }
}
