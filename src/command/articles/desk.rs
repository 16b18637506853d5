//! `herald articles correct`, `update`, `retract`, `restore`, `checked`, `release`: what staff decide about one article.

use serde::Serialize;

use super::named::named;
use crate::article::{ArticleId, Note, RevisionKind};
use crate::clock::Instant;
use crate::command::signed::{machine_user, signed_in};
use crate::command::{Advice, Context, Exit, Usage, output};
use crate::store::articles::desk::{self, Hand, Standing};
use crate::store::articles::{State, listed, original, release_due};
use crate::store::editions::corrections;
use crate::store::{Tx, wish};

/// Which article, and who does it.
#[derive(Debug, clap::Args)]
pub struct About {
    /// The article: its id, the beginning of it, its slug, or the address of its page.
    pub id: String,
    /// Who does it: an account of `herald staff`, whose token is asked for. Else it is the user of this machine.
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

impl About {
    /// Who does it, by name.
    ///
    /// # Errors
    /// There is no such account, or the token is not theirs.
    pub(super) async fn who(&self, cx: &mut Context) -> anyhow::Result<String> {
        match &self.name {
            Some(name) => Ok(signed_in(cx, name).await?.name),
            None => Ok(machine_user()),
        }
    }

    /// The article, in the transaction in which it is changed.
    ///
    /// # Errors
    /// None or several are meant; nothing of it is kept any more.
    pub(super) async fn standing(&self, tx: &mut Tx, cx: &Context) -> anyhow::Result<Standing> {
        let article = named(tx, &cx.config, &self.id).await?;
        let at = desk::standing(tx, article).await?;
        let at = at.ok_or_else(|| Usage(format!("there is no article {article} any more")))?;
        if let Some(original) = original(tx, article).await? {
            let said = format!("“{}” is made from article {original} in another script", at.content.title);
            return Err(Usage(said)).advise(format!("Nothing was done. Name {original}: this one follows it."));
        }
        if let Some(since) = at.expunged {
            let said = format!("article {article} was removed for good on {}: nothing of it is kept", cx.when(since));
            return Err(Usage(said))
                .advise("Nothing was done. `herald articles show ID --history` says by whose order.");
        }
        Ok(at)
    }
}

/// What a decision came to: the document of `--json`.
#[derive(Serialize)]
struct Done<'a> {
    article: ArticleId,
    title: &'a str,
    url: String,
    who: &'a str,
    /// The revision that it made; none where readers see no other words.
    revision: Option<i64>,
    kind: Option<RevisionKind>,
    at: Instant,
    /// How many editions printed the article as it was before.
    editions: usize,
}

/// What is asked for.
pub(super) enum Wanted {
    /// A correction; `replace`: in place of the newest that staff made.
    Correct { note: Option<String>, wrong: Option<String>, right: Option<String>, replace: bool },
    /// New facts, or (`minor`) that the last change was a slip.
    Update { note: Option<String>, minor: bool },
    /// A withdrawal.
    Retract { reason: String },
    /// A withdrawal taken back.
    Restore,
    /// That this version is right as it stands.
    Checked,
    /// An embargo lifted.
    Release,
}

/// Does it.
///
/// # Errors
/// It cannot be done with this article; what the store says.
pub(super) async fn run(cx: &mut Context, about: &About, wanted: Wanted) -> anyhow::Result<Exit> {
    let who = about.who(cx).await?;
    let store = cx.store().await?;
    let mut tx = store.write().await?;
    let now = cx.clock.now();
    let at = about.standing(&mut tx, cx).await?;
    let why = words(&wanted);
    let hand = Hand { who: &who, now, why: why.as_deref() };
    let before = at.clone();
    let revision = match wanted {
        Wanted::Release => {
            release(&mut tx, cx, at, &hand).await?;
            None
        }
        wanted => Some(decide(&mut tx, at, wanted, &hand).await?),
    };
    let printed = corrections::printed_before(&mut tx, before.article, revision.unwrap_or(i64::MAX)).await?.len();
    wish(&mut tx).await?;
    tx.commit().await?;
    let mut tx = store.read().await?;
    let after = desk::standing(&mut tx, before.article).await?.unwrap_or(before.clone());
    drop(tx);
    let url = cx.config.site.article(&after.language, &after.slug);
    if cx.frame.json {
        let kind = revision.map(|_| after.kind);
        let title = after.content.title.as_str();
        output::json(&Done {
            article: after.article,
            title,
            url,
            who: &who,
            revision,
            kind,
            at: now,
            editions: printed,
        })?;
        return Ok(Exit::Done);
    }
    output::line(said(cx, &after, revision.is_some()))?;
    output::line(format!("  {}\n  {url}", after.content.title))?;
    output::line("Feeds and pages follow at once while `herald run` is running, else with the next `herald once`.")?;
    hints(&before, &after, printed);
    Ok(Exit::Done)
}

/// What staff said, for the log.
fn words(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Correct { note: Some(note), .. } | Wanted::Update { note: Some(note), .. } => Some(note.clone()),
        Wanted::Correct { wrong: Some(wrong), right: Some(right), .. } => Some(format!("{wrong} → {right}")),
        Wanted::Retract { reason } => Some(reason.clone()),
        _ => None,
    }
}

