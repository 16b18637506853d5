//! What a text in the configuration stands for. A key's type names its kind (`#[schemars(with = "kind::Zone")]`); the
//! kind checks the text, and says in the reference what it is and how one looks.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use chrono_tz::Tz;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use url::{Host, Url};

use super::newsletters::{SUBSCRIBER, is_calendar};
use super::returns::folder;
use super::{Imap, Missing, Network, Resolver, Span, Target};
use crate::article::{Language as Tag, topic_id};
use crate::audience::Address;
use crate::calendar;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident, $word:literal, $says:literal, $example:literal;)+) => {
        /// The kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[doc = $doc])+ $name,)+ }

        impl Kind {
            /// The kind that the schema calls `word`.
            pub(super) fn of(word: &str) -> Option<Kind> {
                match word { $($word => Some(Kind::$name),)+ _ => None }
            }
            /// What it is, in the reference.
            pub(super) fn says(self) -> &'static str {
                match self { $(Kind::$name => $says,)+ }
            }
            /// How one looks.
            pub(super) fn example(self) -> &'static str {
                match self { $(Kind::$name => $example,)+ }
            }
        }

        $($(#[doc = $doc])+
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $word })
            }
        })+
    };
}

/// A number for each of some domains; `*` stands for all others.
pub struct PerDomain;

impl JsonSchema for PerDomain {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "PerDomain".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let number = json_schema!({ "type": "integer", "minimum": 0, "maximum": 100_000 });
        json_schema!({ "type": "object", "format": "domains", "additionalProperties": number })
    }
}

/// Where each of some former addresses leads.
pub struct Moved;

impl JsonSchema for Moved {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Moved".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "format": "paths", "additionalProperties": { "type": "string" } })
    }
}

/// Whether `text` is a path of a former system.
///
/// # Errors
/// What to write.
pub(super) fn former_path(text: &str) -> Result<(), String> {
    let fits = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('#')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    match fits {
        true if text.contains('*') => {
            Err(format!("“{text}”: each address is written whole; * stands for nothing here"))
        }
        true => Ok(()),
        false => Err(format!("“{text}” is no path; write one like \"/feed/\", with its ? part where there is one")),
    }
}

/// Whether `text` names a recipient domain, or all others.
///
/// # Errors
/// What to write.
pub(super) fn domain(text: &str) -> Result<(), String> {
    let fits =
        text == "*" || format!("x@{text}").parse::<Address>().is_ok_and(|address| address.domain().contains('.'));
    if fits {
        Ok(())
    } else {
        Err(format!("“{text}” is no domain that mail goes to; write \"gmail.com\", or \"*\" for all others"))
    }
}

