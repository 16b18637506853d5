//! A newsroom for one test: its own folder, store and clock, the folder relay as outbox, real HTTP.

mod dovecot;
mod post;
mod resolver;
mod server;

pub use dovecot::Dovecot;
pub use post::{Post, Sink, postgres, relay, stores};
pub use resolver::NameServer;
pub use server::{Authority, Server, Ways};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Duration, TimeZone, Utc};
use herald::clock::{Clock, Instant};
use herald::config::Config;
use herald::service::{Newsroom, Pass};
use herald::store::Store;
use mail_parser::MessageParser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// A configuration with one folder, one list, a daily digest and feeds in two languages.
pub const CONFIG: &str = r#"
[site]
title = "Test newsroom"
url = "http://127.0.0.1:8080"
languages = ["en", "sr-Latn", "sr-Cyrl"]
folder = "var/site"
timezone = "Europe/Belgrade"
publisher = "Test office"
address = "Test office, Street 1, 11000 Belgrade"

[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"

[[feeds.feed]]
name = "news"
title = "All news"

[[feeds.feed]]
name = "vesti"
title = "Sve vesti"
language = "sr-Latn"

[[lists]]
name = "public"
file = "subscribers/public.csv"

[[newsletters]]
name = "daily"
title = { en = "Daily digest", sr-Latn = "Dnevni pregled", sr-Cyrl = "Дневни преглед" }
lists = ["public"]
schedule = "0 7 * * *"
hold = "0s"

[mail]
from = "Test office <news@office.test>"
return_path = "bounces@office.test"
"#;

/// A newsroom for one test.
pub struct World {
    folder: tempfile::TempDir,
    /// Its time; it stands until the test moves it.
    pub clock: Clock,
    /// The newsroom at work.
    pub newsroom: Newsroom,
}

/// A mail of the outbox, read by a parser that is not ours.
#[derive(Debug)]
pub struct Letter {
    /// The address in To.
    pub to: String,
    /// The subject, decoded.
    pub subject: String,
    /// The HTML part, decoded.
    pub html: String,
    /// The text part, decoded.
    pub text: String,
    /// The whole message.
    pub raw: String,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl World {
    /// A newsroom with [`CONFIG`] on Tuesday, 3 March 2026, 06:00 in Belgrade.
    pub async fn new() -> World {
        World::with(CONFIG).await
    }

    /// The same with another configuration.
    pub async fn with(config: &str) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("articles")).expect("articles/");
        std::fs::create_dir_all(folder.path().join("subscribers")).expect("subscribers/");
        std::fs::write(folder.path().join("subscribers/public.csv"), "email\n").expect("a list");
        std::fs::write(folder.path().join("config.toml"), config).expect("config.toml");
        let clock = Clock::standing(Utc.with_ymd_and_hms(2026, 3, 3, 5, 0, 0).single().expect("an instant"));
        let newsroom = open(folder.path(), config, clock.clone()).await;
        World { folder, clock, newsroom }
    }

    /// Opens it anew, with what its folder holds now: templates are read once.
    pub async fn reopen(&mut self) {
        let config = std::fs::read_to_string(self.path("config.toml")).expect("config.toml");
        self.newsroom = open(self.folder.path(), &config, self.clock.clone()).await;
    }

    /// Its folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Writes a file of the newsroom.
    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        std::fs::write(path, text).expect("the file");
    }

    /// Writes an article published `ago` before now, in `language`.
    pub fn article(&self, name: &str, title: &str, language: &str, ago: Duration) {
        let date = (self.clock.now() - ago).to_rfc3339();
        self.write(
            &format!("articles/{name}.md"),
            &format!("---\ntitle: {title}\ndate: {date}\nlang: {language}\n---\n\nThe text of {title}.\n"),
        );
    }

    /// One pass of everything; `now_all`: every newsletter is due.
    pub async fn pass(&self, now_all: bool) -> Pass {
        self.newsroom.pass(now_all, CancellationToken::new()).await.expect("a pass")
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// What time it is.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Every mail in the outbox, by address.
    pub fn outbox(&self) -> Vec<Letter> {
        let mut letters: Vec<Letter> = files(&self.path("var/outbox")).iter().map(|path| letter(path)).collect();
        letters.sort_by(|a, b| (&a.to, &a.subject).cmp(&(&b.to, &b.subject)));
        letters
    }

    /// Empties the outbox.
    pub fn clear_outbox(&self) {
        for path in files(&self.path("var/outbox")) {
            std::fs::remove_file(path).expect("a mail is removed");
        }
    }

    /// Asks the public listener: a real server on a port of its own, for this one question.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let stop = CancellationToken::new();
        let server = tokio::spawn(herald::web::serve_public(listener, None, self.newsroom.site.clone(), stop.clone()));
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes()).await.expect("the question");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("the answer");
        stop.cancel();
        server.await.expect("the server").expect("the server ends well");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}

async fn open(folder: &Path, config: &str, clock: Clock) -> Newsroom {
    let file = folder.join("config.toml");
    let config: Config = Config::load(&file, config, std::iter::empty::<(String, String)>()).expect("a configuration");
    let store = Store::open(&config.store.url, folder).await.expect("a store");
    Newsroom::open(Arc::new(config), store, clock).await.expect("a newsroom")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect()
}

fn letter(path: &Path) -> Letter {
    let raw = std::fs::read(path).expect("a mail");
    let message = MessageParser::default().parse(&raw).expect("a mail that parses");
    let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("a To").to_owned();
    Letter {
        to,
        subject: message.subject().unwrap_or_default().to_owned(),
        html: message.body_html(0).unwrap_or_default().into_owned(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        raw: String::from_utf8_lossy(&raw).into_owned(),
    }
}

/// A command beside the newsroom: exit code and standard output.
pub fn herald(world: &World, arguments: &[&str]) -> (i32, String) {
    let output = assert_cmd::Command::cargo_bin("herald")
        .expect("the binary")
        .arg("--config")
        .arg(world.path("config.toml"))
        .args(arguments)
        .current_dir(world.path(""))
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "herald {}", arguments.join(" "));
    (output.status.code().unwrap_or(-1), text)
}

/// A command that succeeds, and the document it prints.
pub fn json(world: &World, arguments: &[&str]) -> serde_json::Value {
    let (code, text) = herald(world, arguments);
    assert_eq!(code, 0, "{arguments:?}: {text}");
    serde_json::from_str(&text).expect("one JSON document")
}
