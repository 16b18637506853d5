//! WebSub from end to end: `herald run`, a file that is saved, and subscribers of another make.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::daemon::{Daemon, get, port, until};

/// A newsroom that lets this machine's own readers subscribe.
fn newsroom(public: u16, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("articles")).expect("articles/");
    write(folder.path(), "bridge", "New bridge opens");
    let config = format!(
        "[site]\ntitle = \"News\"\nurl = \"http://127.0.0.1:{public}\"\nlanguages = [\"en\"]\naddress = \"Here 1\"\n\
         [[sources]]\nname = \"newsroom\"\nkind = \"folder\"\npath = \"articles\"\n\
         [feeds]\nprivate_callbacks = [\"127.0.0.1\"]\n{more}\n[[feeds.feed]]\nname = \"news\"\ntitle = \"All news\"\n\
         [listen]\npublic = \"127.0.0.1:{public}\"\nstaff = \"127.0.0.1:{}\"\n",
        port()
    );
    std::fs::write(folder.path().join("config.toml"), config).expect("config.toml");
    folder
}

fn write(folder: &Path, name: &str, title: &str) {
    let text = format!("---\ntitle: {title}\ndate: 2026-03-01\n---\n\nText of {name}.\n");
    // As editors do: beside it, then in its place.
    let (beside, path) = (folder.join(format!("articles/.{name}.new")), folder.join(format!("articles/{name}.md")));
    std::fs::write(&beside, text).expect("an article");
    std::fs::rename(beside, path).expect("in its place");
}

