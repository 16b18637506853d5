//! Articles taken in and made public, on both databases.

use chrono::{Duration, TimeZone, Utc};
use chrono_tz::Tz;

use super::*;
use crate::article::{Content, Draft, Note};
use crate::store::Tx;
use crate::store::tests::stores;

fn at(day: u32, hour: u32) -> Instant {
    Utc.with_ymd_and_hms(2026, 5, day, hour, 0, 0).unwrap()
}

fn draft(key: &str, language: &str) -> Draft {
    Draft {
        key: key.to_owned(),
        slug: key.to_owned(),
        language: language.parse().unwrap(),
        published: Some(at(1, 8)),
        content: Content {
            title: format!("Title of {key}"),
            html: format!("<p>Text of {key}</p>"),
            text: format!("Text of {key}"),
            topics: vec!["Civil protection".to_owned()],
            ..Content::default()
        },
        ..Draft::default()
    }
}

async fn publish(tx: &mut Tx, drafts: &[Draft], now: Instant) -> Vec<Taken> {
    let taken = take_in_all(tx, "newsroom", drafts, now).await.unwrap();
    release_due(tx, now).await.unwrap();
    taken
}

async fn present(tx: &mut Tx, id: ArticleId) -> Revision {
    by_id(tx, id).await.unwrap().unwrap()
}

fn all() -> Selection {
    Selection::default()
}

#[tokio::test]
async fn an_article_goes_public_once_and_keeps_its_id_and_date() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut first = draft("a", "en");
        let taken = publish(&mut tx, std::slice::from_ref(&first), at(2, 8)).await;
        assert_eq!(taken[0].change, Change::New);
        assert_eq!(taken[0].article, ArticleId::made_from("newsroom", "a"));
        let again = take_in(&mut tx, "newsroom", &first, at(3, 8)).await.unwrap();
        assert_eq!(again.change, Change::Unchanged);
        assert!(release_due(&mut tx, at(3, 8)).await.unwrap().is_empty());

        first.content.text = "Text of something new".to_owned();
        first.published = Some(at(1, 9));
        first.slug = "other".to_owned();
        let revised = take_in(&mut tx, "newsroom", &first, at(3, 8)).await.unwrap();
        assert_eq!(revised.change, Change::Revised(RevisionKind::Update));
        assert_eq!(revised.remarks, vec![Remark::SlugKept { asked: "other".to_owned() }]);
        let now = present(&mut tx, revised.article).await;
        assert_eq!((now.public_seq, now.published, now.updated), (Some(1), at(1, 8), at(3, 8)));
        assert_eq!(now.slug, "a");

        first.content.text = "Text of something new.".to_owned();
        let slip = take_in(&mut tx, "newsroom", &first, at(4, 8)).await.unwrap();
        assert_eq!(slip.change, Change::Revised(RevisionKind::Minor));
        assert_eq!(present(&mut tx, slip.article).await.updated, at(3, 8), "a slip is silent");

        first.updated = Some(at(5, 7));
        take_in(&mut tx, "newsroom", &first, at(5, 8)).await.unwrap();
        assert_eq!(present(&mut tx, slip.article).await.updated, at(5, 7), "the file may say when it changed");
        first.updated = Some(at(28, 7));
        let future = take_in(&mut tx, "newsroom", &first, at(6, 8)).await.unwrap();
        assert_eq!(future.change, Change::Unchanged, "not from the future");
        let states = history::states(&mut tx, slip.article).await.unwrap();
        let kinds: Vec<_> = states.iter().map(|s| s.revision.kind).collect();
        assert_eq!(kinds, [RevisionKind::First, RevisionKind::Update, RevisionKind::Minor, RevisionKind::Update]);
        assert_eq!(states[0].revision.content.text, "Text of a", "what was printed stays");
        assert_eq!(states[0].revision.updated, at(1, 8));
    }
}

