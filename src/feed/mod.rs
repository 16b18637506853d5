//! articles → readers: one file a format.

mod format;
mod shelf;

pub use format::Format;
pub use shelf::{Document, Shelf};
