//! The run: recover, claim, hand out, mark, finish; until told to stop, or until nothing can be done now.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant as Moment;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::net::dns::Resolver;
use crate::store::deliveries;
use crate::store::editions::{ramp, states};
use crate::store::journal::Journal;
use crate::store::presence::Presence;
use crate::store::{Store, keys};
use crate::template::Templates;
use crate::wake::{Task, Wake};

use super::crew::{Crew, Stopped};
use super::finish::finish;
use super::lane::Lanes;
use super::pace::providers::Providers;
use super::post::Desk;
use super::queue::Job;
use super::relay::{Relay, Terms};
use super::{DeliveryError, Press, Progress, Speed, Summary};

/// Claims in one transaction.
const BATCH: i64 = 250;
/// How long a claim is ours; after that it is taken for a dead process's.
const LEASE: Duration = Duration::from_secs(30 * 60);
/// Outcomes are marked at least so often.
const SETTLE: Duration = Duration::from_millis(500);
/// So often we look whether staff stopped an edition.
const LOOK: Duration = Duration::from_millis(200);
/// So often we look for claims whose lease has run out: those of an instance that died while others work on.
const ORPHANS: Duration = Duration::from_secs(60);
/// Time to finish what is on the wire after being told to stop.
const FAREWELL: Duration = Duration::from_secs(8);
/// Pause after the store could not be written.
const FAULT: Duration = Duration::from_secs(10);
/// The speed is looked at so often.
const SECOND: Duration = Duration::from_secs(1);
/// A line about the progress comes so often.
const LINE: Duration = Duration::from_secs(10);

/// Delivers what is queued: until `stop`, or, with `until_idle`, until nothing can be done now. The caller holds the
/// store's daemon place.
///
/// # Errors
/// [`DeliveryError`]: settings that cannot be used; with `until_idle` also what the store says. Otherwise trouble with
/// the store is logged, waited out, and nothing is sent meanwhile.
pub async fn run(
    store: &Store,
    config: &Config,
    templates: &Arc<Templates>,
    clock: &Clock,
    wake: &Wake,
    stop: CancellationToken,
    until_idle: bool,
) -> Result<Summary, DeliveryError> {
    let hand = Hand { store, config, templates, clock, wake };
    run_with(hand, stop, until_idle, &Progress::new()).await
}

/// What a run is given.
#[derive(Clone, Copy)]
pub struct Hand<'a> {
    /// The store.
    pub store: &'a Store,
    /// The configuration: sender and relay.
    pub config: &'a Config,
    /// The messages in each language.
    pub templates: &'a Arc<Templates>,
    /// The time.
    pub clock: &'a Clock,
    /// Who wakes it.
    pub wake: &'a Wake,
}

/// [`run`], with numbers to look at while it goes on.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    hand: Hand<'_>,
    stop: CancellationToken,
    until_idle: bool,
    progress: &Progress,
) -> Result<Summary, DeliveryError> {
    let Hand { store, config, templates, clock, wake } = hand;
    progress.begin();
    let mut tx = store.read().await?;
    let keyring = keys::ring(&mut tx).await?;
    drop(tx);
    let press = Press::new(Arc::new(config.clone()), Arc::new(keyring), Arc::clone(templates))?;
    let relays = Relay::open_all(config, &press)?;
    let (journal, heard) = Journal::open(store).await?;
    let journal = Arc::new(journal);
    if heard > 0 {
        tracing::info!("{heard} copies that the relay had taken before Herald ended are marked as sent");
    }
    let closing = CancellationToken::new();
    let desk = Desk::new(store.clone(), clock.clone(), wake.clone(), press.clone(), &relays);
    let mut post = tokio::spawn(desk.run(closing.clone(), stop.clone()));
    let providers = providers(config);
    let done = shifts(hand, stop.clone(), until_idle, progress, Kit { press, relays, journal, providers }).await;
    closing.cancel();
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        ended = &mut post => ended.map_err(|error| DeliveryError::Task(error.to_string()))?,
        () = too_late => post.abort(),
    }
    done
}

