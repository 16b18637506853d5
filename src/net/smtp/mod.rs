//! One SMTP session (RFC 5321), made of lettre's commands and parameters over a connection of our own.
//!
//! 1. [`Session::connect`] dials, reads the greeting, says EHLO, goes over to TLS and signs in ([`session`]).
//! 2. [`Session::open`] names sender and recipient and asks for DATA; where the server offers PIPELINING, in one
//!    write (RFC 2920), and the envelope of the *next* message goes out with the body before it ([`exchange`]).
//! 3. [`Session::data`] writes the body, dot-stuffed, and reads the answer that decides ([`exchange`]).
//! 4. [`Session::quit`] takes leave.
//!
//! Replies are framed by [`reply`] with limits, what EHLO offers is read by [`offers`]; both are functions of a text.
//!
//! A connection may be lost in three ways, and [`SmtpError::may_be_taken`] tells them apart: before the last byte of a
//! body went out (nobody has the message), after it and before the answer (nobody can know), and after the answer,
//! where the next step reports it and the message before is safe.

mod exchange;
mod offers;
mod reply;
mod session;
mod stuff;
mod tls;
mod wire;

pub use exchange::{Envelope, Opened, Unfit};
pub use offers::Offers;
pub use reply::{Malformed, Reply};
pub use session::{Dial, Login, Session};
pub use tls::{Encryption, TlsConfigs};
pub use wire::Limits;

use std::fmt;

/// Where in a session something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Dialling.
    Connect,
    /// The server's first words.
    Greeting,
    /// EHLO, or HELO.
    Ehlo,
    /// STARTTLS and the handshake.
    Tls,
    /// AUTH.
    Auth,
    /// RSET after a refusal.
    Reset,
    /// MAIL FROM: about the sender.
    Mail,
    /// RCPT TO: about the recipient.
    Rcpt,
    /// DATA, before the body.
    Data,
    /// Writing the body.
    Body,
    /// The answer to the whole message.
    Answer,
    /// QUIT.
    Quit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Connect => "connecting",
            Step::Greeting => "waiting for the greeting",
            Step::Ehlo => "EHLO",
            Step::Tls => "going over to TLS",
            Step::Auth => "signing in",
            Step::Reset => "RSET",
            Step::Mail => "MAIL FROM",
            Step::Rcpt => "RCPT TO",
            Step::Data => "DATA",
            Step::Body => "sending the message",
            Step::Answer => "waiting for the answer to the message",
            Step::Quit => "QUIT",
        })
    }
}

/// Why a session is over. What a server says of one message is no error but an [`Opened`] or a [`Reply`].
#[derive(Debug, thiserror::Error)]
#[error("{step}: {cause}{}", advice(.step, .cause))]
pub struct SmtpError {
    /// Where it happened.
    pub step: Step,
    /// What happened.
    pub cause: Cause,
}

/// What ended a session.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The connection broke, or could not be made.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The server closed the connection without a word.
    #[error("the server closed the connection")]
    Closed,
    /// The server said nothing within the time that RFC 5321 §4.5.3.2 gives it.
    #[error("no answer within {0:?}")]
    Silence(std::time::Duration),
    /// The server does not serve us: 421 at any step, a refusal before the first message.
    #[error("the server said: {0}")]
    Refused(Reply),
    /// What came is no SMTP.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// TLS was asked for and cannot be had.
    #[error("{0}")]
    Tls(String),
    /// There is no way to sign in that both know.
    #[error("{0}")]
    Auth(String),
    /// There is no token, or the server does not take it: until whoever renews it has done so, which is nobody's fault here.
    #[error("{0}; each connection reads the token anew")]
    Token(String),
    /// Words came before they were asked for: somebody between may have put them there.
    #[error("the server spoke before it was asked: nothing that it says can be trusted")]
    Unasked,
}

/// What to do about a refused password, which the server does not say.
fn advice(step: &Step, cause: &Cause) -> &'static str {
    match (step, cause) {
        (Step::Auth, Cause::Refused(reply)) if !reply.is_transient() => {
            "; look at the user in url and at the password in password_file or password_env"
        }
        _ => "",
    }
}

impl SmtpError {
    fn new(step: Step, cause: impl Into<Cause>) -> Self {
        SmtpError { step, cause: cause.into() }
    }

    /// Whether the server may have taken the message: every byte had gone out, and no answer came.
    /// Otherwise nobody has it.
    pub fn may_be_taken(&self) -> bool {
        self.step == Step::Answer && !matches!(self.cause, Cause::Refused(_))
    }

    /// Whether trying again is in vain until somebody has changed a setting, here or there: a refused password, a
    /// certificate that cannot be trusted, a server that does not offer what we ask for.
    pub fn needs_somebody(&self) -> bool {
        match &self.cause {
            Cause::Tls(_) | Cause::Auth(_) => true,
            Cause::Refused(reply) => self.step == Step::Auth && !reply.is_transient(),
            _ => false,
        }
    }

    /// What the server said, where it said something.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.cause {
            Cause::Refused(reply) => Some(reply),
            _ => None,
        }
    }
}
