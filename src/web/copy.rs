//! The static copy of the pages. It is what a reader would find who follows every link from the home
//! pages: each page is asked for as readers ask, so the copy cannot differ from what is served.
//!
//! 1. [`refresh_copy`] compares the mark in the folder with the house and with the store's log of what was touched.
//! 2. [`pages_of`] says which pages show that; or all are to be made, from the home pages on.
//! 3. [`crawl`] asks for them, and a thread of its own puts them in place ([`crate::feed::Copy`]).

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use chrono::Datelike as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use percent_encoding::percent_decode_str;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::links;
use super::public::pages::address::{self, Page};
use super::public::pages::fixed_paths;
use super::public::{Site, router};
use crate::article::Language;
use crate::feed::{Copy, FeedError, Format, Rank, Written, gzip};
use crate::secret::Purpose;
use crate::store::articles::{self, Touched};
use crate::store::{StoreError, Tx};

/// The part of the copy that pages are.
const PART: &str = "pages";
/// Pages asked for at once.
const AT_ONCE: usize = 4;
/// Finished pages that may wait for the disk.
const WAITING: usize = 64;
/// The most that one page or picture may weigh, in bytes.
const MOST: usize = 64 * 1024 * 1024;
/// Where more than this was touched, everything is made anew.
const TOUCHED: usize = 5_000;
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
    /// A page could not be had; the copy stays as it was.
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

/// How a copy is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the machine can, and what somebody took out of the folder is put back.
    Now,
    /// Beside everything else: where all pages are to be made, it rests as long as it works.
    Beside,
}

/// A page or picture as it was answered, ready for the disk.
struct Answer {
    path: String,
    status: StatusCode,
    kind: String,
    body: Vec<u8>,
    gzip: Option<Vec<u8>>,
}

/// Of what a copy was made: in the mark that it leaves in its folder.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    /// Everything that all pages depend on: configuration, templates, the store's own key, this program.
    house: String,
    /// How far the log of what was touched had been followed.
    position: i64,
    /// Nothing shows that the day has turned, but for what is always asked for.
    day: String,
}

impl Mark {
    fn read(text: &str) -> Option<Mark> {
        let mut lines = text.lines();
        let (house, position, day) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Mark { house: house.to_owned(), position: position.parse().ok()?, day: day.to_owned() })
    }

    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.house, self.position, self.day)
    }

    async fn now(site: &Site, tx: &mut Tx) -> Result<Mark, StoreError> {
        let key = site.keyring.token(Purpose::Leave, 0, 0);
        let made_of = format!("{key} {:?} {} {}", site.config, site.templates.digest(), env!("CARGO_PKG_VERSION"));
        let digest = ring::digest::digest(&ring::digest::SHA256, made_of.as_bytes());
        Ok(Mark {
            house: data_encoding::HEXLOWER.encode(digest.as_ref()),
            position: articles::log_position(tx).await?,
            day: site.clock.now().with_timezone(&site.config.site.timezone).date_naive().to_string(),
        })
    }
}

/// Whether no copy of the pages was ever finished in this folder.
pub fn is_first_copy(folder: &Path) -> bool {
    Copy::marked(folder, PART).is_empty()
}

/// Brings the copy of the pages in `folder` up to date. `None` where nothing that pages show has changed since it was
/// last written there.
///
/// The store tells what was touched, and only pages that show it are asked for again: articles and their translations,
/// topics, the archive, the home pages. All pages are where the configuration, the templates or the program are others
/// than then, where the log does not reach back, and at the first time.
///
/// # Errors
/// [`CopyError`]: a page that failed, a file that could not be written. What stood there stays.
pub async fn refresh_copy(site: &Site, folder: &Path, pace: Pace) -> Result<Option<Written>, CopyError> {
    let before = Mark::read(&Copy::marked(folder, PART));
    let mut tx = site.store.read().await?;
    let mark = Mark::now(site, &mut tx).await?;
    let touched = match &before {
        Some(before) if before.house == mark.house => articles::touched(&mut tx, before.position, TOUCHED).await?,
        _ => None,
    };
    drop(tx);
    let (missing, listed) = match pace {
        Pace::Now => Copy::missing(folder, PART)?,
        Pace::Beside => (Vec::new(), 0),
    };
    let written = match touched.filter(|_| missing.is_empty()) {
        Some(touched) => {
            let same_day = before.is_some_and(|before| before.day == mark.day);
            if touched == Touched::default() && same_day {
                return Ok(None);
            }
            let pages = pages_of(site, &touched).await?;
            let pictures = touched.media.iter().map(|name| format!("/media/{name}")).collect();
            let mut written = crawl(site, folder, (pages, pictures), false, Pace::Now).await?;
            written.unchanged = written.unchanged.max(listed.saturating_sub(written.written.len()));
            written
        }
        None => crawl(site, folder, (beginnings(site).await?, BTreeSet::new()), true, pace).await?,
    };
    Copy::mark(folder, PART, &mark.text())?;
    let mut tx = site.store.write().await?;
    articles::trim_log(&mut tx).await?;
    tx.commit().await?;
    Ok(Some(written))
}

