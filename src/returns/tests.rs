//! What follows from a report, on both databases.

use super::*;
use crate::audience::Address;
use crate::store::Store;
use crate::store::returns::tests::all;

const TO: &str = "bounces@office.test";

/// A store with one reader, and the token of their copy of edition 3.
async fn reader(store: &Store) -> (Keyring, i64, String) {
    let mut tx = store.write().await.unwrap();
    let ring = crate::store::keys::ring(&mut tx).await.unwrap();
    tx.q("INSERT INTO lists (id, name) VALUES (1, 'public')").execute().await.unwrap();
    let now = crate::clock::from_micros(0);
    let address = "ana@readers.test".parse().unwrap();
    let (_, id) = subscribers::add(&mut tx, 1, &address, None, None, None, now).await.unwrap();
    tx.q("INSERT INTO editions (id, newsletter, number, state, made_by, composed_at, start_at, subject, settings, hash, audience_upto)
        VALUES (3, 1, 3, 'done', 'staff', 0, 0, 'x', '{}', '', 1)")
        .execute()
        .await
        .unwrap();
    tx.q("INSERT INTO deliveries (edition, subscriber, variant, choice, state, at) VALUES (3, $1, 0, 1, 2, 0)")
        .bind(id)
        .execute()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let token = ring.token(Purpose::Delivery, 3, id);
    (ring, id, token)
}

fn report(token: &str, recipient: &str, status: &str, said: &str) -> String {
    let to = TO.replace('@', &format!("+{token}@"));
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nTo: <{to}>\nMessage-ID: <1@mx.test>\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n\
         Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {said}\n\n--b--\n"
    )
}

async fn take(store: &Store, ring: &Keyring, text: &str) -> Applied {
    at(store, ring, text, Place::Handed, 5).await
}

async fn at(store: &Store, ring: &Keyring, text: &str, place: Place, micros: i64) -> Applied {
    let clock = crate::clock::Clock::standing(crate::clock::from_micros(micros));
    let desk = Desk { store, ring, clock: &clock, dry_run: false };
    desk.take_in(&[text.as_bytes().to_vec()], place).await.unwrap().remove(0)
}

async fn stands(store: &Store, ring: &Keyring) -> Option<Reason> {
    let mut tx = store.read().await.unwrap();
    let address: Address = "ana@readers.test".parse().unwrap();
    suppressions::of(&mut tx, ring, &address).await.unwrap().map(|one| one.reason)
}

#[tokio::test]
async fn a_person_who_cannot_be_reached_is_written_to_no_more_and_once() {
    let (_folder, stores) = crate::store::tests::stores().await;
    for store in &stores {
        let (ring, id, token) = reader(store).await;
        for (status, said) in [
            ("5.7.1", "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org"),
            ("5.7.26", "550 5.7.26 unauthenticated email is not accepted"),
            ("5.6.0", "554 5.6.0 this message is spam"),
            ("5.2.2", "552 5.2.2 mailbox full"),
            ("4.1.1", "450 4.1.1 unknown just now"),
            ("5.0.0", "550 no"),
        ] {
            let applied = take(store, &ring, &report(&token, "ana@readers.test", status, said)).await;
            assert_eq!((applied.done, applied.edition), (Done::Kept, Some(3)), "{said}");
            assert_eq!(stands(store, &ring).await, None, "{said}");
        }
        let gone = report(&token.to_uppercase(), "Ana@readers.test", "5.1.1", "550 5.1.1 no such user");
        let applied = take(store, &ring, &gone).await;
        assert_eq!((applied.done, applied.reader.as_deref()), (Done::Suppressed, Some("a…@readers.test")));
        assert_eq!(stands(store, &ring).await, Some(Reason::Bounced));
        // Staff know better: the same report, by another way, does not undo what they said.
        let mut tx = store.write().await.unwrap();
        let address = "ana@readers.test".parse().unwrap();
        suppressions::lift(&mut tx, &ring, &address, None).await.unwrap();
        tx.commit().await.unwrap();
        let again = format!("Received: from elsewhere\nX-Seen: 1\n{gone}");
        assert_eq!(take(store, &ring, &again).await.done, Done::Known);
        assert_eq!(stands(store, &ring).await, None);
        let mut tx = store.write().await.unwrap();
        assert_eq!(all(&mut tx).await.iter().filter(|row| row.2 == id).count(), 7);
        subscribers::forget(&mut tx, &ring, &address, crate::clock::from_micros(9)).await.unwrap();
        assert!(all(&mut tx).await.is_empty(), "nothing that came back about somebody outlives them");
    }
}

