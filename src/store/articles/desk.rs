//! Staff's hand on articles. What they decide is kept beside the article ([`Decided`]) and laid over whatever its source says,
//! so that reading the source again neither loses nor undoes it; each decision that readers see is a revision of its own.

use super::take::plan::hash;
use super::{ArticleId, decided_of, read_id, read_instant, read_language, rows, scripts};
use crate::article::{Content, Decided, Language, Note, RevisionKind};
use crate::clock::{Instant, from_micros};
use crate::store::acts::{self, Act};
use crate::store::{StoreError, Tx};

/// An article as staff find it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which.
    pub article: ArticleId,
    /// Its language.
    pub language: Language,
    /// Its slug.
    pub slug: String,
    /// When it was published.
    pub published: Instant,
    /// When it last changed by more than a slip.
    pub updated: Instant,
    /// Until when it is held back.
    pub due_at: Option<Instant>,
    /// Whether it went public.
    pub public: bool,
    /// Since when it is gone, or held back again.
    pub removed: Option<Instant>,
    /// Since when it is withdrawn.
    pub withdrawn: Option<Instant>,
    /// Since when nothing of it is kept.
    pub expunged: Option<Instant>,
    /// Its present revision.
    pub revision: i64,
    /// That revision's kind.
    pub kind: RevisionKind,
    /// What it says.
    pub content: Content,
    /// What staff decided before.
    pub decided: Decided,
    number: i64,
}

impl Standing {
    /// Whether readers see it, or the notice in its place.
    pub fn is_seen(&self) -> bool {
        self.public && self.removed.is_none()
    }
}

/// Who does something, when, and what it is called in the log.
#[derive(Clone, Debug)]
pub struct Hand<'a> {
    /// Who.
    pub who: &'a str,
    /// When.
    pub now: Instant,
    /// Why, in their words.
    pub why: Option<&'a str>,
}

const STANDING: &str = "
    SELECT a.language, a.slug, a.published, a.updated, a.due_at, a.public_seq, a.removed, a.withdrawn, a.expunged, a.revision,
        r.kind, r.content, a.decided, r.number
    FROM articles a JOIN revisions r ON r.id = a.revision WHERE a.id = $1";

/// The article as it stands; `None` where there is none.
///
/// # Errors
/// What the database says.
pub async fn standing(tx: &mut Tx, article: ArticleId) -> Result<Option<Standing>, StoreError> {
    let Some(row) = tx.q(STANDING).bind(article.to_string()).optional().await? else { return Ok(None) };
    let kind: String = row.get(10)?;
    Ok(Some(Standing {
        article,
        language: read_language(&row, 0)?,
        slug: row.get(1)?,
        published: from_micros(row.get(2)?),
        updated: from_micros(row.get(3)?),
        due_at: read_instant(&row, 4)?,
        public: row.get::<Option<i64>>(5)?.is_some(),
        removed: read_instant(&row, 6)?,
        withdrawn: read_instant(&row, 7)?,
        expunged: read_instant(&row, 8)?,
        revision: row.get(9)?,
        kind: RevisionKind::from_word(&kind).ok_or_else(|| StoreError::Content(format!("“{kind}” is no kind")))?,
        content: serde_json::from_str(&row.get::<String>(11)?)?,
        decided: decided_of(&row, 12)?,
        number: row.get(13)?,
    }))
}

/// Adds a correction: the article says it at its top from now on.
///
/// # Errors
/// What the database says.
pub async fn correct(tx: &mut Tx, mut at: Standing, note: Note, hand: &Hand<'_>) -> Result<i64, StoreError> {
    at.decided.corrections.insert(0, note);
    at.decided.lay_over(&mut at.content);
    at.updated = hand.now.max(at.updated);
    revise(tx, &at, RevisionKind::Correction, ("corrected it", hand)).await
}

