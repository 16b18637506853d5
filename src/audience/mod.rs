//! What a subscriber is: an address with name, language, choices and consent. Values only.

mod address;

pub use address::{Address, AddressError};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::article::Language;

/// One person as a delivery sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Number of the row in the store.
    pub id: i64,
    /// Where mail goes.
    pub address: Address,
    /// Their name, if they gave one.
    pub name: Option<String>,
    /// Their language, if they chose one.
    pub language: Option<Language>,
    /// Any other columns of the list, by name: `recipient(field="…")`.
    pub extra: BTreeMap<String, String>,
}
