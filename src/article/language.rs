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

/// Languages by the names other people give them.
const NAMES: &[(&str, &[&str])] = &[
    ("en", &["english", "engleski", "енглески", "eng"]),
    ("sr", &["serbian", "srp", "serbe", "serbisch"]),
    ("sr-Latn", &["serbian latin", "srpski (latinica)", "sr-latin", "sr-lat"]),
    ("sr-Cyrl", &["serbian cyrillic", "srpski (ćirilica)", "sr-cyrillic", "sr-cyr", "sr-ćir", "sr-cir"]),
    ("fr", &["french", "francuski", "fra", "fre"]),
    ("de", &["german", "nemački", "deu", "ger"]),
    ("es", &["spanish", "spa"]),
    ("it", &["italian", "ita"]),
    ("pt", &["portuguese", "por"]),
    ("ru", &["russian", "ruski", "rus"]),
    ("hr", &["croatian", "hrv"]),
    ("bs", &["bosnian", "bos"]),
    ("mk", &["macedonian", "mkd"]),
    ("sq", &["albanian", "sqi", "alb"]),
    ("hu", &["hungarian", "hun"]),
    ("tr", &["turkish", "tur"]),
    ("ar", &["arabic", "ara"]),
    ("zh", &["chinese", "zho", "chi"]),
];

/// The two-letter languages of ISO 639-1.
const ISO_639_1: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la \
    lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

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

    /// The script it names: `Latn`.
    pub fn script(&self) -> Option<&str> {
        self.0.split('-').nth(1).filter(|part| part.len() == 4)
    }

    /// Reads what people write for a language: tags with hyphens or underscores, `sr_RS.UTF-8@latin`, `english`.
    ///
    /// # Errors
    /// [`LanguageError`] for what is no language.
    pub fn read(text: &str) -> Result<Self, LanguageError> {
        let fault = || LanguageError(text.to_owned());
        let name = text.trim().to_lowercase();
        if let Some((tag, _)) = NAMES.iter().find(|(_, names)| names.contains(&name.as_str())) {
            return tag.parse();
        }
        if let Some((tag, _)) = OWN_NAMES.iter().find(|(_, own)| own.to_lowercase() == name) {
            return tag.parse();
        }
        // A POSIX locale: language_COUNTRY.encoding@modifier.
        let (tag, modifier) = text.trim().split_once('@').unwrap_or((text.trim(), ""));
        let tag = tag.split('.').next().unwrap_or_default();
        let mut id: LanguageIdentifier = tag.replace('_', "-").parse().map_err(|_| fault())?;
        let script = match modifier.to_ascii_lowercase().as_str() {
            "latin" | "latn" => Some("Latn"),
            "cyrillic" | "cyrl" => Some("Cyrl"),
            _ => None,
        };
        if let (None, Some(script)) = (id.script, script) {
            id.script = script.parse().ok();
        }
        // Serbia is where Serbian is from: the country says nothing there.
        if id.language.as_str() == "sr" && id.region.is_some_and(|r| r.as_str() == "RS") {
            id.region = None;
        }
        let primary = id.language.as_str();
        if primary.len() > 3 || primary == "und" {
            return Err(fault());
        }
        Ok(Language(id.to_string()))
    }

    /// Whether this is the whole name of one of the world's larger languages in two letters (ISO 639-1).
    pub fn is_well_known(&self) -> bool {
        ISO_639_1.split(' ').any(|two| two == self.primary())
    }

    /// The same language without its country.
    pub fn without_region(&self) -> Language {
        match self.0.parse::<LanguageIdentifier>() {
            Ok(mut id) => {
                id.region = None;
                Language(id.to_string())
            }
            Err(_) => self.clone(),
        }
    }

    /// The same language in that script (`Latn`).
    pub fn in_script(&self, script: &str) -> Language {
        match (self.0.parse::<LanguageIdentifier>(), script.parse()) {
            (Ok(mut id), Ok(script)) => {
                id.script = Some(script);
                Language(id.to_string())
            }
            _ => self.clone(),
        }
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
