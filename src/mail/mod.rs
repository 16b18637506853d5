//! Mail as bytes: rendering, splice, message.
