//! Taken again: what failed for a passing reason, and what has no answer; never what was refused for good.

use chrono::Duration;
use herald::store::editions::retry::{Retried, retry};

use crate::world::{Post, Sink, World, herald, json, relay, stores};

async fn take_again(post: &Post) -> Retried {
    let mut tx = post.store.write().await.expect("a transaction");
    let retried = retry(&mut tx, 1, post.clock.now()).await.expect("a retry");
    tx.commit().await.expect("a commit");
    retried
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_is_taken_again_and_what_was_refused_for_good_is_not() {
    for store in stores().await {
        let sink = Sink::start(&["--rcpt451", "r1?", "--rcpt550", "r2?", "--times", "13"]);
        let post = Post::on(store.as_deref(), 40, &relay(&sink)).await;
        post.deliver_all().await;
        assert_eq!(post.states().await, [0, 0, 20, 0, 20, 0, 0, 0]);
        assert_eq!(post.word("SELECT state FROM editions").await, "done");
        assert_eq!(take_again(&post).await, Retried { refused: 10, unknown: 0 });
        let line = "SELECT line FROM deliveries WHERE subscriber = 15";
        assert!(post.word(line).await.starts_with("given up after 13 attempts: 4.7.1"), "the words stay");
        assert_eq!(post.deliver().await.sent, 10);
        assert_eq!(post.states().await, [0, 0, 30, 0, 10, 0, 0, 0]);
        sink.has_each_once(30);
        assert_eq!(post.word("SELECT state FROM editions").await, "done");
        assert_eq!(take_again(&post).await, Retried::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_answer_is_held_where_the_newsletter_says_so() {
    for store in stores().await {
        let sink = Sink::start(&["--drop-lost", "r1?", "--times", "1"]);
        let post = Post::on(store.as_deref(), 40, &relay(&sink)).await;
        post.run("UPDATE editions SET settings = replace(settings, '\"lists\"', '\"on_unknown\":\"hold\",\"lists\"')")
            .await;
        assert_eq!(post.deliver().await.unknown, 10);
        post.clock.advance(Duration::days(2));
        assert_eq!(post.deliver().await.sent, 0, "nothing of it goes by itself");
        sink.has_each_once(40);
        assert_eq!(post.word("SELECT state FROM editions").await, "done");
        assert_eq!(take_again(&post).await, Retried { refused: 0, unknown: 10 });
        assert_eq!(post.deliver().await.sent, 10);
        assert_eq!(post.states().await[2], 40);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_what_became_of_each_copy_and_take_again_what_may_be() {
    let world = World::new().await;
    world.article("s1", "Story 1.", "en", Duration::hours(2));
    world.write("subscribers/public.csv", "email\nana@reader.test\nbo@reader.test\ncy@reader.test\n");
    world.pass(false).await;
    world.advance(Duration::hours(1));
    world.pass(false).await;
    assert_eq!(world.outbox().len(), 3);
    assert_eq!(herald(&world, &["editions", "retry", "1"]).0, 2, "all got through");
    let mut tx = world.newsroom.site.store.write().await.expect("a transaction");
    let said = "UPDATE deliveries SET state = 4, code = $1, line = $2 WHERE subscriber = $3";
    tx.q(said).bind(452i64).bind("4.2.2 =full").bind(1i64).execute().await.expect("a failure");
    tx.q(said).bind(550i64).bind("5.1.1 nobody").bind(2i64).execute().await.expect("a failure");
    tx.commit().await.expect("a commit");
    let failed = json(&world, &["--json", "editions", "show", "1", "--recipients", "--state", "failed"]);
    assert_eq!((failed.as_array().map(Vec::len), &failed[0]["address"]), (Some(2), &"ana@reader.test".into()));
    assert_eq!((&failed[1]["code"], &failed[1]["line"]), (&550.into(), &"5.1.1 nobody".into()));
    let (code, page) = herald(&world, &["editions", "show", "1", "--recipients", "--limit", "1", "--after", "1"]);
    assert!(code == 0 && page.contains("bo@reader.test") && !page.contains("cy@"), "{page}");
    assert_eq!(herald(&world, &["editions", "show", "1", "--state", "failed"]).0, 2);
    let written = herald(&world, &["editions", "show", "1", "--recipients", "--csv", "all.csv", "--excel"]);
    assert_eq!(written.0, 0);
    let csv = std::fs::read_to_string(world.path("all.csv")).expect("a file");
    assert!(csv.lines().count() == 4 && csv.contains("ana@reader.test;1;en;failed;1;"), "{csv}");
    world.clear_outbox();
    let (code, said) = herald(&world, &["editions", "retry", "1"]);
    assert!(code == 0 && said.contains("1 that were refused for now"), "{said}");
    assert_eq!(herald(&world, &["once"]).0, 0);
    let got: Vec<String> = world.outbox().into_iter().map(|mail| mail.to).collect();
    assert_eq!(got, ["ana@reader.test"]);
}
