//! What search engines are told (sitemaps.org, protocol 0.9): `/sitemap.xml` names the parts, each of which holds some thousand
//! addresses with their translations; `/sitemap-news.xml` holds what is younger than two days; `/robots.txt` says where these are and
//! what is of no use to a search. A part is made once for each state of what is public, and kept compressed.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{Duration, SecondsFormat};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::address::{self, Page};
use super::answer::{is_known, tag, takes_gzip};
use super::frame::absolute;
use super::{PageError, story};
use crate::article::Language;
use crate::clock::Instant;
use crate::store::articles::{self, sitemap};
use crate::store::{StoreError, search};
use crate::web::public::Site;

/// The age below which something is news, and how many are named (Google's rules for news sitemaps).
const NEWS: Duration = Duration::hours(48);
const NEWS_AT_MOST: usize = 1_000;
/// So long the list of parts may be behind: it names no article, and making it looks at each.
const BEHIND: Duration = Duration::minutes(1);
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// Paths that answer one reader, or that only a reader asks for: nothing to be found there.
const NOT_TO_BE_FOUND: [&str; 6] = ["/search", "/unsubscribe/", "/preferences/", "/confirm/", "/subscribe", "/hub"];

/// One of these files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum File {
    Robots,
    Index,
    News,
    Pages,
    Part(i64),
}

impl File {
    /// The file at a path.
    pub(super) fn at(path: &str) -> Option<File> {
        match path.strip_prefix('/')? {
            "robots.txt" => Some(File::Robots),
            "sitemap.xml" => Some(File::Index),
            "sitemap-news.xml" => Some(File::News),
            "sitemap-pages.xml" => Some(File::Pages),
            rest => {
                let number = rest.strip_prefix("sitemap-")?.strip_suffix(".xml")?;
                let plain = number.len() <= 9 && !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
                plain.then(|| number.parse().ok()).flatten().map(File::Part)
            }
        }
    }

    fn path(self) -> String {
        match self {
            File::Robots => "/robots.txt".to_owned(),
            File::Index => "/sitemap.xml".to_owned(),
            File::News => "/sitemap-news.xml".to_owned(),
            File::Pages => "/sitemap-pages.xml".to_owned(),
            File::Part(number) => format!("/sitemap-{number}.xml"),
        }
    }
}

/// A file as it is kept.
#[derive(Debug)]
struct Made {
    /// The state of what is public that it was made of; none where that was changing.
    of: Option<i64>,
    at: Instant,
    gzip: Vec<u8>,
    tag: String,
}

/// The files that were made, until something changes.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<HashMap<File, Arc<Made>>>);

/// Paths of the site that no page links to, for whoever copies all of it: `/robots.txt` and the sitemaps.
///
/// # Errors
/// What the store says.
pub async fn fixed_paths(site: &Site) -> Result<Vec<String>, StoreError> {
    let mut tx = site.store.read().await?;
    let parts = sitemap::parts(&mut tx).await?;
    let files = [File::Robots, File::Index, File::News, File::Pages].into_iter();
    Ok(files.chain(parts.into_iter().map(|part| File::Part(part.number))).map(File::path).collect())
}