/// Who knows the mail providers of domains: nobody where mail goes into folders only.
fn providers(config: &Config) -> Arc<Providers> {
    let folders = config.mail.relays.iter().all(|relay| relay.url.starts_with("folder:"));
    let resolver = match config.mail.resolver() {
        _ if folders => None,
        config::Resolver::Off => None,
        config::Resolver::System => Resolver::open(None).map(Some).unwrap_or_else(|error| {
            tracing::debug!(%error, "mail providers are not known");
            None
        }),
        config::Resolver::At(at) => Resolver::open(Some(at)).ok(),
    };
    Providers::new(resolver, matches!(config.mail.resolver(), config::Resolver::At(_)))
}

/// What every shift works with.
struct Kit {
    press: Press,
    relays: Vec<(Relay, Terms)>,
    journal: Arc<Journal>,
    providers: Arc<Providers>,
}

/// One shift after the other: a new one begins where the store could not be written.
async fn shifts(
    hand: Hand<'_>,
    stop: CancellationToken,
    until_idle: bool,
    progress: &Progress,
    Kit { press, relays, journal, providers }: Kit,
) -> Result<Summary, DeliveryError> {
    let Hand { store, clock, wake, .. } = hand;
    let mut finished = Vec::new();
    loop {
        let crew = Crew::new(
            store.clone(),
            clock.clone(),
            press.clone(),
            Arc::clone(&journal),
            Lanes::new(relays.clone(), &providers),
            progress.clone(),
            stop.clone(),
        );
        let crew = Arc::new(crew);
        let result = shift(&crew, wake, until_idle, &mut finished).await;
        let relay = crew.lanes.down();
        if let Some(words) = &relay {
            progress.set_down(words.clone());
        }
        match result {
            Ok(()) => return Ok(Summary { finished, relay, ..progress.summary() }),
            Err(error) if until_idle || stop.is_cancelled() => return Err(error),
            Err(error) => tracing::error!("{error}; nothing is sent until that is mended, nothing is lost"),
        }
        // What is noted and not yet in the ledger is kept in memory until it is.
        loop {
            tokio::select! {
                () = tokio::time::sleep(FAULT) => {}
                () = stop.cancelled() => break,
            }
            match journal.settle().await {
                Ok(()) => break,
                Err(error) => tracing::error!("{error}"),
            }
        }
    }
}

/// One shift: from recovering what is lost to giving back what was not begun. It ends when there is no more to do,
/// when told to stop, or when the store cannot be written.
async fn shift(crew: &Arc<Crew>, wake: &Wake, until_idle: bool, finished: &mut Vec<i64>) -> Result<(), DeliveryError> {
    let mut presence = Presence::enter(&crew.store).await?;
    recover(crew, presence.is_alone()).await?;
    presence.settle_in().await?;
    let mut hands = JoinSet::new();
    for (number, lane) in crew.lanes.iter().enumerate() {
        for _ in 0..lane.terms.connections {
            let (relay, crew) = (lane.relay.clone(), Arc::clone(crew));
            hands.spawn(async move { relay.work(&crew, number).await });
        }
    }
    let settler = tokio::spawn(settle(Arc::clone(crew)));
    let led = lead(crew, wake, until_idle, finished).await;
    crew.over.cancel();
    let late = crew.late.clone();
    let timer = tokio::spawn(async move {
        tokio::time::sleep(FAREWELL).await;
        late.cancel();
    });
    let mut broken = None;
    while let Some(ended) = hands.join_next().await {
        broken = broken.or(ended.err());
    }
    timer.abort();
    crew.settled.cancel();
    let _ = settler.await;
    crew.lanes.iter().for_each(|lane| crew.drop_jobs(lane.queue.drain()));
    let ended = end(crew, finished).await;
    presence.leave().await?;
    led?;
    if let Some(fault) = crew.take_fault() {
        return Err(fault);
    }
    ended?;
    match broken {
        Some(error) => Err(DeliveryError::Task(error.to_string())),
        None => Ok(()),
    }
}

