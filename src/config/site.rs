//! `[site]`, `[[topics]]`, `[store]` and `[listen]`.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Text;
use crate::article::Language;

/// What a slug must not bring into an address as it is; letters of other scripts are encoded anyway.
const SLUG: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The newsroom and its public pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The newsroom's name.
    pub title: Text,
    /// Public base of every link, without a slash at the end: `https://newsroom.example`.
    pub url: String,
    /// The languages of the newsroom (BCP 47); the first is the default.
    #[schemars(with = "Vec<String>")]
    pub languages: Vec<Language>,
    /// Static copy of feeds and pages, kept up to date; leave it out for none.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// Time zone of dates that people see and of front matter dates that name none.
    #[serde(default = "utc")]
    #[schemars(with = "String")]
    pub timezone: Tz,
    /// Who publishes: the name in mastheads and feeds. The title where left out.
    #[serde(default)]
    pub publisher: Option<Text>,
    /// The postal address, under every mail and page.
    pub address: Text,
    /// The one colour of links and buttons, `#rrggbb`.
    #[serde(default = "accent")]
    pub accent: String,
    /// Where people can write or ring, shown in the foot of pages.
    #[serde(default)]
    pub contact: Option<Text>,
    /// Templates that replace ours, file by file.
    #[serde(default = "templates")]
    pub templates: PathBuf,
    /// Where copies of pictures are kept.
    #[serde(default = "media")]
    pub media: PathBuf,
}

impl Site {
    /// Who publishes, in that language.
    pub fn publisher(&self) -> &Text {
        self.publisher.as_ref().unwrap_or(&self.title)
    }

    /// The public address of a path that stands in no language: `/feeds/news.rss`.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    /// What stands before paths in that language: nothing for the first, `/sr-latn` for another.
    pub fn prefix(&self, language: &Language) -> String {
        if self.languages.first() == Some(language) { String::new() } else { format!("/{}", language.path()) }
    }

    /// The home page in that language.
    pub fn home(&self, language: &Language) -> String {
        self.address(&format!("{}/", self.prefix(language)))
    }

    /// The page of the article with that slug: its address in pages, feeds and mails.
    pub fn article(&self, language: &Language, slug: &str) -> String {
        let slug = percent_encoding::utf8_percent_encode(slug, SLUG);
        self.address(&format!("{}/articles/{slug}", self.prefix(language)))
    }
}

fn utc() -> Tz {
    Tz::UTC
}
fn accent() -> String {
    "#1f4e79".to_owned()
}
fn templates() -> PathBuf {
    "templates".into()
}
fn media() -> PathBuf {
    "var/media".into()
}

/// A topic with the name people see.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its id, as articles, feeds and newsletters name it.
    pub id: String,
    /// Its name.
    pub name: Text,
}

/// Where everything is kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite://PATH` or `postgres://USER@HOST/DATABASE`.
    #[serde(default = "store_url")]
    pub url: String,
    /// File with the password for PostgreSQL.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable with the password for PostgreSQL.
    #[serde(default)]
    pub password_env: Option<String>,
}

fn store_url() -> String {
    "sqlite://var/herald.db".to_owned()
}

impl Default for StoreSection {
    fn default() -> Self {
        StoreSection { url: store_url(), password_file: None, password_env: None }
    }
}

/// What Herald listens on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Feeds, pages, leaving.
    #[serde(default = "public")]
    #[schemars(with = "String")]
    pub public: SocketAddr,
    /// Health and readiness for those who run it. Keep it inside.
    #[serde(default = "staff")]
    #[schemars(with = "String")]
    pub staff: SocketAddr,
}

fn public() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}
fn staff() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8081))
}

impl Default for Listen {
    fn default() -> Self {
        Listen { public: public(), staff: staff() }
    }
}
