//! → articles: one file a kind of source. People come the same way: [`lists`].

pub mod lists;

pub use lists::ListReport;
