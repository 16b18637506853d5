//! Who was sent an article as it was before a correction or a retraction, and who has been told of that (DESIGN, part 7:
//! *Corrections*). What is asked is the ledger, rows and sealed blocks alike: as far back as it is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::article::{ArticleId, Language};
use crate::clock::{Instant, from_micros};
use crate::store::deliveries::sealed;
use crate::store::{StoreError, Tx, suppressions};

use super::Settings;

/// One language of an edition that printed an article.
#[derive(Clone, Debug)]
pub struct Printing {
    /// The edition.
    pub edition: i64,
    /// Its number within its newsletter.
    pub number: i64,
    /// The newsletter's number.
    pub newsletter_id: i64,
    /// The newsletter's name.
    pub newsletter: String,
    /// The language of the variant.
    pub language: Language,
    /// The variant's number.
    pub variant: i64,
    /// The article's position.
    pub position: i64,
    /// The revision that was printed.
    pub revision: i64,
    /// When the edition began to go out.
    pub sent: Instant,
    /// The lists that it went to.
    pub lists: Vec<String>,
    /// Whether it has a copy on the web: what went out under embargo has none.
    pub on_web: bool,
    /// Whether its ledger has been let go: nobody knows any more who was sent it.
    pub forgotten: bool,
}

const PRINTED: &str = "
    SELECT e.id, e.number, e.newsletter, n.name, ea.language, v.number, ea.position, ea.revision, e.start_at, e.settings, e.ledger
    FROM articles a JOIN edition_articles ea ON ea.story = a.story AND ea.article = a.id
    JOIN editions e ON e.id = ea.edition JOIN newsletters n ON n.id = e.newsletter
    JOIN edition_variants v ON v.edition = e.id AND v.language = ea.language
    WHERE a.id = $1 AND ea.revision < $2 AND e.corrects IS NULL ORDER BY e.id, v.number";

/// The editions that printed an article as it was before this revision: as a story, not as the note of an earlier correction.
///
/// # Errors
/// What the database says.
pub async fn printed_before(tx: &mut Tx, article: ArticleId, revision: i64) -> Result<Vec<Printing>, StoreError> {
    let rows = tx.q(PRINTED).bind(article.to_string()).bind(revision).all().await?;
    let mut printings = Vec::with_capacity(rows.len());
    for row in &rows {
        let settings: Settings = serde_json::from_str(&row.get::<String>(9)?)?;
        let position: i64 = row.get(6)?;
        let place = usize::try_from(position).ok().and_then(|at| settings.places.get(at));
        if place.is_some_and(|place| place.corrects.is_some()) {
            continue;
        }
        let language: String = row.get(4)?;
        printings.push(Printing {
            edition: row.get(0)?,
            number: row.get(1)?,
            newsletter_id: row.get(2)?,
            newsletter: row.get(3)?,
            language: language.parse().map_err(|e| StoreError::Content(format!("edition_articles: {e}")))?,
            variant: row.get(5)?,
            position,
            revision: row.get(7)?,
            sent: from_micros(row.get(8)?),
            lists: settings.lists,
            on_web: settings.advance.is_none(),
            forgotten: row.get::<i64>(10)? >= 2,
        });
    }
    Ok(printings)
}

const LAST: &str = "
    SELECT id, kind, at FROM revisions WHERE article = $1 AND (kind = 'correction' OR ($2 = 1 AND kind = 'retraction'))
    ORDER BY number DESC LIMIT 1";

/// The newest correction of an article, or (`withdrawn`: it is withdrawn now) its retraction: the revision, whether it is a
/// retraction, and its time.
///
/// # Errors
/// What the database says.
pub async fn newest(
    tx: &mut Tx,
    article: ArticleId,
    withdrawn: bool,
) -> Result<Option<(i64, bool, Instant)>, StoreError> {
    let row = tx.q(LAST).bind(article.to_string()).bind(i64::from(withdrawn)).optional().await?;
    row.map(|row| Ok((row.get(0)?, row.get::<String>(1)? == "retraction", from_micros(row.get(2)?)))).transpose()
}

/// One way by which people may be told: by a newsletter that printed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The newsletter's number.
    pub newsletter: i64,
    /// The lists that its editions went to.
    pub lists: Vec<String>,
    /// Where it was printed.
    pub sources: Vec<Source>,
}

