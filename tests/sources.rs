//! A folder of articles, as people treat it: translations in any order, files renamed, copied, mended, pictures that come
//! later. Each article keeps what its readers know it by, and nothing is told twice.

use assert_cmd::Command;
use chrono::Duration;
use herald::article::{ArticleId, Fault};
use herald::source::ReadReport;
use herald::store::articles::{self, Filter, Listed};

use crate::world::World;

/// Reads the folder, once.
async fn read(world: &World) -> ReadReport {
    let mut read = world.newsroom.read().await.expect("read");
    read.sources.remove(0)
}

async fn listed(world: &World) -> Vec<Listed> {
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    articles::list(&mut tx, &Filter::default(), 100, 0).await.expect("a list")
}

/// The articles that are public, by their files: `a.md=Title`.
async fn public(world: &World) -> Vec<String> {
    let all = listed(world).await.into_iter().filter(|one| one.revision.public_seq.is_some());
    let mut all: Vec<String> =
        all.map(|one| format!("{}={}", one.key.unwrap_or_default(), one.revision.content.title)).collect();
    all.sort();
    all
}

async fn article(world: &World, title: &str) -> Listed {
    let all = listed(world).await;
    let seen: Vec<&String> = all.iter().map(|one| &one.revision.content.title).collect();
    let seen = format!("{seen:?}");
    all.into_iter().find(|one| one.revision.content.title == title).unwrap_or_else(|| panic!("{title} in {seen}"))
}

async fn id(world: &World, title: &str) -> ArticleId {
    article(world, title).await.revision.article
}

