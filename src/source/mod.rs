//! → articles: one file a kind of source.

pub mod lists;
