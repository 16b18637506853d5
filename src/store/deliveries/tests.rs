//! Claims, outcomes and what is given back, on both databases.

use super::*;
use crate::store::Store;
use crate::store::tests::stores;

/// Newsletter 1 with edition 1, filled for `people` subscribers of the list "public", all queued.
pub(crate) async fn fill(store: &Store, people: i64) {
    let mut tx = store.write().await.unwrap();
    let settings = serde_json::json!({ "newsletter": "daily", "lists": ["public"] }).to_string();
    tx.q("INSERT INTO lists (id, name) VALUES (1, 'public')").execute().await.unwrap();
    tx.q("INSERT INTO newsletters (id, name, known_since, known_seq) VALUES (1, 'daily', 0, 0)")
        .execute()
        .await
        .unwrap();
    tx.q("INSERT INTO editions (id, newsletter, number, state, made_by, composed_at, start_at, subject, settings, hash, audience_upto, filled, recipients)
        VALUES (1, 1, 1, 'queued', 'staff', 0, 1000, 'News', $1, '', $2, 1, $2)")
        .bind(settings)
        .bind(people)
        .execute()
        .await
        .unwrap();
    let rows: Vec<_> = (1..=people).map(|id| (id, format!("reader{id}@newsroom.example"))).collect();
    let rows = serde_json::to_string(&rows).unwrap();
    for sql in [
        "INSERT INTO subscribers (id, address, mailbox, created_at) SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 1, 0 FROM json_each($1)",
        "INSERT INTO memberships (list, subscriber, status, decided_by, joined_at) SELECT 1, CAST(value ->> 0 AS BIGINT), 'active', 'file', 0 FROM json_each($1)",
        "INSERT INTO deliveries (edition, subscriber, variant, choice) SELECT 1, CAST(value ->> 0 AS BIGINT), 0, 1 FROM json_each($1)",
    ] {
        tx.q(sql).bind(rows.as_str()).execute().await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub(crate) fn at(seconds: i64) -> Instant {
    from_micros(seconds * 1_000_000)
}

pub(crate) fn outcome(attempt: Attempt, state: State, next_at: Option<Instant>) -> Mark {
    let Attempt { edition, subscriber, attempt } = attempt;
    let line = "2.0.0 “ok” \\ queued\0".to_owned();
    Mark { edition, subscriber, attempt, state, next_at, at: at(50), code: Some(250), enhanced: None, line }
}

const LEASE: Duration = Duration::from_secs(600);

async fn take(store: &Store, now: Instant, limit: i64) -> Vec<Claim> {
    let mut tx = store.write().await.unwrap();
    let claimed = claim(&mut tx, now, limit, LEASE).await.unwrap();
    tx.commit().await.unwrap();
    claimed.claims
}

pub(crate) async fn states(store: &Store) -> Vec<(i64, i64, i64)> {
    let mut tx = store.read().await.unwrap();
    let rows = tx.q("SELECT subscriber, state, attempts FROM deliveries ORDER BY subscriber").all().await.unwrap();
    rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap())).collect()
}

async fn run(store: &Store, sql: &'static str) {
    let mut tx = store.write().await.unwrap();
    tx.q(sql).execute().await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_claim_is_for_one_and_is_written_down_first() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        fill(store, 5).await;
        assert!(take(store, from_micros(999), 10).await.is_empty(), "it has not started");
        let first = take(store, at(1), 3).await;
        assert_eq!(first.iter().map(|c| (c.subscriber, c.attempt)).collect::<Vec<_>>(), [(1, 1), (2, 1), (3, 1)]);
        assert_eq!(first[0].person.address.to_string(), "reader1@newsroom.example");
        assert_eq!(first[0].until, at(601));
        let second = take(store, at(1), 3).await;
        assert_eq!(second.iter().map(|c| c.subscriber).collect::<Vec<_>>(), [4, 5], "nobody twice");
        assert!(take(store, at(1), 3).await.is_empty());
        assert_eq!(states(store).await[0], (1, 1, 1));
        let mut tx = store.read().await.unwrap();
        let state: String = tx.q("SELECT state FROM editions").one().await.unwrap().get(0).unwrap();
        assert_eq!(state, "sending");
        assert_eq!(waiting(&mut tx).await.unwrap(), Waiting { now: 5, later: 0 });
        assert_eq!(next_due(&mut tx, at(0)).await.unwrap(), None, "what is claimed is not due");
    }
}

