//! What a page says of itself to machines: the card that other sites show of a link to it (Open Graph, Twitter's cards), and what it
//! is about in the words of schema.org, as JSON-LD.

use serde::Serialize;
use serde_json::{Value, json};

use super::frame::{Crumb, absolute};
use super::story::{note, page_of};
use crate::article::{Language, Picture, Revision};
use crate::clock::Instant;
use crate::config;
use crate::web::public::Site;

/// How a link to the page is shown elsewhere. Its title and address are the page's own.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Card {
    /// It is an article.
    article: bool,
    /// The headline, where the page's title is not it.
    title: Option<String>,
    published: Option<Instant>,
    updated: Option<Instant>,
    topics: Vec<String>,
    picture: Option<Picture>,
}

impl Card {
    /// An article's.
    pub(super) fn of(site: &Site, revision: &Revision) -> Card {
        let content = &revision.content;
        let topics = content.topics.iter().map(|label| site.templates.topic_name(label, &revision.language)).collect();
        Card {
            article: true,
            title: Some(content.title.clone()),
            published: Some(revision.published),
            updated: Some(revision.updated),
            topics,
            picture: content.picture.clone().filter(|_| content.withdrawn.is_none()),
        }
    }
}

/// Things as the text of a `script` element. No sign in it can end the element or begin another (HTML, section 4.12.1.3), and none
/// that JSON allows and older scripts do not.
pub(super) fn script(things: impl IntoIterator<Item = Value>) -> Option<String> {
    let things: Vec<Value> = things.into_iter().collect();
    if things.is_empty() {
        return None;
    }
    let text = json!({ "@context": "https://schema.org", "@graph": things }).to_string();
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => safe.push(c),
        }
    }
    Some(safe)
}

/// The way to the page; of one step there is nothing to say.
pub(super) fn way(site: &config::Site, crumbs: &[Crumb]) -> Option<Value> {
    let steps = crumbs.iter().enumerate().map(|(n, crumb)| {
        let mut step = json!({ "@type": "ListItem", "position": n + 1, "name": crumb.text });
        if let Some(url) = &crumb.url {
            step["item"] = absolute(site, url).into();
        }
        step
    });
    (crumbs.len() > 1).then(|| json!({ "@type": "BreadcrumbList", "itemListElement": steps.collect::<Vec<_>>() }))
}

/// An article with its corrections and translations.
pub(super) fn article(site: &Site, revision: &Revision, siblings: &[Revision]) -> Value {
    let (content, language) = (&revision.content, &revision.language);
    let url = absolute(&site.config.site, &page_of(site, revision));
    let publisher = publisher(site, language);
    let corrected = content.corrections.iter().map(|one| one.at).max();
    let mut article = json!({
        "@type": "NewsArticle",
        "@id": url,
        "identifier": revision.feed_id(),
        "url": url,
        "mainEntityOfPage": url,
        "headline": content.title,
        "inLanguage": language.as_str(),
        "datePublished": time(site, revision.published),
        "dateModified": time(site, corrected.map_or(revision.updated, |at| at.max(revision.updated))),
        "author": authors(site, revision),
        "publisher": publisher,
        "isAccessibleForFree": true,
    });
    match &content.withdrawn {
        Some(reason) => {
            article["creativeWorkStatus"] = "Withdrawn".into();
            article["description"] = reason.as_str().into();
        }
        None => {
            article["description"] = content.summary.as_str().into();
            article["image"] = content.picture.iter().map(image).collect();
        }
    }
    let topics = content.topics.iter().map(|label| site.templates.topic_name(label, language));
    article["articleSection"] = topics.collect();
    let corrections = content.corrections.iter().map(|one| {
        json!({ "@type": "CorrectionComment", "text": note(&site.templates, one, language), "datePublished": time(site, one.at) })
    });
    article["correction"] = corrections.collect();
    let others = siblings.iter().filter(|other| other.article != revision.article);
    let others = others.map(|other| {
        json!({ "@id": absolute(&site.config.site, &page_of(site, other)), "inLanguage": other.language.as_str() })
    });
    article["workTranslation"] = others.collect();
    if let Some(elsewhere) = &content.canonical {
        article["isBasedOn"] = elsewhere.as_str().into();
    }
    if let Some(fields) = article.as_object_mut() {
        fields.retain(|_, value| !matches!(value, Value::Array(all) if all.is_empty()) && *value != "");
    }
    article
}

fn publisher(site: &Site, language: &Language) -> Value {
    let config = &site.config.site;
    json!({ "@type": "NewsMediaOrganization", "name": config.publisher().get(language), "url": config.home(language) })
}

/// Who wrote it: people, but for the newsroom itself.
fn authors(site: &Site, revision: &Revision) -> Value {
    let config = &site.config.site;
    let house = |name: &str| config.publisher().all().chain(config.title.all()).any(|own| own == name);
    let authors = revision
        .content
        .authors
        .iter()
        .map(|name| json!({ "@type": if house(name) { "Organization" } else { "Person" }, "name": name }));
    let authors: Vec<Value> = authors.collect();
    if authors.is_empty() { publisher(site, &revision.language) } else { authors.into() }
}

fn image(picture: &Picture) -> Value {
    let mut image = json!({ "@type": "ImageObject", "url": picture.url });
    for (name, value) in [("caption", &picture.caption), ("creditText", &picture.credit)] {
        if let Some(value) = value {
            image[name] = value.as_str().into();
        }
    }
    if let (Some(width), Some(height)) = (picture.width, picture.height) {
        image["width"] = width.into();
        image["height"] = height.into();
    }
    image
}

/// An instant in the newsroom's zone (ISO 8601).
fn time(site: &Site, at: Instant) -> String {
    at.with_timezone(&site.config.site.timezone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_headline_ends_the_script() {
        let hostile = "</script><!-- <script>alert(1)//\u{2028} & ]]> \"x\" \\";
        let text = script([json!({ "headline": hostile })]).expect("a script");
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["@graph"][0]["headline"], hostile);
        assert_eq!(script([]), None);
    }
}
