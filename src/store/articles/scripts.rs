//! Versions of articles in another script, made from them ([`crate::article::latin`]): articles like any other to every
//! outlet, and never a step behind.
//!
//! 1. [`wish`] notes which of the articles just taken in are offered so.
//! 2. [`follow`] brings those of the same stories in step: the words, the times, being held, withdrawn or gone. Whoever
//!    writes an article calls it in the same transaction, so that a correction corrects both at once.
//! 3. Where a version by hand is public in that language, the made one stands aside: it is gone, not withdrawn. Its address,
//!    and the id that readers know the text by, are the hand-made one's then, so that no feed shows the text twice.

use std::collections::{HashMap, HashSet};

use super::stories;
use super::take::plan::hash;
use super::take::unique::{SLUGS, candidate, numbered};
use super::{read_id, read_instant, read_story, rows};
use crate::article::{ArticleId, Content, Draft, Language, StoryId, latin, slug};
use crate::clock::Instant;
use crate::store::{Row, StoreError, Tx};

// An article that has this id and is not made from another is somebody's own: it is left alone.
const OFFER: &str = "
    INSERT INTO scripts (article, original, language, offered, revision)
    SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, 1, 0 FROM json_each($1) r
    WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = r.value ->> 0
        AND NOT EXISTS (SELECT 1 FROM scripts s WHERE s.article = a.id))
    ON CONFLICT (original) DO UPDATE SET offered = 1 WHERE scripts.offered = 0";
const WITHHOLD: &str = "
    UPDATE scripts SET offered = 0 WHERE offered = 1 AND original IN (SELECT r.value ->> 0 FROM json_each($1) r)";
// Who brings the id of a made version by hand has it from now on.
const TAKE_OVER: &str = "DELETE FROM scripts WHERE article IN (SELECT r.value ->> 0 FROM json_each($1) r)";

/// Notes which of these articles are to have a version in another script.
pub(super) async fn wish(tx: &mut Tx, drafts: &[(ArticleId, &Draft)]) -> Result<(), StoreError> {
    let (mut wanted, mut not) = (Vec::new(), Vec::new());
    for (id, draft) in drafts {
        match latin::language(&draft.language, &draft.content).filter(|_| draft.transliterate) {
            Some(language) => wanted.push((latin::id(*id, &language), *id, language)),
            None => not.push(*id),
        }
    }
    tx.q(TAKE_OVER).bind(rows(drafts.iter().map(|(id, _)| *id))?).execute().await?;
    if !not.is_empty() {
        tx.q(WITHHOLD).bind(rows(not)?).execute().await?;
    }
    if !wanted.is_empty() {
        tx.q(OFFER).bind(serde_json::to_string(&wanted)?).execute().await?;
    }
    Ok(())
}

const ORIGINAL: &str = "SELECT original FROM scripts WHERE article = $1";

/// The article that this one is made from, where it is a version in another script.
///
/// # Errors
/// What the database says.
pub async fn original(tx: &mut Tx, article: ArticleId) -> Result<Option<ArticleId>, StoreError> {
    let row = tx.q(ORIGINAL).bind(article.to_string()).optional().await?;
    row.as_ref().map(|row| read_id(row, 0)).transpose()
}

const IN_THE_WAY: &str = "
    SELECT DISTINCT s.original FROM json_each($1) k CROSS JOIN articles h
    JOIN articles d ON d.story = h.story AND d.language = h.language AND d.id <> h.id
    JOIN scripts s ON s.article = d.id
    WHERE h.id = k.value ->> 0";

/// The originals of which a version by hand is among these, just made public.
pub(super) async fn in_the_way(tx: &mut Tx, released: &[ArticleId]) -> Result<Vec<ArticleId>, StoreError> {
    if released.is_empty() {
        return Ok(Vec::new());
    }
    tx.q(IN_THE_WAY).bind(rows(released)?).all().await?.iter().map(|row| read_id(row, 0)).collect()
}

