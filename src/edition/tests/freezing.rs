//! What is frozen stays, and goes on after a crash.

use super::*;
use crate::edition::compose::{self, How, Layout, Wish};
use crate::edition::fill::{Extent, fill};
use crate::edition::select;
use crate::edition::slots::Slot;
use crate::store::editions::audit::audit;
use crate::store::editions::states::{self, finish_done};
use crate::store::editions::{self, State};

#[tokio::test]
async fn a_fill_that_died_goes_on_with_the_same_choices() {
    rooms!(DAILY, |room| {
        room.people("public", &[("ana@news.example", ""), ("bo@news.example", "sr-Latn")]).await;
        room.none().await;
        room.article("s1", "en").await;
        let (now, newsletter) = (room.clock.now(), &room.config.newsletters[0]);
        let mut tx = room.store.read().await.unwrap();
        let row = editions::newsletters(&mut tx).await.unwrap().remove(0);
        let selected = select::news(&mut tx, &room.config, newsletter, &row, now).await.unwrap();
        let wish = Wish { lists: newsletter.lists.clone(), ..Wish::default() };
        let layout = Layout::new(&room.config, newsletter, (&row, selected), &wish, now);
        let proof = compose::proof(&mut tx, &room.config, &room.templates, newsletter, layout, &wish).await.unwrap();
        drop(tx);
        let how = How {
            made_by: "schedule".into(),
            needs: 0,
            held: None,
            slot: Some(Slot { mark: now, at: now, wall: None }),
            start_at: now,
            takes: true,
        };
        let edition = compose::freeze(&room.store, &proof, &how).await.unwrap().unwrap();
        assert_eq!(compose::freeze(&room.store, &proof, &how).await.unwrap(), None, "the second one comes too late");
        // The process dies here. Who comes later is not in; the next pass makes the deliveries.
        room.people("public", &[("late@news.example", "")]).await;
        room.article("s2", "en").await;
        room.none().await;
        let got = room.got(edition).await;
        assert_eq!(got.keys().collect::<Vec<_>>(), ["ana@news.example", "bo@news.example"]);
        assert_eq!(got["bo@news.example"], ("sr-Latn".into(), vec!["s1 en".into()]));
        assert_eq!(fill(&room.store, edition, |_| ()).await.unwrap(), 2, "again changes nothing");

        let mut tx = room.store.write().await.unwrap();
        assert!(finish_done(&mut tx, now).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        room.mark(edition, 2).await;
        let mut tx = room.store.write().await.unwrap();
        assert_eq!(finish_done(&mut tx, now).await.unwrap(), [edition]);
        let done = editions::by_id(&mut tx, edition).await.unwrap().unwrap();
        assert_eq!((done.state, done.finished_at, done.recipients), (State::Done, Some(now), 2));
        let sums = audit(&mut tx, &done, now).await.unwrap();
        assert!(sums.differences.is_empty(), "{sums:?}");
        assert_eq!((sums.recipients, sums.counts.sent), (2, 2));
        tx.q("DELETE FROM deliveries WHERE subscriber = (SELECT MIN(subscriber) FROM deliveries)")
            .execute()
            .await
            .unwrap();
        let sums = audit(&mut tx, &done, now).await.unwrap();
        assert_eq!(sums.differences.len(), 1, "{sums:?}");
        assert!(editions::mail_of(&mut tx, edition).await.unwrap().unwrap().variants.len() == 3);
    });
}

#[tokio::test]
async fn a_correction_pauses_what_is_half_out_until_staff_decide() {
    rooms!(DAILY, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let edition = room.pass().await.made[0].edition;
        room.correct("s1", "en", "420 metres", "240 metres").await;
        let pass = room.pass().await;
        assert_eq!(pass.paused.len(), 1, "{pass:?}");
        assert!(pass.paused[0].1.contains("s1 (en) corrected"), "{pass:?}");
        let mut tx = room.store.write().await.unwrap();
        assert_eq!(editions::by_id(&mut tx, edition).await.unwrap().unwrap().state, State::Paused);
        assert!(states::resume(&mut tx, edition).await.unwrap());
        tx.commit().await.unwrap();
        assert!(room.pass().await.paused.is_empty(), "staff have decided");
        // Taken out of every outlet: that is no longer theirs to decide.
        let mut tx = room.store.write().await.unwrap();
        tx.q("UPDATE articles SET removed = 5").execute().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(room.pass().await.paused.len(), 1);
        let mut tx = room.store.write().await.unwrap();
        assert!(states::cancel(&mut tx, edition, "x", room.clock.now()).await.unwrap());
        assert_eq!(states::take_back(&mut tx, edition, room.clock.now(), 10).await.unwrap(), 1);
        let counts = states::counts(&mut tx, edition).await.unwrap();
        assert_eq!((counts.cancelled, counts.waiting()), (1, 0));
    });
}

#[tokio::test]
async fn staff_choose_articles_and_no_window_moves() {
    rooms!(DAILY, |room| {
        room.people("public", &[("ana@news.example", ""), ("bo@news.example", "")]).await;
        room.none().await;
        let chosen = room.article("s1", "en").await;
        room.article("s2", "en").await;
        let (now, newsletter) = (room.clock.now(), &room.config.newsletters[0]);
        let mut tx = room.store.read().await.unwrap();
        let row = editions::newsletters(&mut tx).await.unwrap().remove(0);
        let selected = select::chosen(&mut tx, &room.config, newsletter, &row, &[chosen], now).await.unwrap();
        let unknown = crate::article::ArticleId(uuid::Uuid::nil());
        assert!(select::chosen(&mut tx, &room.config, newsletter, &row, &[unknown], now).await.is_err());
        let wish =
            Wish { lists: newsletter.lists.clone(), subject: Some("Hand-made <b> & co".into()), ..Wish::default() };
        let layout = Layout::new(&room.config, newsletter, (&row, selected), &wish, now);
        let survey = crate::edition::due::survey(&mut tx, &layout, Extent::All).await.unwrap();
        assert_eq!((survey.people, survey.copies, survey.had_some), (2, 2, 0));
        let proof = compose::proof(&mut tx, &room.config, &room.templates, newsletter, layout, &wish).await.unwrap();
        drop(tx);
        assert_eq!(
            (proof.subject().as_str(), proof.titles.as_slice()),
            ("Hand-made <b> & co", &["s1 en".to_owned()][..])
        );
        let how = How { made_by: "staff".into(), needs: 0, held: None, slot: None, start_at: now, takes: false };
        let edition = compose::freeze(&room.store, &proof, &how).await.unwrap().unwrap();
        fill(&room.store, edition, |_| ()).await.unwrap();
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(titles(&got, "ana@news.example"), ["s2 en"], "the first edition still comes, without what was had");
        let mut tx = room.store.read().await.unwrap();
        let row = editions::newsletters(&mut tx).await.unwrap().remove(0);
        let selected = select::chosen(&mut tx, &room.config, newsletter, &row, &[chosen], now).await.unwrap();
        let layout = Layout::new(&room.config, newsletter, (&row, selected), &wish, now);
        let survey = crate::edition::due::survey(&mut tx, &layout, Extent::All).await.unwrap();
        assert_eq!((survey.copies, survey.had_all), (0, 2));
    });
}
