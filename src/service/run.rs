//! The daemon: a task for each stage, the listeners, and a stop in order. After a changed configuration the next run
//! takes over the [`Doors`], so that nobody is turned away in between.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Newsroom, ServiceError};
use crate::config::{Config, Fault, Listen};
use crate::edition;
use crate::net::door::{Door, Files, Part};
use crate::returns::Looked;
use crate::store::articles;
use crate::wake::Task;
use crate::{source, web};

/// How often a stage looks although nobody woke it.
const LOOK: Duration = Duration::from_secs(60);
/// How long no relay can be worked with before that is an alarm.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How often the store is asked whether another command has written something.
const WISHES: Duration = Duration::from_millis(300);
/// An edition whose deliveries take longer to make is filled beside the others, so that no alert waits for it.
pub const SOON: Duration = Duration::from_millis(300);
/// How long a stage that failed waits before it tries again.
const AGAIN: Duration = Duration::from_secs(10);
/// How long the tasks may take to finish what is on the wire.
const FINISH: Duration = Duration::from_secs(10);

/// The sockets that readers and staff knock at.
#[derive(Debug)]
pub struct Doors {
    listen: Listen,
    door: Option<Arc<Door>>,
    public: std::net::TcpListener,
    staff: std::net::TcpListener,
}

impl Doors {
    /// Opens both.
    ///
    /// # Errors
    /// An address that cannot be listened on, or a certificate that cannot be used, with its key.
    pub async fn open(config: &Config) -> Result<Doors, ServiceError> {
        let listen = &config.listen;
        let door = tls(config)?;
        let public = open("public", listen.public).await?;
        let staff = open("staff", listen.staff).await?;
        Ok(Doors { listen: listen.clone(), door, public, staff })
    }

    /// Opens those whose address is another one now. Where one cannot be opened nothing has changed.
    ///
    /// # Errors
    /// As [`Doors::open`].
    pub async fn move_to(&mut self, config: &Config) -> Result<(), ServiceError> {
        let listen = &config.listen;
        let door = tls(config)?;
        let public =
            if listen.public == self.listen.public { None } else { Some(open("public", listen.public).await?) };
        let staff = if listen.staff == self.listen.staff { None } else { Some(open("staff", listen.staff).await?) };
        if let Some(public) = public {
            self.public = public;
        }
        if let Some(staff) = staff {
            self.staff = staff;
        }
        self.door = door;
        self.listen = listen.clone();
        Ok(())
    }

    /// The same sockets once more, for a run to listen at. Between two runs callers wait in the system's queue.
    ///
    /// # Errors
    /// As [`Doors::open`].
    pub fn listeners(&self) -> Result<Listeners, ServiceError> {
        let public = knock("public", self.listen.public, &self.public)?;
        let staff = knock("staff", self.listen.staff, &self.staff)?;
        let staff_door = self.door.clone().filter(|_| !self.listen.staff.ip().is_loopback());
        Ok(Listeners { public, staff, door: self.door.clone(), staff_door })
    }
}

/// Both doors, as one run listens at them.
#[derive(Debug)]
pub struct Listeners {
    public: TcpListener,
    staff: TcpListener,
    /// How the public one is encrypted.
    door: Option<Arc<Door>>,
    /// And the other one, where callers from outside reach it.
    staff_door: Option<Arc<Door>>,
}

