//! The topics that get a feed without configuration, and those feeds' rows. A topic that has its feed keeps it, so that
//! nobody's subscription ends because another topic became commoner.

use super::{language, rows, uuid};
use crate::article::{ArticleId, Language, topic_id};
use crate::store::{StoreError, Tx, articles};

/// A topic in a language, with the label that the newsroom writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The language.
    pub language: Language,
    /// The topic's id.
    pub topic: String,
    /// As an article has it.
    pub label: String,
}

const NOTED: &str = "
    SELECT a.language, t.topic, MIN(a.id) FROM (SELECT DISTINCT story FROM feed_changes) c
    CROSS JOIN articles a CROSS JOIN article_topics t
    WHERE a.story = c.story AND a.public_seq IS NOT NULL AND a.removed IS NULL AND t.article = a.id
    GROUP BY a.language, t.topic ORDER BY COUNT(*) DESC, a.language, t.topic";

/// The topics of articles that are noted as changed, the commonest first, without those of `but`.
///
/// # Errors
/// What the database says.
pub async fn topics_noted(tx: &mut Tx, but: &[(Language, String)]) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for row in tx.q(NOTED).all().await? {
        let (language, topic) = (language(&row, 0)?, row.get::<String>(1)?);
        if !but.iter().any(|(l, t)| *l == language && *t == topic) {
            found.push((language, topic, ArticleId(uuid(&row, 2)?)));
        }
    }
    labelled(tx, found).await
}

const ONE_OF: &str = "
    SELECT t.topic, MIN(a.id) FROM json_each($1) k CROSS JOIN article_topics t CROSS JOIN articles a
    WHERE t.topic = k.value ->> 0 AND a.id = t.article AND a.language = $2 AND a.public_seq IS NOT NULL AND a.removed IS NULL
    GROUP BY t.topic";

/// The `most` commonest topics of what is public in a language. This reads every article: it is for the first time.
///
/// # Errors
/// What the database says.
pub async fn topics_public(tx: &mut Tx, language: &Language, most: usize) -> Result<Vec<Found>, StoreError> {
    let topics = articles::topics(tx, language).await?;
    let topics: Vec<String> = topics.into_iter().take(most).map(|(topic, _)| topic).collect();
    let mut found = Vec::with_capacity(topics.len());
    for row in tx.q(ONE_OF).bind(rows(&topics)?).bind(language.as_str().to_owned()).all().await? {
        found.push((language.clone(), row.get(0)?, ArticleId(uuid(&row, 1)?)));
    }
    // The commonest first.
    found.sort_by_key(|(_, topic, _): &(Language, String, ArticleId)| topics.iter().position(|t| t == topic));
    labelled(tx, found).await
}

const LABELS: (&str, &str) = (
    "SELECT a.id, r.content ->> 'topics' FROM json_each($1) k CROSS JOIN articles a JOIN revisions r ON r.id = a.revision
     WHERE a.id = k.value ->> 0",
    "SELECT a.id, CAST(r.content AS jsonb) ->> 'topics' FROM json_each($1) k CROSS JOIN articles a JOIN revisions r ON r.id = a.revision
     WHERE a.id = k.value ->> 0",
);

async fn labelled(tx: &mut Tx, found: Vec<(Language, String, ArticleId)>) -> Result<Vec<Found>, StoreError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows(found.iter().map(|(_, _, article)| article))?;
    let mut labels: Vec<(ArticleId, Vec<String>)> = Vec::new();
    for row in tx.either(LABELS.0, LABELS.1).bind(ids).all().await? {
        let written: Option<String> = row.get(1)?;
        labels.push((ArticleId(uuid(&row, 0)?), serde_json::from_str(&written.unwrap_or_else(|| "[]".to_owned()))?));
    }
    let label = |topic: &str, article: ArticleId| {
        let of = labels.iter().filter(|(id, _)| *id == article).flat_map(|(_, labels)| labels);
        of.into_iter().find(|label| topic_id(label) == topic).cloned()
    };
    let found = found.into_iter().map(|(language, topic, article)| {
        let label = label(&topic, article).unwrap_or_else(|| topic.clone());
        Found { language, topic, label }
    });
    Ok(found.collect())
}

const OFFER: &str = "
    INSERT INTO feeds (name, topic) SELECT r.value ->> 0, r.value ->> 1 FROM json_each($1) r WHERE TRUE
    ON CONFLICT (name) DO UPDATE SET topic = COALESCE(feeds.topic, excluded.topic)";

/// Writes down that there are feeds of these names for topics: what each is for comes back as
/// [`super::Standing::topic`]. What a name was for stays.
///
/// # Errors
/// What the database says.
pub async fn offer(tx: &mut Tx, feeds: &[(String, String)]) -> Result<(), StoreError> {
    tx.q(OFFER).bind(serde_json::to_string(feeds)?).execute().await?;
    Ok(())
}
