//! The page of an article that a mail prints: what is wrong there, and not in the mail, is worth a word.

use std::collections::HashSet;

use super::variant::{about, cut, file_of, quoted};
use super::{Suspect, inside};
use crate::article::Revision;
use crate::config::Config;
use crate::mail::inspect::{Scene, markup, phrases};
use crate::store::editions::findings::{Finding, Level, What};

/// So many files a finding names.
const NAMED: usize = 5;

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
            let reason = format!("on its page, the picture {} is not there", image.src);
            suspects.push(Suspect { path, finding: about(revision, Level::Warning, What::Dead, reason) });
        }
    }
    if !files.is_empty() {
        let more = files.len().saturating_sub(NAMED);
        let names: Vec<String> = files.into_iter().take(NAMED).map(|file| cut(&file)).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let reason = format!("on its page, nobody said what these pictures show: {}{more}", names.join(", "));
        found.push(about(revision, Level::Warning, What::Alt, reason));
    }
    let mailed: HashSet<(&str, &str)> =
        scene.links.iter().map(|link| (link.href.as_str(), link.words.as_str())).collect();
    let mut empty: Vec<String> = Vec::new();
    for link in page.links.into_iter().filter(|link| !mailed.contains(&(link.href.as_str(), link.words.as_str()))) {
        if phrases::is_empty(&link.words) {
            empty.push(link.words.clone());
        }
        if let Some(path) = inside::path_of(config, &link.href) {
            let reason = format!("on its page, the link “{}” to {} leads to nothing", cut(&link.words), link.href);
            suspects.push(Suspect { path, finding: about(revision, Level::Warning, What::Dead, reason) });
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
