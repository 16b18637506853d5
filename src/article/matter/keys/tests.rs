//! The table of keys is what is read, and what docs/ARTICLES.md says.
use std::path::{Path, PathBuf};

use chrono::{TimeZone, Utc};

use super::*;
use crate::article::intake::{Head, House, Intake, Unread};
use crate::article::markup::Alone;
use crate::article::matter::{Complaints, Matter, Settings, parse, split};
use crate::clock::Instant;

fn now() -> Instant {
    Utc.with_ymd_and_hms(2026, 6, 1, 0, 0, 0).unwrap()
}

/// What a block says: what was understood, and what was said about it.
fn read(lines: &str) -> (Matter, String) {
    let text = format!("---\n{lines}\n---\n");
    let mut complaints = Complaints::of("a.md");
    let root = parse(&split(&text).unwrap().block.unwrap(), &mut complaints).unwrap();
    let settings = Settings { zone: chrono_tz::Tz::UTC, now: now() };
    let matter = Matter::read(&root, &[], settings, &mut complaints);
    (matter, complaints.into_faults().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn waits(matter: &Matter) -> bool {
    let later = |at: Option<Instant>| at.is_some_and(|at| at > now());
    matter.draft || later(matter.embargo) || later(matter.published) || matter.withdrawn.is_some()
}

#[test]
fn every_name_in_the_table_is_read() {
    for key in ALL {
        for name in key.names {
            let line = format!("{name}: {}", key.example);
            let read_with = |more: &str| {
                let (with, without) = (read(&format!("{more}\n{line}")), read(more));
                assert!(!with.1.contains("not known") && !with.1.contains("wants"), "{line}: {}", with.1);
                format!("{:?}", with.0) != format!("{:?}", without.0)
            };
            assert!(read_with("x: y") || read_with("image: a.jpg\ndate: 2026-01-01"), "{line} changes nothing");
        }
    }
}

#[test]
fn every_name_that_can_hold_an_article_holds_it_and_no_slip_of_the_hand_lets_it_go() {
    let mut slips = 0;
    for key in ALL {
        let Some(value) = key.holds else { continue };
        for name in key.names {
            assert!(waits(&read(&format!("{name}: {value}")).0), "{name}: {value}");
            // Two letters in the wrong order, one too many, one too few, in the middle of the name.
            let at = name.len() / 2;
            let turned = format!("{}{}{}{}", &name[..at - 1], &name[at..=at], &name[at - 1..at], &name[at + 1..]);
            let slipped =
                [turned, format!("{}{}", &name[..at], &name[at - 1..]), format!("{}{}", &name[..at], &name[at + 1..])];
            for slip in slipped.iter().filter(|slip| name.len() > 4 && known(slip).is_none()) {
                let (matter, said) = read(&format!("{slip}: {value}"));
                assert!(waits(&matter) || said.contains("left out until"), "{slip}: {value}: {said}");
                slips += 1;
            }
        }
    }
    assert!(slips > 80, "{slips}");
}

#[test]
fn hyphens_underscores_and_case_make_no_other_key() {
    for name in ["translation-key", "translation_key", "translationKey", "Translation Key", "TRANSLATIONKEY"] {
        let (matter, said) = read(&format!("{name}: k"));
        assert_eq!((matter.translation_key.as_deref(), said.as_str()), (Some("k"), ""), "{name}");
    }
}

/// The table, as docs/ARTICLES.md has it.
fn table() -> String {
    let mut text = String::from("| key | also | wants | what it means |\n|---|---|---|---|\n");
    for key in ALL {
        let (first, others) = key.names.split_first().unwrap();
        let others = others.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let holds = if key.holds.is_some() { " **Can hold it back.**" } else { "" };
        text.push_str(&format!("| `{first}` | {others} | {}; `{}` | {}{holds} |\n", key.takes, key.example, key.says));
    }
    text
}

fn docs() -> (PathBuf, String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARTICLES.md");
    let text = std::fs::read_to_string(&file).unwrap();
    (file, text)
}

/// The table is made here: where it is stale it is written anew, and the test fails so that somebody commits it.
#[test]
fn the_table_is_up_to_date() {
    let (file, text) = docs();
    let (before, rest) = text.split_once("<!-- keys -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of keys -->").unwrap();
    let wanted = format!("{before}<!-- keys -->\n{}<!-- end of keys -->{after}", table());
    if text != wanted {
        std::fs::write(&file, wanted).unwrap();
        panic!("docs/ARTICLES.md was stale; it is written anew: commit it");
    }
}

/// Each example is a file, named in the line before it; what is said about it is quoted where something is.
#[test]
fn the_examples_are_read_as_they_are_said_to_be() {
    let (_, text) = docs();
    let house = House {
        source: "newsroom".into(),
        site_url: "https://n.example".into(),
        languages: ["en", "sr-Latn"].iter().map(|l| l.parse().unwrap()).collect(),
        language: None,
        transliterate: false,
        zone: chrono_tz::Tz::UTC,
        now: now(),
        topics: Vec::new(),
    };
    // What is quoted over several lines is one line.
    let quoted = text.replace("\n> ", " ");
    let mut examples = 0;
    for part in text.split("\n`").skip(1) {
        let Some((name, rest)) = part.split_once("`:\n\n") else { continue };
        let example: String = rest
            .lines()
            .take_while(|line| line.is_empty() || line.starts_with("    "))
            .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line)))
            .collect();
        let faults = match Head::read(name, example.as_bytes(), &house, &[]) {
            Ok(head) => {
                let Intake { faults, .. } = head.draft(&house, "https://n.example/articles/a", &Alone);
                faults
            }
            Err(Unread::Faults(faults)) => faults,
            Err(aside) => panic!("{name}: {aside:?}"),
        };
        // Nothing lies around it here, not even its picture.
        let said: Vec<String> =
            faults.iter().filter(|fault| !fault.reason.contains("is not there")).map(ToString::to_string).collect();
        for line in &said {
            assert!(quoted.contains(line.as_str()), "{name}: not in the text: {line}");
        }
        assert_ne!(quoted.contains(&format!(" {name}:")), said.is_empty(), "{name}: {said:?}");
        examples += 1;
    }
    assert!(examples >= 3, "{examples}");
}
