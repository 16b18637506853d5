//! Sealed, read, taken again, scrubbed and let go, on both databases.

use super::super::block::Packed;
use super::super::tests::{at, fill};
use super::super::{State, first, recipients, scrub, sealed as blocks};
use super::*;
use crate::audience::Address;
use crate::clock::Clock;
use crate::store::editions::audit::audit;
use crate::store::editions::fill::{had, printings};
use crate::store::editions::retry::{Retried, retry};
use crate::store::editions::{self, Place, states};
use crate::store::tests::stores;
use crate::store::{Store, keys, subscribers};

const STORY: &str = "6f1c8c53-6b56-4c38-9e0a-1f7d3f0e8a11";

/// Edition 1 for so many people, over since second 2000: of ten one was given up, one was suppressed, eight were sent.
async fn over(store: &Store, people: i64) {
    fill(store, people).await;
    let mut tx = store.write().await.unwrap();
    for sql in [
        "INSERT INTO edition_variants (edition, number, language, subject, rendering) VALUES (1, 0, 'en', 'News', '{}')",
        "UPDATE deliveries SET attempts = 1 + subscriber % 3, at = subscriber * 1234567, code = 250, enhanced = '2.0.0',
            line = '2.0.0 Ok: queued as ' || subscriber || 'Z', state = 2, next_at = 77",
        "UPDATE deliveries SET state = 4, code = 451, line = 'given up after 13 attempts: 4.7.1 later' WHERE subscriber % 10 = 3",
        "UPDATE deliveries SET state = 5, code = NULL, line = 'left' WHERE subscriber % 10 = 4",
        "UPDATE editions SET state = 'done', finished_at = 2000000000",
    ] {
        tx.q(sql).execute().await.unwrap();
    }
    tx.q("INSERT INTO edition_articles (edition, language, position, story, article, revision) VALUES (1, 'en', 0, $1, $1, 1)")
        .bind(STORY)
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// All that `editions show --recipients` has, by pages of so many.
async fn shown(store: &Store, state: Option<State>, limit: i64) -> Vec<String> {
    let mut tx = store.read().await.unwrap();
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = recipients::page(&mut tx, 1, state, after, limit).await.unwrap();
        assert!(page.len() as i64 <= limit);
        let Some(last) = page.last() else { return all };
        after = last.subscriber;
        all.extend(page.iter().map(|one| serde_json::to_string(one).unwrap()));
    }
}

async fn one_block(store: &Store, after: i64, copies: usize) -> Option<i64> {
    let mut tx = store.write().await.unwrap();
    let last = seal_some(&mut tx, 1, after, copies).await.unwrap();
    tx.commit().await.unwrap();
    last
}

/// Seals it to the end, in blocks of so many.
async fn seal_all(store: &Store, copies: usize) {
    let mut after = 0;
    while let Some(last) = one_block(store, after, copies).await {
        after = last;
    }
    let mut tx = store.write().await.unwrap();
    assert!(sealed(&mut tx, 1, at(9000)).await.unwrap());
    tx.commit().await.unwrap();
}

async fn differences(store: &Store) -> Vec<String> {
    let mut tx = store.read().await.unwrap();
    let edition = editions::by_id(&mut tx, 1).await.unwrap().unwrap();
    audit(&mut tx, &edition, at(9000)).await.unwrap().differences
}

async fn rows(store: &Store) -> i64 {
    let mut tx = store.read().await.unwrap();
    tx.q("SELECT CAST(COUNT(*) AS BIGINT) FROM deliveries").one().await.unwrap().get(0).unwrap()
}

async fn run(store: &Store, sql: &'static str) {
    let mut tx = store.write().await.unwrap();
    tx.q(sql).execute().await.unwrap();
    tx.commit().await.unwrap();
}

/// Who of these had the story.
async fn had_it(store: &Store, after: i64, upto: i64) -> Vec<i64> {
    let mut tx = store.read().await.unwrap();
    let place = Place { story: crate::article::StoryId(STORY.parse().unwrap()), topics: Vec::new(), corrects: None };
    let printings = printings(&mut tx, &[place], 0).await.unwrap();
    let mut people: Vec<i64> = had(&mut tx, &printings, after, upto).await.unwrap().into_keys().collect();
    people.sort_unstable();
    people
}

