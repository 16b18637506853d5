//! Files that say what holds for a whole folder, or for the file beside them: Eleventy's data files (`posts/posts.json`,
//! `posts/posts.11tydata.json`, `x.11tydata.json`), the `cascade` of Hugo's `_index.md`, the `defaults` of Jekyll's
//! `_config.yml`.
//!
//! They are articles never. One that changes changes the fingerprint of every file under it ([`fingerprints`]); one that
//! cannot be read holds the articles under it where they are: what it says may be an embargo, or that they are drafts.

use std::collections::HashMap;
use std::path::Path;

use super::walk::Found;
use crate::article::Fault;
use crate::article::matter::{self, Complaints, Kind, MatterError, Node, Value, same_key};
use crate::source::media;

/// Keys that say which article it is: what a folder says of them holds for none of its files.
const OWN: &[&str] = &[
    "id",
    "uuid",
    "guid",
    "atom_id",
    "feed_id",
    "slug",
    "permalink",
    "url",
    "path",
    "translation_key",
    "translation_of",
];
/// The largest data file, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Whether a file under `root` is one of these.
pub(super) fn is_data(path: &Path, root: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).or_else(|| root.file_name()).and_then(|name| name.to_str());
    name.ends_with(".11tydata.json")
        || name.strip_suffix(".json").is_some_and(|stem| Some(stem) == folder)
        || name == "_index.md"
        || (matches!(name, "_config.yml" | "_config.yaml") && path.components().count() == 1)
}

/// Whether a data file may speak for an article at `relative` in `folder`, which is under `root`.
pub(super) fn may_speak_for(folder: &Path, root: &Path, relative: &Path) -> bool {
    let named = |at: &Path, name: Option<&std::ffi::OsStr>| {
        let name = name.and_then(|name| name.to_str()).unwrap_or_default();
        [".json", ".11tydata.json"].iter().any(|end| at.join(format!("{name}{end}")).exists())
    };
    let around = folder.ancestors().take_while(|at| at.starts_with(root));
    named(folder, relative.file_stem())
        || ["_config.yml", "_config.yaml"].iter().any(|name| root.join(name).exists())
        || around.into_iter().any(|at| at.join("_index.md").exists() || named(at, at.file_name()))
}

/// For which files the data file `key` speaks: a file without its ending, or all under a folder.
fn scope(key: &str) -> (&str, bool) {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    let own = folder.rsplit('/').next().unwrap_or_default();
    match name.strip_suffix(".11tydata.json") {
        Some(stem) if !folder.is_empty() && stem != own => (key.strip_suffix(".11tydata.json").unwrap_or(key), true),
        _ => (folder, false),
    }
}

/// Whether what holds for `scope` holds for the file `key`.
fn covers((scope, file): (&str, bool), key: &str) -> bool {
    let rest = key.strip_prefix(scope);
    if file {
        return rest.is_some_and(|rest| rest.starts_with('.') && !rest.contains('/'));
    }
    scope.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Puts into each file's fingerprint what it is read with: the settings, and the data files that speak for it.
pub(super) fn fingerprints(files: &mut [Found], data: &[Found], settings: &str) {
    let mut folders: HashMap<&str, Vec<&Found>> = HashMap::new();
    let mut single: HashMap<&str, Vec<&Found>> = HashMap::new();
    for found in data {
        let (scope, file) = scope(&found.key);
        if file { &mut single } else { &mut folders }.entry(scope).or_default().push(found);
    }
    for file in files {
        let mut text = String::new();
        let mut add =
            |found: &Vec<&Found>| found.iter().for_each(|f| text.push_str(&format!("{} {}\n", f.key, f.fingerprint)));
        if !data.is_empty() {
            folders.get("").into_iter().for_each(&mut add);
            for (at, _) in file.key.match_indices('/') {
                folders.get(&file.key[..at]).into_iter().for_each(&mut add);
            }
            let name = file.key.rfind('/').map_or(0, |at| at + 1);
            for (at, _) in file.key[name..].match_indices('.') {
                single.get(&file.key[..name + at]).into_iter().for_each(&mut add);
            }
        }
        file.fingerprint.push('-');
        file.fingerprint.push_str(settings);
        if !text.is_empty() {
            file.fingerprint.push('-');
            file.fingerprint.push_str(&media::hash(text.as_bytes())[..12]);
        }
    }
}

/// What one data file says, and of whom.
#[derive(Debug)]
struct Rule {
    scope: String,
    file: bool,
    /// Jekyll's `type`: only what lies in `_TYPE/`.
    kind: Option<String>,
    says: Node,
}

/// What holds for the files of a folder.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    /// The nearest first.
    rules: Vec<Rule>,
    /// Scopes of data files that cannot be read.
    broken: Vec<(String, bool)>,
    /// What is wrong with them.
    pub(super) faults: Vec<Fault>,
}

