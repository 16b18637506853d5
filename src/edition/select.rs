//! What an edition takes (DESIGN, part 7: *Newness*), and in which version for each language.
//!
//! 1. The newsletter's first edition takes the newest stories, whatever their age; each later one what went public
//!    since the last, by number and not by the clock, so that a late arrival is not lost.
//! 2. Not taken: what is older than `max_age`, and what came with its source's first read.
//! 3. Of more than `max_items` the newest are taken. The rest is left to the feeds for good: a digest that
//!    carried its backlog along would never be news again.
//! 4. For each language the version that its readers are given is picked, or none ([`pick`]).

use std::collections::BTreeMap;

use crate::article::{ArticleId, Language, Selection, StoryId};
use crate::clock::Instant;
use crate::config::{Config, Missing, Newsletter, Schedule};
use crate::store::Tx;
use crate::store::editions::newness::{self, Version};
use crate::store::editions::{self, NewsletterRow, Waiting};

use super::EditionError;

/// Positions an edition has: bits of a choice. The last is never used, so that it stays a number on both databases.
pub const PLACES: usize = 63;
/// Stories an edition may hold; what is left of the positions is for corrections.
pub const STORIES: usize = 60;

/// What an edition is to print.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// The stories, the lead first.
    pub stories: Vec<Picked>,
    /// Corrections of stories that earlier editions printed, the newest first.
    pub corrections: Vec<Picked>,
    /// It takes what went public after this number …
    pub after_seq: i64,
    /// … up to this one.
    pub upto_seq: i64,
    /// Corrections up to this revision have been looked at.
    pub revisions_upto: i64,
    /// Whether it is the newsletter's first.
    pub first: bool,
    /// Whether staff chose the articles.
    pub chosen: bool,
    /// Stories that some languages have yet to get.
    pub waiting: Vec<Waiting>,
    /// How many stories were left out because the edition is full.
    pub left_out: usize,
}

/// One story of an edition, or the correction of one.
#[derive(Clone, Debug)]
pub struct Picked {
    /// The story.
    pub story: StoryId,
    /// Its topics.
    pub topics: Vec<String>,
    /// The version for each language whose readers get it.
    pub versions: BTreeMap<Language, Version>,
    /// The revision that corrects it, where this is a correction's note.
    pub corrects: Option<i64>,
}

/// The languages in which readers may be given a newsletter, in order; the first stands for all others.
pub fn languages(config: &Config, newsletter: &Newsletter) -> Vec<Language> {
    let wanted = if newsletter.languages.is_empty() { &config.site.languages } else { &newsletter.languages };
    if wanted.is_empty() { vec![config.language()] } else { wanted.clone() }
}

/// What is new to a newsletter now.
///
/// # Errors
/// What the store says.
pub async fn news(
    tx: &mut Tx,
    config: &Config,
    newsletter: &Newsletter,
    row: &NewsletterRow,
    now: Instant,
) -> Result<Selected, EditionError> {
    let house = languages(config, newsletter);
    let since = now - newsletter.max_age().duration();
    let upto = newness::last_seq(tx).await?;
    let first = row.last_seq.is_none() && newsletter.schedule != Schedule::Immediate;
    let after = row.last_seq.unwrap_or(if first { 0 } else { row.known_seq });
    let selection = newsletter.selection();
    let most = newsletter.max_items.min(STORIES);

    let mut stories = if first {
        newness::newest(tx, &selection, upto, limit(newsletter.first_edition.min(STORIES))).await?
    } else {
        newness::in_window(tx, &selection, (after, upto), since, i64::MAX).await?
    };
    for waiting in &row.waiting {
        if !stories.contains(&waiting.story) {
            stories.push(waiting.story);
        }
    }
    let mut picks = Picks { versions: versions(tx, &selection, &stories).await?, house, newsletter, now, all: first };
    let mut selected = Selected { after_seq: after, upto_seq: upto, first, ..Selected::default() };
    for story in stories {
        let waited = row.waiting.iter().find(|w| w.story == story);
        let is_new = |v: &Version| first || (v.seq > after && v.seq <= upto && !v.archive && v.published >= since);
        let is_late = |v: &Version, language: &Language| {
            v.published >= since && waited.is_some_and(|w| w.languages.contains(language))
        };
        let (versions, waiting) = picks.of(story, |v, language| is_new(v) || is_late(v, language));
        if selected.stories.len() == most && !versions.is_empty() {
            selected.left_out += 1;
            continue;
        }
        selected.waiting.extend(waiting);
        if !versions.is_empty() {
            selected.stories.push(Picked { story, topics: Vec::new(), versions, corrects: None });
        }
    }
    add_corrections(tx, newsletter, row, &picks.house, &mut selected).await?;
    add_topics(tx, &mut selected).await?;
    Ok(selected)
}

