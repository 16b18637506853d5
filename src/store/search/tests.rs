//! What is found, on both databases alike.

use chrono::{Duration, TimeZone, Utc};

use super::*;
use crate::article::{Content, Draft};
use crate::store::articles::{release_due, remove, take_in_all};
use crate::store::tests::stores;

fn at(year: i32, month: u32) -> Instant {
    Utc.with_ymd_and_hms(year, month, 1, 8, 0, 0).unwrap()
}

fn draft(key: &str, language: &str, title: &str, text: &str, published: Instant) -> Draft {
    Draft {
        key: key.to_owned(),
        slug: key.to_owned(),
        language: language.parse().unwrap(),
        published: Some(published),
        content: Content { title: title.to_owned(), text: text.to_owned(), ..Content::default() },
        ..Draft::default()
    }
}

async fn indexed(tx: &mut Tx) {
    while index_some(tx).await.unwrap() > 0 {}
    assert!(!anything_waits(tx).await.unwrap());
}

fn scope(language: &str) -> Scope {
    Scope { language: language.parse().unwrap(), topic: None, within: None }
}

async fn slugs(tx: &mut Tx, typed: &str, scope: &Scope) -> Vec<String> {
    let found = find(tx, &Sought::read(typed), scope, 50, 0).await.unwrap();
    assert_eq!(found.count, found.revisions.len() as i64, "{typed}");
    assert_eq!(count(tx, &Sought::read(typed), scope).await.unwrap(), found.count);
    found.revisions.into_iter().map(|r| r.slug).collect()
}

async fn newsroom(tx: &mut Tx) {
    let mut wire = draft("wire", "en", "The wire", "Nothing else of note, but the bridge.", at(2026, 4));
    wire.content.topics = vec!["Civil protection".to_owned()];
    let mut lost = draft("lost", "en", "Timetable", "The secretword of the day", at(2026, 3));
    lost.content.withdrawn = Some("The dates were wrong".to_owned());
    let mut held = draft("held", "en", "A bridge held back", "bridge", at(2026, 5));
    held.embargo = Some(at(2027, 1));
    let drafts = [
        draft("old", "en", "New bridge on the flood road", "It opens.", at(2024, 5)),
        draft("new", "en", "An old Bridge", "It closes; see the new road.", at(2026, 5)),
        draft("none", "en", "Medics", "No crossing here: abridged. О’Brien’s café.", at(2026, 5)),
        draft("djordje", "sr-Latn", "Đorđe Njegoš na Čukarici", "Džep pun žita, lj.", at(2026, 1)),
        draft("djordje-c", "sr-Cyrl", "Ђорђе Његош на Чукарици", "Џеп пун жита, љ.", at(2026, 1)),
        wire,
        lost,
        held,
    ];
    take_in_all(tx, "newsroom", &drafts, at(2026, 6)).await.unwrap();
    release_due(tx, at(2026, 6)).await.unwrap();
}

#[tokio::test]
async fn both_databases_find_the_same_in_the_same_order() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        newsroom(&mut tx).await;
        assert_eq!(slugs(&mut tx, "bridge", &scope("en")).await, Vec::<String>::new(), "not looked at yet");
        indexed(&mut tx).await;
        for (typed, expect) in [
            ("bridge", &["new", "old", "wire"][..]),
            ("BRID", &["new", "old", "wire"]),
            ("bridge road", &["old", "new"]),
            ("road bridge new", &["old", "new"]),
            ("\"new bridge\"", &["old"]),
            ("\"new road\"", &["new"]),
            ("\"brid\"", &[]),
            ("“road It”", &[]),
            ("bridge civil", &["wire"]),
            ("cafe", &["none"]),
            ("dates wrong", &["lost"]),
            ("secretword", &[]),
            ("x636976696c2d70726f74656374696f6e", &[]),
            ("title:bridge OR NEAR(a) ' ) \" & | ! <-> :*", &[]),
            ("", &[]),
        ] {
            assert_eq!(slugs(&mut tx, typed, &scope("en")).await, expect, "{typed}");
        }
        for typed in
            ["Djordje", "đorđe", "Ђорђе", "NJEGOŠ", "његош", "cukar", "Чукарици", "džep", "dzep", "жита", "zita lj"]
        {
            assert_eq!(slugs(&mut tx, typed, &scope("sr-Latn")).await, ["djordje"], "{typed}");
            assert_eq!(slugs(&mut tx, typed, &scope("sr-Cyrl")).await, ["djordje-c"], "{typed}");
            assert_eq!(slugs(&mut tx, typed, &scope("en")).await, Vec::<String>::new(), "{typed}");
        }
        assert_eq!(slugs(&mut tx, "bridge", &scope("fr")).await, Vec::<String>::new());
        let within = Scope { within: Some((at(2026, 1), at(2027, 1))), ..scope("en") };
        assert_eq!(slugs(&mut tx, "bridge", &within).await, ["new", "wire"]);
        let topic = Scope { topic: Some("civil-protection".to_owned()), ..scope("en") };
        assert_eq!(slugs(&mut tx, "bridge", &topic).await, ["wire"]);
        // A page at a time, over the border between titles and texts.
        let mut paged = Vec::new();
        for offset in 0..4 {
            let found = find(&mut tx, &Sought::read("bridge"), &scope("en"), 1, offset).await.unwrap();
            assert_eq!(found.count, 3);
            paged.extend(found.revisions.into_iter().map(|r| r.slug));
        }
        assert_eq!(paged, ["new", "old", "wire"]);
    }
}