#[tokio::test]
async fn drafts_future_dates_and_embargoes_hold_back() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut ready = draft("draft", "en");
        ready.draft = true;
        ready.published = None;
        let mut later = draft("later", "en");
        later.published = Some(at(10, 8));
        let mut held = draft("held", "en");
        held.embargo = Some(at(5, 12));
        let taken = publish(&mut tx, &[ready.clone(), later, held.clone()], at(2, 8)).await;
        assert!(newest(&mut tx, &all(), 10, None).await.unwrap().is_empty());
        assert_eq!(next_due(&mut tx).await.unwrap(), Some(at(5, 12)));
        let states: Vec<_> = list(&mut tx, &Filter::default(), 10, 0).await.unwrap().iter().map(|l| l.state).collect();
        assert_eq!(states, [State::Held, State::Held, State::Draft]);

        assert!(release_due(&mut tx, at(5, 12) - Duration::microseconds(1)).await.unwrap().is_empty());
        assert_eq!(release_due(&mut tx, at(5, 12)).await.unwrap(), [taken[2].article]);
        let out = present(&mut tx, taken[2].article).await;
        assert_eq!((out.published, out.updated), (at(5, 12), at(5, 12)), "published when it was let out");

        ready.draft = false;
        publish(&mut tx, &[ready], at(6, 8)).await;
        let out = present(&mut tx, taken[0].article).await;
        assert_eq!((out.published, out.public_seq), (at(6, 8), Some(2)), "published when it was first seen ready");

        // An embargo set anew takes a public article back, and lets it out again.
        held.embargo = Some(at(8, 8));
        publish(&mut tx, std::slice::from_ref(&held), at(7, 8)).await;
        assert_eq!(present(&mut tx, taken[2].article).await.public_seq, None);
        assert!(by_slug(&mut tx, &"en".parse().unwrap(), "held").await.unwrap().is_none());
        assert_eq!(next_due(&mut tx).await.unwrap(), Some(at(8, 8)));
        assert_eq!(release_due(&mut tx, at(8, 8)).await.unwrap(), [taken[2].article]);
        let back = present(&mut tx, taken[2].article).await;
        assert_eq!((back.public_seq, back.published), (Some(3), at(5, 12)), "no newsletter had it: a new number");

        held.draft = true;
        publish(&mut tx, std::slice::from_ref(&held), at(9, 8)).await;
        assert_eq!(present(&mut tx, taken[2].article).await.public_seq, None);
        assert_eq!(next_due(&mut tx).await.unwrap(), Some(at(10, 8)));
    }
}

