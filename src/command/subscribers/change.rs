//! `herald subscribers add`, `remove`, `suppress`, `unsuppress` and `forget`: one person at a time.

use serde_json::json;

use super::super::{Advice, Context, Exit, Usage, confirm, output};
use crate::article::Language;
use crate::audience::{Address, Reason, trimmed};
use crate::store::deliveries::scrub;
use crate::store::{StoreError, keys, subscribers, suppressions};

/// The result: a sentence for people, or the document that `--json` asks for.
fn say(cx: &Context, sentence: &str, document: &serde_json::Value) -> anyhow::Result<Exit> {
    if cx.frame.json {
        output::json(document)?
    } else {
        output::line(sentence)?
    }
    Ok(Exit::Done)
}

pub(super) async fn add(
    cx: &mut Context,
    address: &Address,
    list: &str,
    name: Option<String>,
    language: Option<String>,
    consent: Option<String>,
) -> anyhow::Result<Exit> {
    super::known_list(cx, list)?;
    let language = match language {
        None => None,
        Some(tag) => Some(tag.parse::<Language>().map_err(|error| Usage(error.to_string()))?),
    };
    let name = name.as_deref().map(trimmed).filter(|name| !name.is_empty());
    let store = cx.store().await?;
    let mut tx = store.write().await?;
    let ring = keys::ring(&mut tx).await?;
    if let Some(stands) = suppressions::of(&mut tx, &ring, address).await? {
        let error = anyhow::anyhow!(
            "{address} must not be written to since {}: {}",
            cx.when(stands.at),
            meaning(stands.reason)
        );
        return Err(error)
            .advise(format!("Where they have asked for it themselves: herald subscribers unsuppress {address}"));
    }
    let id = subscribers::ensure_lists(&mut tx, &[list]).await?;
    let id = id.get(list).copied().ok_or(StoreError::Missing("a list just made"))?;
    let (new, person) =
        subscribers::add(&mut tx, id, address, name, language.as_ref(), consent.as_deref(), cx.clock.now()).await?;
    let departures = match subscribers::subscriber(&mut tx, person).await? {
        Some(person) => person.departures.into_iter().map(|d| d.name).collect(),
        None => Vec::new(),
    };
    tx.commit().await?;
    let mut sentence = match new {
        true => format!("{address} is on list {list} now."),
        false => format!("{address} was on list {list} already."),
    };
    if !departures.is_empty() {
        sentence.push_str(&format!(
            " They left {} themselves, and only they can take that back: by the link in any mail of theirs.",
            departures.join(", ")
        ));
    }
    say(cx, &sentence, &json!({ "address": address.to_string(), "list": list, "added": new, "left": departures }))
}

pub(super) async fn remove(cx: &mut Context, address: &Address, list: &str) -> anyhow::Result<Exit> {
    super::known_list(cx, list)?;
    let store = cx.store().await?;
    let mut tx = store.write().await?;
    let list_id = subscribers::list_ids(&mut tx, &[list]).await?.get(list).copied();
    let person = subscribers::by_address(&mut tx, address).await?;
    let removed = match (list_id, person) {
        (Some(list), Some(person)) => subscribers::remove(&mut tx, list, person, cx.clock.now()).await?,
        _ => false,
    };
    tx.commit().await?;
    if !removed {
        return Err(Usage(format!("{address} is not on list {list}")).into());
    }
    let sentence = format!("{address} is off list {list}, and no file brings them back.");
    say(cx, &sentence, &json!({ "address": address.to_string(), "list": list, "removed": true }))
}

pub(super) async fn suppress(cx: &mut Context, address: &Address, reason: Option<String>) -> anyhow::Result<Exit> {
    let store = cx.store().await?;
    let mut tx = store.write().await?;
    let ring = keys::ring(&mut tx).await?;
    let now = cx.clock.now();
    let new = suppressions::suppress(&mut tx, &ring, address, Reason::Staff, reason.as_deref(), now).await?;
    tx.commit().await?;
    let sentence = match new {
        true => format!("Nothing more goes to {address}; a copy already on its way may still arrive."),
        false => format!("{address} was suppressed already."),
    };
    say(cx, &sentence, &json!({ "address": address.to_string(), "suppressed": true, "new": new }))
}

pub(super) async fn unsuppress(cx: &mut Context, address: &Address, yes: bool) -> anyhow::Result<Exit> {
    let store = cx.store().await?;
    let mut tx = store.read().await?;
    let ring = keys::ring(&mut tx).await?;
    let stands = suppressions::of(&mut tx, &ring, address).await?;
    drop(tx);
    let Some(stands) = stands else {
        return Err(Usage(format!("nothing stands against writing to {address}")).into());
    };
    // What they decided themselves is theirs to take back; staff answer for saying that they did.
    if matches!(stands.reason, Reason::Left | Reason::Complained | Reason::Forgotten) && !yes {
        let question = format!("{}. Have they asked to be written to again?", sentence_of(stands.reason));
        if !confirm(&question)? {
            anyhow::bail!("nothing was changed");
        }
    }
    let mut tx = store.write().await?;
    suppressions::lift(&mut tx, &ring, address, None).await?;
    tx.commit().await?;
    let sentence = format!("{address} may be written to again, where it is on a list.");
    say(cx, &sentence, &json!({ "address": address.to_string(), "suppressed": false, "was": stands.reason }))
}

pub(super) async fn forget(cx: &mut Context, address: &Address, yes: bool) -> anyhow::Result<Exit> {
    let question = format!("{address} is erased for good, with every choice and proof of consent. Forget them?");
    if !yes && !confirm(&question)? {
        anyhow::bail!("nothing was changed");
    }
    let store = cx.store().await?;
    let mut tx = store.write().await?;
    let ring = keys::ring(&mut tx).await?;
    let known = subscribers::forget(&mut tx, &ring, address, cx.clock.now()).await?;
    tx.commit().await?;
    // What is sealed is many blocks: a few at a time, so that nobody waits for the store meanwhile.
    loop {
        let mut tx = store.write().await?;
        let more = scrub::scrub(&mut tx).await?;
        tx.commit().await?;
        if !more {
            break;
        }
    }
    store.scrub().await?;
    let mut sentence = match known {
        true => format!("{address} is forgotten. Only a keyed hash is kept, so that no file brings them back."),
        false => format!("Nobody had {address}. A keyed hash is kept, so that no file brings them in."),
    };
    let files: Vec<String> =
        cx.config.lists.iter().filter_map(|list| list.file.as_ref()).map(|file| file.display().to_string()).collect();
    if !files.is_empty() {
        sentence.push_str(&format!(" Take them out of your files too: {}.", files.join(", ")));
    }
    for relay in &cx.config.mail.relays {
        if let Some(folder) = relay.url.strip_prefix("folder:") {
            sentence.push_str(&format!(" Mails that went into the folder {folder} are there as they were."));
        }
    }
    say(cx, &sentence, &json!({ "address": address.to_string(), "forgotten": true, "known": known, "files": files }))
}

fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::Left => "they left everything",
        Reason::Complained => "they complained",
        Reason::Bounced => "mail to it comes back",
        Reason::Staff => "staff said so",
        Reason::Forgotten => "they asked to be forgotten",
    }
}

/// The same at the beginning of a sentence.
fn sentence_of(reason: Reason) -> String {
    let mut text = meaning(reason).to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