/// The original and the version made from it, as they are.
struct Pair {
    article: ArticleId,
    original: ArticleId,
    language: Language,
    offered: bool,
    /// The original's revision that the version says.
    says: i64,
    story: StoryId,
    source: String,
    slug: String,
    /// Whether the original is, or was, public.
    public: bool,
    archive: i64,
    published: i64,
    updated: i64,
    due_at: Option<Instant>,
    removed: Option<Instant>,
    withdrawn: Option<i64>,
    revision: i64,
    made: Option<Made>,
}

/// The version's own row.
struct Made {
    story: StoryId,
    slug: String,
    public: bool,
    due_at: Option<Instant>,
    removed: Option<Instant>,
    revision: i64,
    number: i64,
    hash: String,
}

const STORIES: &str = "SELECT DISTINCT a.story FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0";
const PAIRS: &str = "
    SELECT s.article, s.original, s.language, s.offered, s.revision,
        o.story, o.source, o.slug, o.public_seq, o.archive, o.published, o.updated, o.due_at, o.removed, o.withdrawn, o.revision,
        d.story, d.slug, d.public_seq, d.due_at, d.removed, d.revision, r.number, r.hash
    FROM json_each($1) k CROSS JOIN articles o JOIN scripts s ON s.original = o.id
    LEFT JOIN articles d ON d.id = s.article LEFT JOIN revisions r ON r.id = d.revision
    WHERE o.story = k.value ->> 0";

fn read_pair(row: &Row) -> Result<Pair, StoreError> {
    let made = match row.get::<Option<String>>(16)? {
        None => None,
        Some(_) => Some(Made {
            story: read_story(row, 16)?,
            slug: row.get(17)?,
            public: row.get::<Option<i64>>(18)?.is_some(),
            due_at: read_instant(row, 19)?,
            removed: read_instant(row, 20)?,
            revision: row.get(21)?,
            number: row.get(22)?,
            hash: row.get(23)?,
        }),
    };
    Ok(Pair {
        article: read_id(row, 0)?,
        original: read_id(row, 1)?,
        language: super::read_language(row, 2)?,
        offered: row.get::<i64>(3)? != 0,
        says: row.get(4)?,
        story: read_story(row, 5)?,
        source: row.get(6)?,
        slug: row.get(7)?,
        public: row.get::<Option<i64>>(8)?.is_some(),
        archive: row.get(9)?,
        published: row.get(10)?,
        updated: row.get(11)?,
        due_at: read_instant(row, 12)?,
        removed: read_instant(row, 13)?,
        withdrawn: row.get(14)?,
        revision: row.get(15)?,
        made,
    })
}

/// A version by hand in a story.
struct Rival {
    article: ArticleId,
    story: StoryId,
    language: String,
    slug: String,
    guid: Option<String>,
    /// When it went public, where it is.
    public_at: Option<Instant>,
    due_at: Option<Instant>,
}

const RIVALS: &str = "
    SELECT h.id, h.story, h.language, h.slug, h.guid, h.due_at, CASE WHEN h.removed IS NULL THEN h.public_at END
    FROM json_each($1) k CROSS JOIN articles h
    WHERE h.story = k.value ->> 0 AND (h.due_at IS NOT NULL OR h.removed IS NULL AND h.public_seq IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM scripts s WHERE s.article = h.id)";

async fn rivals(tx: &mut Tx, stories: &str) -> Result<Vec<Rival>, StoreError> {
    let found = tx.q(RIVALS).bind(stories.to_owned()).all().await?;
    let read = |row: &Row| {
        Ok(Rival {
            article: read_id(row, 0)?,
            story: read_story(row, 1)?,
            language: row.get(2)?,
            slug: row.get(3)?,
            guid: row.get(4)?,
            due_at: read_instant(row, 5)?,
            public_at: read_instant(row, 6)?,
        })
    };
    found.iter().map(read).collect()
}

/// What becomes of a version: its row as it will be.
struct Next<'p> {
    pair: &'p Pair,
    slug: Option<String>,
    due_at: Option<Instant>,
    removed: Option<Instant>,
    /// The words, where they are new: with their hash.
    words: Option<(String, String)>,
    revision: i64,
}

