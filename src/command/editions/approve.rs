//! `herald editions approve ID --as NAME`: one person's word that an edition goes as it is.

use std::time::Duration;

use super::{daemon, found};
use crate::clock::Instant;
use crate::command::signed::signed_in;
use crate::command::{Context, Exit, Usage, confirm, output, proofs};
use crate::edition::approve::{self, Goes, Refused, Word};
use crate::edition::tell::{self, Words};
use crate::service::counted;
use crate::store::editions::states::{self, Edited, Trouble};
use crate::store::editions::{Edition, approvals};
use crate::store::{Store, keys};

/// How somebody approves an edition.
#[derive(Debug, clap::Args)]
pub struct Approve {
    /// Its number (ID in the list).
    id: i64,
    /// Who approves it: an account of `herald staff`. Its token is asked for on the terminal, or read from a line of standard input
    /// or from HERALD_STAFF_TOKEN.
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// When it goes, in the newsroom's time, where its own time is not meant: "2026-03-04 07:00".
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// An admin sends it without the others; all staff are told.
    #[arg(long, requires = "reason")]
    alone: bool,
    /// Why an admin sends it alone.
    #[arg(long, requires = "alone", value_name = "TEXT")]
    reason: Option<String>,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
}

impl Approve {
    pub(super) async fn run(self, cx: &mut Context, store: &Store) -> anyhow::Result<Exit> {
        let (edition, _) = found(store, self.id).await?;
        let at = match &self.at {
            Some(text) => Some(proofs::time_named(text, cx.zone(), cx.clock.now())?),
            None => None,
        };
        let reason = self.reason.as_deref().map(str::trim);
        if reason == Some("") {
            return Err(Usage("--reason is empty: say why it goes without the approval of others".to_owned()).into());
        }
        let account = signed_in(cx, &self.name).await?;
        let mut tx = store.read().await?;
        let (changes, seen) = (states::changed(&mut tx, self.id).await?, approvals::newest_revision(&mut tx).await?);
        let edited = states::edited(&mut tx, self.id).await?;
        drop(tx);
        say(cx, &edition, &changes, &edited);
        if !self.yes && !confirm(if self.alone { "Send it alone?" } else { "Approve it?" })? {
            anyhow::bail!("nothing was changed");
        }
        let late = cx.config.newsletter(&edition.newsletter).map_or(Duration::from_secs(7200), |n| n.late.std());
        let late = chrono::Duration::from_std(late)?;
        let templates = cx.templates()?;
        let now = cx.clock.now();
        let mut tx = store.write().await?;
        let ring = keys::ring(&mut tx).await?;
        let word = Word { account: &account, alone: reason, seen, at, late, now };
        let goes = approve::approve(&mut tx, &ring, self.id, word).await.map_err(refusal)?;
        if let Some(reason) = reason {
            let words = Words { config: &cx.config, templates: &templates };
            tell::alone(&mut tx, words, &edition, (&account, reason), now).await?;
        }
        tx.commit().await?;
        told(cx, store, &account.name, self.id, goes).await
    }
}

/// Wrong usage where nothing can come of it; else a failure.
fn refusal(refused: Refused) -> anyhow::Error {
    match refused {
        Refused::Store(error) => error.into(),
        Refused::NoEdition(_) | Refused::NotNeeded(_) | Refused::State(..) => Usage(refused.to_string()).into(),
        Refused::Approved(id) => Usage(format!(
            "{refused}; `herald editions show {id}` says when it goes, `herald editions resume {id}` lets one go on that is held or paused"
        ))
        .into(),
        other => anyhow::Error::new(other),
    }
}

/// What is approved, on standard error: it is said before anything is asked.
fn say(cx: &Context, edition: &Edition, changes: &[Trouble], edited: &[Edited]) {
    output::note(format!("{} no. {}: {}", edition.newsletter, edition.number, edition.subject));
    output::note(match approve::due_at(edition) {
        Some(at) => format!("  For {}.", cx.when(at)),
        None => "  It goes as soon as it is approved.".to_owned(),
    });
    for change in changes {
        output::note(format!("  Since it was composed: {} ({}) {}.", change.slug, change.language, change.what));
    }
    for edit in edited {
        output::note(format!("  Changed since drafted: {}, {}.", edit.words(), cx.when(edit.at)));
    }
    if !changes.is_empty() || !edited.is_empty() {
        output::note(format!(
            "  It prints what stood there THEN. To send what stands there now: `herald editions cancel {}`, then `herald send {}`.",
            edition.id, edition.newsletter
        ));
    }
}

async fn told(cx: &Context, store: &Store, name: &str, id: i64, goes: Goes) -> anyhow::Result<Exit> {
    if cx.frame.json {
        let (edition, _) = found(store, id).await?;
        output::json(&serde_json::json!({
            "edition": id, "by": name, "state": edition.state, "reason": edition.reason, "needs": edition.needs,
            "approved_at": edition.approved_at, "start_at": edition.start_at,
        }))?;
        return Ok(Exit::Done);
    }
    let runs = daemon(store)?;
    let at = |at: Instant| cx.when(at);
    let next = match goes {
        Goes::Waits(have, needs) => format!(
            "It waits for another: {have} of {needs} have approved it. `herald editions approve {id} --as NAME` is theirs to say."
        ),
        Goes::Now if runs => "It has all it needs; the running daemon sends it now.".to_owned(),
        Goes::Now => {
            "It has all it needs. No daemon runs: `herald once` sends it now, `herald run` from now on.".to_owned()
        }
        Goes::At(then) => format!("It has all it needs, and goes at {}.", at(then)),
        Goes::AskStaff(by) => format!(
            "It has all it needs, but its time was {} ago. `herald editions resume {id}` sends it now, `herald editions resume {id} --at TIME` then.",
            counted(by.num_minutes(), "minute", "minutes")
        ),
        Goes::Resume => format!("It has all it needs. `herald editions resume {id}` lets the rest of it go on."),
    };
    output::line(format!("{name} has approved edition {id}."))?;
    output::line(next)?;
    Ok(Exit::Done)
}
