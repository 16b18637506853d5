//! What an edition takes.

use chrono::Duration;

use super::*;

#[tokio::test]
async fn the_first_edition_is_the_newest_five_for_everybody() {
    rooms!(DAILY, |room| {
        room.none().await;
        let weeks: Vec<_> =
            (1..=8).map(|n| room.draft(&format!("s{n}"), "en", room.clock.now() - Duration::days(40 * n))).collect();
        room.take("newsroom", &weeks).await;
        room.people("public", &[("ana@news.example", ""), ("bo@news.example", "de")]).await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got.len(), 2);
        assert_eq!(titles(&got, "bo@news.example"), ["s1 en", "s2 en", "s3 en", "s4 en", "s5 en"]);
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        room.none().await;
        room.people("public", &[("ce@news.example", "")]).await;
        room.article("s9", "en").await;
        room.clock.set(at("2026-03-04T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(got.len(), 3);
        assert_eq!(titles(&got, "ce@news.example"), ["s9 en"]);
    });
}

#[tokio::test]
async fn an_archive_that_comes_later_and_what_is_old_are_no_news() {
    rooms!(DAILY, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.article("s1", "en").await;
        room.none().await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        room.one().await;
        let archive: Vec<_> = (0..3650)
            .step_by(50)
            .map(|day| room.draft(&format!("old{day}"), "en", room.clock.now() - Duration::days(day)))
            .collect();
        room.take("archive", &archive).await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        room.none().await;
        // A late arrival is not lost, but news it must be.
        let late = room.draft("late", "en", room.clock.now() - Duration::days(13));
        let old = room.draft("old", "en", room.clock.now() - Duration::days(16));
        room.take("newsroom", &[late, old]).await;
        room.clock.set(at("2026-03-04T07:00:00+01:00"));
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["late en"]);
    });
}

#[tokio::test]
async fn too_little_waits_and_too_much_leaves_the_oldest_out() {
    let newsletters = format!("{DAILY}min_items = 2\nmax_items = 3\nfirst_edition = 1\n");
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.article("s0", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        assert_eq!(
            titles(&room.one().await, "ana@news.example"),
            ["s0 en"],
            "the first needs no more than it may have"
        );
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        room.none().await;
        room.article("s2", "en").await;
        room.none().await;
        room.clock.set(at("2026-03-04T07:00:00+01:00"));
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s2 en", "s1 en"], "the window stayed open");
        for n in 3..=7 {
            room.article(&format!("s{n}"), "en").await;
        }
        room.clock.set(at("2026-03-05T07:00:00+01:00"));
        let pass = room.pass().await;
        assert_eq!((pass.made[0].stories, pass.made[0].left_out), (3, 2));
        assert_eq!(titles(&room.got(pass.made[0].edition).await, "ana@news.example"), ["s7 en", "s6 en", "s5 en"]);
        room.clock.set(at("2026-03-06T07:00:00+01:00"));
        room.none().await;
    });
}

#[tokio::test]
async fn an_alert_goes_at_once_and_starts_when_it_is_known() {
    let newsletters = DAILY.replace("0 7 * * *", "immediate").replace("daily", "alerts");
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        let first = room.draft("s1", "en", room.clock.now() - Duration::hours(1));
        room.take("newsroom", &[first]).await;
        room.none().await;
        room.none().await;
        room.clock.advance(Duration::minutes(5));
        let late = room.draft("late", "en", room.clock.now() - Duration::hours(20));
        let old = room.draft("old", "en", room.clock.now() - Duration::hours(25));
        room.take("newsroom", &[late, old]).await;
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["late en"]);
        room.none().await;
        room.article("s2", "en").await;
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s2 en"]);
    });
}

#[tokio::test]
async fn an_alert_known_after_the_articles_does_not_send_them() {
    let newsletters = DAILY.replace("0 7 * * *", "immediate").replace("daily", "alerts");
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.read_once().await;
        room.article("s1", "en").await;
        room.none().await;
        room.clock.advance(Duration::minutes(1));
        room.article("s2", "en").await;
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s2 en"]);
    });
}

#[tokio::test]
async fn a_newsletter_takes_its_topics_of_any_version() {
    let newsletters = format!("{DAILY}topics = [\"Exercises\"]\n");
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "en"), ("bo@news.example", "sr-Latn")]).await;
        let mut english = room.draft("s1", "en", room.clock.now());
        english.content.topics = vec!["Exercises".to_owned()];
        let mut serbian = room.draft("s1", "sr-Latn", room.clock.now());
        serbian.content.topics = vec!["Vežbe".to_owned()];
        let other = room.draft("s2", "en", room.clock.now());
        room.none().await;
        room.take("newsroom", &[english, serbian, other]).await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        let got = room.one().await;
        assert_eq!(titles(&got, "ana@news.example"), ["s1 en"]);
        assert_eq!(titles(&got, "bo@news.example"), ["s1 sr-Latn"]);
    });
}

#[tokio::test]
async fn nobody_on_the_lists_leaves_the_first_edition_to_come() {
    rooms!(DAILY, |room| {
        room.none().await;
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        room.none().await;
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.clock.set(at("2026-04-12T07:00:00+02:00"));
        assert_eq!(titles(&room.one().await, "ana@news.example"), ["s1 en"]);
    });
}
