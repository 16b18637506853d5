//! Pages and pictures as a browser gets them: over HTTP from a real server.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{Duration, TimeZone, Utc};
use herald::article::{Content, Draft};
use herald::clock::Clock;
use herald::config::Config;
use herald::feed::Shelf;
use herald::store::{Store, articles, keys};
use herald::template::Templates;
use herald::wake::Wake;
use herald::web::{self, public};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::world::World;

const CONFIG: &str = "[site]\ntitle = \"Newsroom\"\nurl = \"http://127.0.0.1:8080\"\nlanguages = [\"en\", \"sr-Cyrl\"]\naddress = \"Street 1\"\n\
                      [[feeds.feed]]\nname = \"news\"\ntitle = \"All news\"\n";

/// A newsroom with one public article and one under embargo, each with a picture.
struct Served {
    address: String,
    stop: CancellationToken,
    site: public::Site,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn new() -> Served {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.toml");
        let config = Config::load(&file, CONFIG, []).expect("a configuration");
        let media = config.path(&config.site.media);
        std::fs::create_dir_all(&media).expect("a folder of pictures");
        for name in ["shown.jpg", "secret.jpg", "stray.jpg"] {
            std::fs::write(media.join(name), [0xff, 0xd8, 0xff, 0xe0]).expect("a picture");
        }
        std::fs::write(folder.path().join("secret.txt"), "secret").expect("a file");
        let store = Store::open("sqlite://herald.db", folder.path()).await.expect("a store");
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 6, 0, 0).single().expect("an instant");
        let mut tx = store.write().await.expect("a transaction");
        for (name, embargo) in [("shown", None), ("secret", Some(now + Duration::hours(1)))] {
            let draft = Draft {
                key: format!("{name}.md"),
                slug: name.to_owned(),
                language: "en".parse().expect("a language"),
                published: Some(now - Duration::hours(1)),
                embargo,
                media: vec![format!("{name}.jpg")],
                content: Content {
                    title: format!("Story {name}"),
                    html: format!("<p>Text of {name}</p>"),
                    ..Content::default()
                },
                ..Draft::default()
            };
            articles::take_in(&mut tx, "newsroom", &draft, now).await.expect("an article");
        }
        articles::release_due(&mut tx, now).await.expect("a release");
        let keyring = Arc::new(keys::ring(&mut tx).await.expect("keys"));
        tx.commit().await.expect("a commit");
        let site = public::Site {
            templates: Arc::new(Templates::for_config(&config).expect("templates")),
            clock: Clock::standing(now),
            shelf: Arc::new(Shelf::new()),
            wake: Wake::new(),
            guests: Arc::default(),
            config: Arc::new(config),
            store,
            keyring,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let stop = CancellationToken::new();
        tokio::spawn(web::serve_public(listener, None, site.clone(), stop.clone()));
        Served { address, stop, site, _folder: folder }
    }