#[tokio::test]
async fn at_every_moment_of_sealing_everything_reads_as_before() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        over(store, 40).await;
        let before = shown(store, None, 1000).await;
        let sent = shown(store, Some(State::Sent), 1000).await;
        let people = had_it(store, 0, 100).await;
        let counts = states::counts(&mut store.read().await.unwrap(), 1).await.unwrap();
        assert_eq!((before.len(), sent.len(), people.len()), (40, 32, 32));
        let mut after = 0;
        loop {
            // A process that is killed has not committed.
            let mut tx = store.write().await.unwrap();
            seal_some(&mut tx, 1, after, 7).await.unwrap();
            drop(tx);
            for limit in [1, 3, 7, 1000] {
                assert_eq!(shown(store, None, limit).await, before, "by {limit} after {after}");
                assert_eq!(shown(store, Some(State::Sent), limit).await, sent, "by {limit} after {after}");
            }
            assert_eq!(had_it(store, 0, 100).await, people);
            assert_eq!(had_it(store, 5, 12).await, [6, 7, 8, 9, 10, 11, 12]);
            assert_eq!(states::counts(&mut store.read().await.unwrap(), 1).await.unwrap(), counts);
            assert_eq!(differences(store).await, [""; 0]);
            let Some(last) = one_block(store, after, 7).await else { break };
            after = last;
        }
        assert_eq!(rows(store).await, 8, "what was not plainly sent stays in rows");
        assert_eq!(shown(store, Some(State::Failed), 1000).await.len(), 4);
        let mut tx = store.write().await.unwrap();
        assert_eq!(due(&mut tx, at(2000)).await.unwrap(), [0i64; 0], "it is left alone for two days");
        assert_eq!(due(&mut tx, at(2000) + REST).await.unwrap(), [1]);
        assert!(sealed(&mut tx, 1, at(9)).await.unwrap() && !sealed(&mut tx, 1, at(9)).await.unwrap());
        assert_eq!(due(&mut tx, at(2000) + REST).await.unwrap(), [0i64; 0]);
        assert_eq!(ledger(&mut tx, 1).await.unwrap(), Ledger::Sealed(at(9)));
        assert!(states::has_left(&mut tx, 1).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_taken_again_stands_beside_what_is_sealed() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        over(store, 40).await;
        seal_all(store, 10).await;
        let mut tx = store.write().await.unwrap();
        let heard = first(&mut tx, 1).await.unwrap();
        assert_eq!((heard.answers, heard.refused), (36, 4), "the sealed ones are answers too");
        assert_eq!(retry(&mut tx, 1, at(9001)).await.unwrap(), Retried { refused: 4, unknown: 0 });
        let edition = editions::by_id(&mut tx, 1).await.unwrap().unwrap();
        assert!(states::cancel(&mut tx, 1, "no", at(9001)).await.unwrap());
        assert!(!states::give_back(&mut tx, &edition).await.unwrap(), "most of it has left");
        drop(tx);
        let mut tx = store.write().await.unwrap();
        retry(&mut tx, 1, at(9001)).await.unwrap();
        assert_eq!(ledger(&mut tx, 1).await.unwrap(), Ledger::Rows);
        tx.commit().await.unwrap();
        run(store, "UPDATE deliveries SET state = 2, at = 5 WHERE state = 0").await;
        run(store, "UPDATE editions SET state = 'done', finished_at = 9002000000").await;
        let before = shown(store, None, 1000).await;
        let numbers: Vec<i64> = (1..=40).collect();
        let of =
            |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["subscriber"].as_i64().unwrap();
        assert_eq!(before.iter().map(of).collect::<Vec<_>>(), numbers, "rows and blocks by number");
        seal_all(store, 10).await;
        for limit in [1, 4, 1000] {
            assert_eq!(shown(store, None, limit).await, before);
        }
        assert_eq!((rows(store).await, differences(store).await), (4, Vec::new()));
        assert_eq!(had_it(store, 12, 14).await, [13]);
    }
}

