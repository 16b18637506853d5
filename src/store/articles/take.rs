//! Taking in what a source read.
//!
//! 1. [`identify`]: whose text it is: the draft's own id, else its origin's, else one made from its key.
//! 2. [`load`]: what the store has of these articles.
//! 3. [`Plan::of`]: what becomes of each: no I/O, all the rules of time and identity.
//! 4. [`slugs`]: an address of its own for each that has none yet.
//! 5. [`write`]: revisions, articles, topics, origins and media, one statement each.

use std::collections::{HashMap, HashSet};

use ring::digest;

use super::{classify, read_id, read_instant, read_language, read_story, rows};
use crate::article::{ArticleId, Content, Draft, Language, Note, RevisionKind, StoryId, topic_id};
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx};

/// What taking in did to an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not known.
    New,
    /// Nothing that people see.
    Unchanged,
    /// It has a new revision, or something about it (its language, its being held back) is new.
    Revised(RevisionKind),
}

/// Where the store could not do as the draft says; a warning for those who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// Another article of this language has the slug: this one got a number.
    SlugTaken {
        /// What was asked for.
        asked: String,
    },
    /// It is public under its old address, and keeps that.
    SlugKept {
        /// What was asked for.
        asked: String,
    },
    /// Another article already has this feed id.
    GuidTaken {
        /// What was asked for.
        asked: String,
        /// Whose it is.
        by: ArticleId,
    },
    /// It is public under another feed id, and keeps that.
    GuidKept {
        /// What was asked for.
        asked: String,
    },
}

/// What became of one draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The article it is.
    pub article: ArticleId,
    /// What was done.
    pub change: Change,
    /// Its slug, which may differ from what the draft asked for.
    pub slug: String,
    /// What could not be done as asked.
    pub remarks: Vec<Remark>,
}

/// Takes in one draft: see [`take_in_all`].
///
/// # Errors
/// What the database says.
pub async fn take_in(tx: &mut Tx, source: &str, draft: &Draft, now: Instant) -> Result<Taken, StoreError> {
    let mut taken = take_in_all(tx, source, std::slice::from_ref(draft), now).await?;
    taken.pop().ok_or(StoreError::Missing("what was taken in"))
}

/// Takes in drafts of one source, a few statements for all of them; what became of each, in their order.
///
/// An article that is not public yet follows its file in everything. One that is keeps `published`, its
/// slug and its feed id for ever; its `updated` rises with every revision but a minor one. A draft, or an
/// embargo that is set anew, takes it out until then.
///
/// # Errors
/// What the database says.
pub async fn take_in_all(tx: &mut Tx, source: &str, drafts: &[Draft], now: Instant) -> Result<Vec<Taken>, StoreError> {
    let now = from_micros(now.timestamp_micros());
    let ids = identify(tx, source, drafts).await?;
    let mut all = Vec::with_capacity(drafts.len());
    let mut start = 0;
    while start < drafts.len() {
        // One article twice in a batch: the second is taken in after the first, not beside it.
        let mut seen = HashSet::new();
        let length = ids[start..].iter().take_while(|id| seen.insert(**id)).count();
        let (drafts, ids) = (&drafts[start..start + length], &ids[start..start + length]);
        all.extend(take_in_some(tx, source, drafts, ids, now).await?);
        start += length;
    }
    Ok(all)
}

async fn take_in_some(
    tx: &mut Tx,
    source: &str,
    drafts: &[Draft],
    ids: &[ArticleId],
    now: Instant,
) -> Result<Vec<Taken>, StoreError> {
    let known = load(tx, ids).await?;
    let mut plans = Vec::with_capacity(drafts.len());
    for (draft, id) in drafts.iter().zip(ids) {
        plans.push(Plan::of(source, draft, *id, known.get(id), now)?);
    }
    guids(tx, &mut plans).await?;
    slugs(tx, &mut plans).await?;
    write(tx, source, &mut plans, now).await?;
    Ok(plans.into_iter().map(Plan::taken).collect())
}

const ORIGINS: &str = "
    SELECT o.key, o.article FROM json_each($2) k JOIN origins o ON o.source = $1 AND o.key = k.value ->> 0";

