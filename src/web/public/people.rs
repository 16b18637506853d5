//! The pages behind the links in a mail: leaving, and what one wants to get. A GET changes nothing, since scanners
//! open every link; a POST does, without cookie or other proof than the link itself.
//!
//! 1. The token says whose page it is (`secret::Purpose`); one that we did not make leads to a page that helps.
//! 2. [`leave`] shows one button, and leaves; the mail program's own POST leaves at once (RFC 8058).
//! 3. [`preferences`] shows what somebody gets, and keeps what they choose.
//!
//! Nothing here is kept by anybody on the way, indexed, or named to another site.

mod leave;
mod preferences;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Site;
use super::pages::{address, frame::Frame};
use crate::article::Language;
use crate::store::StoreError;
use crate::store::subscribers::Subscriber;
use crate::template::{Argument, TemplateError};

/// Why a page could not be shown.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/unsubscribe/{token}", get(leave::show).post(leave::take))
        .route("/preferences/{token}", get(preferences::show).post(preferences::save))
}

/// Whether a link is one of a test copy, which does nothing.
fn is_test(token: &str) -> bool {
    token == "test" || token.starts_with("test-")
}

/// One request for a token page: where it came, and in which language it is answered.
struct Asked<'a> {
    site: &'a Site,
    /// `/unsubscribe/TOKEN`, as it was asked for.
    path: String,
    token: String,
    /// What `?lang=` asks for.
    wished: Option<Language>,
    language: Language,
}

impl<'a> Asked<'a> {
    /// The language is that of `?lang=`, else the browser's, until the person is known.
    fn new(site: &'a Site, kind: &str, token: String, query: Option<&str>, headers: &HeaderMap) -> Self {
        let path = format!("{}/{kind}/{token}", address::base(&site.config.site));
        let wished = wished(site, query);
        let language = wished.clone().unwrap_or_else(|| {
            let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
            let first = accepted.split([',', ';']).next().and_then(|tag| tag.parse().ok());
            first.and_then(|tag| spoken(site, &tag)).unwrap_or_else(|| site.config.language())
        });
        Asked { site, path, token, wished, language }
    }

    /// The page speaks the person's language, unless `?lang=` says another.
    fn speak_with(&mut self, person: &Subscriber) {
        let theirs = person.reads().and_then(|language| spoken(self.site, language));
        if let (None, Some(language)) = (&self.wished, theirs) {
            self.language = language;
        }
    }

    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let values: Vec<_> = values.iter().map(|(name, text)| (*name, Argument::Text((*text).to_owned()))).collect();
        self.site.templates.catalog().say(&self.language, key, &values)
    }

    /// The frame of a page with that title; the switch of languages leads to the same page.
    fn frame(&self, title: &str) -> Frame<'a> {
        let languages = &self.site.config.site.languages;
        let elsewhere = languages.iter().map(|l| (l.clone(), format!("{}?lang={l}", self.path))).collect();
        Frame::new(self.site, &self.language, title).private().elsewhere(elsewhere)
    }

    /// A page of a heading and one paragraph.
    fn plain(&self, title: &str, text: &str) -> Result<String, PageError> {
        Ok(self.frame(title).with("text", text).render("site/people/plain.html")?)
    }

    /// The page of a link that is none of ours, or was cut off.
    fn lost(&self) -> Result<Response, PageError> {
        let page = self.frame(&self.say("people-lost", &[])).with("text", &self.say("people-lost-text", &[]));
        Ok(answer(StatusCode::NOT_FOUND, page.render("site/people/plain.html")?))
    }

    /// The page of somebody who is not with us any more.
    fn forgotten(&self) -> Result<Response, PageError> {
        let page = self.plain(&self.say("people-forgotten", &[]), &self.say("people-forgotten-text", &[]))?;
        Ok(answer(StatusCode::OK, page))
    }

    /// The page of a link in a test copy.
    fn test(&self) -> Result<Response, PageError> {
        let page = self.plain(&self.say("people-test", &[]), &self.say("people-test-text", &[]))?;
        Ok(answer(StatusCode::OK, page))
    }

    /// The answer, or that something is wrong with us.
    fn done(&self, made: Result<Response, PageError>) -> Response {
        made.unwrap_or_else(|error| {
            // Without the path: it bears the token.
            tracing::error!(%error, "a page of a link in a mail could not be shown");
            answer(StatusCode::INTERNAL_SERVER_ERROR, self.say("site-broken", &[]))
        })
    }
}

/// The language of `?lang=`, where the newsroom speaks it.
fn wished(site: &Site, query: Option<&str>) -> Option<Language> {
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let tag: Language = pairs.find(|(name, _)| name == "lang")?.1.parse().ok()?;
    spoken(site, &tag)
}

/// The newsroom's language nearest to `language`.
fn spoken(site: &Site, language: &Language) -> Option<Language> {
    let languages = &site.config.site.languages;
    let same = languages.iter().find(|l| *l == language);
    same.or_else(|| languages.iter().find(|l| l.primary() == language.primary())).cloned()
}

/// A page that nobody keeps, finds or names to another site.
fn answer(status: StatusCode, page: String) -> Response {
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (status, fields, Body::from(page)).into_response()
}
