//! Each stage once, in the order of the road. All of them find their work in the store, so a pass may
//! be broken off anywhere and run again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Newsroom, ServiceError};
use crate::delivery::{self, Hand, Summary};
use crate::edition::{self, Filled};
use crate::feed::{self, Built};
use crate::returns::{self, Desk, Looked};
use crate::source::{self, ListReport, ReadReport};
use crate::store::presence::Turn;
use crate::store::{articles, search};
use crate::wake::Task;
use crate::web::{self, public::Site};

/// What reading brought.
#[derive(Debug, Default)]
pub struct Read {
    /// One report a source.
    pub sources: Vec<ReadReport>,
    /// One report a list with a file.
    pub lists: Vec<ListReport>,
    /// How many articles went public.
    pub public: usize,
}

impl Read {
    /// Whether something was rejected: exit code 3.
    pub fn is_partial(&self) -> bool {
        self.sources.iter().any(ReadReport::is_partial)
            || self.lists.iter().any(|list| list.rejected > 0 || list.failed.is_some())
    }

    /// Says in the log what changed and what is wrong; nothing where nothing is new.
    pub fn log(&self) {
        for report in &self.sources {
            report.log();
        }
        if self.public > 0 {
            tracing::info!("{} went public.", self.public);
        }
    }
}

/// What one pass did.
#[derive(Debug)]
pub struct Pass {
    /// What reading brought.
    pub read: Read,
    /// What the mailboxes brought.
    pub returns: Vec<Looked>,
    /// What became of the feeds.
    pub feeds: Built,
    /// Which editions were made.
    pub editions: edition::Pass,
    /// What was handed over.
    pub sent: Summary,
}

impl Newsroom {
    /// One pass of everything: what `herald once` is. `now_all`: every scheduled newsletter is due now.
    ///
    /// # Errors
    /// The first stage that could not do its work; the ones before it have done theirs.
    pub async fn pass(&self, now_all: bool, stop: CancellationToken) -> Result<Pass, ServiceError> {
        let read = self.read().await?;
        // Who is known to be gone by now gets no copy of what this pass makes.
        let returns = self.read_returns().await?;
        let mut feeds = self.publish().await?;
        self.index().await?;
        feeds.written = self.copy(web::Pace::Now).await?;
        self.tell_now().await?;
        self.purge_now().await?;
        let editions = self.compose(now_all, None).await?;
        let sent = self.deliver(stop.clone(), true).await?;
        // Nobody tries again before the next pass: what does not go out now is an alarm now.
        if self.look_after(Duration::ZERO).await? {
            self.deliver(stop.clone(), true).await?;
        }
        self.keep_ledger(&stop, false).await?;
        Ok(Pass { read, returns, feeds, editions, sent })
    }

    /// Reads lists and sources, and lets go public what is due.
    ///
    /// # Errors
    /// A source that cannot be read at all; what the store says.
    pub async fn read(&self) -> Result<Read, ServiceError> {
        let site = &self.site;
        let turn = Turn::take(&site.store).await?;
        let lists = source::lists::sync_lists(&site.store, &site.config, &site.clock).await?;
        let sources = source::read_all(&site.store, &site.config, &site.clock).await?;
        drop(turn);
        let public = self.release().await? + sources.iter().map(|source| source.public).sum::<usize>();
        self.tell_of(&sources);
        Ok(Read { sources, lists, public })
    }

    /// Reads the files at these paths alone, and lets go public what they bring; `None` where everything is to be read.
    ///
    /// # Errors
    /// As [`Newsroom::read`].
    pub async fn read_some(&self, paths: &BTreeSet<PathBuf>) -> Result<Option<Read>, ServiceError> {
        let site = &self.site;
        let turn = Turn::take(&site.store).await?;
        let sources = source::read_some(&site.store, &site.config, &site.clock, paths).await?;
        drop(turn);
        let Some(sources) = sources else { return Ok(None) };
        self.tell_of(&sources);
        let public = sources.iter().map(|source| source.public).sum();
        Ok(Some(Read { sources, lists: Vec::new(), public }))
    }

    /// Wakes whoever shows what sources brought.
    fn tell_of(&self, sources: &[ReadReport]) {
        if sources.iter().any(ReadReport::has_news) {
            self.site.wake.up(Task::Feeds);
            self.site.wake.up(Task::Pages);
            self.site.wake.up(Task::Newsletters);
        }
    }

    /// Looks into the mailboxes of `[mail.returns]`, once each.
    ///
    /// # Errors
    /// What the store says. A mailbox that cannot be read says so in what it brought.
    pub async fn read_returns(&self) -> Result<Vec<Looked>, ServiceError> {
        let site = &self.site;
        let desk = Desk { store: &site.store, ring: &site.keyring, clock: &site.clock, dry_run: false };
        let all = returns::read_mailboxes(&site.config, &desk, &mut |_, _| {}).await?;
        let unread = all.iter().filter_map(|looked| Some(format!("{}: {}", looked.mailbox, looked.failed.as_ref()?)));
        *self.unread.lock().unwrap_or_else(PoisonError::into_inner) = Some(unread.collect());
        Ok(all)
    }