#[tokio::test]
async fn audit_proves_each_block() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        over(store, 40).await;
        seal_all(store, 10).await;
        run(
            store,
            "INSERT INTO deliveries (edition, subscriber, variant, choice, state, at) VALUES (1, 12, 0, 1, 2, 1)",
        )
        .await;
        let said = differences(store).await.join("\n");
        assert!(said.contains("in the ledger twice: subscriber 12"), "{said}");
        run(store, "DELETE FROM deliveries WHERE subscriber = 12").await;
        run(store, "UPDATE delivery_blocks SET copies = copies - 1 WHERE first = 1").await;
        let said = differences(store).await.join("\n");
        assert!(
            said.contains("1 deliveries that were made are no longer") && said.contains("not the 9 copies"),
            "{said}"
        );
        run(store, "UPDATE delivery_blocks SET copies = copies + 1 WHERE first = 1").await;
        assert_eq!(differences(store).await, [""; 0]);
        let mut tx = store.write().await.unwrap();
        let head = blocks::heads(&mut tx, 1, 0, 1).await.unwrap()[0];
        let Packed { mut readers, .. } = blocks::packed(&mut tx, &head).await.unwrap().unwrap();
        readers[5] ^= 0x20;
        tx.q("UPDATE delivery_blocks SET readers = $1 WHERE first = 1").bind(readers).execute().await.unwrap();
        tx.commit().await.unwrap();
        let said = differences(store).await.join("\n");
        assert!(said.contains("the block of subscribers 1 to 12 cannot be opened"), "{said}");
        let mut tx = store.read().await.unwrap();
        let error = blocks::page(&mut tx, 1, (0, 5), 5).await.unwrap_err().to_string();
        assert!(error.contains("edition 1 for subscribers 1 to 12 is damaged"), "{error}");
    }
}

#[tokio::test]
async fn who_is_forgotten_is_taken_out_of_the_words_of_blocks() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        over(store, 40).await;
        seal_all(store, 10).await;
        let mut tx = store.read().await.unwrap();
        let sent = subscribers::sent(&mut tx, 12, 10).await.unwrap();
        assert_eq!(sent.len(), 1);
        assert_eq!((sent[0].edition, sent[0].state, sent[0].line.as_deref()), (1, 2, Some("2.0.0 Ok: queued as 12Z")));
        assert_eq!(subscribers::sent(&mut tx, 13, 10).await.unwrap()[0].state, 4, "and what is in rows");
        drop(tx);
        let before = shown(store, None, 1000).await;
        let mut tx = store.write().await.unwrap();
        let ring = keys::ring(&mut tx).await.unwrap();
        let address: Address = "reader12@newsroom.example".parse().unwrap();
        assert!(subscribers::forget(&mut tx, &ring, &address, Clock::system().now()).await.unwrap());
        tx.commit().await.unwrap();
        // It may be another process that goes on with it.
        let mut turns = 0;
        loop {
            let mut tx = store.write().await.unwrap();
            assert!(turns < 5);
            let more = scrub::scrub(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            if !more {
                break;
            }
            turns += 1;
        }
        let after = shown(store, None, 1000).await;
        assert!(!after[11].contains("reader12") && !after[11].contains("12Z"), "{}", after[11]);
        assert!(after[11].contains("\"line\":null") && after[11].contains("\"code\":250"), "{}", after[11]);
        for n in (0..40).filter(|n| *n != 11) {
            assert_eq!(before[n], after[n], "nobody else's");
        }
        assert_eq!(differences(store).await, [""; 0]);
        assert!(!scrub::is_wanted(&mut store.read().await.unwrap()).await.unwrap());
    }
}