async fn identify(tx: &mut Tx, source: &str, drafts: &[Draft]) -> Result<Vec<ArticleId>, StoreError> {
    let keys = rows(drafts.iter().filter(|d| d.id.is_none()).map(|d| &d.key))?;
    let mut known = HashMap::new();
    for row in tx.q(ORIGINS).bind(source.to_owned()).bind(keys).all().await? {
        known.insert(row.get::<String>(0)?, read_id(&row, 1)?);
    }
    Ok(drafts
        .iter()
        .map(|d| d.id.or_else(|| known.get(&d.key).copied()).unwrap_or_else(|| ArticleId::made_from(source, &d.key)))
        .collect())
}

/// What the store has of an article.
struct Known {
    story: StoryId,
    source: String,
    guid: Option<String>,
    slug: String,
    language: Language,
    published: Instant,
    updated: Instant,
    due_at: Option<Instant>,
    public: bool,
    removed: Option<Instant>,
    withdrawn: Option<Instant>,
    revision: i64,
    number: i64,
    hash: String,
    content: Content,
}

const LOAD: &str = "
    SELECT a.id, a.story, a.source, a.guid, a.slug, a.language, a.published, a.updated, a.due_at, a.public_seq, a.removed,
        a.withdrawn, a.revision, r.number, r.hash, r.content
    FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0 JOIN revisions r ON r.id = a.revision";

async fn load(tx: &mut Tx, ids: &[ArticleId]) -> Result<HashMap<ArticleId, Known>, StoreError> {
    let mut known = HashMap::new();
    for row in tx.q(LOAD).bind(rows(ids)?).all().await? {
        known.insert(
            read_id(&row, 0)?,
            Known {
                story: read_story(&row, 1)?,
                source: row.get(2)?,
                guid: row.get(3)?,
                slug: row.get(4)?,
                language: read_language(&row, 5)?,
                published: from_micros(row.get(6)?),
                updated: from_micros(row.get(7)?),
                due_at: read_instant(&row, 8)?,
                public: row.get::<Option<i64>>(9)?.is_some(),
                removed: read_instant(&row, 10)?,
                withdrawn: read_instant(&row, 11)?,
                revision: row.get(12)?,
                number: row.get(13)?,
                hash: row.get(14)?,
                content: serde_json::from_str(&row.get::<String>(15)?)?,
            },
        );
    }
    Ok(known)
}

/// What becomes of one article: the row as it will be.
struct Plan<'d> {
    draft: &'d Draft,
    id: ArticleId,
    story: StoryId,
    guid: Option<String>,
    slug: String,
    /// Whether the slug may still be chosen: it is new, or nobody has seen it.
    free_slug: bool,
    published: Instant,
    updated: Instant,
    due_at: Option<Instant>,
    removed: Option<Instant>,
    withdrawn: Option<Instant>,
    /// The revision to be written, with its number; `None` where the words are the same.
    fresh: Option<(RevisionKind, i64)>,
    revision: i64,
    hash: String,
    /// The content as JSON.
    content: String,
    change: Change,
    /// Whether the row of the article differs from what the store has.
    differs: bool,
    remarks: Vec<Remark>,
}

impl<'d> Plan<'d> {
    fn of(
        source: &str,
        draft: &'d Draft,
        id: ArticleId,
        known: Option<&Known>,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let mut content = draft.content.clone();
        date_notes(&mut content.corrections, known.map(|k| k.content.corrections.as_slice()).unwrap_or_default(), now);
        let json = serde_json::to_string(&content)?;
        let hash = data_encoding::HEXLOWER.encode(&digest::digest(&digest::SHA256, json.as_bytes()).as_ref()[..16]);
        let named = draft.translation_key.as_deref().map(|key| StoryId::made_from(source, key));
        let story = draft.story.or(named).or(known.map(|k| k.story)).unwrap_or(StoryId(id.0));
        let withdrawn = content.withdrawn.as_ref().map(|_| known.and_then(|k| k.withdrawn).unwrap_or(now));
        let mut plan = Plan {
            draft,
            id,
            story,
            guid: draft.guid.clone(),
            slug: draft.slug.clone(),
            free_slug: true,
            published: published(draft, known, now),
            updated: now,
            due_at: None,
            removed: None,
            withdrawn,
            fresh: None,
            revision: 0,
            hash,
            content: json,
            change: Change::New,
            differs: true,
            remarks: Vec::new(),
        };
        match known {
            Some(known) if known.public => plan.of_public(known, &content, now),
            known => plan.of_unseen(known, now),
        }
        if let Some(known) = known {
            plan.differs = plan.differs_from(source, known);
            if plan.fresh.is_none() {
                plan.change = if plan.differs { Change::Revised(RevisionKind::Minor) } else { Change::Unchanged };
            }
        }
        Ok(plan)
    }

