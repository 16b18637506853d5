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
