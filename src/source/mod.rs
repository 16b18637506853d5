//! → articles: one file a kind of source.
