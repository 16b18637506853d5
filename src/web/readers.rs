//! Who polls the feeds, by kind of program: counted in memory, handed to the store a batch at a time. A program says itself for how many
//! people it asks; nobody's address is looked at, and of what a program calls itself only its name is kept.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;

use crate::store::readers::Polled;

/// So many names that we do not know are counted a day; who comes after them is `other`.
const STRANGERS: usize = 200;
/// So many different texts are remembered with what they mean; then the memory begins anew.
const REMEMBERED: usize = 4_096;
/// No name is longer.
const NAME: usize = 40;
/// More people than this nobody asks for.
const PEOPLE: i64 = 100_000_000;

/// Readers and the services and programs that are known by a part of what they say; the first that fits. Services come before the
/// programs that they claim to be like.
const KNOWN: [(&str, &str); 45] = [
    ("feedly", "Feedly"),
    ("inoreader", "Inoreader"),
    ("newsblur", "NewsBlur"),
    ("feedbin", "Feedbin"),
    ("theoldreader", "The Old Reader"),
    ("the old reader", "The Old Reader"),
    ("bazqux", "BazQux"),
    ("bloglovin", "Bloglovin"),
    ("feedspot", "Feedspot"),
    ("feedwrangler", "Feed Wrangler"),
    ("newsify", "Newsify"),
    ("superfeedr", "Superfeedr"),
    ("feedfetcher-google", "Google Feedfetcher"),
    ("miniflux", "Miniflux"),
    ("tiny tiny rss", "Tiny Tiny RSS"),
    ("freshrss", "FreshRSS"),
    ("nextcloud-news", "Nextcloud News"),
    ("commafeed", "CommaFeed"),
    ("netnewswire", "NetNewsWire"),
    ("newsboat", "Newsboat"),
    ("thunderbird", "Thunderbird"),
    ("akregator", "Akregator"),
    ("liferea", "Liferea"),
    ("reeder", "Reeder"),
    ("vienna", "Vienna"),
    ("read you", "Read You"),
    ("feeder", "Feeder"),
    ("rss guard", "RSS Guard"),
    ("rssguard", "RSS Guard"),
    ("outlook", "Outlook"),
    ("slackbot", "Slack"),
    ("discordbot", "Discord"),
    ("mastodon", "Mastodon"),
    ("zapier", "Zapier"),
    ("ifttt", "IFTTT"),
    ("googlebot", "Googlebot"),
    ("bingbot", "Bingbot"),
    ("validator", "a validator"),
    ("feedparser", "feedparser"),
    ("python", "Python"),
    ("go-http-client", "Go"),
    ("curl", "curl"),
    ("wget", "Wget"),
    ("firefox", "a browser"),
    ("mozilla", "a browser"),
];

/// How an answer was given.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The document's length.
    pub length: usize,
    /// What was sent of it; nothing with a 304.
    pub sent: usize,
    /// Whether the reader had it.
    pub not_modified: bool,
}

/// What was counted since it was last handed over.
#[derive(Debug, Default)]
pub struct Readers {
    counts: Mutex<Counts>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Counts {
    /// By topic, then by the number of the program's name.
    by_topic: HashMap<String, HashMap<usize, Polled>>,
    names: Vec<String>,
    /// What a text means: the number of the name, and how many people.
    meant: HashMap<u64, (usize, i64)>,
    /// The names of the day that are not among those we know.
    strangers: HashSet<String>,
    total: Polled,
}

impl Readers {
    /// Counts one answer.
    pub fn count(&self, topic: &str, agent: Option<&str>, given: Given) {
        let agent = agent.unwrap_or_default();
        let hash = self.hasher.hash_one(agent);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, people) = match counts.meant.get(&hash) {
            Some(known) => *known,
            None => counts.learn(hash, agent),
        };
        if !counts.by_topic.contains_key(topic) {
            counts.by_topic.insert(topic.to_owned(), HashMap::new());
        }
        let Counts { by_topic, total, .. } = &mut *counts;
        let Some(of_topic) = by_topic.get_mut(topic) else { return };
        for polled in [of_topic.entry(name).or_default(), total] {
            polled.requests += 1;
            polled.not_modified += i64::from(given.not_modified);
            polled.bytes += i64::try_from(given.sent).unwrap_or_default();
            polled.saved += i64::try_from(given.length.saturating_sub(given.sent)).unwrap_or_default();
            polled.subscribers = polled.subscribers.max(people);
        }
    }

    /// What was counted since the last time.
    pub fn take(&self) -> Vec<Polled> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let by_topic = std::mem::take(&mut counts.by_topic);
        let names = &counts.names;
        let mut all = Vec::new();
        for (topic, polled) in by_topic {
            let named = |(name, polled): (usize, Polled)| {
                let agent = names.get(name).cloned().unwrap_or_default();
                Polled { topic: topic.clone(), agent, ..polled }
            };
            all.extend(polled.into_iter().map(named));
        }
        all
    }

    /// Puts back what could not be handed over.
    pub fn put_back(&self, all: Vec<Polled>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for one in all {
            let name = counts.number(&one.agent);
            let polled = counts.by_topic.entry(one.topic).or_default().entry(name).or_default();
            polled.requests += one.requests;
            polled.not_modified += one.not_modified;
            polled.bytes += one.bytes;
            polled.saved += one.saved;
            polled.subscribers = polled.subscribers.max(one.subscribers);
        }
    }

    /// A day begins, of which these names are known already.
    pub fn begin(&self, agents: Vec<String>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |name: &String| KNOWN.iter().any(|(_, known)| known == name) || name == OTHER;
        counts.strangers = agents.into_iter().filter(|name| !is_known(name)).collect();
        counts.meant.clear();
    }

    /// Everything since the start, whoever it was.
    pub fn total(&self) -> Polled {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).total.clone()
    }
}

