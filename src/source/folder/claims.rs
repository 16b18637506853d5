//! Whose text a file is, where more than one thing says so: an id that two files bring, one that was added to an article
//! which people know already, and a new file where another one used to lie.

use std::collections::{HashMap, HashSet};

use crate::article::{ArticleId, Fault};
use crate::store::files::{self, File};
use crate::store::{StoreError, Tx, articles};

/// An id in the front matter of a file.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The id.
    pub(super) id: ArticleId,
    /// The file.
    pub(super) key: String,
    /// The line that says so.
    pub(super) line: Option<usize>,
    /// What it says.
    pub(super) said: String,
}

/// What became of the claims of the files about to be read.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Files whose id is another's, with that one.
    pub(super) refused: HashMap<String, (Claim, Holder)>,
    /// Files that stay the article they were, whatever id they bring now.
    pub(super) kept: HashMap<String, ArticleId>,
    /// Articles that nobody has seen, whose file brings another id now.
    pub(super) left: Vec<ArticleId>,
    /// New files that lie where another article's used to lie, with an id of their own.
    pub(super) apart: HashMap<String, ArticleId>,
}

/// The file that has an id.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) key: String,
    pub(super) line: Option<usize>,
}

/// Of several claims to one id the first stands, unless a file that `holds` it already is among them, or needs no look.
pub(super) fn doubled(claims: &[Claim], holds: &HashMap<ArticleId, Holder>) -> HashMap<String, (Claim, Holder)> {
    let mut first: HashMap<ArticleId, Holder> = holds.clone();
    for claim in claims {
        let holder = first.entry(claim.id).or_insert_with(|| Holder { key: claim.key.clone(), line: claim.line });
        if holder.key == claim.key {
            holder.line = claim.line;
        }
    }
    let lost = claims.iter().filter_map(|claim| {
        let holder = first.get(&claim.id).filter(|holder| holder.key != claim.key)?;
        Some((claim.key.clone(), (claim.clone(), holder.clone())))
    });
    lost.collect()
}

/// What is wrong with a file whose id another one has.
pub(super) fn fault(claim: &Claim, holder: &Holder) -> Fault {
    let at = holder.line.map_or_else(|| holder.key.clone(), |line| format!("{}:{line}", holder.key));
    let reason =
        format!("the id “{}” is that of {at} already; give one of the two another id, or take one away", claim.said);
    Fault { file: claim.key.clone(), line: claim.line, reason, fatal: true }
}

/// What is said where an id was added to what people know under another one.
pub(super) fn kept(claim: &Claim, id: ArticleId) -> Fault {
    let reason = format!(
        "readers know this article as {id}, and it stays that; the id “{}” is not taken up: write `id: {id}`, or none",
        claim.said
    );
    Fault { file: claim.key.clone(), line: claim.line, reason, fatal: false }
}

/// Settles the claims of the files about to be read. `changed`: these files; `new`: those of them that were not there
/// before; `moved`: those that are another one under a new name, and whose article it is; `gone`: files that are there no more.
pub(super) async fn settle(
    tx: &mut Tx,
    source: &str,
    claims: &[Claim],
    (changed, new): (&HashSet<&str>, &[&str]),
    moved: &HashMap<String, ArticleId>,
    gone: &[File],
) -> Result<Settled, StoreError> {
    let named: HashSet<ArticleId> = gone.iter().filter(|file| file.named).filter_map(|file| file.article).collect();
    let gone: HashSet<&str> = gone.iter().map(|file| file.path.as_str()).collect();
    let mut settled = Settled::default();
    let claimed: HashMap<&str, &Claim> = claims.iter().map(|claim| (claim.key.as_str(), claim)).collect();
    let ids: Vec<ArticleId> = claims.iter().map(|claim| claim.id).collect();
    // A file that is there, and is still what it was.
    let holds = |key: &str, id: ArticleId, named: bool| {
        !gone.contains(key) && (!changed.contains(key) || claimed.get(key).is_none_or(|claim| claim.id == id || !named))
    };
    let mut holders: HashMap<ArticleId, Holder> = HashMap::new();
    for (key, id, named) in files::holding(tx, source, &ids).await? {
        if holds(&key, id, named) {
            holders.entry(id).or_insert(Holder { key, line: None });
        }
    }
    settled.refused = doubled(claims, &holders);

    // An id added later: only one that nobody has yet can be a mere addition.
    let store_has = articles::known(tx, &ids).await?;
    let added: Vec<&Claim> = claims.iter().filter(|claim| !store_has.contains_key(&claim.id)).collect();
    let keys: Vec<&str> = added.iter().map(|claim| claim.key.as_str()).collect();
    let mut before: HashMap<String, ArticleId> = files::some(tx, source, &keys)
        .await?
        .into_iter()
        .filter_map(|(key, file)| Some((key, file.article.filter(|_| !file.named)?)))
        .collect();
    before.extend(keys.iter().filter_map(|key| {
        let id = moved.get(*key).filter(|id| !named.contains(id))?;
        Some(((*key).to_owned(), *id))
    }));
    let was: Vec<ArticleId> = before.values().copied().collect();
    let public = articles::known(tx, &was).await?;
    settled.left = was.into_iter().filter(|id| public.get(id) == Some(&false)).collect();
    settled.kept = before.into_iter().filter(|(_, id)| public.get(id) == Some(&true)).collect();

    // A new file without an id, where the key still says another article that lives on elsewhere.
    let plain: Vec<&str> =
        new.iter().copied().filter(|key| !claimed.contains_key(key) && !moved.contains_key(*key)).collect();
    let origins = files::origins(tx, source, &plain).await?;
    let lasting = |key: &str| origins.get(key).copied().unwrap_or_else(|| ArticleId::made_from(source, key));
    let wanted: Vec<ArticleId> = plain.iter().map(|key| lasting(key)).collect();
    let mut taken: HashSet<ArticleId> = moved.values().copied().collect();
    for (key, id, named) in files::holding(tx, source, &wanted).await? {
        if holds(&key, id, named) {
            taken.insert(id);
        }
    }
    for key in plain.into_iter().filter(|key| taken.contains(&lasting(key))) {
        let numbered: Vec<ArticleId> = (2..30).map(|n| ArticleId::made_from(source, &format!("{key}\n{n}"))).collect();
        let known = articles::known(tx, &numbered).await?;
        settled.apart.extend(numbered.into_iter().find(|id| !known.contains_key(id)).map(|id| (key.to_owned(), id)));
    }
    Ok(settled)
}
