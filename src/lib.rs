//! Herald, a newsroom's publisher. An article travels one way:
//!
//! 1. [`source`] reads what the newsroom wrote and makes drafts of it ([`article`] says what one is).
//! 2. [`store`] keeps them, each state a revision; going public is an event with a number.
//! 3. [`feed`] makes RSS, Atom and JSON of what is public; [`web`] serves them, with the pages.
//! 4. [`edition`] chooses what a newsletter prints, and freezes it.
//! 5. [`delivery`] takes each subscriber's copy to a relay, and records what became of it.
//! 6. [`returns`] reads what comes back: who cannot be reached or complains is written to no more.
//!
//! [`service`] says when; [`command`] and [`web`] only ask. Below the road stand the doors to the
//! outside ([`net`], [`store`]), and below them values without I/O. Imports go down only, and no
//! room of the road knows another; `tests/house.rs` holds that.

// values, no I/O
pub mod article;
pub mod audience;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod mail;
pub mod secret;
pub mod template;
pub mod wake;

// doors to the outside
pub mod net;
pub mod store;

// the road
pub mod delivery;
pub mod edition;
pub mod feed;
pub mod returns;
pub mod source;

// edges
pub mod command;
pub mod service;
pub mod web;
