//! Beginning and end of a session: dial, greeting, EHLO, TLS, AUTH; QUIT.

use std::net::IpAddr;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Quit, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tls::over;
use super::wire::{Stream, Wire};
use super::{Cause, Encryption, Limits, Offers, Reply, SmtpError, Step, TlsConfigs};
use crate::config::{Proof, Token};

/// Who signs in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: String,
    /// Their password or token.
    pub proof: Proof,
}

/// How a server is reached.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether and how the connection is encrypted.
    pub encryption: Encryption,
    /// Certificates; needed unless `encryption` is off.
    pub tls: Option<TlsConfigs>,
    /// Who signs in.
    pub login: Option<Login>,
    /// The name by which we say EHLO; our address where left out.
    pub hello: Option<String>,
    /// How long each step may take.
    pub limits: Limits,
}

/// A session that is ready for messages.
pub struct Session {
    pub(super) wire: Wire,
    /// What the server offers.
    pub offers: Offers,
    /// RSET is due before the next envelope.
    pub(super) reset: bool,
    /// An envelope went out and its replies have not been read.
    pub(super) announced: bool,
    /// Every byte of a message has gone out, and its answer has not come.
    pub(super) awaiting: bool,
    /// What goes out with the next write.
    pub(super) out: Vec<u8>,
}

impl Session {
    /// Dials and does all that comes before the first message.
    ///
    /// # Errors
    /// [`SmtpError`] with the step at which it ended.
    pub async fn connect(dial: &Dial) -> Result<Session, SmtpError> {
        let stream = dial_to(dial).await?;
        let hello = hello(dial, &stream);
        let stream = match dial.encryption {
            Encryption::Implicit => encrypt(dial, stream).await?,
            _ => Stream::Plain(stream),
        };
        let mut wire = Wire::new(stream, dial.limits);
        let greeting = wire.reply(Step::Greeting).await?;
        if !greeting.is_done() {
            return Err(SmtpError::new(Step::Greeting, Cause::Refused(greeting)));
        }
        let mut offers = say_hello(&mut wire, &hello).await?;
        if wants_starttls(dial.encryption, &offers)? {
            (wire, offers) = start_tls(dial, wire, &hello).await?;
        }
        if let Some(login) = &dial.login {
            sign_in(&mut wire, &offers, login).await?;
        }
        if wire.has_unread() {
            return Err(SmtpError::new(Step::Ehlo, Cause::Unasked));
        }
        Ok(Session { wire, offers, reset: false, announced: false, awaiting: false, out: Vec::new() })
    }

    /// Whether the server may have the message whose [`Session::data`] was not waited for to its end.
    pub fn may_have_taken(&self) -> bool {
        self.awaiting
    }

    /// Takes leave; the server has two seconds to say so too.
    pub async fn quit(mut self) {
        // After a refused or unfinished envelope QUIT is as good as anywhere (RFC 5321 §4.1.1.10).
        if !self.announced && !self.awaiting && self.wire.say(Step::Quit, Quit).await.is_ok() {
            let _ = self.wire.reply(Step::Quit).await;
        }
        self.wire.close().await;
    }
}

async fn dial_to(dial: &Dial) -> Result<TcpStream, SmtpError> {
    let limit = dial.limits.connect;
    let stream = match timeout(limit, TcpStream::connect((dial.host.as_str(), dial.port))).await {
        Err(_) => return Err(SmtpError::new(Step::Connect, Cause::Silence(limit))),
        Ok(stream) => stream.map_err(|error| SmtpError::new(Step::Connect, error))?,
    };
    // Without it the kernel holds the end of a message back until the server has acknowledged its beginning: 40 ms each.
    stream.set_nodelay(true).map_err(|error| SmtpError::new(Step::Connect, error))?;
    Ok(stream)
}

