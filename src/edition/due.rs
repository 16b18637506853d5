//! Which newsletters are due, and making their editions (DESIGN, part 7: *Time*).
//!
//! A slot gets at most one edition: the newsletter remembers the last one for which an edition was made or decided
//! against, so a clock that goes back makes none twice. Of slots that were missed only the newest counts, and where it is
//! later than `late` its edition is held for staff. With `ready` an edition is drafted before its slot, and goes at it.

use std::collections::HashMap;

use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use serde::Serialize;

use crate::calendar::instant_of;
use crate::clock::{Clock, Instant};
use crate::config::{Config, Newsletter, Schedule, Span};
use crate::store::editions::findings::lines;
use crate::store::editions::newsletters::move_marks;
use crate::store::editions::{self, NewsletterRow, states};
use crate::store::{Store, Tx, subscribers};
use crate::template::Templates;

use super::compose::{self, How, Layout, Proof, Wish};
use super::fill::{self, Audience, Chooser, Extent};
use super::open::fill_next;
use super::select::{self, Selected};
use super::slots::{Slot, Slots};
use super::tell::{self, Words};
use super::{EditionError, approve, check, ramp};

/// How often it is tried to freeze an edition whose articles change meanwhile.
const TRIES: usize = 3;

/// What one pass over the newsletters did.
#[derive(Debug, Default)]
pub struct Pass {
    /// The editions that were made.
    pub made: Vec<Made>,
    /// Newsletters whose edition could not be made, with the reason; they are tried again at the next pass.
    pub failed: Vec<(String, EditionError)>,
    /// Editions that were stopped because one of their articles changed, with the reason.
    pub paused: Vec<(i64, String)>,
    /// Editions whose approvals were taken back for that, with the reason.
    pub taken_back: Vec<(i64, String)>,
    /// Editions that were drafted in time, and missed their slot all the same; with the reason.
    pub missed: Vec<(i64, String)>,
}

/// An edition that was made.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    /// The newsletter.
    pub newsletter: String,
    /// The edition's number in the store.
    pub edition: i64,
    /// Its number within the newsletter.
    pub number: i64,
    /// Its subject in its first language.
    pub subject: String,
    /// How many stories it prints.
    pub stories: usize,
    /// How many new stories did not fit.
    pub left_out: usize,
    /// How many people get it, once all deliveries are made.
    pub recipients: i64,
    /// Whether they are: not while it is held, or is large.
    pub filled: bool,
    /// Why it is held for staff, if it is.
    pub held: Option<String>,
    /// How many people must approve it.
    pub needs: i64,
    /// The largest edition of the last thirty days, where this one is unusually large beside it ([`ramp`]).
    pub unusual: Option<i64>,
}

/// When a newsletter is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// Not now.
    No,
    /// Now, for this slot if for any.
    Now(Option<Slot>),
    /// For this slot, which was missed by so much more than is allowed.
    Late(Slot, Duration),
    /// For this slot, which is to come (`ready`).
    Draft(Slot),
}

