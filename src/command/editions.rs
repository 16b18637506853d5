//! `herald editions`

mod recipients;
mod retry;

use std::io::IsTerminal;
use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;

use super::{Context, Exit, Table, Usage, confirm, output};
use crate::clock::Instant;
use crate::config::Schedule;
use crate::service::{Lock, LockError};
use crate::store::editions::audit::audit;
use crate::store::editions::states::{self, Counts};
use crate::store::editions::{self, Edition, Printed, State};
use crate::store::{Store, wish};

/// How long `pause` waits for copies that are being handed over.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(300);
/// Deliveries taken back in one transaction.
const BATCH: i64 = 20_000;

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
    /// Hold it; returns when nothing more will leave.
    Pause {
        /// Its number (ID in the list).
        id: i64,
    },
    /// Go on with a paused or held one.
    Resume {
        /// Its number (ID in the list).
        id: i64,
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
    slot_at: Option<Instant>,
    composed_at: Instant,
    start_at: Instant,
    finished_at: Option<Instant>,
    first: bool,
    subject: &'a str,
    lists: &'a [String],
    hash: &'a str,
    filled: bool,
    recipients: i64,
    waiting: i64,
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    stories: Option<Vec<Printed>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusals: Option<Vec<states::Refusal>>,
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
            slot_at: edition.slot_at,
            composed_at: edition.composed_at,
            start_at: edition.start_at,
            finished_at: edition.finished_at,
            first: edition.first,
            subject: &edition.subject,
            lists: &edition.settings.lists,
            hash: &edition.hash,
            filled: edition.filled,
            recipients: edition.recipients,
            waiting: counts.waiting(),
            counts,
            stories: None,
            refusals: None,
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
            Action::List { newsletter, limit } => list(cx, &store, newsletter.as_deref(), limit).await,
            Action::Show { id, which } if which.recipients => recipients::run(cx, &store, id, which).await,
            Action::Show { id, .. } => show(cx, &store, id).await,
            Action::Audit { id } => reconcile(cx, &store, id).await,
            Action::Pause { id } => pause(cx, &store, id).await,
            Action::Resume { id } => resume(cx, &store, id).await,
            Action::Retry { id } => retry::run(cx, &store, id).await,
            Action::Cancel { id, yes } => cancel(cx, &store, id, yes).await,
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

async fn list(cx: &Context, store: &Store, newsletter: Option<&str>, limit: i64) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let limit = if limit > 0 { limit } else { i64::MAX - 1 };
    let mut all = editions::list(&mut tx, newsletter, limit + 1, 0).await?;
    let more = all.len() as i64 > limit;
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let ids: Vec<i64> = all.iter().map(|edition| edition.id).collect();
    let counts = states::counts_of(&mut tx, &ids).await?;
    let of = |edition: &Edition| counts.get(&edition.id).copied().unwrap_or_default();
    if cx.frame.json {
        let shown: Vec<Shown<'_>> = all.iter().map(|edition| Shown::new(edition, of(edition))).collect();
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        output::line("No editions yet. `herald newsletters list` shows when the next one goes out.")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([
        ">ID",
        "NEWSLETTER",
        ">NO.",
        "STATE",
        "COMPOSED",
        ">PEOPLE",
        ">HANDED OVER",
        ">RETURNED",
        ">WAITING",
        "SUBJECT",
    ]);
    for edition in &all {
        let counts = of(edition);
        table.row([
            edition.id.to_string(),
            edition.newsletter.clone(),
            edition.number.to_string(),
            edition.state.to_string(),
            cx.when(edition.composed_at),
            edition.recipients.to_string(),
            counts.sent.to_string(),
            counts.failed.to_string(),
            counts.waiting().to_string(),
            edition.subject.clone(),
        ]);
    }
    table.print()?;
    if more {
        output::note(format!("There are more than these {limit}; --limit 0 shows all."));
    }
    Ok(Exit::Done)
}

async fn show(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, counts) = found(store, id).await?;
    let mut tx = store.read().await?;
    let printed = editions::printed(&mut tx, id).await?;
    let refusals = states::refusals(&mut tx, id).await?;
    if cx.frame.json {
        let mut shown = Shown::new(&edition, counts);
        (shown.stories, shown.refusals) = (Some(printed), Some(refusals));
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    output::line(format!("{} no. {} is {}: {}", edition.newsletter, edition.number, state(&edition), edition.subject))?;
    let mut facts: Vec<(&str, String)> = vec![("Composed", cx.when(edition.composed_at))];
    match edition.made_by.as_str() {
        "staff" => facts.push(("Made by", "staff".to_owned())),
        "now" => facts.push(("Made by", "the schedule, asked for now".to_owned())),
        _ => {}
    }
    if let Some(slot) = edition.slot_at {
        facts.push(("For", cx.when(slot)));
    }
    facts.push(("Goes out", cx.when(edition.start_at)));
    if let Some(finished) = edition.finished_at {
        facts.push(("Ended", cx.when(finished)));
    }
    facts.push(("Lists", edition.settings.lists.join(", ")));
    facts.push(("Recipients", recipients(&edition)));
    facts.extend(words(&counts));
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
    if counts.unknown > 0 {
        output::line(format!("`herald editions retry {id}` takes again what is without an answer and held."))?;
    }
    Ok(Exit::Done)
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

async fn reconcile(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, _) = found(store, id).await?;
    let mut tx = store.read().await?;
    let audit = audit(&mut tx, &edition, cx.clock.now()).await?;
    if cx.frame.json {
        output::json(&audit)?;
    } else {
        let c = &audit.counts;
        output::line(format!(
            "{} no. {}: recipients {} = sent {} + failed {} + suppressed {} + unknown {} + waiting {} + cancelled {}",
            edition.newsletter,
            edition.number,
            audit.recipients,
            c.sent,
            c.failed,
            c.suppressed,
            c.unknown,
            audit.waiting,
            c.cancelled
        ))?;
        match audit.differences.is_empty() {
            true => output::line("No difference.")?,
            false => {
                for difference in &audit.differences {
                    output::line(format!("Difference: {difference}."))?;
                }
            }
        }
    }
    Ok(if audit.differences.is_empty() { Exit::Done } else { Exit::Failed })
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

async fn pause(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, _) = found(store, id).await?;
    let mut tx = store.write().await?;
    let paused = states::pause(&mut tx, id, "paused by staff").await?;
    wish(&mut tx).await?;
    tx.commit().await?;
    if !paused && edition.state != State::Paused {
        return Err(Usage(format!("edition {id} is {}: there is nothing to pause", edition.state)).into());
    }
    // A copy that is being handed over cannot be called back; whoever hands it over notes what became of it.
    let mut waited = Duration::ZERO;
    let mut counts = found(store, id).await?.1;
    while counts.sending > 0 && waited < PATIENCE && daemon(store)? {
        tokio::time::sleep(LOOK).await;
        waited += LOOK;
        counts = found(store, id).await?.1;
    }
    let last = match counts.sending {
        0 => "Nothing more leaves.".to_owned(),
        n if waited < PATIENCE => {
            format!("{n} were being handed over when the last daemon ended; `resume` looks after them.")
        }
        n => format!("{n} are still being handed over; `herald editions show {id}` says when they are done."),
    };
    report(cx, store, id, &last, &format!("`herald editions resume {id}` goes on.")).await
}

async fn resume(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, _) = found(store, id).await?;
    let mut tx = store.write().await?;
    if !states::resume(&mut tx, id).await? {
        return Err(Usage(format!("edition {id} is {}: only a held or paused one goes on", edition.state)).into());
    }
    // Staff may decide to send what was corrected or withdrawn; not what is under embargo or gone.
    if let Some(trouble) = states::troubles(&mut tx).await?.into_iter().find(|t| t.edition == id) {
        return Err(Usage(format!(
            "edition {id} cannot go on: {} ({}) {}. Cancel it (`herald editions cancel {id}`) and send a new one",
            trouble.slug, trouble.language, trouble.what
        ))
        .into());
    }
    wish(&mut tx).await?;
    tx.commit().await?;
    let next = match (daemon(store)?, edition.start_at > cx.clock.now()) {
        (true, false) => "The running daemon sends it.".to_owned(),
        (false, false) => "No daemon runs: `herald once` sends it now, `herald run` from now on.".to_owned(),
        (true, true) => format!("The running daemon sends it at {}.", cx.when(edition.start_at)),
        (false, true) => format!(
            "It is set for {}: `herald run` sends it then, or the first `herald once` after that.",
            cx.when(edition.start_at)
        ),
    };
    report(cx, store, id, "It goes on.", &next).await
}