impl<'p> Next<'p> {
    fn of(pair: &'p Pair, rivals: &[Rival], now: Instant) -> (Next<'p>, Option<usize>) {
        let (was_public, was_due, was_removed) =
            pair.made.as_ref().map_or((false, None, None), |made| (made.public, made.due_at, made.removed));
        // The original is there, or will be at an instant; else it is a draft, or gone.
        let there = pair.public && pair.removed.is_none();
        let due = if there { Some(now) } else { pair.due_at };
        let by_hand = rivals.iter().position(|rival| {
            rival.story == pair.story
                && rival.language == pair.language.as_str()
                && (rival.public_at.is_some()
                    || rival.due_at.is_some_and(|at| due.is_none_or(|due| at <= due.max(now))))
        });
        let (due_at, removed) = match due.filter(|_| pair.offered && by_hand.is_none()) {
            Some(_) if there && was_public && was_removed.is_none() => (None, None),
            // Since when it is due decides its place in the sequence.
            Some(_) if there => (was_due.filter(|at| *at <= now).or(Some(now)), was_removed),
            Some(at) => (Some(at), if was_public { was_removed.or(Some(now)) } else { None }),
            None if was_public => (None, was_removed.or(Some(now))),
            None => (None, was_removed.or(pair.removed).or((!pair.offered || by_hand.is_some()).then_some(now))),
        };
        let revision = pair.made.as_ref().map_or(0, |made| made.revision);
        (Next { pair, slug: None, due_at, removed, words: None, revision }, by_hand)
    }

    /// Whether it needs an address: it has none yet, or gave it away.
    fn wants_slug(&self) -> bool {
        let nameless = |made: &Made| made.slug == self.pair.article.to_string();
        self.pair.made.as_ref().is_none_or(|made| self.due_at.is_some() && nameless(made))
    }
}

const CONTENTS: &str =
    "SELECT r.id, r.content FROM json_each($1) k JOIN revisions r ON r.id = CAST(k.value ->> 0 AS BIGINT)";
/// Contents at a time: bodies are long.
const BATCH: usize = 50;

/// Brings the versions of these articles' stories (and of the stories `more`) in step with their originals. What is due is
/// made public by [`super::release_due`]. Gives the articles by hand that took over the address of a made one.
///
/// # Errors
/// What the database says.
pub async fn follow(
    tx: &mut Tx,
    articles: &[ArticleId],
    more: &[StoryId],
    now: Instant,
) -> Result<Vec<(ArticleId, String)>, StoreError> {
    let mut stories: HashSet<StoryId> = more.iter().copied().collect();
    for row in tx.q(STORIES).bind(rows(articles)?).all().await? {
        stories.insert(read_story(&row, 0)?);
    }
    let stories = rows(stories)?;
    let pairs: Vec<Pair> =
        tx.q(PAIRS).bind(stories.clone()).all().await?.iter().map(read_pair).collect::<Result<_, _>>()?;
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let rivals = rivals(tx, &stories).await?;
    let (mut next, mut given) = (Vec::with_capacity(pairs.len()), Vec::new());
    for pair in &pairs {
        let (mut one, by_hand) = Next::of(pair, &rivals, now);
        if let Some(gift) = by_hand.and_then(|at| give(pair, &rivals[at], now)) {
            one.slug = pair.made.as_ref().filter(|made| made.slug == gift.slug).map(|_| pair.article.to_string());
            given.push(gift);
        }
        // What never was anything need not begin as what is gone.
        if pair.made.is_some() || one.removed.is_none() {
            next.push(one);
        }
    }
    hand_over(tx, &given).await?;
    words(tx, &mut next).await?;
    slugs(tx, &mut next).await?;
    write(tx, &mut next, now).await?;
    Ok(given.into_iter().map(|given| (given.to, given.slug)).collect())
}

/// An address, and the id in feeds, that a made version gives to one by hand.
struct Given {
    from: ArticleId,
    to: ArticleId,
    slug: String,
    /// The id that readers know the text by, where they saw it.
    guid: Option<String>,
}

/// What `pair`'s version gives to the one by hand that stands in its place: only what that one has not shown to anybody.
fn give(pair: &Pair, rival: &Rival, now: Instant) -> Option<Given> {
    let made = pair.made.as_ref()?;
    let unseen = rival.public_at.is_none_or(|at| at == now);
    let asked = rival.slug != made.slug && numbered(&rival.slug) == made.slug;
    let guid = rival.guid.clone().or_else(|| made.public.then(|| pair.article.urn()));
    (unseen && (asked || guid != rival.guid)).then(|| Given {
        from: pair.article,
        to: rival.article,
        slug: if asked { made.slug.clone() } else { rival.slug.clone() },
        guid,
    })
}

