//! What is somewhere else now, or no more: feeds, articles, addresses of a former system; and what caches in front have to forget.

use std::path::Path;

use chrono::Duration;

use crate::daemon::{Daemon, get, port, until};
use crate::world::{CONFIG, World, herald, json};

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

#[tokio::test]
async fn addresses_of_a_former_system_and_renamed_feeds_lead_on() {
    let config = CONFIG.replacen(
        "[[feeds.feed]]\nname = \"news\"",
        "[feeds]\nmoved = { \"/feed/\" = \"news.rss\", \"/?feed=atom\" = \"news.atom\", \"/old.html\" = \"/archive/\", \"/comments/feed/\" = \"gone\" }\n\
         [[feeds.feed]]\nname = \"news\"\nformer = [\"press\"]",
        1,
    );
    let world = World::with(&config).await;
    world.article("bridge", "New bridge opens", "en", Duration::hours(1));
    world.pass(false).await;
    let base = "http://127.0.0.1:8080";
    for (from, to) in [
        ("/feed/", "/feeds/news.rss"),
        ("/feed", "/feeds/news.rss"),
        ("/?feed=atom", "/feeds/news.atom"),
        ("/old.html", "/archive/"),
        ("/feeds/press.json", "/feeds/news.json"),
        ("/feeds/press/", "/feeds/news/"),
    ] {
        let answer = world.ask("GET", from, &[], "").await;
        assert_eq!(
            (answer.status, header(&answer.head, "location")),
            (301, Some(format!("{base}{to}").as_str())),
            "{from}"
        );
        assert_eq!(world.ask("GET", to, &[], "").await.status, 200, "{to}");
    }
    assert_eq!(world.ask("GET", "/comments/feed/", &[], "").await.status, 410);
    assert_eq!(world.ask("GET", "/", &[], "").await.status, 200, "what has no such question is at home");
}

#[test]
fn a_wrong_address_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for (line, words) in [
        ("moved = { \"feed\" = \"news.rss\" }", "feed"),
        ("moved = { \"/feed/\" = \"nws.rss\" }", "news.rss"),
        ("moved = { \"/feed/*\" = \"news.rss\" }", "*"),
        ("moved = { \"/feed/\" = 5 }", "text"),
        ("hubs = [\"http://hub.example/\"]", "https://"),
        ("private_callbacks = [\"a b\"]", "host"),
    ] {
        let config = CONFIG.replacen(
            "[[feeds.feed]]\nname = \"news\"",
            &format!("[feeds]\n{line}\n[[feeds.feed]]\nname = \"news\""),
            1,
        );
        let at = config.lines().position(|l| l == line).expect("the line") + 1;
        std::fs::write(folder.path().join("config.toml"), config).expect("config.toml");
        let output = assert_cmd::Command::cargo_bin("herald")
            .expect("the binary")
            .args(["check"])
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(&format!("config.toml:{at}")) && said.contains(words), "{line}: {said}");
    }
}

#[tokio::test]
async fn a_feed_that_ends_says_so_and_then_is_gone() {
    let config = CONFIG.replacen("name = \"vesti\"", "name = \"vesti\"\nended = \"2026-03-04\"", 1);
    let world = World::with(&config).await;
    world.article("most", "Otvoren novi most", "sr-Latn", Duration::hours(1));
    world.pass(false).await;
    let feed = async || world.ask("GET", "/feeds/vesti.atom", &[], "").await;
    let before = feed().await;
    assert!(before.status == 200 && !before.body.contains("ugašen"), "{}", before.body);
    // The day comes: what goes public from then on is not in it any more.
    world.advance(Duration::hours(20));
    world.article("voz", "Stigao novi voz", "sr-Latn", Duration::minutes(5));
    world.pass(false).await;
    let last = feed().await;
    assert_eq!(last.status, 200);
    assert!(
        last.body.contains("RSS kanal je ugašen: Sve vesti") && last.body.contains("Otvoren novi most"),
        "{}",
        last.body
    );
    assert!(!last.body.contains("Stigao novi voz"), "{}", last.body);
    let first = last.body.split("<entry").nth(1).expect("an entry");
    assert!(first.contains("ugašen"), "the newest entry says so");
    world.pass(false).await;
    assert_eq!(feed().await.body, last.body, "it is the same entry each time");
    for format in ["rss", "json"] {
        let answer = world.ask("GET", &format!("/feeds/vesti.{format}"), &[], "").await;
        assert!(answer.body.contains("ugašen"), "{format}");
    }
    world.advance(Duration::days(30));
    world.pass(false).await;
    for path in ["/feeds/vesti.rss", "/feeds/vesti.atom", "/feeds/vesti.json", "/feeds/vesti/", "/sr-latn/feeds/vesti/"]
    {
        assert_eq!(world.ask("GET", path, &[], "").await.status, 410, "{path}");
    }
    assert_eq!(world.ask("GET", "/feeds/news.rss", &[], "").await.status, 200, "the other one goes on");
}

