//! People in the store, on both databases.

use super::*;
use crate::audience::{Columns, How, Reason, Row as FileRow, RowStatus, Verdict};
use crate::clock::from_micros;
use crate::secret::Keyring;
use crate::store::Store;
use crate::store::tests::stores;

const COLUMNS: Columns =
    Columns { name: true, language: true, timezone: true, topics: true, newsletters: true, extra: true };

fn now() -> Instant {
    from_micros(1_700_000_000_000_000)
}

fn ring() -> Keyring {
    Keyring::new([(1, [7; 32])])
}

fn row(line: u64, address: &str) -> FileRow {
    FileRow::new(line, address.parse().unwrap())
}

/// A store with two newsletters, `daily` (1) and `weekly` (2).
async fn newsletters(store: &Store) {
    let mut tx = store.write().await.unwrap();
    for (id, name) in [(1_i64, "daily"), (2, "weekly")] {
        tx.q("INSERT INTO newsletters (id, name, known_since, known_seq) VALUES ($1, $2, 0, 0)")
            .bind(id)
            .bind(name)
            .execute()
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// Takes a file into a list: what became of each row, and who is missing.
async fn import(store: &Store, list: &str, rows: &[FileRow]) -> (Vec<Outcome>, Vec<String>) {
    let mut tx = store.write().await.unwrap();
    let id = ensure_lists(&mut tx, &[list]).await.unwrap()[list];
    let mut batches = Batches::new(id, COLUMNS);
    let mut outcomes = Vec::new();
    for some in rows.chunks(2) {
        outcomes.extend(batches.take(&mut tx, &ring(), some, now()).await.unwrap());
    }
    let (missing, _) = batches.missing(&mut tx, 0).await.unwrap();
    tx.commit().await.unwrap();
    (outcomes, missing.into_iter().map(|(_, address)| address).collect())
}

async fn readers(store: &Store, newsletter: i64, lists: &[&str], name: &str) -> Vec<String> {
    let lists: Vec<String> = lists.iter().map(|l| (*l).to_owned()).collect();
    let mut tx = store.read().await.unwrap();
    let mut readers = Vec::new();
    let mut after = 0;
    loop {
        let page = audience(&mut tx, newsletter, &lists, name, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.subscriber;
        for member in page {
            readers.push(person(&mut tx, member.subscriber).await.unwrap().unwrap().address.to_string());
        }
    }
    let count = audience_count(&mut tx, newsletter, &lists, name).await.unwrap();
    assert_eq!(count, readers.len() as i64, "the count and the pages agree");
    readers
}

async fn id_of(store: &Store, address: &str) -> i64 {
    let mut tx = store.read().await.unwrap();
    by_address(&mut tx, &address.parse().unwrap()).await.unwrap().unwrap()
}

fn taken(verdict: Verdict) -> Outcome {
    Outcome::Taken(verdict)
}

#[tokio::test]
async fn a_file_comes_in_and_again_without_change() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        newsletters(store).await;
        let mut rows =
            vec![row(2, "Ana@newsroom.example"), row(3, "bo@newsroom.example"), row(4, "ce@newsroom.example")];
        rows[0].extra.insert("city".into(), "Београд".into());
        rows[1].language = Some("sr-Cyrl".parse().unwrap());
        rows[1].topics = Some(vec!["exercises".into()]);
        let (outcomes, missing) = import(store, "public", &rows).await;
        assert_eq!(outcomes, [taken(Verdict::Added); 3]);
        assert!(missing.is_empty());
        let (outcomes, _) = import(store, "public", &rows).await;
        assert_eq!(outcomes, [taken(Verdict::Unchanged); 3]);
        rows[0].name = Some("Ana".into());
        let (outcomes, missing) = import(store, "public", &rows[..2]).await;
        assert_eq!(outcomes, [taken(Verdict::Updated), taken(Verdict::Unchanged)]);
        assert_eq!(missing, ["ce@newsroom.example"]);
        let mut tx = store.read().await.unwrap();
        let ana = by_address(&mut tx, &"ana@newsroom.example".parse().unwrap()).await.unwrap().unwrap();
        let ana = subscriber(&mut tx, ana).await.unwrap().unwrap();
        assert_eq!((ana.name.as_deref(), ana.extra["city"].as_str()), (Some("Ana"), "Београд"));
        assert_eq!(ana.memberships[0].status, Status::Active);
        drop(tx);
        assert_eq!(readers(store, 1, &["public"], "daily").await.len(), 3);
    }
}

#[tokio::test]
async fn an_address_twice_in_a_file_counts_once() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        let rows = [
            row(2, "ana@newsroom.example"),
            row(3, "ANA@newsroom.example"),
            row(4, "bo@newsroom.example"),
            row(5, "ana@NEWSROOM.example"),
        ];
        let (outcomes, _) = import(store, "public", &rows).await;
        assert_eq!(outcomes[1], Outcome::Duplicate(Some(2)), "in the same batch");
        assert_eq!(outcomes[3], Outcome::Duplicate(None), "in an earlier batch");
        let mut tx = store.read().await.unwrap();
        let mut dry = Batches::dry(None, COLUMNS);
        let fresh = [row(2, "new@newsroom.example"), row(3, "ana@newsroom.example")];
        let first = dry.take(&mut tx, &ring(), &fresh, now()).await.unwrap();
        assert_eq!(first, [taken(Verdict::Added); 2]);
        let second = dry.take(&mut tx, &ring(), &fresh, now()).await.unwrap();
        assert_eq!(second, [Outcome::Duplicate(None); 2]);
    }
}

