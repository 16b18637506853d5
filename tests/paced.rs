//! Pace: what pushes back gets less, and only that; what it is told is heeded before it hurts.

use std::time::{Duration, Instant};

use herald::clock::Clock;

use crate::world::{NameServer, Post, Sink, relay, stores};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_with_narrow_limits_gets_a_whole_edition_and_refuses_little() {
    // Three connections, and two hundred mails a second: the twenty in ten seconds of a slower world.
    let sink = Sink::start(&["--max-per-ip", "3", "--max-rate", "200/1"]);
    let post = Post::new(2000, &relay(&sink)).await;
    let begun = Instant::now();
    let summary = post.deliver().await;
    assert_eq!((summary.sent, summary.deferred, summary.failed), (2000, 0, 0), "{summary}");
    sink.has_each_once(2000);
    let refused = sink.count("/faults/max-per-ip421") + sink.count("/faults/max-rate421");
    assert!(refused < 40, "{refused} of 2,000 is over 2 %: {}", sink.summary());
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert_eq!(post.word("SELECT CAST(MAX(attempts) AS TEXT) FROM deliveries").await, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_pushes_back_holds_up_no_other() {
    for store in stores().await {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let sink = Sink::start(&["--domain-rate", "slow.test:40/1", "--log", log.to_str().expect("a path")]);
        let mut post = Post::on(store.as_deref(), 1000, &relay(&sink)).await;
        post.clock = Clock::system();
        post.run("UPDATE subscribers SET mailbox = 'r' || id || '@slow.test' WHERE id <= 200").await;
        let summary = post.deliver().await;
        // The few that were refused before it was known wait their minute; all others have gone, the slow ones at last.
        let refused = sink.count("/faults/domain-rate450");
        assert!(refused <= 20, "{refused} refused: {}", sink.summary());
        assert!(summary.sent >= 980 && summary.deferred <= refused, "{summary}");
        let order = order(&log);
        let place = |n: usize| order.iter().enumerate().filter(|(_, to)| to.ends_with("@readers.test")).nth(n);
        let last = place(799).expect("all others have theirs").0;
        let before = order[..last].iter().filter(|to| to.ends_with("@slow.test")).count();
        assert!(before < 120, "{before} of the 200 slow ones went before the last of the others");
        assert_eq!((sink.count("/duplicates"), post.states().await[1]), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn per_domain_is_held_and_the_rest_goes_at_once() {
    let sink = Sink::start(&["--domain-rate", "slow.test:52/1"]);
    let post = Post::new(400, &format!("{}\nper_domain = {{ \"Slow.test\" = 50 }}", relay(&sink))).await;
    post.run("UPDATE subscribers SET mailbox = 'r' || id || '@slow.test' WHERE id <= 100").await;
    let begun = Instant::now();
    while post.deliver().await.waiting > 0 {
        post.clock.advance(chrono::Duration::seconds(20));
    }
    sink.has_each_once(400);
    assert!(begun.elapsed() >= Duration::from_millis(1500), "{:?}", begun.elapsed());
    assert_eq!(sink.count("/faults/domain-rate450"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn domains_of_one_mail_provider_share_its_limit() {
    let names = NameServer::start(&[("one.test", "mx1.host.test"), ("two.test", "mx2.host.test")]);
    let sink = Sink::start(&[]);
    let post =
        Post::new(200, &format!("{}\nper_provider = {{ \"host.test\" = 50 }}", relay(&sink))).await.asking(&names.at);
    post.run(
        "UPDATE subscribers SET mailbox = 'r' || id || CASE WHEN id % 2 = 0 THEN '@one.test' ELSE '@two.test' END",
    )
    .await;
    let begun = Instant::now();
    while post.deliver().await.waiting > 0 {
        post.clock.advance(chrono::Duration::seconds(20));
    }
    sink.has_each_once(200);
    // But for the few that had gone before the name server answered.
    assert!(
        begun.elapsed() >= Duration::from_millis(2500),
        "{:?}: each domain had a limit of its own",
        begun.elapsed()
    );
    let asked = names.asked();
    assert!(asked.len() == 2 && asked.values().all(|times| *times <= 2), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_for_the_domains_of_an_edition_that_goes_well() {
    let names = NameServer::start(&[]);
    let sink = Sink::start(&[]);
    let post = Post::new(100, &relay(&sink)).await.asking(&names.at);
    post.deliver().await;
    sink.has_each_once(100);
    assert!(names.asked().is_empty(), "{:?}", names.asked());
}

/// The addresses in the order in which the server took their copies.
fn order(log: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().filter_map(|line| line.split('\t').nth(1).map(str::to_owned)).collect()
}