/// Puts other words in place of the newest correction that staff made; its time stays. `None` where they made none.
///
/// # Errors
/// What the database says.
pub async fn reword(tx: &mut Tx, mut at: Standing, note: Note, hand: &Hand<'_>) -> Result<Option<i64>, StoreError> {
    let Some(newest) = at.decided.corrections.first_mut() else { return Ok(None) };
    let old = std::mem::replace(newest, Note { at: newest.at, ..note });
    at.content.corrections.retain(|known| !known.says_the_same(&old));
    at.decided.lay_over(&mut at.content);
    revise(tx, &at, RevisionKind::Minor, ("put a correction into other words", hand)).await.map(Some)
}

/// Says that there are new facts in it, with a note where staff wrote one.
///
/// # Errors
/// What the database says.
pub async fn update(tx: &mut Tx, mut at: Standing, note: Option<Note>, hand: &Hand<'_>) -> Result<i64, StoreError> {
    at.decided.updates.splice(0..0, note);
    at.decided.lay_over(&mut at.content);
    at.updated = hand.now.max(at.updated);
    revise(tx, &at, RevisionKind::Update, ("said that it has new facts", hand)).await
}

const BEFORE: &str = "
    SELECT updated FROM revisions WHERE article = $1 AND number < $2 ORDER BY number DESC LIMIT 1";

/// Says that its last change, which was taken for new facts, was a slip: its `updated` goes back to what it was before.
///
/// # Errors
/// What the database says.
pub async fn belittle(tx: &mut Tx, mut at: Standing, hand: &Hand<'_>) -> Result<i64, StoreError> {
    let before = tx.q(BEFORE).bind(at.article.to_string()).bind(at.number).optional().await?;
    at.updated = before.map(|row| row.get(0)).transpose()?.map_or(at.published, from_micros);
    revise(tx, &at, RevisionKind::Minor, ("said that its last change was a slip", hand)).await
}

/// Withdraws it: a notice stands in its place.
///
/// # Errors
/// What the database says.
pub async fn retract(tx: &mut Tx, mut at: Standing, reason: &str, hand: &Hand<'_>) -> Result<i64, StoreError> {
    at.decided.withdrawn = Some(reason.to_owned());
    at.decided.lay_over(&mut at.content);
    at.updated = hand.now.max(at.updated);
    at.withdrawn = Some(hand.now);
    revise(tx, &at, RevisionKind::Retraction, ("withdrew it", hand)).await
}

const LAST_WORDS: &str = "
    SELECT content FROM revisions WHERE article = $1 AND number < $2 AND content NOT LIKE '%\"withdrawn\":\"%'
    ORDER BY number DESC LIMIT 1";
// Whatever its file has come to say meanwhile is read next.
const READ_AGAIN: &str = "UPDATE files SET fingerprint = '' WHERE article = $1";

/// Takes a withdrawal of staff's back: what stood there before stands there again. `None` where nothing is left of that.
///
/// # Errors
/// What the database says.
pub async fn restore(tx: &mut Tx, mut at: Standing, hand: &Hand<'_>) -> Result<Option<i64>, StoreError> {
    let before = tx.q(LAST_WORDS).bind(at.article.to_string()).bind(at.number).optional().await?;
    let Some(before) = before else { return Ok(None) };
    at.content = serde_json::from_str(&before.get::<String>(0)?)?;
    at.decided.withdrawn = None;
    at.decided.lay_over(&mut at.content);
    at.updated = hand.now.max(at.updated);
    at.withdrawn = None;
    tx.q(READ_AGAIN).bind(at.article.to_string()).execute().await?;
    revise(tx, &at, RevisionKind::Update, ("took the withdrawal back", hand)).await.map(Some)
}

/// Says that this language version is right with all that its translations were corrected in.
///
/// # Errors
/// What the database says.
pub async fn check(tx: &mut Tx, mut at: Standing, hand: &Hand<'_>) -> Result<i64, StoreError> {
    at.decided.checked = Some(hand.now);
    at.decided.lay_over(&mut at.content);
    revise(tx, &at, RevisionKind::Minor, ("said that it is right as it stands", hand)).await
}

const RELEASE: &str = "
    UPDATE articles SET due_at = $2, decided = $3,
        published = CASE WHEN public_seq IS NULL AND published > $2 THEN $2 ELSE published END,
        updated = CASE WHEN public_seq IS NULL AND updated > $2 THEN $2 ELSE updated END
    WHERE id = $1";
