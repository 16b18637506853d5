//! An article in Serbian Cyrillic is offered in Latin letters too: on the site, in feeds and in mail.

use chrono::Duration;

use crate::world::{CONFIG, World};

fn config() -> String {
    CONFIG.replace("path = \"articles\"", "path = \"articles\"\ntransliterate = true")
}

fn story(more: &str, body: &str) -> String {
    format!(
        "---\ntitle: Вежба у Љигу – ХIХ пут\ndate: 2026-03-01\nlang: sr-Cyrl\nauthor: Ђорђе Џајић\nsummary: Почела је вежба.\n\
         image: https://pictures.example/вежба.jpg\nimage_alt: Џип у Њивици\ncaption: Њивице, мај\n{more}---\n\n{body}\n"
    )
}

const BODY: &str = "ЊЕГОШЕВА улица. Пишите на адресу пера@пошта.срб или [овде](https://пример.срб/вест).\n\n`команда` и \
                    <span lang=\"ru\">мир</span>.";

#[tokio::test]
async fn it_stands_on_the_site_in_feeds_and_in_mail_and_is_corrected_with_its_original() {
    let world = World::with(&config()).await;
    world.write("articles/vezba.md", &story("", BODY));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,sr-Latn\npera@reader.test,sr-Cyrl\n");
    world.pass(true).await;

    let page = world.ask("GET", "/sr-latn/articles/vezba", &[], "").await;
    assert_eq!(page.status, 200);
    for words in [
        "Vežba u Ljigu – XIX put",
        "Đorđe Džajić",
        "Džip u Njivici",
        "Njivice, maj",
        "NJEGOŠEVA ulica",
        "пера@пошта.срб",
        "<code>команда</code>",
        "<span lang=\"ru\">мир</span>",
        "hreflang=\"sr-Cyrl\"",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(world.ask("GET", "/sr-cyrl/articles/vezba", &[], "").await.body.contains("hreflang=\"sr-Latn\""));
    let id = |feed: &str| {
        let json: serde_json::Value = serde_json::from_str(feed).expect("a feed");
        json["items"][0]["id"].as_str().map(str::to_owned)
    };
    let feed = world.ask("GET", "/feeds/vesti.json", &[], "").await.body;
    assert!(feed.contains("Vežba u Ljigu – XIX put"), "{feed}");
    assert!(
        world.path("var/site/sr-latn/articles/vezba/index.html").exists()
            || world.path("var/site/sr-latn/articles/vezba.html").exists()
    );
    let mails = world.outbox();
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(
        mails[0].subject.contains("Vežba u Ljigu") && mails[0].html.contains("Džip u Njivici"),
        "{}",
        mails[0].subject
    );
    assert!(mails[1].subject.contains("Вежба у Љигу"), "{}", mails[1].subject);

    // A correction of the original is one of both.
    world.advance(Duration::hours(1));
    world.write("articles/vezba.md", &story("correction: Није у Љигу него у Њивицама.\n", BODY));
    world.pass(false).await;
    let page = world.ask("GET", "/sr-latn/articles/vezba", &[], "").await.body;
    assert!(page.contains("Nije u Ljigu nego u Njivicama."), "{page}");
    let corrected = world.ask("GET", "/feeds/vesti.json", &[], "").await.body;
    assert!(corrected.contains("Nije u Ljigu nego u Njivicama."), "{corrected}");
    assert_eq!(id(&feed), id(&corrected));

    // One by hand goes before it, at its address, and no reader sees the story twice.
    world.advance(Duration::hours(1));
    let by_hand = "---\ntitle: Vežba, ručno\ndate: 2026-03-01\nlang: sr-Latn\ntranslation_of: vezba.md\nslug: vezba\n---\n\nRučno pisano.\n";
    world.write("articles/latinica.md", by_hand);
    world.pass(false).await;
    assert!(world.ask("GET", "/sr-latn/articles/vezba", &[], "").await.body.contains("Ručno pisano"));
    let by_hand = world.ask("GET", "/feeds/vesti.json", &[], "").await.body;
    assert!(by_hand.contains("Vežba, ručno") && !by_hand.contains("XIX put"), "{by_hand}");
    assert_eq!(id(&feed), id(&by_hand));
    world.clear_outbox();
    world.advance(Duration::days(1));
    world.pass(true).await;
    assert!(world.outbox().is_empty(), "who had the story has it: {:?}", world.outbox());
}

#[tokio::test]
async fn an_article_may_say_otherwise_and_the_other_direction_is_not_guessed() {
    let world = World::with(&config()).await;
    world.write("articles/ne.md", &story("transliterate: false\n", BODY));
    world.write("articles/en.md", "---\ntitle: English\ndate: 2026-03-01\nlang: en\n---\n\nText.\n");
    world.write(
        "articles/latinica.md",
        "---\ntitle: Konj\ndate: 2026-03-01\nlang: sr-Latn\ntransliterate: true\n---\n\nNjiva.\n",
    );
    let pass = world.pass(false).await;
    assert_eq!(pass.read.public, 3);
    assert_ne!(world.ask("GET", "/sr-latn/articles/ne", &[], "").await.status, 200);
    let (_, said) = crate::world::herald(&world, &["check"]);
    assert!(said.contains("latinica.md:5") && said.contains("not guessed"), "{said}");
}
