//! What becomes of each draft: no I/O but [`load`], all the rules of time and identity.

use std::collections::HashMap;

use ring::digest;

use super::unique::numbered;
use super::{Change, Remark, Taken};
use crate::article::{ArticleId, Content, Decided, Draft, Language, Note, RevisionKind, StoryId};
use crate::clock::{Instant, from_micros};
use crate::store::articles::{classify, decided_of, read_id, read_instant, read_language, read_story, rows};
use crate::store::{StoreError, Tx};

/// What the store has of an article.
pub(super) struct Known {
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
    decided: Decided,
    expunged: bool,
}

impl Known {
    /// Whether nothing of it is kept any more, and nothing is to be taken in.
    pub(super) fn is_expunged(&self) -> bool {
        self.expunged
    }

    /// Its slug.
    pub(super) fn slug(&self) -> &str {
        &self.slug
    }
}

const LOAD: &str = "
    SELECT a.id, a.story, a.source, a.guid, a.slug, a.language, a.published, a.updated, a.due_at, a.public_seq, a.removed,
        a.withdrawn, a.revision, r.number, r.hash, r.content, a.decided, a.expunged
    FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0 JOIN revisions r ON r.id = a.revision";

pub(super) async fn load(tx: &mut Tx, ids: &[ArticleId]) -> Result<HashMap<ArticleId, Known>, StoreError> {
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
                decided: decided_of(&row, 16)?,
                expunged: row.get::<Option<i64>>(17)?.is_some(),
            },
        );
    }
    Ok(known)
}

/// What becomes of one article: the row as it will be.
pub(super) struct Plan<'d> {
    pub(super) draft: &'d Draft,
    pub(super) id: ArticleId,
    pub(super) story: StoryId,
    /// Whether it had another language before.
    pub(super) other_language: bool,
    pub(super) guid: Option<String>,
    pub(super) slug: String,
    /// Whether the slug may still be chosen: it is new, or nobody has seen it.
    pub(super) free_slug: bool,
    pub(super) published: Instant,
    pub(super) updated: Instant,
    pub(super) due_at: Option<Instant>,
    pub(super) removed: Option<Instant>,
    pub(super) withdrawn: Option<Instant>,
    /// The revision to be written, with its number; `None` where the words are the same.
    pub(super) fresh: Option<(RevisionKind, i64)>,
    pub(super) revision: i64,
    pub(super) hash: String,
    /// The content as JSON.
    pub(super) content: String,
    pub(super) change: Change,
    /// Whether the row of the article differs from what the store has.
    pub(super) differs: bool,
    pub(super) remarks: Vec<Remark>,
}

impl<'d> Plan<'d> {
    pub(super) fn of(
        source: &str,
        draft: &'d Draft,
        id: ArticleId,
        known: Option<&Known>,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let mut content = draft.content.clone();
        date_notes(&mut content.corrections, known.map(|k| k.content.corrections.as_slice()).unwrap_or_default(), now);
        date_notes(&mut content.updates, known.map(|k| k.content.updates.as_slice()).unwrap_or_default(), now);
        // What staff decided stands over what the source says.
        known.inspect(|known| known.decided.lay_over(&mut content));
        let json = serde_json::to_string(&content)?;
        let hash = hash(&json);
        // A story of its own until `stories::join` finds out whom it shares it with.
        let story = known.map_or(StoryId(id.0), |k| k.story);
        let withdrawn = content.withdrawn.as_ref().map(|_| known.and_then(|k| k.withdrawn).unwrap_or(now));
        let mut plan = Plan {
            draft,
            id,
            story,
            other_language: known.is_some_and(|k| k.language != draft.language),
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
        let until = self.draft.embargo.filter(|e| *e > now && !known.decided.lifts(*e));
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
        if matches!(kind, RevisionKind::Minor | RevisionKind::Update) && said.is_none() {
            kind = self.draft.change.unwrap_or(kind);
        }
        if kind != RevisionKind::Minor {
            self.updated = said.unwrap_or(now).max(known.updated);
        }
        self.fresh = Some((kind, known.number + 1));
        self.change = Change::Revised(kind);
    }

    fn differs_from(&self, source: &str, known: &Known) -> bool {
        self.fresh.is_some()
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

    pub(super) fn taken(self) -> Taken {
        Taken { article: self.id, change: self.change, slug: self.slug, remarks: self.remarks }
    }
}

/// What tells one content from another.
pub(in crate::store::articles) fn hash(json: &str) -> String {
    data_encoding::HEXLOWER.encode(&digest::digest(&digest::SHA256, json.as_bytes()).as_ref()[..16])
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
