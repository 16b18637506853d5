//! Mail to staff about an edition: that it waits for them, that somebody sent it alone. No article's text is in it.

use crate::article::Language;
use crate::clock::Instant;
use crate::config::Config;
use crate::mail::Letter;
use crate::store::editions::{Edition, approvals, states};
use crate::store::staff::{self, Account};
use crate::store::{Store, StoreError, Tx, post};
use crate::template::{Argument, Templates};

use super::approve::{due_at, is_maker};
use super::fill::{self, Audience, Chooser};
use super::{EditionError, approve};

/// What people asked for an approval are told, and in which words.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The newsroom.
    pub config: &'a Config,
    /// The messages of each language.
    pub templates: &'a Templates,
}

impl Words<'_> {
    /// A message in a language.
    pub fn say(&self, language: &Language, key: &str, arguments: &[(&str, Argument)]) -> String {
        self.templates.catalog().say(language, key, arguments)
    }

    /// The language that somebody is written to in.
    fn language(&self, account: &Account) -> Language {
        account.language.clone().unwrap_or_else(|| self.config.language())
    }

    /// An instant in the newsroom's time: `2026-03-04 07:00 CET`.
    pub fn time(&self, at: Instant) -> String {
        at.with_timezone(&self.config.site.timezone).format("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// Where staff look at an edition: a link, or what to type.
    pub fn look(&self, language: &Language, edition: i64) -> String {
        match &self.config.staff.url {
            Some(url) => self.say(language, "staff-link", &[("link", format!("{url}/editions/{edition}").into())]),
            None => {
                let command = format!("herald editions show {edition}");
                self.say(language, "staff-command", &[("command", command.into())])
            }
        }
    }

    /// The newsletter's title in a language.
    pub fn title(&self, language: &Language, edition: &Edition) -> String {
        let titles = &edition.settings.title;
        titles.get(language).or(titles.values().next()).unwrap_or(&edition.newsletter).clone()
    }

    fn letter(&self, account: &Account, subject: String, lines: &[String]) -> Letter {
        Letter {
            to: account.mailbox.clone(),
            to_name: Some(account.name.clone()),
            language: self.language(account),
            subject,
            text: format!("{}\n", lines.join("\n")),
            html: None,
        }
    }

    /// That an edition waits for somebody's approval.
    fn asking(&self, account: &Account, edition: &Edition, people: i64, changed: bool) -> Letter {
        let language = self.language(account);
        let say = |key: &str, arguments: &[(&str, Argument)]| self.say(&language, key, arguments);
        let about = [("title", self.title(&language, edition).into()), ("number", edition.number.into())];
        let mut lines = vec![say("staff-waits", &about), String::new()];
        if edition.settings.advance.is_some() {
            // Its headline is under embargo.
        } else if changed {
            // What became of an article may be an embargo, and then its headline is under it, too.
            lines.push(say("staff-again", &[]));
        } else {
            lines.push(say("staff-subject", &[("subject", edition.subject.clone().into())]));
        }
        lines.push(say("staff-people", &[("count", people.into())]));
        lines.push(match due_at(edition) {
            Some(at) => say("staff-time", &[("time", self.time(at).into())]),
            None => say("staff-at-once", &[]),
        });
        lines.push(say("staff-needs", &[("count", edition.needs.into())]));
        lines.extend([String::new(), self.look(&language, edition.id)]);
        let command = format!("herald editions approve {} --as \"{}\"", edition.id, account.name);
        lines.push(say("staff-approve", &[("command", command.into())]));
        self.letter(account, say("staff-waits-subject", &about), &lines)
    }
}

/// Tells those who may approve an edition that it waits for them, where they have not been told; the editions. One that
/// nobody may approve stays untold until somebody may.
///
/// # Errors
/// What the store says.
pub async fn ask(store: &Store, words: Words<'_>, now: Instant) -> Result<Vec<i64>, EditionError> {
    let mut tx = store.read().await?;
    let waiting = approvals::unasked(&mut tx).await?;
    let mut asked = Vec::new();
    if waiting.is_empty() {
        return Ok(asked);
    }
    let accounts = staff::open(&mut tx).await?;
    drop(tx);
    for edition in waiting {
        let may = |account: &&Account| account.role.approves() && !is_maker(&edition, &account.name);
        let readers: Vec<&Account> = accounts.iter().filter(may).collect();
        if readers.is_empty() {
            tracing::debug!("edition {}: nobody may approve it yet", edition.id);
            continue;
        }
        let mut tx = store.read().await?;
        let people = people(&mut tx, &edition).await?;
        let changed = !states::changed(&mut tx, edition.id).await?.is_empty();
        drop(tx);
        let mut tx = store.write().await?;
        if !approvals::asked(&mut tx, edition.id, now).await? {
            continue;
        }
        for account in &readers {
            post::enqueue(&mut tx, &words.asking(account, &edition, people, changed), now).await?;
        }
        tx.commit().await?;
        let masked: Vec<String> = readers.iter().map(|account| account.mailbox.masked()).collect();
        tracing::info!(
            "{} No. {} {}: {} were told",
            edition.newsletter,
            edition.number,
            approve::waits(0, edition.needs),
            masked.join(", ")
        );
        asked.push(edition.id);
    }
    Ok(asked)
}

/// How many people an edition goes to, as far as can be said before it is filled.
async fn people(tx: &mut Tx, edition: &Edition) -> Result<i64, EditionError> {
    if edition.filled {
        return Ok(edition.recipients);
    }
    let chooser = Chooser::of(tx, edition).await?;
    let audience = Audience {
        newsletter_id: edition.newsletter_id,
        newsletter: edition.newsletter.clone(),
        lists: edition.settings.lists.clone(),
        upto: edition.audience_upto,
    };
    Ok(fill::survey(tx, &chooser, &audience, fill::Extent::All).await?.copies)
}

/// Tells all staff that somebody sent an edition alone. The caller commits.
///
/// # Errors
/// What the store says.
pub async fn alone(
    tx: &mut Tx,
    words: Words<'_>,
    edition: &Edition,
    (who, why): (&Account, &str),
    now: Instant,
) -> Result<(), StoreError> {
    for account in staff::open(tx).await? {
        let language = words.language(&account);
        let about = [("title", words.title(&language, edition).into()), ("number", edition.number.into())];
        let mut said = about.to_vec();
        said.push(("name", who.name.clone().into()));
        let lines = [
            words.say(&language, "staff-alone", &said),
            words.say(&language, "staff-reason", &[("reason", why.into())]),
            String::new(),
            words.look(&language, edition.id),
        ];
        let subject = words.say(&language, "staff-alone-subject", &about);
        post::enqueue(tx, &words.letter(&account, subject, &lines), now).await?;
    }
    Ok(())
}
