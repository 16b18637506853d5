//! Over every format: valid, stable, read back as it was put in, whatever the article holds.

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::build::{Material, make};
use super::*;
use crate::article::{ArticleId, Content, Language, Note, Picture, Revision, RevisionKind, StoryId};
use crate::config::{Config, Feed, FeedContent};
use crate::store::feeds::{Gone, Translation};
use crate::template::Templates;
use std::sync::{Arc, OnceLock};

const CONFIG: &str = r##"
[site]
title = { en = "Public Affairs & <Newsroom>", sr-Latn = "Redakcija", sr-Cyrl = "Редакција" }
url = "https://newsroom.example"
languages = ["en", "sr-Latn", "sr-Cyrl"]
timezone = "Europe/Belgrade"
publisher = "Public Affairs \"Office\" & Co"
address = "Example Street 1"
[[topics]]
id = "exercises"
name = { en = "Exercises", sr-Latn = "Vežbe", sr-Cyrl = "Вежбе" }
[[feeds.feed]]
name = "news"
title = "All <news> & more"
"##;

fn config() -> Arc<Config> {
    Arc::new(Config::load("config.toml".as_ref(), CONFIG, []).expect("a configuration"))
}

fn templates() -> Arc<Templates> {
    static LOADED: OnceLock<Arc<Templates>> = OnceLock::new();
    let load = || Arc::new(Templates::for_config(&config()).expect("templates"));
    Arc::clone(LOADED.get_or_init(load))
}

fn at(day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, hour, 0, 0).unwrap()
}

fn language(tag: &str) -> Language {
    tag.parse().expect("a tag")
}

fn revision(number: u32) -> Revision {
    Revision {
        id: i64::from(number),
        article: ArticleId(Uuid::from_u128(u128::from(number))),
        story: StoryId(Uuid::from_u128(1000 + u128::from(number))),
        source: "newsroom".to_owned(),
        guid: None,
        slug: format!("story-{number}"),
        language: language("en"),
        public_seq: Some(i64::from(number)),
        published: at(1, 9) + Duration::hours(i64::from(number)),
        updated: at(1, 9) + Duration::hours(i64::from(number)),
        kind: RevisionKind::First,
        content: Content {
            title: format!("Story {number}"),
            summary: format!("What story {number} tells."),
            html: format!("<p>The whole of story {number}.</p>"),
            text: format!("The whole of story {number}."),
            ..Content::default()
        },
    }
}

fn material(revisions: Vec<Revision>) -> Material {
    let config = config();
    let feed = config.feeds().remove(0);
    Material {
        hubs: Vec::new(),
        ended: None,
        templates: templates(),
        feed,
        config,
        revisions: (1..).zip(revisions).collect(),
        translations: Vec::new(),
        gone: Vec::new(),
        last: 0,
        tail: Vec::new(),
        page: None,
        modified: at(9, 9),
    }
}

/// The documents, each valid and read back as it was put in (the gate saw to that), with nothing left out.
fn documents(material: &Material) -> Vec<Document> {
    let made = make(material).expect("a feed");
    assert_eq!(made.left_out, []);
    assert_eq!(made.documents.iter().map(|d| d.format).collect::<Vec<_>>(), Format::ALL.map(Some));
    for document in &made.documents {
        assert_eq!(document.entries, material.revisions.len(), "{:?}", document.format);
        assert!(document.bytes.len() <= window::CAP);
    }
    made.documents
}

fn text(document: &Document) -> &str {
    std::str::from_utf8(&document.bytes).expect("UTF-8")
}

#[test]
fn the_same_articles_give_the_same_bytes() {
    let first = documents(&material((1..=30).rev().map(revision).collect()));
    let second = documents(&material((1..=30).rev().map(revision).collect()));
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a.bytes, b.bytes, "{:?}", a.format);
        assert_eq!((&a.tag, &a.gzip, &a.brotli), (&b.tag, &b.gzip, &b.brotli));
        assert_eq!(a.last_modified, at(9, 9));
        assert!(!text(a).contains("2026-03-09") && !text(a).contains("09 Mar 2026"), "no clock in a document");
    }
}

