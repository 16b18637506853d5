//! reports → suppression: what comes back to the return path, and what follows from it.
//!
//! 1. A way in hands over one message after another: [`files`] (files, folders, Maildirs, mboxes, a pipe), or the mailboxes of
//!    `[mail.returns]` ([`imap`], [`maildir`]), which [`read_mailboxes`] looks into.
//! 2. [`apply`] reads it ([`Report::read`]), asks the keyring whose copy it is about, and decides. It is the only place that does:
//!    - a failure for good that is about the *person* suppresses the address; one about us, the mail or a relay never does, nor one
//!      about a copy that went out more than [`OLD`] ago: the address may be somebody else's by now;
//!    - a complaint suppresses it as `complained`;
//!    - an answering machine and a challenge are counted, and nothing of them is kept;
//!    - everything else is kept, the beginning of it, for staff. In a mailbox, which people may read as well, it is left there
//!      instead where it bears no token of ours.
//! 3. All of that is one transaction; the same report again changes nothing. A mailbox is told only after the commit.
//!
//! What arrives is hostile: anybody may write to the return path. Without a token of ours a report does nothing to anybody.

mod desk;
mod files;
mod imap;
mod mailbox;
mod maildir;

use std::fmt::Write as _;

use ring::digest;
use serde::Serialize;

use crate::audience::{Address, Reason};
use crate::clock::Instant;
use crate::mail::about::About;
use crate::mail::report::{Failure, Kind, Report};
use crate::secret::{Keyring, Purpose};
use crate::store::returns::Return;
use crate::store::{StoreError, Tx, returns, subscribers, suppressions};

pub use desk::{Desk, Tally};
pub use files::{Letter, Letters};
pub use mailbox::{Looked, read_mailboxes};

/// Bytes of a report that are kept.
const KEPT: usize = 16 * 1024;
/// A failure of a copy that went out longer ago suppresses nobody: old mail comes up when a mailbox is read for the first time, and
/// an address that was gone then may be there again. It would come back anew with the next edition.
pub const OLD: chrono::Duration = chrono::Duration::days(60);
/// Room for taking apart what is nested as often as [`crate::mail::report::LARGEST`] has place for, which a hostile message may
/// be: the parser goes down one call a level. Only what is used of it is ever taken.
const STACK: usize = 256 * 1024 * 1024;

/// What was done about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// Nothing more goes to that address: mail to it comes back for good.
    Suppressed,
    /// Nothing more goes to that address: its owner complained.
    Complained,
    /// It is kept for staff.
    Kept,
    /// It had been taken in before.
    Known,
    /// A machine answered: counted, and nothing kept.
    Dropped,
    /// It bears no token of ours, and stays in the mailbox as it was.
    Left,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It was handed over, by a file or a pipe: what is not kept of it may be lost.
    Handed,
    /// In a mailbox, where it stays.
    Mailbox,
}

impl Done {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Done::Suppressed => "suppressed",
            Done::Complained => "complained",
            Done::Kept => "kept",
            Done::Known => "known",
            Done::Dropped => "dropped",
            Done::Left => "left",
        }
    }
}

/// A report, and what was done about it.
#[derive(Clone, Debug, Serialize)]
pub struct Applied {
    /// What it was.
    #[serde(serialize_with = "word")]
    pub kind: Kind,
    /// What was done.
    pub done: Done,
    /// The edition whose copy it is about, where a token of ours says so.
    pub edition: Option<i64>,
    /// The reader, masked.
    pub reader: Option<String>,
    /// Whom the refusal is about, in a word.
    pub about: Option<&'static str>,
    /// Whether for good.
    pub lasting: bool,
    /// The server's code.
    pub code: Option<u16>,
    /// Its enhanced code.
    pub enhanced: Option<String>,
    /// Its words, or those of whoever complained.
    pub line: String,
}

fn word<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

