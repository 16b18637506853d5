//! `herald editions show ID`: what it prints, to whom, how far it is.

use super::{Approver, Pace, Shown, found, kept_until, words};
use crate::clock::Instant;
use crate::command::{self, Context, Exit, Table, output};
use crate::delivery::length;
use crate::edition::approve;
use crate::store::alarms::Alarm;
use crate::store::deliveries::seal::{self, Ledger};
use crate::store::editions::approvals::Approval;
use crate::store::editions::going::{self, Wait};
use crate::store::editions::ramp::RAMP;
use crate::store::editions::{self, Edition, State, findings, states};
use crate::store::{Store, Tx, acts, alarms, keys, returns};

pub(super) async fn run(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, counts) = found(store, id).await?;
    let mut tx = store.read().await?;
    let printed = editions::printed(&mut tx, id).await?;
    let refusals = states::refusals(&mut tx, id).await?;
    let waits = going::waits(&mut tx, id).await?;
    let pace = pace(&mut tx, &edition, cx.clock.now()).await?;
    let reports = returns::of_edition(&mut tx, id).await?;
    let relay = relay_down(&mut tx, &edition).await?;
    let found = findings::of(&mut tx, id).await?;
    let log = acts::of(&mut tx, id).await?;
    let ring = keys::ring(&mut tx).await?;
    let standing = approve::standing(&mut tx, &ring, &edition).await?;
    let ledger = seal::ledger(&mut tx, id).await?;
    // What has gone out is what it was.
    let edited = if edition.state.is_over() { Vec::new() } else { states::edited(&mut tx, id).await? };
    if cx.frame.json {
        let mut shown = Shown::new(&edition, counts);
        (shown.stories, shown.refusals, shown.findings) = (Some(printed), Some(refusals), Some(found));
        let approver =
            |given: &Approval| Approver { name: given.name.clone(), at: given.at, alone: given.alone.clone() };
        (shown.waits, shown.pace) = (Some(waits), pace);
        shown.edited = Some(edited);
        shown.reports = Some(reports.into_iter().collect());
        shown.relay_down = relay.map(|alarm| alarm.words);
        (shown.approvals, shown.log) = (Some(standing.given.iter().map(approver).collect()), Some(log));
        (shown.sealed_at, shown.kept_until) = match ledger {
            Ledger::Rows => (None, None),
            Ledger::Sealed(at) => (Some(at), None),
            Ledger::Gone(at) => (None, Some(at)),
        };
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    output::line(format!("{} no. {} is {}: {}", edition.newsletter, edition.number, state(&edition), edition.subject))?;
    let mut facts: Vec<(&str, String)> = vec![("Composed", cx.when(edition.composed_at))];
    match edition.made_by.as_str() {
        "staff" => facts.push(("Made by", "staff".to_owned())),
        "now" => facts.push(("Made by", "the schedule, asked for now".to_owned())),
        "schedule" => {}
        person => facts.push(("Made by", who(person))),
    }
    if edition.needs > 0 {
        let names: Vec<&str> = standing.given.iter().map(|given| given.name.as_str()).collect();
        let by = if names.is_empty() { "nobody yet".to_owned() } else { names.join(", ") };
        facts.push(("Approved by", format!("{by} (needs {})", edition.needs)));
        facts.extend(
            standing
                .void
                .iter()
                .map(|name| ("Does not count", format!("the approval of {name}: its signature does not fit"))),
        );
    }
    if let Some(slot) = edition.slot_at {
        facts.push(("For", cx.when(slot)));
    }
    facts.push(("Goes out", cx.when(edition.start_at)));
    if let Some(finished) = edition.finished_at {
        facts.push(("Ended", cx.when(finished)));
    }
    if let Some(until) = edition.settings.advance {
        facts.push((
            "In advance",
            format!("to accredited press, UNDER EMBARGO until {}; no copy on the web", cx.when(until)),
        ));
    }
    if let Some(tells) = &edition.settings.tells {
        facts.push(("Tells of", format!("the correction or withdrawal in revision {}", tells.revision)));
    }
    facts.push(("Lists", edition.settings.lists.join(", ")));
    facts.push(("Recipients", recipients(&edition)));
    facts.extend(words(&counts));
    let indent = |wait: &Wait| ("", format!("{} {}, from {}", wait.copies, deferred(wait), cx.when(wait.from)));
    facts.extend(waits.iter().map(indent));
    facts.extend(pace.map(|pace| ("Pace", told(&pace))));
    if let Some(alarm) = relay {
        facts.push(("No relay takes mail", format!("since {}: {}", cx.when(alarm.seen_at), alarm.words)));
    }
    if !reports.is_empty() {
        let by: Vec<String> = reports.iter().map(|(done, count)| format!("{count} {done}")).collect();
        facts.push(("Reports that came back", by.join(", ")));
    }
    facts.push(("Hash", edition.hash.clone()));
    for (name, value) in facts {
        output::line(format!("  {name:<26}{value}"))?;
    }
    let ids: Vec<i64> = printed.iter().map(|printed| printed.revision).collect();
    let revisions = crate::store::articles::revisions(&mut tx, &ids).await?;
    let mut table = Table::new([">", "LANGUAGE", "STORY", "ARTICLE"]);
    for printed in &printed {
        let title = revisions.iter().find(|r| r.id == printed.revision).map(|r| r.content.title.clone());
        let place = usize::try_from(printed.position).ok().and_then(|p| edition.settings.places.get(p));
        let note = if place.is_some_and(|place| place.corrects.is_some()) { "Correction: " } else { "" };
        table.row([
            (printed.position + 1).to_string(),
            printed.language.to_string(),
            format!("{note}{}", title.unwrap_or_default()),
            printed.article.clone(),
        ]);
    }
    output::line("")?;
    table.print()?;
    for change in states::changed(&mut tx, id).await? {
        output::line(format!("Since it was composed: {} ({}) {}.", change.slug, change.language, change.what))?;
    }
    for edit in &edited {
        output::line(format!(
            "Changed since drafted: {}, {}. It goes out as drafted.",
            edit.words(),
            cx.when(edit.at)
        ))?;
    }
    if !found.is_empty() {
        output::line("\nFound when it was made:")?;
    }
    for line in command::findings::told(cx, &found) {
        output::line(format!("  {line}"))?;
    }
    if !refusals.is_empty() {
        let mut table = Table::new([">CODE", "", "COPIES", "WHAT NEXT"]);
        for refusal in &refusals {
            table.row([
                refusal.code.map_or("none".to_owned(), |code| code.to_string()),
                refusal.enhanced.clone().unwrap_or_default(),
                refusal.count.to_string(),
                if refusal.failed { "returned for good" } else { "will be tried again" }.to_owned(),
            ]);
        }
        output::line("")?;
        table.print()?;
        output::line(format!("`herald editions show {id} --recipients --state failed` names them."))?;
    }
    if log.len() > 1 {
        output::line("")?;
        for act in &log {
            let why = act.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
            output::line(format!("{}  {} {}{why}", cx.when(act.at), who(&act.who), act.what))?;
        }
    }
    if let Ledger::Gone(at) = ledger {
        output::line(kept_until(cx, at))?;
    } else if counts.unknown > 0 && edition.state != State::Cancelled {
        output::line(format!("`herald editions retry {id}` takes again what is without an answer and held."))?;
    }
    Ok(Exit::Done)
}

