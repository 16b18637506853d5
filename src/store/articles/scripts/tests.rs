//! A version in Latin letters goes with its original through everything, and makes way for one by hand.

use chrono::{Duration, TimeZone, Utc};

use super::super::{Remark, by_id, by_slug, release_due, remove, take_in, was_public};
use super::*;
use crate::article::{Note, Revision, RevisionKind};
use crate::store::tests::stores;

fn at(day: u32) -> Instant {
    Utc.with_ymd_and_hms(2026, 5, day, 8, 0, 0).unwrap()
}

fn cyrillic() -> Draft {
    Draft {
        key: "вежба.sr-Cyrl.md".into(),
        slug: "вежба".into(),
        language: "sr-Cyrl".parse().unwrap(),
        place: Some("вежба".into()),
        published: Some(at(1)),
        transliterate: true,
        media: vec!["слика.jpg".into()],
        content: Content {
            title: "Вежба на Његошу".into(),
            html: "<p>Почела је <code>вежба</code>.</p>".into(),
            text: "Почела је вежба.".into(),
            summary: "Почела је вежба.".into(),
            topics: vec!["Вежбе".into()],
            ..Content::default()
        },
        ..Draft::default()
    }
}

fn by_hand() -> Draft {
    let mut draft = cyrillic();
    draft.key = "вежба.sr-Latn.md".into();
    draft.slug = "vežba".into();
    draft.language = "sr-Latn".parse().unwrap();
    draft.transliterate = false;
    draft.content.title = "Vežba, rukom".into();
    draft
}

async fn take(tx: &mut Tx, draft: &Draft, now: Instant) -> super::super::Taken {
    let taken = take_in(tx, "newsroom", draft, now).await.unwrap();
    release_due(tx, now).await.unwrap();
    taken
}

async fn latin_at(tx: &mut Tx, slug: &str) -> Option<Revision> {
    by_slug(tx, &"sr-Latn".parse().unwrap(), slug).await.unwrap()
}

#[tokio::test]
async fn it_follows_its_original() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut draft = cyrillic();
        draft.embargo = Some(at(3));
        let id = take(&mut tx, &draft, at(2)).await.article;
        assert!(latin_at(&mut tx, "vežba").await.is_none(), "under embargo");
        release_due(&mut tx, at(3)).await.unwrap();
        let cyrillic = by_id(&mut tx, id).await.unwrap().unwrap();
        let made = latin_at(&mut tx, "vežba").await.expect("a version in Latin");
        assert_eq!(made.content.title, "Vežba na Njegošu");
        assert_eq!(made.content.html, "<p>Počela je <code>вежба</code>.</p>");
        assert_eq!((made.story, made.published, made.updated), (cyrillic.story, cyrillic.published, cyrillic.updated));
        assert_eq!(made.article, latin::id(id, &"sr-Latn".parse().unwrap()));
        assert_eq!(made.content.topics, ["Вежбе"]);
        assert_eq!(original(&mut tx, made.article).await.unwrap(), Some(id));

        // A correction corrects both at once.
        draft.content.corrections =
            vec![Note {
                at: Note::UNDATED, note: None, wrong: Some("Његош".into()), right: Some("Љиг".into())
            }];
        take(&mut tx, &draft, at(4)).await;
        let corrected = latin_at(&mut tx, "vežba").await.unwrap();
        assert_eq!((corrected.kind, corrected.updated), (RevisionKind::Correction, at(4)));
        assert_eq!(corrected.content.corrections[0].text(), "Njegoš → Ljig");
        assert_eq!(take(&mut tx, &draft, at(5)).await.change, super::super::Change::Unchanged);
        assert_eq!(latin_at(&mut tx, "vežba").await.unwrap().id, corrected.id, "nothing new, no revision");

        // So does a new embargo, its end, and what is gone.
        draft.embargo = Some(at(7));
        take(&mut tx, &draft, at(6)).await;
        assert!(latin_at(&mut tx, "vežba").await.is_none());
        release_due(&mut tx, at(7)).await.unwrap();
        assert!(latin_at(&mut tx, "vežba").await.is_some());
        remove(&mut tx, &[id], at(8)).await.unwrap();
        assert!(latin_at(&mut tx, "vežba").await.is_none());
        take(&mut tx, &draft, at(9)).await;
        assert!(latin_at(&mut tx, "vežba").await.is_some());
        // And the newsroom may have none.
        draft.transliterate = false;
        take(&mut tx, &draft, at(10)).await;
        assert!(latin_at(&mut tx, "vežba").await.is_none());
    }
}

