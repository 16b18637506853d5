//! The staff listener: whether the house is up, and whether it can do its work.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::public::Site;

/// Everything of the staff listener.
pub fn router(site: Site) -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready)).with_state(site)
}

/// 200 while the store answers and the feeds are up, else 503; the body says which.
async fn ready(State(site): State<Site>) -> Response {
    let store = match site.store.read().await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    let feeds = site.shelf.is_up();
    let status = if store.is_ok() && feeds { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ready": status == StatusCode::OK,
        "store": store.err().unwrap_or_else(|| "ok".to_owned()),
        "feeds": feeds,
    });
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}