fn said(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn file(world: &World, name: &str, title: &str, says: &str, text: &str) {
    world.write(&format!("articles/{name}"), &format!("---\ntitle: {title}\n{says}\n---\n\n{text}\n"));
}

const READERS: &str = "email,language\na@reader.test,en\nb@reader.test,sr-Latn\nc@reader.test,sr-Cyrl\n";

/// Who has mail, and of which story: `a: One`.
fn mails(world: &World, titles: &[&str]) -> Vec<String> {
    let mails = world.outbox();
    world.clear_outbox();
    mails
        .iter()
        .map(|mail| {
            let held: Vec<&str> = titles.iter().copied().filter(|title| mail.html.contains(title)).collect();
            format!("{}: {}", &mail.to[..1], held.join(" + "))
        })
        .collect()
}

#[tokio::test]
async fn translations_told_by_any_sign_reach_each_reader_as_one_story() {
    let ways: [(&str, &str, &str, &str); 8] = [
        ("evening.md", "", "evening.sr-Latn.md", ""),
        ("evening/index.en.md", "", "evening/index.sr-Latn.md", ""),
        ("en/evening.md", "", "sr-latn/evening.md", ""),
        ("one.md", "translationKey: k", "two.md", "lang: sr-Latn\ntranslationKey: k"),
        ("one.md", "", "two.md", "lang: sr-Latn\ntranslation_of: one.md"),
        ("news/one.md", "id: 77", "news/two.md", "lang: sr-Latn\ntranslation_of: 77"),
        ("news/one.md", "slug: open-evening", "vesti/two.md", "lang: sr-Latn\ntranslation_of: open-evening"),
        ("one.md", "translation_of: two", "two.md", "lang: sr-Latn"),
    ];
    for (first, says, second, says_second) in ways {
        for turned in [false, true] {
            let world = World::new().await;
            world.write("subscribers/public.csv", READERS);
            file(&world, "other.md", "Something else", "date: 2026-02-20", "Other words.");
            let english = || file(&world, first, "Open evening", &format!("date: 2026-03-01\n{says}"), "Come all.");
            let serbian =
                || file(&world, second, "Otvoreno veče", &format!("date: 2026-03-01\n{says_second}"), "Dođite svi.");
            // In one pass, or the second a day later, whichever that is.
            if turned {
                serbian();
                world.pass(false).await;
                english();
            } else {
                english();
                serbian();
            }
            let pass = world.pass(true).await;
            let faults = said(&pass.read.sources[0].faults);
            assert!(faults.is_empty(), "{first} {second}: {faults}");
            let titles = ["Open evening", "Otvoreno veče", "Something else"];
            assert_eq!(
                mails(&world, &titles),
                [
                    "a: Open evening + Something else",
                    "b: Otvoreno veče + Something else",
                    // The same language in other letters is nearer than the newsroom's first.
                    "c: Otvoreno veče + Something else"
                ],
                "{first} {second}, turned: {turned}"
            );
        }
    }
}

#[tokio::test]
async fn a_translation_of_next_week_joins_the_story_and_goes_to_nobody_who_had_it() {
    let world = World::new().await;
    world.write("subscribers/public.csv", READERS);
    file(&world, "evening.md", "Open evening", "date: 2026-03-01", "Come all.");
    world.pass(true).await;
    assert_eq!(mails(&world, &["Open evening"]).len(), 3);
    world.advance(Duration::days(5));
    // Neither named the other before; the new one does, and a new story comes with it.
    file(&world, "vece.md", "Otvoreno veče", "date: 2026-03-07\nlang: sr-Latn\ntranslation_of: evening", "Dođite svi.");
    file(&world, "bridge.md", "New bridge", "date: 2026-03-07", "It is open.");
    world.pass(true).await;
    let titles = ["Open evening", "Otvoreno veče", "New bridge"];
    assert_eq!(mails(&world, &titles), ["a: New bridge", "b: New bridge", "c: New bridge"]);
    let (english, serbian) = (article(&world, "Open evening").await, article(&world, "Otvoreno veče").await);
    assert_eq!(english.revision.story, serbian.revision.story);
    // A story that nobody had in English reaches only those who did not have the Serbian one.
    file(&world, "most.md", "Novi most", "date: 2026-03-08\nlang: sr-Latn\ntranslation_of: bridge", "Otvoren je.");
    file(&world, "a.md", "Quite new", "date: 2026-03-08", "Quite new.");
    world.advance(Duration::days(1));
    world.pass(true).await;
    assert_eq!(mails(&world, &["Novi most", "Quite new"]), ["a: Quite new", "b: Quite new", "c: Quite new"]);
}

#[tokio::test]
async fn what_a_translation_names_may_come_later_or_be_in_doubt() {
    let world = World::new().await;
    file(&world, "vece.md", "Otvoreno veče", "date: 2026-03-01\nlang: sr-Latn\ntranslation_of: evening", "Dođite.");
    let report = read(&world).await;
    assert!(said(&report.faults).contains("vece.md:5: `translation_of`"), "{}", said(&report.faults));
    assert!(!report.is_partial(), "it is in");
    world.advance(Duration::days(1));
    for place in ["x", "y"] {
        file(&world, &format!("{place}/evening.md"), &format!("Evening {place}"), "date: 2026-03-01", "Come.");
    }
    let report = read(&world).await;
    assert!(said(&report.faults).contains("several articles are called “evening”"), "{}", said(&report.faults));
    std::fs::remove_file(world.path("articles/y/evening.md")).expect("gone");
    world.advance(Duration::days(1));
    let report = read(&world).await;
    assert_eq!(said(&report.faults), "");
    assert_eq!(
        article(&world, "Evening x").await.revision.story,
        article(&world, "Otvoreno veče").await.revision.story
    );
}

#[tokio::test]
async fn an_id_belongs_to_one_file_and_both_are_named() {
    let world = World::new().await;
    file(&world, "b.md", "First", "date: 2026-03-01\nid: 7", "One.");
    read(&world).await;
    let first = id(&world, "First").await;
    file(&world, "a.md", "Copy", "date: 2026-03-01\nid: 7", "Two.");
    let report = read(&world).await;
    let fault = "a.md:4: the id “7” is that of b.md:4 already";
    assert!(said(&report.faults).starts_with(fault) && report.is_partial(), "{}", said(&report.faults));
    assert_eq!(public(&world).await, ["b.md=First"]);
    let report = read(&world).await;
    assert!(said(&report.faults).starts_with(fault), "as long as it is so");
    // The first may be edited, and stays the first.
    file(&world, "b.md", "First, edited", "date: 2026-03-01\nid: 7", "One.");
    assert!(said(&read(&world).await.faults).starts_with(fault));
    assert_eq!(id(&world, "First, edited").await, first);
    // Both at once, as `check` and a first read see them: the first in order stands.
    let check = Command::cargo_bin("herald")
        .expect("the binary")
        .args(["--config", &world.path("config.toml").display().to_string(), "check"])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(text.contains("b.md:4: the id “7” is that of a.md:4 already") && check.status.code() == Some(3), "{text}");
    // The other one goes: now it is this one's.
    std::fs::remove_file(world.path("articles/b.md")).expect("gone");
    let report = read(&world).await;
    assert!(said(&report.faults).starts_with("a.md: it is public under “b”"), "{}", said(&report.faults));
    assert_eq!(public(&world).await, ["a.md=Copy"]);
    assert_eq!(id(&world, "Copy").await, first);
}

#[tokio::test]
async fn two_files_with_one_slug_have_an_address_each() {
    let world = World::new().await;
    for name in ["x/1.md", "y/1.md"] {
        file(&world, name, name, "date: 2026-03-01\nslug: bridge", "Words.");
    }
    let report = read(&world).await;
    assert!(said(&report.faults).contains("y/1.md: another article of this language has the address “bridge”"));
    assert_eq!(article(&world, "x/1.md").await.revision.slug, "bridge");
    assert_eq!(article(&world, "y/1.md").await.revision.slug, "bridge-2");
}

#[tokio::test]
async fn an_id_added_to_what_readers_know_changes_nothing_for_them() {
    let world = World::new().await;
    file(&world, "a.md", "Known", "date: 2026-03-01", "Words.");
    file(&world, "later.md", "Held", "date: 2026-04-01", "Words.");
    world.pass(false).await;
    let (known, held) = (id(&world, "Known").await, id(&world, "Held").await);
    let own = "0190e0c0-0000-7000-8000-00000000000a";
    file(&world, "a.md", "Known", &format!("date: 2026-03-01\nid: {own}"), "Words, edited.");
    file(&world, "later.md", "Held", "date: 2026-04-01\nid: later", "Words.");
    let pass = world.pass(false).await;
    let faults = said(&pass.read.sources[0].faults);
    assert!(faults.contains(&format!("a.md:4: readers know this article as {known}")), "{faults}");
    assert_eq!(id(&world, "Known").await, known);
    let feed = world.ask("GET", "/feeds/news.atom", &[], "").await.body;
    assert!(feed.contains(&known.urn()) && !feed.contains(own), "{feed}");
    // What nobody has seen follows its file, and is not there twice.
    let listed = listed(&world).await;
    let held_now: Vec<&Listed> = listed.iter().filter(|one| one.due_at.is_some()).collect();
    assert_eq!(held_now.len(), 1);
    assert_ne!(held_now[0].revision.article, held);
    // Written as it is, there is nothing to say.
    file(&world, "a.md", "Known", &format!("date: 2026-03-01\nid: {known}"), "Words, edited.");
    assert_eq!(said(&read(&world).await.faults), "");
}

#[tokio::test]
async fn a_file_renamed_and_edited_at_once_is_the_same_article() {
    let words = "The old bridge over the river was closed on Monday, and the town council said that it would be open again \
                 by the end of the month, after the work on both of its piers.";
    for (from, to, title, says, text) in [
        ("a.md", "b.md", "Bridge closed", "date: 2026-03-01", "Other words entirely."),
        ("2026-03-01-a.md", "news/2026-03-01-a.md", "The bridge", "", "Other words entirely."),
        ("a.md", "sr-latn/most.md", "Most", "date: 2026-03-01", words),
        ("a.md", "b.md", "Bridge closed", "date: 2026-03-01\nid: added", "Other words."),
    ] {
        let world = World::new().await;
        let dated = if from.starts_with("2026") { "" } else { "date: 2026-03-01" };
        file(&world, from, "Bridge closed", dated, words);
        file(&world, "other.md", "Other", "date: 2026-02-01", "Other.");
        read(&world).await;
        let before = id(&world, "Bridge closed").await;
        std::fs::remove_file(world.path(&format!("articles/{from}"))).expect("gone");
        file(&world, to, title, says, text);
        world.advance(Duration::hours(1));
        let report = read(&world).await;
        assert_eq!((report.new, report.changed, report.gone), (0, 1, 0), "{from} → {to}");
        assert_eq!(id(&world, title).await, before, "{from} → {to}");
        // And the old name is free for something else.
        file(&world, from, "Quite another", "date: 2026-03-02", "Nothing of the kind.");
        read(&world).await;
        assert_ne!(id(&world, "Quite another").await, before);
        assert_eq!(id(&world, title).await, before);
        world.advance(Duration::hours(1));
        file(&world, from, "Quite another one", "date: 2026-03-02", "Nothing of the kind.");
        assert_eq!(read(&world).await.new, 0);
    }
}

#[tokio::test]
async fn what_is_only_alike_is_not_taken_for_the_same() {
    let weekly = "No incidents were reported in the past week in any of the towns and villages where our people are \
                  stationed, and all of the bridges and roads stayed open to everybody.";
    for (first, second) in [
        // A series: same name, same words, another day.
        (("2026-02-22-weekly.md", "Weekly report", "", weekly), ("2026-03-01-weekly.md", "Weekly report", "", weekly)),
        // A translation in place of the original.
        (
            ("a.md", "Bridge", "date: 2026-03-01", weekly),
            ("a.sr-latn.md", "Bridge", "date: 2026-03-01", "Sasvim drugo."),
        ),
        // The same day, nothing else.
        (("a.md", "Bridge", "date: 2026-03-01", "Short."), ("b.md", "Tunnel", "date: 2026-03-01", "Short.")),
    ] {
        let world = World::new().await;
        file(&world, first.0, first.1, first.2, &format!("{} First.", first.3));
        read(&world).await;
        std::fs::remove_file(world.path(&format!("articles/{}", first.0))).expect("gone");
        file(&world, second.0, second.1, second.2, second.3);
        let report = read(&world).await;
        assert_eq!((report.new, report.gone), (1, 1), "{} {}", first.0, second.0);
    }
    // Two that could be either.
    let world = World::new().await;
    file(&world, "a.md", "Bridge", "date: 2026-03-01", weekly);
    read(&world).await;
    std::fs::remove_file(world.path("articles/a.md")).expect("gone");
    file(&world, "b.md", "Bridge", "date: 2026-03-01", "One.");
    file(&world, "c.md", "Bridge", "date: 2026-03-01", "Two.");
    let report = read(&world).await;
    assert_eq!((report.new, report.gone), (2, 1));
}

/// A PNG of so many pixels a side, as far as its size is asked.
fn png(side: u8) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0".to_vec();
    bytes.extend([side, 0, 0, 0, side, 8, 6, 0, 0, 0]);
    bytes
}

