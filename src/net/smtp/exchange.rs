//! One message after the other, at one turn each.
//!
//! With PIPELINING (RFC 2920) sender, recipient and DATA are one write, DATA last; the envelope of the next message
//! goes out in the same write as the body before it. So a message costs one turn: body, dot, envelope → the answer to
//! this message, three replies about the next. Without PIPELINING each command waits for its reply.

use std::fmt::Write;

use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};

use super::stuff::stuff;
use super::{Reply, Session, SmtpError, Step};

/// Who sends a message to whom, and what a server must know of it beforehand.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The return path.
    pub from: lettre::Address,
    /// The recipient: one a message, so that what is said is said about one person.
    pub to: lettre::Address,
    /// Length of the message in bytes.
    pub size: usize,
    /// Whether an address or a header holds more than ASCII (RFC 6531).
    pub utf8: bool,
    /// Whether the message holds bytes beyond ASCII (RFC 6152).
    pub eight_bit: bool,
}

/// What a server says to an envelope.
#[derive(Debug)]
pub enum Opened {
    /// The body may come.
    Go,
    /// Not this message; the session goes on.
    Refused {
        /// At which command: it says whom the refusal is about.
        step: Step,
        /// The server's words.
        reply: Reply,
    },
}

/// Why a server cannot take a message, known before it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The address is not ASCII.
    #[error("the relay does not offer SMTPUTF8, which this address needs")]
    Utf8,
    /// The text is not ASCII.
    #[error("the relay does not offer 8BITMIME, which this message needs")]
    EightBit,
    /// The message is too large.
    #[error("the message is {size} bytes long, the relay takes {limit} at most")]
    Size {
        /// Its length.
        size: usize,
        /// The most that the server takes.
        limit: usize,
    },
}

impl Session {
    /// Whether the server can take such a message at all.
    ///
    /// # Errors
    /// [`Unfit`]: what it lacks.
    pub fn fits(&self, envelope: &Envelope) -> Result<(), Unfit> {
        if envelope.utf8 && !self.offers.utf8 {
            return Err(Unfit::Utf8);
        }
        if envelope.eight_bit && !self.offers.eight_bit && !self.offers.utf8 {
            return Err(Unfit::EightBit);
        }
        match self.offers.size {
            Some(Some(limit)) if envelope.size > limit => Err(Unfit::Size { size: envelope.size, limit }),
            _ => Ok(()),
        }
    }

    /// Asks whether the message of `envelope` may come. Where [`Session::data`] has asked already, in the write
    /// before, only the replies are read: it must be the same envelope.
    ///
    /// # Errors
    /// [`SmtpError`]: the session is over, and nobody has the message.
    pub async fn open(&mut self, envelope: &Envelope) -> Result<Opened, SmtpError> {
        if !self.offers.pipelining {
            return self.open_in_turns(envelope).await;
        }
        if !self.announced {
            self.out.clear();
            self.announce(envelope);
            self.wire.write(Step::Mail, &self.out, &mut 0).await?;
        }
        self.announced = false;
        if std::mem::take(&mut self.reset) {
            self.wire.reply(Step::Reset).await?;
        }
        let mail = self.wire.reply(Step::Mail).await?;
        let rcpt = self.wire.reply(Step::Rcpt).await?;
        let data = self.wire.reply(Step::Data).await?;
        let refused = match (mail.is_done(), rcpt.is_done(), data.code == 354) {
            (true, true, true) => return Ok(Opened::Go),
            (false, _, _) => Opened::Refused { step: Step::Mail, reply: mail },
            (true, false, _) => Opened::Refused { step: Step::Rcpt, reply: rcpt },
            (true, true, false) => Opened::Refused { step: Step::Data, reply: data.clone() },
        };
        if data.code == 354 {
            // It wants a body for nobody: a lone dot ends that (RFC 2920 §3.1).
            self.wire.say(Step::Data, ".\r\n").await?;
            self.wire.reply(Step::Data).await?;
        } else {
            self.reset = true;
        }
        Ok(refused)
    }

    async fn open_in_turns(&mut self, envelope: &Envelope) -> Result<Opened, SmtpError> {
        if std::mem::take(&mut self.reset) {
            self.wire.say(Step::Reset, Rset).await?;
            self.wire.reply(Step::Reset).await?;
        }
        self.wire.say(Step::Mail, self.mail(envelope)).await?;
        let mail = self.wire.reply(Step::Mail).await?;
        if !mail.is_done() {
            return Ok(Opened::Refused { step: Step::Mail, reply: mail });
        }
        self.wire.say(Step::Rcpt, Rcpt::new(envelope.to.clone(), Vec::new())).await?;
        let rcpt = self.wire.reply(Step::Rcpt).await?;
        if !rcpt.is_done() {
            self.reset = true;
            return Ok(Opened::Refused { step: Step::Rcpt, reply: rcpt });
        }
        self.wire.say(Step::Data, Data).await?;
        let data = self.wire.reply(Step::Data).await?;
        if data.code != 354 {
            self.reset = true;
            return Ok(Opened::Refused { step: Step::Data, reply: data });
        }
        Ok(Opened::Go)
    }

    /// Sends the message whose envelope was opened, and the envelope of the next one with it; the server's answer.
    ///
    /// # Errors
    /// [`SmtpError`]: the session is over; [`SmtpError::may_be_taken`] says whether the server may have the message.
    pub async fn data(&mut self, message: &[u8], next: Option<&Envelope>) -> Result<Reply, SmtpError> {
        self.out.clear();
        stuff(message, &mut self.out);
        let dot = self.out.len();
        if let Some(next) = next
            && self.offers.pipelining
        {
            self.announce(next);
            self.announced = true;
        }
        let mut done = 0;
        let written = self.wire.write(Step::Body, &self.out, &mut done).await;
        // What is in the connection's hands may arrive, whatever became of the bytes after it.
        self.awaiting = done >= dot;
        if let Err(SmtpError { step: _, cause }) = written {
            return Err(SmtpError { step: if self.awaiting { Step::Answer } else { Step::Body }, cause });
        }
        let reply = self.wire.reply(Step::Answer).await?;
        self.awaiting = false;
        Ok(reply)
    }

    /// Adds MAIL, RCPT and DATA to what goes out, after the RSET that may be due.
    fn announce(&mut self, envelope: &Envelope) {
        let mut text = String::with_capacity(256);
        if self.reset {
            let _ = write!(text, "{Rset}");
        }
        let mail = self.mail(envelope);
        let rcpt = Rcpt::new(envelope.to.clone(), Vec::new());
        let _ = write!(text, "{mail}{rcpt}{Data}");
        self.out.extend_from_slice(text.as_bytes());
    }

    fn mail(&self, envelope: &Envelope) -> Mail {
        let mut parameters = Vec::with_capacity(3);
        if self.offers.size.is_some() {
            parameters.push(MailParameter::Size(envelope.size));
        }
        if envelope.eight_bit && self.offers.eight_bit {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if envelope.utf8 {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        Mail::new(Some(envelope.from.clone()), parameters)
    }
}
