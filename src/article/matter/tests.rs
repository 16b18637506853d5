//! Front matter of every kind of site, and every way it can be broken.
use chrono::{TimeZone, Utc};

use super::*;
use crate::article::Note;

fn read(text: &str) -> (Matter, Vec<String>) {
    let mut complaints = Complaints::of("a.md");
    let split = split(text).unwrap();
    let root = match split.block {
        Some(block) => match parse(&block, &mut complaints) {
            Ok(root) => root,
            Err(error) => {
                complaints.refuse(error.line, error.reason);
                Node::map(1)
            }
        },
        None => Node::map(1),
    };
    let settings = Settings { zone: chrono_tz::Tz::UTC, now: Utc.with_ymd_and_hms(2026, 6, 1, 0, 0, 0).unwrap() };
    let matter = Matter::read(&root, &[], settings, &mut complaints);
    (matter, complaints.into_faults().iter().map(ToString::to_string).collect())
}

fn matter(text: &str) -> Matter {
    let (matter, faults) = read(text);
    assert!(faults.is_empty(), "{faults:?}");
    matter
}

#[test]
fn each_kind_of_block_is_found_and_its_text_begins_after_it() {
    for (text, kind, body, line) in [
        ("---\ntitle: A\n---\nText", Kind::Yaml, "Text", 4),
        ("\n\n---\ntitle: A\n...\nText", Kind::Yaml, "Text", 6),
        ("+++\ntitle = \"A\"\n+++\n\nText", Kind::Toml, "\nText", 4),
        ("{\n \"title\": \"A\"\n}\nText", Kind::Json, "Text", 4),
        (";;;\n{\"title\": \"A\"}\n;;;\nText", Kind::Json, "Text", 4),
        ("Title: A\nDate: 2014-05-01\n\nText", Kind::Lines, "\nText", 3),
    ] {
        let split = split(text).unwrap();
        assert_eq!((split.block.unwrap().kind, split.body, split.body_line), (kind, body, line), "{text}");
        assert_eq!(matter(text).title.as_deref(), Some("A"), "{text}");
    }
    for text in [
        "No front matter",
        "---\n\nA rule above.\n\n---\n\nMore",
        "# Heading\n\nNote: this",
        "{{ shortcode }}",
        "--- not a fence",
    ] {
        assert_eq!(split(text).unwrap().block, None, "{text}");
        assert_eq!(split(text).unwrap().body, text);
    }
    let error = split("---\ntitle: A\n\nText without an end").unwrap_err();
    assert_eq!(error.line, 1);
    assert!(error.reason.contains("does not end"), "{}", error.reason);
    assert!(split("---js\n{}\n---\n").is_err());
}

#[test]
fn yaml_is_kept_as_it_was_written() {
    let m = matter("---\ntitle: 1.10\nslug: 007\ntags: [2014, yes, null]\nauthor: No\ndraft: no\n---\n");
    assert_eq!((m.title.as_deref(), m.slug.as_deref()), (Some("1.10"), Some("007")));
    assert_eq!(
        (m.topics, m.authors, m.draft),
        (vec!["2014".to_owned(), "yes".to_owned()], vec!["No".to_owned()], false)
    );
    let m =
        matter("---\nbase: &b {lang: fr, draft: true}\nextra:\n  <<: *b\n  lang: en\ntitle: >-\n  two\n  lines\n---\n");
    assert_eq!((m.title.as_deref(), m.language.unwrap().as_str(), m.draft), (Some("two lines"), "en", true));
}

#[test]
fn broken_blocks_are_named_with_their_line() {
    let check = |text: &str, expect: &str| {
        let (_, faults) = read(text);
        assert!(faults.iter().any(|f| f.starts_with(expect)), "{text}\n{faults:?}\nwanted {expect}");
    };
    check("---\ntitle: A: B\n---\n", "a.md:2: broken YAML");
    check("---\ntitle: \"A\nlang: en\n---\n", "a.md:");
    check("---\ntitle: [a, b\nlang: en\n---\n", "a.md:");
    check("+++\ntitle = A\n+++\n", "a.md:2: broken TOML");
    check("+++\ntitle = \"A\"\ntitle = \"B\"\n+++\n", "a.md:3: broken TOML");
    check("---\ntitle: A\ntitle: B\n---\n", "a.md:3: `title` is written twice");
    check("---\nembargo: 2026-01-01\ntitle: A\nembargo: 2027-01-01\n---\n", "a.md:4: `embargo` is written twice");
    check("---\ntitle: A\n\ttags: x\n---\n", "a.md:3: a tab");
    check("---\ntitle: A\ndate: 2014-02-30\n---\n", "a.md:3: `date`: “2014-02-30” is no date: there is no such day");
    check("---\ntitle: A\nembargo: soon\n---\n", "a.md:3: `embargo`");
    check("---\ntitle: A\nlang: Klingon of the north\n---\n", "a.md:3: “Klingon of the north” is no language");
    let bomb = format!(
        "---\na: &a [{}]\n{}---\n",
        "x,".repeat(50),
        "b1: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nb2: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nb3: [*c,*c,*c,*c,*c,*c,*c,*c]\n"
    );
    check(&bomb, "a.md:");
    check(&format!("---\na: {}{}\n---\n", "[".repeat(500), "]".repeat(500)), "a.md:2:");
    check("---\na: &a [*a]\n---\n", "a.md:2:");
}