const NAMELESS: &str = "
    UPDATE articles SET slug = articles.id FROM json_each($1) r WHERE articles.id = r.value ->> 0 AND articles.slug = r.value ->> 2";
const HAND_OVER: &str = "
    UPDATE articles SET slug = r.value ->> 2, guid = r.value ->> 3 FROM json_each($1) r WHERE articles.id = r.value ->> 1";

async fn hand_over(tx: &mut Tx, given: &[Given]) -> Result<(), StoreError> {
    if given.is_empty() {
        return Ok(());
    }
    let given: Vec<_> = given.iter().map(|given| (given.from, given.to, &given.slug, &given.guid)).collect();
    let given = serde_json::to_string(&given)?;
    tx.q(NAMELESS).bind(given.clone()).execute().await?;
    tx.q(HAND_OVER).bind(given).execute().await?;
    Ok(())
}

/// Writes anew what its original says otherwise than before.
async fn words(tx: &mut Tx, next: &mut [Next<'_>]) -> Result<(), StoreError> {
    let mut stale: Vec<&mut Next<'_>> = next.iter_mut().filter(|one| one.pair.says != one.pair.revision).collect();
    for batch in stale.chunks_mut(BATCH) {
        let mut contents: HashMap<i64, String> = HashMap::new();
        for row in tx.q(CONTENTS).bind(rows(batch.iter().map(|one| one.pair.revision))?).all().await? {
            contents.insert(row.get(0)?, row.get(1)?);
        }
        for one in batch {
            let Some(content) = contents.get(&one.pair.revision) else { continue };
            let json = serde_json::to_string(&latin::content(&serde_json::from_str::<Content>(content)?))?;
            let hash = hash(&json);
            if one.pair.made.as_ref().is_none_or(|made| made.hash != hash) {
                one.words = Some((json, hash));
            }
        }
    }
    Ok(())
}

/// Finds an address for each that has none.
async fn slugs(tx: &mut Tx, next: &mut [Next<'_>]) -> Result<(), StoreError> {
    let mut owners: HashMap<(String, String), ArticleId> = HashMap::new();
    for attempt in 1..=10 {
        let name = |one: &Next<'_>| {
            let bare = slug(&latin::words(&one.pair.slug));
            let bare = if bare.is_empty() { one.pair.article.to_string() } else { bare };
            (one.pair.language.to_string(), candidate(&bare, attempt, one.pair.article))
        };
        let mut open: Vec<&mut Next<'_>> =
            next.iter_mut().filter(|one| one.slug.is_none() && one.wants_slug()).collect();
        if open.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = open.iter().map(|one| name(one)).filter(|pair| !owners.contains_key(pair)).collect();
        for row in tx.q(SLUGS).bind(serde_json::to_string(&asked)?).all().await? {
            owners.insert((row.get(0)?, row.get(1)?), read_id(&row, 2)?);
        }
        for one in &mut open {
            let (language, slug) = name(one);
            if *owners.entry((language, slug.clone())).or_insert(one.pair.article) == one.pair.article {
                one.slug = Some(slug);
            }
        }
    }
    Ok(())
}

// The kind is the original's, as staff decided it; the first state of a version is its first, whatever came before.
const REVISE: &str = "
    INSERT INTO revisions (article, number, kind, at, updated, hash, content)
    SELECT r.value ->> 0, CAST(r.value ->> 1 AS BIGINT), CASE WHEN r.value ->> 1 = '1' THEN 'first' ELSE o.kind END,
        CAST($2 AS BIGINT), o.updated, r.value ->> 3, r.value ->> 4
    FROM json_each($1) r JOIN revisions o ON o.id = CAST(r.value ->> 2 AS BIGINT)
    RETURNING id, article";
const UPSERT: &str = "
    INSERT INTO articles (id, story, source, slug, language, published, updated, due_at, removed, withdrawn, revision, archive,
        first_seen)
    SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, CAST(r.value ->> 5 AS BIGINT),
        CAST(r.value ->> 6 AS BIGINT), CAST(r.value ->> 7 AS BIGINT), CAST(r.value ->> 8 AS BIGINT),
        CAST(r.value ->> 9 AS BIGINT), CAST(r.value ->> 10 AS BIGINT), CAST(r.value ->> 11 AS BIGINT), CAST($2 AS BIGINT)
    FROM json_each($1) r WHERE TRUE
    ON CONFLICT (id) DO UPDATE SET story = excluded.story, source = excluded.source, slug = excluded.slug,
        published = excluded.published, updated = excluded.updated, due_at = excluded.due_at, removed = excluded.removed,
        withdrawn = excluded.withdrawn, revision = excluded.revision";
const FORGET_TOPICS: &str = "DELETE FROM article_topics WHERE article IN (SELECT r.value ->> 0 FROM json_each($1) r)";
const TOPICS: &str = "
    INSERT INTO article_topics (topic, article) SELECT t.topic, r.value ->> 0
    FROM json_each($1) r JOIN article_topics t ON t.article = r.value ->> 1 WHERE TRUE ON CONFLICT DO NOTHING";
const MEDIA: &str = "
    INSERT INTO media (name, article) SELECT m.name, r.value ->> 0
    FROM json_each($1) r JOIN media m ON m.article = r.value ->> 1 WHERE TRUE ON CONFLICT DO NOTHING";
const SAYS: &str = "
    UPDATE scripts SET revision = CAST(r.value ->> 2 AS BIGINT) FROM json_each($1) r WHERE scripts.article = r.value ->> 0";

async fn write(tx: &mut Tx, next: &mut [Next<'_>], now: Instant) -> Result<(), StoreError> {
    if next.is_empty() {
        return Ok(());
    }
    let at = now.timestamp_micros();
    let fresh: Vec<_> = next
        .iter()
        .filter_map(|one| {
            let (json, hash) = one.words.as_ref()?;
            let number = one.pair.made.as_ref().map_or(1, |made| made.number + 1);
            Some((one.pair.article, number.to_string(), one.pair.revision, hash, json))
        })
        .collect();
    if !fresh.is_empty() {
        let mut numbers: HashMap<ArticleId, i64> = HashMap::new();
        for row in tx.q(REVISE).bind(serde_json::to_string(&fresh)?).bind(at).all().await? {
            numbers.insert(read_id(&row, 1)?, row.get(0)?);
        }
        for one in next.iter_mut() {
            one.revision = numbers.get(&one.pair.article).copied().unwrap_or(one.revision);
        }
    }
    let micros = |at: Option<Instant>| at.map(|at| at.timestamp_micros());
    let articles: Vec<_> = next
        .iter()
        .map(|one| {
            let pair = one.pair;
            let slug = one.slug.as_ref().or(pair.made.as_ref().map(|made| &made.slug));
            (
                pair.article,
                pair.story,
                &pair.source,
                slug,
                &pair.language,
                pair.published,
                pair.updated,
                micros(one.due_at),
                micros(one.removed),
                pair.withdrawn,
                one.revision,
                pair.archive,
            )
        })
        .collect();
    tx.q(UPSERT).bind(serde_json::to_string(&articles)?).bind(at).execute().await?;
    let pairs: Vec<_> = next.iter().map(|one| (one.pair.article, one.pair.original, one.pair.revision)).collect();
    let pairs = serde_json::to_string(&pairs)?;
    tx.q(FORGET_TOPICS).bind(pairs.clone()).execute().await?;
    tx.q(TOPICS).bind(pairs.clone()).execute().await?;
    tx.q(MEDIA).bind(pairs.clone()).execute().await?;
    tx.q(SAYS).bind(pairs).execute().await?;
    let moves: Vec<_> = next
        .iter()
        .filter_map(|one| {
            let made = one.pair.made.as_ref().filter(|made| made.story != one.pair.story)?;
            Some((one.pair.article, made.story, one.pair.story))
        })
        .collect();
    stories::write(tx, &moves).await
}

#[cfg(test)]
mod tests;
