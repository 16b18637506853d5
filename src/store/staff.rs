//! Who may act on editions: accounts, and the tokens by which they are known. Of a token only a hash is kept.
//!
//! 1. [`add`] makes an account, [`set_token`] gives it a token, [`remove`] closes it.
//! 2. [`sign_in`] says whose token somebody holds; wrong ones are counted, and after a few it waits.
//!
//! A closed account keeps its name and its address: nobody approves under a second name what they made under the first.

use std::fmt;
use std::str::FromStr;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{Row, StoreError, Tx};
use crate::article::Language;
use crate::audience::Address;
use crate::clock::{Instant, from_micros};
use crate::secret;

/// So many wrong tokens in a row, and the account takes none for a while.
const WRONG: i64 = 5;
/// How long it takes none: counted from the last wrong one.
const PAUSE: Duration = Duration::minutes(1);

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Makes editions.
    Editor,
    /// Approves what others made, too.
    Approver,
    /// May send alone, too, with a reason.
    Admin,
}

impl Role {
    /// Whether they may approve an edition that somebody else made.
    pub fn approves(self) -> bool {
        matches!(self, Role::Approver | Role::Admin)
    }

    fn word(self) -> &'static str {
        match self {
            Role::Editor => "editor",
            Role::Approver => "approver",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Role::Editor, Role::Approver, Role::Admin]
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or_else(|| StoreError::Content(format!("“{text}” is no role of staff")))
    }
}

/// A member of staff.
#[derive(Clone, Debug)]
pub struct Account {
    /// Number of the row.
    pub id: i64,
    /// Their name, as it was written.
    pub name: String,
    /// Where mail for them goes.
    pub mailbox: Address,
    /// What they may do.
    pub role: Role,
    /// The language they are written to in; the newsroom's first where they named none.
    pub language: Option<Language>,
    /// Whether they have a token.
    pub has_token: bool,
    /// When the account was made.
    pub created_at: Instant,
    /// Since when it is closed.
    pub removed_at: Option<Instant>,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Their name.
    pub name: String,
    /// Where mail for them goes.
    pub mailbox: Address,
    /// What they may do.
    pub role: Role,
    /// The language they are written to in.
    pub language: Option<Language>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there, under this number.
    Made(i64),
    /// One that was closed is open again, without a token.
    Back(i64),
    /// The name is another's.
    NameTaken,
    /// The address is another's.
    AddressTaken,
}

/// What makes two spellings one name.
pub fn key(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").nfkc().collect::<String>().to_lowercase()
}

macro_rules! accounts {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, mailbox, role, language, CAST(CASE WHEN token IS NULL THEN 0 ELSE 1 END AS BIGINT), \
             created_at, removed_at, address FROM staff ",
            $rest
        )
    };
}

fn account_of(row: &Row) -> Result<Account, StoreError> {
    let language: Option<String> = row.get(4)?;
    let fault = |what: &str, error: &dyn fmt::Display| StoreError::Content(format!("staff: {what}: {error}"));
    Ok(Account {
        id: row.get(0)?,
        name: row.get(1)?,
        mailbox: row
            .get::<String>(2)?
            .parse()
            .map_err(|e: crate::audience::AddressError| fault("mailbox", &e.reason()))?,
        role: row.get::<String>(3)?.parse()?,
        language: language.map(|tag| tag.parse()).transpose().map_err(|e| fault("language", &e))?,
        has_token: row.get::<i64>(5)? != 0,
        created_at: from_micros(row.get(6)?),
        removed_at: row.get::<Option<i64>>(7)?.map(from_micros),
    })
}

const ALL: &str = accounts!("ORDER BY key");

/// Every account, closed ones too, by name.
///
/// # Errors
/// What the database says.
pub async fn all(tx: &mut Tx) -> Result<Vec<Account>, StoreError> {
    tx.q(ALL).all().await?.iter().map(account_of).collect()
}

const OPEN: &str = accounts!("WHERE removed_at IS NULL ORDER BY key");

/// The accounts that are open, by name.
///
/// # Errors
/// What the database says.
pub async fn open(tx: &mut Tx) -> Result<Vec<Account>, StoreError> {
    tx.q(OPEN).all().await?.iter().map(account_of).collect()
}

const BY_KEY: &str = accounts!("WHERE key = $1");

