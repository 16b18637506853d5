//! Each person once, in the right language.

use chrono::Duration;

use super::*;
use crate::edition::due::pause_troubled;

#[tokio::test]
async fn a_story_in_two_of_three_languages_reaches_each_once_in_the_right_one() {
    rooms!(DAILY, |room| {
        let people = [("en@news.example", "en"), ("latn@news.example", "sr-Latn"), ("cyrl@news.example", "sr-Cyrl")];
        room.people("public", &people).await;
        room.none().await;
        room.article("s1", "en").await;
        room.article("s1", "sr-Latn").await;
        room.article("s2", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got["en@news.example"], ("en".into(), vec!["s2 en".into(), "s1 en".into()]));
        assert_eq!(got["latn@news.example"], ("sr-Latn".into(), vec!["s2 en".into(), "s1 sr-Latn".into()]));
        assert_eq!(got["cyrl@news.example"], ("sr-Cyrl".into(), vec!["s2 en".into(), "s1 sr-Latn".into()]));
        // A translation that comes later is not new for those who had the story.
        room.people("public", &[("new@news.example", "sr-Cyrl"), ("newen@news.example", "en")]).await;
        room.article("s1", "sr-Cyrl").await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(titles(&got, "new@news.example"), ["s1 sr-Cyrl"]);
    });
}

#[tokio::test]
async fn who_has_no_version_may_get_none_or_wait() {
    let newsletters = format!(
        "{DAILY}missing = \"skip\"\n{}missing = \"wait:4h\"\n",
        DAILY.replace("daily", "alerts").replace("0 7 * * *", "immediate").replace("public", "press")
    );
    rooms!(&newsletters, |room| {
        room.people("public", &[("en@news.example", "en"), ("latn@news.example", "sr-Latn")]).await;
        room.people("press", &[("wen@news.example", "en"), ("wlatn@news.example", "sr-Latn")]).await;
        room.read_once().await;
        room.none().await;
        room.article("s1", "en").await;
        room.article("s2", "en").await;
        let got = room.one().await;
        assert_eq!(got.keys().collect::<Vec<_>>(), ["wen@news.example"], "the others wait");
        let next = crate::edition::next_due(&room.store, &room.config, &room.clock).await.unwrap().unwrap();
        assert_eq!(next, at("2026-03-02T07:00:00+01:00"));
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got.keys().collect::<Vec<_>>(), ["en@news.example"], "the others are passed over");
        room.clock.set(at("2026-03-02T08:00:00+01:00"));
        let next = crate::edition::next_due(&room.store, &room.config, &room.clock).await.unwrap().unwrap();
        assert_eq!(next, at("2026-03-02T10:00:00+01:00"), "when the wait is over");
        room.article("s2", "sr-Latn").await;
        assert_eq!(titles(&room.one().await, "wlatn@news.example"), ["s2 sr-Latn"], "the translation ends it");
        room.clock.set(at("2026-03-02T10:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(titles(&got, "wlatn@news.example"), ["s1 en"]);
        room.none().await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got.len(), 1, "{got:?}");
        assert_eq!(titles(&got, "latn@news.example"), ["s2 sr-Latn"]);
    });
}

#[tokio::test]
async fn two_lists_and_two_newsletters_share_one_copy_of_a_story() {
    let newsletters = format!(
        "{}{}{}repeat = true\n",
        DAILY.replace("[\"public\"]", "[\"public\", \"press\"]"),
        DAILY.replace("daily", "second").replace("[\"public\"]", "[\"press\"]"),
        DAILY.replace("daily", "third").replace("[\"public\"]", "[\"press\"]"),
    );
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", ""), ("bo@news.example", "")]).await;
        room.people("press", &[("ana@news.example", ""), ("ce@news.example", "")]).await;
        room.none().await;
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let pass = room.pass().await;
        assert_eq!(pass.made.iter().map(|m| m.newsletter.as_str()).collect::<Vec<_>>(), ["daily", "third"]);
        let daily = room.got(pass.made[0].edition).await;
        assert_eq!(daily.keys().collect::<Vec<_>>(), ["ana@news.example", "bo@news.example", "ce@news.example"]);
        assert_eq!(room.got(pass.made[1].edition).await.len(), 2, "this one says it again");
        room.people("press", &[("de@news.example", "")]).await;
        room.article("s2", "en").await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        assert_eq!(room.pass().await.made.len(), 2);
    });
}