    /// Lets go public what is due; how many did.
    ///
    /// # Errors
    /// What the store says.
    pub async fn release(&self) -> Result<usize, ServiceError> {
        let now = self.site.clock.now();
        let mut tx = self.site.store.read().await?;
        let due = articles::next_due(&mut tx).await?.is_some_and(|at| at <= now);
        drop(tx);
        if !due {
            return Ok(0);
        }
        let mut tx = self.site.store.write().await?;
        let released = articles::release_due(&mut tx, now).await?;
        tx.commit().await?;
        if !released.is_empty() {
            self.site.wake.up(Task::Feeds);
            self.site.wake.up(Task::Pages);
            self.site.wake.up(Task::Newsletters);
        }
        Ok(released.len())
    }

    /// Builds the feeds that changed.
    ///
    /// # Errors
    /// What the store says. The last good documents stay.
    pub async fn publish(&self) -> Result<Built, ServiceError> {
        let site = &self.site;
        let built = site.shelf.rebuild(&site.store, &site.config, &site.templates, &site.clock).await?;
        if !built.changed.is_empty() {
            // The new bytes are being served: whoever waits for them is told before any file is written.
            site.wake.up(Task::Hub);
            site.wake.up(Task::Purge);
        }
        for left_out in &built.left_out {
            tracing::warn!("{left_out}");
        }
        for failed in &built.failed {
            tracing::error!("feed {}: {}; the last good one stays up", failed.feed, failed.reason);
        }
        if !built.changed.is_empty() {
            tracing::debug!("Feeds built again: {}.", built.changed.join(", "));
            site.wake.up(Task::Pages);
        }
        Ok(built)
    }

    /// Brings what the search finds up to what is public, a batch at a time so that others can write between; how many articles
    /// were looked at.
    ///
    /// # Errors
    /// What the store says.
    pub async fn index(&self) -> Result<usize, ServiceError> {
        let mut all = 0;
        loop {
            let mut tx = self.site.store.read().await?;
            let waits = search::anything_waits(&mut tx).await?;
            drop(tx);
            if !waits {
                return Ok(all);
            }
            let mut tx = self.site.store.write().await?;
            let some = search::index_some(&mut tx).await?;
            tx.commit().await?;
            // What waits and cannot be had is in another instance's hands.
            if some == 0 {
                return Ok(all);
            }
            all += some;
        }
    }

    /// Brings the static copy up to date, where there is one; how many files of feeds were written. Pages lead to feeds, and
    /// feeds to articles: at the first time feeds come first, later the pages.
    ///
    /// # Errors
    /// A page that failed, a file that cannot be written. What stood there stays, and it is tried again.
    pub async fn copy(&self, pace: web::Pace) -> Result<usize, ServiceError> {
        let Some(folder) = self.static_folder() else { return Ok(0) };
        let mut written = 0;
        if web::is_first_copy(&folder) {
            written += self.copy_feeds(&folder).await?;
        }
        if let Some(pages) = web::refresh_copy(&self.site, &folder, pace).await? {
            let count = counted(pages.written.len() as i64, "file", "files");
            tracing::debug!("Static copy of the pages: {count} written, {} removed.", pages.removed.len());
        }
        written += self.copy_feeds(&folder).await?;
        Ok(written)
    }

    /// The part of the static copy that feeds are, with their older entries; how many files were written.
    async fn copy_feeds(&self, folder: &Path) -> Result<usize, ServiceError> {
        let Site { shelf, store, config, templates, clock, .. } = &self.site;
        let feeds = feed::write_static(shelf, folder).await?;
        let archived = feed::write_archives(shelf, store, (config, templates), clock, folder).await?;
        if !archived.written.is_empty() || !archived.removed.is_empty() {
            let count = counted(archived.written.len() as i64, "file", "files");
            tracing::debug!("Static copy of older entries: {count} written, {} removed.", archived.removed.len());
        }
        Ok(feeds.written.len() + archived.written.len())
    }

    /// Makes the editions that are due, and their deliveries: all of them, or `within` that time what can be made of each;
    /// [`Newsroom::fill`] makes the rest.
    ///
    /// # Errors
    /// What the store says. A newsletter that failed is named in the log and stops no other.
    pub async fn compose(&self, now_all: bool, within: Option<Duration>) -> Result<edition::Pass, ServiceError> {
        let Site { store, config, templates, clock, wake, .. } = &self.site;
        let turn = Turn::take(store).await?;
        let pass = edition::make_due(store, config, templates, clock, now_all, within).await?;
        drop(turn);
        self.report(&pass);
        for made in pass.made.iter().filter(|made| made.filled) {
            to_send(&made.newsletter, made.number, made.edition, made.recipients, made.unusual);
        }
        if pass.made.iter().any(|made| made.held.is_none() && !made.filled) {
            wake.up(Task::Fill);
        }
        Ok(pass)
    }

