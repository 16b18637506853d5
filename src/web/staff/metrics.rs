//! `/metrics`: numbers in the text format of Prometheus, for whoever watches the house.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::store::deliveries::State as Copies;
use crate::store::editions::State as Editions;
use crate::store::{StoreError, alarms, hub, post};
use crate::web::public::Site;

/// The numbers; 503 where the store does not answer.
pub(super) async fn answer(State(site): State<Site>) -> Response {
    match page(&site).await {
        Ok(page) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response(),
        Err(error) => {
            tracing::warn!("/metrics: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

async fn page(site: &Site) -> Result<String, StoreError> {
    let mut tx = site.store.read().await?;
    let raised: Vec<_> = alarms::all(&mut tx).await?;
    let raised: Vec<_> = raised.iter().filter(|alarm| alarm.raised_at.is_some() && alarm.over_at.is_none()).collect();
    let (editions, copies) = alarms::numbers(&mut tx).await?;
    let letters = post::standing(&mut tx).await?;
    let mut page = String::new();
    let overdue = raised.iter().filter(|alarm| alarm.cause != "relay").count();
    gauge(
        &mut page,
        "herald_editions_overdue",
        "Editions that were due and did not go out.",
        &[(None, overdue as i64)],
    );
    gauge(&mut page, "herald_alarms", "Alarms that stand.", &[(None, raised.len() as i64)]);
    let of = |state: Editions| editions.iter().find(|(word, _)| word == state.word()).map_or(0, |(_, count)| *count);
    let rows: Vec<_> = Editions::ALL.iter().map(|state| (Some(state.word()), of(*state))).collect();
    gauge(&mut page, "herald_editions", "Editions by state.", &rows);
    let of = |state: Copies| copies.iter().find(|(number, _)| *number == state.number()).map_or(0, |(_, count)| *count);
    let rows: Vec<_> = Copies::ALL.iter().map(|state| (Some(state.word()), of(*state))).collect();
    gauge(&mut page, "herald_deliveries", "Copies of the editions that are going out, by state.", &rows);
    gauge(&mut page, "herald_system_mails_waiting", "Mails of the house's own that wait.", &[(None, letters.waiting)]);
    gauge(
        &mut page,
        "herald_system_mails_failed",
        "Mails of the house's own that were refused lately.",
        &[(None, letters.failed)],
    );
    feeds(&mut page, site);
    let polled = site.guests.readers.total();
    for (name, help, value) in [
        ("herald_feed_requests_total", "Requests for feeds since the start.", polled.requests),
        ("herald_feed_not_modified_total", "Of these, answered with 304.", polled.not_modified),
        ("herald_feed_bytes_sent_total", "Bytes of feeds that were sent since the start.", polled.bytes),
        ("herald_feed_bytes_saved_total", "Bytes of feeds that 304 and compression have spared.", polled.saved),
    ] {
        counter(&mut page, name, help, value);
    }
    let told = hub::standing(&mut tx).await?;
    let (subscribers, failing) =
        told.iter().fold((0, 0), |(all, bad), (_, count, failing)| (all + count, bad + failing));
    gauge(&mut page, "herald_hub_subscribers", "WebSub subscriptions.", &[(None, subscribers)]);
    gauge(&mut page, "herald_hub_subscribers_failing", "Of these, not reached the last time.", &[(None, failing)]);
    let (done, failed) = hub::pinged(&mut tx).await?;
    gauge(
        &mut page,
        "herald_hub_told",
        "WebSub notices of the last 30 days.",
        &[(Some("done"), done), (Some("failed"), failed)],
    );
    Ok(page)
}

fn counter(page: &mut String, name: &str, help: &str, value: i64) {
    let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
}

/// What the last look at the feeds came to.
fn feeds(page: &mut String, site: &Site) {
    let built = site.shelf.built();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    gauge(page, "herald_feeds", "Feeds that are kept.", &[(None, count(built.feeds))]);
    let failed = count(built.failed.len());
    gauge(page, "herald_feeds_failed", "Feeds of which the last good documents had to stay up.", &[(None, failed)]);
    let left_out = count(built.left_out.len());
    let help = "Entries that feeds had to leave out, because no document may hold them.";
    gauge(page, "herald_feed_entries_left_out", help, &[(None, left_out)]);
}

fn gauge(page: &mut String, name: &str, help: &str, rows: &[(Option<&str>, i64)]) {
    let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} gauge");
    for (state, value) in rows {
        let _ = match state {
            Some(state) => writeln!(page, "{name}{{state=\"{state}\"}} {value}"),
            None => writeln!(page, "{name} {value}"),
        };
    }
}
