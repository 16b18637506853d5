//! Latest news, articles, archive, the page of feeds.

use axum::Router;

use super::Site;

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new()
}
