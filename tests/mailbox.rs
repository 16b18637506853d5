//! The mailbox behind the return path: what comes back is read from a real IMAP server, once, and whoever is gone gets no more.

use std::process::{Command, Stdio};
use std::time::Duration;

use herald::clock::Clock;
use herald::config::Imap;
use herald::net::imap::{Dial, ImapError, Mailbox};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{Authority, CONFIG, Dovecot, Server, Ways, World};

/// A newsroom whose mail goes to `server`, for trials, and what comes back to a mailbox by these lines.
fn config(server: &Server, returns: &str) -> String {
    let url = server.at;
    format!(
        "{CONFIG}sandbox = true\n[[mail.relays]]\nname = \"trial\"\nurl = \"smtp://{url}\"\nconnections = 1\n[mail.returns]\n{returns}\n"
    )
}

fn imap(port: u16, folder: &str) -> String {
    format!("imap = \"imap://desk%40office.test@127.0.0.1:{port}/{folder}\"\npassword_file = \"password\"")
}

/// A command beside the newsroom, in no environment but its own: exit code, standard output, standard error.
fn herald(world: &World, arguments: &[&str]) -> (i32, String, String) {
    let done = command(world, arguments).output().expect("herald runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap_or(-1), text(&done.stdout), text(&done.stderr))
}

fn command(world: &World, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_herald"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HERALD_")) {
        command.env_remove(name);
    }
    command.current_dir(world.path("")).args(arguments).stdin(Stdio::null());
    command
}

fn article(world: &World, name: &str) {
    let date = Clock::system().now().to_rfc3339();
    world.write(&format!("articles/{name}.md"), &format!("---\ntitle: {name}\ndate: {date}\nlang: en\n---\n\nText.\n"));
}

/// The return path of the copy that went to `reader`; on one connection it stands right before them.
fn return_path(server: &Server, reader: &str) -> String {
    let heard = server.heard();
    let at = heard.iter().position(|line| line.contains(&format!("RCPT TO:<{reader}"))).expect("a copy");
    let line = heard[..at].iter().rfind(|line| line.contains("MAIL FROM:")).expect("a return path");
    line.split(['<', '>']).nth(1).expect("an address").to_owned()
}

fn report(to: &str, recipient: &str, status: &str, said: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.test\r\nTo: <{to}>\r\nMessage-ID: <{recipient}.{status}@mx.test>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\n\
         Action: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n\r\n--b--\r\n"
    )
}

const GONE: &str = "550 5.1.1 no such user";

