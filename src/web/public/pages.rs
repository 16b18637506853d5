//! The pages that readers see: latest news, articles, archive, topics, feeds, mails in a browser, privacy.
//!
//! 1. [`serve`] reads the path ([`address`]); one that is written otherwise than we write it is sent on.
//! 2. The file of the page asks the store and makes the words (`news`, `article`, `archive`, `search`, `following`, `edition`).
//! 3. [`frame`] puts masthead, way and foot around it, and a template makes HTML of it.
//! 4. [`answer`] sends it, or says that nothing changed.
//!
//! What search engines ask for is in [`sitemap`]. Every page asks the store what is public, and nothing else: what has no number is on none of them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;

use super::Site;
use crate::article::Language;
use crate::store::StoreError;
use crate::template::{Argument, TemplateError};
use address::{Asked, Page};
use answer::Seen;
use sitemap::{File, Kept};

pub use crate::config::address;
pub mod frame;

mod answer;
mod archive;
mod article;
mod edition;
mod following;
mod linked;
mod news;
mod prose;
mod search;
mod sitemap;
mod story;
mod style;

pub use sitemap::fixed_paths;

pub(super) use answer::is_known;
pub(super) use style::FOR_EVER;

/// Why a page could not be shown.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("a file could not be packed: {0}")]
    Packed(std::io::Error),
}

/// What a path leads to.
enum Shown {
    /// A page.
    Page(String),
    /// A page that answers a question: nobody keeps it for long, and no search engine is to know it.
    Passing(String),
    /// Another path, for now.
    Elsewhere(String),
    /// There is none.
    Missing,
    /// It is somewhere else now.
    Moved(String),
    /// There was one.
    Gone,
}

/// The routes of this file. What no other file serves is asked for here.
pub fn routes() -> Router<Site> {
    let seen: Arc<std::sync::OnceLock<Seen>> = Arc::default();
    let kept: Arc<Kept> = Arc::default();
    Router::new().route("/assets/{name}", get(style::serve)).fallback(
        move |State(site): State<Site>, method: Method, uri: Uri, headers: HeaderMap| async move {
            let seen = seen.get_or_init(|| Seen::new(site.clock.now()));
            let request =
                Request { method, path: uri.path().to_owned(), query: uri.query().map(str::to_owned), headers };
            if let Some(file) = File::at(&request.path)
                && matches!(request.method, Method::GET | Method::HEAD)
                && let Some(answer) = sitemap::serve(&site, &kept, file, &request.method, &request.headers).await
            {
                return answer;
            }
            serve(&site, seen, &request).await
        },
    )
}

/// What of a request a page looks at.
struct Request {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
}

async fn serve(site: &Site, seen: &Seen, request: &Request) -> Response {
    let config = &site.config.site;
    let (method, headers) = (&request.method, &request.headers);
    let Some(asked) = address::read(config, &request.path) else {
        return missing(site, method, headers, &language_of(site, &request.path)).await;
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
        return ([(header::ALLOW, HeaderValue::from_static("GET, HEAD"))], StatusCode::METHOD_NOT_ALLOWED)
            .into_response();
    }
    let path = address::path(config, &asked.language, &asked.page);
    if !same(&request.path, &path, &address::base(config)) {
        return moved(&path, request.query.as_deref());
    }
    let page = number(request.query.as_deref());
    match show(site, &asked, page, request.query.as_deref()).await {
        Ok(Shown::Page(html)) => {
            let key = if page > 1 { format!("{path}?page={page}") } else { path };
            answer::html(seen, site.clock.now(), &key, (method, headers), html)
        }
        Ok(Shown::Moved(path)) => moved(&path, None),
        Ok(Shown::Passing(html)) => answer::passing(method, headers, html),
        Ok(Shown::Elsewhere(path)) => elsewhere(&path),
        Ok(Shown::Missing) => missing(site, method, headers, &asked.language).await,
        Ok(Shown::Gone) => helpful(site, StatusCode::GONE, (method, headers), &asked.language, &[]),
        Err(error) => {
            tracing::error!(path = request.path, %error, "a page could not be shown");
            helpful(site, StatusCode::INTERNAL_SERVER_ERROR, (method, headers), &asked.language, &[])
        }
    }
}

