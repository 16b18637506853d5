//! The slots of a newsletter: when its schedule has it go, by which clock, and on which days not.
//!
//! Where it goes by each reader's own clock a slot is a time on the wall. It is due when the first of its readers' clocks shows
//! it; the others' copies wait for theirs.

use chrono::{Duration, NaiveDateTime};
use chrono_tz::Tz;

use crate::calendar::{Schedule as Calendar, instant_of};
use crate::clock::Instant;
use crate::config::{Config, Newsletter, Schedule};

use super::EditionError;

/// The zone whose clock shows each time first.
const FIRST_ON_EARTH: Tz = Tz::Etc__GMTMinus14;
/// From the first clock on earth that shows a time to the last.
const A_DAY_ON_EARTH: Duration = Duration::hours(27);
/// Slots that are looked at for one that counts; those of a day off are passed over a day at a time.
const LOOKS: usize = 4000;

/// A time of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// By what the newsletter remembers it: the same, whoever reads it.
    pub mark: Instant,
    /// When the first of its readers is due.
    pub at: Instant,
    /// What their clocks show then, where it goes by each reader's own.
    pub wall: Option<NaiveDateTime>,
}

/// The slots of one newsletter.
#[derive(Debug)]
pub struct Slots<'a> {
    newsletter: &'a Newsletter,
    calendar: Calendar,
    /// The zones of its readers, where it goes by each one's own clock.
    zones: Option<Vec<Tz>>,
}

impl<'a> Slots<'a> {
    /// The slots of a newsletter whose readers live in `zones`; `None` where it has no schedule.
    ///
    /// # Errors
    /// A schedule that cannot be read.
    pub fn of(config: &Config, newsletter: &'a Newsletter, zones: &[Tz]) -> Result<Option<Self>, EditionError> {
        let Schedule::Cron(fields) = &newsletter.schedule else { return Ok(None) };
        let site = config.site.timezone;
        let zones = newsletter.is_by_subscriber().then(|| [zones, &[site]].concat());
        let zone = if zones.is_some() { FIRST_ON_EARTH } else { newsletter.zone(site) };
        let calendar = Calendar::parse(fields, zone)
            .map_err(|source| EditionError::Schedule { newsletter: newsletter.name.clone(), source })?;
        Ok(Some(Slots { newsletter, calendar, zones }))
    }

    /// The newest slot that is due at `now`.
    pub fn last_before(&self, now: Instant) -> Option<Slot> {
        let mut to = now;
        for _ in 0..LOOKS {
            let mark = self.calendar.last_before(to)?;
            let wall = self.wall(mark);
            to = mark - Duration::microseconds(1);
            if self.newsletter.days_off.hold(wall.date()) {
                to = to.min(self.begins(wall) - Duration::microseconds(1));
                continue;
            }
            let slot = self.slot(mark);
            if slot.at <= now {
                return Some(slot);
            }
        }
        None
    }

    /// The first slot that is due after `now`.
    pub fn next_after(&self, now: Instant) -> Option<Slot> {
        // A time that the first clock on earth showed up to a day ago is still to come elsewhere.
        let mut from = if self.zones.is_some() { now - A_DAY_ON_EARTH } else { now };
        for _ in 0..LOOKS {
            let mark = self.calendar.next_after(from)?;
            let wall = self.wall(mark);
            from = mark;
            if self.newsletter.days_off.hold(wall.date()) {
                let next = self.newsletter.days_off.first_after(wall.date())?;
                from = from.max(self.begins(next.into()) - Duration::microseconds(1));
                continue;
            }
            let slot = self.slot(mark);
            if slot.at > now {
                return Some(slot);
            }
        }
        None
    }

    /// The next `count` slots after `now`.
    pub fn upcoming(&self, now: Instant, count: usize) -> Vec<Slot> {
        std::iter::successors(self.next_after(now), |slot| self.next_after(slot.at)).take(count).collect()
    }

    /// What the clock shows at `mark`.
    fn wall(&self, mark: Instant) -> NaiveDateTime {
        mark.with_timezone(&self.calendar.zone()).naive_local()
    }

    /// When the day of `wall` begins by the clock of the schedule.
    fn begins(&self, wall: NaiveDateTime) -> Instant {
        instant_of(wall.date().into(), self.calendar.zone())
    }

    fn slot(&self, mark: Instant) -> Slot {
        let Some(zones) = &self.zones else { return Slot { mark, at: mark, wall: None } };
        let wall = self.wall(mark);
        Slot { mark, at: first_of(wall, zones).unwrap_or(mark), wall: Some(wall) }
    }
}

