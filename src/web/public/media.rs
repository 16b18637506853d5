//! Pictures that articles show.

use axum::Router;

use super::Site;

/// The routes of this file.
pub fn routes() -> Router<Site> {
    Router::new()
}
