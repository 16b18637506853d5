//! What leaves is right: every variant of an edition is looked at before anything of it goes out.
//!
//! 1. [`look`] takes the largest copy of each variant apart (`crate::mail::inspect`) and judges it ([`variant`]).
//! 2. The pages that its stories lead to are looked at as well ([`page`]): what is wrong there is worth a word.
//! 3. Links into the newsroom are looked up in the store ([`inside`]).
//!
//! What makes the mail wrong holds the edition; the rest is a warning.

mod inside;
mod page;
mod variant;

use std::collections::{HashMap, HashSet};

use super::EditionError;
use super::compose::Layout;
use crate::article::Revision;
use crate::audience::Person;
use crate::clock::Instant;
use crate::config::Config;
use crate::mail::{Choice, Envelope, Links, Mailbox, Rendering, inspect};
use crate::store::Tx;
use crate::store::editions::findings::{Finding, What, lines};

/// The most findings that are kept of an edition.
const MOST: usize = 200;
/// As many signs as a token of ours has.
const TOKEN: usize = 52;
/// So many of a kind a finding names.
const LISTED: usize = 8;
/// So many findings a reason names.
const NAMED: usize = 3;

/// Something that leads into the newsroom: it is a finding if nothing answers there.
struct Suspect {
    path: String,
    /// What leads there, as it is said.
    shown: String,
    /// The finding, without its reason.
    about: Finding,
    /// It stands on the article's page, and not in the mail.
    on_page: bool,
}

/// One finding for all that leads nowhere from one place.
fn gathered(dead: Vec<Suspect>) -> Vec<Finding> {
    let mut places: Vec<(Finding, bool, Vec<String>)> = Vec::new();
    for Suspect { shown, about, on_page, .. } in dead {
        match places.iter_mut().find(|(known, page, _)| *known == about && *page == on_page) {
            Some((.., all)) if all.contains(&shown) => {}
            Some((.., all)) => all.push(shown),
            None => places.push((about, on_page, vec![shown])),
        }
    }
    let said = |(mut finding, on_page, all): (Finding, bool, Vec<String>)| {
        let place = if on_page { "on its page, " } else { "" };
        finding.reason = format!("{place}nothing answers where these lead: {}", named(all));
        finding
    };
    places.into_iter().map(said).collect()
}

/// The first of a list, and how many more there are.
fn named(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", all.join(", "))
}

/// Looks at an edition that was rendered. The gravest comes first.
///
/// # Errors
/// What the store says.
pub async fn look(
    tx: &mut Tx,
    config: &Config,
    (layout, number): (&Layout, i64),
    renderings: &[Rendering],
    revisions: &HashMap<i64, Revision>,
) -> Result<Vec<Finding>, EditionError> {
    let mut found = Vec::new();
    let mut suspects = Vec::new();
    let mut seen: HashSet<i64> = HashSet::new();
    let advance = layout.settings.advance.is_some();
    let Some(person) = person(config) else { return Ok(found) };
    for (version, rendering) in layout.versions.iter().zip(renderings) {
        let title = layout.settings.title.get(&version.language).unwrap_or(&layout.row.name);
        let envelope = envelope(config, rendering, (title, &layout.row.name), &person, layout.composed_at);
        let choice = Choice(version.holds);
        let links = Links {
            leave: envelope.leave_url.as_deref(),
            preferences: envelope.preferences_url.as_deref(),
            ..Links::default()
        };
        let message = rendering.copy(&envelope, &person, choice);
        let (message, scene) = match message.and_then(|bytes| Ok((bytes, rendering.scene(&person, choice, links)?))) {
            Ok(made) => made,
            Err(error) => {
                tracing::debug!(%error, language = %version.language, "a variant could not be looked at");
                continue;
            }
        };
        let printed: HashMap<u8, &Revision> = layout
            .articles
            .iter()
            .filter(|printed| printed.language == version.language)
            .filter_map(|printed| Some((u8::try_from(printed.position).ok()?, revisions.get(&printed.revision)?)))
            .collect();
        let whole = variant::Variant {
            config,
            language: &version.language,
            leave: envelope.leave_url.as_deref().unwrap_or_default(),
            scene: &scene,
            longest_line: inspect::longest_line(&message),
            printed: &printed,
        };
        whole.judge(&mut found, &mut suspects);
        for revision in printed.values().filter(|revision| seen.insert(revision.id)) {
            page::judge(config, revision, &scene, &mut found, &mut suspects);
        }
    }
    if advance {
        // What answers from the instant on is not dead.
        let page =
            |revision: &Revision| inside::path_of(config, &config.site.article(&revision.language, &revision.slug));
        let own: HashSet<String> = revisions.values().filter_map(page).collect();
        let comes = |path: &str| own.contains(path) || path.starts_with("/media/") || path.contains("/topics/");
        suspects.retain(|suspect| !comes(&suspect.path));
    }
    let paths: HashSet<String> = suspects.iter().map(|suspect| suspect.path.clone()).collect();
    let dead = inside::dead(tx, config, &paths, (&layout.row.name, number)).await?;
    found.extend(gathered(suspects.into_iter().filter(|suspect| dead.contains(&suspect.path)).collect()));
    Ok(in_order(found))
}

/// The gravest first, each once.
fn in_order(found: Vec<Finding>) -> Vec<Finding> {
    let mut ordered: Vec<Finding> = Vec::with_capacity(found.len());
    for finding in found {
        if !ordered.contains(&finding) {
            ordered.push(finding);
        }
    }
    ordered.sort_by(|a, b| (a.level, a.what, &a.article).cmp(&(b.level, b.what, &b.article)));
    ordered.truncate(MOST);
    ordered
}

/// Why an edition with these findings is held; `None`: it may go.
pub fn reason(findings: &[Finding]) -> Option<String> {
    let holding = lines(findings.iter().filter(|finding| finding.holds()));
    let mut words: Vec<String> = holding.iter().take(NAMED).map(|(_, line)| line.clone()).collect();
    if holding.len() > NAMED {
        words.push(format!("and {} more", holding.len() - NAMED));
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// Whether one of them is a picture of which nobody said what it shows.
pub fn is_undescribed(finding: &Finding) -> bool {
    finding.holds() && finding.what == What::Alt
}

/// A reader who stands for all: the sender's own address.
fn person(config: &Config) -> Option<Person> {
    let from: Mailbox = config.mail.from.parse().ok()?;
    Some(Person { id: 0, address: from.address, name: None, language: None, extra: Default::default() })
}

/// The outside of a copy, with links as long as those of real ones.
fn envelope(
    config: &Config,
    rendering: &Rendering,
    (title, newsletter): (&str, &str),
    person: &Person,
    date: Instant,
) -> Envelope {
    let token = "x".repeat(TOKEN);
    let domain = person.address.domain();
    Envelope {
        from: config.mail.from.parse().unwrap_or_else(|_| Mailbox::new(None, person.address.clone())),
        reply_to: config.mail.reply_to.as_deref().and_then(|reply_to| reply_to.parse().ok()),
        to: person.address.clone(),
        to_name: None,
        message_id: format!("{token}@{domain}"),
        date,
        list_id: (title.to_owned(), format!("{newsletter}.{domain}")),
        leave_url: Some(config.site.address(&format!("/unsubscribe/{token}"))),
        preferences_url: Some(config.site.address(&format!("/preferences/{token}"))),
        feedback_id: None,
        language: rendering.language().clone(),
        sandbox: config.mail.sandbox,
        test: false,
        why: String::new(),
    }
}