    /// Makes the deliveries that editions lack, the urgent ones' first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn fill(&self) -> Result<(), ServiceError> {
        let site = &self.site;
        let (taken_back, paused) = edition::guard(&site.store, &site.clock).await?;
        warn_taken_back(&taken_back);
        warn_paused(&paused);
        while let Some(Filled { edition, recipients }) = edition::fill_next(&site.store).await? {
            let mut tx = site.store.read().await?;
            let unusual = edition::ramp::unusual(&mut tx, recipients, edition.id, site.clock.now()).await?;
            drop(tx);
            // Who sends by hand was told before.
            let unusual = unusual.filter(|_| edition.made_by == "schedule");
            to_send(&edition.newsletter, edition.number, edition.id, recipients, unusual);
            site.wake.up(Task::Delivery);
        }
        Ok(())
    }

    /// Says in the log what a pass over the newsletters did.
    fn report(&self, pass: &edition::Pass) {
        let site = &self.site;
        for made in &pass.made {
            match &made.held {
                Some(reason) if made.needs > 0 => tracing::info!(
                    "{} No. {} {reason}: `herald editions approve {} --as NAME`",
                    made.newsletter,
                    made.number,
                    made.edition
                ),
                Some(reason) => {
                    tracing::warn!(
                        "{} No. {} is held for staff: {reason}. `herald editions resume {id}` sends it, or says what has to be decided first; `herald editions cancel {id}` does not.",
                        made.newsletter,
                        made.number,
                        id = made.edition
                    );
                }
                None => tracing::info!(
                    "{} No. {} “{}”: {}.",
                    made.newsletter,
                    made.number,
                    made.subject,
                    counted(made.stories as i64, "story", "stories")
                ),
            }
        }
        for made in pass.made.iter().filter(|made| made.left_out > 0) {
            tracing::info!(
                "{} No. {}: {} more were left out, it is full (max_items)",
                made.newsletter,
                made.number,
                made.left_out
            );
        }
        for (newsletter, error) in &pass.failed {
            tracing::error!("{newsletter}: no edition could be made: {error}");
        }
        let failed = pass.failed.iter().map(|(newsletter, error)| (newsletter.clone(), error.to_string())).collect();
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed);
        warn_paused(&pass.paused);
        warn_taken_back(&pass.taken_back);
        for (edition, reason) in &pass.missed {
            tracing::warn!(
                "edition {edition} is held for staff: {reason}. `herald editions resume {edition}` sends it, `herald editions cancel {edition}` does not."
            );
        }
        if !pass.made.is_empty() {
            site.wake.up(Task::Delivery);
        }
        site.wake.up(Task::Post);
    }

    /// Hands copies over: until nothing can be done now (`until_idle`), or until the stop.
    ///
    /// # Errors
    /// What the store says; a relay that cannot be used at all.
    pub async fn deliver(&self, stop: CancellationToken, until_idle: bool) -> Result<Summary, ServiceError> {
        let site = &self.site;
        let Site { store, config, templates, clock, wake, .. } = site;
        let hand = Hand { store, config, templates, clock, wake };
        Ok(delivery::run_with(hand, stop, until_idle, &self.progress).await?)
    }
}

/// Says how many copies an edition has, and warns where they are unusually many.
fn to_send(newsletter: &str, number: i64, edition: i64, recipients: i64, unusual: Option<i64>) {
    tracing::info!("{newsletter} No. {number}: {} to send.", counted(recipients, "copy", "copies"));
    if let Some(largest) = unusual {
        tracing::warn!(
            "{newsletter} No. {number} goes to unusually many, {recipients} (the largest edition of the last 30 days: {largest}): \
             receivers may take it for spam. `herald editions cancel {edition}` stops it, and `herald send {newsletter} --ramp` \
             spreads it over days."
        );
    }
}

fn warn_paused(paused: &[(i64, String)]) {
    for (edition, reason) in paused {
        tracing::warn!(
            "edition {edition} is paused for staff: {reason}. `herald editions show {edition}` says how far it is; resume or cancel it."
        );
    }
}

fn warn_taken_back(taken_back: &[(i64, String)]) {
    for (edition, reason) in taken_back {
        tracing::warn!(
            "edition {edition}: its approvals are taken back: {reason}. `herald editions show {edition}` says more."
        );
    }
}

/// `1 story`, `5 stories`.
pub fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