    /// One that nobody has seen yet follows its file in everything.
    fn of_unseen(&mut self, known: Option<&Known>, now: Instant) {
        self.updated = self.draft.updated.filter(|u| *u > self.published && *u <= now).unwrap_or(self.published);
        if !self.draft.draft {
            self.due_at = Some(now.max(self.published).max(self.draft.embargo.unwrap_or(now)));
            // What was due and is not released yet stays due since then: the order of the sequence.
            if let Some(since) = known.and_then(|k| k.due_at).filter(|since| *since <= now && self.due_at == Some(now))
            {
                self.due_at = Some(since);
            }
        }
        match known {
            Some(known) if known.hash == self.hash => self.revision = known.revision,
            Some(known) => {
                self.fresh = Some((RevisionKind::First, known.number + 1));
                self.change = Change::Revised(RevisionKind::First);
            }
            None => self.fresh = Some((RevisionKind::First, 1)),
        }
    }

    /// One that is public, or was, keeps what people rely on.
    fn of_public(&mut self, known: &Known, content: &Content, now: Instant) {
        self.published = known.published;
        self.updated = known.updated;
        self.free_slug = known.language != self.draft.language;
        if self.slug != known.slug && numbered(&known.slug) != self.slug {
            self.remarks.push(Remark::SlugKept { asked: self.slug.clone() });
        }
        self.slug.clone_from(&known.slug);
        if known.guid != self.guid {
            if let Some(asked) = self.guid.take() {
                self.remarks.push(Remark::GuidKept { asked });
            }
            self.guid.clone_from(&known.guid);
        }
        let until = self.draft.embargo.filter(|e| *e > now);
        if self.draft.draft || until.is_some() {
            self.removed = known.removed.or(Some(now));
            self.due_at = if self.draft.draft { None } else { until };
        } else if known.removed.is_some() {
            self.removed = known.removed;
            self.due_at = Some(known.due_at.filter(|d| *d <= now).unwrap_or(now));
        }
        self.revision = known.revision;
        let said = self.draft.updated.filter(|u| *u > known.updated && *u > known.published && *u <= now);
        let mut kind = match (known.hash == self.hash, said) {
            (true, None) => return,
            (true, Some(_)) => RevisionKind::Update,
            (false, _) => classify::kind(&known.content, content),
        };
        if kind == RevisionKind::Minor && said.is_some() {
            kind = RevisionKind::Update;
        }
        if kind != RevisionKind::Minor {
            self.updated = said.unwrap_or(now).max(known.updated);
        }
        self.fresh = Some((kind, known.number + 1));
        self.change = Change::Revised(kind);
    }

    fn differs_from(&self, source: &str, known: &Known) -> bool {
        self.fresh.is_some()
            || self.story != known.story
            || source != known.source
            || self.guid != known.guid
            || self.draft.language != known.language
            || (self.free_slug && self.slug != known.slug)
            || self.published != known.published
            || self.updated != known.updated
            || self.due_at != known.due_at
            || self.removed != known.removed
            || self.withdrawn != known.withdrawn
    }

    fn taken(self) -> Taken {
        Taken { article: self.id, change: self.change, slug: self.slug, remarks: self.remarks }
    }
}

/// When it is published: as it says, else when it was first seen ready; an embargo that ends later says more.
fn published(draft: &Draft, known: Option<&Known>, now: Instant) -> Instant {
    let ready_before = known.filter(|k| k.public || k.due_at.is_some()).map(|k| k.published);
    let date = draft.published.or(ready_before).unwrap_or(now);
    from_micros(draft.embargo.map_or(date, |embargo| embargo.max(date)).timestamp_micros())
}

/// Gives notes without a time the one they were first seen with.
fn date_notes(notes: &mut [Note], known: &[Note], now: Instant) {
    for note in notes.iter_mut().filter(|n| n.at == Note::UNDATED) {
        note.at = known.iter().find(|k| k.text() == note.text()).map_or(now, |k| k.at);
    }
    notes.sort_by_key(|note| std::cmp::Reverse(note.at));
}