/// The home pages, and what no page leads to: from these on everything is found.
async fn beginnings(site: &Site) -> Result<Vec<String>, StoreError> {
    let mut paths = fixed_paths(site).await?;
    let site = &site.config.site;
    paths.extend(site.languages.iter().map(|language| format!("{}/", site.prefix(language))));
    Ok(paths)
}

/// The paths of the pages that show what was touched.
async fn pages_of(site: &Site, touched: &Touched) -> Result<Vec<String>, StoreError> {
    let (config, zone) = (&site.config.site, site.config.site.timezone);
    let base = address::base(config);
    let path = |language: &Language, page: &Page| {
        let path = address::path(config, language, page);
        path.strip_prefix(&base).map(str::to_owned).unwrap_or(path)
    };
    let mut pages: BTreeSet<String> = beginnings(site).await?.into_iter().collect();
    let mut counted: BTreeSet<&Language> = BTreeSet::new();
    for page in &touched.pages {
        pages.insert(path(&page.language, &Page::Article(page.slug.clone())));
        let at = page.published.with_timezone(&zone);
        for language in config.languages.iter().filter(|language| page.counts || **language == page.language) {
            pages.insert(path(language, &Page::Year(at.year())));
            pages.insert(path(language, &Page::Month(at.year(), at.month())));
        }
        if page.counts {
            counted.insert(&page.language);
        }
    }
    // Each page of an archive has the counts of its years.
    let mut tx = site.store.read().await?;
    for language in counted {
        for (year, _) in articles::years(&mut tx, language, zone).await? {
            pages.insert(path(language, &Page::Year(year)));
            for (month, _) in articles::months(&mut tx, language, year, zone).await? {
                pages.insert(path(language, &Page::Month(year, month)));
            }
        }
    }
    drop(tx);
    pages.extend(touched.siblings.iter().map(|(language, slug)| path(language, &Page::Article(slug.clone()))));
    for language in &config.languages {
        pages.insert(path(language, &Page::Archive));
        pages.extend(touched.topics.iter().map(|topic| path(language, &Page::Topic(topic.clone()))));
        pages.extend(site.config.feeds().into_iter().map(|feed| path(language, &Page::Feed(feed.name))));
    }
    Ok(pages.into_iter().collect())
}

/// Asks for these pages, and for what they lead to, and writes what comes into `folder`, with a gzip beside each text;
/// feeds are written by [`crate::feed::write_static`]. A page at `/a/b` becomes `a/b/index.html`. What did not change is not
/// touched. Where the copy is `whole`, every link is followed, and what was not found is removed; else only those to what
/// is not there yet are, and what was asked for and is no more is removed, with those of `doubtful` pictures that none of
/// these pages shows.
async fn crawl(
    site: &Site,
    folder: &Path,
    (first, mut doubtful): (Vec<String>, BTreeSet<String>),
    whole: bool,
    pace: Pace,
) -> Result<Written, CopyError> {
    let (files, disk) = writer(folder, whole);
    let service = TowerToHyperService::new(router(site.clone()));
    let mut seen: BTreeSet<String> = first.iter().cloned().collect();
    let mut ahead: VecDeque<String> = first.into();
    let at_once = if pace == Pace::Beside { 1 } else { AT_ONCE };
    let mut asking: JoinSet<Result<Answer, CopyError>> = JoinSet::new();
    loop {
        while asking.len() < at_once
            && let Some(path) = ahead.pop_front()
        {
            let service = service.clone();
            asking.spawn(async move {
                let begun = Instant::now();
                let answer = ask(service, path).await;
                if pace == Pace::Beside {
                    tokio::time::sleep(begun.elapsed()).await;
                }
                answer
            });
        }
        let Some(answered) = asking.join_next().await else { break };
        let answer = answered.map_err(|error| CopyError::Broken(error.to_string()))??;
        if answer.status.is_server_error() {
            return Err(CopyError::Page { path: answer.path, status: answer.status });
        }
        if answer.status != StatusCode::OK {
            tracing::debug!(path = answer.path, status = answer.status.as_u16(), "not in the static copy");
        } else if is_page(&answer.kind) {
            let html = String::from_utf8_lossy(&answer.body);
            for link in links::of(&html, &site.config.site.url) {
                doubtful.remove(&link);
                if let Some(path) = worth_asking(&link)
                    && !seen.contains(&path)
                    && (whole || !is_there(folder, &path))
                {
                    seen.insert(path.clone());
                    ahead.push_back(path);
                }
            }
        }
        if !answer.path.contains('?') && files.send(Sent::Answer(answer)).await.is_err() {
            // The disk gave up; it says why below.
            break;
        }
    }
    for path in doubtful {
        let _ = files.send(Sent::Gone(path)).await;
    }
    let _ = files.send(Sent::All).await;
    drop(files);
    Ok(disk.await.map_err(|error| CopyError::Broken(error.to_string()))??)
}

