//! `herald run` as a process: what it serves, a changed configuration, a second one, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// A daemon and what it says on standard error.
pub(crate) struct Daemon {
    /// The process.
    pub(crate) process: Child,
    log: Receiver<String>,
    said: Vec<String>,
}

impl Daemon {
    pub(crate) fn start(folder: &Path) -> Daemon {
        let mut process = Command::new(assert_cmd::cargo::cargo_bin("herald"))
            .current_dir(folder)
            .arg("run")
            .env_remove("HERALD_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (send, log) = mpsc::channel();
        let lines = BufReader::new(process.stderr.take().expect("standard error"));
        std::thread::spawn(move || lines.lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
        Daemon { process, log, said: Vec::new() }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().expect("kill").success());
    }

    /// Waits for a line of the log that holds `words`.
    pub(crate) fn hears(&mut self, words: &str) -> String {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let Ok(line) = self.log.recv_timeout(Duration::from_secs(60)) else { break };
            self.said.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
        panic!("it never said “{words}”, only {:#?}", self.said);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks `what` again and again until it is so.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port()
}

/// The answer to a GET, head and body; `None` while nobody listens.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn config(title: &str, public: u16, staff: u16) -> String {
    format!(
        "[site]\ntitle = \"{title}\"\nurl = \"http://127.0.0.1:{public}\"\nlanguages = [\"en\"]\naddress = \"Here 1\"\n\
         folder = \"var/site\"\n[listen]\npublic = \"127.0.0.1:{public}\"\nstaff = \"127.0.0.1:{staff}\"\n\
         [[sources]]\nname = \"newsroom\"\nkind = \"folder\"\npath = \"articles\"\n\
         [[feeds.feed]]\nname = \"news\"\ntitle = \"All news\"\n"
    )
}

struct Room {
    folder: tempfile::TempDir,
    public: u16,
    staff: u16,
}

impl Room {
    fn new() -> Room {
        let room = Room { folder: tempfile::tempdir().expect("a folder"), public: port(), staff: port() };
        std::fs::create_dir(room.folder.path().join("articles")).expect("articles/");
        for (name, title) in [("bridge", "New bridge opens"), ("radios", "Forty radios")] {
            let text = format!("---\ntitle: {title}\ndate: 2026-03-01\n---\n\nText of {name}.\n");
            std::fs::write(room.folder.path().join(format!("articles/{name}.md")), text).expect("an article");
        }
        room.configure("The Old Title", room.public);
        room
    }

    fn configure(&self, title: &str, public: u16) {
        std::fs::write(self.folder.path().join("config.toml"), config(title, public, self.staff)).expect("config.toml");
    }

    fn copy(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("var/site").join(path)).ok()
    }
}

#[test]
fn a_changed_configuration_is_taken_up_and_a_bad_one_changes_nothing() {
    let room = Room::new();
    let mut daemon = Daemon::start(room.folder.path());
    until("it serves", || get(room.public, "/").filter(|page| page.contains("The Old Title")));

    std::fs::write(room.folder.path().join("config.toml"), "[site]\ntitel = \"x\"\n").expect("config.toml");
    daemon.signal("HUP");
    let refused = daemon.hears("was not taken up");
    assert!(refused.contains("config.toml:2") && refused.contains("title"), "{refused}");
    assert!(get(room.public, "/").expect("an answer").contains("The Old Title"), "it goes on as before");

    room.configure("The New Title", room.public);
    let mails = room.folder.path().join("templates/mail");
    std::fs::create_dir_all(&mails).expect("templates/mail/");
    std::fs::write(mails.join("digest.html"), "{% if %}").expect("a template");
    daemon.signal("HUP");
    let refused = daemon.hears("was not taken up");
    assert!(refused.contains("mail/digest.html:1"), "{refused}");
    std::fs::remove_file(mails.join("digest.html")).expect("it goes");

    room.configure("The New Title", room.public);
    daemon.signal("HUP");
    daemon.hears("has been taken up");
    until("the new title", || get(room.public, "/").filter(|page| page.contains("The New Title")));
    assert!(get(room.public, "/feeds/news.rss").expect("an answer").contains("New bridge opens"));

    // Another address: the new one is open, nobody is at the old one.
    let moved = port();
    room.configure("The New Title", moved);
    daemon.signal("HUP");
    daemon.hears("has been taken up");
    until("it serves there", || get(moved, "/").filter(|page| page.contains("The New Title")));
    until("the old door is shut", || get(room.public, "/").is_none().then_some(()));

    daemon.signal("TERM");
    daemon.hears("Stopped.");
    assert_eq!(daemon.process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn the_static_copy_of_the_pages_follows_what_is_public() {
    let room = Room::new();
    let _daemon = Daemon::start(room.folder.path());
    until("both stories are copied", || {
        room.copy("articles/bridge/index.html").and(room.copy("articles/radios/index.html"))
    });
    until("and the home page", || room.copy("index.html"));
    std::fs::remove_file(room.folder.path().join("articles/radios.md")).expect("it goes");
    until("a story that is gone is gone there too", || {
        let gone = room.copy("articles/radios/index.html").is_none();
        (gone && !room.copy("index.html")?.contains("Forty radios")).then_some(())
    });
    assert!(room.copy("articles/bridge/index.html").is_some_and(|page| page.contains("Text of bridge")));
}

#[test]
fn a_second_one_on_the_same_store_is_refused_and_a_taken_address_stops_it_before_it_works() {
    let room = Room::new();
    let taken = TcpListener::bind(("127.0.0.1", room.public)).expect("the port");
    let mut daemon = Daemon::start(room.folder.path());
    let said = daemon.hears("[listen] public");
    assert!(said.contains(&room.public.to_string()), "{said}");
    assert_eq!(daemon.process.wait().expect("it ends").code(), Some(1));
    assert!(room.copy("feeds/news.rss").is_none(), "nothing was done");
    drop(taken);

    let first = Daemon::start(room.folder.path());
    until("it serves", || get(room.public, "/healthz").filter(|answer| answer.contains("200 OK")));
    let mut second = Daemon::start(room.folder.path());
    let said = second.hears("is working on this store");
    assert!(said.contains(&first.process.id().to_string()), "{said}");
    assert_eq!(second.process.wait().expect("it ends").code(), Some(1));
}
