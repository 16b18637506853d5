//! Schedules: cron lines, zones, slots, missed runs.
//!
//! 1. [`Schedule::parse`] reads five fields in POSIX meaning ([`fields`]) and makes schedules of the `cron` crate of them.
//! 2. Slots are counted in wall-clock time, as if the zone were UTC: the crate doubles and skips at changes of the clock.
//! 3. [`instant_of`] then says at which instant a zone's clock first shows that time, or has jumped over it. So a slot is
//!    taken once: at the first instant after a gap, and in the first of two equal hours (DESIGN, part 7, "Time").
//!
//! A year after 2100 holds no slots: that is as far as the crate counts.

mod days;
mod fields;
mod hours;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use crate::clock::Instant;
pub use days::DaysOff;
use fields::Fields;
pub use hours::Hours;

/// Zones lie between these hours of UTC (-12:00 to +15:00 and a little more, as history has it).
const WIDEST: i64 = 16;

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not five fields.
    #[error(
        "“{line}” has {count} fields; a schedule has five: minute hour day month weekday, for example “0 7 * * 1-5” (07:00, Monday to Friday){hint}"
    )]
    Count {
        /// The line.
        line: String,
        /// How many it has.
        count: usize,
        /// What else may be meant.
        hint: &'static str,
    },
    /// One field can't be read.
    #[error("“{line}”: {field} “{value}”: {reason}")]
    Field {
        /// The line.
        line: String,
        /// Which field, in words.
        field: &'static str,
        /// What stands there.
        value: String,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// No day ever fits.
    #[error("“{line}” never comes: {reason}")]
    Never {
        /// The line.
        line: String,
        /// Why.
        reason: String,
    },
}

/// A wall-clock line in a zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    line: String,
    zone: Tz,
    /// A slot fits any of these: two where both day fields are restricted.
    any: Vec<cron::Schedule>,
}

impl Schedule {
    /// Reads `line`: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday), with names, ranges,
    /// lists and steps. Where both day fields are restricted, either will do, as POSIX says; a field that begins with `*`
    /// (`*/2`) is not restricted, as cron has always had it.
    ///
    /// # Errors
    /// [`CalendarError`], with the field and its value.
    pub fn parse(line: &str, zone: Tz) -> Result<Schedule, CalendarError> {
        let fields = Fields::parse(line)?;
        let mut any = Vec::new();
        for text in fields.for_the_crate() {
            any.push(
                cron::Schedule::from_str(&text).map_err(|error| CalendarError::Never {
                    line: line.trim().to_owned(),
                    reason: error.to_string(),
                })?,
            );
        }
        Ok(Schedule { line: line.split_whitespace().collect::<Vec<_>>().join(" "), zone, any })
    }

    /// The zone whose clock it follows.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first slot after `at`.
    pub fn next_after(&self, at: Instant) -> Option<Instant> {
        // What the clock showed before `at` is over: its slots are at `at` or earlier.
        let mut wall = at.with_timezone(&self.zone).naive_local();
        loop {
            wall = self.any.iter().filter_map(|s| s.after(&wall.and_utc()).next()).min()?.naive_utc();
            let slot = instant_of(wall, self.zone);
            if slot > at {
                return Some(slot);
            }
        }
    }

    /// The last slot at `at` or before it: what is due, where it has not been done.
    pub fn last_before(&self, at: Instant) -> Option<Instant> {
        let local = at.with_timezone(&self.zone);
        let earlier = (at - Duration::hours(26)).with_timezone(&self.zone);
        // Where the clock went back a short while ago, it has shown later times than it does now.
        let back = earlier.offset().fix().local_minus_utc() - local.offset().fix().local_minus_utc();
        let mut wall = local.naive_local() + Duration::seconds(i64::from(back.max(0)) + 1);
        loop {
            wall = self.any.iter().filter_map(|s| s.after(&wall.and_utc()).next_back()).max()?.naive_utc();
            let slot = instant_of(wall, self.zone);
            if slot <= at {
                return Some(slot);
            }
        }
    }

    /// The next `count` slots after `at`, in order.
    pub fn upcoming(&self, at: Instant, count: usize) -> Vec<Instant> {
        std::iter::successors(self.next_after(at), |slot| self.next_after(*slot)).take(count).collect()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// The first instant at which the clock of `zone` shows `wall` or later.
pub fn instant_of(wall: NaiveDateTime, zone: Tz) -> Instant {
    if let Some(first) = zone.from_local_datetime(&wall).earliest() {
        return first.with_timezone(&Utc);
    }
    // The clock jumps over it: the jump itself, found by halving.
    let mut before = wall.and_utc() - Duration::hours(WIDEST);
    let mut after = wall.and_utc() + Duration::hours(WIDEST);
    while after - before > Duration::seconds(1) {
        let middle = DateTime::from_timestamp(before.timestamp().midpoint(after.timestamp()), 0).unwrap_or(after);
        if middle.with_timezone(&zone).naive_local() < wall { before = middle } else { after = middle }
    }
    after
}

/// The zones whose names look most like `name`, nearest first, at most three.
pub fn zones_like(name: &str) -> Vec<&'static str> {
    let wanted = name.to_lowercase();
    let city = wanted.rsplit('/').next().unwrap_or(&wanted);
    let mut near: Vec<(f64, &str)> = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| {
            let known = zone.name().to_lowercase();
            let whole = strsim::jaro_winkler(&wanted, &known);
            let part = strsim::jaro_winkler(city, known.rsplit('/').next().unwrap_or(&known)) * 0.98;
            (whole.max(part), zone.name())
        })
        .filter(|(score, _)| *score > 0.88)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests;
