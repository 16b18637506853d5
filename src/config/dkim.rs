//! `[mail.dkim]`: the keys that sign what we send.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{kind, secret};
use crate::mail::dkim::{Key, KeyError, Signer};

/// The keys that sign what we send (DKIM, RFC 6376). `herald keys dkim SELECTOR` makes one and prints its DNS record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dkim {
    /// The domain that signs; that of `from` where left out. For DMARC it has to be that one, or above or below it.
    #[serde(default)]
    #[schemars(with = "Option<kind::Name>", example = &"newsroom.example")]
    pub domain: Option<String>,
    /// Where the public key stands: `SELECTOR._domainkey.DOMAIN`.
    #[schemars(with = "kind::Name", example = &"herald1")]
    pub selector: String,
    /// File with the private RSA key (PEM), of 2048 bits or more.
    #[schemars(with = "kind::File", example = &"var/keys/herald1.pem")]
    pub key_file: PathBuf,
    /// A second signature with Ed25519, for receivers that know it. Never alone: Gmail and Outlook do not.
    #[serde(default)]
    pub ed25519: Option<Ed25519>,
}

/// The Ed25519 key beside the RSA one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ed25519 {
    /// Where its public key stands; another one than the RSA key's.
    #[schemars(with = "kind::Name", example = &"herald1-ed")]
    pub selector: String,
    /// File with the private key (PEM, PKCS#8).
    #[schemars(with = "kind::File", example = &"var/keys/herald1-ed.pem")]
    pub key_file: PathBuf,
}

/// A key that can't be used: its key in `config.toml`, and why.
pub type Unusable = (&'static str, String);

impl Dkim {
    /// Who signs: the keys, read from files taken from `base`, for `domain` unless another one is named.
    ///
    /// # Errors
    /// Each key that can't be read, or that is none; never its content.
    pub fn signer(&self, base: &Path, domain: &str) -> Result<Signer, Vec<Unusable>> {
        let (mut keys, mut faults) = (Vec::new(), Vec::new());
        let mut add = |key, file: &Path, read: &dyn Fn(&[u8]) -> Result<Key, KeyError>| {
            let pem = secret::whole(&base.join(file));
            let read = pem.and_then(|pem| {
                read(pem.expose_secret().as_bytes()).map_err(|error| format!("{}: {error}", file.display()))
            });
            match read {
                Ok(read) => keys.push(read),
                Err(reason) => faults.push((key, reason)),
            }
        };
        add("mail.dkim.key_file", &self.key_file, &|pem| Key::rsa(&self.selector, pem));
        if let Some(second) = &self.ed25519 {
            add("mail.dkim.ed25519.key_file", &second.key_file, &|pem| Key::ed25519(&second.selector, pem));
        }
        match faults.is_empty() {
            true => Ok(Signer::new(self.domain.as_deref().unwrap_or(domain), keys)),
            false => Err(faults),
        }
    }
}
