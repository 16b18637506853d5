//! Which feeds there are, and that the store's rows of them are up to date.
//!
//! Those of `[[feeds.feed]]`; without any one a language, named for it (`en`, `sr-latn`), and one a topic and language,
//! named for both (`en-exercises`). A topic has one where `[[topics]]` names it, or where it is among the commonest of what
//! is public in that language; once it has one it keeps it.

use serde::{Deserialize, Serialize};

use super::FeedError;
use crate::article::{Language, Selection, topic_id};
use crate::config::{Config, Feed, FeedContent, Languages, Text};
use crate::store::feeds::{self, Chosen, Standings};
use crate::store::{Store, Tx};
use crate::template::Templates;

/// Topics that get a feed in a language because articles have them.
const COMMONEST: usize = 20;
/// Topics of `[[topics]]` that get a feed in each language.
const NAMED: usize = 50;
/// A topic of more characters gets no feed of its own.
const LONGEST: usize = 64;

/// The feeds, how they stand, and the view of the store in which they do.
pub(super) struct Look {
    /// In the order in which people see them.
    pub(super) feeds: Vec<Feed>,
    pub(super) standings: Standings,
    pub(super) tx: Tx,
}

/// Finds out which feeds there are, and brings their rows up to date where something changed.
///
/// # Errors
/// [`FeedError::Store`].
pub(super) async fn look(store: &Store, config: &Config, templates: &Templates) -> Result<Look, FeedError> {
    let mut tx = store.read().await?;
    let mut standings = feeds::standing(&mut tx).await?;
    let mut feeds = named(config, templates, &standings);
    if config.feeds.feed.is_empty() {
        let new = new_topics(&mut tx, config, &standings).await?;
        if !new.is_empty() {
            drop(tx);
            let mut writing = store.write().await?;
            feeds::offer(&mut writing, &new).await?;
            writing.commit().await?;
            tx = store.read().await?;
            standings = feeds::standing(&mut tx).await?;
            feeds = named(config, templates, &standings);
        }
    }
    let chosen: Vec<Chosen> = feeds.iter().map(|feed| chosen(config, feed)).collect();
    if standings.is_behind(&chosen)? {
        drop(tx);
        let mut more = true;
        while more {
            let mut writing = store.write().await?;
            more = feeds::catch_up(&mut writing, &chosen).await?;
            writing.commit().await?;
        }
        tx = store.read().await?;
        standings = feeds::standing(&mut tx).await?;
    }
    Ok(Look { feeds, standings, tx })
}

/// The feeds there are as the store last knew them, topics' own among them; changes nothing.
///
/// # Errors
/// [`FeedError::Store`].
pub async fn known(tx: &mut Tx, config: &Config, templates: &Templates) -> Result<Vec<Feed>, FeedError> {
    Ok(named(config, templates, &feeds::standing(tx).await?))
}

/// Which articles the feed takes.
fn chosen(config: &Config, feed: &Feed) -> Chosen {
    let selection = Selection {
        languages: feed.languages(&config.language()),
        topics: feed.topics.iter().map(|topic| topic_id(topic)).collect(),
        sources: feed.sources.clone(),
    };
    Chosen { name: feed.name.clone(), selection }
}

/// What a feed of a topic is for, as its row has it.
#[derive(Serialize, Deserialize)]
struct Offered {
    language: Language,
    topic: String,
    /// The topic as an article has it.
    label: String,
}

/// The feeds there are, without looking for topics that have none yet.
fn named(config: &Config, templates: &Templates, standings: &Standings) -> Vec<Feed> {
    let mut feeds = config.feeds();
    if !config.feeds.feed.is_empty() {
        return feeds;
    }
    let rows = standings
        .feeds
        .iter()
        .filter_map(|feed| Some((feed.name.clone(), serde_json::from_str::<Offered>(feed.topic.as_deref()?).ok()?)));
    let rows: Vec<_> = rows.collect();
    let mut all = Vec::with_capacity(feeds.len() + rows.len());
    for (language, feed) in config.site.languages.iter().zip(feeds.drain(..)) {
        all.push(feed);
        let mut here: Vec<(String, String, String)> = config
            .topics
            .iter()
            .take(NAMED)
            .map(|topic| (name(language, &topic_id(&topic.id)), topic_id(&topic.id), topic.id.clone()))
            .collect();
        let offered = rows.iter().filter(|(_, offered)| offered.language == *language);
        here.extend(offered.map(|(name, offered)| (name.clone(), offered.topic.clone(), offered.label.clone())));
        for (name, topic, label) in here {
            let is_language = config.site.languages.iter().any(|language| language.path() == name);
            if !is_language && all.iter().all(|feed| feed.name != name) {
                all.push(of_topic(config, templates, language, (name, topic, label)));
            }
        }
    }
    all
}

/// The name of a topic's feed in a language.
fn name(language: &Language, topic: &str) -> String {
    format!("{}-{topic}", language.path())
}

fn of_topic(
    config: &Config,
    templates: &Templates,
    language: &Language,
    (name, topic, label): (String, String, String),
) -> Feed {
    // Labels are often written small; a title is not.
    let topic_name = templates.topic_name(&label, language);
    let mut signs = topic_name.chars();
    let topic_name: String = signs.next().into_iter().flat_map(char::to_uppercase).chain(signs).collect();
    let title = format!("{topic_name} – {}", config.site.title.get(language));
    Feed {
        former: Vec::new(),
        ended: None,
        name,
        title: Text::One(title),
        description: None,
        language: Languages::One(language.clone()),
        topics: vec![topic],
        sources: Vec::new(),
        content: FeedContent::Full,
    }
}

/// Topics that have no feed yet and get one now: name and row of each.
async fn new_topics(tx: &mut Tx, config: &Config, standings: &Standings) -> Result<Vec<(String, String)>, FeedError> {
    let languages = &config.site.languages;
    let first_time = languages.iter().any(|language| standings.get(&language.path()).is_none());
    if !first_time && !standings.noted {
        return Ok(Vec::new());
    }
    let offered =
        standings.feeds.iter().filter_map(|feed| serde_json::from_str::<Offered>(feed.topic.as_deref()?).ok());
    let mut have: Vec<(Language, String)> = offered.map(|offered| (offered.language, offered.topic)).collect();
    let is_named = |topic: &str| config.topics.iter().take(NAMED).any(|named| topic_id(&named.id) == topic);
    let found = if first_time {
        let mut found = Vec::new();
        for language in languages {
            found.extend(feeds::topics_public(tx, language, COMMONEST + NAMED).await?);
        }
        found
    } else {
        feeds::topics_noted(tx, &have).await?
    };
    let mut new = Vec::new();
    for feeds::Found { language, topic, label } in found {
        let count = have.iter().filter(|(l, _)| *l == language).count();
        let fits = languages.contains(&language) && !is_named(&topic) && topic.chars().count() <= LONGEST;
        if fits && count < COMMONEST && !have.contains(&(language.clone(), topic.clone())) {
            let row = Offered { language: language.clone(), topic: topic.clone(), label };
            let row = serde_json::to_string(&row).map_err(crate::store::StoreError::from)?;
            new.push((name(&language, &topic), row));
            have.push((language, topic));
        }
    }
    Ok(new)
}