/// A slug without the number that made it unique.
fn numbered(slug: &str) -> &str {
    match slug.rsplit_once('-') {
        Some((base, tail)) if !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_hexdigit()) => base,
        _ => slug,
    }
}

const GUIDS: &str = "SELECT a.guid, a.id FROM json_each($1) g JOIN articles a ON a.guid = g.value ->> 0";

/// A feed id belongs to one article: whoever has it keeps it.
async fn guids(tx: &mut Tx, plans: &mut [Plan<'_>]) -> Result<(), StoreError> {
    let wanted = rows(plans.iter().filter_map(|p| p.guid.as_ref()))?;
    if wanted == "[]" {
        return Ok(());
    }
    let mut owners: HashMap<String, ArticleId> = HashMap::new();
    for row in tx.q(GUIDS).bind(wanted).all().await? {
        owners.insert(row.get(0)?, read_id(&row, 1)?);
    }
    for plan in plans {
        let Some(guid) = plan.guid.clone() else { continue };
        let owner = *owners.entry(guid.clone()).or_insert(plan.id);
        if owner != plan.id {
            plan.guid = None;
            plan.remarks.push(Remark::GuidTaken { asked: guid, by: owner });
        }
    }
    Ok(())
}

const SLUGS: &str = "
    SELECT a.language, a.slug, a.id FROM json_each($1) k
    JOIN articles a ON a.language = k.value ->> 0 AND a.slug = k.value ->> 1";

/// Gives each article that may still choose a slug that no other of its language has.
async fn slugs(tx: &mut Tx, plans: &mut [Plan<'_>]) -> Result<(), StoreError> {
    let mut owners: HashMap<(String, String), ArticleId> = HashMap::new();
    for attempt in 1..=10 {
        let mut asked: Vec<(String, String)> = Vec::new();
        for plan in plans.iter().filter(|p| p.free_slug) {
            let slug = candidate(&plan.draft_slug(), attempt, plan.id);
            let pair = (plan.draft.language.to_string(), slug);
            if !owners.contains_key(&pair) {
                asked.push(pair);
            }
        }
        if asked.is_empty() && plans.iter().all(|p| !p.free_slug) {
            break;
        }
        for row in tx.q(SLUGS).bind(serde_json::to_string(&asked)?).all().await? {
            owners.insert((row.get(0)?, row.get(1)?), read_id(&row, 2)?);
        }
        for plan in plans.iter_mut().filter(|p| p.free_slug) {
            let asked = plan.draft_slug();
            let slug = candidate(&asked, attempt, plan.id);
            let pair = (plan.draft.language.to_string(), slug.clone());
            if *owners.entry(pair).or_insert(plan.id) == plan.id {
                plan.slug = slug;
                plan.free_slug = false;
                if plan.slug != asked {
                    plan.remarks.push(Remark::SlugTaken { asked });
                }
            }
        }
    }
    Ok(())
}

impl Plan<'_> {
    /// What it would like to be called: for one whose language changed, what it was called before.
    fn draft_slug(&self) -> String {
        if self.slug.is_empty() { self.id.to_string() } else { self.slug.clone() }
    }
}

/// The first attempt is the slug itself, then `-2`, `-3` …; the last one cannot be taken by another.
fn candidate(slug: &str, attempt: usize, id: ArticleId) -> String {
    match attempt {
        1 => slug.to_owned(),
        10 => format!("{slug}-{}", id.0.simple()),
        n => format!("{slug}-{n}"),
    }
}

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

async fn write(tx: &mut Tx, source: &str, plans: &mut [Plan<'_>], now: Instant) -> Result<(), StoreError> {
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
        tx.q(UPSERT_ARTICLES)
            .bind(serde_json::to_string(&articles)?)
            .bind(source.to_owned())
            .bind(at)
            .execute()
            .await?;
    }
    let origins: Vec<_> = plans.iter().map(|p| (&p.draft.key, p.id)).collect();
    tx.q(INSERT_ORIGINS).bind(serde_json::to_string(&origins)?).bind(source.to_owned()).execute().await?;
    let media: Vec<_> = plans.iter().flat_map(|p| p.draft.media.iter().map(|name| (name, p.id))).collect();
    if !media.is_empty() {
        tx.q(INSERT_MEDIA).bind(serde_json::to_string(&media)?).execute().await?;
    }
    Ok(())
}
