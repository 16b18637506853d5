//! Those who were sent what was corrected or withdrawn since are told: exactly they, once, inside suppression.

use chrono::Duration;

use super::world::{Letter, World, herald, json};

/// The readers: three who get the digest in their languages, one who gets it and an alert, one who will leave.
const READERS: &str = "email,language,newsletters\nana@reader.test,en,daily\nmilan@reader.test,sr-Latn,daily\nmilica@reader.test,sr-Cyrl,daily\nboth@reader.test,en,\ngone@reader.test,en,daily\nalone@reader.test,en,alerts\n";

fn config() -> String {
    let alerts = "\n[[newsletters]]\nname = \"alerts\"\ntitle = \"Alerts\"\nlists = [\"public\"]\nschedule = \"manual\"\nhold = \"0s\"\nrepeat = true\n\n[mail]";
    super::world::CONFIG.replace("\n[mail]", alerts)
}

fn bridge(world: &World, language: &str, title: &str, text: &str) {
    let name = if language == "en" { "bridge".to_owned() } else { format!("bridge.{language}") };
    world.write(
        &format!("articles/{name}.md"),
        &format!("---\ntitle: {title}\ndate: 2026-03-01T08:00:00Z\n---\n\n{text}\n"),
    );
}

/// A newsroom whose digest told of a bridge, and of something else.
async fn sent() -> World {
    let world = World::with(&config()).await;
    world.write("subscribers/public.csv", READERS);
    bridge(&world, "en", "New bridge opens", "The bridge is 420 metres long.");
    bridge(&world, "sr-Latn", "Otvoren novi most", "Most je dug 420 metara.");
    world.article("other", "Something else", "en", Duration::hours(30));
    world.pass(false).await;
    world.pass(true).await;
    assert_eq!(world.outbox().iter().filter(|letter| letter.text.contains("420")).count(), 5);
    world.clear_outbox();
    world
}

fn to<'l>(letters: &'l [Letter], who: &str) -> Vec<&'l Letter> {
    letters.iter().filter(|letter| letter.to == who).collect()
}

#[tokio::test]
async fn exactly_those_who_were_sent_the_earlier_text_are_told_once() {
    let world = sent().await;
    // One reader of the alert had it there alone, another both ways.
    json(&world, &["send", "alerts", "--article", "/articles/bridge", "--again", "--yes", "--json"]);
    world.clear_outbox();
    assert_eq!(
        herald(&world, &["send", "--correction", "/articles/bridge", "--yes"]).0,
        2,
        "there is nothing to tell yet"
    );
    world.write("subscribers/public.csv", &READERS.replace("gone@reader.test,en,daily\n", ""));
    json(&world, &["subscribers", "suppress", "gone@reader.test", "--json"]);
    let wrong = "The bridge is 420 metres long.";
    let right = "The bridge is 240 metres long.";
    json(&world, &["articles", "correct", "/articles/bridge", "--wrong", wrong, "--right", right, "--json"]);

    let dry = json(&world, &["send", "--correction", "/articles/bridge", "--dry-run", "--json"]);
    // The Latin and Cyrillic readers were sent the Serbian version, which nobody has corrected.
    assert_eq!((dry["sent"].as_i64(), dry["to_tell"].as_i64()), (Some(4), Some(3)), "{dry}");
    assert_eq!(dry["cannot_be_told"]["staff"], 1);
    assert!(world.outbox().is_empty());

    let told = json(&world, &["send", "--correction", "/articles/bridge", "--yes", "--json"]);
    let letters = world.outbox();
    let mut people: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    people.sort_unstable();
    assert_eq!(people, ["alone@reader.test", "ana@reader.test", "both@reader.test"], "once each");
    let letter = to(&letters, "ana@reader.test")[0];
    assert_eq!(letter.subject, "Correction: New bridge opens");
    for part in [&letter.html, &letter.text] {
        for words in ["We wrote:", wrong, "It should say:", right, "We apologise", "you were sent the first version"] {
            assert!(part.contains(words), "{words}: {part}");
        }
    }
    assert!(letter.raw.contains("List-Unsubscribe"));

    // Each newsletter has an edition of its own, which adds up; and its web copy says the same.
    let editions = told["editions"].as_array().expect("editions");
    assert_eq!(editions.len(), 2);
    for edition in editions {
        let id = edition["edition"].to_string();
        assert_eq!(edition["state"], "done");
        assert_eq!(herald(&world, &["editions", "audit", &id]).0, 0);
        let shown = json(&world, &["editions", "show", &id, "--json"]);
        assert_eq!(shown["corrects"], told["revision"]);
        let path = format!("/newsletters/{}/{}", edition["newsletter"].as_str().unwrap(), edition["number"]);
        assert!(world.ask("GET", &path, &[], "").await.body.contains(right));
    }
    let first = world.ask("GET", "/newsletters/daily/1", &[], "").await.body;
    assert!(
        first.find("It should say").expect("the correction") < first.find("420 metres long.</p>").unwrap_or(usize::MAX)
    );

    // A second time nobody is told, unless staff say so.
    world.clear_outbox();
    let (code, _) = herald(&world, &["send", "--correction", "/articles/bridge", "--yes"]);
    assert_eq!((code, world.outbox().len()), (1, 0));
    json(&world, &["send", "--correction", "/articles/bridge", "--yes", "--again", "--json"]);
    assert_eq!(world.outbox().len(), 3);

    // The next digest is no later for it, and does not tell them of it again.
    world.clear_outbox();
    world.article("third", "A third one", "en", Duration::hours(1));
    world.pass(false).await;
    world.pass(true).await;
    let letters = world.outbox();
    assert!(to(&letters, "ana@reader.test")[0].text.contains("A third one"));
    assert!(letters.iter().all(|letter| !letter.text.contains("It should say")), "they know");
}

