//! Dates as front matter has them: every written form that means one instant, and none that could mean two.

use chrono::{
    DateTime, Datelike, Duration, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc,
};
use chrono_tz::Tz;

use crate::clock::Instant;

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// It is written in no way we know.
    #[error("“{0}” is no date; write it like 2026-05-18 or 2026-05-18T16:40+02:00")]
    Unknown(String),
    /// The calendar has no such day, or the day no such hour.
    #[error("“{0}” is no date: there is no such day or time")]
    Impossible(String),
    /// Day and month cannot be told apart.
    #[error("“{0}” could mean two dates; write it like 2026-05-18")]
    TwoWays(String),
}

/// The instant that `text` means; times without a zone are `zone`'s, a date without a time is its midnight there.
///
/// # Errors
/// [`DateError`], which names the text.
pub fn parse(text: &str, zone: Tz) -> Result<Instant, DateError> {
    let text = text.trim().trim_matches(['"', '\'']).trim();
    if let Some(at) = stamp(text) {
        return Ok(at);
    }
    let (date, rest) = date_part(text)?;
    let impossible = || DateError::Impossible(text.to_owned());
    if !(1000..=9999).contains(&date.year()) {
        return Err(impossible());
    }
    let rest = rest.trim_start_matches(['T', 't', ',', ' ', '\u{a0}', '_']).trim();
    let rest = ["at ", "u ", "у ", "à ", "um "].iter().find_map(|w| rest.strip_prefix(w)).unwrap_or(rest);
    if rest.is_empty() {
        return at_zone(date.and_time(NaiveTime::MIN), zone).ok_or_else(impossible);
    }
    let (time, next_day, rest) =
        time_part(rest).ok_or_else(|| DateError::Unknown(text.to_owned()))?.ok_or_else(impossible)?;
    let local = date.and_time(time) + Duration::days(i64::from(next_day));
    match zone_part(rest).ok_or_else(|| DateError::Unknown(text.to_owned()))? {
        Written::Offset(offset) => offset.from_local_datetime(&local).single().map(|at| at.with_timezone(&Utc)),
        Written::Zone(zone) => at_zone(local, zone),
        Written::None => at_zone(local, zone),
    }
    .ok_or_else(impossible)
}

/// Seconds or milliseconds since 1970, as some systems export.
fn stamp(text: &str) -> Option<Instant> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match text.len() {
        10 => DateTime::from_timestamp(text.parse().ok()?, 0),
        13 => DateTime::from_timestamp_millis(text.parse().ok()?),
        _ => None,
    }
}

/// A wall-clock time in a zone: the first of two where the clock goes back, the first after where it jumps over it.
pub fn at_zone(local: NaiveDateTime, zone: Tz) -> Option<Instant> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => (1..=8)
            .filter_map(|quarters| zone.from_local_datetime(&(local + Duration::minutes(15 * quarters))).earliest())
            .map(|at| at.with_timezone(&Utc))
            .next(),
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len())
}

/// The date at the start of a text, and what follows it.
fn date_part(text: &str) -> Result<(NaiveDate, &str), DateError> {
    let unknown = || DateError::Unknown(text.to_owned());
    let impossible = || DateError::Impossible(text.to_owned());
    let (first, rest) = digits(text);
    match first.len() {
        8 if rest.is_empty() || rest.starts_with(['T', ' ']) => {
            let date = ymd(&first[..4], &first[4..6], &first[6..]).ok_or_else(impossible)?;
            Ok((date, rest))
        }
        4 if rest.starts_with(['-', '/', '.']) => {
            let separator = &rest[..1];
            let (month, rest) = digits(&rest[1..]);
            if month.is_empty() || month.len() > 2 {
                return Err(unknown());
            }
            let (day, rest) = match rest.strip_prefix(separator).map(digits) {
                Some((day, rest)) if !day.is_empty() => (day, rest),
                _ if rest.is_empty() => ("1", rest),
                _ => return Err(unknown()),
            };
            let rest = if separator == "." { rest.strip_prefix('.').unwrap_or(rest) } else { rest };
            ymd(first, month, day).map(|date| (date, rest)).ok_or_else(impossible)
        }
        1 | 2 => match day_first(first, rest) {
            Some(found) => found.map_err(|e| e(text)),
            None => worded(text).ok_or_else(unknown)?.ok_or_else(impossible),
        },
        _ => worded(text).ok_or_else(unknown)?.ok_or_else(impossible),
    }
}

