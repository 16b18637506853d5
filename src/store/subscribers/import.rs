//! A list's file comes in by batches of rows: one look, then at most four writing statements a batch,
//! however many rows it has. Nothing is written for a row that changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::audience::{
    Columns, Known, KnownPerson, MembershipState, Merged, PersonState, Reason, Row, Status, Verdict, merge,
};
use crate::clock::Instant;
use crate::secret::Keyring;
use crate::store::{Row as DbRow, StoreError, Tx, suppressions};

use super::{decided_by, names, status};

/// How many rows a batch should have.
pub const BATCH: usize = 2000;

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Taken(Verdict),
    /// The address stands already in an earlier row of the file (its line, where it is in the same batch).
    Duplicate(Option<u64>),
}

/// One file being taken into one list. It remembers who was in the file: a bit a person.
#[derive(Debug)]
pub struct Batches {
    list: i64,
    columns: Columns,
    dry: bool,
    seen: Bits,
    /// In a dry run new people get no number, so their keys are remembered.
    new: HashSet<String>,
}

impl Batches {
    /// A file with those columns, for the list of that number.
    pub fn new(list: i64, columns: Columns) -> Self {
        Batches { list, columns, dry: false, seen: Bits::default(), new: HashSet::new() }
    }

    /// The same, but nothing is written. `list` is `None` where there is no such list yet.
    pub fn dry(list: Option<i64>, columns: Columns) -> Self {
        Batches { dry: true, ..Batches::new(list.unwrap_or(-1), columns) }
    }

    /// Takes a batch of rows; what became of each, in their order.
    ///
    /// # Errors
    /// What the database says. Roll back then, and begin the file anew.
    pub async fn take(
        &mut self,
        tx: &mut Tx,
        ring: &Keyring,
        rows: &[Row],
        now: Instant,
    ) -> Result<Vec<Outcome>, StoreError> {
        let keys: Vec<String> = rows.iter().map(|row| row.address.key()).collect();
        let known = look(tx, ring, self.list, &keys).await?;
        let mut outcomes = Vec::with_capacity(rows.len());
        let mut first: HashMap<&str, u64> = HashMap::with_capacity(rows.len());
        let mut writes = Writes::default();
        for (i, row) in rows.iter().enumerate() {
            let known = known.get(&i).cloned().unwrap_or_default();
            let person = known.person.as_ref().map(|p| p.id);
            if let Some(line) = first.get(keys[i].as_str()) {
                outcomes.push(Outcome::Duplicate(Some(*line)));
                continue;
            }
            first.insert(&keys[i], row.line);
            let repeated = match person {
                Some(id) => !self.seen.set(id),
                None => self.dry && !self.new.insert(keys[i].clone()),
            };
            if repeated {
                outcomes.push(Outcome::Duplicate(None));
                continue;
            }
            let merged = merge(&known, row, self.columns);
            outcomes.push(Outcome::Taken(merged.verdict));
            writes.note(&keys[i], person, merged);
        }
        if !self.dry {
            for id in writes.run(tx, ring, self.list, now).await? {
                self.seen.set(id);
            }
        }
        Ok(outcomes)
    }

    /// The next people after number `after` whom a file brought to the list and who are not in this
    /// one: `(number, address)`. Ask again with the second number until it is `None`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn missing(&self, tx: &mut Tx, after: i64) -> Result<(Vec<(i64, String)>, Option<i64>), StoreError> {
        let rows = tx.q(BROUGHT).bind(self.list).bind(after).bind(BATCH as i64).all().await?;
        let mut missing = Vec::new();
        let mut last = None;
        for row in &rows {
            let id = row.get(0)?;
            if !self.seen.has(id) {
                missing.push((id, row.get(1)?));
            }
            last = Some(id);
        }
        Ok((missing, last.filter(|_| rows.len() == BATCH)))
    }

    /// Takes people off the list because the file does not have them. A later file may bring them
    /// back; what they decided themselves is kept apart and stays.
    ///
    /// # Errors
    /// What the database says.
    pub async fn remove(&self, tx: &mut Tx, subscribers: &[i64]) -> Result<u64, StoreError> {
        let rows = serde_json::to_string(&subscribers.iter().map(|id| [id]).collect::<Vec<_>>())?;
        tx.q(REMOVE).bind(rows).bind(self.list).execute().await
    }
}

const BROUGHT: &str = "SELECT m.subscriber, s.mailbox FROM memberships m JOIN subscribers s ON s.id = m.subscriber
    WHERE m.list = $1 AND m.subscriber > $2 AND m.decided_by = 'file' AND m.status <> 'left'
    ORDER BY m.subscriber LIMIT $3";