kinds! {
    /// A zone of the IANA database.
    Zone, "zone", "time zone", "Europe/Belgrade";
    /// A zone, or each reader's own.
    OwnZone, "own-zone", "time zone, or `subscriber`", "Europe/Belgrade";
    /// A span of hours.
    Hours, "hours", "hours of the day", "06:00-21:00";
    /// A day off, or a file of such.
    DayOff, "day-off", "day, span of days, day of each year, or `.ics` file", "2026-01-07";
    /// A BCP 47 tag.
    Language, "language", "language tag", "sr-Latn";
    /// A length of time.
    Length, "length", "length of time", "2h";
    /// Five cron fields, or a word.
    Schedule, "schedule", "schedule", "0 7 * * 1-5";
    /// What readers get whose language a story does not exist in.
    Missing_, "missing", "`original`, `skip` or `wait:` with a length of time", "wait:4h";
    /// The public base of every link.
    SiteUrl, "site-url", "web address", "https://newsroom.example";
    /// What is called when something happens.
    Hook, "hook", "web address (https, or this machine's own)", "https://watch.newsroom.example/ping/herald";
    /// Where everything is kept.
    StoreUrl, "store-url", "address of a database", "sqlite://var/herald.db";
    /// Where mail is taken.
    RelayUrl, "relay-url", "address of a relay", "smtp://herald@mail.newsroom.example:587";
    /// A mailbox on an IMAP server.
    ImapUrl, "imap-url", "address of a mailbox", "imaps://bounces%40newsroom.example@mail.newsroom.example/INBOX";
    /// Where names are looked up.
    NameServer, "name-server", "`system`, `off`, or IP address and port", "127.0.0.1:53";
    /// A folder of a mailbox.
    Folder, "imap-folder", "folder of a mailbox", "Herald/read";
    /// A colour.
    Colour, "colour", "colour", "#1f4e79";
    /// `Name <address>`.
    Sender, "mailbox", "address, with or without a name", "Public Affairs Office <news@newsroom.example>";
    /// A bare address.
    Bare, "address", "address", "press@newsroom.example";
    /// Address and port.
    Listener, "listener", "IP address and port", "127.0.0.1:8080";
    /// A name that stands in addresses and environment variables.
    Name, "name", "name", "daily";
    /// The id of a topic.
    TopicId, "topic-id", "id", "exercises";
    /// A file or folder.
    File, "file", "path", "var/site";
    /// An environment variable.
    Variable, "variable", "name of an environment variable", "RELAY_PASSWORD";
    /// A machine or network by number.
    OfNetwork, "network", "IP address or network", "127.0.0.1";
    /// A host, as it stands in an address.
    OfHost, "host", "name or IP address of a host", "reader.office.internal";
    /// What makes caches forget.
    Purge, "purge", "web address (https, or this machine's own), or command line", "https://cache.newsroom.example/purge";
    /// A day.
    Day, "day", "day", "2026-12-31";
    /// The name of a list.
    OfList, "of-list", "name of a list", "public";
    /// A topic.
    OfTopic, "of-topic", "topic", "exercises";
    /// The name of a source.
    OfSource, "of-source", "name of a source", "newsroom";
    /// A language of the newsroom.
    OfLanguage, "of-language", "language of `site.languages`", "sr-Latn";
}

impl Kind {
    /// Checks a text by itself; what it refers to is checked by [`super::check`].
    pub(super) fn check(self, text: &str) -> Result<(), String> {
        match self {
            Kind::Zone => zone(text),
            Kind::OwnZone if text.trim() == SUBSCRIBER => Ok(()),
            Kind::OwnZone => zone(text),
            Kind::Hours => text.parse::<calendar::Hours>().map(drop),
            Kind::DayOff if is_calendar(text) => Ok(()),
            Kind::DayOff => text.parse::<calendar::DaysOff>().map(drop),
            Kind::Language | Kind::OfLanguage => language(text),
            Kind::Length => text.parse::<Span>().map(drop),
            Kind::Schedule => match text.trim() {
                "immediate" | "manual" => Ok(()),
                line => calendar::Schedule::parse(line, Tz::UTC).map(drop).map_err(|e| e.to_string()),
            },
            Kind::Missing_ => Missing::try_from(text.to_owned()).map(drop),
            Kind::SiteUrl => site_url(text),
            Kind::Hook => hook(text),
            Kind::StoreUrl => store_url(text),
            Kind::RelayUrl => Target::of(text, Path::new("")).map(drop),
            Kind::ImapUrl => Imap::of(text).map(drop),
            Kind::NameServer => Resolver::of(text).map(drop),
            Kind::Folder => folder(text),
            Kind::Colour => colour(text),
            Kind::Sender if text.chars().any(char::is_control) => Err("it holds a line break or another control character".to_owned()),
            Kind::Sender => Address::with_name(text).map(drop).map_err(|e| e.to_string()),
            Kind::Bare => text.parse::<Address>().map(drop).map_err(|e| e.to_string()),
            Kind::Listener => text.parse::<SocketAddr>().map(drop).map_err(|_| {
                format!("“{text}” is no IP address with a port; write one like 127.0.0.1:8080, or 0.0.0.0:8080 for every interface")
            }),
            Kind::OfNetwork => text.parse::<Network>().map(drop),
            Kind::OfHost => host(text),
            Kind::Purge if text.starts_with("http://") || text.starts_with("https://") => hook(text),
            Kind::Purge if text.trim().is_empty() => Err("it is empty".to_owned()),
            Kind::Purge => Ok(()),
            Kind::Day => text.parse::<chrono::NaiveDate>().map(drop).map_err(|_| format!("“{text}” is no day; write one like 2026-12-31")),
            Kind::Name => name(text),
            Kind::TopicId => match topic_id(text) {
                id if id == text && !id.is_empty() => Ok(()),
                id if id.is_empty() => Err("an id needs letters or digits".to_owned()),
                id => Err(format!("“{text}” is no id (lower case, hyphens for spaces); write {id:?}")),
            },
            Kind::File | Kind::Variable if text.trim().is_empty() => Err("it is empty".to_owned()),
            Kind::File => Ok(()),
            Kind::Variable => match text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                true => Ok(()),
                // What stands here may be the password itself.
                false => Err("it is no name of an environment variable (letters, digits and _)".to_owned()),
            },
            Kind::OfList | Kind::OfTopic | Kind::OfSource => Ok(()),
        }
    }
}

