//! Each request before it is answered: how often its sender may ask, and a line for whoever looks for a fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::moved::Moved;
use super::{Site, pages};
use crate::web::client::Client;
use crate::web::limit::Limited;

/// What a listener looks at before anything else.
pub(in crate::web) struct Before {
    site: Site,
    moved: Option<Moved>,
}

impl Before {
    /// The public listener, whose addresses may have moved.
    pub(in crate::web) fn public(site: Site) -> Arc<Before> {
        let moved = Moved::of(&site.config, &site.clock);
        Arc::new(Before { site, moved })
    }

    /// The staff listener.
    pub(in crate::web) fn staff(site: Site) -> Arc<Before> {
        Arc::new(Before { site, moved: None })
    }
}

/// Answers, unless the sender asks too often (429, RFC 6585) or for what is no more.
pub(in crate::web) async fn look(State(before): State<Arc<Before>>, request: Request, next: Next) -> Response {
    let site = &before.site;
    if let Some(refused) = limited(site, &request) {
        return refused;
    }
    if let Some(moved) = before.moved.as_ref().and_then(|moved| moved.answer(&request)) {
        return moved;
    }
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return next.run(request).await;
    }
    let client = Client::of(request.headers(), request.extensions(), &site.config.listen.trusted_proxies);
    let (method, path) = (request.method().clone(), without_token(request.uri().path()));
    let response = next.run(request).await;
    tracing::debug!("{client} {}://{} {method} {path} {}", client.scheme, client.host, response.status().as_u16());
    response
}

/// 429 for who asks too often. The limiter of every route is here: one that is to be limited gets an arm in [`Limited::of`].
fn limited(site: &Site, request: &Request) -> Option<Response> {
    let what = Limited::of(request.method(), request.uri().path(), &site.config.site.languages)?;
    let client = Client::of(request.headers(), request.extensions(), &site.config.listen.trusted_proxies);
    warn_unheard(&client);
    let taken = site.guests.limits.take(what, client.address, &site.config.listen.limits, site.clock.now());
    let seconds = taken.err()?;
    tracing::debug!("{client} asks too often ({}); it may again in {seconds} s", what.key());
    let mut response = pages::too_often(site, request);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Some(response)
}

/// Says once that a proxy nobody named as trusted speaks for others: all its readers count as one.
fn warn_unheard(client: &Client) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    let is_near = match client.address {
        std::net::IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        std::net::IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    };
    if client.unheard && is_near && !TOLD.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a proxy at {} says for whom it asks, but [listen] trusted_proxies does not name it: all its readers count as one for [listen.limits]",
            client.address
        );
    }
}

/// A path as the log may have it: the token of a link is nobody else's.
fn without_token(path: &str) -> String {
    let has_token = ["unsubscribe", "preferences", "confirm"].iter().any(|word| path.contains(word));
    match path.rsplit_once('/') {
        Some((before, after)) if has_token && after.len() > 12 => format!("{before}/…"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_written_down() {
        assert_eq!(without_token("/unsubscribe/abcdefghijklmnop"), "/unsubscribe/…");
        assert_eq!(without_token("/sr-latn/preferences/abcdefghijklmnop"), "/sr-latn/preferences/…");
        assert_eq!(without_token("/articles/a-long-slug-of-an-article"), "/articles/a-long-slug-of-an-article");
    }
}
