//! The hub's ledger, on both databases.

use super::*;
use crate::store::tests::stores;

const NEWS: &[[&str; 1]] = &[["news.rss"]];

fn wanted(topic: &str, n: usize) -> Wanted {
    Wanted {
        subscribe: true,
        topic: topic.to_owned(),
        callback: format!("https://reader{n}.example/hook"),
        secret: Some("s".to_owned()),
        lease: 60,
    }
}

#[tokio::test]
async fn who_is_behind_is_told_once_each_and_who_comes_later_is_not() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let at = |second: i64| from_micros(second * 1_000_000);
        let mut tx = store.write().await.unwrap();
        let marks = |mark: &str| vec![("news.rss".to_owned(), mark.to_owned())];
        assert_eq!(note(&mut tx, &marks("a"), at(0)).await.unwrap(), [("news.rss".to_owned(), 1)]);
        for n in 0..5 {
            subscribe(&mut tx, &wanted("news.rss", n), at(100), at(1)).await.unwrap();
        }
        assert!(claim(&mut tx, NEWS, (at(2), at(62)), 10).await.unwrap().is_empty(), "they have what is there");
        note(&mut tx, &marks("b"), at(3)).await.unwrap();
        // At a start nothing is up yet: whoever is behind is free for when it is.
        let (none, due) =
            (claim(&mut tx, &[], (at(3), at(63)), 9).await.unwrap(), is_due(&mut tx, &[], at(3)).await.unwrap());
        assert!(none.is_empty() && !due && is_due(&mut tx, NEWS, at(3)).await.unwrap());
        let first = claim(&mut tx, NEWS, (at(3), at(63)), 3).await.unwrap();
        let rest = claim(&mut tx, NEWS, (at(3), at(63)), 10).await.unwrap();
        assert_eq!((first.len(), rest.len()), (3, 2));
        assert!(first.iter().all(|one| one.version == 2 && one.attempts == 1));
        let mut told = Vec::new();
        for (n, one) in first.iter().enumerate() {
            let then = [Then::Done, Then::Later(at(10)), Then::Drop][n];
            told.push(Told { id: one.id, topic: one.topic.clone(), version: 2, said: "x".to_owned(), then });
        }
        settle(&mut tx, &told, at(4)).await.unwrap();
        assert!(claim(&mut tx, NEWS, (at(9), at(69)), 10).await.unwrap().is_empty());
        let again = claim(&mut tx, NEWS, (at(10), at(70)), 10).await.unwrap();
        assert_eq!(again.iter().map(|one| (one.id, one.attempts)).collect::<Vec<_>>(), [(first[1].id, 2)]);
        // A process that ended in between: what it had claimed and never settled is free at once.
        free(&mut tx).await.unwrap();
        let freed = claim(&mut tx, NEWS, (at(11), at(71)), 10).await.unwrap();
        assert_eq!(freed.len(), 2);
        assert_eq!(expire(&mut tx, at(100)).await.unwrap(), 4);
        let pings = pings(&mut tx, 10).await.unwrap();
        assert_eq!((pings[0].told, pings[0].failed, pings.len()), (1, 2, 1));
    }
}

#[tokio::test]
async fn a_later_request_takes_the_place_of_an_earlier_one() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let at = |second: i64| from_micros(second * 1_000_000);
        let mut tx = store.write().await.unwrap();
        assert!(ask(&mut tx, &wanted("news.rss", 1), 2, at(1)).await.unwrap());
        let first = claim_requests(&mut tx, at(1), at(61), 10).await.unwrap();
        let off = Wanted { subscribe: false, ..wanted("news.rss", 1) };
        assert!(ask(&mut tx, &off, 2, at(2)).await.unwrap());
        assert!(!forget_request(&mut tx, &first[0]).await.unwrap(), "what was claimed is no longer what is asked");
        let second = claim_requests(&mut tx, at(2), at(62), 10).await.unwrap();
        assert_eq!(second[0].wanted, off);
        assert!(forget_request(&mut tx, &second[0]).await.unwrap());
        for n in 0..2 {
            assert!(ask(&mut tx, &wanted("news.rss", n), 2, at(3)).await.unwrap());
        }
        assert!(!ask(&mut tx, &wanted("news.rss", 9), 2, at(3)).await.unwrap(), "too many wait");
    }
}

#[tokio::test]
async fn hubs_elsewhere_are_those_of_the_configuration() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let now = from_micros(1_000_000);
        let mut tx = store.write().await.unwrap();
        note(&mut tx, &[("news.rss".to_owned(), "a".to_owned())], now).await.unwrap();
        let pair = |hub: &str| ("news.rss".to_owned(), hub.to_owned());
        set_hubs(&mut tx, &[pair("https://a.example"), pair("https://b.example")], now).await.unwrap();
        assert_eq!(claim(&mut tx, NEWS, (now, from_micros(9_000_000)), 10).await.unwrap().len(), 2);
        set_hubs(&mut tx, &[pair("https://b.example")], now).await.unwrap();
        free(&mut tx).await.unwrap();
        let left = claim(&mut tx, NEWS, (now, from_micros(9_000_000)), 10).await.unwrap();
        assert!(left.len() == 1 && left[0].is_hub && left[0].callback == "https://b.example");
    }
}

/// With ten thousand subscribers each batch is found by an index, whichever way SQLite likes best.
#[tokio::test]
async fn no_statement_goes_through_all_subscribers() {
    let (_folder, stores) = stores().await;
    let mut tx = stores[0].read().await.unwrap();
    for (sql, binds) in [(BEHIND_LITE, 3), (CLAIM, 2), (DONE, 2), (EXPIRE, 1)] {
        let mut query = tx.q(format!("EXPLAIN QUERY PLAN {sql}").leak());
        for n in 0..binds {
            let is_json = sql.contains(&format!("json_each(${})", n + 1));
            query = if is_json { query.bind("[]") } else { query.bind(1_i64) };
        }
        for row in query.all().await.unwrap() {
            let step: String = row.get(3).unwrap();
            assert!(!step.starts_with("SCAN s") && !step.starts_with("SCAN hub_subscribers"), "{sql}\n{step}");
        }
    }
}
