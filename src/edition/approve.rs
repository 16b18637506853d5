//! Approval (DESIGN, part 7: *Editions freeze*): who may let an edition go that somebody else made.
//!
//! 1. An edition of a newsletter with `approval` is frozen as held; [`waits`] says for how many.
//! 2. [`approve`] takes one person's word for exactly what is frozen: a signature over the edition's hash.
//! 3. Only a signature that verifies, over what the store holds now, counts ([`standing`]).
//! 4. With the last one the edition goes by its slot, at once where that is little past, or when staff say ([`Goes`]).
//! 5. [`take_back_void`] asks that once more before the first copy is made.
//! 6. [`take_back_spoilt`] takes approvals away where one of the articles is not what was approved any more.

use chrono::Duration;

use super::check;
use crate::clock::Instant;
use crate::secret::Keyring;
use crate::store::acts::{self, Act};
use crate::store::editions::approvals::{self, Approval};
use crate::store::editions::{self, Edition, State, findings, freeze, states};
use crate::store::staff::{self, Account, Role};
use crate::store::{Store, StoreError, Tx, keys, wish};

/// Why somebody cannot approve an edition.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What the store says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such edition.
    #[error("there is no edition {0}; `herald editions list` shows those there are")]
    NoEdition(i64),
    /// It needs none.
    #[error("edition {0} needs no approval")]
    NotNeeded(i64),
    /// It is over, or on its way.
    #[error("edition {0} is {1}: there is nothing to approve")]
    State(i64, State),
    /// It has all it needs.
    #[error("edition {0} is approved already")]
    Approved(i64),
    /// The role does not go so far.
    #[error("{0} is an {1}; an approver or an admin approves")]
    Role(String, Role),
    /// They made it.
    #[error("{0} made this edition; somebody else approves it")]
    Maker(String),
    /// They have approved it.
    #[error("{0} has approved it already; it needs another person as well")]
    Twice(String),
    /// Only an admin sends alone.
    #[error("{0} is an {1}; only an admin sends alone")]
    Alone(String, Role),
    /// What is in the store is not what was frozen.
    #[error("edition {0} is not what was frozen: somebody has changed it in the store. Cancel it, and send a new one")]
    Changed(i64),
    /// Something in it would be wrong, and nobody has decided about that.
    #[error(
        "edition {0} is not right as it is: {1}. `herald editions resume {0}` (with --decorative for pictures) lets it be, `herald editions cancel {0}` takes it back"
    )]
    NotRight(i64, String),
    /// One of its articles may not be shown any more.
    #[error(
        "edition {edition} cannot go: {slug} ({language}) {what}. Cancel it (`herald editions cancel {edition}`) and send a new one"
    )]
    Trouble {
        /// The edition.
        edition: i64,
        /// The article.
        slug: String,
        /// Its language.
        language: String,
        /// What became of it.
        what: &'static str,
    },
}

/// `waits for approval (0 of 1)`.
pub fn waits(have: i64, needs: i64) -> String {
    format!("waits for approval ({have} of {needs})")
}

/// When an edition was to go; `None` for one that goes as soon as it may.
pub fn due_at(edition: &Edition) -> Option<Instant> {
    edition.slot_at.or((edition.start_at > edition.composed_at).then_some(edition.start_at))
}

/// How far an edition is with its approvals.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Those that count.
    pub given: Vec<Approval>,
    /// Names of those whose approval does not count: its signature does not fit what is frozen.
    pub void: Vec<String>,
}

impl Standing {
    /// How many people have approved it, those who sent it alone not counted.
    pub fn people(&self) -> i64 {
        self.given.iter().filter(|given| given.alone.is_none()).count() as i64
    }

    /// Whether that is enough for one that needs so many.
    pub fn is_enough(&self, needs: i64) -> bool {
        self.people() >= needs || self.given.iter().any(|given| given.alone.is_some())
    }
}

/// The parts of an approval that are signed.
fn signed(edition: i64, given: &Approval) -> [String; 6] {
    let alone = given.alone.as_ref().map_or_else(|| "with others".to_owned(), |why| format!("alone: {why}"));
    let at = given.at.timestamp_micros().to_string();
    [edition.to_string(), given.hash.clone(), given.staff.to_string(), staff::key(&given.name), at, alone]
}

