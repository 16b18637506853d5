//! `[mail.dkim]`: the keys that sign what we send.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::{kind, secret};

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

impl Dkim {
    /// The RSA key's PEM text, from a file taken from `base`.
    ///
    /// # Errors
    /// Why it cannot be read, never its content.
    pub fn rsa(&self, base: &Path) -> Result<SecretString, String> {
        secret::whole("key_file", &base.join(&self.key_file))
    }
}

impl Ed25519 {
    /// The key's PEM text, from a file taken from `base`.
    ///
    /// # Errors
    /// Why it cannot be read, never its content.
    pub fn pem(&self, base: &Path) -> Result<SecretString, String> {
        secret::whole("key_file", &base.join(&self.key_file))
    }
}
