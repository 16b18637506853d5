//! `[[newsletters]]`: what is sent, to which lists, when, from which template.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::{Config, Fault, Span, Text, kind};
use crate::article::Language;
use crate::calendar::{DaysOff, Hours};

/// The zone of a newsletter that goes by each reader's own.
pub(super) const SUBSCRIBER: &str = "subscriber";

/// One newsletter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Newsletter {
    /// Its name.
    #[schemars(with = "kind::Name", example = &"daily")]
    pub name: String,
    /// The title people see.
    #[schemars(example = &"Daily digest")]
    pub title: Text,
    /// The lists it goes to.
    #[schemars(with = "Vec<kind::OfList>", length(min = 1))]
    pub lists: Vec<String>,
    /// When it goes: five cron fields in POSIX meaning (minute, hour, day of the month, month, day of the week), or
    /// `immediate` for alerts, or `manual` for one that only staff send.
    #[schemars(with = "kind::Schedule")]
    pub schedule: Schedule,
    /// The zone of the schedule; the site's where left out. `subscriber`: each reader's own, as their list has it (the site's
    /// for those without one). One edition, made when the first of them is due, and sent zone by zone.
    #[serde(default)]
    #[schemars(with = "Option<kind::OwnZone>")]
    pub timezone: Option<Timezone>,
    /// Copies go only in these hours, by the clock of `timezone`: what is due outside of them, or is tried again, waits until they
    /// begin. One that runs over midnight is written `21:00-06:00`. Left out: at any hour.
    #[serde(default)]
    #[schemars(with = "Option<kind::Hours>", example = &"06:00-21:00")]
    pub window: Option<Hours>,
    /// Days off: no edition is made by the schedule, and what is new then waits for the next one. Each is a day (`2026-01-07`), a span
    /// (`2026-12-24..2027-01-02`), a day of each year (`01-07`), or a calendar (`holidays.ics`) of which each all-day event is one.
    #[serde(default)]
    #[schemars(with = "Vec<kind::DayOff>", example = &["01-07", "holidays.ics"])]
    pub not_on: Vec<String>,
    /// The days that `not_on` names.
    #[serde(skip)]
    pub days_off: DaysOff,
    /// Why its days off are not all known: a calendar cannot be read. No edition is made by the schedule until it can.
    #[serde(skip)]
    pub unknown_days: Option<String>,
    /// The template: `templates/mail/NAME.html`, `.txt`, `.subject`.
    #[serde(default = "template")]
    #[schemars(with = "kind::Name")]
    pub template: String,
    /// Only these topics.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfTopic>")]
    pub topics: Vec<String>,
    /// Only these languages.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfLanguage>")]
    pub languages: Vec<Language>,
    /// Only these sources.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfSource>")]
    pub sources: Vec<String>,
    /// No edition goes out with fewer new stories than this.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 60))]
    pub min_items: usize,
    /// An edition holds at most so many stories, the newest; at most 60. What does not fit is left to the feeds.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 60))]
    pub max_items: usize,
    /// The first edition takes the newest so many, whatever their age.
    #[serde(default = "five")]
    #[schemars(range(max = 60))]
    pub first_edition: usize,
    /// Nothing published longer ago is news; 14 days, for alerts 24 hours.
    #[serde(default)]
    #[schemars(with = "Option<kind::Length>", example = &"14d")]
    pub max_age: Option<Span>,
    /// Send a story again to those who already had it from another newsletter.
    #[serde(default)]
    pub repeat: bool,
    /// What readers get whose language a story does not exist in: `original`, `skip`, or `wait:4h`. Who reads one script of
    /// a language (`sr-Cyrl`) reads the other (`sr-Latn`): that counts as theirs.
    #[serde(default)]
    #[schemars(with = "kind::Missing_")]
    pub missing: Missing,
    /// A slot missed by more than this is held for staff.
    #[serde(default = "two_hours")]
    #[schemars(with = "kind::Length")]
    pub late: Span,
    /// An edition that staff send by hand waits so long in which it can be stopped: by Ctrl-C in the command, or by `herald
    /// editions cancel`. `0s`: not at all. Left out: a minute, and not at all where every relay is a folder. One with a time of
    /// its own (`--at`) waits for that.
    #[serde(default)]
    #[schemars(with = "Option<kind::Length>", example = &"60s")]
    pub hold: Option<Span>,
    /// What becomes of a copy whose connection was lost after its last byte and before the answer, so that nobody can say whether
    /// it was taken: `resend` sends it again, twice at most and with the same `Message-ID`; `hold` leaves it to staff
    /// (`herald editions retry`). What a process that was killed had on the wire is sent again either way.
    #[serde(default)]
    pub on_unknown: OnUnknown,
    /// An edition of the schedule is drafted so long before its slot, so that there is something to approve. What goes public after that
    /// is the next edition's. Left out: it is made at its slot.
    #[serde(default)]
    #[schemars(with = "Option<kind::Length>", example = &"15h")]
    pub ready: Option<Span>,
    /// Who must have approved an edition before it goes (`herald editions approve`). A correction, a retraction or an embargo of one
    /// of its articles takes approvals back. Approved within `late` of its slot it goes at once; after that staff choose the time.
    #[serde(default)]
    pub approval: Approval,
    /// Lists of accredited press: they, and nobody else, may be sent an article before its embargo ends, by hand
    /// (`herald send NAME --article ID`). At least one other person must approve it, whatever `approval` says. Its subject and first
    /// line say until when it is under embargo, it shows no pictures of ours (they are not given out before), and it has no copy
    /// on the web. Who had a story so does not get it again at its hour.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfList>", example = &["press"])]
    pub advance: Vec<String>,
}

