//! `[mail]`: how mail leaves the house.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// How mail leaves the house.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The visible sender, `Name <address>`.
    #[serde(default = "from")]
    pub from: String,
    /// Where answers go; the sender where left out.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Where reports of failure go; each copy gets its own, `local+TOKEN@domain`. The sender's address where left out.
    #[serde(default)]
    pub return_path: Option<String>,
    /// For trials with a real relay: lifts the demands on `[site]` and `[mail]`, and marks each copy `X-Herald-Sandbox: yes`.
    #[serde(default)]
    pub sandbox: bool,
    /// The relays, the first one first. Without any: the folder `var/outbox`.
    #[serde(default = "relays")]
    pub relays: Vec<Relay>,
}

fn from() -> String {
    "Public Affairs Office <news@newsroom.example>".to_owned()
}

fn relays() -> Vec<Relay> {
    vec![Relay {
        name: "outbox".to_owned(),
        url: "folder:var/outbox".to_owned(),
        password_file: None,
        password_env: None,
        connections: None,
        per_second: None,
    }]
}

impl Default for Mail {
    fn default() -> Self {
        Mail { from: from(), reply_to: None, return_path: None, sandbox: false, relays: relays() }
    }
}

/// An SMTP server that takes our mail, or the folder that stands in for one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Its name.
    pub name: String,
    /// `folder:PATH`, `smtp://[USER@]HOST[:PORT]` (STARTTLS, required unless it is this machine) or `smtps://…` (TLS from the start).
    /// `?starttls=required|opportunistic|off` says otherwise.
    pub url: String,
    /// File with the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable with the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// Connections at once; 8 where left out.
    #[serde(default)]
    pub connections: Option<usize>,
    /// Messages a second at most; 20 for a relay elsewhere, no limit for this machine; 0: no limit.
    #[serde(default)]
    pub per_second: Option<u32>,
}
