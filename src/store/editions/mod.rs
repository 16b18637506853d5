//! Newsletters and their editions: what was frozen, for whom it was filled, how it stands.
//!
//! 1. [`ensure_newsletters`] notes when Herald first knew of a newsletter.
//! 2. [`freeze`] writes a whole edition, or nothing where somebody else was first.
//! 3. [`fill`] writes the deliveries, one chunk of subscribers after the other.
//! 4. [`approvals`] keeps who has approved one that needs it.
//! 5. [`corrections`] says who was sent what was corrected since, and who has been told.
//! 6. [`states`] holds, lets go on, ends, counts and reconciles.

pub mod approvals;
pub mod audit;
pub mod corrections;
pub mod fill;
pub mod findings;
pub mod freeze;
pub mod going;
pub mod newness;
pub mod newsletters;
pub mod ramp;
pub mod retry;
pub mod states;

pub use newsletters::{NewsletterRow, Waiting, ensure_newsletters, newsletter_id, newsletters};
pub use states::{Counts, counts, finish_done};

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::deliveries::when::When;
use super::{Row, StoreError, Tx};
use crate::article::{Language, StoryId};
use crate::clock::{Instant, from_micros};
use crate::config::OnUnknown;

/// How an edition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Composed, and waiting for staff: nothing goes out until they say so.
    Held,
    /// To go out at its time.
    Queued,
    /// Going out.
    Sending,
    /// Stopped by staff or by a correction; can go on.
    Paused,
    /// Nothing waits any more.
    Done,
    /// Stopped for good.
    Cancelled,
}

impl State {
    /// All of them, in the order of an edition's life.
    pub const ALL: [State; 6] =
        [State::Held, State::Queued, State::Sending, State::Paused, State::Done, State::Cancelled];

    /// The word the store and `--json` have for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Held => "held",
            State::Queued => "queued",
            State::Sending => "sending",
            State::Paused => "paused",
            State::Done => "done",
            State::Cancelled => "cancelled",
        }
    }

    /// Whether it is over: nothing of it will be handed over any more.
    pub fn is_over(self) -> bool {
        matches!(self, State::Done | State::Cancelled)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for State {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        State::ALL
            .into_iter()
            .find(|state| state.word() == text)
            .ok_or_else(|| StoreError::Content(format!("“{text}” is no state of an edition")))
    }
}

/// What stands at one position of an edition, as far as the choice of a copy needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The story.
    pub story: StoryId,
    /// Its topics ([`crate::article::topic_id`]), those of all its versions together.
    pub topics: Vec<String>,
    /// The correction whose note stands here instead of the story: for those who had the story as it was
    /// before this revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<i64>,
}

/// What an edition was made with: frozen beside it, so that what happens later to the configuration
/// changes nothing about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The newsletter's name.
    pub newsletter: String,
    /// Its title in each language of the edition.
    pub title: BTreeMap<Language, String>,
    /// The template.
    pub template: String,
    /// The lists it goes to.
    pub lists: Vec<String>,
    /// Whether those who already had a story get it again (`repeat`, `--again`).
    pub again: bool,
    /// The languages a reader may be given it in, in order; the first stands for all others.
    pub languages: Vec<Language>,
    /// What stands at each position, from 0.
    pub places: Vec<Place>,
    /// It took what went public after this number …
    pub after_seq: i64,
    /// … up to this one.
    pub upto_seq: i64,
    /// Corrections up to this revision have been looked at.
    pub revisions_upto: i64,
    /// Whether staff chose the articles.
    pub chosen: bool,
    /// What becomes of a copy without an answer.
    pub on_unknown: OnUnknown,
    /// At which hours its copies may go, and to whom how often.
    pub when: When,
    /// Whether its copies go ahead of those of other editions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// Whether it goes out over several days ([`ramp`]).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ramp: bool,
    /// Until when what it prints is under embargo, where it goes to accredited press before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<Instant>,
    /// The correction or retraction of which it tells those who were sent the earlier text, where it is such an edition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tells: Option<corrections::Tells>,
}

