//! DKIM signatures (RFC 6376; Ed25519: RFC 8463) over finished copies, relaxed/relaxed, the whole body.
//!
//! Two keys share one hash of the body and one form of the headers; only the last lines differ. A field that a forger could
//! add a second time (From, Subject) is named once more than it is there, so a second one breaks the signature.

use std::borrow::Cow;
use std::sync::LazyLock;

use data_encoding::BASE64;
use memchr::memmem::Finder;
use ring::digest::{Context, SHA256};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs8::EncodePublicKey as _;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::MailError;
use crate::clock::Instant;

/// Fields that are signed where they are there: those of RFC 6376 §5.4.1 that we write, the two of RFC 8058 §4, and the
/// one by which Gmail counts complaints.
const SIGNED: [&str; 13] = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
];
/// Fields that are named once more than they are there.
const OVERSIGNED: [&str; 2] = ["From", "Subject"];
/// Signs of a signature on a line.
const LINE: usize = 72;

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no private key.
    #[error(
        "it holds no private key in PEM form (“-----BEGIN PRIVATE KEY-----”); `herald keys dkim SELECTOR` makes one"
    )]
    NoKey,
    /// RSA with too few bits.
    #[error("its RSA key has fewer than 2048 bits, which receivers do not take")]
    Short,
    /// Another kind than was asked for.
    #[error("it holds a key of another kind; this one has to be {0}")]
    Kind(&'static str),
}

/// What a signature is made with.
#[derive(Debug)]
enum Secret {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// One private key and where its public half stands: `SELECTOR._domainkey.DOMAIN`.
#[derive(Debug)]
pub struct Key {
    selector: String,
    secret: Secret,
}

impl Key {
    /// An RSA key from PEM text, PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rsa(selector: &str, pem: &[u8]) -> Result<Key, KeyError> {
        let pair = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::NoKey)? {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(KeyError::Kind("RSA")),
        };
        // ring takes none of fewer than 2048 bits (RFC 8301 §3.2).
        let pair = pair.map_err(|refused| match refused.to_string().as_str() {
            "TooSmall" => KeyError::Short,
            _ => KeyError::Kind("RSA"),
        })?;
        Ok(Key { selector: selector.to_owned(), secret: Secret::Rsa(pair) })
    }

    /// An Ed25519 key from PEM text, PKCS#8.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn ed25519(selector: &str, pem: &[u8]) -> Result<Key, KeyError> {
        let PrivateKeyDer::Pkcs8(der) = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::NoKey)? else {
            return Err(KeyError::Kind("Ed25519"));
        };
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        let pair = pair.map_err(|_| KeyError::Kind("Ed25519"))?;
        Ok(Key { selector: selector.to_owned(), secret: Secret::Ed25519(pair) })
    }

    /// Its public half as a TXT record says it (RFC 6376 §3.6.1): `v=DKIM1; k=rsa; p=…`.
    pub fn record(&self) -> String {
        let (kind, public) = match &self.secret {
            // As SubjectPublicKeyInfo (RFC 5280 §4.1); ring has the key inside of it (PKCS#1), and has checked that it is one.
            Secret::Rsa(pair) => {
                let key = RsaPublicKey::from_pkcs1_der(pair.public_key().as_ref());
                let info = key.ok().and_then(|key| key.to_public_key_der().ok());
                ("rsa", info.map(|info| info.into_vec()).unwrap_or_default())
            }
            Secret::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
        };
        format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&public))
    }

    /// Where that record stands, without the domain: `SELECTOR._domainkey`.
    pub fn place(&self) -> String {
        format!("{}._domainkey", self.selector)
    }

    fn algorithm(&self) -> &'static str {
        match self.secret {
            Secret::Rsa(_) => "rsa-sha256",
            Secret::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, canonical: &[u8]) -> Result<Vec<u8>, MailError> {
        match &self.secret {
            Secret::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), canonical, &mut signature)
                    .map_err(|_| MailError::Signature)?;
                Ok(signature)
            }
            // RFC 8463 §3: the hash is signed, not the text.
            Secret::Ed25519(pair) => Ok(pair.sign(ring::digest::digest(&SHA256, canonical).as_ref()).as_ref().to_vec()),
        }
    }
}

/// Signs for one domain, with one key or two.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<Key>,
}

impl Signer {
    /// Signs for `domain` with each of `keys`.
    pub fn new(domain: &str, keys: Vec<Key>) -> Signer {
        Signer { domain: domain.to_ascii_lowercase(), keys }
    }