impl Defaults {
    /// Reads the data files.
    pub(super) fn read(root: &Path, data: &[Found]) -> Defaults {
        let mut defaults = Defaults::default();
        for found in data {
            if let Err(error) = defaults.take(root, found) {
                let (scope, file) = scope(&found.key);
                defaults.broken.push((scope.to_owned(), file));
                let reason =
                    format!("{}; the articles that it speaks for stay as they are until it is mended", error.reason);
                defaults.faults.push(Fault { file: found.key.clone(), line: Some(error.line), reason, fatal: true });
            }
        }
        // A file's own before its folder's; a folder's before those above it; what is for one kind before what is for all.
        defaults.rules.sort_by_key(|rule| std::cmp::Reverse((rule.file, rule.scope.len(), rule.kind.is_some())));
        defaults
    }

    fn take(&mut self, root: &Path, found: &Found) -> Result<(), MatterError> {
        let wrong = |reason: String| MatterError { line: 1, reason };
        if found.size > LARGEST {
            return Err(wrong("it is over 1 MB".to_owned()));
        }
        let text =
            std::fs::read_to_string(root.join(&found.key)).map_err(|error| wrong(format!("can't be read: {error}")))?;
        let (scope, file) = scope(&found.key);
        let mut add = |scope: &str, kind: Option<String>, mut says: Node| {
            if let (Value::Map(entries), false) = (&mut says.value, file) {
                entries.retain(|(name, _)| !OWN.iter().any(|own| same_key(own, name)));
            }
            self.rules.push(Rule { scope: scope.to_owned(), file, kind, says });
        };
        let mut complaints = Complaints::of(&found.key);
        if found.key.ends_with(".json") {
            // A list that is called like its folder is data of some other kind.
            if !text.trim_start().starts_with('{') {
                return Ok(());
            }
            let block = matter::Block { kind: Kind::Json, text: &text, line: 1 };
            add(scope, None, matter::parse(&block, &mut complaints)?);
        } else if found.key.ends_with(".md") {
            let Some(block) = matter::split(&text)?.block else { return Ok(()) };
            let page = matter::parse(&block, &mut complaints)?;
            let Some(cascade) = page.get(&["cascade"]) else { return Ok(()) };
            let several = std::slice::from_ref(cascade);
            let several = if let Value::List(list) = &cascade.value { list.as_slice() } else { several };
            // One that is meant for some pages only would need Hugo's idea of pages.
            for one in several.iter().filter(|one| one.get(&["target", "_target"]).is_none()) {
                add(scope, None, one.clone());
            }
        } else {
            let block = matter::Block { kind: Kind::Yaml, text: &text, line: 1 };
            let config = matter::parse(&block, &mut complaints)?;
            let Some(Node { value: Value::List(list), .. }) = config.get(&["defaults"]) else { return Ok(()) };
            for one in list {
                let Some(values) = one.get(&["values"]) else { continue };
                let of = |key: &str| one.get(&["scope"]).and_then(|scope| scope.get(&[key])).and_then(Node::as_text);
                let path = of("path").unwrap_or_default().trim_matches('/');
                if !path.contains('*') {
                    add(path, of("type").map(str::to_owned), values.clone());
                }
            }
        }
        Ok(())
    }

    /// Whether a data file that speaks for this file cannot be read.
    pub(super) fn hold(&self, key: &str) -> bool {
        self.broken.iter().any(|(scope, file)| covers((scope, *file), key))
    }

    /// What holds for this file, the nearest first.
    pub(super) fn of(&self, key: &str) -> Vec<Node> {
        let kind = |kind: &Option<String>| {
            kind.as_ref().is_none_or(|kind| {
                let folder = format!("_{kind}/");
                key.starts_with(&folder) || key.contains(&format!("/{folder}"))
            })
        };
        let rules = self.rules.iter().filter(|rule| covers((&rule.scope, rule.file), key) && kind(&rule.kind));
        rules.map(|rule| rule.says.clone()).collect()
    }
}
