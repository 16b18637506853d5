//! The daemon: a task for each stage, the listeners, and a stop in order.

use std::future::Future;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Lock, Newsroom, ServiceError};
use crate::edition;
use crate::store::articles;
use crate::wake::Task;
use crate::{source, web};

/// How often a stage looks although nobody woke it.
const LOOK: Duration = Duration::from_secs(60);
/// How often the store is asked whether another command has written something.
const WISHES: Duration = Duration::from_millis(300);
/// How long a stage that failed waits before it tries again.
const AGAIN: Duration = Duration::from_secs(10);
/// How long the tasks may take to finish what is on the wire.
const FINISH: Duration = Duration::from_secs(10);

/// Serves and works until `stop` is cancelled. `ready` is called once both listeners are open.
///
/// # Errors
/// An address that cannot be listened on. A stage that fails says so in the log and is tried again.
pub async fn run(
    newsroom: Newsroom,
    lock: Lock,
    stop: CancellationToken,
    ready: impl FnOnce(),
) -> Result<(), ServiceError> {
    let listen = &newsroom.site.config.listen;
    let public = open("public", listen.public).await?;
    let staff = open("staff", listen.staff).await?;
    let tasks = TaskTracker::new();
    let routes = web::public::router(newsroom.site.clone());
    tasks.spawn(said("public pages", web::serve(public, routes, stop.clone())));
    tasks.spawn(said("staff pages", web::serve(staff, web::staff::router(newsroom.site.clone()), stop.clone())));
    tasks.spawn(until(stop.clone(), sources(newsroom.clone())));
    tasks.spawn(until(stop.clone(), releases(newsroom.clone())));
    tasks.spawn(until(stop.clone(), feeds(newsroom.clone())));
    tasks.spawn(until(stop.clone(), newsletters(newsroom.clone())));
    tasks.spawn(until(stop.clone(), wishes(newsroom.clone())));
    tasks.spawn(deliveries(newsroom.clone(), stop.clone()));
    let watching = source::watch(&newsroom.site.config, newsroom.site.wake.clone());
    if let Err(error) = &watching {
        tracing::warn!("folders are not watched for changes, only read every so often: {error}");
    }
    ready();
    stop.cancelled().await;
    tracing::info!("Stopping: what is on the wire is finished first.");
    drop(watching);
    tasks.close();
    if tokio::time::timeout(FINISH, tasks.wait()).await.is_err() {
        tracing::warn!("stopped after 10 seconds with work unfinished; the next start goes on with it");
    }
    newsroom.site.store.close().await;
    drop(lock);
    tracing::info!("Stopped.");
    Ok(())
}

async fn open(key: &'static str, address: std::net::SocketAddr) -> Result<TcpListener, ServiceError> {
    TcpListener::bind(address).await.map_err(|source| ServiceError::Listen { key, address, source })
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

/// Reads sources and lists when woken, and every so often.
async fn sources(newsroom: Newsroom) {
    let every = newsroom.site.config.sources.iter().map(crate::config::Source::every).min().map_or(LOOK, |s| s.std());
    loop {
        newsroom.site.wake.wait(Task::Sources, every).await;
        match newsroom.read().await {
            Ok(read) => read.log(),
            Err(error) => failed("reading the sources", &error).await,
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

/// Builds feeds and the static copy when woken, and every so often.
async fn feeds(newsroom: Newsroom) {
    loop {
        newsroom.site.wake.wait(Task::Feeds, LOOK).await;
        if let Err(error) = newsroom.publish().await {
            failed("building the feeds", &error).await;
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
        match newsroom.compose(false).await {
            Ok(_) => {}
            Err(error) => failed("making editions", &error).await,
        }
    }
}

/// Wakes everybody after another command's commit.
async fn wishes(newsroom: Newsroom) {
    let mut known = None;
    loop {
        tokio::time::sleep(WISHES).await;
        let Ok(version) = newsroom.site.store.version().await else { continue };
        if known.is_some_and(|known| known != version) {
            for task in [Task::Feeds, Task::Newsletters, Task::Delivery] {
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

async fn failed(what: &str, error: &ServiceError) {
    tracing::error!("{what}: {error}");
    tokio::time::sleep(AGAIN).await;
}