#[tokio::test]
async fn who_left_is_not_brought_back_by_a_file() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        newsletters(store).await;
        let rows = [row(2, "ana@newsroom.example"), row(3, "bo@newsroom.example"), row(4, "ce@newsroom.example")];
        import(store, "public", &rows).await;
        let (ana, bo) = (id_of(store, "ana@newsroom.example").await, id_of(store, "bo@newsroom.example").await);
        let mut tx = store.write().await.unwrap();
        assert_eq!(leave(&mut tx, 1, ana, How::OneClick, now()).await.unwrap(), Leaving::Left);
        assert_eq!(leave(&mut tx, 1, ana, How::OneClick, now()).await.unwrap(), Leaving::Already);
        assert_eq!(leave(&mut tx, 1, 999, How::OneClick, now()).await.unwrap(), Leaving::Nobody);
        assert_eq!(leave_all(&mut tx, &ring(), bo, How::Page, now()).await.unwrap(), Leaving::Left);
        tx.commit().await.unwrap();
        let mut named = rows.clone();
        for row in &mut named {
            row.status = Some(RowStatus::Member(Status::Active));
        }
        let (outcomes, _) = import(store, "public", &named).await;
        assert_eq!(outcomes, [taken(Verdict::Kept), taken(Verdict::Kept), taken(Verdict::Unchanged)]);
        let (outcomes, _) = import(store, "other", &named).await;
        assert_eq!(outcomes[0], taken(Verdict::Kept), "nor by another list");
        assert_eq!(readers(store, 1, &["public", "other"], "daily").await, ["ce@newsroom.example"]);
        let weekly = readers(store, 2, &["public", "other"], "weekly").await;
        assert_eq!(weekly, ["ana@newsroom.example", "ce@newsroom.example"], "one newsletter was left, not the other");
        let mut tx = store.write().await.unwrap();
        let lists = ["public".to_owned()];
        let barred = suppressions::barred(&mut tx, 1, &lists, &[ana, bo, bo + 1, 999]).await.unwrap();
        assert_eq!(barred, [(ana, "left".to_owned()), (bo, "left".to_owned()), (999, "forgotten".to_owned())]);
        let barred = suppressions::barred(&mut tx, 2, &lists, &[ana, bo]).await.unwrap();
        assert_eq!(barred, [(bo, "left".to_owned())]);
        let barred = suppressions::barred(&mut tx, 2, &["nobody's".to_owned()], &[ana]).await.unwrap();
        assert_eq!(barred, [(ana, "no longer on its lists".to_owned())]);
        assert!(rejoin(&mut tx, 1, ana).await.unwrap());
        assert!(rejoin_all(&mut tx, &ring(), bo).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(readers(store, 1, &["public", "other"], "daily").await.len(), 3);
    }
}

#[tokio::test]
async fn a_suppressed_address_stays_so_and_a_forgotten_person_stays_out() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        newsletters(store).await;
        let mut rows = [row(2, "ana@newsroom.example"), row(3, "bo@newsroom.example")];
        rows[1].status = Some(RowStatus::Suppressed(Reason::Bounced));
        let (outcomes, _) = import(store, "public", &rows).await;
        assert_eq!(outcomes, [taken(Verdict::Added), taken(Verdict::Suppressed(Reason::Bounced))]);
        assert_eq!(readers(store, 1, &["public"], "daily").await, ["ana@newsroom.example"]);
        let ana = id_of(store, "ana@newsroom.example").await;
        let mut tx = store.write().await.unwrap();
        assert!(forget(&mut tx, &ring(), &"Ana@newsroom.example".parse().unwrap(), now()).await.unwrap());
        assert!(!forget(&mut tx, &ring(), &"never@newsroom.example".parse().unwrap(), now()).await.unwrap());
        assert!(person(&mut tx, ana).await.unwrap().is_none());
        let stands =
            suppressions::of(&mut tx, &ring(), &"ana@newsroom.example".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((stands.address, stands.reason), (None, Reason::Forgotten));
        tx.commit().await.unwrap();
        rows[1].status = Some(RowStatus::Member(Status::Active));
        let (outcomes, _) = import(
            store,
            "public",
            &[rows[0].clone(), rows[1].clone(), row(4, "never@newsroom.example"), row(5, "new@newsroom.example")],
        )
        .await;
        assert_eq!(
            outcomes,
            [
                taken(Verdict::Suppressed(Reason::Forgotten)),
                taken(Verdict::Suppressed(Reason::Bounced)),
                taken(Verdict::Suppressed(Reason::Forgotten)),
                taken(Verdict::Added)
            ]
        );
        assert_eq!(readers(store, 1, &["public"], "daily").await, ["new@newsroom.example"]);
        assert_ne!(id_of(store, "new@newsroom.example").await, ana, "a number is never given twice");
    }
}

