//! Several relays: they share, stand in for each other, and come back.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::world::{Post, Server, Sink, Ways};

/// Two relays; `first` and `second` are TOML of each.
fn two(first: &str, second: &str) -> String {
    format!("{first}\n[[mail.relays]]\nname = \"second\"\n{second}")
}

fn url(sink: &Sink, more: &str) -> String {
    format!("url = \"{}\"\n{more}", sink.url)
}

fn nowhere() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
    format!("url = \"smtp://{free}\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_share_by_their_weights() {
    let (one, other) = (Sink::start(&[]), Sink::start(&["--slow-ms", "2"]));
    let post = Post::new(400, &two(&url(&one, "weight = 3"), &url(&other, ""))).await;
    assert_eq!(post.deliver().await.sent, 400);
    assert_eq!((one.count("/unique_rcpts"), other.count("/unique_rcpts")), (300, 100));
    assert_eq!(one.count("/duplicates") + other.count("/duplicates"), 0);
    assert_eq!(post.states().await[2], 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_keep_up_holds_back_no_other() {
    // Two a second at the one, and the other has to do what is left: a thousand copies by shares would take four minutes.
    let (slow, quick) = (Sink::start(&["--slow-final-ms", "2000"]), Sink::start(&[]));
    let post = Post::new(1000, &two(&url(&slow, "connections = 4"), &url(&quick, ""))).await;
    let begun = std::time::Instant::now();
    assert_eq!(post.deliver().await.sent, 1000);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(quick.count("/accepted") > 900, "{}", slow.count("/accepted"));
    assert_eq!(slow.count("/duplicates") + quick.count("/duplicates"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_cannot_be_worked_with_hands_over_and_nobody_waits() {
    let busy = Sink::start(&["--conn421", "1"]);
    for first in [nowhere(), url(&busy, ""), url(&busy, "weight = 100")] {
        let second = Sink::start(&[]);
        let post = Post::new(300, &two(&first, &url(&second, "weight = 1"))).await;
        let summary = post.deliver().await;
        assert_eq!((summary.sent, summary.deferred, summary.relay), (300, 0, None));
        second.has_each_once(300);
        assert_eq!(post.word("SELECT CAST(MAX(attempts) AS TEXT) FROM deliveries").await, "1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reserve_is_used_only_while_no_other_works() {
    let (first, reserve) = (Sink::start(&[]), Sink::start(&[]));
    let post = Post::new(200, &two(&url(&first, ""), &url(&reserve, "weight = 0"))).await;
    assert_eq!(post.deliver().await.sent, 200);
    assert_eq!((first.count("/accepted"), reserve.count("/accepted")), (200, 0));
    let post = Post::new(200, &two(&nowhere(), &url(&reserve, "weight = 0"))).await;
    assert_eq!(post.deliver().await.sent, 200);
    assert_eq!(reserve.count("/accepted"), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_refuses_us_gets_no_more_and_only_where_all_do_the_edition_stops() {
    let refuses = Some(("<r", "554 5.7.1 Client host blocked using a list"));
    let offers = &["PIPELINING"][..];
    let first = Server::start(Ways { refuses, offers, ..Ways::default() }).await;
    let second = Sink::start(&[]);
    let first_one = format!("url = \"smtp://{}\"", first.at);
    let post = Post::new(300, &two(&first_one, &url(&second, ""))).await;
    let summary = post.deliver().await;
    assert_eq!((summary.sent, summary.failed), (300, 0), "{summary}");
    second.has_each_once(300);
    assert!(first.count("RCPT") <= 9, "each connection learns it once: {}", first.count("RCPT"));
    let third = Server::start(Ways { refuses, offers, ..Ways::default() }).await;
    let post = Post::new(50, &two(&first_one, &format!("url = \"smtp://{}\"", third.at))).await;
    assert_eq!(post.deliver().await.sent, 0);
    assert_eq!((post.states().await[0], post.word("SELECT state FROM editions").await.as_str()), (50, "paused"));
    let reason = post.word("SELECT reason FROM editions").await;
    assert!(reason.contains("trial refuses us") && reason.contains("second refuses us: 554 5.7.1"), "{reason}");
    assert_eq!(post.word("SELECT CAST(MAX(attempts) AS TEXT) FROM deliveries").await, "0", "nobody is hurt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_cannot_take_now_or_at_all_the_other_may() {
    let (full, plain, second) = (Sink::start(&["--data451", "1"]), Sink::start(&[]), Sink::start(&["--smtputf8"]));
    let post = Post::new(40, &two(&url(&full, ""), &url(&second, ""))).await;
    let summary = post.deliver().await;
    assert_eq!((summary.sent, summary.deferred), (40, 0), "{summary}");
    let post = Post::new(40, &two(&url(&plain, ""), &url(&second, ""))).await;
    post.run("UPDATE subscribers SET mailbox = 'ж' || mailbox").await;
    let summary = post.deliver().await;
    assert_eq!((summary.sent, summary.failed), (40, 0), "{summary}");
    assert_eq!(plain.count("/accepted"), 0, "it takes no such address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_comes_back_is_found_again() {
    let first = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
    let post = Arc::new(Post::new(100, &format!("url = \"smtp://{first}\"")).await);
    let stop = CancellationToken::new();
    let (other, token) = (Arc::clone(&post), stop.clone());
    let run = tokio::spawn(async move { other.deliver_on(token).await });
    // Long enough to be taken for gone, with all its copies given back.
    tokio::time::sleep(Duration::from_millis(4000)).await;
    for _ in 0..300 {
        if post.states().await[0] == 100 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(post.states().await[0], 100);
    let server = Server::on(&first.to_string(), Ways::default()).await;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if post.states().await[2] == 100 {
            break;
        }
    }
    stop.cancel();
    run.await.expect("a task").expect("a run");
    assert_eq!((post.states().await[2], server.count("message")), (100, 100));
}
