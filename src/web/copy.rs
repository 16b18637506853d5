//! The static copy of the pages. It is what a reader would find who follows every link from the home
//! pages: each page is asked for as readers ask, so the copy cannot differ from what is served.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::links;
use super::public::{Site, router};
use crate::feed::{Copy, FeedError, Format, Written};
use crate::store::{StoreError, articles};

/// The part of the copy that pages are.
const PART: &str = "pages";
/// Pages asked for at once.
const AT_ONCE: usize = 4;
/// Finished pages that may wait for the disk.
const WAITING: usize = 64;
/// The most that one page or picture may weigh, in bytes.
const MOST: usize = 64 * 1024 * 1024;
/// What needs a server: leaving, choosing, searching, being asked how we are.
const LIVE: [&str; 8] =
    ["/unsubscribe/", "/preferences/", "/confirm/", "/subscribe", "/search", "/hub", "/healthz", "/feeds.opml"];

/// What can go wrong with the copy of the pages.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FeedError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A page could not be had; the copy stays as it was from there on.
    #[error("static copy: the page {path} answered {status}; the log says why")]
    Page {
        /// Its path.
        path: String,
        /// What it answered.
        status: StatusCode,
    },
    /// The work broke off.
    #[error("static copy: the work broke off: {0}")]
    Broken(String),
}

/// A page or picture as it was answered.
struct Answer {
    path: String,
    status: StatusCode,
    kind: String,
    body: Vec<u8>,
}

/// Writes the copy where something that pages show has changed since it was last written there: what is public, the
/// configuration, the templates, the day. `None` where nothing has.
///
/// # Errors
/// As [`write_copy`]; what the store says.
pub async fn refresh_copy(site: &Site, folder: &Path) -> Result<Option<Written>, CopyError> {
    let mut tx = site.store.read().await?;
    let standing = articles::standing(&mut tx).await?;
    drop(tx);
    let day = site.clock.now().with_timezone(&site.config.site.timezone).date_naive();
    let made_of =
        format!("{standing:?} {day} {:?} {} {}", site.config, site.templates.digest(), env!("CARGO_PKG_VERSION"));
    let digest = ring::digest::digest(&ring::digest::SHA256, made_of.as_bytes());
    let mark = data_encoding::HEXLOWER.encode(digest.as_ref());
    if Copy::marked(folder, PART) == mark {
        return Ok(None);
    }
    let written = write_copy(site, folder).await?;
    Copy::mark(folder, PART, &mark)?;
    Ok(Some(written))
}

/// Writes every page, picture and style sheet that leads from the home pages into `folder`, with a
/// gzip beside each text; feeds are written by [`crate::feed::write_static`]. A page at `/a/b` becomes
/// `a/b/index.html`. What did not change is not touched; what is gone is removed.
///
/// # Errors
/// [`CopyError`]: a page that failed, a file that could not be written. What stood there stays.
pub async fn write_copy(site: &Site, folder: &Path) -> Result<Written, CopyError> {
    let (files, disk) = writer(folder);
    let service = TowerToHyperService::new(router(site.clone()));
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut ahead: VecDeque<String> = VecDeque::new();
    let mut follow = |path: String, ahead: &mut VecDeque<String>| {
        if seen.insert(path.clone()) {
            ahead.push_back(path);
        }
    };
    for language in &site.config.site.languages {
        follow(format!("{}/", site.config.site.prefix(language)), &mut ahead);
    }
    let mut asking: JoinSet<Result<Answer, CopyError>> = JoinSet::new();
    loop {
        while asking.len() < AT_ONCE
            && let Some(path) = ahead.pop_front()
        {
            let service = service.clone();
            asking.spawn(async move { ask(service, path).await });
        }
        let Some(answered) = asking.join_next().await else { break };
        let answer = answered.map_err(|error| CopyError::Broken(error.to_string()))??;
        if answer.status.is_server_error() {
            return Err(CopyError::Page { path: answer.path, status: answer.status });
        }
        if answer.status != StatusCode::OK {
            tracing::debug!(path = answer.path, status = answer.status.as_u16(), "not in the static copy");
            continue;
        }
        if answer.kind.starts_with("text/html") {
            let html = String::from_utf8_lossy(&answer.body);
            for link in links::of(&html, &site.config.site.url) {
                if let Some(path) = worth_asking(&link) {
                    follow(path, &mut ahead);
                }
            }
        }
        if !answer.path.contains('?') && files.send(answer).await.is_err() {
            // The disk gave up; it says why below.
            break;
        }
    }
    drop(files);
    Ok(disk.await.map_err(|error| CopyError::Broken(error.to_string()))??)
}

