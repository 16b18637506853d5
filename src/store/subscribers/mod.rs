//! People: who they are, which lists they are on, what they decided.
//!
//! 1. [`Batches`] takes a list's file in (`import.rs`); what a row changes is for [`crate::audience::merge`] to say.
//! 2. [`audience`] gives those a newsletter may go to, page by page.
//! 3. [`leave`], [`leave_all`], [`rejoin`] and [`set_preferences`] keep what they decide (`choices.rs`);
//!    [`super::suppressions::barred`] asks for it once more before a copy goes out.

mod audience;
mod choices;
mod import;
mod staff;
#[cfg(test)]
mod tests;

pub use audience::{Member, active_count, audience, audience_count, zones, zones_of};
pub use choices::{Leaving, leave, leave_all, rejoin, rejoin_all, set_preferences};
pub use import::{BATCH, Batches, Outcome};
pub use staff::{Sent, add, forget, page, remove, sent};

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::article::Language;
use crate::audience::{Address, Choices, DecidedBy, Ground, Person, Status};
use crate::clock::{Instant, from_micros};

use super::suppressions::{self, Suppression};
use super::{Row, StoreError, Tx};

/// All that is known about one person, beside what they were sent.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// Number of the row.
    pub id: i64,
    /// The address as written.
    pub address: Address,
    /// Their name.
    pub name: Option<String>,
    /// The language a file names.
    pub language: Option<Language>,
    /// The zone a file names.
    pub timezone: Option<String>,
    /// The topic ids a file names; `None`: all.
    pub topics: Option<Vec<String>>,
    /// Other columns of their lists.
    pub extra: BTreeMap<String, String>,
    /// What they chose themselves.
    pub chosen: Option<Choices>,
    /// Since when they are known.
    pub created_at: Instant,
    /// The lists they are on, or were.
    pub memberships: Vec<Membership>,
    /// The newsletters they left.
    pub departures: Vec<Departure>,
    /// What stands against writing to them at all.
    pub suppressed: Option<Suppression>,
}

impl Subscriber {
    /// The language they read, by their own word first.
    pub fn reads(&self) -> Option<&Language> {
        self.chosen.as_ref().and_then(|c| c.language.as_ref()).or(self.language.as_ref())
    }

    /// The topics they get, by their own word first; `None`: all.
    pub fn topics(&self) -> Option<&[String]> {
        match &self.chosen {
            Some(chosen) => chosen.topics.as_deref(),
            None => self.topics.as_deref(),
        }
    }

    /// As a delivery sees them.
    pub fn person(&self) -> Person {
        Person {
            id: self.id,
            address: self.address.clone(),
            name: self.name.clone(),
            language: self.reads().cloned(),
            extra: self.extra.clone(),
        }
    }
}

/// One list somebody is on, or was.
#[derive(Clone, Debug)]
pub struct Membership {
    /// Name of the list.
    pub list: String,
    /// Whether they are written to.
    pub status: Status,
    /// Whose decision that is.
    pub decided_by: DecidedBy,
    /// Newsletters of the list, by name; `None`: all.
    pub newsletters: Option<Vec<String>>,
    /// When they agreed.
    pub consent_at: Option<Instant>,
    /// Where they agreed.
    pub consent_source: Option<String>,
    /// Since when they are on it.
    pub joined_at: Instant,
    /// When they left it.
    pub left_at: Option<Instant>,
}

/// One newsletter somebody left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Number of the newsletter.
    pub newsletter: i64,
    /// Its name.
    pub name: String,
    /// When.
    pub at: Instant,
    /// In which way, as [`crate::audience::How::word`] has it.
    pub how: String,
}

const ENSURE: &str =
    "INSERT INTO lists (name) SELECT r.value ->> 0 FROM json_each($1) r WHERE TRUE ON CONFLICT (name) DO NOTHING";
const IDS: &str = "SELECT l.name, l.id FROM json_each($1) r JOIN lists l ON l.name = r.value ->> 0";

/// Makes the lists that are not there yet; the number of each, by name.
///
/// # Errors
/// What the database says.
pub async fn ensure_lists(tx: &mut Tx, names: &[&str]) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows = serde_json::to_string(&names.iter().map(|name| [name]).collect::<Vec<_>>())?;
    tx.q(ENSURE).bind(rows.as_str()).execute().await?;
    list_ids(tx, names).await
}

/// The number of each of these lists that is there, by name.
///
/// # Errors
/// What the database says.
pub async fn list_ids(tx: &mut Tx, names: &[&str]) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows = serde_json::to_string(&names.iter().map(|name| [name]).collect::<Vec<_>>())?;
    let mut ids = BTreeMap::new();
    for row in tx.q(IDS).bind(rows).all().await? {
        ids.insert(row.get(0)?, row.get(1)?);
    }
    Ok(ids)
}

