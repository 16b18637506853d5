//! What DESIGN, part 7, promises of editions, on a standing clock and on both databases.

mod approval;
mod freezing;
mod many;
mod newness;
mod once;
mod ramp;
mod room;
mod time;

use room::{Got, Room, at};

const DAILY: &str = r#"
[[newsletters]]
name = "daily"
title = "Daily"
lists = ["public"]
schedule = "0 7 * * *"
"#;

/// Runs a test in a newsroom with these newsletters, on each database.
macro_rules! rooms {
    ($newsletters:expr, |$room:ident| $body:block) => {{
        let (_folder, stores) = crate::store::tests::stores().await;
        for store in stores {
            #[allow(unused_mut)]
            let mut $room = Room::new(store, $newsletters).await;
            $body
        }
    }};
}
use rooms;

fn titles(got: &Got, address: &str) -> Vec<String> {
    got.get(address).map(|(_, titles)| titles.clone()).unwrap_or_default()
}
