//! Leaving and preferences: token pages, never cached, never indexed.

use axum::Router;

use super::Site;

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new()
}