/// Takes a report in, within the caller's transaction: whose copy it is about, what it means, and what follows.
///
/// # Errors
/// What the database says.
async fn apply(
    tx: &mut Tx,
    ring: &Keyring,
    (raw, report): (&[u8], Report),
    place: Place,
    now: Instant,
) -> Result<Applied, StoreError> {
    let delivery = report.tokens.iter().find_map(|token| ring.open(Purpose::Delivery, token));
    let person = match delivery {
        Some((_, id)) => subscribers::persons(tx, &[id]).await?.pop(),
        None => None,
    };
    let reader = person.as_ref().map(|person| &person.address);
    let failure = failure_of(&report, reader);
    let mut applied = Applied {
        kind: report.kind,
        done: Done::Kept,
        edition: delivery.map(|(edition, _)| edition),
        reader: reader.map(Address::masked),
        about: failure.map(|failure| failure.verdict.about.word()),
        lasting: failure.is_some_and(|failure| failure.verdict.lasting),
        code: failure.and_then(|failure| failure.code),
        enhanced: failure.and_then(|failure| failure.enhanced).map(|(a, b, c)| format!("{a}.{b}.{c}")),
        line: failure.map(|failure| failure.line.clone()).or(report.feedback.clone()).unwrap_or_default(),
    };
    if place == Place::Mailbox && delivery.is_none() {
        applied.done = Done::Left;
        return Ok(applied);
    }
    if matches!(report.kind, Kind::AutoReply | Kind::Challenge) {
        returns::count_answer(tx).await?;
        applied.done = Done::Dropped;
        return Ok(applied);
    }
    let hash = hash(&report, delivery, &applied, raw);
    if returns::is_known(tx, &hash).await? {
        applied.done = Done::Known;
        return Ok(applied);
    }
    if let (Some(address), Some((edition, subscriber))) = (reader, delivery) {
        let sent = returns::sent_at(tx, edition, subscriber).await?;
        let recent = sent.is_some_and(|at| now - at <= OLD);
        let gone =
            recent && failure.is_some_and(|failure| failure.verdict.about == About::Person && failure.verdict.lasting);
        let reason = match report.kind {
            Kind::Complaint => Some((Reason::Complained, Done::Complained)),
            Kind::Failure if gone => Some((Reason::Bounced, Done::Suppressed)),
            _ => None,
        };
        if let Some((reason, done)) = reason {
            let note = format!("edition {edition}: {}", applied.line);
            suppressions::suppress(tx, ring, address, reason, Some(&note.replace('\0', "")), now).await?;
            applied.done = done;
        }
    }
    let kept = Return {
        hash,
        kind: report.kind.word(),
        delivery,
        about: applied.about,
        lasting: applied.lasting,
        code: applied.code,
        enhanced: applied.enhanced.clone(),
        line: applied.line.clone(),
        done: applied.done.word(),
        raw: String::from_utf8_lossy(&raw[..raw.len().min(KEPT)]).into_owned(),
    };
    returns::keep(tx, &kept, now).await?;
    Ok(applied)
}

/// Reads reports on a stack of their own, so that none can bring the process down. One that could not be read is a letter.
fn read(messages: &[Vec<u8>]) -> Vec<Report> {
    let unread = || Report { kind: Kind::Letter, id: None, tokens: Vec::new(), failures: Vec::new(), feedback: None };
    let reports = std::thread::scope(|scope| {
        let read = || messages.iter().map(|raw| Report::read(raw)).collect::<Vec<Report>>();
        let reading = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        reading.ok().and_then(|reading| reading.join().ok())
    });
    match (reports, messages) {
        (Some(reports), _) => reports,
        (None, [_] | []) => messages.iter().map(|_| unread()).collect(),
        // Each for itself: only those that are to blame are lost.
        (None, several) => several.iter().flat_map(|one| read(std::slice::from_ref(one))).collect(),
    }
}

/// What a report says of our reader: by their address; else the only failure that there is, since a copy has one
/// recipient, and mail that is passed on fails under another name. Of several others none is theirs.
fn failure_of<'r>(report: &'r Report, reader: Option<&Address>) -> Option<&'r Failure> {
    let theirs = reader.map(Address::key).and_then(|key| {
        report.failures.iter().find(|failure| failure.recipients.iter().any(|one| one.to_lowercase() == key))
    });
    theirs.or(match report.failures.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}

/// What makes it this report, whichever way it came: servers on the way add lines of their own.
fn hash(report: &Report, delivery: Option<(i64, i64)>, applied: &Applied, raw: &[u8]) -> String {
    let said =
        format!("{} {delivery:?} {:?} {:?} {}\n", report.kind.word(), applied.code, applied.enhanced, applied.line);
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(said.as_bytes());
    match &report.id {
        Some(id) => context.update(id.as_bytes()),
        None => context.update(raw),
    }
    let mut hex = String::new();
    for byte in &context.finish().as_ref()[..16] {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests;
