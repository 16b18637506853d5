//! What the law has removed: of the article stay its id, the times and the decision (DESIGN, part 4).
//!
//! 1. [`look`] says what there is of it.
//! 2. [`expunge`] takes text, pictures, topics and address out of the article, its revisions, and of the editions that printed
//!    it the blocks that held it ([`Parts::strike`]). SQLite overwrites what is erased; [`crate::store::Store::scrub`] then
//!    empties the log of changes.

use ring::digest;

use super::{ArticleId, rows};
use crate::article::{Content, Language};
use crate::mail::Parts;
use crate::store::acts::{self, Act};
use crate::store::articles::desk::{self, Hand, Standing};
use crate::store::editions::Settings;
use crate::store::{StoreError, Tx, search};

/// What there is of an article.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Remains {
    /// Its states.
    pub revisions: i64,
    /// Editions that printed it.
    pub editions: i64,
    /// Copies of these that were sent.
    pub copies: i64,
    /// Files of `[site] media` that no other article shows.
    pub media: Vec<String>,
}

const COUNTS: &str = "
    SELECT CAST(COUNT(*) AS BIGINT),
        (SELECT CAST(COUNT(DISTINCT ea.edition) AS BIGINT) FROM articles a JOIN edition_articles ea ON ea.story = a.story
         WHERE a.id = $1 AND ea.article = a.id)
    FROM revisions WHERE article = $1";
const COPIES: &str = "
    SELECT CAST(COALESCE(SUM(e.recipients), 0) AS BIGINT) FROM editions e WHERE e.state <> 'cancelled' AND e.id IN
        (SELECT ea.edition FROM articles a JOIN edition_articles ea ON ea.story = a.story WHERE a.id = $1 AND ea.article = a.id)";
const OWN_MEDIA: &str = "
    SELECT m.name FROM json_each($1) k JOIN media m ON m.article = k.value ->> 0
    WHERE NOT EXISTS (SELECT 1 FROM media o WHERE o.name = m.name AND o.article <> m.article) ORDER BY m.name";

/// What there is of it.
///
/// # Errors
/// What the database says.
pub async fn look(tx: &mut Tx, article: ArticleId) -> Result<Remains, StoreError> {
    let row = tx.q(COUNTS).bind(article.to_string()).one().await?;
    let copies = tx.q(COPIES).bind(article.to_string()).one().await?.get(0)?;
    let media = tx.q(OWN_MEDIA).bind(rows([article])?).all().await?;
    let media = media.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    Ok(Remains { revisions: row.get(0)?, editions: row.get(1)?, copies, media })
}

/// What stands in the place of the slug of an article that is no more: by it the old address is known, and not read.
pub(super) fn gone_slug(language: &Language, slug: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("{language}\0{slug}").as_bytes());
    format!("gone-{}", &data_encoding::HEXLOWER.encode(digest.as_ref())[..32])
}

const ARTICLE: &str = "
    UPDATE articles SET slug = $2, expunged = $3, removed = $3, due_at = NULL, withdrawn = COALESCE(withdrawn, $3),
        decided = NULL
    WHERE id = $1";
const REVISIONS: &str = "UPDATE revisions SET content = '{}', hash = '' WHERE article = $1";
const FORGET: [&str; 4] = [
    "DELETE FROM article_topics WHERE article = $1",
    "DELETE FROM media WHERE article = $1",
    "DELETE FROM ties WHERE article = $1",
    "DELETE FROM former_slugs WHERE article = $1",
];
const FAULTS: &str = "UPDATE files SET faults = NULL, uses = NULL WHERE article = $1";
const UNMADE: &str = "DELETE FROM scripts WHERE original = $1";
// What was said of it in the log may hold its words or its address.
const WHY: &str = "UPDATE acts SET why = NULL WHERE article = $1";
const REASONS: [&str; 3] = [
    "UPDATE editions SET reason = REPLACE(reason, $1, $2) WHERE reason LIKE '%' || $1 || '%'",
    "UPDATE acts SET why = REPLACE(why, $1, $2) WHERE why LIKE '%' || $1 || '%'",
    "UPDATE alarms SET words = REPLACE(words, $1, $2) WHERE words LIKE '%' || $1 || '%'",
];

/// Removes it, with the version that is made from it in another script. What of its pictures no other article shows is named in
/// [`look`]'s answer: the files are the caller's to erase.
///
/// # Errors
/// What the database says.
pub async fn expunge(tx: &mut Tx, at: &Standing, order: &str, hand: &Hand<'_>) -> Result<(), StoreError> {
    if let Some(made) = desk::made_from(tx, at.article).await?
        && let Some(made) = desk::standing(tx, made).await?
    {
        one(tx, &made, order, hand).await?;
        tx.q(UNMADE).bind(at.article.to_string()).execute().await?;
    }
    one(tx, at, order, hand).await
}

