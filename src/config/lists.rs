//! `[[lists]]`: people, one CSV file a list.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind;

/// A list of people.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Its name.
    #[schemars(with = "kind::Name", example = &"public")]
    pub name: String,
    /// The CSV file it starts from and is edited in by hand.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"subscribers/public.csv")]
    pub file: Option<PathBuf>,
    /// Whether people may put themselves on this list by the web. It is read and kept; the pages for it come with a later
    /// version, so nobody can yet.
    #[serde(default)]
    pub sign_up: bool,
    /// Why these people may be written to, where their rows don't say.
    #[serde(default)]
    pub basis: Basis,
    /// Where their addresses came from, in words for them: “added by …” under each mail.
    #[serde(default)]
    #[schemars(example = &"You asked for it at our press office.")]
    pub origin: Option<super::Text>,
}

/// The ground on which people are written to (GDPR, Article 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// They agreed.
    #[default]
    Consent,
    /// It is the office's task.
    PublicTask,
    /// A legitimate interest.
    LegitimateInterest,
}
