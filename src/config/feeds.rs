//! `[feeds]`: which selections of articles are kept as RSS, Atom and JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Config, Text, kind};
use crate::article::Language;

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

impl Default for Feeds {
    fn default() -> Self {
        Feeds { items: items(), hours: hours(), feed: Vec::new() }
    }
}

/// One feed, kept as `/feeds/NAME.rss`, `.atom` and `.json`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Its name in the address.
    #[schemars(with = "kind::Name", example = &"news")]
    pub name: String,
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
    /// The languages of the feed in order, `default` where none is named.
    pub fn languages(&self, default: &Language) -> Vec<Language> {
        match &self.language {
            Languages::Default => vec![default.clone()],
            Languages::One(one) => vec![one.clone()],
            Languages::Several(several) => several.clone(),
        }
    }
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
