//! One listener: bounded connections, a limit on slow heads, and a stop that lets answers finish.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 4096;
/// How long a client may take for the head of a request, and a kept connection may stay silent.
const HEAD: Duration = Duration::from_secs(20);
/// How long answers may still take after the stop.
const FINISH: Duration = Duration::from_secs(8);

/// Answers on `listener` with `router` until `stop` is cancelled; then takes no more connections,
/// finishes the answers that are under way (8 seconds at most), and returns.
///
/// # Errors
/// None today: a failing `accept` is tried again. The type leaves room for TLS.
pub async fn serve(mut listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { break };
        let (stream, _) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        // An answer is written in one go; waiting for more to send (Nagle) would only delay it.
        let _ = stream.set_nodelay(true);
        let (service, stop) = (TowerToHyperService::new(router.clone()), stop.clone());
        connections.spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(64 * 1024)
                .serve_connection(TokioIo::new(stream), service);
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
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(FINISH, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections cut: they took longer than 8 seconds to finish");
    }
    Ok(())
}