/// A thread that writes what it is sent, and finishes the copy when no more comes.
fn writer(folder: &Path) -> (mpsc::Sender<Answer>, tokio::task::JoinHandle<Result<Written, FeedError>>) {
    let (files, mut sent) = mpsc::channel::<Answer>(WAITING);
    let folder = folder.to_owned();
    let disk = tokio::task::spawn_blocking(move || {
        let mut copy = Copy::open(&folder, PART)?;
        while let Some(answer) = sent.blocking_recv() {
            let place = place(&answer.path, &answer.kind);
            if is_text(&answer.kind) {
                copy.put(&place, &answer.body, None)?;
            } else {
                copy.put_one(&place, &answer.body)?;
            }
        }
        copy.finish()
    });
    (files, disk)
}

async fn ask(service: TowerToHyperService<axum::Router>, path: String) -> Result<Answer, CopyError> {
    let request = Request::get(path.as_str()).body(Body::empty());
    let request = request.map_err(|error| CopyError::Broken(format!("{path}: {error}")))?;
    let answered = service.call(request).await;
    let response = match answered {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let body = axum::body::to_bytes(response.into_body(), MOST).await;
    let body = body.map_err(|error| CopyError::Broken(format!("{path}: {error}")))?.to_vec();
    Ok(Answer { path, status, kind, body })
}

/// A link as the copy follows it: what needs a server is not asked for, feeds are written elsewhere,
/// and of a query only the number of the page counts: such a page is read for its links, not kept.
fn worth_asking(link: &str) -> Option<String> {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    if LIVE.iter().any(|live| path.contains(live)) {
        return None;
    }
    let is_feed = path.starts_with("/feeds/")
        && path.rsplit_once('.').is_some_and(|(_, extension)| Format::from_extension(extension).is_some());
    if is_feed {
        return None;
    }
    let page = query.split('&').find(|pair| pair.starts_with("page="));
    Some(page.map_or_else(|| path.to_owned(), |page| format!("{path}?{page}")))
}

/// The file of a page: folders with an `index.html`, which any web server finds.
fn place(path: &str, kind: &str) -> String {
    let plain = percent_decode_str(path).decode_utf8_lossy();
    let inside = plain.trim_matches('/');
    match (kind.starts_with("text/html"), inside.is_empty()) {
        (true, true) => "index.html".to_owned(),
        (true, false) => format!("{inside}/index.html"),
        (false, _) => inside.to_owned(),
    }
}

/// Whether a gzip makes it smaller.
fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || ["json", "xml", "javascript"].iter().any(|word| kind.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_its_file() {
        let html = "text/html; charset=utf-8";
        assert_eq!(place("/", html), "index.html");
        assert_eq!(place("/sr-cyrl/", html), "sr-cyrl/index.html");
        assert_eq!(place("/articles/%D0%BC%D0%BE%D1%81%D1%82", html), "articles/мост/index.html");
        assert_eq!(place("/assets/site.css", "text/css"), "assets/site.css");
    }

    #[test]
    fn what_needs_a_server_is_not_followed() {
        assert_eq!(worth_asking("/assets/site.css?v=1").as_deref(), Some("/assets/site.css"));
        assert_eq!(worth_asking("/archive/2026/03?page=2&x=1").as_deref(), Some("/archive/2026/03?page=2"));
        for live in ["/unsubscribe/x", "/sr-latn/search?q=a", "/feeds/news.rss", "/healthz"] {
            assert_eq!(worth_asking(live), None, "{live}");
        }
        assert_eq!(worth_asking("/feeds/news/").as_deref(), Some("/feeds/news/"));
    }
}
