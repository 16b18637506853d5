//! Writing an edition: all of it in one transaction, or nothing.

use crate::article::{ArticleId, Language, StoryId};
use crate::clock::Instant;
use crate::store::{StoreError, Tx};

use super::{Settings, State, Variant};

/// An edition about to be written.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// Whose issue it is.
    pub newsletter_id: i64,
    /// Its number, which its renderings already print.
    pub number: i64,
    /// `Held` or `Queued`.
    pub state: State,
    /// Why it is held.
    pub reason: Option<String>,
    /// Who made it: `schedule`, `now`, `staff`, a member of staff by name, or `user:NAME` of the machine.
    pub made_by: String,
    /// How many people must approve it before it goes.
    pub needs: i64,
    /// The slot it is for.
    pub slot_at: Option<Instant>,
    /// When it was frozen.
    pub composed_at: Instant,
    /// Nothing of it goes out before.
    pub start_at: Instant,
    /// Whether it is the newsletter's first.
    pub first: bool,
    /// The subject in its first language.
    pub subject: String,
    /// The correction or retraction of which it tells, where it is such an edition.
    pub corrects: Option<i64>,
    /// What it was made with.
    pub settings: Settings,
    /// What it prints.
    pub articles: Vec<Choice>,
    /// One rendering a language.
    pub variants: Vec<Variant>,
}

/// One article of an edition in one language.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The language of the variant.
    pub language: Language,
    /// The position, from 0.
    pub position: usize,
    /// The story.
    pub story: StoryId,
    /// The article.
    pub article: ArticleId,
    /// The revision of it.
    pub revision: i64,
}

const NEXT_NUMBER: &str = "SELECT CAST(COALESCE(MAX(number), 0) + 1 AS BIGINT) FROM editions WHERE newsletter = $1";

/// The number that the newsletter's next edition gets.
///
/// # Errors
/// What the database says.
pub async fn next_number(tx: &mut Tx, newsletter_id: i64) -> Result<i64, StoreError> {
    tx.q(NEXT_NUMBER).bind(newsletter_id).one().await?.get(0)
}

const STALE: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM json_each($1) r JOIN articles a ON a.id = r.value ->> 0 \
     WHERE a.revision <> CAST(r.value ->> 1 AS BIGINT) OR (a.withdrawn IS NOT NULL AND $3 = 0) \
     OR CASE WHEN CAST($2 AS BIGINT) IS NULL THEN a.public_seq IS NULL OR a.removed IS NOT NULL \
     ELSE a.due_at IS NULL OR a.due_at <> CAST($2 AS BIGINT) END";

/// Whether one of these articles has changed, or may not be shown any more, since it was chosen; with `advance`: whether it is
/// no longer under embargo until then; with `notice`: what is printed of a withdrawn one is that it is withdrawn.
///
/// # Errors
/// What the database says.
pub async fn is_stale(
    tx: &mut Tx,
    articles: &[Choice],
    notice: bool,
    advance: Option<Instant>,
) -> Result<bool, StoreError> {
    let rows: Vec<(String, i64)> = articles.iter().map(|c| (c.article.to_string(), c.revision)).collect();
    let until = advance.map(|at| at.timestamp_micros());
    Ok(tx
        .q(STALE)
        .bind(serde_json::to_string(&rows)?)
        .bind(until)
        .bind(i64::from(notice))
        .one()
        .await?
        .get::<i64>(0)?
        > 0)
}

const INSERT: &str = "INSERT INTO editions (newsletter, number, state, reason, made_by, slot_at, composed_at, start_at, \
     first, subject, settings, hash, needs, advance_until, corrects, audience_upto) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
     (SELECT COALESCE(MAX(id), 0) FROM subscribers)) RETURNING id";
const INSERT_ARTICLES: &str = "INSERT INTO edition_articles (edition, language, position, story, article, revision) \
     SELECT $1, r.value ->> 0, CAST(r.value ->> 1 AS BIGINT), r.value ->> 2, r.value ->> 3, \
     CAST(r.value ->> 4 AS BIGINT) FROM json_each($2) r";
const INSERT_VARIANTS: &str = "INSERT INTO edition_variants (edition, number, language, subject, rendering) \
     SELECT $1, CAST(r.value ->> 0 AS BIGINT), r.value ->> 1, r.value ->> 2, r.value ->> 3 FROM json_each($2) r";

/// What is printed where: language, position, story, article, revision.
type Line = (String, i64, String, String, i64);

/// SHA-256, hexadecimal, of everything that is frozen: what an approval is for.
fn digest(settings: &str, subject: &str, mut lines: Vec<Line>, variants: &[Variant]) -> Result<String, StoreError> {
    lines.sort();
    let renderings: Vec<_> =
        variants.iter().map(|v| (v.number, v.language.as_str(), &v.subject, &v.rendering)).collect();
    let whole = serde_json::to_vec(&(settings, subject, &lines, &renderings))?;
    Ok(data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, &whole).as_ref()))
}

const FROZEN: &str = "SELECT settings, subject FROM editions WHERE id = $1";

/// The hash of what stands in the store now; another one than the edition's own where somebody has changed it there.
///
/// # Errors
/// What the database says.
pub async fn digest_now(tx: &mut Tx, edition: i64) -> Result<String, StoreError> {
    let row = tx.q(FROZEN).bind(edition).one().await?;
    let (settings, subject): (String, String) = (row.get(0)?, row.get(1)?);
    let printed = super::printed(tx, edition).await?;
    let lines =
        printed.into_iter().map(|p| (p.language.as_str().to_owned(), p.position, p.story, p.article, p.revision));
    let lines = lines.collect();
    digest(&settings, &subject, lines, &super::variants(tx, edition).await?)
}

/// Writes an edition with what it prints and its renderings; its id.
///
/// # Errors
/// What the database says; a number that is taken is among it.
pub async fn insert(tx: &mut Tx, frozen: &Frozen) -> Result<i64, StoreError> {
    let settings = serde_json::to_string(&frozen.settings)?;
    let lines: Vec<Line> = frozen
        .articles
        .iter()
        .map(|c| {
            let position = i64::try_from(c.position).unwrap_or(i64::MAX);
            (c.language.as_str().to_owned(), position, c.story.to_string(), c.article.to_string(), c.revision)
        })
        .collect();
    let hash = digest(&settings, &frozen.subject, lines.clone(), &frozen.variants)?;
    let id: i64 = tx
        .q(INSERT)
        .bind(frozen.newsletter_id)
        .bind(frozen.number)
        .bind(frozen.state.word())
        .bind(frozen.reason.clone())
        .bind(frozen.made_by.as_str())
        .bind(frozen.slot_at.map(|at| at.timestamp_micros()))
        .bind(frozen.composed_at.timestamp_micros())
        .bind(frozen.start_at.timestamp_micros())
        .bind(i64::from(frozen.first))
        .bind(frozen.subject.as_str())
        .bind(settings)
        .bind(hash)
        .bind(frozen.needs)
        .bind(frozen.settings.advance.map(|at| at.timestamp_micros()))
        .bind(frozen.corrects)
        .one()
        .await?
        .get(0)?;
    tx.q(INSERT_ARTICLES).bind(id).bind(serde_json::to_string(&lines)?).execute().await?;
    let variants: Vec<_> =
        frozen.variants.iter().map(|v| (v.number, v.language.as_str(), &v.subject, &v.rendering)).collect();
    tx.q(INSERT_VARIANTS).bind(id).bind(serde_json::to_string(&variants)?).execute().await?;
    Ok(id)
}
