//! Accredited press get an article before its embargo ends: approved, marked as such, and nobody else.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use crate::world::{CONFIG, World, json, stores};

/// When it goes public: to come, by the clock of the commands and by the test's own.
const UNTIL: &str = "2031-05-18T10:00:00Z";

struct Said(i32, String, String);

/// A command with a line of standard input, as a token is given where there is no terminal.
fn typed(world: &World, line: &str, arguments: &[&str]) -> Said {
    let output = assert_cmd::Command::cargo_bin("herald")
        .expect("the binary")
        .env_remove("HERALD_LOG")
        .arg("--config")
        .arg(world.path("config.toml"))
        .args(arguments)
        .write_stdin(format!("{line}\n"))
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said(output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn secret(text: &str, until: &str) -> String {
    format!(
        "---\ntitle: Bridge opens\ndate: 2026-03-01\nlang: sr-Latn\nslug: secret-bridge\nimage: map.jpg\nimage_alt: A map\n\
         embargo: {until}\n---\n\n{text}\n"
    )
}

/// A newsroom with an article under embargo, readers, press, and somebody who may approve; with her token.
async fn newsroom(store: Option<&str>) -> (World, String) {
    let store = store.map_or(String::new(), |url| format!("[store]\nurl = \"{url}\"\n"));
    let config = CONFIG.replace("hold = \"0s\"", "hold = \"0s\"\nadvance = [\"press\"]");
    let press = "[[lists]]\nname = \"press\"\nfile = \"subscribers/press.csv\"\n";
    let world = World::with(&format!("{config}{store}{press}")).await;
    world.article("open", "Known to all", "en", Duration::days(1));
    std::fs::write(world.path("articles/map.jpg"), b"\xff\xd8\xff\xe0 a picture").expect("a picture");
    world.write("articles/secret.md", &secret("Hidden words.", UNTIL));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\nmila@press.test,sr-Cyrl\n");
    world.write("subscribers/press.csv", "email,language\nmila@press.test,sr-Cyrl\nvuk@press.test,sr-Latn\n");
    world.pass(false).await;
    let Said(code, _, said) =
        typed(&world, "", &["staff", "add", "Bo", "--email", "bo@desk.test", "--role", "approver", "--language", "en"]);
    assert_eq!(code, 0, "{said}");
    let token = json(&world, &["--json", "staff", "token", "Bo"])["token"].as_str().expect("a token").to_owned();
    (world, token)
}

fn shown(world: &World, id: &str) -> Value {
    json(world, &["--json", "editions", "show", id])
}

fn press(world: &World) -> Vec<String> {
    world.outbox().into_iter().map(|letter| letter.to).filter(|to| !to.ends_with("@desk.test")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn press_get_it_approved_and_marked_and_nobody_gets_it_twice() {
    for store in stores().await {
        let (world, token) = newsroom(store.as_deref()).await;
        let send =
            |more: &[&str]| typed(&world, "", &[&["send", "daily", "--article", "secret-bridge"], more].concat());
        for (more, words) in [
            (["--to", "public"].as_slice(), "may go to press only"),
            (&["--test", "a@b.test"], "no test copy"),
            (&["--at", "2031-06-01 07:00"], "by then it is public"),
            (&["--ramp"], "goes at once"),
            (&["--article", "open"], "send them apart"),
        ] {
            let Said(code, _, said) = send(&[more, &["--yes"]].concat());
            assert!(code == 2 && said.contains(words), "{more:?}: {code} {said}");
        }
        let Said(code, _, said) = send(&["--dry-run"]);
        assert!(code == 0 && said.contains("UNDER EMBARGO until") && said.contains("2 people on press"), "{said}");
        let Said(code, said, error) = send(&["--yes"]);
        assert!(
            code == 0 && said.contains("waits for approval"),
            "although the newsletter asks for none: {said}{error}"
        );

        // Who may approve is told that, and nothing of the article; nor is the log.
        let Said(_, said, log) = typed(&world, "", &["once"]);
        let asked = world.outbox();
        assert!(asked.len() == 1 && asked[0].to == "bo@desk.test", "{asked:?}");
        for text in [&asked[0].raw, &asked[0].text, &said, &log] {
            assert!(!text.contains("Bridge opens") && !text.contains("secret-bridge"), "{text}");
        }
        let Said(code, said, error) = typed(&world, &token, &["editions", "approve", "1", "--yes", "--as", "Bo"]);
        assert!(code == 0, "{said}{error}");
        let Said(_, said, log) = typed(&world, "", &["once"]);
        assert!(!said.contains("Bridge opens") && !log.contains("Bridge opens"), "{said}{log}");
        assert_eq!(press(&world), ["mila@press.test", "vuk@press.test"]);
        let letters = world.outbox();
        let letter = |to: &str| letters.iter().find(|letter| letter.to == to).expect("their copy");
        for (to, words) in [
            ("mila@press.test", "EMBARGO DO 18. maja 2031. u 12:00 (Europe/Belgrade, UTC+02:00)"),
            ("vuk@press.test", "EMBARGO DO 18. maja 2031. u 12:00 (Europe/Belgrade, UTC+02:00)"),
        ] {
            let letter = letter(to);
            // Who reads Cyrillic is given the text in the script there is, in a mail in that script.
            let words = if letter.subject.starts_with('Е') { herald_cyrillic(words) } else { words.to_owned() };
            assert!(letter.subject.starts_with(&format!("{words}: ")), "{}", letter.subject);
            assert!(letter.text.starts_with(&words), "{}", letter.text);
            let body = letter.html.split("<body").nth(1).and_then(|rest| rest.split_once('>')).expect("a body").1;
            let first = body.trim_start().split('>').nth(1).unwrap_or_default();
            assert!(first.starts_with(&words), "{body}");
            assert!(!letter.html.contains("/newsletters/") && !letter.text.contains("/newsletters/"), "no web copy");
            assert!(!letter.html.contains("/media/"), "no picture that is not given out");
            assert!(letter.html.contains("Hidden words."), "{}", letter.html);
        }
        let edition = shown(&world, "1");
        assert_eq!((&edition["state"], &edition["advance_until"]), (&"done".into(), &UNTIL.into()), "{edition}");
        for path in ["/newsletters/daily/1", "/sr-latn/newsletters/daily/1", "/sr-latn/articles/secret-bridge"] {
            assert_eq!(world.ask("GET", path, &[], "").await.status, 404, "{path}");
        }

        // At its instant it goes to everybody who has not had it, and to nobody again.
        world.clear_outbox();
        let until: DateTime<Utc> = UNTIL.parse().expect("an instant");
        world.advance(until - world.now());
        world.pass(true).await;
        assert_eq!(world.ask("GET", "/sr-latn/articles/secret-bridge", &[], "").await.status, 200);
        assert_eq!(world.ask("GET", "/newsletters/daily/1", &[], "").await.status, 404, "nor afterwards");
        let to: Vec<String> =
            world.outbox().into_iter().filter(|l| l.html.contains("Bridge opens")).map(|l| l.to).collect();
        assert_eq!(to, ["ana@reader.test"], "{:?}", world.outbox());
    }
}

/// The words of the mark in the other script.
fn herald_cyrillic(latin: &str) -> String {
    latin.replace("EMBARGO DO", "ЕМБАРГО ДО").replace("maja", "маја").replace(" u ", " у ")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_embargo_an_edit_or_its_end_takes_the_approval_back() {
    for (text, until, words) in [
        ("Hidden words.", "2031-06-18T10:00:00Z", "under embargo"),
        ("Other hidden words, and many more of them than before.", UNTIL, "corrected"),
        ("Hidden words.", "2026-03-01T00:00:00Z", "made public"),
    ] {
        let (world, token) = newsroom(None).await;
        let send = ["send", "daily", "--article", "secret-bridge", "--yes", "--at", "2031-05-01 07:00"];
        assert_eq!(typed(&world, "", &send).0, 0);
        assert_eq!(typed(&world, &token, &["editions", "approve", "1", "--yes", "--as", "Bo"]).0, 0);
        assert_eq!(shown(&world, "1")["state"], "queued", "it goes on that day");
        world.write("articles/secret.md", &secret(text, until));
        let Said(_, _, log) = typed(&world, "", &["once"]);
        let edition = shown(&world, "1");
        assert_eq!(edition["state"], "held", "{words}: {edition}");
        assert!(edition["reason"].as_str().is_some_and(|why| why.contains(words)), "{words}: {edition}");
        if words != "made public" {
            assert!(!log.contains("secret-bridge") && !log.contains("Bridge opens"), "{log}");
        }
        assert!(press(&world).iter().all(|to| to == "ana@reader.test"), "{:?}", press(&world));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_accredited_press_it_goes_to_nobody() {
    let world = World::new().await;
    world.write("articles/secret.md", &secret("Hidden words.", UNTIL));
    world.write("subscribers/public.csv", "email\nana@reader.test\n");
    world.pass(false).await;
    let Said(code, _, said) = typed(&world, "", &["send", "daily", "--article", "secret-bridge", "--yes"]);
    assert!(code == 2 && said.contains("newsletters.daily.advance"), "{said}");
    assert!(world.outbox().is_empty());
}
