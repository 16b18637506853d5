//! Who leaves has left: by the mail program's own POST, for good, whatever a file says afterwards.

use chrono::Duration;

use crate::world::{Letter, World};

const LIST: &str = "email,language,status\nana@reader.test,en,active\nbo@reader.test,sr-Cyrl,active\n";

/// The path of the link in a mail whose address begins with `way`.
fn link(mail: &Letter, way: &str) -> String {
    let from = mail.text.find(way).expect("the link");
    mail.text[from..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/-".contains(*c)).collect()
}

fn recipients(world: &World) -> Vec<String> {
    world.outbox().into_iter().map(|mail| mail.to).collect()
}

#[tokio::test]
async fn who_leaves_by_the_mails_own_link_is_not_written_to_again() {
    let world = World::new().await;
    world.article("bridge", "New bridge opens", "en", Duration::days(3));
    world.write("subscribers/public.csv", LIST);
    world.pass(true).await;
    assert_eq!(recipients(&world), ["ana@reader.test", "bo@reader.test"]);
    let leave = link(&world.outbox()[0], "/unsubscribe/");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];

    // A scanner opens the link: nothing changes.
    for method in ["GET", "HEAD"] {
        assert_eq!(world.ask(method, &leave, &[], "").await.status, 200, "{method}");
    }
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.article("radios", "Forty radios", "en", Duration::hours(2));
    world.pass(true).await;
    assert_eq!(recipients(&world), ["ana@reader.test", "bo@reader.test"]);

    // The mail program leaves, twice.
    for _ in 0..2 {
        let answer = world.ask("POST", &leave, &form, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, 200, "{}", answer.head);
        let head = answer.head.to_lowercase();
        assert!(!head.contains("set-cookie") && !head.contains("location:"), "{head}");
        assert!(head.contains("cache-control: no-store") && head.contains("referrer-policy: no-referrer"), "{head}");
    }
    let list = std::process::Command::new(assert_cmd::cargo::cargo_bin("herald"))
        .args(["subscribers", "list"])
        .current_dir(world.path(""))
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&list.stdout);
    assert!(said.lines().any(|l| l.contains("ana@") && l.ends_with("active, left daily 2026-03-04")), "{said}");
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.write("subscribers/public.csv", &LIST.replace("ana@reader", "ANA@reader").replace("active", "subscribed"));
    world.article("lights", "New street lights", "en", Duration::hours(2));
    let pass = world.pass(true).await;
    assert_eq!(pass.read.lists[0].kept, 1, "{:?}", pass.read.lists);
    assert_eq!(recipients(&world), ["bo@reader.test"]);

    // Their own word brings them back, and no page knows a link that is cut off.
    assert_eq!(world.ask("POST", &leave, &form, "action=undo").await.status, 200);
    assert_eq!(world.ask("POST", &leave[..leave.len() - 2], &form, "List-Unsubscribe=One-Click").await.status, 404);
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.article("well", "A new well", "en", Duration::hours(2));
    world.pass(true).await;
    assert_eq!(recipients(&world), ["ANA@reader.test", "bo@reader.test"], "as their file writes them now");
}

/// `herald subscribers …` beside the newsroom.
fn subscribers(world: &World, arguments: &[&str]) {
    let mut command = assert_cmd::Command::cargo_bin("herald").expect("the binary");
    command.arg("--config").arg(world.path("config.toml")).arg("subscribers").args(arguments).assert().success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_waits_goes_to_nobody_who_is_no_longer_to_be_written_to() {
    let world = World::new().await;
    let people = ["stays", "left", "all", "removed", "suppressed", "forgotten", "later", "held"];
    let rows: String = people.iter().map(|name| format!("{name}@reader.test\n")).collect();
    world.write("subscribers/public.csv", &format!("email\n{rows}"));
    world.article("bridge", "New bridge opens", "en", Duration::days(3));
    world.pass(true).await;
    let mails = world.outbox();
    let leave = |name: &str| {
        let mail = mails.iter().find(|mail| mail.to == format!("{name}@reader.test")).expect("their mail");
        link(mail, "/unsubscribe/")
    };
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.article("radios", "Forty radios", "en", Duration::hours(2));
    world.newsroom.read().await.expect("the article");
    // The edition is made and every copy is queued; one was refused for now, and one a dead process had claimed.
    world.newsroom.compose(true, None).await.expect("an edition");
    let mut tx = world.newsroom.site.store.write().await.expect("a transaction");
    for sql in [
        "UPDATE deliveries SET state = 3, attempts = 1 WHERE edition = 2 AND subscriber = \
         (SELECT id FROM subscribers WHERE address = 'later@reader.test')",
        "UPDATE deliveries SET state = 1, attempts = 1 WHERE edition = 2 AND subscriber = \
         (SELECT id FROM subscribers WHERE address = 'held@reader.test')",
    ] {
        assert_eq!(tx.q(sql).execute().await.expect(sql), 1);
    }
    tx.commit().await.expect("a commit");

    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for name in ["left", "later", "held"] {
        let answer = world.ask("POST", &leave(name), &form, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, 200, "{}", answer.head);
    }
    assert_eq!(world.ask("POST", &leave("all"), &form, "action=all").await.status, 200);
    subscribers(&world, &["remove", "removed@reader.test", "--list", "public"]);
    subscribers(&world, &["suppress", "suppressed@reader.test", "--reason", "asked by telephone"]);
    subscribers(&world, &["forget", "forgotten@reader.test", "--yes"]);

    let stop = tokio_util::sync::CancellationToken::new();
    let sent = world.newsroom.deliver(stop, true).await.expect("a delivery");
    assert_eq!((sent.sent, sent.suppressed, sent.waiting, sent.finished), (1, 7, 0, vec![2]));
    assert_eq!(recipients(&world), ["stays@reader.test"]);
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    let edition = herald::store::editions::by_id(&mut tx, 2).await.expect("a row").expect("the edition");
    let audit = herald::store::editions::audit::audit(&mut tx, &edition, world.now()).await.expect("an audit");
    assert_eq!((audit.recipients, audit.counts.sent, audit.counts.suppressed), (8, 1, 7));
    assert!(audit.differences.is_empty(), "{:?}", audit.differences);
    let mut why = Vec::new();
    for row in tx.q("SELECT line FROM deliveries WHERE edition = 2 AND state = 5").all().await.expect("rows") {
        why.push(row.get::<String>(0).expect("a reason"));
    }
    why.sort();
    assert_eq!(why, ["forgotten", "left", "left", "left", "left", "no longer on its lists", "staff"]);
}
