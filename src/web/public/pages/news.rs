//! The latest news, and the news of one topic.

use chrono::Datelike;

use super::address::{self, Page};
use super::frame::{Frame, Section};
use super::story::Item;
use super::{PageError, Shown};
use crate::article::{Language, Selection};
use crate::store::articles;
use crate::web::public::Site;

/// Stories on the page of latest news.
const LATEST: usize = 12;
/// Stories on a page that leads nowhere.
const A_FEW: usize = 5;
/// Among so many of the newest the lead is looked for: news that is older leads nothing.
const LEADING: usize = 4;
/// Stories on one page of a topic.
const A_PAGE: usize = 30;

/// The latest news.
pub(super) async fn home(site: &Site, language: &Language) -> Result<Shown, PageError> {
    let zone = site.config.site.timezone;
    let mut tx = site.store.read().await?;
    let selection = Selection { languages: vec![language.clone()], ..Selection::default() };
    let newest = articles::headlines(&mut tx, &selection, LATEST, 0).await?;
    let month = match newest.first() {
        Some(first) => {
            let at = first.published.with_timezone(&zone);
            let months = articles::months(&mut tx, language, at.year(), zone).await?;
            months.into_iter().find(|(month, _)| *month == at.month()).map(|(_, count)| (at, count))
        }
        None => None,
    };
    drop(tx);
    let mut items = Item::all(site, &newest);
    let lead = lead(&items).map(|place| items.remove(place));
    let catalog = site.templates.catalog();
    let title = catalog.say(language, "site-latest", &[]);
    let more = month.map(|(at, count)| {
        let page = Page::Month(at.year(), at.month());
        (count, catalog.say(language, &format!("site-month-in-{}", at.month()), &[]), page)
    });
    let frame = Frame::new(site, language, &title).section(Section::News).is(&Page::Home);
    let mut frame =
        frame.with("lead", &lead).with("items", &items).with("follow", &super::following::follow(site, language));
    if let Some((count, month, page)) = more {
        let url = address::path(&site.config.site, language, &page);
        frame = frame.with("month_count", &count).with("month_name", &month).with("month_url", &url);
    }
    Ok(Shown::Page(frame.render("site/home.html")?))
}

/// A few of the latest, for a page that leads nowhere.
pub(super) async fn latest(site: &Site, language: &Language) -> Result<Vec<Item>, PageError> {
    let selection = Selection { languages: vec![language.clone()], ..Selection::default() };
    let mut tx = site.store.read().await?;
    Ok(Item::all(site, &articles::headlines(&mut tx, &selection, A_FEW, 0).await?))
}

/// The place of the lead: what is breaking, else the newest with a picture, else the newest.
fn lead(items: &[Item]) -> Option<usize> {
    let recent = &items[..items.len().min(LEADING)];
    recent
        .iter()
        .position(|item| item.breaking)
        .or_else(|| recent.iter().position(|item| item.picture.is_some()))
        .or(if items.is_empty() { None } else { Some(0) })
}

/// The news of one topic, a page at a time.
pub(super) async fn topic(site: &Site, language: &Language, id: &str, page: usize) -> Result<Shown, PageError> {
    let mut tx = site.store.read().await?;
    let selection =
        Selection { languages: vec![language.clone()], topics: vec![id.to_owned()], ..Selection::default() };
    let mut found = articles::headlines(&mut tx, &selection, A_PAGE + 1, (page - 1).saturating_mul(A_PAGE)).await?;
    let configured = site.config.topics.iter().any(|topic| topic.id == id);
    let mut spoken = Vec::new();
    for other in &site.config.site.languages {
        let theirs = Selection { languages: vec![other.clone()], ..selection.clone() };
        if configured || !articles::headlines(&mut tx, &theirs, 1, 0).await?.is_empty() {
            spoken.push(other.clone());
        }
    }
    drop(tx);
    if found.is_empty() && (page > 1 || !configured) {
        return Ok(Shown::Missing);
    }
    let older = found.len() > A_PAGE;
    found.truncate(A_PAGE);
    let label = found
        .iter()
        .flat_map(|r| &r.content.topics)
        .find(|label| crate::article::topic_id(label) == id)
        .map_or(id, String::as_str);
    let name = site.templates.topic_name(label, language);
    let this = Page::Topic(id.to_owned());
    let frame = Frame::new(site, language, &name).section(Section::None).is(&this).only_in(&spoken, Page::Home);
    let frame = frame.under(super::say(site, language, "site-newsroom"), &Page::Home).here(name.as_str());
    let html = frame
        .with("items", &Item::all(site, &found))
        .with("page", &page)
        .with("older", &older)
        .with("url", &address::path(&site.config.site, language, &this))
        .render("site/topic.html")?;
    Ok(Shown::Page(html))
}
