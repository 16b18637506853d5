//! A connection of one's own to a relay, for mails that go one by one: the house's own, and test copies.

use std::time::Duration;

use super::Relay;
use super::smtp::{Server, envelope};
use crate::delivery::{Copy, outcome};
use crate::mail::about::About;
use crate::net::smtp::{Opened, Reply, Session, SmtpError, Step};

/// How long it waits for the place that one of an edition's connections makes, and how often it asks for one.
const PATIENCE: Duration = Duration::from_secs(5);
const ASKS: usize = 3;
const MOMENT: Duration = Duration::from_millis(150);

/// The connection, made when it is needed.
pub(in crate::delivery) struct Line {
    relay: Relay,
    session: Option<Session>,
}

/// What became of a mail.
#[derive(Debug)]
pub(in crate::delivery) enum Handed {
    /// The relay has it; its words, or the file's name.
    Taken(String),
    /// Refused for now.
    Deferred(String),
    /// Refused for good.
    Refused(String),
    /// No relay of this kind can take it.
    Never(String),
    /// The relay cannot be worked with now, or refuses us: another may take it.
    Unreachable(String),
    /// Every byte went out, and no answer came.
    Lost(String),
}

impl Line {
    pub(super) fn new(relay: Relay) -> Line {
        Line { relay, session: None }
    }

    /// Hands over one mail.
    pub(in crate::delivery) async fn hand(&mut self, copy: &Copy) -> Handed {
        match &self.relay {
            Relay::Folder(folder) => match folder.write_one(copy.clone()).await {
                Ok(name) => Handed::Taken(name),
                Err(words) => Handed::Unreachable(words),
            },
            Relay::Smtp(server) => hand(server, &mut self.session, copy).await,
        }
    }

    /// Takes leave.
    pub(in crate::delivery) async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }
}

/// A session that was kept may have been closed by the server meanwhile: then it is made anew, once.
async fn hand(server: &Server, kept: &mut Option<Session>, copy: &Copy) -> Handed {
    loop {
        let (mut session, was_kept) = match kept.take() {
            Some(session) => (session, true),
            None => match connect(server).await {
                Ok(session) => (session, false),
                Err(error) => return Handed::Unreachable(error.to_string()),
            },
        };
        match exchange(&mut session, copy).await {
            Ok(handed) => {
                *kept = Some(session);
                return handed;
            }
            Err(error) if error.may_be_taken() => return Handed::Lost(error.to_string()),
            Err(_) if was_kept => {}
            Err(error) => return Handed::Unreachable(error.to_string()),
        }
    }
}

/// Dials; where the server has no place for one more, one of an edition's connections makes it.
async fn connect(server: &Server) -> Result<Session, SmtpError> {
    let mut asked = 0;
    loop {
        let error = match Session::connect(&server.dial).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let crowded = error.step == Step::Greeting && error.reply().is_some_and(|reply| reply.code == 421);
        if !crowded || asked == ASKS || !server.room.ask(PATIENCE).await {
            return Err(error);
        }
        asked += 1;
        // The server takes a moment to see that the other one is gone.
        tokio::time::sleep(MOMENT).await;
    }
}

async fn exchange(session: &mut Session, copy: &Copy) -> Result<Handed, SmtpError> {
    let envelope = envelope(copy);
    if let Err(unfit) = session.fits(&envelope) {
        return Ok(Handed::Never(unfit.to_string()));
    }
    let (step, reply) = match session.open(&envelope).await? {
        Opened::Refused { step, reply } => (step, reply),
        Opened::Go => (Step::Answer, session.data(&copy.bytes, None).await?),
    };
    Ok(meaning(step, &reply))
}

fn meaning(step: Step, reply: &Reply) -> Handed {
    let words = reply.to_string();
    match outcome::about(step, reply) {
        _ if step == Step::Answer && reply.is_done() => Handed::Taken(words),
        About::Us | About::Relay => Handed::Unreachable(words),
        _ if reply.is_transient() => Handed::Deferred(words),
        _ => Handed::Refused(words),
    }
}
