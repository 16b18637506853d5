//! `config.toml` as types, one file a section. Every key is documented once, here: the doc comments
//! are the reference that `herald config explain` prints and `docs/CONFIG.md` is made of.

mod error;
mod feeds;
mod lists;
mod mail;
mod newsletters;
mod site;
mod sources;
mod span;
mod text;

pub use error::{ConfigError, Fault};
pub use feeds::{Feed, FeedContent, Feeds};
pub use lists::{Basis, List};
pub use mail::{Mail, Relay, Target, Tls};
pub use newsletters::{Missing, Newsletter, Schedule};
pub use site::{Listen, Site, StoreSection, Topic};
pub use sources::{Folder, Source};
pub use span::Span;
pub use text::Text;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::article::Language;

/// The whole configuration. Relative paths in it are taken from the folder of the file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it was read from; paths are taken from its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The newsroom and its public pages.
    pub site: Site,
    /// Where everything is kept.
    #[serde(default)]
    pub store: StoreSection,
    /// What Herald listens on.
    #[serde(default)]
    pub listen: Listen,
    /// Where articles come from.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Topics with the names people see. A topic that articles name and this list does not is shown as written.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// The feeds.
    #[serde(default)]
    pub feeds: Feeds,
    /// Lists of people.
    #[serde(default)]
    pub lists: Vec<List>,
    /// What is sent, to whom and when.
    #[serde(default)]
    pub newsletters: Vec<Newsletter>,
    /// How mail leaves the house.
    #[serde(default)]
    pub mail: Mail,
}

impl Config {
    /// The configuration in `text`, which was read from `file`, with what the environment says over it.
    ///
    /// # Errors
    /// Every fault found.
    pub fn load(
        file: &std::path::Path,
        text: &str,
        _env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut config: Config = toml::from_str(text).map_err(|error| ConfigError {
            file: file.to_owned(),
            faults: vec![Fault { line: None, key: String::new(), reason: error.to_string() }],
        })?;
        config.folder = file.parent().map(std::path::Path::to_owned).unwrap_or_default();
        Ok(config)
    }

    /// The first language: the default one.
    pub fn language(&self) -> Language {
        self.site.languages.first().cloned().unwrap_or_default()
    }

    /// A path of the configuration, taken from its folder.
    pub fn path(&self, relative: &std::path::Path) -> PathBuf {
        self.folder.join(relative)
    }

    /// The newsletter of that name.
    pub fn newsletter(&self, name: &str) -> Option<&Newsletter> {
        self.newsletters.iter().find(|n| n.name == name)
    }
}
