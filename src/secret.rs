//! Keys, tokens and masks: what must not be guessed, and what must not be read over a shoulder.
//!
//! A token is not stored anywhere. It is a MAC over whom it is for, so the same person gets the
//! same link in each mail, and a link works for years: as long as its key is in the keyring.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretBox};

/// Length of the MAC in a token, in bytes: 128 bits cannot be guessed.
const MAC: usize = 16;

/// What a token allows; part of the MAC, so one kind cannot be used as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Leave one newsletter: `(newsletter, subscriber)`.
    Leave,
    /// Choose topics, language, newsletters: `(0, subscriber)`.
    Preferences,
    /// Find a delivery again: `(edition, subscriber)`, in return path and Message-ID.
    Delivery,
}

impl Purpose {
    fn tag(self) -> u8 {
        match self {
            Purpose::Leave => b'l',
            Purpose::Preferences => b'p',
            Purpose::Delivery => b'd',
        }
    }
}

/// One signing key with the small number by which tokens name it.
pub struct Key {
    /// Number in the keyring, 1 upwards.
    pub id: u8,
    secret: SecretBox<[u8; 32]>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// All keys, oldest first; the last one signs, each of them verifies.
#[derive(Debug)]
pub struct Keyring {
    keys: Vec<Key>,
}

/// Thirty-two bytes from the machine's random source.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn random_key() -> Result<[u8; 32], ring::error::Unspecified> {
    let mut bytes = [0u8; 32];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(bytes)
}

/// `length` random letters and digits, for boundaries and sentinels.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn random_word(length: usize) -> Result<String, ring::error::Unspecified> {
    let mut bytes = vec![0u8; length];
    SystemRandom::new().fill(&mut bytes)?;
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    Ok(bytes.iter().map(|b| alphabet[usize::from(b & 31)] as char).collect())
}

impl Keyring {
    /// A keyring from the store's rows, oldest first. It must hold at least one key to sign.
    pub fn new(keys: impl IntoIterator<Item = (u8, [u8; 32])>) -> Self {
        Keyring { keys: keys.into_iter().map(|(id, s)| Key { id, secret: SecretBox::new(Box::new(s)) }).collect() }
    }

    /// The token for `purpose` over two numbers: lower-case letters and digits, safe in an
    /// address, a URL and a Message-ID. Empty when the keyring is empty.
    pub fn token(&self, purpose: Purpose, subject: i64, subscriber: i64) -> String {
        let Some(key) = self.keys.last() else { return String::new() };
        let mut bytes = vec![key.id];
        varint(&mut bytes, subject);
        varint(&mut bytes, subscriber);
        bytes.extend_from_slice(&mac(key, purpose, subject, subscriber));
        BASE32_NOPAD.encode(&bytes).to_lowercase()
    }

    /// The two numbers of a token that one of our keys made for `purpose`; `None` for any other text.
    /// Letters may come in either case: some mail systems change it.
    pub fn open(&self, purpose: Purpose, token: &str) -> Option<(i64, i64)> {
        if token.len() > 80 {
            return None;
        }
        let bytes = BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes()).ok()?;
        let (&id, rest) = bytes.split_first()?;
        let (subject, rest) = unvarint(rest)?;
        let (subscriber, rest) = unvarint(rest)?;
        if rest.len() != MAC {
            return None;
        }
        let key = self.keys.iter().find(|k| k.id == id)?;
        let message = message(purpose, subject, subscriber);
        let signing = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose_secret());
        let tag = hmac::sign(&signing, &message);
        ring_equal(&tag.as_ref()[..MAC], rest).then_some((subject, subscriber))
    }

    /// A keyed hash of an address, hexadecimal, by the oldest key: what stays of a person who asked to be forgotten.
    pub fn address_hash(&self, address: &str) -> String {
        let Some(key) = self.keys.first() else { return String::new() };
        let signing = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose_secret());
        let tag = hmac::sign(&signing, address.to_lowercase().as_bytes());
        data_encoding::HEXLOWER.encode(&tag.as_ref()[..16])
    }

    /// A signature over these parts for `what`: who cannot read the keyring cannot make one. Empty when the keyring is empty.
    pub fn sign(&self, what: &str, parts: &[&str]) -> String {
        self.keys.last().map(|key| signature(key, what, parts)).unwrap_or_default()
    }

    /// Whether one of our keys signed these parts for `what`.
    pub fn has_signed(&self, what: &str, parts: &[&str], signed: &str) -> bool {
        self.keys.iter().any(|key| ring_equal(signature(key, what, parts).as_bytes(), signed.as_bytes()))
    }
}

