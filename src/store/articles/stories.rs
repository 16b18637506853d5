//! Which articles tell one story: those that share a tie, each in its own language.
//!
//! 1. A draft names its ties: a translation key, its place beside files in other languages, the place of what it translates.
//! 2. [`join`] looks at every article that is tied to those just taken in, however many steps away, and groups them anew
//!    ([`grouped`]): so it does not matter which of them came first, and a tie that is taken back lets go again.
//! 3. A group keeps the story that its earliest member had; what editions printed moves with the articles, so that nobody
//!    who had the story gets it again.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{read_id, read_story, rows};
use crate::article::{ArticleId, Draft, StoryId};
use crate::store::{StoreError, Tx};

/// An article that stays apart, because the story already has one in its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Apart {
    /// Which.
    pub(super) article: ArticleId,
    /// The one that the story has.
    pub(super) from: ArticleId,
}

/// What joining did.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// Articles with another story than before.
    pub(super) moved: HashSet<ArticleId>,
    /// The stories that these told before.
    pub(super) before: Vec<StoryId>,
    /// Articles that asked for a story which has their language already.
    pub(super) apart: Vec<Apart>,
}

/// A tie; `explicit` ones were written, the others are only read from where a file lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tie {
    name: String,
    explicit: bool,
}

impl Tie {
    fn of(draft: &Draft) -> Vec<Tie> {
        let key = draft.translation_key.as_ref().map(|key| Tie { name: format!("key:{key}"), explicit: true });
        let place = draft.place.as_ref().map(|place| Tie { name: format!("place:{place}"), explicit: false });
        let of = draft.translation_of.as_ref().filter(|of| draft.place.as_ref() != Some(*of));
        let of = of.map(|place| Tie { name: format!("place:{place}"), explicit: true });
        let mut ties: Vec<Tie> = [key, place, of].into_iter().flatten().collect();
        ties.sort();
        ties
    }
}

/// One article of a group.
#[derive(Debug)]
struct Member {
    id: ArticleId,
    story: StoryId,
    language: String,
    ties: Vec<Tie>,
}

const TIES: &str = "
    SELECT t.article, t.tie, t.explicit FROM json_each($2) k CROSS JOIN ties t
    WHERE t.article = k.value ->> 0 AND t.source = $1 ORDER BY t.tie";
const FORGET: &str = "DELETE FROM ties WHERE article IN (SELECT r.value ->> 0 FROM json_each($1) r)";
const INSERT: &str = "
    INSERT INTO ties (source, tie, article, explicit)
    SELECT $2, r.value ->> 0, r.value ->> 1, CAST(r.value ->> 2 AS BIGINT) FROM json_each($1) r WHERE TRUE
    ON CONFLICT DO NOTHING";

