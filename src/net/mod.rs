//! The doors to other machines, and our own. A room above says what it wants; here it is said in the protocol's words.

pub mod dns;
pub mod door;
pub mod guard;
pub mod http;
pub mod imap;
pub mod smtp;