fn sign(ring: &Keyring, edition: i64, given: &Approval) -> String {
    ring.sign("approval", &signed(edition, given).each_ref().map(String::as_str))
}

fn is_signed(ring: &Keyring, edition: i64, given: &Approval) -> bool {
    ring.has_signed("approval", &signed(edition, given).each_ref().map(String::as_str), &given.signature)
}

/// The approvals of an edition, those apart that do not count.
///
/// # Errors
/// What the store says.
pub async fn standing(tx: &mut Tx, ring: &Keyring, edition: &Edition) -> Result<Standing, StoreError> {
    let all = approvals::of(tx, edition.id).await?;
    let mut standing = Standing::default();
    if all.is_empty() {
        return Ok(standing);
    }
    let hash = freeze::digest_now(tx, edition.id).await?;
    for given in all {
        let counts = given.hash == hash && is_signed(ring, edition.id, &given) && !made(edition, &given);
        if counts { standing.given.push(given) } else { standing.void.push(given.name) }
    }
    Ok(standing)
}

fn made(edition: &Edition, given: &Approval) -> bool {
    given.alone.is_none() && is_maker(edition, &given.name)
}

/// Whether somebody of that name made the edition, also where they did it as a user of the machine.
pub(super) fn is_maker(edition: &Edition, name: &str) -> bool {
    let maker = edition.made_by.strip_prefix("user:").unwrap_or(&edition.made_by);
    staff::key(maker) == staff::key(name)
}

/// One person's word for an edition.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Whose it is; they have shown their token.
    pub account: &'a Account,
    /// Why they send it alone, where they do.
    pub alone: Option<&'a str>,
    /// The newest revision there was when they looked at it.
    pub seen: i64,
    /// When they want it to go, where they say so.
    pub at: Option<Instant>,
    /// How late it may go by itself.
    pub late: Duration,
    /// Now.
    pub now: Instant,
}

/// When it goes, after a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    /// Not yet: so many have approved it, of so many.
    Waits(i64, i64),
    /// At once.
    Now,
    /// Then.
    At(Instant),
    /// When staff say: its time was that long ago.
    AskStaff(Duration),
    /// When staff let it go on: a part of it has left.
    Resume,
}

/// Takes somebody's word for an edition. The caller commits.
///
/// # Errors
/// [`Refused`]: why it does not count.
pub async fn approve(tx: &mut Tx, ring: &Keyring, id: i64, word: Word<'_>) -> Result<Goes, Refused> {
    let edition = editions::by_id(tx, id).await?.ok_or(Refused::NoEdition(id))?;
    may(&edition, word)?;
    let hash = freeze::digest_now(tx, id).await?;
    if hash != edition.hash {
        return Err(Refused::Changed(id));
    }
    if let Some(trouble) = states::changed(tx, id).await?.into_iter().find(|t| !t.may_be_sent()) {
        let states::Trouble { slug, language, what, .. } = trouble;
        return Err(Refused::Trouble { edition: id, slug, language, what });
    }
    if let Some(reason) = check::reason(&findings::of(tx, id).await?) {
        return Err(Refused::NotRight(id, reason));
    }
    let Word { account, now, .. } = word;
    let before = standing(tx, ring, &edition).await?;
    if word.alone.is_none() && before.given.iter().any(|given| given.staff == account.id) {
        return Err(Refused::Twice(account.name.clone()));
    }
    let alone = word.alone.map(str::to_owned);
    let mut given =
        Approval { staff: account.id, name: account.name.clone(), hash, at: now, alone, signature: String::new() };
    given.signature = sign(ring, id, &given);
    approvals::add(tx, id, &given).await?;
    let what = if word.alone.is_some() { "sent it alone" } else { "approved it" };
    let act = Act { at: now, who: account.name.clone(), what: what.to_owned(), why: given.alone.clone() };
    acts::note(tx, Some(id), &act).await?;
    let after = standing(tx, ring, &edition).await?;
    if !after.is_enough(edition.needs) {
        let have = after.people();
        approvals::still_waits(tx, id, &waits(have, edition.needs), word.seen).await?;
        return Ok(Goes::Waits(have, edition.needs));
    }
    let (goes, start_at, held) = when(&edition, word);
    approvals::complete(tx, id, now, word.seen, start_at, held.as_deref()).await?;
    wish(tx).await?;
    Ok(goes)
}

