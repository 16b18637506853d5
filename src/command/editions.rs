//! `herald editions`

mod approve;
mod audit;
mod control;
mod list;
mod recipients;
mod retry;
mod show;

use std::collections::BTreeMap;

use clap::Subcommand;
use serde::Serialize;

use super::signed::machine_user;
use super::{Context, Exit, Usage, output};
use crate::clock::Instant;
use crate::service::{Lock, LockError};
use crate::store::acts::{self, Act};
use crate::store::editions::going::Wait;
use crate::store::editions::states::{self, Counts};
use crate::store::editions::{self, Edition, Printed, State, findings};
use crate::store::{Store, Tx};

pub(super) use control::call_off;

/// Looks at editions, holds or stops them.
#[derive(Debug, clap::Args)]
pub struct Editions {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald editions` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// The newest editions, with their state.
    List {
        /// Only of this newsletter.
        newsletter: Option<String>,
        /// At most so many; 0: all of them.
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// One edition: what it prints, to whom, how far it is.
    Show {
        /// Its number (ID in the list).
        id: i64,
        /// Its readers instead, and which of them.
        #[command(flatten)]
        which: recipients::Which,
    },
    /// Reconcile: recipients = sent + failed + suppressed + unknown + waiting; names every difference.
    Audit {
        /// Its number (ID in the list).
        id: i64,
    },
    /// Approve one that waits for it, as somebody who did not make it.
    Approve(approve::Approve),
    /// Hold it; returns when nothing more will leave.
    Pause {
        /// Its number (ID in the list).
        id: i64,
    },
    /// Go on with a paused or held one.
    Resume {
        /// Its number (ID in the list).
        id: i64,
        /// Not now but then, in the newsroom's time: "2026-03-04 07:00".
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Its pictures without alt text are decorative: let it go with them.
        #[arg(long)]
        decorative: bool,
    },
    /// Take again what was refused for a passing reason until it was given up, or has no answer and is held.
    Retry {
        /// Its number (ID in the list).
        id: i64,
    },
    /// Stop it for good; what has left has left.
    Cancel {
        /// Its number (ID in the list).
        id: i64,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

/// An edition as `--json` has it.
#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    newsletter: &'a str,
    number: i64,
    state: State,
    reason: Option<&'a str>,
    made_by: &'a str,
    needs: i64,
    approved_at: Option<Instant>,
    slot_at: Option<Instant>,
    composed_at: Instant,
    start_at: Instant,
    finished_at: Option<Instant>,
    first: bool,
    subject: &'a str,
    lists: &'a [String],
    /// Until when what it prints is under embargo, where it goes to accredited press before.
    advance_until: Option<Instant>,
    hash: &'a str,
    filled: bool,
    recipients: i64,
    waiting: i64,
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    stories: Option<Vec<Printed>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusals: Option<Vec<states::Refusal>>,
    /// What was edited of its articles since it was drafted, without being a correction.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<Vec<states::Edited>>,
    /// The correction or retraction (a revision) of which it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<i64>,
    /// What is deferred, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<Vec<Wait>>,
    /// How fast it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pace: Option<Pace>,
    /// What came back of it: how many reports, by what was done about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    reports: Option<BTreeMap<String, i64>>,
    /// Why no relay takes mail, while it goes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay_down: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_until: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<findings::Finding>>,
    /// Whose approval counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvals: Option<Vec<Approver>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Vec<Act>>,
}

/// How fast an edition goes.
#[derive(Serialize)]
struct Pace {
    /// Copies handed over in the last minute.
    last_minute: i64,
    /// Copies that could go now.
    due: i64,
    /// How many seconds these will take at that pace.
    seconds_left: Option<i64>,
}

/// Somebody whose approval counts.
#[derive(Serialize)]
struct Approver {
    name: String,
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<String>,
}

impl<'a> Shown<'a> {
    fn new(edition: &'a Edition, counts: Counts) -> Self {
        Shown {
            id: edition.id,
            newsletter: &edition.newsletter,
            number: edition.number,
            state: edition.state,
            reason: edition.reason.as_deref(),
            made_by: &edition.made_by,
            needs: edition.needs,
            approved_at: edition.approved_at,
            slot_at: edition.slot_at,
            composed_at: edition.composed_at,
            start_at: edition.start_at,
            finished_at: edition.finished_at,
            first: edition.first,
            subject: &edition.subject,
            lists: &edition.settings.lists,
            advance_until: edition.settings.advance,
            hash: &edition.hash,
            filled: edition.filled,
            recipients: edition.recipients,
            waiting: counts.waiting(),
            counts,
            stories: None,
            refusals: None,
            edited: None,
            corrects: edition.settings.tells.as_ref().map(|tells| tells.revision),
            waits: None,
            pace: None,
            reports: None,
            relay_down: None,
            approvals: None,
            log: None,
            findings: None,
            sealed_at: None,
            kept_until: None,
        }
    }
}

impl Editions {
    /// Looks at editions, holds or stops them.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let store = cx.store().await?;
        match self.action {
            Action::List { newsletter, limit } => list::run(cx, &store, newsletter.as_deref(), limit).await,
            Action::Show { id, which } if which.recipients => recipients::run(cx, &store, id, which).await,
            Action::Show { id, .. } => show::run(cx, &store, id).await,
            Action::Audit { id } => audit::run(cx, &store, id).await,
            Action::Approve(approve) => approve.run(cx, &store).await,
            Action::Pause { id } => control::pause(cx, &store, id).await,
            Action::Resume { id, at, decorative } => control::resume(cx, &store, id, (at.as_deref(), decorative)).await,
            Action::Retry { id } => retry::run(cx, &store, id).await,
            Action::Cancel { id, yes } => control::cancel(cx, &store, id, yes).await,
        }
    }
}

async fn found(store: &Store, id: i64) -> anyhow::Result<(Edition, Counts)> {
    let mut tx = store.read().await?;
    let edition = editions::by_id(&mut tx, id)
        .await?
        .ok_or_else(|| Usage(format!("there is no edition {id}; `herald editions list` shows those there are")))?;
    let counts = states::counts(&mut tx, id).await?;
    Ok((edition, counts))
}

/// What is said of an edition of which the counts are left.
fn kept_until(cx: &Context, at: Instant) -> String {
    format!("The ledger of this edition was kept until {} ([keep] deliveries): its counts are left.", cx.when(at))
}

/// How the copies stand, in the words that people read; what there is none of is left out, but for the first three.
pub(super) fn words(counts: &Counts) -> Vec<(&'static str, String)> {
    let mut words = vec![
        ("Handed to the mail server", counts.sent.to_string()),
        ("Returned", counts.failed.to_string()),
        ("Waiting", counts.waiting().to_string()),
    ];
    for (name, count) in [
        ("Not to be written to", counts.suppressed),
        ("Outcome unknown", counts.unknown),
        ("Taken back", counts.cancelled),
    ] {
        if count > 0 {
            words.push((name, count.to_string()));
        }
    }
    words
}

/// Whether a daemon works on this store. On PostgreSQL nobody can say, and it is taken for granted.
fn daemon(store: &Store) -> anyhow::Result<bool> {
    if store.file().is_none() {
        return Ok(true);
    }
    match Lock::take(store) {
        Ok(_free) => Ok(false),
        Err(LockError::Held { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

async fn report(cx: &Context, store: &Store, id: i64, first: &str, last: &str) -> anyhow::Result<Exit> {
    let (edition, counts) = found(store, id).await?;
    if cx.frame.json {
        output::json(&Shown::new(&edition, counts))?;
        return Ok(Exit::Done);
    }
    let words: Vec<String> = words(&counts).into_iter().map(|(name, count)| format!("{name} {count}")).collect();
    output::line(format!("{} no. {}: {first} {}.", edition.newsletter, edition.number, words.join(", ")))?;
    output::line(last)?;
    Ok(Exit::Done)
}

/// Writes down what somebody did to an edition on this command line.
async fn note(cx: &Context, tx: &mut Tx, id: i64, what: &str) -> anyhow::Result<()> {
    let act = Act { at: cx.clock.now(), who: machine_user(), what: what.to_owned(), why: None };
    acts::note(tx, Some(id), &act).await?;
    Ok(())
}
