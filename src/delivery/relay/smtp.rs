//! An SMTP server: one session a task, each message at one turn, the next one's envelope with the body before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::delivery::Copy;
use crate::delivery::crew::{Crew, Work};
use crate::delivery::guard::Heard;
use crate::delivery::outcome::{self, Verdict};
use crate::delivery::pushback;
use crate::net::smtp::{Cause, Dial, Envelope, Opened, Reply, Session, SmtpError, Step};
use crate::store::deliveries::{Claim, Mark};

/// A session without work is closed after so long.
const IDLE: Duration = Duration::from_secs(5);
/// So often a copy that nobody took is begun again at once.
const TRIES: u32 = 2;

/// One server, and how it is to be treated.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct Server {
    pub(super) dial: Dial,
    /// Messages on one connection; `None`: no limit.
    pub(super) per_connection: Option<u64>,
    pub(super) room: Arc<Room>,
}

/// Room for one more connection where the server gives no more: an edition's gives way to what may not wait.
#[derive(Debug, Default)]
pub(in crate::delivery) struct Room {
    /// Sessions that send editions.
    serving: AtomicUsize,
    /// [`FREE`], [`WANTED`] or [`MADE`].
    state: AtomicU8,
}

/// Nobody wants room.
const FREE: u8 = 0;
/// Somebody was refused a connection, and waits.
const WANTED: u8 = 1;
/// A session is about to end for it.
const MADE: u8 = 2;

impl Room {
    /// Asks for it, and waits until it was made, at most `limit`. `false`: there is nobody who could make it.
    pub(super) async fn ask(&self, limit: Duration) -> bool {
        if self.serving.load(SeqCst) == 0 {
            return false;
        }
        self.state.store(WANTED, SeqCst);
        let begun = tokio::time::Instant::now();
        while self.state.load(SeqCst) != FREE && begun.elapsed() < limit {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.state.swap(FREE, SeqCst) == FREE
    }

    fn is_wanted(&self) -> bool {
        self.state.load(SeqCst) == WANTED
    }

    /// Whether it is for the one who asks this to make room.
    fn give(&self) -> bool {
        self.state.compare_exchange(WANTED, MADE, SeqCst, SeqCst).is_ok()
    }

    fn given(&self) {
        self.state.store(FREE, SeqCst);
    }
}

impl Server {
    /// Sessions one after the other, until there is no more work.
    pub(super) async fn work(&self, crew: &Crew, lane: usize) {
        let gate = &crew.lanes.get(lane).gate;
        while crew.wanted(lane).await {
            if !crew.enter(lane).await {
                return;
            }
            let Some(first) = crew.next(lane, Duration::ZERO).await else {
                gate.leave(false);
                continue;
            };
            match Session::connect(&self.dial).await {
                Ok(session) => {
                    gate.established();
                    self.room.serving.fetch_add(1, SeqCst);
                    self.serve(session, first, crew).await;
                    self.room.serving.fetch_sub(1, SeqCst);
                    gate.leave(true);
                }
                Err(error) => {
                    if !slowed(crew, &first, &error) {
                        crew.trouble(lane, error.to_string(), false, error.needs_somebody());
                    }
                    crew.put_back(first);
                    gate.leave(false);
                }
            }
        }
    }

    /// Hands over one copy after the other, until there is no work or the session ends.
    async fn serve(&self, mut session: Session, first: Work, crew: &Crew) {
        let lane = first.lane;
        let (mut taken, mut begun) = (0u64, 0u64);
        let mut next = Some(first);
        loop {
            let mut work = match next.take() {
                Some(work) => work,
                None if self.per_connection.is_some_and(|most| begun >= most) => return session.quit().await,
                None => match crew.next(lane, IDLE).await {
                    Some(work) => work,
                    None => return session.quit().await,
                },
            };
            let envelope = envelope(&work.copy);
            if let Err(unfit) = session.fits(&envelope) {
                let words = format!("{unfit} ({})", crew.lanes.get(lane).terms.name);
                if !crew.has_another(&mut work) {
                    crew.hear(work.job.claim.edition, Heard::Message, &words);
                }
                elsewhere(crew, work, |claim| outcome::never(claim, words, crew.now())).await;
                continue;
            }
            begun += 1;
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
            let full = self.per_connection.is_some_and(|most| begun >= most) || self.room.is_wanted();
            let following = if session.offers.pipelining && !full { crew.next_now(lane).await } else { None };
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
                        crew.took(&work);
                    }
                    let go_on = conclude(crew, work, Step::Answer, &reply).await;
                    if !go_on {
                        following.into_iter().for_each(|work| crew.put_back(work));
                        return session.quit().await;
                    }
                    next = following;
                    if next.is_none() && self.room.give() {
                        crew.lanes.get(lane).gate.cede();
                        session.quit().await;
                        return self.room.given();
                    }
                }
                Some(Err(error)) => {
                    following.into_iter().for_each(|work| crew.put_back(work));
                    return interrupted(crew, work, &error, taken).await;
                }
                None => {
                    following.into_iter().for_each(|work| crew.put_back(work));
                    if session.may_have_taken() {
                        let words = "Herald was stopped while it waited for the answer".to_owned();
                        crew.note(lane, outcome::lost(&work.job.claim, words, crew.now())).await;
                    } else {
                        crew.put_back(work);
                    }
                    return;
                }
            }
        }
    }
}

