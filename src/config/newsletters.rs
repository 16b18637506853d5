//! `[[newsletters]]`: what is sent, to which lists, when, from which template.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Span, Text};
use crate::article::Language;

/// One newsletter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Newsletter {
    /// Its name.
    pub name: String,
    /// The title people see.
    pub title: Text,
    /// The lists it goes to.
    pub lists: Vec<String>,
    /// When it goes: five cron fields in POSIX meaning, or `immediate` for alerts, or `manual` for one that only staff send.
    pub schedule: Schedule,
    /// The zone of the schedule; the site's where left out.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub timezone: Option<Tz>,
    /// The template: `templates/mail/NAME.html`, `.txt`, `.subject`.
    #[serde(default = "template")]
    pub template: String,
    /// Only these topics.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Only these languages.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub languages: Vec<Language>,
    /// Only these sources.
    #[serde(default)]
    pub sources: Vec<String>,
    /// No edition goes out with fewer new stories than this.
    #[serde(default = "one")]
    pub min_items: usize,
    /// An edition holds at most so many stories, the newest; at most 60.
    #[serde(default = "twenty")]
    pub max_items: usize,
    /// The first edition takes the newest so many, whatever their age.
    #[serde(default = "five")]
    pub first_edition: usize,
    /// Nothing published longer ago is news; 14 days, for alerts 24 hours.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub max_age: Option<Span>,
    /// Send a story again to those who already had it from another newsletter.
    #[serde(default)]
    pub repeat: bool,
    /// What readers get whose language a story does not exist in: `original`, `skip`, or `wait:4h`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub missing: Missing,
    /// A slot missed by more than this is held for staff.
    #[serde(default = "two_hours")]
    #[schemars(with = "String")]
    pub late: Span,
}

impl Newsletter {
    /// How old news may be.
    pub fn max_age(&self) -> Span {
        self.max_age.unwrap_or(if self.schedule == Schedule::Immediate { Span::hours(24) } else { Span::days(14) })
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

/// When a newsletter goes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
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
