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