/// Whether this person's word can count at all.
fn may(edition: &Edition, word: Word<'_>) -> Result<(), Refused> {
    let Account { name, role, .. } = word.account;
    if edition.needs == 0 {
        return Err(Refused::NotNeeded(edition.id));
    }
    if edition.state.is_over() {
        return Err(Refused::State(edition.id, edition.state));
    }
    if edition.approved_at.is_some() || !matches!(edition.state, State::Held | State::Paused) {
        return Err(Refused::Approved(edition.id));
    }
    if word.alone.is_some() {
        return if *role == Role::Admin { Ok(()) } else { Err(Refused::Alone(name.clone(), *role)) };
    }
    if !role.approves() {
        return Err(Refused::Role(name.clone(), *role));
    }
    if is_maker(edition, name) {
        return Err(Refused::Maker(name.clone()));
    }
    Ok(())
}

/// When an edition goes that has all its approvals, its new start, and why it stays held where it does.
fn when(edition: &Edition, word: Word<'_>) -> (Goes, Instant, Option<String>) {
    let Word { now, at, late, .. } = word;
    let later = edition.start_at.max(now);
    if edition.state == State::Paused {
        return (Goes::Resume, later, Some("approved again; staff let it go on".to_owned()));
    }
    if let Some(at) = at {
        return (if at > now { Goes::At(at) } else { Goes::Now }, at.max(now), None);
    }
    match due_at(edition) {
        Some(due) if due > now => (Goes::At(due), edition.start_at, None),
        Some(due) if now - due > late => {
            let by = now - due;
            let why = format!("approved, but {}; staff choose the time", super::due::late(by));
            (Goes::AskStaff(by), edition.start_at, Some(why))
        }
        _ => (Goes::Now, later, None),
    }
}

/// Takes away the approvals of every edition one of whose articles was corrected, withdrawn, removed or put under embargo since
/// they were given. It is held again, or paused where a part of it has left. The editions, with the reason.
///
/// # Errors
/// What the store says.
pub async fn take_back_spoilt(store: &Store, now: Instant) -> Result<Vec<(i64, String)>, StoreError> {
    let mut tx = store.read().await?;
    let seen = approvals::spoilt(&mut tx).await?;
    drop(tx);
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = store.write().await?;
    let taken = states::reasons(approvals::spoilt(&mut tx).await?);
    for (id, reason) in &taken {
        let Some(edition) = editions::by_id(&mut tx, *id).await? else { continue };
        take_back(&mut tx, &edition, reason, now).await?;
    }
    tx.commit().await?;
    Ok(taken)
}

async fn take_back(tx: &mut Tx, edition: &Edition, reason: &str, now: Instant) -> Result<(), StoreError> {
    let has_left = states::has_left(tx, edition.id).await?;
    let words = format!("{}: {reason}", waits(0, edition.needs));
    approvals::take_back(tx, edition.id, has_left, &words).await?;
    let what = "approvals taken back".to_owned();
    let act = Act { at: now, who: "herald".to_owned(), what, why: Some(reason.to_owned()) };
    acts::note(tx, Some(edition.id), &act).await
}

/// Takes away, before the first copy is made, the approvals of an edition that are not for what stands in the store now:
/// somebody has changed it there, or written the approval itself. The editions, with the reason.
///
/// # Errors
/// What the store says.
pub async fn take_back_void(store: &Store, now: Instant) -> Result<Vec<(i64, String)>, StoreError> {
    let begins = |edition: &Edition| edition.needs > 0 && edition.filled_to == 0;
    let mut tx = store.read().await?;
    if !editions::unfilled(&mut tx).await?.iter().any(begins) {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = store.write().await?;
    let ring = keys::ring(&mut tx).await?;
    let mut taken = Vec::new();
    for edition in editions::unfilled(&mut tx).await?.into_iter().filter(begins) {
        if standing(&mut tx, &ring, &edition).await?.is_enough(edition.needs) {
            continue;
        }
        let reason = "what stands in the store is not what they approved".to_owned();
        take_back(&mut tx, &edition, &reason, now).await?;
        taken.push((edition.id, reason));
    }
    tx.commit().await?;
    Ok(taken)
}
