//! What only one article may have: a feed id, and an address in its language.

use std::collections::HashMap;

use super::Remark;
use super::plan::Plan;
use crate::article::ArticleId;
use crate::store::articles::{read_id, rows};
use crate::store::{StoreError, Tx};

/// A slug without the number that made it unique.
pub(in crate::store::articles) fn numbered(slug: &str) -> &str {
    match slug.rsplit_once('-') {
        Some((base, tail)) if !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_hexdigit()) => base,
        _ => slug,
    }
}

const GUIDS: &str = "SELECT a.guid, a.id FROM json_each($1) g JOIN articles a ON a.guid = g.value ->> 0";

/// A feed id belongs to one article: whoever has it keeps it.
pub(super) async fn guids(tx: &mut Tx, plans: &mut [Plan<'_>]) -> Result<(), StoreError> {
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

pub(in crate::store::articles) const SLUGS: &str = "
    SELECT a.language, a.slug, a.id FROM json_each($1) k
    JOIN articles a ON a.language = k.value ->> 0 AND a.slug = k.value ->> 1";

/// Gives each article that may still choose a slug that no other of its language has.
pub(super) async fn slugs(tx: &mut Tx, plans: &mut [Plan<'_>]) -> Result<(), StoreError> {
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
pub(in crate::store::articles) fn candidate(slug: &str, attempt: usize, id: ArticleId) -> String {
    match attempt {
        1 => slug.to_owned(),
        10 => format!("{slug}-{}", id.0.simple()),
        n => format!("{slug}-{n}"),
    }
}
