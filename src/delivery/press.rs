//! The press: makes a copy from an edition's rendering, with what the outside of it says.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use crate::article::Language;
use crate::audience::{Address, Ground, Person};
use crate::clock::Instant;
use crate::config::Config;
use crate::mail::dkim::Signer;
use crate::mail::{Choice, Cover, Envelope, Letter, Mailbox, Rendering};
use crate::secret::{self, Keyring, Purpose};
use crate::store::editions::EditionMail;
use crate::template::Templates;

use super::DeliveryError;
use super::reason::Reasons;

/// One rendering of an edition, ready to be copied.
#[derive(Clone, Debug)]
pub struct Plate {
    /// The edition's number in the store; 0 where it is not in there (`preview`, `send --test`).
    pub edition: i64,
    /// The newsletter's number in the store.
    pub newsletter_id: i64,
    /// The newsletter's name.
    pub newsletter: String,
    /// The edition's number within the newsletter.
    pub number: i64,
    /// The newsletter's title in the rendering's language.
    pub title: String,
    /// The rendering.
    pub rendering: Rendering,
}

impl Plate {
    /// The plates of an edition, by the number of the variant.
    ///
    /// # Errors
    /// [`DeliveryError::Plate`] where a rendering cannot be read.
    pub fn of(mail: &EditionMail) -> Result<BTreeMap<i64, Plate>, DeliveryError> {
        let plate = |number: i64, text: &str| {
            let rendering: Rendering = serde_json::from_str(text).map_err(|error| DeliveryError::Plate {
                edition: mail.id,
                variant: number,
                reason: error.to_string(),
            })?;
            let title = mail.settings.title.get(rendering.language()).or_else(|| mail.settings.title.values().next());
            Ok::<_, DeliveryError>(Plate {
                edition: mail.id,
                newsletter_id: mail.newsletter_id,
                newsletter: mail.newsletter.clone(),
                number: mail.number,
                title: title.unwrap_or(&mail.newsletter).clone(),
                rendering,
            })
        };
        mail.variants.iter().map(|(number, variant)| Ok((*number, plate(*number, &variant.rendering)?))).collect()
    }
}

/// A copy, ready for a relay.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The return path: its own for each delivery, so that a report of failure finds it.
    pub mail_from: Address,
    /// The recipient.
    pub rcpt: Address,
    /// Without `<` and `>`; the same each time this copy is made.
    pub message_id: String,
    /// The message (RFC 5322, CRLF), not dot-stuffed.
    pub bytes: Vec<u8>,
}

impl Copy {
    /// Whether its headers are ASCII. Its text always is: it is quoted-printable or base64.
    pub(super) fn has_ascii_head(&self) -> bool {
        let end = memchr::memmem::find(&self.bytes, b"\r\n\r\n").unwrap_or(self.bytes.len());
        self.bytes[..end].is_ascii()
    }
}

/// Makes copies. Sender and addresses are the configuration's, tokens the keyring's.
#[derive(Clone, Debug)]
pub struct Press {
    config: Arc<Config>,
    keyring: Arc<Keyring>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    return_path: Address,
    reasons: Reasons,
    signer: Option<Arc<Signer>>,
}

impl Press {
    /// A press for that configuration.
    ///
    /// # Errors
    /// [`DeliveryError::Setting`] where `[mail] from`, `reply_to` or `return_path` is no mailbox.
    pub fn new(config: Arc<Config>, keyring: Arc<Keyring>, templates: Arc<Templates>) -> Result<Press, DeliveryError> {
        let setting = |key, reason: String| DeliveryError::Setting { key, reason };
        let from = Mailbox::from_str(&config.mail.from).map_err(|e| setting("from", e.to_string()))?;
        let reply_to = config.mail.reply_to.as_deref().map(Mailbox::from_str).transpose();
        let reply_to = reply_to.map_err(|e| setting("reply_to", e.to_string()))?;
        let return_path = match &config.mail.return_path {
            Some(text) => Mailbox::from_str(text).map_err(|e| setting("return_path", e.to_string()))?.address,
            None => from.address.clone(),
        };
        let signer = config.mail.dkim.as_ref().map(|dkim| dkim.signer(&config.folder, from.address.domain()));
        let signer = signer.transpose().map_err(|mut unusable| {
            let (key, reason) = unusable.remove(0);
            setting(key.trim_start_matches("mail."), reason)
        });
        let signer = signer?.map(Arc::new);
        let reasons = Reasons::new(Arc::clone(&config), templates);
        Ok(Press { config, keyring, from, reply_to, return_path, reasons, signer })
    }

    /// The name under which we greet a relay: that of the public address, if it is one.
    pub fn hello(&self) -> Option<String> {
        let url = url::Url::parse(&self.config.site.url).ok()?;
        url.domain().filter(|name| name.contains('.')).map(str::to_owned)
    }