type Complaint = fn(&str) -> DateError;

/// `18.5.2026`, `18. 5. 2026.`, `18/05/2026`, `05/18/2026`; `None` where it is no such form.
fn day_first<'t>(first: &str, rest: &'t str) -> Option<Result<(NaiveDate, &'t str), Complaint>> {
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | '/' | '-'))?;
    let (second, rest) = digits(rest[1..].trim_start());
    let (year, rest) = digits(rest.strip_prefix(separator)?.trim_start());
    if second.is_empty() || second.len() > 2 || year.len() != 4 {
        return None;
    }
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let (a, b): (u32, u32) = (first.parse().ok()?, second.parse().ok()?);
    // With dots it is day and month everywhere; with strokes it may be the American way.
    let (day, month) = match separator {
        '.' => (first, second),
        _ if a > 12 => (first, second),
        _ if b > 12 => (second, first),
        _ if a == b => (first, second),
        _ => return Some(Err(|text| DateError::TwoWays(text.to_owned()))),
    };
    Some(match ymd(year, month, day) {
        Some(date) => Ok((date, rest)),
        None => Err(|text| DateError::Impossible(text.to_owned())),
    })
}

fn ymd(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `Mon, 18 May 2026`, `May 18, 2026`, `18. maj 2026.`, `Monday 18th of May, 2026`. The inner `None`: no such day.
fn worded(text: &str) -> Option<Option<(NaiveDate, &str)>> {
    let (mut day, mut month, mut year) = (None, None, None);
    let mut rest = text;
    for _ in 0..7 {
        rest = rest.trim_start_matches([' ', ',', '.', '\u{a0}', '-']);
        let (number, after) = digits(rest);
        if !number.is_empty() {
            match number.len() {
                1 | 2 if day.is_none() => day = Some(number),
                4 if month.is_some() || day.is_some() => year = Some(number),
                _ => return None,
            }
            rest = ["st", "nd", "rd", "th", "."].iter().find_map(|s| after.strip_prefix(s)).unwrap_or(after);
        } else {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            let word = rest[..end].to_lowercase();
            match self::month(&word) {
                Some(number) if month.is_none() => month = Some(number),
                _ if word == "of" || is_weekday(&word) => {}
                _ => return None,
            }
            rest = &rest[end..];
        }
        if let (Some(day), Some(month), Some(year)) = (day, month, year) {
            let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month, day.parse().ok()?);
            return Some(date.map(|date| (date, rest)));
        }
    }
    None
}

/// Months by the beginnings of their names in English and Serbian, and in the neighbours' languages where these begin alike.
fn month(word: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "јан"],
        &["feb", "феб", "fév", "fev"],
        &["mar", "мар", "mär"],
        &["apr", "апр", "avr"],
        &["may", "maj", "мај", "mai"],
        &["jun", "јун", "juin"],
        &["jul", "јул", "juil"],
        &["aug", "avg", "авг", "aoû"],
        &["sep", "сеп"],
        &["oct", "okt", "окт"],
        &["nov", "нов"],
        &["dec", "дец", "dez", "déc"],
    ];
    let found = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    u32::try_from(found).ok().map(|n| n + 1)
}

fn is_weekday(word: &str) -> bool {
    [
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "pon", "uto", "sre", "čet", "pet", "sub", "ned", "пон", "уто",
        "сре", "чет", "пет", "суб", "нед",
    ]
    .iter()
    .any(|day| word.starts_with(day))
}

