//! Editions that are much larger than those before: receivers take such for spam. They may go out over several days.

use chrono::{Days, Duration};
use chrono_tz::Tz;

use crate::calendar::instant_of;
use crate::clock::Instant;
use crate::store::editions::ramp::{self as ledger, Day};
use crate::store::{StoreError, Tx};

/// Copies on the first day.
pub const FIRST_DAY: i64 = 500;
/// Editions to no more people than that are never unusual.
const SMALL: i64 = 2000;
/// So many times the largest of the days before is unusual.
const TIMES: i64 = 5;
/// How far back one looks.
const BEFORE: Duration = Duration::days(30);

/// How many people the largest edition of the last thirty days went to, where an edition to `copies` people is unusual beside
/// it. `except` is the edition's own number, 0 where it has none yet.
///
/// # Errors
/// What the store says.
pub async fn unusual(tx: &mut Tx, copies: i64, except: i64, now: Instant) -> Result<Option<i64>, StoreError> {
    if copies <= SMALL {
        return Ok(None);
    }
    let largest = ledger::largest(tx, except, now - BEFORE, now).await?;
    Ok((copies >= largest.saturating_mul(TIMES)).then_some(largest))
}

/// The days over which `copies` go out from `start` on: half as many again each day, at the same hour in `zone`.
pub fn days(copies: i64, start: Instant, zone: Tz) -> Vec<Day> {
    let wall = start.with_timezone(&zone).naive_local();
    let (mut left, mut size, mut days) = (copies, FIRST_DAY, Vec::new());
    while left > 0 {
        let day = wall.checked_add_days(Days::new(days.len() as u64)).unwrap_or(wall);
        let at = if days.is_empty() { start } else { instant_of(day, zone) };
        days.push(Day { at, copies: size.min(left) });
        left -= size;
        size += size / 2;
    }
    days
}

/// What goes when, in words: `500 at …, 750 at …`; the middle of many is left out. `when` writes an instant.
pub fn words(days: &[Day], when: impl Fn(Instant) -> String) -> String {
    let say = |day: &Day| format!("{} at {}", day.copies, when(day.at));
    match days {
        [first, second, .., last] if days.len() > 6 => {
            format!("{}, {}, … {} ({} days)", say(first), say(second), say(last), days.len())
        }
        days => days.iter().map(say).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_as_many_again_each_day_at_the_same_hour() {
        // 07:00 in Belgrade, the day before its clock goes forward.
        let start: Instant = "2026-03-28T06:00:00Z".parse().unwrap();
        let days = days(3000, start, chrono_tz::Europe::Belgrade);
        assert_eq!(days.iter().map(|day| day.copies).collect::<Vec<_>>(), [500, 750, 1125, 625]);
        assert_eq!(days[0].at, start);
        assert_eq!(days[1].at, "2026-03-29T05:00:00Z".parse::<Instant>().unwrap());
        assert_eq!(days[3].at, "2026-03-31T05:00:00Z".parse::<Instant>().unwrap());
        assert_eq!(super::days(400, start, Tz::UTC).len(), 1);
    }
}
