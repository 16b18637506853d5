//! Writing what was planned: revisions, articles, topics, origins and media, one statement each.

use std::collections::HashMap;

use super::plan::Plan;
use crate::article::{ArticleId, topic_id};
use crate::clock::Instant;
use crate::store::articles::{read_id, rows};
use crate::store::{StoreError, Tx};

const INSERT_REVISIONS: &str = "
    INSERT INTO revisions (article, number, kind, at, updated, hash, content)
    SELECT r.value ->> 0, CAST(r.value ->> 1 AS BIGINT), r.value ->> 2, CAST(r.value ->> 3 AS BIGINT),
        CAST(r.value ->> 4 AS BIGINT), r.value ->> 5, r.value ->> 6
    FROM json_each($1) r
    RETURNING id, article";
const UPSERT_ARTICLES: &str = "
    INSERT INTO articles (id, story, source, guid, slug, language, published, updated, due_at, removed, withdrawn,
        revision, first_seen)
    SELECT r.value ->> 0, r.value ->> 1, $2, r.value ->> 2, r.value ->> 3, r.value ->> 4,
        CAST(r.value ->> 5 AS BIGINT), CAST(r.value ->> 6 AS BIGINT), CAST(r.value ->> 7 AS BIGINT),
        CAST(r.value ->> 8 AS BIGINT), CAST(r.value ->> 9 AS BIGINT), CAST(r.value ->> 10 AS BIGINT), $3
    FROM json_each($1) r WHERE TRUE
    ON CONFLICT (id) DO UPDATE SET story = excluded.story, source = excluded.source, guid = excluded.guid,
        slug = excluded.slug, language = excluded.language, published = excluded.published,
        updated = excluded.updated, due_at = excluded.due_at, removed = excluded.removed,
        withdrawn = excluded.withdrawn, revision = excluded.revision";
// What an article was called leads to it, from the moment it is public.
const KEEP_FORMER: &str = "
    INSERT INTO former_slugs (language, slug, article)
    SELECT a.language, a.slug, a.id FROM json_each($1) r JOIN articles a ON a.id = r.value ->> 0
    WHERE a.slug <> r.value ->> 3 OR a.language <> r.value ->> 4
    ON CONFLICT (language, slug) DO UPDATE SET article = excluded.article";
const FORGET_TOPICS: &str = "DELETE FROM article_topics WHERE article IN (SELECT r.value ->> 0 FROM json_each($1) r)";
const INSERT_TOPICS: &str = "
    INSERT INTO article_topics (topic, article) SELECT r.value ->> 0, r.value ->> 1 FROM json_each($1) r WHERE TRUE
    ON CONFLICT DO NOTHING";
const INSERT_ORIGINS: &str = "
    INSERT INTO origins (source, key, article) SELECT $2, r.value ->> 0, r.value ->> 1 FROM json_each($1) r WHERE TRUE
    ON CONFLICT (source, key) DO UPDATE SET article = excluded.article WHERE origins.article <> excluded.article";
// Old revisions may still be read in a mail's web copy, so a file once used stays listed.
const INSERT_MEDIA: &str = "
    INSERT INTO media (name, article) SELECT r.value ->> 0, r.value ->> 1 FROM json_each($1) r WHERE TRUE
    ON CONFLICT DO NOTHING";

pub(super) async fn write(tx: &mut Tx, source: &str, plans: &mut [Plan<'_>], now: Instant) -> Result<(), StoreError> {
    let at = now.timestamp_micros();
    let fresh: Vec<_> = plans
        .iter()
        .filter_map(|p| {
            let (kind, number) = p.fresh?;
            Some((p.id, number, kind.word(), at, p.updated.timestamp_micros(), &p.hash, &p.content))
        })
        .collect();
    if !fresh.is_empty() {
        let ids: Vec<_> = fresh.iter().map(|row| row.0).collect();
        let mut numbers: HashMap<ArticleId, i64> = HashMap::new();
        for row in tx.q(INSERT_REVISIONS).bind(serde_json::to_string(&fresh)?).all().await? {
            numbers.insert(read_id(&row, 1)?, row.get(0)?);
        }
        let topics: Vec<_> = plans
            .iter()
            .filter(|p| p.fresh.is_some())
            .flat_map(|p| p.draft.content.topics.iter().map(|t| (topic_id(t), p.id)))
            .filter(|(topic, _)| !topic.is_empty())
            .collect();
        tx.q(FORGET_TOPICS).bind(rows(ids)?).execute().await?;
        tx.q(INSERT_TOPICS).bind(serde_json::to_string(&topics)?).execute().await?;
        for plan in plans.iter_mut() {
            plan.revision = numbers.get(&plan.id).copied().unwrap_or(plan.revision);
        }
    }
    let micros = |at: Option<Instant>| at.map(|at| at.timestamp_micros());
    let articles: Vec<_> = plans
        .iter()
        .filter(|p| p.differs)
        .map(|p| {
            (
                p.id,
                p.story,
                &p.guid,
                &p.slug,
                &p.draft.language,
                p.published.timestamp_micros(),
                p.updated.timestamp_micros(),
                micros(p.due_at),
                micros(p.removed),
                micros(p.withdrawn),
                p.revision,
            )
        })
        .collect();
    if !articles.is_empty() {
        let articles = serde_json::to_string(&articles)?;
        tx.q(KEEP_FORMER).bind(articles.as_str()).execute().await?;
        tx.q(UPSERT_ARTICLES).bind(articles).bind(source.to_owned()).bind(at).execute().await?;
    }
    let origins: Vec<_> = plans.iter().map(|p| (&p.draft.key, p.id)).collect();
    tx.q(INSERT_ORIGINS).bind(serde_json::to_string(&origins)?).bind(source.to_owned()).execute().await?;
    let media: Vec<_> = plans.iter().flat_map(|p| p.draft.media.iter().map(|name| (name, p.id))).collect();
    if !media.is_empty() {
        tx.q(INSERT_MEDIA).bind(serde_json::to_string(&media)?).execute().await?;
    }
    Ok(())
}