const REMOVE: &str = "DELETE FROM memberships WHERE list = $2 AND decided_by = 'file' AND status <> 'left'
    AND subscriber IN (SELECT CAST(r.value ->> 0 AS BIGINT) FROM json_each($1) r)";

const LOOK: &str =
    "SELECT CAST(r.value ->> 0 AS BIGINT), s.id, s.mailbox, s.name, s.language, s.timezone, s.topics, s.extra,
        m.status, m.decided_by, m.newsletters, m.consent_at, m.consent_source, p.reason,
        EXISTS (SELECT 1 FROM memberships o WHERE o.subscriber = s.id AND o.list <> $2),
        EXISTS (SELECT 1 FROM departures d WHERE d.subscriber = s.id)
    FROM json_each($1) r
    LEFT JOIN subscribers s ON s.address = r.value ->> 1
    LEFT JOIN memberships m ON m.list = $2 AND m.subscriber = s.id
    LEFT JOIN suppressions p ON p.hash = r.value ->> 2
    WHERE s.id IS NOT NULL OR p.hash IS NOT NULL";

/// What is known about each of `keys`, by its place among them; what is not known is left out.
async fn look(tx: &mut Tx, ring: &Keyring, list: i64, keys: &[String]) -> Result<HashMap<usize, Known>, StoreError> {
    let rows: Vec<_> = keys.iter().enumerate().map(|(i, key)| (i, key, ring.address_hash(key))).collect();
    let mut known = HashMap::new();
    for row in tx.q(LOOK).bind(serde_json::to_string(&rows)?).bind(list).all().await? {
        let place = usize::try_from(row.get::<i64>(0)?).unwrap_or_default();
        known.insert(place, known_of(&row)?);
    }
    Ok(known)
}

fn known_of(row: &DbRow) -> Result<Known, StoreError> {
    let person = match row.get::<Option<i64>>(1)? {
        None => None,
        Some(id) => Some(KnownPerson {
            id,
            state: PersonState {
                mailbox: row.get(2)?,
                name: row.get(3)?,
                language: row.get(4)?,
                timezone: row.get(5)?,
                topics: names(row.get(6)?)?,
                extra: serde_json::from_str(&row.get::<String>(7)?)?,
            },
            elsewhere: row.get(14)?,
            departed: row.get(15)?,
        }),
    };
    let membership = match row.get::<Option<String>>(8)? {
        None => None,
        Some(word) => Some(MembershipState {
            status: status(&word)?,
            decided_by: decided_by(&row.get::<String>(9)?)?,
            newsletters: names(row.get(10)?)?,
            consent_at: row.get(11)?,
            consent_source: row.get(12)?,
        }),
    };
    let suppressed = row.get::<Option<String>>(13)?.map(|word| suppressions::reason(&word)).transpose()?;
    Ok(Known { person, membership, suppressed })
}

/// What a batch writes, gathered for one statement a kind.
#[derive(Default)]
struct Writes {
    new: Vec<(String, PersonState)>,
    changed: Vec<(i64, PersonState)>,
    memberships: Vec<(Who, MembershipState)>,
    suppressed: Vec<(String, Reason)>,
}

/// A person by number, or by key where the number is given only when they are written.
enum Who {
    Known(i64),
    New(String),
}

const NEW: &str = "INSERT INTO subscribers (address, mailbox, name, language, timezone, topics, extra, created_at)
    SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, r.value ->> 5, r.value ->> 6, $2
    FROM json_each($1) r WHERE TRUE
    ON CONFLICT (address) DO UPDATE SET address = excluded.address
    RETURNING address, id";
const CHANGED: &str = "UPDATE subscribers SET mailbox = v.mailbox, name = v.name, language = v.language,
        timezone = v.timezone, topics = v.topics, extra = v.extra
    FROM (SELECT CAST(r.value ->> 0 AS BIGINT) AS id, r.value ->> 1 AS mailbox, r.value ->> 2 AS name,
                 r.value ->> 3 AS language, r.value ->> 4 AS timezone, r.value ->> 5 AS topics, r.value ->> 6 AS extra
          FROM json_each($1) r) v
    WHERE subscribers.id = v.id";
