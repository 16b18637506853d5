//! `[feeds]`: which selections of articles are kept as RSS, Atom and JSON.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, Text, kind};
use crate::article::Language;
use crate::clock::Instant;

/// The feeds, and what holds for all of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feeds {
    /// The newest so many articles are in a feed …
    #[serde(default = "items")]
    #[schemars(range(min = 1, max = 1000))]
    pub items: usize,
    /// … and everything of the last so many hours.
    #[serde(default = "hours")]
    pub hours: u32,
    /// Whether `herald run` answers as a WebSub hub at `/hub` and tells its subscribers of each change at once. `false` where readers get
    /// a static copy that stands where this Herald cannot be reached.
    #[serde(default = "hub")]
    pub hub: bool,
    /// WebSub hubs elsewhere that are told of each change, too; the feeds name them.
    #[serde(default)]
    #[schemars(with = "Vec<kind::Hook>", example = ["https://pubsubhubbub.appspot.com/"])]
    pub hubs: Vec<String>,
    /// Hosts inside the house that may subscribe at `/hub`, by name or IP address as they stand in the callback. All others are called at
    /// public addresses only.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfHost>", example = ["reader.office.internal"])]
    pub private_callbacks: Vec<String>,
    /// Addresses of a former system and where readers find the same now: a feed (`news.rss`), a path of this site, a web address, or
    /// `gone` for what has ended (410). A key is a path, with its `?` part where that tells one address from another. What is at home here by that
    /// address is not reached any more.
    #[serde(default)]
    #[schemars(with = "kind::Moved", example = serde_json::json!({ "/feed/": "news.rss", "/?feed=atom": "news.atom", "/press.html": "/", "/comments/feed/": "gone" }))]
    pub moved: BTreeMap<String, String>,
    /// The feeds. Without any: one for each language, named for it (`en`, `sr-latn`), and one for each topic in each language,
    /// named for both (`en-exercises`): for the first 50 of `[[topics]]`, and for the 20 commonest topics of the articles in that
    /// language. A topic that has its feed keeps it.
    #[serde(default)]
    pub feed: Vec<Feed>,
}

fn items() -> usize {
    50
}
fn hours() -> u32 {
    48
}
fn hub() -> bool {
    true
}

impl Default for Feeds {
    fn default() -> Self {
        Feeds {
            items: items(),
            hours: hours(),
            hub: hub(),
            hubs: Vec::new(),
            private_callbacks: Vec::new(),
            moved: BTreeMap::new(),
            feed: Vec::new(),
        }
    }
}

/// One feed, kept as `/feeds/NAME.rss`, `.atom` and `.json`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Its name in the address.
    #[schemars(with = "kind::Name", example = &"news")]
    pub name: String,
    /// Names that it had before: their addresses lead here (301).
    #[serde(default)]
    #[schemars(with = "Vec<kind::Name>", example = ["press"])]
    pub former: Vec<String>,
    /// The day it ends: nothing that goes public from then on is in it, its last entry says so for 30 days, and after that it is gone (410).
    #[serde(default)]
    #[schemars(with = "Option<kind::Day>", example = &"2026-12-31")]
    pub ended: Option<NaiveDate>,
    /// Its title.
    #[schemars(example = &"All news")]
    pub title: Text,
    /// One line on what is in it.
    #[serde(default)]
    #[schemars(example = &"Everything we publish")]
    pub description: Option<Text>,
    /// Its language, or several: a story then appears once, in the first of them that exists. The site's first where left out.
    #[serde(default)]
    pub language: Languages,
    /// Only these topics.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfTopic>")]
    pub topics: Vec<String>,
    /// Only these sources.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfSource>")]
    pub sources: Vec<String>,
    /// Whole articles or summaries.
    #[serde(default)]
    pub content: FeedContent,
}

/// One language or several.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Languages {
    /// None named.
    #[default]
    #[schemars(skip)]
    Default,
    /// One.
    One(#[schemars(with = "kind::OfLanguage")] Language),
    /// Several, in order of preference.
    Several(#[schemars(with = "Vec<kind::OfLanguage>")] Vec<Language>),
}

impl Feed {
    /// The instant from which it takes nothing new, by the clock of `zone`.
    pub fn ends(&self, zone: chrono_tz::Tz) -> Option<Instant> {
        midnight(self.ended?, zone)
    }

    /// The instant from which it is gone: thirty days later.
    pub fn gone(&self, zone: chrono_tz::Tz) -> Option<Instant> {
        midnight(self.ended?.checked_add_days(Days::new(30))?, zone)
    }

    /// The languages of the feed in order, `default` where none is named.
    pub fn languages(&self, default: &Language) -> Vec<Language> {
        match &self.language {
            Languages::Default => vec![default.clone()],
            Languages::One(one) => vec![one.clone()],
            Languages::Several(several) => several.clone(),
        }
    }
}

/// The first instant of a day; where the clock jumps over midnight, what UTC says.
fn midnight(day: NaiveDate, zone: chrono_tz::Tz) -> Option<Instant> {
    let midnight = day.and_time(NaiveTime::MIN);
    Some(zone.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc()))
}

impl Config {
    /// The feeds there are: those of `[[feeds.feed]]`, and without any one for each language, named
    /// for it (`en`, `sr-latn`), with the newsroom's title.
    pub fn feeds(&self) -> Vec<Feed> {
        if !self.feeds.feed.is_empty() {
            return self.feeds.feed.clone();
        }
        let one = |language: &Language| Feed {
            name: language.path(),
            title: self.site.title.clone(),
            former: Vec::new(),
            ended: None,
            description: None,
            language: Languages::One(language.clone()),
            topics: Vec::new(),
            sources: Vec::new(),
            content: FeedContent::Full,
        };
        self.site.languages.iter().map(one).collect()
    }
}

/// How much of an article a feed carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedContent {
    /// The whole text.
    #[default]
    Full,
    /// The summary.
    Summary,
}
