//! `[mail]`: how mail leaves the house.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use url::{Host, Url};

use super::dkim::Dkim;
use super::kind::{self, NO_PASSWORD};
use super::returns::Returns;
use super::secret::{Proof, Token};

/// How mail leaves the house.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The visible sender, `Name <address>`.
    #[serde(default = "from")]
    #[schemars(with = "kind::Sender")]
    pub from: String,
    /// Where answers go; the sender where left out.
    #[serde(default)]
    #[schemars(with = "Option<kind::Bare>")]
    pub reply_to: Option<String>,
    /// Where reports of failure go; each copy gets its own, `local+TOKEN@domain`. The sender's address where left out.
    #[serde(default)]
    #[schemars(with = "Option<kind::Bare>", example = &"bounces@newsroom.example")]
    pub return_path: Option<String>,
    /// For trials with a real relay: lifts the demands on `[site]` and `[mail]`, and marks each copy `X-Herald-Sandbox: yes`.
    #[serde(default)]
    pub sandbox: bool,
    /// So many mails a day to one person at most, by their own clock, from all newsletters together. What is over it waits for the
    /// next day, at the same hour; an edition with a breaking story (`priority = "breaking"`) goes all the same. 0: as many as there are.
    #[serde(default)]
    #[schemars(range(max = 1000))]
    pub per_day: u32,
    /// Where the MX records of recipient domains are looked up, so that domains with the same mail provider share its pace once one of
    /// them pushes back: `system`, `off`, or an address such as `127.0.0.1:53`.
    #[serde(default = "resolver")]
    #[schemars(with = "kind::NameServer", example = &"system")]
    pub resolver: String,
    /// The relays; several share the copies by their weights. Without any: the folder `var/outbox`.
    #[serde(default = "relays")]
    #[schemars(length(min = 1))]
    pub relays: Vec<Relay>,
    /// The keys that sign what we send. Without them mail goes unsigned, and large receivers refuse it.
    #[serde(default)]
    pub dkim: Option<Dkim>,
    /// Where what comes back is read. Without it nobody learns of addresses that are gone, and receivers take that ill.
    #[serde(default)]
    pub returns: Option<Returns>,
}

fn from() -> String {
    "Public Affairs Office <news@newsroom.example>".to_owned()
}

fn resolver() -> String {
    "system".to_owned()
}

/// Where names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolver {
    /// Nowhere.
    Off,
    /// Where the system does.
    System,
    /// At this server.
    At(SocketAddr),
}

impl Resolver {
    /// What `[mail] resolver` says.
    ///
    /// # Errors
    /// What to write.
    pub(super) fn of(text: &str) -> Result<Resolver, String> {
        match text {
            "off" => Ok(Resolver::Off),
            "system" => Ok(Resolver::System),
            at => at.parse().map(Resolver::At).map_err(|_| {
                format!("“{at}” is no name server; write \"system\", \"off\", or an address with its port such as \"127.0.0.1:53\"")
            }),
        }
    }
}

impl Mail {
    /// Where names are looked up.
    pub fn resolver(&self) -> Resolver {
        Resolver::of(&self.resolver).unwrap_or(Resolver::System)
    }
}

fn relays() -> Vec<Relay> {
    vec![Relay {
        name: "outbox".to_owned(),
        url: "folder:var/outbox".to_owned(),
        password_file: None,
        password_env: None,
        token_file: None,
        token_env: None,
        ca_file: None,
        connections: None,
        per_connection: None,
        per_second: None,
        per_domain: BTreeMap::new(),
        per_provider: BTreeMap::new(),
        weight: weight(),
    }]
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            from: from(),
            reply_to: None,
            return_path: None,
            sandbox: false,
            per_day: 0,
            resolver: resolver(),
            relays: relays(),
            dkim: None,
            returns: None,
        }
    }
}