/// Joins articles, just taken in from these drafts, to the stories that they tell.
pub(super) async fn join(
    tx: &mut Tx,
    source: &str,
    drafts: &[(ArticleId, &Draft, bool)],
) -> Result<Joined, StoreError> {
    let ids: Vec<ArticleId> = drafts.iter().map(|(id, _, _)| *id).collect();
    let mut before = ties(tx, source, &ids).await?;
    let (mut looked_at, mut changed, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    for (id, draft, other_language) in drafts {
        let ties = Tie::of(draft);
        let differ = before.remove(id).unwrap_or_default() != ties;
        // What asked for a story and stays apart is told each time its file is read.
        if differ || *other_language || ties.iter().any(|tie| tie.explicit) {
            looked_at.push(*id);
        }
        if differ {
            changed.push(*id);
            fresh.extend(ties.into_iter().map(|tie| (tie.name, *id, i64::from(tie.explicit))));
        }
    }
    if !changed.is_empty() {
        tx.q(FORGET).bind(rows(&changed)?).execute().await?;
        tx.q(INSERT).bind(serde_json::to_string(&fresh)?).bind(source.to_owned()).execute().await?;
    }
    if looked_at.is_empty() {
        return Ok(Joined::default());
    }
    let members = around(tx, source, &looked_at).await?;
    let (groups, apart) = grouped(&members);
    let moves = moves(&members, &groups);
    write(tx, &moves).await?;
    Ok(Joined {
        moved: moves.iter().map(|(id, _, _)| *id).collect(),
        before: moves.iter().map(|(_, before, _)| *before).collect(),
        apart: apart.into_iter().filter(|apart| looked_at.contains(&apart.article)).collect(),
    })
}

async fn ties(tx: &mut Tx, source: &str, ids: &[ArticleId]) -> Result<HashMap<ArticleId, Vec<Tie>>, StoreError> {
    let mut ties: HashMap<ArticleId, Vec<Tie>> = HashMap::new();
    for row in tx.q(TIES).bind(source.to_owned()).bind(rows(ids)?).all().await? {
        let tie = Tie { name: row.get(1)?, explicit: row.get::<i64>(2)? != 0 };
        ties.entry(read_id(&row, 0)?).or_default().push(tie);
    }
    ties.values_mut().for_each(|ties| ties.sort());
    Ok(ties)
}

/// What no file stands for any more ties nothing.
pub(super) async fn let_go(tx: &mut Tx, articles: &[ArticleId]) -> Result<(), StoreError> {
    tx.q(FORGET).bind(rows(articles)?).execute().await?;
    Ok(())
}

const BESIDE: &str = "
    SELECT DISTINCT u.article FROM json_each($2) k CROSS JOIN ties t CROSS JOIN ties u
    WHERE t.article = k.value ->> 0 AND t.source = $1 AND u.source = $1 AND u.tie = t.tie";
// A story has the id of one that tells or told it.
const SAME_STORY: &str = "
    SELECT DISTINCT b.id FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0
    JOIN articles b ON b.story IN (a.story, a.id)";
const MEMBERS: &str = "
    SELECT a.id, a.story, a.language, CAST(CASE WHEN a.removed IS NULL THEN 0 ELSE 1 END AS BIGINT)
    FROM json_each($1) k JOIN articles a ON a.id = k.value ->> 0
    WHERE NOT EXISTS (SELECT 1 FROM scripts s WHERE s.article = a.id)
    ORDER BY CASE WHEN a.public_seq IS NULL THEN 1 ELSE 0 END, a.public_seq, a.first_seen, a.id";

/// Everything that is tied to these articles or shares a story with them, by any number of steps, the earliest first.
async fn around(tx: &mut Tx, source: &str, ids: &[ArticleId]) -> Result<Vec<Member>, StoreError> {
    let mut found: HashSet<ArticleId> = ids.iter().copied().collect();
    let mut edge: Vec<ArticleId> = ids.to_vec();
    while !edge.is_empty() {
        let at = rows(&edge)?;
        let mut near = tx.q(BESIDE).bind(source.to_owned()).bind(at.clone()).all().await?;
        near.extend(tx.q(SAME_STORY).bind(at).all().await?);
        edge.clear();
        for row in &near {
            let id = read_id(row, 0)?;
            if found.insert(id) {
                edge.push(id);
            }
        }
    }
    let ids: Vec<ArticleId> = found.into_iter().collect();
    let mut ties = ties(tx, source, &ids).await?;
    let mut members = Vec::with_capacity(ids.len());
    for row in tx.q(MEMBERS).bind(rows(&ids)?).all().await? {
        let id = read_id(&row, 0)?;
        let ties = ties.remove(&id).unwrap_or_default();
        // What is gone keeps the story that it told, and takes nobody's place in it.
        if ties.is_empty() && row.get::<i64>(3)? == 1 {
            continue;
        }
        members.push(Member { id, story: read_story(&row, 1)?, language: row.get(2)?, ties });
    }
    Ok(members)
}

/// Groups being made: who is in which, and what each holds.
struct Groups<'m> {
    members: &'m [Member],
    of: Vec<usize>,
    apart: Vec<Apart>,
}