#[tokio::test]
async fn one_by_hand_goes_before_it_and_is_the_same_text_to_readers() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let id = take(&mut tx, &cyrillic(), at(2)).await.article;
        let made = latin_at(&mut tx, "vežba").await.unwrap();
        // While it is held the made one stays.
        let mut hand = by_hand();
        hand.embargo = Some(at(4));
        let taken = take(&mut tx, &hand, at(3)).await;
        assert_eq!(latin_at(&mut tx, "vežba").await.unwrap().article, made.article);
        release_due(&mut tx, at(4)).await.unwrap();
        let shown = latin_at(&mut tx, "vežba").await.unwrap();
        assert_eq!((shown.article, shown.story), (taken.article, made.story));
        assert_eq!(shown.feed_id(), made.feed_id(), "to readers of feeds it is the same text");
        let gone = by_id(&mut tx, made.article).await.unwrap().unwrap();
        assert!(gone.public_seq.is_none() && gone.content.withdrawn.is_none(), "gone, not withdrawn");
        // Where it is taken away the made one comes back.
        remove(&mut tx, &[taken.article], at(5)).await.unwrap();
        release_due(&mut tx, at(5)).await.unwrap();
        let back = by_id(&mut tx, made.article).await.unwrap().unwrap();
        assert!(back.public_seq.is_some());
        assert!(!was_public(&mut tx, &back.language, &back.slug).await.unwrap());
        assert!(by_id(&mut tx, id).await.unwrap().unwrap().public_seq.is_some());
    }
}

#[tokio::test]
async fn beside_one_by_hand_none_is_made() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        for first_by_hand in [true, false] {
            let mut tx = store.write().await.unwrap();
            let both = if first_by_hand { [by_hand(), cyrillic()] } else { [cyrillic(), by_hand()] };
            let mut remarks: Vec<Remark> = Vec::new();
            // In two batches of one read: nothing is public before the end.
            for draft in &both {
                remarks.extend(take_in(&mut tx, "newsroom", draft, at(2)).await.unwrap().remarks);
            }
            assert_eq!(release_due(&mut tx, at(2)).await.unwrap().len(), 2, "by hand first: {first_by_hand}");
            assert!(remarks.is_empty(), "{remarks:?}");
            let shown = latin_at(&mut tx, "vežba").await.unwrap();
            assert_eq!((shown.content.title.as_str(), shown.guid), ("Vežba, rukom", None));
            // Not committed: the next one finds nothing.
        }
    }
}

#[tokio::test]
async fn every_statement_goes_by_keys() {
    let (_folder, stores) = stores().await;
    let mut tx = stores[0].write().await.unwrap();
    let mut drafts = Vec::new();
    for n in 0..40 {
        let mut draft = cyrillic();
        draft.key = format!("{n}.md");
        draft.place = Some(n.to_string());
        draft.slug = format!("вест-{n}");
        drafts.push(draft);
    }
    super::super::take_in_all(&mut tx, "newsroom", &drafts, at(2)).await.unwrap();
    release_due(&mut tx, at(2) + Duration::hours(1)).await.unwrap();
    for sql in
        [OFFER, WITHHOLD, TAKE_OVER, IN_THE_WAY, STORIES, PAIRS, RIVALS, NAMELESS, HAND_OVER, TOPICS, MEDIA, SAYS]
    {
        let sql: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
        for row in tx.q(sql).bind("[]").all().await.unwrap() {
            let step: String = row.get(3).unwrap();
            let scans =
                step.starts_with("SCAN") && !["json_each", " r ", " k "].iter().any(|t| format!("{step} ").contains(t));
            assert!(!scans, "{step}: {sql}");
        }
    }
}
