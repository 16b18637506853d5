//! `[[sources]]`: where articles come from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Span, kind};
use crate::article::Language;

/// One source; `kind` says which.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    /// A folder of Markdown and HTML files.
    Folder(Folder),
}

impl Source {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Source::Folder(folder) => &folder.name,
        }
    }

    /// How often it is read.
    pub fn every(&self) -> Span {
        match self {
            Source::Folder(folder) => folder.every,
        }
    }
}

/// A folder of Markdown and HTML files with front matter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// Its name, kept for ever: ids are made from it.
    #[schemars(with = "kind::Name", example = &"newsroom")]
    pub name: String,
    /// The folder.
    #[schemars(with = "kind::File", example = &"articles")]
    pub path: PathBuf,
    /// How often it is read; it is also watched for changes.
    #[serde(default = "minute")]
    #[schemars(with = "kind::Length")]
    pub every: Span,
    /// The language of files that name none (by front matter, file name or folder); the site's first where left out.
    #[serde(default)]
    #[schemars(with = "Option<kind::Language>")]
    pub language: Option<Language>,
    /// Offers each article in Serbian Cyrillic in Latin letters too, as a language version of its own: letter for letter, with
    /// addresses, code, Roman numerals and what is marked with another `lang` left alone. A Latin version made by hand goes
    /// before it. An article may say otherwise (`transliterate: false`). Needs sr-Latn among the site's languages.
    #[serde(default)]
    pub transliterate: bool,
    /// Folder whose files stand at the root of addresses (`/images/a.jpg`), as `static/` is in Hugo and Zola.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"static")]
    pub assets: Option<PathBuf>,
}

fn minute() -> Span {
    Span::minutes(1)
}
