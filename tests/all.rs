//! What Herald promises, one file a promise.

mod feeds;