#[test]
fn whole_documents() {
    let mut lead = revision(3);
    lead.content.title = "Bridge & ferry: <b>\"open\"</b> ]]> again".to_owned();
    lead.content.summary = "A & B said: 1 < 2.".to_owned();
    lead.content.html = "<p>Zdravo &amp; ćao 📰 ]]&gt; <a href=\"https://a.example/?a=1&amp;b=2\">x</a></p>".to_owned();
    lead.content.authors = vec!["Ana Đorđević".to_owned(), "Марко".to_owned()];
    lead.content.topics = vec!["exercises".to_owned(), "R&D".to_owned()];
    lead.content.canonical = Some("https://elsewhere.example/a?x=1&y=2".to_owned());
    lead.content.picture = Some(Picture {
        url: "https://newsroom.example/media/a.jpg?w=1&h=2".to_owned(),
        alt: "A \"bridge\" & a <ferry>".to_owned(),
        caption: Some("The bridge & the ferry".to_owned()),
        credit: Some("M. \"Petrović\"".to_owned()),
        media_type: Some("image/jpeg".to_owned()),
        bytes: Some(12_345),
        width: Some(800),
        height: Some(450),
    });
    let mut corrected = revision(2);
    corrected.updated = at(2, 8);
    corrected.kind = RevisionKind::Correction;
    corrected.content.corrections =
        vec![Note { at: at(2, 8), note: None, wrong: Some("ten.".to_owned()), right: Some("12".to_owned()) }];
    let mut gone = revision(1);
    gone.kind = RevisionKind::Retraction;
    gone.content.withdrawn = Some("the source was wrong.".to_owned());
    gone.content.html = "<p>What must not be told any more</p>".to_owned();
    let mut material = material(vec![corrected, lead.clone(), gone]);
    material.translations =
        vec![Translation { story: lead.story, language: language("sr-Cyrl"), slug: "мост".to_owned() }];
    for document in documents(&material) {
        insta::assert_snapshot!(document.format.map_or("opml", Format::extension), text(&document));
        assert!(!text(&document).contains("must not be told"));
    }
}

#[test]
fn a_correction_stands_first_in_text_and_summary_in_the_articles_language() {
    for (tag, word, words) in [
        ("en", "Correction", "We wrote: ten. It should say: 12."),
        ("sr-Latn", "Ispravka", "Pisalo je: ten. Treba da stoji: 12."),
        ("sr-Cyrl", "Исправка", "Писало је: ten. Треба да стоји: 12."),
    ] {
        let mut corrected = revision(1);
        corrected.language = language(tag);
        let note = |note: Option<&str>, wrong: Option<&str>, right: Option<&str>| Note {
            at: at(4, 9),
            note: note.map(str::to_owned),
            wrong: wrong.map(str::to_owned),
            right: right.map(str::to_owned),
        };
        corrected.content.corrections =
            vec![note(None, Some("ten"), Some("12")), note(Some("An older <slip>."), None, None)];
        let documents = documents(&material(vec![corrected]));
        for document in &documents {
            let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
            let entry = &read.entries[0];
            let summary = &entry.summary.as_ref().unwrap().content;
            assert!(summary.starts_with(&format!("{word}: {}", words.trim_end_matches('.'))), "{summary}");
            assert!(summary.contains("10:00"), "its time, in the newsroom's zone: {summary}");
            let body = entry.content.as_ref().unwrap().body.as_ref().unwrap();
            assert!(body.starts_with(&format!("<p><strong>{word}:</strong> ")), "{body}");
            assert!(body.contains("datetime=\"2026-03-04T09:00:00Z\""), "{body}");
            assert!(body.contains("An older &lt;slip&gt;"), "{body}");
        }
        let json: serde_json::Value = serde_json::from_slice(&documents[2].bytes).unwrap();
        let corrections = &json["items"][0]["_herald"]["corrections"];
        assert_eq!(corrections.as_array().unwrap().len(), 2);
        assert_eq!(corrections[0]["wrong"], "ten");
    }
}