/// A command beside the daemon, and the document that it prints.
fn told(folder: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(assert_cmd::cargo::cargo_bin("herald"))
        .current_dir(folder)
        .args(arguments)
        .arg("--json")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

/// The subscriber in Python.
struct Subscriber {
    process: Child,
    says: ChildStdin,
    events: Receiver<Value>,
}

impl Subscriber {
    fn start(feed: &str, secret: &str, status: &str) -> Subscriber {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/websub_subscriber.py");
        let mut process = Command::new("python3")
            .arg(script)
            .args([feed, &port().to_string(), secret, status])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let says = process.stdin.take().expect("standard input");
        let lines = BufReader::new(process.stdout.take().expect("standard output"));
        let (send, events) = mpsc::channel();
        std::thread::spawn(move || {
            let values = lines.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
            values.into_iter().all(|value: Value| send.send(value).is_ok())
        });
        Subscriber { process, says, events }
    }

    /// The next thing that happens, which must be that.
    fn hears(&self, event: &str) -> Value {
        let value = self.events.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("never heard {event}"));
        assert_eq!(value["event"], event, "{value}");
        value
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_subscriber_of_another_make_gets_each_change_signed_and_can_leave() {
    let public = port();
    let folder = newsroom(public, "");
    let mut daemon = Daemon::start(folder.path());
    until("it serves", || get(public, "/feeds/news.atom").filter(|answer| answer.contains("New bridge")));
    let feed = format!("http://127.0.0.1:{public}/feeds/news.atom");
    let mut reader = Subscriber::start(&feed, "a secret word", "204");
    // Its question may come before the answer to its own is read.
    let mut first = [reader.events.recv().expect("an event"), reader.events.recv().expect("an event")];
    first.sort_by_key(|event| event["event"].to_string());
    assert_eq!(
        (&first[0]["event"], &first[0]["mode"], &first[0]["meant"]),
        (&"asked".into(), &"subscribe".into(), &true.into())
    );
    assert_eq!(first[0]["lease"], "864000", "ten days");
    assert_eq!((&first[1]["event"], &first[1]["status"]), (&"subscribe".into(), &202.into()));
    daemon.hears("subscribes to news.atom");

    let saved = Instant::now();
    write(folder.path(), "radios", "Forty radios");
    let content = reader.hears("content");
    println!("from the saved file to the signed POST: {:?}", saved.elapsed());
    assert_eq!(content["signed"], true, "{content}");
    assert_eq!(content["type"], "application/atom+xml; charset=utf-8");
    assert_eq!(content["links"]["self"], feed.as_str());
    assert_eq!(content["links"]["hub"], format!("http://127.0.0.1:{public}/hub"));
    let body = content["body"].as_str().expect("a body");
    assert!(body.contains("Forty radios") && body.contains("New bridge opens"), "the whole document");
    let served = get(public, "/feeds/news.atom").expect("an answer");
    assert!(served.ends_with(body), "what it got is what is served");

    // A restart in between: the lease holds, and what changed meanwhile is told.
    daemon.signal("TERM");
    daemon.hears("Stopped.");
    write(folder.path(), "roads", "Snow on the roads");
    let mut daemon = Daemon::start(folder.path());
    assert!(reader.hears("content")["body"].as_str().is_some_and(|body| body.contains("Snow on the roads")));

    reader.says.write_all(b"unsubscribe\n").expect("a line");
    daemon.hears("no longer subscribes to news.atom");
    write(folder.path(), "floods", "Floods recede");
    until("the change is served", || get(public, "/feeds/news.atom").filter(|answer| answer.contains("Floods recede")));
    let rest: Vec<Value> = reader.events.try_iter().collect();
    assert!(rest.iter().all(|event| event["event"] != "content"), "{rest:?}");
}

#[test]
fn one_that_is_gone_is_told_no_more_and_staff_see_who_is_told() {
    let public = port();
    let folder = newsroom(public, "");
    let mut daemon = Daemon::start(folder.path());
    until("it serves", || get(public, "/feeds/news.rss").filter(|answer| answer.contains("New bridge")));
    let feed = |format: &str| format!("http://127.0.0.1:{public}/feeds/news.{format}");
    let gone = Subscriber::start(&feed("rss"), "s", "410");
    daemon.hears("subscribes to news.rss");
    let there = Subscriber::start(&feed("json"), "s", "200");
    daemon.hears("subscribes to news.json");
    let listed = told(folder.path(), &["feeds", "subscribers"]);
    assert_eq!(listed["subscribers"].as_array().map(Vec::len), Some(2), "{listed}");

    write(folder.path(), "radios", "Forty radios");
    daemon.hears("gets no more of news.rss");
    let listed = until("only one is left", || {
        let listed = told(folder.path(), &["feeds", "subscribers"]);
        (listed["subscribers"].as_array()?.len() == 1).then_some(listed)
    });
    assert_eq!(listed["subscribers"][0]["topic"], "news.json");
    let pings = until("the log says so", || {
        let log = told(folder.path(), &["feeds", "pings"]);
        let of = |topic: &str| log["pings"].as_array()?.iter().find(|line| line["topic"] == topic).cloned();
        let (rss, json) = (of("news.rss")?, of("news.json")?);
        (rss["failed"] == 1 && json["told"] == 1).then_some(log)
    });
    drop((gone, there, pings));
}

fn post(public: u16, form: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", public)).expect("a connection");
    write!(
        stream,
        "POST /hub HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .expect("a question");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn the_hub_tells_only_of_its_own_and_calls_nobody_inside() {
    let public = port();
    let folder = newsroom(public, "");
    let config = std::fs::read_to_string(folder.path().join("config.toml")).expect("config.toml");
    let config = config.replace("private_callbacks = [\"127.0.0.1\"]", "private_callbacks = []");
    std::fs::write(folder.path().join("config.toml"), config).expect("config.toml");
    let mut daemon = Daemon::start(folder.path());
    until("it serves", || get(public, "/healthz"));
    let inside = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = inside.local_addr().expect("an address").port();
    let ours = format!("http%3A%2F%2F127.0.0.1%3A{public}%2Ffeeds%2Fnews.rss");
    for (topic, callback, status, words) in [
        (&*ours, format!("http%3A%2F%2F127.0.0.1%3A{port}%2Fhook"), "400", "hub.callback"),
        (&*ours, format!("http%3A%2F%2F%5B%3A%3A1%5D%3A{port}%2Fhook"), "400", "hub.callback"),
        ("https%3A%2F%2Fother.example%2Ffeed", "https%3A%2F%2Freader.example%2F".to_owned(), "400", "hub.topic"),
        // A name that leads inside is found out when it is dialled.
        (&*ours, format!("http%3A%2F%2Flocalhost%3A{port}%2Fhook"), "202", ""),
    ] {
        let answer = post(public, &format!("hub.mode=subscribe&hub.topic={topic}&hub.callback={callback}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(words), "{callback}: {answer}");
    }
    let said = daemon.hears("is not done");
    assert!(said.contains("inside the house"), "{said}");
    inside.set_nonblocking(true).expect("a listener");
    assert!(inside.accept().is_err(), "nobody was called");
}

#[test]
fn a_hub_elsewhere_is_pinged_once_the_new_bytes_are_served() {
    let (public, other) = (port(), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let address = other.local_addr().expect("an address");
    let folder = newsroom(public, &format!("hubs = [\"http://{address}/publish\"]"));
    let _daemon = Daemon::start(folder.path());
    let ping = || {
        let (mut stream, _) = other.accept().expect("a ping");
        let mut heard = String::new();
        let mut bytes = [0; 4096];
        while !heard.contains("news.json") {
            let read = stream.read(&mut bytes).expect("a request");
            assert!(read > 0, "{heard}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("an answer");
        heard
    };
    let first = ping();
    assert!(first.starts_with("POST /publish ") && first.contains("hub.mode=publish"), "{first}");
    for format in ["rss", "atom", "json"] {
        assert!(
            first.contains(&format!("hub.url=http%3A%2F%2F127.0.0.1%3A{public}%2Ffeeds%2Fnews.{format}")),
            "{first}"
        );
    }
    let head = get(public, "/feeds/news.rss").expect("an answer");
    assert!(head.contains(&format!("<http://{address}/publish>; rel=\"hub\"")), "{head}");
    write(folder.path(), "radios", "Forty radios");
    ping();
    assert!(
        get(public, "/feeds/news.rss").expect("an answer").contains("Forty radios"),
        "it is served before it is told"
    );
}

/// Answers 204 to each POST until the test is over, and counts them by their path.
async fn sink() -> (std::net::SocketAddr, std::sync::Arc<std::sync::Mutex<std::collections::HashMap<String, usize>>>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let counts: std::sync::Arc<std::sync::Mutex<std::collections::HashMap<String, usize>>> = std::sync::Arc::default();
    let told = std::sync::Arc::clone(&counts);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = std::sync::Arc::clone(&told);
            tokio::spawn(async move {
                let (mut heard, mut piece) = (Vec::new(), [0; 16 * 1024]);
                let (head, length) = loop {
                    let read = stream.read(&mut piece).await.unwrap_or(0);
                    heard.extend_from_slice(&piece[..read]);
                    let text = String::from_utf8_lossy(&heard).into_owned();
                    if let Some(end) = text.find("\r\n\r\n") {
                        let field = text
                            .lines()
                            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
                        break (text[..end].to_owned(), end + 4 + field.unwrap_or(0_usize));
                    }
                    if read == 0 {
                        return;
                    }
                };
                while heard.len() < length {
                    let read = stream.read(&mut piece).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                    heard.extend_from_slice(&piece[..read]);
                }
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                *told.lock().unwrap().entry(path).or_default() += 1;
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
            });
        }
    });
    (address, counts)
}

#[tokio::test]
async fn thousands_are_told_once_each_in_batches() {
    const MANY: usize = 3_000;
    let (address, counts) = sink().await;
    let config = crate::world::CONFIG.replacen(
        "[[feeds.feed]]",
        "[feeds]\nprivate_callbacks = [\"127.0.0.1\"]\n[[feeds.feed]]",
        1,
    );
    let world = crate::world::World::with(&config).await;
    world.article("bridge", "New bridge opens", "en", chrono::Duration::hours(2));
    world.pass(false).await;
    let mut tx = world.newsroom.site.store.write().await.expect("a transaction");
    for n in 0..MANY {
        let wanted = herald::store::hub::Wanted {
            subscribe: true,
            topic: "news.rss".to_owned(),
            callback: format!("http://{address}/{n}"),
            secret: Some("a word".to_owned()),
            lease: 864_000,
        };
        let until = world.now() + chrono::Duration::days(10);
        herald::store::hub::subscribe(&mut tx, &wanted, until, world.now()).await.expect("a subscriber");
    }
    tx.commit().await.expect("committed");
    world.article("radios", "Forty radios", "en", chrono::Duration::hours(1));
    world.newsroom.read().await.expect("read");
    world.newsroom.publish().await.expect("published");
    let begun = Instant::now();
    let site = world.newsroom.site.clone();
    let hub = herald::feed::websub::Hub::new(site.store, site.config, site.clock, site.shelf, site.wake);
    hub.run(true).await.expect("told");
    println!("{MANY} subscribers told in {:?}", begun.elapsed());
    let counts = counts.lock().unwrap().clone();
    assert_eq!(counts.len(), MANY);
    assert!(counts.values().all(|count| *count == 1), "none is told twice");
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    let pings = herald::store::hub::pings(&mut tx, 10).await.expect("pings");
    let told: i64 = pings.iter().filter(|line| line.topic == "news.rss").map(|line| line.told).sum();
    assert_eq!(told, MANY as i64);
}