async fn decide(tx: &mut Tx, at: Standing, wanted: Wanted, hand: &Hand<'_>) -> anyhow::Result<i64> {
    if !at.is_seen() {
        return Err(Usage(format!("“{}” is not public: readers see nothing of it", at.content.title)))
            .advise("Nothing was done. Edit its file; `herald articles show ID` says what holds it.");
    }
    let withdrawn = at.content.withdrawn.is_some();
    if withdrawn && !matches!(wanted, Wanted::Restore) {
        return Err(Usage(format!("“{}” is withdrawn: a notice stands in its place", at.content.title)))
            .advise("Nothing was done. `herald articles restore ID` takes a withdrawal back.");
    }
    Ok(match wanted {
        Wanted::Correct { note, wrong, right, replace } => {
            let note = Note { at: hand.now, note, wrong, right };
            if at.content.corrections.iter().any(|known| known.says_the_same(&note)) {
                return Err(Usage("it says that already".to_owned()).into());
            }
            match replace {
                true => desk::reword(tx, at, note, hand).await?.ok_or_else(|| {
                    Usage("--replace: no correction of it was made by `herald articles correct`".to_owned())
                })?,
                false => desk::correct(tx, at, note, hand).await?,
            }
        }
        Wanted::Update { minor: true, .. } => {
            if at.kind != RevisionKind::Update {
                let kind = at.kind.word();
                return Err(Usage(format!("--minor: its last state is of the kind “{kind}”, and no update"))).advise(
                    "Nothing was done. A correction stays one; `herald articles show ID --history` shows all states.",
                );
            }
            desk::belittle(tx, at, hand).await?
        }
        Wanted::Update { note, .. } => {
            let note = note.map(|note| Note { at: hand.now, note: Some(note), wrong: None, right: None });
            desk::update(tx, at, note, hand).await?
        }
        Wanted::Retract { reason } => desk::retract(tx, at, &reason, hand).await?,
        Wanted::Restore => return restore(tx, at, hand).await,
        Wanted::Checked => desk::check(tx, at, hand).await?,
        Wanted::Release => at.revision,
    })
}

async fn restore(tx: &mut Tx, at: Standing, hand: &Hand<'_>) -> anyhow::Result<i64> {
    if at.content.withdrawn.is_none() {
        return Err(Usage(format!("“{}” is not withdrawn", at.content.title)).into());
    }
    if at.decided.withdrawn.is_none() {
        return Err(Usage("it was withdrawn in its file, not by `herald articles retract`".to_owned()))
            .advise("Nothing was done. Take `withdrawn:` out of its front matter.");
    }
    let restored = desk::restore(tx, at, hand).await?;
    restored.ok_or_else(|| anyhow::anyhow!("nothing is kept of what it said before it was withdrawn"))
}

async fn release(tx: &mut Tx, cx: &Context, at: Standing, hand: &Hand<'_>) -> anyhow::Result<()> {
    let state = listed(tx, at.article).await?.map(|listed| listed.state);
    let title = at.content.title.clone();
    match (state, at.due_at) {
        (Some(State::Held), Some(until)) => desk::release(tx, at, until, hand).await?,
        (Some(State::Draft), _) => {
            return Err(Usage(format!("“{title}” is a draft: that is for its file to say")))
                .advise("Nothing was done. Take `draft: true` out of its front matter.");
        }
        (Some(State::Removed), _) => {
            return Err(Usage(format!("“{title}” is gone from its source")))
                .advise("Nothing was done. Put its file back.");
        }
        _ => return Err(Usage(format!("“{title}” is public already")).into()),
    }
    release_due(tx, hand.now).await?;
    tracing::debug!(at = %cx.when(hand.now), "released");
    Ok(())
}

fn said(cx: &Context, after: &Standing, revised: bool) -> String {
    let at = cx.when(after.updated);
    match after.kind {
        _ if !revised => "Released: it is public now.".to_owned(),
        RevisionKind::Correction => format!("Corrected at {at}. Its page, feeds and mails to come say so at the top."),
        RevisionKind::Retraction => {
            "Withdrawn. A notice stands in its place for 30 days in feeds, and for good on its page; `herald articles restore` takes that back.".to_owned()
        }
        RevisionKind::Update => format!("Updated at {at}: feed readers show it again."),
        RevisionKind::Minor | RevisionKind::First => format!("Noted. For readers it was last updated at {at}."),
    }
}

/// What staff may want to do next.
fn hints(before: &Standing, after: &Standing, printed: usize) {
    let grave = matches!(after.kind, RevisionKind::Correction | RevisionKind::Retraction);
    if grave && before.revision != after.revision && printed > 0 {
        let editions = if printed == 1 { "An edition".to_owned() } else { format!("{printed} editions") };
        output::note(format!(
            "{editions} printed it as it was before: `herald send --correction {}` tells those who were sent that.",
            after.article
        ));
    }
    let newest = after.content.corrections.first().filter(|_| after.kind == RevisionKind::Correction);
    if let Some(wrong) = newest.and_then(|note| note.wrong.as_deref())
        && [&after.content.text, &after.content.title].iter().any(|text| text.contains(wrong.trim_end_matches('.')))
    {
        output::note(format!("Its text still says “{wrong}”: edit its file too."));
    }
}