// Who left in the meantime, on another connection, has left.
const MEMBERSHIPS: &str = "INSERT INTO memberships (list, subscriber, status, decided_by, newsletters, consent_at, consent_source, joined_at, left_at)
    SELECT $2, CAST(r.value ->> 0 AS BIGINT), r.value ->> 1, r.value ->> 2, r.value ->> 3,
           CAST(r.value ->> 4 AS BIGINT), r.value ->> 5, $3, CAST(r.value ->> 6 AS BIGINT)
    FROM json_each($1) r WHERE TRUE
    ON CONFLICT (list, subscriber) DO UPDATE SET status = excluded.status, decided_by = excluded.decided_by,
        newsletters = excluded.newsletters, consent_at = excluded.consent_at,
        consent_source = excluded.consent_source, left_at = excluded.left_at
    WHERE memberships.status <> 'left' OR excluded.status = 'left'";

impl Writes {
    fn note(&mut self, key: &str, person: Option<i64>, merged: Merged) {
        if let Some(reason) = merged.suppress {
            self.suppressed.push((key.to_owned(), reason));
        }
        if let Some(membership) = merged.membership {
            let who = person.map_or_else(|| Who::New(key.to_owned()), Who::Known);
            self.memberships.push((who, membership));
        }
        match (merged.person, person) {
            (Some(state), Some(id)) => self.changed.push((id, state)),
            (Some(state), None) => self.new.push((key.to_owned(), state)),
            (None, _) => {}
        }
    }

    /// Writes it all; the numbers of the new people.
    async fn run(self, tx: &mut Tx, ring: &Keyring, list: i64, now: Instant) -> Result<Vec<i64>, StoreError> {
        let at = now.timestamp_micros();
        let mut ids: BTreeMap<String, i64> = BTreeMap::new();
        if !self.new.is_empty() {
            let rows: Vec<_> = self.new.iter().map(|(key, state)| cells(key, state)).collect::<Result<_, _>>()?;
            for row in tx.q(NEW).bind(serde_json::to_string(&rows)?).bind(at).all().await? {
                ids.insert(row.get(0)?, row.get(1)?);
            }
        }
        if !self.changed.is_empty() {
            let rows: Vec<_> = self.changed.iter().map(|(id, state)| cells(id, state)).collect::<Result<_, _>>()?;
            tx.q(CHANGED).bind(serde_json::to_string(&rows)?).execute().await?;
        }
        let mut rows = Vec::with_capacity(self.memberships.len());
        for (who, state) in self.memberships {
            let id = match who {
                Who::Known(id) => id,
                Who::New(key) => *ids.get(&key).ok_or(StoreError::Missing("a person just written"))?,
            };
            let left_at = (state.status == Status::Left).then_some(at);
            let newsletters = state.newsletters.map(|n| serde_json::to_string(&n)).transpose()?;
            let (status, decided_by) = (state.status.word(), state.decided_by.word());
            rows.push((id, status, decided_by, newsletters, state.consent_at, state.consent_source, left_at));
        }
        if !rows.is_empty() {
            tx.q(MEMBERSHIPS).bind(serde_json::to_string(&rows)?).bind(list).bind(at).execute().await?;
        }
        if !self.suppressed.is_empty() {
            suppressions::suppress_all(tx, ring, &self.suppressed, Some("list file"), now).await?;
        }
        Ok(ids.into_values().collect())
    }
}

type Cells<'a, K> = (&'a K, &'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<String>, String);

/// A person as the cells of a statement's row, after `key`.
fn cells<'a, K>(key: &'a K, state: &'a PersonState) -> Result<Cells<'a, K>, StoreError> {
    Ok((
        key,
        &state.mailbox,
        state.name.as_deref(),
        state.language.as_deref(),
        state.timezone.as_deref(),
        state.topics.as_ref().map(serde_json::to_string).transpose()?,
        serde_json::to_string(&state.extra)?,
    ))
}

/// A set of row numbers, a bit each: a million people take 125 kB.
#[derive(Debug, Default)]
struct Bits {
    chunks: BTreeMap<i64, Box<[u64; 1024]>>,
}

impl Bits {
    fn place(id: i64) -> (i64, usize, u64) {
        let within = (id & 0xffff) as usize;
        (id >> 16, within / 64, 1 << (within % 64))
    }

    /// Adds `id`; whether it was not in the set.
    fn set(&mut self, id: i64) -> bool {
        let (chunk, word, bit) = Self::place(id);
        let word = &mut self.chunks.entry(chunk).or_insert_with(|| Box::new([0; 1024]))[word];
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    fn has(&self, id: i64) -> bool {
        let (chunk, word, bit) = Self::place(id);
        self.chunks.get(&chunk).is_some_and(|words| words[word] & bit != 0)
    }
}
