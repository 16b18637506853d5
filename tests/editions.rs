//! Editions, the whole road: who gets what, once; and staff's hand on it beside a store at rest.

use chrono::Duration;

use crate::world::{CONFIG, World, herald, json};

fn titles(world: &World, to: &str) -> Vec<String> {
    let mails = world.outbox();
    let mail = mails.iter().find(|mail| mail.to == to).expect("a mail for them");
    (1..=9).map(|n| format!("Story {n}.")).filter(|title| mail.html.contains(title.as_str())).collect()
}

#[tokio::test]
async fn a_list_of_today_and_articles_of_last_week_reach_everybody_with_the_newest_five() {
    let world = World::new().await;
    for n in 1..=8 {
        world.article(&format!("s{n}"), &format!("Story {n}."), "en", Duration::days(n));
    }
    world.write("subscribers/public.csv", "email\nana@reader.test\nbo@reader.test\n");
    world.pass(false).await;
    assert!(world.outbox().is_empty(), "before its time");
    world.advance(Duration::hours(1));
    world.pass(false).await;
    assert_eq!(world.outbox().len(), 2);
    for to in ["ana@reader.test", "bo@reader.test"] {
        assert_eq!(titles(&world, to), ["Story 1.", "Story 2.", "Story 3.", "Story 4.", "Story 5."]);
    }
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.pass(false).await;
    assert!(world.outbox().is_empty(), "the rest of the week is no news the day after");
}

