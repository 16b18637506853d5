//! A folder read again and again, on both databases.

use std::path::Path;

use chrono::{Duration, TimeZone, Utc};

use super::*;
use crate::config::Source;
use crate::store::tests::stores;

const CONFIG: &str = r#"
[site]
title = "Newsroom"
url = "https://newsroom.example"
languages = ["en", "sr-Latn"]
address = "Example Street 1"
[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"
"#;

struct Room {
    store: Store,
    config: Config,
    clock: Clock,
    folder: tempfile::TempDir,
}

impl Room {
    fn new(store: &Store) -> Room {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("articles")).unwrap();
        let config = Config::load(&folder.path().join("config.toml"), CONFIG, []).unwrap();
        let clock = Clock::standing(Utc.with_ymd_and_hms(2026, 3, 3, 5, 0, 0).unwrap());
        Room { store: store.clone(), config, clock, folder }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join("articles").join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn drop(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join("articles").join(name)).unwrap();
    }

    /// What one more read did: new, changed, gone, and how many faults there are.
    async fn read(&self) -> (usize, usize, usize, usize) {
        self.clock.advance(Duration::minutes(1));
        let Source::Folder(folder) = &self.config.sources[0];
        let report = read(&self.store, &self.config, &self.clock, folder).await.unwrap();
        assert_eq!(report.failed, None);
        (report.new, report.changed, report.gone, report.faults.len())
    }
}

#[tokio::test]
async fn each_read_finds_what_changed_and_nothing_else() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let room = Room::new(store);
        let text = |title: &str, says: &str| format!("---\ntitle: {title}\ndate: 2026-03-01\n{says}\n---\nWords.\n");
        for n in 0..5 {
            room.write(&format!("{n}-story.md"), &text(&format!("Story {n}"), ""));
        }
        room.write("404.html", "<p>Not here.</p>");
        assert_eq!(room.read().await, (5, 0, 0, 0));
        assert_eq!(room.read().await, (0, 0, 0, 0));
        room.write("1-story.md", &text("Story 1, longer", "id: one"));
        assert_eq!(room.read().await, (0, 1, 0, 1), "an id that comes late is named");
        room.write("twin.md", &text("Twin", "id: twin"));
        room.write("twin-too.md", &text("Twin", "id: twin"));
        assert_eq!(room.read().await, (1, 0, 0, 2));
        room.drop("twin-too.md");
        room.drop("0-story.md");
        room.write("zero.md", &text("Story 0", "").replace("Words", "Other words"));
        assert_eq!(room.read().await, (0, 1, 0, 3), "one has the id now, one is edited under another name");
        room.drop("2-story.md");
        room.write("prica.sr-Latn.md", &text("Priča", "translation_of: 3-story"));
        assert_eq!(room.read().await, (1, 0, 1, 3));
        assert_eq!(room.read().await, (0, 0, 0, 3));
        let mut tx = store.read().await.unwrap();
        let standing = files::places(&mut tx, "newsroom").await.unwrap();
        assert_eq!(standing.len(), 6);
        let (files, articles) = files::count(&mut tx, "newsroom").await.unwrap();
        assert_eq!((files, articles), (7, 6), "what is no article is known as such");
    }
}

#[tokio::test]
async fn a_folder_that_vanishes_takes_nothing_with_it() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let room = Room::new(store);
        for n in 0..8 {
            room.write(&format!("story-{n}.md"), &format!("---\ntitle: Story {n}\ndate: 2026-03-01\n---\nWords.\n"));
        }
        room.read().await;
        for n in 0..6 {
            room.drop(&format!("story-{n}.md"));
        }
        room.write("unrelated.md", "---\ntitle: Unrelated\ndate: 2026-03-02\n---\nOther.\n");
        let Source::Folder(folder) = &room.config.sources[0];
        let report = read(store, &room.config, &room.clock, folder).await.unwrap();
        assert!(report.failed.is_some_and(|said| said.starts_with("6 of its articles have no file")));
        assert_eq!((report.new, report.gone), (1, 0), "and what is there is read");
    }
}