/// Who comes after the strangers that are counted.
const OTHER: &str = "other";

impl Counts {
    /// Finds out what a text means, and remembers it.
    fn learn(&mut self, hash: u64, agent: &str) -> (usize, i64) {
        let name = match known(agent) {
            Some(known) => known.to_owned(),
            None => {
                let name = name(agent);
                if self.strangers.contains(&name) || self.strangers.len() < STRANGERS {
                    self.strangers.insert(name.clone());
                    name
                } else {
                    OTHER.to_owned()
                }
            }
        };
        let meaning = (self.number(&name), people(agent));
        if self.meant.len() >= REMEMBERED {
            self.meant.clear();
        }
        self.meant.insert(hash, meaning);
        meaning
    }

    fn number(&mut self, name: &str) -> usize {
        match self.names.iter().position(|known| known == name) {
            Some(number) => number,
            None => {
                // Names of days that are over make room, once nothing is counted for them.
                if self.names.len() > STRANGERS * 4 && self.by_topic.is_empty() {
                    self.names.clear();
                    self.meant.clear();
                }
                self.names.push(name.to_owned());
                self.names.len() - 1
            }
        }
    }
}

fn known(agent: &str) -> Option<&'static str> {
    let lower = agent.get(..agent.len().min(400)).unwrap_or_default().to_ascii_lowercase();
    KNOWN.iter().find(|(part, _)| lower.contains(part)).map(|(_, name)| *name)
}

/// The name before the version (RFC 9110, section 10.1.5).
fn name(agent: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = agent.chars().take_while(fits).take(NAME).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// For how many people it asks: `…; 42 subscribers; …`, `1 reader`.
fn people(agent: &str) -> i64 {
    let mut before = "";
    for word in agent.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if matches!(word.to_ascii_lowercase().as_str(), "subscriber" | "subscribers" | "readers" | "users") {
            let number = before.parse::<i64>().ok().filter(|n| (0..=PEOPLE).contains(n));
            if let Some(number) = number {
                return number;
            }
        }
        before = word;
    }
    0
}

/// The day that an instant belongs to, by the newsroom's clock.
pub fn day(at: crate::clock::Instant, zone: chrono_tz::Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: Given = Given { length: 1_000, sent: 300, not_modified: false };
    const HAD: Given = Given { length: 1_000, sent: 0, not_modified: true };

    #[test]
    fn hosted_readers_say_for_how_many_they_ask() {
        for (agent, name_of, count) in [
            ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)", "Feedly", 42),
            ("Mozilla/5.0 (compatible; inoreader.com; 7 subscribers)", "Inoreader", 7),
            (
                "NewsBlur Feed Fetcher - 12 subscribers - https://www.newsblur.com/site/1/x (Mozilla/5.0)",
                "NewsBlur",
                12,
            ),
            ("Feedbin feed-id:1373711 - 1 subscriber", "Feedbin", 1),
            ("Mozilla/5.0 (compatible; theoldreader.com; 8 subscribers; feed-id=a)", "The Old Reader", 8),
            ("Miniflux/2.2 (https://miniflux.app)", "Miniflux", 0),
            ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/140.0", "a browser", 0),
            ("curl/8.5.0", "curl", 0),
            ("Evil; 99999999999999999999 subscribers", "Evil", 0),
            ("-5 subscribers", "-5", 5),
            ("<script>alert(1)</script>", "unnamed", 0),
            ("", "unnamed", 0),
        ] {
            let found = known(agent).map_or_else(|| name(agent), str::to_owned);
            assert_eq!((found.as_str(), people(agent)), (name_of, count), "{agent}");
        }
    }

    #[test]
    fn requests_are_counted_and_handed_over_once() {
        let readers = Readers::default();
        readers.count("news.rss", Some("Feedly/1.0 (5 subscribers)"), GIVEN);
        readers.count("news.rss", Some("Feedly/1.0 (6 subscribers)"), HAD);
        readers.count("news.atom", None, GIVEN);
        let mut all = readers.take();
        all.sort_by(|a, b| b.topic.cmp(&a.topic));
        let feedly = Polled {
            topic: "news.rss".to_owned(),
            agent: "Feedly".to_owned(),
            requests: 2,
            not_modified: 1,
            bytes: 300,
            saved: 1_700,
            subscribers: 6,
        };
        assert_eq!((all.len(), &all[0]), (2, &feedly));
        assert!(readers.take().is_empty());
        readers.put_back(all);
        readers.count("news.rss", Some("Feedly/1.0 (5 subscribers)"), HAD);
        assert!(readers.take().iter().any(|polled| polled.requests == 3 && polled.subscribers == 6));
        assert_eq!(readers.total().requests, 4);
    }

    #[test]
    fn whoever_makes_up_names_makes_no_rows() {
        let readers = Readers::default();
        for round in 0..3 {
            for n in 0..10_000 {
                readers.count("news.rss", Some(&format!("Evil{n}-{round}/1.0")), GIVEN);
            }
            assert!(readers.take().len() <= STRANGERS + 1);
        }
        readers.count("news.rss", Some("Feedly/1.0"), GIVEN);
        assert_eq!(readers.take()[0].agent, "Feedly", "those we know are counted all the same");
        let counts = readers.counts.lock().unwrap();
        assert!(counts.meant.len() <= REMEMBERED && counts.names.len() <= STRANGERS * 5);
    }
}
