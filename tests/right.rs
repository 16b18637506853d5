//! What leaves is right: a mail that would be wrong does not go out, what is doubtful is said first, and each part leaves in
//! the smaller of two encodings.

use chrono::Duration;
use serde_json::Value;

use crate::world::{CONFIG, World, herald, json};

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

fn article(world: &World, name: &str, title: &str, matter: &str, text: &str) {
    let date = (world.now() - Duration::hours(1)).to_rfc3339();
    world.write(
        &format!("articles/{name}.md"),
        &format!("---\ntitle: {title}\ndate: {date}\nlang: en\n{matter}---\n\n{text}\n"),
    );
}

fn picture(world: &World, name: &str) {
    std::fs::create_dir_all(world.path("articles")).expect("a folder");
    std::fs::write(world.path(&format!("articles/{name}")), PIXEL).expect("a picture");
}

/// The findings of one kind, each with its level, the article's slug and what it says.
fn found(document: &Value, what: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = document["findings"].as_array().expect("findings");
    let of = all.iter().filter(|finding| finding["what"] == what);
    of.map(|finding| (text(&finding["level"]), text(&finding["article"]), text(&finding["reason"]))).collect()
}

fn one(document: &Value, what: &str, level: &str, article: &str, words: &[&str]) {
    let found = found(document, what);
    let is = |(l, a, reason): &(String, String, String)| {
        l == level && a == article && words.iter().all(|word| reason.contains(word))
    };
    assert!(found.iter().any(is), "{what} {level} {article} {words:?}: {document:#}");
}