#[tokio::test]
async fn a_picture_that_comes_later_or_changes_is_noticed() {
    let world = World::new().await;
    file(
        &world,
        "news/a.md",
        "With a picture",
        "date: 2026-03-01\nimage: map.png\nimage_alt: A map",
        "See ![it](../pictures/b.png) and [this](b.md).",
    );
    world.pass(false).await;
    let picture = |listed: &Listed| listed.revision.content.picture.clone().expect("a picture");
    assert_eq!(picture(&article(&world, "With a picture").await).bytes, None, "it is not there yet");
    assert_eq!(read(&world).await.changed, 0, "and nothing is read for it");

    std::fs::write(world.path("articles/news/map.png"), png(9)).expect("a picture");
    let report = read(&world).await;
    assert_eq!(report.changed, 1);
    let first = picture(&article(&world, "With a picture").await);
    assert_eq!((first.width, first.url.contains("/media/")), (Some(9), true));
    std::fs::create_dir(world.path("articles/pictures")).expect("a folder");
    std::fs::write(world.path("articles/pictures/b.png"), png(5)).expect("a picture");
    file(&world, "news/b.md", "Linked", "date: 2026-03-01", "Here.");
    let report = read(&world).await;
    assert_eq!((report.new, report.changed, said(&report.faults)), (1, 1, String::new()));
    let feed = {
        world.pass(false).await;
        world.ask("GET", "/feeds/news.atom", &[], "").await.body
    };
    assert!(
        feed.contains("/articles/b\"") && feed.contains(&first.url) && feed.matches("/media/").count() >= 2,
        "{feed}"
    );

    world.advance(Duration::hours(1));
    let before = article(&world, "With a picture").await.revision;
    std::fs::write(world.path("articles/news/map.png"), png(99)).expect("another picture");
    let report = read(&world).await;
    assert_eq!((report.new, report.changed), (0, 1));
    let after = article(&world, "With a picture").await.revision;
    assert_eq!((after.kind.word(), after.updated), ("minor", before.updated), "silent");
    let second = after.content.picture.expect("a picture");
    assert!(second.url != first.url && second.width == Some(99), "{second:?}");
    assert_eq!(read(&world).await.changed, 0);
    std::fs::remove_file(world.path("articles/news/map.png")).expect("gone");
    assert_eq!(read(&world).await.changed, 1, "and when it goes");
}

