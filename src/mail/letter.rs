//! A single mail of the house's own to one person: a confirmation, an approval, an alarm.

use super::{MailError, Mailbox, header, message, quoted};
use crate::article::Language;
use crate::audience::Address;
use crate::clock::Instant;

/// What one person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Their address.
    pub to: Address,
    /// Their name.
    pub to_name: Option<String>,
    /// The language of the text.
    pub language: Language,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
}

/// What stands on the outside of a letter.
#[derive(Clone, Copy, Debug)]
pub struct Cover<'a> {
    /// The visible sender, `Name <address>`.
    pub from: &'a str,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<&'a str>,
    /// The message's id without `<` and `>`; the same each time the letter is sent.
    pub message_id: &'a str,
    /// When it is sent.
    pub date: Instant,
    /// Sent in a trial: `X-Herald-Sandbox: yes`.
    pub sandbox: bool,
}

impl Letter {
    /// The whole message (RFC 5322, CRLF), ready for `DATA` but not dot-stuffed. It is no bulk mail: it belongs to no list,
    /// and cannot be unsubscribed from.
    ///
    /// # Errors
    /// A sender that is no mailbox.
    pub fn bytes(&self, cover: &Cover<'_>) -> Result<Vec<u8>, MailError> {
        let mut out = Vec::with_capacity(self.text.len() * 2 + self.html.as_ref().map_or(0, String::len) * 2 + 1024);
        header::machine("Date", &cover.date.to_rfc2822(), &mut out);
        header::mailbox("From", &cover.from.parse()?, &mut out);
        if let Some(reply_to) = cover.reply_to {
            header::mailbox("Reply-To", &reply_to.parse()?, &mut out);
        }
        header::mailbox("To", &Mailbox::new(self.to_name.as_deref(), self.to.clone()), &mut out);
        header::text("Subject", &self.subject, &mut out);
        let id = header::token(cover.message_id);
        header::machine("Message-ID", &format!("<{id}>"), &mut out);
        header::machine("Content-Language", self.language.as_str(), &mut out);
        header::machine("Auto-Submitted", "auto-generated", &mut out);
        header::machine("X-Auto-Response-Suppress", "OOF, AutoReply", &mut out);
        if cover.sandbox {
            header::machine("X-Herald-Sandbox", "yes", &mut out);
        }
        header::machine("MIME-Version", "1.0", &mut out);
        // It begins with what quoted-printable text cannot hold: `=_` (RFC 2045 §6.7).
        let boundary = format!("=_{}", id.split('@').next().unwrap_or_default());
        header::machine("Content-Type", &format!("multipart/alternative; boundary=\"{boundary}\""), &mut out);
        out.extend_from_slice(b"\r\n");
        let parts = [("text/plain", Some(&self.text)), ("text/html", self.html.as_ref())];
        for (media_type, text) in parts.into_iter().filter_map(|(media_type, text)| Some((media_type, text?))) {
            message::part(media_type, "quoted-printable", &boundary, &mut out);
            out.extend(quoted::encode(&format!("{}\n", text.trim_end())));
        }
        message::end(&boundary, &mut out);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written() {
        let letter = Letter {
            to: "ana@readers.test".parse().unwrap(),
            to_name: Some("Ана \"A\"\r\nBcc: x@y.test".to_owned()),
            language: "sr-Cyrl".parse().unwrap(),
            subject: "Потврда\r\nX: y".to_owned(),
            text: ".Здраво\n".to_owned(),
            html: Some("<p>Здраво</p>".to_owned()),
        };
        let from = "Press <news@office.test>";
        let date = crate::clock::from_micros(1_772_000_000_000_000);
        let cover = Cover { from, reply_to: None, message_id: "abc@office.test", date, sandbox: false };
        let bytes = letter.bytes(&cover).unwrap();
        let read = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(read.message_id(), Some("abc@office.test"));
        assert_eq!(read.body_text(0).unwrap().trim_end(), ".Здраво");
        assert_eq!(read.body_html(0).unwrap().trim_end(), "<p>Здраво</p>");
        assert!(read.header("Bcc").is_none() && read.header("X").is_none() && read.header("List-Id").is_none());
        assert!(bytes.is_ascii() && String::from_utf8(bytes).unwrap().lines().all(|line| line.len() <= 200));
    }
}