#[tokio::test]
async fn an_alert_at_once_and_the_digest_without_it() {
    let alerts = "[[newsletters]]\nname = \"alerts\"\ntitle = \"Alerts\"\nlists = [\"public\"]\nschedule = \"immediate\"\ntemplate = \"alert\"\n\n[mail]";
    let world = World::with(&CONFIG.replace("[mail]", alerts)).await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.article("s1", "Story 1.", "en", Duration::hours(2));
    world.pass(false).await;
    assert!(world.outbox().is_empty(), "what was there before is archive to an alert");
    world.advance(Duration::minutes(10));
    world.article("s2", "Story 2.", "en", Duration::zero());
    world.pass(false).await;
    assert_eq!(titles(&world, "ana@reader.test"), ["Story 2."]);
    world.clear_outbox();
    world.advance(Duration::minutes(50));
    world.pass(false).await;
    assert_eq!(titles(&world, "ana@reader.test"), ["Story 1."], "the alert's story is not said again");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_look_test_send_and_reconcile() {
    let world = World::new().await;
    for n in 1..=3 {
        world.article(&format!("s{n}"), &format!("Story {n}."), "en", Duration::days(n));
    }
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\nbo@reader.test,sr-Cyrl\n");
    world.pass(false).await;

    let plan = json(&world, &["--json", "send", "daily", "--dry-run"]);
    assert_eq!((&plan["recipients"], &plan["stories"][0]), (&2.into(), &"Story 1.".into()), "{plan}");
    assert!(world.outbox().is_empty());
    assert_eq!(herald(&world, &["send", "daily"]).0, 2, "nobody is there to say yes");
    assert_eq!(herald(&world, &["send", "nothing", "--yes"]).0, 2);
    assert_eq!(herald(&world, &["send", "daily", "--at", "2020-01-01 07:00", "--yes"]).0, 2);

    let test = json(&world, &["--json", "send", "daily", "--test", "desk@reader.test"]);
    assert_eq!(test["test"][0]["handed_over"], true, "{test}");
    let mails = world.outbox();
    assert!(mails.len() == 1 && mails[0].subject.starts_with("[TEST] "), "{mails:?}");
    world.clear_outbox();
    assert_eq!(json(&world, &["--json", "editions", "list"]), serde_json::json!([]), "a test is recorded nowhere");

    let (code, files) = herald(&world, &["preview", "daily", "--language", "sr-Cyrl", "--out", "look"]);
    assert_eq!((code, files.as_str()), (0, "look.eml\nlook.html\n"));
    assert!(std::fs::read_to_string(world.path("look.html")).expect("a page").contains("Story 1."));
    assert!(std::fs::read_to_string(world.path("look.eml")).expect("a mail").contains("Content-Language: sr-Cyrl"));
    assert!(world.outbox().is_empty());

    let sent = json(&world, &["--json", "send", "daily", "--yes"]);
    assert_eq!((&sent["counts"]["sent"], &sent["state"]), (&2.into(), &"done".into()), "{sent}");
    assert_eq!(world.outbox().len(), 2);
    assert_eq!(titles(&world, "bo@reader.test").len(), 3);
    let audit = json(&world, &["--json", "editions", "audit", "1"]);
    assert_eq!((&audit["recipients"], &audit["differences"]), (&2.into(), &serde_json::json!([])), "{audit}");
    assert_eq!(herald(&world, &["send", "daily", "--yes"]).0, 1, "nothing is new");

    let articles = json(&world, &["--json", "editions", "show", "1"]);
    let article = articles["stories"][0]["article"].as_str().expect("an id");
    assert_eq!(herald(&world, &["send", "daily", "--article", article, "--yes"]).0, 2, "all of them had it");
    let again =
        json(&world, &["--json", "send", "daily", "--article", article, "--again", "--subject", "Once more", "--yes"]);
    assert_eq!(again["counts"]["sent"], 2, "{again}");
    assert_eq!(world.outbox().iter().filter(|mail| mail.subject == "Once more").count(), 2);

    let later = json(
        &world,
        &["--json", "send", "daily", "--article", article, "--again", "--at", "2999-01-01 07:00", "--yes"],
    );
    assert_eq!((&later["waiting"], &later["state"]), (&2.into(), &"queued".into()), "{later}");
    let id = later["edition"].to_string();
    assert_eq!(json(&world, &["--json", "editions", "pause", &id])["state"], "paused");
    assert_eq!(json(&world, &["--json", "editions", "resume", &id])["state"], "queued");
    herald(&world, &["editions", "pause", &id]);
    let (_, said) = herald(&world, &["editions", "resume", &id]);
    assert!(said.contains("It is set for 2999-01-01 07:00"), "{said}");
    assert_eq!(herald(&world, &["editions", "cancel", &id]).0, 2, "nobody is here to answer, and nobody said --yes");
    let cancelled = json(&world, &["--json", "editions", "cancel", &id, "--yes"]);
    assert_eq!(
        (&cancelled["state"], &cancelled["counts"]["cancelled"]),
        (&"cancelled".into(), &2.into()),
        "{cancelled}"
    );
    assert_eq!(herald(&world, &["editions", "resume", &id]).0, 2);
    let newsletters = json(&world, &["--json", "newsletters", "list"]);
    assert_eq!(newsletters[0]["next"].as_array().map(Vec::len), Some(5), "{newsletters}");
    assert_eq!((&newsletters[0]["people"], &newsletters[0]["last"]["number"]), (&2.into(), &3.into()), "{newsletters}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_before_it_left_is_new_again() {
    let world = World::new().await;
    let write = |name: &str, title: &str, age: i64| {
        let date = (herald::clock::Clock::system().now() - Duration::hours(age)).to_rfc3339();
        world.write(
            &format!("articles/{name}.md"),
            &format!("---\ntitle: {title}\ndate: {date}\nlang: en\n---\n\nText.\n"),
        );
    };
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    write("s1", "Story 1.", 5);
    assert_eq!(herald(&world, &["once", "--now"]).0, 0);
    assert_eq!(titles(&world, "ana@reader.test"), ["Story 1."]);
    world.clear_outbox();
    write("s2", "Story 2.", 1);
    herald(&world, &["once"]);
    let tomorrow = (herald::clock::Clock::system().now() + Duration::days(1)).format("%Y-%m-%d 23:00").to_string();
    let (code, said) = herald(&world, &["send", "daily", "--at", &tomorrow, "--yes"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = herald(&world, &["editions", "cancel", "2", "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("new again"), "{said}");
    assert_eq!(herald(&world, &["once", "--now"]).0, 0);
    assert_eq!(titles(&world, "ana@reader.test"), ["Story 2."], "nobody had it, so it is still news");
    let (_, said) = herald(&world, &["editions", "audit", "2"]);
    assert!(said.contains("No difference."), "{said}");
}
