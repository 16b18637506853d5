//! `config.toml` as types, one file a section. Every key is documented once, here: the doc comments
//! are the reference that `herald config explain` prints and `docs/CONFIG.md` is made of.

mod accessibility;
pub mod address;
mod check;
mod dkim;
mod doubtful;
mod environment;
mod error;
mod feeds;
mod keep;
mod kind;
mod later;
mod listen;
mod lists;
mod load;
mod mail;
mod near;
mod network;
mod newsletters;
mod returns;
mod secret;
mod shape;
mod site;
mod sources;
mod span;
mod staff;
mod text;
mod tree;

pub mod reference;

pub use accessibility::{Accessibility, Status as AccessibilityStatus};
pub use check::check_text;
pub use dkim::{Dkim, Ed25519, Unusable};
pub use error::{ConfigError, Fault};
pub use feeds::{Feed, FeedContent, Feeds, Languages};
pub use keep::Keep;
pub use listen::{Limits, Listen, TlsFiles};
pub use lists::{Basis, List};
pub use mail::{Mail, Relay, Resolver, Target, Tls};
pub use near::nearest;
pub use network::Network;
pub use newsletters::{Approval, Missing, Newsletter, OnUnknown, Schedule, Timezone};
pub use returns::{Imap, Returns};
pub use secret::{Proof, Token};
pub use site::{Site, StoreSection, Topic};
pub use sources::{Folder, Source};
pub use span::Span;
pub use staff::{Alerts, Staff};
pub use text::Text;

use std::collections::BTreeMap;
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
    /// The file it was read from.
    #[serde(skip)]
    pub file: PathBuf,
    /// The line of each key of the file.
    #[serde(skip)]
    lines: BTreeMap<String, usize>,
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
    /// Those who work here.
    #[serde(default)]
    pub staff: Staff,
    /// Who is told when an edition that was due does not go out.
    #[serde(default)]
    pub alerts: Alerts,
    /// What the page on accessibility says.
    #[serde(default)]
    pub accessibility: Accessibility,
    /// How long what has been is kept.
    #[serde(default)]
    pub keep: Keep,
}

impl Config {
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

#[cfg(test)]
mod tests;