#[tokio::test]
async fn suppression_is_asked_last() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        fill(store, 5).await;
        run(store, "INSERT INTO suppressions (hash, address, reason, at) VALUES ('h', 'reader1@newsroom.example', 'complained', 0)").await;
        run(
            store,
            "INSERT INTO departures (subscriber, newsletter, at, how) VALUES (2, 1, 0, 'page'), (3, 7, 0, 'page')",
        )
        .await;
        run(store, "UPDATE memberships SET status = 'left' WHERE subscriber = 4").await;
        run(store, "DELETE FROM subscribers WHERE id = 5").await;
        let mut tx = store.write().await.unwrap();
        let claimed = claim(&mut tx, at(1), 10, LEASE).await.unwrap();
        assert_eq!(claimed.claims.iter().map(|c| c.subscriber).collect::<Vec<_>>(), [3], "who left another newsletter");
        assert_eq!(claimed.suppressed, 4);
        let rows = tx.q("SELECT line FROM deliveries WHERE state = 5 ORDER BY subscriber").all().await.unwrap();
        let why: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(why, ["complained", "left", "no longer on its lists", "forgotten"]);
    }
}

#[tokio::test]
async fn an_outcome_is_of_one_attempt() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        fill(store, 4).await;
        let claims = take(store, at(1), 10).await;
        let attempts: Vec<_> = claims.iter().map(Claim::as_attempt).collect();
        let marks = [
            outcome(attempts[0], State::Sent, None),
            outcome(attempts[1], State::Deferred, Some(at(60))),
            outcome(attempts[2], State::Unknown, Some(at(60))),
            outcome(attempts[3], State::Failed, None),
        ];
        let mut tx = store.write().await.unwrap();
        assert_eq!(mark(&mut tx, &marks).await.unwrap(), 4);
        assert_eq!(mark(&mut tx, &marks).await.unwrap(), 0, "twice is once");
        assert_eq!(next_due(&mut tx, at(0)).await.unwrap(), Some(at(60)));
        tx.commit().await.unwrap();
        assert_eq!(states(store).await, [(1, 2, 1), (2, 3, 1), (3, 7, 1), (4, 4, 1)]);
        assert!(take(store, at(59), 10).await.is_empty());
        let again = take(store, at(60), 10).await;
        assert_eq!(again.iter().map(|c| (c.subscriber, c.attempt, c.lost)).collect::<Vec<_>>(), [(2, 2, 0), (3, 2, 1)]);
        let mut tx = store.write().await.unwrap();
        assert_eq!(mark(&mut tx, &marks).await.unwrap(), 0, "an old journal does not undo a new claim");
        let held = outcome(again[1].as_attempt(), State::Unknown, None);
        assert_eq!(mark(&mut tx, &[outcome(again[0].as_attempt(), State::Sent, None), held]).await.unwrap(), 2);
        assert_eq!(
            waiting(&mut tx).await.unwrap(),
            Waiting::default(),
            "an unknown one that is held waits for staff, not for us"
        );
        let done = crate::store::editions::finish_done(&mut tx, at(61)).await.unwrap();
        assert_eq!(done, [1]);
    }
}

