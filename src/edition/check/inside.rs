//! Links into the newsroom: which of them lead nowhere. Nothing is fetched; the configuration knows what is served, and the
//! store what is public.

use std::collections::{HashMap, HashSet};

use percent_encoding::percent_decode_str;
use url::Url;

use crate::article::Language;
use crate::config::Config;
use crate::config::address::{self, Page};
use crate::store::articles::{self, addresses};
use crate::store::{StoreError, Tx};

/// The endings of feeds' files.
const FEEDS: [&str; 3] = ["rss", "atom", "json"];

/// What a link into the newsroom asks for, as far as the store has to say whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Article(Language, String),
    Topic(Language, String),
    Edition(String, i64),
    Year(Language, i32),
    Month(Language, i32, u32),
    Media(String),
}

/// The path under the newsroom's address that `link` leads to; `None` where it leads elsewhere.
pub(super) fn path_of(config: &Config, link: &str) -> Option<String> {
    let home = Url::parse(&config.site.url).ok()?;
    let url = Url::parse(link).ok()?;
    if (url.scheme(), url.host_str(), url.port_or_known_default())
        != (home.scheme(), home.host_str(), home.port_or_known_default())
    {
        return None;
    }
    let base = home.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| format!("/{}", rest.trim_start_matches('/')))
}

/// Those of these paths ([`path_of`]) that nothing answers. `own` is the mail's own copy in a browser, which is not there yet.
///
/// # Errors
/// What the store says.
pub(super) async fn dead(
    tx: &mut Tx,
    config: &Config,
    paths: &HashSet<String>,
    own: (&str, i64),
) -> Result<HashSet<String>, StoreError> {
    let mut dead = HashSet::new();
    let mut open: HashMap<&str, Asked> = HashMap::new();
    for path in paths {
        match asked(config, path, own) {
            Ok(None) => {}
            Ok(Some(asked)) => drop(open.insert(path, asked)),
            Err(Nowhere) => drop(dead.insert(path.clone())),
        }
    }
    let known = Known::of(tx, config, open.values()).await?;
    dead.extend(open.into_iter().filter(|(_, asked)| !known.answers(asked)).map(|(path, _)| path.to_owned()));
    Ok(dead)
}

/// No route of ours.
struct Nowhere;

/// What a path asks the store for; `None`: it is always answered.
fn asked(config: &Config, path: &str, own: (&str, i64)) -> Result<Option<Asked>, Nowhere> {
    let segments: Vec<String> =
        path.trim_matches('/').split('/').map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    // Without configuration topics have feeds too, which the store knows.
    let of_topic = |name: &str| {
        let named =
            |l: &Language| name.strip_prefix(&l.path()).is_some_and(|topic| topic.len() > 1 && topic.starts_with('-'));
        config.feeds.feed.is_empty() && config.site.languages.iter().any(named)
    };
    let is_feed = |name: &str| config.feeds().iter().any(|feed| feed.name == name) || of_topic(name);
    match segments.as_slice() {
        ["unsubscribe" | "preferences", token] if !token.is_empty() => return Ok(None),
        ["healthz"] | ["feeds.opml"] => return Ok(None),
        ["assets", name] if name.starts_with("site-") && name.ends_with(".css") => return Ok(None),
        ["media", name] => return Ok(Some(Asked::Media((*name).to_owned()))),
        ["feeds", file] => {
            let named = file.rsplit_once('.').filter(|(_, ending)| FEEDS.contains(ending));
            if named.is_some_and(|(name, _)| is_feed(name)) {
                return Ok(None);
            }
        }
        _ => {}
    }
    let path = format!("{}{path}", address::base(&config.site));
    let address::Asked { language, page } = address::read(&config.site, &path).ok_or(Nowhere)?;
    Ok(match page {
        Page::Home | Page::Archive | Page::Feeds | Page::Privacy | Page::Search | Page::Accessibility => None,
        Page::Feed(name) if is_feed(&name) => None,
        Page::Feed(_) => return Err(Nowhere),
        Page::Topic(id) if config.topics.iter().any(|topic| topic.id == id) => None,
        Page::Edition(name, number) if (name.as_str(), number) == own => None,
        Page::Article(slug) => Some(Asked::Article(language, slug)),
        Page::Topic(id) => Some(Asked::Topic(language, id)),
        Page::Edition(name, number) => Some(Asked::Edition(name, number)),
        Page::Year(year) => Some(Asked::Year(language, year)),
        Page::Month(year, month) => Some(Asked::Month(language, year, month)),
    })
}

/// What of all that was asked for is there.
#[derive(Default)]
struct Known {
    articles: HashSet<(Language, String)>,
    topics: HashSet<(Language, String)>,
    editions: HashSet<(String, i64)>,
    media: HashSet<String>,
    months: HashSet<(Language, i32, u32)>,
}

impl Known {
    async fn of(
        tx: &mut Tx,
        config: &Config,
        asked: impl Iterator<Item = &Asked> + Clone,
    ) -> Result<Known, StoreError> {
        let mut wanted = Known::default();
        let mut years: HashSet<(Language, i32)> = HashSet::new();
        for asked in asked {
            match asked.clone() {
                Asked::Article(language, slug) => drop(wanted.articles.insert((language, slug))),
                Asked::Topic(language, id) => drop(wanted.topics.insert((language, id))),
                Asked::Edition(name, number) => drop(wanted.editions.insert((name, number))),
                Asked::Media(name) => drop(wanted.media.insert(name)),
                Asked::Year(language, year) | Asked::Month(language, year, _) => drop(years.insert((language, year))),
            }
        }
        let mut known = Known::default();
        if !wanted.articles.is_empty() {
            known.articles = addresses::standing(tx, &wanted.articles).await?;
        }
        if !wanted.topics.is_empty() {
            known.topics = addresses::topics_of(tx, &wanted.topics).await?;
        }
        if !wanted.editions.is_empty() {
            known.editions = addresses::editions(tx, &wanted.editions).await?;
        }
        if !wanted.media.is_empty() {
            known.media = addresses::shown(tx, &wanted.media).await?;
        }
        // One look a year that something leads to: hardly ever one.
        for (language, year) in years {
            for (month, _) in articles::months(tx, &language, year, config.site.timezone).await? {
                known.months.insert((language.clone(), year, month));
            }
        }
        Ok(known)
    }

    fn answers(&self, asked: &Asked) -> bool {
        match asked {
            Asked::Article(language, slug) => self.articles.contains(&(language.clone(), slug.clone())),
            Asked::Topic(language, id) => self.topics.contains(&(language.clone(), id.clone())),
            Asked::Edition(name, number) => self.editions.contains(&(name.clone(), *number)),
            Asked::Media(name) => self.media.contains(name),
            Asked::Year(language, year) => self.months.iter().any(|(l, y, _)| l == language && y == year),
            Asked::Month(language, year, month) => self.months.contains(&(language.clone(), *year, *month)),
        }
    }
}
