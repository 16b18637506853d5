//! Which articles stand in which feed, kept as rows, so that a look at a hundred feeds after one new article costs that
//! article and no more; and the number that each entry has in its feed for ever.
//!
//! 1. Triggers note the story of every article that changes (`feed_changes`); [`standing`] says whether any is noted.
//! 2. [`catch_up`] takes the notes out and looks which feeds take the articles of those stories now ([`Chosen::takes`]).
//!    A feed that is new, or chosen by other things than before, is gone through from the first article, a page a step.
//! 3. What comes into a feed gets its next number. What leaves it keeps its row and its number, without `updated`.
//! 4. Each feed that was touched gets another version, and each of its archive documents that was.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::rows;
use crate::article::{ArticleId, Language, Selection};
use crate::store::{Row, StoreError, Tx};

/// Articles, and noted stories, that are gone through in one step: a step is one transaction.
const STEP: i64 = 2000;
/// Entries of one archive document.
pub const A_PAGE: i64 = 100;

/// A feed and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// What it takes; at least one language.
    pub selection: Selection,
}

/// A feed as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Number of the row.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Rises with every change of what it shows.
    pub version: i64,
    /// The highest number an entry has.
    pub last: i64,
    /// For which topic it was made without configuration, as JSON.
    pub topic: Option<String>,
    selection: Option<String>,
    reached: Option<i64>,
}

/// How the feeds stand.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    /// Every feed there ever was, by name.
    pub feeds: Vec<Standing>,
    /// Whether stories are noted that nobody has looked at.
    pub noted: bool,
}

impl Standings {
    /// The feed of that name.
    pub fn get(&self, name: &str) -> Option<&Standing> {
        self.feeds.binary_search_by(|feed| feed.name.as_str().cmp(name)).ok().and_then(|at| self.feeds.get(at))
    }

    /// Whether [`catch_up`] has work for these feeds.
    ///
    /// # Errors
    /// A selection that cannot be written as JSON.
    pub fn is_behind(&self, feeds: &[Chosen]) -> Result<bool, StoreError> {
        for chosen in feeds {
            let Some(feed) = self.get(&chosen.name) else { return Ok(true) };
            if feed.reached.is_some() || feed.selection.as_ref() != Some(&serde_json::to_string(&chosen.selection)?) {
                return Ok(true);
            }
        }
        Ok(self.noted)
    }
}

const STANDING: &str = "SELECT id, name, version, last, topic, selection, reached FROM feeds";
const NOTED: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT id FROM feed_changes LIMIT 1) n";

/// How the feeds stand: two small looks.
///
/// # Errors
/// What the database says.
pub async fn standing(tx: &mut Tx) -> Result<Standings, StoreError> {
    let mut feeds = Vec::new();
    for row in tx.q(STANDING).all().await? {
        feeds.push(Standing {
            id: row.get(0)?,
            name: row.get(1)?,
            version: row.get(2)?,
            last: row.get(3)?,
            topic: row.get(4)?,
            selection: row.get(5)?,
            reached: row.get(6)?,
        });
    }
    feeds.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Standings { feeds, noted: tx.q(NOTED).one().await?.get::<i64>(0)? > 0 })
}

/// One that is looked at.
struct Feed<'c> {
    id: i64,
    chosen: &'c Chosen,
    last: i64,
    /// Whether it has, or had, entries.
    known: bool,
}

/// An article as feeds choose it.
struct Fact {
    id: ArticleId,
    story: String,
    language: Language,
    source: String,
    seq: Option<i64>,
    updated: i64,
    gone: bool,
    topics: Vec<String>,
}

impl Fact {
    fn is_public(&self) -> bool {
        self.seq.is_some() && !self.gone
    }
}

impl Chosen {
    /// Whether the feed takes `fact`: it is public and chosen, and no version of its story in an earlier of the feed's
    /// languages is. One that was withdrawn keeps the place: its notice is what there is to tell.
    fn takes(&self, fact: &Fact, of_story: &[&Fact]) -> bool {
        let Some(rank) = self.rank(fact) else { return false };
        !of_story.iter().any(|other| other.id != fact.id && self.rank(other).is_some_and(|before| before < rank))
    }

