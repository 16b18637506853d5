//! What waits for approval, when it goes, and what takes an approval back.

use chrono::Duration;

use super::*;
use crate::edition::approve::{self, Goes, Refused, Word};
use crate::edition::{goes_next, next_due, tell};
use crate::store::editions::{self, Edition, State, approvals, states};
use crate::store::staff::{self, Account, Added, Role, Wanted};
use crate::store::{keys, post};

/// Approval by two, drafted fifteen hours before.
const TWO: &str = "approval = \"two\"\nready = \"15h\"\n";

fn daily(more: &str) -> String {
    format!("{DAILY}{more}")
}

async fn accounts(room: &Room) -> Vec<Account> {
    let mut tx = room.store.write().await.unwrap();
    for (name, role) in [("Ana", Role::Approver), ("Bo", Role::Admin), ("Ed", Role::Editor)] {
        let mailbox = format!("{name}@desk.example").parse().unwrap();
        let wanted = Wanted { name: name.to_owned(), mailbox, role, language: None };
        assert!(matches!(staff::add(&mut tx, &wanted, room.clock.now()).await.unwrap(), Added::Made(_)));
    }
    let all = staff::open(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    all
}

async fn word(room: &Room, edition: i64, account: &Account) -> Result<Goes, Refused> {
    let mut tx = room.store.write().await.unwrap();
    let ring = keys::ring(&mut tx).await.unwrap();
    let seen = approvals::newest_revision(&mut tx).await.unwrap();
    let (late, now) = (Duration::hours(2), room.clock.now());
    let said =
        approve::approve(&mut tx, &ring, edition, Word { account, alone: None, seen, at: None, late, now }).await;
    if said.is_ok() {
        tx.commit().await.unwrap();
    }
    said
}

async fn edition(room: &Room, id: i64) -> Edition {
    let mut tx = room.store.read().await.unwrap();
    editions::by_id(&mut tx, id).await.unwrap().unwrap()
}

/// How many letters wait, and then none.
async fn letters(room: &Room) -> usize {
    let mut tx = room.store.write().await.unwrap();
    let mut count = 0;
    while let Some(one) = post::claim(&mut tx, room.clock.now(), std::time::Duration::from_secs(60)).await.unwrap() {
        post::sent(&mut tx, one.id).await.unwrap();
        count += 1;
    }
    tx.commit().await.unwrap();
    count
}

#[tokio::test]
async fn it_is_drafted_in_time_and_goes_at_its_slot_once_two_have_approved_it() {
    rooms!(&daily(TWO), |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.article("s1", "en").await;
        let people = accounts(&room).await;
        // 06:00: the slot of today was not drafted yet, and is taken up at once.
        let made = room.pass().await.made.remove(0);
        assert_eq!(made.held.as_deref(), Some("waits for approval (0 of 2)"));
        let first = edition(&room, made.edition).await;
        let slot = at("2026-03-02T07:00:00+01:00");
        assert_eq!((first.slot_at, first.start_at, first.state), (Some(slot), slot, State::Held));
        assert_eq!(letters(&room).await, 2, "an approver and an admin are told, once");
        // What comes later is the next edition's.
        room.article("s2", "en").await;
        room.none().await;
        assert_eq!(letters(&room).await, 0);
        assert_eq!(word(&room, first.id, &people[0]).await.unwrap(), Goes::Waits(1, 2));
        assert!(matches!(word(&room, first.id, &people[0]).await, Err(Refused::Twice(_))));
        assert!(matches!(word(&room, first.id, &people[2]).await, Err(Refused::Role(..))));
        assert_eq!(word(&room, first.id, &people[1]).await.unwrap(), Goes::At(slot));
        assert!(matches!(word(&room, first.id, &people[1]).await, Err(Refused::Approved(_))));
        room.none().await;
        assert_eq!(titles(&room.got(first.id).await, "ana@news.example"), ["s1 en"]);
        assert_eq!(edition(&room, first.id).await.start_at, slot, "it waits for its slot");
        // The next one is drafted at 16:00, for the slot of the day after; each slot has one edition.
        room.clock.set(at("2026-03-02T08:00:00+01:00"));
        room.none().await;
        let next = next_due(&room.store, &room.config, &room.clock).await.unwrap();
        assert_eq!(next, Some(at("2026-03-02T16:00:00+01:00")));
        let goes = goes_next(&room.store, &room.config, &room.clock).await.unwrap();
        assert_eq!(goes, Some(at("2026-03-03T07:00:00+01:00")));
        room.clock.set(at("2026-03-02T16:00:00+01:00"));
        let second = room.pass().await.made.remove(0);
        assert_eq!(edition(&room, second.edition).await.slot_at, Some(at("2026-03-03T07:00:00+01:00")));
        room.clock.set(at("2026-03-03T07:00:00+01:00"));
        room.article("s3", "en").await;
        room.none().await;
    });
}

