//! The connection: bytes out, replies in, each within the time that RFC 5321 §4.5.3.2 allows.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::{Cause, Reply, SmtpError, Step};

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Dialling, all addresses of the host together.
    pub connect: Duration,
    /// The greeting.
    pub greeting: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// EHLO, AUTH, MAIL, RCPT, RSET.
    pub command: Duration,
    /// The answer to DATA.
    pub data: Duration,
    /// Each piece of the body.
    pub block: Duration,
    /// The answer to the whole message.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        Limits {
            connect: minutes(1),
            greeting: minutes(5),
            tls: minutes(1),
            command: minutes(5),
            data: minutes(2),
            block: minutes(3),
            answer: minutes(10),
        }
    }
}

impl Limits {
    /// How long the answer at that step may take.
    fn reply(&self, step: Step) -> Duration {
        match step {
            Step::Connect => self.connect,
            Step::Greeting => self.greeting,
            Step::Tls => self.tls,
            Step::Data => self.data,
            Step::Body => self.block,
            Step::Answer => self.answer,
            Step::Quit => Duration::from_secs(2),
            Step::Ehlo | Step::Auth | Step::Reset | Step::Mail | Step::Rcpt => self.command,
        }
    }
}

/// A stream with or without TLS.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read_buf(buffer).await,
            Stream::Tls(stream) => stream.read_buf(buffer).await,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(bytes).await,
            Stream::Tls(stream) => stream.write(bytes).await,
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush().await,
            Stream::Tls(stream) => stream.flush().await,
        }
    }

    async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.shutdown().await,
            Stream::Tls(stream) => stream.shutdown().await,
        }
    }
}

/// A connection with what was read of it and not yet understood.
pub(super) struct Wire {
    stream: Stream,
    unread: Vec<u8>,
    limits: Limits,
}

impl Wire {
    pub(super) fn new(stream: Stream, limits: Limits) -> Self {
        Wire { stream, unread: Vec::with_capacity(1024), limits }
    }

    /// The bare stream, to put TLS over it. What came unasked before the handshake was not said under TLS, and is
    /// refused (the injection of RFC 3207 §6 and CVE-2011-0411, seen from the client).
    pub(super) fn into_plain(self) -> Result<TcpStream, SmtpError> {
        match self.stream {
            Stream::Plain(stream) if self.unread.is_empty() => Ok(stream),
            _ => Err(SmtpError::new(Step::Tls, Cause::Unasked)),
        }
    }

    /// Writes all of `bytes`. `done` is told how many of them the connection has taken, after each piece.
    pub(super) async fn write(&mut self, step: Step, bytes: &[u8], done: &mut usize) -> Result<(), SmtpError> {
        let limit = self.limits.reply(if step == Step::Body { Step::Body } else { Step::Mail });
        while *done < bytes.len() {
            let wrote = timeout(limit, self.stream.write(&bytes[*done..])).await;
            match wrote {
                Err(_) => return Err(SmtpError::new(step, Cause::Silence(limit))),
                Ok(Err(error)) => return Err(SmtpError::new(step, error)),
                Ok(Ok(0)) => return Err(SmtpError::new(step, Cause::Closed)),
                Ok(Ok(n)) => *done += n,
            }
        }
        match timeout(limit, self.stream.flush()).await {
            Err(_) => Err(SmtpError::new(step, Cause::Silence(limit))),
            Ok(flushed) => flushed.map_err(|error| SmtpError::new(step, error)),
        }
    }

    /// Writes a command.
    pub(super) async fn say(&mut self, step: Step, command: impl std::fmt::Display) -> Result<(), SmtpError> {
        self.write(step, command.to_string().as_bytes(), &mut 0).await
    }

    /// The next reply, whatever it says but 421: with that a server ends the session at any step.
    pub(super) async fn reply(&mut self, step: Step) -> Result<Reply, SmtpError> {
        let limit = self.limits.reply(step);
        loop {
            if let Some((reply, length)) = Reply::parse(&self.unread).map_err(|e| SmtpError::new(step, e))? {
                self.unread.drain(..length);
                if reply.code == 421 {
                    return Err(SmtpError::new(step, Cause::Refused(reply)));
                }
                return Ok(reply);
            }
            match timeout(limit, self.stream.read(&mut self.unread)).await {
                Err(_) => return Err(SmtpError::new(step, Cause::Silence(limit))),
                Ok(Err(error)) => return Err(SmtpError::new(step, error)),
                Ok(Ok(0)) => return Err(SmtpError::new(step, Cause::Closed)),
                Ok(Ok(_)) => {}
            }
        }
    }

    /// Whether the server has said something that nobody asked for yet, as far as it was read.
    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Ends our side of the connection.
    pub(super) async fn close(&mut self) {
        let _ = timeout(Duration::from_secs(2), self.stream.shutdown()).await;
    }
}