/// The articles that staff chose, in their order; translations of one story stand once.
///
/// # Errors
/// [`EditionError::NotPublic`] where one of them may not be shown; else what the store says.
pub async fn chosen(
    tx: &mut Tx,
    config: &Config,
    newsletter: &Newsletter,
    row: &NewsletterRow,
    articles: &[ArticleId],
    now: Instant,
) -> Result<Selected, EditionError> {
    let mut stories: Vec<StoryId> = Vec::new();
    let found = newness::of_articles(tx, articles).await?;
    for id in articles {
        let version = found.iter().find(|v| v.article == *id).ok_or(EditionError::NotPublic(*id))?;
        if !stories.contains(&version.story) {
            stories.push(version.story);
        }
    }
    if stories.len() > STORIES {
        return Err(EditionError::TooMany { stories: stories.len() });
    }
    let selection = Selection { languages: newsletter.languages.clone(), ..Selection::default() };
    let house = languages(config, newsletter);
    let mut picks = Picks { versions: versions(tx, &selection, &stories).await?, house, newsletter, now, all: true };
    let upto = newness::last_seq(tx).await?;
    let mut selected = Selected {
        after_seq: row.last_seq.unwrap_or(row.known_seq),
        upto_seq: upto,
        revisions_upto: newness::last_revision(tx).await?,
        chosen: true,
        waiting: row.waiting.clone(),
        ..Selected::default()
    };
    for story in stories {
        let (versions, _) = picks.of(story, |_, _| true);
        if !versions.is_empty() {
            selected.stories.push(Picked { story, topics: Vec::new(), versions, corrects: None });
        }
    }
    add_topics(tx, &mut selected).await?;
    Ok(selected)
}

/// The articles that staff chose for accredited press: versions of their stories under embargo until `until`.
///
/// # Errors
/// [`EditionError::NotPublic`] where one of them is not under that embargo; else what the store says.
pub async fn advance(
    tx: &mut Tx,
    config: &Config,
    newsletter: &Newsletter,
    row: &NewsletterRow,
    (articles, until): (&[ArticleId], Instant),
    now: Instant,
) -> Result<Selected, EditionError> {
    let mut found = newness::held(tx, articles).await?;
    found.retain(|version| version.public_at == until);
    let mut stories: Vec<StoryId> = Vec::new();
    for id in articles {
        let version = found.iter().find(|v| v.article == *id).ok_or(EditionError::NotPublic(*id))?;
        if !stories.contains(&version.story) {
            stories.push(version.story);
        }
    }
    if stories.len() > STORIES {
        return Err(EditionError::TooMany { stories: stories.len() });
    }
    let mut versions: BTreeMap<StoryId, Vec<Version>> = BTreeMap::new();
    for version in found {
        if newsletter.languages.is_empty() || newsletter.languages.contains(&version.language) {
            versions.entry(version.story).or_default().push(version);
        }
    }
    let mut topics = newness::topics_held(tx, &stories).await?;
    let mut picks = Picks { versions, house: languages(config, newsletter), newsletter, now, all: true };
    let picked = stories.into_iter().filter_map(|story| {
        let (versions, _) = picks.of(story, |_, _| true);
        let topics = topics.remove(&story).unwrap_or_default();
        (!versions.is_empty()).then_some(Picked { story, topics, versions, corrects: None })
    });
    Ok(Selected {
        stories: picked.collect(),
        after_seq: row.last_seq.unwrap_or(row.known_seq),
        upto_seq: newness::last_seq(tx).await?,
        revisions_upto: newness::last_revision(tx).await?,
        chosen: true,
        waiting: row.waiting.clone(),
        ..Selected::default()
    })
}

/// Corrections of stories that earlier editions printed stand above a digest, in the languages in which they were
/// printed. An alert has none: it says one thing.
async fn add_corrections(
    tx: &mut Tx,
    newsletter: &Newsletter,
    row: &NewsletterRow,
    house: &[Language],
    selected: &mut Selected,
) -> Result<(), EditionError> {
    selected.revisions_upto = newness::last_revision(tx).await?;
    let Some(last) = editions::latest(tx, row.id).await? else { return Ok(()) };
    if newsletter.schedule == Schedule::Immediate || selected.stories.is_empty() {
        return Ok(());
    }
    let corrected = newness::corrected(tx, last.settings.revisions_upto).await?;
    let articles: Vec<ArticleId> = corrected.iter().map(|c| c.article).collect();
    let found = newness::of_articles(tx, &articles).await?;
    for corrected in corrected {
        let Some(version) = found.iter().find(|v| v.article == corrected.article) else { continue };
        let languages = corrected.languages.iter().filter(|l| house.contains(l));
        let versions: BTreeMap<_, _> = languages.map(|l| (l.clone(), version.clone())).collect();
        let full = selected.stories.len() + selected.corrections.len() >= PLACES;
        match selected.corrections.iter_mut().find(|c| c.story == corrected.story) {
            Some(known) => known.versions.extend(versions),
            None if full => break,
            None => selected.corrections.push(Picked {
                story: corrected.story,
                topics: Vec::new(),
                versions,
                corrects: Some(corrected.correction),
            }),
        }
    }
    selected.corrections.retain(|c| !c.versions.is_empty());
    Ok(())
}