/// Makes the edition of every newsletter that is due, and the deliveries of every edition that lacks some. With
/// `now_all` every newsletter with a schedule is due. Safe to run again at any time.
///
/// `within`: how long may be spent on the deliveries of each edition, and none is spent on those that were made before;
/// [`fill_next`] makes what is left, so that a large edition holds up no alert.
///
/// A newsletter whose edition cannot be made stops no other: it is named in [`Pass::failed`].
///
/// # Errors
/// What the store says.
pub async fn make_due(
    store: &Store,
    config: &Config,
    templates: &Templates,
    clock: &Clock,
    now_all: bool,
    within: Option<std::time::Duration>,
) -> Result<Pass, EditionError> {
    let (taken_back, paused) = guard(store, clock).await?;
    let mut pass = Pass { taken_back, paused, ..Pass::default() };
    pass.missed = hold_missed(store, config, clock.now()).await?;
    if within.is_none() {
        while fill_next(store).await?.is_some() {}
    }
    let rows = known(store, config, clock.now()).await?;
    let zones = zones(store, config).await?;
    for newsletter in &config.newsletters {
        let Some(row) = rows.iter().find(|row| row.name == newsletter.name) else { continue };
        let made = match due(config, newsletter, zones.get(&newsletter.name), row, clock.now(), now_all) {
            Ok(Due::No) => continue,
            Ok(due) => make(store, config, templates, newsletter, due, now_all, clock.now()).await,
            Err(error) => Err(error),
        };
        match made {
            Ok(Some(mut made)) => {
                // The next newsletter's readers are those who do not get these stories by this one.
                if made.held.is_none() && fill_within(store, &mut made, within).await? {
                    let mut tx = store.read().await?;
                    made.unusual = ramp::unusual(&mut tx, made.recipients, made.edition, clock.now()).await?;
                }
                pass.made.push(made);
            }
            Ok(None) => {}
            Err(EditionError::Store(error)) => return Err(error.into()),
            Err(error) => pass.failed.push((newsletter.name.clone(), error)),
        }
    }
    tell::ask(store, Words { config, templates }, clock.now()).await?;
    Ok(pass)
}

/// Makes an edition's deliveries, in that time; whether all are made.
async fn fill_within(
    store: &Store,
    made: &mut Made,
    within: Option<std::time::Duration>,
) -> Result<bool, EditionError> {
    let filling = fill::fill(store, made.edition, |_| ());
    let filled = match within {
        None => Some(filling.await?),
        // What was begun of a chunk is rolled back, and made again later.
        Some(within) => tokio::time::timeout(within, filling).await.ok().transpose()?,
    };
    made.filled = filled.is_some();
    made.recipients = filled.unwrap_or_default();
    Ok(made.filled)
}

/// Editions, each with a reason.
pub type Reasons = Vec<(i64, String)>;

/// Holds what must not go any more, before any delivery is made: editions whose approvals are taken back, and those that are
/// paused because an article of theirs changed.
///
/// # Errors
/// What the store says.
pub async fn guard(store: &Store, clock: &Clock) -> Result<(Reasons, Reasons), EditionError> {
    let mut taken_back = approve::take_back_spoilt(store, clock.now()).await?;
    let paused = pause_troubled(store).await?;
    taken_back.extend(approve::take_back_void(store, clock.now()).await?);
    Ok((taken_back, paused))
}