/// Where a copy held the earlier text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The edition.
    pub edition: i64,
    /// Its variant.
    pub variant: i64,
    /// The position in it.
    pub position: i64,
    /// The language of the variant.
    pub language: Language,
}

/// Of what an edition tells, and whom: frozen with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tells {
    /// The correction or retraction.
    pub revision: i64,
    /// The newsletters that printed the earlier text, in order; this edition is for those whom the last of them reaches and
    /// none before it does.
    pub routes: Vec<Route>,
    /// Editions that told people of it before: these are not told again.
    pub told: Vec<i64>,
}

const TOLD: &str = "
    SELECT e.id, n.name, e.number, e.composed_at FROM editions e JOIN newsletters n ON n.id = e.newsletter
    WHERE e.corrects = $1 AND e.state <> 'cancelled' ORDER BY e.id";

/// An edition that tells of a correction.
#[derive(Clone, Debug, Serialize)]
pub struct Telling {
    /// Its number.
    pub edition: i64,
    /// The newsletter's name.
    pub newsletter: String,
    /// Its number within that.
    pub number: i64,
    /// When it was made.
    pub at: Instant,
}

/// The editions that tell of a correction, the oldest first; not those that were cancelled before they told anybody.
///
/// # Errors
/// What the database says.
pub async fn told(tx: &mut Tx, revision: i64) -> Result<Vec<Telling>, StoreError> {
    let rows = tx.q(TOLD).bind(revision).all().await?;
    let read = |row: &crate::store::Row| {
        Ok(Telling { edition: row.get(0)?, newsletter: row.get(1)?, number: row.get(2)?, at: from_micros(row.get(3)?) })
    };
    rows.iter().map(read).collect()
}

/// What becomes of the people of one stretch.
#[derive(Clone, Debug, Default)]
pub struct Sorted {
    /// Who was sent the earlier text.
    pub sent: i64,
    /// Who has been told already.
    pub told: i64,
    /// Who is told, by route: their number and the language in which they were sent the earlier text.
    pub to_tell: Vec<Vec<(i64, Language)>>,
    /// Why the others cannot be told, with how many.
    pub barred: BTreeMap<String, i64>,
}

/// Looks at the subscribers after `after` up to `upto`: who was sent the earlier text, and who of them is told by which route.
///
/// # Errors
/// What the database says.
pub async fn sort(tx: &mut Tx, tells: &Tells, (after, upto): (i64, i64)) -> Result<Sorted, StoreError> {
    let mut sorted = Sorted { to_tell: vec![Vec::new(); tells.routes.len()], ..Sorted::default() };
    let copies = copies(tx, tells, (after, upto)).await?;
    let told = reached(tx, &tells.told, (after, upto)).await?;
    sorted.sent = i64::try_from(copies.len()).unwrap_or(i64::MAX);
    let mut open: BTreeMap<i64, BTreeMap<usize, Language>> = BTreeMap::new();
    for (subscriber, ways) in copies {
        match told.contains(&subscriber) {
            true => sorted.told += 1,
            false => drop(open.insert(subscriber, ways)),
        }
    }
    let mut reasons: HashMap<i64, String> = HashMap::new();
    for (n, route) in tells.routes.iter().enumerate() {
        let mut here: Vec<i64> = open.iter().filter(|(_, ways)| ways.contains_key(&n)).map(|(id, _)| *id).collect();
        if here.is_empty() {
            continue;
        }
        let barred: HashMap<i64, String> =
            suppressions::barred(tx, route.newsletter, &route.lists, &here).await?.into_iter().collect();
        here.retain(|id| !barred.contains_key(id));
        for id in here {
            if let Some(language) = open.remove(&id).and_then(|mut ways| ways.remove(&n)) {
                sorted.to_tell[n].push((id, language));
            }
        }
        for (id, why) in barred {
            reasons.entry(id).or_insert(why);
        }
    }
    for id in open.keys() {
        *sorted.barred.entry(reasons.remove(id).unwrap_or_default()).or_default() += 1;
    }
    Ok(sorted)
}

// From the few editions by their key; joined the other way round SQLite would take the batch apart for each row.
const SENT: &str = "
    SELECT d.subscriber, d.edition, d.variant, d.choice FROM json_each($1) r CROSS JOIN deliveries d
    WHERE d.edition = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber > $2 AND d.subscriber <= $3 AND d.state IN (2, 7)";