#[tokio::test]
async fn nothing_new_decides_against_no_slot_before_its_time() {
    rooms!(&daily("ready = \"15h\"\n"), |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.none().await;
        let slot = at("2026-03-02T07:00:00+01:00");
        assert_eq!(next_due(&room.store, &room.config, &room.clock).await.unwrap(), Some(slot), "no hot loop");
        room.article("s1", "en").await;
        let made = room.pass().await.made.remove(0);
        assert_eq!((made.held, made.recipients), (None, 1));
        assert_eq!(edition(&room, made.edition).await.start_at, slot);
        // Nobody was there to send it: it is late, as any other.
        room.clock.set(at("2026-03-02T09:30:00+01:00"));
        let pass = room.pass().await;
        assert_eq!(pass.missed.len(), 1, "{pass:?}");
        let late = edition(&room, made.edition).await;
        assert!(late.state == State::Held && late.reason.unwrap().contains("2 h 30 min"));
        let mut tx = room.store.write().await.unwrap();
        assert!(states::resume(&mut tx, made.edition).await.unwrap());
        states::start_at(&mut tx, made.edition, room.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(room.pass().await.missed.is_empty(), "staff have decided");
    });
}

#[tokio::test]
async fn approved_little_late_it_goes_at_once_and_later_staff_choose() {
    rooms!(&daily("approval = \"other\"\n"), |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        let people = accounts(&room).await;
        for (story, day, minutes) in [("s1", 2, 90), ("s2", 3, 121)] {
            room.article(story, "en").await;
            room.clock.set(at(&format!("2026-03-0{day}T07:00:00+01:00")));
            let made = room.pass().await.made.remove(0);
            room.clock.advance(Duration::minutes(minutes));
            room.none().await;
            let goes = word(&room, made.edition, &people[0]).await.unwrap();
            room.none().await;
            let after = edition(&room, made.edition).await;
            if minutes < 120 {
                assert_eq!((goes, after.state), (Goes::Now, State::Queued));
                assert_eq!(titles(&room.got(made.edition).await, "ana@news.example"), [format!("{story} en")]);
                continue;
            }
            assert_eq!((goes, after.state), (Goes::AskStaff(Duration::minutes(121)), State::Held));
            assert!(room.got(made.edition).await.is_empty());
            let mut tx = room.store.write().await.unwrap();
            assert!(states::resume(&mut tx, made.edition).await.unwrap(), "it is approved");
            tx.commit().await.unwrap();
        }
    });
}

#[tokio::test]
async fn a_correction_takes_the_approvals_back_and_those_who_gave_them_are_told() {
    rooms!(&daily(TWO), |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.article("s1", "en").await;
        let people = accounts(&room).await;
        let id = room.pass().await.made.remove(0).edition;
        letters(&room).await;
        for account in &people[..2] {
            word(&room, id, account).await.unwrap();
        }
        room.correct("s1", "en", "420 metres", "240 metres").await;
        let pass = room.pass().await;
        assert_eq!(pass.taken_back.len(), 1, "{pass:?}");
        let held = edition(&room, id).await;
        assert_eq!((held.state, held.approved_at), (State::Held, None));
        assert!(held.reason.unwrap().starts_with("waits for approval (0 of 2): s1 (en) corrected"));
        assert_eq!(letters(&room).await, 2);
        room.clock.set(at("2026-03-02T07:30:00+01:00"));
        assert!(room.pass().await.taken_back.is_empty());
        assert!(room.got(id).await.is_empty(), "it has not gone");
        // They look again, and send it as it is.
        assert_eq!(word(&room, id, &people[0]).await.unwrap(), Goes::Waits(1, 2));
        assert_eq!(word(&room, id, &people[1]).await.unwrap(), Goes::Now);
        room.none().await;
        assert_eq!(room.got(id).await.len(), 1);

        // Half out: it is paused, needs its approvals again, and then staff to let it go on.
        room.mark(id, 2).await;
        let mut tx = room.store.write().await.unwrap();
        let again = "INSERT INTO deliveries (edition, subscriber, variant, choice) SELECT edition, 99, variant, choice FROM deliveries";
        tx.q(again).execute().await.unwrap();
        tx.commit().await.unwrap();
        room.correct("s1", "en", "240 metres", "250 metres").await;
        room.pass().await;
        assert_eq!(edition(&room, id).await.state, State::Paused);
        let mut tx = room.store.write().await.unwrap();
        assert!(!states::resume(&mut tx, id).await.unwrap(), "resume does not go around it");
        drop(tx);
        word(&room, id, &people[0]).await.unwrap();
        assert_eq!(word(&room, id, &people[1]).await.unwrap(), Goes::Resume);
        let mut tx = room.store.write().await.unwrap();
        assert!(states::resume(&mut tx, id).await.unwrap());
        tx.commit().await.unwrap();
        // What is gone is no longer theirs to decide.
        let mut tx = room.store.write().await.unwrap();
        tx.q("UPDATE articles SET removed = 5").execute().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(room.pass().await.taken_back.len(), 1);
        assert!(matches!(word(&room, id, &people[0]).await, Err(Refused::Trouble { .. })));
    });
}

#[tokio::test]
async fn nobody_is_told_until_somebody_may_approve_it() {
    rooms!(&daily("approval = \"other\"\n"), |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        room.none().await;
        room.article("s1", "en").await;
        room.clock.set(at("2026-03-02T07:00:00+01:00"));
        room.pass().await;
        assert_eq!(letters(&room).await, 0);
        accounts(&room).await;
        let words = tell::Words { config: &room.config, templates: &room.templates };
        assert_eq!(tell::ask(&room.store, words, room.clock.now()).await.unwrap().len(), 1);
        assert!(tell::ask(&room.store, words, room.clock.now()).await.unwrap().is_empty());
        assert_eq!(letters(&room).await, 2);
    });
}
