//! Real articles, and text made to break feeds, as feeds without configuration: nothing is left out, every article stands in
//! the feed or behind it, and the W3C validator has nothing to say about any document.

// A case that is passed over says so.
#![allow(clippy::print_stderr)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use herald::feed::Format;

use crate::world::{CONFIG, World};

fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var("HERALD_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    let folder = Path::new(&folder).join(name);
    if !folder.is_dir() {
        eprintln!("passed over: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    files.filter(|file| file.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// A newsroom in many languages, with no feed configured.
async fn newsroom() -> World {
    let languages = "languages = [\"en\", \"fr\", \"sr-Latn\", \"sr-Cyrl\", \"ar\"]";
    let before = CONFIG.replace("languages = [\"en\", \"sr-Latn\", \"sr-Cyrl\"]", languages);
    let (head, rest) = before.split_once("[[feeds.feed]]").expect("feeds");
    let tail = &rest[rest.find("[[lists]]").expect("lists")..];
    let head = head.replace("folder = \"var/site\"", "rights = \"© Test office & friends\"");
    World::with(&format!("{head}{tail}")).await
}

/// Every document: its address and its bytes.
async fn documents(world: &World) -> Vec<(String, Vec<u8>)> {
    let site = &world.newsroom.site;
    world.newsroom.read().await.expect("sources");
    let built = world.newsroom.publish().await.expect("feeds");
    assert!(built.left_out.is_empty() && built.failed.is_empty(), "{:?} {:?}", built.left_out, built.failed);
    let base = "http://127.0.0.1:8080";
    let mut all = vec![(format!("{base}/feeds.opml"), site.shelf.opml().expect("a list").bytes.to_vec())];
    for feed in site.shelf.feeds(&site.config).iter() {
        let address = site.config.site.feed(&feed.name);
        for format in Format::ALL {
            let document = site.shelf.get(&feed.name, format).expect("a feed");
            all.push((format!("{address}.{}", format.extension()), document.bytes.to_vec()));
        }
        for number in 1.. {
            let (made_with, asked) = ((&site.config, &site.templates), (feed.name.as_str(), number, Format::Atom));
            let document = site.shelf.archive(&site.store, made_with, &site.clock, asked).await.expect("an archive");
            let Some(document) = document else { break };
            all.push((format!("{address}/archive/{number}.atom"), document.bytes.to_vec()));
        }
    }
    all
}

/// What the W3C validator says; `None` where it is not to hand.
fn validator(documents: &[(String, Vec<u8>)]) -> Option<String> {
    if std::env::var_os("HERALD_TEST_FEEDVALIDATOR").is_none() {
        eprintln!("passed over: the W3C validator (HERALD_TEST_FEEDVALIDATOR names no folder with it)");
        return None;
    }
    let python = std::env::var("HERALD_TEST_FEEDVALIDATOR_PYTHON").or_else(|_| std::env::var("HERALD_TEST_PYTHON"));
    let folder = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/with_feedvalidator.py");
    let mut command = Command::new(python.unwrap_or_else(|_| "python3".to_owned()));
    command.arg(script);
    // JSON Feed it does not know.
    for (at, (address, bytes)) in documents.iter().enumerate().filter(|(_, (address, _))| !address.ends_with(".json")) {
        let file = folder.path().join(at.to_string());
        std::fs::write(&file, bytes).expect("a file");
        command.arg(address).arg(file);
    }
    let done = command.output().expect("the validator starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8_lossy(&done.stdout).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn real_articles_make_feeds_that_the_validator_has_nothing_to_say_about() {
    let Some(folder) = data("articles") else { return };
    let world = newsroom().await;
    for file in files(&folder) {
        let inside = file.strip_prefix(&folder).expect("a file of it");
        let to = world.path("articles").join(inside);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("its folder");
        std::fs::copy(&file, to).expect("a copy");
    }
    let documents = documents(&world).await;
    assert!(documents.len() > 100, "{}", documents.len());
    let mut ids = BTreeSet::new();
    for (address, bytes) in
        documents.iter().filter(|(address, _)| address.contains("/en") && address.ends_with(".atom"))
    {
        let read = feed_rs::parser::parse(bytes.as_slice()).unwrap_or_else(|error| panic!("{address}: {error}"));
        ids.extend(read.entries.into_iter().map(|entry| entry.id));
    }
    assert!(ids.len() > 250, "{} of the English ones", ids.len());
    if let Some(said) = validator(&documents) {
        assert_eq!(said, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_feeds_elsewhere_is_told_and_breaks_none_here() {
    let Some(folder) = data("feeds/feedvalidator") else { return };
    let world = newsroom().await;
    let mut count = 0;
    for (at, file) in files(&folder).iter().enumerate() {
        let text = String::from_utf8_lossy(&std::fs::read(file).expect("a file")).into_owned();
        let text: String = text.chars().filter(|c| *c != '\0').collect();
        let short: String = text.chars().take(400).collect();
        let words = |text: &str| serde_json::to_string(text).expect("a string").replace('\u{7f}', "\\u007f");
        let (short, date) = (words(&short), world.now().to_rfc3339());
        let language = ["en", "ar", "sr-Cyrl"][at % 3];
        let head = format!(
            "---\ntitle: {short}\nsummary: {short}\nauthor: {short}\ncategories: [{short}]\nguid: {short}\nimage: https://pictures.example/{at}.jpg\nimage_alt: {short}\n\
             caption: {short}\ndate: {date}\nlang: {language}\ncorrections:\n  - wrong: {short}\n    right: {short}\n---\n"
        );
        world.write(&format!("articles/told-{at}.html"), &format!("{head}{text}"));
        world.write(
            &format!("articles/quoted-{at}.md"),
            &format!("---\ntitle: Quoted {at}\ndate: {date}\n---\n\n{text}\n\n`{}`\n", text.replace('`', "'")),
        );
        count += 1;
    }
    assert!(count > 50, "{count}");
    let documents = documents(&world).await;
    let of = |name: &str| -> usize {
        let mut ids = BTreeSet::new();
        for (address, bytes) in documents.iter().filter(|(address, _)| address.ends_with(".atom")) {
            if address.ends_with(&format!("/feeds/{name}.atom")) || address.contains(&format!("/feeds/{name}/archive/"))
            {
                let read = feed_rs::parser::parse(bytes.as_slice()).expect("a feed");
                ids.extend(read.entries.into_iter().map(|entry| entry.id));
            }
        }
        ids.len()
    };
    let told = of("en") + of("ar") + of("sr-cyrl");
    assert!(told > 2 * count - 10, "{told} of {}", 2 * count);
    // In OPML the validator takes names for HTML, and minds a bare `&`; readers take them for text.
    let documents: Vec<_> = documents.into_iter().filter(|(address, _)| !address.ends_with(".opml")).collect();
    if let Some(said) = validator(&documents) {
        assert_eq!(said, "");
    }
}
