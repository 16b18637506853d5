//! The dates of an article: when it was published, changed, and until when it must wait.

use chrono::NaiveTime;

use super::fields::{Entry, Reader, wanted};
use super::keys::{DATE, EMBARGO, EVENT, PUBLISH_DATE, TIME, UPDATED};
use super::{Complaints, Matter};
use crate::article::date;
use crate::clock::Instant;

/// Reads the dates.
pub(super) fn read(reader: &Reader<'_>, matter: &mut Matter, complaints: &mut Complaints) {
    published(reader, matter, complaints);
    if let Some(entry) = reader.scalar(&UPDATED, complaints) {
        match on(reader, entry, complaints) {
            Ok(at) => matter.updated = Some(at),
            Err(reason) => complaints.warn(entry.line, format!("{reason}; it is left out of account")),
        }
    }
    if let Some(entry) = reader.entry(EMBARGO.names) {
        let name = entry.name;
        match (entry.node.as_bool(), entry.node.as_text().map(|_| on(reader, entry, complaints))) {
            (Some(false), _) => {}
            (_, Some(Ok(at))) => matter.embargo = matter.embargo.max(Some(at)),
            (_, Some(Err(reason))) => complaints.refuse(entry.line, format!("`{name}`: {reason}")),
            (_, None) => complaints.refuse(entry.line, format!("`{name}` is no date; write until when it holds")),
        }
    }
}

/// Of several dates the first is the one that people see, and the latest holds the article: a story whose
/// `publishDate` is next week must not go out for a `date` of today.
fn published(reader: &Reader<'_>, matter: &mut Matter, complaints: &mut Complaints) {
    for key in DATE.names.iter().chain(PUBLISH_DATE.names) {
        let Some(entry) = reader.entry(&[key]) else { continue };
        if matches!(*key, "published" | "publish") && entry.node.as_bool().is_some() {
            continue;
        }
        let name = entry.name;
        let Some(text) = entry.node.as_text() else {
            complaints
                .refuse(entry.line, format!("`{name}` is no date; write it like 2026-05-18 or 2026-05-18T16:40+02:00"));
            continue;
        };
        // Words of Eleventy that mean: ask the file system. A copy of a file would move the date.
        if ["last modified", "created", "git last modified", "git created"].contains(&text.to_lowercase().as_str()) {
            complaints.warn(entry.line, format!("`{name}: {text}` is not followed; write the date"));
            continue;
        }
        match on(reader, entry, complaints) {
            Ok(at) if matter.published.is_none() => matter.published = Some(at),
            Ok(at) if at > reader.settings.now => matter.embargo = matter.embargo.max(Some(at)),
            Ok(_) => {}
            Err(reason) => complaints.refuse(entry.line, format!("`{name}`: {reason}")),
        }
    }
    // The day of what an article is about, for want of its own: only a day that has passed, for an announcement
    // must not wait for what it announces; and the key holds other things than days as well.
    if matter.published.is_none() {
        let day = reader.entry(EVENT.names).and_then(|entry| on(reader, entry, complaints).ok());
        matter.published = day.filter(|at| *at <= reader.settings.now);
    }
}

/// The instant that is written under a key.
pub(super) fn on(reader: &Reader<'_>, entry: Entry<'_>, complaints: &mut Complaints) -> Result<Instant, String> {
    let text = entry.node.as_text().unwrap_or_default();
    let zone = reader.settings.zone;
    let at = date::parse(text, zone).map_err(|error| error.to_string())?;
    // Zola and Pelican have the time in a key of its own now and then.
    let Some(time) = reader.entry(TIME.names).filter(|_| text.len() <= 10) else { return Ok(at) };
    let written = time.node.as_text().unwrap_or_default();
    let read = ["%H:%M", "%H:%M:%S"].iter().find_map(|form| NaiveTime::parse_from_str(written, form).ok());
    if read.is_none() {
        wanted(time, &TIME, "it is left out of account", complaints);
    }
    let timed = read.and_then(|read| date::at_zone(at.with_timezone(&zone).date_naive().and_time(read), zone));
    Ok(timed.unwrap_or(at))
}