/// What the disk is sent.
enum Sent {
    Answer(Answer),
    /// What stands at this path goes.
    Gone(String),
    /// There is no more.
    All,
}

/// A thread that sets aside what it is sent, and finishes the copy when it is told that this was all. Where it is not,
/// because a page failed or the house is stopped, everything stays as it was.
fn writer(folder: &Path, whole: bool) -> (mpsc::Sender<Sent>, tokio::task::JoinHandle<Result<Written, FeedError>>) {
    let (files, mut sent) = mpsc::channel::<Sent>(WAITING);
    let folder = folder.to_owned();
    let disk = tokio::task::spawn_blocking(move || {
        let mut copy = if whole { Copy::open(&folder, PART)? } else { Copy::open_some(&folder, PART)? };
        loop {
            let answer = match sent.blocking_recv() {
                Some(Sent::Answer(answer)) => answer,
                Some(Sent::Gone(path)) => {
                    places(&path).iter().for_each(|place| copy.gone(place));
                    continue;
                }
                Some(Sent::All) => return copy.finish(),
                None => return Ok(Written::default()),
            };
            let place = place(&answer.path, &answer.kind);
            if answer.status != StatusCode::OK {
                places(&answer.path).iter().for_each(|place| copy.gone(place));
            } else if let Some(gzip) = &answer.gzip {
                copy.put_as(rank(&answer.path), &place, &answer.body, Some(gzip))?;
            } else {
                copy.put_one(&place, &answer.body)?;
            }
        }
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
    let gzip = (status == StatusCode::OK && is_text(&kind) && !path.contains('?')).then(|| gzip(&body));
    Ok(Answer { path, status, kind, body, gzip })
}

/// A link as the copy follows it: what needs a server is not asked for, feeds are written elsewhere, and of a query only
/// the number of an archive's page counts: such a page is read for its links, not kept.
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
    // Every article stands in a month: the further pages of topics lead to nothing else.
    let page = query.split('&').find(|pair| pair.starts_with("page=") && path.contains("/archive/"));
    Some(page.map_or_else(|| path.to_owned(), |page| format!("{path}?{page}")))
}

/// The file of a page: folders with an `index.html`, which any web server finds.
fn place(path: &str, kind: &str) -> String {
    let plain = percent_decode_str(path).decode_utf8_lossy();
    let inside = plain.trim_matches('/');
    match (is_page(kind), inside.is_empty()) {
        (true, true) => "index.html".to_owned(),
        (true, false) => format!("{inside}/index.html"),
        (false, _) => inside.to_owned(),
    }
}

/// Where a path may stand whose kind is not known.
fn places(path: &str) -> Vec<String> {
    ["text/html", ""].iter().map(|kind| place(path, kind)).filter(|place| !place.is_empty()).collect()
}

fn is_there(folder: &Path, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    places(path).iter().any(|place| folder.join(place).is_file())
}

/// Home pages lead to lists, and lists to articles and pictures.
fn rank(path: &str) -> Rank {
    match path.trim_matches('/') {
        inside if inside.starts_with("articles/") || inside.contains("/articles/") => Rank::Leaf,
        inside if inside.contains('/') || inside.contains('.') => Rank::List,
        "archive" | "feeds" | "privacy" | "accessibility" => Rank::List,
        _ => Rank::Home,
    }
}

fn is_page(kind: &str) -> bool {
    kind.starts_with("text/html")
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
        assert_eq!(worth_asking("/topics/roads?page=2").as_deref(), Some("/topics/roads"));
    }
}