#[tokio::test]
async fn without_a_token_of_ours_nothing_happens_to_anybody() {
    let (_folder, stores) = crate::store::tests::stores().await;
    for store in &stores {
        let (ring, id, token) = reader(store).await;
        let other = Keyring::new([(1, [9; 32])]).token(Purpose::Delivery, 3, id);
        let leave = ring.token(Purpose::Leave, 3, id);
        let mut forged = vec![String::new(), "test-abcdefghijklmnopqrstuvwxyz".to_owned(), other, leave];
        forged.extend((0..token.len()).step_by(7).map(|at| {
            let letter = if &token[at..=at] == "a" { "b" } else { "a" };
            format!("{}{letter}{}", &token[..at], &token[at + 1..])
        }));
        for token in forged {
            let applied =
                take(store, &ring, &report(&token, "ana@readers.test", "5.1.1", "550 5.1.1 no such user")).await;
            assert!(matches!(applied.done, Done::Kept | Done::Known), "{token}");
            assert_eq!((applied.edition, stands(store, &ring).await), (None, None), "{token}");
        }
        // Nor where a report with a token names several others.
        let two = report(
            &token,
            "x@x.test",
            "5.1.1",
            "550 5.1.1 no such user\n\nFinal-Recipient: rfc822; y@x.test\nAction: failed",
        );
        assert_eq!(take(store, &ring, &two).await.done, Done::Kept);
        assert_eq!(stands(store, &ring).await, None);
    }
}

#[tokio::test]
async fn complaints_end_it_and_machines_are_counted() {
    let (_folder, stores) = crate::store::tests::stores().await;
    for store in &stores {
        let (ring, _, token) = reader(store).await;
        let away =
            format!("From: ana@readers.test\nTo: bounces+{token}@office.test\nSubject: Automatic reply: News\n\nAway.");
        assert_eq!(take(store, &ring, &away).await.done, Done::Dropped);
        let mut tx = store.read().await.unwrap();
        let count: i64 = tx.q("SELECT value FROM counters WHERE name = 'answers'").one().await.unwrap().get(0).unwrap();
        assert_eq!((count, all(&mut tx).await.len()), (1, 0));
        drop(tx);
        let complaint = format!(
            "From: fbl@x.test\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n\
             --b\nContent-Type: message/rfc822\n\nMessage-ID: <{token}@office.test>\nSubject: News\n\nx\n--b--\n"
        );
        let gone = report(&token, "ana@readers.test", "5.1.1", "550 5.1.1 no such user");
        assert_eq!(take(store, &ring, &gone).await.done, Done::Suppressed);
        assert_eq!(stands(store, &ring).await, Some(Reason::Bounced));
        // A complaint weighs more than mail that came back, whichever came first.
        assert_eq!(take(store, &ring, &complaint).await.done, Done::Complained);
        assert_eq!(stands(store, &ring).await, Some(Reason::Complained));
        let again = gone.replace("<1@mx.test>", "<2@mx.test>");
        take(store, &ring, &again).await;
        assert_eq!(stands(store, &ring).await, Some(Reason::Complained));
    }
}

#[tokio::test]
async fn what_is_about_an_old_copy_or_none_hurts_nobody_and_a_mailbox_keeps_what_is_not_ours() {
    let (_folder, stores) = crate::store::tests::stores().await;
    for store in &stores {
        let (ring, id, token) = reader(store).await;
        let gone = |token: &str| report(token, "ana@readers.test", "5.1.1", "550 5.1.1 no such user");
        let days = |n: i64| n * 86_400_000_000;
        let applied = at(store, &ring, &gone(&token), Place::Handed, days(61)).await;
        assert_eq!((applied.done, stands(store, &ring).await), (Done::Kept, None), "sent two months ago");
        let other = gone(&ring.token(Purpose::Delivery, 4, id));
        assert_eq!(at(store, &ring, &other, Place::Handed, 5).await.done, Done::Kept, "there is no such copy");
        for text in
            [gone("").as_str(), "From: a@x.test\nSubject: Automatic reply\n\nAway", "Subject: Hello\n\nDear office"]
        {
            assert_eq!(at(store, &ring, text, Place::Mailbox, 5).await.done, Done::Left, "{text}");
        }
        let mut tx = store.read().await.unwrap();
        assert_eq!(all(&mut tx).await.len(), 2, "nothing is kept of what stays where it is");
        drop(tx);
        let another = gone(&token).replace("<1@mx.test>", "<2@mx.test>");
        assert_eq!(at(store, &ring, &another, Place::Mailbox, days(59)).await.done, Done::Suppressed);
    }
}

/// A hostile message is nested without end, or has headers without end; whoever reads it goes on, and the others are read.
#[test]
fn what_is_nested_thousandfold_brings_nothing_down() {
    let nested = "Content-Type: message/rfc822\n\n".repeat(40_000);
    let parts: String =
        (0..20_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    let coded = format!(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{}",
        data_encoding::BASE64.encode(nested.as_bytes())
    );
    let (long, many) = (format!("Subject: {}\n", "a@b ".repeat(2_500_000)), "To: <a@b>\n".repeat(1_000_000));
    let nothing = "\0".repeat(10_000_000);
    let begun = std::time::Instant::now();
    for text in [&nested, &parts, &coded, &long, &many, &nothing] {
        let gone = report("", "a@b.test", "5.1.1", "550 5.1.1 no such user").into_bytes();
        let kinds: Vec<Kind> = read(&[text.as_bytes().to_vec(), gone]).iter().map(|report| report.kind).collect();
        assert!(matches!(kinds[..], [Kind::Letter | Kind::Failure, Kind::Failure]), "{kinds:?}");
    }
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    assert_eq!(read(&[vec![0xff; 100_000]])[0].kind, Kind::Letter);
}