async fn show(site: &Site, asked: &Asked, page: usize, query: Option<&str>) -> Result<Shown, PageError> {
    let language = &asked.language;
    match &asked.page {
        Page::Home => news::home(site, language).await,
        Page::Topic(id) => news::topic(site, language, id, page).await,
        Page::Article(slug) => article::page(site, language, slug).await,
        Page::Archive => archive::all(site, language).await,
        Page::Year(year) => archive::year(site, language, *year).await,
        Page::Month(year, month) => archive::month(site, language, (*year, *month), page).await,
        Page::Feeds => following::feeds(site, language),
        Page::Feed(name) => following::feed(site, language, name).await,
        Page::Privacy => following::privacy(site, language),
        Page::Accessibility => following::accessibility(site, language),
        Page::Search => search::page(site, language, query, page).await,
        Page::Edition(name, number) => edition::page(site, language, name, *number).await,
    }
}

/// The number in `?page=`, 1 for anything else.
fn number(query: Option<&str>) -> usize {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let asked = pairs.into_iter().find(|(name, _)| name == "page").and_then(|(_, value)| value.parse().ok());
    asked.filter(|n| (1..=100_000).contains(n)).unwrap_or(1)
}

/// Whether two paths are one, however their letters are escaped, and whether or not a proxy has cut off the base.
fn same(asked: &str, ours: &str, base: &str) -> bool {
    let plain = |path: &str| percent_decode_str(path).collect::<Vec<u8>>();
    plain(asked) == plain(ours) || ours.strip_prefix(base).is_some_and(|rest| plain(asked) == plain(rest))
}

fn moved(path: &str, query: Option<&str>) -> Response {
    let to = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    match HeaderValue::from_str(&to) {
        Ok(to) => ([(header::LOCATION, to)], StatusCode::PERMANENT_REDIRECT).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Somewhere else, which may not be for ever.
fn elsewhere(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(to) => {
            let kept = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            (StatusCode::FOUND, [(header::LOCATION, to), kept]).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The language in which to answer about a path that leads nowhere.
fn language_of(site: &Site, path: &str) -> Language {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let languages = &site.config.site.languages;
    languages.iter().find(|l| l.path().eq_ignore_ascii_case(first)).cloned().unwrap_or_else(|| site.config.language())
}

/// The page that says that there is none, and where to go on.
pub(super) fn not_found(site: &Site, method: &Method, headers: &HeaderMap, language: &Language) -> Response {
    helpful(site, StatusCode::NOT_FOUND, (method, headers), language, &[])
}

/// The same with the latest news.
async fn missing(site: &Site, method: &Method, headers: &HeaderMap, language: &Language) -> Response {
    // Without them it helps too.
    let latest = news::latest(site, language).await.unwrap_or_default();
    helpful(site, StatusCode::NOT_FOUND, (method, headers), language, &latest)
}

/// The page for one who asks too often, in the language of what they asked for.
pub(super) fn too_often(site: &Site, request: &axum::extract::Request) -> Response {
    let language = language_of(site, request.uri().path());
    helpful(site, StatusCode::TOO_MANY_REQUESTS, (request.method(), request.headers()), &language, &[])
}

/// A page about something that went wrong. It is never kept: what is missing now may be there in a second.
fn helpful(
    site: &Site,
    status: StatusCode,
    (method, headers): (&Method, &HeaderMap),
    language: &Language,
    latest: &[story::Item],
) -> Response {
    let about = match status {
        StatusCode::NOT_FOUND => "missing",
        StatusCode::GONE => "gone",
        StatusCode::TOO_MANY_REQUESTS => "busy",
        _ => "broken",
    };
    let title = site.templates.catalog().say(language, &format!("site-{about}"), &[]);
    let is_file = headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|a| !a.contains("*/*") && !a.contains("html"));
    let page = (!is_file)
        .then(|| {
            let frame = frame::Frame::new(site, language, &title).with("about", about).with("latest", latest);
            frame.private().render("site/error.html")
        })
        .and_then(Result::ok);
    let (kind, body) = match page {
        Some(page) => ("text/html; charset=utf-8", page),
        None => ("text/plain; charset=utf-8", format!("{title}\n")),
    };
    let length = HeaderValue::from(body.len());
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from(body) };
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_LENGTH, length),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, fields, body).into_response()
}

/// A message in the reader's language.
fn say(site: &Site, language: &Language, key: &str) -> String {
    site.templates.catalog().say(language, key, &[])
}

/// A message with values.
fn with(site: &Site, language: &Language, key: &str, values: &[(&str, Argument)]) -> String {
    site.templates.catalog().say(language, key, values)
}

#[cfg(test)]
mod tests;