#[test]
fn the_same_thing_is_known_by_its_many_names() {
    let m = matter(
        "---\ntitle: A\npublishDate: 2026-05-18T10:00:00Z\nlast_modified_at: 2026-05-19\npublished: true\n\
         categories: {main: [News, EU & Co]}\ntags: a, b\nauthors:\n  - name: Ana Jović\n    url: x\n  - Marko\n\
         deck: Deck\nfeatured_image: {src: a.jpg, alt: Alt}\ncaption: C\nlocale: sr_RS@latin\npriority: breaking\n\
         permalink: /2014/05/{{ page.slug }}/\nurl: /news/a-slug/index.html\n---\n",
    );
    assert_eq!(m.published.unwrap(), Utc.with_ymd_and_hms(2026, 5, 18, 10, 0, 0).unwrap());
    assert_eq!(m.updated.unwrap(), Utc.with_ymd_and_hms(2026, 5, 19, 0, 0, 0).unwrap());
    assert_eq!(m.topics, ["a", "b", "News", "EU & Co"]);
    assert_eq!(m.authors, ["Ana Jović", "Marko"]);
    assert_eq!((m.summary.as_deref(), m.slug.as_deref()), (Some("Deck"), Some("a-slug")));
    let lead = m.lead.unwrap();
    assert_eq!((lead.src.as_str(), lead.alt.as_deref(), lead.caption.as_deref()), ("a.jpg", Some("Alt"), Some("C")));
    assert_eq!((m.language.unwrap().as_str(), m.breaking), ("sr-Latn", true));

    for (text, alt) in [
        ("image: a.jpg\nimage_alt: \"\"", Some("")),
        ("image: {src: a.jpg, alt: ''}", Some("")),
        ("image: a.jpg\nimage_alt:", None),
        ("image: a.jpg", None),
    ] {
        assert_eq!(matter(&format!("---\ntitle: A\n{text}\n---\n")).lead.unwrap().alt.as_deref(), alt, "{text}");
    }

    let m = matter(
        "+++\ntitle = \"A\"\ndate = 2026-05-18\npath = \"2017/09/18/x\"\n[extra]\nlang = \"en\"\n[taxonomies]\ntags = [\"rust\"]\n+++\n",
    );
    assert_eq!(
        (m.slug.as_deref(), m.path.as_deref(), m.topics),
        (Some("x"), Some("2017/09/18/x"), vec!["rust".to_owned()])
    );

    for (text, authors) in [
        ("author: 'Philippe Tardif, Brand lead'", vec!["Philippe Tardif, Brand lead"]),
        ("byline: Story by MLO Belgrade", vec!["MLO Belgrade"]),
        ("authors: A; B", vec!["A", "B"]),
        ("author: {first_name: Ana, last_name: Jović}", vec!["Ana Jović"]),
        ("author: Ana <ana@newsroom.example>", vec!["Ana"]),
        ("authors: [kate, kate]", vec!["kate"]),
    ] {
        assert_eq!(matter(&format!("---\n{text}\n---\n")).authors, authors, "{text}");
    }
    for text in ["draft: true", "published: false", "draft: 'soon'", "status: draft", "draft: yes"] {
        assert!(read(&format!("---\ntitle: A\n{text}\n---\n")).0.draft, "{text}");
    }
}

#[test]
fn corrections_and_withdrawals_are_read_in_each_shape() {
    let m = matter(
        "---\ncorrection:\n  - at: 2026-05-18T10:00:00Z\n    wrong: a\n    right: b\n  - It was Tuesday.\nwithdrawn: It was wrong.\n---\n",
    );
    assert_eq!(m.corrections.len(), 2);
    assert_eq!(m.corrections[0].at, Utc.with_ymd_and_hms(2026, 5, 18, 10, 0, 0).unwrap());
    assert_eq!((m.corrections[1].at, m.corrections[1].text()), (Note::UNDATED, "It was Tuesday.".to_owned()));
    assert_eq!(m.withdrawn.as_deref(), Some("It was wrong."));
    assert_eq!(matter("---\nwithdrawn: false\ntitle: x\n---\n").withdrawn, None);
    assert_eq!(matter("---\nretracted: true\n---\n").withdrawn.as_deref(), Some(""));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", yaml in "([a-z]{1,3}|[-:&*\\[\\]{}|>'\"#!%@\t ?]|\n){0,60}") {
        let _ = split(&text);
        for fence in ["---", "+++", ";;;"] {
            for body in [&text, &yaml] {
                let file = format!("{fence}\n{body}\n{fence}\n");
                if let Ok(Split { block: Some(block), .. }) = split(&file) {
                    let _ = parse(&block, &mut Complaints::of("x"));
                }
            }
        }
    }
}

#[test]
fn the_day_of_an_event_is_a_date_for_want_of_another_and_never_holds_its_announcement_back() {
    let published = |lines: &str| matter(&format!("---\ntitle: A\n{lines}\n---\nText")).published;
    let day = |day| Utc.with_ymd_and_hms(2016, 2, day, 0, 0, 0).single();
    assert_eq!(published("event: 2016-02-03"), day(3));
    assert_eq!(published("event: 2016-02-03\ndate: 2016-02-01"), day(1), "its own date comes first");
    assert_eq!(published("event: 2026-12-24"), None, "a day to come");
    assert_eq!(published("event: Spring concert"), None, "words are no fault");
}
