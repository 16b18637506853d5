//! The ledger of what is over: sealed after two days, let go when `[keep] deliveries` says so. Each step is a transaction of
//! its own, short enough for the sending beside it, and leaves nothing half done where it is the last.

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Newsroom, ServiceError, counted};
use crate::store::deliveries::{scrub, seal, sealed};
use crate::store::editions;

impl Newsroom {
    /// Brings the ledger up to its age. `gently`: others work on the store at the same time, and get the most of it.
    ///
    /// # Errors
    /// What the store says; what has been done stays done.
    pub async fn keep_ledger(&self, stop: &CancellationToken, gently: bool) -> Result<(), ServiceError> {
        while self.scrub_some(gently).await? && !stop.is_cancelled() {}
        let before = self.site.clock.now() - self.site.config.keep.deliveries.duration();
        loop {
            let editions = seal::past(&mut self.site.store.read().await?, before).await?;
            if !self.each(&editions, stop, gently, Step::LetGo).await? {
                break;
            }
        }
        loop {
            let editions = seal::due(&mut self.site.store.read().await?, self.site.clock.now()).await?;
            if !self.each(&editions, stop, gently, Step::Seal).await? {
                break;
            }
        }
        Ok(())
    }

    /// Does it to each of these editions; whether there may be more of them.
    async fn each(
        &self,
        editions: &[i64],
        stop: &CancellationToken,
        gently: bool,
        step: Step,
    ) -> Result<bool, ServiceError> {
        let mut done = 0;
        for edition in editions {
            let is_done = match step {
                Step::Seal => self.seal(*edition, stop, gently).await?,
                Step::LetGo => self.let_go(*edition, stop, gently).await?,
            };
            if stop.is_cancelled() {
                return Ok(false);
            }
            done += usize::from(is_done);
        }
        Ok(done > 0)
    }

    async fn seal(&self, edition: i64, stop: &CancellationToken, gently: bool) -> Result<bool, ServiceError> {
        let store = &self.site.store;
        let mut after = 0;
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let mut tx = store.write().await?;
            if let Some(last) = seal::seal(&mut tx, edition, after).await? {
                tx.commit().await?;
                after = last;
                self.breathe(begun, gently).await;
                continue;
            }
            let is_first = seal::sealed(&mut tx, edition, self.site.clock.now()).await?;
            tx.commit().await?;
            if is_first {
                let mut tx = store.read().await?;
                let (copies, blocks) = sealed::counts(&mut tx, &[edition]).await?.remove(&edition).unwrap_or_default();
                let rows = editions::counts(&mut tx, edition).await?.total() - copies;
                tracing::info!(
                    "The ledger of {} is sealed: {} in {}, {rows} as they are.",
                    name(&mut tx, edition).await?,
                    counted(copies, "copy", "copies"),
                    counted(blocks, "block", "blocks")
                );
            }
            return Ok(is_first);
        }
        Ok(false)
    }

    async fn let_go(&self, edition: i64, stop: &CancellationToken, gently: bool) -> Result<bool, ServiceError> {
        let mut pieces = 0;
        while !stop.is_cancelled() {
            let begun = Instant::now();
            let mut tx = self.site.store.write().await?;
            let more = seal::let_go(&mut tx, edition, self.site.clock.now()).await?;
            tx.commit().await?;
            if !more {
                break;
            }
            pieces += 1;
            self.breathe(begun, gently).await;
        }
        if pieces > 0 && !stop.is_cancelled() {
            let name = name(&mut self.site.store.read().await?, edition).await?;
            let kept = self.site.config.keep.deliveries;
            tracing::info!("The ledger of {name} is let go after {kept} ([keep] deliveries); its counts stay.");
        }
        Ok(pieces > 0)
    }

    async fn scrub_some(&self, gently: bool) -> Result<bool, ServiceError> {
        let store = &self.site.store;
        if !scrub::is_wanted(&mut store.read().await?).await? {
            return Ok(false);
        }
        let begun = Instant::now();
        let mut tx = store.write().await?;
        let more = scrub::scrub(&mut tx).await?;
        tx.commit().await?;
        store.scrub().await?;
        self.breathe(begun, gently).await;
        Ok(more)
    }

    /// Leaves the store to the others: as long as it was kept from them, and nine times that while copies go out.
    async fn breathe(&self, since: Instant, gently: bool) {
        if gently {
            let times = if self.progress.waiting() > 0 { 9 } else { 1 };
            tokio::time::sleep(since.elapsed() * times).await;
        }
    }
}

/// What is done to an edition.
#[derive(Clone, Copy)]
enum Step {
    Seal,
    LetGo,
}

async fn name(tx: &mut crate::store::Tx, edition: i64) -> Result<String, ServiceError> {
    let found = editions::by_id(tx, edition).await?;
    Ok(found.map_or_else(|| format!("edition {edition}"), |e| format!("{} no. {}", e.newsletter, e.number)))
}
