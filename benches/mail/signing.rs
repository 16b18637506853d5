//! Keys for the signed runs, and the limit beside which they stand: what ring signs as DKIM on all cores, and nothing else.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use herald::clock::Clock;
use herald::mail::dkim::{Key, Signer};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

/// How long the limit is measured.
const SPAN: Duration = Duration::from_secs(3);

/// Which keys sign.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// None.
    None,
    /// RSA of 2048 bits.
    Rsa,
    /// RSA, and Ed25519 beside it.
    Both,
}

impl Keys {
    /// What they are called.
    pub fn name(self) -> &'static str {
        match self {
            Keys::None => "unsigned",
            Keys::Rsa => "signed with RSA-2048",
            Keys::Both => "signed with RSA-2048 and Ed25519",
        }
    }

    /// Their section of `config.toml`, with the key files written into `folder`.
    pub fn configure(self, folder: &Path) -> Result<String, Box<dyn Error>> {
        let mut text = String::new();
        if self != Keys::None {
            std::fs::write(folder.join("rsa.pem"), rsa_key()?)?;
            text.push_str("[mail.dkim]\nselector = \"rsa\"\nkey_file = \"rsa.pem\"\n");
        }
        if self == Keys::Both {
            std::fs::write(folder.join("ed25519.pem"), ed25519_key()?)?;
            text.push_str("[mail.dkim.ed25519]\nselector = \"ed\"\nkey_file = \"ed25519.pem\"\n");
        }
        Ok(text)
    }

    /// How many messages of `bytes` a second all cores sign, with nothing else to do.
    pub fn limit(self, bytes: u64) -> Result<f64, Box<dyn Error>> {
        let mut keys = vec![Key::rsa("rsa", rsa_key()?.as_bytes())?];
        if self == Keys::Both {
            keys.push(Key::ed25519("ed", ed25519_key()?.as_bytes())?);
        }
        let signer = Signer::new("newsroom.example", keys);
        let mut message = String::from(
            "Date: Tue, 24 Nov 2026 09:00:00 +0000\r\nFrom: Press <news@newsroom.example>\r\nTo: <reader1@readers.example>\r\n\
             Subject: News of the day\r\nMessage-ID: <1@newsroom.example>\r\n\r\n",
        );
        while (message.len() as u64) < bytes {
            message.push_str("Two hundred rescuers and forty boats practised an evacuation by night.\r\n");
        }
        let (now, begun) = (Clock::system().now(), Instant::now());
        let cores = std::thread::available_parallelism()?.get();
        let done: u64 = std::thread::scope(|scope| {
            let work = || {
                let mut count = 0;
                while begun.elapsed() < SPAN && signer.sign(message.as_bytes(), now).is_ok() {
                    count += 1;
                }
                count
            };
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
        });
        Ok(done as f64 / begun.elapsed().as_secs_f64())
    }
}

fn rsa_key() -> Result<String, Box<dyn Error>> {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)?;
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

fn ed25519_key() -> Result<String, Box<dyn Error>> {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| "no random bytes")?;
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der.as_ref())))
}
