//! Sealed: an edition that is over takes a tenth of the room, and whoever asks what became of it hears what they heard before.

use std::time::Duration as Time;

use chrono::Duration;
use herald::service::Doors;
use tokio_util::sync::CancellationToken;

use crate::world::{CONFIG, World, herald, json};

const WEEKLY: &str = r#"
[[newsletters]]
name = "weekly"
title = "The week"
lists = ["public"]
schedule = "0 7 * * 1"
hold = "0s"

[mail]"#;

/// A daily edition that went to Ana, Bo and Cy on Tuesday: Bo's was refused, and of Cy's the server named the address.
async fn sent() -> World {
    let world =
        World::with(&format!("{}[mail.returns]\nmaildir = \"returns\"\n", CONFIG.replace("\n[mail]", WEEKLY))).await;
    world.article("s1", "Story 1.", "en", Duration::hours(2));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\nbo@reader.test,en\ncy@reader.test,en\n");
    for folder in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(world.path("returns").join(folder)).expect("a Maildir");
    }
    world.pass(false).await;
    world.advance(Duration::hours(1));
    world.pass(false).await;
    assert_eq!(world.outbox().len(), 3);
    let mut tx = world.newsroom.site.store.write().await.expect("a transaction");
    for sql in [
        "UPDATE deliveries SET state = 4, code = 550, enhanced = '5.1.1', line = '5.1.1 nobody' WHERE subscriber = 2",
        "UPDATE deliveries SET code = 250, enhanced = '2.1.5', line = '2.1.5 <cy@reader.test> Ok: 77AF' WHERE subscriber = 3",
    ] {
        assert_eq!(tx.q(sql).execute().await.expect(sql), 1);
    }
    tx.commit().await.expect("a commit");
    world
}

/// How many copies are in rows, and how many are sealed.
async fn kept(world: &World) -> (i64, i64) {
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    let sql = "SELECT (SELECT COUNT(*) FROM deliveries), (SELECT CAST(COALESCE(SUM(copies), 0) AS BIGINT) FROM delivery_blocks)";
    let row = tx.q(sql).one().await.expect(sql);
    (row.get(0).expect("rows"), row.get(1).expect("copies"))
}

/// Everything that commands say of edition 1.
fn told(world: &World) -> Vec<String> {
    let csv = world.path("told.csv");
    let say = |arguments: &[&str]| {
        let (code, said) = herald(world, arguments);
        assert_eq!(code, 0, "{arguments:?}: {said}");
        said
    };
    let mut told: Vec<String> = [
        &["editions", "show", "1", "--recipients"][..],
        &["editions", "show", "1", "--recipients", "--limit", "1", "--after", "1"],
        &["editions", "show", "1", "--recipients", "--state", "sent"],
        &["editions", "show", "1", "--recipients", "--state", "failed"],
        &["--json", "editions", "show", "1", "--recipients"],
        &["editions", "show", "1"],
        &["editions", "list"],
        &["subscribers", "show", "ana@reader.test"],
        &["--json", "subscribers", "show", "cy@reader.test"],
    ]
    .iter()
    .map(|arguments| say(arguments))
    .collect();
    say(&["editions", "show", "1", "--recipients", "--csv", csv.to_str().expect("a path")]);
    told.push(std::fs::read_to_string(csv).expect("a file"));
    told
}

