//! `herald editions pause`, `resume` and `cancel`: nothing leaves after the command returns but what was on the wire.

use std::time::Duration;

use super::{daemon, found, note, report};
use crate::command::{self, Advice, Context, Exit, Usage, confirm, proofs};
use crate::config::Schedule;
use crate::edition::{approve, check};
use crate::store::editions::{Edition, State, findings, ramp, states};
use crate::store::{Store, wish};

/// How long `pause` waits for copies that are being handed over.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(300);
/// Deliveries taken back in one transaction.
const BATCH: i64 = 20_000;

pub(super) async fn pause(cx: &Context, store: &Store, id: i64) -> anyhow::Result<Exit> {
    let (edition, _) = found(store, id).await?;
    let mut tx = store.write().await?;
    let paused = states::pause(&mut tx, id, states::BY_STAFF).await?;
    if paused {
        note(cx, &mut tx, id, "paused it").await?;
    }
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

pub(super) async fn resume(
    cx: &Context,
    store: &Store,
    id: i64,
    (at, decorative): (Option<&str>, bool),
) -> anyhow::Result<Exit> {
    let (edition, _) = found(store, id).await?;
    let now = cx.clock.now();
    let start_at = match at {
        Some(text) => proofs::time_named(text, cx.zone(), now)?,
        // One whose time is over goes now: that is what somebody has just decided.
        None => edition.start_at.max(now),
    };
    let mut tx = store.write().await?;
    let found = findings::of(&mut tx, id).await?;
    let held_for = check::reason(&found).filter(|_| matches!(edition.state, State::Held | State::Paused));
    if held_for.is_some() {
        let decided = command::findings::decided(found, decorative, (id, &edition.newsletter), now)?;
        findings::note(&mut tx, id, &decided).await?;
        let what = if decorative { "called its pictures decorative" } else { "let it go as it is" };
        note(cx, &mut tx, id, what).await?;
    }
    if !states::resume(&mut tx, id).await? {
        if let Some(held_for) = held_for.filter(|_| edition.needs > 0 && edition.approved_at.is_none()) {
            let reason = edition.reason.unwrap_or_default().replace(&format!("; {held_for}"), "");
            findings::settled(&mut tx, id, &reason).await?;
            tx.commit().await?;
            let next =
                format!("It {reason}: `herald editions approve {id} --as NAME` is for somebody who did not make it.");
            return report(cx, store, id, "That is noted.", &next).await;
        }
        if edition.needs > 0 && edition.approved_at.is_none() && !edition.state.is_over() {
            return Err(Usage(format!(
                "edition {id} {}",
                edition.reason.clone().unwrap_or_else(|| approve::waits(0, edition.needs))
            )))
            .advise(format!("`herald editions approve {id} --as NAME` is for somebody who did not make it."));
        }
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
    states::start_at(&mut tx, id, start_at).await?;
    ramp::catch_up(&mut tx, id, start_at).await?;
    note(cx, &mut tx, id, "let it go on").await?;
    wish(&mut tx).await?;
    tx.commit().await?;
    let next = match (daemon(store)?, start_at > now) {
        (true, false) => "The running daemon sends it.".to_owned(),
        (false, false) => "No daemon runs: `herald once` sends it now, `herald run` from now on.".to_owned(),
        (true, true) => format!("The running daemon sends it at {}.", cx.when(start_at)),
        (false, true) => format!(
            "It is set for {}: `herald run` sends it then, or the first `herald once` after that.",
            cx.when(start_at)
        ),
    };
    report(cx, store, id, "It goes on.", &next).await
}

pub(super) async fn cancel(cx: &Context, store: &Store, id: i64, yes: bool) -> anyhow::Result<Exit> {
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
    if !yes && !confirm(&asked)? {
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
pub(in crate::command) async fn call_off(
    cx: &Context,
    store: &Store,
    edition: &Edition,
) -> anyhow::Result<Option<bool>> {
    let (id, now) = (edition.id, cx.clock.now());
    let mut tx = store.write().await?;
    let cancelled = states::cancel(&mut tx, id, "cancelled by staff", now).await?;
    if cancelled {
        note(cx, &mut tx, id, "cancelled it").await?;
    }
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
