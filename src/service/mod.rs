//! Which task, when; wake-ups; shutdown in order.

mod lock;

pub use lock::{Lock, LockError};
