//! The connection to an IMAP server: with TLS or without, and never more of it read than was asked for.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Dial, ImapError};

/// How many more bytes may be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    /// From now on so many.
    pub(super) fn allow(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// More was said than was asked for.
#[derive(Debug, thiserror::Error)]
#[error("more than was asked for")]
pub(super) struct TooMuch;

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

/// A stream that counts what is read.
pub(super) struct Counted {
    stream: Box<dyn Both>,
    budget: Budget,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        let left = self.budget.0.load(Ordering::Relaxed);
        match left.checked_sub(read) {
            Some(left) => {
                self.budget.0.store(left, Ordering::Relaxed);
                Poll::Ready(Ok(()))
            }
            None => Poll::Ready(Err(io::Error::other(TooMuch))),
        }
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Dials, and goes over to TLS where that is asked for.
pub(super) async fn connect(dial: &Dial, budget: &Budget) -> Result<Counted, ImapError> {
    let (host, port) = (dial.to.host.as_str(), dial.to.port);
    let stream = match timeout(dial.limit, TcpStream::connect((host, port))).await {
        Err(_) => return Err(ImapError::Silence(dial.limit)),
        Ok(stream) => stream.map_err(|error| ImapError::Io(format!("{host}:{port}: {error}")))?,
    };
    stream.set_nodelay(true).map_err(|error| ImapError::Io(error.to_string()))?;
    let stream: Box<dyn Both> = match (&dial.tls, dial.to.tls) {
        (_, false) => Box::new(stream),
        (None, true) => return Err(ImapError::Tls("no certificates to check the server by".to_owned())),
        (Some(tls), true) => match timeout(dial.limit, tls.encrypt(host, stream)).await {
            Err(_) => return Err(ImapError::Silence(dial.limit)),
            Ok(stream) => Box::new(stream.map_err(ImapError::Tls)?),
        },
    };
    Ok(Counted { stream, budget: budget.clone() })
}
