//! What lies around an article in its folder: the other articles, by file and by name, and the files it shows.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::media::Media;
use crate::article::markup::{Around, Found};

/// The pages of a source's articles, by the path of their files.
#[derive(Debug, Default)]
pub(super) struct Pages {
    by_key: HashMap<String, String>,
    by_stem: HashMap<String, String>,
}

impl Pages {
    /// Says where the article in the file `key` stands.
    pub(super) fn add(&mut self, key: &str, url: String) {
        let bare = without_ending(key);
        let stem = bare.strip_suffix("/index").unwrap_or(bare).rsplit('/').next().unwrap_or(bare);
        self.by_stem.insert(stem.to_owned(), url.clone());
        self.by_key.insert(bare.to_owned(), url);
    }

    fn at(&self, path: &str) -> Option<&String> {
        let bare = without_ending(path.trim_matches('/'));
        self.by_key.get(bare).or_else(|| self.by_key.get(&format!("{bare}/index")))
    }
}

fn without_ending(key: &str) -> &str {
    match key.rsplit_once('.') {
        Some((bare, "md" | "markdown" | "mdown" | "mkd" | "html" | "htm")) => bare,
        _ => key,
    }
}

/// One article's view of its folder.
pub(super) struct View<'a> {
    /// The folder of its file, under the source's folder, with `/`; empty at the top.
    pub here: &'a str,
    /// Where addresses that begin with `/` are looked for, the source's own folder last.
    pub roots: &'a [PathBuf],
    /// The other articles.
    pub pages: &'a Pages,
    /// Where files are copied.
    pub media: &'a Media,
}

impl View<'_> {
    fn file(&self, path: &str) -> Option<PathBuf> {
        self.roots.iter().map(|root| root.join(path)).find(|file| file.is_file() && stays_inside(file, self.roots))
    }
}

/// Whether a file, links followed, still lies in one of the folders that the newsroom named.
fn stays_inside(file: &Path, roots: &[PathBuf]) -> bool {
    let Ok(real) = file.canonicalize() else { return false };
    roots.iter().any(|root| root.canonicalize().is_ok_and(|root| real.starts_with(root)))
}

/// `a/./b/../c` as `a/c`; `None` where it leads out at the top.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir | Component::RootDir => {}
            Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

impl Around for View<'_> {
    fn find(&self, reference: &str) -> Found {
        let from_root = reference.strip_prefix("@/").or_else(|| reference.strip_prefix('/'));
        let tries = match from_root {
            Some(path) => vec![normal(path)],
            None => vec![normal(&format!("{}/{reference}", self.here)), normal(reference)],
        };
        for path in tries.into_iter().flatten().filter(|path| !path.is_empty()) {
            if let Some(url) = self.pages.at(&path) {
                return Found::Page(url.clone());
            }
            if let Some(file) = self.file(&path) {
                return self.media.copy(&file);
            }
        }
        Found::Nothing
    }

    fn named(&self, name: &str) -> Found {
        let bare = without_ending(name.trim_matches('/'));
        let stem = bare.rsplit('/').next().unwrap_or(bare);
        match self.pages.at(bare).or_else(|| self.pages.by_stem.get(stem)) {
            Some(url) => Found::Page(url.clone()),
            None => Found::Nothing,
        }
    }
}