/// One edition as lists and pages show it.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Number of the row.
    pub id: i64,
    /// Whose issue it is.
    pub newsletter_id: i64,
    /// The newsletter's name.
    pub newsletter: String,
    /// Its number within the newsletter, from 1.
    pub number: i64,
    /// How it stands.
    pub state: State,
    /// Why it is held, paused or cancelled.
    pub reason: Option<String>,
    /// Who made it: `schedule`, `now`, `staff`, a member of staff by name, or `user:NAME` of the machine.
    pub made_by: String,
    /// How many people must approve it before it goes.
    pub needs: i64,
    /// Since when they have.
    pub approved_at: Option<Instant>,
    /// The slot of the schedule it was made for.
    pub slot_at: Option<Instant>,
    /// When it was frozen.
    pub composed_at: Instant,
    /// Nothing of it goes out before.
    pub start_at: Instant,
    /// When nothing waited any more.
    pub finished_at: Option<Instant>,
    /// Whether it is the newsletter's first.
    pub first: bool,
    /// The subject in its first language, as a copy with all stories has it.
    pub subject: String,
    /// What it was made with.
    pub settings: Settings,
    /// SHA-256 of all that is frozen, hexadecimal.
    pub hash: String,
    /// Deliveries exist for subscribers up to this id.
    pub filled_to: i64,
    /// Whether they exist for all.
    pub filled: bool,
    /// How many deliveries were made.
    pub recipients: i64,
    /// Who was taken in after this subscriber is not in it.
    pub audience_upto: i64,
}

/// One rendering of an edition.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its number within the edition, from 0.
    pub number: i64,
    /// Its language.
    pub language: Language,
    /// Its subject, as a copy with all stories has it.
    pub subject: String,
    /// [`crate::mail::Rendering`] as JSON.
    pub rendering: String,
}

/// An edition as delivery takes it: what every copy is cut from.
#[derive(Clone, Debug)]
pub struct EditionMail {
    /// Number of the row.
    pub id: i64,
    /// The newsletter's number, which a link for leaving names.
    pub newsletter_id: i64,
    /// The newsletter's name.
    pub newsletter: String,
    /// The edition's number within the newsletter.
    pub number: i64,
    /// When it was frozen: the `Date` of its copies is no earlier.
    pub composed_at: Instant,
    /// What it was made with.
    pub settings: Settings,
    /// One rendering a language, by number.
    pub variants: BTreeMap<i64, Variant>,
}

/// One article that an edition prints, in one language.
#[derive(Clone, Debug, Serialize)]
pub struct Printed {
    /// The language of the variant.
    pub language: Language,
    /// The position, from 0.
    pub position: i64,
    /// The story.
    pub story: String,
    /// The article.
    pub article: String,
    /// The revision of it that is printed.
    pub revision: i64,
}

/// The columns of [`edition_of`], with what comes after them.
macro_rules! editions {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.newsletter, n.name, e.number, e.state, e.reason, e.made_by, e.slot_at, e.composed_at, \
             e.start_at, e.finished_at, e.first, e.subject, e.settings, e.hash, e.filled_to, e.filled, e.recipients, e.audience_upto, \
             e.needs, e.approved_at \
             FROM editions e JOIN newsletters n ON n.id = e.newsletter ",
            $rest
        )
    };
}

pub(super) use editions;

pub(super) fn edition_of(row: &Row) -> Result<Edition, StoreError> {
    Ok(Edition {
        id: row.get(0)?,
        newsletter_id: row.get(1)?,
        newsletter: row.get(2)?,
        number: row.get(3)?,
        state: row.get::<String>(4)?.parse()?,
        reason: row.get(5)?,
        made_by: row.get(6)?,
        slot_at: row.get::<Option<i64>>(7)?.map(from_micros),
        composed_at: from_micros(row.get(8)?),
        start_at: from_micros(row.get(9)?),
        finished_at: row.get::<Option<i64>>(10)?.map(from_micros),
        first: row.get::<i64>(11)? != 0,
        subject: row.get(12)?,
        settings: serde_json::from_str(&row.get::<String>(13)?)?,
        hash: row.get(14)?,
        filled_to: row.get(15)?,
        filled: row.get::<i64>(16)? != 0,
        recipients: row.get(17)?,
        audience_upto: row.get(18)?,
        needs: row.get(19)?,
        approved_at: row.get::<Option<i64>>(20)?.map(from_micros),
    })
}

const BY_ID: &str = editions!("WHERE e.id = $1");

/// The edition of that id.
///
/// # Errors
/// What the database says.
pub async fn by_id(tx: &mut Tx, id: i64) -> Result<Option<Edition>, StoreError> {
    tx.q(BY_ID).bind(id).optional().await?.as_ref().map(edition_of).transpose()
}

const BY_NUMBER: &str = editions!("WHERE n.name = $1 AND e.number = $2");

/// The edition of a newsletter by its number within it, as addresses name it.
///
/// # Errors
/// What the database says.
pub async fn by_number(tx: &mut Tx, newsletter: &str, number: i64) -> Result<Option<Edition>, StoreError> {
    tx.q(BY_NUMBER).bind(newsletter).bind(number).optional().await?.as_ref().map(edition_of).transpose()
}

const LIST: &str =
    editions!("WHERE ($1 IS NULL OR n.name = $1) ORDER BY e.composed_at DESC, e.id DESC LIMIT $2 OFFSET $3");

