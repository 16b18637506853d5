//! Articles of real newsrooms, as their sites have them: each file is in, with the title, the date and the language that
//! another reader found in it, or is named with a reason.

// A case that is passed over says so.
#![allow(clippy::print_stderr)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use herald::article::Language;
use herald::article::intake::{Head, House, Unread};
use herald::article::markup::Alone;
use herald::article::place::Aside;
use herald::clock::Clock;

fn data() -> Option<PathBuf> {
    let folder = std::env::var("HERALD_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    let folder = Path::new(&folder).join("articles");
    if !folder.is_dir() {
        eprintln!("passed over: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn every_real_article_is_in_or_named() {
    let Some(folder) = data() else { return };
    let languages: Vec<Language> = ["en", "fr", "sr-Latn", "sr-Cyrl"].iter().map(|l| l.parse().unwrap()).collect();
    let mut manifest = csv::Reader::from_path(folder.join("manifest.csv")).unwrap();
    let columns = manifest.headers().unwrap().clone();
    let (mut all, mut named, mut words, mut wrong) = (0, 0, 0usize, Vec::new());
    for row in manifest.records() {
        let row = row.unwrap();
        let row: HashMap<&str, &str> = columns.iter().zip(row.iter()).collect();
        let file = row["file"];
        all += 1;
        // One site has no mark of its language anywhere: its source says it.
        let language = file.starts_with("heapspace").then(|| "sr-Latn".parse().unwrap());
        let house = House {
            source: "newsroom".to_owned(),
            site_url: "https://newsroom.example".to_owned(),
            languages: languages.clone(),
            language,
            transliterate: false,
            zone: chrono_tz::Tz::UTC,
            now: Clock::system().now(),
            topics: Vec::new(),
        };
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let head = match Head::read(file, &bytes, &house, &[]) {
            Ok(head) => head,
            Err(Unread::Aside(Aside::Section)) => {
                assert!(file.contains("_index"), "{file} is no section page");
                named += 1;
                continue;
            }
            Err(Unread::Aside(aside)) => panic!("{file}: {aside:?}"),
            Err(Unread::Faults(faults)) => {
                assert!(faults.iter().any(|fault| fault.fatal && fault.line.is_some()), "{file}: {faults:?}");
                named += 1;
                continue;
            }
        };
        let taken = head.draft(&house, "https://newsroom.example/articles/a", &Alone);
        let draft = taken.draft;
        let mut check = |what: &str, got: &str, wanted: &str| {
            if got != wanted {
                wrong.push(format!("{file}: {what}: {got} where {wanted} was found"));
            }
        };
        // The list has titles as they are written, with entities, tags and line ends; readers see the words.
        check("title", &draft.content.title, &herald::article::markup::line(row["title"]));
        // A file that says only `sr` is told by its letters.
        let written = if row["lang"] == "sr" { draft.language.primary() } else { draft.language.as_str() };
        check("language", written, row["lang"]);
        let date = draft.published.map(|at| at.to_rfc3339()).unwrap_or_default();
        let wanted =
            herald::article::date::parse(row["date"], house.zone).map(|at| at.to_rfc3339()).unwrap_or_default();
        check("date", &date, &wanted);
        if draft.content.html.contains("{{") && !draft.content.html.contains("<code") {
            wrong.push(format!("{file}: braces are left"));
        }
        let length = draft.content.summary.chars().count();
        if length > 1001 || length == 0 && !draft.content.text.is_empty() {
            wrong.push(format!("{file}: a summary of {length} characters"));
        }
        words += draft.content.text.split_whitespace().count();
    }
    assert!(wrong.is_empty(), "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(all > 500 && named < 10 && words > 300_000, "{all} articles, {named} named, {words} words");
}
