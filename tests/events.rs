//! Events in an article's life: what staff decide is seen in feed, page and mail, outlives every read of the source, and stands in
//! the log.

use chrono::Duration;

use super::world::{World, herald, json};

/// An article with a known text, from a file.
async fn published() -> World {
    let world = World::new().await;
    file(&world, "The bridge is 420 metres long.", "");
    world.pass(false).await;
    world
}

fn file(world: &World, text: &str, more: &str) {
    let date = "2026-03-01T08:00:00Z";
    world.write(
        "articles/bridge.md",
        &format!("---\ntitle: New bridge opens\ndate: {date}\nlang: en\n{more}---\n\n{text}\n"),
    );
}

/// The parts of feed and page that a reader sees of it.
async fn seen(world: &World) -> (String, String) {
    let feed = world.ask("GET", "/feeds/news.atom", &[], "").await.body;
    let page = world.ask("GET", "/articles/bridge", &[], "").await.body;
    (feed, page)
}

fn history(world: &World) -> Vec<(String, String, String)> {
    let shown = json(world, &["articles", "show", "bridge", "--history", "--json"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let events = shown["history"].as_array().expect("a history").iter();
    events.map(|event| (text(&event["kind"]), text(&event["who"]), text(&event["what"]))).collect()
}

fn kinds(world: &World) -> Vec<String> {
    history(world).into_iter().map(|(kind, ..)| kind).collect()
}

#[tokio::test]
async fn a_correction_by_hand_outlives_every_read_of_its_file() {
    let world = published().await;
    world.advance(Duration::hours(1));
    let made = json(
        &world,
        &[
            "articles",
            "correct",
            "bridge",
            "--wrong",
            "It is 420 metres long.",
            "--right",
            "It is 240 metres long.",
            "--json",
        ],
    );
    assert_eq!(made["kind"], "correction");
    world.pass(false).await;
    let (feed, page) = seen(&world).await;
    for outlet in [&feed, &page] {
        let at = outlet.find("It should say: It is 240 metres long").expect("the correction is told");
        assert!(at < outlet.rfind("The bridge is 420").expect("the text"), "it stands above the text");
    }
    assert!(feed.contains("<summary>Correction: We wrote: It is 420 metres long"), "{feed}");

    // The file is read again, unchanged: nothing is undone, and nothing new is made of it.
    let path = world.path("articles/bridge.md");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n")).unwrap();
    world.pass(false).await;
    assert_eq!(kinds(&world), ["first", "correction"]);

    // A later edit is a further revision under the same correction.
    file(&world, "The bridge is 240 metres long.", "");
    world.pass(false).await;
    assert_eq!(kinds(&world), ["first", "correction", "update"]);
    let (feed, page) = seen(&world).await;
    for outlet in [&feed, &page] {
        assert!(outlet.contains("It should say: It is 240 metres long") && !outlet.contains("The bridge is 420"));
    }

    let user = &history(&world)[1];
    assert!(user.1.starts_with("user:"), "{user:?}");
    let (code, diff) = herald(&world, &["articles", "show", "bridge", "--history"]);
    assert_eq!(code, 0);
    assert!(diff.contains("The bridge is [-420-] {+240+} metres long."), "{diff}");
}

#[tokio::test]
async fn a_withdrawal_stands_until_it_is_taken_back() {
    let world = published().await;
    world.advance(Duration::hours(1));
    json(&world, &["articles", "retract", "/articles/bridge", "--reason", "It was another bridge.", "--json"]);
    world.pass(false).await;
    // The file changes meanwhile: readers see the notice all the same.
    file(&world, "The bridge is 240 metres long, and blue.", "");
    world.pass(false).await;
    let (feed, page) = seen(&world).await;
    for outlet in [&feed, &page] {
        assert!(outlet.contains("It was another bridge") && !outlet.contains("metres long"), "{outlet}");
    }
    let entries = feed.matches("<entry>").count();
    assert_eq!(entries, 1, "the notice stands under the same id");
    let (code, _) = herald(&world, &["articles", "correct", "bridge", "--note", "Anything"]);
    assert_eq!(code, 2, "what is withdrawn is not corrected");

    world.advance(Duration::hours(1));
    json(&world, &["articles", "restore", "bridge", "--json"]);
    world.pass(false).await;
    let (feed, page) = seen(&world).await;
    for outlet in [&feed, &page] {
        assert!(outlet.contains("240 metres long, and blue") && !outlet.contains("another bridge"), "{outlet}");
    }

    // The same by the file: and only the file takes that back.
    file(&world, "The bridge is 240 metres long, and blue.", "withdrawn: It fell.\n");
    world.advance(Duration::hours(1));
    world.pass(false).await;
    assert!(seen(&world).await.1.contains("It fell"));
    assert_eq!(herald(&world, &["articles", "restore", "bridge"]).0, 2);
}

#[tokio::test]
async fn staff_say_what_a_change_was() {
    let world = published().await;
    let updated = |world: &World| json(world, &["articles", "show", "bridge", "--json"])["updated"].clone();
    let at_first = updated(&world);
    world.advance(Duration::hours(1));
    file(&world, "The bridge is 240 metres long.", "");
    world.pass(false).await;
    assert_ne!(updated(&world), at_first, "a changed figure is no slip");
    json(&world, &["articles", "update", "bridge", "--minor", "--json"]);
    assert_eq!(updated(&world), at_first, "staff said that it was one");
    world.pass(false).await;
    assert_eq!(updated(&world), at_first, "and the next read does not know better");
    assert_eq!(herald(&world, &["articles", "update", "bridge", "--minor"]).0, 2, "there is no update to belittle");

    world.advance(Duration::hours(1));
    json(&world, &["articles", "update", "bridge", "--note", "Lorries may cross it too.", "--json"]);
    world.pass(false).await;
    assert_ne!(updated(&world), at_first);
    let (feed, page) = seen(&world).await;
    assert!(feed.contains("Update: Lorries may cross it too ("), "{feed}");
    assert!(page.contains("<b>Update</b>") && page.contains("Lorries may cross it too."));

    // The file may say so too.
    let before = updated(&world);
    world.advance(Duration::hours(1));
    file(&world, "The bridge is 250 metres long.", "change: minor\n");
    world.pass(false).await;
    assert_eq!(updated(&world), before);
    assert_eq!(kinds(&world), ["first", "update", "minor", "update", "minor"]);
}

#[tokio::test]
async fn translations_are_marked_until_staff_say_that_they_are_right() {
    let world = published().await;
    world.write(
        "articles/bridge.sr-Latn.md",
        "---\ntitle: Otvoren most\ndate: 2026-03-01T08:00:00Z\n---\n\nMost je dug 420 metara.\n",
    );
    world.pass(false).await;
    world.advance(Duration::hours(1));
    json(&world, &["articles", "correct", "/articles/bridge", "--note", "It is 240 metres long.", "--json"]);
    world.pass(false).await;
    let page = async |path: &str| world.ask("GET", path, &[], "").await.body;
    assert!(page("/articles/bridge").await.contains("not yet corrected"));
    assert!(page("/sr-latn/articles/bridge").await.contains("Ova verzija još nije ispravljena"));
    json(&world, &["articles", "checked", "/sr-latn/articles/bridge", "--json"]);
    world.pass(false).await;
    assert!(!page("/articles/bridge").await.contains("not yet corrected"));
    assert!(!page("/sr-latn/articles/bridge").await.contains("još nije ispravljena"));
    // What is corrected after that marks it anew.
    world.advance(Duration::hours(1));
    json(&world, &["articles", "correct", "/articles/bridge", "--note", "It opened on Monday.", "--json"]);
    world.pass(false).await;
    assert!(page("/articles/bridge").await.contains("not yet corrected"));
}

#[tokio::test]
async fn a_file_is_handed_over_and_an_embargo_lifted() {
    let world = published().await;
    world.write("elsewhere/note.md", "---\ntitle: By hand\nembargo: 2031-01-01\nlang: en\n---\n\nHanded over.\n");
    let file = world.path("elsewhere/note.md").display().to_string();
    let added = json(&world, &["articles", "add", &file, "--json"]);
    assert_eq!((added["done"].as_str(), added["state"].as_str()), (Some("taken in"), Some("held")));
    world.pass(false).await;
    assert_eq!(world.ask("GET", "/articles/note", &[], "").await.status, 404);
    json(&world, &["articles", "release", "note", "--json"]);
    world.pass(false).await;
    assert!(world.ask("GET", "/articles/note", &[], "").await.body.contains("Handed over."));
    // Handed over again, it is no article of its own, and the embargo that was lifted stays lifted.
    assert_eq!(json(&world, &["articles", "add", &file, "--json"])["done"], "unchanged");
    assert_eq!(world.ask("GET", "/articles/note", &[], "").await.status, 200);
    assert_eq!(herald(&world, &["articles", "release", "note"]).0, 2);
    let inside = world.path("articles/bridge.md").display().to_string();
    assert_eq!(herald(&world, &["articles", "add", &inside]).0, 2, "what a source reads is not handed over");
}
