//! From the store to the shelf, on both databases.

use chrono::{Duration, TimeZone as _, Utc};

use super::*;
use crate::article::{Content, Draft, Note};
use crate::store::articles::{self, Taken};
use crate::store::tests::stores;

const CONFIG: &str = r#"
[site]
title = "Newsroom"
url = "https://newsroom.example"
languages = ["en", "sr-Latn", "sr-Cyrl"]
address = "Example Street 1"
[feeds]
items = 5
[[feeds.feed]]
name = "news"
title = "All news"
[[feeds.feed]]
name = "all"
title = "In any language"
language = ["sr-Latn", "en"]
[[feeds.feed]]
name = "sport"
title = "Sport"
topics = ["Sport"]
"#;

/// A newsroom whose time stands still until it is moved.
struct World {
    store: Store,
    config: Arc<Config>,
    templates: Arc<Templates>,
    clock: Clock,
    shelf: Shelf,
}

impl World {
    fn new(store: &Store, config: &str) -> World {
        let config = Arc::new(Config::load("config.toml".as_ref(), config, []).expect("a configuration"));
        World {
            store: store.clone(),
            templates: Arc::new(Templates::for_config(&config).expect("templates")),
            config,
            clock: Clock::standing(Utc.with_ymd_and_hms(2026, 3, 20, 12, 0, 0).unwrap()),
            shelf: Shelf::new(),
        }
    }

    async fn take(&self, drafts: &[Draft]) -> Vec<Taken> {
        let mut tx = self.store.write().await.unwrap();
        let taken = articles::take_in_all(&mut tx, "newsroom", drafts, self.clock.now()).await.unwrap();
        articles::release_due(&mut tx, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        taken
    }

    async fn rebuild(&self) -> Built {
        self.shelf.rebuild(&self.store, &self.config, &self.templates, &self.clock).await.expect("feeds")
    }

    fn titles(&self, name: &str) -> Vec<String> {
        let document = self.shelf.get(name, Format::Atom).expect("a feed");
        let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
        read.entries.into_iter().map(|entry| entry.title.map(|title| title.content).unwrap_or_default()).collect()
    }
}

fn draft(key: &str, language: &str, published: Instant) -> Draft {
    Draft {
        key: format!("{key}.{language}.md"),
        slug: key.to_owned(),
        language: language.parse().unwrap(),
        translation_key: Some(key.to_owned()),
        published: Some(published),
        content: Content {
            title: format!("{key} {language}"),
            html: format!("<p>{key}</p>"),
            text: key.to_owned(),
            ..Content::default()
        },
        ..Draft::default()
    }
}

#[tokio::test]
async fn a_look_that_finds_nothing_new_builds_nothing() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        assert!(!world.shelf.is_up());
        let built = world.rebuild().await;
        assert_eq!((built.feeds, built.changed.len(), world.shelf.is_up()), (3, 3, true));
        let day = world.clock.now() - Duration::days(3);
        world.take(&[draft("a", "en", day), draft("b", "en", day)]).await;
        assert_eq!(world.rebuild().await.changed, ["all", "news"]);
        let before = world.shelf.get("news", Format::Rss).unwrap();
        world.clock.advance(Duration::days(400));
        assert_eq!(world.rebuild().await.changed, [""; 0], "time alone changes nothing");
        assert!(Arc::ptr_eq(&before, &world.shelf.get("news", Format::Rss).unwrap()));
        // Another process builds the same bytes from the same store.
        let other = World::new(store, CONFIG);
        other.rebuild().await;
        for format in Format::ALL {
            let (one, two) = (world.shelf.get("news", format).unwrap(), other.shelf.get("news", format).unwrap());
            assert_eq!(one.bytes, two.bytes);
            assert_eq!(one.last_modified, two.last_modified);
        }
    }
}

#[tokio::test]
async fn the_window_is_the_newest_with_their_hours_and_what_was_revised() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        let now = world.clock.now();
        // Two of the last day, five of a week ago, and one long before.
        let mut drafts = vec![draft("old", "en", now - Duration::days(90))];
        drafts.extend((0..5).map(|n| draft(&format!("week{n}"), "en", now - Duration::days(7) + Duration::hours(n))));
        drafts.extend((0..2).map(|n| draft(&format!("day{n}"), "en", now - Duration::hours(20 - n))));
        world.take(&drafts).await;
        world.rebuild().await;
        assert_eq!(world.titles("news"), ["day1 en", "day0 en", "week4 en", "week3 en", "week2 en"]);

        // The story of three months ago is corrected, and then seven more come within two days.
        drafts[0].content.corrections =
            vec![Note { at: now, note: Some("A name".to_owned()), wrong: None, right: None }];
        world.take(&drafts[..1]).await;
        world.clock.advance(Duration::days(4));
        let now = world.clock.now();
        let more: Vec<_> = (0..7).map(|n| draft(&format!("new{n}"), "en", now - Duration::hours(7 - n))).collect();
        world.take(&more).await;
        world.rebuild().await;
        let titles = world.titles("news");
        assert_eq!(titles.len(), 8, "all of the last hours, and the correction: {titles:?}");
        assert_eq!((titles[0].as_str(), titles[7].as_str()), ("new6 en", "old en"));
    }
}

