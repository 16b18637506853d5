//! What survives a process, a torn line and a full disk.

use super::*;
use crate::store::deliveries::tests::{at, fill, outcome, states};
use crate::store::deliveries::{Claim, State, claim};
use crate::store::tests::stores;

async fn claims(store: &Store, people: i64) -> Vec<Claim> {
    fill(store, people).await;
    let mut tx = store.write().await.unwrap();
    let claimed = claim(&mut tx, at(1), people, std::time::Duration::from_secs(60)).await.unwrap();
    tx.commit().await.unwrap();
    claimed.claims
}

#[tokio::test]
async fn what_was_noted_survives_the_process() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let claims = claims(store, 3).await;
        let (journal, old) = Journal::open(store).await.unwrap();
        assert_eq!(old, 0);
        journal.note(outcome(claims[0].as_attempt(), State::Sent, None)).await.unwrap();
        journal.note(outcome(claims[1].as_attempt(), State::Failed, None)).await.unwrap();
        drop(journal); // as a kill -9 does: nothing was settled
        let (journal, old) = Journal::open(store).await.unwrap();
        assert_eq!(old, if store.file().is_some() { 2 } else { 0 }, "on PostgreSQL they are in the ledger already");
        assert_eq!(states(store).await, [(1, 2, 1), (2, 4, 1), (3, 1, 1)]);
        drop(journal);
        let (_, old) = Journal::open(store).await.unwrap();
        assert_eq!(old, 0, "a journal that was read is empty");
    }
}

#[tokio::test]
async fn settling_empties_it_while_others_note() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let claims = claims(store, 2500).await;
        let (journal, _) = Journal::open(store).await.unwrap();
        for (i, claim) in claims.iter().enumerate() {
            journal.note(outcome(claim.as_attempt(), State::Sent, None)).await.unwrap();
            if i % 700 == 699 {
                journal.settle().await.unwrap();
            }
        }
        journal.settle().await.unwrap();
        assert_eq!(journal.unsettled(), 0);
        assert!(states(store).await.iter().all(|(_, state, _)| *state == 2));
        if let Kind::Files(pages) = &journal.kind {
            let pages = lock(pages);
            assert_eq!((pages.page.end, pages.spare.reserved), (0, 0));
        }
    }
}

#[tokio::test]
async fn what_was_noted_after_a_settling_that_broke_off_is_settled_too() {
    let (_folder, stores) = stores().await;
    let store = &stores[0];
    let claims = claims(store, 2).await;
    let (journal, _) = Journal::open(store).await.unwrap();
    journal.note(outcome(claims[0].as_attempt(), State::Sent, None)).await.unwrap();
    if let Kind::Files(pages) = &journal.kind {
        // It took the page, and ended before it was written.
        assert!(lock(pages).turn());
    }
    journal.note(outcome(claims[1].as_attempt(), State::Sent, None)).await.unwrap();
    journal.settle().await.unwrap();
    assert_eq!((journal.unsettled(), states(store).await), (0, vec![(1, 2, 1), (2, 2, 1)]));
}

#[tokio::test]
async fn a_torn_line_and_old_bytes_are_passed_over() {
    let (_folder, stores) = stores().await;
    let store = &stores[0];
    let claims = claims(store, 3).await;
    let whole = outcome(claims[0].as_attempt(), State::Sent, None).to_line().unwrap();
    let torn = outcome(claims[1].as_attempt(), State::Sent, None).to_line().unwrap();
    let later = outcome(claims[2].as_attempt(), State::Sent, None).to_line().unwrap();
    let path = format!("{}.sent", store.file().unwrap().display());
    std::fs::write(&path, format!("{whole}\n{}\0\0{later}\n", &torn[..torn.len() - 3])).unwrap();
    let (_, old) = Journal::open(store).await.unwrap();
    assert_eq!(old, 1);
    assert_eq!(states(store).await, [(1, 2, 1), (2, 1, 1), (3, 1, 1)]);
}

#[tokio::test]
async fn a_disk_that_takes_no_more_is_noticed_before_the_next_copy() {
    let (_folder, stores) = stores().await;
    let store = &stores[0];
    let claims = claims(store, 2).await;
    let (journal, _) = Journal::open(store).await.unwrap();
    if let Kind::Files(pages) = &journal.kind {
        // A file that cannot be written to stands in for a full disk.
        lock(pages).page.file = File::open(store.file().unwrap()).unwrap();
    }
    let error = journal.note(outcome(claims[0].as_attempt(), State::Sent, None)).await.unwrap_err();
    assert!(error.to_string().contains("nothing more is sent"), "{error}");
    journal.settle().await.unwrap();
    assert_eq!(states(store).await, [(1, 2, 1), (2, 1, 1)], "and what was noted is not lost");
}