#[tokio::test]
async fn readers_are_told_in_the_language_in_which_they_were_sent_it() {
    let world = sent().await;
    let (wrong, right) = ("Most je dug 420 metara.", "Most je dug 240 metara.");
    json(&world, &["articles", "correct", "/sr-latn/articles/bridge", "--wrong", wrong, "--right", right, "--json"]);
    json(&world, &["send", "--correction", "/sr-latn/articles/bridge", "--yes", "--json"]);
    let letters = world.outbox();
    assert_eq!(letters.len(), 2);
    let latin = to(&letters, "milan@reader.test")[0];
    assert_eq!(latin.subject, "Ispravka: Otvoren novi most");
    assert!(latin.text.contains("Pisalo je:") && latin.text.contains(right), "{}", latin.text);
    let cyrillic = to(&letters, "milica@reader.test")[0];
    assert_eq!(cyrillic.subject, "Исправка: Otvoren novi most");
    assert!(cyrillic.html.contains("Треба да стоји:") && cyrillic.html.contains(right), "{}", cyrillic.html);
}

#[tokio::test]
async fn a_withdrawal_is_told_and_its_web_copies_show_the_notice() {
    let world = sent().await;
    json(&world, &["articles", "retract", "/articles/bridge", "--reason", "It was another bridge.", "--json"]);
    json(&world, &["send", "--correction", "/articles/bridge", "--test", "desk@office.test", "--json"]);
    let test = &world.outbox()[0];
    assert!(test.subject.starts_with("[TEST] Withdrawn: "), "{}", test.subject);
    world.clear_outbox();
    let told = json(&world, &["send", "--correction", "/articles/bridge", "--yes", "--json"]);
    assert_eq!(told["kind"], "retraction");
    let letters = world.outbox();
    assert_eq!(letters.len(), 3);
    let plain = letters[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("Reason: It was another bridge."), "{plain}");
    assert!(!letters[0].raw.contains("420"));
    let first = world.ask("GET", "/newsletters/daily/1", &[], "").await.body;
    assert!(first.contains("It was another bridge") && !first.contains("420 metres"), "{first}");
}

#[tokio::test]
async fn what_is_removed_for_good_is_found_nowhere() {
    let world = sent().await;
    world.pass(false).await;
    let id = json(&world, &["articles", "show", "/articles/bridge", "--json"])["id"].as_str().unwrap().to_owned();
    let (code, _) = herald(&world, &["articles", "expunge", &id, "--order", "Court of Belgrade, P 12/26"]);
    assert_eq!(code, 2, "nobody is here to answer");
    let done = json(&world, &["articles", "expunge", &id, "--order", "Court of Belgrade, P 12/26", "--yes", "--json"]);
    assert_eq!(done["removed"]["editions"], 1);
    world.pass(false).await;
    for words in ["The bridge is 420 metres long", "New bridge opens"] {
        for file in ["var/herald.db", "var/herald.db-wal"] {
            let bytes = std::fs::read(world.path(file)).unwrap_or_default();
            assert!(!bytes.windows(words.len()).any(|window| window == words.as_bytes()), "{words} is in {file}");
        }
        for entry in walkdir::WalkDir::new(world.path("var/site")).into_iter().filter_map(Result::ok) {
            let text = std::fs::read(entry.path()).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains(words), "{words} is in {}", entry.path().display());
        }
        for path in ["/", "/feeds/news.atom", "/newsletters/daily/1", "/archive/2026"] {
            assert!(!world.ask("GET", path, &[], "").await.body.contains(words), "{words} is at {path}");
        }
    }
    assert_eq!(world.ask("GET", "/articles/bridge", &[], "").await.status, 410);
    assert!(world.ask("GET", "/newsletters/daily/1", &[], "").await.body.contains("Something else"), "the rest stays");
    let feed = world.ask("GET", "/feeds/news.atom", &[], "").await.body;
    assert!(feed.contains("deleted-entry") && feed.contains(&id), "readers are told to let it go");

    // Its file is read no more, changed or not; what stays is who did it.
    bridge(&world, "en", "New bridge opens", "The bridge is 421 metres long.");
    world.pass(false).await;
    assert_eq!(world.ask("GET", "/articles/bridge", &[], "").await.status, 410);
    let history = json(&world, &["articles", "show", &id, "--history", "--json"]);
    let last = history["history"].as_array().unwrap().iter().find(|event| event["what"] == "removed it for good");
    assert_eq!(last.expect("the decision stays")["why"], "Court of Belgrade, P 12/26");
}

#[tokio::test]
async fn who_approves_sees_what_was_edited_since_it_was_drafted() {
    let config = config().replace("hold = \"0s\"\n\n", "hold = \"0s\"\napproval = \"other\"\n\n");
    let world = World::with(&config).await;
    world.write("subscribers/public.csv", READERS);
    bridge(&world, "en", "New bridge opens", "The bridge is 420 metres long.");
    world.pass(false).await;
    world.pass(true).await;
    let id = json(&world, &["editions", "list", "--json"])[0]["id"].to_string();
    assert_eq!(json(&world, &["editions", "show", &id, "--json"])["edited"], serde_json::json!([]));
    bridge(&world, "en", "New bridge opens", "The bridge is 240 metres long.");
    world.pass(false).await;
    let shown = json(&world, &["editions", "show", &id, "--json"]);
    assert_eq!(shown["edited"][0]["kind"], "update");
    let (_, text) = herald(&world, &["editions", "show", &id]);
    assert!(text.contains("Changed since drafted: bridge (en): update"), "{text}");
}
