//! `[mail.returns]`: where what comes back is read.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use url::{Host, Url};

use super::mail::is_loopback;
use super::secret::{Proof, Token};
use super::{Span, kind};

/// Where reports of failure and complaints are read: the mailbox behind `return_path`. What bears our token is taken in, then
/// marked as seen or moved; everything else, letters above all, stays as it was.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Returns {
    /// A mailbox on an IMAP server: `imaps://USER@HOST[:PORT]/FOLDER`, `INBOX` where no folder is named. `@` and other special
    /// characters in user and folder as `%40` and the like. `imap://`, without encryption, only for this machine.
    #[serde(default)]
    #[schemars(with = "Option<kind::ImapUrl>")]
    pub imap: Option<String>,
    /// File with the password of the user that `imap` names; nothing else may be in it.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/etc/herald/bounces-password")]
    pub password_file: Option<PathBuf>,
    /// Name of the environment variable with that password.
    #[serde(default)]
    #[schemars(with = "Option<kind::Variable>", example = &"BOUNCES_PASSWORD")]
    pub password_env: Option<String>,
    /// File with an OAuth 2 access token in the place of a password (XOAUTH2); read anew for each connection.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/run/herald/bounces-token")]
    pub token_file: Option<PathBuf>,
    /// Name of the environment variable with that token.
    #[serde(default)]
    #[schemars(with = "Option<kind::Variable>", example = &"BOUNCES_TOKEN")]
    pub token_env: Option<String>,
    /// File with certificates (PEM) that may vouch for the IMAP server beside those that the machine trusts.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/etc/herald/office-ca.pem")]
    pub ca_file: Option<PathBuf>,
    /// Folder on the IMAP server to which reports are moved once they are taken in; it is made where it is missing. Left out: they
    /// stay, marked as seen.
    #[serde(default)]
    #[schemars(with = "Option<kind::Folder>")]
    pub move_to: Option<String>,
    /// A Maildir on this machine, in the place of IMAP or beside it. Read is what is in `new/`, and in `cur/` what is not marked as seen.
    #[serde(default)]
    #[schemars(with = "Option<kind::File>", example = &"/var/mail/bounces/Maildir")]
    pub maildir: Option<PathBuf>,
    /// A mail server hands reports to `herald bounces read -` by itself, so there is no mailbox to look into.
    #[serde(default)]
    pub piped: bool,
    /// How often `herald run` looks; `herald once` looks once.
    #[serde(default = "minute")]
    #[schemars(with = "kind::Length")]
    pub every: Span,
}

fn minute() -> Span {
    Span::minutes(1)
}

impl Returns {
    /// Where it is read, for people.
    pub fn places(&self) -> Vec<String> {
        let imap = self.imap.as_deref().and_then(|url| Imap::of(url).ok()).map(|imap| imap.to_string());
        let maildir = self.maildir.as_ref().map(|folder| folder.display().to_string());
        let piped = self.piped.then(|| "a mail server pipes into `herald bounces read -`".to_owned());
        imap.into_iter().chain(maildir).chain(piped).collect()
    }

    /// The user's password or token, from its file (taken from `base`) or environment variable; `None` where neither is named.
    ///
    /// # Errors
    /// Why it cannot be read, naming file or variable and never its content.
    pub fn proof(&self, base: &Path) -> Result<Option<Proof>, String> {
        let token = Token { file: self.token_file.clone(), variable: self.token_env.clone() };
        Proof::of(base, (self.password_file.as_deref(), self.password_env.as_deref()), token)
    }
}

/// Where an IMAP URL leads (RFC 5092, the part of it that people write).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imap {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to under TLS.
    pub tls: bool,
    /// Who signs in.
    pub user: String,
    /// The folder, its parts joined by `/`.
    pub folder: String,
}

impl fmt::Display for Imap {
    /// Without the user's whole address, for logs are read by many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.user.contains('@') { crate::secret::masked(&self.user) } else { self.user.clone() };
        write!(f, "{user} on {}:{}, {}", self.host, self.port, self.folder)
    }
}

impl Imap {
    /// Where `url` leads.
    ///
    /// # Errors
    /// What is wrong with it, and what to write; never the URL itself, which may hold a password.
    pub fn of(url: &str) -> Result<Imap, String> {
        let shape = "write imaps://USER@HOST[:PORT]/FOLDER";
        let url = Url::parse(url).map_err(|error| format!("is no URL ({error}); {shape}"))?;
        let tls = match url.scheme() {
            "imaps" => true,
            "imap" => false,
            other => return Err(format!("has the unknown kind “{other}”; {shape}")),
        };
        let host = match url.host() {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) if !host.to_string().is_empty() => host.to_string(),
            _ => return Err(format!("names no host; {shape}")),
        };
        if url.password().is_some() {
            return Err(format!("holds a password; {}", kind::NO_PASSWORD));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a ? or # part; in the name of a folder they are written %3F and %23".to_owned());
        }
        let decoded = |text: &str, what: &str| {
            let text = percent_encoding::percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
            text.map_err(|_| format!("has a {what} that is not UTF-8"))
        };
        let user = decoded(url.username(), "user")?;
        if user.is_empty() || user.chars().any(char::is_control) {
            return Err(format!("names no user; {shape}"));
        }
        if !tls && !is_loopback(&host) {
            return Err("would send the password in the clear; write imaps://".to_owned());
        }
        let folder = decoded(url.path().trim_matches('/'), "folder")?;
        let folder = if folder.is_empty() { "INBOX".to_owned() } else { folder };
        self::folder(&folder).map_err(|reason| format!("names a folder that cannot be: {reason}"))?;
        let port = url.port().unwrap_or(if tls { 993 } else { 143 });
        Ok(Imap { host, port, tls, user, folder })
    }
}

/// Checks the name of a folder.
pub(super) fn folder(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '*' | '%')) || name.len() > 500 {
        return Err("it is too long, or holds a control character, * or %".to_owned());
    }
    match name.starts_with('/') || name.ends_with('/') {
        true => Err(format!("“{name}” begins or ends with a slash")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imap_url_says_where_and_who() {
        let imap = |host: &str, port, tls, user: &str, folder: &str| {
            let (host, user, folder) = (host.to_owned(), user.to_owned(), folder.to_owned());
            Ok(Imap { host, port, tls, user, folder })
        };
        assert_eq!(Imap::of("imaps://b@mx.example"), imap("mx.example", 993, true, "b", "INBOX"));
        assert_eq!(
            Imap::of("imaps://b%40x.example@mx.example:1993/News/Po%20vra%C4%87eno/"),
            imap("mx.example", 1993, true, "b@x.example", "News/Po vraćeno")
        );
        assert_eq!(Imap::of("imap://b@[::1]/INBOX"), imap("::1", 143, false, "b", "INBOX"));
        assert!(Imap::of("imap://b@10.0.0.1/INBOX").is_err_and(|reason| reason.contains("in the clear")));
    }
}
