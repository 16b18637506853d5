//! One folder of an IMAP server (RFC 3501), by async-imap over a connection of our own.
//!
//! 1. [`Mailbox::open`] dials, signs in and opens the folder.
//! 2. [`Mailbox::after`] says which messages have come since a number, [`Mailbox::fetch`] brings the beginning of each.
//! 3. [`Mailbox::see`] marks them, or [`Mailbox::move_to`] moves them away; [`Mailbox::close`] takes leave.
//!
//! A server may say anything: how much of it is read, and for how long, is bounded for each command ([`stream`]), and a fault
//! of the library's is an error like any other.

mod folder;
mod stream;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_imap::error::{Error, Result as Said};
use async_imap::imap_proto::Response;
use async_imap::types::Capability;
use async_imap::{Authenticator, Client, Session};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use secrecy::{ExposeSecret as _, SecretString};

use self::stream::{Budget, Counted, TooMuch};
use super::smtp::TlsConfigs;
use crate::config::{Imap, Proof};

/// Bytes of the answer to a command that brings no mail.
const COMMAND: u64 = 1 << 20;
/// Bytes of a list of numbers: a million messages.
const LIST: u64 = 1 << 23;
/// Bytes of a message beside its text: its number, its size.
const BESIDE: u64 = 1024;

/// How a folder is reached.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Server, user and folder.
    pub to: Imap,
    /// How the user signs in.
    pub proof: Proof,
    /// Certificates; needed with TLS.
    pub tls: Option<TlsConfigs>,
    /// How long each command may take.
    pub limit: Duration,
}

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// The connection broke, or could not be made.
    #[error("{0}")]
    Io(String),
    /// The server was silent.
    #[error("no answer within {0:?}")]
    Silence(Duration),
    /// TLS cannot be had.
    #[error("{0}")]
    Tls(String),
    /// There is no token to sign in with.
    #[error("{0}")]
    Proof(String),
    /// The server does not take user and password, or token.
    #[error("the server does not let “{user}” in: {said}; look at the user in imap and at {key}")]
    Login {
        /// The user.
        user: String,
        /// Its words.
        said: String,
        /// Where the secret stands.
        key: &'static str,
    },
    /// There is no such folder.
    #[error("the server has no folder “{folder}” ({said}){there}")]
    Folder {
        /// The folder.
        folder: String,
        /// Its words.
        said: String,
        /// Which folders there are.
        there: String,
    },
    /// It refused a command.
    #[error("the server refuses {what}: {said}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Its words.
        said: String,
    },
    /// It says more than was asked for.
    #[error("the server says more than was asked for, or the folder holds too many messages at once")]
    TooMuch,
    /// What it says is no IMAP.
    #[error("what the server says is no IMAP")]
    Malformed,
}

/// An open folder.
pub struct Mailbox {
    session: Session<Counted>,
    budget: Budget,
    limit: Duration,
    /// The numbering: under another one every number means another message (RFC 3501 §2.3.1.1).
    pub validity: u32,
}

impl Mailbox {
    /// Dials, signs in and opens the folder.
    ///
    /// # Errors
    /// [`ImapError`]: at what it failed.
    pub async fn open(dial: &Dial) -> Result<Mailbox, ImapError> {
        let budget = Budget::default();
        let limit = dial.limit;
        let stream = stream::connect(dial, &budget).await?;
        let mut client = Client::new(stream);
        budget.allow(COMMAND);
        let greeting = within(limit, "the connection", async { Ok(client.read_response().await?) }).await?;
        match greeting.as_ref().map(|greeting| greeting.parsed()) {
            Some(Response::Data { status: async_imap::imap_proto::Status::Ok, .. }) => {}
            Some(Response::Data { outcome, .. }) => {
                let said = plain(outcome.information.as_deref().unwrap_or_default());
                return Err(ImapError::Refused { what: "the connection", said });
            }
            _ => return Err(ImapError::Malformed),
        }
        let session = sign_in(client, dial).await?;
        let mut mailbox = Mailbox { session, budget, limit, validity: 0 };
        mailbox.select(&dial.to.folder).await?;
        Ok(mailbox)
    }

    async fn select(&mut self, folder: &str) -> Result<(), ImapError> {
        let name = self.name_of(folder).await?;
        self.budget.allow(COMMAND);
        match within(self.limit, "the folder", self.session.select(&name)).await {
            Ok(open) => {
                // A server without numbers that last is none since 1996; then each pass reads from the first message on.
                self.validity = open.uid_validity.unwrap_or(0);
                Ok(())
            }
            Err(ImapError::Refused { said, .. }) => {
                let there = self.folders().await;
                Err(ImapError::Folder { folder: folder.to_owned(), said, there })
            }
            Err(other) => Err(other),
        }
    }

