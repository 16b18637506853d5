//! `[staff]` and `[alerts]`: the people of the house, and how they are called.

use schemars::JsonSchema;
use serde::Deserialize;

use super::kind;

/// Those who work here.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Where staff reach the pages of `[listen] staff`: links in mail to staff begin with it. Without it such a mail says which
    /// command to type.
    #[serde(default)]
    #[schemars(with = "Option<kind::SiteUrl>", example = &"https://desk.newsroom.example")]
    pub url: Option<String>,
}

/// Who is told when an edition that was due does not go out: it was missed by more than `late`, could not be composed, was stopped by
/// refusals or a correction, waits for approval after its time, or no relay can be reached. Each is told once, and once more
/// when it is over. Log and `/metrics` of the staff listener say it, too.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// These addresses get a mail.
    #[serde(default)]
    #[schemars(with = "Vec<kind::Bare>", example = ["desk@newsroom.example"])]
    pub to: Vec<String>,
    /// This address gets a POST with a JSON document: `state` (`raised` or `over`), `cause`, `text`, `edition`, `since`, `site`.
    #[serde(default)]
    #[schemars(with = "Option<kind::Hook>", example = &"https://chat.newsroom.example/hooks/desk")]
    pub webhook: Option<String>,
    /// This address gets a GET every minute (with `herald once`: at the end of each pass) while nothing is wrong: whoever watches it takes
    /// silence as the alarm.
    #[serde(default)]
    #[schemars(with = "Option<kind::Hook>", example = &"https://watch.newsroom.example/ping/herald")]
    pub heartbeat: Option<String>,
}