fn zone(text: &str) -> Result<(), String> {
    if text.parse::<Tz>().is_ok() {
        return Ok(());
    }
    let near = calendar::zones_like(text);
    Err(match near.as_slice() {
        [] => format!("“{text}” is no time zone; write one like Europe/Belgrade (IANA names: Area/City)"),
        [first, rest @ ..] => {
            let others = rest.iter().map(|z| format!(", or {z}")).collect::<String>();
            format!("“{text}” is no time zone; did you mean {first}{others}?")
        }
    })
}

fn language(text: &str) -> Result<(), String> {
    let fault = |hint: &str| format!("“{text}” is no language tag; {hint}");
    let tag: Tag = text.parse().map_err(|_| fault("write one like en, sr-Latn or sr-Cyrl (BCP 47)"))?;
    let lower = tag.path();
    for (word, script) in [("latin", "Latn"), ("cyrillic", "Cyrl"), ("cyril", "Cyrl")] {
        if lower.split('-').skip(1).any(|part| part == word) {
            return Err(fault(&format!("the script is written {}-{script}", tag.primary())));
        }
    }
    let known = |code: &str| code.parse::<unic_langid::LanguageIdentifier>().is_ok_and(|mut id| id.maximize());
    match tag.primary() {
        // The likely subtags are not known of every small language with a code of three letters.
        code if code.len() == 3 || (code.len() == 2 && known(code)) => Ok(()),
        _ => Err(fault("write its code: en for English, sr-Latn or sr-Cyrl for Serbian (BCP 47)")),
    }
}

fn site_url(text: &str) -> Result<(), String> {
    let url =
        Url::parse(text).map_err(|_| format!("“{text}” is no web address; write one like https://newsroom.example"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("“{text}” begins with neither https:// nor http://"));
    }
    if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err("it must be https://, a host, and no user or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("“{text}” has a ? or # part; every link begins with it, so it must end with the path"));
    }
    if text.ends_with('/') {
        return Err(format!("“{text}” ends with a slash; write {}", text.trim_end_matches('/')));
    }
    Ok(())
}

/// The address itself may be a secret, so it is not repeated.
fn hook(text: &str) -> Result<(), String> {
    let url = Url::parse(text)
        .map_err(|_| "it is no web address; write one like https://watch.newsroom.example/ping".to_owned())?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("it names no host".to_owned()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it names a user or a password; a secret may stand in its path".to_owned());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if here => Ok(()),
        "http" => Err("it must begin with https://; http:// is for this machine alone".to_owned()),
        _ => Err("it begins with neither https:// nor http://".to_owned()),
    }
}