/// Answers with a file.
pub(super) async fn serve(
    site: &Site,
    kept: &Kept,
    file: File,
    method: &Method,
    headers: &HeaderMap,
) -> Option<Response> {
    if file == File::Robots {
        return Some(super::answer::bytes(method, headers, "text/plain; charset=utf-8", robots(site).into(), None));
    }
    match made(site, kept, file).await {
        Ok(made) => made.map(|made| answer(&made, method, headers)),
        Err(error) => {
            tracing::error!(path = file.path(), %error, "a sitemap could not be made");
            Some(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

fn answer(made: &Made, method: &Method, headers: &HeaderMap) -> Response {
    let gzip = takes_gzip(headers);
    let tag = if gzip { format!("\"{}-gzip\"", made.tag) } else { format!("\"{}\"", made.tag) };
    let mut response = Response::new(Body::empty());
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    fields.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
    if is_known(headers, &made.tag, None) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8"));
    let body = if gzip {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        made.gzip.clone()
    } else {
        let mut plain = Vec::new();
        // What we have packed can be unpacked.
        let _ = GzDecoder::new(made.gzip.as_slice()).read_to_end(&mut plain);
        plain
    };
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    if method != Method::HEAD {
        *response.body_mut() = Body::from(body);
    }
    response
}

/// The file as it is now: the one that was made, where nothing has changed since.
async fn made(site: &Site, kept: &Kept, file: File) -> Result<Option<Arc<Made>>, PageError> {
    let now = site.clock.now();
    let mut tx = site.store.read().await?;
    let changes = search::changes(&mut tx).await?;
    let state = (!search::anything_waits(&mut tx).await?).then_some(changes);
    let known = kept.0.lock().ok().and_then(|kept| kept.get(&file).cloned());
    if let Some(known) = known {
        let same = state.is_some() && known.of == state;
        let young = now - known.at < BEHIND;
        let good = match file {
            File::Part(_) => same,
            // What is news today is not tomorrow.
            File::News => same && young,
            File::Robots | File::Index | File::Pages => same || young,
        };
        if good {
            return Ok(Some(known));
        }
    }
    let text = match file {
        File::Part(number) => {
            let places = sitemap::places(&mut tx, number).await?;
            drop(tx);
            if places.is_empty() {
                return Ok(None);
            }
            part(site, &places)
        }
        File::News => {
            let mut news = Vec::new();
            for language in &site.config.site.languages {
                let within = (now - NEWS, now + Duration::hours(1));
                let some = articles::in_month(&mut tx, language, within, NEWS_AT_MOST, 0).await?;
                news.extend(some.into_iter().filter(|r| r.content.withdrawn.is_none()));
            }
            drop(tx);
            news.sort_by_key(|revision| std::cmp::Reverse(revision.published));
            news.truncate(NEWS_AT_MOST);
            self::news(site, &news)
        }
        File::Pages => pages(site, &mut tx).await?,
        File::Robots | File::Index => index(site, &sitemap::parts(&mut tx).await?),
    };
    let made = Arc::new(Made { of: state, at: now, tag: tag(text.as_bytes()), gzip: packed(text.as_bytes())? });
    if let Ok(mut kept) = kept.0.lock() {
        kept.insert(file, Arc::clone(&made));
    }
    Ok(Some(made))
}

fn packed(bytes: &[u8]) -> Result<Vec<u8>, PageError> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::new(6));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(PageError::Packed)
}

fn robots(site: &Site) -> String {
    let config = &site.config.site;
    let mut text = String::from("User-agent: *\n");
    let base = address::base(config);
    for path in NOT_TO_BE_FOUND {
        text.push_str(&format!("Disallow: {base}{path}\n"));
    }
    for language in config.languages.iter().skip(1) {
        text.push_str(&format!("Disallow: {}\n", address::path(config, language, &Page::Search)));
    }
    for file in [File::Index, File::News] {
        text.push_str(&format!("\nSitemap: {}", config.address(&file.path())));
    }
    text.push('\n');
    text
}

fn index(site: &Site, parts: &[sitemap::Part]) -> String {
    let mut text = format!("{HEAD}<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    let mut add = |file: File, updated: Option<Instant>| {
        let address = escaped(&site.config.site.address(&file.path()));
        let updated = updated.map_or(String::new(), |at| format!("<lastmod>{}</lastmod>", time(at)));
        text.push_str(&format!("<sitemap><loc>{address}</loc>{updated}</sitemap>\n"));
    };
    add(File::Pages, parts.iter().map(|part| part.updated).max());
    for part in parts {
        add(File::Part(part.number), Some(part.updated));
    }
    text.push_str("</sitemapindex>\n");
    text
}

const URLS: &str =
    "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\"";

/// One address, with the same page in other languages (`versions` has all of them, itself included).
fn entry(text: &mut String, address: &str, updated: Option<Instant>, versions: &[(&Language, String)]) {
    text.push_str(&format!("<url><loc>{}</loc>", escaped(address)));
    if let Some(at) = updated {
        text.push_str(&format!("<lastmod>{}</lastmod>", time(at)));
    }
    if versions.len() > 1 {
        for (language, address) in versions {
            let address = escaped(address);
            text.push_str(&format!("<xhtml:link rel=\"alternate\" hreflang=\"{language}\" href=\"{address}\"/>"));
        }
    }
    text.push_str("</url>\n");
}

fn part(site: &Site, places: &[sitemap::Place]) -> String {
    let config = &site.config.site;
    let mut text = format!("{HEAD}{URLS}>\n");
    for place in places {
        let versions: Vec<_> =
            place.versions.iter().map(|(language, slug)| (language, config.article(language, slug))).collect();
        entry(&mut text, &config.article(&place.language, &place.slug), Some(place.updated), &versions);
    }
    text.push_str("</urlset>\n");
    text
}

/// Everything that is no article: the same in each language, but for years and months.
async fn pages(site: &Site, tx: &mut crate::store::Tx) -> Result<String, PageError> {
    let config = &site.config.site;
    let zone = config.timezone;
    let mut all: Vec<(Page, Vec<&Language>)> = Vec::new();
    let everywhere: Vec<&Language> = config.languages.iter().collect();
    let mut fixed = vec![Page::Home, Page::Archive, Page::Feeds, Page::Accessibility, Page::Privacy];
    fixed.extend(site.config.topics.iter().map(|topic| Page::Topic(topic.id.clone())));
    fixed.extend(site.shelf.feeds(&site.config).iter().map(|feed| Page::Feed(feed.name.clone())));
    all.extend(fixed.into_iter().map(|page| (page, everywhere.clone())));
    for language in &config.languages {
        for (year, _) in articles::years(tx, language, zone).await? {
            let page = Page::Year(year);
            match all.iter_mut().find(|(known, _)| *known == page) {
                Some((_, languages)) => languages.push(language),
                None => all.push((page, vec![language])),
            }
        }
    }
    let mut text = format!("{HEAD}{URLS}>\n");
    for (page, languages) in &all {
        let at = |language: &Language| absolute(config, &address::path(config, language, page));
        let versions: Vec<_> = languages.iter().map(|language| (*language, at(language))).collect();
        for (_, address) in &versions {
            entry(&mut text, address, None, &versions);
        }
    }
    text.push_str("</urlset>\n");
    Ok(text)
}

fn news(site: &Site, news: &[crate::article::Revision]) -> String {
    let config = &site.config.site;
    let mut text = format!("{HEAD}{URLS} xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">\n");
    for revision in news {
        let (language, at) = (&revision.language, revision.published.with_timezone(&config.timezone));
        text.push_str(&format!(
            "<url><loc>{}</loc><news:news><news:publication><news:name>{}</news:name><news:language>{}</news:language></news:publication>\
             <news:publication_date>{}</news:publication_date><news:title>{}</news:title></news:news></url>\n",
            escaped(&absolute(config, &story::page_of(site, revision))),
            escaped(config.title.get(language)),
            language.primary(),
            at.to_rfc3339_opts(SecondsFormat::Secs, false),
            escaped(&revision.content.title),
        ));
    }
    text.push_str("</urlset>\n");
    text
}

fn time(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Text for XML, without what XML 1.0 forbids (section 2.2).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_path() {
        for file in [File::Robots, File::Index, File::News, File::Pages, File::Part(1), File::Part(120)] {
            assert_eq!(File::at(&file.path()), Some(file));
        }
        for path in [
            "/sitemap-0.xml",
            "/sitemap-01.xml",
            "/sitemap--1.xml",
            "/sitemap-9999999999.xml",
            "/sitemap-.xml",
            "sitemap.xml",
        ] {
            assert_eq!(File::at(path), None, "{path}");
        }
        assert_eq!(escaped("a & <b>\u{0}\u{b}"), "a &amp; &lt;b&gt;");
    }
}
