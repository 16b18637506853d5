//! Files under a new name: what is gone here and what is new there may be one article.
//!
//! Bytes that are the same need no more. Otherwise two of these must agree and nothing may speak against it: what it is
//! called (title or slug), its date, its words. A pair counts only where neither could be part of another: an article
//! mistaken for another would go out as its correction, and that is worse than a story told twice.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::article::intake::{Head, House};
use crate::article::{ArticleId, Language, Revision};
use crate::clock::Instant;
use crate::store::files::File;
use crate::store::{StoreError, Tx, articles};

/// Among more than so many that are gone, only the same bytes are looked for.
const MOST: usize = 2000;
/// The share of words that two states of one text have in common.
const ALIKE: f64 = 0.7;
/// Below so many words a text is like too many others.
const FEW: usize = 20;

/// A file that was not there before.
#[derive(Debug)]
pub(super) struct Fresh {
    key: String,
    hash: String,
    title: String,
    slug: String,
    language: Language,
    date: Option<Instant>,
    words: HashSet<u64>,
}

impl Fresh {
    pub(super) fn of(head: &Head, hash: String, house: &House) -> Fresh {
        Fresh {
            key: head.key.clone(),
            hash,
            title: head.title.clone(),
            slug: head.slug.clone(),
            language: head.language.clone(),
            date: head.date(house),
            words: words(head.body()),
        }
    }

    /// Whether this is `old`, edited.
    fn continues(&self, old: &Revision, old_words: &HashSet<u64>) -> bool {
        let called = self.title == old.content.title || self.slug == old.slug;
        let text = || alike(&self.words, old_words);
        match self.date {
            Some(date) if date != old.published => false,
            // A translation has the same name and day; only the same words make it the same text.
            Some(_) if called && self.language == old.language => true,
            Some(_) => text(),
            None => called && text(),
        }
    }
}

fn words(text: &str) -> HashSet<u64> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut hasher = DefaultHasher::new();
            word.to_lowercase().hash(&mut hasher);
            hasher.finish()
        })
        .collect()
}

fn alike(a: &HashSet<u64>, b: &HashSet<u64>) -> bool {
    let (few, many) = (a.len().min(b.len()), a.len().max(b.len()));
    let shared = a.intersection(b).count();
    few >= FEW && shared as f64 >= ALIKE * few as f64 && few as f64 >= ALIKE / 2.0 * many as f64
}

/// Which of the new files are which of those that are gone: key and article.
pub(super) async fn renamed(
    tx: &mut Tx,
    fresh: &[Fresh],
    gone: &[File],
) -> Result<HashMap<String, ArticleId>, StoreError> {
    let mut moved: HashMap<String, ArticleId> = HashMap::new();
    let mut by_hash: HashMap<&str, Vec<ArticleId>> = HashMap::new();
    for file in gone {
        if let Some(article) = file.article {
            by_hash.entry(file.hash.as_str()).or_default().push(article);
        }
    }
    for file in fresh {
        if let Some(article) = by_hash.get_mut(file.hash.as_str()).and_then(Vec::pop) {
            moved.insert(file.key.clone(), article);
        }
    }
    let left: Vec<ArticleId> = by_hash.into_values().flatten().collect();
    let fresh: Vec<&Fresh> = fresh.iter().filter(|file| !moved.contains_key(&file.key)).collect();
    if left.is_empty() || left.len() > MOST || fresh.is_empty() || fresh.len() > MOST {
        return Ok(moved);
    }
    let olds: Vec<(Revision, HashSet<u64>)> = articles::present(tx, &left)
        .await?
        .into_iter()
        .map(|old| {
            let words = words(&old.content.text);
            (old, words)
        })
        .collect();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (n, file) in fresh.iter().enumerate() {
        let same = olds.iter().enumerate().filter(|(_, (old, words))| file.continues(old, words));
        pairs.extend(same.map(|(o, _)| (n, o)));
    }
    let (mut of_fresh, mut of_old) = (vec![0; fresh.len()], vec![0; olds.len()]);
    for (n, o) in &pairs {
        of_fresh[*n] += 1;
        of_old[*o] += 1;
    }
    let alone = pairs.into_iter().filter(|(n, o)| of_fresh[*n] == 1 && of_old[*o] == 1);
    moved.extend(alone.map(|(n, o)| (fresh[n].key.clone(), olds[o].0.article)));
    Ok(moved)
}
