//! Where copies go: a folder, or an SMTP server. One file a kind, one arm here.

mod folder;
mod line;
mod smtp;

pub(super) use line::{Handed, Line};

use std::collections::BTreeMap;

use crate::audience::Address;
use crate::config::{Config, Proof, Relay as Setting, Target, Tls};
use crate::net::smtp::{Dial, Encryption, Limits, Login, TlsConfigs};

use super::crew::Crew;
use super::pace::domains::Limits as DomainLimits;
use super::{Copy, DeliveryError, Press};

/// A relay, ready to be used by any number of connections.
#[derive(Clone, Debug)]
pub(super) enum Relay {
    Folder(folder::Folder),
    Smtp(Box<smtp::Server>),
}

/// What a run must know of its relay.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) name: String,
    pub(super) connections: usize,
    /// Messages a second; 0: no limit.
    pub(super) per_second: u32,
    /// The same for recipient domains and mail providers.
    pub(super) limits: DomainLimits,
    /// Its share of the copies; 0: a reserve.
    pub(super) weight: u32,
}

/// A relay elsewhere gets so many messages a second, where nobody says otherwise.
const ELSEWHERE: u32 = 20;

impl Relay {
    /// The relays of the configuration.
    pub(super) fn open_all(config: &Config, press: &Press) -> Result<Vec<(Relay, Terms)>, DeliveryError> {
        if config.mail.relays.is_empty() {
            let reason = "there is no relay; leave [[mail.relays]] out for a folder, or name one".to_owned();
            return Err(DeliveryError::Setting { key: "relays", reason });
        }
        config.mail.relays.iter().map(|setting| Self::open(config, setting, press)).collect()
    }

    fn open(config: &Config, setting: &Setting, press: &Press) -> Result<(Relay, Terms), DeliveryError> {
        let fault = |reason: String| DeliveryError::Relay { relay: setting.name.clone(), reason };
        let target = setting.target(&config.folder).map_err(|e| fault(format!("url: it {e}")))?;
        let terms = Terms {
            name: setting.name.clone(),
            connections: setting.connections(),
            per_second: setting.per_second.unwrap_or(if target.is_local() { 0 } else { ELSEWHERE }),
            limits: DomainLimits { domains: named(&setting.per_domain), providers: named(&setting.per_provider) },
            weight: setting.weight,
        };
        let relay = match target {
            Target::Folder(path) => Relay::Folder(folder::Folder::open(path).map_err(fault)?),
            Target::Smtp { host, port, user, tls } => {
                let proof = setting.proof(&config.folder).map_err(fault)?;
                let login = login(user, proof).map_err(fault)?;
                let ca_file = setting.ca_file.as_ref().map(|file| config.path(file));
                let encryption = match tls {
                    Tls::Off => Encryption::Off,
                    Tls::Opportunistic => Encryption::Opportunistic,
                    Tls::Required => Encryption::Required,
                    Tls::Implicit => Encryption::Implicit,
                };
                let tls = match encryption {
                    Encryption::Off => None,
                    _ => Some(TlsConfigs::native(ca_file.as_deref()).map_err(fault)?),
                };
                let limits = Limits::default();
                let dial = Dial { host, port, encryption, tls, login, hello: press.hello(), limits };
                let per_connection = setting.per_connection();
                Relay::Smtp(Box::new(smtp::Server { dial, per_connection, room: Default::default() }))
            }
        };
        Ok((relay, terms))
    }

    /// A connection of one's own to it.
    pub(super) fn line(&self) -> Line {
        Line::new(self.clone())
    }

    /// One connection's work, until there is no more.
    pub(super) async fn work(&self, crew: &Crew, lane: usize) {
        match self {
            Relay::Folder(folder) => folder.work(crew, lane).await,
            Relay::Smtp(server) => server.work(crew, lane).await,
        }
    }
}

fn named(limits: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    limits.iter().map(|(name, most)| (domain(name), *most)).collect()
}

/// A domain as addresses have it.
fn domain(name: &str) -> String {
    let address = format!("x@{name}").parse::<Address>();
    address.map_or_else(|_| name.to_owned(), |address| address.domain().to_owned())
}

fn login(user: Option<String>, proof: Option<Proof>) -> Result<Option<Login>, String> {
    match (user, proof) {
        (Some(user), Some(proof)) => Ok(Some(Login { user, proof })),
        (Some(_), None) => {
            Err("url names a user and there is no password; name a password_file, password_env or token_file"
                .to_owned())
        }
        (None, Some(_)) => Err("there is a password and url names no user; write smtp://USER@HOST".to_owned()),
        (None, None) => Ok(None),
    }
}

/// Sends one copy now, past queue and ledger: a test copy for staff. A relay that cannot be reached hands over to the
/// next. The relay's words, or the file's name.
///
/// # Errors
/// [`DeliveryError::NotTaken`] with the relays' words; else what is wrong with their settings.
pub async fn send_now(config: &Config, press: &Press, copy: &Copy) -> Result<String, DeliveryError> {
    let mut words = Vec::new();
    for (relay, terms) in Relay::open_all(config, press)? {
        let mut line = relay.line();
        let handed = line.hand(copy).await;
        line.close().await;
        match handed {
            Handed::Taken(said) => return Ok(said),
            Handed::Unreachable(said) => words.push(format!("{}: {said}", terms.name)),
            Handed::Deferred(said) | Handed::Refused(said) | Handed::Never(said) | Handed::Lost(said) => {
                return Err(DeliveryError::NotTaken(said));
            }
        }
    }
    Err(DeliveryError::NotTaken(words.join("; ")))
}