#[test]
fn a_retraction_keeps_its_id_and_tells_nothing_but_the_notice() {
    let mut material = material(vec![revision(1)]);
    let before = documents(&material);
    material.revisions[0].1.content.withdrawn = Some("It was not true".to_owned());
    material.revisions[0].1.kind = RevisionKind::Retraction;
    for (document, before) in documents(&material).iter().zip(&before) {
        let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
        let was = feed_rs::parser::parse(before.bytes.as_ref()).expect("a feed");
        assert_eq!(read.entries[0].id, was.entries[0].id);
        assert_eq!(read.entries[0].title.as_ref().unwrap().content, "Withdrawn: Story 1");
        assert!(!text(document).contains("The whole of"));
        assert!(text(document).contains("It was not true"));
    }
}

#[test]
fn a_notice_that_has_left_is_a_tombstone_in_atom() {
    let mut material = material(vec![revision(2)]);
    let article = revision(1).article;
    material.gone = vec![Gone {
        article,
        guid: None,
        at: at(1, 1),
        language: language("en"),
        reason: Some("It was not true".to_owned()),
    }];
    let documents = documents(&material);
    let tombstone = format!("<at:deleted-entry ref=\"{}\" when=\"2026-03-01T01:00:00Z\">", article.urn());
    assert!(text(&documents[1]).contains(&tombstone), "{}", text(&documents[1]));
    assert!(text(&documents[1]).contains("<at:comment xml:lang=\"en\">Withdrawn: It was not true</at:comment>"));
    assert!(!text(&documents[0]).contains(&article.urn()));
}

#[test]
fn summaries_alone_where_the_feed_says_so() {
    let mut material = material(vec![revision(1)]);
    material.feed.content = FeedContent::Summary;
    for document in documents(&material) {
        assert!(!text(&document).contains("The whole of"));
        assert!(text(&document).contains("What story 1 tells."));
    }
}

#[test]
fn an_id_from_elsewhere_is_kept_and_atom_has_one_it_may_have() {
    let mut material = material(vec![revision(1), revision(2)]);
    material.revisions[0].1.guid = Some("https://old.example/?p=12&x=<1>".to_owned());
    material.revisions[1].1.guid = Some("tag:old.example,2020:7".to_owned());
    let documents = documents(&material);
    let ids = |document: &Document| {
        let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
        read.entries.iter().map(|e| e.id.clone()).collect::<Vec<_>>()
    };
    let kept = ["https://old.example/?p=12&x=<1>", "tag:old.example,2020:7"];
    assert_eq!(ids(&documents[0]), kept);
    assert_eq!(ids(&documents[1]), [revision(1).article.urn(), kept[1].to_owned()]);
    assert_eq!(ids(&documents[2]), kept);
}

#[test]
fn of_two_with_one_id_the_newer_stays_and_the_other_is_named() {
    let mut material = material(vec![revision(2), revision(1)]);
    for (_, revision) in &mut material.revisions {
        revision.guid = Some("urn:x-old:1".to_owned());
    }
    let made = make(&material).expect("a feed");
    assert_eq!(made.documents[0].entries, 1);
    assert_eq!(made.left_out.len(), 1);
    assert_eq!(made.left_out[0].article, revision(1).article);
}

/// Entries as they are made, to be spoilt behind the gate in front.
fn entries(numbers: impl Iterator<Item = u32>) -> (content::Channel, Vec<content::Entry>) {
    let material = material(numbers.map(revision).collect());
    let channel = content::Channel::new(&material.config, &material.templates, &material.feed, &[]);
    let Material { config, templates, feed, .. } = &material;
    let maker = content::Maker { config, templates, feed, translations: &[] };
    (channel, material.revisions.iter().map(|(_, revision)| maker.entry(revision)).collect())
}

