//! What newsletters say that works and may be meant otherwise: for `herald check`.

use super::{Config, Fault, Newsletter, Schedule};
use crate::calendar;
use crate::clock::Instant;

/// So many slots are looked at: a schedule of two weeks' days.
const SLOTS: usize = 14;

impl Config {
    /// What may be meant otherwise, each with its key and line.
    pub fn doubtful_newsletters(&self, now: Instant) -> Vec<Fault> {
        let said = |newsletter: &Newsletter| {
            let reason = self.beside_its_hours(newsletter, now)?;
            Some(self.fault(&format!("newsletters.{}.window", newsletter.name), reason))
        };
        self.newsletters.iter().filter_map(said).collect()
    }

    /// What is odd about the hours in which a newsletter goes.
    fn beside_its_hours(&self, newsletter: &Newsletter, now: Instant) -> Option<String> {
        let window = newsletter.window?;
        let zone = newsletter.zone(self.site.timezone);
        let line = match &newsletter.schedule {
            Schedule::Manual => return None,
            Schedule::Immediate => {
                return Some(format!(
                    "outside {window} alerts wait until these hours begin, breaking ones too; leave it out where they must not"
                ));
            }
            Schedule::Cron(line) => line,
        };
        let slots = calendar::Schedule::parse(line, zone).ok()?.upcoming(now, SLOTS);
        let outside = slots.into_iter().find(|slot| !window.hold(*slot, zone))?;
        let at = outside.with_timezone(&zone).format("%H:%M");
        Some(format!(
            "its schedule “{line}” makes an edition at {at}, outside {window}: it waits until these hours begin"
        ))
    }
}
