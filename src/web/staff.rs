//! The staff listener: whether the house is up, and whether it can do its work; its numbers.

mod metrics;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use super::public::{Site, asked};
use crate::clock::Instant;
use crate::store::{StoreError, sources};

/// Everything of the staff listener.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::answer))
        .with_state(site.clone())
        .layer(from_fn_with_state(asked::Before::staff(site), asked::look))
}

/// What `/readyz` answers.
#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// `ok`, or what the store said.
    store: String,
    /// Whether feeds are up.
    feeds: bool,
    sources: Vec<Source>,
}

/// A source, and when it was last read to the end.
#[derive(Serialize)]
struct Source {
    name: String,
    last_read: Option<Instant>,
}

/// 200 while the store answers, the feeds are up and every source was read once, else 503; the body says which.
async fn ready(State(site): State<Site>) -> Response {
    let (store, known) = match read_times(&site).await {
        Ok(known) => ("ok".to_owned(), known),
        Err(error) => (error.to_string(), Vec::new()),
    };
    let sources: Vec<Source> = site
        .config
        .sources
        .iter()
        .map(|source| Source {
            name: source.name().to_owned(),
            last_read: known.iter().find(|(name, _)| name == source.name()).and_then(|(_, at)| *at),
        })
        .collect();
    let feeds = site.shelf.is_up();
    let ready = store == "ok" && feeds && sources.iter().all(|source| source.last_read.is_some());
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string(&Ready { ready, store, feeds, sources }).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

async fn read_times(site: &Site) -> Result<Vec<(String, Option<Instant>)>, StoreError> {
    let mut tx = site.store.read().await?;
    sources::read_times(&mut tx).await
}
