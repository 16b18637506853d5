//! How to follow the newsroom: the page of feeds, a page a feed, what stands at the end of an article, and what is kept of
//! people who do.

use serde::Serialize;

use super::address::{self, Page};
use super::frame::{Frame, Section, absolute};
use super::story::Item;
use super::{PageError, Shown};
use crate::article::{Language, Selection};
use crate::config::{Basis, Config, Feed, Text};
use crate::feed::Format;
use crate::store::articles;
use crate::web::public::Site;

/// Stories on the page of a feed.
const SOME: usize = 10;

/// A feed as people choose one.
#[derive(Serialize)]
struct Offer {
    name: String,
    title: String,
    language: Language,
    description: Option<String>,
    page: String,
    /// Format's name and path.
    formats: Vec<(&'static str, String)>,
    /// The address to paste into a reader.
    address: String,
}

impl Offer {
    fn of(config: &Config, feed: &Feed, spoken: &Language) -> Offer {
        let base = address::base(&config.site);
        let language = feed.languages(&config.language()).first().cloned().unwrap_or_else(|| config.language());
        let name = config.site.feed(&feed.name);
        let name = name.strip_prefix(config.site.url.trim_end_matches('/')).unwrap_or(&name).to_owned();
        let path = |format: Format| format!("{base}{name}.{}", format.extension());
        Offer {
            name: feed.name.clone(),
            title: feed.title.get(&language).to_owned(),
            description: feed.description.as_ref().map(|text| text.get(spoken).to_owned()),
            page: address::path(&config.site, spoken, &Page::Feed(feed.name.clone())),
            formats: Format::ALL.into_iter().map(|format| (format.name(), path(format))).collect(),
            address: absolute(&config.site, &path(Format::Atom)),
            language,
        }
    }
}

/// What stands at the end of pages about following.
#[derive(Serialize)]
pub(super) struct Follow {
    feed: Option<Offer>,
    newsletters: Vec<String>,
}

/// The feed that a reader of `language` would take, and what is sent by mail.
pub(super) fn follow(site: &Site, language: &Language) -> Follow {
    let config = &site.config;
    let feeds = site.shelf.feeds(config);
    let default = config.language();
    let feed = feeds.iter().find(|f| f.languages(&default).contains(language)).or_else(|| feeds.first());
    Follow {
        feed: feed.map(|feed| Offer::of(config, feed, language)),
        newsletters: config.newsletters.iter().map(|n| n.title.get(language).to_owned()).collect(),
    }
}

/// What can be subscribed to.
pub(super) fn feeds(site: &Site, language: &Language) -> Result<Shown, PageError> {
    let config = &site.config;
    let title = super::say(site, language, "site-feeds");
    let offers: Vec<Offer> = site.shelf.feeds(config).iter().map(|feed| Offer::of(config, feed, language)).collect();
    let html = Frame::new(site, language, &title)
        .section(Section::Feeds)
        .is(&Page::Feeds)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .here(title.as_str())
        .with("first", &follow(site, language).feed)
        .with("offers", &offers)
        .with("opml", &format!("{}/feeds.opml", address::base(&config.site)))
        .render("site/feeds.html")?;
    Ok(Shown::Page(html))
}

/// One feed: what it is, how to subscribe, and the newest of what it holds.
pub(super) async fn feed(site: &Site, language: &Language, name: &str) -> Result<Shown, PageError> {
    let config = &site.config;
    let feeds = site.shelf.feeds(config);
    let Some(feed) = feeds.iter().find(|feed| feed.name == name) else { return Ok(Shown::Missing) };
    let selection = Selection {
        languages: feed.languages(&config.language()),
        topics: feed.topics.clone(),
        sources: feed.sources.clone(),
    };
    let mut tx = site.store.read().await?;
    let newest = articles::headlines(&mut tx, &selection, SOME, 0).await?;
    drop(tx);
    let offer = Offer::of(config, feed, language);
    let html = Frame::new(site, language, &offer.title)
        .section(Section::Feeds)
        .is(&Page::Feed(name.to_owned()))
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .under(super::say(site, language, "site-feeds"), &Page::Feeds)
        .here(offer.title.as_str())
        .with("items", &Item::all(site, &newest))
        .with("offer", &offer)
        .render("site/feed.html")?;
    Ok(Shown::Page(html))
}

/// A list as the page on privacy names it.
#[derive(Serialize)]
struct Kept {
    newsletters: Vec<String>,
    basis: &'static str,
    origin: Option<String>,
}

/// What is kept of people: what the configuration says, and what the house does.
pub(super) fn privacy(site: &Site, language: &Language) -> Result<Shown, PageError> {
    let config = &site.config;
    let title = super::say(site, language, "site-privacy");
    let kept: Vec<Kept> = config
        .lists
        .iter()
        .map(|list| Kept {
            newsletters: config
                .newsletters
                .iter()
                .filter(|n| n.lists.contains(&list.name))
                .map(|n| n.title.get(language).to_owned())
                .collect(),
            basis: match list.basis {
                Basis::Consent => "consent",
                Basis::PublicTask => "public-task",
                Basis::LegitimateInterest => "legitimate-interest",
            },
            origin: list.origin.as_ref().map(|text| text.get(language).to_owned()),
        })
        .filter(|kept| !kept.newsletters.is_empty())
        .collect();
    let html = Frame::new(site, language, &title)
        .is(&Page::Privacy)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .here(title.as_str())
        .with("kept", &kept)
        .render("site/privacy.html")?;
    Ok(Shown::Page(html))
}

/// For whom these pages are made and what is missing, in the parts that Commission Implementing Decision (EU) 2018/1523 names.
pub(super) fn accessibility(site: &Site, language: &Language) -> Result<Shown, PageError> {
    let said = &site.config.accessibility;
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.get(language).to_owned());
    let title = super::say(site, language, "site-accessibility");
    let html = Frame::new(site, language, &title)
        .is(&Page::Accessibility)
        .under(super::say(site, language, "site-newsroom"), &Page::Home)
        .here(title.as_str())
        .with("status", said.status.word())
        .with("missing", &text(&said.missing))
        .with("prepared", &text(&said.prepared))
        .with("authority", &text(&said.authority))
        .render("site/accessibility.html")?;
    Ok(Shown::Page(html))
}
