//! Three lanes: the house's own mails wait behind nothing, alerts go ahead of a digest that is half out, and editions share.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use herald::mail::Letter;
use herald::store::post;
use tokio_util::sync::CancellationToken;

use crate::world::{Post, Sink, World, relay, stores};

fn letter(to: &str) -> Letter {
    Letter {
        to: to.parse().expect("an address"),
        to_name: Some("Ана".to_owned()),
        language: "sr-Cyrl".parse().expect("a language"),
        subject: "Потврдите".to_owned(),
        text: "https://news.office.test/confirm/abc\n".to_owned(),
        html: None,
    }
}

async fn enqueue(post: &Post, to: &str) {
    let mut tx = post.store.write().await.expect("a transaction");
    post::enqueue(&mut tx, &letter(to), post.clock.now()).await.expect("a letter");
    tx.commit().await.expect("a commit");
}

/// The addresses in the order in which the server took their copies.
fn order(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().filter_map(|line| line.split('\t').nth(1).map(str::to_owned)).collect()
}

/// Waits until the server has taken so many.
async fn until(sink: &Sink, accepted: u64) {
    while sink.count("/accepted") < accepted {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_waits_behind_no_digest_even_where_the_server_has_no_place_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut cases: Vec<_> = stores().await.into_iter().map(|store| (store, "0")).collect();
    cases.extend(stores().await.into_iter().map(|store| (store, "3")));
    for (n, (store, places)) in cases.into_iter().enumerate() {
        let log = folder.path().join(format!("log{n}"));
        let options = ["--slow-ms", "10", "--max-per-ip", places, "--log", log.to_str().expect("a path")];
        let sink = Sink::start(&options);
        let post = Arc::new(Post::on(store.as_deref(), 2000, &format!("{}\nconnections = 3", relay(&sink))).await);
        let (other, stop) = (Arc::clone(&post), CancellationToken::new());
        let token = stop.clone();
        let run = tokio::spawn(async move { other.deliver_on(token).await });
        until(&sink, 100).await;
        enqueue(&post, "ana@readers.test").await;
        let before = sink.count("/accepted");
        for _ in 0..400 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if order(&log).iter().any(|to| to == "ana@readers.test") {
                break;
            }
        }
        stop.cancel();
        run.await.expect("a task").expect("a run");
        let place = order(&log).iter().position(|to| to == "ana@readers.test").expect("it came") as u64;
        // Three connections take about 300 copies in a second here, and there are 1,900 left.
        assert!(place < before + 500, "{} copies went before it", place - before);
        assert_eq!(post.word("SELECT CAST(COUNT(*) AS TEXT) FROM system_mails").await, "0", "it is not kept");
        sink.is_content();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_survives_a_relay_that_is_gone_and_a_restart() {
    for store in stores().await {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number");
        let gone = Post::on(store.as_deref(), 0, &format!("url = \"smtp://{free}\"")).await;
        enqueue(&gone, "ana@readers.test").await;
        gone.deliver().await;
        let waits = "SELECT CAST(state AS TEXT) || ' ' || CAST(attempts AS TEXT) FROM system_mails";
        assert_eq!(gone.word(waits).await, "0 0", "a relay that is gone costs no attempt");
        // As if it had died in the middle of the next one.
        gone.run("UPDATE system_mails SET state = 1, next_at = next_at + 120000000").await;
        let sink = Sink::start(&["--rcpt451", "a*", "--times", "1"]);
        let post = gone.with_relay(&relay(&sink)).await;
        post.clock.advance(chrono::Duration::minutes(5));
        post.deliver().await;
        assert_eq!((post.word(waits).await.as_str(), sink.count("/accepted")), ("0 1", 0));
        post.clock.advance(chrono::Duration::minutes(2));
        post.deliver().await;
        assert_eq!((sink.count("/unique_rcpts"), sink.count("/accepted")), (1, 1));
        sink.is_content();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_confirmation_is_remembered_without_its_link() {
    let sink = Sink::start(&["--rcpt550", "ana"]);
    let post = Post::new(0, &relay(&sink)).await;
    enqueue(&post, "ana@readers.test").await;
    enqueue(&post, "zoran@readers.test").await;
    post.deliver().await;
    assert_eq!(sink.count("/accepted"), 1, "one refused holds up no other");
    let kept = "SELECT CAST(state AS TEXT) || text || line FROM system_mails";
    assert_eq!(post.word(kept).await, "4550 5.1.1 no such user");
}

#[tokio::test]
async fn a_folder_takes_confirmations_too() {
    let post = Post::new(3, "url = \"folder:out\"").await;
    enqueue(&post, "ana@readers.test").await;
    post.deliver().await;
    let names: Vec<String> = std::fs::read_dir(post.folder.join("out"))
        .expect("the outbox")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let own = names.iter().find(|name| name.starts_with("ana@")).expect("the letter");
    let text = std::fs::read_to_string(post.folder.join("out").join(own)).expect("a mail");
    assert!(text.contains("https://news.office.test/confirm/abc") && !text.contains("List-"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_goes_ahead_of_a_digest_that_is_half_out_and_editions_share() {
    for store in stores().await {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let sink = Sink::start(&["--slow-ms", "5", "--log", log.to_str().expect("a path")]);
        let post = Arc::new(Post::on(store.as_deref(), 3000, &format!("{}\nconnections = 4", relay(&sink))).await);
        // The same for others: an alert, and a second digest.
        post.run("INSERT INTO editions (id, newsletter, number, state, made_by, composed_at, start_at, subject, settings, hash, audience_upto, filled, recipients) SELECT 2, 1, 2, 'held', 'staff', 0, 0, 'Alert', REPLACE(settings, '{', '{\"urgent\":true,'), '', audience_upto, 1, 200 FROM editions WHERE id = 1").await;
        post.run("UPDATE editions SET settings = REPLACE(settings, '\"title\":{\"urgent\":true,', '\"title\":{') WHERE id = 2").await;
        post.run("INSERT INTO editions (id, newsletter, number, state, made_by, composed_at, start_at, subject, settings, hash, audience_upto, filled, recipients) SELECT 3, 1, 3, 'held', 'staff', 0, 0, 'Other', settings, '', audience_upto, 1, 200 FROM editions WHERE id = 1").await;
        for sql in [
            "INSERT INTO edition_variants (edition, number, language, subject, rendering) SELECT e.id, 0, v.language, v.subject, v.rendering FROM edition_variants v, editions e WHERE v.edition = 1 AND e.id > 1",
            "UPDATE deliveries SET edition = 2 WHERE subscriber > 2800",
            "UPDATE deliveries SET edition = 3 WHERE subscriber > 2600 AND subscriber <= 2800",
            "UPDATE editions SET recipients = 2600 WHERE id = 1",
        ] {
            post.run(sql).await;
        }
        let other = Arc::clone(&post);
        let run = tokio::spawn(async move { other.deliver().await });
        until(&sink, 300).await;
        post.run("UPDATE editions SET state = 'queued' WHERE id = 2").await;
        let before = sink.count("/accepted") as usize;
        until(&sink, before as u64 + 700).await;
        post.run("UPDATE editions SET state = 'queued' WHERE id = 3").await;
        let summary = run.await.expect("a task");
        assert_eq!(summary.sent, 3000, "{summary}");
        sink.has_each_once(3000);
        let numbers: Vec<usize> =
            order(&log).iter().filter_map(|to| to.trim_start_matches('r').split('@').next()?.parse().ok()).collect();
        let first = numbers.iter().position(|n| *n > 2800).expect("the alert");
        let last = numbers.iter().rposition(|n| *n > 2800).expect("the alert");
        // Half a second until it is noticed, at 800 a second; 250 of the digest waited in memory, and were overtaken.
        assert!(first < before + 450, "{} copies of the digest went before it", first - before);
        assert!(last - first < 230, "{} copies went while 200 alerts did", last - first);
        // The second digest does not wait for the end of the first: they take turns.
        let second: Vec<usize> =
            numbers.iter().enumerate().filter(|(_, n)| (2601..=2800).contains(*n)).map(|(place, _)| place).collect();
        let (begin, end) = (second[0], second[second.len() - 1]);
        assert!(end < 2900 && end - begin > 300, "from {begin} to {end} of 3,000");
    }
}

#[tokio::test]
async fn an_edition_that_prints_a_breaking_story_is_urgent_and_a_digest_is_not() {
    let world = World::new().await;
    world.write("subscribers/public.csv", "email\nana@readers.test\n");
    world.article("bridge", "Bridge open", "en", chrono::Duration::hours(1));
    world.pass(true).await;
    world.clear_outbox();
    let date = (world.now() - chrono::Duration::minutes(5)).to_rfc3339();
    world.write(
        "articles/flood.md",
        &format!("---\ntitle: Flood\ndate: {date}\npriority: breaking\n---\n\nThe river rises.\n"),
    );
    world.pass(true).await;
    let mut tx = world.newsroom.site.store.read().await.expect("a transaction");
    let editions = herald::store::editions::list(&mut tx, None, 9, 0).await.expect("editions");
    let urgent: Vec<bool> = editions.iter().map(|edition| edition.settings.urgent).collect();
    assert_eq!(urgent, [true, false], "the newest first");
}
