//! The feeds, from memory: an answer costs no look into the store, and a 304 not even a body.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, SubsecRound as _};

use super::Site;
use crate::clock::Instant;
use crate::feed::{Document, Format};
use crate::web::readers::Given;

/// Fresh for five minutes, and good for an hour while we cannot be reached.
const FRESH: HeaderValue = HeaderValue::from_static("public, max-age=300, stale-if-error=3600");
const ANYONE: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("etag, last-modified, link");

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/feeds/{file}", get(feed).options(preflight))
        .route("/feeds/{name}/archive/{file}", get(archive).options(preflight))
        .route("/feeds.opml", get(opml).options(preflight))
}

/// What a script of another site asks before it sends `If-None-Match`.
async fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("if-none-match, if-modified-since")),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
        (header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS")),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

async fn feed(State(site): State<Site>, method: Method, Path(file): Path<String>, asked: HeaderMap) -> Response {
    let named = file.rsplit_once('.').and_then(|(name, extension)| Some((name, Format::from_extension(extension)?)));
    if let Some(document) = named.and_then(|(name, format)| site.shelf.get(name, format)) {
        let response = answer(&document, &asked);
        if method == Method::GET {
            count(&site, &file, &document, &asked, &response);
        }
        return response;
    }
    let feeds = site.shelf.feeds(&site.config);
    let is_feed = |name: &str| feeds.iter().any(|feed| feed.name == name);
    match named {
        Some((name, _)) if !site.shelf.is_up() && is_feed(name) => being_made(),
        // Its page, as people type it.
        _ if is_feed(&file) => {
            let page = format!("/feeds/{}/", percent_encoding::utf8_percent_encode(&file, NAME));
            ([(header::LOCATION, page)], StatusCode::PERMANENT_REDIRECT).into_response()
        }
        _ => missing(&site, &file),
    }
}

/// What of a feed's name must not stand in an address as it is.
const NAME: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn being_made() -> Response {
    let later = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
    (StatusCode::SERVICE_UNAVAILABLE, later, "The feeds are being made. Please ask again in a moment.\n")
        .into_response()
}

/// The list of all feeds.
async fn opml(State(site): State<Site>, asked: HeaderMap) -> Response {
    site.shelf.opml().map_or_else(being_made, |document| answer(&document, &asked))
}

/// What is older than a feed shows: `/feeds/NAME/archive/N.atom`. A query changes nothing: the feed links the newest
/// document under one that changes as the document grows.
async fn archive(State(site): State<Site>, Path((name, file)): Path<(String, String)>, asked: HeaderMap) -> Response {
    if !site.shelf.is_up() {
        return being_made();
    }
    let Site { store, config, templates, clock, shelf, .. } = &site;
    let Some((number, format)) = numbered(&file) else { return missing(&site, &format!("{name}/archive/{file}")) };
    match shelf.archive(store, (config, templates), clock, (&name, number, format)).await {
        Ok(Some(document)) => answer(&document, &asked),
        Ok(None) => missing(&site, &format!("{name}/archive/{file}")),
        Err(error) => {
            tracing::error!(feed = name, number, %error, "an archive document could not be made");
            being_made()
        }
    }
}

/// Number and format of an archive document's name, written as we write it.
fn numbered(file: &str) -> Option<(i64, Format)> {
    let (number, extension) = file.rsplit_once('.')?;
    let format = Format::from_extension(extension)?;
    let digits = !number.starts_with('0') && number.chars().all(|c| c.is_ascii_digit());
    number.parse().ok().filter(|_| digits).map(|number| (number, format))
}

/// Counts the answer for whoever wants to know who polls.
fn count(site: &Site, file: &str, document: &Document, asked: &HeaderMap, response: &Response) {
    let not_modified = response.status() == StatusCode::NOT_MODIFIED;
    let sent = response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
    let agent = asked.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    site.guests.readers.count(file, agent, Given { length: document.bytes.len(), sent, not_modified });
}

/// A feed that is not here: which ones are.
fn missing(site: &Site, file: &str) -> Response {
    let mut text = format!("There is no feed “{file}” here. These are:\n\n");
    for feed in site.shelf.feeds(&site.config).iter() {
        let language = feed.languages(&site.config.language()).into_iter().next().unwrap_or_default();
        text.push_str(feed.title.get(&language));
        text.push('\n');
        for format in Format::ALL {
            let address = format!("{}.{}", site.config.site.feed(&feed.name), format.extension());
            text.push_str(&format!("  {address}\n"));
        }
    }
    (StatusCode::NOT_FOUND, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE)], text).into_response()
}

/// The document, or that it is the one which the reader has (RFC 9110, section 13).
fn answer(document: &Arc<Document>, asked: &HeaderMap) -> Response {
    let coding = Coding::best(asked);
    let mut response = if is_known(document, asked) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(coding.bytes(document)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
        if let Some(name) = coding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, FRESH);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    set(headers, header::ETAG, format!("\"{}{}\"", document.tag, coding.suffix()));
    set(headers, header::LAST_MODIFIED, http_date(document.last_modified));
    if let Some(link) = &document.link {
        headers.insert(header::LINK, link.clone());
    }
    response
}

/// Sets a header whose text we made; it is always one.
fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// RFC 9110, section 5.6.7.
pub(super) fn http_date(at: Instant) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Whether the reader has this document: `If-None-Match` decides where it is sent, whatever
/// `If-Modified-Since` says (RFC 9110, section 13.2.2).
pub(super) fn is_known(document: &Document, asked: &HeaderMap) -> bool {
    if asked.contains_key(header::IF_NONE_MATCH) {
        let sent = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        return sent.flat_map(tags).any(|tag| tag == "*" || tag == document.tag);
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()).and_then(instant);
    since.is_some_and(|since| document.last_modified.trunc_subsecs(0) <= since)
}