    /// The place of its language among those of the feed, where it is public and chosen.
    fn rank(&self, fact: &Fact) -> Option<usize> {
        let Selection { languages, topics, sources } = &self.selection;
        let chosen = fact.is_public()
            && (topics.is_empty() || fact.topics.iter().any(|topic| topics.contains(topic)))
            && (sources.is_empty() || sources.contains(&fact.source));
        languages.iter().position(|language| chosen && *language == fact.language)
    }
}

const LOCK: &str = "UPDATE counters SET value = value + 1 WHERE name = 'feeds'";
const TAKE: &str =
    "DELETE FROM feed_changes WHERE id IN (SELECT id FROM feed_changes ORDER BY id LIMIT $1) RETURNING story";
const FORGET: &str = "DELETE FROM feed_changes";

/// Brings the rows of these feeds up to date by one step; whether there is more to do.
///
/// # Errors
/// What the database says.
pub async fn catch_up(tx: &mut Tx, feeds: &[Chosen]) -> Result<bool, StoreError> {
    tx.q(LOCK).execute().await?;
    let known = begin(tx, feeds).await?;
    let of = |standing: &Standing| -> Option<Feed<'_>> {
        let chosen = feeds.iter().find(|chosen| chosen.name == standing.name)?;
        Some(Feed { id: standing.id, chosen, last: standing.last, known: standing.last > 0 })
    };
    if let Some(from) = known.feeds.iter().filter(|feed| of(feed).is_some()).filter_map(|feed| feed.reached).min() {
        let mut behind: Vec<Feed<'_>> =
            known.feeds.iter().filter(|feed| feed.reached == Some(from)).filter_map(of).collect();
        go_on(tx, &mut behind, from).await?;
        return Ok(true);
    }
    let taken = tx.q(TAKE).bind(STEP).all().await?;
    let stories: BTreeSet<String> = taken.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    if stories.is_empty() {
        return Ok(false);
    }
    let facts = facts(tx, &stories).await?;
    let mut all: Vec<Feed<'_>> = known.feeds.iter().filter_map(of).collect();
    place(tx, &mut all, &facts, |_| true).await?;
    Ok(i64::try_from(taken.len()).unwrap_or(STEP) >= STEP)
}

const OPEN: &str = "
    INSERT INTO feeds (name, selection, reached, version) SELECT r.value ->> 0, r.value ->> 1, 0, 1 FROM json_each($1) r WHERE TRUE
    ON CONFLICT (name) DO UPDATE SET selection = excluded.selection, reached = 0, version = feeds.version + 1";
const CLEAR: &str = "
    UPDATE feed_entries SET updated = NULL WHERE updated IS NOT NULL
    AND feed IN (SELECT f.id FROM feeds f WHERE f.name IN (SELECT r.value ->> 0 FROM json_each($1) r))";
const CLOSE: &str = "
    UPDATE feeds SET selection = NULL, reached = NULL WHERE selection IS NOT NULL
    AND name NOT IN (SELECT r.value ->> 0 FROM json_each($1) r)";

/// Opens the feeds that are new or chosen anew, and lets those go that nobody names any more.
async fn begin(tx: &mut Tx, feeds: &[Chosen]) -> Result<Standings, StoreError> {
    let before = standing(tx).await?;
    let mut open = Vec::new();
    for chosen in feeds {
        let selection = serde_json::to_string(&chosen.selection)?;
        if before.get(&chosen.name).and_then(|feed| feed.selection.as_ref()) != Some(&selection) {
            open.push((chosen.name.as_str(), selection));
        }
    }
    let named: HashSet<&str> = feeds.iter().map(|chosen| chosen.name.as_str()).collect();
    let closes = before.feeds.iter().any(|feed| feed.selection.is_some() && !named.contains(feed.name.as_str()));
    if open.is_empty() && !closes {
        return Ok(before);
    }
    tx.q(CLOSE).bind(rows(&named)?).execute().await?;
    if open.len() == feeds.len() {
        // Everything is gone through: what is noted is found there.
        tx.q(FORGET).execute().await?;
    }
    tx.q(OPEN).bind(serde_json::to_string(&open)?).execute().await?;
    tx.q(CLEAR).bind(rows(open.iter().map(|(name, _)| name))?).execute().await?;
    standing(tx).await
}