/// `16:40`, `16:40:05.123`, `4:40 pm`, `16h40`, with whether it is the midnight after, and what follows. The outer
/// `None`: no time at all; the inner one: no such time.
fn time_part(text: &str) -> Option<Option<(NaiveTime, bool, &str)>> {
    let (hour, rest) = digits(text);
    if (hour.len() == 4 || hour.len() == 6) && !rest.starts_with([':', '.']) {
        let part = |from: usize| hour.get(from..from + 2).and_then(|p| p.parse().ok());
        let time = NaiveTime::from_hms_opt(part(0)?, part(2)?, part(4).unwrap_or(0));
        return Some(time.map(|time| (time, false, rest)));
    }
    if hour.is_empty() || hour.len() > 2 {
        return None;
    }
    let (minute, rest) = match rest.strip_prefix([':', '.', 'h']) {
        Some(rest) => digits(rest),
        None => ("0", rest),
    };
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest),
        None => ("0", rest),
    };
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        Some(rest) if !digits(rest).0.is_empty() => digits(rest),
        _ => ("", rest),
    };
    let minute = if minute.is_empty() { "0" } else { minute };
    let (mut hour, minute, second): (u32, u32, u32) = (hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?);
    let mut tail = rest.trim_start();
    let lower = tail.to_ascii_lowercase();
    if lower.starts_with("am") || lower.starts_with("pm") {
        if hour == 0 || hour > 12 {
            hour = 99;
        } else {
            hour = hour % 12 + if lower.starts_with("pm") { 12 } else { 0 };
        }
        tail = &tail[2..];
    } else if let Some(rest) = ["hrs", "часова", "časova", "č.", "ч."].iter().find_map(|w| tail.strip_prefix(w))
    {
        tail = rest;
    }
    let next_day = hour == 24 && minute == 0 && second == 0;
    let micros: u32 = format!("{fraction:0<6}").get(..6).and_then(|f| f.parse().ok()).unwrap_or(0);
    let time = NaiveTime::from_hms_micro_opt(if next_day { 0 } else { hour }, minute, second.min(59), micros)
        .filter(|_| second <= 60);
    Some(time.map(|time| (time, next_day, tail)))
}

enum Written {
    Offset(FixedOffset),
    Zone(Tz),
    None,
}