/// Takes back what a dead process had claimed: where nobody else is at work, everything; else what nobody can be at
/// work on any more.
async fn recover(crew: &Crew, alone: bool) -> Result<(), DeliveryError> {
    let mut tx = crew.store.write().await?;
    let found = deliveries::recover(&mut tx, crew.now(), alone).await?;
    let mut shifted = false;
    for edition in if alone { ramp::open(&mut tx).await? } else { Vec::new() } {
        shifted |= ramp::catch_up(&mut tx, edition, crew.now()).await?;
    }
    if shifted && found == 0 {
        return Ok(tx.commit().await?);
    }
    if found > 0 {
        tx.commit().await?;
        tracing::info!("{found} copies that were claimed by a process which has ended are sent now");
    }
    Ok(())
}

/// The last words to the store: what was noted, what was not begun, what is finished.
async fn end(crew: &Crew, finished: &mut Vec<i64>) -> Result<(), DeliveryError> {
    crew.journal.settle().await?;
    tidy(crew).await?;
    finished.extend(finish(&crew.store, crew.now()).await?);
    Ok(())
}

/// Marks what was noted, every half second, until everybody has ended.
async fn settle(crew: Arc<Crew>) {
    while !crew.settled.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(SETTLE) => {}
            () = crew.settled.cancelled() => return,
        }
        if crew.journal.unsettled() > 0
            && let Err(error) = crew.journal.settle().await
        {
            crew.fail(error);
        }
    }
}

/// Claims, and hands out what was claimed, until there is no more to do.
async fn lead(crew: &Crew, wake: &Wake, until_idle: bool, finished: &mut Vec<i64>) -> Result<(), DeliveryError> {
    let mut looked: Option<Moment> = None;
    let mut sought = Moment::now();
    let mut line = Line::default();
    loop {
        if crew.stop.is_cancelled() || crew.has_fault() {
            return Ok(());
        }
        if looked.is_none_or(|at| at.elapsed() >= LOOK) {
            let mut tx = crew.store.read().await?;
            crew.set_live(deliveries::live(&mut tx).await?);
            drop(tx);
            looked = Some(Moment::now());
        }
        if sought.elapsed() >= ORPHANS {
            recover(crew, false).await?;
            sought = Moment::now();
        }
        tidy(crew).await?;
        line.say(crew).await?;
        let mut batch = batch(crew);
        if let Some(words) = crew.lanes.down() {
            crew.progress.set_down(words);
            if until_idle {
                return Ok(());
            }
            if !crew.lanes.has_open() {
                rest(crew, LOOK * 5).await;
                continue;
            }
            // Its pause is over: one copy shows whether it can be worked with again.
            batch = 1;
        }
        let few = usize::try_from(batch / 2).unwrap_or_default();
        crew.few.store(few, Relaxed);
        if crew.lanes.have_more_than(few) {
            if !overtake(crew, batch).await? {
                rest(crew, LOOK).await;
            }
            continue;
        }
        if claim(crew, batch, false).await? {
            continue;
        }
        if !crew.lanes.are_idle() {
            rest(crew, LOOK).await;
            continue;
        }
        crew.journal.settle().await?;
        recover(crew, false).await?;
        finished.extend(finish(&crew.store, crew.now()).await?);
        let mut tx = crew.store.read().await?;
        let next = deliveries::next_due(&mut tx, crew.now()).await?;
        drop(tx);
        line.forget();
        if next.is_some_and(|at| at <= crew.now()) {
            continue;
        }
        // What waits for the slots of a slowed domain is not done with, where time passes.
        let goes_on = next.is_some_and(|at| Some(at) <= crew.booked_to()) && !crew.clock.stands();
        if until_idle && !goes_on {
            let mut tx = crew.store.read().await?;
            crew.progress.set_waiting(deliveries::waiting(&mut tx).await?);
            return Ok(());
        }
        let until = next.and_then(|at| (at - crew.now()).to_std().ok()).unwrap_or(Duration::from_secs(5));
        tokio::select! {
            () = wake.wait(Task::Delivery, until.min(Duration::from_secs(5))) => {}
            () = crew.stop.cancelled() => {}
        }
        looked = None;
    }
}

