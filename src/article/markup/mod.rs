//! From what was written to what is printed.
//!
//! 1. [`template`]: shortcodes and tags of other sites' generators become HTML, or go, with a word about it.
//! 2. [`markdown`]: Markdown to HTML; pictures with captions, interviews and pull quotes get their shape.
//! 3. [`rewrite`]: every address absolute, embeds to links, media counted; tag by tag.
//! 4. [`sanitise`]: nothing that could run survives, whatever the steps before it let through.
//! 5. [`plain`] and [`summary`]: the words alone; [`bidi`]: in the order in which they were written.

mod bidi;
mod interview;
mod markdown;
mod plain;
mod rewrite;
mod sanitise;
mod summary;
mod template;
#[cfg(test)]
mod tests;

pub(super) use plain::{Piece, walk};
pub use plain::{line, text};
pub use summary::{LONGEST as SUMMARY_LONGEST, shorten, summary};

use std::cell::RefCell;

use super::matter::Complaints;
use super::place::Markup;

/// A file that an article shows or offers, copied to where it is served from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asset {
    /// Where it is served, absolute.
    pub url: String,
    /// Its name in `[site] media`.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Width and height in pixels, of a picture.
    pub size: Option<(u32, u32)>,
}

/// What stands behind a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Another article: its page, absolute.
    Page(String),
    /// A file.
    Asset(Asset),
    /// Nothing that the source knows of.
    Nothing,
    /// A file that is not given out, and why.
    Refused(String),
}

/// What lies around an article in its source. The reference is as written, percent signs decoded, without query and
/// fragment: relative (`map.jpg`), from the root (`/images/map.jpg`), or with Zola's sign (`@/blog/a.md`).
pub trait Around {
    /// Finds what a link leads to, or what a picture shows.
    fn find(&self, reference: &str) -> Found;
    /// Finds an article by the name that another site's generator calls it by: `2014-05-16-slides`, `blog/a.md`.
    fn named(&self, name: &str) -> Found;
}

/// Nothing lies around it: for text that came alone.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Around for Alone {
    fn find(&self, _: &str) -> Found {
        Found::Nothing
    }
    fn named(&self, _: &str) -> Found {
        Found::Nothing
    }
}

/// Where an article stands: what its addresses are relative to.
pub struct Ground<'a> {
    /// Public base of the site, without a slash at the end.
    pub site_url: &'a str,
    /// The article's own page, absolute.
    pub page: &'a str,
    /// Its headline, for templates that print it.
    pub title: &'a str,
    /// What lies around it.
    pub around: &'a dyn Around,
}

/// A text to be rendered.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// What it is written in.
    pub markup: Markup,
    /// The text.
    pub body: &'t str,
    /// The line of the file on which it begins.
    pub line: usize,
}

/// What a text became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Sanitised HTML.
    pub html: String,
    /// The words alone.
    pub text: String,
    /// The summary made from it.
    pub summary: String,
    /// Files it uses.
    pub assets: Vec<Asset>,
    /// Pictures of it that are decorative by its author's word (`alt=""`), by address.
    pub decorative: Vec<String>,
    /// The first heading of the first rank, where it stands before everything else: the title of a file that has none.
    pub heading: Option<String>,
    /// Whether something it names was not there: it is worth another look when the source has changed.
    pub unsettled: bool,
}

/// Renders a text. What could not be done is told in `complaints`.
pub fn render(source: Source<'_>, ground: &Ground<'_>, complaints: &mut Complaints) -> Rendered {
    let told = RefCell::new(Told::default());
    let more = more_mark(source.body);
    let html = html(source.body, source.markup, ground, &told);
    let rewrite::Rewritten { html, assets, decorative } = rewrite::rewrite(&html, ground, &told);
    let html = bidi::without_overrides(sanitise::clean(&html, ground.page));
    let heading = plain::first_heading(&html);
    // What stands before the mark is what its author would have as the summary.
    let summary = more.and_then(|at| {
        let lead = self::html(&source.body[..at], source.markup, ground, &RefCell::default());
        Some(summary::words(&sanitise::clean(&lead, ground.page))).filter(|text| !text.is_empty())
    });
    let summary = match summary {
        Some(lead) => shorten(&lead, SUMMARY_LONGEST + 100),
        None => summary::summary(&html),
    };
    let summary = bidi::tame(&summary);
    let text = plain::text(&html);
    let told = told.into_inner();
    for (place, reason) in told.said {
        complaints.warn(place.line(source), reason);
    }
    Rendered { text, summary, assets, decorative, heading, unsettled: told.unsettled, html }
}

