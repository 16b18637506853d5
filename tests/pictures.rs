//! Pictures of the sample's mails, for docs/mails: `cargo test --test all pictures -- --ignored` makes them anew.

use std::path::Path;
use std::process::Command;

use herald::mail::Choice;

use crate::browser::browser;
use crate::mails::{LANGUAGES, digest, links, templates};

#[test]
#[ignore = "writes docs/mails; wants Chromium, and node with puppeteer-core in HERALD_TEST_NODE"]
fn of_a_digest_in_each_language_at_two_widths_by_day_and_by_night() {
    let node = std::env::var("HERALD_TEST_NODE").expect("HERALD_TEST_NODE names a folder with node_modules");
    let browser = browser().expect("Chromium");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let picture = format!("file://{}", ours.join("articles/pictures/boats-at-sunrise.jpg").display());
    let mut command = Command::new("node");
    command.arg(ours.join("tests/readers/pictures_of_mails.js")).arg(browser).arg(ours.join("docs/mails"));
    for tag in LANGUAGES {
        let html = templates().mail("digest", &digest(tag)).unwrap().html(None, Choice::ALL, links()).unwrap();
        let file = folder.path().join(format!("digest-{}.html", tag.to_lowercase()));
        std::fs::write(&file, html.replace("https://newsroom.example/media/sava-exercise.jpg", &picture)).unwrap();
        command.arg(file);
    }
    std::fs::create_dir_all(ours.join("docs/mails")).unwrap();
    let done = command.env("NODE_PATH", Path::new(&node).join("node_modules")).output().expect("node starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
