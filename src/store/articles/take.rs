//! Taking in what a source read.
//!
//! 1. [`identify`]: whose text it is: the draft's own id, else its origin's, else one made from its key.
//! 2. [`plan`]: what the store has of these articles, and what becomes of each.
//! 3. [`unique`]: an address of its own for each that has none yet.
//! 4. [`write`]: revisions, articles, topics, origins and media, one statement each.
//! 5. [`stories::join`]: which of them tell one story.
//! 6. [`scripts::follow`]: their versions in another script, in step with them.

pub(super) mod plan;
pub(super) mod unique;
mod write;

use std::collections::HashSet;

use plan::Plan;

use super::{scripts, stories};
use crate::article::{ArticleId, Draft, RevisionKind};
use crate::clock::{Instant, from_micros};
use crate::store::{StoreError, Tx, files};

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
    /// The story it asks for has another article in its language: it tells a story of its own.
    StoryTaken {
        /// Which article that is.
        by: ArticleId,
    },
    /// Nothing of it may be kept, by an order: nothing is taken in.
    Expunged,
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
    let known = plan::load(tx, ids).await?;
    let expunged = |id: &ArticleId| known.get(id).filter(|known| known.is_expunged());
    let mut plans = Vec::with_capacity(drafts.len());
    for (draft, id) in drafts.iter().zip(ids).filter(|(_, id)| expunged(id).is_none()) {
        plans.push(Plan::of(source, draft, *id, known.get(id), now)?);
    }
    unique::guids(tx, &mut plans).await?;
    unique::slugs(tx, &mut plans).await?;
    write::write(tx, source, &mut plans, now).await?;
    let told: Vec<_> = plans.iter().map(|p| (p.id, p.draft, p.other_language)).collect();
    let joined = stories::join(tx, source, &told).await?;
    let wishes: Vec<_> = plans.iter().map(|plan| (plan.id, plan.draft)).collect();
    scripts::wish(tx, &wishes).await?;
    let freed = scripts::follow(tx, ids, &joined.before, now).await?;
    let mut taken = plans.into_iter().map(Plan::taken);
    let all = ids.iter().filter_map(|id| match expunged(id) {
        Some(known) => Some(Taken {
            article: *id,
            change: Change::Unchanged,
            slug: known.slug().to_owned(),
            remarks: vec![Remark::Expunged],
        }),
        None => taken.next(),
    });
    let mut all: Vec<Taken> = all.collect();
    for taken in &mut all {
        if taken.change == Change::Unchanged && joined.moved.contains(&taken.article) {
            taken.change = Change::Revised(RevisionKind::Minor);
        }
        if let Some((_, slug)) = freed.iter().find(|(id, _)| *id == taken.article) {
            taken.slug.clone_from(slug);
            taken.remarks.retain(|remark| !matches!(remark, Remark::SlugTaken { .. }));
        }
        let apart = joined.apart.iter().find(|apart| apart.article == taken.article);
        taken.remarks.extend(apart.map(|apart| Remark::StoryTaken { by: apart.from }));
    }
    Ok(all)
}

async fn identify(tx: &mut Tx, source: &str, drafts: &[Draft]) -> Result<Vec<ArticleId>, StoreError> {
    let keys: Vec<&str> = drafts.iter().filter(|d| d.id.is_none()).map(|d| d.key.as_str()).collect();
    let known = files::origins(tx, source, &keys).await?;
    Ok(drafts
        .iter()
        .map(|d| d.id.or_else(|| known.get(&d.key).copied()).unwrap_or_else(|| ArticleId::made_from(source, &d.key)))
        .collect())
}
