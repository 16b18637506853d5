//! Pictures that articles show. A file's name is made of what is in it, so it never changes; it is served while a public
//! article shows it, and before that it does not exist.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{self, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::io::AsyncReadExt;

use super::Site;
use super::pages::{FOR_EVER, is_known, not_found};
use crate::store::articles;

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new().route("/media/{name}", get(serve))
}

async fn serve(
    State(site): State<Site>,
    method: Method,
    headers: HeaderMap,
    extract::Path(name): extract::Path<String>,
) -> Response {
    let missing = || not_found(&site, &method, &headers, &site.config.language());
    if !is_name(&name) {
        return missing();
    }
    let shown = async {
        let mut tx = site.store.read().await?;
        articles::is_shown(&mut tx, &name).await
    };
    match shown.await {
        Ok(true) => {}
        Ok(false) => return missing(),
        Err(error) => {
            tracing::error!(name, %error, "a picture could not be looked up");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    }
    let path: PathBuf = site.config.path(&site.config.site.media).join(&name);
    match opened(&path).await {
        Ok((file, length)) => {
            let fields = [
                (header::CACHE_CONTROL, FOR_EVER),
                (
                    header::ETAG,
                    HeaderValue::from_str(&format!("\"{name}\"")).unwrap_or(HeaderValue::from_static("\"\"")),
                ),
            ];
            if is_known(&headers, &name, None) {
                return (StatusCode::NOT_MODIFIED, fields).into_response();
            }
            let body = if method == Method::HEAD { Body::empty() } else { streamed(file) };
            let described = [
                (header::CONTENT_TYPE, media_type(&name)),
                (header::CONTENT_LENGTH, HeaderValue::from(length)),
                // A drawing may hold script: opened by itself it is shown in a sandbox.
                (header::CONTENT_SECURITY_POLICY, SANDBOX),
            ];
            (fields, described, body).into_response()
        }
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "an article shows a picture that cannot be read");
            missing()
        }
    }
}

const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Names that we give: letters, figures, hyphens and dots; no folder, no hidden file.
fn is_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && !name.starts_with('.')
        && !name.contains("..")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// The type by the name's end; what we don't know is handed over to be saved, not shown.
fn media_type(name: &str) -> HeaderValue {
    let guess = mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream");
    let is_shown =
        ["image/", "audio/", "video/"].iter().any(|kind| guess.starts_with(kind)) || guess == "application/pdf";
    HeaderValue::from_static(if is_shown { guess } else { "application/octet-stream" })
}

async fn opened(path: &Path) -> std::io::Result<(tokio::fs::File, u64)> {
    let file = tokio::fs::File::open(path).await?;
    let meta = file.metadata().await?;
    if !meta.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    Ok((file, meta.len()))
}

/// Bytes in memory for one reader at a time.
const CHUNK: usize = 64 * 1024;

/// A file piece by piece: a large one costs no more memory than a small one.
fn streamed(file: tokio::fs::File) -> Body {
    Body::from_stream(futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; CHUNK];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_out_of_no_folder() {
        assert!(is_name("3f2a9c.jpg"));
        for name in ["..", "../config.toml", "a/b.jpg", ".hidden", "a\\b", "a..b", "", "a b", "ж.jpg"] {
            assert!(!is_name(name), "{name}");
        }
        assert_eq!(media_type("a.jpg"), "image/jpeg");
        assert_eq!(media_type("a.html"), "application/octet-stream");
    }
}