#[tokio::test]
async fn what_vanishes_is_out_and_comes_back_as_itself() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let one = draft("a", "en");
        let taken = publish(&mut tx, std::slice::from_ref(&one), at(2, 8)).await;
        assert_eq!(remove(&mut tx, &[taken[0].article], at(3, 8)).await.unwrap(), 1);
        assert_eq!(remove(&mut tx, &[taken[0].article], at(4, 8)).await.unwrap(), 0);
        assert!(newest(&mut tx, &all(), 10, None).await.unwrap().is_empty());
        assert_eq!(list(&mut tx, &Filter::default(), 10, 0).await.unwrap()[0].state, State::Removed);
        tx.q("INSERT INTO edition_articles (edition, language, position, story, article, revision) SELECT 1, 'en', 0, story, id, revision FROM articles")
            .execute()
            .await
            .unwrap();
        let back = publish(&mut tx, &[one], at(5, 8)).await;
        assert_eq!(back[0].article, taken[0].article);
        assert_eq!(present(&mut tx, taken[0].article).await.public_seq, Some(1), "an edition had it: no news again");
        assert_eq!(last_public_seq(&mut tx).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_first_read_is_archive_and_later_arrivals_are_not() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        tx.q("INSERT INTO sources (name) VALUES ('newsroom')").execute().await.unwrap();
        publish(&mut tx, &[draft("a", "en"), draft("b", "en")], at(2, 8)).await;
        tx.q("UPDATE sources SET first_read_at = 1").execute().await.unwrap();
        publish(&mut tx, &[draft("c", "en")], at(3, 8)).await;
        let went = went_public(&mut tx, &all(), 0, 99).await.unwrap();
        let seen: Vec<_> = went.iter().map(|c| (c.public_seq, c.archive)).collect();
        assert_eq!(seen, [(1, true), (2, true), (3, false)]);
        assert_eq!(went_public(&mut tx, &all(), 2, 3).await.unwrap().len(), 1);
        assert_eq!(went_public(&mut tx, &all(), 3, 3).await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn translations_tell_one_story_in_the_first_language_that_exists() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let told = |key: &str, language: &str, story: Option<&str>| Draft {
            translation_key: story.map(str::to_owned),
            ..draft(key, language)
        };
        let drafts = [told("a", "en", Some("one")), told("a", "sr-Latn", Some("one")), told("b", "sr-Latn", None)].map(
            |mut d| {
                d.key = format!("{}.{}", d.key, d.language);
                d
            },
        );
        let taken = publish(&mut tx, &drafts, at(2, 8)).await;
        let slugs: Vec<_> = taken.iter().map(|t| t.slug.as_str()).collect();
        assert_eq!(slugs, ["a", "a", "b"], "a slug is unique in its language");
        let pick = |languages: &[&str]| Selection {
            languages: languages.iter().map(|l| l.parse().unwrap()).collect(),
            ..all()
        };
        let mut titles = Vec::new();
        for languages in [&["en", "sr-Latn"][..], &["sr-Latn", "en"], &["en"], &[]] {
            let got = newest(&mut tx, &pick(languages), 10, None).await.unwrap();
            let mut keys: Vec<_> = got.iter().map(|r| format!("{}.{}", r.slug, r.language)).collect();
            keys.sort_unstable();
            titles.push(keys.join(" "));
        }
        assert_eq!(titles[0], "a.en b.sr-Latn");
        assert_eq!(titles[1], "a.sr-Latn b.sr-Latn");
        assert_eq!(titles[2], "a.en");
        assert_eq!(titles[3].split(' ').count(), 3, "no language named: every version");
        let story = present(&mut tx, taken[0].article).await.story;
        assert_eq!(siblings(&mut tx, story).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn selections_take_topics_and_sources_and_what_is_recent() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut drafts: Vec<_> = (0..6).map(|n| draft(&format!("n{n}"), "en")).collect();
        for (n, d) in drafts.iter_mut().enumerate() {
            d.published = Some(at(1 + n as u32, 8));
        }
        drafts[2].content.topics = vec!["Вежбе".to_owned(), "EU & NATO".to_owned()];
        publish(&mut tx, &drafts, at(7, 8)).await;
        take_in(&mut tx, "other", &draft("z", "en"), at(7, 8)).await.unwrap();
        release_due(&mut tx, at(7, 8)).await.unwrap();
        let slugs = |got: &[Revision]| got.iter().map(|r| r.slug.clone()).collect::<Vec<_>>().join(" ");
        let newsroom = Selection { sources: vec!["newsroom".to_owned()], ..all() };
        assert_eq!(slugs(&newest(&mut tx, &newsroom, 2, None).await.unwrap()), "n5 n4");
        assert_eq!(slugs(&newest(&mut tx, &newsroom, 1, Some(at(4, 0))).await.unwrap()), "n5 n4 n3");
        for topic in ["eu-nato", "вежбе", "EU & NATO"] {
            let topic = Selection { topics: vec![topic.to_owned()], ..all() };
            assert_eq!(slugs(&newest(&mut tx, &topic, 9, None).await.unwrap()), "n2");
            assert_eq!(went_public(&mut tx, &topic, 0, 99).await.unwrap().len(), 1);
        }
        let page = headlines(&mut tx, &newsroom, 2, 2).await.unwrap();
        assert_eq!(slugs(&page), "n3 n2");
        assert_eq!((page[0].content.html.as_str(), page[0].content.title.as_str()), ("", "Title of n3"));
        let en: Language = "en".parse().unwrap();
        assert_eq!(topics(&mut tx, &en).await.unwrap()[0], ("civil-protection".to_owned(), 6));
        assert_eq!(years(&mut tx, &en, Tz::UTC).await.unwrap(), [(2026, 7)]);
        assert_eq!(months(&mut tx, &en, 2026, Tz::UTC).await.unwrap(), [(5, 7)]);
        assert_eq!(slugs(&in_month(&mut tx, &en, (at(3, 0), at(5, 0)), 9, 0).await.unwrap()), "n3 n2");
    }
}

#[tokio::test]
async fn corrections_and_retractions_raise_updated_and_keep_their_times() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut one = draft("a", "en");
        publish(&mut tx, std::slice::from_ref(&one), at(2, 8)).await;
        let note = Note { at: Note::UNDATED, note: None, wrong: Some("40".into()), right: Some("14".into()) };
        one.content.corrections = vec![note];
        let taken = take_in(&mut tx, "newsroom", &one, at(3, 8)).await.unwrap();
        assert_eq!(taken.change, Change::Revised(RevisionKind::Correction));
        let corrected = present(&mut tx, taken.article).await;
        assert_eq!((corrected.updated, corrected.content.corrections[0].at), (at(3, 8), at(3, 8)));
        let again = take_in(&mut tx, "newsroom", &one, at(4, 8)).await.unwrap();
        assert_eq!(again.change, Change::Unchanged, "a note without a time keeps the one it was first seen with");
        one.content.withdrawn = Some("It was wrong altogether.".to_owned());
        let taken = take_in(&mut tx, "newsroom", &one, at(5, 8)).await.unwrap();
        assert_eq!(taken.change, Change::Revised(RevisionKind::Retraction));
        assert_eq!(present(&mut tx, taken.article).await.updated, at(5, 8));
        assert_eq!(list(&mut tx, &Filter::default(), 1, 0).await.unwrap()[0].state, State::Withdrawn);
        let first = revision(&mut tx, corrected.id).await.unwrap().unwrap();
        assert_eq!(first.kind, RevisionKind::Correction);
    }
}