/// What to do about a password in an address.
pub(super) const NO_PASSWORD: &str = "a password does not belong in here; write it into a file that only Herald can read \
     and name that in password_file, or name an environment variable in password_env";

fn store_url(text: &str) -> Result<(), String> {
    const WANTED: &str = "it is neither sqlite://PATH nor postgres://USER@HOST/DATABASE";
    if let Some(path) = text.strip_prefix("sqlite://") {
        return match path.trim().is_empty() || path.contains('?') {
            true => Err("after sqlite:// stands the path of a file: sqlite://var/herald.db".to_owned()),
            false => Ok(()),
        };
    }
    let url = Url::parse(text).map_err(|_| WANTED.to_owned())?;
    if url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password") {
        return Err(NO_PASSWORD.to_owned());
    }
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(WANTED.to_owned());
    }
    Ok(())
}

fn host(text: &str) -> Result<(), String> {
    match Host::parse(text).or_else(|_| Host::parse(&format!("[{text}]"))) {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(format!("“{text}” is no host; write its name or IP address alone: reader.office.internal, 10.0.0.7"))
        }
    }
}

fn colour(text: &str) -> Result<(), String> {
    let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    hex.map(drop).ok_or_else(|| format!("“{text}” is no colour; write # and six digits of 0-9 and a-f: #1f4e79"))
}

fn name(text: &str) -> Result<(), String> {
    let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.contains("__");
    match (text.len() <= 64, fits) {
        (true, true) => Ok(()),
        (false, _) => Err("a name has at most 64 letters".to_owned()),
        _ => Err(format!(
            "“{text}” cannot be a name: it stands in addresses, so letters from a to z, digits, hyphens and single _ only; what people read is the title"
        )),
    }
}

/// Whether a host can be reached from anywhere: no private, reserved or reference name or number.
pub(super) fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => {
            let domain = domain.trim_end_matches('.').to_ascii_lowercase();
            let top = domain.rsplit('.').next().unwrap_or_default();
            domain.contains('.')
                && !matches!(
                    top,
                    "localhost"
                        | "local"
                        | "internal"
                        | "intranet"
                        | "lan"
                        | "home"
                        | "corp"
                        | "test"
                        | "example"
                        | "invalid"
                )
                && !domain.ends_with(".home.arpa")
        }
        Host::Ipv4(ip) => is_public_ip(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => is_public_ip(ip.to_canonical()),
    }
}

