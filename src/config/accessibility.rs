//! `[accessibility]`: what the page on accessibility says of this newsroom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Text;

/// What the page on accessibility says, in the parts of the European model statement (Commission Implementing Decision (EU)
/// 2018/1523). What is left out is said as far as Herald knows it; where to write is `[site] contact`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accessibility {
    /// How far the pages meet WCAG 2.2, level AA: `"full"`, `"partial"` or `"none"`.
    #[serde(default)]
    pub status: Status,
    /// What is not accessible, and why; in place of what Herald says of pictures, films and older texts.
    #[serde(default)]
    #[schemars(example = &"Maps before 2020 have no description: making them would be a disproportionate burden.")]
    pub missing: Option<Text>,
    /// When the statement was made or last looked at, and by whom.
    #[serde(default)]
    #[schemars(example = &"3 March 2026, by our own test.")]
    pub prepared: Option<Text>,
    /// To whom people can turn where your answer does not help, with address.
    #[serde(default)]
    #[schemars(example = &"Commissioner for the Protection of Equality, Bulevar kralja Aleksandra 84, Belgrade")]
    pub authority: Option<Text>,
}

/// How far the pages meet the guidelines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In full.
    Full,
    /// In part.
    #[default]
    Partial,
    /// Not.
    None,
}

impl Status {
    /// Its word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Status::Full => "full",
            Status::Partial => "partial",
            Status::None => "none",
        }
    }
}