const FINGERPRINT: &str = "SELECT fingerprint FROM lists WHERE id = $1";
const SET_FINGERPRINT: &str = "UPDATE lists SET fingerprint = $2 WHERE id = $1";

/// What the file of a list was like when it was last taken in.
///
/// # Errors
/// What the database says.
pub async fn fingerprint(tx: &mut Tx, list: i64) -> Result<Option<String>, StoreError> {
    tx.q(FINGERPRINT).bind(list).one().await?.get(0)
}

/// Keeps what the file of a list was like.
///
/// # Errors
/// What the database says.
pub async fn set_fingerprint(tx: &mut Tx, list: i64, fingerprint: &str) -> Result<(), StoreError> {
    tx.q(SET_FINGERPRINT).bind(list).bind(fingerprint).execute().await?;
    Ok(())
}

const PERSONS: &str = "SELECT s.id, s.mailbox, s.name, s.language, s.extra, s.chosen
    FROM json_each($1) r JOIN subscribers s ON s.id = CAST(r.value ->> 0 AS BIGINT)";

/// The people with these numbers, in no order; those who are not there any more are left out.
///
/// # Errors
/// What the database says.
pub async fn persons(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Person>, StoreError> {
    let rows = serde_json::to_string(&ids.iter().map(|id| [id]).collect::<Vec<_>>())?;
    tx.q(PERSONS).bind(rows).all().await?.iter().map(person_of).collect()
}

// CROSS JOIN holds SQLite to this order: from a few people to their lists, not from a list to all who are on it.
const GROUNDS: &str = "SELECT m.subscriber, l.name, m.consent_at, m.consent_source FROM json_each($1) r
    CROSS JOIN memberships m CROSS JOIN lists l
    WHERE m.subscriber = CAST(r.value ->> 0 AS BIGINT) AND m.status = 'active' AND l.id = m.list";

/// By what each of these people is on one of `lists`: where they are on several, the one of the earliest consent, else
/// one that says where the address came from.
///
/// # Errors
/// What the database says.
pub async fn grounds(tx: &mut Tx, ids: &[i64], lists: &[String]) -> Result<HashMap<i64, Ground>, StoreError> {
    let rows = serde_json::to_string(&ids.iter().map(|id| [id]).collect::<Vec<_>>())?;
    let mut grounds: HashMap<i64, Ground> = HashMap::with_capacity(ids.len());
    let rank = |ground: &Ground| {
        let at = ground.consent_at.map_or(i64::MAX, |at| at.timestamp_micros());
        (at, ground.source.is_none(), ground.list.clone())
    };
    for row in tx.q(GROUNDS).bind(rows).all().await? {
        let consent_at = row.get::<Option<i64>>(2)?.map(from_micros);
        let ground = Ground { list: row.get(1)?, consent_at, source: row.get(3)? };
        if !lists.contains(&ground.list) {
            continue;
        }
        match grounds.entry(row.get(0)?) {
            Entry::Vacant(place) => drop(place.insert(ground)),
            Entry::Occupied(mut known) if rank(&ground) < rank(known.get()) => drop(known.insert(ground)),
            Entry::Occupied(_) => {}
        }
    }
    Ok(grounds)
}

/// One person, if they are there.
///
/// # Errors
/// What the database says.
pub async fn person(tx: &mut Tx, id: i64) -> Result<Option<Person>, StoreError> {
    Ok(persons(tx, &[id]).await?.pop())
}

fn person_of(row: &Row) -> Result<Person, StoreError> {
    let chosen = chosen(row.get(5)?)?;
    Ok(Person {
        id: row.get(0)?,
        address: address(&row.get::<String>(1)?)?,
        name: row.get(2)?,
        language: chosen.and_then(|c| c.language).or(language(row.get(3)?)?),
        extra: serde_json::from_str(&row.get::<String>(4)?)?,
    })
}

const BY_ADDRESS: &str = "SELECT id FROM subscribers WHERE address = $1";

/// The number of the person with that address.
///
/// # Errors
/// What the database says.
pub async fn by_address(tx: &mut Tx, address: &Address) -> Result<Option<i64>, StoreError> {
    tx.q(BY_ADDRESS).bind(address.key()).optional().await?.map(|row| row.get(0)).transpose()
}

const WHOLE: &str = "SELECT s.id, s.mailbox, s.name, s.language, s.timezone, s.topics, s.extra, s.chosen, s.created_at, p.reason, p.at, p.note
    FROM json_each($1) r JOIN subscribers s ON s.id = CAST(r.value ->> 0 AS BIGINT)
    LEFT JOIN suppressions p ON p.address = s.address ORDER BY s.id";
const MEMBERSHIPS: &str = "SELECT m.subscriber, l.name, m.status, m.decided_by, m.newsletters, m.consent_at, m.consent_source, m.joined_at, m.left_at
    FROM json_each($1) r JOIN memberships m ON m.subscriber = CAST(r.value ->> 0 AS BIGINT)
    JOIN lists l ON l.id = m.list ORDER BY l.name";
const DEPARTURES: &str = "SELECT d.subscriber, d.newsletter, n.name, d.at, d.how
    FROM json_each($1) r JOIN departures d ON d.subscriber = CAST(r.value ->> 0 AS BIGINT)
    JOIN newsletters n ON n.id = d.newsletter ORDER BY n.name";

/// All that is known about these people, ordered by number; those who are not there are left out.
///
/// # Errors
/// What the database says.
pub async fn subscribers(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Subscriber>, StoreError> {
    let rows = serde_json::to_string(&ids.iter().map(|id| [id]).collect::<Vec<_>>())?;
    let mut memberships: BTreeMap<i64, Vec<Membership>> = BTreeMap::new();
    for row in tx.q(MEMBERSHIPS).bind(rows.as_str()).all().await? {
        memberships.entry(row.get(0)?).or_default().push(Membership {
            list: row.get(1)?,
            status: status(&row.get::<String>(2)?)?,
            decided_by: decided_by(&row.get::<String>(3)?)?,
            newsletters: names(row.get(4)?)?,
            consent_at: row.get::<Option<i64>>(5)?.map(from_micros),
            consent_source: row.get(6)?,
            joined_at: from_micros(row.get(7)?),
            left_at: row.get::<Option<i64>>(8)?.map(from_micros),
        });
    }
    let mut departures: BTreeMap<i64, Vec<Departure>> = BTreeMap::new();
    for row in tx.q(DEPARTURES).bind(rows.as_str()).all().await? {
        departures.entry(row.get(0)?).or_default().push(Departure {
            newsletter: row.get(1)?,
            name: row.get(2)?,
            at: from_micros(row.get(3)?),
            how: row.get(4)?,
        });
    }
    let mut people = Vec::new();
    for row in tx.q(WHOLE).bind(rows).all().await? {
        let id = row.get(0)?;
        let address = address(&row.get::<String>(1)?)?;
        let suppressed = match row.get::<Option<String>>(9)? {
            None => None,
            Some(word) => Some(Suppression {
                address: Some(address.key()),
                reason: suppressions::reason(&word)?,
                at: from_micros(row.get(10)?),
                note: row.get(11)?,
            }),
        };
        people.push(Subscriber {
            id,
            address,
            name: row.get(2)?,
            language: language(row.get(3)?)?,
            timezone: row.get(4)?,
            topics: names(row.get(5)?)?,
            extra: serde_json::from_str(&row.get::<String>(6)?)?,
            chosen: chosen(row.get(7)?)?,
            created_at: from_micros(row.get(8)?),
            memberships: memberships.remove(&id).unwrap_or_default(),
            departures: departures.remove(&id).unwrap_or_default(),
            suppressed,
        });
    }
    Ok(people)
}

/// All that is known about one person, if they are there.
///
/// # Errors
/// What the database says.
pub async fn subscriber(tx: &mut Tx, id: i64) -> Result<Option<Subscriber>, StoreError> {
    Ok(subscribers(tx, &[id]).await?.pop())
}

fn address(text: &str) -> Result<Address, StoreError> {
    text.parse().map_err(|e| StoreError::Content(format!("subscribers: {e}")))
}

fn language(tag: Option<String>) -> Result<Option<Language>, StoreError> {
    tag.map(|tag| tag.parse().map_err(|e| StoreError::Content(format!("subscribers: {e}")))).transpose()
}

fn names(json: Option<String>) -> Result<Option<Vec<String>>, StoreError> {
    json.map(|json| serde_json::from_str(&json).map_err(StoreError::from)).transpose()
}

fn chosen(json: Option<String>) -> Result<Option<Choices>, StoreError> {
    json.map(|json| serde_json::from_str(&json).map_err(StoreError::from)).transpose()
}

fn status(word: &str) -> Result<Status, StoreError> {
    Status::from_word(word).ok_or_else(|| StoreError::Content(format!("“{word}” is no status of a membership")))
}

fn decided_by(word: &str) -> Result<DecidedBy, StoreError> {
    DecidedBy::from_word(word).ok_or_else(|| StoreError::Content(format!("“{word}” decides no membership")))
}