fn is_public_ip(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || ip.is_documentation())
                && !(a == 100 && (64..128).contains(&b))
                && a < 224
                && a != 0
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            !(ip.is_loopback() || ip.is_unspecified())
                && first & 0xfe00 != 0xfc00
                && first & 0xffc0 != 0xfe80
                && first & 0xff00 != 0xff00
                && !(first == 0x2001 && ip.segments()[1] == 0x0db8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_likes_its_own_example_and_the_right_texts() {
        let good = [
            (Kind::Zone, "Africa/Casablanca"),
            (Kind::Language, "en-GB"),
            (Kind::Language, "cnr"),
            (Kind::Schedule, "manual"),
            (Kind::SiteUrl, "http://127.0.0.1:8080"),
            (Kind::Hook, "http://127.0.0.1:9000/hook"),
            (Kind::StoreUrl, "postgres://herald@db/herald?sslmode=require"),
            (Kind::RelayUrl, "smtps://user%40office@mail.newsroom.example"),
            (Kind::RelayUrl, "smtp://127.0.0.1:2525?starttls=off"),
            (Kind::RelayUrl, "smtp://[::1]:25"),
            (Kind::RelayUrl, "folder:/srv/mail"),
            (Kind::ImapUrl, "imap://bounces@127.0.0.1:143"),
            (Kind::Sender, "news@newsroom.example"),
            (Kind::Sender, "\"Office, Public\" <news@newsroom.example>"),
            (Kind::TopicId, "вежбе"),
        ];
        for (kind, text) in good {
            assert_eq!(kind.check(text), Ok(()), "{kind:?} {text}");
        }
        for word in
            ["zone", "language", "length", "schedule", "missing", "site-url", "store-url", "relay-url", "colour"]
        {
            let kind = Kind::of(word).unwrap();
            assert_eq!(kind.check(kind.example()), Ok(()), "{word}");
        }
    }

    #[test]
    fn each_kind_says_what_is_wrong() {
        let bad = [
            (Kind::Zone, "Europe/Begrad", "Europe/Belgrade"),
            (Kind::Zone, "CEST+2", "Area/City"),
            (Kind::Language, "english", "en for English"),
            (Kind::Language, "sr-Latin", "sr-Latn"),
            (Kind::Language, "xx", "its code"),
            (Kind::Language, "e n", "BCP 47"),
            (Kind::Length, "two hours", "60s, 5m, 4h, 14d"),
            (Kind::Missing_, "waits:4h", "wait:4h"),
            (Kind::SiteUrl, "newsroom.example", "https://newsroom.example"),
            (Kind::SiteUrl, "https://newsroom.example/", "ends with a slash"),
            (Kind::SiteUrl, "ftp://newsroom.example", "neither https://"),
            (Kind::StoreUrl, "mysql://host/db", "postgres://"),
            (Kind::StoreUrl, "postgres://u:hunter2@host/db", "password_file"),
            (Kind::StoreUrl, "postgres://u@host/db?password=hunter2", "password_file"),
            (Kind::RelayUrl, "smtp://u:hunter2@host", "password_file"),
            (Kind::RelayUrl, "smtp://host?starttls=maybe", "opportunistic"),
            (Kind::RelayUrl, "smtp://", "host"),
            (Kind::RelayUrl, "outbox", "folder:PATH"),
            (Kind::RelayUrl, "smtp://host.example/inbox", "after host and port"),
            (Kind::ImapUrl, "imaps://u:hunter2@host.example", "password_file"),
            (Kind::ImapUrl, "imaps://host.example/INBOX", "no user"),
            (Kind::ImapUrl, "imap://u@host.example/INBOX", "imaps://"),
            (Kind::ImapUrl, "pop3://u@host.example", "imaps://USER@HOST"),
            (Kind::ImapUrl, "imaps://u@host.example/IN?BOX", "%3F"),
            (Kind::Folder, "Herald/", "ends with"),
            (Kind::Hook, "http://chat.newsroom.example/hook", "https://"),
            (Kind::Hook, "https://u:hunter2@chat.newsroom.example", "in its path"),
            (Kind::Hook, "chat", "no web address"),
            (Kind::Colour, "blue", "#1f4e79"),
            (Kind::Sender, "Office <news@>", "no address"),
            (Kind::Bare, "Office <news@newsroom.example>", "not"),
            (Kind::Listener, "localhost:8080", "127.0.0.1:8080"),
            (Kind::Name, "my list", "hyphens"),
            (Kind::TopicId, "Military Exercises", "military-exercises"),
        ];
        for (kind, text, hint) in bad {
            let reason = kind.check(text).expect_err(text);
            assert!(reason.contains(hint), "{text}: {reason}");
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn a_public_host_is_one_that_anybody_reaches() {
        let public = |text: &str| is_public(&Url::parse(text).unwrap().host().unwrap());
        for text in ["https://newsroom.rs", "https://93.184.215.14", "https://[2606:4700::1]"] {
            assert!(public(text), "{text}");
        }
        for text in [
            "https://localhost",
            "https://desk",
            "https://newsroom.example",
            "https://a.internal",
            "https://10.1.2.3",
            "https://172.20.0.1",
            "https://100.64.0.1",
            "https://[::1]",
            "https://[fd00::1]",
            "https://[::ffff:192.168.1.1]",
        ] {
            assert!(!public(text), "{text}");
        }
    }
}
