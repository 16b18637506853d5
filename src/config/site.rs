//! `[site]`, `[[topics]]` and `[store]`.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Text, kind, secret};
use crate::article::Language;

/// What a slug must not bring into an address as it is; letters of other scripts are encoded anyway.
const SLUG: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The newsroom and its public pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The newsroom's name.
    #[schemars(example = &"Public Affairs Newsroom")]
    pub title: Text,
    /// Public base of every link, without a slash at the end: `https://newsroom.example`.
    #[schemars(with = "kind::SiteUrl")]
    pub url: String,
    /// The languages of the newsroom (BCP 47); the first is the default.
    #[schemars(with = "Vec<kind::Language>", length(min = 1), example = ["en", "sr-Latn", "sr-Cyrl"])]
    pub languages: Vec<Language>,
    /// Static copy of feeds and pages, kept up to date; leave it out for none.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>")]
    pub folder: Option<PathBuf>,
    /// Time zone of dates that people see and of front matter dates that name none.
    #[serde(default = "utc")]
    #[schemars(with = "kind::Zone", example = &"Europe/Belgrade")]
    pub timezone: Tz,
    /// Who publishes: the name in mastheads and feeds. The title where left out.
    #[serde(default)]
    #[schemars(example = &"Public Affairs Office")]
    pub publisher: Option<Text>,
    /// The postal address, under every mail and page.
    #[schemars(example = &"Public Affairs Office, Example Street 1, 11000 Belgrade, Serbia")]
    pub address: Text,
    /// The one colour of links and buttons, `#rrggbb`.
    #[serde(default = "accent")]
    #[schemars(with = "kind::Colour")]
    pub accent: String,
    /// Where people can write or ring, shown in the foot of pages.
    #[serde(default)]
    #[schemars(example = &"press@newsroom.example, +381 11 000 000")]
    pub contact: Option<Text>,
    /// Who holds the rights and what others may do with the news: a line in every feed.
    #[serde(default)]
    #[schemars(example = &"© Public Affairs Office. Free to use with the source named.")]
    pub rights: Option<Text>,
    /// What makes caches in front (a CDN, Varnish) forget pages and feeds that have changed: a web address, which gets a POST with a JSON
    /// document (`addresses`), or a command line for the shell, which gets the addresses on its standard input, one a line. A single
    /// `*` stands for everything. It is tried again until it succeeds.
    #[serde(default)]
    #[schemars(with = "Option<kind::Purge>", example = &"xargs -n1 curl -fsS -X PURGE")]
    pub purge: Option<String>,
    /// Templates that replace ours, file by file.
    #[serde(default = "templates")]
    #[schemars(with = "kind::File")]
    pub templates: PathBuf,
    /// Where copies of pictures are kept.
    #[serde(default = "media")]
    #[schemars(with = "kind::File")]
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

    /// The address of the feed of that name, without the ending of a format.
    pub fn feed(&self, name: &str) -> String {
        self.address(&format!("/feeds/{}", percent_encoding::utf8_percent_encode(name, SLUG)))
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
    #[schemars(with = "kind::TopicId")]
    pub id: String,
    /// Its name.
    #[schemars(example = serde_json::json!({ "en": "Exercises", "sr-Latn": "Vežbe", "sr-Cyrl": "Вежбе" }))]
    pub name: Text,
}

/// Where everything is kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite://PATH` or `postgres://USER@HOST/DATABASE`.
    #[serde(default = "store_url")]
    #[schemars(with = "kind::StoreUrl")]
    pub url: String,
    /// File with the password for PostgreSQL.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/etc/herald/store-password")]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable with the password for PostgreSQL.
    #[serde(default)]
    #[schemars(with = "Option<kind::Variable>", example = &"STORE_PASSWORD")]
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

impl StoreSection {
    /// The address to open the store at: `url`, with the password of the file (taken from `base`) or variable that is named.
    ///
    /// # Errors
    /// Why the password cannot be read.
    pub fn address(&self, base: &Path) -> Result<SecretString, String> {
        let Some(password) = secret::read(base, self.password_file.as_deref(), self.password_env.as_deref())? else {
            return Ok(SecretString::from(self.url.clone()));
        };
        let mut url = url::Url::parse(&self.url).map_err(|error| format!("url: {error}"))?;
        url.set_password(Some(password.expose_secret()))
            .map_err(|()| "url: a password is named, but this store takes none".to_owned())?;
        Ok(SecretString::from(url.to_string()))
    }
}
