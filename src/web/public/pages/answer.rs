//! Answers that a browser or a proxy may keep and ask about again (RFC 9110, section 13; RFC 9111).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Write;
use std::sync::Mutex;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest;

use crate::clock::Instant;

/// So many pages are remembered; beyond that the memory begins anew.
const REMEMBERED: usize = 4_096;
/// What is shorter is sent as it is.
const SMALL: usize = 1_024;

/// Since when each page has looked as it does. A slip mended in silence, a changed template and a translation that
/// came later all change a page, and no date in the store says so; this does.
#[derive(Debug)]
pub(super) struct Seen(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    /// What is seen for the first time counts as changed then.
    since: Instant,
    /// By path: the tag, and since when.
    pages: HashMap<String, (String, Instant)>,
}

impl Seen {
    /// Nothing seen yet; the house was started `now`.
    pub(super) fn new(now: Instant) -> Self {
        Seen(Mutex::new(Memory { since: now, pages: HashMap::new() }))
    }

    /// When the page at `path` last changed, to the knowledge of this run of the house.
    fn changed(&self, path: &str, tag: &str, now: Instant) -> Instant {
        let Ok(mut memory) = self.0.lock() else { return now };
        let Memory { since, pages } = &mut *memory;
        if pages.len() >= REMEMBERED && !pages.contains_key(path) {
            pages.clear();
            *since = now;
        }
        match pages.entry(path.to_owned()) {
            Entry::Occupied(mut known) => {
                if known.get().0 != tag {
                    known.insert((tag.to_owned(), now));
                }
                known.get().1
            }
            Entry::Vacant(new) => new.insert((tag.to_owned(), *since)).1,
        }
    }
}

/// A page of HTML, asked for again each time it is shown: so a correction is seen at once, and an unchanged page costs
/// a few bytes.
pub(super) fn html(
    seen: &Seen,
    now: Instant,
    path: &str,
    (method, headers): (&Method, &HeaderMap),
    page: String,
) -> Response {
    let changed = seen.changed(path, &tag(page.as_bytes()), now);
    let mut response = bytes(method, headers, "text/html; charset=utf-8", page.into(), Some(changed));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    response
}

/// A page that answers a question: made for each who asks.
pub(super) fn passing(method: &Method, headers: &HeaderMap, page: String) -> Response {
    let mut response = bytes(method, headers, "text/html; charset=utf-8", page.into(), None);
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}

/// Bytes with their `ETag`, compressed where the client takes that; 304 where it has them already.
pub(super) fn bytes(
    method: &Method,
    headers: &HeaderMap,
    media_type: &'static str,
    body: Bytes,
    changed: Option<Instant>,
) -> Response {
    let tag = tag(&body);
    let gzip = body.len() >= SMALL && takes_gzip(headers);
    // A strong tag says "these bytes", so each encoding has its own (RFC 9110, section 8.8.1).
    let sent_tag = if gzip { format!("\"{tag}-gzip\"") } else { format!("\"{tag}\"") };
    let mut response = Response::new(Body::empty());
    let fields = response.headers_mut();
    insert(fields, header::ETAG, &sent_tag);
    fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(changed) = changed {
        insert(fields, header::LAST_MODIFIED, &http_date(changed));
    }
    if is_known(headers, &tag, changed) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let body = match gzip.then(|| compressed(&body)).flatten() {
        Some(small) => {
            fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            small
        }
        None => {
            insert(fields, header::ETAG, &format!("\"{tag}\""));
            body
        }
    };
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    if method != Method::HEAD {
        *response.body_mut() = Body::from(body);
    }
    response
}

/// Whether the client has what it would get. `If-None-Match` alone decides where it is sent, compared weakly and without
/// what a proxy hangs on a tag.
pub(in crate::web::public) fn is_known(headers: &HeaderMap, tag: &str, changed: Option<Instant>) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).peekable();
    if tags.peek().is_some() {
        return tags.flat_map(|list| list.split(',')).any(|one| {
            let one = one.trim().trim_start_matches("W/").trim_matches('"');
            let one = one.strip_suffix("-gzip").or_else(|| one.strip_suffix("-br")).unwrap_or(one);
            one == tag || one == "*"
        });
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|v| v.to_str().ok());
    let since = since.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    match (since, changed) {
        (Some(since), Some(changed)) => changed.timestamp() <= since.with_timezone(&Utc).timestamp(),
        _ => false,
    }
}

/// An instant as HTTP has it (RFC 9110, section 5.6.7).
fn http_date(at: Instant) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub(super) fn tag(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    data_encoding::HEXLOWER.encode(&hash.as_ref()[..12])
}

pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|n| n.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|p| p.strip_prefix("q=").and_then(|q| q.parse().ok()).is_some_and(|q: f32| q <= 0.0));
        named && !refused
    })
}

fn compressed(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(5));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn insert(fields: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        fields.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_micros;

    fn asked(fields: &[(header::HeaderName, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_page_that_changed_in_silence_is_newer() {
        let second = |n: i64| from_micros(n * 1_000_000);
        let seen = Seen::new(second(1_000));
        assert_eq!(seen.changed("/", "a", second(1_005)), second(1_000));
        assert_eq!(seen.changed("/", "b", second(1_010)), second(1_010));
        assert_eq!(seen.changed("/", "b", second(1_020)), second(1_010));
    }

    #[test]
    fn what_a_client_has_is_not_sent_again() {
        let at = DateTime::parse_from_rfc3339("2026-11-23T06:00:00Z").unwrap().with_timezone(&Utc);
        let get = |fields: &HeaderMap| bytes(&Method::GET, fields, "text/css", "x".repeat(2_000).into(), Some(at));
        let plain = get(&HeaderMap::new());
        let tag = plain.headers()[header::ETAG].to_str().unwrap().to_owned();
        let gzipped = get(&asked(&[(header::ACCEPT_ENCODING, "br, gzip;q=0.5")]));
        assert_ne!(gzipped.headers()[header::ETAG].to_str().unwrap(), tag);
        assert_eq!(gzipped.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(
            get(&asked(&[(header::ACCEPT_ENCODING, "gzip;q=0")])).headers().get(header::CONTENT_ENCODING).is_none()
        );
        for known in [tag.as_str(), &format!("W/{tag}"), "\"a\", *"] {
            assert_eq!(get(&asked(&[(header::IF_NONE_MATCH, known)])).status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        let date = "Mon, 23 Nov 2026 06:00:00 GMT";
        assert_eq!(get(&asked(&[(header::IF_MODIFIED_SINCE, date)])).status(), StatusCode::NOT_MODIFIED);
        let both = asked(&[(header::IF_NONE_MATCH, "\"old\""), (header::IF_MODIFIED_SINCE, date)]);
        assert_eq!(get(&both).status(), StatusCode::OK, "the tag decides");
        assert_eq!(get(&asked(&[(header::IF_MODIFIED_SINCE, "yesterday")])).status(), StatusCode::OK);
    }
}