/// Notes what a reply means; whether the session may go on.
async fn conclude(crew: &Crew, work: Work, step: Step, reply: &Reply) -> bool {
    if pushback::asks_for_less(step, reply) {
        crew.slow(&work, step, &reply.to_string());
        if step == Step::Mail {
            // It says nothing about this copy.
            crew.put_back(work);
            return true;
        }
    }
    match outcome::of_reply(&work.job.claim, step, reply, crew.now()) {
        Verdict::Mark(mark, heard) => {
            if let Some(heard) = heard {
                crew.hear(mark.edition, heard, &reply.to_string());
            }
            crew.note(work.lane, mark).await;
            true
        }
        Verdict::Elsewhere(mark) => {
            elsewhere(crew, work, |_| mark).await;
            true
        }
        Verdict::Trouble(words) => {
            crew.trouble(work.lane, words, true, false);
            crew.put_back(work);
            false
        }
        Verdict::Stop(words) => {
            crew.refuse(work, words);
            true
        }
    }
}

/// It is this relay that does not take the copy: another may. Where there is none, that is its outcome.
async fn elsewhere(crew: &Crew, mut work: Work, outcome: impl FnOnce(&Claim) -> Mark) {
    if crew.has_another(&mut work) {
        crew.put_back(work);
    } else {
        crew.note(work.lane, outcome(&work.job.claim)).await;
    }
}

/// Whether what ended a session is that we are to go slower.
fn slowed(crew: &Crew, work: &Work, error: &SmtpError) -> bool {
    let Some(reply) = error.reply().filter(|reply| pushback::asks_for_less(error.step, reply)) else { return false };
    crew.slow(work, error.step, &reply.to_string());
    true
}

/// The session ended in the middle of a copy.
async fn interrupted(crew: &Crew, mut work: Work, error: &SmtpError, taken: u64) {
    let lane = work.lane;
    if slowed(crew, &work, error) {
        return crew.put_back(work);
    }
    if error.may_be_taken() {
        crew.note(lane, outcome::lost(&work.job.claim, error.to_string(), crew.now())).await;
        return;
    }
    let refused = matches!(error.cause, Cause::Refused(_));
    if refused || matches!(error.step, Step::Reset | Step::Mail | Step::Rcpt | Step::Data) {
        // 421, or the server went away between two messages: nothing is wrong with this copy. A session that has
        // served is replaced at once; one that took nothing is trouble.
        if taken == 0 {
            crew.trouble(lane, error.to_string(), true, false);
        }
        crew.put_back(work);
        return;
    }
    work.job.tries += 1;
    if work.job.tries <= TRIES {
        crew.put_back(work);
    } else {
        crew.note(lane, outcome::later(&work.job.claim, error.to_string(), crew.now())).await;
    }
}

pub(super) fn envelope(copy: &Copy) -> Envelope {
    let ascii = copy.has_ascii_head();
    let address = |a: &crate::audience::Address| lettre::Address::new_dangerous(a.local(), a.domain());
    Envelope {
        from: address(&copy.mail_from),
        to: address(&copy.rcpt),
        size: copy.bytes.len(),
        // The text is quoted-printable or base64: what is not ASCII in it are addresses in its headers.
        utf8: copy.rcpt.needs_utf8() || copy.mail_from.needs_utf8() || !ascii,
        eight_bit: !ascii,
    }
}