/// An SMTP server that takes our mail, or the folder that stands in for one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Its name.
    #[schemars(with = "kind::Name", example = &"outbox")]
    pub name: String,
    /// `folder:PATH`, `smtp://[USER@]HOST[:PORT]` (STARTTLS, required unless it is this machine) or `smtps://…` (TLS from the start).
    /// `?starttls=required|opportunistic|off` says otherwise. Ports where none is named: 25, with a user 587, `smtps` 465.
    #[schemars(with = "kind::RelayUrl")]
    pub url: String,
    /// File with the password of the user that `url` names; nothing else may be in it.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/etc/herald/relay-password")]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable with that password.
    #[serde(default)]
    #[schemars(with = "Option<kind::Variable>")]
    pub password_env: Option<String>,
    /// File with an OAuth 2 access token in the place of a password; Herald then signs in by XOAUTH2 and by nothing else. It is read
    /// anew for each connection, so that another program may renew it.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/run/herald/relay-token")]
    pub token_file: Option<PathBuf>,
    /// Name of the environment variable with that token: for trials, since nobody can renew it there.
    #[serde(default)]
    #[schemars(with = "Option<kind::Variable>", example = &"RELAY_TOKEN")]
    pub token_env: Option<String>,
    /// File with certificates (PEM) that may vouch for this server beside those that the machine trusts: an office's own.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/etc/herald/office-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// Connections at once; 8 where left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 64), example = 8)]
    pub connections: Option<usize>,
    /// Messages on one connection at most, then a new one is made; 1000 where left out, 0: no limit.
    #[serde(default)]
    #[schemars(example = 100)]
    pub per_connection: Option<u64>,
    /// Messages a second at most; 20 for a relay elsewhere, no limit for this machine; 0: no limit.
    #[serde(default)]
    #[schemars(example = 20)]
    pub per_second: Option<u32>,
    /// The same for recipient domains, each by its name; `"*"` stands for each of those that are not named. A domain or a relay that
    /// asks for less gets less, and slowly more again, without a setting.
    #[serde(default)]
    #[schemars(with = "kind::PerDomain", example = BTreeMap::from([("gmail.com", 20)]))]
    pub per_domain: BTreeMap<String, u32>,
    /// The same for mail providers, that is for all recipient domains together whose first MX host is of that domain: `google.com`,
    /// `outlook.com`. It holds where MX records can be looked up (`[mail] resolver`).
    #[serde(default)]
    #[schemars(with = "kind::PerDomain", example = BTreeMap::from([("google.com", 20)]))]
    pub per_provider: BTreeMap<String, u32>,
    /// Its share of the copies beside the other relays: 3 gets three times what 1 gets. 0: a reserve, used only while none of the
    /// others can be worked with. A relay that cannot be reached, or refuses us, hands over to the others.
    #[serde(default = "weight")]
    #[schemars(range(max = 100))]
    pub weight: u32,
}

fn weight() -> u32 {
    1
}

/// Where a relay's URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A folder that gets one `.eml` a copy.
    Folder(PathBuf),
    /// An SMTP server.
    Smtp {
        /// Its name or address, as certificates and dialling have it.
        host: String,
        /// Its port.
        port: u16,
        /// Who we say we are, where it wants to know.
        user: Option<String>,
        /// Whether and how the connection is encrypted.
        tls: Tls,
    },
}

/// Whether and how a connection to a relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    Off,
    /// By STARTTLS where the server offers it. The certificate is not checked: who can forge it can as well hide the offer (RFC 7435).
    Opportunistic,
    /// By STARTTLS, or no mail goes.
    Required,
    /// From the first byte (`smtps://`, RFC 8314).
    Implicit,
}