/// Where a picture is shown from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its address, absolute; `None` where there is nothing that may be shown.
    pub url: Option<String>,
    /// Its file, where that is ours.
    pub asset: Option<Asset>,
    /// Whether it was not there.
    pub unsettled: bool,
}

/// Where the picture `reference`, named on `line` of the front matter, is shown from.
pub fn picture(reference: &str, line: usize, ground: &Ground<'_>, complaints: &mut Complaints) -> Shown {
    let told = RefCell::new(Told::default());
    // Templates of Jekyll stand in front matter too.
    let reference = template::expand(reference, ground, &told);
    let found = rewrite::picture(&reference, ground, &told);
    let told = told.into_inner();
    for (_, reason) in told.said {
        complaints.warn(line, reason);
    }
    let (url, asset) = found.map_or((None, None), |(url, asset)| (Some(url), asset));
    Shown { url, asset, unsettled: told.unsettled }
}

/// A summary as its author wrote it, with Markdown and HTML in it, as words on one line.
pub fn words(written: &str, ground: &Ground<'_>) -> String {
    if !written.contains(['<', '&', '*', '_', '`', '[', '{', '\\', '#', '>']) {
        return line(written);
    }
    let html = html(written.trim(), Markup::Markdown, ground, &RefCell::default());
    line(&plain::text(&sanitise::clean(&html, ground.page)).replace('<', "&lt;"))
}

fn html(body: &str, markup: Markup, ground: &Ground<'_>, told: &RefCell<Told>) -> String {
    let body = template::expand(body, ground, told);
    match markup {
        Markup::Markdown => markdown::render(&body),
        Markup::Html => html_body(&body).to_owned(),
    }
}

/// What stands between `<body>` and its end, of a whole page.
fn html_body(page: &str) -> &str {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<body").and_then(|at| Some(at + lower[at..].find('>')? + 1)).unwrap_or(0);
    let end = lower.rfind("</body").filter(|end| *end >= start).unwrap_or(page.len());
    &page[start..end]
}

/// Where `<!-- more -->` stands, in any of its spellings.
fn more_mark(body: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = body[from..].find("<!--") {
        let inner = &body[from + at + 4..];
        let end = inner.find("-->")?;
        if matches!(
            inner[..end].trim().to_ascii_lowercase().as_str(),
            "more" | "readmore" | "read more" | "excerpt" | "truncate"
        ) {
            return Some(from + at);
        }
        from += at + 4 + end;
    }
    None
}

/// What there was to complain about in a text.
#[derive(Debug, Default)]
struct Told {
    said: Vec<(Place, String)>,
    unsettled: bool,
}

/// Where in the text a complaint belongs.
#[derive(Debug)]
enum Place {
    /// Where these words stand first.
    Words(String),
    /// At this offset.
    Offset(usize),
}

impl Told {
    /// A warning about a reference, as it is written.
    fn about(&mut self, reference: &str, reason: String) {
        self.said.push((Place::Words(reference.to_owned()), reason));
    }

    /// A warning about what stands at an offset of the text.
    fn at(&mut self, offset: usize, reason: String) {
        self.said.push((Place::Offset(offset), reason));
    }
}

impl Place {
    fn line(&self, source: Source<'_>) -> Option<usize> {
        let offset = match self {
            Place::Words(words) => source.body.find(words.as_str())?,
            Place::Offset(offset) => *offset,
        };
        Some(source.line + source.body.as_bytes().get(..offset)?.iter().filter(|b| **b == b'\n').count())
    }
}
