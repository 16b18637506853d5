//! Addresses that are no more: those of a former system, feeds that were renamed, feeds that have ended. They are known before anything is
//! served, so nobody is asked for them.

use std::collections::HashMap;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::clock::{Clock, Instant};
use crate::config::Config;

/// Where an address leads now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Now {
    There(String),
    Gone,
}

/// Every address that is no more.
#[derive(Debug)]
pub(super) struct Moved {
    /// By path, with its `?` part where it is written so.
    paths: HashMap<String, Now>,
    /// Former names of feeds, with the present one.
    feeds: HashMap<String, String>,
    /// Feeds that end, with the instant from which they are gone.
    ended: HashMap<String, Instant>,
    base: String,
    clock: Clock,
}

impl Moved {
    /// Those of the configuration; `None` where there are none, so that nobody looks.
    pub(super) fn of(config: &Config, clock: &Clock) -> Option<Moved> {
        let now = |to: &String| match to.as_str() {
            "gone" => Now::Gone,
            to if to.starts_with('/') => Now::There(config.site.address(to)),
            to if to.contains("://") => Now::There(to.to_owned()),
            document => Now::There(config.site.address(&format!("/feeds/{document}"))),
        };
        let named = config.feeds.feed.iter();
        let moved = Moved {
            paths: config.feeds.moved.iter().map(|(from, to)| (from.clone(), now(to))).collect(),
            feeds: named.clone().flat_map(|f| f.former.iter().map(|old| (old.clone(), f.name.clone()))).collect(),
            ended: named.filter_map(|f| Some((f.name.clone(), f.gone(config.site.timezone)?))).collect(),
            base: config.site.address(""),
            clock: clock.clone(),
        };
        let is_empty = moved.paths.is_empty() && moved.feeds.is_empty() && moved.ended.is_empty();
        (!is_empty).then_some(moved)
    }

    /// The answer for an address that is no more.
    pub(super) fn answer(&self, request: &Request) -> Option<Response> {
        match self.now(request.uri())? {
            Now::Gone => {
                let said = "There is nothing here any more.\n";
                Some(
                    (StatusCode::GONE, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))], said)
                        .into_response(),
                )
            }
            Now::There(to) => {
                let to = HeaderValue::try_from(to).ok()?;
                let fresh = HeaderValue::from_static("public, max-age=86400");
                let any = HeaderValue::from_static("*");
                let fields = [
                    (header::LOCATION, to),
                    (header::CACHE_CONTROL, fresh),
                    (header::ACCESS_CONTROL_ALLOW_ORIGIN, any),
                ];
                Some((StatusCode::MOVED_PERMANENTLY, fields).into_response())
            }
        }
    }

    fn now(&self, uri: &Uri) -> Option<Now> {
        let path = uri.path();
        let whole = uri.path_and_query().map_or(path, |whole| whole.as_str());
        // A slash at the end makes no other address.
        let other = match path.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{path}/"),
        };
        let found = [whole, path, &other].into_iter().find_map(|form| self.paths.get(form));
        found.cloned().or_else(|| self.feed(uri))
    }

    /// What became of the feed to whose documents or pages the address belongs.
    fn feed(&self, uri: &Uri) -> Option<Now> {
        let path = uri.path();
        let (before, rest) = path.split_once("/feeds/")?;
        // In one of the languages at most.
        if before.trim_start_matches('/').contains('/') {
            return None;
        }
        let end = rest.find(['.', '/']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if let Some(at) = self.ended.get(name) {
            return (*at <= self.clock.now()).then_some(Now::Gone);
        }
        let present = self.feeds.get(name)?;
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(Now::There(format!("{}{before}/feeds/{present}{behind}{query}", self.base)))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn moved() -> Moved {
        let text = "[site]\ntitle = \"N\"\nurl = \"https://n.example/news\"\nlanguages = [\"en\", \"sr-Latn\"]\naddress = \"Here 1\"\n\
                    timezone = \"Europe/Belgrade\"\n\
                    [feeds]\nmoved = { \"/feed/\" = \"latest.rss\", \"/?feed=atom\" = \"latest.atom\", \"/old.html\" = \"/archive/\", \
                    \"/shop\" = \"https://shop.example/\", \"/comments/feed\" = \"gone\" }\n\
                    [[feeds.feed]]\nname = \"latest\"\ntitle = \"L\"\nformer = [\"news\"]\n\
                    [[feeds.feed]]\nname = \"games\"\ntitle = \"G\"\nended = \"2026-03-01\"\n";
        let config = Config::load(std::path::Path::new("config.toml"), text, []).unwrap();
        let at = chrono::Utc.with_ymd_and_hms(2026, 3, 30, 21, 59, 59).unwrap();
        Moved::of(&config, &Clock::standing(at)).unwrap()
    }

    #[test]
    fn an_address_of_a_former_system_leads_to_its_successor() {
        let moved = moved();
        let now = |path: &str| moved.now(&path.parse().unwrap());
        let there = |to: &str| Some(Now::There(to.to_owned()));
        for (from, to) in [
            ("/feed/", there("https://n.example/news/feeds/latest.rss")),
            ("/feed", there("https://n.example/news/feeds/latest.rss")),
            ("/feed/?utm_source=x", there("https://n.example/news/feeds/latest.rss")),
            ("/?feed=atom", there("https://n.example/news/feeds/latest.atom")),
            ("/", None),
            ("/?feed=rss2", None),
            ("/old.html", there("https://n.example/news/archive/")),
            ("/shop", there("https://shop.example/")),
            ("/comments/feed/", Some(Now::Gone)),
            ("/feeds/news.rss", there("https://n.example/news/feeds/latest.rss")),
            (
                "/feeds/news/archive/2.atom?entries=5",
                there("https://n.example/news/feeds/latest/archive/2.atom?entries=5"),
            ),
            ("/sr-latn/feeds/news/", there("https://n.example/news/sr-latn/feeds/latest/")),
            ("/feeds/latest.rss", None),
            ("/feeds/newspaper.rss", None),
            ("/articles/x/feeds/news.rss", None),
        ] {
            assert_eq!(now(from), to, "{from}");
        }
    }

    #[test]
    fn a_feed_that_ended_is_gone_thirty_days_later() {
        let moved = moved();
        let now = |path: &str| moved.now(&path.parse().unwrap());
        assert_eq!(now("/feeds/games.rss"), None, "its last entry says so");
        moved.clock.advance(chrono::Duration::seconds(1));
        for path in ["/feeds/games.rss", "/feeds/games/", "/sr-latn/feeds/games/", "/feeds/games/archive/1.atom"] {
            assert_eq!(now(path), Some(Now::Gone), "{path}");
        }
    }
}