/// The account of that name, closed or not.
///
/// # Errors
/// What the database says.
pub async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<Account>, StoreError> {
    tx.q(BY_KEY).bind(key(name)).optional().await?.as_ref().map(account_of).transpose()
}

const BY_ADDRESS: &str = accounts!("WHERE address = $1");

/// The account of that address, closed or not.
///
/// # Errors
/// What the database says.
pub async fn by_address(tx: &mut Tx, address: &Address) -> Result<Option<Account>, StoreError> {
    tx.q(BY_ADDRESS).bind(address.key()).optional().await?.as_ref().map(account_of).transpose()
}

const INSERT: &str = "INSERT INTO staff (key, name, address, mailbox, role, language, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
const REOPEN: &str = "UPDATE staff SET name = $2, address = $3, mailbox = $4, role = $5, language = $6, token = NULL, \
     wrong = 0, removed_at = NULL WHERE id = $1";

/// Makes an account, or opens one of that name again that was closed.
///
/// # Errors
/// What the database says.
pub async fn add(tx: &mut Tx, wanted: &Wanted, now: Instant) -> Result<Added, StoreError> {
    let named = by_name(tx, &wanted.name).await?;
    let at = by_address(tx, &wanted.mailbox).await?;
    if named.as_ref().is_some_and(|account| account.removed_at.is_none()) {
        return Ok(Added::NameTaken);
    }
    if at.is_some_and(|other| named.as_ref().is_none_or(|account| account.id != other.id)) {
        return Ok(Added::AddressTaken);
    }
    let language = wanted.language.as_ref().map(|language| language.as_str().to_owned());
    let (address, mailbox) = (wanted.mailbox.key(), wanted.mailbox.to_string());
    if let Some(account) = named {
        let query = tx.q(REOPEN).bind(account.id).bind(wanted.name.as_str()).bind(address).bind(mailbox);
        query.bind(wanted.role.word()).bind(language).execute().await?;
        return Ok(Added::Back(account.id));
    }
    let query = tx.q(INSERT).bind(key(&wanted.name)).bind(wanted.name.as_str()).bind(address).bind(mailbox);
    let query = query.bind(wanted.role.word()).bind(language).bind(now.timestamp_micros());
    Ok(Added::Made(query.one().await?.get(0)?))
}

const SET_TOKEN: &str = "UPDATE staff SET token = $2, wrong = 0 WHERE id = $1";

/// Gives an account another token, by its hash; the one before opens nothing any more.
///
/// # Errors
/// What the database says.
pub async fn set_token(tx: &mut Tx, id: i64, hash: &str) -> Result<(), StoreError> {
    tx.q(SET_TOKEN).bind(id).bind(hash).execute().await?;
    Ok(())
}

const REMOVE: &str = "UPDATE staff SET token = NULL, removed_at = $2 WHERE id = $1 AND removed_at IS NULL";

/// Closes an account; `false` where it was closed.
///
/// # Errors
/// What the database says.
pub async fn remove(tx: &mut Tx, id: i64, now: Instant) -> Result<bool, StoreError> {
    Ok(tx.q(REMOVE).bind(id).bind(now.timestamp_micros()).execute().await? == 1)
}

/// Why somebody was not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIn {
    /// There is no such account.
    #[error("there is no account “{0}”")]
    Unknown(String),
    /// It has no token yet.
    #[error("“{0}” has no token yet")]
    NoToken(String),
    /// That is not its token.
    #[error("that is not the token of “{0}”")]
    Wrong(String),
    /// Too many were wrong.
    #[error("too many wrong tokens for “{name}”; it takes the next one in {seconds} seconds")]
    Throttled {
        /// The account.
        name: String,
        /// How long that is.
        seconds: i64,
    },
}

const SECRET: &str = "SELECT token, wrong, wrong_at FROM staff WHERE id = $1";
const NOTE: &str = "UPDATE staff SET wrong = $2, wrong_at = $3 WHERE id = $1";