async fn add_topics(tx: &mut Tx, selected: &mut Selected) -> Result<(), EditionError> {
    let stories: Vec<StoryId> = selected.stories.iter().map(|picked| picked.story).collect();
    let mut topics = newness::topics(tx, &stories).await?;
    for picked in &mut selected.stories {
        picked.topics = topics.remove(&picked.story).unwrap_or_default();
    }
    Ok(())
}

/// The versions of these stories that the newsletter may print, by story.
async fn versions(
    tx: &mut Tx,
    selection: &Selection,
    stories: &[StoryId],
) -> Result<BTreeMap<StoryId, Vec<Version>>, EditionError> {
    let mut by_story: BTreeMap<StoryId, Vec<Version>> = BTreeMap::new();
    for version in newness::of_stories(tx, stories).await? {
        let language = selection.languages.is_empty() || selection.languages.contains(&version.language);
        let source = selection.sources.is_empty() || selection.sources.contains(&version.source);
        if language && source {
            by_story.entry(version.story).or_default().push(version);
        }
    }
    Ok(by_story)
}

struct Picks<'a> {
    versions: BTreeMap<StoryId, Vec<Version>>,
    house: Vec<Language>,
    newsletter: &'a Newsletter,
    now: Instant,
    /// Nothing waits: what is there is given.
    all: bool,
}

impl Picks<'_> {
    /// The version of `story` for each language whose readers are to get it now, and who is to wait.
    fn of(
        &mut self,
        story: StoryId,
        wanted: impl Fn(&Version, &Language) -> bool,
    ) -> (BTreeMap<Language, Version>, Option<Waiting>) {
        let versions = self.versions.remove(&story).unwrap_or_default();
        let missing = match self.newsletter.missing {
            Missing::Wait(_) if self.all => &Missing::Original,
            ref other => other,
        };
        let mut given = BTreeMap::new();
        let mut waiting: Option<Waiting> = None;
        for language in &self.house {
            match pick(&versions, language, &self.house, missing, self.now) {
                Pick::Version(version) if wanted(version, language) => {
                    given.insert(language.clone(), version.clone());
                }
                Pick::Wait(original, until) if wanted(original, language) => waiting
                    .get_or_insert_with(|| Waiting { story, languages: Vec::new(), until })
                    .languages
                    .push(language.clone()),
                _ => {}
            }
        }
        (given, waiting)
    }
}

/// Which version of a story the readers of one language get.
#[derive(Debug, PartialEq)]
pub enum Pick<'a> {
    /// This one.
    Version(&'a Version),
    /// This one, unless theirs comes before that instant.
    Wait(&'a Version, Instant),
    /// None.
    Nothing,
}

/// Picks the version for readers of `language`: their own; else one in the same language and another script or
/// country (who reads `sr-Cyrl` reads `sr-Latn`); else what `missing` says. `house` is the newsroom's order of languages.
pub fn pick<'a>(
    versions: &'a [Version],
    language: &Language,
    house: &[Language],
    missing: &Missing,
    now: Instant,
) -> Pick<'a> {
    if let Some(own) = versions.iter().find(|v| v.language == *language) {
        return Pick::Version(own);
    }
    let order = |v: &Version| house.iter().position(|l| *l == v.language).unwrap_or(house.len());
    let kin = versions.iter().filter(|v| v.language.primary() == language.primary()).min_by_key(|v| order(v));
    // Nobody says which version was written and which translated: the one published first, and of those the newsroom's first language.
    let original = versions.iter().min_by_key(|v| (v.published, order(v), v.seq));
    let Some(fallback) = kin.or(original) else { return Pick::Nothing };
    match missing {
        Missing::Original => Pick::Version(fallback),
        Missing::Skip => kin.map_or(Pick::Nothing, Pick::Version),
        Missing::Wait(span) => {
            let since = versions.iter().map(|v| v.public_at).min().unwrap_or(now);
            let until = since + span.duration();
            if until <= now { Pick::Version(fallback) } else { Pick::Wait(fallback, until) }
        }
    }
}

fn limit(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