/// Serves and works until `stop` is cancelled; then finishes what is on the wire, within ten seconds. A stage that fails
/// says so in the log and is tried again.
pub async fn run(newsroom: Newsroom, listeners: Listeners, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let Listeners { public, staff, door, staff_door } = listeners;
    tasks.spawn(said("public pages", web::serve_public(public, door, newsroom.site.clone(), stop.clone())));
    let routes = web::staff::router(newsroom.site.clone());
    tasks.spawn(said("staff pages", web::serve_behind(staff, staff_door, routes, stop.clone())));
    let noticed = Arc::new(source::Noticed::default());
    tasks.spawn(until(stop.clone(), sources(newsroom.clone(), Arc::clone(&noticed))));
    tasks.spawn(until(stop.clone(), releases(newsroom.clone())));
    tasks.spawn(until(stop.clone(), feeds(newsroom.clone())));
    tasks.spawn(until(stop.clone(), searches(newsroom.clone())));
    tasks.spawn(until(stop.clone(), pages(newsroom.clone())));
    tasks.spawn(until(stop.clone(), newsletters(newsroom.clone())));
    tasks.spawn(until(stop.clone(), fills(newsroom.clone())));
    tasks.spawn(until(stop.clone(), returns(newsroom.clone())));
    tasks.spawn(until(stop.clone(), wishes(newsroom.clone())));
    tasks.spawn(until(stop.clone(), alarms(newsroom.clone())));
    tasks.spawn(until(stop.clone(), hub(newsroom.clone())));
    tasks.spawn(until(stop.clone(), purging(newsroom.clone())));
    tasks.spawn(readers(newsroom.clone(), stop.clone()));
    tasks.spawn(deliveries(newsroom.clone(), stop.clone()));
    tasks.spawn(until(stop.clone(), ledger(newsroom.clone(), stop.clone())));
    let watching = source::watch(&newsroom.site.config, newsroom.site.wake.clone(), noticed);
    if let Err(error) = &watching {
        tracing::warn!("folders are not watched for changes, only read every so often: {error}");
    }
    // What was saved after the read at the start and before the watching would otherwise wait for its turn.
    newsroom.site.wake.up(Task::Sources);
    stop.cancelled().await;
    drop(watching);
    tasks.close();
    if tokio::time::timeout(FINISH, tasks.wait()).await.is_err() {
        tracing::warn!("stopped after 10 seconds with work unfinished; the next start goes on with it");
    }
}

/// The door of `[listen] tls`, if there is one.
fn tls(config: &Config) -> Result<Option<Arc<Door>>, ServiceError> {
    let Some(tls) = &config.listen.tls else { return Ok(None) };
    let files = Files { cert: config.path(&tls.cert), key: config.path(&tls.key) };
    let door = Door::open(files).map_err(|error| {
        let key = match error.part {
            Part::Certificate => "listen.tls.cert",
            Part::Key => "listen.tls.key",
        };
        ServiceError::Tls(config.fault(key, error.to_string()))
    })?;
    Ok(Some(Arc::new(door)))
}

/// What is wrong with the files of `[listen] tls`: what `check` says, and for what `run` does not start.
pub fn unusable_tls(config: &Config) -> Vec<Fault> {
    match tls(config) {
        Err(ServiceError::Tls(fault)) => vec![fault],
        _ => Vec::new(),
    }
}

async fn open(key: &'static str, address: SocketAddr) -> Result<std::net::TcpListener, ServiceError> {
    let opened = TcpListener::bind(address).await.and_then(TcpListener::into_std);
    opened.map_err(|source| ServiceError::Listen { key, address, source })
}

fn knock(key: &'static str, address: SocketAddr, door: &std::net::TcpListener) -> Result<TcpListener, ServiceError> {
    door.try_clone().and_then(TcpListener::from_std).map_err(|source| ServiceError::Listen { key, address, source })
}

/// Runs a task until the stop; a stage's own work is a transaction that a drop rolls back.
async fn until(stop: CancellationToken, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        () = stop.cancelled() => {}
    }
}

async fn said(what: &'static str, served: impl Future<Output = std::io::Result<()>>) {
    if let Err(error) = served.await {
        tracing::error!("{what}: {error}");
    }
}

