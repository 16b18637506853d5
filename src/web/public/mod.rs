//! What readers and subscribers see. A GET changes nothing; what a page may do is in its own file.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock::Clock;
use crate::config::Config;
use crate::feed::Shelf;
use crate::secret::Keyring;
use crate::store::Store;
use crate::template::Templates;
use crate::wake::Wake;
use crate::web::guests::Guests;

pub(super) mod asked;
pub mod feeds;
pub mod hub;
pub mod media;
mod moved;
pub mod pages;
pub mod people;
mod quick;

pub(super) use quick::Quick;

/// Bytes of a request's body that are read at all: a form of ours is far smaller.
const BODY: usize = 64 * 1024;
/// How long an answer may take to begin.
const ANSWER: Duration = Duration::from_secs(20);

/// What every public page can ask.
#[derive(Clone)]
pub struct Site {
    /// The configuration.
    pub config: Arc<Config>,
    /// The store.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// How pages look, and their words.
    pub templates: Arc<Templates>,
    /// Opens the tokens of links.
    pub keyring: Arc<Keyring>,
    /// The feeds as they are served.
    pub shelf: Arc<Shelf>,
    /// Who is to look again after a page changed something.
    pub wake: Wake,
    /// What is remembered of those who ask.
    pub guests: Arc<Guests>,
}

/// The path of the newsroom's address: `/news` of `https://example.org/news`, mostly nothing.
pub(super) fn base(url: &str) -> String {
    url::Url::parse(url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// Everything of the public listener. Where the newsroom's address has a path, it is answered with and
/// without it: a proxy may cut it off or not.
pub fn router(site: Site) -> Router {
    let base = base(&site.config.site.url);
    let router = at_the_root(site);
    if base.is_empty() {
        return router;
    }
    let inside = move |mut request: Request| {
        if let Some(uri) = without_base(request.uri(), &base) {
            *request.uri_mut() = uri;
        }
        std::future::ready(request)
    };
    Router::new().fallback_service(router).layer(map_request(inside))
}

fn without_base(uri: &Uri, base: &str) -> Option<Uri> {
    let rest = uri
        .path_and_query()?
        .as_str()
        .strip_prefix(base)
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))?;
    if rest.starts_with('/') { rest.parse().ok() } else { format!("/{rest}").parse().ok() }
}

fn at_the_root(site: Site) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .merge(feeds::routes())
        .merge(hub::routes())
        .merge(pages::routes())
        .merge(people::routes())
        .merge(media::routes())
        .with_state(site.clone())
        .layer(from_fn_with_state(asked::Before::public(site), asked::look))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(map_response(secured))
}

/// No script, nothing framed, forms only to us. Pictures may stand elsewhere; `unsafe-inline` is
/// for styles alone, which the web copy of a mail bears in its elements.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src 'self' https: http: data:; media-src 'self' https: http:; style-src 'self' 'unsafe-inline'; \
     font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The headers every answer bears; one that the page has set itself stays.
async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    unless_set(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    unless_set(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    unless_set(headers, header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    response
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// A page that broke: told to the log, and to the reader without details.
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words given");
    tracing::error!(what, "a page broke");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here. Please try again later.\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_before_ours_is_taken_off_and_no_other() {
        let without = |path: &str| without_base(&path.parse().unwrap(), "/news").map(|uri| uri.to_string());
        assert_eq!(without("/news/feeds/a.rss?x=1").as_deref(), Some("/feeds/a.rss?x=1"));
        assert_eq!(without("/news").as_deref(), Some("/"));
        assert_eq!(without("/news?page=2").as_deref(), Some("/?page=2"));
        assert_eq!(without("/newsletters/a/1"), None);
        assert_eq!(base("https://example.org/news/"), "/news");
        assert_eq!(base("https://example.org"), "");
    }
}