#[tokio::test]
async fn what_failed_was_not_had_and_what_is_unknown_was() {
    for (state, again) in [(0, 0), (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1), (7, 0)] {
        let newsletters = format!("{DAILY}{}", DAILY.replace("daily", "later").replace("0 7", "0 9"));
        rooms!(&newsletters, |room| {
            room.people("public", &[("ana@news.example", "")]).await;
            room.none().await;
            room.article("s1", "en").await;
            room.clock.set(at("2026-03-02T07:00:00+01:00"));
            let made = room.pass().await.made.remove(0);
            room.mark(made.edition, state).await;
            room.clock.set(at("2026-03-02T09:00:00+01:00"));
            assert_eq!(room.pass().await.made.len(), again, "state {state}");
        });
    }
}

#[tokio::test]
async fn people_get_the_topics_they_chose() {
    rooms!(DAILY, |room| {
        room.people("public", &[("all@news.example", ""), ("some@news.example", ""), ("none@news.example", "")]).await;
        let mut tx = room.store.write().await.unwrap();
        for (address, topics) in [("some@news.example", "[\"exercises\"]"), ("none@news.example", "[\"science\"]")] {
            tx.q("UPDATE subscribers SET topics = $2 WHERE address = $1")
                .bind(address)
                .bind(topics)
                .execute()
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        room.none().await;
        let mut chosen = room.draft("s1", "en", room.clock.now());
        chosen.content.topics = vec!["Exercises".to_owned(), "Other".to_owned()];
        let other = room.draft("s2", "en", room.clock.now() + Duration::zero());
        room.take("newsroom", &[chosen, other]).await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(titles(&got, "all@news.example").len(), 2);
        assert_eq!(titles(&got, "some@news.example"), ["s1 en"]);
        assert!(!got.contains_key("none@news.example"), "nothing for them, so no copy");
    });
}

#[tokio::test]
async fn a_correction_stands_above_the_next_digest_for_those_who_had_the_story() {
    let newsletters = format!("{DAILY}max_age = \"3d\"\n");
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.read_once().await;
        room.none().await;
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let made = room.pass().await.made.remove(0);
        room.mark(made.edition, 2).await;
        room.people("public", &[("bo@news.example", "")]).await;
        room.correct("s1", "en", "420 metres", "240 metres").await;
        assert!(pause_troubled(&room.store).await.unwrap().is_empty(), "all of it is out");
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        room.none().await;
        room.article("s2", "en").await;
        room.clock.set(at("2026-03-04T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(titles(&got, "ana@news.example"), ["s2 en", "s1 en"], "the news, and the note of the correction");
        assert_eq!(titles(&got, "bo@news.example"), ["s2 en"], "who never had it is told nothing");
        room.article("s3", "en").await;
        room.clock.set(at("2026-03-05T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(titles(&got, "ana@news.example"), ["s3 en"], "told once");
    });
}

#[tokio::test]
async fn where_deliveries_are_made_beside_composing_nothing_is_made_twice_and_alerts_are_filled_first() {
    let second = DAILY.replace("daily", "second").replace("Daily", "Second");
    let alerts = DAILY.replace("daily", "alerts").replace("Daily", "Alerts").replace("0 7 * * *", "immediate");
    rooms!(&format!("{DAILY}{second}{}", alerts.replace("public", "press")), |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.people("press", &[("bo@news.example", "")]).await;
        room.read_once().await;
        room.none().await;
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let pass = room.pass_within(Some(std::time::Duration::from_secs(60))).await;
        let made: Vec<_> = pass.made.iter().map(|made| (made.newsletter.as_str(), made.recipients)).collect();
        assert_eq!(made, [("daily", 1), ("alerts", 1)], "who has it from the first gets no second");
        // What takes too long is left to whoever fills.
        room.article("s2", "en").await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        let pass = room.pass_within(Some(std::time::Duration::ZERO)).await;
        assert!(pass.made.iter().all(|made| !made.filled && made.recipients == 0), "{pass:?}");
        let mut filled = Vec::new();
        while let Some(one) = crate::edition::fill_next(&room.store).await.unwrap() {
            filled.push((one.edition.newsletter.clone(), one.recipients));
        }
        assert_eq!(filled[0], ("alerts".to_owned(), 1), "{filled:?}");
        assert!(filled.contains(&("daily".to_owned(), 1)), "{filled:?}");
    });
}
