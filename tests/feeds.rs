//! Feeds as readers get them: over HTTP from a real server, and read by other people's programs.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use chrono::{DateTime, Duration, TimeZone, Utc};
use herald::article::{Content, Draft, Note, Picture};
use herald::clock::Clock;
use herald::config::Config;
use herald::feed::{Format, Shelf};
use herald::store::{Store, articles, keys};
use herald::template::Templates;
use herald::wake::Wake;
use herald::web::{self, public};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A newsroom that serves its feeds on a port of its own.
struct Served {
    site: public::Site,
    address: String,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: u16,
    head: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Served {
    async fn new() -> Served {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let config = format!(
            "[site]\ntitle = \"Newsroom\"\nurl = \"http://{address}\"\nlanguages = [\"en\", \"sr-Latn\", \"sr-Cyrl\"]\naddress = \"Street 1\"\n\
             [[feeds.feed]]\nname = \"news\"\ntitle = \"All news\"\n[[feeds.feed]]\nname = \"vesti\"\ntitle = \"Вести\"\nlanguage = \"sr-Cyrl\"\n"
        );
        let config = Arc::new(Config::load(Path::new("config.toml"), &config, []).expect("a configuration"));
        let store = Store::open("sqlite://herald.db", folder.path()).await.expect("a store");
        let mut tx = store.read().await.expect("a transaction");
        let keyring = Arc::new(keys::ring(&mut tx).await.expect("keys"));
        drop(tx);
        let site = public::Site {
            templates: Arc::new(Templates::for_config(&config).expect("templates")),
            clock: Clock::standing(Utc.with_ymd_and_hms(2026, 3, 20, 12, 0, 0).single().expect("an instant")),
            shelf: Arc::new(Shelf::new()),
            wake: Wake::new(),
            guests: Arc::default(),
            config,
            store,
            keyring,
        };
        let stop = CancellationToken::new();
        tokio::spawn(web::serve_public(listener, None, site.clone(), stop.clone()));
        Served { site, address, stop, _folder: folder }
    }

    async fn take(&self, drafts: &[Draft]) {
        let now = self.site.clock.now();
        let mut tx = self.site.store.write().await.expect("a transaction");
        articles::take_in_all(&mut tx, "newsroom", drafts, now).await.expect("articles");
        articles::release_due(&mut tx, now).await.expect("a release");
        tx.commit().await.expect("a commit");
        let public::Site { shelf, store, config, templates, clock, .. } = &self.site;
        let built = shelf.rebuild(store, config, templates, clock).await.expect("feeds");
        assert!(built.left_out.is_empty() && built.failed.is_empty(), "{built:?}");
    }

    async fn ask(&self, method: &str, path: &str, head: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.expect("a connection");
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in head {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let cut = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let text = String::from_utf8_lossy(&answer[..cut]).into_owned();
        let mut lines = text.lines();
        let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).expect("a status");
        let head = lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
        Answer { status, head, body: answer[cut + 4..].to_vec() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn draft(number: i64, language: &str, title: &str) -> Draft {
    let published: DateTime<Utc> = Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).single().expect("an instant");
    Draft {
        key: format!("{language}-{number}"),
        slug: format!("story-{number}"),
        language: language.parse().expect("a language"),
        published: Some(published + Duration::hours(number)),
        content: Content {
            title: title.to_owned(),
            summary: format!("About {title}"),
            html: format!("<p>The text of story {number}: &amp; ]]&gt; љубав 📰</p>"),
            text: format!("The text of story {number}"),
            authors: vec!["Ana Đorđević".to_owned(), "O'Neil & Sons".to_owned()],
            topics: vec!["R&D".to_owned()],
            picture: Some(Picture {
                url: format!("https://pictures.example/{number}.jpg?a=1&b=2"),
                alt: "A bridge".to_owned(),
                bytes: Some(1234),
                media_type: Some("image/jpeg".to_owned()),
                ..Picture::default()
            }),
            ..Content::default()
        },
        ..Draft::default()
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).expect("gzip");
    out
}

fn unbrotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).expect("brotli");
    out
}

/// The quick way sends what the router says, to the last field; a length of nothing is a body, and so the router's.
#[tokio::test]
async fn the_quick_way_and_the_router_answer_alike() {
    let served = Served::new().await;
    served.take(&[draft(1, "en", "One"), draft(2, "en", "Two")]).await;
    let tag = |format| format!("\"{}\"", served.site.shelf.get("news", format).expect("a feed").tag);
    for format in Format::ALL {
        for coding in ["br, gzip", "gzip", "identity"] {
            for known in ["\"another\"".to_owned(), tag(format)] {
                let fields = [("accept-encoding", coding), ("if-none-match", known.as_str())];
                let path = format!("/feeds/news.{}?x=1", format.extension());
                let mut routed = served.ask("GET", &path, &[&fields[..], &[("content-length", "0")]].concat()).await;
                // The clock of this newsroom stands.
                assert!(routed.head.remove("date").is_some());
                for _ in 0..2 {
                    let mut quick = served.ask("GET", &path, &fields).await;
                    assert_eq!(quick.head.remove("date").as_deref(), Some("Fri, 20 Mar 2026 12:00:00 GMT"));
                    assert_eq!((quick.status, &quick.head, &quick.body), (routed.status, &routed.head, &routed.body));
                }
            }
        }
    }
    let before = served.ask("GET", "/feeds/news.atom", &[]).await;
    served.take(&[draft(3, "en", "Three")]).await;
    let after = served.ask("GET", "/feeds/news.atom", &[]).await;
    assert!(before.head["etag"] != after.head["etag"] && String::from_utf8_lossy(&after.body).contains("Three"));
}

/// Requests on one connection are answered in their order, feeds and pages alike, however they are cut into packets.
#[tokio::test]
async fn one_connection_asks_for_feeds_and_pages() {
    let served = Served::new().await;
    served.take(&[draft(1, "en", "One")]).await;
    let mut stream = TcpStream::connect(&served.address).await.expect("a connection");
    let asked = "GET /feeds/news.rss HTTP/1.1\r\nhost: a\r\n\r\nGET /feeds/news.json HTTP/1.1\r\nhost: a\r\n\r\n\
                 GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /feeds/news.atom HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    for piece in asked.as_bytes().chunks(7) {
        stream.write_all(piece).await.expect("a piece");
        stream.flush().await.expect("a piece");
    }
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.expect("answers");
    let all = String::from_utf8_lossy(&all);
    let places = ["<rss", "jsonfeed.org", "ok\n", "<feed"].map(|mark| all.find(mark).expect(mark));
    assert!(places.is_sorted() && all.matches("HTTP/1.1 200 OK").count() == 4, "{all}");
}

