//! The style sheet: one file, made of its template with the newsroom's accent, and served under a name that holds its
//! hash, so that it may be kept for ever.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use ring::digest;

use super::address;
use super::answer;
use crate::config::Config;
use crate::template::palette::Palette;
use crate::template::{TemplateError, Templates};
use crate::web::public::Site;

/// How long what never changes is kept: a year (RFC 9111 knows no "for ever"; RFC 8246 adds the word).
pub(in crate::web::public) const FOR_EVER: HeaderValue =
    HeaderValue::from_static("public, max-age=31536000, immutable");

/// The template.
const SHEET: &str = "site/site.css";

/// The sheet itself.
fn sheet(templates: &Templates, config: &Config) -> Result<Arc<str>, TemplateError> {
    templates.once(&format!("{SHEET} {}", config.site.accent), || {
        let mut context = tera::Context::new();
        context.insert("palette", &Palette::of(&config.site.accent));
        templates.page(SHEET, &context, &config.language())
    })
}

/// Where it stands: `/assets/site-3f2a….css`.
///
/// # Errors
/// What is wrong with the template.
pub(super) fn path(templates: &Templates, config: &Config) -> Result<String, TemplateError> {
    let name = templates
        .once(&format!("name of {SHEET} {}", config.site.accent), || Ok(name(sheet(templates, config)?.as_ref())))?;
    Ok(format!("{}/assets/{name}", address::base(&config.site)))
}

fn name(sheet: &str) -> String {
    let hash = digest::digest(&digest::SHA256, sheet.as_bytes());
    format!("site-{}.css", data_encoding::HEXLOWER.encode(&hash.as_ref()[..8]))
}

/// Serves it. A page that was kept since before a change names a sheet that is no more: it gets the present one, which
/// is then not to be kept.
pub(super) async fn serve(
    State(site): State<Site>,
    method: Method,
    headers: HeaderMap,
    axum::extract::Path(asked): axum::extract::Path<String>,
) -> Response {
    if !(asked.starts_with("site-") && asked.ends_with(".css")) {
        return super::not_found(&site, &method, &headers, &site.config.language());
    }
    match sheet(&site.templates, &site.config) {
        Ok(sheet) => {
            let keep = if asked == name(&sheet) { FOR_EVER } else { HeaderValue::from_static("no-cache") };
            let mut response =
                answer::bytes(&method, &headers, "text/css; charset=utf-8", sheet.to_string().into(), None);
            response.headers_mut().insert(header::CACHE_CONTROL, keep);
            response
        }
        Err(error) => {
            tracing::error!(%error, "the style sheet could not be made");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