/// Waits until connections have taken something, at most `limit`.
async fn rest(crew: &Crew, limit: Duration) {
    tokio::select! {
        () = crew.less.notified() => {}
        () = tokio::time::sleep(limit) => {}
        () = crew.stop.cancelled() => {}
    }
}

/// How many are claimed at once: not more than go out in ten seconds, so that who leaves now gets nothing a minute later.
fn batch(crew: &Crew) -> i64 {
    crew.lanes.soon().map_or(BATCH, |soon| soon.clamp(1, BATCH.unsigned_abs()).cast_signed())
}

/// Claims of urgent editions although others wait for a connection: they go ahead of these. Whether there was anything.
async fn overtake(crew: &Crew, batch: i64) -> Result<bool, DeliveryError> {
    if crew.lanes.urgent() as i64 > batch / 2 {
        return Ok(false);
    }
    let mut tx = crew.store.read().await?;
    let any = deliveries::has_urgent(&mut tx, crew.now()).await?;
    drop(tx);
    Ok(any && claim(crew, batch, true).await?)
}

/// Claims a batch, of urgent editions only or of all; whether there was anything to claim.
async fn claim(crew: &Crew, batch: i64, only_urgent: bool) -> Result<bool, DeliveryError> {
    let mut tx = crew.store.write().await?;
    let claimed = match only_urgent {
        true => deliveries::claim_urgent(&mut tx, crew.now(), batch, LEASE).await?,
        false => deliveries::claim(&mut tx, crew.now(), batch, LEASE).await?,
    };
    if claimed.claims.is_empty() && claimed.suppressed == 0 && claimed.postponed == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    crew.progress.suppressed(claimed.suppressed);
    let mut edition = None;
    for claim in &claimed.claims {
        if edition != Some(claim.edition) {
            edition = Some(claim.edition);
            crew.lay(claim.edition).await?;
        }
    }
    claimed.claims.into_iter().for_each(|claim| crew.route(Job::new(claim), false));
    Ok(true)
}

/// Writes what connections have left: claims that go back, editions that stop.
async fn tidy(crew: &Crew) -> Result<(), DeliveryError> {
    let left = crew.take_left();
    if left.dropped.is_empty() && left.booked.is_empty() && left.stopped.is_empty() {
        return Ok(());
    }
    let mut tx = crew.store.write().await?;
    for Stopped { edition, reason, by_rule } in &left.stopped {
        let stopped = match by_rule {
            true => states::halt(&mut tx, *edition, reason).await?,
            false => states::pause(&mut tx, *edition, reason).await?,
        };
        if stopped {
            tracing::error!(
                "edition {edition} is paused: {reason}. Look into it, then: herald editions resume {edition}, or cancel {edition}"
            );
        }
    }
    let now = crew.now();
    let back: Vec<_> = left.dropped.into_iter().map(|attempt| (attempt, now)).chain(left.booked).collect();
    for some in back.chunks(1000) {
        deliveries::give_back(&mut tx, some).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The line about the progress, every ten seconds of work.
#[derive(Default)]
struct Line {
    said: Option<Moment>,
    noted: Option<Moment>,
    speed: Speed,
}

impl Line {
    async fn say(&mut self, crew: &Crew) -> Result<(), DeliveryError> {
        if self.noted.is_none_or(|at| at.elapsed() >= SECOND) {
            self.speed.note(crew.progress.sent());
            self.noted = Some(Moment::now());
        }
        let begins = self.said.is_none();
        if !begins && self.said.is_some_and(|at| at.elapsed() < LINE) {
            return Ok(());
        }
        let mut tx = crew.store.read().await?;
        crew.progress.set_waiting(deliveries::waiting(&mut tx).await?);
        drop(tx);
        crew.progress.set_slowed(crew.lanes.slowed());
        self.said = Some(Moment::now());
        if !begins && !crew.progress.is_watched() {
            tracing::info!("{}", crew.progress.line(&self.speed));
        }
        Ok(())
    }

    /// Work is done; the next line comes ten seconds after it begins again.
    fn forget(&mut self) {
        *self = Line::default();
    }
}