/// Reads sources and lists when woken, and every so often: at first and in time all of them, else the files that changed.
async fn sources(newsroom: Newsroom, noticed: Arc<source::Noticed>) {
    let every = newsroom.site.config.sources.iter().map(crate::config::Source::every).min().map_or(LOOK, |s| s.std());
    let mut whole: Option<Instant> = None;
    loop {
        let left = whole.map_or(every, |last| every.saturating_sub(last.elapsed()));
        newsroom.site.wake.wait(Task::Sources, left).await;
        let changed = noticed.take().filter(|_| whole.is_some_and(|last| last.elapsed() < every));
        let some = match &changed {
            Some(changed) => newsroom.read_some(changed).await,
            None => Ok(None),
        };
        let read = match some {
            Ok(Some(read)) => Ok(read),
            Ok(None) => {
                let begun = Instant::now();
                let read = newsroom.read().await;
                whole = read.is_ok().then_some(begun);
                read
            }
            Err(error) => Err(error),
        };
        match read {
            Ok(read) => read.log(),
            Err(error) => {
                whole = None;
                newsroom.site.wake.up(Task::Sources);
                failed("reading the sources", &error).await;
            }
        }
    }
}

/// Lets articles go public at their instant.
async fn releases(newsroom: Newsroom) {
    loop {
        let next = async {
            let mut tx = newsroom.site.store.read().await?;
            articles::next_due(&mut tx).await
        };
        let wait = match next.await {
            Ok(Some(at)) => (at - newsroom.site.clock.now()).to_std().unwrap_or_default().min(Duration::from_secs(1)),
            Ok(None) => Duration::from_secs(1),
            Err(error) => {
                failed("looking for what is to go public", &error.into()).await;
                continue;
            }
        };
        tokio::time::sleep(wait).await;
        match newsroom.release().await {
            Ok(0) => {}
            Ok(count) => tracing::info!("{count} went public."),
            Err(error) => failed("going public", &error).await,
        }
    }
}

/// Builds feeds when woken, and every so often.
async fn feeds(newsroom: Newsroom) {
    loop {
        newsroom.site.wake.wait(Task::Feeds, LOOK).await;
        if let Err(error) = newsroom.publish().await {
            failed("building the feeds", &error).await;
        }
    }
}

/// Keeps the search up to date. Whether there is anything to do is one look at a list that is mostly empty.
async fn searches(newsroom: Newsroom) {
    loop {
        match newsroom.index().await {
            Ok(0) => {}
            Ok(count) => tracing::debug!("The search knows {count} articles as they are now."),
            Err(error) => failed("bringing the search up to date", &error).await,
        }
        tokio::time::sleep(WISHES).await;
    }
}

/// Keeps the static copy up to date. The pause after each is as long as it took, so that it takes no more than half of
/// a processor.
async fn pages(newsroom: Newsroom) {
    loop {
        newsroom.site.wake.wait(Task::Pages, LOOK).await;
        // The feeds are built at the start: a copy before that would have none.
        if !newsroom.site.shelf.is_up() {
            continue;
        }
        let begun = Instant::now();
        match newsroom.copy(web::Pace::Beside).await {
            Ok(_) => tokio::time::sleep(begun.elapsed()).await,
            Err(error) => failed("the static copy", &error).await,
        }
    }
}

/// Makes editions at their time, or when woken.
async fn newsletters(newsroom: Newsroom) {
    loop {
        let next = edition::next_due(&newsroom.site.store, &newsroom.site.config, &newsroom.site.clock).await;
        let wait = match next {
            Ok(Some(at)) => (at - newsroom.site.clock.now()).to_std().unwrap_or_default().min(LOOK),
            Ok(None) => LOOK,
            Err(error) => {
                failed("looking which newsletters are due", &error.into()).await;
                continue;
            }
        };
        newsroom.site.wake.wait(Task::Newsletters, wait).await;
        match newsroom.compose(false, Some(SOON)).await {
            Ok(_) => {}
            Err(error) => failed("making editions", &error).await,
        }
    }
}

