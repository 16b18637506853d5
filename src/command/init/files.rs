//! What `herald init` writes.

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
    let password = match Target::of(&answers.relay, std::path::Path::new("")) {
        Ok(Target::Smtp { user: Some(_), .. }) => {
            "password_file = \"var/relay-password\"  # only the password, in a file that only Herald can read"
        }
        _ => "# password_file = \"…\" or password_env = \"…\", where the address names a user",
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

/// The first article.
fn article(answers: &Answers, now: Instant) -> String {
    let language = answers.languages.first().map_or("en", String::as_str);
    let date = now.with_timezone(&answers.zone).format("%Y-%m-%dT%H:%M:%S%:z");
    format!(
        r#"---
title: Our newsroom is open
date: {date}
lang: {language}
summary: From today our news is here, as feeds for readers and as mail for subscribers.
topics: [about us]
---

From today our news is here. You can follow it in a feed reader, or have it sent to you by mail.

This is the first article. It is a Markdown file in the folder `articles`: change it, and save it, and Herald
publishes what you wrote. A new file is a new article. `draft: true` in its head holds it back.
"#
    )
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
}
