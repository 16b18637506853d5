//! What was to be held back does not go out, in whatever words and with whatever slip of the hand it was said; and somebody
//! is told.

use assert_cmd::Command;
use chrono::Duration;
use herald::source::ReadReport;
use herald::store::articles::{self, Filter};

use crate::world::World;

async fn read(world: &World) -> ReadReport {
    let mut read = world.newsroom.read().await.expect("read");
    read.sources.remove(0)
}

/// The titles of what is public.
async fn public(world: &World) -> Vec<String> {
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    let all = articles::list(&mut tx, &Filter::default(), 100, 0).await.expect("a list");
    let public = all.into_iter().filter(|one| one.revision.public_seq.is_some());
    let mut titles: Vec<String> = public.map(|one| one.revision.content.title).collect();
    titles.sort();
    titles
}

fn file(world: &World, name: &str, says: &str) {
    world.write(&format!("articles/{name}"), &format!("---\ntitle: {name}\ndate: 2026-01-10\n{says}\n---\n\nText.\n"));
}

#[tokio::test]
async fn a_story_goes_out_at_the_later_of_its_dates() {
    let world = World::new().await;
    let next_week = (world.now() + Duration::days(7)).to_rfc3339();
    file(&world, "open.md", "");
    file(&world, "week.md", &format!("publishDate: {next_week}"));
    read(&world).await;
    assert_eq!(public(&world).await, ["open.md"]);
    world.advance(Duration::days(6));
    world.pass(false).await;
    assert_eq!(public(&world).await, ["open.md"]);
    world.advance(Duration::days(2));
    world.pass(false).await;
    assert_eq!(public(&world).await, ["open.md", "week.md"]);
}

#[tokio::test]
async fn what_no_site_would_publish_is_not_published_and_check_says_why() {
    let world = World::new().await;
    file(&world, "open.md", "");
    for (name, says) in [
        ("expired.md", "expiryDate: 2026-01-11"),
        ("jekyll.md", "published: false"),
        ("eleventy.md", "eleventyExcludeFromCollections: true"),
        ("nowhere.md", "permalink: false"),
        ("hugo.md", "build:\n  render: never"),
        ("part.md", "headless: true"),
        ("maybe.md", "draft: maybe"),
        ("slip.md", "dratf: true"),
        ("embargo.md", "embargoo: 2099-01-01"),
    ] {
        file(&world, name, says);
    }
    world.write("articles/index.md", "---\nlayout: home\n---\n");
    // What a generator made of them before.
    file(&world, "_site/open.html", "");
    file(&world, "blog/_site/open.html", "");
    let report = read(&world).await;
    assert_eq!(public(&world).await, ["open.md"]);
    let left_out: Vec<&str> = report.faults.iter().filter(|f| f.fatal).map(|f| f.file.as_str()).collect();
    assert_eq!(left_out, ["embargo.md", "slip.md"]);

    let check = Command::cargo_bin("herald")
        .expect("the binary")
        .args(["--config", &world.path("config.toml").display().to_string(), "check"])
        .output()
        .expect("it runs");
    let said = String::from_utf8(check.stdout).expect("text");
    for line in [
        "expired.md:4: `expiryDate: 2026-01-11` holds",
        "jekyll.md:4: `published: false` holds",
        "eleventy.md:4: `eleventyExcludeFromCollections: true` holds",
        "nowhere.md:4: `permalink: false` holds",
        "hugo.md:5: `build` holds",
        "part.md:4: `headless: true` holds",
        "maybe.md:4: `draft` wants yes or no",
        "slip.md:4: the key `dratf`",
        "embargo.md:4: the key `embargoo`",
        "index.md: no title and no text",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    assert!(!said.contains("open"), "{said}");

    // Mended, it goes out.
    file(&world, "slip.md", "draft: false");
    read(&world).await;
    assert_eq!(public(&world).await, ["open.md", "slip.md"]);
}
