//! What Herald promises, one file a promise.

mod cli;
mod feeds;
mod house;
mod mails;