#[tokio::test]
async fn what_was_kept_long_enough_goes_and_the_counts_stay() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        over(store, 40).await;
        seal_all(store, 3).await;
        let counts = states::counts(&mut store.read().await.unwrap(), 1).await.unwrap();
        let mut tx = store.write().await.unwrap();
        assert_eq!(past(&mut tx, at(1999)).await.unwrap(), [0i64; 0]);
        assert_eq!(past(&mut tx, at(2000)).await.unwrap(), [1]);
        tx.commit().await.unwrap();
        let mut pieces = 0;
        loop {
            let mut tx = store.write().await.unwrap();
            let more = let_go(&mut tx, 1, at(9999)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(states::counts(&mut store.read().await.unwrap(), 1).await.unwrap(), counts, "piece {pieces}");
            assert_eq!(differences(store).await, [""; 0], "piece {pieces}");
            let mut tx = store.write().await.unwrap();
            assert_eq!(retry(&mut tx, 1, at(9999)).await.unwrap(), Retried::default(), "nothing of it goes again");
            assert_eq!(past(&mut tx, at(2000)).await.unwrap().is_empty(), !more);
            if !more {
                break;
            }
            pieces += 1;
        }
        assert_eq!(pieces, 3, "the counts first, and eleven blocks are two pieces");
        assert_eq!((rows(store).await, shown(store, None, 10).await.len()), (0, 0));
        let mut tx = store.read().await.unwrap();
        assert_eq!(ledger(&mut tx, 1).await.unwrap(), Ledger::Gone(at(9999)));
        assert_eq!(blocks::counts(&mut tx, &[1]).await.unwrap().len(), 0);
        drop(tx);
        assert_eq!(had_it(store, 0, 100).await, [0i64; 0]);
    }
}

/// A measurement: `cargo test --release --lib sealing_many -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn sealing_many() {
    let people: i64 = std::env::var("HERALD_PEOPLE").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let (_folder, stores) = stores().await;
    for store in &stores {
        over(store, people).await;
        // As Postfix says it, an answer a few milliseconds after the other.
        run(
            store,
            "UPDATE deliveries SET state = 2, code = 250, enhanced = '2.0.0', attempts = 1, choice = 1 + subscriber * 7919 % 4093,
                at = 1772000000000000 + subscriber * 2500 + subscriber * 7919 % 10007,
                line = '2.0.0 Ok: queued as 4' || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST(1 + subscriber * 7919 % 26 AS INTEGER), 1) ||
                    substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', CAST(1 + subscriber * 104729 % 1009 % 26 AS INTEGER), 1) || (subscriber * 48271 % 2147483647) || 'Z'"
        )
        .await;
        let size = async || -> i64 {
            let mut tx = store.read().await.unwrap();
            let lite = "SELECT (SELECT page_count FROM pragma_page_count) * 4096 - (SELECT freelist_count FROM pragma_freelist_count) * 4096";
            let pg = "SELECT CAST(pg_total_relation_size('deliveries') + pg_total_relation_size('delivery_blocks') AS BIGINT)";
            tx.either(lite, pg).one().await.unwrap().get(0).unwrap()
        };
        let before = size().await;
        // The most that is needed is counted from here.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let most = || {
            let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
        };
        eprintln!("before: {}", most());
        let begun = std::time::Instant::now();
        let (mut after, mut longest) = (0, std::time::Duration::ZERO);
        loop {
            let chunk = std::time::Instant::now();
            let Some(last) = one_block(store, after, COPIES).await else { break };
            after = last;
            longest = longest.max(chunk.elapsed());
        }
        let took = begun.elapsed();
        eprintln!("after: {}", most());
        let mut tx = store.read().await.unwrap();
        let sum =
            "SELECT CAST(SUM(length(readers)) AS BIGINT), CAST(SUM(length(outcomes)) AS BIGINT) FROM delivery_blocks";
        let row = tx.q(sum).one().await.unwrap();
        let (readers, outcomes): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        drop(tx);
        let empty = size().await;
        let each = |bytes: i64| bytes as f64 / people as f64;
        eprintln!(
            "{people} sealed in {took:?}, the longest transaction {longest:?}; a copy {:.1} bytes of readers, {:.1} of outcomes; store {:.1} to {:.1} bytes a copy less",
            each(readers),
            each(outcomes),
            each(before),
            each(empty)
        );
        let begun = std::time::Instant::now();
        let found = had_it(store, people / 2, people / 2 + 4000).await;
        eprintln!("{} of a page of 4000 had it: {:?}", found.len(), begun.elapsed());
        let begun = std::time::Instant::now();
        assert_eq!(shown(store, None, 10_000).await.len() as i64, people);
        eprintln!("all of them listed in {:?}", begun.elapsed());
    }
}
