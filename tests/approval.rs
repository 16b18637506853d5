//! What somebody made goes out when somebody else has approved it, and not before; by the commands that people type.

use chrono::Duration;
use serde_json::Value;

use crate::world::{CONFIG, World, json, stores};

/// What a command said: exit code, standard output, standard error.
struct Said(i32, String, String);

/// A command with a line of standard input, as a token is given where there is no terminal.
fn typed(world: &World, line: &str, arguments: &[&str]) -> Said {
    let output = assert_cmd::Command::cargo_bin("herald")
        .expect("the binary")
        .arg("--config")
        .arg(world.path("config.toml"))
        .args(arguments)
        .write_stdin(format!("{line}\n"))
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said(output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn account(world: &World, name: &str, role: &str, language: &str) -> String {
    let email = format!("{}@desk.test", name.split(' ').next().unwrap_or_default().to_lowercase());
    let Said(code, _, said) =
        typed(world, "", &["staff", "add", name, "--email", &email, "--role", role, "--language", language]);
    assert_eq!(code, 0, "{said}");
    json(world, &["--json", "staff", "token", name])["token"].as_str().expect("a token").to_owned()
}

/// A newsroom whose daily needs this approval, with a story and two readers.
async fn newsroom(store: Option<&str>, approval: &str) -> World {
    let store = store.map_or(String::new(), |url| format!("[store]\nurl = \"{url}\"\n"));
    let config = CONFIG.replace("hold = \"0s\"", &format!("hold = \"0s\"\napproval = \"{approval}\""));
    let world = World::with(&format!("{config}{store}")).await;
    world.article("s1", "Floods in the north.", "en", Duration::hours(2));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\nbo@reader.test,en\n");
    world.pass(false).await;
    world
}

fn shown(world: &World, id: &str) -> Value {
    json(world, &["--json", "editions", "show", id])
}

fn readers(world: &World) -> Vec<String> {
    world.outbox().into_iter().map(|letter| letter.to).filter(|to| to.ends_with("@reader.test")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_it_never_approves_it_and_another_does() {
    for store in stores().await {
        let world = newsroom(store.as_deref(), "other").await;
        let ana = account(&world, "Ana Ilić", "admin", "en");
        let bo = account(&world, "Bo", "approver", "sr-Latn");
        let ed = account(&world, "Ed", "editor", "en");
        let Said(code, said, error) = typed(&world, &ana, &["send", "daily", "--as", "ana ilić", "--yes"]);
        assert!(code == 0 && said.contains("waits for approval"), "{said}{error}");
        let edition = shown(&world, "1");
        assert_eq!((&edition["state"], &edition["made_by"]), (&"held".into(), &"Ana Ilić".into()), "{edition}");
        assert_eq!(edition["reason"], "waits for approval (0 of 1)");
        // Those who may approve it are told, in their language, with no word of an article but the subject.
        assert_eq!(typed(&world, "", &["once"]).0, 0);
        assert!(readers(&world).is_empty());
        let told = world.outbox();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(
            (told[0].to.as_str(), told[0].subject.as_str()),
            ("bo@desk.test", "Dnevni pregled br. 1 čeka odobrenje")
        );
        assert!(
            told[0].text.contains("Šalje se za 2 osobe.") && told[0].text.contains("herald editions approve 1 --as")
        );
        assert!(!told[0].text.contains("The text of"), "{}", told[0].text);
        world.clear_outbox();

        let approve =
            |token: &str, name: &str| typed(&world, token, &["editions", "approve", "1", "--yes", "--as", name]);
        for (token, name, code, words) in [
            (&ana, "Ana Ilić", 1, "made this edition"),
            (&ed, "Ed", 1, "an approver or an admin approves"),
            (&ana, "Bo", 1, "that is not the token of “Bo”"),
            (&String::new(), "Bo", 1, "no token of “Bo” was given"),
            (&bo, "Cy", 2, "there is no account “Cy”"),
        ] {
            let Said(ended, _, said) = approve(token, name);
            assert!(ended == code && said.contains(words), "{name}: {ended} {said}");
            assert!(!said.contains(token.as_str()) || token.is_empty(), "a token is never printed");
        }
        // Nothing else lets it go.
        let Said(code, _, said) = typed(&world, "", &["editions", "resume", "1"]);
        assert!(code == 2 && said.contains("waits for approval"), "{said}");
        assert_eq!(typed(&world, "", &["once"]).0, 0);
        assert!(world.outbox().is_empty());

        let Said(code, said, error) = approve(&bo, "Bo");
        assert!(code == 0 && said.contains("Bo has approved edition 1"), "{said}{error}");
        assert_eq!(typed(&world, "", &["once"]).0, 0);
        assert_eq!(readers(&world), ["ana@reader.test", "bo@reader.test"]);
        let edition = shown(&world, "1");
        assert_eq!((&edition["state"], &edition["approvals"][0]["name"]), (&"done".into(), &"Bo".into()), "{edition}");
        let log: Vec<_> =
            edition["log"].as_array().expect("a log").iter().map(|act| (&act["who"], &act["what"])).collect();
        assert_eq!(log, [(&"Ana Ilić".into(), &"made it".into()), (&"Bo".into(), &"approved it".into())]);
        let Said(code, _, said) = approve(&bo, "Bo");
        assert!(code == 2 && said.contains("nothing to approve"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_means_two_and_a_user_of_the_machine_is_no_second_name() {
    let world = newsroom(None, "two").await;
    let user = whoami::username().expect("a user");
    let me = account(&world, &user, "approver", "en");
    let (ana, bo) = (account(&world, "Ana", "approver", "en"), account(&world, "Bo", "admin", "en"));
    assert_eq!(typed(&world, "", &["send", "daily", "--yes"]).0, 0);
    assert_eq!(shown(&world, "1")["made_by"], format!("user:{user}"));
    let approve = |token: &str, name: &str| typed(&world, token, &["editions", "approve", "1", "--yes", "--as", name]);
    let Said(code, _, said) = approve(&me, &user);
    assert!(code == 1 && said.contains("made this edition"), "{said}");
    assert!(approve(&ana, "Ana").1.contains("1 of 2"));
    assert_eq!(shown(&world, "1")["reason"], "waits for approval (1 of 2)");
    let Said(code, _, said) = approve(&ana, "Ana");
    assert!(code == 1 && said.contains("another person"), "{said}");
    assert_eq!(approve(&bo, "Bo").0, 0);
    assert_eq!(typed(&world, "", &["once"]).0, 0);
    assert_eq!(readers(&world).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_may_send_alone_with_a_reason_and_everybody_is_told() {
    let world = newsroom(None, "two").await;
    let (ana, bo) = (account(&world, "Ana", "admin", "en"), account(&world, "Bo", "approver", "sr-Cyrl"));
    assert_eq!(typed(&world, &ana, &["send", "daily", "--as", "Ana", "--yes"]).0, 0);
    let alone = |token: &str, name: &str, more: &[&str]| {
        let line = [&["editions", "approve", "1", "--yes", "--as", name, "--alone"], more].concat();
        typed(&world, token, &line)
    };
    assert_eq!(alone(&ana, "Ana", &[]).0, 2, "a reason is needed");
    let Said(code, _, said) = alone(&bo, "Bo", &["--reason", "I want to"]);
    assert!(code == 1 && said.contains("only an admin"), "{said}");
    assert_eq!(alone(&ana, "Ana", &["--reason", "The dam has broken"]).0, 0);
    assert_eq!(typed(&world, "", &["once"]).0, 0);
    assert_eq!(readers(&world).len(), 2);
    let told: Vec<_> = world.outbox().into_iter().filter(|letter| letter.text.contains("The dam has broken")).collect();
    let to: Vec<&str> = told.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, ["ana@desk.test", "bo@desk.test"]);
    assert!(told[1].subject.contains("је послато без одобрења"), "{}", told[1].subject);
    let log = &shown(&world, "1")["log"];
    assert_eq!((&log[1]["what"], &log[1]["why"]), (&"sent it alone".into(), &"The dam has broken".into()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_in_the_store_is_not_what_was_approved() {
    let world = newsroom(None, "two").await;
    let (ana, bo) = (account(&world, "Ana", "approver", "en"), account(&world, "Bo", "approver", "en"));
    assert_eq!(typed(&world, "", &["send", "daily", "--yes"]).0, 0);
    let approve = |token: &str, name: &str| typed(&world, token, &["editions", "approve", "1", "--yes", "--as", name]);
    assert_eq!(approve(&ana, "Ana").0, 0);
    let run = async |sql: &'static str| {
        let mut tx = world.newsroom.site.store.write().await.expect("a transaction");
        tx.q(sql).execute().await.expect(sql);
        tx.commit().await.expect("a commit");
    };
    // A forged approval counts for nothing.
    run("INSERT INTO approvals (edition, staff, hash, at, signature) SELECT edition, 2, hash, at, signature FROM approvals").await;
    assert_eq!(shown(&world, "1")["approvals"].as_array().expect("a list").len(), 1);
    assert_eq!(approve(&bo, "Bo").0, 0);
    run("UPDATE edition_variants SET rendering = REPLACE(rendering, 'Floods', 'Flowers')").await;
    assert_eq!(typed(&world, "", &["once"]).0, 0);
    let edition = shown(&world, "1");
    assert_eq!(edition["reason"], "waits for approval (0 of 2): what stands in the store is not what they approved");
    assert!(edition["state"] == "held" && readers(&world).is_empty(), "{edition}");
    let Said(code, _, said) = approve(&bo, "Bo");
    assert!(code == 1 && said.contains("not what was frozen"), "{said}");
}