    /// Status, head in lower case, body.
    async fn ask(&self, method: &str, path: &str, head: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).await.expect("a connection");
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("an answer");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        (status, head.to_lowercase(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The value of a field of a head.
fn field<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

#[tokio::test]
async fn a_page_is_kept_and_asked_for_again() {
    let served = Served::new().await;
    let (status, head, body) = served.ask("GET", "/", "").await;
    assert_eq!(status, 200);
    assert!(body.contains("Story shown") && !body.contains("Story secret"), "{body}");
    assert!(field(&head, "content-security-policy").contains("default-src 'none'"), "{head}");
    let (tag, date) = (field(&head, "etag"), field(&head, "last-modified"));
    for known in [format!("if-none-match: {tag}\r\n"), format!("if-modified-since: {date}\r\n")] {
        let (status, _, body) = served.ask("GET", "/", &known).await;
        assert_eq!((status, body.as_str()), (304, ""), "{known}");
    }
    let (status, known, nothing) = served.ask("HEAD", "/", "").await;
    assert_eq!((status, nothing.as_str()), (200, ""));
    assert_eq!(field(&known, "content-length"), body.len().to_string());
    assert_eq!(served.ask("POST", "/articles/shown", "content-length: 0\r\n").await.0, 405);
    let sheet = body.split("href=\"/assets/").nth(1).and_then(|s| s.split('"').next()).expect("a style sheet");
    let (status, head, _) = served.ask("GET", &format!("/assets/{sheet}"), "").await;
    assert_eq!(status, 200);
    assert!(field(&head, "cache-control").contains("immutable"), "{head}");
    let (status, head, _) = served.ask("GET", "/assets/site-0123456789abcdef.css", "").await;
    assert_eq!((status, field(&head, "cache-control")), (200, "no-cache"), "an older page's sheet");
}

#[tokio::test]
async fn a_picture_is_served_while_a_public_article_shows_it() {
    let served = Served::new().await;
    let (status, head, _) = served.ask("GET", "/media/shown.jpg", "").await;
    assert_eq!(status, 200);
    assert_eq!((field(&head, "content-type"), field(&head, "content-length")), ("image/jpeg", "4"));
    assert_eq!(field(&head, "x-content-type-options"), "nosniff");
    assert!(field(&head, "cache-control").contains("immutable"), "{head}");
    let known = format!("if-none-match: {}\r\n", field(&head, "etag"));
    assert_eq!(served.ask("GET", "/media/shown.jpg", &known).await.0, 304);
    assert_eq!(served.ask("HEAD", "/media/shown.jpg", "").await.2, "");
    for path in [
        "/media/secret.jpg",
        "/media/stray.jpg",
        "/media/none.jpg",
        "/media/",
        "/media/..%2f..%2fsecret.txt",
        "/media/../secret.txt",
    ] {
        let (status, head, body) = served.ask("GET", path, "").await;
        assert_eq!(status, 404, "{path}: {head}");
        assert!(!body.contains("secret\n") && !head.contains("immutable"), "{path}");
    }
    served.site.clock.advance(Duration::hours(1));
    let mut tx = served.site.store.write().await.expect("a transaction");
    articles::release_due(&mut tx, served.site.clock.now()).await.expect("a release");
    tx.commit().await.expect("a commit");
    assert_eq!(served.ask("GET", "/media/secret.jpg", "").await.0, 200, "its instant has come");
    assert!(served.ask("GET", "/", "").await.2.contains("Story secret"));
}

#[tokio::test]
async fn a_hostile_path_gets_a_plain_answer() {
    let served = Served::new().await;
    for path in [
        "/articles/secret",
        "/articles/..%2f..%2fetc%2fpasswd",
        "/articles/%00",
        "/articles/%ff%fe",
        "//host.example/%2e%2e",
        "/archive/0000",
        "/archive/-1/1",
        "/archive/9999/12",
        "/archive/2026/99",
        "/topics/%3Cscript%3E",
        "/feeds/none/",
        "/newsletters/daily/1",
        "/newsletters/a/-1",
        "/sr-cyrl/sr-cyrl/",
        "/.env",
        "/index.php?a[]=1",
    ] {
        let (status, head, body) = served.ask("GET", path, "").await;
        assert_eq!(status, 404, "{path}: {head}");
        assert_eq!(
            body.matches("<script").count(),
            body.matches("<script type=\"application/ld+json\">").count(),
            "{path}"
        );
    }
    for path in [
        "/?page=%F0%28",
        "/?%3Cscript%3E=1",
        "/archive/?q=%00",
        "/feeds/",
        "/feeds/news/",
        "/sr-cyrl/feeds/",
        "/privacy",
    ] {
        let (status, _, body) = served.ask("GET", path, "").await;
        assert_eq!(status, 200, "{path}");
        assert_eq!(
            body.matches("<script").count(),
            body.matches("<script type=\"application/ld+json\">").count(),
            "{path}"
        );
    }
    let far = format!("/articles/{}", "a".repeat(7_000));
    assert!(matches!(served.ask("GET", &far, "").await.0, 404 | 414), "a path without end");
}

/// The sample newsroom, read from its files as `herald run` does.
async fn sample() -> World {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let world = World::with(&std::fs::read_to_string(root.join("config.toml")).expect("config.toml")).await;
    world.clock.set(Utc.with_ymd_and_hms(2026, 11, 24, 6, 30, 0).single().expect("an instant"));
    for folder in ["articles", "subscribers"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let entry = entry.expect("an entry");
            let to = world.path(&entry.path().strip_prefix(root).expect("under the root").to_string_lossy());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(to).expect("a folder");
            } else {
                std::fs::copy(entry.path(), to).expect("a file");
            }
        }
    }
    world
}

#[tokio::test]
async fn every_link_of_the_sample_newsroom_leads_somewhere() {
    let world = sample().await;
    world.pass(true).await;
    let mut waiting =
        vec!["/".to_owned(), "/sr-latn/".to_owned(), "/sr-cyrl/".to_owned(), "/newsletters/daily/1".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = world.ask("GET", &path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.body.contains("Six countries, one handbook"), "{path} shows what is under embargo");
        if answer.head.to_lowercase().contains("content-type: text/html") {
            if !path.starts_with("/newsletters/") {
                assert!(answer.body.len() < 30_000, "{path} is {} bytes", answer.body.len());
            }
            waiting.extend(ours(&answer.body));
        }
    }
    for path in [
        "/articles/small-rooms",
        "/sr-cyrl/articles/new-bridge",
        "/archive/2024/03",
        "/topics/science",
        "/feeds/vesti-cir.json",
    ] {
        assert!(seen.contains(path), "{path} is linked from somewhere");
    }
    assert!(seen.iter().filter(|path| path.starts_with("/media/")).count() >= 8, "pictures: {seen:?}");
}

/// The paths of ours that a page links to or shows.
fn ours(html: &str) -> Vec<String> {
    let home = "http://127.0.0.1:8080";
    let values = ["href=\"", "src=\""].into_iter().flat_map(|name| html.split(name).skip(1));
    values
        .filter_map(|rest| rest.split('"').next())
        .map(|url| url.strip_prefix(home).unwrap_or(url))
        .filter(|path| path.starts_with('/'))
        .map(|path| path.replace("&amp;", "&").replace("&#x2F;", "/"))
        .collect()
}

#[test]
fn the_sample_newsroom_is_told_in_scripts_that_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("articles");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).expect("articles/") {
        let cyrillic = entry.expect("an entry").path();
        let Some(stem) = cyrillic.to_str().and_then(|p| p.strip_suffix(".sr-Cyrl.md")) else { continue };
        let latin = std::fs::read_to_string(format!("{stem}.sr-Latn.md")).expect("the same in Latin script");
        let cyrillic = std::fs::read_to_string(&cyrillic).expect("a text");
        let words = |text: &str| in_latin(text).replace("sr-latn", "sr-cyrl");
        assert_eq!(words(&cyrillic), words(&latin), "{stem}");
        compared += 1;
    }
    assert!(compared >= 5, "{compared}");
}

/// Serbian Cyrillic in Latin letters.
fn in_latin(text: &str) -> String {
    const PAIRS: [(char, &str); 30] = [
        ('а', "a"),
        ('б', "b"),
        ('в', "v"),
        ('г', "g"),
        ('д', "d"),
        ('ђ', "đ"),
        ('е', "e"),
        ('ж', "ž"),
        ('з', "z"),
        ('и', "i"),
        ('ј', "j"),
        ('к', "k"),
        ('л', "l"),
        ('љ', "lj"),
        ('м', "m"),
        ('н', "n"),
        ('њ', "nj"),
        ('о', "o"),
        ('п', "p"),
        ('р', "r"),
        ('с', "s"),
        ('т', "t"),
        ('ћ', "ć"),
        ('у', "u"),
        ('ф', "f"),
        ('х', "h"),
        ('ц', "c"),
        ('ч', "č"),
        ('џ', "dž"),
        ('ш', "š"),
    ];
    let mut out = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        match PAIRS.iter().find(|(cyrillic, _)| *cyrillic == c) {
            Some((_, latin)) => out.push_str(latin),
            None => out.push(c),
        }
    }
    out
}
