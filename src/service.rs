//! Which task, when; wake-ups; shutdown in order.