#[test]
fn a_bad_article_is_left_out_and_named_with_its_place() {
    for (spoil, told) in [
        ((|entry| entry.title.push('\u{8}')) as fn(&mut content::Entry), "title, character 8: U+0008"),
        (|entry| entry.summary.push('\u{fffe}'), "summary, character 20: U+FFFE"),
        (|entry| entry.html = Some("a\u{1}b".to_owned()), "text, character 2: U+0001"),
        (|entry| entry.html = Some("<p>љ <a href=\"/a\">b</a></p>".to_owned()), "text, character 15: the address “/a”"),
        (|entry| entry.id = String::new(), "<guid> is empty"),
        (|entry| entry.url = "articles/1".to_owned(), "is no absolute address"),
        (|entry| entry.title = "two  \r\n lines ".to_owned(), "title was read as"),
    ] {
        let (mut channel, mut all) = entries(1..=5);
        spoil(&mut all[2]);
        let spoilt = all[2].article;
        let (written, left_out) = build::settle(&mut channel, &mut all).expect("a feed of the others");
        assert_eq!(all.len(), 4);
        assert_eq!((left_out.len(), left_out[0].article), (1, spoilt));
        assert!(left_out[0].reason.contains(told), "{}", left_out[0].reason);
        for (format, bytes) in written {
            gate::check(format, &bytes, &channel, &all).expect("valid");
        }
    }
}

#[test]
fn a_feed_that_is_broken_itself_is_refused() {
    let (mut channel, mut all) = entries(1..=2);
    channel.title.push('\u{c}');
    let error = build::settle(&mut channel, &mut all).map(drop).expect_err("refused");
    assert!(matches!(&error, FeedError::Gate { format: Format::Rss, .. }), "{error}");
    assert!(error.to_string().contains("line 4, column"), "{error}");
}

#[test]
fn the_gate_sees_what_readers_would_not_say() {
    let (channel, all) = entries(1..=1);
    let channel = content::Channel { updated: Some(all[0].updated), ..channel };
    for format in Format::ALL {
        let bytes = format.write(&channel, &all).expect("a document");
        let good = std::str::from_utf8(&bytes).expect("UTF-8");
        gate::check(format, &bytes, &channel, &all).expect("valid");
        let spoilt = [
            good.replacen("Story 1", "Story 2", 1),
            good.replacen("10:00:00", "10:00:01", 1),
            good.replacen("<item>", "<item><media:x/>", 1)
                .replacen("<entry>", "<entry><media:x/>", 1)
                .replacen("{", "{,", 1),
            good[..good.len() / 2].to_owned(),
            good.replacen("story-1", "story-2", 1),
            good.replacen("The whole", "The hole", 1),
        ];
        for spoilt in spoilt {
            assert!(gate::check(format, spoilt.as_bytes(), &channel, &all).is_err(), "{format:?}: {spoilt}");
        }
    }
}

#[test]
fn bytes_win_over_the_window_the_oldest_lose_their_text_first() {
    let big = |number| {
        let mut revision = revision(number);
        revision.content.html = format!("<p>{}</p>", "a \"quote\" & <b>more</b> ".repeat(1000));
        revision
    };
    let made = documents(&material((1..=50).rev().map(big).collect()));
    for document in &made {
        let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
        let whole = |e: &feed_rs::model::Entry| {
            e.content.as_ref().and_then(|c| c.body.as_ref()).is_some_and(|body| body.len() > 10_000)
        };
        let told = read.entries.iter().filter(|e| whole(e)).count();
        assert!((5..40).contains(&told), "{:?}: {told}", document.format);
        assert!(read.entries.iter().take(told).all(whole), "the newest are whole");
    }
    // An article of 2 MB stands with its summary and costs the others nothing.
    let mut revisions: Vec<_> = (1..=20).rev().map(revision).collect();
    revisions[3].content.html = format!("<p>{}</p>", "x".repeat(2_000_000));
    for document in documents(&material(revisions)) {
        assert_eq!(text(&document).matches("The whole of story").count(), 19);
    }
    // Summaries alone that do not fit: the oldest are dropped.
    let wordy = |number| {
        let mut revision = revision(number);
        revision.content.summary = "word ".repeat(8000);
        revision
    };
    let made = make(&material((1..=50).rev().map(wordy).collect())).expect("a feed");
    for document in &made.documents {
        assert!(document.bytes.len() <= window::CAP, "{}", document.bytes.len());
        let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
        assert!((3..50).contains(&read.entries.len()));
        assert_eq!(read.entries[0].title.as_ref().unwrap().content, "Story 50");
    }
}

