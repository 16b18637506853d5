//! `/hub`: where a reader asks to be told of new bytes at once (WebSub, section 5). What is asked is kept and verified afterwards.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Site;
use crate::feed::websub::{self, Hub};

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new().route("/hub", get(explain).post(ask))
}

/// Somebody looks with a browser.
async fn explain(State(site): State<Site>) -> Response {
    if !site.config.feeds.hub {
        return none();
    }
    "This is a WebSub hub (https://www.w3.org/TR/websub/): feed readers ask it, by POST, to be told of changes of the feeds here.\n"
        .into_response()
}

fn none() -> Response {
    (StatusCode::NOT_FOUND, "There is no hub here.\n").into_response()
}

/// 202 where it is kept, 4xx with what is wrong (section 5.2).
async fn ask(State(site): State<Site>, headers: HeaderMap, body: Bytes) -> Response {
    if !site.config.feeds.hub {
        return none();
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        let said = "Content-Type: it must be application/x-www-form-urlencoded\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, said).into_response();
    }
    if !site.shelf.is_up() {
        return later("The feeds are being made. Please ask again in a moment.\n");
    }
    let fields = url::form_urlencoded::parse(&body).into_owned();
    let wanted = match websub::read(&site.config, &site.shelf, fields) {
        Ok(wanted) => wanted,
        Err(said) => return (StatusCode::BAD_REQUEST, format!("{said}\n")).into_response(),
    };
    match Hub::take(&site.store, &site.clock, &site.wake, &wanted).await {
        Ok(true) => StatusCode::ACCEPTED.into_response(),
        Ok(false) => later("Too many subscriptions wait to be verified. Please ask again in a minute.\n"),
        Err(error) => {
            tracing::error!("the hub: {error}");
            later("The hub cannot keep it now. Please ask again in a minute.\n")
        }
    }
}

fn later(said: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, HeaderValue::from_static("60"))], said).into_response()
}
