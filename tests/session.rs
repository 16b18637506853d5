//! A session with a relay: encryption, certificates, passwords, addresses beyond ASCII, and a server that falls silent.

use std::time::Duration;

use herald::net::smtp::{Cause, Dial, Encryption, Envelope, Limits, Opened, Session, SmtpError, Step};

use crate::world::{Authority, Post, Server, Sink, Ways, relay};

/// An edition for five people, for a relay at `url`; `more` is TOML of the relay. The authority's certificate is beside it.
async fn post(authority: &Authority, url: &str, more: &str) -> Post {
    let own = tempfile::tempdir().expect("a folder");
    authority.write(&own.path().join("office.pem"));
    std::fs::write(own.path().join("password"), "s3cret word\n").expect("a password");
    std::fs::write(own.path().join("wrong"), "hunter2-hunter2\n").expect("a password");
    let folder = own.path().to_owned();
    let post = Post::at(&folder, &format!("url = \"{url}\"\n{more}"), Some(own)).await;
    post.fill(5).await;
    post
}

/// What the relay is said to lack, where no copy left; each waits as before, at no attempt.
async fn held(post: &Post) -> String {
    let summary = post.deliver().await;
    assert_eq!((summary.sent, summary.failed, summary.waiting), (0, 0, 5), "{summary}");
    assert_eq!(post.states().await[0], 5);
    assert_eq!(post.word("SELECT CAST(MAX(attempts) AS TEXT) FROM deliveries").await, "0");
    summary.relay.expect("the relay's words")
}