impl Groups<'_> {
    fn within(&self, group: usize) -> impl Iterator<Item = &Member> {
        self.members.iter().zip(&self.of).filter(move |(_, of)| **of == group).map(|(member, _)| member)
    }

    /// Joins the group of `later` to that of `earlier`; not where a language would be told twice, for one of the two
    /// articles would then reach nobody.
    fn join(&mut self, earlier: usize, later: usize, explicit: bool) {
        let (into, from) = (self.of[earlier], self.of[later]);
        if into == from {
            return;
        }
        let twice = self.within(into).any(|a| self.within(from).any(|b| a.language == b.language));
        if twice {
            if explicit {
                let other = self.within(into).find(|member| member.language == self.members[later].language);
                let from = other.map_or(self.members[earlier].id, |member| member.id);
                self.apart.push(Apart { article: self.members[later].id, from });
            }
            return;
        }
        if !explicit && self.keys(into).iter().any(|key| self.keys(from).iter().any(|other| other != key)) {
            return;
        }
        self.of.iter_mut().filter(|of| **of == from).for_each(|of| *of = into);
    }

    /// The translation keys that a group has: two different ones say that these are two stories.
    fn keys(&self, group: usize) -> HashSet<&str> {
        let ties = self.within(group).flat_map(|member| &member.ties);
        ties.map(|tie| tie.name.as_str()).filter(|name| name.starts_with("key:")).collect()
    }
}

/// For each member the number of its group; and who stays apart. What was written goes before what is only a matter of place.
fn grouped(members: &[Member]) -> (Vec<usize>, Vec<Apart>) {
    let mut by_tie: BTreeMap<&str, Vec<(usize, bool)>> = BTreeMap::new();
    for (n, member) in members.iter().enumerate() {
        for tie in &member.ties {
            by_tie.entry(&tie.name).or_default().push((n, tie.explicit));
        }
    }
    let mut groups = Groups { members, of: (0..members.len()).collect(), apart: Vec::new() };
    for tied in by_tie.values() {
        // Those who name a place mean what lies there, where something does.
        let Some(first) = tied.iter().find(|(_, explicit)| !explicit).or(tied.first()) else { continue };
        for (n, _) in tied.iter().filter(|(n, explicit)| *explicit && *n != first.0) {
            groups.join(first.0, *n, true);
        }
    }
    for tied in by_tie.values() {
        let mut lying = tied.iter().filter(|(_, explicit)| !explicit);
        let Some(first) = lying.next() else { continue };
        for (n, _) in lying {
            groups.join(first.0, *n, false);
        }
    }
    (groups.of, groups.apart)
}

/// Which members get another story: article, the story it had, the one it has now.
fn moves(members: &[Member], groups: &[usize]) -> Vec<(ArticleId, StoryId, StoryId)> {
    let mut stories: HashMap<usize, StoryId> = HashMap::new();
    let mut taken: HashSet<StoryId> = HashSet::new();
    for (member, group) in members.iter().zip(groups) {
        if !stories.contains_key(group) && taken.insert(member.story) {
            stories.insert(*group, member.story);
        }
    }
    for (member, group) in members.iter().zip(groups) {
        if let std::collections::hash_map::Entry::Vacant(free) = stories.entry(*group) {
            let own = StoryId(member.id.0);
            free.insert(if taken.insert(own) { own } else { StoryId::apart(member.id) });
        }
    }
    let now = members.iter().zip(groups).filter_map(|(member, group)| Some((member, *stories.get(group)?)));
    now.filter(|(member, story)| member.story != *story)
        .map(|(member, story)| (member.id, member.story, story))
        .collect()
}

const MOVE: &str = "UPDATE articles SET story = r.value ->> 2 FROM json_each($1) r WHERE articles.id = r.value ->> 0";
const MOVE_PRINTED: &str = "
    UPDATE edition_articles SET story = r.value ->> 2 FROM json_each($1) r
    WHERE edition_articles.story = r.value ->> 1 AND edition_articles.article = r.value ->> 0";

/// Gives articles another story, what editions printed of them included.
pub(super) async fn write(tx: &mut Tx, moves: &[(ArticleId, StoryId, StoryId)]) -> Result<(), StoreError> {
    if !moves.is_empty() {
        let moves = serde_json::to_string(moves)?;
        tx.q(MOVE).bind(moves.clone()).execute().await?;
        tx.q(MOVE_PRINTED).bind(moves).execute().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
