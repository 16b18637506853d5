//! Days off: dates, spans of dates, days of each year, and the all-day events of a calendar (RFC 5545).

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};
use icalendar::rrule::RRuleSet;
use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, Event, EventStatus};

/// So many days of one file, or of one span, are taken at most.
const MOST: u16 = 10_000;
/// The largest calendar that is read, in bytes.
const LARGEST: usize = 5 << 20;

/// Days on which nothing is to happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaysOff {
    dates: BTreeSet<NaiveDate>,
    /// Month and day, in each year.
    yearly: BTreeSet<(u32, u32)>,
}

impl DaysOff {
    /// Whether that day is one.
    pub fn hold(&self, day: NaiveDate) -> bool {
        self.dates.contains(&day) || self.yearly.contains(&(day.month(), day.day()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty() && self.yearly.is_empty()
    }

    /// The first day at or after `day` that is none; `None` where no day of the next thirty years is.
    pub fn first_after(&self, day: NaiveDate) -> Option<NaiveDate> {
        day.iter_days().take(30 * 366).find(|day| !self.hold(*day))
    }

    /// Takes in those of `other`.
    pub fn add(&mut self, other: DaysOff) {
        self.dates.extend(other.dates);
        self.yearly.extend(other.yearly);
    }

    /// The all-day events of a calendar file. What takes place at an hour is no day off; neither is what was cancelled.
    ///
    /// # Errors
    /// It is no calendar, or has no all-day event; a rule of recurrence that cannot be read, with its event.
    pub fn of_calendar(text: &str) -> Result<DaysOff, String> {
        if text.len() > LARGEST {
            return Err(format!("is larger than {} MiB", LARGEST >> 20));
        }
        if !text.trim_start_matches('\u{feff}').trim_start().to_ascii_uppercase().starts_with("BEGIN:VCALENDAR") {
            return Err("is no calendar: it does not begin with BEGIN:VCALENDAR".to_owned());
        }
        let calendar: Calendar = text.parse().map_err(|error| format!("is no calendar: {error}"))?;
        let mut off = DaysOff::default();
        for component in &calendar.components {
            let CalendarComponent::Event(event) = component else { continue };
            if event.get_status() == Some(EventStatus::Cancelled) {
                continue;
            }
            let Some(DatePerhapsTime::Date(first)) = event.get_start() else { continue };
            let length = match event.get_end() {
                Some(DatePerhapsTime::Date(end)) => (end - first).num_days().clamp(1, 366).unsigned_abs(),
                _ => 1,
            };
            let name = event.get_summary().unwrap_or("an event without a name");
            for begins in occurrences(event, first).map_err(|reason| format!("“{name}”: {reason}"))? {
                off.dates.extend(begins.iter_days().take(usize::try_from(length).unwrap_or(1)));
            }
        }
        match off.is_empty() {
            true => Err("holds no all-day event (DTSTART;VALUE=DATE)".to_owned()),
            false => Ok(off),
        }
    }
}

/// The days on which an all-day event begins.
fn occurrences(event: &Event, first: NaiveDate) -> Result<Vec<NaiveDate>, String> {
    let Some(rule) = event.property_value("RRULE") else { return Ok(vec![first]) };
    // A day has no zone. Counted in UTC, it is the same whatever the machine's own zone is; a last day needs an hour then.
    let rule: Vec<String> = rule
        .split(';')
        .map(|part| match part.split_once('=') {
            Some((key, day)) if key.eq_ignore_ascii_case("UNTIL") => {
                format!("UNTIL={}T235959Z", day.get(..8).unwrap_or(day))
            }
            _ => part.to_owned(),
        })
        .collect();
    let text = format!("DTSTART:{}T000000Z\nRRULE:{}", first.format("%Y%m%d"), rule.join(";"));
    let set: RRuleSet = text.parse().map_err(|error| format!("its rule of recurrence cannot be read: {error}"))?;
    let end = NaiveDate::from_ymd_opt(2100, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let set = match end {
        Some(end) => set.before(end.and_utc().with_timezone(&icalendar::rrule::Tz::UTC)),
        None => set,
    };
    let without = except(event);
    Ok(set.all(MOST).dates.iter().map(chrono::DateTime::date_naive).filter(|day| !without.contains(day)).collect())
}

/// The days that the event leaves out (`EXDATE`).
fn except(event: &Event) -> BTreeSet<NaiveDate> {
    let several = event.multi_properties().get("EXDATE").into_iter().flatten();
    let all = several.chain(event.properties().get("EXDATE"));
    let days = all.flat_map(|property| property.value().split(','));
    days.filter_map(|day| NaiveDate::parse_from_str(day.trim().get(..8)?, "%Y%m%d").ok()).collect()
}

impl FromStr for DaysOff {
    type Err = String;
    /// Reads `2026-01-07`, `2026-12-24..2027-01-02` (both included), or `01-07` (each year).
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || {
            format!(
                "“{text}” is no day; write 2026-01-07, 2026-12-24..2027-01-02, 01-07 for each year, or an .ics file"
            )
        };
        let day = |text: &str| NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| fault());
        let mut off = DaysOff::default();
        if let Some((first, last)) = text.split_once("..") {
            let (first, last) = (day(first)?, day(last)?);
            if last < first || first.checked_add_days(Days::new(MOST.into())).is_none_or(|end| last > end) {
                return Err(format!("“{text}” ends before it begins, or is longer than {MOST} days"));
            }
            off.dates.extend(first.iter_days().take_while(|day| *day <= last));
        } else if text.trim().len() == 5 {
            // A leap year has every day.
            let in_a_leap_year = day(&format!("2024-{}", text.trim()))?;
            off.yearly.insert((in_a_leap_year.month(), in_a_leap_year.day()));
        } else {
            off.dates.insert(day(text)?);
        }
        Ok(off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_dates_spans_and_days_of_each_year() {
        let mut off: DaysOff = "2026-12-24..2027-01-02".parse().unwrap();
        off.add("01-07".parse().unwrap());
        off.add("2026-02-16".parse().unwrap());
        for (text, is) in [
            ("2026-12-23", false),
            ("2026-12-24", true),
            ("2027-01-02", true),
            ("2027-01-03", false),
            ("2026-01-07", true),
            ("2031-01-07", true),
            ("2026-02-16", true),
            ("2027-02-16", false),
        ] {
            assert_eq!(off.hold(day(text)), is, "{text}");
        }
        assert_eq!(off.first_after(day("2026-12-30")), Some(day("2027-01-03")));
        for wrong in ["2026-13-01", "2026-02-30", "30-02", "2026-01-02..2026-01-01", "holidays", ""] {
            assert!(wrong.parse::<DaysOff>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_calendar_gives_its_whole_days() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Newsroom//EN\r\n\
            BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260410\r\nDTEND;VALUE=DATE:20260414\r\nSUMMARY:Easter\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20200215\r\nRRULE:FREQ=YEARLY;UNTIL=20300101\r\nEXDATE;VALUE=DATE:20270215\r\nSUMMARY:Statehood\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:3\r\nDTSTART:20260501T100000Z\r\nDTEND:20260501T110000Z\r\nSUMMARY:A talk\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:4\r\nDTSTART;VALUE=DATE:20260601\r\nSTATUS:CANCELLED\r\nSUMMARY:Nothing\r\nEND:VEVENT\r\n\
            BEGIN:VEVENT\r\nUID:5\r\nDTSTART;VALUE=DATE:20251127\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\r\nSUMMARY:Thanksgiving\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let off = DaysOff::of_calendar(text).unwrap();
        for (text, is) in [
            ("2026-04-09", false),
            ("2026-04-10", true),
            ("2026-04-13", true),
            ("2026-04-14", false),
            ("2026-02-15", true),
            ("2027-02-15", false),
            ("2029-02-15", true),
            ("2030-02-15", false),
            ("2026-05-01", false),
            ("2026-06-01", false),
            ("2026-11-26", true),
            ("2025-11-27", true),
        ] {
            assert_eq!(off.hold(day(text)), is, "{text}");
        }
        let broken = text.replace("FREQ=YEARLY;BYMONTH", "FREQ=NEVER;BYMONTH");
        assert!(DaysOff::of_calendar(&broken).unwrap_err().contains("Thanksgiving"));
        for wrong in ["", "2026-01-01", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"] {
            assert!(DaysOff::of_calendar(wrong).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_breaks_the_reader(text in "(BEGIN:VCALENDAR\n)?(BEGIN:VEVENT\n)?(DTSTART;VALUE=DATE:[0-9]{6,9}\n)?(RRULE:[A-Z=;0-9]{0,30}\n)?\\PC{0,60}(END:VEVENT\n)?(END:VCALENDAR\n)?") {
            let _ = DaysOff::of_calendar(&text);
            let _ = text.parse::<DaysOff>();
        }
    }
}