#[test]
fn no_two_entries_of_atom_share_their_date_of_change() {
    let read_at_once = at(3, 3) + Duration::microseconds(123_456);
    let undated = |number| Revision { updated: read_at_once, published: read_at_once, ..revision(number) };
    let documents = documents(&material((1..=9).rev().map(undated).collect()));
    let read = feed_rs::parser::parse(documents[1].bytes.as_ref()).expect("a feed");
    let dates: std::collections::BTreeSet<_> = read.entries.iter().map(|entry| entry.updated).collect();
    assert_eq!(dates.len(), 9);
}

#[test]
fn an_empty_feed_is_a_feed() {
    for document in documents(&material(Vec::new())) {
        assert_eq!(document.entries, 0);
    }
}

#[test]
fn what_breaks_readers_elsewhere_is_read_as_written() {
    let nasty = [
        "]]> and <![CDATA[ and ]]]]>",
        "& &amp; &nbsp; &#0; &bogus;",
        "a\u{0}b\u{1}c\u{b}d\u{1b}e\u{fffe}f\u{ffff}g\u{85}h\u{fdd0}i\u{fffd}",
        "👩‍💻🇷🇸 Љубав џеп Đorđe ß",
        "\u{202e}שלום עולם\u{202c} مرحبا",
        "</item></entry></content> <script>alert(1)</script>",
        "\u{a0}\u{a0}",
        " \t\n\r\n ",
        "<!-- comment --> <?pi?> <!DOCTYPE x>",
        "\u{2028}line\u{2029}",
    ];
    let mut revisions = Vec::new();
    for (number, words) in (1..).zip(nasty) {
        let mut revision = revision(number);
        let content = &mut revision.content;
        (content.title, content.summary, content.text) = (words.to_owned(), words.to_owned(), words.to_owned());
        content.html = format!("<p>{words}</p>");
        content.authors = vec![words.to_owned()];
        content.topics = vec![words.to_owned()];
        content.corrections =
            vec![Note { at: at(2, 2), note: Some(words.to_owned()), wrong: None, right: Some(words.to_owned()) }];
        content.picture = Some(Picture {
            url: format!("https://newsroom.example/media/{words}.jpg"),
            alt: words.to_owned(),
            caption: Some(words.to_owned()),
            credit: Some(words.to_owned()),
            bytes: Some(1),
            media_type: Some(words.to_owned()),
            ..Picture::default()
        });
        revisions.push(revision);
    }
    documents(&material(revisions));
}

fn content() -> impl Strategy<Value = Content> {
    let words = || any::<String>();
    let some = || proptest::option::of(any::<String>());
    let notes = proptest::collection::vec((some(), some(), some()), 0..3);
    let picture = proptest::option::of((words(), words(), some(), some(), some(), proptest::option::of(any::<u64>())));
    let names = proptest::collection::vec(words(), 0..3);
    (words(), words(), words(), names.clone(), names, some(), some(), notes, picture).prop_map(
        |(title, summary, html, topics, authors, canonical, withdrawn, notes, picture)| Content {
            title,
            summary,
            text: html.clone(),
            html,
            topics,
            authors,
            canonical,
            withdrawn,
            corrections: notes
                .into_iter()
                .map(|(note, wrong, right)| Note { at: at(2, 2), note, wrong, right })
                .collect(),
            picture: picture.map(|(url, alt, caption, credit, media_type, bytes)| Picture {
                url: format!("https://newsroom.example/{url}"),
                alt,
                caption,
                credit,
                media_type,
                bytes,
                ..Picture::default()
            }),
            ..Content::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_in_any_field_passes_the_gate(
        contents in proptest::collection::vec((content(), any::<String>(), proptest::option::of(any::<String>())), 1..4),
        title in any::<String>(),
    ) {
        let mut revisions = Vec::new();
        for (number, (content, slug, guid)) in (1..).zip(contents) {
            revisions.push(Revision { content, slug: format!("s-{slug}"), guid: guid.map(|g| format!("{g}{number}")), ..revision(number) });
        }
        let mut material = material(revisions);
        material.feed = Feed { title: crate::config::Text::One(title), ..material.feed };
        documents(&material);
    }
}
