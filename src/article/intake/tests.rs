//! From bytes to a draft: front matter, links, languages, faults.
mod held;

use chrono::{TimeZone, Utc};

use super::*;
use crate::article::markup::Alone;

fn house() -> House {
    House {
        source: "newsroom".into(),
        site_url: "https://n.example".into(),
        languages: ["en", "sr-Latn", "sr-Cyrl", "fr"].iter().map(|l| l.parse().unwrap()).collect(),
        language: None,
        transliterate: false,
        zone: Tz::UTC,
        now: Utc.with_ymd_and_hms(2026, 6, 1, 0, 0, 0).unwrap(),
        topics: vec![("exercises".into(), vec!["Exercises".into(), "Вежбе".into()])],
    }
}

fn read(key: &str, text: &str) -> Intake {
    let head = Head::read(key, text.as_bytes(), &house(), &[]).unwrap();
    head.draft(&house(), "https://n.example/articles/a", &Alone)
}

fn refused(key: &str, bytes: &[u8]) -> String {
    match Head::read(key, bytes, &house(), &[]) {
        Err(Unread::Faults(faults)) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_becomes_a_draft() {
    let got = read(
        "2014-05-16-slides.md",
        "---\ntitle: \"A <em>title</em>\"\ntags: [вежбе, Other]\nauthors: [Ana]\nsummary: \"In *short* &amp; sweet\"\ncorrection: It was Tuesday.\n---\n# A title\n\nText & more.\n",
    );
    let draft = &got.draft;
    assert!(got.faults.is_empty(), "{:?}", got.faults);
    assert_eq!((draft.slug.as_str(), draft.language.as_str()), ("slides", "en"));
    assert_eq!(draft.published, Some(Utc.with_ymd_and_hms(2014, 5, 16, 0, 0, 0).unwrap()));
    let content = &draft.content;
    assert_eq!(
        (content.title.as_str(), content.html.as_str(), content.text.as_str()),
        ("A title", "<p>Text &amp; more.</p>", "Text & more.")
    );
    assert_eq!(
        (content.topics.clone(), content.summary.as_str()),
        (vec!["exercises".to_owned(), "Other".to_owned()], "In short & sweet")
    );
    assert_eq!(content.corrections.len(), 1);
}

#[test]
fn what_a_file_does_not_say_is_found() {
    let got = read("news/2025-10-09/1/index.sr.md", "# Вежбе на реци\n\nТекст.");
    assert_eq!((got.draft.slug.as_str(), got.draft.language.as_str()), ("вежбе-на-реци", "sr-Cyrl"));
    assert_eq!(got.draft.content.text, "Текст.");
    let got = read("some-name.md", "Just text.");
    assert_eq!((got.draft.content.title.as_str(), got.draft.published), ("Some name", None));
    assert_eq!(got.faults.len(), 1, "{:?}", got.faults);
    let got = read("x.md", "+++\ntitle = \"X\"\npath = \"2017/09/18/impl-future\"\n+++\nText");
    assert_eq!(
        (got.draft.slug.as_str(), got.draft.published.unwrap().to_string().as_str()),
        ("impl-future", "2017-09-18 00:00:00 UTC")
    );
    let got = read(
        "y.html",
        "<html lang=fr><head><title>T | Site</title><meta name=date content=2026-05-01><meta name=author content=Ana></head><body><h1>Le titre</h1><p>Texte</p></body></html>",
    );
    let draft = got.draft;
    assert_eq!(
        (draft.language.as_str(), draft.content.title.as_str(), draft.content.html.as_str()),
        ("fr", "Le titre", "<p>Texte</p>")
    );
    assert_eq!((draft.content.authors, draft.published.is_some()), (vec!["Ana".to_owned()], true));
}

#[test]
fn ids_are_stable_and_translations_have_their_own() {
    let id = |key: &str, text: &str| Head::read(key, text.as_bytes(), &house(), &[]).unwrap().id;
    let uuid = "0190e0c0-0000-7000-8000-000000000001";
    assert_eq!(id("a.md", &format!("---\nid: {uuid}\n---\nx")).unwrap().to_string(), uuid);
    let (en, fr) = (id("a.md", "---\nid: 7\n---\nx"), id("a.fr.md", "---\nid: 7\n---\nx"));
    assert!(en.is_some() && en != fr);
    assert_eq!(en, id("b.md", "---\nid: 7\n---\ny"));
    assert_eq!(id("a.md", "x"), None);
}

#[test]
fn what_cannot_be_read_is_named() {
    for (bytes, expect) in [
        (&b""[..], "a.md: the file is empty"),
        (b"\x89PNG\0\0\0\0\0", "a.md: the file is not text"),
        (b"---\ntitle: A", "a.md:1: the front matter begins here"),
        (b"---\ntitle: A\ndate: 2026-02-30\n---\n", "a.md:3: `date`"),
        (b"---\ntitle: [\n---\n", "a.md:"),
    ] {
        let faults = refused("a.md", bytes);
        assert!(faults.starts_with(expect), "{faults}");
    }
    assert!(matches!(Head::read("README.md", b"# Read me", &house(), &[]), Err(Unread::Aside(Aside::House))));
}

#[test]
fn a_withdrawn_article_is_its_notice() {
    let got =
        read("a.md", "---\ntitle: A\ndate: 2026-05-01\nwithdrawn: It was <wrong>.\nimage: x.jpg\n---\nLong text.");
    let content = got.draft.content;
    assert_eq!((content.html.as_str(), content.text.as_str()), ("<p>It was &lt;wrong&gt;.</p>", "It was <wrong>."));
    assert_eq!((content.picture, content.withdrawn.is_some()), (None, true));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), fence in 0..4usize) {
        let fence = [&b""[..], b"---\n", b"+++\n", b"{"][fence];
        for key in ["a.md", "b.html"] {
            if let Ok(head) = Head::read(key, &[fence, &bytes].concat(), &house(), &[]) {
                let _ = head.draft(&house(), "https://n.example/articles/a", &Alone);
            }
        }
    }
}