async fn cancel(cx: &Context, store: &Store, id: i64, yes: bool) -> anyhow::Result<Exit> {
    let (edition, counts) = found(store, id).await?;
    if edition.state.is_over() {
        return Err(Usage(format!("edition {id} is {} already", edition.state)).into());
    }
    let asked = format!(
        "Cancel {} no. {} for good? {} were handed over, {} will not get it.",
        edition.newsletter,
        edition.number,
        counts.sent,
        counts.waiting()
    );
    if !yes && std::io::stdin().is_terminal() && !confirm(&asked)? {
        anyhow::bail!("nothing was changed");
    }
    let Some(again) = call_off(cx, store, &edition).await? else {
        return Err(Usage(format!("edition {id} was over before it could be cancelled")).into());
    };
    let last = match again {
        true => "Nothing of it had left. Its stories are new again: the next edition holds them.".to_owned(),
        false => format!(
            "What had left has left. No later edition brings its stories by itself: `herald send {} --article ID` sends \
             one to those who have not had it.",
            edition.newsletter
        ),
    };
    report(cx, store, id, "It is cancelled.", &last).await
}

/// Cancels an edition and takes back what waits; whether its stories are new again. `None`: it was over.
pub(super) async fn call_off(cx: &Context, store: &Store, edition: &Edition) -> anyhow::Result<Option<bool>> {
    let (id, now) = (edition.id, cx.clock.now());
    let mut tx = store.write().await?;
    let cancelled = states::cancel(&mut tx, id, "cancelled by staff", now).await?;
    wish(&mut tx).await?;
    tx.commit().await?;
    if !cancelled {
        return Ok(None);
    }
    loop {
        let mut tx = store.write().await?;
        let taken = states::take_back(&mut tx, id, now, BATCH).await?;
        tx.commit().await?;
        if taken == 0 {
            break;
        }
    }
    let known = cx.config.newsletters.iter().find(|newsletter| newsletter.name == edition.newsletter);
    // What staff take back of an alert would be made again at once.
    let again = if known.is_some_and(|newsletter| matches!(newsletter.schedule, Schedule::Immediate)) {
        false
    } else {
        let mut tx = store.write().await?;
        let again = states::give_back(&mut tx, edition).await?;
        tx.commit().await?;
        again
    };
    Ok(Some(again))
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
