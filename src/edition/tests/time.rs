//! When an edition is made.

use chrono::Duration;

use super::*;
use crate::edition::{make_due, next_due};
use crate::store::editions::{self, State};

#[tokio::test]
async fn a_new_newsletter_has_missed_nothing_and_a_slot_comes_once() {
    rooms!(DAILY, |room| {
        room.clock.set(at("2026-03-02T12:00:00+01:00"));
        room.people("public", &[("ana@news.example", "")]).await;
        room.article("s1", "en").await;
        room.none().await;
        assert_eq!(
            next_due(&room.store, &room.config, &room.clock).await.unwrap(),
            Some(at("2026-03-03T07:00:00+01:00"))
        );
        room.clock.set(at("2026-03-03T07:00:30+01:00"));
        assert_eq!(next_due(&room.store, &room.config, &room.clock).await.unwrap(), Some(room.clock.now()));
        room.one().await;
        room.article("s2", "en").await;
        room.none().await;
        // The clock is set back over the slot, and comes to it again.
        room.clock.set(at("2026-03-03T06:00:00+01:00"));
        room.none().await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        room.none().await;
        room.clock.set(at("2026-03-04T07:00:00+01:00"));
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s2 en"]);
    });
}

#[tokio::test]
async fn of_missed_slots_the_newest_is_made_once_and_held_when_late() {
    rooms!(DAILY, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.article("s1", "en").await;
        room.none().await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        room.one().await;
        room.article("s2", "en").await;
        room.clock.set(at("2026-03-05T09:30:00+01:00"));
        let pass = room.pass().await;
        assert_eq!(pass.made.len(), 1, "{pass:?}");
        let made = &pass.made[0];
        assert!(made.held.as_ref().is_some_and(|reason| reason.contains("2 h 30 min")), "{made:?}");
        assert!(room.got(made.edition).await.is_empty(), "nothing is queued while it is held");
        room.none().await;
        let mut tx = room.store.write().await.unwrap();
        assert!(editions::states::resume(&mut tx, made.edition).await.unwrap());
        tx.commit().await.unwrap();
        room.none().await;
        assert_eq!(titles(&room.got(made.edition).await, "ana@news.example"), ["s2 en"]);
        // Late, but not by more than is allowed.
        room.article("s3", "en").await;
        room.clock.set(at("2026-03-06T08:59:00+01:00"));
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s3 en"]);
    });
}

#[tokio::test]
async fn a_slot_that_the_clock_jumps_over_or_shows_twice_comes_once() {
    let newsletters = DAILY.replace("0 7", "30 2");
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.clock.set(at("2026-03-28T12:00:00+01:00"));
        room.none().await;
        room.article("s1", "en").await;
        // 29 March 2026: 02:00 becomes 03:00.
        room.clock.set(at("2026-03-29T00:59:59Z"));
        room.none().await;
        room.clock.set(at("2026-03-29T01:00:00Z"));
        room.one().await;
        room.article("s2", "en").await;
        room.clock.advance(Duration::minutes(90));
        room.none().await;
        // 25 October 2026: 03:00 becomes 02:00.
        room.clock.set(at("2026-10-24T12:00:00+02:00"));
        room.pass().await;
        room.article("s3", "en").await;
        room.clock.set(at("2026-10-25T00:30:00Z"));
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s3 en"]);
        room.article("s4", "en").await;
        room.clock.set(at("2026-10-25T01:30:00Z"));
        room.none().await;
    });
}

#[tokio::test]
async fn now_means_now_for_what_has_a_schedule() {
    let newsletters = format!(
        "{DAILY}{}",
        DAILY.replace("daily", "manual").replace("0 7 * * *", "manual").replace("public", "press")
    );
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.people("press", &[("bo@news.example", "")]).await;
        room.article("s1", "en").await;
        for expected in [1, 0] {
            let pass = make_due(&room.store, &room.config, &room.templates, &room.clock, true, None).await.unwrap();
            assert_eq!(pass.made.len(), expected, "{pass:?}");
        }
        let mut tx = room.store.read().await.unwrap();
        let all = editions::list(&mut tx, None, 10, 0).await.unwrap();
        assert_eq!((all.len(), all[0].made_by.as_str(), all[0].state), (1, "now", State::Queued));
        assert_eq!((all[0].number, all[0].first, all[0].recipients), (1, true, 1));
        assert_eq!(all[0].subject, "Daily: s1 en");
    });
}
