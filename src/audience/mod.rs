//! What a subscriber is: an address with name, language, choices and consent. Values only.
//!
//! 1. A list's file becomes [`Row`]s ([`csv`]); an [`Address`] is checked there, once.
//! 2. [`merge`] says what a row changes about a person: what they decided for themselves always wins.
//! 3. Editions and deliveries are given [`Person`]s, and nothing else.

mod address;
pub mod csv;
mod merge;

pub use address::{Address, AddressError, is_invisible, trimmed};
pub use merge::{Known, KnownPerson, MembershipState, Merged, PersonState, Verdict, merge};

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::article::Language;
use crate::clock::Instant;

/// One person as a delivery sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Number of the row in the store.
    pub id: i64,
    /// Where mail goes.
    pub address: Address,
    /// Their name, if they gave one.
    pub name: Option<String>,
    /// Their language, if they chose one or their list names one.
    pub language: Option<Language>,
    /// Any other columns of the list, by name: `recipient(field="…")`.
    pub extra: BTreeMap<String, String>,
}

/// By what somebody is on a list: when they agreed, and where their address came from, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The list.
    pub list: String,
    /// When they agreed.
    pub consent_at: Option<Instant>,
    /// Where they agreed, or where the address came from.
    pub source: Option<String>,
}

/// What somebody chose on their preferences page. Once it is there, it stands for language and
/// topics in place of what any file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// The language they read; `None`: they did not choose one, the file's holds.
    pub language: Option<Language>,
    /// Topic ids; `None`: everything, also topics that come later.
    pub topics: Option<Vec<String>>,
    /// Newsletters they asked for by name, even where the file of their list leaves them out.
    pub newsletters: Vec<String>,
}

/// Whether somebody is written to as a member of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// They are.
    Active,
    /// Not yet: they have not confirmed.
    Unconfirmed,
    /// Not any more.
    Left,
}

impl Status {
    /// The word the store and `--json` have for it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Unconfirmed => "unconfirmed",
            Status::Left => "left",
        }
    }

    /// The status that the store's word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Status::Active, Status::Unconfirmed, Status::Left].into_iter().find(|s| s.word() == word)
    }
}

/// Whose decision a membership is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// A list's file said so.
    File,
    /// Staff did it by hand.
    Staff,
    /// The person themselves.
    #[serde(rename = "self")]
    Themselves,
}

impl DecidedBy {
    /// The word the store and `--json` have for it.
    pub fn word(self) -> &'static str {
        match self {
            DecidedBy::File => "file",
            DecidedBy::Staff => "staff",
            DecidedBy::Themselves => "self",
        }
    }

    /// The decision that the store's word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [DecidedBy::File, DecidedBy::Staff, DecidedBy::Themselves].into_iter().find(|d| d.word() == word)
    }
}

/// Why an address must not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// They left everything.
    Left,
    /// They called a mail of ours spam.
    Complained,
    /// Mail to it comes back for good.
    Bounced,
    /// Staff said so.
    Staff,
    /// They asked to be forgotten; only the keyed hash of the address is left.
    Forgotten,
}

impl Reason {
    /// The word the store and `--json` have for it.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Left => "left",
            Reason::Complained => "complained",
            Reason::Bounced => "bounced",
            Reason::Staff => "staff",
            Reason::Forgotten => "forgotten",
        }
    }

    /// The reason that the store's word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Reason::Left, Reason::Complained, Reason::Bounced, Reason::Staff, Reason::Forgotten]
            .into_iter()
            .find(|r| r.word() == word)
    }
}

/// The way in which somebody left a newsletter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Their mail program's own POST (RFC 8058).
    OneClick,
    /// The button on the page behind the link.
    Page,
    /// Their preferences.
    Preferences,
}

impl How {
    /// The word the store and `--json` have for it.
    pub fn word(self) -> &'static str {
        match self {
            How::OneClick => "one-click",
            How::Page => "page",
            How::Preferences => "preferences",
        }
    }
}

/// What a row of a list's file says about somebody's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// A member, with that status.
    Member(Status),
    /// A member whose address must not be written to.
    Suppressed(Reason),
}

/// One good row of a list's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the file it begins in, counted from 1.
    pub line: u64,
    /// The address.
    pub address: Address,
    /// `name`, or the name beside the address.
    pub name: Option<String>,
    /// `language`.
    pub language: Option<Language>,
    /// `timezone`.
    pub timezone: Option<Tz>,
    /// `topics`, as ids ([`crate::article::topic_id`]); `None`: all.
    pub topics: Option<Vec<String>>,
    /// `newsletters`, by name; `None`: all of the list's.
    pub newsletters: Option<Vec<String>>,
    /// `status`; `None`: the file does not say.
    pub status: Option<RowStatus>,
    /// `consent_at`.
    pub consent_at: Option<Instant>,
    /// `consent_source`.
    pub consent_source: Option<String>,
    /// Every other column that holds something, by its name.
    pub extra: BTreeMap<String, String>,
}

impl Row {
    /// A row that says nothing but the address.
    pub fn new(line: u64, address: Address) -> Self {
        Row {
            line,
            address,
            name: None,
            language: None,
            timezone: None,
            topics: None,
            newsletters: None,
            status: None,
            consent_at: None,
            consent_source: None,
            extra: BTreeMap::new(),
        }
    }
}

/// Which columns a file has. What it has no column for, it says nothing about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// There is a `name`.
    pub name: bool,
    /// There is a `language`.
    pub language: bool,
    /// There is a `timezone`.
    pub timezone: bool,
    /// There are `topics`.
    pub topics: bool,
    /// There are `newsletters`.
    pub newsletters: bool,
    /// There is any column beside those this table names and `status` and consent.
    pub extra: bool,
}
