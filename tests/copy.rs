//! The static copy: one article more costs a few pages, and yet it is what a copy from nothing would be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use herald::feed;
use herald::web::{CopyError, Pace, refresh_copy};

use crate::world::{CONFIG, World};

/// Everything in a copy but what it knows of itself.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.strip_prefix(folder).expect("inside").display().to_string();
            if entry.is_dir() && name != ".herald" {
                folders.push(entry);
            } else if entry.is_file() {
                files.insert(name, std::fs::read(&entry).expect("a file"));
            }
        }
    }
    files
}

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).expect("a number")
    }
}

/// An article file, as staff write and change them.
#[derive(Clone)]
struct Story {
    file: String,
    language: &'static str,
    day: usize,
    title: String,
    topics: Vec<&'static str>,
    picture: Option<u8>,
    matter: String,
}

impl Story {
    fn new(number: usize, dice: &mut Dice) -> Story {
        let languages = [("en", ""), ("sr-Latn", ".sr-Latn"), ("sr-Cyrl", ".sr-Cyrl")];
        let (language, ending) = languages[dice.below(3)];
        // Some share a name with one of another language: translations.
        let name = if number > 4 && dice.below(3) == 0 { number - 1 - dice.below(4) } else { number };
        Story {
            file: format!("articles/{name:03}{ending}.md"),
            language,
            day: dice.below(60),
            title: format!("Story {number}"),
            topics: [&["Roads"][..], &["Rivers", "Roads"], &["Schools"], &[]][dice.below(4)].to_vec(),
            picture: (dice.below(3) == 0).then_some(u8::try_from(number % 250).expect("a small number")),
            matter: String::new(),
        }
    }

    fn write(&self, world: &World) {
        let date = world.now() - chrono::Duration::days(self.day as i64) - chrono::Duration::hours(1);
        let picture = self.picture.map(|number| {
            world.write(&format!("articles/{number}.png"), &format!("picture {number}"));
            format!("![A bridge]({number}.png)\n")
        });
        world.write(
            &self.file,
            &format!(
                "---\ntitle: {}\ndate: {}\nlang: {}\ntopics: {:?}\n{}---\n\n{}The text of {}.\n",
                self.title,
                date.to_rfc3339(),
                self.language,
                self.topics,
                self.matter,
                picture.unwrap_or_default(),
                self.title
            ),
        );
    }
}

/// One thing that staff do.
fn edit(world: &World, stories: &mut Vec<Story>, number: usize, dice: &mut Dice) {
    let which = dice.below(stories.len());
    match dice.below(8) {
        0 | 1 => {
            let new = Story::new(number, dice);
            stories.retain(|story| story.file != new.file);
            new.write(world);
            stories.push(new);
            return;
        }
        2 if stories.len() > 6 => {
            let gone = stories.remove(which);
            std::fs::remove_file(world.path(&gone.file)).expect("it goes");
            return;
        }
        3 => stories[which].title = format!("Another headline {number}"),
        4 => stories[which].topics = [&["Rivers"][..], &["Bridges"], &[]][dice.below(3)].to_vec(),
        5 => stories[which].picture = Some(u8::try_from(200 + number % 50).expect("a small number")),
        6 => {
            let at = world.now().to_rfc3339();
            stories[which].matter = format!("corrections:\n  - at: {at}\n    wrong: Ten\n    right: Eleven {number}\n");
        }
        _ => stories[which].matter = format!("summary: What is new {number}\n"),
    }
    stories[which].write(world);
}

#[tokio::test]
async fn after_many_edits_the_copy_is_what_one_from_nothing_would_be() {
    let world = World::with(CONFIG).await;
    let (site, mut dice) = (&world.newsroom.site, Dice(7));
    let mut stories: Vec<Story> = Vec::new();
    for number in 0..14 {
        let new = Story::new(number, &mut dice);
        stories.retain(|story| story.file != new.file);
        new.write(&world);
        stories.push(new);
    }
    world.pass(false).await;
    let marks = std::fs::read_to_string(world.path("var/site/.herald/pages.mark")).expect("a mark");
    for number in 0..30 {
        edit(&world, &mut stories, 100 + number, &mut dice);
        world.advance(chrono::Duration::seconds(61));
        world.newsroom.read().await.expect("a read");
        world.newsroom.publish().await.expect("feeds");
        world.newsroom.copy(Pace::Beside).await.expect("a copy");
        if number % 6 == 5 {
            let fresh = tempfile::tempdir().expect("a folder");
            feed::write_static(&site.shelf, fresh.path()).await.expect("feeds");
            let made_with = (&site.config, &site.templates);
            let older = feed::write_archives(&site.shelf, &site.store, made_with, &site.clock, fresh.path()).await;
            older.expect("older entries");
            refresh_copy(site, fresh.path(), Pace::Now).await.expect("a copy").expect("all is new");
            let (kept, new) = (files(&world.path("var/site")), files(fresh.path()));
            let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<BTreeSet<_>>();
            let only: Vec<_> = names(&kept).symmetric_difference(&names(&new)).cloned().collect();
            assert!(only.is_empty(), "after {number} edits: {only:?}");
            let other: Vec<_> =
                kept.iter().filter(|(name, bytes)| new[*name] != **bytes).map(|(name, _)| name).collect();
            assert!(other.is_empty(), "after {number} edits: {other:?}");
        }
    }
    let after = std::fs::read_to_string(world.path("var/site/.herald/pages.mark")).expect("a mark");
    assert_eq!(marks.lines().next(), after.lines().next(), "nothing made it begin from the start");
}

