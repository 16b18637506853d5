//! Which language a text is in, from what was said about it and, between two scripts, from its letters.

use super::Language;

/// What was said about a text's language, the nearest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// By its front matter.
    pub matter: Option<&'a Language>,
    /// By its file's name or folder.
    pub path: Option<&'a Language>,
    /// By the settings of its source.
    pub source: Option<&'a Language>,
}

/// The language of a text, as a site that speaks `site` calls it.
pub fn language(said: Said<'_>, text: &str, site: &[Language]) -> Language {
    match said.matter.or(said.path).or(said.source) {
        Some(language) => fit(language, text, site),
        None => unsaid(text, site),
    }
}

/// The site's own name for a language: with the script where the site tells scripts apart, without the country where it doesn't.
fn fit(language: &Language, text: &str, site: &[Language]) -> Language {
    if site.contains(language) {
        return language.clone();
    }
    if language.script().is_none() {
        let scripts = site.iter().filter(|l| l.primary() == language.primary() && l.script().is_some());
        let written = script(text);
        if let Some(found) = scripts.clone().find(|l| l.script() == written) {
            return found.clone();
        }
        // Serbian is written in both; the script is part of what language it is for its readers.
        if let (Some(written @ ("Latn" | "Cyrl")), true) = (written, scripts.count() > 0 || language.primary() == "sr")
        {
            return language.without_region().in_script(written);
        }
    }
    let plain = language.without_region();
    if site.contains(&plain) { plain } else { language.clone() }
}

/// Where nobody said: the site's first language, unless the letters are those of another of its languages.
fn unsaid(text: &str, site: &[Language]) -> Language {
    fn of(language: &Language) -> Option<&str> {
        language.script().or_else(|| usual_script(language.primary()))
    }
    let first = site.first().cloned().unwrap_or_default();
    let Some(written) = script(text) else { return first };
    if of(&first).is_none_or(|usual| usual == written) {
        return first;
    }
    site.iter().find(|l| of(l) == Some(written)).cloned().unwrap_or(first)
}

/// The script most of the letters of a text are in, as ISO 15924 calls it; `None` where there are few letters, or
/// they are in one that needs no telling.
pub fn script(text: &str) -> Option<&'static str> {
    let (mut latin, mut cyrillic, mut arabic, mut greek) = (0, 0, 0, 0);
    // Addresses are Latin in every language.
    let words = text.split_whitespace().filter(|word| !word.contains("://"));
    for c in words.flat_map(str::chars).take(20_000) {
        match c {
            'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' => latin += 1,
            '\u{400}'..='\u{52F}' => cyrillic += 1,
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' => arabic += 1,
            '\u{370}'..='\u{3FF}' => greek += 1,
            _ => {}
        }
    }
    let all = latin + cyrillic + arabic + greek;
    [("Latn", latin), ("Cyrl", cyrillic), ("Arab", arabic), ("Grek", greek)]
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .filter(|(_, count)| *count * 2 > all)
        .map(|(name, _)| name)
}

fn usual_script(primary: &str) -> Option<&'static str> {
    match primary {
        "ru" | "uk" | "be" | "bg" | "mk" => Some("Cyrl"),
        "ar" | "fa" | "ur" => Some("Arab"),
        "el" => Some("Grek"),
        "sr" | "zh" | "ja" | "ko" | "he" | "hi" | "th" | "ka" | "hy" => None,
        _ => Some("Latn"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_gets_the_name_that_the_site_has_for_it() {
        let site: Vec<Language> = ["en", "sr-Latn", "sr-Cyrl"].iter().map(|l| l.parse().unwrap()).collect();
        let check = |said: &str, text: &str, site: &[Language], expect: &str| {
            let language = Language::read(said).unwrap();
            let got = super::language(Said { matter: Some(&language), ..Said::default() }, text, site);
            assert_eq!(got.as_str(), expect, "{said}: {text}");
        };
        check("sr_RS", "Вежбе на реци", &site, "sr-Cyrl");
        check("sr", "Vežbe na reci", &site, "sr-Latn");
        check("serbian", "Vežbe (Вежбе) na reci", &site, "sr-Latn");
        check("sr-Latn-RS", "Вежбе", &site, "sr-Latn");
        check("en_GB.UTF-8", "Exercises", &site, "en");
        check("pt-BR", "Exercícios", &site, "pt-BR");
        check("zh-Hant", "演習", &site, "zh-Hant");
        check("en-US", "Exercises", &[], "en-US");
        let check = |text: &str, expect: &str| {
            assert_eq!(super::language(Said::default(), text, &site).as_str(), expect, "{text}");
        };
        check("Exercises on the river", "en");
        check("Вежбе на реци", "sr-Cyrl");
        check("12 + 30", "en");
        check("演習", "en");
    }
}