#[tokio::test]
async fn what_was_not_tried_is_given_back_as_it_was() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        fill(store, 3).await;
        let claims = take(store, at(1), 10).await;
        let mut tx = store.write().await.unwrap();
        let deferred = outcome(claims[1].as_attempt(), State::Deferred, Some(at(2)));
        let unknown = outcome(claims[2].as_attempt(), State::Unknown, Some(at(2)));
        mark(&mut tx, &[deferred, unknown]).await.unwrap();
        give_back(&mut tx, &[(claims[0].as_attempt(), at(2))]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(states(store).await, [(1, 0, 0), (2, 3, 1), (3, 7, 1)]);
        let attempts: Vec<_> = take(store, at(2), 10).await.iter().map(|claim| (claim.as_attempt(), at(2))).collect();
        let mut tx = store.write().await.unwrap();
        assert_eq!(give_back(&mut tx, &attempts).await.unwrap(), 3);
        tx.commit().await.unwrap();
        assert_eq!(states(store).await, [(1, 0, 0), (2, 3, 1), (3, 7, 1)]);
    }
}

#[tokio::test]
async fn what_a_dead_process_held_is_recovered() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        fill(store, 2).await;
        take(store, at(1), 1).await;
        take(store, at(300), 1).await;
        let mut tx = store.write().await.unwrap();
        assert_eq!(recover(&mut tx, at(700), false).await.unwrap(), 1, "one lease has run out");
        assert_eq!(recover(&mut tx, at(700), true).await.unwrap(), 1, "alone, every lease is nobody's");
        tx.commit().await.unwrap();
        assert_eq!(states(store).await, [(1, 0, 1), (2, 0, 1)]);
        run(store, "UPDATE deliveries SET attempts = 7, state = 1 WHERE subscriber = 1").await;
        let mut tx = store.write().await.unwrap();
        recover(&mut tx, at(700), true).await.unwrap();
        tx.commit().await.unwrap();
        let now: Vec<_> = take(store, at(700), 5).await.iter().map(|c| c.subscriber).collect();
        assert_eq!(now, [2], "what was claimed and lost time and again waits");
        assert_eq!(take(store, at(820), 5).await.len(), 1);
    }
}

#[tokio::test]
async fn paused_and_cancelled_editions_are_left_alone() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        fill(store, 3).await;
        let claims = take(store, at(1), 2).await;
        run(store, "UPDATE editions SET state = 'paused'").await;
        assert!(take(store, at(2), 2).await.is_empty());
        let mut tx = store.write().await.unwrap();
        assert!(live(&mut tx).await.unwrap().is_empty());
        tx.q("UPDATE editions SET state = 'cancelled'").execute().await.unwrap();
        mark(&mut tx, &[outcome(claims[0].as_attempt(), State::Deferred, Some(at(60)))]).await.unwrap();
        give_back(&mut tx, &[(claims[1].as_attempt(), at(2))]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(states(store).await, [(1, 6, 1), (2, 6, 0), (3, 0, 0)]);
    }
}

#[test]
fn a_mark_is_a_line_and_back() {
    let attempt = Attempt { edition: 1, subscriber: 2, attempt: 3 };
    for (state, next_at) in [(State::Sent, None), (State::Deferred, Some(at(9)))] {
        let mark = Mark {
            line: "a\tb “c”\\".to_owned(),
            enhanced: Some("2.0.0".to_owned()),
            ..outcome(attempt, state, next_at)
        };
        let line = mark.to_line().unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(Mark::from_line(&line), Some(mark));
        assert_eq!(Mark::from_line(&line[..line.len() - 1]), None, "a torn line is none");
    }
}

#[test]
fn transitions_are_those_of_the_design() {
    use State::*;
    let ways: Vec<_> = State::ALL
        .into_iter()
        .flat_map(|from| State::ALL.into_iter().filter(move |to| from.may_become(*to)).map(move |to| (from, to)))
        .collect();
    assert_eq!(State::ALL.map(State::number), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(!ways.iter().any(|(from, _)| matches!(from, Sent | Suppressed | Cancelled)), "these are ends");
    assert!(ways.iter().filter(|(_, to)| matches!(to, Sent | Failed | Unknown)).all(|(from, _)| *from == Sending));
}
