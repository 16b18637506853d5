//! The headers of a copy, and the frame of its parts.
//!
//! Headers are lettre's, which folds and encodes them (RFC 5322 §2.2.3, RFC 2047). Values that only machines read
//! (addresses of pages, ids) are cut down to printable ASCII first. So no value can start a header of its own.

use std::time::{Duration, SystemTime};

use lettre::message::Mailboxes;
use lettre::message::header::{self, HeaderName, HeaderValue, Headers};

use super::{MailError, Mailbox};
use crate::article::Language;
use crate::audience::Address;
use crate::clock::Instant;

/// What stands on the outside of a copy.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The visible sender, `Name <address>`.
    pub from: String,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The reader's address.
    pub to: Address,
    /// The reader's name.
    pub to_name: Option<String>,
    /// The message's id without `<` and `>`; the same each time the copy is made.
    pub message_id: String,
    /// When the copy was made for sending.
    pub date: Instant,
    /// Title and id of the newsletter (RFC 2919): `("Daily digest", "daily.newsroom.example")`.
    pub list_id: (String, String),
    /// The address of the page for leaving; with https it also takes the one-click POST (RFC 8058).
    pub leave_url: Option<String>,
    /// The address of the page for choosing.
    pub preferences_url: Option<String>,
    /// Gmail's `Feedback-ID`: up to four parts with colons between them.
    pub feedback_id: Option<String>,
    /// The language of the text.
    pub language: Language,
    /// Sent in a trial: `X-Herald-Sandbox: yes`.
    pub sandbox: bool,
    /// A test copy for staff: `X-Herald-Test: yes`.
    pub test: bool,
    /// Why the reader gets it, one sentence; empty: the rendering's own.
    pub why: String,
}

/// Writes the headers and the empty line after them.
pub(super) fn head(envelope: &Envelope, subject: &str, boundary: &str, out: &mut Vec<u8>) -> Result<(), MailError> {
    let mut headers = Headers::with_capacity(20);
    headers.set(header::Date::new(system_time(envelope.date)));
    headers.set(header::From::from(Mailboxes::from(envelope.from.parse::<Mailbox>()?.to_lettre()?)));
    if let Some(reply_to) = &envelope.reply_to {
        headers.set(header::ReplyTo::from(Mailboxes::from(reply_to.parse::<Mailbox>()?.to_lettre()?)));
    }
    let to = Mailbox::new(envelope.to_name.as_deref(), envelope.to.clone());
    headers.set(header::To::from(Mailboxes::from(to.to_lettre()?)));
    headers.set(header::Subject::from(subject.to_owned()));
    let mut set = |name, value: &str| headers.insert_raw(machine(name, value));
    set("Message-ID", &format!("<{}>", token(&envelope.message_id)));
    set("Content-Language", envelope.language.as_str());
    if let Some(leave) = &envelope.leave_url {
        set("List-Unsubscribe", &format!("<{}>", token(leave)));
        if leave.starts_with("https://") {
            set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
    }
    // RFC 3834: no answer by a machine; the others are for those that know only their own.
    set("Auto-Submitted", "auto-generated");
    set("Precedence", "bulk");
    set("X-Auto-Response-Suppress", "OOF, AutoReply");
    if let Some(feedback) = &envelope.feedback_id {
        set("Feedback-ID", &token(feedback));
    }
    if envelope.sandbox {
        set("X-Herald-Sandbox", "yes");
    }
    if envelope.test {
        set("X-Herald-Test", "yes");
    }
    set("MIME-Version", "1.0");
    set("Content-Type", &format!("multipart/alternative;\r\n boundary=\"{boundary}\""));
    headers.insert_raw(list_id(&envelope.list_id.0, &envelope.list_id.1));
    out.extend_from_slice(headers.to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Begins a part. The pieces before it end at the start of a line.
pub(super) fn part(media_type: &str, boundary: &str, out: &mut Vec<u8>) {
    let head = format!(
        "--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}

/// Ends the last part.
pub(super) fn end(boundary: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
}

fn system_time(at: Instant) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(at.timestamp().max(0).unsigned_abs())
}

/// A header whose value is ours and already in form.
fn machine(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), String::new(), value.to_owned())
}

/// Printable ASCII without spaces and angle brackets: what may stand between `<` and `>`.
fn token(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect()
}

/// `List-Id: "Title" <id>` (RFC 2919): lettre writes phrase and brackets as it does a mailbox's; the id is no address.
fn list_id(title: &str, id: &str) -> HeaderValue {
    let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).collect();
    let title = super::mailbox::one_line(title);
    let title = match title.is_ascii() {
        true if title.is_empty() => String::new(),
        true => format!("\"{}\" ", title.replace(['"', '\\'], "'")),
        false => format!("{title} "),
    };
    HeaderValue::new(HeaderName::new_from_ascii_str("List-Id"), format!("{title}<{id}>"))
}