#[tokio::test]
async fn what_a_folder_says_holds_for_its_files_and_a_change_is_taken_up() {
    let world = World::new().await;
    world.write(
        "articles/posts/posts.json",
        r#"{"tags": ["Exercises"], "author": "Ana", "id": "not-an-id", "date": "2026-03-01"}"#,
    );
    world.write("articles/posts/posts.11tydata.json", r#"{"author": "Marko"}"#);
    world.write("articles/posts/b.11tydata.json", r#"{"author": "Mira"}"#);
    world.write("articles/sections/_index.md", "---\ntitle: A section\ncascade:\n  author: Jelena\n---\n");
    world.write(
        "articles/_config.yml",
        "defaults:\n  - scope: {path: '', type: posts}\n    values: {author: Nikola}\n  - scope: {path: ''}\n    values: {tags: [All]}\n",
    );
    for name in ["posts/a.md", "posts/b.md", "sections/deep/c.md", "_posts/2026-03-01-d.md"] {
        file(&world, name, name, if name.starts_with("posts") { "draft: false" } else { "date: 2026-03-01" }, "Words.");
    }
    let report = read(&world).await;
    assert_eq!(said(&report.faults), "");
    let mut all: Vec<String> = listed(&world)
        .await
        .into_iter()
        .map(|one| {
            let content = one.revision.content;
            format!("{} {} {}", content.title, content.authors.join(","), content.topics.join(","))
        })
        .collect();
    all.sort();
    let expect = [
        "_posts/2026-03-01-d.md Nikola All",
        "posts/a.md Marko Exercises",
        "posts/b.md Mira Exercises",
        "sections/deep/c.md Jelena All",
    ];
    assert_eq!(all, expect);
    assert_eq!(read(&world).await.changed, 0);
    world.write("articles/posts/posts.11tydata.json", r#"{"author": "Petar"}"#);
    assert_eq!(read(&world).await.changed, 1);
    assert_eq!(article(&world, "posts/a.md").await.revision.content.authors, ["Petar"]);

    // One that cannot be read holds what it speaks for, and nothing else.
    world.write("articles/posts/posts.json", "{\"draft\": tru");
    file(&world, "posts/fresh.md", "New in posts", "", "Words.");
    file(&world, "sections/new.md", "New in sections", "date: 2026-03-01", "Words.");
    let report = read(&world).await;
    assert!(said(&report.faults).starts_with("posts/posts.json:1: broken JSON"), "{}", said(&report.faults));
    assert_eq!((report.new, report.gone, report.is_partial()), (1, 0, true));
    world.write("articles/posts/posts.json", r#"{"draft": true, "date": "2026-03-01"}"#);
    let report = read(&world).await;
    assert_eq!((report.new, said(&report.faults)), (1, String::new()));
    let public = public(&world).await;
    assert!(public.len() == 5 && !public.iter().any(|one| one.contains("New in posts")), "{public:?}");
}

#[tokio::test]
async fn check_copies_nothing() {
    let world = World::new().await;
    std::fs::write(world.path("articles/map.png"), png(9)).expect("a picture");
    file(&world, "a.md", "A", "date: 2026-03-01\nimage: map.png\nimage_alt: A map", "Words. ![](gone.png)");
    let check = Command::cargo_bin("herald")
        .expect("the binary")
        .args(["--config", &world.path("config.toml").display().to_string(), "--json", "check"])
        .output()
        .expect("it runs");
    let found: serde_json::Value = serde_json::from_slice(&check.stdout).expect("one document");
    let faults = found["articles"].as_array().expect("faults");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0]["reason"].as_str().is_some_and(|reason| reason.contains("gone.png")), "{faults:?}");
    assert!(!world.path("var/media").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_out_of_the_folder_publishes_nothing_and_one_inside_it_does() {
    let world = World::new().await;
    file(&world, "year/own.md", "Our own", "date: 2026-03-01", "Text.");
    world.write("private/secret.md", "---\ntitle: Not for readers\ndate: 2026-03-01\n---\n\nText.\n");
    for (target, link) in [
        ("private/secret.md", "articles/leak.md"),
        ("private", "articles/all"),
        ("articles/year/own.md", "articles/again.md"),
    ] {
        std::os::unix::fs::symlink(world.path(target), world.path(link)).expect("a link");
    }
    let report = read(&world).await;
    let said = said(&report.faults);
    assert!(said.contains("leak.md") && said.contains("all") && said.contains("leads out"), "{said}");
    assert!(report.is_partial(), "an article was left out");
    let public = public(&world).await.join(" ");
    assert!(public.contains("again.md=Our own") && !public.contains("Not for readers"), "{public}");
}

/// What a look at the saved files alone brought: how many are new and changed; nothing where everything is to be read.
async fn alone(world: &World, files: &[&str]) -> Option<(usize, usize)> {
    let paths = files.iter().map(|file| world.path(file)).collect();
    let read = world.newsroom.read_some(&paths).await.expect("a read")?;
    Some(read.sources.iter().fold((0, 0), |(new, changed), report| (new + report.new, changed + report.changed)))
}

#[tokio::test]
async fn a_saved_file_is_read_alone_and_becomes_what_a_whole_reading_would_make_of_it() {
    let world = World::new().await;
    world.article("first", "First", "en", chrono::Duration::hours(3));
    world.article("week/third", "Third", "en", chrono::Duration::hours(3));
    world.newsroom.read().await.expect("a read");
    world.write(
        "articles/second.md",
        "---\ntitle: Second\ndate: 2026-03-02\n---\n\nSee [the first](first.md), [the third](week/third.md).\n",
    );
    assert_eq!(alone(&world, &["articles/second.md", "articles/.second.md.swp"]).await, Some((1, 0)));
    let page = world.ask("GET", "/articles/second", &[], "").await;
    assert!(page.body.contains("/articles/first\"") && page.body.contains("/articles/third\""), "{}", page.body);
    let whole = world.newsroom.read().await.expect("a read");
    assert!(!whole.sources[0].has_news(), "nothing is left to be read: {:?}", whole.sources);

    world.article("first", "First, with more of it", "en", chrono::Duration::hours(3));
    assert_eq!(alone(&world, &["articles/first.md"]).await, Some((0, 1)));
    assert_eq!(alone(&world, &["articles/first.md"]).await, Some((0, 0)), "it has not changed since");
}

#[tokio::test]
async fn where_more_than_one_file_may_be_another_everything_is_read() {
    let world = World::new().await;
    for name in ["first", "second"] {
        world.article(name, name, "en", chrono::Duration::hours(3));
    }
    world.newsroom.read().await.expect("a read");
    // A picture, the file of a list, something else's, a file that is gone.
    world.write("articles/map.png", "a picture");
    world.write("elsewhere.txt", "a text");
    std::fs::remove_file(world.path("articles/second.md")).expect("it goes");
    for file in ["articles/map.png", "subscribers/public.csv", "elsewhere.txt", "articles/second.md"] {
        assert_eq!(alone(&world, &[file]).await, None, "{file}");
    }
    // A folder that is gone, with an article in it; what an editor tries out and takes away again is none.
    world.article("month/one", "One", "en", chrono::Duration::hours(3));
    world.newsroom.read().await.expect("a read");
    std::fs::rename(world.path("articles/month"), world.path("month")).expect("it goes");
    assert_eq!(alone(&world, &["articles/month"]).await, None);
    assert_eq!(alone(&world, &["articles/4913"]).await, Some((0, 0)));
    // A file that speaks for its folder.
    world.write("articles/week/_index.md", "---\ncascade:\n  draft: true\n---\n");
    world.write("articles/week/third.md", "---\ntitle: Third\ndate: 2026-03-02\n---\n\nText.\n");
    assert_eq!(alone(&world, &["articles/week/third.md"]).await, None);
    // One that names its original; and a new one, where another waits for an article that was not there.
    world.write("articles/prvi.md", "---\ntitle: Prvi\nlang: sr-Latn\ntranslation_of: first\n---\n\nTekst.\n");
    assert_eq!(alone(&world, &["articles/prvi.md"]).await, None);
    world.write("articles/waits.md", "---\ntitle: Waits\ndate: 2026-03-02\n---\n\n[It](late.md) comes late.\n");
    world.newsroom.read().await.expect("a read");
    world.article("late", "Late", "en", chrono::Duration::hours(1));
    assert_eq!(alone(&world, &["articles/late.md"]).await, None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_saved_file_behind_a_link_is_left_to_the_whole_reading() {
    let world = World::new().await;
    world.newsroom.read().await.expect("a read");
    world.write("outside/secret.md", "---\ntitle: Secret\ndate: 2026-03-02\n---\n\nText.\n");
    std::os::unix::fs::symlink(world.path("outside"), world.path("articles/linked")).expect("a link");
    std::os::unix::fs::symlink(world.path("outside/secret.md"), world.path("articles/secret.md")).expect("a link");
    for file in ["articles/linked/secret.md", "articles/secret.md"] {
        assert_eq!(alone(&world, &[file]).await, None, "{file}");
    }
}
