//! A mail in a browser: what was sent, for no reader in particular, with what was corrected since above it and a notice in
//! place of what was withdrawn. Nothing is shown of an edition before a copy of it has left.

use std::collections::HashMap;

use serde::Serialize;

use super::frame::Frame;
use super::story::{note, page_of};
use super::{PageError, Shown};
use crate::article::{ArticleId, Language, Revision, StoryId};
use crate::clock::Instant;
use crate::mail::{Choice, Links, Rendering};
use crate::store::editions::{Edition, Printed, State, states};
use crate::store::{StoreError, Tx, articles, editions};
use crate::web::public::Site;

/// Something that is to be said above the mail.
#[derive(Serialize)]
struct Notice {
    /// It was withdrawn; otherwise it was corrected.
    withdrawn: bool,
    title: String,
    url: String,
    /// The correction, or why it was withdrawn.
    text: String,
    /// When it was corrected, or published.
    at: Instant,
}

/// What an edition prints in one language, as it was then and as it is now.
struct Contents {
    /// What it printed, by position.
    printed: Vec<(u8, Revision)>,
    /// What is public of these stories now.
    now: HashMap<ArticleId, Revision>,
}

/// The edition of that number.
pub(super) async fn page(site: &Site, language: &Language, name: &str, number: i64) -> Result<Shown, PageError> {
    let mut tx = site.store.read().await?;
    let Some(edition) = editions::by_number(&mut tx, name, number).await? else { return Ok(Shown::Missing) };
    // What went to accredited press under embargo has no copy here, whatever became of it.
    if edition.settings.advance.is_some() || !is_out(&mut tx, &edition).await? {
        return Ok(Shown::Missing);
    }
    let variants = editions::variants(&mut tx, edition.id).await?;
    let wanted = variants.iter().find(|v| v.language == *language).or_else(|| variants.first());
    let Some(variant) = wanted else { return Ok(Shown::Missing) };
    let all = editions::printed(&mut tx, edition.id).await?;
    let contents = contents(&mut tx, all.into_iter().filter(|p| p.language == variant.language).collect()).await?;
    drop(tx);
    let rendering: Rendering = serde_json::from_str(&variant.rendering).map_err(StoreError::from)?;
    let mut choice = Choice::of(rendering.positions().iter().copied());
    let mut notices = Vec::new();
    for (position, then) in &contents.printed {
        match contents.now.get(&then.article) {
            // Held back again, or gone: nothing of it is shown, and nothing said.
            None => choice = choice.without(*position),
            Some(now) if now.content.withdrawn.is_some() => {
                choice = choice.without(*position);
                notices.push(withdrawn(site, now));
            }
            Some(now) => notices.extend(corrections(site, then, now)),
        }
    }
    notices.dedup_by(|a, b| a.url == b.url && a.text == b.text);
    let head = Frame::new(site, &variant.language, &variant.subject).with("notices", &notices);
    let links = Links { web: true, ..Links::default() };
    let html = match rendering.html(None, choice, links) {
        Ok(mail) if notices.is_empty() => as_page(&mail, ""),
        Ok(mail) => as_page(&mail, &head.render("site/edition-notices.html")?),
        // Nothing is left of it but what is to be said.
        Err(_) if notices.is_empty() => return Ok(Shown::Gone),
        Err(_) => head.render("site/edition.html")?,
    };
    Ok(Shown::Page(html))
}

/// Whether a copy has left.
async fn is_out(tx: &mut Tx, edition: &Edition) -> Result<bool, StoreError> {
    match edition.state {
        State::Held => Ok(false),
        State::Done => Ok(true),
        State::Queued | State::Sending | State::Paused | State::Cancelled => states::has_left(tx, edition.id).await,
    }
}

async fn contents(tx: &mut Tx, printed: Vec<Printed>) -> Result<Contents, StoreError> {
    let ids: Vec<i64> = printed.iter().map(|p| p.revision).collect();
    let then = articles::revisions(tx, &ids).await?;
    let mut stories: Vec<StoryId> = then.iter().map(|r| r.story).collect();
    stories.sort_unstable();
    stories.dedup();
    let now = articles::of_stories(tx, &stories).await?;
    let positions = printed.iter().filter_map(|p| {
        let revision = then.iter().find(|r| r.id == p.revision)?;
        Some((u8::try_from(p.position).ok()?, revision.clone()))
    });
    Ok(Contents { printed: positions.collect(), now: now.into_iter().map(|r| (r.article, r)).collect() })
}

fn withdrawn(site: &Site, now: &Revision) -> Notice {
    Notice {
        withdrawn: true,
        title: now.content.title.clone(),
        url: page_of(site, now),
        text: now.content.withdrawn.clone().unwrap_or_default(),
        at: now.published,
    }
}

/// What was corrected since it was printed, the newest first.
fn corrections(site: &Site, then: &Revision, now: &Revision) -> Vec<Notice> {
    let fresh = now.content.corrections.iter().filter(|n| !then.content.corrections.contains(n));
    let notice = |n| Notice {
        withdrawn: false,
        title: now.content.title.clone(),
        url: page_of(site, now),
        text: note(&site.templates, n, &now.language),
        at: n.at,
    };
    fresh.map(notice).collect()
}

/// The mail as a page: what its body holds is the page's one main part, with something above it.
fn as_page(mail: &str, notices: &str) -> String {
    let body = mail.find("<body").and_then(|start| mail[start..].find('>').map(|end| start + end + 1)).unwrap_or(0);
    let end = mail.rfind("</body>").filter(|end| *end >= body).unwrap_or(mail.len());
    format!("{}\n<main>\n{notices}{}\n</main>\n{}", &mail[..body], &mail[body..end], &mail[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_stand_at_the_head_of_the_mail() {
        let page = as_page("<html><body class=\"a\"><p>x</p></body></html>", "N");
        assert_eq!(page, "<html><body class=\"a\">\n<main>\nN<p>x</p>\n</main>\n</body></html>");
        assert_eq!(as_page("no body", "N"), "\n<main>\nNno body\n</main>\n");
    }
}