// The words of a state that nobody has seen bear the time at which they are shown first.
const RELEASE_STATE: &str = "UPDATE revisions SET updated = $2 WHERE id = $1 AND updated > $2";

/// Lets it out now: its embargo, or its date to come, holds it no more.
///
/// # Errors
/// What the database says.
pub async fn release(tx: &mut Tx, mut at: Standing, until: Instant, hand: &Hand<'_>) -> Result<(), StoreError> {
    at.decided.released = at.decided.released.max(Some(until));
    let now = hand.now.timestamp_micros();
    let decided = serde_json::to_string(&at.decided)?;
    tx.q(RELEASE).bind(at.article.to_string()).bind(now).bind(decided).execute().await?;
    tx.q(RELEASE_STATE).bind(at.revision).bind(now).execute().await?;
    scripts::follow(tx, &[at.article], &[], hand.now).await?;
    log(tx, at.article, "released it", hand).await
}

const INSERT: &str = "
    INSERT INTO revisions (article, number, kind, at, updated, hash, content, who)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
const UPDATE: &str = "
    UPDATE articles SET revision = $2, updated = $3, withdrawn = $4, decided = $5 WHERE id = $1";

/// Writes the state that was decided; the number of its revision.
async fn revise(
    tx: &mut Tx,
    at: &Standing,
    kind: RevisionKind,
    (what, hand): (&str, &Hand<'_>),
) -> Result<i64, StoreError> {
    let content = serde_json::to_string(&at.content)?;
    let query = tx.q(INSERT).bind(at.article.to_string()).bind(at.number + 1).bind(kind.word());
    let query = query.bind(hand.now.timestamp_micros()).bind(at.updated.timestamp_micros()).bind(hash(&content));
    let revision: i64 = query.bind(content).bind(hand.who.to_owned()).one().await?.get(0)?;
    let query = tx.q(UPDATE).bind(at.article.to_string()).bind(revision).bind(at.updated.timestamp_micros());
    let withdrawn = at.withdrawn.map(|at| at.timestamp_micros());
    query.bind(withdrawn).bind(serde_json::to_string(&at.decided)?).execute().await?;
    // What is made from it in another script says the same.
    scripts::follow(tx, &[at.article], &[], hand.now).await?;
    log(tx, at.article, what, hand).await?;
    Ok(revision)
}

async fn log(tx: &mut Tx, article: ArticleId, what: &str, hand: &Hand<'_>) -> Result<(), StoreError> {
    let why = hand.why.map(str::to_owned);
    let act = Act { at: hand.now, who: hand.who.to_owned(), what: what.to_owned(), why };
    acts::note_article(tx, article, &act).await
}

const MADE_FROM: &str = "SELECT article FROM scripts WHERE original = $1";

/// The version in another script that is made from an article.
///
/// # Errors
/// What the database says.
pub async fn made_from(tx: &mut Tx, original: ArticleId) -> Result<Option<ArticleId>, StoreError> {
    let row = tx.q(MADE_FROM).bind(original.to_string()).optional().await?;
    row.as_ref().map(|row| read_id(row, 0)).transpose()
}

const EXPUNGED_FILES: &str = "
    SELECT f.path FROM articles a JOIN files f ON f.article = a.id
    WHERE a.expunged IS NOT NULL AND f.source = $1 ORDER BY f.path";

/// The files of a source whose articles were removed by an order: they are not read any more.
///
/// # Errors
/// What the database says.
pub async fn expunged_files(tx: &mut Tx, source: &str) -> Result<Vec<String>, StoreError> {
    tx.q(EXPUNGED_FILES).bind(source.to_owned()).all().await?.iter().map(|row| row.get(0)).collect()
}

const FILES: &str = "
    SELECT f.source, f.path FROM json_each($1) k CROSS JOIN files f WHERE f.article = k.value ->> 0 ORDER BY f.source, f.path";

/// The files that hold an article, each with its source.
///
/// # Errors
/// What the database says.
pub async fn files(tx: &mut Tx, article: ArticleId) -> Result<Vec<(String, String)>, StoreError> {
    tx.q(FILES).bind(rows([article])?).all().await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
