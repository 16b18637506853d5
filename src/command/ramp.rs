//! What `herald send` says of an edition that is much larger than those before, and of its ramp.

use super::{Context, Usage, output};
use crate::clock::Instant;
use crate::config::{Newsletter, Schedule};
use crate::edition::ramp;
use crate::store::editions::Settings;
use crate::store::editions::ramp::Day;

/// Refuses a ramp for what may not wait.
///
/// # Errors
/// Why there is none.
pub(super) fn demand_may_wait(newsletter: &Newsletter) -> anyhow::Result<()> {
    let why = match newsletter.schedule {
        Schedule::Immediate => "it is an alert, and an alert never waits",
        _ if newsletter.is_by_subscriber() => "it goes by each reader's own clock",
        _ => return Ok(()),
    };
    Err(Usage(format!("--ramp is not for “{}”: {why}", newsletter.name)).into())
}

/// Refuses one for an edition that is urgent.
///
/// # Errors
/// Why there is none.
pub(super) fn demand_no_hurry(settings: &Settings) -> anyhow::Result<()> {
    if settings.urgent {
        let why = "this edition prints a breaking story, and an alert never waits";
        return Err(Usage(format!("--ramp is not for it: {why}")).into());
    }
    Ok(())
}

/// The days of an edition that goes by a ramp.
pub(super) fn days(settings: &Settings, copies: i64, start_at: Instant) -> Vec<Day> {
    if settings.ramp { ramp::days(copies, start_at, settings.when.zone()) } else { Vec::new() }
}

/// Says that it is unusually large, `largest` being the largest before; or what goes on which day.
pub(super) fn say(cx: &Context, settings: &Settings, copies: i64, largest: Option<i64>, start_at: Instant) {
    let days = days(settings, copies, start_at);
    if !days.is_empty() {
        output::note(format!("  By a ramp, those who confirmed last first: {}.", ramp::words(&days, |at| cx.when(at))));
        return;
    }
    let Some(largest) = largest else { return };
    let before = match largest {
        0 => "no edition went out in the last 30 days".to_owned(),
        n => format!("the largest edition of the last 30 days went to {n}"),
    };
    output::note(format!("  That is unusually many: {before}. Receivers may take it for spam."));
    if settings.urgent || settings.when.by_subscriber {
        return;
    }
    let many = ramp::days(copies, start_at, settings.when.zone()).len();
    output::note(format!(
        "  --ramp sends {} on the first day and half as many again each day: it would take {many} days.",
        ramp::FIRST_DAY
    ));
}
