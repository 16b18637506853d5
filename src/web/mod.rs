//! The listeners: what readers and subscribers see, and apart from it what those who run the house
//! ask. A page only asks; nothing here decides.
//!
//! 1. [`public::router`] holds feeds, pages, pictures and leaving.
//! 2. [`staff::router`] holds health and readiness.
//! 3. [`serve`] answers on a listener until it is told to stop, and finishes what is on the wire; [`client`] says who asks, and
//!    [`limit`] how often they may.
//! 4. [`write_copy`] asks for every page that leads from the home pages, and keeps them as files;
//!    [`refresh_copy`] does so where something has changed.

pub mod client;
pub mod guests;
pub mod limit;
pub mod public;
pub mod readers;
pub mod staff;

mod copy;
mod links;
mod server;

pub use copy::{CopyError, refresh_copy, write_copy};
pub use server::{serve, serve_behind};