#[tokio::test]
async fn what_changes_is_found_anew_and_what_goes_is_not_found() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        newsroom(&mut tx).await;
        indexed(&mut tx).await;
        let before = changes(&mut tx).await.unwrap();
        let mut changed = draft("old", "en", "New tunnel under the flood road", "It opens.", at(2024, 5));
        let taken = take_in_all(&mut tx, "newsroom", std::slice::from_ref(&changed), at(2026, 7)).await.unwrap();
        assert!(anything_waits(&mut tx).await.unwrap());
        indexed(&mut tx).await;
        assert!(changes(&mut tx).await.unwrap() > before);
        assert_eq!(slugs(&mut tx, "bridge", &scope("en")).await, ["new", "wire"]);
        assert_eq!(slugs(&mut tx, "tunnel", &scope("en")).await, ["old"]);
        // Held back again, and removed: at once, before anybody has looked at the words.
        changed.embargo = Some(at(2027, 1));
        take_in_all(&mut tx, "newsroom", &[changed], at(2026, 7) + Duration::days(1)).await.unwrap();
        assert_eq!(slugs(&mut tx, "tunnel", &scope("en")).await, Vec::<String>::new());
        indexed(&mut tx).await;
        release_due(&mut tx, at(2027, 2)).await.unwrap();
        indexed(&mut tx).await;
        assert_eq!(slugs(&mut tx, "tunnel", &scope("en")).await, ["old"]);
        assert_eq!(slugs(&mut tx, "held", &scope("en")).await, ["held"], "its instant has come");
        remove(&mut tx, &[taken[0].article], at(2027, 3)).await.unwrap();
        assert_eq!(slugs(&mut tx, "tunnel", &scope("en")).await, Vec::<String>::new());
        indexed(&mut tx).await;
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn many_of_one_second_have_numbers_of_their_own() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let drafts: Vec<Draft> =
            (0..250).map(|n| draft(&format!("a{n}"), "en", &format!("Story {n}"), "word", at(2026, 5))).collect();
        take_in_all(&mut tx, "newsroom", &drafts, at(2026, 6)).await.unwrap();
        let ancient = draft("ancient", "en", "Ancient", "word", Utc.with_ymd_and_hms(1899, 1, 1, 0, 0, 0).unwrap());
        take_in_all(&mut tx, "newsroom", &[ancient], at(2026, 6)).await.unwrap();
        release_due(&mut tx, at(2026, 6)).await.unwrap();
        indexed(&mut tx).await;
        let found = find(&mut tx, &Sought::read("word"), &scope("en"), 20, 240).await.unwrap();
        assert_eq!((found.count, found.revisions.len()), (251, 11));
        assert_eq!(found.revisions[10].slug, "ancient");
    }
}

#[tokio::test]
async fn an_erased_word_is_in_no_file() {
    let (folder, stores) = stores().await;
    let store = &stores[0];
    let mut tx = store.write().await.unwrap();
    newsroom(&mut tx).await;
    let odd = draft("odd", "en", "Quixotically", "Xylophonist", at(2026, 5));
    let taken = take_in_all(&mut tx, "newsroom", &[odd], at(2026, 6)).await.unwrap();
    release_due(&mut tx, at(2026, 6)).await.unwrap();
    indexed(&mut tx).await;
    tx.commit().await.unwrap();
    let mut tx = store.write().await.unwrap();
    remove(&mut tx, &[taken[0].article], at(2026, 7)).await.unwrap();
    tx.q("DELETE FROM revisions WHERE article = $1").bind(taken[0].article.to_string()).execute().await.unwrap();
    indexed(&mut tx).await;
    optimise(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    store.scrub().await.unwrap();
    let bytes = std::fs::read(folder.path().join("herald.db")).unwrap();
    for word in [&b"quixot"[..], b"xyloph"] {
        assert!(!bytes.windows(word.len()).any(|part| part == word), "{}", String::from_utf8_lossy(word));
    }
    assert!(bytes.windows(6).any(|part| part == b"medics"), "other words stand there");
}
