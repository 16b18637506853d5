//! One listener: bounded connections, a limit on slow heads, TLS where it is wanted, and a stop that lets answers finish.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use bytes::Bytes;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client::Peer;
use super::public::{self, Quick, Site};
use super::rewound::Rewound;
use crate::net::door::Door;

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// How long a client may take for the head of a request, and a kept connection may stay silent.
const HEAD: Duration = Duration::from_secs(20);
/// How long answers may still take after the stop.
const FINISH: Duration = Duration::from_secs(8);
/// How often it is asked whether certificate and key were renewed.
const RENEWED: Duration = Duration::from_secs(2);

/// Answers on `listener` with `router` until `stop` is cancelled; then takes no more connections,
/// finishes the answers that are under way (8 seconds at most), and returns.
///
/// # Errors
/// None today: a failing `accept` is tried again.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    serve_behind(listener, None, router, stop).await
}

/// The same behind a door that speaks TLS, whose files are looked at every other second.
///
/// # Errors
/// As [`serve`].
pub async fn serve_behind(
    listener: TcpListener,
    door: Option<Arc<Door>>,
    router: Router,
    stop: CancellationToken,
) -> std::io::Result<()> {
    take_calls(listener, door, House { router, quick: None }, stop).await
}

/// The same with everything that readers see; feeds go out before a router is asked.
///
/// # Errors
/// As [`serve`].
pub async fn serve_public(
    listener: TcpListener,
    door: Option<Arc<Door>>,
    site: Site,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = public::router(site.clone());
    let quick = Some(Arc::new(Quick::new(site, router.clone())));
    take_calls(listener, door, House { router, quick }, stop).await
}

/// Who answers.
#[derive(Clone)]
struct House {
    router: Router,
    /// Answers first, where it can.
    quick: Option<Arc<Quick>>,
}

async fn take_calls(
    mut listener: TcpListener,
    door: Option<Arc<Door>>,
    house: House,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let renewing = door.clone().map(|door| tokio::spawn(renew(door, stop.clone())));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { break };
        let (stream, from) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        // An answer is written in one go; waiting for more to send (Nagle) would only delay it.
        let _ = stream.set_nodelay(true);
        let (house, door, stop) = (house.clone(), door.clone(), stop.clone());
        connections.spawn(async move {
            connected(stream, from, door.as_deref(), house, &stop).await;
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(FINISH, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections cut: they took longer than 8 seconds to finish");
    }
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    Ok(())
}

/// One connection, from the handshake to its end.
async fn connected(stream: TcpStream, from: SocketAddr, door: Option<&Door>, house: House, stop: &CancellationToken) {
    let peer = Peer { address: from.ip(), encrypted: door.is_some() };
    let service = Announced { peer, inner: TowerToHyperService::new(house.router) };
    let quick = house.quick.as_deref();
    let Some(door) = door else { return answer(stream, quick, service, stop).await };
    let welcomed = tokio::select! {
        welcomed = door.welcome(stream) => welcomed,
        () = stop.cancelled() => return,
    };
    match welcomed {
        Ok(stream) => answer(stream, quick, service, stop).await,
        Err(error) => tracing::debug!(%error, "a handshake failed"),
    }
}

/// The requests of one connection.
async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    quick: Option<&Quick>,
    service: Announced,
    stop: &CancellationToken,
) {
    let begun = match quick {
        Some(quick) => quick.serve(stream, stop).await,
        None => Some((Bytes::new(), stream)),
    };
    let Some((read, stream)) = begun else { return };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(Rewound::new(read, stream)), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Tells the pages who is at the other end.
struct Announced {
    peer: Peer,
    inner: TowerToHyperService<Router>,
}

impl hyper::service::Service<Request<Incoming>> for Announced {
    type Response = <TowerToHyperService<Router> as hyper::service::Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as hyper::service::Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as hyper::service::Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

/// Takes up renewed files until the stop.
async fn renew(door: Arc<Door>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(RENEWED) => {}
            () = stop.cancelled() => return,
        }
        let door = Arc::clone(&door);
        let looked =
            tokio::task::spawn_blocking(move || door.look().map(|done| done.map(|file| file.to_owned()))).await;
        match looked {
            Ok(Some(Ok(file))) => tracing::info!("The renewed certificate of {} is shown from now on.", file.display()),
            Ok(Some(Err(error))) => {
                tracing::error!(
                    "[listen] tls: {error}; the old certificate stays in its place until the files change again"
                );
            }
            Ok(None) | Err(_) => {}
        }
    }
}
