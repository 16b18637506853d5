//! Dates and numbers as people of a language say them. Names and patterns are messages of the catalogue, so that a
//! language is one file.

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;

use super::Catalog;
use super::catalog::{self, Argument};
use crate::article::Language;

/// The styles that [`date`] knows.
pub(super) const STYLES: [&str; 5] = ["full", "long", "inside", "month", "short"];

/// `at` in one of [`STYLES`]; any other is `long`. `inside` is the form inside a sentence: in Serbian the month stands
/// in the genitive.
pub(super) fn date(catalog: &Catalog, language: &Language, at: DateTime<Tz>, style: &str, time: bool) -> String {
    let say = |key: &str, arguments: &[(&str, Argument)]| catalog.say(language, key, arguments);
    let style = if STYLES.contains(&style) { style } else { "long" };
    let case = if style == "inside" { "-inside" } else { "" };
    let arguments = [
        ("weekday", say(&format!("weekday-{}", at.weekday().number_from_monday()), &[]).into()),
        ("day", at.day().to_string().into()),
        ("month", say(&format!("month-{}{case}", at.month()), &[]).into()),
        ("year", at.year().to_string().into()),
    ];
    let date = say(&format!("date-{style}"), &arguments);
    if !time {
        return date;
    }
    let clock = format!("{:02}:{:02}", at.hour(), at.minute());
    say("date-with-time", &[("date", date.into()), ("time", clock.into())])
}

/// A number with the grouping of the language.
pub(super) fn number(catalog: &Catalog, language: &Language, number: f64) -> String {
    let sign =
        |key: &str, default: char| catalog.find(language, key, &[]).and_then(|s| s.chars().next()).unwrap_or(default);
    catalog::group(number, sign("number-group", ','), sign("number-decimal", '.'))
}
