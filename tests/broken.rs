//! What is broken stops no more than it must, and is named where it stands: by `check` before it does harm, and by
//! whichever command comes upon it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Duration as Span;
use herald::service::Newsroom;

use crate::world::{CONFIG, World};

/// Two loops that end after a day and print nothing.
const ENDLESS: &str = "{% set many = range(end=1000) %}{% for a in many %}{% for b in many %}{% for c in many %}\
    {% for d in many %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("herald"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments);
    command
}

/// Exit code, standard output and standard error.
fn herald(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let done = command(&world.path(""), arguments).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout), text(&done.stderr))
}

/// The newsroom of [`CONFIG`] with a second newsletter, one story and one reader.
async fn newsroom(more: &str) -> World {
    let alert = "[[newsletters]]\nname = \"alert\"\ntitle = \"Alerts\"\nlists = [\"public\"]\nschedule = \"0 8 * * *\"\ntemplate = \"alert\"\n";
    let world = World::with(
        &CONFIG.replace("[mail]", &format!("{alert}\n[mail]")).replace("[mail]\n", &format!("{more}[mail]\n")),
    )
    .await;
    world.article("one", "Story one", "en", Span::days(1));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\n");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_made_stops_its_own_newsletter_alone() {
    let world = newsroom("").await;
    world.write("templates/mail/digest.html", "<html>\n{{ stories | uper }}</html>");
    let (code, said, _) = herald(&world, &["check"]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(said.matches("mail/digest.html:2: Unknown filter `uper`").count(), 1, "{said}");
    assert!(!said.contains("-->"), "{said}");
    let (code, said, log) = herald(&world, &["once", "--now"]);
    assert_eq!(code, 1, "{said}{log}");
    assert!(said.contains("daily: no edition could be made") && said.contains("mail/digest.html:2: "), "{said}");
    assert!(!said.contains("No newsletter was due"), "{said}");
    // Once where it happened, and once as the alarm that an edition which was due did not go out.
    assert_eq!(log.matches("Unknown filter").count(), 2, "{log}");
    assert_eq!(log.matches("alarm: ").count(), 1, "{log}");
    assert!(world.path("var/site/feeds/news.rss").exists(), "{said}");
    assert_eq!(world.outbox().len(), 1, "the alert has gone out: {said}");
    let site = world.newsroom.site.clone();
    let again = Newsroom::open(site.config, site.store, site.clock).await.expect("a newsroom");
    let greeting = again.greeting().await.expect("a greeting");
    assert_eq!(greeting.matches("mail/digest.html:2: ").count(), 1, "{greeting}");
    let (code, said, _) = herald(&world, &["--json", "preview", "daily"]);
    let failure: serde_json::Value = serde_json::from_str(&said).expect("one JSON document");
    assert_eq!((code, &failure["faults"][0]["line"]), (1, &2.into()), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_never_ends_holds_up_neither_a_pass_nor_a_stop() {
    let world = newsroom("[listen]\npublic = \"127.0.0.1:0\"\nstaff = \"127.0.0.2:0\"\n\n").await;
    world.write("templates/mail/digest.html", ENDLESS);
    let begun = Instant::now();
    let (code, said, _) = herald(&world, &["check"]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(said.matches("mail/digest.html: it was not done after 5 seconds").count(), 1, "{said}");
    assert!(begun.elapsed() < Duration::from_secs(60), "it is begun once, not once a sample and language");
    let (code, said, _) = herald(&world, &["once", "--now"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("loops within loops") && world.path("var/site/feeds/news.rss").exists(), "{said}");
    let mut daemon = command(&world.path(""), &["run", "--now"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(daemon.stdout.take().expect("standard output")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("Stop it with"))), "it serves");
    let id = daemon.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().expect("kill").success());
    let begun = Instant::now();
    let ended = loop {
        if let Some(status) = daemon.try_wait().expect("its end") {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            daemon.kill().expect("it is killed");
            panic!("a stop was not heard");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(ended.success(), "{ended}");
}

/// A relay that wants a password, in a newsroom that is fit for real mail, or not.
fn with_relay(fit: bool, secret: &str) -> String {
    let relay = format!("\n[[mail.relays]]\nname = \"out\"\nurl = \"smtp://desk@mail.office.test\"\n{secret}\n");
    let url = if fit { "https://news.herald-office.org" } else { "http://127.0.0.1:8080" };
    let config = CONFIG.replace("http://127.0.0.1:8080", url).replace("office.test", "herald-office.org");
    format!("{config}{}", relay.replace("office.test", "herald-office.org"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_not_there_is_a_fault_of_the_configuration() {
    let world = World::new().await;
    for (secret, key, reason) in [
        ("password_file = \"var/relay-password\"", "password_file", "No such file"),
        ("password_env = \"DESK_PASSWORD\"", "password_env", "not set"),
    ] {
        let config = with_relay(true, secret);
        let line = 1 + config.lines().position(|line| line == secret).expect("its line");
        world.write("config.toml", &config);
        for arguments in [&["check"][..], &["once"], &["run"], &["send", "daily", "--yes"]] {
            let (code, said, log) = herald(&world, arguments);
            let said = format!("{said}{log}");
            assert_eq!(code, 2, "{arguments:?}: {said}");
            let place = format!("config.toml:{line}: mail.relays.out.{key}: ");
            assert!(said.contains(&place) && said.contains(reason), "{arguments:?}: {said}");
        }
    }
    world.write("config.toml", &format!("{CONFIG}\n[mail.dkim]\nselector = \"s1\"\nkey_file = \"var/keys/s1.pem\"\n"));
    for arguments in [&["check"][..], &["once"]] {
        let (code, said, log) = herald(&world, arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}{log}");
        assert!(format!("{said}{log}").contains(": mail.dkim.key_file: "), "{arguments:?}: {said}{log}");
    }
    world.write("var/relay-password", "secret\n");
    world.write("config.toml", &with_relay(true, "password_file = \"var/relay-password\""));
    let (code, said, _) = herald(&world, &["check"]);
    assert_eq!(code, 0, "{said}");
    world.write("config.toml", &with_relay(false, "password_file = \"var/relay-password\""));
    let (code, said, _) = herald(&world, &["check"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("site.url") && said.contains("not fit for real mail"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_that_no_relay_takes_are_part_of_the_answer() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
    let world = newsroom("").await;
    let config = std::fs::read_to_string(world.path("config.toml")).expect("config.toml");
    let relay = format!("sandbox = true\n\n[[mail.relays]]\nname = \"out\"\nurl = \"smtp://{nobody}\"\n");
    world.write("config.toml", &format!("{config}{relay}"));
    let (code, said, log) = herald(&world, &["once", "--now", "--yes"]);
    assert_eq!(code, 3, "{said}{log}");
    assert!(said.contains("does not take mail") && said.contains("wait for the next pass"), "{said}");
}