/// The name given to the server, else our address on this connection as a literal (RFC 5321 §4.1.3).
fn hello(dial: &Dial, stream: &TcpStream) -> ClientId {
    match (&dial.hello, stream.local_addr().map(|at| at.ip())) {
        (Some(name), _) => ClientId::Domain(name.clone()),
        (None, Ok(IpAddr::V4(ip))) => ClientId::Ipv4(ip),
        (None, Ok(IpAddr::V6(ip))) => ClientId::Ipv6(ip),
        (None, Err(_)) => ClientId::default(),
    }
}

async fn say_hello(wire: &mut Wire, hello: &ClientId) -> Result<Offers, SmtpError> {
    wire.say(Step::Ehlo, Ehlo::new(hello.clone())).await?;
    let reply = wire.reply(Step::Ehlo).await?;
    if reply.is_done() {
        return Ok(Offers::parse(&reply));
    }
    if !matches!(reply.code, 500 | 502 | 504) {
        return Err(SmtpError::new(Step::Ehlo, Cause::Refused(reply)));
    }
    // A server from before 1993, or one that plays it: it offers nothing (RFC 5321 §3.2).
    wire.say(Step::Ehlo, format!("HELO {hello}\r\n")).await?;
    let reply = wire.reply(Step::Ehlo).await?;
    match reply.is_done() {
        true => Ok(Offers::default()),
        false => Err(SmtpError::new(Step::Ehlo, Cause::Refused(reply))),
    }
}

fn wants_starttls(encryption: Encryption, offers: &Offers) -> Result<bool, SmtpError> {
    match encryption {
        Encryption::Off | Encryption::Implicit => Ok(false),
        Encryption::Opportunistic => Ok(offers.starttls),
        Encryption::Required if offers.starttls => Ok(true),
        Encryption::Required => Err(SmtpError::new(
            Step::Tls,
            Cause::Tls("the server does not offer STARTTLS, and mail goes out encrypted unless the relay's url says ?starttls=off".to_owned()),
        )),
    }
}

/// RFC 3207. What the server said before is forgotten; EHLO is said again.
async fn start_tls(dial: &Dial, mut wire: Wire, hello: &ClientId) -> Result<(Wire, Offers), SmtpError> {
    wire.say(Step::Tls, Starttls).await?;
    let reply = wire.reply(Step::Tls).await?;
    if reply.code != 220 {
        // Refused for now: also where encryption is opportunistic, the next try may have it.
        return Err(SmtpError::new(Step::Tls, Cause::Refused(reply)));
    }
    let stream = encrypt(dial, wire.into_plain()?).await?;
    let mut wire = Wire::new(stream, dial.limits);
    let offers = say_hello(&mut wire, hello).await?;
    Ok((wire, offers))
}

async fn encrypt(dial: &Dial, stream: TcpStream) -> Result<Stream, SmtpError> {
    let fault = |text: String| SmtpError::new(Step::Tls, Cause::Tls(text));
    let configs = dial.tls.as_ref().ok_or_else(|| fault("no certificates to check the server by".to_owned()))?;
    let config = match dial.encryption {
        Encryption::Opportunistic => &configs.unchecked,
        _ => &configs.checked,
    };
    let limit = dial.limits.tls;
    match timeout(limit, over(config, &dial.host, stream)).await {
        Err(_) => Err(SmtpError::new(Step::Tls, Cause::Silence(limit))),
        Ok(Err(error)) => Err(fault(error)),
        Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
    }
}

/// RFC 4954: with a password PLAIN where it is offered, else LOGIN; with a token XOAUTH2.
async fn sign_in(wire: &mut Wire, offers: &Offers, login: &Login) -> Result<(), SmtpError> {
    if offers.auth.is_empty() {
        return Err(unable("the server takes no user and password here (it does not offer AUTH)"));
    }
    let offered = |name: &str| offers.auth.iter().any(|known| known == name);
    let refused = |known: &str| unable(format!("the server offers {}; {known}", offers.auth.join(", ")));
    match &login.proof {
        Proof::Password(password) if offered("PLAIN") => {
            with_password(wire, Mechanism::Plain, &login.user, password).await
        }
        Proof::Password(password) if offered("LOGIN") => {
            with_password(wire, Mechanism::Login, &login.user, password).await
        }
        Proof::Password(_) => Err(refused("with a password we know PLAIN and LOGIN")),
        Proof::Token(token) if offered("XOAUTH2") => with_token(wire, &login.user, token).await,
        Proof::Token(_) => Err(refused("with a token we know XOAUTH2; name a password_file in its place")),
    }
}