#[tokio::test]
async fn preferences_stand_above_the_file() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        newsletters(store).await;
        let mut ana = row(2, "ana@newsroom.example");
        ana.newsletters = Some(vec!["daily".into()]);
        ana.topics = Some(vec!["exercises".into()]);
        ana.language = Some("en".parse().unwrap());
        import(store, "public", &[ana.clone()]).await;
        assert_eq!(readers(store, 1, &["public"], "daily").await.len(), 1);
        assert_eq!(readers(store, 2, &["public"], "weekly").await.len(), 0, "the file names only the daily");
        let id = id_of(store, "ana@newsroom.example").await;
        let choices =
            Choices { language: Some("sr-Latn".parse().unwrap()), topics: None, newsletters: vec!["weekly".into()] };
        let mut tx = store.write().await.unwrap();
        assert!(set_preferences(&mut tx, id, &choices, &[2], &[1], now()).await.unwrap());
        assert!(!set_preferences(&mut tx, 999, &choices, &[], &[], now()).await.unwrap());
        tx.commit().await.unwrap();
        ana.name = Some("Ana".into());
        import(store, "public", &[ana]).await;
        assert_eq!(readers(store, 1, &["public"], "daily").await.len(), 0);
        assert_eq!(readers(store, 2, &["public"], "weekly").await.len(), 1);
        let mut tx = store.read().await.unwrap();
        let members = audience(&mut tx, 2, &["public".to_owned()], "weekly", 0, 10).await.unwrap();
        assert_eq!(members[0].language.as_ref().unwrap().as_str(), "sr-Latn");
        assert_eq!(members[0].topics, None, "everything, by their own word");
        assert_eq!(person(&mut tx, id).await.unwrap().unwrap().language.unwrap().as_str(), "sr-Latn");
    }
}

#[tokio::test]
async fn staff_remove_and_add_and_what_a_file_leaves_out() {
    let (_folder, stores) = stores().await;
    for store in &stores {
        newsletters(store).await;
        let rows = [row(2, "ana@newsroom.example"), row(3, "bo@newsroom.example")];
        import(store, "public", &rows).await;
        let (ana, bo) = (id_of(store, "ana@newsroom.example").await, id_of(store, "bo@newsroom.example").await);
        let mut tx = store.write().await.unwrap();
        let list = ensure_lists(&mut tx, &["public"]).await.unwrap()["public"];
        assert!(remove(&mut tx, list, ana, now()).await.unwrap());
        let batches = Batches::new(list, COLUMNS);
        assert_eq!(batches.missing(&mut tx, 0).await.unwrap().0, [(bo, "bo@newsroom.example".to_owned())]);
        assert_eq!(batches.remove(&mut tx, &[ana, bo]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let (outcomes, _) = import(store, "public", &rows).await;
        assert_eq!(outcomes, [taken(Verdict::Kept), taken(Verdict::Added)]);
        let mut tx = store.write().await.unwrap();
        let address = "ana@newsroom.example".parse().unwrap();
        let (new, id) = add(&mut tx, list, &address, Some("Ana"), None, Some("by telephone"), now()).await.unwrap();
        assert_eq!((new, id), (true, ana));
        assert!(!add(&mut tx, list, &address, None, None, None, now()).await.unwrap().0, "again is no news");
        assert_eq!(active_count(&mut tx, &["public"]).await.unwrap(), 2);
        assert_eq!(page(&mut tx, "public", "AN", 0, 10).await.unwrap(), [ana]);
        assert_eq!(page(&mut tx, "", "", ana, 10).await.unwrap(), [bo]);
        assert_eq!(sent(&mut tx, ana, 5).await.unwrap(), []);
    }
}