/// A head has its time as a whole: somebody who sends one sign every other second keeps no place for ever.
#[tokio::test]
async fn a_head_that_never_ends_is_not_waited_for() {
    let served = Served::new().await;
    served.take(&[draft(1, "en", "One")]).await;
    let mut stream = TcpStream::connect(&served.address).await.expect("a connection");
    let begin = b"GET /feeds/news.rss HTTP/1.1\r\nhost: a\r\nx: ";
    stream.write_all(begin).await.expect("a piece");
    let mut answer = [0; 64];
    for _ in 0..30 {
        let pause = std::time::Duration::from_secs(2);
        if tokio::time::timeout(pause, stream.read(&mut answer)).await.is_ok() || stream.write_all(b"x").await.is_err()
        {
            return;
        }
    }
    panic!("it was waited for a minute");
}

#[tokio::test]
async fn every_format_is_answered_as_readers_and_caches_want_it() {
    let served = Served::new().await;
    assert_eq!(served.ask("GET", "/feeds/news.rss", &[]).await.status, 503, "before the first build");
    assert_eq!(served.ask("GET", "/feeds/nope.rss", &[]).await.status, 404, "that is no feed at any time");
    let page = served.ask("GET", "/feeds/news", &[]).await;
    assert_eq!((page.status, page.head["location"].as_str()), (308, "/feeds/news/"));
    served.take(&[draft(1, "en", "One"), draft(2, "en", "Two")]).await;
    for (format, kind) in
        Format::ALL.into_iter().zip(["application/rss+xml", "application/atom+xml", "application/feed+json"])
    {
        let path = format!("/feeds/news.{}", format.extension());
        let plain = served.ask("GET", &path, &[]).await;
        assert_eq!(plain.status, 200);
        assert_eq!(plain.head["content-type"], format!("{kind}; charset=utf-8"));
        assert_eq!(plain.head["cache-control"], "public, max-age=300, stale-if-error=3600");
        assert_eq!(plain.head["x-content-type-options"], "nosniff");
        assert_eq!(plain.head["access-control-allow-origin"], "*");
        assert_eq!(plain.head["vary"], "accept-encoding");
        assert_eq!(plain.head["last-modified"], "Fri, 20 Mar 2026 12:00:00 GMT");
        assert_eq!(plain.head["content-length"], plain.body.len().to_string());
        let tag = plain.head["etag"].clone();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");

        let head = served.ask("HEAD", &path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!((&head.head["content-length"], &head.head["etag"]), (&plain.head["content-length"], &tag));

        let gzip = served.ask("GET", &path, &[("accept-encoding", "gzip, deflate")]).await;
        assert_eq!((gzip.head["content-encoding"].as_str(), gunzip(&gzip.body)), ("gzip", plain.body.clone()));
        let brotli = served.ask("GET", &path, &[("accept-encoding", "gzip;q=0.8, br")]).await;
        assert_eq!((brotli.head["content-encoding"].as_str(), unbrotli(&brotli.body)), ("br", plain.body.clone()));
        assert!(tag != gzip.head["etag"] && gzip.head["etag"] != brotli.head["etag"], "a tag for each encoding");

        let weak = format!("\"other\", W/{}", gzip.head["etag"]);
        for asked in [
            vec![("if-none-match", tag.as_str())],
            vec![("if-none-match", gzip.head["etag"].as_str()), ("accept-encoding", "br")],
            vec![("if-none-match", weak.as_str()), ("if-modified-since", "Mon, 01 Jan 2001 00:00:00 GMT")],
            vec![("if-modified-since", plain.head["last-modified"].as_str())],
        ] {
            let known = served.ask("GET", &path, &asked).await;
            assert_eq!((known.status, known.body.len()), (304, 0), "{asked:?}");
            assert!(known.head.contains_key("etag") && known.head.contains_key("cache-control"));
        }
        let both = [("if-none-match", "\"other\""), ("if-modified-since", "Fri, 20 Mar 2026 12:00:00 GMT")];
        assert_eq!(served.ask("GET", &path, &both).await.status, 200, "the tag decides");
    }
}

#[tokio::test]
async fn a_304_ends_when_something_new_is_there() {
    let served = Served::new().await;
    served.take(&[draft(2, "en", "Two")]).await;
    let first = served.ask("GET", "/feeds/news.atom", &[]).await;
    served.site.clock.advance(Duration::minutes(1));
    // A late arrival: older than what is there, and yet new to every reader.
    served.take(&[draft(1, "en", "One")]).await;
    let by_tag = served.ask("GET", "/feeds/news.atom", &[("if-none-match", &first.head["etag"])]).await;
    let by_date = served.ask("GET", "/feeds/news.atom", &[("if-modified-since", &first.head["last-modified"])]).await;
    assert_eq!((by_tag.status, by_date.status), (200, 200));
    let other = served.ask("GET", "/feeds/vesti.atom", &[]).await;
    served.take(&[]).await;
    assert_eq!(served.ask("GET", "/feeds/vesti.atom", &[("if-none-match", &other.head["etag"])]).await.status, 304);
}

#[tokio::test]
async fn what_is_not_there_is_said_with_what_is() {
    let served = Served::new().await;
    served.take(&[]).await;
    for path in ["/feeds/nothing.rss", "/feeds/news.xml", "/feeds/..%2fnews.rss"] {
        let missing = served.ask("GET", path, &[]).await;
        let text = String::from_utf8_lossy(&missing.body).into_owned();
        assert_eq!(missing.status, 404);
        assert!(text.contains("/feeds/news.rss") && text.contains("/feeds/vesti.json"), "{path}: {text}");
    }
    let refused = served.ask("POST", "/feeds/news.rss", &[("content-length", "0")]).await;
    assert_eq!(refused.status, 405);
    assert!(refused.head["allow"].contains("GET"));
    let preflight = served.ask("OPTIONS", "/feeds/news.rss", &[("origin", "https://a.example")]).await;
    assert_eq!((preflight.status, preflight.head["access-control-allow-origin"].as_str()), (204, "*"));
    assert_eq!(served.ask("GET", "/healthz", &[]).await.status, 200);
}

#[tokio::test]
async fn what_is_older_and_the_list_of_all_feeds_are_answered_like_feeds() {
    let served = Served::new().await;
    assert_eq!(served.ask("GET", "/feeds.opml", &[]).await.status, 503, "before the first build");
    let drafts: Vec<Draft> = (1..=130).map(|number| draft(number - 131, "en", "A story")).collect();
    served.take(&drafts).await;
    for (path, kind) in [
        ("/feeds/news/archive/1.atom", "application/atom+xml; charset=utf-8"),
        ("/feeds/news/archive/2.atom?entries=30", "application/atom+xml; charset=utf-8"),
        ("/feeds/news/archive/1.json", "application/feed+json; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
    ] {
        let answer = served.ask("GET", path, &[]).await;
        assert_eq!((answer.status, answer.head["content-type"].as_str()), (200, kind), "{path}");
        assert_eq!(answer.head["access-control-allow-origin"], "*");
        let known = served.ask("GET", path, &[("if-none-match", &answer.head["etag"])]).await;
        assert_eq!((known.status, known.body.len()), (304, 0), "{path}");
        let gzip = served.ask("GET", path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(gunzip(&gzip.body), answer.body, "{path}");
    }
    for path in ["0.atom", "01.atom", "+1.atom", "3.atom", "99999999999999999999.atom", "1.rss", "1.xml", "1"] {
        let path = format!("/feeds/news/archive/{path}");
        assert_eq!(served.ask("GET", &path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(served.ask("GET", "/feeds/nope/archive/1.atom", &[]).await.status, 404);
    let page = served.ask("GET", "/feeds/", &[("accept", "text/html")]).await;
    assert!(String::from_utf8_lossy(&page.body).contains("href=\"/feeds.opml\""), "it is linked where people look");
}

#[tokio::test]
async fn staff_learn_whether_the_house_is_ready() {
    let mut served = Served::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    served.address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(web::serve(listener, web::staff::router(served.site.clone()), served.stop.clone()));
    let early = served.ask("GET", "/readyz", &[]).await;
    assert_eq!((early.status, served.ask("GET", "/healthz", &[]).await.status), (503, 200));
    served.take(&[]).await;
    let ready = served.ask("GET", "/readyz", &[]).await;
    let said: serde_json::Value = serde_json::from_slice(&ready.body).expect("JSON");
    assert_eq!((ready.status, &said["ready"], &said["store"]), (200, &true.into(), &"ok".into()));
    served.site.store.close().await;
    let late = served.ask("GET", "/readyz", &[]).await;
    assert_eq!(late.status, 503);
    assert!(!String::from_utf8_lossy(&late.body).contains("\"ok\""));
}

#[tokio::test]
async fn a_stop_lets_answers_finish_and_takes_no_more() {
    let served = Served::new().await;
    let mut open = TcpStream::connect(&served.address).await.expect("a connection");
    open.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").await.expect("half a request");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    served.stop.cancel();
    open.write_all(b"connection: close\r\n\r\n").await.expect("the other half");
    let mut answer = String::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(9), open.read_to_string(&mut answer)).await;
    read.expect("an end").expect("an answer");
    // Whether the half request was still taken is the machine's affair; it never waits for ever.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(TcpStream::connect(&served.address).await.is_err(), "nobody listens any more");
}

/// Titles on which readers have stumbled. What looks like a tag is left out: each reader has its own idea of that.
const TITLES: [&str; 8] = [
    "Plain",
    "Research & development",
    "1 < 2, and 3 > 2",
    "“Quotes”, \"quotes\" and 'quotes'",
    "End of data ]]> here",
    "Вести из Љубовије: џак и њива",
    "Emoji 📰 👩‍💻 🇷🇸",
    "שלום עולם و مرحبا",
];

#[tokio::test(flavor = "multi_thread")]
async fn other_peoples_readers_read_what_was_written() {
    let served = Served::new().await;
    let mut drafts: Vec<Draft> = (1..).zip(TITLES).map(|(number, title)| draft(number, "en", title)).collect();
    drafts[0].content.corrections = vec![Note {
        at: served.site.clock.now(),
        note: Some("A name was wrong & is right".to_owned()),
        wrong: None,
        right: None,
    }];
    served.take(&drafts).await;
    let addresses: Vec<String> =
        ["rss", "atom"].iter().map(|ending| format!("http://{}/feeds/news.{ending}", served.address)).collect();
    let expected: BTreeMap<String, Vec<(String, String, String, i64)>> =
        addresses.iter().map(|address| (address.clone(), entries(&served, address))).collect();

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers");
    let python = std::env::var("HERALD_TEST_PYTHON").ok();
    let node = std::env::var("HERALD_TEST_NODE").ok();
    let mut readers = Vec::new();
    match &python {
        Some(python) => {
            readers.push(("feedparser", python.as_str(), "with_feedparser.py"));
            if Path::new("/usr/bin/newsboat").exists() {
                readers.push(("newsboat", python.as_str(), "with_newsboat.py"));
            } else {
                eprintln!("passed over: newsboat (not installed)");
            }
        }
        None => eprintln!("passed over: feedparser, newsboat (HERALD_TEST_PYTHON names no Python that has feedparser)"),
    }
    match &node {
        Some(_) => readers.push(("rss-parser", "node", "with_rss_parser.js")),
        None => eprintln!("passed over: rss-parser (HERALD_TEST_NODE names no folder with node_modules)"),
    }
    for (name, program, script) in readers {
        let mut command = Command::new(program);
        command.arg(root.join(script)).args(&addresses);
        if let Some(node) = &node {
            command.env("NODE_PATH", Path::new(node).join("node_modules"));
        }
        let done = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread");
        let done = done.unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        let mut read: BTreeMap<String, Vec<(String, String, String, i64)>> =
            serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{name} printed no JSON: {error}"));
        let mut expected = expected.clone();
        if name == "newsboat" {
            // It keeps no order of its own.
            read.values_mut().chain(expected.values_mut()).for_each(|all| all.sort());
        }
        for address in &addresses {
            assert_eq!(read[address], expected[address], "{name}: {address}");
        }
    }
}

/// Id, title, link and date of publication of each entry, as the store has them, in the order of the feed.
fn entries(served: &Served, address: &str) -> Vec<(String, String, String, i64)> {
    let format = address.rsplit('.').next().and_then(Format::from_extension).expect("a format");
    let document = served.site.shelf.get("news", format).expect("a feed");
    let read = feed_rs::parser::parse(document.bytes.as_ref()).expect("a feed");
    assert_eq!(read.entries.len(), TITLES.len());
    let mut all = Vec::new();
    for entry in read.entries {
        let link = entry.links[0].href.clone();
        let number: i64 = link.rsplit('-').next().and_then(|n| n.parse().ok()).expect("a number");
        let published = draft(number, "en", "").published.expect("a date").timestamp();
        let title = TITLES[usize::try_from(number - 1).expect("a place")];
        all.push((entry.id, title.to_owned(), link, published));
    }
    all
}
