//! An edition of which nothing waits is done.
//!
//! Then those are suppressed of whom a server said, when their copy was handed over, that there is nobody, as a report of the same
//! words would do it ([`crate::mail::about::judge`]). Not at once: a relay that has lost its table of users says that of everybody.
//! The guard stops such an edition; where it ends all the same with a third of its copies refused so, nobody is suppressed, and the
//! log says it.

use crate::audience::{Address, Reason};
use crate::clock::Instant;
use crate::mail::about::{About, judge};
use crate::store::deliveries::State;
use crate::store::deliveries::recipients::{self, Recipient};
use crate::store::editions::states;
use crate::store::{Store, StoreError, keys, suppressions};

/// Recipients of one page.
const PAGE: i64 = 2000;
/// So many refusals are nobody's fault but theirs, however few others there were.
const FEW: usize = 3;

/// Marks editions done of which nothing waits; which.
///
/// # Errors
/// What the store says.
pub(super) async fn finish(store: &Store, now: Instant) -> Result<Vec<i64>, StoreError> {
    let mut tx = store.read().await?;
    let over = states::over(&mut tx, now).await?;
    drop(tx);
    for edition in &over {
        suppress(store, *edition, now).await?;
    }
    if over.is_empty() {
        return Ok(over);
    }
    let mut tx = store.write().await?;
    let done = states::finish_done(&mut tx, now).await?;
    tx.commit().await?;
    for edition in &done {
        tracing::info!("edition {edition} is done");
    }
    Ok(done)
}

/// Suppresses whom an edition that is over has found gone.
///
/// # Errors
/// What the store says.
async fn suppress(store: &Store, edition: i64, now: Instant) -> Result<(), StoreError> {
    let mut tx = store.read().await?;
    let counts = states::counts(&mut tx, edition).await?;
    let tried = usize::try_from(counts.sent + counts.failed).unwrap_or_default();
    if counts.failed == 0 {
        return Ok(());
    }
    let ring = keys::ring(&mut tx).await?;
    drop(tx);
    // Counted before anything is written, and page by page both times: they may be hundreds of thousands.
    let (mut many, mut after) = (0, 0);
    while let Some((gone, last)) = page(store, edition, after).await? {
        (many, after) = (many + gone.len(), last);
    }
    if many > FEW && many * 3 >= tried {
        tracing::warn!(
            "edition {edition}: {many} of {tried} addresses are unknown to the mail server, too many to be true: nobody is suppressed. \
             `herald editions show {edition} --recipients` has its words"
        );
        return Ok(());
    }
    let (mut suppressed, mut after) = (0, 0);
    while let Some((gone, last)) = page(store, edition, after).await? {
        after = last;
        if !gone.is_empty() {
            let mut tx = store.write().await?;
            suppressed += suppressions::suppress_noted(&mut tx, &ring, Reason::Bounced, &gone, now).await?;
            tx.commit().await?;
        }
    }
    if suppressed > 0 {
        tracing::info!("edition {edition}: {suppressed} addresses that are unknown to their servers get no more mail");
    }
    Ok(())
}

/// Addresses (by key, with the server's words) that are gone among the next whose copies failed, and the last of these.
async fn page(store: &Store, edition: i64, after: i64) -> Result<Option<(Vec<(String, String)>, i64)>, StoreError> {
    let mut tx = store.read().await?;
    let page = recipients::page(&mut tx, edition, Some(State::Failed), after, PAGE).await?;
    drop(tx);
    let gone = page.iter().filter(|recipient| is_gone(recipient)).filter_map(|recipient| {
        let key = recipient.address.as_deref()?.parse::<Address>().ok()?.key();
        Some((key, format!("edition {edition}: {}", words(recipient))))
    });
    Ok(page.last().map(|last| (gone.collect(), last.subscriber)))
}

fn is_gone(recipient: &Recipient) -> bool {
    let code = recipient.code.and_then(|code| u16::try_from(code).ok());
    let Some(code) = code.filter(|code| *code >= 500) else { return false };
    let verdict = judge(enhanced(recipient), Some(code), recipient.line.as_deref().unwrap_or_default(), true);
    verdict.about == About::Person && verdict.lasting
}

fn enhanced(recipient: &Recipient) -> Option<(u8, u16, u16)> {
    let mut parts = recipient.enhanced.as_deref()?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn words(recipient: &Recipient) -> String {
    let code = recipient.code.map(|code| format!("{code} ")).unwrap_or_default();
    format!("{code}{}", recipient.line.as_deref().unwrap_or_default())
}
