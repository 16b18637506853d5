//! Tera and Fluent, with limits.
