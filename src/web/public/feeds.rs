//! The feeds, from memory.

use axum::Router;

use super::Site;

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new()
}