/// What keeps every relay from taking mail, while the edition goes out; as the daemon, or the last `once`, found it.
async fn relay_down(tx: &mut Tx, edition: &Edition) -> anyhow::Result<Option<Alarm>> {
    if !matches!(edition.state, State::Queued | State::Sending) {
        return Ok(None);
    }
    let known = alarms::all(tx).await?;
    Ok(known.into_iter().find(|alarm| alarm.cause == "relay" && alarm.over_at.is_none()))
}

/// How fast it goes; `None` where it does not.
async fn pace(tx: &mut Tx, edition: &Edition, now: Instant) -> anyhow::Result<Option<Pace>> {
    if edition.state != State::Sending {
        return Ok(None);
    }
    let last_minute = going::lately(tx, edition.id, now - chrono::Duration::seconds(60)).await?;
    let due = going::due(tx, edition.id, now).await?;
    // Its first minute is not over yet.
    let seconds = (now - edition.start_at.max(edition.composed_at)).num_seconds().clamp(1, 60);
    let seconds_left = (last_minute > 0).then(|| due * seconds / last_minute);
    Ok(Some(Pace { last_minute, due, seconds_left }))
}

fn told(pace: &Pace) -> String {
    let last = format!("{} in the last minute", pace.last_minute);
    match (pace.due, pace.seconds_left) {
        (0, _) => format!("{last}; what waits, waits for its time"),
        (due, Some(seconds)) => format!("{last}; {due} could go now, about {} left", length(seconds as f64)),
        (due, None) => format!("{last}; {due} could go now"),
    }
}

/// Why some copies are deferred.
fn deferred(wait: &Wait) -> String {
    match wait.why.as_str() {
        RAMP => "deferred (ramp)".to_owned(),
        why => format!("deferred ({why})"),
    }
}

fn state(edition: &Edition) -> String {
    match &edition.reason {
        Some(reason) => format!("{} ({reason})", edition.state),
        None => edition.state.to_string(),
    }
}

fn recipients(edition: &Edition) -> String {
    match (edition.filled, edition.state) {
        (true, _) => edition.recipients.to_string(),
        (false, State::Held) => "counted when it is let go".to_owned(),
        (false, _) => format!("{} so far", edition.recipients),
    }
}

/// Who did something, for people.
fn who(name: &str) -> String {
    match name.strip_prefix("user:") {
        Some(user) => format!("{user} (user of this machine)"),
        None => name.to_owned(),
    }
}