#[tokio::test]
async fn a_story_stands_once_in_the_first_language_that_has_it() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        let at = |n| world.clock.now() - Duration::hours(n);
        world
            .take(&[
                draft("both", "en", at(1)),
                draft("both", "sr-Latn", at(4)),
                draft("both", "sr-Cyrl", at(4)),
                draft("english", "en", at(2)),
                draft("cyrillic", "sr-Cyrl", at(2)),
            ])
            .await;
        world.rebuild().await;
        assert_eq!(world.titles("all"), ["english en", "both sr-Latn"]);
        let rss = world.shelf.get("news", Format::Rss).unwrap();
        let rss = std::str::from_utf8(&rss.bytes).unwrap();
        assert_eq!(world.titles("news"), ["both en", "english en"]);
        assert!(
            rss.contains("https://newsroom.example/sr-cyrl/articles/both"),
            "its other languages are linked: {rss}"
        );
        let json: serde_json::Value =
            serde_json::from_slice(&world.shelf.get("all", Format::Json).unwrap().bytes).unwrap();
        assert_eq!((&json["language"], &json["items"][0]["language"]), (&"sr-Latn".into(), &"en".into()));
    }
}

#[tokio::test]
async fn nothing_stands_in_a_feed_before_it_is_public() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        let now = world.clock.now();
        let mut embargoed = draft("secret", "en", now - Duration::hours(1));
        embargoed.embargo = Some(now + Duration::hours(1));
        let unfinished = Draft { draft: true, ..draft("unfinished", "en", now) };
        let coming = draft("coming", "en", now + Duration::hours(2));
        world.take(&[embargoed, unfinished, coming, draft("open", "en", now - Duration::days(1))]).await;
        world.rebuild().await;
        assert_eq!(world.titles("news"), ["open en"]);
        world.clock.advance(Duration::hours(1));
        world.take(&[]).await;
        let before = world.shelf.get("news", Format::Rss).unwrap().last_modified;
        assert_eq!(world.rebuild().await.changed, ["all", "news"]);
        assert_eq!(world.titles("news"), ["secret en", "open en"]);
        assert!(world.shelf.get("news", Format::Rss).unwrap().last_modified > before);
    }
}

#[tokio::test]
async fn what_leaves_a_feed_makes_it_later_too() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        let drafts = [draft("a", "en", world.clock.now()), draft("b", "en", world.clock.now())];
        let taken = world.take(&drafts).await;
        world.rebuild().await;
        let before = world.shelf.get("news", Format::Rss).unwrap().last_modified;
        world.clock.advance(Duration::minutes(5));
        let mut tx = store.write().await.unwrap();
        articles::remove(&mut tx, &[taken[1].article], world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        world.rebuild().await;
        assert_eq!(world.titles("news"), ["a en"]);
        assert_eq!(world.shelf.get("news", Format::Rss).unwrap().last_modified, before + Duration::minutes(5));
    }
}

#[tokio::test]
async fn a_notice_becomes_a_tombstone_after_thirty_days() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        let mut one = draft("a", "en", world.clock.now() - Duration::days(1));
        one.content.topics = vec!["Sport".to_owned()];
        let taken = world.take(std::slice::from_ref(&one)).await;
        one.content.withdrawn = Some("It was not so".to_owned());
        world.clock.advance(Duration::hours(1));
        world.take(&[one]).await;
        world.rebuild().await;
        assert_eq!(world.titles("sport"), ["Withdrawn: a en"]);
        world.clock.advance(Duration::days(31));
        assert_eq!(world.rebuild().await.changed, ["all", "news", "sport"]);
        assert_eq!(world.titles("sport"), [""; 0]);
        let atom = world.shelf.get("sport", Format::Atom).unwrap();
        let tombstone = format!("<at:deleted-entry ref=\"{}\"", taken[0].article.urn());
        assert!(std::str::from_utf8(&atom.bytes).unwrap().contains(&tombstone));
    }
}

#[tokio::test]
async fn without_configuration_there_is_one_feed_a_language() {
    let (_folder, stores) = stores().await;
    let bare = CONFIG.split("[[feeds.feed]]").next().unwrap();
    let world = World::new(&stores[0], bare);
    world.take(&[draft("a", "sr-Cyrl", world.clock.now())]).await;
    world.rebuild().await;
    assert_eq!(world.titles("sr-cyrl"), ["a sr-Cyrl"]);
    assert_eq!(world.titles("en"), [""; 0]);
    assert_eq!(world.shelf.all().len(), 9);
}