    /// A folder as this server calls it: its own sign between the parts, letters beyond ASCII in its way.
    async fn name_of(&mut self, folder: &str) -> Result<String, ImapError> {
        if !folder.contains('/') {
            return Ok(folder::encode(folder));
        }
        self.budget.allow(COMMAND);
        let list = async {
            let names: Vec<_> = self.session.list(Some(""), None).await?.try_collect().await?;
            Ok(names.first().and_then(|name| name.delimiter().map(str::to_owned)))
        };
        let sign = within(self.limit, "the sign between folders", list).await?;
        Ok(folder::encode(&sign.map_or(folder.to_owned(), |sign| folder.replace('/', &sign))))
    }

    /// The first folders that there are, in words.
    async fn folders(&mut self) -> String {
        self.budget.allow(COMMAND);
        let list = async {
            let names = self.session.list(Some(""), Some("%")).await?;
            names.take(20).try_collect::<Vec<_>>().await
        };
        let names = within(self.limit, "the list of folders", list).await.unwrap_or_default();
        let names: Vec<String> = names.iter().map(|name| plain(&folder::decode(name.name()))).collect();
        if names.is_empty() { String::new() } else { format!("; it has {}", names.join(", ")) }
    }

    /// The numbers of the messages behind `last`, in order.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn after(&mut self, last: u32) -> Result<Vec<u32>, ImapError> {
        let Some(first) = last.checked_add(1) else { return Ok(Vec::new()) };
        self.budget.allow(LIST);
        let found = within(self.limit, "the search", self.session.uid_search(format!("UID {first}:*"))).await?;
        // `first:*` holds the last message also where its number is lower (RFC 3501 §6.4.8).
        let mut found: Vec<u32> = found.into_iter().filter(|uid| *uid >= first).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// How large each of these messages is.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn sizes(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, u32>, ImapError> {
        self.budget.allow(COMMAND + BESIDE * uids.len() as u64);
        let fetch = async {
            let all: Vec<_> = self.session.uid_fetch(set(uids), "(UID RFC822.SIZE)").await?.try_collect().await?;
            Ok(all.iter().filter_map(|one| Some((one.uid?, one.size?))).collect())
        };
        within(self.limit, "the sizes", fetch).await
    }

    /// The messages with these numbers, of each at most `most` bytes. One that is gone meanwhile is left out. They stay
    /// as unseen as they were.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn fetch(&mut self, uids: &[u32], most: usize) -> Result<BTreeMap<u32, Vec<u8>>, ImapError> {
        self.budget.allow(COMMAND + (BESIDE + most as u64) * uids.len() as u64);
        let query = format!("(UID BODY.PEEK[]<0.{most}>)");
        let fetch = async {
            let mut all = self.session.uid_fetch(set(uids), query).await?;
            let mut found = BTreeMap::new();
            while let Some(one) = all.try_next().await? {
                if let Some(uid) = one.uid.filter(|uid| uids.contains(uid))
                    && let Some(body) = one.body()
                {
                    found.insert(uid, body[..body.len().min(most)].to_vec());
                }
            }
            Ok(found)
        };
        within(self.limit, "the messages", fetch).await
    }

    /// Marks messages as seen.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn see(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        self.flag(uids, "+FLAGS.SILENT (\\Seen)").await
    }

    async fn flag(&mut self, uids: &[u32], flags: &str) -> Result<(), ImapError> {
        self.budget.allow(COMMAND + BESIDE * uids.len() as u64);
        let store = async { self.session.uid_store(set(uids), flags).await?.try_for_each(|_| async { Ok(()) }).await };
        within(self.limit, "to mark messages", store).await
    }

    /// Moves messages, seen, into another folder, which is made where it is missing (RFC 6851; where the server does not know
    /// that, they are copied and deleted).
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), ImapError> {
        self.see(uids).await?;
        let name = self.name_of(folder).await?;
        self.budget.allow(COMMAND);
        let can = within(self.limit, "what it can do", self.session.capabilities()).await?;
        let can = |word: &str| can.has(&Capability::Atom(word.to_owned()));
        let (moves, expunges) = (can("MOVE"), can("UIDPLUS"));
        let mut made = false;
        loop {
            self.budget.allow(COMMAND + BESIDE * uids.len() as u64);
            let moved = match moves {
                true => within(self.limit, "to move messages", self.session.uid_mv(set(uids), &name)).await,
                false => within(self.limit, "to copy messages", self.session.uid_copy(set(uids), &name)).await,
            };
            match moved {
                Err(ImapError::Refused { .. }) if !made => {
                    made = true;
                    within(self.limit, "to make the folder of move_to", self.session.create(&name)).await?;
                }
                other => break other?,
            }
        }
        if !moves {
            self.flag(uids, "+FLAGS.SILENT (\\Deleted)").await?;
            // Without UIDPLUS an EXPUNGE would take what others have deleted, too.
            if expunges {
                let expunge =
                    async { self.session.uid_expunge(set(uids)).await?.try_for_each(|_| async { Ok(()) }).await };
                within(self.limit, "to remove what was copied", expunge).await?;
            }
        }
        Ok(())
    }

    /// Takes leave; the server has two seconds to say so too.
    pub async fn close(mut self) {
        self.budget.allow(COMMAND);
        let _ = within(Duration::from_secs(2), "LOGOUT", self.session.logout()).await;
    }
}