/// What a rendering holds of the earlier text: by which route, at which bit of a choice, in which language.
type Held<'a> = (usize, u64, &'a Language);

/// Who was sent the earlier text by which route, and in which language; where several editions sent it, the last counts.
async fn copies(
    tx: &mut Tx,
    tells: &Tells,
    (after, upto): (i64, i64),
) -> Result<BTreeMap<i64, BTreeMap<usize, Language>>, StoreError> {
    let mut held: HashMap<(i64, i64), Vec<Held<'_>>> = HashMap::new();
    for (n, route) in tells.routes.iter().enumerate() {
        for source in &route.sources {
            let bit = u32::try_from(source.position).ok().and_then(|position| 1u64.checked_shl(position)).unwrap_or(0);
            held.entry((source.edition, source.variant)).or_default().push((n, bit, &source.language));
        }
    }
    let editions: BTreeSet<i64> = held.keys().map(|(edition, _)| *edition).collect();
    let editions: Vec<i64> = editions.into_iter().collect();
    let mut found: BTreeMap<i64, BTreeMap<usize, (i64, Language)>> = BTreeMap::new();
    let mut note = |edition: i64, subscriber: i64, variant: i64, choice: u64| {
        for (n, bit, language) in held.get(&(edition, variant)).into_iter().flatten() {
            if choice & bit == 0 {
                continue;
            }
            let last = found.entry(subscriber).or_default().entry(*n).or_insert_with(|| (edition, (*language).clone()));
            if edition > last.0 {
                *last = (edition, (*language).clone());
            }
        }
    };
    let wanted = serde_json::to_string(&editions.iter().map(|id| [id]).collect::<Vec<_>>())?;
    for row in tx.q(SENT).bind(wanted).bind(after).bind(upto).all().await? {
        note(row.get(1)?, row.get(0)?, row.get(2)?, row.get::<i64>(3)? as u64);
    }
    sealed::readers(tx, &editions, (after, upto), note).await?;
    let languages = |ways: BTreeMap<usize, (i64, Language)>| ways.into_iter().map(|(n, (_, l))| (n, l)).collect();
    Ok(found.into_iter().map(|(subscriber, ways)| (subscriber, languages(ways))).collect())
}

const REACHED: &str = "
    SELECT d.subscriber FROM json_each($1) r CROSS JOIN deliveries d
    WHERE d.edition = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber > $2 AND d.subscriber <= $3 AND d.state IN (0, 1, 2, 3, 7)";

/// Who had a copy of one of these editions, or has one coming.
async fn reached(tx: &mut Tx, editions: &[i64], (after, upto): (i64, i64)) -> Result<BTreeSet<i64>, StoreError> {
    let mut reached = BTreeSet::new();
    if editions.is_empty() {
        return Ok(reached);
    }
    let wanted = serde_json::to_string(&editions.iter().map(|id| [id]).collect::<Vec<_>>())?;
    for row in tx.q(REACHED).bind(wanted).bind(after).bind(upto).all().await? {
        reached.insert(row.get(0)?);
    }
    sealed::choices(tx, editions, (after, upto), |_, subscriber, _| {
        reached.insert(subscriber);
    })
    .await?;
    Ok(reached)
}

const LAST_SUBSCRIBER: &str = "SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM subscribers";

/// The number of the last subscriber who was taken in.
///
/// # Errors
/// What the database says.
pub async fn last_subscriber(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.q(LAST_SUBSCRIBER).one().await?.get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_ledger_is_asked_from_the_editions_by_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::Store::open("sqlite://herald.db", folder.path()).await.unwrap();
        let mut tx = store.read().await.unwrap();
        for sql in [SENT, REACHED] {
            let plan = tx.q(format!("EXPLAIN QUERY PLAN {sql}").leak()).bind("[]").bind(0i64).bind(9i64);
            let steps: Vec<String> = plan.all().await.unwrap().iter().map(|row| row.get(3).unwrap()).collect();
            assert!(steps[0].starts_with("SCAN r "), "{steps:?}");
            assert!(
                steps[1].contains("SEARCH d USING PRIMARY KEY (edition=? AND subscriber>? AND subscriber<?)"),
                "{steps:?}"
            );
        }
    }
}