/// After that: takes its words out of the search too, now and not when it is next looked at.
///
/// # Errors
/// What the database says.
pub async fn forget_words(tx: &mut Tx) -> Result<(), StoreError> {
    while search::index_some(tx).await? > 0 {}
    search::optimise(tx).await
}

async fn one(tx: &mut Tx, at: &Standing, order: &str, hand: &Hand<'_>) -> Result<(), StoreError> {
    let id = at.article.to_string();
    let mut traces = traces(at);
    for revision in super::history::states(tx, at.article).await? {
        traces.extend(words_of(&revision.revision.content));
    }
    traces.sort_unstable();
    traces.dedup();
    editions(tx, at, &traces).await?;
    tx.q(REVISIONS).bind(id.clone()).execute().await?;
    for statement in FORGET {
        tx.q(statement).bind(id.clone()).execute().await?;
    }
    tx.q(FAULTS).bind(id.clone()).execute().await?;
    tx.q(WHY).bind(id.clone()).execute().await?;
    let gone = gone_slug(&at.language, &at.slug);
    if at.slug.len() > 3 {
        for statement in REASONS {
            tx.q(statement).bind(at.slug.clone()).bind(gone.clone()).execute().await?;
        }
    }
    tx.q(ARTICLE).bind(id).bind(gone).bind(hand.now.timestamp_micros()).execute().await?;
    let (at_, who, what) = (hand.now, hand.who.to_owned(), "removed it for good".to_owned());
    acts::note_article(tx, at.article, &Act { at: at_, who, what, why: Some(order.to_owned()) }).await
}

/// By what the article is known in a text that it should no longer stand in.
fn traces(at: &Standing) -> Vec<String> {
    let mut traces = words_of(&at.content);
    traces.push(format!("/articles/{}", at.slug));
    traces
}

/// The headline; and the summary, where it is long enough to be told from others.
fn words_of(content: &Content) -> Vec<String> {
    let wanted = [(&content.title, 4), (&content.summary, 20)];
    wanted.into_iter().filter(|(text, least)| text.chars().count() >= *least).map(|(text, _)| text.clone()).collect()
}

const PRINTED: &str = "
    SELECT DISTINCT ea.edition FROM articles a JOIN edition_articles ea ON ea.story = a.story WHERE a.id = $1 AND ea.article = a.id";
const POSITIONS: &str = "
    SELECT v.number, v.language, v.subject, v.rendering, ea.position FROM edition_variants v
    JOIN edition_articles ea ON ea.edition = v.edition AND ea.language = v.language
    WHERE v.edition = $1 AND ea.article = $2";
const VARIANT: &str = "UPDATE edition_variants SET subject = $3, rendering = $4 WHERE edition = $1 AND number = $2";
const SETTINGS: &str = "SELECT subject, settings FROM editions WHERE id = $1";
const EDITION: &str = "UPDATE editions SET subject = $2, findings = '[]' WHERE id = $1";

/// Takes it out of the renderings of the editions that printed it, one at a time: each is as large as a mail.
async fn editions(tx: &mut Tx, at: &Standing, traces: &[String]) -> Result<(), StoreError> {
    for row in tx.q(PRINTED).bind(at.article.to_string()).all().await? {
        let edition: i64 = row.get(0)?;
        let row = tx.q(SETTINGS).bind(edition).one().await?;
        let settings: Settings = serde_json::from_str(&row.get::<String>(1)?)?;
        let title = |language: &str| {
            let own = settings.title.iter().find(|(known, _)| known.as_str() == language).map(|(_, title)| title);
            own.or(settings.title.values().next()).cloned().unwrap_or_else(|| settings.newsletter.clone())
        };
        let variants = tx.q(POSITIONS).bind(edition).bind(at.article.to_string()).all().await?;
        for variant in variants {
            let (number, language, subject): (i64, String, String) =
                (variant.get(0)?, variant.get(1)?, variant.get(2)?);
            let mut parts: Parts = serde_json::from_str(&variant.get::<String>(3)?)?;
            let position = u8::try_from(variant.get::<i64>(4)?).unwrap_or(u8::MAX);
            parts.strike(position, &title(&language), traces);
            let subject = if Parts::names(&subject, traces) { title(&language) } else { subject };
            let query = tx.q(VARIANT).bind(edition).bind(number).bind(subject);
            query.bind(serde_json::to_string(&parts)?).execute().await?;
        }
        let subject: String = row.get(0)?;
        let subject = if Parts::names(&subject, traces) { title("") } else { subject };
        tx.q(EDITION).bind(edition).bind(subject).execute().await?;
    }
    Ok(())
}
