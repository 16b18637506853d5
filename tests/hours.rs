//! When copies go: by each reader's own clock, within the newsletter's hours, not on its days off, and not too many a day.

use chrono::Duration;
use herald::clock::Clock;

use crate::world::{CONFIG, World, herald, json};

/// A newsroom whose newsletters have these lines more, and `[mail]` those.
async fn world(newsletter: &str, mail: &str) -> World {
    let config = CONFIG
        .replace("hold = \"0s\"", &format!("hold = \"0s\"\n{newsletter}"))
        .replace("return_path", &format!("{mail}\nreturn_path"));
    World::with(&config).await
}

/// Who has got a mail since the last look.
fn got(world: &World) -> Vec<String> {
    let got =
        world.outbox().into_iter().map(|letter| letter.to.split('@').next().unwrap_or_default().to_owned()).collect();
    world.clear_outbox();
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn one_edition_goes_zone_by_zone_by_each_readers_own_clock() {
    let world = world("timezone = \"subscriber\"\n", "").await;
    world.write(
        "subscribers/public.csv",
        "email,timezone\nana@reader.test,\nbo@reader.test,America/New_York\ncy@reader.test,Asia/Kathmandu\n",
    );
    world.pass(false).await;
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    world.pass(false).await;
    assert_eq!(got(&world), [""; 0], "nobody's clock has shown it since it is known");
    // It is 06:00 in Belgrade on 3 March, and 07:00 is over in Kathmandu: the first slot for all of them is tomorrow's. That is
    // in 20 hours and a quarter in Kathmandu, a good four hours later in Belgrade, and six more in New York.
    for (minutes, who) in [(60, ""), (1154, ""), (1, "cy"), (284, ""), (1, "ana"), (359, ""), (1, "bo"), (600, "")] {
        world.advance(Duration::minutes(minutes));
        let pass = world.pass(false).await;
        let expected: Vec<&str> = Some(who).filter(|who| !who.is_empty()).into_iter().collect();
        assert_eq!(got(&world), expected, "at {}: {pass:?}", world.now());
    }
    let editions = json(&world, &["--json", "editions", "list"]);
    assert_eq!((editions.as_array().map(Vec::len), &editions[0]["counts"]["sent"]), (Some(1), &3.into()), "{editions}");
    assert_eq!(herald(&world, &["editions", "audit", "1"]).0, 0);
    let (_, shown) = herald(&world, &["newsletters", "show", "daily"]);
    assert!(shown.contains("by each reader's own clock") && shown.contains("07:00, for the first readers"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_wait_for_the_hours_of_their_newsletter() {
    let world = world("window = \"07:30-08:00\"\n", "").await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    world.pass(false).await;
    world.advance(Duration::minutes(60));
    let pass = world.pass(false).await;
    assert_eq!(pass.editions.made.len(), 1, "{pass:?}");
    assert_eq!(got(&world), [""; 0], "it is 07:00");
    world.advance(Duration::minutes(30));
    world.pass(false).await;
    assert_eq!(got(&world), ["ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_readers_own_clock_counts_for_the_hours_too() {
    let world = world("timezone = \"subscriber\"\nwindow = \"08:00-20:00\"\n", "").await;
    world.write("subscribers/public.csv", "email,timezone\nana@reader.test,\nbo@reader.test,America/New_York\n");
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    // 06:00 in Belgrade, midnight in New York: due now for everybody, and outside of everybody's hours.
    world.pass(true).await;
    assert_eq!(got(&world), [""; 0]);
    world.advance(Duration::hours(2));
    world.pass(false).await;
    assert_eq!(got(&world), ["ana"]);
    world.advance(Duration::hours(6));
    world.pass(false).await;
    assert_eq!(got(&world), ["bo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_off_has_no_edition_and_its_news_comes_the_day_after() {
    let holidays = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Office//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                    DTSTART;VALUE=DATE:20250304\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:A holiday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("holidays.ics");
    std::fs::write(&file, holidays).expect("a calendar");
    let world = world(&format!("not_on = [\"2026-03-03\", {:?}]\n", file.display().to_string()), "").await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    world.pass(false).await;
    for day in 3..=4 {
        world.advance(Duration::hours(if day == 3 { 2 } else { 24 }));
        let pass = world.pass(false).await;
        assert!(pass.editions.made.is_empty(), "{day} March: {pass:?}");
    }
    world.advance(Duration::hours(24));
    world.pass(false).await;
    assert_eq!(got(&world), ["ana"], "on 5 March");
    let (code, shown) = herald(&world, &["newsletters", "show", "daily"]);
    assert!(code == 0 && shown.contains("2026-03-03"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_that_cannot_be_read_stops_its_own_newsletter_and_is_said() {
    let world = world("not_on = [\"gone.ics\"]\n[[newsletters]]\nname = \"other\"\ntitle = \"Other\"\nlists = [\"public\"]\nschedule = \"0 7 * * *\"\n", "").await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    assert!(world.pass(false).await.editions.failed.is_empty(), "it is not due yet");
    world.advance(Duration::hours(2));
    let pass = world.pass(false).await;
    assert_eq!(pass.editions.made.iter().map(|made| made.newsletter.as_str()).collect::<Vec<_>>(), ["other"]);
    let failed: Vec<String> = pass.editions.failed.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert!(failed.len() == 1 && failed[0].starts_with("daily: ") && failed[0].contains("gone.ics"), "{failed:?}");
    assert_eq!(got(&world), ["ana"]);
    let (code, said) = herald(&world, &["check"]);
    assert!(code == 2 && said.contains("newsletters.daily.not_on") && said.contains("gone.ics"), "{code} {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_more_mails_a_day_than_is_allowed_but_what_breaks() {
    let world = world("", "per_day = 1").await;
    world.write("subscribers/public.csv", "email,timezone\nana@reader.test,\nbo@reader.test,America/New_York\n");
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    world.advance(Duration::hours(1));
    world.pass(true).await;
    assert_eq!(got(&world), ["ana", "bo"]);
    world.article("s2", "Story 2.", "en", Duration::hours(1));
    world.pass(true).await;
    assert_eq!(got(&world), [""; 0], "they had one today");
    let shown = json(&world, &["--json", "editions", "show", "2"]);
    assert_eq!(shown["counts"]["deferred"], 2, "{shown}");
    let (_, rows) = herald(&world, &["editions", "show", "2", "--recipients"]);
    assert!(rows.contains("mails a day to one person: 1"), "{rows}");
    // What breaks is held up by nothing.
    let date = (world.now() - Duration::hours(1)).to_rfc3339();
    world.write("articles/s3.md", &format!("---\ntitle: Story 3.\ndate: {date}\npriority: breaking\n---\n\nNow.\n"));
    world.pass(true).await;
    assert_eq!(got(&world), ["ana", "bo"]);
    // The next day, at the hour at which it began; before what is new then, which waits for its own turn.
    world.advance(Duration::hours(23));
    world.article("s4", "Story 4.", "en", Duration::hours(1));
    world.pass(false).await;
    assert_eq!(got(&world), [""; 0]);
    for story in ["Story 2.", "Story 4."] {
        world.advance(Duration::hours(if story == "Story 2." { 1 } else { 24 }));
        let pass = world.pass(false).await;
        assert!(world.outbox().iter().all(|letter| letter.html.contains(story)), "{story}: {pass:?}");
        assert_eq!(got(&world), ["ana", "bo"], "{story}: {pass:?}");
    }
    assert_eq!(herald(&world, &["editions", "audit", "2"]).0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_hand_the_hours_and_the_clocks_hold_too_and_are_said_first() {
    // Hours that are not now, whatever the time is.
    let later = (Clock::system().now() + Duration::hours(3)).format("%H:%M").to_string();
    let end = (Clock::system().now() + Duration::hours(4)).format("%H:%M").to_string();
    let world = world(&format!("timezone = \"UTC\"\nwindow = \"{later}-{end}\"\n"), "").await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.article("s1", "Story 1.", "en", Duration::hours(1));
    world.pass(false).await;
    let (code, said) = herald(&world, &["send", "daily", "--yes"]);
    assert!(code == 0 && said.contains("goes to 1 person, at "), "{said}");
    assert_eq!(got(&world), [""; 0]);
    assert_eq!(herald(&world, &["editions", "cancel", "1", "--yes"]).0, 0);
    assert_eq!(herald(&world, &["send", "daily", "--yes", "--any-hour"]).0, 0);
    assert_eq!(got(&world), ["ana"]);
}
