//! An SMTP server: one session a task, each message at one turn, the next one's envelope with the body before it.

use std::time::Duration;

use crate::delivery::Copy;
use crate::delivery::crew::{Crew, Work};
use crate::delivery::outcome::{self, Verdict};
use crate::net::smtp::{Cause, Dial, Envelope, Opened, Reply, Session, SmtpError, Step};

/// A session without work is closed after so long.
const IDLE: Duration = Duration::from_secs(5);
/// So often a copy that nobody took is begun again at once.
const TRIES: u32 = 2;

/// Sessions one after the other, until there is no more work.
pub(super) async fn work(dial: &Dial, crew: &Crew) {
    while let Some(first) = crew.next(None).await {
        if !crew.enter().await {
            crew.put_back(first);
            return;
        }
        match Session::connect(dial).await {
            Ok(session) => {
                crew.established();
                serve(session, first, crew).await;
                crew.leave(true);
            }
            Err(error) => {
                crew.put_back(first);
                crew.trouble(error.to_string(), false);
                crew.leave(false);
            }
        }
    }
}

/// Hands over one copy after the other, until there is no work or the session ends.
async fn serve(mut session: Session, first: Work, crew: &Crew) {
    let mut taken = 0u64;
    let mut next = Some(first);
    loop {
        let work = match next.take() {
            Some(work) => work,
            None => match crew.next(Some(IDLE)).await {
                Some(work) => work,
                None => return session.quit().await,
            },
        };
        let envelope = envelope(&work.copy);
        if let Err(unfit) = session.fits(&envelope) {
            crew.note(outcome::never(&work.job.claim, unfit.to_string(), crew.now())).await;
            continue;
        }
        match session.open(&envelope).await {
            Ok(Opened::Go) if crew.may_go(&work) => {}
            // Staff stopped it, or we are stopping. After DATA only closing takes an envelope back.
            Ok(Opened::Go) => return crew.put_back(work),
            Ok(Opened::Refused { step, reply }) => {
                if !conclude(crew, work, step, &reply).await {
                    return session.quit().await;
                }
                continue;
            }
            Err(error) => return interrupted(crew, work, &error, taken).await,
        }
        // The next one goes along only if it may go right now and this server can take it.
        let following = if session.offers.pipelining { crew.next_now().await } else { None };
        let announced = following.as_ref().map(|work| self::envelope(&work.copy));
        let announced = announced.filter(|envelope| session.fits(envelope).is_ok());
        let answer = tokio::select! {
            answer = session.data(&work.copy.bytes, announced.as_ref()) => Some(answer),
            () = crew.too_late() => None,
        };
        match answer {
            Some(Ok(reply)) => {
                taken += u64::from(reply.is_done());
                if reply.is_done() {
                    crew.well();
                }
                let go_on = conclude(crew, work, Step::Answer, &reply).await;
                if !go_on {
                    following.into_iter().for_each(|work| crew.put_back(work));
                    return session.quit().await;
                }
                next = following;
            }
            Some(Err(error)) => {
                following.into_iter().for_each(|work| crew.put_back(work));
                return interrupted(crew, work, &error, taken).await;
            }
            None => {
                following.into_iter().for_each(|work| crew.put_back(work));
                if session.may_have_taken() {
                    let words = "Herald was stopped while it waited for the answer".to_owned();
                    crew.note(outcome::lost(&work.job.claim, words, crew.now())).await;
                } else {
                    crew.put_back(work);
                }
                return;
            }
        }
    }
}

/// Notes what a reply means; whether the session may go on.
async fn conclude(crew: &Crew, work: Work, step: Step, reply: &Reply) -> bool {
    match outcome::of_reply(&work.job.claim, step, reply, crew.now()) {
        Verdict::Mark(mark) => {
            crew.note(mark).await;
            true
        }
        Verdict::Trouble(words) => {
            crew.put_back(work);
            crew.trouble(words, true);
            false
        }
        Verdict::Stop(words) => {
            crew.stop_edition(&work, words).await;
            true
        }
    }
}

/// The session ended in the middle of a copy.
async fn interrupted(crew: &Crew, mut work: Work, error: &SmtpError, taken: u64) {
    if error.may_be_taken() {
        crew.note(outcome::lost(&work.job.claim, error.to_string(), crew.now())).await;
        return;
    }
    let refused = matches!(error.cause, Cause::Refused(_));
    if refused || matches!(error.step, Step::Reset | Step::Mail | Step::Rcpt | Step::Data) {
        // 421, or the server went away between two messages: nothing is wrong with this copy. A session that has
        // served is replaced at once; one that took nothing is trouble.
        crew.put_back(work);
        if taken == 0 {
            crew.trouble(error.to_string(), true);
        }
        return;
    }
    work.job.tries += 1;
    if work.job.tries <= TRIES {
        crew.put_back(work);
    } else {
        crew.note(outcome::later(&work.job.claim, error.to_string(), crew.now())).await;
    }
}

fn envelope(copy: &Copy) -> Envelope {
    let address = |a: &crate::audience::Address| lettre::Address::new_dangerous(a.local(), a.domain());
    Envelope {
        from: address(&copy.mail_from),
        to: address(&copy.rcpt),
        size: copy.bytes.len(),
        utf8: copy.rcpt.needs_utf8() || copy.mail_from.needs_utf8(),
        eight_bit: !copy.bytes.is_ascii(),
    }
}

/// One message in a session of its own; the server's words, for or against.
pub(super) async fn send_one(dial: &Dial, copy: &Copy) -> Result<String, String> {
    let envelope = envelope(copy);
    let mut session = Session::connect(dial).await.map_err(|e| e.to_string())?;
    session.fits(&envelope).map_err(|e| e.to_string())?;
    if let Opened::Refused { reply, .. } = session.open(&envelope).await.map_err(|e| e.to_string())? {
        session.quit().await;
        return Err(reply.to_string());
    }
    let reply = session.data(&copy.bytes, None).await.map_err(|e| e.to_string())?;
    session.quit().await;
    if reply.is_done() { Ok(reply.to_string()) } else { Err(reply.to_string()) }
}
