//! What `herald send` says before it asks: what goes to how many, and when.

use chrono::NaiveDateTime;
use serde::Serialize;

use crate::article::Language;
use crate::clock::Instant;
use crate::command::proofs::Draft;
use crate::command::{Context, findings, output, ramp};
use crate::config::Span;
use crate::edition::check;
use crate::edition::fill::Survey;
use crate::store::editions::findings::Finding;
use crate::store::editions::ramp::Day;

/// What would go out, for `--json` with `--dry-run`.
#[derive(Serialize)]
pub(super) struct Plan<'a> {
    newsletter: &'a str,
    number: i64,
    subject: String,
    stories: &'a [String],
    left_out: usize,
    lists: &'a [String],
    start_at: Instant,
    people: i64,
    recipients: i64,
    had_some: i64,
    had_all: i64,
    not_theirs: i64,
    languages: std::collections::BTreeMap<String, i64>,
    /// Until when what it prints is under embargo, where it goes to accredited press before.
    advance_until: Option<Instant>,
    /// How many the largest edition of the last thirty days went to, where this one is unusually large beside it.
    unusual: Option<i64>,
    /// What goes on which day, by a ramp.
    ramp: Vec<Day>,
    /// What was found in it, the gravest first.
    findings: &'a [Finding],
    /// Why it would not be sent as it is.
    refused: Option<String>,
}

/// `1 person`, `5 people`.
pub(super) fn people(count: i64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// How many get a copy, as far as they were counted.
fn so_many(survey: &Survey) -> String {
    let more = if survey.more { "more than " } else { "" };
    format!("{more}{}", people(survey.copies))
}

/// What goes to how many, on standard error: it is said before anything is asked.
pub(super) fn say(
    cx: &Context,
    draft: &Draft,
    lists: &[String],
    (start_at, now): (Instant, Instant),
    hold: Span,
    needs: i64,
) {
    let (proof, survey) = (&draft.proof, &draft.survey);
    let when = &proof.layout.settings.when;
    let hours = when.window.filter(|_| when.opens(now).is_some() && when.wall.is_none());
    let zone = when.zone();
    let day = start_at.with_timezone(&zone).date_naive();
    let is_off = cx.config.newsletter(&proof.layout.row.name).is_some_and(|newsletter| newsletter.days_off.hold(day));
    let when = match start_at > now || when.wall.is_some() {
        true => begins(cx, when.wall, start_at),
        false if needs > 0 => "once it is approved".to_owned(),
        false if hold.duration().is_zero() => "now".to_owned(),
        false => format!("{hold} after you say yes"),
    };
    let title = proof.layout.settings.title.get(&cx.config.language()).or(proof.layout.settings.title.values().next());
    output::note(format!(
        "“{}” no. {}, {when}, to {} on {}:",
        title.map_or("", String::as_str),
        proof.number,
        so_many(survey),
        lists.join(", ")
    ));
    if let Some(until) = proof.layout.settings.advance {
        output::note(format!(
            "  UNDER EMBARGO until {}: it goes to accredited press (advance), once somebody else has approved it, and has no copy \
             on the web. They do not get it again when it is public.",
            cx.when(until)
        ));
    }
    if let Some(hours) = hours {
        output::note(format!(
            "  It goes from {hours} ({}) only; --any-hour sends it at once.",
            if proof.layout.settings.when.by_subscriber { "by each reader's own clock" } else { zone.name() }
        ));
    }
    let per_reader = proof.layout.settings.when.by_subscriber && hours.is_none();
    if let Some(window) = proof.layout.settings.when.window.filter(|_| per_reader) {
        output::note(format!("  For whom it is not {window} by their own clock, it waits until it is."));
    }
    if let Some(most) = proof.layout.settings.when.per_day {
        output::note(format!("  Who had {most} today (mail.per_day) gets it tomorrow."));
    }
    if is_off {
        output::note(format!("  {day} is a day off (not_on); by hand it goes all the same."));
    }
    output::note(format!("  Subject: {}", proof.subject()));
    for (n, title) in proof.titles.iter().enumerate() {
        output::note(format!("  {:>2}. {title}", n + 1));
    }
    if proof.layout.selected.left_out > 0 {
        output::note(format!("  {} more are new and do not fit (max_items).", proof.layout.selected.left_out));
    }
    let languages: Vec<String> = survey.languages.iter().map(|(l, n)| format!("{l} {n}")).collect();
    if languages.len() > 1 {
        output::note(format!("  By language: {}.", languages.join(", ")));
    }
    findings::say(&proof.findings);
    if survey.had_some > 0 {
        let again = if proof.layout.settings.again { "they get it again" } else { "their copies leave that out" };
        output::note(format!("  {} already had some of it; {again}.", people(survey.had_some)));
    }
    if survey.had_all > 0 {
        output::note(format!("  {} already had all of it, and get nothing.", people(survey.had_all)));
    }
    if survey.not_theirs > 0 {
        output::note(format!("  {} chose other topics, or have nothing in their language.", people(survey.not_theirs)));
    }
}

/// When it goes: at an instant, or by each reader's own clock.
pub(super) fn begins(cx: &Context, wall: Option<NaiveDateTime>, start_at: Instant) -> String {
    match wall {
        Some(wall) => {
            format!("{} by each reader's own clock, the first at {}", wall.format("%Y-%m-%d %H:%M"), cx.when(start_at))
        }
        None => format!("at {}", cx.when(start_at)),
    }
}

/// What would go out, as a document.
pub(super) fn plan<'a>(draft: &'a Draft, lists: &'a [String], start_at: Instant, unusual: Option<i64>) -> Plan<'a> {
    let (proof, survey) = (&draft.proof, &draft.survey);
    Plan {
        newsletter: &proof.layout.row.name,
        number: proof.number,
        subject: proof.subject(),
        stories: &proof.titles,
        left_out: proof.layout.selected.left_out,
        lists,
        start_at,
        people: survey.people,
        recipients: survey.copies,
        had_some: survey.had_some,
        had_all: survey.had_all,
        not_theirs: survey.not_theirs,
        languages: survey.languages.iter().map(|(l, n): (&Language, &i64)| (l.to_string(), *n)).collect(),
        advance_until: proof.layout.settings.advance,
        unusual,
        ramp: ramp::days(&proof.layout.settings, survey.copies, start_at),
        findings: &proof.findings,
        refused: check::reason(&proof.findings),
    }
}