const CA: &str = "ca_file = \"office.pem\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starttls_and_tls_from_the_start_deliver_to_whom_an_office_vouches_for() {
    let office = Authority::new("office");
    for (scheme, implicit, end) in [("smtp", false, "?starttls=required"), ("smtps", true, "")] {
        for offers in [&["PIPELINING", "8BITMIME"][..], &[]] {
            let tls = Some(office.vouch("localhost", 2100));
            let server = Server::start(Ways { tls, implicit, offers, ..Ways::default() }).await;
            let url = format!("{scheme}://localhost:{}{end}", server.at.port());
            let post = post(&office, &url, CA).await;
            assert_eq!(post.deliver().await.sent, 5, "{url}");
            assert_eq!((server.count("tls message"), server.count("message")), (5, 0), "{url}");
            assert_eq!((server.count("MAIL"), server.count("RCPT")), (0, 0), "nothing of it in the clear");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_cannot_be_trusted_is_refused_and_the_words_say_what_to_do() {
    let (office, stranger, other_key) =
        (Authority::new("office"), Authority::new("stranger"), Authority::new("office"));
    for (authority, name, until, host, words) in [
        (&stranger, "localhost", 2100, "localhost", "ca_file"),
        (&other_key, "localhost", 2100, "localhost", "ca_file"),
        (&office, "localhost", 2021, "localhost", "expired"),
        (&office, "mx.elsewhere.test", 2100, "localhost", "write the name that it bears into url"),
        (&office, "localhost", 2100, "127.0.0.1", "write the name that it bears into url"),
    ] {
        let tls = Some(authority.vouch(name, until));
        let server = Server::start(Ways { tls, ..Ways::default() }).await;
        let post = post(&office, &format!("smtp://{host}:{}?starttls=required", server.at.port()), CA).await;
        let said = held(&post).await;
        assert!(said.contains(words) && said.contains(host), "{said}");
        assert_eq!(server.count("tls"), 0, "nothing was said to it");
        assert_eq!(server.count("STARTTLS"), 1, "it is not asked again and again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_certificates_that_holds_none_is_named() {
    let office = Authority::new("office");
    for (file, words) in [("password", "no certificate"), ("nothing.pem", "nothing.pem")] {
        let post = post(&office, "smtps://localhost:1", &format!("ca_file = \"{file}\"")).await;
        let stop = tokio_util::sync::CancellationToken::new();
        let said = post.deliver_until(stop).await.expect_err("an error").to_string();
        assert!(said.contains("ca_file") && said.contains(words), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_signs_in_and_one_that_has_expired_hurts_nobody_and_is_read_anew() {
    let office = Authority::new("office");
    let wrong = "535 5.7.8 stale-token is no good";
    let server = Server::start(Ways { auth: "PLAIN XOAUTH2", wrong, ..Ways::default() }).await;
    let post = post(&office, &format!("smtp://desk@{}", server.at), "token_file = \"token\"").await;
    std::fs::write(post.folder.join("token"), "stale-token\n").expect("a token");
    let said = held(&post).await;
    assert!(said.contains("535 5.7.8 … is no good") && said.contains("status 401"), "{said}");
    assert!(!said.contains("stale-token") && !said.contains("password"), "{said}");
    // While it runs, another program renews the token.
    let post = std::sync::Arc::new(post);
    let (other, stop) = (std::sync::Arc::clone(&post), tokio_util::sync::CancellationToken::new());
    let token = stop.clone();
    let before = server.count("AUTH");
    let run = tokio::spawn(async move { other.deliver_on(token).await });
    let until = async |what: &str, so: &dyn Fn() -> bool| {
        for _ in 0..600 {
            if so() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not in time: {what}");
    };
    until("it is refused", &|| server.count("AUTH") > before).await;
    std::fs::write(post.folder.join("token"), "fresh-token\n").expect("a token");
    until("the copies come", &|| server.count("message") == 5).await;
    stop.cancel();
    run.await.expect("a task").expect("a run");
    assert_eq!(post.states().await[2], 5);
    assert!(server.heard().iter().all(|line| !line.starts_with("AUTH PLAIN")), "by the token and nothing else");
    // A server without it, and a file without a token.
    let server = Server::start(Ways { auth: "PLAIN", ..Ways::default() }).await;
    for (text, words) in
        [("fresh-token", "name a password_file"), ("", "token_file"), ("two words", "more than one word")]
    {
        let post = self::post(&office, &format!("smtp://desk@{}", server.at), "token_file = \"token\"").await;
        std::fs::write(post.folder.join("token"), text).expect("a token");
        let said = match post.deliver_until(tokio_util::sync::CancellationToken::new()).await {
            Ok(summary) => summary.relay.expect("the relay's words"),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(words) && !said.contains("two words"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_password_signs_in_and_a_wrong_one_holds_everything_and_is_never_said() {
    let office = Authority::new("office");
    for auth in ["PLAIN LOGIN", "LOGIN", "PLAIN"] {
        // A careless server says the password back.
        let ways = || {
            let wrong = "535 5.7.8 hunter2-hunter2 is not the password";
            Ways { tls: Some(office.vouch("localhost", 2100)), auth, wrong, ..Ways::default() }
        };
        let server = Server::start(ways()).await;
        let url = format!("smtp://desk@localhost:{}?starttls=required", server.at.port());
        let right = post(&office, &url, &format!("{CA}\npassword_file = \"password\"")).await;
        assert_eq!(right.deliver().await.sent, 5, "{auth}");
        assert_eq!(server.count("AUTH"), 0, "no password in the clear");
        let server = Server::start(ways()).await;
        let url = format!("smtp://desk@localhost:{}?starttls=required", server.at.port());
        let wrong = post(&office, &url, &format!("{CA}\npassword_file = \"wrong\"")).await;
        let said = held(&wrong).await;
        assert!(said.contains("signing in") && said.contains("535 5.7.8 … is not the password"), "{said}");
        assert!(said.contains("password_file"), "it says where to look: {said}");
        assert_eq!(server.count("tls AUTH"), 1, "no account is locked by trying again and again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn elsewhere_nothing_goes_without_starttls_unless_the_address_says_so() {
    // An address of this machine that is not loopback; no packet is sent.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let own = probe.connect("192.0.2.1:9").and_then(|()| probe.local_addr());
    let Some(ip) = own.ok().map(|at| at.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified()) else {
        eprintln!("passed over: this machine has no address but its own");
        return;
    };
    let server = Server::on(&format!("{ip}:0"), Ways::default()).await;
    let office = Authority::new("office");
    let said = held(&post(&office, &format!("smtp://{}", server.at), "").await).await;
    assert!(said.contains("does not offer STARTTLS") && said.contains("?starttls=off"), "{said}");
    assert_eq!(server.count("MAIL"), 0);
    let open = post(&office, &format!("smtp://{}?starttls=off", server.at), "").await;
    assert_eq!((open.deliver().await.sent, server.count("message")), (5, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_put_behind_the_go_ahead_for_tls_are_not_believed() {
    let office = Authority::new("office");
    let injected = "250-mx.office.test\r\n250 AUTH PLAIN\r\n";
    let server = Server::start(Ways { tls: Some(office.vouch("localhost", 2100)), injected, ..Ways::default() }).await;
    let url = format!("smtp://localhost:{}?starttls=required", server.at.port());
    let said = held(&post(&office, &url, CA).await).await;
    assert!(said.contains("spoke before it was asked"), "{said}");
    assert_eq!(server.count("tls"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_beyond_ascii_goes_where_it_can_be_taken_and_says_so_where_not() {
    for (option, sent) in [(&["--smtputf8"][..], 5), (&[], 4)] {
        let sink = Sink::start(option);
        let post = Post::new(5, &relay(&sink)).await;
        post.run(
            "UPDATE subscribers SET address = 'ана@xn--b1agiscd.xn--90a3ac', mailbox = 'Ана@новине.срб' WHERE id = 2",
        )
        .await;
        post.run(
            "UPDATE subscribers SET address = 'bo@xn--b1agiscd.xn--90a3ac', mailbox = 'bo@новине.срб' WHERE id = 3",
        )
        .await;
        let summary = post.deliver().await;
        assert_eq!((summary.sent, summary.failed), (sent, 5 - sent), "{summary}");
        assert_eq!(sink.count("/unique_rcpts"), sent, "one is enough");
        sink.is_content();
        if sent == 4 {
            let line = post.word("SELECT line FROM deliveries WHERE subscriber = 2").await;
            assert_eq!(line, "the relay does not offer SMTPUTF8, which this address needs (trial)");
        }
    }
    let ways = Ways { offers: &["SMTPUTF8", "8BITMIME"], ..Ways::default() };
    let server = Server::start(ways).await;
    let post = Post::new(2, &format!("url = \"smtp://{}\"", server.at)).await;
    post.run("UPDATE subscribers SET address = 'ана@xn--b1agiscd.xn--90a3ac', mailbox = 'Ана@новине.срб' WHERE id = 1")
        .await;
    assert_eq!(post.deliver().await.sent, 2);
    let heard = server.heard();
    let at = heard.iter().position(|line| line == "RCPT TO:<Ана@xn--b1agiscd.xn--90a3ac>").expect("labels in ASCII");
    assert!(heard[at - 1].ends_with(" SMTPUTF8") && heard[at - 1].contains("BODY=8BITMIME"), "{heard:?}");
    let plain = heard.iter().position(|line| line == "RCPT TO:<r2@readers.test>").expect("the other");
    assert!(!heard[plain - 1].contains("SMTPUTF8"), "only where it is needed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_messages_on_a_connection_and_no_more() {
    for options in [&["--max-msgs", "7"][..], &["--max-msgs", "7", "--no-pipelining"]] {
        let sink = Sink::start(options);
        let post = Post::new(100, &format!("{}\nconnections = 2\nper_connection = 7", relay(&sink))).await;
        assert_eq!(post.deliver().await.sent, 100);
        sink.has_each_once(100);
        assert_eq!(sink.count("/faults/max-msgs421"), 0, "it was never told that it is enough");
        assert!(sink.count("/connections") >= 15);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_refusal_the_session_is_set_back_before_the_next_envelope() {
    for offers in [&["PIPELINING"][..], &[]] {
        let refuses = Some(("<r2@", "550 5.1.1 nobody here"));
        let server = Server::start(Ways { offers, refuses, ..Ways::default() }).await;
        let post = Post::new(5, &format!("url = \"smtp://{}\"\nconnections = 1", server.at)).await;
        let summary = post.deliver().await;
        assert_eq!((summary.sent, summary.failed), (4, 1), "{offers:?}");
        let heard = server.heard();
        let at = heard.iter().position(|line| line.starts_with("RCPT TO:<r2@")).expect("the second");
        let next = heard[at..].iter().position(|line| line.starts_with("MAIL")).expect("the third") + at;
        assert_eq!(heard[next - 1], "RSET", "{heard:?}");
        assert_eq!(server.count("EHLO"), 1, "in the same session");
    }
}

fn dial(server: &Server, limits: Limits) -> Dial {
    let (host, port) = (server.at.ip().to_string(), server.at.port());
    Dial { host, port, encryption: Encryption::Off, tls: None, login: None, hello: None, limits }
}

/// A session with one message, to its end or to where the server falls silent.
async fn one_message(dial: &Dial) -> Result<(), SmtpError> {
    let mut session = Session::connect(dial).await?;
    let address = |text: &str| text.parse().expect("an address");
    let (from, to) = (address("news@office.test"), address("ana@readers.test"));
    let message = b"Subject: x\r\n\r\ntext\r\n";
    let envelope = Envelope { from, to, size: message.len(), utf8: false, eight_bit: false };
    assert!(matches!(session.open(&envelope).await?, Opened::Go));
    session.data(message, None).await?;
    session.quit().await;
    Ok(())
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_at_its_time_and_only_a_message_that_went_out_may_be_taken() {
    let usual = Limits::default();
    let minutes = |n: u64| Duration::from_secs(n * 60);
    // RFC 5321 §4.5.3.2.
    assert_eq!((usual.greeting, usual.command, usual.data), (minutes(5), minutes(5), minutes(2)));
    assert_eq!((usual.block, usual.answer), (minutes(3), minutes(10)));
    let short = Duration::from_millis(150);
    for offers in [&[][..], &["PIPELINING"]] {
        for (silent, step, change) in [
            ("", Step::Greeting, (|l, t| l.greeting = t) as fn(&mut Limits, Duration)),
            ("EHLO", Step::Ehlo, |l, t| l.command = t),
            ("MAIL", Step::Mail, |l, t| l.command = t),
            ("RCPT", Step::Rcpt, |l, t| l.command = t),
            ("DATA", Step::Data, |l, t| l.data = t),
            (".", Step::Answer, |l, t| l.answer = t),
        ] {
            let server = Server::start(Ways { silent_at: Some(silent), offers, ..Ways::default() }).await;
            let mut limits = usual;
            change(&mut limits, short);
            let begun = std::time::Instant::now();
            let error = one_message(&dial(&server, limits)).await.expect_err("silence");
            assert_eq!(error.step, step, "{error}");
            assert!(matches!(error.cause, Cause::Silence(limit) if limit == short), "{error}");
            assert_eq!(error.may_be_taken(), step == Step::Answer, "{error}");
            assert!(begun.elapsed() >= short && begun.elapsed() < Duration::from_secs(20));
        }
    }
    let server = Server::start(Ways::default()).await;
    one_message(&dial(&server, usual)).await.expect("an answer");
}