fn bounce(world: &World, name: &str) {
    let mail = world.outbox().into_iter().find(|mail| mail.to.starts_with(name)).expect("a mail");
    let at = mail.raw.find("Message-ID: <").expect("a Message-ID") + 13;
    let token = mail.raw[at..].split('@').next().expect("a token");
    let text = format!(
        "From: MAILER-DAEMON@mx.test\nTo: <bounces+{token}@office.test>\nMessage-ID: <{name}-1@mx.test>\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n\
         Final-Recipient: rfc822; {name}@reader.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n"
    );
    world.write(&format!("returns/new/{name}"), &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_reads_as_before_and_is_not_sent_again() {
    let world = sent().await;
    let before = told(&world);
    assert!(before[0].contains("cy@reader.test") && before[0].contains("77AF"), "{}", before[0]);
    world.advance(Duration::hours(47));
    world.pass(false).await;
    assert_eq!(kept(&world).await, (3, 0), "it is left alone for two days");
    world.advance(Duration::days(1));
    world.pass(false).await;
    assert_eq!(kept(&world).await, (1, 2), "what was refused stays as it is");
    for (before, after) in before.iter().zip(told(&world)) {
        assert_eq!(*before, after);
    }
    let (code, audit) = herald(&world, &["editions", "audit", "1"]);
    assert!(code == 0 && audit.contains("2 are sealed") && audit.contains("No difference"), "{audit}");
    // The week's edition finds the story, and who has not had it.
    world.write(
        "subscribers/public.csv",
        "email,language\nana@reader.test,en\nbo@reader.test,en\ncy@reader.test,en\ndan@reader.test,en\n",
    );
    bounce(&world, "cy");
    world.clear_outbox();
    world.advance(Duration::hours(73));
    world.pass(false).await;
    let to = || world.outbox().into_iter().map(|mail| mail.to).collect::<Vec<_>>();
    assert_eq!(to(), ["bo@reader.test", "dan@reader.test"], "who has not had it");
    let (_, cy) = herald(&world, &["subscribers", "show", "cy@reader.test"]);
    assert!(cy.contains("bounced"), "a late report finds its sealed copy: {cy}");
    world.clear_outbox();
    world.article("s2", "Story 2.", "en", Duration::zero());
    world.advance(Duration::days(1));
    world.pass(false).await;
    assert_eq!(to(), ["ana@reader.test", "bo@reader.test", "dan@reader.test"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_is_found_in_no_block() {
    let world = sent().await;
    world.advance(Duration::days(3));
    world.pass(false).await;
    assert_eq!(kept(&world).await, (1, 2));
    assert_eq!(herald(&world, &["subscribers", "forget", "cy@reader.test", "--yes"]).0, 0);
    let all = json(&world, &["--json", "editions", "show", "1", "--recipients"]);
    assert_eq!((&all[2]["address"], &all[2]["line"]), (&serde_json::Value::Null, &serde_json::Value::Null), "{all}");
    assert_eq!((&all[2]["state"], &all[2]["code"]), (&"sent".into(), &250.into()), "that there was a copy stays");
    assert!(all[0]["line"].is_string(), "{all}");
    assert_eq!(herald(&world, &["editions", "audit", "1"]).0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirteen_months_the_counts_are_left() {
    let world = sent().await;
    world.advance(Duration::days(3));
    world.pass(false).await;
    let counts = json(&world, &["--json", "editions", "show", "1"])["counts"].clone();
    assert_eq!((&counts["sent"], &counts["failed"]), (&2.into(), &1.into()), "{counts}");
    world.advance(Duration::days(12 * 31));
    world.pass(false).await;
    assert_eq!(kept(&world).await, (1, 2), "a year later it is all there");
    world.advance(Duration::days(2 * 31));
    world.pass(false).await;
    assert_eq!(kept(&world).await, (0, 0));
    let shown = json(&world, &["--json", "editions", "show", "1"]);
    assert_eq!(shown["counts"], counts);
    assert!(shown["kept_until"].as_str().is_some_and(|at| at.starts_with("2027-05")), "{shown}");
    for (arguments, ends) in [(["show", "1"], 0), (["audit", "1"], 0)] {
        let (code, said) = herald(&world, &["editions", arguments[0], arguments[1]]);
        assert!(code == ends && said.contains("was kept until 2027-05"), "{code}: {said}");
    }
    assert_eq!(herald(&world, &["editions", "show", "1", "--recipients"]).0, 1);
    assert_eq!(herald(&world, &["editions", "retry", "1"]).0, 2);
    let list = json(&world, &["--json", "editions", "list"]);
    assert!(
        list.as_array().is_some_and(|all| all.iter().any(|one| one["id"] == 1 && one["counts"] == counts)),
        "{list}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_seals_by_itself() {
    let listen = "[listen]\npublic = \"127.0.0.1:0\"\nstaff = \"127.0.0.2:0\"\n\n[mail]";
    let world = World::with(&CONFIG.replace("[mail]", listen)).await;
    world.article("s1", "Story 1.", "en", Duration::hours(2));
    world.write("subscribers/public.csv", "email\nana@reader.test\nbo@reader.test\n");
    world.pass(true).await;
    assert_eq!(kept(&world).await, (2, 0));
    world.advance(Duration::days(3));
    let stop = CancellationToken::new();
    let doors = Doors::open(&world.newsroom.site.config).await.expect("two ports");
    let daemon = herald::service::run(world.newsroom.clone(), doors.listeners().expect("sockets"), stop.clone());
    let daemon = tokio::spawn(daemon);
    for _ in 0..300 {
        if kept(&world).await == (0, 2) {
            break;
        }
        tokio::time::sleep(Time::from_millis(100)).await;
    }
    assert_eq!(kept(&world).await, (0, 2));
    stop.cancel();
    daemon.await.expect("it ends");
}
