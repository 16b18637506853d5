//! What `herald init` writes.

use crate::article::Language;
use crate::clock::Instant;
use crate::config::Target;

use super::Answers;

/// The configuration's name.
pub(super) const CONFIG: &str = "config.toml";
/// What keeps people's data out of a repository.
pub(super) const IGNORE: &str = ".gitignore";

const ADDRESS: &str = "Our newsroom, Example Street 1, 11000 Belgrade, Serbia";

/// Every file with its content.
pub(super) fn files(answers: &Answers, now: Instant) -> Vec<(String, Vec<u8>)> {
    let file = |name: &str, text: String| (name.to_owned(), text.into_bytes());
    vec![
        file(CONFIG, configuration(answers)),
        file("articles/welcome.md", article(answers, now)),
        file("subscribers/public.csv", "email,name,language,topics,consent_at,consent_source\n".to_owned()),
        file(IGNORE, ignore("/subscribers/")),
    ]
}

/// The `.gitignore`: what Herald makes, and people's data.
pub(super) fn ignore(people: &str) -> String {
    format!("# What Herald makes, and people's data: neither belongs in a repository.\n/var/\n{people}\n")
}

/// The configuration.
pub(super) fn configuration(answers: &Answers) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let languages = answers.languages.iter().map(|tag| quoted(tag)).collect::<Vec<_>>().join(", ");
    let (title, url, zone) = (quoted(&answers.title), quoted(&answers.url), quoted(answers.zone.name()));
    let (from, relay) = (quoted(&answers.from), quoted(&answers.relay));
    let address = match &answers.address {
        Some(address) => quoted(address),
        None => format!("{}  # yours, before real mail goes", quoted(ADDRESS)),
    };
    let password = match password_file(&answers.relay) {
        Some(file) => {
            format!("password_file = {}  # only the password, in a file that only Herald can read", quoted(file))
        }
        None => "# password_file = \"…\" or password_env = \"…\", where the address names a user".to_owned(),
    };
    format!(
        r#"# Every key is explained by `herald config explain`. `herald check` says what is wrong, and changes nothing.

[site]
title = {title}  # any text people see may be a table: {{ en = "…", sr-Latn = "…" }}
url = {url}  # public base of every link; https:// for real mail
languages = [{languages}]  # the first is the default
timezone = {zone}
address = {address}
folder = "var/site"  # a copy as static files, kept up to date; leave it out for none

[store]
url = "sqlite://var/herald.db"  # or postgres://USER@HOST/DATABASE

[listen]
public = "127.0.0.1:8080"  # feeds, pages, leaving
staff = "127.0.0.1:8081"   # health, for those who run it

[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"  # Markdown and HTML; a changed file is seen at once

# Feeds: one for each language, unless you name some.
# [[feeds.feed]]
# name = "news"
# title = "All news"

[[lists]]
name = "public"
file = "subscribers/public.csv"

[[newsletters]]
name = "daily"
title = "Daily digest"
lists = ["public"]
schedule = "0 7 * * 1-5"  # minute hour day month weekday; or "immediate", or "manual"
template = "digest"

[mail]
from = {from}
# reply_to = "press@…", return_path = "bounces@…"
# sandbox = true  # for trials with a real relay

[[mail.relays]]
name = "outbox"
url = {relay}  # folder:PATH, smtp://HOST, smtps://USER@HOST
{password}
"#
    )
}

/// The first article in each language that we write.
const WELCOME: [(&str, &str); 3] = [
    ("en", include_str!("welcome/en.md")),
    ("sr-Latn", include_str!("welcome/sr-Latn.md")),
    ("sr-Cyrl", include_str!("welcome/sr-Cyrl.md")),
];

/// The first article, in the first of the newsroom's languages that we write. Where we write none of them it is English
/// and says that it is the newsroom's first, for in another language nobody would see it.
fn article(answers: &Answers, now: Instant) -> String {
    let languages: Vec<Language> = answers.languages.iter().filter_map(|tag| tag.parse().ok()).collect();
    let written = languages.iter().find_map(|language| {
        let same = |tag: &str| tag.parse::<Language>().is_ok_and(|known| known == *language);
        // Serbian in no particular script is in Cyrillic: it stands last.
        let near = |tag: &str| tag.parse::<Language>().is_ok_and(|known| known.primary() == language.primary());
        let found = WELCOME.iter().find(|(tag, _)| same(tag));
        found.or_else(|| WELCOME.iter().rev().find(|(tag, _)| near(tag))).map(|(_, text)| (language.clone(), *text))
    });
    let (language, text) = written.unwrap_or_else(|| (languages.first().cloned().unwrap_or_default(), WELCOME[0].1));
    let date = now.with_timezone(&answers.zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    text.replacen("DATE", &date, 1).replacen("LANGUAGE", language.as_str(), 1)
}

/// The file with the relay's password, where it needs one.
pub(super) fn password_file(relay: &str) -> Option<&'static str> {
    match Target::of(relay, std::path::Path::new("")) {
        Ok(Target::Smtp { user: Some(_), .. }) => Some("var/relay-password"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_written_loads_whatever_was_answered() {
        for (title, from, relay) in [
            ("Our newsroom", "news@newsroom.example", "folder:var/outbox"),
            ("Quotes \" and \\ and 'these'", "\"A \\\"B\\\"\" <news@newsroom.example>", "smtp://127.0.0.1:2525"),
            ("Вести", "Вести <news@newsroom.example>", "smtps://user@mail.newsroom.example"),
        ] {
            let answers = Answers {
                title: title.to_owned(),
                url: "https://newsroom.example".to_owned(),
                languages: vec!["sr-Cyrl".to_owned(), "en".to_owned()],
                from: from.to_owned(),
                relay: relay.to_owned(),
                address: None,
                zone: chrono_tz::Tz::Europe__Belgrade,
            };
            let config =
                Config::load(Path::new(CONFIG), &configuration(&answers), []).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(config.site.title.get(&config.language()), title);
            assert_eq!(config.mail.from, from);
        }
    }
    #[test]
    fn the_first_article_is_in_the_first_language_that_we_write() {
        for (languages, tag, word) in [
            (&["sr-Cyrl", "en"][..], "lang: sr-Cyrl", "редакција"),
            (&["sr-Latn"], "lang: sr-Latn", "redakcija"),
            (&["sr"], "lang: sr", "редакција"),
            (&["de", "en-GB"], "lang: en-GB", "newsroom is open"),
            (&["de"], "lang: de", "newsroom is open"),
        ] {
            let answers = Answers {
                title: String::new(),
                url: String::new(),
                languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
                from: String::new(),
                relay: String::new(),
                address: None,
                zone: chrono_tz::Tz::UTC,
            };
            let text = article(&answers, Instant::UNIX_EPOCH);
            assert!(text.contains(&format!("{tag}\n")) && text.contains(word), "{languages:?}: {text}");
        }
    }
}
