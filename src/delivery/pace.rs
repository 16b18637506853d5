//! How fast: at most so many messages a second, evenly.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The limit of one relay, shared by its connections.
#[derive(Debug)]
pub(super) struct Pace {
    gap: Option<Duration>,
    next: Mutex<Instant>,
}

impl Pace {
    /// At most `per_second` messages; 0: no limit.
    pub(super) fn new(per_second: u32) -> Self {
        let gap = (per_second > 0).then(|| Duration::from_secs(1) / per_second);
        Pace { gap, next: Mutex::new(Instant::now()) }
    }

    /// Takes a slot if one is free now.
    pub(super) fn try_take(&self) -> bool {
        let Some(gap) = self.gap else { return true };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if *next > now {
            return false;
        }
        *next = now + gap;
        true
    }

    /// Takes the next slot, and waits for it.
    pub(super) async fn take(&self) {
        let Some(gap) = self.gap else { return };
        let slot = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = (*next).max(Instant::now());
            *next = slot + gap;
            slot
        };
        tokio::time::sleep_until(slot).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hundred_a_second_are_no_more() {
        let pace = Pace::new(100);
        let start = Instant::now();
        for _ in 0..21 {
            pace.take().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(200));
        let slow = Pace::new(1);
        assert!(slow.try_take() && !slow.try_take());
        assert!(Pace::new(0).try_take());
    }
}