const NEXT: &str = "SELECT public_seq, story FROM articles WHERE public_seq > $1 ORDER BY public_seq LIMIT $2";
const REACHED: &str = "
    UPDATE feeds SET reached = $2, version = version + 1 WHERE id IN (SELECT CAST(r.value ->> 0 AS BIGINT) FROM json_each($1) r)";

/// One step on the way from the first article to the last.
async fn go_on(tx: &mut Tx, feeds: &mut [Feed<'_>], from: i64) -> Result<(), StoreError> {
    let next = tx.q(NEXT).bind(from).bind(STEP).all().await?;
    let upto: Option<i64> = next.last().map(|row| row.get(0)).transpose()?;
    let stories: BTreeSet<String> = next.iter().map(|row| row.get(1)).collect::<Result<_, _>>()?;
    if let Some(upto) = upto {
        let facts = facts(tx, &stories).await?;
        place(tx, feeds, &facts, |fact| fact.seq.is_some_and(|seq| seq > from && seq <= upto)).await?;
    }
    let full = i64::try_from(next.len()).unwrap_or(STEP) >= STEP;
    let ids = rows(feeds.iter().map(|feed| feed.id))?;
    tx.q(REACHED).bind(ids).bind(upto.filter(|_| full)).execute().await?;
    Ok(())
}

const FACTS: &str = "
    SELECT a.id, a.story, a.language, a.source, a.public_seq, a.updated, CAST(CASE WHEN a.removed IS NULL THEN 0 ELSE 1 END AS BIGINT)
    FROM json_each($1) k CROSS JOIN articles a WHERE a.story = k.value ->> 0";
const TOPICS: &str = "
    SELECT t.article, t.topic FROM json_each($1) k CROSS JOIN article_topics t WHERE t.article = k.value ->> 0";

/// Every article of these stories, in the order of going public.
async fn facts(tx: &mut Tx, stories: &BTreeSet<String>) -> Result<Vec<Fact>, StoreError> {
    let mut facts = Vec::with_capacity(stories.len());
    for row in tx.q(FACTS).bind(rows(stories)?).all().await? {
        let language: String = row.get(2)?;
        facts.push(Fact {
            id: id(&row, 0)?,
            story: row.get(1)?,
            language: language.parse().map_err(|error| StoreError::Content(format!("articles: {error}")))?,
            source: row.get(3)?,
            seq: row.get(4)?,
            updated: row.get(5)?,
            gone: row.get::<i64>(6)? != 0,
            topics: Vec::new(),
        });
    }
    let ids = rows(facts.iter().map(|fact| fact.id))?;
    let mut topics: HashMap<ArticleId, Vec<String>> = HashMap::new();
    for row in tx.q(TOPICS).bind(ids).all().await? {
        topics.entry(id(&row, 0)?).or_default().push(row.get(1)?);
    }
    for fact in &mut facts {
        fact.topics = topics.remove(&fact.id).unwrap_or_default();
    }
    facts.sort_by_key(|fact| (fact.seq, fact.id));
    Ok(facts)
}

/// What a step came to.
#[derive(Default)]
struct Step {
    /// Feed, number, article, updated.
    come: Vec<(i64, i64, ArticleId, i64)>,
    /// Feed, number, updated.
    change: Vec<(i64, i64, Option<i64>)>,
    /// Feed and archive document.
    touched: BTreeSet<(i64, i64)>,
}

const HELD: &str = "
    SELECT e.article, e.feed, e.number, e.updated FROM json_each($1) k CROSS JOIN feed_entries e WHERE e.article = k.value ->> 0";

/// Puts the articles among `facts` that are `meant` into the feeds that take them, and out of the others.
async fn place(
    tx: &mut Tx,
    feeds: &mut [Feed<'_>],
    facts: &[Fact],
    meant: impl Fn(&Fact) -> bool,
) -> Result<(), StoreError> {
    let mut held: HashMap<(ArticleId, i64), (i64, Option<i64>)> = HashMap::new();
    if feeds.iter().any(|feed| feed.known) {
        let ids = rows(facts.iter().filter(|fact| meant(fact)).map(|fact| fact.id))?;
        for row in tx.q(HELD).bind(ids).all().await? {
            held.insert((id(&row, 0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
        }
    }
    let mut stories: HashMap<&str, Vec<&Fact>> = HashMap::new();
    for fact in facts {
        stories.entry(&fact.story).or_default().push(fact);
    }
    let mut step = Step::default();
    for fact in facts.iter().filter(|fact| meant(fact)) {
        let of_story = stories.get(fact.story.as_str()).map(Vec::as_slice).unwrap_or_default();
        for feed in feeds.iter_mut() {
            let takes = feed.chosen.takes(fact, of_story);
            match held.get(&(fact.id, feed.id)) {
                Some((number, updated)) => {
                    let now = takes.then_some(fact.updated);
                    if now != *updated {
                        step.change.push((feed.id, *number, now));
                    }
                    step.touched.insert((feed.id, page_of(*number)));
                }
                None if takes => {
                    feed.last += 1;
                    step.come.push((feed.id, feed.last, fact.id, fact.updated));
                    step.touched.insert((feed.id, page_of(feed.last)));
                    // The document before is told that there is a next one.
                    if feed.last % A_PAGE == 1 && feed.last > A_PAGE {
                        step.touched.insert((feed.id, page_of(feed.last) - 1));
                    }
                }
                None => {}
            }
        }
    }
    write(tx, feeds, &step).await
}

/// The archive document that an entry of that number stands in.
pub fn page_of(number: i64) -> i64 {
    (number - 1).max(0) / A_PAGE + 1
}

const COME: &str = "
    INSERT INTO feed_entries (feed, number, article, updated)
    SELECT CAST(r.value ->> 0 AS BIGINT), CAST(r.value ->> 1 AS BIGINT), r.value ->> 2, CAST(r.value ->> 3 AS BIGINT)
    FROM json_each($1) r WHERE TRUE";
const CHANGE: &str = "
    UPDATE feed_entries SET updated = r.updated FROM (
        SELECT CAST(x.value ->> 0 AS BIGINT) AS feed, CAST(x.value ->> 1 AS BIGINT) AS number, CAST(x.value ->> 2 AS BIGINT) AS updated
        FROM json_each($1) x) r
    WHERE feed_entries.feed = r.feed AND feed_entries.number = r.number";
const TOUCH: &str = "
    UPDATE feeds SET version = version + 1, last = r.last FROM (
        SELECT CAST(x.value ->> 0 AS BIGINT) AS id, CAST(x.value ->> 1 AS BIGINT) AS last FROM json_each($1) x) r
    WHERE feeds.id = r.id";
const PAGES: &str = "
    INSERT INTO feed_pages (feed, page, version)
    SELECT f.id, CAST(r.value ->> 1 AS BIGINT), f.version FROM json_each($1) r JOIN feeds f ON f.id = CAST(r.value ->> 0 AS BIGINT) WHERE TRUE
    ON CONFLICT (feed, page) DO UPDATE SET version = excluded.version";

async fn write(tx: &mut Tx, feeds: &[Feed<'_>], step: &Step) -> Result<(), StoreError> {
    if step.touched.is_empty() {
        return Ok(());
    }
    if !step.come.is_empty() {
        tx.q(COME).bind(serde_json::to_string(&step.come)?).execute().await?;
    }
    if !step.change.is_empty() {
        tx.q(CHANGE).bind(serde_json::to_string(&step.change)?).execute().await?;
    }
    let last: BTreeMap<i64, i64> = feeds.iter().map(|feed| (feed.id, feed.last)).collect();
    let ids: BTreeSet<i64> = step.touched.iter().map(|(feed, _)| *feed).collect();
    let ids: Vec<(i64, i64)> = ids.into_iter().filter_map(|id| Some((id, *last.get(&id)?))).collect();
    tx.q(TOUCH).bind(serde_json::to_string(&ids)?).execute().await?;
    tx.q(PAGES).bind(serde_json::to_string(&step.touched)?).execute().await?;
    Ok(())
}

fn id(row: &Row, column: usize) -> Result<ArticleId, StoreError> {
    super::uuid(row, column).map(ArticleId)
}

/// What is asked after one article has changed.
#[cfg(test)]
pub(super) fn statements() -> Vec<&'static str> {
    vec![STANDING, NOTED, LOCK, TAKE, FACTS, TOPICS, HELD, COME, CHANGE, TOUCH, PAGES, NEXT]
}
