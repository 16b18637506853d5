//! The pages: what readers and subscribers see.

pub mod public;
