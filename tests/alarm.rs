//! An edition that was due and did not go out is an alarm, not a silence: by mail, at the webhook, in the log, in the numbers, and
//! by a heartbeat that stops.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::Duration;
use herald::clock::Clock;
use herald::config::Config;
use herald::service::{Doors, Newsroom};
use herald::store::editions::states;
use herald::store::staff::{self, Added, Role, Wanted};
use herald::store::{Store, editions, keys};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::world::{CONFIG, Server, Ways, World, stores};

/// Whoever is called: a web server on this machine.
struct Called {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<&'static str>>,
}

impl Called {
    async fn start() -> Called {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let (heard, answers) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new("200 OK")));
        let (all, says) = (Arc::clone(&heard), Arc::clone(&answers));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut text = String::new();
                let mut bytes = [0; 8192];
                while !(text.ends_with('}') || text.starts_with("GET") && text.ends_with("\r\n\r\n")) {
                    match stream.read(&mut bytes).await {
                        Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&bytes[..read])),
                        _ => break,
                    }
                }
                all.lock().expect("the list").push(text);
                let answer = format!("HTTP/1.1 {}\r\nContent-Length: 0\r\n\r\n", *says.lock().expect("the answer"));
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Called { port, heard, answers }
    }

    fn answers(&self, status: &'static str) {
        *self.answers.lock().expect("the answer") = status;
    }

    /// What came since the last look: the documents that were posted, and how often the heart has beaten.
    fn since(&self) -> (Vec<Value>, usize) {
        let heard: Vec<String> = self.heard.lock().expect("the list").drain(..).collect();
        let posts = heard.iter().filter(|call| call.starts_with("POST /hook "));
        let posts =
            posts.map(|call| serde_json::from_str(call.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON"));
        (posts.collect(), heard.iter().filter(|call| call.starts_with("GET /heart ")).count())
    }
}

/// `state` and `cause` of each document.
fn states_of(posts: &[Value]) -> Vec<(&str, &str)> {
    posts.iter().map(|post| (post["state"].as_str().unwrap_or(""), post["cause"].as_str().unwrap_or(""))).collect()
}

/// A newsroom with a daily digest, a story and a reader, a relay, and somebody to call.
async fn newsroom(store: Option<&str>, relay: &str, called: &Called, more: &str) -> World {
    let store = store.map_or(String::new(), |url| format!("[store]\nurl = \"{url}\"\n"));
    let config = CONFIG.replace("hold = \"0s\"", &format!("hold = \"0s\"\n{more}"));
    let config = format!(
        "{config}[[mail.relays]]\nname = \"office\"\nurl = \"{relay}\"\n{store}\
         [alerts]\nto = [\"desk@office.test\"]\nwebhook = \"http://127.0.0.1:{port}/hook\"\nheartbeat = \"http://127.0.0.1:{port}/heart\"\n",
        port = called.port
    );
    let world = World::with(&config).await;
    world.article("s1", "Floods in the north.", "en", Duration::hours(2));
    world.write("subscribers/public.csv", "email,language\nana@reader.test,en\n");
    world
}

async fn only(world: &World) -> editions::Edition {
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    editions::list(&mut tx, None, 1, 0).await.expect("a list").remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_edition_is_told_once_by_mail_and_webhook_and_so_is_its_end() {
    for store in stores().await {
        let (called, server) = (Called::start().await, Server::start(Ways::default()).await);
        let world = newsroom(store.as_deref(), &format!("smtp://{}", server.at), &called, "").await;
        world.pass(false).await;
        assert_eq!(called.since().1, 1, "all is well");
        // Nobody was there at seven; now it is half past ten.
        world.advance(Duration::minutes(270));
        let pass = world.pass(false).await;
        assert!(pass.editions.made[0].held.is_some(), "{pass:?}");
        let (posts, beats) = called.since();
        assert_eq!((states_of(&posts), beats), (vec![("raised", "held:1")], 0), "{posts:?}");
        let text = posts[0]["text"].as_str().expect("a text");
        assert!(text.starts_with("Daily digest No. 1 was due at 2026-03-03 07:00 CET"), "{text}");
        assert_eq!((server.count("RCPT TO:<desk@office.test>"), server.count("RCPT TO:<ana@")), (1, 0));
        world.pass(false).await;
        assert_eq!((called.since(), server.count("RCPT TO:<desk@")), ((vec![], 0), 1), "told once");
        // The webhook is away when it is over: it is called again until it has heard.
        called.answers("503 Later");
        let mut tx = world.newsroom.site.store.write().await.expect("a transaction");
        assert!(states::resume(&mut tx, 1).await.expect("resumed"));
        tx.commit().await.expect("a commit");
        world.pass(false).await;
        assert_eq!(server.count("RCPT TO:<ana@reader.test>"), 1);
        assert_eq!(server.count("RCPT TO:<desk@office.test>"), 2);
        assert_eq!(states_of(&called.since().0), [("over", "held:1")]);
        called.answers("200 OK");
        world.pass(false).await;
        let (posts, beats) = called.since();
        assert_eq!((states_of(&posts), beats), (vec![("over", "held:1")], 1));
        world.pass(false).await;
        assert_eq!((called.since(), server.count("RCPT TO:<desk@")), ((vec![], 1), 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_for_approval_after_its_slot_is_an_alarm_until_it_has_it() {
    let called = Called::start().await;
    let world = newsroom(None, "folder:var/outbox", &called, "approval = \"other\"\nready = \"15h\"").await;
    let store = &world.newsroom.site.store;
    let mut tx = store.write().await.expect("a transaction");
    let mailbox = "ana@desk.test".parse().expect("an address");
    let wanted = Wanted { name: "Ana".to_owned(), mailbox, role: Role::Approver, language: None };
    assert!(matches!(staff::add(&mut tx, &wanted, world.now()).await.expect("added"), Added::Made(_)));
    tx.commit().await.expect("a commit");
    world.pass(false).await;
    assert_eq!(called.since(), (vec![], 1), "it has until seven");
    world.advance(Duration::minutes(61));
    world.pass(false).await;
    assert_eq!(states_of(&called.since().0), [("raised", "waits:1")]);
    let mut tx = store.write().await.expect("a transaction");
    let (ring, account) =
        (keys::ring(&mut tx).await.expect("a keyring"), staff::open(&mut tx).await.expect("one").remove(0));
    let word = herald::edition::approve::Word {
        account: &account,
        alone: None,
        seen: 99,
        at: None,
        late: Duration::hours(2),
        now: world.now(),
    };
    herald::edition::approve::approve(&mut tx, &ring, 1, word).await.expect("approved");
    tx.commit().await.expect("a commit");
    world.pass(false).await;
    assert_eq!(only(&world).await.state, editions::State::Done);
    let (posts, beats) = called.since();
    assert_eq!((states_of(&posts), beats), (vec![("over", "waits:1")], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_of_returns_that_cannot_be_read_is_an_alarm_until_it_can() {
    let called = Called::start().await;
    let mut world = newsroom(None, "folder:var/outbox", &called, "").await;
    let mut config = (*world.newsroom.site.config).clone();
    config.mail.returns = Some(toml::from_str("maildir = \"returned\"").expect("a setting"));
    let store = world.newsroom.site.store.clone();
    world.newsroom = Newsroom::open(Arc::new(config), store, world.clock.clone()).await.expect("a newsroom");
    world.pass(false).await;
    let (posts, beats) = called.since();
    assert_eq!((states_of(&posts), beats), (vec![("raised", "returns")], 0), "{posts:?}");
    assert!(posts[0]["reason"].as_str().is_some_and(|why| why.contains("returned")), "{posts:?}");
    // A process that has just begun has not looked yet.
    let site = world.newsroom.site.clone();
    let fresh = Newsroom::open(site.config, site.store, world.clock.clone()).await.expect("a newsroom");
    fresh.look_after(std::time::Duration::from_secs(900)).await.expect("a look");
    assert_eq!(called.since(), (vec![], 0));
    for folder in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(world.path("returned").join(folder)).expect("a Maildir");
    }
    world.pass(false).await;
    assert_eq!(states_of(&called.since().0), [("over", "returns")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_and_what_no_relay_takes_is_an_alarm_and_staff_that_pause_are_none() {
    let called = Called::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
    let mut world = newsroom(None, &format!("smtp://{nobody}"), &called, "").await;
    world.pass(false).await;
    world.advance(Duration::minutes(61));
    let good = world.newsroom.clone();
    world.write("templates/mail/digest.html", "{% for %}");
    let site = good.site.clone();
    world.newsroom = Newsroom::open(site.config, site.store, world.clock.clone()).await.expect("a newsroom");
    called.since();
    world.pass(false).await;
    let (posts, beats) = called.since();
    assert_eq!((states_of(&posts), beats), (vec![("raised", "failed:daily")], 0), "{posts:?}");
    // The template is mended; now no relay can be reached.
    world.newsroom = good;
    world.pass(false).await;
    let posts = called.since().0;
    assert_eq!(states_of(&posts), [("over", "failed:daily"), ("raised", "relay")], "{posts:?}");
    let (_, shown) = crate::world::herald(&world, &["editions", "show", "1"]);
    assert!(shown.contains("No relay takes mail"), "{shown}");
    // A process that has just begun has not tried yet: that is not the end of it.
    let site = world.newsroom.site.clone();
    let fresh = Newsroom::open(site.config, site.store.clone(), world.clock.clone()).await.expect("a newsroom");
    fresh.look_after(std::time::Duration::from_secs(900)).await.expect("a look");
    assert_eq!(called.since(), (vec![], 0));
    let server = Server::on(&nobody.to_string(), Ways::default()).await;
    world.advance(Duration::minutes(30));
    world.pass(false).await;
    assert_eq!(states_of(&called.since().0), [("over", "relay")]);
    assert_eq!(server.count("RCPT TO:<ana@reader.test>"), 1);
    // Somebody who pauses an edition knows that it does not go.
    let mut tx = site.store.write().await.expect("a transaction");
    for (state, why) in [("paused", states::BY_STAFF), ("paused", "refused"), ("cancelled", "x")] {
        tx.q("UPDATE editions SET state = $1, reason = $2").bind(state).bind(why).execute().await.expect("an edition");
        tx.commit().await.expect("a commit");
        fresh.look_after(std::time::Duration::ZERO).await.expect("a look");
        let expected = match why {
            "refused" => vec![("raised", "stopped:1")],
            "x" => vec![("over", "stopped:1")],
            _ => vec![],
        };
        assert_eq!(states_of(&called.since().0), expected, "{why}");
        tx = site.store.write().await.expect("a transaction");
    }
}

async fn get(port: u16, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the question");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_beats_while_all_is_well_and_its_numbers_say_what_is_overdue() {
    let called = Called::start().await;
    let world = newsroom(None, "folder:var/outbox", &called, "").await;
    world.pass(false).await;
    let ports: Vec<u16> = (0..2)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port())
        .collect();
    let text = std::fs::read_to_string(world.path("config.toml")).expect("config.toml");
    let text = format!("{text}[listen]\npublic = \"127.0.0.1:{}\"\nstaff = \"127.0.0.1:{}\"\n", ports[0], ports[1]);
    let run = async |clock: Clock, beats: usize, overdue: usize| {
        let file: PathBuf = world.path("config.toml");
        let config = Config::load(&file, &text, std::iter::empty::<(String, String)>()).expect("a configuration");
        let store = Store::open(&config.store.url, &config.folder).await.expect("a store");
        let doors = Doors::open(&config).await.expect("doors");
        let newsroom = Newsroom::open(Arc::new(config), store, clock).await.expect("a newsroom");
        newsroom.compose(false, None).await.expect("editions");
        called.since();
        let stop = CancellationToken::new();
        let running = tokio::spawn(herald::service::run(newsroom, doors.listeners().expect("doors"), stop.clone()));
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let page = get(ports[1], "/metrics").await;
        assert!(page.contains(&format!("\nherald_editions_overdue {overdue}\n")), "{page}");
        assert!(page.contains(&format!("\nherald_editions{{state=\"held\"}} {overdue}\n")), "{page}");
        assert!(page.contains("\nherald_deliveries{state=\"queued\"} 0\n"), "{page}");
        assert_eq!(called.since().1, beats);
        stop.cancel();
        running.await.expect("a run");
    };
    run(world.clock.clone(), 1, 0).await;
    world.advance(Duration::hours(5));
    run(world.clock.clone(), 0, 1).await;
}
