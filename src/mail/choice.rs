//! Which of an edition's stories a copy holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bit n stands for the story at position n (0 to 63). A delivery keeps it, so that later it can be
/// said what exactly a reader was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Choice(pub u64);

impl Choice {
    /// No story.
    pub const NONE: Choice = Choice(0);
    /// Every story.
    pub const ALL: Choice = Choice(u64::MAX);

    /// The stories at these positions; positions over 63 are none.
    pub fn of(positions: impl IntoIterator<Item = u8>) -> Self {
        positions.into_iter().fold(Choice::NONE, Choice::with)
    }

    /// This choice and the story at `position`.
    #[must_use]
    pub fn with(self, position: u8) -> Self {
        Choice(self.0 | bit(position))
    }

    /// This choice without the story at `position`.
    #[must_use]
    pub fn without(self, position: u8) -> Self {
        Choice(self.0 & !bit(position))
    }

    /// Whether the story at `position` is chosen.
    pub fn holds(self, position: u8) -> bool {
        self.0 & bit(position) != 0
    }

    /// Whether nothing is chosen.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many are chosen.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }
}

fn bit(position: u8) -> u64 {
    1u64.checked_shl(position.into()).unwrap_or(0)
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_bit() {
        let choice = Choice::of([0, 2, 63]);
        assert!(choice.holds(0) && !choice.holds(1) && choice.holds(63) && !choice.holds(64));
        assert_eq!(choice.len(), 3);
        assert_eq!(choice.without(2).with(1), Choice::of([0, 1, 63]));
    }
}