impl Newsletter {
    /// How old news may be.
    pub fn max_age(&self) -> Span {
        self.max_age.unwrap_or(if self.schedule == Schedule::Immediate { Span::hours(24) } else { Span::days(14) })
    }

    /// The zone of its clock; `site`: the newsroom's, by which it goes where it goes by each reader's own, for who has none.
    pub fn zone(&self, site: Tz) -> Tz {
        match self.timezone {
            Some(Timezone::Of(zone)) => zone,
            Some(Timezone::Subscriber) | None => site,
        }
    }

    /// Whether it goes by each reader's own clock.
    pub fn is_by_subscriber(&self) -> bool {
        self.timezone == Some(Timezone::Subscriber)
    }

    /// Which articles it takes.
    pub fn selection(&self) -> crate::article::Selection {
        crate::article::Selection {
            languages: self.languages.clone(),
            topics: self.topics.clone(),
            sources: self.sources.clone(),
        }
    }
}

fn template() -> String {
    "digest".to_owned()
}
fn one() -> usize {
    1
}
fn twenty() -> usize {
    20
}
fn five() -> usize {
    5
}
fn two_hours() -> Span {
    Span::hours(2)
}

/// Whether a day off is a file of them.
pub(super) fn is_calendar(text: &str) -> bool {
    text.trim().to_ascii_lowercase().ends_with(".ics")
}

impl Config {
    /// Finds out which days off the newsletters have; calendars are taken from the folder of the configuration. One that cannot be
    /// read stops its own newsletter; what is wrong in the configuration itself is given back.
    pub(super) fn find_days_off(&mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut found = Vec::new();
        for newsletter in &self.newsletters {
            let (mut days, mut unknown) = (DaysOff::default(), None);
            for entry in &newsletter.not_on {
                let read = match is_calendar(entry) {
                    true => std::fs::read_to_string(self.folder.join(entry.trim()))
                        .map_err(|error| error.to_string())
                        .and_then(|text| DaysOff::of_calendar(&text))
                        .map_err(|reason| format!("{entry}: {reason}")),
                    false => entry.parse(),
                };
                match read {
                    Ok(more) => days.add(more),
                    Err(reason) if is_calendar(entry) => unknown = Some(reason),
                    Err(reason) => {
                        faults.push(self.fault(&format!("newsletters.{}.not_on", newsletter.name), reason));
                    }
                }
            }
            found.push((days, unknown));
        }
        for (newsletter, (days, unknown)) in self.newsletters.iter_mut().zip(found) {
            (newsletter.days_off, newsletter.unknown_days) = (days, unknown);
        }
        faults
    }

    /// Newsletters whose days off are not all known, each with its key and line.
    pub fn without_days(&self) -> Vec<Fault> {
        let said = |newsletter: &Newsletter| {
            let reason = format!(
                "{}; its scheduled editions are not made until it can be read",
                newsletter.unknown_days.as_ref()?
            );
            Some(self.fault(&format!("newsletters.{}.not_on", newsletter.name), reason))
        };
        self.newsletters.iter().filter_map(said).collect()
    }
}

/// By whose clock a newsletter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Timezone {
    /// That of a zone.
    Of(Tz),
    /// Each reader's own.
    Subscriber,
}

impl TryFrom<String> for Timezone {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.trim() {
            SUBSCRIBER => Ok(Timezone::Subscriber),
            zone => zone.parse().map(Timezone::Of).map_err(|_| format!("“{zone}” is no time zone")),
        }
    }
}

/// What becomes of a copy of which nobody can say whether the relay took it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnUnknown {
    /// It is sent again: rather twice than not at all.
    #[default]
    Resend,
    /// It waits for staff: rather not at all than twice.
    Hold,
}

/// Who must have looked at an edition before it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// Nobody.
    #[default]
    None,
    /// One of staff who did not make it, an approver or an admin.
    Other,
    /// Two such.
    Two,
}

impl Approval {
    /// How many people that is.
    pub fn people(self) -> i64 {
        match self {
            Approval::None => 0,
            Approval::Other => 1,
            Approval::Two => 2,
        }
    }
}

/// When a newsletter goes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Schedule {
    /// As soon as something goes public.
    Immediate,
    /// Only when staff send it.
    Manual,
    /// Five cron fields, as written; `calendar.rs` reads them.
    Cron(String),
}

impl TryFrom<String> for Schedule {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.trim() {
            "immediate" => Ok(Schedule::Immediate),
            "manual" => Ok(Schedule::Manual),
            line => Ok(Schedule::Cron(line.to_owned())),
        }
    }
}

/// What a reader gets whose language a story does not exist in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Missing {
    /// The story in the language it was written in.
    #[default]
    Original,
    /// Nothing.
    Skip,
    /// The original, once this long has passed without a version in the reader's language.
    Wait(Span),
}

impl Serialize for Missing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Missing::Original => serializer.serialize_str("original"),
            Missing::Skip => serializer.serialize_str("skip"),
            Missing::Wait(span) => serializer.collect_str(&format_args!("wait:{span}")),
        }
    }
}

impl TryFrom<String> for Missing {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "original" => Ok(Missing::Original),
            "skip" => Ok(Missing::Skip),
            other => match other.strip_prefix("wait:") {
                Some(span) => Ok(Missing::Wait(span.parse()?)),
                None => Err(format!("“{other}” is none of original, skip, wait:4h")),
            },
        }
    }
}