fn unable(text: impl Into<String>) -> SmtpError {
    SmtpError::new(Step::Auth, Cause::Auth(text.into()))
}

async fn with_password(
    wire: &mut Wire,
    mechanism: Mechanism,
    user: &str,
    password: &SecretString,
) -> Result<(), SmtpError> {
    let credentials = Credentials::new(user.to_owned(), password.expose_secret().to_owned());
    let unusable = |error: lettre::transport::smtp::Error| unable(format!("AUTH {mechanism}: {error}"));
    wire.say(Step::Auth, Auth::new(mechanism, credentials.clone(), None).map_err(unusable)?).await?;
    // LOGIN asks for the name, then for the password; no mechanism of ours is asked more than that.
    for _ in 0..3 {
        let reply = wire.reply(Step::Auth).await?;
        match reply.code {
            235 => return Ok(()),
            334 => {
                let challenge = as_response(&reply).ok_or_else(|| unable("a challenge that cannot be read"))?;
                let answer = Auth::new_from_response(mechanism, credentials.clone(), &challenge).map_err(unusable)?;
                wire.say(Step::Auth, answer).await?;
            }
            _ => return Err(SmtpError::new(Step::Auth, Cause::Refused(without(reply, password)))),
        }
    }
    Err(unable("the server asks on and on"))
}

/// XOAUTH2 as Google and Microsoft have it: user and token in one line. Before it refuses, a server says why in a 334, and waits
/// for an empty line.
async fn with_token(wire: &mut Wire, user: &str, token: &Token) -> Result<(), SmtpError> {
    let missing = |why: String| SmtpError::new(Step::Auth, Cause::Token(why));
    let token = token.read().map_err(missing)?;
    let credentials = Credentials::new(user.to_owned(), token.expose_secret().to_owned());
    let auth = Auth::new(Mechanism::Xoauth2, credentials, None).map_err(|e| unable(format!("AUTH XOAUTH2: {e}")))?;
    wire.say(Step::Auth, auth).await?;
    let mut reply = wire.reply(Step::Auth).await?;
    let mut why = String::new();
    if reply.code == 334 {
        why = reply.lines.first().and_then(|line| complaint(line)).unwrap_or_default();
        wire.say(Step::Auth, "\r\n").await?;
        reply = wire.reply(Step::Auth).await?;
    }
    match reply.code {
        235 => Ok(()),
        334 => Err(unable("the server asks on and on")),
        _ if reply.is_transient() => Err(SmtpError::new(Step::Auth, Cause::Refused(without(reply, &token)))),
        _ => Err(missing(format!("the server does not take the token of “{user}”: {}{why}", without(reply, &token)))),
    }
}

/// What stands in a 334: JSON with a status and more, in base 64.
fn complaint(line: &str) -> Option<String> {
    let json = data_encoding::BASE64.decode(line.trim().as_bytes()).ok()?;
    let said: serde_json::Value = serde_json::from_slice(&json).ok()?;
    let status = said.get("status")?;
    let status = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
    Some(format!(" (status {})", status.chars().filter(|c| c.is_ascii_graphic()).take(40).collect::<String>()))
}

/// A refusal without the password or token, which a careless server may repeat in it.
fn without(mut reply: Reply, secret: &SecretString) -> Reply {
    for line in &mut reply.lines {
        *line = line.replace(secret.expose_secret(), "…");
    }
    reply
}

/// A 334 as lettre has it.
fn as_response(reply: &Reply) -> Option<Response> {
    format!("{} {}\r\n", reply.code, reply.lines.first()?).parse().ok()
}
