//! No statement of a look at the feeds reads a table through, however many articles there are.

use super::entries::statements;
use super::*;
use crate::store::tests::stores;

#[tokio::test]
async fn a_look_after_one_article_reads_no_table_through() {
    let (_folder, stores) = stores().await;
    let mut tx = stores[0].read().await.unwrap();
    assert!(tx.is_lite());
    let window = [NEWEST, RECENT, OF_PAGE, TRANSLATIONS, GONE.0, GONE_FROM_PAGE.0, TAIL, CHANGED_PAGES, AGED_PAGES];
    for sql in window.into_iter().chain(statements()) {
        let binds = (1..20).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0);
        // A statement is text of the program's; this one is for the test alone.
        let mut query = tx.q(Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str()));
        for _ in 0..binds {
            query = query.bind("[]");
        }
        let plan: Vec<String> = query.all().await.unwrap().iter().map(|row| row.get(3).unwrap()).collect();
        let through = |step: &String| {
            let of_rows = [
                "VIRTUAL TABLE",
                "SCAN feed_changes",
                "SCAN n",
                "SCAN c",
                "SCAN e",
                "SCAN x",
                "SCAN r",
                "SCAN k",
                "SCAN feeds",
            ];
            step.starts_with("SCAN") && !of_rows.iter().any(|small| step.contains(small))
        };
        assert!(!plan.iter().any(through), "{sql}\n{plan:#?}");
        let whole_feed = plan.iter().any(|step| step.ends_with("USING PRIMARY KEY (feed=?)"));
        assert!(!whole_feed || sql.contains("feed_pages"), "{sql}\n{plan:#?}");
    }
}