impl Target {
    /// Whether it is this machine: a folder, `localhost` or a loopback address.
    pub fn is_local(&self) -> bool {
        match self {
            Target::Folder(_) => true,
            Target::Smtp { host, .. } => is_loopback(host),
        }
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Relay {
    /// Where [`Relay::url`] leads; a folder is taken from `base`, the configuration's own.
    ///
    /// # Errors
    /// What is wrong with the URL, and what to write.
    pub fn target(&self, base: &Path) -> Result<Target, String> {
        Target::of(&self.url, base)
    }

    /// The user's password or token, from its file (taken from `base`) or environment variable; `None` where neither is named.
    ///
    /// # Errors
    /// Why it cannot be read, naming file or variable and never its content.
    pub fn proof(&self, base: &Path) -> Result<Option<Proof>, String> {
        let token = Token { file: self.token_file.clone(), variable: self.token_env.clone() };
        Proof::of(base, (self.password_file.as_deref(), self.password_env.as_deref()), token)
    }

    /// Connections at once.
    pub fn connections(&self) -> usize {
        self.connections.unwrap_or(8).clamp(1, 64)
    }

    /// Messages on one connection; `None`: no limit.
    pub fn per_connection(&self) -> Option<u64> {
        Some(self.per_connection.unwrap_or(1000)).filter(|most| *most > 0)
    }
}

impl Target {
    /// Where `url` leads; a folder is taken from `base`.
    ///
    /// # Errors
    /// What is wrong with the URL, and what to write; never the URL itself, which may hold a password.
    pub fn of(url: &str, base: &Path) -> Result<Target, String> {
        if let Some(path) = url.strip_prefix("folder:") {
            if path.is_empty() {
                return Err("names no folder; write folder:var/outbox".to_owned());
            }
            return Ok(Target::Folder(base.join(path)));
        }
        let shapes = "write folder:PATH, smtp://[USER@]HOST[:PORT] or smtps://[USER@]HOST[:PORT]";
        let url = Url::parse(url).map_err(|error| format!("is no URL ({error}); {shapes}"))?;
        let implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            other => return Err(format!("has the unknown kind “{other}”; {shapes}")),
        };
        let host = match url.host() {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) if !host.to_string().is_empty() => host.to_string(),
            _ => return Err(format!("names no host; {shapes}")),
        };
        if url.password().is_some() {
            return Err(format!("holds a password; {NO_PASSWORD}"));
        }
        if !matches!(url.path(), "" | "/") {
            return Err("has something after host and port; only ?starttls=… may stand there".to_owned());
        }
        let user = match url.username() {
            "" => None,
            name => Some(
                percent_encoding::percent_decode_str(name)
                    .decode_utf8()
                    .map_err(|_| "has a user that is not UTF-8".to_owned())?
                    .into_owned(),
            ),
        };
        let mut tls = match (implicit, is_loopback(&host)) {
            (true, _) => Tls::Implicit,
            (false, true) => Tls::Off,
            (false, false) => Tls::Required,
        };
        for (key, value) in url.query_pairs() {
            tls = match (key.as_ref(), value.as_ref()) {
                ("starttls", _) if implicit => {
                    return Err("asks for STARTTLS inside TLS; write smtp:// for it".to_owned());
                }
                ("starttls", "required") => Tls::Required,
                ("starttls", "opportunistic") => Tls::Opportunistic,
                ("starttls", "off") => Tls::Off,
                ("starttls", other) => {
                    return Err(format!("has starttls={other}; it is required, opportunistic or off"));
                }
                ("password", _) => return Err(format!("holds a password; {NO_PASSWORD}")),
                (other, _) => return Err(format!("has the unknown setting “{other}”; known is starttls")),
            };
        }
        if user.is_some() && matches!(tls, Tls::Off | Tls::Opportunistic) && !is_loopback(&host) {
            return Err("would send a password in the clear; leave starttls as it is, required".to_owned());
        }
        let port = url.port().unwrap_or(match (implicit, &user) {
            (true, _) => 465,
            (false, Some(_)) => 587,
            (false, None) => 25,
        });
        Ok(Target::Smtp { host, port, user, tls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, String> {
        let relay = Relay { url: url.to_owned(), ..relays().remove(0) };
        relay.target(Path::new("/house"))
    }

    #[test]
    fn a_url_says_where_and_how() {
        assert_eq!(target("folder:var/out"), Ok(Target::Folder("/house/var/out".into())));
        let smtp = |host: &str, port, user: Option<&str>, tls| {
            Ok(Target::Smtp { host: host.to_owned(), port, user: user.map(str::to_owned), tls })
        };
        assert_eq!(target("smtp://mx.newsroom.example"), smtp("mx.newsroom.example", 25, None, Tls::Required));
        assert_eq!(
            target("smtp://desk%40x@mx.newsroom.example"),
            smtp("mx.newsroom.example", 587, Some("desk@x"), Tls::Required)
        );
        assert_eq!(target("smtps://mx.newsroom.example"), smtp("mx.newsroom.example", 465, None, Tls::Implicit));
        assert_eq!(target("smtp://127.0.0.1:2525"), smtp("127.0.0.1", 2525, None, Tls::Off));
        assert_eq!(target("smtp://[::1]:2525"), smtp("::1", 2525, None, Tls::Off));
        assert_eq!(target("smtp://localhost?starttls=required"), smtp("localhost", 25, None, Tls::Required));
        assert_eq!(target("smtp://10.0.0.1?starttls=off"), smtp("10.0.0.1", 25, None, Tls::Off));
    }

    #[test]
    fn a_wrong_url_says_what_to_write() {
        for (url, word) in [
            ("folder:", "no folder"),
            ("mailto:x@y.example", "unknown kind"),
            ("smtp://", "no host"),
            ("outbox", "is no URL"),
            ("smtp://u:p@host.example", "password_file"),
            ("smtp://host.example?starttls=yes", "required, opportunistic or off"),
            ("smtps://host.example?starttls=off", "inside TLS"),
            ("smtp://u@host.example?starttls=off", "in the clear"),
            ("smtp://host.example?tls=1", "unknown setting"),
        ] {
            let fault = target(url).expect_err(url);
            assert!(fault.contains(word), "{url}: {fault}");
        }
    }
}
