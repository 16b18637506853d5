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

#[tokio::test]
async fn without_configuration_a_topic_gets_a_feed_of_its_own_and_keeps_it() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let bare = CONFIG.split("[[feeds.feed]]").next().unwrap();
        let named =
            format!("{bare}\n[[topics]]\nid = \"exercises\"\nname = {{ en = \"Exercises\", sr-Latn = \"Vežbe\" }}\n");
        let world = World::new(store, &named);
        let names = |world: &World| -> Vec<(String, String)> {
            let feeds = world.shelf.feeds(&world.config);
            feeds.iter().map(|f| (f.name.clone(), f.title.get(&world.config.language()).to_owned())).collect()
        };
        world.rebuild().await;
        let first: Vec<String> = names(&world).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            first,
            ["en", "en-exercises", "sr-latn", "sr-latn-exercises", "sr-cyrl", "sr-cyrl-exercises"],
            "what the newsroom names is there before its first article"
        );
        let mut one = draft("a", "en", world.clock.now());
        one.content.topics = vec!["R&D".to_owned(), "Exercises".to_owned()];
        let mut two = draft("b", "sr-Cyrl", world.clock.now());
        two.content.topics = vec!["Љубав".to_owned()];
        let taken = world.take(&[one, two]).await;
        assert_eq!(world.rebuild().await.changed, ["en", "en-exercises", "en-r-d", "sr-cyrl", "sr-cyrl-љубав"]);
        assert!(names(&world).contains(&("en-r-d".to_owned(), "R&D – Newsroom".to_owned())), "{:?}", names(&world));
        assert_eq!(world.titles("en-r-d"), ["a en"]);
        let opml = world.shelf.opml().expect("a list");
        let opml = std::str::from_utf8(&opml.bytes).unwrap();
        assert!(opml.contains("xmlUrl=\"https://newsroom.example/feeds/en-r-d.rss\""), "{opml}");
        assert!(opml.contains("/feeds/sr-cyrl-%D1%99%D1%83%D0%B1%D0%B0%D0%B2.rss"), "{opml}");
        assert!(opml.contains("text=\"R&amp;D – Newsroom\""), "{opml}");
        // Its only article goes: the feed stays, empty, for those who read it.
        let mut tx = store.write().await.unwrap();
        articles::remove(&mut tx, &[taken[0].article], world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        world.rebuild().await;
        assert_eq!(world.titles("en-r-d"), [""; 0]);
        assert_eq!(World::new(store, &named).rebuild().await.feeds, 8);
    }
}

impl World {
    async fn archive(&self, name: &str, number: i64, format: Format) -> Option<Arc<Document>> {
        let made_with = (&self.config, &self.templates);
        self.shelf.archive(&self.store, made_with, &self.clock, (name, number, format)).await.expect("an archive")
    }

    /// The text of a document of Atom: the feed itself, or one behind it.
    async fn atom(&self, name: &str, number: Option<i64>) -> String {
        let document = match number {
            Some(number) => self.archive(name, number, Format::Atom).await.expect("a document"),
            None => self.shelf.get(name, Format::Atom).expect("a feed"),
        };
        String::from_utf8(document.bytes.to_vec()).expect("UTF-8")
    }
}

/// The address that a document of Atom links as `rel`.
fn linked(atom: &str, rel: &str) -> Option<String> {
    let parsed = roxmltree::Document::parse(atom).expect("XML");
    let links = parsed.root_element().children().filter(|node| node.tag_name().name() == "link");
    links
        .into_iter()
        .find(|link| link.attribute("rel") == Some(rel))
        .and_then(|l| l.attribute("href"))
        .map(str::to_owned)
}

fn titles_of(atom: &str) -> Vec<String> {
    let read = feed_rs::parser::parse(atom.as_bytes()).expect("a feed");
    read.entries.into_iter().map(|entry| entry.title.map(|title| title.content).unwrap_or_default()).collect()
}

