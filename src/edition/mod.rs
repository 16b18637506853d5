//! articles → editions: what a newsletter prints, frozen, and for whom.
//!
//! 1. [`make_due`] looks which newsletters are due ([`due`]) and makes their editions.
//! 2. [`select`] takes what is new to the newsletter, in a version for each language.
//! 3. [`compose`] renders it once a language, and freezes all of it in one transaction.
//! 4. [`check`] looks at every rendering: what would make the mail wrong holds the edition.
//! 5. [`approve`] takes the word of those who must have looked at it, where there are any.
//! 6. [`fill`] makes the deliveries, with each person's choice of stories, in chunks; [`ramp`] spreads them over days where
//!    staff want that.
//! 7. [`correction`] tells those who were sent what was corrected or withdrawn since.
//!
//! Each step finds its work in the store, so all of it may die at any moment and be done again.

pub mod approve;
pub mod check;
pub mod compose;
pub mod correction;
pub mod due;
mod embargo;
pub mod fill;
pub mod open;
pub mod ramp;
pub mod select;
pub mod slots;
pub mod tell;

pub use due::{Made, Pass, goes_next, guard, make_due, next_due, pause_troubled};
pub use open::{Filled, fill_next};

use crate::article::ArticleId;
use crate::calendar::CalendarError;
use crate::store::StoreError;
use crate::template::TemplateError;

/// Why an edition could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template that is missing or wrong.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// The schedule cannot be read.
    #[error("[[newsletters]] {newsletter}: schedule: {source}")]
    Schedule {
        /// The newsletter.
        newsletter: String,
        /// What is wrong with it.
        source: CalendarError,
    },
    /// A calendar of its days off cannot be read.
    #[error(
        "[[newsletters]] {newsletter}: not_on: {reason}; mend it and start again, or let the daemon read the configuration anew (SIGHUP)"
    )]
    DaysOff {
        /// The newsletter.
        newsletter: String,
        /// Which, and why.
        reason: String,
    },
    /// An article that staff chose may not be shown.
    #[error(
        "article {0} is not public: there is none of that id, or it is a draft, under embargo, withdrawn or removed; `herald articles list` shows what there is"
    )]
    NotPublic(ArticleId),
    /// Too many stories for one edition.
    #[error("an edition holds at most {max} stories, not {stories}; send them as two", max = select::STORIES)]
    TooMany {
        /// How many were chosen.
        stories: usize,
    },
    /// There is no such edition.
    #[error("there is no edition {0}; `herald editions list` shows those there are")]
    NoEdition(i64),
    /// The newsletter changed each time its edition was about to be written.
    #[error(
        "newsletter {0}: its articles or editions changed each time its edition was to be written; it will be tried again"
    )]
    Busy(String),
    /// A rendering could not be written down.
    #[error("a rendering could not be written down: {0}")]
    Written(String),
}

#[cfg(test)]
mod tests;
