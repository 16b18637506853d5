//! Text that people see: one string, or one for each language.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::article::Language;

/// `"text"`, or `{ en = "…", sr-Latn = "…" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    /// The same in each language.
    One(String),
    /// One for each.
    ByLanguage(#[schemars(with = "BTreeMap<String, String>")] BTreeMap<Language, String>),
}

impl Text {
    /// Every wording of it.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Text::One(text) => (Some(text), None),
            Text::ByLanguage(texts) => (None, Some(texts.values())),
        };
        one.into_iter().chain(several.into_iter().flatten()).map(String::as_str)
    }

    /// The text for `language`: its own, else one of the same primary language, else the first there is.
    pub fn get(&self, language: &Language) -> &str {
        match self {
            Text::One(text) => text,
            Text::ByLanguage(texts) => texts
                .get(language)
                .or_else(|| texts.iter().find(|(l, _)| l.primary() == language.primary()).map(|(_, t)| t))
                .or_else(|| texts.values().next())
                .map_or("", String::as_str),
        }
    }
}