/// What would go out, of an edition that would be refused: the command says so by its exit code, too.
fn refused(world: &World) -> Value {
    let (code, said) = herald(world, &["--json", "send", "daily", "--dry-run"]);
    assert_eq!(code, 1, "{said}");
    serde_json::from_str(&said).expect("one JSON document")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_named_with_its_article_before_anything_is_sent() {
    let world = World::with(&CONFIG.replace("hold = \"0s\"", "hold = \"0s\"\nfirst_edition = 10")).await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    // This one prints whole articles, so that what is in them is in the mail.
    world.write(
        "templates/mail/digest.html",
        "<!doctype html><html lang=\"{{ language }}\"><head><title>{{ subject() }}</title></head><body>\
         {% for story in stories %}{{ story_begin(position=story.position) }}<h1><a href=\"{{ story.url }}\">{{ story.title }}</a></h1>\
         {% if story.picture %}<img src=\"{{ story.picture.url }}\" alt=\"{{ story.picture.alt }}\">{% endif %}\
         <div>{{ story.html | safe }}</div>{{ story_end() }}{% endfor %}\
         <p>{{ address }}</p><a href=\"{{ unsubscribe_url() }}\">Leave this newsletter</a></body></html>",
    );
    picture(&world, "ferry.png");
    picture(&world, "map.png");
    article(&world, "mute", "Without words", "image: ferry.png\n", "Text.\n\n![](map.png)");
    article(
        &world,
        "flourish",
        "A flourish",
        "image: ferry.png\nimage_alt: \"\"\n",
        "Text. <img src=\"map.png\" alt=\"\">",
    );
    article(
        &world,
        "good",
        "All is well",
        "image: ferry.png\nimage_alt: A ferry at night\n",
        "See [the timetable of ferries](https://a.example/b).",
    );
    article(
        &world,
        "dead",
        "A dead end",
        "",
        "[The old page](/articles/gone), [a topic](/topics/none), [a picture](/media/none.png) and [the year](/archive/1999); but [another article](good.md), [feeds](/feeds/news.rss) and [home](/) are there.",
    );
    article(
        &world,
        "vague",
        "Vague words",
        "",
        "[Click here](https://a.example/1), [више](https://a.example/2), [ovde](https://a.example/3) and <https://a.example/4/5>.",
    );
    article(&world, "braces", "Dear {{ name }}", "", "TODO: figures. `{{ in_code }}` and [[Another]].");
    world.pass(false).await;

    let plan = refused(&world);
    one(&plan, "alt", "holds", "mute", &["ferry.png"]);
    one(&plan, "alt", "holds", "mute", &["map.png"]);
    one(&plan, "dead", "warning", "dead", &["/articles/gone"]);
    for gone in ["/topics/none", "/media/none.png", "/archive/1999"] {
        one(&plan, "dead", "warning", "dead", &[gone]);
    }
    one(&plan, "words", "warning", "vague", &["Click here", "више", "ovde", "https://a.example/4/5"]);
    one(&plan, "leftover", "holds", "braces", &["{{ name }}"]);
    one(&plan, "leftover", "warning", "braces", &["TODO"]);
    one(&plan, "leftover", "warning", "braces", &["[[Another]]"]);
    for (what, _) in [("alt", 0), ("dead", 0), ("words", 0), ("leftover", 0)] {
        for (_, article, reason) in found(&plan, what) {
            assert!(!["good", "flourish"].contains(&article.as_str()), "{article}: {reason}");
        }
    }
    assert_eq!(found(&plan, "dead")[0].2.matches("http://").count(), 4, "{plan:#}");
    assert!(!plan.to_string().contains("in_code"), "code is meant as it stands");
    assert!(plan["refused"].as_str().expect("a reason").contains("mute"), "{plan:#}");
    for what in ["unsubscribe", "empty", "address", "line", "size", "relative"] {
        assert_eq!(found(&plan, what), [], "{what}");
    }

    let (code, _) = herald(&world, &["send", "daily", "--yes"]);
    assert_eq!(code, 1, "it is refused");
    let (code, _) = herald(&world, &["send", "daily", "--yes", "--decorative"]);
    assert_eq!(code, 1, "pictures may be decorative; braces are still wrong");
    assert!(world.outbox().is_empty());
    assert_eq!(json(&world, &["--json", "editions", "list"]), serde_json::json!([]));

    let looked = json(&world, &["--json", "preview", "daily", "--out", "look"]);
    one(&looked, "alt", "holds", "mute", &["ferry.png"]);
    let test = json(&world, &["--json", "send", "daily", "--test", "desk@reader.test"]);
    one(&test, "leftover", "holds", "braces", &["{{ name }}"]);
    assert_eq!(world.outbox().len(), 1, "a test copy shows what is wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_lost_what_a_mail_needs_sends_nothing() {
    let mut world = World::new().await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.write(
        "templates/mail/digest.html",
        "<!doctype html><html><body>{% for story in stories %}{{ story_begin(position=story.position) }}\
         <a href=\"/articles/x\">{{ story.title }}</a><a href=\"\">Nowhere at all</a><img src=\"logo.png\">{{ story_end() }}{% endfor %}</body></html>",
    );
    world.write("templates/mail/digest.txt", " \n");
    article(&world, "s1", "Story 1.", "", "Text.");
    world.pass(false).await;
    let plan = refused(&world);
    one(&plan, "unsubscribe", "holds", "", &["unsubscribe_url()"]);
    one(&plan, "empty", "holds", "", &["text part"]);
    one(&plan, "relative", "holds", "s1", &["/articles/x"]);
    one(&plan, "relative", "holds", "s1", &["Nowhere at all"]);
    one(&plan, "relative", "holds", "s1", &["logo.png"]);
    one(&plan, "alt", "holds", "", &["logo.png"]);
    one(&plan, "address", "warning", "", &["HTML", "postal address"]);
    assert_eq!(herald(&world, &["send", "daily", "--yes"]).0, 1);
    let (code, said) = herald(&world, &["check"]);
    assert_eq!(code, 2, "{said}");
    for words in ["way to leave", "/articles/x", "logo.png", "text part"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    world.reopen().await;
    world.pass(true).await;
    let held = json(&world, &["--json", "editions", "show", "1"]);
    assert_eq!(held["state"], "held", "{held}");
    one(&held, "unsubscribe", "holds", "", &["unsubscribe_url()"]);
    let reason = held["reason"].as_str().expect("a reason");
    assert!(reason.contains("the mail in en, sr-Latn, sr-Cyrl: the picture logo.png"), "{reason}");
    assert!(herald(&world, &["editions", "show", "1"]).1.contains("Found when it was made:"));
    assert!(world.outbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_without_alt_text_holds_the_edition_until_it_is_called_decorative() {
    let world = World::new().await;
    // Commands have the machine's clock.
    world.advance(herald::clock::Clock::system().now() - world.now());
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    picture(&world, "ferry.png");
    article(&world, "mute", "Without words", "image: ferry.png\n", "Text.");
    world.pass(true).await;
    assert!(world.outbox().is_empty());
    let held = json(&world, &["--json", "editions", "show", "1"]);
    assert_eq!(held["state"], "held", "{held}");
    let reason = held["reason"].as_str().expect("a reason");
    assert!(reason.contains("mute") && reason.contains("ferry.png"), "article and picture: {reason}");
    assert_eq!(herald(&world, &["editions", "resume", "1"]).0, 1, "the word is asked for");
    world.pass(false).await;
    assert!(world.outbox().is_empty());
    assert_eq!(json(&world, &["--json", "editions", "resume", "1", "--decorative"])["state"], "queued");
    world.advance(Duration::minutes(2));
    world.pass(false).await;
    assert_eq!(world.outbox().len(), 1);
    let shown = json(&world, &["--json", "editions", "show", "1"]);
    let decided = &shown["findings"][0]["decided"];
    assert!(decided["by"].is_string() && decided["at"].is_string(), "who and when: {shown}");

    // The other way: the file is mended, the edition taken back, and its stories are new again.
    world.clear_outbox();
    article(&world, "mute2", "Without words too", "image: ferry.png\n", "Text.");
    world.advance(Duration::days(1));
    world.pass(true).await;
    assert_eq!(json(&world, &["--json", "editions", "show", "2"])["state"], "held");
    article(&world, "mute2", "Without words too", "image: ferry.png\nimage_alt: A ferry\n", "Text.");
    assert_eq!(herald(&world, &["editions", "cancel", "2", "--yes"]).0, 0);
    world.pass(true).await;
    assert_eq!(world.outbox().len(), 1);
    assert!(world.outbox()[0].html.contains("alt=\"A ferry\""));

    // By hand.
    world.clear_outbox();
    article(&world, "mute3", "Without words again", "image: ferry.png\n", "Text.");
    world.advance(Duration::minutes(10));
    world.pass(false).await;
    let send = ["--json", "send", "daily", "--article", "mute3", "--yes"];
    assert_eq!(herald(&world, &send).0, 1);
    let sent = json(&world, &[send.as_slice(), &["--decorative"]].concat());
    assert_eq!(sent["counts"]["sent"], 1, "{sent}");
    assert!(sent["findings"][0]["decided"]["by"].is_string(), "{sent}");
}

#[tokio::test]
async fn a_mail_near_the_limit_of_gmail_is_said_with_its_language_and_size() {
    let config = CONFIG.replace("hold = \"0s\"", "hold = \"0s\"\nmax_items = 60\nfirst_edition = 60");
    let world = World::with(&config).await;
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\nbo@reader.test,sr-Cyrl\n");
    for n in 0..40 {
        let summary = "Спасиоци из шест земаља вежбали су на Сави евакуацију по ноћи. ".repeat(5);
        let date = (world.now() - Duration::hours(2)).to_rfc3339();
        for (tongue, text) in [("sr-Cyrl", summary.as_str()), ("en", "Rescuers.")] {
            let file = format!("articles/s{n}.{tongue}.md");
            world.write(
                &file,
                &format!("---\ntitle: Story {n}\ndate: {date}\nlang: {tongue}\nsummary: {text}\n---\n\nText.\n"),
            );
        }
    }
    world.pass(true).await;
    let shown = json(&world, &["--json", "editions", "show", "1"]);
    let sizes = shown["findings"].as_array().expect("findings").iter().filter(|finding| finding["what"] == "size");
    let mut languages: Vec<&str> = sizes.map(|finding| finding["language"].as_str().expect("a language")).collect();
    languages.sort_unstable();
    // Nothing of it is in Serbian Latin, so its readers get the Cyrillic.
    assert_eq!(languages, ["sr-Cyrl", "sr-Latn"], "{:#}", shown["findings"]);
    let size = &found(&shown, "size")[0];
    assert!(size.2.contains(" KB") && size.0 == "warning", "{size:?}");
    assert_eq!(shown["state"], "done", "a warning holds nothing");
}

/// The encodings of the parts, in order.
fn encodings(raw: &str) -> Vec<&str> {
    raw.lines().filter_map(|line| line.strip_prefix("Content-Transfer-Encoding: ")).collect()
}

#[tokio::test]
async fn each_part_leaves_in_the_smaller_encoding_and_says_the_same() {
    let mut world = World::new().await;
    world.write(
        "subscribers/public.csv",
        "email,name,language\nana@reader.test,Ana,sr-Latn\nbo@reader.test,\"Бо \"\"Бо\"\" <b>\",sr-Cyrl\n",
    );
    let date = (world.now() - Duration::hours(1)).to_rfc3339();
    let cyrillic = "Спасиоци из шест земаља вежбали су на Сави.";
    for (tongue, title, text) in [
        ("sr-Latn", "Šest zemalja vežba na Savi", "Spasioci su vežbali."),
        ("sr-Cyrl", "Шест земаља вежба на Сави", cyrillic),
    ] {
        let paragraphs = format!("{text}\n\n").repeat(3);
        world.write(
            &format!("articles/sava.{tongue}.md"),
            &format!("---\ntitle: {title}\ndate: {date}\nlang: {tongue}\nsummary: {text}\n---\n\n{paragraphs}"),
        );
    }
    world.write(
        "templates/mail/digest.html",
        "<html lang=\"{{ language }}\"><head><title>{{ subject() }}</title></head><body><p>{{ recipient(field=\"name\") }}</p>\
         {% for story in stories %}{{ story_begin(position=story.position) }}<h1>{{ story.title }}</h1>{{ story.html | safe }}\
         {{ story_end() }}{% endfor %}<p>{{ address }}</p><a href=\"{{ unsubscribe_url() }}\">{{ t(key=\"mail-unsubscribe\", title=newsletter.title) }}</a></body></html>",
    );
    world.write("templates/mail/digest.txt", "{{ recipient(field=\"name\") }}\n{% for story in stories %}{{ story_begin(position=story.position) }}{{ story.title }}\n\n{{ story.text }}\n{{ story_end() }}{% endfor %}{{ address }}\n{{ unsubscribe_url() }}\n");
    world.reopen().await;
    world.pass(true).await;
    let mails = world.outbox();
    let of = |to: &str| mails.iter().find(|mail| mail.to == to).expect("a mail");
    let (latin, cyrl) = (of("ana@reader.test"), of("bo@reader.test"));
    assert_eq!(encodings(&latin.raw), ["quoted-printable"; 2], "{}", latin.raw);
    assert_eq!(encodings(&cyrl.raw), ["base64"; 2], "{}", cyrl.raw);
    assert!(latin.raw.contains("Spasioci su ve=C5=BEbali."), "readable as it stands");
    assert_eq!(cyrl.text.matches(cyrillic).count(), 3, "{}", cyrl.text);
    assert!(cyrl.text.starts_with("Бо \"Бо\" <b>"), "{}", cyrl.text);
    assert!(cyrl.html.contains("<p>Бо &quot;Бо&quot; &lt;b&gt;</p>"), "{}", cyrl.html);
    assert!(cyrl.html.trim_end().ends_with("</body></html>"), "{}", cyrl.html);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_about_pictures_does_not_stand_for_an_approval() {
    let config = CONFIG.replace("hold = \"0s\"", "hold = \"0s\"\napproval = \"other\"");
    let world = World::with(&config).await;
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    picture(&world, "ferry.png");
    article(&world, "mute", "Without words", "image: ferry.png\n", "Text.");
    world.pass(true).await;
    let held = json(&world, &["--json", "editions", "show", "1"]);
    let reason = held["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("waits for approval (0 of 1); ") && reason.contains("ferry.png"), "{reason}");
    assert_eq!(herald(&world, &["editions", "resume", "1"]).0, 1);
    let noted = json(&world, &["--json", "editions", "resume", "1", "--decorative"]);
    assert_eq!((&noted["state"], &noted["reason"]), (&"held".into(), &"waits for approval (0 of 1)".into()), "{noted}");
    world.pass(false).await;
    assert!(world.outbox().is_empty(), "nobody has approved it");
}

#[test]
fn there_is_nothing_to_say_against_any_article_of_the_sample() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let output = assert_cmd::Command::cargo_bin("herald")
            .expect("the binary")
            .args(arguments)
            .current_dir(folder.path())
            .output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    run(&["init", "--demo"]);
    let file = folder.path().join("config.toml");
    let config = std::fs::read_to_string(&file).expect("config.toml");
    let more = config.replace("template = \"digest\"", "template = \"digest\"\nmax_items = 60\nfirst_edition = 60");
    assert_ne!(config, more, "the digest of the sample");
    std::fs::write(&file, more).expect("config.toml");
    run(&["once"]);
    for newsletter in ["daily", "alerts"] {
        let seen: Value = serde_json::from_str(&run(&["--json", "preview", newsletter])).expect("JSON");
        assert!(seen["stories"].as_array().expect("stories").len() > 3 || newsletter == "alerts", "{seen:#}");
        assert_eq!(seen["findings"], serde_json::json!([]), "{newsletter}");
    }
    let checked: Value = serde_json::from_str(&run(&["--json", "check"])).expect("JSON");
    assert_eq!((&checked["templates"], &checked["template_remarks"]), (&serde_json::json!([]), &serde_json::json!([])));
}