    /// The copy of `person`, who is on a list by `ground`, with the stories of `choice`, dated `date`. Made again, it bears the same `Message-ID`,
    /// return path and links.
    ///
    /// # Errors
    /// [`DeliveryError::Mail`] when the choice holds none of the stories.
    pub fn copy(
        &self,
        plate: &Plate,
        person: &Person,
        ground: &Ground,
        choice: Choice,
        date: Instant,
    ) -> Result<Copy, DeliveryError> {
        let token = self.keyring.token(Purpose::Delivery, plate.edition, person.id);
        let link = |way, token: String| Some(format!("{}/{way}/{token}", self.config.site.url));
        let leave = link("unsubscribe", self.keyring.token(Purpose::Leave, plate.newsletter_id, person.id));
        let preferences = link("preferences", self.keyring.token(Purpose::Preferences, 0, person.id));
        self.make(
            plate,
            person,
            choice,
            date,
            Outside { token, leave, preferences, why: self.reasons.why(plate, ground), test: false },
        )
    }

    /// A test copy for `address`: the same mail, marked, without links that would act for somebody, and recorded nowhere.
    ///
    /// # Errors
    /// As [`Press::copy`].
    pub fn test_copy(
        &self,
        plate: &Plate,
        address: &Address,
        choice: Choice,
        date: Instant,
    ) -> Result<Copy, DeliveryError> {
        let person = Person {
            id: 0,
            address: address.clone(),
            name: None,
            language: Some(plate.rendering.language().clone()),
            extra: BTreeMap::new(),
        };
        let word = secret::random_word(26).map_err(|_| crate::mail::MailError::Random)?.to_lowercase();
        let token = format!("test-{word}");
        self.make(
            plate,
            &person,
            choice,
            date,
            Outside { token, leave: None, preferences: None, why: String::new(), test: true },
        )
    }

    /// A letter of the house's own as it goes out: with our sender and signature, and the plain return path. Made again, it
    /// bears the same `Message-ID`, which begins with `word`.
    ///
    /// # Errors
    /// [`DeliveryError::Mail`] where it cannot be signed.
    pub fn letter(&self, word: &str, letter: &Letter, date: Instant) -> Result<Copy, DeliveryError> {
        let message_id = format!("{word}@{}", self.from.address.domain());
        let mail = &self.config.mail;
        let (from, reply_to) = (mail.from.as_str(), mail.reply_to.as_deref());
        let cover = Cover { from, reply_to, message_id: &message_id, date, sandbox: mail.sandbox };
        let mut bytes = letter.bytes(&cover)?;
        if let Some(signer) = &self.signer {
            bytes = signer.sign(&bytes, date)?;
        }
        Ok(Copy { mail_from: self.return_path.clone(), rcpt: letter.to.clone(), message_id, bytes })
    }

    fn make(
        &self,
        plate: &Plate,
        person: &Person,
        choice: Choice,
        date: Instant,
        outside: Outside,
    ) -> Result<Copy, DeliveryError> {
        let Outside { token, leave, preferences, why, test } = outside;
        let domain = self.from.address.domain();
        let message_id = format!("{token}@{domain}");
        let mail_from = if test { self.return_path.clone() } else { self.return_path_of(&token)? };
        let language: &Language = plate.rendering.language();
        let envelope = Envelope {
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            to: person.address.clone(),
            to_name: person.name.clone(),
            message_id: message_id.clone(),
            date,
            list_id: (plate.title.clone(), format!("{}.{domain}", plate.newsletter)),
            leave_url: leave,
            preferences_url: preferences,
            feedback_id: Some(self.feedback_id(plate)),
            language: language.clone(),
            sandbox: self.config.mail.sandbox,
            test,
            why,
        };
        let mut bytes = plate.rendering.copy(&envelope, person, choice)?;
        if let Some(signer) = &self.signer {
            bytes = signer.sign(&bytes, date)?;
        }
        Ok(Copy { mail_from, rcpt: person.address.clone(), message_id, bytes })
    }

    /// `local+TOKEN@domain`: a report that comes back there is about this delivery.
    fn return_path_of(&self, token: &str) -> Result<Address, DeliveryError> {
        self.return_path.with_detail(token).map_err(|error| DeliveryError::Setting {
            key: "return_path",
            reason: format!("{error}; the part before the @ grows by {} signs for each delivery", token.len() + 1),
        })
    }

    /// Gmail's Feedback-ID: the issue, the newsletter, us, and a sender that stays the same (5 to 15 signs).
    fn feedback_id(&self, plate: &Plate) -> String {
        let sender: String = self.from.address.domain().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
        format!("{}-{}:{}:herald:{sender:0<5}", plate.newsletter, plate.number, plate.newsletter)
    }
}

/// What differs on the outside between a delivery and a test.
struct Outside {
    token: String,
    leave: Option<String>,
    preferences: Option<String>,
    why: String,
    test: bool,
}
