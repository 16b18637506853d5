//! Hours of the day in which something may happen: `06:00-21:00`, by the clock of a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::instant_of;
use crate::clock::Instant;

/// From one time of the day to another, which is no part of it. One that ends before it begins runs over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    from: NaiveTime,
    to: NaiveTime,
}

impl Hours {
    /// When they begin at or after `at`: at once where they run.
    pub fn opens(&self, at: Instant, zone: Tz) -> Instant {
        if self.hold(at, zone) {
            return at;
        }
        self.first_at(self.from, at, zone)
    }

    /// When those that run at `at` end.
    pub fn closes(&self, at: Instant, zone: Tz) -> Instant {
        self.first_at(self.to, at, zone)
    }

    /// Whether they run at `at`.
    pub fn hold(&self, at: Instant, zone: Tz) -> bool {
        let time = at.with_timezone(&zone).time();
        match self.from < self.to {
            true => self.from <= time && time < self.to,
            false => self.from <= time || time < self.to,
        }
    }

    /// The first instant after `at` at which the clock shows `time`, or has jumped over it.
    fn first_at(&self, time: NaiveTime, at: Instant, zone: Tz) -> Instant {
        let today: NaiveDate = at.with_timezone(&zone).date_naive();
        let on = |days: u64| today.checked_add_days(Days::new(days)).map(|day| instant_of(day.and_time(time), zone));
        (0..3).filter_map(on).find(|begins| *begins > at).unwrap_or(at)
    }
}

impl FromStr for Hours {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("“{text}” is no span of hours; write one like 06:00-21:00");
        let (from, to) = text.split_once(['-', '–']).ok_or_else(fault)?;
        let read = |part: &str| match part.trim() {
            "24:00" => Ok(NaiveTime::MIN),
            time => NaiveTime::parse_from_str(time, "%H:%M").map_err(|_| fault()),
        };
        let (from, to) = (read(from)?, read(to)?);
        match from == to {
            true => Err(format!("“{text}” begins where it ends; leave it out for the whole day")),
            false => Ok(Hours { from, to }),
        }
    }
}

impl TryFrom<String> for Hours {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> String {
        hours.to_string()
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BELGRADE: Tz = Tz::Europe__Belgrade;

    fn at(text: &str) -> Instant {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn hours_open_and_close_by_the_clock_of_the_zone() {
        let day: Hours = "06:00-21:00".parse().unwrap();
        assert_eq!(day.opens(at("2026-03-02T05:59:59+01:00"), BELGRADE), at("2026-03-02T06:00:00+01:00"));
        let inside = at("2026-03-02T06:00:00+01:00");
        assert_eq!(
            (day.opens(inside, BELGRADE), day.closes(inside, BELGRADE)),
            (inside, at("2026-03-02T21:00:00+01:00"))
        );
        assert_eq!(day.opens(at("2026-03-02T21:00:00+01:00"), BELGRADE), at("2026-03-03T06:00:00+01:00"));
        assert!(
            !day.hold(at("2026-03-02T21:00:00+01:00"), BELGRADE) && day.hold(at("2026-03-02T21:00:00+01:00"), Tz::UTC)
        );
        let night: Hours = "21:00-06:00".parse().unwrap();
        assert!(
            night.hold(at("2026-03-02T23:00:00+01:00"), BELGRADE)
                && night.hold(at("2026-03-02T05:00:00+01:00"), BELGRADE)
        );
        assert_eq!(night.closes(at("2026-03-02T23:00:00+01:00"), BELGRADE), at("2026-03-03T06:00:00+01:00"));
        assert_eq!(night.opens(at("2026-03-02T12:00:00+01:00"), BELGRADE), at("2026-03-02T21:00:00+01:00"));
        let late: Hours = "20:00-24:00".parse().unwrap();
        assert!(
            late.hold(at("2026-03-02T23:59:00+01:00"), BELGRADE)
                && !late.hold(at("2026-03-02T00:00:00+01:00"), BELGRADE)
        );
    }

    #[test]
    fn where_the_clock_jumps_over_the_opening_they_open_after_the_jump() {
        let early: Hours = "02:30-21:00".parse().unwrap();
        assert_eq!(early.opens(at("2026-03-29T00:30:00Z"), BELGRADE), at("2026-03-29T01:00:00Z"));
        let back: Hours = "02:30-03:00".parse().unwrap();
        assert_eq!(back.opens(at("2026-10-25T00:10:00Z"), BELGRADE), at("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn what_is_no_span_says_how_one_looks() {
        for wrong in ["6-21", "06:00", "25:00-26:00", "06:00-06:00", "", "06:00-21:00-22:00"] {
            assert!(wrong.parse::<Hours>().unwrap_err().starts_with('“'), "{wrong}");
        }
        assert_eq!("6:00 – 21:00".parse::<Hours>().map(|hours| hours.to_string()).as_deref(), Ok("06:00-21:00"));
    }
}