/// A newsroom that has sent an edition to ana, bo and ce.
async fn sent(returns: &str) -> (Server, World) {
    let server = Server::start(Ways::default()).await;
    let world = World::with(&config(&server, returns)).await;
    world.write("password", "s3cret word\n");
    world.write("subscribers/public.csv", "email\nana@readers.test\nbo@readers.test\nce@readers.test\n");
    article(&world, "one");
    (server, world)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_read_once_and_whoever_is_gone_gets_no_more() {
    let authority = Authority::new("Office");
    let Some(dovecot) = Dovecot::start(&authority) else { return };
    let (server, world) = sent(&imap(dovecot.port, "INBOX")).await;
    let (code, _, err) = herald(&world, &["once", "--now", "--yes"]);
    assert_eq!((code, server.count("message")), (0, 3), "{err}");
    assert!(!err.contains("[mail.returns]"), "{err}");
    let path = |name: &str| return_path(&server, name);
    dovecot.put("1.gone", &report(&path("ana@"), "ana@readers.test", "5.1.1", GONE));
    dovecot.put("2.later", &report(&path("bo@"), "bo@readers.test", "4.2.2", "452 4.2.2 mailbox full"));
    dovecot.put("3.us", &report(&path("ce@"), "ce@readers.test", "5.7.1", "554 5.7.1 blocked using zen.spamhaus.org"));
    dovecot.put("4.letter", "From: reader@x.test\r\nTo: bounces@office.test\r\nSubject: Thanks\r\n\r\nDear office\r\n");
    dovecot.put("5.stranger", &report("press@office.test", "x@y.test", "5.1.1", GONE));
    let (code, out, err) = herald(&world, &["once"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("5 messages: 1 suppressed, 0 complained, 2 kept for staff"), "{out}");
    assert!(out.contains("2 left in the mailbox") && out.contains("d…@office.test"), "{out}");
    assert_eq!(
        dovecot.names(""),
        ["1.gone", "2.later", "3.us", "4.letter!", "5.stranger!"],
        "whose letters, stay unseen"
    );
    let (_, out, _) = herald(&world, &["editions", "show", "1", "--recipients"]);
    assert!(out.contains("came back: failure: 550 5.1.1 no such user"), "{out}");
    // A second look changes nothing, nor does a message that somebody has opened.
    let (code, out, _) = herald(&world, &["bounces", "read"]);
    assert!(code == 0 && out.contains("0 messages"), "{out}");
    article(&world, "two");
    let before = server.count("RCPT");
    let (code, _, err) = herald(&world, &["once", "--now", "--yes"]);
    assert_eq!((code, server.count("RCPT") - before), (0, 2), "{err}");
    assert_eq!(server.count("RCPT TO:<ana@"), 1, "ana is gone");
    // The same report once more, by another way.
    dovecot.put("6.again", &report(&path("ana@"), "ana@readers.test", "5.1.1", GONE));
    let (_, out, _) = herald(&world, &["--json", "bounces", "read"]);
    let said: serde_json::Value = serde_json::from_str(&out).expect("one document");
    assert_eq!((&said["reports"][0]["done"], &said["read"]), (&"known".into(), &1.into()), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_is_read_to_its_end_and_numbers_that_begin_anew_bring_nothing_new() {
    let authority = Authority::new("Office");
    let Some(dovecot) = Dovecot::start(&authority) else { return };
    let (server, world) = sent(&imap(dovecot.port, "INBOX")).await;
    assert_eq!(herald(&world, &["once", "--now", "--yes"]).0, 0);
    let path = return_path(&server, "ana@");
    for n in 0..2100 {
        dovecot.put(&format!("{n:04}"), "From: reader@x.test\r\nSubject: Thanks\r\n\r\nDear office\r\n");
    }
    // One that is as large as a mailbox lets it be, with the report at its beginning; and what cannot be taken apart.
    let gone = report(&path, "ana@readers.test", "5.1.1", GONE);
    dovecot.put("9998", &"Content-Type: message/rfc822\r\n\r\n".repeat(30_000));
    dovecot.put("9999", &format!("{gone}{}", "x".repeat(5 << 20)));
    let (code, out, err) = herald(&world, &["once"]);
    assert!(code == 0 && out.contains("2000 messages: 0 suppressed") && out.contains("More wait"), "{out}{err}");
    let (code, out, err) = herald(&world, &["bounces", "read"]);
    assert!(code == 0 && out.contains("102 messages: 1 suppressed"), "{out}{err}");
    assert!(
        dovecot.names("").iter().filter(|name| !name.ends_with('!')).eq(["9999"]),
        "ours is seen, and nothing else"
    );
    dovecot.number_anew();
    let (code, out, err) = herald(&world, &["bounces", "read", "-q"]);
    assert!(code == 0 && out.contains("0 suppressed") && out.contains("1 known before, 2101 left"), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_moved_where_that_is_wished_by_a_server_that_knows_how_and_by_one_that_does_not() {
    let authority = Authority::new("Office");
    for more in ["", "imap_capability = IMAP4rev1 UIDPLUS", "imap_capability = IMAP4rev1"] {
        let Some(dovecot) = Dovecot::with(&authority, more) else { return };
        let (server, world) = sent(&format!("{}\nmove_to = \"Враћено/A & B\"", imap(dovecot.port, ""))).await;
        assert_eq!(herald(&world, &["once", "--now", "--yes"]).0, 0);
        dovecot.put("1.gone", &report(&return_path(&server, "ana@"), "ana@readers.test", "5.1.1", GONE));
        dovecot.put("cur/2.letter:2,ST", "From: reader@x.test\r\nSubject: Thanks\r\n\r\nDear office\r\n");
        let (code, out, err) = herald(&world, &["bounces", "read"]);
        assert!(code == 0 && out.contains("1 suppressed") && out.contains("1 left"), "{more}: {out}{err}");
        let moved = dovecot.names(".&BBIEQAQwBFsENQQ9BD4-.A &- B");
        assert!(moved.len() == 1 && !moved[0].ends_with('!'), "{more}: {moved:?}");
        let stays: &[&str] = if more.ends_with("rev1") { &["1.gone", "2.letter"] } else { &["2.letter"] };
        assert_eq!(dovecot.names(""), stays, "{more}: what somebody else has deleted is still there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_between_fetch_and_mark_loses_nothing() {
    let authority = Authority::new("Office");
    let Some(dovecot) = Dovecot::start(&authority) else { return };
    let between = Between::start(dovecot.port, "UID STORE").await;
    let (server, world) = sent(&format!("{}\nmove_to = \"Herald/read\"", imap(between.port, ""))).await;
    assert_eq!(herald(&world, &["once", "--now", "--yes"]).0, 0);
    dovecot.put("1.gone", &report(&return_path(&server, "ana@"), "ana@readers.test", "5.1.1", GONE));
    dovecot.put("2.letter", "From: reader@x.test\r\nSubject: Thanks\r\n\r\nDear office\r\n");
    let mut child = command(&world, &["once"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("herald");
    between.reached().await;
    child.kill().expect("a kill");
    child.wait().expect("its end");
    let (_, out, _) = herald(&world, &["subscribers", "show", "ana@readers.test"]);
    assert!(out.contains("bounced"), "committed before anything is marked: {out}");
    assert_eq!(dovecot.names(""), ["1.gone!", "2.letter!"]);
    world.write("config.toml", &config(&server, &format!("{}\nmove_to = \"Herald/read\"", imap(dovecot.port, ""))));
    let (code, out, err) = herald(&world, &["once"]);
    assert!(code == 0 && out.contains("1 known before"), "{out}{err}");
    assert_eq!(dovecot.names(""), ["2.letter!"]);
    let moved = dovecot.names(".Herald.read");
    assert!(moved.len() == 1 && !moved[0].ends_with('!'), "{moved:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_mailbox_is_said_and_stops_nothing_else() {
    let authority = Authority::new("Office");
    let Some(dovecot) = Dovecot::start(&authority) else { return };
    let (server, world) = sent("piped = true").await;
    world.write("wrong", "hunter2\n");
    authority.write(&world.path("ca.pem"));
    let tls = format!("imap = \"imaps://desk%40office.test@localhost:{}\"\npassword_file = \"password\"", dovecot.tls);
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its number").port();
    for (returns, words) in [
        (imap(dovecot.port, "INBOX").replace("\"password\"", "\"wrong\""), "password_file"),
        (imap(dovecot.port, "Bounces"), "no folder “Bounces”"),
        (tls.clone(), "ca_file"),
        (imap(nobody, "INBOX"), "refused"),
        ("maildir = \"missing\"".to_owned(), "missing/new"),
    ] {
        world.write("config.toml", &config(&server, &returns));
        let (code, out, err) = herald(&world, &["bounces", "read"]);
        assert_eq!(code, 1, "{returns}: {out}{err}");
        assert!(err.contains("[mail.returns]") && err.contains(words), "{words}: {err}");
        assert!(!format!("{out}{err}").contains("hunter2"), "{err}");
        let (code, out, err) = herald(&world, &["once"]);
        assert_eq!(code, 3, "{out}{err}");
        assert!(out.contains(words) && out.contains("news"), "the pass goes on: {out}");
    }
    world.write("config.toml", &config(&server, &format!("{tls}\nca_file = \"ca.pem\"")));
    let (code, out, err) = herald(&world, &["bounces", "read"]);
    assert!(code == 0 && out.contains("0 messages"), "{out}{err}");
    world.write(
        "config.toml",
        &config(&server, &tls.replace("password_file = \"password\"", "password_file = \"nowhere\"")),
    );
    let (code, _, err) = herald(&world, &["once"]);
    assert!(code == 2 && err.contains("mail.returns.password_file"), "{err}");
    world.write("config.toml", &config(&server, "piped = true"));
    let (code, _, err) = herald(&world, &["bounces", "read"]);
    assert!(code == 2 && err.contains("[mail.returns]"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maildir_is_read_and_letters_stay_new() {
    let (server, world) = sent("maildir = \"mail\"").await;
    for part in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(world.path(&format!("mail/{part}"))).expect("a folder");
    }
    assert_eq!(herald(&world, &["once", "--now", "--yes"]).0, 0);
    let path = |name: &str| return_path(&server, name);
    world.write("mail/new/1", &report(&path("ana@"), "ana@readers.test", "5.1.1", GONE));
    world.write("mail/cur/2:2,F", &report(&path("bo@"), "bo@readers.test", "4.2.2", "452 4.2.2 mailbox full"));
    world.write("mail/new/3", "From: reader@x.test\nSubject: Thanks\n\nDear office\n");
    world.write("mail/tmp/4", &report(&path("ce@"), "ce@readers.test", "5.1.1", GONE));
    let (code, out, err) = herald(&world, &["once"]);
    assert!(code == 0 && out.contains("3 messages: 1 suppressed") && out.contains("1 left"), "{out}{err}");
    for there in ["mail/cur/1:2,S", "mail/cur/2:2,FS", "mail/new/3", "mail/tmp/4"] {
        assert!(world.path(there).exists(), "{there}");
    }
    let (_, out, _) = herald(&world, &["--json", "bounces", "read"]);
    let said: serde_json::Value = serde_json::from_str(&out).expect("one document");
    assert!(said["done"].as_object().expect("counts").keys().all(|done| done == "left"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_relay_that_nobody_listens_for_is_a_warning_at_each_start() {
    let (server, world) = sent("piped = true").await;
    let warns = |arguments: &[&str]| herald(&world, arguments).2.contains("[mail.returns]");
    assert!(!warns(&["once"]), "it comes by a pipe");
    let silent = config(&server, "").replace("[mail.returns]\n", "");
    world.write("config.toml", &silent);
    for arguments in [&["once"][..], &["once", "--now", "--yes"], &["send", "daily", "--yes", "--again"]] {
        assert!(warns(arguments), "{arguments:?}");
    }
    let relay = silent.find("[[mail.relays]]").expect("a relay");
    world.write("config.toml", &silent[..relay]);
    assert!(!warns(&["once"]), "a folder sends nothing back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_reads_on_and_says_once_what_is_wrong() {
    let authority = Authority::new("Office");
    let Some(dovecot) = Dovecot::start(&authority) else { return };
    let (server, world) = sent(&format!("{}\nevery = \"1s\"", imap(dovecot.port, "INBOX"))).await;
    let listen = "[listen]\npublic = \"127.0.0.1:0\"\nstaff = \"127.0.0.2:0\"\n";
    let ours = std::fs::read_to_string(world.path("config.toml")).expect("a configuration");
    world.write("config.toml", &format!("{ours}{listen}"));
    assert_eq!(herald(&world, &["once", "--now", "--yes"]).0, 0);
    let path = return_path(&server, "ana@");
    world.write("password", "not this one\n");
    let log = std::fs::File::create(world.path("log")).expect("a log");
    let mut child = command(&world, &["run"]).stdout(Stdio::null()).stderr(log).spawn().expect("herald");
    let said = || std::fs::read_to_string(world.path("log")).expect("a log");
    let until = |what: &str, so: &dyn Fn() -> bool| {
        for _ in 0..600 {
            if so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("not in time: {what}: {}", said());
    };
    until("it is refused", &|| said().contains("password_file"));
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(said().matches("password_file").count(), 1, "{}", said());
    world.write("password", "s3cret word\n");
    dovecot.put("1.gone", &report(&path, "ana@readers.test", "5.1.1", GONE));
    until("it is read", &|| said().contains("1 suppressed"));
    assert!(said().contains("can be read again"), "{}", said());
    child.kill().expect("a kill");
    child.wait().expect("its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_the_mailbox_and_one_that_has_expired_does_not() {
    for (token, right) in [("fresh-token", true), ("stale-token", false)] {
        let port = oauth("desk", "fresh-token").await;
        let returns = format!("imap = \"imap://desk@127.0.0.1:{port}\"\ntoken_file = \"token\"");
        let (_server, world) = sent(&returns).await;
        world.write("token", token);
        let (code, out, err) = herald(&world, &["bounces", "read"]);
        assert_eq!(code == 0, right, "{out}{err}");
        assert!(right || (err.contains("expired") && err.contains("token") && !err.contains(token)), "{err}");
    }
}

/// An IMAP server with an empty mailbox that lets in whoever has this token.
async fn oauth(user: &str, token: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let right = format!("user={user}\x01auth=Bearer {token}\x01\x01");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut io = tokio::io::BufReader::new(stream);
        io.write_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hello\r\n").await.expect("a greeting");
        let mut line = String::new();
        while io.read_line(&mut line).await.is_ok_and(|n| n > 0) {
            let (tag, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            let answer = if rest == "AUTHENTICATE XOAUTH2" {
                io.write_all(b"+ \r\n").await.expect("a turn");
                let mut said = String::new();
                io.read_line(&mut said).await.expect("a token");
                if data_encoding::BASE64.decode(said.trim_end().as_bytes()).is_ok_and(|said| said == right.as_bytes()) {
                    format!("{tag} OK come in\r\n")
                } else {
                    io.write_all(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n").await.expect("a reason");
                    said.clear();
                    io.read_line(&mut said).await.expect("an empty line");
                    assert_eq!(said, "\r\n");
                    format!("{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n")
                }
            } else if rest.starts_with("SELECT") {
                format!("* 0 EXISTS\r\n* OK [UIDVALIDITY 7] numbers\r\n{tag} OK [READ-WRITE] open\r\n")
            } else if rest.starts_with("UID SEARCH") {
                format!("* SEARCH\r\n{tag} OK done\r\n")
            } else {
                format!("* BYE\r\n{tag} OK done\r\n")
            };
            io.write_all(answer.as_bytes()).await.expect("an answer");
            line.clear();
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lies_is_left_in_good_time() {
    let floods = "* OK hello\r\n".to_owned() + &"* 1 EXISTS\r\n".repeat(400_000);
    let huge = "* OK hello\r\n* 1 FETCH (BODY[] {4294967290}\r\n".to_owned() + &"x".repeat(4 << 20);
    for said in
        ["\r\n", "220 mx.test ESMTP\r\n", "* BYE go away\r\n", "* OK\r\na1 OK\r\nA0001 NO \"\r\n", &floods, &huge]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let said = said.to_owned();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(said.as_bytes()).await;
                let _ = stream.read(&mut [0; 1000]).await;
            }
        });
        let (_server, world) = sent(&imap(port, "INBOX")).await;
        let begun = std::time::Instant::now();
        let (code, out, err) = herald(&world, &["bounces", "read"]);
        assert_eq!(code, 1, "{out}{err}");
        assert!(err.contains("[mail.returns] imap") && err.len() < 4000, "{err}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
    // One that says nothing is waited for, and then left.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("imap://desk@{}", silent.local_addr().expect("its number"));
    let limit = Duration::from_millis(200);
    let proof = herald::config::Proof::Password("x".to_owned().into());
    let dial = Dial { to: Imap::of(&url).expect("an address"), proof, tls: None, limit };
    let error = Mailbox::open(&dial).await.err().expect("an error");
    assert!(matches!(error, ImapError::Silence(_)), "{error}");
}

/// Somebody between client and server who keeps the connection up and hands nothing on once the client has said a word.
struct Between {
    port: u16,
    reached: tokio::sync::watch::Receiver<bool>,
}

impl Between {
    async fn start(server: u16, word: &'static str) -> Between {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let (tell, reached) = tokio::sync::watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let there = TcpStream::connect(("127.0.0.1", server)).await.expect("the server");
                let ((mut from_client, mut to_client), (mut from_there, mut to_there)) =
                    (client.into_split(), there.into_split());
                tokio::spawn(async move { tokio::io::copy(&mut from_there, &mut to_client).await });
                let tell = tell.clone();
                tokio::spawn(async move {
                    let mut piece = [0; 4096];
                    while let Ok(n @ 1..) = from_client.read(&mut piece).await {
                        if String::from_utf8_lossy(&piece[..n]).contains(word) {
                            let _ = tell.send(true);
                            std::future::pending::<()>().await;
                        }
                        to_there.write_all(&piece[..n]).await.expect("the server takes it");
                    }
                });
            }
        });
        Between { port, reached }
    }

    async fn reached(&self) {
        let mut reached = self.reached.clone();
        tokio::time::timeout(Duration::from_secs(60), reached.wait_for(|there| *there))
            .await
            .expect("in time")
            .expect("it");
    }
}
