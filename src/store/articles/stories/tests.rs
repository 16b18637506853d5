//! Whatever comes first, and whatever changes later: translations are one story, and nothing else is.

use chrono::{TimeZone, Utc};

use super::super::{Remark, Taken, release_due, remove, take_in_all};
use super::*;
use crate::clock::Instant;
use crate::store::tests::stores;

fn at(day: u32) -> Instant {
    Utc.with_ymd_and_hms(2026, 5, day, 8, 0, 0).unwrap()
}

/// A draft of a file: language, path, and what it says of translations as `key=…` or `of=…`.
fn draft(language: &str, path: &str, says: &str) -> Draft {
    let bare = path.strip_suffix(".md").unwrap_or(path);
    let mark = format!(".{language}");
    let mut draft = Draft {
        key: path.to_owned(),
        slug: bare.replace(['/', '.'], "-"),
        language: language.parse().unwrap(),
        place: Some(bare.strip_suffix(&mark).unwrap_or(bare).to_owned()),
        published: Some(at(1)),
        ..Draft::default()
    };
    match says.split_once('=') {
        Some(("key", key)) => draft.translation_key = Some(key.to_owned()),
        Some((_, of)) => draft.translation_of = Some(of.to_owned()),
        None => {}
    }
    draft.content.title = path.to_owned();
    draft
}

async fn take(tx: &mut Tx, drafts: &[&Draft], day: u32) -> Vec<Taken> {
    let drafts: Vec<Draft> = drafts.iter().map(|draft| (*draft).clone()).collect();
    let taken = take_in_all(tx, "newsroom", &drafts, at(day)).await.unwrap();
    release_due(tx, at(day)).await.unwrap();
    taken
}

/// Which of all articles tell one story, by their keys: `a b | c`.
async fn told(tx: &mut Tx) -> String {
    let sql = "SELECT a.story, o.key FROM articles a JOIN origins o ON o.article = a.id ORDER BY o.key";
    let mut stories: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in tx.q(sql).all().await.unwrap() {
        stories.entry(row.get(0).unwrap()).or_default().push(row.get(1).unwrap());
    }
    let mut stories: Vec<String> = stories.into_values().map(|keys| keys.join(" ")).collect();
    stories.sort();
    stories.join(" | ")
}

#[tokio::test]
async fn in_whatever_order_they_are_read() {
    let files = [
        draft("en", "a.md", ""),
        draft("fr", "a.fr.md", ""),
        draft("sr-Cyrl", "novo.md", "of=a"),
        draft("en", "k1.md", "key=k"),
        draft("fr", "k2.md", "key=k"),
        draft("de", "c.md", "of=nowhere"),
        draft("it", "d.md", "of=nowhere"),
        draft("en", "x.md", "key=x"),
        draft("fr", "x.fr.md", "key=y"),
        draft("en", "z.md", ""),
    ];
    for order in
        [vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], vec![9, 8, 7, 6, 5, 4, 3, 2, 1, 0], vec![2, 4, 6, 8, 0, 1, 3, 5, 7, 9]]
    {
        for at_once in [true, false] {
            let (_folder, stores) = stores().await;
            for store in &stores {
                let mut tx = store.write().await.unwrap();
                let ordered: Vec<&Draft> = order.iter().map(|n| &files[*n]).collect();
                for part in ordered.chunks(if at_once { 99 } else { 1 }) {
                    take(&mut tx, part, 2).await;
                }
                assert_eq!(
                    told(&mut tx).await,
                    "a.fr.md a.md novo.md | c.md d.md | k1.md k2.md | x.fr.md | x.md | z.md",
                    "{order:?}, at once: {at_once}"
                );
            }
        }
    }
}

#[tokio::test]
async fn who_joins_later_joins_what_was_printed_and_who_leaves_takes_it_along() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut english = draft("en", "open.md", "");
        let first = take(&mut tx, &[&english], 2).await[0].article;
        let print = "INSERT INTO edition_articles (edition, language, position, story, article, revision)
             SELECT 1, language, 0, story, id, revision FROM articles";
        tx.q(print).execute().await.unwrap();
        let printed = "SELECT CAST(COUNT(*) AS BIGINT) FROM edition_articles e JOIN articles a
             ON a.id = e.article AND a.story = e.story";

        // A week later both get a key that neither had.
        let mut french = draft("fr", "ouvert.md", "");
        take(&mut tx, &[&french], 8).await;
        assert_eq!(told(&mut tx).await, "open.md | ouvert.md");
        english.translation_key = Some("o".to_owned());
        french.translation_key = Some("o".to_owned());
        take(&mut tx, &[&french], 9).await;
        assert_eq!(told(&mut tx).await, "open.md | ouvert.md");
        take(&mut tx, &[&english], 9).await;
        assert_eq!(told(&mut tx).await, "open.md ouvert.md");
        let story: String = tx.q("SELECT DISTINCT story FROM articles").one().await.unwrap().get(0).unwrap();
        assert_eq!(story, first.to_string(), "what was printed keeps its story");

        french.translation_key = None;
        take(&mut tx, &[&french], 10).await;
        assert_eq!(told(&mut tx).await, "open.md | ouvert.md", "a key that is taken back lets go");
        assert_eq!(tx.q(printed).one().await.unwrap().get::<i64>(0).unwrap(), 1);

        // The other way round: the later one was printed, and the earlier one comes to it.
        let german = draft("de", "offen.md", "key=o");
        take(&mut tx, &[&german], 11).await;
        remove(&mut tx, &[first], at(12)).await.unwrap();
        let italian = draft("it", "aperto.md", "key=o");
        take(&mut tx, &[&italian], 12).await;
        assert_eq!(told(&mut tx).await, "aperto.md offen.md open.md | ouvert.md", "gone, and still its story");
        take(&mut tx, &[&english], 13).await;
        assert_eq!(told(&mut tx).await, "aperto.md offen.md open.md | ouvert.md", "and back");
    }
}

#[tokio::test]
async fn a_language_is_told_once_in_a_story_and_the_other_is_named() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let (first, copied) = (draft("en", "a.md", "key=k"), draft("en", "b.md", "key=k"));
        let french = draft("fr", "c.md", "key=k");
        let taken = take(&mut tx, &[&first], 2).await;
        let second = take(&mut tx, &[&copied, &french], 3).await;
        assert_eq!(told(&mut tx).await, "a.md c.md | b.md");
        assert_eq!(second[0].remarks, [Remark::StoryTaken { by: taken[0].article }]);
        let again = take(&mut tx, &[&copied], 4).await;
        assert_eq!(again[0].remarks.len(), 1, "as long as it is so");
        // Beside each other under one name: nobody asked, so nobody is told.
        let twin =
            take(&mut tx, &[&Draft { key: "a.html".to_owned(), slug: "a2".to_owned(), ..draft("en", "a.md", "") }], 5)
                .await;
        assert!(twin[0].remarks.is_empty());
        assert_eq!(told(&mut tx).await, "a.html | a.md c.md | b.md");
        // In another language than at first, it fits.
        let mut moved = copied.clone();
        moved.language = "de".parse().unwrap();
        assert!(take(&mut tx, &[&moved], 6).await[0].remarks.is_empty());
        assert_eq!(told(&mut tx).await, "a.html | a.md b.md c.md");
    }
}