#[tokio::test]
async fn what_is_older_stands_in_documents_of_a_hundred_that_never_shift() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let world = World::new(store, CONFIG);
        let start = world.clock.now() - Duration::days(400);
        let mut drafts: Vec<Draft> =
            (1..=230).map(|n| draft(&format!("n{n}"), "en", start + Duration::days(n))).collect();
        let taken = world.take(&drafts).await;
        world.rebuild().await;

        // From the feed back to the first document, by its links alone, nothing is missing and nothing stands twice in them.
        let base = "https://newsroom.example/feeds/news";
        let current = world.atom("news", None).await;
        assert_eq!(titles_of(&current).len(), 5);
        assert_eq!(linked(&current, "prev-archive").as_deref(), Some(&*format!("{base}/archive/3.atom?entries=30")));
        let third = world.atom("news", Some(3)).await;
        assert_eq!(linked(&third, "current").as_deref(), Some(&*format!("{base}.atom")));
        assert_eq!(linked(&third, "next-archive"), None);
        assert_eq!(linked(&third, "prev-archive").as_deref(), Some(&*format!("{base}/archive/2.atom")));
        let first = world.atom("news", Some(1)).await;
        assert_eq!(linked(&first, "prev-archive"), None);
        assert_eq!(linked(&first, "next-archive").as_deref(), Some(&*format!("{base}/archive/2.atom")));
        assert_eq!(linked(&first, "self").as_deref(), Some(&*format!("{base}/archive/1.atom")));
        assert!(first.contains("<fh:archive"), "{}", &first[..900]);
        let second = world.atom("news", Some(2)).await;
        let mut all: Vec<String> = [&first, &second, &third].into_iter().flat_map(|atom| titles_of(atom)).collect();
        assert_eq!(titles_of(&first).len(), 100);
        assert_eq!(titles_of(&first)[99], "n1 en");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 230);
        assert!(
            world.archive("news", 4, Format::Atom).await.is_none()
                && world.archive("news", 0, Format::Atom).await.is_none()
        );

        // JSON leads the same way; RSS to Atom's.
        let json = |document: &Document| -> serde_json::Value { serde_json::from_slice(&document.bytes).unwrap() };
        let feed = json(&world.shelf.get("news", Format::Json).unwrap());
        assert_eq!(feed["next_url"], format!("{base}/archive/3.json?entries=30"));
        let older = json(&world.archive("news", 3, Format::Json).await.unwrap());
        assert_eq!(
            (older["next_url"].as_str(), older["items"].as_array().map(Vec::len)),
            (Some(&*format!("{base}/archive/2.json")), Some(30))
        );
        let rss = world.shelf.get("news", Format::Rss).unwrap();
        assert!(std::str::from_utf8(&rss.bytes).unwrap().contains("/feeds/news/archive/3.atom?entries=30"));

        // What comes later, what leaves, and another start shift nothing.
        let before = world.archive("news", 1, Format::Atom).await.unwrap();
        world.clock.advance(Duration::minutes(1));
        world.take(&[draft("late", "en", start)]).await;
        let mut tx = store.write().await.unwrap();
        articles::remove(&mut tx, &[taken[49].article], world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        world.rebuild().await;
        assert_eq!(titles_of(&world.atom("news", Some(3)).await).len(), 31);
        let other = World::new(store, CONFIG);
        other.rebuild().await;
        let now = titles_of(&other.atom("news", Some(1)).await);
        assert_eq!((now.len(), now[98].as_str(), now[0].as_str()), (99, "n1 en", "n100 en"));
        assert_eq!(other.atom("news", Some(2)).await, world.atom("news", Some(2)).await);
        assert!(world.archive("news", 1, Format::Atom).await.unwrap().last_modified > before.last_modified);

        // A correction of an old one shows in its document, and comes back in the feed.
        drafts[6].content.corrections =
            vec![Note { at: world.clock.now(), note: Some("It was Tuesday".to_owned()), wrong: None, right: None }];
        world.take(&drafts[6..7]).await;
        world.rebuild().await;
        assert_eq!(world.titles("news")[0], "n7 en");
        assert!(world.atom("news", Some(1)).await.contains("It was Tuesday"));

        // A retraction is a notice there too, and then a tombstone for good.
        drafts[7].content.withdrawn = Some("It was not so".to_owned());
        world.take(&drafts[7..8]).await;
        world.rebuild().await;
        assert!(titles_of(&world.atom("news", Some(1)).await).contains(&"Withdrawn: n8 en".to_owned()));
        assert!(titles_of(&world.atom("news", None).await).contains(&"Withdrawn: n8 en".to_owned()));
        world.clock.advance(Duration::days(500));
        world.rebuild().await;
        let first = world.atom("news", Some(1)).await;
        assert!(first.contains(&format!("<at:deleted-entry ref=\"{}\"", taken[7].article.urn())), "{}", &first[..900]);
        assert!(
            first.contains("Withdrawn: It was not so")
                && !titles_of(&first).iter().any(|title| title.contains("n8 en"))
        );
    }
}

#[tokio::test]
async fn the_copy_holds_the_archive_and_writes_what_changed() {
    let (folder, stores) = stores().await;
    let world = World::new(&stores[0], CONFIG);
    let start = world.clock.now() - Duration::days(400);
    let mut drafts: Vec<Draft> = (1..=120).map(|n| draft(&format!("n{n}"), "en", start + Duration::hours(n))).collect();
    world.take(&drafts).await;
    world.rebuild().await;
    let site = folder.path().join("site");
    let copy = || async {
        let made_with = (&world.config, &world.templates);
        super::super::write_archives(&world.shelf, &world.store, made_with, &world.clock, &site)
            .await
            .expect("a copy")
            .written
    };
    let written = copy().await;
    assert!(
        written.contains(&"feeds/news/archive/1.atom".to_owned())
            && written.contains(&"feeds/all/archive/2.json.gz".to_owned()),
        "{written:?}"
    );
    assert_eq!(written.len(), 2 * 2 * 2 * 2, "two feeds with two documents, in two formats with their gzip");
    let served = world.archive("news", 2, Format::Atom).await.unwrap();
    assert_eq!(std::fs::read(site.join("feeds/news/archive/2.atom")).unwrap(), served.bytes);
    assert_eq!(copy().await, [""; 0]);
    drafts[3].content.title = "Another headline altogether".to_owned();
    world.take(&drafts[3..4]).await;
    world.rebuild().await;
    let written = copy().await;
    assert_eq!(written.len(), 8, "only the first document of each: {written:?}");
    assert!(written.iter().all(|path| path.contains("/archive/1.")), "{written:?}");
}
