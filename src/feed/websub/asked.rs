//! What somebody asks of the hub: the form of section 5.1, read and checked.

use std::net::IpAddr;

use url::{Host, Url};

use super::topic;
use crate::config::Config;
use crate::feed::Shelf;
use crate::net::guard::is_public;
use crate::store::hub::Wanted;

/// How long a subscription lasts where nothing is asked, in seconds: ten days.
const LEASE: i64 = 10 * 24 * 3600;
/// And the longest: thirty.
const LONGEST: i64 = 30 * 24 * 3600;
/// A secret is shorter than this (section 5.1).
const SECRET: usize = 200;
/// No callback is longer.
const CALLBACK: usize = 2_000;

/// What the fields of a form ask.
///
/// # Errors
/// What is wrong with it, for whoever wrote it.
pub fn read(
    config: &Config,
    shelf: &Shelf,
    fields: impl IntoIterator<Item = (String, String)>,
) -> Result<Wanted, String> {
    let mut fields: std::collections::HashMap<String, String> = fields.into_iter().collect();
    let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
    let subscribe = match take("hub.mode").as_deref() {
        Some("subscribe") => true,
        Some("unsubscribe") => false,
        Some("publish") => return Err("hub.mode: this hub tells of its own feeds, by itself".to_owned()),
        _ => return Err("hub.mode: it must be subscribe or unsubscribe".to_owned()),
    };
    let address = take("hub.topic").ok_or("hub.topic: it is missing")?;
    let topic = topic(config, shelf, &address).ok_or_else(|| {
        format!(
            "hub.topic: it is no feed of this hub's; one is exactly what a feed here names as self, such as {}",
            first(config, shelf)
        )
    })?;
    let callback =
        callback(&take("hub.callback").ok_or("hub.callback: it is missing")?, &config.feeds.private_callbacks)?;
    let secret = take("hub.secret");
    if secret.as_ref().is_some_and(|secret| secret.len() >= SECRET) {
        return Err(format!("hub.secret: it must be shorter than {SECRET} bytes"));
    }
    let lease = match take("hub.lease_seconds") {
        None => LEASE,
        Some(text) => text
            .parse::<i64>()
            .ok()
            .filter(|seconds| *seconds > 0)
            .ok_or("hub.lease_seconds: it must be a number of seconds")?
            .min(LONGEST),
    };
    Ok(Wanted { subscribe, topic, callback, secret, lease })
}

fn first(config: &Config, shelf: &Shelf) -> String {
    let all = shelf.all();
    all.first().map_or_else(String::new, |(feed, _)| super::address_of(config, &format!("{feed}.rss")))
}

/// An address that may be called at all; who stands behind its name is looked at when it is dialled.
fn callback(text: &str, inside: &[String]) -> Result<String, String> {
    let wrong = |why: &str| format!("hub.callback: {why}");
    if text.len() > CALLBACK {
        return Err(wrong("it is too long"));
    }
    let url = Url::parse(text).map_err(|_| wrong("it is no web address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it begins with neither https:// nor http://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("it must have no user, no password and no # part"));
    }
    let address: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => Some(ip.into()),
        Some(Host::Ipv6(ip)) => Some(ip.into()),
        Some(Host::Domain(_)) => None,
        None => return Err(wrong("it names no host")),
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_named = inside.iter().any(|name| name.eq_ignore_ascii_case(host));
    if !is_named && address.is_some_and(|address| !is_public(address)) {
        return Err(wrong("it is inside this house, where nobody from outside is called"));
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let text = "[site]\ntitle = \"N\"\nurl = \"https://n.example\"\nlanguages = [\"en\"]\naddress = \"Here 1\"\n\
                    [feeds]\nprivate_callbacks = [\"127.0.0.1\"]\n[[feeds.feed]]\nname = \"news\"\ntitle = \"News\"\n";
        Config::load(std::path::Path::new("config.toml"), text, []).unwrap()
    }

    fn asked(fields: &[(&str, &str)]) -> Result<Wanted, String> {
        let shelf = Shelf::with("news");
        let mut all = vec![
            ("hub.mode", "subscribe"),
            ("hub.topic", "https://n.example/feeds/news.atom"),
            ("hub.callback", "https://reader.example/hook?id=1"),
        ];
        all.extend(fields);
        read(&config(), &shelf, all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_request_is_one_topic_of_ours_and_a_callback_outside() {
        let wanted = asked(&[]).unwrap();
        assert_eq!((wanted.topic.as_str(), wanted.lease, wanted.subscribe), ("news.atom", LEASE, true));
        assert_eq!(asked(&[("hub.lease_seconds", "99999999999")]).unwrap().lease, LONGEST);
        assert_eq!(asked(&[("hub.lease_seconds", "300")]).unwrap().lease, 300);
        assert_eq!(asked(&[("hub.secret", &"s".repeat(199))]).unwrap().secret.map(|s| s.len()), Some(199));
        assert!(asked(&[("hub.callback", "http://127.0.0.1:9000/hook")]).is_ok(), "the configuration names it");
        assert!(!asked(&[("hub.mode", "unsubscribe")]).unwrap().subscribe);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (field, value) in [
            ("hub.mode", "publish"),
            ("hub.mode", "tell"),
            ("hub.topic", "https://n.example/feeds/news"),
            ("hub.topic", "https://other.example/feeds/news.atom"),
            ("hub.topic", ""),
            ("hub.callback", "reader"),
            ("hub.callback", "ftp://reader.example/"),
            ("hub.callback", "https://u:p@reader.example/"),
            ("hub.callback", "http://10.0.0.1/hook"),
            ("hub.callback", "http://[::1]/hook"),
            ("hub.callback", "http://2130706433/hook2"),
            ("hub.secret", &"s".repeat(200)),
            ("hub.lease_seconds", "-1"),
            ("hub.lease_seconds", "soon"),
        ] {
            match asked(&[(field, value)]) {
                Err(said) => assert!(said.starts_with(field), "{field}={value}: {said}"),
                // 2130706433 is 127.0.0.1, which this configuration names.
                Ok(wanted) => assert_eq!(wanted.callback, "http://127.0.0.1/hook2", "{field}={value}"),
            }
        }
    }
}