/// The newsletters of the configuration as the store knows them; new ones are noted as known since `now`.
async fn known(store: &Store, config: &Config, now: Instant) -> Result<Vec<NewsletterRow>, EditionError> {
    let names: Vec<&str> = config.newsletters.iter().map(|n| n.name.as_str()).collect();
    let mut tx = store.read().await?;
    let rows = editions::newsletters(&mut tx).await?;
    drop(tx);
    if names.iter().all(|name| rows.iter().any(|row| row.name == *name)) {
        return Ok(rows);
    }
    let mut tx = store.write().await?;
    let rows = editions::ensure_newsletters(&mut tx, &names, now).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Pauses every edition queued or going out, one of whose articles was corrected, withdrawn, removed or put under embargo
/// since it was frozen: staff decides. The editions, with the reason.
///
/// # Errors
/// What the store says.
pub async fn pause_troubled(store: &Store) -> Result<Vec<(i64, String)>, EditionError> {
    let mut tx = store.read().await?;
    let seen = states::troubles(&mut tx).await?;
    drop(tx);
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = store.write().await?;
    let paused = states::reasons(states::troubles(&mut tx).await?);
    for (edition, reason) in &paused {
        states::pause(&mut tx, *edition, reason).await?;
    }
    tx.commit().await?;
    Ok(paused)
}

/// Where the readers live of each newsletter that goes by their own clocks.
async fn zones(store: &Store, config: &Config) -> Result<HashMap<String, Vec<Tz>>, EditionError> {
    let mut zones = HashMap::new();
    for newsletter in config.newsletters.iter().filter(|newsletter| newsletter.is_by_subscriber()) {
        let mut tx = store.read().await?;
        zones.insert(newsletter.name.clone(), subscribers::zones(&mut tx, &newsletter.lists).await?);
    }
    Ok(zones)
}

/// Holds editions that were drafted before their slot and of which nothing was tried until more than `late` after it.
async fn hold_missed(store: &Store, config: &Config, now: Instant) -> Result<Vec<(i64, String)>, EditionError> {
    let mut tx = store.read().await?;
    let seen = states::missed(&mut tx, now).await?;
    drop(tx);
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = store.write().await?;
    let mut held = Vec::new();
    for id in states::missed(&mut tx, now).await? {
        let Some(edition) = editions::by_id(&mut tx, id).await? else { continue };
        let Some(slot) = edition.slot_at else { continue };
        let allowed = config.newsletter(&edition.newsletter).map_or(Duration::zero(), |n| n.late.duration());
        // What waits for the hours of its newsletter is not late.
        let due = edition.settings.when.opens(slot).unwrap_or(slot);
        let reason = late(now - due);
        if now - due > allowed && states::hold(&mut tx, id, &reason).await? {
            held.push((id, reason));
        }
    }
    tx.commit().await?;
    Ok(held)
}

fn due(
    config: &Config,
    newsletter: &Newsletter,
    zones: Option<&Vec<Tz>>,
    row: &NewsletterRow,
    now: Instant,
    now_all: bool,
) -> Result<Due, EditionError> {
    let zones = zones.map(Vec::as_slice).unwrap_or_default();
    let due = by_the_clock(config, newsletter, zones, row, (now, now_all))?;
    match &newsletter.unknown_days {
        // Nobody can say whether this is a day off: staff are told once it is due, not before.
        Some(reason) if !now_all && !matches!(due, Due::No) => {
            Err(EditionError::DaysOff { newsletter: newsletter.name.clone(), reason: reason.clone() })
        }
        _ => Ok(due),
    }
}

fn by_the_clock(
    config: &Config,
    newsletter: &Newsletter,
    zones: &[Tz],
    row: &NewsletterRow,
    (now, now_all): (Instant, bool),
) -> Result<Due, EditionError> {
    let Some(slots) = Slots::of(config, newsletter, zones)? else {
        let is_off = newsletter.days_off.hold(today(config, newsletter, now));
        return Ok(if newsletter.schedule == Schedule::Immediate && !is_off { Due::Now(None) } else { Due::No });
    };
    // A newsletter that is new to us has missed nothing.
    let is_new = |slot: &Slot| row.last_slot.map_or(slot.at > row.known_since, |last| slot.mark > last);
    let slot = slots.last_before(now).filter(is_new);
    let draft = newsletter.ready.and_then(|ready| {
        let next = std::iter::successors(slots.next_after(now), |slot| slots.next_after(slot.at));
        next.take_while(|slot| slot.at - ready.duration() <= now).find(is_new)
    });
    Ok(match slot {
        _ if now_all => Due::Now(slot),
        Some(slot) if now - slot.at > newsletter.late.duration() => Due::Late(slot, now - slot.at),
        Some(slot) => Due::Now(Some(slot)),
        None => draft.map_or(Due::No, Due::Draft),
    })
}

fn today(config: &Config, newsletter: &Newsletter, now: Instant) -> NaiveDate {
    now.with_timezone(&newsletter.zone(config.site.timezone)).date_naive()
}

/// Makes one newsletter's edition; `None` where there is nothing for anybody.
async fn make(
    store: &Store,
    config: &Config,
    templates: &Templates,
    newsletter: &Newsletter,
    due: Due,
    now_all: bool,
    now: Instant,
) -> Result<Option<Made>, EditionError> {
    let (slot, start_at, held) = match due {
        Due::No => return Ok(None),
        Due::Now(slot) => (slot, now, None),
        Due::Late(slot, by) => (Some(slot), now, Some(late(by))),
        Due::Draft(slot) => (Some(slot), slot.at, None),
    };
    let by_schedule = slot.is_some() || newsletter.schedule == Schedule::Immediate;
    let how = How {
        made_by: if by_schedule { "schedule" } else { "now" }.to_owned(),
        needs: newsletter.approval.people(),
        held,
        slot,
        start_at,
        takes: true,
    };
    for _ in 0..TRIES {
        let Some(proof) = look(store, config, templates, newsletter, due, now_all, now).await? else {
            return Ok(None);
        };
        let reasons: Vec<String> = [how.held.clone(), check::reason(&proof.findings)].into_iter().flatten().collect();
        let how = How { held: (!reasons.is_empty()).then(|| reasons.join("; ")), ..how.clone() };
        let Some(edition) = compose::freeze(store, &proof, &how).await? else { continue };
        for (_, line) in lines(proof.findings.iter().filter(|finding| !finding.holds())) {
            tracing::warn!("{} no. {} (edition {edition}): {line}", newsletter.name, proof.number);
        }
        let made = Made {
            newsletter: newsletter.name.clone(),
            edition,
            number: proof.number,
            subject: proof.subject(),
            stories: proof.layout.selected.stories.len(),
            left_out: proof.layout.selected.left_out,
            recipients: 0,
            filled: false,
            held: compose::held(&how),
            needs: how.needs,
            unusual: None,
        };
        return Ok(Some(made));
    }
    Err(EditionError::Busy(newsletter.name.clone()))
}

/// What there is to print; `None` where no edition is to be made, and then the slot is decided.
async fn look(
    store: &Store,
    config: &Config,
    templates: &Templates,
    newsletter: &Newsletter,
    due: Due,
    now_all: bool,
    now: Instant,
) -> Result<Option<Proof>, EditionError> {
    // A slot that is to come is not decided against: something may go public before it.
    let (slot, decides) = match due {
        Due::No => (None, None),
        Due::Now(slot) => (slot, slot.map(|slot| slot.mark)),
        Due::Late(slot, _) => (Some(slot), Some(slot.mark)),
        Due::Draft(slot) => (Some(slot), None),
    };
    let mut tx = store.read().await?;
    let Some(row) = editions::newsletters(&mut tx).await?.into_iter().find(|row| row.name == newsletter.name) else {
        return Ok(None);
    };
    let mark = slot.map(|slot| slot.mark);
    if mark.is_some() && row.last_slot >= mark {
        return Ok(None);
    }
    let selected = select::news(&mut tx, config, newsletter, &row, now).await?;
    let least = match selected.first {
        true => newsletter.min_items.min(newsletter.first_edition),
        false => newsletter.min_items,
    };
    let mut decided = row.clone();
    decided.last_slot = decides.or(row.last_slot);
    if selected.stories.len() >= least.max(1) {
        let wall = slot.filter(|_| !now_all).and_then(|slot| slot.wall);
        let date = slot.map(|slot| slot.at).filter(|at| *at > now);
        let wish = Wish { lists: newsletter.lists.clone(), wall, date, ..Wish::default() };
        let layout = Layout::new(config, newsletter, (&row, selected), &wish, now);
        let survey = survey(&mut tx, &layout, Extent::First).await?;
        if survey.copies > 0 {
            return Ok(Some(compose::proof(&mut tx, config, templates, newsletter, layout, &wish).await?));
        }
        if survey.people > 0 {
            // Everybody has all of it, or wants none of it: it is not new to this newsletter any more.
            decided.last_seq = Some(layout.selected.upto_seq);
            decided.waiting = layout.selected.waiting;
        }
        tracing::debug!("newsletter {}: nobody on its lists is to get what is new", newsletter.name);
    } else if nothing_can_come(newsletter, &selected) {
        decided.last_seq = Some(selected.upto_seq);
    }
    drop(tx);
    if decided != row {
        let mut tx = store.write().await?;
        move_marks(&mut tx, &row, decided.last_seq, decided.last_slot, &decided.waiting).await?;
        tx.commit().await?;
    }
    Ok(None)
}

/// Whether an alert need not look at this window again: everything in it is old, or archive.
fn nothing_can_come(newsletter: &Newsletter, selected: &Selected) -> bool {
    newsletter.schedule == Schedule::Immediate && selected.stories.is_empty() && selected.waiting.is_empty()
}

/// Who would get what of an edition, counted as far as `extent` says.
///
/// # Errors
/// What the store says.
pub async fn survey(tx: &mut Tx, layout: &Layout, extent: Extent) -> Result<fill::Survey, EditionError> {
    let settings = &layout.settings;
    let versions = layout.versions.clone();
    let chooser = Chooser::new(tx, &settings.places, versions, &settings.languages, settings.again, 0).await?;
    let audience = Audience {
        newsletter_id: layout.row.id,
        newsletter: layout.row.name.clone(),
        lists: settings.lists.clone(),
        upto: i64::MAX,
    };
    fill::survey(tx, &chooser, &audience, extent).await
}

pub(super) fn late(by: Duration) -> String {
    let (hours, minutes) = (by.num_hours(), by.num_minutes() % 60);
    let by = match hours / 24 {
        0 => format!("{hours} h {minutes} min"),
        days => format!("{days} d {} h", hours % 24),
    };
    format!("its time was {by} ago, later than is allowed (late)")
}

/// When a newsletter is due next, or a story that waits for its translation; `None` where nothing is.
///
/// # Errors
/// What the store says; a schedule that cannot be read.
pub async fn next_due(store: &Store, config: &Config, clock: &Clock) -> Result<Option<Instant>, EditionError> {
    let now = clock.now();
    let mut tx = store.read().await?;
    let rows = editions::newsletters(&mut tx).await?;
    let zones = zones(store, config).await?;
    let mut next: Option<Instant> = None;
    for newsletter in &config.newsletters {
        let zones = zones.get(&newsletter.name);
        let row = rows.iter().find(|row| row.name == newsletter.name);
        let at = match (&newsletter.schedule, row) {
            (Schedule::Manual, _) => None,
            (Schedule::Cron(_), row) => {
                let due = row.map(|row| due(config, newsletter, zones, row, now, false)).transpose()?;
                let slots = Slots::of(config, newsletter, zones.map(Vec::as_slice).unwrap_or_default())?;
                let ready = newsletter.ready.map_or(Duration::zero(), Span::duration);
                let is_new = |slot: &Slot| row.and_then(|row| row.last_slot).is_none_or(|last| slot.mark > last);
                let next = |slots: Slots<'_>| {
                    std::iter::successors(slots.next_after(now), |slot| slots.next_after(slot.at)).find(is_new)
                };
                match due {
                    Some(Due::Now(_) | Due::Late(..)) => Some(now),
                    // It was looked at, and there was nothing to print yet.
                    Some(Due::Draft(slot)) => Some(slot.at),
                    Some(Due::No) | None => slots.and_then(next).map(|slot| (slot.at - ready).max(now)),
                }
            }
            (Schedule::Immediate, _) if newsletter.days_off.hold(today(config, newsletter, now)) => {
                let zone = newsletter.zone(config.site.timezone);
                let day = newsletter.days_off.first_after(today(config, newsletter, now));
                day.map(|day| instant_of(day.into(), zone))
            }
            (Schedule::Immediate, None) => Some(now),
            (Schedule::Immediate, Some(row)) => {
                let selected = select::news(&mut tx, config, newsletter, row, now).await?;
                selected.waiting.iter().map(|waiting| waiting.until).min()
            }
        };
        next = [next, at].into_iter().flatten().min();
    }
    Ok(next)
}

/// When something goes out next, as people ask it: an edition that has its time already, or the next slot, whenever that is
/// drafted.
///
/// # Errors
/// As [`next_due`].
pub async fn goes_next(store: &Store, config: &Config, clock: &Clock) -> Result<Option<Instant>, EditionError> {
    let mut plain = config.clone();
    plain.newsletters.iter_mut().for_each(|newsletter| newsletter.ready = None);
    let slot = next_due(store, &plain, clock).await?;
    let mut tx = store.read().await?;
    let start = states::next_start(&mut tx, clock.now()).await?;
    Ok([slot, start].into_iter().flatten().min())
}
