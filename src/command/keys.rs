//! `herald keys dkim SELECTOR` and `rotate`: keys that sign mail, and what to put into the DNS.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use rsa::RsaPrivateKey;
use rsa::pkcs8::der::pem::PemLabel as _;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding, PrivateKeyInfo, SecretDocument};
use serde_json::json;

use super::{Advice, Context, Exit, Usage, output};
use crate::mail::Mailbox;
use crate::mail::dkim::Key;

/// Bits of an RSA key: what every receiver takes, and what fits a DNS answer.
const BITS: usize = 2048;
/// The longest string of a TXT record (RFC 1035 §3.3.14), in bytes.
const STRING: usize = 255;
/// Where keys are kept, beside the configuration.
const FOLDER: &str = "var/keys";

/// Makes keys that sign mail, and prints the DNS records.
#[derive(Debug, clap::Args)]
pub struct Keys {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with keys.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Make a DKIM key, or show the DNS record of one that is there.
    Dkim {
        /// Its name in the DNS: letters, digits, `-`. Without it: the keys that config.toml names.
        selector: Option<String>,
        /// An Ed25519 key, to stand beside an RSA key. Never alone: Gmail and Outlook do not know it.
        #[arg(long)]
        ed25519: bool,
    },
    /// Make the key that takes the place of the one that config.toml names.
    Rotate,
}

impl Keys {
    /// Makes or shows keys.
    ///
    /// # Errors
    /// A selector that is no DNS label; a key file that can't be read or written.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let domain = match cx.config.mail.dkim.as_ref().and_then(|dkim| dkim.domain.clone()) {
            Some(domain) => domain,
            None => cx.config.mail.from.parse::<Mailbox>()?.address.domain().to_owned(),
        };
        match self.action {
            Action::Dkim { selector: Some(selector), ed25519 } => one(cx, &domain, &selector, ed25519),
            Action::Dkim { selector: None, .. } => configured(cx, &domain),
            Action::Rotate => rotate(cx, &domain),
        }
    }
}

/// Makes the key of that selector, or shows it where it is there already.
fn one(cx: &Context, domain: &str, selector: &str, ed25519: bool) -> anyhow::Result<Exit> {
    let (file, made) = make(cx, selector, ed25519)?;
    let key = read(&cx.config.path(&file), selector, ed25519)?;
    if cx.frame.json {
        return said_as_json(domain, &key, &file, made);
    }
    output::line(format!("{} {}.", if made { "Made" } else { "There is already" }, file.display()))?;
    output::line(record(domain, &key))?;
    let config = match ed25519 {
        false => format!("[mail.dkim]\nselector = \"{selector}\"\nkey_file = \"{}\"", file.display()),
        true => format!("[mail.dkim.ed25519]\nselector = \"{selector}\"\nkey_file = \"{}\"", file.display()),
    };
    output::line(format!("\nOnce the DNS answers with it, put this into config.toml:\n\n{config}"))?;
    Ok(Exit::Done)
}

/// Shows the records of the keys in use.
fn configured(cx: &Context, domain: &str) -> anyhow::Result<Exit> {
    let Some(dkim) = &cx.config.mail.dkim else {
        return Err(Usage("config.toml names no key in [mail.dkim]".to_owned()))
            .advise("`herald keys dkim herald1` makes one and says what to do with it.");
    };
    let mut keys = vec![(read(&cx.config.path(&dkim.key_file), &dkim.selector, false)?, &dkim.key_file)];
    if let Some(second) = &dkim.ed25519 {
        keys.push((read(&cx.config.path(&second.key_file), &second.selector, true)?, &second.key_file));
    }
    if cx.frame.json {
        let all: Vec<_> = keys.iter().map(|(key, file)| document(domain, key, file, false)).collect();
        output::json(&all)?;
        return Ok(Exit::Done);
    }
    for (key, file) in keys {
        output::line(format!("{}:", file.display()))?;
        output::line(record(domain, &key))?;
    }
    Ok(Exit::Done)
}