async fn sign_in(client: Client<Counted>, dial: &Dial) -> Result<Session<Counted>, ImapError> {
    let user = &dial.to.user;
    let (key, secret) = match &dial.proof {
        Proof::Password(password) => ("password_file or password_env", password.clone()),
        Proof::Token(token) => ("the token, which may have expired", token.read().map_err(ImapError::Proof)?),
    };
    let sign_in = async {
        let done = match &dial.proof {
            // LOGIN has no place for other letters.
            Proof::Password(_) if user.is_ascii() && secret.expose_secret().is_ascii() => {
                client.login(user, secret.expose_secret()).await
            }
            Proof::Password(_) => client.authenticate("PLAIN", Once::plain(user, &secret)).await,
            Proof::Token(_) => client.authenticate("XOAUTH2", Once::bearer(user, &secret)).await,
        };
        done.map_err(|(error, _)| error)
    };
    within(dial.limit, "the sign-in", sign_in).await.map_err(|error| match error {
        // A careless server may repeat the secret.
        ImapError::Refused { said, .. } => {
            ImapError::Login { user: user.clone(), said: said.replace(secret.expose_secret(), "…"), key }
        }
        other => other,
    })
}

/// All that there is to say at once. Whatever an XOAUTH2 server asks after that is why it refuses, and it waits for an empty line.
struct Once(Option<String>);

impl Once {
    fn plain(user: &str, password: &SecretString) -> Once {
        Once(Some(format!("\0{user}\0{}", password.expose_secret())))
    }

    fn bearer(user: &str, token: &SecretString) -> Once {
        Once(Some(format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret())))
    }
}

impl Authenticator for Once {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

/// A command within its time. A fault of the library over what a server says is the server's.
async fn within<T>(limit: Duration, what: &'static str, asked: impl Future<Output = Said<T>>) -> Result<T, ImapError> {
    match tokio::time::timeout(limit, AssertUnwindSafe(asked).catch_unwind()).await {
        Err(_) => Err(ImapError::Silence(limit)),
        Ok(Err(_)) => Err(ImapError::Malformed),
        Ok(Ok(said)) => said.map_err(|error| match error {
            Error::No(said) | Error::Bad(said) => ImapError::Refused { what, said: words(&said) },
            Error::ConnectionLost => ImapError::Io("the server closed the connection".to_owned()),
            Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<TooMuch>()) => ImapError::TooMuch,
            // The library's own errors hold everything that the server said.
            Error::Io(error) if error.kind() == std::io::ErrorKind::Other => ImapError::Malformed,
            Error::Io(error) => ImapError::Io(error.to_string()),
            _ => ImapError::Malformed,
        }),
    }
}

/// Numbers as IMAP writes a set of them.
fn set(uids: &[u32]) -> String {
    let mut set = String::with_capacity(uids.len() * 8);
    for uid in uids {
        let _ = write!(set, "{}{uid}", if set.is_empty() { "" } else { "," });
    }
    set
}

/// A server's words out of what the library makes of them: `code: None, info: Some("…")`.
fn words(said: &str) -> String {
    let inner = said.split_once("info: Some(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    plain(&inner.unwrap_or(said).replace("\\\"", "\""))
}

/// Words on one line.
fn plain(text: &str) -> String {
    let text: String = text.chars().take(400).map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}
