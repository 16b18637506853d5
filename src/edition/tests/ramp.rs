//! A ramp: who gets which day, and what becomes of days on which nothing went.

use super::*;
use crate::edition::compose::{self, How, Layout, Wish};
use crate::edition::{fill, select};
use crate::store::editions::{self, ramp};

#[tokio::test]
async fn each_copy_has_its_day_and_missed_days_come_one_by_one() {
    rooms!(DAILY, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        let mut tx = room.store.write().await.unwrap();
        for sql in [
            "INSERT INTO subscribers (address, mailbox, created_at) WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL \
             SELECT i + 1 FROM n WHERE i < 2400) SELECT 'p' || i || '@news.example', 'p' || i || '@news.example', 0 FROM n",
            "INSERT INTO memberships (list, subscriber, status, decided_by, consent_at, joined_at) SELECT (SELECT id FROM lists \
             WHERE name = 'public'), id, 'active', 'file', CASE WHEN id % 2 = 0 THEN id * 1000 END, id FROM subscribers \
             WHERE address LIKE 'p%'",
        ] {
            tx.q(sql).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        room.article("s1", "en").await;
        let newsletter = &room.config.newsletters[0];
        let now = room.clock.now();
        let mut tx = room.store.write().await.unwrap();
        let row = editions::ensure_newsletters(&mut tx, &["daily"], now).await.unwrap().remove(0);
        tx.commit().await.unwrap();
        let mut tx = room.store.read().await.unwrap();
        let selected = select::news(&mut tx, &room.config, newsletter, &row, now).await.unwrap();
        let wish = Wish { lists: newsletter.lists.clone(), ramp: true, ..Wish::default() };
        let layout = Layout::new(&room.config, newsletter, (&row, selected), &wish, now);
        let proof = compose::proof(&mut tx, &room.config, &room.templates, newsletter, layout, &wish).await.unwrap();
        drop(tx);
        let how = How { made_by: "staff".to_owned(), needs: 0, held: None, slot: None, start_at: now, takes: true };
        let edition = compose::freeze(&room.store, &proof, &how).await.unwrap().unwrap();
        assert_eq!(fill::fill(&room.store, edition, |_| ()).await.unwrap(), 2401);
        let mut tx = room.store.write().await.unwrap();
        let days = ramp::waiting(&mut tx, edition).await.unwrap();
        assert_eq!(days.iter().map(|day| day.copies).collect::<Vec<_>>(), [750, 1125, 26]);
        assert_eq!(days[0].at, now + chrono::Duration::days(1));
        // Ana joined today; then those with a date of consent, the latest first; those without one are last.
        let first = "SELECT CAST(COUNT(*) AS BIGINT) FROM deliveries WHERE state = 0 AND (subscriber = 1 OR (subscriber % 2 = 0 \
             AND subscriber > 1402))";
        let first: i64 = tx.q(first).one().await.unwrap().get(0).unwrap();
        assert_eq!(first, 500);
        // The machine was off for three days and a half, and nothing had gone yet.
        let later = now + chrono::Duration::hours(84);
        assert!(ramp::catch_up(&mut tx, edition, later).await.unwrap());
        let days = ramp::waiting(&mut tx, edition).await.unwrap();
        assert_eq!(
            days.iter().map(|day| day.at).collect::<Vec<_>>(),
            [4, 5, 6].map(|n| now + chrono::Duration::days(n))
        );
        assert!(!ramp::catch_up(&mut tx, edition, later).await.unwrap(), "once is enough");
    });
}