/// Makes the next key, and says in which order to change DNS and configuration so that no mail fails meanwhile.
fn rotate(cx: &Context, domain: &str) -> anyhow::Result<Exit> {
    let Some(dkim) = &cx.config.mail.dkim else {
        return Err(Usage("config.toml names no key in [mail.dkim], so there is none to replace".to_owned()))
            .advise("`herald keys dkim herald1` makes a first one.");
    };
    let next = successor(&dkim.selector);
    let (file, made) = make(cx, &next, false)?;
    let key = read(&cx.config.path(&file), &next, false)?;
    if cx.frame.json {
        return said_as_json(domain, &key, &file, made);
    }
    output::line(format!(
        "{} {}, to take the place of {}.\n\n1. Put this into the DNS, and leave {}._domainkey.{domain} as it is:",
        if made { "Made" } else { "There is already" },
        file.display(),
        dkim.selector,
        dkim.selector
    ))?;
    output::line(record(domain, &key))?;
    output::line(format!(
        "2. When it answers everywhere, after a day at most, in config.toml:\n\n   selector = \"{next}\"\n   key_file = \"{}\"\n\n   \
         A running Herald takes it up on SIGHUP.\n3. A week later take {}._domainkey.{domain} out of the DNS and delete {}.",
        file.display(),
        dkim.selector,
        dkim.key_file.display()
    ))?;
    Ok(Exit::Done)
}

/// The selector after that one: its number one higher, or a 2.
fn successor(selector: &str) -> String {
    let digits = selector.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (name, number) = selector.split_at(selector.len() - digits);
    match number.parse::<u64>().ok().and_then(|n| n.checked_add(1)) {
        Some(next) => format!("{name}{next:0width$}", width = number.len()),
        None => format!("{selector}2"),
    }
}

/// Makes the file of a key where there is none; its path from the configuration's folder, and whether it was made.
fn make(cx: &Context, selector: &str, ed25519: bool) -> anyhow::Result<(PathBuf, bool)> {
    let is_label = !selector.is_empty()
        && selector.len() <= 63
        && !selector.starts_with('-')
        && selector.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_label {
        return Err(Usage(format!("“{selector}” is no name for the DNS: letters, digits and - up to 63 signs")).into());
    }
    let file = Path::new(FOLDER).join(format!("{selector}.pem"));
    let path = cx.config.path(&file);
    if path.exists() {
        return Ok((file, false));
    }
    let pem = if ed25519 {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let der = der.map_err(|_| anyhow::anyhow!("the machine gives no random bytes"))?;
        SecretDocument::try_from(der.as_ref())?.to_pem(PrivateKeyInfo::PEM_LABEL, LineEnding::LF)?.to_string()
    } else {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS)?;
        key.to_pkcs8_pem(LineEnding::LF)?.to_string()
    };
    write(&path, &pem)
        .map_err(|error| anyhow::Error::new(error).context(format!("{}: cannot be written", path.display())))
        .advise("Make its folder writable for this user; nothing was changed.")?;
    Ok((file, true))
}

/// Writes a secret that only this user may read; never over another file.
fn write(path: &Path, pem: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()
}

fn read(path: &Path, selector: &str, ed25519: bool) -> anyhow::Result<Key> {
    let pem = std::fs::read(path)
        .map_err(|error| anyhow::Error::new(error).context(format!("{}: cannot be read", path.display())))
        .advise("Make it readable for this user, or make a key with `herald keys dkim SELECTOR`.")?;
    let key = if ed25519 { Key::ed25519(selector, &pem) } else { Key::rsa(selector, &pem) };
    key.map_err(|error| anyhow::Error::new(error).context(path.display().to_string()))
}

/// The record as zone files have it, in strings that DNS can carry.
fn record(domain: &str, key: &Key) -> String {
    let text = key.record();
    let strings: Vec<String> =
        text.as_bytes().chunks(STRING).map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
    format!("\n{}.{domain}. IN TXT ( {} )\n", key.place(), strings.join("\n    "))
}

fn document(domain: &str, key: &Key, file: &Path, made: bool) -> serde_json::Value {
    json!({ "name": format!("{}.{domain}", key.place()), "type": "TXT", "value": key.record(), "key_file": file, "made": made })
}

fn said_as_json(domain: &str, key: &Key, file: &Path, made: bool) -> anyhow::Result<Exit> {
    output::json(&document(domain, key, file, made))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_selector_counts_on() {
        for (now, next) in [("herald1", "herald2"), ("herald09", "herald10"), ("s9", "s10"), ("news", "news2")] {
            assert_eq!(successor(now), next);
        }
    }
}
