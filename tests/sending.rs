//! Sending: a whole edition against a server that counts and deals every fault, and a process that is killed.
//!
//! The server is `examples/counting-sink.rs`, run inside this process; it counts accepted copies by Message-ID and recipient.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::world::{Post, Sink, postgres, relay, stores};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_edition_reaches_everybody_once() {
    for options in [&[][..], &["--no-pipelining"], &["--no-8bitmime"], &["--slow-ms", "1"]] {
        for store in stores().await {
            let sink = Sink::start(options);
            let post = Post::on(store.as_deref(), 500, &relay(&sink)).await;
            let summary = post.deliver().await;
            assert_eq!((summary.sent, summary.waiting, summary.finished.as_slice()), (500, 0, &[1][..]), "{options:?}");
            sink.has_each_once(500);
            assert_eq!(post.states().await[2], 500);
            assert_eq!(post.word("SELECT state FROM editions").await, "done");
            assert!(post.word("SELECT MIN(line) FROM deliveries").await.starts_with("2.0.0 ok"));
            assert!(sink.count("/peak_connections") <= 8, "connections are reused");
        }
    }
}

#[tokio::test]
async fn a_folder_gets_one_file_a_copy_and_a_repeat_takes_its_place() {
    let post = Post::new(300, "url = \"folder:outbox\"").await;
    assert_eq!(post.deliver().await.sent, 300);
    let names = || std::fs::read_dir(post.folder.join("outbox")).expect("outbox").count();
    assert_eq!(names(), 300);
    post.run("UPDATE deliveries SET state = 0, next_at = 0").await;
    post.run("UPDATE editions SET state = 'queued'").await;
    assert_eq!(post.deliver().await.sent, 300);
    assert_eq!(names(), 300, "the same copies under the same names");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_for_now_come_back_later_and_refusals_for_good_end() {
    for store in stores().await {
        let sink = Sink::start(&[
            "--rcpt451",
            "r1?",
            "--rcpt550",
            "r2?",
            "--data554",
            "r30",
            "--data554",
            "r60",
            "--data554",
            "r90",
            "--data451",
            "r4?",
            "--times",
            "2",
        ]);
        let post = Post::on(store.as_deref(), 100, &relay(&sink)).await;
        let summary = post.deliver().await;
        assert_eq!((summary.sent, summary.failed, summary.deferred, summary.waiting), (67, 13, 20, 20));
        assert_eq!(post.states().await, [0, 0, 67, 20, 13, 0, 0, 0]);
        let words = "SELECT code || ' ' || enhanced || ' ' || line FROM deliveries WHERE subscriber = 20";
        assert_eq!(post.word(words).await, "550 5.1.1 5.1.1 no such user");
        assert_eq!(post.deliver().await.sent, 0, "not before its time");
        post.clock.advance(chrono::Duration::seconds(61));
        assert_eq!(post.deliver().await.deferred, 20, "a second time");
        post.deliver_all().await;
        assert_eq!(post.states().await, [0, 0, 87, 0, 13, 0, 0, 0]);
        sink.has_each_once(87);
        assert_eq!(post.word("SELECT state FROM editions").await, "done");
        // Who is gone gets no more; a mail that was refused says nothing about its reader.
        let gone = "SELECT CAST(COUNT(*) AS TEXT) || MIN(reason) || ': ' || MIN(note) FROM suppressions WHERE address LIKE 'r2%'";
        assert_eq!(post.word(gone).await, "10bounced: edition 1: 550 5.1.1 no such user");
        assert_eq!(post.word("SELECT CAST(COUNT(*) AS TEXT) FROM suppressions").await, "10");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_may_be_lost_at_any_moment() {
    for store in stores().await {
        let sink = Sink::start(&["--drop-before", "r1?", "--drop-lost", "r2?", "--drop-after", "r3?", "--times", "1"]);
        let post = Post::on(store.as_deref(), 200, &relay(&sink)).await;
        let summary = post.deliver().await;
        // Whether the server kept a copy before it went away cannot be seen from here.
        assert_eq!(summary.unknown, 20);
        assert_eq!(post.states().await, [0, 0, 180, 0, 0, 0, 0, 20]);
        assert_eq!(post.word("SELECT state FROM editions").await, "sending", "they are still to be settled");
        post.deliver_all().await;
        assert_eq!(post.states().await[2], 200);
        assert_eq!(sink.count("/unique_rcpts"), 200);
        assert_eq!(sink.count("/duplicates"), 10, "only those that it had kept");
        assert_eq!(sink.count("/duplicate_pairs"), 10, "with the Message-ID they had");
        sink.is_content();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_pushes_back_gets_less() {
    let sink = Sink::start(&["--max-per-ip", "3", "--max-msgs", "20"]);
    let post = Post::new(300, &relay(&sink)).await;
    assert_eq!(post.deliver().await.sent, 300);
    sink.has_each_once(300);
    let sink = Sink::start(&["--conn421", "0.3", "--seed", "4"]);
    let post = Post::new(300, &relay(&sink)).await;
    assert_eq!(post.deliver().await.sent, 300);
    sink.has_each_once(300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_not_there_costs_no_attempt() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
    let post = Post::new(50, &format!("url = \"smtp://{free}\"")).await;
    let summary = post.deliver().await;
    assert!(summary.relay.as_ref().is_some_and(|words| words.contains("connecting")), "{summary:?}");
    assert_eq!(post.states().await[0], 50, "all wait as before");
    assert_eq!(post.word("SELECT CAST(MAX(attempts) AS TEXT) FROM deliveries").await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_ourselves_stops_the_edition_and_hurts_nobody() {
    let sink = Sink::start(&["--starttls", "454"]);
    let post = Post::new(50, &format!("url = \"{}?starttls=required\"", sink.url)).await;
    let summary = post.deliver().await;
    assert!(summary.relay.as_ref().is_some_and(|words| words.contains("454")), "{summary:?}");
    assert_eq!(sink.count("/accepted"), 0, "nothing goes in the clear");
    assert_eq!(post.states().await[0], 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_refusals_among_the_first_stop_the_edition_once() {
    for (fault, words) in [("--rcpt550", "addresses were refused"), ("--data554", "the mail itself was refused 3")] {
        for store in stores().await {
            let sink = Sink::start(&[fault, "*", "--times", "1"]);
            let post = Post::on(store.as_deref(), 1000, &relay(&sink)).await;
            let summary = post.deliver().await;
            assert!(summary.failed < 60, "{summary}");
            let (state, reason) = ("SELECT state FROM editions", "SELECT reason FROM editions");
            assert_eq!(post.word(state).await, "paused");
            assert!(post.word(reason).await.contains(words), "{}", post.word(reason).await);
            assert_eq!(post.states().await[0] as u64, 1000 - summary.failed, "the others wait");
            post.run("UPDATE editions SET state = 'queued'").await;
            assert_eq!(post.deliver().await.failed, 1000 - summary.failed, "staff have looked");
            assert_eq!(post.word(state).await, "done");
            let suppressed = post.word("SELECT CAST(COUNT(*) AS TEXT) FROM suppressions").await;
            assert_eq!(suppressed, "0", "a server that knows nobody says nothing about anybody");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_starttls_no_mail_and_a_password_where_it_is_asked_for() {
    let sink = Sink::start(&["--auth"]);
    let post = Post::new(5, &format!("url = \"{}?starttls=required\"", sink.url)).await;
    let words = post.deliver().await.relay.unwrap_or_default();
    assert!(words.contains("does not offer STARTTLS"), "{words}");
    assert_eq!(sink.count("/accepted"), 0);
    let own = tempfile::tempdir().expect("a folder");
    std::fs::write(own.path().join("password"), "secret\n").expect("a password");
    let folder = own.path().to_owned();
    let url = sink.url.replace("smtp://", "smtp://desk@");
    let post = Post::at(&folder, &format!("url = \"{url}\"\npassword_file = \"password\""), Some(own)).await;
    post.fill(5).await;
    assert_eq!(post.deliver().await.sent, 5);
    sink.has_each_once(5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_finishes_what_is_on_the_wire() {
    for store in stores().await {
        let sink = Sink::start(&["--slow-ms", "5"]);
        let post = Arc::new(Post::on(store.as_deref(), 3000, &relay(&sink)).await);
        let stop = CancellationToken::new();
        let (other, token) = (Arc::clone(&post), stop.clone());
        let run = tokio::spawn(async move { other.deliver_until(token).await });
        while sink.count("/accepted") < 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        let summary =
            tokio::time::timeout(Duration::from_secs(10), run).await.expect("in time").expect("a task").expect("a run");
        let states = post.states().await;
        assert_eq!(states[1], 0, "nothing is left as sending");
        assert_eq!(states[2] as u64, sink.count("/accepted"), "what was taken is known");
        assert_eq!((summary.sent, states[7]), (states[2] as u64, 0));
        assert_eq!(post.deliver().await.sent as i64, 3000 - states[2]);
        sink.has_each_once(3000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_is_heeded_while_it_sends() {
    for store in stores().await {
        let sink = Sink::start(&["--slow-ms", "5"]);
        let post = Arc::new(Post::on(store.as_deref(), 3000, &relay(&sink)).await);
        let other = Arc::clone(&post);
        let run = tokio::spawn(async move { other.deliver().await });
        while sink.count("/accepted") < 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        post.run("UPDATE editions SET state = 'paused'").await;
        let sent = tokio::time::timeout(Duration::from_secs(10), run).await.expect("in time").expect("a task").sent;
        assert!(sent < 1500, "{sent}");
        assert_eq!((post.states().await[0] as u64, sink.count("/accepted")), (3000 - sent, sent));
        post.run("UPDATE editions SET state = 'queued'").await;
        post.deliver().await;
        sink.has_each_once(3000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_loses_none_and_repeats_one_a_connection_at_most() {
    const PEOPLE: u64 = 4000;
    const CONNECTIONS: u64 = 4;
    let sink = Sink::start(&["--slow-ms", "1"]);
    let text = format!("url = \"{}\"\nconnections = {CONNECTIONS}", sink.url);
    let post = Post::new(PEOPLE, &text).await;
    post.store.close().await;
    let mut kills = 0;
    for round in 0..200u64 {
        let before = sink.count("/accepted");
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "sending::child_that_delivers", "--ignored", "--nocapture"])
            .env("HERALD_TEST_POST", &post.folder)
            .env("HERALD_TEST_RELAY", &text)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("a child");
        // Killed after so many copies, at whatever it is doing then.
        let goal = before + 300 + round * 37 % 200;
        let ended = loop {
            tokio::time::sleep(Duration::from_millis(3)).await;
            if let Some(status) = child.try_wait().expect("its state") {
                break Some(status);
            }
            if sink.count("/accepted") >= goal {
                break None;
            }
        };
        if let Some(status) = ended {
            assert!(status.success(), "{status}");
            break;
        }
        child.kill().expect("kill -9");
        child.wait().expect("its end");
        kills += 1;
    }
    assert!(kills >= 5, "it was killed {kills} times");
    assert_eq!(sink.count("/unique_rcpts"), PEOPLE, "none is lost");
    let twice = sink.count("/duplicates");
    assert!(twice <= kills * CONNECTIONS, "{twice} repeated in {kills} kills of {CONNECTIONS} connections");
    assert_eq!(sink.count("/duplicate_pairs"), twice, "each with its Message-ID");
    let post = Post::at(&post.folder, &text, None).await;
    assert_eq!(post.states().await[2] as u64, PEOPLE);
    assert_eq!(post.word("SELECT state FROM editions").await, "done");
}

/// Not a test: the process that the one above kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by another test, as a process to be killed"]
async fn child_that_delivers() {
    let (Ok(folder), Ok(relay)) = (std::env::var("HERALD_TEST_POST"), std::env::var("HERALD_TEST_RELAY")) else {
        return;
    };
    let post = Post::at(Path::new(&folder), &relay, None).await;
    let summary = post.deliver().await;
    assert_eq!(summary.waiting, 0, "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_instance_held_is_sent_by_one_that_lives() {
    for store in stores().await {
        let sink = Sink::start(&[]);
        let post = Arc::new(Post::on(store.as_deref(), 50, &relay(&sink)).await);
        // Another instance claims twenty, and is heard of no more.
        let other = post.another().await;
        let stop = CancellationToken::new();
        let (living, token) = (Arc::clone(&post), stop.clone());
        let run = tokio::spawn(async move { living.deliver_on(token).await });
        while post.states().await[2] < 50 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        post.run("UPDATE deliveries SET state = 0, next_at = 0 WHERE subscriber <= 20").await;
        post.run("UPDATE editions SET state = 'queued'").await;
        let mut tx = other.store.write().await.expect("a transaction");
        let half_an_hour = Duration::from_secs(1800);
        let now = post.clock.now();
        let claimed = herald::store::deliveries::claim(&mut tx, now, 20, half_an_hour).await.expect("claims");
        tx.commit().await.expect("a commit");
        drop(other);
        if claimed.claims.is_empty() {
            // The living one was quicker: there is nothing to recover.
            stop.cancel();
            run.await.expect("a task").expect("a run");
            continue;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        post.clock.advance(chrono::Duration::minutes(31));
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if post.states().await[2] == 50 {
                break;
            }
        }
        stop.cancel();
        run.await.expect("a task").expect("a run");
        assert_eq!(post.states().await[2], 50);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_on_one_postgresql_share_and_send_each_once() {
    let Some(url) = postgres().await else { return };
    let sink = Sink::start(&["--slow-ms", "2"]);
    let post = Post::on(Some(&url), 3000, &format!("{}\nconnections = 3", relay(&sink))).await;
    let other = post.another().await;
    let (one, two) = tokio::join!(post.deliver(), other.deliver());
    assert_eq!(one.sent + two.sent, 3000);
    assert!(one.sent > 500 && two.sent > 500, "{one}; {two}");
    sink.has_each_once(3000);
    assert_eq!(post.states().await[2], 3000);
}