/// The account whose name and token these are. Wrong tokens are counted, so the caller commits either way.
///
/// # Errors
/// What the database says.
pub async fn sign_in(tx: &mut Tx, name: &str, token: &str, now: Instant) -> Result<Result<Account, NotIn>, StoreError> {
    let Some(account) = by_name(tx, name).await?.filter(|account| account.removed_at.is_none()) else {
        return Ok(Err(NotIn::Unknown(name.to_owned())));
    };
    let row = tx.q(SECRET).bind(account.id).one().await?;
    let Some(hash) = row.get::<Option<String>>(0)? else { return Ok(Err(NotIn::NoToken(account.name))) };
    let (wrong, wrong_at) = (row.get::<i64>(1)?, from_micros(row.get(2)?));
    // A clock that was set back must not shut anybody out for longer.
    let since = now - wrong_at;
    if wrong >= WRONG && since >= Duration::zero() && since < PAUSE {
        return Ok(Err(NotIn::Throttled { name: account.name, seconds: (PAUSE - since).num_seconds().max(1) }));
    }
    if secret::is_token(token.trim(), &hash) {
        if wrong > 0 {
            tx.q(NOTE).bind(account.id).bind(0_i64).bind(0_i64).execute().await?;
        }
        return Ok(Ok(account));
    }
    tx.q(NOTE).bind(account.id).bind(wrong + 1).bind(now.timestamp_micros()).execute().await?;
    Ok(Err(NotIn::Wrong(account.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        from_micros(1_772_000_000_000_000 + seconds * 1_000_000)
    }

    fn wanted(name: &str, address: &str) -> Wanted {
        Wanted { name: name.to_owned(), mailbox: address.parse().unwrap(), role: Role::Approver, language: None }
    }

    #[tokio::test]
    async fn a_name_and_an_address_stay_one_persons_also_when_the_account_is_closed() {
        let (_folder, stores) = crate::store::tests::stores().await;
        for store in stores {
            let mut tx = store.write().await.unwrap();
            let Added::Made(ana) = add(&mut tx, &wanted("Ana Ilić", "ana@desk.test"), at(0)).await.unwrap() else {
                panic!("not made")
            };
            assert_eq!(add(&mut tx, &wanted("ANA  ilić", "b@desk.test"), at(0)).await.unwrap(), Added::NameTaken);
            assert_eq!(add(&mut tx, &wanted("Bo", "Ana@desk.test"), at(0)).await.unwrap(), Added::AddressTaken);
            assert!(remove(&mut tx, ana, at(1)).await.unwrap());
            assert_eq!(add(&mut tx, &wanted("Bo", "ana@desk.test"), at(2)).await.unwrap(), Added::AddressTaken);
            assert!(open(&mut tx).await.unwrap().is_empty());
            assert_eq!(add(&mut tx, &wanted("ana ilić", "ana@desk.test"), at(3)).await.unwrap(), Added::Back(ana));
            assert_eq!(open(&mut tx).await.unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn only_the_right_token_opens_and_wrong_ones_are_slowed_down() {
        let (_folder, stores) = crate::store::tests::stores().await;
        for store in stores {
            let mut tx = store.write().await.unwrap();
            let Added::Made(id) = add(&mut tx, &wanted("Ana", "ana@desk.test"), at(0)).await.unwrap() else {
                panic!("not made")
            };
            assert_eq!(sign_in(&mut tx, "ana", "", at(0)).await.unwrap().unwrap_err(), NotIn::NoToken("Ana".into()));
            let token = secret::staff_token().unwrap();
            set_token(&mut tx, id, &secret::token_hash(&token)).await.unwrap();
            assert_eq!(sign_in(&mut tx, "ANA", &format!("{token}\n"), at(0)).await.unwrap().unwrap().id, id);
            for _ in 0..WRONG {
                let refused = sign_in(&mut tx, "ana", "herald_x", at(1)).await.unwrap().unwrap_err();
                assert_eq!(refused, NotIn::Wrong("Ana".into()));
            }
            let refused = sign_in(&mut tx, "ana", &token, at(11)).await.unwrap().unwrap_err();
            assert_eq!(refused, NotIn::Throttled { name: "Ana".into(), seconds: 50 });
            assert!(sign_in(&mut tx, "ana", &token, at(62)).await.unwrap().is_ok());
            assert!(remove(&mut tx, id, at(63)).await.unwrap());
            assert_eq!(
                sign_in(&mut tx, "ana", &token, at(64)).await.unwrap().unwrap_err(),
                NotIn::Unknown("ana".into())
            );
        }
    }
}