#[tokio::test]
async fn slugs_and_feed_ids_belong_to_one_article() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let mut drafts: Vec<_> = ["x/a", "y/a", "z/a"].iter().map(|key| draft(key, "en")).collect();
        for d in &mut drafts {
            d.slug = "a".to_owned();
            d.guid = Some("tag:old.example,2011:7".to_owned());
        }
        let taken = publish(&mut tx, &drafts, at(2, 8)).await;
        let slugs: Vec<_> = taken.iter().map(|t| t.slug.as_str()).collect();
        assert_eq!(slugs, ["a", "a-2", "a-3"]);
        assert!(taken[0].remarks.is_empty());
        assert_eq!(taken[1].remarks.len(), 2);
        assert_eq!(present(&mut tx, taken[0].article).await.feed_id(), "tag:old.example,2011:7");
        assert!(present(&mut tx, taken[1].article).await.feed_id().starts_with("urn:uuid:"));
        let again = take_in_all(&mut tx, "newsroom", &drafts, at(3, 8)).await.unwrap();
        assert!(again.iter().all(|t| t.change == Change::Unchanged));
        let found = lookup(&mut tx, &taken[1].article.to_string()[..8]).await.unwrap();
        assert_eq!(found, [taken[1].article]);
        assert_eq!(lookup(&mut tx, "a-3").await.unwrap(), [taken[2].article]);
        assert!(lookup(&mut tx, "nothing").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_an_address_leads_to_is_there_or_not() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let en: Language = "en".parse().unwrap();
        let latin: Language = "sr-Latn".parse().unwrap();
        let mut shows = draft("a", "en");
        shows.media = vec!["ferry.jpg".to_owned()];
        publish(&mut tx, &[shows], at(2, 8)).await;
        let mut hidden = draft("b", "en");
        hidden.draft = true;
        hidden.media = vec!["secret.jpg".to_owned()];
        publish(&mut tx, &[hidden], at(2, 8)).await;
        let pair = |language: &Language, text: &str| (language.clone(), text.to_owned());
        let wanted = [pair(&en, "a"), pair(&en, "b"), pair(&latin, "a"), pair(&en, "it's \"c\"")].into();
        assert_eq!(addresses::standing(&mut tx, &wanted).await.unwrap(), [pair(&en, "a")].into());
        let wanted = [pair(&en, "civil-protection"), pair(&latin, "civil-protection"), pair(&en, "none")].into();
        assert_eq!(addresses::topics_of(&mut tx, &wanted).await.unwrap(), [pair(&en, "civil-protection")].into());
        let wanted = ["ferry.jpg", "secret.jpg", "none.jpg"].map(str::to_owned).into();
        assert_eq!(addresses::shown(&mut tx, &wanted).await.unwrap(), ["ferry.jpg".to_owned()].into());
        let none = [("daily".to_owned(), 1)].into();
        assert_eq!(addresses::editions(&mut tx, &none).await.unwrap(), [].into());
        if store.file().is_some() {
            for sql in addresses::ALL {
                let plan: Vec<String> = tx
                    .q(format!("EXPLAIN QUERY PLAN {sql}").leak())
                    .bind("[]")
                    .all()
                    .await
                    .unwrap()
                    .iter()
                    .map(|row| row.get(3).unwrap())
                    .collect();
                let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.starts_with("SCAN r "));
                assert_eq!(scans.count(), 0, "each row of the batch is looked up: {plan:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_staff_decide_outlives_the_next_read_on_both() {
    use crate::article::Note;
    use crate::store::editions::corrections::{self, Route, Source, Tells};
    let (_folder, stores) = stores().await;
    for store in &stores {
        let mut tx = store.write().await.unwrap();
        let first = draft("a", "en");
        let id = publish(&mut tx, std::slice::from_ref(&first), at(2, 8)).await[0].article;
        let hand = |day| desk::Hand { who: "user:ana", now: at(day, 9), why: Some("a reason") };
        let standing = async |tx: &mut Tx| desk::standing(tx, id).await.unwrap().unwrap();

        let note = Note { at: at(3, 9), note: None, wrong: Some("ten".into()), right: Some("two".into()) };
        let now = standing(&mut tx).await;
        let correction = desk::correct(&mut tx, now, note.clone(), &hand(3)).await.unwrap();
        let again = take_in(&mut tx, "newsroom", &first, at(4, 8)).await.unwrap();
        assert_eq!(again.change, Change::Unchanged, "the file says nothing new");
        assert_eq!(present(&mut tx, id).await.content.corrections, std::slice::from_ref(&note));
        let reworded = Note { right: Some("two of them".into()), ..note };
        let now = standing(&mut tx).await;
        desk::reword(&mut tx, now, reworded, &hand(4)).await.unwrap().unwrap();
        let now = standing(&mut tx).await;
        desk::update(&mut tx, now, None, &hand(5)).await.unwrap();
        assert_eq!(present(&mut tx, id).await.updated, at(5, 9));
        let now = standing(&mut tx).await;
        desk::belittle(&mut tx, now, &hand(6)).await.unwrap();
        assert_eq!(present(&mut tx, id).await.updated, at(3, 9), "back to the correction");
        let now = standing(&mut tx).await;
        desk::check(&mut tx, now, &hand(7)).await.unwrap();
        let now = standing(&mut tx).await;
        desk::retract(&mut tx, now, "It was another.", &hand(8)).await.unwrap();
        assert_eq!(present(&mut tx, id).await.content.text, "It was another.");
        let now = standing(&mut tx).await;
        desk::restore(&mut tx, now, &hand(9)).await.unwrap().unwrap();
        assert_eq!(present(&mut tx, id).await.content.text, "Text of a");
        assert_eq!(take_in(&mut tx, "newsroom", &first, at(10, 8)).await.unwrap().change, Change::Unchanged);

        assert_eq!(corrections::newest(&mut tx, id, false).await.unwrap(), Some((correction, false, at(3, 9))));
        assert!(corrections::printed_before(&mut tx, id, correction).await.unwrap().is_empty());
        assert!(corrections::told(&mut tx, correction).await.unwrap().is_empty());
        let source = Source { edition: 1, variant: 0, position: 0, language: "en".parse().unwrap() };
        let route = Route { newsletter: 1, lists: vec!["public".into()], sources: vec![source] };
        let tells = Tells { revision: correction, routes: vec![route], told: vec![1] };
        assert_eq!(corrections::sort(&mut tx, &tells, (0, 4000)).await.unwrap().sent, 0);

        let named = "INSERT INTO former_slugs (language, slug, article) VALUES ('en', 'what-it-said', $1)";
        tx.q(named).bind(id.to_string()).execute().await.unwrap();
        let now = standing(&mut tx).await;
        expunge::expunge(&mut tx, &now, "an order", &hand(11)).await.unwrap();
        expunge::forget_words(&mut tx).await.unwrap();
        assert_eq!(take_in(&mut tx, "newsroom", &first, at(12, 8)).await.unwrap().remarks, [Remark::Expunged]);
        let former = tx.q("SELECT slug FROM former_slugs").all().await.unwrap();
        assert!(former.is_empty(), "an address that it had before says what it was about");
        assert!(was_public(&mut tx, &"en".parse().unwrap(), "a").await.unwrap(), "its address is known, and not kept");
        let states = history::states(&mut tx, id).await.unwrap();
        assert!(states.iter().all(|state| state.revision.content == Content::default()));
        let deeds = history::deeds(&mut tx, id).await.unwrap();
        assert_eq!(deeds.last().unwrap().why.as_deref(), Some("an order"));
        assert!(deeds.iter().rev().skip(1).all(|deed| deed.why.is_none()), "what was said of it may name it");

        let mut held = draft("held", "en");
        held.embargo = Some(at(28, 8));
        let held_id = publish(&mut tx, std::slice::from_ref(&held), at(12, 8)).await[0].article;
        let waits = desk::standing(&mut tx, held_id).await.unwrap().unwrap();
        desk::release(&mut tx, waits, at(28, 8), &hand(13)).await.unwrap();
        assert_eq!(release_due(&mut tx, at(13, 9)).await.unwrap(), [held_id]);
        assert_eq!(take_in(&mut tx, "newsroom", &held, at(14, 8)).await.unwrap().change, Change::Unchanged);
        held.embargo = Some(at(29, 8));
        take_in(&mut tx, "newsroom", &held, at(14, 9)).await.unwrap();
        assert!(present(&mut tx, held_id).await.public_seq.is_none(), "a later embargo is another one");
    }
}
