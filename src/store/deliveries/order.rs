//! Whose turn it is at a claim: alerts before everything else, and the others share.

use crate::clock::{Instant, from_micros};
use crate::store::{Row, StoreError, editions::Settings};

/// An edition of which something may go now.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    /// The edition.
    pub(super) edition: i64,
    /// Its newsletter.
    pub(super) newsletter: i64,
    /// What it was made with.
    pub(super) settings: Settings,
    /// Nothing of it goes before.
    pub(super) start_at: Instant,
    /// At most so many in this turn.
    pub(super) most: i64,
}

impl Ready {
    pub(super) fn of(row: &Row) -> Result<Ready, StoreError> {
        let settings: Settings = serde_json::from_str(&row.get::<String>(2)?)?;
        let start_at = from_micros(row.get(3)?);
        Ok(Ready { edition: row.get(0)?, newsletter: row.get(1)?, settings, start_at, most: i64::MAX })
    }
}

/// The turns of a claim of `limit`: urgent editions first, as much as they have; then each of the others its share, and
/// at last whatever room is left to whoever has more, the oldest first.
pub(super) fn turns(ready: Vec<Ready>, limit: i64, only_urgent: bool) -> Vec<Ready> {
    let (mut turns, others): (Vec<Ready>, Vec<Ready>) = ready.into_iter().partition(|ready| ready.settings.urgent);
    if only_urgent {
        return turns;
    }
    let many = i64::try_from(others.len()).unwrap_or(i64::MAX).max(1);
    let share = (limit / many).max(1);
    if many > 1 {
        turns.extend(others.iter().map(|ready| Ready { most: share, ..ready.clone() }));
    }
    turns.extend(others);
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(edition: i64, urgent: bool) -> Ready {
        let settings = Settings { urgent, ..Settings::default() };
        Ready { edition, newsletter: 1, settings, start_at: from_micros(0), most: i64::MAX }
    }

    #[test]
    fn alerts_first_then_shares_then_what_is_left() {
        let all = vec![ready(1, false), ready(2, true), ready(3, false)];
        let turns = |only| turns(all.clone(), 250, only).iter().map(|r| (r.edition, r.most)).collect::<Vec<_>>();
        let most = i64::MAX;
        assert_eq!(turns(false), [(2, most), (1, 125), (3, 125), (1, most), (3, most)]);
        assert_eq!(turns(true), [(2, most)]);
    }
}
