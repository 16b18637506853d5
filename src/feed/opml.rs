//! The list of all feeds (OPML 2.0), grouped by language, for readers that take many feeds at once.

use std::fmt::Write as _;

use super::{FeedError, Format, text};
use crate::article::Language;
use crate::config::{Config, Feed};
use crate::template::Templates;

/// What it is served as.
pub(super) const CONTENT_TYPE: &str = "text/x-opml; charset=utf-8";

/// The whole document. It bears no date: where the list is the same, so are its bytes. Each feed stands in it once, as
/// RSS, which every reader takes; its page leads to the other formats.
///
/// # Errors
/// [`FeedError::List`] where it would not be read as it was meant.
pub(super) fn write(config: &Config, templates: &Templates, feeds: &[Feed]) -> Result<Vec<u8>, FeedError> {
    let default = config.language();
    let of = |feed: &Feed| feed.languages(&default).into_iter().next().unwrap_or_else(|| default.clone());
    let mut languages: Vec<Language> = Vec::new();
    for feed in feeds {
        let language = of(feed);
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    let site = &config.site;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n <head>\n");
    let line = |text: &str| text::html(&text::line(text));
    let _ = writeln!(out, "  <title>{}</title>", line(site.title.get(&default)));
    let _ = writeln!(out, "  <ownerName>{}</ownerName>", line(site.publisher().get(&default)));
    let _ = writeln!(out, "  <ownerId>{}</ownerId>", line(&site.home(&default)));
    out.push_str(" </head>\n <body>\n");
    for language in &languages {
        let name = templates.catalog().find(&default, &format!("language-{}", language.as_str()), &[]);
        let name = name.unwrap_or_else(|| language.own_name().to_owned());
        let _ = writeln!(out, "  <outline text=\"{}\">", line(&name));
        for feed in feeds.iter().filter(|feed| of(feed) == *language) {
            outline(&mut out, config, feed, language);
        }
        out.push_str("  </outline>\n");
    }
    if languages.is_empty() {
        let _ = writeln!(out, "  <outline text=\"{}\"/>", line(site.title.get(&default)));
    }
    out.push_str(" </body>\n</opml>\n");
    match roxmltree::Document::parse(&out) {
        Ok(_) => Ok(out.into_bytes()),
        Err(error) => Err(FeedError::List(error.to_string())),
    }
}

fn outline(out: &mut String, config: &Config, feed: &Feed, language: &Language) {
    let base = config.site.feed(&feed.name);
    let title = Some(text::line(feed.title.get(language))).filter(|title| !title.is_empty());
    // Readers take these attributes for HTML.
    let title = title.unwrap_or_else(|| feed.name.clone()).replace('<', "‹").replace('>', "›");
    let title = text::html(&title);
    let _ = write!(out, "   <outline type=\"rss\" version=\"RSS2\" text=\"{title}\" title=\"{title}\"");
    if let Some(description) = &feed.description {
        let _ = write!(out, " description=\"{}\"", text::html(&text::line(description.get(language))));
    }
    if !language.is_undetermined() {
        let _ = write!(out, " language=\"{}\"", language.as_str());
    }
    let (xml, page) = (format!("{base}.{}", Format::Rss.extension()), format!("{base}/"));
    let _ = writeln!(out, " htmlUrl=\"{}\" xmlUrl=\"{}\"/>", text::html(&page), text::html(&xml));
}