    /// `message` (RFC 5322, CRLF) with a signature by each key above it, made at `at`.
    ///
    /// # Errors
    /// [`MailError::Signature`]: the message has no end of headers, or the machine gives no random bytes.
    pub fn sign(&self, message: &[u8], at: Instant) -> Result<Vec<u8>, MailError> {
        let end = memchr::memmem::find(message, b"\r\n\r\n").ok_or(MailError::Signature)?;
        let (fields, body) = (fields(&message[..end + 2]), &message[end + 4..]);
        let (mut names, mut canonical) = (Vec::new(), Vec::with_capacity(end));
        for name in SIGNED {
            for field in fields.iter().rev().filter(|field| field.0.eq_ignore_ascii_case(name.as_bytes())) {
                names.push(name);
                relaxed_field(field.0, field.1, &mut canonical);
                canonical.extend_from_slice(b"\r\n");
            }
            if OVERSIGNED.contains(&name) {
                names.push(name);
            }
        }
        let (names, body) = (names.join(":"), BASE64.encode(&body_hash(body)));
        let mut out = Vec::with_capacity(message.len() + self.keys.len() * 1024);
        for key in &self.keys {
            let value = self.unsigned(key, &names, &body, at);
            let mut text = canonical.clone();
            relaxed_field(b"DKIM-Signature", value.as_bytes(), &mut text);
            let signature = BASE64.encode(&key.sign(&text)?);
            out.extend_from_slice(b"DKIM-Signature:");
            out.extend_from_slice(value.as_bytes());
            for (n, line) in signature.as_bytes().chunks(LINE).enumerate() {
                if n > 0 {
                    out.extend_from_slice(b"\r\n  ");
                }
                out.extend_from_slice(line);
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(message);
        Ok(out)
    }

    /// The value of the field up to its `b=`, folded.
    fn unsigned(&self, key: &Key, names: &str, body: &str, at: Instant) -> String {
        let mut value = format!(
            " v=1; a={}; c=relaxed/relaxed; d={};\r\n s={}; t={};\r\n h=",
            key.algorithm(),
            self.domain,
            key.selector,
            at.timestamp()
        );
        let mut column = 3;
        for (n, name) in names.split(':').enumerate() {
            if n > 0 {
                value.push(':');
                column += 1;
            }
            if column + name.len() > LINE {
                value.push_str("\r\n  ");
                column = 2;
            }
            value.push_str(name);
            column += name.len();
        }
        value.push_str(&format!(";\r\n bh={body};\r\n b="));
        value
    }
}

/// The fields of a head, each with its name and what stands after the colon, folded as it is.
fn fields(head: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::new();
    let mut start = 0;
    while start < head.len() {
        let mut end = start;
        loop {
            end += memchr::memchr(b'\n', &head[end..]).map_or(head.len() - end, |at| at + 1);
            if !matches!(head.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        if let Some(colon) = memchr::memchr(b':', &head[start..end]) {
            fields.push((&head[start..start + colon], &head[start + colon + 1..end]));
        }
        start = end;
    }
    fields
}

/// RFC 6376 §3.4.2: the name in small letters, unfolded, white space as one space, none at the ends.
fn relaxed_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let mut pending = false;
    let begun = out.len();
    for byte in value {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => pending = true,
            byte => {
                if pending && out.len() > begun {
                    out.push(b' ');
                }
                pending = false;
                out.push(*byte);
            }
        }
    }
}

/// SHA-256 of the body in its relaxed form (RFC 6376 §3.4.4): white space as one space, none at the end of a line, no empty
/// lines at the end.
fn body_hash(body: &[u8]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    if is_relaxed(body) {
        // What we compose mostly is: then the whole of it goes through the hash at once.
        hash.update(body);
        let mut digest = [0; 32];
        digest.copy_from_slice(hash.finish().as_ref());
        return digest;
    }
    let mut empty = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = match memchr::memmem::find(rest, b"\r\n") {
            Some(end) => (&rest[..end], &rest[end + 2..]),
            None => (rest, &rest[rest.len()..]),
        };
        rest = after;
        let line = relaxed_line(line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            hash.update(b"\r\n");
        }
        hash.update(&line);
        hash.update(b"\r\n");
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.finish().as_ref());
    digest
}

/// Whether the relaxed form of a body is the body itself: no white space at the end of a line or beside another, no tab, and one
/// line break at its end.
fn is_relaxed(body: &[u8]) -> bool {
    static TWO: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"  "));
    static LAST: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" \r\n"));
    body.ends_with(b"\r\n")
        && !body.ends_with(b"\r\n\r\n")
        && body != b"\r\n"
        && memchr::memchr(b'\t', body).is_none()
        && TWO.find(body).is_none()
        && LAST.find(body).is_none()
}

/// A line of the body as it is signed. Most lines are so already, and are not copied.
fn relaxed_line(line: &[u8]) -> Cow<'_, [u8]> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = line.iter().rposition(|byte| !is_space(byte)).map_or(0, |last| last + 1);
    let line = &line[..end];
    let is_relaxed = memchr::memchr(b'\t', line).is_none() && memchr::memmem::find(line, b"  ").is_none();
    if is_relaxed {
        return Cow::Borrowed(line);
    }
    let mut out = Vec::with_capacity(line.len());
    for byte in line {
        match (is_space(byte), out.last()) {
            (true, Some(b' ')) => {}
            (true, _) => out.push(b' '),
            (false, _) => out.push(*byte),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
#[path = "dkim/tests.rs"]
mod tests;