/// `Z`, `+02:00`, `-0500`, `-4`, `GMT`, `CET`, `Europe/Belgrade`; `None` for anything else.
fn zone_part(text: &str) -> Option<Written> {
    let text = text.trim().trim_matches(['(', ')', '[', ']']);
    let text = text.strip_prefix("UTC").filter(|r| r.starts_with(['+', '-'])).unwrap_or(text);
    let text = text.strip_prefix("GMT").filter(|r| r.starts_with(['+', '-'])).unwrap_or(text);
    if text.is_empty() {
        return Some(Written::None);
    }
    if let Some(rest) = text.strip_prefix(['+', '-', '\u{2212}']) {
        let sign = if text.starts_with('+') { 1 } else { -1 };
        // An offset may be followed by the zone's name in brackets.
        let rest = rest.split([' ', '[']).next().unwrap_or(rest);
        let (hours, minutes) = match rest.split_once(':') {
            Some((h, m)) => (h, m),
            None if rest.len() > 2 => rest.split_at(rest.len() - 2),
            None => (rest, "0"),
        };
        let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
        return FixedOffset::east_opt(sign * seconds).map(Written::Offset);
    }
    let hours = |h: i32| FixedOffset::east_opt(h * 3600).map(Written::Offset);
    match text.to_ascii_uppercase().as_str() {
        "Z" | "UTC" | "GMT" | "UT" | "WET" => hours(0),
        "CET" | "BST" | "WEST" => hours(1),
        "CEST" | "EET" => hours(2),
        "EEST" | "MSK" => hours(3),
        "EST" | "CDT" => hours(-5),
        "EDT" => hours(-4),
        "CST" | "MDT" => hours(-6),
        "MST" | "PDT" => hours(-7),
        "PST" => hours(-8),
        _ => text.parse::<Tz>().ok().map(Written::Zone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let zone: Tz = "Europe/Belgrade".parse().unwrap();
        let got = parse(text, zone).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        assert_eq!(got.as_deref(), Ok(expect), "{text}");
    }

    #[test]
    fn every_written_form_is_read() {
        for (text, expect) in [
            ("2014-03-21T12:00:00-04:00", "2014-03-21T16:00:00Z"),
            ("2019-07-23T13:00:00.123Z", "2019-07-23T13:00:00.123Z"),
            ("2019-03-05 12:00:00 -0500", "2019-03-05T17:00:00Z"),
            ("2015-03-19 10:00:00 -4", "2015-03-19T14:00:00Z"),
            ("2012-11-30 2:35:26 -0400", "2012-11-30T06:35:26Z"),
            ("2026-05-18T16:40+02:00", "2026-05-18T14:40:00Z"),
            ("2025-08-31T09:00:00-00:00", "2025-08-31T09:00:00Z"),
            ("2026-05-18", "2026-05-17T22:00:00Z"),
            ("2026-01-18 16:40", "2026-01-18T15:40:00Z"),
            ("2026/1/8", "2026-01-07T23:00:00Z"),
            ("20260118T164000", "2026-01-18T15:40:00Z"),
            ("Tue, 05 Mar 2019 12:00:00 -0500", "2019-03-05T17:00:00Z"),
            ("Tue, 5 Mar 2019 12:00:00 GMT", "2019-03-05T12:00:00Z"),
            ("March 21, 2014", "2014-03-20T23:00:00Z"),
            ("Apr 4 2023", "2023-04-03T22:00:00Z"),
            ("4th of April, 2023 at 4:05 pm", "2023-04-04T14:05:00Z"),
            ("18. maj 2026.", "2026-05-17T22:00:00Z"),
            ("18. мај 2026. у 16:40", "2026-05-18T14:40:00Z"),
            ("18.05.2026. 16:40", "2026-05-18T14:40:00Z"),
            ("18. 5. 2026.", "2026-05-17T22:00:00Z"),
            ("25/12/2025", "2025-12-24T23:00:00Z"),
            ("12/25/2025", "2025-12-24T23:00:00Z"),
            ("2026-05-18 16:40 Europe/London", "2026-05-18T15:40:00Z"),
            ("2026-05-18T16:40:00+02:00[Europe/Belgrade]", "2026-05-18T14:40:00Z"),
            ("2026-05-18 24:00", "2026-05-18T22:00:00Z"),
            ("1395403200", "2014-03-21T12:00:00Z"),
            ("2014-03", "2014-02-28T23:00:00Z"),
            // The clock jumps from 2 to 3 on 29 March, and goes back from 3 to 2 on 25 October.
            ("2026-03-29 02:30", "2026-03-29T01:00:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            check(text, expect);
        }
    }

    #[test]
    fn what_is_no_date_is_told_why() {
        let zone = Tz::UTC;
        for text in
            ["2014-02-30", "2026-13-01", "2026-05-18 25:00", "31. april 2026.", "2026-05-18 13:00 pm", "29.2.2026"]
        {
            assert_eq!(parse(text, zone), Err(DateError::Impossible(text.to_owned())), "{text}");
        }
        for text in
            ["", "soon", "2014", "tomorrow 12", "2026-05-18 late", "2026-05-18T16:40 Mars/Olympus", "18", "１２３４"]
        {
            assert_eq!(parse(text, zone), Err(DateError::Unknown(text.to_owned())), "{text}");
        }
        assert_eq!(parse("03/04/2026", zone), Err(DateError::TwoWays("03/04/2026".into())));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", dateish in "[0-9TZ:./ +-]{0,30}[a-zčмр]{0,5}") {
            let _ = parse(&text, Tz::UTC);
            let _ = parse(&dateish, Tz::UTC);
        }
    }
}