/// Makes the deliveries that editions lack, when woken and every so often.
async fn fills(newsroom: Newsroom) {
    loop {
        if let Err(error) = newsroom.fill().await {
            failed("making deliveries", &error).await;
        }
        newsroom.site.wake.wait(Task::Fill, LOOK).await;
    }
}

/// Looks into the mailboxes every so often. What is wrong with one is said once, and once more when it is right again.
async fn returns(newsroom: Newsroom) {
    let Some(setting) = &newsroom.site.config.mail.returns else { return };
    if setting.imap.is_none() && setting.maildir.is_none() {
        return;
    }
    let mut failed = BTreeMap::new();
    loop {
        let mut more = false;
        match newsroom.read_returns().await {
            Ok(all) => {
                for looked in all {
                    more |= looked.more;
                    told(&looked, &mut failed);
                }
            }
            Err(error) => self::failed("reading what came back", &error).await,
        }
        if !more {
            tokio::time::sleep(setting.every.std().max(Duration::from_secs(1))).await;
        }
    }
}

/// Says what is new of a mailbox.
fn told(looked: &Looked, failed: &mut BTreeMap<String, String>) {
    match (&looked.failed, failed.get(&looked.mailbox)) {
        (Some(reason), before) => {
            if before != Some(reason) {
                tracing::warn!("{reason} ({}); it is tried again, and mail goes out all the same", looked.mailbox);
                failed.insert(looked.mailbox.clone(), reason.clone());
            }
        }
        (None, before) => {
            if before.is_some() {
                failed.remove(&looked.mailbox);
                tracing::info!("{} can be read again.", looked.mailbox);
            }
            if looked.tally.has_news() {
                tracing::info!("{looked}");
            }
        }
    }
}

/// Tells the subscribers of the hub, and the hubs elsewhere.
async fn hub(newsroom: Newsroom) {
    loop {
        if let Err(error) = newsroom.keep_hub().await {
            failed("telling the hub's subscribers", &error).await;
        }
    }
}

/// Tells caches in front what has changed.
async fn purging(newsroom: Newsroom) {
    loop {
        if let Err(error) = newsroom.keep_purged().await {
            failed("telling caches what has changed", &error).await;
        }
    }
}

/// Writes down every minute who has polled the feeds, and once more at the end.
async fn readers(newsroom: Newsroom, stop: CancellationToken) {
    let mut today = None;
    loop {
        // Asked before: who polls while the last but one is being written is in the last.
        let is_last = stop.is_cancelled();
        if let Err(error) = newsroom.write_readers(&mut today).await {
            tracing::error!("writing down who polls the feeds: {error}");
        }
        if is_last {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Looks every minute whether an edition that was due did not go out.
async fn alarms(newsroom: Newsroom) {
    loop {
        if let Err(error) = newsroom.look_after(PATIENCE).await {
            failed("looking for what did not go out", &error).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Wakes everybody after another command's commit.
async fn wishes(newsroom: Newsroom) {
    let mut known = None;
    loop {
        tokio::time::sleep(WISHES).await;
        let Ok(version) = newsroom.site.store.version().await else { continue };
        if known.is_some_and(|known| known != version) {
            for task in [Task::Feeds, Task::Pages, Task::Newsletters, Task::Fill, Task::Delivery, Task::Post] {
                newsroom.site.wake.up(task);
            }
        }
        known = Some(version);
    }
}

/// Hands copies over until the stop, and finishes those on the wire.
async fn deliveries(newsroom: Newsroom, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = newsroom.deliver(stop.clone(), false).await {
            tokio::select! {
                () = failed("sending", &error) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

/// Seals the ledger of what is over, and lets go what was kept long enough, every minute.
async fn ledger(newsroom: Newsroom, stop: CancellationToken) {
    loop {
        if let Err(error) = newsroom.keep_ledger(&stop, true).await {
            failed("sealing the ledger", &error).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn failed(what: &str, error: &ServiceError) {
    tracing::error!("{what}: {error}");
    tokio::time::sleep(AGAIN).await;
}
