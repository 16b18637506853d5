//! Lengths of time as people write them: `60s`, `1m`, `4h`, `14d`, `13 months`.

use std::fmt;
use std::str::FromStr;

use chrono::Duration;
use serde::{Deserialize, Serialize, Serializer};

/// A month: a twelfth of a year of the calendar.
const MONTH: i64 = 2_629_746;

/// A length of time, whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(i64);

impl Span {
    /// So many seconds.
    pub const fn seconds(n: i64) -> Self {
        Span(n)
    }
    /// So many minutes.
    pub const fn minutes(n: i64) -> Self {
        Span(n * 60)
    }
    /// So many hours.
    pub const fn hours(n: i64) -> Self {
        Span(n * 3600)
    }
    /// So many days of 24 hours.
    pub const fn days(n: i64) -> Self {
        Span(n * 86_400)
    }
    /// So many months: twelfths of a year of the calendar.
    pub const fn months(n: i64) -> Self {
        Span(n * MONTH)
    }
    /// As chrono has it.
    pub fn duration(self) -> Duration {
        Duration::seconds(self.0)
    }
    /// As the standard library has it.
    pub fn std(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0.unsigned_abs())
    }
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("“{text}” is no length of time; write a number and a unit: 60s, 5m, 4h, 14d, 13 months");
        let trimmed = text.trim();
        let digits = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: i64 = trimmed[..digits].parse().map_err(|_| fault())?;
        let unit = match trimmed[digits..].trim() {
            "s" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            "month" | "months" => MONTH,
            "y" | "year" | "years" => 12 * MONTH,
            _ => return Err(fault()),
        };
        number.checked_mul(unit).filter(|s| *s < 100 * 366 * 86_400).map(Span).ok_or_else(fault)
    }
}

impl TryFrom<String> for Span {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, seconds) in [(" months", MONTH), ("d", 86_400), ("h", 3600), ("m", 60)] {
            if self.0 >= seconds && self.0 % seconds == 0 {
                return write!(f, "{}{unit}", self.0 / seconds);
            }
        }
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn what_people_write_is_read_and_said_again() {
        for (text, said) in [("60s", "1m"), ("2 weeks", "14d"), ("13 months", "13 months"), ("1year", "12 months")] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string(), said);
            assert_eq!(said.parse(), Ok(span));
        }
        assert_eq!(Span::months(13).duration().num_days(), 395);
        for text in ["", "months", "-1 month", "1.5 years", "13 moons", "2000 months"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
