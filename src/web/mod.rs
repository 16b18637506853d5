//! The listeners: what readers and subscribers see, and apart from it what those who run the house
//! ask. A page only asks; nothing here decides.
//!
//! 1. [`public::router`] holds feeds, pages, pictures and leaving.
//! 2. [`staff::router`] holds health and readiness.
//! 3. [`serve`] answers on a listener until it is told to stop, and finishes what is on the wire; [`serve_public`] does so for
//!    readers, and sends feeds before a router is asked. [`client`] says who asks, and [`limit`] how often they may.
//! 4. [`refresh_copy`] asks for the pages that show what has changed, and keeps them as files.

pub mod client;
pub mod guests;
pub mod limit;
pub mod public;
pub mod readers;
pub mod staff;

mod copy;
mod links;
mod rewound;
mod server;

pub use copy::{CopyError, Pace, is_first_copy, refresh_copy};
pub use server::{serve, serve_behind, serve_public};