#[tokio::test]
async fn an_article_is_found_at_the_address_that_it_had() {
    let world = World::new().await;
    let write = |lang: &str, slug: &str| {
        let text = format!(
            "---\ntitle: Most\ndate: 2026-03-01\nid: 0d9cbd5c-0f5a-4b0f-a1f5-2f6f0f3c1a11\nlang: {lang}\nslug: {slug}\n---\n\nTekst.\n"
        );
        world.write("articles/most.md", &text);
    };
    write("en", "most");
    world.pass(false).await;
    assert_eq!(world.ask("GET", "/articles/most", &[], "").await.status, 200);
    // It was filed under the wrong language.
    write("sr-Latn", "most");
    world.pass(false).await;
    let answer = world.ask("GET", "/articles/most", &[], "").await;
    assert!(matches!(answer.status, 301 | 308), "{}", answer.head);
    assert_eq!(header(&answer.head, "location"), Some("/sr-latn/articles/most"));
    assert_eq!(world.ask("GET", "/sr-latn/articles/most", &[], "").await.status, 200);
}

#[tokio::test]
async fn who_polls_is_counted_by_program_and_nobodys_address_is_kept() {
    let public = port();
    let folder = tempfile::tempdir().expect("a folder");
    let config = CONFIG.replace("http://127.0.0.1:8080", &format!("http://127.0.0.1:{public}")).replacen(
        "[[sources]]",
        &format!("[listen]\npublic = \"127.0.0.1:{public}\"\nstaff = \"127.0.0.1:{}\"\n[[sources]]", port()),
        1,
    );
    std::fs::create_dir_all(folder.path().join("articles")).expect("articles/");
    std::fs::create_dir_all(folder.path().join("subscribers")).expect("subscribers/");
    std::fs::write(folder.path().join("subscribers/public.csv"), "email\n").expect("a list");
    std::fs::write(folder.path().join("config.toml"), &config).expect("config.toml");
    let mut daemon = Daemon::start(folder.path());
    until("it serves", || get(public, "/healthz"));
    let ask = |agent: &str, more: &str| asked(public, &format!("User-Agent: {agent}\r\n{more}"));
    let first = ask("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers)", "");
    let tag = header(first.split("\r\n\r\n").next().unwrap_or(""), "etag").expect("an ETag").to_owned();
    ask("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 40 subscribers)", &format!("If-None-Match: {tag}\r\n"));
    ask("Strange-Reader/9 (198.51.100.9)", "");
    daemon.signal("TERM");
    daemon.hears("Stopped.");
    let output = assert_cmd::Command::cargo_bin("herald")
        .expect("the binary")
        .args(["feeds", "readers", "--json"])
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((&told["requests"], &told["not_modified"]), (&3.into(), &1.into()), "{told}");
    let feedly =
        told["readers"].as_array().expect("readers").iter().find(|one| one["agent"] == "Feedly").expect("Feedly");
    assert_eq!(
        (&feedly["topic"], &feedly["subscribers"], &feedly["requests"]),
        (&"news.rss".into(), &42.into(), &2.into())
    );
    assert!(told["readers"].as_array().expect("readers").iter().any(|one| one["agent"] == "Strange-Reader"));
    let store = std::fs::read(folder.path().join("var/herald.db")).expect("the store");
    assert!(!store.windows(12).any(|bytes| bytes == b"198.51.100.9"), "no address in the store");
}

fn asked(port: u16, fields: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    write!(stream, "GET /feeds/news.rss HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n")
        .expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn caches_are_told_what_changed_and_again_until_they_take_it() {
    let config = CONFIG.replacen("[[sources]]", "purge = \"test ! -e broken && cat >> purged.txt\"\n[[sources]]", 1);
    let world = World::with(&config).await;
    // The command runs where the process stands, so it names its files by their whole path.
    let config = config.replace("broken", &world.path("broken").display().to_string());
    let config = config.replace("purged.txt", &world.path("purged.txt").display().to_string());
    world.write("config.toml", &config);
    let mut world = world;
    world.reopen().await;
    world.article("bridge", "New bridge opens", "en", Duration::hours(1));
    world.pass(false).await;
    assert!(lines(&world.path("purged.txt")).is_empty(), "at first there is nothing to forget");

    world.advance(Duration::hours(1));
    world.write("broken", "");
    world.article("radios", "Forty radios", "en", Duration::minutes(1));
    world.pass(false).await;
    assert!(lines(&world.path("purged.txt")).is_empty());
    std::fs::remove_file(world.path("broken")).expect("it is mended");
    world.pass(false).await;
    let told = lines(&world.path("purged.txt"));
    for path in [
        "/articles/radios",
        "/",
        "/archive/",
        "/archive/2026",
        "/archive/2026/03",
        "/feeds/news.rss",
        "/feeds/news.atom",
    ] {
        assert!(told.contains(&format!("http://127.0.0.1:8080{path}")), "{path} is not in {told:#?}");
    }
    assert!(!told.iter().any(|address| address.contains("bridge")), "{told:#?}");
    let before = told.len();
    world.pass(false).await;
    assert_eq!(lines(&world.path("purged.txt")).len(), before, "nothing changed");
    let log = json(&world, &["feeds", "pings", "--json"]);
    let purges = log["pings"].as_array().expect("pings").iter().filter(|line| line["topic"] == "purge").count();
    assert_eq!(purges, 2, "one that failed and one that went well: {log}");
    let (code, table) = herald(&world, &["feeds", "list"]);
    assert!(code == 0 && table.contains("/feeds/news.rss"), "{table}");
}
