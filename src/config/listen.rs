//! `[listen]`: where Herald answers, how it is encrypted, whom it believes, and how often it may be asked.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Network, kind};

/// What Herald listens on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Feeds, pages, leaving, hub.
    #[serde(default = "public")]
    #[schemars(with = "kind::Listener")]
    pub public: SocketAddr,
    /// Health, readiness and numbers for those who run it. Keep it inside.
    #[serde(default = "staff")]
    #[schemars(with = "kind::Listener")]
    pub staff: SocketAddr,
    /// Proxies in front of Herald, by IP address or network: only these are believed when they say for whom they ask
    /// (`X-Forwarded-For`, `-Proto`, `-Host`; `Forwarded` where the first is not there). A proxy must set the one that it
    /// uses itself, and pass on none of a reader's.
    #[serde(default)]
    #[schemars(with = "Vec<kind::OfNetwork>", example = ["127.0.0.1", "10.0.0.0/8"])]
    pub trusted_proxies: Vec<Network>,
    /// The public listener speaks https by these, and the staff listener, too, where others than this machine reach it. The files
    /// may be renewed while Herald runs: they are looked at every other second, and a pair that cannot be used leaves the old one in
    /// its place and is named in the log.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// How often one address may ask for what costs more than a look into memory, in requests a minute; after that it is told to wait
    /// (429 with `Retry-After`). As many as a minute's may come at once. 0: no limit. Feeds, archives, pages and pictures are never
    /// limited: hosted readers ask for thousands of people from one address. An IPv6 address counts with all of its /64.
    #[serde(default)]
    pub limits: Limits,
}

/// Certificate and key, for https without a proxy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// File with the certificate and those between it and its authority (PEM), the own one first.
    #[schemars(with = "kind::File", example = &"/etc/letsencrypt/live/newsroom.example/fullchain.pem")]
    pub cert: PathBuf,
    /// File with its private key (PEM).
    #[schemars(with = "kind::File", example = &"/etc/letsencrypt/live/newsroom.example/privkey.pem")]
    pub key: PathBuf,
}

/// How often one address may ask, in requests a minute.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The search of the public pages.
    #[schemars(range(min = 0, max = 100_000))]
    pub search: u32,
    /// Signing up, and asking for another mail with a link.
    #[schemars(range(min = 0, max = 100_000))]
    pub sign_up: u32,
    /// Asking the WebSub hub for a subscription, or to end one.
    #[schemars(range(min = 0, max = 100_000))]
    pub hub: u32,
    /// The API of the staff listener.
    #[schemars(range(min = 0, max = 100_000))]
    pub api: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { search: 60, sign_up: 10, hub: 300, api: 600 }
    }
}

fn public() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}
fn staff() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8081))
}

impl Default for Listen {
    fn default() -> Self {
        Listen { public: public(), staff: staff(), trusted_proxies: Vec::new(), tls: None, limits: Limits::default() }
    }
}
