//! `[keep]`: how long what has been is kept.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Span, kind};

/// How long what has been is kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// The ledger of an edition, from when it was over: who was sent what, and what their server said. Nobody is sent a story
    /// twice as far back as this reaches, and no further. Afterwards the edition and its counts are left. Longer than any
    /// newsletter's `max_age`; a month is a twelfth of a year.
    #[serde(default = "thirteen_months")]
    #[schemars(with = "kind::Length", example = &"13 months")]
    pub deliveries: Span,
}

fn thirteen_months() -> Span {
    Span::months(13)
}

impl Default for Keep {
    fn default() -> Self {
        Keep { deliveries: thirteen_months() }
    }
}