#[tokio::test]
async fn what_nothing_touched_is_not_looked_at_but_publish_puts_it_back() {
    let world = World::new().await;
    for (name, days) in [("old", 200), ("new", 1)] {
        world.article(name, name, "en", chrono::Duration::days(days));
    }
    world.pass(false).await;
    let old = world.path("var/site/articles/old/index.html");
    std::fs::write(&old, "changed by hand").expect("a change");
    world.article("more", "One more", "en", chrono::Duration::hours(1));
    world.newsroom.read().await.expect("a read");
    world.newsroom.publish().await.expect("feeds");
    world.newsroom.copy(Pace::Beside).await.expect("a copy");
    assert!(world.path("var/site/articles/more/index.html").is_file());
    assert_eq!(std::fs::read_to_string(&old).expect("a page"), "changed by hand", "not every page was asked for");
    let home = std::fs::read_to_string(world.path("var/site/index.html")).expect("a page");
    assert!(home.contains("One more"));
    std::fs::remove_file(&old).expect("it goes");
    world.newsroom.copy(Pace::Now).await.expect("a copy");
    assert!(
        std::fs::read_to_string(&old).expect("a page").contains("The text of old"),
        "what was taken out is put back"
    );
}

#[tokio::test]
async fn a_page_that_fails_leaves_the_copy_as_it_was() {
    let mut world = World::new().await;
    for name in ["one", "two", "three"] {
        world.article(name, name, "en", chrono::Duration::hours(1));
    }
    world.pass(false).await;
    let before = files(&world.path("var/site"));
    world.write("templates/site/archive.html", "{{ 1 / 0 }}{{ nothing_of_that_name }}");
    world.article("four", "four", "en", chrono::Duration::hours(1));
    world.reopen().await;
    world.newsroom.read().await.expect("a read");
    let failed =
        refresh_copy(&world.newsroom.site, &world.path("var/site"), Pace::Now).await.expect_err("a page fails");
    assert!(matches!(failed, CopyError::Page { ref path, .. } if path.ends_with("/archive/")), "{failed}");
    // The thread that writes ends by itself.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(before == files(&world.path("var/site")), "all that stood there stands");
}

/// What a reader who follows every link from the home page does not find.
fn broken(folder: &Path) -> Vec<String> {
    let home = folder.join("index.html");
    let (mut seen, mut ahead, mut broken) = (BTreeSet::new(), vec!["/".to_owned()], Vec::new());
    if !home.exists() {
        return broken;
    }
    while let Some(path) = ahead.pop() {
        let inside = path.trim_matches('/');
        let places: [PathBuf; 2] = [folder.join(inside).join("index.html"), folder.join(inside)];
        let Some(file) = places.iter().find(|place| place.is_file()) else {
            broken.push(path);
            continue;
        };
        if file.extension().is_none_or(|end| end != "html") {
            continue;
        }
        let html = std::fs::read_to_string(file).expect("a page");
        assert!(html.trim_end().ends_with("</html>"), "{path} is whole");
        for link in ["href=\"/", "src=\"/"].iter().flat_map(|mark| html.split(mark).skip(1)) {
            let link = link.split(['"', '#', '?']).next().unwrap_or_default();
            let link = format!("/{link}").replace("&#x2F;", "/");
            let live = ["/search", "/subscribe", "/feeds.opml"].iter().any(|live| link.ends_with(live));
            if !live && seen.insert(link.clone()) {
                ahead.push(link);
            }
        }
    }
    broken
}

#[tokio::test]
async fn killed_at_any_moment_no_link_is_broken() {
    let world = World::new().await;
    let (mut stories, mut dice) = (Vec::new(), Dice(11));
    for number in 0..25 {
        let new = Story::new(number, &mut dice);
        stories.retain(|story: &Story| story.file != new.file);
        new.write(&world);
        stories.push(new);
    }
    world.newsroom.read().await.expect("a read");
    let folder = world.path("copy");
    let publish = |after: Option<u64>| {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("herald"))
            .args(["--config", "config.toml", "publish", "--to", "copy"])
            .current_dir(world.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        if let Some(after) = after {
            std::thread::sleep(Duration::from_millis(after));
            child.kill().expect("it dies");
        }
        child.wait().expect("it ends").success()
    };
    let begun = std::time::Instant::now();
    assert!(publish(None));
    let long = u64::try_from(begun.elapsed().as_millis()).expect("a number").max(50);
    for round in 0..16 {
        if round % 6 == 0 {
            std::fs::remove_dir_all(&folder).expect("the copy goes");
        } else {
            for _ in 0..3 {
                edit(&world, &mut stories, 100 + round * 3, &mut dice);
            }
            world.newsroom.read().await.expect("a read");
        }
        publish(Some(long * (1 + dice.below(20) as u64) / 20));
        let broken = broken(&folder);
        assert!(broken.is_empty(), "round {round}: {broken:?}");
    }
    assert!(publish(None), "the last one goes through");
    assert!(broken(&folder).is_empty() && folder.join("index.html").is_file());
    let left: Vec<_> = std::fs::read_dir(folder.join(".herald")).expect("a folder").collect();
    assert!(!left.iter().flatten().any(|entry| entry.file_name() == "new"), "nothing waits for its place");
}