/// When the first of those clocks shows `wall`.
pub fn first_of(wall: NaiveDateTime, zones: &[Tz]) -> Option<Instant> {
    zones.iter().map(|zone| instant_of(wall, *zone)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(newsletter: &str) -> Config {
        let text = format!(
            "[site]\ntitle = \"N\"\nlanguages = [\"en\"]\nurl = \"https://news.example\"\ntimezone = \"Europe/Belgrade\"\naddress = \"Here 1\"\n[[lists]]\nname = \"public\"\n\
             [[newsletters]]\nname = \"daily\"\ntitle = \"Daily\"\nlists = [\"public\"]\n{newsletter}"
        );
        Config::load("config.toml".as_ref(), &text, []).unwrap_or_else(|error| panic!("{error}"))
    }

    fn at(text: &str) -> Instant {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn by_the_readers_own_clock_a_slot_is_due_where_the_first_of_them_lives() {
        let config = config("schedule = \"0 7 * * *\"\ntimezone = \"subscriber\"\n");
        let zones = [Tz::America__New_York, Tz::Asia__Kathmandu];
        let slots = Slots::of(&config, &config.newsletters[0], &zones).unwrap().unwrap();
        // 07:00 in Kathmandu, at +05:45.
        let due = at("2026-03-03T01:15:00Z");
        let slot = slots.next_after(at("2026-03-02T12:00:00Z")).unwrap();
        assert_eq!((slot.at, slot.wall), (due, Some("2026-03-03T07:00:00".parse().unwrap())));
        assert_eq!(slots.last_before(due), Some(slot));
        assert_eq!(slots.last_before(due - Duration::seconds(1)).map(|slot| slot.at), Some(due - Duration::days(1)));
        assert_eq!(slots.next_after(due).map(|slot| slot.at), Some(due + Duration::days(1)));
        // Somebody who lives further east brings the time forward, and the slot is the same.
        let slots = Slots::of(&config, &config.newsletters[0], &[Tz::Pacific__Kiritimati]).unwrap().unwrap();
        let earlier = slots.last_before(due).unwrap();
        assert_eq!((earlier.mark, earlier.at), (slot.mark, at("2026-03-02T17:00:00Z")));
    }

    #[test]
    fn days_off_have_no_slot() {
        let config = config("schedule = \"0 7 * * *\"\nnot_on = [\"2026-03-03..2026-03-05\", \"03-07\"]\n");
        let slots = Slots::of(&config, &config.newsletters[0], &[]).unwrap().unwrap();
        let days: Vec<String> =
            slots.upcoming(at("2026-03-02T05:00:00Z"), 4).iter().map(|slot| slot.at.format("%d").to_string()).collect();
        assert_eq!(days, ["02", "06", "08", "09"]);
        assert_eq!(slots.last_before(at("2026-03-05T12:00:00Z")).map(|slot| slot.at), Some(at("2026-03-02T06:00:00Z")));
    }

    #[test]
    fn where_every_day_is_off_it_never_goes() {
        let days: Vec<String> = (1..=12).flat_map(|m| (1..=31).map(move |d| format!("{m:02}-{d:02}"))).collect();
        let days: Vec<_> = days.iter().filter(|day| day.parse::<crate::calendar::DaysOff>().is_ok()).collect();
        let config = config(&format!("schedule = \"*/5 * * * *\"\nnot_on = {days:?}\n"));
        let slots = Slots::of(&config, &config.newsletters[0], &[]).unwrap().unwrap();
        let now = at("2026-03-02T05:00:00Z");
        assert_eq!((slots.next_after(now), slots.last_before(now)), (None, None));
    }

    /// Ten years of a machine that sleeps, wakes, and whose clock is set back now and then.
    #[test]
    fn a_decade_has_each_slot_exactly_once() {
        let zones = [
            Tz::Europe__Belgrade,
            Tz::America__New_York,
            Tz::Australia__Lord_Howe,
            Tz::Africa__Casablanca,
            Tz::Asia__Kathmandu,
        ];
        let newsletters = zones.iter().map(|zone| format!("timezone = \"{}\"", zone.name()));
        for (n, clock) in newsletters.chain(["timezone = \"subscriber\"".to_owned()]).enumerate() {
            let config = config(&format!("schedule = \"30 2 * * *\"\n{clock}\n"));
            let slots = Slots::of(&config, &config.newsletters[0], &zones).unwrap().unwrap();
            let (mut now, end) = (at("2020-01-01T12:00:00Z"), at("2030-01-01T12:00:00Z"));
            let (mut last, mut made) = (slots.last_before(now).unwrap().mark, Vec::new());
            // A generator of our own: the same walk each time.
            let mut seed = 7 + n as u64;
            while now < end {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let minutes = i64::try_from((seed >> 33) % 720).unwrap();
                now += Duration::minutes(if (seed >> 20).is_multiple_of(9) { -minutes / 2 } else { minutes + 1 });
                if let Some(slot) = slots.last_before(now).filter(|slot| slot.mark > last) {
                    last = slot.mark;
                    made.push(slot);
                }
            }
            let zone = if slots.zones.is_some() { FIRST_ON_EARTH } else { zones[n] };
            let days: Vec<_> = made.iter().map(|slot| slot.mark.with_timezone(&zone).date_naive()).collect();
            let wanted: Vec<_> = days[0].iter_days().take(days.len()).collect();
            assert_eq!(days, wanted, "{clock}");
            assert!(days.len() > 3650, "{clock}: {}", days.len());
        }
    }
}
