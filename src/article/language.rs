//! Languages by BCP 47 (RFC 5646): `en`, `sr-Latn`, `sr-Cyrl`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

/// A language tag in its canonical spelling; `und` where nobody said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// Languages by their own names (as CLDR has them, with a capital).
const OWN_NAMES: &[(&str, &str)] = &[
    ("ar", "العربية"),
    ("be", "Беларуская"),
    ("bg", "Български"),
    ("bs", "Bosanski"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("et", "Eesti"),
    ("eu", "Euskara"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("ga", "Gaeilge"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hr", "Hrvatski"),
    ("hu", "Magyar"),
    ("hy", "Հայերեն"),
    ("is", "Íslenska"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ka", "ქართული"),
    ("ko", "한국어"),
    ("lt", "Lietuvių"),
    ("lv", "Latviešu"),
    ("mk", "Македонски"),
    ("mt", "Malti"),
    ("nl", "Nederlands"),
    ("nb", "Norsk bokmål"),
    ("nn", "Norsk nynorsk"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sk", "Slovenčina"),
    ("sl", "Slovenščina"),
    ("sq", "Shqip"),
    ("sr", "Српски"),
    ("sr-Latn", "Srpski"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
    ("zh-Hant", "繁體中文"),
];

/// A tag that is no BCP 47 tag.
#[derive(Debug, thiserror::Error)]
#[error("“{0}” is no language tag; write one like en, sr-Latn or sr-Cyrl")]
pub struct LanguageError(String);

impl Language {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag in lower case, as addresses have it: `/sr-latn/`.
    pub fn path(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The part before the first hyphen: `sr`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Its name in itself, for links to a text in it: `English`, `Srpski`, `Српски`; the tag where we don't know it.
    pub fn own_name(&self) -> &str {
        let find = |tag: &str| OWN_NAMES.iter().find(|(known, _)| *known == tag).map(|(_, name)| *name);
        find(&self.0).or_else(|| find(self.primary())).unwrap_or(&self.0)
    }

    /// Whether nobody said which.
    pub fn is_undetermined(&self) -> bool {
        self.0 == "und"
    }

    /// Whether it is written from right to left.
    pub fn is_right_to_left(&self) -> bool {
        self.0
            .parse::<LanguageIdentifier>()
            .is_ok_and(|id| id.character_direction() == unic_langid::CharacterDirection::RTL)
    }
}

impl Default for Language {
    fn default() -> Self {
        Language("und".to_owned())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        let id: LanguageIdentifier =
            text.trim().replace('_', "-").parse().map_err(|_| LanguageError(text.to_owned()))?;
        Ok(Language(id.to_string()))
    }
}

impl TryFrom<String> for Language {
    type Error = LanguageError;
    fn try_from(text: String) -> Result<Self, LanguageError> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_get_their_canonical_spelling() {
        assert_eq!("SR_cyrl".parse::<Language>().unwrap().as_str(), "sr-Cyrl");
        assert!("not a tag".parse::<Language>().is_err());
        assert_eq!("sr-Cyrl-RS".parse::<Language>().unwrap().own_name(), "Српски");
        assert_eq!("sr-Latn".parse::<Language>().unwrap().own_name(), "Srpski");
        assert_eq!("tlh".parse::<Language>().unwrap().own_name(), "tlh");
        assert!("ar".parse::<Language>().unwrap().is_right_to_left());
    }
}
