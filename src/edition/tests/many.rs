//! A million people: a measurement, not a promise; `cargo test --release --lib many -- --ignored --nocapture`.

use super::*;
use crate::edition::make_due;

#[tokio::test]
#[ignore = "a measurement: it takes a minute"]
async fn a_million_people_in_flat_memory() {
    let count: i64 = std::env::var("HERALD_PEOPLE").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let newsletters = format!("{DAILY}{}repeat = true\n", DAILY.replace("daily", "second"));
    rooms!(&newsletters, |room| {
        room.people("public", &[("ana@news.example", "")]).await;
        let mut tx = room.store.write().await.unwrap();
        for sql in [
            "INSERT INTO subscribers (address, mailbox, language, created_at) \
             WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
             SELECT 'p' || i || '@news.example', 'p' || i || '@news.example', \
             CASE i % 3 WHEN 0 THEN 'en' WHEN 1 THEN 'sr-Latn' ELSE 'sr-Cyrl' END, 0 FROM n",
            "INSERT INTO memberships (list, subscriber, status, decided_by, joined_at) \
             SELECT (SELECT id FROM lists WHERE name = 'public'), id, 'active', 'file', 0 FROM subscribers WHERE id > $1",
        ] {
            let bind = if sql.contains("RECURSIVE") { count } else { 1 };
            tx.q(sql).bind(bind).execute().await.unwrap();
        }
        tx.commit().await.unwrap();
        for n in 0..5 {
            room.article(&format!("s{n}"), "en").await;
        }
        for (round, story) in ["first", "second"].iter().enumerate() {
            room.article(story, "en").await;
            let before = std::time::Instant::now();
            let pass = make_due(&room.store, &room.config, &room.templates, &room.clock, true, None).await.unwrap();
            let made: i64 = pass.made.iter().map(|made| made.recipients).sum();
            assert_eq!(made, 2 * (count + 1), "{pass:?}");
            let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let peak = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
            eprintln!("round {round}: {made} deliveries in {:?}, {peak}", before.elapsed());
        }
    });
}
