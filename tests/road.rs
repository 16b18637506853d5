//! The whole road: a file in, feeds and a mail out.

use chrono::Duration;

use crate::world::World;

#[tokio::test]
async fn an_article_becomes_three_feeds_and_a_mail() {
    let world = World::new().await;
    world.article("bridge", "New bridge opens", "en", Duration::days(3));
    world.write("subscribers/public.csv", "email,name,language\nana@reader.test,Ana,en\n");
    let pass = world.pass(true).await;
    assert_eq!(pass.read.public, 1);
    for format in ["rss", "atom", "json"] {
        let answer = world.ask("GET", &format!("/feeds/news.{format}"), &[], "").await;
        assert_eq!(answer.status, 200, "{format}");
        assert!(answer.head.to_lowercase().contains("\r\netag: \""), "{format}: {}", answer.head);
        assert!(answer.body.contains("New bridge opens"), "{format}: {}", answer.body);
        assert!(world.path(&format!("var/site/feeds/news.{format}")).exists(), "{format} in the static copy");
    }
    let mails = world.outbox();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, "ana@reader.test");
    assert!(mails[0].subject.contains("New bridge opens"));
    assert!(mails[0].html.contains("Street 1") && mails[0].text.contains("Street 1"), "the postal address");
    assert!(mails[0].html.contains("/unsubscribe/") && mails[0].text.contains("/unsubscribe/"), "the way out");
}

#[tokio::test]
async fn a_second_pass_sends_nothing_twice() {
    let world = World::new().await;
    world.article("bridge", "New bridge opens", "en", Duration::days(3));
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.pass(true).await;
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.pass(true).await;
    assert!(world.outbox().is_empty());
    world.article("radios", "Forty radios", "en", Duration::hours(2));
    world.pass(true).await;
    let mails = world.outbox();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].html.contains("Forty radios") && !mails[0].html.contains("New bridge"));
}

#[tokio::test]
async fn a_story_in_two_of_three_languages_reaches_each_reader_once_in_the_right_one() {
    let world = World::new().await;
    for (language, title) in [("en", "Open evening"), ("sr-Latn", "Otvoreno veče")] {
        world.write(
            &format!("articles/evening.{language}.md"),
            &format!(
                "---\ntitle: {title}\ndate: 2026-03-01\nlang: {language}\ntranslationKey: evening\n---\n\nText.\n"
            ),
        );
    }
    world.write(
        "subscribers/public.csv",
        "email,language\na@reader.test,en\nb@reader.test,sr-Latn\nc@reader.test,sr-Cyrl\n",
    );
    world.pass(true).await;
    let mails = world.outbox();
    let subjects: Vec<(&str, bool)> = mails
        .iter()
        .map(|m| (m.to.as_str(), m.html.contains("Otvoreno veče") && !m.html.contains("Open evening")))
        .collect();
    assert_eq!(mails.len(), 3, "{subjects:?}");
    assert_eq!(subjects[0], ("a@reader.test", false));
    assert_eq!(subjects[1], ("b@reader.test", true));
}

#[tokio::test]
async fn an_embargo_holds_until_its_instant() {
    let world = World::new().await;
    world.article("open", "Known to all", "en", Duration::days(1));
    world.pass(true).await;
    let until = (world.now() + Duration::hours(2)).to_rfc3339();
    world.write(
        "articles/secret.md",
        &format!("---\ntitle: Not before noon\ndate: 2026-03-03\nembargo: {until}\n---\n\nHidden words.\n"),
    );
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.pass(true).await;
    for path in ["/feeds/news.rss", "/feeds/news.json", "/", "/articles/secret", "/archive/2026"] {
        let answer = world.ask("GET", path, &[], "").await;
        assert!(!answer.body.contains("Not before noon") && !answer.body.contains("Hidden words"), "{path}");
    }
    assert!(world.outbox().iter().all(|m| !m.raw.contains("Not before noon")));
    world.advance(Duration::hours(2));
    world.pass(true).await;
    assert!(world.ask("GET", "/feeds/news.rss", &[], "").await.body.contains("Not before noon"));
    assert!(world.outbox().iter().any(|m| m.html.contains("Not before noon")));
}

#[tokio::test]
async fn who_left_by_one_click_is_out_and_no_file_brings_them_back() {
    let world = World::new().await;
    world.article("one", "First story", "en", Duration::days(1));
    world.write("subscribers/public.csv", "email\nana@reader.test\nmarko@reader.test\n");
    world.pass(true).await;
    let mail = world.outbox().into_iter().find(|m| m.to == "ana@reader.test").expect("Ana's mail");
    let token = mail.html.split("/unsubscribe/").nth(1).and_then(|t| t.split(['"', '?']).next()).expect("a token");
    let path = format!("/unsubscribe/{token}");
    assert_eq!(world.ask("GET", &path, &[], "").await.status, 200);
    world.clear_outbox();
    world.article("two", "Second story", "en", Duration::hours(1));
    world.pass(true).await;
    assert_eq!(world.outbox().len(), 2, "looking changes nothing");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for _ in 0..2 {
        assert_eq!(world.ask("POST", &path, &form, "List-Unsubscribe=One-Click").await.status, 200);
    }
    world.clear_outbox();
    world.article("three", "Third story", "en", Duration::hours(1));
    world.write("subscribers/public.csv", "email,status\nana@reader.test,active\nmarko@reader.test,active\n");
    world.advance(Duration::minutes(5));
    world.pass(true).await;
    let to: Vec<String> = world.outbox().into_iter().map(|m| m.to).collect();
    assert_eq!(to, ["marko@reader.test"]);
}