/// The tags of an `If-None-Match`, compared weakly: without `W/` and quotes, and without what proxies
/// and we ourselves put behind them for an encoding, else 304s vanish behind nginx and Caddy.
fn tags(sent: &str) -> impl Iterator<Item = &str> {
    sent.split(',').map(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").or_else(|| tag.strip_prefix("w/")).unwrap_or(tag);
        let tag = tag.trim_matches('"');
        let bare = tag.strip_suffix("-gzip").or_else(|| tag.strip_suffix("-br"));
        bare.unwrap_or(tag)
    })
}

/// A date in any of the three forms that RFC 9110 wants read.
fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.to_utc());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}

/// How a document is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// What `Accept-Encoding` likes best (RFC 9110, section 12.5.3); among equals the smallest.
    pub(super) fn best(asked: &HeaderMap) -> Coding {
        let (mut brotli, mut gzip, mut identity, mut others) = (None, None, None, None);
        let sent = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for part in sent.flat_map(|value| value.split(',')) {
            let mut pieces = part.split(';').map(str::trim);
            let name = pieces.next().unwrap_or_default().to_ascii_lowercase();
            let quality = pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
            let quality = quality.map_or(Some(1.0), |q| q.trim().parse::<f32>().ok()).unwrap_or(0.0);
            match name.as_str() {
                "br" => brotli = Some(quality),
                "gzip" | "x-gzip" => gzip = Some(quality),
                "identity" => identity = Some(quality),
                "*" => others = Some(quality),
                _ => {}
            }
        }
        let quality = |named: Option<f32>| named.or(others).unwrap_or(0.0);
        // What nobody named is still taken, after anything that was.
        let plain = identity.or(others).unwrap_or(f32::MIN_POSITIVE);
        let (brotli, gzip) = (quality(brotli), quality(gzip));
        if brotli > 0.0 && brotli >= gzip && brotli >= plain {
            Coding::Brotli
        } else if gzip > 0.0 && gzip >= plain {
            Coding::Gzip
        } else {
            Coding::Identity
        }
    }

    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Coding::Brotli => Some("br"),
            Coding::Gzip => Some("gzip"),
            Coding::Identity => None,
        }
    }

    pub(super) fn suffix(self) -> &'static str {
        match self {
            Coding::Brotli => "-br",
            Coding::Gzip => "-gzip",
            Coding::Identity => "",
        }
    }

    pub(super) fn bytes(self, document: &Document) -> Bytes {
        match self {
            Coding::Brotli => document.brotli.clone(),
            Coding::Gzip => document.gzip.clone(),
            Coding::Identity => document.bytes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    fn asked(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    fn document() -> Document {
        let at = Utc.with_ymd_and_hms(2026, 3, 4, 5, 6, 7).unwrap() + chrono::Duration::milliseconds(300);
        Document::new(Format::Rss, b"<rss/>".to_vec(), at, 0)
    }

    #[test]
    fn the_encoding_is_the_one_liked_best() {
        for (sent, coding) in [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br", Coding::Brotli),
            ("GZIP;q=0.8, br;q=0.5", Coding::Gzip),
            ("br;q=0, gzip;q=0", Coding::Identity),
            ("*", Coding::Brotli),
            ("br;q=0, *;q=0.5", Coding::Gzip),
            ("gzip;q=0.2, identity", Coding::Identity),
            ("gzip;q=0.001", Coding::Gzip),
            ("identity;q=0", Coding::Identity),
            ("gzip;q=rubbish", Coding::Identity),
            ("deflate", Coding::Identity),
        ] {
            assert_eq!(Coding::best(&asked(&[(header::ACCEPT_ENCODING, sent)])), coding, "{sent}");
        }
    }

    #[test]
    fn a_tag_is_known_through_any_proxy() {
        let document = document();
        let tag = &document.tag;
        for sent in [
            format!("\"{tag}\""),
            format!("W/\"{tag}\""),
            format!("W/\"{tag}-gzip\""),
            format!("\"x\", \"{tag}-br\""),
            tag.clone(),
            "*".to_owned(),
        ] {
            assert!(is_known(&document, &asked(&[(header::IF_NONE_MATCH, &sent)])), "{sent}");
        }
        for sent in ["\"x\"", "", "\"-gzip\"", "W/"] {
            assert!(!is_known(&document, &asked(&[(header::IF_NONE_MATCH, sent)])), "{sent}");
        }
    }

    #[test]
    fn a_date_is_asked_only_where_no_tag_is() {
        let document = document();
        let since = |date: &str| is_known(&document, &asked(&[(header::IF_MODIFIED_SINCE, date)]));
        assert!(since("Wed, 04 Mar 2026 05:06:07 GMT"), "the very second");
        assert!(since("Wednesday, 04-Mar-26 05:06:07 GMT") && since("Wed Mar  4 05:06:08 2026"), "old forms");
        assert!(!since("Wed, 04 Mar 2026 05:06:06 GMT") && !since("yesterday"));
        let both = [(header::IF_MODIFIED_SINCE, "Wed, 04 Mar 2026 05:06:07 GMT"), (header::IF_NONE_MATCH, "\"x\"")];
        assert!(!is_known(&document, &asked(&both)));
    }
}
