//! What lies in the folder: article files with size and time, and the data files beside them. Nothing is opened.

use std::path::{Path, PathBuf};

use super::data;
use crate::article::Fault;
use crate::source::SourceError;
use crate::source::around::stamp_of;

/// How deep folders are followed.
const DEPTH: usize = 32;

/// One file as the folder lists it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its path under the folder, with `/`.
    pub(super) key: String,
    pub(super) size: u64,
    /// Size and time of change, and the settings and data files that it is read with.
    pub(super) fingerprint: String,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Files that may hold an article, in order.
    pub(super) files: Vec<Found>,
    /// Files that say what holds for others.
    pub(super) data: Vec<Found>,
    /// Places that can't be looked into.
    pub(super) faults: Vec<Fault>,
}

/// Lists the folder of the source `name`.
pub(super) fn walk(name: &str, root: &Path, settings: &str) -> Result<Walked, SourceError> {
    let refused = |reason: String| SourceError::Folder { name: name.to_owned(), path: root.to_owned(), reason };
    std::fs::read_dir(root).map_err(|error| refused(error.to_string()))?;
    let mut walked = Walked::default();
    let entries = walkdir::WalkDir::new(root).follow_links(true).max_depth(DEPTH).sort_by_file_name();
    let fault = |file: String, reason: String| Fault { file, line: None, reason, fatal: true };
    let home = root.canonicalize().map_err(|error| refused(error.to_string()))?;
    let mut astray = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        if entry.depth() > 0 && entry.file_name().to_str().is_some_and(|n| n.starts_with('.') || n == "node_modules") {
            return false;
        }
        // A link that leads out of the folder would publish whatever it points at.
        let leads_out = entry.depth() > 0
            && entry.path_is_symlink()
            && entry.path().canonicalize().is_ok_and(|target| !target.starts_with(&home));
        if leads_out {
            let file = entry.path().strip_prefix(root).unwrap_or(root).display().to_string();
            let reason = "is a link that leads out of the source's folder, and is not followed: put a copy there, or name that \
                          folder as a source";
            let is_folder = entry.file_type().is_dir();
            // A folder of pictures that is linked in is found by the pages that show them.
            if is_folder || is_article(Path::new(&file)) {
                astray.push(Fault { fatal: !is_folder, ..fault(file, reason.to_owned()) });
            }
        }
        !leads_out
    };
    for entry in entries.into_iter().filter_entry(visible) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let file = error.path().unwrap_or(root).strip_prefix(root).unwrap_or(root).display().to_string();
                walked.faults.push(fault(file, format!("can't be read: {error}")));
                continue;
            }
        };
        let Ok(relative) = entry.path().strip_prefix(root) else { continue };
        let (article, data) = (is_article(relative), data::is_data(relative, root));
        if !entry.file_type().is_file() || !(article || data) {
            continue;
        }
        let Some(key) = relative.to_str().map(|key| key.replace('\\', "/")) else {
            let file = relative.display().to_string();
            walked.faults.push(fault(file, "its name is not UTF-8; rename it".to_owned()));
            continue;
        };
        match entry.metadata() {
            Ok(meta) => {
                let found = Found { key, size: meta.len(), fingerprint: stamp_of(&meta) };
                if data { walked.data.push(found) } else { walked.files.push(found) }
            }
            Err(error) => walked.faults.push(fault(key, error.to_string())),
        }
    }
    walked.faults.append(&mut astray);
    data::fingerprints(&mut walked.files, &walked.data, settings);
    Ok(walked)
}

/// What is said to have changed in a folder.
#[derive(Debug)]
pub(super) struct Part {
    /// Files that may hold an article, in order.
    pub(super) files: Vec<Found>,
    /// What is gone, and may have been a folder.
    pub(super) gone: Vec<String>,
}

/// The articles among files that are said to have changed, as [`walk`] would list them; `None` where something else may have
/// changed with them: a file is gone, a picture or a folder came, or data files speak for them.
pub(super) fn some(root: &Path, paths: &[PathBuf], settings: &str) -> Option<Part> {
    let home = root.canonicalize().ok()?;
    let (mut files, mut gone) = (Vec::new(), Vec::new());
    for path in paths {
        let relative = path.strip_prefix(root).ok()?;
        let parts: Vec<&str> = relative.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
        if parts.iter().any(|part| part.starts_with('.') || *part == "node_modules") {
            continue;
        }
        let meta = std::fs::symlink_metadata(path);
        if !is_article(relative) {
            // What an editor puts beside the file for a moment.
            match (relative.extension(), &meta) {
                (None, Err(_)) => {
                    gone.push(parts.join("/"));
                    continue;
                }
                _ if parts.last().is_some_and(|name| name.ends_with('~') || name.ends_with(".tmp")) => continue,
                _ => return None,
            }
        }
        let meta = meta.ok().filter(|meta| meta.is_file() && parts.len() < DEPTH)?;
        // Reached by no link.
        let folder = home.join(relative.parent()?);
        if path.parent()?.canonicalize().ok()? != folder || data::may_speak_for(&folder, &home, relative) {
            return None;
        }
        files.push(Found { key: parts.join("/"), size: meta.len(), fingerprint: stamp_of(&meta) });
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    files.dedup_by(|a, b| a.key == b.key);
    data::fingerprints(&mut files, &[], settings);
    Some(Part { files, gone })
}

/// Whether a file may hold an article: Markdown or HTML, and no section page (`_index.md`, Hugo and Zola) or include.
fn is_article(path: &Path) -> bool {
    let ending = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_lowercase();
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    matches!(ending.as_str(), "md" | "markdown" | "mdown" | "mkd" | "html" | "htm")
        && !stem.starts_with('_')
        && !matches!(stem.to_uppercase().as_str(), "README" | "LICENSE" | "CONTRIBUTING")
}
