//! The page of an article that a mail prints: what is wrong there, and not in the mail, is worth a word.

use std::collections::HashSet;

use super::variant::{about, cut, file_of, quoted};
use super::{Suspect, inside, named};
use crate::article::Revision;
use crate::config::Config;
use crate::mail::inspect::{Scene, markup, phrases};
use crate::store::editions::findings::{Finding, Level, What};

/// Judges the body of an article; what `scene`, the mail, shows of it is left out.
pub(super) fn judge(
    config: &Config,
    revision: &Revision,
    scene: &Scene,
    found: &mut Vec<Finding>,
    suspects: &mut Vec<Suspect>,
) {
    let content = &revision.content;
    if content.withdrawn.is_some() {
        return;
    }
    let suspect = |path, shown| Suspect {
        path,
        shown,
        about: about(revision, Level::Warning, What::Dead, String::new()),
        on_page: true,
    };
    let page = markup::taken_apart(&[(None, content.html.clone())]);
    let mailed: HashSet<&str> = scene.images.iter().map(|image| image.src.as_str()).collect();
    let mut files: Vec<String> = Vec::new();
    for image in &page.images {
        if mailed.contains(image.src.as_str()) {
            continue;
        }
        let blank = image.alt.as_deref().unwrap_or_default().trim().is_empty();
        if blank && !content.decorative.contains(&image.src) && !files.contains(&file_of(&image.src)) {
            files.push(file_of(&image.src));
        }
        if let Some(path) = inside::path_of(config, &image.src) {
            suspects.push(suspect(path, format!("the picture {}", image.src)));
        }
    }
    if !files.is_empty() {
        let files = named(files.iter().map(|file| cut(file)).collect());
        let reason = format!("on its page, nobody said what these pictures show: {files}");
        found.push(about(revision, Level::Warning, What::Alt, reason));
    }
    let mailed: HashSet<(&str, &str)> =
        scene.links.iter().map(|link| (link.href.as_str(), link.words.as_str())).collect();
    let mut empty: Vec<String> = Vec::new();
    let own = config.site.article(&revision.language, &revision.slug);
    for link in page.links.into_iter().filter(|link| !mailed.contains(&(link.href.as_str(), link.words.as_str()))) {
        // A place of the same page, such as a footnote's.
        if link.href.split_once('#').is_some_and(|(page, _)| page.is_empty() || page == own) {
            continue;
        }
        if phrases::is_empty(&link.words) {
            empty.push(link.words.clone());
        }
        if let Some(path) = inside::path_of(config, &link.href) {
            suspects.push(suspect(path, format!("“{}” ({})", cut(&link.words), link.href)));
        }
    }
    if !empty.is_empty() {
        let reason = format!("on its page, words of links that do not say where they lead: {}", quoted(empty));
        found.push(about(revision, Level::Warning, What::Words, reason));
    }
}

/// What of an article is code, in one text.
pub(super) fn code_of(html: &str) -> String {
    let passages = markup::taken_apart(&[(None, html.to_owned())]).passages;
    passages.into_iter().filter(|passage| passage.code).map(|passage| passage.text).collect::<Vec<_>>().join("\n")
}
