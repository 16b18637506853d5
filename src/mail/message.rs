//! The headers of a copy, and the frame of its parts.

use super::{Mailbox, header};
use crate::article::Language;
use crate::audience::Address;
use crate::clock::Instant;

/// What stands on the outside of a copy.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The visible sender.
    pub from: Mailbox,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Mailbox>,
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
pub(super) fn head(envelope: &Envelope, subject: &str, boundary: &str, out: &mut Vec<u8>) {
    let token = header::token;
    header::machine("Date", &envelope.date.to_rfc2822(), out);
    header::mailbox("From", &envelope.from, out);
    if let Some(reply_to) = &envelope.reply_to {
        header::mailbox("Reply-To", reply_to, out);
    }
    header::mailbox("To", &Mailbox::new(envelope.to_name.as_deref(), envelope.to.clone()), out);
    header::text("Subject", subject, out);
    header::machine("Message-ID", &format!("<{}>", token(&envelope.message_id)), out);
    header::machine("Content-Language", envelope.language.as_str(), out);
    header::list_id(&envelope.list_id.0, &envelope.list_id.1, out);
    if let Some(leave) = &envelope.leave_url {
        header::machine("List-Unsubscribe", &format!("<{}>", token(leave)), out);
        if leave.starts_with("https://") {
            header::machine("List-Unsubscribe-Post", "List-Unsubscribe=One-Click", out);
        }
    }
    // RFC 3834: no answer by a machine; the others are for those that know only their own.
    header::machine("Auto-Submitted", "auto-generated", out);
    header::machine("Precedence", "bulk", out);
    header::machine("X-Auto-Response-Suppress", "OOF, AutoReply", out);
    if let Some(feedback) = &envelope.feedback_id {
        header::machine("Feedback-ID", &token(feedback), out);
    }
    if envelope.sandbox {
        header::machine("X-Herald-Sandbox", "yes", out);
    }
    if envelope.test {
        header::machine("X-Herald-Test", "yes", out);
    }
    header::machine("MIME-Version", "1.0", out);
    let media_type = format!("Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n");
    out.extend_from_slice(media_type.as_bytes());
}

/// Begins a part. The line break before a boundary belongs to it (RFC 2046 §5.1.1), so a part keeps its own last one.
pub(super) fn part(media_type: &str, encoding: &str, boundary: &str, out: &mut Vec<u8>) {
    let head = format!(
        "\r\n--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}

/// Ends the last part.
pub(super) fn end(boundary: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
}
