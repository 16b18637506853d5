//! The one door to "now". Everything else takes a [`Clock`], so that a test can set the time and
//! two tests can run side by side with different ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// A point in time, UTC, kept to the microsecond (what the store keeps).
pub type Instant = DateTime<Utc>;

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Microseconds since 1970 that a test has set; `None` is the machine's own clock.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock { set: None }
    }

    /// A clock that stands at `at` until [`Clock::set`] or [`Clock::advance`] moves it.
    pub fn standing(at: Instant) -> Self {
        Clock { set: Some(Arc::new(AtomicI64::new(at.timestamp_micros()))) }
    }

    /// The present instant, cut to the microsecond.
    #[allow(clippy::disallowed_methods)]
    pub fn now(&self) -> Instant {
        let micros = match &self.set {
            Some(at) => at.load(Ordering::SeqCst),
            None => Utc::now().timestamp_micros(),
        };
        from_micros(micros)
    }

    /// Whether it stands until somebody moves it.
    pub fn stands(&self) -> bool {
        self.set.is_some()
    }

    /// Moves a standing clock to `at`; the machine's clock is left alone.
    pub fn set(&self, at: Instant) {
        if let Some(set) = &self.set {
            set.store(at.timestamp_micros(), Ordering::SeqCst);
        }
    }

    /// Moves a standing clock forward; the machine's clock is left alone.
    pub fn advance(&self, by: chrono::Duration) {
        self.set(self.now() + by);
    }
}

/// The instant that the store keeps as `micros`. Values outside the calendar become its nearest end.
pub fn from_micros(micros: i64) -> Instant {
    DateTime::from_timestamp_micros(micros).unwrap_or(if micros < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}