/// The MAC, hexadecimal. Each part is preceded by its length, so that no two lists of parts read the same.
fn signature(key: &Key, what: &str, parts: &[&str]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose_secret()));
    for part in std::iter::once(&what).chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(context.sign().as_ref())
}

/// A token for a member of staff: 256 random bits as letters and digits, with a beginning by which scanners for secrets
/// that were left lying about know it.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn staff_token() -> Result<String, ring::error::Unspecified> {
    Ok(format!("herald_{}", BASE32_NOPAD.encode(&random_key()?).to_lowercase()))
}

/// What is kept of a token. With 256 random bits in it nobody finds the token by trying, so one round is enough.
pub fn token_hash(token: &str) -> String {
    data_encoding::HEXLOWER.encode(ring::digest::digest(&ring::digest::SHA256, token.as_bytes()).as_ref())
}

/// Whether a token is the one of which `hash` was kept; takes as long for a wrong one.
pub fn is_token(token: &str, hash: &str) -> bool {
    ring_equal(token_hash(token).as_bytes(), hash.as_bytes())
}

fn message(purpose: Purpose, subject: i64, subscriber: i64) -> Vec<u8> {
    let mut message = vec![purpose.tag()];
    message.extend_from_slice(&subject.to_be_bytes());
    message.extend_from_slice(&subscriber.to_be_bytes());
    message
}

fn mac(key: &Key, purpose: Purpose, subject: i64, subscriber: i64) -> [u8; MAC] {
    let signing = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose_secret());
    let tag = hmac::sign(&signing, &message(purpose, subject, subscriber));
    let mut out = [0u8; MAC];
    out.copy_from_slice(&tag.as_ref()[..MAC]);
    out
}

/// Equality in constant time, so that a forger learns nothing from how long a refusal takes.
fn ring_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0u8, |acc, (x, y)| acc | (x ^ y)) == 0
}

fn varint(out: &mut Vec<u8>, value: i64) {
    let mut value = value as u64;
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn unvarint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut value = 0u64;
    for (i, &byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value as i64, &bytes[i + 1..]));
        }
    }
    None
}

/// `a…@domain`: an address as logs, pages and staff mail may show it.
pub fn masked(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}…@{domain}", local.chars().next().unwrap_or('…')),
        None => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_for_its_purpose_and_key() {
        let ring = Keyring::new([(1, [7; 32]), (2, [9; 32])]);
        let token = ring.token(Purpose::Leave, 3, 1_000_000);
        assert_eq!(ring.open(Purpose::Leave, &token.to_uppercase()), Some((3, 1_000_000)));
        assert_eq!(ring.open(Purpose::Preferences, &token), None);
        assert_eq!(Keyring::new([(2, [8; 32])]).open(Purpose::Leave, &token), None);
        let old = Keyring::new([(1, [7; 32])]).token(Purpose::Leave, 3, 4);
        assert_eq!(ring.open(Purpose::Leave, &old), Some((3, 4)), "an old key still verifies");
        for cut in 0..token.len() {
            assert_eq!(ring.open(Purpose::Leave, &token[..cut]), None);
        }
    }

    #[test]
    fn a_signature_is_for_these_parts_and_no_others() {
        let ring = Keyring::new([(1, [7; 32]), (2, [9; 32])]);
        let signed = ring.sign("approval", &["1", "ab"]);
        assert!(ring.has_signed("approval", &["1", "ab"], &signed));
        for parts in [&["1a", "b"][..], &["1", "ac"], &["1", "ab", ""], &[]] {
            assert!(!ring.has_signed("approval", parts, &signed), "{parts:?}");
        }
        assert!(!ring.has_signed("other", &["1", "ab"], &signed));
        assert!(!Keyring::new([(1, [7; 32])]).has_signed("approval", &["1", "ab"], &signed));
        assert!(!Keyring::new([]).has_signed("approval", &["1", "ab"], ""));
    }

    #[test]
    fn a_mask_keeps_one_letter_and_the_domain() {
        assert_eq!(masked("ana@newsroom.example"), "a…@newsroom.example");
        assert_eq!(masked("broken"), "…");
    }
}