/// Editions, the newest first; of one newsletter where it is named.
///
/// # Errors
/// What the database says.
pub async fn list(tx: &mut Tx, newsletter: Option<&str>, limit: i64, offset: i64) -> Result<Vec<Edition>, StoreError> {
    let rows = tx.q(LIST).bind(newsletter.map(str::to_owned)).bind(limit).bind(offset).all().await?;
    rows.iter().map(edition_of).collect()
}

const UNFILLED: &str = editions!("WHERE e.filled = 0 AND e.state IN ('queued', 'sending') ORDER BY e.id");

/// Editions whose deliveries are not all made yet, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn unfilled(tx: &mut Tx) -> Result<Vec<Edition>, StoreError> {
    tx.q(UNFILLED).all().await?.iter().map(edition_of).collect()
}

const LATEST: &str =
    editions!("WHERE e.newsletter = $1 AND e.number = (SELECT MAX(number) FROM editions WHERE newsletter = $1)");

/// The newsletter's newest edition.
///
/// # Errors
/// What the database says.
pub async fn latest(tx: &mut Tx, newsletter_id: i64) -> Result<Option<Edition>, StoreError> {
    tx.q(LATEST).bind(newsletter_id).optional().await?.as_ref().map(edition_of).transpose()
}

const VARIANT: &str =
    "SELECT number, language, subject, rendering FROM edition_variants WHERE edition = $1 AND number = $2";
const VARIANTS: &str =
    "SELECT number, language, subject, rendering FROM edition_variants WHERE edition = $1 ORDER BY number";

fn variant_of(row: &Row) -> Result<Variant, StoreError> {
    let language: String = row.get(1)?;
    Ok(Variant {
        number: row.get(0)?,
        language: language.parse().map_err(|e| StoreError::Content(format!("edition_variants: {e}")))?,
        subject: row.get(2)?,
        rendering: row.get(3)?,
    })
}

/// One rendering of an edition.
///
/// # Errors
/// What the database says.
pub async fn variant(tx: &mut Tx, edition: i64, number: i64) -> Result<Option<Variant>, StoreError> {
    tx.q(VARIANT).bind(edition).bind(number).optional().await?.as_ref().map(variant_of).transpose()
}

/// All renderings of an edition, by number.
///
/// # Errors
/// What the database says.
pub async fn variants(tx: &mut Tx, edition: i64) -> Result<Vec<Variant>, StoreError> {
    tx.q(VARIANTS).bind(edition).all().await?.iter().map(variant_of).collect()
}

const LANGUAGES: &str = "SELECT number, language FROM edition_variants WHERE edition = $1 ORDER BY number";

/// The languages of an edition's renderings, by number, without the renderings.
///
/// # Errors
/// What the database says.
pub async fn languages(tx: &mut Tx, edition: i64) -> Result<Vec<(i64, Language)>, StoreError> {
    let rows = tx.q(LANGUAGES).bind(edition).all().await?;
    rows.iter()
        .map(|row| {
            let language: String = row.get(1)?;
            Ok((row.get(0)?, language.parse().map_err(|e| StoreError::Content(format!("edition_variants: {e}")))?))
        })
        .collect()
}

/// An edition with its renderings, for delivery and the web copy; `None` where there is no such edition.
///
/// # Errors
/// What the database says.
pub async fn mail_of(tx: &mut Tx, edition: i64) -> Result<Option<EditionMail>, StoreError> {
    let Some(edition) = by_id(tx, edition).await? else { return Ok(None) };
    let variants = variants(tx, edition.id).await?.into_iter().map(|v| (v.number, v)).collect();
    Ok(Some(EditionMail {
        id: edition.id,
        newsletter_id: edition.newsletter_id,
        newsletter: edition.newsletter,
        number: edition.number,
        composed_at: edition.composed_at,
        settings: edition.settings,
        variants,
    }))
}

const PRINTED: &str = "SELECT language, position, story, article, revision FROM edition_articles \
     WHERE edition = $1 ORDER BY position, language";

/// What an edition prints, by position and language.
///
/// # Errors
/// What the database says.
pub async fn printed(tx: &mut Tx, edition: i64) -> Result<Vec<Printed>, StoreError> {
    let rows = tx.q(PRINTED).bind(edition).all().await?;
    rows.iter()
        .map(|row| {
            let language: String = row.get(0)?;
            Ok(Printed {
                language: language.parse().map_err(|e| StoreError::Content(format!("edition_articles: {e}")))?,
                position: row.get(1)?,
                story: row.get(2)?,
                article: row.get(3)?,
                revision: row.get(4)?,
            })
        })
        .collect()
}
