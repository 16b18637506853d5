//! What lies around an article in its folder: the other articles, by file and by name, and the files it shows.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

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
        self.by_stem.insert(stem(bare).to_owned(), url.clone());
        self.by_key.insert(bare.to_owned(), url);
    }

    /// The same of one that is known from before, where it is not read anew.
    pub(super) fn add_known(&mut self, key: &str, url: impl FnOnce() -> String) {
        if !self.by_key.contains_key(without_ending(key)) {
            self.add(key, url());
        }
    }

    /// The article at this path, without ending, and its page.
    fn at(&self, path: &str) -> Option<(&str, &str)> {
        let bare = without_ending(path.trim_matches('/'));
        let found = self.by_key.get_key_value(bare).or_else(|| self.by_key.get_key_value(&format!("{bare}/index")));
        found.map(|(bare, url)| (bare.as_str(), url.as_str()))
    }

    /// The path, without ending, of the article that `reference` leads to from a file of the folder `here`.
    pub(super) fn path(&self, here: &str, reference: &str) -> Option<&str> {
        let mut tries = tries(here, reference).into_iter().flatten();
        tries.find_map(|path| self.at(&path)).map(|(bare, _)| bare)
    }

    /// The paths, without ending, of all articles, each with its page.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_key.iter().map(|(bare, url)| (bare.as_str(), url.as_str()))
    }
}

/// What a file is called: its name, or its folder's where it is an index.
fn stem(bare: &str) -> &str {
    let bare = bare.strip_suffix("/index").unwrap_or(bare);
    bare.rsplit('/').next().unwrap_or(bare)
}

/// What a reference may mean: paths from the top.
fn tries(here: &str, reference: &str) -> Vec<Option<String>> {
    match reference.strip_prefix("@/").or_else(|| reference.strip_prefix('/')) {
        Some(path) => vec![normal(path)],
        None => vec![normal(&format!("{here}/{reference}")), normal(reference)],
    }
}

pub(super) fn without_ending(key: &str) -> &str {
    match key.rsplit_once('.') {
        Some((bare, "md" | "markdown" | "mdown" | "mkd" | "html" | "htm")) => bare,
        _ => key,
    }
}

/// Size and time of change of a file: where these stay, its bytes do.
pub(super) fn stamp_of(meta: &Metadata) -> String {
    let modified = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{}-{}", meta.len(), modified.as_nanos())
}

/// The same of a file that an article uses; empty where there is none.
pub(super) fn stamp(path: &Path) -> String {
    std::fs::metadata(path).ok().filter(Metadata::is_file).map(|meta| stamp_of(&meta)).unwrap_or_default()
}

/// A used file as it is written down: the number of its root, and its path under that.
pub(super) fn used(root: usize, path: &str) -> String {
    format!("{root}:{path}")
}

/// Whether each file that was written down by [`used`] is as it was.
pub(super) fn as_they_were(uses: &[(String, String)], roots: &[PathBuf]) -> bool {
    uses.iter().all(|(used, was)| {
        let found = used.split_once(':').and_then(|(root, path)| Some((roots.get(root.parse::<usize>().ok()?)?, path)));
        found.is_some_and(|(root, path)| stamp(&root.join(path)) == *was)
    })
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
    /// The files that it uses, and those it looked for in vain, each as it was then.
    pub uses: RefCell<BTreeMap<String, String>>,
}

impl View<'_> {
    fn file(&self, path: &str) -> Option<PathBuf> {
        let inside = |file: &PathBuf| file.is_file() && stays_inside(file, self.roots);
        let (root, file) = self.roots.iter().map(|root| root.join(path)).enumerate().find(|(_, file)| inside(file))?;
        self.uses.borrow_mut().insert(used(root, path), stamp(&file));
        Some(file)
    }

    /// Where a file would have been: when it comes, the article is read again.
    fn miss(&self, path: &str) {
        if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
            let mut uses = self.uses.borrow_mut();
            uses.extend(self.roots.iter().enumerate().map(|(n, root)| (used(n, path), stamp(&root.join(path)))));
        }
    }
}

/// Finds nothing, and writes down what was looked for: the paths, without ending, of articles that may be meant.
pub(super) struct Wanted<'a> {
    /// The folder of the file, as in [`View`].
    pub here: &'a str,
    /// What was looked for.
    pub paths: RefCell<BTreeSet<String>>,
    /// An article was asked for by its bare name: it may lie anywhere.
    pub anywhere: Cell<bool>,
}

impl Around for Wanted<'_> {
    fn find(&self, reference: &str) -> Found {
        let tries = tries(self.here, reference).into_iter().flatten();
        self.paths.borrow_mut().extend(tries.map(|path| without_ending(path.trim_matches('/')).to_owned()));
        Found::Nothing
    }

    fn named(&self, _: &str) -> Found {
        self.anywhere.set(true);
        Found::Nothing
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
        let tries: Vec<String> =
            tries(self.here, reference).into_iter().flatten().filter(|path| !path.is_empty()).collect();
        for path in &tries {
            if let Some((_, url)) = self.pages.at(path) {
                return Found::Page(url.to_owned());
            }
            if let Some(file) = self.file(path) {
                return self.media.copy(&file);
            }
        }
        tries.iter().for_each(|path| self.miss(path));
        Found::Nothing
    }

    fn named(&self, name: &str) -> Found {
        let bare = without_ending(name.trim_matches('/'));
        match self.pages.at(bare).map(|(_, url)| url).or_else(|| Some(self.pages.by_stem.get(stem(bare))?.as_str())) {
            Some(url) => Found::Page(url.to_owned()),
            None => Found::Nothing,
        }
    }
}
